//! Names of accounts behind their domain, `DOMAIN\name`, and what has the looks of one: written escapes and keys of the registry.

use super::scanner::Pass;
use super::secret::person::is_system;

/// Bytes before a backslash in which a path with spaces is seen.
const FOLDER: usize = 96;
/// Words of logs, of SQL and of HTTP, none of them the name of a domain, behind which a written break or tab stands.
const BEFORE_BREAKS: &[&[u8]] = &[
    b"ALERT",
    b"AND",
    b"AS",
    b"BEGIN",
    b"BY",
    b"CRITICAL",
    b"DEBUG",
    b"DELETE",
    b"DONE",
    b"END",
    b"EOF",
    b"ERROR",
    b"FAIL",
    b"FAILED",
    b"FALSE",
    b"FATAL",
    b"FINE",
    b"FROM",
    b"GET",
    b"GROUP",
    b"HAVING",
    b"HEAD",
    b"INFO",
    b"INSERT",
    b"INTO",
    b"JOIN",
    b"LIMIT",
    b"NOTICE",
    b"NULL",
    b"OK",
    b"ON",
    b"OR",
    b"ORDER",
    b"PASS",
    b"PASSED",
    b"PATCH",
    b"POST",
    b"PUT",
    b"SELECT",
    b"SET",
    b"SEVERE",
    b"TRACE",
    b"TRUE",
    b"UNION",
    b"UPDATE",
    b"VALUES",
    b"VERBOSE",
    b"WARN",
    b"WARNING",
    b"WHERE",
];

impl Pass<'_> {
    /// `DOMAIN\name`, of which the backslash stands at `at`.
    pub(super) fn domain_user(&mut self, at: usize) {
        const NO_DOMAINS: &[&[u8]] = &[
            b"HKLM",
            b"HKCU",
            b"HKCR",
            b"HKU",
            b"BUILTIN",
            b"AUTHORITY",
            b"APPPOOL",
            b"SERVICE",
            b"MACHINE",
            b"SOFTWARE",
            b"SYSTEM",
            b"HARDWARE",
        ];
        let before = &self.text[self.next.max(at.saturating_sub(17))..at];
        let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-';
        let length = before.iter().rev().take_while(|byte| is_part(byte)).count();
        let domain = &before[before.len() - length..];
        let is_free = matches!(
            self.byte_before(at, length + 1),
            0 | b' ' | b'"' | b'\'' | b'=' | b':' | b'(' | b'[' | b',' | b'\n' | b'\t' | b'>'
        );
        let is_domain =
            (2..=15).contains(&length) && domain[0].is_ascii_uppercase() && is_free && !NO_DOMAINS.contains(&domain);
        if !is_domain || is_folder(domain, &self.text[at.saturating_sub(FOLDER)..at - length]) {
            return;
        }
        let marks = self.text[at..].iter().take(2).take_while(|byte| **byte == b'\\').count();
        let (start, first) = (at + marks, self.byte(at + marks));
        let end = self.name_end(start);
        let is_path = matches!(self.byte(end), b'\\' | b'/' | b':' | b'@');
        // In a line of JSON that was not taken apart, `\n` is no name.
        let is_json = self.text.first() == Some(&b'{') && b"nrtbfu".contains(&first);
        let is_bytes =
            matches!(self.byte_before(at, length + 1), b'"' | b'\'') && self.byte_before(at, length + 2) == b'b';
        let is_string = self.byte_before(at, length + 1) == b'"' && !names_account(&self.text[..at - length - 1]);
        let is_escape = marks == 1
            && (is_json
                || is_string && matches!(first, b'n' | b'r' | b't')
                || is_escape((domain, is_bytes), &self.text[start..end]));
        if first.is_ascii_alphabetic()
            && end - start >= 3
            && !is_path
            && !is_escape
            && !is_system(&self.text[start..end])
        {
            self.name(start);
        }
    }
}

/// Whether a word that leads to an account is the last one of `text`: in quotes elsewhere a backslash is most often an escape.
fn names_account(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 5] = [b"user", b"account", b"by", b"for", b"login"];
    let text = text.trim_ascii_end();
    WORDS.iter().any(|word| text.len() >= word.len() && text[text.len() - word.len()..].eq_ignore_ascii_case(word))
}

/// Whether `name`, with the backslash before it and `domain` before that, is a written escape and what stands behind it: `INFO\tstart`,
/// in a string of bytes `CM\xe5`.
fn is_escape((domain, is_bytes): (&[u8], bool), name: &[u8]) -> bool {
    let is_hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    match name {
        [b'n' | b'r' | b't', ..] => BEFORE_BREAKS.contains(&domain),
        [b'x', one, two, rest @ ..] if is_hex(&[*one, *two]) => {
            is_bytes || rest.is_empty() && (one.is_ascii_digit() || two.is_ascii_digit())
        }
        [b'u', b'0', b'0', one, two, ..] => is_hex(&[*one, *two]) && !(one.is_ascii_digit() && two.is_ascii_digit()),
        _ => false,
    }
}

/// Whether `domain`, with `before` before it, is the end of a folder's name with a space: `SOFTWARE\Microsoft\Windows NT`.
fn is_folder(domain: &[u8], before: &[u8]) -> bool {
    let Some(before) = before.strip_suffix(b" ") else { return false };
    let is_part = |byte: &&u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'');
    let word = &before[before.len() - before.iter().rev().take_while(is_part).count()..];
    let folders = word.split(|byte| *byte == b'\\').filter(|folder| !folder.is_empty()).count();
    folders > 2 || domain == b"NT" && word.ends_with(b"Windows")
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn written_escapes_and_keys_of_the_registry_are_no_accounts() {
        assert_kept(&[
            r#""INFO\tstart" "FOO\tstart""#,
            r#"sql="SELECT\nid\nFROM\nusers""#,
            r#"b"CM\xe5~b" b'AB\xffcd'"#,
            r"SOFTWARE\Microsoft\Windows NT\CurrentVersion",
            r"Windows NT\CurrentVersion SYSTEM\CurrentControlSet",
        ]);
        assert_hidden(&[
            (r"by CORP\tjones and CORP\nmartin", r"by CORP\<username> and CORP\<username>"),
            (r#"by "CORP\tjones""#, r#"by "CORP\<username>""#),
            (r"CORP\xab12 CORP\udupont", r"CORP\<username> CORP\<username>"),
            (r"CORP\jdupont CORP\amartin", r"CORP\<username> CORP\<username>"),
        ]);
    }
}
