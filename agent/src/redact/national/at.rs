//! Austria: social insurance, tax account.

use super::super::checksum::{crossed, digit, is_day_of_some_century, two, weighted};
use super::super::words::{identity_words, tax_words};
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Serial and check, then the birthday: `5189 120585`. A month of 13 to 15 stands for a day that had no serial left.
pub(super) const SVNR: Detector = Detector {
    entity: "at_svnr",
    group: Group::National,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[10] },
    check: check_svnr,
    context: identity_words![
        "svnr",
        "sv_nr",
        "sv_nummer",
        "svnummer",
        "sozialversicherung",
        "sozialversicherungsnummer",
        "sozialversicherungsnr",
        "sozialversicherungs_nr",
        "vsnr",
        "versicherungsnummer",
        "e_card",
        "ecard",
        "social_security",
        "securite_sociale"
    ],
    summary: "Austrian social insurance number",
    source: "ASVG § 31; Dachverband der Sozialversicherungsträger, Aufbau der Versicherungsnummer",
    matches: &["svnr=[[5189120585]]", "SV-Nummer [[9550 280175]]", "e-card [[6425 18 08 68]]"],
    rejects: &["svnr=5188120585", "ts 5189120585", "svnr=5189121785"],
};

/// Tax office and number: `59-026/3992`.
pub(super) const TIN: Detector = Detector {
    entity: "at_tin",
    group: Group::Tax,
    form: Form::Digits { lengths: &[9] },
    check: check_tin,
    context: tax_words!["abgabenkonto", "abgabenkontonummer", "finanzamt", "st_nr", "stnr"],
    summary: "Austrian tax account number",
    source: "BMF, Abgabenkontonummer; OECD, Tax identification numbers: Austria",
    matches: &["Steuernummer [[59-026/3992]]", "abgabenkontonummer=[[596178822]]"],
    rejects: &["Steuernummer 59-026/3993", "latency 596178822", "Steuernummer 000000000"],
    ..SVNR
};

fn check_svnr(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[4, 6], b" -/"), (&[4, 2, 2, 2], b" "), (&[3, 1, 6], b" ")])?;
    let month = two(plain, 6);
    let day = is_day_of_some_century(two(plain, 8), if month > 12 { 1 } else { month }, two(plain, 4));
    let sum = weighted(plain, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
    (day && (1..=15).contains(&month) && plain[0] != b'0' && sum % 11 == digit(plain[3])).then_some(shape)
}

fn check_tin(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let official = candidate.groups == [2, 3, 4] && candidate.separators[0] != b'.';
    let shape = if official { Shape::Bare } else { loosely(candidate, &[(&[2, 7], b" -/"), (&[3, 3, 3], b" ")])? };
    let sum = crossed(&plain[..8], &[1, 2, 1, 2, 1, 2, 1, 2]);
    (two(plain, 0) > 0 && (10 - sum % 10) % 10 == digit(plain[8])).then_some(shape)
}
