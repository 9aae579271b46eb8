//! Writes times.

use super::calendar::{Date, date_from_days, day_of_year, iso_week, weekday};
use super::names::{DAYS, MONTHS};
use super::program::{FormatError, Step, compile};
use crate::batch::Timestamp;

const SECONDS_PER_DAY: i64 = 86_400;

/// A time format compiled for writing, in UTC, such as `%Y.%m.%d` or `%Y-%m-%dT%H:%M:%S.%LZ`.
///
/// `%L` writes milliseconds; `%3N`, `%6N` and `%9N` write that many digits of the fraction. The rest is C's `strftime`.
/// Remembers the second written last.
#[derive(Clone, Debug)]
pub struct TimeWriter {
    head: Vec<Step>,
    digits: u8,
    tail: Vec<Step>,
    second: Option<i64>,
    text: Vec<u8>,
    /// Where the digits of the fraction start in `text`.
    fraction: usize,
}

impl TimeWriter {
    /// Compiles `format`.
    ///
    /// # Errors
    /// When the format has an unknown or unfinished specifier or two fractions.
    pub fn new(format: &str) -> Result<Self, FormatError> {
        let mut head = compile(format)?;
        let mut digits = 0;
        let mut tail = Vec::new();
        let fraction = head.iter().position(|step| matches!(step, Step::Fraction(_)));
        if let Some(at) = fraction {
            tail = head.split_off(at + 1);
        }
        if let Some(Step::Fraction(width)) = head.last().copied() {
            digits = width;
            head.pop();
        }
        Ok(Self { head, digits, tail, second: None, text: Vec::new(), fraction: 0 })
    }

    /// The text of `time`. The same second again costs a comparison and the digits of its fraction.
    pub fn write(&mut self, time: Timestamp) -> &[u8] {
        if self.second != Some(time.seconds) {
            self.text.clear();
            write_steps(&self.head, time.seconds, &mut self.text);
            self.fraction = self.text.len();
            self.text.resize(self.fraction + usize::from(self.digits), b'0');
            write_steps(&self.tail, time.seconds, &mut self.text);
            self.second = Some(time.seconds);
        }
        let mut rest = time.nanos / 10_u32.pow(9 - u32::from(self.digits).min(9));
        for digit in self.text[self.fraction..][..usize::from(self.digits)].iter_mut().rev() {
            *digit = digit_of(u64::from(rest));
            rest /= 10;
        }
        &self.text
    }
}

fn write_steps(steps: &[Step], seconds: i64, out: &mut Vec<u8>) {
    if steps.is_empty() {
        return;
    }
    let days = seconds.div_euclid(SECONDS_PER_DAY);
    let within = seconds.rem_euclid(SECONDS_PER_DAY);
    let moment = Moment { seconds, days, within, date: date_from_days(days) };
    for &step in steps {
        moment.write(step, out);
    }
}

struct Moment {
    seconds: i64,
    days: i64,
    within: i64,
    date: Date,
}

impl Moment {
    fn write(&self, step: Step, out: &mut Vec<u8>) {
        match step {
            Step::Literal(byte) | Step::Blank(byte) => out.push(byte),
            Step::MonthName => out.extend_from_slice(self.month_name().as_bytes()),
            Step::ShortMonthName => out.extend_from_slice(&self.month_name().as_bytes()[..3]),
            Step::DayName => out.extend_from_slice(self.day_name().as_bytes()),
            Step::ShortDayName => out.extend_from_slice(&self.day_name().as_bytes()[..3]),
            Step::HalfDay => out.extend_from_slice(if self.hour() < 12 { b"AM" } else { b"PM" }),
            Step::LowerHalfDay => out.extend_from_slice(if self.hour() < 12 { b"am" } else { b"pm" }),
            Step::Offset => out.extend_from_slice(b"+0000"),
            Step::OffsetColon => out.extend_from_slice(b"+00:00"),
            Step::Zone => out.extend_from_slice(b"UTC"),
            _ => {
                let (number, width, padding) = self.number(step);
                write_number(number, width, padding, out);
            }
        }
    }

