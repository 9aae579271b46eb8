//! The table of machines: one row per line that `vigie bench` printed on one.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::YARDSTICK_GOAL;
use crate::measure::megabytes;
use crate::scenario::SCENARIOS;

/// Lines of `vigie bench`, and the table that is made of them.
const FILES: [&str; 2] = ["hosts.jsonl", "hosts.md"];

/// The most bytes of all lines together.
const MOST_BYTES: u64 = 4 << 20;

/// Writes `hosts.md` of `hosts.jsonl` in `folder`.
///
/// # Errors
/// Those of the files, and a line that `vigie bench` did not print.
pub fn write(folder: &Path) -> io::Result<()> {
    let [lines, table] = FILES.map(|name| folder.join(name));
    let text = io::read_to_string(io::Read::take(fs::File::open(lines)?, MOST_BYTES))?;
    fs::write(table, page(&text).map_err(io::Error::other)?)
}

/// The page for people. The error names the line that cannot be read.
fn page(lines: &str) -> Result<String, String> {
    let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    let mut page = format!(
        "# Machines\n\nCPU-s/GB, scaled to a machine on which `gzip -1` of the JSON corpus costs {YARDSTICK_GOAL}; \
         (m) as measured, where there was no gzip.\n\n\
         | processor | cores | kernel | date | version | gzip -1 | {} | peak RSS MB |\n|---|--:|---|---|---|--:|{}--:|\n",
        names.join(" | "),
        "--:|".repeat(names.len()),
    );
    for (number, line) in (1..).zip(lines.lines()) {
        let row = row(line, &names).ok_or(format!("hosts.jsonl:{number}: not a line that `vigie bench` printed"))?;
        page.push_str(&row);
    }
    Ok(page)
}

fn row(line: &str, names: &[&str]) -> Option<String> {
    let figures: Value = serde_json::from_str(line).ok()?;
    let machine = |key: &str| cell(&figures["machine"][key]);
    let cases = figures["cases"].as_object()?;
    let yardstick = figures["yardsticks"]["gzip_1_cpu_seconds_per_gb"].as_f64();
    let scale = yardstick.map_or(1.0, |cost| YARDSTICK_GOAL / cost);
    let mut row = format!(
        "| {} ({}) | {} | {} | {} | {} | {} |",
        machine("cpu")?,
        machine("architecture")?,
        machine("cores")?,
        machine("kernel")?,
        machine("date")?,
        cell(&figures["version"])?,
        yardstick.map_or("(m)".to_owned(), |cost| format!("{cost:.2}")),
    );
    for name in names {
        // Versions before a scenario came do not have it.
        let Some(case) = cases.get(*name) else {
            row.push_str(" - |");
            continue;
        };
        let is_sound = case["lost"] == 0 && case["doubled"] == 0 && case["failed"] == false;
        let cost = case["cpu_seconds_per_gb"].as_f64().map_or("-".to_owned(), |cost| format!("{:.2}", cost * scale));
        // Writing to a string does not fail.
        write!(row, " {cost}{} |", if is_sound { "" } else { " (not whole)" }).unwrap_or_default();
    }
    let peak = cases.values().filter_map(|case| case["peak_rss_bytes"].as_u64()).max()?;
    Some(format!("{row} {:.1} |\n", megabytes(peak)))
}

/// A text or a number as the content of a cell, which cannot end it.
fn cell(value: &Value) -> Option<String> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))?;
    Some(text.chars().filter(|letter| *letter != '|' && !letter.is_control()).take(60).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_record_is_that_of_its_lines() {
        let table = page(include_str!("../../record/hosts.jsonl")).expect("every line can be read");

        assert_eq!(table, include_str!("../../record/hosts.md"), "`vigie-bench --hosts benches/record` writes it anew");
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let line = include_str!("../../record/hosts.jsonl").lines().next().expect("there is one");

        let error = page(&format!("{line}\n{{\"cases\":{{}}}}\n")).expect_err("the second is none");

        assert_eq!(error, "hosts.jsonl:2: not a line that `vigie bench` printed");
    }

    #[test]
    fn a_run_that_lost_something_is_marked() {
        let line = include_str!("../../record/hosts.jsonl").lines().next().expect("there is one");

        let table = page(&line.replacen("\"lost\":0", "\"lost\":3", 1)).expect("it can be read");

        assert_eq!(table.matches("(not whole)").count(), 1, "{table}");
    }
}
