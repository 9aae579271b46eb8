//! What the keys of earlier lines let expect: lines of one source have the same keys in the same order.
//!
//! A key that stands where it stood before is recognised by one comparison. It need not be read as a string again, nor be
//! compared with the other keys of its line: each key known here notes the line it was seen in last.

use crate::batch::key_hash;
use crate::simd::{BLOCK, Blocks, Ignored, is_same};

/// Longest key with its quotes and colon, and the byte before it.
pub(super) const LONGEST: usize = Blocks::LONGEST;
/// Keys that are known at the most; beyond, all are forgotten.
const MOST: usize = 128;
/// Places of the table by hash, so many that a free one is always near.
const PLACES: usize = 256;

/// Keys known so far, on this thread.
pub(super) struct Expected {
    /// The first is none: it stands for the beginning of a line.
    keys: Box<[Key; 256]>,
    /// How many there are, the first included.
    count: usize,
    /// Keys by hash; 0 where there is none.
    places: [u8; PLACES],
    /// Number of this line.
    line: u32,
    /// The key met last in this line.
    last: u8,
}

/// A byte that does not count, and `"key":` as it stands in lines.
#[derive(Clone, Debug)]
struct Key {
    text: [u8; LONGEST],
    /// Bytes of the text; 0 for none.
    length: usize,
    /// Bytes of the first block that do not count: the first one, and those behind it.
    ignored: Ignored,
    /// The key that came behind it last.
    next: u8,
    /// Line it was seen in last.
    line: u32,
}

impl Key {
    const NONE: Self = Self { text: [0; LONGEST], length: 0, ignored: Ignored::NONE, next: 0, line: 0 };

    fn new(text: &[u8]) -> Self {
        let mut key = Self { length: text.len(), ..Self::NONE };
        key.text[..text.len()].copy_from_slice(text);
        key.ignored = Ignored::all_but(1..text.len());
        key
    }

    /// Whether `text` begins with it. Nothing does with none, since no JSON has NUL.
    #[inline(always)]
    fn begins(&self, text: &[u8; LONGEST]) -> bool {
        let (first, other) = (&text.as_chunks::<BLOCK>().0[0], &self.text.as_chunks::<BLOCK>().0[0]);
        is_same(first, other, self.ignored) && (self.length <= BLOCK || self.goes_on(text))
    }

    #[inline(never)]
    fn goes_on(&self, text: &[u8; LONGEST]) -> bool {
        text[BLOCK..self.length] == self.text[BLOCK..self.length]
    }
}

impl Default for Expected {
    fn default() -> Self {
        let keys = Box::new([const { Key::NONE }; 256]);
        Self { keys, count: 1, places: [0; PLACES], line: 0, last: 0 }
    }
}

/// A key of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Bytes with quotes, colon and the byte before.
    pub(super) length: usize,
    /// Whether it may stand in this line before.
    pub(super) again: bool,
}

impl Expected {
    /// A line begins.
    pub(super) fn begin(&mut self) {
        if self.line == u32::MAX {
            self.forget();
            self.line = 0;
        }
        self.line += 1;
        self.last = 0;
    }

    /// The key behind the first byte of `text`, if it is the one that is expected.
    #[inline(always)]
    pub(super) fn next(&mut self, text: &[u8; LONGEST]) -> Option<Seen> {
        let next = self.keys[usize::from(self.last)].next;
        if !self.keys[usize::from(next)].begins(text) {
            return None;
        }
        Some(self.see(next))
    }

    /// Notes a key that was not expected: `text` is any byte, a valid string with its quotes, and what stands behind it up to its
    /// value.
    pub(super) fn learn(&mut self, text: &[u8]) -> Seen {
        let length = text.len();
        let is_plain = text.ends_with(b"\":") && text[1..].is_ascii() && !text.contains(&b'\\');
        if !is_plain || length > LONGEST {
            return Seen { length, again: true };
        }
        let mut place = (key_hash(&text[1..]) >> 56) as usize;
        let is = |key: &Key| key.length == length && key.text[1..length] == text[1..];
        let known = loop {
            match self.places[place] {
                0 => break None,
                known if is(&self.keys[usize::from(known)]) => break Some(known),
                _ => place = (place + 1) % PLACES,
            }
        };
        if known.is_none() && self.count > MOST {
            self.forget();
            return Seen { length, again: true };
        }
        let known = known.unwrap_or_else(|| self.add(text, place));
        self.keys[usize::from(self.last)].next = known;
        self.see(known)
    }

