//! `vigie setup opensearch`: installs what the outputs of a configuration need in their stores.

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::Arc;

use super::{print, say};
use crate::cluster::{Resource, State};
use crate::config::{Diagnostics, Document, Section, SectionKind, SourceFile, render};
use crate::outputs::opensearch::setup::Setup;
use crate::plugin::{Agent, BuildContext, Purpose};
use crate::retention::Classes;

pub(super) const HELP: &str = "\
Usage: vigie setup opensearch -c FILE [--apply] [--roles] [--policies]

Looks in the store of each `opensearch` output of the configuration for what its indexes need: the component templates
`vigie-settings`, `vigie-mappings` and `vigie-custom`, an index template `vigie-NAME`, and with `Data_Stream on` the data stream.
Prints what is missing or different; with `--apply` it then makes it so. Indexes that are there already stay as they are.

`vigie-custom` is made empty and never changed afterwards: put settings and mappings of your own there.

With `--roles` also the roles of the Security plugin: `vigie-ship` for the agent, which cannot delete, `vigie-setup` for this command
without `--roles`, and `vigie-retain` for `vigie retention`. Patterns of indexes that a role has already stay in it. Users are yours to
make and to map. Where there is no Security plugin, that is said and nothing done.

With `--policies` also, where there is an Index Management plugin, a policy `vigie-CLASS` for each retention class that lies in
streams: it rolls over, and deletes indexes by their age, a net below `vigie retention run`. It is made once, changed only where it is
different, and attached to the indexes that are there; policies of others are never changed.

Exit code 0: nothing is to be done, or all of it was done. 1: something failed. 2: something is to be done, and `--apply` was not
given. The user needs `cluster_manage_index_templates`, and for data streams `indices:admin/data_stream/*`.
";

/// What was found for one output.
struct Found {
    setup: Setup,
    /// What is to be made.
    open: Vec<Resource>,
}

/// The outputs of `document` that can be set up, each with its name.
pub(super) fn outputs(document: &Document) -> Vec<(Section, String)> {
    let all = document.instances(SectionKind::Output);
    let ours = all.filter(|(section, _)| section.name().eq_ignore_ascii_case("opensearch"));
    ours.map(|(section, name)| (section.clone(), name)).collect()
}

/// Compares, prints, and with `apply` installs.
pub(super) fn run(
    outputs: &[(Section, String)],
    classes: &Arc<Classes>,
    apply: bool,
    sources: &[SourceFile],
) -> ExitCode {
    if outputs.is_empty() {
        say("vigie: the configuration has no `opensearch` output\n");
        return ExitCode::FAILURE;
    }
    let mut findings = Diagnostics::default();
    let read = |(section, name): &(Section, String)| {
        Some((name.clone(), Setup::read(section, &context(name, classes), &mut findings)?))
    };
    let setups: Vec<(String, Setup)> = outputs.iter().filter_map(read).collect();
    if findings.has_errors() {
        say(&render(&findings, sources));
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("vigie: cannot start the runtime: {error}\n"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(all(setups, apply)) {
        Ok(code) => code,
        Err(message) => {
            say(&format!("vigie: {message}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Everything is compared and shown before anything is changed.
async fn all(setups: Vec<(String, Setup)>, apply: bool) -> Result<ExitCode, String> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (name, setup) in setups {
        print(&format!("{name} at {}\n", setup.target()));
        let mut open = Vec::new();
        for resource in setup.resources() {
            // Outputs share templates.
            if !seen.insert((setup.target().to_string(), resource.kind.word(), resource.name.clone())) {
                continue;
            }
            let state = setup.state(resource).await?;
            print(&shown(resource, &state));
            if state != State::Good {
                open.push(resource.clone());
            }
        }
        found.push(Found { setup, open });
    }
    let count: usize = found.iter().map(|found| found.open.len()).sum();
    if count == 0 {
        print("nothing is to be done\n");
        return Ok(ExitCode::SUCCESS);
    }
    if !apply {
        print(&format!("{count} to be made or changed: `--apply` does it\n"));
        return Ok(ExitCode::from(2));
    }
    for Found { setup, open } in &found {
        for resource in open {
            setup.install(resource).await?;
            print(&format!("done: {} {}\n", resource.kind.word(), resource.name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(resource: &Resource, state: &State) -> String {
    let (word, lines): (&str, &[String]) = match state {
        State::Good => ("good", &[]),
        State::Missing(lines) => ("missing", lines),
        State::Different(lines) => ("different", lines),
    };
    let mut text = format!("  {} {}: {word}\n", resource.kind.word(), resource.name);
    lines.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
    text
}

/// An output that is only set up has no records, so it needs no identity.
pub(super) fn context(name: &str, classes: &Arc<Classes>) -> BuildContext {
    BuildContext {
        name: name.into(),
        parsers: Arc::default(),
        agent: Arc::new(Agent::new("setup", b"")),
        classes: Arc::clone(classes),
        state_directory: None,
        escape_unicode: false,
        purpose: Purpose::Run,
    }
}
