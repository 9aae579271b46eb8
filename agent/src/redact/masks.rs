//! The kinds of the bytes of one text, as bits, and what they tell about places in it.

use vigie_parsers::simd::{Bits, Classes, classify};

use super::engine::LONGEST;

/// Bits of a text, 64 bytes in each block.
#[derive(Debug)]
pub(super) struct Masks {
    bits: Bits,
    blocks: Vec<Classes>,
}

impl Default for Masks {
    fn default() -> Self {
        Self::with_bits(Bits::of_processor())
    }
}

/// A word: letters, digits and `_`, and what they are, as bits for its first 64 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) digits: u64,
    pub(super) capitals: u64,
    pub(super) smalls: u64,
}

impl Word {
    pub(super) fn new(start: usize, end: usize, digits: u64, capitals: u64, smalls: u64) -> Self {
        Self { start, end, digits, capitals, smalls }
    }

    #[inline(always)]
    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }

    #[inline(always)]
    pub(super) fn has_letters(&self) -> bool {
        self.capitals | self.smalls != 0
    }

    /// Whether it is too long for a value, or holds something else than letters and digits.
    #[inline(always)]
    pub(super) fn is_other(&self) -> bool {
        self.length() > LONGEST
            || (self.digits | self.capitals | self.smalls) != u64::MAX >> (64 - self.length().clamp(1, 64))
    }
}

/// The kinds of 64 bytes, as bits, the first one lowest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) words: u64,
    pub(super) alnums: u64,
    pub(super) digits: u64,
    pub(super) smalls: u64,
}

/// Those of no bytes.
pub(super) const NO_CLASSES: Classes = Classes {
    digits: 0,
    words: 0,
    capitals: 0,
    smalls: 0,
    highs: 0,
    pairs: 0,
    marks: 0,
    spaces: 0,
    joints: 0,
    zeros: 0,
    pluses: 0,
    codes: 0,
};

/// ASCII letters and digits.
#[inline(always)]
pub(super) fn alnums(classes: &Classes) -> u64 {
    classes.digits | classes.capitals | classes.smalls
}

/// ASCII letters.
#[inline(always)]
pub(super) fn letters(classes: &Classes) -> u64 {
    classes.capitals | classes.smalls
}

/// Places where a word begins in the middle of letters: `B` in `aB`. `before` are the small letters of the block before.
#[inline(always)]
pub(super) fn humps(classes: &Classes, before: u64) -> u64 {
    classes.capitals & (classes.smalls << 1 | before >> 63)
}

/// Where words may begin with six capitals, some of them perhaps in the block with the capitals `next`.
#[inline(always)]
pub(super) fn long_capitals(classes: &Classes, next: u64, starts: u64) -> u64 {
    let here = classes.capitals;
    [1, 3, 5].into_iter().fold(starts & here, |words, bytes| words & (here >> bytes | next << (64 - bytes)))
}

/// Places where a letter stands behind a `_`. `before` is the block before.
#[inline(always)]
pub(super) fn behind_lines(classes: &Classes, before: &Classes) -> u64 {
    let lines = |classes: &Classes| classes.words & !alnums(classes);
    letters(classes) & (lines(classes) << 1 | lines(before) >> 63)
}

impl Masks {
    /// Those that are worked with as `bits` tells.
    pub(super) fn with_bits(bits: Bits) -> Self {
        Self { bits, blocks: Vec::new() }
    }

    /// Takes in `text` in place of the last one. Gives whether codes may be in it.
    #[inline(always)]
    pub(super) fn read(&mut self, text: &[u8]) -> bool {
        classify(self.bits, text, &mut self.blocks)
    }

    /// How the processor works with them.
    #[inline(always)]
    pub(super) fn bits(&self) -> Bits {
        self.bits
    }

    #[inline(always)]
    pub(super) fn blocks(&self) -> &[Classes] {
        &self.blocks
    }

