//! Finds what stood there before.

use super::{Sequence, WINDOW};

/// Places remembered, as a power of two: few enough to stay in the first cache, or nearly.
const HASH_BITS: u32 = 14;
/// Longest match that deflate can say.
const LONGEST: usize = 258;
/// After so many places without a match the steps become longer by a byte.
const PATIENCE: usize = 3;
/// A match shorter than this is given up for a longer one that begins at the next byte.
const SHORT: usize = 64;
/// Bytes that must be left to look for a match.
const AHEAD: usize = 8;

/// Where bytes like those were seen last.
#[derive(Debug)]
pub(super) struct Finder {
    /// The lower half of positions, by hash. Which one it is of all that have this half is told by the bytes that stand there.
    last: Box<[u16; 1 << HASH_BITS]>,
    /// Position of the first byte of the window, its lower half.
    base: u16,
}

impl Default for Finder {
    fn default() -> Self {
        Self { last: Box::new([0; 1 << HASH_BITS]), base: 0 }
    }
}

impl Finder {
    /// The window was moved by `bytes`.
    pub(super) fn slide(&mut self, bytes: usize) {
        self.base = self.base.wrapping_add(low(bytes));
    }

    /// Another stream begins.
    pub(super) fn forget(&mut self) {
        self.last.fill(0);
        self.base = 0;
    }

    /// Says what stands in `window` from `from` on by what stands before. Gives the number of sequences; the last one has no
    /// match.
    pub(super) fn sequences(&mut self, window: &[u8], from: usize, sequences: &mut [Sequence]) -> usize {
        let (mut said, mut at, mut count, mut missed) = (from, from, 0, 0);
        while let Some(word) = word_at(window, at) {
            let Some(before) = self.replace(window, word, at) else {
                missed += 1;
                at += 1 + missed / PATIENCE;
                continue;
            };
            missed = 0;
            let found = self.best(window, at, before);
            let back = same_before(&window[said..found.at], &window[..found.at - found.distance]);
            let (start, length) = (found.at - back, (found.length + back).min(LONGEST));
            sequences[count] = Sequence::new(start - said, length, found.distance);
            count += 1;
            at = start + length;
            said = at;
            self.note(window, start + 1, at);
        }
        sequences[count] = Sequence::new(window.len() - said, 0, 1);
        count + 1
    }

    /// The match at `at` with what stands at `before`, or a longer one that begins at the next byte.
    #[inline(always)]
    fn best(&mut self, window: &[u8], at: usize, before: usize) -> Match {
        let first = Match::between(window, at, before);
        if first.length >= SHORT {
            return first;
        }
        let Some(word) = word_at(window, at + 1) else { return first };
        let Some(before) = self.replace(window, word, at + 1) else { return first };
        let second = Match::between(window, at + 1, before);
        if second.length > first.length { second } else { first }
    }

    /// Notes `at` for `word` and gives where the same bytes were noted before, if that is in reach.
    #[inline(always)]
    fn replace(&mut self, window: &[u8], word: u64, at: usize) -> Option<usize> {
        let position = self.base.wrapping_add(low(at));
        let before = std::mem::replace(&mut self.last[hash(word)], position);
        let distance = usize::from(position.wrapping_sub(before));
        // Whether it is in reach cannot be foreseen, so nothing branches on that alone.
        let before = at.saturating_sub(distance);
        let in_reach = (distance.wrapping_sub(1) < WINDOW) & (distance <= at);
        (is_match(window, word, before) & in_reach).then_some(before)
    }

    /// Notes places inside of a match, where another one might begin.
    #[inline(always)]
    fn note(&mut self, window: &[u8], from: usize, to: usize) {
        for at in [from, to - 1] {
            if let Some(word) = word_at(window, at) {
                self.last[hash(word)] = self.base.wrapping_add(low(at));
            }
        }
    }
}

/// Bytes that stood `distance` before.
#[derive(Clone, Copy)]
struct Match {
    at: usize,
    distance: usize,
    length: usize,
}

impl Match {
    #[inline(always)]
    fn between(window: &[u8], at: usize, before: usize) -> Self {
        let distance = at - before;
        Self { at, distance, length: match_length(window, at, distance) }
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
fn low(position: usize) -> u16 {
    position as u16
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
    word_at(window, before).is_some_and(|other| (other ^ word) << 32 == 0)
}

/// How many bytes at the ends of both are the same.
#[inline(always)]
fn same_before(here: &[u8], there: &[u8]) -> usize {
    here.iter().rev().zip(there.iter().rev()).take_while(|(one, other)| one == other).count()
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
