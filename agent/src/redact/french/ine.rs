//! The number of a pupil or student (INE).

use super::super::checksum::{are_alike, are_digits};
use super::super::words::identity_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Eleven: nine digits and two letters since 2018, ten digits and a letter or a mix of both before. The check letters follow no
/// published rule.
pub(super) const INE: Detector = Detector {
    entity: "fr_ine",
    group: Group::National,
    tier: Tier::Three,
    form: Form::Letters { lengths: &[11] },
    check,
    context: identity_words![
        "ine",
        "num_ine",
        "numero_ine",
        "code_ine",
        "bea",
        "etudiant",
        "numero_etudiant",
        "eleve",
        "student",
        "student_id",
        "crous",
        "parcoursup"
    ],
    summary: "French number of a pupil or student (INE)",
    source: "ministère de l'Éducation nationale, Répertoire national des identifiants élèves, étudiants et apprentis",
    matches: &["ine=[[123456789AB]]", "étudiant INE [[0201000123X]]", "\"ine\":\"[[1A2B3C4D567]]\""],
    rejects: &["id=123456789AB", "ine=ABCDEFGHIJ1", "ine=11111111111", "ine=12345678901"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[9, 2], b" "), (&[10, 1], b" ")])?;
    let digits = plain.iter().filter(|byte| byte.is_ascii_digit()).count();
    ((5..11).contains(&digits) && !are_alike(plain) && are_digits(&plain[..1])).then_some(shape)
}
