//! What is remembered of one text while it is looked through, so that no part of it is read again and again. Most texts ask for nothing of
//! it, and then nothing of it is made anew for the next one.

use std::ops::{Deref, DerefMut, Range};

use super::around::Around;
use super::aside::Aside;
use super::brackets::AskedFor;
use super::ends::Ends;
use super::quote::Unclosed;

/// What was read of one text.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Where neither a `>` nor the end of a line stands, and where no member is called `type`, of what was looked through last.
    pub(super) unpointed: Range<usize>,
    pub(super) untyped: Range<usize>,
    /// Where no mark stands behind a member that holds a name, of what was looked through last.
    pub(super) nameless: Range<usize>,
    /// What is open where a member was looked at last.
    pub(super) around: Around,
    /// From the first byte that a value without quotes goes on behind to its end: a separator that is written with a percent sign, one or a
    /// quote that is written with a `&`, a `<` in a secret, a separator in a cookie as the first ones, and a quote in cookies.
    pub(super) joined: [Range<usize>; 5],
    /// From where on no quote closes one, of both marks.
    pub(super) unclosed: [(usize, Unclosed); 2],
    /// Where runs end.
    pub(super) ends: Ends,
    /// Where the run ends that was asked for as a token glued to a hyphen.
    pub(super) glued: usize,
    /// What was asked for behind brackets.
    pub(super) asked_for: AskedFor,
}

/// What was read, and whether there is anything.
#[derive(Debug)]
pub(super) struct Memory {
    read: Read,
    is_touched: bool,
    /// Looks at parts of a text that something far from them names: it stays from text to text.
    pub(super) aside: Aside,
}

impl Memory {
    pub(super) fn new(aside: Aside) -> Self {
        Self { read: Read::default(), is_touched: false, aside }
    }

    /// Forgets what was read.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        if self.is_touched {
            self.forget();
        }
    }

    #[inline(never)]
    fn forget(&mut self) {
        (self.read, self.is_touched) = (Read::default(), false);
    }
}

impl Deref for Memory {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.read
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut Read {
        self.is_touched = true;
        &mut self.read
    }
}
