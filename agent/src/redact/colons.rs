//! Which `:` and `=` a glance asks: those behind a name that may be known, and those in what may be an address of hexadecimal digits.

use vigie_parsers::simd::Classes;

use super::beside::{behind_others, near_pairs};
use super::filter::first_letters;
use super::masks::{Masks, NO_CLASSES, alnums};
use super::scanner::Pass;

/// `:` in an address of hexadecimal digits that has no two of them beside each other.
const COLONS: u32 = 5;

impl Pass<'_> {
    /// Whether no `:` or `=` in a block stands behind a known name or in an address.
    #[inline(always)]
    pub(super) fn are_pairs_quiet(&mut self, blocks: &[Classes], number: usize) -> bool {
        let classes = &blocks[number];
        let behind_others = behind_others(blocks, number);
        let names = self.hearing.names(blocks, number);
        let mut pairs = classes.pairs & (behind_others | names);
        let behind_mark = behind_others & behind_second(blocks, number, alnums);
        pairs = self.without_others(number, pairs, pairs & behind_mark & !(names | names << 1 | 1));
        let mut colons = if may_have_hex(blocks, number) { classes.pairs & near_pairs(blocks, number) } else { 0 };
        while colons != 0 {
            let bit = colons & colons.wrapping_neg();
            colons ^= bit;
            let at = number * 64 + bit.trailing_zeros() as usize;
            if !may_be_hex(self.masks, at) {
                continue;
            }
            // It is looked at as one behind a name, too.
            pairs &= !bit;
            if self.finds(|pass| pass.look(at, true)) {
                return false;
            }
        }
        pairs == 0 || self.are_quiet(number, pairs, Self::pair)
    }

    /// `pairs` of a block without those of the bits `others` that stand behind a name that is not known, and a single mark: `"level":`.
    #[inline(always)]
    fn without_others(&self, number: usize, pairs: u64, others: u64) -> u64 {
        // What is left of a word in which a value ends may be a name.
        if self.cut_end != usize::MAX { pairs } else { pairs & !self.unnamed_marks(number, others) }
    }

    /// Of the bits `marks` of a block, which stand behind a byte behind a name that is not known, those to which no other name belongs.
    #[inline(always)]
    pub(super) fn unnamed_marks(&self, number: usize, marks: u64) -> u64 {
        let (mut unnamed, mut left) = (marks, marks);
        while left != 0 {
            let bit = left & left.wrapping_neg();
            left ^= bit;
            let at = number * 64 + bit.trailing_zeros() as usize;
            let [mark, first, second, _] = first_letters(self.text, at).to_le_bytes();
            let is_unnamed = (mark == b':') & (first != b'>') & ((first != b'0') | (second != b':'));
            unnamed ^= if is_unnamed { 0 } else { bit };
        }
        unnamed
    }
}

/// The bytes of the block at `number` that stand two places behind what is of this kind.
#[inline(always)]
fn behind_second(blocks: &[Classes], number: usize, kind: impl Fn(&Classes) -> u64) -> u64 {
    let before = number.checked_sub(1).map_or(&NO_CLASSES, |number| &blocks[number]);
    kind(&blocks[number]) << 2 | kind(before) >> 62
}

/// Whether any `:` in the block at `number` may belong to an address of hexadecimal digits.
#[inline(always)]
fn may_have_hex(blocks: &[Classes], number: usize) -> bool {
    let here = blocks[number].pairs;
    let before = number.checked_sub(1).map_or(0, |number| blocks[number].pairs);
    let next = blocks.get(number + 1).map_or(0, |next| next.pairs);
    let doubled = here & (here << 1 | before >> 63 | here >> 1 | next << 63);
    doubled != 0 || here.count_ones() + next.count_ones() >= COLONS
}

/// Whether the `:` at `at` may belong to an address of hexadecimal digits: one with two colons beside each other, or with five and
/// more.
#[inline(always)]
fn may_be_hex(masks: &Masks, at: usize) -> bool {
    let pairs = masks.ahead(at, |classes| classes.pairs);
    let is_double = pairs & 0b11 == 0b11 || masks.behind(at, |classes| classes.pairs) >> 63 == 1;
    is_double || (pairs & ((1 << 40) - 1)).count_ones() >= COLONS
}
