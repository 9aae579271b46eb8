//! One form for each value, so that a value gives one token however it was written.

use std::net::IpAddr;

use crate::redact::Group;

/// Appends the one form of `value` to `out`: what `vigie token` and the filter make a token of.
///
/// Numbers lose their separators and letters in them become large; e-mail addresses become small, with `%40` and the like
/// decoded; addresses of machines are written as their standard says. A group that is `None`, and secrets, keep every byte but
/// the white space around them.
pub(super) fn normalised(entity: &str, group: Option<Group>, value: &[u8], out: &mut Vec<u8>) {
    let value = value.trim_ascii();
    match group {
        None | Some(Group::Secret) => out.extend_from_slice(value),
        Some(Group::Network) => network(value, out),
        Some(Group::Contact) if entity.contains("mail") => lower(value, out),
        Some(Group::Person | Group::Place) => lower(value, out),
        Some(_) => number(value, out),
    }
}

fn network(value: &[u8], out: &mut Vec<u8>) {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => out.extend_from_slice(address.to_canonical().to_string().as_bytes()),
        Err(_) => out.extend(value.iter().filter(|byte| !matches!(byte, b':' | b'-')).map(u8::to_ascii_lowercase)),
    }
}

fn lower(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        let decoded = (first == b'%').then(|| percent(behind)).flatten();
        if decoded.is_some() {
            rest = &behind[2..];
        }
        out.push(decoded.unwrap_or(first).to_ascii_lowercase());
    }
}

/// The byte that two hexadecimal digits at the start of `digits` stand for.
fn percent(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

/// Letters and digits; a `+` at the start is kept. Of a telephone number with `00` in front the `+` is meant.
fn number(value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    if value.first() == Some(&b'+') {
        out.push(b'+');
    }
    out.extend(value.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase));
    if out[start..].starts_with(b"00") && out.len() - start > 10 {
        out.splice(start..start + 2, *b"+");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_form_however_it_was_written() {
        let cases: &[(&str, Option<Group>, &str, &str)] = &[
            ("email", Some(Group::Contact), " Jane%40Doe.Example ", "jane@doe.example"),
            ("phone", Some(Group::Contact), "+33 6 12.34-56 78", "+33612345678"),
            ("phone", Some(Group::Contact), "0033 612345678", "+33612345678"),
            ("phone", Some(Group::Contact), "06 12 34 56 78", "0612345678"),
            ("iban", Some(Group::Bank), "fr76 3000", "FR763000"),
            ("ipv6", Some(Group::Network), "[2001:DB8:0::1]", "2001:db8::1"),
            ("ipv4", Some(Group::Network), "::ffff:192.0.2.7", "192.0.2.7"),
            ("mac", Some(Group::Network), "00-1B-44:11:3a:b7", "001b44113ab7"),
            ("password", Some(Group::Secret), "A b%40", "A b%40"),
            ("name", None, " Zoé ", "Zoé"),
        ];
        for (entity, group, value, expected) in cases {
            let mut out = Vec::new();
            normalised(entity, *group, value.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), *expected, "{value}");
        }
    }
}
