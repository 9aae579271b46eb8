//! Measures Vigie, and beside it the other agents on the PATH, and writes a record.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use vigie_benches::compare::{self, Options};
use vigie_benches::{FIGURES, Figure, SCENARIOS, Scenario, flags};

const HELP: &str = "\
Usage: vigie-bench [OPTIONS]

Runs vigie over seeded corpora against a loopback sink that checks every event, and prints CPU-seconds per GB, peak memory
and bytes on the wire, beside any of fluent-bit, vector, rsyslogd and syslog-ng that is on the PATH. Then measures of vigie
alone its memory with many files and with a stalled sink, a steady stream, rest, delay, start, and the size of the program.

  --agent PATH       the vigie to measure (target/release/vigie)
  --bytes SIZE       size of each corpus (1G)
  --rounds N         how often the paths are measured, with their peers (1); the other figures are once
  --seconds N        how long stalled, steady, idle-1000 and latency last (600, 60, 30, 60)
  --scenario NAME    only this one; may be repeated: tail-null, raw-bulk, json-bulk, json-gzip, json-redact,
                     nginx-gzip, cri-gzip; files-10000, stalled, steady, idle-1000, latency, start, binary
  --no-peers         vigie alone
  --tls              TLS on loopback, on the paths
  --full-items       the sink answers whole items, as a node does
  --cache DIR        where corpora are kept (the user's cache directory)
  --record DIR       where the record is written; nowhere without it
  --limit S          the longest that one run may take (600)
  --hosts DIR        writes DIR/hosts.md of DIR/hosts.jsonl, the lines that `vigie bench` printed, and does nothing else

Ends with 1 when vigie failed, or lost or doubled an event.
";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => flags::complain("vigie-bench", error.as_ref()),
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    match task()? {
        Task::Help => io::stdout().write_all(HELP.as_bytes())?,
        Task::TableOfHosts(folder) => compare::hosts::write(&folder)?,
        Task::Measure(options) => return Ok(compare::run(&options, &mut io::stdout())?),
    }
    Ok(true)
}

/// What the command line asks for.
enum Task {
    Help,
    TableOfHosts(PathBuf),
    Measure(Options),
}

fn task() -> Result<Task, lexopt::Error> {
    let mut options = Options {
        agent: PathBuf::from("target/release/vigie"),
        bytes: 1_000_000_000,
        rounds: 1,
        cache: compare::default_cache(),
        scenarios: Vec::new(),
        figures: Vec::new(),
        seconds: None,
        peers: true,
        tls: false,
        full_items: false,
        limit: Duration::from_secs(600),
        record: None,
    };
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("agent") => options.agent = parser.value()?.into(),
            Arg::Long("bytes") => options.bytes = flags::size(&mut parser)?,
            Arg::Long("rounds") => options.rounds = parser.value()?.parse()?,
            Arg::Long("seconds") => options.seconds = Some(parser.value()?.parse()?),
            Arg::Long("scenario") => choose(&mut options, &flags::text(&mut parser)?)?,
            Arg::Long("no-peers") => options.peers = false,
            Arg::Long("tls") => options.tls = true,
            Arg::Long("full-items") => options.full_items = true,
            Arg::Long("cache") => options.cache = parser.value()?.into(),
            Arg::Long("record") => options.record = Some(parser.value()?.into()),
            Arg::Long("hosts") => return Ok(Task::TableOfHosts(parser.value()?.into())),
            Arg::Long("limit") => options.limit = Duration::from_secs(parser.value()?.parse()?),
            Arg::Short('h') | Arg::Long("help") => return Ok(Task::Help),
            other => return Err(other.unexpected()),
        }
    }
    if options.scenarios.is_empty() && options.figures.is_empty() {
        options.scenarios = SCENARIOS.to_vec();
        options.figures = FIGURES.to_vec();
    }
    Ok(Task::Measure(options))
}

fn choose(options: &mut Options, name: &str) -> Result<(), lexopt::Error> {
    if let Some(scenario) = Scenario::named(name) {
        options.scenarios.push(scenario);
    } else {
        options.figures.push(Figure::named(name).ok_or(format!("no scenario is called `{name}`"))?);
    }
    Ok(())
}
