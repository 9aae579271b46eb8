//! Reads standard input: line by line where there is a parser, else as a stream of JSON.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use memchr::memchr;
use tracing::{error, warn};
use vigie_parsers::batch::{Batch, Keys, Origin, Source};
use vigie_parsers::json::{Piece, Splitter, StreamParser};

use crate::config::types::Size;
use crate::config::{Diagnostics, Options, Section};
use crate::inputs::lines;
use crate::plugin::{
    Input, InputKind, InputSetup, ItsEnd, Memory, Outlet, Parcel, PooledBatch, Stop, Stream, wall_clock,
};
use crate::receipts::Ledger;

/// The `stdin` input.
pub(super) const KIND: InputKind = InputKind {
    name: "stdin",
    summary: "Reads standard input.",
    options: StdinOptions::TABLE,
    reads_again: false,
    build,
};

crate::options! {
    /// Options of `stdin`.
    struct StdinOptions {
        "parser" _parser: String, optional, "Parser of each line; by default the input is a stream of JSON: objects, or `[time, object]`, on one line or several. A line that does not fit is kept under `log`.";
        buffer_size: Size, default "1M", "Longest line or JSON; less than 1k counts as 1k. A longer line is cut into parts.";
    }
}

fn build(section: &Section, setup: &InputSetup<'_>, findings: &mut Diagnostics) -> Option<Box<dyn Input>> {
    let options = StdinOptions::read(section, findings)?;
    let parser = lines::parser((section, "parser"), setup.context, findings)?;
    let is_json = parser.is_none();
    let line_options = lines::LineOptions {
        key: "log".into(),
        parser: Some(parser.unwrap_or_else(StreamParser::shared)),
        multiline: lines::Multiline::default(),
        older: None,
        path_key: None,
        offset_key: None,
    };
    let stream = Stream {
        id: Stream::new_ids(),
        name: "stdin".into(),
        input: Arc::clone(&setup.context.name),
        metrics: Arc::clone(setup.metrics),
        birth: u64::try_from(wall_clock().seconds).unwrap_or(0),
        identity: lines::start_nonce().into(),
        stage: lines::factory(line_options, Arc::clone(&setup.context.agent), Arc::clone(setup.metrics)),
        sent_below: 0.into(),
    };
    let longest = options.buffer_size.0.clamp(1024, Memory::LARGEST);
    let (stream, keys) = (Arc::new(stream), Keys::new(["log"]));
    Some(Box::new(Stdin { stream, tag: setup.tag.into(), longest, is_json, keys }))
}

struct Stdin {
    stream: Arc<Stream>,
    tag: Arc<str>,
    longest: usize,
    /// Whether what is read is a stream of JSON; else each line is a record.
    is_json: bool,
    keys: Keys,
}

/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Chunks that may wait for the input.
const CHUNKS: usize = 4;
/// How long at a stop the thread that reads is waited for, which may have taken a chunk that is not here yet.
const LAST_CHUNK: Duration = Duration::from_millis(200);

impl Input for Stdin {
    fn its_end(&self) -> ItsEnd {
        ItsEnd::EndsAgent
    }

    fn run(self: Box<Self>, outlet: Outlet, stop: Stop) {
        let Unread { source, rest } =
            stop.inherit().unwrap_or_else(|| Unread { source: read_in_background(std::io::stdin()), rest: Vec::new() });
        self.follow(source, rest, outlet, &stop);
    }
}

/// What is handed over at a reload: the thread that reads goes on, and the beginning of a line waits for its end.
struct Unread {
    source: Chunks,
    rest: Vec<u8>,
}

/// Chunks of a source, read on a thread that may block for ever, so that a stop need not wait for it.
struct Chunks {
    chunks: Receiver<Vec<u8>>,
    /// Whether nothing more is to be read.
    is_over: Arc<AtomicBool>,
}

impl Chunks {
    /// Ends the reading. Gives what was taken from the source until then.
    fn last(&self) -> Vec<u8> {
        self.is_over.store(true, Ordering::Release);
        // It ends at once where the thread is about to hand a chunk on; where it waits for the source, nothing was taken.
        std::iter::from_fn(|| self.chunks.recv_timeout(LAST_CHUNK).ok()).flatten().collect()
    }
}

