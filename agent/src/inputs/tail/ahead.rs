//! Stores, before lines are handed on, how far that may bring a file and in which hour.
//!
//! So a later run knows which lines may have been sent before, and reads them again under the time they had: both ends of a
//! look-up of documents by id, and of a name of an index that holds a date.

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Timestamp};

use super::Tail;
use super::file::Tailed;
use super::read::LARGEST_BLOCK;
use crate::plugin::Clock;
use crate::state::{Periods, Position, hour_of};

/// How far the stored reach lies before what is read, so that a file is stored once a second and not with each turn.
pub(super) const AHEAD: u64 = 16 << 20;

/// Lines that may have been handed on before, and when they were read.
#[derive(Debug)]
pub(super) struct Again {
    /// They begin before it.
    pub(super) below: u64,
    periods: Periods,
    /// None of them was read later, in seconds since 1970.
    until: i64,
}

/// The times that lines of a lease get.
#[derive(Clone, Debug)]
pub(super) struct ReadTimes {
    pub(super) clock: Clock,
    /// First and last second of the hour that was stored.
    pub(super) hour: (i64, i64),
    pub(super) again: Option<Arc<Again>>,
}

impl Again {
    /// What an earlier run may have handed on of the file of `position`, which has `size` bytes now; `None` when that is
    /// nothing. Where it is not known how far that run came, it is all.
    pub(super) fn after_restart(position: &Position, size: u64) -> Option<Arc<Self>> {
        let was_begun = position.id != 0 && position.known.is_some_and(|known| known.head_length > 0);
        let below = if position.reach == 0 { size } else { size.min(position.reach) };
        let again = || Arc::new(Self { below, periods: position.periods.clone(), until: position.seen });
        (was_begun && below > position.offset).then(again)
    }

    /// The time of the line at `offset`, where it is of another hour than `now`: whether a line was handed on before is not always known,
    /// and within the hour its index has the same name.
    fn time_of(&self, offset: u64, now: Timestamp) -> Option<Timestamp> {
        let seconds = self.periods.read_at(offset, self.until).filter(|_| offset < self.below)?;
        (hour_of(seconds) != hour_of(now.seconds)).then_some(Timestamp { seconds, nanos: 0 })
    }
}

impl ReadTimes {
    /// The time of what is read now: that of the clock, but within the hour.
    pub(super) fn now(&self) -> Timestamp {
        let now = (self.clock)();
        let (first, last) = self.hour;
        match now.seconds {
            late if late > last => Timestamp { seconds: last, nanos: 999_999_999 },
            early if early < first => Timestamp { seconds: first, nanos: 0 },
            _ => now,
        }
    }

    /// Gives lines that may have been handed on before the time that they had.
    pub(super) fn put_back(&self, batch: &mut Batch) {
        let Some(again) = &self.again else { return };
        let now = self.now();
        for index in 0..batch.len() {
            if let Some(time) = again.time_of(batch.entries()[index].origin.offset, now) {
                batch.record_mut(index).set_time(time);
            }
        }
    }
}

impl Tailed {
    /// Notes that `more` bytes are to be handed on at `seconds`. Gives whether that is to be stored before.
    pub(super) fn look_ahead(&mut self, more: u64, seconds: i64) -> bool {
        self.again.take_if(|again| self.progress.offset >= again.below);
        let from = self.again.as_ref().map_or(self.progress.offset, |again| again.below);
        // Nothing before what is stored is read again.
        let is_new = self.position.periods.begin(from, seconds, self.position.offset);
        // A block may go beyond what was lent.
        let needed = self.size.min(self.progress.offset + more + LARGEST_BLOCK as u64);
        let is_beyond = needed > self.position.reach;
        if is_beyond {
            self.reach_out();
        }
        is_new || is_beyond
    }

    /// Puts the reach as far as it is worth to be stored now.
    pub(super) fn reach_out(&mut self) {
        let end = self.lent.unwrap_or(self.progress.offset);
        self.position.reach = self.position.reach.max(end + AHEAD);
    }

    /// What was handed on is to be handed on again from an earlier offset.
    pub(super) fn note_again(&mut self, seconds: i64) {
        let before = self.again.as_ref().map_or(0, |again| again.below);
        let below = self.progress.offset.max(before);
        self.again = Some(Arc::new(Again { below, periods: self.position.periods.clone(), until: seconds }));
        if let Some(content) = &self.content {
            content.stream.sent_below.fetch_max(below, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

impl Tail {
    /// Stores, where that is necessary, that `more` bytes of a file are to be handed on now. Gives the hour of that.
    pub(super) fn look_ahead(&mut self, number: u64, more: u64) -> (i64, i64) {
        let seconds = (self.clock)().seconds;
        let is_due = self.files.get_mut(&number).is_some_and(|file| {
            let is_due = file.look_ahead(more, seconds);
            if is_due {
                file.position.seen = 0;
            }
            is_due
        });
        if is_due {
            self.moved.insert(number);
            self.save(true);
        }
        hour_of(seconds)
    }

    /// Notes at the end, before positions are stored for the last time, that no more was handed on than was, by this run or one
    /// before it.
    pub(super) fn note_reached(&mut self) {
        self.take_returned();
        for (number, file) in &mut self.files {
            let reached = file.again.as_ref().map_or(0, |again| again.below).max(file.progress.offset);
            if file.content.is_some() && file.lent.is_none() && file.position.reach != reached {
                (file.position.reach, file.position.seen) = (reached, 0);
                self.moved.insert(*number);
            }
        }
    }
}
