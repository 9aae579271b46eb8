//! Copying records between batches, and within one.

use super::{Batch, DISTINCT, Field, Range, Text, Value};

impl Batch {
    /// Adds a copy of record `index` of `from`, with all that its fields stand for, and gives its index.
    pub fn adopt(&mut self, from: &Batch, index: usize) -> usize {
        let entry = from.entries[index];
        let fields = self.adopt_fields(from, entry.fields);
        let metadata = self.adopt_fields(from, entry.metadata);
        let is_distinct = !entry.verbatim.is_empty();
        let at = self.push(entry.time, entry.origin);
        let copy = &mut self.entries[at];
        (copy.fields, copy.metadata) = (fields, metadata);
        if is_distinct {
            copy.verbatim = DISTINCT;
        }
        at
    }

    /// Adds record `index` once more, at the end.
    #[inline]
    pub fn push_again(&mut self, index: usize) {
        self.entries.push(self.entries[index]);
    }

    /// Nested maps go onto the tape before those that hold them. They are as deep as a parser takes them apart.
    fn adopt_fields(&mut self, from: &Batch, range: Range) -> Range {
        let mut adopted = Vec::with_capacity(range.len as usize);
        for field in from.fields(range) {
            let key = self.adopt_text(from, field.key);
            let value = match field.value {
                Value::Text(text) => Value::Text(self.adopt_text(from, text)),
                Value::Number(span) => Value::Number(self.store(from.bytes(span))),
                Value::Json(span) => Value::Json(self.store(from.bytes(span))),
                Value::Map(inner) => Value::Map(self.adopt_fields(from, inner)),
                Value::List(inner) => Value::List(self.adopt_fields(from, inner)),
                other => other,
            };
            adopted.push(Field { key, value });
        }
        self.store_fields(&adopted)
    }

    fn adopt_text(&mut self, from: &Batch, text: Text) -> Text {
        let span = self.store(from.bytes(text.span));
        match text {
            text if text.is_escaped() => Text::escaped(span),
            text if text.is_json() => Text::clean(span),
            _ => Text::plain(span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Origin, Timestamp};
    use crate::json::JsonParser;
    use crate::parser::Parser;

    #[test]
    fn a_copy_stands_for_the_same_as_its_record() {
        let mut from = Batch::default();
        let text = from.store(br#"{"a":1.10,"b":"x\n","c":{"d":[1,{"e":null}]},"f":"plain"}"#);
        let index = from.push(Timestamp { seconds: 7, nanos: 1 }, Origin { offset: 3, ..Origin::default() });
        JsonParser.parse(&mut from, index, text);
        let nested = from.record(index).get(b"c").expect("it is there");
        let nested = from.expand_all(nested);
        *from.record_mut(index).field_mut(2) = Field { key: from.record(index).fields()[2].key, value: nested };
        from.record_mut(index).set_metadata(b"m", Value::Bool(true));

        let mut to = Batch::default();
        to.store(b"what was there before");
        let at = to.adopt(&from, index);

        let record = to.record(at);
        assert_eq!((record.time().seconds, record.origin().offset, record.metadata().len()), (7, 3, 1));
        let mut scratch = Vec::new();
        let b = record.get(b"b").expect("it is there");
        assert_eq!(record.text(b, &mut scratch), Some(&b"x\n"[..]));
        let Some(Value::Map(c)) = record.get(b"c") else { panic!("c is a map") };
        let Value::List(d) = to.fields(c)[0].value else { panic!("d is a list") };
        let Value::Number(one) = to.fields(d)[0].value else { panic!("1 is a number") };
        assert_eq!((to.bytes(one), d.len), (&b"1"[..], 2));
    }
}
