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

/// What was found, in order: where each finding ends, how long it is, and how many bytes it has with all those before it.
#[derive(Debug, Default)]
struct Sums {
    found: Vec<(u32, u32, u32)>,
    /// Whether two of them overlap or stand in another order, so that nothing is told.
    are_mixed: bool,
}

impl Sums {
    /// Takes in those that were `found` since.
    fn add(&mut self, found: &[Finding]) {
        for one in found.get(self.found.len()..).unwrap_or_default() {
            let (end, _, sum) = self.found.last().copied().unwrap_or_default();
            self.are_mixed |= one.start < end;
            let length = one.end - one.start;
            self.found.push((one.end, length, sum.wrapping_add(length)));
        }
    }

    /// From where on the bytes before `at` are `floor` at the earliest and so many, besides what was found, as they are from `from` on.
    fn start(&self, at: usize, from: usize, floor: usize) -> usize {
        let bytes = at - from;
        let last = self.found.iter().rposition(|(end, ..)| *end as usize <= at).map_or(0, |last| last + 1);
        let all = last.checked_sub(1).map_or(0, |last| self.found[last].2);
        // How many bytes stand between the end of one and `at` besides what was found.
        let behind = |(end, _, sum): &(u32, u32, u32)| at - *end as usize - (all - sum) as usize;
        let first = self.found[..last].partition_point(|one| {
            let (end, length, _) = *one;
            behind(one) >= bytes || (end - length) as usize <= floor
        });
        let sum = first.checked_sub(1).map_or(0, |before| self.found[before].2);
        from.saturating_sub((all - sum) as usize).max(floor)
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
            if !sums.are_mixed {
                let from = sums.start(at, from, floor);
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
