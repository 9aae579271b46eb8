//! One dead letter as a line of JSON, written and read.

use std::io::{self, BufRead, Read};
use std::path::Path;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use vigie_parsers::batch::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use crate::cluster::bulk_item;
use crate::encode::json::push_string;
use crate::encode::strftime::{Pattern, push_fraction};
use crate::plugin::Refusal;

/// A refused item, as the pipeline hands it over.
#[derive(Clone, Copy, Debug)]
pub struct DeadLetter<'a> {
    /// Alias or instance name of the output.
    pub output: &'a str,
    /// Alias or instance name of the input.
    pub input: &'a str,
    /// Name of the stream: the path of the file, say.
    pub source: &'a Path,
    /// Byte offset of its first source byte.
    pub offset: u64,
    /// Tag of the record.
    pub tag: &'a str,
    /// How often it was sent before.
    pub attempts: u32,
    /// Why it was refused.
    pub refusal: &'a Refusal,
    /// Its bytes as they stood in the request.
    pub bytes: &'a [u8],
}

/// A dead letter read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Tells it from others; the same wherever it lies, and whether it is done or not.
    pub key: String,
    /// When it was sent again and stored, as in RFC 3339.
    pub done: Option<String>,
    /// When it was written, as in RFC 3339.
    pub ts: String,
    /// Alias or instance name of the output.
    pub output: String,
    /// Bulk action, for an item of a bulk request.
    pub action: Option<String>,
    /// Index it was meant for.
    pub index: Option<String>,
    /// Id of the document.
    pub id: Option<String>,
    /// Status code of the other side, 0 without one.
    pub status: u16,
    /// Name of the error.
    pub kind: String,
    /// Text of the error. May quote values of the record.
    pub reason: String,
    /// How often it was sent before.
    pub attempts: u64,
    /// Alias or instance name of the input.
    pub input: String,
    /// Name of the stream.
    pub path: String,
    /// Byte offset of its first source byte.
    pub offset: u64,
    /// Tag of the record.
    pub tag: String,
    /// The document, or the bytes that stood in the request.
    pub document: Vec<u8>,
}

/// A line of a dead-letter file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The file cannot be read on.
    #[error("cannot read on")]
    Io(#[from] io::Error),
    /// The line is no whole dead letter, as after a crash in the middle of writing.
    #[error("line {line} is no whole dead letter")]
    Damaged {
        /// Number of the line, from 1.
        line: u64,
    },
}

impl DeadLetter<'_> {
    /// Appends it as one line of JSON, `source` in the place of the name of its source.
    pub(super) fn push_line(&self, now: SystemTime, source: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"ts\":\"");
        push_time(now, out);
        out.push(b'"');
        member("output", self.output, out);
        let item = bulk_item(self.bytes);
        let document = item.as_ref().map_or(self.bytes, |(_, document)| document);
        if let Some((action, _)) = &item {
            member("action", &action.name, out);
            member("index", &action.index, out);
            if let Some(id) = &action.id {
                member("id", id, out);
            }
        }
        let Refusal { status, kind, reason } = self.refusal;
        out.extend_from_slice(format!(",\"status\":{status},\"error\":{{\"type\":").as_bytes());
        push_string(kind.as_bytes(), out);
        member("reason", reason, out);
        out.extend_from_slice(format!("}},\"attempts\":{},\"source\":{{\"input\":", self.attempts).as_bytes());
        push_string(self.input.as_bytes(), out);
        member("path", source, out);
        out.extend_from_slice(format!(",\"offset\":{}}}", self.offset).as_bytes());
        member("tag", self.tag, out);
        push_document(document, out);
        out.extend_from_slice(b"}\n");
    }
}

fn member(key: &str, value: &str, out: &mut Vec<u8>) {
    out.push(b',');
    push_string(key.as_bytes(), out);
    out.push(b':');
    push_string(value.as_bytes(), out);
}

