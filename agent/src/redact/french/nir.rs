//! The number of social security (NIR), which is on each carte vitale, and which as INS names a patient.
//!
//! Sex, year, month, department, commune, order, key: `1 84 12 76 451 089 46`. Who has it in the clear has a birthday, a
//! place of birth and a key to every file about a person.

use super::super::checksum::{are_digits, digit, number, two};
use super::super::words::identity_words;
use super::super::written::{Way, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

const CONTEXT: &[&str] = identity_words![
    "nir",
    "secu",
    "securite_sociale",
    "num_secu",
    "numero_secu",
    "no_secu",
    "nss",
    "numss",
    "insee",
    "immatriculation",
    "matricule",
    "carte_vitale",
    "vitale",
    "ins",
    "matricule_ins",
    "ins_nir",
    "assure",
    "patient",
    "mutuelle",
    "social_security",
    "social_security_number",
    "sozialversicherung",
    "sozialversicherungsnummer",
    "seguridad_social",
    "previdenza_sociale",
    "sociale_zekerheid",
    "ubezpieczenie_spoleczne",
    "seguranca_social"
];

const SOURCE: &str = "INSEE, Répertoire national d'identification des personnes physiques; code de la sécurité sociale, \
                      art. R. 161-1; décret 82-103, art. 4; INS: Référentiel identifiant national de santé";

/// As printed on cards, as in forms (body and key), and with order and commune in one.
const WAYS: &[Way] = &[(&[1, 2, 2, 2, 3, 3, 2], b" .-/"), (&[13, 2], b" -/"), (&[1, 2, 2, 2, 6, 2], b" .-")];

/// With its key, sex 1 or 2 and a month that the civil register knew.
pub(super) const NIR: Detector = Detector {
    entity: "fr_nir",
    group: Group::National,
    tier: Tier::One,
    form: Form::Digits { lengths: &[15] },
    check: |candidate| check(candidate, is_common),
    context: CONTEXT,
    summary: "French social security number (NIR, INS, on the carte vitale), with its key",
    source: SOURCE,
    matches: &[
        "nir=[[184127645108946]] statut=ok",
        "Assuré [[1 84 12 76 451 089 46]] : droits ouverts",
        "Assuré [[1\u{202f}84\u{202f}12\u{202f}76\u{202f}451\u{202f}089\u{202f}46]] : droits ouverts",
        "assure 1841276451089-46 puis [[1841276451089 46]]",
        "PID|1||[[279059923100185]]^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS",
        "num_secu: [[2.69.05.49.588.157.80]]",
    ],
    rejects: &[
        "nir=184127645108947 statut=ok",
        "nir=984127645108934",
        "trace 1841276451089461",
        "nir=x184127645108946",
        "order 184137645108962",
    ],
};

/// Born in Corsica since 1976: 2A or 2B for the department, which count as 19 and 18 in the key.
pub(super) const NIR_CORSICA: Detector = Detector {
    form: Form::Letters { lengths: &[15] },
    check: check_corsica,
    summary: "French social security number of a person born in Corsica, with its key",
    matches: &["nir=[[280042A12401244]]", "Assurée [[2 80 04 2B 124 012 71]]", "{\"ins\":\"[[280042A124012 44]]\"}"],
    rejects: &["nir=280042A12401245", "nir=280042C12401244", "nir=280042B12401244"],
    ..NIR
};

/// Sex 3, 4, 7 or 8 (registration under way), or a month that nobody knew: too many numbers of 15 digits pass.
pub(super) const NIR_RARE: Detector = Detector {
    tier: Tier::Two,
    check: |candidate| check(candidate, |plain| !is_common(plain)),
    summary: "French social security number, provisional or without a known month of birth, with its key",
    matches: &["nir provisoire [[784127645108937]]", "NIA [[7 84 12 76 451 089 37]]", "secu=[[184627645108970]]"],
    rejects: &["order 784127645108937", "nir 784127645108938", "nir 784157645108985"],
    ..NIR
};

/// The thirteen digits or letters before the key.
pub(super) const NIR_WITHOUT_KEY: Detector = Detector {
    tier: Tier::Two,
    form: Form::Letters { lengths: &[13] },
    check: check_without_key,
    summary: "French social security number without its key",
    matches: &[
        "nir=[[1841276451089]]",
        "assuré [[1 84 12 76 451 089]] clé 46",
        "reçu [[2.84.05.2A.124.012]]",
        "NIR [[280042A124012]]",
    ],
    rejects: &["seen at 1841276451089", "nir=1841376451089", "nir=1841200451089"],
    ..NIR
};

fn check(candidate: &Candidate<'_>, is_kind: fn(&[u8]) -> bool) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, WAYS)?;
    (is_kind(plain) && is_body(plain) && is_key(plain, 0)).then_some(shape)
}

fn check_corsica(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let less = corsica(plain)?;
    let shape = written(candidate, WAYS)?;
    (is_common(plain) && is_body(plain) && is_key(plain, less)).then_some(shape)
}

fn check_without_key(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[1, 2, 2, 2, 3, 3], b" .-/"), (&[1, 2, 2, 2, 6], b" .-")])?;
    ((corsica(plain).is_some() || are_digits(plain)) && is_body(plain)).then_some(shape)
}

/// What the key takes off for the letter of a Corsican department, once the letter is read as 0; nothing when there is none or
/// when another place holds a letter.
fn corsica(plain: &[u8]) -> Option<u64> {
    let letter = *plain.get(6)?;
    let others = plain.get(..6).is_some_and(are_digits) && plain.get(7..).is_some_and(are_digits);
    match letter {
        b'A' if others => Some(1_000_000),
        b'B' if others => Some(2_000_000),
        _ => None,
    }
}

fn is_common(plain: &[u8]) -> bool {
    matches!(plain[0], b'1' | b'2') && (1..=12).contains(&two(plain, 3))
}

/// Sex, month, department, commune and order as INSEE gives them. Months above 12 stand for one that is not known.
fn is_body(plain: &[u8]) -> bool {
    let sex = matches!(plain[0], b'1'..=b'4' | b'7' | b'8');
    let month = matches!(two(plain, 3), 1..=12 | 20..=42 | 50..=99);
    let is_letter = !plain[6].is_ascii_digit();
    let place = match two(plain, 5) {
        _ if is_letter => plain[5] == b'2' && (1..=990).contains(&number(&plain[7..10])),
        0 => false,
        97 | 98 => (1..=90).contains(&two(plain, 8)),
        99 => digit(plain[7]) + two(plain, 8) > 0,
        _ => (1..=990).contains(&number(&plain[7..10])),
    };
    sex && month && place && number(&plain[10..13]) > 0
}

/// The key makes the number without it a multiple of 97. `less` is what a letter takes off.
fn is_key(plain: &[u8], less: u64) -> bool {
    let digits_of = |plain: &[u8]| {
        plain.iter().fold(0_u64, |sum, byte| sum * 10 + if byte.is_ascii_digit() { u64::from(digit(*byte)) } else { 0 })
    };
    let body = digits_of(&plain[..13]) - less;
    97 - body % 97 == u64::from(two(plain, 13))
}
