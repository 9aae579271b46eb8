//! What the words of a text may be: beginnings of something known, words that speak for a number, names that a value stands behind.
//! Every word is looked at once, by its first bytes and its length, and filters deny nearly all: then nothing that needs a word is
//! asked, and no word is read.

use std::ops::Range;

use vigie_parsers::simd::Classes;

use super::context::{BEFORE, Lengths};
use super::engine::Engine;
use super::filter::{first_letters, head, word_key};
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
    /// The lengths of runs that these words may speak for.
    lengths: Lengths,
    /// One place behind names that may be known.
    names: u64,
    /// One place behind what may be the name of a month.
    months: u64,
}

static NOTHING: Heard = Heard { heads: 0, speaking: 0, lengths: Lengths::NONE, names: 0, months: 0 };

/// The words of one text, 64 bytes at once.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    blocks: Vec<Heard>,
    /// Whether letters beyond ASCII are among them, and whether these or names of months are.
    has_highs: bool,
    has_months: bool,
    /// The lengths of runs that all words together may speak for.
    lengths: Lengths,
}

impl Hearing {
    /// Takes in the words of `text` in place of the last one.
    #[inline(always)]
    pub(super) fn read(&mut self, engine: &Engine, masks: &Masks, text: &[u8]) {
        // What is there already is written over.
        if self.blocks.len() != masks.blocks().len() {
            self.blocks.resize(masks.blocks().len(), Heard::default());
        }
        let (mut before, mut highs, mut months, mut lengths) = (&NO_CLASSES, 0, 0, Lengths::NONE);
        let mut carry = Carry::new();
        let reader = Reader { engine, text };
        for (block, (classes, heard)) in masks.blocks().iter().zip(&mut self.blocks).enumerate() {
            let last = reader.block(block, (before, classes), &mut carry, heard);
            carry.ends = 0;
            match last {
                Last::None => {}
                Last::Ends(start, end) => carry.last = Some((start, end)),
                Last::Glued => carry.last = None,
                Last::GoesOn(start, before) => {
                    carry.last = before.or(carry.last);
                    reader.further(masks, block, start, &mut carry);
                }
            }
            (highs, months) = (highs | classes.highs, months | heard.months);
            lengths = lengths.and(heard.lengths);
            before = classes;
        }
        self.has_months = highs | months != 0;
        self.has_highs = highs != 0;
        self.lengths = lengths;
    }

    /// The lengths of runs that all words together may speak for.
    #[inline(always)]
    pub(super) fn lengths(&self) -> Lengths {
        self.lengths
    }

    /// Whether no word speaks for a number.
    #[inline(always)]
    pub(super) fn is_silent(&self) -> bool {
        self.lengths.any == 0
    }

    #[inline(always)]
    fn block(&self, block: usize) -> &Heard {
        self.blocks.get(block).unwrap_or(&NOTHING)
    }

    /// Words in one block that may be known by how they begin.
    #[inline(always)]
    pub(super) fn heads(&self, block: usize) -> u64 {
        self.block(block).heads
    }

