//! JSON without characters beyond ASCII, for readers that take no UTF-8.
//!
//! An encoder that is asked for it calls this on what it has just written; nothing else knows of it.

use std::io::Write;

/// Writes the JSON from `start` to the end of `out` anew with `\uXXXX` in place of what is beyond ASCII, in pairs beyond the
/// basic plane. Bytes that are no UTF-8 become U+FFFD. In JSON such characters stand in texts only.
pub fn escape_unicode(out: &mut Vec<u8>, start: usize) {
    let Some(first) = out[start..].iter().position(|byte| !byte.is_ascii()) else { return };
    let rest = out.split_off(start + first);
    for chunk in rest.utf8_chunks() {
        chunk.valid().chars().for_each(|character| push_ascii(character, out));
        if !chunk.invalid().is_empty() {
            push_ascii(char::REPLACEMENT_CHARACTER, out);
        }
    }
}

fn push_ascii(character: char, out: &mut Vec<u8>) {
    if let Ok(byte) = u8::try_from(character)
        && byte.is_ascii()
    {
        return out.push(byte);
    }
    for unit in character.encode_utf16(&mut [0; 2]) {
        write!(out, "\\u{unit:04x}").expect("writing to memory does not fail");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn escaped(json: &[u8], start: usize) -> String {
        let mut out = json.to_vec();
        escape_unicode(&mut out, start);
        String::from_utf8(out).expect("output is UTF-8")
    }

    #[test]
    fn what_is_beyond_ascii_is_written_as_its_code_from_the_place_on() {
        let text = "\u{e9}{\"a\":\"h\u{e9}\u{1f600}\\n\"}";

        assert_eq!(escaped(text.as_bytes(), 2), "\u{e9}{\"a\":\"h\\u00e9\\ud83d\\ude00\\n\"}");
        assert_eq!(escaped(b"\"cut \xe2\x82\"", 0), "\"cut \\ufffd\"");
        assert_eq!(escaped(b"{\"a\":\"\\u00e9\"}", 0), "{\"a\":\"\\u00e9\"}");
    }

    proptest! {
        #[test]
        fn a_reader_sees_the_same_value_in_ascii(key: String, text: String) {
            let value = serde_json::json!({ key: [text] });
            let written = escaped(value.to_string().as_bytes(), 0);

            prop_assert!(written.is_ascii());
            prop_assert_eq!(serde_json::from_str::<Value>(&written).expect("it is JSON"), value);
        }
    }
}
