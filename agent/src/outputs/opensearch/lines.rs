//! Documents of plain lines: all that stands before the text of one stands ready for those that were read with it.
//!
//! What is ready is cut out of a document that was written in the common way, so both ways give the same bytes.

use vigie_parsers::batch::{Field, Record, Span, Text, Timestamp, Value};
use vigie_parsers::simd::push;

use crate::encode::{push_escaped, push_text_after};

/// A record that holds nothing but a line as it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    arena: &'a [u8],
    /// The key as it is to be copied.
    frame: &'a [u8],
    text: Span,
}

impl<'a> Line<'a> {
    /// `record`, if it is one.
    #[inline]
    pub(super) fn of(record: Record<'a>) -> Option<Self> {
        let [Field { key, value: Value::Text(text) }] = record.fields() else { return None };
        if text.is_json() || !record.is_distinct() {
            return None;
        }
        let arena = record.batch().arena();
        let (frame, text) = (&arena[Text::frame(*key)?], text.span);
        Some(Self { arena, frame, text })
    }
}

/// What stands before the texts of lines of one index, stream and tag.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Time and key of the line seen last.
    time: Timestamp,
    frame: Vec<u8>,
    /// What stands between the id and the text of such a line. Nothing before there were two.
    ready: Vec<u8>,
    scratch: Vec<u8>,
}

impl Lines {
    /// Another index, stream or tag is written to from now on.
    pub(super) fn forget(&mut self) {
        self.frame.clear();
        self.ready.clear();
    }

    /// Appends what follows the id of `line`, `behind` at its end, if that is like the one before. Returns whether it was.
    #[inline]
    pub(super) fn push(&self, line: Line<'_>, time: Timestamp, behind: &[u8], out: &mut Vec<u8>) -> bool {
        if self.ready.is_empty() || time != self.time || line.frame != self.frame {
            return false;
        }
        push_text_after(&self.ready, line.arena, line.text.range(), out);
        push(behind, out);
        true
    }

    /// Learns from what was `written` behind the id of `line`, `behind` at its end.
    pub(super) fn learn(&mut self, line: Line<'_>, time: Timestamp, behind: &[u8], written: &[u8]) {
        let is_second = time == self.time && line.frame == self.frame;
        self.ready.clear();
        if is_second {
            self.scratch.clear();
            push_escaped(&line.arena[line.text.range()], &mut self.scratch);
            let length = self.scratch.len() + b"\"".len() + behind.len();
            self.ready.extend_from_slice(&written[..written.len() - length]);
        } else {
            self.time = time;
            self.frame.clear();
            self.frame.extend_from_slice(line.frame);
        }
    }
}
