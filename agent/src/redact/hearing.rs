//! What the words of a text may be: beginnings of something known, words that speak for a number, names that a value stands behind.
//! Every word is looked at once, by its first bytes and its length, and filters deny nearly all: then nothing that needs a word is
//! asked, and no word is read.

use vigie_parsers::simd::Classes;

use super::context::BEFORE;
use super::engine::Engine;
use super::filter::{head, word_key};
use super::masks::{Masks, NO_CLASSES, alnums, humps, letters};

/// Bytes from before a day to the end of the longest name of a month behind it: `1er de pazdziernika`.
const MONTH: usize = 24;

/// What may begin or end in 64 bytes, as bits.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    /// Where words begin that may be known by how they begin.
    heads: u64,
    /// One place behind the last letter of words that may speak for a number. Letters beyond ASCII count too: who reads the words
    /// takes them in.
    speaking: u64,
    /// The lengths of runs that these words may speak for, as bits.
    lengths: u64,
    /// One place behind names that may be known.
    names: u64,
    /// One place behind what may be the name of a month.
    months: u64,
}

/// The words of one text, 64 bytes at once.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    blocks: Vec<Heard>,
    /// Whether letters beyond ASCII are among them, and whether these or names of months are.
    has_highs: bool,
    has_months: bool,
    /// Whether more than beginnings is known.
    is_whole: bool,
}

impl Hearing {
    /// Takes in the words of `text` in place of the last one.
    pub(super) fn read(&mut self, engine: &Engine, masks: &Masks, text: &[u8]) {
        // What is there already is written over.
        self.blocks.resize(masks.blocks().len(), Heard::default());
        let (mut before, mut highs, mut months) = (&NO_CLASSES, 0, 0);
        let mut carry = Carry::default();
        let reader = Reader { engine, text };
        for (block, (classes, heard)) in masks.blocks().iter().zip(&mut self.blocks).enumerate() {
            let goes_on = reader.block(block, (before, classes), &carry, heard);
            if let Some(start) = goes_on {
                reader.further(masks, block, start, &mut carry);
            } else if carry.ends != 0 {
                (carry.ends, carry.heard) = (0, Heard::default());
            }
            (highs, months) = (highs | classes.highs, months | heard.months);
            before = classes;
        }
        self.has_months = highs | months != 0;
        self.has_highs = highs != 0;
        self.is_whole = true;
    }

    /// Takes in how the words of `text` begin in place of the last one. Of a short one nothing else is asked most often.
    pub(super) fn read_heads(&mut self, engine: &Engine, masks: &Masks, text: &[u8]) {
        self.blocks.clear();
        self.is_whole = false;
        let mut before = 0;
        for (block, classes) in masks.blocks().iter().enumerate() {
            let starts = letters(classes) & !(classes.words << 1 | before >> 63);
            before = classes.words;
            let heads = Reader { engine, text }.heads(block, starts);
            self.blocks.push(Heard { heads, ..Heard::default() });
        }
    }

    /// Whether the whole words are known, not only how they begin.
    #[inline(always)]
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    fn block(&self, block: usize) -> Heard {
        self.blocks.get(block).copied().unwrap_or_default()
    }

    /// Words in one block that may be known by how they begin.
    #[inline(always)]
    pub(super) fn heads(&self, block: usize) -> u64 {
        self.block(block).heads
    }

    /// The bytes of one block behind names that may be known; all of them while that is not known.
    #[inline(always)]
    pub(super) fn names(&self, block: usize) -> u64 {
        if self.is_whole { self.block(block).names } else { u64::MAX }
    }

    /// Whether a name that may be known ends before `end`.
    #[inline(always)]
    pub(super) fn may_be_name(&self, end: usize) -> bool {
        self.block(end / 64).names >> (end % 64) & 1 == 1
    }

