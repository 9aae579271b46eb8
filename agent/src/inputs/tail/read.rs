//! Reads a file block by block and cuts it into lines, on the worker that serves its stream.
//!
//! The input lends a file to its worker; the worker reads it for a while and gives it back with how far it came. So a line
//! stays in the cache of one core from the page cache to the request, and the input wakes nobody for each block.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::warn;
use vigie_parsers::batch::{Batch, Keys};

use super::ahead::ReadTimes;
use super::cut::{Block, Cut, Cutter, Cutting, LongLine};
use super::encoding::Encoding;
use super::file::Content;
use super::opened::Opened;
use super::prefix::Prefix;
use super::proof::{self, Mark};
use crate::metrics::InputMetrics;
use crate::plugin::{Memory, Parcel, PooledBatch, Source, Stop, Stream};
use crate::receipts::Outcome;
use crate::state::Known;

/// How files are read and cut.
pub(super) struct Reading {
    pub(super) keys: Keys,
    /// Bytes read at once, but for a line that is longer.
    pub(super) block: usize,
    pub(super) cutting: Cutting,
    /// What the files are written in where that may not be UTF-8.
    pub(super) encoding: Option<Encoding>,
    pub(super) metrics: Arc<InputMetrics>,
    /// No block is begun once this asks to stop; its signal tells of what was given back.
    pub(super) stop: Stop,
    returned: Mutex<Vec<Returned>>,
}

/// Room that is left in an arena for what a parser or filter adds. It is read over for nothing, so it is little: an arena that
/// needs more grows once, and is used again.
const SLACK: usize = 4 << 10;
/// Bytes read at once at the most, but for a line that is longer.
pub(super) const LARGEST_BLOCK: usize = Memory::LARGEST - SLACK;
/// How long a worker waits for memory, but for a long line.
const PATIENCE: Duration = Duration::from_millis(20);
/// Source bytes of one file that may be on their way.
pub(super) const IN_FLIGHT: u64 = 64 << 20;
/// Bytes of a file that are read before others have their turn.
pub(super) const LENT: u64 = 4 << 20;

/// How far a file was read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Everything before it was handed on.
    pub(super) offset: u64,
    /// The bytes before `offset`.
    pub(super) mark: Mark,
    /// The size at which the last read found no line to hand on.
    pub(super) stuck: Option<u64>,
    /// Bytes that the next read takes at the most where that is more than usual, for a long line.
    block: u32,
    /// The line above the limit that is being dealt with.
    long: Option<LongLine>,
    /// Whether the log says that lines are left out.
    pub(super) has_told_skips: bool,
}

impl Progress {
    /// Where reading begins that is to go on at `offset` of `file`.
    pub(super) fn at(file: &Opened, offset: u64) -> Self {
        file.expect(offset);
        Self { offset, mark: Mark::of(file, offset), ..Self::default() }
    }

    fn block(&self) -> usize {
        usize::try_from(self.block).unwrap_or(usize::MAX)
    }

    /// Whether it stands inside of a line above the limit.
    pub(super) fn is_in_long_line(&self) -> bool {
        self.long.is_some()
    }
}

/// Why a lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was read as far as it was to be.
    Reached,
    /// No line is complete, or memory is used up.
    Nothing,
    /// There is no memory for a long line yet.
    Short,
    /// It does not hold the content that is known.
    Changed,
    /// It is not where it was.
    Lost,
    /// It could not be read.
    Failed,
}

/// A file that was given back.
pub(super) struct Returned {
    pub(super) number: u64,
    pub(super) progress: Progress,
    /// Its size, which of a gzip file is known better now.
    pub(super) size: u64,
    /// Whether what has no newline was to be read, too.
    pub(super) last: bool,
    pub(super) end: End,
    /// What its first line begins with, where that is still to come.
    pub(super) prefix: Option<Prefix>,
}

