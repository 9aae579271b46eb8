//! Comparison runs: the agents that are there, on the same corpora, against the same sink, one after the other.
//!
//! What counts is CPU time per input byte, since wall time on a shared machine says little. Machines differ too, so every
//! round also measures `gzip -1` of the JSON corpus, and figures are scaled to a machine where that costs
//! [`YARDSTICK_GOAL`] CPU-seconds per GB.

mod agents;
mod corpora;
mod goals;
pub mod hosts;
mod place;
mod record;
mod table;

pub use corpora::default_cache;
pub(crate) use record::Delivery;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use agents::{Agent, Finish, Task};
use corpora::CorpusFile;
use place::Place;
use record::{Results, Run};

use crate::corpus::Kind;
use crate::directory::WorkDirectory;
use crate::figures::{Figure, Outcome, Setting};
use crate::measure::{self, Ends, Usage, per_gb};
use crate::scenario::{Scenario, Target};
use crate::sink::{Depth, Options as SinkOptions, Report, Sink};

/// What `gzip -1` of a GB of the JSON corpus costs on the machine that figures are scaled to, in CPU-seconds.
pub const YARDSTICK_GOAL: f64 = 15.0;

/// What to compare.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `vigie` to measure.
    pub agent: PathBuf,
    /// Size of each corpus.
    pub bytes: u64,
    /// How often everything is measured.
    pub rounds: u32,
    /// Where corpora are kept.
    pub cache: PathBuf,
    /// What is measured.
    pub scenarios: Vec<Scenario>,
    /// What else is measured of Vigie, once.
    pub figures: Vec<Figure>,
    /// How long a figure with a live log lasts; its own length without it.
    pub seconds: Option<u64>,
    /// Whether other agents on the PATH are measured too.
    pub peers: bool,
    /// Whether the sink speaks TLS.
    pub tls: bool,
    /// Whether the sink answers whole items, as a node does.
    pub full_items: bool,
    /// The longest that one run may take.
    pub limit: Duration,
    /// Where the record is written; nowhere without it.
    pub record: Option<PathBuf>,
}

/// Measures and prints to `out` as it goes. Gives whether Vigie delivered everything exactly once.
///
/// # Errors
/// When a corpus, a sink or a process cannot be made. An agent that fails is a row of the table, not an error.
pub fn run(options: &Options, out: &mut dyn Write) -> io::Result<bool> {
    // The yardstick is JSON.
    let mut kinds: Vec<Kind> = Vec::from_iter((!options.scenarios.is_empty()).then_some(Kind::Json));
    for kind in options.scenarios.iter().map(|scenario| scenario.kind) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if !kinds.is_empty() {
        writeln!(out, "corpora of {} MB in {}", options.bytes / 1_000_000, options.cache.display())?;
    }
    let corpora = corpora::prepare(&options.cache, &kinds, options.bytes)?;
    let mut agents = vec![Agent::vigie(&options.agent)];
    if options.peers {
        agents.extend(Agent::peers());
    }
    let bench = Bench { options, corpora, agents };
    let runs = if options.scenarios.is_empty() { Vec::new() } else { bench.rounds(out)? };
    let outcomes = bench.figures(&runs, out)?;
    bench.finish(&Results { runs, outcomes }, out)
}

struct Bench<'a> {
    options: &'a Options,
    corpora: BTreeMap<&'static str, CorpusFile>,
    agents: Vec<Agent>,
}

