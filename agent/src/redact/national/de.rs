//! Germany: tax number of a person, identity card and passport, pension insurance, health insurance.

use super::super::checksum::{are_alike, are_digits, crossed, digit, icao, is_day_of_some_century, mod_11_10, two};
use super::super::words::{health_words, identity_words, tax_words};
use super::super::written::{loosely, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Eleven digits, `94 580 730 215`.
pub(super) const STEUER_ID: Detector = Detector {
    entity: "de_steuer_id",
    group: Group::Tax,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[11] },
    check: check_steuer_id,
    context: tax_words![
        "idnr",
        "steuer_id",
        "steuerid",
        "steuer_idnr",
        "steuer_identifikationsnummer",
        "steueridentifikationsnummer",
        "steueridnr",
        "identifikationsnummer",
        "id_nr"
    ],
    summary: "German tax number of a person (Steuer-ID)",
    source: "Abgabenordnung § 139b; Bundeszentralamt für Steuern, Prüfziffernberechnung; ISO 7064 MOD 11,10",
    matches: &[
        "IdNr [[94580730215]]",
        "Bescheid [[94 580 730 215]] erstellt",
        "\"steuerId\": \"[[29176940983]]\"",
        "steuer_id=[[79391089469]]",
    ],
    rejects: &["IdNr 94580730216", "order 94580730215", "IdNr 04580730215", "IdNr 12345678903"],
};

/// Ten or eleven digits in the groups of a state, `181/815/08155`; thirteen for the whole country. Each state has a check of its
/// own, so a word must stand by it.
pub(super) const STEUERNUMMER: Detector = Detector {
    entity: "de_steuernummer",
    tier: Tier::Three,
    form: Form::Digits { lengths: &[10, 11, 13] },
    check: check_steuernummer,
    context: &["steuernummer", "steuer_nr", "steuernr", "st_nr", "stnr", "elster", "finanzamt", "tax_number"],
    summary: "German tax number of a person or undertaking at its tax office (Steuernummer)",
    source: "Abgabenordnung § 139d; ELSTER, Aufbau der Steuernummer: 2/3/5, 3/3/5, 3/4/4, 5/5 or 13 digits",
    matches: &[
        "Steuernummer [[181/815/08155]]",
        "St.-Nr. [[21/815/08150]]",
        "steuernummer=[[2893081508152]]",
        "stnr [[133/8150/8159]]",
    ],
    rejects: &["Rechnung 181/815/08155", "Steuernummer 0000000000", "Steuernummer 18/1815/08155"],
    ..STEUER_ID
};

/// Nine capital letters and digits, or ten with the check digit, or eleven with D for the nation; ten digits until 2010.
pub(super) const AUSWEIS: Detector = Detector {
    entity: "de_ausweis",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Letters { lengths: &[9, 10, 11] },
    check: check_ausweis,
    context: identity_words![
        "personalausweis",
        "personalausweisnummer",
        "personalausweisnr",
        "personalausweis_nr",
        "reisepassnummer",
        "reisepassnr",
        "reisepass_nr",
        "ausweisnummer",
        "ausweisnr",
        "ausweis_nr",
        "perso",
        "reisepass",
        "passnummer",
        "pass_nr",
        "passport",
        "dokumentennummer",
        "passeport",
        "pasaporte",
        "passaporto",
        "paspoort",
        "paszport",
        "passaporte"
    ],
    summary: "German identity card or passport number",
    source: "Personalausweisgesetz § 5; Passgesetz § 4; ICAO 9303 part 3; specimen L01X00T471",
    matches: &[
        "Personalausweis [[L01X00T47]]",
        "ausweisnummer=[[L01X00T471]]",
        "Reisepass [[C01X00T478D]]",
        "Ausweis [[1220001297D]]",
    ],
    rejects: &["build L01X00T471", "ausweisnummer=L01X00T472", "ausweisnummer=LOAX00T471", "Ausweis 123456789"],
};

/// Area, birthday, letter of the name, serial, check: `15 070649 C 103`.
pub(super) const RVNR: Detector = Detector {
    entity: "de_rvnr",
    group: Group::National,
    tier: Tier::One,
    form: Form::Letters { lengths: &[12] },
    check: check_rvnr,
    context: identity_words![
        "rvnr",
        "rentenversicherung",
        "rentenversicherungsnummer",
        "sozialversicherung",
        "sozialversicherungsnummer",
        "sozialversicherungsnr",
        "sozialversicherungs_nr",
        "sv_nummer",
        "svnr",
        "vsnr",
        "versicherungsnummer",
        "social_security"
    ],
    summary: "German pension insurance number",
    source: "Deutsche Rentenversicherung, VKVV § 2 and § 4; published example 15070649C103",
    matches: &["SV-Nummer [[15070649C103]]", "\"rvnr\":\"[[15 070649 C 103]]\"", "Konto [[65180539W001]] gefunden"],
    rejects: &["SV-Nummer 15070649C104", "SV-Nummer 15071349C103", "x15070649C103"],
};

