//! Blocks with the means of every machine, a word at a time. Where there are vectors, this is what they are tested against.

use super::{BLOCK, Digits, Found};

/// A byte for each byte.
pub(super) type Mask = u128;

#[inline(always)]
pub(super) fn is_same(one: &[u8; BLOCK], other: &[u8; BLOCK], ignored: Mask) -> bool {
    (u128::from_le_bytes(*one) ^ u128::from_le_bytes(*other)) & !ignored == 0
}

/// How many bytes at the beginning of both are the same.
#[inline(always)]
pub(super) fn same_length(one: &[u8; BLOCK], other: &[u8; BLOCK]) -> usize {
    (u128::from_le_bytes(*one) ^ u128::from_le_bytes(*other)).trailing_zeros() as usize / 8
}

/// Where one of `wanted` first stands in a block.
#[inline(always)]
pub(super) fn first_of(block: &[u8; BLOCK], wanted: [u8; 3]) -> Option<usize> {
    block.iter().position(|byte| wanted.contains(byte))
}

#[inline(always)]
pub(super) fn find(block: &[u8; BLOCK]) -> Found {
    let [low, high] = halves(block);
    let first = |stops: u64| if stops == 0 { 0 } else { 1 << (stops.trailing_zeros() / 8 * Found::WIDTH) };
    let both = |hits: fn(u64) -> u64| first(hits(low)) | first(hits(high)) << (8 * Found::WIDTH);
    Found { stops: both(stops), quotes: both(quotes), highs: u32::from((low | high) & HIGHS != 0) }
}

#[inline(always)]
pub(super) fn digits(block: &[u8; BLOCK]) -> Digits {
    let bits = |is: fn(&u8) -> bool| {
        let bit = |(at, byte): (u32, &u8)| if is(byte) { 1 << (at * Found::WIDTH) } else { 0 };
        (0..).zip(block).map(bit).sum()
    };
    Digits { others: bits(|byte| !matches!(byte, b'0'..=b'9' | b'.')), dots: bits(|byte| *byte == b'.') }
}

/// Whether a block has nothing but ASCII from the blank on.
#[inline(always)]
pub(super) fn is_printable(block: &[u8; BLOCK]) -> bool {
    block.iter().all(|byte| matches!(byte, b' '..=0x7f))
}

#[inline(always)]
pub(super) fn count_digits(block: &[u8; BLOCK]) -> usize {
    block.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(BLOCK)
}

fn halves(block: &[u8; BLOCK]) -> [u64; 2] {
    let both = u128::from_le_bytes(*block);
    #[expect(clippy::cast_possible_truncation, reason = "each half has 64 bits")]
    [both as u64, (both >> 64) as u64]
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// High bits of the bytes that end a run.
///
/// A byte above the first hit may be marked wrongly, the first one never.
fn stops(word: u64) -> u64 {
    let backslash = word ^ (ONES * 0x5c);
    let backslashes = backslash.wrapping_sub(ONES) & !backslash;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    quotes(word) | ((backslashes | controls) & HIGHS)
}

/// High bits of the bytes that are quotes, as exact as [`stops`].
fn quotes(word: u64) -> u64 {
    let quote = word ^ (ONES * 0x22);
    quote.wrapping_sub(ONES) & !quote & HIGHS
}
