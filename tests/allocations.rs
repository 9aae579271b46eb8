//! No allocation per record, held by a counting allocator.
//!
//! Raw lines go the way of a worker: stage and parser, filters, bulk encoder into a body that is used again. What a parcel
//! costs (its receipt, its list of shares) may be allocated; a record more must cost nothing. So a parcel of many records
//! has to allocate exactly as often as one of few.

#![allow(unsafe_code, reason = "an allocator cannot be counted but from inside of one, and its interface is unsafe")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use vigie::config::{Diagnostics, Entry, Located, Place, Section, SectionKind};
use vigie::inputs::lines::{LineOptions, Multiline, factory};
use vigie::metrics::{FilterMetrics, InputMetrics, OutputMetrics};
use vigie::plugin::{Agent, BuildContext, Encoder, Filter, FilterContext, Memory, Parcel, Purpose, Stage, Stream};
use vigie::receipts::{Ledger, Outcome, Signal};
use vigie::{filters, outputs};
use vigie_parsers::batch::{Keys, Origin, Source, Span, Timestamp};
use vigie_parsers::{Definition, FieldType, Format, Parser, Parsers};

/// The system's allocator, counting what the calling thread asks of it.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // At the end of a thread the counter is gone; nothing is measured there.
    ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1)).unwrap_or_default();
}

// SAFETY: every call goes to the system's allocator with the arguments it came with, so its promises hold. Counting touches
// a constant-initialised cell of the thread, which neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise on `layout` is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise on `layout` is handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are handed on; `block` came from the same system allocator.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are handed on; `block` came from the same system allocator.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FEW: usize = 10;
/// As many as keep the buffers of a batch below the size at which the pool lets them go.
const MANY: usize = 60;
const TAG: &str = "app.web";
const TIME: &str = "2026-11-23T10:00:00.123456789Z";

const NGINX: &str = r#"^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")"#;

fn parsers() -> Parsers {
    let mut parsers = Parsers::default();
    let json = Definition { time_format: Some("%Y-%m-%dT%H:%M:%S.%L%z".into()), ..Definition::default() };
    let nginx = Definition {
        format: Format::Regex,
        regex: Some(NGINX.into()),
        time_format: Some("%d/%b/%Y:%H:%M:%S %z".into()),
        types: vec![("code".into(), FieldType::Integer), ("size".into(), FieldType::Integer)],
        ..Definition::default()
    };
    let inner = Definition { format: Format::Logfmt, ..Definition::default() };
    for (name, definition) in [("json", json), ("nginx", nginx), ("logfmt", inner)] {
        parsers.insert(name, definition.build().expect("the definition is valid"));
    }
    parsers
}

fn json_line(number: usize) -> String {
    format!(
        r#"{{"time":"2026-11-23T10:{:02}:{:02}.{:03}+01:00","level":"info","\u006doved":{number},"sl\/ash":true,"msg":"said \"hi\"\n {number}","kv":"a={number} b=\"x y\"","drop_me":1,"drop_too":2,"nested":{{"a":[1,2,{{"b":null}}],"c":"d","rgb":[1,2,3]}},"card":{{"k\u0069nd":"x{number}","is":[{{"name":"a","value":"b"}}]}},"n":1.10}}"#,
        number / 60 % 60,
        number % 60,
        number % 1000
    )
}

