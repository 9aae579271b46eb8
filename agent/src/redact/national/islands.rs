//! Malta and Cyprus: identity and tax numbers.

use super::super::checksum::{are_digits, digit, number};
use super::super::words::{identity_words, tax_words};
use super::super::written::loosely;
use super::super::{Detector, Form, Group, Tier};

/// Malta: seven digits and a letter for the register.
pub(super) const MT: Detector = Detector {
    entity: "mt_id",
    group: Group::National,
    tier: Tier::Three,
    form: Form::Letters { lengths: &[8] },
    check: |candidate| {
        let plain = candidate.plain;
        let shape = loosely(candidate, &[(&[7, 1], b" -")])?;
        let register = matches!(plain[7], b'M' | b'G' | b'A' | b'P' | b'L' | b'H' | b'B' | b'Z');
        (register && are_digits(&plain[..7]) && number(&plain[..7]) > 0).then_some(shape)
    },
    context: identity_words!["karta_identita", "karta_tal_identita", "maltese_id", "malta_id", "tin", "tax_id"],
    summary: "Maltese identity card number",
    source: "Identity Card and Other Identity Documents Act, Cap. 258; OECD, Tax identification numbers: Malta",
    matches: &["id_card=[[0123456M]]", "karta identita [[0123456G]]", "\"maltese_id\":\"[[7179478A]]\""],
    rejects: &["build 0123456M", "id_card=0123456X", "id_card=0000000M"],
};

/// Cyprus: eight digits and a check letter.
pub(super) const CY: Detector = Detector {
    entity: "cy_tic",
    group: Group::Tax,
    form: Form::Letters { lengths: &[9] },
    check: |candidate| {
        let shape = loosely(candidate, &[(&[8, 1], b" -")])?;
        is_cypriot(candidate.plain).then_some(shape)
    },
    context: tax_words!["tic", "fpa", "vat", "arithmos_forologikis_taftotitas"],
    summary: "Cypriot tax number (TIC)",
    source: "Τμήμα Φορολογίας; OECD, Tax identification numbers: Cyprus",
    matches: &["tic=[[16640746W]]", "tax_id=[[98862933A]]"],
    rejects: &["tic=16640746X", "build 16640746W", "tic=1664074W6"],
    ..MT
};

/// Whether nine are a Cypriot number: digits at odd places count as a table says, the sum modulo 26 is the letter.
pub(crate) fn is_cypriot(plain: &[u8]) -> bool {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    if !are_digits(&plain[..8]) || !plain[8].is_ascii_uppercase() {
        return false;
    }
    let odd: u32 = plain[..8].iter().step_by(2).map(|byte| ODD[digit(*byte) as usize % 10]).sum();
    let even: u32 = plain[1..8].iter().step_by(2).map(|byte| digit(*byte)).sum();
    (odd + even) % 26 == u32::from(plain[8] - b'A')
}