    #[inline(always)]
    fn block(&self, at: usize, kind: impl Fn(&Classes) -> u64) -> u64 {
        self.blocks.get(at).map_or(0, kind)
    }

    /// The kinds of the 64 bytes from `at` on.
    #[inline(always)]
    pub(super) fn window(&self, at: usize) -> Window {
        let (block, bit) = (at / 64, at % 64);
        let here = self.blocks.get(block).unwrap_or(&NO_CLASSES);
        let next = self.blocks.get(block + 1).unwrap_or(&NO_CLASSES);
        let join = |here: u64, next: u64| here >> bit | (next << 1) << (63 - bit);
        Window {
            words: join(here.words, next.words),
            alnums: join(alnums(here), alnums(next)),
            digits: join(here.digits, next.digits),
            smalls: join(here.smalls, next.smalls),
        }
    }

    /// The kinds of the bytes of one block from its bit `bit` on.
    #[inline(always)]
    pub(super) fn block_from(&self, number: usize, bit: u32) -> Window {
        let block = self.blocks.get(number).unwrap_or(&NO_CLASSES);
        Window {
            words: block.words >> bit,
            alnums: alnums(block) >> bit,
            digits: block.digits >> bit,
            smalls: block.smalls >> bit,
        }
    }

    /// Bits of the 64 bytes from `at` on, the first one lowest.
    #[inline(always)]
    pub(super) fn ahead(&self, at: usize, kind: impl Fn(&Classes) -> u64) -> u64 {
        let (block, bit) = (at / 64, at % 64);
        self.block(block, &kind) >> bit | (self.block(block + 1, &kind) << 1) << (63 - bit)
    }

    /// Bits of the 64 bytes before `at`, the last one highest.
    #[inline(always)]
    pub(super) fn behind(&self, at: usize, kind: impl Fn(&Classes) -> u64) -> u64 {
        let (block, bit) = (at / 64, at % 64);
        let before = if block == 0 { 0 } else { self.block(block - 1, &kind) };
        if bit == 0 { before } else { self.block(block, &kind) << (64 - bit) | before >> bit }
    }

    /// The word that the letter, digit or `_` at `at` belongs to, of which 64 bytes before and behind count.
    #[inline(always)]
    pub(super) fn word(&self, at: usize) -> Word {
        let (block, bit) = (at / 64, at % 64);
        let Some(classes) = self.blocks.get(block) else { return Word::default() };
        let others = !classes.words;
        let (before, behind) = (others & ((1 << bit) - 1), others >> bit >> 1);
        if before == 0 && block > 0 || behind == 0 {
            return self.far_word(at);
        }
        let low = 64 - before.leading_zeros();
        let length = bit as u32 + 1 + behind.trailing_zeros() - low;
        let within = (1 << length) - 1;
        let bits = |mask: u64| mask >> low & within;
        let start = block * 64 + low as usize;
        let (digits, capitals, smalls) = (bits(classes.digits), bits(classes.capitals), bits(classes.smalls));
        Word::new(start, start + length as usize, digits, capitals, smalls)
    }

    /// The word at `at` when it may reach into another block.
    #[inline(never)]
    fn far_word(&self, at: usize) -> Word {
        let start = at - self.count_behind(at, |classes| classes.words);
        let end = self.word_end(at);
        let within = u64::MAX >> (64 - (end - start).clamp(1, 64));
        let bits = |kind: fn(&Classes) -> u64| self.ahead(start, kind) & within;
        Word::new(
            start,
            end,
            bits(|classes| classes.digits),
            bits(|classes| classes.capitals),
            bits(|classes| classes.smalls),
        )
    }

    /// Where what is of this kind from `at` on ends.
    #[inline(always)]
    pub(super) fn end(&self, at: usize, kind: impl Fn(&Classes) -> u64) -> usize {
        let length = self.ahead(at, &kind).trailing_ones() as usize;
        if length < 64 { at + length } else { self.far_end(at + 64, kind) }
    }

