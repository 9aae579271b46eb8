//! Value added tax numbers with their prefix, and numbers of undertakings.

use super::super::draw::{Draw, grouped};
use super::super::sums::{crossed, dot, luhn, mod_11_10, mod_97, modulo};
use super::Family::{Tax, Vat};
use super::{Kind, Value, alone, beside};

pub(crate) const KINDS: &[Kind] = &[
    Kind { name: "vat:de", named: &["USt-IdNr", "Umsatzsteuer-ID"], family: Vat, make: germany },
    Kind {
        name: "vat:at",
        named: &["UID", "USt-ID"],
        family: Vat,
        make: |draw| {
            let body = draw.digits(7);
            alone(format!("ATU{body}{}", (96 - crossed(&body, &[1, 2, 1, 2, 1, 2, 1])) % 10))
        },
    },
    Kind {
        name: "vat:be",
        named: &["TVA", "btw"],
        family: Vat,
        make: |draw| {
            let body = kbo(draw);
            alone(if draw.once_in(2) { format!("BE{body}") } else { format!("BE {}", grouped(&body, &[4, 3], ".")) })
        },
    },
    Kind {
        name: "be_kbo",
        named: &["numéro d'entreprise", "BCE", "KBO", "ondernemingsnummer"],
        family: Tax,
        make: |draw| {
            let body = kbo(draw);
            beside(if draw.once_in(2) { body } else { grouped(&body, &[4, 3], ".") })
        },
    },
    Kind {
        name: "vat:nl",
        named: &["btw-nummer", "btw"],
        family: Vat,
        make: |draw| {
            let body = draw.number(9);
            let suffix = (1..100).map(|suffix| format!("NL{body}B{suffix:02}")).find(|text| mod_97(text) == 1);
            alone(suffix.unwrap_or_default())
        },
    },
    Kind {
        name: "vat:it",
        named: &["partita IVA", "P.IVA"],
        family: Vat,
        make: |draw| {
            let body = format!("{}{:03}", draw.digits(7), draw.between(1, 100));
            alone(format!("IT{body}{}", luhn(&body)))
        },
    },
    Kind {
        name: "vat:es",
        named: &["NIF-IVA", "IVA"],
        family: Vat,
        make: |draw| {
            let body = draw.digits(7);
            alone(format!("ESB{body}{}", luhn(&body)))
        },
    },
    Kind {
        name: "vat:pl",
        named: &["NIP UE", "VAT UE"],
        family: Vat,
        make: |draw| loop {
            let body = draw.number(9);
            let check = dot(&body, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
            if check < 10 {
                return alone(format!("PL{body}{check}"));
            }
        },
    },
    Kind {
        name: "vat:gb",
        named: &["VAT number", "VAT reg"],
        family: Vat,
        make: |draw| {
            let body = draw.number(7);
            let rest = dot(&body, &[8, 7, 6, 5, 4, 3, 2]) % 97;
            let text = format!("{body}{:02}", 97 - rest);
            alone(if draw.once_in(2) { format!("GB{text}") } else { format!("GB {}", grouped(&text, &[3, 4], " ")) })
        },
    },
    Kind {
        name: "vat:se",
        named: &["momsregnr", "VAT"],
        family: Vat,
        make: |draw| {
            let body = format!("55{}{}", draw.letters(1, "6789"), draw.digits(6));
            alone(format!("SE{body}{}01", luhn(&body)))
        },
    },
    Kind {
        name: "vat:dk",
        named: &["CVR", "moms"],
        family: Vat,
        make: |draw| loop {
            let body = draw.number(7);
            let check = (11 - dot(&body, &[2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            if check < 10 {
                return alone(format!("DK{body}{check}"));
            }
        },
    },
    Kind {
        name: "vat:fi",
        named: &["ALV", "VAT"],
        family: Vat,
        make: |draw| loop {
            let body = draw.number(7);
            let check = (11 - dot(&body, &[7, 9, 10, 5, 8, 4, 2]) % 11) % 11;
            if check < 10 {
                return alone(format!("FI{body}{check}"));
            }
        },
    },
    Kind {
        name: "vat:lu",
        named: &["TVA"],
        family: Vat,
        make: |draw| {
            let body = draw.number(6);
            alone(format!("LU{body}{:02}", modulo(&body, 89)))
        },
    },
    Kind {
        name: "vat:no",
        named: &["MVA", "orgnr"],
        family: Vat,
        make: |draw| loop {
            let body = format!("9{}", draw.digits(7));
            let check = (11 - dot(&body, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            if check < 10 {
                return alone(format!("NO{body}{check}MVA"));
            }
        },
    },
    Kind {
        name: "se_orgnr",
        named: &["organisationsnummer", "orgnr"],
        family: Tax,
        make: |draw| {
            let body = format!("55{}{}", draw.letters(1, "6789"), draw.digits(6));
            beside(format!("{}-{}{}", &body[..6], &body[6..], luhn(&body)))
        },
    },
];

fn germany(draw: &mut Draw) -> Value {
    let body = draw.number(8);
    let text = format!("{body}{}", mod_11_10(&body));
    alone(if draw.once_in(3) { format!("DE {}", grouped(&text, &[3, 3], " ")) } else { format!("DE{text}") })
}

fn kbo(draw: &mut Draw) -> String {
    let body = format!("0{}", draw.number(7));
    format!("{body}{:02}", 97 - modulo(&body, 97))
}
