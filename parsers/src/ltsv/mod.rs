//! LTSV: `label:value` pairs between tabs.

use crate::batch::{Batch, Field, Span, Text, Value};

/// Appends the pairs of `text` to record `index`. Returns whether all of it is LTSV.
pub(crate) fn fields(batch: &mut Batch, index: usize, text: Span) -> bool {
    let mut start = text.start as usize;
    while start <= text.end() {
        let rest = &batch.arena[start..text.end()];
        let end = start + memchr::memchr(b'\t', rest).unwrap_or(rest.len());
        let pair = &batch.arena[start..end];
        if !pair.is_empty() {
            let Some(colon) = memchr::memchr(b':', pair).filter(|at| *at > 0 && pair[..*at].iter().all(is_label))
            else {
                return false;
            };
            let key = Text::plain(Span::between(start, start + colon));
            let value = Value::Text(Text::plain(Span::between(start + colon + 1, end)));
            batch.record_mut(index).append_field(Field { key, value });
        }
        start = end + 1;
    }
    !batch.record(index).fields().is_empty()
}

fn is_label(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}
