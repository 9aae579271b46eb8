//! Times as text: `strftime` patterns, always in UTC.

use std::ops::Range;

use vigie_parsers::batch::Timestamp;
use vigie_parsers::simd::push;

use crate::config::OptionType;

/// A compiled `strftime` pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    /// The result is the same for all seconds of a slot of this many seconds.
    slot: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Vec<u8>),
    /// A conversion by its letter; one of [`OF_DAY`] or [`OF_SECOND`].
    Field(u8),
}

const DAY: i64 = 86_400;
/// Conversions that do not change within a day.
const OF_DAY: &[u8] = b"YCymdejaAbBhuwUWVGgFDxZz";
/// Conversions that change within a day.
const OF_SECOND: &[u8] = b"HIklMSsprTRcX";
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Pattern {
    /// Compiles `text`.
    ///
    /// # Errors
    /// What was expected, when a conversion is not known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                literal.push(byte);
                continue;
            }
            let letter = bytes.next().unwrap_or_default();
            match letter {
                b'%' => literal.push(b'%'),
                b'n' => literal.push(b'\n'),
                b't' => literal.push(b'\t'),
                _ if OF_DAY.contains(&letter) || OF_SECOND.contains(&letter) => {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                    parts.push(Part::Field(letter));
                }
                _ => return Err(format!("a time format as of strftime; `%{}` is not known", char::from(letter))),
            }
        }
        parts.push(Part::Literal(literal));
        parts.retain(|part| *part != Part::Literal(Vec::new()));
        let of_second = |part: &Part| matches!(part, Part::Field(letter) if OF_SECOND.contains(letter));
        let slot = if parts.iter().any(of_second) { 1 } else { DAY };
        Ok(Self { parts, slot })
    }

    /// A pattern without conversions: `text` as it is.
    pub fn literal(text: &[u8]) -> Self {
        Self { parts: vec![Part::Literal(text.to_vec())], slot: DAY }
    }

    /// The same with `text`, taken as it is, before it.
    pub fn behind(mut self, text: &[u8]) -> Self {
        self.parts.insert(0, Part::Literal(text.to_vec()));
        self
    }

    /// Whether the result depends on the time at all.
    pub fn is_dynamic(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Field(_)))
    }

    /// The wildcard that matches every result: its text with `*` for what the time gives.
    pub fn wildcard(&self) -> Vec<u8> {
        let mut wildcard = Vec::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => wildcard.extend_from_slice(text),
                Part::Field(_) if wildcard.ends_with(b"*") => {}
                Part::Field(_) => wildcard.push(b'*'),
            }
        }
        wildcard
    }

    /// Appends the time `seconds` after 1970.
    pub fn render(&self, seconds: i64, out: &mut Vec<u8>) {
        let moment = Moment::new(seconds);
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.extend_from_slice(text),
                Part::Field(letter) => moment.push(*letter, out),
            }
        }
    }
}

impl OptionType for Pattern {
    const KIND: &'static str = "time format";

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

/// A pattern with its last result, which serves until the time leaves its second (or day, where that is enough).
#[derive(Clone, Debug)]
pub struct Cached {
    pattern: Pattern,
    /// Seconds that `text` is for.
    valid: Range<i64>,
    text: Vec<u8>,
}

impl Cached {
    /// A cache without a result yet.
    pub fn new(pattern: Pattern) -> Self {
        Self { pattern, valid: 0..0, text: Vec::new() }
    }

