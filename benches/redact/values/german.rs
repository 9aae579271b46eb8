//! Germany, Austria, Switzerland, Belgium, the Netherlands, Luxembourg.

use super::super::draw::{CAPITALS, Draw, grouped};
use super::super::sums::{crossed, digits, dot, icao, luhn, mod_11_10, modulo, verhoeff};
use super::Family::{Health, Identity, None, Passport, Tax};
use super::{Kind, Value, alone, beside};

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "de_steuer_id",
        named: &["Steuer-ID", "IdNr", "Steuer-IdNr", "Steueridentifikationsnummer"],
        family: Tax,
        make: steuer_id,
    },
    Kind {
        name: "de_steuernummer",
        named: &["Steuernummer", "Steuer-Nr", "St.-Nr."],
        family: None,
        make: |draw| {
            let (office, district, serial) = (draw.number(3), draw.number(3), draw.digits(5));
            beside(match draw.between(0, 3) {
                0 => format!("{office}/{district}/{serial}"),
                1 => format!("{}/{district}/{serial}", &office[..2]),
                _ => format!("{}{}0{district}{}", draw.number(2), &office[..2], draw.digits(5)),
            })
        },
    },
    Kind {
        name: "de_ausweis",
        named: &["Personalausweis", "Ausweisnummer", "Ausweisnr", "Reisepass"],
        family: Passport,
        make: |draw| {
            let body = draw.letters(1, "CFGHJKLMNPRTVWXYZ")
                + &draw.letters(7, "CFGHJKLMNPRTVWXYZ0123456789")
                + &draw.digits(1);
            let check = icao(&body);
            beside(match draw.between(0, 3) {
                0 => body,
                1 => format!("{body}{check}D"),
                _ => format!("{body}{check}"),
            })
        },
    },
    Kind {
        name: "de_rvnr",
        named: &["Rentenversicherungsnummer", "SV-Nummer", "Sozialversicherungsnummer", "RVNR"],
        family: Identity,
        make: rvnr,
    },
    Kind {
        name: "de_kvnr",
        named: &["KVNR", "Krankenversichertennummer", "Versichertennummer", "eGK"],
        family: Health,
        make: |draw| {
            let (letter, body) = (draw.letters(1, CAPITALS), draw.digits(8));
            let spelled = format!("{:02}{body}", place(&letter));
            let check = crossed(&spelled, &[1, 2, 1, 2, 1, 2, 1, 2, 1, 2]) % 10;
            beside(format!("{letter}{body}{check}"))
        },
    },
    Kind {
        name: "at_svnr",
        named: &["SVNR", "SV-Nummer", "Sozialversicherungsnummer", "e-card"],
        family: Identity,
        make: |draw| loop {
            let (serial, day) = (draw.number(3), draw.dmy());
            let check = dot(&format!("{serial}{day}"), &[3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11;
            if check < 10 {
                let mark = draw.pick(&["", " ", ""]);
                return beside(format!("{serial}{check}{mark}{day}"));
            }
        },
    },
    Kind {
        name: "at_tin",
        named: &["Abgabenkontonummer", "Steuernummer", "Finanzamt"],
        family: Tax,
        make: |draw| {
            let body = draw.number(8);
            let check = (10 - crossed(&body, &[1, 2, 1, 2, 1, 2, 1, 2]) % 10) % 10;
            let text = format!("{body}{check}");
            beside(if draw.once_in(2) { format!("{}-{}/{}", &text[..2], &text[2..5], &text[5..]) } else { text })
        },
    },
    Kind {
        name: "ch_ahv",
        named: &["AHV", "AHV-Nr", "numéro AVS", "AVS", "NSS"],
        family: Identity,
        make: |draw| {
            let body = format!("756{}", draw.digits(9));
            let check = (10 - dot(&body, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10) % 10;
            let text = format!("{body}{check}");
            alone(if draw.once_in(3) { text } else { grouped(&text, &[3, 4, 4], ".") })
        },
    },
    Kind {
        name: "ch_uid",
        named: &["UID", "IDE", "MWST"],
        family: Tax,
        make: |draw| loop {
            let body = draw.number(8);
            let check = (11 - dot(&body, &[5, 4, 3, 2, 7, 6, 5, 4]) % 11) % 11;
            if check < 10 {
                let text = format!("{body}{check}");
                return alone(if draw.once_in(2) {
                    format!("CHE{text}")
                } else {
                    format!("CHE-{}", grouped(&text, &[3, 3], "."))
                });
            }
        },
    },
    Kind {
        name: "be_nn",
        named: &["rijksregisternummer", "registre national", "NISS", "INSZ", "numéro de registre national"],
        family: Identity,
        make: |draw| {
            let (year, short, month, day) = draw.birth();
            let body = format!("{short}{month}{day}{:03}", draw.between(1, 998));
            let counted = if year >= 2000 { format!("2{body}") } else { body.clone() };
            let text = format!("{body}{:02}", 97 - modulo(&counted, 97));
            if draw.once_in(2) {
                return beside(text);
            }
            alone(format!("{}.{}.{}-{}.{}", &text[..2], &text[2..4], &text[4..6], &text[6..9], &text[9..]))
        },
    },
    Kind {
        name: "nl_bsn",
        named: &["BSN", "burgerservicenummer", "sofinummer"],
        family: Identity,
        make: |draw| loop {
            let body = draw.number(8);
            let check = dot(&body, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
            if check < 10 {
                return beside(format!("{body}{check}"));
            }
        },
    },
    Kind {
        name: "lu_matricule",
        named: &["matricule", "matricule national", "CNS"],
        family: Identity,
        make: |draw| {
            let (year, _, month, day) = draw.birth();
            let body = format!("{year}{month}{day}{:03}", draw.between(1, 999));
            let text = format!("{body}{}{}", luhn(&body), verhoeff(&body));
            alone(if draw.once_in(3) { grouped(&text, &[4, 4], " ") } else { text })
        },
    },
];

/// The place of a letter in the alphabet, from 1.
fn place(letter: &str) -> u32 {
    letter.chars().next().and_then(|letter| letter.to_digit(36)).unwrap_or(10) - 9
}

/// Ten digits, of which one stands twice and one not at all, and the check.
fn steuer_id(draw: &mut Draw) -> Value {
    loop {
        let body = draw.number(10);
        let mut counts = [0; 10];
        digits(&body).iter().for_each(|digit| counts[*digit as usize] += 1);
        let (twice, thrice) =
            (counts.iter().filter(|count| **count == 2).count(), counts.iter().filter(|count| **count == 3).count());
        let more = counts.iter().any(|count| *count > 3);
        if more || (twice, thrice) != (1, 0) && (twice, thrice) != (0, 1) {
            continue;
        }
        let text = format!("{body}{}", mod_11_10(&body));
        return if draw.once_in(3) { alone(grouped(&text, &[2, 3, 3], " ")) } else { beside(text) };
    }
}

fn rvnr(draw: &mut Draw) -> Value {
    let (area, day, letter) = (draw.pick(&["02", "12", "15", "50", "65", "80"]), draw.dmy(), draw.letters(1, CAPITALS));
    let serial = format!("{:02}", draw.between(0, 100));
    let spelled = format!("{area}{day}{:02}{serial}", place(&letter));
    let check = crossed(&spelled, &[2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]) % 10;
    alone(if draw.once_in(3) {
        format!("{area} {day} {letter} {serial}{check}")
    } else {
        format!("{area}{day}{letter}{serial}{check}")
    })
}
