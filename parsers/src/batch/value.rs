//! Spans, ranges, values and fields: what stands on the tape.

use std::ops;

/// A run of bytes in the arena of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Length in bytes.
    pub len: u32,
}

impl Span {
    /// The span from `start` to `end`, end excluded. Both lie below 4 GiB, as arenas do.
    #[inline]
    pub fn between(start: usize, end: usize) -> Self {
        let (start, len) = offsets(start, end);
        Self { start, len }
    }

    /// The span from `start` to `end`, both of which lie in another span.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "the positions of a span fit")]
    pub(crate) fn inside(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && u32::try_from(end).is_ok(), "it lies in a span");
        Self { start: start as u32, len: (end - start) as u32 }
    }

    /// The same as a range of indexes.
    #[inline]
    pub fn range(self) -> ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }

    /// Index behind its last byte.
    #[inline]
    pub fn end(self) -> usize {
        self.start as usize + self.len as usize
    }

    /// Whether `other` lies in it.
    #[inline]
    pub(crate) fn holds(self, other: Self) -> bool {
        self.start <= other.start && other.end() <= self.end()
    }

    /// Whether it holds no byte.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// A run of fields on the tape of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// First field.
    pub start: u32,
    /// Number of fields.
    pub len: u32,
}

impl Range {
    /// The range from `start` to `end`, end excluded.
    #[inline]
    pub fn between(start: usize, end: usize) -> Self {
        let (start, len) = offsets(start, end);
        Self { start, len }
    }

    /// A range without fields that stands at `start`.
    pub fn empty_at(start: usize) -> Self {
        Self::between(start, start)
    }

    /// The same as a range of indexes.
    #[inline]
    pub fn range(self) -> ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }

    /// Index behind its last field.
    #[inline]
    pub fn end(self) -> usize {
        self.start as usize + self.len as usize
    }
}

fn offsets(start: usize, end: usize) -> (u32, u32) {
    let start32 = u32::try_from(start).expect("arenas and tapes stay below 4 Gi entries");
    let len32 = u32::try_from(end - start).expect("arenas and tapes stay below 4 Gi entries");
    (start32, len32)
}

/// What stands before and behind a key that is ready to be copied, with the quote that a text begins with.
pub(super) const FRAME: (&str, &str) = (",\"", "\":\"");

/// What stands before and behind the key of a member that is ready to be copied.
pub(super) const MEMBER: (&str, &str) = (",\"", "\":");

/// Bytes that stand for text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Where the bytes are.
    pub span: Span,
    form: Form,
}

/// How text stands in the arena. A whole word, so that a text has no gap and is moved in words.
#[repr(u32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// The text itself, not necessarily UTF-8.
    #[default]
    Plain,
    /// The text itself, known to need no escape in JSON.
    Clean,
    /// The inside of a valid JSON string with at least one escape.
    Escaped,
    /// A clean key that stands between `,"` and `":"`.
    Framed,
    /// A clean key that begins a member: it stands between `,"` and `":`, and the value behind that, all on one line.
    Member,
    /// No text: the key of [`Field::VACANT`].
    Vacant,
}

impl Text {
    /// Text whose bytes are the text itself, not necessarily UTF-8.
    #[inline]
    pub fn plain(span: Span) -> Self {
        Self { span, form: Form::Plain }
    }

    /// Text whose bytes are the text itself and need no escape in JSON: valid UTF-8 without quote, backslash and control
    /// characters.
    #[inline]
    pub fn clean(span: Span) -> Self {
        Self { span, form: Form::Clean }
    }

    /// A key that needs no escape in JSON and stands in the arena between `,"` and `":`, ready to be copied with them.
    #[inline]
    pub(super) fn framed(span: Span) -> Self {
        Self { span, form: Form::Framed }
    }

    /// Where it stands with the `,"` before it and the `":"` behind, when it does.
    #[inline]
    pub fn frame(self) -> Option<ops::Range<usize>> {
        let start = self.span.start as usize;
        (self.form == Form::Framed).then(|| start - FRAME.0.len()..self.span.end() + FRAME.1.len())
    }

    /// A key that needs no escape in JSON and stands in the arena as the beginning of a member that is ready to be copied.
    #[inline]
    pub(super) fn of_member(span: Span) -> Self {
        Self { span, form: Form::Member }
    }

    /// Text that stands at `span` as `inside` of a valid JSON string.
    pub fn from_json(span: Span, inside: &[u8]) -> Self {
        if inside.contains(&b'\\') { Self::escaped(span) } else { Self::clean(span) }
    }

