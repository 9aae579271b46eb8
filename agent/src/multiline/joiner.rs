//! The events of one stream.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::warn;
use vigie_parsers::batch::{Batch, Value};
use vigie_parsers::multiline::MultilineParser;

use super::open::{Open, Start, Work};
use super::points::Points;
use super::{Chain, LOG, last_first};
use crate::plugin::{Parcel, Stage, Stream, Succession, Withheld};
use crate::receipts::{Ledger, Outcome, Share};

/// Events that may be open at once; the one that began first is cut for another. What they take is bounded by memory, what looking
/// through them for each record takes is bounded by this.
pub(super) const MOST_OPEN: usize = 1024;

/// Joins the records of one stream.
pub struct Joiner {
    chain: Arc<Chain>,
    stream: Arc<Stream>,
    /// In the order of their beginning.
    open: Vec<Open>,
    /// The parser that fitted last.
    last: usize,
    points: Points,
    /// Ranges of streams before this one, of which records may come yet.
    earlier: Vec<Arc<Ledger>>,
    epoch: u32,
    tag: Arc<str>,
    withheld: Withheld,
    truncated: u64,
    /// Whether more events than there may be were open at once.
    is_crowded: bool,
    is_ending: bool,
    buffers: Buffers,
}

/// Which parsers a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fits {
    /// All of them.
    Any,
    /// The one that took it apart.
    One(usize),
    /// None: it goes on as it is.
    No,
    /// None, and there is nothing in it that could go on.
    Blank,
}

/// What a record is looked at by, filled anew for each.
#[derive(Debug, Default)]
struct Buffers {
    group: Vec<u8>,
    text: Vec<u8>,
}

/// A record that may be joined.
#[derive(Clone, Copy)]
struct Line<'a> {
    index: usize,
    /// Which field holds the text.
    field: usize,
    group: &'a [u8],
    text: &'a [u8],
    fits: Fits,
}

impl Joiner {
    /// One without events.
    pub fn new(chain: Arc<Chain>, stream: Arc<Stream>) -> Self {
        Self {
            chain,
            stream,
            open: Vec::new(),
            last: 0,
            points: Points::default(),
            earlier: Vec::new(),
            epoch: 0,
            tag: "".into(),
            withheld: Withheld::default(),
            truncated: 0,
            is_crowded: false,
            is_ending: false,
            buffers: Buffers::default(),
        }
    }

    /// Tag of the records that it holds.
    pub fn tag(&self) -> &Arc<str> {
        &self.tag
    }

    /// How many events were cut since the last call.
    pub fn take_truncated(&mut self) -> u64 {
        std::mem::take(&mut self.truncated)
    }

    /// Takes the last records of the stream, and gives all that it holds behind them.
    pub fn finish_with(&mut self, parcel: Option<Parcel>) -> Option<Parcel> {
        let Some(parcel) = parcel else { return self.finish() };
        self.is_ending = true;
        self.run(parcel)
    }

    /// Takes records and gives those that no event holds, and the events that ended. `fits` tells for each record by its number
    /// which parsers it is for. The parcel may be left without records.
    pub fn join(&mut self, parcel: Parcel, fits: impl Fn(usize) -> Fits) -> Parcel {
        self.join_at(parcel, fits, Instant::now())
    }

    /// Takes records that waited elsewhere before, `waited` long: their events wait so much less.
    pub fn run_late(&mut self, parcel: Parcel, waited: Duration) -> Option<Parcel> {
        let now = Instant::now();
        let joined = self.join_at(parcel, |_| Fits::Any, now.checked_sub(waited).unwrap_or(now));
        Some(joined).filter(|parcel| !parcel.batch.is_empty())
    }

    /// Takes records that were read at `now`.
    fn join_at(&mut self, mut parcel: Parcel, fits: impl Fn(usize) -> Fits, now: Instant) -> Parcel {
        if parcel.epoch != self.epoch {
            // The input reads again from an earlier position: these events come again.
            self.open.clear();
            self.points = Points::default();
        }
        self.epoch = parcel.epoch;
        self.tag = Arc::clone(&parcel.tag);
        self.withheld.begin(&parcel.batch);
        let raw = parcel.batch.len();
        // A range must not be finished before its clean point is known. One that answers for nothing may be finished already.
        let held: Vec<usize> = (0..parcel.shares.len()).filter(|at| parcel.shares[*at].count() > 0).collect();
        held.iter().for_each(|at| parcel.shares[*at].grow(1));
        let mut work = Work { parcel, now, earlier: std::mem::take(&mut self.earlier) };
        let mut buffers = std::mem::take(&mut self.buffers);
        for index in 0..raw {
            let origin = work.parcel.batch.entries()[index].origin;
            if work.is_earlier(&origin) {
                self.points.before_earlier();
            } else {
                self.points.before(&origin, work.parcel.end, self.open.is_empty());
            }
            self.record(&mut work, (index, fits(index)), &mut buffers);
        }
        self.buffers = buffers;
        if !self.chain.waits || self.is_ending {
            self.end_all(&mut work);
        }
        self.keep_within_memory(&mut work);
        let earlier = &work.earlier;
        let is_own = |share: &Share| !earlier.iter().any(|ledger| share.is_of(ledger));
        if let Some(own) = held.iter().copied().find(|at| is_own(&work.parcel.shares[*at])) {
            self.open.iter_mut().for_each(|open| open.claim.stay(&mut work.parcel.shares[own]));
        }
        self.points.after(work.parcel.end, self.open.iter().map(|open| open.claim.from()).min());
        self.earlier = std::mem::take(&mut work.earlier);
        let mut parcel = self.give(work, raw);
        held.iter().for_each(|at| parcel.shares[*at].settle(1, Outcome::Passed));
        parcel
    }

