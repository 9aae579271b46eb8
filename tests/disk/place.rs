//! A folder with a configuration and lines, a store, and runs of the agent between the two, with or without `strace`.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

use crate::store::{REFUSED, Store};

/// Lines of one run.
pub(crate) const LINES: usize = 2_000;
/// Every so many lines one is refused, and becomes a dead letter.
const REFUSED_EVERY: usize = 100;
/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the lines come from, and what is kept of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reading {
    /// A file, with its positions.
    File,
    /// The same, with `storage.type filesystem`.
    SpooledFile,
    /// The copy of a file that was deleted before it was delivered, made when an agent before was stopped.
    Rest,
    /// Standard input, which cannot be read again.
    Pipe,
}

impl Reading {
    pub(crate) const ALL: [Self; 4] = [Self::File, Self::SpooledFile, Self::Rest, Self::Pipe];

    fn input(self) -> String {
        match self {
            Self::File | Self::Rest => TAIL.to_owned(),
            Self::SpooledFile => TAIL.to_owned() + SPOOLED,
            Self::Pipe => "[INPUT]\n    Name stdin\n".to_owned() + SPOOLED,
        }
    }
}

const TAIL: &str = "[INPUT]
    Name tail
    Path @HERE@/app.log
    DB @HERE@/state/tail.db
    Read_from_Head on
    Exit_On_Eof on
";

const SPOOLED: &str = "    storage.type filesystem\n";

const CONFIGURATION: &str = "\
[SERVICE]
    Flush 0.1
    Grace 30
    storage.path @HERE@/state
    scheduler.base 0.05
    scheduler.cap 0.2
@INPUT@[OUTPUT]
    Name opensearch
    Alias store
    Match *
    Index logs
    Port @PORT@
    Bulk_Size 16k
";

/// The lines that are written.
pub(crate) fn lines() -> Vec<String> {
    let begin = |number| if number % REFUSED_EVERY == 7 { REFUSED } else { "line" };
    (0..LINES).map(|number| format!("{} {number:05}", begin(number))).collect()
}

/// One folder, and the store that its lines go to; one that is not steady but where a plain file is read.
pub(crate) struct Place {
    folder: TempDir,
    reading: Reading,
    pub(crate) store: Arc<Store>,
}

impl Place {
    pub(crate) fn new(reading: Reading) -> Self {
        Self::with(reading, "")
    }

