//! A parser as it is defined in a parsers file, and how it is built.

use std::sync::Arc;

use crate::batch::{Batch, Field, Keys, Span, Text, Value};
use crate::fields::{self, FieldType, TimeField};
use crate::json::JsonParser;
use crate::parser::{Parsed, Parser};
use crate::regex::{PatternError, RegexParser};
use crate::time::{FormatError, TimeFormat};
use crate::{cri, logfmt, ltsv};

/// Parsers that need no parsers file, as the text of one in the classic format.
pub const BUILT_IN: &str = include_str!("../definitions/parsers.conf");

/// Format of a parser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object.
    #[default]
    Json,
    /// A regular expression with named groups.
    Regex,
    /// Labelled tab-separated values.
    Ltsv,
    /// `key=value` pairs.
    Logfmt,
    /// Lines of container runtimes. Vigie's own name; the regex of the usual `cri` definition finds the same.
    Cri,
}

/// A `[PARSER]` section, typed.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Name other sections use.
    pub name: String,
    /// Format.
    pub format: Format,
    /// Pattern, for [`Format::Regex`].
    pub regex: Option<String>,
    /// Key that holds the time.
    pub time_key: String,
    /// How the time is written; without it no time is looked for.
    pub time_format: Option<String>,
    /// Whether the time stays in the record.
    pub time_keep: bool,
    /// Whether a time must fit its format to the end. When not, one that fits as far as its date is taken as far as it fits.
    pub time_strict: bool,
    /// Seconds east of Greenwich for texts without a zone.
    pub time_offset: i32,
    /// Types of fields. Not applied to JSON, which has types.
    pub types: Vec<(String, FieldType)>,
    /// Whether groups that matched nothing give no field.
    pub skip_empty_values: bool,
    /// Whether a bare key makes a text no logfmt.
    pub logfmt_no_bare_keys: bool,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            name: String::new(),
            format: Format::Json,
            regex: None,
            time_key: "time".into(),
            time_format: None,
            time_keep: false,
            time_strict: true,
            time_offset: 0,
            types: Vec::new(),
            skip_empty_values: true,
            logfmt_no_bare_keys: false,
        }
    }
}

/// Which key of a definition is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefinitionError {
    /// `regex` is missing.
    NoRegex,
    /// `regex` cannot be used.
    Regex(PatternError),
    /// `time_format` cannot be used.
    TimeFormat(FormatError),
}

impl DefinitionError {
    /// The key that is to blame.
    pub fn key(&self) -> &'static str {
        match self {
            Self::NoRegex | Self::Regex(_) => "regex",
            Self::TimeFormat(_) => "time_format",
        }
    }
}

