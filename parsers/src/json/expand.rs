//! Members onto the tape: a whole line, or one level of a nested value.

use std::cell::RefCell;

use super::JsonParser;
use super::expected::{Expected, Seen};
use super::members::take_expected;
use super::scan::Scanner;
use crate::batch::{Batch, Field, Range, Span, Text, Value};
use crate::parser::{Parsed, Parser};

thread_local! {
    /// What scanning needs and keeps from line to line, so that no record allocates.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Room for scanning, to be used again.
#[derive(Default)]
struct Scratch {
    /// Keys of the objects being scanned; given back empty.
    keys: Vec<Text>,
    expected: Expected,
}

/// Forgets which keys lines had before.
#[cfg(any(test, fuzzing))]
pub(super) fn forget_keys() {
    SCRATCH.set(Scratch::default());
}

impl Parser for JsonParser {
    fn parse(&self, batch: &mut Batch, index: usize, text: Span) -> Parsed {
        let Some(Level { range: members, verbatim }) = level(batch, text, b'{') else { return Parsed::Refused };
        let mut record = batch.record_mut(index);
        if record.fields().is_empty() {
            record.replace_fields(members);
            record.set_verbatim(verbatim);
            return Parsed::Fitted;
        }
        for at in members.range() {
            let field = record.batch().tape[at];
            record.append_field(field);
        }
        Parsed::Fitted
    }
}

/// Puts the members of the object that is all of `text` onto the tape. `None` when `text` is no valid object; then the
/// tape is as it was.
///
/// A key that stands twice keeps its last value, at its last place.
pub fn object(batch: &mut Batch, text: Span) -> Option<Range> {
    level(batch, text, b'{').map(|level| level.range)
}

/// Nested JSON taken apart by one level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expanded {
    /// It was an object.
    Map(Range),
    /// It was an array.
    List(Range),
}

impl Batch {
    /// Takes nested JSON apart by one level: the values inside stay [`Value::Json`].
    ///
    /// `json` comes from a [`Value::Json`], so it is valid.
    pub fn expand(&mut self, json: Span) -> Expanded {
        let first = self.bytes(json).first().copied();
        let broken = "a Json span was validated when it was made";
        match first {
            Some(b'{') => Expanded::Map(level(self, json, b'{').expect(broken).range),
            _ => Expanded::List(level(self, json, b'[').expect(broken).range),
        }
    }

    /// The value of JSON text, taken apart completely when `whole`.
    ///
    /// `None` when the text is not valid JSON.
    pub fn parse_json(&mut self, text: Span, whole: bool) -> Option<Value> {
        let value = SCRATCH.with_borrow_mut(|Scratch { keys, .. }| {
            let mut scanner = Scanner::new(&self.arena, text);
            scanner.skip_space();
            let mut value = Value::Null;
            scanner.value(keys, |any| value = any)?;
            scanner.at_end().then_some((value, scanner.duplicates))
        });
        let (value, duplicates) = value?;
        Some(if whole || duplicates { self.expand_all(value) } else { value })
    }

    /// `value` with nothing left as [`Value::Json`] in it, and no key twice.
    pub fn expand_all(&mut self, value: Value) -> Value {
        let (range, list) = match value {
            Value::Json(span) => match self.expand(span) {
                Expanded::Map(range) => (range, false),
                Expanded::List(range) => (range, true),
            },
            Value::Map(range) => (range, false),
            Value::List(range) => (range, true),
            other => return other,
        };
        for at in range.range() {
            let inner = self.tape[at].value;
            self.tape[at].value = self.expand_all(inner);
        }
        if list { Value::List(range) } else { Value::Map(range) }
    }
}

/// An object or array taken apart.
struct Level {
    /// Its members or items.
    range: Range,
    /// The members as they stand, when they may be copied: on one line, no key twice; else empty.
    verbatim: Span,
}

