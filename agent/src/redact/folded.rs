//! Text as words of a dictionary are compared with it: small letters without accents, codes replaced, one space for many.

use super::decode::code;
use super::escape::Escapes;
use super::phrases::fold;

/// Text made plain, and where each of its bytes came from.
#[derive(Debug, Default)]
pub struct Folded {
    text: Vec<u8>,
    /// For each byte, and for the end, where it began.
    places: Vec<usize>,
    escapes: Escapes,
}

impl Folded {
    /// Makes `text` plain, in place of what was there before; with `is_escaped` it is the inside of a JSON string.
    pub fn read(&mut self, text: &[u8], is_escaped: bool) {
        self.text.clear();
        self.places.clear();
        self.escapes = Escapes::default();
        let mut at = 0;
        while at < text.len() {
            at += self.unit(text, at, is_escaped);
        }
        self.places.push(at);
    }

    /// The plain text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where the byte `at` of the plain text, or its end, began in what was read.
    pub fn place(&self, at: usize) -> usize {
        self.places[at]
    }

    /// Takes over what stands for one character at `at`. Gives how many bytes that are.
    fn unit(&mut self, text: &[u8], at: usize, is_escaped: bool) -> usize {
        let rest = &text[at..];
        let code = match rest[0] {
            b'\\' => self.escapes.code(text, at, is_escaped),
            b'%' | b'&' | 0xc2 | 0xe2 | 0xef => code(rest),
            _ => None,
        };
        if let Some(code) = code {
            self.add(&code.bytes[..code.count], at);
            return code.length;
        }
        match rest {
            // Accents that stand behind their letters.
            [0xcc, _, ..] | [0xcd, 0x80..=0xaf, ..] => 2,
            // A space in the query of an address.
            [b'+', next, ..]
                if next.is_ascii_alphanumeric() && self.text.last().is_some_and(u8::is_ascii_alphanumeric) =>
            {
                self.add(b" ", at);
                1
            }
            _ => self.add(rest, at),
        }
    }

    /// Adds the first character of `bytes`. Gives how many of them it took; where it is no letter that is known, one.
    fn add(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some((first, behind)) = bytes.split_first() else { return 0 };
        let (byte, length) = match fold(*first, behind) {
            (0, _) if first.is_ascii_whitespace() => (b' ', 1),
            (0, _) => (*first, 1),
            letter => letter,
        };
        if byte != b' ' || self.text.last() != Some(&b' ') {
            self.text.push(byte);
            self.places.push(at);
        }
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str, is_escaped: bool) -> String {
        let mut folded = Folded::default();
        folded.read(text.as_bytes(), is_escaped);
        let places = (0..=folded.text.len()).map(|at| folded.place(at));
        assert!(places.is_sorted() && folded.place(folded.text.len()) == text.len());
        String::from_utf8(folded.text).expect("it is text")
    }

    #[test]
    fn case_accents_spaces_and_codes_make_no_difference() {
        for text in [
            "Marie  LEF\u{c8}VRE",
            "marie\u{a0}lefe\u{300}vre",
            "Marie%20Lef%C3%A8vre",
            "marie+lefevre",
            "Marie\tLef&#232;vre",
        ] {
            assert_eq!(folded(text, false), "marie lefevre", "{text}");
        }
        assert_eq!(folded(r"Marie\u00a0Lef\u00e8vre", true), "marie lefevre");
        assert_eq!(folded("C++ \u{65e5}\u{672c} 50% a&b", false), "c++ \u{65e5}\u{672c} 50% a&b");
    }
}