impl Stdin {
    /// Hands `source` on until it ends or the input is to stop, then waits for the answers.
    /// `rest` is what was read before.
    fn follow(&self, source: Chunks, rest: Vec<u8>, outlet: Outlet, stop: &Stop) {
        let mut rest = Rest { bytes: rest, pieces: self.is_json.then(Splitter::default), longest: self.longest };
        let ledger = Ledger::new(0, stop.signal().clone());
        let mut offset = 0;
        while !stop.requested() {
            match source.chunks.recv_timeout(Duration::from_millis(200)) {
                Ok(chunk) => rest.bytes.extend_from_slice(&chunk),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            offset += self.hand_on((&ledger, &outlet), &mut rest, offset, false);
            lines::count_lost(&ledger, offset, &self.stream);
        }
        if !stop.requested() {
            stop.end_agent();
        }
        if stop.is_handed_over() {
            stop.leave(Unread { source, rest: rest.bytes });
        } else {
            rest.bytes.extend(source.last());
            offset += self.hand_on((&ledger, &outlet), &mut rest, offset, true);
        }
        outlet.end(Arc::clone(&self.stream));
        drop(outlet);
        stop.wait_for_drain();
        lines::count_lost(&ledger, offset, &self.stream);
        if ledger.in_flight() > 0 {
            error!(component = %self.stream.input, "lines that cannot be read again were not delivered");
        }
    }

    /// Hands on what is complete of `rest`, which begins at `offset`; all of it when it is the `last`. Gives the number of bytes
    /// handed on.
    fn hand_on(&self, to: (&Arc<Ledger>, &Outlet), rest: &mut Rest, offset: u64, last: bool) -> u64 {
        let (ledger, outlet) = to;
        let mut done = rest.blank(0);
        while let Some(first) = rest.first(done, last) {
            let wanted = Memory::LARGEST.min(rest.bytes.len() - done);
            let mut batch = batch_of(outlet, wanted);
            let taken = self.fill(&mut batch, rest, (done, offset), (first, last));
            done += taken;
            self.stream.metrics.records.add(batch.len() as u64);
            self.stream.metrics.bytes.add(taken as u64);
            let end = offset + done as u64;
            let (stream, tag) = (Arc::clone(&self.stream), Arc::clone(&self.tag));
            outlet.send(Parcel { batch, shares: vec![ledger.open(end)], stream, tag, end, epoch: 0 });
        }
        rest.bytes.drain(..done);
        done as u64
    }

    /// Fills `batch` with the pieces of `rest` from `start` on, of which the `first` is known. Gives how many bytes they take.
    fn fill(
        &self,
        batch: &mut Batch,
        rest: &mut Rest,
        (start, offset): (usize, u64),
        (first, last): (Piece, bool),
    ) -> usize {
        let key = self.keys.in_batch(batch).key(0);
        let read = wall_clock();
        let (mut at, mut next) = (start, Some(first));
        while let Some(Piece { text, end, is_json }) = next {
            let piece = batch.store(&rest.bytes[at..][text]);
            if is_json {
                into_one_line(&mut batch.arena_mut()[piece.range()]);
            }
            let source = Source::At(piece.start);
            let origin = Origin { offset: offset + at as u64, length: piece.len, source, part: 0, lot: 0 };
            batch.push_text(read, origin, key, piece);
            at += end;
            at += rest.blank(at);
            next = rest.first(at, last).filter(|piece| at - start + piece.end <= Memory::LARGEST);
        }
        at - start
    }
}

/// A batch for `wanted` bytes, which is waited for.
fn batch_of(outlet: &Outlet, wanted: usize) -> PooledBatch {
    loop {
        if let Some(batch) = outlet.batch(wanted, Duration::from_secs(1)) {
            return batch;
        }
    }
}

/// What was read and is not handed on yet.
struct Rest {
    bytes: Vec<u8>,
    /// Finds the pieces of a stream of JSON; where there is none, each line is a piece.
    pieces: Option<Splitter>,
    longest: usize,
}

impl Rest {
    /// How many bytes from `at` on mean nothing.
    fn blank(&self, at: usize) -> usize {
        self.pieces.as_ref().map_or(0, |pieces| pieces.blank(&self.bytes[at..]))
    }

