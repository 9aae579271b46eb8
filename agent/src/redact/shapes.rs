//! Chains that were looked at before, by where their letters and digits are: most numbers of a log are written like others.

use super::context::Lengths;
use super::masks::Window;

/// Shapes that are remembered, a power of two.
const SHAPES: usize = 256;
/// The same of forms.
const FORMS: usize = 128;

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

    /// Whether a `_` stands beside them.
    #[inline(always)]
    pub(super) fn has_edges(self) -> bool {
        self.edges != [false; 2]
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

    /// Whether nothing counts in a chain of this shape where no word speaks.
    #[inline(always)]
    pub(super) fn has(&self, shape: Shape) -> bool {
        self.find(shape).is_some()
    }

    /// Keeps `shape` in place of another.
    #[inline(always)]
    pub(super) fn put(&mut self, shape: Shape, lengths: Lengths) {
        self.0[shape.place()] = (shape, lengths);
    }
}

/// How a chain of groups is written, of less than 64 bytes: all that decides whether anything in it counts without a word, unless it
/// was asked for more. Most names that are made up of random digits and letters have the same one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Form {
    /// Letters and digits, as bits, and a bit behind them all.
    alnums: u64,
    /// One place behind groups of digits alone, and of letters alone.
    behind_digits: u64,
    behind_letters: u64,
}

impl Form {
    /// That of the first `length` bytes.
    #[inline(always)]
    pub(super) fn of(window: &Window, length: u32) -> Self {
        let behind = 1 << length;
        let (alnums, digits) = (window.alnums & (behind - 1), window.digits & (behind - 1));
        let (letters, starts, ends) = (alnums & !digits, alnums & !(alnums << 1), alnums << 1 & !alnums);
        // A bit added to what a group begins with moves to what stands behind.
        let behind_all = |bits: u64| (bits + (bits & starts)) & !bits & ends;
        Self { alnums: alnums | behind, behind_digits: behind_all(digits), behind_letters: behind_all(letters) }
    }

    #[inline(always)]
    fn place(self) -> usize {
        let mixed = self.alnums ^ self.behind_digits.rotate_left(23) ^ self.behind_letters.rotate_left(41);
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize & (FORMS - 1)
    }
}

/// Where two letters stand before a digit in a chain, at the beginning of a group or as one of their own, `within` these bytes: there an
/// account number (IBAN) may begin.
#[inline(always)]
pub(super) fn countries(window: &Window, within: u64) -> u64 {
    let (alnums, digits) = (window.alnums & within, window.digits & within);
    let letters = alnums & !digits;
    alnums & !(alnums << 1) & letters & letters >> 1 & (digits >> 2 | !alnums >> 2 & digits >> 3)
}

/// Forms in which nothing is that counts without a word, and the lengths of their runs, as of shapes.
#[derive(Debug)]
pub(super) struct Forms(Box<[(Form, Lengths)]>);

impl Default for Forms {
    fn default() -> Self {
        Self(vec![Default::default(); FORMS].into())
    }
}

impl Forms {
    /// The lengths of the runs of a chain of this form, if it is known.
    #[inline(always)]
    pub(super) fn find(&self, form: Form) -> Option<Lengths> {
        let (known, lengths) = self.0.get(form.place())?;
        (*known == form).then_some(*lengths)
    }

    /// Whether nothing counts in a chain of this form where no word speaks.
    #[inline(always)]
    pub(super) fn has(&self, form: Form) -> bool {
        self.find(form).is_some()
    }

    /// Keeps `form` in place of another.
    pub(super) fn put(&mut self, form: Form, lengths: Lengths) {
        self.0[form.place()] = (form, lengths);
    }
}
