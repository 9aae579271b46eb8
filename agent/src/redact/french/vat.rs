//! The French number of value added tax, which holds a SIREN.

use super::super::checksum::{are_digits, number, two};
use super::super::words::vat_words;
use super::super::written::{ANY, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};
use super::siren::is_siren;

/// `FR`, a key of two, SIREN. Monaco's begin with 000 in the place of the SIREN.
pub(super) const VAT: Detector = Detector {
    entity: "fr_vat",
    group: Group::Tax,
    tier: Tier::One,
    form: Form::Letters { lengths: &[13] },
    check,
    context: vat_words!["numero_tva", "num_tva"],
    summary: "French value added tax number",
    source: "code général des impôts, art. 286 ter; BOI-TVA-DECLA-20-10-20; key: (12 + 3 * (SIREN mod 97)) mod 97",
    matches: &[
        "tva=[[FR40303265045]]",
        "facture [[FR 40 303265045]] payée",
        "facture [[FR 40 303 265 045]] payée",
        "\"vat\":\"[[FR23334175221]]\"",
        "vat [[FRK7399859412]]",
        "Monaco [[FR53000004605]]",
    ],
    rejects: &["tva=FR41303265045", "FR40303265046", "id XFR40303265045", "FRK8399859412"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let (key, siren) = (plain.get(2..4)?, plain.get(4..)?);
    if !plain.starts_with(b"FR") || !are_digits(siren) {
        return None;
    }
    let shape = written(
        candidate,
        &[(&[2, 2, 9], ANY), (&[2, 2, 3, 3, 3], ANY), (&[4, 3, 3, 3], ANY), (&[4, 9], ANY), (&[2, 11], ANY)],
    )?;
    let is_known = is_siren(siren) || siren.starts_with(b"000") && number(siren) > 0;
    (is_known && is_key(key, number(siren))).then_some(shape)
}

/// A key of digits is reckoned from the SIREN; one with a letter holds a number that the SIREN must agree with.
fn is_key(key: &[u8], siren: u64) -> bool {
    if are_digits(key) {
        return (12 + 3 * (siren % 97)) % 97 == u64::from(two(key, 0));
    }
    let [Some(first), Some(second)] = [place(key[0]), place(key[1])] else { return false };
    let mixed = first * if first < 10 { 24 } else { 34 } + second;
    let Some(mixed) = mixed.checked_sub(if first < 10 { 10 } else { 100 }) else { return false };
    (siren + 1 + mixed / 11) % 11 == mixed % 11
}

/// The place of a digit or letter in the alphabet of keys, which has no I and no O.
fn place(byte: u8) -> Option<u64> {
    b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ".iter().position(|other| *other == byte).map(|place| place as u64)
}
