//! Files that are not UTF-8: what they are written in, and their lines made UTF-8.
//!
//! Called by `read`, block by block, and only where `Unicode.Encoding` or `Generic.Encoding` is set. Offsets stay those of the
//! bytes of the file. What is no character comes out as U+FFFD.

use vigie_parsers::batch::Batch;

use super::code_page::Legacy;
use super::cut::{Block, Cut, Cutter, LongLine};
use crate::config::OptionType;

/// What the files of an input are written in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Encoding {
    /// What `Unicode.Encoding` says.
    Unicode(Unicode),
    /// What `Generic.Encoding` says.
    Legacy(Legacy),
}

/// Value of `Unicode.Encoding`. A byte order mark that says otherwise is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unicode {
    /// As the first two bytes tell.
    Auto,
    LittleEndian,
    BigEndian,
}

impl OptionType for Unicode {
    const KIND: &'static str = "unicode encoding";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "utf-16le" | "utf16-le" | "utf16le" => Ok(Self::LittleEndian),
            "utf-16be" | "utf16-be" | "utf16be" => Ok(Self::BigEndian),
            _ => Err("`auto`, `UTF-16LE` or `UTF-16BE`".into()),
        }
    }
}

impl Encoding {
    /// Bytes of the file that a line of `bytes` bytes may have at the most.
    pub(super) fn longest(self, bytes: usize) -> usize {
        match self {
            Self::Unicode(_) => bytes * 2,
            Self::Legacy(_) => bytes,
        }
    }

    /// Cuts `block` as [`Cutter::cut`] does, and makes its lines UTF-8. `head` is how the file begins, up to 3 bytes.
    pub(super) fn cut(
        self,
        cutter: &Cutter<'_>,
        batch: &mut Batch,
        (block, head): (Block, &[u8]),
        long: &mut Option<LongLine>,
    ) -> Cut {
        match self {
            Self::Unicode(wanted) => Form::of(head, wanted).cut(cutter, batch, block, long),
            Self::Legacy(legacy) => {
                let border = move |bytes: &[u8], limit| legacy.border(bytes, limit);
                let cut = cutter.cut_at(batch, block, long, border);
                legacy.decode_lines(batch);
                cut
            }
        }
    }
}

/// How a file in Unicode is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    units: Units,
    /// Bytes of its byte order mark.
    mark: u64,
}

/// How two bytes make a unit of UTF-16.
type Unit = fn([u8; 2]) -> u16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Units {
    Utf8,
    LittleEndian,
    BigEndian,
}

impl Form {
    /// The form of a file that begins with `head`.
    fn of(head: &[u8], wanted: Unicode) -> Self {
        let (units, mark) = match (wanted, head) {
            (_, [0xef, 0xbb, 0xbf, ..]) => (Units::Utf8, 3),
            (_, [0xff, 0xfe, ..]) => (Units::LittleEndian, 2),
            (_, [0xfe, 0xff, ..]) => (Units::BigEndian, 2),
            (Unicode::LittleEndian, _) => (Units::LittleEndian, 0),
            (Unicode::BigEndian, _) => (Units::BigEndian, 0),
            // No text in UTF-8 has a NUL beside its first character, and most logs begin with a character of ASCII.
            (Unicode::Auto, [1..=0x7f, 0, ..]) => (Units::LittleEndian, 0),
            (Unicode::Auto, [0, 1..=0x7f, ..]) => (Units::BigEndian, 0),
            (Unicode::Auto, _) => (Units::Utf8, 0),
        };
        Self { units, mark }
    }

    fn cut(self, cutter: &Cutter<'_>, batch: &mut Batch, block: Block, long: &mut Option<LongLine>) -> Cut {
        let length = batch.arena().len() - block.start;
        let mut skipped = self.mark.saturating_sub(block.offset);
        if self.units != Units::Utf8 {
            // A position at the end of a file may lie inside of a unit.
            skipped += (block.offset + skipped) % 2;
        }
        let skipped = usize::try_from(skipped).unwrap_or(length).min(length);
        let behind = Block { start: block.start + skipped, offset: block.offset + skipped as u64, ..block };
        let mut cut = match self.units {
            Units::Utf8 => cutter.cut(batch, behind, long),
            Units::LittleEndian => cut_wide(cutter, batch, behind, (long, u16::from_le_bytes)),
            Units::BigEndian => cut_wide(cutter, batch, behind, (long, u16::from_be_bytes)),
        };
        if cut.consumed > 0 || block.last {
            cut.consumed += skipped;
        }
        cut
    }
}

/// Cuts a block of UTF-16: its text is stored behind it in UTF-8 and cut there, then offsets are turned back to those of the
/// file.
fn cut_wide(cutter: &Cutter<'_>, batch: &mut Batch, block: Block, (long, unit): (&mut Option<LongLine>, Unit)) -> Cut {
    let length = batch.arena().len() - block.start;
    let text = store_text(batch.arena_mut(), block, unit);
    let cut = cutter.cut(batch, Block { start: text, ..block }, long);
    let mut back = Back { text, offset: block.offset, end: block.offset + length as u64, at: 0, units: 0 };
    for index in 0..batch.len() {
        let mut origin = batch.record(index).origin();
        // A long line may have begun in an earlier block.
        if origin.offset > block.offset {
            origin.offset = back.offset_of(batch.arena(), origin.offset);
            batch.record_mut(index).set_origin(origin);
        }
    }
    let end = back.offset_of(batch.arena(), cut.end.max(block.offset));
    if let Some(long) = long.as_mut().filter(|long| long.start > block.offset) {
        long.start = end;
    }
    let end = if cut.end > block.offset { end } else { cut.end };
    let read = back.offset_of(batch.arena(), block.offset + cut.consumed as u64);
    let consumed = usize::try_from(read - block.offset).unwrap_or(length);
    Cut { consumed, end }
}

