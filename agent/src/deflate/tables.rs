//! What is written for bytes, lengths and distances under one pair of codes.

use std::ops::Range;

use super::huffman::Codes;
use super::matches::Match;
use super::pen::{Bits, Pen};

/// Symbols for bytes, the end, and lengths.
pub(super) const LITERALS: usize = 286;
/// Symbols for distances.
pub(super) const DISTANCES: usize = 30;
/// Longest code of a byte or length: four of them fit into a word.
pub(super) const LONGEST_LITERAL: usize = 14;
/// Longest code of a distance.
pub(super) const LONGEST_DISTANCE: usize = 15;
/// The symbol at the end of a block.
pub(super) const END: usize = 256;

/// Codes, ready to be written.
#[derive(Debug)]
pub(super) struct Tables {
    bytes: [Bits; 256],
    lengths: [Bits; 259],
    distances: [Bits; DISTANCES],
    end: Bits,
}

impl Tables {
    pub(super) fn new(literals: &Codes<LITERALS>, distances: &Codes<DISTANCES>) -> Self {
        let byte = |byte| Some(bits(literals, byte)).filter(|bits| bits.count > 0).unwrap_or(Bits::NONE);
        Self {
            bytes: std::array::from_fn(byte),
            lengths: SAID.map(|said| said.bits(literals)),
            distances: std::array::from_fn(|symbol| bits(distances, symbol)),
            end: bits(literals, END),
        }
    }

    /// Bytes that `literals` single bytes and a match take at the most.
    pub(super) fn most(literals: usize) -> usize {
        literals * LONGEST_LITERAL / 8 + 8
    }

    /// Writes the bytes of `range`.
    #[inline(always)]
    pub(super) fn write_bytes(&self, window: &[u8], range: Range<usize>, pen: &mut Pen<'_>) {
        let mut left = &window[range];
        while let Some((four, more)) = left.split_first_chunk::<4>() {
            pen.push_bytes(four.map(|byte| self.bytes[usize::from(byte)]));
            left = more;
        }
        if !left.is_empty() {
            let nothing = Bits::default();
            let byte = |at: usize| left.get(at).map_or(nothing, |byte| self.bytes[usize::from(*byte)]);
            pen.push_bytes([byte(0), byte(1), byte(2)]);
        }
    }

    /// Writes a match.
    #[inline(always)]
    pub(super) fn write_match(&self, found: Match, pen: &mut Pen<'_>) {
        let distance = Distance::new(found.distance);
        let extra = Bits { bits: distance.extra, count: distance.extra_bits };
        pen.push([self.lengths[found.length], self.distances[distance.symbol], extra]);
    }

    /// Writes the end of the block.
    pub(super) fn write_end(&self, pen: &mut Pen<'_>) {
        pen.push([self.end]);
    }
}

fn bits<const N: usize>(codes: &Codes<N>, symbol: usize) -> Bits {
    Bits { bits: u32::from(codes.codes[symbol]), count: u32::from(codes.lengths[symbol]) }
}

/// How a length is said.
#[derive(Clone, Copy)]
pub(super) struct Said {
    pub(super) symbol: u16,
    extra: u8,
    pub(super) extra_bits: u8,
}

impl Said {
    /// Its code and its extra bits.
    fn bits(self, literals: &Codes<LITERALS>) -> Bits {
        let code = bits(literals, usize::from(self.symbol));
        let extra = u32::from(self.extra) << code.count;
        Bits { bits: code.bits | extra, count: code.count + u32::from(self.extra_bits) }
    }
}

/// By length; 0 to 2 are never said.
pub(super) static SAID: [Said; 259] = said();

#[expect(clippy::cast_possible_truncation, reason = "all of it is far smaller")]
const fn said() -> [Said; 259] {
    let mut said = [Said { symbol: 0, extra: 0, extra_bits: 0 }; 259];
    let (mut length, mut symbol) = (3, 257_u16);
    while symbol < 285 {
        let extra_bits = if symbol < 265 { 0 } else { (symbol - 261) / 4 };
        let mut extra = 0_u16;
        while extra < 1 << extra_bits {
            said[length] = Said { symbol, extra: extra as u8, extra_bits: extra_bits as u8 };
            length += 1;
            extra += 1;
        }
        symbol += 1;
    }
    said[258] = Said { symbol: 285, extra: 0, extra_bits: 0 };
    said
}

/// How a distance is said.
#[derive(Clone, Copy)]
pub(super) struct Distance {
    pub(super) symbol: usize,
    pub(super) extra_bits: u32,
    extra: u32,
}

impl Distance {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "it is at most 32,768")]
    pub(super) fn new(distance: usize) -> Self {
        let less = distance as u32 - 1;
        if less < 4 {
            return Self { symbol: less as usize, extra_bits: 0, extra: 0 };
        }
        let high = 31 - less.leading_zeros();
        let symbol = 2 * high + (less >> (high - 1) & 1);
        Self { symbol: symbol as usize, extra_bits: high - 1, extra: less & ((1 << (high - 1)) - 1) }
    }
}
