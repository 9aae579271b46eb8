//! Parsing allocates nothing per record once its buffers have grown: counted by an allocator of this test's own.

#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use vigie_parsers::batch::{Batch, Origin, Span, Timestamp};
use vigie_parsers::{BUILT_IN, Definition, FieldType, Format, Parsed, Parser};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more.
    ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1)).unwrap_or_default();
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the promises of `alloc`, which are the same there.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from the system's allocator with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: `pointer` came from the system's allocator with this layout.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LINES: usize = 1_000;

/// Allocations while `LINES` lines are parsed in a batch that was used for as many before.
fn allocations(parser: &dyn Parser, line: impl Fn(usize) -> String) -> u64 {
    let round = |from: usize| -> Vec<String> { (from..from + LINES).map(&line).collect() };
    let mut batch = Batch::default();
    let mut spans = Vec::with_capacity(LINES);
    // Numbers of four digits in every round: lines of one length.
    for from in [LINES, 2 * LINES] {
        parse(parser, &mut batch, &mut spans, &round(from));
    }
    let measured = round(3 * LINES);

    let before = ALLOCATIONS.get();
    parse(parser, &mut batch, &mut spans, &measured);
    ALLOCATIONS.get() - before
}

fn parse(parser: &dyn Parser, batch: &mut Batch, spans: &mut Vec<Span>, lines: &[String]) {
    batch.clear();
    spans.clear();
    for line in lines {
        spans.push(batch.store(line.as_bytes()));
    }
    for (line, span) in lines.iter().zip(spans.iter()) {
        let index = batch.push(Timestamp::default(), Origin::default());
        assert_eq!(parser.parse(batch, index, *span), Parsed::Fitted, "{line}");
    }
}

fn regex_of(name: &str) -> Option<String> {
    let mut named = BUILT_IN.lines().skip_while(|line| !line.trim_start().starts_with("Name") || !line.ends_with(name));
    let line = named.find(|line| line.trim_start().starts_with("Regex"))?;
    line.trim_start().strip_prefix("Regex").map(|pattern| pattern.trim().to_owned())
}

#[test]
fn json_lines_allocate_nothing() {
    let parser = Definition {
        time_format: Some("%Y-%m-%dT%H:%M:%S.%L%z".into()),
        time_key: "timestamp".into(),
        ..Definition::default()
    };
    let line = |number: usize| {
        format!(
            r#"{{"timestamp":"2026-11-21T10:00:{:02}.{:03}Z","level":"info","service":"checkout","trace_id":"{:032x}","span_id":"{:016x}","user_id":{number},"duration_ms":1.{number},"status":200,"method":"GET","path":"/api/v1/orders/{number}","message":"a \"quoted\" word","ok":true,"region":"eu-west-1","kubernetes":{{"labels":{{"app":"web","tier":"front","a.b/c":"1"}},"pod":"web-{number}","list":[{{"k":1}},{{"k":2}}]}}}}"#,
            number / 1000 % 60,
            number % 1000,
            number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            number.wrapping_mul(0x517c_c1b7_2722_0a95),
        )
    };

    assert_eq!(allocations(&*parser.build().unwrap(), line), 0);
}

#[test]
fn json_lines_with_escaped_and_unusual_keys_allocate_nothing() {
    let parser = Definition { time_format: Some("%d/%b/%Y:%T %z".into()), ..Definition::default() };
    let line = |number: usize| {
        let keys: Vec<String> = (0..40).map(|key| format!(r#""key_{key}_{number}":{key}"#)).collect();
        format!(
            r#"{{"time":"21\/Nov\/2026:10:00:00 +0000","caf\u00e9":{number},"{}":0,{}}}"#,
            number % 7,
            keys.join(",")
        )
    };

    assert_eq!(allocations(&*parser.build().unwrap(), line), 0);
}

#[test]
fn nginx_lines_allocate_nothing() {
    let parser = Definition {
        format: Format::Regex,
        regex: regex_of("nginx"),
        time_format: Some("%d/%b/%Y:%H:%M:%S %z".into()),
        types: vec![("code".into(), FieldType::Integer), ("size".into(), FieldType::Integer)],
        ..Definition::default()
    };
    let line = |number: usize| {
        let path = if number.is_multiple_of(3) { "/café" } else { "/shop" };
        format!(
            r#"10.0.{}.{} - - [21/Nov/2026:10:{:02}:{:02} +0000] "GET {path}/{number}?page=2 HTTP/1.1" 200 {number} "https://example.com/{number}" "Mozilla/5.0 (X11; Linux x86_64)""#,
            number / 250 % 250,
            number % 250,
            number / 60 % 60,
            number % 60,
        )
    };

    assert_eq!(allocations(&*parser.build().unwrap(), line), 0);
}

#[test]
fn logfmt_ltsv_and_cri_lines_allocate_nothing() {
    let of = |format: Format| Definition {
        format,
        time_format: Some("%Y-%m-%dT%H:%M:%S.%L%z".into()),
        time_keep: true,
        ..Definition::default()
    };
    let time = "2026-11-21T10:00:00.123456789Z";

    let logfmt = allocations(&*of(Format::Logfmt).build().unwrap(), |number| {
        format!(r#"time={time} level=info msg="a \"quoted\" word {number}" bare n={number}"#)
    });
    let ltsv = allocations(&*of(Format::Ltsv).build().unwrap(), |number| {
        format!("time:{time}\thost:10.0.0.{number}\treq:GET / HTTP/1.1\tn:{number}")
    });
    let cri = allocations(&*of(Format::Cri).build().unwrap(), |number| format!("{time} stdout F line {number}"));

    assert_eq!((logfmt, ltsv, cri), (0, 0, 0));
}
