//! Reads times.

use std::cell::RefCell;
use std::sync::Arc;

use super::cache::{CACHED_BYTES, Cache};
use super::calendar::{Date, date_from_days, date_in_year, days_from_date, days_in_month, is_leap};
use super::names::{DAYS, MONTHS, find_name, find_zone};
use super::program::{FormatError, Step, compile};
use super::zone::Zone;
use crate::batch::Timestamp;

const SECONDS_PER_DAY: i64 = 86_400;
/// The end of the year 9999, in seconds since 1970.
const LAST_SECOND: i64 = 253_402_300_799;

/// Days ahead from which on a date without a year is taken for one of the year before.
const HALF_A_YEAR: i64 = 183;

/// What a text may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Seconds since 1970 now: gives the year to formats without one, and the day to formats without a date.
    pub now: i64,
    /// Seconds east of Greenwich of texts without a zone.
    pub offset: i32,
}

/// A `Time_Format`, compiled.
///
/// Text that is left over behind the format is accepted; text that ends before the format does is not. White space in the
/// format stands for any run of it. `%L` takes the digits of a fraction of a second, of which nine count.
///
/// The seconds read last are remembered per thread: a text that differs from one of them in its fraction only costs little
/// more than a comparison.
///
/// # Source
/// The specifiers are those of BSD's `strptime`, as Fluent Bit has them, and `%L`.
#[derive(Clone, Debug)]
pub struct TimeFormat {
    program: Arc<Program>,
}

#[derive(Clone, Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    strict: bool,
    /// Whether the day of "now" has a part in the result.
    needs_today: bool,
    /// Whether the format itself says UTC, by a literal `Z` behind the seconds.
    says_utc: bool,
    cacheable: bool,
    /// The zone of texts without one.
    zone: Option<Zone>,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

impl TimeFormat {
    /// Compiles `format`.
    ///
    /// # Errors
    /// When the format has an unknown or unfinished specifier or two fractions.
    pub fn new(format: &str) -> Result<Self, FormatError> {
        Self::compile(format, true)
    }

    /// Compiles `format` so that a text that fits as far as its date is taken as far as it fits.
    ///
    /// # Errors
    /// As [`TimeFormat::new`].
    pub fn lenient(format: &str) -> Result<Self, FormatError> {
        Self::compile(format, false)
    }

    fn compile(format: &str, strict: bool) -> Result<Self, FormatError> {
        let steps = compile(format)?;
        let has = |wanted: &[Step]| steps.iter().any(|step| wanted.contains(step));
        let needs_today = !has(&[Step::Year, Step::YearInCentury, Step::Epoch]);
        let says_utc =
            steps.windows(2).any(|pair| matches!(pair, [Step::Second | Step::Fraction(_), Step::Literal(b'Z')]));
        let fraction = steps.iter().position(|step| matches!(step, Step::Fraction(_)));
        let cacheable = match fraction {
            // What stands before the digits must not be able to swallow some of them.
            Some(at) => at > 0 && matches!(steps[at - 1], Step::Literal(byte) if !byte.is_ascii_digit()),
            None => true,
        };
        let program = Program { steps, strict, needs_today, says_utc, cacheable, zone: None };
        Ok(Self { program: Arc::new(program) })
    }

    /// The same, where a text without a zone tells the time of `zone`: the offset of the [`Context`] counts for nothing then.
    #[must_use]
    pub fn in_zone(mut self, zone: Zone) -> Self {
        Arc::make_mut(&mut self.program).zone = Some(zone);
        self
    }

    /// Reads the time at the start of `text`; what follows it is left alone.
    ///
    /// `None` when the text does not fit.
    pub fn parse(&self, text: &[u8], context: &Context) -> Option<Timestamp> {
        let program = &self.program;
        let defaults = program.defaults(context);
        if !program.cacheable || text.len() > CACHED_BYTES {
            return program.run(text, defaults).map(|found| found.time);
        }
        CACHE.with_borrow_mut(|cache| {
            if let Some(time) = cache.look_up(program, defaults, text) {
                return Some(time);
            }
            let found = program.run(text, defaults)?;
            cache.remember(program, defaults, text, &found);
            Some(found.time)
        })
    }
}

