//! Words with digits: alone or in chains of groups, and which detectors their runs are shown to.
//!
//! Where no word speaks for a value, which is so nearly everywhere, only those are asked that need none: few for a number in one
//! piece, and of grouped ones those that are written in these very groups.

use std::ops::Range;

use vigie_parsers::simd::Classes;

use super::beside::Beside;
use super::chain::{Chain, Plain, Refused, Run};
use super::engine::{Asked, LONGEST, Strictness};
use super::groups::{Group, Groups};
use super::masks::Word;
use super::moment::{may_be_moment, moment};
use super::scanner::Pass;
use super::universal::iban;
use super::ways::{Beginning, Way};
use super::{Candidate, Finding, Shape, Tier};

/// Letters and digits of the shortest run that is asked for.
const SHORTEST: usize = 5;
/// So many detectors are asked before words are read.
const FEW: usize = 6;
/// Groups before the first digit that may belong to a value.
const LETTERS_BEFORE: usize = 6;

impl Pass<'_> {
    /// Looks at the word whose first digit is at `at`, which is the bit `bit` of a block, and its first byte if it `is_first`.
    #[inline(always)]
    pub(super) fn number_word(&mut self, at: usize, block: (&Classes, &Beside), bit: u64, is_first: bool) {
        let (classes, beside) = block;
        let Some(bounds) = beside.word(bit, is_first) else { return self.digits(at) };
        let low = bounds.first.trailing_zeros();
        let length = (bounds.behind.trailing_zeros() - low) as usize;
        let start = at - (bit.trailing_zeros() - low) as usize;
        let is_alone = beside.is_alone(bounds)
            && !(is_first && self.may_be_number(start, length))
            && !(beside.behind_joints & bounds.first != 0 && self.byte_before(start, 1) == b'+');
        if is_alone && length < SHORTEST || start < self.next {
            return;
        }
        let bits = |kind: u64| (kind & bounds.within) >> low;
        let (digits, capitals, smalls) = (bits(classes.digits), bits(classes.capitals), bits(classes.smalls));
        let word = Word::new(start, start + length, digits, capitals, smalls);
        if !is_alone || length > 8 && digits.trailing_ones() == 8 {
            self.beside_others(&word);
        } else if start >= self.chain_end && !word.is_other() && !self.is_inside(start) {
            self.alone(&word);
        }
    }

    /// The same for a word that reaches into another block.
    #[inline(never)]
    fn digits(&mut self, digit: usize) {
        let word = self.masks.word(digit);
        if word.start >= self.next {
            self.beside_others(&word);
        }
    }

    /// Looks at a word that others may be beside.
    #[inline(never)]
    fn beside_others(&mut self, word: &Word) {
        let run = word.digits.trailing_ones();
        if run > 0 && self.number(word.start, run, self.byte(word.start + run as usize)) {
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
        if word.length() + 1 >= SHORTEST {
            return false;
        }
        let next = self.masks.word(word.end + 1);
        let is_short = word.length() + next.length() < SHORTEST && !self.follows(&next);
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
            let before = self.masks.word(head - 2);
            let is_short = before.length() <= 4 && before.digits == 0 && !before.is_other();
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
        let is_mute = self.is_mute(word.start);
        if is_mute && !engine.asks_alone(length, word.has_letters()) {
            return;
        }
        let mut plain: Plain = [0; LONGEST];
        for (to, byte) in plain.iter_mut().zip(&self.text[word.start..word.end]) {
            *to = byte.to_ascii_uppercase();
        }
        let groups = [length as u8];
        let run = Run {
            plain: &plain[..length],
            groups: &groups,
            separators: b"",
            start: word.start,
            end: word.end,
            has_letters: word.has_letters(),
        };
        self.run_of(&run, word.start, is_mute);
    }

    /// Puts together the groups that begin at `at`, and asks for all runs of them.
    fn chain(&mut self, at: usize) {
        if self.byte(at + 8) == b'-' && is_uuid(&self.text[at..]) {
            self.next = at + 36;
            return;
        }
        if let Some(end) = self.idle_chain(at) {
            self.chain_end = end;
            return;
        }
        let mut chain = Chain::default();
        let mut groups = Groups::new(self.masks, at);
        let (mut separator, mut end, mut is_full) = (0, at + 1, false);
        self.chain_end = loop {
            let group = groups.group();
            if chain.count() > 0 && self.is_moment(&group) {
                break end;
            }
            match chain.push(&group, separator) {
                Ok(()) => end = group.end(),
                Err(Refused::Full) => {
                    is_full = true;
                    break chain.next_start();
                }
                Err(Refused::Group) => break end,
            }
            separator = self.byte(end);
            if !groups.goes_on(&group, separator) {
                break end;
            }
            groups.skip(&group);
        };
        if chain.has_digits() {
            self.runs(&chain, if is_full { chain.own() } else { chain.count() });
        }
    }

    /// Where the chain that begins at `at` ends, if its groups are such that none of its runs counts, as it is nearly everywhere.
    #[inline(always)]
    fn idle_chain(&self, at: usize) -> Option<usize> {
        if !self.is_mute(at) {
            return None;
        }
        let end = self.idle_end(at)?;
        (!self.hearing.speaks_within(at, end)).then_some(end)
    }

    /// The same, whatever words are among the groups.
    #[inline(never)]
    fn idle_end(&self, at: usize) -> Option<usize> {
        let engine = self.engine;
        let mut groups = Groups::new(self.masks, at);
        let (mut end, mut separator, mut before) = (at + 1, 0, [0, 0, 0]);
        let (mut ends_small, mut alike) = (false, 0);
        loop {
            let group = groups.group();
            let is_long_word = !group.has_digits && group.length > 4;
            let is_sentence = separator == b' ' && (group.has_small || ends_small);
            if group.is_other || is_long_word || is_sentence || before[2] != 0 && self.is_moment(&group) {
                break;
            }
            let length = group.length.min(15);
            alike = if before[2] == length { alike + 1 } else { 1 };
            if engine.asks_alone(group.length, group.has_letters)
                || engine.ways.may_end([before[0], before[1], before[2], length])
                || groups.is_country(&group)
                || matches!((length, alike), (2, 6) | (4, 3))
            {
                return None;
            }
            (before, ends_small, end) = ([before[1], before[2], length], group.has_small, group.end());
            separator = self.byte(end);
            if !groups.goes_on(&group, separator) {
                break;
            }
            groups.skip(&group);
        }
        Some(end)
    }

    /// Whether a date or a time begins with `group`.
    #[inline(always)]
    fn is_moment(&self, group: &Group) -> bool {
        group.run > 0
            && may_be_moment(group.run, self.byte(group.start + group.run as usize))
            && self.begins(group.start, group.run).may_be_moment()
            && moment(&self.text[group.start..]).is_some()
    }

    /// Asks for all runs in `chain`, of which the first `own` groups are in no other.
    fn runs(&mut self, chain: &Chain, own: usize) {
        // The head whose context is known, and whether it says nothing.
        let mut heard = (usize::MAX, false);
        for first in 0..chain.count() {
            if chain.has_letters(first) {
                self.iban(chain, first);
            }
            self.mac_groups(chain, first);
            let start = chain.start(first);
            // Numbers before it say nothing, so that all runs of neighbouring numbers share what stands before the first.
            let head = chain.start(chain.head(first));
            if heard.0 != head {
                heard = (head, self.is_mute(head));
            }
            if heard.1 {
                if first < own {
                    self.mute_runs(chain, first, head);
                }
            } else if !self.is_inside(start) {
                self.spoken_runs(chain, first, head);
            }
        }
    }

    /// Asks for all runs from group `first` on.
    fn spoken_runs(&mut self, chain: &Chain, first: usize, head: usize) {
        let mut plain: Plain = [0; LONGEST];
        let mut length = 0;
        for count in 1..=chain.longest_run(first) {
            length += usize::from(chain.length(first + count - 1));
            if length >= SHORTEST && self.engine.asks(length) {
                let run = chain.run(self.text, first, count, &mut plain);
                self.run_of(&run, head, false);
            }
        }
    }

    /// Asks for the runs from group `first` on that count without a word.
    #[inline(always)]
    fn mute_runs(&mut self, chain: &Chain, first: usize, head: usize) {
        let engine = self.engine;
        let groups = [0, 1, 2].map(|more| usize::from(chain.length_or_none(first + more).min(15)));
        let is_alone = engine.asks_alone(chain.length(first).into(), chain.has_letters(first));
        let is_two = engine.ways.may_be_two(groups);
        let (is_three, has_more) = engine.ways.may_be_three(groups);
        let start = chain.start(first);
        if !(is_alone || is_two || is_three || has_more) || self.is_inside(start) {
            return;
        }
        if is_alone && chain.length(first) >= SHORTEST as u8 {
            let mut plain: Plain = [0; LONGEST];
            let run = chain.run(self.text, first, 1, &mut plain);
            self.run_of(&run, head, true);
        }
        let beginning = Beginning::of(self.byte(start), self.byte(start + 1));
        let mut way = Way::default().and(chain.length(first));
        for count in 2..=chain.most(first) {
            way = way.and(chain.length(first + count - 1));
            let is_one = match count {
                2 => is_two,
                3 => is_three,
                _ if !has_more || !engine.ways.may_begin(way) => return,
                _ => true,
            };
            let whole = if chain.have_letters(first, count) { way.with_letters() } else { way };
            if is_one && engine.ways.may_have(whole, beginning) {
                self.run_in_way(chain, first..first + count, head, (whole, beginning));
            }
        }
    }

    /// Asks the detectors that want a run in its way.
    fn run_in_way(&mut self, chain: &Chain, groups: Range<usize>, head: usize, way: (Way, Beginning)) {
        let engine = self.engine;
        let mut asked = engine.ways.asked(way.0, way.1).peekable();
        if asked.peek().is_none() {
            return;
        }
        let mut plain: Plain = [0; LONGEST];
        let run = chain.run(self.text, groups.start, groups.len(), &mut plain);
        if !self.is_decimal(&run) {
            asked.for_each(|asked| self.ask_run(&run, asked, head, true));
        }
    }

    /// Whether a run is a decimal or a part of one.
    fn is_decimal(&self, run: &Run<'_>) -> bool {
        let goes_on = self.byte(run.end) == b'.' && self.byte(run.end + 1).is_ascii_digit();
        goes_on || matches!(run.separators, [b'.'])
    }

    /// Whether no word speaks for anything before `at`, nor the key.
    #[inline]
    pub(super) fn is_mute(&self, at: usize) -> bool {
        !self.is_plain() && self.key.is_mute && !self.hearing.may_speak(self.text, at)
    }

    /// Whether what begins at `start` goes on with something before it: a decimal, an id such as `blk_-1608999687919862906`.
    fn is_inside(&self, start: usize) -> bool {
        match self.byte_before(start, 1) {
            b'.' => self.byte_before(start, 2).is_ascii_digit(),
            b'-' => self.byte_before(start, 2) == b'_',
            _ => false,
        }
    }

    /// Asks the detectors that want the run whether it is one, with the context that stands before `head`: all of them, or, when
    /// nothing speaks there, of a run in one piece those that need no word.
    fn run_of(&mut self, run: &Run<'_>, head: usize, is_mute: bool) {
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
        asked.into_iter().flatten().for_each(|asked| self.ask_run(run, *asked, head, is_mute));
    }

    /// Asks one detector whether the run is one. The context is read when it may count: what speaks before `head` if it is not mute,
    /// else what speaks against it.
    fn ask_run(&mut self, run: &Run<'_>, asked: Asked, head: usize, is_mute: bool) {
        #[cfg(any(test, fuzzing))]
        {
            self.steps += 1;
        }
        let is_read = self.context.0 == head;
        let needs_word = asked.tier == Tier::Three && self.engine.strictness != Strictness::Paranoid;
        if needs_word && is_read && !self.context.1.speaks_for(asked.number) {
            return;
        }
        let candidate = Candidate { plain: run.plain, groups: run.groups, separators: run.separators };
        let Some(shape) = (asked.check)(&candidate) else { return };
        if !is_read && (!is_mute || shape == Shape::Bare) {
            self.read_context(head);
        }
        let context = if self.context.0 == head { &self.context.1 } else { &self.key.context };
        if let Some(score) = self.engine.score(asked.number, shape, context) {
            let (start, end) = (run.start as u32, run.end as u32);
            self.found.push(Finding { start, end, detector: asked.number, score });
        }
    }

    /// Whether two letters and two digits stand at `at`.
    fn is_iban_head(&self, at: usize) -> bool {
        self.byte(at).is_ascii_alphabetic()
            && self.byte(at + 1).is_ascii_alphabetic()
            && self.byte(at + 2).is_ascii_digit()
            && self.byte(at + 3).is_ascii_digit()
    }

    fn iban(&mut self, chain: &Chain, first: usize) {
        let Some(detector) = self.engine.own.iban else { return };
        // The letters of the country are one group, with the digits behind them or not.
        let start = chain.start(first);
        let third = if chain.length(first) == 2 { 3 } else { 2 };
        let is_head = chain.length(first) >= 2
            && self.byte(start).is_ascii_alphabetic()
            && self.byte(start + 1).is_ascii_alphabetic()
            && self.byte(start + third).is_ascii_digit();
        if !is_head {
            return;
        }
        let country = [self.text[start].to_ascii_uppercase(), self.text[start + 1].to_ascii_uppercase()];
        let Some(length) = iban::length(&country) else { return };
        let Some(count) = chain.groups_of(first, length) else { return };
        let mut plain: Plain = [0; LONGEST];
        let run = chain.run(self.text, first, count, &mut plain);
        self.ask_grouped(detector, &run);
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

/// Whether `text` begins with a UUID, which nobody is called.
fn is_uuid(text: &[u8]) -> bool {
    let Some(uuid) = text.first_chunk::<36>() else { return false };
    if [8, 13, 18, 23].iter().any(|dash| uuid[*dash] != b'-') || text.get(36).is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let digits = uuid.iter().fold(0, |digits, byte| digits + u8::from(byte.is_ascii_hexdigit()));
    digits == 32
}

/// What may stand between groups.
#[inline(always)]
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'.' | b'-' | b'/' | b'+')
}
