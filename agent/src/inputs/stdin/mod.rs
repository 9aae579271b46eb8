//! Reads standard input, line by line.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use memchr::memchr;
use tracing::{error, warn};
use vigie_parsers::batch::{Batch, Keys, Origin, Source};

use crate::config::types::Size;
use crate::config::{Diagnostics, Options, Section};
use crate::inputs::lines;
use crate::plugin::{Input, InputKind, InputSetup, Memory, Outlet, Parcel, Stop, Stream, wall_clock};
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
        "parser" _parser: String, optional, "Parser of each line; by default a line is one JSON object. A line that does not fit is kept under `log`.";
        buffer_size: Size, default "1M", "Longest line; a longer one is cut into parts.";
    }
}

fn build(section: &Section, setup: &InputSetup<'_>, findings: &mut Diagnostics) -> Option<Box<dyn Input>> {
    let options = StdinOptions::read(section, findings)?;
    let parser = lines::parser((section, "parser"), setup.context, findings)?;
    let line_options = lines::LineOptions {
        key: "log".into(),
        parser: parser.or_else(|| Some(vigie_parsers::json::JsonParser::shared())),
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
    Some(Box::new(Stdin { stream: Arc::new(stream), tag: setup.tag.into(), longest, keys: Keys::new(["log"]) }))
}

struct Stdin {
    stream: Arc<Stream>,
    tag: Arc<str>,
    longest: usize,
    keys: Keys,
}

/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Chunks that may wait for the input.
const CHUNKS: usize = 4;
/// How long at a stop the thread that reads is waited for, which may have taken a chunk that is not here yet.
const LAST_CHUNK: Duration = Duration::from_millis(200);

impl Input for Stdin {
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
    fn follow(&self, source: Chunks, mut rest: Vec<u8>, outlet: Outlet, stop: &Stop) {
        let ledger = Ledger::new(0, stop.signal().clone());
        let mut offset = 0;
        while !stop.requested() {
            match source.chunks.recv_timeout(Duration::from_millis(200)) {
                Ok(chunk) => rest.extend_from_slice(&chunk),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            offset += self.hand_on((&ledger, &outlet), &mut rest, offset, false);
            lines::count_lost(&ledger, offset, &self.stream);
        }
        if stop.is_handed_over() {
            stop.leave(Unread { source, rest });
        } else {
            rest.extend(source.last());
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

    /// Hands on the complete lines of `rest`, which begins at `offset`; all of it when it is the `last`. Gives the number of
    /// bytes handed on.
    fn hand_on(&self, to: (&Arc<Ledger>, &Outlet), rest: &mut Vec<u8>, offset: u64, last: bool) -> u64 {
        let (ledger, outlet) = to;
        let mut done = 0;
        while self.line_end(&rest[done..], last).is_some() {
            let wanted = Memory::LARGEST.min(rest.len() - done);
            let Some(mut batch) = outlet.batch(wanted, Duration::from_secs(1)) else { continue };
            let taken = self.fill(&mut batch, &rest[done..], offset + done as u64, last);
            done += taken;
            self.stream.metrics.records.add(batch.len() as u64);
            self.stream.metrics.bytes.add(taken as u64);
            let end = offset + done as u64;
            let (stream, tag) = (Arc::clone(&self.stream), Arc::clone(&self.tag));
            outlet.send(Parcel { batch, shares: vec![ledger.open(end)], stream, tag, end, epoch: 0 });
        }
        rest.drain(..done);
        done as u64
    }

    /// Fills `batch` with the first lines of `bytes`. Gives how many bytes they take.
    fn fill(&self, batch: &mut Batch, bytes: &[u8], offset: u64, last: bool) -> usize {
        let key = self.keys.in_batch(batch).key(0);
        let read = wall_clock();
        let mut at = 0;
        while let Some(end) = self.line_end(&bytes[at..], last).filter(|end| at == 0 || at + end <= Memory::LARGEST) {
            let line = trimmed(&bytes[at..at + end]);
            let span = batch.store(line);
            let source = Source::At(span.start);
            let origin = Origin { offset: offset + at as u64, length: span.len, source, part: 0, lot: 0 };
            batch.push_text(read, origin, key, span);
            at += end;
        }
        at
    }

    /// Where the first line of `bytes` ends, its newline included.
    fn line_end(&self, bytes: &[u8], last: bool) -> Option<usize> {
        let end = memchr(b'\n', bytes).map(|newline| newline + 1);
        let end = end.or((last && !bytes.is_empty()).then_some(bytes.len()));
        let too_long = bytes.len() > self.longest && end.is_none_or(|end| end > self.longest);
        if too_long { Some(self.longest) } else { end }
    }
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
        Stdin { stream: Arc::new(stream), tag: "t".into(), longest: 1024, keys: Keys::new(["log"]) }
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
