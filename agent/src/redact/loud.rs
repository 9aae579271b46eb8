//! Chains in which something may be found, as their shapes and what follows them tell: the digits of all others are passed over.

use vigie_parsers::simd::Classes;

use super::context::Lengths;
use super::glance::{BIRTHS, Dots, Judge, calls, joined};
use super::masks::{NO_CLASSES, Window};
use super::scanner::Pass;

/// What chains are known by from one block to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loud {
    /// The lengths of runs that words speak for.
    lengths: Lengths,
    /// The bytes of chains in the block before and in this one.
    before: u64,
    here: u64,
    /// Whether a chain that is loud goes on in this block.
    goes_on: bool,
    /// Whether a word speaks for anything before the end of this block.
    has_spoken: bool,
}

/// Where addresses and what may have a time or a telephone number behind it are left to others.
struct Ahead {
    /// The lengths of runs that words speak for.
    lengths: Lengths,
    /// Whether a plus is in the block or the next one.
    has_plus: bool,
}

impl Judge for Ahead {
    #[inline(always)]
    fn is_quiet(&self, pass: &mut Pass<'_>, (at, length): (usize, u32), window: &Window) -> bool {
        let within = u64::MAX >> (64 - length);
        length < 64
            && !matches!(pass.byte(at + length as usize), b':' | b'_')
            && !(self.has_plus && pass.masks.ahead(at, |classes| classes.pluses) & within != 0)
            && pass.is_found_quiet((at, length), window, self.lengths)
    }
}

impl Pass<'_> {
    /// Those of `lengths` that are asked for.
    #[inline(always)]
    pub(super) fn asked_of(&self, lengths: Lengths) -> Lengths {
        let asked = self.engine.asked_lengths();
        Lengths { any: lengths.any & asked, lettered: lengths.lettered & asked }
    }

    /// What chains are known by before the first block, if shapes tell enough: no word speaks for dates of birth.
    #[inline(always)]
    pub(super) fn loud(&self) -> Option<Loud> {
        let all = self.hearing.lengths().and(self.key.context.lengths);
        let here = joined(self.masks.blocks(), 0);
        let loud = Loud { lengths: self.asked_of(all), before: 0, here, goes_on: false, has_spoken: false };
        (all.any & BIRTHS == 0 && !self.is_plain()).then_some(loud)
    }

    /// Those of the `digits` of a block that may be a part of something. Words begin at the bits `starts`, and the name of a month may stand
    /// near the bits `dated`.
    #[inline(always)]
    pub(super) fn loud_digits(
        &mut self,
        (blocks, number): (&[Classes], usize),
        (digits, starts, dated): (u64, u64, u64),
        loud: &mut Loud,
    ) -> u64 {
        let next = if number + 1 < blocks.len() { joined(blocks, number + 1) } else { 0 };
        let (before, here, lengths) = (loud.before, loud.here, loud.lengths);
        let is_before_loud = loud.goes_on;
        let mut bytes = if is_before_loud { here & !(here.wrapping_add(1)) } else { 0 };
        (loud.before, loud.here, loud.goes_on) = (here, next, is_before_loud && here == u64::MAX);
        loud.has_spoken |= self.hearing.speaks_in(number);
        if digits == 0 {
            // A chain without digits so far may go on.
            loud.goes_on |= here >> 63 == 1;
            return 0;
        }
        // What is found before a chain is not known yet, and words may speak over it.
        self.is_spoken_far = loud.has_spoken;
        let has_plus = blocks[number].pluses | blocks.get(number + 1).map_or(0, |next| next.pluses) != 0;
        let ahead = Ahead { lengths, has_plus };
        bytes |= self.loud_chains::<false>((blocks, number), (before, here, next), lengths, &ahead);
        self.is_spoken_far = false;
        loud.goes_on |= bytes >> 63 == 1;
        digits & (bytes | called_or_timed(blocks, number, starts) | starts & dated)
    }

    /// Whether nothing is found in the chain at `at`, which has `length` bytes.
    #[inline(always)]
    fn is_found_quiet(&mut self, (at, length): (usize, u32), window: &Window, lengths: Lengths) -> bool {
        let within = (1 << length) - 1;
        if window.digits & within == 0 {
            return true;
        }
        if window.alnums & within == within {
            return self.is_run_quiet(at, length as usize, window.digits & within, lengths);
        }
        if Dots::may_be_four(window, within) && Dots::of(window, within).fours != 0 {
            return false;
        }
        let edges = self.edges((at, length), window);
        if self.is_whole_uuid((at, length), window, edges) {
            return true;
        }
        let (is_quiet, is_plain) = self.is_shape_quiet((at, length), window, lengths, edges);
        is_quiet && (is_plain || !self.may_have_others((at, length), window))
    }

    /// Whether anything but an address may be in the chain at `at` that no lengths of groups tell: positions, account numbers.
    #[inline(always)]
    fn may_have_others(&self, (at, length): (usize, u32), window: &Window) -> bool {
        let dots = Dots::of(window, (1 << length) - 1);
        dots.places != 0 && self.may_have_position(at, window, dots.places) || self.may_have_iban((at, length), window)
    }
}

/// The bytes of a block at which telephone numbers may begin, or times, if words begin at the bits `starts`.
#[inline(always)]
fn called_or_timed(blocks: &[Classes], number: usize, starts: u64) -> u64 {
    let here = &blocks[number];
    let before = number.checked_sub(1).map_or(&NO_CLASSES, |number| &blocks[number]);
    let next = blocks.get(number + 1).unwrap_or(&NO_CLASSES);
    let down = |here: u64, next: u64| here >> 1 | next << 63;
    let last = here.digits & down(here.pairs, next.pairs);
    let both = last | here.digits & down(last, next.digits & next.pairs >> 1);
    calls((before, here, next), starts) | both
}
