//! Parses a field of records.

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Field, Range, Value};
use vigie_parsers::{Parsed, Parser};

use crate::config::{Diagnostics, OptionType, Options, Section, did_you_mean};
use crate::encode::accessor::Path;
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
    _: &Arc<FilterMetrics>,
    findings: &mut Diagnostics,
) -> Option<FilterFactory> {
    let options = ParserOptions::read(section, findings)?;
    let mut parsers = Vec::new();
    for entry in section.entries.iter().filter(|entry| entry.key.text == "parser") {
        let name = &entry.value.text;
        match context.parsers.get(name) {
            Some(parser) => parsers.push(Arc::clone(parser)),
            None => {
                let help = did_you_mean(name, &context.parsers.names());
                findings.error(entry.value.place, "V303", format!("unknown parser `{name}`")).help(help);
            }
        }
    }
    if options.parser.is_empty() {
        findings.error(section.place, "V105", "`parser` is missing").help("add a line `parser <name>`");
    }
    let (preserve, reserve, key) = (options.preserve_key, options.reserve_data, options.key_name.0);
    Some(Box::new(move || {
        let (key, parsers) = (key.clone(), parsers.clone());
        Box::new(ParserFilter { key, parsers, preserve, reserve, others: Vec::new() })
    }))
}

struct ParserFilter {
    key: Path,
    parsers: Vec<Arc<dyn Parser>>,
    preserve: bool,
    reserve: bool,
    /// Fields of the record at hand that are not the text.
    others: Vec<Field>,
}

impl ParserFilter {
    fn parse(&mut self, batch: &mut Batch, index: usize) {
        let record = batch.record(index);
        let Some(value @ Value::Text(text)) = self.key.find(record) else { return };
        let is_text = |field: &Field| field.value == value;
        self.others.clear();
        self.others.extend(record.fields().iter().copied().filter(|field| !is_text(field)));
        let source = record.fields().iter().copied().find(is_text);
        let before = batch.record_mut(index).range();
        let span = if text.escaped { batch.store_unescaped(text.span) } else { text.span };
        batch.record_mut(index).replace_fields(Range::empty_at(before.start as usize));
        let fitted = self.parsers.iter().any(|parser| parser.parse(batch, index, span) != Parsed::Refused);
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
    use crate::filters::testing::{filtered, findings};

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
    fn an_unknown_parser_is_reported() {
        assert_eq!(findings(&super::KIND, &[("key_name", "log"), ("parser", "jsn")]), ["V303"]);
        assert_eq!(findings(&super::KIND, &[("key_name", "log")]), ["V105"]);
    }
}
