//! `vigie setup opensearch --policies`: policies of the Index Management plugin, one for each class that lies in streams.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use super::setup::context;
use super::{print, say};
use crate::cluster::Cluster;
use crate::config::{Diagnostics, Section};
use crate::outputs::opensearch::setup::cluster;
use crate::retention::{Classes, Policy, PolicyState};

/// Compares, prints, and with `apply` makes the policies. What is wrong with the outputs was reported before.
pub(super) fn run(outputs: &[(Section, String)], classes: &Arc<Classes>, apply: bool) -> ExitCode {
    let mut findings = Diagnostics::default();
    let clusters =
        outputs.iter().filter_map(|(section, name)| cluster(section, &context(name, classes), &mut findings));
    let clusters: BTreeMap<String, Cluster> = clusters.map(|cluster| (cluster.target(), cluster)).collect();
    let policies: Vec<Policy> = classes.0.iter().filter_map(Policy::of).collect();
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the runtime: {error}"))
        .and_then(|runtime| runtime.block_on(all(clusters.into_values(), &policies, apply)));
    done.unwrap_or_else(|message| {
        say(&format!("vigie: {message}\n"));
        ExitCode::FAILURE
    })
}

async fn all(clusters: impl Iterator<Item = Cluster>, policies: &[Policy], apply: bool) -> Result<ExitCode, String> {
    let mut left = 0;
    for cluster in clusters {
        print(&format!("policies at {}\n", cluster.target()));
        for policy in policies {
            let Some(state) = policy.look(&cluster).await? else {
                print("  it has no Index Management plugin, so no policies: `vigie retention run` needs none\n");
                break;
            };
            print(&shown(policy, &state));
            if matches!(state, PolicyState::Good | PolicyState::Foreign) {
                continue;
            }
            if apply {
                policy.install(&cluster, &state).await?;
                print(&format!("done: policy {}\n", policy.name));
            } else {
                left += 1;
            }
        }
    }
    if left == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("{left} policies to be made or changed: `--apply` does it\n"));
    Ok(ExitCode::from(2))
}

fn shown(policy: &Policy, state: &PolicyState) -> String {
    let (word, lines): (&str, &[String]) = match state {
        PolicyState::Good => ("good", &[]),
        PolicyState::Missing => ("missing", &[]),
        PolicyState::Different(lines, _) => ("different", lines),
        PolicyState::Foreign => ("somebody else's, and left as it is", &[]),
    };
    let mut text = format!("  policy {}: {word}\n", policy.name);
    lines.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
    text
}
