//! The number of the national identity card, of 1988 to 2021 and since. Neither has a check digit outside the lines for machines.

use super::super::checksum::{are_digits, two};
use super::super::words::identity_words;
use super::super::written::loosely;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

const CONTEXT: &[&str] = identity_words![
    "cni",
    "carte_identite",
    "carte_nationale_identite",
    "num_cni",
    "numero_cni",
    "personalausweis",
    "carta_identita",
    "carta_d_identita",
    "identiteitskaart",
    "dowod_osobisty",
    "bilhete_identidade"
];

/// Nine capital letters and digits, without vowels: `X4RTBPFW4`.
pub(super) const CNI: Detector = Detector {
    entity: "fr_cni",
    group: Group::National,
    tier: Tier::Three,
    form: Form::Letters { lengths: &[9] },
    check,
    context: CONTEXT,
    summary: "French identity card number",
    source: "décret 55-1397; règlement (UE) 2019/1157; Council of the European Union, PRADO, FRA-BO; specimen X4RTBPFW4",
    matches: &["CNI [[X4RTBPFW4]]", "carte_identite=[[T7X62TZ79]]", "\"numeroCni\":\"[[D2H6862M2]]\""],
    rejects: &["build X4RTBPFW4", "cni=X4RTBPFA4", "cni=XXRTBPFWK", "cni=123456789"],
};

/// Twelve: year and month, department, canton, order of issue: `880692310285`. Corsica has a letter.
pub(super) const OLD_CNI: Detector = Detector {
    form: Form::Letters { lengths: &[12] },
    check: check_old,
    source: "décret 55-1397; arrêté du 24 avril 1991; Council of the European Union, PRADO, FRA-BO-02001",
    matches: &["CNI [[880692310285]]", "carte d'identité n° [[0506 2A1 00123]]", "\"cni\":\"[[110375203214]]\""],
    rejects: &["order 880692310285", "cni=881392310285", "cni=880600310285", "cni 8806X2310285"],
    ..CNI
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[])?;
    let digits = plain.iter().filter(|byte| byte.is_ascii_digit()).count();
    let vowels = plain.iter().any(|byte| matches!(byte, b'A' | b'E' | b'I' | b'O' | b'U'));
    (!vowels && (1..9).contains(&digits)).then_some(shape)
}

fn check_old(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[4, 3, 5], b" "), (&[4, 2, 1, 5], b" "), (&[4, 4, 4], b" ")])?;
    let is_corsican = matches!(&plain[4..6], b"2A" | b"2B");
    let are_figures = are_digits(&plain[..4]) && are_digits(&plain[6..]) && (is_corsican || are_digits(&plain[4..6]));
    let is_place = is_corsican || two(plain, 4) > 0;
    (are_figures && is_place && (1..=12).contains(&two(plain, 2))).then_some(shape)
}
