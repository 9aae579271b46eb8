//! Finds what stood there before.

use super::{Token, WINDOW};

/// Places remembered, as a power of two.
const HASH_BITS: u32 = 15;
/// Longest match that deflate can say.
const LONGEST: usize = 258;
/// After so many bytes without a match only every other one is looked up.
const PATIENCE: usize = 3;
/// Bytes that must be left to look for a match.
const AHEAD: usize = 8;

/// Where bytes like those were seen last.
#[derive(Debug)]
pub(super) struct Finder {
    /// Positions by hash, counted from the beginning of time; 0 is long ago.
    last: Box<[u32; 1 << HASH_BITS]>,
    /// Position of the first byte of the window.
    base: u32,
}

impl Default for Finder {
    fn default() -> Self {
        Self { last: Box::new([0; 1 << HASH_BITS]), base: FIRST }
    }
}

/// The first position: everything at 0 is out of reach.
const FIRST: u32 = 1 << 16;
/// Where positions begin again, far enough from the last number.
const LAST: u32 = u32::MAX - (1 << 20);

impl Finder {
    /// The window was moved by `bytes`.
    pub(super) fn slide(&mut self, bytes: usize) {
        self.base += u32::try_from(bytes).expect("a window is small");
    }

    /// What stood in the window of `length` bytes is out of reach from now on.
    pub(super) fn forget(&mut self, length: usize) {
        self.slide(length + WINDOW);
        if self.base > LAST {
            *self = Self::default();
        }
    }

    /// Says what stands in `window` from `from` on by what stands before. Gives the number of tokens, at most one per byte.
    pub(super) fn tokens(&mut self, window: &[u8], from: usize, tokens: &mut [Token]) -> usize {
        if self.base > LAST {
            *self = Self::default();
        }
        let (mut at, mut count, mut missed) = (from, 0, 0);
        let mut say = |token| {
            tokens[count] = token;
            count += 1;
        };
        while let Some(word) = word_at(window, at) {
            let Some(before) = self.replace(window, word, at) else {
                missed += 1;
                let literals = 1 + usize::from(missed > PATIENCE);
                word.to_le_bytes()[..literals].iter().for_each(|byte| say(Token::literal(*byte)));
                at += literals;
                continue;
            };
            missed = 0;
            let length = match_length(window, at, at - before);
            say(Token::reference(length, at - before));
            self.note(window, at + 1, at + length);
            at += length;
        }
        window[at..].iter().for_each(|byte| say(Token::literal(*byte)));
        count
    }

    /// Notes `at` for `word` and gives where the same bytes were noted before, if that is in reach.
    #[inline(always)]
    fn replace(&mut self, window: &[u8], word: u64, at: usize) -> Option<usize> {
        let position = self.position(at);
        let before = std::mem::replace(&mut self.last[hash(word)], position);
        let distance = (position - before) as usize;
        // Out of reach it may lie before the window, where nothing is found.
        let before = at.wrapping_sub(distance);
        (distance <= WINDOW && is_match(window, word, before)).then_some(before)
    }

    /// Notes places inside of a match, where another one might begin.
    #[inline(always)]
    fn note(&mut self, window: &[u8], from: usize, to: usize) {
        for at in [from, from + 1, to - 1] {
            if let Some(word) = word_at(window, at) {
                self.last[hash(word)] = self.position(at);
            }
        }
    }

    #[inline(always)]
    fn position(&self, at: usize) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "a window is small")]
        let at = at as u32;
        self.base + at
    }

    /// Lets positions come near the last number.
    #[cfg(test)]
    pub(super) fn near_the_end(&mut self) {
        self.base = LAST - 100_000;
    }
}

#[inline(always)]
fn word_at(window: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*window.get(at..)?.first_chunk::<AHEAD>()?))
}

/// By the first seven bytes: in logs, what is alike for so long goes on being alike. Shorter matches come by chance.
#[inline(always)]
fn hash(word: u64) -> usize {
    ((word << 8).wrapping_mul(0x9e37_79b1_85eb_ca87) >> (64 - HASH_BITS)) as usize
}

/// Whether the four bytes of `word` stand at `before`, too.
#[inline(always)]
fn is_match(window: &[u8], word: u64, before: usize) -> bool {
    word_at(window, before).is_some_and(|other| (other ^ word).trailing_zeros() >= 32)
}

/// How far the bytes at `at` are those `distance` before.
#[inline(always)]
fn match_length(window: &[u8], at: usize, distance: usize) -> usize {
    let end = window.len().min(at + LONGEST);
    let (here, there) = (&window[at..end], &window[at - distance..end - distance]);
    let (words, _) = here.as_chunks::<8>();
    let (others, _) = there.as_chunks::<8>();
    for (number, (word, other)) in words.iter().zip(others).enumerate() {
        let difference = u64::from_le_bytes(*word) ^ u64::from_le_bytes(*other);
        if difference != 0 {
            return number * 8 + difference.trailing_zeros() as usize / 8;
        }
    }
    let same = words.len() * 8;
    same + here[same..].iter().zip(&there[same..]).take_while(|(one, other)| one == other).count()
}
