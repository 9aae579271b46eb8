//! Runs a filter in tests: options as pairs, records as JSON.

use std::sync::Arc;
use std::time::Duration;

use vigie_parsers::batch::{Batch, Origin, Timestamp, Value};
use vigie_parsers::{Definition, Format, Parser, Parsers, json};

use crate::config::{Diagnostics, Entry, Located, OptionType, Place, Section, SectionKind};
use crate::encode::json::push_record;
use crate::metrics::FilterMetrics;
use crate::plugin::{
    Agent, BuildContext, Filter, FilterContext, FilterFactory, FilterKind, Memory, Parcel, Purpose, Stage, Stream,
};
use crate::receipts::{Ledger, Outcome, Signal};
use crate::retention::{Age, Class, Classes, Layout, Width};

fn build(kind: &FilterKind, options: &[(&str, &str)], findings: &mut Diagnostics) -> Option<FilterFactory> {
    let entries = options.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
    build_from(kind, entries, findings)
}

fn located(text: &str) -> Located {
    Located { text: text.into(), place: Place::default(), expanded: false }
}

/// `short` (30 days), `long` (2 years) and `law` (6 months to a year).
fn classes() -> Vec<Class> {
    let age = |text: &str| Age::parse(text).expect("it is an age");
    let class = |name: &str, max_age: &str| Class {
        name: name.into(),
        max_age: age(max_age),
        min_age: None,
        layout: Layout::Stream,
        bucket: Width::Month,
        basis: String::new(),
        subject_fields: Vec::new(),
        revision: 1,
    };
    let long = Class { basis: "a \"law\"".into(), revision: 3, ..class("long", "2y") };
    let law = Class { min_age: Some(age("6mo")), ..class("law", "1y") };
    vec![class("short", "30d"), long, law]
}

fn build_from(kind: &FilterKind, entries: Vec<Entry>, findings: &mut Diagnostics) -> Option<FilterFactory> {
    let (section, context) = surroundings(entries);
    (kind.build)(&section, &context, &Arc::default(), findings)
}

fn surroundings(entries: Vec<Entry>) -> (Section, BuildContext) {
    let section = Section { entries, ..Section::new(SectionKind::Filter, Place::default()) };
    let mut parsers = Parsers::default();
    for (name, format) in [("json", Format::Json), ("ltsv", Format::Ltsv), ("logfmt", Format::Logfmt)] {
        let definition = Definition { name: name.into(), format, ..Definition::default() };
        parsers.insert(name, definition.build().expect("it is valid"));
    }
    let context = BuildContext {
        name: "test.0".into(),
        parsers: Arc::new(parsers),
        agent: Arc::new(Agent::new("test", b"secret-42")),
        classes: Arc::new(Classes(classes())),
        state_directory: None,
        escape_unicode: false,
        purpose: Purpose::Run,
    };
    (section, context)
}

/// Makes one instance of a filter.
type Make = fn(&Section, &BuildContext, &Arc<FilterMetrics>, &mut Diagnostics) -> Option<Box<dyn Filter>>;

/// The records of `batch` after the filter that `make` makes of `options`, with what it counted.
pub(super) fn apply_with_clock(
    batch: &mut Batch,
    make: Make,
    options: &[(&str, &str)],
) -> (Vec<String>, Arc<FilterMetrics>) {
    let entries = options.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
    let (section, context) = surroundings(entries);
    let (metrics, mut findings) = (Arc::new(FilterMetrics::default()), Diagnostics::default());
    let mut filter = make(&section, &context, &metrics, &mut findings).unwrap_or_else(|| panic!("{findings:?}"));
    filter.apply(batch, &FilterContext { tag: "test", metrics: &metrics });
    (shown(batch), metrics)
}

/// The records, as JSON, after the filter.
pub(super) fn filtered(kind: &FilterKind, options: &[(&str, &str)], records: &[&str]) -> Vec<String> {
    let mut batch = Batch::default();
    for text in records {
        let span = batch.store(text.as_bytes());
        let index = batch.push(Timestamp::default(), Origin::default());
        json::JsonParser.parse(&mut batch, index, span);
    }
    apply(kind, options, &mut batch)
}

