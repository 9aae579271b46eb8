//! Groups of hexadecimal digits: IPv6 addresses and MAC addresses.

use std::ops::Range;

use super::Shape;
use super::chain::{Chain, Plain};
use super::scanner::Pass;
use super::universal::ip::{Kind, is_six, kind_of_groups, six};

/// Longest address that is looked at, in bytes: beyond the longest there is, so that a longer chain is not one.
const LONGEST: usize = 64;
/// Bytes of the shortest MAC address.
const SHORTEST_MAC: usize = 12;

impl Pass<'_> {
    /// Whether the colon at `at` belongs to groups of hexadecimal digits, which are done with then.
    pub(super) fn hex_groups(&mut self, at: usize) -> bool {
        if at < self.hex_end {
            return false;
        }
        let near = self.text[at + 1..].iter().take(5).position(|byte| *byte == b':');
        let is_tail = self.byte_before(at, 1) == b':';
        if near.is_none() && !is_tail {
            return false;
        }
        let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        let is_single = !is_part(self.byte_before(at, 1)) && !is_part(self.byte(at + 1)) && self.byte(at + 1) != b'.';
        if is_single {
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
        if is_touched(self.byte(end)) || self.byte_before(start, 1) == b':' {
            return false;
        }
        let is_edge = |groups: &[u8]| groups.ends_with(b".") || groups.ends_with(b":") && !groups.ends_with(b"::");
        while end > start && is_edge(&self.text[..end]) {
            end -= 1;
            self.step();
        }
        let start = if is_touched(self.byte_before(start, 1)) { self.behind_name(start, end) } else { Some(start) };
        start.is_some_and(|start| start < end && self.hex_chain(start..end))
    }

    /// Whether the groups at `span` are addresses, or are with a port behind them: then they are done with.
    fn hex_chain(&mut self, span: Range<usize>) -> bool {
        if span.len() < SHORTEST_MAC && !is_six(&self.text[span.clone()]) {
            return false;
        }
        if let Some(second) = frame(&self.text[span.clone()]) {
            self.ask(self.engine.own.mac, span.start..span.start + second - 1);
            self.ask(self.engine.own.mac, span.start + second..span.start + 2 * second - 1);
            self.next = span.end;
            return true;
        }
        let end = if self.is_hex_address(span.clone()) {
            span.end
        } else {
            // A whole address that is nobody's has no port: `::ffff:0:0/96`.
            if six(&self.text[span.clone()]).is_some() {
                return false;
            }
            let length = before_port(&self.text[span.clone()]).or_else(|| self.before_dotted_port(&span));
            let Some(end) = length.map(|length| span.start + length) else { return false };
            if !self.is_hex_address(span.start..end) {
                return false;
            }
            end
        };
        self.next = end;
        self.access_user(end);
        true
    }

    /// How long the address at `span` is that has its port behind a dot, as tcpdump writes both ends:
    /// `IP6 2001:db8::1.443 > 2001:db8::2.53211:`.
    fn before_dotted_port(&self, span: &Range<usize>) -> Option<usize> {
        let groups = &self.text[span.clone()];
        let dot = memchr::memrchr(b'.', groups)?;
        let (port, behind) = (&groups[dot + 1..], &self.text[span.end..]);
        let is_second = self.text[..span.start].ends_with(b" > ") && behind.first().is_none_or(|byte| *byte != b'.');
        let is_port = (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit);
        (is_port && (is_second || behind.starts_with(b" > "))).then_some(dot)
    }

    fn is_hex_address(&mut self, span: Range<usize>) -> bool {
        let own = &self.engine.own;
        let (mac, ipv6, private) = (own.mac, own.ipv6, own.private_ip);
        if self.ask(mac, span.clone()) {
            return true;
        }
        let groups = &self.text[span.clone()];
        if memchr::memchr(b':', groups).is_none() {
            return self.ask(ipv6, span.clone()) || self.ask(private, span);
        }
        let detector = match six(groups).and_then(|address| kind_of_groups(groups, address)) {
            Some(Kind::Public) => ipv6,
            Some(Kind::Private) => private,
            None => None,
        };
        if let Some(detector) = detector {
            self.keep_passed(detector, Shape::Canonical, span);
        }
        detector.is_some()
    }

    /// Where the address begins behind the name that it is glued to, whose end may look like a first group: `client:2a02::1`,
    /// `mac:3c:58:92:4b:25:1d`. Most that is so glued is no address, and has fewer groups.
    fn behind_name(&self, start: usize, end: usize) -> Option<usize> {
        let groups = &self.text[start..end];
        let name = groups.iter().position(|byte| *byte == b':')?;
        let digits = groups[..name].iter().filter(|byte| byte.is_ascii_digit()).count();
        let address = &groups[name + 1..];
        let may_be_one = address.iter().filter(|byte| **byte == b':').count() >= 5 || has_gap(address);
        (digits <= 2 && may_be_one && !address.starts_with(b":")).then_some(start + name + 1)
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
            let mut plain = Plain::NEW;
            let run = chain.run(self.text, first, count, &mut plain);
            // Digits alone may be any number.
            let is_number = run.plain.iter().all(u8::is_ascii_digit);
            if !is_number || self.context_before(run.start).speaks_for(detector) {
                self.ask_grouped(detector, &run);
            }
        }
    }
}

/// How long the address is that `groups` may be with a port behind it: `2001:db8::1:51324`. As a group of an address a port of
/// four digits is taken for a part of it.
fn before_port(groups: &[u8]) -> Option<usize> {
    let port = groups.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let address = groups[..groups.len() - port].strip_suffix(b":")?;
    ((1..=5).contains(&port) && (has_gap(address) || address.iter().filter(|byte| **byte == b':').count() == 7))
        .then_some(address.len())
}

/// Whether zeros are left out of `groups`.
fn has_gap(groups: &[u8]) -> bool {
    groups.windows(2).any(|two| two == b"::")
}

/// Where the second address lies in the head of a frame as the kernel writes it: receiver, sender, and the kind of what is in it.
fn frame(text: &[u8]) -> Option<usize> {
    let is_head = text.len() == 41
        && text.iter().enumerate().all(|(at, byte)| (*byte == b':') == (at % 3 == 2))
        && [&b"08:00"[..], b"08:06", b"86:dd", b"81:00"].contains(&&text[36..]);
    is_head.then_some(18)
}
