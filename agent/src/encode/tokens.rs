//! Walks JSON that was validated before.

use std::ops::Range;

/// A piece of JSON text. Ranges are indexes into the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `{` or `[`.
    Open(u8),
    /// `}` or `]`.
    Close(u8),
    /// Inside of the string before a colon.
    Key(Range<usize>),
    /// Inside of any other string.
    Text(Range<usize>),
    /// A number, `true`, `false` or `null`.
    Scalar(Range<usize>),
}

/// The tokens of JSON text that is known to be valid; of other text it gives something, and ends.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    /// The tokens of `json`.
    pub fn new(json: &'a [u8]) -> Self {
        Self { json, at: 0 }
    }

    /// Walks over the next value as a whole and gives where it stands, quotes and brackets included.
    ///
    /// `None` at the end of the object or array that the walk is in.
    pub fn value(&mut self) -> Option<Range<usize>> {
        self.skip(is_between);
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Token::Open(_) => depth += 1,
                Token::Close(_) => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if depth == 0 {
                let end = self.json[..self.at].trim_ascii_end().len();
                return Some(start..end);
            }
        }
    }

    fn skip(&mut self, skipped: fn(u8) -> bool) {
        while self.json.get(self.at).is_some_and(|byte| skipped(*byte)) {
            self.at += 1;
        }
    }

    /// Moves behind the string that was just opened and gives its inside.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        while let Some(found) = memchr::memchr2(b'"', b'\\', &self.json[self.at..]) {
            self.at += found;
            if self.json[self.at] == b'"' {
                self.at += 1;
                return start..self.at - 1;
            }
            self.at = (self.at + 2).min(self.json.len());
        }
        self.at = self.json.len();
        start..self.at
    }
}

fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b',' || byte == b':'
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip(is_between);
        let first = *self.json.get(self.at)?;
        let start = self.at;
        self.at += 1;
        Some(match first {
            b'{' | b'[' => Token::Open(first),
            b'}' | b']' => Token::Close(first),
            b'"' => {
                let inside = self.string();
                self.skip(|byte| byte.is_ascii_whitespace());
                match self.json.get(self.at) {
                    Some(b':') => Token::Key(inside),
                    _ => Token::Text(inside),
                }
            }
            _ => {
                self.skip(|byte| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'));
                Token::Scalar(start..self.at)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_texts_and_scalars_are_told_apart() {
        let json = br#"{ "a" : [1.10, true, "x\"y"], "b":{} }"#;

        let tokens: Vec<String> = Tokens::new(json)
            .map(|token| match token {
                Token::Open(byte) | Token::Close(byte) => char::from(byte).to_string(),
                Token::Key(range) => format!("key {}", String::from_utf8_lossy(&json[range])),
                Token::Text(range) => format!("text {}", String::from_utf8_lossy(&json[range])),
                Token::Scalar(range) => format!("scalar {}", String::from_utf8_lossy(&json[range])),
            })
            .collect();

        let expected = ["{", "key a", "[", "scalar 1.10", "scalar true", "text x\\\"y", "]", "key b", "{", "}", "}"];
        assert_eq!(tokens, expected);
    }

    #[test]
    fn text_that_breaks_off_ends_the_walk() {
        for json in [&b"{\"a"[..], b"\"\\", b"[1", b"{\"a\":tr", b""] {
            assert!(Tokens::new(json).count() < 5);
        }
    }
}
