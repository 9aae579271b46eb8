//! Croatia: OIB.

use super::super::checksum::{are_alike, mod_11_10};
use super::super::words::identity_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Eleven digits, of persons and undertakings alike.
pub(super) const OIB: Detector = Detector {
    entity: "hr_oib",
    group: Group::National,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[11] },
    check,
    context: identity_words!["oib", "osobni_identifikacijski_broj", "osobni_broj", "porezni_broj", "tax_id", "tin"],
    summary: "Croatian number of a person or undertaking (OIB)",
    source: "Zakon o osobnom identifikacijskom broju, NN 60/08; ISO 7064 MOD 11,10",
    matches: &["oib=[[88820106179]]", "OIB: [[51437262530]]"],
    rejects: &["oib=88820106178", "request 88820106179", "oib=00000000000"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[(&[3, 4, 4], b" ")])?;
    (mod_11_10(candidate.plain) && !are_alike(candidate.plain)).then_some(shape)
}
