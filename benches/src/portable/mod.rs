//! `vigie bench`: what the agent costs on this machine, as one line of JSON that can be sent to the project.
//!
//! Everything it needs is part of the program. It writes its corpora into a folder that it deletes again, answers requests
//! itself on loopback, and runs the agent as a child process, so that CPU time and memory are those of the agent alone.
//! Time is bounded per case and in all, and one corpus lies on disk at a time, so that a small board can run it.

mod case;
mod yardstick;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::corpus::{Corpus, Kind, Totals, Until};
use crate::directory::WorkDirectory;
use crate::machine::Machine;
use crate::scenario::SCENARIOS;
use case::{Case, Log};
use yardstick::Yardsticks;

/// What a run may take.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `vigie` to measure.
    pub program: PathBuf,
    /// Its version.
    pub version: String,
    /// Where a folder for corpora is made, and deleted at the end.
    pub parent: PathBuf,
    /// The most bytes of a corpus. Slow machines take less by themselves.
    pub most_bytes: u64,
    /// How long one case is repeated; the first run of it may take longer.
    pub per_case: Duration,
    /// How long all of it may take. What does not fit any more is left out.
    pub limit: Duration,
}

impl Options {
    /// What `vigie bench` does: at most 64 MB of each kind of log, and less than two minutes.
    pub fn new(program: PathBuf, version: &str) -> Self {
        Self {
            program,
            version: version.to_owned(),
            parent: std::env::temp_dir(),
            most_bytes: 64_000_000,
            per_case: Duration::from_secs(7),
            limit: Duration::from_secs(100),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// One object, for one line.
    pub figures: Value,
    /// Whether every case ran and delivered everything exactly once.
    pub is_sound: bool,
}

/// The least that is worth measuring.
const LEAST_BYTES: u64 = 1_000_000;

/// How much of a corpus tells how fast the machine is.
const PILOT_BYTES: u64 = 4_000_000;

/// What reading a corpus once through the yardstick may take on a slow machine, in seconds.
const YARDSTICK_SECONDS: f64 = 1.5;

/// Measures every path, telling `progress` about it.
///
/// # Errors
/// When a file or a process cannot be made. An agent that fails is part of the outcome.
pub fn run(options: &Options, progress: &mut dyn Write) -> io::Result<Outcome> {
    let directory = WorkDirectory::make(&options.parent, "vigie-bench")?;
    let bench = Bench { options, directory: &directory.path, deadline: Instant::now() + options.limit };
    let bytes = bench.size()?;
    let start = bench.start_seconds()?;
    writeln!(progress, "{} MB of each kind of log; a start costs {:.1} ms", bytes / 1_000_000, start * 1e3)?;
    let (mut yardsticks, mut cases) = (Yardsticks::default(), Vec::new());
    for kind in [Kind::Json, Kind::Nginx, Kind::Cri] {
        let log = bench.corpus(kind, Until::Bytes(bytes))?;
        if kind == Kind::Json {
            yardsticks = Yardsticks::measure(&log, bench.remaining())?;
            writeln!(progress, "{}", yardsticks.line())?;
        }
        for scenario in SCENARIOS.into_iter().filter(|scenario| scenario.kind == kind) {
            let case = bench.case(scenario.name, start)?.of(scenario, &log)?;
            writeln!(progress, "{}", case.line())?;
            cases.push(case);
        }
        fs::remove_file(&log.path)?;
    }
    let is_sound = cases.iter().all(Case::is_sound);
    let figures = json!({
        "format": 1,
        "version": options.version,
        "machine": Machine::here().to_json(),
        "corpus_bytes": bytes,
        "start_cpu_seconds": start,
        "yardsticks": yardsticks.to_json(),
        "cases": cases.iter().map(|case| (case.name.to_owned(), case.to_json())).collect::<BTreeMap<_, _>>(),
    });
    Ok(Outcome { figures, is_sound })
}

struct Bench<'a> {
    options: &'a Options,
    directory: &'a Path,
    deadline: Instant,
}

impl Bench<'_> {
    fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// How many bytes of a corpus this machine can take in the time there is.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size between two limits")]
    fn size(&self) -> io::Result<u64> {
        let pilot = Until::Bytes(PILOT_BYTES.min(self.options.most_bytes));
        let mut text = Vec::new();
        Corpus::new(Kind::Json, case::SEED, 0).write_to(&mut text, pilot)?;
        let seconds_per_gb = yardstick::deflate(&mut &text[..])?;
        let bytes = (YARDSTICK_SECONDS / seconds_per_gb.max(0.1) * 1e9) as u64;
        Ok(bytes.clamp(LEAST_BYTES, self.options.most_bytes) / LEAST_BYTES * LEAST_BYTES)
    }

    fn corpus(&self, kind: Kind, until: Until) -> io::Result<Log> {
        let path = self.directory.join(format!("{}.log", kind.name()));
        let totals: Totals = Corpus::new(kind, case::SEED, 0).write_to(&mut File::create(&path)?, until)?;
        Ok(Log { path, totals })
    }

    /// CPU-seconds that the agent takes to start and stop.
    fn start_seconds(&self) -> io::Result<f64> {
        let log = self.corpus(Kind::Json, Until::Lines(1))?;
        let case = self.case("start", 0.0)?.of(SCENARIOS[0], &log)?;
        fs::remove_file(&log.path)?;
        Ok(case.cpu_seconds_per_run())
    }

    fn case(&self, name: &'static str, start: f64) -> io::Result<case::Plan<'_>> {
        Ok(case::Plan {
            name,
            program: &self.options.program,
            parent: self.directory,
            budget: self.options.per_case.min(self.remaining()),
            limit: self.remaining(),
            start,
        })
    }
}
