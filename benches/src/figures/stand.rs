//! Where a figure is measured: a folder of logs, a sink that counts, and Vigie between the two.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::{Outcome, Setting};
use crate::compare::Delivery;
use crate::conf::Setup;
use crate::corpus::{Corpus, Kind, Live, Totals, write_live};
use crate::directory::WorkDirectory;
use crate::machine::since_1970;
use crate::measure::{Process, Usage};
use crate::sink::{Options as SinkOptions, Report, Sink};

/// The seed of all logs.
pub(super) const SEED: u64 = 1;

/// How often it is looked whether something came.
const LOOK: Duration = Duration::from_millis(50);

/// Folder, sink and configuration of one measurement. All is deleted in the end.
pub(super) struct Stand<'a> {
    setting: &'a Setting<'a>,
    pub(super) directory: WorkDirectory,
    /// The folder whose `*.log` is tailed.
    logs: PathBuf,
    sink: Sink,
    ca: Option<PathBuf>,
}

/// A log that is written while Vigie reads it.
pub(super) struct Stream {
    pub(super) name: &'static str,
    /// Number of the file that its events carry.
    pub(super) src: u32,
    /// Lines per second.
    pub(super) rate: u64,
    pub(super) length: Duration,
    /// Whether each event tells when it was written.
    pub(super) stamped: bool,
}

impl Stream {
    /// How many lines will have been written.
    pub(super) fn lines(&self) -> u64 {
        self.rate * self.length.as_secs()
    }
}

impl<'a> Stand<'a> {
    /// Makes the folder and starts a sink.
    pub(super) fn make(setting: &'a Setting<'a>, options: SinkOptions) -> io::Result<Self> {
        let directory = WorkDirectory::make(setting.parent, "figure")?;
        let logs = directory.path.join("logs");
        fs::create_dir(&logs)?;
        let sink = Sink::start(options)?;
        let ca = sink.ca_pem().map(|pem| {
            let path = directory.path.join("ca.pem");
            fs::write(&path, pem).map(|()| path)
        });
        Ok(Self { setting, directory, logs, sink, ca: ca.transpose()? })
    }

    /// Where the log `name` lies. It is tailed when it ends with `.log`.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(name)
    }

    /// The command that runs Vigie.
    pub(super) fn command(&self, text: &str) -> io::Result<std::process::Command> {
        let setup = Setup {
            text,
            log: &self.logs.join("*.log"),
            directory: &self.directory.path,
            port: self.sink.address().port(),
            ca: self.ca.as_deref(),
        };
        let mut command = setup.command(self.setting.agent)?;
        let output = self.directory.output()?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        Ok(command)
    }

    /// Starts Vigie with the configuration `text`.
    pub(super) fn start(&self, text: &str) -> io::Result<Process> {
        Process::start(&mut self.command(text)?)
    }

    /// Writes `stream`, and calls `meanwhile` every `pause`.
    pub(super) fn write(&self, stream: &Stream, pause: Duration, mut meanwhile: impl FnMut()) -> io::Result<Totals> {
        let live = Live {
            path: self.log(stream.name),
            rate: stream.rate,
            duration: stream.length,
            lines: None,
            rotate_lines: None,
            keep: None,
            stamped: stream.stamped,
        };
        let mut corpus = Corpus::new(Kind::Json, SEED, stream.src);
        thread::scope(|scope| {
            let writer = scope.spawn(move || write_live(&mut corpus, &live, &since_1970));
            while !writer.is_finished() {
                meanwhile();
                thread::sleep(pause);
            }
            writer.join().unwrap_or_else(|_| Err(io::Error::other("the writer of logs panicked")))
        })
    }

    /// What the sink has seen so far.
    pub(super) fn report(&self) -> Report {
        self.sink.report()
    }

    /// How old stamped documents were when they came, rising.
    pub(super) fn delays(&self) -> Vec<Duration> {
        let mut delays = self.sink.delays();
        delays.sort_unstable();
        delays
    }

    /// Waits until the sink has `documents` and misses none. Gives whether that came true before the limit was over.
    pub(super) fn wait_for(&self, process: &Process, documents: u64) -> io::Result<bool> {
        let started = Instant::now();
        loop {
            let report = self.report();
            if report.lost == 0 && report.documents >= documents {
                return Ok(true);
            }
            if process.has_ended()? || started.elapsed() >= self.setting.limit {
                return Ok(false);
            }
            thread::sleep(LOOK);
        }
    }

    /// Waits for `documents`, stops Vigie, and tells what it cost and what became of the documents.
    pub(super) fn finish(&self, mut process: Process, documents: u64) -> io::Result<(Outcome, Usage)> {
        let started = Instant::now();
        let all_came = self.wait_for(&process, documents)?;
        process.stop()?;
        let usage = process.usage(started.elapsed(), true)?;
        let trouble = match (usage.status.success(), all_came) {
            (true, true) => None,
            (true, false) => Some(format!("not all arrived within {} s", self.setting.limit.as_secs())),
            (false, _) => Some(format!("{}; {}", usage.status, self.directory.last_words())),
        };
        Ok((self.outcome(documents, Some(&usage), trouble), usage))
    }

    /// What the sink has of `documents`, and what it cost beside `usage`.
    pub(super) fn outcome(&self, documents: u64, usage: Option<&Usage>, trouble: Option<String>) -> Outcome {
        let report = self.report();
        Outcome {
            delivery: Some(Delivery::of(&report, documents)),
            sink_share: usage.map(|usage| report.served_seconds / usage.cpu_seconds().max(0.01)),
            trouble,
            ..Outcome::default()
        }
    }
}

/// Makes an empty log, so that Vigie finds it at its start.
pub(super) fn touch(path: &Path) -> io::Result<()> {
    File::create(path).map(drop)
}
