//! Bits that tell what is surely not there, so that most of what is looked up is denied by one of them.

/// `N` words of bits, a power of two. What was put in may be there; so may a few others.
#[derive(Debug)]
pub(super) struct Filter<const N: usize>(Box<[u64; N]>);

impl<const N: usize> Default for Filter<N> {
    fn default() -> Self {
        const { assert!(N.is_power_of_two()) };
        Self(Box::new([0; N]))
    }
}

impl<const N: usize> Filter<N> {
    /// Where the bits of `hash` are: two in one word.
    #[inline(always)]
    fn place(hash: u64) -> (usize, u64) {
        ((hash >> 12) as usize & (N - 1), 1 << (hash & 63) | 1 << (hash >> 6 & 63))
    }

    /// Puts `hash` in.
    pub(super) fn put(&mut self, hash: u64) {
        let (word, bits) = Self::place(hash);
        self.0[word] |= bits;
    }

    /// Whether `hash` may have been put in.
    #[inline(always)]
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        let (word, bits) = Self::place(hash);
        self.0[word] & bits == bits
    }
}

/// The eight bytes from `start` on, the first one lowest, zeros behind the end of `text`.
#[inline(always)]
pub(super) fn head(text: &[u8], start: usize) -> u64 {
    // Places are below 4 GiB, so that one comparison tells whether eight bytes are there.
    let end = u64::from(start as u32) + 8;
    match text.get(start as u32 as usize..end as usize).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => short(text, start),
    }
}

/// The first four of them.
#[inline(always)]
pub(super) fn first_letters(text: &[u8], start: usize) -> u32 {
    // Places are below 4 GiB, so that one comparison tells whether four bytes are there.
    let end = u64::from(start as u32) + 4;
    match text.get(start as u32 as usize..end as usize).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u32::from_le_bytes(*chunk),
        None => short(text, start) as u32,
    }
}

/// A number for the word with this head and `length`, equal for words that differ in case.
#[inline(always)]
pub(super) fn key(head: u64, length: usize) -> u64 {
    /// By the length.
    static MASKS: [u64; 16] = {
        let mut masks = [u64::MAX; 16];
        let mut length = 0;
        while length < 8 {
            masks[length] = (1 << (8 * length)) - 1;
            length += 1;
        }
        masks
    };
    let folded = (head | 0x2020_2020_2020_2020) & MASKS[length.min(15)];
    let mixed = (folded ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed >> 24
}

/// A number for the word at `start..end` of `text`, equal for words that differ in case: of its first eight bytes and its length.
#[inline(always)]
pub(super) fn word_key(text: &[u8], start: usize, end: usize) -> u64 {
    key(head(text, start), end - start)
}

/// The key of a word by itself.
pub(super) fn key_of(word: &str) -> u64 {
    word_key(word.as_bytes(), 0, word.len())
}

/// A number for two words, by their keys.
#[inline(always)]
pub(super) fn pair_key(before: u64, last: u64) -> u64 {
    (before.rotate_left(17) ^ last).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24
}

/// A list of words. Most others are denied by their first letter and their length.
#[derive(Debug)]
pub(super) struct Listed {
    words: &'static [&'static [u8]],
    /// By the last five bits of the first letter, the lengths of words as bits.
    lengths: [u32; 32],
    /// Which words begin so, and where those of each such letter begin among these.
    order: [u8; Self::MOST],
    starts: [u8; 33],
}

impl Listed {
    pub(super) const fn new(words: &'static [&'static [u8]]) -> Self {
        assert!(words.len() <= Self::MOST);
        let (mut lengths, mut order, mut starts) = ([0; 32], [0; Self::MOST], [0; 33]);
        let (mut step, mut place) = (0, 0);
        while step < 32 * words.len() {
            let (letter, at) = (step / words.len(), step % words.len());
            if words[at][0] as usize & 31 == letter {
                lengths[letter] |= Self::bit(words[at].len());
                order[place] = at as u8;
                place += 1;
            }
            starts[letter + 1] = place as u8;
            step += 1;
        }
        Self { words, lengths, order, starts }
    }

    /// Words of the longest list.
    const MOST: usize = 255;

    /// The bit for words of this length; the longest share one.
    const fn bit(length: usize) -> u32 {
        1 << if length < 31 { length } else { 31 }
    }

    /// Whether `word` is one of them, in any case.
    #[inline]
    pub(super) fn has(&self, word: &[u8]) -> bool {
        let Some(first) = word.first() else { return false };
        let letter = usize::from(*first) & 31;
        let same = usize::from(self.starts[letter])..usize::from(self.starts[letter + 1]);
        self.lengths[letter] & Self::bit(word.len()) != 0
            && self.order[same].iter().any(|place| self.words[usize::from(*place)].eq_ignore_ascii_case(word))
    }
}

/// The less than eight bytes from `start` on, the first one lowest.
#[inline(never)]
fn short(text: &[u8], start: usize) -> u64 {
    match text.last_chunk() {
        Some(last) => u64::from_le_bytes(*last) >> (8 * (8 - (text.len() - start).min(8))).min(63),
        None => text[start..].iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_may_be_there_and_most_else_not() {
        let mut filter = Filter::<64>::default();
        let key = |word: &[u8]| word_key(word, 0, word.len());
        for word in [&b"card"[..], b"numero", b"identifier"] {
            filter.put(key(word));
        }

        for word in [&b"CARD"[..], b"Numero", b"identifier"] {
            assert!(filter.may_hold(key(word)));
        }
        let others = (0..1000_u32).filter(|number| filter.may_hold(key(number.to_string().as_bytes())));
        assert!(others.count() < 10);
    }

    #[test]
    fn listed_words_are_known_in_any_case() {
        const LONG: &[u8] = b"word of more than thirty-one letters";
        static LISTED: Listed = Listed::new(&[b"root", b"[x]", b"daemon", LONG]);

        for word in [&b"root"[..], b"ROOT", b"Daemon", b"[x]", LONG] {
            assert!(LISTED.has(word), "{}", word.escape_ascii());
        }
        for word in [&b""[..], b"r", b"roots", b"toor", b"ruut", b"{x}", &LONG[1..]] {
            assert!(!LISTED.has(word), "{}", word.escape_ascii());
        }
    }

    #[test]
    fn a_word_has_one_key_wherever_it_stands() {
        for length in 1..20 {
            let word = &b"abcdefghijklmnopqrst"[..length];
            let (alone, inside) = (word.to_vec(), [b"..", word, b"=12345678"].concat());
            assert_eq!(word_key(&alone, 0, length), word_key(&inside, 2, 2 + length));
        }
    }
}
