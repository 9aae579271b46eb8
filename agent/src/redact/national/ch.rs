//! Switzerland and Liechtenstein: insurance number of old age (AHV, AVS), number of undertakings.

use super::super::checksum::{are_digits, digit, weighted};
use super::super::words::{identity_words, tax_words};
use super::super::written::written;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Thirteen digits from 756: `756.1234.5678.97`.
pub(super) const AHV: Detector = Detector {
    entity: "ch_ahv",
    group: Group::National,
    tier: Tier::One,
    form: Form::Digits { lengths: &[13] },
    check: check_ahv,
    context: identity_words![
        "ahv",
        "ahv_nr",
        "ahvn13",
        "avs",
        "numero_avs",
        "navs13",
        "nss",
        "oasi",
        "sozialversicherungsnummer",
        "sozialversicherungsnr",
        "sozialversicherungs_nr"
    ],
    summary: "Swiss social insurance number (AHV, AVS)",
    source: "AHVG Art. 50c; ZAS, Die AHV-Nummer; check digit of EAN-13",
    matches: &["AHV [[756.1234.5678.97]]", "avs=[[7562801660577]]", "versichert: [[756 6068 8731 76]]"],
    rejects: &["AHV 756.1234.5678.98", "7572801660574", "id 75628016605770"],
};

/// `CHE-123.456.788`, with MWST, TVA, IVA or TPV behind it for value added tax.
pub(super) const UID: Detector = Detector {
    entity: "ch_uid",
    group: Group::Tax,
    tier: Tier::One,
    form: Form::Letters { lengths: &[12, 15, 16] },
    check: check_uid,
    context: tax_words!["uid", "ide", "idi", "mwst", "tva", "vat", "unternehmensnummer"],
    summary: "Swiss number of an undertaking, also for value added tax",
    source: "UIDG Art. 3; UIDV Art. 3; BFS, UID-Register: check digit modulo 11",
    matches: &[
        "UID [[CHE-407.399.248]]",
        "mwst=[[CHE-394.290.858 MWST]]",
        "facture [[CHE242228946]]",
        "tva [[CHE242228946TVA]]",
    ],
    rejects: &["UID CHE-407.399.249", "UID CHX-407.399.248", "tva CHE242228947TVA"],
};

fn check_ahv(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    if !plain.starts_with(b"756") {
        return None;
    }
    let shape = written(candidate, &[(&[3, 4, 4, 2], b" .-")])?;
    let sum = weighted(plain, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
    ((10 - sum % 10) % 10 == digit(plain[12])).then_some(shape)
}

fn check_uid(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let (number, suffix) = plain.strip_prefix(b"CHE")?.split_at(9);
    let is_known = matches!(suffix, b"" | b"MWST" | b"TVA" | b"IVA" | b"TPV");
    let shape = match candidate.groups {
        [_] | [12, _] => Shape::Bare,
        [3, 3, 3, 3] | [3, 3, 3, 3, _] | [3, 9] | [3, 9, _] => Shape::Canonical,
        _ => return None,
    };
    let check = (11 - weighted(number, &[5, 4, 3, 2, 7, 6, 5, 4]) % 11) % 11;
    (is_known && are_digits(number) && check == digit(number[8])).then_some(shape)
}