/// A letter and nine digits.
pub(super) const KVNR: Detector = Detector {
    entity: "de_kvnr",
    group: Group::Health,
    tier: Tier::Two,
    form: Form::Letters { lengths: &[10] },
    check: check_kvnr,
    context: health_words![
        "kvnr",
        "krankenversicherung",
        "krankenversichertennummer",
        "versichertennr",
        "versicherten_id",
        "gesundheitskarte",
        "e_gk",
        "egk"
    ],
    summary: "German health insurance number (KVNR)",
    source: "SGB V § 290; GKV-Spitzenverband, Richtlinie Krankenversichertennummer; gematik's example A123456780",
    matches: &["KVNR [[A123456780]]", "versichertennummer=[[T000034991]]", "patient [[A 123456780]]"],
    rejects: &["KVNR A123456781", "sku A123456780", "KVNR 1123456780"],
};

fn check_steuer_id(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[2, 3, 3, 3], b" .-/")])?;
    (plain[0] != b'0' && repeats_one(&plain[..10]) && mod_11_10(plain)).then_some(shape)
}

fn check_steuernummer(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = loosely(candidate, &[(&[2, 3, 5], b"/ "), (&[3, 3, 5], b"/ "), (&[3, 4, 4], b"/ "), (&[5, 5], b"/ ")])?;
    (!are_alike(candidate.plain)).then_some(shape)
}

/// Whether exactly one digit stands there twice or three times, all others once or never.
fn repeats_one(digits: &[u8]) -> bool {
    let mut counts = [0_u8; 10];
    for byte in digits {
        counts[usize::from(byte & 0x0f) % 10] += 1;
    }
    let repeated = counts.iter().filter(|count| **count > 1).count();
    repeated == 1 && counts.iter().all(|count| *count <= 3)
}

fn check_ausweis(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[9, 1], b" "), (&[10, 1], b" ")])?;
    let number = &plain[..9];
    let given = |byte: &u8| byte.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(byte);
    let has_letter = number.iter().any(u8::is_ascii_uppercase);
    let checked = match &plain[9..] {
        [] => has_letter && !number[0].is_ascii_digit() && number.iter().any(u8::is_ascii_digit),
        [check] => has_letter && check.is_ascii_digit() && icao(number) == digit(*check),
        [check, b'D'] => check.is_ascii_digit() && icao(number) == digit(*check),
        _ => false,
    };
    (checked && number.iter().all(given)).then_some(shape)
}

/// The letter counts as two digits, A as 01, and each product as the sum of its digits.
fn check_rvnr(candidate: &Candidate<'_>) -> Option<Shape> {
    const WEIGHTS: &[u32] = &[2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[2, 6, 1, 3], b" "), (&[2, 6, 1, 2, 1], b" ")])?;
    if !plain[8].is_ascii_uppercase() || !are_digits(&plain[..8]) || !are_digits(&plain[9..]) {
        return None;
    }
    let spelled = spell(&plain[..8], plain[8], &plain[9..]);
    let day = is_day_of_some_century(two(plain, 6), two(plain, 4), two(plain, 2));
    (day && two(plain, 0) > 0 && crossed(&spelled[..12], WEIGHTS) % 10 == digit(plain[11])).then_some(shape)
}

fn check_kvnr(candidate: &Candidate<'_>) -> Option<Shape> {
    const WEIGHTS: &[u32] = &[1, 2, 1, 2, 1, 2, 1, 2, 1, 2];
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[1, 9], b" "), (&[1, 3, 3, 3], b" ")])?;
    if !plain[0].is_ascii_uppercase() || !are_digits(&plain[1..]) || are_alike(&plain[1..]) {
        return None;
    }
    let spelled = spell(&[], plain[0], &plain[1..]);
    (crossed(&spelled[..10], WEIGHTS) % 10 == digit(plain[9])).then_some(shape)
}

/// Digits, then the place of `letter` in the alphabet in two digits, then more digits; zeros behind.
fn spell(before: &[u8], letter: u8, behind: &[u8]) -> [u8; 16] {
    let place = letter & 0x1f;
    let mut spelled = [b'0'; 16];
    let text = before.iter().copied().chain([b'0' + place / 10, b'0' + place % 10]).chain(behind.iter().copied());
    for (slot, byte) in spelled.iter_mut().zip(text) {
        *slot = byte;
    }
    spelled
}
