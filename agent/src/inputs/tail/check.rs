//! Lines that arrive in blocks of any size. Called by property tests and by fuzzing.

use vigie_parsers::batch::{Batch, Text, Timestamp};

use super::code_page::Legacy;
use super::cut::{Block, Cutter, Cutting, OnLongLine};
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
    let encoding = Unicode::parse(name).map(Encoding::Unicode);
    let encoding = encoding.or_else(|_| Legacy::parse(name).map(Encoding::Legacy)).expect("it is an encoding");
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
            let lines: Vec<_> =
                text.split(|byte| *byte == b'\n').map(|line| encoding.decode_without_bom_handling(line).0).collect();
            lines.join("\n")
        }
    };
    let ends = text.ends_with('\n');
    let mut lines: Vec<&str> = text.split('\n').collect();
    let last = lines.pop().filter(|last| !ends && !last.trim_start_matches('\0').is_empty());
    let whole =
        lines.into_iter().map(|line| line.trim_start_matches('\0')).map(|line| line.strip_suffix('\r').unwrap_or(line));
    whole.chain(last.map(|last| last.trim_start_matches('\0'))).map(str::to_owned).collect()
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
    let metrics = InputMetrics::new("tail.0");
    let mut seen = Vec::new();
    let (mut offset, mut wanted, mut end, mut long) = (0, block, 0, None);
    loop {
        let mut batch = Batch::with_capacity(64);
        let key = Text::plain(batch.store(b"log"));
        let to = content.len().min(offset + wanted);
        let start = batch.arena().len();
        batch.store(&content[offset..to]);
        let cutter = Cutter { cutting, metrics: &metrics, now: Timestamp::default(), key };
        let block_of = Block { start, offset: offset as u64, last: last && to == content.len() };
        let head = &content[..content.len().min(3)];
        let cut = match encoding {
            None => cutter.cut(&mut batch, block_of, &mut long),
            Some(encoding) => encoding.cut(&cutter, &mut batch, (block_of, head), &mut long),
        };
        for record in batch.records() {
            let text = String::from_utf8_lossy(record.plain_text(b"log").expect("text")).into_owned();
            seen.push((text, record.origin().offset, record.origin().part));
        }
        if cut.consumed > 0 {
            end = cut.end;
        }
        offset += cut.consumed;
        wanted = if cut.consumed == 0 { wanted + block } else { block };
        if to == content.len() && cut.consumed == 0 || offset == content.len() {
            return (seen, end);
        }
    }
}
