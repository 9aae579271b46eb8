//! Joins lines to events: partial lines of container runtimes, stack traces, and stack traces inside of such lines.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vigie_parsers::batch::{Field, Origin, Span, Text, Timestamp, Value};
use vigie_parsers::cri;
use vigie_parsers::multiline::{FLUSH_AFTER, State};
use vigie_parsers::time::{Context, TimeFormat};

use super::event::{Earlier, Output, Pending};
use super::{KEY, LOG, PARTIAL, STREAM, Shared, TIME};
use crate::multiline::{Claim, MAX_LAG, last_first};
use crate::plugin::{Parcel, Stage, Stream, Succession, Withheld};
use crate::receipts::{Outcome, Share};

/// The stage of one stream.
pub(super) struct JoinedLines {
    shared: Arc<Shared>,
    stream: Arc<Stream>,
    time: TimeFormat,
    /// The parser of traces that fitted last.
    last: usize,
    /// Partial lines, per output.
    partial: [Option<Pending>; Output::COUNT],
    /// Stack traces, per output.
    traces: [Option<Pending>; Output::COUNT],
    /// The last offset at which no event is open.
    clean: u64,
    /// Stream offset behind the last line.
    seen: u64,
    epoch: u32,
    tag: Arc<str>,
    withheld: Withheld,
}

/// A line as it was read.
#[derive(Clone, Copy)]
struct Raw {
    span: Span,
    origin: Origin,
    read: Timestamp,
}

/// A line as the runtime's program wrote it: all of its parts joined, its text in the arena.
struct Line {
    output: Output,
    origin: Origin,
    time: Timestamp,
    /// As the runtime wrote it, and so its output and tag; empty without a runtime.
    time_text: Span,
    stream: Span,
    tag: Span,
    text: Span,
    /// The share of an earlier range, when its first part came there.
    earlier: Option<Earlier>,
}

impl Line {
    /// Answers for its earlier parts: it went into an event that has a share of its own, or is none.
    fn let_go(self) {
        if let Some(part) = self.earlier {
            part.claim.pass();
        }
    }
}

impl JoinedLines {
    pub(super) fn new(shared: Arc<Shared>, stream: Arc<Stream>) -> Self {
        let time = TimeFormat::new("%Y-%m-%dT%H:%M:%S.%L%z").expect("the format is valid");
        let (partial, traces) = (Default::default(), Default::default());
        Self {
            shared,
            stream,
            time,
            last: 0,
            partial,
            traces,
            clean: 0,
            seen: 0,
            epoch: 0,
            tag: "".into(),
            withheld: Withheld::default(),
        }
    }

    fn open_events(&self) -> impl Iterator<Item = &Pending> {
        self.partial.iter().chain(&self.traces).flatten()
    }

    /// A raw line from `span` of the arena.
    fn raw(&mut self, work: &mut Work, raw: Raw) {
        let Raw { span, origin, read } = raw;
        if !self.shared.is_cri {
            let line = Line {
                output: Output::Plain,
                origin,
                time: read,
                time_text: Span::default(),
                stream: Span::default(),
                tag: Span::default(),
                text: span,
                earlier: None,
            };
            return self.complete(work, line);
        }
        let bytes = work.parcel.batch.bytes(span);
        let Some(parts) = cri::split(bytes) else {
            if span.len > 0 && self.open_events().next().is_some() {
                self.end_all(work);
            }
            return self.emit_plain(work, span, origin, read);
        };
        let output = Output::of(parts.stream);
        let start = span.start as usize;
        let time_text = Span::between(start, start + parts.time.len());
        let stream = Span::between(time_text.end() + 1, time_text.end() + 1 + parts.stream.len());
        let tag = Span::between(stream.end() + 1, stream.end() + 2);
        let text = Span::between(span.end() - parts.text.len(), span.end());
        let partial = parts.partial;
        let context = Context { now: read.seconds, offset: 0 };
        let time = self.time.parse(work.parcel.batch.bytes(time_text), &context).unwrap_or_else(|| {
            self.shared.count_unclear_time();
            read
        });
        let line = Line { output, origin, time, time_text, stream, tag, text, earlier: None };
        self.part(work, line, partial);
    }

