//! Accounts by their place in the lines of web servers and proxies, of mail servers and of PAM, where no word names them.

use super::filter::Listed;
use super::scanner::Pass;

/// Longest name of an account, in bytes.
const NAME: usize = 64;
/// Longest part of a message that is looked at.
const REACH: usize = 96;
/// Folders of WebDAV that are nobody's by themselves.
const FOLDERS: &[&[u8]] = &[
    b"files",
    b"calendars",
    b"addressbooks",
    b"principals",
    b"users",
    b"uploads",
    b"trashbin",
    b"versions",
    b"comments",
    b"avatars",
    b"systemtags",
    b"public",
];

/// Units of a directory in which persons are.
static UNITS: Listed = Listed::new(&[
    b"people",
    b"users",
    b"user",
    b"persons",
    b"staff",
    b"employees",
    b"accounts",
    b"utilisateurs",
    b"benutzer",
    b"mitarbeiter",
    b"usuarios",
    b"utenti",
    b"gebruikers",
]);

impl Pass<'_> {
    /// Whether the time of a line of an access log stands in the brackets that open at `at`, and something else than `-` before it.
    #[inline(always)]
    pub(super) fn may_be_logged(&self, at: usize) -> bool {
        self.byte(at + 3) == b'/'
            && self.byte_before(at, 2) != b'-'
            && self.byte_before(at, 1) == b' '
            && self.byte(at + 1).is_ascii_digit()
            && self.byte(at + 4).is_ascii_alphabetic()
    }

    /// Asks for the account before the time in brackets at `at`, whatever stands for the client: `::1 - jane [28/Nov/2026:…`.
    #[cold]
    #[inline(never)]
    pub(super) fn logged_user(&mut self, at: usize) {
        let end = at.saturating_sub(1);
        if !self.may_be_logged(at) || self.is_found_before(end) {
            return;
        }
        let before = &self.text[self.next.min(end).max(end.saturating_sub(NAME + 3))..end];
        let length = before.iter().rev().take_while(|byte| is_part(byte)).count();
        if length > 0 && before[..before.len() - length].ends_with(b" - ") {
            self.ask(self.engine.own.username, end - length..end);
        }
    }

    /// The account before `HIER_DIRECT/203.0.113.9` in a line of Squid, which begins at `at`.
    pub(super) fn proxied_user(&mut self, at: usize) -> bool {
        let Some(before) = self.text[self.next.min(at).max(at.saturating_sub(NAME + 2))..at].strip_suffix(b" ") else {
            return false;
        };
        let length = before.iter().rev().take_while(|byte| is_part(byte)).count();
        let is_field =
            length > 0 && self.byte_before(at - 1, length + 1) == b' ' && self.rest(at).starts_with(b"HIER_");
        if is_field && before[before.len() - length..] != *b"-" {
            self.ask(self.engine.own.username, at - 1 - length..at - 1);
        }
        false
    }

    /// The owner of what stands in WebDAV behind the `dav/` at `at`: `/dav/jane/`, `/dav/files/jane/`.
    pub(super) fn shared_folder(&mut self, at: usize) -> bool {
        if self.byte_before(at, 1) != b'/' {
            return false;
        }
        let mut start = at + 4;
        for _ in 0..2 {
            let end = self.name_end(start);
            if !FOLDERS.contains(&self.text.get(start..end).unwrap_or_default()) {
                return self.byte(end) == b'/' && self.name(start);
            }
            if self.byte(end) != b'/' {
                return false;
            }
            start = end + 1;
        }
        false
    }

    /// `orig_to=<jane>`, of which the name stands at `at`.
    pub(super) fn original_recipient(&mut self, at: usize) -> bool {
        let start = at + b"orig_to=<".len();
        self.rest(at).starts_with(b"orig_to=<") && self.byte(self.name_end(start)) == b'>' && self.name(start)
    }

    /// `Configured from console by jane on vty0`, of which the first word stands at `at`.
    pub(super) fn configured_by(&mut self, at: usize) -> bool {
        let text = &self.text[at..self.text.len().min(at + REACH)];
        text.starts_with(b"Configured from ")
            && memchr::memmem::find(text, b" by ").is_some_and(|by| self.name(at + by + 4))
    }

    /// `AuthenticationFailureBadCredentialsEvent: jane; …`, of which the first word stands at `at`.
    pub(super) fn event_of(&mut self, at: usize) -> bool {
        let end = self.masks.word_end(at);
        let is_event = self.text[at..end].starts_with(b"Authentication") && self.text[at..end].ends_with(b"Event");
        let is_named = is_event && self.rest(end).starts_with(b": ");
        is_named && self.byte(self.name_end(end + 2)) == b';' && self.name(end + 2)
    }

    /// The account in the brackets with which a line of a firewall about a connection ends, which `Built` or `Teardown` at `at` begins:
    /// `%ASA-6-302013: Built … (jane)`.
    pub(super) fn connected_user(&mut self, at: usize) -> bool {
        const LINE: usize = 512;
        let before = &self.text[at.saturating_sub(24)..at];
        if memchr::memmem::find(before, b"-6-302").is_none() {
            return false;
        }
        let line = &self.text[at..self.text.len().min(at + LINE)];
        let line = line[..memchr::memchr(b'\n', line).unwrap_or(line.len())].trim_ascii_end();
        let Some(inside) = line.strip_suffix(b")") else { return false };
        let Some(open) = memchr::memrchr(b'(', inside) else { return false };
        let (start, end) = (at + open + 1, at + inside.len());
        let name = memchr::memrchr(b'\\', &self.text[start..end]).map_or(start, |slash| start + slash + 1);
        if self.name_end(name) == end && open > 0 {
            self.ask(self.engine.own.username, name..end);
        }
        false
    }

    /// A person's name in a directory, of which `cn=` stands at `at`, by the unit that it is in: `CN=Jane Doe,OU=Users,DC=example`. Those of
    /// machines, groups and certificates are in others.
    pub(super) fn distinguished(&mut self, at: usize) -> bool {
        let line = &self.text[at + 3..self.text.len().min(at + 3 + 2 * NAME)];
        let Some(end) = line.iter().position(|byte| b",\"'\n)".contains(byte)).filter(|end| line[*end] == b',') else {
            return false;
        };
        let Some(unit) = line
            .get(end + 1..end + 4)
            .filter(|unit| [&b"ou="[..], b"cn="].iter().any(|mark| unit.eq_ignore_ascii_case(mark)))
        else {
            return false;
        };
        let behind = &line[end + 1 + unit.len()..];
        let name = &behind[..behind.iter().take_while(|byte| is_part(byte)).count()];
        let is_person = UNITS.has(name) && behind.get(name.len()) == Some(&b',');
        // Groups stand beside users.
        let is_name = !line[..end].contains(&b' ') || unit[0].eq_ignore_ascii_case(&b'o');
        is_person && is_name && self.ask(self.engine.own.username, at + 3..at + 3 + end)
    }

    /// The account and its address before `connect to service … initially as user`, of which `user` stands at `at`, in a line of Samba.
    pub(super) fn service_user(&mut self, at: usize) {
        let before = &self.text[at.saturating_sub(2 * REACH)..at];
        let Some(close) = memchr::memmem::rfind(before, b") connect to service ") else { return };
        let Some(open) = memchr::memrchr(b'(', &before[..close]) else { return };
        let Some(name) = before[..open].strip_suffix(b" ") else { return };
        let length = name.iter().rev().take(NAME).take_while(|byte| is_part(byte)).count();
        let end = at - before.len() + name.len();
        if length > 0 {
            self.ask(self.engine.own.username, end - length..end);
        }
    }
}

