//! Fields to JSON members.
//!
//! A member that stands in the arena exactly as it is to be written, as after the JSON parser, is copied, and
//! neighbours that stand side by side there are copied together. Texts that the JSON parser found clean are taken as such;
//! others are looked at, and quotes, colons and commas around them are compared.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::Hash;
use std::ops::Range;

use vigie_parsers::batch::{Batch, Field, KeyFilter, Record, Span, Text, Value};
use vigie_parsers::simd::push;

use super::text::{is_verbatim, push_escaped, push_escaped_part, push_lossy, push_text_after};
use super::tokens::{Token, Tokens};

/// Appends `{"key":value,...}`.
pub fn push_object(batch: &Batch, fields: &[Field], out: &mut Vec<u8>) {
    out.push(b'{');
    push_members(batch, fields, out);
    out.push(b'}');
}

/// Appends the members of `record` without braces. A record to which at most fields were added since it was parsed is copied whole.
pub fn push_record(record: Record<'_>, out: &mut Vec<u8>) {
    match record.verbatim() {
        Some((members, added)) => {
            out.extend_from_slice(members);
            push_further(record.batch(), added, out);
        }
        None if record.is_distinct() => match record.fields() {
            // A line as it was read.
            [Field { key, value: Value::Text(text) }] if !text.is_json() && key.frame().is_some() => {
                push_line(record.batch().arena(), (*key, *text), out)
            }
            fields => push_all(record.batch(), fields, out),
        },
        None => push_members(record.batch(), record.fields(), out),
    }
}

/// Appends a text under a key that is ready to be copied.
#[inline]
fn push_line(arena: &[u8], (key, text): (Text, Text), out: &mut Vec<u8>) {
    let Some(frame) = key.frame() else { return };
    push_text_after(&arena[frame.start + 1..frame.end], arena, text.span.range(), out);
}

/// Appends all of `fields`, whose keys are known to differ.
#[inline]
fn push_all(batch: &Batch, fields: &[Field], out: &mut Vec<u8>) {
    push_each(Members { batch, run: 0..0, is_first: true, out }, fields);
}

/// Appends `fields`, whose keys are known to differ, behind other members.
#[inline]
fn push_further(batch: &Batch, fields: &[Field], out: &mut Vec<u8>) {
    if let [field] = fields
        && let Some(member) = field.member()
    {
        return push(&batch.arena()[member], out);
    }
    push_each(Members { batch, run: 0..0, is_first: false, out }, fields);
}

#[inline]
fn push_each(mut writer: Members<'_>, fields: &[Field]) {
    for field in fields {
        match framed_text(field) {
            Some(member) => writer.push_framed(member),
            None => writer.push(field),
        }
    }
    writer.flush();
}

/// The key with what stands around it, and the text, of a field that is a text as it was read under a key that is ready to be
/// copied.
#[inline(always)]
fn framed_text(field: &Field) -> Option<(Range<usize>, Range<usize>)> {
    let Value::Text(text) = field.value else { return None };
    let frame = field.key.frame()?;
    (!text.is_json()).then(|| (frame, text.span.range()))
}

/// Appends `"key":value,...` without braces; where a key stands twice, the last one.
pub fn push_members(batch: &Batch, fields: &[Field], out: &mut Vec<u8>) {
    if keys_are_unique(batch, fields) {
        return push_all(batch, fields, out);
    }
    let last = last_of_each(fields.iter().map(|field| decoded(batch, field.key)));
    let kept: Vec<Field> = fields.iter().zip(last).filter(|(_, is_last)| *is_last).map(|(field, _)| *field).collect();
    push_all(batch, &kept, out);
}

/// Writes members, holding back a run of the arena that is to be copied.
struct Members<'a> {
    batch: &'a Batch,
    run: Range<usize>,
    is_first: bool,
    out: &'a mut Vec<u8>,
}

