//! Fluent Bit's older multiline mode of tail: a parser tells the first line of an event, others take fields out of later ones, and
//! what none of them fits is appended to the text that came last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vigie_parsers::batch::{Batch, Origin, Text, Timestamp, Value};
use vigie_parsers::{Parsed, Parser};

use super::Shared;
use super::held::{Event, Held, Work};
use crate::plugin::{Parcel, Stage, Stream, Succession};
use crate::receipts::Share;

/// What tells the lines of an event.
#[derive(Clone, Debug)]
pub struct FirstLine {
    /// Parser of a line that begins an event.
    pub first: Arc<dyn Parser>,
    /// Parsers of lines that go on with one, in the order in which they are tried.
    pub more: Vec<Arc<dyn Parser>>,
    /// How long an event waits for its next line.
    pub flush_after: Duration,
    /// Bytes at which an event is cut.
    pub largest: usize,
}

/// The stage of one stream.
pub(super) struct FirstLines {
    shared: Arc<Shared>,
    rules: FirstLine,
    held: Held<Begun>,
    /// What a line is parsed in; an event takes it over.
    scratch: Batch,
}

impl FirstLines {
    pub(super) fn new(shared: Arc<Shared>, stream: Arc<Stream>, rules: FirstLine) -> Self {
        let held = Held::new(Arc::clone(&shared), stream, rules.flush_after);
        Self { shared, rules, held, scratch: Batch::default() }
    }
}

/// An event that may go on.
struct Begun {
    /// Its fields, as one record.
    record: Batch,
    /// Whether its first line ended with a text, without which lines that no parser fits do not belong to it.
    appends: bool,
    /// The field that lines are being appended to.
    field: Option<usize>,
    /// What that field has in the place of its value in `record`.
    text: Vec<u8>,
}

impl Begun {
    fn new(record: Batch) -> Self {
        let appends = matches!(record.record(0).fields().last().map(|field| field.value), Some(Value::Text(_)));
        Self { record, appends, field: None, text: Vec::new() }
    }

    /// Takes the fields that `parser` finds in `line`, which it fits.
    fn take_fields(&mut self, parser: &dyn Parser, line: &[u8]) {
        self.put_text();
        let time = self.record.record(0).time();
        let span = self.record.store(line);
        parser.parse(&mut self.record, 0, span);
        self.record.record_mut(0).set_time(time);
    }

    /// Appends `line` to the last text. Returns whether it may.
    fn append(&mut self, line: &[u8]) -> bool {
        if !self.appends {
            return false;
        }
        if self.field.is_none() {
            let fields = self.record.record(0).fields();
            self.field = fields.iter().rposition(|field| matches!(field.value, Value::Text(_)));
            let Some(Value::Text(text)) = self.field.map(|at| fields[at].value) else { return false };
            self.text.clear();
            self.record.decode_text(text, &mut self.text);
        }
        self.text.push(b'\n');
        self.text.extend_from_slice(line);
        true
    }

    /// Puts what was appended into its field.
    fn put_text(&mut self) {
        if let Some(at) = self.field.take() {
            let text = Text::plain(self.record.store(&self.text));
            self.record.record_mut(0).set_value(at, Value::Text(text));
        }
    }
}

impl Event for Begun {
    fn bytes(&self) -> usize {
        self.record.arena().len() + self.text.len()
    }

    fn capacity(&self) -> usize {
        self.record.capacity_bytes() + self.text.capacity()
    }
}

/// Raw line `index` of `work`: begins an event, goes on with one, or is a record of its own.
fn line(
    shared: &Shared,
    rules: &FirstLine,
    scratch: &mut Batch,
    (held, work, index): (&mut Held<Begun>, &mut Work, usize),
) {
    let batch = &work.parcel.batch;
    let record = batch.record(index);
    let Some(Value::Text(text)) = record.fields().first().map(|field| field.value) else { return };
    let bytes = batch.bytes(text.span);
    scratch.clear();
    let span = scratch.store(bytes);
    scratch.push(record.time(), Origin::default());
    let parsed = rules.first.parse(scratch, 0, span);
    if parsed == Parsed::TimeUnclear {
        shared.count_unclear_time();
    }
    if parsed.gave_fields() {
        if !held.open.is_empty() {
            let over = held.end(work, 0);
            emit(shared, &held.stream, work, over, false);
        }
        return held.begin(work, index, Begun::new(std::mem::take(scratch)));
    }
    let mut takes = |begun: &mut Begun| match fitting(&rules.more, bytes, scratch) {
        Some(parser) => {
            begun.take_fields(parser, bytes);
            true
        }
        None => begun.append(bytes),
    };
    if !held.open.first_mut().is_some_and(|open| takes(&mut open.event)) {
        let own = work.push_line(index);
        return shared.keep_whole(&mut work.parcel, own);
    }
    held.extend(work, 0, index);
    if held.open[0].event.bytes() >= rules.largest {
        let cut = held.end(work, 0);
        emit(shared, &held.stream, work, cut, true);
    }
}

/// The first of `parsers` that fits `line`. It is looked for in `scratch`, since an event keeps whatever is stored in it.
fn fitting<'a>(parsers: &'a [Arc<dyn Parser>], line: &[u8], scratch: &mut Batch) -> Option<&'a dyn Parser> {
    let fits = |parser: &&dyn Parser| {
        scratch.clear();
        let span = scratch.store(line);
        scratch.push(Timestamp::default(), Origin::default());
        parser.parse(scratch, 0, span).gave_fields()
    };
    parsers.iter().map(|parser| &**parser).find(fits)
}

/// Adds an event that is over: path and offset first, as in Fluent Bit.
fn emit(shared: &Shared, stream: &Stream, work: &mut Work, (mut begun, origin): (Begun, Origin), is_cut: bool) {
    begun.put_text();
    let batch = &mut work.parcel.batch;
    let index = batch.adopt(&begun.record, 0);
    batch.record_mut(index).set_origin(origin);
    if shared.has_place() {
        let own = batch.record(index).fields().len();
        shared.add_place(batch, index, stream);
        batch.record_mut(index).fields_mut().rotate_left(own);
    }
    if is_cut {
        shared.metrics.multiline_truncated.add(1);
        shared.mark_cut(batch, index);
    }
}

impl Stage for FirstLines {
    fn run(&mut self, parcel: Parcel) -> Option<Parcel> {
        let Self { shared, rules, held, scratch } = self;
        let (shared, stream) = (&*shared, Arc::clone(&held.stream));
        let cut = |work: &mut Work, over| emit(shared, &stream, work, over, true);
        held.run(parcel, |held, work, index| line(shared, rules, scratch, (held, work, index)), cut)
    }

    fn deadline(&self) -> Option<Instant> {
        self.held.deadline()
    }

    fn flush(&mut self, now: Instant) -> Option<Parcel> {
        let (shared, stream) = (&self.shared, Arc::clone(&self.held.stream));
        self.held.give_out(Some(now), |work, over| emit(shared, &stream, work, over, false))
    }

    fn succeed(&mut self, succession: &Succession) -> bool {
        self.held.succeed(succession)
    }

    fn holds_back(&self, given: &dyn Fn(&Share) -> u64) -> bool {
        self.held.holds_back(given)
    }

    fn finish(&mut self) -> Option<Parcel> {
        let (shared, stream) = (&self.shared, Arc::clone(&self.held.stream));
        self.held.give_out(None, |work, over| emit(shared, &stream, work, over, false))
    }
}
