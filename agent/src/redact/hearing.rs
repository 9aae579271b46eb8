//! What the words of a text may be: beginnings of something known, words that speak for a number, names that a value stands behind.
//! Every word is looked at once, by its first bytes and its length, and filters deny nearly all: then nothing that needs a word is
//! asked, and no word is read.

use std::ops::Range;

use vigie_parsers::simd::Classes;

use super::context::{BEFORE, Lengths};
use super::engine::Engine;
use super::filter::{first_letters, head, word_key};
use super::known::Roles;
use super::masks::{self, Masks, NO_CLASSES, alnums, humps, letters};

/// Longest name of an option, in bytes.
const OPTION: usize = 48;
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
    /// One place behind known words that may be names.
    names: u64,
    /// One place behind what may be the name of a month.
    months: u64,
}

const NOTHING: Heard = Heard { heads: 0, speaking: 0, lengths: Lengths::NONE, names: 0, months: 0 };

/// The words of one text, 64 bytes at once.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    blocks: Vec<Heard>,
    /// Letters beyond ASCII, ends of words that may speak and of names of months in any block, as bits.
    highs: u64,
    speaking: u64,
    months: u64,
    /// The lengths of runs that all words together may speak for.
    lengths: Lengths,
    /// The block of which names were asked for last, and these.
    named: (usize, u64),
}

impl Hearing {
    /// Takes in the words of `text` in place of the last one. To be called as work with bits.
    #[inline(always)]
    pub(super) fn read(&mut self, engine: &Engine, masks: &Masks, text: &[u8]) {
        let (mut before, mut highs, blocks) = (&NO_CLASSES, 0, masks.blocks());
        self.named.0 = usize::MAX;
        // What is there already is written over.
        if self.blocks.len() != blocks.len() {
            self.resize(blocks.len());
        }
        // Most texts are of one block, of which there is less to be told.
        if let ([only], [heard]) = (blocks, &mut *self.blocks) {
            let reader = Reader { engine, text, blocks: std::slice::from_ref(only) };
            reader.block(0, (before, only), &Bounds::NONE, heard);
            (self.highs, self.speaking) = (only.highs, heard.speaking);
            (self.months, self.lengths) = (heard.months, heard.lengths);
            return;
        }
        let reader = Reader { engine, text, blocks };
        (self.speaking, self.months, self.lengths) = (0, 0, Lengths::NONE);
        let mut bounds = Bounds::NONE;
        for (block, (classes, heard)) in blocks.iter().zip(&mut self.blocks).enumerate() {
            bounds = reader.block(block, (before, classes), &bounds, heard);
            (highs, self.months) = (highs | classes.highs, self.months | heard.months);
            self.speaking |= heard.speaking;
            self.lengths = self.lengths.and(heard.lengths);
            before = classes;
        }
        self.highs = highs;
    }

