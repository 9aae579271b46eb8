//! Parses a field of records.

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Field, Range, Span, Text, Value};
use vigie_parsers::{Parsed, Parser};

use crate::config::{Diagnostics, OptionType, Options, Section};
use crate::encode::accessor::Path;
use crate::filters::pattern;
use crate::metrics::FilterMetrics;
use crate::plugin::{BuildContext, Filter, FilterContext, FilterFactory, FilterKind};

/// The `parser` filter.
pub(super) const KIND: FilterKind =
    FilterKind { name: "parser", summary: "Parses a field of records.", options: ParserOptions::TABLE, build };

crate::options! {
    /// Options of `parser`.
    struct ParserOptions {
        key_name: KeyName, required, "Key of the text, or a record accessor.";
        parser: String, repeated, "A parser; of several the first that fits is taken.";
        preserve_key: bool, default "off", "Whether the text stays in the record.";
        reserve_data: bool, default "off", "Whether the other fields stay in the record.";
    }
    not_needed { "unescape_key": "Text is always parsed as it reads." }
}

#[derive(Clone, Debug)]
struct KeyName(Path);

impl OptionType for KeyName {
    const KIND: &'static str = "key";

    fn parse(text: &str) -> Result<Self, String> {
        Path::parse(text).map(Self)
    }
}

fn build(
    section: &Section,
    context: &BuildContext,
    metrics: &Arc<FilterMetrics>,
    findings: &mut Diagnostics,
) -> Option<FilterFactory> {
    let options = ParserOptions::read(section, findings)?;
    let named = section.entries.iter().filter(|entry| entry.key.text == "parser");
    let parsers: Vec<_> = named.filter_map(|entry| context.parser(&entry.value, findings)).collect();
    if options.parser.is_empty() {
        findings.error(section.place, "V105", "`parser` is missing").help("add a line `parser <name>`");
    }
    let (preserve, reserve, key) = (options.preserve_key, options.reserve_data, options.key_name.0);
    let metrics = Arc::clone(metrics);
    Some(Box::new(move || {
        let (key, parsers, metrics) = (key.clone(), parsers.clone(), Arc::clone(&metrics));
        let (others, scratch) = (Vec::new(), Vec::new());
        Box::new(ParserFilter { key, parsers, metrics, preserve, reserve, others, scratch })
    }))
}

struct ParserFilter {
    key: Path,
    parsers: Vec<Arc<dyn Parser>>,
    metrics: Arc<FilterMetrics>,
    preserve: bool,
    reserve: bool,
    /// Fields of the record at hand that are not the text.
    others: Vec<Field>,
    scratch: Vec<u8>,
}

impl ParserFilter {
    /// Puts what `text` stands for into the arena.
    fn decode(&mut self, batch: &mut Batch, text: Text) -> Span {
        self.scratch.clear();
        batch.decode_text(text, &mut self.scratch);
        batch.store(&self.scratch)
    }

    fn parse(&mut self, batch: &mut Batch, index: usize) {
        let record = batch.record(index);
        let Some(Value::Text(text)) = self.key.find(record) else { return };
        // A text from inside of a map leaves all fields as they are: there is none to be taken out.
        let source_at = self.key.position(record);
        let source = source_at.map(|at| record.fields()[at]);
        self.others.clear();
        let others = record.fields().iter().enumerate().filter(|(at, _)| Some(*at) != source_at);
        self.others.extend(others.map(|(_, field)| *field));
        let before = batch.record_mut(index).range();
        let span = if text.is_escaped() { self.decode(batch, text) } else { text.span };
        batch.record_mut(index).replace_fields(Range::empty_at(before.start as usize));
        let fitted = self.fit(batch, index, span);
        let mut record = batch.record_mut(index);
        if !fitted {
            record.replace_fields(before);
            return;
        }
        if self.reserve {
            for field in &self.others {
                record.append_field(*field);
            }
        }
        if let Some(source) = source.filter(|_| self.preserve) {
            record.append_field(source);
        }
    }

    /// Puts the fields of the first parser that fits `text` into the empty record. Gives whether one does.
    fn fit(&self, batch: &mut Batch, index: usize, text: Span) -> bool {
        let (mut last, mut given_up) = (Parsed::Refused, false);
        for parser in &self.parsers {
            last = parser.parse(batch, index, text);
            given_up |= last == Parsed::GivenUp;
            if last.gave_fields() {
                break;
            }
        }
        if given_up {
            pattern::count_given_up(&self.metrics, "the parser is taken not to fit");
        }
        match last {
            Parsed::Fitted => {}
            Parsed::TimeUnclear if self.metrics.unclear_time_records.add_first() => {
                let filter = &self.metrics.name;
                tracing::warn!(component = %filter, "the time of a record does not fit `Time_Format`: such records keep its text and the time they had");
            }
            Parsed::TimeUnclear => {}
            Parsed::Refused | Parsed::GivenUp => self.metrics.unparsed_records.add(1),
        }
        last.gave_fields()
    }
}

