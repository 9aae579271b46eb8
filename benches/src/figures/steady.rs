//! A steady stream, compressed and over TLS: which part of a core it takes.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use super::stand::{Stand, Stream, touch};
use super::statistics::share;
use super::{Outcome, Setting};
use crate::measure::{Process, megabytes};
use crate::sink::Options as SinkOptions;

/// The configuration.
pub(super) const CONF: &str = include_str!("../../conf/steady.conf");

/// Lines per second, here and for the delay.
pub(super) const RATE: u64 = 10_000;

const PAUSE: Duration = Duration::from_millis(100);

/// Writes lines for a minute, and counts the CPU time of that minute.
pub(super) fn measure(setting: &Setting<'_>) -> io::Result<Outcome> {
    let stream = Stream { name: "steady.log", src: 0, rate: RATE, length: setting.length(60), stamped: false };
    let expected = BTreeMap::from([(0, stream.lines())]);
    let stand = Stand::make(setting, SinkOptions { tls: true, expected, ..SinkOptions::default() })?;
    touch(&stand.log(stream.name))?;
    let process = stand.start(CONF)?;
    let cpu_share = write_and_count(&stand, &stream, &process)?;
    let (outcome, usage) = stand.finish(process, stream.lines())?;
    Ok(outcome.with("CPU, % of a core", cpu_share).with("peak RSS, MB", megabytes(usage.peak_memory)))
}

/// Writes `stream` and gives the part of a core that Vigie took meanwhile, in percent.
pub(super) fn write_and_count(stand: &Stand<'_>, stream: &Stream, process: &Process) -> io::Result<f64> {
    let cpu_seconds = || process.cpu_times().map(|(user, system)| user + system);
    let (started, before) = (Instant::now(), cpu_seconds()?);
    stand.write(stream, PAUSE, || ())?;
    Ok(share(cpu_seconds()? - before, started.elapsed().as_secs_f64()))
}
