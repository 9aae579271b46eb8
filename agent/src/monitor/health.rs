//! Whether the agent does its work: judged by errors, used-up retries and progress, not by being alive.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::HealthLimits;
use crate::metrics::Metrics;

/// Counts at one moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Instant,
    errors: u64,
    retry_failures: u64,
    settled: u64,
    busy: bool,
}

/// Watches counters over a period.
pub(super) struct Health {
    limits: HealthLimits,
    samples: Mutex<VecDeque<Sample>>,
}

/// What a look at the last period came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    errors: u64,
    retry_failures: u64,
    too_many: bool,
    /// Whether requests were on their way all the time and none was settled.
    stalled: bool,
}

impl Judgement {
    pub(super) fn is_healthy(self) -> bool {
        !self.too_many && !self.stalled
    }

    pub(super) fn json(self, limits: HealthLimits) -> String {
        format!(
            "{{\"status\":\"{}\",\"errors\":{},\"retries_failed\":{},\"error_limit\":{},\"retry_failure_limit\":{},\
             \"period_limit\":{},\"stalled\":{}}}",
            if self.is_healthy() { "ok" } else { "error" },
            self.errors,
            self.retry_failures,
            limits.errors,
            limits.retry_failures,
            limits.period.as_secs(),
            self.stalled
        )
    }
}

impl Health {
    pub(super) fn new(limits: HealthLimits) -> Self {
        Self { limits, samples: Mutex::default() }
    }

    pub(super) fn limits(&self) -> HealthLimits {
        self.limits
    }

    /// Notes the counters at `now` and forgets what is older than the period.
    pub(super) fn look(&self, now: Instant, metrics: &Metrics) {
        let outputs = metrics.outputs();
        let sum = |count: fn(&crate::metrics::OutputMetrics) -> u64| outputs.iter().map(|output| count(output)).sum();
        let sample = Sample {
            at: now,
            errors: sum(|output| output.errors.get()),
            retry_failures: sum(|output| output.retries_failed.get()),
            settled: sum(|output| {
                output.proc_records.get() + output.dead_letter_records.get() + output.dropped_records.get()
            }),
            busy: outputs.iter().any(|output| output.requests_in_flight.get() > 0),
        };
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.push_back(sample);
        // One sample of before the period stays, to compare with.
        while samples.get(1).is_some_and(|second| now.duration_since(second.at) >= self.limits.period) {
            samples.pop_front();
        }
    }

    /// Judges the last period.
    pub(super) fn judge(&self) -> Judgement {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(first), Some(last)) = (samples.front(), samples.back()) else { return Judgement::default() };
        let errors = last.errors - first.errors;
        let retry_failures = last.retry_failures - first.retry_failures;
        let whole_period = last.at.duration_since(first.at) >= self.limits.period;
        Judgement {
            errors,
            retry_failures,
            too_many: errors > self.limits.errors || retry_failures > self.limits.retry_failures,
            stalled: whole_period && last.settled == first.settled && samples.iter().all(|sample| sample.busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn health() -> Health {
        Health::new(HealthLimits { errors: 2, retry_failures: 2, period: Duration::from_secs(60) })
    }

    #[test]
    fn errors_above_the_limit_make_it_unhealthy_until_the_period_is_over() {
        let (health, metrics, start) = (health(), Metrics::default(), Instant::now());
        let output = metrics.add_output("o");

        health.look(start, &metrics);
        output.errors.add(3);
        health.look(start + Duration::from_secs(1), &metrics);
        assert!(!health.judge().is_healthy());
        for second in 2..=62 {
            health.look(start + Duration::from_secs(second), &metrics);
        }

        assert!(health.judge().is_healthy());
    }

    #[test]
    fn an_output_that_settles_nothing_for_a_period_makes_it_unhealthy() {
        let (health, metrics, start) = (health(), Metrics::default(), Instant::now());
        let output = metrics.add_output("o");
        output.requests_in_flight.set(1);

        for second in 0..60 {
            health.look(start + Duration::from_secs(second), &metrics);
        }
        assert!(health.judge().is_healthy(), "the period is not over");
        health.look(start + Duration::from_secs(60), &metrics);
        assert!(!health.judge().is_healthy());
        output.proc_records.add(1);
        health.look(start + Duration::from_secs(61), &metrics);

        assert!(health.judge().is_healthy());
    }
}