/// Stores the text of `block` at the end of the arena and gives where it begins. Half a character at the end is left for the
/// next block, unless nothing follows.
fn store_text(arena: &mut Vec<u8>, block: Block, unit: Unit) -> usize {
    let (from, to) = (block.start, arena.len());
    let whole = (to - from) / 2;
    let last = whole.checked_sub(1).map(|last| unit([arena[from + last * 2], arena[from + last * 2 + 1]]));
    let is_half = last.is_some_and(|last| matches!(last, 0xd800..=0xdbff)) && !block.last;
    let units = whole - usize::from(is_half);
    arena.reserve(units * 3 + 3);
    let mut at = from;
    while at < from + units * 2 {
        let first = unit([arena[at], arena[at + 1]]);
        at += 2;
        if first < 0x80 {
            arena.push(first.to_le_bytes()[0]);
            continue;
        }
        let mut character = char::from_u32(first.into());
        if matches!(first, 0xd800..=0xdbff) && at < from + units * 2 {
            let second = unit([arena[at], arena[at + 1]]);
            character = char::decode_utf16([first, second]).next().and_then(Result::ok);
            at += if character.is_some() { 2 } else { 0 };
        }
        push(arena, character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if block.last && (to - from) % 2 == 1 {
        push(arena, char::REPLACEMENT_CHARACTER);
    }
    to
}

fn push(arena: &mut Vec<u8>, character: char) {
    arena.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Turns offsets in the text back to those in the file, in ascending order. What is no character is one unit, too.
struct Back {
    /// Where the text begins in the arena.
    text: usize,
    /// Offset of that in the file, and where the block ends there.
    offset: u64,
    end: u64,
    /// Bytes of the text that were gone through, and the units they are.
    at: usize,
    units: u64,
}

impl Back {
    fn offset_of(&mut self, arena: &[u8], offset: u64) -> u64 {
        let to = usize::try_from(offset - self.offset).unwrap_or(usize::MAX).min(arena.len() - self.text);
        let passed = arena.get(self.text + self.at..self.text + to).unwrap_or_default();
        let units = passed.iter().map(|byte| u64::from(byte & 0xc0 != 0x80) + u64::from(*byte >= 0xf0));
        self.units += units.sum::<u64>();
        self.at = self.at.max(to);
        self.end.min(self.offset + self.units * 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::check;
    use super::*;

    #[test]
    fn the_first_bytes_tell_how_a_file_is_written() {
        assert!(Unicode::parse("UTF-32").is_err());
        let form = |units, mark| Form { units, mark };
        for (head, wanted, expected) in [
            (&b"\xff\xfea"[..], Unicode::Auto, form(Units::LittleEndian, 2)),
            (b"\xfe\xff\0", Unicode::LittleEndian, form(Units::BigEndian, 2)),
            (b"\xef\xbb\xbf", Unicode::BigEndian, form(Units::Utf8, 3)),
            (b"a\0", Unicode::Auto, form(Units::LittleEndian, 0)),
            (b"\0a", Unicode::Auto, form(Units::BigEndian, 0)),
            (b"ab", Unicode::Auto, form(Units::Utf8, 0)),
            (b"", Unicode::Auto, form(Units::Utf8, 0)),
            (b"ab", Unicode::LittleEndian, form(Units::LittleEndian, 0)),
            (b"ab", Unicode::BigEndian, form(Units::BigEndian, 0)),
        ] {
            assert_eq!(Form::of(head, wanted), expected, "{head:?}");
        }
    }

    proptest! {
        /// However the bytes arrive, the lines of the text come out.
        #[test]
        fn lines_are_those_of_the_decoded_text(
            text in "[ab\r\n\u{e9}\u{20ac}\u{1f600}\u{a0a}]{0,20}",
            noise in proptest::collection::vec(prop_oneof![Just(0xd8_u8), Just(0xdc), Just(0x0a), Just(0), any::<u8>()], 0..8),
            (encoding, marked) in (0_usize..7, any::<bool>()),
            (max_line, block) in (4_usize..12, 1_usize..20),
            last in any::<bool>(),
        ) {
            let unit = if encoding == 2 { u16::to_be_bytes } else { u16::to_le_bytes };
            let wide = text.encode_utf16().map(|next| if marked { next } else { next & 0xff }).flat_map(unit);
            let mark = if marked { unit(0xfeff).to_vec() } else { Vec::new() };
            let content: Vec<u8> = mark.into_iter().chain(wide).chain(noise).collect();
            check::encoded_cuts(&content, encoding, max_line, block, last);
        }
    }
}
