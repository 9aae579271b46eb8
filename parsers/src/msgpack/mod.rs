//! MessagePack: events as Fluent Bit keeps them, read where they stand in the arena.
//!
//! Texts are spans of the arena, so nothing is copied but what has no form there. Every length is held against the bytes that
//! are there before anything is taken, and nesting has a bound, so hostile bytes cost no more than their own number.
//!
//! # Source
//! MessagePack specification; Fluent Bit's event: `[[time, metadata], body]`, before version 2.1 `[time, body]`.

mod read;
#[cfg(test)]
mod tests;
mod value;

use crate::batch::{Batch, Range, Span, Timestamp};

use read::Kind;
use value::{Values, map};

/// Maps and arrays may be nested this deep, the body included.
const MAX_DEPTH: usize = 64;
/// The extension type of Fluent Bit's time: seconds and nanoseconds, 32 bits each.
const EVENT_TIME: i8 = 0;

/// What stood at some place of a chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A record.
    Record {
        /// Time of the event.
        time: Timestamp,
        /// Its metadata.
        metadata: Range,
        /// Its fields; of a key that stood twice, the last.
        fields: Range,
    },
    /// The beginning or the end of a group of records, which is no record itself.
    Marker,
}

/// Why no event could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventError {
    /// The bytes end before the event does.
    Incomplete,
    /// It is no event: not MessagePack, of another shape, or nested too deep.
    Malformed,
}

/// Reads the event at the start of `span` into `batch`. Gives it and its length in bytes.
///
/// # Errors
/// [`EventError`]; the tape of the batch may then hold fields that nothing points at.
pub fn event(batch: &mut Batch, span: Span) -> Result<(Event, usize), EventError> {
    let mut values = Values::new(batch, span);
    let event = read_event(&mut values)?;
    Ok((event, values.reader.at - span.start as usize))
}

fn read_event(values: &mut Values<'_>) -> Result<Event, EventError> {
    array_of_two(values)?;
    let before = values.reader.at;
    let (time, metadata) = match values.head()? {
        Kind::Array(2) => {
            let time = time(values)?;
            (time, map(values)?)
        }
        Kind::Array(_) => return Err(EventError::Malformed),
        _ => {
            values.reader.at = before;
            let time = time(values)?;
            (time, Range::empty_at(values.tape_end()))
        }
    };
    let fields = map(values)?;
    Ok(match time {
        Some(time) => Event::Record { time, metadata, fields },
        None => Event::Marker,
    })
}

fn array_of_two(values: &mut Values<'_>) -> Result<(), EventError> {
    match values.head()? {
        Kind::Array(2) => Ok(()),
        _ => Err(EventError::Malformed),
    }
}

/// Reads a time; `None` for the times before 1970 that stand for the border of a group.
fn time(values: &mut Values<'_>) -> Result<Option<Timestamp>, EventError> {
    Ok(match values.head()? {
        Kind::Unsigned(seconds) => {
            let seconds = i64::try_from(seconds).map_err(|_| EventError::Malformed)?;
            Some(Timestamp { seconds, nanos: 0 })
        }
        Kind::Signed(_) => None,
        Kind::Float(seconds) => Some(fractional(seconds).ok_or(EventError::Malformed)?),
        Kind::Extension(EVENT_TIME, 8) => {
            let seconds = u32::from_be_bytes(values.fixed()?);
            let nanos = u32::from_be_bytes(values.fixed()?);
            // The two last seconds that 32 bits can say are -1 and -2.
            let is_border = seconds >= u32::MAX - 1;
            (!is_border).then_some(Timestamp { seconds: i64::from(seconds), nanos: nanos.min(999_999_999) })
        }
        _ => return Err(EventError::Malformed),
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are in range, as was looked at")]
fn fractional(seconds: f64) -> Option<Timestamp> {
    let is_usual = (0.0..1e12).contains(&seconds);
    let nanos = ((seconds.fract() * 1e9) as u32).min(999_999_999);
    is_usual.then_some(Timestamp { seconds: seconds as i64, nanos })
}
