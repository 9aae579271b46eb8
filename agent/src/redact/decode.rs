//! Text without its codes: escapes of JSON, `%40`, `&#64;`, spaces and hyphens beyond ASCII, wide digits, colours of terminals. Values
//! are looked for in what the codes stand for, and found in what was written.

use vigie_parsers::simd::Classes;

use super::Finding;
use super::escape::{ESCAPE, Escapes};
use super::filter::head;

/// Text whose codes are replaced, and where each of its bytes came from.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) text: Vec<u8>,
    /// For each byte, and for the end, where it began.
    pub(super) places: Vec<u32>,
    /// Where bytes begin behind codes that stand for nothing, and where the first of these was written: in the order of both.
    gaps: Vec<(u32, u32)>,
    escapes: Escapes,
    /// Whether codes that stand for nothing were read as spaces where they stand between parts of words.
    is_apart: bool,
    /// Whether any stands so, and where the last one begins if that may.
    has_joints: bool,
    joint: Option<u32>,
}

/// What a code stands for: up to four bytes, none for what cannot be seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code {
    pub(super) bytes: [u8; 4],
    pub(super) count: usize,
    /// Bytes that it takes.
    pub(super) length: usize,
}

impl Decoded {
    /// Replaces the codes in `text`, of whose bytes `all` tells the kinds. `false` when there is none, and then nothing was done.
    pub(super) fn read(&mut self, text: &[u8], all: &[Classes], is_escaped: bool) -> bool {
        let mut copied = None;
        (self.escapes, self.has_joints, self.joint) = (Escapes::default(), false, None);
        for (block, classes) in all.iter().enumerate() {
            let mut codes = classes.codes;
            while codes != 0 {
                let at = block * 64 + codes.trailing_zeros() as usize;
                codes &= codes - 1;
                copied = self.replace(text, at, copied, is_escaped);
            }
        }
        if let Some(copied) = copied {
            self.copy(text, copied, text.len());
            self.places.push(text.len() as u32);
        }
        copied.is_some()
    }

    /// Whether the text reads otherwise where codes that stand for nothing end what stands before them, as colours do: then it is to be
    /// read in that way from now on, once.
    pub(super) fn turns(&mut self) -> bool {
        self.is_apart = std::mem::take(&mut self.has_joints) && !self.is_apart;
        self.is_apart
    }

    /// Replaces the code at `at`, if there is one, and gives up to where `text` was copied, which is nowhere before the first.
    fn replace(&mut self, text: &[u8], at: usize, copied: Option<usize>, is_escaped: bool) -> Option<usize> {
        if copied.is_some_and(|copied| at < copied) {
            return copied;
        }
        let code = match text[at] {
            b'\\' => self.escapes.code(text, at, is_escaped),
            _ => code(&text[at..]),
        };
        let Some(code) = code else { return copied };
        if copied.is_none() {
            self.text.clear();
            self.places.clear();
            self.gaps.clear();
        }
        self.copy(text, copied.unwrap_or_default(), at);
        let next = self.text.len() as u32;
        if code.count > 0 {
            self.go_on_with(code.bytes[0]);
        } else if self.gaps.last().is_none_or(|(before, _)| *before != next) {
            self.gaps.push((next, at as u32));
            self.joint = self.text.last().filter(|byte| is_of_word(byte)).map(|_| at as u32);
        }
        self.text.extend_from_slice(&code.bytes[..code.count]);
        self.places.extend(std::iter::repeat_n(at as u32, code.count));
        Some(at + code.length)
    }

    fn copy(&mut self, text: &[u8], start: usize, end: usize) {
        let Some(first) = text[start..end].first() else { return };
        self.go_on_with(*first);
        self.text.extend_from_slice(&text[start..end]);
        self.places.extend(start as u32..end as u32);
    }

    /// Ends what stands before a code for nothing if it is to end there, and `first` is the next byte.
    #[inline]
    fn go_on_with(&mut self, first: u8) {
        if let Some(at) = self.joint.take().filter(|_| is_of_word(&first)) {
            self.has_joints = true;
            if self.is_apart {
                self.text.push(b' ');
                self.places.push(at);
            }
        }
    }

