//! How far is looked back from a place, and what the words before it say.

use std::cell::{Cell, RefCell};

use super::Finding;
use super::context::{BEFORE, Context};
use super::scanner::{Pass, is_letter};

/// Longest look back over what was found, in bytes.
const FARTHEST: usize = 4 << 10;
/// Findings that are looked at one by one.
const FEW: usize = 4;

/// How far was looked back last.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Over what was found: before which place, from where on if nothing had been found, with how many findings, and from where on.
    last: Cell<(usize, usize, usize, usize)>,
    /// From where on the context was read that was read last.
    context: usize,
    sums: RefCell<Sums>,
}

/// What was found, in order, and what overlaps as one: where it begins and ends, and how many bytes it has with all before it.
#[derive(Debug, Default)]
struct Sums {
    found: Vec<(u32, u32, u32)>,
    /// Where the last one ends that is made of several.
    joined: usize,
    /// Findings that were taken in.
    count: usize,
    /// The first one that was reached last time.
    near: usize,
    /// Whether any stands before another, or in one, so that nothing is told.
    are_mixed: bool,
}

impl Sums {
    /// Takes in those that were `found` since.
    fn add(&mut self, found: &[Finding]) {
        for one in found.get(self.count..).unwrap_or_default() {
            self.count += 1;
            let (start, end, sum) = self.found.last().copied().unwrap_or_default();
            if one.start >= end {
                self.found.push((one.start, one.end, sum.wrapping_add(one.end - one.start)));
            } else if let Some(last) = self.found.last_mut() {
                self.are_mixed |= one.start < start || one.end < end;
                self.joined = one.end as usize;
                *last = (start, one.end, sum.wrapping_add(one.end.wrapping_sub(end)));
            }
        }
    }

    /// From where on the bytes before `at` are so many besides what was found as they are from `from` on, and `floor` at the earliest.
    fn start(&mut self, at: usize, from: usize, floor: usize) -> Option<usize> {
        let last = self.found.iter().rposition(|(_, end, _)| *end as usize <= at).map_or(0, |last| last + 1);
        let sum = |count: usize| count.checked_sub(1).map_or(0, |last| self.found[last].2);
        // How many bytes stand between the end of one and `at` besides what was found.
        let behind = |(_, end, of_it): &(u32, u32, u32)| at - *end as usize - (sum(last) - of_it) as usize;
        let is_far = |one: &(u32, u32, u32)| behind(one) >= at - from || one.0 as usize <= floor;
        // Most often it is as far as last time, or a little further.
        let near = self.near.min(last);
        let first = if near > 0 && !is_far(&self.found[near - 1]) {
            self.found[..near].partition_point(is_far)
        } else {
            near + self.found[near..last].iter().take_while(|one| is_far(one)).count()
        };
        let is_in = |number: usize, place: usize| {
            let one = self.found.get(number);
            one.is_some_and(|(start, end, _)| (*start as usize) < place && place < *end as usize)
        };
        self.near = first;
        let is_cut = self.are_mixed || at < self.joined && is_in(last, at) || first > 0 && is_in(first - 1, floor + 1);
        (!is_cut).then(|| from.saturating_sub((sum(last) - sum(first)) as usize).max(floor))
    }
}

impl Reach {
    /// To be called where findings are taken back.
    pub(super) fn forget(&self) {
        self.last.take();
        self.sums.take();
    }
}

impl Pass<'_> {
    /// What the key and the 48 bytes before `at` on the same line say, without what was found there.
    pub(super) fn context_before(&mut self, at: usize) -> Context {
        self.read_context(at);
        self.context.1
    }

    /// Where the 48 bytes begin that stand before `at`. What was found among them does not count: what is put in its place may be
    /// shorter, and no value may come into the reach of a word by that.
    #[inline(always)]
    pub(super) fn context_start(&self, at: usize) -> usize {
        self.reach_before(at, BEFORE)
    }

    /// Where so many `bytes` begin that stand before `at`, without what was found among them.
    #[inline(always)]
    pub(super) fn reach_before(&self, at: usize, bytes: usize) -> usize {
        let from = at.saturating_sub(bytes);
        if self.found.len() == self.first { from } else { self.start_over_found(at, from) }
    }

    /// Whether a word may speak for anything that stands before these 48 bytes but for what was found.
    #[inline(always)]
    pub(super) fn may_speak_far(&self, at: usize) -> bool {
        self.found.len() > self.first && self.hearing.speaks() && self.speaks_over_found(at)
    }

    #[inline(never)]
    fn speaks_over_found(&self, at: usize) -> bool {
        let from = self.context_start(at);
        from + BEFORE < at && self.hearing.speaks_within(from, at)
    }

    #[inline(never)]
    fn start_over_found(&self, at: usize, mut from: usize) -> usize {
        let (asked, known) = ((at, from, self.found.len()), self.reach.last.get());
        if (known.0, known.1, known.2) == asked {
            return known.3;
        }
        let (mut behind, floor) = (at, at.saturating_sub(FARTHEST));
        if self.found.len() - self.first > FEW {
            let sums = &mut *self.reach.sums.borrow_mut();
            sums.add(&self.found[self.first..]);
            if let Some(from) = sums.start(at, from, floor) {
                self.reach.last.set((asked.0, asked.1, asked.2, from));
                return from;
            }
        }
        for one in self.found[self.first..].iter().rev() {
            let (start, end) = (one.start as usize, one.end as usize);
            if end > at || start >= behind {
                continue;
            }
            if end <= from || start <= floor {
                break;
            }
            from = from.saturating_sub(end.min(behind) - start);
            behind = start;
        }
        let from = from.max(floor);
        self.reach.last.set((asked.0, asked.1, asked.2, from));
        from
    }

    /// Reads what stands before `at`, unless that was the last place for which it was read.
    pub(super) fn read_context(&mut self, at: usize) {
        let floor = self.context_start(at);
        if self.context.0 == at && self.reach.context == floor {
            return;
        }
        self.reach.context = floor;
        let before = &self.text[floor..at];
        let from = match memchr::memrchr(b'\n', before) {
            Some(newline) => floor + newline + 1,
            // A word that is cut is not read.
            None if is_letter(self.byte_before(floor, 1)) => {
                floor + before.iter().take_while(|byte| is_letter(**byte)).count()
            }
            None => floor,
        };
        let (words, key) = (&self.engine.words, &self.key.context);
        let known = self.story.at();
        let context = self.story.tell(words, self.text, (from, at), key);
        self.steps_of((at - if (from..=at).contains(&known) { known } else { from }) / 4);
        *self.context = (at, context);
    }
}
