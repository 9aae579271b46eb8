//! The driving licence: the number of who drives (NEPH, and that of old licences), and that of licences since 2013.

use super::super::checksum::{are_alike, are_digits, are_letters};
use super::super::words::licence_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Two digits, two letters, five digits: `13AA00002`.
pub(super) const PERMIS: Detector = Detector {
    entity: "fr_licence",
    group: Group::National,
    tier: Tier::Three,
    form: Form::Letters { lengths: &[9] },
    check,
    context: licence_words!["neph", "num_permis", "conducteur", "candidat", "driver"],
    summary: "French driving licence number, and the number of its holder (NEPH)",
    source: "arrêté du 20 avril 2012 fixant les conditions d'établissement du permis de conduire; code de la route, art. R. 221-1",
    matches: &["permis de conduire [[13AA00002]]", "driving_licence=[[14 BC 12345]]", "conducteur=[[13AA00002]]"],
    rejects: &["build 13AA00002", "permis 13A000002", "permis 13AAA0002"],
};

/// Twelve digits.
pub(super) const NEPH: Detector = Detector {
    form: Form::Digits { lengths: &[12] },
    check: check_neph,
    matches: &["NEPH [[921135200123]]", "numero_permis: [[92 11 35 200 123]]", "\"neph\":\"[[140275103456]]\""],
    rejects: &["order 921135200123", "neph 9211352001234", "neph 000000000000"],
    ..PERMIS
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[2, 2, 5], b" -")])?;
    (are_digits(&plain[..2]) && are_letters(&plain[2..4]) && are_digits(&plain[4..])).then_some(shape)
}

fn check_neph(candidate: &Candidate<'_>) -> Option<Shape> {
    let ways = &[(&[2, 2, 2, 3, 3][..], &b" .-"[..]), (&[4, 4, 4], b" "), (&[3, 3, 3, 3], b" "), (&[2, 2, 2, 6], b" ")];
    let shape = loosely(candidate, ways)?;
    (!are_alike(candidate.plain)).then_some(shape)
}
