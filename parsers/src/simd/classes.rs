//! Kinds of bytes, 64 at once: where digits, words and marks stand, as a bit for each byte.
//!
//! A kind is a set of left halves of bytes and a set of right halves, so that two look-ups in tables of sixteen tell all kinds
//! of a byte.

/// Where bytes of each kind stand among 64: the lowest bit is the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// `0` to `9`.
    pub digits: u64,
    /// ASCII letters, digits and `_`.
    pub words: u64,
    /// `A` to `Z`.
    pub capitals: u64,
    /// `a` to `z`.
    pub smalls: u64,
    /// Bytes beyond ASCII.
    pub highs: u64,
    /// `: =`, which may stand between a name and its value.
    pub pairs: u64,
    /// `@ < [ \`.
    pub marks: u64,
    /// Spaces.
    pub spaces: u64,
    /// `. - / +`, which may stand between groups of letters and digits, as spaces may.
    pub joints: u64,
    /// What a code for another byte may begin with: `% & \` and, in UTF-8, what spaces, hyphens and digits beyond ASCII begin with
    /// (0xc2, 0xe2, 0xef).
    pub codes: u64,
}

impl Classes {
    /// What `join` makes of both, kind by kind.
    #[inline(always)]
    fn each(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            digits: join(self.digits, other.digits),
            words: join(self.words, other.words),
            capitals: join(self.capitals, other.capitals),
            smalls: join(self.smalls, other.smalls),
            highs: join(self.highs, other.highs),
            pairs: join(self.pairs, other.pairs),
            marks: join(self.marks, other.marks),
            spaces: join(self.spaces, other.spaces),
            joints: join(self.joints, other.joints),
            codes: join(self.codes, other.codes),
        }
    }
}

const DIGITS: u8 = 1;
const LETTERS: u8 = 0x06;
const WORDS: u8 = 0x0f;
const PAIRS: u8 = 0x10;
const MARKS: u8 = 0x60;
/// Spaces and joints.
const GAPS: u8 = 0x80;

/// The bit by which small letters differ from capitals.
const SMALL: u8 = 0x20;

/// Kinds by the left half of a byte. `<` and codes are not told by halves.
const LEFT: [u8; 16] = [0, 0, 0x80, 0x11, 0x42, 0x2c, 0x02, 0x04, 0, 0, 0, 0, 0, 0, 0, 0];
/// Kinds by the right half of a byte.
const RIGHT: [u8; 16] =
    [0xc5, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x16, 0xa2, 0x22, 0x92, 0x82, 0x8a];

/// What stands where in `text`, in place of what was in `out`: one entry for every 64 bytes, the last one filled up with zeros.
/// Gives whether codes are among it.
pub fn classify(text: &[u8], out: &mut Vec<Classes>) -> bool {
    out.clear();
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function needs.
        return unsafe { x86::classify(text, out) };
    }
    #[cfg(target_arch = "aarch64")]
    return blocks(text, out, neon::block);
    #[cfg(not(target_arch = "aarch64"))]
    blocks(text, out, plain)
}

/// The same with the means of every machine.
#[cfg(any(test, fuzzing))]
pub(super) fn classify_plainly(text: &[u8], out: &mut Vec<Classes>) -> bool {
    out.clear();
    blocks(text, out, plain)
}

#[inline(always)]
fn blocks(text: &[u8], out: &mut Vec<Classes>, block: impl Fn(&[u8; 64]) -> Classes) -> bool {
    let mut codes = 0;
    let mut push = |classes: Classes| {
        codes |= classes.codes;
        out.push(classes);
    };
    let (whole, rest) = text.as_chunks::<64>();
    whole.iter().for_each(|chunk| push(block(chunk)));
    if !rest.is_empty() {
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        push(block(&last));
    }
    codes != 0
}

/// All kinds of `byte` that its halves tell.
#[cfg(any(test, fuzzing, not(target_arch = "aarch64")))]
static KINDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = LEFT[byte >> 4] & RIGHT[byte & 15];
        byte += 1;
    }
    table
};

