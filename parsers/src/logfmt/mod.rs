//! logfmt: `key=value key="quoted value" bare`.

use memchr::memchr2;

use crate::batch::{Batch, Field, Range, Span, Text, Value};

/// Appends the pairs of `text` to record `index`. Returns whether there is one or more.
///
/// Values are text; a bare key and one with nothing behind `=` are true. With `refuse_bare`, a bare key makes the text no
/// logfmt. Signs and quotes that begin no pair are left out, and a quote that is not closed goes to the end. Escapes in quoted
/// values are C's and JSON's, others are taken by their letter. Of equal keys the last counts.
pub(crate) fn fields(batch: &mut Batch, index: usize, text: Span, refuse_bare: bool) -> bool {
    let start = batch.tape.len();
    if push_fields(batch, text, refuse_bare).is_none() || batch.tape.len() == start {
        batch.tape.truncate(start);
        return false;
    }
    let pairs = batch.keep_last(Range::between(start, batch.tape.len()));
    batch.tape.truncate(pairs.end());
    batch.record_mut(index).append_fields(pairs);
    true
}

/// Pushes one field per pair on the tape. `None` for a bare key that is refused.
fn push_fields(batch: &mut Batch, text: Span, refuse_bare: bool) -> Option<()> {
    let mut at = text.start as usize;
    loop {
        at += run(batch, at, text, |byte| !is_of_key(byte));
        if at == text.end() {
            return Some(());
        }
        let key_length = run(batch, at, text, is_of_key);
        let key = Text::plain(Span::between(at, at + key_length));
        let value;
        (value, at) = value_at(batch, at + key_length, text, refuse_bare)?;
        batch.tape.push(Field { key, value });
    }
}

fn is_of_key(byte: u8) -> bool {
    byte > b' ' && byte != b'=' && byte != b'"'
}

/// How many bytes from `at` on satisfy `wanted`.
fn run(batch: &Batch, at: usize, text: Span, wanted: impl Fn(u8) -> bool) -> usize {
    batch.arena[at..text.end()].iter().take_while(|byte| wanted(**byte)).count()
}

/// The value behind a key, and where it ends. `None` for a bare key that is refused.
fn value_at(batch: &mut Batch, at: usize, text: Span, refuse_bare: bool) -> Option<(Value, usize)> {
    let rest = &batch.arena[at..text.end()];
    match rest {
        [b'=', b'"', ..] => Some(quoted(batch, at + 2, text)),
        [b'=', ..] => {
            let length = run(batch, at + 1, text, |byte| byte > b' ' && byte != b'"');
            let span = Span::between(at + 1, at + 1 + length);
            let value = if length == 0 { Value::Bool(true) } else { Value::Text(Text::plain(span)) };
            Some((value, span.end()))
        }
        _ if refuse_bare => None,
        _ => Some((Value::Bool(true), at)),
    }
}

/// A quoted value that begins at `start`, and where its closing quote, or the text, ends.
fn quoted(batch: &mut Batch, start: usize, text: Span) -> (Value, usize) {
    let mut from = start;
    let mut escaped = false;
    let quote = loop {
        let rest = &batch.arena[from.min(text.end())..text.end()];
        let Some(stop) = memchr2(b'"', b'\\', rest).map(|stop| from + stop) else { break text.end() };
        if batch.arena[stop] == b'"' {
            break stop;
        }
        escaped = true;
        from = stop + 2;
    };
    let inside = Span::between(start, quote);
    let value = if escaped { unescape(batch, inside) } else { inside };
    (Value::Text(Text::plain(value)), text.end().min(quote + 1))
}

/// Stores `inside` decoded. An escape that is not known loses its backslash; one at the end stays.
fn unescape(batch: &mut Batch, inside: Span) -> Span {
    let start = batch.arena.len();
    let mut at = inside.start as usize;
    while at < inside.end() {
        let mut byte = batch.arena[at];
        at += 1;
        if byte == b'\\' && at < inside.end() {
            byte = batch.arena[at];
            at += 1;
            if byte == b'u'
                && let Some(length) = push_code(batch, at, inside.end())
            {
                at += length;
                continue;
            }
            byte = letter(byte);
        }
        batch.arena.push(byte);
    }
    Span::between(start, batch.arena.len())
}

/// What a letter behind a backslash stands for.
fn letter(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'a' => 7,
        b'b' => 8,
        b'v' => 11,
        b'f' => 12,
        other => other,
    }
}

/// Stores the character of the code, or pair of codes, whose digits start at `at`, and gives its length. `None` when there
/// is no such character.
fn push_code(batch: &mut Batch, at: usize, end: usize) -> Option<usize> {
    let high = code(&batch.arena[at..end])?;
    let (code, length) = match code_pair(&batch.arena[at..end], high) {
        Some(code) => (code, 10),
        None => (high, 4),
    };
    let decoded = char::from_u32(code)?;
    let mut bytes = [0; 4];
    batch.store(decoded.encode_utf8(&mut bytes).as_bytes());
    Some(length)
}

/// The character of a pair of surrogates, the first of which is `high`.
fn code_pair(text: &[u8], high: u32) -> Option<u32> {
    let low = text.get(4..)?.strip_prefix(b"\\u").and_then(code)?;
    let is_pair = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
    is_pair.then(|| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
}

fn code(text: &[u8]) -> Option<u32> {
    text.get(..4)?.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
}
