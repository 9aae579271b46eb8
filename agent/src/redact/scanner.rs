//! Looks through one text: where something may begin, each byte a bounded number of times.
//!
//! The kinds of all bytes are told at once, as bits. What may begin a value comes of them by arithmetic: words with digits, words with
//! the four bytes of a known beginning, marks. All other words are never looked at.

use std::ops::Range;
use std::sync::Arc;

use vigie_parsers::simd::{BitWork, Classes, expect_behind};

use super::aside::Aside;
use super::beside::{Beside, open_pairs, unnamed};
use super::chains::SpokenOnly;
use super::commands::Options;
use super::context::Context;
use super::decode::Decoded;
use super::engine::Engine;
use super::fence::Fences;
use super::hearing::{Hearing, is_within_option};
use super::keys::{Key, Keys};
use super::loud::Loud;
use super::masks::{Masks, NO_CLASSES, Word, behind_lines, humps, letters, long_capitals};
use super::memory::Memory;
use super::moment::Stem;
use super::named::Names;
use super::reach::Reach;
use super::resolve::unite;
use super::rest::Denied;
use super::shapes::{Forms, Shapes};
use super::story::Story;
use super::{Candidate, Finding, Place};

/// Bytes of the shortest value, and what leads to it, that is not told by its key.
pub(super) const SHORTEST: usize = 5;

/// Longest name in brackets behind another name, in bytes.
const INDEX: usize = 48;

/// Digits that are nobody's by chance, even with letters around them.
const LONG: usize = 12;

/// Looks for values with one engine: one for each worker, since it keeps what it works with.
#[derive(Debug)]
pub struct Scanner {
    pub(super) engine: Arc<Engine>,
    pub(super) masks: Masks,
    decoded: Decoded,
    hearing: Hearing,
    story: Story,
    pub(super) shapes: Shapes,
    pub(super) forms: Forms,
    names: Names,
    pub(super) keys: Keys,
    options: Options,
    denied: Vec<Denied>,
    pub(super) memory: Memory,
    stem: Stem,
    /// The strings of the last text if it is JSON, once they were asked for.
    fences: Option<Option<Fences>>,
    doubts: Doubts,
    /// The context that was read last, and before which place.
    context: (usize, Context),
    #[cfg(any(test, fuzzing))]
    steps: u64,
    #[cfg(any(test, fuzzing))]
    plain: bool,
}

impl Scanner {
    /// One that looks for what `engine` knows.
    pub fn new(engine: Arc<Engine>) -> Self {
        let memory = Memory::new(Aside::new(Arc::clone(&engine)));
        Self {
            engine,
            masks: Masks::default(),
            decoded: Decoded::default(),
            hearing: Hearing::default(),
            story: Story::default(),
            shapes: Shapes::default(),
            forms: Forms::default(),
            names: Names::default(),
            keys: Keys::new(),
            options: Options::default(),
            denied: Vec::new(),
            memory,
            stem: Stem::default(),
            fences: None,
            doubts: Doubts::default(),
            context: (usize::MAX, Context::NONE),
            #[cfg(any(test, fuzzing))]
            steps: 0,
            #[cfg(any(test, fuzzing))]
            plain: false,
        }
    }

    /// Places looked at and detectors asked by the last scan, to hold it linear.
    #[cfg(any(test, fuzzing))]
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// One that looks at every word and asks every detector: slow, and finds the same.
    #[cfg(any(test, fuzzing))]
    pub(super) fn plain(engine: Arc<Engine>) -> Self {
        Self { plain: true, ..Self::new(engine) }
    }

    /// One that works as on another processor.
    #[cfg(any(test, fuzzing))]
    pub(super) fn with_bits(engine: Arc<Engine>, bits: vigie_parsers::simd::Bits) -> Self {
        Self { masks: Masks::with_bits(bits), ..Self::new(engine) }
    }

    /// Whether nothing is passed over, to hold what is passed over against what is there.
    #[inline(always)]
    fn is_plain(&self) -> bool {
        #[cfg(any(test, fuzzing))]
        return self.plain;
        #[cfg(not(any(test, fuzzing)))]
        false
    }

