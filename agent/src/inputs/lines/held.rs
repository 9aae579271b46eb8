//! Events of one stream that may go on, whatever they are made of: whom they answer to, and from where on reading may begin again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vigie_parsers::batch::Origin;

use super::Shared;
use crate::multiline::{Claim, MAX_LAG};
use crate::plugin::{Parcel, Stream, Succession, Withheld};
use crate::receipts::{Outcome, Share};

/// What lines are gathered in.
pub(super) trait Event {
    /// Bytes that it takes in a batch, or fewer.
    fn bytes(&self) -> usize;

    /// Bytes that its buffers take in memory.
    fn capacity(&self) -> usize;
}

/// An event that may go on.
pub(super) struct Open<E> {
    pub(super) event: E,
    claim: Claim,
    touched: Instant,
    /// Whether no event was open elsewhere when it began, so that reading may begin at it again.
    clean_start: bool,
}

/// The events of one stream.
pub(super) struct Held<E> {
    shared: Arc<Shared>,
    pub(super) stream: Arc<Stream>,
    /// How long an event waits for its next line.
    wait: Duration,
    /// In the order of their beginning.
    pub(super) open: Vec<Open<E>>,
    /// The last offset at which no event is open.
    clean: u64,
    /// Stream offset behind the last line.
    seen: u64,
    epoch: u32,
    tag: Arc<str>,
    withheld: Withheld,
}

/// The parcel being worked on: raw lines at its front, records behind them.
pub(super) struct Work {
    pub(super) parcel: Parcel,
    /// Records that its own range is to answer for.
    added: u32,
}

impl Work {
    /// Adds raw line `index` as a record of its own, and gives its index.
    pub(super) fn push_line(&mut self, index: usize) -> usize {
        self.added += 1;
        self.parcel.batch.push_again(index);
        self.parcel.batch.len() - 1
    }
}

impl<E: Event> Held<E> {
    pub(super) fn new(shared: Arc<Shared>, stream: Arc<Stream>, wait: Duration) -> Self {
        let (tag, withheld) = ("".into(), Withheld::default());
        Self { shared, stream, wait, open: Vec::new(), clean: 0, seen: 0, epoch: 0, tag, withheld }
    }

    /// Gives each raw line of `parcel` to `line`, by its index, and hands on the records that it adds behind them. An event that there is
    /// no memory for is ended and given to `cut`, which adds its record.
    pub(super) fn run(
        &mut self,
        parcel: Parcel,
        mut line: impl FnMut(&mut Self, &mut Work, usize),
        cut: impl FnMut(&mut Work, (E, Origin)),
    ) -> Option<Parcel> {
        if parcel.epoch != self.epoch {
            // The input reads again from an earlier position: these events come again.
            self.open.clear();
            (self.clean, self.seen) = (0, 0);
        }
        self.epoch = parcel.epoch;
        self.tag = Arc::clone(&parcel.tag);
        self.withheld.begin(&parcel.batch);
        let (raw, end) = (parcel.batch.len(), parcel.end);
        let mut work = Work { parcel, added: 0 };
        for index in 0..raw {
            let next = work.parcel.batch.entries().get(index + 1).filter(|_| index + 1 < raw);
            let line_end = next.map_or(end, |next| next.origin.offset);
            line(self, &mut work, index);
            self.note_clean(line_end);
        }
        self.keep_within_memory(&mut work, cut);
        let Work { mut parcel, added } = work;
        parcel.end = self.clean;
        self.open.iter_mut().for_each(|open| open.claim.stay(&mut parcel.shares[0]));
        parcel.shares[0].set_clean(self.clean);
        parcel.shares[0].grow(added);
        parcel.shares[0].settle(1, Outcome::Passed);
        parcel.batch.drop_front(raw);
        (!parcel.batch.is_empty()).then_some(parcel)
    }

    /// Begins `event` with raw line `index`.
    pub(super) fn begin(&mut self, work: &mut Work, index: usize, event: E) {
        let batch = &work.parcel.batch;
        let origin = self.shared.agent.detached(&batch.entries()[index].origin, batch);
        let share = &mut work.parcel.shares[0];
        let claim = Claim::new(share.one_more(), origin);
        let (touched, clean_start) = (Instant::now(), self.open.is_empty());
        self.open.push(Open { event, claim, touched, clean_start });
    }