    /// The number that `step` writes, its width and what it is padded with.
    fn number(&self, step: Step) -> (i64, usize, u8) {
        let year = self.date.year;
        let weekday = i64::from(weekday(self.days));
        let day_of_year = i64::from(day_of_year(self.date));
        match step {
            Step::Year => (year, 4, b'0'),
            Step::YearInCentury => (year.rem_euclid(100), 2, b'0'),
            Step::Century => (year.div_euclid(100), 2, b'0'),
            Step::Month => (i64::from(self.date.month), 2, b'0'),
            Step::Day => (i64::from(self.date.day), 2, b'0'),
            Step::DayPadded => (i64::from(self.date.day), 2, b' '),
            Step::DayOfYear => (day_of_year + 1, 3, b'0'),
            Step::Hour => (self.hour(), 2, b'0'),
            Step::HourPadded => (self.hour(), 2, b' '),
            Step::Hour12 => ((self.hour() + 11) % 12 + 1, 2, b'0'),
            Step::Hour12Padded => ((self.hour() + 11) % 12 + 1, 2, b' '),
            Step::Minute => (self.within / 60 % 60, 2, b'0'),
            Step::Second => (self.within % 60, 2, b'0'),
            Step::Weekday => (weekday, 1, b'0'),
            Step::IsoWeekday => ((weekday + 6) % 7 + 1, 1, b'0'),
            Step::WeekFromSunday => ((day_of_year + 7 - weekday) / 7, 2, b'0'),
            Step::WeekFromMonday => ((day_of_year + 7 - (weekday + 6) % 7) / 7, 2, b'0'),
            Step::IsoWeek => (i64::from(iso_week(self.days).1), 2, b'0'),
            Step::IsoYear => (iso_week(self.days).0, 4, b'0'),
            Step::IsoYearInCentury => (iso_week(self.days).0.rem_euclid(100), 2, b'0'),
            // The rest is written as text, or, as the fraction, apart.
            _ => (self.seconds, 1, b'0'),
        }
    }

    fn hour(&self) -> i64 {
        self.within / 3600
    }

    fn month_name(&self) -> &'static str {
        MONTHS[(self.date.month - 1) as usize]
    }

    fn day_name(&self) -> &'static str {
        DAYS[weekday(self.days) as usize]
    }
}

/// The last decimal digit of `number`.
fn digit_of(number: u64) -> u8 {
    b'0' + u8::try_from(number % 10).expect("a digit lies below 10")
}

/// Appends `number` in at least `width` digits.
fn write_number(number: i64, width: usize, padding: u8, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    let mut digits = [padding; 20];
    let mut rest = number.unsigned_abs();
    let mut at = digits.len();
    while rest > 0 || at == digits.len() {
        at -= 1;
        digits[at] = digit_of(rest);
        rest /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::check;

    fn written(pattern: &str, seconds: i64, nanos: u32) -> String {
        let mut writer = TimeWriter::new(pattern).unwrap();
        String::from_utf8(writer.write(Timestamp { seconds, nanos }).to_vec()).unwrap()
    }

    #[test]
    fn every_specifier_writes_what_strftime_writes() {
        // 2026-03-05T07:08:09.012345678Z, a Thursday.
        let cases = [
            ("%Y.%m.%d", "2026.03.05"),
            ("%Y-%m-%dT%H:%M:%S.%LZ", "2026-03-05T07:08:09.012Z"),
            ("%FT%T.%9N", "2026-03-05T07:08:09.012345678"),
            ("%6N", "012345"),
            ("%A %a %B %b %h", "Thursday Thu March Mar Mar"),
            ("%C %y %e|%k|%l|%I", "20 26  5| 7| 7|07"),
            ("%j %U %W %V %G %g %u %w", "064 09 09 10 2026 26 4 4"),
            ("%p %P %r %R %D", "AM am 07:08:09 AM 07:08 03/05/26"),
            ("%s %z %:z %Z %%", "1772694489 +0000 +00:00 UTC %"),
            ("%c", "Thu Mar  5 07:08:09 2026"),
            ("%Ey\t%Od", "26\t05"),
        ];

        for (pattern, wanted) in cases {
            assert_eq!(written(pattern, 1_772_694_489, 12_345_678), wanted, "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(seconds in -62_135_596_800i64..253_402_300_800, nanos in 0u32..1_000_000_000) {
            check::writing(Timestamp { seconds, nanos }, Timestamp { seconds, nanos: 7 });
            check::writing(Timestamp { seconds, nanos }, Timestamp { seconds: seconds - 1, nanos });
        }
    }
}
