//! Lithuania, Estonia, Latvia: numbers of persons.

use super::super::checksum::{digit, is_day, is_day_of_some_century, two, weighted};
use super::super::words::identity_words;
use super::super::written::{loosely, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Lithuania: sex and century, birthday, serial, check. A 9 at the front stands for no birthday.
pub(super) const LT: Detector = Detector {
    entity: "lt_ak",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[11] },
    check: |candidate| check_two_rounds(candidate, |first| matches!(first, b'1'..=b'6' | b'9')),
    context: identity_words!["asmens_kodas", "asmens_kod", "ak", "a_k", "personal_code"],
    summary: "Lithuanian number of a person (asmens kodas)",
    source: "Lietuvos Respublikos gyventojų registro įstatymas: weights 1 to 9 and 1, then 3 to 9 and 1 to 3, modulo 11",
    matches: &["asmens_kodas=[[38812130389]]", "asmens kodas [[39007164571]]"],
    rejects: &["asmens_kodas=38812130388", "id 38812130389", "asmens_kodas=38813130381"],
};

/// Estonia: the same rule.
pub(super) const EE: Detector = Detector {
    entity: "ee_ik",
    check: |candidate| check_two_rounds(candidate, |first| matches!(first, b'1'..=b'8')),
    context: identity_words!["isikukood", "ik", "isiku_kood", "personal_code", "kasutaja"],
    summary: "Estonian number of a person (isikukood)",
    source: "Rahvastikuregistri seadus; EVS 585:2007",
    matches: &["isikukood=[[49404267141]]", "isikukood [[45307260852]]"],
    rejects: &["isikukood=49404267142", "id 49404267141", "isikukood=09404267145"],
    ..LT
};

/// Latvia: birthday, century, serial, check, `040172-17740`; since 2017 without a birthday, from 32.
pub(super) const LV: Detector = Detector {
    entity: "lv_pk",
    check: check_latvia,
    context: identity_words!["personas_kods", "pk", "pers_kods", "p_k", "personal_code"],
    summary: "Latvian number of a person (personas kods)",
    source: "Fizisko personu reģistra likums; OECD, Tax identification numbers: Latvia: weights 10 5 8 4 2 1 6 3 7 9 against 1101",
    matches: &["personas_kods=[[04017217740]]", "klients [[040172-17740]]", "pk=[[320123-45678]]"],
    rejects: &["klients 041372-17740", "klients 040172-17741", "id 04017217740", "host 320123-45678"],
    ..LT
};

fn check_two_rounds(candidate: &Candidate<'_>, is_first: fn(u8) -> bool) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[1, 6, 4], b" -"), (&[1, 2, 2, 2, 4], b" ")])?;
    let day = plain[0] == b'9' || is_day_of_some_century(two(plain, 1), two(plain, 3), two(plain, 5));
    (is_first(plain[0]) && day && two_rounds(plain) == digit(plain[10])).then_some(shape)
}

/// The check digit of Lithuania and Estonia: where the first weights leave 10, others decide.
fn two_rounds(plain: &[u8]) -> u32 {
    match weighted(plain, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11 {
        10 => weighted(plain, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10,
        rest => rest,
    }
}

fn check_latvia(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[6, 5], b"-")])?;
    if plain.starts_with(b"32") {
        return Some(Shape::Bare);
    }
    is_latvian(plain).then_some(shape)
}

/// Whether eleven digits are a Latvian number with a birthday.
pub(crate) fn is_latvian(plain: &[u8]) -> bool {
    let century = match plain[6] {
        b'0' => 1800,
        b'1' => 1900,
        b'2' => 2000,
        _ => return false,
    };
    let day = is_day(century + two(plain, 4), two(plain, 2), two(plain, 0));
    let sum = weighted(plain, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
    day && (1 + sum) % 11 % 10 == digit(plain[10])
}
