//! The ranges of one stream that are on their way, in order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::share::{Outcome, Receipt, Share};
use super::signal::Signal;

/// What became of the records of a stream so far, for tests.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records stored by an output.
    pub delivered: u64,
    /// Records that the store had already.
    pub duplicate: u64,
    /// Records put into the dead-letter file.
    pub dead_lettered: u64,
    /// Records declared dropped, counted and logged where it happened.
    pub dropped: u64,
    /// Records that a filter removed.
    pub filtered: u64,
    /// Records on disk in the spool of an output, which answers for them from there on.
    pub spooled: u64,
}

#[cfg(test)]
impl Tally {
    /// Counts `n` records of which this became.
    pub(super) fn count(&mut self, n: u64, outcome: Outcome) {
        match outcome {
            Outcome::Passed => {}
            Outcome::Delivered => self.delivered += n,
            Outcome::Duplicate => self.duplicate += n,
            Outcome::DeadLettered => self.dead_lettered += n,
            Outcome::Dropped => self.dropped += n,
            Outcome::Filtered => self.filtered += n,
            Outcome::Spooled => self.spooled += n,
        }
    }
}

/// Positions of one stream: which ranges are on their way, and up to where everything is settled.
///
/// Ranges are opened in stream order. A range is *finished* when its last share ended. The committed position moves
/// to the clean point of the last range of the finished prefix, and to that of the range behind it once nothing of it is left but
/// events that wait for their next lines.
#[derive(Debug)]
pub struct Ledger {
    state: Mutex<State>,
    signal: Signal,
    /// Whether the signal is raised, too, when a range is finished.
    tells: bool,
}

#[derive(Debug, Default)]
struct State {
    committed: u64,
    #[cfg(test)]
    tally: Tally,
    first: u64,
    ranges: VecDeque<Finished>,
    /// The last clean point of ranges that are finished, while it lies behind the start of one that is not.
    clean: u64,
    /// Where the last range ends.
    end: u64,
    /// Bytes of ranges that are not finished.
    unsettled: u64,
    epoch: u32,
    failed: bool,
    /// Whether the signal is raised when the next range is finished, and then no more.
    tells_once: bool,
    /// Shares of other streams, each with where this one is to be settled before it is.
    kept: Vec<(u64, Share)>,
    /// Where to go back to at the least with the next rewind.
    recalled: Option<u64>,
}

impl State {
    /// Makes one of the last two ranges when both are finished, so that no range piles up behind one that takes long. The number
    /// of the second is free again: nobody holds a share of it.
    fn join_last(&mut self) {
        while let Some(before) = self.ranges.len().checked_sub(2)
            && self.ranges[before].done
            && let Some(last) = self.ranges.pop_back_if(|last| last.done)
        {
            let one = &mut self.ranges[before];
            one.clean = one.clean.max(last.clean);
        }
    }

    /// Moves the position into the first range that is not finished.
    fn enter_first(&mut self) {
        if let Some(first) = self.ranges.front() {
            self.committed = self.committed.max(first.settled.min(first.from + first.length));
        }
    }

    /// Takes out what was kept until now.
    fn take_kept(&mut self) -> Vec<(u64, Share)> {
        let committed = self.committed;
        self.kept.extract_if(.., |(until, _)| *until <= committed).collect()
    }
}

#[derive(Clone, Copy, Debug)]
struct Finished {
    opened: Instant,
    /// Where it begins.
    from: u64,
    length: u64,
    done: bool,
    clean: Option<u64>,
    /// Up to where everything is settled while it is not finished.
    settled: u64,
}

