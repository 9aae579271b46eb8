//! A text as it reads within strings of JSON, one code taken away for each of them, and where that was written.

use std::ops::Range;

use super::decode::hex;
use super::fence::Fences;
use super::quote::{slashes_ahead, slashes_before};

/// Most strings around JSON.
const DEEPEST: u32 = 5;
/// Bytes of the longest code, `\u00e9`, without its backslashes.
const LONGEST: usize = 5;

/// A text within so many strings.
pub(super) struct Level<'a> {
    pub(super) text: &'a [u8],
    /// For each byte, and for the end, where it was written.
    places: Option<&'a [u32]>,
    pub(super) depth: u32,
}

impl<'a> Level<'a> {
    /// A text of at most 4 GiB within no string.
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self { text, places: None, depth: 0 }
    }

    /// Where what stands at `at` was written.
    pub(super) fn place(&self, at: usize) -> u32 {
        self.places.map_or(at as u32, |places| places.get(at).copied().unwrap_or_default())
    }

    /// The strings of the JSON with which the string at `span` ends, if it does.
    pub(super) fn inner(&self, span: Range<usize>) -> Option<Fences> {
        if self.depth == DEEPEST || !ends_as_json(self.text.get(span.clone())?) {
            return None;
        }
        let (mut text, mut places, mut at) =
            (Vec::with_capacity(span.len()), Vec::with_capacity(span.len() + 1), span.start);
        while at < span.end {
            let (byte, length) = code(self.text.get(at..span.end)?);
            text.push(byte);
            places.push(self.place(at));
            at += length;
        }
        places.push(self.place(span.end));
        Fences::at(&Level { text: &text, places: Some(&places), depth: self.depth + 1 })
    }
}

/// Whether the string with this `inside` ends with what closes JSON, before breaks.
fn ends_as_json(inside: &[u8]) -> bool {
    let mut inside = inside.trim_ascii_end();
    while let [before @ .., b'\\', b'n' | b'r' | b't'] = inside {
        inside = before.trim_ascii_end();
    }
    matches!(inside.last(), Some(b'}' | b']'))
}

/// The byte that `text` begins with, and how long it is; of letters beyond ASCII any.
fn code(text: &[u8]) -> (u8, usize) {
    match text {
        [b'\\', b'u', digits @ ..] => {
            let number = digits.get(..4).and_then(hex).and_then(|number| u8::try_from(number).ok());
            (number.unwrap_or(0x80), text.len().min(1 + LONGEST))
        }
        [b'\\', b'n' | b'r' | b't' | b'b' | b'f', ..] => (b' ', 2),
        [b'\\', other, ..] => (*other, 2),
        [byte, ..] => (*byte, 1),
        [] => (0, 1),
    }
}

/// `span` without a cut code of the string at `string`, which is in so many others: one that it begins within belongs to it, one that it
/// ends within only if it is written in numbers.
pub(super) fn whole_codes(text: &[u8], string: Range<usize>, depth: u32, span: Range<usize>) -> Range<usize> {
    let start = code_over(text, &string, depth, span.start).map_or(span.start, |code| code.start);
    let end = match code_over(text, &string, depth, span.end) {
        Some(code) if !is_numbered(text, &code) && code.start > start => code.start,
        Some(code) => code.end,
        None => span.end,
    };
    start..end
}

/// Whether `code` is written in numbers.
fn is_numbered(text: &[u8], code: &Range<usize>) -> bool {
    text.get(code.clone()).is_some_and(|code| code.contains(&b'u'))
}

/// The code in `string`, within so many others, that begins before `at` and goes on there. A backslash in it is twice as many as belong to a
/// code, and what is left of them behind such ones belongs to the code.
fn code_over(text: &[u8], string: &Range<usize>, depth: u32, at: usize) -> Option<Range<usize>> {
    let before = text.get(string.start..at)?;
    let back = before.iter().rev().take(LONGEST).position(|byte| *byte == b'\\')?;
    let slashes = slashes_before(&before[..before.len() - back]);
    let ahead = if back > 0 { 0 } else { slashes_ahead(&text[at..]) };
    let (first, count, one) = (at - back - slashes, slashes + ahead, 2 << depth);
    let last = first + count - count % one;
    if at < last {
        let start = at - slashes % one;
        return (start < at).then(|| start..start + one);
    }
    let length = count % one + if text.get(first + count) == Some(&b'u') { LONGEST } else { 1 };
    (count % one > 0 && last < at && at < last + length).then(|| last..(last + length).min(string.end))
}
