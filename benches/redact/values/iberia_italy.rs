//! Spain, Portugal, Italy.

use super::super::draw::{CAPITALS, Draw, grouped};
use super::super::sums::{digits, dot, luhn, modulo};
use super::Family::{Identity, Tax};
use super::{Kind, Value, alone, beside};

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "es_dni",
        named: &["DNI", "NIF", "documento identidad", "número DNI"],
        family: Identity,
        make: |draw| {
            let body = draw.digits(8);
            let letter = dni_letter(modulo(&body, 23));
            match draw.between(0, 4) {
                0 => alone(format!("{body}-{letter}")),
                1 => alone(format!("{}.{}.{}-{letter}", &body[..2], &body[2..5], &body[5..])),
                _ => beside(format!("{body}{letter}")),
            }
        },
    },
    Kind {
        name: "es_nie",
        named: &["NIE", "NIF", "extranjero"],
        family: Identity,
        make: |draw| {
            let (first, body) = (draw.between(0, 3), draw.digits(7));
            let letter = dni_letter(modulo(&format!("{first}{body}"), 23));
            let first = ["X", "Y", "Z"][first as usize];
            alone(if draw.once_in(3) { format!("{first}-{body}-{letter}") } else { format!("{first}{body}{letter}") })
        },
    },
    Kind {
        name: "es_nif",
        named: &["CIF", "NIF", "empresa"],
        family: Tax,
        make: |draw| {
            let (kind, body) = (draw.pick(&["A", "B", "E", "H", "J"]), draw.digits(7));
            beside(format!("{kind}{body}{}", luhn(&body)))
        },
    },
    Kind {
        name: "es_nuss",
        named: &["NUSS", "seguridad social", "número de afiliación", "NAF"],
        family: Identity,
        make: |draw| {
            let (province, serial) = (format!("{:02}", draw.between(1, 53)), draw.number(8));
            let check = modulo(&format!("{province}{serial}"), 97);
            let mark = draw.pick(&["", "/", " ", ""]);
            beside(format!("{province}{mark}{serial}{mark}{check:02}"))
        },
    },
    Kind {
        name: "pt_nif",
        named: &["NIF", "contribuinte", "número de contribuinte"],
        family: Tax,
        make: |draw| {
            let body = format!("{}{}", draw.pick(&["1", "2", "3", "5"]), draw.digits(7));
            let rest = dot(&body, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
            let text = format!("{body}{}", if rest < 2 { 0 } else { 11 - rest });
            beside(if draw.once_in(4) { grouped(&text, &[3, 3], " ") } else { text })
        },
    },
    Kind {
        name: "pt_cc", named: &["cartão de cidadão", "CC", "cartão cidadão"], family: Identity, make: citizen_card
    },
    Kind {
        name: "pt_niss",
        named: &["NISS", "segurança social"],
        family: Identity,
        make: |draw| {
            let body = format!("{}{}", draw.pick(&["1", "2"]), draw.digits(9));
            let check = 9 - dot(&body, &[29, 23, 19, 17, 13, 11, 7, 5, 3, 2]) % 10;
            beside(format!("{body}{check}"))
        },
    },
    Kind { name: "it_cf", named: &["codice fiscale", "CF", "cod fisc"], family: Identity, make: codice_fiscale },
    Kind {
        name: "it_piva",
        named: &["partita IVA", "P.IVA", "p iva"],
        family: Tax,
        make: |draw| {
            let body = format!("{}{:03}", draw.digits(7), draw.between(1, 100));
            beside(format!("{body}{}", luhn(&body)))
        },
    },
];

fn dni_letter(rest: i64) -> char {
    "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(rest as usize).unwrap_or_default()
}

/// The check digit is tried out: the sum over base 36, doubled from the left, is a multiple of ten.
fn citizen_card(draw: &mut Draw) -> Value {
    let body = format!("{}{}Z{}", draw.digits(8), draw.digits(1), draw.letters(1, "XYZ0123"));
    let fits = |check: &i64| {
        let text = format!("{body}{check}");
        let values = text.chars().filter_map(|letter| letter.to_digit(36));
        let sum: u32 = values
            .enumerate()
            .map(|(at, value)| {
                if at % 2 == 1 {
                    value
                } else if value * 2 > 9 {
                    value * 2 - 9
                } else {
                    value * 2
                }
            })
            .sum();
        sum.is_multiple_of(10)
    };
    let Some(check) = (0..10).find(fits) else { return citizen_card(draw) };
    let text = format!("{body}{check}");
    if draw.once_in(3) { alone(grouped(&text, &[8, 1], " ")) } else { beside(text) }
}

fn codice_fiscale(draw: &mut Draw) -> Value {
    let (_, year, month, day) = draw.birth();
    let month = "ABCDEHLMPRST"
        .chars()
        .nth(digits(&month).iter().fold(0, |sum, digit| sum * 10 + *digit) as usize - 1)
        .unwrap_or('A');
    let day = day.parse::<u64>().unwrap_or(1) + 40 * draw.between(0, 2);
    let name = draw.letters(6, "BCDFGLMNPRSTVZ");
    let place = draw.letters(1, "ABCDEFGHIL");
    let body = format!("{name}{year}{month}{day:02}{place}{:03}", draw.between(1, 999));
    let text = format!("{body}{}", control(&body));
    alone(if draw.once_in(4) { text.to_lowercase() } else { text })
}

/// By the published table: for characters at odd places, digits and letters side by side.
fn control(body: &str) -> char {
    const ODD: &[(&str, u32)] = &[
        ("0A", 1),
        ("1B", 0),
        ("2C", 5),
        ("3D", 7),
        ("4E", 9),
        ("5F", 13),
        ("6G", 15),
        ("7H", 17),
        ("8I", 19),
        ("9J", 21),
        ("K", 2),
        ("L", 4),
        ("M", 18),
        ("N", 20),
        ("O", 11),
        ("P", 3),
        ("Q", 6),
        ("R", 8),
        ("S", 12),
        ("T", 14),
        ("U", 16),
        ("V", 10),
        ("W", 22),
        ("X", 25),
        ("Y", 24),
        ("Z", 23),
    ];
    let mut sum = 0;
    for (at, letter) in body.chars().enumerate() {
        sum += if at % 2 == 0 {
            ODD.iter().find(|(letters, _)| letters.contains(letter)).map_or(0, |(_, value)| *value)
        } else {
            letter.to_digit(10).unwrap_or_else(|| letter.to_digit(36).unwrap_or(10) - 10)
        };
    }
    CAPITALS.chars().nth(sum as usize % 26).unwrap_or_default()
}
