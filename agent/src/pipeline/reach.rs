//! Filters and outputs that no record can reach: a warning, since their `Match` is likely a slip.

use std::collections::HashMap;
use std::sync::Arc;

use super::build::{BuiltFilter, BuiltInput, BuiltOutput};
use super::coverage::widened;
use super::routes::Routes;
use crate::config::{Diagnostics, Document, Matcher, Section, SectionKind, comment_within};

/// Inputs, and the routes of those that have their own.
pub(super) struct Sources<'a> {
    pub(super) inputs: &'a [BuiltInput],
    pub(super) direct: &'a HashMap<Arc<str>, Routes>,
}

impl Sources<'_> {
    /// Whether `matcher` may take a tag of an input, of those without routes where `by_match`.
    fn may_reach(&self, matcher: &Matcher, by_match: bool) -> bool {
        let mut inputs = self.inputs.iter().filter(|input| !by_match || !self.direct.contains_key(&input.name));
        inputs.any(|input| matcher.may_take(&widened(&input.tag)))
    }

    fn are_led_to(&self, output: usize) -> bool {
        self.direct.values().any(|routes| routes.outputs.contains(&output))
    }

    fn tags(&self) -> String {
        self.inputs.iter().map(|input| format!("`{}`", input.tag)).collect::<Vec<_>>().join(", ")
    }

    /// Whether every input sends where its `routes` say.
    fn have_routes(&self) -> bool {
        self.inputs.iter().all(|input| self.direct.contains_key(&input.name))
    }

    /// Tells of a section that takes nothing, of one that inputs with routes pass by where `by_match`. That there is no input at
    /// all is told elsewhere.
    fn tell(&self, section: &Section, by_match: bool, findings: &mut Diagnostics) {
        if self.inputs.is_empty() {
            return;
        }
        let place = section.get("match").or(section.get("match_regex")).map_or(section.place, |value| value.place);
        let (message, help) = match (by_match, comment_of(section)) {
            (true, None) if self.have_routes() => (
                "every input has `routes`, and none leads here: nothing is sent here",
                "name it in the `routes` of an input".to_owned(),
            ),
            (true, comment) => ("no input has a tag that this fits: nothing is sent here", self.help(comment)),
            (false, comment) => ("no input has a tag that this fits: the filter changes nothing", self.help(comment)),
        };
        findings.warning(place, "V205", message).help(help);
    }

    fn help(&self, comment: Option<&str>) -> String {
        comment.map_or_else(|| format!("tags are {}", self.tags()), str::to_owned)
    }
}

/// What to do where the pattern of `section` ends with what is meant as a comment. A tag is not likely to.
fn comment_of(section: &Section) -> Option<&'static str> {
    comment_within(&section.get("match")?.text)
}

/// Warns of each of them. All of `document` was built; `filters` are without processors.
pub(super) fn tell(
    document: &Document,
    sources: &Sources<'_>,
    (filters, outputs): (&[BuiltFilter], &[BuiltOutput]),
    findings: &mut Diagnostics,
) {
    for (section, filter) in document.of(SectionKind::Filter).zip(filters) {
        // Of one that is to redact more is told.
        let is_reached = comment_of(section).is_none() && sources.may_reach(&filter.matcher, false);
        if !filter.redacts() && !filter.matcher.is_nothing() && !is_reached {
            sources.tell(section, false, findings);
        }
    }
    for (at, (section, output)) in document.of(SectionKind::Output).zip(outputs).enumerate() {
        let fits = comment_of(section).is_none() && sources.may_reach(&output.matcher, true);
        let is_reached = sources.are_led_to(at) || fits;
        if !output.matcher.is_nothing() && !is_reached {
            sources.tell(section, true, findings);
        }
    }
}
