//! Check digits, reckoned from the published rules without a look at the agent's, so that an error in one of the two shows.

/// The values of digits.
pub(crate) fn digits(text: &str) -> Vec<i64> {
    text.chars().filter_map(|letter| letter.to_digit(10)).map(i64::from).collect()
}

/// The sum of digits times weights.
pub(crate) fn dot(text: &str, weights: &[i64]) -> i64 {
    assert_eq!(text.len(), weights.len(), "as many weights as digits");
    digits(text).iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// The number that digits write, modulo `by`.
pub(crate) fn modulo(text: &str, by: i64) -> i64 {
    digits(text).iter().fold(0, |rest, digit| (rest * 10 + digit) % by)
}

/// Luhn's check digit for what is without one.
pub(crate) fn luhn(text: &str) -> i64 {
    let mut sum = 0;
    for (place, digit) in digits(text).iter().rev().enumerate() {
        let doubled = if place % 2 == 0 { digit * 2 } else { *digit };
        sum += doubled / 10 + doubled % 10;
    }
    (10 - sum % 10) % 10
}

/// The check digit of ISO 7064 MOD 11,10, by the definition with products of 10.
pub(crate) fn mod_11_10(text: &str) -> i64 {
    let mut product = 10;
    for digit in digits(text) {
        let mut sum = (digit + product) % 10;
        if sum == 0 {
            sum = 10;
        }
        product = (2 * sum) % 11;
    }
    (11 - product) % 10
}

/// Verhoeff's check digit, by the multiplication of symmetries of a pentagon.
pub(crate) fn verhoeff(text: &str) -> i64 {
    let times = |left: i64, right: i64| match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => 5 + (left + right) % 5,
        (false, true) => 5 + (left - right).rem_euclid(5),
        (false, false) => (left - right).rem_euclid(5),
    };
    let step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut product = 0;
    for (place, digit) in digits(text).iter().rev().enumerate() {
        let permuted = (0..(place + 1) % 8).fold(*digit, |digit, _| step[digit as usize]);
        product = times(product, permuted);
    }
    (0..10).find(|check| times(product, *check) == 0).unwrap_or_default()
}

/// The check digit of ICAO 9303.
pub(crate) fn icao(text: &str) -> i64 {
    let values = text.chars().filter_map(|letter| letter.to_digit(36)).map(i64::from);
    values.zip([7, 3, 1].iter().cycle()).map(|(value, weight)| value * weight).sum::<i64>() % 10
}

/// ISO 7064 MOD 97-10: the rest of letters and digits, letters as two digits from 10.
pub(crate) fn mod_97(text: &str) -> i64 {
    let spelled: String =
        text.chars().filter_map(|letter| letter.to_digit(36)).map(|value| value.to_string()).collect();
    modulo(&spelled, 97)
}

/// The sum of the digits of products.
pub(crate) fn crossed(text: &str, weights: &[i64]) -> i64 {
    digits(text)
        .iter()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .map(|product| product / 10 + product % 10)
        .sum()
}
