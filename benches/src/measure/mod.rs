//! Runs one process and says what it cost.
//!
//! For `vigie-bench` and `vigie bench`. Reads `/proc` only, so it needs no rights.

mod proc;

#[cfg(feature = "programs")]
pub(crate) use proc::Activity;
pub(crate) use proc::{children_cpu_seconds, read_small};

use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

const SAMPLE: Duration = Duration::from_millis(5);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// When a process has done its work.
pub(crate) enum Ends<'a> {
    /// It ends by itself.
    ByItself,
    /// Once this says so it is told to end.
    When(&'a dyn Fn() -> bool),
    /// Once its descriptor of this file, which is that long, stands at the end, it is told to end.
    AtEndOf(&'a Path, u64),
}

/// What a process cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) user_seconds: f64,
    pub(crate) system_seconds: f64,
    pub(crate) wall: Duration,
    /// The most resident memory in bytes.
    pub(crate) peak_memory: u64,
    pub(crate) status: ExitStatus,
    /// Whether it was told to end, because its work was done.
    pub(crate) was_stopped: bool,
}

impl Usage {
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.user_seconds + self.system_seconds
    }
}

/// Runs `command` until it `ends`, at most for `limit`.
///
/// The time it takes to stop after it was told to counts as its CPU time, but not as wall time.
pub(crate) fn run(command: &mut Command, ends: &Ends<'_>, limit: Duration) -> io::Result<Usage> {
    let started = Instant::now();
    let mut process = Process::start(command)?;
    let worked = process.until(limit, |pid| is_done(ends, pid))?;
    let wall = started.elapsed();
    if !worked && started.elapsed() >= limit {
        // Dropped, it is killed.
        return Err(io::Error::new(io::ErrorKind::TimedOut, format!("not done within {} s", limit.as_secs())));
    }
    let was_stopped = process.stop()?;
    process.usage(wall, was_stopped)
}

/// A process that is watched while it runs. Killed when it is dropped before its end.
pub(crate) struct Process {
    child: Child,
    peak_memory: u64,
}

impl Process {
    /// Starts `command`.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        Ok(Self { child: command.spawn()?, peak_memory: 0 })
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn text_of(&self, file: &str) -> io::Result<String> {
        read_small(&format!("/proc/{}/{file}", self.pid().as_raw_nonzero()))
    }

    /// Samples until the process has ended, `done` says so, or `limit` is over. Gives whether it is one of the first two.
    pub(crate) fn until(&mut self, limit: Duration, done: impl Fn(Pid) -> bool) -> io::Result<bool> {
        let started = Instant::now();
        loop {
            self.peak_memory = self.peak_memory.max(self.memory("VmHWM:").unwrap_or(0));
            if self.has_ended()? || done(self.pid()) {
                return Ok(true);
            }
            if started.elapsed() >= limit {
                return Ok(false);
            }
            thread::sleep(SAMPLE);
        }
    }

    /// Whether it has ended. It is not reaped, so that `/proc` still tells its times.
    pub(crate) fn has_ended(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        Ok(rustix::process::waitid(WaitId::Pid(self.pid()), options)?.is_some())
    }

    /// Tells it to end. Gives whether that was needed.
    pub(crate) fn stop(&mut self) -> io::Result<bool> {
        if self.has_ended()? {
            return Ok(false);
        }
        rustix::process::kill_process(self.pid(), Signal::TERM)?;
        if !self.until(STOP_LIMIT, |_| false)? {
            self.child.kill()?;
            self.until(STOP_LIMIT, |_| false)?;
        }
        Ok(true)
    }

    /// User and system seconds so far.
    pub(crate) fn cpu_times(&self) -> io::Result<(f64, f64)> {
        proc::cpu_times(&self.text_of("stat")?).ok_or_else(|| io::Error::other("expected times in /proc/PID/stat"))
    }

    /// Resident memory at this moment, in bytes; `None` once it has ended.
    #[cfg(feature = "programs")]
    pub(crate) fn resident(&self) -> Option<u64> {
        self.memory("VmRSS:")
    }

