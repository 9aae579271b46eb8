//! A parser as it is defined in a parsers file, and how it is built.

use std::sync::Arc;

use crate::batch::{Batch, Field, Keys, Span, Text, Value};
use crate::decode::{DecodeRule, Decoders};
use crate::fields::{self, FieldType, TimeField};
use crate::json::JsonParser;
use crate::parser::{Parsed, Parser};
use crate::regex::{Engine, PatternError, RegexParser};
use crate::syslog::{self, Dialect, Syslog};
use crate::time::{FormatError, TimeFormat, Zone};
use crate::{cri, logfmt, ltsv};

/// Parsers that need no parsers file, as the text of one in the classic format.
pub const BUILT_IN: &str = concat!(
    include_str!("../definitions/formats.conf"),
    include_str!("../definitions/containers.conf"),
    include_str!("../definitions/web.conf"),
    include_str!("../definitions/syslog.conf"),
    include_str!("../definitions/databases.conf"),
    include_str!("../definitions/applications.conf"),
    include_str!("../definitions/openstack.conf"),
);

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
    /// The same where the tag is `F` or `P`, under the names `_p` and `log` that the multiline parser `cri` gives.
    CriPiece,
    /// What Docker writes into its files: one JSON object with a text `log`. That of a partial line does not end with a newline.
    Docker,
    /// Syslog messages.
    Syslog(Dialect),
}

impl Format {
    /// Whether a text of it is one JSON object.
    fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Docker)
    }

    /// How times are written where nothing else is said: formats that are tried in order.
    fn times(self) -> &'static [&'static str] {
        match self {
            Self::Docker => &syslog::TIMES[..2],
            Self::Syslog(_) => &syslog::TIMES,
            _ => &[],
        }
    }
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
    /// How the time is written; without it no time is looked for, but in formats that say themselves how it is.
    pub time_format: Option<String>,
    /// Whether the time stays in the record.
    pub time_keep: bool,
    /// Whether a time must fit its format to the end. When not, one that fits as far as its date is taken as far as it fits.
    pub time_strict: bool,
    /// Seconds east of Greenwich for texts without a zone.
    pub time_offset: i32,
    /// The zone of texts without one. Where it is given, the offset counts for nothing.
    pub time_zone: Option<Zone>,
    /// Types of fields. Not applied to JSON, which has types.
    pub types: Vec<(String, FieldType)>,
    /// Whether groups that matched nothing give no field.
    pub skip_empty_values: bool,
    /// Whether a bare key makes a text no logfmt.
    pub logfmt_no_bare_keys: bool,
    /// What is decoded after parsing, in order.
    pub decoders: Vec<DecodeRule>,
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
            time_zone: None,
            types: Vec::new(),
            skip_empty_values: true,
            logfmt_no_bare_keys: false,
            decoders: Vec::new(),
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
        let time = self.time_field().map_err(DefinitionError::TimeFormat)?;
        let format = match self.format {
            Format::Json => Compiled::Json,
            Format::Regex => {
                let pattern = self.regex.as_deref().ok_or(DefinitionError::NoRegex)?;
                let parser = RegexParser::new(pattern, self.skip_empty_values).map_err(DefinitionError::Regex)?;
                let parser = parser.reading(&self.types, time);
                return Ok(match Decoders::new(&self.decoders) {
                    Some(decoders) => Arc::new(DecodingParser { parser, decoders }),
                    None => Arc::new(parser),
                });
            }
            Format::Ltsv => Compiled::Ltsv,
            Format::Logfmt => Compiled::Logfmt { refuse_bare: self.logfmt_no_bare_keys },
            Format::Cri => Compiled::Cri {
                keys: Keys::new(["time", "stream", "logtag", "message"]),
                skip_empty: self.skip_empty_values,
            },
            Format::CriPiece => Compiled::CriPiece(Keys::new(["time", "stream", "_p", "log"])),
            Format::Docker => Compiled::Docker,
            Format::Syslog(dialect) => Compiled::Syslog(Syslog::new(dialect)),
        };
        let types = if self.format.is_json() { Vec::new() } else { self.types.clone() };
        let decoders = Decoders::new(&self.decoders);
        Ok(Arc::new(DefinedParser { format, time, types, decoders }))
    }

    /// Where the time stands and how it is written, if it is looked for.
    fn time_field(&self) -> Result<Option<TimeField>, FormatError> {
        let texts: Vec<&str> = match &self.time_format {
            Some(text) => vec![text],
            None => self.format.times().to_vec(),
        };
        let mut formats = Vec::new();
        for text in texts {
            formats.push(self.compile_time(text)?);
        }
        let mut formats = formats.into_iter();
        let Some(format) = formats.next() else { return Ok(None) };
        Ok(Some(TimeField {
            key: self.time_key.clone(),
            format,
            others: formats.collect(),
            absent: matches!(self.format, Format::Syslog(_)).then_some(syslog::NIL),
            text_only: self.format.is_json(),
            keep: self.time_keep,
            offset: self.time_offset,
        }))
    }

    fn compile_time(&self, format: &str) -> Result<TimeFormat, FormatError> {
        let compiled = if self.time_strict { TimeFormat::new(format) } else { TimeFormat::lenient(format) }?;
        Ok(match &self.time_zone {
            Some(zone) => compiled.in_zone(zone.clone()),
            None => compiled,
        })
    }
}