impl Members<'_> {
    #[inline(always)]
    fn push_framed(&mut self, (frame, text): (Range<usize>, Range<usize>)) {
        self.flush();
        let without_comma = usize::from(std::mem::take(&mut self.is_first));
        let arena = self.batch.arena();
        push_text_after(&arena[frame.start + without_comma..frame.end], arena, text, self.out);
    }

    fn push(&mut self, field: &Field) {
        if let Some(frame) = field.key.frame() {
            self.flush();
            let without_comma = usize::from(std::mem::take(&mut self.is_first));
            let (arena, start) = (self.batch.arena(), frame.start + without_comma);
            // Without the quote that a text begins with.
            push(&arena[start..frame.end - 1], self.out);
            return push_value(self.batch, field.value, self.out);
        }
        if let Some(member) = field.member() {
            self.flush();
            let without_comma = usize::from(std::mem::take(&mut self.is_first));
            return push(&self.batch.arena()[member.start + without_comma..member.end], self.out);
        }
        let Some(source) = verbatim_member(self.batch, field) else {
            self.flush();
            self.comma();
            push_key(self.batch, field.key, self.out);
            push_value(self.batch, field.value, self.out);
            return;
        };
        let follows = !self.run.is_empty() && source.start == self.run.end + 1;
        if follows && self.batch.arena()[self.run.end] == b',' {
            self.run.end = source.end;
            return;
        }
        self.flush();
        self.run = source;
    }

    #[inline(always)]
    fn flush(&mut self) {
        if !self.run.is_empty() {
            self.write_run();
        }
    }

    fn write_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        self.comma();
        self.out.extend_from_slice(&self.batch.arena()[run]);
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(b',');
        }
    }
}

/// Where in the arena `"key":value` stands exactly as it is to be written.
fn verbatim_member(batch: &Batch, field: &Field) -> Option<Range<usize>> {
    let arena = batch.arena();
    let key = field.key.span;
    let start = (key.start as usize).checked_sub(1)?;
    let colon = arena.get(key.end()..key.end() + 2)?;
    if arena[start] != b'"' || colon != b"\":" || !text_is_verbatim(batch, field.key) {
        return None;
    }
    let from = key.end() + 2;
    let end = match field.value {
        Value::Text(text) => {
            let quoted = text.span.start as usize == from + 1
                && arena[from] == b'"'
                && arena.get(text.span.end()) == Some(&b'"');
            (quoted && text_is_verbatim(batch, text)).then(|| text.span.end() + 1)
        }
        Value::Number(span) => (span.start as usize == from).then(|| span.end()),
        Value::Json(span) => (span.start as usize == from && json_is_verbatim(batch.bytes(span))).then(|| span.end()),
        Value::Bool(true) => literal_end(arena, from, b"true"),
        Value::Bool(false) => literal_end(arena, from, b"false"),
        Value::Null => literal_end(arena, from, b"null"),
        _ => None,
    };
    Some(start..end?)
}

fn literal_end(arena: &[u8], from: usize, literal: &[u8]) -> Option<usize> {
    arena.get(from..)?.starts_with(literal).then(|| from + literal.len())
}

fn text_is_verbatim(batch: &Batch, text: Text) -> bool {
    text.is_json() || is_verbatim(batch.bytes(text.span))
}

/// Whether valid JSON can be copied: it stays on one line.
fn json_is_verbatim(json: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', json).is_none()
}

/// Appends `"key":`.
pub fn push_key(batch: &Batch, key: Text, out: &mut Vec<u8>) {
    push_text(batch, key, out);
    out.push(b':');
}

/// Appends `text` in quotes.
#[inline]
pub fn push_text(batch: &Batch, text: Text, out: &mut Vec<u8>) {
    out.push(b'"');
    if text.is_json() {
        push(batch.bytes(text.span), out);
    } else {
        push_escaped_part(batch.arena(), text.span.range(), out);
    }
    out.push(b'"');
}

/// Appends `text` in quotes.
pub fn push_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    push_escaped(text, out);
    out.push(b'"');
}

/// Appends a value. NaN and the infinities, which JSON does not know, become `null`.
pub fn push_value(batch: &Batch, value: Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(span) => push(batch.bytes(span), out),
        Value::Json(span) => push_json(batch, span, out),
        Value::Text(text) => push_text(batch, text, out),
        Value::Map(range) => push_object(batch, batch.fields(range), out),
        Value::List(range) => push_list(batch, batch.fields(range), out),
        Value::I64(_) | Value::U64(_) | Value::F64(_) => push_number(value, out),
    }
}

