//! Numbers of companies in finance, and of banks.

use super::super::checksum::letters_mod_97;
use super::super::{Detector, Form, Group, Shape, Tier};

/// Twenty letters and digits, mod 97.
pub(in super::super) const LEI: Detector = Detector {
    entity: "lei",
    group: Group::Tax,
    tier: Tier::One,
    form: Form::Letters { lengths: &[20] },
    check: |candidate| {
        let lei = candidate.plain;
        let has_letter = lei[4..18].iter().any(u8::is_ascii_uppercase);
        let is_one = candidate.groups.len() == 1
            && lei[..4].iter().all(u8::is_ascii_digit)
            && lei[18..].iter().all(u8::is_ascii_digit);
        (is_one && has_letter && letters_mod_97(lei, 0) == 1).then_some(Shape::Bare)
    },
    context: &["lei", "legal_entity"],
    summary: "Number of a legal entity in finance (LEI)",
    source: "ISO 17442-1; ISO/IEC 7064 (mod 97-10)",
    matches: &["lei=[[5493001KJTIIGC8Y1R12]]"],
    rejects: &["lei=5493001KJTIIGC8Y1R13"],
};

/// Eight or eleven letters and digits with a country in them, by a word.
pub(in super::super) const BIC: Detector = Detector {
    entity: "bic",
    group: Group::Bank,
    tier: Tier::Three,
    form: Form::Scanned,
    check: |candidate| {
        let bic = candidate.plain;
        let is_head = bic.len() >= 6 && bic[..6].iter().all(u8::is_ascii_uppercase);
        let is_tail = bic.iter().skip(6).all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let is_known = is_head
            && (super::iban::length(&bic[4..6]).is_some()
                || COUNTRIES.as_chunks::<2>().0.iter().any(|country| bic[4..6] == *country));
        (matches!(bic.len(), 8 | 11) && is_tail && is_known).then_some(Shape::Bare)
    },
    context: &["bic", "swift", "bic_code", "swift_code", "code_bic", "code_swift", "iban"],
    summary: "Number of a bank (BIC)",
    source: "ISO 9362; countries of ISO 3166-1 beyond those that have an IBAN",
    matches: &["bic=[[AGRIFRPP]]", "SWIFT: [[DEUTDEFF500]]"],
    rejects: &["INFODEFR AGRIFRPP", "bic=AGRIXXPP", "swift=agrifrpp"],
};

const COUNTRIES: &[u8; 44] = b"USCAJPCNHKINAUNZKRSGZATHVNIDMYPHMXARCLPECONG";
