//! Names and passwords in the commands with which clients of mail servers and of Redis log in: `AUTH PLAIN x`, `a1 LOGIN jane x`,
//! `"AUTH" "x"`.

use std::ops::Range;

use super::scanner::Pass;

/// Longest name of a mechanism, and fewest characters of what is sent with it.
const NAME: usize = 24;
const SENT: usize = 8;
/// Longest word before a command that counts it.
const TAG: usize = 8;

impl Pass<'_> {
    /// What is sent with the name of a mechanism, `AUTH PLAIN AGphbmUA…`, or in quotes, of which `AUTH` or `AUTHENTICATE` stands at `at`.
    pub(super) fn mechanism(&mut self, at: usize) -> bool {
        let end = self.masks.word_end(at);
        if !matches!(&self.text[at..end], b"AUTH" | b"AUTHENTICATE") {
            return false;
        }
        if self.byte(end) == b'"' && self.byte_before(at, 1) == b'"' {
            return self.quoted_login(end + 1);
        }
        let text = self.rest(end);
        let is_part = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'-';
        let name = text.iter().skip(1).take(NAME).take_while(is_part).count();
        if text.first() != Some(&b' ') || name == 0 || text.get(name + 1) != Some(&b' ') {
            return false;
        }
        let sent = &text[name + 2..];
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let length = sent.iter().take_while(is_part).count();
        let is_end = !sent.get(length).is_some_and(|byte| matches!(byte, b'-' | b'_' | b'.' | b':' | b'@'));
        // Names of mechanisms are in capitals.
        let is_one = length >= SENT && is_end && sent[..length].iter().any(u8::is_ascii_lowercase);
        let start = end + name + 2;
        self.steps_of(length);
        is_one && self.take_password(start..start + length)
    }

    /// The password, or the name and the password, in the quotes that begin with a space at `at`, to the end of the line.
    fn quoted_login(&mut self, at: usize) -> bool {
        let Some(first) = self.quoted_word(at) else { return false };
        let second = self.quoted_word(first.end + 1);
        let last = second.clone().unwrap_or_else(|| first.clone());
        if !self.ends_line(last.end + 1) {
            return false;
        }
        if second.is_some() {
            self.take_account(first);
        }
        self.take_password(last)
    }

    /// What stands in the quotes behind the space at `at`.
    fn quoted_word(&self, at: usize) -> Option<Range<usize>> {
        let text = self.rest(at).strip_prefix(b" \"")?;
        let length = text.iter().take(TAG * NAME).position(|byte| matches!(byte, b'"' | b'\n'))?;
        (text[length] == b'"').then_some(at + 2..at + 2 + length)
    }

    /// The name and the password of `a001 LOGIN jane x`, of which `LOGIN` stands at `at`.
    pub(super) fn imap_login(&mut self, at: usize) -> bool {
        let Some(before) = self.text[..at].strip_suffix(b" ").filter(|_| self.rest(at).starts_with(b"LOGIN ")) else {
            return false;
        };
        let tag = before.iter().rev().take(TAG + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let is_tag = tag <= TAG && before[before.len() - tag..].iter().any(u8::is_ascii_digit);
        let Some(name) = self.word_of_login(at + 5).filter(|_| is_tag) else { return false };
        let is_quoted = self.byte(name.end) == b'"';
        let Some(password) = self.word_of_login(name.end + usize::from(is_quoted)) else { return false };
        let is_quoted = self.byte(password.end) == b'"';
        self.ends_line(password.end + usize::from(is_quoted)) && self.take_account(name) && self.take_password(password)
    }

    /// What stands behind the space at `at`, in quotes or not.
    fn word_of_login(&self, at: usize) -> Option<Range<usize>> {
        self.quoted_word(at).or_else(|| {
            let text = self.rest(at).strip_prefix(b" ")?;
            let is_part = |byte: &&u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
            let length = text.iter().take(TAG * NAME).take_while(is_part).count();
            (length > 0).then_some(at + 1..at + 1 + length)
        })
    }

    /// Whether a line or a string ends at `at`.
    pub(super) fn ends_line(&self, at: usize) -> bool {
        matches!(self.byte(at), 0 | b'\n' | b'\r' | b'"' | b'\'' | b'\\')
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn what_logs_in_is_hidden() {
        assert_hidden(&[
            ("C: AUTH PLAIN AGpkdXBvbnQAVGlnZXIxMg==", "C: AUTH PLAIN <password>"),
            ("< AUTH LOGIN amR1cG9udA== x", "< AUTH LOGIN <password> x"),
            ("a1 AUTHENTICATE XOAUTH2 dXNlcj1qZHVwb250", "a1 AUTHENTICATE XOAUTH2 <password>"),
            ("a001 LOGIN jdupont Tiger12", "a001 LOGIN <username> <password>"),
            ("A1 LOGIN \"jdupont\" \"Tiger 12\"\r\n", "A1 LOGIN \"<username>\" \"<password>\"\r\n"),
            (
                "1339518083.1 [0 127.0.0.1:60866] \"AUTH\" \"Sommer2024\"",
                "1339518083.1 [0 127.0.0.1:60866] \"AUTH\" \"<password>\"",
            ),
            ("\"AUTH\" \"jdupont\" \"Sommer\"", "\"AUTH\" \"<username>\" \"<password>\""),
        ]);
        assert_kept(&[
            "250-AUTH PLAIN LOGIN",
            "250-AUTH LOGIN PLAIN DIGEST-MD5 GSSAPI",
            "a001 OK LOGIN completed",
            "user1 LOGIN from web",
            "AUTH service started AUTHENTICATE failed for x",
            "AUTHORIZATION PLAIN AGpkdXBvbnQAVGlnZXIxMg==",
            "\"AUTH\" \"LOGIN\" is not \"known\"",
        ]);
    }
}
