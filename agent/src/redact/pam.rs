//! Programs that log in and are called like what they ask for: `gdm-password]: pam_unix(gdm-password:auth): …`.

use super::scanner::Pass;

/// Bytes before a colon among which a bracket is looked for.
const REACH: usize = 64;
/// What modules of PAM do.
const KINDS: &[&[u8]] = &[b"auth", b"account", b"session", b"password", b"setcred", b"chauthtok"];

impl Pass<'_> {
    /// Whether the colon at `at` stands behind the name of a program, not behind that of a value: the name ends before `end`, and what
    /// stands before the colon and its spaces before `edge`.
    pub(super) fn is_of_pam(&self, at: usize, edge: usize, end: usize) -> bool {
        self.text[at] == b':' && (self.closes_nothing(edge, end) || self.is_service(at))
    }

    /// Whether the colon at `at` stands behind the name of a program of Dovecot, `imap-login: Disconnected`, or that of a role in the title of
    /// a task of Ansible, `TASK [user : create]`, whose last word begins at `start`.
    pub(super) fn is_of_program(&self, start: usize, at: usize) -> bool {
        const PROTOCOLS: [&[u8]; 4] = [b"imap-login", b"pop3-login", b"submission-login", b"managesieve-login"];
        const TITLES: [&[u8]; 2] = [b"TASK [", b"HANDLER ["];
        if self.text[at] != b':' || self.byte(at + 1) != b' ' {
            return false;
        }
        let before = &self.text[..at];
        let is_title =
            self.byte_before(at, 1) == b' ' && TITLES.iter().any(|title| self.text[..start].ends_with(title));
        is_title || PROTOCOLS.iter().any(|program| before.ends_with(program))
    }

    /// Whether a `]` stands before `edge` that nothing opens before the name that ends before `end`, as in the header of a line.
    fn closes_nothing(&self, edge: usize, end: usize) -> bool {
        if self.byte_before(edge, 1) != b']' || edge != end + 1 {
            return false;
        }
        let before = &self.text[end.saturating_sub(REACH)..end];
        let place = before.iter().rposition(|byte| matches!(byte, b'[' | b']' | b'\n'));
        place.is_none_or(|place| before[place] != b'[')
    }

    /// Whether the name of a service stands before the colon at `at`, and behind it what a module does for it: `pam_unix(su:auth)`.
    fn is_service(&self, at: usize) -> bool {
        let behind = &self.text[at + 1..];
        if !matches!(behind.first(), Some(b'a' | b'c' | b'p' | b's')) {
            return false;
        }
        let is_kind = |kind: &&[u8]| behind.strip_prefix(*kind).is_some_and(|behind| behind.first() == Some(&b')'));
        if !KINDS.iter().any(is_kind) {
            return false;
        }
        let before = &self.text[at.saturating_sub(REACH)..at];
        let Some(open) = memchr::memrchr2(b'(', b'\n', before).filter(|place| before[*place] == b'(') else {
            return false;
        };
        let is_part = |byte: &&u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || **byte == b'_';
        let length = before[..open].iter().rev().take_while(is_part).count();
        before[open - length..open].starts_with(b"pam_")
    }
}
