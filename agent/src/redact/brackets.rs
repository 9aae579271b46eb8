//! Values in brackets behind a name: `"password": ["x"]`, `"token": {"value": "x"}`.

use std::ops::Range;

use super::Group;
use super::ends::Kind;
use super::pairs::{BARE, QUOTED};
use super::quote::{Quote, SLASHES, opening_marks, slashes_before};
use super::scanner::Pass;
use super::value::{Value, spaces};

/// Bytes behind an opening bracket among which the first value is looked for.
const REACH: usize = 128;
/// Values that are asked for.
const ASKED: usize = 4;
/// What the member `type` of a description says.
const TYPES: &[&[u8]] =
    &[b"string", b"object", b"array", b"number", b"integer", b"boolean", b"keyword", b"text", b"password", b"null"];
/// Names of members that hold a value, whatever else describes it.
const VALUES: &[&[u8]] = &[b"value", b"v", b"data", b"default", b"const", b"example"];

/// A string in brackets.
struct Within {
    span: Range<usize>,
    /// Behind its closing quote.
    end: usize,
    /// Where the value begins behind it, if it is a name.
    value: Option<usize>,
}

impl Pass<'_> {
    /// The value in the brackets that open at `start`, if a string is the first thing in them: all that stands there if it belongs to a
    /// secret, else the first string.
    pub(super) fn bracketed(&mut self, start: usize, detector: u16) -> Option<Value> {
        let is_secret = self.engine.detector(detector).group == Group::Secret;
        if self.byte(start) != b'[' && !(is_secret && self.byte(start) == b'{') {
            return None;
        }
        let inside = self.rest(start).iter().take(8).take_while(|byte| matches!(byte, b'[' | b'{' | b' ')).count();
        let first = self.quote(start + inside)?;
        if is_secret && self.is_description(start) {
            return None;
        }
        let (value, begin) = self.first_value(first, detector, if is_secret { ASKED } else { 1 })?;
        if !is_secret {
            return Some(value);
        }
        let close = self.bracket_end(start);
        if close < value.span.start {
            // It stands behind them.
            return None;
        }
        let end = close.max(value.span.end);
        self.steps_of(end - start);
        Some(Value { is_certain: true, ..Value::quoted(begin..self.without_quote(begin, end)) })
    }

    /// The first value of `detector` among the strings from `quote` on, of which those before a colon are names and `many` others are
    /// asked for, and where the first value of any kind begins.
    fn first_value(&mut self, mut quote: Quote, detector: u16, many: usize) -> Option<(Value, usize)> {
        let limit = self.text.len().min(quote.start + REACH);
        // Many an object that describes a key or a session has strings of eight letters.
        let kind = if self.engine.own.secret == Some(detector) { BARE } else { QUOTED };
        let (mut begin, mut asked) = (None, 0);
        while asked < many {
            let string = self.string(quote, limit);
            let first = *begin.get_or_insert(string.value.unwrap_or(quote.start));
            let (is_name, value) = match string.value {
                None => (false, Value::quoted(string.span)),
                Some(start) => (true, self.bare_member(start)),
            };
            if !value.span.is_empty() && self.is_value(detector, &value, kind) {
                return Some((value, first));
            }
            asked += usize::from(!is_name);
            quote = self.next_quote(string.end, limit)?;
        }
        None
    }

    /// The number or word without quotes that begins at `start` as the value of a member; empty if it is none.
    fn bare_member(&mut self, start: usize) -> Value {
        let is_bare = self.byte(start).is_ascii_digit() || self.byte(start) == b'-';
        let end = if is_bare { self.end_of(start, Kind::Bare) } else { start };
        Value::quoted(start..end)
    }

    /// Whether what opens at `start` describes values, as schemas do, and holds none: `{"type":"string","minLength":8}`.
    fn is_description(&self, start: usize) -> bool {
        let text = self.rest(start);
        let text = &text[..text.len().min(REACH)];
        let text = &text[..memchr::memchr2(b'}', b'\n', text).unwrap_or(text.len())];
        let member = |name: &[u8]| {
            memchr::memmem::find_iter(text, name).find_map(|place| {
                let is_mark = |byte: &u8| matches!(byte, b'"' | b'\'' | b'\\');
                let rest = &text[place + name.len()..];
                let is_named = text[..place].last().is_some_and(is_mark) && rest.first().is_some_and(is_mark);
                let rest = rest.trim_ascii_start();
                let marks = rest.iter().take_while(|byte| is_mark(byte) || matches!(byte, b':' | b' ')).count();
                is_named.then(|| &rest[marks..])
            })
        };
        let is_type = |said: &[u8]| {
            let length = said.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            TYPES.contains(&&said[..length])
        };
        member(b"type").is_some_and(is_type) && !VALUES.iter().any(|name| member(name).is_some())
    }

    /// The string that `quote` opens.
    fn string(&mut self, quote: Quote, limit: usize) -> Within {
        let mut length = quote.length(&self.text[quote.start..limit]);
        self.steps_of(length);
        if quote.start + length == limit {
            // It may be a long one, or one that nothing closes.
            length = quote.length(self.rest(quote.start));
        }
        let end = quote.start + length;
        let close = end + quote.slashes.min(slashes_ahead(self.rest(end))) + quote.count;
        let behind = close + spaces(self.rest(close));
        let next = behind + 1 + spaces(self.rest(behind + 1));
        let value = (self.byte(behind) == b':').then(|| self.quote(next).map_or(next, |quote| quote.start));
        Within { span: quote.start..end, end: close, value }
    }

    fn next_quote(&self, at: usize, limit: usize) -> Option<Quote> {
        let rest = self.text.get(at..limit)?;
        let place = memchr::memchr3(b'"', b'\'', b'\n', rest)?;
        let slashes = slashes_before(&rest[..place]).min(SLASHES);
        let mark = rest[place];
        let count = if slashes == 0 { opening_marks(&rest[place..], mark) } else { 1 };
        (mark != b'\n').then_some(Quote { start: at + place + count, mark, count, slashes })
    }

    /// Where what opens at `start` closes, or its line ends.
    fn bracket_end(&self, start: usize) -> usize {
        let (mut at, mut depth, mut slashes) = (start, 0, 0);
        while let Some(byte) = self.text.get(at) {
            let before = std::mem::take(&mut slashes);
            match byte {
                b'\n' => return at,
                b']' | b'}' if depth == 1 => return at,
                b']' | b'}' => depth -= 1,
                b'[' | b'{' => depth += 1,
                b'\\' => slashes = before + 1,
                b'"' | b'\'' => at = self.string_end(Quote { start: at + 1, mark: *byte, count: 1, slashes: before }),
                _ => {}
            }
            at += 1;
        }
        self.text.len()
    }

    /// Where the quote stands that closes what `quote` opens, or the last byte of its line.
    fn string_end(&self, quote: Quote) -> usize {
        let end = quote.start + quote.length(self.rest(quote.start));
        let close = end + slashes_ahead(self.rest(end));
        if self.byte(close) == quote.mark { close } else { end - 1 }
    }

    /// Where a value ends that goes on to `end`, without the quote that closes it there.
    fn without_quote(&self, begin: usize, end: usize) -> usize {
        let text = self.text[begin..end].trim_ascii_end();
        let is_open = matches!(self.byte_before(begin, 1), b'"' | b'\'');
        match text.split_last() {
            Some((b'"' | b'\'', inside)) if is_open => begin + inside.len() - slashes_before(inside),
            _ => end,
        }
    }
}

fn slashes_ahead(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b'\\').count()
}
