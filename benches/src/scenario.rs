//! What is measured: which corpus goes through which parser to which output.

use crate::conf;
use crate::corpus::{Kind, Totals};

/// What is done to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parse {
    Raw,
    Json,
    /// JSON whose personal data is hidden.
    JsonRedacted,
    Nginx,
    Cri,
}

/// Where records go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Null,
    Bulk,
    GzipBulk,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// Its name on the command line and in the record.
    pub name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) parse: Parse,
    pub(crate) target: Target,
}

/// All scenarios, in the order of the table.
pub const SCENARIOS: [Scenario; 7] = [
    Scenario { name: "tail-null", kind: Kind::Json, parse: Parse::Raw, target: Target::Null },
    Scenario { name: "raw-bulk", kind: Kind::Json, parse: Parse::Raw, target: Target::Bulk },
    Scenario { name: "json-bulk", kind: Kind::Json, parse: Parse::Json, target: Target::Bulk },
    Scenario { name: "json-gzip", kind: Kind::Json, parse: Parse::Json, target: Target::GzipBulk },
    Scenario { name: "json-redact", kind: Kind::Json, parse: Parse::JsonRedacted, target: Target::GzipBulk },
    Scenario { name: "nginx-gzip", kind: Kind::Nginx, parse: Parse::Nginx, target: Target::GzipBulk },
    Scenario { name: "cri-gzip", kind: Kind::Cri, parse: Parse::Cri, target: Target::GzipBulk },
];

impl Scenario {
    /// The scenario called `name`.
    pub fn named(name: &str) -> Option<Self> {
        SCENARIOS.into_iter().find(|scenario| scenario.name == name)
    }

    /// The configuration that Vigie runs with.
    pub(crate) fn configuration(&self) -> &'static str {
        conf::named(self.name).expect("a test holds that every scenario has its file")
    }

    /// How many documents come of a corpus.
    pub(crate) fn documents(&self, totals: &Totals) -> u64 {
        if self.parse == Parse::Cri { totals.records } else { totals.lines }
    }
}
