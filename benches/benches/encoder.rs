//! Speed of turning parsed records into bulk bodies, plain and compressed, one core, in bytes of log per second.
//!
//! `cargo bench -p vigie-benches --bench encoder -- --quick` gives a first answer within seconds.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use memchr::memchr_iter;
use vigie::config::{Diagnostics, Entry, Located, Place, Section, SectionKind};
use vigie::metrics::{InputMetrics, OutputMetrics};
use vigie::outputs;
use vigie::plugin::{Agent, Body, BodyEncoding, BuildContext, Encoder, Purpose, Stream};
use vigie_benches::corpus::{Corpus, Kind, Until};
use vigie_parsers::batch::{Batch, Origin, Text, Timestamp, Value};
use vigie_parsers::{Definition, Format, Parsed, Parsers};

/// About what an input reads at once.
const TEXT: u64 = 256 << 10;

/// What a line becomes before it is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// One text under `log`.
    Raw,
    /// The fields of its JSON.
    Parsed,
}

/// A batch of the JSON corpus, and the bytes it came from.
fn batch(shape: Shape) -> (Batch, u64) {
    let mut text = Vec::new();
    let totals = Corpus::new(Kind::Json, 1, 0).write_to(&mut text, Until::Bytes(TEXT)).expect("memory takes it");
    let definition = Definition {
        name: "bench".into(),
        format: Format::Json,
        time_format: Some("%Y-%m-%dT%H:%M:%S.%L%z".into()),
        ..Definition::default()
    };
    let parser = definition.build().expect("the definition is sound");
    let mut batch = Batch::default();
    let mut line_start = 0;
    for newline in memchr_iter(b'\n', &text) {
        let line = &text[line_start..newline];
        let length = u32::try_from(line.len()).expect("lines are short");
        let origin = Origin { offset: line_start as u64, length, ..Origin::default() };
        let index = batch.push(Timestamp { seconds: 1_795_219_200, nanos: 0 }, origin);
        let span = batch.store(line);
        match shape {
            Shape::Raw => batch.record_mut(index).append(b"log", Value::Text(Text::plain(span))),
            Shape::Parsed => assert_eq!(parser.parse(&mut batch, index, span), Parsed::Fitted),
        }
        line_start = newline + 1;
    }
    (batch, totals.bytes)
}

/// An encoder of the `opensearch` output with its defaults.
fn encoder() -> Box<dyn Encoder> {
    let located = |text: &str| Located { text: text.into(), ..Located::default() };
    let entry = |(key, value)| Entry { key: located(key), value: located(value) };
    let entries = [("name", "opensearch"), ("host", "127.0.0.1"), ("index", "bench")].map(entry).to_vec();
    let section = Section { entries, ..Section::new(SectionKind::Output, Place::default()) };
    let context = BuildContext {
        name: "opensearch.0".into(),
        parsers: Arc::new(Parsers::default()),
        agent: Arc::new(Agent::new("bench", b"secret-42")),
        classes: Arc::default(),
        state_directory: None,
        escape_unicode: false,
        purpose: Purpose::Read,
    };
    let kind = outputs::KINDS.iter().find(|kind| kind.name == "opensearch").expect("the output is in the table");
    let metrics = Arc::new(OutputMetrics::new("opensearch.0"));
    let mut findings = Diagnostics::default();
    let output = (kind.build)(&section, &context, &metrics, &mut findings).expect("the options are sound");
    output.encoder()
}

fn stream() -> Stream {
    Stream {
        id: 1,
        name: "/var/log/bench.log".into(),
        input: "tail.0".into(),
        metrics: Arc::new(InputMetrics::new("tail.0")),
        birth: 1_700_000_000,
        identity: b"device and inode".to_vec().into(),
        stage: Arc::new(|_| unreachable!("records are parsed before")),
        sent_below: 0.into(),
    }
}

/// One request of all records of `batch`.
fn request(batch: &Batch, stream: &Arc<Stream>, encoder: &mut dyn Encoder, body: &mut Body) -> usize {
    let tag: Arc<str> = "bench".into();
    body.begin();
    for record in batch.records() {
        encoder.encode(record, stream, &tag, body.buffer());
        body.compress_slice();
    }
    body.seal().len()
}

fn bulk(criterion: &mut Criterion) {
    let stream = Arc::new(stream());
    let mut group = criterion.benchmark_group("bulk");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    for shape in [Shape::Raw, Shape::Parsed] {
        let (batch, bytes) = batch(shape);
        group.throughput(Throughput::Bytes(bytes));
        let encodings =
            [("plain", BodyEncoding::Identity), ("gzip 1", BodyEncoding::Gzip(1)), ("gzip 2", BodyEncoding::Gzip(2))];
        for (name, encoding) in encodings {
            let mut encoder = encoder();
            let mut body = Body::new(encoding);
            group.bench_function(format!("{shape:?}, {name}"), |bencher| {
                bencher.iter(|| request(black_box(&batch), &stream, &mut *encoder, &mut body));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, bulk);
criterion_main!(benches);
