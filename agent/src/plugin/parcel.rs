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
    /// Changes when the input reads again from an earlier position, so that unfinished events are forgotten.
    pub epoch: u32,
}

impl Parcel {
    /// Settles as `outcome` the records that are no longer in the batch, as after filters.
    ///
    /// The count of every share becomes the number of its records again.
    pub fn settle_removed(&mut self, outcome: Outcome) {
        for (lot, share) in self.shares.iter_mut().enumerate() {
            let entries = self.batch.entries();
            let left = entries.iter().filter(|entry| usize::from(entry.origin.lot) == lot).count();
            let left = u32::try_from(left).expect("a batch has fewer than 2^32 records");
            share.settle(share.count().saturating_sub(left), outcome);
        }
    }

    /// Settles everything, as when no output wants it.
    pub fn settle_all(self, outcome: Outcome) {
        for share in self.shares {
            share.settle_all(outcome);
        }
    }
}
