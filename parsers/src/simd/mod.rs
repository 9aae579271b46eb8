//! Sixteen bytes at once: the one place with code for a kind of processor.

#![allow(unsafe_code, reason = "vector instructions cannot be called otherwise")]

mod copy;
mod escape;

pub use copy::push;
pub use escape::push_plain;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 16;

/// Bytes of which blocks are read at any place: without a branch, since a place too near the end is moved away from it.
#[derive(Clone, Copy)]
pub(crate) struct Blocks<'a> {
    bytes: &'a [u8],
    last: usize,
}

impl<'a> Blocks<'a> {
    /// Longest block.
    pub(crate) const LONGEST: usize = 64;

    /// Blocks of `bytes`, if there is room for one.
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let last = bytes.len().checked_sub(Self::LONGEST)?;
        Some(Self { bytes, last })
    }

    /// The last place whose blocks are those that stand there.
    #[inline(always)]
    pub(crate) fn last(self) -> usize {
        self.last
    }

    /// The block at `at`, which is at most [`Blocks::last`]; else some other.
    #[inline(always)]
    pub(crate) fn at<const N: usize>(self, at: usize) -> &'a [u8; N] {
        const { assert!(N <= Self::LONGEST) };
        let at = at.min(self.last);
        // SAFETY: `last` was made so that the longest block fits behind it, and N is no longer.
        unsafe { &*self.bytes.as_ptr().add(at).cast() }
    }
}

/// Whether two blocks are the same but for the bytes whose bits are set in `ignored`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn is_same(one: &[u8; BLOCK], other: &[u8; BLOCK], ignored: u16) -> bool {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8};

    // SAFETY: these need SSE2, which every x86-64 processor has, and touch no memory.
    let same = unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(vector(one), vector(other))) };
    same | i32::from(ignored) == 0xffff
}

/// Whether two blocks are the same but for the bytes whose bits are set in `ignored`, which are the last ones.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn is_same(one: &[u8; BLOCK], other: &[u8; BLOCK], ignored: u16) -> bool {
    let difference = u128::from_le_bytes(*one) ^ u128::from_le_bytes(*other);
    difference.trailing_zeros() / 8 >= BLOCK as u32 - ignored.count_ones()
}

/// What stands in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where quotes, backslashes and control bytes are, as bits. Behind the first one there may be some too many.
    pub(crate) stops: u32,
    /// Not 0 when there is a byte beyond ASCII, before or behind the stop.
    pub(crate) highs: u32,
}

impl Found {
    /// Where the first quote, backslash or control byte is, if there is one.
    #[inline(always)]
    pub(crate) fn stop(self) -> Option<usize> {
        (self.stops != 0).then(|| self.stops.trailing_zeros() as usize)
    }
}

/// Looks for what ends a run of plain string bytes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn find(block: &[u8; BLOCK]) -> Found {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8};

    // SAFETY: these need SSE2, which every x86-64 processor has, and touch no memory.
    let (stops, highs) = unsafe {
        let bytes = vector(block);
        let quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x22));
        let backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x5c));
        let controls = _mm_cmpeq_epi8(bytes, _mm_min_epu8(bytes, _mm_set1_epi8(0x1f)));
        let stops = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
        (_mm_movemask_epi8(stops), _mm_movemask_epi8(bytes))
    };
    Found { stops: stops.cast_unsigned(), highs: highs.cast_unsigned() }
}

/// Looks for what ends a run of plain string bytes.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn find(block: &[u8; BLOCK]) -> Found {
    find_by_words(block)
}

/// [`find`] with the means of every machine.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn find_by_words(block: &[u8; BLOCK]) -> Found {
    let [low, high] = halves(block);
    let first = |stops: u64| if stops == 0 { 0 } else { 1 << (stops.trailing_zeros() / 8) };
    let stops = first(stops(low)) | first(stops(high)) << 8;
    Found { stops, highs: u32::from((low | high) & HIGHS != 0) }
}

/// Where one of `wanted` first stands in `text`. For the short distances between delimiters, where a call costs more than the
/// search.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn find_byte(text: &[u8], wanted: [u8; 3]) -> Option<usize> {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8};

    let found = |block: &[u8; BLOCK]| {
        // SAFETY: these need SSE2, which every x86-64 processor has, and touch no memory.
        let found = unsafe {
            let bytes = vector(block);
            let [one, two, three] = wanted.map(|byte| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed())));
            _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(one, two), three))
        };
        (found != 0).then(|| found.trailing_zeros() as usize)
    };
    let (blocks, rest) = text.as_chunks();
    for (number, block) in blocks.iter().enumerate() {
        if let Some(at) = found(block) {
            return Some(number * BLOCK + at);
        }
    }
    match text.last_chunk() {
        // It begins in the last whole block, where nothing was found.
        Some(last) => found(last).map(|at| text.len() - BLOCK + at),
        None => rest.iter().position(|byte| wanted.contains(byte)),
    }
}

