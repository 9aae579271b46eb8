//! What stands beside the words of 64 bytes: most words with digits stand alone, and that is all there is to know of them.

use vigie_parsers::simd::Classes;

use super::masks::{NO_CLASSES, alnums, letters};

/// What is beside words, as bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    words: u64,
    /// First bytes of words that a group of a chain may stand before.
    follows: u64,
    /// First bytes of words with `. - / +` before them.
    pub(super) behind_joints: u64,
    /// Bytes behind words that may go on, as a chain, a date, a time or an address.
    goes_on: u64,
}

/// One word of these: its first byte, the byte behind it, and all of its own, as bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) first: u64,
    pub(super) within: u64,
    pub(super) behind: u64,
}

impl Beside {
    /// Of the block at `number`.
    #[inline(always)]
    pub(super) fn of(blocks: &[Classes], number: usize) -> Self {
        let here = &blocks[number];
        let before = number.checked_sub(1).map_or(&NO_CLASSES, |number| &blocks[number]);
        let next = blocks.get(number + 1).unwrap_or(&NO_CLASSES);
        let up = |here: u64, before: u64, bytes: u32| here << bytes | before >> (64 - bytes);
        let down = |here: u64, next: u64| here >> 1 | next << 63;
        let alnum_next = down(alnums(here), alnums(next));
        let behind_joints = up(here.joints, before.joints, 1);
        Self {
            words: here.words,
            follows: up(here.spaces, before.spaces, 1) & up(here.capitals, before.capitals, 2)
                | behind_joints & up(letters(here), letters(before), 2),
            behind_joints,
            goes_on: here.joints & alnum_next
                | here.spaces & alnum_next & !down(here.smalls, next.smalls)
                | here.pairs & down(here.digits, next.digits),
        }
    }

    /// The word with the byte of the bit `at`, with which it begins if it `is_first`; `None` if it may reach into another block.
    #[inline(always)]
    pub(super) fn word(&self, at: u64, is_first: bool) -> Option<Bounds> {
        let others = !self.words;
        let behind = others & at.wrapping_neg();
        let before = others & (at - 1);
        if behind == 0 || (!is_first && before == 0) {
            return None;
        }
        let first = if is_first { at } else { 2 << (63 - before.leading_zeros()) };
        let behind = behind & behind.wrapping_neg();
        Some(Bounds { first, within: behind - first, behind })
    }

    /// Whether no group of a chain is beside the word, and no part of a date, a time or an address.
    #[inline(always)]
    pub(super) fn is_alone(&self, word: Bounds) -> bool {
        self.follows & word.first | self.goes_on & word.behind == 0
    }
}
