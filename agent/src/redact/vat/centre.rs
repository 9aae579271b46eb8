//! Austria, Belgium, Czechia, Germany, Hungary, Luxembourg, the Netherlands, Poland, Slovakia. What stands behind the prefix goes
//! in, of any length.

use super::super::checksum::{are_digits, digit, mod_11_10, number, two, value, weighted};
use super::super::national::{be, cz, nl, pl};

/// U and eight digits: Luhn's sum over the first seven, plus 4 (UStG § 28).
pub(super) fn austria(plain: &[u8]) -> bool {
    let Some(digits) = plain.strip_prefix(b"U").filter(|digits| digits.len() == 8 && are_digits(digits)) else {
        return false;
    };
    let doubled = |byte: &u8| digit(*byte) * 2 / 10 + digit(*byte) * 2 % 10;
    let odd: u32 = [0, 2, 4, 6].iter().map(|at| digit(digits[*at])).sum();
    let even: u32 = [1, 3, 5].iter().map(|at| doubled(&digits[*at])).sum();
    (odd + even + digit(digits[7]) + 4).is_multiple_of(10)
}

/// The number of the undertaking, of old without its first 0.
pub(super) fn belgium(plain: &[u8]) -> bool {
    plain.len() == 10 && are_digits(plain) && be::is_kbo(plain)
}

/// Eight digits for undertakings, a birth number for persons, nine from 6 for others (zákon č. 235/2004 Sb.).
pub(super) fn czechia(plain: &[u8]) -> bool {
    if !are_digits(plain) {
        return false;
    }
    match plain.len() {
        8 => {
            let check = (11 - weighted(plain, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            plain[0] != b'9' && (if check == 0 { 1 } else { check }) % 10 == digit(plain[7])
        }
        9 if plain[0] == b'6' => {
            let rest = weighted(&plain[1..], &[8, 7, 6, 5, 4, 3, 2]) % 11;
            (18 - (10 + 11 - rest) % 11) % 10 == digit(plain[8])
        }
        9 | 10 => cz::is_rc(plain),
        _ => false,
    }
}

/// Nine digits, ISO 7064 MOD 11,10 (UStG § 27a).
pub(super) fn germany(plain: &[u8]) -> bool {
    plain.len() == 9 && are_digits(plain) && plain[0] != b'0' && mod_11_10(plain)
}

/// Eight digits: weights 9 7 3 1 9 7 3 modulo 10.
pub(super) fn hungary(plain: &[u8]) -> bool {
    plain.len() == 8
        && are_digits(plain)
        && number(plain) > 0
        && weighted(plain, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10)
}

/// Eight digits: the first six modulo 89.
pub(super) fn luxembourg(plain: &[u8]) -> bool {
    plain.len() == 8 && are_digits(plain) && number(plain) > 0 && number(&plain[..6]) % 89 == u64::from(two(plain, 6))
}

/// Nine digits, B, two digits: the eleven test, or since 2020 ISO 7064 MOD 97-10 over all with letters as numbers.
pub(super) fn netherlands(plain: &[u8]) -> bool {
    let digits = plain.len() == 12 && are_digits(&plain[..9]) && plain[9] == b'B' && are_digits(&plain[10..]);
    digits && number(&plain[..9]) > 0 && two(plain, 10) > 0 && (nl::is_bsn(&plain[..9]) || is_mod_97(plain))
}

/// Letters count as two digits, A as 10; `NL` stands before.
fn is_mod_97(plain: &[u8]) -> bool {
    let each = |rest: u32, byte: &u8| (if byte.is_ascii_digit() { rest * 10 } else { rest * 100 } + value(*byte)) % 97;
    b"NL".iter().chain(plain).fold(0, each) == 1
}

/// The NIP.
pub(super) fn poland(plain: &[u8]) -> bool {
    plain.len() == 10 && are_digits(plain) && pl::is_nip(plain)
}

/// Ten digits, divisible by 11, the third 2, 3, 4, 7, 8 or 9 (zákon č. 222/2004 Z. z.); or a birth number.
pub(super) fn slovakia(plain: &[u8]) -> bool {
    let third = || matches!(plain[2], b'2'..=b'4' | b'7'..=b'9');
    plain.len() == 10
        && are_digits(plain)
        && (plain[0] != b'0' && third() && number(plain).is_multiple_of(11) || cz::is_rc(plain))
}
