//! The arithmetic of ages and of the periods that buckets stand for. Pure, in UTC, without leap seconds.
//!
//! Days and weeks are days of 86,400 seconds. Months and years are those of the calendar: the same day and time of a later month,
//! or the last day of that month where it is shorter. So `2y` behind 2024-02-29 is 2026-02-28, a day earlier than one might wish,
//! since what must be gone by then may not stay longer.

use std::fmt;

use vigie_parsers::time::{Date, date_from_days, days_from_date, days_in_month};

use crate::config::OptionType;

/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// Longest age in units, so that no sum leaves the calendar.
const MOST: u32 = 40_000;

/// What an age counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `h`.
    Hours,
    /// `d`.
    Days,
    /// `w`.
    Weeks,
    /// `mo`.
    Months,
    /// `y`.
    Years,
}

/// How long something is kept, such as `730d`, `6mo` or `2y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    count: u32,
    unit: Unit,
}

impl Unit {
    const ALL: [(Self, &'static str); 5] =
        [(Self::Months, "mo"), (Self::Hours, "h"), (Self::Days, "d"), (Self::Weeks, "w"), (Self::Years, "y")];
}

impl Age {
    /// The moment that lies this much behind `seconds` since 1970.
    pub fn after(self, seconds: i64) -> i64 {
        self.shifted(seconds, 1)
    }

    /// The moment that lies this much before `seconds` since 1970.
    pub fn before(self, seconds: i64) -> i64 {
        self.shifted(seconds, -1)
    }

    /// The latest moment that lies at least this much before `seconds`: what happened then or earlier is this old by now.
    pub fn latest_due(self, seconds: i64) -> i64 {
        // Months are clamped, so going back is not the reverse of going on; the difference is a few days at most.
        let (mut due, mut not_due) = (self.before(seconds) - 32 * DAY, self.before(seconds) + 32 * DAY);
        while not_due - due > 1 {
            let middle = due + (not_due - due) / 2;
            if self.after(middle) <= seconds { due = middle } else { not_due = middle }
        }
        due
    }

    /// Its length in days where months have 30 and years 365 days, to compare ages of different units.
    pub fn nominal_days(self) -> u32 {
        match self.unit {
            Unit::Hours => self.count.div_ceil(24),
            Unit::Days => self.count,
            Unit::Weeks => self.count * 7,
            Unit::Months => self.count / 12 * 365 + self.count % 12 * 30,
            Unit::Years => self.count * 365,
        }
    }

    fn shifted(self, seconds: i64, sign: i64) -> i64 {
        let count = sign * i64::from(self.count);
        match self.unit {
            Unit::Hours => seconds + count * 3600,
            Unit::Days => seconds + count * DAY,
            Unit::Weeks => seconds + count * 7 * DAY,
            Unit::Months => months_later(seconds, count),
            Unit::Years => months_later(seconds, count * 12),
        }
    }
}

fn months_later(seconds: i64, months: i64) -> i64 {
    let Date { year, month, day } = date_from_days(seconds.div_euclid(DAY));
    let (year, month) = month_of(year * 12 + i64::from(month) - 1 + months);
    let date = Date { year, month, day: day.min(days_in_month(year, month)) };
    days_from_date(date) * DAY + seconds.rem_euclid(DAY)
}

/// Year and month, 1 to 12, of a number of months since the year 0.
fn month_of(months: i64) -> (i64, u32) {
    (months.div_euclid(12), u32::try_from(months.rem_euclid(12)).unwrap_or_default() + 1)
}

impl OptionType for Age {
    const KIND: &'static str = "age";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("an age from 1h to {MOST} units, such as `730d`, `26w`, `6mo` or `2y`");
        let named = Unit::ALL.into_iter().find_map(|(unit, word)| Some((unit, text.strip_suffix(word)?)));
        let (unit, digits) = named.ok_or_else(expected)?;
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count = digits.parse().ok().filter(|count| is_number && (1..=MOST).contains(count)).ok_or_else(expected)?;
        let years = matches!(unit, Unit::Years) && count > 200 || matches!(unit, Unit::Months) && count > 2_400;
        if years { Err("an age of at most 200 years".into()) } else { Ok(Self { count, unit }) }
    }
}

impl fmt::Display for Age {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Unit::ALL.iter().find(|(unit, _)| *unit == self.unit).map_or("", |(_, word)| *word);
        write!(out, "{}{word}", self.count)
    }
}

/// How much time the documents of one bucket expire in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// `day`: named `2028.11.05`.
    Day,
    /// `month`: named `2028.11`.
    Month,
    /// `quarter`: named `2028.q4`.
    Quarter,
    /// `year`: named `2028`.
    Year,
}

impl Width {
    /// The name of the period that holds `seconds`.
    pub fn name(self, seconds: i64) -> String {
        let Date { year, month, day } = date_from_days(seconds.div_euclid(DAY));
        match self {
            Self::Day => format!("{year:04}.{month:02}.{day:02}"),
            Self::Month => format!("{year:04}.{month:02}"),
            Self::Quarter => format!("{year:04}.q{}", month.div_ceil(3)),
            Self::Year => format!("{year:04}"),
        }
    }

    /// The first moment behind the period that holds `seconds`.
    pub fn end(self, seconds: i64) -> i64 {
        let Date { year, month, .. } = date_from_days(seconds.div_euclid(DAY));
        let months = year * 12 + i64::from(month) - 1;
        let next = match self {
            Self::Day => return (seconds.div_euclid(DAY) + 1) * DAY,
            Self::Month => months + 1,
            Self::Quarter => months - months.rem_euclid(3) + 3,
            Self::Year => (year + 1) * 12,
        };
        let (year, month) = month_of(next);
        days_from_date(Date { year, month, day: 1 }) * DAY
    }
}

