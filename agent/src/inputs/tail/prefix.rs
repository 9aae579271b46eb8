//! What a log without a newline at its end leaves to the one that takes its name: the beginning of that one's first line.

use vigie_parsers::batch::{Batch, Source};

use super::cut::{Cut, LongLine};
use crate::receipts::Share;

/// Number of the part that a line is which began in another file. It is known by its bytes in this one, and by this.
const JOINED: u16 = u16::MAX;

/// The beginning of the first line of a file, from the end of the one that it succeeds.
#[derive(Debug)]
pub(super) struct Prefix {
    bytes: Vec<u8>,
    /// That these bytes are handed on is told to the file that they are of.
    share: Share,
}

impl Prefix {
    pub(super) fn new(bytes: Vec<u8>, share: Share) -> Self {
        Self { bytes, share }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the records of `batch`, which was cut with these bytes before those of the file, their places in the file.
    pub(super) fn take_off(&self, batch: &mut Batch, cut: Cut, long: &mut Option<LongLine>) -> Cut {
        let length = self.bytes.len();
        let back = |offset: u64| offset.saturating_sub(length as u64);
        if let Some(long) = long {
            long.start = back(long.start);
        }
        for entry in batch.entries_mut() {
            let origin = &mut entry.origin;
            if let (0, 0, Source::At(start)) = (origin.offset, origin.part, origin.source) {
                let before = origin.length.min(u32::try_from(length).unwrap_or(u32::MAX));
                (origin.source, origin.length) = (Source::At(start + before), origin.length - before);
                origin.part = JOINED;
            }
            origin.offset = back(origin.offset);
        }
        Cut { consumed: cut.consumed.saturating_sub(length), end: back(cut.end) }
    }

    /// Lets the file that it came from wait until that of `share` is settled up to `until`.
    pub(super) fn hand_to(self, share: &Share, until: u64) {
        share.keep(until, self.share);
    }
}