    /// One part of a runtime's line.
    fn part(&mut self, work: &mut Work, line: Line, partial: bool) {
        let slot = line.output as usize;
        let Some(mut pending) = self.partial[slot].take() else {
            if partial {
                self.partial[slot] = Some(self.begin(work, line, 0, State::default()));
            } else {
                self.complete(work, line);
            }
            return;
        };
        let text = work.parcel.batch.bytes(line.text);
        if pending.text_length() + text.len() > self.shared.options.multiline.largest {
            self.cut(work, pending, line.output, Self::complete);
            return self.part(work, line, partial);
        }
        pending.bytes.extend_from_slice(text);
        work.extend(&mut pending, &line.origin, &self.shared);
        pending.touched = Instant::now();
        if partial {
            self.partial[slot] = Some(pending);
            return;
        }
        let whole = self.take_pending(work, pending, line.output);
        self.complete(work, whole);
    }

    /// A line made of a pending event, its text stored in the batch at hand.
    fn take_pending(&mut self, work: &mut Work, pending: Pending, output: Output) -> Line {
        let batch = &mut work.parcel.batch;
        let stored = batch.store(&pending.bytes);
        let text_start = stored.start as usize + pending.time_length;
        self.withheld.take_back(pending.bytes);
        Line {
            output,
            origin: *pending.claim.origin(),
            time: pending.time,
            time_text: Span::between(stored.start as usize, text_start),
            stream: batch.store(output.name()),
            tag: batch.store(&[pending.first_tag]),
            text: Span::between(text_start, stored.end()),
            earlier: Some(Earlier { claim: pending.claim, clean_start: pending.clean_start, touched: pending.touched }),
        }
    }

    /// A whole line: part of a trace, the start of one, or a record of its own.
    fn complete(&mut self, work: &mut Work, mut line: Line) {
        if self.shared.options.multiline.events.is_empty() {
            return self.emit(work, line);
        }
        let slot = line.output as usize;
        if let Some(mut trace) = self.traces[slot].take() {
            let shared = Arc::clone(&self.shared);
            let machine = &shared.options.multiline.events[trace.parser].machine;
            let text = work.parcel.batch.bytes(line.text);
            let Some(state) = machine.next(trace.state, text) else {
                let whole = self.take_pending(work, trace, line.output);
                self.emit(work, whole);
                return self.start(work, line);
            };
            let newline = (machine.has_lines() || line.output == Output::Plain).then_some(b'\n');
            if trace.text_length() + usize::from(newline.is_some()) + text.len() > shared.options.multiline.largest {
                self.cut(work, trace, line.output, |lines, work, whole| lines.emit(work, whole));
                return self.start(work, line);
            }
            trace.bytes.extend(newline);
            trace.bytes.extend_from_slice(text);
            work.extend_by(&mut trace, &mut line, &self.shared);
            let touched = line.earlier.as_ref().map_or_else(Instant::now, |part| part.touched.max(trace.touched));
            (trace.touched, trace.state) = (touched, state);
            let output = line.output;
            line.let_go();
            return self.keep_open(work, output, trace, machine.is_over(state));
        }
        self.start(work, line);
    }

    /// Ends an event that would be too large with its next line, and hands it `on`.
    fn cut(&mut self, work: &mut Work, full: Pending, output: Output, on: fn(&mut Self, &mut Work, Line)) {
        self.shared.metrics.multiline_truncated.add(1);
        let whole = self.take_pending(work, full, output);
        work.truncated = true;
        on(self, work, whole);
        work.truncated = false;
    }

    /// Bytes that the open events take.
    fn capacity(&self) -> usize {
        self.open_events().map(Pending::capacity).sum()
    }

    /// Cuts events, the largest first, until there is memory for what is left open. A part goes before the trace that it may belong to.
    fn keep_within_memory(&mut self, work: &mut Work) {
        self.partial.iter_mut().chain(&mut self.traces).flatten().for_each(Pending::fit);
        while !self.withheld.is_granted(self.capacity()) {
            let capacity = |open: &Option<Pending>| open.as_ref().map_or(0, Pending::capacity);
            let of_output = |output: &Output| {
                let slot = *output as usize;
                capacity(&self.partial[slot]) + capacity(&self.traces[slot])
            };
            let Some(output) = Output::ALL.into_iter().max_by_key(of_output) else { return };
            if let Some(part) = self.partial[output as usize].take() {
                self.cut(work, part, output, Self::complete);
            } else if let Some(trace) = self.traces[output as usize].take() {
                self.cut(work, trace, output, |lines, work, whole| lines.emit(work, whole));
            }
            self.note_clean(self.seen);
        }
    }

