//! Czechia and Slovakia: rodné číslo.

use super::super::checksum::{is_day_of_some_century, number, two};
use super::super::words::identity_words;
use super::super::written::written;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Birthday, serial, since 1954 a check: `761202/4992`. Women have 50 more in the month, full days 20 more.
pub(super) const RC: Detector = Detector {
    entity: "cz_rc",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[9, 10] },
    check,
    context: identity_words![
        "rodne_cislo",
        "rodne_c",
        "rc",
        "rod_cislo",
        "r_c",
        "birth_number",
        "pojistenec",
        "pacient",
        "cislo_pojistence"
    ],
    summary: "Czech and Slovak birth number (rodné číslo)",
    source: "zákon č. 133/2000 Sb., § 13; zákon č. 301/1995 Z. z.: divisible by 11, or the first nine leave 10 and the last is 0",
    matches: &["rodné číslo [[7612024992]]", "klient [[761202/4992]]", "klient [[795124/9834]]", "rc=[[530203/123]]"],
    rejects: &["klient 761302/4992", "rc=7612024993", "uptime 7612024992", "page 530203123", "backup/241128/123"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[6, 4], b"/"), (&[6, 3], b"/")])?;
    // Nine have no check, and folders of days are named so: `241128/123`.
    let shape = if candidate.plain.len() == 9 { Shape::Bare } else { shape };
    is_rc(plain).then_some(shape)
}

/// Whether nine or ten digits are a birth number. Nine were given until 1953.
pub(crate) fn is_rc(plain: &[u8]) -> bool {
    let (year, month) = (two(plain, 0), two(plain, 2));
    let month = match month {
        1..=12 => month,
        21..=32 => month - 20,
        51..=62 => month - 50,
        71..=82 => month - 70,
        _ => return false,
    };
    let checked = match plain.len() {
        9 => year <= 53 && number(&plain[6..]) > 0,
        _ => number(plain).is_multiple_of(11) || number(&plain[..9]) % 11 == 10 && plain[9] == b'0',
    };
    checked && is_day_of_some_century(year, month, two(plain, 4))
}