    /// Appends what is found in `text`, sorted by start; what overlaps is one finding, with the name of the surest.
    ///
    /// Takes time in proportion to the length of `text`, of which the first 4 GiB count.
    pub fn scan(&mut self, text: &[u8], place: Place<'_>, found: &mut Vec<Finding>) {
        let text = &text[..text.len().min(u32::MAX as usize)];
        expect_behind(text);
        let first = found.len();
        self.forget_fences();
        self.look_anew(text, place, found);
        if self.decoded.turns() {
            self.look_apart(text, place, found);
            unite(found, first);
        }
    }

    /// Looks once more, with an end where codes for nothing stand between words.
    #[cold]
    #[inline(never)]
    fn look_apart(&mut self, text: &[u8], place: Place<'_>, found: &mut Vec<Finding>) {
        self.look_anew(text, place, found);
        self.decoded.turns();
    }

    #[inline(always)]
    fn look_anew(&mut self, text: &[u8], place: Place<'_>, found: &mut Vec<Finding>) {
        self.options.clear();
        self.denied.clear();
        self.story.clear();
        self.memory.clear();
        self.context.0 = usize::MAX;
        self.look_through(text, place, found);
    }

    /// The strings of `text`, which was looked through last, if it is JSON.
    pub fn fences(&mut self, text: &[u8], is_escaped: bool) -> Option<&Fences> {
        self.fences.get_or_insert_with(|| Fences::of(text, is_escaped)).as_ref()
    }

    /// Forgets them, so that those of another text are asked for.
    #[inline(always)]
    pub fn forget_fences(&mut self) {
        // Most texts have none.
        if self.fences.is_some() {
            self.fences = None;
        }
    }

    /// The same once they were asked for.
    pub fn known_fences(&self) -> Option<&Fences> {
        self.fences.as_ref()?.as_ref()
    }

    #[inline(always)]
    fn look_through(&mut self, text: &[u8], place: Place<'_>, found: &mut Vec<Finding>) {
        let (is_plain, first, key) = (self.is_plain(), found.len(), self.keys.say(&self.engine, place.key));
        if text.len() < SHORTEST && key.named.is_none() && !is_plain {
            return;
        }
        let has_codes = self.masks.read(text);
        if !has_codes && !is_plain {
            match key.named {
                None if is_idle(&self.engine, &self.masks, text) => return,
                Some(detector) if self.engine.is_whole(detector, text, key.kind) => {
                    let end = text.len() as u32;
                    return found.push(Finding { start: 0, end, detector, score: NAMED });
                }
                _ => {}
            }
        }
        let is_coded = has_codes && decode((&mut self.decoded, &mut self.masks), text, place);
        let written = if is_coded { Some((text, &*self.decoded.places)) } else { None };
        let text = if is_coded { &self.decoded.text } else { text };
        let mut pass = Pass {
            engine: &self.engine,
            text,
            written,
            masks: &self.masks,
            hearing: &mut self.hearing,
            story: &mut self.story,
            shapes: &mut self.shapes,
            forms: &mut self.forms,
            names: &mut self.names,
            options: &mut self.options,
            denied: &mut self.denied,
            key,
            is_keyed: !place.key.is_empty(),
            is_escaped: place.escaped,
            found,
            next: 0,
            cut_end: usize::MAX,
            unnamed: 0,
            items_end: 0,
            rows_end: 0,
            chain_end: 0,
            hex_end: 0,
            is_spoken_far: false,
            spoken_only: SpokenOnly::default(),
            reach: Reach::default(),
            memory: &mut self.memory,
            stem: &mut self.stem,
            fences: &mut self.fences,
            first,
            context: &mut self.context,
            asked: 0,
            #[cfg(any(test, fuzzing))]
            steps: 0,
            #[cfg(any(test, fuzzing))]
            plain: self.plain,
        };
        let was_asked = !has_codes && !is_plain;
        let is_whole = !was_asked && pass.key.named.is_some_and(|detector| pass.whole(detector))
            || pass.key.is_track && pass.lettered(0, text.len());
        if !is_whole && !self.doubts.glance(&mut pass) {
            pass.begin_anew();
            pass.masks.bits().work(Look { pass: &mut pass });
        }
        #[cfg(any(test, fuzzing))]
        {
            self.steps = pass.steps;
        }
        self.finish(found, first, is_coded);
    }

