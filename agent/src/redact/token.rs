//! What stands in place of a value already: `<email>`, `<email:K655.4hq…>`, `[card]`. Nothing is looked for inside.

/// Letters of a keyed hash.
const HASH: usize = 20;
/// Longest token, in bytes.
const LONGEST: usize = 8 << 10;
/// Longest name, in bytes.
const LONGEST_NAME: usize = 64;

/// How long the token is that `text` begins with, with its brackets.
pub(super) fn length(text: &[u8]) -> Option<usize> {
    let (close, inside) = match text.split_first()? {
        (b'<', inside) => (b'>', inside),
        (_, inside) => (b']', inside),
    };
    let is_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let name = inside.iter().take(LONGEST_NAME + 1).take_while(|byte| is_name(byte)).count();
    if name == 0 || name > LONGEST_NAME || !inside[0].is_ascii_lowercase() {
        return None;
    }
    let rest = match inside.get(name)? {
        // Digits in a bare name may be a number that somebody put into brackets.
        byte if *byte == close => {
            return (inside[..name].iter().filter(|byte| byte.is_ascii_digit()).count() <= 4).then_some(name + 2);
        }
        b':' => &inside[name + 1..],
        _ => return None,
    };
    let dot = rest.iter().take(24).position(|byte| *byte == b'.')?;
    let body = &rest[dot + 1..];
    let is_key = |key: &[u8]| !key.is_empty() && key.iter().all(u8::is_ascii_alphanumeric);
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let length = body.iter().take(LONGEST).take_while(|byte| is_letter(byte)).count();
    let (kind, key) = rest[..dot].split_first()?;
    let fits = match kind {
        b'K' => length == HASH && body[..length].iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')),
        b'E' | b'S' => length >= HASH,
        _ => false,
    };
    (fits && is_key(key) && body.get(length) == Some(&close)).then_some(1 + name + 1 + dot + 1 + length + 1)
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn tokens_are_known_and_nothing_else_in_brackets() {
        for token in [
            "<email>",
            "[card]",
            "<fr_nir:K655.abcdefghijklmnopqrst>",
            "<email:E655.QWxhZGRpbjpvcGVuIHNlc2FtZQ>",
            "[card:S1a2b3c4d.QWxhZGRpbjpvcGVuIHNlc2FtZQ]",
        ] {
            assert_eq!(length(format!("{token} x").as_bytes()), Some(token.len()), "{token}");
        }
        for other in [
            "<4111111111111111>",
            "<jane@example.org>",
            "[n4111111111111111]",
            "<card:K1.4111111111111111>",
            "<",
            "<a",
            "<a:",
            "<a:K",
            "[28/Nov/2026]",
        ] {
            assert_eq!(length(other.as_bytes()), None, "{other}");
        }
    }
}
