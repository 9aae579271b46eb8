//! All runs as a page of Markdown.

use std::fmt::{self, Write};

use super::agents::Agent;
use super::place::Place;
use super::record::{Results, Run};
use super::{Options, YARDSTICK_GOAL, goals};
use crate::measure::megabytes;
use crate::scenario::{SCENARIOS, Scenario};

const HEAD: &str = "\
| scenario | agent | CPU-s/GB scaled | min to max | as measured | MB/s per core | peak RSS MB | wire MB/GB | wall MB/s | lost | doubled | x Vigie |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

/// The page for people: where, what, the table, and the goals.
pub(super) fn page(place: &Place, options: &Options, agents: &[Agent], results: &Results) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    write_page(&mut page, place, options, agents, results).unwrap_or_default();
    page
}

fn write_page(page: &mut String, place: &Place, options: &Options, agents: &[Agent], results: &Results) -> fmt::Result {
    head(page, place, agents)?;
    if !results.runs.is_empty() {
        comparison(page, options, agents, &results.runs)?;
    }
    goals::write(page, results)
}

fn head(page: &mut String, place: &Place, agents: &[Agent]) -> fmt::Result {
    let machine = &place.machine;
    writeln!(page, "# {}, commit {}\n", machine.date, place.commit)?;
    writeln!(page, "{}, {} cores, {} GB, Linux {}.", machine.cpu, machine.cores, machine.memory_gb, machine.kernel)?;
    let versions: Vec<String> = agents.iter().map(|agent| format!("{}: {}", agent.name, agent.version)).collect();
    writeln!(page, "{}.", versions.join("; "))
}

fn comparison(page: &mut String, options: &Options, agents: &[Agent], runs: &[Run]) -> fmt::Result {
    let loads = || runs.iter().map(|run| run.load);
    writeln!(
        page,
        "{} MB of each corpus, {} round(s), load average {:.1} to {:.1}, {}, {}.",
        options.bytes / 1_000_000,
        options.rounds,
        loads().fold(f64::INFINITY, f64::min),
        loads().fold(0.0, f64::max),
        if options.tls { "TLS" } else { "plain HTTP" },
        if options.full_items { "whole items answered" } else { "short items answered" },
    )?;
    let yardstick = median(runs.iter().map(|run| run.yardstick).collect()).unwrap_or(f64::NAN);
    writeln!(
        page,
        "CPU is user+system time per input GB (10^9 bytes), median of the rounds. `gzip -1` of the JSON corpus cost \
         {yardstick:.2} CPU-s/GB here; scaled figures are for a machine where it costs {YARDSTICK_GOAL}.\n"
    )?;
    page.push_str(HEAD);
    for scenario in SCENARIOS {
        let own = medians(runs, scenario, "vigie").and_then(|medians| medians.scaled);
        for agent in agents {
            let Some(medians) = medians(runs, scenario, agent.name) else { continue };
            row(page, scenario, agent.name, &medians, own)?;
        }
    }
    Ok(())
}

/// Medians of one agent in one scenario.
pub(super) struct Medians {
    pub(super) scaled: Option<f64>,
    lowest: f64,
    highest: f64,
    measured: Option<f64>,
    /// The highest of all, in MB.
    pub(super) peak_memory: f64,
    wire: Option<f64>,
    wall_rate: Option<f64>,
    lost: u64,
    doubled: u64,
    has_sink: bool,
    /// Whether all runs ended well and delivered exactly once.
    pub(super) is_sound: bool,
}

pub(super) fn medians(runs: &[Run], scenario: Scenario, agent: &str) -> Option<Medians> {
    let runs: Vec<&Run> = runs.iter().filter(|run| run.scenario == scenario && run.agent == agent).collect();
    let input = megabytes(runs.first()?.input_bytes);
    let scaled: Vec<f64> = runs.iter().filter_map(|run| run.scaled_cpu_per_gb()).collect();
    let delivered = || runs.iter().filter_map(|run| run.delivery);
    let usages = || runs.iter().filter_map(|run| run.usage);
    Some(Medians {
        lowest: scaled.iter().copied().fold(f64::INFINITY, f64::min),
        highest: scaled.iter().copied().fold(0.0, f64::max),
        scaled: median(scaled),
        measured: median(runs.iter().filter_map(|run| run.cpu_per_gb()).collect()),
        peak_memory: usages().map(|usage| megabytes(usage.peak_memory)).fold(0.0, f64::max),
        wire: median(delivered().map(|delivery| megabytes(delivery.wire_bytes) / input * 1e3).collect()),
        wall_rate: median(usages().map(|usage| input / usage.wall.as_secs_f64()).collect()),
        lost: delivered().map(|delivery| delivery.lost).sum(),
        doubled: delivered().map(|delivery| delivery.doubled).sum(),
        has_sink: delivered().next().is_some(),
        is_sound: runs.iter().all(|run| run.is_sound()),
    })
}

fn row(page: &mut String, scenario: Scenario, agent: &str, medians: &Medians, own: Option<f64>) -> fmt::Result {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    let count = |value: u64| if medians.has_sink { value.to_string() } else { "-".to_owned() };
    let times = medians.scaled.zip(own).map(|(scaled, own)| scaled / own);
    let mark = if medians.is_sound { "" } else { " (not whole)" };
    writeln!(
        page,
        "| {} | {agent}{mark} | {} | {:.2} to {:.2} | {} | {} | {:.1} | {} | {} | {} | {} | {} |",
        scenario.name,
        number(medians.scaled),
        medians.lowest,
        medians.highest,
        number(medians.measured),
        medians.measured.map_or_else(|| "-".to_owned(), |cpu| format!("{:.0}", 1e3 / cpu)),
        medians.peak_memory,
        medians.wire.map_or_else(|| "-".to_owned(), |wire| format!("{wire:.0}")),
        medians.wall_rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}")),
        count(medians.lost),
        count(medians.doubled),
        number(times),
    )
}

pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(*upper);
    }
    Some((values[middle - 1] + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
