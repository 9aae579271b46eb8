//! Where lines end.

/// Calls `at_newline` with the place of each newline in `text`, in order, until it returns false.
#[inline]
pub(crate) fn each_newline(text: &[u8], at_newline: impl FnMut(usize) -> bool) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") {
        // SAFETY: the processor has what the function needs.
        return unsafe { avx2::each_newline(text, at_newline) };
    }
    one_by_one(text, at_newline);
}

/// The same with the means of every machine.
fn one_by_one(text: &[u8], at_newline: impl FnMut(usize) -> bool) {
    // It ends where a newline is not wanted any more.
    let _ = memchr::memchr_iter(b'\n', text).all(at_newline);
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    };

    /// Bytes that are looked at together.
    const BLOCK: usize = 64;

    #[target_feature(enable = "avx2,bmi1")]
    pub(super) fn each_newline(text: &[u8], mut at_newline: impl FnMut(usize) -> bool) {
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        for (number, block) in blocks.iter().enumerate() {
            let mut ends = ends(block);
            while ends != 0 && at_newline(number * BLOCK + ends.trailing_zeros() as usize) {
                ends &= ends - 1;
            }
            if ends != 0 {
                return;
            }
        }
        super::one_by_one(rest, |at| at_newline(blocks.len() * BLOCK + at));
    }

    /// Where newlines stand in `block`, the lowest bit for its first byte.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn ends(block: &[u8; BLOCK]) -> u64 {
        let (halves, _) = block.as_chunks::<32>();
        let newline = _mm256_set1_epi8(b'\n'.cast_signed());
        // SAFETY: each half has 32 bytes; no alignment is needed.
        let [one, other] = [0, 1].map(|at| unsafe { _mm256_loadu_si256(halves[at].as_ptr().cast::<__m256i>()) });
        let (one, other) = (_mm256_cmpeq_epi8(one, newline), _mm256_cmpeq_epi8(other, newline));
        if _mm256_movemask_epi8(_mm256_or_si256(one, other)) == 0 {
            return 0;
        }
        let mask = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
        mask(one) | mask(other) << 32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_newline_is_told_until_no_more_are_wanted(text in "[a-c\n]{0,80}[a-z]{0,150}[a\n]{0,90}", most in 1..60_usize) {
            let expected: Vec<usize> = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
            for with_all_means in [true, false] {
                let mut told = Vec::new();
                let at_newline = |at| {
                    told.push(at);
                    told.len() < most
                };
                if with_all_means {
                    each_newline(text.as_bytes(), at_newline);
                } else {
                    one_by_one(text.as_bytes(), at_newline);
                }
                prop_assert_eq!(&told, &expected[..most.min(expected.len())]);
            }
        }
    }
}
