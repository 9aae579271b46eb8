//! Blocks of a deflate stream.

use super::Sequence;
use super::huffman::Codes;

/// Symbols for bytes, the end, and lengths.
const LITERALS: usize = 286;
/// Symbols for distances.
const DISTANCES: usize = 30;
/// Longest code of a byte or length: four of them fit into a word.
const LONGEST_LITERAL: usize = 13;
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
        self.bits >>= self.count & !7;
        self.count &= 7;
    }

    fn align(&mut self, out: &mut Vec<u8>) {
        self.count = self.count.next_multiple_of(8);
        self.flush(out);
    }
}

/// Writes `sequences`, which say `plain`, as a block that is not the last.
pub(super) fn write(sequences: &[Sequence], plain: &[u8], bits: &mut BitWriter, out: &mut Vec<u8>) {
    let counts = Counts::of(sequences, plain);
    let codes = (Codes::new(&counts.literals, LONGEST_LITERAL), Codes::new(&counts.distances, 15));
    let size = (codes.0.cost(&counts.literals) + codes.1.cost(&counts.distances) + counts.extra_bits) / 8;
    if size > plain.len() {
        return store(plain, bits, out);
    }
    header(&codes.0, &codes.1, bits, out);
    body((sequences, plain), size, (&codes.0, &codes.1), bits, out);
}

/// How often each symbol is used.
struct Counts {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
    extra_bits: usize,
}

impl Counts {
    fn of(sequences: &[Sequence], plain: &[u8]) -> Self {
        let mut counts = Self { literals: [0; LITERALS], distances: [0; DISTANCES], extra_bits: 0 };
        // The same byte comes again soon: in two tables its count is not waited for.
        let mut odd = [0_u32; 256];
        let mut lengths = [0_u32; 259];
        let mut rest = plain;
        for sequence in sequences {
            let (literals, more) = rest.split_at(sequence.literals as usize);
            rest = &more[usize::from(sequence.length)..];
            let (pairs, last) = literals.as_chunks::<2>();
            for [one, other] in pairs {
                counts.literals[usize::from(*one)] += 1;
                odd[usize::from(*other)] += 1;
            }
            for byte in last {
                counts.literals[usize::from(*byte)] += 1;
            }
            lengths[usize::from(sequence.length)] += 1;
            let (symbol, extra_bits, _) = distance_symbol(u32::from(sequence.distance));
            counts.distances[symbol] += 1;
            counts.extra_bits += extra_bits as usize;
        }
        counts.literals.iter_mut().zip(odd).for_each(|(count, odd)| *count += odd);
        // The last sequence has no match.
        counts.distances[0] -= 1;
        counts.literals[END] = 1;
        for (count, said) in lengths.iter().zip(&SAID).skip(3) {
            counts.literals[usize::from(said.symbol)] += count;
            counts.extra_bits += *count as usize * usize::from(said.extra_bits);
        }
        counts
    }
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

/// Writes the sequences and the end of the block, `size` bytes in all but for a few.
fn body(
    (sequences, plain): (&[Sequence], &[u8]),
    size: usize,
    (literals, distances): (&Codes<LITERALS>, &Codes<DISTANCES>),
    bits: &mut BitWriter,
    out: &mut Vec<u8>,
) {
    let from = out.len();
    out.resize(from + size + 32, 0);
    let mut pen = Pen { out: &mut out[from..], at: 0, bits: bits.bits, count: bits.count };
    let bytes: [Bits; 256] = std::array::from_fn(|byte| Bits::of(literals, byte));
    let lengths = lengths(literals);
    let distances: [Bits; DISTANCES] = std::array::from_fn(|symbol| Bits::of(distances, symbol));
    let mut rest = plain;
    for sequence in sequences {
        let (literals, more) = rest.split_at(sequence.literals as usize);
        rest = &more[usize::from(sequence.length)..];
        let mut left = literals;
        while let Some((four, more)) = left.split_first_chunk::<4>() {
            pen.push_all(four.map(|byte| bytes[usize::from(byte)]));
            left = more;
        }
        if !left.is_empty() {
            let nothing = Bits::default();
            pen.push_all([0, 1, 2].map(|at| left.get(at).map_or(nothing, |byte| bytes[usize::from(*byte)])));
        }
        if sequence.length > 0 {
            let (symbol, count, extra) = distance_symbol(u32::from(sequence.distance));
            pen.push_all([lengths[usize::from(sequence.length)], distances[symbol], Bits { bits: extra, count }]);
        }
    }
    pen.push_all([Bits::of(literals, END)]);
    pen.push_all([]);
    let at = pen.at;
    (bits.bits, bits.count) = (pen.bits, pen.count);
    out.truncate(from + at);
}

/// Writes bits into room that is known to suffice.
struct Pen<'a> {
    out: &'a mut [u8],
    at: usize,
    bits: u64,
    count: u32,
}

impl Pen<'_> {
    /// Writes up to 56 bits.
    #[inline(always)]
    fn push_all<const N: usize>(&mut self, all: [Bits; N]) {
        self.out[self.at..self.at + 8].copy_from_slice(&self.bits.to_le_bytes());
        self.at += self.count as usize / 8;
        self.bits >>= self.count & !7;
        self.count &= 7;
        for one in all {
            self.bits |= u64::from(one.bits) << self.count;
            self.count += one.count;
        }
    }
}

/// What is written for a symbol.
#[derive(Clone, Copy, Default)]
struct Bits {
    bits: u32,
    count: u32,
}

impl Bits {
    fn of<const N: usize>(codes: &Codes<N>, symbol: usize) -> Self {
        Self { bits: u32::from(codes.codes[symbol]), count: u32::from(codes.lengths[symbol]) }
    }
}

/// What is written for each length: its code and its extra bits.
fn lengths(literals: &Codes<LITERALS>) -> [Bits; 259] {
    SAID.map(|said| {
        let code = Bits::of(literals, usize::from(said.symbol));
        let extra = u32::from(said.extra) << code.count;
        Bits { bits: code.bits | extra, count: code.count + u32::from(said.extra_bits) }
    })
}

/// How a length is said.
#[derive(Clone, Copy)]
struct Said {
    symbol: u16,
    extra: u8,
    extra_bits: u8,
}

/// By length; 0 to 2 are never said.
static SAID: [Said; 259] = said();

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
