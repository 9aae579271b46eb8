//! Blocks on x86-64, with SSE2, which every such processor has.

use std::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_and_si128, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_cmplt_epi8, _mm_loadu_si128,
    _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm_storeu_si128, _mm_sub_epi8,
};

use super::{BLOCK, Digits, Found};

/// A bit for each byte.
pub(super) type Mask = u16;

#[inline(always)]
pub(super) fn is_same(one: &[u8; BLOCK], other: &[u8; BLOCK], ignored: Mask) -> bool {
    // SAFETY: these need SSE2 and touch no memory.
    let same = unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(vector(one), vector(other))) };
    same | i32::from(ignored) == 0xffff
}

/// How many bytes at the beginning of both are the same.
#[inline(always)]
pub(super) fn same_length(one: &[u8; BLOCK], other: &[u8; BLOCK]) -> usize {
    // SAFETY: these need SSE2 and touch no memory.
    let same = unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(vector(one), vector(other))) };
    same.trailing_ones() as usize
}

#[inline(always)]
pub(super) fn find(block: &[u8; BLOCK]) -> Found {
    // SAFETY: these need SSE2 and touch no memory.
    let (stops, quotes, highs) = unsafe {
        let bytes = vector(block);
        let quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x22));
        let backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x5c));
        let controls = _mm_cmpeq_epi8(bytes, _mm_min_epu8(bytes, _mm_set1_epi8(0x1f)));
        let stops = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
        (_mm_movemask_epi8(stops), _mm_movemask_epi8(quotes), _mm_movemask_epi8(bytes))
    };
    Found { stops: stops.cast_unsigned().into(), quotes: quotes.cast_unsigned().into(), highs: highs.cast_unsigned() }
}

/// Where one of `wanted` first stands in a block.
#[inline(always)]
pub(super) fn first_of(block: &[u8; BLOCK], wanted: [u8; 3]) -> Option<usize> {
    // SAFETY: these need SSE2 and touch no memory.
    let found = unsafe {
        let bytes = vector(block);
        let [one, two, three] = wanted.map(|byte| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte.cast_signed())));
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(one, two), three))
    };
    (found != 0).then(|| found.trailing_zeros() as usize)
}

#[inline(always)]
pub(super) fn digits(block: &[u8; BLOCK]) -> Digits {
    // SAFETY: these need SSE2 and touch no memory.
    let (all, dots) = unsafe {
        let bytes = vector(block);
        let values = _mm_sub_epi8(bytes, _mm_set1_epi8(0x30));
        let digits = _mm_cmpeq_epi8(values, _mm_min_epu8(values, _mm_set1_epi8(9)));
        let dots = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x2e));
        (_mm_movemask_epi8(_mm_or_si128(digits, dots)), _mm_movemask_epi8(dots))
    };
    Digits { others: (!all.cast_unsigned() & 0xffff).into(), dots: dots.cast_unsigned().into() }
}

/// Whether a block has nothing but ASCII from the blank on.
#[inline(always)]
pub(super) fn is_printable(block: &[u8; BLOCK]) -> bool {
    // SAFETY: these need SSE2 and touch no memory. Bytes beyond ASCII are negative.
    unsafe { _mm_movemask_epi8(_mm_cmplt_epi8(vector(block), _mm_set1_epi8(0x20))) == 0 }
}

#[inline(always)]
pub(super) fn count_digits(block: &[u8; BLOCK]) -> usize {
    // SAFETY: these need SSE2 and touch no memory.
    let digits = unsafe {
        let values = _mm_sub_epi8(vector(block), _mm_set1_epi8(0x30));
        _mm_movemask_epi8(_mm_cmpeq_epi8(values, _mm_min_epu8(values, _mm_set1_epi8(9))))
    };
    digits.trailing_ones() as usize
}

/// Each byte and the second of every step whose first it is above.
#[inline(always)]
pub(super) fn climb(bytes: &[u8; BLOCK], steps: [(i8, i8); 5]) -> [u8; BLOCK] {
    let mut out = [0; BLOCK];
    // SAFETY: these need SSE2; a block is written, aligned or not.
    unsafe {
        let bytes = vector(bytes);
        let mut sum = bytes;
        for (above, more) in steps {
            sum = _mm_add_epi8(sum, _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(above)), _mm_set1_epi8(more)));
        }
        _mm_storeu_si128(out.as_mut_ptr().cast(), sum);
    }
    out
}

/// A block in a register.
#[inline(always)]
fn vector(block: &[u8; BLOCK]) -> __m128i {
    // SAFETY: a block is read, aligned or not.
    unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
}
