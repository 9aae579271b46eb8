//! SIGCONT: what every plugin has done and holds now, in the log.

use std::sync::{Arc, Weak};

use rustix::process::Signal;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use crate::metrics::Metrics;

/// Writes the state of `metrics` whenever SIGCONT comes, as long as they are there.
pub(super) fn start(metrics: &Arc<Metrics>, runtime: &Runtime) {
    let metrics = Arc::downgrade(metrics);
    runtime.spawn(async move {
        if let Err(error) = listen(metrics).await {
            warn!(component = "engine", %error, "SIGCONT cannot be listened for: it tells no state");
        }
    });
}

async fn listen(metrics: Weak<Metrics>) -> std::io::Result<()> {
    let mut asked = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    while asked.recv().await.is_some() {
        let Some(metrics) = metrics.upgrade() else { break };
        info!(component = "engine", "SIGCONT received: the state of everything follows, without what is 0");
        for (name, state) in states(&metrics) {
            info!(component = %name, "state{state}");
        }
    }
    Ok(())
}

/// The counters of each plugin and of the whole, by name.
fn states(metrics: &Metrics) -> Vec<(String, String)> {
    let inputs = metrics.inputs().into_iter().map(|input| (input.name.clone(), shown(&input.each())));
    let filters = metrics.filters().into_iter().map(|filter| (filter.name.clone(), shown(&filter.each())));
    let outputs = metrics.outputs().into_iter().map(|output| {
        let reasons = output.each_by_reason().into_iter().flat_map(|(what, reasons)| {
            reasons.into_iter().map(move |(reason, count)| format!(" {what}[{reason}]={count}"))
        });
        let reasons: String = reasons.collect();
        (output.name.clone(), shown(&output.each()) + &reasons)
    });
    let step = u64::try_from(metrics.longest_step().as_millis()).unwrap_or(u64::MAX);
    let whole = [
        ("unrouted_records", metrics.unrouted_records.get()),
        ("reloads", metrics.reloads.get()),
        ("longest_step_milliseconds", step),
    ];
    inputs.chain(filters).chain(outputs).chain([("engine".to_owned(), shown(&whole))]).collect()
}

fn shown(counters: &[(&'static str, u64)]) -> String {
    let counted = counters.iter().filter(|(_, count)| *count > 0);
    counted.map(|(name, count)| format!(" {name}={count}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown_by_plugin_and_reason() {
        let metrics = Metrics::default();
        metrics.add_input("tail.0").records.add(7);
        let output = metrics.add_output("null.0");
        output.proc_records.add(5);
        output.dropped_by_reason.add("full", 2);
        metrics.unrouted_records.add(1);

        let expected = [
            ("tail.0", " records=7"),
            ("null.0", " proc_records=5 dropped_by_reason[full]=2"),
            ("engine", " unrouted_records=1"),
        ];
        assert_eq!(states(&metrics), expected.map(|(name, state)| (name.to_owned(), state.to_owned())));
    }
}
