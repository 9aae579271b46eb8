//! What stands beside the words of 64 bytes: most words with digits stand alone, and that is all there is to know of them.

use vigie_parsers::simd::Classes;

use super::masks::{NO_CLASSES, alnums, letters};
use super::runs::SHORTEST;

/// What is beside words, as bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    words: u64,
    /// First bytes of words that a group of a chain may stand before.
    follows: u64,
    /// First bytes of words that may be more than a number: telephone numbers, and those near the name of a month.
    pub(super) more: u64,
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
    /// Of a block that is not asked.
    pub(super) const NONE: Self = Self { words: 0, follows: 0, more: 0, goes_on: 0 };

    /// Of the block at `number`, in which the name of a month may stand near the bytes `dated`.
    #[inline(always)]
    pub(super) fn of(blocks: &[Classes], number: usize, dated: u64) -> Self {
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
            more: up(here.pluses, before.pluses, 1) | here.zeros & here.zeros >> 1 | dated,
            goes_on: here.joints & alnum_next
                | here.spaces & alnum_next & !down(here.smalls, next.smalls)
                | here.pairs & down(here.digits, next.digits),
        }
    }

    /// The bits among `digits`, which words begin with, of those in which nothing can be: they stand alone and are shorter than any value.
    #[inline(always)]
    pub(super) fn idle(&self, digits: u64) -> u64 {
        const { assert!(SHORTEST == 5) };
        let (mut within, mut idle) = (digits & !(self.follows | self.more), 0);
        for bytes in 1..5 {
            let behind = within & !(self.words >> bytes);
            idle |= behind & !(self.goes_on >> bytes);
            within &= self.words >> bytes;
        }
        // What stands behind the block is not told.
        idle & !(0b1111 << 60)
    }

    /// Where two short numbers end in which nothing can be, with a byte between them that joins groups: `1.1`, `128.0`. The first of them
    /// is `word`, which is done with as a group of a chain if it `is_of_chain`; `digits` are those of the block.
    #[inline(always)]
    pub(super) fn short_pair_end(&self, word: Bounds, digits: u64, is_of_chain: bool) -> Option<u32> {
        let (low, dot) = (word.first.trailing_zeros(), word.behind.trailing_zeros());
        let places = (digits >> dot >> 1).trailing_ones();
        let end = dot + 1 + places;
        // Behind five letters or more no chain goes on.
        let is_far = low > 5 && self.words >> (low - 6) & 0b1_1111 == 0b1_1111;
        let is_short = places > 0
            && ((dot - low + places) as usize) < SHORTEST
            && end < 64
            && digits & word.within == word.within
            && (self.words | self.goes_on) >> end & 1 == 0
            && (is_of_chain || is_far || self.follows & word.first == 0);
        is_short.then_some(end)
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

/// Where `:` and `=` in the block at `number` are looked at though no known name ends before them, as bits: behind what is no ASCII letter
/// or digit, and with another one right before them or among the five bytes behind them.
#[inline(always)]
pub(super) fn open_pairs(blocks: &[Classes], number: usize) -> (u64, u64) {
    (behind_others(blocks, number), near_pairs(blocks, number))
}

/// The bytes of the block at `number` that stand behind what is no ASCII letter or digit, as bits.
#[inline(always)]
pub(super) fn behind_others(blocks: &[Classes], number: usize) -> u64 {
    let before = number.checked_sub(1).map_or(&NO_CLASSES, |number| &blocks[number]);
    !(alnums(&blocks[number]) << 1 | alnums(before) >> 63)
}

/// The bytes of the block at `number` with a `:` or `=` right before them or among the five bytes behind them, as bits.
#[inline(always)]
pub(super) fn near_pairs(blocks: &[Classes], number: usize) -> u64 {
    let here = &blocks[number];
    let before = number.checked_sub(1).map_or(&NO_CLASSES, |number| &blocks[number]);
    let next = blocks.get(number + 1).unwrap_or(&NO_CLASSES);
    let ahead = |bytes: u32| here.pairs >> bytes | next.pairs << (64 - bytes);
    (1..=5).fold(here.pairs << 1 | before.pairs >> 63, |near, bytes| near | ahead(bytes))
}

/// Where a mark stands one byte behind a letter or digit with which no name ends, as in `"level":`, where those `names` end that may be
/// known. Of the first byte that is not told.
#[inline(always)]
pub(super) fn unnamed(blocks: &[Classes], number: usize, names: u64) -> u64 {
    let before = number.checked_sub(1).map_or(&NO_CLASSES, |number| &blocks[number]);
    let behind_one = alnums(&blocks[number]) << 2 | alnums(before) >> 62;
    behind_one & !(names | names << 1 | 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::masks::Masks;
    use super::*;

    /// The same by single bytes.
    fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
        let byte = |at: usize| text.get(at).copied().unwrap_or_default();
        let (far, near) = (byte(start.wrapping_sub(2)), byte(start.wrapping_sub(1)));
        let follows = match near {
            b' ' => far.is_ascii_uppercase(),
            b'.' | b'-' | b'/' | b'+' => far.is_ascii_alphabetic(),
            _ => false,
        };
        let next = byte(end + 1);
        let goes_on = match byte(end) {
            b' ' => next.is_ascii_uppercase() || next.is_ascii_digit(),
            b'.' | b'-' | b'/' | b'+' => next.is_ascii_alphanumeric(),
            b':' | b'=' => next.is_ascii_digit(),
            _ => false,
        };
        !follows && !goes_on
    }

    fn follows_plus(text: &[u8], start: usize) -> bool {
        text[..start].ends_with(b"+")
    }

    proptest! {
        #[test]
        fn bits_tell_of_short_numbers_what_bytes_tell(text in "(aaaaa[/ .]|B[/ ]|[ ,])?[13]{1,3}[.][01]{1,3}[ .:,]{0,2}[aB1]?") {
            let bytes = text.as_bytes();
            let mut masks = Masks::default();
            masks.read(bytes);
            let Some(start) = bytes.iter().position(u8::is_ascii_digit) else { return Ok(()) };
            let dot = start + bytes[start..].iter().position(|byte| *byte == b'.').unwrap_or_default();
            let end = dot + 1 + bytes[dot + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let beside = Beside::of(masks.blocks(), 0, 0);
            let Some(bounds) = beside.word(1 << start, true) else { return Ok(()) };
            let goes_on = !stands_alone(bytes, end, end) || bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
            let follows = !stands_alone(bytes, start, bytes.len()) && !bytes.starts_with(b"aaaaa");
            let is_short = end - start <= SHORTEST && !goes_on && !follows;
            let told = beside.short_pair_end(bounds, masks.blocks()[0].digits, false);
            prop_assert_eq!(told, is_short.then_some(end as u32));
        }

        #[test]
        fn bits_tell_of_pairs_what_bytes_tell(text in "[aB1_ .:=]{1,150}") {
            let bytes = text.as_bytes();
            let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
            let is_pair = |at: usize| matches!(byte(at), b':' | b'=');
            let mut masks = Masks::default();
            masks.read(bytes);
            for at in (0..bytes.len()).filter(|at| is_pair(*at)) {
                let (behind_others, near) = open_pairs(masks.blocks(), at / 64);
                let before = at.wrapping_sub(1);
                prop_assert_eq!(behind_others >> (at % 64) & 1 == 1, !byte(before).is_ascii_alphanumeric());
                prop_assert_eq!(near >> (at % 64) & 1 == 1, is_pair(before) || (at + 1..at + 6).any(is_pair));
            }
        }

        #[test]
        fn bits_tell_of_quoted_names_what_bytes_tell(text in "[aB1_ \":=]{1,150}", names in any::<u64>()) {
            let bytes = text.as_bytes();
            let mut masks = Masks::default();
            masks.read(bytes);
            for at in 0..bytes.len() {
                let is_behind_one = at.checked_sub(2).is_some_and(|at| bytes[at].is_ascii_alphanumeric());
                let (bit, blocks) = (at % 64, masks.blocks());
                let is_named = bit == 0 || names >> (bit - 1) & 0b11 != 0;
                prop_assert_eq!(unnamed(blocks, at / 64, names) >> bit & 1 == 1, is_behind_one && !is_named);
            }
        }

        #[test]
        fn bits_tell_of_words_what_bytes_tell(text in "[aB1_ .:=+-]{1,150}") {
            let bytes = text.as_bytes();
            let is_word = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            let mut masks = Masks::default();
            masks.read(bytes);
            for start in (0..bytes.len()).filter(|at| is_word(*at) && !is_word(at.wrapping_sub(1))) {
                let end = (start..).find(|at| !is_word(*at)).unwrap_or_default();
                let beside = Beside::of(masks.blocks(), start / 64, 0);
                let Some(bounds) = beside.word(1 << (start % 64), true) else {
                    prop_assert!(end / 64 > start / 64, "only a word that reaches further is not told");
                    continue;
                };
                prop_assert_eq!(bounds.within.count_ones() as usize, end - start);
                prop_assert_eq!(beside.is_alone(bounds), stands_alone(bytes, start, end));
                let is_short = end - start < SHORTEST && bytes[start].is_ascii_digit() && !follows_plus(bytes, start);
                let is_idle = is_short && stands_alone(bytes, start, end) && !bytes[start..end].starts_with(b"00");
                let idle = beside.idle(bounds.first & masks.blocks()[start / 64].digits);
                prop_assert!(idle == 0 || is_idle);
                prop_assert!(idle != 0 || !is_idle || start % 64 >= 60);
                let inside = beside.word(1 << ((end - 1) % 64), false);
                prop_assert!(inside.is_none_or(|inside| inside.within == bounds.within));
            }
        }
    }
}
