//! Blocks of a deflate stream.

use super::huffman::Codes;
use super::{KINDS, Token};

/// Symbols for bytes, the end, and lengths.
const LITERALS: usize = 286;
/// Symbols for distances, and one that is never written.
const DISTANCES: usize = 31;
/// The distance of a byte.
const NO_DISTANCE: usize = 30;
/// The symbol at the end of a block.
const END: usize = 256;
/// Most bytes of a block that is stored as it is.
const STORED: usize = 0xffff;
/// The order in which the lengths of the codes for lengths are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Bits on their way, low bit first.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bits: u64,
    count: u32,
}

impl BitWriter {
    /// Appends up to 56 bits less than seven.
    #[inline(always)]
    fn push(&mut self, bits: u64, count: u32, out: &mut Vec<u8>) {
        self.bits |= bits << self.count;
        self.count += count;
        self.flush(out);
    }

    /// Gives whole bytes away.
    #[inline(always)]
    fn flush(&mut self, out: &mut Vec<u8>) {
        let whole = self.count as usize / 8;
        out.extend_from_slice(&self.bits.to_le_bytes()[..whole]);
        self.bits = self.bits.checked_shr(self.count & !7).unwrap_or(0);
        self.count &= 7;
    }

    fn align(&mut self, out: &mut Vec<u8>) {
        self.count = self.count.next_multiple_of(8);
        self.flush(out);
    }
}

/// Writes `tokens`, which say `plain`, as a block that is not the last.
pub(super) fn write(tokens: &[Token], plain: &[u8], bits: &mut BitWriter, out: &mut Vec<u8>) {
    let mut literals = [0; LITERALS];
    let mut distances = [0; DISTANCES];
    literals[END] = 1;
    let mut extra = 0;
    // A byte counts for a distance that does not exist: without a branch that cannot be foreseen.
    for token in tokens {
        let said = SAID[token.kind()];
        let (distance, bits, _) = distance_symbol(token.distance());
        literals[usize::from(said.symbol)] += 1;
        distances[if token.is_literal() { NO_DISTANCE } else { distance }] += 1;
        extra += usize::from(said.extra_bits) + bits as usize;
    }
    distances[NO_DISTANCE] = 0;
    let (literal_codes, distance_codes) = (Codes::new(&literals, 15), Codes::new(&distances, 15));
    let size = (literal_codes.cost(&literals) + distance_codes.cost(&distances) + extra) / 8;
    if size > plain.len() {
        return store(plain, bits, out);
    }
    header(&literal_codes, &distance_codes, bits, out);
    body(tokens, size, (&literal_codes, &distance_codes), bits, out);
}

/// Writes the last block, which is empty.
pub(super) fn end(bits: &mut BitWriter, out: &mut Vec<u8>) {
    bits.push(0b011, 3, out);
    bits.push(0, 7, out);
    bits.align(out);
}

fn store(plain: &[u8], bits: &mut BitWriter, out: &mut Vec<u8>) {
    for part in plain.chunks(STORED) {
        bits.push(0, 3, out);
        bits.align(out);
        let length = u16::try_from(part.len()).expect("parts are small");
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(part);
    }
}

/// Writes which codes are used.
fn header(literals: &Codes<LITERALS>, distances: &Codes<DISTANCES>, bits: &mut BitWriter, out: &mut Vec<u8>) {
    let used = |lengths: &[u8], least: usize| {
        lengths.iter().rposition(|length| *length > 0).map_or(least, |last| (last + 1).max(least))
    };
    let (literal_count, distance_count) = (used(&literals.lengths, 257), used(&distances.lengths, 1));
    let lengths = [&literals.lengths[..literal_count], &distances.lengths[..distance_count]].concat();
    let runs = runs(&lengths);
    let mut counts = [0; 19];
    runs.iter().for_each(|run| counts[usize::from(run.symbol)] += 1);
    let codes = Codes::new(&counts, 7);
    let order_count = ORDER.iter().rposition(|symbol| codes.lengths[*symbol] > 0).map_or(4, |last| (last + 1).max(4));
    bits.push(0b100, 3, out);
    bits.push(literal_count as u64 - 257, 5, out);
    bits.push(distance_count as u64 - 1, 5, out);
    bits.push(order_count as u64 - 4, 4, out);
    for symbol in &ORDER[..order_count] {
        bits.push(u64::from(codes.lengths[*symbol]), 3, out);
    }
    for run in runs {
        let symbol = usize::from(run.symbol);
        bits.push(u64::from(codes.codes[symbol]), u32::from(codes.lengths[symbol]), out);
        bits.push(u64::from(run.extra), run.extra_bits, out);
    }
}