    fn add(&mut self, text: &[u8], place: usize) -> u8 {
        let number = u8::try_from(self.count).expect("few are known");
        self.keys[self.count] = Key::new(text);
        self.count += 1;
        self.places[place] = number;
        number
    }

    #[inline(always)]
    fn see(&mut self, number: u8) -> Seen {
        let key = &mut self.keys[usize::from(number)];
        let again = key.line == self.line;
        key.line = self.line;
        self.last = number;
        Seen { length: key.length, again }
    }

    /// Forgets all keys. Those of the line at hand may stand in it again unnoticed.
    fn forget(&mut self) {
        self.count = 1;
        self.keys[0] = Key::NONE;
        self.places.fill(0);
        self.last = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of a line, whether each was expected, and whether it may stand there before.
    fn line(expected: &mut Expected, keys: &[&str]) -> Vec<(bool, bool)> {
        expected.begin();
        let seen = |key: &&str| {
            let text = format!("{{\"{key}\":");
            let mut block = [b' '; LONGEST];
            let shown = text.len().min(LONGEST);
            block[..shown].copy_from_slice(&text.as_bytes()[..shown]);
            match expected.next(&block) {
                Some(seen) => (true, seen),
                None => (false, expected.learn(text.as_bytes())),
            }
        };
        let seen: Vec<(bool, Seen)> = keys.iter().map(seen).collect();
        assert!(seen.iter().zip(keys).all(|((_, seen), key)| seen.length == key.len() + 4));
        seen.into_iter().map(|(known, seen)| (known, seen.again)).collect()
    }

    #[test]
    fn keys_are_expected_where_they_stood_before() {
        let long = "k".repeat(60);
        let keys = ["a", "b", "twelve_bytes", "thirteen_byte", &long];
        let mut expected = Expected::default();

        assert_eq!(line(&mut expected, &keys), [(false, false); 5]);
        assert_eq!(line(&mut expected, &keys), [(true, false); 5]);
        assert_eq!(line(&mut expected, &["b", "a"]), [(false, false); 2]);
        assert_eq!(line(&mut expected, &["b", "a"]), [(true, false); 2]);
    }

    /// Without vectors the last byte that counts was not looked at: what stood in place of the colon was taken for one.
    #[test]
    fn a_text_that_differs_in_one_byte_is_not_expected() {
        for key in ["a", "twelve_bytes", "thirteen_byte", "fourteen_bytes", "a_key_of_more_than_sixteen_bytes"] {
            let text = format!(",\"{key}\":");
            let mut block = [b' '; LONGEST];
            block[..text.len()].copy_from_slice(text.as_bytes());
            for at in 0..text.len() {
                let mut expected = Expected::default();
                expected.begin();
                expected.learn(text.as_bytes());
                expected.begin();
                let mut other = block;
                other[at] ^= 1;
                assert_eq!(expected.next(&other).is_some(), at == 0, "{}", other.escape_ascii());
            }
        }
    }

    #[test]
    fn a_key_that_stands_twice_in_a_line_is_told() {
        let mut expected = Expected::default();

        assert_eq!(line(&mut expected, &["a", "b", "a"]), [(false, false), (false, false), (false, true)]);
        assert_eq!(line(&mut expected, &["a", "b"])[1], (true, false));
        assert_eq!(line(&mut expected, &["a", "a"])[1], (false, true));
        assert_eq!(line(&mut expected, &["a", "a"])[1], (true, true));
    }

    #[test]
    fn a_key_that_cannot_be_known_may_stand_twice() {
        let mut expected = Expected::default();
        for key in ["k".repeat(61), "caf\u{e9}".into(), "\\u0061".into()] {
            assert_eq!(line(&mut expected, &[&key]), [(false, true)], "{key}");
        }
    }

    #[test]
    fn of_very_many_keys_none_that_stands_twice_is_missed() {
        let mut expected = Expected::default();
        let keys: Vec<String> = (0..1000).map(|number| format!("key{number}")).collect();

        for keys in keys.chunks(90) {
            let twice: Vec<&str> = keys.iter().chain(keys).map(String::as_str).collect();
            let seen = line(&mut expected, &twice);
            let is_told = seen[..90.min(keys.len())].iter().any(|(_, again)| *again)
                || seen[keys.len()..].iter().all(|(_, again)| *again);
            assert!(is_told, "{seen:?}");
        }
    }
}
