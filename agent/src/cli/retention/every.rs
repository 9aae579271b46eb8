//! `vigie retention run --every`: runs again and again; and what a run leaves for monitoring.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::super::{print, say};
use super::ask::Ask;
use super::work::{self, Overdue, now};
use crate::config::{OptionType, read_bounded};
use crate::retention::{Age, moment};

/// Name of the figure that a run which failed takes over from the file.
const LAST_SUCCESS: &str = "vigie_retention_last_success_timestamp_seconds";
/// Bytes of a page that are read at most.
const LARGEST_PAGE: u64 = 1 << 16;
/// The longest sleep at once, in seconds: the clock may have been set meanwhile.
const NAP: i64 = 60;

/// Runs once, or for ever with `--every`. The configuration is read anew each time.
pub(super) fn run(ask: &Ask) -> Result<ExitCode, String> {
    let Some(every) = &ask.every else { return once(ask) };
    let every =
        Age::parse(every).map_err(|_| format!("--every: expected a time such as `1d` or `12h`, found `{every}`"))?;
    if !ask.apply || ask.as_of.is_some() {
        return Err("--every needs --apply, and judges as of now: leave --as-of away".into());
    }
    loop {
        let next = every.after(now());
        match once(ask) {
            Ok(_) => {}
            // It is tried again at the next time; the metrics file tells meanwhile.
            Err(message) => say(&format!("vigie: {message}\n")),
        }
        print(&format!("next run at {}\n", moment(next)));
        loop {
            let left = next - now();
            if left <= 0 {
                break;
            }
            std::thread::sleep(Duration::from_secs(left.min(NAP).unsigned_abs()));
        }
    }
}

/// Runs, and writes the metrics file if one is named.
fn once(ask: &Ask) -> Result<ExitCode, String> {
    let done = work::run(ask);
    let Some(file) = &ask.metrics_file else { return done };
    let before = read_bounded(file, LARGEST_PAGE).ok().and_then(|text| last_success(&text));
    // Without --apply nothing was deleted, whatever the outcome.
    let is_good = done.is_ok() && ask.apply;
    let success = if is_good { Some(now()) } else { before };
    let overdue = work::overdue(ask).ok();
    let page = page(is_good, success, overdue);
    let written = write(file, &page).map_err(|error| format!("cannot write `{}`: {error}", file.display()));
    done.and_then(|code| written.map(|()| code))
}

fn last_success(page: &str) -> Option<i64> {
    page.lines().find_map(|line| line.strip_prefix(LAST_SUCCESS)?.trim().parse().ok())
}

/// What node_exporter's textfile collector reads. What is not known is left out.
fn page(is_good: bool, success: Option<i64>, overdue: Option<Overdue>) -> String {
    let mut page = String::new();
    let mut gauge = |name: &str, help: &str, value: Option<i64>| {
        if let Some(value) = value {
            page.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n"));
        }
    };
    gauge("vigie_retention_last_run_success", "Whether the last run deleted all that was due.", Some(is_good.into()));
    gauge(LAST_SUCCESS, "When a run last did.", success);
    let documents = overdue.as_ref().map(|overdue| i64::try_from(overdue.documents).unwrap_or(i64::MAX));
    gauge(
        "vigie_retention_overdue_documents",
        "Documents past their time that are there, held ones included.",
        documents,
    );
    let next = overdue.and_then(|overdue| overdue.next);
    gauge("vigie_retention_next_due_timestamp_seconds", "When the next document is due by its stamp.", next);
    page
}

/// Readers see the old page or the new one.
fn write(file: &Path, page: &str) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    fs::write(&name, page)?;
    fs::rename(&name, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_failed_keeps_the_time_of_the_last_success() {
        let good = page(true, Some(7_000), Some(Overdue { documents: 3, next: Some(9_000) }));
        assert_eq!(
            good.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>(),
            [
                "vigie_retention_last_run_success 1",
                "vigie_retention_last_success_timestamp_seconds 7000",
                "vigie_retention_overdue_documents 3",
                "vigie_retention_next_due_timestamp_seconds 9000",
            ]
        );

        let failed = page(false, last_success(&good), None);
        assert!(failed.contains("timestamp_seconds 7000\n") && !failed.contains("overdue"), "{failed}");
        assert_eq!(last_success("other 7\n"), None);
    }
}
