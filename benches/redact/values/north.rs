//! The Nordic and Baltic countries, the United Kingdom, Ireland.

use super::super::draw::{Draw, grouped};
use super::super::sums::{dot, luhn, modulo};
use super::Family::{Health, Identity, Tax};
use super::{Kind, Value, alone, beside};

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "se_pnr",
        named: &["personnummer", "pnr", "samordningsnummer"],
        family: Identity,
        make: |draw| {
            let body = format!("{}{:03}", draw.ymd(0), draw.between(1, 999));
            let (day, serial) = (&body[..6], &body[6..]);
            let check = luhn(&body);
            match draw.between(0, 4) {
                0 => beside(format!("19{body}{check}")),
                1 => alone(format!("19{day}-{serial}{check}")),
                2 => alone(format!("{day}-{serial}{check}")),
                _ => beside(format!("{body}{check}")),
            }
        },
    },
    Kind {
        name: "dk_cpr",
        named: &["CPR", "CPR-nummer", "cprnr"],
        family: Identity,
        make: |draw| {
            let (day, serial) = (draw.dmy(), draw.between(1, 4000));
            if draw.once_in(2) { alone(format!("{day}-{serial:04}")) } else { beside(format!("{day}{serial:04}")) }
        },
    },
    Kind { name: "no_fnr", named: &["fødselsnummer", "fnr", "personnummer"], family: Identity, make: norway },
    Kind { name: "fi_hetu", named: &["henkilötunnus", "hetu"], family: Identity, make: finland },
    Kind {
        name: "is_kt",
        named: &["kennitala", "kt"],
        family: Identity,
        make: |draw| loop {
            let body = format!("{}{:02}", draw.dmy(), draw.between(20, 99));
            let check = (11 - dot(&body, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            if check < 10 {
                let text = format!("{body}{check}9");
                return if draw.once_in(2) { alone(grouped(&text, &[6], "-")) } else { beside(text) };
            }
        },
    },
    Kind {
        name: "ee_ik",
        named: &["isikukood"],
        family: Identity,
        make: |draw| {
            let text = baltic(draw);
            beside(text)
        },
    },
    Kind {
        name: "lt_ak",
        named: &["asmens kodas"],
        family: Identity,
        make: |draw| {
            let text = baltic(draw);
            beside(text)
        },
    },
    Kind {
        name: "lv_pk",
        named: &["personas kods"],
        family: Identity,
        make: |draw| {
            let body = format!("{}1{:03}", draw.dmy(), draw.between(1, 999));
            let check = (1101 - dot(&body, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11 % 10;
            let text = format!("{body}{check}");
            if draw.once_in(2) { alone(grouped(&text, &[6], "-")) } else { beside(text) }
        },
    },
    Kind {
        name: "gb_nino",
        named: &["NINO", "National Insurance number", "NI number"],
        family: Identity,
        make: |draw| {
            let text = format!(
                "{}{}{}",
                draw.pick(&["AB", "JG", "PW", "SX", "CE", "NZ"]),
                draw.digits(6),
                draw.letters(1, "ABCD")
            );
            if draw.once_in(2) { alone(grouped(&text, &[2, 2, 2, 2], " ")) } else { beside(text) }
        },
    },
    Kind {
        name: "gb_nhs",
        named: &["NHS number", "NHS no", "NHS"],
        family: Health,
        make: |draw| loop {
            let body = format!("{}{}", draw.pick(&["4", "6", "7", "9"]), draw.digits(8));
            let check = (11 - dot(&body, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            if check < 10 {
                let text = format!("{body}{check}");
                return if draw.once_in(2) { alone(grouped(&text, &[3, 3], " ")) } else { beside(text) };
            }
        },
    },
    Kind {
        name: "gb_utr",
        named: &["UTR", "Unique Taxpayer Reference"],
        family: Tax,
        make: |draw| {
            let body = draw.digits(9);
            // The published row of check digits for rests 0 to 10.
            let row = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1];
            let rest = dot(&body, &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
            beside(format!("{}{body}", row[rest as usize]))
        },
    },
    Kind {
        name: "ie_pps",
        named: &["PPSN", "PPS number", "PPS"],
        family: Identity,
        make: |draw| {
            let (body, second) = (draw.number(7), draw.pick(&["", "A", "B"]));
            let extra =
                second.chars().next().map_or(0, |letter| 9 * (i64::from(letter.to_digit(36).unwrap_or(10)) - 9));
            let rest = (dot(&body, &[8, 7, 6, 5, 4, 3, 2]) + extra) % 23;
            let check = "WABCDEFGHIJKLMNOPQRSTUV".chars().nth(rest as usize).unwrap_or_default();
            beside(format!("{body}{check}{second}"))
        },
    },
];

fn norway(draw: &mut Draw) -> Value {
    loop {
        let body = format!("{}{:03}", draw.dmy(), draw.between(0, 500));
        let first = (11 - dot(&body, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11;
        let longer = format!("{body}{first}");
        if first > 9 {
            continue;
        }
        let second = (11 - dot(&longer, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
        if second < 10 {
            let text = format!("{longer}{second}");
            return if draw.once_in(3) { alone(grouped(&text, &[6], " ")) } else { beside(text) };
        }
    }
}

fn finland(draw: &mut Draw) -> Value {
    let (day, serial) = (draw.dmy(), format!("{:03}", draw.between(2, 900)));
    let check = "0123456789ABCDEFHJKLMNPRSTUVWXY"
        .chars()
        .nth(modulo(&format!("{day}{serial}"), 31) as usize)
        .unwrap_or_default();
    let (day, sign) = if draw.once_in(4) { (day, "Y") } else { (day, "-") };
    alone(format!("{day}{sign}{serial}{check}"))
}

/// Lithuania and Estonia.
fn baltic(draw: &mut Draw) -> String {
    let body = format!("{}{}{:03}", draw.pick(&["3", "4"]), draw.ymd(0), draw.between(1, 999));
    let first = dot(&body, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = dot(&body, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
    let check = match (first, second) {
        (10, 10) => 0,
        (10, second) => second,
        (first, _) => first,
    };
    format!("{body}{check}")
}
