//! Luxembourg: the matricule.

use super::super::checksum::{is_day, luhn, number, two, verhoeff};
use super::super::words::identity_words;
use super::super::written::written;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Birthday, serial, Luhn's digit, Verhoeff's digit: `19800125 123 29`.
pub(super) const MATRICULE: Detector = Detector {
    entity: "lu_matricule",
    group: Group::National,
    tier: Tier::One,
    form: Form::Digits { lengths: &[13] },
    check,
    context: identity_words![
        "matricule",
        "matricule_national",
        "cns",
        "ccss",
        "numero_matricule",
        "sozialversicherungsnummer"
    ],
    summary: "Luxembourg number of identification (matricule)",
    source: "loi du 19 juin 2013 relative à l'identification des personnes physiques; OECD, Tax identification numbers: Luxembourg",
    matches: &["matricule=[[1980012512329]]", "assuré [[1980 0125 12329]]", "CNS [[19800125 123 29]]"],
    rejects: &["matricule=1980012512328", "matricule=1980132512329", "seen 1780012512329"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let year = two(plain, 0) * 100 + two(plain, 2);
    if !(1850..=2100).contains(&year) || !is_day(year, two(plain, 4), two(plain, 6)) {
        return None;
    }
    let shape = written(
        candidate,
        &[(&[4, 4, 5], b" "), (&[8, 3, 2], b" -"), (&[4, 2, 2, 5], b" "), (&[8, 5], b" -"), (&[4, 2, 2, 3, 2], b" ")],
    )?;
    let (first, last) = (&plain[..12], plain[12]);
    let mut checked = [0; 12];
    checked.copy_from_slice(first);
    checked[11] = last;
    (luhn(first) && verhoeff(&checked) && number(&plain[8..11]) > 0).then_some(shape)
}
