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
    /// `@ : < = [ \`.
    pub marks: u64,
    /// What a code for another byte may begin with: `% & \` and, in UTF-8, what spaces, hyphens and digits beyond ASCII begin with
    /// (0xc2, 0xe2, 0xef).
    pub codes: u64,
}

const DIGITS: u8 = 1;
const WORDS: u8 = 0x0f;
const MARKS: u8 = 0x70;
const CODES: u8 = 0x80;

/// Kinds by the left half of a byte.
const LEFT: [u8; 16] = [0, 0, 0x80, 0x11, 0x42, 0x2c, 0x02, 0x04, 0, 0, 0, 0, 0, 0, 0, 0];
/// Kinds by the right half of a byte.
const RIGHT: [u8; 16] =
    [0x45, 0x07, 0x07, 0x07, 0x07, 0x87, 0x87, 0x07, 0x07, 0x07, 0x16, 0x22, 0x32, 0x12, 0x02, 0x0a];

/// What stands where in `text`, in place of what was in `out`: one entry for every 64 bytes, the last one filled up with zeros.
pub fn classify(text: &[u8], out: &mut Vec<Classes>) {
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
pub(super) fn classify_plainly(text: &[u8], out: &mut Vec<Classes>) {
    out.clear();
    blocks(text, out, plain);
}

#[inline(always)]
fn blocks(text: &[u8], out: &mut Vec<Classes>, block: impl Fn(&[u8; 64]) -> Classes) {
    let (whole, rest) = text.as_chunks::<64>();
    out.extend(whole.iter().map(&block));
    if !rest.is_empty() {
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        out.push(block(&last));
    }
}

/// All kinds of `byte`.
#[cfg(any(test, fuzzing, not(target_arch = "aarch64")))]
const fn kinds(byte: u8) -> u8 {
    match byte {
        b'\\' => LEFT[5] & RIGHT[12] | CODES,
        0xc2 | 0xe2 | 0xef => CODES,
        _ => LEFT[(byte >> 4) as usize] & RIGHT[(byte & 15) as usize],
    }
}

#[cfg(any(test, fuzzing, not(target_arch = "aarch64")))]
static KINDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = kinds(byte);
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

#[cfg(any(test, fuzzing, not(target_arch = "aarch64")))]
fn plain(block: &[u8; 64]) -> Classes {
    let mut classes = Classes::default();
    for (at, byte) in block.iter().enumerate() {
        let kinds = KINDS[usize::from(*byte)];
        let bit = |kind: u8| u64::from(kinds & kind != 0) << at;
        classes.digits |= bit(DIGITS);
        classes.words |= bit(WORDS);
        classes.marks |= bit(MARKS);
        classes.codes |= bit(CODES);
    }
    classes
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
        _mm256_slli_epi16, _mm256_srli_epi16,
    };

    use super::{Classes, LEFT, MARKS, RIGHT, WORDS};

    #[target_feature(enable = "avx2")]
    pub(super) fn classify(text: &[u8], out: &mut Vec<Classes>) {
        super::blocks(text, out, |block| {
            let (halves, _) = block.as_chunks::<32>();
            let (first, second) = (half(&halves[0]), half(&halves[1]));
            let both = |at: usize| u64::from(first[at]) | u64::from(second[at]) << 32;
            Classes { digits: both(0), words: both(1), marks: both(2), codes: both(3) }
        });
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn half(bytes: &[u8; 32]) -> [u32; 4] {
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
        let codes = _mm256_or_si256(_mm256_or_si256(highs, equal(b'\\')), kinds);
        [mask(_mm256_slli_epi16(kinds, 7)), any(kinds, WORDS), any(kinds, MARKS), mask(codes)]
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn any(kinds: __m256i, wanted: u8) -> u32 {
        let wanted = _mm256_and_si256(kinds, _mm256_set1_epi8(wanted.cast_signed()));
        !mask(_mm256_cmpeq_epi8(wanted, _mm256_setzero_si256()))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn mask(bytes: __m256i) -> u32 {
        _mm256_movemask_epi8(bytes).cast_unsigned()
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use std::arch::aarch64::{
        uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vdupq_n_u8, vget_high_u8, vget_low_u8, vld1q_u8, vorrq_u8,
        vqtbl1q_u8, vshrq_n_u8, vtstq_u8,
    };

    use super::{CODES, Classes, DIGITS, LEFT, MARKS, RIGHT, WORDS};

    #[inline(always)]
    pub(super) fn block(block: &[u8; 64]) -> Classes {
        let mut classes = Classes::default();
        let (quarters, _) = block.as_chunks::<16>();
        for (number, quarter) in quarters.iter().enumerate() {
            let [digits, words, marks, codes] = masks(quarter);
            let put = |mask: u64| mask << (16 * number);
            classes.digits |= put(digits);
            classes.words |= put(words);
            classes.marks |= put(marks);
            classes.codes |= put(codes);
        }
        classes
    }

    #[inline(always)]
    fn masks(bytes: &[u8; 16]) -> [u64; 4] {
        // SAFETY: every 64-bit ARM that this is built for has NEON; arrays of 16 bytes are read, aligned or not.
        unsafe {
            let bytes = vld1q_u8(bytes.as_ptr());
            let left = vqtbl1q_u8(vld1q_u8(LEFT.as_ptr()), vshrq_n_u8::<4>(bytes));
            // A byte beyond ASCII takes nothing from the table.
            let right = vqtbl1q_u8(vld1q_u8(RIGHT.as_ptr()), vandq_u8(bytes, vdupq_n_u8(0x8f)));
            let kinds = vandq_u8(left, right);
            let equal = |byte: u8| vceqq_u8(bytes, vdupq_n_u8(byte));
            let highs = vorrq_u8(vorrq_u8(equal(0xc2), equal(0xe2)), equal(0xef));
            let any = |wanted: u8| vtstq_u8(kinds, vdupq_n_u8(wanted));
            let codes = vorrq_u8(vorrq_u8(highs, equal(b'\\')), any(CODES));
            [bits(any(DIGITS)), bits(any(WORDS)), bits(any(MARKS)), bits(codes)]
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
                marks: bits(b"@:<=[\\".contains(&byte)),
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
