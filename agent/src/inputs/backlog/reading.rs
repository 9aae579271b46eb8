//! Reads the events of one chunk and hands them on.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use vigie_parsers::batch::{Batch, Origin, Source, Span};
use vigie_parsers::msgpack::{Event, EventError, event};

use super::chunk::Chunk;
use crate::inputs::files::read_full;
use crate::plugin::{Memory, Outlet, Parcel, Stream};
use crate::receipts::{Ledger, Outcome, Signal};

/// Bytes read at once, but for an event that is longer.
const BLOCK: usize = Memory::LARGEST / 2;
/// Longest event that is looked for.
const LONGEST_EVENT: usize = 256 << 20;

/// A chunk and how far it is read and settled.
pub(super) struct Reading {
    pub(super) path: PathBuf,
    pub(super) stream: Arc<Stream>,
    /// Bytes at its end that are no events, where there are any.
    pub(super) damage: Option<u64>,
    chunk: Chunk,
    tag: Arc<str>,
    ledger: Arc<Ledger>,
    offset: u64,
    block: usize,
    /// Whether everything in it was handed on.
    is_read: bool,
    epoch: u32,
}

/// What one step came to.
pub(super) enum Progress {
    /// So much was handed on.
    Read { records: u64, bytes: u64 },
    /// The worker has enough to do.
    Busy,
    /// Memory was short for a while, or a longer block is needed.
    Waits,
    /// There is nothing more in it.
    Ended,
}

/// What stands in a block.
#[derive(Debug, Default)]
struct Cut {
    /// Bytes taken.
    taken: usize,
    /// Why it ended before the end of the block.
    stop: Option<EventError>,
}

impl Reading {
    pub(super) fn new(path: PathBuf, chunk: Chunk, stream: Arc<Stream>, signal: Signal) -> Self {
        let (offset, tag) = (chunk.start, chunk.tag.as_str().into());
        let ledger = Ledger::new(offset, signal);
        Self { path, stream, damage: None, chunk, tag, ledger, offset, block: BLOCK, is_read: false, epoch: 0 }
    }

    /// Whether everything in it was handed on and answered for.
    pub(super) fn is_settled(&self) -> bool {
        self.is_read && self.ledger.in_flight() == 0 && self.ledger.committed() >= self.offset
    }

    /// Goes back to what an output did not answer for. Returns whether there is such.
    pub(super) fn rewind(&mut self) -> bool {
        let Some(position) = self.ledger.take_rewind() else { return false };
        self.offset = position;
        (self.is_read, self.damage) = (false, None);
        self.epoch = self.epoch.wrapping_add(1);
        true
    }

    /// Reads one block and hands its events on.
    pub(super) fn step(&mut self, outlet: &Outlet, patience: Duration) -> io::Result<Progress> {
        if self.is_read {
            return Ok(Progress::Ended);
        }
        if !outlet.has_room(outlet.worker_of(self.stream.id)) {
            return Ok(Progress::Busy);
        }
        let left = usize::try_from(self.chunk.end - self.offset).unwrap_or(usize::MAX);
        let wanted = left.min(self.block);
        let Some(mut batch) = outlet.batch(wanted, patience) else { return Ok(Progress::Waits) };
        batch.arena_mut().resize(wanted, 0);
        let read = read_full(&self.chunk.file, batch.arena_mut(), self.offset)?;
        batch.arena_mut().truncate(read);
        let cut = cut(&mut batch, self.offset);
        if cut.taken == 0 {
            return Ok(self.without_event(batch.arena(), read < left, cut.stop));
        }
        self.block = BLOCK;
        let records = batch.len() as u64;
        self.offset += cut.taken as u64;
        let share = self.ledger.open(self.offset);
        if batch.is_empty() {
            share.settle_all(Outcome::Passed);
        } else {
            let (stream, tag) = (Arc::clone(&self.stream), Arc::clone(&self.tag));
            // When the workers are gone the share is dropped, and the chunk stays.
            outlet.send(Parcel { batch, shares: vec![share], stream, tag, end: self.offset, epoch: self.epoch });
        }
        Ok(Progress::Read { records, bytes: cut.taken as u64 })
    }

    /// No event begins at the offset and ends in `block`, behind which there is `more`.
    fn without_event(&mut self, block: &[u8], more: bool, stop: Option<EventError>) -> Progress {
        if more && stop == Some(EventError::Incomplete) && self.block < LONGEST_EVENT {
            self.block *= 4;
            return Progress::Waits;
        }
        if block.is_empty() && more {
            // It has become shorter than it was.
            self.damage = Some(self.chunk.end - self.offset);
            self.is_read = true;
            return Progress::Ended;
        }
        // Files are longer than what they hold: zeros stand behind it.
        let is_padding = block.iter().all(|byte| *byte == 0);
        if is_padding && more {
            self.offset += block.len() as u64;
            self.ledger.open(self.offset).settle_all(Outcome::Passed);
            return Progress::Waits;
        }
        self.damage = (!is_padding).then_some(self.chunk.end - self.offset);
        self.is_read = true;
        Progress::Ended
    }
}

/// Makes records of the events at the start of the arena, which stands at `offset` of its file.
fn cut(batch: &mut Batch, offset: u64) -> Cut {
    let length = batch.arena().len();
    let mut cut = Cut::default();
    while cut.taken < length {
        let (found, size) = match event(batch, Span::between(cut.taken, length)) {
            Ok(found) => found,
            Err(error) => {
                cut.stop = Some(error);
                break;
            }
        };
        if let Event::Record { time, metadata, fields } = found {
            let at = Span::between(cut.taken, cut.taken + size);
            let (offset, source) = (offset + cut.taken as u64, Source::At(at.start));
            let index = batch.push(time, Origin { offset, length: at.len, source, part: 0, lot: 0 });
            batch.record_mut(index).replace_fields(fields);
            batch.record_mut(index).replace_metadata(metadata);
        }
        cut.taken += size;
    }
    cut
}
