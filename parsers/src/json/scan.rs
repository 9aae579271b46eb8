//! The scanner: grammar of RFC 8259, byte by byte where it must, a block at a time where it can.

use crate::batch::{Span, Text, Value, any_repeats, key_hash};
use crate::simd::{BLOCK, count_digits, find};

use super::MAX_DEPTH;

/// Reads JSON from the arena. Positions are indexes into `bytes`, which is the arena up to the end of the text.
pub(super) struct Scanner<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// The whole arena: blocks may reach beyond the end of the text.
    pub(super) arena: &'a [u8],
    start: usize,
    /// Not 0 when a byte beyond ASCII may be in a string.
    pub(super) highs: u32,
    /// Whether the text stands on several lines.
    pub(super) broken: bool,
    /// Whether an object with a key twice was met in the last nested value.
    pub(super) duplicates: bool,
}

impl<'a> Scanner<'a> {
    /// A scanner of the bytes of `span`.
    pub(super) fn new(arena: &'a [u8], span: Span) -> Self {
        let (bytes, start) = (&arena[..span.end()], span.start as usize);
        Self { bytes, at: start, arena, start, highs: 0, broken: false, duplicates: false }
    }

    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    pub(super) fn skip_space(&mut self) {
        if self.peek().is_some_and(|byte| byte <= b' ') {
            self.skip_some_space();
        }
    }

    fn skip_some_space(&mut self) {
        while let Some(space @ (b' ' | b'\n' | b'\t' | b'\r')) = self.peek() {
            self.broken |= space == b'\n' || space == b'\r';
            self.at += 1;
        }
    }

    /// Takes `byte` if it is next.
    #[inline(always)]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Whether nothing but space is left, and all was UTF-8.
    pub(super) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.at == self.bytes.len() && (self.highs == 0 || std::str::from_utf8(&self.bytes[self.start..]).is_ok())
    }

    /// A string, its opening quote being next.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Option<Text> {
        let start = self.at + 1;
        let escaped = self.skip_string()?;
        let span = Span::between(start, self.at - 1);
        Some(if escaped { Text::escaped(span) } else { Text::clean(span) })
    }

    /// Moves behind a string, its opening quote being next. Gives whether there is an escape in it.
    #[inline(always)]
    fn skip_string(&mut self) -> Option<bool> {
        if !self.take(b'"') {
            return None;
        }
        while self.skip_block() == Some(false) {}
        if self.take(b'"') { Some(false) } else { self.skip_rest_of_string() }
    }

    /// [`skip_string`](Self::skip_string) from anywhere inside of it.
    #[inline(never)]
    fn skip_rest_of_string(&mut self) -> Option<bool> {
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
        self.at += 1;
        Some(escaped)
    }

    /// Moves to the next quote, backslash or control byte and gives it.
    #[inline(always)]
    fn string_stop(&mut self) -> Option<u8> {
        while let Some(stops) = self.skip_block() {
            if stops {
                return self.peek();
            }
        }
        self.last_string_stop()
    }

    /// Moves over the plain bytes of a string in the next block and tells whether something else follows in it. `None` where
    /// less than a block is left.
    #[inline(always)]
    fn skip_block(&mut self) -> Option<bool> {
        let found = find(self.block()?);
        self.highs |= found.highs;
        let stop = found.stop();
        self.at += stop.unwrap_or(BLOCK);
        Some(stop.is_some())
    }

    /// The next bytes, whether or not they still belong to the text.
    #[inline(always)]
    pub(super) fn block<const N: usize>(&self) -> Option<&'a [u8; N]> {
        self.arena.get(self.at..)?.first_chunk()
    }

    /// [`string_stop`](Self::string_stop) where less than a block is left.
    #[cold]
    fn last_string_stop(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return Some(byte);
            }
            self.highs |= u32::from(byte & 0x80);
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

    #[inline(always)]
    fn skip_number(&mut self) -> Option<()> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        match self.peek() {
            Some(b'.') => {
                self.at += 1;
                self.digits()?;
                if let Some(b'e' | b'E') = self.peek() {
                    self.exponent()?;
                }
            }
            Some(b'e' | b'E') => self.exponent()?,
            _ => {}
        }
        Some(())
    }

    #[inline(never)]
    fn exponent(&mut self) -> Option<()> {
        self.at += 1;
        if !self.take(b'-') {
            self.take(b'+');
        }
        self.digits()
    }

    /// Takes one digit or more.
    #[inline(always)]
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(block) = self.block() {
            let digits = count_digits(block);
            self.at += digits;
            if digits < BLOCK {
                // What is beyond the text is no part of the number.
                self.at = self.at.min(self.bytes.len());
                return (self.at > start).then_some(());
            }
        }
        self.last_digits(start)
    }

    /// [`digits`](Self::digits) where less than a block is left.
    #[cold]
    fn last_digits(&mut self, start: usize) -> Option<()> {
        self.at = self.at.min(self.bytes.len());
        self.at += self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let there = self.bytes[self.at..].starts_with(word);
        self.at += word.len();
        there.then_some(())
    }

    /// Any value; nested ones are validated and kept as one span.
    ///
    /// `keys` is scratch space, given back as it was. Inlined, so that a value is built where it is to be: one that is
    /// written in parts and at once copied as a whole waits for the parts to arrive in the cache.
    #[inline(always)]
    pub(super) fn value(&mut self, keys: &mut Vec<Text>, take: impl FnOnce(Value)) -> Option<()> {
        match self.peek()? {
            b'"' => {
                let text = self.string()?;
                take(Value::Text(text));
            }
            b'{' | b'[' => {
                let start = self.at;
                self.container(keys)?;
                take(Value::Json(Span::between(start, self.at)));
            }
            b't' => {
                self.word(b"true")?;
                take(Value::Bool(true));
            }
            b'f' => {
                self.word(b"false")?;
                take(Value::Bool(false));
            }
            b'n' => {
                self.word(b"null")?;
                take(Value::Null);
            }
            _ => {
                let start = self.at;
                self.skip_number()?;
                take(Value::Number(Span::between(start, self.at)));
            }
        }
        Some(())
    }

    #[inline(never)]
    fn container(&mut self, keys: &mut Vec<Text>) -> Option<()> {
        let kept = keys.len();
        let nested = self.nested(keys);
        keys.truncate(kept);
        nested
    }

    fn scalar(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.skip_string().map(|_| ()),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.skip_number(),
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

    #[inline(always)]
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
        self.clash |= self.bits & class != 0 || key.is_escaped();
        self.bits |= class;
    }
}
