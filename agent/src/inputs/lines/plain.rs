//! Lines that are records of their own.

use std::sync::Arc;

use vigie_parsers::Parsed;
use vigie_parsers::batch::{Field, Range, Span, Text, Value};
use vigie_parsers::regex::STEP_LIMIT;

use super::Shared;
use crate::plugin::{Parcel, Stage};
use crate::receipts::Outcome;

/// Parses each line.
pub(super) struct PlainLines {
    pub(super) shared: Arc<Shared>,
}

impl PlainLines {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Parses record `index` of `parcel`, a raw line.
    pub(super) fn line(&self, parcel: &mut Parcel, index: usize) {
        let batch = &mut parcel.batch;
        let raw = batch.record_mut(index).range();
        let Some(Field { value: Value::Text(text), .. }) = batch.fields(raw).first().copied() else { return };
        if let Some(parser) = &self.shared.options.parser {
            batch.record_mut(index).replace_fields(Range::empty_at(raw.start as usize));
            let parsed = parser.parse(batch, index, text.span);
            match parsed {
                Parsed::Fitted => {}
                Parsed::TimeUnclear => self.shared.count_unclear_time(),
                Parsed::Refused | Parsed::GivenUp => self.shared.metrics.parser_failed.add(1),
            }
            if parsed == Parsed::GivenUp && self.shared.metrics.parser_given_up.add_first() {
                let input = &parcel.stream.input;
                tracing::warn!(component = %input, steps = STEP_LIMIT, "a line takes the parser's pattern too many steps, such lines are kept as text");
            }
            if parsed.gave_fields() {
                return self.shared.add_place(batch, index, &parcel.stream);
            }
            let whole = with_return(batch.arena(), text.span);
            batch.fields_mut(raw)[0].value = Value::Text(Text::plain(whole));
        }
        parcel.batch.record_mut(index).replace_fields(raw);
        self.shared.keep_whole(parcel, index);
    }
}

/// `line` with the carriage return before its newline, which Fluent Bit keeps where a parser did not fit.
fn with_return(arena: &[u8], line: Span) -> Span {
    let std::ops::Range { start, end } = line.range();
    let has_return = arena[end..].starts_with(b"\r\n");
    Span::between(start, end + usize::from(has_return))
}

impl Stage for PlainLines {
    fn run(&mut self, mut parcel: Parcel) -> Option<Parcel> {
        // A raw line is a record as it is.
        if self.shared.options.parser.is_some() || self.shared.has_place() {
            for index in 0..parcel.batch.len() {
                self.line(&mut parcel, index);
            }
        }
        let records = u32::try_from(parcel.batch.len()).expect("a batch has fewer than 2^32 records");
        parcel.shares[0].grow(records);
        parcel.shares[0].settle(1, Outcome::Passed);
        (records > 0).then_some(parcel)
    }

    fn is_stateless(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_carriage_return_before_the_newline_is_given_back_to_a_line() {
        for (arena, whole) in [(&b"ab\r\n"[..], 3), (b"ab\n", 2), (b"ab\rc", 2), (b"ab\r", 2), (b"ab", 2)] {
            assert_eq!(with_return(arena, Span::between(0, 2)).range(), 0..whole, "{}", arena.escape_ascii());
        }
    }
}
