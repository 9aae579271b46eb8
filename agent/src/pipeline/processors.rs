//! `processors` of an input: filters for its records alone, which run before all others.

use std::sync::Arc;

use super::build::{Builder, BuiltFilter};
use crate::config::{Matcher, OptionType, Section, SectionKind};
use crate::filters::condition::{Condition, conditional};

/// Signals that have no records here.
const OTHER_SIGNALS: &[&str] = &["metrics", "traces", "profiles"];

/// `section` without its processors.
pub(super) fn without_processors(section: &Section) -> Section {
    without(section, "processors")
}

fn without(section: &Section, group: &str) -> Section {
    let groups = section.groups.iter().filter(|(name, _)| name.text != group).cloned().collect();
    Section { groups, ..section.clone() }
}

impl Builder<'_> {
    /// The processors of the input `section`, which is called `input`.
    pub(super) fn processors_of(&mut self, section: &Section, input: &Arc<str>) -> Vec<BuiltFilter> {
        let mut built = Vec::new();
        let groups = section.groups.iter().filter(|(name, _)| name.text == "processors");
        for (signal, item) in groups.flat_map(|(_, signals)| &signals.groups) {
            match signal.text.as_str() {
                "logs" => built.extend(self.processor(item, input, built.len())),
                other if OTHER_SIGNALS.contains(&other) => {
                    let message = format!("processors of `{other}` have no effect: there are only logs");
                    self.findings.warning(signal.place, "V111", message).help("take them away");
                }
                other => {
                    let message = format!("a group `{other}` cannot stand here");
                    self.findings.error(signal.place, "V102", message).help("processors are listed under `logs`");
                }
            }
        }
        for (_, signals) in section.groups.iter().filter(|(name, _)| name.text == "processors") {
            for entry in &signals.entries {
                let help = "list them: `logs:` and below it `- name: grep`";
                self.findings.error(entry.key.place, "V021", "expected a list of processors").help(help);
            }
        }
        built
    }

    fn processor(&mut self, item: &Section, input: &Arc<str>, number: usize) -> Option<BuiltFilter> {
        let is_off = item.get("active").is_some_and(|value| bool::parse(&value.text) == Ok(false));
        if is_off {
            return None;
        }
        let (section, condition) = self.condition(item);
        let section = Section { kind: SectionKind::Filter, ..section };
        let instance = format!("{input}/{}.{number}", section.name().to_ascii_lowercase());
        let (built, matcher) = self.bare_filter(&section, &instance)?;
        let matcher = if matcher.is_nothing() { Matcher::all() } else { matcher };
        let always = condition.is_none();
        let factory = match condition {
            Some(condition) => conditional(built.factory, condition?),
            None => built.factory,
        };
        Some(BuiltFilter { matcher, input: Some(Arc::clone(input)), factory, always, ..built })
    }

    /// `section` without its condition, and the condition: `None` when there is none, and nothing in it when it is wrong,
    /// which was reported.
    pub(super) fn condition(&mut self, section: &Section) -> (Section, Option<Option<Condition>>) {
        let group = section.groups.iter().find(|(name, _)| name.text == "condition");
        let condition = group.map(|(_, group)| Condition::read(group, self.findings));
        (without(section, "condition"), condition)
    }
}
