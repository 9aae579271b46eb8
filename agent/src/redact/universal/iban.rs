//! Numbers of bank accounts that are the same all over Europe.

use super::super::checksum::letters_mod_97;
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
    source: "ISO 13616-1; SWIFT, IBAN Registry, for lengths; ISO/IEC 7064 (mod 97-10)",
    matches: &[
        "iban=[[FR1420041010050500013M02606]]",
        "sur [[FR14 2004 1010 0505 0001 3M02 606]] le",
        "[[DE89370400440532013000]]",
        "[[GB29 NWBK 6016 1331 9268 19]] BIC NWBKGB2L",
        "[[gb29nwbk60161331926819]]",
        "[[BE68-5390-0754-7034]]",
        "to [[DE 89370400440532013000]]",
        "[[FR14\u{a0}2004\u{a0}1010\u{a0}0505\u{a0}0001\u{a0}3M02\u{a0}606]]",
        "[[ES9121000418450200051332]] [[IT60X0542811101000000123456]]",
        "[[PT50000201231234567890154]] [[NL91ABNA0417164300]]",
        "[[NO9386011117947]]",
        "[[FR5959874906068157089319426]] [[IT05S4706589893470125807997]] [[PT10200229149410383268939]]",
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

/// Whether a number of at most `room` bytes may begin with these letters, in any case.
#[inline(always)]
pub(in super::super) fn may_begin(letters: [u8; 2], room: usize) -> bool {
    length(&letters.map(|letter| letter.to_ascii_uppercase())).is_some_and(|length| length <= room)
}

/// Lengths by the places of both letters in the alphabet, 0 where there is no such country.
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
    has_form(&head[..2], account).then_some(Shape::Canonical)
}

/// Whether digits stand where the country has digits. National keys are not asked for: a number whose last digits were mistyped,
/// or that a test invented, tells as much, and no other kind of value has this form and these check digits.
fn has_form(country: &[u8], account: &[u8]) -> bool {
    let are_digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    match country {
        b"FR" | b"MC" => are_digits(&account[..10]) && are_digits(&account[21..]),
        b"IT" | b"SM" => account[0].is_ascii_uppercase() && are_digits(&account[1..11]),
        b"BE" | b"ES" | b"PT" | b"DE" | b"AT" | b"PL" | b"HU" | b"CZ" | b"SK" | b"DK" | b"NO" | b"SE" | b"FI"
        | b"EE" | b"LT" | b"SI" | b"HR" => are_digits(account),
        _ => true,
    }
}
