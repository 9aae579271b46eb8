//! Bulgaria: EGN of citizens, LNCh of foreigners.

use super::super::checksum::{are_alike, digit, is_day, two, weighted};
use super::super::words::identity_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Ten digits: birthday with the century in the month, region, check.
pub(super) const EGN: Detector = Detector {
    entity: "bg_egn",
    group: Group::National,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[10] },
    check: check_egn,
    context: identity_words![
        "egn",
        "edinen_grazhdanski_nomer",
        "edinen_grajdanski_nomer",
        "civil_number",
        "lichna_karta"
    ],
    summary: "Bulgarian number of a citizen (EGN)",
    source: "Наредба № РД-02-20-9 от 2012, ЕСГРАОН: weights 2 4 8 5 10 9 7 3 6 modulo 11, 10 becomes 0",
    matches: &[
        "egn=[[7206018183]]",
        "EGN [[6111273716]]",
        "ЕГН: [[7206018183]]",
        "единен граждански номер [[7206018183]]",
    ],
    rejects: &["egn=7206018184", "time 7206018183", "egn=7216018180"],
};

/// Ten digits.
pub(super) const LNCH: Detector = Detector {
    entity: "bg_lnch",
    check: check_lnch,
    context: identity_words!["lnch", "lnc", "pnf", "lichen_nomer_chuzhdenec", "foreigner_number"],
    summary: "Bulgarian number of a foreigner (LNCh)",
    source: "Закон за чужденците в Република България: weights 21 19 17 13 11 9 7 3 1 modulo 10",
    matches: &["lnch=[[6636491665]]", "LNCH [[5299837155]]"],
    rejects: &["lnch=6636491666", "time 6636491665", "lnch=0000000000"],
    ..EGN
};

fn check_egn(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[(&[6, 4], b" -")])?;
    is_egn(candidate.plain).then_some(shape)
}

/// Whether ten digits are an EGN: 20 more in the month for 1800 to 1899, 40 more from 2000.
pub(crate) fn is_egn(plain: &[u8]) -> bool {
    let month = two(plain, 2);
    let (century, month) = match month {
        1..=12 => (1900, month),
        21..=32 => (1800, month - 20),
        41..=52 => (2000, month - 40),
        _ => return false,
    };
    let day = is_day(century + two(plain, 0), month, two(plain, 4));
    day && weighted(plain, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == digit(plain[9])
}

fn check_lnch(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[])?;
    is_lnch(candidate.plain).then_some(shape)
}

/// Whether ten digits are the number of a foreigner.
pub(crate) fn is_lnch(plain: &[u8]) -> bool {
    weighted(plain, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == digit(plain[9]) && !are_alike(plain)
}
