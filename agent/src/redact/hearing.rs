//! Where words stand that may speak for a value. Most texts have none before their numbers, and then nothing that needs a word is
//! asked, and no word is read.

use vigie_parsers::simd::Classes;

use super::context::{BEFORE, Words};
use super::filter::word_key;
use super::masks::{Masks, alnums, humps, letters};

/// Ends of such words in one text, as bits: 64 bytes at once, when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    ends: Vec<u64>,
}

impl Hearing {
    /// Forgets the last text.
    pub(super) fn clear(&mut self) {
        self.ends.clear();
    }

    /// Whether a word that ends in the 48 bytes before `at` may speak for anything.
    #[inline]
    pub(super) fn may_speak(&mut self, words: &Words, masks: &Masks, text: &[u8], at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        if text[before].is_ascii_alphanumeric() {
            return true;
        }
        let (first, last) = (at.saturating_sub(BEFORE) / 64, at / 64);
        if self.ends.len() <= last {
            if self.ends.len() < first {
                self.ends.resize(first, 0);
            }
            for block in self.ends.len()..=last {
                self.ends.push(ends(words, masks, text, block));
            }
        }
        let (block, bit) = (last, at % 64);
        let here = self.ends[block] << (63 - bit);
        let before = if block == 0 || bit == 63 { 0 } else { self.ends[block - 1] >> (bit + 1) };
        (here | before) >> (64 - BEFORE) != 0
    }
}

/// The ends, one place behind the last letter, in one block. Letters beyond ASCII count too: who reads the words takes them in.
fn ends(words: &Words, masks: &Masks, text: &[u8], block: usize) -> u64 {
    let Some(classes) = masks.blocks().get(block) else { return 0 };
    let before = if block == 0 { Classes::default() } else { masks.blocks()[block - 1] };
    let humps = humps(classes, before.smalls);
    let starts = (letters(classes) & !(alnums(classes) << 1 | alnums(&before) >> 63)) | humps;
    // A bit added to the letters that a word begins with moves to what stands behind them. Letters behind digits are no words.
    let further = letters(classes) & !humps;
    let goes_on = u64::from(block > 0 && is_word(masks, block * 64));
    let mut ends = further.wrapping_add(starts & !humps | humps << 1).wrapping_add(goes_on) & !further;
    let mut heard = classes.highs;
    let mut previous = (block == 0).then_some(0);
    while ends != 0 {
        let bit = ends.trailing_zeros();
        ends &= ends - 1;
        let started = starts & ((1 << bit) - 1);
        let end = block * 64 + bit as usize;
        let start =
            if started == 0 { masks.camel_start(end) } else { block * 64 + 63 - started.leading_zeros() as usize };
        let key = word_key(text, start, end);
        heard |= u64::from(words.may_end(previous, key)) << bit;
        previous = Some(key);
    }
    heard
}

/// Whether letters of a word end before `at`.
fn is_word(masks: &Masks, at: usize) -> bool {
    let count = masks.count_behind(at, letters);
    count > 0 && masks.behind(at - count, |classes| classes.digits) >> 63 == 0
}
