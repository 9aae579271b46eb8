//! Hides personal data and secrets: finds them in every text, number and key, and puts something else in their place.
//!
//! What cannot be done as asked is done by a label, so nothing passes in the clear because a key is missing. What is found is
//! counted by entity and action; no value is ever logged.

#[cfg(any(test, fuzzing))]
mod check;
mod columns;
#[cfg(test)]
mod depth;
mod json;
mod lines;
mod listed;
mod names;
mod options;
mod paths;
mod rules;
#[cfg(test)]
mod tests;
mod walk;

use std::sync::Arc;

use vigie_parsers::batch::Batch;

use crate::config::{Diagnostics, Section};
use crate::metrics::FilterMetrics;
use crate::plugin::{
    BuildContext, Canary, Clock, Filter, FilterContext, FilterFactory, FilterKind, Hidden, KeyPath, wall_clock,
};
use crate::privacy::{LiveKeys, Redactor};

#[cfg(any(test, fuzzing))]
pub use check::check as check_records;
pub use lines::LineRedactor;
use options::{RedactOptions, Setup};
use walk::Walk;

/// The `redact` filter.
pub(super) const KIND: FilterKind = FilterKind {
    name: "redact",
    summary: "Hides personal data and secrets, wherever in a record they stand.",
    options: <RedactOptions as crate::config::Options>::TABLE,
    build,
};

fn build(
    section: &Section,
    context: &BuildContext,
    _: &Arc<FilterMetrics>,
    findings: &mut Diagnostics,
) -> Option<FilterFactory> {
    let setup = Setup::read(section, context.purpose.is_check(), wall_clock(), findings)?;
    Some(Box::new(move || Box::new(Redact::new(&setup, wall_clock))))
}

struct Redact {
    walk: Walk,
    hides: Option<Hidden>,
    live: Option<Arc<LiveKeys>>,
    clock: Clock,
    /// The last tag, and what is written in its place.
    tag: (String, Option<Arc<str>>),
}

impl Redact {
    fn new(setup: &Setup, clock: Clock) -> Self {
        let redactor = Redactor::new(Arc::clone(&setup.policy), Arc::clone(&setup.wholes), setup.report);
        let walk = Walk::new(redactor, Arc::clone(&setup.paths), setup.keys);
        Self { walk, hides: setup.hides(), live: setup.live.clone(), clock, tag: (String::new(), None) }
    }
}

impl Filter for Redact {
    fn apply(&mut self, batch: &mut Batch, context: &FilterContext<'_>) {
        let now = u64::try_from((self.clock)().seconds).unwrap_or_default();
        let (keys, metrics) = (self.live.as_ref().and_then(|live| live.current(now)), context.metrics);
        metrics.missing_keys.set(1 + u64::from(self.live.is_some() && keys.is_none()));
        self.walk.redactor.set_keys(keys);
        for index in 0..batch.len() {
            self.walk.record(batch, index);
        }
        let add = |entity: &str, action, count| metrics.redacted.add(entity, action, count);
        metrics.hidden_values.add(self.walk.redactor.take_counts(add));
        self.walk.redactor.take_spent(|entity, kind, nanos| metrics.rule_nanoseconds.add(entity, kind, nanos));
    }

    fn canaries(&mut self) -> Vec<Canary> {
        let now = u64::try_from((self.clock)().seconds).unwrap_or_default();
        self.walk.redactor.set_keys(self.live.as_ref().and_then(|live| live.current(now)));
        let examples = self.walk.redactor.examples();
        examples.into_iter().map(|(entity, line, value)| Canary { entity, line, value }).collect()
    }

    fn canary_places(&self) -> Vec<KeyPath> {
        self.walk.paths.allowed()
    }

    fn hides(&self) -> Option<Hidden> {
        self.hides.clone()
    }

    fn rules(&self) -> Option<String> {
        Some(self.walk.redactor.policy().digest().to_owned())
    }

    fn written_tag(&mut self, tag: &Arc<str>) -> Option<Arc<str>> {
        if *self.tag.0 != **tag {
            self.tag = (tag.to_string(), self.walk.redactor.tag(tag).map(Into::into));
        }
        self.tag.1.clone()
    }
}
