//! A store that takes requests and does not answer, while logs go on: memory must not grow, and nothing may be lost.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::time::Duration;

use super::stand::{SEED, Stand, Stream};
use super::statistics::drift;
use super::{Outcome, Setting};
use crate::corpus::{Corpus, Kind, Until};
use crate::measure::megabytes;
use crate::sink::{Faults, Options as SinkOptions};

/// The configuration.
pub(super) const CONF: &str = include_str!("../../conf/stalled.conf");

/// The most that lies there already. What is written during the stall comes on top.
const BACKLOG: u64 = 200_000_000;

/// Lines per second that are written during the stall.
const RATE: u64 = 1_000;

/// How much longer than its stream the stall is, so that it still holds at the last sample.
const MARGIN: Duration = Duration::from_secs(2);

const PAUSE: Duration = Duration::from_millis(250);

/// Stalls the sink for 10 minutes, then lets it answer and waits for everything.
pub(super) fn measure(setting: &Setting<'_>) -> io::Result<Outcome> {
    let until = Until::Bytes(setting.bytes.min(BACKLOG));
    let backlog = Corpus::new(Kind::Json, SEED, 0).write_to(&mut io::sink(), until)?;
    let stream = Stream { name: "live.log", src: 1, rate: RATE, length: setting.length(600), stamped: false };
    let stall_for = Some(stream.length + MARGIN);
    let stand = Stand::make(
        setting,
        SinkOptions {
            // What was sent again during the stall is there twice, with one id.
            ids: true,
            expected: BTreeMap::from([(0, backlog.events), (1, stream.lines())]),
            faults: Faults { stall_from: Some(1), stall_for, ..Faults::default() },
            ..SinkOptions::default()
        },
    )?;
    Corpus::new(Kind::Json, SEED, 0).write_to(&mut File::create(stand.log("backlog.log"))?, until)?;
    let process = stand.start(CONF)?;
    let mut resident = Vec::new();
    stand.write(&stream, PAUSE, || resident.extend(process.resident().map(megabytes)))?;
    let took_none = stand.report().documents == 0;
    let (mut outcome, usage) = stand.finish(process, backlog.lines + stream.lines())?;
    if !took_none && outcome.trouble.is_none() {
        outcome.trouble = Some("the sink answered before the stall was over".to_owned());
    }
    let highest = resident.iter().copied().fold(0.0, f64::max);
    Ok(outcome
        .with("highest RSS while stalled, MB", highest)
        .with("drift of RSS while stalled, MB", drift(&resident))
        .with("peak RSS with what came after, MB", megabytes(usage.peak_memory)))
}
