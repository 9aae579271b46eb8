//! Whether the agent does its work: errors within a period, and whether every output gets on.

use std::collections::VecDeque;
use std::time::Duration;

use super::HealthLimits;
use crate::metrics::{Metrics, OutputMetrics};

/// Samples kept per period: a window is exact to this part of it.
const SAMPLES: u32 = 60;

/// Counts of the past, as far as they are needed to judge the present.
#[derive(Debug)]
pub(super) struct Health {
    limits: HealthLimits,
    /// Oldest first; the first one stands at the start of the period, or before it.
    samples: VecDeque<Sample>,
    progress: Vec<Progress>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    at: Duration,
    errors: u64,
    retries_failed: u64,
}

/// When an output last settled something or had nothing to do.
#[derive(Debug)]
struct Progress {
    settled: u64,
    at: Duration,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    /// Errors within the period.
    pub(super) errors: u64,
    /// Requests given up within the period.
    pub(super) retries_failed: u64,
    /// Names of outputs that had requests on their way for a whole period and settled nothing.
    pub(super) stalled: Vec<String>,
    /// Whether all of it is within the limits.
    pub(super) healthy: bool,
}

impl Health {
    pub(super) fn new(limits: HealthLimits) -> Self {
        Self { limits, samples: VecDeque::from([Sample::default()]), progress: Vec::new() }
    }

    /// How often [`Health::sample`] is to be called.
    pub(super) fn interval(&self) -> Duration {
        (self.limits.period / SAMPLES).max(Duration::from_secs(1))
    }

    /// Remembers the counts at `now`, time since the start.
    pub(super) fn sample(&mut self, metrics: &Metrics, now: Duration) {
        self.note_progress(metrics, now);
        let (errors, retries_failed) = totals(metrics);
        self.samples.push_back(Sample { at: now, errors, retries_failed });
        let start = now.saturating_sub(self.limits.period);
        while self.samples.get(1).is_some_and(|second| second.at <= start) {
            self.samples.pop_front();
        }
    }

    /// Judges at `now`, time since the start.
    pub(super) fn judge(&mut self, metrics: &Metrics, now: Duration) -> Judgement {
        self.note_progress(metrics, now);
        let start = now.saturating_sub(self.limits.period);
        let before = self.samples.iter().rev().find(|sample| sample.at <= start).or(self.samples.front());
        let before = before.copied().unwrap_or_default();
        let (errors, retries_failed) = totals(metrics);
        let errors = errors.saturating_sub(before.errors);
        let retries_failed = retries_failed.saturating_sub(before.retries_failed);
        let outputs = metrics.outputs();
        let stands_still = |progress: &Progress| now.saturating_sub(progress.at) >= self.limits.period;
        let stalled: Vec<String> = outputs
            .iter()
            .zip(&self.progress)
            .filter(|(_, progress)| stands_still(progress))
            .map(|(output, _)| output.name.clone())
            .collect();
        // A canary that survives means that personal data leaves the host in the clear.
        let leaks = metrics.canary_failures.get() > 0;
        let within = errors <= self.limits.errors && retries_failed <= self.limits.retries_failed;
        let healthy = within && stalled.is_empty() && !leaks;
        Judgement { errors, retries_failed, stalled, healthy }
    }

    fn note_progress(&mut self, metrics: &Metrics, now: Duration) {
        for (at, output) in metrics.outputs().iter().enumerate() {
            let settled = settled(output);
            match self.progress.get_mut(at) {
                None => self.progress.push(Progress { settled, at: now }),
                Some(progress) if !has_work(output) || progress.settled != settled => {
                    *progress = Progress { settled, at: now };
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether an output has records that it is not done with.
fn has_work(output: &OutputMetrics) -> bool {
    output.requests_in_flight.get() > 0 || output.parked_records.get() > 0
}

/// Records that an output is done with, whatever became of them.
fn settled(output: &OutputMetrics) -> u64 {
    output.proc_records.get() + output.dead_letter_records.get() + output.dropped_records.get()
}

fn totals(metrics: &Metrics) -> (u64, u64) {
    let outputs = metrics.outputs();
    let errors = outputs.iter().map(|output| output.errors.get()).sum();
    let retries_failed = outputs.iter().map(|output| output.retries_failed.get()).sum();
    (errors, retries_failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HealthLimits = HealthLimits { errors: 5, retries_failed: 2, period: Duration::from_secs(60) };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// What `health_check` serves; `LIMITS` are `hc_errors_count`, `hc_retry_failure_count` and `hc_period`.
    #[test]
    fn more_errors_than_the_limit_within_a_period_are_unhealthy_until_the_period_is_over() {
        let metrics = Metrics::default();
        let output = metrics.add_output("out");
        let mut health = Health::new(LIMITS);
        health.sample(&metrics, seconds(10));
        output.errors.add(5);
        assert!(health.judge(&metrics, seconds(11)).healthy, "the limit itself is healthy");

        output.errors.add(1);
        health.sample(&metrics, seconds(20));

        let judgement = health.judge(&metrics, seconds(21));
        assert_eq!((judgement.healthy, judgement.errors), (false, 6));
        assert!(!health.judge(&metrics, seconds(79)).healthy);
        assert!(health.judge(&metrics, seconds(80)).healthy);
    }

    #[test]
    fn errors_between_two_samples_count() {
        let metrics = Metrics::default();
        let output = metrics.add_output("out");
        let mut health = Health::new(LIMITS);
        output.retries_failed.add(3);

        let judgement = health.judge(&metrics, seconds(1));

        assert_eq!((judgement.healthy, judgement.retries_failed), (false, 3));
    }

    #[test]
    fn an_output_that_settles_nothing_while_requests_wait_is_stalled() {
        let metrics = Metrics::default();
        let (_, output) = (metrics.add_output("idle"), metrics.add_output("busy"));
        let mut health = Health::new(LIMITS);
        health.sample(&metrics, seconds(100));
        output.requests_in_flight.set(2);
        health.sample(&metrics, seconds(130));
        assert!(health.judge(&metrics, seconds(159)).healthy);

        assert_eq!(health.judge(&metrics, seconds(160)).stalled, ["busy"]);

        output.dead_letter_records.add(1);
        assert!(health.judge(&metrics, seconds(161)).healthy, "a dead letter is progress");
        assert!(!health.judge(&metrics, seconds(221)).healthy);
        output.requests_in_flight.set(0);
        assert!(health.judge(&metrics, seconds(222)).healthy, "nothing to do is no stall");
    }

    #[test]
    fn samples_of_past_periods_are_let_go() {
        let metrics = Metrics::default();
        let mut health = Health::new(LIMITS);
        assert_eq!(health.interval(), seconds(1));

        for now in 0..1000 {
            health.sample(&metrics, seconds(now));
        }

        assert_eq!(health.samples.len(), 61);
    }
}
