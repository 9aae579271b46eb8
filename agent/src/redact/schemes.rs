//! Schemes before credentials, as headers have them: `Authorization: GenieKey eb243592…`, `Authorization: Hawk id="x", mac="x"`.

use super::digest::list_length;
use super::pairs::BARE;
use super::scanner::Pass;
use super::secret::named::is_credential;
use super::value::{Value, is_name, name_length};

/// Longest name of a scheme.
const SCHEME: usize = 32;
/// Those that other words than the next one are no part of, but for the bearer's and the like, which have detectors of their own.
const KNOWN: &[&[u8]] = &[b"token", b"apikey", b"api-key", b"key", b"sso-key", b"bot", b"oauth"];
const OWN: &[&[u8]] = &[b"bearer", b"basic", b"digest", b"negotiate"];
/// How the names end behind which any word may be a scheme.
const HEADERS: &[&[u8]] = &[b"authorization", b"auth"];
/// Most quotes and spaces between such a name and its mark.
const MARKS: usize = 8;

/// How long the name of a scheme is, with the space behind it, that `text` begins with, as behind `Authorization:`; 0 if there is none.
/// Those with detectors of their own are left.
pub(super) fn scheme_length(text: &[u8]) -> usize {
    if !text.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
        return 0;
    }
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'-';
    let length = text.iter().take(SCHEME + 1).take_while(is_part).count();
    if length > SCHEME || text.get(length) != Some(&b' ') {
        return 0;
    }
    let (name, behind) = (&text[..length], &text[length + 1..]);
    if is_known(name) || is_other(name, behind) { length + 1 } else { 0 }
}

fn is_known(name: &[u8]) -> bool {
    KNOWN.iter().any(|scheme| name.eq_ignore_ascii_case(scheme))
}

/// Whether `name`, of letters, digits and hyphens, is that of any scheme: it has a capital letter, and the one word `behind` it is more
/// than prose has, or names and values stand there.
fn is_other(name: &[u8], behind: &[u8]) -> bool {
    let is_own = || OWN.iter().any(|own| name.eq_ignore_ascii_case(own));
    if !name.iter().any(u8::is_ascii_uppercase) || is_own() {
        return false;
    }
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=._~-".contains(byte);
    let word = &behind[..behind.iter().take_while(is_part).count()];
    // One that was hidden stands there as one.
    let is_hidden = behind.starts_with(b"<secret");
    is_hidden
        || is_last(&behind[word.len()..]) && !is_pair(word) && is_credential(word)
        || is_list_of_parameters(behind) && is_whole_list(behind)
}

/// Whether the names and values that `text` begins with have commas between them, or nothing behind them: others are beside each other
/// in messages, too.
fn is_whole_list(text: &[u8]) -> bool {
    let (list, behind) = text.split_at(list_length(text));
    memchr::memchr(b',', list).is_some() || is_last(behind)
}

fn is_last(behind: &[u8]) -> bool {
    matches!(behind.first(), None | Some(b'"' | b'\'' | b'\\' | b'\n' | b'\r'))
}

/// Whether `text` begins with a name and its value: what fills up base64 has nothing behind it.
fn is_pair(text: &[u8]) -> bool {
    let length = name_length(text);
    length > 0 && matches!(text[length..], [b'=', next, ..] if next != b'=' && !next.is_ascii_whitespace())
}

/// Whether `text` begins with names and values as the credentials of a header: `id="x", mac="x"`, `Credential=x, Signature=x`.
pub(super) fn is_list_of_parameters(text: &[u8]) -> bool {
    let list = &text[..list_length(text)];
    memchr::memmem::find(list, b"=\"").is_some()
        || memchr::memmem::find(list, b"=\\").is_some()
        || memchr::memchr(b',', list).is_some()
}

