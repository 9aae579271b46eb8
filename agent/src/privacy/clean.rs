//! Remembers short texts in which nothing was found, since levels, hosts and messages come again and again in logs.
//!
//! A text counts as known only when all of its bytes and of its key are those that were looked through, so that nothing passes by a
//! chance of hashes. What was found is not kept here.

use super::tries::Tries;
use crate::redact::Place;

/// Texts that are remembered.
const SLOTS: usize = 1024;
/// Bytes of key and text together, at most.
const LONGEST: usize = 60;
/// Counts of texts that were not known, by their keys.
const COUNTS: usize = 64;
/// Spreads bits: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Clone, Copy)]
struct Slot {
    key: u8,
    text: u8,
    /// 2 where the text was escaped, 1 where not, 0 in an empty slot.
    form: u8,
    bytes: [u8; LONGEST],
}

const EMPTY: Slot = Slot { key: 0, text: 0, form: 0, bytes: [0; LONGEST] };

/// What is known of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Known {
    /// Nothing was found in it.
    Clean,
    /// It is to be noted in this slot if nothing is found in it.
    Strange(usize),
    /// It is not to be noted.
    Passed,
}

/// The texts. One per worker.
pub(super) struct Clean {
    slots: Box<[Slot]>,
    /// By hash of the key.
    tries: [Tries; COUNTS],
}

impl Clean {
    pub(super) fn new() -> Self {
        Self { slots: vec![EMPTY; SLOTS].into(), tries: [Tries::default(); COUNTS] }
    }

    /// What is known of `text` at `place`.
    pub(super) fn knows(&mut self, text: &[u8], place: Place<'_>) -> Known {
        let length = place.key.len() + text.len();
        if length > LONGEST {
            return Known::Passed;
        }
        let hash = hashed(0, place.key);
        let tries = &mut self.tries[top(hash, COUNTS)];
        if !tries.begin() {
            return Known::Passed;
        }
        let number = top(hashed(hash, text), SLOTS);
        let slot = &self.slots[number];
        let (key, rest) = slot.bytes.split_at(place.key.len());
        let is_known = usize::from(slot.key) == place.key.len()
            && usize::from(slot.text) == text.len()
            && slot.form == form(place)
            && rest.get(..text.len()) == Some(text)
            && key == place.key;
        if is_known {
            tries.succeed();
            return Known::Clean;
        }
        Known::Strange(number)
    }

    /// Notes that nothing was found in `text`, for which this slot was given.
    pub(super) fn note(&mut self, slot: usize, text: &[u8], place: Place<'_>) {
        let (key, length) = (place.key.len(), place.key.len() + text.len());
        if length > LONGEST {
            return;
        }
        let slot = &mut self.slots[slot];
        (slot.key, slot.text, slot.form) = (small(key), small(text.len()), form(place));
        slot.bytes[..key].copy_from_slice(place.key);
        slot.bytes[key..length].copy_from_slice(text);
    }
}

fn small(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

fn form(place: Place<'_>) -> u8 {
    1 + u8::from(place.escaped)
}

/// A number below `count`, a power of two, of the upper bits of `hash`.
fn top(hash: u64, count: usize) -> usize {
    usize::try_from(hash >> 40).unwrap_or_default() % count
}

/// `hash` with the length of `bytes` mixed in, and the first and the last eight of them. Good enough for where something stands, and for
/// nothing else.
fn hashed(hash: u64, bytes: &[u8]) -> u64 {
    let ends = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(23),
        _ => few(bytes),
    };
    (hash.rotate_left(29) ^ ends ^ bytes.len() as u64).wrapping_mul(SPREAD)
}

/// Less than eight bytes, some of them twice.
fn few(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>(), bytes) {
        (Some(first), Some(last), _) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        (.., [first, .., last]) => u64::from(*first) << 16 | u64::from(bytes[bytes.len() / 2]) << 8 | u64::from(*last),
        (.., [one]) => (*one).into(),
        (.., []) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tries::{REST, TRIES};
    use super::*;

    fn place(key: &str, escaped: bool) -> Place<'_> {
        Place { key: key.as_bytes(), escaped }
    }

    /// Whether `text` is known, and notes it if not.
    fn is_known(clean: &mut Clean, text: &[u8], place: Place<'_>) -> bool {
        match clean.knows(text, place) {
            Known::Clean => true,
            Known::Strange(slot) => {
                clean.note(slot, text, place);
                false
            }
            Known::Passed => false,
        }
    }

    #[test]
    fn only_the_same_bytes_at_the_same_place_are_known() {
        let mut clean = Clean::new();

        assert!(!is_known(&mut clean, b"production-7-12345678", place("level", false)));

        assert_eq!(clean.knows(b"production-7-12345678", place("level", false)), Known::Clean);
        for (key, text, escaped) in [
            ("level", "production-7-12345678", true),
            ("levelp", "roduction-7-12345678", false),
            ("lovel", "production-7-12345678", false),
            ("level", "production-8-12345678", false),
            ("level", "production-7-1234567", false),
        ] {
            assert!(clean.knows(text.as_bytes(), place(key, escaped)) != Known::Clean, "{key} {text}");
        }
        assert!(clean.knows(b"", place("", false)) != Known::Clean, "an empty slot knows nothing");
        let long = [b'a'; LONGEST + 1];
        assert!(!is_known(&mut clean, &long, place("", false)));
        assert!(!is_known(&mut clean, &long, place("", false)));
    }

    #[test]
    fn other_texts_of_one_key_are_never_known() {
        let mut clean = Clean::new();

        for number in 0..10_000_u32 {
            let text = format!("{number:04}-{}", number % 7);
            assert!(!is_known(&mut clean, text.as_bytes(), place("n", false)), "{text}");
            clean.tries = [Tries::default(); COUNTS];
        }
    }

    #[test]
    fn a_key_that_never_has_the_same_text_again_is_left_alone_for_a_while() {
        let mut clean = Clean::new();
        let mut number = 0_u32;
        let mut asked = || {
            number += 1;
            clean.knows(&number.to_le_bytes(), place("id", false)) != Known::Passed
        };

        let (tried, rested) = ((0..TRIES).filter(|_| asked()).count(), (TRIES..REST).filter(|_| asked()).count());

        assert_eq!((tried, rested), (TRIES.into(), 0));
        assert!(asked(), "it is tried again");
    }
}
