//! 64 bytes in two registers of 32, with AVX2.

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_srli_epi16,
};

use super::{CODES, Classes, DIGITS, FIRST_LETTERS, LAST_LETTERS, LEFT, LOW_LINE, MARKS, PAIRS, RIGHT};

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
    // What is the highest bit of each byte tells its kind. Neighbours shift bits into lower ones only.
    let first_letters = _mm256_slli_epi16::<FIRST>(kinds);
    let letters = mask(_mm256_or_si256(first_letters, _mm256_slli_epi16::<LAST>(kinds)));
    let low_lines = mask(_mm256_slli_epi16::<LOW>(kinds));
    let digits = mask(_mm256_slli_epi16::<DIGIT>(kinds));
    let smalls = letters & mask(_mm256_slli_epi16::<2>(bytes));
    let highs = _mm256_or_si256(_mm256_or_si256(equal(0xc2), equal(0xe2)), equal(0xef));
    let back = _mm256_or_si256(equal(b'\\'), equal(0x1b));
    let spaces = mask(equal(b' '));
    Classes {
        digits,
        words: digits | letters | low_lines,
        capitals: letters ^ smalls,
        smalls,
        highs: mask(bytes),
        pairs: mask(_mm256_slli_epi16::<PAIR>(kinds)),
        marks: mask(_mm256_or_si256(_mm256_slli_epi16::<MARK>(kinds), _mm256_or_si256(equal(b'@'), equal(b'<')))),
        spaces,
        joints: mask(kinds) ^ spaces,
        zeros: mask(equal(b'0')),
        pluses: mask(equal(b'+')),
        codes: mask(_mm256_or_si256(_mm256_slli_epi16::<CODE>(kinds), _mm256_or_si256(highs, back))),
    }
}

/// How far the bit of a kind is from the highest one.
const LAST: i32 = LAST_LETTERS.leading_zeros().cast_signed();
const FIRST: i32 = FIRST_LETTERS.leading_zeros().cast_signed();
const LOW: i32 = LOW_LINE.leading_zeros().cast_signed();
const DIGIT: i32 = DIGITS.leading_zeros().cast_signed();
const PAIR: i32 = PAIRS.leading_zeros().cast_signed();
const MARK: i32 = MARKS.leading_zeros().cast_signed();
const CODE: i32 = CODES.leading_zeros().cast_signed();

#[inline]
#[target_feature(enable = "avx2")]
fn mask(bytes: __m256i) -> u64 {
    u64::from(_mm256_movemask_epi8(bytes).cast_unsigned())
}
