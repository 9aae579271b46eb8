//! How long to wait before the next attempt.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Exponential backoff with full jitter: a wait is drawn evenly from zero to a bound that doubles up to a cap.
#[derive(Debug)]
pub(super) struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
    seed: RandomState,
}

impl Backoff {
    /// A backoff whose first bound is `base` and whose last is `cap`.
    pub(super) fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap: cap.max(base), failures: 0, seed: RandomState::new() }
    }

    /// The next wait: at least `asked` when the other side said so, and never beyond twice the cap.
    pub(super) fn next_wait(&mut self, asked: Option<Duration>) -> Duration {
        self.next_wait_from(None, asked)
    }

    /// The next wait as if the first bound had been `base`, if that is less.
    pub(super) fn next_wait_from(&mut self, base: Option<Duration>, asked: Option<Duration>) -> Duration {
        let base = base.map_or(self.base, |base| base.min(self.base));
        let bound = base.saturating_mul(1 << self.failures.min(16)).min(self.cap);
        self.failures = self.failures.saturating_add(1);
        let jittered = bound.mul_f64(self.draw());
        asked.map_or(jittered, |asked| asked.min(self.cap * 2) + jittered.min(self.base))
    }

    /// Forgets past failures.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    fn draw(&self) -> f64 {
        let random = u32::try_from(self.seed.hash_one(self.failures) >> 32).expect("32 bits are left");
        f64::from(random) / f64::from(u32::MAX)
    }
}

/// A time as the log tells it: to the millisecond, as `250ms`, `5s` or `1.5s`.
pub(super) fn told(time: Duration) -> String {
    let nanos = time.subsec_nanos() % 1_000_000;
    format!("{:?}", time.saturating_sub(Duration::from_nanos(nanos.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_times_to_the_millisecond() {
        for (nanos, text) in [(5_000_000_000, "5s"), (626_644_730, "626ms"), (1_500_000_001, "1.5s"), (999, "0ns")] {
            assert_eq!(told(Duration::from_nanos(nanos)), text);
        }
    }

    /// The bounds are `scheduler.base` and `scheduler.cap`.
    #[test]
    fn waits_grow_to_the_cap_and_stay_below_it() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));

        let waits: Vec<Duration> = (0..20).map(|_| backoff.next_wait(None)).collect();

        assert!(waits[0] <= Duration::from_millis(100));
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(1)));
        assert!(waits.iter().any(|wait| *wait > Duration::from_millis(100)));
    }

    #[test]
    fn a_smaller_first_bound_makes_waits_shorter_and_a_larger_one_does_not_make_them_longer() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));

        assert!(backoff.next_wait_from(Some(Duration::from_millis(10)), None) <= Duration::from_millis(10));
        assert!(backoff.next_wait_from(Some(Duration::from_millis(10)), None) <= Duration::from_millis(20));
        backoff.reset();
        assert!(backoff.next_wait_from(Some(Duration::from_secs(10)), None) <= Duration::from_millis(100));
    }

    #[test]
    fn the_other_side_is_given_at_least_what_it_asked_for() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(30));

        let wait = backoff.next_wait(Some(Duration::from_secs(7)));

        assert!(wait >= Duration::from_secs(7) && wait <= Duration::from_millis(7100));
    }
}
