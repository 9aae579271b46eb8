//! Values whose name is itself a value beside them: `"name":"password","value":"x"`, `<add key="password" value="x"/>`.

use super::filter::Listed;
use super::scanner::Pass;

/// Bytes before a value among which its name is looked for.
const REACH: usize = 160;
/// Longest name, in bytes.
const NAME: usize = 64;
/// Most quotes, spaces and backslashes around a name.
const MARKS: usize = 40;
const BRACKETS: &[u8] = b"{}<>()[]";
/// Members that hold a name.
static MEMBERS: Listed =
    Listed::new(&[b"name", b"key", b"field", b"param", b"parameter", b"path", b"property", b"header", b"variable"]);

impl Pass<'_> {
    /// The detector that the name tells beside the member that begins at `start` and whose mark is at `at`: one before it in the same
    /// brackets, or right behind it.
    pub(super) fn named_beside(&mut self, start: usize, at: usize) -> Option<u16> {
        self.named_before(start).or_else(|| self.named_behind(at))
    }

    /// The same before it. Where none does, those behind `start` need not look before it again.
    fn named_before(&mut self, start: usize) -> Option<u16> {
        let known = if self.unnamed <= start { self.unnamed } else { 0 };
        let floor = self.reach_before(start, REACH).max(known);
        let text = self.text;
        let before = &text[floor..start];
        let opens = before.iter().rposition(|byte| BRACKETS.contains(byte)).map_or(0, |bracket| bracket + 1);
        let before = &before[opens..];
        self.steps_of(before.len() / 4);
        let named = memchr::memrchr2_iter(b':', b'=', before)
            .filter(|mark| holds_name(&before[..*mark]))
            .find_map(|mark| self.engine.pairs.named(name_in(&before[mark + 1..])?));
        if named.is_none() {
            self.unnamed = start;
        }
        named
    }

    /// The same behind the string whose mark is at `at`.
    fn named_behind(&mut self, at: usize) -> Option<u16> {
        let text = &self.text[..self.text.len().min(at + REACH)];
        let quote = self.quote(at + 1 + usize::from(self.byte(at + 1) == b' '))?;
        let length = quote.length(text.get(quote.start..)?);
        self.steps_of(length);
        let behind = text.get(quote.start + length + quote.slashes + quote.count..)?;
        let mark = memchr::memchr2(b':', b'=', &behind[..behind.len().min(NAME)])?;
        let between = &behind[..mark];
        if between.iter().any(|byte| BRACKETS.contains(byte)) || !holds_name(between) {
            return None;
        }
        self.engine.pairs.named(name_in(&behind[mark + 1..])?)
    }
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b' ' | b'"' | b'\'' | b'`' | b'\\')
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// Whether the member whose mark stands behind `before` holds a name.
fn holds_name(before: &[u8]) -> bool {
    let marks = before.iter().rev().take(MARKS).take_while(|byte| is_mark(**byte)).count();
    let before = &before[..before.len() - marks];
    let length = before.iter().rev().take(NAME).take_while(|byte| is_part(**byte)).count();
    let member = &before[before.len() - length..];
    MEMBERS.has(member)
}

/// The name that `behind` the mark of its member begins with.
fn name_in(behind: &[u8]) -> Option<&[u8]> {
    let behind = behind.strip_prefix(b">").unwrap_or(behind);
    let marks = behind.iter().take(MARKS).take_while(|byte| is_mark(**byte)).count();
    let behind = &behind[marks..];
    let (name, end) = behind.split_at(behind.iter().take(NAME).take_while(|byte| is_part(**byte)).count());
    let is_whole =
        end.first().is_some_and(|byte| is_mark(*byte) || byte.is_ascii_whitespace() || b",;&".contains(byte));
    (is_whole && !name.is_empty()).then_some(name)
}