    /// Keeps `trace` for its next line, unless it is over.
    fn keep_open(&mut self, work: &mut Work, output: Output, trace: Pending, is_over: bool) {
        if !is_over {
            self.traces[output as usize] = Some(trace);
            return;
        }
        let whole = self.take_pending(work, trace, output);
        self.emit(work, whole);
    }

    /// A line that goes on with nothing: the start of a trace, or a record of its own.
    fn start(&mut self, work: &mut Work, line: Line) {
        let events = &self.shared.options.multiline.events;
        let text = work.parcel.batch.bytes(line.text);
        let begun = last_first(self.last, events.len()).find_map(|at| Some((at, events[at].machine.begin(text)?)));
        let Some((parser, state)) = begun else { return self.emit(work, line) };
        let is_over = events[parser].machine.is_over(state);
        self.last = parser;
        if is_over {
            return self.emit(work, line);
        }
        let slot = line.output as usize;
        self.traces[slot] = Some(self.begin(work, line, parser, state));
    }

    /// Makes an event of `line` that may go on.
    fn begin(&mut self, work: &mut Work, line: Line, parser: usize, state: State) -> Pending {
        let batch = &work.parcel.batch;
        let (time_text, text) = (batch.bytes(line.time_text), batch.bytes(line.text));
        let mut bytes = self.withheld.buffer();
        bytes.extend_from_slice(time_text);
        bytes.extend_from_slice(text);
        let (time_length, first_tag) = (time_text.len(), batch.bytes(line.tag).first().copied().unwrap_or_default());
        let Earlier { claim, clean_start, touched } = line.earlier.unwrap_or_else(|| {
            let share = &mut work.parcel.shares[0];
            let claim = Claim::new(share.one_more(), self.shared.agent.detached(&line.origin, batch));
            Earlier { claim, clean_start: self.is_alone(line.output), touched: Instant::now() }
        });
        Pending { claim, time: line.time, bytes, time_length, first_tag, touched, parser, state, clean_start }
    }

    /// Whether no other output has an event open. What is open of `output` goes on with its next line, or ends before that.
    fn is_alone(&self, output: Output) -> bool {
        let is_idle =
            |other: &Output| self.partial[*other as usize].is_none() && self.traces[*other as usize].is_none();
        Output::ALL.iter().filter(|other| **other != output).all(is_idle)
    }

    /// A line that is in no runtime's format. A blank one is none, as in text mode.
    fn emit_plain(&self, work: &mut Work, text: Span, origin: Origin, read: Timestamp) {
        if text.len == 0 {
            return;
        }
        let index = work.push(origin, read, None);
        self.shared.add_place(&mut work.parcel.batch, index, &self.stream);
        let key = self.shared.keys.in_batch(&mut work.parcel.batch).key(LOG);
        work.parcel.batch.record_mut(index).append_field(Field { key, value: Value::Text(Text::plain(text)) });
    }

    fn emit(&self, work: &mut Work, line: Line) {
        if line.output == Output::Plain {
            return self.emit_text(work, line);
        }
        let index = work.push(line.origin, line.time, line.earlier);
        let batch = &mut work.parcel.batch;
        let keys = self.shared.keys.in_batch(batch);
        let parts = [(TIME, line.time_text), (STREAM, line.stream), (PARTIAL, line.tag), (LOG, line.text)];
        let fields = parts.map(|(key, span)| Field { key: keys.key(key), value: Value::Text(Text::plain(span)) });
        batch.record_mut(index).append_distinct(&fields);
        self.mark(work, index);
        self.shared.add_place(&mut work.parcel.batch, index, &self.stream);
    }

    /// Text mode: every event ends with a newline, and a blank line is none.
    fn emit_text(&self, work: &mut Work, line: Line) {
        if work.parcel.batch.bytes(line.text).is_empty() {
            return line.let_go();
        }
        let index = work.push(line.origin, line.time, line.earlier);
        self.shared.add_place(&mut work.parcel.batch, index, &self.stream);
        let batch = &mut work.parcel.batch;
        let start = batch.arena().len();
        batch.arena_mut().extend_from_within(line.text.range());
        batch.arena_mut().push(b'\n');
        let text = Text::plain(Span::between(start, batch.arena().len()));
        let key = self.shared.keys.in_batch(batch).key(KEY);
        batch.record_mut(index).append_field(Field { key, value: Value::Text(text) });
        self.mark(work, index);
    }

