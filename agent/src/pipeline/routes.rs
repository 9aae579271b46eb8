//! `routes` of an input: which outputs take which of its records, by what stands in them.
//!
//! What an input with routes reads goes by them alone; the `Match` of outputs is not asked. Conditions are looked at record by record,
//! behind all filters.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use vigie_parsers::batch::{Batch, Record};

use super::build::{BuiltInput, BuiltOutput};
use crate::config::{
    Diagnostics, Document, Located, OptionType, Options, Section, SectionKind, did_you_mean, refuse_unknown,
};
use crate::filters::condition::Condition;
use crate::plugin::Parcel;
use crate::receipts::Outcome;

crate::options! {
    /// Keys of a route.
    struct RouteOptions {
        "name" _name: String, optional, "What the route is called.";
        "per_record_routing" _per_record_routing: bool, default "on", "Each record is looked at by itself in either case.";
    }
}

crate::options! {
    /// Where a route leads to, one output with its substitute.
    struct TargetOptions {
        "name" _name: String, required, "Name of an output.";
        "fallback" _fallback: String, optional, "Output that takes its place where there is none of that name.";
    }
}

/// Which records a route takes.
enum Rule {
    All,
    /// Those that no other route takes.
    Others,
    When(Condition),
}

/// A route as it is written.
pub(super) struct WrittenRoute {
    rule: Rule,
    /// Names of outputs, each with its substitute.
    to: Vec<(Located, Option<Located>)>,
}

/// Reads the routes of `section`; none where it has none, and none in the place of one that is wrong, which is reported.
pub(super) fn read(section: &Section, findings: &mut Diagnostics) -> Option<Vec<WrittenRoute>> {
    let mut groups = section.groups.iter().filter(|(name, _)| name.text == "routes").peekable();
    groups.peek()?;
    let mut routes = Vec::new();
    for (signal, route) in groups.flat_map(|(_, signals)| &signals.groups) {
        match signal.text.as_str() {
            "logs" | "any" => routes.extend(route_of(route, findings)),
            "metrics" | "traces" => {
                let message = format!("routes of `{}` have no effect: there are only logs", signal.text);
                findings.warning(signal.place, "V111", message).help("take them away");
            }
            other => {
                let message = format!("a group `{other}` cannot stand here");
                findings.error(signal.place, "V102", message).help("routes are listed under `logs`");
            }
        }
    }
    Some(routes)
}

fn route_of(route: &Section, findings: &mut Diagnostics) -> Option<WrittenRoute> {
    let group = |wanted: &str| route.groups.iter().find(|(name, _)| name.text == wanted).map(|(_, group)| group);
    let groups = route.groups.iter().filter(|(name, _)| !matches!(name.text.as_str(), "condition" | "to"));
    let plain = Section { groups: groups.cloned().collect(), ..route.clone() };
    refuse_unknown(&plain, &[RouteOptions::TABLE], findings);
    let options = RouteOptions::read(&plain, findings);
    let rule = match group("condition") {
        None => Some(Rule::All),
        Some(condition) => rule(condition, findings),
    };
    let to = targets(group("to"), route, findings);
    options.and(Some(WrittenRoute { rule: rule?, to: to? }))
}

/// A condition, or `default: true`.
fn rule(group: &Section, findings: &mut Diagnostics) -> Option<Rule> {
    let Some(value) = group.get("default") else { return Condition::read(group, findings).map(Rule::When) };
    match bool::parse(&value.text) {
        Ok(true) => Some(Rule::Others),
        Ok(false) => {
            let entries = group.entries.iter().filter(|entry| entry.key.text != "default").cloned().collect();
            Condition::read(&Section { entries, ..group.clone() }, findings).map(Rule::When)
        }
        Err(expected) => {
            findings.error(value.place, "V103", format!("`default`: expected {expected}"));
            None
        }
    }
}

/// The outputs under `to`.
fn targets(
    group: Option<&Section>,
    route: &Section,
    findings: &mut Diagnostics,
) -> Option<Vec<(Located, Option<Located>)>> {
    let mut to: Vec<(Located, Option<Located>)> = Vec::new();
    let known = findings.len();
    let entries = group.iter().flat_map(|group| &group.entries);
    for entry in entries {
        if entry.key.text == "outputs" {
            to.push((entry.value.clone(), None));
        } else {
            findings
                .error(entry.key.place, "V101", format!("unknown key `{}`", entry.key.text))
                .help("did you mean `outputs`?");
        }
    }
    for (name, target) in group.iter().flat_map(|group| &group.groups) {
        if name.text != "outputs" {
            findings
                .error(name.place, "V102", format!("a group `{}` cannot stand here", name.text))
                .help("did you mean `outputs`?");
            continue;
        }
        refuse_unknown(target, &[TargetOptions::TABLE], findings);
        if TargetOptions::read(target, findings).is_some() {
            to.extend(target.get("name").map(|name| (name.clone(), target.get("fallback").cloned())));
        }
    }
    if to.is_empty() && findings.len() == known {
        let help = "write `to: {outputs: [NAME]}`, with aliases or names of outputs";
        findings.error(route.place, "V105", "`outputs` is missing").help(help);
    }
    (findings.len() == known).then_some(to)
}

