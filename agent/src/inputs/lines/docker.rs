//! Fluent Bit's docker mode of tail: lines of JSON whose `log` does not end with a newline are parts of one, which is put together
//! before anything is parsed.

use std::ops;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vigie_parsers::Parser;
use vigie_parsers::batch::{Batch, Origin, Range, Text, Timestamp, Value};
use vigie_parsers::json::JsonParser;

use super::held::{Event, Held, Work};
use super::plain::PlainLines;
use super::{KEY, Shared};
use crate::plugin::{Parcel, Stage, Stream, Succession};
use crate::receipts::Share;

/// Lines that may be open at once, one for each value of `stream`; the first one is given out for another.
const MOST_OPEN: usize = 8;

/// How lines of Docker's are put together.
#[derive(Clone, Debug)]
pub struct Docker {
    /// Parser of a line that begins an event: behind one, lines that are whole are joined too, until the next one.
    pub first: Option<Arc<dyn Parser>>,
    /// How long a line waits for its next part.
    pub flush_after: Duration,
    /// Bytes at which a line is cut.
    pub largest: usize,
}

/// The stage of one stream.
pub(super) struct DockerLines {
    rules: Docker,
    held: Held<Parts>,
    /// Takes lines that were put together.
    plain: PlainLines,
    scratch: Scratch,
}

impl DockerLines {
    pub(super) fn new(shared: Arc<Shared>, stream: Arc<Stream>, rules: Docker) -> Self {
        let held = Held::new(Arc::clone(&shared), stream, rules.flush_after);
        let plain = PlainLines::new(shared);
        Self { rules, held, plain, scratch: Scratch::default() }
    }
}

/// What a line is looked at in, filled anew for each.
#[derive(Default)]
struct Scratch {
    batch: Batch,
    text: Vec<u8>,
}

/// Parts of a line.
struct Parts {
    /// Value of `stream`.
    stream: Vec<u8>,
    /// What `log` holds so far, escaped as it was.
    log: Vec<u8>,
    /// The last part, of which everything else is kept, and where `log` stands in it.
    last: Vec<u8>,
    place: ops::Range<usize>,
    time: Timestamp,
    /// Whether the last part ended its line.
    is_whole: bool,
    /// Whether whole lines are joined too, since the first one begins an event.
    goes_on: bool,
}

impl Parts {
    fn take(&mut self, batch: &Batch, (line, seen): (usize, &Seen)) {
        self.log.extend_from_slice(batch.bytes(seen.log.span));
        self.last.clear();
        self.last.extend_from_slice(batch.bytes(seen.line.span));
        let start = (seen.log.span.start - seen.line.span.start) as usize;
        self.place = start..start + seen.log.span.len as usize;
        self.time = batch.record(line).time();
        self.is_whole = seen.is_whole;
    }

    /// The line that its parts make.
    fn line(&self) -> Vec<u8> {
        [&self.last[..self.place.start], &self.log, &self.last[self.place.end..]].concat()
    }
}

impl Event for Parts {
    fn bytes(&self) -> usize {
        self.log.len() + self.last.len()
    }

    fn capacity(&self) -> usize {
        self.stream.capacity() + self.log.capacity() + self.last.capacity()
    }
}

/// A line of Docker's.
struct Seen {
    line: Text,
    log: Text,
    stream: Option<Text>,
    /// Whether `log` ends with a newline.
    is_whole: bool,
}

/// Takes raw line `index` apart for a look; it stays as it is. `None` when it is not of Docker's.
fn look(batch: &mut Batch, index: usize, text: &mut Vec<u8>) -> Option<Seen> {
    let raw = batch.record_mut(index).range();
    let Value::Text(line) = batch.fields(raw).first()?.value else { return None };
    batch.record_mut(index).replace_fields(Range::empty_at(raw.start as usize));
    let is_json = JsonParser.parse(batch, index, line.span).gave_fields();
    let record = batch.record(index);
    let text_of = |key: &[u8]| match record.get(key).filter(|_| is_json) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    let (log, stream) = (text_of(b"log"), text_of(b"stream"));
    batch.record_mut(index).replace_fields(raw);
    let log = log?;
    text.clear();
    batch.decode_text(log, text);
    Some(Seen { line, log, stream, is_whole: text.ends_with(b"\n") })
}