    /// Gives what was `found` from `first` on in places of the text as it is written, if that `is_coded`, each place once.
    #[inline(always)]
    fn finish(&mut self, found: &mut Vec<Finding>, first: usize, is_coded: bool) {
        if found.len() == first {
            return;
        }
        if is_coded {
            self.decoded.give_back(&mut found[first..]);
        }
        unite(found, first);
    }
}

/// Replaces the codes in `text`, of whose bytes `masks` tell the kinds, if there are any.
#[inline(always)]
fn decode((decoded, masks): (&mut Decoded, &mut Masks), text: &[u8], place: Place<'_>) -> bool {
    let is_coded = decoded.read(text, masks.blocks(), place.escaped);
    if is_coded {
        masks.read(&decoded.text);
    }
    is_coded
}

/// One look through one text.
struct Look<'a, 'b> {
    pass: &'a mut Pass<'b>,
}

impl BitWork for Look<'_, '_> {
    #[inline(always)]
    fn work(self) {
        self.pass.run();
    }
}

/// What is done first with one text: its words are taken in and, if it `is_glanced` at, it is told whether nothing can be found in it.
struct Glance<'a, 'b> {
    pass: &'a mut Pass<'b>,
    is_glanced: bool,
    is_quiet: &'a mut bool,
}

impl BitWork for Glance<'_, '_> {
    #[inline(always)]
    fn work(self) {
        let pass = self.pass;
        pass.hearing.read(pass.engine, pass.masks, pass.text);
        *self.is_quiet = self.is_glanced && pass.is_quiet();
    }
}

#[inline(always)]
fn is_quiet(pass: &mut Pass<'_>, is_glanced: bool) -> bool {
    let mut is_quiet = false;
    pass.masks.bits().work(Glance { pass, is_glanced, is_quiet: &mut is_quiet });
    is_quiet
}

/// Whether a first glance pays: with texts of one source it does nearly always or nearly never.
#[derive(Debug, Default)]
struct Doubts {
    /// Glances that were not sure of late, more or less.
    many: u8,
    /// Texts that were looked through without.
    without: u8,
}

impl Doubts {
    /// Bytes of the longest text that is glanced at in any case.
    const SHORT: usize = 64;
    const MOST: u8 = 16;

    /// Has the words of a text taken in, and gives whether nothing is found in it, if it is glanced at.
    #[inline(always)]
    fn glance(&mut self, pass: &mut Pass<'_>) -> bool {
        let is_glanced = self.may_glance(pass.text);
        let is_quiet = is_quiet(pass, is_glanced);
        is_glanced && self.note(is_quiet)
    }

    /// Whether to glance at `text`. One text of some is glanced at in any case, to see whether things have changed.
    #[inline(always)]
    fn may_glance(&mut self, text: &[u8]) -> bool {
        self.without = if self.many < Self::MOST / 2 || text.len() <= Self::SHORT { 0 } else { self.without + 1 };
        self.without.is_multiple_of(Self::MOST)
    }

    /// Notes what a glance gave, and gives it back.
    #[inline(always)]
    fn note(&mut self, is_sure: bool) -> bool {
        self.without = 0;
        self.many = if is_sure { self.many.saturating_sub(1) } else { (self.many + 1).min(Self::MOST) };
        is_sure
    }
}

