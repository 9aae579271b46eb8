//! Values that something else was found in. What a name tells covers the whole value: so it is asked for what is left without what
//! was found, and without what stands for values already. Thus it does not matter whether the rest was hidden before.

use std::cmp::Reverse;
use std::ops::Range;

use super::pairs::{CHECKED, QUOTED};
use super::scanner::Pass;
use super::token::own_length;
use super::{Candidate, Detector, Finding, Shape};

/// How certain such a value is: more than what it covers.
const SUREST: u8 = 100;

/// A value in quotes that is none of what its name tells, as it stands.
#[derive(Debug)]
pub(super) struct Denied {
    detector: u16,
    span: Range<usize>,
}

/// The first bytes of what is left of a value.
struct Rest {
    bytes: [u8; CHECKED],
    length: usize,
}

impl Rest {
    /// What is left of `text[span]` without the tokens and quotes in it and without what was `found`, in order.
    fn of<'f>(text: &[u8], span: Range<usize>, found: impl Iterator<Item = &'f Finding>) -> Self {
        let mut rest = Self { bytes: [0; CHECKED], length: 0 };
        let mut at = span.start;
        for one in found.take_while(|one| (one.start as usize) < span.end) {
            if rest.length == CHECKED {
                return rest;
            }
            let (start, end) = (one.start as usize, one.end as usize);
            rest.push(text.get(at..start.min(span.end)).unwrap_or_default());
            at = at.max(end);
        }
        rest.push(text.get(at..span.end).unwrap_or_default());
        rest
    }

    /// Appends `text` without the tokens and quotes in it.
    fn push(&mut self, mut text: &[u8]) {
        while self.length < CHECKED && !text.is_empty() {
            let token = own_length(text).unwrap_or_default();
            text = text.get(token..).unwrap_or_default();
            let length = match memchr::memchr2(b'<', b'[', text) {
                // What only begins as a token is part of the value.
                Some(0) if token == 0 => 1,
                Some(place) => place,
                None => text.len(),
            };
            let (plain, behind) = text.split_at(length);
            // Numbers get quotes when they are hidden.
            let plain = plain.iter().filter(|byte| !matches!(byte, b'"' | b'\\'));
            for (byte, put) in plain.zip(&mut self.bytes[self.length..]) {
                *put = *byte;
                self.length += 1;
            }
            text = behind;
        }
    }

    /// Whether it is a value of `detector`.
    fn is_value(&self, detector: &Detector) -> bool {
        let plain = self.bytes[..self.length].trim_ascii();
        (detector.check)(&Candidate { plain, groups: &[QUOTED], separators: b"" }) == Some(Shape::Canonical)
    }
}

/// Whether `text` is a value of `detector` without the tokens in it.
pub(super) fn is_value_beside_tokens(detector: &Detector, text: &[u8]) -> bool {
    Rest::of(text, 0..text.len(), [].iter()).is_value(detector)
}

impl Pass<'_> {
    /// Notes that the value in quotes at `span` is none of `detector`, as it stands.
    pub(super) fn deny(&mut self, detector: u16, span: Range<usize>) {
        self.denied.push(Denied { detector, span });
    }

    /// Asks for the values that were denied again, and for the whole text if its key names one, where anything was found in them:
    /// those within others first.
    #[inline(never)]
    pub(super) fn ask_again(&mut self) {
        let first = self.first;
        let whole = self.key.named.map(|detector| Denied { detector, span: 0..self.text.len() });
        if self.found.len() == first || self.denied.is_empty() && whole.is_none() {
            return;
        }
        self.found[first..].sort_unstable_by_key(|one| (one.start, one.end));
        let mut denied = std::mem::take(self.denied);
        denied.sort_unstable_by_key(|one| (one.span.start, Reverse(one.span.end)));
        for denied in denied.drain(..).rev().chain(whole) {
            self.ask_denied(first, denied);
        }
        *self.denied = denied;
    }

    fn ask_denied(&mut self, first: usize, Denied { detector, span }: Denied) {
        let found = &self.found[first..];
        let begin = found.partition_point(|one| (one.start as usize) < span.start);
        let within = &found[begin..];
        let Some(one) = within.first().copied().filter(|one| (one.start as usize) < span.end) else { return };
        // Of an address or a date some may be left.
        let own = &self.engine.own;
        let goes = |one: &&Finding| ![own.ipv4, own.ipv6, own.birth_date].contains(&Some(one.detector));
        let check = self.engine.detector(detector);
        let is_value = Rest::of(self.text, span.clone(), within.iter()).is_value(check)
            || Rest::of(self.text, span.clone(), within.iter().filter(goes)).is_value(check);
        self.steps_of(span.len());
        if is_value && (span.len() == self.text.len() || self.is_within_string(&span)) {
            let (start, end) = (span.start as u32, one.end.max(span.end as u32));
            self.found[first + begin] = Finding { start, end, detector, score: SUREST };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::assert_hidden;

    #[test]
    fn what_a_name_tells_covers_what_else_was_found_in_its_value() {
        assert_hidden(&[
            (r#"{"first_name":"184127645108946 Jane"}"#, r#"{"first_name":"<person_name>"}"#),
            (r#"{"first_name":"184127645108946 True"}"#, r#"{"first_name":"<person_name>"}"#),
            (r#"{"first_name":" True"}"#, r#"{"first_name":" True"}"#),
            (r#"{"first_name":"184127645108946"}"#, r#"{"first_name":"<fr_nir>"}"#),
            (r#"{"address":"33612345678 4111111111111111"}"#, r#"{"address":"33612345678 <card>"}"#),
            (r#"{"address":"33612345678 <card>"}"#, r#"{"address":"33612345678 <card>"}"#),
            (r#"{"address":"12 Rue <person_name>"}"#, r#"{"address":"<postal_address>"}"#),
            (r#"{"address":"Rue FR7630006000011234567890189 x"}"#, r#"{"address":"<postal_address>"}"#),
            (r#"{"token":"password=<password>, x"}"#, r#"{"token":"password=<password>, x"}"#),
            ("password=<email>hunter2 x", "password=<password> x"),
            ("password=<email>, user=<email>hunter2", "password=<email>, user=<email>hunter2"),
            (r#"{"cookie":"8.8.8.8 184127645108946"}"#, r#"{"cookie":"<cookie>"}"#),
            (r#"{"cookie":{"a":"184127645108946 1985-03-12"}}"#, r#"{"cookie":{"a":"<cookie>"}}"#),
            (r#"{"token":"{\"cookie\":[\"Bearer abcDEF123456789012345\"]}"}"#, r#"{"token":"<secret>"}"#),
            (r#"{"token":["abcdefgh 184127645108946"]}"#, r#"{"token":["<secret>"]}"#),
            ("cookie=<cookie>?token=<secret>&a=b", "cookie=<cookie>?token=<secret>&a=b"),
            (r#"{"login":"jane@example.com None"}"#, r#"{"login":"<email> None"}"#),
            (r#"<first_name>184127645108946 Jane</first_name>"#, r#"<first_name><person_name></first_name>"#),
        ]);
    }
}
