//! Changing a record.

use super::{Batch, DISTINCT, Field, Origin, Range, Span, Text, Timestamp, Value};

/// A record of a batch, to be changed.
///
/// A record whose fields stand at the end of the tape grows in place, as does one behind whose fields a removed one left its
/// place; any other is first copied to the end, and its old fields are garbage until the batch is cleared.
#[derive(Debug)]
pub struct RecordMut<'a> {
    batch: &'a mut Batch,
    index: usize,
}

impl<'a> RecordMut<'a> {
    pub(super) fn new(batch: &'a mut Batch, index: usize) -> Self {
        Self { batch, index }
    }

    /// The batch it belongs to.
    pub fn batch(&mut self) -> &mut Batch {
        self.batch
    }

    /// Time of the event.
    pub fn time(&self) -> Timestamp {
        self.batch.entries[self.index].time
    }

    /// Sets the time of the event.
    pub fn set_time(&mut self, time: Timestamp) {
        self.batch.entries[self.index].time = time;
    }

    /// Sets the identity of its source bytes.
    pub fn set_origin(&mut self, origin: Origin) {
        self.batch.entries[self.index].origin = origin;
    }

    /// Its fields in order.
    pub fn fields(&self) -> &[Field] {
        self.batch.fields(self.range())
    }

