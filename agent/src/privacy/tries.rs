//! Whether it is worth asking if a text is known.

/// So many texts of a key are asked for in vain, and then none up to so many: some keys never have the same text again.
pub(super) const TRIES: u16 = 64;
pub(super) const REST: u16 = 1024;

/// Counts texts of one key that were not known since one was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries(u16);

impl Tries {
    /// Counts another text. Gives whether it is to be asked for.
    #[inline(always)]
    pub(super) fn begin(&mut self) -> bool {
        self.0 = if self.0 < REST { self.0 + 1 } else { 0 };
        self.0 <= TRIES
    }

    /// It was known.
    #[inline(always)]
    pub(super) fn succeed(&mut self) {
        self.0 = 0;
    }
}