impl Filter for ParserFilter {
    fn apply(&mut self, batch: &mut Batch, _: &FilterContext<'_>) {
        for index in 0..batch.len() {
            self.parse(batch, index);
        }
    }
}

#[cfg(test)]
mod tests {
    use vigie_parsers::Definition;

    use super::*;
    use crate::filters::testing::{apply, filtered, findings};

    #[test]
    fn parsed_fields_come_first_then_what_is_kept() {
        let records = [r#"{"data":"{\"a\":1,\"b\":\"x\"}","n":2}"#];
        let base = [("key_name", "data"), ("parser", "json")];
        let cases = [
            (&[][..], r#"{"a":1,"b":"x"}"#),
            (&[("reserve_data", "on")][..], r#"{"a":1,"b":"x","n":2}"#),
            (&[("preserve_key", "on")][..], r#"{"a":1,"b":"x","data":"{\"a\":1,\"b\":\"x\"}"}"#),
            (
                &[("reserve_data", "on"), ("preserve_key", "on")][..],
                r#"{"a":1,"b":"x","n":2,"data":"{\"a\":1,\"b\":\"x\"}"}"#,
            ),
        ];
        for (more, expected) in cases {
            let options: Vec<_> = base.iter().chain(more).copied().collect();
            assert_eq!(filtered(&super::KIND, &options, &records), [expected], "{more:?}");
        }
    }

    #[test]
    fn what_does_not_fit_stays_and_the_first_parser_that_fits_is_taken() {
        let records = [r#"{"log":"no json","n":2}"#, r#"{"log":"a=1"}"#, r#"{"other":1}"#, r#"{"log":5}"#];
        let options = [("key_name", "log"), ("parser", "json"), ("parser", "ltsv"), ("parser", "logfmt")];

        let out = filtered(&super::KIND, &options, &records);

        assert_eq!(out, [r#"{"no":true,"json":true}"#, r#"{"a":"1"}"#, r#"{"other":1}"#, r#"{"log":5}"#]);
    }

    #[test]
    fn text_inside_of_a_map_is_reached_and_its_map_is_a_field_like_others() {
        let record = r#"{"k":{"log":"a=1","n":2},"z":3}"#;
        let base = [("key_name", "$k['log']"), ("parser", "logfmt")];

        assert_eq!(filtered(&super::KIND, &base, &[record]), [r#"{"a":"1"}"#]);
        let reserving = [base[0], base[1], ("reserve_data", "on")];
        let expected = r#"{"a":"1","k":{"log":"a=1","n":2},"z":3}"#;
        assert_eq!(filtered(&super::KIND, &reserving, &[record]), [expected]);
    }

    /// Fields were told apart by their values, so a copy of the text was dropped with it.
    #[test]
    fn a_field_with_the_same_value_is_kept() {
        let options = [("key_name", "a"), ("parser", "logfmt"), ("reserve_data", "on")];
        let mut batch = vigie_parsers::batch::Batch::default();
        let index = batch.push(Default::default(), Default::default());
        let text = Value::Text(Text::plain(batch.store(b"x=1")));
        batch.record_mut(index).append(b"a", text);
        batch.record_mut(index).append(b"b", text);

        assert_eq!(apply(&super::KIND, &options, &mut batch), [r#"{"x":"1","b":"x=1"}"#]);
    }

    #[test]
    fn what_no_parser_fits_and_times_that_are_none_are_counted() {
        let definition = Definition { time_format: Some("%F".into()), ..Definition::default() };
        let metrics = Arc::new(FilterMetrics::new("parser.0"));
        let mut filter = ParserFilter {
            key: Path::parse("log").unwrap(),
            parsers: vec![definition.build().unwrap()],
            metrics: Arc::clone(&metrics),
            preserve: false,
            reserve: false,
            others: Vec::new(),
            scratch: Vec::new(),
        };
        let mut batch = Batch::default();
        for text in ["no json", r#"{"time":"soon"}"#, r#"{"time":"2024-01-02"}"#, "{"] {
            let index = batch.push(Default::default(), Default::default());
            let text = Value::Text(Text::plain(batch.store(text.as_bytes())));
            batch.record_mut(index).append(b"log", text);
        }

        (0..4).for_each(|index| filter.parse(&mut batch, index));

        assert_eq!((metrics.unparsed_records.get(), metrics.unclear_time_records.get()), (2, 1));
    }

    #[test]
    fn an_unknown_parser_is_reported() {
        assert_eq!(findings(&super::KIND, &[("key_name", "log"), ("parser", "jsn")]), ["V303"]);
        assert_eq!(findings(&super::KIND, &[("key_name", "log")]), ["V105"]);
    }
}
