//! Where reading of a stream may begin again.

use vigie_parsers::batch::{Origin, Source};

/// How far the clean point may stay behind while the events of several groups always overlap.
pub const MAX_LAG: u64 = 1 << 20;

/// The clean point of a joiner: no event of its own is open there, nor one of a joiner before it, whose events come as records
/// that may overlap.
#[derive(Debug, Default)]
pub(super) struct Points {
    clean: u64,
    /// Where a record began while no event was open. Not clean before the joiner in front is clean behind it.
    next: Option<u64>,
    /// Where the record began that was noted last, if all others before it end there.
    last: Option<u64>,
    /// Behind all records seen.
    covered: u64,
    /// The last clean point of what is in front.
    end: u64,
}

impl Points {
    /// Notes that records up to `offset` were seen.
    pub(super) fn begin_behind(&mut self, offset: u64) {
        self.covered = self.covered.max(offset);
    }

    pub(super) fn clean(&self) -> u64 {
        self.clean
    }

    /// Notes a record of a parcel whose clean point is `end`, before it is looked at. `idle`: no event is open.
    pub(super) fn before(&mut self, origin: &Origin, end: u64, idle: bool) {
        let length = if matches!(origin.source, Source::Hash(_)) { u64::from(origin.length).max(1) } else { 1 };
        let (from, to) = (origin.offset, origin.offset + length);
        if from >= end {
            self.reach(end, idle);
        }
        // One that was held in front comes behind those it was read before, and what it begins may go on behind them.
        self.next = self.next.filter(|next| *next <= from);
        self.last = (self.covered <= from).then_some(from);
        if idle {
            self.begins();
        }
        self.covered = self.covered.max(to);
    }

    /// Notes a record of a stream before this one, which tells nothing.
    pub(super) fn before_earlier(&mut self) {
        self.last = None;
    }

    /// Notes that no event is open where the record that was noted last begins.
    pub(super) fn begins(&mut self) {
        self.next = self.last.or(self.next);
    }

    /// Notes the end of a parcel whose clean point is `end`. `oldest` is where the first open event begins.
    pub(super) fn after(&mut self, end: u64, oldest: Option<u64>) {
        self.end = self.end.max(end);
        self.reach(end, oldest.is_none());
        if let Some(next) = self.next.take_if(|next| *next <= end) {
            self.clean = self.clean.max(next);
        }
        // The events of several groups overlap all the time: after a kill some may come out in pieces.
        if let Some(oldest) = oldest.filter(|_| end.saturating_sub(self.clean) > MAX_LAG) {
            self.clean = self.clean.max(oldest.min(end));
        }
    }

    /// Notes that no event is open any more.
    pub(super) fn idle(&mut self) {
        self.reach(self.end, true);
    }

    /// `end` is clean when nothing is open and no record behind it was seen.
    fn reach(&mut self, end: u64, idle: bool) {
        if idle && self.covered <= end {
            self.clean = self.clean.max(end);
        }
    }
}
