//! A stream of JSON without line ends that count: objects, and `[time, object]`, one after the other.
//!
//! [`Splitter`] finds where a piece of the stream ends, over as many lines as it has; [`StreamParser`] reads the piece. What is
//! neither of the two is a piece up to the end of its line.

use std::ops::Range;
use std::sync::Arc;

use memchr::memchr;

use super::{JsonParser, MAX_DEPTH};
use crate::batch::{Batch, Span, Timestamp};
use crate::parser::{Parsed, Parser};

/// What a stream begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where its text stands.
    pub text: Range<usize>,
    /// Where the next piece begins.
    pub end: usize,
    /// Whether it is JSON, whose line ends mean nothing; else it is a line, or a part of one.
    pub is_json: bool,
}

/// Finds the pieces of a stream that comes bit by bit. No byte of JSON is looked at twice while it grows.
#[derive(Debug, Default)]
pub struct Splitter {
    /// What is known of the piece that the stream begins with, and how far it was looked at.
    scan: Scan,
    at: usize,
    /// Whether the beginning of the line was cut off.
    is_cut: bool,
}

impl Splitter {
    /// How many bytes `stream` begins with that mean nothing: white space up to the last line end in it.
    pub fn blank(&self, stream: &[u8]) -> usize {
        if self.is_cut || self.at > 0 {
            return 0;
        }
        let blank = &stream[..stream.iter().position(|byte| !is_blank(*byte)).unwrap_or(stream.len())];
        memchr::memrchr(b'\n', blank).map_or(0, |newline| newline + 1)
    }

    /// The first piece of `stream`, which has at most `longest` bytes; `None` while more of it has to come. When it is the
    /// `last`, nothing more does.
    ///
    /// Until a piece is given, `stream` may only grow at its end.
    pub fn first(&mut self, stream: &[u8], longest: usize, last: bool) -> Option<Piece> {
        let start = stream.iter().position(|byte| !is_blank(*byte));
        let start = start.or((stream.len() > longest).then_some(0))?;
        let may_be_json = !self.is_cut && matches!(stream[start], b'{' | b'[');
        if may_be_json {
            match self.scan_on(stream, start) {
                Found::End(end) if end <= longest => return Some(self.found(start..end, end, true)),
                Found::Nothing if !last && stream.len() <= longest => return None,
                _ => {}
            }
        }
        let newline = memchr(b'\n', &stream[start..]).map(|at| start + at);
        match newline.map(|newline| newline + 1).or(last.then_some(stream.len())) {
            Some(end) if end <= longest => {
                self.is_cut = false;
                let line = without_line_end(&stream[..end]);
                Some(self.found(0..line, end, false))
            }
            None if stream.len() <= longest => None,
            _ => {
                self.is_cut = true;
                Some(self.found(0..longest, longest, false))
            }
        }
    }

    /// Looks at what has come since.
    fn scan_on(&mut self, stream: &[u8], start: usize) -> Found {
        self.at = self.at.max(start);
        loop {
            if let State::Text { is_escaped: false, .. } = self.scan.state {
                self.at += plain(&stream[self.at..]);
            }
            let Some(byte) = stream.get(self.at) else { return Found::Nothing };
            match self.scan.take(*byte) {
                None => return Found::Broken,
                Some(()) => self.at += 1,
            }
            if self.scan.state == State::Over {
                return Found::End(self.at);
            }
        }
    }

    fn found(&mut self, text: Range<usize>, end: usize, is_json: bool) -> Piece {
        self.scan = Scan::default();
        self.at = 0;
        Piece { text, end, is_json }
    }
}

/// What the bytes so far show.
enum Found {
    /// It ends here.
    End(usize),
    /// It cannot be JSON.
    Broken,
    /// Neither yet.
    Nothing,
}

/// The grammar, a byte at a time. Numbers and escapes are looked at closely only by who reads the piece.
#[derive(Debug, Default)]
struct Scan {
    state: State,
    /// A bit for each open object, none for an array; the innermost is the last.
    objects: u64,
    depth: usize,
    /// Whether the object stands in `[time, object]`.
    is_timed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the first brace or bracket.
    #[default]
    Start,
    /// Before the time, in it, behind it, before its object and behind that.
    Time,
    InTime,
    BehindTime,
    Object,
    BehindObject,
    /// Before the first key or item, or none.
    FirstKey,
    FirstItem,
    Key,
    Colon,
    Value,
    Number,
    /// What is left of `true`, `false` or `null`.
    Word(&'static [u8]),
    Text {
        is_key: bool,
        is_escaped: bool,
    },
    /// Behind a value.
    Next,
    Over,
}

impl Scan {
    /// Goes on by one byte; `None` when it does not belong here.
    fn take(&mut self, byte: u8) -> Option<()> {
        self.state = match self.state {
            State::Text { is_key, is_escaped } => text(is_key, is_escaped, byte)?,
            State::Number if is_of_number(byte) => State::Number,
            State::InTime if is_of_number(byte) => State::InTime,
            State::Word([first, rest @ ..]) => {
                let word = (*first == byte).then_some(rest)?;
                if word.is_empty() { State::Next } else { State::Word(word) }
            }
            State::Number => self.between(State::Next, byte)?,
            State::InTime => self.between(State::BehindTime, byte)?,
            state => self.between(state, byte)?,
        };
        Some(())
    }

