//! Lines of the arena to records.

use super::{Batch, DISTINCT, Entry, Field, Origin, Range, Source, Span, Text, Timestamp, Value};
use crate::simd::each_newline;

/// What records of lines have in common.
#[derive(Clone, Copy, Debug)]
pub struct OfLines {
    /// Time of all of them.
    pub time: Timestamp,
    /// Key of their text, in the arena.
    pub key: Text,
    /// Byte offset in the stream of what the first line begins with.
    pub offset: u64,
    /// Bytes of the longest line that is taken.
    pub longest: usize,
    /// Whether empty lines are taken.
    pub with_empty: bool,
    /// Records that the batch may have: no line is taken beyond.
    pub most: usize,
}

impl OfLines {
    /// The text of `line`, which stands at `at`; `None` when it is not like most.
    #[inline(always)]
    fn text(&self, line: &[u8], at: usize) -> Option<Span> {
        let length = line.len() - usize::from(line.last() == Some(&b'\r'));
        let is_taken = length <= self.longest && (length > 0 || self.with_empty) && line.first() != Some(&0);
        is_taken.then(|| Span::inside(at, at + length))
    }
}

impl Batch {
    /// Bytes that a record of one text takes in a batch beside its text.
    pub const BYTES_PER_LINE: usize = size_of::<Field>() + size_of::<Entry>();

    /// Adds a record of one text for each line of the arena from `start` on, up to the first that is not like most: without a
    /// newline, too long, empty where such are not taken, with a NUL as its first byte, or beyond the number that is taken. A carriage return before the newline
    /// is left out. Returns where the line stands that was not taken, or the end of the arena.
    ///
    /// # Panics
    /// When `start` lies beyond the arena.
    pub fn push_lines(&mut self, start: usize, lines: OfLines) -> usize {
        let Self { arena, tape, entries, .. } = self;
        let mut at = start;
        each_newline(&arena[start..], |newline| {
            let newline = start + newline;
            if entries.len() >= lines.most {
                return false;
            }
            let Some(text) = lines.text(&arena[at..newline], at) else { return false };
            let offset = lines.offset + (at - start) as u64;
            let origin = Origin { offset, length: text.len, source: Source::At(text.start), part: 0, lot: 0 };
            push_text((tape, entries), lines.time, origin, (lines.key, text));
            at = newline + 1;
            true
        });
        at
    }

    /// Adds a record of one field: plain text.
    #[inline(always)]
    pub fn push_text(&mut self, time: Timestamp, origin: Origin, key: Text, text: Span) {
        push_text((&mut self.tape, &mut self.entries), time, origin, (key, text));
    }
}

impl Batch {
    /// Adds a field of plain text to the tape, which no record has yet.
    #[inline(always)]
    pub(crate) fn push_plain_field(&mut self, key: Text, text: Span) {
        push_field(&mut self.tape, key, text);
    }
}

#[inline(always)]
fn push_text(
    (tape, entries): (&mut Vec<Field>, &mut Vec<Entry>),
    time: Timestamp,
    origin: Origin,
    (key, text): (Text, Span),
) {
    let start = tape.len();
    push_field(tape, key, text);
    let fields = Range::between(start, start + 1);
    entries.push(Entry { fields, time, origin, verbatim: DISTINCT, ..Entry::default() });
}

#[inline(always)]
fn push_field(tape: &mut Vec<Field>, key: Text, text: Span) {
    let at = tape.len();
    // In two parts: one copy of both would wait for each of them.
    tape.push(Field::default());
    let field = &mut tape[at];
    field.value = Value::Text(Text::plain(text));
    field.key = key;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Keys;

    #[test]
    fn lines_are_taken_up_to_the_first_that_is_not_like_most() {
        for (content, with_empty, most, expected, stop) in [
            ("a\nbc\r\nrest", true, 9, &["a", "bc"][..], 6),
            ("a\n\nb\n", true, 9, &["a", "", "b"], 5),
            ("a\n\r\nb\n", false, 9, &["a"], 2),
            ("a\n\0b\n", true, 9, &["a"], 2),
            ("abcd\nabcde\nf\n", true, 9, &["abcd"], 5),
            ("a\nb\nc\n", true, 2, &["a", "b"], 4),
            ("", true, 9, &[], 0),
        ] {
            let mut batch = Batch::default();
            let key = Keys::new(["log"]).in_batch(&mut batch).key(0);
            let start = batch.arena().len();
            batch.arena_mut().extend_from_slice(content.as_bytes());
            let lines = OfLines { time: Timestamp::default(), key, offset: 70, longest: 4, with_empty, most };

            assert_eq!(batch.push_lines(start, lines), start + stop, "{content:?}");

            let texts: Vec<&[u8]> = batch.records().filter_map(|record| record.plain_text(b"log")).collect();
            assert_eq!(texts, expected.iter().map(|line| line.as_bytes()).collect::<Vec<_>>(), "{content:?}");
            let begins: Vec<Origin> = batch.records().map(|record| record.origin()).collect();
            let is_sound = |(origin, text): (&Origin, &&[u8])| {
                let at = usize::try_from(origin.offset - 70).expect("it is in the content");
                content.as_bytes()[at..].starts_with(text) && origin.length as usize == text.len()
            };
            assert!(begins.iter().zip(&texts).all(is_sound), "{content:?}: {begins:?}");
        }
    }
}
