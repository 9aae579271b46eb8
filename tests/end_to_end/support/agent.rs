//! The agent as a child process, with its files in a folder of its own.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::eventually;

/// How long the agent may take to stop when asked to.
const STOP: Duration = Duration::from_secs(30);

/// The folder of one test: configuration, logs to read, what the agent keeps and says.
pub(crate) struct Workplace {
    folder: TempDir,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("vigie-test-").tempdir().expect("a folder can be made");
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, making its folder. `@HERE@` in the text stands for the folder of the test.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder can be made");
        let here = self.folder.path().to_str().expect("the folder has a plain name");
        fs::write(&path, text.replace("@HERE@", here)).expect("the file can be written");
        path
    }

    /// Appends to a file as a program that logs would.
    pub(crate) fn append(&self, name: &str, text: &str) {
        use std::io::Write;
        let mut file = File::options().append(true).create(true).open(self.path(name)).expect("the file can be opened");
        file.write_all(text.as_bytes()).expect("the file can be appended to");
    }

    /// Starts the agent with a configuration file of this folder.
    pub(crate) fn start(&self, configuration: &str) -> Agent {
        Agent::start(&["-c".as_ref(), self.path(configuration).as_ref()], self.path("stderr.log"))
    }
}

/// A running agent. Killed when dropped.
pub(crate) struct Agent {
    child: Child,
    stderr: PathBuf,
}

impl Agent {
    fn start(arguments: &[&OsStr], stderr: PathBuf) -> Self {
        let log = File::options().create(true).append(true).open(&stderr).expect("a file for messages can be opened");
        let child = Command::new(env!("CARGO_BIN_EXE_vigie"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the agent can be started");
        Self { child, stderr }
    }

    /// What it, and agents before it in the same folder, said so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// Waits until it has said something that holds all of `parts` in one line, and gives that line.
    pub(crate) fn wait_for_message(&mut self, parts: &[&str]) -> String {
        eventually(Duration::from_secs(30), format_args!("a message with {parts:?}"), || {
            self.assert_running();
            let said = self.said();
            let mut lines = said.lines();
            lines.find(|line| parts.iter().all(|part| line.contains(part))).map(str::to_owned)
        })
    }

    /// Fails when it has ended by itself.
    pub(crate) fn assert_running(&mut self) {
        let ended = self.child.try_wait().expect("the agent can be waited for");
        assert!(ended.is_none(), "the agent ended with {ended:?} and said:\n{}", self.said());
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.assert_running();
        kill_process(self.pid(), Signal::TERM).expect("a running process can be signalled");
        eventually(STOP, format_args!("the end of the agent, which said:\n{}", self.said()), || {
            self.child.try_wait().expect("the agent can be waited for")
        })
    }

    /// Kills it with SIGKILL and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.assert_running();
        self.child.kill().expect("a running process can be killed");
        self.child.wait().expect("a killed process can be waited for");
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Already gone after `terminate` and `kill`; then both calls do nothing.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs the agent to its end, which must come soon, and gives exit status, standard output and standard error.
pub(crate) fn run_to_end(arguments: &[&Path]) -> (ExitStatus, String, String) {
    run_to_end_with(&[], arguments)
}

/// The same, with more variables of the environment.
pub(crate) fn run_to_end_with(environment: &[(&str, &OsStr)], arguments: &[&Path]) -> (ExitStatus, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the agent can be run");
    let text = |bytes| String::from_utf8(bytes).expect("the agent prints text");
    (output.status, text(output.stdout), text(output.stderr))
}