    /// Moves findings to where they were written, without the codes for nothing behind them.
    pub(super) fn give_back(&self, found: &mut [Finding]) {
        for one in found {
            let gap = self.gaps.binary_search_by_key(&one.end, |(next, _)| *next).ok();
            one.start = self.places[one.start as usize];
            one.end = gap.map_or(self.places[one.end as usize], |gap| self.gaps[gap].1);
        }
    }
}

fn is_of_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte >= 0x80 || b"_+-.@".contains(byte)
}

/// The code that `text` begins with, but for escapes behind backslashes.
pub(super) fn code(text: &[u8]) -> Option<Code> {
    match text[0] {
        b'%' => percent(text),
        b'&' => entity(text),
        b'#' => octal(text),
        ESCAPE => colour(&text[1..], 1),
        _ => {
            let length = if text[0] == 0xc2 { 2 } else { 3 };
            let letter = std::str::from_utf8(text.get(..length)?).ok()?.chars().next()?;
            plain(letter).map(|byte| one(byte, length))
        }
    }
}

/// A byte, or nothing if it is 0.
pub(super) fn one(byte: u8, length: usize) -> Code {
    Code { bytes: [byte, 0, 0, 0], count: usize::from(byte != 0), length }
}

/// The byte that a letter beyond ASCII is written for; 0 for what has no width.
fn plain(letter: char) -> Option<u8> {
    match letter {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => Some(b' '),
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => Some(0),
        '\u{2010}' | '\u{2011}' | '\u{2212}' => Some(b'-'),
        '\u{ff01}'..='\u{ff5e}' => Some((u32::from(letter) - 0xff01) as u8 + b'!'),
        _ => None,
    }
}

/// A letter by its number; NUL as a byte that is no end of a text.
pub(super) fn letter(number: u32, length: usize) -> Option<Code> {
    let letter = char::from_u32(number.max(1))?;
    if let Some(byte) = plain(letter) {
        return Some(one(byte, length));
    }
    let mut bytes = [0; 4];
    let count = letter.encode_utf8(&mut bytes).len();
    Some(Code { bytes, count, length })
}

pub(super) fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

/// `%40`, `%2540`, `%C2%A0`.
fn percent(text: &[u8]) -> Option<Code> {
    let byte = hex(text.get(1..3)?)?;
    if byte == u32::from(b'%')
        && let Some(inner) = text.get(3..5).and_then(hex).filter(|inner| matches!(inner, 0x20..=0x7e))
    {
        return Some(one(inner as u8, 5));
    }
    match byte {
        0x09 | 0x0a | 0x0d | 0x20..=0x7e => Some(one(byte as u8, 3)),
        0xc2..=0xf4 => bytes_of_letter(text, 1, byte),
        _ => None,
    }
}

/// A letter of two to four bytes, of which each has a mark of this length before its two digits.
pub(super) fn bytes_of_letter(text: &[u8], mark: usize, first: u32) -> Option<Code> {
    let (count, length) = (if first < 0xe0 { 2 } else { 3 + usize::from(first >= 0xf0) }, mark + 2);
    let mut bytes = [0; 4];
    for (byte, written) in bytes[..count].iter_mut().zip(text.get(..count * length)?.chunks(length)) {
        *byte = hex(&written[mark..]).filter(|_| written[..mark] == text[..mark])? as u8;
    }
    let number = std::str::from_utf8(&bytes[..count]).ok()?.chars().next()?;
    letter(number.into(), count * length)
}

/// `&#64;`, `&#x40;`, `&commat;`.
fn entity(text: &[u8]) -> Option<Code> {
    let end = entity_end(text)?;
    let name = &text[1..end];
    match name.strip_prefix(b"#") {
        Some([b'x' | b'X', digits @ ..]) if !digits.is_empty() => letter(hex(digits)?, end + 1),
        Some(digits) if !digits.is_empty() => {
            let number = digits.iter().try_fold(0_u32, |number, digit| {
                Some(number * 10 + char::from(*digit).to_digit(10)?).filter(|number| *number < 0x11_0000)
            });
            letter(number?, end + 1)
        }
        Some(_) => None,
        None => named(name).map(|byte| one(byte, end + 1)),
    }
}

