//! Filters `redact` that do not count where records must pass one, and why: advice where a way is found without.

use super::processors::is_off;
use crate::config::{Document, Section, SectionKind};
use crate::filters::{is_redact, redacts};

/// What each `redact` of `document` that hides nothing, or not in all records, is to be changed in.
pub(super) fn uncounted(document: &Document) -> Vec<String> {
    let filters = document.instances(SectionKind::Filter).map(|(section, name)| (section, format!("`{name}`")));
    let off = document.inactive.iter().filter(|section| section.kind == SectionKind::Filter);
    let off = off.map(|section| (section, "a filter `redact`".to_owned()));
    let plugins = [SectionKind::Input, SectionKind::Output].into_iter().flat_map(|kind| document.instances(kind));
    let processors = plugins.flat_map(|(section, name)| {
        let groups = section.groups.iter().filter(|(name, _)| name.text == "processors");
        let items = groups.flat_map(|(_, signals)| &signals.groups).filter(|(signal, _)| signal.text == "logs");
        items.map(move |(_, item)| (item, format!("the processor `redact` of `{name}`")))
    });
    filters.chain(off).chain(processors).filter_map(|(section, name)| reason(section, &name)).collect()
}

/// Why the filter of `section`, which is called `name`, does not count; `None` where it is no `redact`, or counts.
fn reason(section: &Section, name: &str) -> Option<String> {
    if !is_redact(section) {
        return None;
    }
    let has_condition = section.groups.iter().any(|(name, _)| name.text == "condition");
    if is_off(section) {
        Some(format!("{name} is switched off: take `active off` out of it"))
    } else if !redacts(section) {
        Some(format!("{name} only counts: take `mode report` out of it"))
    } else if has_condition {
        Some(format!("{name} leaves records as they are that its `condition` does not fit: take that out of it"))
    } else {
        None
    }
}
