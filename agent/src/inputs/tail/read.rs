//! Reads a block of a file and hands its lines on.

use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use tracing::warn;
use vigie_parsers::batch::{Keys, Timestamp};

use super::cut::{Block, Cutter, Cutting};
use super::file::{Content, Standing, Tailed};
use crate::metrics::InputMetrics;
use crate::plugin::{Memory, Outlet, Parcel, PooledBatch};
use crate::receipts::Outcome;

/// How files are read and cut.
pub(super) struct Reading {
    pub(super) keys: Keys,
    /// Bytes read at once, but for a line that is longer.
    pub(super) block: usize,
    pub(super) cutting: Cutting,
}

/// Room that is left in an arena for what a parser or filter adds.
const SLACK: usize = 16 << 10;
/// Bytes read at once at the most, but for a line that is longer.
pub(super) const LARGEST_BLOCK: usize = Memory::LARGEST - SLACK;
/// How long a turn waits for memory.
const PATIENCE: Duration = Duration::from_millis(20);
/// Source bytes of one file that may be on their way.
pub(super) const IN_FLIGHT: u64 = 64 << 20;

/// What one turn of a file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Bytes were handed on or left out.
    Progress,
    /// There is nothing to hand on now.
    Nothing,
    /// Its worker is busy, or enough of it is on the way.
    Blocked,
    /// Memory is used up.
    Starved,
    /// It does not hold the content that is known.
    Changed,
}

/// What reading needs beside the file.
pub(super) struct Place<'a> {
    pub(super) reading: &'a Reading,
    pub(super) outlet: &'a Outlet,
    pub(super) metrics: &'a InputMetrics,
    pub(super) now: Timestamp,
}

impl Place<'_> {
    /// Reads one block of `file` and hands its lines on. With `last`, what has no newline is a line too.
    pub(super) fn turn(&self, file: &mut Tailed, last: bool) -> Turn {
        let Some(Content { stream, .. }) = &file.content else { return Turn::Nothing };
        if file.standing == Standing::Gone {
            return Turn::Nothing;
        }
        if file.in_flight() >= IN_FLIGHT || !self.outlet.has_room(stream.id) {
            return Turn::Blocked;
        }
        let unread = usize::try_from(file.size.saturating_sub(file.offset)).unwrap_or(usize::MAX);
        let wanted = unread.min(file.block);
        let needed = self.reading.keys.name(0).len() + file.mark.bytes().len() + wanted + (wanted / 16).max(256);
        let Some(mut batch) = self.outlet.batch(needed, PATIENCE) else { return Turn::Starved };
        let key = self.reading.keys.in_batch(&mut batch).key(0);
        let start = match read_block(file, &mut batch, wanted) {
            Ok(Some(start)) => start,
            Ok(None) => return Turn::Changed,
            Err(error) => {
                // The look at its size will bring it here again.
                warn!(component = "tail", file = %file.place.display(), %error, "cannot be read now");
                file.stuck = Some(file.size);
                return Turn::Nothing;
            }
        };
        let read = batch.arena().len() - start;
        let cutter = Cutter { cutting: self.reading.cutting, metrics: self.metrics, now: self.now, key };
        let block = Block { start, offset: file.offset, last: last && read == unread };
        let cut = cutter.cut(&mut batch, block, &mut file.long);
        if cut.consumed == 0 {
            self.want_more(file, read < unread);
            return if read < unread && read > 0 { Turn::Progress } else { Turn::Nothing };
        }
        file.mark.advance(&batch.arena()[start..start + cut.consumed]);
        file.offset += cut.consumed as u64;
        file.block = self.reading.block;
        file.stuck = None;
        self.metrics.bytes.add(cut.consumed as u64);
        self.hand_on(file, batch, cut.end);
        Turn::Progress
    }

    /// No line was complete: the next block is larger where the file has `more` bytes, else it must grow first.
    fn want_more(&self, file: &mut Tailed, more: bool) {
        if more {
            file.block = (file.block * 4).min(self.reading.cutting.max_line + 2).max(file.block);
        } else {
            file.stuck = Some(file.size);
        }
    }

    fn hand_on(&self, file: &Tailed, batch: PooledBatch, end: u64) {
        let Some(content) = &file.content else { return };
        let share = content.ledger.open(end);
        if batch.is_empty() {
            // Only what is left out: nobody else need hear of it.
            return share.settle_all(Outcome::Passed);
        }
        self.metrics.records.add(batch.len() as u64);
        let (stream, tag) = (content.stream.clone(), file.tag.clone());
        // When the workers are gone the share is dropped, and the position stays.
        self.outlet.send(Parcel { batch, shares: vec![share], stream, tag, end, epoch: file.epoch });
    }
}

/// Reads up to `wanted` bytes behind the offset into the arena and gives where they begin there. `None` when the bytes
/// before the offset are not those that were read.
fn read_block(file: &Tailed, batch: &mut PooledBatch, wanted: usize) -> std::io::Result<Option<usize>> {
    let mark = file.mark.bytes();
    let arena = batch.arena_mut();
    let from = arena.len();
    let mut source = &file.file;
    source.seek(SeekFrom::Start(file.offset - mark.len() as u64))?;
    // Into room that nobody has filled with zeros before.
    source.take((mark.len() + wanted) as u64).read_to_end(arena)?;
    Ok(arena[from..].starts_with(mark).then_some(from + mark.len()))
}
