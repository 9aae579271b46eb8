//! How long a line takes from its writing until a body with it has been read by the sink.

use std::collections::BTreeMap;
use std::io;

use super::stand::{Stand, Stream, touch};
use super::statistics::percentile;
use super::steady::{RATE, write_and_count};
use super::{Outcome, Setting};
use crate::sink::Options as SinkOptions;

/// The configuration.
pub(super) const CONF: &str = include_str!("../../conf/latency.conf");

/// Writes stamped lines for a minute. Every document counts, those of the first moment too.
pub(super) fn measure(setting: &Setting<'_>) -> io::Result<Outcome> {
    let stream = Stream { name: "latency.log", src: 0, rate: RATE, length: setting.length(60), stamped: true };
    let expected = BTreeMap::from([(0, stream.lines())]);
    let stand = Stand::make(setting, SinkOptions { delays: true, expected, ..SinkOptions::default() })?;
    touch(&stand.log(stream.name))?;
    let process = stand.start(CONF)?;
    let cpu_share = write_and_count(&stand, &stream, &process)?;
    let (mut outcome, _) = stand.finish(process, stream.lines())?;
    let delays = stand.delays();
    for (what, percent) in [("p50, ms", 50), ("p90, ms", 90), ("p99, ms", 99), ("longest, ms", 100)] {
        if let Some(delay) = percentile(&delays, percent) {
            outcome = outcome.with(what, delay.as_secs_f64() * 1e3);
        }
    }
    Ok(outcome.with("CPU, % of a core", cpu_share))
}
