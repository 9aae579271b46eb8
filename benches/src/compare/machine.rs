//! Where a run took place: machine, commit, time. Nothing that names the host or a person.

use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::measure::read_small;

/// Machine and commit of a run.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) date: String,
    pub(super) cpu: String,
    pub(super) cores: usize,
    pub(super) kernel: String,
    pub(super) memory_gb: f64,
    pub(super) commit: String,
}

impl Place {
    /// Looks around. What cannot be found out is `unknown`.
    pub(super) fn here() -> Self {
        Self {
            date: today(),
            cpu: cpu_model(),
            cores: thread::available_parallelism().map_or(0, usize::from),
            kernel: first_line("/proc/sys/kernel/osrelease"),
            memory_gb: memory_gb(),
            commit: commit(),
        }
    }

    /// `2026-11-21-xeon-2c-1a2b3c4`, for the name of a file.
    pub(super) fn file_stem(&self) -> String {
        let words = self.cpu.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| {
            let noise = ["", "r", "tm", "intel", "amd", "cpu", "processor"];
            !noise.contains(&word.to_ascii_lowercase().as_str())
        });
        let words: Vec<String> = words.take(2).map(str::to_ascii_lowercase).collect();
        format!("{}-{}-{}c-{}", self.date, words.join("-"), self.cores, self.commit)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "date": self.date,
            "cpu": self.cpu,
            "cores": self.cores,
            "kernel": self.kernel,
            "memory_gb": self.memory_gb,
            "commit": self.commit,
        })
    }
}

/// Load average over the last minute.
pub(super) fn load_average() -> f64 {
    first_line("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

fn first_line(path: &str) -> String {
    let text = read_small(path).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

fn cpu_model() -> String {
    let text = read_small("/proc/cpuinfo").unwrap_or_default();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    value("model name").or_else(|| value("CPU part")).unwrap_or_else(|| "unknown".to_owned())
}

fn memory_gb() -> f64 {
    let text = read_small("/proc/meminfo").unwrap_or_default();
    let kibibytes = text.lines().next().and_then(|line| line.split_ascii_whitespace().nth(1)?.parse::<f64>().ok());
    (kibibytes.unwrap_or(0.0) * 1_024.0 / 1e8).round() / 10.0
}

/// The commit of the working directory, with `-dirty` when it is changed.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=8", "HEAD"]) else { return "unknown".to_owned() };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}-dirty"),
    }
}

#[allow(clippy::disallowed_methods, reason = "a record carries the day it was made on")]
fn today() -> String {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    crate::corpus::date_of(since_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_record_tells_day_machine_and_commit() {
        let place = Place {
            date: "2026-11-21".into(),
            cpu: "Intel(R) Xeon(R) Processor @ 2.10GHz".into(),
            cores: 2,
            kernel: "6.1".into(),
            memory_gb: 24.0,
            commit: "1a2b3c4d".into(),
        };

        assert_eq!(place.file_stem(), "2026-11-21-xeon-2-2c-1a2b3c4d");
    }
}
