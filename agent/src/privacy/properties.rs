//! What holds for any text: nothing of what is found survives, and what was hidden stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::check::{check, redactor};
use super::{Policy, Preset, Redactor};
use crate::redact::{Place, Strictness, all};

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

    #[test]
    fn nothing_that_is_found_survives_and_what_was_hidden_once_stays_as_it_is(text in texts(), escaped: bool, key in "[a-z_]{0,8}") {
        check(text.as_bytes(), Place { key: key.as_bytes(), escaped });
        check(text.as_bytes(), Place::default());
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

#[test]
fn an_address_keeps_its_network_in_a_name_of_the_dns_too() {
    let preset = Preset::named("rgpd-strict").expect("it is one of the presets");
    let policy = Policy::new(preset, Strictness::Normal, &BTreeMap::new(), Vec::new());
    let mut redactor = Redactor::new(Arc::new(policy), Arc::default(), false);
    for (text, expected) in [
        ("PTR 7.113.0.203.in-addr.arpa x", "PTR 0.113.0.203.in-addr.arpa x"),
        ("PTR 7.113.0.203.IN-ADDR.ARPA.", "PTR 0.113.0.203.IN-ADDR.ARPA."),
        ("from 203.0.113.7 in-addr.arpa", "from 203.0.113.0 in-addr.arpa"),
    ] {
        let mut out = Vec::new();
        assert!(redactor.text(text.as_bytes(), Place::default(), &mut out), "{text}");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
