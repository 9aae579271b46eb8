//! What the kernel tells about processes below `/proc`.

#[cfg(feature = "programs")]
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

#[cfg(feature = "programs")]
use std::time::Duration;

use rustix::process::Pid;

/// `USER_HZ`: the unit of times in `/proc`, the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system seconds from the text of `/proc/PID/stat`, with those of children that it has waited for. The name in
/// parentheses may hold anything.
pub(super) fn cpu_times(stat: &str) -> Option<(f64, f64)> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? / TICKS_PER_SECOND);
    let [user, system, children_user, children_system] = [seconds()?, seconds()?, seconds()?, seconds()?];
    Some((user + children_user, system + children_system))
}

/// Bytes of memory by `name`, such as `VmHWM:`, from the text of `/proc/PID/status`.
pub(super) fn memory(status: &str, name: &str) -> Option<u64> {
    let kibibytes: u64 = value_of(status, name)?.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// How far process `pid` has read `path`.
pub(super) fn position_in(pid: Pid, path: &Path) -> Option<u64> {
    let process = format!("/proc/{}", pid.as_raw_nonzero());
    let entries = fs::read_dir(format!("{process}/fd")).ok()?;
    let descriptor = entries.flatten().find(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == path))?;
    let information = read_small(&format!("{process}/fdinfo/{}", descriptor.file_name().to_string_lossy())).ok()?;
    value_of(&information, "pos:")?.parse().ok()
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

/// What the threads of a process did from their beginning on, by their number.
#[cfg(feature = "programs")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Activity(BTreeMap<u32, Thread>);

/// What one thread did.
#[cfg(feature = "programs")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Thread {
    /// Time on a core, in nanoseconds.
    nanos: u64,
    /// How often it waited for something, and so was woken.
    waits: u64,
    /// How often it had to make room for others.
    displacements: u64,
}

#[cfg(feature = "programs")]
impl Activity {
    /// Looks at all threads of `pid`. One that ends meanwhile is left out.
    pub(super) fn of(pid: Pid) -> io::Result<Self> {
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero()))? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            let text = |file: &str| read_small(&format!("/proc/{}/task/{name}/{file}", pid.as_raw_nonzero()));
            let (Ok(status), Ok(schedstat)) = (text("status"), text("schedstat")) else { continue };
            let thread = Thread::parse(&status, &schedstat)
                .ok_or_else(|| io::Error::other("expected counts in /proc/PID/task/*/status and schedstat"))?;
            threads.extend(name.parse().ok().map(|number: u32| (number, thread)));
        }
        Ok(Self(threads))
    }

    /// Time on a core since `earlier`, of the threads that are still there.
    pub(crate) fn cpu_since(&self, earlier: &Self) -> Duration {
        Duration::from_nanos(self.since(earlier, |thread| thread.nanos))
    }

    /// How often a thread was woken since `earlier`.
    pub(crate) fn wakeups_since(&self, earlier: &Self) -> u64 {
        self.since(earlier, |thread| thread.waits)
    }

    /// How often a thread was taken from its core since `earlier`, because others had to run.
    pub(crate) fn displacements_since(&self, earlier: &Self) -> u64 {
        self.since(earlier, |thread| thread.displacements)
    }

    fn since(&self, earlier: &Self, count: impl Fn(&Thread) -> u64) -> u64 {
        let before = |number: &u32| earlier.0.get(number).map_or(0, &count);
        self.0.iter().map(|(number, thread)| count(thread).saturating_sub(before(number))).sum()
    }
}

#[cfg(feature = "programs")]
impl Thread {
    /// Reads the texts of `status` and `schedstat` of a thread.
    fn parse(status: &str, schedstat: &str) -> Option<Self> {
        Some(Self {
            nanos: schedstat.split_ascii_whitespace().next()?.parse().ok()?,
            waits: value_of(status, "voluntary_ctxt_switches:")?.parse().ok()?,
            displacements: value_of(status, "nonvoluntary_ctxt_switches:")?.parse().ok()?,
        })
    }
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

    const STATUS: &str = "Name:\ta VmHWM: 1 kB\nVmHWM:\t   12 kB\nVmRSS:\t    9 kB\nThreads:\t3\n\
        voluntary_ctxt_switches:\t41\nnonvoluntary_ctxt_switches:\t7\n";

    #[test]
    fn the_times_stand_behind_a_name_with_parentheses() {
        let stat = "12 (a) b (c) Z 1 2 3 4 5 6 7 8 9 10 250 50 100 25 0";

        assert_eq!(cpu_times(stat), Some((3.5, 0.75)));
    }

    #[test]
    fn memory_is_told_in_kibibytes_at_the_start_of_a_line() {
        assert_eq!(memory(STATUS, "VmHWM:"), Some(12_288));
        assert_eq!(memory(STATUS, "VmRSS:"), Some(9_216));
        assert_eq!(memory("Name:\tzombie\n", "VmRSS:"), None);
    }

    #[cfg(feature = "programs")]
    #[test]
    fn a_thread_tells_its_time_and_its_switches_of_both_kinds() {
        let thread = Thread { nanos: 1_234_567, waits: 41, displacements: 7 };

        assert_eq!(Thread::parse(STATUS, "1234567 89 10\n"), Some(thread));
        assert_eq!(Thread::parse(STATUS, ""), None);
        assert_eq!(Thread::parse("Name:\ta\n", "1 2 3\n"), None);
    }

    #[cfg(feature = "programs")]
    #[test]
    fn what_new_threads_did_counts_whole_and_what_ended_ones_did_not_at_all() {
        let thread = |nanos, waits, displacements| Thread { nanos, waits, displacements };
        let earlier = Activity(BTreeMap::from([(1, thread(100, 10, 1)), (2, thread(900, 90, 9))]));
        let later = Activity(BTreeMap::from([(1, thread(150, 12, 1)), (3, thread(7, 1, 2))]));

        assert_eq!(later.cpu_since(&earlier), Duration::from_nanos(57));
        assert_eq!((later.wakeups_since(&earlier), later.displacements_since(&earlier)), (3, 2));
    }

    #[cfg(feature = "programs")]
    #[test]
    fn the_threads_of_this_process_are_seen() {
        let activity = Activity::of(rustix::process::getpid()).expect("the kernel tells");

        assert!(activity.cpu_since(&Activity::default()) > Duration::ZERO);
    }
}
