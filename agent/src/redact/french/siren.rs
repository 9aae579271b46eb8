//! The numbers of the register of trades: SIREN for who trades, SIRET for where. Of companies they are public; a person who
//! trades alone has them too, so what becomes of them is a matter of configuration.

use super::super::checksum::{are_alike, digit, is_moment, luhn};
use super::super::written::written;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

const SOURCE: &str = "INSEE, répertoire Sirene; code de commerce, art. R. 123-221; ISO/IEC 7812-1 annex B (Luhn); La Poste's \
                      SIRET: INSEE, documentation Sirene";

/// La Poste has more establishments than Luhn's rule leaves room for: the sum of their digits is a multiple of 5.
const POST: &[u8] = b"356000000";

/// Its head office, which keeps Luhn's rule.
const POST_OFFICE: &[u8] = b"35600000000048";

/// Nine digits, `732 829 320`.
pub(super) const SIREN: Detector = Detector {
    entity: "fr_siren",
    group: Group::Tax,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[9] },
    check: check_siren,
    context: &[
        "siren",
        "num_siren",
        "numero_siren",
        "no_siren",
        "rcs",
        "entreprise",
        "company_number",
        "firmennummer",
        "kbis",
    ],
    summary: "French number of an undertaking (SIREN)",
    source: SOURCE,
    matches: &["siren=[[732829320]]", "RCS Paris [[732 829 320]]", "\"numero_siren\":\"[[356000000]]\""],
    rejects: &["siren=732829321", "duration 732829320", "siren=000000000"],
};

/// Fourteen digits, `732 829 320 00074`.
pub(super) const SIRET: Detector = Detector {
    entity: "fr_siret",
    tier: Tier::One,
    form: Form::Digits { lengths: &[14] },
    check: |candidate| check_siret(candidate).filter(|shape| *shape == Shape::Canonical || !is_moment(candidate.plain)),
    context: &["siret", "num_siret", "numero_siret", "no_siret", "etablissement", "establishment"],
    summary: "French number of an establishment (SIRET)",
    matches: &[
        "siret=[[73282932000074]]",
        "Établissement [[732 829 320 00074]]",
        "[[732829320 00074]] radié",
        "bureau [[35600000000048]]",
        "bureau [[35600000049837]]",
    ],
    rejects: &["siret=73282932000075", "bureau 35600000049838", "20261128155610 started", "blk_73282932000074"],
    ..SIREN
};

/// A SIRET that could be a moment such as 20240101000009: those of public bodies begin with 1 or 2.
pub(super) const SIRET_AS_MOMENT: Detector = Detector {
    tier: Tier::Three,
    check: |candidate| check_siret(candidate).filter(|_| is_moment(candidate.plain)),
    matches: &["siret=[[20000102200009]]"],
    rejects: &["20000102200009 done", "time=20000102200009"],
    ..SIRET
};

/// Whether nine digits are a SIREN.
pub(super) fn is_siren(digits: &[u8]) -> bool {
    luhn(digits) && !are_alike(digits)
}

fn check_siren(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = written(candidate, &[(&[3, 3, 3], b" .-")])?;
    is_siren(candidate.plain).then_some(shape)
}

fn check_siret(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[3, 3, 3, 5], b" .-"), (&[9, 5], b" .-/")])?;
    let siren = &plain[..9];
    let checked = if siren == POST {
        plain == POST_OFFICE || plain.iter().map(|byte| digit(*byte)).sum::<u32>().is_multiple_of(5)
    } else {
        luhn(plain)
    };
    (is_siren(siren) && checked).then_some(shape)
}
