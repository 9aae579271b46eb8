//! Blocks on 64-bit ARM, with NEON, which every such processor that this is built for has.
//!
//! There is no instruction that makes one bit of each byte. The nearest gives four, in one step: so masks have four bits
//! for each byte here, and places in them are divided by four.

use std::arch::aarch64::{
    uint8x16_t, vbicq_u8, vceqq_u8, vcgtq_u8, vcltq_u8, vdupq_n_u8, vget_lane_u64, vld1q_u8, vmaxvq_u8, vminvq_s8,
    vorrq_u8, vreinterpret_u64_u8, vreinterpretq_s8_u8, vreinterpretq_u16_u8, vshrn_n_u16, vsubq_u8,
};

use super::{BLOCK, Digits, Found};

/// Four bits for each byte.
pub(super) type Mask = u64;

#[inline(always)]
pub(super) fn is_same(one: &[u8; BLOCK], other: &[u8; BLOCK], ignored: Mask) -> bool {
    // SAFETY: these need NEON and touch no memory.
    let same = mask(unsafe { vceqq_u8(vector(one), vector(other)) });
    same | ignored == Mask::MAX
}

/// How many bytes at the beginning of both are the same.
#[inline(always)]
pub(super) fn same_length(one: &[u8; BLOCK], other: &[u8; BLOCK]) -> usize {
    // SAFETY: these need NEON and touch no memory.
    first(!mask(unsafe { vceqq_u8(vector(one), vector(other)) }))
}

#[inline(always)]
pub(super) fn find(block: &[u8; BLOCK]) -> Found {
    // SAFETY: these need NEON and touch no memory.
    let (stops, quotes, highest) = unsafe {
        let bytes = vector(block);
        let quotes = vceqq_u8(bytes, vdupq_n_u8(b'"'));
        let backslashes = vceqq_u8(bytes, vdupq_n_u8(b'\\'));
        let controls = vcltq_u8(bytes, vdupq_n_u8(0x20));
        (vorrq_u8(vorrq_u8(quotes, backslashes), controls), quotes, vmaxvq_u8(bytes))
    };
    Found { stops: mask(stops), quotes: mask(quotes), highs: u32::from(highest & 0x80) }
}

/// Where one of `wanted` first stands in a block.
#[inline(always)]
pub(super) fn first_of(block: &[u8; BLOCK], wanted: [u8; 3]) -> Option<usize> {
    // SAFETY: these need NEON and touch no memory.
    let found = unsafe {
        let bytes = vector(block);
        let [one, two, three] = wanted.map(|byte| vceqq_u8(bytes, vdupq_n_u8(byte)));
        vorrq_u8(vorrq_u8(one, two), three)
    };
    let at = first(mask(found));
    (at < BLOCK).then_some(at)
}

#[inline(always)]
pub(super) fn digits(block: &[u8; BLOCK]) -> Digits {
    // SAFETY: these need NEON and touch no memory.
    let (others, dots) = unsafe {
        let bytes = vector(block);
        let others = vcgtq_u8(vsubq_u8(bytes, vdupq_n_u8(b'0')), vdupq_n_u8(9));
        let dots = vceqq_u8(bytes, vdupq_n_u8(b'.'));
        (vbicq_u8(others, dots), dots)
    };
    Digits { others: mask(others), dots: mask(dots) }
}

/// Whether a block has nothing but ASCII from the blank on.
#[inline(always)]
pub(super) fn is_printable(block: &[u8; BLOCK]) -> bool {
    // SAFETY: these need NEON and touch no memory. Bytes beyond ASCII are negative.
    unsafe { vminvq_s8(vreinterpretq_s8_u8(vector(block))) >= 0x20 }
}

#[inline(always)]
pub(super) fn count_digits(block: &[u8; BLOCK]) -> usize {
    // SAFETY: these need NEON and touch no memory.
    let others = unsafe { vcgtq_u8(vsubq_u8(vector(block), vdupq_n_u8(b'0')), vdupq_n_u8(9)) };
    first(mask(others))
}

/// A block in a register.
#[inline(always)]
fn vector(block: &[u8; BLOCK]) -> uint8x16_t {
    // SAFETY: an array of 16 bytes is read, aligned or not.
    unsafe { vld1q_u8(block.as_ptr()) }
}

/// The mask of bytes of which each is all ones or all zeros.
#[inline(always)]
fn mask(bytes: uint8x16_t) -> Mask {
    // SAFETY: these need NEON and touch no memory.
    unsafe { vget_lane_u64::<0>(vreinterpret_u64_u8(vshrn_n_u16::<4>(vreinterpretq_u16_u8(bytes)))) }
}

/// Place of the first byte whose bits are set, [`BLOCK`] if there is none.
#[inline(always)]
fn first(mask: Mask) -> usize {
    mask.trailing_zeros() as usize / 4
}