/// Whether `text` is a short one of words alone, none of which may be known by how it begins: most values of fields are.
#[inline(always)]
fn is_idle(engine: &Engine, masks: &Masks, text: &[u8]) -> bool {
    let [classes] = masks.blocks() else { return false };
    if classes.digits | classes.marks | classes.pairs != 0 {
        return false;
    }
    let starts = classes.words & !(classes.words << 1);
    let humps = humps(classes, 0) | behind_lines(classes, &NO_CLASSES);
    let options = if humps != 0 && memchr::memchr(b'-', text).is_some() { humps } else { 0 };
    long_capitals(classes, 0, starts) == 0
        && !super::hearing::has_heads(engine, text, classes, starts & letters(classes) | options)
}

/// One way through one text.
pub(super) struct Pass<'a> {
    pub(super) engine: &'a Engine,
    pub(super) text: &'a [u8],
    /// The text with its codes, if it has any, and where each byte of `text` began in it.
    pub(super) written: Option<(&'a [u8], &'a [u32])>,
    pub(super) masks: &'a Masks,
    pub(super) hearing: &'a mut Hearing,
    pub(super) story: &'a mut Story,
    pub(super) shapes: &'a mut Shapes,
    pub(super) forms: &'a mut Forms,
    pub(super) names: &'a mut Names,
    pub(super) options: &'a mut Options,
    /// Values that are none of what their names tell.
    pub(super) denied: &'a mut Vec<Denied>,
    pub(super) key: &'a Key,
    pub(super) is_keyed: bool,
    /// Whether the text is the inside of a JSON string.
    pub(super) is_escaped: bool,
    pub(super) found: &'a mut Vec<Finding>,
    /// What stands before this is done with.
    pub(super) next: usize,
    /// One place behind the word within which the last value ends, if it ends within one.
    pub(super) cut_end: usize,
    /// No name of a value stands right before this.
    pub(super) unnamed: usize,
    /// What stands in brackets before this was kept as secrets.
    pub(super) items_end: usize,
    /// Rows of statements before this have been looked through.
    pub(super) rows_end: usize,
    /// Groups before this have been in a chain.
    pub(super) chain_end: usize,
    /// Whether a word may speak for the chains that are judged, however far it stands before them.
    pub(super) is_spoken_far: bool,
    /// Chains in which nothing counts without a word.
    pub(super) spoken_only: SpokenOnly,
    /// Colons before this have been looked at as parts of addresses.
    pub(super) hex_end: usize,
    /// How far was looked back last.
    pub(super) reach: Reach,
    /// What was read of the text already.
    pub(super) memory: &'a mut Memory,
    /// How dates begin.
    pub(super) stem: &'a mut Stem,
    /// The strings of a text in JSON, once it was asked for them.
    pub(super) fences: &'a mut Option<Option<Fences>>,
    /// The first finding in this text.
    pub(super) first: usize,
    /// The context that was read last, and before which place.
    pub(super) context: &'a mut (usize, Context),
    /// Marks, known names and known beginnings that were looked at.
    pub(super) asked: usize,
    #[cfg(any(test, fuzzing))]
    pub(super) steps: u64,
    #[cfg(any(test, fuzzing))]
    plain: bool,
}

/// What goes on from one block to the next.
struct Carry {
    /// Whether the last byte belongs to a word.
    is_word: bool,
    /// Whether that word has no digit so far.
    is_digitless: bool,
    /// What chains are known by.
    loud: Option<Loud>,
}

