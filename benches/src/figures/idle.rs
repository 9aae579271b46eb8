//! 1,000 files that nobody writes to: what watching them costs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::stand::{SEED, Stand};
use super::statistics::share;
use super::{Outcome, Setting};
use crate::corpus::{Corpus, Kind, Until};
use crate::measure::megabytes;
use crate::sink::Options as SinkOptions;

/// The configuration.
pub(super) const CONF: &str = include_str!("../../conf/idle-1000.conf");

const FILES: u32 = 1_000;

/// How long after the last document what follows a delivery is over.
const SETTLE: Duration = Duration::from_secs(3);

/// Lets Vigie deliver one line of each file, then counts for half a minute what it does without any more.
pub(super) fn measure(setting: &Setting<'_>) -> io::Result<Outcome> {
    let expected = (0..FILES).map(|src| (src, 1)).collect::<BTreeMap<_, _>>();
    let stand = Stand::make(setting, SinkOptions { expected, ..SinkOptions::default() })?;
    for src in 0..FILES {
        let mut file = File::create(stand.log(&format!("{src}.log")))?;
        Corpus::new(Kind::Json, SEED, src).write_to(&mut file, Until::Lines(1))?;
    }
    let process = stand.start(CONF)?;
    stand.wait_for(&process, u64::from(FILES))?;
    thread::sleep(SETTLE);
    let (started, before) = (Instant::now(), process.activity()?);
    thread::sleep(setting.length(30));
    let (seconds, after) = (started.elapsed().as_secs_f64(), process.activity()?);
    let (outcome, usage) = stand.finish(process, u64::from(FILES))?;
    Ok(outcome
        .with("CPU, % of a core", share(after.cpu_since(&before).as_secs_f64(), seconds))
        .with("wake-ups per second", per_second(after.wakeups_since(&before), seconds))
        .with("forced switches per second", per_second(after.displacements_since(&before), seconds))
        .with("peak RSS, MB", megabytes(usage.peak_memory)))
}

#[allow(clippy::cast_precision_loss, reason = "counts of a minute are far below 2^53")]
fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}
