//! Work that is the same everywhere, so that figures of two machines can be compared.

use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use super::case::Log;
use crate::measure::{self, Ends};

/// CPU-seconds per GB of the JSON corpus.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Yardsticks {
    /// Deflate level 1, by the encoder that this program holds.
    deflate: f64,
    /// `gzip -1`; `None` where there is no such program.
    gzip: Option<f64>,
}

impl Yardsticks {
    /// Compresses `log` twice; waits for the program at most `limit`.
    pub(super) fn measure(log: &Log, limit: Duration) -> io::Result<Self> {
        Ok(Self { deflate: deflate(&mut File::open(&log.path)?)?, gzip: gzip(log, limit)? })
    }

    pub(super) fn line(&self) -> String {
        let gzip = self.gzip.map_or_else(|| "not here".to_owned(), |cost| format!("{cost:.2}"));
        format!("deflate level 1 costs {:.2} CPU-s/GB, gzip -1 {gzip}", self.deflate)
    }

    pub(super) fn to_json(self) -> Value {
        json!({ "deflate_1_cpu_seconds_per_gb": self.deflate, "gzip_1_cpu_seconds_per_gb": self.gzip })
    }
}

/// CPU-seconds per GB of this thread for compressing `text` at level 1.
pub(super) fn deflate(text: &mut dyn Read) -> io::Result<f64> {
    let mut encoder = DeflateEncoder::new(io::sink(), Compression::fast());
    let mut block = vec![0; 256 << 10];
    let (mut spent, mut bytes) = (Duration::ZERO, 0);
    loop {
        let length = text.read(&mut block)?;
        let before = thread_time();
        io::Write::write_all(&mut encoder, &block[..length])?;
        spent += thread_time().saturating_sub(before);
        bytes += length as u64;
        if length == 0 {
            return Ok(measure::per_gb(spent.as_secs_f64(), bytes));
        }
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn gzip(log: &Log, limit: Duration) -> io::Result<Option<f64>> {
    let mut command = Command::new("gzip");
    command.arg("-1c").arg(&log.path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match measure::run(&mut command, &Ends::ByItself, limit) {
        Ok(usage) if usage.status.success() => Ok(Some(measure::per_gb(usage.cpu_seconds(), log.totals.bytes))),
        Ok(_) => Ok(None),
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::TimedOut].contains(&error.kind()) => Ok(None),
        Err(error) => Err(error),
    }
}
