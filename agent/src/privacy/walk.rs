//! Goes along places in order beside others in order: each is looked at once, however many there are of both.

use std::iter::Peekable;
use std::ops::Range;

/// Places in order, none of which overlaps another.
pub(super) struct Walk<I: Iterator<Item = Range<usize>>>(Peekable<I>);

impl<I: Iterator<Item = Range<usize>>> Walk<I> {
    pub(super) fn new(places: I) -> Self {
        Self(places.peekable())
    }

    /// The first place that ends at `at` or behind it. From one call to the next, `at` never goes back.
    pub(super) fn reaching(&mut self, at: usize) -> Option<&Range<usize>> {
        while self.0.next_if(|place| place.end < at).is_some() {}
        self.0.peek()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_place_is_looked_at_once_and_none_is_missed() {
        let drawn = Cell::new(0);
        let places = || (0..1000).map(|at| 4 * at..4 * at + 2);
        let mut walk = Walk::new(places().inspect(|_| drawn.set(drawn.get() + 1)));
        for at in 0..4010 {
            assert_eq!(walk.reaching(at).cloned(), places().find(|place| place.end >= at), "{at}");
        }
        assert_eq!(drawn.get(), 1000);
    }
}
