//! What is left of a value in the clear: a masked one, the network of an address, the year of a date.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Below this many characters a quarter may stay at the most; above, two thirds.
const SHORT: usize = 12;

/// Most backslashes that are looked at together: in JSON six times within JSON a backslash is written with so many.
const SLASHES: usize = 64;

/// Appends `value` with `*` in place of each character but the first `first` and the last `last`. Single separators of a number
/// stay, and what is masked counts as one; a character that is written with backslashes is one. Of a short value a quarter stays at the
/// most, of any two thirds; what is too much goes from the front. A mask that this made of a value stays as it is.
pub(super) fn mask(value: &str, first: usize, last: usize, out: &mut Vec<u8>) {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || is_separator(&byte) || byte == b'*';
    let is_number = value.bytes().all(is_part);
    let start = out.len();
    // Of another value what was masked may be all that a number has not.
    if is_number && memchr::memchr(b'*', value.as_bytes()).is_some() {
        cover(value, (first, last), false, out);
        if out.get(start..) == Some(value.as_bytes()) {
            return;
        }
        out.truncate(start);
    }
    cover(value, (first, last), is_number, out);
}

/// Whether `byte` may stand between the groups of a number.
pub(super) fn is_separator(byte: &u8) -> bool {
    b" -./".contains(byte)
}

fn cover(value: &str, (first, last): (usize, usize), is_number: bool, out: &mut Vec<u8>) {
    let counts = |character: &str| !(is_number && character.as_bytes().first().is_some_and(is_separator));
    let length = characters(value).filter(|character| counts(character)).count();
    let most = if length < SHORT { length / 4 } else { length * 2 / 3 };
    let last = last.min(most);
    let first = first.min(most - last);
    let mut at = 0;
    for character in characters(value) {
        let counts = counts(character);
        at += usize::from(counts);
        let is_shown = !counts || at <= first || at > length - last;
        out.extend_from_slice(if is_shown { character.as_bytes() } else { b"*" });
    }
}

/// The characters of `value`, each as it is written: in strings within strings one may have backslashes before it.
fn characters(mut value: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (character, behind) = value.split_at_checked(length_of_first(value)?)?;
        value = behind;
        Some(character)
    })
}

/// How long the character is that `value` begins with. Of backslashes that may be several as many are one as can be.
fn length_of_first(value: &str) -> Option<usize> {
    let slashes = value.bytes().take(SLASHES).take_while(|byte| *byte == b'\\').count();
    let lowest = |count: usize| count & count.wrapping_neg();
    let behind = value.as_bytes().get(slashes..)?;
    let (own, length) = match behind {
        _ if slashes == 0 => return value.chars().next().map(char::len_utf8),
        [b'"' | b'\'', ..] => ((1 << slashes.trailing_ones()) - 1, 1),
        [b'u', digits @ ..] if digits.iter().take(4).filter(|digit| digit.is_ascii_hexdigit()).count() == 4 => {
            (lowest(slashes), 5 + length_of_half(value.as_bytes(), slashes))
        }
        [b'n' | b'r' | b't' | b'b' | b'f' | b'/', ..] => (lowest(slashes), 1),
        _ => (0, 0),
    };
    Some(if own == slashes { slashes + length } else { lowest(slashes - own) })
}

/// How long the second half is of the letter that stands in two codes behind so many backslashes at the start of `value`, if one does.
fn length_of_half(value: &[u8], slashes: usize) -> usize {
    let is_half = |at: usize, kinds: &[u8]| matches!(value.get(at..at + 3), Some([b'u', b'd' | b'D', kind]) if kinds.contains(&kind.to_ascii_lowercase()));
    let length = slashes + 5;
    let is_written_so = value.get(length..length + slashes) == value.get(..slashes);
    if is_half(slashes, b"89ab") && is_written_so && is_half(length + slashes, b"cdef") { length } else { 0 }
}

