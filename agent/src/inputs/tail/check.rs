//! Lines that arrive in blocks of any size. Called by property tests and by fuzzing.

use std::cell::Cell;
use vigie_parsers::batch::{Batch, Text, Timestamp};

use super::code_page::Legacy;
use super::cut::{Block, Cutter, Cutting, LongLine, OnLongLine};
use super::encoding::{Encoding, Unicode};
use crate::config::OptionType;
use crate::metrics::InputMetrics;

/// Cuts `content` into lines of up to `max_line` bytes, however long ones are treated, given up to `block` bytes per turn.
///
/// # Panics
/// When other lines come out than of all bytes at once.
pub fn cuts(content: &[u8], max_line: usize, block: usize, skip_empty: bool, last: bool) {
    for on_long_line in [OnLongLine::Cut, OnLongLine::Skip, OnLongLine::Truncate] {
        same_lines(content, Cutting { max_line, on_long_line, skip_empty }, block, last);
    }
}

/// The encodings by numbers from 0 on, as they are named in options.
const ENCODINGS: [&str; 7] = ["auto", "UTF-16LE", "UTF-16BE", "ShiftJIS", "GB18030", "Big5", "Win1252"];

/// Cuts `content`, which is written in one of the encodings, as [`cuts`] does, and beside it as simply as can be.
///
/// # Panics
/// When other lines come out than of all bytes at once, or than are in the text.
pub fn encoded_cuts(content: &[u8], encoding: usize, max_line: usize, block: usize, last: bool) {
    let name = ENCODINGS[encoding % ENCODINGS.len()];
    let encoding = named(name);
    let cutting = |on_long_line, max_line| Cutting { max_line, on_long_line, skip_empty: false };
    for on_long_line in [OnLongLine::Cut, OnLongLine::Skip, OnLongLine::Truncate] {
        let cutting = cutting(on_long_line, max_line);
        let whole = encoded_lines(content, (cutting, Some(encoding)), content.len() + 1, last);
        let pieces = encoded_lines(content, (cutting, Some(encoding)), block, last);
        assert_eq!(pieces, whole, "{name} {cutting:?} of {}", content.escape_ascii());
        // What comes again begins at an offset of before.
        for (.., offset, part) in whole.0.iter().filter(|(.., part)| *part == 0) {
            assert!(usize::try_from(*offset).is_ok_and(|offset| offset < content.len()), "{name} {offset} {part}");
        }
    }
    let uncut = cutting(OnLongLine::Cut, content.len() * 3 + 1);
    let texts: Vec<String> =
        encoded_lines(content, (uncut, Some(encoding)), block, true).0.into_iter().map(|line| line.0).collect();
    assert_eq!(texts, simple_lines(content, name), "{name} of {}", content.escape_ascii());
}

/// The lines of a whole content, decoded by other means.
fn simple_lines(content: &[u8], name: &str) -> Vec<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units) + if bytes.len() % 2 == 1 { "\u{fffd}" } else { "" }
    };
    let text = match (name, content) {
        ("auto" | "UTF-16LE" | "UTF-16BE", [0xef, 0xbb, 0xbf, text @ ..]) => String::from_utf8_lossy(text).into_owned(),
        ("auto" | "UTF-16LE" | "UTF-16BE", [0xff, 0xfe, text @ ..]) => wide(text, u16::from_le_bytes),
        ("auto" | "UTF-16LE" | "UTF-16BE", [0xfe, 0xff, text @ ..]) => wide(text, u16::from_be_bytes),
        ("UTF-16LE", text) | ("auto", text @ [1..=0x7f, 0, ..]) => wide(text, u16::from_le_bytes),
        ("UTF-16BE", text) | ("auto", text @ [0, 1..=0x7f, ..]) => wide(text, u16::from_be_bytes),
        ("auto", text) => String::from_utf8_lossy(text).into_owned(),
        (name, text) => {
            let label = match name {
                "Win1252" => "windows-1252",
                "ShiftJIS" => "shift_jis",
                other => other,
            };
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).expect("it is a label");
            // A newline is part of no character; behind half of one it saves what else stands there.
            let ended = [text, b"\n"].concat();
            let decoded = encoding.decode_without_bom_handling(&ended).0;
            decoded.strip_suffix('\n').unwrap_or(&decoded).to_owned()
        }
    };
    let ends = text.ends_with('\n');
    let mut lines: Vec<&str> = text.split('\n').collect();
    let last = lines.pop().filter(|last| !ends && !last.trim_start_matches('\0').is_empty());
    let whole =
        lines.into_iter().map(|line| line.trim_start_matches('\0')).map(|line| line.strip_suffix('\r').unwrap_or(line));
    whole.chain(last.map(|last| last.trim_start_matches('\0'))).map(str::to_owned).collect()
}

