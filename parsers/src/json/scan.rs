//! The scanner: grammar of RFC 8259, byte by byte where it must, eight bytes at a time where it can.

use crate::batch::{Span, Text, Value, any_repeats, key_hash};

use super::MAX_DEPTH;

/// Reads JSON from the arena. Positions are indexes into `bytes`, which is the arena up to the end of the text.
pub(super) struct Scanner<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// Whether an object with a key twice was met in the last nested value.
    pub(super) duplicates: bool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// High bits of the bytes that end a run of plain string bytes: quote, backslash, control.
///
/// A byte above the first hit may be marked wrongly, the first one never.
fn string_stops(word: u64) -> u64 {
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5c);
    let quotes = quote.wrapping_sub(ONES) & !quote;
    let backslashes = backslash.wrapping_sub(ONES) & !backslash;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | backslashes | controls) & HIGHS
}

impl<'a> Scanner<'a> {
    /// A scanner of the bytes of `span`, or `None` when they are not UTF-8.
    pub(super) fn new(arena: &'a [u8], span: Span) -> Option<Self> {
        let bytes = &arena[..span.end()];
        std::str::from_utf8(&bytes[span.start as usize..]).ok()?;
        Some(Self { bytes, at: span.start as usize, duplicates: false })
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes `byte` if it is next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Whether nothing but space is left.
    pub(super) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.at == self.bytes.len()
    }

    /// A string, its opening quote being next.
    pub(super) fn string(&mut self) -> Option<Text> {
        if !self.take(b'"') {
            return None;
        }
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.string_stop()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return None,
            }
        }
        let span = Span::between(start, self.at);
        self.at += 1;
        Some(if escaped { Text::escaped(span) } else { Text::clean(span) })
    }

    /// Moves to the next quote, backslash or control byte and gives it.
    fn string_stop(&mut self) -> Option<u8> {
        while let Some(chunk) = self.bytes.get(self.at..self.at + 8) {
            let word = u64::from_le_bytes(chunk.try_into().expect("the chunk has 8 bytes"));
            let stops = string_stops(word);
            if stops != 0 {
                self.at += stops.trailing_zeros() as usize / 8;
                return self.peek();
            }
            self.at += 8;
        }
        loop {
            let byte = self.peek()?;
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Takes an escape, its backslash being next.
    fn escape(&mut self) -> Option<()> {
        let kind = *self.bytes.get(self.at + 1)?;
        self.at += 2;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => match self.hex4()? {
                0xd800..=0xdbff if self.bytes[self.at..].starts_with(b"\\u") => {
                    self.at += 2;
                    matches!(self.hex4()?, 0xdc00..=0xdfff).then_some(())
                }
                // Half of a surrogate pair stands for nothing.
                0xd800..=0xdfff => None,
                _ => Some(()),
            },
            _ => None,
        }
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |code, digit| Some(code * 16 + char::from(*digit).to_digit(16)?))
    }

    fn number(&mut self) -> Option<Span> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if !self.take(b'-') {
                self.take(b'+');
            }
            self.digits()?;
        }
        Some(Span::between(start, self.at))
    }

    /// Takes one digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let there = self.bytes[self.at..].starts_with(word);
        self.at += word.len();
        there.then_some(())
    }

    /// Any value; nested ones are validated and kept as one span.
    ///
    /// `keys` is scratch space, given back as it was.
    pub(super) fn value(&mut self, keys: &mut Vec<Text>) -> Option<Value> {
        Some(match self.peek()? {
            b'"' => Value::Text(self.string()?),
            b'{' | b'[' => {
                let start = self.at;
                let kept = keys.len();
                let nested = self.nested(keys);
                keys.truncate(kept);
                nested?;
                Value::Json(Span::between(start, self.at))
            }
            b't' => {
                self.word(b"true")?;
                Value::Bool(true)
            }
            b'f' => {
                self.word(b"false")?;
                Value::Bool(false)
            }
            b'n' => {
                self.word(b"null")?;
                Value::Null
            }
            _ => Value::Number(self.number()?),
        })
    }

    fn scalar(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number().map(|_| ()),
        }
    }

    /// Validates an object or array and all inside it, without recursion. Sets `duplicates` when a key stands twice.
    fn nested(&mut self, keys: &mut Vec<Text>) -> Option<()> {
        // The record itself is the first level.
        let mut nest = Nest { frames: [Frame::default(); MAX_DEPTH], depth: 1, keys };
        loop {
            if self.begin_value(&mut nest)? {
                continue;
            }
            if self.end_value(&mut nest)? {
                return Some(());
            }
        }
    }

    /// Takes a scalar, an empty container, or the opening of a container with the key of its first member. Returns
    /// whether a value must follow.
    fn begin_value(&mut self, nest: &mut Nest<'_>) -> Option<bool> {
        let opener @ (b'{' | b'[') = self.peek()? else {
            self.scalar()?;
            return Some(false);
        };
        self.at += 1;
        let frame = nest.frames.get_mut(nest.depth)?;
        *frame = Frame { object: opener == b'{', seen: Seen::default(), first_key: nest.keys.len() };
        self.skip_space();
        if self.take(frame.closer()) {
            return Some(false);
        }
        self.key(frame, nest.keys)?;
        nest.depth += 1;
        Some(true)
    }

    /// Takes what stands behind a value: closers, then a comma with the key of the next member. Returns whether the
    /// outermost container was closed.
    fn end_value(&mut self, nest: &mut Nest<'_>) -> Option<bool> {
        while nest.depth > 1 {
            let frame = &mut nest.frames[nest.depth - 1];
            self.skip_space();
            if self.take(b',') {
                self.skip_space();
                self.key(frame, nest.keys)?;
                return Some(false);
            }
            if !self.take(frame.closer()) {
                return None;
            }
            if frame.seen.clash {
                self.duplicates |= any_repeats(self.bytes, &mut nest.keys[frame.first_key..]);
            }
            nest.keys.truncate(frame.first_key);
            nest.depth -= 1;
        }
        Some(true)
    }

    /// Takes `"key" :` and the space behind it, when `frame` is an object.
    fn key(&mut self, frame: &mut Frame, keys: &mut Vec<Text>) -> Option<()> {
        if !frame.object {
            return Some(());
        }
        let key = self.string()?;
        self.colon()?;
        frame.seen.add(self.bytes, key);
        keys.push(key);
        Some(())
    }

    pub(super) fn colon(&mut self) -> Option<()> {
        self.skip_space();
        if !self.take(b':') {
            return None;
        }
        self.skip_space();
        Some(())
    }
}

/// The containers that are open around the place the scanner is at, and the keys of their members so far.
struct Nest<'a> {
    frames: [Frame; MAX_DEPTH],
    depth: usize,
    keys: &'a mut Vec<Text>,
}

#[derive(Clone, Copy, Default)]
struct Frame {
    object: bool,
    seen: Seen,
    first_key: usize,
}

impl Frame {
    fn closer(&self) -> u8 {
        if self.object { b'}' } else { b']' }
    }
}

/// A cheap test for "no key stands twice" in nested objects: 64 bits, one per class of keys.
#[derive(Clone, Copy, Default)]
struct Seen {
    bits: u64,
    clash: bool,
}

impl Seen {
    /// Notes `key`, and whether one of its class was there before.
    fn add(&mut self, bytes: &[u8], key: Text) {
        let class = 1 << (key_hash(&bytes[key.span.range()]) >> 58);
        // An escaped key may equal one that is written otherwise, so it clashes with all.
        self.clash |= self.bits & class != 0 || key.escaped;
        self.bits |= class;
    }
}
