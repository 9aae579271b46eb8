//! The memory budget for arenas, and the pool that batches return to.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vigie_parsers::batch::Batch;

use crate::receipts::Bell;

/// Arena sizes: a trickling file must not hold the arena of a backlog.
const CLASSES: [usize; 3] = [4 << 10, 32 << 10, 256 << 10];
/// A batch holds its arena and, for lines of many short fields, up to five times as much in fields and entries.
const FIELDS_PER_ARENA: usize = 6;
/// Free batches kept per class.
const KEPT: usize = 3;
/// Free buffers of events that are kept, and the most bytes that each may have.
const KEPT_BUFFERS: (usize, usize) = (8, 32 << 10);
/// How long others stand for one batch above the largest class: much longer than it takes to use up what is handed out.
const KEPT_BACK: Duration = Duration::from_millis(250);
/// How long nothing is kept back after that was in vain: an output that stands holds the rest, and others must go on.
const GIVEN_UP: Duration = Duration::from_secs(1);

/// A budget of bytes that all inputs share. Clones are handles to the same budget.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    freed: Bell,
    limit: usize,
    /// Bytes that stages withhold.
    withheld: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    claim: Option<Claim>,
    free: [Vec<Batch>; CLASSES.len()],
    /// Of events.
    buffers: Vec<Vec<u8>>,
}

/// Room that is kept back for a batch that needs much: smaller ones would take whatever comes back before it is enough.
#[derive(Clone, Copy, Debug)]
struct Claim {
    owner: u64,
    charge: usize,
    /// Others stand before.
    until: Instant,
}

impl State {
    /// Whether `charge` must wait for others, what is kept back for another than `owner` included.
    fn is_short(&self, charge: usize, limit: usize, (owner, now): (Option<u64>, Instant)) -> bool {
        let claim = self.claim.filter(|claim| now < claim.until && Some(claim.owner) != owner);
        let kept_back = claim.map_or(0, |claim| claim.charge);
        self.used + kept_back > 0 && self.used + kept_back + charge > limit
    }

    /// Keeps `charge` back for `owner`, unless that is done for another, or was just done in vain.
    fn keep_back(&mut self, owner: u64, charge: usize, now: Instant) {
        if self.claim.is_none_or(|claim| now >= claim.until + GIVEN_UP) {
            self.claim = Some(Claim { owner, charge, until: now + KEPT_BACK });
        }
    }
}

impl Memory {
    /// A budget of `limit` bytes for batches, and of [half as many](Self::most_withheld) beside them for what stages withhold.
    pub fn new(limit: usize) -> Self {
        let limit = limit.max(CLASSES[2] * FIELDS_PER_ARENA);
        Self(Arc::new(Shared { state: Mutex::default(), freed: Bell::default(), limit, withheld: AtomicUsize::new(0) }))
    }

    /// Largest arena that is handed out, in bytes.
    pub const LARGEST: usize = CLASSES[2];

    /// A cleared batch whose arena holds at least `bytes` (at most [`Memory::LARGEST`] are pooled), or `None` when the budget
    /// is used up and nothing came back within `longest`.
    pub fn take(&self, bytes: usize, longest: Duration) -> Option<PooledBatch> {
        let (class, charge) = (class_of(bytes), Self::charge_of(bytes));
        let full = |state: &mut State| state.is_short(charge, self.0.limit, (None, Instant::now()));
        let (state, has_room) = self.0.freed.wait_while(self.lock(), longest, full);
        has_room.then(|| self.hand_out(state, class, charge))
    }

    /// The same for a batch above [`Memory::LARGEST`], without waiting. Where there is no room, what comes back is kept for
    /// `owner` for a while, which is to ask again soon; so it gets its room once what is held now came back.
    pub fn take_large(&self, owner: u64, bytes: usize) -> Option<PooledBatch> {
        self.take_large_at(owner, bytes, Instant::now())
    }

    fn take_large_at(&self, owner: u64, bytes: usize, now: Instant) -> Option<PooledBatch> {
        let charge = Self::charge_of(bytes);
        let mut state = self.lock();
        if state.is_short(charge, self.0.limit, (Some(owner), now)) {
            state.keep_back(owner, charge, now);
            return None;
        }
        state.claim.take_if(|claim| claim.owner == owner);
        Some(self.hand_out(state, class_of(bytes), charge))
    }

    /// A cleared batch for `bytes` even when the budget is used up: for events that are held in memory already and are to
    /// leave it.
    pub fn take_beyond_limit(&self, bytes: usize) -> PooledBatch {
        self.hand_out(self.lock(), class_of(bytes), Self::charge_of(bytes))
    }

    fn hand_out(&self, mut state: MutexGuard<'_, State>, class: usize, charge: usize) -> PooledBatch {
        state.used += charge;
        let batch = state.free[class].pop().unwrap_or_else(|| Batch::with_capacity(charge / FIELDS_PER_ARENA));
        PooledBatch { batch, memory: self.clone(), class, charge }
    }

    /// What a batch for `bytes` takes of the budget.
    pub fn charge_of(bytes: usize) -> usize {
        CLASSES[class_of(bytes)].max(bytes) * FIELDS_PER_ARENA
    }

    /// Bytes handed out now.
    pub fn used(&self) -> usize {
        self.lock().used
    }

    /// Bytes that may be handed out.
    pub fn limit(&self) -> usize {
        self.0.limit
    }

