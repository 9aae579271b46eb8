//! The time of a record in the forms that outputs of JSON offer.

use vigie_parsers::batch::Timestamp;

use super::strftime::{Cached, Pattern, push_fraction, push_padded};
use crate::config::OptionType;

/// Form of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFormat {
    /// Seconds with a fraction, as a number.
    Double,
    /// `2023-11-14T22:13:20.123456Z`.
    Iso8601,
    /// Whole seconds.
    Epoch,
    /// Whole milliseconds.
    EpochMillis,
    /// `2023-11-14 22:13:20.123456`.
    JavaSql,
}

impl OptionType for DateFormat {
    const KIND: &'static str = "date format";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "double" => Ok(Self::Double),
            "iso8601" => Ok(Self::Iso8601),
            "epoch" => Ok(Self::Epoch),
            "epoch_ms" | "epoch_millis" => Ok(Self::EpochMillis),
            "java_sql_timestamp" => Ok(Self::JavaSql),
            _ => Err("`double`, `iso8601`, `epoch`, `epoch_ms` or `java_sql_timestamp`".into()),
        }
    }
}

/// Writes times of one form as JSON values.
#[derive(Clone, Debug)]
pub struct DateWriter {
    format: DateFormat,
    text: Cached,
}

impl DateWriter {
    /// A writer of times in `format`.
    pub fn new(format: DateFormat) -> Self {
        let pattern = if format == DateFormat::JavaSql { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S" };
        Self { format, text: Cached::new(Pattern::parse(pattern).expect("both patterns are known")) }
    }

    /// Appends `time`.
    pub fn push(&mut self, time: Timestamp, out: &mut Vec<u8>) {
        match self.format {
            DateFormat::Double => {
                push_double(time, out);
                // As `%.16g` does it: no zeros at the end, but one behind the point.
                while out.ends_with(b"0") && !out.ends_with(b".0") {
                    out.pop();
                }
            }
            DateFormat::Epoch => push_integer(time.seconds, out),
            DateFormat::EpochMillis => {
                push_integer(time.seconds.saturating_mul(1000) + i64::from(time.nanos / 1_000_000), out);
            }
            DateFormat::Iso8601 | DateFormat::JavaSql => {
                out.push(b'"');
                out.extend_from_slice(self.text.at(time.seconds).0);
                push_fraction(time, 6, out);
                out.extend_from_slice(if self.format == DateFormat::Iso8601 { b"Z\"" } else { b"\"" });
            }
        }
    }
}

/// Appends seconds with six digits behind the point, rounded, as `%f` does it.
pub fn push_double(time: Timestamp, out: &mut Vec<u8>) {
    let micros = time.nanos.saturating_add(500) / 1000;
    push_integer(time.seconds + i64::from(micros / 1_000_000), out);
    out.push(b'.');
    push_padded(u64::from(micros % 1_000_000), 6, b'0', out);
}

/// Appends seconds with nine digits behind the point.
pub fn push_exact(time: Timestamp, out: &mut Vec<u8>) {
    push_integer(time.seconds, out);
    push_fraction(time, 9, out);
}

fn push_integer(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    push_padded(number.unsigned_abs(), 1, b'0', out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_fluent_bit_does() {
        let cases = [
            (DateFormat::Double, 123_456_789, "1700000000.123457"),
            (DateFormat::Double, 500_000_000, "1700000000.5"),
            (DateFormat::Double, 0, "1700000000.0"),
            (DateFormat::Double, 999_999_900, "1700000001.0"),
            (DateFormat::Iso8601, 123_456_789, "\"2023-11-14T22:13:20.123456Z\""),
            (DateFormat::JavaSql, 123_456_789, "\"2023-11-14 22:13:20.123456\""),
            (DateFormat::Epoch, 999_999_999, "1700000000"),
            (DateFormat::EpochMillis, 123_456_789, "1700000000123"),
        ];
        for (format, nanos, expected) in cases {
            let mut out = Vec::new();
            DateWriter::new(format).push(Timestamp { seconds: 1_700_000_000, nanos }, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{format:?}");
        }
    }
}