/// Raw line `index` of `work`: goes on as it is, or into a line of several parts.
fn line(
    rules: &Docker,
    plain: &PlainLines,
    scratch: &mut Scratch,
    (held, work, index): (&mut Held<Parts>, &mut Work, usize),
) {
    let Some(seen) = look(&mut work.parcel.batch, index, &mut scratch.text) else {
        while !held.open.is_empty() {
            end(held, work, plain, 0);
        }
        let own = work.push_line(index);
        return plain.line(&mut work.parcel, own);
    };
    let batch = &work.parcel.batch;
    let stream = seen.stream.map(|stream| batch.bytes(stream.span)).unwrap_or_default();
    let mut at = held.open.iter().position(|open| open.event.stream == stream);
    let is_looked_at = at.is_none_or(|at| held.open[at].event.is_whole);
    let first = rules.first.as_ref().filter(|_| is_looked_at);
    let begins = first.is_some_and(|first| fits(&**first, batch.bytes(seen.line.span), scratch));
    if begins && let Some(over) = at.take() {
        end(held, work, plain, over);
    }
    let is_over = seen.is_whole && !at.map_or(begins, |at| held.open[at].event.goes_on);
    if at.is_none() && is_over {
        let own = work.push_line(index);
        return plain.line(&mut work.parcel, own);
    }
    let at = join(held, work, plain, (at, index, &seen), begins);
    let is_cut = held.open[at].event.log.len() >= rules.largest;
    if is_cut || is_over {
        end(held, work, plain, at);
        if !seen.is_whole {
            say_cut(work, plain);
        }
    }
}

/// Puts raw line `index` into the event at `at`, or begins one with it, and gives where that stands.
fn join(
    held: &mut Held<Parts>,
    work: &mut Work,
    plain: &PlainLines,
    (at, index, seen): (Option<usize>, usize, &Seen),
    goes_on: bool,
) -> usize {
    if let Some(at) = at {
        held.open[at].event.take(&work.parcel.batch, (index, seen));
        held.extend(work, at, index);
        return at;
    }
    if held.open.len() == MOST_OPEN {
        end(held, work, plain, 0);
    }
    let batch = &work.parcel.batch;
    let stream = seen.stream.map(|stream| batch.bytes(stream.span).to_vec()).unwrap_or_default();
    let (log, last, place, time) = (Vec::new(), Vec::new(), 0..0, Timestamp::default());
    let mut parts = Parts { stream, log, last, place, time, is_whole: false, goes_on };
    parts.take(batch, (index, seen));
    held.begin(work, index, parts);
    held.open.len() - 1
}

fn fits(parser: &dyn Parser, line: &[u8], scratch: &mut Scratch) -> bool {
    let batch = &mut scratch.batch;
    batch.clear();
    let span = batch.store(line);
    batch.push(Timestamp::default(), Origin::default());
    parser.parse(batch, 0, span).gave_fields()
}

/// Adds the line of the event at `at`.
fn end(held: &mut Held<Parts>, work: &mut Work, plain: &PlainLines, at: usize) {
    let over = held.end(work, at);
    emit(work, plain, over)
}

/// Says of the line that was added last that it was cut.
fn say_cut(work: &mut Work, plain: &PlainLines) {
    let cut = work.parcel.batch.len() - 1;
    plain.shared.metrics.multiline_truncated.add(1);
    plain.shared.mark_cut(&mut work.parcel.batch, cut);
}

fn emit(work: &mut Work, plain: &PlainLines, (parts, origin): (Parts, Origin)) {
    let batch = &mut work.parcel.batch;
    let key = plain.shared.keys.in_batch(batch).key(KEY);
    let line = batch.store(&parts.line());
    let index = batch.len();
    batch.push_text(parts.time, origin, key, line);
    plain.line(&mut work.parcel, index);
}

impl Stage for DockerLines {
    fn run(&mut self, parcel: Parcel) -> Option<Parcel> {
        let Self { rules, held, plain, scratch, .. } = self;
        let cut = |work: &mut Work, over| {
            emit(work, plain, over);
            say_cut(work, plain);
        };
        held.run(parcel, |held, work, index| line(rules, plain, scratch, (held, work, index)), cut)
    }

    fn deadline(&self) -> Option<Instant> {
        self.held.deadline()
    }

    fn flush(&mut self, now: Instant) -> Option<Parcel> {
        let plain = &self.plain;
        self.held.give_out(Some(now), |work, over| emit(work, plain, over))
    }

    fn succeed(&mut self, succession: &Succession) -> bool {
        self.held.succeed(succession)
    }

    fn holds_back(&self, given: &dyn Fn(&Share) -> u64) -> bool {
        self.held.holds_back(given)
    }

    fn finish(&mut self) -> Option<Parcel> {
        let plain = &self.plain;
        self.held.give_out(None, |work, over| emit(work, plain, over))
    }
}