/// The address in `value` with all bits behind the first `v4` or `v6` cleared; `None` when it is no address.
pub(super) fn truncated(value: &str, v4: u8, v6: u8) -> Option<IpAddr> {
    let bare = value.trim_start_matches('[').trim_end_matches(']');
    let cut4 = |address: Ipv4Addr| {
        let kept = u32::MAX.checked_shl(32 - u32::from(v4)).unwrap_or(0);
        Ipv4Addr::from(u32::from(address) & kept)
    };
    Some(match bare.parse().ok()? {
        IpAddr::V4(address) => cut4(address).into(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => cut4(mapped).to_ipv6_mapped().into(),
            None => {
                let kept = u128::MAX.checked_shl(128 - u32::from(v6)).unwrap_or(0);
                Ipv6Addr::from(u128::from(address) & kept).into()
            }
        },
    })
}

/// The year of the date in `value`, or the first of the band of `years` that it lies in; `None` when it has no plain year.
pub(super) fn year(value: &str, years: u32) -> Option<u32> {
    let plausible = |year: &u32| (1850..2200).contains(year);
    let groups: Vec<&str> =
        value.split(|character: char| !character.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let mut found =
        groups.iter().filter(|group| group.len() == 4).filter_map(|group| group.parse().ok()).filter(plausible);
    let year: u32 = match (found.next(), groups.as_slice()) {
        (Some(year), _) => year,
        (None, [digits]) if digits.len() == 8 => digits.get(..4)?.parse().ok().filter(plausible)?,
        _ => return None,
    };
    Some(year - year % years.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(value: &str, first: usize, last: usize) -> String {
        let mut out = Vec::new();
        mask(value, first, last, &mut out);
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn masks_keep_what_is_asked_and_never_most_of_a_short_value() {
        for (value, first, last, expected) in [
            ("4242 4242 4242 4242", 0, 4, "**** **** **** 4242"),
            ("4242424242424242", 6, 4, "424242******4242"),
            ("4242424242424242", 16, 16, "******4242424242"),
            ("secret-42", 0, 8, "******-42"),
            ("abc", 3, 3, "***"),
            ("jane@doe.example", 0, 0, "****************"),
            ("Zoé Ünal", 1, 1, "Z******l"),
            ("*.*.*.8", 0, 4, "*.*.*.8"),
            (r#"a'b\"c\\d"#, 0, 4, "******d"),
            (r#"abcdefghi\"t"#, 0, 2, r#"*********\"t"#),
            (r"abcdefghijk\\\u00e9", 0, 2, r"***********\\\u00e9"),
            (r"abcdefghijk\\ud83d\\ude97", 0, 1, r"***********\\ud83d\\ude97"),
            (r"abcdefghij\ud83d\\ude97k", 0, 2, r"***********\\ude97k"),
            (r#"abcdefghijk\\\"\\n\\\\"#, 0, 3, r#"***********\\\"\\n\\\\"#),
            (r"abcdefghijklm\\\\", 0, 1, r"*************\\\\"),
        ] {
            assert_eq!(masked(value, first, last), expected, "{value}");
        }
    }

    #[test]
    fn a_mask_stays_as_it_is() {
        for value in ["Abc~defgh.ijkl", "4242 4242 4242 4242", "Jane van Doe", "a/b#c-d.e f/g-h", "ab#c.d-e f/gh-ij"] {
            for (first, last) in [(0, 0), (0, 4), (8, 0), (1, 8), (8, 8)] {
                let once = masked(value, first, last);
                assert_eq!(masked(&once, first, last), once, "{value}");
            }
        }
    }

    #[test]
    fn addresses_keep_their_network() {
        for (value, v4, v6, expected) in [
            ("192.0.2.77", 24, 48, Some("192.0.2.0")),
            ("192.0.2.77", 16, 48, Some("192.0.0.0")),
            ("192.0.2.77", 0, 0, Some("0.0.0.0")),
            ("2001:db8:1:2::9", 24, 48, Some("2001:db8:1::")),
            ("[2001:db8:1:2::9]", 24, 32, Some("2001:db8::")),
            ("::ffff:192.0.2.77", 24, 48, Some("::ffff:192.0.2.0")),
            ("nowhere", 24, 48, None),
        ] {
            assert_eq!(truncated(value, v4, v6).map(|address| address.to_string()).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn dates_keep_their_year_or_a_band_of_years() {
        for (value, years, expected) in [
            ("07/03/1987", 1, Some(1987)),
            ("1987-03-07", 5, Some(1985)),
            ("19870307", 10, Some(1980)),
            ("07/03/87", 1, None),
            ("07031987", 1, None),
        ] {
            assert_eq!(year(value, years), expected, "{value}");
        }
    }
}