/// What stands in for what a text leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Defaults {
    today: i64,
    offset: i32,
}

/// What a run of a program found.
pub(super) struct Found {
    pub(super) time: Timestamp,
    /// Where the digits of the fraction start and end.
    pub(super) fraction: Option<(usize, usize)>,
    /// Whether the format was read to its end.
    pub(super) complete: bool,
}

#[derive(Default)]
struct Fields {
    century: Option<i64>,
    year_in_century: Option<i64>,
    year: Option<i64>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: i64,
    minute: i64,
    second: i64,
    afternoon: Option<bool>,
    offset: Option<i32>,
    epoch: Option<i64>,
    nanos: u32,
    fraction: Option<(usize, usize)>,
}

impl Program {
    fn defaults(&self, context: &Context) -> Defaults {
        let offset = match &self.zone {
            _ if self.says_utc => 0,
            // Only the day of "now" depends on it, which most formats do not need.
            Some(zone) if self.needs_today => zone.offset_at(context.now),
            Some(_) => 0,
            None => context.offset,
        };
        let today = if self.needs_today { (context.now + i64::from(offset)).div_euclid(SECONDS_PER_DAY) } else { 0 };
        Defaults { today, offset }
    }

    fn run(&self, text: &[u8], defaults: Defaults) -> Option<Found> {
        let mut fields = Fields::default();
        let complete = fields.read(self, text).is_some();
        if !complete && (self.strict || !fields.has_date()) {
            return None;
        }
        let seconds = self.seconds(&fields, defaults)?;
        Some(Found { time: Timestamp { seconds, nanos: fields.nanos }, fraction: fields.fraction, complete })
    }

    /// Seconds since 1970 of what was read.
    fn seconds(&self, fields: &Fields, defaults: Defaults) -> Option<i64> {
        if let Some(epoch) = fields.epoch {
            return Some(epoch);
        }
        let shown = fields.shown(defaults.today)?;
        Some(match (fields.offset, &self.zone) {
            (Some(offset), _) => shown - i64::from(offset),
            (None, Some(zone)) if !self.says_utc => zone.seconds_of(shown),
            _ => shown - i64::from(defaults.offset),
        })
    }
}

impl Fields {
    /// Runs `program` over `text`, as far as it fits.
    fn read(&mut self, program: &Program, text: &[u8]) -> Option<()> {
        let mut at = 0;
        for &step in &program.steps {
            let rest = &text[at..];
            if let Step::Blank(_) = step {
                at += blanks(rest);
                continue;
            }
            if rest.is_empty() {
                return None;
            }
            at += match step {
                Step::Literal(byte) if rest[0] == byte => 1,
                Step::Literal(_) => return None,
                Step::Fraction(_) => {
                    let (nanos, length) = read_fraction(rest)?;
                    self.nanos = nanos;
                    self.fraction = Some((at, at + length));
                    length
                }
                Step::Zone => {
                    let (offset, length) = find_zone(rest, program.zone.as_ref())?;
                    self.offset = Some(offset);
                    length
                }
                _ => self.read_date(step, rest).or_else(|| self.read_clock(step, rest))?,
            };
        }
        Some(())
    }

    /// Reads a step that has to do with the day, and gives its length.
    fn read_date(&mut self, step: Step, rest: &[u8]) -> Option<usize> {
        let length;
        match step {
            Step::Year => (self.year, length) = number(rest, 4, 0..=9999)?,
            Step::YearInCentury => (self.year_in_century, length) = number(rest, 2, 0..=99)?,
            Step::Century => (self.century, length) = number(rest, 2, 0..=99)?,
            Step::Month => (self.month, length) = small(rest, 2, 1..=12)?,
            Step::Day => (self.day, length) = small(rest, 2, 1..=31)?,
            Step::DayPadded => (self.day, length) = padded(rest, 1..=31)?,
            Step::DayOfYear => (self.day_of_year, length) = small(rest, 3, 1..=366)?,
            Step::MonthName | Step::ShortMonthName => {
                let (index, found) = find_name(&MONTHS, rest)?;
                self.month = u32::try_from(index + 1).ok();
                length = found;
            }
            Step::DayName | Step::ShortDayName => length = find_name(&DAYS, rest)?.1,
            // Weeks and weekdays are checked, but a date is never made of them.
            Step::Weekday => length = number(rest, 1, 0..=6)?.1,
            Step::IsoWeekday => length = number(rest, 1, 1..=7)?.1,
            Step::WeekFromSunday | Step::WeekFromMonday | Step::IsoWeek => length = number(rest, 2, 0..=53)?.1,
            Step::IsoYearInCentury => length = number(rest, 2, 0..=99)?.1,
            Step::IsoYear => length = number(rest, 4, 0..=9999)?.1,
            _ => return None,
        }
        Some(length)
    }

