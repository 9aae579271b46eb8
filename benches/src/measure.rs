//! Runs one process and says what it cost.
//!
//! For `vigie-bench` and `vigie bench`. Reads `/proc` only, so it needs no rights.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

/// `USER_HZ`: the unit of times in `/proc`, the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;
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
    let mut watched = Watched { child: command.spawn()?, peak_memory: 0 };
    let worked = watched.until(limit, |pid| is_done(ends, pid))?;
    let wall = started.elapsed();
    if !worked && started.elapsed() >= limit {
        watched.child.kill()?;
        watched.child.wait()?;
        return Err(io::Error::new(io::ErrorKind::TimedOut, format!("not done within {} s", limit.as_secs())));
    }
    let was_stopped = watched.stop()?;
    watched.usage(wall, was_stopped)
}

struct Watched {
    child: Child,
    peak_memory: u64,
}

impl Watched {
    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Samples until the process has ended, `done` says so, or `limit` is over. Gives whether it is one of the first two.
    fn until(&mut self, limit: Duration, done: impl Fn(Pid) -> bool) -> io::Result<bool> {
        let started = Instant::now();
        loop {
            self.peak_memory = self.peak_memory.max(peak_memory(self.pid()).unwrap_or(0));
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
    fn has_ended(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        Ok(rustix::process::waitid(WaitId::Pid(self.pid()), options)?.is_some())
    }

    /// Tells it to end. Gives whether that was needed.
    fn stop(&mut self) -> io::Result<bool> {
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

    fn usage(&mut self, wall: Duration, was_stopped: bool) -> io::Result<Usage> {
        let stat = read_small(&format!("/proc/{}/stat", self.pid().as_raw_nonzero()))?;
        let (user_seconds, system_seconds) =
            cpu_times(&stat).ok_or_else(|| io::Error::other("expected times in /proc/PID/stat"))?;
        let status = self.child.wait()?;
        Ok(Usage { user_seconds, system_seconds, wall, peak_memory: self.peak_memory, status, was_stopped })
    }
}

fn is_done(ends: &Ends<'_>, pid: Pid) -> bool {
    match ends {
        Ends::ByItself => false,
        Ends::When(done) => done(),
        Ends::AtEndOf(path, length) => position_in(pid, path).is_some_and(|position| position >= *length),
    }
}

/// User and system seconds from the text of `/proc/PID/stat`, with those of children that it has waited for. The name in
/// parentheses may hold anything.
fn cpu_times(stat: &str) -> Option<(f64, f64)> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? / TICKS_PER_SECOND);
    let [user, system, children_user, children_system] = [seconds()?, seconds()?, seconds()?, seconds()?];
    Some((user + children_user, system + children_system))
}

fn peak_memory(pid: Pid) -> Option<u64> {
    let status = read_small(&format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

/// How far process `pid` has read `path`.
fn position_in(pid: Pid, path: &Path) -> Option<u64> {
    let process = format!("/proc/{}", pid.as_raw_nonzero());
    let entries = fs::read_dir(format!("{process}/fd")).ok()?;
    let descriptor = entries.flatten().find(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == path))?;
    let information = read_small(&format!("{process}/fdinfo/{}", descriptor.file_name().to_string_lossy())).ok()?;
    information.lines().find_map(|line| line.strip_prefix("pos:"))?.trim().parse().ok()
}

/// CPU-seconds of all children that this process has waited for.
///
/// The kernel adds them up exactly and cuts to hundredths only here, so a difference over many children is as exact as over
/// one.
pub(crate) fn children_cpu_seconds() -> io::Result<f64> {
    let stat = read_small("/proc/self/stat")?;
    let children = stat.rsplit_once(')').and_then(|(_, behind_name)| {
        let mut fields = behind_name.split_ascii_whitespace().skip(13);
        let mut ticks = || fields.next()?.parse::<f64>().ok();
        Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
    });
    children.ok_or_else(|| io::Error::other("expected times in /proc/self/stat"))
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

/// Reads a small file of text, such as those below `/proc`.
pub(crate) fn read_small(path: &str) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(256 << 10).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::process::Stdio;

    const LIMIT: Duration = Duration::from_secs(30);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).stdout(Stdio::null());
        command
    }

    #[test]
    fn the_times_stand_behind_a_name_with_parentheses() {
        let stat = "12 (a) b (c) Z 1 2 3 4 5 6 7 8 9 10 250 50 100 25 0";

        assert_eq!(cpu_times(stat), Some((3.5, 0.75)));
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
    fn a_process_that_takes_too_long_is_an_error() {
        let result = run(&mut shell("exec sleep 60"), &Ends::ByItself, Duration::from_millis(50));

        assert_eq!(result.expect_err("too long").kind(), io::ErrorKind::TimedOut);
    }
}
