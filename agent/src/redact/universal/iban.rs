//! Numbers of bank accounts that are the same all over Europe.

use super::super::checksum::{digits_mod, letters_mod_97};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Country, two check digits, and the account as the country writes it.
pub(in super::super) const IBAN: Detector = Detector {
    entity: "iban",
    group: Group::Bank,
    tier: Tier::One,
    form: Form::Scanned,
    check,
    context: &[
        "iban",
        "rib",
        "compte",
        "account",
        "konto",
        "cuenta",
        "conto",
        "rekening",
        "rachunek",
        "conta",
        "bankverbindung",
    ],
    summary: "International number of a bank account (IBAN)",
    source: "ISO 13616-1; SWIFT, IBAN Registry, for lengths; ISO/IEC 7064 (mod 97-10); national keys of France, Monaco, Belgium, Spain, Italy, San Marino and Portugal",
    matches: &[
        "iban=[[FR1420041010050500013M02606]]",
        "sur [[FR14 2004 1010 0505 0001 3M02 606]] le",
        "[[DE89370400440532013000]]",
        "[[GB29 NWBK 6016 1331 9268 19]] BIC NWBKGB2L",
        "[[gb29nwbk60161331926819]]",
        "[[BE68-5390-0754-7034]]",
        "[[FR14\u{a0}2004\u{a0}1010\u{a0}0505\u{a0}0001\u{a0}3M02\u{a0}606]]",
        "[[ES9121000418450200051332]] [[IT60X0542811101000000123456]]",
        "[[PT50000201231234567890154]] [[NL91ABNA0417164300]]",
        "[[NO9386011117947]]",
    ],
    rejects: &[
        "FR1420041010050500013M02607",
        "DE12 3456 7890 AB",
        "xFR1420041010050500013M02606",
        "FR1420041010050500013M026061",
        "AB12CD34EF56",
    ],
};

const LENGTHS: &[u8] = b"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

/// How long the number is that begins with the letters of this country.
pub(in super::super) fn length(country: &[u8]) -> Option<usize> {
    let [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] = *country else { return None };
    let length = BY_COUNTRY[usize::from(first & 31)][usize::from(second & 31)];
    (length > 0).then_some(length.into())
}

/// The same by the places of both letters in the alphabet, 0 where there is no such country.
static BY_COUNTRY: [[u8; 32]; 32] = {
    let mut table = [[0; 32]; 32];
    let (rows, _) = LENGTHS.as_chunks::<4>();
    let mut at = 0;
    while at < rows.len() {
        let [first, second, tens, ones] = rows[at];
        table[(first & 31) as usize][(second & 31) as usize] = (tens - b'0') * 10 + ones - b'0';
        at += 1;
    }
    table
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let plain = candidate.plain;
    let (head, account) = plain.split_at_checked(4)?;
    if length(&head[..2])? != plain.len() || letters_mod_97(head, letters_mod_97(account, 0)) != 1 {
        return None;
    }
    has_national_key(&head[..2], account).then_some(Shape::Canonical)
}

fn has_national_key(country: &[u8], account: &[u8]) -> bool {
    let is_digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    match country {
        b"FR" | b"MC" => super::rib::has_key(account),
        b"BE" => is_digits(account) && digits_mod(&account[..10], 97) == digits_mod(&account[10..], 100) % 97,
        b"ES" => is_digits(account) && spanish(account),
        b"IT" | b"SM" => italian(account) == account[0],
        b"PT" => is_digits(account) && digits_mod(account, 97) == 1,
        b"DE" | b"AT" | b"PL" | b"HU" | b"CZ" | b"SK" | b"DK" | b"NO" | b"SE" | b"FI" | b"EE" | b"LT" | b"SI"
        | b"HR" => is_digits(account),
        _ => true,
    }
}

/// The two control digits of a Spanish account: of bank and branch, and of the account.
fn spanish(account: &[u8]) -> bool {
    let control = |digits: &[u8]| {
        const WEIGHTS: [u32; 10] = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
        let weights = &WEIGHTS[10 - digits.len()..];
        let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        match 11 - sum % 11 {
            11 => b'0',
            10 => b'1',
            digit => b'0' + digit as u8,
        }
    };
    account.len() == 20 && control(&account[..8]) == account[8] && control(&account[10..]) == account[9]
}

/// The control letter (CIN) of an Italian account.
fn italian(account: &[u8]) -> u8 {
    const ODD: &[u8; 26] =
        &[1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let value = |byte: u8| if byte.is_ascii_digit() { byte - b'0' } else { (byte - b'A') % 26 };
    let sum: u32 = account[1..]
        .iter()
        .enumerate()
        .map(|(at, byte)| u32::from(if at % 2 == 0 { ODD[usize::from(value(*byte))] } else { value(*byte) }))
        .sum();
    b'A' + (sum % 26) as u8
}
