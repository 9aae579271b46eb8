//! Chains that were looked at before, by where their letters and digits are: most numbers of a log are written like others.

/// Shapes that are remembered, a power of two.
const SHAPES: usize = 256;

/// Where letters and digits are in a chain of less than 64 bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Shape {
    /// Letters and digits, as bits, and a bit behind them all.
    alnums: u64,
    digits: u64,
}

impl Shape {
    /// That of the first `length` bytes.
    #[inline(always)]
    pub(super) fn new(alnums: u64, digits: u64, length: u32) -> Self {
        let behind = 1 << length;
        Self { alnums: alnums & (behind - 1) | behind, digits: digits & (behind - 1) }
    }

    #[inline(always)]
    fn place(self) -> usize {
        ((self.alnums ^ self.digits.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize & (SHAPES - 1)
    }
}

/// Shapes of chains in which nothing is that counts without a word, whatever their letters and digits are.
#[derive(Debug)]
pub(super) struct Shapes(Box<[Shape]>);

impl Default for Shapes {
    fn default() -> Self {
        Self(vec![Shape::default(); SHAPES].into())
    }
}

impl Shapes {
    #[inline(always)]
    pub(super) fn has(&self, shape: Shape) -> bool {
        self.0.get(shape.place()) == Some(&shape)
    }

    /// Keeps `shape` in place of another.
    #[inline(always)]
    pub(super) fn put(&mut self, shape: Shape) {
        self.0[shape.place()] = shape;
    }
}
