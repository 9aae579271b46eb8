//! The members of lines that look as expected, which almost all lines do.
//!
//! Takes only what needs no second look: known keys, strings without escapes, plain numbers. Everything else is left to the
//! scanner, which knows all of the grammar.

use super::expected::{Expected, Seen};
use super::scan::Scanner;
use crate::batch::{Field, Span, Text, Value};
use crate::simd::{BLOCK, Blocks, count_digits, find};

/// Takes members one after the other, each with the comma before it, as long as their keys are the expected ones and the text
/// ends well before its arena does. Gives whether a key may stand twice; `None` when a value is not valid.
#[inline(always)]
pub(super) fn take_expected(
    scanner: &mut Scanner<'_>,
    expected: &mut Expected,
    keys: &mut Vec<Text>,
    tape: &mut Vec<Field>,
) -> Option<bool> {
    let end = scanner.bytes.len();
    let Some(blocks) = Blocks::new(scanner.arena).filter(|blocks| end <= blocks.last()) else { return Some(false) };
    let mut doubtful = false;
    while scanner.at + 1 < end && scanner.bytes[scanner.at] == b',' {
        let start = scanner.at + 1;
        let Some(Seen { length, again }) = expected.next(blocks.at(start)) else { break };
        doubtful |= again;
        let at = start + length;
        // Made anew for each use: a key that also lies in memory would be copied from there, and that copy waits.
        let key = || Text::clean(Span::between(start + 1, at - 2));
        scanner.at = match blocks.at::<1>(at) {
            b"\"" => match string_end(blocks, at + 1, end, &mut scanner.high) {
                Some(behind) => {
                    let value = Value::Text(Text::clean(Span::between(at + 1, behind - 1)));
                    tape.push(Field { key: key(), value });
                    behind
                }
                None => other_value(scanner, (start, at), keys, tape)?,
            },
            [b'0'..=b'9' | b'-'] => match number_end(blocks, at, end) {
                Some(behind) => {
                    tape.push(Field { key: key(), value: Value::Number(Span::between(at, behind)) });
                    behind
                }
                None => other_value(scanner, (start, at), keys, tape)?,
            },
            _ => other_value(scanner, (start, at), keys, tape)?,
        };
    }
    Some(doubtful)
}

/// A value at `at` that needs a closer look, under the key at `start`. Gives where it ends.
#[inline(never)]
fn other_value(
    scanner: &mut Scanner<'_>,
    (start, at): (usize, usize),
    keys: &mut Vec<Text>,
    tape: &mut Vec<Field>,
) -> Option<usize> {
    let key = Text::clean(Span::between(start + 1, at - 2));
    scanner.at = at;
    scanner.skip_space();
    scanner.value(keys, |value| tape.push(Field { key, value }))?;
    Some(scanner.at)
}

/// Where a string ends whose inside begins at `at`, quote included, if it has no escape.
#[inline(always)]
fn string_end(blocks: Blocks<'_>, mut at: usize, end: usize, high: &mut bool) -> Option<usize> {
    while at < end {
        let found = find(blocks.at(at));
        *high |= found.high;
        if let Some(stop) = found.stop() {
            at += stop;
            return (at < end && blocks.at::<1>(at) == b"\"").then_some(at + 1);
        }
        at += BLOCK;
    }
    None
}

/// Where a number ends that begins at `at`, if it has no exponent and few digits, and something follows.
#[inline(always)]
fn number_end(blocks: Blocks<'_>, at: usize, end: usize) -> Option<usize> {
    let digits = at + usize::from(blocks.at::<1>(at) == b"-");
    let count = count_digits(blocks.at(digits));
    let needless_zero = count > 1 && blocks.at::<1>(digits) == b"0";
    let mut behind = digits + count;
    if count == 0 || count == BLOCK || needless_zero || behind >= end {
        return None;
    }
    if blocks.at::<1>(behind) == b"." {
        let count = count_digits(blocks.at(behind + 1));
        behind += 1 + count;
        if count == 0 || count == BLOCK || behind >= end {
            return None;
        }
    }
    (!matches!(blocks.at::<1>(behind), b"e" | b"E")).then_some(behind)
}
