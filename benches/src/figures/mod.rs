//! Figures beside CPU-seconds per GB: memory with many files or a stalled store, a steady stream, rest, delay, start, size.
//!
//! One file per figure. Each runs Vigie with its configuration of `benches/conf`, most on a `Stand` of their own, and gives an
//! [`Outcome`]; `compare` prints and records them, beside what the project asks of each. Only Vigie is measured here.

mod binary;
mod files;
mod idle;
mod latency;
mod outcome;
mod stalled;
mod stand;
mod start;
mod statistics;
mod steady;

pub(crate) use outcome::Outcome;

use std::io;
use std::path::Path;
use std::time::Duration;

/// What all figures are measured with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    /// The `vigie` to measure.
    pub(crate) agent: &'a Path,
    /// In it every figure has a directory of its own while it is measured.
    pub(crate) parent: &'a Path,
    /// Size of a backlog.
    pub(crate) bytes: u64,
    /// How long a figure with a live log lasts, in place of the length that is its own.
    pub(crate) seconds: Option<u64>,
    /// What `gzip -1` costs here in CPU-seconds per GB, where that was measured.
    pub(crate) yardstick: Option<f64>,
    /// How long to wait for what is to come.
    pub(crate) limit: Duration,
}

impl Setting<'_> {
    /// The wanted length, or `usual` seconds.
    fn length(&self, usual: u64) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(usual).max(1))
    }
}

/// One figure.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its name on the command line and in the record.
    pub name: &'static str,
    measure: fn(&Setting<'_>) -> io::Result<Outcome>,
}

/// All figures, in the order of the table.
pub const FIGURES: [Figure; 7] = [
    Figure { name: "files-10000", measure: files::measure },
    Figure { name: "stalled", measure: stalled::measure },
    Figure { name: "steady", measure: steady::measure },
    Figure { name: "idle-1000", measure: idle::measure },
    Figure { name: "latency", measure: latency::measure },
    Figure { name: "start", measure: start::measure },
    Figure { name: "binary", measure: binary::measure },
];

impl Figure {
    /// The figure called `name`.
    pub fn named(name: &str) -> Option<Self> {
        FIGURES.into_iter().find(|figure| figure.name == name)
    }

    /// Measures it once.
    ///
    /// # Errors
    /// When logs, a sink or a process cannot be made. An agent that fails is an outcome.
    pub(crate) fn measure(&self, setting: &Setting<'_>) -> io::Result<Outcome> {
        let outcome = (self.measure)(setting);
        outcome.map_err(|error| io::Error::new(error.kind(), format!("cannot measure `{}`: {error}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_configuration_keeps_positions_and_leaves_the_rest_to_defaults() {
        for text in [files::CONF, stalled::CONF, steady::CONF, idle::CONF, latency::CONF, start::CONF] {
            assert!(text.contains("DB             ${BENCH_DB}"), "{text}");
            for key in ["Flush", "Refresh_Interval", "Mem_Buf_Limit", "Workers", "Retry_Limit"] {
                assert!(!text.contains(key), "{key} in {text}");
            }
        }
    }

    #[test]
    fn a_figure_lasts_as_long_as_it_likes_unless_told_otherwise() {
        let setting = |seconds| Setting {
            agent: Path::new("a"),
            parent: Path::new("b"),
            bytes: 1,
            seconds,
            yardstick: None,
            limit: Duration::ZERO,
        };

        assert_eq!(setting(None).length(60), Duration::from_secs(60));
        assert_eq!(setting(Some(2)).length(60), Duration::from_secs(2));
    }
}
