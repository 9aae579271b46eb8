//! Hungary: insurance (TAJ), tax number of a person, personal number.

use super::super::checksum::{are_alike, digit, is_day_of_some_century, two, weighted};
use super::super::words::{health_words, identity_words, tax_words};
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Nine digits, `123 456 788`.
pub(super) const TAJ: Detector = Detector {
    entity: "hu_taj",
    group: Group::Health,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[9] },
    check: check_taj,
    context: health_words!["taj", "taj_szam", "tajszam", "biztositott", "beteg", "social_security"],
    summary: "Hungarian insurance number (TAJ)",
    source: "1996. évi XX. törvény, 3. melléklet: weights 3 and 7 in turn, modulo 10",
    matches: &["taj=[[123456788]]", "TAJ szám: [[123 456 788]]"],
    rejects: &["taj=123456789", "count 123456788", "taj 000000000"],
};

/// Ten digits from 8.
pub(super) const ADO: Detector = Detector {
    entity: "hu_ado",
    group: Group::Tax,
    form: Form::Digits { lengths: &[10] },
    check: check_ado,
    context: tax_words!["adoazonosito", "adoazonosito_jel", "ado", "adoszam", "adozo"],
    summary: "Hungarian tax number of a person (adóazonosító jel)",
    source: "1996. évi XX. törvény, 1. melléklet; 2017. évi CL. törvény: places 1 to 9 as weights, modulo 11",
    matches: &["adoazonosito=[[8123456786]]", "adóazonosító jel [[8123456786]]"],
    rejects: &["ado=8123456787", "ms 8123456786", "ado=7123456785"],
    ..TAJ
};

/// Eleven digits: sex and century, birthday, serial, check.
pub(super) const SZEMELYI: Detector = Detector {
    entity: "hu_szemelyi",
    group: Group::National,
    form: Form::Digits { lengths: &[11] },
    check: check_szemelyi,
    context: identity_words!["szemelyi", "szemelyi_azonosito", "szemelyi_szam", "szemelyi_jel"],
    summary: "Hungarian personal number",
    source: "1996. évi XX. törvény, 2. melléklet: weights 1 to 10, from 1997 10 to 1, modulo 11",
    matches: &["szemelyi_azonosito=[[18011231236]]", "személyi szám: [[1 801123 1236]]"],
    rejects: &["szemelyi=18011231237", "id 18011231236", "szemelyi=18013231230"],
    ..TAJ
};

fn check_taj(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[3, 3, 3], b" -")])?;
    (weighted(plain, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == digit(plain[8]) && !are_alike(plain)).then_some(shape)
}

fn check_ado(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[1, 5, 4], b" -"), (&[3, 3, 4], b" ")])?;
    let sum = weighted(plain, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    (plain[0] == b'8' && sum % 11 == digit(plain[9])).then_some(shape)
}

fn check_szemelyi(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[1, 6, 4], b" -")])?;
    let day = is_day_of_some_century(two(plain, 1), two(plain, 3), two(plain, 5));
    let old = weighted(plain, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) % 11;
    let new = weighted(plain, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11;
    let check = digit(plain[10]);
    (matches!(plain[0], b'1'..=b'8') && day && (old == check || new == check)).then_some(shape)
}
