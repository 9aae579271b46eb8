//! Counters as JSON, in the shape of Fluent Bit.

use std::time::Duration;

use crate::encode::json::push_string;
use crate::metrics::Metrics;

use super::HealthLimits;
use super::health::Judgement;

/// `{"fluent-bit":{...}}`: tools look for the version there.
pub(super) fn about() -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    format!(r#"{{"fluent-bit":{{"version":"{version}","edition":"Vigie","flags":[]}}}}"#).into_bytes()
}

/// Time since the start, for programs and for people.
pub(super) fn uptime(seconds: u64) -> Vec<u8> {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let count = |number: u64, unit: &str| format!("{number} {unit}{}", if number > 1 { "s" } else { "" });
    let (days, hours, minutes, rest) =
        (count(days, "day"), count(hours, "hour"), count(minutes, "minute"), count(seconds % 60, "second"));
    // Two spaces, as scripts know it.
    let people = format!("Vigie has been running:  {days}, {hours}, {minutes} and {rest}");
    format!(r#"{{"uptime_sec":{seconds},"uptime_hr":"{people}"}}"#).into_bytes()
}

/// Counters of every input, filter and output.
pub(super) fn metrics(metrics: &Metrics) -> Vec<u8> {
    let mut out = b"{\"input\":".to_vec();
    object(metrics.inputs().iter().map(|input| (input.name.as_str(), input.each())), &mut out);
    out.extend_from_slice(b",\"filter\":");
    let filters = metrics.filters();
    let records_last = filters.iter().map(|filter| {
        let mut counters = filter.each();
        counters.rotate_left(1);
        (filter.name.as_str(), counters)
    });
    object(records_last, &mut out);
    out.extend_from_slice(b",\"output\":");
    object(metrics.outputs().iter().map(|output| (output.name.as_str(), output.each())), &mut out);
    out.push(b'}');
    out
}

/// One object of counters per name.
fn object<'a>(plugins: impl Iterator<Item = (&'a str, Vec<(&'static str, u64)>)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, counters)) in plugins.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_string(name.as_bytes(), out);
        out.extend_from_slice(b":{");
        for (at, (counter, value)) in counters.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            out.extend_from_slice(format!("{comma}\"{counter}\":{value}").as_bytes());
        }
        out.push(b'}');
    }
    out.push(b'}');
}

/// Names of all plugins that can be configured.
pub(super) fn plugins(inputs: &[&str], filters: &[&str], outputs: &[&str]) -> Vec<u8> {
    let mut out = b"{\"plugins\":{\"inputs\":".to_vec();
    list(inputs, &mut out);
    out.extend_from_slice(b",\"filters\":");
    list(filters, &mut out);
    out.extend_from_slice(b",\"outputs\":");
    list(outputs, &mut out);
    out.extend_from_slice(b"}}");
    out
}

/// Health with its counts and limits, and the outputs that stand still.
pub(super) fn health(judgement: &Judgement, limits: &HealthLimits) -> Vec<u8> {
    let Judgement { errors, retries_failed, stalled, healthy } = judgement;
    let status = if *healthy { "ok" } else { "error" };
    let counts = format!(r#"{{"status":"{status}","errors":{errors},"retries_failed":{retries_failed}"#);
    let HealthLimits { errors, retries_failed, period } = limits;
    let period = period.as_secs();
    let bounds = format!(r#","error_limit":{errors},"retry_failure_limit":{retries_failed},"period_limit":{period}"#);
    let mut out = counts.into_bytes();
    out.extend_from_slice(bounds.as_bytes());
    out.extend_from_slice(b",\"stalled_outputs\":");
    list(stalled, &mut out);
    out.push(b'}');
    out
}

/// How far all inputs are behind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lag {
    /// Bytes that are there and not settled.
    pub(super) bytes: u64,
    /// How long the oldest of them has waited.
    pub(super) seconds: u64,
}

/// Whether the agent itself gets on, and the age of the oldest piece of work that a worker is at.
pub(super) fn live(is_live: bool, step: Duration) -> Vec<u8> {
    format!(r#"{{"live":{is_live},"longest_step_sec":{}}}"#, step.as_secs()).into_bytes()
}

/// Whether records get on, which outputs stand still, and how far everything is behind.
pub(super) fn ready(is_ready: bool, stalled: &[String], lag: Lag) -> Vec<u8> {
    let mut out = format!(r#"{{"ready":{is_ready},"stalled_outputs":"#).into_bytes();
    list(stalled, &mut out);
    out.extend_from_slice(format!(r#","lag_bytes":{},"lag_sec":{}}}"#, lag.bytes, lag.seconds).as_bytes());
    out
}

fn list(names: &[impl AsRef<str>], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_string(name.as_ref().as_bytes(), out);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_reads_as_people_say_it() {
        let cases = [
            (7, "0 day, 0 hour, 0 minute and 7 seconds"),
            (3661, "0 day, 1 hour, 1 minute and 1 second"),
            (200_000, "2 days, 7 hours, 33 minutes and 20 seconds"),
        ];
        for (seconds, text) in cases {
            let expected = format!(r#"{{"uptime_sec":{seconds},"uptime_hr":"Vigie has been running:  {text}"}}"#);
            assert_eq!(String::from_utf8(uptime(seconds)).expect("text"), expected);
        }
    }
}