/// Appends the document as it is where that is JSON on one line, else in base64.
fn push_document(document: &[u8], out: &mut Vec<u8>) {
    let line = document.strip_suffix(b"\n").unwrap_or(document);
    let is_json = memchr::memchr2(b'\n', b'\r', line).is_none() && serde_json::from_slice::<Value>(line).is_ok();
    if is_json {
        out.extend_from_slice(b",\"document\":");
        out.extend_from_slice(line);
    } else {
        member("document_b64", &STANDARD.encode(document), out);
    }
}

/// What a line begins with that is done.
const DONE: &[u8] = b"{\"done\":\"";

/// The key of the letter on `line`.
pub(super) fn key_of(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let undone = line.strip_prefix(DONE).and_then(|rest| rest.splitn(2, |byte| *byte == b',').nth(1));
    // The brace before the rest was the first byte of the line.
    let bytes = undone.map_or(line, |rest| rest);
    let bytes = bytes.strip_prefix(b"{").unwrap_or(bytes);
    format!("{:012x}", xxh3_64(bytes) >> 16)
}

/// The line of a letter that is done since `now`.
pub(super) fn done(line: &[u8], now: &str) -> Vec<u8> {
    let Some(rest) = line.strip_prefix(b"{").filter(|_| !line.starts_with(DONE)) else { return line.to_vec() };
    [DONE, now.as_bytes(), b"\",", rest].concat()
}

/// A time as it stands in letters, which sort by it.
pub fn letter_time(time: SystemTime) -> String {
    let mut text = Vec::new();
    push_time(time, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn push_time(now: SystemTime, out: &mut Vec<u8>) {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    Pattern::parse("%Y-%m-%dT%H:%M:%S").expect("the pattern is known").render(seconds, out);
    push_fraction(Timestamp { seconds, nanos: since.subsec_nanos() }, 3, out);
    out.push(b'Z');
}

/// Longest line that is read; far above what is written.
pub(super) const LONGEST_LINE: u64 = 256 << 20;

/// The dead letters of a file, damaged lines among them.
pub fn entries(mut file: impl BufRead) -> impl Iterator<Item = Result<Entry, EntryError>> {
    let mut number = 0;
    let mut is_over = false;
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        let read = if is_over { Ok(0) } else { (&mut file).take(LONGEST_LINE).read_until(b'\n', &mut line) };
        match read {
            Ok(0) => None,
            Ok(_) => {
                number += 1;
                Some(read_line(&line).ok_or(EntryError::Damaged { line: number }))
            }
            Err(error) => {
                is_over = true;
                Some(Err(error.into()))
            }
        }
    })
}

/// The letter on `line`; `None` when it is no whole one.
pub(super) fn read_line(line: &[u8]) -> Option<Entry> {
    let tree: Value = serde_json::from_slice(line.strip_suffix(b"\n")?).ok()?;
    let optional = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let text = |value: &Value, key: &str| optional(value, key).unwrap_or_default();
    let (error, source) = (tree.get("error")?, tree.get("source")?);
    let document = match optional(&tree, "document_b64") {
        Some(encoded) => STANDARD.decode(encoded).ok()?,
        None => raw_document(line)?.to_vec(),
    };
    Some(Entry {
        key: key_of(line),
        done: optional(&tree, "done"),
        ts: optional(&tree, "ts")?,
        output: optional(&tree, "output")?,
        action: optional(&tree, "action"),
        index: optional(&tree, "index"),
        id: optional(&tree, "id"),
        status: u16::try_from(tree.get("status")?.as_u64()?).ok()?,
        kind: text(error, "type"),
        reason: text(error, "reason"),
        attempts: tree.get("attempts")?.as_u64()?,
        input: text(source, "input"),
        path: text(source, "path"),
        offset: source.get("offset")?.as_u64()?,
        tag: text(&tree, "tag"),
        document,
    })
}

/// The bytes of the member `document`, so that numbers keep their digits and keys their order.
fn raw_document(line: &[u8]) -> Option<&[u8]> {
    use crate::encode::{Token, Tokens};

    let mut tokens = Tokens::new(line);
    tokens.next()?;
    loop {
        let Token::Key(key) = tokens.next()? else { return None };
        let value = tokens.value()?;
        if &line[key] == b"document" {
            return Some(&line[value]);
        }
    }
}