#[cfg(any(test, fuzzing, not(target_arch = "aarch64")))]
fn plain(block: &[u8; 64]) -> Classes {
    let mut classes = Classes::default();
    for (at, byte) in block.iter().enumerate() {
        let kinds = KINDS[usize::from(*byte)];
        let put = |to: &mut u64, is: bool| *to |= u64::from(is) << at;
        put(&mut classes.digits, kinds & DIGITS != 0);
        put(&mut classes.words, kinds & WORDS != 0);
        put(&mut classes.capitals, kinds & LETTERS != 0 && byte & SMALL == 0);
        put(&mut classes.smalls, kinds & LETTERS != 0 && byte & SMALL != 0);
        put(&mut classes.highs, *byte >= 0x80);
        put(&mut classes.pairs, kinds & PAIRS != 0);
        put(&mut classes.marks, kinds & MARKS != 0 || *byte == b'<');
        put(&mut classes.spaces, *byte == b' ');
        put(&mut classes.joints, kinds & GAPS != 0 && *byte != b' ');
        put(&mut classes.codes, matches!(*byte, b'%' | b'&' | b'\\' | 0xc2 | 0xe2 | 0xef));
    }
    classes
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_andnot_si256, _mm256_broadcastsi128_si256,
        _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
        _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    use super::{Classes, DIGITS, GAPS, LEFT, LETTERS, MARKS, PAIRS, RIGHT, SMALL, WORDS};

    /// A bit for each of 32 bytes.
    const ALL: u64 = 0xffff_ffff;

    #[target_feature(enable = "avx2")]
    pub(super) fn classify(text: &[u8], out: &mut Vec<Classes>) -> bool {
        let mut codes = 0;
        let (whole, rest) = text.as_chunks::<64>();
        for chunk in whole {
            let (halves, _) = chunk.as_chunks();
            let classes = both(&halves[0], &halves[1], 32);
            codes |= classes.codes;
            out.push(classes);
        }
        if !rest.is_empty() {
            let classes = last(text, rest);
            codes |= classes.codes;
            out.push(classes);
        }
        codes != 0
    }

    /// The kinds of `rest`, which `text` ends with: no byte is copied where blocks may lie over each other.
    #[target_feature(enable = "avx2")]
    fn last(text: &[u8], rest: &[u8]) -> Classes {
        if let (Some(first), Some(second)) = (rest.first_chunk(), rest.last_chunk()) {
            return both(first, second, rest.len() - 32);
        }
        if let Some(second) = text.last_chunk() {
            let (classes, gone) = (both(second, &[0; 32], 32), 32 - rest.len());
            return classes.each(classes, |mask, _| mask >> gone);
        }
        both(&filled(rest), &[0; 32], 32)
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
    /// the vectors where ways meet.
    #[inline(never)]
    #[target_feature(enable = "avx2")]
    fn both(first: &[u8; 32], second: &[u8; 32], apart: usize) -> Classes {
        let (first, second) = (half(first), half(second));
        first.each(second, |first, second| first | second << apart)
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
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use std::arch::aarch64::{
        uint8x16_t, vaddv_u8, vandq_u8, vbicq_u8, vceqq_u8, vdupq_n_u8, vget_high_u8, vget_low_u8, vld1q_u8, vorrq_u8,
        vqtbl1q_u8, vshrq_n_u8, vtstq_u8,
    };

    use super::{Classes, DIGITS, GAPS, LEFT, LETTERS, MARKS, PAIRS, RIGHT, SMALL, WORDS};

    #[inline(always)]
    pub(super) fn block(block: &[u8; 64]) -> Classes {
        let mut classes = Classes::default();
        let (quarters, _) = block.as_chunks::<16>();
        for (number, quarter) in quarters.iter().enumerate() {
            let found = masks(quarter);
            classes = classes.each(found, |so_far, found| so_far | found << (16 * number));
        }
        classes
    }

    #[inline(always)]
    fn masks(bytes: &[u8; 16]) -> Classes {
        // SAFETY: every 64-bit ARM that this is built for has NEON; arrays of 16 bytes are read, aligned or not.
        unsafe {
            let bytes = vld1q_u8(bytes.as_ptr());
            let left = vqtbl1q_u8(vld1q_u8(LEFT.as_ptr()), vshrq_n_u8::<4>(bytes));
            // A byte beyond ASCII takes nothing from the table.
            let right = vqtbl1q_u8(vld1q_u8(RIGHT.as_ptr()), vandq_u8(bytes, vdupq_n_u8(0x8f)));
            let kinds = vandq_u8(left, right);
            let equal = |byte: u8| vceqq_u8(bytes, vdupq_n_u8(byte));
            let highs = vorrq_u8(vorrq_u8(equal(0xc2), equal(0xe2)), equal(0xef));
            let marked = vorrq_u8(vorrq_u8(equal(b'%'), equal(b'&')), equal(b'\\'));
            let spaces = equal(b' ');
            let any = |wanted: u8| vtstq_u8(kinds, vdupq_n_u8(wanted));
            let smalls = vtstq_u8(bytes, vdupq_n_u8(SMALL));
            Classes {
                digits: bits(any(DIGITS)),
                words: bits(any(WORDS)),
                capitals: bits(vbicq_u8(any(LETTERS), smalls)),
                smalls: bits(vandq_u8(any(LETTERS), smalls)),
                highs: bits(vtstq_u8(bytes, vdupq_n_u8(0x80))),
                pairs: bits(any(PAIRS)),
                marks: bits(vorrq_u8(any(MARKS), equal(b'<'))),
                spaces: bits(spaces),
                joints: bits(vbicq_u8(any(GAPS), spaces)),
                codes: bits(vorrq_u8(highs, marked)),
            }
        }
    }

    /// A bit for each byte of ones.
    #[inline(always)]
    fn bits(mask: uint8x16_t) -> u64 {
        const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
        // SAFETY: see above.
        let (low, high) = unsafe {
            let bits = vandq_u8(mask, vld1q_u8(PLACES.as_ptr()));
            (vaddv_u8(vget_low_u8(bits)), vaddv_u8(vget_high_u8(bits)))
        };
        u64::from(low) | u64::from(high) << 8
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_has_its_kinds() {
        for byte in 0..=u8::MAX {
            let mut out = Vec::new();
            classify(&[byte], &mut out);
            let bits = |is: bool| u64::from(is);
            let expected = Classes {
                digits: bits(byte.is_ascii_digit()),
                words: bits(byte.is_ascii_alphanumeric() || byte == b'_'),
                capitals: bits(byte.is_ascii_uppercase()),
                smalls: bits(byte.is_ascii_lowercase()),
                highs: bits(!byte.is_ascii()),
                pairs: bits(b":=".contains(&byte)),
                marks: bits(b"@<[\\".contains(&byte)),
                spaces: bits(byte == b' '),
                joints: bits(b".-/+".contains(&byte)),
                codes: bits(b"%&\\\xc2\xe2\xef".contains(&byte)),
            };
            assert_eq!(out, [expected], "{byte:#x}");
        }
    }

    proptest! {
        #[test]
        fn every_means_sees_the_same(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            crate::simd::check::classes(&text);
        }
    }
}