    /// The pattern.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The text for `seconds`, and whether it was made anew.
    pub fn at(&mut self, seconds: i64) -> (&[u8], bool) {
        let is_new = !self.valid.contains(&seconds);
        if is_new {
            self.text.clear();
            self.pattern.render(seconds, &mut self.text);
            let start = seconds.saturating_sub(seconds.rem_euclid(self.pattern.slot));
            self.valid = start..start.saturating_add(self.pattern.slot);
        }
        (&self.text, is_new)
    }
}

/// Appends `.` and the fraction of a second with `digits` digits (3, 6 or 9), the rest cut off.
pub fn push_fraction(time: Timestamp, digits: u32, out: &mut Vec<u8>) {
    if digits == 3 {
        let millis = time.nanos / 1_000_000;
        let digit = |of: u32| (of % 10).to_le_bytes()[0] + b'0';
        return out.extend_from_slice(&[b'.', digit(millis / 100), digit(millis / 10), digit(millis)]);
    }
    let mut rest = time.nanos / 10_u32.pow(9 - digits);
    // In a register: single bytes would have to arrive in memory before they could be copied together.
    let mut text = 0_u128;
    for _ in 0..digits {
        text = (text << 8) | (u128::from(b'0') + u128::from(rest % 10));
        rest /= 10;
    }
    text = (text << 8) | u128::from(b'.');
    push(&text.to_le_bytes()[..=digits as usize], out);
}

/// Appends `number` in decimal, filled to `width` from the left.
pub fn push_padded(number: u64, width: usize, fill: u8, out: &mut Vec<u8>) {
    let mut digits = [fill; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).expect("a digit");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

/// A point in time, taken apart.
struct Moment {
    seconds: i64,
    year: i64,
    month: u32,
    day: u32,
    /// Days since the 1st of January.
    yearday: i64,
    /// Days since Sunday.
    weekday: i64,
    second_of_day: i64,
}

impl Moment {
    fn new(seconds: i64) -> Self {
        let days = seconds.div_euclid(DAY);
        let (year, month, day) = civil(days);
        let yearday = days - days_before_year(year);
        let weekday = (days + 4).rem_euclid(7);
        Self { seconds, year, month, day, yearday, weekday, second_of_day: seconds.rem_euclid(DAY) }
    }

    fn push(&self, letter: u8, out: &mut Vec<u8>) {
        let hour = self.second_of_day / 3600;
        let hour12 = (hour + 11) % 12 + 1;
        let weekday = WEEKDAYS[usize::try_from(self.weekday).expect("below 7")].as_bytes();
        let month = MONTHS[self.month as usize - 1].as_bytes();
        match letter {
            b'Y' => push_signed(self.year, 4, out),
            b'C' => push_signed(self.year.div_euclid(100), 2, out),
            b'y' => two(self.year.rem_euclid(100), out),
            b'm' => two(i64::from(self.month), out),
            b'd' => two(i64::from(self.day), out),
            b'e' => padded(i64::from(self.day), 2, b' ', out),
            b'j' => padded(self.yearday + 1, 3, b'0', out),
            b'a' => out.extend_from_slice(&weekday[..3]),
            b'A' => out.extend_from_slice(weekday),
            b'b' | b'h' => out.extend_from_slice(&month[..3]),
            b'B' => out.extend_from_slice(month),
            b'u' => padded((self.weekday + 6) % 7 + 1, 1, b'0', out),
            b'w' => padded(self.weekday, 1, b'0', out),
            b'U' => two((self.yearday + 7 - self.weekday) / 7, out),
            b'W' => two((self.yearday + 7 - (self.weekday + 6) % 7) / 7, out),
            b'V' => two(self.iso_week().1, out),
            b'G' => push_signed(self.iso_week().0, 4, out),
            b'g' => two(self.iso_week().0.rem_euclid(100), out),
            b'H' => two(hour, out),
            b'I' => two(hour12, out),
            b'k' => padded(hour, 2, b' ', out),
            b'l' => padded(hour12, 2, b' ', out),
            b'M' => two(self.second_of_day / 60 % 60, out),
            b'S' => two(self.second_of_day % 60, out),
            b's' => push_signed(self.seconds, 1, out),
            b'p' => out.extend_from_slice(if hour < 12 { b"AM" } else { b"PM" }),
            b'Z' => out.extend_from_slice(b"UTC"),
            b'z' => out.extend_from_slice(b"+0000"),
            _ => self.push_compound(letter, out),
        }
    }

    fn push_compound(&self, letter: u8, out: &mut Vec<u8>) {
        let pattern: &[u8] = match letter {
            b'F' => b"Y-m-d",
            b'D' | b'x' => b"m/d/y",
            b'T' | b'X' => b"H:M:S",
            b'R' => b"H:M",
            b'r' => b"I:M:S p",
            b'c' => b"a b e H:M:S Y",
            _ => b"",
        };
        for byte in pattern {
            if byte.is_ascii_alphabetic() {
                self.push(*byte, out);
            } else {
                out.push(*byte);
            }
        }
    }

    /// Year and week of ISO 8601: weeks begin on Monday, the first is the one with the year's first Thursday.
    fn iso_week(&self) -> (i64, i64) {
        let thursday = self.seconds.div_euclid(DAY) - (self.weekday + 6) % 7 + 3;
        let (year, _, _) = civil(thursday);
        (year, (thursday - days_before_year(year)) / 7 + 1)
    }
}

fn two(number: i64, out: &mut Vec<u8>) {
    padded(number, 2, b'0', out);
}

fn padded(number: i64, width: usize, fill: u8, out: &mut Vec<u8>) {
    push_padded(number.unsigned_abs(), width, fill, out);
}

fn push_signed(number: i64, width: usize, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    push_padded(number.unsigned_abs(), width, b'0', out);
}

/// Days from 1970-01-01 to the 1st of January of `year`.
fn days_before_year(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 719_162
}

/// Year, month and day of the day `days` after 1970-01-01, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, u32, u32) {
    // 400 years have 146,097 days. The mean year leads to the right one or its neighbour.
    let mut year = 1970 + (days * 400).div_euclid(146_097);
    while days < days_before_year(year) {
        year -= 1;
    }
    while days >= days_before_year(year + 1) {
        year += 1;
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if is_leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut rest = days - days_before_year(year);
    let mut month = 0;
    while rest >= lengths[month] {
        rest -= lengths[month];
        month += 1;
    }
    let number = |n: i64| u32::try_from(n).expect("days of a month");
    (year, u32::try_from(month).expect("below 12") + 1, number(rest) + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encode::check;

    fn formatted(pattern: &str, seconds: i64) -> String {
        let mut out = Vec::new();
        Pattern::parse(pattern).expect("it is a pattern").render(seconds, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn known_moments_are_written_as_date_does() {
        // Checked with `date -u -d @<seconds> +<pattern>`.
        let cases = [
            (1_700_000_000, "%Y-%m-%dT%H:%M:%S", "2023-11-14T22:13:20"),
            (0, "%F %T", "1970-01-01 00:00:00"),
            (-1, "%F %T", "1969-12-31 23:59:59"),
            (951_782_400, "%F %j", "2000-02-29 060"),
            (4_107_542_400, "%F", "2100-03-01"),
            (1_704_067_200, "%G-W%V-%u %U %W %w", "2024-W01-1 00 01 1"),
            (1_609_459_200, "%G-W%V %g %y %C", "2020-W53 20 21 20"),
            (1_700_000_000, "%a %A %b %B %h %e", "Tue Tuesday Nov November Nov 14"),
            (1_700_000_000, "%I:%M %p|%l|%k|%r", "10:13 PM|10|22|10:13:20 PM"),
            (1_700_000_000, "%s %z %Z %% %D %R", "1700000000 +0000 UTC % 11/14/23 22:13"),
            (1_699_142_400, "%c", "Sun Nov  5 00:00:00 2023"),
            // ISO 8601 has four digits, which the store insists on; `date` has them too.
            (-35_796_672_128, "%FT%T %G", "0835-08-25T15:57:52 0835"),
        ];
        for (seconds, pattern, expected) in cases {
            assert_eq!(formatted(pattern, seconds), expected, "{pattern} of {seconds}");
        }
    }

    proptest! {
        #[test]
        fn both_writers_of_times_write_the_same(
            format in "(%[a-zA-Z%]|[ -~]){1,8}",
            seconds in proptest::collection::vec(-62_135_596_800i64..253_402_300_800, 1..4),
        ) {
            check::times(&format, &seconds);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut last = (1899, 12, 31);
        for days in -25_567..80_000 {
            let (year, month, day) = civil(days);
            let next_day = year == last.0 && month == last.1 && day == last.2 + 1;
            let next_month =
                day == 1 && ((year == last.0 && month == last.1 + 1) || (year == last.0 + 1 && month == 1));
            assert!(next_day || next_month, "{year}-{month}-{day} after {last:?}");
            last = (year, month, day);
        }
    }

    #[test]
    fn a_cached_date_is_made_anew_only_on_the_next_day() {
        let mut cached = Cached::new(Pattern::parse("logs-%Y.%m.%d").expect("it is a pattern"));

        assert_eq!(cached.at(DAY - 1), (&b"logs-1970.01.01"[..], true));
        assert_eq!(cached.at(0), (&b"logs-1970.01.01"[..], false));
        assert_eq!(cached.at(DAY), (&b"logs-1970.01.02"[..], true));
        assert_eq!(cached.at(-1), (&b"logs-1969.12.31"[..], true));
    }

    /// The first second of all lies in a day that begins before it.
    #[test]
    fn any_second_can_be_cached() {
        for seconds in [i64::MIN, i64::MAX] {
            let mut cached = Cached::new(Pattern::parse("%s %j").expect("it is a pattern"));
            let mut by_day = Cached::new(Pattern::parse("%j").expect("it is a pattern"));

            assert_eq!((cached.at(seconds).1, by_day.at(seconds).1), (true, true));
        }
    }

    #[test]
    fn fractions_are_cut_off_not_rounded() {
        let time = Timestamp { seconds: 0, nanos: 60_999_999 };
        for (digits, expected) in [(3, ".060"), (6, ".060999"), (9, ".060999999")] {
            let mut out = Vec::new();
            push_fraction(time, digits, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn unknown_conversions_are_refused() {
        for pattern in ["%Q", "%", "a %L"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
