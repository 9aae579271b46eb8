//! Greece: insurance (AMKA), tax number (AFM).

use super::super::checksum::{are_alike, digit, is_day_of_some_century, luhn, two};
use super::super::words::{health_words, tax_words};
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Eleven digits from the birthday.
pub(super) const AMKA: Detector = Detector {
    entity: "gr_amka",
    group: Group::Health,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[11] },
    check: check_amka,
    context: health_words!["amka", "asfalismenos", "asthenis", "social_security", "national_id"],
    summary: "Greek insurance number (AMKA)",
    source: "ν. 3655/2008, άρθρο 153; ΗΔΙΚΑ, ΑΜΚΑ: Luhn",
    matches: &["amka=[[21108484540]]", "AMKA: [[030686 36368]]", "ΑΜΚΑ [[21108484540]]"],
    rejects: &["amka=21108484541", "id 21108484540", "amka=21138484547"],
};

/// Nine digits.
pub(super) const AFM: Detector = Detector {
    entity: "gr_afm",
    group: Group::Tax,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[9] },
    check: check_afm,
    context: tax_words!["afm", "doy", "fpa", "vat"],
    summary: "Greek tax number (AFM)",
    source: "ΑΑΔΕ, ΑΦΜ; OECD, Tax identification numbers: Greece: digits times powers of two, modulo 11",
    matches: &["afm=[[710870374]]", "AFM [[174328263]]", "αφμ=[[710870374]]"],
    rejects: &["afm=710870375", "size 710870374", "afm=000000000"],
};

fn check_amka(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[6, 5], b" -"), (&[6, 4, 1], b" ")])?;
    (is_day_of_some_century(two(plain, 4), two(plain, 2), two(plain, 0)) && luhn(plain)).then_some(shape)
}

fn check_afm(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[(&[3, 3, 3], b" ")])?;
    is_afm(candidate.plain).then_some(shape)
}

/// Whether nine digits are an AFM.
pub(crate) fn is_afm(plain: &[u8]) -> bool {
    let sum = plain[..8].iter().fold(0, |sum, byte| (sum + digit(*byte)) * 2);
    sum % 11 % 10 == digit(plain[8]) && !are_alike(plain)
}
