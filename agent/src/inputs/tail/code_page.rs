//! Code pages from before Unicode: their names, their characters, and lines made UTF-8.
//!
//! In none of them a newline is part of another character, so lines are cut before they are decoded.

use encoding_rs as tables;
use vigie_parsers::batch::{Batch, Field, Span, Text, Value};

use crate::config::OptionType;

/// Value of `Generic.Encoding`: a code page in which bytes below 128 are ASCII where they begin a character.
#[derive(Clone, Copy, Debug)]
pub(super) struct Legacy {
    table: &'static tables::Encoding,
    characters: Characters,
}

/// How many bytes a character has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Characters {
    One,
    ShiftJis,
    Double,
    Gb18030,
}

/// Fluent Bit's names, and others by which it knows them.
const LEGACY: &[(&[&str], &tables::Encoding, Characters)] = &[
    (&["ShiftJIS", "SJIS", "CP932", "Windows-31J"], tables::SHIFT_JIS, Characters::ShiftJis),
    (&["UHC", "CP949", "Windows-949"], tables::EUC_KR, Characters::Double),
    (&["GBK", "CP936", "Windows-936"], tables::GBK, Characters::Gb18030),
    (&["GB18030"], tables::GB18030, Characters::Gb18030),
    (&["Big5", "CP950"], tables::BIG5, Characters::Double),
    (&["Win866", "CP866"], tables::IBM866, Characters::One),
    (&["Win874", "CP874"], tables::WINDOWS_874, Characters::One),
    (&["Win1250", "CP1250"], tables::WINDOWS_1250, Characters::One),
    (&["Win1251", "CP1251"], tables::WINDOWS_1251, Characters::One),
    (&["Win1252", "CP1252"], tables::WINDOWS_1252, Characters::One),
    (&["Win1253", "CP1253"], tables::WINDOWS_1253, Characters::One),
    (&["Win1254", "CP1254"], tables::WINDOWS_1254, Characters::One),
    (&["Win1255", "CP1255"], tables::WINDOWS_1255, Characters::One),
    (&["Win1256", "CP1256"], tables::WINDOWS_1256, Characters::One),
];

impl OptionType for Legacy {
    const KIND: &'static str = "code page";

    fn parse(text: &str) -> Result<Self, String> {
        let is_named = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
        let found = LEGACY.iter().find(|(names, ..)| is_named(names));
        found.map(|(_, table, characters)| Self { table, characters: *characters }).ok_or_else(|| {
            let names: Vec<String> = LEGACY.iter().map(|(names, ..)| format!("`{}`", names[0])).collect();
            format!("one of {}", names.join(", "))
        })
    }
}

impl Legacy {
    /// At most `limit` bytes of `bytes` that do not end inside of a character.
    pub(super) fn border(self, bytes: &[u8], limit: usize) -> usize {
        if self.characters == Characters::One {
            return limit;
        }
        let mut at = 0;
        while at < bytes.len() {
            let next = at + self.length(&bytes[at..]);
            if next > limit {
                break;
            }
            at = next;
        }
        if at == 0 { limit } else { at }
    }

    /// Bytes of the character that `bytes` begin with.
    fn length(self, bytes: &[u8]) -> usize {
        let is_lead = match self.characters {
            Characters::One => false,
            Characters::ShiftJis => matches!(bytes[0], 0x81..=0x9f | 0xe0..=0xfc),
            Characters::Double | Characters::Gb18030 => matches!(bytes[0], 0x81..=0xfe),
        };
        match (is_lead, bytes.get(1)) {
            (false, _) => 1,
            (true, Some(b'0'..=b'9')) if self.characters == Characters::Gb18030 => 4,
            (true, _) => 2,
        }
    }

