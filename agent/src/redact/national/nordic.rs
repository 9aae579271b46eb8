//! Sweden, Denmark, Norway, Finland, Iceland: numbers of persons, each from the birthday.

use super::super::checksum::{
    are_alike, are_digits, digit, is_day, is_day_of_some_century, luhn, number, two, weighted,
};
use super::super::words::{identity_words, tax_words};
use super::super::written::{loosely, written};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Sweden: `870912-3486`, the century before it or not; the day plus 60 for coordination numbers.
pub(super) const SE: Detector = Detector {
    entity: "se_pnr",
    group: Group::National,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[10, 12] },
    check: check_sweden,
    context: identity_words![
        "personnummer",
        "person_nummer",
        "pnr",
        "samordningsnummer",
        "persnr",
        "personnr",
        "fodelsenummer"
    ],
    summary: "Swedish number of a person (personnummer)",
    source: "folkbokföringslagen (1991:481) § 18; Skatteverket, SKV 704; Luhn over the last ten",
    matches: &[
        "personnummer=[[8709123486]]",
        "kund [[870912-3486]]",
        "kund [[19960314-7407]]",
        "kund [[120914+8392]]",
        "pnr: [[197010632391]]",
    ],
    rejects: &["kund 870912-3487", "kund 871312-3482", "id 8709123486", "at 202611281556"],
};

/// Sweden, undertakings: the third digit is 2 or more, so that it is no month.
pub(super) const SE_ORGNR: Detector = Detector {
    entity: "se_orgnr",
    group: Group::Tax,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[10] },
    check: |candidate| {
        let shape = loosely(candidate, &[(&[6, 4], b"-")])?;
        (candidate.plain[2] >= b'2' && luhn(candidate.plain)).then_some(shape)
    },
    context: tax_words!["orgnr", "organisationsnummer", "org_nr", "org_nummer", "moms", "foretag"],
    summary: "Swedish number of an undertaking",
    source: "lagen (1974:174) om identitetsbeteckning för juridiska personer; Luhn",
    matches: &["orgnr=[[5537799537]]", "organisationsnummer [[556036-0793]]"],
    rejects: &["orgnr=5537799538", "id 5537799537"],
};

/// Denmark: `150478-1838`. The old check modulo 11 is not kept since 2007, so only the birthday is looked at.
pub(super) const DK: Detector = Detector {
    entity: "dk_cpr",
    form: Form::Digits { lengths: &[10] },
    check: |candidate| {
        let plain = candidate.plain;
        let shape = written(candidate, &[(&[6, 4], b"-")]).or_else(|| loosely(candidate, &[(&[6, 4], b" ")]))?;
        let day = is_day_of_some_century(two(plain, 4), two(plain, 2), two(plain, 0));
        (day && number(&plain[6..]) > 0).then_some(shape)
    },
    context: identity_words!["cpr", "cpr_nr", "cprnr", "cpr_nummer", "personnummer", "sundhedskort"],
    summary: "Danish number of a person (CPR)",
    source: "CPR-loven § 3; CPR-kontoret, Personnumre uden kontrolciffer (modulus 11)",
    matches: &["cpr=[[1504781838]]", "borger [[220888-1780]]", "cpr_nr: [[081298-1375]]", "CPR [[150756 1950]]"],
    rejects: &["borger 151378-1838", "took 150756 1950", "id 1504781838", "320178-1838"],
    ..SE
};

/// Norway: two check digits. The day plus 40 for D numbers, the month plus 40 for those of hospitals. Those of
/// made-up persons, with 80 or 65 more in the month, are nobody's.
pub(super) const NO: Detector = Detector {
    entity: "no_fnr",
    form: Form::Digits { lengths: &[11] },
    check: check_norway,
    context: identity_words![
        "fodselsnummer",
        "foedselsnummer",
        "fodselsnr",
        "foedselsnr",
        "fnr",
        "personnummer",
        "d_nummer",
        "dnr",
        "pasient",
        "bruker"
    ],
    summary: "Norwegian number of a person (fødselsnummer, D-nummer)",
    source: "folkeregisterforskriften § 2-2-1; Skatteetaten: weights 3 7 6 1 8 9 4 5 2 and 5 4 3 2 7 6 5 4 3 2 modulo 11",
    matches: &["fødselsnummer [[06029014629]]", "bruker [[221065 10923]]", "\"fnr\":\"[[17056710396]]\""],
    rejects: &["fnr 06029014628", "id 06029014629", "fnr 06139014623"],
    ..SE
};

