//! Counters in the text format of Prometheus.
//!
//! Names that start with `fluentbit_` mean what they mean there, so that dashboards go on working; what only Vigie counts
//! starts with `vigie_`.
//!
//! # Source
//! Prometheus, "Exposition formats", text format 0.0.4.

use std::fmt::Write;

use super::Now;
use crate::metrics::{Counter, Metrics};

/// A counter of a plugin and how it is called outside.
struct Row {
    /// Name of the field.
    counter: &'static str,
    /// Name of the metric, without `_total`.
    metric: &'static str,
    kind: Kind,
    help: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    /// A gauge of one metric that several rows share, told apart by this value of the label `which`; left out where it is 0.
    Which(&'static str),
    /// A gauge: the field is a time in milliseconds since 1970, told is how many seconds ago it was; 0 where it is 0.
    Age,
    /// A gauge of a state: the field is one more than what is told; left out where it is 0, as what has no such state.
    State,
}

const fn counter(counter: &'static str, metric: &'static str, help: &'static str) -> Row {
    Row { counter, metric, kind: Kind::Counter, help }
}

const fn gauge(counter: &'static str, metric: &'static str, help: &'static str) -> Row {
    Row { counter, metric, kind: Kind::Gauge, help }
}

const fn state(counter: &'static str, metric: &'static str, help: &'static str) -> Row {
    Row { counter, metric, kind: Kind::State, help }
}

const fn age(counter: &'static str, metric: &'static str, help: &'static str) -> Row {
    Row { counter, metric, kind: Kind::Age, help }
}

const fn which(counter: &'static str, which: &'static str, metric: &'static str, help: &'static str) -> Row {
    Row { counter, metric, kind: Kind::Which(which), help }
}

const CERTIFICATE: &str = "vigie_tls_certificate_expiry_seconds";
const CERTIFICATE_HELP: &str = "When a certificate expires, in seconds since 1970.";

const INPUT: &[Row] = &[
    counter("records", "fluentbit_input_records", "Records made."),
    counter("bytes", "fluentbit_input_bytes", "Source bytes of these records."),
    counter("files_opened", "fluentbit_input_files_opened", "Files opened."),
    counter("files_closed", "fluentbit_input_files_closed", "Files let go."),
    counter("files_rotated", "fluentbit_input_files_rotated", "Rotations seen."),
    counter(
        "multiline_truncated",
        "fluentbit_input_multiline_truncated",
        "Events cut at the multiline buffer limit, or since too many were open at once.",
    ),
    counter("long_line_truncated", "fluentbit_input_long_line_truncated", "Long lines cut into parts."),
    counter("long_line_skipped", "fluentbit_input_long_line_skipped", "Long lines skipped."),
    counter(
        "parser_failed",
        "vigie_input_parser_failed",
        "Lines that their parser refused, or whose time it did not understand, kept as text.",
    ),
    counter(
        "parser_given_up",
        "vigie_input_parser_given_up",
        "Lines on which the pattern of their parser was given up.",
    ),
    counter(
        "parser_unclear_time",
        "vigie_input_parser_unclear_time",
        "Lines whose time their parser did not understand.",
    ),
    counter("abandoned_bytes", "vigie_input_abandoned_bytes", "Bytes lost before they could be read."),
    counter(
        "abandoned_contents",
        "vigie_input_abandoned_contents",
        "Contents of files that were gone before it was sure that all of them was read.",
    ),
    counter("rewinds", "vigie_input_rewinds", "Ranges read again because no output answered for them."),
    counter("restarts", "vigie_input_restarts", "Starts after a panic."),
    gauge("lag_bytes", "vigie_input_lag_bytes", "Bytes that are there and not settled."),
    age("unsettled_since", "vigie_input_lag_seconds", "How long the oldest of these bytes has waited."),
    counter("disk_failures", "vigie_input_disk_failures", "Failures to store positions on the disk."),
];

const FILTER: &[Row] = &[
    counter("records", "fluentbit_filter_records", "Records that went in."),
    counter("drop_records", "fluentbit_filter_drop_records", "Records removed."),
    counter("add_records", "fluentbit_filter_add_records", "Records added."),
    counter("given_up_records", "vigie_filter_given_up_records", "Records on which a pattern was given up."),
    counter(
        "multiline_truncated",
        "vigie_filter_multiline_truncated",
        "Events cut at the multiline buffer limit, or since too many were open at once.",
    ),
    counter(
        "class_conflict_records",
        "vigie_filter_class_conflict_records",
        "Records that rules led to several retention classes.",
    ),
    counter(
        "unknown_class_records",
        "vigie_filter_unknown_class_records",
        "Records that name an unknown retention class.",
    ),
    counter("unclassified_records", "vigie_filter_unclassified_records", "Records without a retention class."),
    counter(
        "bounded_time_records",
        "vigie_filter_bounded_time_records",
        "Records whose age counts from their arrival.",
    ),
    counter(
        "replaced_stamp_records",
        "vigie_filter_replaced_stamp_records",
        "Records whose own `retention` was replaced.",
    ),
    counter(
        "hidden_values",
        "vigie_redact_hidden_values",
        "Values hidden behind a label, as their action could not be done.",
    ),
    state(
        "missing_keys",
        "vigie_redact_key_missing",
        "1 while there is no key for the epoch, and labels stand for tokens.",
    ),
    counter("unparsed_records", "vigie_filter_unparsed_records", "Records whose text no parser fitted."),
    counter(
        "unclear_time_records",
        "vigie_filter_unclear_time_records",
        "Records whose time the parser did not understand.",
    ),
];

const OUTPUT: &[Row] = &[
    counter("proc_records", "fluentbit_output_proc_records", "Records delivered."),
    counter("proc_bytes", "fluentbit_output_proc_bytes", "Request bytes delivered, before compression."),
    counter("errors", "fluentbit_output_errors", "Failures for good."),
    counter("retries", "fluentbit_output_retries", "Requests sent again."),
    counter("retries_failed", "fluentbit_output_retries_failed", "Requests given up after their last retry."),
    counter("dropped_records", "fluentbit_output_dropped_records", "Records declared dropped."),
    counter("retried_records", "fluentbit_output_retried_records", "Records sent again."),
    counter("duplicate_records", "vigie_output_duplicate_records", "Records that the store had already."),
    counter("dead_letter_records", "vigie_output_dead_letter_records", "Records put into the dead-letter file."),
    counter("index_fallbacks", "vigie_output_index_fallbacks", "Records sent to the default index for want of a name."),
    counter(
        "file_fallbacks",
        "vigie_output_file_fallbacks",
        "Records written to the fallback file for want of a name.",
    ),
    counter("id_fallbacks", "vigie_output_id_fallbacks", "Records that got an id from their position."),
    counter("repaired_records", "vigie_output_repaired_records", "Records of which a field was moved to `unmapped`."),
    counter(
        "quarantine_index_records",
        "vigie_output_quarantine_index_records",
        "Records sent to the quarantine index.",
    ),
    counter("wire_bytes", "vigie_output_wire_bytes", "Bytes of request bodies sent."),
    gauge("requests_in_flight", "vigie_output_requests_in_flight", "Requests on their way now."),
    gauge("in_flight_bytes", "vigie_output_in_flight_bytes", "Bytes of their bodies, before compression."),
    gauge("window_bytes", "vigie_output_window_bytes", "Bytes that may be on their way now."),
    gauge(
        "window_phase",
        "vigie_output_window_phase",
        "How the window moves: 0 it doubles, 1 it grows, 2 it stays below what was refused.",
    ),
    gauge("paused", "vigie_output_paused", "1 while the output as a whole is paused."),
    gauge("paused_indexes", "vigie_output_paused_indexes", "Indexes that take nothing for now."),
    gauge("parked_records", "vigie_output_parked_records", "Records that wait for paused indexes."),
    gauge("parked_bytes", "vigie_output_parked_bytes", "Bytes of memory that these take."),
    gauge("hosts_left_out", "vigie_output_hosts_left_out", "Hosts that are left out because they fail."),
    counter(
        "unknown_outcome_records",
        "vigie_output_unknown_outcome_records",
        "Records sent whose outcome is unknown: they are sent again under the same ids.",
    ),
    counter(
        "possible_duplicate_records",
        "vigie_output_possible_duplicate_records",
        "Records sent again that may be stored in an index before a rollover too: it could not be looked into.",
    ),
    counter(
        "plain_index_records",
        "vigie_output_plain_index_records",
        "Records that an ordinary index took where a data stream was wanted.",
    ),
    gauge("request_limit_bytes", "vigie_output_request_limit_bytes", "Most bytes of a request, before compression."),
    which("client_certificate_expiry", "client", CERTIFICATE, CERTIFICATE_HELP),
    which("server_certificate_expiry", "server", CERTIFICATE, CERTIFICATE_HELP),
    counter("spooled_records", "vigie_output_spooled_records", "Records put into the spool."),
    gauge("spool_requests", "vigie_output_spool_requests", "Requests in the spool now."),
    gauge("spool_records", "vigie_output_spool_records", "Records in the spool now."),
    gauge("spool_bytes", "vigie_output_spool_bytes", "Bytes that the spool takes on the disk now."),
    counter("quarantined_requests", "vigie_output_quarantined_requests", "Files of the spool put aside as unreadable."),
    counter(
        "quarantined_records",
        "vigie_output_quarantined_records",
        "Records in these files, so far as it is known.",
    ),
    counter("disk_failures", "vigie_output_disk_failures", "Failures of the disk beneath spool and dead letters."),
];

/// What outputs count by reason; the reason is a label.
const OUTPUT_BY_REASON: &[Row] = &[
    counter("refused_by_reason", "vigie_output_refused_records", "Records refused for good."),
    counter("retried_by_reason", "vigie_output_retried_records", "Records sent again."),
    counter("dropped_by_reason", "vigie_output_dropped_records", "Records declared dropped."),
];

/// Which of Fluent Bit's two pages is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// With timestamps and the names of its first interface.
    V1,
    /// Without timestamps, and with what only Vigie counts.
    V2,
}

