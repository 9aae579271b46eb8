//! What is the same in every country: addresses of people and machines, accounts, cards, secrets.

use super::super::draw::{Draw, grouped};
use super::super::sums::{luhn, mod_97, modulo};
use super::Family::None;
use super::{Kind, Value, alone, beside, in_field};

pub(crate) const KINDS: &[Kind] = &[
    Kind { name: "email", named: &["e-mail", "courriel", "mail", "correo", "adresse mail"], family: None, make: email },
    Kind {
        name: "phone:fr",
        named: &["téléphone", "tél", "mobile", "portable", "phone", "Telefon", "teléfono", "telefoon", "telefone"],
        family: None,
        make: |draw| {
            let text = format!("0{}{}", draw.letters(1, "123456789"), draw.digits(8));
            match draw.between(0, 4) {
                0 => alone(grouped(&text, &[2, 2, 2, 2], " ")),
                1 => alone(grouped(&text, &[2, 2, 2, 2], ".")),
                _ => beside(text),
            }
        },
    },
    Kind {
        name: "phone:international",
        named: &["téléphone", "phone", "mobile", "Handy", "móvil", "cellulare", "tel"],
        family: None,
        make: |draw| {
            let text = match draw.between(0, 4) {
                0 => format!("+33{}{}", draw.letters(1, "67"), draw.digits(8)),
                1 => format!("+33 {} {}", draw.letters(1, "1234567"), grouped(&draw.digits(8), &[2, 2, 2], " ")),
                2 => format!("+49 {} {}", draw.pick(&["151", "160", "171", "30"]), draw.number(8)),
                _ => format!("+34{}{}", draw.letters(1, "67"), draw.digits(8)),
            };
            alone(text)
        },
    },
    Kind {
        name: "ipv4",
        named: &["client", "remote addr", "ip", "src"],
        family: None,
        make: |draw| {
            let first = draw.pick(&["5", "37", "62", "78", "82", "90", "91", "109", "176", "185", "193", "212"]);
            alone(format!("{first}.{}.{}.{}", draw.between(0, 256), draw.between(0, 256), draw.between(1, 255)))
        },
    },
    Kind {
        name: "ipv6",
        named: &["client", "remote addr", "ip"],
        family: None,
        make: |draw| {
            let hex = |draw: &mut Draw| format!("{:x}", draw.between(1, 65_536));
            let net = draw.pick(&["2a01:cb04", "2a02:8428", "2001:861", "2a01:e0a"]);
            alone(format!("{net}:{}:{}::{}:{}", hex(draw), hex(draw), hex(draw), hex(draw)))
        },
    },
    Kind {
        name: "mac",
        named: &["MAC", "hwaddr", "device"],
        family: None,
        make: |draw| {
            let pairs: Vec<String> = (0..6).map(|_| draw.letters(2, "0123456789abcdef")).collect();
            alone(pairs.join(draw.pick(&[":", ":", "-"])))
        },
    },
    Kind {
        name: "iban:fr",
        named: &["IBAN", "compte", "RIB", "Konto", "cuenta", "conto", "rekening", "konto", "conta"],
        family: None,
        make: |draw| {
            let body = format!("{}{}", draw.digits(10), draw.digits(11));
            let key =
                97 - (89 * modulo(&body[..5], 97) + 15 * modulo(&body[5..10], 97) + 3 * modulo(&body[10..], 97)) % 97;
            iban(draw, "FR", &format!("{body}{key:02}"))
        },
    },
    Kind {
        name: "iban:de",
        named: &["IBAN", "Konto", "Bankverbindung", "account"],
        family: None,
        make: |draw| {
            let body = draw.digits(18);
            iban(draw, "DE", &body)
        },
    },
    Kind {
        name: "iban:nl",
        named: &["IBAN", "rekening"],
        family: None,
        make: |draw| {
            let body = format!("{}0{}", draw.pick(&["ABNA", "INGB", "RABO", "TRIO"]), draw.digits(9));
            iban(draw, "NL", &body)
        },
    },
    Kind {
        name: "card",
        named: &["carte", "card", "PAN", "Kreditkarte", "tarjeta", "carta", "kaart", "karta", "cartão"],
        family: None,
        make: card,
    },
    Kind {
        name: "jwt",
        named: &["token", "jeton", "authorization", "access_token"],
        family: None,
        make: |draw| {
            let of = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            alone(format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{}.{}", draw.letters(40, of), draw.letters(43, of)))
        },
    },
    Kind {
        name: "password",
        named: &["password", "mot_de_passe", "passwd", "Passwort", "contraseña", "wachtwoord", "hasło", "senha"],
        family: None,
        make: |draw| in_field(draw.letters(12, "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")),
    },
    Kind {
        name: "cloud key",
        named: &["access key", "aws_access_key_id", "key"],
        family: None,
        make: |draw| alone(format!("AKIA{}", draw.letters(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))),
    },
    Kind {
        name: "birth date",
        named: &[
            "date de naissance",
            "né le",
            "date of birth",
            "birthdate",
            "Geburtsdatum",
            "fecha de nacimiento",
            "data di nascita",
            "geboortedatum",
            "data urodzenia",
            "data de nascimento",
        ],
        family: None,
        make: |draw| {
            let (year, _, month, day) = draw.birth();
            beside(match draw.between(0, 3) {
                0 => format!("{day}/{month}/{year}"),
                1 => format!("{day}.{month}.{year}"),
                _ => format!("{year}-{month}-{day}"),
            })
        },
    },
];

fn email(draw: &mut Draw) -> Value {
    let first =
        draw.pick(&["marie", "jean-pierre", "claire", "karl.heinz", "zofia", "joao", "m", "lucia", "o'brien", "sven"]);
    let last = draw.pick(&["martin", "dupont", "mueller", "garcia", "rossi", "devries", "kowalski", "silva"]);
    let domain = draw.pick(&[
        "orange.fr",
        "free.fr",
        "gmail.com",
        "gmx.de",
        "mairie-lyon.fr",
        "uni-wien.ac.at",
        "example.co.uk",
        "wp.pl",
    ]);
    let mark = draw.pick(&[".", "_", "+", "-"]);
    alone(format!("{first}{mark}{last}{}@{domain}", draw.pick(&["", "75", "1984"])))
}

fn iban(draw: &mut Draw, country: &str, body: &str) -> Value {
    let check = 98 - mod_97(&format!("{body}{country}00"));
    let text = format!("{country}{check:02}{body}");
    alone(if draw.once_in(2) { grouped(&text, &vec![4; text.len() / 4], " ") } else { text })
}

fn card(draw: &mut Draw) -> Value {
    let (beginning, length) =
        [("4970", 16), ("5132", 16), ("2221", 16), ("4539", 16), ("374", 15)][draw.between(0, 5) as usize];
    let body = format!("{beginning}{}", draw.digits(length - 1 - beginning.len()));
    let text = format!("{body}{}", luhn(&body));
    alone(match draw.between(0, 3) {
        0 if length == 16 => grouped(&text, &[4, 4, 4], " "),
        1 if length == 16 => grouped(&text, &[4, 4, 4], "-"),
        _ => text,
    })
}