    /// Hands on what stands behind the first `raw` records of `work`.
    fn give(&self, mut work: Work, raw: usize) -> Parcel {
        work.parcel.end = self.points.clean();
        for share in &work.parcel.shares {
            share.set_clean(work.parcel.end);
        }
        work.parcel.batch.drop_front(raw);
        work.parcel
    }

    /// Gives out all that is open.
    fn end_all(&mut self, work: &mut Work) {
        for open in std::mem::take(&mut self.open) {
            work.emit(open, &self.chain, false);
        }
    }

    fn record(&mut self, work: &mut Work, (index, fits): (usize, Fits), buffers: &mut Buffers) {
        if fits == Fits::Blank {
            let lot = work.parcel.batch.entries()[index].origin.lot;
            return work.parcel.shares[usize::from(lot)].settle(1, Outcome::Passed);
        }
        let Some(field) = self.look(&work.parcel.batch, (index, fits), buffers) else {
            // Between parts of messages others may stand; all else ends what is open, as in Fluent Bit.
            if !self.chain.parts {
                self.end_all(work);
            }
            return work.parcel.batch.push_again(index);
        };
        let line = Line { index, field, group: &buffers.group, text: &buffers.text, fits };
        if let Some(at) = self.open.iter().position(|open| open.group == line.group) {
            if self.goes_on(work, at, line) {
                return;
            }
            let over = self.open.remove(at);
            work.emit(over, &self.chain, false);
            if self.open.is_empty() {
                self.points.begins();
            }
        }
        self.begin(work, line);
    }

    /// Puts what of record `index` is looked at into `buffers`, and gives the number of the field of its text. `None` when it has
    /// none to be joined.
    fn look(&self, batch: &Batch, (index, fits): (usize, Fits), buffers: &mut Buffers) -> Option<usize> {
        let chain = &*self.chain;
        let parser = match fits {
            Fits::No | Fits::Blank => return None,
            Fits::Any => None,
            Fits::One(at) => Some(&*chain.parsers[at]),
        };
        let key = chain.key.as_ref().or_else(|| parser?.key_content.as_ref()).map_or(LOG, String::as_str);
        let group = chain.group.as_ref().or_else(|| parser?.key_group.as_ref());
        if chain.parts && !is_true(batch, index, b"partial_message") {
            return None;
        }
        let record = batch.record(index);
        let field = record.fields().iter().position(|field| batch.text_is(field.key, key.as_bytes()))?;
        let Value::Text(text) = record.fields()[field].value else { return None };
        buffers.text.clear();
        batch.decode_text(text, &mut buffers.text);
        buffers.group.clear();
        if let Some(value) = group.and_then(|group| record.get(group.as_bytes())) {
            push_plain(batch, value, &mut buffers.group);
        }
        Some(field)
    }

    /// Whether `line` goes on with the event at `at`, which takes it unless it is full: then the line begins one of its own.
    fn goes_on(&mut self, work: &mut Work, at: usize, line: Line<'_>) -> bool {
        let open = &mut self.open[at];
        if matches!(line.fits, Fits::One(parser) if parser != open.parser) {
            return false;
        }
        let parser = &self.chain.parsers[open.parser];
        let seen = looked_at(&work.parcel.batch, line, parser);
        let Some(state) = parser.machine.next(open.state, &seen) else { return false };
        if open.would_pass(line.text, &self.chain) {
            self.truncated += 1;
            let full = self.open.remove(at);
            work.emit(full, &self.chain, true);
            self.begin(work, line);
            return true;
        }
        open.state = state;
        open.add(work, line.index, line.text, &self.chain);
        if parser.machine.is_over(state) {
            let over = self.open.remove(at);
            work.emit(over, &self.chain, false);
        }
        true
    }

    /// Begins an event with `line`, or hands it on as it is.
    fn begin(&mut self, work: &mut Work, line: Line<'_>) {
        let order = last_first(self.last, self.chain.parsers.len());
        for parser in order.filter(|at| line.fits == Fits::Any || line.fits == Fits::One(*at)) {
            let machine = &self.chain.parsers[parser].machine;
            let seen = looked_at(&work.parcel.batch, line, &self.chain.parsers[parser]);
            let Some(state) = machine.begin(&seen) else { continue };
            self.last = parser;
            if machine.is_over(state) {
                break;
            }
            if self.open.len() == MOST_OPEN {
                self.make_room(work);
            }
            let start = Start { index: line.index, field: line.field, parser, state };
            let open = Open::new(work, &start, (line.group, line.text), &self.chain);
            return self.open.push(open);
        }
        if line.group.is_empty() {
            self.end_all(work);
        }
        work.parcel.batch.push_again(line.index);
    }