/// A parser of another format than `regex`, built from a definition.
#[derive(Debug)]
struct DefinedParser {
    format: Compiled,
    time: Option<TimeField>,
    types: Vec<(String, FieldType)>,
    decoders: Option<Decoders>,
}

/// A parser of format `regex` with decoders.
#[derive(Debug)]
struct DecodingParser {
    parser: RegexParser,
    decoders: Decoders,
}

impl Parser for DecodingParser {
    fn parse(&self, batch: &mut Batch, index: usize, text: Span) -> Parsed {
        let first = batch.record(index).fields().len();
        let parsed = self.parser.parse(batch, index, text);
        if parsed.gave_fields() {
            self.decoders.apply(batch, index, first);
        }
        parsed
    }

    fn engine(&self) -> Option<Engine> {
        self.parser.engine()
    }
}

#[derive(Debug)]
enum Compiled {
    Json,
    Ltsv,
    Logfmt { refuse_bare: bool },
    Cri { keys: Keys, skip_empty: bool },
    CriPiece(Keys),
    Docker,
    Syslog(Syslog),
}

impl Parser for DefinedParser {
    fn parse(&self, batch: &mut Batch, index: usize, text: Span) -> Parsed {
        let first = batch.record(index).fields().len();
        let fitted = match &self.format {
            Compiled::Json => JsonParser.parse(batch, index, text) != Parsed::Refused,
            Compiled::Ltsv => ltsv::fields(batch, index, text),
            Compiled::Logfmt { refuse_bare } => logfmt::fields(batch, index, text, *refuse_bare),
            Compiled::Cri { keys, skip_empty } => cri_fields((keys, *skip_empty), batch, index, text),
            Compiled::CriPiece(keys) => piece_fields(keys, batch, index, text),
            Compiled::Docker => docker_fields(batch, index, text),
            Compiled::Syslog(syslog) => syslog.fields(batch, index, text),
        };
        if !fitted {
            batch.record_mut(index).truncate(first);
            return Parsed::Refused;
        }
        fields::convert(batch, index, first, &self.types);
        // As in Fluent Bit, where JSON inside of JSON may hold the time.
        let is_json = matches!(self.format, Compiled::Json | Compiled::Docker);
        if let Some(decoders) = self.decoders.as_ref().filter(|_| is_json) {
            decoders.apply(batch, index, first);
        }
        let parsed = self.time.as_ref().map_or(Parsed::Fitted, |time| fields::set_time(batch, index, first, time));
        if let Some(decoders) = self.decoders.as_ref().filter(|_| !is_json) {
            decoders.apply(batch, index, first);
        }
        parsed
    }
}

fn cri_fields((keys, skip_empty): (&Keys, bool), batch: &mut Batch, index: usize, text: Span) -> bool {
    let Some([time, stream, tag]) = cri::ends(batch.bytes(text)) else { return false };
    let start = text.start as usize;
    let parts = [(0, time), (time + 1, stream), (stream + 1, tag), (tag + 1, text.len as usize)];
    push_parts(keys, batch, index, parts.map(|(from, to)| Span::between(start + from, start + to)), skip_empty);
    true
}

fn piece_fields(keys: &Keys, batch: &mut Batch, index: usize, text: Span) -> bool {
    let Some(line) = cri::split(batch.bytes(text)) else { return false };
    let start = text.start as usize;
    let time = Span::between(start, start + line.time.len());
    let stream = Span::between(time.end() + 1, time.end() + 7);
    let tag = Span::between(stream.end() + 1, stream.end() + 2);
    let log = Span::between(tag.end() + 1, text.end());
    push_parts(keys, batch, index, [time, stream, tag, log], false);
    true
}

/// Adds the parts of a line to record `index`, under `keys`.
fn push_parts(keys: &Keys, batch: &mut Batch, index: usize, parts: [Span; 4], skip_empty: bool) {
    let keys = keys.in_batch(batch);
    let mut fields = [Field { key: keys.key(0), value: Value::Null }; 4];
    let mut count = 0;
    for (at, span) in parts.into_iter().enumerate() {
        if !(skip_empty && span.is_empty()) {
            fields[count] = Field { key: keys.key(at), value: Value::Text(Text::plain(span)) };
            count += 1;
        }
    }
    batch.record_mut(index).append_distinct(&fields[..count]);
}

fn docker_fields(batch: &mut Batch, index: usize, text: Span) -> bool {
    let first = batch.record(index).fields().len();
    if JsonParser.parse(batch, index, text) == Parsed::Refused {
        return false;
    }
    let range = fields::fields_from(batch, index, first);
    let log = batch.find(range, b"log").map(|at| batch.tape[range.start as usize + at].value);
    matches!(log, Some(Value::Text(_)))
}

#[cfg(test)]
mod tests;