/// Puts the members or items of `text`, an object or array by `opener`, onto the tape.
fn level(batch: &mut Batch, text: Span, opener: u8) -> Option<Level> {
    let start = batch.tape.len();
    let scanned = SCRATCH.with_borrow_mut(|scratch| scan_level(batch, text, opener, scratch));
    let Some(scan) = scanned else {
        batch.tape.truncate(start);
        return None;
    };
    let count = batch.tape.len();
    if scan.members {
        let kept = batch.keep_last(Range::between(start, count));
        batch.tape.truncate(kept.end());
    }
    let range = Range::between(start, batch.tape.len());
    if scan.nested {
        for at in range.range() {
            batch.tape[at].value = without_duplicates(batch, batch.tape[at].value);
        }
    }
    let changed = scan.nested || count != batch.tape.len();
    Some(Level { range, verbatim: if changed || scan.broken { Span::default() } else { scan.inside } })
}

/// What a scan found.
struct Scan {
    /// Whether keys of the object must be looked at closely.
    members: bool,
    /// Whether a key stands twice in a nested object.
    nested: bool,
    /// Whether the text stands on several lines.
    broken: bool,
    /// What stands between the braces.
    inside: Span,
}

fn scan_level(batch: &mut Batch, text: Span, opener: u8, scratch: &mut Scratch) -> Option<Scan> {
    let Batch { arena, tape, .. } = batch;
    let mut scanner = Scanner::new(arena, text);
    scanner.skip_space();
    if !scanner.take(opener) {
        return None;
    }
    let object = opener == b'{';
    let closer = if object { b'}' } else { b']' };
    let Scratch { keys, expected } = scratch;
    expected.begin();
    let mut doubtful = false;
    let start = scanner.at;
    if object {
        doubtful |= take_expected(&mut scanner, b'{', expected, (keys, tape))?;
    }
    let mut more = if scanner.at == start { begins(&mut scanner, closer) } else { goes_on(&mut scanner, closer)? };
    while more {
        let mut key = Text::default();
        if object {
            let again;
            (key, again) = member_key(&mut scanner, expected)?;
            doubtful |= again;
        }
        scanner.value(keys, |value| tape.push(Field { key, value }))?;
        if object {
            doubtful |= take_expected(&mut scanner, b',', expected, (keys, tape))?;
        }
        more = goes_on(&mut scanner, closer)?;
    }
    let inside = Span::between(start, scanner.at - 1);
    let (nested, broken) = (scanner.duplicates, scanner.broken);
    scanner.at_end().then_some(Scan { members: doubtful, nested, broken, inside })
}

/// Whether there is a first member or item; else the closer is taken.
fn begins(scanner: &mut Scanner<'_>, closer: u8) -> bool {
    scanner.skip_space();
    !scanner.take(closer)
}

/// Takes the comma behind a member or item, or else the closer. Gives whether another one must follow.
#[inline]
fn goes_on(scanner: &mut Scanner<'_>, closer: u8) -> Option<bool> {
    scanner.skip_space();
    if scanner.take(b',') {
        scanner.skip_space();
        return Some(true);
    }
    scanner.take(closer).then_some(false)
}

/// Takes a key with its colon and the space behind it. Also tells whether it may stand in this object before.
#[inline(always)]
fn member_key(scanner: &mut Scanner<'_>, expected: &mut Expected) -> Option<(Text, bool)> {
    // The byte before it is at least the brace.
    let start = scanner.at - 1;
    let found = scanner.arena.get(start..).and_then(|rest| expected.next(rest.first_chunk()?));
    if let Some(Seen { length, again }) = found.filter(|seen| start + seen.length <= scanner.bytes.len()) {
        scanner.at = start + length;
        scanner.skip_space();
        return Some((Text::clean(Span::inside(start + 2, start + length - 2)), again));
    }
    let key = scanner.string()?;
    scanner.skip_space();
    if !scanner.take(b':') {
        return None;
    }
    let again = expected.learn(&scanner.bytes[start..scanner.at]).again;
    scanner.skip_space();
    Some((key, again))
}

/// `value` taken apart where a key stands twice in it, at any depth.
fn without_duplicates(batch: &mut Batch, value: Value) -> Value {
    let Value::Json(span) = value else { return value };
    match batch.parse_json(span, false) {
        Some(clean) => clean,
        None => value,
    }
}