/// How many digits a block begins with.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn count_digits(block: &[u8; BLOCK]) -> usize {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_set1_epi8, _mm_sub_epi8};

    // SAFETY: these need SSE2, which every x86-64 processor has, and touch no memory.
    let digits = unsafe {
        let values = _mm_sub_epi8(vector(block), _mm_set1_epi8(0x30));
        _mm_movemask_epi8(_mm_cmpeq_epi8(values, _mm_min_epu8(values, _mm_set1_epi8(9))))
    };
    digits.trailing_ones() as usize
}

/// How many digits a block begins with.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn count_digits(block: &[u8; BLOCK]) -> usize {
    block.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(BLOCK)
}

/// A block in a register.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn vector(block: &[u8; BLOCK]) -> std::arch::x86_64::__m128i {
    // SAFETY: a block is read, aligned or not, with an instruction that every x86-64 processor has.
    unsafe { std::arch::x86_64::_mm_loadu_si128(block.as_ptr().cast()) }
}

/// Where one of `wanted` first stands in `text`.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(crate) fn find_byte(text: &[u8], wanted: [u8; 3]) -> Option<usize> {
    let [one, two, three] = wanted;
    memchr::memchr3(one, two, three, text)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn halves(block: &[u8; BLOCK]) -> [u64; 2] {
    let both = u128::from_le_bytes(*block);
    #[expect(clippy::cast_possible_truncation, reason = "each half has 64 bits")]
    [both as u64, (both >> 64) as u64]
}

#[cfg(any(test, not(target_arch = "x86_64")))]
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// High bits of the bytes that end a run.
///
/// A byte above the first hit may be marked wrongly, the first one never.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn stops(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5c);
    let quotes = quote.wrapping_sub(ONES) & !quote;
    let backslashes = backslash.wrapping_sub(ONES) & !backslash;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | backslashes | controls) & HIGHS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_stop_is_found_by_every_means(text in "[ -~\\x00-\\x1f\"\\\\é\u{7f}]{0,3}[a-zé ]{16}", shift in 0..4_usize) {
            let bytes = text.as_bytes();
            let block = bytes[shift.min(bytes.len() - BLOCK)..].first_chunk().expect("there are 16 bytes");
            let stop = block.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            for found in [find(block), find_by_words(block)] {
                prop_assert_eq!(found.stop(), stop);
                prop_assert_eq!(found.highs != 0, !block.is_ascii());
            }
        }

        #[test]
        fn a_byte_is_found_where_it_first_stands(text in "[ab]{0,40}x?[a-x]{0,20}", shift in 0..4_usize, others in "[v-x]{2}") {
            let bytes = text.as_bytes().get(shift..).unwrap_or_default();
            let wanted = [b'x', others.as_bytes()[0], others.as_bytes()[1]];
            prop_assert_eq!(find_byte(bytes, wanted), bytes.iter().position(|byte| wanted.contains(byte)));
        }

        #[test]
        fn blocks_are_the_same_but_for_their_ends(one: [u8; BLOCK], at in 0..BLOCK, length in 1..=BLOCK) {
            let mut other = one;
            other[at] ^= 0x40;
            let ignored = u16::try_from((1_u32 << BLOCK) - (1 << length)).expect("it has a bit for each byte");
            prop_assert!(is_same(&one, &one, 0));
            prop_assert_eq!(is_same(&one, &other, ignored), at >= length);
        }

        #[test]
        fn digits_are_counted(text in "[0-9]{0,16}[ -~]{16}|[ -~\\x00-\\x1f]{16}") {
            let block = text.as_bytes().first_chunk().expect("there are 16 bytes");
            let digits = text.bytes().take(BLOCK).position(|byte| !byte.is_ascii_digit()).unwrap_or(BLOCK);
            prop_assert_eq!(count_digits(block), digits);
        }

        #[test]
        fn the_first_stop_is_found_among_any_bytes(block: [u8; BLOCK]) {
            let (one, other) = (find(&block), find_by_words(&block));
            prop_assert_eq!((one.stop(), one.highs != 0), (other.stop(), other.highs != 0));
        }
    }
}