    /// What its threads did so far.
    #[cfg(feature = "programs")]
    pub(crate) fn activity(&self) -> io::Result<Activity> {
        Activity::of(self.pid())
    }

    fn memory(&self, name: &str) -> Option<u64> {
        proc::memory(&self.text_of("status").ok()?, name)
    }

    /// What it cost. Waits for its end, which must be near.
    pub(crate) fn usage(mut self, wall: Duration, was_stopped: bool) -> io::Result<Usage> {
        let (user_seconds, system_seconds) = self.cpu_times()?;
        let status = self.child.wait()?;
        Ok(Usage { user_seconds, system_seconds, wall, peak_memory: self.peak_memory, status, was_stopped })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both do nothing when it was waited for.
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

fn is_done(ends: &Ends<'_>, pid: Pid) -> bool {
    match ends {
        Ends::ByItself => false,
        Ends::When(done) => done(),
        Ends::AtEndOf(path, length) => proc::position_in(pid, path).is_some_and(|position| position >= *length),
    }
}

/// `amount` per GB of `bytes`.
pub(crate) fn per_gb(amount: f64, bytes: u64) -> f64 {
    amount / (megabytes(bytes) / 1e3)
}

/// `bytes` in millions.
#[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::fs;
    use std::process::Stdio;

    const LIMIT: Duration = Duration::from_secs(30);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).stdout(Stdio::null());
        command
    }

    #[test]
    fn times_of_children_are_added_up() {
        let before = children_cpu_seconds().expect("the kernel tells");

        let usage = run(&mut shell("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"), &Ends::ByItself, LIMIT)
            .expect("it ends");

        // Other tests may have children at the same time.
        let after = children_cpu_seconds().expect("the kernel tells");
        assert!(after - before + 0.02 > usage.cpu_seconds(), "{before} {after} {usage:?}");
    }

    #[test]
    fn a_process_that_ends_by_itself_is_measured_whole() {
        let usage =
            run(&mut shell("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exit 3"), &Ends::ByItself, LIMIT)
                .expect("it ends");

        assert_eq!(usage.status.code(), Some(3));
        assert!(usage.cpu_seconds() > 0.02, "{usage:?}");
        assert!(usage.peak_memory > 500_000, "{usage:?}");
    }

    #[test]
    fn a_process_that_goes_on_is_stopped_when_its_work_is_done() {
        let asked = Cell::new(0);
        let done = || {
            asked.set(asked.get() + 1);
            asked.get() > 3
        };

        let usage = run(&mut shell("exec sleep 60"), &Ends::When(&done), LIMIT).expect("it is stopped");

        assert!(usage.was_stopped && !usage.status.success());
        assert!(usage.wall < Duration::from_secs(10));
    }

    #[test]
    fn reading_to_the_end_of_a_file_counts_as_done() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("log");
        fs::write(&path, "one\ntwo\n").expect("written");
        let mut command = shell("exec 3<\"$0\"; read -r a <&3; read -r b <&3; sleep 60 & wait");
        command.arg(&path);

        let usage = run(&mut command, &Ends::AtEndOf(&path, 8), LIMIT).expect("it is stopped");

        assert!(usage.wall < Duration::from_secs(10));
    }

    #[test]
    fn a_process_that_is_dropped_does_not_go_on() {
        let process = Process::start(&mut shell("exec sleep 60")).expect("it starts");
        let directory = format!("/proc/{}", process.pid().as_raw_nonzero());
        assert!(Path::new(&directory).exists());

        drop(process);

        assert!(!Path::new(&directory).exists());
    }

    #[test]
    fn a_process_that_takes_too_long_is_an_error() {
        let result = run(&mut shell("exec sleep 60"), &Ends::ByItself, Duration::from_millis(50));

        assert_eq!(result.expect_err("too long").kind(), io::ErrorKind::TimedOut);
    }
}
