//! The record model: one byte arena, one tape of fields, one list of records.
//!
//! A [`Batch`] holds records of one tag. Inputs read bytes into its arena, parsers add fields that point
//! at those bytes, filters change the fields in place, encoders walk them. Nothing is allocated per
//! record in steady state: cleared batches keep their buffers and are used again.

mod adopt;
mod edit;
mod key_filter;
mod keys;
mod lines;
mod renew;
mod repeats;
mod value;
mod view;

pub use edit::RecordMut;
pub use key_filter::KeyFilter;
pub(crate) use key_filter::key_hash;
pub use keys::{Keys, StoredKeys};
pub use lines::OfLines;
pub(crate) use repeats::any_repeats;
pub use value::{Field, Range, Span, Text, Value};
pub(crate) use value::{unescape, unescaped};
pub use view::{Fields, Record};

/// Seconds and nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Whole seconds, negative before 1970.
    pub seconds: i64,
    /// Nanoseconds within the second, below 1,000,000,000.
    pub nanos: u32,
}

/// Where a record came from, as far as its identity needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Byte offset of its first source byte in its stream, or a counter for streams without positions.
    pub offset: u64,
    /// Source length in bytes, newline excluded.
    pub length: u32,
    /// The source bytes themselves.
    pub source: Source,
    /// Which piece of one source line this is, 0 for the first.
    pub part: u16,
    /// Which entry of the carrier's table of source ranges it belongs to.
    pub lot: u16,
}

impl Origin {
    /// Behind its source bytes; its newline may follow.
    pub fn end(&self) -> u64 {
        self.offset + u64::from(self.length).max(1)
    }
}

/// The source bytes of a record, as far as its identity needs them: they are hashed by whoever makes an id of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// They begin at this place of the arena, [`Origin::length`] of them.
    At(u32),
    /// Their keyed hash: they came in several pieces, or do not lie in the arena.
    Hash(u32),
}

impl Default for Source {
    fn default() -> Self {
        Self::Hash(0)
    }
}

/// One record: where its fields stand on the tape, its time and its origin.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry {
    pub(crate) fields: Range,
    pub(crate) metadata: Range,
    /// Where the members stand in the arena as JSON, ready to be copied: valid, on one line, no key twice. Empty when they do
    /// not, and after any change; [`DISTINCT`] when that is all that is known of them.
    pub(crate) verbatim: Span,
    /// Time of the event.
    pub time: Timestamp,
    /// Identity of its source bytes.
    pub origin: Origin,
}

/// In the place of members that stand ready to be copied: they do not, but no key stands twice.
pub(crate) const DISTINCT: Span = Span { start: u32::MAX, len: 0 };

/// Records that share an arena and a tape.
///
/// Spans are 32-bit, so an arena holds less than 4 GiB; inputs keep it far below.
#[derive(Debug, Default)]
pub struct Batch {
    pub(crate) arena: Vec<u8>,
    pub(crate) tape: Vec<Field>,
    pub(crate) entries: Vec<Entry>,
    /// Sets of keys that lie in the arena already.
    pub(crate) interned: Vec<(u64, u32)>,
}

