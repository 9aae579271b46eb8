//! Portugal: tax number (NIF), citizen card, social security (NISS).

use super::super::checksum::{are_alike, are_digits, digit, two, value, weighted};
use super::super::words::{identity_words, tax_words};
use super::super::written::{loosely, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Nine digits.
pub(super) const NIF: Detector = Detector {
    entity: "pt_nif",
    group: Group::Tax,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[9] },
    check: check_nif,
    context: tax_words!["nif", "nipc", "num_contribuinte", "numero_contribuinte", "nif_cliente", "nif_pt", "iva"],
    summary: "Portuguese tax number (NIF)",
    source: "Decreto-Lei 14/2013; Portaria 386/98: weights 9 to 2 modulo 11",
    matches: &["nif=[[252705777]]", "Contribuinte [[624 403 351]]", "\"nif\":[[626489601]]"],
    rejects: &["nif=252705778", "bytes=252705777", "nif=000000000", "nif=452705771"],
};

/// Eight digits, check, version of two, check: `05455920 6 ZY1`.
pub(super) const CC: Detector = Detector {
    entity: "pt_cc",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Letters { lengths: &[12] },
    check: check_cc,
    context: identity_words![
        "cc",
        "cartao_cidadao",
        "cartao_do_cidadao",
        "cartao_de_cidadao",
        "numero_cartao",
        "bi",
        "bilhete_identidade",
        "citizen_card"
    ],
    summary: "Portuguese citizen card number",
    source: "Lei 7/2007; AMA, Validação de número de documento do cartão de cidadão: Luhn over base 36",
    matches: &[
        "cartão de cidadão [[054559206ZY1]]",
        "doc [[05455920 6 ZY1]] lido",
        "cc=[[762423319ZY4]]",
        "id_card: [[61363825 6 313]]",
    ],
    rejects: &["cc=054559206ZY2", "build 054559206ZY1", "lot 61363825 6 313", "cc=054559A06ZY1"],
};

/// Eleven digits from 1 or 2.
pub(super) const NISS: Detector = Detector {
    entity: "pt_niss",
    group: Group::National,
    form: Form::Digits { lengths: &[11] },
    check: check_niss,
    context: identity_words![
        "niss",
        "seguranca_social",
        "numero_seguranca_social",
        "num_seguranca_social",
        "social_security"
    ],
    summary: "Portuguese social security number (NISS)",
    source: "Decreto-Lei 281/99; Instituto da Segurança Social: weights 29 23 19 17 13 11 7 5 3 2",
    matches: &["niss=[[12345678902]]", "Segurança Social [[123 4567 8902]]"],
    rejects: &["niss=12345678903", "request 12345678902", "niss=32345678904"],
    ..NIF
};

fn check_nif(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[(&[3, 3, 3], b" .-")])?;
    is_nif(candidate.plain).then_some(shape)
}

/// Whether nine digits are a tax number: of a person 1, 2, 3 or 45, of others 5 to 9.
pub(crate) fn is_nif(plain: &[u8]) -> bool {
    let kind = matches!(plain[0], b'1' | b'2' | b'3' | b'5' | b'6' | b'8' | b'9')
        || matches!(two(plain, 0), 45 | 70..=72 | 74 | 75 | 77..=79);
    let rest = weighted(&plain[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    kind && (if rest < 2 { 0 } else { 11 - rest }) == digit(plain[8]) && !are_alike(plain)
}

fn check_cc(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[8, 1, 3], b" -"), (&[8, 1, 2, 1], b" -"), (&[9, 3], b" ")])?;
    let doubled = |value: u32| if value > 4 { value * 2 - 9 } else { value * 2 };
    let each = |(at, byte): (usize, &u8)| if at % 2 == 0 { doubled(value(*byte)) } else { value(*byte) };
    let sum: u32 = plain.iter().enumerate().map(each).sum();
    let version = plain[9].is_ascii_uppercase() || plain[10].is_ascii_uppercase();
    // Without a letter nothing is its own in the way it is written.
    let shape = if version { shape } else { Shape::Bare };
    (are_digits(&plain[..9]) && plain[11].is_ascii_digit() && sum.is_multiple_of(10)).then_some(shape)
}

fn check_niss(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[3, 4, 4], b" "), (&[3, 3, 3, 2], b" "), (&[1, 3, 3, 3, 1], b" ")])?;
    let sum = weighted(&plain[..10], &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2]);
    (matches!(plain[0], b'1' | b'2') && 9 - sum % 10 == digit(plain[10])).then_some(shape)
}