    /// Whether the name of a month may stand right before the number at `at`, or behind its few digits.
    #[inline(always)]
    pub(super) fn may_be_dated(&self, at: usize) -> bool {
        if !self.has_months || self.has_highs {
            return self.has_months;
        }
        let (block, bit) = (at / 64, at % 64);
        let before = if bit == 0 && block > 0 { self.block(block - 1).months >> 63 } else { 0 };
        let here = self.block(block).months >> bit.saturating_sub(1) | before;
        let behind = if bit > 64 - MONTH { self.block(block + 1).months << (64 - bit) } else { 0 };
        (here | behind) & ((1 << MONTH) - 1) != 0
    }

    /// Whether a word that ends from `start` on and before `end` may speak for anything.
    #[inline(always)]
    pub(super) fn speaks_within(&self, start: usize, end: usize) -> bool {
        let (first, last) = (start / 64, (end - 1) / 64);
        let within = |block: usize| {
            let low = if block == first { u64::MAX << (start % 64) } else { u64::MAX };
            let high = if block == last { u64::MAX >> (63 - (end - 1) % 64) } else { u64::MAX };
            self.block(block).speaking & low & high != 0
        };
        (first..=last).any(within)
    }

    /// The lengths of runs that words may speak for which end in the 48 bytes before `at` or from there on before `end`, as bits, and
    /// some more.
    #[inline]
    pub(super) fn lengths_before(&self, text: &[u8], at: usize, end: usize) -> u64 {
        if at.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphanumeric()) {
            return u64::MAX;
        }
        let blocks = at.saturating_sub(BEFORE) / 64..=end / 64;
        blocks.fold(0, |lengths, block| lengths | self.block(block).lengths)
    }

    /// Whether a word that ends in the 48 bytes before `at` may speak for anything.
    #[inline(always)]
    pub(super) fn may_speak(&self, text: &[u8], at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        if text[before].is_ascii_alphanumeric() {
            return true;
        }
        let (block, bit) = (at / 64, at % 64);
        let here = self.block(block).speaking << (63 - bit);
        let before = if block == 0 || bit == 63 { 0 } else { self.block(block - 1).speaking >> (bit + 1) };
        (here | before) >> (64 - BEFORE) != 0
    }
}

/// What goes on from one block to the next.
#[derive(Default)]
struct Carry {
    /// What is known of the word that ends in the block though it began before it, and where it ends.
    heard: Heard,
    ends: u64,
}

impl Heard {
    /// Notes what the word of this `key` may be, which ends at the bit `end`. `before` is the key of the word before it, if that is
    /// known.
    #[inline(always)]
    fn note(&mut self, engine: &Engine, before: Option<u64>, key: u64, end: u64) {
        if engine.words.may_end(before, key) {
            self.speaking |= end;
            self.lengths |= engine.words.lengths(key);
        }
        self.names |= if engine.pairs.may_end(key) { end } else { 0 };
        self.months |= if engine.months.may_hold(key) { end } else { 0 };
    }
}

/// Whether any of the words that begin at the bits `starts` of a text of one block may be known by how it begins.
#[inline(always)]
pub(super) fn has_heads(engine: &Engine, text: &[u8], starts: u64) -> bool {
    Reader { engine, text }.heads(0, starts) != 0
}

/// Reads the words of one text.
#[derive(Clone, Copy)]
struct Reader<'a> {
    engine: &'a Engine,
    text: &'a [u8],
}

