//! What filters hold back until later records of the same stream are there.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::plugin::{Parcel, Stage, Stream, Succession};
use crate::receipts::Share;

/// The holders of filters, by stream and by the number of the filter. One that holds nothing is let go.
#[derive(Default)]
pub(super) struct Holding {
    held: HashMap<(u64, usize), Held>,
}

struct Held {
    stage: Box<dyn Stage>,
    /// Tag that its records came with.
    route: Arc<str>,
}

impl Held {
    fn finish(mut self) -> Option<Released> {
        let parcel = self.stage.finish()?;
        Some(Released { route: self.route, parcel })
    }
}

/// Records that were held.
pub(super) struct Released {
    /// Tag that they came with, by which they are routed; the parcel's own may be what `redact` writes in its place.
    pub(super) route: Arc<str>,
    pub(super) parcel: Parcel,
}

/// What became of a parcel that a filter takes.
pub(super) struct Taken {
    /// What it held under another tag, which goes first.
    pub(super) before: Option<Released>,
    /// What goes on.
    pub(super) on: Option<Parcel>,
}

impl Holding {
    /// Gives `parcel`, which came with tag `route`, to filter `at`, from which it goes on as it is when that holds nothing back.
    /// `make` makes its holder of a stream.
    pub(super) fn take(
        &mut self,
        (at, route): (usize, &Arc<str>),
        make: impl Fn(&Arc<Stream>) -> Option<Box<dyn Stage>>,
        parcel: Parcel,
    ) -> Taken {
        let key = (parcel.stream.id, at);
        let (before, held) = match self.held.remove(&key) {
            Some(held) if held.route == *route => (None, Some(held.stage)),
            Some(other) => (other.finish(), None),
            None => (None, None),
        };
        let Some(mut stage) = held.or_else(|| make(&parcel.stream)) else {
            return Taken { before, on: Some(parcel) };
        };
        let on = stage.run(parcel);
        if stage.deadline().is_some() {
            self.held.insert(key, Held { stage, route: Arc::clone(route) });
        }
        Taken { before, on }
    }

    /// When [`Holding::flush`] should be called at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.held.values().filter_map(|held| held.stage.deadline()).min()
    }

    /// What filters held until `now`, each with the number of its filter.
    pub(super) fn flush(&mut self, now: Instant) -> Vec<(usize, Released)> {
        let mut parcels = Vec::new();
        self.held.retain(|(_, at), held| {
            if held.stage.deadline().is_some_and(|deadline| deadline <= now) {
                let route = &held.route;
                let released = |parcel| Released { route: Arc::clone(route), parcel };
                parcels.extend(held.stage.flush(now).map(|parcel| (*at, released(parcel))));
            }
            held.stage.deadline().is_some()
        });
        parcels
    }

    /// What is held of one stream goes on in the one that succeeds it. Returns whether anything is.
    pub(super) fn succeed(&mut self, succession: &Succession) -> bool {
        let (from, to) = (succession.from.id, succession.to.id);
        let mut passed = false;
        let of_both = self.held.extract_if(|(stream, _), _| *stream == from || *stream == to);
        for ((stream, at), mut held) in of_both.collect::<Vec<_>>() {
            // What the other held was read before a rewind, and comes again.
            if stream == from && held.stage.succeed(succession) {
                passed = true;
                self.held.insert((to, at), held);
            }
        }
        passed
    }

    /// The streams of which something is held.
    pub(super) fn streams(&self) -> impl Iterator<Item = u64> {
        self.held.keys().map(|(stream, _)| *stream)
    }

    /// Whether what is held of `stream` [holds back](Stage::holds_back) what was given out.
    pub(super) fn holds_back(&self, stream: u64, given: &dyn Fn(&Share) -> u64) -> bool {
        self.held.iter().any(|((of, _), held)| *of == stream && held.stage.holds_back(given))
    }

    /// All that filter `at` holds of a stream that has ended.
    pub(super) fn finish(&mut self, stream: u64, at: usize) -> Option<Released> {
        self.held.remove(&(stream, at))?.finish()
    }
}