    fn mark(&self, work: &mut Work, index: usize) {
        if work.truncated {
            self.shared.mark_cut(&mut work.parcel.batch, index);
        }
    }

    /// How long a trace waits for its next line.
    fn wait_of(&self, trace: &Pending) -> Duration {
        self.shared.options.multiline.events[trace.parser].flush_after
    }

    /// Notes the clean point after a line that ends at `end`.
    fn note_clean(&mut self, end: u64) {
        self.seen = end;
        let oldest = self.open_events().min_by_key(|pending| pending.claim.from());
        let candidate = match oldest {
            None => Some(end),
            Some(pending) if pending.clean_start => Some(pending.claim.from()),
            // The events of several outputs overlap all the time: after a kill some may come out in pieces.
            Some(pending) if end.saturating_sub(self.clean) > MAX_LAG => Some(pending.claim.from()),
            Some(_) => None,
        };
        self.clean = self.clean.max(candidate.unwrap_or(0));
    }

    /// The outputs of which an event is over, in the order in which those begin.
    fn outputs_over(&self, wanted: &impl Fn(&Pending, bool) -> bool) -> Vec<Output> {
        let first_over = |output: Output| {
            let part = self.partial[output as usize].as_ref().filter(|pending| wanted(pending, false));
            let trace = self.traces[output as usize].as_ref().filter(|pending| wanted(pending, true));
            part.into_iter().chain(trace).map(|pending| pending.claim.origin().offset).min()
        };
        let mut over = Output::ALL.to_vec();
        over.retain(|output| first_over(*output).is_some());
        over.sort_by_key(|output| first_over(*output));
        over
    }

    /// Gives out the events that `wanted` says are over. `is_end`: all of them are.
    fn give_out(&mut self, wanted: impl Fn(&Pending, bool) -> bool, is_end: bool) -> Option<Parcel> {
        let over = self.outputs_over(&wanted);
        if over.is_empty() {
            return None;
        }
        if is_end {
            self.clean = self.clean.max(self.seen);
        }
        let bytes: usize = self.open_events().map(|pending| pending.bytes.len() + 256).sum();
        let parcel = Parcel {
            batch: self.withheld.batch(bytes),
            shares: Vec::new(),
            stream: Arc::clone(&self.stream),
            tag: Arc::clone(&self.tag),
            end: self.clean,
            epoch: self.epoch,
        };
        let mut work = Work { parcel, truncated: false, added: 0 };
        for output in over {
            self.give_out_of(&mut work, output, &wanted);
        }
        if self.open_events().next().is_none() {
            self.clean = self.clean.max(self.seen);
        }
        work.parcel.end = self.clean;
        work.parcel.shares.iter().for_each(|share| share.set_clean(self.clean));
        self.withheld.is_granted(self.capacity());
        self.withheld.end();
        work.finish(0)
    }

    /// Gives out all that is open before a line that is in no format, which ends it as in Fluent Bit.
    fn end_all(&mut self, work: &mut Work) {
        for output in self.outputs_over(&|_, _| true) {
            self.give_out_of(work, output, &|_, _| true);
        }
    }

    /// Gives out what of one output `wanted` says is over: an unfinished part is taken as a whole line first, which may go on with the
    /// trace before it.
    fn give_out_of(&mut self, work: &mut Work, output: Output, wanted: &impl Fn(&Pending, bool) -> bool) {
        let slot = output as usize;
        if let Some(mut part) = self.partial[slot].take_if(|pending| wanted(pending, false)) {
            part.claim.set_clean(self.clean);
            let line = self.take_pending(work, part, output);
            self.complete(work, line);
        }
        if let Some(mut trace) = self.traces[slot].take_if(|pending| wanted(pending, true)) {
            trace.claim.set_clean(self.clean);
            let line = self.take_pending(work, trace, output);
            self.emit(work, line);
        }
    }
}

