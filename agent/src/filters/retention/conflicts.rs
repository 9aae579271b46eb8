//! What is told of rules that contradict each other, before any record comes.

use super::rule::Rule;
use super::winner;
use crate::config::{Diagnostics, OptionType, Place, Section};
use crate::retention::{Age, Class};

/// A rule as it stands in the configuration.
struct Written<'a> {
    place: Place,
    condition: &'a str,
    class: usize,
}

/// Warns of rules of `section` that cannot all hold. `any_class` tells that keys of records may name every class.
pub(super) fn report(section: &Section, classes: &[Class], any_class: bool, findings: &mut Diagnostics) {
    let rules = written(section, classes);
    shadowed(&rules, classes, findings);
    let mut led_to: Vec<usize> = rules.iter().map(|rule| rule.class).collect();
    if any_class {
        led_to = (0..classes.len()).collect();
    }
    led_to.sort_unstable();
    led_to.dedup();
    for (at, one) in led_to.iter().enumerate() {
        for other in &led_to[at + 1..] {
            contradiction(section.place, (*one, *other), classes, findings);
        }
    }
}

fn written<'a>(section: &'a Section, classes: &[Class]) -> Vec<Written<'a>> {
    let rules = section.entries.iter().filter(|entry| entry.key.text.eq_ignore_ascii_case("rule"));
    let rule = |entry: &'a crate::config::Entry| {
        let class = Rule::parse(&entry.value.text).ok()?.class;
        let class = classes.iter().position(|known| known.name == class)?;
        let (condition, _) = entry.value.text.trim().rsplit_once(char::is_whitespace)?;
        Some(Written { place: entry.value.place, condition: condition.trim(), class })
    };
    rules.filter_map(rule).collect()
}

/// Warns of rules with the same condition, of which only one can count.
fn shadowed(rules: &[Written<'_>], classes: &[Class], findings: &mut Diagnostics) {
    for (at, rule) in rules.iter().enumerate() {
        let same = rules[..at].iter().find(|other| other.condition == rule.condition && other.class != rule.class);
        let Some(other) = same else { continue };
        let counts = winner(classes, 1 << rule.class | 1 << other.class);
        let name = |class: usize| &classes[class].name;
        let message = format!("the same condition leads to `{}` and to `{}`", name(other.class), name(rule.class));
        let help = format!("{}; take one of the rules away", reason(counts, (rule.class, other.class), classes));
        findings.warning(rule.place, "V704", message).help(help);
    }
}

/// Warns of two classes of which one wants to keep what the other wants gone.
fn contradiction(place: Place, (one, other): (usize, usize), classes: &[Class], findings: &mut Diagnostics) {
    let keeps = |one: usize, other: usize| {
        classes[one].min_age.is_some_and(|least| least.nominal_days() > classes[other].max_age.nominal_days())
    };
    if !keeps(one, other) && !keeps(other, one) {
        return;
    }
    let (keeper, goner) = if keeps(one, other) { (one, other) } else { (other, one) };
    let least = classes[keeper].min_age.map(|age: Age| age.to_string()).unwrap_or_default();
    let (keeping, going) = (&classes[keeper], &classes[goner]);
    let message = format!(
        "`{}` keeps at least {least}, and `{}` at most {}: no age fits a record that rules lead to both",
        keeping.name, going.name, going.max_age
    );
    let counts = winner(classes, 1 << one | 1 << other);
    let help =
        format!("{}; write rules that do not meet, or settle which duty holds", reason(counts, (one, other), classes));
    findings.warning(place, "V705", message).help(help);
}

/// Why `counts` is the one of two classes that a record gets.
fn reason(counts: usize, (one, other): (usize, usize), classes: &[Class]) -> String {
    let lost = &classes[if counts == one { other } else { one }];
    let won = &classes[counts];
    if won.max_age.nominal_days() <= lost.max_age.nominal_days() {
        format!("`{}` counts, whose max_age of {} is the shorter one", won.name, won.max_age)
    } else {
        format!("`{}` counts, since its min_age forbids the shorter max_age of `{}`", won.name, lost.name)
    }
}
