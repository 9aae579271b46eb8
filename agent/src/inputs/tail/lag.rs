//! Tells how far behind the input is.

use std::time::{Duration, Instant};

use super::Tail;
use super::file::{Standing, Tailed};

impl Tail {
    /// Counts the bytes that are there and not settled, and says since when the oldest of them waits.
    pub(super) fn tell_lag(&self) {
        let behind = self.files.values().map(|file| (lag(file), file)).filter(|(bytes, _)| *bytes > 0);
        let (bytes, oldest) = behind.fold((0, None), |(sum, oldest): (u64, Option<Instant>), (bytes, file)| {
            let since = since(file);
            (sum + bytes, Some(oldest.map_or(since, |oldest| oldest.min(since))))
        });
        self.metrics.lag_bytes.set(bytes);
        self.metrics.unsettled_since.set(oldest.map_or(0, |since| self.milliseconds(since)));
    }

    fn milliseconds(&self, at: Instant) -> u64 {
        let now = (self.clock)();
        let seconds = u64::try_from(now.seconds).unwrap_or(0);
        let now = Duration::new(seconds, now.nanos);
        let then = now.saturating_sub(self.now.saturating_duration_since(at));
        u64::try_from(then.as_millis()).unwrap_or(u64::MAX)
    }
}

fn lag(file: &Tailed) -> u64 {
    if file.standing == Standing::Gone {
        return file.in_flight();
    }
    file.size.saturating_sub(file.settled())
}

/// Since when its oldest unsettled byte is known, or for what is not read when the last one came.
fn since(file: &Tailed) -> Instant {
    let read = file.content.as_ref().and_then(|content| content.ledger.oldest());
    read.unwrap_or(file.last_growth)
}
