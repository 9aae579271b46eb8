//! The time that lines claim. Text of the second is made once per second.

use std::time::Duration;

use super::text::padded;

/// 2026-11-21T00:00:00Z, where every seeded corpus begins.
const START: u64 = 1_795_219_200;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A point in time with its second as text.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    seconds: u64,
    nanos: u32,
    date: Vec<u8>,
    time: Vec<u8>,
    clf: Vec<u8>,
}

impl Clock {
    pub(super) fn new() -> Self {
        let mut clock = Self { seconds: 0, nanos: 0, date: Vec::new(), time: Vec::new(), clf: Vec::new() };
        clock.set(START, 0);
        clock
    }

    /// Moves to `seconds` and `nanos` since 1970.
    pub(super) fn set(&mut self, seconds: u64, nanos: u32) {
        self.nanos = nanos;
        if seconds != self.seconds {
            self.seconds = seconds;
            self.spell();
        }
    }

    /// Moves on by less than a second.
    pub(super) fn advance(&mut self, nanos: u32) {
        let sum = self.nanos + nanos;
        self.set(self.seconds + u64::from(sum / 1_000_000_000), sum % 1_000_000_000);
    }

    /// Appends `2026-11-21T23:14:05.123456789Z` with `places` digits of the fraction.
    pub(super) fn rfc3339(&self, out: &mut Vec<u8>, places: u32) {
        out.extend_from_slice(&self.date);
        out.push(b'T');
        out.extend_from_slice(&self.time);
        out.push(b'.');
        self.fraction(out, places);
        out.push(b'Z');
    }

    /// Appends `2026-11-21 23:14:05,123`.
    pub(super) fn log4j(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.date);
        out.push(b' ');
        out.extend_from_slice(&self.time);
        out.push(b',');
        self.fraction(out, 3);
    }

    /// Appends `21/Nov/2026:23:14:05 +0000`.
    pub(super) fn common_log(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.clf);
    }

    fn fraction(&self, out: &mut Vec<u8>, places: u32) {
        padded(out, self.nanos / 10_u32.pow(9 - places), places as usize);
    }

    fn spell(&mut self) {
        let (year, month, day) = civil(self.seconds / 86_400);
        let second_of_day = (self.seconds % 86_400) as u32;
        self.date.clear();
        padded(&mut self.date, year, 4);
        self.date.push(b'-');
        padded(&mut self.date, month, 2);
        self.date.push(b'-');
        padded(&mut self.date, day, 2);
        self.time.clear();
        padded(&mut self.time, second_of_day / 3_600, 2);
        self.time.push(b':');
        padded(&mut self.time, second_of_day / 60 % 60, 2);
        self.time.push(b':');
        padded(&mut self.time, second_of_day % 60, 2);
        self.clf.clear();
        padded(&mut self.clf, day, 2);
        self.clf.push(b'/');
        self.clf.extend_from_slice(MONTHS[month as usize - 1].as_bytes());
        self.clf.push(b'/');
        padded(&mut self.clf, year, 4);
        self.clf.push(b':');
        self.clf.extend_from_slice(&self.time);
        self.clf.extend_from_slice(b" +0000");
    }
}

/// `2026-11-21`, the UTC day of a time since 1970.
pub(crate) fn date_of(since_1970: Duration) -> String {
    let (year, month, day) = civil(since_1970.as_secs() / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a day counted from 1970-01-01 on.
fn civil(day: u64) -> (u32, u32, u32) {
    let mut rest = u32::try_from(day).expect("days of this era fit 32 bits");
    let mut year = 1970;
    while rest >= days_in_year(year) {
        rest -= days_in_year(year);
        year += 1;
    }
    let mut month = 1;
    while rest >= days_in_month(year, month) {
        rest -= days_in_month(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_year(year: u32) -> u32 {
    365 + u32::from(is_leap(year))
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_spelt_in_every_form() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z", "01/Jan/1970:00:00:00 +0000"),
            (START, "2026-11-21T00:00:00.000Z", "21/Nov/2026:00:00:00 +0000"),
            (951_868_799, "2000-02-29T23:59:59.000Z", "29/Feb/2000:23:59:59 +0000"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z", "01/Mar/2100:00:00:00 +0000"),
        ];
        for (seconds, rfc3339, common_log) in cases {
            let mut clock = Clock::new();
            clock.set(seconds, 0);

            let mut text = Vec::new();
            clock.rfc3339(&mut text, 3);
            assert_eq!(String::from_utf8_lossy(&text), rfc3339);
            let mut text = Vec::new();
            clock.common_log(&mut text);
            assert_eq!(String::from_utf8_lossy(&text), common_log);
        }
    }

    #[test]
    fn the_fraction_carries_into_the_second() {
        let mut clock = Clock::new();
        clock.set(START, 999_999_999);

        clock.advance(2);

        let mut text = Vec::new();
        clock.rfc3339(&mut text, 9);
        assert_eq!(String::from_utf8_lossy(&text), "2026-11-21T00:00:01.000000001Z");
    }
}
