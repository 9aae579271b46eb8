//! An event that may go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vigie_parsers::batch::{Batch, Origin, Span, Text, Value};
use vigie_parsers::multiline::State;

use super::{Chain, Claim, TRUNCATED};
use crate::plugin::Parcel;
use crate::receipts::{Ledger, Outcome};

/// Records gathered so far.
#[derive(Debug)]
pub(super) struct Open {
    /// Value of the key that tells events apart.
    pub(super) group: Vec<u8>,
    /// Number of its parser.
    pub(super) parser: usize,
    pub(super) state: State,
    pub(super) claim: Claim,
    /// The first record.
    record: Batch,
    /// Which field of it holds the text.
    field: usize,
    text: Vec<u8>,
    touched: Instant,
}

/// What an event begins with.
pub(super) struct Start {
    pub(super) index: usize,
    pub(super) field: usize,
    pub(super) parser: usize,
    pub(super) state: State,
}

impl Open {
    /// An event that begins with a record of `work` that has `group` and `text`.
    pub(super) fn new(work: &mut Work, start: &Start, (group, text): (&[u8], &[u8]), chain: &Chain) -> Self {
        let origin = work.parcel.batch.entries()[start.index].origin;
        let claim = if work.is_earlier(&origin) { Claim::inherited } else { Claim::new };
        let share = work.parcel.shares[usize::from(origin.lot)].split(1);
        let detached = chain.agent.detached(&origin, &work.parcel.batch);
        let mut record = Batch::default();
        record.adopt(&work.parcel.batch, start.index);
        Self {
            group: group.to_vec(),
            parser: start.parser,
            state: start.state,
            claim: claim(share, detached),
            record,
            field: start.field,
            text: text.to_vec(),
            touched: work.now,
        }
    }

    /// Takes the text of record `index` of `work`, for which the event answers from here on.
    pub(super) fn add(&mut self, work: &mut Work, index: usize, text: &[u8], chain: &Chain) {
        if self.needs_newline(chain) {
            self.text.push(b'\n');
        }
        self.text.extend_from_slice(text);
        let origin = work.parcel.batch.entries()[index].origin;
        let share = &mut work.parcel.shares[usize::from(origin.lot)];
        self.claim.extend((&origin, &work.parcel.batch), share, &chain.agent);
        self.touched = work.now;
        share.settle(1, Outcome::Passed);
    }

    /// Whether a newline belongs between its text and the next line.
    fn needs_newline(&self, chain: &Chain) -> bool {
        chain.parsers[self.parser].machine.has_lines() && self.text.last().is_some_and(|last| *last != b'\n')
    }

    /// Whether it would have more bytes than an event may, were `text` added.
    pub(super) fn would_pass(&self, text: &[u8], chain: &Chain) -> bool {
        self.text.len() + usize::from(self.needs_newline(chain)) + text.len() > chain.largest
    }

    /// Bytes of its text.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Bytes that it takes in memory.
    pub(super) fn capacity(&self) -> usize {
        size_of_val(self) + self.group.capacity() + self.record.capacity_bytes() + self.text.capacity()
    }

    /// When it is given out at the latest.
    pub(super) fn deadline(&self, chain: &Chain) -> Instant {
        let wait: Duration = chain.flush_after.unwrap_or(chain.parsers[self.parser].flush_after);
        self.touched + wait
    }
}

/// The parcel being worked on: records as they came at its front, those that go on behind them.
pub(super) struct Work {
    pub(super) parcel: Parcel,
    pub(super) now: Instant,
    /// Ranges of streams before, of which records may come yet.
    pub(super) earlier: Vec<Arc<Ledger>>,
}

impl Work {
    /// Whether a record of this origin is of a stream before.
    pub(super) fn is_earlier(&self, origin: &Origin) -> bool {
        let share = &self.parcel.shares[usize::from(origin.lot)];
        self.earlier.iter().any(|ledger| share.is_of(ledger))
    }

    /// Adds `open` as a record that answers to the range of its first line. With `cut` it is said to be truncated.
    pub(super) fn emit(&mut self, open: Open, chain: &Chain, cut: bool) {
        let origin = open.claim.hand_to(&mut self.parcel);
        let batch = &mut self.parcel.batch;
        let index = batch.adopt(&open.record, 0);
        let mut record = batch.record_mut(index);
        record.set_origin(origin);
        let text: Span = record.store(&open.text);
        batch.record_mut(index).set_value(open.field, Value::Text(Text::plain(text)));
        if chain.parts {
            batch.record_mut(index).retain(|batch, field| !batch.bytes(field.key.span).starts_with(b"partial_"));
        }
        if cut {
            batch.record_mut(index).set_metadata(TRUNCATED.as_bytes(), Value::Bool(true));
        }
    }
}