impl Pass<'_> {
    #[inline(always)]
    fn run(&mut self) {
        let mut carry = Carry { is_word: false, is_digitless: false, loud: self.loud() };
        for number in 0..self.masks.blocks().len() {
            self.block(number, &mut carry);
        }
        self.ask_again();
    }

    /// Looks at what begins in one block.
    #[inline(always)]
    fn block(&mut self, number: usize, carry: &mut Carry) {
        let blocks = self.masks.blocks();
        let classes = &blocks[number];
        let starts = classes.words & !(classes.words << 1 | u64::from(carry.is_word));
        let mut digits = first_digits(classes, starts, carry);
        let dated = if digits == 0 { 0 } else { self.dated(number) };
        if let Some(loud) = &mut carry.loud {
            digits = self.loud_digits((blocks, number), (digits, starts, dated), loud);
        }
        let mut events = digits | classes.marks | classes.pairs | self.heads(number, classes, starts);
        if events == 0 {
            return;
        }
        let beside = if digits == 0 { Beside::NONE } else { Beside::of(blocks, number, dated) };
        if digits != 0 && !self.is_plain() {
            events &= !beside.idle(digits & starts);
        }
        let mut near = u64::MAX;
        if classes.pairs != 0 && !self.is_plain() {
            let behind_others;
            (behind_others, near) = open_pairs(blocks, number);
            // Most pairs have another name before them than those that are known.
            let names = self.hearing.names(blocks, number);
            events &= !classes.pairs | near | behind_others | names | self.behind_cut(number);
            let quoted = classes.pairs & behind_others & !near & unnamed(blocks, number, names);
            events &= !self.unnamed_marks(number, quoted & !(self.behind_cut(number) << 1));
        }
        while events != 0 {
            let bit = events & events.wrapping_neg();
            events ^= bit;
            let at = number * 64 + bit.trailing_zeros() as usize;
            if at < self.next {
                continue;
            }
            if digits & bit != 0 {
                self.number_word(at, (classes, &beside), bit, starts & bit != 0);
            } else {
                self.look(at, near & bit != 0);
                let cut = self.behind_cut(number);
                events |= classes.pairs & (cut | cut << 1) & !(bit | (bit - 1));
            }
        }
    }

    /// Words in one block that may be known by how they begin.
    #[inline(always)]
    fn heads(&self, block: usize, classes: &Classes, starts: u64) -> u64 {
        if self.is_plain() {
            let before = block.checked_sub(1).map_or(&NO_CLASSES, |before| &self.masks.blocks()[before]);
            let is_option = |bit: &u32| is_within_option(self.text, block * 64 + *bit as usize);
            let humps = humps(classes, before.smalls) | behind_lines(classes, before);
            let options = (0..64).filter(|bit| humps >> bit & 1 == 1).filter(is_option);
            return starts & letters(classes) | options.fold(0, |bits, bit| bits | 1 << bit);
        }
        let next = self.masks.blocks().get(block + 1).map_or(0, |next| next.capitals);
        long_capitals(classes, next, starts) | self.hearing.heads(block)
    }

    /// Looks at what begins at `at`; whether another colon may be near.
    #[inline(never)]
    pub(super) fn look(&mut self, at: usize, is_near: bool) {
        self.step();
        self.asked += 1;
        let (next, first, before) = (self.next, self.found.len(), (self.rows_end, self.chain_end, self.hex_end));
        let items_end = self.items_end;
        self.look_by_mark(at, is_near);
        if let Some(end) = self.end_passed(at, first) {
            self.found.truncate(first);
            self.reach.forget();
            (self.next, (self.rows_end, self.chain_end, self.hex_end)) = (next, before);
            self.items_end = items_end;
            self.look_within(at, end);
        }
        if self.next != next {
            self.cut_word();
        }
    }

    /// Looks again at the mark, element or word at `at` as if the text ended at `end`, with the string in which it stands. What else
    /// begins with marks goes over no quote.
    #[cold]
    #[inline(never)]
    fn look_within(&mut self, at: usize, end: usize) {
        let text = self.text;
        self.text = &text[..end];
        match self.byte(at) {
            b':' | b'=' => self.pair(at),
            b'<' if !self.unequal(at) && !self.element(at) => {
                self.next = super::token::token_length(&self.text[at..]).map_or(self.next, |length| at + length);
            }
            b'[' => {
                self.listed_pair(at);
            }
            letter if is_letter(letter) => {
                self.literal(at);
            }
            _ => {}
        }
        self.text = text;
    }

    #[inline(always)]
    fn look_by_mark(&mut self, at: usize, is_near: bool) {
        match self.text[at] {
            b'@' => self.address(at),
            b':' => {
                if !(is_near && self.hex_groups(at)) {
                    self.pair(at);
                }
            }
            b'=' => self.pair(at),
            b'\\' => self.domain_user(at),
            b'<' => self.bracket(at),
            b'[' => {
                if self.may_be_logged(at) {
                    self.logged_user(at);
                }
                let may_be_token = !self.listed_pair(at) && !self.listed_date(at) && self.may_be_token(at);
                if may_be_token && !self.is_index(at) && !self.is_member(at) {
                    self.skip_token(at);
                }
            }
            _ => self.word(at),
        }
    }

    /// Counts a place that is looked at, to hold scans linear.
    #[inline(always)]
    pub(super) fn step(&mut self) {
        #[cfg(any(test, fuzzing))]
        {
            self.steps += 1;
        }
    }

    /// Counts bytes that are read to find where something ends.
    #[inline(always)]
    pub(super) fn steps_of(&mut self, bytes: usize) {
        #[cfg(any(test, fuzzing))]
        {
            self.steps += bytes as u64;
        }
        #[cfg(not(any(test, fuzzing)))]
        let _unused = bytes;
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or_default()
    }

    /// The byte `back` bytes before `at`, 0 before the first.
    pub(super) fn byte_before(&self, at: usize, back: usize) -> u8 {
        at.checked_sub(back).map_or(0, |at| self.byte(at))
    }

    fn word(&mut self, at: usize) {
        if self.literal(at) || !self.text[at].is_ascii_uppercase() || !self.byte(at + 5).is_ascii_uppercase() {
            return;
        }
        let end = self.masks.word_end(at);
        if matches!(end - at, 8 | 11) {
            self.ask(self.engine.own.bic, at..end);
        }
    }

    /// A line for machines: letters, digits and `<`, two of them beside each other.
    fn bracket(&mut self, at: usize) {
        if self.unequal(at) || self.element(at) || self.skip_token(at) || self.engine.own.mrz.is_none() {
            return;
        }
        let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'<';
        if !is_part(&self.byte_before(at, 1)) && !is_part(&self.byte(at + 1)) {
            return;
        }
        let before = &self.text[self.next.max(at.saturating_sub(45))..at];
        let start = at - before.iter().rev().take_while(|byte| is_part(byte)).count();
        let ahead = self.text[at..].iter().take(46).take_while(|byte| is_part(byte)).count();
        let end = at + ahead;
        // The last one may open the end of an element.
        let end = end - usize::from(self.byte(end) == b'/' && self.byte(end - 1) == b'<');
        if matches!(end - start, 30 | 36 | 44) && self.ask(self.engine.own.mrz, start..end) {
            self.next = end;
        } else if end - at > 8 {
            // A flood of them is looked through once; what stands behind the last may be a value.
            let last = self.text[at..end].iter().rposition(|byte| *byte == b'<');
            self.next = at + last.unwrap_or_default() + 1;
        }
    }

    /// Whether what opens at `at` may be a token or have the looks of one.
    #[inline(always)]
    fn may_be_token(&self, at: usize) -> bool {
        self.byte(at + 1).is_ascii_lowercase() || self.may_have_key(at)
    }

    /// Leaves a token alone that stands for a value already.
    fn skip_token(&mut self, at: usize) -> bool {
        let Some(length) = super::token::token_length(&self.text[at..]) else {
            self.false_token(at);
            return false;
        };
        self.next = at + length;
        true
    }

    /// Whether a name stands in the brackets that open at `at`, as in forms, and no token: `user[password]=`.
    fn is_index(&self, at: usize) -> bool {
        if !self.byte_before(at, 1).is_ascii_alphanumeric() && !matches!(self.byte_before(at, 1), b'_' | b']') {
            return false;
        }
        let is_part = |byte: &&u8| byte.is_ascii_lowercase() || **byte == b'_';
        let length = self.text[at + 1..].iter().take(INDEX).take_while(is_part).count();
        matches!(self.text[at + 1 + length..], [b']', b'=' | b'[' | b'"' | b'\'', ..])
    }

    /// Whether the first colon behind a name that begins behind `at` may stand before the key of a token.
    #[inline(always)]
    pub(super) fn may_have_key(&self, at: usize) -> bool {
        let pairs = self.masks.ahead(at + 2, |classes| classes.pairs);
        let first = at + 2 + pairs.trailing_zeros() as usize;
        pairs != 0
            && match self.byte(first) {
                b':' => matches!(self.byte(first + 1), b'K' | b'E' | b'S'),
                _ => self.leads_to_key(first, at + 2 + 64),
            }
    }

    /// Whether the first colon before `end`, of those behind `at`, stands before the key of a token.
    #[inline(never)]
    fn leads_to_key(&self, at: usize, end: usize) -> bool {
        let behind = self.text.get(at..end.min(self.text.len())).unwrap_or_default();
        memchr::memchr(b':', behind).is_some_and(|colon| matches!(self.byte(at + colon + 1), b'K' | b'E' | b'S'))
    }

    /// Looks for numbers in what has the looks of a token and is none: `<x:E1.4111111111111111aaaa>`.
    pub(super) fn false_token(&mut self, at: usize) {
        if !self.may_have_key(at) {
            return;
        }
        let Some((head, length)) = super::token::looks_like(&self.text[at..]) else { return };
        let (mut start, end) = (at + head, at + length);
        while start < end {
            let run = self.text[start..end].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if run >= LONG {
                let digits = u64::MAX >> (64 - run.min(64));
                self.alone(&Word { start, end: start + run, digits, ..Word::default() });
            }
            start += run + 1;
        }
    }

    /// Whether nothing is passed over that filters deny, to hold them against what is there.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        #[cfg(any(test, fuzzing))]
        return self.plain;
        #[cfg(not(any(test, fuzzing)))]
        false
    }

    /// Asks the detector whether what stands at `span` is one.
    #[inline]
    pub(super) fn ask(&mut self, detector: Option<u16>, span: Range<usize>) -> bool {
        self.ask_at_most(detector, super::Shape::Canonical, span)
    }

    /// The same, of what may be written in no particular way though its check says else, if `most` does.
    #[inline(never)]
    pub(super) fn ask_at_most(&mut self, detector: Option<u16>, most: super::Shape, span: Range<usize>) -> bool {
        let Some(detector) = detector else { return false };
        let plain = &self.text[span.clone()];
        let candidate = Candidate { plain, groups: &[], separators: &[] };
        let Some(shape) = (self.engine.detector(detector).check)(&candidate) else { return false };
        let shape = if most == super::Shape::Bare { most } else { shape };
        self.keep_passed(detector, shape, span);
        true
    }

    /// Keeps what passed the check of its detector if enough speaks for it, with the words before it.
    pub(super) fn keep_passed(&mut self, detector: u16, shape: super::Shape, span: Range<usize>) {
        let needs = self.engine.needs_context(detector, shape);
        let context = if needs { self.context_before(span.start) } else { Context::default() };
        self.offer(detector, shape, &context, span);
    }

    /// Keeps what its name made certain.
    pub(super) fn keep(&mut self, detector: u16, span: Range<usize>) {
        self.found.push(Finding { start: span.start as u32, end: span.end as u32, detector, score: NAMED });
    }

    /// Keeps what passed its check if enough speaks for it.
    pub(super) fn offer(&mut self, detector: u16, shape: super::Shape, context: &Context, span: Range<usize>) {
        if let Some(score) = self.engine.score(detector, shape, context) {
            self.found.push(Finding { start: span.start as u32, end: span.end as u32, detector, score });
        }
    }
}

pub(super) fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The first digits of the words in one block that have any.
#[inline(always)]
fn first_digits(classes: &Classes, starts: u64, carry: &mut Carry) -> u64 {
    // A bit added to the letters that a word begins with moves to what stands behind them.
    let letters = classes.words & !classes.digits;
    let (moved, goes_on) = letters.overflowing_add(starts & letters);
    let (moved, goes_on_from_before) = moved.overflowing_add(carry.is_digitless.into());
    (carry.is_word, carry.is_digitless) = (classes.words >> 63 == 1, goes_on | goes_on_from_before);
    (moved | starts) & classes.digits
}

/// How certain a value is that stands behind its name.
const NAMED: u8 = 90;