/// Names of outputs that routes lead to, as far as they stand there.
pub(super) fn named(document: &Document) -> HashSet<String> {
    let inputs = document.of(SectionKind::Input);
    let read = inputs.filter_map(|section| read(section, &mut Diagnostics::default()));
    let to = read.flatten().flat_map(|route| route.to);
    let names = to.flat_map(|(name, fallback)| [Some(name), fallback]).flatten();
    names.filter_map(|name| find(document, &name.text)).collect()
}

/// The name in messages of the output that `name` stands for: an alias, an instance, or the first one of a plugin.
fn find(document: &Document, name: &str) -> Option<String> {
    let outputs: Vec<(&Section, String)> = document.instances(SectionKind::Output).collect();
    let by_alias = outputs.iter().find(|(section, _)| section.get("alias").is_some_and(|alias| alias.text == name));
    let by_instance = || outputs.iter().find(|(_, instance)| instance == name);
    let by_plugin = || outputs.iter().find(|(section, _)| section.name().eq_ignore_ascii_case(name));
    let (section, instance) = by_alias.or_else(by_instance).or_else(by_plugin)?;
    Some(section.called(instance).to_owned())
}

/// The routes of one input.
pub(super) struct Routes {
    routes: Vec<(Rule, Vec<usize>)>,
    /// All outputs that they lead to.
    pub(super) outputs: Arc<[usize]>,
}

/// The routes of all `inputs`, which are taken out of them. What leads nowhere is reported.
pub(super) fn resolve(
    inputs: &mut [BuiltInput],
    outputs: &[BuiltOutput],
    document: &Document,
    findings: &mut Diagnostics,
) -> HashMap<Arc<str>, Routes> {
    let mut resolved = HashMap::new();
    for input in inputs {
        let Some(written) = input.routes.take() else { continue };
        let routes: Vec<(Rule, Vec<usize>)> = written
            .into_iter()
            .map(|route| {
                let places = route.to.iter().filter_map(|to| place(to, outputs, document, findings));
                let places = places.collect();
                (route.rule, places)
            })
            .collect();
        let mut all: Vec<usize> = routes.iter().flat_map(|(_, outputs)| outputs.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        resolved.insert(Arc::clone(&input.name), Routes { routes, outputs: all.into() });
    }
    resolved
}

/// Where among `outputs` the one stands that is meant. `None` where there is none, which is reported unless it is wrong itself.
fn place(
    (name, fallback): &(Located, Option<Located>),
    outputs: &[BuiltOutput],
    document: &Document,
    findings: &mut Diagnostics,
) -> Option<usize> {
    let found = find(document, &name.text).or_else(|| find(document, &fallback.as_ref()?.text));
    let Some(found) = found else {
        let names: Vec<&str> = outputs.iter().map(|output| &*output.name).collect();
        let message = format!("no output is called {}", name.quoted());
        findings.error(name.place, "V211", message).help(did_you_mean(&name.text, &names));
        return None;
    };
    outputs.iter().position(|output| *output.name == *found)
}

/// Which records of a batch an output takes.
pub(super) type Taken = Vec<bool>;

impl Routes {
    /// Which records of `parcel` each of `outputs` takes. Those that none takes are taken out; their number stands beside it.
    pub(super) fn share_out(&self, parcel: &mut Parcel, outputs: &[usize]) -> (Vec<Taken>, usize) {
        let mut scratch = Vec::new();
        let mut taken: Vec<Taken> = vec![Vec::with_capacity(parcel.batch.len()); outputs.len()];
        let mut is_kept = Vec::with_capacity(parcel.batch.len());
        for index in 0..parcel.batch.len() {
            let chosen = self.of(&parcel.batch, index, &mut scratch);
            is_kept.push(outputs.iter().any(|at| chosen.contains(at)));
            if is_kept.ends_with(&[true]) {
                taken.iter_mut().zip(outputs).for_each(|(taken, at)| taken.push(chosen.contains(at)));
            }
        }
        let left_over = is_kept.iter().filter(|is_kept| !**is_kept).count();
        if left_over > 0 {
            keep(&mut parcel.batch, &is_kept);
            parcel.settle_removed(Outcome::Dropped);
        }
        (taken, left_over)
    }

    /// The outputs of record `index` of `batch`.
    fn of(&self, batch: &Batch, index: usize, scratch: &mut Vec<u8>) -> Vec<usize> {
        let record = batch.record(index);
        let mut takes = |rule: &Rule, record: Record<'_>| match rule {
            Rule::All => true,
            Rule::Others => false,
            Rule::When(condition) => condition.holds(record, scratch),
        };
        let taking: Vec<&(Rule, Vec<usize>)> = self.routes.iter().filter(|(rule, _)| takes(rule, record)).collect();
        let is_alone = taking.is_empty();
        let others = self.routes.iter().filter(|(rule, _)| is_alone && matches!(rule, Rule::Others));
        taking.into_iter().chain(others).flat_map(|(_, outputs)| outputs.iter().copied()).collect()
    }
}

/// Keeps those records of `batch` for which `wanted` says so.
pub(super) fn keep(batch: &mut Batch, wanted: &[bool]) {
    let mut wanted = wanted.iter();
    batch.retain(|_| *wanted.next().expect("there is one for each record"));
}
