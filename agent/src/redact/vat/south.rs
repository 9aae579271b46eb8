//! Bulgaria, Croatia, Cyprus, Greece, Italy, Malta, Portugal, Romania, Slovenia, Spain. What stands behind the prefix goes in, of
//! any length.

use super::super::checksum::{are_alike, are_digits, digit, mod_11_10, number, two, weighted};
use super::super::national::{bg, es, gr, islands, it, pt, ro, si};

/// Nine digits for undertakings; ten for persons, foreigners and others.
pub(super) fn bulgaria(plain: &[u8]) -> bool {
    if !are_digits(plain) || number(plain) == 0 {
        return false;
    }
    match plain.len() {
        9 => {
            let check = match weighted(plain, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
                10 => weighted(plain, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10,
                rest => rest,
            };
            check == digit(plain[8])
        }
        10 => {
            let other = (11 - weighted(plain, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            bg::is_egn(plain) || bg::is_lnch(plain) || other == digit(plain[9])
        }
        _ => false,
    }
}

/// The OIB.
pub(super) fn croatia(plain: &[u8]) -> bool {
    plain.len() == 11 && are_digits(plain) && mod_11_10(plain) && !are_alike(plain)
}

/// Eight digits and a letter; 12 at the front is never given.
pub(super) fn cyprus(plain: &[u8]) -> bool {
    plain.len() == 9 && !plain.starts_with(b"12") && islands::is_cypriot(plain)
}

/// The AFM.
pub(super) fn greece(plain: &[u8]) -> bool {
    plain.len() == 9 && are_digits(plain) && gr::is_afm(plain)
}

/// The partita IVA.
pub(super) fn italy(plain: &[u8]) -> bool {
    plain.len() == 11 && are_digits(plain) && it::is_piva(plain)
}

/// Eight digits: weights 3 4 6 7 8 9 against 37.
pub(super) fn malta(plain: &[u8]) -> bool {
    plain.len() == 8
        && are_digits(plain)
        && plain[0] != b'0'
        && (weighted(plain, &[3, 4, 6, 7, 8, 9]) + two(plain, 6)).is_multiple_of(37)
}

/// The NIF.
pub(super) fn portugal(plain: &[u8]) -> bool {
    plain.len() == 9 && are_digits(plain) && pt::is_nif(plain)
}

/// Six to ten digits: weights 7 5 3 2 1 7 5 3 2 from the right, times 10, modulo 11; or a CNP. Shorter ones are too likely by
/// chance.
pub(super) fn romania(plain: &[u8]) -> bool {
    if !are_digits(plain) || plain[0] == b'0' {
        return false;
    }
    match plain.len() {
        6..=10 => {
            let (last, rest) = (digit(plain[plain.len() - 1]), &plain[..plain.len() - 1]);
            let weights: &[u32] = &[7, 5, 3, 2, 1, 7, 5, 3, 2];
            weighted(rest, &weights[9 - rest.len()..]) * 10 % 11 % 10 == last
        }
        13 => ro::is_cnp(plain),
        _ => false,
    }
}

/// The tax number.
pub(super) fn slovenia(plain: &[u8]) -> bool {
    plain.len() == 8 && are_digits(plain) && si::is_davcna(plain)
}

/// The tax number of a person, foreigner or undertaking.
pub(super) fn spain(plain: &[u8]) -> bool {
    plain.len() == 9 && es::is_nif(plain)
}
