//! What stands around an `@`: e-mail addresses.

use super::scanner::Pass;
use super::universal::email::length_of_domain;

/// Longest name before the `@`, and longest domain.
const LOCAL: usize = 64;
const DOMAIN: usize = 253;

impl Pass<'_> {
    /// Looks at the `@` at `at`.
    pub(super) fn address(&mut self, at: usize) {
        if self.userinfo(at) {
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
    fn userinfo(&mut self, at: usize) -> bool {
        let before = &self.text[self.next.min(at)..at];
        let is_end = |byte: &u8| is_of(*byte, ENDS);
        let length = before.iter().rev().take_while(|byte| !is_end(byte) && **byte != b'@').count();
        let start = at - length;
        self.steps_of(length);
        if length > 0 && self.byte_before(start, 1) == b'/' && self.oracle(start - 1, at) {
            return true;
        }
        if length == 0 || !self.text[..start].ends_with(b"://") {
            return false;
        }
        // A password may hold further ones.
        let ahead = &self.text[at..];
        let authority = ahead.iter().take_while(|byte| !is_end(byte)).count();
        let end = at + ahead[..authority].iter().rposition(|byte| *byte == b'@').unwrap_or_default();
        let is_found = self.ask(self.engine.own.url_userinfo, start..end);
        if is_found {
            self.next = end + 1;
        }
        is_found
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
