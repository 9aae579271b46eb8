//! Lines that a parser takes apart before they are joined, such as Docker's, and events inside of them.

use std::sync::Arc;
use std::time::Instant;

use vigie_parsers::Parsed;
use vigie_parsers::batch::{Field, Range, Value};
use vigie_parsers::multiline::FLUSH_AFTER;

use super::Shared;
use crate::multiline::{Chain, Fits, Joiner, LOG, last_first};
use crate::plugin::{Parcel, Stage, Stream, Succession};
use crate::receipts::{Outcome, Share};

/// The stage of one stream.
pub(super) struct MappedLines {
    shared: Arc<Shared>,
    /// The parser that fitted last.
    last: usize,
    /// What each line of the parcel at hand is for.
    fits: Vec<Fits>,
    parts: Joiner,
    /// Joins whole lines.
    events: Option<Joiner>,
}

impl MappedLines {
    pub(super) fn new(shared: Arc<Shared>, stream: &Arc<Stream>) -> Self {
        let options = &shared.options.multiline;
        let base = Chain {
            parsers: options.takers.clone(),
            key: None,
            group: None,
            flush_after: None,
            largest: options.largest,
            waits: true,
            parts: false,
            agent: Arc::clone(&shared.agent),
        };
        let events = (!options.events.is_empty()).then(|| {
            let taker = &options.takers[0];
            let key = taker.key_content.clone().unwrap_or_else(|| LOG.into());
            let (parsers, group) = (options.events.clone(), taker.key_group.clone());
            let chain = Chain { parsers, key: Some(key), group, ..base.clone() };
            Joiner::new(Arc::new(chain), Arc::clone(stream))
        });
        let parts = Joiner::new(Arc::new(base), Arc::clone(stream));
        Self { shared, last: 0, fits: Vec::new(), parts, events }
    }

    /// Takes a line apart. One that no parser fits is kept as it is, unless it is blank.
    fn line(&mut self, parcel: &mut Parcel, index: usize) -> Fits {
        let takers = &self.shared.options.multiline.takers;
        let batch = &mut parcel.batch;
        let raw = batch.record_mut(index).range();
        let Some(Field { value: Value::Text(text), .. }) = batch.fields(raw).first().copied() else { return Fits::No };
        batch.record_mut(index).replace_fields(Range::empty_at(raw.start as usize));
        let fitted = last_first(self.last, takers.len()).find(|at| {
            let Some(parser) = &takers[*at].parser else { return false };
            let parsed = parser.parse(batch, index, text.span);
            if parsed == Parsed::TimeUnclear {
                self.shared.count_unclear_time();
            }
            parsed.gave_fields()
        });
        match fitted {
            Some(at) => {
                self.last = at;
                Fits::One(at)
            }
            None if text.span.len == 0 => Fits::Blank,
            None => {
                batch.record_mut(index).replace_fields(raw);
                Fits::No
            }
        }
    }

    /// Counts the events that were cut.
    fn count(&mut self) {
        let events = self.events.as_mut().map_or(0, Joiner::take_truncated);
        self.shared.metrics.multiline_truncated.add(self.parts.take_truncated() + events);
    }

    fn placed(&self, parcel: Option<Parcel>) -> Option<Parcel> {
        let mut parcel = parcel?;
        if self.shared.has_place() {
            for index in 0..parcel.batch.len() {
                self.shared.add_place(&mut parcel.batch, index, &parcel.stream);
            }
        }
        Some(parcel)
    }
}

impl Stage for MappedLines {
    fn run(&mut self, mut parcel: Parcel) -> Option<Parcel> {
        let mut fits = std::mem::take(&mut self.fits);
        fits.clear();
        for index in 0..parcel.batch.len() {
            fits.push(self.line(&mut parcel, index));
        }
        let records = u32::try_from(parcel.batch.len()).expect("a batch has fewer than 2^32 records");
        parcel.shares[0].grow(records);
        let mut joined = self.parts.join(parcel, |index| fits[index]);
        self.fits = fits;
        if let Some(events) = &mut self.events {
            joined = events.join(joined, |_| Fits::Any);
        }
        // Not before the events inside have told from where on it may be read again.
        joined.shares[0].settle(1, Outcome::Passed);
        self.count();
        self.placed(Some(joined)).filter(|parcel| !parcel.batch.is_empty())
    }

    fn deadline(&self) -> Option<Instant> {
        let events = self.events.as_ref().and_then(Stage::deadline);
        self.parts.deadline().into_iter().chain(events).min()
    }

    fn flush(&mut self, now: Instant) -> Option<Parcel> {
        let parts = self.parts.flush(now);
        let Some(events) = &mut self.events else { return self.placed(parts) };
        let ready = match parts {
            Some(parts) => events.run_late(parts, FLUSH_AFTER),
            None => events.flush(now),
        };
        self.count();
        self.placed(ready)
    }

    fn succeed(&mut self, succession: &Succession) -> bool {
        let events = self.events.as_mut().is_some_and(|events| events.succeed(succession));
        self.parts.succeed(succession) || events
    }

    fn holds_back(&self, given: &dyn Fn(&Share) -> u64) -> bool {
        self.parts.holds_back(given) || self.events.as_ref().is_some_and(|events| events.holds_back(given))
    }

    fn finish(&mut self) -> Option<Parcel> {
        let parts = self.parts.finish();
        let rest = match &mut self.events {
            Some(events) => events.finish_with(parts),
            None => parts,
        };
        self.placed(rest)
    }
}