/// Reads `content` as `script` tells, a byte for each step: it grows, it is read, what came is settled, or the reader is killed and
/// begins again behind what was settled. `encoding` is one of the numbers of [`encoded_cuts`]; any other stands for bytes as they
/// are.
///
/// # Panics
/// When another line comes than of all bytes at once, when one is missing or in another order, or when two have one offset.
pub fn restarts(content: &[u8], script: &[u8], encoding: usize, (max_line, skip_empty): (usize, bool)) {
    let encoding = ENCODINGS.get(encoding).map(|name| named(name));
    for on_long_line in [OnLongLine::Cut, OnLongLine::Skip, OnLongLine::Truncate] {
        let cutting = Cutting { max_line, on_long_line, skip_empty };
        let expected = match encoding {
            None => plain_lines(content, cutting, true),
            Some(_) => encoded_lines(content, (cutting, encoding), content.len() + 1, true).0,
        };
        let mut found: Vec<(String, u64, u16)> = Vec::new();
        for line in restarted(content, script, Reader::new(content, cutting, encoding)) {
            match found.iter().find(|(_, offset, part)| (*offset, *part) == (line.1, line.2)) {
                None => found.push(line),
                Some(before) => assert_eq!(*before, line, "{cutting:?} {script:?} of {}", content.escape_ascii()),
            }
        }
        assert_eq!(found, expected, "{cutting:?} {encoding:?} {script:?} of {}", content.escape_ascii());
    }
}

/// All that comes of `content` by `script`, and of what is left of it then.
fn restarted(content: &[u8], script: &[u8], mut reader: Reader<'_>) -> Vec<(String, u64, u16)> {
    let (mut there, mut settled) = (0, 0);
    for step in script {
        let much = 1 + usize::from(step / 4);
        match step % 4 {
            0 => there = content.len().min(there + much),
            1 => drop(reader.read(there, much, false)),
            2 => settled = reader.end,
            _ => reader.begin_again(settled),
        }
    }
    while reader.read(content.len(), 16, true) {}
    reader.seen
}

fn named(name: &str) -> Encoding {
    let unicode = Unicode::parse(name).map(Encoding::Unicode);
    unicode.or_else(|_| Legacy::parse(name).map(Encoding::Legacy)).expect("it is an encoding")
}

/// The lines of a whole content, which is in UTF-8 or in nothing known, with their offsets and parts, as simply as can be.
pub(super) fn plain_lines(content: &[u8], cutting: Cutting, last: bool) -> Vec<(String, u64, u16)> {
    let mut found = Vec::new();
    let mut at = 0;
    for piece in content.split_inclusive(|byte| *byte == b'\n') {
        let begins = at + piece.iter().take_while(|byte| **byte == 0).count();
        let line = &content[begins..at + piece.len()];
        at += piece.len();
        let text = match line.strip_suffix(b"\n") {
            Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
            None if last && !line.is_empty() => line,
            None => continue,
        };
        push_parts(text, begins as u64, cutting, &mut found);
    }
    found
}