    #[inline(never)]
    fn far_end(&self, at: usize, kind: impl Fn(&Classes) -> u64) -> usize {
        let mut end = at;
        loop {
            let length = self.ahead(end, &kind).trailing_ones() as usize;
            end += length;
            if length < 64 {
                return end;
            }
        }
    }

    /// Where the letters, digits and `_` end that begin at `at`.
    #[inline(always)]
    pub(super) fn word_end(&self, at: usize) -> usize {
        self.end(at, |classes| classes.words)
    }

    /// How many bytes of this kind, at most 64, stand before `at`.
    #[inline(always)]
    pub(super) fn count_behind(&self, at: usize, kind: impl Fn(&Classes) -> u64) -> usize {
        self.behind(at, kind).leading_ones() as usize
    }

    /// Where the word of a name begins, cut at `camelCase` and where letters stand behind digits, that ends before `at`; `at` if no
    /// letter or digit is there. Of a longer one the last 64 bytes count.
    #[inline(always)]
    pub(super) fn name_start(&self, at: usize) -> usize {
        let bit = at % 64;
        if bit > 0
            && let Some(classes) = self.blocks.get(at / 64)
        {
            let run = (alnums(classes) << (64 - bit)).leading_ones() as usize;
            if run < bit {
                let cuts = humps(classes, 0) | letters(classes) & classes.digits << 1;
                return at - run.min((cuts << (64 - bit)).leading_zeros() as usize + 1);
            }
        }
        self.far_name_start(at)
    }

    #[inline(never)]
    fn far_name_start(&self, at: usize) -> usize {
        let run = self.count_behind(at, alnums);
        let (capitals, smalls, digits) = (
            self.behind(at, |classes| classes.capitals),
            self.behind(at, |classes| classes.smalls),
            self.behind(at, |classes| classes.digits),
        );
        let cuts = capitals & smalls << 1 | (capitals | smalls) & digits << 1;
        at - run.min(cuts.leading_zeros() as usize + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BYTES: &[u8] = b"aaabbZZ0011__ .:-\xc3";

    fn is_word(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || byte == b'_'
    }

    /// How many bytes before `at` are of a kind.
    fn before(text: &[u8], at: usize, is_one: impl Fn(u8) -> bool) -> usize {
        text[..at].iter().rev().take_while(|byte| is_one(**byte)).count()
    }

    proptest! {
        #[test]
        fn places_are_those_that_single_bytes_tell(text in prop::collection::vec(prop::sample::select(BYTES), 1..200), at: prop::sample::Index) {
            let mut masks = Masks::default();
            masks.read(&text);
            let at = at.index(text.len());

            let run = before(&text, at, |byte| byte.is_ascii_alphanumeric());
            let is_cut = |before: u8, byte: u8| {
                byte.is_ascii_uppercase() && before.is_ascii_lowercase() || byte.is_ascii_alphabetic() && before.is_ascii_digit()
            };
            let cut = (1..run).find(|back| is_cut(text[at - back - 1], text[at - back]));
            if run < 64 {
                prop_assert_eq!(masks.name_start(at), at - cut.unwrap_or(run));
            }
            let end = at + text[at..].iter().take_while(|byte| is_word(**byte)).count();
            prop_assert_eq!(masks.word_end(at), end);
            let back = before(&text, at, is_word);
            if is_word(text[at]) && back < 64 {
                let word = masks.word(at);
                let bits = |is_one: fn(&u8) -> bool| {
                    let places = text[at - back..end].iter().take(64).enumerate();
                    places.fold(0_u64, |bits, (place, byte)| bits | u64::from(is_one(byte)) << place)
                };
                prop_assert_eq!((word.start, word.end), (at - back, end));
                prop_assert_eq!(word.digits, bits(u8::is_ascii_digit));
                prop_assert_eq!(word.capitals, bits(u8::is_ascii_uppercase));
                prop_assert_eq!(word.smalls, bits(u8::is_ascii_lowercase));
            }
        }
    }
}
