//! Italy: codice fiscale, partita IVA.

use super::super::checksum::{are_alike, digit, luhn, number};
use super::super::words::{identity_words, tax_words};
use super::super::written::{loosely, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Sixteen: name, birthday, place, check: `RSSMRA85T10A562S`. Digits may be letters where two persons would have the same.
pub(super) const CF: Detector = Detector {
    entity: "it_cf",
    group: Group::National,
    tier: Tier::One,
    form: Form::Letters { lengths: &[16] },
    check: check_cf,
    context: identity_words![
        "codice_fiscale",
        "codicefiscale",
        "cf",
        "cod_fisc",
        "codfisc",
        "cod_fiscale",
        "tessera_sanitaria",
        "fiscal_code"
    ],
    summary: "Italian tax number of a person (codice fiscale)",
    source: "decreto del Ministero delle Finanze 23 dicembre 1976 n. 13813; D.M. 12 marzo 1974 (omocodia)",
    matches: &[
        "cf=[[RSSMRA85T10A562S]]",
        "utente [[RSS MRA 85T10 A562S]]",
        "utente [[RSSMRA85T50A562W]] attivo",
        "\"codiceFiscale\":\"[[rssmra85t1la562v]]\"",
    ],
    rejects: &["cf=RSSMRA85T10A562T", "cf=RSSMRA85Z10A562S", "cf=RSSMRA85T32A562S", "key RSSMRA85T10A562S1"],
};

/// Eleven digits.
pub(super) const PIVA: Detector = Detector {
    entity: "it_piva",
    group: Group::Tax,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[11] },
    check: check_piva,
    context: tax_words!["iva", "partita_iva", "p_iva", "piva", "vat", "tva", "btw", "codice_fiscale", "cf", "fattura"],
    summary: "Italian value added tax number (partita IVA)",
    source: "D.P.R. 26 ottobre 1972 n. 633, art. 35; Agenzia delle Entrate: Luhn",
    matches: &["partita IVA [[08813020578]]", "p_iva=[[97993980305]]"],
    rejects: &["partita IVA 08813020579", "id 08813020578", "piva=00000000000"],
};

fn check_cf(candidate: &Candidate<'_>) -> Option<Shape> {
    const MONTHS: &[u8] = b"ABCDEHLMPRST";
    const DIGITS: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];
    let plain = candidate.plain;
    let given = plain
        .iter()
        .enumerate()
        .all(|(at, byte)| if DIGITS.contains(&at) { figure(*byte).is_some() } else { byte.is_ascii_uppercase() });
    if !given || !MONTHS.contains(&plain[8]) {
        return None;
    }
    let day = figure(plain[9])? * 10 + figure(plain[10])?;
    let shape = written(candidate, &[(&[3, 3, 5, 5], b" -"), (&[3, 3, 5, 4, 1], b" ")])?;
    (matches!(day, 1..=31 | 41..=71) && control(&plain[..15]) == plain[15]).then_some(shape)
}

/// A digit, or the letter that stands for it.
fn figure(byte: u8) -> Option<u32> {
    if byte.is_ascii_digit() {
        return Some(digit(byte));
    }
    b"LMNPQRSTUV".iter().position(|other| *other == byte).and_then(|place| u32::try_from(place).ok())
}

/// The sixteenth letter. Digits count as the letters A to J.
fn control(plain: &[u8]) -> u8 {
    const ODD: [u8; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let place = |byte: u8| usize::from(if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' });
    let sum: usize = plain
        .iter()
        .enumerate()
        .map(|(at, byte)| if at % 2 == 0 { usize::from(ODD[place(*byte)]) } else { place(*byte) })
        .sum();
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[sum % 26]
}

fn check_piva(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[(&[3, 4, 4], b" "), (&[5, 6], b" ")])?;
    is_piva(candidate.plain).then_some(shape)
}

/// Whether eleven digits are a partita IVA: serial, office, Luhn's digit.
pub(crate) fn is_piva(plain: &[u8]) -> bool {
    let office = number(&plain[7..10]);
    matches!(office, 1..=100 | 120 | 121 | 888 | 999) && luhn(plain) && !are_alike(plain)
}
