//! `vigie report --art30`: what a record of processing activities asks for, from configuration and receipts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

use super::Arguments;
use super::token::read_ring;
use crate::cli::{environment, print, say, state_directory};
use crate::config::{CommandLine, Diagnostics, Document, Loaded, Section, SectionKind, load, render};
use crate::filters::{LineRedactor, is_redact};
use crate::pipeline::processors;
use crate::privacy::{Action, epoch_text, group_name};

pub(super) const HELP: &str = "\
Usage: vigie report --art30 --config FILE
           prints what a record of processing activities (Art. 30 GDPR) asks for of this agent: sources, categories of data with
           what was counted in the receipts, what is done with them, recipients, lifetime of keys, digest of the rules

What the agent cannot know is marked with three dots: purpose, controller, legal basis, how long the store keeps records.
";

pub(super) fn run(mut arguments: Arguments) -> Result<ExitCode, String> {
    if !arguments.has("art30") {
        return Err("expected `report --art30 --config FILE`".into());
    }
    let config = arguments.one("config")?.ok_or("name the configuration with `--config FILE`")?;
    arguments.finish(&["art30"])?;
    let environment = environment();
    let mut findings = Diagnostics::default();
    let line = CommandLine { config: Some(config.into()), ..CommandLine::default() };
    let loaded = load(&line, environment.clone(), &mut findings);
    let state = state_directory(&loaded.service.storage_path, &environment);
    let text = record(&loaded, state.as_deref(), &mut findings);
    say(&render(&findings, &loaded.document.files));
    if findings.has_errors() { Ok(ExitCode::FAILURE) } else { Ok(print(&text)) }
}

fn record(loaded: &Loaded, state: Option<&Path>, findings: &mut Diagnostics) -> String {
    let mut text = String::from(
        "# Record of processing: shipping of logs\n\nController, contact, data protection officer: ...\nPurpose: ...\nLegal basis: ...\nPersons concerned: ...\n",
    );
    let document = &loaded.document;
    list(&mut text, "Sources", document.instances(SectionKind::Input), &["tag", "path"]);
    list(&mut text, "Recipients", document.instances(SectionKind::Output), &["match", "host", "index", "path", "tls"]);
    text.push_str("\nHow long recipients keep records: ...\nTransfers to third countries: ...\n");
    let counts = state.map(|state| counted(&state.join("redact-receipts.chain"))).unwrap_or_default();
    for (section, name) in redactions(document) {
        text.push_str(&format!("\n## What `{name}` does\n\n"));
        let Some(redactor) = LineRedactor::new(&section, true, findings) else { continue };
        let policy = redactor.policy();
        table(&mut text, &section, &redactor, &counts);
        text.push_str(&format!("\nDigest of the rules (SHA-256): {}\n{}\n", policy.digest(), keys(&section)));
    }
    if counts.is_empty() {
        text.push_str("\nThere are no receipts yet: counts are those of receipts in `storage.path`.\n");
    }
    text
}

/// Lists what `redactor`, with the options of `section`, looks for, what was counted of it, and what is done with it.
fn table(text: &mut String, section: &Section, redactor: &LineRedactor, counts: &BTreeMap<String, u64>) {
    let policy = redactor.policy();
    let done = |action: &Action| if redactor.only_counts() { "only counted".to_owned() } else { action.text() };
    let count = |entity: &str| counts.get(entity).copied().unwrap_or_default();
    text.push_str("| Category | Kind of data | Found | Action |\n| --- | --- | --- | --- |\n");
    // Several detectors look for the forms of one kind.
    let mut listed = BTreeSet::new();
    for (index, detector) in policy.detectors().iter().enumerate().filter(|(_, each)| listed.insert(each.entity)) {
        let (group, action, entity) = (group_name(detector.group), done(policy.action(index)), detector.entity);
        text.push_str(&format!("| {group} | {entity} | {} | {action} |\n", count(entity)));
    }
    let mut wholes = redactor.wholes().iter();
    for entry in section.entries.iter().filter(|entry| matches!(entry.key.text.as_str(), "field" | "exclude" | "allow"))
    {
        let (key, value) = (entry.key.text.as_str(), entry.value.text.replace('|', "\\|"));
        let Some(whole) = (key == "field").then(|| wholes.next()).flatten() else {
            text.push_str(&format!("| field | {key} `{value}` | | |\n"));
            continue;
        };
        // Receipts count by kind, wherever it was found.
        let entity = whole.entity.as_str();
        let found = if listed.contains(entity) { format!("in `{entity}`") } else { count(entity).to_string() };
        text.push_str(&format!("| field | {entity}, `{value}` | {found} | {} |\n", done(&whole.action)));
    }
}

/// Lists plugins with those of `keys` that are set.
fn list<'a>(text: &mut String, title: &str, plugins: impl Iterator<Item = (&'a Section, String)>, keys: &[&str]) {
    text.push_str(&format!("\n## {title}\n\n"));
    for (section, name) in plugins {
        let set = keys.iter().filter_map(|key| Some(format!(", {key} `{}`", section.get(key)?.text)));
        text.push_str(&format!("- {name}{}\n", set.collect::<String>()));
    }
}

/// Each `redact`, filters first, then processors of inputs and of outputs, with what the agent calls it.
fn redactions(document: &Document) -> Vec<(Section, String)> {
    let filters = document.instances(SectionKind::Filter).map(|(section, name)| (section.clone(), name));
    let mut all: Vec<_> = filters.collect();
    for (section, of) in [SectionKind::Input, SectionKind::Output].into_iter().flat_map(|kind| document.instances(kind))
    {
        let processors = processors(section).enumerate();
        all.extend(processors.map(|(number, item)| {
            let name = format!("{of}/{}.{number}", item.name().to_ascii_lowercase());
            (item, name)
        }));
    }
    all.retain(|(section, _)| is_redact(section));
    all
}

fn keys(section: &Section) -> String {
    if let Some(name) = section.get("key_credential") {
        return format!("Keys: those in the credential `{}`, which the service manager hands in.", name.text);
    }
    let Some(path) = section.get("key_file") else { return "Keys: none named in the configuration.".into() };
    match read_ring(Path::new(&path.text)) {
        Ok(ring) => {
            let (length, count) = (epoch_text(ring.epoch()), ring.epochs().count());
            format!("Keys: each in use for {length}, {count} in the ring, past ones until they are destroyed.")
        }
        Err(error) => format!("Keys: {error}"),
    }
}

/// Values by entity, added up over all receipts in `chain`. The chain is read, not checked: `vigie receipts verify` does that.
fn counted(chain: &Path) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let Ok(file) = File::open(chain) else { return counts };
    for line in BufReader::new(file).lines().map_while(Result::ok) {
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        for found in entry["body"]["found"].as_array().into_iter().flatten() {
            if let (Some(entity), Some(count)) = (found["entity"].as_str(), found["count"].as_u64()) {
                *counts.entry(entity.to_owned()).or_default() += count;
            }
        }
    }
    counts
}