impl Pass<'_> {
    /// The scheme at `start` and the names and values behind it, behind the mark at `at`, as in some headers.
    pub(super) fn parameters(&self, (at, start): (usize, usize), detector: u16) -> Option<Value> {
        let text = self.rest(start);
        let scheme = scheme_length(text);
        let is_list = scheme > 0 && is_list_of_parameters(&text[scheme..]);
        if !is_list || !self.may_be_scheme((at, start), scheme, detector) {
            return None;
        }
        Some(Value::bare(start..start + scheme + list_length(&text[scheme..])))
    }

    /// How long the name of a scheme is, or another name and its `=`, behind which a secret begins at `start`, behind the mark at `at`.
    pub(super) fn lead_length(&self, (at, start): (usize, usize), mark: u8, detector: u16) -> usize {
        let text = self.rest(start);
        let scheme = scheme_length(text);
        if scheme > 0 {
            return if self.may_be_scheme((at, start), scheme, detector) { scheme } else { 0 };
        }
        if mark != b':' {
            return 0;
        }
        let name = name_length(text);
        let is_plain = text[..name].iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
        if is_plain && is_name(text) { name + 1 } else { 0 }
    }

    /// Whether what takes `length` bytes from `start` on, with the space behind it, counts as a scheme behind the mark at `at`. Behind
    /// other names than those of such headers it is none that may be the secret, or behind which the next name stands with its value.
    fn may_be_scheme(&self, (at, start): (usize, usize), length: usize, detector: u16) -> bool {
        if self.is_header(at) {
            return is_list_of_parameters(self.rest(start + length)) || !is_pair(self.rest(start + length));
        }
        let word = Value::bare(start..start + length - 1);
        !is_pair(self.rest(start + length)) && !self.is_value(detector, &word, BARE)
    }

    /// Whether the name before the mark at `at` is that of a header with a scheme.
    fn is_header(&self, at: usize) -> bool {
        let is_mark = |byte: &&u8| matches!(byte, b' ' | b'"' | b'\'' | b'\\' | b']');
        let before = &self.text[..at];
        let name = &before[..before.len() - before.iter().rev().take(MARKS).take_while(is_mark).count()];
        let ends_with = |end: &&[u8]| {
            name.len().checked_sub(end.len()).is_some_and(|place| name[place..].eq_ignore_ascii_case(end))
        };
        HEADERS.iter().any(ends_with)
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn a_secret_before_another_name_and_value_is_no_scheme() {
        assert_hidden(&[
            ("token=Zk9pQ2xTb3Jq response_time=12ms", "token=<secret> response_time=12ms"),
            (
                "api_key=AbCdEf0123456789xY trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
                "api_key=<secret> trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
            ),
            ("sid => Zk9pQ2xTb3Jq response_time=12ms", "sid => <secret> response_time=12ms"),
            (
                "http://h/p#secret=Zk9pQ2xTb3Jq 4bf92f3577b34da6a3ce929d0e0e4736",
                "http://h/p#secret=<secret> 4bf92f3577b34da6a3ce929d0e0e4736",
            ),
            ("token=Zk9pQ2xTb3Jq msg=\"done for all\" code=200", "token=<secret> msg=\"done for all\" code=200"),
            ("authorization=Zk9pQ2xTb3Jq response_time=12ms", "authorization=<secret> response_time=12ms"),
            ("auth=Zk9pQ2xTb3Jq msg=\"done for all\" code=200", "auth=<secret> msg=\"done for all\" code=200"),
        ]);
        assert_kept(&["token=Granted msg=\"done for all\" code=200", "auth: Granted msg=\"done for all\" code=200"]);
    }

    #[test]
    fn schemes_stand_before_credentials_and_lists_of_them() {
        assert_hidden(&[
            ("token: GenieKey eb243592-faa2-4ba2-a551-0ebbb5d2a2b5", "token: GenieKey <secret>"),
            ("X-Auth: SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmU=", "X-Auth: SCRAM-SHA-256 <secret>"),
            ("Authorization: Token token=\"abcd1234efgh\" x", "Authorization: <secret> x"),
            ("Proxy-Authorization: Hawk id=\"dh37fgj492je\", ts=\"1353832234\" x", "Proxy-Authorization: <secret> x"),
        ]);
    }
}
