//! What digits may begin that is no run of them: dates, addresses of machines, telephone numbers, positions on earth.

use std::net::Ipv4Addr;
use std::ops::Range;

use super::Shape;
use super::moment::{Begins, Moment, may_be_moment, moment};
use super::scanner::Pass;
use super::universal::ip::{Kind, dotted_quad, kind};

/// Bytes of the shortest date with the name of its month.
const SPOKEN: usize = 8;
/// Bytes of `5/3/85`.
const SHORT_DATE: usize = 6;
/// Digits behind the dot of a position, at the least, and bytes of one of its numbers.
const PLACES: usize = 4;
const NUMBER: usize = 20;

impl Pass<'_> {
    /// Looks for what the `run` digits at `at` begin, with `mark` behind them, which only `may_be_more` are a telephone number or stand
    /// near the name of a month. Gives whether they are done with.
    #[inline(always)]
    pub(super) fn number(&mut self, at: usize, (run, mark): (u32, u8), may_be_more: bool) -> bool {
        if may_be_more && may_be_day(run, mark) && self.may_be_dated(at) && self.spoken_date(at) {
            return true;
        }
        let is_dotted = run <= 3 && mark == b'.';
        if (is_dotted || may_be_moment(run, mark)) && self.marked(at, run) {
            return true;
        }
        if may_be_more && self.may_be_called(at) && self.phone(at) {
            return true;
        }
        if is_dotted && self.byte(at + run as usize + 4).is_ascii_digit() {
            self.position(at);
        }
        false
    }

    /// Whether the number at `at` begins as those that one calls do.
    #[inline(always)]
    fn may_be_called(&self, at: usize) -> bool {
        self.text[at] == b'0' && self.byte(at + 1) == b'0' || self.byte_before(at, 1) == b'+'
    }

    #[inline(always)]
    fn may_be_dated(&mut self, at: usize) -> bool {
        self.are_dates_asked() && (self.is_plain() || self.hearing.may_be_dated(at))
    }

    /// Whether dates with the names of their months are looked for.
    #[inline(always)]
    fn are_dates_asked(&self) -> bool {
        self.engine.own.birth_date.is_some() && self.text.len() >= SPOKEN
    }

    /// The bytes of a block near which the name of a month may stand, as bits.
    #[inline(always)]
    pub(super) fn dated(&self, block: usize) -> u64 {
        if self.are_dates_asked() { self.hearing.dated(block) } else { 0 }
    }

    /// Looks for dates, times and addresses.
    #[inline(never)]
    fn marked(&mut self, at: usize, run: u32) -> bool {
        let text = &self.text[at..];
        if let Some(moment) = self.stem.moment(text) {
            return self.pass_moment(at, moment);
        }
        let begins = Begins::of(text, run, self.masks.ahead(at, |classes| classes.digits));
        if begins.may_be_moment()
            && let Some(moment) = moment(text)
        {
            self.stem.note(text, moment);
            return self.pass_moment(at, moment);
        }
        if begins.is_short_date() && !self.is_mute(at) {
            self.short_date(at);
        }
        begins.may_be_quad() && self.ip_v4(at)
    }

    /// Goes behind a date or time at `at`.
    fn pass_moment(&mut self, at: usize, moment: Moment) -> bool {
        // A word has to say that somebody was born then.
        if moment.is_date && (at > 0 || self.is_keyed) && !self.is_mute(at) {
            self.ask(self.engine.own.birth_date, at..at + moment.length);
        }
        self.next = at + moment.length;
        true
    }

    /// Looks for a date such as `5/3/85` at `at`, which is shorter than all other numbers. A word has to say that somebody was born then.
    fn short_date(&mut self, at: usize) {
        let [month, _, day, ..] = self.text[at..] else { return };
        let goes_on = self.byte(at + SHORT_DATE) == b'.' && self.byte(at + SHORT_DATE + 1).is_ascii_alphanumeric();
        if !goes_on && month != b'0' && day != b'0' && (at > 0 || self.is_keyed) {
            self.ask(self.engine.own.birth_date, at..at + SHORT_DATE);
        }
    }

    /// Latitude and longitude: two numbers with four or more digits behind the dot.
    fn position(&mut self, at: usize) {
        let Some(span) = self.position_at(at) else { return };
        let end = span.end;
        let most = if self.is_listed(&span) { Shape::Bare } else { Shape::Canonical };
        if self.ask_at_most(self.engine.own.gps, most, span) {
            self.next = end;
        }
    }

    /// Whether the two numbers at `span` are part of a longer list of the kind: `1.123456, 2.234567, 3.345678`.
    fn is_listed(&self, span: &Range<usize>) -> bool {
        let is_mark = |byte: &u8| matches!(byte, b',' | b';' | b' ');
        let pair = &self.text[span.clone()];
        let first = pair.iter().take_while(|byte| !is_mark(byte)).count();
        let marks = pair[first..].iter().take_while(|byte| is_mark(byte)).count();
        let marks = &pair[first..first + marks];
        let behind = self.text[span.end..].strip_prefix(marks);
        let goes_on =
            behind.is_some_and(|behind| decimal_length(behind.strip_prefix(b"-").unwrap_or(behind)).is_some());
        let before = self.text[..span.start].strip_suffix(marks);
        goes_on || before.is_some_and(|before| ends_with_decimal(before) && !self.is_found_before(before.len()))
    }

    /// Whether the last thing that was found ends at `end`.
    pub(super) fn is_found_before(&self, end: usize) -> bool {
        self.found.last().is_some_and(|found| found.end as usize == end)
    }

    /// Where a position lies whose first number begins at `at`.
    pub(super) fn position_at(&self, at: usize) -> Option<Range<usize>> {
        let first = decimal_length(&self.text[at..])?;
        let marks =
            self.text[at + first..].iter().take(3).take_while(|byte| matches!(byte, b',' | b';' | b' ')).count();
        let second_start = at + first + marks;
        let sign = usize::from(self.byte(second_start) == b'-');
        let second = self.text.get(second_start + sign..).and_then(decimal_length)?;
        let before = self.byte_before(at, 1);
        let is_signed = before == b'-' && !self.byte_before(at, 2).is_ascii_alphanumeric();
        let is_inside = !is_signed && matches!(before, b'.' | b'-' | b'/');
        (marks > 0 && !is_inside).then_some(at - usize::from(is_signed)..second_start + sign + second)
    }

    /// Whether an address is at `at`, which is done with then.
    pub(super) fn ip_v4(&mut self, at: usize) -> bool {
        let quad = dotted_quad(&self.text[at..]).or_else(|| self.quad_before_port(at));
        let Some((address, length)) = quad else { return false };
        let end = at + length;
        self.next = end;
        if !self.is_version(at..end) {
            let detector = match kind(address.into()) {
                Some(Kind::Public) => self.engine.own.ipv4,
                Some(Kind::Private) => self.engine.own.private_ip,
                None => None,
            };
            if let Some(detector) = detector {
                self.keep_passed(detector, Shape::Canonical, at..end);
            }
            self.access_user(end);
            self.tunnel_user(at..end);
        }
        true
    }

    /// The address at `at`, and how long it is, that has its port behind a dot, as tcpdump writes both ends:
    /// `IP 203.0.113.7.443 > 198.51.100.4.53:`.
    fn quad_before_port(&self, at: usize) -> Option<(Ipv4Addr, usize)> {
        const LONGEST: usize = 15;
        let text = &self.text[at..self.text.len().min(at + LONGEST + 9)];
        text.iter().take(4).find(|byte| **byte == b'.')?;
        // All of both are digits and dots, with a mark between both ends.
        let length = self.masks.ahead(at, |classes| classes.digits | classes.joints).trailing_ones() as usize;
        let may_be_first = self.rest(at + length).starts_with(b" > ");
        if !may_be_first && !self.text[..at].ends_with(b" > ") {
            return None;
        }
        let (dot, _) = text.iter().enumerate().filter(|(_, byte)| **byte == b'.').nth(3)?;
        let port = text[dot + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let behind = &text[dot + 1 + port..];
        let is_first = behind.starts_with(b" > ");
        let is_second = self.text[..at].ends_with(b" > ") && matches!(behind.first(), None | Some(b':' | b' ' | b','));
        ((1..=5).contains(&port) && (is_first || is_second)).then(|| dotted_quad(&text[..dot]))?
    }

    /// Whether the four numbers at `at` are a version: `Chrome/120.0.6099.71`, `name-1.2.3.4`, `version 1.2.3.4`.
    fn is_version(&mut self, span: Range<usize>) -> bool {
        let at = span.start;
        let (before, further) = (self.byte_before(at, 1), self.byte_before(at, 2));
        let is_glued = match before {
            b'/' => {
                further.is_ascii_alphabetic() && super::version::is_product(&self.text[at.saturating_sub(24)..at - 1])
            }
            b'-' => further.is_ascii_alphanumeric() && !self.follows_address(at - 1) && !self.has_port(at),
            b'~' => true,
            b'.' | b'_' | b'+' => further.is_ascii_alphanumeric(),
            _ => false,
        };
        is_glued
            || super::version::is_revised(&self.text[at..])
            || matches!(before, b' ' | b'(' | b':')
                && super::version::is_of_package(&self.text[at.saturating_sub(8)..at], self.rest(span.end))
            || matches!((self.byte(span.end), self.byte(span.end + 1)), (b'-' | b'.', _) | (b' ', b'R' | b'r'))
                && super::version::is_of_release((at == 0, before), &self.text[span.clone()], self.rest(span.end))
            || super::version::is_named(&self.text[at.saturating_sub(32)..at])
    }

    /// Whether the four numbers at `at` have a port behind them, and no column: `conn-3-203.0.113.9:51234`.
    fn has_port(&self, at: usize) -> bool {
        const LONGEST: usize = 15;
        let behind = self.rest(at);
        let length = behind.iter().take(LONGEST).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
        let port = behind[length..].strip_prefix(b":").unwrap_or_default();
        let digits = port.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        let goes_on =
            port.get(digits).is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b':' | b'.' | b'_'));
        (2..=5).contains(&digits) && !goes_on
    }

    /// Whether what stands before `end` is the other end of a range of addresses, which may have a port, or a word for one:
    /// `host-203.0.113.9`.
    fn follows_address(&self, end: usize) -> bool {
        let before = &self.text[end.saturating_sub(22)..end];
        let port = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let before = match before[..before.len() - port].strip_suffix(b":") {
            Some(address) if (1..=5).contains(&port) => address,
            _ => before,
        };
        let is_part = |byte: &&u8| byte.is_ascii_digit() || **byte == b'.';
        let address = before.iter().rev().take(16).take_while(is_part).count();
        dotted_quad(&before[before.len() - address..]).is_some() || super::version::is_host(before)
    }
}

/// Whether `run` digits with `mark` behind them may be the day of a date with the name of its month: `2 mars`, `24. Mai`, `1er`.
#[inline(always)]
pub(super) fn may_be_day(run: u32, mark: u8) -> bool {
    run <= 2 && matches!(mark, b' ' | b'-' | b',' | b'.' | b'e' | b's' | b'n' | b'r' | b't')
}

/// Whether `text` ends with a number that has a dot and four or more digits behind it.
fn ends_with_decimal(text: &[u8]) -> bool {
    let text = &text[text.len().saturating_sub(NUMBER)..];
    let places = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    places >= PLACES && text[..text.len() - places].ends_with(b".")
}

/// How long the number is that `text` begins with, if it has a dot and four to fifteen digits behind it.
fn decimal_length(text: &[u8]) -> Option<usize> {
    let digits = |text: &[u8]| text.iter().take(16).take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    if !(1..=3).contains(&whole) || text.get(whole) != Some(&b'.') {
        return None;
    }
    let places = digits(&text[whole + 1..]);
    let end = whole + 1 + places;
    let is_touched = text.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    ((PLACES..=15).contains(&places) && !is_touched).then_some(end)
}
