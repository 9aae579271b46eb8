//! Chains that were looked at before, by where their letters and digits are: most numbers of a log are written like others.

use super::context::Lengths;

/// Shapes that are remembered, a power of two.
const SHAPES: usize = 256;

/// Where letters and digits are in a chain of less than 64 bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Shape {
    /// Letters and digits, as bits, and a bit behind them all.
    alnums: u64,
    digits: u64,
    /// Whether `_` stands before them, and behind.
    edges: [bool; 2],
}

impl Shape {
    /// That of the first `length` bytes.
    #[inline(always)]
    pub(super) fn new(alnums: u64, digits: u64, length: u32, edges: [bool; 2]) -> Self {
        let behind = 1 << length;
        Self { alnums: alnums & (behind - 1) | behind, digits: digits & (behind - 1), edges }
    }

    #[inline(always)]
    fn place(self) -> usize {
        ((self.alnums ^ self.digits.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize & (SHAPES - 1)
    }
}

/// Shapes of chains in which nothing is that counts without a word, whatever their letters and digits are, and the lengths of their
/// runs: all of them where nobody wanted to know.
#[derive(Debug)]
pub(super) struct Shapes(Box<[(Shape, Lengths)]>);

impl Default for Shapes {
    fn default() -> Self {
        Self(vec![Default::default(); SHAPES].into())
    }
}

impl Shapes {
    /// The lengths of the runs of a chain of this shape, if it is known.
    #[inline(always)]
    pub(super) fn find(&self, shape: Shape) -> Option<Lengths> {
        let (known, lengths) = self.0.get(shape.place())?;
        (*known == shape).then_some(*lengths)
    }

    /// Keeps `shape` in place of another.
    #[inline(always)]
    pub(super) fn put(&mut self, shape: Shape, lengths: Lengths) {
        self.0[shape.place()] = (shape, lengths);
    }
}