    /// Takes raw line `index` into the identity of the event at `at`, which was given its text.
    pub(super) fn extend(&mut self, work: &mut Work, at: usize, index: usize) {
        let Parcel { batch, shares, .. } = &mut work.parcel;
        let open = &mut self.open[at];
        open.claim.extend((&batch.entries()[index].origin, batch), &mut shares[0], &self.shared.agent);
        open.touched = Instant::now();
    }

    /// Goes on in the stream that succeeds its own. Returns whether an event is open.
    pub(super) fn succeed(&mut self, succession: &Succession) -> bool {
        self.open.iter_mut().for_each(|open| open.claim.succeed(succession, self.clean));
        (self.stream, self.epoch) = (Arc::clone(&succession.to), succession.epoch);
        (self.clean, self.seen) = (0, 0);
        !self.open.is_empty()
    }

    /// Whether reading begins again before what `given` tells of the stream of a share, for the sake of what is open.
    pub(super) fn holds_back(&self, given: &dyn Fn(&Share) -> u64) -> bool {
        self.open.iter().any(|open| open.claim.holds_back(given))
    }

    /// Ends the event at `at`. The record that is made of it has the origin beside it.
    pub(super) fn end(&mut self, work: &mut Work, at: usize) -> (E, Origin) {
        let Open { event, claim, .. } = self.open.remove(at);
        (event, claim.hand_to(&mut work.parcel))
    }

    /// When the next event has waited long enough.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.touched + self.wait).min()
    }

    /// Ends the events that have waited long enough at `now`, or all, and gives each to `emit`, which adds its record.
    pub(super) fn give_out(
        &mut self,
        now: Option<Instant>,
        mut emit: impl FnMut(&mut Work, (E, Origin)),
    ) -> Option<Parcel> {
        let wait = self.wait;
        let is_over = |open: &Open<E>| now.is_none_or(|now| now >= open.touched + wait);
        let bytes: usize = self.open.iter().filter(|open| is_over(open)).map(|open| open.event.bytes() + 1024).sum();
        if bytes == 0 {
            return None;
        }
        let parcel = Parcel {
            batch: self.withheld.batch(bytes),
            shares: Vec::new(),
            stream: Arc::clone(&self.stream),
            tag: Arc::clone(&self.tag),
            end: self.clean,
            epoch: self.epoch,
        };
        if self.open.iter().all(is_over) {
            self.clean = self.clean.max(self.seen);
        }
        let mut work = Work { parcel, added: 0 };
        while let Some(at) = self.open.iter().position(is_over) {
            self.open[at].claim.set_clean(self.clean);
            let over = self.end(&mut work, at);
            emit(&mut work, over);
        }
        work.parcel.end = self.clean;
        self.withheld.is_granted(self.capacity());
        Some(work.parcel)
    }

    /// Bytes that the open events take.
    fn capacity(&self) -> usize {
        self.open.iter().map(|open| size_of_val(open) + open.event.capacity()).sum()
    }

    /// Ends events, the largest first, until there is memory for what is left open.
    fn keep_within_memory(&mut self, work: &mut Work, mut cut: impl FnMut(&mut Work, (E, Origin))) {
        while !self.withheld.is_granted(self.capacity()) {
            let largest = (0..self.open.len()).max_by_key(|at| self.open[*at].event.capacity());
            let over = self.end(work, largest.unwrap_or(0));
            cut(work, over);
            self.note_clean(self.seen);
        }
    }

    /// Notes the clean point after a line that ends at `end`.
    fn note_clean(&mut self, end: u64) {
        self.seen = end;
        let candidate = match self.open.first() {
            None => Some(end),
            Some(open) if open.clean_start => Some(open.claim.from()),
            // Events that overlap all the time: after a kill some may come out in pieces.
            Some(open) if end.saturating_sub(self.clean) > MAX_LAG => Some(open.claim.from()),
            Some(_) => None,
        };
        self.clean = self.clean.max(candidate.unwrap_or(0));
    }
}
