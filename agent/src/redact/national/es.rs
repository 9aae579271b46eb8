//! Spain: identity (DNI), foreigners (NIE), tax numbers of others, social security (NUSS).

use super::super::checksum::{are_alike, are_digits, digit, number, two};
use super::super::words::{identity_words, tax_words};
use super::super::written::{ANY, exactly, loosely, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Eight digits and a letter: `65116812V`, `65.116.812-V`.
pub(super) const DNI: Detector = Detector {
    entity: "es_dni",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Letters { lengths: &[9] },
    check: check_dni,
    context: identity_words![
        "dni",
        "nif",
        "documento_identidad",
        "documento_nacional",
        "num_dni",
        "numero_dni",
        "cedula",
        "contribuyente"
    ],
    summary: "Spanish identity number (DNI)",
    source: "Real Decreto 1553/2005; Orden INT/2058/2008: the letter is TRWAGMYFPDXBNJZSQVHLCKE[number mod 23]",
    matches: &["dni=[[65116812V]]", "titular [[65116812-V]]", "alta [[65.116.812-V]] ok", "\"nif\":\"[[74540992Q]]\""],
    rejects: &["dni=65116812W", "build 65116812V", "dni=6511681V", "hash 165116812V"],
};

/// X, Y or Z, seven digits and a letter.
pub(super) const NIE: Detector = Detector {
    entity: "es_nie",
    tier: Tier::One,
    check: check_nie,
    context: identity_words!["nie", "nif", "extranjero", "numero_extranjero", "tie"],
    summary: "Spanish number of a foreigner (NIE)",
    source: "Real Decreto 557/2011, art. 206; Orden INT/2058/2008: X, Y, Z count as 0, 1, 2",
    matches: &["nie=[[X7967859S]]", "titular [[X-7967859-S]]", "usuario [[X0162069B]] creado"],
    rejects: &["nie=X7967859T", "W7967859S", "nie=X796785S9"],
    ..DNI
};

/// A letter for the kind, seven digits, a digit or letter: undertakings, and persons without DNI (K, L, M).
pub(super) const NIF: Detector = Detector {
    entity: "es_nif",
    group: Group::Tax,
    check: check_nif,
    context: tax_words!["cif", "nif", "codigo_identificacion_fiscal", "empresa", "sociedad", "iva", "razon_social"],
    summary: "Spanish tax number of an undertaking, or of a person without identity number",
    source: "Real Decreto 1065/2007, art. 18 to 28; Orden EHA/451/2008",
    matches: &["cif=[[B55527683]]", "empresa [[B-55527683]]", "CIF [[Q1401790I]]", "nif: [[K0571636V]]"],
    rejects: &["cif=B55527684", "sku B55527683", "cif=I55527683"],
    ..DNI
};

/// Province, serial, two of check: `28/12345678/40`.
pub(super) const NUSS: Detector = Detector {
    entity: "es_nuss",
    tier: Tier::Three,
    form: Form::Digits { lengths: &[12] },
    check: check_nuss,
    context: identity_words![
        "nuss",
        "naf",
        "seguridad_social",
        "numero_seguridad_social",
        "numero_afiliacion",
        "afiliacion",
        "nss",
        "social_security"
    ],
    summary: "Spanish social security number (NUSS)",
    source: "Real Decreto 84/1996; Tesorería General de la Seguridad Social: the first ten digits modulo 97",
    matches: &[
        "nuss=[[281234567840]]",
        "Seguridad Social [[28/12345678/40]]",
        "naf: [[28 12345678 40]]",
        "nuss=[[280234567818]]",
    ],
    rejects: &["nuss=281234567841", "order 281234567840", "nuss=991234567868"],
    ..DNI
};

fn letter_of(number: u64) -> u8 {
    let place = usize::try_from(number % 23).unwrap_or_default();
    b"TRWAGMYFPDXBNJZSQVHLCKE"[place]
}

fn check_dni(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let dotted = exactly(candidate, &[2, 3, 3, 1], b"..-") || exactly(candidate, &[2, 3, 4], b"..");
    let shape = match candidate.separators {
        _ if dotted => Shape::Canonical,
        b" " => loosely(candidate, &[(&[8, 1], b" ")])?,
        _ => written(candidate, &[(&[8, 1], b"-"), (&[2, 3, 3, 1], b" .-")])?,
    };
    let digits = &plain[..8];
    (are_digits(digits) && letter_of(number(digits)) == plain[8] && !are_alike(digits)).then_some(shape)
}

fn check_nie(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let first = match plain[0] {
        letter @ b'X'..=b'Z' => u64::from(letter - b'X'),
        _ => return None,
    };
    let shape = written(candidate, &[(&[1, 7, 1], ANY), (&[8, 1], ANY), (&[1, 8], b"-")])?;
    let digits = &plain[1..8];
    (are_digits(digits) && letter_of(first * 10_000_000 + number(digits)) == plain[8]).then_some(shape)
}

fn check_nif(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[1, 8], b"-"), (&[1, 7, 1], b"-"), (&[8, 1], b"-")])?;
    is_nif_of_others(plain).then_some(shape)
}

/// Whether nine are the tax number of an undertaking or of a person without DNI and NIE.
pub(crate) fn is_nif_of_others(plain: &[u8]) -> bool {
    let (kind, digits, check) = (plain[0], &plain[1..8], plain[8]);
    if !are_digits(digits) || number(digits) == 0 {
        return false;
    }
    match kind {
        b'K' | b'L' | b'M' => letter_of(number(digits)) == check,
        b'A'..=b'H' | b'J' | b'N' | b'P'..=b'S' | b'U' | b'V' | b'W' => {
            let doubled = |byte: &u8| digit(*byte) * 2 / 10 + digit(*byte) * 2 % 10;
            let odd: u32 = digits.iter().step_by(2).map(doubled).sum();
            let even: u32 = digits.iter().skip(1).step_by(2).map(|byte| digit(*byte)).sum();
            let key = (10 - (odd + even) % 10) % 10;
            let letter = b"JABCDEFGHI"[key as usize];
            check == letter || check.is_ascii_digit() && digit(check) == key
        }
        _ => false,
    }
}

/// Whether nine are a DNI, an NIE or another tax number.
pub(crate) fn is_nif(plain: &[u8]) -> bool {
    let lone = Candidate { plain, groups: &[9], separators: &[] };
    check_dni(&lone).or_else(|| check_nie(&lone)).is_some() || is_nif_of_others(plain)
}

/// Where the serial begins with 0, that 0 is left out of the number that is divided.
fn check_nuss(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[2, 8, 2], b" -/"), (&[2, 10], b" -/")])?;
    let (province, serial, check) = (u64::from(two(plain, 0)), number(&plain[2..10]), u64::from(two(plain, 10)));
    let shortened = if serial < 10_000_000 { province * 10_000_000 + serial } else { province * 100_000_000 + serial };
    (matches!(province, 1..=53 | 66) && serial > 0 && shortened % 97 == check).then_some(shape)
}
