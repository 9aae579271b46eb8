//! Whether a value that somebody asks for can be of the kind that he names: what no look finds as one has a token in no log.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::Action;
use super::policy::{Policy, Selector};
use super::presets::{GROUPS, Preset};
use super::redactor::Redactor;
use crate::redact::{self, Place, Strictness};

/// Kinds that a name tells and no form: a `Field` of that name hides anything.
const NAMED: [&str; 8] =
    ["person_name", "postal_address", "username", "password", "secret", "cookie", "url_parameter", "url_userinfo"];

/// Whether `value` is found as `entity` somewhere: alone, behind a name, or as the examples of that kind are written.
///
/// # Errors
/// The kind that it is as it stands alone, else one of the same group that it may be, if any.
pub fn fits(entity: &str, value: &str) -> Result<(), Option<&'static str>> {
    if NAMED.contains(&entity) {
        return Ok(());
    }
    let only = BTreeMap::from([(Selector::Entity(entity.to_owned()), Action::Label)]);
    let all: BTreeMap<Selector, Action> =
        GROUPS.iter().map(|(group, _)| (Selector::Group(*group), Action::Label)).collect();
    let Some(nothing) = Preset::named("none") else { return Ok(()) };
    let redactor = |chosen| {
        let policy = Policy::new(nothing, Strictness::Paranoid, chosen, Vec::new());
        Redactor::new(Arc::new(policy), Arc::default(), false)
    };
    let (mut with_all, mut alone) = (redactor(&all), redactor(&only));
    let is_one = |redactor: &mut Redactor, entity: &str| {
        lines(entity, value).iter().any(|(key, before, line)| {
            let place = Place { key: key.as_bytes(), escaped: false };
            let (start, end) = (before.len(), before.len() + value.len());
            found(redactor, line, place, start..end).any(|name| name == entity)
        })
    };
    if is_one(&mut with_all, entity) || is_one(&mut alone, entity) {
        return Ok(());
    }
    let plain = found(&mut with_all, value, Place::default(), 0..value.len()).next();
    let group = redact::all().find(|detector| detector.entity == entity).map(|detector| detector.group);
    let near = redact::all().filter(|detector| Some(detector.group) == group && detector.entity != entity);
    Err(plain.or_else(|| near.map(|detector| detector.entity).find(|other| is_one(&mut with_all, other))))
}

/// Lines with `value` in them in which it would be found: key of the field, what stands before it, the whole.
fn lines(entity: &str, value: &str) -> Vec<(&'static str, String, String)> {
    let mut lines = vec![("", String::new(), value.to_owned())];
    for detector in redact::all().filter(|detector| detector.entity == entity) {
        lines.extend(detector.context.iter().map(|key| (*key, String::new(), value.to_owned())));
        for example in detector.matches {
            let parts = example.split_once("[[").and_then(|(before, rest)| Some((before, rest.split_once("]]")?.1)));
            let Some((before, behind)) = parts else { continue };
            let behind = behind.replace("[[", "").replace("]]", "");
            lines.push(("", before.to_owned(), format!("{before}{value}{behind}")));
        }
    }
    lines
}

/// The kinds of what is found in `line` over all of `span`.
fn found(
    redactor: &mut Redactor,
    line: &str,
    place: Place<'_>,
    span: std::ops::Range<usize>,
) -> impl Iterator<Item = &'static str> {
    let found = redactor.findings(line.as_bytes(), place).to_vec();
    let covers = move |one: &redact::Finding| one.start as usize <= span.start && span.end <= one.end as usize;
    let detectors = redactor.policy().detectors().to_vec();
    found.into_iter().filter(covers).filter_map(move |one| Some(detectors.get(usize::from(one.detector))?.entity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_of_its_kind_and_of_no_other() {
        for (entity, value, expected) in [
            ("email", "jane@example.com", Ok(())),
            ("email", "not a mail", Err(None)),
            ("ipv4", "10.0.0.1", Err(Some("private_ip"))),
            ("private_ip", "10.0.0.1", Ok(())),
            ("phone", "0612345678", Err(Some("phone_fr"))),
            ("phone_fr", "0612345678", Ok(())),
            ("phone", "+33 (0)6 12 34 56 78", Ok(())),
            ("phone", "%2B33612345678", Ok(())),
            ("person_name", "Jane Doe", Ok(())),
            ("person_name", "O'Brien", Ok(())),
            ("postal_address", "12 rue des Lilas", Ok(())),
            ("username", "jane", Ok(())),
            ("password", "hunter2 ü", Ok(())),
            ("birth_date", "1985-03-05", Ok(())),
        ] {
            assert_eq!(fits(entity, value), expected, "{entity} {value}");
        }
    }

    /// Whatever is found in an example can be asked for.
    #[test]
    fn the_values_of_all_examples_fit() {
        for detector in redact::all() {
            let marked = detector.matches.iter().find(|example| example.matches("[[").count() == 1);
            let value = marked.and_then(|example| Some(example.split_once("[[")?.1.split_once("]]")?.0));
            let Some(value) = value else { continue };
            assert_eq!(fits(detector.entity, value), Ok(()), "{} {value}", detector.entity);
        }
    }
}
