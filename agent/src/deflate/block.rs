//! What stands around the symbols of a deflate stream: headers, stored blocks, the end.

use super::huffman::Codes;
use super::pen::BitWriter;
use super::tables::{DISTANCES, LITERALS};

/// Most bytes of a block that is stored as it is.
const STORED: usize = 0xffff;
/// The order in which the lengths of the codes for lengths are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Writes the last block, which is empty.
pub(super) fn end(bits: &mut BitWriter, out: &mut Vec<u8>) {
    bits.push(0b011, 3, out);
    bits.push(0, 7, out);
    bits.align(out);
}

/// Writes `plain` as it is, in blocks of which none is the last.
pub(super) fn store(plain: &[u8], bits: &mut BitWriter, out: &mut Vec<u8>) {
    for part in plain.chunks(STORED) {
        bits.push(0, 3, out);
        bits.align(out);
        let length = u16::try_from(part.len()).expect("parts are small");
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(part);
    }
}

/// Begins a block that is not the last: writes which codes are used.
pub(super) fn header(
    literals: &Codes<LITERALS>,
    distances: &Codes<DISTANCES>,
    bits: &mut BitWriter,
    out: &mut Vec<u8>,
) {
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