    /// Bytes that stages withhold now.
    pub fn withheld(&self) -> usize {
        self.0.withheld.load(Ordering::Relaxed)
    }

    /// Bytes that stages may withhold at the most, all of them together.
    pub fn most_withheld(&self) -> usize {
        self.0.limit / 2
    }

    /// Lets a stage withhold `to` bytes in place of `from`. Returns whether it may: what is more must leave as much to others as it
    /// takes, so that a few large events leave room for many small ones.
    pub(super) fn withhold(&self, from: usize, to: usize) -> bool {
        let most = self.most_withheld();
        let change = |all: usize| {
            let others = all - from;
            (to <= from || others + to.saturating_mul(2) <= most).then(|| others + to)
        };
        self.0.withheld.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }

    /// An empty buffer for an event, if one is free.
    pub(super) fn free_buffer(&self) -> Option<Vec<u8>> {
        self.lock().buffers.pop()
    }

    /// Takes all of `free`, which are empty, and keeps some.
    pub(super) fn keep_buffers(&self, free: &mut Vec<Vec<u8>>) {
        let (most, largest) = KEPT_BUFFERS;
        free.retain(|buffer| buffer.capacity() <= largest);
        let mut state = self.lock();
        let room = most.saturating_sub(state.buffers.len()).min(free.len());
        state.buffers.extend(free.drain(..room));
        drop(state);
        free.clear();
    }

    fn give_back(&self, mut batch: Batch, class: usize, charge: usize) {
        let grown = batch.capacity_bytes() > CLASSES[class] * FIELDS_PER_ARENA;
        batch.clear();
        let mut state = self.lock();
        state.used -= charge;
        if !grown && state.free[class].len() < KEPT {
            state.free[class].push(batch);
        }
        drop(state);
        self.0.freed.ring_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn class_of(bytes: usize) -> usize {
    CLASSES.iter().position(|size| bytes <= *size).unwrap_or(CLASSES.len() - 1)
}

/// A batch that returns its buffers and its part of the budget when it is dropped.
#[derive(Debug)]
pub struct PooledBatch {
    batch: Batch,
    memory: Memory,
    class: usize,
    charge: usize,
}

impl PooledBatch {
    /// The budget it came from.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Bytes of the budget it holds.
    pub fn charge(&self) -> usize {
        self.charge
    }

    /// Lines that it may be cut into at the most: as many as its part of the budget pays for beside the arena, in buffers of which
    /// half may be unused.
    pub fn most_lines(&self) -> usize {
        (self.charge - self.charge / FIELDS_PER_ARENA) / (2 * Batch::BYTES_PER_LINE)
    }
}

impl Deref for PooledBatch {
    type Target = Batch;

    fn deref(&self) -> &Batch {
        &self.batch
    }
}

impl DerefMut for PooledBatch {
    fn deref_mut(&mut self) -> &mut Batch {
        &mut self.batch
    }
}

impl Drop for PooledBatch {
    fn drop(&mut self) {
        self.memory.give_back(std::mem::take(&mut self.batch), self.class, self.charge);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn arenas_come_in_classes_and_are_used_again() {
        let memory = Memory::new(16 << 20);

        let small = memory.take(100, NOW).expect("there is room");
        assert_eq!(small.arena().len(), 0);
        assert!(small.charge() < 32 << 10, "a trickling file holds a small arena");
        drop(small);

        assert_eq!(memory.used(), 0);
        assert!(memory.take(100_000, NOW).is_some_and(|large| large.charge() >= 256 << 10));
    }

    #[test]
    fn a_used_up_budget_gives_nothing_until_something_returns() {
        let memory = Memory::new(0);
        let first = memory.take(Memory::LARGEST, NOW).expect("one always fits");

        assert!(memory.take(1, NOW).is_none());
        drop(first);

        assert!(memory.take(1, NOW).is_some());
    }

    #[test]
    fn a_large_batch_gets_its_room_although_small_ones_are_taken_without_a_pause() {
        let memory = Memory::new(16 << 20);
        let mut held = memory.take(1, NOW);

        let large = (0..3).find_map(|_| {
            let large = memory.take_large(7, 4 << 20);
            // The next is taken before the last comes back.
            let next = memory.take(1, NOW);
            held = next;
            large
        });

        assert!(large.is_some());
        assert!(held.is_none(), "it has all of the budget");
        drop(large);
        assert!(memory.take(1, NOW).is_some(), "nothing is kept back any more");
    }

    #[test]
    fn room_is_kept_back_for_one_at_a_time_and_not_for_ever() {
        let memory = Memory::new(16 << 20);
        let start = Instant::now();
        let stalled = memory.take(1 << 20, NOW).expect("there is room");

        assert!(memory.take_large_at(7, 1 << 20, start).is_some(), "there is room for both");
        assert!(memory.take_large_at(7, 2 << 20, start).is_none());
        assert!(memory.take(1, NOW).is_none(), "it is kept back");
        assert!(memory.take_large_at(8, 1 << 20, start).is_none(), "from every other");

        let later = start + KEPT_BACK;
        assert!(memory.take_large_at(8, 300_000, later).is_some(), "not for ever");
        assert!(memory.take_large_at(7, 2 << 20, later).is_none());
        assert!(memory.take_large_at(8, 300_000, later + GIVEN_UP / 2).is_some(), "and not at once again");
        drop(stalled);
        assert!(memory.take_large_at(7, 2 << 20, later).is_some());
    }
}
