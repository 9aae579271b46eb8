//! All words that mean anything, so that most words of a text are denied by three of their letters and their length.

use super::filter::{Filter, key, key_of};

/// The words, and what else may begin like one.
#[derive(Debug)]
pub(super) struct Known {
    keys: Filter<1024>,
    /// By the first three letters, the lengths of words as bits, and [`ANY`].
    beginnings: Box<[u16; 4096]>,
}

/// The bit of beginnings of what may have any length.
const ANY: u16 = 1 << 15;
/// Words of this length or more are one.
const LONGEST: u32 = 14;

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
        self.put_all(word.as_bytes(), 1 << (word.len() as u32).min(LONGEST));
    }

    /// Puts in at least three letters with which something begins that has any length.
    pub(super) fn put_beginning(&mut self, beginning: &[u8]) {
        self.put_all(beginning, ANY);
    }

    fn put_all(&mut self, beginning: &[u8], bit: u16) {
        let letters = |at: usize| beginning.get(at).map_or(0..=0x1f, |letter| *letter..=*letter).map(u32::from);
        for first in letters(0) {
            for second in letters(1) {
                letters(2).for_each(|third| self.beginnings[place(first | second << 8 | third << 16)] |= bit);
            }
        }
    }

    /// What may be known of words that begin with the letters of `head`.
    #[inline(always)]
    pub(super) fn beginning(&self, head: u32) -> Beginning {
        Beginning(self.beginnings[place(head)])
    }

    /// Whether a word of this key may be one.
    #[inline(always)]
    pub(super) fn may_hold(&self, head: u64, length: usize) -> Option<u64> {
        let key = key(head, length);
        self.keys.may_hold(key).then_some(key)
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
        self.0 & ANY != 0
    }

    /// Whether a word of this length may be known.
    #[inline(always)]
    pub(super) fn has(self, length: usize) -> bool {
        self.0 >> (length as u32).min(LONGEST) & 1 == 1
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
            known.beginning(head as u32).has(word.len()) && known.may_hold(head, word.len()).is_some()
        };
        assert!(seen("card") && seen("CARD") && seen("x") && seen("X"));
        assert!(!seen("cards") && !seen("cord") && !seen("xy"));
        assert!(
            known.beginning(head(b"ghp_1", 0) as u32).is_any() && !known.beginning(head(b"card", 0) as u32).is_any()
        );
        assert!(known.beginning(head(b"X=", 0) as u32).has(1), "whatever stands behind");
    }
}
