//! Lines as the parser reads them, held against serde_json. Called by property tests and by fuzzing.

use serde_json::{Map, Value as Json};

use super::{JsonParser, MAX_DEPTH, Splitter, expand};
use crate::batch::{Batch, Field, Origin, Span, Timestamp, Value};
use crate::parser::{Parsed, Parser};

/// Parses `lines` one after the other, and then again, when their keys are expected.
///
/// # Panics
/// When one is not read as serde_json reads it.
pub fn check<Line: AsRef<[u8]>>(lines: &[Line]) {
    expand::forget_keys();
    for line in lines.iter().chain(lines).map(AsRef::as_ref) {
        check_line(line);
    }
}

fn check_line(text: &[u8]) {
    let wanted = match serde_json::from_slice::<Json>(text) {
        // Of numbers only the grammar is looked at here.
        Err(error) if error.to_string().contains("out of range") => return,
        Ok(Json::Object(map)) if depth(text) <= MAX_DEPTH => Some(map),
        _ => None,
    };
    let shown = || text.escape_ascii().to_string();
    assert_eq!(parse(text), wanted, "{}", shown());
    let mut batch = Batch::default();
    let span = batch.store(text);
    let whole = batch.parse_json(span, true).map(|value| decoded_value(&batch, value));
    assert_eq!(whole.filter(Json::is_object), wanted.map(Json::Object), "taken apart: {}", shown());
}

/// Takes `stream` apart at once and in bits of `step` bytes, with pieces of at most `longest` bytes. Gives the pieces, marked by
/// whether they are JSON.
///
/// # Panics
/// When more than white space is lost, when bits change something, or when an object is not found as serde_json finds it.
pub fn stream(stream: &[u8], longest: usize, step: usize) -> Vec<(bool, Vec<u8>)> {
    let shown = || format!("{} in {longest} and {step}", stream.escape_ascii());
    let whole = pieces(stream, longest, stream.len().max(1));
    let found = pieces(stream, longest, step.max(1));
    let text =
        |pieces: &[(bool, Vec<u8>)]| pieces.iter().flat_map(|(_, piece)| piece.clone()).filter(is_dark).collect();
    let (all, wanted): (Vec<u8>, Vec<u8>) = (text(&found), stream.iter().copied().filter(is_dark).collect());
    assert_eq!(all, wanted, "{}", shown());
    if longest >= stream.len() {
        assert_eq!(found, whole, "{}", shown());
    }
    found
}

fn is_dark(byte: &u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn pieces(stream: &[u8], longest: usize, step: usize) -> Vec<(bool, Vec<u8>)> {
    let mut splitter = Splitter::default();
    let (mut rest, mut found, mut read) = (Vec::new(), Vec::new(), 0);
    while read < stream.len() {
        let bit = &stream[read..stream.len().min(read + step)];
        rest.extend_from_slice(bit);
        read += bit.len();
        loop {
            rest.drain(..splitter.blank(&rest));
            let Some(piece) = splitter.first(&rest, longest, read == stream.len()) else { break };
            assert!(piece.end > 0 && piece.end <= longest, "{piece:?}");
            let object =
                first_object(&rest).filter(|end| *end <= longest && found.last().is_none_or(|(json, _)| *json));
            assert!(object.is_none_or(|end| piece.is_json && piece.end == end), "{piece:?}: {}", rest.escape_ascii());
            found.push((piece.is_json, rest[piece.text].to_vec()));
            rest.drain(..piece.end);
        }
    }
    found
}

/// Where the object ends that `stream` begins with, if serde_json reads one.
fn first_object(stream: &[u8]) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_slice(stream).into_iter::<Json>();
    let is_object = matches!(values.next(), Some(Ok(Json::Object(_))));
    let end = values.byte_offset();
    (is_object && depth(&stream[..end]) <= MAX_DEPTH).then_some(end)
}

/// How deep brackets are nested outside of strings.
fn depth(text: &[u8]) -> usize {
    let (mut deepest, mut depth, mut quoted, mut escaped) = (0, 0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The record as serde_json sees it, everything decoded.
fn decoded(batch: &Batch, fields: &[Field]) -> Map<String, Json> {
    let mut map = Map::new();
    for field in fields {
        let mut key = Vec::new();
        batch.decode_text(field.key, &mut key);
        let old = map.insert(String::from_utf8(key).expect("keys are UTF-8"), decoded_value(batch, field.value));
        assert!(old.is_none(), "no key stands twice");
    }
    map
}

/// `value` with all that is in it.
pub(super) fn decoded_value(batch: &Batch, value: Value) -> Json {
    let from_text = |span: Span| serde_json::from_slice(batch.bytes(span)).expect("spans hold valid JSON");
    match value {
        Value::Null => Json::Null,
        Value::Bool(bool) => Json::Bool(bool),
        Value::Number(span) | Value::Json(span) => from_text(span),
        Value::Text(text) => {
            let mut bytes = Vec::new();
            batch.decode_text(text, &mut bytes);
            Json::String(String::from_utf8(bytes).expect("texts are UTF-8"))
        }
        Value::Map(range) => Json::Object(decoded(batch, batch.fields(range))),
        Value::List(range) => batch.fields(range).iter().map(|item| decoded_value(batch, item.value)).collect(),
        Value::I64(_) | Value::U64(_) | Value::F64(_) => unreachable!("parsers keep source text"),
    }
}

/// The line as the parser reads it. What stands behind a text must not matter, be it little or such that the text could go on
/// with it.
pub(super) fn parse(text: &[u8]) -> Option<Map<String, Json>> {
    let ends: [&[u8]; 4] = [b"}behind", &[b'1'; 100], &[b'"'; 100], &b",\"a\":1}".repeat(20)];
    let [first, others @ ..] = ends.map(|behind| parse_before(text, behind));
    for other in others {
        assert_eq!(first, other);
    }
    first
}

fn parse_before(text: &[u8], behind: &[u8]) -> Option<Map<String, Json>> {
    let mut batch = Batch::default();
    batch.store(b"before ");
    let span = batch.store(text);
    batch.store(behind);
    let index = batch.push(Timestamp::default(), Origin::default());
    match JsonParser.parse(&mut batch, index, span) {
        Parsed::Refused => {
            assert!(batch.record(index).fields().is_empty());
            None
        }
        _ => Some(decoded(&batch, batch.record(index).fields())),
    }
}
