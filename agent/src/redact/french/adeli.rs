//! The number that a department gives to who practises in health or social work (ADELI). It has no check digit.

use super::super::checksum::{are_digits, two};
use super::super::words::health_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Nine: the department, the profession, an order.
pub(super) const ADELI: Detector = Detector {
    entity: "fr_adeli",
    group: Group::Health,
    tier: Tier::Three,
    form: Form::Letters { lengths: &[9] },
    check,
    context: health_words!["adeli", "num_adeli", "numero_adeli", "praticien", "psychologue", "practitioner"],
    summary: "French number of a health practitioner in a department (ADELI)",
    source: "DREES, répertoire ADELI; code de la santé publique, art. D. 4113-118",
    matches: &["adeli=[[759312345]]", "numéro ADELI [[75 93 1234 5]]", "ADELI: [[2A9300123]]"],
    rejects: &["id=759312345", "adeli=009312345", "adeli=75931234", "adeli=2C9300123"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape =
        loosely(candidate, &[(&[2, 2, 4, 1], b" "), (&[2, 1, 5, 1], b" "), (&[3, 3, 3], b" "), (&[2, 7], b" ")])?;
    let is_corsican = matches!(&plain[..2], b"2A" | b"2B");
    let is_place = is_corsican || are_digits(&plain[..2]) && matches!(two(plain, 0), 1..=95 | 97..=99);
    (is_place && are_digits(&plain[2..])).then_some(shape)
}
