//! One measured run, and all of them as JSON.

use serde_json::{Value, json};

use super::agents::Agent;
use super::place::Place;
use super::{Options, YARDSTICK_GOAL};
use crate::figures::Outcome;
use crate::measure::{Usage, megabytes, per_gb};
use crate::scenario::{SCENARIOS, Scenario};
use crate::sink::Report;

/// What a sink got of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    pub(super) requests: u64,
    pub(super) wire_bytes: u64,
    pub(super) plain_bytes: u64,
    pub(super) documents: u64,
    pub(super) expected_documents: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    /// CPU-seconds of the threads that served the agent.
    pub(super) sink_seconds: f64,
}

impl Delivery {
    pub(crate) fn of(report: &Report, expected_documents: u64) -> Self {
        Self {
            requests: report.requests,
            wire_bytes: report.wire_bytes,
            plain_bytes: report.plain_bytes,
            documents: report.documents,
            expected_documents,
            lost: report.lost,
            doubled: report.doubled,
            sink_seconds: report.served_seconds,
        }
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.documents == self.expected_documents
    }

    /// What arrived, for people.
    pub(crate) fn sentence(self) -> String {
        let Self { lost, doubled, documents, expected_documents, .. } = self;
        format!("{lost} lost, {doubled} doubled, {documents} of {expected_documents} documents")
    }

    /// For the record.
    pub(crate) fn to_json(self) -> Value {
        json!({
            "requests": self.requests,
            "wire_bytes": self.wire_bytes,
            "plain_bytes": self.plain_bytes,
            "documents": self.documents,
            "expected_documents": self.expected_documents,
            "lost": self.lost,
            "doubled": self.doubled,
            "sink_cpu_seconds": self.sink_seconds,
        })
    }
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Results {
    pub(super) runs: Vec<Run>,
    /// Figures of Vigie alone, by name.
    pub(super) outcomes: Vec<(&'static str, Outcome)>,
}

impl Results {
    /// Whether Vigie ended well and delivered everything exactly once, everywhere.
    pub(super) fn are_sound(&self) -> bool {
        self.runs.iter().filter(|run| run.agent == "vigie").all(Run::is_sound)
            && self.outcomes.iter().all(|(_, outcome)| outcome.is_sound())
    }

    /// What is to be known beside the figures of Vigie, one sentence each.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for scenario in SCENARIOS {
            let runs = || self.runs.iter().filter(|run| run.agent == "vigie" && run.scenario == scenario);
            remarks.extend(about_sink(scenario.name, runs().filter_map(Run::sink_share).max_by(f64::total_cmp)));
            remarks.extend(runs().filter_map(|run| about_trouble(scenario.name, run.trouble.as_deref())));
        }
        for (name, outcome) in &self.outcomes {
            remarks.extend(outcome.delivery.map(|delivery| format!("{name}: {}", delivery.sentence())));
            remarks.extend(about_sink(name, outcome.sink_share));
            remarks.extend(about_trouble(name, outcome.trouble.as_deref()));
        }
        remarks
    }
}

/// The greatest part of the agent's CPU time that a sink may use unmentioned.
const SINK_SHARE: f64 = 0.1;

fn about_sink(name: &str, share: Option<f64>) -> Option<String> {
    let share = share.filter(|share| *share > SINK_SHARE)?;
    Some(format!("{name}: the sink used {:.0} % of the agent's CPU time, beside it", share * 100.0))
}

fn about_trouble(name: &str, trouble: Option<&str>) -> Option<String> {
    Some(format!("{name}: FAILED: {}", trouble?))
}

/// One agent in one scenario in one round.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) scenario: Scenario,
    pub(super) agent: &'static str,
    pub(super) round: u32,
    /// What `gzip -1` cost in this round, in CPU-seconds per GB.
    pub(super) yardstick: f64,
    /// Load average before it began.
    pub(super) load: f64,
    pub(super) input_bytes: u64,
    /// `None` when it took too long.
    pub(super) usage: Option<Usage>,
    /// `None` without a sink.
    pub(super) delivery: Option<Delivery>,
    /// What went wrong with the process.
    pub(super) trouble: Option<String>,
}

impl Run {
    /// CPU-seconds per GB as measured.
    pub(super) fn cpu_per_gb(&self) -> Option<f64> {
        self.usage.map(|usage| per_gb(usage.cpu_seconds(), self.input_bytes))
    }

    /// CPU-seconds per GB on the machine that figures are scaled to.
    pub(super) fn scaled_cpu_per_gb(&self) -> Option<f64> {
        self.cpu_per_gb().map(|cpu| cpu * YARDSTICK_GOAL / self.yardstick)
    }

    /// CPU time of the sink for each second of the agent's.
    fn sink_share(&self) -> Option<f64> {
        Some(self.delivery?.sink_seconds / self.usage?.cpu_seconds().max(0.01))
    }

    /// Whether it ended well and everything arrived exactly once.
    pub(super) fn is_sound(&self) -> bool {
        self.trouble.is_none() && self.delivery.is_none_or(|delivery| delivery.is_exact())
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        let mut line = format!("{:<11} {:<11}", self.scenario.name, self.agent);
        if let (Some(usage), Some(cpu), Some(scaled)) = (self.usage, self.cpu_per_gb(), self.scaled_cpu_per_gb()) {
            line.push_str(&format!(
                "{cpu:>8.2} CPU-s/GB {scaled:>8.2} scaled {:>7.1} MB peak {:>6.1} s",
                megabytes(usage.peak_memory),
                usage.wall.as_secs_f64()
            ));
        }
        if let Some(delivery) = self.delivery {
            line.push_str(&format!(" {:>8.1} MB on the wire, {}", megabytes(delivery.wire_bytes), delivery.sentence()));
        }
        if let Some(trouble) = &self.trouble {
            line.push_str(&format!(" FAILED: {trouble}"));
        }
        line
    }

    fn to_json(&self) -> Value {
        json!({
            "scenario": self.scenario.name,
            "agent": self.agent,
            "round": self.round,
            "yardstick_cpu_seconds_per_gb": self.yardstick,
            "load_before": self.load,
            "input_bytes": self.input_bytes,
            "cpu_seconds_per_gb": self.cpu_per_gb(),
            "scaled_cpu_seconds_per_gb": self.scaled_cpu_per_gb(),
            "user_seconds": self.usage.map(|usage| usage.user_seconds),
            "system_seconds": self.usage.map(|usage| usage.system_seconds),
            "wall_seconds": self.usage.map(|usage| usage.wall.as_secs_f64()),
            "peak_memory_bytes": self.usage.map(|usage| usage.peak_memory),
            "failed": self.trouble.is_some(),
            "delivery": self.delivery.map(Delivery::to_json),
        })
    }
}

/// The whole record.
pub(super) fn to_json(place: &Place, options: &Options, agents: &[Agent], results: &Results) -> String {
    let versions: serde_json::Map<String, Value> =
        agents.iter().map(|agent| (agent.name.to_owned(), json!(agent.version))).collect();
    let record = json!({
        "format": 1,
        "place": place.to_json(),
        "corpus_bytes": options.bytes,
        "rounds": options.rounds,
        "tls": options.tls,
        "full_items": options.full_items,
        "scaled_to_yardstick": YARDSTICK_GOAL,
        "agents": versions,
        "runs": results.runs.iter().map(Run::to_json).collect::<Vec<_>>(),
        "seconds": options.seconds,
        "figures": results.outcomes.iter().map(|(name, outcome)| outcome.to_json(name)).collect::<Vec<_>>(),
    });
    format!("{record:#}\n")
}
