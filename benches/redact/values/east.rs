//! Poland, Czechia, Hungary, Romania, Bulgaria, Greece, Croatia, Slovenia, Malta, Cyprus.

use super::super::draw::{Draw, grouped};
use super::super::sums::{digits, dot, luhn, mod_11_10, modulo};
use super::Family::{Health, Identity, Tax};
use super::{Kind, Value, alone, beside};

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "pl_pesel",
        named: &["PESEL", "nr PESEL", "numer PESEL"],
        family: Identity,
        make: |draw| {
            let body = format!("{}{}", draw.ymd(0), draw.digits(4));
            let check = (10 - dot(&body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
            beside(format!("{body}{check}"))
        },
    },
    Kind { name: "pl_dowod", named: &["dowód osobisty", "nr dowodu", "seria i numer"], family: Identity, make: dowod },
    Kind {
        name: "pl_nip",
        named: &["NIP", "nr NIP"],
        family: Tax,
        make: |draw| loop {
            let body = draw.number(9);
            let check = dot(&body, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
            if check < 10 {
                let text = format!("{body}{check}");
                return if draw.once_in(3) { alone(grouped(&text, &[3, 3, 2], "-")) } else { beside(text) };
            }
        },
    },
    Kind {
        name: "pl_regon",
        named: &["REGON", "nr REGON"],
        family: Tax,
        make: |draw| {
            let body = draw.digits(8);
            beside(format!("{body}{}", dot(&body, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10))
        },
    },
    Kind { name: "cz_rc", named: &["rodné číslo", "RČ", "rod. číslo"], family: Identity, make: rodne_cislo },
    Kind {
        name: "hu_taj",
        named: &["TAJ", "TAJ szám", "tajszám"],
        family: Health,
        make: |draw| {
            let body = draw.number(8);
            let text = format!("{body}{}", dot(&body, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10);
            beside(if draw.once_in(3) { grouped(&text, &[3, 3], " ") } else { text })
        },
    },
    Kind {
        name: "hu_ado",
        named: &["adóazonosító jel", "adóazonosító"],
        family: Tax,
        make: |draw| loop {
            let body = format!("8{}", draw.digits(8));
            let check = dot(&body, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11;
            if check < 10 {
                return beside(format!("{body}{check}"));
            }
        },
    },
    Kind {
        name: "hu_szemelyi",
        named: &["személyi szám", "személyi azonosító"],
        family: Identity,
        make: |draw| loop {
            let body = format!("{}{}{:03}", draw.pick(&["1", "2"]), draw.ymd(0), draw.between(1, 999));
            let check = dot(&body, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) % 11;
            if check < 10 {
                return beside(format!("{body}{check}"));
            }
        },
    },
    Kind {
        name: "ro_cnp",
        named: &["CNP", "cod numeric personal"],
        family: Identity,
        make: |draw| {
            let body = format!(
                "{}{}{:02}{:03}",
                draw.pick(&["1", "2"]),
                draw.ymd(0),
                draw.between(1, 47),
                draw.between(1, 999)
            );
            let check = match dot(&body, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
                10 => 1,
                rest => rest,
            };
            // Of a man born from 1970 it may be milliseconds since then.
            let text = format!("{body}{check}");
            if body.starts_with('1') && body[1..].starts_with(['7', '8', '9']) { beside(text) } else { alone(text) }
        },
    },
    Kind {
        name: "bg_egn",
        named: &["EGN"],
        family: Identity,
        make: |draw| {
            let body = format!("{}{:03}", draw.ymd(0), draw.between(0, 999));
            beside(format!("{body}{}", dot(&body, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10))
        },
    },
    Kind {
        name: "bg_lnch",
        named: &["LNCh", "LNC"],
        family: Identity,
        make: |draw| {
            let body = draw.number(9);
            beside(format!("{body}{}", dot(&body, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10))
        },
    },
    Kind {
        name: "gr_amka",
        named: &["AMKA"],
        family: Health,
        make: |draw| {
            let body = format!("{}{:04}", draw.dmy(), draw.between(1, 9999));
            beside(format!("{body}{}", luhn(&body)))
        },
    },
    Kind {
        name: "gr_afm",
        named: &["AFM"],
        family: Tax,
        make: |draw| {
            let body = draw.digits(8);
            let sum: i64 = digits(&body).iter().enumerate().map(|(at, digit)| digit * (1 << (8 - at))).sum();
            beside(format!("{body}{}", sum % 11 % 10))
        },
    },
    Kind {
        name: "hr_oib",
        named: &["OIB", "osobni broj"],
        family: Identity,
        make: |draw| {
            let body = draw.digits(10);
            beside(format!("{body}{}", mod_11_10(&body)))
        },
    },
    Kind {
        name: "si_emso",
        named: &["EMŠO", "JMBG"],
        family: Identity,
        make: |draw| loop {
            let day = draw.dmy();
            let body = format!("{}9{}50{:03}", &day[..4], &day[4..], draw.between(0, 999));
            let check = (11 - dot(&body, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            if check < 10 {
                return beside(format!("{body}{check}"));
            }
        },
    },
    Kind {
        name: "si_davcna",
        named: &["davčna številka", "davčna"],
        family: Tax,
        make: |draw| loop {
            let body = draw.number(7);
            let check = 11 - dot(&body, &[8, 7, 6, 5, 4, 3, 2]) % 11;
            if check < 11 {
                return beside(format!("{body}{}", check % 10));
            }
        },
    },
    Kind {
        name: "mt_id",
        named: &["karta identità", "ID card"],
        family: Identity,
        make: |draw| beside(format!("{}{}", draw.digits(7), draw.letters(1, "MGAPLHBZ"))),
    },
    Kind {
        name: "cy_tic",
        named: &["TIC", "FPA"],
        family: Tax,
        make: |draw| {
            let body = draw.digits(8);
            let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
            let each = |(at, digit): (usize, &i64)| if at % 2 == 0 { odd[*digit as usize] } else { *digit };
            let sum: i64 = digits(&body).iter().enumerate().map(each).sum();
            beside(format!("{body}{}", super::super::draw::CAPITALS.chars().nth(sum as usize % 26).unwrap_or_default()))
        },
    },
];

/// The fourth is reckoned so that the weighted sum of all nine ends with 0.
fn dowod(draw: &mut Draw) -> Value {
    let (letters, serial) =
        (format!("{}{}", draw.letters(1, "ABCD"), draw.letters(2, "ABCEFGHJKLMNPRSTXYZ")), draw.digits(5));
    let value = |letter: char| i64::from(letter.to_digit(36).unwrap_or_default());
    let sum: i64 = letters.chars().map(value).zip([7, 3, 1]).map(|(value, weight)| value * weight).sum();
    let sum = sum + dot(&serial, &[7, 3, 1, 7, 3]);
    beside(format!("{letters}{}{serial}", sum % 10))
}

fn rodne_cislo(draw: &mut Draw) -> Value {
    loop {
        let (year, more) = (draw.between(54, 100), 50 * draw.between(0, 2));
        let day = format!("{year:02}{}", &draw.ymd(more)[2..]);
        let body = format!("{day}{:03}", draw.between(1, 999));
        let check = modulo(&body, 11);
        if check < 10 {
            return if draw.once_in(3) {
                beside(format!("{body}{check}"))
            } else {
                alone(format!("{day}/{}{check}", &body[6..]))
            };
        }
    }
}