impl Bench<'_> {
    fn rounds(&self, out: &mut dyn Write) -> io::Result<Vec<Run>> {
        let mut runs = Vec::new();
        for round in 1..=self.options.rounds {
            let yardstick = self.yardstick()?;
            writeln!(out, "round {round}: gzip -1 costs {yardstick:.2} CPU-s/GB")?;
            let pairs = self
                .options
                .scenarios
                .iter()
                .flat_map(|scenario| self.agents.iter().map(move |agent| (scenario, agent)));
            for (scenario, agent) in pairs {
                let run = self.one(agent, *scenario, round, yardstick)?;
                run.iter().try_for_each(|run| writeln!(out, "  {}", run.line()))?;
                out.flush()?;
                runs.extend(run);
            }
        }
        Ok(runs)
    }

    /// CPU-seconds per GB of `gzip -1` on the JSON corpus.
    fn yardstick(&self) -> io::Result<f64> {
        let corpus = &self.corpora[Kind::Json.name()];
        corpora::warm(&corpus.path)?;
        let mut command = Command::new("gzip");
        command.arg("-1").arg("-c").arg(&corpus.path).stdout(Stdio::null()).stdin(Stdio::null());
        let usage = measure::run(&mut command, &Ends::ByItself, self.options.limit)?;
        if !usage.status.success() {
            return Err(io::Error::other("gzip failed"));
        }
        Ok(per_gb(usage.cpu_seconds(), corpus.totals.bytes))
    }

    fn one(&self, agent: &Agent, scenario: Scenario, round: u32, yardstick: f64) -> io::Result<Option<Run>> {
        let corpus = &self.corpora[scenario.kind.name()];
        let directory = WorkDirectory::make(&self.options.cache, "run")?;
        let sink = match scenario.target {
            Target::Null => None,
            Target::Bulk | Target::GzipBulk => Some(self.sink(corpus)?),
        };
        let ca_path = directory.path.join("ca.pem");
        let ca_pem = sink.as_ref().and_then(Sink::ca_pem);
        ca_pem.map(|pem| fs::write(&ca_path, pem)).transpose()?;
        let task = Task {
            scenario,
            log: &corpus.path,
            directory: &directory.path,
            port: sink.as_ref().map_or(0, |sink| sink.address().port()),
            ca: ca_pem.map(|_| &*ca_path),
        };
        let Some(mut command) = agent.command(&task)? else { return Ok(None) };
        corpora::warm(&corpus.path)?;
        let load = place::load_average();
        let documents = scenario.documents(&corpus.totals);
        // Only agents that make one document of each line are stopped from outside.
        let has_all = || sink.as_ref().is_some_and(|sink| is_complete(&sink.report(), documents));
        let ends = match (agent.finish, scenario.target) {
            (Finish::Exits, _) => Ends::ByItself,
            (Finish::IsStopped, Target::Null) => Ends::AtEndOf(&corpus.path, corpus.totals.bytes),
            (Finish::IsStopped, _) => Ends::When(&has_all),
        };
        let output = directory.output()?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let (usage, trouble) = match self.timed(&mut command, &ends)? {
            Ok(usage) => (Some(usage), trouble_of(&usage, agent.finish, &directory)),
            Err(timeout) => (None, Some(format!("{timeout}; {}", directory.last_words()))),
        };
        let delivery = sink.map(|sink| Delivery::of(&sink.report(), documents));
        let input_bytes = corpus.totals.bytes;
        let agent = agent.name;
        Ok(Some(Run { scenario, agent, round, yardstick, load, input_bytes, usage, delivery, trouble }))
    }

    /// Measures what only Vigie is measured in.
    fn figures(&self, runs: &[Run], out: &mut dyn Write) -> io::Result<Vec<(&'static str, Outcome)>> {
        let setting = Setting {
            agent: &self.options.agent,
            parent: &self.options.cache,
            bytes: self.options.bytes,
            seconds: self.options.seconds,
            yardstick: table::median(runs.iter().map(|run| run.yardstick).collect()),
            limit: self.options.limit,
        };
        let mut outcomes = Vec::new();
        for figure in &self.options.figures {
            let outcome = figure.measure(&setting)?;
            writeln!(out, "  {}", outcome.line(figure.name))?;
            out.flush()?;
            outcomes.push((figure.name, outcome));
        }
        Ok(outcomes)
    }

    fn sink(&self, corpus: &CorpusFile) -> io::Result<Sink> {
        Sink::start(SinkOptions {
            tls: self.options.tls,
            depth: Depth::Verify,
            full_items: self.options.full_items,
            expected: BTreeMap::from([(0, corpus.totals.events)]),
            ..SinkOptions::default()
        })
    }

    /// Runs `command`. The inner error is a run that took too long.
    fn timed(&self, command: &mut Command, ends: &Ends<'_>) -> io::Result<io::Result<Usage>> {
        match measure::run(command, ends, self.options.limit) {
            Ok(usage) => Ok(Ok(usage)),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(Err(error)),
            Err(error) => {
                let program = command.get_program().to_string_lossy();
                Err(io::Error::new(error.kind(), format!("cannot run `{program}`: {error}")))
            }
        }
    }

    fn finish(&self, results: &Results, out: &mut dyn Write) -> io::Result<bool> {
        let place = Place::here();
        let page = table::page(&place, self.options, &self.agents, results);
        writeln!(out, "\n{page}")?;
        if let Some(folder) = &self.options.record {
            fs::create_dir_all(folder)?;
            let stem = folder.join(place.file_stem());
            let page_path = with_ending(&stem, "md");
            let json_path = with_ending(&stem, "json");
            fs::write(&page_path, &page)?;
            fs::write(&json_path, record::to_json(&place, self.options, &self.agents, results))?;
            writeln!(out, "written to {} and {}", page_path.display(), json_path.display())?;
        }
        Ok(results.are_sound())
    }
}

fn with_ending(stem: &Path, ending: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn is_complete(report: &Report, documents: u64) -> bool {
    report.lost == 0 && report.documents >= documents
}

fn trouble_of(usage: &Usage, finish: Finish, directory: &WorkDirectory) -> Option<String> {
    let ended_well = if finish == Finish::Exits { usage.status.success() } else { usage.was_stopped };
    (!ended_well).then(|| format!("{}; {}", usage.status, directory.last_words()))
}
