//! What stands in place of a value already: `<email>`, `<email:K655.4hq…>`, `[card]`. Nothing is looked for inside, so that only
//! what is written exactly as one is taken for one.

use std::sync::LazyLock;

use super::filter::{Filter, key_of, word_key};
use super::quote::slashes_ahead;

/// Letters of a keyed hash: 96 bits, five each.
pub const HASH: usize = 20;
/// What they are.
pub const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Bytes that encrypted values are filled up to a multiple of, so that their length tells little.
pub const BLOCK: usize = 16;
/// Bytes of a sealed value beside the value itself.
const SEAL: usize = 40;
/// Longest name, in bytes.
const LONGEST_NAME: usize = 64;

/// Whether each byte may be part of a name.
static IS_NAME: [bool; 256] = {
    let mut names = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        names[at] = byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        at += 1;
    }
    names
};

/// How long the token is that `text` begins with, with its brackets, which are `<>` or `[]`.
#[inline]
pub fn token_length(text: &[u8]) -> Option<usize> {
    match text {
        [b'<', inside @ ..] if begins_name(inside) => length_from_name(inside, b'>'),
        [b'[', inside @ ..] if begins_name(inside) => length_from_name(inside, b']'),
        _ => None,
    }
}

#[inline]
fn begins_name(inside: &[u8]) -> bool {
    inside.first().is_some_and(u8::is_ascii_lowercase)
}

/// How long the token is whose opening bracket `inside` stands behind, and which this one closes.
fn length_from_name(inside: &[u8], close: u8) -> Option<usize> {
    let mut name = 0;
    while IS_NAME[usize::from(*inside.get(name)?)] {
        name += 1;
        if name > LONGEST_NAME {
            return None;
        }
    }
    let rest = match inside.get(name)? {
        // Digits in a bare name may be a number that somebody put into brackets.
        byte if *byte == close => {
            return (inside[..name].iter().filter(|byte| byte.is_ascii_digit()).count() <= 4).then_some(name + 2);
        }
        b':' if matches!(inside.get(name + 1), Some(b'K' | b'E' | b'S')) => &inside[name + 1..],
        _ => return None,
    };
    let dot = rest.iter().take(LONGEST_NAME).position(|byte| *byte == b'.')?;
    let (key, code) = (&rest[..dot], &rest[dot + 1..]);
    let (kind, number) = key.split_first()?;
    let length = match kind {
        b'K' if is_number(number) => code.iter().take(HASH).all(|byte| ALPHABET.contains(byte)).then_some(HASH)?,
        b'E' if is_number(number) => sealed_length(code, 2 * BLOCK)?,
        b'S' if number.len() == 8 && number.iter().all(u8::is_ascii_hexdigit) => sealed_length(code, SEAL + 2 * BLOCK)?,
        _ => return None,
    };
    (code.get(length) == Some(&close)).then_some(1 + name + 1 + dot + 1 + length + 1)
}

/// How long the token is that `text` begins with, if it is one that is written in place of values: with a key, or with the name of a
/// kind of value and nothing else.
#[inline]
pub(super) fn own_length(text: &[u8]) -> Option<usize> {
    let length = token_length(text)?;
    let name = &text[1..length - 1];
    let is_own = name.contains(&b':') || is_entity(name);
    is_own.then_some(length)
}

/// Whether a kind of value is called so.
fn is_entity(name: &[u8]) -> bool {
    static NAMES: LazyLock<Filter<64>> = LazyLock::new(|| {
        let mut names = Filter::default();
        super::all().for_each(|detector| names.put(key_of(detector.entity)));
        names
    });
    NAMES.may_hold(word_key(name, 0, name.len())) && super::all().any(|detector| detector.entity.as_bytes() == name)
}

/// Whether `text` is such a token, and ends of lines behind it.
pub(super) fn is_own(text: &[u8]) -> bool {
    let Some(length) = own_length(text) else { return false };
    let mut rest = text[length..].trim_ascii();
    while let Some(behind) = rest.strip_prefix(b"\\") {
        let behind = &behind[slashes_ahead(behind)..];
        let Some((b'n' | b'r' | b't', behind)) = behind.split_first() else { return false };
        rest = behind;
    }
    rest.is_empty()
}

/// Whether such a token is anywhere in `text`.
pub(super) fn has_own(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'<', b'[', text).any(|place| own_length(&text[place..]).is_some())
}

/// Where the inside begins and ends of what has the looks of a token with a key, whether it is one or not.
pub(super) fn looks_like(text: &[u8]) -> Option<(usize, usize)> {
    let colon = text.iter().take(LONGEST_NAME + 2).position(|byte| *byte == b':')?;
    let is_one = colon > 1 && matches!(text.get(colon + 1), Some(b'K' | b'E' | b'S'));
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    is_one.then(|| (colon + 2, colon + 2 + text[colon + 2..].iter().take_while(|byte| is_part(byte)).count()))
}

fn is_number(digits: &[u8]) -> bool {
    (1..=12).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

/// Length of the letters of an encrypted value of at least `least` bytes.
fn sealed_length(code: &[u8], least: usize) -> Option<usize> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let length = code.iter().take_while(|byte| is_letter(byte)).count();
    let bytes = length * 3 / 4;
    (bytes >= least && bytes % BLOCK == least % BLOCK).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::token_length;

    #[test]
    fn tokens_are_known_and_nothing_else_in_brackets() {
        let (encrypted, sealed) = ("Q".repeat(43), "Q".repeat(96));
        for token in [
            "<email>",
            "[card]",
            "<fr_nir:K655.abcdefghijklmnopqrst>",
            &format!("<email:E655.{encrypted}>"),
            &format!("[card:S1a2b3c4d.{sealed}]"),
        ] {
            assert_eq!(token_length(format!("{token} x").as_bytes()), Some(token.len()), "{token}");
        }
        for other in [
            "<4111111111111111>",
            "<jane@example.org>",
            "[n4111111111111111]",
            "<card:K1.4111111111111111>",
            "<x:E1.4111111111111111aaaa>",
            "<x:S1.4111111111111111aaaa>",
            "[x:E1.4111111111111111aaaa]",
            "<",
            "<a",
            "<a:",
            "<a:K",
            "[28/Nov/2026]",
        ] {
            assert_eq!(token_length(other.as_bytes()), None, "{other}");
        }
    }
}
