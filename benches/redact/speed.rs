//! How fast the engine looks through clean lines, by the CPU time of the thread.

use std::io::{self, Write};
use std::sync::Arc;

use rustix::time::{ClockId, clock_gettime};
use vigie::redact::{Engine, Place, Scanner};

/// What is slow is noticed late, so it is bounded: in megabytes of a million bytes for each second of one core.
const LEAST: f64 = 400.0;

const ROUNDS: usize = 7;

fn seconds() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// Megabytes for each second: the best of several rounds, line by line as the agent goes.
pub(crate) fn measure(engine: &Arc<Engine>, lines: &[String]) -> f64 {
    let mut scanner = Scanner::new(Arc::clone(engine));
    let bytes: usize = lines.iter().map(String::len).sum();
    let mut found = Vec::new();
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = seconds();
        for line in lines {
            found.clear();
            scanner.scan(line.as_bytes(), Place::default(), &mut found);
        }
        best = best.min(seconds() - start);
    }
    bytes as f64 / best / 1e6
}

/// Gives whether it is fast enough. A build for debugging is not judged.
pub(crate) fn print(out: &mut impl Write, speed: f64) -> io::Result<bool> {
    let judged = !cfg!(debug_assertions);
    let limit = if judged { format!("at least {LEAST}") } else { "not judged in this build".to_owned() };
    writeln!(out, "engine: {speed:.0} MB/s of CPU time ({limit})")?;
    Ok(!judged || speed >= LEAST)
}