/// Appends a computed number, shortest form that reads back the same: `2.0`, `0.1`, `1e300`.
fn push_number(value: Value, out: &mut Vec<u8>) {
    let written = match value {
        Value::I64(number) => serde_json::to_writer(out, &number),
        Value::U64(number) => serde_json::to_writer(out, &number),
        Value::F64(number) => serde_json::to_writer(out, &number),
        _ => Ok(()),
    };
    written.expect("writing a number to memory does not fail");
}

fn push_list(batch: &Batch, items: &[Field], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_value(batch, item.value, out);
    }
    out.push(b']');
}

fn push_json(batch: &Batch, span: Span, out: &mut Vec<u8>) {
    let json = batch.bytes(span);
    if json_is_verbatim(json) {
        out.extend_from_slice(json);
        return;
    }
    let mut separator = Separator::default();
    for token in Tokens::new(json) {
        separator.before(&token, out);
        match token {
            Token::Open(byte) | Token::Close(byte) => out.push(byte),
            Token::Key(range) => {
                push_raw_string(&json[range], out);
                out.push(b':');
            }
            Token::Text(range) => push_raw_string(&json[range], out),
            Token::Scalar(range) => out.extend_from_slice(&json[range]),
        }
    }
}

/// Appends in quotes what is escaped already.
pub(super) fn push_raw_string(inside: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    push_lossy(inside, out);
    out.push(b'"');
}

/// Knows where commas belong while tokens are written again.
#[derive(Debug, Default)]
pub(super) struct Separator {
    is_due: bool,
}

impl Separator {
    /// Appends the comma that belongs before `token`.
    pub(super) fn before(&mut self, token: &Token, out: &mut Vec<u8>) {
        if self.is_due && !matches!(token, Token::Close(_)) {
            out.push(b',');
        }
        self.is_due = !matches!(token, Token::Open(_) | Token::Key(_));
    }
}

/// Up to so many keys are compared with each other; more are put into a table, so that a record with ten thousand keys
/// does not cost a hundred million comparisons.
pub(super) const FEW: usize = 64;

/// Whether no key stands twice. Cheap for few: keys that differ in length or ends are not compared.
fn keys_are_unique(batch: &Batch, fields: &[Field]) -> bool {
    if fields.len() > FEW {
        let mut seen = HashSet::with_capacity(fields.len());
        return fields.iter().all(|field| seen.insert(decoded(batch, field.key)));
    }
    let mut seen = KeyFilter::default();
    let mut escaped = false;
    for (at, field) in fields.iter().enumerate() {
        escaped |= field.key.is_escaped();
        let doubtful = seen.add(batch.bytes(field.key.span)) || escaped;
        if doubtful && fields[..at].iter().any(|earlier| same_text(batch, earlier.key, field.key)) {
            return false;
        }
    }
    true
}

/// For each key whether it does not come again later.
pub(super) fn last_of_each<K: Eq + Hash>(keys: impl DoubleEndedIterator<Item = K>) -> Vec<bool> {
    let mut seen = HashSet::new();
    let mut last: Vec<bool> = keys.rev().map(|key| seen.insert(key)).collect();
    last.reverse();
    last
}

fn decoded(batch: &Batch, text: Text) -> Cow<'_, [u8]> {
    if !text.is_escaped() {
        return Cow::Borrowed(batch.bytes(text.span));
    }
    let mut plain = Vec::new();
    batch.decode_text(text, &mut plain);
    Cow::Owned(plain)
}

fn same_text(batch: &Batch, one: Text, other: Text) -> bool {
    match (one.is_escaped(), other.is_escaped()) {
        (false, false) => one.span.len == other.span.len && batch.bytes(one.span) == batch.bytes(other.span),
        (true, false) => batch.text_is(one, batch.bytes(other.span)),
        (false, true) => batch.text_is(other, batch.bytes(one.span)),
        (true, true) => batch.same_decoded(one, other),
    }
}

#[cfg(test)]
mod tests;