/// Where the `;` stands among the ten bytes that `text` begins with. Most often there is none, as behind the `&` of an address of the web.
#[inline(always)]
fn entity_end(text: &[u8]) -> Option<usize> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let others = head(text, 1) ^ (EACH * u64::from(b';'));
    let marks = others.wrapping_sub(EACH) & !others & EACH << 7;
    let is_last = text.get(9) == Some(&b';');
    if marks != 0 { Some(1 + marks.trailing_zeros() as usize / 8) } else { is_last.then_some(9) }
}

fn named(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"nbsp" | b"thinsp" | b"ensp" | b"emsp" => b' ',
        b"commat" => b'@',
        b"amp" => b'&',
        b"quot" => b'"',
        b"apos" => b'\'',
        b"lt" => b'<',
        b"gt" => b'>',
        b"period" => b'.',
        b"colon" => b':',
        b"plus" => b'+',
        b"equals" => b'=',
        b"lowbar" => b'_',
        b"hyphen" | b"dash" => b'-',
        b"sol" => b'/',
        b"shy" | b"zwj" | b"zwnj" => 0,
        _ => return None,
    })
}

/// Nothing, for what sets a colour of a terminal: `behind` an escape of so many bytes, `[36m` or the like.
pub(super) fn colour(behind: &[u8], escape: usize) -> Option<Code> {
    if behind.starts_with(b"(B") {
        return Some(one(0, escape + 2));
    }
    let behind = behind.strip_prefix(b"[")?;
    let numbers = behind.iter().take(20).take_while(|byte| matches!(byte, b'0'..=b'?')).count();
    behind.get(numbers).filter(|end| end.is_ascii_alphabetic()).map(|_| one(0, escape + 1 + numbers + 1))
}

/// `#012`, `#011`, `#015` and `#000`, as rsyslog writes what would break a line. Digits behind it make it a number, unless they are
/// too many for one or an address.
fn octal(text: &[u8]) -> Option<Code> {
    let byte = match text.get(..4)? {
        b"#012" | b"#000" => b'\n',
        b"#011" => b'\t',
        b"#015" => b'\r',
        _ => return None,
    };
    let behind = &text[4..];
    let is_of_word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let word = &behind[..behind.iter().take(WORD).take_while(is_of_word).count()];
    let is_number = word.first().is_some_and(u8::is_ascii_digit) && word.len() <= 10 && !word.contains(&b'.');
    if is_number { None } else { Some(one(byte, 4)) }
}

