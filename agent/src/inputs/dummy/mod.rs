//! Makes records of a fixed content, for trying things out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::error;
use vigie_parsers::batch::{Batch, Origin, Source, Timestamp};
use vigie_parsers::json;

use crate::config::{Diagnostics, OptionType, Options, Section};
use crate::inputs::lines::{self, Ready};
use crate::plugin::{Clock, Input, InputKind, InputSetup, ItsEnd, Outlet, Parcel, Stage, Stop, Stream, wall_clock};
use crate::receipts::Ledger;

/// The `dummy` input.
pub(super) const KIND: InputKind = InputKind {
    name: "dummy",
    summary: "Makes records of a fixed content.",
    options: DummyOptions::TABLE,
    reads_again: false,
    build,
};

crate::options! {
    /// Options of `dummy`.
    struct DummyOptions {
        samples: u64, default "0", "How often records are made, `Copies` at a time; 0 has no end.";
        dummy: JsonObject, default "{\"message\":\"dummy\"}", "The record, as JSON.";
        metadata: JsonObject, default "{}", "Metadata of the record, as JSON.";
        rate: u32, default "1", "Records per second.";
        interval_sec: u64, default "0", "Seconds between two records, in place of `Rate`.";
        interval_nsec: u64, default "0", "Nanoseconds between two records, in place of `Rate`.";
        copies: u32, default "1", "Records made at a time; 0 counts as 1.";
        start_time_sec: i64, default "-1", "Time of the first record in seconds; -1 is now.";
        start_time_nsec: i64, default "-1", "Nanoseconds of that time.";
        fixed_timestamp: bool, default "off", "Whether all records have the time of the first.";
        flush_on_startup: bool, default "off", "Whether the first record is made at once.";
    }
}

/// Text of a JSON object.
#[derive(Clone, Debug)]
struct JsonObject(String);

impl OptionType for JsonObject {
    const KIND: &'static str = "JSON object";

    fn parse(text: &str) -> Result<Self, String> {
        let mut batch = Batch::default();
        let span = batch.store(text.as_bytes());
        json::object(&mut batch, span).map(|_| Self(text.to_owned())).ok_or("a JSON object".into())
    }
}

fn build(section: &Section, setup: &InputSetup<'_>, findings: &mut Diagnostics) -> Option<Box<dyn Input>> {
    let options = DummyOptions::read(section, findings)?;
    let given = Duration::from_secs(options.interval_sec) + Duration::from_nanos(options.interval_nsec);
    let interval = if given.is_zero() { Duration::from_secs(1) / options.rate.max(1) } else { given };
    let stream = Stream {
        id: Stream::new_ids(),
        name: (*setup.context.name).into(),
        input: Arc::clone(&setup.context.name),
        metrics: Arc::clone(setup.metrics),
        birth: u64::try_from(wall_clock().seconds).unwrap_or(0),
        identity: lines::start_nonce().into(),
        stage: Arc::new(|_| Box::new(Ready { is_filtered: false }) as Box<dyn Stage>),
        sent_below: 0.into(),
    };
    Some(Box::new(Dummy { options, interval, stream: Arc::new(stream), tag: setup.tag.into(), clock: wall_clock }))
}

struct Dummy {
    options: DummyOptions,
    interval: Duration,
    stream: Arc<Stream>,
    tag: Arc<str>,
    clock: Clock,
}

impl Dummy {
    fn start_time(&self) -> Option<Timestamp> {
        let (seconds, nanos) = (self.options.start_time_sec, self.options.start_time_nsec);
        let nanos = u32::try_from(nanos.max(0)).unwrap_or(0).min(999_999_999);
        (seconds >= 0 || self.options.start_time_nsec >= 0).then_some(Timestamp { seconds: seconds.max(0), nanos })
    }

    /// Time of the record made `since` the start. That of the first one is noted where it counts for those that follow.
    fn time(&self, first: &mut Option<Timestamp>, since: Duration) -> Timestamp {
        if self.options.fixed_timestamp {
            return *first.get_or_insert_with(self.clock);
        }
        let Some(first) = first else { return (self.clock)() };
        let nanos = u64::from(first.nanos) + u64::from(since.subsec_nanos());
        let seconds = i64::try_from(since.as_secs() + nanos / 1_000_000_000).unwrap_or(0);
        let nanos = u32::try_from(nanos % 1_000_000_000).expect("below a second");
        Timestamp { seconds: first.seconds + seconds, nanos }
    }

    /// Appends one record, the `number`th.
    fn record(&self, batch: &mut Batch, time: Timestamp, number: u64) {
        let text = self.options.dummy.0.as_bytes();
        let span = batch.store(text);
        let fields = json::object(batch, span).expect("the text was checked when it was read");
        let source = Source::At(span.start);
        let index = batch.push(time, Origin { offset: number, length: span.len, source, part: 0, lot: 0 });
        batch.record_mut(index).replace_fields(fields);
        let span = batch.store(self.options.metadata.0.as_bytes());
        let metadata = json::object(batch, span).expect("the text was checked when it was read");
        batch.record_mut(index).replace_metadata(metadata);
    }
}

impl Input for Dummy {
    fn its_end(&self) -> ItsEnd {
        if self.options.samples == 0 { ItsEnd::Never } else { ItsEnd::IsWaitedFor }
    }

    fn run(self: Box<Self>, outlet: Outlet, stop: Stop) {
        let ledger = Ledger::new(0, stop.signal().clone());
        let began = Instant::now();
        let mut first = self.start_time();
        let (mut made, mut times) = (0, 0);
        let mut next = if self.options.flush_on_startup { began } else { began + self.interval };
        // The record of the start comes however soon another input ends the agent.
        let is_first = |times| times == 0 && self.options.flush_on_startup;
        while (is_first(times) || !stop.requested()) && (self.options.samples == 0 || times < self.options.samples) {
            let wait = next.saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                stop.signal().wait(wait);
                continue;
            }
            let bytes =
                (self.options.dummy.0.len() + self.options.metadata.0.len()) * self.options.copies.max(1) as usize;
            let room = outlet.batch(bytes, Duration::from_millis(100));
            if room.is_none() && stop.requested() {
                break;
            }
            let Some(mut batch) = room else { continue };
            let time = self.time(&mut first, began.elapsed());
            for _ in 0..self.options.copies.max(1) {
                self.record(&mut batch, time, made);
                made += 1;
            }
            self.stream.metrics.records.add(batch.len() as u64);
            self.stream.metrics.bytes.add(bytes as u64);
            let (stream, tag) = (Arc::clone(&self.stream), Arc::clone(&self.tag));
            let parcel = Parcel { batch, shares: vec![ledger.open(made)], stream, tag, end: made, epoch: 0 };
            if !outlet.send(parcel) {
                break;
            }
            times += 1;
            next += self.interval;
            lines::count_lost(&ledger, made, &self.stream);
        }
        outlet.end(Arc::clone(&self.stream));
        drop(outlet);
        stop.wait_for_drain();
        lines::count_lost(&ledger, made, &self.stream);
        if ledger.in_flight() > 0 {
            error!(component = %self.stream.input, "records that cannot be made again were not delivered");
        }
    }
}
