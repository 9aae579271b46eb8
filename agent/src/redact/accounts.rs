//! Accounts in the messages of programs that make accounts, log them in and work for them: shadow-utils, vsftpd, OpenVPN, cron, MySQL; and
//! passwords beside them: `[sudo] password for jane: x`, lines of `/etc/shadow`, `sqlplus jane/x@db`.

use std::ops::Range;

use super::scanner::Pass;
use super::secret::named::is_nothing;
use super::token::own_length;

/// Longest name of an account, in bytes.
const NAME: usize = 64;
/// Longest hash of a password, and longest argument of a program.
const HASH: usize = 160;
/// Most arguments before that.
const ARGUMENTS: usize = 5;
/// What stands behind the hash in a line of `/etc/shadow`: fewest and most days, and days of warning.
const AGES: &[u8] = b":0:99999:7:";
/// Most digits of the day on which a password was changed.
const DAY: usize = 6;
/// What vsftpd and OpenVPN tell of the account in brackets before it.
const DEEDS: &[&[u8]] = &[
    b"OK LOGIN",
    b"OK UPLOAD",
    b"OK DOWNLOAD",
    b"OK DELETE",
    b"OK MKDIR",
    b"OK RENAME",
    b"FAIL LOGIN",
    b"FAIL UPLOAD",
    b"FAIL DOWNLOAD",
    b"Peer Connection Initiated",
];
/// What OpenVPN tells behind an account and its address.
const CHANNELS: &[&[u8]] = &[b"MULTI", b"SENT ", b"PUSH", b"TLS", b"VERIFY", b"peer info", b"Data Ch", b"Control Ch"];

