//! The filter's work on single lines, for `vigie redact`.

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Origin, Timestamp};
use vigie_parsers::json::JsonParser;
use vigie_parsers::{Parsed, Parser};

use super::Redact;
use super::options::{RedactOptions, Setup};
use crate::config::{Diagnostics, Options, Presence, Section};
use crate::encode::json::push_record;
use crate::metrics::FilterMetrics;
use crate::plugin::{Filter, FilterContext, wall_clock};
use crate::privacy::{Policy, Whole};
use crate::redact::{Detector, Finding, Place};

/// What the filter does, line by line.
pub struct LineRedactor {
    filter: Redact,
    /// Whether fields are treated by their names.
    by_name: bool,
    policy: Arc<Policy>,
    wholes: Arc<[Whole]>,
    report: bool,
    batch: Batch,
    metrics: FilterMetrics,
}

impl std::fmt::Debug for LineRedactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineRedactor").finish_non_exhaustive()
    }
}

impl LineRedactor {
    /// One with the options of `section`. `None` when something was wrong; it is in `findings`. With `dry_run` keys are looked at as who
    /// checks a configuration does.
    pub fn new(section: &Section, dry_run: bool, findings: &mut Diagnostics) -> Option<Self> {
        let setup = Setup::read(section, dry_run, wall_clock(), findings)?;
        let (policy, by_name) = (Arc::clone(&setup.policy), !setup.wholes.is_empty() || setup.paths.only_allowed());
        let (batch, metrics) = (Batch::default(), FilterMetrics::default());
        let (wholes, report) = (Arc::clone(&setup.wholes), setup.report);
        Some(Self { filter: Redact::new(&setup, wall_clock), by_name, policy, wholes, report, batch, metrics })
    }

    /// What it looks for and does.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is done with whole fields, in the order of the options `field`.
    pub fn wholes(&self) -> &[Whole] {
        &self.wholes
    }

    /// Whether it only counts.
    pub fn only_counts(&self) -> bool {
        self.report
    }

    /// The options that it takes, and whether they may be repeated: those of the filter, but for `mode`, in which nothing is hidden.
    pub fn options() -> impl Iterator<Item = (&'static str, bool)> {
        let options = RedactOptions::TABLE.iter().filter(|option| option.key != "mode");
        options.map(|option| (option.key, option.presence == Presence::Repeated))
    }

    /// Appends `line` as it may be shown. With `json` a line that is an object is gone through as a record.
    ///
    /// Gives whether it could be done as asked: where fields are treated by their names, nothing is appended of another line, of which
    /// nobody can tell what fields it holds.
    pub fn line(&mut self, line: &[u8], json: bool, out: &mut Vec<u8>) -> bool {
        let batch = &mut self.batch;
        batch.clear();
        let span = batch.store(line);
        let index = batch.push(Timestamp::default(), Origin::default());
        let is_record = json && JsonParser.parse(batch, index, span) != Parsed::Refused;
        if !is_record && json && self.by_name {
            return line.trim_ascii().is_empty();
        }
        if !is_record {
            batch.record_mut(index).truncate(0);
            batch.record_mut(index).set_text(b"", line);
        }
        self.filter.apply(batch, &FilterContext { tag: "", metrics: &self.metrics });
        let record = batch.record(index);
        if is_record {
            out.push(b'{');
            push_record(record, out);
            out.push(b'}');
        } else {
            out.extend_from_slice(record.plain_text(b"").unwrap_or_default());
        }
        true
    }

    /// What is found in `line` taken as text, with what finds it and what is done with it.
    pub fn explain(&mut self, line: &[u8]) -> Vec<(Finding, &'static Detector, String)> {
        let found = self.filter.walk.redactor.findings(line, Place::default()).to_vec();
        let named = |finding: Finding| {
            let index = usize::from(finding.detector);
            (finding, self.policy.detectors()[index], self.policy.action(index).text())
        };
        found.into_iter().map(named).collect()
    }
}
