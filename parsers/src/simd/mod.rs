//! Sixteen bytes at once: the one place with code for a kind of processor.

#![allow(unsafe_code, reason = "vector instructions cannot be called otherwise")]

mod copy;
mod escape;

pub use copy::push;
pub use escape::push_plain;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 16;

/// What stands in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where the first quote, backslash or control byte is; [`BLOCK`] when there is none.
    pub(crate) stop: usize,
    /// Whether there is a byte beyond ASCII, before or behind the stop.
    pub(crate) high: bool,
}

/// Looks for what ends a run of plain string bytes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn find(block: &[u8; BLOCK]) -> Found {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };

    // SAFETY: these need SSE2, which every x86-64 processor has, and touch no memory.
    let (stops, highs) = unsafe {
        let bytes = vector(block);
        let quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x22));
        let backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x5c));
        let controls = _mm_cmpeq_epi8(bytes, _mm_min_epu8(bytes, _mm_set1_epi8(0x1f)));
        let stops = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
        (_mm_movemask_epi8(stops), _mm_movemask_epi8(bytes))
    };
    Found { stop: (stops | 1 << BLOCK).trailing_zeros() as usize, high: highs != 0 }
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
    let stop = match (stops(low), stops(high)) {
        (0, 0) => BLOCK,
        (0, stops) => 8 + stops.trailing_zeros() as usize / 8,
        (stops, _) => stops.trailing_zeros() as usize / 8,
    };
    Found { stop, high: (low | high) & HIGHS != 0 }
}

/// Where one of `wanted` first stands in `text`. For the short distances between delimiters, where a call costs more than the
/// search.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn find_byte(text: &[u8], wanted: [u8; 3]) -> Option<usize> {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8};

    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for (number, block) in blocks.iter().enumerate() {
        // SAFETY: these need SSE2, which every x86-64 processor has, and touch no memory.
        let found = unsafe {
            let bytes = vector(block);
            let [one, two, three] = wanted.map(|byte| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed())));
            _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(one, two), three))
        };
        if found != 0 {
            return Some(number * BLOCK + found.trailing_zeros() as usize);
        }
    }
    let at = rest.iter().position(|byte| wanted.contains(byte))?;
    Some(blocks.len() * BLOCK + at)
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
            let stop = block.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(BLOCK);
            let expected = Found { stop, high: !block.is_ascii() };
            prop_assert_eq!(find(block), expected);
            prop_assert_eq!(find_by_words(block), expected);
        }

        #[test]
        fn a_byte_is_found_where_it_first_stands(text in "[ab]{0,40}x?[a-x]{0,20}", shift in 0..4_usize, others in "[v-x]{2}") {
            let bytes = text.as_bytes().get(shift..).unwrap_or_default();
            let wanted = [b'x', others.as_bytes()[0], others.as_bytes()[1]];
            prop_assert_eq!(find_byte(bytes, wanted), bytes.iter().position(|byte| wanted.contains(byte)));
        }

        #[test]
        fn the_first_stop_is_found_among_any_bytes(block: [u8; BLOCK]) {
            prop_assert_eq!(find(&block), find_by_words(&block));
        }
    }
}