    /// Reads a step that has to do with the time of day or the zone, and gives its length.
    fn read_clock(&mut self, step: Step, rest: &[u8]) -> Option<usize> {
        let (value, length) = match step {
            Step::Hour => number(rest, 2, 0..=23)?,
            Step::HourPadded => padded_long(rest, 0..=23)?,
            Step::Hour12 => number(rest, 2, 1..=12)?,
            Step::Hour12Padded => padded_long(rest, 1..=12)?,
            Step::Minute => number(rest, 2, 0..=59)?,
            Step::Second => number(rest, 2, 0..=60)?,
            Step::Epoch => epoch(rest)?,
            Step::HalfDay | Step::LowerHalfDay => {
                let word = rest.get(..2)?;
                self.afternoon = Some(word.eq_ignore_ascii_case(b"pm"));
                return (word.eq_ignore_ascii_case(b"am") || self.afternoon == Some(true)).then_some(2);
            }
            Step::Offset | Step::OffsetColon => {
                let (offset, length) = read_offset(rest)?;
                self.offset = Some(offset);
                return Some(length);
            }
            _ => return None,
        };
        let value = value?;
        match step {
            Step::Minute => self.minute = value,
            Step::Second => self.second = value,
            Step::Epoch => self.epoch = Some(value),
            _ => self.hour = value,
        }
        Some(length)
    }

    /// Whether enough was read to tell the day.
    fn has_date(&self) -> bool {
        let month_and_day = self.month.is_some() && self.day.is_some();
        self.epoch.is_some() || month_and_day || self.day_of_year.is_some()
    }

    /// What a clock shows, in seconds since 1970 as if it showed UTC.
    fn shown(&self, today: i64) -> Option<i64> {
        let hour = match self.afternoon {
            Some(_) if self.hour > 12 => return None,
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
            None => self.hour,
        };
        let days = days_from_date(self.date(today)?);
        Some(days * SECONDS_PER_DAY + hour * 3600 + self.minute * 60 + self.second)
    }

    /// The date. One without a year is of this year, unless it would lie more than half a year ahead: logs tell of what was.
    fn date(&self, today: i64) -> Option<Date> {
        let now = date_from_days(today);
        if let Some(year) = self.given_year() {
            return self.date_in(year, None);
        }
        let found = self.date_in(now.year, Some(now));
        let is_ahead = found.is_none_or(|found| days_from_date(found) - today > HALF_A_YEAR);
        if is_ahead { self.date_in(now.year - 1, Some(now)).or(found) } else { found }
    }

    /// The date in `year`. `today` is there where the year was not given: a time of day alone means it.
    fn date_in(&self, year: i64, today: Option<Date>) -> Option<Date> {
        if let Some(within) = self.day_of_year
            && (self.month.is_none() || self.day.is_none())
        {
            let days = 365 + u32::from(is_leap(year));
            return (within <= days).then(|| date_in_year(year, within - 1));
        }
        // A year alone means its first day.
        let month = self.month.or(today.map(|today| today.month)).unwrap_or(1);
        let day = self.day.or(today.filter(|_| self.month.is_none()).map(|today| today.day)).unwrap_or(1);
        (day <= days_in_month(year, month)).then_some(Date { year, month, day })
    }

    fn given_year(&self) -> Option<i64> {
        match (self.year_in_century, self.century) {
            (Some(year), Some(century)) => Some(century * 100 + year),
            (Some(year), None) => Some(if year <= 68 { 2000 + year } else { 1900 + year }),
            (None, _) => self.year,
        }
    }
}