    /// The bytes of one block behind names that may be known.
    #[inline(always)]
    pub(super) fn names(&self, block: usize) -> u64 {
        self.block(block).names
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

    /// The lengths of runs that words may speak for which end in the bytes `before` a number or from there on before `end`, and
    /// some more.
    #[inline]
    pub(super) fn lengths_before(&self, text: &[u8], before: Range<usize>, end: usize) -> Lengths {
        if before.end.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphanumeric()) {
            return Lengths::ALL;
        }
        let blocks = before.start / 64..=end / 64;
        blocks.fold(Lengths::NONE, |lengths, block| lengths.and(self.block(block).lengths))
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
struct Carry {
    /// The last word of the blocks before that ended, or one without letters if there is none; `None` if it is not known.
    last: Option<(usize, usize)>,
    /// What is known of the word that ends in the block though it began before it, and where it ends.
    heard: Heard,
    ends: u64,
    /// Whether letters behind digits go on.
    is_glued: bool,
}

impl Carry {
    /// That of the beginning of a text.
    fn new() -> Self {
        Self { last: Some((0, 0)), heard: Heard::default(), ends: 0, is_glued: false }
    }
}

/// What is known of the last word that begins in a block.
enum Last {
    None,
    /// Where it begins and ends.
    Ends(usize, usize),
    /// Where one begins that does not end in it, and the last one that does.
    GoesOn(usize, Option<(usize, usize)>),
    /// Letters behind digits do not end in it.
    Glued,
}

impl Heard {
    fn add(&mut self, other: &Self) {
        self.names |= other.names;
        self.speaking |= other.speaking;
        self.lengths = self.lengths.and(other.lengths);
        self.months |= other.months;
    }

    /// Notes what the word of this `key` may be, which ends at the bit `end`. `before` is the key of the word before it, if that is
    /// known.
    #[inline(always)]
    fn note(&mut self, engine: &Engine, before: Option<u64>, key: u64, end: u64) {
        if engine.words.may_end(before, key) {
            self.speaking |= end;
            self.lengths = self.lengths.and(engine.words.lengths(before, key));
        }
        self.names |= if engine.pairs.may_end(before, key) { end } else { 0 };
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
            let may_begin =
                self.engine.known.beginning(head as u32).is_any() && self.engine.literals.may_begin(head as u32);
            heads |= if may_begin { bit } else { 0 };
        }
        heads
    }

    /// Reads the words that begin in one block, behind another, and notes them in `heard`. Gives the last one.
    #[inline(always)]
    fn block(
        self,
        block: usize,
        (before, classes): (&Classes, &Classes),
        carry: &mut Carry,
        heard: &mut Heard,
    ) -> Last {
        let humps = humps(classes, before.smalls);
        let (letters, alnums, alnum_before) = (letters(classes), alnums(classes), alnums(before) >> 63);
        let behind_alnums = alnums << 1 | alnum_before;
        // Letters behind digits are no words but in names, which are looked at byte by byte.
        let all = letters & !behind_alnums | humps;
        let glued = letters & (classes.digits << 1 | before.digits >> 63);
        let starts = all | glued;
        let whole = letters & !(classes.words << 1 | before.words >> 63);
        let stops = !letters | humps;
        let ends = carry.ends | stops & letters << 1;
        *heard = Heard::default();
        self.words(block, (all, starts, whole, ends), carry.last, heard);
        heard.names |= behind_glued(letters, glued, &mut carry.is_glued);
        let behind = behind_alnums & !alnums;
        if carry.ends != 0 {
            heard.add(&carry.heard);
        }
        // Names with letters beyond ASCII are looked at byte by byte.
        if classes.highs | before.highs != 0 {
            heard.names |= behind | classes.highs << 1 | before.highs >> 63;
            heard.speaking |= classes.highs;
            heard.lengths = if classes.highs == 0 { heard.lengths } else { Lengths::ALL };
        }
        heard.names |= behind_numbers(heard.names, classes) | behind & NUMBERED;
        let Some(last) = 63_u32.checked_sub(starts.leading_zeros()) else { return Last::None };
        let (start, behind) = (block * 64 + last as usize, stops >> last >> 1);
        if behind != 0 {
            return Last::Ends(start, start + 1 + behind.trailing_zeros() as usize);
        }
        if glued >> last & 1 == 1 {
            return Last::Glued;
        }
        let others = starts & !(1 << last);
        Last::GoesOn(start, word_before(block, others, ends))
    }

    /// Reads the words that begin at the bits `all` of a block, which end at some of `ends`, as do those before them, which begin at
    /// some of `starts`. Those at `whole` may be known by how they begin.
    #[inline(always)]
    fn words(
        self,
        block: usize,
        (all, starts, whole, ends): (u64, u64, u64, u64),
        last: Option<(usize, usize)>,
        heard: &mut Heard,
    ) {
        let (beginnings, mut known) = self.beginnings(block, all, ends);
        heard.heads = self.heads(block, beginnings & whole);
        while known != 0 {
            let bit = known & known.wrapping_neg();
            known ^= bit;
            let (low, end) = (bit.trailing_zeros(), end_behind(bit, ends));
            let length = (end.trailing_zeros() - low) as usize;
            let head = head(self.text, block * 64 + low as usize);
            if let Some(key) = self.engine.known.may_hold(head, length) {
                let last = word_before(block, starts & (bit - 1), ends).or(last);
                heard.note(self.engine, last.map(|(start, end)| word_key(self.text, start, end)), key, end);
            }
        }
    }

    /// Of the words that begin at the bits `starts` of a block and end at some of `ends` those that may be known by how they begin, and
    /// those that may be known as they are. Nothing is decided on the way, since what a word is cannot be foreseen.
    #[inline(always)]
    fn beginnings(self, block: usize, mut starts: u64, ends: u64) -> (u64, u64) {
        let (mut any, mut known) = (0, 0);
        while starts != 0 {
            let bit = starts & starts.wrapping_neg();
            starts ^= bit;
            let low = bit.trailing_zeros();
            let beginning = self.engine.known.beginning(first_letters(self.text, block * 64 + low as usize));
            let end = end_behind(bit, ends);
            any |= if beginning.is_any() { bit } else { 0 };
            let is_known = beginning.has((end.trailing_zeros() - low) as usize);
            known |= if is_known { bit } else { 0 };
        }
        // The word that goes on in the next block is read with that.
        let before_end = if ends == 0 { 0 } else { u64::MAX >> ends.leading_zeros() >> 1 };
        (any, known & before_end)
    }

    /// Reads the word at `start`, which reaches to the end of `block` or beyond. One that is longer than any known one is left out.
    #[inline(never)]
    fn further(self, masks: &Masks, block: usize, start: usize, carry: &mut Carry) {
        let last = carry.last.take();
        carry.heard = Heard::default();
        let Some(classes) = masks.blocks().get(block + 1) else { return };
        let stops = !letters(classes) | humps(classes, masks.blocks()[block].smalls);
        if stops == 0 {
            return;
        }
        let bit = stops.trailing_zeros();
        let (head, end) = (head(self.text, start), (block + 1) * 64 + bit as usize);
        (carry.ends, carry.last) = (1 << bit, Some((start, end)));
        if let Some(key) = self.engine.known.may_hold(head, end - start) {
            let last = last.map(|(start, end)| word_key(self.text, start, end));
            carry.heard.note(self.engine, last, key, 1 << bit);
        }
    }
}

/// The bits of a block before which a number may end that stands behind a name in the block before.
const NUMBERED: u64 = 0b111;

/// One place behind the digits, two at most, that stand behind the names that end before the bits `names`, perhaps with a `_`
/// between them.
#[inline(always)]
fn behind_numbers(names: u64, classes: &Classes) -> u64 {
    let lines = classes.words & !alnums(classes);
    let one = ((names | (names & lines) << 1) & classes.digits) << 1;
    one | (one & classes.digits) << 1
}

/// One place behind the last of the letters that begin at the bits `glued` of a block, or before it if they go on, as bits.
#[inline(always)]
fn behind_glued(letters: u64, glued: u64, goes_on: &mut bool) -> u64 {
    // A bit added to the first of them moves to what stands behind the last.
    let (moved, is_over) = letters.overflowing_add(glued);
    let (moved, was_over) = moved.overflowing_add((*goes_on).into());
    *goes_on = is_over | was_over;
    moved & !letters
}

/// The first of `ends` behind `bit`, 0 if there is none.
#[inline(always)]
fn end_behind(bit: u64, ends: u64) -> u64 {
    let further = ends & !(bit ^ (bit - 1));
    further & further.wrapping_neg()
}

/// The last of the words that begin at the bits `starts` of a block and end at some of `ends`, if there is one.
#[inline(always)]
fn word_before(block: usize, starts: u64, ends: u64) -> Option<(usize, usize)> {
    let bit = 63_u32.checked_sub(starts.leading_zeros())?;
    let start = block * 64 + bit as usize;
    Some((start, start + (ends >> bit >> 1).trailing_zeros() as usize + 1))
}
