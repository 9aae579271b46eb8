//! What is written, as a reader of JSON sees it; times by both writers. Called by property tests and by fuzzing.

use serde_json::{Map, Value as Json};
use vigie_parsers::Parser;
use vigie_parsers::batch::{Batch, Origin, Timestamp, Value};
use vigie_parsers::json::{JsonParser, MAX_DEPTH};
use vigie_parsers::time::TimeWriter;

use super::dots::Dots;
use super::json::push_object;
use super::strftime::{Cached, Pattern};
use super::text::{is_clean, is_verbatim, push_escaped, push_escaped_part};

/// Writes `text` as the inside of a string, alone and in front of `behind`.
///
/// # Panics
/// When a reader sees something else.
pub fn text(text: &[u8], behind: &[u8]) {
    let mut out = b"\"".to_vec();
    push_escaped(text, &mut out);
    let mut inside = Vec::new();
    push_escaped_part(&[text, behind].concat(), 0..text.len(), &mut inside);
    assert_eq!(inside, out[1..], "{}", text.escape_ascii());
    out.push(b'"');
    let read: String = serde_json::from_slice(&out).expect("it is a JSON string");
    assert_eq!(read, String::from_utf8_lossy(text), "{}", text.escape_ascii());
    assert_eq!(is_verbatim(text), inside == text, "{}", text.escape_ascii());
    let is_special = |byte: &u8| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\');
    assert_eq!(is_clean(text), !text.iter().any(is_special), "{}", text.escape_ascii());
}

/// Reads `line`, if it is JSON, and writes it again, as it was and with dots in keys replaced; then with one more field, when
/// it cannot be copied.
///
/// # Panics
/// When a reader sees another object.
pub fn object(line: &[u8]) {
    let mut batch = Batch::default();
    let span = batch.store(line);
    let index = batch.push(Timestamp::default(), Origin::default());
    JsonParser.parse(&mut batch, index, span);
    // Numbers that no reader takes in are left out, and so is what is nested deeper than a reader goes.
    let Ok(Json::Object(mut wanted)) = serde_json::from_slice::<Json>(line) else { return };
    if batch.record(index).fields().is_empty()
        && (!wanted.is_empty() || depth(&Json::Object(wanted.clone())) > MAX_DEPTH)
    {
        return;
    }
    check_object(&batch, index, &wanted);
    batch.record_mut(index).set(b"more", Value::U64(7));
    wanted.insert("more".into(), 7.into());
    check_object(&batch, index, &wanted);
    // Then one with another value, and without it.
    let Some(key) = wanted.keys().next().cloned() else { return };
    batch.record_mut(index).set(key.as_bytes(), Value::Bool(true));
    wanted.insert(key.clone(), true.into());
    check_object(&batch, index, &wanted);
    batch.record_mut(index).remove(key.as_bytes());
    wanted.remove(&key);
    check_object(&batch, index, &wanted);
}

/// Writes the records of `batch`.
///
/// # Panics
/// When one is no line of JSON.
pub fn records(batch: &Batch) {
    for record in batch.records() {
        let mut out = Vec::new();
        push_object(batch, record.fields(), &mut out);
        let read = serde_json::from_slice::<Json>(&out);
        let is_object = read.as_ref().is_ok_and(Json::is_object) && !out.contains(&b'\n');
        assert!(is_object, "{read:?}: {}", String::from_utf8_lossy(&out));
    }
}

fn check_object(batch: &Batch, index: usize, wanted: &Map<String, Json>) {
    let mut out = Vec::new();
    push_object(batch, batch.record(index).fields(), &mut out);
    let shown = String::from_utf8_lossy(&out);
    assert!(!out.contains(&b'\n'), "{shown}");
    let read: Json = serde_json::from_slice(&out).expect("it is JSON");
    assert_eq!(read.as_object(), Some(wanted), "{shown}");
    let Some(wanted) = with_underscores(wanted) else { return };
    let mut out = b"{".to_vec();
    Dots::default().push_members(batch, batch.record(index).fields(), &mut out);
    out.push(b'}');
    let read: Json = serde_json::from_slice(&out).expect("it is JSON");
    assert_eq!(read, wanted, "{}", String::from_utf8_lossy(&out));
}

/// `object` with dots in keys replaced; `None` where two keys become one.
fn with_underscores(object: &Map<String, Json>) -> Option<Json> {
    let mut renamed = Map::new();
    for (key, value) in object {
        let other = renamed.insert(key.replace('.', "_"), without_dots(value)?);
        if other.is_some() {
            return None;
        }
    }
    Some(Json::Object(renamed))
}

fn without_dots(value: &Json) -> Option<Json> {
    match value {
        Json::Object(object) => with_underscores(object),
        Json::Array(items) => items.iter().map(without_dots).collect(),
        other => Some(other.clone()),
    }
}

fn depth(value: &Json) -> usize {
    match value {
        Json::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Writes the seconds of `times` one after the other by `format`, which need not be a valid one.
///
/// # Panics
/// When the writer of the parsers' crate, or one that remembers, writes something else.
pub fn times(format: &str, times: &[i64]) {
    let (Ok(pattern), Ok(mut writer)) = (Pattern::parse(format), TimeWriter::new(format)) else { return };
    let mut cached = Cached::new(pattern.clone());
    for seconds in times.iter().copied() {
        let mut wanted = Vec::new();
        pattern.render(seconds, &mut wanted);
        assert_eq!(cached.at(seconds).0, wanted, "{format} of {seconds}");
        let written = writer.write(Timestamp { seconds, nanos: 0 });
        assert_eq!(written.escape_ascii().to_string(), wanted.escape_ascii().to_string(), "{format} of {seconds}");
    }
}
