//! The agents that are compared, one file each: how they are configured, and when they are done.

mod classic;
mod rsyslog;
mod syslog_ng;
mod vector;

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scenario::Scenario;

/// A run that an agent is to be configured for.
pub(super) struct Task<'a> {
    pub(super) scenario: Scenario,
    /// The corpus.
    pub(super) log: &'a Path,
    /// An empty directory of its own.
    pub(super) directory: &'a Path,
    /// Port of the sink on 127.0.0.1; 0 when there is none.
    pub(super) port: u16,
    /// CA of the sink when it speaks TLS.
    pub(super) ca: Option<&'a Path>,
}

impl Task<'_> {
    /// `http` or `https`.
    fn scheme(&self) -> &'static str {
        if self.ca.is_some() { "https" } else { "http" }
    }

    /// Writes a file of configuration and gives its path.
    fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.directory.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

/// How an agent shows that it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// It ends when it has delivered its file.
    Exits,
    /// It goes on; it is stopped when the sink has everything, or when it has read everything if there is no sink.
    IsStopped,
}

/// How an agent is configured for a task. `None` when it cannot do it.
type Configure = fn(&Task<'_>, &Path) -> io::Result<Option<Command>>;

/// An agent that is there.
#[derive(Clone)]
pub(super) struct Agent {
    pub(super) name: &'static str,
    pub(super) version: String,
    pub(super) finish: Finish,
    program: PathBuf,
    configure: Configure,
}

impl Agent {
    /// Vigie itself.
    pub(super) fn vigie(program: &Path) -> Self {
        Self {
            name: "vigie",
            version: version_of(program, "--version"),
            finish: Finish::Exits,
            program: program.to_owned(),
            configure: classic::vigie,
        }
    }

    /// The other agents that are on the PATH.
    pub(super) fn peers() -> Vec<Self> {
        let known: [(&'static str, &str, &str, Finish, Configure); 4] = [
            ("fluent-bit", "fluent-bit", "--version", Finish::Exits, classic::fluent_bit),
            ("vector", "vector", "--version", Finish::IsStopped, vector::configure),
            ("rsyslog", "rsyslogd", "-v", Finish::IsStopped, rsyslog::configure),
            ("syslog-ng", "syslog-ng", "--version", Finish::IsStopped, syslog_ng::configure),
        ];
        let there = known.into_iter().filter_map(|(name, program, flag, finish, configure)| {
            let program = on_path(program)?;
            Some(Self { name, version: version_of(&program, flag), finish, program, configure })
        });
        there.collect()
    }

    /// The command that does `task`. `None` when this agent has no equivalent of it.
    pub(super) fn command(&self, task: &Task<'_>) -> io::Result<Option<Command>> {
        (self.configure)(task, &self.program)
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// The first line that `program` prints about its version.
fn version_of(program: &Path, flag: &str) -> String {
    let output = Command::new(program).arg(flag).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").trim().to_owned()
}
