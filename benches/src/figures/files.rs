//! A backlog in 10,000 files: what each file costs in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use super::stand::{SEED, Stand};
use super::{Outcome, Setting};
use crate::compare::YARDSTICK_GOAL;
use crate::corpus::{Corpus, Kind, Until};
use crate::measure::{self, Ends, megabytes, per_gb};
use crate::sink::Options as SinkOptions;

/// The configuration.
pub(super) const CONF: &str = include_str!("../../conf/files-10000.conf");

const FILES: u32 = 10_000;

/// Reads all files from their beginning to their end, an equal part of the wanted bytes in each.
pub(super) fn measure(setting: &Setting<'_>) -> io::Result<Outcome> {
    // Events are counted before they are written, since the sink wants to know them at its start.
    let expected: BTreeMap<u32, u64> =
        (0..FILES).map(|src| Ok((src, write(setting, src, &mut io::sink())?.0))).collect::<io::Result<_>>()?;
    let documents = expected.values().sum();
    let stand = Stand::make(setting, SinkOptions { expected, ..SinkOptions::default() })?;
    let mut bytes = 0;
    for src in 0..FILES {
        bytes += write(setting, src, &mut File::create(stand.log(&format!("{src}.log")))?)?.1;
    }
    let usage = match measure::run(&mut stand.command(CONF)?, &Ends::ByItself, setting.limit) {
        Ok(usage) => usage,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            return Ok(stand.outcome(documents, None, Some(error.to_string())));
        }
        Err(error) => return Err(error),
    };
    let trouble = (!usage.status.success()).then(|| format!("{}; {}", usage.status, stand.directory.last_words()));
    let cpu = per_gb(usage.cpu_seconds(), bytes);
    let outcome = stand
        .outcome(documents, Some(&usage), trouble)
        .with("peak RSS, MB", megabytes(usage.peak_memory))
        .with("CPU-s/GB as measured", cpu);
    Ok(match setting.yardstick {
        Some(yardstick) => outcome.with("CPU-s/GB scaled", cpu * YARDSTICK_GOAL / yardstick),
        None => outcome,
    })
}

/// Writes the file with number `src`. Gives events and bytes.
fn write(setting: &Setting<'_>, src: u32, out: &mut dyn io::Write) -> io::Result<(u64, u64)> {
    let until = Until::Bytes((setting.bytes / u64::from(FILES)).max(1));
    let totals = Corpus::new(Kind::Json, SEED, src).write_to(out, until)?;
    Ok((totals.events, totals.bytes))
}
