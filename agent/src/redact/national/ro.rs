//! Romania: CNP.

use super::super::checksum::{digit, is_day_of_some_century, number, two, weighted};
use super::super::words::identity_words;
use super::super::written::written;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Thirteen digits: sex and century, birthday, county, serial, check.
pub(super) const CNP: Detector = Detector {
    entity: "ro_cnp",
    group: Group::National,
    tier: Tier::One,
    form: Form::Digits { lengths: &[13] },
    check: |candidate| {
        check(candidate).filter(|shape| *shape == Shape::Canonical || !may_be_milliseconds(candidate.plain))
    },
    context: identity_words!["cnp", "cod_numeric_personal", "buletin", "carte_de_identitate"],
    summary: "Romanian number of a person (CNP)",
    source: "Legea 105/1996; Ordonanța de urgență 97/2005: weights 2 7 9 1 4 6 3 5 8 2 7 9 modulo 11, 10 becomes 1",
    matches: &["cnp=[[1600903409866]]", "CNP: [[1 600903 409866]]", "client [[2830524404945]]"],
    rejects: &["cnp=1600903409867", "cnp=1601303409866", "cnp=1600903609860", "cnp=0600903409862"],
};

/// A man born from 1970 to 1995, in one piece: milliseconds since 1970 of this decade and the next look the same.
pub(super) const CNP_AS_MILLISECONDS: Detector = Detector {
    tier: Tier::Two,
    check: |candidate| check(candidate).filter(|shape| *shape == Shape::Bare && may_be_milliseconds(candidate.plain)),
    matches: &["cnp=[[1830524404943]]"],
    rejects: &["1830524404943 flushed", "cnp=1830524404944"],
    ..CNP
};

fn may_be_milliseconds(plain: &[u8]) -> bool {
    plain[0] == b'1' && (70..=95).contains(&two(plain, 1))
}

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[1, 6, 6], b" -"), (&[1, 2, 2, 2, 2, 3, 1], b" -"), (&[1, 6, 2, 4], b" -")])?;
    is_cnp(plain).then_some(shape)
}

/// Whether thirteen digits are a CNP. Counties are 1 to 46, 47 and 48 in part of the capital, 51 and 52; 70 and 80 to 83 stand for
/// none, 90 to 99 for registers abroad.
pub(crate) fn is_cnp(plain: &[u8]) -> bool {
    let county = matches!(two(plain, 7), 1..=48 | 51 | 52 | 70 | 80..=83 | 90..=99);
    let check = match weighted(plain, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
        10 => 1,
        rest => rest,
    };
    let day = is_day_of_some_century(two(plain, 1), two(plain, 3), two(plain, 5));
    plain[0] != b'0' && county && check == digit(plain[12]) && day && number(&plain[9..12]) > 0
}
