//! Syslog messages as RFC 5424 and RFC 3164 write them.
//!
//! The fields are those of the parsers that Fluent Bit ships: `pri`, `time`, `host`, `ident`, `pid`, `msgid`, `extradata` and
//! `message`, in this order, each as it stands in the line. What is empty gives no field.

mod rfc3164;
mod rfc5424;

use crate::batch::{Batch, Field, Keys, Span, Text, Value};

/// What a line may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 5424 where its version stands behind the priority, else RFC 3164.
    Any,
    /// `<165>1 2003-10-11T22:14:15.003Z host app 42 ID47 [a@1 b="c"] text`.
    Rfc5424,
    /// `<34>Oct 11 22:14:15 host app[42]: text`, or with a year behind the day, or with a time as in RFC 5424.
    Rfc3164,
    /// The same without the host, as programs write to their own machine's daemon.
    Rfc3164Local,
}

/// How times are written, in the order in which they are tried.
pub(crate) const TIMES: [&str; 6] = [
    "%Y-%m-%dT%H:%M:%S.%L%z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%b %d %H:%M:%S",
    "%b %d %Y %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%L",
    "%Y-%m-%dT%H:%M:%S",
];

/// What stands for a value that the sender did not have.
pub(crate) const NIL: &[u8] = b"-";

const NAMES: [&str; 8] = ["pri", "time", "host", "ident", "pid", "msgid", "extradata", "message"];

/// Where the parts of a line stand in it, in the order of their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    pri: Span,
    time: Span,
    host: Span,
    ident: Span,
    pid: Span,
    msgid: Span,
    extradata: Span,
    message: Span,
}

/// Takes messages apart.
#[derive(Debug)]
pub(crate) struct Syslog {
    dialect: Dialect,
    keys: Keys,
}

impl Syslog {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, keys: Keys::new(NAMES) }
    }

    /// Appends the parts of `text` to record `index`. Gives whether it is such a message.
    pub(crate) fn fields(&self, batch: &mut Batch, index: usize, text: Span) -> bool {
        let Some(parts) = split(batch.bytes(text), self.dialect) else { return false };
        let Parts { pri, time, host, ident, pid, msgid, extradata, message } = parts;
        let keys = self.keys.in_batch(batch);
        let mut fields = [Field { key: keys.key(0), value: Value::Null }; NAMES.len()];
        let mut count = 0;
        for (at, part) in [pri, time, host, ident, pid, msgid, extradata, message].into_iter().enumerate() {
            if !part.is_empty() {
                let start = (text.start + part.start) as usize;
                let span = Span::between(start, start + part.len as usize);
                fields[count] = Field { key: keys.key(at), value: Value::Text(Text::plain(span)) };
                count += 1;
            }
        }
        batch.record_mut(index).append_distinct(&fields[..count]);
        true
    }
}

/// The parts of `text`, which may have the end of its line.
fn split(text: &[u8], dialect: Dialect) -> Option<Parts> {
    let line = text.strip_suffix(b"\n").unwrap_or(text);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let pri = priority(line)?;
    let behind = pri.end() + 1;
    let is_new = line[behind..].starts_with(b"1 ");
    let parts = match dialect {
        Dialect::Rfc5424 => rfc5424::parts(line, behind)?,
        Dialect::Any if is_new => rfc5424::parts(line, behind)?,
        Dialect::Any | Dialect::Rfc3164 => rfc3164::parts(line, behind, true)?,
        Dialect::Rfc3164Local => rfc3164::parts(line, behind, false)?,
    };
    Some(Parts { pri, ..parts })
}

/// The number that `line` begins with, in its brackets.
fn priority(line: &[u8]) -> Option<Span> {
    let rest = line.strip_prefix(b"<")?;
    let digits = leading(rest, u8::is_ascii_digit);
    let is_closed = rest.get(digits) == Some(&b'>');
    ((1..=5).contains(&digits) && is_closed).then(|| Span::between(1, 1 + digits))
}

/// What stands from `at` to the next blank, which there has to be, and where the next word begins.
fn word(line: &[u8], at: usize) -> Option<(Span, usize)> {
    let end = at + memchr::memchr(b' ', line.get(at..)?)?;
    Some((Span::between(at, end), end + 1))
}

fn leading(text: &[u8], is: impl Fn(&u8) -> bool) -> usize {
    text.iter().position(|byte| !is(byte)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
