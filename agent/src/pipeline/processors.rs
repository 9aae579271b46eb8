//! `processors`: of an input, filters for its records alone, which run before all others; of an output, filters for what goes
//! to it, which run behind all others, on a copy.

use std::sync::Arc;

use vigie_parsers::batch::Batch;

use super::build::{Builder, BuiltFilter, BuiltOutput};
use super::routes::{Taken, keep};
use crate::config::{Matcher, OptionType, Section, SectionKind};
use crate::filters::condition::Condition;
use crate::plugin::{Filter, FilterContext, Parcel};
use crate::receipts::{Outcome, Share};

/// Signals that have no records here.
const OTHER_SIGNALS: &[&str] = &["metrics", "traces", "profiles"];

/// `section` without its processors.
pub(super) fn without_processors(section: &Section) -> Section {
    without(section, "processors")
}

/// `section` without its groups called `group`.
pub(super) fn without(section: &Section, group: &str) -> Section {
    let groups = section.groups.iter().filter(|(name, _)| name.text != group).cloned().collect();
    Section { groups, ..section.clone() }
}

/// Has the records of `parcel` go through `filter`, which `built` made.
pub(super) fn pass(filter: &mut dyn Filter, built: &BuiltFilter, parcel: &mut Parcel) {
    let before = parcel.batch.len() as u64;
    built.metrics.records.add(before);
    #[cfg(debug_assertions)]
    super::fault::meet(&parcel.batch);
    filter.apply(&mut parcel.batch, &FilterContext { tag: &parcel.tag, metrics: &built.metrics });
    let after = parcel.batch.len() as u64;
    built.metrics.drop_records.add(before.saturating_sub(after));
    if let Some(written) = filter.written_tag(&parcel.tag) {
        parcel.tag = written;
    }
}

/// The processors of all outputs, for one worker.
pub(super) struct OutputProcessors {
    /// By index of the output.
    filters: Vec<Vec<Box<dyn Filter>>>,
    /// Records that one output alone sees.
    copy: Batch,
}

impl OutputProcessors {
    pub(super) fn new(outputs: &[BuiltOutput]) -> Self {
        let made = |output: &BuiltOutput| output.processors.iter().map(|built| (built.factory)()).collect();
        Self { filters: outputs.iter().map(made).collect(), copy: Batch::default() }
    }

    /// Hands what the `built` processors of the output at `at` make of `parcel` to `send`, of the records alone that `taken` names;
    /// `shares` answer for it. `parcel` stays as it is, but without shares.
    pub(super) fn send(
        &mut self,
        (at, built, taken): (usize, &[BuiltFilter], Option<&Taken>),
        parcel: &mut Parcel,
        shares: Vec<Share>,
        send: impl FnOnce(&Parcel, Vec<Share>),
    ) {
        self.copy.copy_from(&parcel.batch);
        std::mem::swap(&mut self.copy, &mut *parcel.batch);
        let tag = Arc::clone(&parcel.tag);
        parcel.shares = shares;
        if let Some(taken) = taken {
            keep(&mut parcel.batch, taken);
        }
        for (filter, built) in self.filters[at].iter_mut().zip(built) {
            if !parcel.batch.is_empty() && built.matcher.matches(&parcel.tag).unwrap_or(built.redacts()) {
                pass(filter.as_mut(), built, parcel);
            }
        }
        parcel.settle_removed(Outcome::Filtered);
        let shares = std::mem::take(&mut parcel.shares);
        if !parcel.batch.is_empty() {
            send(parcel, shares);
        }
        std::mem::swap(&mut self.copy, &mut *parcel.batch);
        parcel.tag = tag;
    }
}

/// The processors of `section` for logs that are not switched off, as filters without their conditions.
pub fn processors(section: &Section) -> impl Iterator<Item = Section> + '_ {
    let groups = section.groups.iter().filter(|(name, _)| name.text == "processors");
    let items = groups.flat_map(|(_, signals)| &signals.groups);
    let logs = items.filter(|(signal, item)| signal.text == "logs" && !is_off(item));
    logs.map(|(_, item)| Section { kind: SectionKind::Filter, ..without(item, "condition") })
}

/// Whether `item` is switched off.
pub(super) fn is_off(item: &Section) -> bool {
    item.get("active").is_some_and(|value| bool::parse(&value.text) == Ok(false))
}

impl BuiltOutput {
    /// Whether one of its processors hides personal data in every record that goes to it.
    pub(super) fn redacts(&self) -> bool {
        self.processors.iter().any(|filter| filter.redacts() && filter.always && filter.matcher.covers("*"))
    }
}

impl Builder<'_> {
    /// The processors of the input or output `section`, which is called `of`.
    pub(super) fn processors_of(&mut self, section: &Section, of: &Arc<str>) -> Vec<BuiltFilter> {
        let (mut built, mut number) = (Vec::new(), 0);
        let groups = section.groups.iter().filter(|(name, _)| name.text == "processors");
        for (signal, item) in groups.flat_map(|(_, signals)| &signals.groups) {
            match signal.text.as_str() {
                "logs" if is_off(item) => {}
                "logs" => {
                    let processor = self.processor(item, of, number);
                    self.refuse_holding(section, item, processor.as_ref());
                    built.extend(processor);
                    number += 1;
                }
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

    /// Refuses the processor `item` where `section` is an output and it holds records back.
    fn refuse_holding(&mut self, section: &Section, item: &Section, processor: Option<&BuiltFilter>) {
        if section.kind != SectionKind::Output || !processor.is_some_and(|filter| filter.holds) {
            return;
        }
        let message = format!("`{}` cannot be a processor of an output", item.name());
        self.findings.error(item.place, "V504", message).help("make it a filter, or a processor of the inputs");
    }

    /// The processor `item`, the one of this `number` among those of `of` that are not switched off.
    fn processor(&mut self, item: &Section, of: &Arc<str>, number: usize) -> Option<BuiltFilter> {
        self.watched(item, |builder| {
            let (section, condition) = builder.condition(item);
            let section = Section { kind: SectionKind::Filter, ..section };
            let instance = format!("{of}/{}.{number}", section.name().to_ascii_lowercase());
            let built = builder.bare_filter(&section, &instance)?;
            let matcher = if built.matcher.is_nothing() { Matcher::all() } else { built.matcher.clone() };
            BuiltFilter { matcher, input: Some(Arc::clone(of)), ..built }.under(condition)
        })
    }

    /// `section` without its condition, and the condition: `None` when there is none, and nothing in it when it is wrong,
    /// which was reported.
    pub(super) fn condition(&mut self, section: &Section) -> (Section, Option<Option<Condition>>) {
        let group = section.groups.iter().find(|(name, _)| name.text == "condition");
        let condition = group.map(|(_, group)| Condition::read(group, self.findings));
        (without(section, "condition"), condition)
    }
}
