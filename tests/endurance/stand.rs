//! A folder of logs, a sink that checks off every line, and the agent between the two.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vigie_benches::sink::{Options, Report, Sink};

/// The longest wait for a store that fails is scaled as the outage is.
const CONFIGURATION: &str = "\
[SERVICE]
    storage.path @HERE@/state
    memory.limit 64M
    scheduler.base 0.1
    scheduler.cap 0.5
[INPUT]
    Name             tail
    Path             @HERE@/logs/*.log
    DB               @HERE@/state/tail.db
    Read_from_Head   on
    Refresh_Interval 1
[OUTPUT]
    Name  opensearch
    Match *
    Index logs
    Port  @PORT@
";

/// An agent that runs, and is killed when it is dropped.
pub(crate) struct Stand {
    folder: TempDir,
    pub(crate) sink: Sink,
    agent: Child,
}

impl Stand {
    /// Starts a sink, which remembers ids where `ids`, and the agent.
    pub(crate) fn start(ids: bool) -> Self {
        let folder = tempfile::Builder::new().prefix("vigie-long-").tempdir().expect("a folder can be made");
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("logs")).expect("made");
        let sink = Sink::start(Options { ids, ..Options::default() }).expect("a sink can be started");
        let here = folder.path().to_str().expect("the folder has a plain name");
        let text = CONFIGURATION.replace("@HERE@", here).replace("@PORT@", &sink.address().port().to_string());
        fs::write(path("vigie.conf"), text).expect("written");
        let log = File::create(path("log")).expect("made");
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
        command.arg("-c").arg(path("vigie.conf")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let agent = command.spawn().expect("it starts");
        Self { folder, sink, agent }
    }

    /// The file that is written to.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("logs/app.log")
    }

    /// What the agent said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Memory of the agent that is resident now, and the most so far, in MB.
    pub(crate) fn resident(&self) -> (f64, f64) {
        let memory = resident(self.agent.id());
        assert!(memory.is_some(), "the agent ended: {}", self.said());
        memory.unwrap_or_default()
    }

    /// Waits until so many lines are there, or nothing has come for a minute.
    pub(crate) fn wait_for(&self, lines: u64) {
        let (mut last, mut changed) = (0, Instant::now());
        while last < lines && changed.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(50));
            let documents = self.sink.report().documents;
            if documents != last {
                (last, changed) = (documents, Instant::now());
            }
        }
    }

    /// Fails unless the sink has so many lines, each once.
    pub(crate) fn assert_exact(&self, lines: u64) {
        let Report { documents, lost, doubled, unmarked, events, .. } = self.sink.report();
        let told = format!("{documents} of {lines} documents, {lost} lost, {doubled} doubled, {unmarked} unmarked");
        assert_eq!((lost, doubled, unmarked), (0, 0, 0), "{told}\n{}", self.said());
        assert_eq!(events, BTreeMap::from([(0, lines)]), "{told}\n{}", self.said());
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        drop(self.agent.kill());
        drop(self.agent.wait());
    }
}

/// Memory of `process` that is resident now, and the most so far, in MB; `None` where it has ended.
pub(crate) fn resident(process: u32) -> Option<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let megabytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("the kernel tells it");
        line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).expect("a number") * 1_024.0 / 1e6
    };
    Some((megabytes("VmRSS:"), megabytes("VmHWM:")))
}