    /// The same with further lines of `[OUTPUT]`.
    pub(crate) fn with(reading: Reading, output: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("vigie-disk-").tempdir().expect("a folder can be made");
        let (store, port) = Store::start();
        store.set_unsteady(reading != Reading::File);
        let place = Self { folder, reading, store };
        let here = place.here();
        let text = CONFIGURATION.replace("@INPUT@", &reading.input()).replace("@PORT@", &port.to_string()) + output;
        let text = text.replace("@HERE@", &here);
        fs::write(place.path("vigie.conf"), &text).expect("written");
        if reading != Reading::Pipe {
            fs::write(place.path("app.log"), lines().join("\n") + "\n").expect("written");
        }
        if reading == Reading::Rest {
            let first = text.replace("Exit_On_Eof on", "Exit_On_Eof off").replace("Grace 30", "Grace 1");
            fs::write(place.path("first.conf"), first).expect("written");
            place.stop_after_deleting();
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn here(&self) -> String {
        self.folder.path().to_str().expect("the folder has a plain name").to_owned()
    }

    /// What all runs said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Runs the agent until it ends by itself, under `strace` with these arguments, and hands it what is still to be written.
    pub(crate) fn run_under(&self, strace: &[&str]) -> ExitStatus {
        let mut command = Command::new("strace");
        // Without `--seccomp-bpf`: a signal that is injected gets lost there.
        command.arg("-f").args(strace).arg(env!("CARGO_BIN_EXE_vigie"));
        self.run_to_end(command)
    }

    /// Runs the agent while there is nothing to read yet: what it makes at its first start is there then.
    pub(crate) fn run_without_lines(&self) {
        let (log, aside) = (self.path("app.log"), self.path("later"));
        fs::rename(&log, &aside).expect("renamed");
        let status = self.run();
        assert!(status.success(), "{status}\n{}", self.said());
        fs::rename(&aside, &log).expect("renamed");
    }

    /// The same without `strace`.
    pub(crate) fn run(&self) -> ExitStatus {
        self.run_to_end(Command::new(env!("CARGO_BIN_EXE_vigie")))
    }

    fn run_to_end(&self, command: Command) -> ExitStatus {
        let child = self.start(command);
        self.wait(child)
    }

    /// Has an agent read the file while the store is down, deletes it, and stops the agent.
    fn stop_after_deleting(&self) {
        self.store.set_down(true);
        let child = self.start_with(Command::new(env!("CARGO_BIN_EXE_vigie")), "first.conf");
        let until = Instant::now() + PATIENCE;
        while !self.said().contains("delivery failed") {
            assert!(Instant::now() < until, "it does not try to deliver: {}", self.said());
            thread::sleep(Duration::from_millis(10));
        }
        fs::remove_file(self.path("app.log")).expect("removed");
        kill_process(Pid::from_child(&child), Signal::TERM).expect("it is signalled");
        let status = self.wait(child);
        assert!(status.success() && self.said().contains("the rest is kept"), "{status}\n{}", self.said());
        self.store.set_down(false);
    }

    /// Starts the agent, and hands it what is still to be written where it reads a pipe.
    fn start(&self, command: Command) -> Child {
        self.start_with(command, "vigie.conf")
    }

    fn start_with(&self, mut command: Command, configuration: &str) -> Child {
        let input = if self.reading == Reading::Pipe { Stdio::piped() } else { Stdio::null() };
        let unsettled = self.unsettled();
        let log = fs::File::options().create(true).append(true).open(self.path("log")).expect("made");
        command.arg("-c").arg(self.path(configuration)).process_group(0);
        let started = command.stdin(input).stdout(Stdio::null()).stderr(log).spawn();
        let mut child = started.expect("it can be started; strace is in the Debian package of that name");
        if let Some(mut pipe) = child.stdin.take() {
            // A reader that is killed breaks it off.
            thread::spawn(move || pipe.write_all(unsettled.as_bytes()));
        }
        child
    }

    /// Starts the agent without `strace`.
    pub(crate) fn start_plain(&self) -> Child {
        self.start(Command::new(env!("CARGO_BIN_EXE_vigie")))
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(&self, mut child: Child) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().expect("it is waited for") {
                return status;
            }
            if Instant::now() > until {
                kill_process_group(Pid::from_child(&child), Signal::KILL).expect("it is killed");
            }
            assert!(Instant::now() <= until, "it does not end and said:\n{}", self.said());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The lines that a pipe brings: those that were neither stored nor kept on disk before.
    fn unsettled(&self) -> String {
        let mut kept = self.store.lines();
        kept.extend(files_below(&self.path("state")).iter().flat_map(|path| lines_in(path)));
        let kept: std::collections::BTreeSet<String> = kept.into_iter().collect();
        lines()
            .into_iter()
            .filter(|line| !kept.contains(line))
            .map(|line| format!("{{\"log\":\"{line}\"}}\n"))
            .collect()
    }

    /// The refused lines that are no dead letters. One may be there twice, where its position was not stored in time.
    pub(crate) fn lost_letters(&self) -> Vec<String> {
        let letters = lines_in(&self.path("state/dlq/store.ndjson"));
        lines().into_iter().filter(|line| line.starts_with(REFUSED) && !letters.contains(line)).collect()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let is_kept =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "request" || extension == "ndjson");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files_below(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.retain(is_kept);
    found
}

/// The lines of ours that a file holds, whatever stands between them.
fn lines_in(path: &Path) -> Vec<String> {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let starts = text.match_indices("line ").chain(text.match_indices("refuse "));
    let found = starts.filter_map(|(start, word)| text.get(start..start + word.len() + 5));
    let is_one = |line: &&str| line.bytes().rev().take(5).all(|byte| byte.is_ascii_digit());
    found.filter(is_one).map(str::to_owned).collect()
}