/// One record made of `fields`, of which keys may repeat, after the filter.
pub(super) fn filtered_fields(kind: &FilterKind, options: &[(&str, &str)], fields: &[(&str, i64)]) -> String {
    let mut batch = Batch::default();
    let index = batch.push(Timestamp::default(), Origin::default());
    for (key, value) in fields {
        batch.record_mut(index).append(key.as_bytes(), Value::I64(*value));
    }
    apply(kind, options, &mut batch).concat()
}

/// The records of `batch`, as JSON, after the filter.
pub(super) fn apply(kind: &FilterKind, options: &[(&str, &str)], batch: &mut Batch) -> Vec<String> {
    let mut findings = Diagnostics::default();
    let factory = build(kind, options, &mut findings).unwrap_or_else(|| panic!("{findings:?}"));
    let metrics = FilterMetrics::default();
    factory().apply(batch, &FilterContext { tag: "test", metrics: &metrics });
    shown(batch)
}

/// The records of `batch` that the filter refuses once it has run.
pub(super) fn refused(kind: &FilterKind, options: &[(&str, &str)], batch: &mut Batch) -> Vec<usize> {
    let mut findings = Diagnostics::default();
    let factory = build(kind, options, &mut findings).unwrap_or_else(|| panic!("{findings:?}"));
    let (mut filter, metrics) = (factory(), FilterMetrics::default());
    filter.apply(batch, &FilterContext { tag: "test", metrics: &metrics });
    filter.refused(batch).map(|(bare, _)| bare).unwrap_or_default()
}

/// The records of `batch` as JSON.
fn shown(batch: &Batch) -> Vec<String> {
    let json = |record: vigie_parsers::batch::Record<'_>| {
        let mut out = b"{".to_vec();
        push_record(record, &mut out);
        out.push(b'}');
        String::from_utf8(out).expect("it is JSON")
    };
    batch.records().map(json).collect()
}

/// The filter of `options`.
pub(super) fn factory_of(kind: &FilterKind, options: &[(&str, &str)]) -> FilterFactory {
    let mut findings = Diagnostics::default();
    build(kind, options, &mut findings).unwrap_or_else(|| panic!("{findings:?}"))
}

/// The records, as JSON, that a filter which holds records back gives for `records`, each of which comes alone.
pub(super) fn held(factory: &FilterFactory, records: &[&str]) -> Vec<String> {
    let (memory, ledger) = (Memory::new(1 << 20), Ledger::new(0, Signal::default()));
    let stream = Arc::new(Stream {
        id: 1,
        name: "x".into(),
        input: "dummy.0".into(),
        metrics: Arc::default(),
        birth: 0,
        identity: Vec::new().into(),
        stage: Arc::new(|_: &Arc<Stream>| -> Box<dyn Stage> { unreachable!("no raw lines") }),
        sent_below: 0.into(),
    });
    let mut holder = factory().holder(&stream, None).expect("it holds records back");
    let mut parcels = Vec::new();
    for (end, text) in (1..).zip(records) {
        let mut batch = memory.take(1024, Duration::ZERO).expect("there is memory");
        let span = batch.store(text.as_bytes());
        let index = batch.push(Timestamp::default(), Origin { offset: end - 1, ..Origin::default() });
        json::JsonParser.parse(&mut batch, index, span);
        let (shares, stream) = (vec![ledger.open(end)], Arc::clone(&stream));
        parcels.extend(holder.run(Parcel { batch, shares, stream, tag: "t".into(), end, epoch: 0 }));
    }
    parcels.extend(holder.finish());
    let out = parcels.iter().flat_map(|parcel| shown(&parcel.batch)).collect();
    parcels.into_iter().for_each(|parcel| parcel.settle_all(Outcome::Delivered));
    assert_eq!(ledger.committed(), records.len() as u64, "every record was answered for");
    out
}

/// Codes of what is wrong with the options.
pub(super) fn findings(kind: &FilterKind, options: &[(&str, &str)]) -> Vec<&'static str> {
    let mut findings = Diagnostics::default();
    build(kind, options, &mut findings);
    findings.in_order().iter().map(|finding| finding.code).collect()
}

/// What is said of `value` under `key` when it came from the environment.
pub(super) fn message_for_expanded(kind: &FilterKind, key: &str, value: &str) -> String {
    let mut findings = Diagnostics::default();
    let value = Located { expanded: true, ..located(value) };
    build_from(kind, vec![Entry { key: located(key), value }], &mut findings);
    findings.in_order().iter().map(|finding| finding.message.as_str()).collect()
}
