//! Values of fields in which nothing is found, known without a look through them: since the same value stood under the same key
//! before, or since it is written so that nothing can be in it.
//!
//! A value counts as known only when all of its bytes are those that were looked through. What was found is not kept here.

use vigie_parsers::batch::{Text, Value};

use super::look::Look;
use super::policy::Policy;
use super::tries::Tries;
use crate::redact::{Mere, WORDS, are_same, words_at};

/// Values that are remembered, a power of two.
const SLOTS: usize = 1024;

/// What is known of the values under one key.
#[derive(Debug)]
pub struct Seen {
    /// Of the key, which no other one has.
    number: u64,
    /// Whether the key neither names a value nor speaks for one.
    is_silent: bool,
    tries: Tries,
}

impl Seen {
    /// What tells `text` from others of the same bytes.
    #[inline(always)]
    fn tag(&self, text: Text) -> u64 {
        self.number << 8 | u64::from(text.span.len) << 1 | u64::from(text.is_escaped())
    }
}

/// What is known of a value.
#[derive(Clone, Copy, Debug)]
pub enum Glance {
    /// Nothing is found in it.
    Clean,
    /// It is to be looked through, and noted if nothing is found in it.
    Strange(Note),
}

/// How a value is to be noted.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// What it is, and where it may stand.
    place: Option<(Slot, usize)>,
    /// Whether others may be written like it.
    is_new: bool,
}

impl Note {
    const NONE: Self = Self { place: None, is_new: false };
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The number of the key, the length, and whether it is escaped; 0 in an empty slot.
    tag: u64,
    words: [u64; WORDS],
}

impl Slot {
    #[inline(always)]
    fn is(&self, other: &Self) -> bool {
        self.tag == other.tag && are_same(self.words, &other.words)
    }

    /// The first of the two places, beside each other, of which it may stand at one.
    #[inline(always)]
    fn place(&self) -> usize {
        let [one, two, three, four] = self.words;
        let mixed = one ^ two.rotate_left(21) ^ three.rotate_left(37) ^ four.rotate_left(50) ^ self.tag.rotate_left(9);
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize & (SLOTS - 2)
    }
}

/// The values that are remembered. One per worker.
pub(super) struct Known {
    slots: Box<[Slot]>,
    keys: u64,
}

impl Known {
    pub(super) fn new() -> Self {
        Self { slots: vec![Slot { tag: 0, words: [0; WORDS] }; SLOTS].into(), keys: 0 }
    }

    /// The number of another key.
    pub(super) fn another_key(&mut self) -> u64 {
        self.keys += 1;
        self.keys
    }

    /// Whether `slot` is known, else where it may stand: with what stood there beside it.
    #[inline(always)]
    fn find(&self, slot: &Slot) -> Result<(), usize> {
        let first = slot.place();
        if self.slots[first + 1].is(slot) || self.slots[first].is(slot) { Ok(()) } else { Err(first) }
    }

    /// Where `text`, in `words` if it is short, is to be noted, if anywhere; `None` if it is known.
    #[inline(always)]
    fn new_place(&self, seen: &mut Seen, text: Text, words: Option<[u64; WORDS]>) -> Option<Option<(Slot, usize)>> {
        let is_asked = seen.tries.begin();
        let Some(words) = words.filter(|_| is_asked) else { return Some(None) };
        let slot = Slot { tag: seen.tag(text), words };
        match self.find(&slot) {
            Ok(()) => {
                seen.tries.succeed();
                None
            }
            Err(place) => Some(Some((slot, place))),
        }
    }

    fn put(&mut self, slot: Slot, first: usize) {
        self.slots[first] = self.slots[first + 1];
        self.slots[first + 1] = slot;
    }
}

impl Look {
    /// Begins to see values under `key`.
    pub(super) fn seen(&mut self, key: &[u8]) -> Seen {
        Seen { number: self.known.another_key(), is_silent: self.scanner.is_silent(key), tries: Tries::default() }
    }

    /// What is known of `value`, which lies in `arena`. What is neither a text nor a number as its source wrote it is not known.
    #[inline(always)]
    pub(super) fn glance(&mut self, policy: &Policy, seen: &mut Seen, arena: &[u8], value: Value) -> Glance {
        match value {
            Value::Text(text) => self.glance_at_text(policy, seen, arena, text),
            Value::Number(span) if seen.is_silent && policy.own().is_empty() => {
                let length = span.len as usize;
                let is_mere = words_at(arena, span).is_some_and(|words| self.scanner.is_mere_number(words, length));
                if is_mere { Glance::Clean } else { Glance::Strange(Note::NONE) }
            }
            Value::Null | Value::Bool(_) => Glance::Clean,
            _ => Glance::Strange(Note::NONE),
        }
    }

    #[inline(always)]
    fn glance_at_text(&mut self, policy: &Policy, seen: &mut Seen, arena: &[u8], text: Text) -> Glance {
        let words = words_at(arena, text.span);
        let Some(place) = self.known.new_place(seen, text, words) else { return Glance::Clean };
        let mut note = Note { place, is_new: false };
        if !seen.is_silent || text.is_escaped() || !policy.own().is_empty() {
            return Glance::Strange(note);
        }
        let is_mere = words.is_some_and(|words| self.scanner.is_mere_run(words, text.span.len as usize));
        let mere = if is_mere { Mere::Nothing } else { self.scanner.mere(&arena[text.span.range()]) };
        if mere == Mere::Nothing {
            self.note(note, &[]);
            return Glance::Clean;
        }
        note.is_new = mere == Mere::New;
        Glance::Strange(note)
    }

    /// Notes that nothing was found in `text`, which `note` was given for.
    pub(super) fn note(&mut self, note: Note, text: &[u8]) {
        if let Some((slot, place)) = note.place {
            self.known.put(slot, place);
        }
        if note.is_new && !text.is_empty() {
            self.scanner.learn(text);
        }
    }
}
