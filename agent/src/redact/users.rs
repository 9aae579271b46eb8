//! Names of accounts by what stands before them: paths, `DOMAIN\name`, the phrases of sshd and PAM.

use std::ops::Range;

use super::filter::Listed;
use super::quote::SLASHES;
use super::scanner::Pass;
use super::token::own_length;

/// Longest name of an account, in bytes.
const NAME: usize = 64;
/// Words behind which `for` leads to an account.
const BEFORE_FOR: &[&[u8]] = &[
    b"password",
    b"publickey",
    b"pam",
    b"opened",
    b"closed",
    b"failed",
    b"failure",
    b"login",
    b"logon",
    b"authentication",
    b"denied",
    b"succeeded",
    b"accepted",
    b"none",
    b"interactive",
    b"kerberos",
    b"gssapi-with-mic",
    b"attempts",
    b"exceeded",
    b"keyboard-interactive",
    b"attempt",
    b"session",
    b"failures",
];

/// How sshd tells which program it starts, before a colon.
const SESSION: &[u8] = b"Starting session";

impl Pass<'_> {
    /// The name that begins at `start`, without a dot at its end.
    pub(super) fn name_end(&self, start: usize) -> usize {
        let behind = &self.text[start.min(self.text.len())..self.text.len().min(start + NAME + 1)];
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') || *byte >= 0x80;
        let mut length = behind.iter().take_while(|byte| is_part(byte)).count();
        // `o'brien`; a quote before the name would be closed there.
        while self.byte(start + length) == b'\''
            && !matches!(self.byte_before(start, 1), b'\'' | b'"')
            && length < behind.len()
            && self.is_between_letters(start + length)
        {
            length += 1 + behind[length + 1..].iter().take_while(|byte| is_part(byte)).count();
        }
        start + behind[..length].iter().rposition(|byte| !matches!(byte, b'.' | b'-')).map_or(0, |last| last + 1)
    }

    /// Where the name begins that stands at `at` in quotes, which may stand behind backslashes.
    fn quoted_name(&self, at: usize) -> Option<usize> {
        let quote = self.rest(at).iter().take(SLASHES).take_while(|byte| **byte == b'\\').count() + at;
        let (start, marks) = (quote + 1, self.text.get(at..quote + 1)?);
        let is_closed = matches!(self.byte(quote), b'\'' | b'"') && self.rest(self.name_end(start)).starts_with(marks);
        is_closed.then_some(start)
    }

    pub(super) fn name(&mut self, start: usize) -> bool {
        let end = self.name_end(start);
        // An address is more than a name.
        if end == start || self.byte(end) == b'@' || self.byte(end) == b'$' {
            return false;
        }
        let is_found = self.ask(self.engine.own.username, start..end);
        if is_found {
            self.next = end;
        }
        is_found
    }

    /// `/home/name`, `C:\Users\name`, `/var/mail/name`, of which `home` and the like stands at `at`.
    pub(super) fn home(&mut self, at: usize) -> bool {
        let mark = self.byte_before(at, 1);
        if !matches!(mark, b'/' | b'\\') {
            return false;
        }
        let end = self.masks.word_end(at);
        let folder = &self.text[at..end];
        let is_mail =
            folder == b"mail" && (self.text[..at].ends_with(b"/var/") || self.text[..at].ends_with(b"/spool/"));
        let is_home = matches!(folder, b"home" | b"homes")
            || folder.eq_ignore_ascii_case(b"users") && (folder != b"users" || mark == b'\\')
            || is_mail;
        let marks = self.text[end..].iter().take(2).take_while(|byte| **byte == mark).count();
        let start = end + marks;
        if !is_home || marks == 0 {
            return false;
        }
        // `/home/` in an address of the web is a page.
        let may_be_page = folder == b"home" && self.is_behind_letter(at - 1) || folder == b"homes";
        if may_be_page && !self.is_of_files(at, start) || self.is_nobodys_folder(start) {
            return false;
        }
        mark == b'\\' && self.spaced_name(start) || self.name(start)
    }

    /// Whether a letter or digit stands before `at` that is no part of a value.
    pub(super) fn is_behind_letter(&self, at: usize) -> bool {
        self.byte_before(at, 1).is_ascii_alphanumeric() && !self.is_found_before(at)
    }

    /// Whether the folder at `at` among those of users is none of theirs, with what no name of an account has in it.
    fn is_nobodys_folder(&self, at: usize) -> bool {
        const FOLDERS: [&[u8]; 3] = [b"All Users", b"Default User", b"lost+found"];
        FOLDERS.iter().any(|folder| {
            let end = at + folder.len();
            let is_one = self.text.get(at..end).is_some_and(|name| name.eq_ignore_ascii_case(folder));
            is_one && !self.byte(end).is_ascii_alphanumeric()
        })
    }

    /// A name of several words at `at`, as a folder of Windows may have: `C:\Users\Jane Doe\x`.
    fn spaced_name(&mut self, at: usize) -> bool {
        const LONGEST: usize = 64;
        let Some(username) = self.engine.own.username else { return false };
        let ahead = &self.text[at..];
        let ahead = &ahead[..ahead.len().min(LONGEST)];
        let Some(length) = memchr::memchr(b'\\', ahead) else { return false };
        let (name, letter) = (&ahead[..length], |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80);
        let is_part = |byte: &u8| letter(byte) || matches!(byte, b' ' | b'.' | b'-' | b'_' | b'\'');
        let is_one = name.first().is_some_and(letter) && name.contains(&b' ') && name.iter().all(is_part);
        if !is_one {
            return false;
        }
        self.next = at + length;
        self.keep(username, at..at + length);
        true
    }

    /// `invalid user name`, `user 'name'`, of which `user` stands at `at`.
    pub(super) fn user(&mut self, at: usize) -> bool {
        let end = self.masks.word_end(at);
        match self.byte(end) {
            b'@' => return self.user_at_host(at),
            b' ' | b':' | b'/' => {}
            _ => return false,
        }
        let word = &self.text[at..end];
        if word.eq_ignore_ascii_case(b"user") && self.marked_user(end) {
            return true;
        }
        let is_word = [&b"user"[..], b"role", b"username", b"client"].iter().any(|one| word.eq_ignore_ascii_case(one));
        if !is_word || self.byte(end) != b' ' || end - at == 6 && !self.text[..at].ends_with(b"by ") {
            return false;
        }
        if let Some(start) = self.quoted_name(end + 1) {
            return self.name(start);
        }
        if self.byte(end + 1) == b'[' && own_length(self.rest(end + 1)).is_none() {
            return self.bracketed_users(end + 1);
        }
        if end - at != 4 || !matches!(word, [b'u' | b'U', ..]) {
            return false;
        }
        let before = self.word_before(at);
        let is_named = [&b"invalid"[..], b"illegal", b"unknown", b"unauthorized", b"authenticating", b"nonexistent"]
            .iter()
            .any(|word| before.eq_ignore_ascii_case(word));
        let so_far = &self.text[at.saturating_sub(24)..at];
        let is_session = so_far.ends_with(b" of ") && memchr::memmem::find(so_far, b"ession ").is_some();
        let ways = [
            &b"isconnected from "[..],
            b"nitially as ",
            b"onnection closed by ",
            b"onnection reset by ",
            b"lose session: ",
        ];
        if so_far.ends_with(b"nitially as ") {
            self.service_user(at);
        }
        let so_far = &self.text[at.saturating_sub(24)..at];
        let is_told =
            is_named && self.may_be_invalid(end + 1) || is_session || ways.iter().any(|way| so_far.ends_with(way));
        (is_told || self.is_refused(end + 1) || self.is_told_behind(end + 1)) && self.name(end + 1)
    }

    /// Whether what stands behind `Invalid user` at `start` is no word for something else of a user, unless a client is told that used it.
    fn may_be_invalid(&self, start: usize) -> bool {
        static OTHERS: Listed = Listed::new(&[
            b"credential",
            b"credentials",
            b"input",
            b"inputs",
            b"id",
            b"ids",
            b"name",
            b"names",
            b"password",
            b"passwords",
            b"type",
            b"role",
            b"roles",
            b"agent",
            b"data",
            b"token",
            b"session",
            b"or",
            b"and",
            b"attempt",
            b"request",
            b"account",
            b"group",
            b"state",
            b"status",
            b"key",
            b"profile",
            b"info",
            b"argument",
            b"parameter",
            b"parameters",
            b"configuration",
            b"settings",
            b"permission",
            b"permissions",
            b"defined",
            b"supplied",
            b"provided",
            b"specified",
            b"error",
        ]);
        let end = self.name_end(start);
        self.rest(end).starts_with(b" from ") || !OTHERS.has(&self.text[start.min(end)..end])
    }

    /// `user [jane] -> [joe]`, `user [CORP]\\[jane] at`, as Samba writes them, from the first bracket at `open` on.
    fn bracketed_users(&mut self, open: usize) -> bool {
        let end = self.name_end(open + 1);
        let behind = self.rest(end);
        let domain =
            [&b"]\\\\["[..], b"]\\["].iter().find(|marks| behind.starts_with(marks)).map_or(0, |marks| marks.len());
        if domain > 0 {
            return self.byte(self.name_end(end + domain)) == b']' && self.name(end + domain);
        }
        let second = if behind.starts_with(b"] -> [") { end + 6 } else { self.text.len() };
        let is_first = self.byte(end) == b']' && self.name(open + 1);
        self.byte(self.name_end(second)) == b']' && self.name(second) || is_first
    }

    /// Whether sshd refuses the account at `start`, `User jane from 203.0.113.9 not allowed because …`, or it joins or leaves a group.
    fn is_refused(&self, start: usize) -> bool {
        const REACH: usize = 96;
        let end = self.name_end(start);
        let behind = &self.text[end..self.text.len().min(end + REACH)];
        let is_member = behind.starts_with(b" added by ") || behind.starts_with(b" removed by ");
        is_member || behind.starts_with(b" from ") && memchr::memmem::find(behind, b" not allowed because ").is_some()
    }

    /// `password for name`, `session opened for user name`, of which `for` stands at `at`.
    pub(super) fn for_user(&mut self, at: usize) -> bool {
        if self.answered(at) {
            return true;
        }
        let before = self.word_before(at);
        let so_far = &self.text[..at];
        let ends = [&b"assword changed "[..], b"password expiry ", b"login keyring "];
        if ends.iter().any(|words| so_far.ends_with(words)) {
            return self.ends_line(self.name_end(at + 4)) && self.name(at + 4);
        }
        let is_known = BEFORE_FOR.iter().any(|word| before.eq_ignore_ascii_case(word));
        if !is_known && !self.starts_session(at) {
            return false;
        }
        let mut start = at + 4;
        for word in [&b"invalid "[..], b"illegal ", b"user ", b"username "] {
            if self.text[start..].starts_with(word) {
                start += word.len();
            }
        }
        let may_be_quoted = before.eq_ignore_ascii_case(b"password");
        if let Some(name) = self.quoted_name(start).filter(|_| may_be_quoted) {
            return self.name(name);
        }
        let is_explicit =
            start > at + 4 || before.eq_ignore_ascii_case(b"password") || before.eq_ignore_ascii_case(b"publickey");
        let end = self.name_end(start);
        // Without `user` it is a name only where sshd goes on as it does.
        let goes_on = self.text[end..].starts_with(b" from ")
            || self.text[end..].starts_with(b" by ")
            || start > at + 4 && (self.text[end..].starts_with(b" account ") || self.ends_line(end))
            || is_explicit && start > at + 4;
        let is_found = goes_on && self.name(start);
        self.caller(end) || is_found
    }

    /// Whether sshd starts a session for the account behind `at`: `Starting session: shell on pts/0 for jane from …`.
    fn starts_session(&self, at: usize) -> bool {
        let mut colons = self.masks.behind(at, |classes| classes.pairs);
        while colons != 0 {
            let before = colons.leading_zeros() as usize + 1;
            colons ^= 1 << (64 - before);
            if before > 1
                && before + SESSION.len() <= 64
                && self.text[..at - before].ends_with(SESSION)
                && self.rest(at - before).starts_with(b": ")
            {
                return true;
            }
        }
        false
    }

    /// `(uid=0) by name(uid=1000)`, of which all but the name of the first account is behind `end`.
    fn caller(&mut self, end: usize) -> bool {
        let behind = &self.text[end..self.text.len().min(end + 20)];
        let number = if behind.starts_with(b"(uid=") {
            behind.iter().position(|byte| *byte == b')').map_or(0, |close| close + 1)
        } else {
            0
        };
        let start = end + number + 4;
        self.text[end + number..].starts_with(b" by ")
            && self.text[self.name_end(start)..].starts_with(b"(uid=")
            && self.name(start)
    }

    /// The account before `TTY=` of sudo, `  name : TTY=pts/0`, and before `CMD` of cron, `(name) CMD (…)`.
    pub(super) fn account_before(&mut self, at: usize) -> bool {
        let before = &self.text[self.next.min(at).max(at.saturating_sub(NAME + 4))..at];
        let Some(before) = before.strip_suffix(b" : ").or_else(|| before.strip_suffix(b") ")) else { return false };
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'\'') || *byte >= 0x80;
        let length = before.iter().rev().take_while(|byte| is_part(byte)).count();
        let end = at - if self.byte_before(at, 2) == b')' { 2 } else { 3 };
        let opens = if self.byte_before(at, 2) == b')' { b'(' } else { b' ' };
        if length > 0 && self.byte_before(end, length + 1) == opens {
            self.ask(self.engine.own.username, end - length..end);
        }
        // What stands at `at` is looked at as ever.
        false
    }

    /// Whether `ssh jane@host`, `sshd: jane@pts/0` and the like is around the `@` at `at`: a command before it, and one label behind it.
    pub(super) fn logs_in(&mut self, name: Range<usize>) -> bool {
        const BEFORE: usize = 48;
        if self.byte_before(name.start, 1).is_ascii_alphanumeric() || self.byte_before(name.start, 1) == b'@' {
            return false;
        }
        let before = &self.text[name.start.saturating_sub(BEFORE)..name.start];
        let is_command = self.text[name.end..].starts_with(b"@pts/")
            || names_command(before)
            || self.is_of_database(name.start, name.end);
        let end = name.end;
        let is_found = is_command && self.ask(self.engine.own.username, name);
        if is_found {
            self.next = end;
        }
        is_found
    }

    /// The account in a line of an access log, behind the address that ends at `end`: ` - name [28/Nov/2026`.
    pub(super) fn access_user(&mut self, end: usize) {
        if !self.text[end..].starts_with(b" - ") {
            return;
        }
        let start = end + 3;
        // Most often nobody has logged in.
        if self.rest(start).starts_with(b"- ") {
            return;
        }
        let name_end = self.name_end(start);
        let goes_on = self.text[name_end..].starts_with(b" [") && self.byte(name_end + 2).is_ascii_digit();
        if goes_on && self.text[start..name_end] != *b"-" {
            self.name(start);
        }
    }

    /// The word before the space before `at`, without what follows a slash in it.
    fn word_before(&self, at: usize) -> &[u8] {
        let before = self.text[at.saturating_sub(24)..at].trim_ascii_end();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let length = before.iter().rev().take_while(|byte| is_part(byte)).count();
        &before[before.len() - length..]
    }
}

/// Whether a command that logs in elsewhere is in the last line of `text`.
fn names_command(text: &[u8]) -> bool {
    const COMMANDS: [&[u8]; 5] = [b"sshd", b"ssh", b"scp", b"sftp", b"sync"];
    let line = memchr::memrchr(b'\n', text).map_or(text, |newline| &text[newline + 1..]);
    memchr::memchr_iter(b's', line).any(|at| {
        matches!(line.get(at + 1), Some(b's' | b'c' | b'f' | b'y')) && {
            // `rsync`.
            let before = line[..at].strip_suffix(b"r").unwrap_or(&line[..at]);
            let behind = COMMANDS.iter().find_map(|command| line[at..].strip_prefix(*command));
            let touches = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
            behind.is_some_and(|behind| !touches(behind.first()) && !touches(before.last()))
        }
    })
}