    /// The first piece from `at` on; `None` while more of it has to come. When it is the `last`, nothing more does.
    fn first(&mut self, at: usize, last: bool) -> Option<Piece> {
        let bytes = &self.bytes[at..];
        if let Some(pieces) = &mut self.pieces {
            return pieces.first(bytes, self.longest, last);
        }
        let end = memchr(b'\n', bytes).map(|newline| newline + 1);
        let end = end.or((last && !bytes.is_empty()).then_some(bytes.len()));
        let too_long = bytes.len() > self.longest && end.is_none_or(|end| end > self.longest);
        let end = if too_long { self.longest } else { end? };
        Some(Piece { text: 0..trimmed(&bytes[..end]).len(), end, is_json: false })
    }
}

/// Turns line ends into blanks, which mean the same between the parts of JSON.
fn into_one_line(json: &mut [u8]) {
    json.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
}

/// Reads `source` on a thread of its own.
fn read_in_background(mut source: impl Read + Send + 'static) -> Chunks {
    let (sender, chunks): (SyncSender<Vec<u8>>, _) = sync_channel(CHUNKS);
    let is_over = Arc::new(AtomicBool::new(false));
    let is_enough = Arc::clone(&is_over);
    let read = move || {
        while !is_enough.load(Ordering::Acquire) {
            let mut chunk = vec![0; CHUNK];
            match source.read(&mut chunk) {
                Ok(0) => return,
                Ok(length) => chunk.truncate(length),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    warn!(component = "stdin", %error, "standard input cannot be read any further");
                    return;
                }
            }
            if sender.send(chunk).is_err() {
                return;
            }
        }
    };
    if let Err(error) = thread::Builder::new().name("stdin".into()).spawn(read) {
        error!(component = "stdin", %error, "standard input cannot be read");
    }
    Chunks { chunks, is_over }
}

/// `line` without its newline.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::metrics::InputMetrics;
    use crate::plugin::ByteQueue;

    /// Lines without end, and how many bytes of them were taken.
    struct Endless(Arc<AtomicUsize>);

    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let line = format!("{:063}\n", 0);
            into.copy_from_slice(line.repeat(into.len() / line.len()).as_bytes());
            self.0.fetch_add(into.len(), Ordering::SeqCst);
            Ok(into.len())
        }
    }

    fn stdin(metrics: &Arc<InputMetrics>) -> Stdin {
        let stream = Stream {
            id: 1,
            name: "stdin".into(),
            input: "stdin.0".into(),
            metrics: Arc::clone(metrics),
            birth: 0,
            sent_below: 0.into(),
            identity: Vec::new().into(),
            stage: Arc::new(|_| unreachable!("no stage runs here")),
        };
        Stdin { stream: Arc::new(stream), tag: "t".into(), longest: 1024, is_json: true, keys: Keys::new(["log"]) }
    }

    fn outlet() -> Outlet {
        Outlet::new(Memory::new(64 << 20), vec![Arc::new(ByteQueue::new(64 << 20))])
    }

    #[test]
    fn the_beginning_of_a_line_waits_for_its_end_over_a_reload() {
        let metrics = Arc::new(InputMetrics::new("stdin.0"));
        let (before, after) = (Stop::default(), Stop::default());
        let (sender, chunks) = sync_channel(CHUNKS);
        sender.send(b"one\ntwo".to_vec()).expect("there is room");
        drop(sender);
        let source = Chunks { chunks, is_over: Arc::default() };
        before.hand_over();
        before.drained();

        stdin(&metrics).follow(source, b"ha".to_vec(), outlet(), &before);
        let read_before = metrics.records.get();
        before.pass_on(&after);
        let Unread { source, rest } = after.inherit().expect("it was left");
        after.drained();
        stdin(&metrics).follow(source, rest, outlet(), &after);

        assert_eq!((read_before, metrics.records.get(), metrics.bytes.get()), (0, 2, 9), "`haone`, `two`");
        assert!(after.inherit::<Unread>().is_none());
    }

    #[test]
    fn what_was_taken_before_a_stop_is_handed_on() {
        let metrics = Arc::new(InputMetrics::new("stdin.0"));
        let taken = Arc::new(AtomicUsize::new(0));
        let source = read_in_background(Endless(Arc::clone(&taken)));
        while taken.load(Ordering::SeqCst) < (CHUNKS + 1) * CHUNK {
            thread::yield_now();
        }
        let stop = Stop::default();
        stop.drained();

        stdin(&metrics).follow(source, Vec::new(), outlet(), &stop);

        let handed_on = metrics.bytes.get();
        assert_eq!(handed_on, taken.load(Ordering::SeqCst) as u64, "each byte that was taken");
        assert_eq!(handed_on, metrics.records.get() * 64);
    }
}