    #[inline(never)]
    fn resize(&mut self, blocks: usize) {
        self.blocks.resize(blocks, Heard::default());
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

    /// Whether any word may speak for anything.
    #[inline(always)]
    pub(super) fn speaks(&self) -> bool {
        self.speaking != 0
    }

    /// The same of those that end in one block.
    #[inline(always)]
    pub(super) fn speaks_in(&self, block: usize) -> bool {
        self.block(block).speaking != 0
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

    /// The bytes of one block behind names that may be known: behind known words, behind what is looked at byte by byte, and behind
    /// numbers that stand behind these.
    #[inline(always)]
    pub(super) fn names(&mut self, blocks: &[Classes], block: usize) -> u64 {
        self.named = (block, self.names_of(blocks, block));
        self.named.1
    }

    #[inline(always)]
    fn names_of(&self, blocks: &[Classes], block: usize) -> u64 {
        let classes = blocks.get(block).unwrap_or(&NO_CLASSES);
        let before = block.checked_sub(1).map_or(&NO_CLASSES, |before| &blocks[before]);
        let (letters, alnums) = (letters(classes), alnums(classes));
        let behind = (alnums << 1 | masks::alnums(before) >> 63) & !alnums;
        // A bit added to the first of the letters behind digits, or to those of the block before, moves to what stands behind the last.
        let glued = letters & (classes.digits << 1 | before.digits >> 63);
        let moved = letters.wrapping_add(glued | masks::letters(before) >> 63);
        // No name is a letter by itself: the one before an hour is none, `2026-11-28T10:42`.
        let lone = glued & !(letters >> 1 | 1 << 63);
        let highs =
            if classes.highs | before.highs == 0 { 0 } else { behind | classes.highs << 1 | before.highs >> 63 };
        let names = self.block(block).names | moved & !letters & !(lone << 1) | highs;
        let numbered = behind & (classes.digits << 1 | before.digits >> 63) & NUMBERED;
        names | behind_numbers(names, classes) | numbered
    }

    /// Whether a name that may be known ends before `end`.
    #[inline(always)]
    pub(super) fn may_be_name(&mut self, masks: &Masks, end: usize) -> bool {
        let (block, bit) = (end / 64, 1 << (end % 64));
        if block != self.named.0 {
            self.other_names(masks, block);
        }
        self.named.1 & bit != 0
    }

    #[inline(never)]
    fn other_names(&mut self, masks: &Masks, block: usize) {
        self.names(masks.blocks(), block);
    }

    /// Whether the name of a month may stand right before the number at `at`, or behind its few digits.
    #[inline(always)]
    pub(super) fn may_be_dated(&self, at: usize) -> bool {
        if self.highs != 0 || self.months == 0 {
            return self.highs != 0;
        }
        let (block, bit) = (at / 64, at % 64);
        let before = if bit == 0 && block > 0 { self.block(block - 1).months >> 63 } else { 0 };
        let here = self.block(block).months >> bit.saturating_sub(1) | before;
        let behind = if bit > 64 - MONTH { self.block(block + 1).months << (64 - bit) } else { 0 };
        (here | behind) & ((1 << MONTH) - 1) != 0
    }

    /// Where numbers in one block begin before or behind which that may stand, as bits, and some more.
    #[inline(always)]
    pub(super) fn dated(&self, block: usize) -> u64 {
        const { assert!(MONTH == 24) };
        if self.highs != 0 || self.months == 0 {
            return if self.highs != 0 { u64::MAX } else { 0 };
        }
        self.near_months(block)
    }

    #[inline(always)]
    fn near_months(&self, block: usize) -> u64 {
        let before = if block > 0 { self.block(block - 1).months >> 63 } else { 0 };
        let (here, next) = (self.block(block).months, self.block(block + 1).months);
        if before | here | next == 0 { 0 } else { near_months(before, here, next) }
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

impl Heard {
    /// Notes what the word of this `key` may be, which begins at `at` of a text and ends at the bit `end`. `before` gives the key of the
    /// word before it, if that is known.
    #[inline(never)]
    fn note(&mut self, reader: &Reader<'_>, before: impl FnOnce() -> Option<u64>, key: u64, (at, end): (usize, u64)) {
        let engine = reader.engine;
        let roles = engine.known.roles(key);
        self.months |= if roles.has(Roles::MONTH) { end } else { 0 };
        let (may_speak, may_name) = (roles.has(Roles::SPEAKING), roles.has(Roles::NAME));
        if !may_speak && !may_name {
            return;
        }
        let before = if may_speak || !roles.has(Roles::ALONE) { before() } else { None };
        if may_speak && engine.words.may_end(before, key) {
            self.speaking |= end;
            self.lengths = self.lengths.and(engine.words.lengths(before, key));
        }
        self.names |= if may_name && engine.pairs.may_end(before, || reader.byte_before(at), key) { end } else { 0 };
    }
}

/// Whether any of the words that begin at the bits `starts` of a text of one block may be known by how it begins.
#[inline(always)]
pub(super) fn has_heads(engine: &Engine, text: &[u8], classes: &Classes, mut starts: u64) -> bool {
    let stops = !letters(classes) | humps(classes, 0);
    while starts != 0 {
        let low = starts.trailing_zeros();
        let (head, further) = (first_letters(text, low as usize), (stops >> low >> 1).trailing_zeros());
        if engine.known.beginning(head, further).is_any() && engine.literals.may_begin(head) {
            return true;
        }
        starts &= starts - 1;
    }
    false
}

/// Whether the word that begins at `at` of `text`, in the middle of letters or behind a `_`, belongs to the name of an option, `--dbPassword`,
/// or ends that of a value behind an arrow: `db_password -> x`.
#[inline(never)]
pub(super) fn is_within_option(text: &[u8], at: usize) -> bool {
    let before = text.get(at.saturating_sub(OPTION)..at).unwrap_or_default();
    let letters = before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    letters > 0 && before[..before.len() - letters].ends_with(b"-")
        || is_before_arrow(text.get(at..).unwrap_or_default())
}

/// Whether an arrow stands behind the word that `text` begins with.
pub(super) fn is_before_arrow(text: &[u8]) -> bool {
    let word = text.iter().take(OPTION).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let spaces = text[word..].iter().take(3).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    text[word + spaces..].starts_with(b"->")
}

/// Where numbers in one block begin before or behind which the name of a month may stand that ends at one of the bits `here`, at the last one
/// `before`, or at one of the `next` ones.
#[inline(never)]
fn near_months(before: u64, here: u64, next: u64) -> u64 {
    let near = [1, 2, 4, 8, 8].into_iter().fold(here, |near, bytes| near | near >> bytes);
    // From so many bytes before the first one of the next block on.
    let next = next << (65 - MONTH);
    before | here << 1 | near | next | next.wrapping_neg()
}

/// Where the words of one block begin and end, as bits.
struct Bounds {
    /// First letters of words: not those behind digits, which are no words but in names that are looked at byte by byte.
    words: u64,
    /// The same with those.
    all: u64,
    /// What no word goes on at, and one place behind the last letters of words.
    stops: u64,
    ends: u64,
}

impl Bounds {
    const NONE: Self = Self { words: 0, all: 0, stops: 0, ends: 0 };

    /// Whether the last word goes on in the next block.
    #[inline(always)]
    fn goes_on(&self) -> bool {
        let Some(low) = 63_u32.checked_sub(self.all.leading_zeros()) else { return false };
        self.words >> low & 1 == 1 && self.stops >> low >> 1 == 0
    }

    /// Those of a block, behind another.
    #[inline(always)]
    fn of(before: &Classes, classes: &Classes) -> Self {
        let (humps, letters) = (humps(classes, before.smalls), letters(classes));
        let words = letters & !(alnums(classes) << 1 | alnums(before) >> 63) | humps;
        let glued = letters & (classes.digits << 1 | before.digits >> 63);
        let stops = !letters | humps;
        Self { words, all: words | glued, stops, ends: stops & letters << 1 }
    }
}

/// Reads the words of one text.
struct Reader<'a> {
    engine: &'a Engine,
    text: &'a [u8],
    blocks: &'a [Classes],
}

impl Reader<'_> {
    /// Reads the words that end in one block, behind another with the words `last`, and puts them in `heard`. Gives where those of this
    /// block are.
    #[inline(always)]
    fn block(&self, block: usize, (before, classes): (&Classes, &Classes), last: &Bounds, heard: &mut Heard) -> Bounds {
        *heard = NOTHING;
        let bounds = Bounds::of(before, classes);
        let whole = !(classes.words << 1 | before.words >> 63);
        let mut words = self.beginnings(block, &bounds);
        while words != 0 {
            let bit = words & words.wrapping_neg();
            words ^= bit;
            self.word(block, bit, (whole, &bounds), heard);
        }
        if letters(before) >> 63 != 0 && last.goes_on() && bounds.stops != 0 {
            self.first(block, last, bounds.stops, heard);
        }
        // Words with letters beyond ASCII may be any.
        if classes.highs != 0 {
            heard.speaking |= classes.highs;
            heard.lengths = Lengths::ALL;
        }
        bounds
    }

    /// The words that begin in a block and may be known as they are, or by how they begin. Nothing is decided on the way, since what a
    /// word is cannot be foreseen.
    #[inline(always)]
    fn beginnings(&self, block: usize, bounds: &Bounds) -> u64 {
        let text = self.text.get(block * 64..).unwrap_or_default();
        match text.first_chunk::<WHOLE>() {
            Some(whole) => self.known_words(bounds, |low| first_letters(whole, low & 63)),
            None => self.known_words(bounds, |low| first_letters(text, low)),
        }
    }

    /// The same, of words whose first four bytes `head` gives.
    #[inline(always)]
    fn known_words(&self, bounds: &Bounds, head: impl Fn(usize) -> u32) -> u64 {
        let (beginnings, ends) = (self.engine.known.beginnings(), bounds.ends >> 1);
        // Of what begins with the last bytes and goes on in the next block not all letters are told.
        let (mut words, mut known) = (bounds.words, bounds.words & LAST);
        while words != 0 {
            let low = words.trailing_zeros();
            words &= words - 1;
            let further = (ends >> low).trailing_zeros();
            let beginning = beginnings.of(head(low as usize), further);
            known |= beginning.has(further) << low;
        }
        known
    }

    /// Notes what the word may be that begins at `bit` of a block. At the bits `whole` nothing of a word stands before one.
    #[inline(always)]
    fn word(&self, block: usize, bit: u64, (whole, bounds): (u64, &Bounds), heard: &mut Heard) {
        let low = bit.trailing_zeros();
        let head = head(self.text, block * 64 + low as usize);
        let is_head = self.engine.literals.may_begin(head as u32)
            && (whole & bit != 0 || is_within_option(self.text, block * 64 + low as usize));
        heard.heads |= if is_head { bit } else { 0 };
        // The word that goes on in the next block is read with that.
        let behind = bounds.ends >> low >> 1;
        let length = behind.trailing_zeros() as usize + 1;
        if behind != 0
            && let Some(key) = self.engine.known.may_hold(head, length)
        {
            let at = block * 64 + low as usize;
            heard.note(self, || self.key_before(block, bounds, bit), key, (at, bit << length));
        }
    }

    /// The key of the word before that which begins at `bit` of a block, if it is known. Of the blocks before only the last one is
    /// looked at.
    #[inline(always)]
    fn key_before(&self, block: usize, bounds: &Bounds, bit: u64) -> Option<u64> {
        let before = bounds.all & (bit - 1);
        match 63_u32.checked_sub(before.leading_zeros()) {
            Some(low) => {
                let start = block * 64 + low as usize;
                let length = (bounds.ends >> low >> 1).trailing_zeros() as usize + 1;
                Some(word_key(self.text, start, start + length))
            }
            None => self.key_in_block_before(block, bounds.stops),
        }
    }

    /// That of the last word that begins in the block before, which ends before the first of the bits `stops` of this block. Before the
    /// first block there is none, which is known.
    #[inline(never)]
    fn key_in_block_before(&self, block: usize, stops: u64) -> Option<u64> {
        let Some(number) = block.checked_sub(1) else { return Some(word_key(self.text, 0, 0)) };
        let bounds = self.bounds(number);
        let low = 63_u32.checked_sub(bounds.all.leading_zeros())?;
        let (start, behind) = (number * 64 + low as usize, bounds.stops >> low >> 1);
        if behind != 0 {
            return Some(word_key(self.text, start, start + 1 + behind.trailing_zeros() as usize));
        }
        let is_word = bounds.words >> low & 1 == 1 && stops != 0;
        is_word.then(|| word_key(self.text, start, block * 64 + stops.trailing_zeros() as usize))
    }

    /// Notes what the word may be that begins in the block before and ends before the first of the bits `stops` of this one. One that is
    /// longer than any known one is left out.
    #[inline(never)]
    fn first(&self, block: usize, last: &Bounds, stops: u64, heard: &mut Heard) {
        let Some(number) = block.checked_sub(1) else { return };
        let Some(low) = 63_u32.checked_sub(last.all.leading_zeros()) else { return };
        let (start, end) = (number * 64 + low as usize, stops & stops.wrapping_neg());
        let head = head(self.text, start);
        if let Some(key) = self.engine.known.may_hold(head, block * 64 + end.trailing_zeros() as usize - start) {
            heard.note(self, || self.key_before(number, last, 1 << low), key, (start, end));
        }
    }

    /// The byte before `at`, 0 before the first.
    fn byte_before(&self, at: usize) -> u8 {
        at.checked_sub(1).and_then(|before| self.text.get(before)).copied().unwrap_or_default()
    }

    fn bounds(&self, block: usize) -> Bounds {
        let before = block.checked_sub(1).map_or(&NO_CLASSES, |before| &self.blocks[before]);
        Bounds::of(before, &self.blocks[block])
    }
}

/// Bytes of a block with those behind it that a word may have which begins in it, of its first four.
const WHOLE: usize = 64 + 3;

/// The last bytes of a block, in which a word has less than four letters.
const LAST: u64 = 0b111 << 61;

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