impl Reader<'_> {
    /// Of words that begin at the bits `starts` of a block those that may be known by how they begin.
    #[inline(always)]
    fn heads(self, block: usize, mut starts: u64) -> u64 {
        let mut heads = 0;
        while starts != 0 {
            let bit = starts & starts.wrapping_neg();
            starts ^= bit;
            let head = head(self.text, block * 64 + bit.trailing_zeros() as usize);
            let may_begin = self.engine.known.beginning(head).is_any() && self.engine.literals.may_begin(head as u32);
            heads |= if may_begin { bit } else { 0 };
        }
        heads
    }

    /// Reads the words that begin in one block, behind another, and notes them in `heard`. Gives where one begins that does not end
    /// in it.
    #[inline(always)]
    fn block(
        self,
        block: usize,
        (before, classes): (&Classes, &Classes),
        carry: &Carry,
        heard: &mut Heard,
    ) -> Option<usize> {
        let humps = humps(classes, before.smalls);
        let (letters, alnums, alnum_before) = (letters(classes), alnums(classes), alnums(before) >> 63);
        // Letters behind digits are no words.
        let all = letters & !(alnums << 1 | alnum_before) | humps;
        let whole = letters & !(classes.words << 1 | before.words >> 63);
        let stops = !letters | humps;
        let ends = carry.ends | stops & letters << 1;
        let mut noted = self.words(block, all, whole, ends);
        // Names with a digit behind their letters are looked at byte by byte, and so are those with letters beyond ASCII.
        let is_ascii = classes.highs | before.highs == 0;
        let behind = (alnums << 1 | alnum_before) & !alnums;
        let numbered = behind & (classes.digits << 1 | 1) & (letters << 2 | 0b11);
        noted.names |= if is_ascii { numbered & !ends } else { behind } | classes.highs << 1 | before.highs >> 63;
        heard.heads = noted.heads;
        heard.names = carry.heard.names | noted.names;
        heard.speaking = carry.heard.speaking | noted.speaking | classes.highs;
        heard.lengths = if classes.highs == 0 { carry.heard.lengths | noted.lengths } else { u64::MAX };
        heard.months = carry.heard.months | noted.months;
        let last = 63_u32.checked_sub(all.leading_zeros())?;
        (stops >> last >> 1 == 0).then_some(block * 64 + last as usize)
    }

    /// Reads the words that begin at the bits `all` of a block, which end at some of `ends`. Those at `whole` may be known by how they
    /// begin.
    #[inline(always)]
    fn words(self, block: usize, all: u64, whole: u64, ends: u64) -> Heard {
        let engine = self.engine;
        let (mut heard, mut starts) = (Heard::default(), all);
        while starts != 0 {
            let bit = starts & starts.wrapping_neg();
            starts ^= bit;
            let low = bit.trailing_zeros();
            let head = head(self.text, block * 64 + low as usize);
            let beginning = engine.known.beginning(head);
            if beginning.is_nothing() {
                continue;
            }
            if beginning.is_any() && whole & bit != 0 && engine.literals.may_begin(head as u32) {
                heard.heads |= bit;
            }
            let further = ends & !(bit ^ (bit - 1));
            let end = further & further.wrapping_neg();
            let length = (end.trailing_zeros() - low) as usize;
            if end != 0
                && beginning.has(length)
                && let Some(key) = engine.known.may_hold(head, length)
            {
                heard.note(engine, self.last_key(block, all & (bit - 1), ends), key, end);
            }
        }
        heard
    }

    /// The key of the last of the words that begin at the bits `starts` of a block and end at some of `ends`; 0 before the first word
    /// of all.
    #[inline(always)]
    fn last_key(self, block: usize, starts: u64, ends: u64) -> Option<u64> {
        if starts == 0 {
            return (block == 0).then_some(0);
        }
        let bit = 63 - starts.leading_zeros();
        let (start, length) = (block * 64 + bit as usize, (ends >> bit >> 1).trailing_zeros() as usize + 1);
        Some(word_key(self.text, start, start + length))
    }

    /// Reads the word at `start`, which reaches to the end of `block` or beyond. One that is longer than any known one is left out.
    #[inline(never)]
    fn further(self, masks: &Masks, block: usize, start: usize, carry: &mut Carry) {
        (carry.heard, carry.ends) = (Heard::default(), 0);
        let Some(classes) = masks.blocks().get(block + 1) else { return };
        let stops = !letters(classes) | humps(classes, masks.blocks()[block].smalls);
        if stops == 0 {
            return;
        }
        let bit = stops.trailing_zeros();
        let (head, length) = (head(self.text, start), (block + 1) * 64 + bit as usize - start);
        carry.ends = 1 << bit;
        if let Some(key) = self.engine.known.may_hold(head, length) {
            carry.heard.note(self.engine, None, key, 1 << bit);
        }
    }
}
