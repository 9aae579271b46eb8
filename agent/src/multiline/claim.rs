//! Whom an event that may go on answers to, and what it is known by.

use vigie_parsers::batch::{Batch, Origin};

use super::joined;
use crate::plugin::{Agent, Parcel, Succession};
use crate::receipts::{Outcome, Share};

/// A share of the range of the first line of an event.
///
/// One share suffices: ranges commit in order, so nothing behind the first line is forgotten before it is settled. An event that
/// goes on in the stream that succeeds its own holds a share of that one, too, from its first line there on. It belongs to that
/// one then, and the share of the stream before waits for it: so the lines in both are settled together.
#[derive(Debug)]
pub struct Claim {
    share: Share,
    /// The share of the stream before, from which it came and in which it is no more.
    before: Option<Share>,
    /// While all of its lines are of a stream before: a share of the first range of this one that it was open in.
    here: Option<Share>,
    /// Without a batch: the source bytes are hashed.
    origin: Origin,
    /// Where reading must begin again for it to come again as it is.
    from: u64,
    /// Behind the last of its lines.
    end: u64,
}

impl Claim {
    /// Of an event that begins with the line of `origin`, which is [detached](Agent::detached), and answers to `share`.
    pub fn new(share: Share, origin: Origin) -> Self {
        Self { share, before: None, here: None, origin, from: origin.offset, end: origin.end() }
    }

    /// The same for one of a stream before, which reaches the stream that succeeds it late.
    pub fn inherited(share: Share, origin: Origin) -> Self {
        Self { from: 0, ..Self::new(share, origin) }
    }

    /// What its record is known by, but for the lot.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where in its stream reading must begin again for it to come again as it is.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// Whether for its sake reading begins again before what `given` tells: how far what was given out of the stream of a share reaches.
    pub fn holds_back(&self, given: &dyn Fn(&Share) -> u64) -> bool {
        let shares = [Some(&self.share), self.here.as_ref(), self.before.as_ref()];
        shares.into_iter().flatten().any(|share| given(share) > share.reads_from())
    }

    /// Takes in another line, its origin and the batch where it lies, of the range that `share` is of.
    pub fn extend(&mut self, next: (&Origin, &Batch), share: &mut Share, agent: &Agent) {
        let is_first_here = !self.share.same_stream(share);
        if is_first_here && self.before.is_some() {
            // Of a stream before, and late: its place is not the event's.
            self.share.keep(self.end, share.one_more());
            self.origin = joined(&self.origin, next, agent);
            return;
        }
        let first = if is_first_here { Origin { offset: next.0.offset, ..self.origin } } else { self.origin };
        self.origin = joined(&first, next, agent);
        self.end = next.0.end();
        if is_first_here {
            let here = self.here.take().unwrap_or_else(|| share.one_more());
            self.before = Some(std::mem::replace(&mut self.share, here));
        }
    }

    /// Takes in the line that `part` answers for, whose text is in the batch, and which is to be [passed](Claim::pass) then.
    pub fn extend_by(&mut self, part: &mut Self, batch: &Batch, agent: &Agent) {
        let origin = part.origin;
        self.extend((&origin, batch), &mut part.share, agent);
    }

    /// Stays open behind a range that `share` is of. Its lines may come long after, so nothing before it waits for them.
    pub fn stay(&mut self, share: &mut Share) {
        self.share.wait(self.from);
        if self.here.is_none() && !self.share.same_stream(share) {
            self.here = Some(share.one_more());
        }
    }

    /// Goes on in the stream that succeeds its own, in which reading may begin again at `clean` as long as it is open.
    pub fn succeed(&mut self, succession: &Succession, clean: u64) {
        // One that came from a stream before that waits there.
        let waits_from = if self.share.is_of(&succession.ledger) { Some(clean) } else { self.share.waits_from() };
        self.set_clean(succession.end);
        self.share.end_clean(succession.end);
        self.let_go();
        if let Some(from) = waits_from {
            self.share.wait(from);
        }
        self.from = 0;
    }

    /// Says where reading of its stream may begin again once it is settled. It stays open no longer.
    pub fn set_clean(&mut self, offset: u64) {
        // Before: the point is one behind the event.
        self.share.go_on();
        self.share.set_clean(offset);
        if let Some(here) = &self.here {
            here.set_clean(offset);
        }
    }

    /// Hands what it answers for to `parcel`, and gives the origin of its record there.
    pub fn hand_to(mut self, parcel: &mut Parcel) -> Origin {
        self.let_go();
        Origin { lot: parcel.lot_of(self.share), ..self.origin }
    }

    /// Answers for its lines: they went into an event that has a claim of its own.
    pub fn pass(mut self) {
        self.let_go();
        self.share.settle_all(Outcome::Passed);
    }

    /// Lets go of all shares but one.
    fn let_go(&mut self) {
        self.share.go_on();
        if let Some(here) = self.here.take() {
            here.settle_all(Outcome::Passed);
        }
        if let Some(before) = self.before.take() {
            self.share.keep(self.end, before);
        }
    }
}
