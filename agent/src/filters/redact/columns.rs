//! The fields of records as they come again: what is known of each by its key, record after record.

use vigie_parsers::batch::{Span, Text};

use crate::privacy::Seen;
use crate::redact::{are_same, words_at};

/// Fields that are known at the most; beyond, all are forgotten.
const MOST: usize = 128;
/// Places of the table by hash, a power of two.
const PLACES: usize = 512;
/// Bytes of the longest key.
const LONGEST: usize = 32;

/// A key: its bytes, zeros behind them, and how many they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Name {
    words: [u64; LONGEST / 8],
    length: u32,
}

impl Name {
    #[inline(always)]
    fn of(arena: &[u8], key: Span) -> Option<Self> {
        Some(Self { words: words_at(arena, key)?, length: key.len })
    }

    /// Whether the bytes of `key` are those of this one.
    #[inline(always)]
    fn is(&self, arena: &[u8], key: Span) -> bool {
        self.length == key.len && words_at(arena, key).is_some_and(|words| are_same(words, &self.words))
    }

    fn place(&self) -> usize {
        let mixed = self.words.iter().fold(u64::from(self.length), |mixed, word| {
            (mixed.rotate_left(29) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        (mixed >> 48) as usize & (PLACES - 1)
    }
}

/// What is known of the field of one key at the top of records.
#[derive(Debug)]
pub(super) struct Column {
    name: Name,
    /// Whether no rule is about it, and nothing is found in the key where keys are looked at.
    pub(super) is_free: bool,
    pub(super) seen: Seen,
}

/// The fields of one worker.
#[derive(Debug)]
pub(super) struct Columns {
    all: Vec<Column>,
    /// By number of a field, the one that came behind it last; at [`START`] the first one.
    next: [u8; MOST + 1],
    /// By hash of the key, one more than the number of the field; 0 where there is none.
    places: [u8; PLACES],
    last: usize,
}

/// In the place of a field before the first one.
const START: usize = MOST;

impl Columns {
    pub(super) fn new() -> Self {
        Self { all: Vec::new(), next: [0; MOST + 1], places: [0; PLACES], last: START }
    }

    /// A record begins.
    #[inline(always)]
    pub(super) fn begin(&mut self) {
        self.last = START;
    }

    /// The field that comes next, under `key`; `make` makes one that is not known. `None` if it cannot be known.
    #[inline(always)]
    pub(super) fn next(&mut self, arena: &[u8], key: Text, make: impl FnOnce() -> (bool, Seen)) -> Option<&mut Column> {
        if key.is_escaped() {
            return None;
        }
        let expected = usize::from(self.next[self.last]);
        let number = match self.all.get(expected) {
            Some(column) if column.name.is(arena, key.span) => expected,
            _ => self.find(Name::of(arena, key.span)?, make),
        };
        self.last = number;
        self.all.get_mut(number)
    }

    /// The number of the field of this name, which was not expected.
    #[inline(never)]
    fn find(&mut self, name: Name, make: impl FnOnce() -> (bool, Seen)) -> usize {
        if self.all.len() == MOST {
            *self = Self::new();
        }
        let mut place = name.place();
        let number = loop {
            let Some(number) = usize::from(self.places[place]).checked_sub(1) else {
                let (is_free, seen) = make();
                self.all.push(Column { name, is_free, seen });
                self.places[place] = u8::try_from(self.all.len()).unwrap_or_default();
                break self.all.len() - 1;
            };
            if self.all[number].name == name {
                break number;
            }
            place = (place + 1) & (PLACES - 1);
        };
        self.next[self.last] = u8::try_from(number).unwrap_or_default();
        number
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vigie_parsers::batch::Batch;

    use super::*;
    use crate::privacy::{Policy, Redactor};

    #[test]
    fn fields_are_known_by_their_keys_wherever_they_stand() {
        let mut redactor = Redactor::new(Arc::new(Policy::for_messages()), Arc::default(), false);
        let (mut columns, mut batch) = (Columns::new(), Batch::default());
        let mut number = |keys: &str| {
            columns.begin();
            let mut numbers = Vec::new();
            for key in keys.split(' ') {
                let key = Text::plain(batch.store(key.as_bytes()));
                batch.store(&[b'"'; 64]);
                let known = columns.next(batch.arena(), key, || (true, redactor.seen(b"")));
                numbers.push(known.map(|column| column.name));
            }
            (numbers, columns.all.len())
        };

        let (first, count) = number("a level level_of_twenty_bytes a");
        assert_eq!((first[0], count), (first[3], 3));
        assert_eq!(number("a level level_of_twenty_bytes a"), (first.clone(), 3));
        assert_eq!(number("level_of_twenty_bytes a"), (vec![first[2], first[0]], 3));
        assert_eq!(number(&"k".repeat(LONGEST + 1)), (vec![None], 3));
        let many: Vec<String> = (0..10 * MOST).map(|number| format!("key{number}")).collect();
        let (names, count) = number(&many.join(" "));
        assert!(count <= MOST && names.windows(2).all(|two| two[0] != two[1]));
    }
}
