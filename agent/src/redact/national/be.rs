//! Belgium: number of the national register and its like for foreigners (BIS), number of undertakings.

use super::super::checksum::{is_day_of_some_century, number, two};
use super::super::words::{identity_words, tax_words};
use super::super::written::{exactly, loosely, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// `94.11.12-565.59`: birthday, serial, check; for BIS the month plus 20 or 40.
pub(super) const NN: Detector = Detector {
    entity: "be_nn",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[11] },
    check: check_nn,
    context: identity_words![
        "rijksregister",
        "rijksregisternummer",
        "rrn",
        "registre_national",
        "numero_registre_national",
        "nrn",
        "niss",
        "insz",
        "inss",
        "bis_nummer",
        "numero_bis",
        "nationalregister"
    ],
    summary: "Belgian number of the national register (NISS, INSZ), also BIS",
    source: "arrêté royal du 3 avril 1984; arrêté royal du 8 février 1991 (BIS); 97 - (nine digits mod 97), with a 2 before them from 2000",
    matches: &[
        "rijksregister=[[94111256559]]",
        "dossier [[91.02.21-915.89]] ouvert",
        "NISS [[540619 470 39]]",
        "bis [[94.51.12-565.48]]",
    ],
    rejects: &["order 94111256559", "niss=94111256558", "niss=94131256573"],
};

/// `0110.218.724`.
pub(super) const KBO: Detector = Detector {
    entity: "be_kbo",
    group: Group::Tax,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[10] },
    check: check_kbo,
    context: tax_words![
        "kbo",
        "bce",
        "ondernemingsnummer",
        "numero_entreprise",
        "numero_d_entreprise",
        "dentreprise",
        "enterprise_number",
        "n_entreprise",
        "tva",
        "btw",
        "vat"
    ],
    summary: "Belgian number of an undertaking",
    source: "loi du 16 janvier 2003 portant création d'une Banque-Carrefour des Entreprises; 97 - (eight digits mod 97)",
    matches: &["BCE [[0110.218.724]]", "ondernemingsnummer=[[0758073212]]"],
    rejects: &["BCE 0110.218.725", "uptime 0758073212", "BCE 2758073212"],
};

fn check_nn(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let printed = exactly(candidate, &[2, 2, 2, 3, 2], b"..-.") || exactly(candidate, &[2, 2, 2, 3, 2], b"..--");
    let spaced = candidate.groups == [6, 3, 2] || exactly(candidate, &[2, 2, 2, 3, 2], b"..- ");
    let shape = match () {
        () if printed => Shape::Canonical,
        () if spaced => Shape::Bare,
        () => written(candidate, &[(&[2, 2, 2, 3, 2], b" .-")])?,
    };
    let (body, check) = (number(&plain[..9]), u64::from(two(plain, 9)));
    let is_key = 97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check;
    (is_key && is_day(plain) && body > 0).then_some(shape)
}

/// A month of 0 or a day of 0 stands for one that is not known.
fn is_day(plain: &[u8]) -> bool {
    let (month, day) = (two(plain, 2), two(plain, 4));
    let month = match month {
        0..=12 => month,
        20..=32 => month - 20,
        40..=52 => month - 40,
        _ => return false,
    };
    month == 0 || day == 0 || is_day_of_some_century(two(plain, 0), month, day)
}

fn check_kbo(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[4, 3, 3], b" .-")])?;
    is_kbo(plain).then_some(shape)
}

/// Whether ten digits are a number of the register of undertakings.
pub(crate) fn is_kbo(plain: &[u8]) -> bool {
    let body = number(&plain[..8]);
    plain[0] <= b'1' && body > 0 && 97 - body % 97 == u64::from(two(plain, 8))
}
