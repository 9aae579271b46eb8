//! How large a request of an output may be: what is configured, or less once the other side was found to take less.
//!
//! Pure. A delivery tells what was too large and what was taken; lanes ask when they begin a request.

/// The learnt bound of requests, in bytes of bodies before compression.
#[derive(Debug)]
pub(super) struct Ceiling {
    configured: usize,
    bytes: usize,
    /// Requests near the bound that were taken since it last moved.
    taken: u32,
}

/// No bound is learnt below this, since action lines and answers cost more than documents then.
const LEAST: usize = 4 << 10;
/// Requests that are to fit below a limit that was told.
const SEVERAL: usize = 2;
/// Requests that must be taken before a larger one is tried: one in so many is then sent in vain at most.
const PATIENCE: u32 = 500;

impl Ceiling {
    /// A bound of `configured` bytes.
    pub(super) fn new(configured: usize) -> Self {
        Self { configured, bytes: configured, taken: 0 }
    }

    /// Bytes at which a request is sealed.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A request of `size` bytes was too large; `limit` is what would have been taken, if the other side said so. Gives
    /// the largest part that it is to be cut into.
    pub(super) fn too_large(&mut self, size: usize, limit: Option<usize>) -> usize {
        // A limit that was told is one for everything on its way, so two are to fit below it: one is sent
        // while the other is stored. Else only this request
        // was measured; it was sealed behind the record that reached its bound, so there is to be room for one.
        let fits = limit.map_or(size / 2, |limit| limit / SEVERAL).min(size.saturating_sub(1));
        let bytes = (fits - fits / 8).max(LEAST);
        if bytes < self.bytes {
            self.bytes = bytes;
        }
        self.taken = 0;
        fits
    }

    /// A request of `size` bytes was taken.
    pub(super) fn taken(&mut self, size: usize) {
        if self.bytes == self.configured || size < self.bytes / 2 {
            return;
        }
        self.taken += 1;
        if self.taken >= PATIENCE {
            self.bytes = (self.bytes + self.bytes / 8).min(self.configured);
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bound_that_was_told_is_kept_below() {
        let mut ceiling = Ceiling::new(1 << 20);

        let part = ceiling.too_large(1 << 20, Some(64 << 10));

        assert_eq!((part, ceiling.bytes()), (32 << 10, 28 << 10), "half of it, with room for a record");
    }

    #[test]
    fn an_untold_bound_is_found_by_halving_and_tried_again_later() {
        let mut ceiling = Ceiling::new(1 << 20);

        assert_eq!(ceiling.too_large(1 << 20, None), 512 << 10);
        let learnt = ceiling.bytes();
        assert_eq!(learnt, 448 << 10);
        for _ in 0..PATIENCE {
            ceiling.taken(10);
            assert_eq!(ceiling.bytes(), learnt, "small requests tell nothing");
        }
        for _ in 0..PATIENCE {
            ceiling.taken(learnt);
        }

        assert_eq!(ceiling.bytes(), learnt / 8 * 9);
    }

    proptest! {
        #[test]
        fn the_bound_stays_within_what_is_configured_and_comes_back(
            configured in LEAST..1_usize << 24,
            events in prop::collection::vec((1..1_usize << 25, prop::option::of(0..1_usize << 25)), 0..50),
        ) {
            let mut ceiling = Ceiling::new(configured);
            for (size, limit) in events {
                let part = ceiling.too_large(size, limit);
                prop_assert!(part < size);
                prop_assert!((LEAST..=configured).contains(&ceiling.bytes()));
            }
            for _ in 0..PATIENCE * 200 {
                ceiling.taken(usize::MAX);
            }
            prop_assert_eq!(ceiling.bytes(), configured);
        }
    }
}