impl Stage for JoinedLines {
    fn run(&mut self, parcel: Parcel) -> Option<Parcel> {
        if parcel.epoch != self.epoch {
            // The input reads again from an earlier position: these events come again.
            self.partial = Default::default();
            self.traces = Default::default();
            self.clean = 0;
            self.seen = 0;
        }
        self.epoch = parcel.epoch;
        self.tag = Arc::clone(&parcel.tag);
        self.withheld.begin(&parcel.batch);
        let raw = parcel.batch.len();
        let end = parcel.end;
        let mut work = Work { parcel, truncated: false, added: 0 };
        for index in 0..raw {
            let record = work.parcel.batch.record(index);
            let (origin, read) = (record.origin(), record.time());
            let Some(Field { value: Value::Text(text), .. }) = record.fields().first().copied() else { continue };
            let line_end = work.parcel.batch.entries().get(index + 1).filter(|_| index + 1 < raw);
            let line_end = line_end.map_or(end, |next| next.origin.offset);
            self.raw(&mut work, Raw { span: text.span, origin, read });
            self.note_clean(line_end);
        }
        self.keep_within_memory(&mut work);
        work.parcel.end = self.clean;
        let open = self.partial.iter_mut().chain(&mut self.traces).flatten();
        open.for_each(|pending| pending.claim.stay(&mut work.parcel.shares[0]));
        work.parcel.shares[0].set_clean(self.clean);
        work.parcel.shares[0].grow(work.added);
        work.parcel.shares[0].settle(1, Outcome::Passed);
        self.withheld.end();
        work.finish(raw)
    }

    fn deadline(&self) -> Option<Instant> {
        let parts = self.partial.iter().flatten().map(|pending| pending.touched + FLUSH_AFTER);
        let traces = self.traces.iter().flatten().map(|pending| pending.touched + self.wait_of(pending));
        parts.chain(traces).min()
    }

    fn flush(&mut self, now: Instant) -> Option<Parcel> {
        let shared = Arc::clone(&self.shared);
        let events = &shared.options.multiline.events;
        let is_over = |pending: &Pending, is_trace: bool| {
            let wait = if is_trace { events[pending.parser].flush_after } else { FLUSH_AFTER };
            now >= pending.touched + wait
        };
        self.give_out(is_over, false)
    }

    fn succeed(&mut self, succession: &Succession) -> bool {
        let open = self.partial.iter_mut().chain(&mut self.traces).flatten();
        let open = open.map(|pending| pending.claim.succeed(succession, self.clean)).count();
        (self.stream, self.epoch) = (Arc::clone(&succession.to), succession.epoch);
        (self.clean, self.seen) = (0, 0);
        open > 0
    }

    fn holds_back(&self, given: &dyn Fn(&Share) -> u64) -> bool {
        self.open_events().any(|pending| pending.claim.holds_back(given))
    }

    fn finish(&mut self) -> Option<Parcel> {
        self.give_out(|_, _| true, true)
    }
}

/// The parcel being worked on: raw lines at its front, records behind them.
struct Work {
    parcel: Parcel,
    /// Whether the event at hand was cut at the limit.
    truncated: bool,
    /// Records that its own range is to answer for.
    added: u32,
}

impl Work {
    /// Takes the line of `origin` into the identity of `pending`, which is given its text.
    fn extend(&mut self, pending: &mut Pending, origin: &Origin, shared: &Shared) {
        let Parcel { batch, shares, .. } = &mut self.parcel;
        pending.claim.extend((origin, batch), &mut shares[0], &shared.agent);
    }

    /// The same of a whole line, which may have parts of earlier ranges.
    fn extend_by(&mut self, trace: &mut Pending, line: &mut Line, shared: &Shared) {
        match &mut line.earlier {
            None => self.extend(trace, &line.origin, shared),
            Some(part) => trace.claim.extend_by(&mut part.claim, &self.parcel.batch, &shared.agent),
        }
    }

    /// Adds a record that answers to the range of `earlier`, or to the one of this parcel.
    fn push(&mut self, origin: Origin, time: Timestamp, earlier: Option<Earlier>) -> usize {
        let origin = match earlier {
            None => {
                self.added += 1;
                Origin { lot: 0, ..origin }
            }
            Some(earlier) => earlier.claim.hand_to(&mut self.parcel),
        };
        self.parcel.batch.push(time, origin)
    }

    /// Lets the `raw` lines at the front go. `None` when no record is left.
    fn finish(mut self, raw: usize) -> Option<Parcel> {
        self.parcel.batch.drop_front(raw);
        (!self.parcel.batch.is_empty()).then_some(self.parcel)
    }
}