/// All samples of one metric.
struct Family {
    name: String,
    kind: Kind,
    help: &'static str,
    /// Labels with their braces, and values.
    samples: Vec<(String, u64)>,
}

/// The page at `now`.
pub(super) fn page(page: Page, metrics: &Metrics, now: Now) -> Vec<u8> {
    let inputs: Vec<_> = metrics.inputs().iter().map(|input| (labels(&input.name), input.each())).collect();
    let filters: Vec<_> = metrics.filters().iter().map(|filter| (labels(&filter.name), filter.each())).collect();
    let outputs: Vec<_> = metrics.outputs().iter().map(|output| (labels(&output.name), output.each())).collect();
    let tables = [(INPUT, &inputs), (FILTER, &filters), (OUTPUT, &outputs)];
    let mut families: Vec<Family> = Vec::new();
    for (rows, plugins) in tables {
        let wanted = rows.iter().filter(|row| page == Page::V2 || row.metric.starts_with("fluentbit_"));
        families.extend(wanted.map(|row| family(row, plugins, now)).filter(|family| !family.samples.is_empty()));
    }
    if page == Page::V2 {
        families.extend(OUTPUT_BY_REASON.iter().map(|row| by_reason(row, metrics)).filter(|f| !f.samples.is_empty()));
        families.extend(redacted(metrics).into_iter().filter(|family| !family.samples.is_empty()));
        let samples = vec![(String::new(), metrics.unrouted_records.get())];
        let help = "Records that no output matched.";
        families.push(Family { name: "vigie_unrouted_records_total".into(), kind: Kind::Counter, help, samples });
    }
    if page == Page::V2 && metrics.canaries_sent.get() > 0 {
        let single = |name: &str, kind, help, counter: &Counter| {
            let samples = vec![(String::new(), counter.get())];
            Family { name: name.into(), kind, help, samples }
        };
        let Metrics { canaries_sent: sent, canary_failures: failures, canaries_untested: untested, .. } = metrics;
        families.push(single("vigie_redact_canaries_total", Kind::Counter, "Canaries sent.", sent));
        let help = "Kinds of values, per output, that survived the last flight of canaries.";
        families.push(single("vigie_redaction_canary_failures", Kind::Gauge, help, failures));
        let help = "Kinds of values, per output, of which the last flight proved nothing: none of their canaries came to the output.";
        families.push(single("vigie_redaction_canaries_untested", Kind::Gauge, help, untested));
    }
    families.sort_by(|one, other| one.name.cmp(&other.name));
    families.dedup_by(|later, first| {
        let is_same = later.name == first.name;
        if is_same {
            first.samples.append(&mut later.samples);
        }
        is_same
    });
    match page {
        Page::V1 => first_page(&families, now),
        Page::V2 => second_page(&families, now, metrics.reloads.get()),
    }
    .into_bytes()
}

