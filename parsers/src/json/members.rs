//! The members of lines that look as expected, which almost all lines do.
//!
//! Takes only what needs no second look: known keys, strings without escapes, plain numbers. Everything else is left to the
//! scanner, which knows all of the grammar.

use super::expected::{Expected, LONGEST, Seen};
use super::scan::Scanner;
use crate::batch::{Field, Span, Text, Value};
use crate::simd::{BLOCK, Blocks, StringEnd, digits, find};

/// Takes members one after the other, the first with the byte `before` it, which was taken already if it is a brace, the others
/// with their commas, as long as their keys are the expected ones and the text ends well before its arena does. Gives whether a
/// key may stand twice; `None` when a value is not valid.
#[inline(never)]
pub(super) fn take_expected(
    scanner: &mut Scanner<'_>,
    before: u8,
    expected: &mut Expected,
    (keys, tape): (&mut Vec<Text>, &mut Vec<Field>),
) -> Option<bool> {
    let end = scanner.bytes.len();
    let Some(blocks) = Blocks::new(scanner.arena).filter(|blocks| end <= blocks.last()) else { return Some(false) };
    let start = scanner.at - usize::from(before == b'{');
    let (mut at, mut before, mut doubtful) = (start, before, false);
    while at < end {
        let block: &[u8; LONGEST] = blocks.at(at);
        if block[0] != before {
            break;
        }
        let Some(Seen { length, again }) = expected.next(block) else { break };
        doubtful |= again;
        before = b',';
        let key = at + 2;
        at += length;
        let behind = match block.get(length) {
            Some(b'"') => string_end(blocks, at + 1, &mut scanner.highs),
            Some(b'0'..=b'9') => number_end(blocks, at),
            Some(b'-') => number_end(blocks, at + 1),
            _ => None,
        };
        // Made where it is used: a key that also lies in memory would be copied from there, and that copy waits.
        let span = Span::inside(key, at - 2);
        at = match behind.filter(|behind| *behind < end) {
            Some(behind) if block[length] == b'"' => {
                let value = Value::Text(Text::clean(Span::inside(at + 1, behind - 1)));
                tape.push(Field { key: Text::clean(span), value });
                behind
            }
            Some(behind) => {
                tape.push(Field { key: Text::clean(span), value: Value::Number(Span::inside(at, behind)) });
                behind
            }
            None => other_value(scanner, (key, at), keys, tape)?,
        };
    }
    if at > start {
        scanner.at = at;
    }
    Some(doubtful)
}

/// A value at `at` that needs a closer look, under the key at `key`. Gives where it ends.
#[inline(never)]
fn other_value(
    scanner: &mut Scanner<'_>,
    (key, at): (usize, usize),
    keys: &mut Vec<Text>,
    tape: &mut Vec<Field>,
) -> Option<usize> {
    if at >= scanner.bytes.len() {
        return None;
    }
    let key = Text::clean(Span::inside(key, at - 2));
    scanner.at = at;
    scanner.skip_space();
    scanner.value(keys, |value| tape.push(Field { key, value }))?;
    Some(scanner.at)
}

/// Where a string ends whose inside begins at `at`, quote included, if it has no escape. The end of the text may come before.
#[inline(always)]
fn string_end(blocks: Blocks<'_>, mut at: usize, highs: &mut u32) -> Option<usize> {
    while at <= blocks.last() {
        let found = find(blocks.at(at));
        *highs |= found.highs;
        match found.string_end() {
            StringEnd::Quote(quote) => return Some(at + quote + 1),
            StringEnd::Further => at += BLOCK,
            StringEnd::Other => return None,
        }
    }
    None
}

/// Where a number ends whose digits begin at `at`, if it is short and has no exponent. The end of the text may come before.
#[inline(always)]
fn number_end(blocks: Blocks<'_>, at: usize) -> Option<usize> {
    let block: &[u8; BLOCK] = blocks.at(at);
    let length = digits(block).number(block[0]).filter(|_| block[0].is_ascii_digit())?;
    (block[length % BLOCK] | 0x20 != b'e').then_some(at + length)
}
