//! What holds for any text: nothing of what is found survives, and what was hidden stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::token::tokens_in;
use super::{Action, GROUPS, Policy, Preset, Redactor, Selector};
use crate::redact::{Place, Strictness, all};

/// Hides all that is found behind labels.
fn redactor() -> Redactor {
    let chosen: BTreeMap<Selector, Action> =
        GROUPS.iter().map(|(group, _)| (Selector::Group(*group), Action::Label)).collect();
    let preset = Preset::named("rgpd-strict").expect("it is one of the presets");
    Redactor::new(Arc::new(Policy::new(preset, Strictness::Normal, &chosen, Vec::new())), Arc::default(), false)
}

/// `text` with all that is found in it replaced, the plain way.
fn spliced(redactor: &mut Redactor, text: &[u8], place: Place<'_>) -> Vec<u8> {
    let names: Vec<&str> = redactor.policy().detectors().iter().map(|detector| detector.entity).collect();
    let (mut out, mut copied) = (Vec::new(), 0);
    for finding in redactor.findings(text, place) {
        out.extend_from_slice(&text[copied..finding.start as usize]);
        out.extend_from_slice(format!("<{}>", names[usize::from(finding.detector)]).as_bytes());
        copied = finding.end as usize;
    }
    out.extend_from_slice(&text[copied..]);
    out
}

/// What stands between examples.
const BETWEEN: &[&str] = &[" ", "\n", "; ", ",", " x ", "\t", " é ", "\" ", "=", "|", "\\n"];

/// All examples of all detectors, found and not found, without their marks and without what looks like a label.
fn examples() -> Vec<String> {
    let lines = all().flat_map(|detector| detector.matches.iter().chain(detector.rejects));
    let lines = lines.map(|line| line.replace("[[", "").replace("]]", ""));
    lines.filter(|line| !line.contains('<')).collect()
}

fn texts() -> impl Strategy<Value = String> {
    let piece = (prop::sample::select(examples()), prop::sample::select(BETWEEN));
    prop::collection::vec(piece, 1..6)
        .prop_map(|pieces| pieces.into_iter().map(|(example, between)| example + between).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// No byte of what is found is written, and every other byte is.
    #[test]
    fn no_byte_of_what_is_found_survives(text in texts(), escaped: bool, key in "[a-z_]{0,8}") {
        let (mut redactor, mut out) = (redactor(), Vec::new());
        let place = Place { key: key.as_bytes(), escaped };
        let expected = spliced(&mut redactor, text.as_bytes(), place);

        let is_changed = redactor.text(text.as_bytes(), place, &mut out);

        prop_assert_eq!(is_changed, expected != text.as_bytes());
        if is_changed {
            prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
        }
    }

    /// What was hidden stays as it is, whatever the words around it make of the rest.
    #[test]
    fn what_was_hidden_once_stays_as_it_is(text in texts()) {
        let (mut redactor, mut once, mut twice) = (redactor(), Vec::new(), Vec::new());
        let place = Place::default();
        if redactor.text(text.as_bytes(), place, &mut once) && redactor.text(&once, place, &mut twice) {
            let labels = |text: &[u8]| tokens_in(text).map(|token| text[token].to_vec()).collect::<Vec<_>>();
            let (before, mut after) = (labels(&once), labels(&twice).into_iter());
            prop_assert!(before.iter().all(|label| after.any(|other| other == *label)), "{:?} {:?}", text, before);
        }
    }
}

/// An example of each detector, alone, comes out of a second look as out of the first.
#[test]
fn twice_is_once() {
    let (mut redactor, place) = (redactor(), Place::default());
    for text in examples() {
        let (mut once, mut twice) = (Vec::new(), Vec::new());
        if redactor.text(text.as_bytes(), place, &mut once) && redactor.text(&once, place, &mut twice) {
            assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "{text}");
        }
    }
}

#[test]
fn a_name_in_brackets_is_hidden_and_a_label_is_not_hidden_again() {
    let cases = [
        ("Login: user=<jane>, method=PLAIN", "Login: user=<<username>>, method=PLAIN"),
        ("user=<email> user=<username> user=<fr_nir>", "user=<email> user=<username> user=<fr_nir>"),
        ("to=<JANEMARTIN42@EXAMPLE.ORG>", "to=<<email>>"),
    ];
    for (text, expected) in cases {
        for text in [text, expected] {
            let mut out = Vec::new();
            let is_changed = redactor().text(text.as_bytes(), Place::default(), &mut out);
            assert_eq!(if is_changed { String::from_utf8_lossy(&out) } else { text.into() }, expected);
        }
    }
}
