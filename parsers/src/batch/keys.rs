//! Keys that a parser or filter adds to many records: stored once per batch.

use std::sync::atomic::{AtomicU64, Ordering};

use super::value::FRAME;
use super::{Batch, Span, Text};

/// A set of keys known beforehand.
#[derive(Debug)]
pub struct Keys {
    id: u64,
    /// All keys; those that need no escape in JSON as the beginnings of members.
    block: Vec<u8>,
    /// Each key, as if the block stood at the start of an arena.
    texts: Vec<Text>,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Keys {
    /// The set of `names`, in order.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut keys = Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), block: Vec::new(), texts: Vec::new() };
        for name in names {
            let is_clean = !name.contains(|character: char| character.is_control() || matches!(character, '"' | '\\'));
            let (before, behind) = if is_clean { FRAME } else { ("", "") };
            keys.block.extend_from_slice(before.as_bytes());
            let start = keys.block.len();
            keys.block.extend_from_slice(name.as_bytes());
            let span = Span::between(start, keys.block.len());
            keys.texts.push(if is_clean { Text::framed(span) } else { Text::plain(span) });
            keys.block.extend_from_slice(behind.as_bytes());
        }
        keys
    }

    /// Number that no other set in this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The key at `at`.
    pub fn name(&self, at: usize) -> &[u8] {
        &self.block[self.texts[at].span.range()]
    }

    /// The same keys as spans of `batch`: stored there at the first call, found at every later one.
    pub fn in_batch(&self, batch: &mut Batch) -> StoredKeys<'_> {
        let known = batch.interned.iter().find(|(id, _)| *id == self.id).map(|(_, base)| *base);
        let base = known.unwrap_or_else(|| {
            let base = batch.store(&self.block).start;
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
    base: u32,
}

impl<'a> StoredKeys<'a> {
    /// The bytes of the key at `at`.
    pub fn name(&self, at: usize) -> &'a [u8] {
        self.keys.name(at)
    }

    /// The key at `at`.
    #[inline(always)]
    pub fn key(&self, at: usize) -> Text {
        let mut text = self.keys.texts[at];
        text.span.start += self.base;
        text
    }
}
