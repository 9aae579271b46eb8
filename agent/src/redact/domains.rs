//! Names of accounts behind their domain, `DOMAIN\name`, and what has the looks of one: written escapes and keys of the registry.

use std::ops::Range;

use super::scanner::Pass;
use super::secret::person::is_system;

/// Longest domain with dots, in bytes.
const DOMAIN: usize = 48;
/// Ends of the names of files that have two letters.
const COMMON: [&[u8]; 10] = [b"md", b"js", b"ts", b"rs", b"py", b"sh", b"cs", b"go", b"so", b"gz"];

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
        let marks = self.text[at..].iter().take(2).take_while(|byte| **byte == b'\\').count();
        let (start, first) = (at + marks, self.byte(at + marks));
        if !first.is_ascii_alphabetic() {
            return;
        }
        let before = &self.text[self.next.max(at.saturating_sub(17))..at];
        let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-';
        let length = before.iter().rev().take_while(|byte| is_part(byte)).count();
        let domain = &before[before.len() - length..];
        let is_domain = (2..=15).contains(&length)
            && domain[0].is_ascii_uppercase()
            && is_free(self.byte_before(at, length + 1))
            && !NO_DOMAINS.contains(&domain);
        if !is_domain {
            return self.small_domain_user(at, start);
        }
        if is_folder(domain, &self.text[at.saturating_sub(FOLDER)..at - length]) {
            return;
        }
        let end = self.name_end(start);
        let is_path = matches!(self.byte(end), b'\\' | b'/' | b':' | b'@');
        // In a line of JSON that was not taken apart, `\n` is no name.
        let is_json = self.is_line_of_json() && b"nrtbfu".contains(&first);
        let is_bytes =
            matches!(self.byte_before(at, length + 1), b'"' | b'\'') && self.byte_before(at, length + 2) == b'b';
        let is_string = self.byte_before(at, length + 1) == b'"' && !names_account(&self.text[..at - length - 1]);
        let is_escape = marks == 1
            && (is_json
                || is_string && matches!(first, b'n' | b'r' | b't')
                || is_escape((domain, is_bytes), &self.text[start..end]));
        if end - start >= 3 && !is_path && !is_escape && !is_system(&self.text[start..end]) {
            self.name(start);
        }
    }

    fn is_line_of_json(&self) -> bool {
        self.text.first() == Some(&b'{')
    }

    /// The same of a domain in small letters or with dots: `acme.example\jane`, and without a dot where it is told that it is an account, as
    /// in `user acme\jane`, `acme\jane logged in` and `,acme\jane,`.
    fn small_domain_user(&mut self, at: usize, start: usize) {
        if start == at + 1 && self.is_line_of_json() {
            return;
        }
        let before = &self.text[self.next.max(at.saturating_sub(DOMAIN + 1))..at];
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let length = before.iter().rev().take_while(is_part).count();
        let (domain, edge) = (&before[before.len() - length..], self.byte_before(at, length + 1));
        let is_domain = (2..=DOMAIN).contains(&length) && domain[0].is_ascii_alphabetic() && is_free(edge);
        if !is_domain {
            return;
        }
        let end = self.name_end(start);
        if end - start < 3 {
            return;
        }
        let behind = self.rest(end);
        let ends = behind.first().is_none_or(|byte| byte.is_ascii_whitespace() || b",;.\"')]".contains(byte));
        let is_told = match memchr::memrchr(b'.', domain) {
            Some(dot) => is_top(&domain[dot + 1..]),
            None => self.is_told_account((at - length, domain), start..end),
        };
        if ends && is_told && !is_system(&self.text[start..end]) {
            self.name(start);
        }
    }

    /// Whether words beside the account at `name`, behind this domain, say that it is one.
    fn is_told_account(&self, (start, domain): (usize, &[u8]), name: Range<usize>) -> bool {
        const DEEDS: [&[u8]; 5] = [b" logged ", b" authenticated", b" signed in", b" has logged", b" failed to log"];
        let (before, behind) = (&self.text[..start], self.rest(name.end));
        // A written break begins no account behind a word.
        let is_break = matches!(self.byte(name.start), b'n' | b'r' | b't') && name.start == start + domain.len() + 1;
        let is_account = names_account(before) && !names_account(domain) && !is_break;
        let is_field = before.ends_with(b",") && behind.starts_with(b",");
        is_account || is_field || DEEDS.iter().any(|deed| behind.starts_with(deed))
    }
}

/// Whether a domain may begin behind `byte`.
pub(super) fn is_free(byte: u8) -> bool {
    matches!(byte, 0 | b' ' | b'"' | b'\'' | b'=' | b':' | b'(' | b'[' | b',' | b'\n' | b'\t' | b'>')
}

/// Whether `label` may be the last one of a domain, as those of networks are.
fn is_top(label: &[u8]) -> bool {
    const TOPS: [&[u8]; 12] = [
        b"local",
        b"lan",
        b"corp",
        b"internal",
        b"intern",
        b"intra",
        b"domain",
        b"com",
        b"net",
        b"org",
        b"example",
        b"eu",
    ];
    let is_country = label.len() == 2 && label.iter().all(u8::is_ascii_alphabetic) && !COMMON.contains(&label);
    is_country || TOPS.iter().any(|top| label.eq_ignore_ascii_case(top))
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
            r"App\Models\User foo\bar(x) app\models for user\nfoo error.rs\new",
            r"a,\s\d,x see foo\bar, by line\nnext",
        ]);
        assert_hidden(&[
            (r"by CORP\tjones and CORP\nmartin", r"by CORP\<username> and CORP\<username>"),
            (r#"by "CORP\tjones""#, r#"by "CORP\<username>""#),
            (r"CORP\xab12 CORP\udupont", r"CORP\<username> CORP\<username>"),
            (r"CORP\jdupont CORP\amartin", r"CORP\<username> CORP\<username>"),
            (r"443 ACME\u566430 x", r"443 ACME\<username> x"),
            (r"[INFO] ACME\u566430 x", r"[INFO] ACME\<username> x"),
            (r"C:\Users\u245009\Documents\cv.docx", r"C:\Users\<username>\Documents\cv.docx"),
            (r"C:\Users\u2450\x C:\Users\x41bcde\y", r"C:\Users\<username>\x C:\Users\<username>\y"),
            (r"ACME\x41bcde", r"ACME\<username>"),
            (r"VSPHERE.LOCAL\jsmith corp.example.com\tom", r"VSPHERE.LOCAL\<username> corp.example.com\<username>"),
            (r"acme\jsmith logged in", r"acme\<username> logged in"),
            (r"1,rule1,acme\u156011,,ssl", r"1,rule1,acme\<username>,,ssl"),
            (r"account acme\jsmith locked", r"account acme\<username> locked"),
            // What is a letter stays one.
            (r#"first_name="Pawe\u0142" x"#, r#"first_name="<person_name>" x"#),
            (r#"{"first_name":"Pawe\u0142","city":"x"}"#, r#"{"first_name":"<person_name>","city":"x"}"#),
            (r"jdupont\x40example.org", r"<email>"),
        ]);
    }
}
