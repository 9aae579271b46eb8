//! Accounts in further messages: of Apache, Dovecot, login, PostgreSQL, MySQL, Oracle, Cisco, AWS, Nextcloud and ProFTPD.

use super::scanner::Pass;
use super::token::own_length;

/// What stands behind the account that a message begins with, `user jane: authentication failure`.
const BEHIND: &[&[u8]] = &[
    b": authentication failure",
    b": authentication failed",
    b": password mismatch",
    b": Password Mismatch",
    b": Login successful",
    b": no such user",
    b" logged in",
    b" logged out",
    b" (Login failed)",
    b" (logged in",
];
/// Words before these that are no accounts.
const NO_NAMES: &[&[u8]] = &[
    b"has",
    b"had",
    b"just",
    b"successfully",
    b"already",
    b"was",
    b"never",
    b"currently",
    b"who",
    b"are",
    b"be",
    b"being",
    b"last",
    b"first",
    b"automatically",
    b"input",
    b"auto",
    b"new",
];
/// What follows the account and database that PostgreSQL begins its lines with.
const LEVELS: &[&[u8]] = &[
    b" FATAL:",
    b" LOG:",
    b" ERROR:",
    b" STATEMENT:",
    b" DETAIL:",
    b" HINT:",
    b" WARNING:",
    b" NOTICE:",
    b" CONTEXT:",
];
/// Longest part of a message that is looked at before an account.
const REACH: usize = 96;

