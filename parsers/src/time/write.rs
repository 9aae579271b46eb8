//! Writing timestamps, for index names and `@timestamp`.

use super::calendar::{civil_from_days, days_from_civil};
use super::program::{FormatError, MONTHS, Step, WEEKDAYS, compile};
use crate::batch::Timestamp;

/// A time format compiled for writing, in UTC. Remembers the second written last.
#[derive(Clone, Debug)]
pub struct TimeWriter {
    steps: Vec<(Step, char)>,
    cached: Option<i64>,
    text: Vec<u8>,
}

impl TimeWriter {
    /// Compiles `format`, written as for `strftime`.
    ///
    /// # Errors
    /// When a specifier is unknown, unfinished or can only be read (`%L`, `%U` ...).
    pub fn new(format: &str) -> Result<Self, FormatError> {
        let steps = compile(format)?;
        for (step, specifier) in &steps {
            if matches!(step, Step::Fraction | Step::Ignored(_)) {
                return Err(FormatError::NotWritable(*specifier));
            }
        }
        Ok(Self { steps, cached: None, text: Vec::new() })
    }

    /// The text of `time`, its fraction left out. The same second again costs a comparison.
    pub fn write(&mut self, time: Timestamp) -> &[u8] {
        if self.cached != Some(time.seconds) {
            self.format(time.seconds);
            self.cached = Some(time.seconds);
        }
        &self.text
    }

    fn format(&mut self, seconds: i64) {
        let days = seconds.div_euclid(86_400);
        let (year, month, day) = civil_from_days(days);
        let of_day = seconds.rem_euclid(86_400);
        let moment = Moment { seconds, days, year, month, day, of_day };
        let text = &mut self.text;
        text.clear();
        for (step, specifier) in &self.steps {
            moment.write(*step, *specifier, text);
        }
    }
}

struct Moment {
    seconds: i64,
    days: i64,
    year: i64,
    month: u32,
    day: u32,
    of_day: i64,
}

impl Moment {
    fn write(&self, step: Step, specifier: char, text: &mut Vec<u8>) {
        let hour = self.of_day / 3600;
        let hour12 = (hour + 11) % 12 + 1;
        match step {
            Step::Literal(byte) => text.push(byte),
            Step::Space => text.push(b' '),
            Step::Weekday => name(&WEEKDAYS, (self.days + 4).rem_euclid(7), specifier == 'A', text),
            Step::Month => name(&MONTHS, i64::from(self.month) - 1, specifier == 'B', text),
            Step::MonthNumber => number(i64::from(self.month), 2, text),
            Step::Day => padded(i64::from(self.day), specifier == 'e', text),
            Step::DayOfYear => number(self.days - days_from_civil(self.year, 1, 1) + 1, 3, text),
            Step::Hour => padded(hour, specifier == 'k', text),
            Step::Hour12 => padded(hour12, specifier == 'l', text),
            Step::Minute => number(self.of_day / 60 % 60, 2, text),
            Step::Second => number(self.of_day % 60, 2, text),
            Step::HalfDay => text.extend_from_slice(if hour < 12 { b"AM" } else { b"PM" }),
            Step::Epoch => text.extend_from_slice(self.seconds.to_string().as_bytes()),
            Step::Year => number(self.year, 4, text),
            Step::ShortYear => number(self.year.rem_euclid(100), 2, text),
            Step::Century => number(self.year.div_euclid(100), 2, text),
            Step::Offset => text.extend_from_slice(b"+0000"),
            Step::ZoneName => text.extend_from_slice(b"UTC"),
            Step::Fraction | Step::Ignored(_) => unreachable!("refused when it was compiled"),
        }
    }
}

fn name(names: &[&str], at: i64, long: bool, text: &mut Vec<u8>) {
    let name = names[usize::try_from(at).expect("months and weekdays are small")].as_bytes();
    text.extend_from_slice(if long { name } else { &name[..3] });
}

fn padded(value: i64, with_space: bool, text: &mut Vec<u8>) {
    if with_space && value < 10 {
        text.push(b' ');
        number(value, 1, text);
    } else {
        number(value, 2, text);
    }
}

fn number(value: i64, width: usize, text: &mut Vec<u8>) {
    text.extend_from_slice(format!("{value:0width$}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_their_format_says() {
        let cases = [
            ("%Y-%m-%dT%H:%M:%S", "2023-11-14T22:13:20"),
            ("logs-%Y.%m.%d", "logs-2023.11.14"),
            ("%a %A %b %B %e %k %l %p", "Tue Tuesday Nov November 14 22 10 PM"),
            ("%j %y %C %s %z %Z %%", "318 23 20 1700000000 +0000 UTC %"),
        ];
        for (format, expected) in cases {
            let mut writer = TimeWriter::new(format).expect("the format is valid");
            let time = Timestamp { seconds: 1_700_000_000, nanos: 5 };
            assert_eq!(writer.write(time), expected.as_bytes());
            assert_eq!(writer.write(Timestamp { seconds: 0, nanos: 0 }).len() > 4, expected.len() > 4);
            assert_eq!(writer.write(time), expected.as_bytes(), "after another second");
        }
    }

    #[test]
    fn what_can_only_be_read_is_refused() {
        assert_eq!(TimeWriter::new("%L").err(), Some(FormatError::NotWritable('L')));
    }
}
