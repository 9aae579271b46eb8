//! Chains in which a full look finds no number, as their shapes tell: those that a first glance knows.

use super::context::Lengths;
use super::glance::joined;
use super::masks::Window;
use super::scanner::Pass;

/// Bytes of a UUID.
const UUID: u32 = 36;

impl Pass<'_> {
    /// The lengths of runs that are asked for and that the key or any word speaks for.
    #[inline(always)]
    pub(super) fn lengths_of_all(&self) -> Lengths {
        self.asked_of(self.hearing.lengths().and(self.key.context.lengths))
    }

    /// Those of `lengths` that are asked for.
    #[inline(always)]
    pub(super) fn asked_of(&self, lengths: Lengths) -> Lengths {
        let asked = self.engine.asked_lengths();
        Lengths { any: lengths.any & asked, lettered: lengths.lettered & asked }
    }

    /// Where the chain ends of which groups begin at `at`, if its shape tells that none of their runs counts. UUIDs in it are left
    /// to others, since they hide what begins within.
    #[inline(always)]
    pub(super) fn quiet_end(&mut self, at: usize) -> Option<usize> {
        let (blocks, number, bit) = (self.masks.blocks(), at / 64, (at % 64) as u32);
        let mut length = (joined(blocks, number) >> bit).trailing_ones();
        let is_within = bit + length < 64;
        length += if is_within { 0 } else { joined(blocks, number + 1).trailing_ones() };
        if length >= 64 {
            return None;
        }
        let window = if is_within { self.masks.block_from(number, bit) } else { self.masks.window(at) };
        let within = (1 << length) - 1;
        let gaps = !window.alnums & within;
        let may_hide = length >= UUID && gaps & gaps >> 5 & gaps >> 10 & gaps >> 15 != 0;
        let is_quiet = !may_hide && self.is_known((at, length), &window);
        is_quiet.then_some(at + length as usize)
    }

    /// Whether the shape of a chain tells that none of its runs counts. What else may begin at its digits is looked for before it is.
    #[inline(always)]
    fn is_known(&mut self, (at, length): (usize, u32), window: &Window) -> bool {
        let (within, lengths) = ((1 << length) - 1, self.lengths_of_all());
        if window.alnums & within == within {
            return self.is_run_quiet(at, length as usize, window.digits & within, lengths);
        }
        let (is_quiet, is_plain) = self.is_shape_quiet((at, length), window, lengths, self.edges((at, length), window));
        is_quiet && (is_plain || !self.may_have_iban((at, length), window))
    }
}
