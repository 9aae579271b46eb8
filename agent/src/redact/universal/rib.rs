//! The French number of a bank account that came before the IBAN and is inside it.

use super::super::checksum::digits_mod;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Bank 5, branch 5, account 11, key 2.
pub(in super::super) const RIB: Detector = Detector {
    entity: "fr_rib",
    group: Group::Bank,
    tier: Tier::Two,
    form: Form::Letters { lengths: &[23] },
    check,
    context: &[
        "rib",
        "compte",
        "bancaire",
        "banque",
        "iban",
        "bban",
        "account",
        "konto",
        "cuenta",
        "conto",
        "conta",
        "rekening",
        "rachunek",
        "bankverbindung",
        "numero_compte",
        "releve_identite_bancaire",
    ],
    summary: "French number of a bank account (RIB)",
    source: "Comité français d'organisation et de normalisation bancaires: key 97 - (89 bank + 15 branch + 3 account) modulo 97",
    matches: &[
        "rib [[20041010050500013M02606]]",
        "[[20041 01005 0500013M026 06]] ok",
        "compte: [[20041-01005-0500013M026-06]]",
        "account=[[20041010050500013M02606]]",
    ],
    rejects: &["rib 20041010050500013M02607", "20041010050500013M02606"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    if !has_key(candidate.plain) {
        return None;
    }
    match candidate.groups {
        [23] => Some(Shape::Bare),
        [5, 5, 11, 2] => Some(Shape::Canonical),
        _ => None,
    }
}

/// Whether the last two of 23 are the key of the others.
pub(super) fn has_key(rib: &[u8]) -> bool {
    if rib.len() != 23 {
        return false;
    }
    let mut plain = [0; 23];
    for (digit, byte) in plain.iter_mut().zip(rib) {
        *digit = match byte {
            b'0'..=b'9' => *byte,
            b'A'..=b'I' => byte - b'A' + b'1',
            b'J'..=b'R' => byte - b'J' + b'1',
            b'S'..=b'Z' => byte - b'S' + b'2',
            _ => return false,
        };
    }
    let is_digits = rib[..10].iter().chain(&rib[21..]).all(u8::is_ascii_digit);
    let sum =
        89 * digits_mod(&plain[..5], 97) + 15 * digits_mod(&plain[5..10], 97) + 3 * digits_mod(&plain[10..21], 97);
    is_digits && digits_mod(&plain[21..], 100) == 97 - sum % 97
}
