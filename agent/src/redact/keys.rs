//! What the keys of fields say, which come again record after record.

use super::context::{Context, Lengths};
use super::engine::Engine;
use super::filter::{Filter, head};
use super::pairs::QUOTED;
use super::phrases::{hash, last_phrases};
use super::scanner::Scanner;
use super::{Detector, Group};

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
    /// How that is written for its check.
    pub(super) kind: u8,
    /// Whether it speaks for none.
    pub(super) is_mute: bool,
    /// Whether the second track of a card may stand under it.
    pub(super) is_track: bool,
    /// What it says of the members of a map under it.
    below: Below,
    name: Name,
    bytes: [u8; LONGEST],
}

/// What tells keys of up to 16 bytes apart: their first eight bytes, their last eight, their length.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Name {
    first: u64,
    last: u64,
    length: usize,
}

/// No key.
pub(super) const NONE: Key = Key {
    context: Context::NONE,
    named: None,
    kind: QUOTED,
    is_mute: true,
    is_track: false,
    below: Below::Nothing,
    name: Name { first: 0, last: 0, length: 0 },
    bytes: [0; LONGEST],
};

/// A secret that a key names.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// Index of the detector in the table of the engine.
    pub detector: u16,
    /// How its values are written for its check.
    kind: u8,
}

/// What the key of a map says of what is in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Below {
    /// Nothing.
    Nothing,
    /// Its words count before those of the member's own key.
    Joined,
    /// All of it is what the key names.
    Whole,
}

impl Below {
    fn of(engine: &Engine, key: &[u8], (named, context): (Option<u16>, &Context)) -> Self {
        if named.is_some() && named == engine.own.password {
            return Self::Whole;
        }
        let says = named.is_some() || !context.is_mute() || context.lengths != Lengths::NONE;
        if says || engine.leads.may_hold(key) { Self::Joined } else { Self::Nothing }
    }
}

/// The words that others follow in phrases that mean something: `user` in `user_name`.
#[derive(Debug, Default)]
pub(super) struct Leads(Filter<64>);

impl Leads {
    pub(super) fn new(detectors: &[&'static Detector]) -> Self {
        let mut leads = Self::default();
        for phrase in detectors.iter().flat_map(|detector| detector.context) {
            for word in phrase.rsplit('_').skip(1) {
                leads.0.put(hash(word.as_bytes()));
            }
        }
        leads
    }

    /// Whether `key` may end with one of them.
    fn may_hold(&self, key: &[u8]) -> bool {
        let [last, ..] = last_phrases(key);
        last != 0 && self.0.may_hold(last)
    }
}

impl Scanner {
    /// What `key` says of the members of a map under it.
    #[inline]
    pub fn below(&mut self, key: &[u8]) -> Below {
        self.keys.say(&self.engine, key).below
    }

    /// The secret that `key` names, if it names one.
    #[inline]
    pub fn named_secret(&mut self, key: &[u8]) -> Option<Named> {
        let Key { named, kind, .. } = *self.keys.say(&self.engine, key);
        let named = Named { detector: named?, kind };
        (self.engine.detector(named.detector).group == Group::Secret).then_some(named)
    }

    /// Whether `text`, an item of a list, is a value of what the key of the list `named`.
    pub fn is_value_of(&self, named: Named, text: &[u8]) -> bool {
        self.engine.is_whole(named.detector, text, named.kind)
    }

    /// Whether `key` tells in the plural what each item of a list is.
    pub fn is_of_several(&self, key: &[u8]) -> bool {
        self.engine.pairs.named_of_several(key).is_some()
    }
}

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
    #[inline(always)]
    pub(super) fn say(&mut self, engine: &Engine, key: &[u8]) -> &Key {
        if key.is_empty() {
            return &NONE;
        }
        if key.len() > LONGEST {
            self.long = read(engine, key);
            return &self.long;
        }
        let name = Name::of(key);
        let first = name.place();
        if self.slots[first].is_of(name, key) {
            return &self.slots[first];
        }
        if !self.slots[first + 1].is_of(name, key) {
            self.put(engine, key, first + 1);
        }
        &self.slots[first + 1]
    }

    /// Reads `key`, which is to stand at `second`. What stood there stands beside it from then on.
    #[inline(never)]
    fn put(&mut self, engine: &Engine, key: &[u8], second: usize) {
        self.slots[second - 1] = self.slots[second];
        self.slots[second] = read(engine, key);
    }
}

impl Name {
    #[inline(always)]
    fn of(key: &[u8]) -> Self {
        let last = key.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
        Self { first: head(key, 0), last, length: key.len() }
    }

    /// The first of the two places, beside each other, of which the key may stand at one.
    #[inline(always)]
    fn place(self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(29) ^ self.length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 48) as usize & (KEYS - 2)
    }
}

impl Key {
    #[inline(always)]
    fn is_of(&self, name: Name, key: &[u8]) -> bool {
        self.name == name && (key.len() <= 16 || self.bytes[..key.len()] == *key)
    }
}

/// `key` without the marks that it ends with, and the number in brackets: `user[password]`, `password[0]`, `Password: `.
pub fn without_marks(key: &[u8]) -> &[u8] {
    let plain = |key: &[u8]| {
        let is_mark = |byte: &&u8| byte.is_ascii_whitespace() || b":[]*?".contains(byte);
        key.len() - key.iter().rev().take_while(is_mark).count()
    };
    let name = key.get(..plain(key)).unwrap_or(key);
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    match name.get(..name.len() - digits) {
        Some(before) if name.len() < key.len() && before.ends_with(b"[") => {
            before.get(..plain(before)).unwrap_or(before)
        }
        _ => name,
    }
}

#[inline(never)]
fn read(engine: &Engine, key: &[u8]) -> Key {
    let name = without_marks(key);
    let context = engine.words.read(name, &Context::NONE);
    let told = engine.pairs.told(name);
    let (named, kind) = (told.map(|told| told.detector), told.map_or(QUOTED, |told| told.kind(QUOTED)));
    let below = Below::of(engine, name, (named, &context));
    // Messages of payments have it in their field 35.
    let is_track = key == b"35" || key.windows(5).any(|part| part.eq_ignore_ascii_case(b"track"));
    let mut read = Key { context, named, kind, is_mute: context.is_mute() && !is_track, is_track, below, ..NONE };
    if let Some(bytes) = read.bytes.get_mut(..key.len()) {
        bytes.copy_from_slice(key);
        read.name = Name::of(key);
    }
    read
}