impl std::fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoRegex => f.write_str("a parser of format `regex` needs a `regex`"),
            Self::Regex(error) => error.fmt(f),
            Self::TimeFormat(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DefinitionError {}

impl Definition {
    /// Builds the parser.
    ///
    /// # Errors
    /// When a key is missing or its value cannot be used.
    pub fn build(&self) -> Result<Arc<dyn Parser>, DefinitionError> {
        let format = match self.format {
            Format::Json => Compiled::Json,
            Format::Regex => {
                let pattern = self.regex.as_deref().ok_or(DefinitionError::NoRegex)?;
                let parser = RegexParser::new(pattern, self.skip_empty_values);
                Compiled::Regex(Box::new(parser.map_err(DefinitionError::Regex)?))
            }
            Format::Ltsv => Compiled::Ltsv,
            Format::Logfmt => Compiled::Logfmt { refuse_bare: self.logfmt_no_bare_keys },
            Format::Cri => Compiled::Cri(Keys::new(["time", "stream", "_p", "log"])),
        };
        let time = match &self.time_format {
            Some(text) => Some(TimeField {
                key: self.time_key.clone(),
                format: self.compile_time(text).map_err(DefinitionError::TimeFormat)?,
                keep: self.time_keep,
                offset: self.time_offset,
            }),
            None => None,
        };
        let types = if self.format == Format::Json { Vec::new() } else { self.types.clone() };
        Ok(Arc::new(DefinedParser { format, time, types }))
    }

    fn compile_time(&self, format: &str) -> Result<TimeFormat, FormatError> {
        if self.time_strict { TimeFormat::new(format) } else { TimeFormat::lenient(format) }
    }
}

/// A parser built from a definition.
#[derive(Debug)]
struct DefinedParser {
    format: Compiled,
    time: Option<TimeField>,
    types: Vec<(String, FieldType)>,
}

#[derive(Debug)]
enum Compiled {
    Json,
    Regex(Box<RegexParser>),
    Ltsv,
    Logfmt { refuse_bare: bool },
    Cri(Keys),
}

impl Parser for DefinedParser {
    fn parse(&self, batch: &mut Batch, index: usize, text: Span) -> Parsed {
        let first = batch.record(index).fields().len();
        let fitted = match &self.format {
            Compiled::Json => JsonParser.parse(batch, index, text) != Parsed::Refused,
            Compiled::Regex(regex) => regex.fields(batch, index, text),
            Compiled::Ltsv => ltsv::fields(batch, index, text),
            Compiled::Logfmt { refuse_bare } => logfmt::fields(batch, index, text, *refuse_bare),
            Compiled::Cri(keys) => cri_fields(keys, batch, index, text),
        };
        if !fitted {
            batch.record_mut(index).truncate(first);
            return Parsed::Refused;
        }
        fields::convert(batch, index, first, &self.types);
        self.time.as_ref().map_or(Parsed::Fitted, |time| fields::set_time(batch, index, first, time))
    }
}

fn cri_fields(keys: &Keys, batch: &mut Batch, index: usize, text: Span) -> bool {
    let Some(line) = cri::split(batch.bytes(text)) else { return false };
    let start = text.start as usize;
    let time = Span::between(start, start + line.time.len());
    let stream = Span::between(time.end() + 1, time.end() + 7);
    let tag = Span::between(stream.end() + 1, stream.end() + 2);
    let log = Span::between(tag.end() + 1, text.end());
    let keys = keys.in_batch(batch);
    for (at, span) in [time, stream, tag, log].into_iter().enumerate() {
        let field = Field { key: keys.key(at), value: Value::Text(Text::plain(span)) };
        batch.record_mut(index).append_field(field);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Origin, Timestamp};

    /// The fields as `key=value` with kinds of values told apart, and the time.
    fn parse(definition: &Definition, line: &str) -> (Parsed, String, Timestamp) {
        let parser = definition.build().expect("the definition is valid");
        let mut batch = Batch::default();
        let span = batch.store(line.as_bytes());
        let index = batch.push(Timestamp { seconds: 1_795_392_000, nanos: 7 }, Origin::default());
        let parsed = parser.parse(&mut batch, index, span);
        let record = batch.record(index);
        let show = |field: &Field| {
            let bytes = |span| String::from_utf8_lossy(batch.bytes(span)).into_owned();
            let value = match field.value {
                Value::Text(text) => format!("'{}'", bytes(text.span)),
                Value::Number(span) | Value::Json(span) => bytes(span),
                Value::Bool(value) => value.to_string(),
                Value::U64(value) => format!("u{value}"),
                other => format!("{other:?}"),
            };
            format!("{}={value}", bytes(field.key.span))
        };
        let fields: Vec<String> = record.fields().iter().map(show).collect();
        (parsed, fields.join(" "), record.time())
    }

    fn fields(definition: &Definition, line: &str) -> Option<String> {
        let (parsed, fields, _) = parse(definition, line);
        (parsed != Parsed::Refused).then_some(fields)
    }

    #[test]
    fn logfmt_is_read_as_fluent_bit_reads_it() {
        let logfmt = Definition { format: Format::Logfmt, ..Definition::default() };
        let strict = Definition { logfmt_no_bare_keys: true, ..logfmt.clone() };

        let line = r#"a=1 b="x y" c d= e="" f="q\"w""#;

        assert_eq!(fields(&logfmt, line).as_deref(), Some(r#"a='1' b='x y' c=true d=true e='' f='q"w'"#));
        assert_eq!(fields(&strict, line), None);
        assert_eq!(fields(&logfmt, r#"a="open"#), None);
        assert_eq!(fields(&logfmt, "  "), None);
    }

    #[test]
    fn ltsv_is_read_by_labels_and_tabs() {
        let ltsv = Definition { format: Format::Ltsv, ..Definition::default() };

        assert_eq!(
            fields(&ltsv, "host:a\ttime:1:2\treq_time:0.1").as_deref(),
            Some("host='a' time='1:2' req_time='0.1'")
        );
        assert_eq!(fields(&ltsv, "no label"), None);
        assert_eq!(fields(&ltsv, "bad label:x"), None);
    }

    #[test]
    fn types_are_applied_where_the_text_fits_them() {
        let types = ["code:Integer", "size:Integer", "ok:Bool", "id:Hex", "ratio:Float"].map(|text| {
            let (key, kind) = text.split_once(':').expect("it holds a colon");
            let kind = match kind {
                "Integer" => FieldType::Integer,
                "Bool" => FieldType::Bool,
                "Hex" => FieldType::Hex,
                _ => FieldType::Float,
            };
            (key.to_owned(), kind)
        });
        let logfmt = Definition { format: Format::Logfmt, types: types.to_vec(), ..Definition::default() };

        assert_eq!(
            fields(&logfmt, "code=200 size=- ok=TRUE id=0xff ratio=0.50").as_deref(),
            Some("code=200 size='-' ok=true id=u255 ratio=0.50")
        );
        assert_eq!(fields(&logfmt, "code=007 ratio=1e5").as_deref(), Some("code=I64(7) ratio=F64(100000.0)"));
    }

    #[test]
    fn the_time_is_taken_from_its_field() {
        let regex = Definition {
            format: Format::Regex,
            regex: Some(r"^(?<time>[^ ]*) (?<empty>x?)(?<log>.*)$".into()),
            time_format: Some("%Y-%m-%dT%H:%M:%S.%L%z".into()),
            ..Definition::default()
        };
        let kept = Definition { time_keep: true, ..regex.clone() };
        let line = "2023-11-14T22:13:20.5Z hello";

        let (parsed, text, time) = parse(&regex, line);

        assert_eq!((parsed, text.as_str()), (Parsed::Fitted, "log='hello'"));
        assert_eq!(time, Timestamp { seconds: 1_700_000_000, nanos: 500_000_000 });
        assert_eq!(parse(&kept, line).1, "time='2023-11-14T22:13:20.5Z' log='hello'");
    }

    /// Fluent Bit loses the text of a time that it does not understand; here it stays and is reported.
    #[test]
    fn a_time_that_is_not_understood_stays_in_the_record() {
        let json = Definition { time_format: Some("%F".into()), ..Definition::default() };

        let (parsed, text, time) = parse(&json, r#"{"time":"yesterday","n":1}"#);

        assert_eq!((parsed, text.as_str()), (Parsed::TimeUnclear, "time='yesterday' n=1"));
        assert_eq!(time.nanos, 7, "the time it was read");
    }

    #[test]
    fn cri_lines_give_the_fields_of_the_usual_definition() {
        let cri = Definition { format: Format::Cri, time_keep: true, ..Definition::default() };

        assert_eq!(
            fields(&cri, "2023Z stdout F a b").as_deref(),
            Some("time='2023Z' stream='stdout' _p='F' log='a b'")
        );
        assert_eq!(fields(&cri, "plain"), None);
    }

    /// The value of `key` in the built-in section of `name`.
    fn built_in(name: &str, key: &str) -> Option<String> {
        let section = BUILT_IN
            .split("[PARSER]")
            .find(|section| section.lines().any(|line| line.split_whitespace().eq(["Name", name])))?;
        let line = section.lines().map(str::trim).find(|line| line.starts_with(key))?;
        line.split_once(' ').map(|(_, value)| value.trim().to_owned())
    }

    #[test]
    fn the_built_in_patterns_read_their_lines() {
        let cases = [
            (
                "nginx",
                r#"10.0.0.1 - alice [14/Nov/2023:22:13:20 +0000] "GET /a?b=c HTTP/1.1" 200 612 "-" "curl/8.0""#,
                "remote='10.0.0.1' host='-' user='alice' method='GET' path='/a?b=c' code='200' size='612' referer='-' agent='curl/8.0'",
            ),
            (
                "apache2",
                r#"10.0.0.1 - - [14/Nov/2023:22:13:20 +0000] "GET /a HTTP/1.1" 200 612"#,
                "host='10.0.0.1' user='-' method='GET' path='/a' code='200' size='612'",
            ),
            (
                "syslog-rfc3164",
                "<34>Nov 14 22:13:20 web sshd[42]: Accepted key",
                "pri='34' time='Nov 14 22:13:20' host='web' ident='sshd' pid='42' message='Accepted key'",
            ),
            (
                "syslog-rfc5424",
                "<165>1 2023-11-14T22:13:20.5Z web app 42 ID47 [a@1 b=\"c\"] hello",
                "pri='165' time='2023-11-14T22:13:20.5Z' host='web' ident='app' pid='42' msgid='ID47' extradata='[a@1 b=\"c\"]' message='hello'",
            ),
        ];
        for (name, line, expected) in cases {
            let definition = Definition {
                format: Format::Regex,
                regex: built_in(name, "Regex"),
                time_format: built_in(name, "Time_Format"),
                time_keep: built_in(name, "Time_Keep").is_some(),
                ..Definition::default()
            };
            let (parsed, text, time) = parse(&definition, line);
            assert_eq!((parsed, text.as_str()), (Parsed::Fitted, expected), "{name}");
            assert!(time.seconds % 86_400 == 80_000, "{name}: {time:?}");
        }
    }

    #[test]
    fn a_wrong_definition_names_the_key_to_blame() {
        let regex = Definition { format: Format::Regex, ..Definition::default() };
        let look = Definition { regex: Some("(?=a)(?<b>c)".into()), ..regex.clone() };
        let time = Definition { time_format: Some("%Q".into()), ..Definition::default() };
        for (definition, key) in [(regex, "regex"), (look, "regex"), (time, "time_format")] {
            assert_eq!(definition.build().err().map(|error| error.key()), Some(key));
        }
    }
}
