//! Streams that go on with what was open of the ones before them.
//!
//! An event of a stream before that was given out without a line of its successor comes in a parcel of the successor. It is to be
//! known by the stream that it is of, as it would be if it had not passed on: so it goes in a parcel of its own.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plugin::{Parcel, Stage, Stream, Succession};

/// How each stream came after those before it.
#[derive(Default)]
pub(super) struct Heirs(HashMap<u64, Vec<Arc<Succession>>>);

impl Heirs {
    /// Notes that something of the stream before passed to its successor.
    pub(super) fn add(&mut self, succession: Arc<Succession>) {
        let mut before = self.0.remove(&succession.from.id).unwrap_or_default();
        before.retain(|earlier| earlier.ledger.in_flight() > 0);
        let to = succession.to.id;
        before.push(succession);
        self.0.insert(to, before);
    }

    /// Tells a stage that is made for `stream` what came before.
    pub(super) fn introduce(&self, stream: u64, mut stage: Box<dyn Stage>) -> Box<dyn Stage> {
        for earlier in self.0.get(&stream).into_iter().flatten() {
            stage.succeed(earlier);
        }
        stage
    }

    pub(super) fn remove(&mut self, stream: &Stream) {
        self.0.remove(&stream.id);
    }

    /// Takes the records of streams before out of `parcel`. `None` when there are none.
    pub(super) fn split(&mut self, parcel: &mut Parcel) -> Option<Vec<Parcel>> {
        if self.0.is_empty() {
            return None;
        }
        let before = self.0.get_mut(&parcel.stream.id)?;
        before.retain(|earlier| earlier.ledger.in_flight() > 0);
        let found: Vec<Parcel> = before.iter().filter_map(|earlier| take_out(parcel, earlier)).collect();
        if before.is_empty() {
            self.0.remove(&parcel.stream.id);
        }
        (!found.is_empty()).then_some(found)
    }
}

/// The records of `parcel` that answer to the stream before, as a parcel of that.
fn take_out(parcel: &mut Parcel, Succession { from, ledger, .. }: &Succession) -> Option<Parcel> {
    let is_earlier: Vec<bool> = parcel.shares.iter().map(|share| share.count() > 0 && share.is_of(ledger)).collect();
    if !is_earlier.contains(&true) {
        return None;
    }
    let mut batch = parcel.batch.memory().take_beyond_limit(parcel.batch.arena().len());
    let mut taken = Vec::new();
    for index in 0..parcel.batch.len() {
        let lot = parcel.batch.entries()[index].origin.lot;
        if is_earlier[usize::from(lot)] {
            batch.adopt(&parcel.batch, index);
            taken.push(lot);
        }
    }
    let (stream, tag) = (Arc::clone(from), Arc::clone(&parcel.tag));
    let mut earlier = Parcel { batch, shares: Vec::new(), stream, tag, end: parcel.end, epoch: parcel.epoch };
    for (index, lot) in taken.into_iter().enumerate() {
        // What stays in its place answers for nothing.
        let share = parcel.shares[usize::from(lot)].split(1);
        earlier.batch.entries_mut()[index].origin.lot = earlier.lot_of(share);
    }
    parcel.batch.retain(|record| !is_earlier[usize::from(record.origin().lot)]);
    Some(earlier)
}
