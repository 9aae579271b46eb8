//! How far is looked back from a place, and what the words before it say.

use std::cell::{Cell, RefCell};

use super::context::{BEFORE, Context};
use super::covered::{Covered, start_by_each};
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
    covered: RefCell<Covered>,
}

impl Reach {
    /// To be called where findings are taken back.
    pub(super) fn forget(&self) {
        self.last.take();
        self.covered.take();
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
    fn start_over_found(&self, at: usize, from: usize) -> usize {
        let (last_at, last_from, count, known) = self.reach.last.get();
        // What was found behind it since does not count.
        let is_behind = || self.found.get(count..).is_some_and(|more| more.iter().all(|one| one.end as usize > at));
        let start = if (last_at, last_from) == (at, from) && is_behind() { known } else { self.far_start(at, from) };
        self.reach.last.set((at, from, self.found.len(), start));
        start
    }

    fn far_start(&self, at: usize, from: usize) -> usize {
        let (found, floor) = (&self.found[self.first..], at.saturating_sub(FARTHEST));
        let told = || {
            let covered = &mut *self.reach.covered.borrow_mut();
            covered.add(found);
            covered.start(found, (at, from), floor)
        };
        let told = if found.len() > FEW { told() } else { None };
        told.unwrap_or_else(|| start_by_each(found, (at, from), floor).0.max(floor))
    }

    /// Reads what stands before `at`, unless that was the last place for which it was read.
    pub(super) fn read_context(&mut self, at: usize) {
        let floor = self.context_start(at);
        if self.context.0 == at && self.reach.context == floor {
            return;
        }
        self.reach.context = floor;
        let looked = self.reach.covered.get_mut().looked();
        self.steps_of(looked);
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
