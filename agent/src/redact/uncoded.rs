//! A value without the codes that it was written with.

use super::decode::code;
use super::escape::Escapes;

/// Appends `value` to `out` with what its codes stand for: `%2B33` as `+33`, `&#64;` and `\u0040` as `@`, wide digits as plain ones.
pub fn push_uncoded(value: &[u8], out: &mut Vec<u8>) {
    let (mut escapes, mut at) = (Escapes::default(), 0);
    while let Some(&first) = value.get(at) {
        let code = match first {
            b'\\' => escapes.code(value, at, false),
            b'%' | b'&' | 0x1b | 0xc2 | 0xe2 | 0xef => code(&value[at..]),
            _ => None,
        };
        match code {
            Some(code) => out.extend_from_slice(&code.bytes[..code.count]),
            None => out.push(first),
        }
        at += code.map_or(1, |code| code.length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_what_they_stand_for() {
        for (value, expected) in [
            ("%2B33%20612", "+33 612"),
            ("a%2540b&#64;c\\u0040d", "a@b@c@d"),
            ("\u{ff14}\u{ff11}1\u{200b}2", "4112"),
            ("203%2E0.\u{1b}[0m7", "203.0.7"),
            ("%", "%"),
            ("\u{e9}\u{65e5} 100% a&b \\", "\u{e9}\u{65e5} 100% a&b \\"),
        ] {
            let mut out = Vec::new();
            push_uncoded(value.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{value}");
        }
    }
}