    /// The value of top-level `key`.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.position(key).map(|at| self.fields()[at].value)
    }

    /// Where top-level `key` stands among the fields.
    pub fn position(&self, key: &[u8]) -> Option<usize> {
        self.batch.find(self.range(), key)
    }

    /// Sets `key`: an existing field keeps its place, a new one goes to the end.
    pub fn set(&mut self, key: &[u8], value: Value) {
        match self.position(key) {
            Some(at) => self.field_mut(at).value = value,
            None => {
                let key = Text::plain(self.batch.store(key));
                self.append_new(Field { key, value });
            }
        }
    }

    /// Sets `key` to text, stored in the arena.
    pub fn set_text(&mut self, key: &[u8], text: &[u8]) {
        let span = self.batch.store(text);
        self.set(key, Value::Text(Text::plain(span)));
    }

    /// Adds a field at the end without looking for an existing one of that name.
    pub fn append(&mut self, key: &[u8], value: Value) {
        let key = Text::plain(self.batch.store(key));
        self.append_field(Field { key, value });
    }

    /// Adds the fields of `added`, which stand on the tape, without looking for others of their names.
    ///
    /// Copies nothing when the record is empty or `added` stands right behind its fields.
    pub fn append_fields(&mut self, added: Range) {
        let range = self.range();
        let joined = if range.len == 0 {
            added
        } else if range.end() == added.start as usize {
            Range::between(range.start as usize, added.end())
        } else {
            let start = self.batch.repeat(range).start as usize;
            Range::between(start, self.batch.repeat(added).end())
        };
        self.set_range(joined);
    }

    /// Adds `fields`, whose keys differ from each other. A record without fields is known from then on to have no key twice.
    #[inline]
    pub fn append_distinct(&mut self, fields: &[Field]) {
        let added = self.batch.store_fields(fields);
        let was_empty = self.fields().is_empty();
        self.append_fields(added);
        if was_empty {
            self.set_distinct();
        }
    }

    /// Adds a field whose key lies in the arena already, without looking for one of that name.
    ///
    /// Inlined, so that the field is built on the tape.
    #[inline]
    pub fn append_field(&mut self, field: Field) {
        let mut range = self.range();
        match self.batch.tape.get_mut(range.end()) {
            Some(behind) if behind.is_vacant() => *behind = field,
            behind => {
                if behind.is_some() {
                    range = self.batch.repeat(range);
                }
                self.batch.tape.push(field);
            }
        }
        range.len += 1;
        self.set_range(range);
    }

    /// Adds a field whose key lies in the arena already and is none of the record's. What stands ready to be copied still does.
    #[inline]
    pub fn append_new(&mut self, field: Field) {
        let known = self.batch.entries[self.index].verbatim;
        self.append_field(field);
        self.batch.entries[self.index].verbatim = known;
    }

    /// Adds a field at `at`, moving what stands there and behind it.
    pub fn insert_field(&mut self, at: usize, field: Field) {
        self.append_field(field);
        let range = self.range();
        self.batch.tape[range.range()][at..].rotate_right(1);
    }

    /// Removes `key` and gives its value.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        self.position(key).map(|at| self.remove_at(at).value)
    }

    /// Removes the field at `at`.
    ///
    /// Of members that stand ready to be copied, the rest still does when the first one goes, as the time of an event.
    pub fn remove_at(&mut self, at: usize) -> Field {
        let range = self.range();
        let verbatim = self.batch.entries[self.index].verbatim;
        let fields = &mut self.batch.tape[range.range()];
        let removed = fields[at];
        if at == 0 {
            fields[0] = Field::VACANT;
            self.set_range(Range { start: range.start + 1, len: range.len - 1 });
        } else {
            fields.copy_within(at + 1.., at);
            fields[range.len as usize - 1] = Field::VACANT;
            self.set_range(Range { len: range.len - 1, ..range });
        }
        if verbatim == DISTINCT {
            self.set_distinct();
        } else if let Some(first) =
            self.fields().first().filter(|first| at == 0 && !verbatim.is_empty() && verbatim.holds(first.key.span))
        {
            let quote = first.key.span.start as usize - 1;
            self.set_verbatim(Span::between(quote, verbatim.end()));
        }
        removed
    }

    /// Gives `key` the name `to` in its place. A field that was called `to` before is removed.
    ///
    /// Returns whether `key` was there.
    pub fn rename(&mut self, key: &[u8], to: &[u8]) -> bool {
        if self.position(key).is_none() {
            return false;
        }
        if key != to {
            self.remove(to);
        }
        let span = self.batch.store(to);
        let at = self.position(key).expect("only `to` was removed");
        self.field_mut(at).key = Text::plain(span);
        true
    }

    /// Keeps the fields for which `keep` says so, in order.
    pub fn retain(&mut self, mut keep: impl FnMut(&Batch, &Field) -> bool) {
        let mut kept = 0;
        for at in 0..self.fields().len() {
            let field = self.fields()[at];
            if keep(self.batch, &field) {
                *self.field_mut(kept) = field;
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Removes the fields from `count` on.
    pub fn truncate(&mut self, count: usize) {
        let range = self.range();
        let count = count.min(range.len as usize);
        self.set_range(Range::between(range.start as usize, range.start as usize + count));
    }

    /// Moves the fields for which `choose` says so into a map `under`, placed at the end.
    ///
    /// An existing `under` is replaced. Without a chosen field nothing changes.
    pub fn nest(&mut self, under: &[u8], mut choose: impl FnMut(&Batch, &Field) -> bool) {
        let start = self.batch.tape.len();
        let old = self.range();
        for at in old.range() {
            let field = self.batch.tape[at];
            if choose(self.batch, &field) {
                self.batch.tape.push(field);
            }
        }
        let inner = Range::between(start, self.batch.tape.len());
        if inner.len == 0 {
            return;
        }
        let mut kept = 0;
        for at in 0..self.fields().len() {
            let field = self.fields()[at];
            if !choose(self.batch, &field) {
                *self.field_mut(kept) = field;
                kept += 1;
            }
        }
        self.truncate(kept);
        self.remove(under);
        self.append(under, Value::Map(inner));
    }

    /// Its fields in order, to be changed or moved among each other.
    pub fn fields_mut(&mut self) -> &mut [Field] {
        let range = self.range();
        self.set_range(range);
        &mut self.batch.tape[range.range()]
    }

    /// The field at `at`, to be changed.
    pub fn field_mut(&mut self, at: usize) -> &mut Field {
        let range = self.range();
        self.set_range(range);
        &mut self.batch.tape[range.range()][at]
    }

    /// Gives the field at `at` another value. What is known of its keys stays known.
    pub fn set_value(&mut self, at: usize, value: Value) {
        let is_distinct = !self.batch.entries[self.index].verbatim.is_empty();
        self.field_mut(at).value = value;
        if is_distinct {
            self.set_distinct();
        }
    }

    /// Gives the fields at these places, of which none stands twice and later ones come later, other values. Members that stood ready
    /// to be copied are copied with the new values in their places, to stand ready again: when all of the new values are texts.
    pub fn set_values(&mut self, changes: &[(usize, Value)]) {
        if !changes.is_empty() && !self.batch.renew(self.index, changes) {
            changes.iter().for_each(|(at, value)| self.set_value(*at, *value));
        }
    }

    /// Replaces all fields by a range of the tape, as a parser does that built them elsewhere.
    pub fn replace_fields(&mut self, fields: Range) {
        self.set_range(fields);
    }

    /// Notes that the members stand at `members` of the arena as JSON, ready to be copied.
    pub(crate) fn set_verbatim(&mut self, members: Span) {
        self.batch.entries[self.index].verbatim = members;
    }

    /// Notes that no key stands twice, as long as only fields are removed.
    pub(crate) fn set_distinct(&mut self) {
        self.batch.entries[self.index].verbatim = DISTINCT;
    }

    /// Every change of fields comes by here: what stood ready to be copied no longer does.
    fn set_range(&mut self, fields: Range) {
        let entry = &mut self.batch.entries[self.index];
        entry.fields = fields;
        entry.verbatim = Span::default();
    }

    /// Replaces all facts about the record that are not part of it by a range of the tape.
    pub fn replace_metadata(&mut self, metadata: Range) {
        self.batch.entries[self.index].metadata = metadata;
    }

    /// Adds a fact about the record that is not part of it.
    pub fn set_metadata(&mut self, key: &[u8], value: Value) {
        let old = self.batch.entries[self.index].metadata;
        let copied = self.batch.repeat(old);
        let key = Text::plain(self.batch.store(key));
        self.batch.tape.push(Field { key, value });
        self.batch.entries[self.index].metadata = Range { len: copied.len + 1, ..copied };
    }

    /// Where its fields stand on the tape.
    pub fn range(&self) -> Range {
        self.batch.entries[self.index].fields
    }

    /// Stores bytes in the arena.
    pub fn store(&mut self, bytes: &[u8]) -> Span {
        self.batch.store(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two records side by side, `a` and `b`, `c` and `d`, and the number of fields on the tape.
    fn pair() -> (Batch, usize) {
        let mut batch = Batch::default();
        for keys in [["a", "b"], ["c", "d"]] {
            let index = batch.push(Timestamp::default(), Origin::default());
            keys.iter().for_each(|key| batch.record_mut(index).append(key.as_bytes(), Value::Null));
        }
        let fields = batch.tape.len();
        (batch, fields)
    }

    fn keys(batch: &Batch) -> Vec<String> {
        let of = |record: crate::batch::Record<'_>| {
            let keys = record.fields().iter().map(|field| batch.bytes(field.key.span));
            keys.map(|key| String::from_utf8_lossy(key).into_owned()).collect::<Vec<_>>().concat()
        };
        batch.records().map(of).collect()
    }

    #[test]
    fn a_record_grows_into_the_place_that_a_removed_field_left() {
        for (index, removed, grown) in [(1, "c", ["abx", "d"]), (0, "a", ["bx", "cd"]), (0, "b", ["ax", "cd"])] {
            let (mut batch, fields) = pair();
            batch.record_mut(index).remove(removed.as_bytes());
            batch.record_mut(0).append(b"x", Value::Null);

            assert_eq!(keys(&batch), grown, "without {removed}");
            let is_copied = removed == "a";
            assert_eq!(batch.tape.len() > fields, is_copied, "without {removed}");

            batch.record_mut(0).append(b"y", Value::Null);
            assert_eq!(keys(&batch), [format!("{}y", grown[0]), grown[1].into()], "twice, without {removed}");
        }
    }
}