    /// Cuts the event that began first, and tells of the first such one.
    fn make_room(&mut self, work: &mut Work) {
        let oldest = self.open.remove(0);
        self.truncated += 1;
        work.emit(oldest, &self.chain, true);
        if !std::mem::replace(&mut self.is_crowded, true) {
            let stream = &*self.stream;
            warn!(component = %stream.input, "more than {MOST_OPEN} events are open at once in {}: the oldest ones are cut", stream.name.text());
        }
    }

    /// Bytes that the open events take.
    fn capacity(&self) -> usize {
        self.open.iter().map(Open::capacity).sum()
    }

    /// Cuts events, the largest first, until there is memory for what is left open.
    fn keep_within_memory(&mut self, work: &mut Work) {
        while !self.withheld.is_granted(self.capacity()) {
            let largest = (0..self.open.len()).max_by_key(|at| self.open[*at].capacity());
            let full = self.open.remove(largest.unwrap_or(0));
            self.truncated += 1;
            work.emit(full, &self.chain, true);
        }
    }

    /// Gives out the events that `wanted` says are over.
    fn give_out(&mut self, wanted: impl Fn(&Open, &Chain) -> bool) -> Option<Parcel> {
        let over: Vec<Open> = self.open.extract_if(.., |open| wanted(open, &self.chain)).collect();
        if over.is_empty() {
            return None;
        }
        if self.open.is_empty() {
            self.points.idle();
        }
        let bytes: usize = over.iter().map(|open| open.bytes() + 1024).sum();
        self.withheld.is_granted(self.capacity());
        let parcel = Parcel {
            batch: self.withheld.batch(bytes),
            shares: Vec::new(),
            stream: Arc::clone(&self.stream),
            tag: Arc::clone(&self.tag),
            end: self.points.clean(),
            epoch: self.epoch,
        };
        let mut work = Work { parcel, now: Instant::now(), earlier: Vec::new() };
        for mut open in over {
            open.claim.set_clean(self.points.clean());
            work.emit(open, &self.chain, false);
        }
        Some(self.give(work, 0))
    }
}

impl Stage for Joiner {
    fn run(&mut self, parcel: Parcel) -> Option<Parcel> {
        self.run_late(parcel, Duration::ZERO)
    }

    fn begin_behind(&mut self, offset: u64) {
        self.points.begin_behind(offset);
    }

    fn deadline(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.deadline(&self.chain)).min()
    }

    fn flush(&mut self, now: Instant) -> Option<Parcel> {
        self.give_out(|open, chain| now >= open.deadline(chain))
    }

    fn succeed(&mut self, succession: &Succession) -> bool {
        self.open.iter_mut().for_each(|open| open.claim.succeed(succession, self.points.clean()));
        self.earlier.retain(|ledger| ledger.in_flight() > 0);
        self.earlier.push(Arc::clone(&succession.ledger));
        (self.stream, self.epoch) = (Arc::clone(&succession.to), succession.epoch);
        self.points = Points::default();
        !self.open.is_empty()
    }

    fn holds_back(&self, given: &dyn Fn(&Share) -> u64) -> bool {
        self.open.iter().any(|open| open.claim.holds_back(given))
    }

    fn finish(&mut self) -> Option<Parcel> {
        self.give_out(|_, _| true)
    }
}

/// What the machine of `parser` looks at: the joined text, or the value of another key.
fn looked_at<'a>(batch: &'a Batch, line: Line<'a>, parser: &MultilineParser) -> Cow<'a, [u8]> {
    let Some(key) = &parser.key_pattern else { return line.text.into() };
    match batch.record(line.index).get(key.as_bytes()) {
        Some(Value::Text(text)) if !text.is_escaped() => batch.bytes(text.span).into(),
        Some(value) => {
            let mut bytes = Vec::new();
            push_plain(batch, value, &mut bytes);
            bytes.into()
        }
        None => line.text.into(),
    }
}

/// Appends `value`, when it is text, a number or a truth value.
fn push_plain(batch: &Batch, value: Value, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => batch.decode_text(text, out),
        Value::Bool(truth) => out.extend_from_slice(if truth { b"true" } else { b"false" }),
        Value::Number(span) => out.extend_from_slice(batch.bytes(span)),
        _ => {}
    }
}

fn is_true(batch: &Batch, index: usize, key: &[u8]) -> bool {
    match batch.record(index).get(key) {
        Some(Value::Bool(truth)) => truth,
        Some(Value::Text(text)) => batch.text_is(text, b"true"),
        _ => false,
    }
}
