//! What is left of a value in the clear: a masked one, the network of an address, the year of a date.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Below this many characters a quarter may stay at the most; above, two thirds.
const SHORT: usize = 12;

/// Appends `value` with `*` in place of each character but the first `first` and the last `last`. Single separators of a number
/// stay. Of a short value a quarter stays at the most, of any two thirds; what is too much goes from the front.
pub(super) fn mask(value: &str, first: usize, last: usize, out: &mut Vec<u8>) {
    let is_separator = |character: char| matches!(character, ' ' | '-' | '.' | '/');
    let is_number = value.chars().all(|character| character.is_ascii_alphanumeric() || is_separator(character));
    let counts = |character: char| !(is_number && is_separator(character));
    let length = value.chars().filter(|character| counts(*character)).count();
    let most = if length < SHORT { length / 4 } else { length * 2 / 3 };
    let last = last.min(most);
    let first = first.min(most - last);
    let mut at = 0;
    for character in value.chars() {
        let shown = if counts(character) {
            at += 1;
            at <= first || at > length - last
        } else {
            true
        };
        let mut buffer = [0; 4];
        let kept = if shown { character } else { '*' };
        out.extend_from_slice(kept.encode_utf8(&mut buffer).as_bytes());
    }
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
        ] {
            assert_eq!(masked(value, first, last), expected, "{value}");
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
