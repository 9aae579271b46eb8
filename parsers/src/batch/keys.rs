//! Keys that a parser or filter adds to many records: stored once per batch.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Batch, Span, Text};

/// A set of keys known beforehand.
#[derive(Debug)]
pub struct Keys {
    id: u64,
    block: Vec<u8>,
    /// End of each key in the block.
    ends: Vec<usize>,
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
            ends: Vec::new(),
            clean: Vec::new(),
        };
        for name in names {
            keys.block.extend_from_slice(name.as_bytes());
            keys.ends.push(keys.block.len());
            keys.clean
                .push(!name.contains(|character: char| character.is_control() || matches!(character, '"' | '\\')));
        }
        keys
    }

    /// Number that no other set in this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The key at `at`.
    pub fn name(&self, at: usize) -> &[u8] {
        &self.block[self.start(at)..self.ends[at]]
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.ends[before])
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
    pub fn key(&self, at: usize) -> Text {
        let span = Span::between(self.base + self.keys.start(at), self.base + self.keys.ends[at]);
        if self.keys.clean[at] { Text::clean(span) } else { Text::plain(span) }
    }
}
