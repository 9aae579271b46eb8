//! What is on the stripe of a card: its number, and behind that the name, the dates and codes, none of which may be kept.

use std::ops::RangeInclusive;

use super::Candidate;
use super::engine::LONGEST;
use super::scanner::Pass;

/// Longest name on a track, and what stands behind it, in bytes.
const NAME: usize = 40;
const REST: usize = 60;
/// Digits of a card's number.
const CARD: RangeInclusive<usize> = 12..=19;
/// Most bytes between the name of a track and what is on it.
const BETWEEN: usize = 8;
/// Digits of the year, the month and the service code, with which what is behind the number begins.
const LEAST: usize = 7;

impl Pass<'_> {
    /// `%B4111111111111111^NAME^…?`, the first track of a card, also without its `%`, of which the `B` stands at `at`.
    pub(super) fn track(&mut self, at: usize) -> bool {
        let text = &self.text[at + 1..];
        let length = text.iter().take(LONGEST).take_while(|byte| byte.is_ascii_digit()).count();
        let is_track = !self.byte_before(at, 1).is_ascii_alphanumeric() && text.get(length) == Some(&b'^');
        let (Some(card), true) = (self.engine.own.card, is_track) else { return false };
        let candidate = Candidate { plain: &text[..length], groups: &[length as u8], separators: &[] };
        if (self.engine.detector(card).check)(&candidate).is_none() {
            return false;
        }
        let end = at + 1 + length;
        self.keep(card, at + 1..end);
        self.next = end;
        self.behind_number(end);
        true
    }

    /// Keeps what stands behind the number on the first track, which ends before the `^` at `end`.
    fn behind_number(&mut self, end: usize) {
        let text = &self.text[end + 1..];
        let is_letter = |byte: &&u8| !matches!(**byte, b'^' | b'?' | b'\n' | b'"' | b'<');
        let name = text.iter().take(NAME).take_while(is_letter).count();
        if text.get(name) != Some(&b'^') {
            return;
        }
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b' ' | b'^' | b'=');
        let rest = text[name + 1..].iter().take(REST).take_while(is_part).count();
        let digits = text[name + 1..].iter().take(LEAST).take_while(|byte| byte.is_ascii_digit()).count();
        let is_closed = text.get(name + 1 + rest) == Some(&b'?');
        // Of a track that is cut only what surely belongs to it.
        let rest =
            if is_closed { rest } else { text[name + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count() };
        if is_closed || digits >= 4 {
            self.keep_track(end, end + 2 + name + rest);
        }
    }

    /// Keeps what stands behind the number of a card on its second track, `;4111111111111111=2512…?`, if the card is on one: its number
    /// lies at `start..end`.
    pub(super) fn second_track(&mut self, start: usize, end: usize) {
        if self.byte(end) != b'=' {
            return;
        }
        let digits = self.text[end + 1..].iter().take(REST).take_while(|byte| byte.is_ascii_digit()).count();
        let is_one = self.byte_before(start, 1) == b';'
            || self.byte(end + 1 + digits) == b'?'
            || begins_with_date(&self.text[end + 1..]);
        if is_one && digits >= LEAST {
            self.keep_track(end, end + 1 + digits);
        }
    }

    /// `track2=4111111111111111D2512…F`, a second track with letters for its marks, of which the name stands at `at`.
    pub(super) fn lettered_track(&mut self, at: usize) -> bool {
        let behind = self.masks.word_end(at);
        let is_between = |byte: &&u8| matches!(byte, b'"' | b'\'' | b'\\' | b'=' | b':' | b' ');
        let between = self.rest(behind).iter().take(BETWEEN).take_while(is_between).count();
        let start = behind + between;
        let run = self.masks.ahead(start, |classes| classes.digits).trailing_ones() as usize;
        if !CARD.contains(&run) || memchr::memchr2(b'=', b':', &self.text[behind..start]).is_none() {
            return false;
        }
        self.lettered(start, self.masks.word_end(start))
    }

    /// Whether a second track with letters for its marks is all that stands at `start..end`, which is kept then.
    pub(super) fn lettered(&mut self, start: usize, end: usize) -> bool {
        let Some(card) = self.engine.own.card else { return false };
        let run = self.rest(start).iter().take(LONGEST).take_while(|byte| byte.is_ascii_digit()).count();
        if !CARD.contains(&run) {
            return false;
        }
        let Some((number, [b'D' | b'd', behind @ ..])) = self.text[start..end].split_at_checked(run) else {
            return false;
        };
        let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_filled = matches!(behind[digits..], [] | [b'F' | b'f']);
        let candidate = Candidate { plain: number, groups: &[run as u8], separators: &[] };
        if digits < LEAST || !is_filled || (self.engine.detector(card).check)(&candidate).is_none() {
            return false;
        }
        self.keep(card, start..start + run);
        self.next = start + run;
        self.keep_track(start + run, end);
        true
    }

    /// Keeps what stands from `start` on before `end` as a secret: of a card the last digits may be shown.
    fn keep_track(&mut self, start: usize, end: usize) {
        let own = &self.engine.own;
        if let Some(detector) = own.secret.or(own.card) {
            self.keep(detector, start..end);
            self.next = self.next.max(end);
        }
    }
}

/// Whether `text` begins with a year of two digits and a month.
fn begins_with_date(text: &[u8]) -> bool {
    matches!(text, [year, digit, b'0', b'1'..=b'9', ..] | [year, digit, b'1', b'0'..=b'2', ..]
        if year.is_ascii_digit() && digit.is_ascii_digit())
}
