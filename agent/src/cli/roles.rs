//! `vigie setup opensearch --roles`: the roles of the Security plugin, for users of one duty each.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::Value;

use super::setup::context;
use super::{print, say};
use crate::cluster::{CallError, Cluster, ResourceKind, Role, roles};
use crate::config::{Diagnostics, Section};
use crate::outputs::opensearch::setup::Setup;
use crate::retention::Classes;

/// What became of the roles of one cluster.
enum Found {
    /// They are not looked at, for this reason.
    Skipped(&'static str),
    /// These are to be made or changed; each with what is there.
    Open(Vec<(Role, Option<Value>)>),
}

/// Compares, prints, and with `apply` makes the roles. What is wrong with the outputs was reported before.
pub(super) fn run(outputs: &[(Section, String)], classes: &Arc<Classes>, apply: bool) -> ExitCode {
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the runtime: {error}"))
        .and_then(|runtime| runtime.block_on(all(clusters(outputs, classes), apply)));
    done.unwrap_or_else(|message| {
        say(&format!("vigie: {message}\n"));
        ExitCode::FAILURE
    })
}

/// Each cluster once, with the patterns of all outputs that lead to it.
fn clusters(outputs: &[(Section, String)], classes: &Arc<Classes>) -> Vec<(Cluster, Vec<String>)> {
    let mut found: BTreeMap<String, (Cluster, Vec<String>)> = BTreeMap::new();
    let mut findings = Diagnostics::default();
    for (section, name) in outputs {
        let context = context(name, classes);
        let Some(setup) = Setup::read(section, &context, &mut findings) else { continue };
        let templates = setup.resources().iter().filter(|resource| resource.kind == ResourceKind::Template);
        let patterns: Vec<String> = templates
            .flat_map(|template| template.body["index_patterns"].as_array().cloned().unwrap_or_default())
            .filter_map(|pattern| pattern.as_str().map(str::to_owned))
            .collect();
        let cluster = setup.into_cluster();
        found.entry(cluster.target()).or_insert_with(|| (cluster, Vec::new())).1.extend(patterns);
    }
    found.into_values().collect()
}

async fn all(clusters: Vec<(Cluster, Vec<String>)>, apply: bool) -> Result<ExitCode, String> {
    let mut left = 0;
    for (cluster, patterns) in &clusters {
        print(&format!("roles at {}\n", cluster.target()));
        match look(cluster, patterns).await? {
            Found::Skipped(why) => {
                print(&format!("  {why}\n"));
            }
            Found::Open(open) if apply => {
                for (role, installed) in open {
                    cluster
                        .put(&role.path(), &role.merged(installed.as_ref()))
                        .await
                        .map_err(|error| refused(&error))?;
                    print(&format!("done: role {}\n", role.name));
                }
            }
            Found::Open(open) => left += open.len(),
        }
    }
    if left == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("{left} roles to be made or changed: `--apply` does it\n"));
    Ok(ExitCode::from(2))
}

async fn look(cluster: &Cluster, patterns: &[String]) -> Result<Found, String> {
    let mut open = Vec::new();
    for role in roles(patterns) {
        let installed = match cluster.find(&role.path()).await {
            Ok(answer) => answer.map(|mut answer| answer[role.name].take()),
            // What it says of an address that no plugin takes.
            Err(error) if error.status == 400 => {
                return Ok(Found::Skipped("it has no Security plugin, so no roles: anyone who reaches it may do all"));
            }
            Err(error) => return Err(refused(&error)),
        };
        let difference = role.difference(installed.as_ref());
        let word = match (&installed, difference.is_empty()) {
            (_, true) => "good",
            (None, _) => "missing",
            (Some(_), _) => "different",
        };
        print(&format!("  role {}: {word}\n", role.name));
        print(&difference.iter().map(|line| format!("    {line}\n")).collect::<String>());
        if word != "good" {
            open.push((role, installed));
        }
    }
    Ok(Found::Open(open))
}

fn refused(error: &CallError) -> String {
    match error.status {
        403 => "the user may not read and change roles (403): run this with one that has `restapi:admin/roles` or an administrator's role, or leave `--roles` away".into(),
        _ => error.to_string(),
    }
}
