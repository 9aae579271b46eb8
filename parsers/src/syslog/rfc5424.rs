//! Messages of RFC 5424.

use memchr::{memchr2, memmem};

use super::{Parts, leading, word};
use crate::batch::Span;

/// Says that a text is UTF-8, and is no part of it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The parts of `line` from the version on, which stands at `at`.
pub(super) fn parts(line: &[u8], at: usize) -> Option<Parts> {
    line[at..].strip_prefix(b"1 ")?;
    let (time, at) = word(line, at + 2)?;
    let (host, at) = word(line, at)?;
    let (ident, at) = word(line, at)?;
    let (pid, at) = word(line, at)?;
    let (msgid, at) = word(line, at)?;
    if [time, host, ident, pid, msgid].iter().any(|word| word.is_empty()) {
        return None;
    }
    let end = at + structured_data(&line[at..])?;
    let text = (end + 1).min(line.len());
    let mark = if line[text..].starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let (extradata, message) = (Span::between(at, end), Span::between(text + mark, line.len()));
    Some(Parts { time, host, ident, pid, msgid, extradata, message, ..Parts::default() })
}

/// How long the structured data is that `text` begins with, up to a blank or the end.
///
/// What is in brackets and not as the RFC has it ends with the first bracket before a blank.
fn structured_data(text: &[u8]) -> Option<usize> {
    let is_over = |end: &usize| matches!(text.get(*end), None | Some(b' '));
    if text.first() != Some(&b'[') {
        return text.starts_with(super::NIL).then_some(1).filter(is_over);
    }
    let to_bracket =
        || memmem::find(text, b"] ").map(|at| at + 1).or_else(|| text.ends_with(b"]").then_some(text.len()));
    elements(text).filter(is_over).or_else(to_bracket)
}

/// Where the elements that `text` begins with end: `[id name="value" …]`, one after the other.
fn elements(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while text.get(at) == Some(&b'[') {
        at = name(text, at + 1)?;
        while text.get(at) == Some(&b' ') {
            at = quoted(text, name(text, at + 1)?)?;
        }
        at = (text.get(at) == Some(&b']')).then_some(at + 1)?;
    }
    Some(at)
}

/// Where the name at `at` ends.
fn name(text: &[u8], at: usize) -> Option<usize> {
    let is_part = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'=' | b']' | b'"');
    let length = leading(text.get(at..)?, is_part);
    (length > 0).then_some(at + length)
}

/// Where the value at `at` ends, its equals sign and quotes included.
fn quoted(text: &[u8], at: usize) -> Option<usize> {
    text[at..].strip_prefix(b"=\"")?;
    let mut at = at + 2;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}
