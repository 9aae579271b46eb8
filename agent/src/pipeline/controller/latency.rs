//! How long requests take for what they carry, held against how long they took at best of late. Pure.

use std::time::{Duration, Instant};

/// Times of requests, smoothed.
#[derive(Debug, Default)]
pub(super) struct Latency {
    round_trip: Option<Duration>,
    /// Nanoseconds per byte.
    per_byte: f64,
    /// The least of this period and of the one before; 0 where nothing is known.
    floor: f64,
    floor_before: f64,
    since: Option<Instant>,
}

/// What the best time is sought in: a server that became slower for good is taken as it is after two of them.
const PERIOD: Duration = Duration::from_secs(30);
/// Nobody waits long for a request that takes less, whatever it took before.
const QUIET: Duration = Duration::from_millis(100);
/// Times the best from which on more at once only makes each slower.
const RAISED: f64 = 3.0;
/// Times the best, and times what waits for each other, from which on less is sent.
const CONGESTED: f64 = 4.0;

impl Latency {
    /// A request of `bytes` took `took`. Small ones are all overhead and say nothing about what a byte takes.
    pub(super) fn note(&mut self, bytes: usize, took: Duration, is_large: bool, now: Instant) {
        self.round_trip = Some(self.round_trip.map_or(took, |before| (before * 3 + took) / 4));
        if !is_large {
            return;
        }
        let per_byte = took.as_nanos() as f64 / bytes.max(1) as f64;
        self.per_byte = if self.per_byte == 0.0 { per_byte } else { self.per_byte * 0.75 + per_byte * 0.25 };
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= PERIOD {
            (self.floor_before, self.floor, self.since) = (self.floor, per_byte, Some(now));
        }
        self.floor = if self.floor == 0.0 { per_byte } else { self.floor.min(per_byte) };
    }

    /// How long a request takes; `None` before the first.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Whether requests take so long that more of them at once bring nothing.
    pub(super) fn is_raised(&self) -> bool {
        self.is_beyond(RAISED)
    }

    /// Whether a request takes long even for `at_once` that wait for each other.
    pub(super) fn is_congested(&self, at_once: usize) -> bool {
        self.is_beyond(CONGESTED * at_once.max(1) as f64)
    }

    fn is_beyond(&self, times: f64) -> bool {
        let best = if self.floor_before == 0.0 { self.floor } else { self.floor.min(self.floor_before) };
        self.round_trip.is_some_and(|took| took > QUIET) && self.per_byte > best * times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(latency: &mut Latency, now: &mut Instant, count: usize, (bytes, took): (usize, Duration)) {
        for _ in 0..count {
            *now += took;
            latency.note(bytes, took, true, *now);
        }
    }

    #[test]
    fn time_is_held_against_what_a_request_carries() {
        let (mut latency, mut now) = (Latency::default(), Instant::now());
        noted(&mut latency, &mut now, 10, (1000, Duration::from_millis(200)));

        noted(&mut latency, &mut now, 10, (10_000, Duration::from_secs(2)));
        assert!(!latency.is_raised(), "ten times the bytes in ten times the time");

        noted(&mut latency, &mut now, 20, (1000, Duration::from_millis(700)));
        assert!(latency.is_raised() && !latency.is_congested(1));
        noted(&mut latency, &mut now, 20, (1000, Duration::from_secs(1)));
        assert!(latency.is_congested(1) && !latency.is_congested(2));
    }

    #[test]
    fn short_times_are_no_sign_and_a_lasting_change_is_taken_as_it_is() {
        let (mut latency, mut now) = (Latency::default(), Instant::now());
        noted(&mut latency, &mut now, 10, (1000, Duration::from_millis(1)));
        noted(&mut latency, &mut now, 20, (1000, Duration::from_millis(90)));
        assert!(!latency.is_raised());

        noted(&mut latency, &mut now, 20, (1000, Duration::from_millis(400)));
        assert!(latency.is_raised());
        noted(&mut latency, &mut now, 200, (1000, Duration::from_millis(400)));
        assert!(!latency.is_raised());
    }
}
