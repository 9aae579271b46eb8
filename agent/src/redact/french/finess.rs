//! The number of a place of care (FINESS). It tells where a patient was.

use super::super::checksum::{are_alike, are_digits, luhn, two};
use super::super::words::health_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Nine: the department, then an order whose last digit is Luhn's. What stands for the letter of Corsica in it is not said, so
/// there it is not checked.
pub(super) const FINESS: Detector = Detector {
    entity: "fr_finess",
    group: Group::Health,
    tier: Tier::Three,
    form: Form::Letters { lengths: &[9] },
    check,
    context: health_words![
        "finess",
        "num_finess",
        "finess_et",
        "finess_ej",
        "etablissement_sante",
        "hopital",
        "clinique",
        "hospital"
    ],
    summary: "French number of a place of care (FINESS)",
    source: "DREES, Fichier national des établissements sanitaires et sociaux; arrêté du 13 novembre 2013",
    matches: &["finess=[[750712184]]", "FINESS [[75 071 2184]]", "finess_et: [[2A0000014]]"],
    rejects: &["id=750712184", "finess=750712185", "finess=000000000"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[2, 3, 4], b" "), (&[3, 3, 3], b" "), (&[2, 7], b" "), (&[2, 6, 1], b" ")])?;
    let is_known = match &plain[..2] {
        b"2A" | b"2B" => are_digits(&plain[2..]),
        _ => are_digits(plain) && two(plain, 0) > 0 && luhn(plain) && !are_alike(plain),
    };
    is_known.then_some(shape)
}
