//! Slovenia and what was Yugoslavia: EMŠO; Slovenia's tax number.

use super::super::checksum::{digit, is_day, number, two, weighted};
use super::super::words::{identity_words, tax_words};
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Thirteen digits: birthday with three of the year, region, serial, check. Slovenia is region 50.
pub(super) const EMSO: Detector = Detector {
    entity: "si_emso",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[13] },
    check: check_emso,
    context: identity_words!["emso", "jmbg", "maticna_stevilka", "maticni_broj", "unique_master_citizen_number"],
    summary: "Slovenian number of a citizen (EMŠO), JMBG elsewhere in what was Yugoslavia",
    source: "Zakon o centralnem registru prebivalstva; Zakon o uvođenju jedinstvenog matičnog broja građana, 1976",
    matches: &["emso=[[0812979506400]]", "EMŠO [[1011969 50 3765]]", "jmbg=[[1109966500447]]"],
    rejects: &["emso=0812979506401", "seen 0812979506400", "emso=0813979506404"],
};

/// Eight digits.
pub(super) const DAVCNA: Detector = Detector {
    entity: "si_davcna",
    group: Group::Tax,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[8] },
    check: check_davcna,
    context: tax_words!["davcna", "davcna_stevilka", "davcni_zavezanec", "id_za_ddv", "ddv"],
    summary: "Slovenian tax number",
    source: "Zakon o davčnem postopku; Zakon o finančni upravi: weights 8 to 2 modulo 11",
    matches: &["davcna=[[40905594]]", "davčna številka: [[96427043]]"],
    rejects: &["davcna=40905595", "bytes 40905594", "davcna=00905594"],
};

fn check_emso(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[7, 2, 4], b" -"), (&[7, 6], b" -"), (&[7, 2, 3, 1], b" ")])?;
    let year = number(&plain[4..7]);
    let year = if year >= 800 { 1000 + year } else { 2000 + year };
    let day = is_day(u32::try_from(year).ok()?, two(plain, 2), two(plain, 0));
    let sum = weighted(plain, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    (day && year < 2100 && (11 - sum % 11) % 11 % 10 == digit(plain[12])).then_some(shape)
}

fn check_davcna(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[])?;
    is_davcna(candidate.plain).then_some(shape)
}

/// Whether eight digits are a tax number: 10 becomes 0, 11 is never given out.
pub(crate) fn is_davcna(plain: &[u8]) -> bool {
    let check = 11 - weighted(plain, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    plain[0] != b'0' && check != 11 && check % 10 == digit(plain[7])
}