/// Code lengths that repeat, as symbols.
struct LengthRun {
    symbol: u8,
    extra: u8,
    extra_bits: u32,
}

fn runs(lengths: &[u8]) -> Vec<LengthRun> {
    let mut runs = Vec::new();
    let mut last = None;
    let mut rest = lengths;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|length| *length == first).count();
        let (taken, symbol, base, extra_bits) = match (*first, same) {
            (0, 11..) => (same.min(138), 18, 11, 7),
            (0, 3..) => (same, 17, 3, 3),
            (length, 3..) if last == Some(length) => (same.min(6), 16, 3, 2),
            (length, _) => (1, length, 1, 0),
        };
        let extra = u8::try_from(taken - base).expect("a run takes few");
        runs.push(LengthRun { symbol, extra, extra_bits });
        last = Some(*first);
        rest = &rest[taken..];
    }
    runs
}

/// Writes the tokens and the end of the block, `size` bytes in all but for a few.
fn body(
    tokens: &[Token],
    size: usize,
    (literals, distances): (&Codes<LITERALS>, &Codes<DISTANCES>),
    bits: &mut BitWriter,
    out: &mut Vec<u8>,
) {
    let mut at = out.len();
    out.resize(at + size + 32, 0);
    let (mut pending, mut count) = (bits.bits, bits.count);
    let kinds = kinds(literals);
    for token in tokens {
        out[at..at + 8].copy_from_slice(&pending.to_le_bytes());
        at += count as usize / 8;
        pending >>= count & !7;
        count &= 7;
        let kind = kinds[token.kind()];
        pending |= u64::from(kind.bits) << count;
        count += u32::from(kind.count);
        let (symbol, extra_bits, extra) = distance_symbol(token.distance());
        let symbol = if token.is_literal() { NO_DISTANCE } else { symbol };
        pending |= u64::from(distances.codes[symbol]) << count;
        count += u32::from(distances.lengths[symbol]);
        pending |= u64::from(extra) << count;
        count += extra_bits;
    }
    out[at..at + 8].copy_from_slice(&pending.to_le_bytes());
    out.truncate(at + count as usize / 8);
    pending = pending.checked_shr(count & !7).unwrap_or(0);
    (bits.bits, bits.count) = (pending, count & 7);
    bits.push(u64::from(literals.codes[END]), u32::from(literals.lengths[END]), out);
}

/// What is written for a byte or a length: its code and its extra bits.
#[derive(Clone, Copy, Default)]
struct Bits {
    bits: u32,
    count: u8,
}

/// What is written for each kind of token, so that each takes one look-up.
fn kinds(literals: &Codes<LITERALS>) -> [Bits; KINDS] {
    SAID.map(|said| {
        let symbol = usize::from(said.symbol);
        let (code, length) = (literals.codes[symbol], literals.lengths[symbol]);
        Bits { bits: u32::from(code) | u32::from(said.extra) << length, count: length + said.extra_bits }
    })
}

/// How a byte or a length is said.
#[derive(Clone, Copy)]
struct Said {
    symbol: u16,
    extra: u8,
    extra_bits: u8,
}

/// By kind of token.
static SAID: [Said; KINDS] = said();

#[expect(clippy::cast_possible_truncation, reason = "all of it is far smaller")]
const fn said() -> [Said; KINDS] {
    let mut said = [Said { symbol: 0, extra: 0, extra_bits: 0 }; KINDS];
    let mut byte = 0;
    while byte < 256 {
        said[byte].symbol = byte as u16;
        byte += 1;
    }
    let (mut length, mut symbol) = (3, 257_u16);
    while symbol < 285 {
        let extra_bits = if symbol < 265 { 0 } else { (symbol - 261) / 4 };
        let mut extra = 0_u16;
        while extra < 1 << extra_bits {
            said[256 + length] = Said { symbol, extra: extra as u8, extra_bits: extra_bits as u8 };
            length += 1;
            extra += 1;
        }
        symbol += 1;
    }
    said[256 + 258] = Said { symbol: 285, extra: 0, extra_bits: 0 };
    said
}

/// The symbol, the number of extra bits and the extra bits of a distance less one.
#[inline(always)]
fn distance_symbol(distance: u32) -> (usize, u32, u32) {
    if distance < 4 {
        return (distance as usize, 0, 0);
    }
    let high = 31 - distance.leading_zeros();
    let symbol = 2 * high + (distance >> (high - 1) & 1);
    (symbol as usize, high - 1, distance & ((1 << (high - 1)) - 1))
}
