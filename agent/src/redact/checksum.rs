//! The arithmetic that numbers of identity, tax and trade share. Bytes in, numbers or yes and no out; no table of any one
//! number stands here.
//!
//! All take ASCII digits, and letters in upper case where they say so; what else is handed in gives a wrong answer, not a panic.

/// The value of an ASCII digit, 0 to 9.
pub(super) const fn digit(byte: u8) -> u32 {
    (byte & 0x0f) as u32
}

/// The value of a digit or letter as ICAO 9303 and ISO 7064 count: 0 to 9, then A = 10 to Z = 35.
pub(super) const fn value(byte: u8) -> u32 {
    if byte.is_ascii_digit() { digit(byte) } else { (byte & 0x1f) as u32 + 9 }
}

/// The number that digits write; at most 19 of them, more wrap around.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(10).wrapping_add(u64::from(byte & 0x0f)))
}

/// What a number written in digits leaves when divided.
pub fn digits_mod(digits: &[u8], divisor: u32) -> u32 {
    digits.iter().fold(0, |rest, byte| (rest * 10 + digit(*byte)) % divisor)
}

/// What is left by 97 when letters are read as two digits (A is 10) behind `before`.
pub(super) fn letters_mod_97(text: &[u8], before: u32) -> u32 {
    text.iter().fold(before, |rest, byte| (rest * if byte.is_ascii_digit() { 10 } else { 100 } + value(*byte)) % 97)
}

/// The number that two digits at `at` write; 0 where there are none.
pub(super) fn two(digits: &[u8], at: usize) -> u32 {
    match digits.get(at..at + 2) {
        Some([tens, ones]) => digit(*tens) * 10 + digit(*ones),
        _ => 0,
    }
}

/// The sum of digits, each times its weight. What is longer counts as far as the shorter.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(byte, weight)| digit(*byte) * weight).sum()
}

/// What a digit counts in Luhn's sum: as it is, and doubled.
const LUHN: [[u8; 16]; 2] =
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [0, 2, 4, 6, 8, 1, 3, 5, 7, 9, 0, 0, 0, 0, 0, 0]];

/// Whether the last digit is the one of Luhn's rule (ISO/IEC 7812-1, annex B): from the right every second digit is doubled.
pub fn luhn(digits: &[u8]) -> bool {
    let (mut sum, mut doubled) = (0_u32, digits.len() & 1 ^ 1);
    for byte in digits {
        sum += u32::from(LUHN[doubled][usize::from(byte & 0x0f)]);
        doubled ^= 1;
    }
    sum.is_multiple_of(10)
}

/// Whether the last digit is the check digit of ISO 7064 MOD 11,10.
pub fn mod_11_10(digits: &[u8]) -> bool {
    let Some((last, rest)) = digits.split_last() else { return false };
    let product = rest.iter().fold(10, |product, byte| {
        let sum = (product + digit(*byte)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == digit(*last)
}

/// Whether the last digit is the check digit of Verhoeff's rule.
///
/// # Source
/// J. Verhoeff, Error Detecting Decimal Codes, 1969: the dihedral group of order ten and a permutation of order eight.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    const PERMUTED: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let permuted =
        |(at, byte): (usize, &u8)| PERMUTED[at % 8].get(usize::from(byte & 0x0f)).copied().unwrap_or_default();
    digits.iter().rev().enumerate().map(permuted).fold(0, turned) == 0
}

/// The product of two elements of the dihedral group of order ten: 0 to 4 turn, 5 to 9 turn and flip.
fn turned(left: u8, right: u8) -> u8 {
    match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => (left + right - 5) % 5 + 5,
        (false, true) => (left + 5 - right) % 5 + 5,
        (false, false) => (left + 5 - right) % 5,
    }
}

/// The check digit that ICAO 9303 puts behind digits and letters of travel documents: weights 7, 3, 1;
/// the filler `<` counts 0.
pub(super) fn icao(plain: &[u8]) -> u32 {
    let counted = |byte: u8| if byte == b'<' { 0 } else { value(byte) };
    plain.iter().zip([7, 3, 1].into_iter().cycle()).map(|(byte, weight)| counted(*byte) * weight).sum::<u32>() % 10
}

/// The sum of the digits of each digit times 1 or 2 in turn, `first` being the weight that begins: Luhn's sum from the left.
pub(super) fn crossed(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(byte, weight)| digit(*byte) * weight)
        .map(|product| product / 10 + product % 10)
        .sum()
}

