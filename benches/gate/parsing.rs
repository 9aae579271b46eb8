//! Work of the parsers alone: lines to fields, texts to times.

use memchr::memchr_iter;
use vigie_benches::conf::PARSERS;
use vigie_benches::corpus::Kind;
use vigie_parsers::batch::{Batch, Origin, Span, Timestamp};
use vigie_parsers::time::{Context, TimeFormat};
use vigie_parsers::{Definition, Format, Parsed};

use crate::{Pass, TEXT, corpus};

/// How ISO 8601 spells a time in the corpora.
pub(crate) const ISO: &str = "%Y-%m-%dT%H:%M:%S.%L%z";
/// How access logs spell it.
pub(crate) const CLF: &str = "%d/%b/%Y:%H:%M:%S %z";

/// A definition of this format, with the time in its usual key.
pub(crate) fn definition(format: Format, time_format: &str) -> Definition {
    let pattern =
        || PARSERS.lines().find_map(|line| line.trim().strip_prefix("Regex")).expect("a parser has a pattern");
    let regex = (format == Format::Regex).then(|| pattern().trim().to_owned());
    Definition {
        name: "gate".into(),
        format,
        regex,
        time_format: Some(time_format.to_owned()),
        ..Definition::default()
    }
}

/// Parses JSON lines.
pub(crate) fn json() -> Pass {
    parse(corpus(Kind::Json), &definition(Format::Json, ISO))
}

/// Parses lines of an access log by the pattern that is known best.
pub(crate) fn nginx() -> Pass {
    parse(corpus(Kind::Nginx), &definition(Format::Regex, CLF))
}

/// Parses lines of `key=value`.
pub(crate) fn logfmt() -> Pass {
    let line = |number| {
        format!(
            "time={} level=info msg=\"request \\\"{number}\\\" served\" status=200 path=/items/{number} ms=1.5\n",
            iso_time(number)
        )
    };
    parse(lines(line), &definition(Format::Logfmt, ISO))
}

/// Parses lines of `key:value`, separated by tabs.
pub(crate) fn ltsv() -> Pass {
    let line = |number| {
        format!("time:{}\tlevel:info\tmsg:request served\tstatus:200\tpath:/items/{number}\n", iso_time(number))
    };
    parse(lines(line), &definition(Format::Ltsv, ISO))
}

/// Reads times of ISO 8601, many of each second, as a busy log has them.
pub(crate) fn iso_times() -> Pass {
    times(ISO, iso_time)
}

/// Reads times of access logs, each of another second, so that nothing known of the last one helps.
pub(crate) fn clf_times() -> Pass {
    times(CLF, |number| format!("21/Nov/2026:{} +0100", clock(number)))
}

fn iso_time(number: u64) -> String {
    format!("2026-11-21T{}.{:06}Z", clock(number / 20), number * 7_919 % 1_000_000)
}

/// Hours, minutes and seconds of this second of a day.
fn clock(second: u64) -> String {
    format!("{:02}:{:02}:{:02}", second / 3_600 % 24, second / 60 % 60, second % 60)
}

/// Lines of `line`, numbered, as many as a pass takes.
fn lines(line: impl Fn(u64) -> String) -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0.. {
        if text.len() as u64 >= TEXT {
            break;
        }
        text.extend_from_slice(line(number).as_bytes());
    }
    text
}

/// Counts lines that fit; all have to.
fn parse(text: Vec<u8>, definition: &Definition) -> Pass {
    let parser = definition.build().expect("the definition is sound");
    let (mut batch, mut spans) = (Batch::default(), Vec::new());
    Box::new(move || {
        batch.clear();
        spans.clear();
        cut(&text, &mut batch, &mut spans);
        let fits = |(index, span): &(usize, &Span)| parser.parse(&mut batch, *index, **span) == Parsed::Fitted;
        let fitted = spans.iter().enumerate().filter(fits).count();
        assert_eq!(fitted, spans.len(), "every line fits");
        fitted
    })
}

/// Puts `text` into `batch`, one record per line, and adds the span of each line.
fn cut(text: &[u8], batch: &mut Batch, spans: &mut Vec<Span>) {
    let mut line_start = batch.store(text).range().start;
    let start = line_start;
    for newline in memchr_iter(b'\n', text) {
        spans.push(Span::between(line_start, start + newline));
        batch.push(Timestamp::default(), Origin { offset: line_start as u64, ..Origin::default() });
        line_start = start + newline + 1;
    }
}

/// Counts texts that are times; all have to be.
fn times(format: &str, text: impl Fn(u64) -> String) -> Pass {
    let format = TimeFormat::new(format).expect("the format is sound");
    let texts: Vec<String> = (0..50_000).map(text).collect();
    Box::new(move || {
        let context = Context { now: 1_795_219_200, offset: 0 };
        let read = texts.iter().filter_map(|text| format.parse(text.as_bytes(), &context)).count();
        assert_eq!(read, texts.len(), "every text is a time");
        read
    })
}