/// A file that is lent to its worker.
pub(super) struct Lease {
    pub(super) number: u64,
    pub(super) file: Arc<Opened>,
    pub(super) content: Content,
    pub(super) tag: Arc<str>,
    pub(super) epoch: u32,
    /// Its size as far as it is known: nothing behind is read.
    pub(super) size: u64,
    /// Whether what has no newline is a line too.
    pub(super) last: bool,
    /// What its first bytes are, as far as that is known.
    pub(super) head: Option<Known>,
    /// Bytes that may still be handed on before others have their turn.
    pub(super) left: u64,
    pub(super) progress: Progress,
    /// What its first line begins with, from the file that it succeeds.
    pub(super) prefix: Option<Prefix>,
    pub(super) end: End,
    pub(super) times: ReadTimes,
    pub(super) memory: Memory,
    pub(super) reading: Arc<Reading>,
}

impl Reading {
    pub(super) fn new(
        (key, block): (&str, usize),
        (cutting, encoding): (Cutting, Option<Encoding>),
        metrics: &Arc<InputMetrics>,
        stop: &Stop,
    ) -> Arc<Self> {
        Arc::new(Self {
            keys: Keys::new([key]),
            block,
            cutting,
            encoding,
            metrics: Arc::clone(metrics),
            stop: stop.clone(),
            returned: Mutex::default(),
        })
    }

