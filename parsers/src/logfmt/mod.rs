//! logfmt: `key=value key="quoted value" bare`.

use crate::batch::{Batch, Field, Span, Text, Value};

/// Appends the pairs of `text` to record `index`. Returns whether all of it is logfmt, with one pair or more.
///
/// Values are text; a bare key and one with nothing behind `=` are true. With `refuse_bare`, a bare key makes the text no
/// logfmt. Escapes in quoted values are JSON's, others are taken by their letter.
pub(crate) fn fields(batch: &mut Batch, index: usize, text: Span, refuse_bare: bool) -> bool {
    let mut at = text.start as usize;
    let mut found = false;
    loop {
        at += run(batch, at, text, |byte| byte <= b' ');
        if at == text.end() {
            return found;
        }
        let key_length = run(batch, at, text, |byte| byte > b' ' && byte != b'=' && byte != b'"');
        if key_length == 0 {
            return false;
        }
        let key = Text::plain(Span::between(at, at + key_length));
        at += key_length;
        let Some((value, end)) = value(batch, at, text, refuse_bare) else { return false };
        at = end;
        batch.record_mut(index).append_field(Field { key, value });
        found = true;
    }
}

/// How many bytes from `at` on satisfy `wanted`.
fn run(batch: &Batch, at: usize, text: Span, wanted: impl Fn(u8) -> bool) -> usize {
    batch.arena[at..text.end()].iter().take_while(|byte| wanted(**byte)).count()
}

/// The value behind a key, and where it ends.
fn value(batch: &mut Batch, at: usize, text: Span, refuse_bare: bool) -> Option<(Value, usize)> {
    let rest = &batch.arena[at..text.end()];
    match rest {
        [b'=', b'"', ..] => quoted(batch, at + 2, text),
        [b'=', ..] => {
            let length = run(batch, at + 1, text, |byte| byte > b' ');
            let span = Span::between(at + 1, at + 1 + length);
            let value = if length == 0 { Value::Bool(true) } else { Value::Text(Text::plain(span)) };
            Some((value, span.end()))
        }
        [b'"', ..] => None,
        _ if refuse_bare => None,
        _ => Some((Value::Bool(true), at)),
    }
}

/// A quoted value that begins at `start`, and where its closing quote ends.
fn quoted(batch: &mut Batch, start: usize, text: Span) -> Option<(Value, usize)> {
    let rest = &batch.arena[start..text.end()];
    let mut at = 0;
    let mut escaped = false;
    while *rest.get(at)? != b'"' {
        escaped |= rest[at] == b'\\';
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    let span = Span::between(start, start + at);
    let value = if escaped { batch.store_unescaped(span) } else { span };
    Some((Value::Text(Text::plain(value)), span.end() + 1))
}
