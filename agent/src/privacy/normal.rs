//! One form for each value, so that a value gives one token however it was written.

use std::net::IpAddr;

use zeroize::Zeroizing;

use super::punycode::push_in_letters;
use crate::redact::{Folded, Group, push_uncoded};

/// Letters and digits of a Swiss number of an undertaking.
const UID: usize = 12;

/// Appends the one form of `value` to `out`: what `vigie token` and the filter make a token of.
///
/// Codes become what they stand for. Numbers lose their separators and letters in them become large; addresses of machines are written as
/// their standard says; e-mail addresses become small, and labels of their domains are read in their letters; names and places become small
/// and lose accents, and their apostrophes are written alike. A group that is `None`, and secrets, keep every byte but the white space around them.
pub(super) fn normalised(entity: &str, group: Option<Group>, value: &[u8], out: &mut Vec<u8>) {
    let Some(group) = group.filter(|group| *group != Group::Secret) else {
        return out.extend_from_slice(value.trim_ascii());
    };
    let mut plain = Zeroizing::new(Vec::new());
    push_uncoded(value, &mut plain);
    let plain = plain.trim_ascii();
    match group {
        Group::Network => network(plain, out),
        Group::Contact if entity.contains("mail") => mail(plain, out),
        Group::Place if entity == "gps" => position(plain, out),
        Group::Person | Group::Place => name(plain, out),
        Group::Contact if entity.contains("address") => name(plain, out),
        Group::Contact => phone(plain, out),
        _ => {
            let start = out.len();
            number(plain, out);
            // `MWST` behind it says what the number is used for.
            if entity == "ch_uid" {
                out.truncate(start + UID);
            }
        }
    }
}

/// The numbers of a position with a comma between them, however they were parted.
fn position(value: &[u8], out: &mut Vec<u8>) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let parts = value.split(|byte| !is_part(byte)).filter(|part| !part.is_empty());
    for (number, part) in parts.enumerate() {
        if number > 0 {
            out.push(b',');
        }
        out.extend(part.iter().map(u8::to_ascii_uppercase));
    }
}

fn network(value: &[u8], out: &mut Vec<u8>) {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => out.extend_from_slice(address.to_canonical().to_string().as_bytes()),
        Err(_) => {
            out.extend(value.iter().filter(|byte| !matches!(byte, b':' | b'-' | b'.')).map(u8::to_ascii_lowercase))
        }
    }
}

fn mail(value: &[u8], out: &mut Vec<u8>) {
    let small = Zeroizing::new(String::from_utf8_lossy(value).to_lowercase());
    let (name, domain) = small.rsplit_once('@').unwrap_or((&small, ""));
    let mut text = Zeroizing::new(name.to_owned());
    if small.len() > name.len() {
        text.push('@');
        push_in_letters(domain, &mut text);
    }
    out.extend_from_slice(text.as_bytes());
}

fn name(value: &[u8], out: &mut Vec<u8>) {
    let mut folded = Folded::default();
    folded.read(value, false);
    let mut rest = folded.text().trim_ascii();
    while let Some(byte) = rest.first() {
        let length = apostrophe_length(rest);
        out.push(if length > 0 { b'\'' } else { *byte });
        rest = rest.get(length.max(1)..).unwrap_or_default();
    }
}

/// How long the apostrophe is that `text` begins with, as SQL, programs, shells and typesetters write it: `''`, `\'`, `'\''`, `’`.
fn apostrophe_length(text: &[u8]) -> usize {
    const SET: &[u8] = "\u{2019}".as_bytes();
    let (mut length, mut is_one) = (0, false);
    while let Some(rest) = text.get(length..) {
        length += match rest {
            [b'\\' | b'\'', ..] => 1,
            _ if rest.starts_with(SET) => SET.len(),
            _ => break,
        };
        is_one |= rest.first() != Some(&b'\\');
    }
    if is_one { length } else { 0 }
}

/// A number, without the `(0)` that is not dialled from abroad.
fn phone(value: &[u8], out: &mut Vec<u8>) {
    const TRUNK: &[u8] = b"(0)";
    let Some(at) = memchr::memmem::find(value, TRUNK) else { return number(value, out) };
    number(&[&value[..at], &value[at + TRUNK.len()..]].concat(), out);
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
            ("mac", Some(Group::Network), "00%3A1b%3a44:11:3a:b7", "001b44113ab7"),
            ("mac", Some(Group::Network), "001b.4411.3ab7", "001b44113ab7"),
            ("ipv4", Some(Group::Network), "203%2E0.113.77", "203.0.113.77"),
            ("phone", Some(Group::Contact), "%2B33612345678", "+33612345678"),
            ("phone", Some(Group::Contact), "+33 (0)6 12 34 56 78", "+33612345678"),
            ("phone_fr", Some(Group::Contact), "06&#160;12\u{a0}34%2056-78", "0612345678"),
            ("iban", Some(Group::Bank), "FR76%203000", "FR763000"),
            ("card", Some(Group::Card), "\u{ff14}1\u{200b}11%201111", "41111111"),
            ("email", Some(Group::Contact), r"jane\u0040doe.example", "jane@doe.example"),
            ("email", Some(Group::Contact), "J\u{c9}R&#64;XN--BCHER-KVA.example", "j\u{e9}r@b\u{fc}cher.example"),
            ("email", Some(Group::Contact), "j\u{e9}r@b\u{dc}cher.example", "j\u{e9}r@b\u{fc}cher.example"),
            ("person_name", Some(Group::Person), " J\u{c9}R\u{d4}ME  Dupont ", "jerome dupont"),
            ("person_name", Some(Group::Person), "Je%CC%81r%C3%B4me+DUPONT", "jerome dupont"),
            ("person_name", Some(Group::Person), "O''Brien", "o'brien"),
            ("person_name", Some(Group::Person), r"O\'Brien", "o'brien"),
            ("person_name", Some(Group::Person), r"O\\\'Brien", "o'brien"),
            ("person_name", Some(Group::Person), r"O'\''Brien", "o'brien"),
            ("person_name", Some(Group::Person), "O&#39;Brien", "o'brien"),
            ("person_name", Some(Group::Person), "O\u{2019}Brien", "o'brien"),
            ("username", Some(Group::Person), r"ACME\obrien", r"acme\obrien"),
            ("postal_address", Some(Group::Contact), "12%20Rue+des\u{a0}LILAS", "12 rue des lilas"),
            ("gps", Some(Group::Place), "48.856614,2.352222", "48.856614,2.352222"),
            ("gps", Some(Group::Place), "48.856614, 2.352222", "48.856614,2.352222"),
            ("gps", Some(Group::Place), "48.856614%3B+-2.352222", "48.856614,-2.352222"),
            ("ch_uid", Some(Group::Tax), "CHE-116.281.710 MWST", "CHE116281710"),
            ("ch_uid", Some(Group::Tax), "che116281710", "CHE116281710"),
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
