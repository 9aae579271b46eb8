//! Members that stand ready to be copied, with other values in them: copied to the end of the arena, where they stand ready again.

use std::ops::Range;

use super::{Batch, DISTINCT, Field, Span, Text, Value};

/// A value on its way to the copy.
struct Change {
    at: usize,
    /// The value as it stands among the old members, with its quotes.
    old: Span,
    new: Value,
}

impl Batch {
    /// Copies the members of the record at `index` with these values in their places. Gives `false` and does nothing where they do not
    /// stand ready, or where a new value may not stand in JSON as it is.
    pub(super) fn renew(&mut self, index: usize, changes: &[(usize, Value)]) -> bool {
        let members = self.entries[index].verbatim;
        if members.is_empty() || members == DISTINCT || !self.may_renew(index, changes) {
            return false;
        }
        let fields = self.entries[index].fields;
        let start = self.arena.len();
        // All before this is copied; the fields before this place are moved.
        let (mut copied, mut done) = (members.start as usize, fields.start as usize);
        for (at, value) in changes {
            let Some(change) = self.change(index, (*at, *value)) else { continue };
            let moved = self.arena.len().wrapping_sub(copied);
            self.arena.extend_from_within(copied..change.old.start as usize);
            let new = self.put(change.new);
            copied = change.old.end();
            self.move_fields(done..change.at + 1, members, moved);
            self.tape[change.at].value = new;
            done = change.at + 1;
        }
        let moved = self.arena.len().wrapping_sub(copied);
        self.arena.extend_from_within(copied..members.end());
        self.move_fields(done..fields.end(), members, moved);
        self.entries[index].verbatim = Span::between(start, self.arena.len());
        true
    }

    /// Whether these values may stand among the members of the record at `index`, which are ready.
    fn may_renew(&self, index: usize, changes: &[(usize, Value)]) -> bool {
        let mut end = 0;
        changes.iter().all(|change| {
            let Some(Change { old, new, .. }) = self.change(index, *change) else { return false };
            let is_behind = old.start as usize >= end;
            end = old.end();
            is_behind
                && match new {
                    Value::Text(text) => text.is_escaped() || is_ready(self.bytes(text.span)),
                    Value::Json(span) => memchr::memchr2(b'\n', b'\r', self.bytes(span)).is_none(),
                    _ => false,
                }
        })
    }

    /// The change of the field at `at` of the record at `index`; `None` if it does not stand among members that are ready.
    fn change(&self, index: usize, (at, new): (usize, Value)) -> Option<Change> {
        let (fields, members) = (self.entries[index].fields, self.entries[index].verbatim);
        let field = self.fields(fields).get(at).filter(|field| members.holds(field.key.span))?;
        let old = match field.value {
            Value::Number(span) | Value::Json(span) => span,
            Value::Text(text) if text.is_json() => {
                Span::between((text.span.start as usize).checked_sub(1)?, text.span.end() + 1)
            }
            _ => return None,
        };
        members.holds(old).then_some(Change { at: fields.start as usize + at, old, new })
    }

    /// Appends `value`, a text or JSON that lies in the arena, as JSON, and gives it as it stands there.
    fn put(&mut self, value: Value) -> Value {
        match value {
            Value::Text(text) => {
                self.arena.push(b'"');
                let start = self.arena.len();
                self.arena.extend_from_within(text.span.range());
                let span = Span::between(start, self.arena.len());
                self.arena.push(b'"');
                Value::Text(if text.is_escaped() { Text::escaped(span) } else { Text::clean(span) })
            }
            Value::Json(span) => {
                let start = self.arena.len();
                self.arena.extend_from_within(span.range());
                Value::Json(Span::between(start, self.arena.len()))
            }
            other => other,
        }
    }

    /// Moves the keys and values of `fields` that lie in `members` by `moved` bytes.
    fn move_fields(&mut self, fields: Range<usize>, members: Span, moved: usize) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an arena holds less than 4 GiB, and distances in it wrap around"
        )]
        let moved = moved as u32;
        for Field { key, value } in &mut self.tape[fields] {
            let moved = if members.holds(key.span) { moved } else { 0 };
            key.span.start = key.span.start.wrapping_add(moved);
            if let Value::Number(span) | Value::Json(span) | Value::Text(Text { span, .. }) = value {
                span.start = span.start.wrapping_add(moved);
            }
        }
    }
}

/// Whether `text` may stand in a JSON string as it is.
fn is_ready(text: &[u8]) -> bool {
    let is_plain = text.iter().all(|byte| !matches!(byte, 0..=0x1f | 0x7f | b'"' | b'\\'));
    is_plain && (text.is_ascii() || std::str::from_utf8(text).is_ok())
}
