//! All runs as a page of Markdown.

use std::fmt::Write;

use super::agents::Agent;
use super::place::Place;
use super::record::Run;
use super::{Options, YARDSTICK_GOAL};
use crate::measure::megabytes;
use crate::scenario::{SCENARIOS, Scenario};

const HEAD: &str = "\
| scenario | agent | CPU-s/GB scaled | min to max | as measured | MB/s per core | peak RSS MB | wire MB/GB | wall MB/s | lost | doubled | x Vigie |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

/// The most CPU-seconds per GB that the project allows itself, on the machine that figures are scaled to.
const GOALS: [(&str, f64); 6] = [
    ("tail-null", 0.35),
    ("raw-bulk", 1.6),
    ("json-bulk", 2.2),
    ("json-gzip", 7.5),
    ("nginx-gzip", 7.0),
    ("cri-gzip", 7.0),
];

/// The most resident memory that the project allows itself for one file, in bytes.
const MEMORY_GOAL: u64 = 16_000_000;

/// The page for people: where, what, the table, and the goals.
pub(super) fn page(place: &Place, options: &Options, agents: &[Agent], runs: &[Run]) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    write_page(&mut page, place, options, agents, runs).unwrap_or_default();
    page
}

fn write_page(page: &mut String, place: &Place, options: &Options, agents: &[Agent], runs: &[Run]) -> std::fmt::Result {
    let machine = &place.machine;
    writeln!(page, "# {}, commit {}\n", machine.date, place.commit)?;
    writeln!(page, "{}, {} cores, {} GB, Linux {}.", machine.cpu, machine.cores, machine.memory_gb, machine.kernel)?;
    let versions: Vec<String> = agents.iter().map(|agent| format!("{}: {}", agent.name, agent.version)).collect();
    writeln!(page, "{}.", versions.join("; "))?;
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
        let own = figures(runs, scenario, "vigie").and_then(|figures| figures.scaled);
        for agent in agents {
            let Some(figures) = figures(runs, scenario, agent.name) else { continue };
            row(page, scenario, agent.name, &figures, own)?;
        }
    }
    page.push('\n');
    for scenario in SCENARIOS {
        goal(page, runs, scenario)?;
    }
    Ok(())
}

/// Medians of one agent in one scenario.
struct Figures {
    scaled: Option<f64>,
    lowest: f64,
    highest: f64,
    measured: Option<f64>,
    peak_memory: f64,
    wire: Option<f64>,
    wall_rate: Option<f64>,
    lost: u64,
    doubled: u64,
    has_sink: bool,
    is_sound: bool,
}

fn figures(runs: &[Run], scenario: Scenario, agent: &str) -> Option<Figures> {
    let runs: Vec<&Run> = runs.iter().filter(|run| run.scenario == scenario && run.agent == agent).collect();
    let input = megabytes(runs.first()?.input_bytes);
    let scaled: Vec<f64> = runs.iter().filter_map(|run| run.scaled_cpu_per_gb()).collect();
    let delivered = || runs.iter().filter_map(|run| run.delivery);
    let usages = || runs.iter().filter_map(|run| run.usage);
    Some(Figures {
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

fn row(page: &mut String, scenario: Scenario, agent: &str, figures: &Figures, own: Option<f64>) -> std::fmt::Result {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    let count = |value: u64| if figures.has_sink { value.to_string() } else { "-".to_owned() };
    let times = figures.scaled.zip(own).map(|(scaled, own)| scaled / own);
    let mark = if figures.is_sound { "" } else { " (not whole)" };
    writeln!(
        page,
        "| {} | {agent}{mark} | {} | {:.2} to {:.2} | {} | {} | {:.1} | {} | {} | {} | {} | {} |",
        scenario.name,
        number(figures.scaled),
        figures.lowest,
        figures.highest,
        number(figures.measured),
        figures.measured.map_or_else(|| "-".to_owned(), |cpu| format!("{:.0}", 1e3 / cpu)),
        figures.peak_memory,
        figures.wire.map_or_else(|| "-".to_owned(), |wire| format!("{wire:.0}")),
        figures.wall_rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}")),
        count(figures.lost),
        count(figures.doubled),
        number(times),
    )
}

/// Says whether Vigie reached what the project asks of it in `scenario`.
fn goal(page: &mut String, runs: &[Run], scenario: Scenario) -> std::fmt::Result {
    let goal = GOALS.iter().find(|(name, _)| *name == scenario.name).map(|(_, goal)| *goal);
    let (Some(goal), Some(figures)) = (goal, figures(runs, scenario, "vigie")) else { return Ok(()) };
    let Some(scaled) = figures.scaled else { return Ok(()) };
    let verdict = |is_met: bool| if is_met { "met" } else { "MISSED" };
    writeln!(
        page,
        "- {}: {scaled:.2} of {goal} CPU-s/GB {}, peak {:.1} of {:.0} MB {}, nothing lost or doubled {}",
        scenario.name,
        verdict(scaled <= goal),
        figures.peak_memory,
        megabytes(MEMORY_GOAL),
        verdict(figures.peak_memory <= megabytes(MEMORY_GOAL)),
        verdict(figures.is_sound),
    )
}

fn median(mut values: Vec<f64>) -> Option<f64> {
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
