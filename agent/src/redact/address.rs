//! What stands around an `@`: e-mail addresses.

use super::scanner::Pass;
use super::universal::email::length_of_domain;

/// Longest name before the `@`, and longest domain.
const LOCAL: usize = 64;
const DOMAIN: usize = 253;
/// Networks that drivers of Go take without an address.
const NETWORKS: &[&[u8]] = &[b"tcp", b"tcp4", b"tcp6", b"udp", b"unix", b"cloudsql"];

impl Pass<'_> {
    /// Looks at the `@` at `at`.
    pub(super) fn address(&mut self, at: usize) {
        if self.userinfo(at) || self.of_driver(at) {
            return;
        }
        let (start, end) = (self.local_start(at), self.domain_end(at + 1));
        if start == at || self.byte_before(at, 1) == b'\'' && self.quoted_account(at) {
            return;
        }
        // One label is no domain.
        if memchr::memchr(b'.', &self.text[at + 1..end.max(at + 1)]).is_none() {
            if end > at + 1 {
                self.logs_in(start..at);
            }
            return;
        }
        let end = at + 1 + length_of_domain(&self.text[at + 1..end]);
        if self.ask(self.engine.own.email, start..end) {
            self.next = end;
        } else if self.byte(at + 1).is_ascii_digit() {
            self.logs_in(start..at);
        }
    }

    /// Whether the `@` at `at` ends the name and password of an address of the web.
    ///
    /// What is written with more percent signs than the `@`, or than the marks before the name, is part of the password.
    fn userinfo(&mut self, at: usize) -> bool {
        // In a text with codes something may have been found within the password.
        let floor = if self.written.is_some() { 0 } else { self.next.min(at) };
        let level = self.percents(at);
        let before = self.text[floor..at].iter().enumerate().rev();
        let is_before = |(place, byte): &(usize, &u8)| {
            !(is_of(**byte, ENDS) || **byte == b'@') || self.percents(floor + place) > level
        };
        let length = before.take_while(is_before).count();
        let start = at - length;
        self.steps_of(length);
        if length > 0 && self.byte_before(start, 1) == b'/' && self.oracle(start - 1, at) {
            return true;
        }
        if length == 0 || !self.text[..start].ends_with(b"://") {
            return false;
        }
        // A password may hold further ones.
        let level = self.percents(start - 1);
        let ahead = &self.text[at..];
        let is_end = |(place, byte): &(usize, &u8)| is_of(**byte, ENDS) && self.percents(at + place) <= level;
        let authority = ahead.iter().enumerate().take_while(|one| !is_end(one)).count();
        let is_last = |place: &usize| ahead[*place] == b'@' && self.percents(at + place) <= level;
        let end = at + (0..authority).rev().find(is_last).unwrap_or_default();
        let is_found = self.ask(self.engine.own.url_userinfo, start..end);
        if is_found {
            self.next = end + 1;
        }
        is_found
    }

    /// How many times the byte at `at` was written with a percent sign: `/` not at all, `%2F` once, `%252F` twice.
    fn percents(&self, at: usize) -> usize {
        self.code_of(at).map_or(0, |(first, length)| if first == b'%' { length / 2 } else { 0 })
    }

    /// Whether a name and password stand before the `@` at `at` as drivers of Go take them: `name:password@tcp(host:3306)/x`.
    fn of_driver(&mut self, at: usize) -> bool {
        let behind = &self.text[at + 1..];
        let behind = &behind[..behind.len().min(DOMAIN)];
        let network = behind.iter().take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()).count();
        if network < 2 || behind.get(network) != Some(&b'(') {
            return false;
        }
        // Functions have neither a host and a port in them nor a path.
        let is_address = |inside: &[u8]| inside.iter().any(|byte| matches!(byte, b':' | b'/' | b'.'));
        let is_known = NETWORKS.contains(&&behind[..network]);
        let is_closed = memchr::memchr(b')', behind).is_some_and(|close| {
            behind.get(close + 1) == Some(&b'/') && (is_known || is_address(&behind[network..close]))
        });
        if !is_closed {
            return false;
        }
        let account = &self.text[self.account_start(at)..at];
        let Some(colon) = memchr::memchr(b':', account) else { return false };
        let name =
            account[..colon].iter().rposition(|byte| matches!(byte, b'=' | b'(' | b',')).map_or(0, |mark| mark + 1);
        let is_found = name < colon && self.ask(self.engine.own.url_userinfo, at - account.len() + name..at);
        if is_found {
            self.next = at + 1;
        }
        is_found
    }

    /// Where the word begins that ends before the `@` at `at`, of which so many bytes count. Further ones may be in it, which are not
    /// looked through again.
    fn account_start(&mut self, at: usize) -> usize {
        let floor = self.next.min(at).max(at.saturating_sub(DOMAIN));
        let is_part = |byte: &&u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'`');
        let last = self.memory.ends.account.clone();
        let known = if (floor..=at).contains(&last.end) { last.end } else { floor };
        let length = self.text[known..at].iter().rev().take_while(is_part).count();
        self.steps_of(length);
        let start = if at - length == last.end { last.start } else { at - length };
        self.memory.ends.account = start..at;
        start.max(floor)
    }

    /// Whether a password stands from the slash at `slash` to the `@` at `at`, and a name before it: `jdbc:oracle:thin:name/password@`.
    fn oracle(&mut self, slash: usize, at: usize) -> bool {
        let before = &self.text[self.next.min(slash).max(slash.saturating_sub(LOCAL))..slash];
        let Some(colon) = memchr::memrchr(b':', before) else { return false };
        let (driver, start) = (&before[..=colon], slash - (before.len() - colon - 1));
        let is_driver = driver.ends_with(b":thin:") || driver.ends_with(b":oci:");
        let is_found = is_driver && start < slash && self.ask(self.engine.own.url_userinfo, start..at);
        if is_found {
            self.next = at + 1;
        }
        is_found
    }

    /// Where the name before the `@` begins; `at` when there is none, or one too long.
    fn local_start(&self, at: usize) -> usize {
        let before = &self.text[self.next.max(at.saturating_sub(LOCAL + 1))..at];
        let length = before.iter().rev().take_while(|byte| is_of(**byte, LOCALS)).count();
        if length > LOCAL {
            return at;
        }
        let name = &before[before.len() - length..];
        let trimmed =
            name.iter().take_while(|byte| !(byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0xc3)).count();
        at - length + trimmed
    }

    /// Where the domain ends that begins at `start`.
    fn domain_end(&self, start: usize) -> usize {
        let behind = &self.text[start..self.text.len().min(start + DOMAIN)];
        let is_domain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') || *byte >= 0x80;
        let length = behind.iter().take_while(|byte| is_domain(byte)).count();
        let last = behind[..length].iter().rposition(|byte| !matches!(byte, b'.' | b'-'));
        start + last.map_or(0, |last| last + 1)
    }
}

