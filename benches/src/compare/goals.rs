//! What the project asks of itself, beside what was measured.

use std::fmt::{self, Write};

use super::record::Results;
use super::table::medians;
use crate::scenario::SCENARIOS;

const HEAD: &str = "
| figure | what | must | aim | measured | verdict |
|---|---|--:|--:|--:|---|
";

const CPU: &str = "CPU-s/GB scaled";

/// A figure with its limits; greater is worse.
struct Goal {
    figure: &'static str,
    what: &'static str,
    must: f64,
    aim: &'static str,
}

const GOALS: [Goal; 15] = [
    Goal { figure: "tail-null", what: CPU, must: 0.35, aim: "0.25" },
    Goal { figure: "raw-bulk", what: CPU, must: 1.6, aim: "1.0" },
    Goal { figure: "json-bulk", what: CPU, must: 2.2, aim: "1.2" },
    Goal { figure: "json-gzip", what: CPU, must: 7.5, aim: "3.9" },
    Goal { figure: REDACTED, what: ADDED, must: 2.5, aim: "1.0" },
    Goal { figure: "nginx-gzip", what: CPU, must: 7.0, aim: "4" },
    Goal { figure: "cri-gzip", what: CPU, must: 7.0, aim: "4" },
    Goal { figure: ONE_FILE, what: "peak RSS, MB", must: 16.0, aim: "8" },
    Goal { figure: "files-10000", what: "peak RSS, MB", must: 30.0, aim: "15" },
    Goal { figure: "stalled", what: "highest RSS while stalled, MB", must: 20.0, aim: "10" },
    Goal { figure: "steady", what: "CPU, % of a core", must: 3.0, aim: "1.2" },
    Goal { figure: "idle-1000", what: "CPU, % of a core", must: 0.1, aim: "no wake-ups between rescans" },
    Goal { figure: "latency", what: "p99, ms", must: 250.0, aim: "50" },
    Goal { figure: "start", what: "median, ms", must: 15.0, aim: "5" },
    Goal { figure: "binary", what: "stripped binary, MB", must: 12.0, aim: "8" },
];

/// The scenario with the filter `redact`, and the one without that it is held against.
const REDACTED: &str = "json-redact";
const UNREDACTED: &str = "json-gzip";
const ADDED: &str = "CPU-s/GB scaled, added by `redact`";

/// What the highest memory of all runs over one file is called.
const ONE_FILE: &str = "one file";

/// One line of the table.
struct Row {
    figure: &'static str,
    what: &'static str,
    value: f64,
}

/// Writes the table and, below it, what is to be known with it.
pub(super) fn write(page: &mut String, results: &Results) -> fmt::Result {
    page.push_str(HEAD);
    for row in rows(results) {
        write_row(page, &row)?;
    }
    page.push('\n');
    for line in results.remarks() {
        writeln!(page, "- {line}")?;
    }
    Ok(())
}

fn rows(results: &Results) -> Vec<Row> {
    let own: Vec<_> = SCENARIOS
        .into_iter()
        .filter_map(|scenario| Some((scenario.name, medians(&results.runs, scenario, "vigie")?)))
        .collect();
    let mut rows: Vec<Row> =
        own.iter().filter_map(|(figure, medians)| Some(Row { figure, what: CPU, value: medians.scaled? })).collect();
    let scaled = |name| own.iter().find(|(figure, _)| *figure == name).and_then(|(_, medians)| medians.scaled);
    let added = scaled(REDACTED).zip(scaled(UNREDACTED)).map(|(with, without)| with - without);
    rows.extend(added.map(|value| Row { figure: REDACTED, what: ADDED, value }));
    // The filter has tables of its own, which are not asked to be as small.
    let highest = own
        .iter()
        .filter(|(figure, _)| *figure != REDACTED)
        .map(|(_, medians)| medians.peak_memory)
        .max_by(f64::total_cmp);
    rows.extend(highest.map(|value| Row { figure: ONE_FILE, what: "peak RSS, MB", value }));
    for (figure, outcome) in &results.outcomes {
        rows.extend(outcome.readings.iter().map(|reading| Row { figure, what: reading.what, value: reading.value }));
    }
    rows
}

fn write_row(page: &mut String, row: &Row) -> fmt::Result {
    let Row { figure, what, value } = row;
    match GOALS.iter().find(|goal| goal.figure == *figure && goal.what == *what) {
        Some(goal) => {
            let verdict = if *value <= goal.must { "met" } else { "MISSED" };
            writeln!(page, "| {figure} | {what} | {} | {} | {value:.2} | {verdict} |", goal.must, goal.aim)
        }
        None => writeln!(page, "| {figure} | {what} | - | - | {value:.2} | - |"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{FIGURES, Outcome};

    fn page(outcomes: Vec<(&'static str, Outcome)>) -> String {
        let mut page = String::new();
        write(&mut page, &Results { runs: Vec::new(), outcomes }).expect("strings take everything");
        page
    }

    #[test]
    fn a_value_stands_beside_what_is_asked_of_it() {
        let page = page(vec![("latency", Outcome::default().with("p50, ms", 20.0).with("p99, ms", 250.5))]);

        assert!(page.contains("| latency | p50, ms | - | - | 20.00 | - |\n"), "{page}");
        assert!(page.contains("| latency | p99, ms | 250 | 50 | 250.50 | MISSED |\n"), "{page}");
    }

    #[test]
    fn a_sink_that_costs_much_and_a_run_that_failed_are_told() {
        let costly = Outcome { sink_share: Some(0.25), ..Outcome::default() };
        let failed = Outcome { trouble: Some("the disk is full".to_owned()), ..Outcome::default() };

        let page = page(vec![("steady", costly), ("stalled", failed)]);

        assert!(page.contains("- steady: the sink used 25 % of the agent's CPU time"), "{page}");
        assert!(page.contains("- stalled: FAILED: the disk is full\n"), "{page}");
    }

    #[test]
    fn every_goal_belongs_to_something_that_is_measured() {
        for goal in &GOALS {
            let is_measured = goal.figure == ONE_FILE
                || SCENARIOS.iter().any(|scenario| scenario.name == goal.figure)
                || FIGURES.iter().any(|figure| figure.name == goal.figure);
            assert!(is_measured, "{}", goal.figure);
        }
        assert!(FIGURES.iter().all(|figure| GOALS.iter().any(|goal| goal.figure == figure.name)));
    }
}