impl Batch {
    /// Makes an empty batch whose arena has room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { arena: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Forgets all records and bytes but keeps the buffers.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.tape.clear();
        self.entries.clear();
        self.interned.clear();
    }

    /// Becomes a copy of `other`, in the buffers it has.
    pub fn copy_from(&mut self, other: &Self) {
        self.arena.clone_from(&other.arena);
        self.tape.clone_from(&other.tape);
        self.entries.clone_from(&other.entries);
        self.interned.clone_from(&other.interned);
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes that its buffers hold in memory, used or not.
    pub fn capacity_bytes(&self) -> usize {
        self.arena.capacity() + self.tape.capacity() * size_of::<Field>() + self.entries.capacity() * size_of::<Entry>()
    }

    /// The arena, for an input to read into and for look-ups by span.
    #[inline]
    pub fn arena(&self) -> &[u8] {
        &self.arena
    }

    /// The arena's buffer. Bytes may be appended; bytes that spans point at must not change.
    pub fn arena_mut(&mut self) -> &mut Vec<u8> {
        &mut self.arena
    }

    /// The bytes of `span`.
    #[inline]
    pub fn bytes(&self, span: Span) -> &[u8] {
        &self.arena[span.range()]
    }

    /// Appends `bytes` to the arena and gives their span.
    pub fn store(&mut self, bytes: &[u8]) -> Span {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        Span::between(start, self.arena.len())
    }

    /// Appends the member `key` to the arena, to be copied from there whenever it is written. `key` needs no escape in JSON;
    /// `json` is a valid object or array on one line, in which no key stands twice.
    pub fn store_member(&mut self, key: &str, json: &[u8]) -> Field {
        self.store(value::MEMBER.0.as_bytes());
        let key = Text::of_member(self.store(key.as_bytes()));
        self.store(value::MEMBER.1.as_bytes());
        Field { key, value: Value::Json(self.store(json)) }
    }

    /// Appends the decoded bytes of `span`, which holds backslash escapes, to the arena and gives their span.
    pub fn store_unescaped(&mut self, span: Span) -> Span {
        let decoded = unescape(self.bytes(span));
        self.store(&decoded)
    }

    /// Adds a record without fields and gives its index.
    #[inline]
    pub fn push(&mut self, time: Timestamp, origin: Origin) -> usize {
        let fields = Range::empty_at(self.tape.len());
        self.entries.push(Entry { fields, time, origin, ..Entry::default() });
        self.entries.len() - 1
    }

    /// The record at `index`.
    #[inline]
    pub fn record(&self, index: usize) -> Record<'_> {
        Record::new(self, &self.entries[index])
    }

    /// The record at `index`, to be changed.
    #[inline]
    pub fn record_mut(&mut self, index: usize) -> RecordMut<'_> {
        RecordMut::new(self, index)
    }

    /// All records in order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.entries.iter().map(|entry| Record::new(self, entry))
    }

    /// Times and origins of all records, to be changed.
    pub fn entries_mut(&mut self) -> &mut [Entry] {
        &mut self.entries
    }

    /// Times and origins of all records.
    #[inline]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Keeps the records for which `keep` says so, in order.
    pub fn retain(&mut self, mut keep: impl FnMut(Record<'_>) -> bool) {
        let mut kept = 0;
        for index in 0..self.entries.len() {
            if keep(self.record(index)) {
                self.entries.swap(kept, index);
                kept += 1;
            }
        }
        self.entries.truncate(kept);
    }

    /// Removes the first `count` records.
    pub fn drop_front(&mut self, count: usize) {
        self.entries.drain(..count);
    }

    /// The fields of `range` on the tape.
    #[inline]
    pub fn fields(&self, range: Range) -> &[Field] {
        &self.tape[range.range()]
    }

    /// The fields of `range`, the inside of a nested value, to be changed. Whoever changes them also sets the field of the record
    /// that they belong to, so that what stood ready to be copied is forgotten.
    pub fn fields_mut(&mut self, range: Range) -> &mut [Field] {
        &mut self.tape[range.range()]
    }

    /// Appends `fields` to the tape as one range, for a [`Value::Map`] or [`Value::List`].
    pub fn store_fields(&mut self, fields: &[Field]) -> Range {
        let start = self.tape.len();
        self.tape.extend_from_slice(fields);
        Range::between(start, self.tape.len())
    }

    /// Copies the fields of `range` to the end of the tape.
    #[inline(never)]
    fn repeat(&mut self, range: Range) -> Range {
        let start = self.tape.len();
        self.tape.extend_from_within(range.range());
        Range::between(start, self.tape.len())
    }

    /// Whether `text`, decoded, is `wanted`.
    #[inline(never)]
    pub fn text_is(&self, text: Text, wanted: &[u8]) -> bool {
        if text.is_escaped() {
            return value::unescaped(self.bytes(text.span)).eq(wanted.iter().copied());
        }
        // Told without a look at the arena for most.
        text.span.len as usize == wanted.len() && self.bytes(text.span) == wanted
    }

    /// Whether two escaped texts decode to the same bytes.
    pub fn same_decoded(&self, one: Text, other: Text) -> bool {
        unescaped(self.bytes(one.span)).eq(unescaped(self.bytes(other.span)))
    }

    /// Whether `inside`, of a valid JSON string, stands for `wanted`.
    pub fn json_is(inside: &[u8], wanted: &[u8]) -> bool {
        value::unescaped(inside).eq(wanted.iter().copied())
    }

    /// Appends the bytes that `inside`, of a valid JSON string, stands for.
    pub fn decode_json(inside: &[u8], out: &mut Vec<u8>) {
        out.extend(value::unescaped(inside));
    }

    /// Appends the decoded bytes of `text` to `out`.
    pub fn decode_text(&self, text: Text, out: &mut Vec<u8>) {
        let raw = self.bytes(text.span);
        if text.is_escaped() {
            out.extend(value::unescaped(raw));
        } else {
            out.extend_from_slice(raw);
        }
    }
}
