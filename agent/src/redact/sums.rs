//! Sums that tell a number from a random one.

/// Whether the last digit is right by Luhn: every second digit from the right doubled, its digits summed, modulo 10.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit & 15);
            if at % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// What a number written in digits leaves when divided.
pub(super) fn digits_mod(digits: &[u8], divisor: u32) -> u32 {
    digits.iter().fold(0, |rest, digit| (rest * 10 + u32::from(digit & 15)) % divisor)
}

/// What is left by 97 when letters are read as two digits (A is 10) behind `before`.
pub(super) fn letters_mod_97(text: &[u8], before: u32) -> u32 {
    text.iter().fold(before, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.wrapping_sub(b'A')) + 10) % 97,
    })
}
