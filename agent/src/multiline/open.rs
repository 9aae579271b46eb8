//! An event that may go on.

use std::time::{Duration, Instant};

use vigie_parsers::batch::{Batch, Origin, Span, Text, Value};
use vigie_parsers::multiline::State;

use super::{Chain, TRUNCATED, joined};
use crate::plugin::Parcel;
use crate::receipts::{Outcome, Share};

/// Records gathered so far, with a share of the range of the first one.
///
/// One share suffices: ranges commit in order, so nothing behind the first line is forgotten before it is settled.
#[derive(Debug)]
pub(super) struct Open {
    /// Value of the key that tells events apart.
    pub(super) group: Vec<u8>,
    /// Number of its parser.
    pub(super) parser: usize,
    pub(super) state: State,
    share: Share,
    /// Without a batch: the source bytes are hashed.
    pub(super) origin: Origin,
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
        let mut record = Batch::default();
        record.adopt(&work.parcel.batch, start.index);
        Self {
            group: group.to_vec(),
            parser: start.parser,
            state: start.state,
            share: work.parcel.shares[usize::from(origin.lot)].split(1),
            origin: chain.agent.detached(&origin, &work.parcel.batch),
            record,
            field: start.field,
            text: text.to_vec(),
            touched: work.now,
        }
    }

    /// Takes the text of record `index` of `work`, for which the event answers from here on.
    pub(super) fn add(&mut self, work: &mut Work, index: usize, text: &[u8], chain: &Chain) {
        if chain.parsers[self.parser].machine.has_lines() && self.text.last().is_some_and(|last| *last != b'\n') {
            self.text.push(b'\n');
        }
        self.text.extend_from_slice(text);
        let origin = work.parcel.batch.entries()[index].origin;
        self.origin = joined(&self.origin, (&origin, &work.parcel.batch), &chain.agent);
        self.touched = work.now;
        work.parcel.shares[usize::from(origin.lot)].settle(1, Outcome::Passed);
    }

    /// Bytes of its text.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
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
}

impl Work {
    /// Adds `open` as a record that answers to the range of its first line. With `cut` it is said to be truncated.
    pub(super) fn emit(&mut self, open: Open, chain: &Chain, cut: bool) {
        let lot = self.parcel.lot_of(open.share);
        let batch = &mut self.parcel.batch;
        let index = batch.adopt(&open.record, 0);
        let mut record = batch.record_mut(index);
        record.set_origin(Origin { lot, ..open.origin });
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
