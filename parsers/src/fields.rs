//! What all formats do with the fields they found: typed values and the time of the record.

use std::cell::RefCell;

use crate::batch::{Batch, Range, Span, Text, Timestamp, Value};
use crate::parser::Parsed;
use crate::time::{Context, TimeFormat};

/// Type that a text field is turned into.
///
/// As in C, white space before a number and anything behind it count for nothing. Text that does not start with such a
/// value, and a number out of its range, stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A signed integer of 64 bits.
    Integer,
    /// An integer in base 16, with or without `0x`.
    Hex,
    /// A number of 64 bits, which is written with a fraction or an exponent.
    Float,
    /// `true` or `false`, in any case, as far as the text begins with one.
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
    /// How else it may be written, tried one after the other.
    pub others: Vec<TimeFormat>,
    /// A text that says that there is no time: the field stays, and the record keeps the time it had.
    pub absent: Option<&'static [u8]>,
    /// Whether only a text is one, and no number.
    pub text_only: bool,
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
        batch.tape[at].value = typed(batch, text, &[*kind]);
    }
}

/// The value of the first of `types` that `text` fits, or the text.
#[inline]
pub(crate) fn typed(batch: &Batch, text: Text, types: &[FieldType]) -> Value {
    let value = types.iter().find_map(|kind| kind.convert(batch.bytes(text.span), text.span));
    value.unwrap_or(Value::Text(text))
}

/// The fields of record `index` from its `first` one on.
pub(crate) fn fields_from(batch: &mut Batch, index: usize, first: usize) -> Range {
    let range = batch.record_mut(index).range();
    Range::between(range.start as usize + first, range.end())
}

impl FieldType {
    /// The value of `text`, which lies at `span`.
    fn convert(self, text: &[u8], span: Span) -> Option<Value> {
        match self {
            Self::Integer => integer(text, span),
            Self::Float => float(text, span),
            Self::Hex => hex(text),
            Self::Bool => truth(text),
            Self::String => None,
        }
    }
}

fn integer(text: &[u8], span: Span) -> Option<Value> {
    let blank = leading(text, u8::is_ascii_whitespace);
    let sign = usize::from(matches!(text.get(blank), Some(b'+' | b'-')));
    let digits = blank + sign;
    let end = digits + leading(&text[digits..], u8::is_ascii_digit);
    let fraction = text[end..].strip_prefix(b".").map_or(0, |rest| 1 + leading(rest, u8::is_ascii_digit));
    if end == digits || goes_on(&text[end + fraction..]) {
        return None;
    }
    let negative = sign == 1 && text[blank] == b'-';
    let zeros = leading(&text[digits..end - 1], |byte| *byte == b'0');
    if (negative && zeros > 0) || end - digits - zeros > SURE_DIGITS {
        let number = std::str::from_utf8(&text[blank..end]).ok()?;
        return number.parse().ok().map(Value::I64);
    }
    let start = if negative { blank } else { digits + zeros };
    Some(Value::Number(Span::between(span.start as usize + start, span.start as usize + end)))
}

/// A number of so many digits fits 64 bits.
const SURE_DIGITS: usize = 18;

