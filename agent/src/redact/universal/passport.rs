//! Passports of any country, by a word that speaks for them: their numbers have no check digit.

use super::super::words::passport_words;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Up to three letters and at least five digits.
pub(in super::super) const PASSPORT: Detector = Detector {
    entity: "passport",
    group: Group::National,
    tier: Tier::Three,
    form: Form::Letters { lengths: &[7, 8, 9] },
    check,
    context: passport_words![],
    summary: "Number of a passport of any country, with a word that says so",
    source: "ICAO Doc 9303, part 4, 4.2: up to nine letters and digits; forms in the register PRADO of the Council of the European Union",
    matches: &[
        "passport_number=[[D03093341]]",
        "pasaporte [[PAA123456]]",
        "passaporto: [[YA1234567]]",
        "paspoort [[ND1234567]]",
        "\"passport_no\":\"[[EH 1234567]]\"",
    ],
    rejects: &["build C01X00T47", "passport ABCDEFG12", "passport 1a2b3c4d", "passport js12"],
};

/// The same of digits alone.
pub(in super::super) const DIGITS: Detector = Detector {
    form: Form::Digits { lengths: &[9] },
    check: |candidate| (candidate.groups.len() <= 3).then_some(Shape::Bare),
    matches: &["passport number [[123456789]]", "passport=[[925 665 416]]"],
    rejects: &["build 123456789", "passport 12345678", "passport 1764374400"],
    ..PASSPORT
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let digits = plain.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_number = plain[0].is_ascii_uppercase() && digits >= 5 && plain.last().is_some_and(u8::is_ascii_digit);
    (is_number && candidate.groups.len() <= 2).then_some(Shape::Bare)
}
