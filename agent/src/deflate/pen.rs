//! Bits on their way out, low bit first.

/// Bits that make no whole byte yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BitWriter {
    bits: u64,
    count: u32,
}

impl BitWriter {
    /// Appends up to 56 bits less than seven.
    #[inline(always)]
    pub(super) fn push(&mut self, bits: u64, count: u32, out: &mut Vec<u8>) {
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

    pub(super) fn align(&mut self, out: &mut Vec<u8>) {
        self.count = self.count.next_multiple_of(8);
        self.flush(out);
    }
}

/// What is written for a symbol.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bits {
    pub(super) bits: u32,
    pub(super) count: u32,
}

impl Bits {
    /// In the place of the code of a byte that has none. What is written with it is worthless, which [`Pen::is_lost`] tells.
    pub(super) const NONE: Self = Self { bits: LOST, count: 0 };
}

/// A bit that is part of no code.
const LOST: u32 = 1 << 31;

/// Writes into room that is known to suffice.
pub(super) struct Pen<'a> {
    out: &'a mut [u8],
    at: usize,
    writer: BitWriter,
    /// The codes of all single bytes together.
    seen: u32,
}

impl<'a> Pen<'a> {
    /// Bytes beyond those that are written, which it may touch.
    pub(super) const SLACK: usize = 16;

    pub(super) fn new(writer: BitWriter, out: &'a mut [u8]) -> Self {
        Self { out, at: 0, writer, seen: 0 }
    }

    /// Whole bytes written.
    #[inline(always)]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether a byte without a code was to be written.
    pub(super) fn is_lost(&self) -> bool {
        self.seen & LOST != 0
    }

    /// Writes what is left in whole bytes. Gives how many bytes there are in all, and the bits that make none.
    pub(super) fn finish(mut self) -> (usize, BitWriter) {
        self.push([]);
        (self.at, self.writer)
    }

    /// Writes up to 56 bits: at most seven are left from before.
    #[inline(always)]
    pub(super) fn push<const N: usize>(&mut self, all: [Bits; N]) {
        let BitWriter { bits, count } = &mut self.writer;
        self.out[self.at..self.at + 8].copy_from_slice(&bits.to_le_bytes());
        self.at += *count as usize / 8;
        *bits >>= *count & !7;
        *count &= 7;
        for one in all {
            *bits |= u64::from(one.bits) << *count;
            *count += one.count;
        }
    }

    /// The same for codes of single bytes, some of which may have none.
    #[inline(always)]
    pub(super) fn push_bytes<const N: usize>(&mut self, all: [Bits; N]) {
        all.iter().for_each(|one| self.seen |= one.bits);
        self.push(all);
    }
}
