//! The number of who practises in health (RPPS).

use super::super::checksum::{are_alike, luhn};
use super::super::words::health_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Eleven digits with Luhn's check digit, twelve when the 8 of the national identifier (IDNPS) stands before.
pub(super) const RPPS: Detector = Detector {
    entity: "fr_rpps",
    group: Group::Health,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[11, 12] },
    check,
    context: health_words![
        "rpps",
        "id_rpps",
        "num_rpps",
        "numero_rpps",
        "idnps",
        "idnat_ps",
        "praticien",
        "prescripteur",
        "medecin",
        "professionnel_sante",
        "practitioner",
        "physician"
    ],
    summary: "French number of a health practitioner (RPPS)",
    source: "Agence du numérique en santé, Répertoire partagé des professionnels de santé; arrêté du 6 février 2009",
    matches: &["rpps=[[10003456786]]", "prescripteur RPPS [[10003456786]]", "idnps [[810003456786]]"],
    rejects: &["id=10003456786", "rpps=10003456787", "rpps=00000000000", "idnps 710003456786"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[(&[3, 4, 4], b" "), (&[2, 3, 3, 3], b" "), (&[5, 6], b" ")])?;
    let number = match candidate.plain {
        [b'8', number @ ..] if number.len() == 11 => number,
        number => number,
    };
    (number.len() == 11 && luhn(number) && !are_alike(number)).then_some(shape)
}
