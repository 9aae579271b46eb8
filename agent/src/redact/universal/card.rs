//! Numbers of payment cards.

use super::super::checksum::luhn;
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// 14 to 16 digits of a known issuer count by themselves; other lengths need a word.
pub(in super::super) const CARD: Detector = Detector {
    entity: "card",
    group: Group::Card,
    tier: Tier::Two,
    form: Form::Digits { lengths: &[12, 13, 14, 15, 16, 17, 18, 19] },
    check,
    context: &[
        "carte",
        "cb",
        "pan",
        "card",
        "cardnumber",
        "card_number",
        "credit_card",
        "creditcard",
        "cc_number",
        "ccnum",
        "kreditkarte",
        "kartennummer",
        "tarjeta",
        "carta",
        "kaart",
        "karta",
        "cartao",
        "visa",
        "mastercard",
        "amex",
        "carte_bancaire",
        "maestro",
    ],
    summary: "Number of a payment card (PAN)",
    source: "ISO/IEC 7812-1 (Luhn, annex B); ranges that the schemes publish",
    matches: &[
        "paid with [[4111111111111111]].",
        "card [[4111 1111 1111 1111]] 123",
        "[[4111-1111-1111-1111]]",
        "amex [[3782 822463 10005]]",
        "diners [[30569309025904]]",
        "ref [[5555555555554444]] ok",
        "\"pan\":[[2221000000000009]]",
        "carte [[4222222222222]]",
        "x [[4111\u{a0}1111\u{202f}1111\u{a0}1111]] y",
        "track %B[[4111111111111111]]^DOE/JANE^2812",
        "num [[４１１１１１１１１１１１１１１１]]",
    ],
    rejects: &[
        "4111111111111112",
        "blk_-4111111111111111 x4111111111111111",
        "41111111-1111-1111-1111-1111111111111111a",
        "trace_id=4111111111111111a",
        "at 1732791234567890",
        "0000000000000000 4444444444444444",
        "4222222222222",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    ],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let digits = candidate.plain;
    let lengths = issuer(digits)?;
    let is_same = digits.iter().all(|digit| *digit == digits[0]);
    if !lengths.contains(&digits.len()) || !is_written(candidate) || is_same || !luhn(digits) {
        return None;
    }
    let is_grouped = candidate.groups == [4, 4, 4, 4];
    let counts = match digits[0] {
        b'3' => digits.len() <= 16,
        b'5' | b'6' if is_maestro(digits) => digits.len() == 16 && (is_grouped || is_known_maestro(digits)),
        _ => digits.len() == 16,
    };
    Some(if counts { Shape::Canonical } else { Shape::Bare })
}

/// Whether the issuer is one of the many ranges of Maestro, which hold a tenth of all numbers.
fn is_maestro(digits: &[u8]) -> bool {
    let is_discover =
        digits.starts_with(b"6011") || digits.starts_with(b"65") || matches!(&digits[..3], [b'6', b'4', b'4'..=b'9']);
    let is_other = matches!(digits[..2], [b'5', b'1'..=b'5'] | [b'6', b'2']) || is_discover;
    !is_other
}

/// Ranges of Maestro that are in use.
fn is_known_maestro(digits: &[u8]) -> bool {
    const HEADS: [&[u8; 4]; 10] =
        [b"5018", b"5019", b"5020", b"5038", b"5612", b"5893", b"6304", b"6759", b"6761", b"6762"];
    HEADS.iter().any(|head| digits.starts_with(*head)) || digits.starts_with(b"6763")
}

/// Whether groups are those that are printed: fours, or those of Amex and Diners.
fn is_written(candidate: &Candidate<'_>) -> bool {
    let (Some((last, first)), separators) = (candidate.groups.split_last(), candidate.separators) else { return false };
    let is_one = separators.windows(2).all(|two| two[0] == two[1]) && !separators.contains(&b'/');
    let fours = first.iter().all(|group| *group == 4) && *last <= 4;
    is_one && (first.is_empty() || fours || matches!(candidate.groups, [4, 6, 5 | 4] | [4, 4, 7] | [8, 8]))
}

/// The lengths that the issuer of these first digits gives.
fn issuer(digits: &[u8]) -> Option<std::ops::RangeInclusive<usize>> {
    let six = digits.get(..6)?.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    Some(match six {
        400_000..=499_999 => 13..=19,
        510_000..=559_999 | 222_100..=272_099 | 220_000..=220_499 => 16..=16,
        340_000..=349_999 | 370_000..=379_999 => 15..=15,
        300_000..=305_999 | 309_500..=309_599 | 360_000..=369_999 | 380_000..=399_999 => 14..=19,
        352_800..=358_999 => 16..=19,
        601_100..=601_199 | 644_000..=659_999 | 620_000..=629_999 => 16..=19,
        500_000..=509_999
        | 560_000..=589_999
        | 600_000..=601_099
        | 601_200..=619_999
        | 630_000..=643_999
        | 660_000..=699_999 => 12..=19,
        _ => return None,
    })
}
