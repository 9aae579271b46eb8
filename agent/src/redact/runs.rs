//! Chains of groups: which there are, and which detectors their runs are shown to.

use super::chain::{Refused, Run};
use super::engine::{Asked, Strictness};
use super::moment::moment;
use super::scanner::{Pass, read_context};
use super::universal::iban;
use super::{Candidate, Finding, Tier};

/// Letters and digits of the shortest run that is asked for.
pub(super) const SHORTEST: usize = 5;

impl Pass<'_> {
    /// Whether a word is long enough for a value, or goes on with another group.
    pub(super) fn may_chain(&self, start: usize, end: usize) -> bool {
        end - start >= SHORTEST || (is_separator(self.byte(end)) && self.byte(end + 1).is_ascii_alphanumeric())
    }

    /// Puts together the groups that begin at `at`, and asks for all runs of them.
    pub(super) fn chain(&mut self, at: usize) {
        if is_uuid(&self.text[at..]) {
            self.next = at + 36;
            return;
        }
        self.chain.clear();
        let (mut start, mut separator, mut end) = (at, 0, at);
        self.chain_end = loop {
            let word_end = self.word_end(start);
            match self.chain.push(&self.text[start..word_end], start, separator) {
                Ok(()) => end = word_end,
                Err(Refused::Full) => break self.chain.next_start(),
                Err(Refused::Group) => break end.max(at + 1),
            }
            separator = self.byte(end);
            let follows = is_separator(separator) && self.byte(end + 1).is_ascii_alphanumeric();
            if !follows || (self.byte(end + 1).is_ascii_digit() && moment(&self.text[end + 1..]).is_some()) {
                break end;
            }
            start = end + 1;
        };
        if self.chain.count() > 0 && self.chain.has_digits() {
            self.runs();
        }
    }

    fn runs(&mut self) {
        let engine = self.engine;
        for first in 0..self.chain.count() {
            self.iban(first);
            self.mac_groups(first);
            if self.is_inside(self.chain.start(first)) {
                continue;
            }
            let mut length = 0;
            for count in 1..=self.chain.longest_run(first) {
                length += usize::from(self.chain.length(first + count - 1));
                let is_asked = length >= SHORTEST && engine.asks(length);
                is_asked.then(|| self.run_of(first, count));
            }
        }
    }

    /// Whether what begins at `start` goes on with something before it: a decimal, an id such as `blk_-1608999687919862906`.
    fn is_inside(&self, start: usize) -> bool {
        match self.byte_before(start, 1) {
            b'.' => self.byte_before(start, 2).is_ascii_digit(),
            b'-' => self.byte_before(start, 2) == b'_',
            _ => false,
        }
    }

    /// Asks the detectors of its length whether the run is one.
    fn run_of(&mut self, first: usize, count: usize) {
        let Run { plain, groups, separators, start, end, has_letters } = self.chain.run(first, count);
        let goes_on = self.text.get(end) == Some(&b'.') && self.text.get(end + 1).is_some_and(u8::is_ascii_digit);
        // A decimal.
        if goes_on || separators == b"." {
            return;
        }
        // Numbers before it say nothing, so that all runs of neighbouring numbers share what stands before the first.
        let head = self.chain.start(self.chain.head(first));
        let candidate = Candidate { plain, groups, separators };
        let engine = self.engine;
        let numbers: &[Asked] = if has_letters { &[] } else { &engine.digits[plain.len()] };
        for asked in numbers.iter().chain(&engine.letters[plain.len()]) {
            #[cfg(any(test, fuzzing))]
            {
                self.steps += 1;
            }
            let is_mute = self.context.0 == head && engine.strictness != Strictness::Paranoid;
            if asked.tier == Tier::Three && is_mute && !self.context.1.speaks_for(asked.number) {
                continue;
            }
            let Some(shape) = (asked.check)(&candidate) else { continue };
            if engine.needs_context(asked.number, shape) {
                read_context(&mut self.context, engine, self.text, self.key, head);
            }
            let context = if self.context.0 == head { &self.context.1 } else { self.key };
            if let Some(score) = engine.score(asked.number, shape, context) {
                self.found.push(Finding { start: start as u32, end: end as u32, detector: asked.number, score });
            }
        }
    }

    fn iban(&mut self, first: usize) {
        let Some(detector) = self.engine.own.iban else { return };
        let [one, two, three, four, ..] = self.chain.rest(first) else { return };
        let is_head =
            one.is_ascii_uppercase() && two.is_ascii_uppercase() && three.is_ascii_digit() && four.is_ascii_digit();
        if !is_head {
            return;
        }
        let Some(length) = iban::length(&[*one, *two]) else { return };
        let Some(count) = self.chain.groups_of(first, length) else { return };
        let Run { plain, groups, separators, start, end, .. } = self.chain.run(first, count);
        let candidate = Candidate { plain, groups, separators };
        if let Some(shape) = (self.engine.detector(detector).check)(&candidate) {
            let context = self.context_before(start);
            self.offer(detector, shape, &context, start..end);
        }
    }
}

/// Whether `text` begins with a UUID, which nobody is called.
fn is_uuid(text: &[u8]) -> bool {
    let Some(uuid) = text.first_chunk::<36>() else { return false };
    let is_right = |(at, byte): (usize, &u8)| {
        if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    uuid[8] == b'-'
        && uuid[13] == b'-'
        && uuid.iter().enumerate().all(is_right)
        && !text.get(36).is_some_and(u8::is_ascii_alphanumeric)
}

/// What may stand between groups.
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'.' | b'-' | b'/' | b'+')
}
