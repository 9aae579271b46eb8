//! Ireland: PPS number.

use super::super::checksum::{are_digits, weighted};
use super::super::words::identity_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Seven digits, a check letter, perhaps a second letter: `1284222BA`.
pub(super) const PPS: Detector = Detector {
    entity: "ie_pps",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Letters { lengths: &[8, 9] },
    check,
    context: identity_words!["pps", "ppsn", "pps_number", "pps_no", "rsi", "personal_public_service", "tax_id", "tin"],
    summary: "Irish number of a person (PPS number)",
    source: "Social Welfare Consolidation Act 2005, s. 262; Revenue: weights 8 to 2, and 9 for the second letter, modulo 23",
    matches: &["ppsn=[[6359204V]]", "PPS number [[1284222BA]]", "\"pps\":\"[[6433435FW]]\""],
    rejects: &["ppsn=6359204W", "build 6359204V", "pps=1284222CA", "pps=A359204V"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[(&[7, 1], b" -"), (&[7, 2], b" -")])?;
    is_pps(candidate.plain).then_some(shape)
}

/// Whether eight or nine are a PPS number. A second letter T, W or X was for the wife of a taxpayer and does not count.
pub(crate) fn is_pps(plain: &[u8]) -> bool {
    if !are_digits(&plain[..7]) || !(b'A'..=b'W').contains(&plain[7]) {
        return false;
    }
    let sum = weighted(&plain[..7], &[8, 7, 6, 5, 4, 3, 2]);
    let second = match plain.get(8) {
        None | Some(b'T' | b'W' | b'X') => 0,
        Some(letter @ b'A'..=b'I') => u32::from(letter - b'A') + 1,
        Some(_) => return false,
    };
    b"WABCDEFGHIJKLMNOPQRSTUV"[((sum + 9 * second) % 23) as usize] == plain[7]
}
