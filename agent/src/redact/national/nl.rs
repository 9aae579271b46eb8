//! The Netherlands: burgerservicenummer.

use super::super::checksum::{are_alike, digit, weighted};
use super::super::words::identity_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Nine digits, or eight when the first is 0.
pub(super) const BSN: Detector = Detector {
    entity: "nl_bsn",
    group: Group::National,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[8, 9] },
    check,
    context: identity_words![
        "bsn",
        "burgerservicenummer",
        "burger_service_nummer",
        "sofi",
        "sofinummer",
        "bsn_nummer",
        "citizen_service_number",
        "persoonsnummer",
        "patient",
        "verzekerde",
        "verzekerdennummer",
        "btw"
    ],
    summary: "Dutch citizen service number (BSN)",
    source: "Wet algemene bepalingen burgerservicenummer; Logisch Ontwerp BSN: the eleven test with -1 for the last digit",
    matches: &[
        "bsn=[[743951177]]",
        "Burgerservicenummer: [[7439.51.177]]",
        "\"bsn\":\"[[040591797]]\"",
        "BSN [[40591797]]",
    ],
    rejects: &["bsn=743951178", "size=743951177", "bsn=000000000"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[(&[4, 2, 3], b" .-"), (&[3, 3, 3], b" .-"), (&[4, 3, 2], b" .-")])?;
    is_bsn(candidate.plain).then_some(shape)
}

/// Whether eight or nine digits pass the eleven test.
pub(crate) fn is_bsn(plain: &[u8]) -> bool {
    let Some((last, rest)) = plain.split_last() else { return false };
    let weights = [9, 8, 7, 6, 5, 4, 3, 2];
    let sum = weighted(rest, &weights[8_usize.saturating_sub(rest.len())..]);
    sum % 11 == digit(*last) && !are_alike(plain)
}