    /// Text that is the inside of a valid JSON string and holds an escape: copied to JSON as it is, decoded only to be looked at.
    #[inline]
    pub fn escaped(span: Span) -> Self {
        Self { span, form: Form::Escaped }
    }

    /// Whether its bytes are the inside of a JSON string with an escape.
    #[inline]
    pub fn is_escaped(self) -> bool {
        self.form == Form::Escaped
    }

    /// Whether its bytes may stand in a JSON string as they are.
    #[inline]
    pub fn is_json(self) -> bool {
        self.form != Form::Plain
    }
}

/// The value of a field, 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value {
    /// JSON `null`.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A number as its source wrote it: always a valid JSON number.
    Number(Span),
    /// A computed signed integer.
    I64(i64),
    /// A computed unsigned integer.
    U64(u64),
    /// A computed number.
    F64(f64),
    /// Text.
    Text(Text),
    /// A valid JSON object or array that was not taken apart. No key stands twice in it.
    Json(Span),
    /// Fields of a nested map. No key stands twice in it.
    Map(Range),
    /// Items of a list; their keys are empty.
    List(Range),
}

/// A key and its value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Field {
    /// The key; empty for an item of a list.
    pub key: Text,
    /// The value.
    pub value: Value,
}

impl Field {
    /// In the place of a field that was removed from the end of a record, or from before another: whose record ends there may
    /// grow into it.
    pub(super) const VACANT: Self =
        Self { key: Text { span: Span { start: 0, len: 0 }, form: Form::Vacant }, value: Value::Null };

    /// Where it stands in the arena as `,"key":value`, ready to be copied, when it does.
    #[inline]
    pub fn member(&self) -> Option<ops::Range<usize>> {
        let Value::Json(value) = self.value else { return None };
        let is_behind = value.start as usize == self.key.span.end() + MEMBER.1.len();
        (is_behind && self.key.form == Form::Member).then(|| self.key.span.start as usize - MEMBER.0.len()..value.end())
    }

    /// Whether the place is free.
    #[inline]
    pub(super) fn is_vacant(&self) -> bool {
        self.key.form == Form::Vacant
    }
}

const _: () = assert!(size_of::<Value>() == 16);

/// The decoded bytes of the inside of a valid JSON string.
pub(crate) fn unescaped(raw: &[u8]) -> Unescaped<'_> {
    Unescaped { raw, pending: [0; 4], pending_len: 0, pending_at: 0 }
}

/// The decoded bytes of the inside of a valid JSON string, as a vector.
pub(crate) fn unescape(raw: &[u8]) -> Vec<u8> {
    unescaped(raw).collect()
}

/// Iterator of [`unescaped`]. A lone surrogate decodes to U+FFFD.
pub(crate) struct Unescaped<'a> {
    raw: &'a [u8],
    pending: [u8; 4],
    pending_len: u8,
    pending_at: u8,
}

impl Unescaped<'_> {
    fn push_char(&mut self, code: u32) -> u8 {
        let decoded = char::from_u32(code).unwrap_or('\u{fffd}');
        let length = decoded.encode_utf8(&mut self.pending).len();
        self.pending_len = u8::try_from(length).expect("a character has at most 4 bytes");
        self.pending_at = 1;
        self.pending[0]
    }

    fn unicode(&mut self) -> u8 {
        let Some(high) = self.hex4() else { return self.push_char(0xfffd) };
        if !(0xd800..0xdc00).contains(&high) {
            return self.push_char(high);
        }
        let rest = self.raw;
        if rest.starts_with(b"\\u") {
            self.raw = &rest[2..];
            if let Some(low @ 0xdc00..=0xdfff) = self.hex4() {
                return self.push_char(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
            self.raw = rest;
        }
        self.push_char(0xfffd)
    }

    fn hex4(&mut self) -> Option<u32> {
        let (digits, rest) = self.raw.split_at_checked(4)?;
        let mut code = 0;
        for digit in digits {
            code = code * 16 + char::from(*digit).to_digit(16)?;
        }
        self.raw = rest;
        Some(code)
    }
}

impl Iterator for Unescaped<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.pending_at < self.pending_len {
            self.pending_at += 1;
            return Some(self.pending[usize::from(self.pending_at) - 1]);
        }
        let (&first, rest) = self.raw.split_first()?;
        self.raw = rest;
        if first != b'\\' {
            return Some(first);
        }
        let (&kind, rest) = self.raw.split_first()?;
        self.raw = rest;
        Some(match kind {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'u' => self.unicode(),
            other => other,
        })
    }
}