impl Pass<'_> {
    /// Whether a message goes on behind the account at `start` as only one of an account does.
    pub(super) fn is_told_behind(&self, start: usize) -> bool {
        let end = self.name_end(start);
        let (name, behind) = (&self.text[start.min(end)..end], self.rest(end));
        if NO_NAMES.iter().any(|word| name.eq_ignore_ascii_case(word)) {
            return false;
        }
        // Apache counts its messages.
        let before = &self.text[start.saturating_sub(REACH)..start];
        let is_missed = [&b" not found: "[..], b" authentication failed"].iter().any(|words| behind.starts_with(words))
            && memchr::memmem::find(before, b"AH0").is_some();
        is_missed || BEHIND.iter().any(|words| behind.starts_with(words))
    }

    /// `imap(jane): Logged out`, `sql(jane,203.0.113.9): …`, of which the first word ends before the bracket at `open`.
    pub(super) fn bracketed_user(&mut self, open: usize) -> bool {
        let end = self.name_end(open + 1);
        let is_one = match self.rest(end) {
            [b')', b':', b' ', ..] | [b')', b'<', ..] => true,
            [b',', next, ..] => next.is_ascii_hexdigit() || *next == b':',
            _ => false,
        };
        self.byte(open) == b'(' && is_one && self.name(open + 1)
    }

    /// `FAILED LOGIN (1) on '/dev/tty1' FOR 'jane'`, of which `FOR` stands at `at`.
    pub(super) fn login_for(&mut self, at: usize) -> bool {
        let before = &self.text[at.saturating_sub(REACH)..at];
        let is_login = before.ends_with(b"PASSWORD ") || memchr::memmem::find(before, b" LOGIN ").is_some();
        let end = self.name_end(at + 5);
        is_login && self.byte(at + 4) == b'\'' && self.byte(end) == b'\'' && self.name(at + 5)
    }

    /// `USER:[4] 'JANE'`, `User <jane> IP <…`, `arn:aws:iam::1:user/jane`, of which the word ends before `end`.
    pub(super) fn marked_user(&mut self, end: usize) -> bool {
        let behind = self.rest(end);
        if let Some(number) = behind.strip_prefix(b":[") {
            let digits = number.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
            let start = end + digits + 5;
            let is_one = digits > 0 && number[digits..].starts_with(b"] '") && self.byte(self.name_end(start)) == b'\'';
            return is_one && self.name(start);
        }
        if behind.starts_with(b" <") && own_length(&behind[1..]).is_none() {
            return self.rest(self.name_end(end + 2)).starts_with(b"> IP <") && self.name(end + 2);
        }
        let before = &self.text[end.saturating_sub(REACH)..end];
        if behind.first() != Some(&b'/') || memchr::memmem::rfind(before, b"arn:").is_none() {
            return false;
        }
        let path = &behind[1..];
        let is_part =
            |byte: &&u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b',' | b'\\' | b']' | b'}' | b')');
        let path = &path[..path.iter().take(REACH).take_while(is_part).count()];
        self.name(end + 1 + memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1))
    }

    /// `Login failed: jane (Remote IP: …`, of which the first word stands at `at`.
    pub(super) fn failed_login(&mut self, at: usize) -> bool {
        const HEAD: &[u8] = b"Login failed: ";
        if !self.rest(at).starts_with(HEAD) {
            return false;
        }
        let start = at + HEAD.len() + usize::from(self.byte(at + HEAD.len()) == b'\'');
        let behind = self.rest(self.name_end(start));
        behind.strip_prefix(b"'").unwrap_or(behind).starts_with(b" (Remote IP") && self.name(start)
    }

    /// Whether the `@` at `at` stands between an account and what PostgreSQL or MySQL write behind it: `jane@shop FATAL:`, `Connect
    /// jane@203.0.113.9 on`, of which the account begins at `start`.
    pub(super) fn is_of_database(&self, start: usize, at: usize) -> bool {
        let before = &self.text[..start];
        let word = before.trim_ascii_end();
        if word.len() < start && word.ends_with(b"Connect") {
            return true;
        }
        let behind = self.rest(at + 1);
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let label = behind.iter().take(REACH).take_while(is_part).count();
        label > 0 && LEVELS.iter().any(|level| behind[label..].starts_with(level))
    }

    /// The account of `'jane'@'%'`, of which the `@` stands at `at`.
    pub(super) fn quoted_account(&mut self, at: usize) -> bool {
        let quote = self.byte_before(at, 1);
        if !matches!(quote, b'\'' | b'`' | b'"') || self.byte(at + 1) != quote {
            return false;
        }
        let before = &self.text[at.saturating_sub(REACH).max(self.next.min(at))..at - 1];
        let Some(open) = memchr::memrchr(quote, before) else { return false };
        let start = at - 1 - (before.len() - open - 1);
        self.name_end(start) == at - 1 && self.ask(self.engine.own.username, start..at - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn accounts_stand_in_messages_of_servers() {
        assert_hidden(&[
            (
                "AH01617: user mmartin: authentication failure for",
                "AH01617: user <username>: authentication failure for",
            ),
            ("AH01618: user mmartin not found: /x", "AH01618: user <username> not found: /x"),
            ("auth: sql(jdupont,203.0.113.9): x", "auth: sql(<username>,<ipv4>): x"),
            ("pam(jdupont,203.0.113.9,<abc>): x", "pam(<username>,<ipv4>,<abc>): x"),
            ("dovecot: imap(jdupont)<12><x>: Logged out", "dovecot: imap(<username>)<12><x>: Logged out"),
            ("dovecot: lmtp(jdupont): x", "dovecot: lmtp(<username>): x"),
            ("password changed for jdupont", "password changed for <username>"),
            ("FAILED LOGIN (1) on '/dev/tty1' FOR 'jdupont', x", "FAILED LOGIN (1) on '/dev/tty1' FOR '<username>', x"),
            ("[12] jdupont@shop FATAL:  x", "[12] <username>@shop FATAL:  x"),
            ("3 Connect\tjdupont@203.0.113.9 on shop", "3 Connect\t<username>@<ipv4> on shop"),
            ("USER:[7] 'JDUPONT' x", "USER:[7] '<username>' x"),
            ("Group <VPN> User <jdupont> IP <203.0.113.9>", "Group <VPN> User <<username>> IP <<ipv4>>"),
            ("arn:aws:iam::123456789012:user/dev/jdupont\"", "arn:aws:iam::123456789012:user/dev/<username>\""),
            ("Login failed: mmartin (Remote IP: x)", "Login failed: <username> (Remote IP: x)"),
            ("Login failed: 'mmartin' (Remote IP: x)", "Login failed: '<username>' (Remote IP: x)"),
            ("User jdupont logged in", "User <username> logged in"),
            ("- USER jdupont (Login failed): x", "- USER <username> (Login failed): x"),
            ("USER jdupont: no such user", "USER <username>: no such user"),
            ("ssh jdupont@203.0.113.9", "ssh <username>@<ipv4>"),
            (
                "SET PASSWORD FOR 'jdupont'@'localhost' = PASSWORD('ab')",
                "SET PASSWORD FOR '<username>'@'localhost' = PASSWORD('<password>')",
            ),
            ("GRANT ALL ON x.* TO 'jdupont'@'%'", "GRANT ALL ON x.* TO '<username>'@'%'"),
        ]);
        assert_kept(&[
            "user has logged in, User not found: x, user session logged out, the user just logged in",
            "imap(x): ldap(timeout, 3) imap(retry, 2)",
            "password changed for security reasons SELECT x FOR 'y'",
            "kernel@shop of Connect web to arn:aws:s3:::x/user/a USER:[0] ''",
            "'@' '@' x'@'y",
        ]);
    }
}
