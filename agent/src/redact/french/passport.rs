//! The French passport's number. Its form has no check digit, so a word must stand by it; the lines for machines are found
//! elsewhere.

use super::super::checksum::{are_digits, are_letters};
use super::super::words::passport_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Two digits, two letters, five digits: `08CK12345`.
pub(super) const PASSPORT: Detector = Detector {
    entity: "fr_passport",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Letters { lengths: &[9] },
    check,
    context: passport_words![],
    summary: "French passport number",
    source: "Council of the European Union, PRADO, FRA-AO; arrêté du 22 novembre 2005",
    matches: &["passeport [[08CK12345]]", "passport_no=[[13AA00002]]", "\"passeport\": \"[[08 CK 12345]]\""],
    rejects: &["build 08CK12345", "passeport 08C123456", "passeport 8CK123456"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[2, 2, 5], b" -")])?;
    (are_digits(&plain[..2]) && are_letters(&plain[2..4]) && are_digits(&plain[4..])).then_some(shape)
}
