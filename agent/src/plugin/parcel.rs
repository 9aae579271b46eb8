//! A batch on its way, with the shares that its records answer to.

use std::sync::Arc;

use super::input::Stream;
use super::memory::PooledBatch;
use crate::receipts::{Outcome, Share};

/// Records of one stream and tag on their way from the input to the outputs.
///
/// `origin.lot` of every record is an index into `shares`. From the stage on, the count of each share is the number
/// of records with that lot; before it, it is one, the hold on the raw lines.
#[derive(Debug)]
pub struct Parcel {
    /// The records.
    pub batch: PooledBatch,
    /// Whom they answer to.
    pub shares: Vec<Share>,
    /// Where they came from.
    pub stream: Arc<Stream>,
    /// Tag of all of them.
    pub tag: Arc<str>,
    /// Stream offset at which reading may begin again when all of it is settled and no event is open: behind the last byte
    /// of the raw bytes it was cut from, or at the start of a long line whose end is still to come.
    pub end: u64,
    /// Changes when the input reads again from an earlier position, so that unfinished events are forgotten.
    pub epoch: u32,
}

impl Parcel {
    /// Makes the count of every share the number of its records again, as after filters: what was removed is settled
    /// as `outcome`, what was added is answered for too.
    pub fn settle_removed(&mut self, outcome: Outcome) {
        for (lot, share) in self.shares.iter_mut().enumerate() {
            let entries = self.batch.entries();
            let records = entries.iter().filter(|entry| usize::from(entry.origin.lot) == lot).count();
            let records = u32::try_from(records).expect("a batch has fewer than 2^32 records");
            share.grow(records.saturating_sub(share.count()));
            share.settle(share.count() - records, outcome);
        }
    }

    /// Shares of the records that were removed: dropped, they say that these were not delivered.
    pub fn split_removed(&mut self) -> Vec<Share> {
        let entries = self.batch.entries();
        let left = |lot: usize| entries.iter().filter(|entry| usize::from(entry.origin.lot) == lot).count();
        let left: Vec<usize> = (0..self.shares.len()).map(left).collect();
        let shares = self.shares.iter_mut().zip(left);
        shares
            .map(|(share, left)| {
                let left = u32::try_from(left).expect("a batch has fewer than 2^32 records");
                share.split(share.count().saturating_sub(left))
            })
            .collect()
    }

    /// Takes in `share`, with those of its range, and gives the lot of the records that answer to it.
    ///
    /// # Panics
    /// Where more than 2^16 ranges meet in one batch.
    pub fn lot_of(&mut self, share: Share) -> u16 {
        let at = match self.shares.iter().position(|other| other.same_range(&share)) {
            Some(at) => {
                self.shares[at].join(share);
                at
            }
            None => {
                self.shares.push(share);
                self.shares.len() - 1
            }
        };
        u16::try_from(at).expect("few ranges meet in a batch")
    }

    /// Settles everything, as when no output wants it.
    pub fn settle_all(self, outcome: Outcome) {
        for share in self.shares {
            share.settle_all(outcome);
        }
    }
}