/// Whether there is such a day in the Gregorian calendar.
pub(super) fn is_day(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    1 <= day && day <= days
}

/// Whether there is such a day in some year that ends with these two digits.
pub(super) fn is_day_of_some_century(year: u32, month: u32, day: u32) -> bool {
    is_day(2000 + year % 100, month, day)
}

/// Whether 14 digits may write a moment of 1970 to 2099 as `YYYYMMDDhhmmss`, or 12 as `YYYYMMDDhhmm`.
pub(super) fn is_moment(digits: &[u8]) -> bool {
    let century = two(digits, 0);
    (century == 20 || century == 19 && two(digits, 2) >= 70)
        && is_day(century * 100 + two(digits, 2), two(digits, 4), two(digits, 6))
        && two(digits, 8) < 24
        && two(digits, 10) < 60
        && (digits.len() < 14 || two(digits, 12) <= 60)
}

/// Whether all are digits.
pub(super) fn are_digits(plain: &[u8]) -> bool {
    plain.iter().all(u8::is_ascii_digit)
}

/// Whether all are letters.
pub(super) fn are_letters(plain: &[u8]) -> bool {
    plain.iter().all(u8::is_ascii_uppercase)
}

/// Whether all are the same, as in `00000000`: a filler that passes most checks and is nobody's number.
pub(super) fn are_alike(plain: &[u8]) -> bool {
    plain.iter().all(|byte| Some(byte) == plain.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_takes_published_numbers_and_no_digit_changed() {
        for good in ["79927398713", "4111111111111111", "378282246310005", "0", "18", "732829320"] {
            assert!(luhn(good.as_bytes()), "{good}");
        }
        for wrong in ["79927398710", "4111111111111112", "81", "1"] {
            assert!(!luhn(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn iso_7064_takes_its_published_example() {
        assert!(mod_11_10(b"07945"));
        assert!(!mod_11_10(b"07946"));
        assert!(mod_11_10(b"33392005961"));
        assert!(!mod_11_10(b""));
    }

    #[test]
    fn verhoeff_takes_its_published_examples_and_sees_neighbours_swapped() {
        for good in ["2363", "123451", "1234567890120"] {
            assert!(verhoeff(good.as_bytes()), "{good}");
        }
        for wrong in ["2364", "3263", "213451"] {
            assert!(!verhoeff(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn the_check_digits_of_the_specimen_of_icao_9303_come_out() {
        assert_eq!(icao(b"L898902C3"), 6);
        assert_eq!(icao(b"740812"), 2);
        assert_eq!(icao(b"120415"), 9);
    }

    #[test]
    fn sums_are_those_done_by_hand() {
        assert_eq!(weighted(b"123", &[3, 2, 1]), 10);
        assert_eq!(crossed(b"789", &[2, 1, 2]), 5 + 8 + 9);
        assert_eq!(number(b"0042"), 42);
        assert_eq!((two(b"123", 1), two(b"123", 2)), (23, 0));
        assert_eq!((value(b'7'), value(b'A'), value(b'Z')), (7, 10, 35));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert!(is_day(2000, 2, 29) && is_day(2024, 2, 29) && is_day(1999, 12, 31));
        assert!(!is_day(1900, 2, 29) && !is_day(2023, 2, 29) && !is_day(2023, 4, 31) && !is_day(2023, 0, 1));
        assert!(is_day_of_some_century(0, 2, 29) && !is_day_of_some_century(1, 2, 29));
    }

    #[test]
    fn moments_are_told_from_numbers() {
        assert!(is_moment(b"20261128155612") && is_moment(b"202611281556") && is_moment(b"19991231235960"));
        assert!(!is_moment(b"20261328155612") && !is_moment(b"20261128255612") && !is_moment(b"73282932000074"));
    }

    #[test]
    fn fillers_are_told() {
        assert!(are_alike(b"0000") && !are_alike(b"0001"));
        assert!(are_digits(b"019") && !are_digits(b"01A") && are_letters(b"AZ") && !are_letters(b"A1"));
    }
}