fn blanks(text: &[u8]) -> usize {
    text.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != 0x0b).unwrap_or(text.len())
}

/// Reads a number of at most `digits` digits. Gives it and its length.
///
/// A digit that would lead out of `range` is left for what follows, so that `915` fits `%d%H` style formats as 9 and 15.
#[inline]
fn number(text: &[u8], digits: usize, range: std::ops::RangeInclusive<i64>) -> Option<(Option<i64>, usize)> {
    let mut value = 0;
    let mut length = 0;
    while length < digits && length < text.len() && text[length].is_ascii_digit() {
        value = value * 10 + i64::from(text[length] - b'0');
        length += 1;
        if value.saturating_mul(10) > *range.end() {
            break;
        }
    }
    (length > 0 && range.contains(&value)).then_some((Some(value), length))
}

/// Reads all digits there are: seconds up to the end of the year 9999. What is more counts milliseconds or less, and is none.
fn epoch(text: &[u8]) -> Option<(Option<i64>, usize)> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    number(text, 12, 0..=LAST_SECOND).filter(|(_, read)| *read == length)
}

fn small(text: &[u8], digits: usize, range: std::ops::RangeInclusive<i64>) -> Option<(Option<u32>, usize)> {
    let (value, length) = number(text, digits, range)?;
    Some((value.and_then(|value| u32::try_from(value).ok()), length))
}

/// Reads a number of two digits, the first of which may be a space.
fn padded(text: &[u8], range: std::ops::RangeInclusive<i64>) -> Option<(Option<u32>, usize)> {
    let blank = usize::from(text[0] == b' ');
    let (value, length) = small(&text[blank..], 2, range)?;
    Some((value, blank + length))
}

fn padded_long(text: &[u8], range: std::ops::RangeInclusive<i64>) -> Option<(Option<i64>, usize)> {
    let (value, length) = padded(text, range)?;
    Some((value.map(i64::from), length))
}

/// Reads the digits of a fraction: nanoseconds, and how many digits there are. Digits behind the ninth count for nothing.
#[inline]
pub(super) fn read_fraction(text: &[u8]) -> Option<(u32, usize)> {
    let mut nanos = 0;
    let mut length = 0;
    while length < text.len() && text[length].is_ascii_digit() {
        if length < 9 {
            nanos = nanos * 10 + u32::from(text[length] - b'0');
        }
        length += 1;
    }
    for _ in length..9 {
        nanos *= 10;
    }
    (length > 0).then_some((nanos, length))
}

/// Reads a zone as `%z` does: `Z`, `+hh`, `+hhmm`, `+hh:mm`, or one of the names of RFC 822. Gives seconds and the length.
pub(super) fn read_offset(text: &[u8]) -> Option<(i32, usize)> {
    let blank = blanks(text);
    let rest = &text[blank..];
    let sign = match rest.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return read_named_offset(rest).map(|(seconds, length)| (seconds, blank + length)),
    };
    let digit = |at: usize| rest.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| i32::from(byte - b'0'));
    let hours = digit(1)? * 10 + digit(2)?;
    let colon = usize::from(rest.get(3) == Some(&b':'));
    let Some(tens) = digit(3 + colon) else { return Some((sign * hours * 3600, blank + 3 + colon)) };
    let minutes = tens * 10 + digit(4 + colon)?;
    Some((sign * (hours * 3600 + minutes * 60), blank + 5 + colon))
}

/// As in BSD, names of American zones may stand in small letters, the others not.
fn read_named_offset(text: &[u8]) -> Option<(i32, usize)> {
    const UNIVERSAL: [&str; 4] = ["UTC", "UT", "GMT", "Z"];
    const AMERICAN: [&str; 8] = ["EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"];
    if let Some(name) = UNIVERSAL.into_iter().find(|name| text.starts_with(name.as_bytes())) {
        return Some((0, name.len()));
    }
    let word = text.get(..3)?;
    let name = AMERICAN.into_iter().find(|name| word.eq_ignore_ascii_case(name.as_bytes()))?;
    find_zone(name.as_bytes(), None)
}

#[cfg(test)]
mod tests;
