//! The inside of JSON strings.
//!
//! Text of log records is almost always clean: printable ASCII without quote and backslash. So the question
//! *is anything to be done* is answered for 16 bytes at once, and clean runs are copied.

use std::ops::Range;

use vigie_parsers::simd::{push_plain, push_plain_after};

/// What the inside of a JSON string stands for; `None` when it is none.
pub fn unescaped(inside: &[u8]) -> Option<String> {
    serde_json::from_slice(&[b"\"", inside, b"\""].concat()).ok()
}

const LANE: usize = 16;

/// Whether `byte` cannot stand as it is in a JSON string, or needs its neighbours to be judged.
const fn is_special(byte: u8) -> bool {
    // Below blank, DEL and everything above wrap to 0x5f and more.
    byte.wrapping_sub(b' ') >= 0x5f || byte == b'"' || byte == b'\\'
}

/// Whether a lane holds a special byte. Written without a branch, so that it becomes a few vector instructions.
fn lane_is_special(lane: &[u8; LANE]) -> bool {
    let mut found = 0;
    for byte in lane {
        found |= u8::from(is_special(*byte));
    }
    found != 0
}

/// Whether eight bytes hold a special byte.
fn word_is_special(word: [u8; 8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let has_zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGH;
    let word = u64::from_le_bytes(word);
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    let found = (word & HIGH)
        | control
        | has_zero(word ^ (ONES * 0x22))
        | has_zero(word ^ (ONES * 0x5c))
        | has_zero(word ^ (ONES * 0x7f));
    found != 0
}

/// Whether `text` is printable ASCII without quote and backslash.
pub(super) fn is_clean(text: &[u8]) -> bool {
    let (lanes, rest) = text.as_chunks::<LANE>();
    if lanes.iter().any(lane_is_special) {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    if let Some(last) = text.last_chunk::<LANE>() {
        return !lane_is_special(last);
    }
    match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) => !word_is_special(*first) && !word_is_special(*last),
        _ => !text.iter().any(|byte| is_special(*byte)),
    }
}

/// Whether `text` may stand in a JSON string as it is: clean, but for valid UTF-8 beyond ASCII.
pub(super) fn is_verbatim(text: &[u8]) -> bool {
    if is_clean(text) {
        return true;
    }
    let ascii_special = text.iter().any(|byte| byte.is_ascii() && is_special(*byte));
    !ascii_special && std::str::from_utf8(text).is_ok()
}

/// Appends `text` as the inside of a JSON string.
///
/// Quote, backslash, control characters and DEL are escaped; bytes that are no UTF-8 become U+FFFD; other
/// characters beyond ASCII stay as they are.
pub fn push_escaped(text: &[u8], out: &mut Vec<u8>) {
    push_escaped_part(text, 0..text.len(), out);
}

/// As [`push_escaped`] for the part of `bytes` at `text`, which is faster where other bytes follow.
#[inline]
pub(super) fn push_escaped_part(bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) {
    let plain = push_plain(bytes, text.clone(), out);
    push_rest(bytes, text.start + plain..text.end, out);
}

/// Appends `before`, the part of `bytes` at `text` as [`push_escaped`] does, and a quote. It is faster where other bytes follow.
#[inline]
pub fn push_text_after(before: &[u8], bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) {
    let plain = push_plain_after(before, bytes, text.clone(), out);
    if plain < text.len() {
        push_rest(bytes, text.start + plain..text.end, out);
        out.push(b'"');
    }
}

/// Appends text that does not begin with a plain byte, or is empty.
fn push_rest(bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) {
    let mut at = text.start;
    while at < text.end {
        let rest = &bytes[at..text.end];
        if rest[0].is_ascii() {
            push_escape(rest[0], out);
            at += 1;
        } else {
            let run = rest.iter().position(u8::is_ascii).unwrap_or(rest.len());
            push_lossy(&rest[..run], out);
            at += run;
        }
        at += push_plain(bytes, at..text.end, out);
    }
}

fn push_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        8 => b'b',
        12 => b'f',
        _ => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            let (high, low) = (DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]);
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends `bytes`, with U+FFFD in place of what is no UTF-8.
pub(super) fn push_lossy(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encode::check;

    fn escaped(text: &[u8]) -> String {
        let mut out = Vec::new();
        push_escaped(text, &mut out);
        String::from_utf8(out).expect("output is UTF-8")
    }

    #[test]
    fn each_kind_of_byte_is_written_as_fluent_bit_does_but_text_stays_utf_8() {
        let cases: [(&[u8], &str); 8] = [
            (b"plain text", "plain text"),
            (b"a \"b\" \\ / c", "a \\\"b\\\" \\\\ / c"),
            (b"\n\r\t\x08\x0c", "\\n\\r\\t\\b\\f"),
            (b"\x00\x1f\x7f", "\\u0000\\u001f\\u007f"),
            ("h\u{e9}llo \u{1f600}".as_bytes(), "h\u{e9}llo \u{1f600}"),
            (b"bad \xff byte", "bad \u{fffd} byte"),
            (b"cut \xe2\x82", "cut \u{fffd}"),
            (b"", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_special_byte_is_found_at_every_place_of_every_length() {
        for (length, special) in
            (1..70).flat_map(|length| [0, 0x1f, b'"', b'\\', 0x7f, 0x80].map(|byte| (length, byte)))
        {
            let mut text = vec![b'~'; length];
            assert!(is_clean(&text));
            for at in 0..length {
                text[at] = special;
                assert!(!is_clean(&text), "{special:#x} at {at} of {length}");
                text[at] = b' ';
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out_of_a_json_reader_as_lossy_utf_8(text: Vec<u8>) {
            check::text(&text, b"");
        }

        #[test]
        fn verbatim_text_is_text_that_escaping_leaves_alone(text in "[ -~\u{7f}\u{e9}\u{20ac}\\PC]{0,40}") {
            check::text(text.as_bytes(), b"behind");
        }
    }
}
