//! Keys that a parser or filter adds to many records: stored once per batch.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::value::FRAME;
use super::{Batch, Span, Text};

/// A set of keys known beforehand.
#[derive(Debug)]
pub struct Keys {
    id: u64,
    /// All keys; those that need no escape in JSON as the beginnings of members.
    block: Vec<u8>,
    /// Where each key stands in the block.
    places: Vec<Range<usize>>,
    /// Whether each key needs no escape in JSON.
    clean: Vec<bool>,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Keys {
    /// The set of `names`, in order.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut keys = Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            block: Vec::new(),
            places: Vec::new(),
            clean: Vec::new(),
        };
        for name in names {
            let is_clean = !name.contains(|character: char| character.is_control() || matches!(character, '"' | '\\'));
            let (before, behind) = if is_clean { FRAME } else { ("", "") };
            keys.block.extend_from_slice(before.as_bytes());
            let start = keys.block.len();
            keys.block.extend_from_slice(name.as_bytes());
            keys.places.push(start..keys.block.len());
            keys.block.extend_from_slice(behind.as_bytes());
            keys.clean.push(is_clean);
        }
        keys
    }

    /// Number that no other set in this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The key at `at`.
    pub fn name(&self, at: usize) -> &[u8] {
        &self.block[self.places[at].clone()]
    }

    /// The same keys as spans of `batch`: stored there at the first call, found at every later one.
    pub fn in_batch(&self, batch: &mut Batch) -> StoredKeys<'_> {
        let known = batch.interned.iter().find(|(id, _)| *id == self.id).map(|(_, base)| *base);
        let base = known.unwrap_or_else(|| {
            let base = batch.store(&self.block).start as usize;
            batch.interned.push((self.id, base));
            base
        });
        StoredKeys { keys: self, base }
    }
}

/// A set of keys that lies in a batch.
#[derive(Clone, Copy, Debug)]
pub struct StoredKeys<'a> {
    keys: &'a Keys,
    base: usize,
}

impl<'a> StoredKeys<'a> {
    /// The bytes of the key at `at`.
    pub fn name(&self, at: usize) -> &'a [u8] {
        self.keys.name(at)
    }

    /// The key at `at`.
    #[inline(always)]
    pub fn key(&self, at: usize) -> Text {
        let place = &self.keys.places[at];
        let span = Span::between(self.base + place.start, self.base + place.end);
        if self.keys.clean[at] { Text::framed(span) } else { Text::plain(span) }
    }
}
