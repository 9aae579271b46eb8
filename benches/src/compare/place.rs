//! Where and of what a comparison was made: machine and commit.

use std::process::Command;

use serde_json::{Value, json};

use crate::machine::{Machine, first_line};

/// Machine and commit of a run.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) machine: Machine,
    pub(super) commit: String,
}

impl Place {
    /// Looks around. What cannot be found out is `unknown`.
    pub(super) fn here() -> Self {
        Self { machine: Machine::here(), commit: commit() }
    }

    /// `2026-11-21-xeon-2c-1a2b3c4`, for the name of a file.
    pub(super) fn file_stem(&self) -> String {
        let Machine { date, cpu, cores, .. } = &self.machine;
        let words = cpu.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| {
            let noise = ["", "r", "tm", "intel", "amd", "cpu", "processor"];
            !noise.contains(&word.to_ascii_lowercase().as_str())
        });
        let words: Vec<String> = words.take(2).map(str::to_ascii_lowercase).collect();
        format!("{date}-{}-{cores}c-{}", words.join("-"), self.commit)
    }

    pub(super) fn to_json(&self) -> Value {
        let mut place = self.machine.to_json();
        place["commit"] = json!(self.commit);
        place
    }
}

/// Load average over the last minute.
pub(super) fn load_average() -> f64 {
    first_line("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_record_tells_day_machine_and_commit() {
        let machine = Machine {
            date: "2026-11-21".into(),
            cpu: "Intel(R) Xeon(R) Processor @ 2.10GHz".into(),
            cores: 2,
            ..Machine::here()
        };
        let place = Place { machine, commit: "1a2b3c4d".into() };

        assert_eq!(place.file_stem(), "2026-11-21-xeon-2-2c-1a2b3c4d");
    }
}