/// So many keys that some look alike at first sight, and no more than the encoder compares without a table.
fn wide_line(number: usize) -> String {
    let members: Vec<String> = (0..58).map(|key| format!(r#""key_{key}":{}"#, key * number)).collect();
    format!("{{{}}}", members.join(","))
}

fn nginx_line(number: usize) -> String {
    format!(
        r#"10.0.0.{} - user{} [23/Nov/2026:10:{:02}:{:02} +0100] "GET /items/{number}?q=é HTTP/1.1" 200 {} "https://example.org/" "curl/8 x""#,
        number % 256,
        number % 7,
        number / 60 % 60,
        number % 60,
        number * 31
    )
}

/// A section of `options`, given as in a configuration.
fn section(kind: SectionKind, options: &[(&str, &str)]) -> Section {
    let located = |text: &str| Located { text: text.into(), place: Place::default(), expanded: false };
    let entries = options.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
    Section { entries, ..Section::new(kind, Place::default()) }
}

/// The way of a worker, with a stream of its own.
struct Worker {
    memory: Memory,
    stream: Arc<Stream>,
    tag: Arc<str>,
    ledger: Arc<Ledger>,
    keys: Keys,
    stage: Box<dyn Stage>,
    filters: Vec<Box<dyn Filter>>,
    metrics: FilterMetrics,
    encoder: Box<dyn Encoder>,
    body: Vec<u8>,
    read: u64,
}

impl Worker {
    fn new(parser: &str, filters: &[(&str, &[(&str, &str)])], output: &[(&str, &str)]) -> Self {
        let parser = parsers().get(parser).cloned();
        assert!(parser.is_some());
        Self::with((parser, Multiline::default()), filters, output)
    }

    /// Lines that the multiline parsers `names` join.
    fn joining(names: &[&str]) -> Self {
        let parsers = parsers();
        let named = names.iter().map(|name| Arc::clone(parsers.multiline(name).expect("it is built in")));
        Self::with((None, Multiline::new(named.collect(), parsers.largest_event)), &[], ONE_INDEX)
    }

    fn with(
        (parser, multiline): (Option<Arc<dyn Parser>>, Multiline),
        filters: &[(&str, &[(&str, &str)])],
        output: &[(&str, &str)],
    ) -> Self {
        let agent = Arc::new(Agent::new("test", b"secret-42"));
        let context = BuildContext {
            name: "test.0".into(),
            parsers: Arc::new(parsers()),
            agent: Arc::clone(&agent),
            classes: Arc::default(),
            state_directory: None,
            escape_unicode: false,
            purpose: Purpose::Read,
        };
        let options = LineOptions {
            key: "log".into(),
            parser,
            multiline,
            older: None,
            path_key: Some("file".into()),
            offset_key: Some("offset".into()),
        };
        let input_metrics = Arc::new(InputMetrics::new("test.0"));
        let stage = factory(options, agent, Arc::clone(&input_metrics));
        let stream = Arc::new(Stream {
            id: 1,
            name: "/var/log/app.log".into(),
            input: "test.0".into(),
            metrics: input_metrics,
            birth: 1_795_000_000,
            identity: b"identity".to_vec().into(),
            stage: Arc::clone(&stage),
            sent_below: 0.into(),
        });
        let stage = stage(&stream);
        let mut findings = Diagnostics::default();
        let mut make_filter = |(name, options): &(&str, &[(&str, &str)])| {
            let kind = filters::KINDS.iter().find(|kind| kind.name == *name).expect("the filter exists");
            let section = section(SectionKind::Filter, options);
            let made = (kind.build)(&section, &context, &Arc::default(), &mut findings);
            assert!(made.is_some(), "{name}: {findings:?}");
            made.expect("it was just looked at")()
        };
        let filters = filters.iter().map(&mut make_filter).collect();
        let kind = outputs::KINDS.iter().find(|kind| kind.name == "opensearch").expect("the output exists");
        let metrics = Arc::new(OutputMetrics::default());
        let output = (kind.build)(&section(SectionKind::Output, output), &context, &metrics, &mut findings);
        assert!(output.is_some(), "{findings:?}");
        let encoder = output.expect("it was just looked at").encoder();
        Self {
            memory: Memory::new(16 << 20),
            stream,
            tag: TAG.into(),
            ledger: Ledger::new(0, Signal::default()),
            keys: Keys::new(["log"]),
            stage,
            filters,
            metrics: FilterMetrics::default(),
            encoder,
            body: Vec::new(),
            read: 0,
        }
    }

    /// Brings `lines` from their raw bytes into the body. Gives how many records arrived there.
    fn run(&mut self, lines: &[String]) -> usize {
        let parcel = self.raw(lines);
        let mut parcel = self.stage.run(parcel).expect("no line waits");
        let context = FilterContext { tag: TAG, metrics: &self.metrics };
        for filter in &mut self.filters {
            filter.apply(&mut parcel.batch, &context);
        }
        parcel.settle_removed(Outcome::Filtered);
        self.body.clear();
        for record in parcel.batch.records() {
            self.encoder.encode(record, &self.stream, &self.tag, &mut self.body);
        }
        let records = parcel.batch.len();
        parcel.settle_all(Outcome::Delivered);
        records
    }

    /// A parcel of raw lines, as `tail` makes it.
    fn raw(&mut self, lines: &[String]) -> Parcel {
        let mut batch = self.memory.take(Memory::LARGEST, Duration::ZERO).expect("nothing else takes memory");
        let key = self.keys.in_batch(&mut batch).key(0);
        let from = self.read;
        for line in lines.iter().flat_map(|lines| lines.split('\n')) {
            let start = batch.arena().len();
            batch.arena_mut().extend_from_slice(line.as_bytes());
            let span = Span::between(start, batch.arena().len());
            batch.arena_mut().push(b'\n');
            let origin =
                Origin { offset: self.read, length: span.len, source: Source::At(span.start), part: 0, lot: 0 };
            batch.push_text(Timestamp { seconds: 1_795_392_000, nanos: 0 }, origin, key, span);
            self.read += u64::from(span.len) + 1;
        }
        assert!(self.read > from, "a range holds something");
        let shares = vec![self.ledger.open(self.read)];
        let (stream, tag) = (Arc::clone(&self.stream), Arc::clone(&self.tag));
        Parcel { batch, shares, stream, tag, end: self.read, epoch: 0 }
    }

    /// Allocations of a run.
    fn measure(&mut self, lines: &[String]) -> u64 {
        let before = ALLOCATIONS.get();
        self.run(lines);
        ALLOCATIONS.get() - before
    }
}

/// What a parcel costs, after everything has grown to its size. Asserts that records cost nothing.
fn assert_records_cost_nothing(name: &str, mut worker: Worker, line: fn(usize) -> String) {
    let lines: Vec<String> = (0..MANY).map(line).collect();
    for _ in 0..4 {
        assert_eq!(worker.run(&lines) % MANY, 0, "{name}: every record arrives");
    }

    let many = worker.measure(&lines);
    let few = worker.measure(&lines[..FEW]);

    assert_eq!(many, few, "{name}: {} records more cost {} allocations", MANY - FEW, many.abs_diff(few));
    assert!(many <= 8, "{name}: {many} allocations per parcel");
    assert!(worker.body.starts_with(br#"{"create":{"#), "{name}");
}

const INDEX_PER_DAY: &[(&str, &str)] = &[
    ("write_to", "/nowhere"),
    ("logstash_format", "on"),
    ("include_tag_key", "on"),
    ("replace_dots", "on"),
    ("compress", "gzip"),
];
const ONE_INDEX: &[(&str, &str)] = &[("write_to", "/nowhere"), ("index", "logs-$TAG[1]")];

const MODIFY: (&str, &[(&str, &str)]) = (
    "modify",
    &[
        ("condition", "Key_does_not_exist nothing"),
        ("condition", "No_key_matches ^q"),
        ("condition", "Key_value_does_not_equal file nothing"),
        ("condition", "Matching_keys_have_matching_values ^file$ ^/var"),
        ("set", "set_to a value"),
        ("add", "added x"),
        ("rename", "moved renamed"),
        ("hard_rename", "user added"),
        ("copy", "level level_copy"),
        ("hard_copy", "method set_to"),
        ("remove_wildcard", "drop_"),
        ("remove_regex", "^n$"),
        ("move_to_start", "re"),
        ("move_to_end", "l"),
    ],
);

#[test]
fn json_lines_cost_no_allocation_per_record() {
    let cases: &[(&str, &[_], _)] = &[
        ("untouched", &[], INDEX_PER_DAY),
        ("modified", &[MODIFY], INDEX_PER_DAY),
        ("modified, one index", &[MODIFY], ONE_INDEX),
        (
            "all filters",
            &[
                ("grep", &[("regex", "msg ^said \"hi\""), ("exclude", "$nested['c'] x")]),
                ("record_modifier", &[("record", "host web 1"), ("remove_key", "Drop_*"), ("uuid_key", "id")]),
                MODIFY,
                ("parser", &[("key_name", "kv"), ("parser", "logfmt"), ("reserve_data", "on")]),
            ],
            ONE_INDEX,
        ),
    ];
    for (name, filters, output) in cases {
        assert_records_cost_nothing(name, Worker::new("json", filters, output), json_line);
    }
}

#[test]
fn records_in_which_nothing_is_hidden_cost_no_allocation() {
    let redact: (&str, &[(&str, &str)]) =
        ("redact", &[("keys", "on"), ("field", "$absent label"), ("exclude", "$other")]);
    assert_records_cost_nothing("json", Worker::new("json", &[redact], ONE_INDEX), json_line);
    assert_records_cost_nothing("modified", Worker::new("json", &[MODIFY, redact], INDEX_PER_DAY), json_line);
    assert_records_cost_nothing("many keys", Worker::new("json", &[redact], ONE_INDEX), wide_line);
    assert_records_cost_nothing("only counted", Worker::new("nginx", &[redact], ONE_INDEX), nginx_line);
}

#[test]
fn json_lines_of_many_keys_cost_no_allocation_per_record() {
    for (name, filters) in [("untouched", &[][..]), ("modified", &[MODIFY])] {
        assert_records_cost_nothing(name, Worker::new("json", filters, ONE_INDEX), wide_line);
    }
}

#[test]
fn regex_lines_cost_no_allocation_per_record() {
    let cases: &[(&str, &[_], _)] = &[
        ("untouched", &[], ONE_INDEX),
        ("modified", &[MODIFY], INDEX_PER_DAY),
        ("allowlist", &[("record_modifier", &[("allowlist_key", "CODE"), ("allowlist_key", "re*")])], ONE_INDEX),
        ("grep", &[("grep", &[("regex", "method ^(GET|HEAD)$"), ("regex", "agent x")]), MODIFY], ONE_INDEX),
    ];
    for (name, filters, output) in cases {
        assert_records_cost_nothing(name, Worker::new("nginx", filters, output), nginx_line);
    }
}

/// Multiline parsers, and the lines of an event of this number.
type Joined = (&'static str, &'static [&'static str], fn(usize) -> String);

#[test]
fn joined_lines_cost_no_allocation_per_event() {
    let cases: &[Joined] = &[
        ("parts of a container's lines", &["cri"], |number| {
            format!("{TIME} stdout P {number:03} first part, \n{TIME} stdout P second, \n{TIME} stdout F third")
        }),
        ("parts of both outputs", &["cri"], |number| {
            format!("{TIME} stdout P {number:03} a\n{TIME} stderr P b\n{TIME} stdout F c\n{TIME} stderr F d")
        }),
        ("traces", &["java"], |number| {
            format!(
                "x.FooException: boom {number:03}\n\tat a.b.C(C.java:1)\n\tat d.e.F(F.java:{number:03})\n{number:03}"
            )
        }),
        ("traces in a container's lines", &["cri", "java"], |number| {
            let trace = format!("{TIME} stdout F x.FooException: boom {number:03}\n{TIME} stdout P \tat a.b.C");
            format!("{trace}\n{TIME} stdout F (C.java:1)\n{TIME} stdout F line {number:03}")
        }),
    ];
    for (name, parsers, lines) in cases {
        assert_records_cost_nothing(name, Worker::joining(parsers), *lines);
    }
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();

    let boxes: Vec<Box<usize>> = (0..10).map(Box::new).collect();

    assert_eq!(ALLOCATIONS.get() - before, 11, "{boxes:?}");
}
