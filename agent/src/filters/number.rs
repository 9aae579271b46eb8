//! Numbers of conditions, compared exactly.

use std::cmp::Ordering;

/// A number as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// Digits alone, with or without a sign, as far as 128 bits hold them.
    Integer(i128),
    /// Any other.
    Float(f64),
}

impl Number {
    /// The number that `text` is, blanks around it left out.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let integer = text.parse().ok().map(Self::Integer);
        integer.or_else(|| text.parse().ok().map(Self::Float))
    }

    /// Whether it is neither infinite nor `NaN`.
    pub(super) fn is_finite(self) -> bool {
        !matches!(self, Self::Float(float) if !float.is_finite())
    }

    /// How it stands to `other`; `None` where one is `NaN`.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => Some(one.cmp(&other)),
            (Self::Float(one), Self::Float(other)) => one.partial_cmp(&other),
            (Self::Integer(one), Self::Float(other)) => against(one, other),
            (Self::Float(one), Self::Integer(other)) => against(other, one).map(Ordering::reverse),
        }
    }
}

/// How `integer` stands to `float`, without rounding either.
fn against(integer: i128, float: f64) -> Option<Ordering> {
    /// 2 to the power of 127, above each `i128`.
    const ABOVE: f64 = -(i128::MIN as f64);
    if float.is_nan() {
        return None;
    }
    if float >= ABOVE {
        return Some(Ordering::Less);
    }
    if float < -ABOVE {
        return Some(Ordering::Greater);
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the limits")]
    let whole = float.trunc() as i128;
    Some(integer.cmp(&whole).then(0.0.partial_cmp(&float.fract())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_exactly() {
        use Ordering::{Equal, Greater, Less};
        for (one, other, expected) in [
            ("9007199254740993", "9007199254740992", Some(Greater)),
            ("18446744073709551615", "18446744073709551614", Some(Greater)),
            ("-9223372036854775808", "-9223372036854775807", Some(Less)),
            ("9007199254740993", "9007199254740992.0", Some(Greater)),
            ("9007199254740992", "9007199254740992.0", Some(Equal)),
            ("5", "5.5", Some(Less)),
            ("-5", "-5.5", Some(Greater)),
            ("0", "-0.0", Some(Equal)),
            ("1000", "1e3", Some(Equal)),
            ("170141183460469231731687303715884105727", "1.7014118346046923e38", Some(Less)),
            ("-170141183460469231731687303715884105728", "-1.7014118346046923e38", Some(Equal)),
            ("-170141183460469231731687303715884105728", "-1e39", Some(Greater)),
            ("999999999999999999999999999999999999999999", "5", Some(Greater)),
            (" 1.5 ", "1.25", Some(Greater)),
            ("1", "inf", Some(Less)),
            ("1", "nan", None),
        ] {
            let (first, second) = (Number::read(one).expect("a number"), Number::read(other).expect("a number"));
            assert_eq!(first.compare(second), expected, "{one} {other}");
            assert_eq!(second.compare(first), expected.map(Ordering::reverse), "{other} {one}");
        }
        assert_eq!(Number::read("x"), None);
        assert!(!Number::Float(f64::INFINITY).is_finite());
    }
}