/// One line, or the parts of it that are taken.
fn push_parts(text: &[u8], offset: u64, cutting: Cutting, found: &mut Vec<(String, u64, u16)>) {
    let is_long = text.len() > cutting.max_line;
    if (text.is_empty() && cutting.skip_empty) || (is_long && cutting.on_long_line == OnLongLine::Skip) {
        return;
    }
    let (mut rest, mut part) = (text, 0);
    while rest.len() > cutting.max_line {
        let is_border = |at: &usize| rest[*at] & 0xc0 != 0x80;
        let lowest = cutting.max_line.saturating_sub(3).max(1);
        let border = (lowest..=cutting.max_line).rev().find(is_border).unwrap_or(cutting.max_line);
        found.push((String::from_utf8_lossy(&rest[..border]).into_owned(), offset, part));
        if cutting.on_long_line == OnLongLine::Truncate {
            return;
        }
        (rest, part) = (&rest[border..], part + 1);
    }
    found.push((String::from_utf8_lossy(rest).into_owned(), offset, part));
}

/// [`cuts`] with one way of treating long lines.
pub(super) fn same_lines(content: &[u8], cutting: Cutting, block: usize, last: bool) {
    let whole = lines(content, cutting, content.len() + 1, last);
    assert_eq!(lines(content, cutting, block, last), whole, "{cutting:?} of {}", content.escape_ascii());
}

/// Cuts `content` as a reader does, which is given up to `block` new bytes per turn.
pub(super) fn lines(content: &[u8], cutting: Cutting, block: usize, last: bool) -> (Vec<(String, u64, u16)>, u64) {
    encoded_lines(content, (cutting, None), block, last)
}

/// The same in an encoding.
fn encoded_lines(
    content: &[u8],
    (cutting, encoding): (Cutting, Option<Encoding>),
    block: usize,
    last: bool,
) -> (Vec<(String, u64, u16)>, u64) {
    let mut reader = Reader::new(content, cutting, encoding);
    while reader.read(content.len(), block, last) {}
    (reader.seen, reader.end)
}

/// What reads a content: given more of it at a time, and begun again where all before was settled.
struct Reader<'a> {
    content: &'a [u8],
    cutting: Cutting,
    encoding: Option<Encoding>,
    metrics: InputMetrics,
    offset: usize,
    /// Bytes that the next read takes beside what is usual, for a long line.
    more: usize,
    end: u64,
    long: Option<LongLine>,
    seen: Vec<(String, u64, u16)>,
}

impl<'a> Reader<'a> {
    fn new(content: &'a [u8], cutting: Cutting, encoding: Option<Encoding>) -> Self {
        let (metrics, seen) = (InputMetrics::new("tail.0"), Vec::new());
        Self { content, cutting, encoding, metrics, offset: 0, more: 0, end: 0, long: None, seen }
    }

    /// Forgets all but where it may begin again.
    fn begin_again(&mut self, end: u64) {
        self.offset = usize::try_from(end).expect("it lies in the content");
        (self.more, self.end, self.long) = (0, end, None);
    }

    /// Reads up to `block` of the bytes that are `there`. Gives whether more of those can be read.
    fn read(&mut self, there: usize, block: usize, last: bool) -> bool {
        let to = there.min(self.offset + self.more + block);
        let mut batch = Batch::with_capacity(64);
        let key = Text::plain(batch.store(b"log"));
        let start = batch.arena().len();
        batch.store(&self.content[self.offset..to]);
        // Fewer lines than a block of short ones has.
        let most = 1 + block / 3;
        let (now, skips) = (Timestamp::default(), Cell::default());
        let cutter = Cutter { cutting: self.cutting, metrics: &self.metrics, now, key, most, skips };
        let block_of = Block { start, offset: self.offset as u64, last: last && to == self.content.len() };
        let head = &self.content[..self.content.len().min(3)];
        let cut = match self.encoding {
            None => cutter.cut(&mut batch, block_of, &mut self.long),
            Some(encoding) => encoding.cut(&cutter, &mut batch, (block_of, head), &mut self.long),
        };
        for record in batch.records() {
            let text = String::from_utf8_lossy(record.plain_text(b"log").expect("text")).into_owned();
            self.seen.push((text, record.origin().offset, record.origin().part));
        }
        if cut.consumed > 0 {
            self.end = cut.end;
        }
        self.offset += cut.consumed;
        self.more = if cut.consumed == 0 { self.more + block } else { 0 };
        !(to == there && cut.consumed == 0 || self.offset == there)
    }
}
