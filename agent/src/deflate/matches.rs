//! Finds what stood there before.

use std::ops::Range;

use vigie_parsers::simd::{first_quote_or_space, same_length};

use super::WINDOW;

/// Places remembered, as a power of two: few enough to stay in the first cache, or nearly.
const HASH_BITS: u32 = 14;
/// Longest match that deflate can say.
const LONGEST: usize = 258;
/// A match shorter than this comes by chance and is not looked for.
pub(super) const SHORTEST: usize = 7;
/// Bytes at the end that nothing is looked for in, so that there are enough behind every place.
const MARGIN: usize = 32;

/// Where bytes like those were seen last.
#[derive(Debug)]
pub(super) struct Finder {
    /// The lower half of positions, by hash. Which one it is of all that have this half is told by the bytes that stand there.
    last: Box<[u16; 1 << HASH_BITS]>,
    /// Position of the first byte of the window, its lower half.
    base: u16,
}

/// Bytes that stood `distance` before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    /// At least 7, at most 258.
    pub(super) length: usize,
    /// At least 1, at most 32,768.
    pub(super) distance: usize,
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

    /// Says what stands in `window` from `from` on by what stands before: `say` is told each run of bytes as they are, and the
    /// match behind it. Gives where the last run begins, which nothing follows; `None` when `say` wants no more.
    ///
    /// Looked up are the place behind a match, and then quotes and spaces only: what repeats in records begins there. So
    /// nothing is lost on ids and numbers, in which no look-up would find anything.
    #[inline(always)]
    pub(super) fn sequences(
        &mut self,
        window: &[u8],
        from: usize,
        mut say: impl FnMut(Range<usize>, Match) -> bool,
    ) -> Option<usize> {
        let (mut said, mut at) = (from, from);
        let end = window.len().saturating_sub(MARGIN);
        while at < end {
            let Some(before) = self.replace(window, at) else {
                at += 1;
                at += window[at..].first_chunk().map_or(0, first_quote_or_space);
                continue;
            };
            let distance = at - before;
            let most = window.len().min(at + LONGEST);
            let ahead = same_length(&window[at..most], &window[before..most - distance]);
            let back = same_before(window, at, before).min(at - said).min(LONGEST - ahead);
            let start = at - back;
            if !say(said..start, Match { length: ahead + back, distance }) {
                return None;
            }
            self.note(window, start + 1);
            at += ahead;
            said = at;
        }
        Some(said)
    }

    /// Notes `at` and gives where the same bytes were noted before, if that is in reach.
    #[inline(always)]
    fn replace(&mut self, window: &[u8], at: usize) -> Option<usize> {
        let word = word_at(window, at)?;
        let position = self.base.wrapping_add(low(at));
        let before = std::mem::replace(&mut self.last[hash(word)], position);
        let distance = usize::from(position.wrapping_sub(before));
        // Whether it is in reach cannot be foreseen, so nothing branches on that alone.
        let before = at.saturating_sub(distance);
        let in_reach = (distance.wrapping_sub(1) < WINDOW) & (distance <= at);
        let is_match = word_at(window, before).is_some_and(|other| (other ^ word) << (64 - 8 * SHORTEST) == 0);
        (is_match & in_reach).then_some(before)
    }

    /// Notes a place inside of a match, where another one might begin.
    #[inline(always)]
    fn note(&mut self, window: &[u8], at: usize) {
        if let Some(word) = word_at(window, at) {
            self.last[hash(word)] = self.base.wrapping_add(low(at));
        }
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
fn low(position: usize) -> u16 {
    position as u16
}

#[inline(always)]
fn word_at(window: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*window.get(at..)?.first_chunk()?))
}

/// By as many bytes as a match has at least.
#[inline(always)]
fn hash(word: u64) -> usize {
    ((word << (64 - 8 * SHORTEST)).wrapping_mul(0x9e37_79b1_85eb_ca87) >> (64 - HASH_BITS)) as usize
}

/// How many bytes before both places are the same, at most eight.
#[inline(always)]
fn same_before(window: &[u8], at: usize, before: usize) -> usize {
    let words = before.checked_sub(8).and_then(|start| Some((word_at(window, start)?, word_at(window, at - 8)?)));
    words.map_or(0, |(one, other)| (one ^ other).leading_zeros() as usize / 8)
}
