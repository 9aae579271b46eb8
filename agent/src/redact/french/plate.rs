//! Plates of vehicles: those since 2009 (SIV), which stay with the vehicle, and the older ones (FNI), which end with the department.

use super::super::checksum::{are_digits, are_letters, two};
use super::super::words::plate_words;
use super::super::written::written;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// `AA-123-AA`, without I, O and U; the first two are never SS or WW in the permanent series, the last two never SS.
pub(super) const SIV: Detector = Detector {
    entity: "fr_plate",
    group: Group::Vehicle,
    tier: Tier::Two,
    form: Form::Letters { lengths: &[7] },
    check,
    context: plate_words![],
    summary: "French plate of a vehicle",
    source: "arrêté du 9 février 2009 relatif aux modalités d'immatriculation des véhicules, art. 1 and annexe 1",
    matches: &["entrée parking [[AB-123-CD]]", "plaque=[[FG456HJ]]", "immatriculation: [[EQ 904 ZZ]]"],
    rejects: &[
        "model AB123CD",
        "plaque=AI-123-CD",
        "zone SS-123-CD",
        "AB-12-CD",
        "plaque=AB-123-SS",
        "model AB 123 CD",
    ],
};

/// `123 ABC 75`: one to four digits, one to three letters, the department.
pub(super) const FNI: Detector = Detector {
    tier: Tier::Three,
    form: Form::Letters { lengths: &[5, 6, 7, 8, 9, 10] },
    check: check_old,
    source: "arrêté du 5 novembre 1984 relatif à l'immatriculation des véhicules",
    matches: &["immatriculation [[123 ABC 75]]", "plaque=[[1234AB2A]]", "véhicule [[45-XY-974]]"],
    rejects: &["page 123 ABC 75", "plaque=123 ABC 00", "plaque=12345 AB 75", "plaque=123ABCD75", "vehicule 1234"],
    ..SIV
};

/// Letters that look like digits, or like two others, are on no plate.
fn are_plain(letters: &[u8]) -> bool {
    are_letters(letters) && !letters.iter().any(|letter| matches!(letter, b'I' | b'O' | b'U'))
}

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[2, 3, 2], b"- .")])?;
    let (first, number, last) = (&plain[..2], &plain[2..5], &plain[5..]);
    let given = first != b"SS" && first != b"WW" && last != b"SS" && number != b"000";
    let is_plate = are_plain(first) && are_digits(number) && are_plain(last) && given;
    let own = shape == Shape::Canonical && candidate.separators[0] == b'-';
    is_plate.then_some(if own { Shape::Canonical } else { Shape::Bare })
}

fn check_old(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let digits = plain.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let letters = plain[digits..].iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let (series, place) = plain[digits..].split_at(letters);
    let is_place = match place {
        [b'2', b'A' | b'B'] => true,
        [b'9', b'7', b'1'..=b'6'] => true,
        [_, _] => are_digits(place) && (1..=95).contains(&two(place, 0)),
        _ => false,
    };
    let in_groups = match candidate.groups {
        [_] => true,
        [first, second, _] => usize::from(*first) == digits && usize::from(*second) == letters,
        _ => false,
    };
    let is_plate = (1..=4).contains(&digits) && (1..=3).contains(&letters) && are_plain(series) && plain[0] != b'0';
    (is_plate && is_place && in_groups).then_some(Shape::Bare)
}