impl Ledger {
    /// A ledger whose stream is settled up to `committed`; `signal` is raised when a rewind is due. Of a position that moves
    /// nobody is woken: it is looked at when it is stored.
    pub fn new(committed: u64, signal: Signal) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { committed, end: committed, ..State::default() }),
            signal,
            tells: false,
        })
    }

    /// A ledger from 0 on for somebody who waits for the answer: `signal` is raised when a range is finished, too.
    pub fn awaited(signal: Signal) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), signal, tells: true })
    }

    /// Opens the next range, which ends at `to`, and gives its first share with a count of one.
    ///
    /// The clean point of the range is `to` until [`Share::set_clean`] says otherwise.
    pub fn open(self: &Arc<Self>, to: u64) -> Share {
        let opened = Instant::now();
        let mut state = self.lock();
        state.join_last();
        let number = state.first + state.ranges.len() as u64;
        let length = to.saturating_sub(state.end);
        if state.ranges.capacity() == 0 {
            // A quiet file has one at a time.
            state.ranges.reserve_exact(1);
        }
        let from = state.end;
        state.ranges.push_back(Finished { opened, from, length, done: false, clean: None, settled: 0 });
        state.end = to;
        state.unsettled += length;
        let epoch = state.epoch;
        drop(state);
        Share::first(Receipt::new(Arc::clone(self), number, epoch, to))
    }

    /// Up to where everything is settled.
    pub fn committed(&self) -> u64 {
        self.lock().committed
    }

    /// What became of the records so far.
    #[cfg(test)]
    pub fn tally(&self) -> Tally {
        self.lock().tally
    }

    /// How many ranges are on their way.
    pub fn in_flight(&self) -> usize {
        self.lock().ranges.len()
    }

    /// Bytes up to `to` that are not settled: those of ranges that are not finished, whatever is behind them, and those behind
    /// the last range.
    pub fn unsettled(&self, to: u64) -> u64 {
        let state = self.lock();
        state.unsettled + to.saturating_sub(state.end)
    }

    /// When the first range that is still on its way was opened.
    pub fn oldest(&self) -> Option<Instant> {
        self.lock().ranges.front().map(|range| range.opened)
    }

    /// The position to read again from, if a share was dropped unsettled since the last call.
    ///
    /// Ranges still on their way are forgotten: what they answer from now on no longer counts.
    pub fn take_rewind(&self) -> Option<u64> {
        let mut state = self.lock();
        if !state.failed {
            return None;
        }
        let kept = self.forget(&mut state);
        if let Some(to) = state.recalled.take().filter(|to| *to < state.committed) {
            (state.committed, state.end, state.clean) = (to, to, to);
        }
        let committed = state.committed;
        drop(state);
        drop(kept);
        Some(committed)
    }

    /// Asks for a rewind as if a share had been dropped, to `to` where it is settled beyond.
    pub fn recall(&self, to: u64) {
        let mut state = self.lock();
        state.failed = true;
        state.recalled = Some(state.recalled.map_or(to, |before| before.min(to)));
        drop(state);
        self.signal.wake();
    }

    /// Keeps `share`, which is of another stream, until this one is settled up to `until`; with a rewind it is dropped, and so it
    /// is where ranges of `epoch` are forgotten.
    pub(super) fn keep(&self, (until, epoch): (u64, u32), share: Share) {
        let mut state = self.lock();
        if epoch == state.epoch && until > state.committed {
            return state.kept.push((until, share));
        }
        let is_settled = epoch == state.epoch;
        drop(state);
        if is_settled {
            share.settle_all(Outcome::Passed);
        }
    }

    /// Whether a share was dropped unsettled, so that a rewind is due.
    pub fn has_failed(&self) -> bool {
        self.lock().failed
    }

    /// Forgets all ranges on their way and puts the position to `committed`, as for a truncated file.
    pub fn restart(&self, committed: u64) {
        let mut state = self.lock();
        let kept = self.forget(&mut state);
        (state.committed, state.end, state.clean) = (committed, committed, committed);
        drop(state);
        drop(kept);
    }

    /// Gives what was kept, which is to be dropped once the ledger is not locked.
    fn forget(&self, state: &mut State) -> Vec<(u64, Share)> {
        state.failed = false;
        state.epoch = state.epoch.wrapping_add(1);
        state.first += state.ranges.len() as u64;
        state.ranges.clear();
        (state.end, state.clean, state.unsettled) = (state.committed, state.committed, 0);
        std::mem::take(&mut state.kept)
    }

    /// Raises the signal when the next range is finished, for somebody who waits for room.
    pub fn tell_once(&self) {
        self.lock().tells_once = true;
    }

    #[cfg(test)]
    pub(super) fn add(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.lock().tally);
    }

    /// Takes the end of range `number`: its clean point, or `None` when a share was dropped unsettled.
    pub(super) fn finish(&self, number: u64, epoch: u32, clean: Option<u64>) {
        let mut state = self.lock();
        if epoch != state.epoch {
            return;
        }
        let Some(clean) = clean else {
            state.failed = true;
            drop(state);
            self.signal.wake();
            return;
        };
        let at = usize::try_from(number - state.first).expect("ranges in flight fit in memory");
        let range = &mut state.ranges[at];
        (range.done, range.clean) = (true, Some(clean));
        let length = range.length;
        state.unsettled -= length;
        // An event of an early range may end behind ranges that nobody answered for yet; a place before its end is not clean.
        let settled = state.ranges.iter().find(|range| !range.done).map_or(u64::MAX, |range| range.from);
        while let Some(Finished { done: true, clean, .. }) = state.ranges.front().copied() {
            state.ranges.pop_front();
            state.first += 1;
            match clean.unwrap_or(0) {
                clean if clean <= settled => state.committed = state.committed.max(clean),
                clean => state.clean = state.clean.max(clean),
            }
        }
        if state.clean <= settled {
            state.committed = state.committed.max(state.clean);
        }
        state.enter_first();
        if state.ranges.is_empty() {
            // Of ten thousand quiet streams none holds room for ranges.
            state.ranges = VecDeque::new();
        }
        let tells = std::mem::take(&mut state.tells_once) || self.tells;
        let kept = state.take_kept();
        drop(state);
        kept.into_iter().for_each(|(_, share)| share.settle_all(Outcome::Passed));
        if tells {
            self.signal.wake();
        }
    }

    /// Range `number` is settled up to `to`; what is left of it waits for lines to come.
    pub(super) fn settle_to(&self, number: u64, epoch: u32, to: u64) {
        let mut state = self.lock();
        let at = number.checked_sub(state.first).and_then(|at| usize::try_from(at).ok());
        let Some(at) = at.filter(|_| epoch == state.epoch) else { return };
        if let Some(range) = state.ranges.get_mut(at) {
            range.settled = range.settled.max(to);
        }
        state.enter_first();
        let kept = state.take_kept();
        drop(state);
        kept.into_iter().for_each(|(_, share)| share.settle_all(Outcome::Passed));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Outcome;
    use super::*;

    fn ledger() -> Arc<Ledger> {
        Ledger::new(0, Signal::default())
    }

    #[test]
    fn the_position_moves_only_over_a_prefix_without_a_gap() {
        let ledger = ledger();
        let (first, second) = (ledger.open(100), ledger.open(200));

        second.settle_all(Outcome::Delivered);
        assert_eq!(ledger.committed(), 0);
        assert!(ledger.oldest().is_some());
        first.settle_all(Outcome::Filtered);
        assert_eq!(ledger.oldest(), None);

        assert_eq!(ledger.committed(), 200);
        assert_eq!(ledger.tally(), Tally { delivered: 1, filtered: 1, ..Tally::default() });
    }

    #[test]
    fn a_range_ends_with_its_last_share() {
        let ledger = ledger();
        let mut share = ledger.open(100);
        share.grow(2);
        let other = share.split(2);

        share.settle_all(Outcome::Passed);
        assert_eq!(ledger.committed(), 0);
        other.settle_all(Outcome::Delivered);

        assert_eq!(ledger.committed(), 100);
        assert_eq!(ledger.in_flight(), 0);
    }

    #[test]
    fn a_dropped_share_asks_for_a_rewind_to_the_last_settled_position() {
        let ledger = ledger();
        ledger.open(100).settle_all(Outcome::Delivered);
        let (lost, late) = (ledger.open(200), ledger.open(300));

        drop(lost);

        assert_eq!(ledger.take_rewind(), Some(100));
        assert_eq!(ledger.take_rewind(), None);
        late.settle_all(Outcome::Delivered);
        assert_eq!(ledger.committed(), 100, "an answer of before the rewind no longer counts");
        ledger.open(300).settle_all(Outcome::Delivered);
        assert_eq!(ledger.committed(), 300);
    }

    #[test]
    fn an_awaited_ledger_tells_when_a_range_is_finished() {
        let signal = Signal::default();
        let ledger = Ledger::awaited(signal.clone());
        let mut share = ledger.open(1);
        share.grow(1);

        share.settle(1, Outcome::Spooled);
        assert!(!signal.wait(std::time::Duration::ZERO));
        share.settle_all(Outcome::Delivered);

        assert!(signal.wait(std::time::Duration::ZERO));
        assert_eq!((ledger.tally().spooled, ledger.tally().delivered), (1, 1));
    }

    #[test]
    fn a_ledger_that_is_to_tell_once_tells_of_the_next_range_alone() {
        let signal = Signal::default();
        let ledger = Ledger::new(0, signal.clone());
        let shares = [1, 2, 3].map(|end| ledger.open(end));

        let told = shares.into_iter().enumerate().map(|(at, share)| {
            if at == 1 {
                ledger.tell_once();
            }
            share.settle_all(Outcome::Delivered);
            signal.wait(std::time::Duration::ZERO)
        });

        assert_eq!(told.collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn a_share_of_another_stream_is_kept_until_the_position_is_behind_it() {
        let (before, ledger) = (ledger(), ledger());
        let kept = before.open(50);
        kept.end_clean(50);
        kept.set_clean(20);
        // Its event is open still where that stream goes on in a third.
        kept.end_clean(500);
        let (first, second) = (ledger.open(100), ledger.open(200));
        first.keep(150, kept);

        first.settle_all(Outcome::Delivered);
        assert_eq!((before.committed(), ledger.committed()), (0, 100));
        second.settle_all(Outcome::Delivered);

        assert_eq!((before.committed(), ledger.committed()), (50, 200));
        let (late, other) = (before.open(60), ledger.open(300));
        other.keep(200, late);
        assert_eq!(before.committed(), 60, "it is settled that far already");
        other.settle_all(Outcome::Delivered);
    }

    #[test]
    fn with_a_rewind_what_was_kept_is_not_delivered_and_a_recall_goes_back_further() {
        let (before, ledger) = (ledger(), ledger());
        ledger.open(100).settle_all(Outcome::Delivered);
        let lost = ledger.open(200);
        lost.keep(200, before.open(50));

        drop(lost);
        assert_eq!(before.take_rewind(), None);
        assert_eq!(ledger.take_rewind(), Some(100));
        assert_eq!(before.take_rewind(), Some(0));

        ledger.recall(30);
        assert!(ledger.has_failed());
        ledger.open(150).settle_all(Outcome::Delivered);
        assert_eq!((ledger.take_rewind(), ledger.committed()), (Some(30), 30));
        ledger.recall(u64::MAX);
        assert_eq!(ledger.take_rewind(), Some(30));
    }

    #[test]
    fn the_position_stops_at_the_clean_point_of_the_last_range() {
        let ledger = ledger();
        let share = ledger.open(100);
        share.set_clean(60);

        share.settle_all(Outcome::Delivered);

        assert_eq!(ledger.committed(), 60, "an event is open from 60 on");
    }

    #[test]
    fn the_position_moves_to_the_clean_point_while_only_events_wait() {
        let ledger = ledger();
        let before = ledger.open(50);
        let mut range = ledger.open(100);
        range.grow(2);
        let (mut event, mut other) = (range.split(1), range.split(1));
        event.wait(80);
        other.wait(70);
        range.set_clean(75);
        range.settle_all(Outcome::Delivered);
        assert_eq!(ledger.committed(), 0, "the range before is on its way");
        before.settle_all(Outcome::Delivered);
        assert_eq!(ledger.committed(), 70, "never behind the start of what waits");

        event.go_on();
        event.set_clean(100);
        other.settle_all(Outcome::Delivered);
        assert_eq!(ledger.committed(), 70, "the event is on its way");
        event.settle_all(Outcome::Delivered);
        assert_eq!((ledger.committed(), ledger.in_flight()), (100, 0));
    }

    #[test]
    fn the_position_stays_where_something_beside_what_waits_was_not_delivered() {
        let ledger = ledger();
        let mut range = ledger.open(100);
        range.grow(1);
        let mut event = range.split(1);
        event.wait(80);
        range.set_clean(80);

        drop(range);
        assert_eq!(ledger.committed(), 0);
        event.settle_all(Outcome::Delivered);
        assert_eq!(ledger.take_rewind(), Some(0));
    }

    /// As when the agent ends: outputs answer when the stage is gone already.
    #[test]
    fn the_position_moves_to_an_event_that_was_dropped_while_it_waited() {
        for (outcome, to) in [(Some(Outcome::Delivered), 80), (None, 0)] {
            let ledger = ledger();
            let mut range = ledger.open(100);
            range.grow(2);
            let (mut event, record) = (range.split(1), range.split(1));
            event.wait(80);
            range.set_clean(80);
            range.settle_all(Outcome::Passed);

            drop(event);
            assert_eq!((ledger.committed(), ledger.take_rewind()), (0, None));
            match outcome {
                Some(outcome) => record.settle_all(outcome),
                None => drop(record),
            }
            assert_eq!((ledger.committed(), ledger.take_rewind()), (to, Some(to)));
        }
    }

    /// An event that began in one range and was given out while later ones were on their way.
    #[test]
    fn the_position_never_passes_a_range_that_is_not_finished() {
        let ledger = ledger();
        let event = ledger.open(100);
        let later = ledger.open(200);
        event.set_clean(200);

        event.settle_all(Outcome::Delivered);
        assert_eq!(ledger.committed(), 0, "the event may have ended anywhere in the later range");

        later.set_clean(50);
        later.settle_all(Outcome::Delivered);
        assert_eq!(ledger.committed(), 200);
    }

    #[test]
    fn a_share_without_items_says_nothing_when_dropped() {
        let ledger = ledger();
        let mut share = ledger.open(100);

        drop(share.split(0));
        share.settle(1, Outcome::Delivered);
        drop(share);

        assert_eq!(ledger.committed(), 100);
        assert_eq!(ledger.take_rewind(), None);
    }

    #[test]
    fn what_is_settled_behind_a_range_that_takes_long_does_not_pile_up() {
        let ledger = Ledger::new(0, Signal::default());
        let first = ledger.open(100);
        for to in 2..1000 {
            ledger.open(to * 100).settle_all(Outcome::Delivered);
        }
        let last = ledger.open(100_000);

        assert_eq!((ledger.in_flight(), ledger.unsettled(100_000), ledger.committed()), (3, 200, 0));
        assert_eq!(ledger.unsettled(100_050), 250, "and what is not handed over yet");
        first.settle_all(Outcome::Delivered);
        assert_eq!((ledger.in_flight(), ledger.unsettled(100_000), ledger.committed()), (1, 100, 99_900));
        last.settle_all(Outcome::Delivered);
        assert_eq!((ledger.in_flight(), ledger.unsettled(100_000), ledger.committed()), (0, 0, 100_000));
    }

    #[test]
    fn a_rewind_forgets_what_is_not_settled() {
        let ledger = Ledger::new(0, Signal::default());
        let (first, lost) = (ledger.open(100), ledger.open(200));
        drop(lost);
        assert_eq!(ledger.take_rewind(), Some(0));

        assert_eq!(ledger.unsettled(0), 0);
        first.settle_all(Outcome::Delivered);
        let again = ledger.open(150);
        assert_eq!((ledger.unsettled(150), ledger.committed()), (150, 0));
        again.settle_all(Outcome::Delivered);
        assert_eq!((ledger.unsettled(150), ledger.committed()), (0, 150));
    }

    proptest! {
        /// Shares are split, settled and dropped in any order: the position is always the end of the settled prefix.
        #[test]
        fn the_position_is_the_end_of_the_settled_prefix(
            ranges in proptest::collection::vec((1_u32..5, any::<bool>()), 1..20),
            order in any::<prop::sample::Selector>(),
        ) {
            let ledger = ledger();
            let mut open = Vec::new();
            for (number, (records, _)) in ranges.iter().enumerate() {
                let mut share = ledger.open(number as u64 + 1);
                share.grow(records - 1);
                open.extend((0..*records).map(|_| (number, share.split(1))));
            }
            let mut left: Vec<u32> = ranges.iter().map(|(records, _)| *records).collect();
            while !open.is_empty() {
                let at = order.select(0..open.len());
                let (number, share) = open.swap_remove(at);
                left[number] -= 1;
                share.settle_all(if ranges[number].1 { Outcome::Delivered } else { Outcome::DeadLettered });
                let prefix = left.iter().take_while(|records| **records == 0).count();
                prop_assert_eq!(ledger.committed(), prefix as u64);
            }
            prop_assert_eq!(ledger.in_flight(), 0);
        }
    }
}