/// Longest word that is looked at behind a break.
const WORD: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigie_parsers::simd::{Bits, classify};

    use super::*;

    fn decoded(text: &str, is_escaped: bool) -> Option<(String, Vec<u32>)> {
        let (mut classes, mut decoded) = (Vec::new(), Decoded::default());
        classify(Bits::of_processor(), text.as_bytes(), &mut classes);
        let is_coded = decoded.read(text.as_bytes(), &classes, is_escaped);
        is_coded.then(|| (String::from_utf8(decoded.text).expect("it is text"), decoded.places))
    }

    proptest! {
        #[test]
        fn an_entity_ends_at_its_first_semicolon(text in "&[a;:é]{0,14}") {
            let text = text.as_bytes();
            prop_assert_eq!(entity_end(text), text.iter().take(10).position(|byte| *byte == b';'));
        }
    }

    #[test]
    fn codes_are_replaced_by_what_they_stand_for() {
        let cases = [
            ("a%40b", false, "a@b"),
            ("a%2540b", false, "a@b"),
            ("a\\u0040b", false, "a@b"),
            ("a&#64;b&#x40;c&commat;d", false, "a@b@c@d"),
            ("1\u{a0}2\u{202f}3%C2%A04%E2%80%AF5", false, "1 2 3 4 5"),
            ("４１1\u{200b}2", false, "4112"),
            ("pr\\u00e9nom pr%C3%A9nom", false, "prénom prénom"),
            ("C:\\\\Users\\\\x\\ny", true, "C:\\Users\\x\ny"),
            ("{\\\"a\\\":1}", true, "{\"a\":1}"),
            // Keys of JSON in a string of JSON.
            (r#"{\"pr\\u00e9nom\": \"x\"}"#, true, "{\"prénom\": \"x\"}"),
            (r#"{\"\\u00e9\\u00e8\" :1}"#, true, "{\"éè\" :1}"),
            (r#"{\"\\\\u00e9\":1}"#, true, "{\"é\":1}"),
            // Breaks and colours that were written.
            (r#"{"a":"x\npassword=y\t4111"}"#, false, "{\"a\":\"x\npassword=y\t4111\"}"),
            (r"x\n203.0.113.7 \t+33612345678", false, "x\n203.0.113.7 \t+33612345678"),
            (r"x\njane@example.org\nBearer", false, "x\njane@example.org\nBearer"),
            (r"[x\nZ1 x\\nZ2 x\\\nZ3 x\\\\nZ4", false, "[x\nZ1 x\nZ2 x\\\\\nZ3 x\nZ4"),
            (r"creds:\nghp_0\n2a01:cb00::1\n1 84 x\tab", false, "creds:\nghp_0\n2a01:cb00::1\n1 84 x\tab"),
            (r"creds\nghp_0123456789abcdefghij1 x", false, "creds\nghp_0123456789abcdefghij1 x"),
            (r"failed:\nby ACME\tom C:\new\bin C:\temp", false, "failed:\nby ACME\\tom C:\\new\\bin C:\\temp"),
            (r#"{\"m\":\"x\\npin: 1\"}"#, true, "{\"m\":\"x\npin: 1\"}"),
            ("\x1b[36m203\x1b[0m.\\u001b[1;31m7\\x1b[K", false, "203.7"),
            (r#"ACME\\u012345 \": x"#, true, r#"ACME\u012345 ": x"#),
            (r"ACME\\u012345 has\\u0142o", false, r"ACME\\u012345 hasło"),
            // Other escapes, and what is none.
            (
                r"x\ud83d\udcb3 \ud83d \\ud83d\\udcb3 \U0001f4b3 \u{1f4b3}",
                false,
                "x\u{1f4b3} \u{fffd} \u{1f4b3} \u{1f4b3} \u{1f4b3}",
            ),
            (r"\x00\xc2\xa0\xf0\x9f\x92\xb3\x", false, "\x01 \u{1f4b3}\\x"),
            (r"x\b\f\0\u0000y", true, "x\x08\x0c\x01\x01y"),
            (r"C:\\\\bin C:\\\\\\\\v1 C:\v2.0.5\x", false, r"C:\\bin C:\\v1 C:\v2.0.5\x"),
            (r#"{\"a\":\"x\\by\\\\bin\"}"#, true, "{\"a\":\"x\x08y\\\\bin\"}"),
            ("%F0%9F%92%B34111", false, "\u{1f4b3}4111"),
            (r"https:\\/\\/x", false, "https://x"),
        ];
        for (text, is_escaped, expected) in cases {
            assert_eq!(decoded(text, is_escaped).map(|(text, _)| text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn text_without_codes_is_left_alone() {
        for text in [
            "100% sure",
            "C:\\Users\\new",
            r#"{"a":"C:\\new"}"#,
            r"ACME\tom: x",
            r"CORP\n123456 in",
            r"D:\new\node_modules_2026_11_30 corp\tom -C:\new",
            r"ACME\tomJacquesDupontBertrand1234",
            "\x1b[",
            "a & b; c",
            "é ï 漢字 “quoted”",
            "%zz &#; &#x; \\u12",
            "\\",
            "%",
            "&",
        ] {
            assert_eq!(decoded(text, false), None, "{text}");
        }
    }

    #[test]
    fn every_byte_knows_where_it_came_from() {
        assert_eq!(decoded("a%40bc", false), Some(("a@bc".to_owned(), vec![0, 1, 4, 5, 6])));
    }
}