impl OptionType for Width {
    const KIND: &'static str = "width";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "day" => Self::Day,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return Err("`day`, `month`, `quarter` or `year`".into()),
        })
    }
}

/// `2026-11-28T16:00:00Z` for seconds since 1970, of years from 0 to 9999.
pub fn moment(seconds: i64) -> String {
    let Date { year, month, day } = date_from_days(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Reads `2026-11-28` or `2026-11-28T16:00:00Z`; a fraction of the second is left out.
pub fn parse_moment(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let time = time.strip_suffix('Z')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let date = numbers(date, '-', [4, 2, 2])?;
    let time = numbers(time, ':', [2, 2, 2])?;
    let [year, month, day] = date;
    let is_date = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(i64::from(year), month);
    let is_time = time[0] < 24 && time[1] < 60 && time[2] < 60 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let days = || days_from_date(Date { year: i64::from(year), month, day });
    (is_date && is_time).then(|| days() * DAY + i64::from(time[0] * 3600 + time[1] * 60 + time[2]))
}

fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[u32; 3]> {
    let mut pieces = text.split(separator);
    let mut found = [0; 3];
    for (number, width) in found.iter_mut().zip(widths) {
        let piece =
            pieces.next().filter(|piece| piece.len() == width && piece.bytes().all(|byte| byte.is_ascii_digit()));
        *number = piece?.parse().ok()?;
    }
    pieces.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> i64 {
        parse_moment(text).expect("it is a moment")
    }

    fn age(text: &str) -> Age {
        Age::parse(text).expect("it is an age")
    }

    #[test]
    fn ages_follow_the_calendar() {
        for (text, from, expected) in [
            ("730d", "2024-01-01", "2025-12-31T00:00:00Z"),
            ("2y", "2024-01-01T10:11:12Z", "2026-01-01T10:11:12Z"),
            ("2y", "2024-02-29", "2026-02-28T00:00:00Z"),
            ("4y", "2024-02-29", "2028-02-29T00:00:00Z"),
            ("1mo", "2026-01-31", "2026-02-28T00:00:00Z"),
            ("6mo", "2026-08-31T23:59:59Z", "2027-02-28T23:59:59Z"),
            ("1mo", "2026-12-15", "2027-01-15T00:00:00Z"),
            ("12mo", "1969-12-31", "1970-12-31T00:00:00Z"),
            ("2w", "2026-02-20", "2026-03-06T00:00:00Z"),
            ("36h", "2026-02-28", "2026-03-01T12:00:00Z"),
        ] {
            assert_eq!(moment(age(text).after(at(from))), expected, "{from} + {text}");
        }
    }

    #[test]
    fn ages_that_make_no_sense_are_refused() {
        for text in ["", "d", "0d", "1", "-1d", "+1d", "1 d", "1.5y", "1m", "40001d", "201y", "2401mo", "9999999999d"] {
            assert!(Age::parse(text).is_err(), "{text}");
        }
        for text in ["730d", "2y", "6mo", "26w", "1h"] {
            assert_eq!(age(text).to_string(), text);
        }
    }

    #[test]
    fn periods_have_names_and_ends() {
        for (width, from, name, end) in [
            (Width::Day, "2028-02-29T23:59:59Z", "2028.02.29", "2028-03-01"),
            (Width::Month, "2028-11-30", "2028.11", "2028-12-01"),
            (Width::Month, "2028-12-31T23:59:59Z", "2028.12", "2029-01-01"),
            (Width::Quarter, "2028-11-30", "2028.q4", "2029-01-01"),
            (Width::Quarter, "2028-01-01", "2028.q1", "2028-04-01"),
            (Width::Year, "2028-06-01", "2028", "2029-01-01"),
        ] {
            assert_eq!((width.name(at(from)).as_str(), width.end(at(from))), (name, at(end)), "{from}");
        }
    }

    #[test]
    fn moments_are_read_strictly() {
        assert_eq!(at("1970-01-01"), 0);
        assert_eq!(at("2026-11-28T16:00:01.250Z"), at("2026-11-28T16:00:01Z"));
        for text in ["", "2026-13-01", "2026-02-29", "2026-1-01", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "x"] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_moment_lies_in_its_period_and_comes_back_as_text(seconds in -60_000_000_000_i64..200_000_000_000) {
            prop_assert_eq!(parse_moment(&moment(seconds)), Some(seconds));
            for width in [Width::Day, Width::Month, Width::Quarter, Width::Year] {
                let end = width.end(seconds);
                prop_assert!(end > seconds && end - seconds <= 366 * DAY);
                prop_assert_eq!(width.name(end - 1), width.name(seconds));
                prop_assert!(width.name(end) != width.name(seconds));
            }
        }

        #[test]
        fn later_events_never_expire_earlier(seconds in 0_i64..4_000_000_000, later in 0_i64..100_000_000, months in 1_u32..600) {
            let age = Age { count: months, unit: Unit::Months };
            prop_assert!(age.after(seconds + later) >= age.after(seconds));
            prop_assert!(age.after(age.latest_due(seconds)) <= seconds && age.after(age.latest_due(seconds) + 1) > seconds);
            prop_assert!(age.after(seconds) > seconds && age.before(seconds) < seconds);
        }
    }
}
