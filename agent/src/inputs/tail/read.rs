//! Reads a block of a file and cuts it into lines.

use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use memchr::memchr;
use tracing::{error, warn};
use vigie_parsers::batch::{Field, Keys, Origin, Span, Text, Timestamp, Value};

use super::file::{Standing, Tailed};
use crate::metrics::InputMetrics;
use crate::plugin::{Agent, Outlet, Parcel, PooledBatch};

/// What becomes of a line above the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnLongLine {
    /// It is cut into parts.
    Cut,
    /// It is left out.
    Skip,
    /// Its first part is taken.
    Truncate,
}

/// How files are read and cut.
pub(super) struct Reading {
    pub(super) keys: Keys,
    pub(super) block: usize,
    pub(super) max_line: usize,
    pub(super) on_long_line: OnLongLine,
    pub(super) skip_empty: bool,
}

/// What one turn of a file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Bytes were handed on or left out.
    Progress,
    /// There is nothing to hand on now.
    Nothing,
    /// Memory is used up or the worker is busy.
    Blocked,
}

/// What reading needs beside the file.
pub(super) struct Place<'a> {
    pub(super) reading: &'a Reading,
    pub(super) outlet: &'a Outlet,
    pub(super) agent: &'a Agent,
    pub(super) metrics: &'a InputMetrics,
    pub(super) now: Timestamp,
}

/// How long a turn waits for memory.
const PATIENCE: Duration = Duration::from_millis(20);

impl Place<'_> {
    /// Reads one block of `file` and hands its lines on. With `last`, what has no newline is a line too.
    pub(super) fn turn(&self, file: &mut Tailed, last: bool) -> Turn {
        let Some(content) = &file.content else { return Turn::Nothing };
        if file.standing == Standing::Gone {
            return Turn::Nothing;
        }
        if !self.outlet.has_room(content.stream.id) {
            return Turn::Blocked;
        }
        let unread = usize::try_from(file.size.saturating_sub(file.offset)).unwrap_or(usize::MAX);
        // A line of the longest kind must fit whole, with its end.
        let block = self.reading.block.max((self.reading.max_line + 2).min(unread));
        let Some(mut batch) = self.outlet.batch(unread.min(block), PATIENCE) else { return Turn::Blocked };
        let length = match read_block(file, &mut batch, unread.min(block)) {
            Ok(length) => length,
            Err(error) => {
                error!(component = "tail", file = %file.current.display(), %error, "cannot be read now");
                file.next_look = Instant::now() + Duration::from_secs(1);
                return Turn::Nothing;
            }
        };
        let consumed = self.cut(file, &mut batch, length, last && length == unread);
        if consumed == 0 {
            return Turn::Nothing;
        }
        file.offset += consumed as u64;
        self.hand_on(file, batch);
        Turn::Progress
    }

    fn hand_on(&self, file: &Tailed, batch: PooledBatch) {
        // A line being left out opens no range: should the agent die, it is met again from its start.
        if file.skipping && batch.is_empty() {
            return;
        }
        let Some(content) = &file.content else { return };
        let bytes: u64 = batch.entries().iter().map(|entry| u64::from(entry.origin.length) + 1).sum();
        self.metrics.records.add(batch.len() as u64);
        self.metrics.bytes.add(bytes);
        let share = content.ledger.open(file.offset);
        if let Some(entry) = batch.entries().last().filter(|_| file.skipping) {
            // The rest of this line is being left out: a restart must meet the line from its start.
            share.set_clean(entry.origin.offset);
        }
        let (stream, tag) = (content.stream.clone(), file.tag.clone());
        let parcel = Parcel { batch, shares: vec![share], stream, tag, end: file.offset, epoch: file.epoch };
        // When the workers are gone the share is dropped, and the position stays.
        self.outlet.send(parcel);
    }

    /// Cuts the first `length` bytes of the arena into records. Gives how many bytes are dealt with.
    fn cut(&self, file: &mut Tailed, batch: &mut PooledBatch, length: usize, last: bool) -> usize {
        let mut start = 0;
        if file.skipping {
            let Some(newline) = memchr(b'\n', &batch.arena()[..length]) else { return length };
            start = newline + 1;
            file.skipping = false;
        }
        let mut lines = Lines { place: self, offset: file.offset, key: self.reading.keys.in_batch(batch).key(0) };
        while let Some(newline) = memchr(b'\n', &batch.arena()[start..length]) {
            lines.line(batch, start, start + newline);
            start += newline + 1;
        }
        if length - start > self.reading.max_line {
            return lines.overlong(file, batch, start, length);
        }
        if last && start < length {
            lines.line(batch, start, length);
            file.ended = true;
            return length;
        }
        start
    }
}