/// Whether `byte` may be part of the name of an account.
fn is_part(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'\'' | b'+') || *byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn accounts_are_told_by_their_place() {
        assert_hidden(&[
            (
                "::1 - jane [30/Nov/2026:10:11:12 +0100] \"GET /",
                "::1 - <username> [30/Nov/2026:10:11:12 +0100] \"GET /",
            ),
            ("web1 - jane [30/Nov/2026:10:11:12 +0100] x", "web1 - <username> [30/Nov/2026:10:11:12 +0100] x"),
            ("GET http://x/ jane HIER_DIRECT/203.0.113.9 x", "GET http://x/ <username> HIER_DIRECT/<ipv4> x"),
            ("PROPFIND /dav/jdoe/ HTTP/1.1", "PROPFIND /dav/<username>/ HTTP/1.1"),
            ("/remote.php/dav/files/jdoe/x", "/remote.php/dav/files/<username>/x"),
            ("A1: to=<x@y.fr>, orig_to=<jane>, relay", "A1: to=<<email>>, orig_to=<<username>>, relay"),
            ("Configured from console by jane on vty0", "Configured from console by <username> on vty0"),
            (
                "AuthenticationFailureBadCredentialsEvent: jane; x",
                "AuthenticationFailureBadCredentialsEvent: <username>; x",
            ),
            ("%ASA-6-302013: Built inbound x (jane)", "%ASA-6-302013: Built inbound x (<username>)"),
            (
                "  jane (203.0.113.9) connect to service x initially as user joe (uid=1",
                "  <username> (<ipv4>) connect to service x initially as user <username> (uid=1",
            ),
            ("MULTI: Learn: 203.0.113.9 -> jane/203.0.113.7:1194", "MULTI: Learn: <ipv4> -> <username>/<ipv4>:1194"),
            ("changed password expiry for jane", "changed password expiry for <username>"),
            ("gkr-pam: unlocked login keyring for jane", "gkr-pam: unlocked login keyring for <username>"),
            ("failures for user jane account locked", "failures for user <username> account locked"),
            ("Invalid login for username jane", "Invalid login for username <username>"),
            (
                "AH01695: auth_ldap authenticate: user jane authentication failed",
                "AH01695: auth_ldap authenticate: user <username> authentication failed",
            ),
            ("auth: ldap(jane,203.0.113.9): x", "auth: ldap(<username>,<ipv4>): x"),
            ("12 Connect   jane@web1 on app", "12 Connect   <username>@web1 on app"),
            ("user=jane@pam user=jane@CORP", "user=<username> user=<username>"),
            (r#""username":"oidc:jane""#, r#""username":"<username>""#),
            ("uname=jane unauthuser=jane srcuser=jane", "uname=<username> unauthuser=<username> srcuser=<username>"),
            ("for cn=jane,ou=people,dc=example x", "for cn=<username>,ou=people,dc=example x"),
            ("CN=Jane Doe,OU=Users,DC=acme", "CN=<username>,OU=Users,DC=acme"),
            (r#""principalName":"jane""#, r#""principalName":"<username>""#),
        ]);
        assert_kept(&[
            "::1 - - [30/Nov/2026:10:11:12 +0100] x - [30/Nov/2026:10:11:12] x-y [30/Nov/2026:10:11:12]",
            "http://x/ - HIER_NONE/- x /dav/files/ /dav/principals/users/ dav/x",
            "orig_to=<root> Configured from memory AuthenticationProvider: jane; AuthenticationEvent: a b",
            "Built inbound x (fast) 6-302013: Built x (a b)",
            "user credentials for the service username: required uname=Linux",
            "CN=Domain Admins,CN=Users,DC=acme CN=WEB01,OU=Servers,DC=acme CN=Example CA,OU=www.example.org,O=x",
            "Key retention for expiry for x y",
        ]);
    }

    #[test]
    fn words_behind_names_of_accounts_are_none() {
        assert_kept(&[
            "dovecot: imap-login: Disconnected (auth failed), pop3-login: Aborted login",
            r#"{"error_description":"Invalid user credentials"} Invalid user input: x"#,
            "TASK [user : create] TASK [password : rotate] RUNNING HANDLER [login : restart]",
            "Principal=org.springframework.security.core.userdetails.User",
            "username: required, login: required, actor: scheduler",
        ]);
        assert_hidden(&[
            ("Invalid user input from 203.0.113.9", "Invalid user <username> from <ipv4>"),
            ("x-login: jane", "x-login: <username>"),
        ]);
    }
}