/// Finland: birthday, sign of the century, serial, check: `020386-015C`.
pub(super) const FI: Detector = Detector {
    entity: "fi_hetu",
    tier: Tier::One,
    form: Form::Letters { lengths: &[10, 11] },
    check: check_finland,
    context: identity_words!["hetu", "henkilotunnus", "henkilotunnuksen", "personbeteckning", "potilas"],
    summary: "Finnish number of a person (henkilötunnus)",
    source: "laki väestötietojärjestelmästä 661/2009 § 11; asetus 690/2022 (new signs): nine digits modulo 31",
    matches: &[
        "hetu=[[020386-015C]]",
        "asiakas [[010105A087J]]",
        "asiakas [[031197-0991]]",
        "asiakas [[010594+9021]]",
        "hetu [[131052Y308T]]",
    ],
    rejects: &["hetu=020386-015D", "hetu=021386-015C", "asiakas 010105G087J", "key 010105A087J9"],
    ..SE
};

/// Iceland: `050584-6239`, the last digit is the century.
pub(super) const IS: Detector = Detector {
    entity: "is_kt",
    form: Form::Digits { lengths: &[10] },
    check: check_iceland,
    context: identity_words!["kennitala", "kt", "kennitolu"],
    summary: "Icelandic number of a person or undertaking (kennitala)",
    source: "lög um skráningu einstaklinga nr. 140/2019; Þjóðskrá: weights 3 2 7 6 5 4 3 2 modulo 11",
    matches: &["kennitala=[[0505846239]]", "viðskiptavinur [[240348-0719]]", "kt. [[191073-6499]]"],
    rejects: &["kennitala=0505846249", "id 0505846239", "120384-3419x"],
    ..SE
};

fn check_sweden(candidate: &Candidate<'_>) -> Option<Shape> {
    let shape = written(candidate, &[(&[6, 4], b"-+"), (&[8, 4], b"-+")])?;
    let (century, plain) = candidate.plain.split_at(candidate.plain.len() - 10);
    let day = two(plain, 4);
    let day = if day > 60 { day - 60 } else { day };
    let is_day = match century {
        [] => is_day_of_some_century(two(plain, 0), two(plain, 2), day),
        _ => (18..=20).contains(&two(century, 0)) && is_day(two(century, 0) * 100 + two(plain, 0), two(plain, 2), day),
    };
    (is_day && number(&plain[6..]) > 0 && luhn(plain)).then_some(shape)
}

fn check_norway(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[6, 5], b" -"), (&[2, 2, 2, 5], b" .")])?;
    let (day, month) = (two(plain, 0), two(plain, 2));
    let day = if day > 40 { day - 40 } else { day };
    let month = match month {
        41..=52 => month - 40,
        _ => month,
    };
    let first = weighted(plain, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = weighted(plain, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    let checked = first.is_multiple_of(11) && second.is_multiple_of(11);
    (checked && is_day_of_some_century(two(plain, 4), month, day)).then_some(shape)
}

fn check_finland(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let (birthday, rest) = plain.split_at(6);
    let serial = match (rest.len(), candidate.groups) {
        (4, [6, 4]) if matches!(candidate.separators, b"-" | b"+") => &rest[..3],
        (5, [11]) if matches!(rest[0], b'Y' | b'X' | b'W' | b'V' | b'U' | b'A'..=b'F') => &rest[1..4],
        _ => return None,
    };
    if !are_digits(birthday) || !are_digits(serial) || number(serial) < 2 {
        return None;
    }
    let place = usize::try_from((number(birthday) * 1000 + number(serial)) % 31).unwrap_or_default();
    let day = is_day_of_some_century(two(plain, 4), two(plain, 2), two(plain, 0));
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[place];
    (day && plain.last() == Some(&check)).then_some(Shape::Canonical)
}

/// Undertakings have 40 more in the day.
fn check_iceland(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let shape = written(candidate, &[(&[6, 4], b"-")])?;
    let day = two(plain, 0);
    let day = if day > 40 { day - 40 } else { day };
    let is_day = is_day_of_some_century(two(plain, 4), two(plain, 2), day);
    let sum = weighted(plain, &[3, 2, 7, 6, 5, 4, 3, 2]);
    let checked = (sum + digit(plain[8])).is_multiple_of(11);
    (is_day && checked && matches!(plain[9], b'0' | b'8' | b'9') && !are_alike(plain)).then_some(shape)
}
