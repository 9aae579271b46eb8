//! Reading a record.

use super::{Batch, DISTINCT, Entry, Field, Origin, Range, Timestamp, Value};

/// A record of a batch, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    batch: &'a Batch,
    entry: &'a Entry,
}

impl<'a> Record<'a> {
    pub(super) fn new(batch: &'a Batch, entry: &'a Entry) -> Self {
        Self { batch, entry }
    }

    /// The batch it belongs to, to resolve spans.
    #[inline]
    pub fn batch(self) -> &'a Batch {
        self.batch
    }

    /// Time of the event.
    #[inline]
    pub fn time(self) -> Timestamp {
        self.entry.time
    }

    /// Identity of its source bytes.
    #[inline]
    pub fn origin(self) -> Origin {
        self.entry.origin
    }

    /// Its fields in order.
    #[inline]
    pub fn fields(self) -> &'a [Field] {
        self.batch.fields(self.entry.fields)
    }

    /// Its members as they stand in the arena as JSON, without braces, when nothing was changed since they were parsed: valid, on
    /// one line, no key twice. With them the fields that were added since, whose keys are others.
    #[inline]
    pub fn verbatim(self) -> Option<(&'a [u8], &'a [Field])> {
        let span = self.entry.verbatim;
        if span.is_empty() {
            return None;
        }
        let fields = self.fields();
        let added = fields.iter().rev().take_while(|field| !span.holds(field.key.span)).count();
        Some((self.batch.bytes(span), &fields[fields.len() - added..]))
    }

    /// Whether it is known that no key stands twice.
    #[inline]
    pub fn is_distinct(self) -> bool {
        self.entry.verbatim == DISTINCT
    }

    /// Facts about the record that are not part of it, such as `multiline_truncated`.
    pub fn metadata(self) -> &'a [Field] {
        self.batch.fields(self.entry.metadata)
    }

    /// The value of top-level `key`.
    pub fn get(self, key: &[u8]) -> Option<Value> {
        let fields = self.fields();
        fields.iter().find(|field| self.batch.is_called(field, key)).map(|field| field.value)
    }

    /// The decoded bytes of `value` when it is text; escaped text is decoded into `scratch`.
    pub fn text<'b>(self, value: Value, scratch: &'b mut Vec<u8>) -> Option<&'b [u8]>
    where
        'a: 'b,
    {
        let Value::Text(text) = value else { return None };
        if !text.is_escaped() {
            return Some(self.batch.bytes(text.span));
        }
        scratch.clear();
        self.batch.decode_text(text, scratch);
        Some(scratch)
    }

    /// The raw bytes of top-level `key` if its value is text without escapes.
    pub fn plain_text(self, key: &[u8]) -> Option<&'a [u8]> {
        match self.get(key)? {
            Value::Text(text) if !text.is_escaped() => Some(self.batch.bytes(text.span)),
            _ => None,
        }
    }
}

/// The fields of a nested map or the items of a list.
pub type Fields<'a> = &'a [Field];

impl Batch {
    /// Whether the decoded key of `field` is `key`. Most are told by their length, in a few instructions.
    #[inline(always)]
    pub fn is_called(&self, field: &Field, key: &[u8]) -> bool {
        let is_likely = (field.key.span.len as usize == key.len()) | field.key.is_escaped();
        is_likely && self.text_is(field.key, key)
    }

    /// The index in `range` of the field named `key`.
    pub fn find(&self, range: Range, key: &[u8]) -> Option<usize> {
        self.fields(range).iter().position(|field| self.is_called(field, key))
    }
}
