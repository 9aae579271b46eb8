//! France.

use super::super::draw::{Draw, grouped};
use super::super::sums::{digits, luhn, modulo};
use super::Family::{Health, Identity, Licence, None, Passport, Plate, Tax, Vat};
use super::{Kind, Value, alone, beside};

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "fr_nir",
        named: &[
            "NIR",
            "numéro de sécurité sociale",
            "n° sécu",
            "num sécu",
            "NSS",
            "matricule INS",
            "SSN",
            "carte Vitale",
        ],
        family: Identity,
        make: |draw| {
            let body = body(draw, false);
            nir(draw, &body)
        },
    },
    Kind {
        name: "fr_nir:corsica",
        named: &["NIR", "numéro de sécurité sociale", "INS"],
        family: Identity,
        make: |draw| {
            let body = body(draw, true);
            nir(draw, &body)
        },
    },
    Kind {
        name: "fr_nir:without key",
        named: &["NIR", "numéro de sécurité sociale", "sécu"],
        family: Identity,
        make: |draw| {
            let body = body(draw, false);
            if draw.once_in(2) { alone(grouped(&body, &[1, 2, 2, 2, 3], " ")) } else { beside(body) }
        },
    },
    Kind {
        name: "fr_nir:provisional",
        named: &["NIR", "NIR provisoire", "numéro de sécurité sociale"],
        family: Identity,
        make: |draw| {
            let text = with_key(&format!("{}{}", draw.pick(&["7", "8"]), &body(draw, false)[1..]));
            beside(text)
        },
    },
    Kind {
        name: "fr_spi",
        named: &["SPI", "numéro fiscal", "référence fiscale", "déclarant", "contribuable"],
        family: Tax,
        make: |draw| {
            let body = format!("{}{}", draw.pick(&["0", "1", "2", "3"]), draw.digits(9));
            let text = format!("{body}{:03}", modulo(&body, 511));
            if draw.once_in(3) { alone(grouped(&text, &[2, 2, 3, 3], " ")) } else { beside(text) }
        },
    },
    Kind {
        name: "fr_siren",
        named: &["SIREN", "numéro SIREN", "RCS Paris", "entreprise"],
        family: None,
        make: |draw| {
            let text = siren(draw);
            beside(if draw.once_in(3) { grouped(&text, &[3, 3], " ") } else { text })
        },
    },
    Kind { name: "fr_siret", named: &["SIRET", "établissement"], family: None, make: siret },
    Kind {
        name: "fr_siret:la poste",
        named: &["SIRET", "établissement"],
        family: None,
        make: |draw| {
            let nic = draw.digits(4);
            let text = format!("356000000{nic}");
            let last = (10 - digits(&text).iter().sum::<i64>() % 5) % 5;
            alone(format!("{text}{last}"))
        },
    },
    Kind {
        name: "fr_vat",
        named: &["TVA intracom", "numéro TVA", "TVA", "VAT"],
        family: Vat,
        make: |draw| {
            let siren = siren(draw);
            let key = (12 + 3 * modulo(&siren, 97)) % 97;
            let text = format!("FR{key:02}{siren}");
            alone(match draw.between(0, 4) {
                0 => grouped(&text, &[2, 2], " "),
                1 => grouped(&text, &[2, 2, 3, 3], " "),
                _ => text,
            })
        },
    },
    Kind {
        name: "fr_passport",
        named: &["passeport", "numéro de passeport"],
        family: Passport,
        make: |draw| beside(two_letters(draw)),
    },
    Kind {
        name: "fr_cni",
        named: &["CNI", "carte d'identité", "carte nationale d'identité", "pièce d'identité"],
        family: Identity,
        make: |draw| {
            let text = draw.letters(8, "0123456789BCDFGHJKLMNPRTVWXYZ");
            beside(format!("{}{}{}", draw.letters(1, "BCDFGHJKLMNPRTVWXYZ"), draw.digits(1), &text[1..]))
        },
    },
    Kind {
        name: "fr_cni:old",
        named: &["CNI", "carte d'identité", "numéro CNI"],
        family: Identity,
        make: |draw| {
            let (_, year, month, _) = draw.birth();
            let place = if draw.once_in(20) { "2A".to_owned() } else { format!("{:02}", draw.between(1, 96)) };
            beside(format!("{year}{month}{place}{}", draw.digits(6)))
        },
    },
    Kind {
        name: "fr_licence",
        named: &["permis", "numéro de permis", "conducteur"],
        family: Licence,
        make: |draw| beside(two_letters(draw)),
    },
    Kind {
        name: "fr_licence:neph",
        named: &["NEPH", "numéro NEPH", "permis"],
        family: Licence,
        make: |draw| beside(draw.number(12)),
    },
    Kind {
        name: "fr_plate",
        named: &["plaque", "immatriculation", "véhicule", "immat"],
        family: Plate,
        make: |draw| {
            let (first, last) = (plate_letters(draw), plate_letters(draw));
            let number = format!("{:03}", draw.between(1, 1000));
            match draw.between(0, 4) {
                0 => beside(format!("{first}{number}{last}")),
                1 => beside(format!("{first} {number} {last}")),
                _ => alone(format!("{first}-{number}-{last}")),
            }
        },
    },
    Kind {
        name: "fr_plate:old",
        named: &["plaque", "immatriculation", "véhicule"],
        family: Plate,
        make: |draw| {
            let (number, letters) = (draw.between(1, 9999), plate_letters(draw));
            let mark = *[" ", "", "-"].get(draw.between(0, 3) as usize).unwrap_or(&" ");
            beside(format!("{number}{mark}{letters}{mark}{:02}", draw.between(1, 96)))
        },
    },
    Kind {
        name: "fr_rpps",
        named: &["RPPS", "numéro RPPS", "prescripteur", "médecin"],
        family: Health,
        make: |draw| {
            let body = format!("10{}", draw.digits(8));
            beside(format!("{body}{}", luhn(&body)))
        },
    },
    Kind {
        name: "fr_adeli",
        named: &["ADELI", "numéro ADELI", "praticien"],
        family: Health,
        make: |draw| beside(format!("{:02}{}", draw.between(1, 96), draw.digits(7))),
    },
    Kind {
        name: "fr_finess",
        named: &["FINESS", "numéro FINESS", "hôpital"],
        family: Health,
        make: |draw| {
            let body = format!("{:02}0{}", draw.between(1, 96), draw.digits(5));
            beside(format!("{body}{}", luhn(&body)))
        },
    },
    Kind {
        name: "fr_ine",
        named: &["INE", "numéro INE", "étudiant", "numéro étudiant"],
        family: Identity,
        make: |draw| beside(format!("{}{}", draw.number(9), draw.letters(2, "ABCDEFGHJK"))),
    },
];

