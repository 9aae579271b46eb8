//! Streams that go on with what was open of the ones before them.
//!
//! An event of a stream before that was given out without a line of its successor comes in a parcel of the successor. It is to be
//! known by the stream that it is of, as it would be if it had not passed on: so it goes in a parcel of its own.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plugin::{Parcel, Stage, Succession};
use crate::receipts::Share;

/// How each stream came after those before it.
#[derive(Default)]
pub(super) struct Heirs(HashMap<u64, Vec<Earlier>>);

/// A stream before another one.
struct Earlier {
    succession: Arc<Succession>,
    /// How far what was given out of it reaches.
    given: u64,
}

impl Heirs {
    /// Notes that something of the stream before, of which `given` tells how far what was given out reaches, passed to its successor.
    pub(super) fn add(&mut self, succession: Arc<Succession>, given: u64) {
        let mut before = self.0.remove(&succession.from.id).unwrap_or_default();
        before.retain(Earlier::is_in_flight);
        let to = succession.to.id;
        before.push(Earlier { succession, given });
        self.0.insert(to, before);
    }

    /// How far what was given out of the stream of `share` reaches, where that came before `stream`.
    pub(super) fn given(&self, stream: u64, share: &Share) -> Option<u64> {
        let before = self.0.get(&stream)?;
        before.iter().find(|earlier| share.is_of(&earlier.succession.ledger)).map(|earlier| earlier.given)
    }

    /// Tells a stage that is made for `stream` what came before.
    pub(super) fn introduce(&self, stream: u64, mut stage: Box<dyn Stage>) -> Box<dyn Stage> {
        for earlier in self.0.get(&stream).into_iter().flatten() {
            stage.succeed(&earlier.succession);
        }
        stage
    }

    pub(super) fn remove(&mut self, stream: u64) {
        self.0.remove(&stream);
    }

    /// Takes the records of streams before out of `parcel`. `None` when there are none.
    pub(super) fn split(&mut self, parcel: &mut Parcel) -> Option<Vec<Parcel>> {
        if self.0.is_empty() {
            return None;
        }
        let before = self.0.get_mut(&parcel.stream.id)?;
        before.retain(Earlier::is_in_flight);
        let found: Vec<Parcel> = before.iter_mut().filter_map(|earlier| earlier.take_out_of(parcel)).collect();
        if before.is_empty() {
            self.0.remove(&parcel.stream.id);
        }
        (!found.is_empty()).then_some(found)
    }
}

impl Earlier {
    fn is_in_flight(&self) -> bool {
        self.succession.ledger.in_flight() > 0
    }

    fn take_out_of(&mut self, parcel: &mut Parcel) -> Option<Parcel> {
        let taken = take_out(parcel, &self.succession)?;
        self.given = self.given.max(reach(&taken));
        Some(taken)
    }
}

/// How far the records of `parcel` reach in their stream.
pub(super) fn reach(parcel: &Parcel) -> u64 {
    parcel.batch.entries().iter().map(|entry| entry.origin.end()).max().unwrap_or(0)
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