    /// Files that were given back since the last call.
    pub(super) fn take_returned(&self) -> Vec<Returned> {
        std::mem::take(&mut *self.returned.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn give_back(&self, returned: Returned) {
        self.returned.lock().unwrap_or_else(PoisonError::into_inner).push(returned);
        self.stop.signal().wake();
    }
}

impl Lease {
    /// Whether it may be read on.
    fn goes_on(&self) -> bool {
        self.end == End::Reached
            && self.left > 0
            && self.progress.offset < self.size
            && !self.reading.stop.requested()
            && !self.content.ledger.has_failed()
    }

    /// Reads one block and cuts it. `None` when it holds nothing to hand on, or was not to be had.
    fn block(&mut self) -> Option<Parcel> {
        // What brings this down comes again with the same bytes.
        self.end = End::Failed;
        let reading = Arc::clone(&self.reading);
        let unread = usize::try_from(self.size - self.progress.offset).unwrap_or(usize::MAX);
        let wanted = unread.min(self.progress.block().max(reading.block));
        let extra = (wanted / 128).max(256) + reading.encoding.map_or(0, |_| wanted * 3);
        let prefix = self.prefix.as_ref().map_or(0, |prefix| prefix.bytes().len());
        let needed = reading.keys.name(0).len() + self.progress.mark.bytes().len() + prefix + wanted + extra;
        let mut batch = self.batch(needed)?;
        let key = reading.keys.in_batch(&mut batch).key(0);
        if let Some(prefix) = &self.prefix {
            // Before the first bytes of the file, of which none are in the mark.
            batch.arena_mut().extend_from_slice(prefix.bytes());
        }
        let start = match read_block((&self.file, &self.progress, self.head.as_ref()), &mut batch, wanted) {
            Ok(Some(start)) => start,
            Ok(None) => {
                self.end = End::Changed;
                return None;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.end = End::Lost;
                return None;
            }
            Err(error) => {
                let Stream { input, name, .. } = &*self.content.stream;
                warn!(component = %input, file = %name, %error, "cannot be read now");
                return None;
            }
        };
        let read = batch.arena().len() - start;
        let unread = self.unread_now(unread);
        let (now, most) = (self.times.now(), batch.most_lines());
        let (cutting, skips) = (reading.cutting, Cell::default());
        let cutter = Cutter { cutting, metrics: &reading.metrics, now, key, most, skips };
        let is_end = read == unread || (self.file.is_compressed() && read < wanted);
        let block = Block { start: start - prefix, offset: self.progress.offset, last: self.last && is_end };
        let cut = match reading.encoding {
            None => cutter.cut(&mut batch, block, &mut self.progress.long),
            Some(encoding) => self.cut_encoded(encoding, &cutter, &mut batch, block)?,
        };
        let cut = match &self.prefix {
            None => cut,
            Some(prefix) => prefix.take_off(&mut batch, cut, &mut self.progress.long),
        };
        self.end = End::Reached;
        if cut.consumed == 0 {
            self.want_more(read, unread);
            return None;
        }
        self.tell_skips(cutter.skips.get());
        self.times.put_back(&mut batch);
        self.progress.mark.advance(&batch.arena()[start..start + cut.consumed]);
        self.progress.offset += cut.consumed as u64;
        (self.progress.block, self.progress.stuck) = (0, None);
        self.left = self.left.saturating_sub(cut.consumed as u64);
        reading.metrics.bytes.add(cut.consumed as u64);
        self.parcel(batch, cut.end)
    }

    /// Says once of a file that lines are left out because they are too long.
    fn tell_skips(&mut self, skips: bool) {
        if skips && !self.progress.has_told_skips {
            self.progress.has_told_skips = true;
            let stream = &self.content.stream;
            let longest = self.reading.cutting.max_line;
            warn!(component = %stream.input, file = %stream.name, limit = longest,
                "lines above `Buffer_Max_Size` are left out; this is said once for a file");
        }
    }

    /// What is `unread` of the file, where that may have become known better by reading.
    fn unread_now(&mut self, unread: usize) -> usize {
        if !self.file.is_compressed() {
            return unread;
        }
        self.size = self.file.size().unwrap_or(self.size);
        usize::try_from(self.size.saturating_sub(self.progress.offset)).unwrap_or(usize::MAX)
    }

    /// Cuts a block of a file that may not be UTF-8. `None` when its head cannot be read.
    fn cut_encoded(&mut self, encoding: Encoding, cutter: &Cutter<'_>, batch: &mut Batch, block: Block) -> Option<Cut> {
        let mut head = [0; 3];
        let length = match self.file.read_full(&mut head, 0) {
            Ok(length) => length,
            Err(error) => {
                let Stream { input, name, .. } = &*self.content.stream;
                warn!(component = %input, file = %name, %error, "its head cannot be read now");
                return None;
            }
        };
        Some(encoding.cut(cutter, batch, (block, &head[..length]), &mut self.progress.long))
    }

    /// Memory for `needed` bytes. For a long line nothing is waited for: other files of the worker have their turn.
    fn batch(&mut self, needed: usize) -> Option<PooledBatch> {
        let is_large = needed > Memory::LARGEST;
        let batch = match is_large {
            true => self.memory.take_large(self.content.stream.id, needed),
            false => self.memory.take(needed, PATIENCE),
        };
        if batch.is_none() {
            self.end = if is_large { End::Short } else { End::Nothing };
        }
        batch
    }

    /// No line was complete in the bytes `read`: the next block is larger where more are `unread`, else the file must grow
    /// first.
    fn want_more(&mut self, read: usize, unread: usize) {
        if read < unread && read > 0 {
            let larger = self.progress.block().max(self.reading.block) * 4;
            let longest = self.reading.cutting.max_line + 2;
            let block = larger.min(self.reading.encoding.map_or(longest, |encoding| encoding.longest(longest)));
            self.progress.block = u32::try_from(block).unwrap_or(u32::MAX);
        } else {
            self.progress.stuck = Some(self.size);
            self.end = End::Nothing;
        }
    }

    fn parcel(&mut self, batch: PooledBatch, end: u64) -> Option<Parcel> {
        let share = self.content.ledger.open(end);
        if let Some(prefix) = self.prefix.take() {
            // Of a line that is longer than this range nothing is settled before it is over.
            prefix.hand_to(&share, end.max(1));
        }
        if batch.is_empty() {
            // Only what is left out: nobody else need hear of it.
            share.settle_all(Outcome::Passed);
            return None;
        }
        self.reading.metrics.records.add(batch.len() as u64);
        let (stream, tag) = (Arc::clone(&self.content.stream), Arc::clone(&self.tag));
        Some(Parcel { batch, shares: vec![share], stream, tag, end, epoch: self.epoch })
    }
}

impl Source for Lease {
    fn next(&mut self) -> Option<Parcel> {
        while self.goes_on() {
            let parcel = self.block();
            if parcel.is_some() {
                return parcel;
            }
        }
        None
    }

    fn weight(&self) -> usize {
        let unread = usize::try_from(self.size - self.progress.offset).unwrap_or(usize::MAX);
        Memory::charge_of(unread.min(self.reading.block))
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("number", &self.number).field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.file.forget(self.progress.offset.saturating_sub(self.progress.mark.bytes().len() as u64));
        // Whether more is to be read or not: others of this worker are opened before the input hears of it.
        self.file.give_up_if_over();
        let Self { number, progress, size, last, end, .. } = *self;
        let prefix = self.prefix.take();
        self.reading.give_back(Returned { number, progress, size, last, end, prefix });
    }
}

/// Reads up to `wanted` bytes behind the offset into the arena and gives where they begin there. `None` when the bytes
/// before the offset are not those that were read, or when its head is another: it was truncated since it was lent. Lines of
/// two contents may end alike at the same offset, so the head is looked at after the block was read.
fn read_block(
    (file, progress, head): (&Opened, &Progress, Option<&Known>),
    batch: &mut PooledBatch,
    wanted: usize,
) -> io::Result<Option<usize>> {
    let mark = progress.mark.bytes();
    let arena = batch.arena_mut();
    let from = arena.len();
    file.append(arena, progress.offset - mark.len() as u64, mark.len() + wanted)?;
    let is_same = match head {
        // Of a gzip file may be read less than its head, since its size is that of the compressed bytes.
        Some(known) if progress.offset == 0 && arena.len() - from >= known.head_length as usize => {
            proof::begins_with_head(&arena[from..], known)
        }
        Some(known) if progress.offset == 0 || !file.is_compressed() => {
            arena[from..].starts_with(mark) && proof::has_head(file, known)
        }
        _ => arena[from..].starts_with(mark),
    };
    Ok(is_same.then_some(from + mark.len()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use vigie_parsers::batch::Timestamp;

    use super::super::cut::OnLongLine;
    use super::*;

    #[test]
    fn a_block_ends_where_it_is_to_end_whether_the_arena_has_just_room_for_it_or_much() {
        let mut file = tempfile::tempfile().expect("a file");
        let bytes: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        file.write_all(&bytes).expect("it is written");
        let file = Opened::new(file, std::path::Path::new("plain.log"));
        let progress = Progress::at(&file, 1_000);
        let before = progress.mark.bytes().len();

        for room in [4_000, 30_000, 200_000] {
            let mut batch = Memory::new(4 << 20).take(room, PATIENCE).expect("there is room");
            let start =
                read_block((&file, &progress, None), &mut batch, 3_900).expect("it is read").expect("it is unchanged");
            assert_eq!((start, batch.arena()), (before, &bytes[1_000 - before..4_900]), "with room for {room}");
        }
    }
    #[test]
    fn a_block_of_very_short_lines_takes_no_more_memory_than_is_counted() {
        let cutting = Cutting { max_line: 100, on_long_line: OnLongLine::Cut, skip_empty: false };
        let metrics = InputMetrics::new("tail.0");
        for (room, line) in [(4_000, "\n"), (30_000, "\r\n"), (200_000, "\n"), (200_000, "a\n"), (200_000, "\0\n")] {
            let content = line.repeat((room - 100) / line.len());
            let (mut at, mut lines) = (0, 0);
            while at < content.len() {
                let mut batch = Memory::new(4 << 20).take(room, PATIENCE).expect("there is room");
                let key = Keys::new(["log"]).in_batch(&mut batch).key(0);
                let start = batch.store(&content.as_bytes()[at..]).range().start;
                let most = batch.most_lines();
                let (now, skips) = (Timestamp::default(), Cell::default());
                let cutter = Cutter { cutting, metrics: &metrics, now, key, most, skips };

                let cut = cutter.cut(&mut batch, Block { start, offset: at as u64, last: false }, &mut None);

                assert!(batch.capacity_bytes() <= batch.charge(), "{line:?}: {} lines in {room}", batch.len());
                assert!(cut.consumed > 0 && cut.end == (at + cut.consumed) as u64, "{line:?}: {cut:?}");
                (at, lines) = (at + cut.consumed, lines + batch.len());
            }
            assert_eq!(lines, content.len() / line.len(), "{line:?}");
        }
    }
}
