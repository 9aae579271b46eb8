//! What comes of a figure.

use serde_json::{Value, json};

use crate::compare::Delivery;

/// One value, with its unit in its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// As `peak RSS, MB`.
    pub(crate) what: &'static str,
    pub(crate) value: f64,
}

/// What comes of one measurement of a figure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) readings: Vec<Reading>,
    /// `None` where nothing is delivered, or nobody counts it.
    pub(crate) delivery: Option<Delivery>,
    /// CPU time of the sink for each second of the agent's. `None` without a sink.
    pub(crate) sink_share: Option<f64>,
    /// What went wrong with the process.
    pub(crate) trouble: Option<String>,
}

impl Outcome {
    /// Adds a reading.
    pub(crate) fn with(mut self, what: &'static str, value: f64) -> Self {
        self.readings.push(Reading { what, value });
        self
    }

    /// Whether it ended well and everything arrived exactly once.
    pub(crate) fn is_sound(&self) -> bool {
        self.trouble.is_none() && self.delivery.is_none_or(|delivery| delivery.is_exact())
    }

    /// One line for people.
    pub(crate) fn line(&self, name: &str) -> String {
        let readings = self.readings.iter().map(|Reading { what, value }| format!("{what}: {value:.2}"));
        let mut line = format!("{name:<11} {}", readings.collect::<Vec<_>>().join("; "));
        if let Some(delivery) = self.delivery {
            line.push_str(&format!("; {}", delivery.sentence()));
        }
        if let Some(trouble) = &self.trouble {
            line.push_str(&format!("; FAILED: {trouble}"));
        }
        line
    }

    /// For the record.
    pub(crate) fn to_json(&self, name: &str) -> Value {
        let readings = self.readings.iter().map(|Reading { what, value }| ((*what).to_owned(), json!(value)));
        json!({
            "figure": name,
            "readings": readings.collect::<serde_json::Map<_, _>>(),
            "sink_share": self.sink_share,
            "failed": self.trouble.is_some(),
            "delivery": self.delivery.map(Delivery::to_json),
        })
    }
}
