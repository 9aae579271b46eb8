//! The number by which the tax office knows a person (SPI, numéro fiscal de référence).

use super::super::checksum::number;
use super::super::words::tax_words;
use super::super::written::written;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Thirteen digits, `30 23 217 600 053`: the last three are the first ten modulo 511.
pub(super) const SPI: Detector = Detector {
    entity: "fr_spi",
    group: Group::Tax,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[13] },
    check,
    context: tax_words![
        "spi",
        "num_spi",
        "reference_fiscale",
        "no_fiscal",
        "num_fiscal",
        "declarant",
        "contribuable",
        "foyer_fiscal",
        "dgfip",
        "avis_imposition"
    ],
    summary: "French tax number of a person (SPI)",
    source: "DGFiP, numéro fiscal de référence; OECD, Tax identification numbers: France",
    matches: &[
        "spi=[[3023217600053]]",
        "Déclarant [[30 23 217 600 053]]",
        "n° [[30 23 217 600 053]] enregistré",
        "numero fiscal: [[0701987765493]]",
    ],
    rejects: &["spi=3023217600054", "at 3023217600053", "spi=4023217600342"],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[2, 2, 3, 3, 3], b" .-")])?;
    let (body, key) = plain.split_at(10);
    (plain[0] <= b'3' && number(body) > 0 && number(body) % 511 == number(key)).then_some(shape)
}
