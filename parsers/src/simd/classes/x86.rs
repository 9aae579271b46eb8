//! 64 bytes in two registers of 32, with AVX2.

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_andnot_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use super::{Classes, DIGITS, LEFT, LETTERS, MARKS, PAIRS, RIGHT, SMALL, WORDS};

/// A bit for each of 32 bytes.
const ALL: u64 = 0xffff_ffff;

/// The kinds of each block of `text` in `out`, which has room for all of them.
#[target_feature(enable = "avx2")]
pub(super) fn classify(text: &[u8], out: &mut [Classes]) -> bool {
    let mut codes = 0;
    let (whole, rest) = text.as_chunks::<64>();
    for (to, chunk) in out.iter_mut().zip(whole) {
        let (halves, _) = chunk.as_chunks();
        both(&halves[0], &halves[1], 32, to);
        codes |= to.codes;
    }
    if let Some(to) = out.get_mut(whole.len()) {
        last(text, rest, to);
        codes |= to.codes;
    }
    codes != 0
}

/// The kinds of `rest`, which `text` ends with: no byte is copied where blocks may lie over each other.
#[target_feature(enable = "avx2")]
fn last(text: &[u8], rest: &[u8], to: &mut Classes) {
    if let (Some(first), Some(second)) = (rest.first_chunk(), rest.last_chunk()) {
        both(first, second, rest.len() - 32, to);
    } else if let Some(last) = text.last_chunk() {
        single(last, 32 - rest.len(), to);
    } else {
        single(&filled(rest), 0, to);
    }
}

/// `rest`, of less than 32 bytes, with zeros behind it.
#[inline(always)]
fn filled(rest: &[u8]) -> [u8; 32] {
    let mut filled = [0; 32];
    if let (Some(first), Some(last)) = (rest.first_chunk::<16>(), rest.last_chunk::<16>()) {
        filled[..16].copy_from_slice(first);
        filled[rest.len() - 16..rest.len()].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (rest.first_chunk::<8>(), rest.last_chunk::<8>()) {
        filled[..8].copy_from_slice(first);
        filled[rest.len() - 8..rest.len()].copy_from_slice(last);
    } else {
        filled.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    }
    filled
}

/// Of two halves, of which the second stands `apart` bytes behind the first. Not inlined: the compiler would make single bytes of
/// the vectors where ways meet. Written where they are to stand: a copy would wait for each of the masks.
#[inline(never)]
#[target_feature(enable = "avx2")]
fn both(first: &[u8; 32], second: &[u8; 32], apart: usize, to: &mut Classes) {
    let (first, second) = (half(first), half(second));
    *to = first.each(second, |first, second| first | second << apart);
}

/// Of one half without its first `gone` bytes.
#[inline(never)]
#[target_feature(enable = "avx2")]
fn single(bytes: &[u8; 32], gone: usize, to: &mut Classes) {
    let classes = half(bytes);
    *to = classes.each(classes, |mask, _| mask >> gone);
}

#[inline]
#[target_feature(enable = "avx2")]
fn half(bytes: &[u8; 32]) -> Classes {
    // SAFETY: arrays of 16 and 32 bytes are read, aligned or not.
    let (bytes, left, right) = unsafe {
        let table = |table: &[u8; 16]| _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast()));
        (_mm256_loadu_si256(bytes.as_ptr().cast()), table(&LEFT), table(&RIGHT))
    };
    let lefts = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
    // A byte beyond ASCII takes nothing from the table.
    let kinds = _mm256_and_si256(_mm256_shuffle_epi8(left, lefts), _mm256_shuffle_epi8(right, bytes));
    let equal = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte.cast_signed()));
    let highs = _mm256_or_si256(_mm256_or_si256(equal(0xc2), equal(0xe2)), equal(0xef));
    let marked = _mm256_or_si256(_mm256_or_si256(equal(b'%'), equal(b'&')), equal(b'\\'));
    let spaces = equal(b' ');
    // Masks are put together as vectors: of bits the compiler would make single bytes again.
    let not = |kind: u8| {
        _mm256_cmpeq_epi8(_mm256_and_si256(kinds, _mm256_set1_epi8(kind.cast_signed())), _mm256_setzero_si256())
    };
    let no_letter = not(LETTERS);
    let no_small =
        _mm256_cmpeq_epi8(_mm256_and_si256(bytes, _mm256_set1_epi8(SMALL.cast_signed())), _mm256_setzero_si256());
    Classes {
        digits: mask(not(DIGITS)) ^ ALL,
        words: mask(not(WORDS)) ^ ALL,
        capitals: mask(_mm256_andnot_si256(no_letter, no_small)),
        smalls: mask(_mm256_or_si256(no_letter, no_small)) ^ ALL,
        highs: mask(bytes),
        pairs: mask(not(PAIRS)) ^ ALL,
        marks: mask(_mm256_andnot_si256(equal(b'<'), not(MARKS))) ^ ALL,
        spaces: mask(spaces),
        // The kind is the highest bit.
        joints: mask(_mm256_andnot_si256(spaces, kinds)),
        codes: mask(_mm256_or_si256(highs, marked)),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn mask(bytes: __m256i) -> u64 {
    u64::from(_mm256_movemask_epi8(bytes).cast_unsigned())
}
