//! Groups of hexadecimal digits: IPv6 addresses and MAC addresses.

use super::chain::{Chain, Plain};
use super::engine::LONGEST as LONGEST_RUN;
use super::scanner::Pass;

/// Longest address that is looked at, in bytes: beyond the longest there is, so that a longer chain is not one.
const LONGEST: usize = 64;

impl Pass<'_> {
    /// Whether the colon at `at` belongs to groups of hexadecimal digits, which are done with then.
    pub(super) fn hex_groups(&mut self, at: usize) -> bool {
        let near = self.text[at + 1..].iter().take(5).position(|byte| *byte == b':');
        let is_tail = self.byte_before(at, 1) == b':';
        if near.is_none() && !is_tail {
            return false;
        }
        if at < self.hex_end {
            return false;
        }
        let floor = self.next.max(at.saturating_sub(LONGEST));
        let back =
            self.text[floor..at].iter().rev().take_while(|byte| byte.is_ascii_hexdigit() || **byte == b':').count();
        let start = at - back;
        let ahead = self.text[at..]
            .iter()
            .take(LONGEST)
            .take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
        let mut end = at + ahead.count();
        self.hex_end = end;
        let is_touched = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if is_touched(self.byte_before(start, 1)) || is_touched(self.byte(end)) || self.byte_before(start, 1) == b':' {
            return false;
        }
        while self.text[..end].ends_with(b".")
            || (self.text[..end].ends_with(b":") && !self.text[..end].ends_with(b"::"))
        {
            end -= 1;
        }
        if end <= at {
            return false;
        }
        let own = &self.engine.own;
        let (mac, ipv6, private) = (own.mac, own.ipv6, own.private_ip);
        if let Some(second) = frame(&self.text[start..end]) {
            self.ask(mac, start..start + second - 1);
            self.ask(mac, start + second..start + 2 * second - 1);
            self.next = end;
            return true;
        }
        let is_found = self.ask(mac, start..end) || self.ask(ipv6, start..end) || self.ask(private, start..end);
        if is_found {
            self.next = end;
            self.access_user(end);
        }
        is_found
    }

    /// Whether the groups of the chain from `first` on are a MAC address: `00-1b-44-11-3a-b7`, `001b.4411.3ab7`.
    pub(super) fn mac_groups(&mut self, chain: &Chain, first: usize) {
        let Some(detector) = self.engine.own.mac else { return };
        let (count, length, mark) = match chain.length(first) {
            2 => (6, 2, b'-'),
            4 => (3, 4, b'.'),
            _ => return,
        };
        if chain.are_alike(first, count, length, mark) {
            let mut plain: Plain = [0; LONGEST_RUN];
            let run = chain.run(self.text, first, count, &mut plain);
            self.ask_grouped(detector, &run);
        }
    }
}

/// Where the second address lies in the head of a frame as the kernel writes it: receiver, sender, and the kind of what is in it.
fn frame(text: &[u8]) -> Option<usize> {
    let is_head = text.len() == 41
        && text.iter().enumerate().all(|(at, byte)| (*byte == b':') == (at % 3 == 2))
        && [&b"08:00"[..], b"08:06", b"86:dd", b"81:00"].contains(&&text[36..]);
    is_head.then_some(18)
}
