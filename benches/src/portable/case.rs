//! One path, run again and again until its cost is known well enough.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::conf;
use crate::corpus::Totals;
use crate::directory::WorkDirectory;
use crate::measure::{self, Ends};
use crate::scenario::{Scenario, Target};
use crate::sink::{Depth, Options as SinkOptions, Report, Sink};

/// Seed of all corpora.
pub(super) const SEED: u64 = 1;

/// The kernel tells times of children in hundredths of a second, so this much makes an error of a few in a hundred.
const ENOUGH_CPU_SECONDS: f64 = 1.0;

/// A corpus in a file.
pub(super) struct Log {
    pub(super) path: PathBuf,
    pub(super) totals: Totals,
}

/// How a case is run.
pub(super) struct Plan<'a> {
    pub(super) name: &'static str,
    /// The agent.
    pub(super) program: &'a Path,
    /// Where each run has its directory.
    pub(super) parent: &'a Path,
    /// After this time no further run begins.
    pub(super) budget: Duration,
    /// After this time a run is given up.
    pub(super) limit: Duration,
    /// CPU-seconds of a run that has nothing to do.
    pub(super) start: f64,
}

/// What a case has cost, all its runs together.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    runs: u32,
    cpu_seconds: f64,
    /// CPU-seconds of as many runs that have nothing to do.
    start_seconds: f64,
    input_bytes: u64,
    wire_bytes: u64,
    peak_memory: u64,
    lost: u64,
    doubled: u64,
    /// Why the last run failed.
    trouble: Option<String>,
}

impl Plan<'_> {
    /// Runs `scenario` over `log` until enough CPU time is spent or the budget is.
    pub(super) fn of(&self, scenario: Scenario, log: &Log) -> io::Result<Case> {
        let (started, before) = (Instant::now(), measure::children_cpu_seconds()?);
        let mut case = Case {
            name: self.name,
            runs: 0,
            cpu_seconds: 0.0,
            start_seconds: 0.0,
            input_bytes: 0,
            wire_bytes: 0,
            peak_memory: 0,
            lost: 0,
            doubled: 0,
            trouble: None,
        };
        if self.limit.is_zero() {
            case.trouble = Some("no time was left".to_owned());
        }
        while case.trouble.is_none() && case.cpu_seconds < ENOUGH_CPU_SECONDS {
            self.once(scenario, log, &mut case)?;
            case.cpu_seconds = measure::children_cpu_seconds()? - before;
            if started.elapsed() >= self.budget {
                break;
            }
        }
        case.start_seconds = self.start * f64::from(case.runs);
        Ok(case)
    }

    fn once(&self, scenario: Scenario, log: &Log, case: &mut Case) -> io::Result<()> {
        let directory = WorkDirectory::make(self.parent, "run")?;
        let sink = match scenario.target {
            Target::Null => None,
            Target::Bulk | Target::GzipBulk => Some(Sink::start(SinkOptions {
                depth: Depth::Verify,
                expected: BTreeMap::from([(0, log.totals.events)]),
                ..SinkOptions::default()
            })?),
        };
        let setup = conf::Setup {
            text: scenario.configuration(),
            log: &log.path,
            directory: &directory.path,
            port: sink.as_ref().map_or(0, |sink| sink.address().port()),
            ca: None,
        };
        let mut command = setup.command(self.program)?;
        let output = directory.output()?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        match measure::run(&mut command, &Ends::ByItself, self.limit) {
            Ok(usage) => {
                case.peak_memory = case.peak_memory.max(usage.peak_memory);
                case.trouble =
                    (!usage.status.success()).then(|| format!("{}; {}", usage.status, directory.last_words()));
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => case.trouble = Some(error.to_string()),
            Err(error) => return Err(error),
        }
        case.runs += 1;
        case.input_bytes += log.totals.bytes;
        case.add(sink.map(|sink| sink.report()), scenario.documents(&log.totals));
        Ok(())
    }
}

impl Case {
    fn add(&mut self, report: Option<Report>, documents: u64) {
        let Some(report) = report else { return };
        self.wire_bytes += report.wire_bytes;
        self.lost += report.lost.max(documents.saturating_sub(report.documents));
        self.doubled += report.doubled;
    }

    /// Whether it ran and delivered everything exactly once.
    pub(super) fn is_sound(&self) -> bool {
        self.trouble.is_none() && self.lost == 0 && self.doubled == 0
    }

    #[allow(clippy::cast_precision_loss, reason = "runs are few")]
    pub(super) fn cpu_seconds_per_run(&self) -> f64 {
        self.cpu_seconds / f64::from(self.runs.max(1))
    }

    /// CPU-seconds per GB without those of the starts; `None` when nothing was read.
    fn cpu_per_gb(&self) -> Option<f64> {
        (self.input_bytes > 0).then(|| measure::per_gb(self.cpu_seconds - self.start_seconds, self.input_bytes))
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        let cost = self.cpu_per_gb().map_or_else(|| "-".to_owned(), |cost| format!("{cost:.2}"));
        let trouble = self.trouble.as_ref().map(|trouble| format!(" FAILED: {trouble}")).unwrap_or_default();
        format!(
            "{:<11} {cost:>7} CPU-s/GB {:>6.1} MB peak, {} runs, {} lost, {} doubled{trouble}",
            self.name,
            measure::megabytes(self.peak_memory),
            self.runs,
            self.lost,
            self.doubled,
        )
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "cpu_seconds_per_gb": self.cpu_per_gb(),
            "runs": self.runs,
            "peak_rss_bytes": self.peak_memory,
            "input_bytes": self.input_bytes,
            "wire_bytes": self.wire_bytes,
            "lost": self.lost,
            "doubled": self.doubled,
            "failed": self.trouble.is_some(),
        })
    }
}
