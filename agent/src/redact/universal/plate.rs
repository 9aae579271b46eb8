//! Plates of vehicles of any country in Europe. Their forms are too many and too short to tell them from other words, so a word
//! that is said of nothing else must stand by them.

use super::super::checksum::are_letters;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Letters and digits by turns, in up to four pieces.
pub(in super::super) const PLATE: Detector = Detector {
    entity: "plate",
    group: Group::Vehicle,
    tier: Tier::Three,
    form: Form::Letters { lengths: &[5, 6, 7, 8] },
    check,
    context: &[
        "plate",
        "license_plate",
        "licence_plate",
        "number_plate",
        "plate_number",
        "registration_plate",
        "registration_number",
        "plaque",
        "plaque_immatriculation",
        "immatriculation",
        "immat",
        "kennzeichen",
        "kfz_kennzeichen",
        "nummernschild",
        "matricula",
        "targa",
        "kenteken",
        "kentekenplaat",
        "nummerplaat",
        "rejestracyjny",
        "numer_rejestracyjny",
        "tablica_rejestracyjna",
        "spz",
        "rendszam",
        "numar_inmatriculare",
        "registreringsnummer",
        "nummerplade",
        "rekisterinumero",
        "registarska_oznaka",
        "registrska_tablica",
    ],
    summary: "Plate of a vehicle of any country in Europe, with a word that says so",
    source: "UNECE, Convention on Road Traffic (Vienna, 1968), annex 2: Latin letters and Arabic digits; series of the countries of Europe",
    matches: &[
        "Kennzeichen [[B-MW 1234]]",
        "license_plate=[[AB12 CDE]]",
        "matrícula: [[1234 BCD]]",
        "targa [[AI123OD]]",
        "kenteken=[[1-KIC-97]]",
        "\"plate\":\"[[1-ABC-234]]\"",
        "numer rejestracyjny [[WX 12345]]",
        "plate number [[ZG 1234-AB]]",
        "number plate [[AG-38-VJR]]",
    ],
    rejects: &[
        "build AB12 CDE",
        "plate ABCD",
        "plate=1234567",
        "plate 1a2b3c4d",
        "plate no 12",
        "plate=abcd1 abcdef12",
        "plate found in 1234ms, 64kb",
    ],
};

/// At most five letters and six digits in at most four turns, as `1-ABC-234` and `AA 12 BB` are, of letters no more than three in a
/// row; no number with its unit.
fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let (plain, groups) = (candidate.plain, candidate.groups);
    let digits = plain.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = plain.len() - digits;
    let turns = 1 + plain.windows(2).filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit()).count();
    let are_counts = (1..=6).contains(&digits) && (1..=5).contains(&letters) && (2..=4).contains(&turns);
    let is_word = groups.len() == 1 && plain.windows(4).any(are_letters);
    let is_measure = groups.len() == 1 && turns == 2 && plain[0].is_ascii_digit() && letters <= 2;
    (are_counts && !is_word && !is_measure && groups.len() <= 4).then_some(Shape::Bare)
}