fn float(text: &[u8], span: Span) -> Option<Value> {
    let blank = leading(text, u8::is_ascii_whitespace);
    let mut end = blank + usize::from(matches!(text.get(blank), Some(b'+' | b'-')));
    let whole = leading(&text[end..], u8::is_ascii_digit);
    end += whole;
    let mut fraction = 0;
    if text.get(end) == Some(&b'.') {
        fraction = leading(&text[end + 1..], u8::is_ascii_digit);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    let exponent = exponent(&text[end..]);
    end += exponent;
    if goes_on(&text[end..]) {
        return None;
    }
    let number = &text[blank..end];
    // A JSON number has digits on both sides of its point, no plus and no needless zeros.
    let unsigned = number.strip_prefix(b"-").unwrap_or(number);
    let leads = whole == 1 || (whole > 1 && unsigned[0] != b'0');
    let is_json = leads && !number.starts_with(b"+") && (fraction > 0 || !number.contains(&b'.'));
    let keeps_text = is_json && (fraction > 0 || exponent > 0);
    let written = Value::Number(Span::between(span.start as usize + blank, span.start as usize + end));
    if keeps_text && exponent == 0 && whole <= SURE_DIGITS {
        return Some(written);
    }
    let number: f64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    number.is_finite().then_some(if keeps_text { written } else { Value::F64(number) })
}

/// Length of the exponent that `text` starts with.
fn exponent(text: &[u8]) -> usize {
    let [b'e' | b'E', rest @ ..] = text else { return 0 };
    let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
    match leading(&rest[sign..], u8::is_ascii_digit) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

fn hex(text: &[u8]) -> Option<Value> {
    let text = text.trim_ascii_start();
    let digits = text.strip_prefix(b"0x").or(text.strip_prefix(b"0X")).unwrap_or(text);
    let (digits, behind) = digits.split_at(leading(digits, u8::is_ascii_hexdigit));
    if goes_on(behind) {
        return None;
    }
    let number = u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some(Value::U64(number))
}

/// Whether more digits are in what follows on a number, as in `1,000`, `0x1f` and `10.0.0.1`: then its beginning is another number. A unit, as
/// in `12ms`, is left out.
fn goes_on(behind: &[u8]) -> bool {
    behind.iter().any(u8::is_ascii_digit)
}

fn truth(text: &[u8]) -> Option<Value> {
    let starts = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if starts(b"true") {
        return Some(Value::Bool(true));
    }
    starts(b"false").then_some(Value::Bool(false))
}

fn leading(text: &[u8], is: impl Fn(&u8) -> bool) -> usize {
    text.iter().position(|byte| !is(byte)).unwrap_or(text.len())
}

/// Sets the time of record `index` from the field that `time` names among the fields from `first` on.
///
/// A text that is not understood stays in the record, which keeps the time it had.
pub(crate) fn set_time(batch: &mut Batch, index: usize, first: usize, time: &TimeField) -> Parsed {
    let range = fields_from(batch, index, first);
    let Some(found) = batch.find(range, time.key.as_bytes()) else { return Parsed::Fitted };
    let value = batch.tape[range.start as usize + found].value;
    if time.absent.is_some_and(|absent| matches!(value, Value::Text(text) if batch.bytes(text.span) == absent)) {
        return Parsed::Fitted;
    }
    let parsed = set_time_to(batch, index, value, time);
    if parsed == Parsed::Fitted && !time.keep {
        batch.record_mut(index).remove_at(first + found);
    }
    parsed
}

/// Sets the time of record `index` to what `value` tells.
pub(crate) fn set_time_to(batch: &mut Batch, index: usize, value: Value, time: &TimeField) -> Parsed {
    let Some(read) = time_of(batch, index, value, time) else { return Parsed::TimeUnclear };
    batch.record_mut(index).set_time(read);
    Parsed::Fitted
}

thread_local! {
    /// A time that stood escaped in its text, decoded.
    static DECODED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The time that `value` of record `index` tells.
fn time_of(batch: &Batch, index: usize, value: Value, time: &TimeField) -> Option<Timestamp> {
    let context = &Context { now: batch.entries()[index].time.seconds, offset: time.offset };
    match value {
        Value::Text(text) if !text.is_escaped() => time.read(batch.bytes(text.span), context),
        Value::Text(text) => DECODED.with_borrow_mut(|decoded| {
            decoded.clear();
            batch.decode_text(text, decoded);
            time.read(decoded, context)
        }),
        Value::Number(span) if !time.text_only => time.read(batch.bytes(span), context),
        _ => None,
    }
}

impl TimeField {
    /// The time that `text` tells in the first of the formats that it fits.
    #[inline]
    fn read(&self, text: &[u8], context: &Context) -> Option<Timestamp> {
        let read = self.format.parse(text, context);
        read.or_else(|| self.others.iter().find_map(|format| format.parse(text, context)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(kind: FieldType, text: &str) -> Option<String> {
        let mut batch = Batch::default();
        let span = batch.store(text.as_bytes());
        Some(match kind.convert(text.as_bytes(), span)? {
            Value::Number(span) => String::from_utf8_lossy(batch.bytes(span)).into_owned(),
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn text_becomes_the_value_it_starts_with() {
        let cases = [
            (FieldType::Integer, "200", Some("200")),
            (FieldType::Integer, "-7", Some("-7")),
            (FieldType::Integer, "+7", Some("7")),
            (FieldType::Integer, "007", Some("7")),
            (FieldType::Integer, "-007", Some("I64(-7)")),
            (FieldType::Integer, "0", Some("0")),
            (FieldType::Integer, " 12ms", Some("12")),
            (FieldType::Integer, "9223372036854775807", Some("I64(9223372036854775807)")),
            (FieldType::Integer, "-9223372036854775808", Some("I64(-9223372036854775808)")),
            (FieldType::Integer, "00000000000000000000007", Some("7")),
            (FieldType::Integer, "9223372036854775808", None),
            (FieldType::Integer, "-0098765432109876543210", None),
            (FieldType::Integer, "99999999999999999999", None),
            (FieldType::Integer, "3.7", Some("3")),
            (FieldType::Integer, "0x1f", None),
            (FieldType::Integer, "1e3", None),
            (FieldType::Integer, "1,000", None),
            (FieldType::Integer, "10.0.0.1", None),
            (FieldType::Integer, "2026-11-30", None),
            (FieldType::Float, "1.5x", Some("1.5")),
            (FieldType::Float, "1.5.2", None),
            (FieldType::Hex, "1g", Some("U64(1)")),
            (FieldType::Hex, "1f:2e", None),
            (FieldType::Integer, "-", None),
            (FieldType::Integer, "", None),
            (FieldType::Float, "1.10", Some("1.10")),
            (FieldType::Float, ".5", Some("F64(0.5)")),
            (FieldType::Float, "5.", Some("F64(5.0)")),
            (FieldType::Float, "-0.5", Some("-0.5")),
            (FieldType::Float, "00.5", Some("F64(0.5)")),
            (FieldType::Float, "+1.5", Some("F64(1.5)")),
            (FieldType::Float, "1e3s", Some("1e3")),
            (FieldType::Float, "1ex", Some("F64(1.0)")),
            (FieldType::Float, "1", Some("F64(1.0)")),
            (FieldType::Float, "-0", Some("F64(-0.0)")),
            (FieldType::Float, " 12ms", Some("F64(12.0)")),
            (FieldType::Float, "12345678901234567890", Some("F64(1.2345678901234567e19)")),
            (FieldType::Float, "1e308", Some("1e308")),
            (FieldType::Float, "1e400", None),
            (FieldType::Float, "-1.5e400", None),
            (FieldType::Float, "1e-400", Some("1e-400")),
            (FieldType::Float, "nan", None),
            (FieldType::Hex, "ff", Some("U64(255)")),
            (FieldType::Hex, "0xFFFFFFFFFFFFFFFF", Some("U64(18446744073709551615)")),
            (FieldType::Hex, "xyz", None),
            (FieldType::Bool, "TRUE", Some("Bool(true)")),
            (FieldType::Bool, "falsehood", Some("Bool(false)")),
            (FieldType::Bool, "1", None),
            (FieldType::String, "1", None),
        ];

        for (kind, text, wanted) in cases {
            assert_eq!(converted(kind, text).as_deref(), wanted, "{kind:?} of {text:?}");
        }
    }
}
