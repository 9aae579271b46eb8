//! Chains that were looked at before, by where their letters and digits are: most numbers of a log are written like others.

use super::context::Lengths;
use super::masks::Window;
use super::ways::Beginning;

/// Shapes that are remembered, a power of two.
const SHAPES: usize = 256;
/// The same of forms.
const FORMS: usize = 128;
/// Of how many shapes with known forms one is kept.
const OFFERED: u8 = 16;

/// Groups that are told apart by how they begin, at most, in chains that are remembered.
const GUARDS: usize = 3;

/// A place of a chain at which something may count if it begins in some of these ways.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guard {
    pub(super) at: u8,
    pub(super) beginning: Beginning,
    /// The length of the group that counts in one piece, and whether letters are in it; `None` of several groups.
    pub(super) alone: Option<(u8, bool)>,
}

/// All such places of one chain.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guards {
    all: [Guard; GUARDS],
    count: u8,
}

impl Guards {
    /// Adds one if anything begins so. Beyond the most there are too many.
    pub(super) fn put(&mut self, guard: Guard) {
        if guard.beginning.is_none() {
            return;
        }
        if let Some(place) = self.all.get_mut(usize::from(self.count)) {
            *place = guard;
        }
        self.count = self.count.saturating_add(1);
    }

    /// Whether there are more than are kept.
    pub(super) fn are_too_many(&self) -> bool {
        usize::from(self.count) > GUARDS
    }

    #[inline(always)]
    pub(super) fn are_none(&self) -> bool {
        self.count == 0
    }

    /// Those at which a chain that stands at the beginning of `text` begins so.
    #[inline(always)]
    pub(super) fn met(&self, text: &[u8]) -> impl Iterator<Item = &Guard> {
        self.all.iter().take(self.count.into()).filter(|guard| {
            let byte = |at: usize| text.get(at).copied().unwrap_or_default();
            let at = usize::from(guard.at);
            guard.beginning.meets(Beginning::of(byte(at), byte(at + 1)))
        })
    }
}

/// What is known of a chain in which nothing counts without a word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quiet {
    /// The lengths of its runs: all of them where nobody wanted to know.
    pub(super) runs: Lengths,
    /// Where it tells whether that is so.
    pub(super) guards: Guards,
    /// Whether neither four numbers nor a position on earth nor an account number (IBAN) may be in a chain of its shape.
    pub(super) is_plain: bool,
}

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

/// Shapes of chains in which nothing is that counts without a word, whatever their letters and digits are but for how some groups
/// begin.
#[derive(Debug)]
pub(super) struct Shapes {
    all: Box<[(Shape, Quiet)]>,
    /// Shapes that were offered of which the form is known.
    offered: u8,
}

impl Default for Shapes {
    fn default() -> Self {
        Self { all: vec![Default::default(); SHAPES].into(), offered: 0 }
    }
}

impl Shapes {
    /// What is known of chains of this shape.
    #[inline(always)]
    pub(super) fn known(&self, shape: Shape) -> Option<&Quiet> {
        let (known, quiet) = self.all.get(shape.place())?;
        (*known == shape).then_some(quiet)
    }

    /// The lengths of the runs of a chain of this shape, if it is known whatever its letters and digits are.
    #[inline(always)]
    pub(super) fn find(&self, shape: Shape) -> Option<Lengths> {
        self.known(shape).filter(|known| known.guards.are_none()).map(|known| known.runs)
    }

    /// Whether nothing counts in a chain of this shape where no word speaks.
    #[inline(always)]
    pub(super) fn has(&self, shape: Shape) -> bool {
        self.find(shape).is_some()
    }

    /// Keeps `shape` in place of another.
    #[inline(always)]
    pub(super) fn put(&mut self, shape: Shape, quiet: Quiet) {
        self.all[shape.place()] = (shape, quiet);
    }

    /// Keeps one of a few shapes of which the form is known: those that come again come to be known, and random ones leave them most of
    /// their places.
    #[inline(always)]
    pub(super) fn offer(&mut self, shape: Shape, quiet: impl FnOnce() -> Quiet) {
        self.offered = self.offered.wrapping_add(1);
        if self.offered.is_multiple_of(OFFERED) {
            self.put(shape, quiet());
        }
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

/// Forms in which nothing is that counts without a word, as of shapes.
#[derive(Debug)]
pub(super) struct Forms(Box<[(Form, Quiet)]>);

impl Default for Forms {
    fn default() -> Self {
        Self(vec![Default::default(); FORMS].into())
    }
}

impl Forms {
    /// What is known of chains of this form.
    #[inline(always)]
    pub(super) fn known(&self, form: Form) -> Option<&Quiet> {
        let (known, quiet) = self.0.get(form.place())?;
        (*known == form).then_some(quiet)
    }

    /// Whether nothing counts in a chain of this form where no word speaks, whatever its letters and digits are.
    #[inline(always)]
    pub(super) fn has(&self, form: Form) -> bool {
        self.known(form).is_some_and(|known| known.guards.are_none())
    }

    /// Keeps `form` in place of another.
    pub(super) fn put(&mut self, form: Form, quiet: Quiet) {
        self.0[form.place()] = (form, quiet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_met_where_the_text_begins_so() {
        let digit = |digit: u8| Beginning::of(digit, b'1');
        let mut guards = Guards::default();
        guards.put(Guard { at: 0, beginning: Beginning::default(), alone: None });
        assert!(guards.are_none(), "where nothing begins there is none");
        guards.put(Guard { at: 2, beginning: digit(b'3').and(digit(b'5')), alone: Some((4, false)) });
        guards.put(Guard { at: 7, beginning: digit(b'7'), alone: None });

        let met = |text: &[u8]| guards.met(text).map(|guard| guard.at).collect::<Vec<_>>();
        assert_eq!(met(b"1-3111-7111"), [2, 7]);
        assert_eq!(met(b"3-5111-3111"), [2]);
        assert_eq!(met(b"7-7111-3111"), [0; 0]);
        assert_eq!(met(b"1-"), [0; 0], "behind the end");
        let one = Guard { at: 0, beginning: digit(b'1'), alone: None };
        guards.put(one);
        assert!(!guards.are_too_many());
        guards.put(one);
        assert!(guards.are_too_many());
    }

    #[test]
    fn one_of_some_shapes_that_are_offered_is_kept() {
        let shape = Shape::new(0b1011, 0b1000, 4, [false; 2]);
        let mut shapes = Shapes::default();
        let kept = (1..=100).find(|_| {
            shapes.offer(shape, Quiet::default);
            shapes.has(shape)
        });
        assert_eq!(kept, Some(usize::from(OFFERED)));
        let mut guarded = Quiet::default();
        guarded.guards.put(Guard { at: 0, beginning: Beginning::of(b'1', b'1'), alone: None });
        shapes.put(shape, guarded);
        assert!(!shapes.has(shape) && shapes.known(shape).is_some(), "it depends on how it begins");
    }
}
