//! Words with digits: alone or in chains of groups, and which detectors their runs are shown to.
//!
//! Where no word speaks for a value, which is so nearly everywhere, only those are asked that need none: few for a number in one
//! piece, and of grouped ones those that are written in these very groups.

use vigie_parsers::simd::Classes;

use super::beside::{Beside, Bounds};
use super::chain::{Plain, Run};
use super::context::Lengths;
use super::engine::{Asked, LONGEST, Strictness};
use super::masks::Word;
use super::numbers::may_be_day;
use super::scanner::Pass;
use super::ways::Beginning;
use super::{Candidate, Finding, Shape, Tier};

/// Letters and digits of the shortest run that is asked for.
pub(super) const SHORTEST: usize = 5;
/// So many detectors are asked before words are read.
const FEW: usize = 6;
/// Groups before the first digit that may belong to a value.
const LETTERS_BEFORE: usize = 6;

impl Pass<'_> {
    /// Looks at the word whose first digit is at `at`, which is the bit `bit` of a block, and its first byte if it `is_first`.
    #[inline(always)]
    pub(super) fn number_word(&mut self, at: usize, block: (&Classes, &Beside), bit: u64, is_first: bool) {
        self.step();
        let (classes, beside) = block;
        let bounds = if self.is_plain() { None } else { beside.word(bit, is_first) };
        let Some(bounds) = bounds else { return self.digits(at) };
        let low = bounds.first.trailing_zeros();
        let length = (bounds.behind.trailing_zeros() - low) as usize;
        let start = at - (bit.trailing_zeros() - low) as usize;
        let may_be_more = beside.more & bounds.first != 0 && self.may_be_more(start, bit, (classes, bounds));
        let is_alone = !may_be_more && beside.is_alone(bounds);
        if is_alone && length < SHORTEST || start < self.next {
            return;
        }
        if !(is_alone || may_be_more)
            && is_first
            && self.byte(start + length) == b'.'
            && let Some(end) = beside.short_pair_end(bounds, classes.digits, start < self.chain_end)
        {
            self.chain_end = self.chain_end.max(start + (end - low) as usize);
            return;
        }
        let bits = |kind: u64| (kind & bounds.within) >> low;
        let (digits, capitals, smalls) = (bits(classes.digits), bits(classes.capitals), bits(classes.smalls));
        let word = Word::new(start, start + length, digits, capitals, smalls);
        if !is_alone || length > 8 && digits.trailing_ones() == 8 {
            self.beside_others(&word, may_be_more);
        } else if start >= self.chain_end && !word.is_other() && !self.is_inside(start) {
            self.alone(&word);
        }
    }

    /// Whether the word of a block with these `bounds` and its first digit at `bit`, which begins at `start`, may be a telephone number or
    /// a part of a date with the name of its month, as what stands near it allows.
    #[inline(always)]
    fn may_be_more(&self, start: usize, bit: u64, (classes, bounds): (&Classes, Bounds)) -> bool {
        let run = (classes.digits >> bounds.first.trailing_zeros()).trailing_ones();
        let is_zeros = classes.zeros & classes.zeros >> 1 & bounds.first != 0;
        is_zeros
            || self.byte_before(start, 1) == b'+'
            || bounds.first == bit && may_be_day(run, self.byte(start + run as usize))
    }

    /// The same for a word that reaches into another block.
    #[inline(never)]
    fn digits(&mut self, digit: usize) {
        let word = self.masks.word(digit);
        if word.start >= self.next {
            self.beside_others(&word, true);
        }
    }

    /// Looks at a word that others may be beside. Only one that `may_be_more` is a telephone number or a part of a date with the name
    /// of its month.
    #[inline(never)]
    fn beside_others(&mut self, word: &Word, may_be_more: bool) {
        let run = word.digits.trailing_ones();
        if run > 0 && self.number(word.start, (run, self.byte(word.start + run as usize)), may_be_more) {
            return;
        }
        if word.start < self.chain_end || word.is_other() {
            return;
        }
        let head = self.head(word);
        if head != word.start {
            self.chain(head);
        } else if self.follows(word) {
            if !self.is_short(word) {
                self.chain(head);
            }
        } else if word.length() >= SHORTEST && !self.is_inside(word.start) {
            self.alone(word);
        }
    }

    /// Whether `word` and the group behind it are too short for anything, and no third one follows: `1.1`. They are done with then.
    #[inline(always)]
    fn is_short(&mut self, word: &Word) -> bool {
        if word.length() + 1 >= SHORTEST || self.is_plain() {
            return false;
        }
        let length = self.masks.ahead(word.end + 1, |classes| classes.words).trailing_ones() as usize;
        if word.length() + length >= SHORTEST {
            return false;
        }
        let next = self.masks.word(word.end + 1);
        let is_short = !self.follows(&next);
        self.chain_end = if is_short { next.end } else { self.chain_end };
        is_short
    }

    /// Whether another group may follow `word`.
    #[inline(always)]
    fn follows(&self, word: &Word) -> bool {
        let separator = self.byte(word.end);
        if !is_separator(separator) {
            return false;
        }
        let next = self.byte(word.end + 1);
        next.is_ascii_alphanumeric() && !(separator == b' ' && (word.smalls != 0 || next.is_ascii_lowercase()))
    }

    /// Where the chain begins that `word` belongs to: short groups of letters may stand before the first with digits.
    #[inline(always)]
    fn head(&self, word: &Word) -> usize {
        let separator = self.byte_before(word.start, 1);
        if is_separator(separator) && self.byte_before(word.start, 2).is_ascii_alphabetic() {
            return self.far_head(word);
        }
        word.start
    }

    fn far_head(&self, word: &Word) -> usize {
        let (mut head, mut has_small) = (word.start, word.smalls != 0);
        for _ in 0..LETTERS_BEFORE {
            let (separator, last) = (self.byte_before(head, 1), self.byte_before(head, 2));
            if !is_separator(separator)
                || !last.is_ascii_alphabetic()
                || (separator == b' ' && last.is_ascii_lowercase())
            {
                break;
            }
            // Most words before numbers are longer ones.
            if self.masks.count_behind(head - 1, |classes| classes.words) > 4 {
                break;
            }
            let before = self.masks.word(head - 2);
            let is_short = before.digits == 0 && !before.is_other();
            let joins = separator != b' ' || (before.smalls == 0 && !has_small);
            if !is_short || !joins || before.start < self.next.max(self.chain_end) {
                break;
            }
            (head, has_small) = (before.start, before.smalls != 0);
        }
        head
    }

    /// Asks for `word`, which has no other group beside it.
    pub(super) fn alone(&mut self, word: &Word) {
        let (engine, length) = (self.engine, word.length());
        if length > LONGEST {
            return;
        }
        if word.has_letters() && engine.own.iban.is_some() && self.is_iban_head(word.start) {
            return self.chain(word.start);
        }
        if !engine.asks(length) {
            return;
        }
        let is_mute = self.is_mute(word.start)
            || self.spoken_lengths(word.start, word.start).of_runs(word.has_letters()) >> length & 1 == 0;
        if is_mute && !engine.asks_alone(length, word.has_letters()) {
            return;
        }
        let mut plain = Plain::NEW;
        plain.put(0, self.text, word.start, length);
        let groups = [length as u8];
        let run = Run {
            plain: plain.first(length),
            groups: &groups,
            separators: b"",
            start: word.start,
            end: word.end,
            has_letters: word.has_letters(),
        };
        self.run_of(&run, word.start, is_mute);
    }

    /// Whether the letters and digits at `start..end`, which have no other group beside them, pass any check without a word.
    #[inline(never)]
    pub(super) fn may_count(&self, start: usize, end: usize, has_letters: bool) -> bool {
        let engine = self.engine;
        let asks = engine.asks_of(end - start, has_letters);
        let beginning = Beginning::of(self.text[start], self.byte(start + 1));
        if !asks.beginnings().meets(beginning) || self.is_inside(start) || self.is_decimal_before(end) {
            return false;
        }
        let mut asked = asks.alone().iter().filter(|asked| asked.beginning.meets(beginning));
        let mut plain = Plain::NEW;
        plain.put(0, self.text, start, end - start);
        let candidate = Candidate { plain: plain.first(end - start), groups: &[(end - start) as u8], separators: b"" };
        asked.any(|asked| (asked.check)(&candidate).is_some())
    }

    /// Whether the number that ends before `end` goes on behind a dot.
    #[inline(always)]
    fn is_decimal_before(&self, end: usize) -> bool {
        self.byte(end) == b'.' && self.byte(end + 1).is_ascii_digit()
    }

    /// Whether a run is a decimal or a part of one.
    pub(super) fn is_decimal(&self, run: &Run<'_>) -> bool {
        self.is_decimal_before(run.end) || matches!(run.separators, [b'.'])
    }

    /// Whether no word speaks for anything before `at`, nor the key.
    #[inline]
    pub(super) fn is_mute(&mut self, at: usize) -> bool {
        if self.is_plain() || !self.key.is_mute {
            return false;
        }
        if at == 0 {
            return true;
        }
        !self.hearing.may_speak(self.text, at) && !self.may_speak_far(at)
    }

    /// The lengths of runs that the key or words may speak for which stand before `at`, or from there on before `end`.
    pub(super) fn spoken_lengths(&mut self, at: usize, end: usize) -> Lengths {
        if self.is_plain() {
            return Lengths::ALL;
        }
        self.key.context.lengths.and(self.hearing.lengths_before(self.text, self.context_start(at)..at, end))
    }

    /// Whether what begins at `start` goes on with something before it: a decimal, an id such as `blk_-1608999687919862906`.
    pub(super) fn is_inside(&self, start: usize) -> bool {
        match self.byte_before(start, 1) {
            b'.' => self.byte_before(start, 2).is_ascii_digit(),
            b'-' => self.byte_before(start, 2) == b'_',
            _ => false,
        }
    }

    /// Asks the detectors that want the run whether it is one, with the context that stands before `head`: all of them, or, when
    /// nothing speaks there, of a run in one piece those that need no word.
    pub(super) fn run_of(&mut self, run: &Run<'_>, head: usize, is_mute: bool) {
        if self.is_decimal(run) {
            return;
        }
        let (engine, length) = (self.engine, run.plain.len());
        let (digits, letters) = (&engine.digits[length], &engine.letters[length]);
        let asked = match (is_mute, run.has_letters) {
            (true, true) => [letters.alone(), &[]],
            (true, false) => [digits.alone(), &[]],
            (false, true) => [letters.all(), &[]],
            (false, false) => [digits.all(), letters.all()],
        };
        // Of many most want a word that is not there.
        if !is_mute && asked[0].len() + asked[1].len() > FEW {
            self.read_context(head);
        }
        let beginning = Beginning::of(run.plain[0], run.plain[1]);
        for asked in asked.into_iter().flatten() {
            let may_begin = !is_mute || run.groups.len() > 1 || asked.beginning.meets(beginning);
            if may_begin && !self.lacks_word(asked, head) {
                self.ask_run(run, *asked, head, is_mute);
            }
        }
    }

    /// Asks those that want the run in one piece or in any way whether it is one, of those that the words speak for which stand before
    /// `head` and were read.
    pub(super) fn spoken_run(&mut self, run: &Run<'_>, head: usize) {
        if self.is_decimal(run) {
            return;
        }
        let (engine, context) = (self.engine, self.context.1);
        for asked in engine.spoken_for(run.plain.len(), run.has_letters, &context) {
            self.ask_run(run, asked, head, false);
        }
    }

    /// Asks those that need no word whether a run in one piece is one.
    pub(super) fn lone_run(&mut self, run: &Run<'_>, head: usize, is_mute: bool) {
        if self.is_decimal(run) {
            return;
        }
        let engine = self.engine;
        let beginning = Beginning::of(run.plain[0], run.plain[1]);
        for asked in engine.asks_of(run.plain.len(), run.has_letters).alone() {
            if asked.beginning.meets(beginning) {
                self.ask_run(run, *asked, head, is_mute);
            }
        }
    }

    /// Whether a detector needs a word that is known not to stand before `head`.
    #[inline(always)]
    fn lacks_word(&self, asked: &Asked, head: usize) -> bool {
        asked.tier == Tier::Three
            && self.context.0 == head
            && self.engine.strictness != Strictness::Paranoid
            && !self.context.1.speaks_for(asked.number)
    }

    /// Asks one detector whether the run is one. The context is read when it may count: what speaks before `head` if it is not mute,
    /// else what speaks against it.
    pub(super) fn ask_run(&mut self, run: &Run<'_>, asked: Asked, head: usize, is_mute: bool) {
        self.step();
        if self.lacks_word(&asked, head) {
            return;
        }
        let is_read = self.context.0 == head;
        let candidate = Candidate { plain: run.plain, groups: run.groups, separators: run.separators };
        let Some(mut shape) = (asked.check)(&candidate) else { return };
        if self.engine.own.phone_fr == Some(asked.number) && self.is_in_row(run) {
            shape = Shape::Bare;
        }
        if !is_read && (!is_mute || shape == Shape::Bare) {
            self.read_context(head);
        }
        let context = if self.context.0 == head { &self.context.1 } else { &self.key.context };
        if let Some(score) = self.engine.score(asked.number, shape, context) {
            let is_local = self.engine.own.phone_national == Some(asked.number);
            let start = if is_local { self.area_before(run.start) } else { run.start };
            self.found.push(Finding { start: start as u32, end: run.end as u32, detector: asked.number, score });
            if self.engine.own.card == Some(asked.number) {
                self.second_track(run.start, run.end);
            }
        }
    }

    /// Whether two letters and two digits stand at `at`.
    fn is_iban_head(&self, at: usize) -> bool {
        self.byte(at).is_ascii_alphabetic()
            && self.byte(at + 1).is_ascii_alphabetic()
            && self.byte(at + 2).is_ascii_digit()
            && self.byte(at + 3).is_ascii_digit()
    }

    /// Asks the detector whether these groups, which only it wants, are one.
    pub(super) fn ask_grouped(&mut self, detector: u16, run: &Run<'_>) {
        let candidate = Candidate { plain: run.plain, groups: run.groups, separators: run.separators };
        if let Some(shape) = (self.engine.detector(detector).check)(&candidate) {
            let context = self.context_before(run.start);
            self.offer(detector, shape, &context, run.start..run.end);
        }
    }
}

/// What may stand between groups.
#[inline(always)]
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'.' | b'-' | b'/' | b'+')
}
