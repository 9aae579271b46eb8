//! What all formats do with the fields they found: typed values and the time of the record.

use crate::batch::{Batch, Range, Span, Text, Timestamp, Value};
use crate::parser::Parsed;
use crate::time::{Context, TimeFormat};

/// Type that a text field is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A signed integer, as far as the text begins with one.
    Integer,
    /// An integer in base 16, with or without `0x`.
    Hex,
    /// A number.
    Float,
    /// `true` or `false`, in any case.
    Bool,
    /// Text, as it is.
    String,
}

/// Where the time of a record stands and how it is written.
#[derive(Debug)]
pub struct TimeField {
    /// Key that holds it.
    pub key: String,
    /// How it is written.
    pub format: TimeFormat,
    /// Whether the field stays in the record.
    pub keep: bool,
    /// Seconds east of Greenwich for texts without a zone.
    pub offset: i32,
}

/// Turns the text fields of `types` among the fields from `first` on into their types. What does not fit stays text.
pub(crate) fn convert(batch: &mut Batch, index: usize, first: usize, types: &[(String, FieldType)]) {
    for (key, kind) in types {
        let range = fields_from(batch, index, first);
        let Some(at) = batch.find(range, key.as_bytes()) else { continue };
        let at = range.start as usize + at;
        let Value::Text(text) = batch.tape[at].value else { continue };
        if let Some(value) = typed(batch, text, *kind) {
            batch.tape[at].value = value;
        }
    }
}

/// The fields of record `index` from its `first` one on.
fn fields_from(batch: &mut Batch, index: usize, first: usize) -> Range {
    let range = batch.record_mut(index).range();
    Range::between(range.start as usize + first, range.end())
}

fn typed(batch: &Batch, text: Text, kind: FieldType) -> Option<Value> {
    let raw = batch.bytes(text.span);
    let trimmed = raw.trim_ascii_start();
    let skipped = raw.len() - trimmed.len();
    let start = text.span.start as usize + skipped;
    match kind {
        FieldType::String => None,
        FieldType::Bool if raw.eq_ignore_ascii_case(b"true") => Some(Value::Bool(true)),
        FieldType::Bool if raw.eq_ignore_ascii_case(b"false") => Some(Value::Bool(false)),
        FieldType::Bool => None,
        FieldType::Integer => match number_length(trimmed, false) {
            Some(length) => Some(Value::Number(Span::between(start, start + length))),
            None => std::str::from_utf8(trimmed).ok()?.parse().ok().map(Value::I64),
        },
        FieldType::Float => match number_length(trimmed, true) {
            Some(length) => Some(Value::Number(Span::between(start, start + length))),
            None => {
                let number: f64 = std::str::from_utf8(trimmed).ok()?.parse().ok()?;
                number.is_finite().then_some(Value::F64(number))
            }
        },
        FieldType::Hex => {
            let digits = trimmed.strip_prefix(b"0x").or_else(|| trimmed.strip_prefix(b"0X")).unwrap_or(trimmed);
            let text = std::str::from_utf8(digits).ok()?;
            u64::from_str_radix(text, 16).ok().map(Value::U64)
        }
    }
}

/// Length of the JSON number that `text` is, all of it; numbers with leading zeros or a plus are no JSON.
fn number_length(text: &[u8], float: bool) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.starts_with(b"-"));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text[at] == b'0') {
        return None;
    }
    at += whole;
    if float && text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    (at == text.len()).then_some(at)
}

/// Sets the time of record `index` from the field that `time` names among the fields from `first` on.
///
/// A text that is not understood stays in the record, which keeps the time it had.
pub(crate) fn set_time(batch: &mut Batch, index: usize, first: usize, time: &TimeField) -> Parsed {
    let range = fields_from(batch, index, first);
    let Some(found) = batch.find(range, time.key.as_bytes()) else { return Parsed::Fitted };
    let read_at = batch.entries()[index].time;
    let context = Context { now: read_at.seconds, offset: time.offset };
    let Some(read) = read_time(batch, batch.tape[range.start as usize + found].value, time, &context) else {
        return Parsed::TimeUnclear;
    };
    let mut record = batch.record_mut(index);
    record.set_time(read);
    if !time.keep {
        record.remove_at(first + found);
    }
    Parsed::Fitted
}

fn read_time(batch: &Batch, value: Value, time: &TimeField, context: &Context) -> Option<Timestamp> {
    match value {
        Value::Text(text) if !text.escaped => time.format.parse(batch.bytes(text.span), context),
        Value::Text(text) => {
            let mut decoded = Vec::new();
            batch.decode_text(text, &mut decoded);
            time.format.parse(&decoded, context)
        }
        Value::Number(span) => time.format.parse(batch.bytes(span), context),
        _ => None,
    }
}
