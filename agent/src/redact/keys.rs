//! What the keys of fields say, which come again record after record.

use super::context::Context;
use super::engine::Engine;

/// Keys that are remembered, a power of two.
const KEYS: usize = 128;
/// Longest key that is remembered, in bytes.
const LONGEST: usize = 40;

/// What one key says about the value behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// The detectors that its words speak for.
    pub(super) context: Context,
    /// The detector whose value the whole text is.
    pub(super) named: Option<u16>,
    /// Whether it speaks for none.
    pub(super) is_mute: bool,
    /// The lengths of runs that these want, as bits.
    pub(super) lengths: u64,
    length: u8,
    bytes: [u8; LONGEST],
}

/// No key.
pub(super) const NONE: Key =
    Key { context: Context::NONE, named: None, is_mute: true, lengths: 0, length: 0, bytes: [0; LONGEST] };

/// The keys of one worker.
#[derive(Debug)]
pub(super) struct Keys {
    slots: Box<[Key]>,
    long: Key,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self { slots: vec![NONE; KEYS].into(), long: NONE }
    }

    /// What `key` says.
    #[inline]
    pub(super) fn say(&mut self, engine: &Engine, key: &[u8]) -> &Key {
        if key.is_empty() {
            return &NONE;
        }
        if key.len() > LONGEST {
            self.long = read(engine, key);
            return &self.long;
        }
        let (first, second) = places(key);
        if self.slots[first].is_of(key) {
            return &self.slots[first];
        }
        if !self.slots[second].is_of(key) {
            self.put(engine, key, second);
        }
        &self.slots[second]
    }

    /// Reads `key`, which is to stand at `second`. What stood there stands beside it from then on.
    #[inline(never)]
    fn put(&mut self, engine: &Engine, key: &[u8], second: usize) {
        self.slots[second - 1] = self.slots[second];
        self.slots[second] = read(engine, key);
    }
}

impl Key {
    #[inline(always)]
    fn is_of(&self, key: &[u8]) -> bool {
        usize::from(self.length) == key.len() && self.bytes[..key.len()] == *key
    }
}

/// The two places, beside each other, of which `key` may stand at one.
#[inline(always)]
fn places(key: &[u8]) -> (usize, usize) {
    let (first, middle, last) = (key[0], key[key.len() / 2], key[key.len() - 1]);
    let mixed = u32::from(first) | u32::from(middle) << 8 | u32::from(last) << 16 | (key.len() as u32) << 24;
    let first = mixed.wrapping_mul(0x9e37_79b1) as usize >> 20 & (KEYS - 2);
    (first, first + 1)
}

#[inline(never)]
fn read(engine: &Engine, key: &[u8]) -> Key {
    let context = engine.words.read(key, &Context::NONE);
    let (named, lengths) = (engine.pairs.named(key), engine.lengths_of(&context));
    let mut read = Key { context, named, is_mute: context.is_mute(), lengths, ..NONE };
    if let Some(bytes) = read.bytes.get_mut(..key.len()) {
        bytes.copy_from_slice(key);
        read.length = key.len() as u8;
    }
    read
}
