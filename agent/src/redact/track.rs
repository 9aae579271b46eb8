//! What is on the stripe of a card: its number, and behind that the name, the dates and codes, none of which may be kept.

use super::Candidate;
use super::engine::LONGEST;
use super::scanner::Pass;

/// Longest name on a track, and what stands behind it, in bytes.
const NAME: usize = 40;
const REST: usize = 60;
/// Digits of the year, the month and the service code, with which what is behind the number begins.
const LEAST: usize = 7;

impl Pass<'_> {
    /// `%B4111111111111111^NAME^…?`, the first track of a card, of which the `B` stands at `at`.
    pub(super) fn track(&mut self, at: usize) -> bool {
        let text = &self.text[at + 1..];
        let length = text.iter().take(LONGEST).take_while(|byte| byte.is_ascii_digit()).count();
        let is_track = self.byte_before(at, 1) == b'%' && text.get(length) == Some(&b'^');
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
        let is_one = self.byte_before(start, 1) == b';' || self.byte(end + 1 + digits) == b'?';
        if is_one && digits >= LEAST {
            self.keep_track(end, end + 1 + digits);
        }
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
