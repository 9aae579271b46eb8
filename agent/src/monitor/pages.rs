//! The pages: JSON and Prometheus text.

use crate::metrics::Metrics;

/// Counters of one plugin, by name.
type Counters = Vec<(&'static str, u64)>;

/// Kind, name and counters of every plugin.
fn all(metrics: &Metrics) -> Vec<(&'static str, String, Counters)> {
    let inputs = metrics.inputs().into_iter().map(|input| ("input", input.name.clone(), input.each()));
    let filters = metrics.filters().into_iter().map(|filter| {
        let mut counters = filter.each();
        counters.rotate_left(1);
        ("filter", filter.name.clone(), counters)
    });
    let outputs = metrics.outputs().into_iter().map(|output| ("output", output.name.clone(), output.each()));
    inputs.chain(filters).chain(outputs).collect()
}

pub(super) fn version() -> String {
    format!(r#"{{"vigie":{{"version":"{}","edition":"Community","flags":[]}}}}"#, env!("CARGO_PKG_VERSION"))
}

pub(super) fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let rest = seconds % 60;
    format!(
        r#"{{"uptime_sec":{seconds},"uptime_hr":"Vigie has been running:  {days} day, {hours} hour, {minutes} minute and {rest} seconds"}}"#
    )
}

pub(super) fn plugins(metrics: &Metrics) -> String {
    let names = |kind: &str| {
        let names: Vec<String> =
            all(metrics).iter().filter(|row| row.0 == kind).map(|row| json_string(&row.1)).collect();
        names.join(",")
    };
    format!(
        r#"{{"plugins":{{"inputs":[{}],"filters":[{}],"outputs":[{}]}}}}"#,
        names("input"),
        names("filter"),
        names("output")
    )
}

pub(super) fn metrics(metrics: &Metrics) -> String {
    let rows = all(metrics);
    let group = |kind: &str| {
        let plugins: Vec<String> = rows
            .iter()
            .filter(|row| row.0 == kind)
            .map(|(_, name, counters)| {
                let counters: Vec<String> = counters.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{}:{{{}}}", json_string(name), counters.join(","))
            })
            .collect();
        format!("\"{kind}\":{{{}}}", plugins.join(","))
    };
    format!("{{{},{},{}}}", group("input"), group("filter"), group("output"))
}

/// Counters that Fluent Bit has too; others are prefixed with our own name.
const FLUENT_BIT: [&str; 19] = [
    "records",
    "bytes",
    "files_opened",
    "files_closed",
    "files_rotated",
    "multiline_truncated",
    "long_line_truncated",
    "long_line_skipped",
    "drop_records",
    "add_records",
    "proc_records",
    "proc_bytes",
    "errors",
    "retries",
    "retries_failed",
    "dropped_records",
    "retried_records",
    "drop_bytes",
    "add_bytes",
];

/// Version 1 of the text form: sorted by name, without types.
pub(super) fn prometheus_v1(metrics: &Metrics, uptime: u64) -> String {
    let mut lines: Vec<String> = samples(metrics).into_iter().map(|sample| sample.2).collect();
    lines.sort();
    lines.push(format!("fluentbit_uptime {uptime}\n"));
    lines.push(format!("fluentbit_build_info{{version=\"{}\",edition=\"Community\"}} 1\n", env!("CARGO_PKG_VERSION")));
    lines.concat()
}

/// Version 2: with types, and what concerns the agent as a whole.
pub(super) fn prometheus_v2(metrics: &Metrics, uptime: u64) -> String {
    let mut samples = samples(metrics);
    samples.sort();
    let mut text = String::new();
    let mut last = String::new();
    for (name, kind, line) in samples {
        if name != last {
            text.push_str(&format!("# TYPE {name} {kind}\n"));
        }
        last = name;
        text.push_str(&line);
    }
    for (name, kind, value) in [
        ("vigie_unrouted_records_total", "counter", metrics.unrouted_records.get()),
        ("fluentbit_uptime", "counter", uptime),
    ] {
        text.push_str(&format!("# TYPE {name} {kind}\n{name} {value}\n"));
    }
    text
}

/// Name, type and line of every counter.
fn samples(metrics: &Metrics) -> Vec<(String, &'static str, String)> {
    let mut samples = Vec::new();
    for (kind, plugin, counters) in all(metrics) {
        for (key, value) in counters {
            let gauge = key == "requests_in_flight";
            let prefix = if FLUENT_BIT.contains(&key) { "fluentbit" } else { "vigie" };
            let name = format!("{prefix}_{kind}_{key}{}", if gauge { "" } else { "_total" });
            let line = format!("{name}{{name=\"{}\"}} {value}\n", label(&plugin));
            samples.push((name, if gauge { "gauge" } else { "counter" }, line));
        }
    }
    samples
}

/// A label's value: backslashes, quotes and newlines escaped.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
