//! All words that mean anything, so that most words of a text are denied by three of their letters and their length.

use super::filter::{Filter, key, key_of};

/// The words, and what else may begin like one.
#[derive(Debug)]
pub(super) struct Known {
    keys: Filter<1024>,
    /// By the first three letters, the lengths of words as bits; all bits where something of any length begins so.
    beginnings: Box<[u16; 4096]>,
}

/// What may have any length.
const ANY: u16 = u16::MAX;

impl Default for Known {
    fn default() -> Self {
        Self { keys: Filter::default(), beginnings: Box::new([0; 4096]) }
    }
}

/// Where what begins with the three letters that `head` begins with stands among the beginnings, whatever their case.
#[inline(always)]
fn place(head: u32) -> usize {
    ((head & 0x1f_1f1f).wrapping_mul(0x9e37_79b1) >> 20) as usize
}

impl Known {
    /// Puts in a word in small letters.
    pub(super) fn put(&mut self, word: &str) {
        self.keys.put(key_of(word));
        // Behind a short word anything may stand.
        self.put_all(word.as_bytes(), 1_u16.rotate_left(word.len() as u32 - 1));
    }

    /// Puts in at least three letters with which something begins that has any length.
    pub(super) fn put_beginning(&mut self, beginning: &[u8]) {
        self.put_all(beginning, ANY);
    }

    fn put_all(&mut self, beginning: &[u8], lengths: u16) {
        let letters = |at: usize| beginning.get(at).map_or(0..=0x1f, |letter| *letter..=*letter).map(u32::from);
        for first in letters(0) {
            for second in letters(1) {
                letters(2).for_each(|third| self.beginnings[place(first | second << 8 | third << 16)] |= lengths);
            }
        }
    }

    /// What may be known of words that begin with the letters of `head`.
    #[inline(always)]
    pub(super) fn beginning(&self, head: u32) -> Beginning {
        self.beginnings().of(head)
    }

    /// The same of many words.
    #[inline(always)]
    pub(super) fn beginnings(&self) -> Beginnings<'_> {
        Beginnings(&self.beginnings)
    }

    /// Whether a word of this key may be one.
    #[inline(always)]
    pub(super) fn may_hold(&self, head: u64, length: usize) -> Option<u64> {
        let key = key(head, length);
        self.keys.may_hold(key).then_some(key)
    }
}

/// What begins with any three letters.
#[derive(Clone, Copy)]
pub(super) struct Beginnings<'a>(&'a [u16; 4096]);

impl Beginnings<'_> {
    #[inline(always)]
    pub(super) fn of(self, head: u32) -> Beginning {
        Beginning(self.0[place(head)])
    }
}

/// What begins with three letters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning(u16);

impl Beginning {
    /// Whether nothing that is known begins so.
    #[inline(always)]
    pub(super) fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// Whether something may begin so, whatever its length.
    #[inline(always)]
    pub(super) fn is_any(self) -> bool {
        self.0 == ANY
    }

    /// Whether a word that has `further` letters behind the first one may be known, or what begins so, as 0 or 1. Words of 17 letters and
    /// more share the bits of short ones.
    #[inline(always)]
    pub(super) fn has(self, further: u32) -> u64 {
        u64::from(self.0.wrapping_shr(further) & 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::head;
    use super::*;

    #[test]
    fn words_are_known_by_letters_and_length() {
        let mut known = Known::default();
        known.put("card");
        known.put("x");
        known.put_beginning(b"ghp");

        let seen = |word: &str| {
            let head = head(word.as_bytes(), 0);
            known.beginning(head as u32).has(word.len() as u32 - 1) == 1 && known.may_hold(head, word.len()).is_some()
        };
        assert!(seen("card") && seen("CARD") && seen("x") && seen("X"));
        assert!(!seen("cards") && !seen("cord") && !seen("xy"));
        assert!(
            known.beginning(head(b"ghp_1", 0) as u32).is_any() && !known.beginning(head(b"card", 0) as u32).is_any()
        );
        assert!(known.beginning(head(b"X=", 0) as u32).has(0) == 1, "whatever stands behind");
    }
}