    /// The state behind `byte`, which stands between two values or begins one.
    fn between(&mut self, state: State, byte: u8) -> Option<State> {
        let in_object = self.objects & 1 == 1;
        Some(match (state, byte) {
            (_, b' ' | b'\t' | b'\n' | b'\r') => state,
            (State::Start | State::Object | State::Value | State::FirstItem, b'{') => self.open(true)?,
            (State::Start, b'[') => {
                self.is_timed = true;
                State::Time
            }
            (State::Time, byte) if is_of_number(byte) => State::InTime,
            (State::BehindTime, b',') => State::Object,
            (State::BehindObject, b']') => State::Over,
            (State::FirstKey | State::Key, b'"') => State::Text { is_key: true, is_escaped: false },
            (State::Colon, b':') => State::Value,
            (State::Next, b',') if in_object => State::Key,
            (State::Next, b',') => State::Value,
            (State::FirstKey, b'}') | (State::FirstItem, b']') => self.close(),
            (State::Next, b'}') if in_object => self.close(),
            (State::Next, b']') if !in_object => self.close(),
            (State::Value | State::FirstItem, byte) => self.value(byte)?,
            _ => return None,
        })
    }

    fn value(&mut self, byte: u8) -> Option<State> {
        Some(match byte {
            b'"' => State::Text { is_key: false, is_escaped: false },
            b'[' => self.open(false)?,
            b't' => State::Word(b"rue"),
            b'f' => State::Word(b"alse"),
            b'n' => State::Word(b"ull"),
            b'-' | b'0'..=b'9' => State::Number,
            _ => return None,
        })
    }

    fn open(&mut self, is_object: bool) -> Option<State> {
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(is_object);
        (self.depth <= MAX_DEPTH).then_some(if is_object { State::FirstKey } else { State::FirstItem })
    }

    fn close(&mut self) -> State {
        self.depth -= 1;
        self.objects >>= 1;
        match self.depth {
            0 if self.is_timed => State::BehindObject,
            0 => State::Over,
            _ => State::Next,
        }
    }
}

/// How many bytes of a string stand before the next that means something.
fn plain(text: &[u8]) -> usize {
    text.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).unwrap_or(text.len())
}

/// The state behind `byte` of a string.
fn text(is_key: bool, is_escaped: bool, byte: u8) -> Option<State> {
    match byte {
        ..b' ' => None,
        _ if is_escaped => Some(State::Text { is_key, is_escaped: false }),
        b'\\' => Some(State::Text { is_key, is_escaped: true }),
        b'"' if is_key => Some(State::Colon),
        b'"' => Some(State::Next),
        _ => Some(State::Text { is_key, is_escaped: false }),
    }
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The length of `line` without its end.
fn without_line_end(line: &[u8]) -> usize {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line).len()
}

/// Parses the text of records as one JSON object, or as `[time, object]` with the time in seconds since 1970.
#[derive(Debug)]
pub struct StreamParser;

impl StreamParser {
    /// The parser, ready to be shared.
    pub fn shared() -> Arc<dyn Parser> {
        Arc::new(Self)
    }
}

impl Parser for StreamParser {
    fn parse(&self, batch: &mut Batch, index: usize, text: Span) -> Parsed {
        let Some((time, object)) = timed(batch.bytes(text)) else { return JsonParser.parse(batch, index, text) };
        let start = text.start as usize;
        let parsed = JsonParser.parse(batch, index, Span::between(start + object.start, start + object.end));
        if parsed.gave_fields() {
            batch.record_mut(index).set_time(time);
        }
        parsed
    }
}

/// The time of `[time, object]`, and where the object stands.
fn timed(text: &[u8]) -> Option<(Timestamp, Range<usize>)> {
    let inside = text.strip_prefix(b"[")?.trim_ascii_end().strip_suffix(b"]")?;
    let comma = memchr(b',', inside)?;
    let time = seconds(std::str::from_utf8(inside[..comma].trim_ascii()).ok()?)?;
    Some((time, comma + 2..1 + inside.len()))
}

/// The time that a number of seconds tells; parts of nanoseconds are left out.
fn seconds(number: &str) -> Option<Timestamp> {
    if number.contains(['e', 'E']) {
        let (whole, part) = number.parse::<f64>().ok().filter(|number| (0.0..1e15).contains(number)).map(split)?;
        return Some(Timestamp { seconds: whole, nanos: part });
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(Timestamp { seconds: whole.parse().ok().filter(|seconds| *seconds < 1_000_000_000_000_000)?, nanos })
}

/// Whole seconds and nanoseconds of a number that is not negative and small enough to have both.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the number is in range")]
fn split(number: f64) -> (i64, u32) {
    (number.trunc() as i64, ((number.fract() * 1e9) as u32).min(999_999_999))
}

#[cfg(test)]
mod tests;
