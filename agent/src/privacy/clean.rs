//! Remembers short texts in which nothing was found, since levels, hosts and messages come again and again in logs.
//!
//! A text counts as known only when all of its bytes and of its key are those that were looked through, so that nothing passes by a
//! chance of hashes. What was found is not kept here.

use crate::redact::Place;

/// Texts that are remembered.
const SLOTS: usize = 1024;
/// Bytes of key and text together, at most.
const LONGEST: usize = 60;
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

/// The texts. One per worker.
pub(super) struct Clean {
    slots: Box<[Slot]>,
}

impl Clean {
    pub(super) fn new() -> Self {
        Self { slots: vec![EMPTY; SLOTS].into() }
    }

    /// Whether nothing was found in `text` at `place`. `hash` is that of the key.
    pub(super) fn knows(&self, hash: u64, text: &[u8], place: Place<'_>) -> bool {
        let length = place.key.len() + text.len();
        if length > LONGEST {
            return false;
        }
        let slot = &self.slots[slot_of(hash, text)];
        let (key, rest) = slot.bytes.split_at(place.key.len());
        usize::from(slot.key) == place.key.len()
            && usize::from(slot.text) == text.len()
            && slot.form == form(place)
            && rest.get(..text.len()) == Some(text)
            && key == place.key
    }

    /// Notes that nothing was found in `text`.
    pub(super) fn note(&mut self, hash: u64, text: &[u8], place: Place<'_>) {
        let (key, length) = (place.key.len(), place.key.len() + text.len());
        if length > LONGEST {
            return;
        }
        let slot = &mut self.slots[slot_of(hash, text)];
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

fn slot_of(hash: u64, text: &[u8]) -> usize {
    usize::try_from(hashed(hash, text) >> 32).unwrap_or_default() % SLOTS
}

/// `hash` with `bytes` mixed in. Good enough for where something stands, and for nothing else.
pub(super) fn hashed(hash: u64, bytes: &[u8]) -> u64 {
    let mut hash = hash ^ bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = (hash ^ u64::from_le_bytes(*chunk)).wrapping_mul(SPREAD).rotate_left(29);
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(SPREAD).rotate_left(29);
    }
    hash.wrapping_mul(SPREAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_bytes_at_the_same_place_are_known() {
        let mut clean = Clean::new();
        let place = |key: &'static str, escaped| Place { key: key.as_bytes(), escaped };
        let key = |key: &str| hashed(0, key.as_bytes());

        clean.note(key("level"), b"info", place("level", false));

        assert!(clean.knows(key("level"), b"info", place("level", false)));
        assert!(!clean.knows(key("level"), b"info", place("level", true)));
        assert!(!clean.knows(key("levelinfo"), b"", place("levelinfo", false)));
        assert!(!clean.knows(key("level"), b"inf", place("level", false)));
        assert!(!clean.knows(key(""), b"", place("", false)), "an empty slot knows nothing");
        let long = [b'a'; LONGEST + 1];
        clean.note(key(""), &long, place("", false));
        assert!(!clean.knows(key(""), &long, place("", false)));
        for number in 0..10_000_u32 {
            let text = number.to_string();
            assert!(!clean.knows(key("n"), text.as_bytes(), place("n", false)), "{number}");
            clean.note(key("n"), text.as_bytes(), place("n", false));
        }
    }
}
