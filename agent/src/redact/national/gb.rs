//! The United Kingdom: National Insurance, NHS, taxpayer reference.

use super::super::checksum::{are_alike, are_digits, digit, weighted};
use super::super::words::{health_words, identity_words, tax_words};
use super::super::written::{loosely, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Two letters, six digits, a letter A to D: `AB 12 34 56 C`. It has no check.
pub(super) const NINO: Detector = Detector {
    entity: "gb_nino",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Letters { lengths: &[9] },
    check: check_nino,
    context: identity_words!["nino", "ni_number", "national_insurance_number", "ni_no"],
    summary: "British National Insurance number",
    source: "HMRC, National Insurance Manual NIM39110",
    matches: &["nino=[[JG103759A]]", "employee [[JG 10 37 59 A]] paid", "NI number: [[AB-12-34-56-C]]"],
    rejects: &["build JG103759A", "nino=GB103759A", "nino=JG103759E", "employee DA 10 37 59 A", "nino=JO103759A"],
};

/// Ten digits, `602 640 0303`.
pub(super) const NHS: Detector = Detector {
    entity: "gb_nhs",
    group: Group::Health,
    form: Form::Digits { lengths: &[10] },
    check: check_nhs,
    context: health_words!["nhs", "nhs_number", "nhs_no", "nhsnumber", "chi"],
    summary: "British number of a patient (NHS number)",
    source: "NHS Data Dictionary, NHS NUMBER: weights 10 to 2 modulo 11, 10 is never given out",
    matches: &[
        "nhs=[[6026400303]]",
        "record [[602 640 0303]] merged",
        "patient [[3147276988]]",
        "NHS number [[602-640-0303]]",
    ],
    rejects: &["nhs=6026400304", "uptime 6026400303", "nhs=0000000000", "record 602-640-0303"],
    ..NINO
};

/// Ten digits, the first is the check.
pub(super) const UTR: Detector = Detector {
    entity: "gb_utr",
    group: Group::Tax,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[10] },
    check: check_utr,
    context: tax_words!["utr", "unique_taxpayer_reference", "self_assessment", "hmrc"],
    summary: "British taxpayer reference (UTR)",
    source: "HMRC; OECD, Tax identification numbers: United Kingdom: weights 6 7 8 9 10 5 4 3 2 modulo 11",
    matches: &["utr=[[2121736525]]", "UTR [[20520 12888]]"],
    rejects: &["utr=3121736525", "uptime 2121736525", "utr=0000000000"],
};

fn check_nino(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape =
        written(candidate, &[(&[2, 2, 2, 2, 1], b" -")]).or_else(|| loosely(candidate, &[(&[2, 6, 1], b" -")]))?;
    let (first, second) = (plain[0], plain[1]);
    let barred = matches!(&plain[..2], b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ");
    let given = first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !b"DFIQUV".contains(&first)
        && !b"DFIOQUV".contains(&second);
    (given && !barred && are_digits(&plain[2..8]) && matches!(plain[8], b'A'..=b'D')).then_some(shape)
}

fn check_nhs(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[3, 3, 4], b" ")]).or_else(|| loosely(candidate, &[(&[3, 3, 4], b"-")]))?;
    let check = (11 - weighted(plain, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    (check == digit(plain[9]) && !are_alike(plain)).then_some(shape)
}

fn check_utr(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[5, 5], b" "), (&[3, 3, 4], b" ")])?;
    let rest = weighted(&plain[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    (b"21987654321"[rest as usize] == plain[0] && !are_alike(plain)).then_some(shape)
}
