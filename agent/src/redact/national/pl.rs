//! Poland: PESEL, identity card, and the numbers of trades (NIP, REGON), which persons who trade alone have too.

use super::super::checksum::{are_alike, are_digits, are_letters, digit, is_day, two, value, weighted};
use super::super::words::{identity_words, tax_words};
use super::super::written::{loosely, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Eleven digits: birthday with the century in the month, serial, check.
pub(super) const PESEL: Detector = Detector {
    entity: "pl_pesel",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[11] },
    check: check_pesel,
    context: identity_words!["pesel", "nr_pesel", "numer_pesel", "obywatel", "ubezpieczony", "pacjent", "patient"],
    summary: "Polish number of a person (PESEL)",
    source: "ustawa z dnia 24 września 2010 r. o ewidencji ludności, art. 15",
    matches: &["pesel=[[78111797944]]", "Nr PESEL: [[93070856525]]", "\"pesel\":\"[[79080492063]]\""],
    rejects: &["pesel=78111797945", "id 78111797944", "pesel=78131797940", "pesel=00000000000"],
};

/// Three letters and six digits.
pub(super) const DOWOD: Detector = Detector {
    entity: "pl_dowod",
    tier: Tier::Three,
    form: Form::Letters { lengths: &[9] },
    check: check_dowod,
    context: identity_words!["dowod_osobisty", "dowodu", "seria_i_numer", "seria", "nr_dowodu", "numer_dowodu",],
    summary: "Polish identity card number",
    source: "ustawa z dnia 6 sierpnia 2010 r. o dowodach osobistych; weights 7 3 1 9 7 3 1 7 3 modulo 10",
    matches: &["dowód [[ABA300000]]", "nr_dowodu=[[ABA 300000]]"],
    rejects: &["dowód ABA400000", "build ABA300000", "dowód AB1300000"],
    ..PESEL
};

/// Ten digits, `684-951-72-47`.
pub(super) const NIP: Detector = Detector {
    entity: "pl_nip",
    group: Group::Tax,
    form: Form::Digits { lengths: &[10] },
    check: check_nip,
    context: tax_words!["nip", "nr_nip", "numer_nip", "vat", "vat_id"],
    summary: "Polish tax number (NIP)",
    source: "ustawa z dnia 13 października 1995 r. o zasadach ewidencji i identyfikacji podatników",
    matches: &["nip=[[6849517247]]", "faktura [[684-951-72-47]]", "faktura [[684-95-17-247]]"],
    rejects: &["nip=6849517248", "ts 6849517247", "nip=0000000000", "faktura 684 951 72 47"],
    ..PESEL
};

/// Nine digits, fourteen for a branch.
pub(super) const REGON: Detector = Detector {
    entity: "pl_regon",
    group: Group::Tax,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[9, 14] },
    check: check_regon,
    context: tax_words!["regon", "nr_regon", "numer_regon", "firma"],
    summary: "Polish number of an undertaking (REGON)",
    source: "rozporządzenie Rady Ministrów z dnia 30 listopada 2015 r., REGON",
    matches: &["regon=[[850753483]]", "REGON [[51609780430357]]"],
    rejects: &["regon=850753484", "size 850753483", "regon=51609780430358", "regon 000000000"],
};

fn check_pesel(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[6, 5], b" -")])?;
    let month = two(plain, 2);
    let century = [1900, 2000, 2100, 2200, 1800].get(month as usize / 20).copied()?;
    let sum = weighted(plain, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
    (is_day(century + two(plain, 0), month % 20, two(plain, 4)) && sum.is_multiple_of(10)).then_some(shape)
}

fn check_dowod(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[3, 6], b" -")])?;
    let sum: u32 = plain.iter().zip([7, 3, 1, 9, 7, 3, 1, 7, 3]).map(|(byte, weight)| value(*byte) * weight).sum();
    (are_letters(&plain[..3]) && are_digits(&plain[3..]) && sum.is_multiple_of(10)).then_some(shape)
}

fn check_nip(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = written(candidate, &[(&[3, 3, 2, 2], b"-"), (&[3, 2, 2, 3], b"-")])?;
    is_nip(candidate.plain).then_some(shape)
}

/// Whether ten digits are a NIP: a remainder of 10 is never given out.
pub(crate) fn is_nip(plain: &[u8]) -> bool {
    weighted(plain, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == digit(plain[9]) && plain[0] != b'0' && !are_alike(plain)
}

fn check_regon(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = loosely(candidate, &[(&[3, 3, 3], b" -"), (&[9, 5], b" -")])?;
    let short = weighted(plain, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10 == digit(plain[8]);
    let long = |check: &u8| weighted(plain, &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8]) % 11 % 10 == digit(*check);
    (short && plain.get(13).is_none_or(long) && !are_alike(plain)).then_some(shape)
}