/// Sex, year, month, place and order.
fn body(draw: &mut Draw, corsica: bool) -> String {
    let (_, year, month, _) = draw.birth();
    let place = match draw.between(0, 10) {
        _ if corsica => format!("{}{:03}", draw.pick(&["2A", "2B"]), draw.between(1, 360)),
        0 => format!("99{}", draw.between(100, 517)),
        1 => format!("97{}{:02}", draw.between(1, 7), draw.between(1, 34)),
        _ => {
            let department = draw.between(1, 96);
            format!("{:02}{:03}", if department == 20 { 21 } else { department }, draw.between(1, 600))
        }
    };
    format!("{}{year}{month}{place}{:03}", draw.pick(&["1", "2"]), draw.between(1, 999))
}

fn with_key(body: &str) -> String {
    let counted = body.replace("2A", "19").replace("2B", "18");
    format!("{body}{:02}", 97 - modulo(&counted, 97))
}

fn nir(draw: &mut Draw, body: &str) -> Value {
    let text = with_key(body);
    alone(match draw.between(0, 6) {
        0 => grouped(&text, &[1, 2, 2, 2, 3, 3], " "),
        1 => grouped(&text, &[1, 2, 2, 2, 3, 3], "\u{a0}"),
        2 => grouped(&text, &[13], " "),
        _ => text,
    })
}

fn siren(draw: &mut Draw) -> String {
    let body = draw.letters(1, "345789") + &draw.digits(7);
    format!("{body}{}", luhn(&body))
}

fn siret(draw: &mut Draw) -> Value {
    let body = format!("{}{:04}", siren(draw), draw.between(1, 60));
    let text = format!("{body}{}", luhn(&body));
    alone(match draw.between(0, 4) {
        0 => grouped(&text, &[3, 3, 3], " "),
        1 => grouped(&text, &[9], " "),
        _ => text,
    })
}

fn two_letters(draw: &mut Draw) -> String {
    format!("{:02}{}{}", draw.between(10, 26), draw.letters(2, "ABCDEFGHKLMNPRSTVWXYZ"), draw.digits(5))
}

fn plate_letters(draw: &mut Draw) -> String {
    loop {
        let letters = draw.letters(2, "ABCDEFGHJKLMNPQRSTVWXYZ");
        if letters != "SS" && letters != "WW" {
            return letters;
        }
    }
}
