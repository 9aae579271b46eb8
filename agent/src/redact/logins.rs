//! Accounts in the messages of `su`, `sudo` and RADIUS: `su: (to root) jane on pts/0`, `sudo: jane : …`, `Login OK: [jane] (from …`.

use super::scanner::Pass;

/// Most spaces between `sudo:` and the account.
const SPACES: usize = 32;
/// Most digits of the number of a process.
const PROCESS: usize = 10;
/// Bytes from `Login` on among which the account begins.
const REACH: usize = 160;

impl Pass<'_> {
    /// Where the message begins of a program whose name ends before `end`: behind `: ` or `[123]: `.
    fn message(&self, end: usize) -> Option<usize> {
        let text = self.text.get(end..)?;
        let digits = match text.strip_prefix(b"[") {
            Some(number) => number.iter().take(PROCESS).take_while(|byte| byte.is_ascii_digit()).count(),
            None => return text.starts_with(b": ").then_some(end + 2),
        };
        text[1 + digits..].starts_with(b"]: ").then_some(end + digits + 4)
    }

    /// `(to root) jane on pts/0`, `jane to root on …`, `Successful su for root by jane`, `+ pts/0 jane:root`, behind `su` at `at`.
    pub(super) fn su(&mut self, at: usize) -> bool {
        let Some(start) = self.message(at + 2) else { return false };
        let text = &self.text[start..];
        let words = [&b"FAILED SU "[..], b"BAD SU ", b"Successful su for ", b"FAILED su for "];
        let head = words.iter().find(|head| text.starts_with(head)).map_or(0, |head| head.len());
        let text = &text[head..];
        let (first, joints): (usize, &[&[u8]]) = match text {
            [b'(', b't', b'o', b' ', ..] => (4, &[b") "]),
            [b'+' | b'-', b' ', rest @ ..] => {
                let place = rest.iter().take(SPACES).position(|byte| *byte == b' ').unwrap_or(SPACES);
                (place + 3, &[b":", b"-"])
            }
            _ => (0, &[b" to ", b" by "]),
        };
        self.two_names(start + head + first, joints)
    }

    /// Two names with one of `joints` between them, the first of which begins at `start`.
    fn two_names(&mut self, start: usize, joints: &[&[u8]]) -> bool {
        let end = self.account_end(start, joints);
        let behind = self.text.get(end..).unwrap_or_default();
        let Some(joint) = joints.iter().find(|joint| behind.starts_with(joint)) else { return false };
        let is_first = end > start && self.account(start..end);
        let second = end + joint.len();
        let second_end = self.account_end(second, &[]);
        second_end > second && self.account(second..second_end) || is_first
    }

    /// Where the account ends that begins at `start`, before one of `joints` if a dash is among them.
    fn account_end(&self, start: usize, joints: &[&[u8]]) -> usize {
        let end = self.name_end(start);
        let dash = self
            .text
            .get(start..end)
            .filter(|_| joints.contains(&&b"-"[..]))
            .and_then(|name| memchr::memchr(b'-', name));
        dash.map_or(end, |dash| start + dash)
    }

    fn account(&mut self, span: std::ops::Range<usize>) -> bool {
        let end = span.end;
        let is_found = self.ask(self.engine.own.username, span);
        self.next = if is_found { end } else { self.next };
        is_found
    }

    /// The account behind `sudo:`, of which `sudo` stands at `at`.
    pub(super) fn sudo(&mut self, at: usize) -> bool {
        let Some(start) = self.message(at + 4) else { return false };
        let spaces = self.text[start..].iter().take(SPACES).take_while(|byte| **byte == b' ').count();
        let (start, end) = (start + spaces, self.name_end(start + spaces));
        end > start && self.text[end..].starts_with(b" : ") && self.account(start..end)
    }

    /// The account, and its password if that is told, of a login at a RADIUS server: `Login OK: [jane/secret] (from client …`.
    pub(super) fn radius(&mut self, at: usize) -> bool {
        let text = &self.text[at..self.text.len().min(at + REACH)];
        if !text.starts_with(b"Login OK") && !text.starts_with(b"Login incorrect") {
            return false;
        }
        let line = &text[..memchr::memchr(b'\n', text).unwrap_or(text.len())];
        let Some(open) = memchr::memmem::find(line, b": [") else { return false };
        let start = at + open + 3;
        let inside = &self.text[start..self.text.len().min(start + REACH)];
        let Some(close) = memchr::memchr2(b']', b'\n', inside).filter(|close| inside[*close] == b']') else {
            return false;
        };
        let is_login = self.text[start + close..].starts_with(b"] (");
        let name = memchr::memchr(b'/', &inside[..close]).unwrap_or(close);
        if !is_login || name == 0 {
            return false;
        }
        let is_found = self.account(start..start + name);
        let (secret, end) = (start + name + 1, start + close);
        let is_told = secret < end && self.byte(secret) != b'<';
        if let Some(password) = self.engine.own.password.filter(|_| is_told) {
            self.keep(password, secret..end);
            self.next = end;
        }
        is_found || is_told
    }
}
