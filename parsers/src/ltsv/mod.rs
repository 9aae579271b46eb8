//! LTSV: `label:value` pairs between tabs.
//!
//! # Source
//! <http://ltsv.org>; labels are made of letters, digits, `_`, `.` and `-`.

use memchr::{memchr, memchr_iter};

use crate::batch::{Batch, Field, Range, Span, Text, Value};

/// Appends the pairs of `text` to record `index`. Returns whether all of it is LTSV, with one pair or more.
///
/// Of equal labels the last counts.
pub(crate) fn fields(batch: &mut Batch, index: usize, text: Span) -> bool {
    let start = batch.tape.len();
    if push_fields(batch, text).is_none() || batch.tape.len() == start {
        batch.tape.truncate(start);
        return false;
    }
    let pairs = batch.keep_last(Range::between(start, batch.tape.len()));
    batch.tape.truncate(pairs.end());
    batch.record_mut(index).append_fields(pairs);
    true
}

/// Pushes one field per pair on the tape. `None` when something is no pair.
fn push_fields(batch: &mut Batch, text: Span) -> Option<()> {
    let Batch { arena, tape, .. } = batch;
    let line = without_line_end(&arena[text.range()]);
    let base = text.start as usize;
    let mut start = 0;
    for end in memchr_iter(b'\t', line).chain([line.len()]) {
        let pair = &line[start..end];
        if !pair.is_empty() {
            let colon = memchr(b':', pair).filter(|colon| *colon > 0 && pair[..*colon].iter().all(is_label))?;
            let key = Text::plain(Span::between(base + start, base + start + colon));
            let value = Text::plain(Span::between(base + start + colon + 1, base + end));
            tape.push(Field { key, value: Value::Text(value) });
        }
        start = end + 1;
    }
    Some(())
}

fn is_label(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// `text` without the end of its line.
fn without_line_end(text: &[u8]) -> &[u8] {
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    line.strip_suffix(b"\r").unwrap_or(line)
}
