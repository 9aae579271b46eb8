//! Britain, Denmark, Estonia, Finland, Ireland, Latvia, Lithuania, Norway, Sweden. What stands behind the prefix goes in, of any
//! length.

use super::super::checksum::{are_digits, digit, luhn, number, two, weighted};
use super::super::national::{baltic, ie};

/// Nine digits, or twelve with a branch: weights 8 to 2, then the last two, 0 or 42 (55 from number 100) modulo 97 (HMRC, VAT Notice
/// 725).
pub(super) fn britain(plain: &[u8]) -> bool {
    if !matches!(plain.len(), 9 | 12) || !are_digits(plain) || number(&plain[..7]) == 0 {
        return false;
    }
    let rest = (weighted(plain, &[8, 7, 6, 5, 4, 3, 2]) + two(plain, 7)) % 97;
    rest == 0 || plain[0] != b'0' && (rest == 42 || rest == 55)
}

/// Eight digits: weights 2 7 6 5 4 3 2 1 modulo 11.
pub(super) fn denmark(plain: &[u8]) -> bool {
    plain.len() == 8
        && are_digits(plain)
        && plain[0] != b'0'
        && weighted(plain, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Nine digits: weights 3 7 1 in turn, modulo 10.
pub(super) fn estonia(plain: &[u8]) -> bool {
    plain.len() == 9
        && are_digits(plain)
        && number(plain) > 0
        && weighted(plain, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// Eight digits: weights 7 9 10 5 8 4 2 modulo 11.
pub(super) fn finland(plain: &[u8]) -> bool {
    plain.len() == 8
        && are_digits(plain)
        && number(plain) > 0
        && weighted(plain, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11)
}

/// As a PPS number; of old the second was a letter.
pub(super) fn ireland(plain: &[u8]) -> bool {
    if !matches!(plain.len(), 8 | 9) {
        return false;
    }
    if plain.len() == 8 && plain[1].is_ascii_uppercase() {
        let [first, _, second, third, fourth, fifth, sixth, check] = [0, 1, 2, 3, 4, 5, 6, 7].map(|at| plain[at]);
        return ie::is_pps(&[b'0', second, third, fourth, fifth, sixth, first, check]);
    }
    ie::is_pps(plain)
}

/// Eleven digits: undertakings from 4, else a number of a person.
pub(super) fn latvia(plain: &[u8]) -> bool {
    if plain.len() != 11 || !are_digits(plain) {
        return false;
    }
    let of_undertakings = || weighted(plain, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3;
    if plain[0] > b'3' { of_undertakings() } else { baltic::is_latvian(plain) }
}

/// Nine digits, twelve for who pays for a time; the last but one is 1.
pub(super) fn lithuania(plain: &[u8]) -> bool {
    if !matches!(plain.len(), 9 | 12) || !are_digits(plain) || plain[plain.len() - 2] != b'1' {
        return false;
    }
    let (last, rest) = (digit(plain[plain.len() - 1]), &plain[..plain.len() - 1]);
    let check = match weighted(rest, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2]) % 11 {
        10 => weighted(rest, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4]) % 11 % 10,
        rest => rest,
    };
    check == last
}

/// Nine digits and MVA: weights 3 2 7 6 5 4 3 2 modulo 11.
pub(super) fn norway(plain: &[u8]) -> bool {
    plain.len() == 12
        && plain.ends_with(b"MVA")
        && are_digits(&plain[..9])
        && matches!(plain[0], b'8' | b'9')
        && weighted(plain, &[3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// The number of the undertaking or person, with Luhn's digit, and 01.
pub(super) fn sweden(plain: &[u8]) -> bool {
    plain.len() == 12 && are_digits(plain) && plain.ends_with(b"01") && number(&plain[..10]) > 0 && luhn(&plain[..10])
}