fn read_block(file: &Tailed, batch: &mut PooledBatch, wanted: usize) -> std::io::Result<usize> {
    let arena = batch.arena_mut();
    arena.resize(wanted.min(u32::MAX as usize / 2), 0);
    let mut length = 0;
    while length < arena.len() {
        match file.file.read_at(&mut arena[length..], file.offset + length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    arena.truncate(length);
    Ok(length)
}

/// Adds lines as records.
struct Lines<'a> {
    place: &'a Place<'a>,
    offset: u64,
    key: Text,
}

impl Lines<'_> {
    /// The line from `start` to `end`, newline excluded.
    fn line(&mut self, batch: &mut PooledBatch, start: usize, end: usize) {
        let reading = self.place.reading;
        let bytes = &batch.arena()[start..end];
        let carriage = usize::from(bytes.last() == Some(&b'\r'));
        // Runs of NUL come from preallocation and from writers that were truncated under; they are no text.
        let nuls = if bytes.first() == Some(&0) { bytes.iter().take_while(|byte| **byte == 0).count() } else { 0 };
        let (start, end) = (start + nuls, (end - carriage).max(start + nuls));
        if start == end && (reading.skip_empty || nuls > 0) {
            return;
        }
        if end - start > reading.max_line {
            self.long_line(batch, start, end);
            return;
        }
        self.record(batch, start, end);
    }

    fn long_line(&mut self, batch: &mut PooledBatch, start: usize, end: usize) {
        let reading = self.place.reading;
        match reading.on_long_line {
            OnLongLine::Skip => self.place.metrics.long_line_skipped.add(1),
            OnLongLine::Truncate => {
                self.place.metrics.long_line_truncated.add(1);
                self.record(batch, start, start + reading.max_line);
            }
            OnLongLine::Cut => {
                self.place.metrics.long_line_truncated.add(1);
                let mut from = start;
                while from < end {
                    let to = end.min(from + reading.max_line);
                    self.record(batch, from, to);
                    from = to;
                }
            }
        }
    }

    /// A line of more than the limit whose end is not in the block. Gives how many bytes are dealt with.
    fn overlong(&mut self, file: &mut Tailed, batch: &mut PooledBatch, start: usize, length: usize) -> usize {
        let reading = self.place.reading;
        if !batch.is_empty() {
            return start;
        }
        warn!(component = "tail", file = %file.current.display(), offset = self.offset + start as u64,
            limit = reading.max_line, "a line is longer than Buffer_Max_Size");
        match reading.on_long_line {
            OnLongLine::Cut => {
                self.place.metrics.long_line_truncated.add(1);
                self.record(batch, start, start + reading.max_line);
                return start + reading.max_line;
            }
            OnLongLine::Skip => self.place.metrics.long_line_skipped.add(1),
            OnLongLine::Truncate => {
                self.place.metrics.long_line_truncated.add(1);
                self.record(batch, start, start + reading.max_line);
            }
        }
        file.skipping = true;
        length
    }

    fn record(&mut self, batch: &mut PooledBatch, start: usize, end: usize) {
        let span = Span::between(start, end);
        let hash = self.place.agent.source_hash(batch.bytes(span));
        let origin = Origin { offset: self.offset + start as u64, length: span.len, hash, part: 0, lot: 0 };
        let index = batch.push(self.place.now, origin);
        batch.record_mut(index).append_field(Field { key: self.key, value: Value::Text(Text::plain(span)) });
    }
}
