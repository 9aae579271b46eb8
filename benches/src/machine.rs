//! The machine that a run took place on. Nothing that names the host or a person.

use std::env::consts::ARCH;
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::measure::read_small;

/// What figures depend on.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// The day, as `2026-11-21`.
    pub(crate) date: String,
    /// Model of the processor.
    pub(crate) cpu: String,
    /// `x86_64`, `aarch64`, …
    pub(crate) architecture: &'static str,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    /// How the kernel chooses the clock rate, if it does.
    pub(crate) governor: String,
    pub(crate) memory_gb: f64,
}

impl Machine {
    /// Looks around. What cannot be found out is `unknown`.
    pub(crate) fn here() -> Self {
        Self {
            date: today(),
            cpu: cpu_model(&read_small("/proc/cpuinfo").unwrap_or_default()),
            architecture: ARCH,
            cores: thread::available_parallelism().map_or(0, usize::from),
            kernel: first_line("/proc/sys/kernel/osrelease"),
            governor: first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            memory_gb: memory_gb(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "date": self.date,
            "cpu": self.cpu,
            "architecture": self.architecture,
            "cores": self.cores,
            "kernel": self.kernel,
            "governor": self.governor,
            "memory_gb": self.memory_gb,
        })
    }
}

/// The first line of a small file, `unknown` without one.
pub(crate) fn first_line(path: &str) -> String {
    let text = read_small(path).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

/// The model in the text of `/proc/cpuinfo`. ARM cores have numbers instead of a name.
fn cpu_model(text: &str) -> String {
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let arm = || Some(format!("implementer {}, part {}", value("CPU implementer")?, value("CPU part")?));
    value("model name").or_else(arm).unwrap_or_else(|| "unknown".to_owned())
}

fn memory_gb() -> f64 {
    let text = read_small("/proc/meminfo").unwrap_or_default();
    let kibibytes = text.lines().next().and_then(|line| line.split_ascii_whitespace().nth(1)?.parse::<f64>().ok());
    (kibibytes.unwrap_or(0.0) * 1_024.0 / 1e8).round() / 10.0
}

fn today() -> String {
    crate::corpus::date_of(since_1970())
}

/// The real time.
#[allow(clippy::disallowed_methods, reason = "records carry the day they were made on, live lines the time")]
pub(crate) fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_a_name_or_numbers() {
        let x86 = "processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n";
        let arm = "processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n";

        assert_eq!(cpu_model(x86), "AMD EPYC");
        assert_eq!(cpu_model(arm), "implementer 0x41, part 0xd0c");
        assert_eq!(cpu_model("processor : 0\n"), "unknown");
    }
}