/// What names are made of in practice; the other marks that the standard allows stand around names far more often.
const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'~' | b'\'' | b'%' | b'!' | b'#' | b'$' | b'^')
        || byte >= 0x80
}

/// Before what the name and password of an address of the web end.
const fn ends_userinfo(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'<' | b'>' | b'?' | b'#')
}

const LOCALS: u8 = 1;
const ENDS: u8 = 2;

/// What each byte is of these.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let is_local = if is_local(byte as u8) { LOCALS } else { 0 };
        kinds[byte] = is_local | if ends_userinfo(byte as u8) { ENDS } else { 0 };
        byte += 1;
    }
    kinds
};

#[inline(always)]
fn is_of(byte: u8, kind: u8) -> bool {
    KINDS[usize::from(byte)] & kind != 0
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn what_is_written_with_a_percent_sign_is_part_of_a_password() {
        assert_hidden(&[
            ("DATABASE_URL=postgres://app:Pa%2Fss99@db:5432/app", "DATABASE_URL=postgres://<url_userinfo>@db:5432/app"),
            ("redis://:Pa%2Fss99@10.0.0.1", "redis://<url_userinfo>@<private_ip>"),
            ("HTTP_PROXY=http://jane:Pa%23ss9@proxy:3128", "HTTP_PROXY=http://<url_userinfo>@proxy:3128"),
            ("jdbc:mysql://app:S3%3Fcret9@db/x", "jdbc:mysql://<url_userinfo>@db/x"),
            ("jdbc:oracle:thin:jane/a%22b9@host:1521", "jdbc:oracle:thin:<url_userinfo>@host:1521"),
            ("mongodb+srv://app:Pa%2Fss99@c.example.net/db", "mongodb+srv://<url_userinfo>@c.example.net/db"),
            ("http://jane:x%20y%40z.example.org@h/", "http://<url_userinfo>@h/"),
            ("http://jane:x%2Fy%40z%3C@h/", "http://<url_userinfo>@h/"),
            ("/x?u=http%3A%2F%2Fjane%3Ahunter%252F22%40h%2Fx", "/x?u=http%3A%2F%2F<url_userinfo>%40h%2Fx"),
        ]);
        assert_kept(&["see http://x/%2Fjane@host", "http://x/?m=a%3Ab@x", "https://h.example%2Fjane%40host"]);
    }

    #[test]
    fn drivers_of_go_have_a_network_behind_the_password() {
        assert_hidden(&[
            (
                "app:S3cret99@tcp(db)/app x:S3cret99@dial(db:1)/x",
                "<url_userinfo>@tcp(db)/app <url_userinfo>@dial(db:1)/x",
            ),
            ("app:S3cret99@tcp(db:3306)/app", "<url_userinfo>@tcp(db:3306)/app"),
            ("DSN=\"app:S3/cr=t@9@unix(/run/x.sock)/app\"", "DSN=\"<url_userinfo>@unix(/run/x.sock)/app\""),
            ("dsn=app:x@tcp6([::1]:3306)/", "dsn=<url_userinfo>@tcp6([::1]:3306)/"),
        ]);
        assert_kept(&["app@tcp(db:3306)/app", "x:y@tcp(db", "x:y@cache(1)", "metric:p99@max(latency)/service"]);
    }
}
