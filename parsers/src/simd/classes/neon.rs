//! 64 bytes in four registers of 16, with NEON.

use std::arch::aarch64::{
    uint8x16_t, vaddv_u8, vandq_u8, vbicq_u8, vceqq_u8, vdupq_n_u8, vget_high_u8, vget_low_u8, vld1q_u8, vorrq_u8,
    vqtbl1q_u8, vshrq_n_u8, vtstq_u8,
};

use super::{CODES, Classes, DIGITS, FIRST_LETTERS, GAPS, LAST_LETTERS, LEFT, LOW_LINE, MARKS, PAIRS, RIGHT, SMALL};

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
        let back = vorrq_u8(equal(b'\\'), equal(0x1b));
        let spaces = equal(b' ');
        let any = |wanted: u8| vtstq_u8(kinds, vdupq_n_u8(wanted));
        let letters = any(FIRST_LETTERS | LAST_LETTERS);
        let smalls = vtstq_u8(bytes, vdupq_n_u8(SMALL));
        Classes {
            digits: bits(any(DIGITS)),
            words: bits(any(DIGITS | FIRST_LETTERS | LAST_LETTERS | LOW_LINE)),
            capitals: bits(vbicq_u8(letters, smalls)),
            smalls: bits(vandq_u8(letters, smalls)),
            highs: bits(vtstq_u8(bytes, vdupq_n_u8(0x80))),
            pairs: bits(any(PAIRS)),
            marks: bits(vorrq_u8(any(MARKS), vorrq_u8(equal(b'@'), equal(b'<')))),
            spaces: bits(spaces),
            joints: bits(vbicq_u8(any(GAPS), spaces)),
            zeros: bits(equal(b'0')),
            pluses: bits(equal(b'+')),
            codes: bits(vorrq_u8(any(CODES), vorrq_u8(highs, back))),
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