impl Pass<'_> {
    /// Asks for the account at `span`, and is done with it if it is one.
    pub(super) fn take_account(&mut self, span: Range<usize>) -> bool {
        let end = span.end;
        let is_one = span.start < end && span.start >= self.next && self.ask(self.engine.own.username, span);
        self.next = if is_one { end } else { self.next };
        is_one
    }

    /// Keeps what stands at `span` as a password unless it only stands for one.
    pub(super) fn take_password(&mut self, span: Range<usize>) -> bool {
        let Some(password) = self.engine.own.password else { return false };
        let text = self.text.get(span.clone()).unwrap_or_default();
        let is_one = !text.is_empty() && !is_nothing(text);
        if is_one {
            self.next = span.end;
            self.keep(password, span);
        }
        is_one
    }

    /// Where what stands at `at` ends before a space or a quote.
    fn argument_end(&self, at: usize) -> usize {
        let is_part = |byte: &&u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'\\');
        at + self.rest(at).iter().take(HASH).take_while(is_part).count()
    }

    /// `[jane] OK LOGIN`, of which what is told stands at `at`.
    pub(super) fn deed(&mut self, at: usize) -> bool {
        let Some(before) = self.text[at.saturating_sub(NAME + 3)..at].strip_suffix(b"] ") else { return false };
        let Some(open) = memchr::memrchr(b'[', before) else { return false };
        // It has the looks of a token.
        let start = at - 2 - (before.len() - open - 1);
        let is_deed = DEEDS.iter().any(|deed| self.rest(at).starts_with(deed));
        if is_deed && own_length(self.rest(start - 1)).is_none() {
            self.ask(self.engine.own.username, start..at - 2);
        }
        false
    }

    /// `jane/203.0.113.9:1194 MULTI: …`, of which the address stands at `span`.
    pub(super) fn tunnel_user(&mut self, span: Range<usize>) {
        let Some(slash) = span.start.checked_sub(1).filter(|at| self.byte(*at) == b'/') else { return };
        let Some(behind) = self.rest(span.end).strip_prefix(b":") else { return };
        let port = behind.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        let is_channel =
            |text: &[u8]| CHANNELS.iter().any(|channel| text.starts_with(channel)) || text.first() == Some(&b'[');
        let before = &self.text[slash.saturating_sub(NAME)..slash];
        let is_told = behind[port..].strip_prefix(b" ").is_some_and(is_channel);
        if !is_told && memchr::memmem::find(before, b" -> ").is_none() {
            return;
        }
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let length = before.iter().rev().take_while(is_part).count();
        if length > 0 && matches!(self.byte_before(slash, length + 1), 0 | b' ' | b'\n') {
            self.ask(self.engine.own.username, slash - length..slash);
        }
    }

    /// `add 'jane' to group 'x'`, `delete 'jane' from group 'x'`, `group 'jane' owned by 'jane'`, of which the first word stands at `at`.
    pub(super) fn member(&mut self, at: usize) -> bool {
        let start = self.masks.word_end(at) + 2;
        let end = self.name_end(start);
        if self.byte(start - 1) != b'\'' || self.byte(end) != b'\'' {
            return false;
        }
        let behind = self.rest(end + 1);
        let ways: [&[u8]; 5] =
            [b" to group ", b" to shadow group ", b" from group ", b" from shadow group ", b" owned by "];
        let is_one = ways.iter().any(|way| behind.starts_with(way)) && self.take_account(start..end);
        let Some(owner) = self.rest(end).strip_prefix(b"' owned by '") else { return is_one };
        let start = self.text.len() - owner.len();
        self.take_account(start..self.name_end(start)) || is_one
    }

    /// `User@Host: jane[jane] @ web1 []`, of which the first word stands at `at`.
    pub(super) fn user_at_host(&mut self, at: usize) -> bool {
        const HEAD: &[u8] = b"User@Host: ";
        if !self.rest(at).starts_with(HEAD) {
            return false;
        }
        let start = at + HEAD.len();
        let end = self.name_end(start);
        let is_first = self.take_account(start..end);
        let again = self.name_end(end + 1);
        let is_second = self.byte(end) == b'[' && self.byte(again) == b']' && self.take_account(end + 1..again);
        is_first || is_second
    }

    /// `(jane) RELOAD (crontabs/jane)`, of which the second word stands at `at`.
    pub(super) fn crontab(&mut self, at: usize) -> bool {
        self.account_before(at);
        let line = &self.rest(at)[..self.rest(at).len().min(NAME)];
        let is_verb = |byte: &&u8| byte.is_ascii_uppercase() || **byte == b' ';
        let open = at + line.iter().take_while(is_verb).count();
        let folder = if self.rest(open).starts_with(b"(crontabs/") { 10 } else { 1 };
        let end = self.name_end(open + folder);
        let is_one = self.byte(open) == b'(' && self.byte(end) == b')' && self.text[..at].ends_with(b") ");
        is_one && self.take_account(open + folder..end)
    }

    /// The password behind the name of an account that was asked for it, `[sudo] password for jane: x`, or got it, `temporary password is
    /// generated for root@localhost: x`, of which `for` stands at `at`.
    pub(super) fn answered(&mut self, at: usize) -> bool {
        let before = &self.text[at.saturating_sub(NAME)..at];
        let is_asked = before.ends_with(b"[sudo] password ");
        if !is_asked && !before.ends_with(b"temporary password is generated ") {
            return false;
        }
        let (start, end) = (at + 4, self.argument_end(at + 4));
        if self.byte(end.saturating_sub(1)) != b':' || self.byte(end) != b' ' {
            return false;
        }
        let is_account = is_asked && self.take_account(start..end - 1);
        self.take_password(end + 1..self.argument_end(end + 1)) || is_account
    }

    /// `jane:$6$…:19000:0:99999:7:::`, a line of `/etc/shadow`, of which the colon before the ages stands at `at`.
    pub(super) fn shadow(&mut self, at: usize) -> bool {
        if !self.rest(at).starts_with(AGES) {
            return false;
        }
        let before = &self.text[self.next.min(at).max(at.saturating_sub(HASH + NAME))..at];
        let day = before.iter().rev().take(DAY).take_while(|byte| byte.is_ascii_digit()).count();
        let Some(hash) = before[..before.len() - day].strip_suffix(b":") else { return false };
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"./$=,+-_!*".contains(byte);
        let length = hash.iter().rev().take_while(is_part).count();
        let (end, start) = (at - day - 1, at - day - 1 - length);
        let name = self.text[..start].strip_suffix(b":").map_or(0, |text| {
            text.iter()
                .rev()
                .take(NAME)
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
                .count()
        });
        if name == 0 || !self.text[start..end].starts_with(b"$") {
            return false;
        }
        self.ask(self.engine.own.username, start - 1 - name..start - 1);
        self.take_password(start..end)
    }

    /// `sqlplus -s jane/x@db`, of which the program stands at `at`.
    pub(super) fn connection(&mut self, at: usize) -> bool {
        let mut start = self.masks.word_end(at);
        for _ in 0..ARGUMENTS {
            if self.byte(start) != b' ' {
                return false;
            }
            start += 1;
            if self.byte(start) != b'-' {
                return self.login(start);
            }
            start = self.argument_end(start);
        }
        false
    }

    /// The name and the password before the `@` of the argument at `start`: `jane/x@db`.
    fn login(&mut self, start: usize) -> bool {
        let text = &self.rest(start)[..self.argument_end(start) - start];
        let end = start + memchr::memrchr(b'@', text).unwrap_or(text.len());
        let slash = memchr::memchr(b'/', &self.text[start..end]).unwrap_or_default();
        let has_both = slash > 0 && start + slash + 1 < end;
        let is_found = has_both && self.ask(self.engine.own.url_userinfo, start..end);
        self.next = if is_found { end } else { self.next };
        is_found
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn accounts_stand_in_the_messages_of_programs() {
        assert_hidden(&[
            ("useradd[12]: new user: name=jane, UID=1001", "useradd[12]: new user: name=<username>, UID=1001"),
            ("groupadd[12]: new group: name=jane, GID=1001", "groupadd[12]: new group: name=<username>, GID=1001"),
            ("group added to /etc/group: name=jane, GID=1", "group added to /etc/group: name=<username>, GID=1"),
            ("usermod[1]: add 'jane' to group 'sudo'", "usermod[1]: add '<username>' to group 'sudo'"),
            ("userdel[1]: delete user 'jane'", "userdel[1]: delete user '<username>'"),
            ("removed group 'jane' owned by 'joe'", "removed group '<username>' owned by '<username>'"),
            (
                "gpasswd[1]: user jane added by root to group docker",
                "gpasswd[1]: user <username> added by root to group docker",
            ),
            ("[pid 2] [jane] OK LOGIN: Client \"x\"", "[pid 2] [<username>] OK LOGIN: Client \"x\""),
            ("1 [jane] FAIL LOGIN: Client \"x\"", "1 [<username>] FAIL LOGIN: Client \"x\""),
            ("[jane] Peer Connection Initiated with x", "[<username>] Peer Connection Initiated with x"),
            ("jane/203.0.113.9:1194 MULTI: Learn", "<username>/<ipv4>:1194 MULTI: Learn"),
            ("succeeded for username 'jane' [CN]", "succeeded for username '<username>' [CN]"),
            ("initially as user jane (uid=1000, gid=1)", "initially as user <username> (uid=1000, gid=1)"),
            (
                "authentication for user [jane] -> [joe] FAILED",
                "authentication for user [<username>] -> [<username>] FAILED",
            ),
            ("Auth: user [CORP]\\[jane] at [x]", "Auth: user [CORP]\\[<username>] at [x]"),
            ("cron[1]: (jane) RELOAD (crontabs/jane)", "cron[1]: (<username>) RELOAD (crontabs/<username>)"),
            ("crontab[1]: (jane) BEGIN EDIT (joe)", "crontab[1]: (<username>) BEGIN EDIT (<username>)"),
            ("FATAL: role \"jane\" does not exist", "FATAL: role \"<username>\" does not exist"),
            ("# User@Host: jane[joe] @ web1 [] Id: 1", "# User@Host: <username>[<username>] @ web1 [] Id: 1"),
        ]);
        assert_kept(&[
            "add 'jane' to the list [jane] OK [tests] FAIL jane LOGIN pod/web:1194 MULTI",
            "the role of \"jane\" user [the first] role 'x'",
            "(jane) is LIST (joe) User@Host: root[root] @ localhost",
            "removed group 'jane' new group: x",
        ]);
    }

    #[test]
    fn passwords_stand_beside_accounts() {
        assert_hidden(&[
            ("password is generated for root@localhost: a;q", "password is generated for root@localhost: a;q"),
            (
                "A temporary password is generated for root@localhost: a;q",
                "A temporary password is generated for root@localhost: <password>",
            ),
            ("[sudo] password for jane: ab x", "[sudo] password for <username>: <password> x"),
            ("[sudo] password for jane: ", "[sudo] password for <username>: "),
            ("jane:$6$ab$cd/e.:19000:0:99999:7:::", "<username>:<password>:19000:0:99999:7:::"),
            ("sqlplus -s jane/ab@//db:1521/x", "sqlplus -s <url_userinfo>@//db:1521/x"),
            ("sqlplus jane/ab", "sqlplus <url_userinfo>"),
        ]);
        assert_kept(&["sqlplus / as sysdba sqlplus -s @x", "x:!:19000:0:99999:7:::", "1:0:99999:7:::"]);
    }
}
