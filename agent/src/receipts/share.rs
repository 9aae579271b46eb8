//! A counted share of one source range.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ledger::Ledger;

/// What became of records, as told to their receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Handled; nothing to be counted, as for the hold of a stage on its batch.
    Passed,
    /// Stored by an output.
    Delivered,
    /// The store had it already.
    Duplicate,
    /// In the dead-letter file.
    DeadLettered,
    /// Declared dropped: counted with its reason and logged by whoever settles.
    Dropped,
    /// Removed by a filter.
    Filtered,
    /// On disk in the spool of an output, which answers for it from there on.
    Spooled,
}

#[derive(Debug)]
pub(super) struct Receipt {
    ledger: Arc<Ledger>,
    number: u64,
    epoch: u32,
    unsettled: AtomicU64,
    clean: AtomicU64,
    waiting: Mutex<Waiting>,
    /// How many items wait.
    waiters: AtomicU64,
    /// Whether the clean point is the last one.
    is_clean_end: AtomicBool,
    failed: AtomicBool,
}

/// The items of a range that wait for lines to come.
#[derive(Debug, Default)]
struct Waiting {
    /// Where they begin.
    from: Vec<u64>,
    /// Whether one was dropped, so that it waits for nothing any more.
    is_left: bool,
}

impl Receipt {
    pub(super) fn new(ledger: Arc<Ledger>, number: u64, epoch: u32, clean: u64) -> Arc<Self> {
        Arc::new(Self {
            ledger,
            number,
            epoch,
            unsettled: AtomicU64::new(1),
            clean: AtomicU64::new(clean),
            waiting: Mutex::default(),
            waiters: AtomicU64::new(0),
            is_clean_end: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        })
    }

    fn release(&self, count: u32) {
        let before = self.unsettled.fetch_sub(u64::from(count), Ordering::AcqRel);
        if before == u64::from(count) {
            let settled = !self.failed.load(Ordering::Acquire);
            let clean = settled.then(|| self.clean.load(Ordering::Acquire));
            return self.ledger.finish(self.number, self.epoch, clean);
        }
        if before - u64::from(count) <= self.waiters.load(Ordering::Acquire) {
            self.tell_waiting();
        }
    }