    /// Puts each line in UTF-8 in place of what it is in the file, which its origin still leads to.
    pub(super) fn decode_lines(self, batch: &mut Batch) {
        for index in 0..batch.len() {
            let Some(Field { value: Value::Text(text), .. }) = batch.record(index).fields().first().copied() else {
                continue;
            };
            if batch.bytes(text.span).is_ascii() {
                continue;
            }
            let decoded = Value::Text(Text::plain(self.decode(batch, text.span)));
            batch.record_mut(index).field_mut(0).value = decoded;
        }
    }

    /// Stores the line at `span` in UTF-8. It is decoded as what a newline follows: where a text ends inside of a character, the
    /// decoder takes the ASCII characters in there for a part of it.
    fn decode(self, batch: &mut Batch, span: Span) -> Span {
        const NEWLINE: &[u8] = b"\n";
        let mut decoder = self.table.new_decoder_without_bom_handling();
        let arena = batch.arena_mut();
        let start = arena.len();
        // What is left of the line when its bytes are through comes with the newline.
        let longest = decoder.max_utf8_buffer_length(span.range().len() + 4).unwrap_or_default();
        arena.resize(start + longest, 0);
        let (source, room) = arena.split_at_mut(start);
        let (_, _, written, _) = decoder.decode_to_utf8(&source[span.range()], room, false);
        let (_, _, left, _) = decoder.decode_to_utf8(NEWLINE, &mut room[written..], true);
        let end = start + written + left.saturating_sub(NEWLINE.len());
        arena.truncate(end);
        Span::between(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut batch = Batch::default();
        let span = batch.store(bytes);
        let decoded = Legacy::parse(name).expect("it is known").decode(&mut batch, span);
        batch.bytes(decoded).to_vec()
    }

    #[test]
    fn each_code_page_has_its_names() {
        for (name, bytes, text) in [
            ("ShiftJIS", &b"\x93\xfa\x96\x7b"[..], "日本"),
            ("cp932", b"\x87\x40", "①"),
            ("UHC", b"\xc7\xd1", "한"),
            ("GBK", b"\xd6\xd0", "中"),
            ("GB18030", b"\x81\x30\x81\x30", "\u{80}"),
            ("Big5", b"\xa4\xa4", "中"),
            ("Win866", b"\x8f", "П"),
            ("Win874", b"\xa1", "ก"),
            ("Win1250", b"\x9a", "š"),
            ("Win1251", b"\xcf", "П"),
            ("Win1252", b"\x80 \xe9", "€ é"),
            ("win1253", b"\xe1", "α"),
            ("Win1254", b"\xf0", "ğ"),
            ("Win1255", b"\xe0", "א"),
            ("Win1256", b"\xc7", "ا"),
        ] {
            assert_eq!(decoded(name, bytes), text.as_bytes(), "{name}");
        }
        assert!(Legacy::parse("latin-9").is_err());
    }

    #[test]
    fn half_a_character_at_the_end_of_a_line_takes_nothing_else_with_it() {
        for (name, bytes, text) in [
            ("GB18030", &b"a\xfa1"[..], "a\u{fffd}1"),
            ("GBK", b"\x81\x30\x81", "\u{fffd}0\u{fffd}"),
            ("ShiftJIS", b"a\x93", "a\u{fffd}"),
            ("Big5", b"\xa4", "\u{fffd}"),
            ("Win1252", b"a", "a"),
            ("UHC", b"", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&decoded(name, bytes)), text, "{name}");
        }
    }

    #[test]
    fn a_part_of_a_long_line_does_not_end_inside_of_a_character() {
        for (name, bytes, limit, expected) in [
            ("ShiftJIS", &b"a\x93\xfa\x96\x7b"[..], 4, 3),
            ("ShiftJIS", b"\xb1\xb1\xb1", 2, 2),
            ("GB18030", b"\x81\x30\x81\x30\x81\x30\x81\x30", 7, 4),
            ("GBK", b"\xd6\xd0\xd6\xd0", 3, 2),
            ("Win1252", b"\xe9\xe9\xe9", 2, 2),
        ] {
            assert_eq!(Legacy::parse(name).expect("it is known").border(bytes, limit), expected, "{name}");
        }
    }
}
