//! Speed of cutting, parsing and reading times, one core, in bytes of log per second.
//!
//! `cargo bench -p vigie-benches --bench parsers -- --quick` gives a first answer within seconds.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use memchr::memchr_iter;
use vigie_benches::corpus::{Corpus, Kind, Until};
use vigie_parsers::batch::{Batch, Origin, Span, Timestamp};
use vigie_parsers::time::{Context, TimeFormat};
use vigie_parsers::{Definition, Format, Parsed, Parser};

/// About what an input reads at once.
const TEXT: u64 = 256 << 10;

fn corpus(kind: Kind) -> Vec<u8> {
    let mut text = Vec::new();
    Corpus::new(kind, 1, 0).write_to(&mut text, Until::Bytes(TEXT)).expect("memory takes it");
    text
}

/// Lines of `make`, numbered, as much as of a corpus.
fn lines(make: impl Fn(u64) -> String) -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0_u64.. {
        if text.len() as u64 >= TEXT {
            break;
        }
        text.extend_from_slice(make(number).as_bytes());
        text.push(b'\n');
    }
    text
}

/// Puts `text` into `batch`, one record per line, and gives the span of each line.
fn cut(text: &[u8], batch: &mut Batch, spans: &mut Vec<Span>) {
    batch.clear();
    spans.clear();
    let start = batch.store(text).range().start;
    let mut line_start = start;
    for newline in memchr_iter(b'\n', text) {
        spans.push(Span::between(line_start, start + newline));
        batch.push(Timestamp::default(), Origin { offset: line_start as u64, ..Origin::default() });
        line_start = start + newline + 1;
    }
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, criterion::measurement::WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    group
}

fn cutting(criterion: &mut Criterion) {
    let mut group = group(criterion, "cut");
    for kind in [Kind::Json, Kind::Nginx] {
        let text = corpus(kind);
        let (mut batch, mut spans) = (Batch::default(), Vec::new());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(kind.name(), |bencher| bencher.iter(|| cut(black_box(&text), &mut batch, &mut spans)));
    }
    group.finish();
}

/// A definition of this format, with the time in its usual key.
fn definition(format: Format, regex: Option<&str>, time_format: &str) -> Definition {
    Definition {
        name: "bench".into(),
        format,
        regex: regex.map(str::to_owned),
        time_format: Some(time_format.to_owned()),
        ..Definition::default()
    }
}

fn parsing(criterion: &mut Criterion) {
    const ISO: &str = "%Y-%m-%dT%H:%M:%S.%L%z";
    const CLF: &str = "%d/%b/%Y:%H:%M:%S %z";
    let logfmt = |number| {
        format!(
            "time=2026-11-21T00:00:00.{number:06}Z level=info msg=\"request served\" status=200 path=/items/{number} ms=1.5"
        )
    };
    let ltsv = |number| {
        format!(
            "time:2026-11-21T00:00:00.{number:06}Z\tlevel:info\tmsg:request served\tstatus:200\tpath:/items/{number}"
        )
    };
    let app = |number| {
        format!(
            "2026-11-21T00:00:00.{number:06}Z INFO  org.example.shop.checkout.Payment: order {number} was paid with a card"
        )
    };
    // A repeated group needs the one-pass automaton, looking ahead the engine that backtracks.
    let one_pass = r"^(?<time>\S+) (?<level>[A-Z]+) +(?<logger>\w+(?:\.\w+)*): (?<message>.*)$";
    let backtracking = r"^(?!#)(?<time>\S+) (?<level>[A-Z]+) +(?<logger>\w+(?:\.\w+)*): (?<message>.*)$";
    let cases = [
        ("json", corpus(Kind::Json), definition(Format::Json, None, ISO)),
        ("nginx", corpus(Kind::Nginx), definition(Format::Regex, Some(vigie_benches::conf::nginx_pattern()), CLF)),
        ("regex, one-pass", lines(app), definition(Format::Regex, Some(one_pass), ISO)),
        ("regex, backtracking", lines(app), definition(Format::Regex, Some(backtracking), ISO)),
        ("cri", corpus(Kind::Cri), definition(Format::Cri, None, ISO)),
        ("logfmt", lines(logfmt), definition(Format::Logfmt, None, ISO)),
        ("ltsv", lines(ltsv), definition(Format::Ltsv, None, ISO)),
    ];
    let mut group = group(criterion, "parse");
    for (name, text, definition) in cases {
        let parser = definition.build().expect("the definition is sound");
        let (mut batch, mut spans) = (Batch::default(), Vec::new());
        assert_eq!(parse(&*parser, &text, &mut batch, &mut spans), spans.len(), "{name}: every line fits");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| parse(&*parser, black_box(&text), &mut batch, &mut spans));
        });
    }
    group.finish();
}

/// Cuts and parses `text`. Gives how many lines fitted.
fn parse(parser: &dyn Parser, text: &[u8], batch: &mut Batch, spans: &mut Vec<Span>) -> usize {
    cut(text, batch, spans);
    let fitted = spans.iter().enumerate().filter(|(index, span)| parser.parse(batch, *index, **span) == Parsed::Fitted);
    fitted.count()
}

/// A thousand times of `shape`, `per_second` of them in each second.
fn spread_times(shape: &str, per_second: u32) -> Vec<String> {
    let seconds = (0..1_000_u32).map(|number| number / per_second);
    let spell = |second: u32| {
        let minute = format!("{:02}", second / 60);
        shape.replace("{minute}", &minute).replace("{second}", &format!("{:02}", second % 60))
    };
    seconds.map(spell).collect()
}

/// Gives how many of `texts` are times.
fn read_times(format: &TimeFormat, texts: &[String]) -> usize {
    let context = Context { now: 1_795_219_200, offset: 0 };
    texts.iter().filter_map(|text| format.parse(text.as_bytes(), &context)).count()
}

fn times(criterion: &mut Criterion) {
    let cases = [
        ("iso", "%Y-%m-%dT%H:%M:%S.%L%z", "2026-11-21T00:{minute}:{second}.123456Z"),
        ("clf", "%d/%b/%Y:%H:%M:%S %z", "21/Nov/2026:00:{minute}:{second} +0000"),
    ];
    let mut group = group(criterion, "time");
    for (name, format, shape) in cases {
        for (spread, per_second) in [("same second", 1_000), ("new second", 1)] {
            let texts = spread_times(shape, per_second);
            let format = TimeFormat::new(format).expect("the format is sound");
            group.throughput(Throughput::Elements(texts.len() as u64));
            group.bench_function(format!("{name}, {spread}"), |bencher| {
                bencher.iter(|| read_times(&format, black_box(&texts)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, cutting, parsing, times);
criterion_main!(benches);
