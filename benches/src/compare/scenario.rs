//! What is measured: which corpus goes through which parser to which output.

use crate::corpus::{Kind, Totals};

/// What is done to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parse {
    Raw,
    Json,
    Nginx,
    Cri,
}

/// Where records go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Null,
    Bulk,
    GzipBulk,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// Its name on the command line and in the record.
    pub name: &'static str,
    pub(super) kind: Kind,
    pub(super) parse: Parse,
    pub(super) target: Target,
    /// The most CPU-seconds per GB that the project allows itself, on the machine that figures are scaled to.
    pub(super) goal: Option<f64>,
}

/// The most resident memory that the project allows itself, in bytes.
pub(super) const MEMORY_GOAL: u64 = 25_000_000;

/// All scenarios, in the order of the table.
pub const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "tail-null", kind: Kind::Json, parse: Parse::Raw, target: Target::Null, goal: None },
    Scenario { name: "raw-bulk", kind: Kind::Json, parse: Parse::Raw, target: Target::Bulk, goal: None },
    Scenario { name: "json-bulk", kind: Kind::Json, parse: Parse::Json, target: Target::Bulk, goal: Some(4.0) },
    Scenario { name: "json-gzip", kind: Kind::Json, parse: Parse::Json, target: Target::GzipBulk, goal: Some(12.0) },
    Scenario { name: "nginx-gzip", kind: Kind::Nginx, parse: Parse::Nginx, target: Target::GzipBulk, goal: None },
    Scenario { name: "cri-gzip", kind: Kind::Cri, parse: Parse::Cri, target: Target::GzipBulk, goal: None },
];

impl Scenario {
    /// The scenario called `name`.
    pub fn named(name: &str) -> Option<Self> {
        SCENARIOS.into_iter().find(|scenario| scenario.name == name)
    }

    /// How many documents come of a corpus.
    pub(super) fn documents(&self, totals: &Totals) -> u64 {
        if self.parse == Parse::Cri { totals.records } else { totals.lines }
    }
}
