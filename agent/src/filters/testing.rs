//! Runs a filter in tests: options as pairs, records as JSON.

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Origin, Timestamp};
use vigie_parsers::{Definition, Format, Parser, Parsers, json};

use crate::config::{Diagnostics, Entry, Located, Place, Section, SectionKind};
use crate::encode::json::push_object;
use crate::metrics::FilterMetrics;
use crate::plugin::{Agent, BuildContext, FilterContext, FilterFactory, FilterKind};

fn build(kind: &FilterKind, options: &[(&str, &str)], findings: &mut Diagnostics) -> Option<FilterFactory> {
    let located = |text: &str| Located { text: text.into(), place: Place::default(), expanded: false };
    let entries = options.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
    let section = Section { kind: SectionKind::Filter, place: Place::default(), entries, groups: Vec::new() };
    let mut parsers = Parsers::default();
    for (name, format) in [("json", Format::Json), ("ltsv", Format::Ltsv), ("logfmt", Format::Logfmt)] {
        let definition = Definition { name: name.into(), format, ..Definition::default() };
        parsers.insert(name, definition.build().expect("it is valid"));
    }
    let context = BuildContext {
        name: "test.0".into(),
        parsers: Arc::new(parsers),
        agent: Arc::new(Agent::new("test", b"secret-42")),
        state_directory: None,
        dry_run: false,
    };
    (kind.build)(&section, &context, &Arc::default(), findings)
}

/// The records, as JSON, after the filter.
pub(super) fn filtered(kind: &FilterKind, options: &[(&str, &str)], records: &[&str]) -> Vec<String> {
    let mut findings = Diagnostics::default();
    let factory = build(kind, options, &mut findings).unwrap_or_else(|| panic!("{findings:?}"));
    let mut filter = factory();
    let mut batch = Batch::default();
    for text in records {
        let span = batch.store(text.as_bytes());
        let index = batch.push(Timestamp::default(), Origin::default());
        json::JsonParser.parse(&mut batch, index, span);
    }
    let metrics = FilterMetrics::default();
    filter.apply(&mut batch, &FilterContext { tag: "test", metrics: &metrics });
    let json = |record: vigie_parsers::batch::Record<'_>| {
        let mut out = Vec::new();
        push_object(&batch, record.fields(), &mut out);
        String::from_utf8(out).expect("it is JSON")
    };
    batch.records().map(json).collect()
}

/// Codes of what is wrong with the options.
pub(super) fn findings(kind: &FilterKind, options: &[(&str, &str)]) -> Vec<&'static str> {
    let mut findings = Diagnostics::default();
    build(kind, options, &mut findings);
    findings.in_order().iter().map(|finding| finding.code).collect()
}