fn family(row: &Row, plugins: &[(String, Vec<(&'static str, u64)>)], now: Now) -> Family {
    let ending = if row.kind == Kind::Counter { "_total" } else { "" };
    let value = |counters: &[(&'static str, u64)]| {
        let value = counters.iter().find(|(name, _)| *name == row.counter).map_or(0, |(_, value)| *value);
        if row.kind == Kind::Age { seconds_since(value, now) } else { value }
    };
    let sample = |(labels, counters): &(String, Vec<(&'static str, u64)>)| match (row.kind, value(counters)) {
        (Kind::Which(_) | Kind::State, 0) => None,
        (Kind::State, value) => Some((labels.clone(), value - 1)),
        (Kind::Which(which), value) => {
            Some((format!("{},which=\"{which}\"}}", labels.strip_suffix('}').unwrap_or(labels)), value))
        }
        (_, value) => Some((labels.clone(), value)),
    };
    let samples = plugins.iter().filter_map(sample).collect();
    Family { name: format!("{}{ending}", row.metric), kind: row.kind, help: row.help, samples }
}

fn by_reason(row: &Row, metrics: &Metrics) -> Family {
    let mut samples = Vec::new();
    for output in metrics.outputs() {
        let counted = output.each_by_reason().into_iter().filter(|(name, _)| *name == row.counter);
        for (reason, count) in counted.flat_map(|(_, counts)| counts) {
            samples.push((format!("{{name=\"{}\",reason=\"{}\"}}", escaped(&output.name), escaped(&reason)), count));
        }
    }
    Family { name: format!("{}_total", row.metric), kind: row.kind, help: row.help, samples }
}

/// What filters found, by entity and action, and what rules of the configuration cost.
fn redacted(metrics: &Metrics) -> [Family; 2] {
    let (mut found, mut spent) = (Vec::new(), Vec::new());
    for filter in metrics.filters() {
        let label = |entity: &str, kind: &str, word: &str| {
            format!("{{name=\"{}\",entity=\"{}\",{kind}=\"{word}\"}}", escaped(&filter.name), escaped(entity))
        };
        found.extend(filter.redacted.each().iter().map(|(entity, word, n)| (label(entity, "action", word), *n)));
        spent.extend(filter.rule_nanoseconds.each().iter().map(|(entity, word, n)| (label(entity, "kind", word), *n)));
    }
    let family = |name: &str, help, samples| Family { name: name.into(), kind: Kind::Counter, help, samples };
    [
        family("vigie_redact_found_total", "Values found, by what they are and what was done.", found),
        family("vigie_redact_rule_nanoseconds_total", "Time that rules of the configuration took.", spent),
    ]
}

/// Whole seconds from `since`, in milliseconds since 1970, to `now`; 0 where `since` is 0.
pub(super) fn seconds_since(since: u64, now: Now) -> u64 {
    let millis = u64::try_from(now.wall.seconds).unwrap_or(0) * 1000 + u64::from(now.wall.nanos / 1_000_000);
    if since == 0 { 0 } else { millis.saturating_sub(since) / 1000 }
}

fn first_page(families: &[Family], now: Now) -> String {
    let millis = now.wall.seconds * 1000 + i64::from(now.wall.nanos / 1_000_000);
    let mut out = String::new();
    for family in families {
        push_family(family, Some(millis), &mut out);
    }
    let version = env!("CARGO_PKG_VERSION");
    let uptime = now.since_start.as_secs();
    let start = started(now);
    push(
        &mut out,
        format_args!(
            "# HELP fluentbit_uptime Seconds that the agent has run.\n# TYPE fluentbit_uptime counter\n\
             fluentbit_uptime {uptime}\n\
             # HELP process_start_time_seconds When the agent started, in seconds since 1970.\n\
             # TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {start}\n\
             # HELP fluentbit_build_info What runs.\n# TYPE fluentbit_build_info gauge\n\
             fluentbit_build_info{{version=\"{version}\",edition=\"Vigie\"}} 1\n"
        ),
    );
    out
}

fn second_page(families: &[Family], now: Now, reloads: u64) -> String {
    let host = escaped(&rustix::system::uname().nodename().to_string_lossy());
    let version = env!("CARGO_PKG_VERSION");
    let os = std::env::consts::OS;
    let (uptime, start) = (now.since_start.as_secs(), started(now));
    let mut out = String::new();
    push(
        &mut out,
        format_args!(
            "# HELP fluentbit_uptime Seconds that the agent has run.\n# TYPE fluentbit_uptime counter\n\
             fluentbit_uptime{{hostname=\"{host}\"}} {uptime}\n\
             # HELP fluentbit_process_start_time_seconds When the agent started, in seconds since 1970.\n\
             # TYPE fluentbit_process_start_time_seconds gauge\n\
             fluentbit_process_start_time_seconds{{hostname=\"{host}\"}} {start}\n\
             # HELP fluentbit_build_info What runs.\n# TYPE fluentbit_build_info gauge\n\
             fluentbit_build_info{{hostname=\"{host}\",version=\"{version}\",os=\"{os}\"}} 1\n\
             # HELP fluentbit_hot_reloaded_times How often the configuration was read anew.\n\
             # TYPE fluentbit_hot_reloaded_times gauge\n\
             fluentbit_hot_reloaded_times{{hostname=\"{host}\"}} {reloads}\n"
        ),
    );
    for family in families {
        push_family(family, None, &mut out);
    }
    out
}

fn push_family(family: &Family, millis: Option<i64>, out: &mut String) {
    let Family { name, kind, help, samples } = family;
    let kind = if *kind == Kind::Counter { "counter" } else { "gauge" };
    push(out, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    for (labels, value) in samples {
        push(out, format_args!("{name}{labels} {value}"));
        if let Some(millis) = millis {
            push(out, format_args!(" {millis}"));
        }
        out.push('\n');
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string does not fail");
}

fn started(now: Now) -> i64 {
    now.wall.seconds - i64::try_from(now.since_start.as_secs()).unwrap_or(0)
}

fn labels(name: &str) -> String {
    format!("{{name=\"{}\"}}", escaped(name))
}

/// The value of a label between its quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vigie_parsers::batch::Timestamp;

    use super::*;
    use crate::metrics::{FilterMetrics, InputMetrics, OutputMetrics};

    const NOW: Now =
        Now { wall: Timestamp { seconds: 1_795_301_033, nanos: 843_000_000 }, since_start: Duration::from_secs(7) };

    fn text(which: Page, metrics: &Metrics) -> String {
        String::from_utf8(page(which, metrics, NOW)).expect("it is text")
    }

    #[test]
    fn every_counter_has_a_name_outside() {
        let tables = [
            (INPUT, InputMetrics::default().each()),
            (FILTER, FilterMetrics::default().each()),
            (OUTPUT, OutputMetrics::default().each()),
        ];
        for (rows, counters) in tables {
            let named: Vec<&str> = rows.iter().map(|row| row.counter).collect();
            assert_eq!(named, counters.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        }
        let named: Vec<&str> = OUTPUT_BY_REASON.iter().map(|row| row.counter).collect();
        let counted = OutputMetrics::default().each_by_reason();
        assert_eq!(named, counted.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_counted_by_reason_has_it_as_a_label() {
        let metrics = Metrics::default();
        let output = metrics.add_output("out");
        output.refused_by_reason.add("mapper_parsing_exception", 2);
        output.retried_by_reason.add("flood_stage", 3);

        let text = text(Page::V2, &metrics);

        let refused = "\nvigie_output_refused_records_total{name=\"out\",reason=\"mapper_parsing_exception\"} 2\n";
        assert!(text.contains(refused), "{text}");
        assert!(
            text.contains("\nvigie_output_retried_records_total{name=\"out\",reason=\"flood_stage\"} 3\n"),
            "{text}"
        );
    }

    #[test]
    fn the_first_page_has_timestamps_and_the_second_has_none() {
        let metrics = Metrics::default();
        metrics.add_input("dummy.0").records.add(6);
        metrics.add_output("out").dead_letter_records.add(2);

        let (first, second) = (text(Page::V1, &metrics), text(Page::V2, &metrics));

        assert!(first.contains("\nfluentbit_input_records_total{name=\"dummy.0\"} 6 1795301033843\n"), "{first}");
        assert!(first.contains("\nfluentbit_uptime 7\n"), "{first}");
        assert!(first.contains("\nprocess_start_time_seconds 1795301026\n"), "{first}");
        assert!(!first.contains("vigie_"), "{first}");
        assert!(second.contains("\nfluentbit_input_records_total{name=\"dummy.0\"} 6\n"), "{second}");
        assert!(second.contains("\nvigie_output_dead_letter_records_total{name=\"out\"} 2\n"), "{second}");
    }

    #[test]
    fn each_metric_stands_once_with_all_of_its_samples() {
        let metrics = Metrics::default();
        for name in ["b", "a"] {
            metrics.add_input(name);
            metrics.add_filter(name);
            metrics.add_output(name);
        }
        for which in [Page::V1, Page::V2] {
            let text = text(which, &metrics);
            let mut types: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
            let all = types.len();
            types.sort_unstable();
            types.dedup();
            assert_eq!(types.len(), all);
            let lines: Vec<&str> = text.lines().collect();
            let first = lines.iter().position(|line| line.starts_with("fluentbit_input_bytes_total{name=\"b\"}"));
            let second = lines.iter().position(|line| line.starts_with("fluentbit_input_bytes_total{name=\"a\"}"));
            assert_eq!(first.map(|at| at + 1), second);
        }
    }

    #[test]
    fn certificates_of_an_output_are_told_apart_by_a_label_and_left_out_where_there_is_none() {
        let metrics = Metrics::default();
        metrics.add_output("plain");
        let output = metrics.add_output("a}");
        output.client_certificate_expiry.set(4_102_444_800);
        output.server_certificate_expiry.set(7_258_118_400);

        let text = text(Page::V2, &metrics);

        let lines: Vec<&str> = text.lines().filter(|line| line.contains("certificate_expiry")).skip(1).collect();
        let expected = [
            "# TYPE vigie_tls_certificate_expiry_seconds gauge",
            "vigie_tls_certificate_expiry_seconds{name=\"a}\",which=\"client\"} 4102444800",
            "vigie_tls_certificate_expiry_seconds{name=\"a}\",which=\"server\"} 7258118400",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(labels("a\"b\\c\nd"), r#"{name="a\"b\\c\nd"}"#);
    }
}
