//! Days and dates of the Gregorian calendar, extended in both directions.

/// A date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// The year; 0 and below lie before the common era.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

const DAYS_BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// Whether `year` has a 29th of February.
pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Number of days in a month from 1 to 12.
pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first day of `year`.
pub(crate) fn days_to_year(year: i64) -> i64 {
    let past = year - 1;
    let leap_days = past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    // 719,162 days lie between 0001-01-01 and 1970-01-01.
    past * 365 + leap_days - 719_162
}

/// Index of a day within its year, from 0.
pub(crate) fn day_of_year(date: Date) -> u32 {
    let leap = u32::from(date.month > 2 && is_leap(date.year));
    DAYS_BEFORE[(date.month - 1) as usize] + leap + date.day - 1
}

/// Days from 1970-01-01 to `date`.
pub fn days_from_date(date: Date) -> i64 {
    days_to_year(date.year) + i64::from(day_of_year(date))
}

/// The date that lies `days` behind 1970-01-01.
pub fn date_from_days(days: i64) -> Date {
    // The mean year has 365.2425 days, so the guess is at most one year off.
    let mut year = 1970 + (days * 400).div_euclid(146_097);
    while days < days_to_year(year) {
        year -= 1;
    }
    while days >= days_to_year(year + 1) {
        year += 1;
    }
    let within = u32::try_from(days - days_to_year(year)).expect("a day of a year lies below 366");
    date_in_year(year, within)
}

/// The date of the day with index `within`, from 0, of `year`.
pub(crate) fn date_in_year(year: i64, within: u32) -> Date {
    let mut month = 1;
    let mut day = within + 1;
    while month < 12 && day > days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    Date { year, month, day }
}

/// Day of the week of a day counted from 1970-01-01, 0 for Sunday.
pub(crate) fn weekday(days: i64) -> u32 {
    u32::try_from((days + 4).rem_euclid(7)).expect("a weekday lies below 7")
}

/// ISO 8601 year and week of a day counted from 1970-01-01.
pub(crate) fn iso_week(days: i64) -> (i64, u32) {
    let from_monday = i64::from((weekday(days) + 6) % 7);
    let thursday = days - from_monday + 3;
    let year = date_from_days(thursday).year;
    let week = (thursday - days_to_year(year)) / 7 + 1;
    (year, u32::try_from(week).expect("a week lies below 54"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_dates_have_their_known_days() {
        let cases = [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((2000, 2, 29), 11_016),
            ((2026, 11, 21), 20_778),
            ((1, 1, 1), -719_162),
            ((1900, 3, 1), -25_508),
            ((9999, 12, 31), 2_932_896),
        ];

        for ((year, month, day), days) in cases {
            assert_eq!(days_from_date(Date { year, month, day }), days, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn iso_weeks_at_the_turn_of_a_year_belong_to_the_year_of_their_thursday() {
        let cases = [((2021, 1, 3), (2020, 53)), ((2024, 12, 30), (2025, 1)), ((2026, 1, 1), (2026, 1))];

        for ((year, month, day), week) in cases {
            assert_eq!(iso_week(days_from_date(Date { year, month, day })), week);
        }
    }

    proptest! {
        #[test]
        fn the_day_after_a_day_is_the_next_date(days in -1_000_000i64..3_000_000) {
            let date = date_from_days(days);
            let next = date_from_days(days + 1);

            prop_assert_eq!(days_from_date(date), days);
            prop_assert_eq!(weekday(days + 1), (weekday(days) + 1) % 7);
            let expected = if date.day < days_in_month(date.year, date.month) {
                Date { day: date.day + 1, ..date }
            } else if date.month < 12 {
                Date { month: date.month + 1, day: 1, ..date }
            } else {
                Date { year: date.year + 1, month: 1, day: 1 }
            };
            prop_assert_eq!(next, expected);
        }
    }
}