    /// Where nothing is left of the range but what waits, tells the ledger up to where everything is settled: it is never behind
    /// the start of anything that waits, whatever the clean point says.
    fn tell_waiting(&self) {
        let waiting = self.waiting();
        let Some(first) = waiting.from.iter().min().copied() else { return };
        if self.unsettled.load(Ordering::Acquire) != waiting.from.len() as u64 {
            return;
        }
        let to = self.clean.load(Ordering::Acquire).min(first);
        let (is_left, failed) = (waiting.is_left, self.failed.load(Ordering::Acquire));
        drop(waiting);
        if !failed {
            self.ledger.settle_to(self.number, self.epoch, to);
        }
        if is_left {
            self.ledger.finish(self.number, self.epoch, None);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some unsettled items of one source range. Dropping it unsettled means *not delivered*.
#[derive(Debug)]
pub struct Share {
    receipt: Arc<Receipt>,
    count: u32,
    /// Where its item begins, while that waits.
    waits_from: Option<u64>,
}

impl Share {
    pub(super) fn first(receipt: Arc<Receipt>) -> Self {
        Self { receipt, count: 1, waits_from: None }
    }

    /// How many items it answers for.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether both belong to the same range.
    pub fn same_range(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.receipt, &other.receipt)
    }

    /// Answers for `n` items more: new records, or copies for more outputs.
    pub fn grow(&mut self, n: u32) {
        self.go_on();
        self.receipt.unsettled.fetch_add(u64::from(n), Ordering::AcqRel);
        self.count += n;
    }

    /// Gives away responsibility for `n` of its items.
    ///
    /// # Panics
    /// When it answers for fewer than `n`.
    pub fn split(&mut self, n: u32) -> Self {
        self.go_on();
        self.count = self.count.checked_sub(n).expect("a share gives no more than it has");
        Self { receipt: Arc::clone(&self.receipt), count: n, waits_from: None }
    }

    /// A share of the same range that answers for as many items again, for one more output.
    pub fn copy(&mut self) -> Self {
        let count = self.count;
        self.grow(count);
        self.split(count)
    }

    /// Takes over what `other` of the same range answers for.
    pub fn join(&mut self, mut other: Self) {
        self.go_on();
        other.go_on();
        debug_assert!(self.same_range(&other), "shares of different ranges cannot be joined");
        self.count += std::mem::take(&mut other.count);
    }

    /// A share of the same range that answers for one item more.
    pub fn one_more(&mut self) -> Self {
        self.grow(1);
        self.split(1)
    }

    /// Answers for `n` of its items.
    ///
    /// # Panics
    /// When it answers for fewer than `n`.
    pub fn settle(&mut self, n: u32, outcome: Outcome) {
        if n == 0 {
            return;
        }
        self.go_on();
        self.count = self.count.checked_sub(n).expect("a share settles no more than it has");
        #[cfg(test)]
        self.receipt.ledger.add(|tally| tally.count(u64::from(n), outcome));
        #[cfg(not(test))]
        let _ = outcome;
        self.receipt.release(n);
    }

    /// Answers for all of its items.
    pub fn settle_all(mut self, outcome: Outcome) {
        self.settle(self.count, outcome);
    }

    /// Says that its one item, which begins at `from`, waits for lines to come: as soon as nothing else of the range is unsettled,
    /// its stream is settled up to the clean point. That holds until anything else is done with the share. To be called while
    /// another share of the range is held, behind which the clean point is set.
    pub fn wait(&mut self, from: u64) {
        if self.count != 1 || self.waits_from.is_some() {
            return;
        }
        self.waits_from = Some(from);
        let mut waiting = self.receipt.waiting();
        waiting.from.push(from);
        self.receipt.waiters.store(waiting.from.len() as u64, Ordering::Release);
    }

    /// Where its item begins, if that waits.
    pub fn waits_from(&self) -> Option<u64> {
        self.waits_from
    }

    /// Where reading of its stream begins again as long as its item waits and all else is settled.
    pub fn reads_from(&self) -> u64 {
        self.receipt.clean.load(Ordering::Acquire).min(self.waits_from.unwrap_or(u64::MAX))
    }

    /// Its item waits no longer.
    pub fn go_on(&mut self) {
        let Some(from) = self.waits_from.take() else { return };
        let mut waiting = self.receipt.waiting();
        if let Some(at) = waiting.from.iter().position(|other| *other == from) {
            waiting.from.swap_remove(at);
        }
        self.receipt.waiters.store(waiting.from.len() as u64, Ordering::Release);
    }

    /// Sets the clean point of the range: the last position in it (or its end) at which no event is open, so that
    /// reading may begin there again. To be called while a share is held.
    pub fn set_clean(&self, offset: u64) {
        if !self.receipt.is_clean_end.load(Ordering::Acquire) {
            self.receipt.clean.store(offset, Ordering::Release);
        }
    }

    /// The same for the last time: what is open is no longer the matter of its stream. Where that was said before, it stands: the
    /// offset is one of another stream.
    pub fn end_clean(&self, offset: u64) {
        self.set_clean(offset);
        self.receipt.is_clean_end.store(true, Ordering::Release);
    }

    /// Whether both belong to the same stream.
    pub fn same_stream(&self, other: &Self) -> bool {
        self.is_of(&other.receipt.ledger)
    }

    /// Whether it is of a range of `ledger`.
    pub fn is_of(&self, ledger: &Arc<Ledger>) -> bool {
        Arc::ptr_eq(&self.receipt.ledger, ledger)
    }

    /// Keeps `other`, a share of the stream before, until this one's stream is settled up to `until`: it is dropped where that is
    /// read again. To be called while this share is held.
    pub fn keep(&self, until: u64, other: Self) {
        self.receipt.ledger.keep((until, self.receipt.epoch), other);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.waits_from.is_some() {
            // What is before it is settled for all that, and the range is not finished.
            self.receipt.waiting().is_left = true;
            return self.receipt.tell_waiting();
        }
        if self.count > 0 {
            self.receipt.failed.store(true, Ordering::Release);
            self.receipt.release(self.count);
        }
    }
}
