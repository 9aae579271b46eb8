//! Reading timestamps.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::calendar::{days_from_civil, days_in_month};
use super::program::{FormatError, MONTHS, Step, WEEKDAYS, compile};
use crate::batch::Timestamp;

/// What a text may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Seconds since 1970 now: gives the year to formats without one.
    pub now: i64,
    /// Seconds east of Greenwich for texts without a zone.
    pub offset: i32,
}

/// A time format compiled for reading.
///
/// The second read last is remembered per thread: a text that differs only in its fraction costs a comparison.
#[derive(Debug)]
pub struct TimeFormat {
    id: u64,
    steps: Vec<Step>,
    has_year: bool,
    has_fraction: bool,
}

/// Distinguishes formats in the cache of a thread.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl TimeFormat {
    /// Compiles `format`, written as for `strptime` with Fluent Bit's `%L` for the fraction.
    ///
    /// # Errors
    /// When a specifier is unknown or unfinished.
    pub fn new(format: &str) -> Result<Self, FormatError> {
        let steps: Vec<Step> = compile(format)?.into_iter().map(|(step, _)| step).collect();
        let has = |wanted: &[Step]| steps.iter().any(|step| wanted.contains(step));
        let has_year = has(&[Step::Year, Step::ShortYear, Step::Epoch, Step::Century]);
        let has_fraction = has(&[Step::Fraction]);
        Ok(Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), steps, has_year, has_fraction })
    }

    /// Reads the time at the start of `text`; what follows it is left alone.
    ///
    /// `None` when the text does not fit or ends before the format does.
    pub fn parse(&self, text: &[u8], context: &Context) -> Option<Timestamp> {
        CACHE.with_borrow_mut(|cache| {
            let slot = &mut cache[usize::try_from(self.id % SLOTS as u64).expect("a slot number is small")];
            if let Some(time) = slot.find(self, text, context) {
                return Some(time);
            }
            let mut read = Read::new(text);
            for step in &self.steps {
                read.step(*step)?;
            }
            let time = read.finish(self.has_year, context)?;
            slot.fill(self, &read, time.seconds, context);
            Some(time)
        })
    }
}

const SLOTS: usize = 8;

thread_local! {
    static CACHE: RefCell<[Cached; SLOTS]> = RefCell::new([Cached::default(); SLOTS]);
}

/// The second a format read last: the bytes before the fraction, those behind it, and what they mean.
#[derive(Clone, Copy, Default)]
struct Cached {
    id: u64,
    offset: i32,
    year_of: i64,
    head: [u8; 32],
    head_len: u8,
    tail: [u8; 16],
    tail_len: u8,
    seconds: i64,
}

/// A cached second without a year is forgotten after this many seconds, since the year may have changed.
const YEAR_CHECK: i64 = 3600;

impl Cached {
    fn find(&self, format: &TimeFormat, text: &[u8], context: &Context) -> Option<Timestamp> {
        let same = self.id == format.id && self.offset == context.offset;
        if !same || (!format.has_year && self.year_of != context.now.div_euclid(YEAR_CHECK)) {
            return None;
        }
        let rest = text.strip_prefix(&self.head[..usize::from(self.head_len)])?;
        let (nanos, rest) = if format.has_fraction { fraction(rest) } else { (0, rest) };
        // What follows must be what followed, to the byte: another digit could belong to the time.
        (rest == &self.tail[..usize::from(self.tail_len)]).then_some(Timestamp { seconds: self.seconds, nanos })
    }

    fn fill(&mut self, format: &TimeFormat, read: &Read<'_>, seconds: i64, context: &Context) {
        let text = read.text;
        let (head, tail) = match read.fraction {
            Some((start, end)) => (&text[..start], &text[end..]),
            None => (text, &text[text.len()..]),
        };
        if head.len() > self.head.len() || tail.len() > self.tail.len() {
            return;
        }
        self.head[..head.len()].copy_from_slice(head);
        self.tail[..tail.len()].copy_from_slice(tail);
        self.head_len = u8::try_from(head.len()).expect("at most 32");
        self.tail_len = u8::try_from(tail.len()).expect("at most 16");
        self.id = format.id;
        self.offset = context.offset;
        self.year_of = context.now.div_euclid(YEAR_CHECK);
        self.seconds = seconds;
    }
}

/// Nanoseconds of the digits at the start of `text`, and the rest. Digits beyond nine are left out of account.
fn fraction(text: &[u8]) -> (u32, &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let counted = &text[..digits.min(9)];
    let value = counted.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    let missing = 9 - u32::try_from(counted.len()).expect("at most nine");
    (value * 10_u32.pow(missing), &text[digits..])
}

/// A text being read, and what was found so far.
struct Read<'a> {
    text: &'a [u8],
    at: usize,
    fraction: Option<(usize, usize)>,
    nanos: u32,
    year: Option<i64>,
    century: Option<i64>,
    month: u32,
    day: u32,
    day_of_year: Option<u32>,
    hour: i64,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    epoch: Option<i64>,
    offset: Option<i32>,
}

impl<'a> Read<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            fraction: None,
            nanos: 0,
            year: None,
            century: None,
            month: 1,
            day: 1,
            day_of_year: None,
            hour: 0,
            afternoon: None,
            minute: 0,
            second: 0,
            epoch: None,
            offset: None,
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    fn step(&mut self, step: Step) -> Option<()> {
        match step {
            Step::Literal(byte) => self.literal(byte)?,
            Step::Space => self.space(),
            Step::Weekday => {
                self.name(&WEEKDAYS)?;
            }
            Step::Month => self.month = self.name(&MONTHS)? + 1,
            Step::MonthNumber => self.month = self.bounded(2, 1, 12)?,
            Step::Day => self.day = self.bounded(2, 1, 31)?,
            Step::DayOfYear => self.day_of_year = Some(self.bounded(3, 1, 366)?),
            Step::Hour => self.hour = i64::from(self.bounded(2, 0, 23)?),
            Step::Hour12 => self.hour = i64::from(self.bounded(2, 1, 12)?),
            Step::Minute => self.minute = i64::from(self.bounded(2, 0, 59)?),
            Step::Second => self.second = i64::from(self.bounded(2, 0, 60)?),
            Step::HalfDay => self.afternoon = Some(self.name(&["AM", "PM"])? == 1),
            Step::Fraction => self.take_fraction()?,
            Step::Epoch => self.epoch = Some(self.take_epoch()?),
            Step::Ignored(digits) => {
                self.number(digits)?;
            }
            Step::Year => self.year = Some(self.take_year()?),
            Step::Century => self.century = Some(i64::from(self.bounded(2, 0, 99)?)),
            Step::ShortYear => {
                let year = i64::from(self.bounded(2, 0, 99)?);
                self.year = Some(if year <= 68 { 2000 + year } else { 1900 + year });
            }
            Step::Offset => self.offset = Some(self.take_offset()?),
            Step::ZoneName => self.offset = Some(self.take_zone()?),
        }
        Some(())
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        self.at += 1;
        (self.text.get(self.at - 1) == Some(&byte)).then_some(())
    }

    fn space(&mut self) {
        self.at += self.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }

    /// A number of at most `digits` digits, white space before it left out.
    fn number(&mut self, digits: u8) -> Option<u32> {
        self.space();
        let taken = self.rest().iter().take(usize::from(digits)).take_while(|byte| byte.is_ascii_digit()).count();
        let number = self.rest()[..taken].iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        self.at += taken;
        (taken > 0).then_some(number)
    }

    fn bounded(&mut self, digits: u8, least: u32, most: u32) -> Option<u32> {
        self.number(digits).filter(|number| (least..=most).contains(number))
    }

    /// Which of `names` comes next, whole or by its first three letters, in any case.
    fn name(&mut self, names: &[&str]) -> Option<u32> {
        let rest = self.rest();
        let starts =
            |name: &str| rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()));
        for (number, name) in names.iter().enumerate() {
            let short = name.get(..3).unwrap_or(name);
            let taken = if starts(name) {
                name.len()
            } else if starts(short) {
                short.len()
            } else {
                continue;
            };
            self.at += taken;
            return u32::try_from(number).ok();
        }
        None
    }

    fn take_fraction(&mut self) -> Option<()> {
        let start = self.at;
        let (nanos, rest) = fraction(self.rest());
        self.at = self.text.len() - rest.len();
        self.nanos = nanos;
        self.fraction = Some((start, self.at));
        (self.at > start).then_some(())
    }

    fn take_epoch(&mut self) -> Option<i64> {
        let negative = self.rest().starts_with(b"-");
        self.at += usize::from(negative);
        let digits = self.rest().iter().take(18).take_while(|byte| byte.is_ascii_digit()).count();
        let seconds = self.rest()[..digits].iter().fold(0, |seconds, digit| seconds * 10 + i64::from(digit - b'0'));
        self.at += digits;
        (digits > 0).then_some(if negative { -seconds } else { seconds })
    }

    fn take_year(&mut self) -> Option<i64> {
        let negative = self.rest().starts_with(b"-");
        self.at += usize::from(negative);
        let year = i64::from(self.number(4)?);
        Some(if negative { -year } else { year })
    }

    fn take_offset(&mut self) -> Option<i32> {
        self.space();
        let sign = match self.rest().first()? {
            b'Z' | b'z' => {
                self.at += 1;
                return Some(0);
            }
            b'+' => 1,
            b'-' => -1,
            _ => return self.take_zone(),
        };
        self.at += 1;
        let hours = self.two_digits().filter(|hours| *hours <= 23)?;
        let colon = self.rest().first() == Some(&b':');
        self.at += usize::from(colon);
        let minutes = match self.two_digits() {
            Some(minutes) if minutes <= 59 => minutes,
            None if !colon => 0,
            _ => return None,
        };
        Some(sign * (hours * 3600 + minutes * 60))
    }

    fn two_digits(&mut self) -> Option<i32> {
        let digits = self.rest().get(..2).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
        self.at += 2;
        Some(i32::from(digits[0] - b'0') * 10 + i32::from(digits[1] - b'0'))
    }

    /// An abbreviation of a zone; its letters end at the first byte that is none.
    fn take_zone(&mut self) -> Option<i32> {
        self.space();
        let letters = self.rest().iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let name = self.rest()[..letters].to_ascii_uppercase();
        self.at += letters;
        ZONES.iter().find(|(zone, _)| zone.as_bytes() == name).map(|(_, minutes)| minutes * 60)
    }

    fn finish(&self, has_year: bool, context: &Context) -> Option<Timestamp> {
        if let Some(seconds) = self.epoch {
            return Some(Timestamp { seconds, nanos: self.nanos });
        }
        let offset = i64::from(self.offset.unwrap_or(context.offset));
        let year = match (self.year, self.century) {
            (Some(year), Some(century)) => century * 100 + year.rem_euclid(100),
            (Some(year), None) => year,
            (None, Some(century)) => century * 100,
            (None, None) => super::civil_from_days((context.now + offset).div_euclid(86_400)).0,
        };
        debug_assert!(has_year || self.year.is_none(), "a year comes from the format alone");
        let days = match self.day_of_year {
            Some(day) => days_from_civil(year, 1, 1) + i64::from(day) - 1,
            None if self.day <= days_in_month(year, self.month) => days_from_civil(year, self.month, self.day),
            None => return None,
        };
        let hour = match self.afternoon {
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
            None => self.hour,
        };
        let seconds = days * 86_400 + hour * 3600 + self.minute * 60 + self.second - offset;
        Some(Timestamp { seconds, nanos: self.nanos })
    }
}

/// Abbreviations of zones in common use and the military letters, with minutes east of Greenwich.
///
/// Abbreviations are not unique: those of North America and Europe win, as in RFC 5322 and in common use.
const ZONES: [(&str, i32); 72] = [
    ("UTC", 0),
    ("GMT", 0),
    ("UT", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("IST", 330),
    ("CET", 60),
    ("CEST", 120),
    ("MET", 60),
    ("MEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("MSD", 240),
    ("TRT", 180),
    ("SAST", 120),
    ("EAT", 180),
    ("GST", 240),
    ("PKT", 300),
    ("NPT", 345),
    ("BDT", 360),
    ("ICT", 420),
    ("WIB", 420),
    ("HKT", 480),
    ("SGT", 480),
    ("PHT", 480),
    ("AWST", 480),
    ("JST", 540),
    ("KST", 540),
    ("ACST", 570),
    ("ACDT", 630),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("NST", -210),
    ("NDT", -150),
    ("AST", -240),
    ("ADT", -180),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
    ("BRT", -180),
    ("ART", -180),
    ("CLT", -240),
    ("COT", -300),
    ("PET", -300),
    ("A", 60),
    ("B", 120),
    ("C", 180),
    ("D", 240),
    ("E", 300),
    ("F", 360),
    ("G", 420),
    ("H", 480),
    ("N", -60),
    ("O", -120),
    ("P", -180),
    ("Q", -240),
    ("R", -300),
    ("S", -360),
    ("T", -420),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UTC: Context = Context { now: 1_795_392_000, offset: 0 };

    fn parse(format: &str, text: &str) -> Option<(i64, u32)> {
        let format = TimeFormat::new(format).expect("the format is valid");
        let time = format.parse(text.as_bytes(), &UTC)?;
        assert_eq!(format.parse(text.as_bytes(), &UTC), Some(time), "the cache gives the same");
        Some((time.seconds, time.nanos))
    }

    #[test]
    fn texts_are_read_as_their_format_says() {
        let cases = [
            ("%Y-%m-%dT%H:%M:%S.%L%z", "2023-11-14T22:13:20.123456789+01:00", Some((1_699_996_400, 123_456_789))),
            ("%Y-%m-%dT%H:%M:%S.%L", "2023-11-14T22:13:20.5Z", Some((1_700_000_000, 500_000_000))),
            ("%d/%b/%Y:%H:%M:%S %z", "14/Nov/2023:22:13:20 +0000", Some((1_700_000_000, 0))),
            ("%d/%b/%Y:%H:%M:%S %z", "14/nov/2023:17:13:20 -0500", Some((1_700_000_000, 0))),
            ("%b %d %H:%M:%S", "Nov 14 22:13:20", Some((1_794_694_400, 0))),
            ("%b %e %H:%M:%S", "Nov  4 22:13:20", Some((1_793_830_400, 0))),
            ("%s.%L", "1700000000.25", Some((1_700_000_000, 250_000_000))),
            ("%s", "-5", Some((-5, 0))),
            ("%D %r", "11/14/23 10:13:20 PM", Some((1_700_000_000, 0))),
            ("%a, %d %b %Y %T %Z", "Tue, 14 Nov 2023 22:13:20 GMT", Some((1_700_000_000, 0))),
            ("%a, %d %b %Y %T %Z", "Tuesday, 14 November 2023 14:13:20 PST", Some((1_700_000_000, 0))),
            ("%Y %j", "2023 318", Some((1_699_920_000, 0))),
            ("%F %T,%L", "2023-11-14 22:13:20,007 and more", Some((1_700_000_000, 7_000_000))),
            ("%F %T", "2023-11-14   22:13:20", Some((1_700_000_000, 0))),
            ("%F", "2023-02-29", None),
            ("%F %T", "2023-11-14 22:13", None),
            ("%F %T", "2023-13-14 22:13:20", None),
            ("%F %T.%L", "2023-11-14 22:13:20.", None),
            ("%F %T %z", "2023-11-14 22:13:20 +25:00", None),
        ];
        for (format, text, expected) in cases {
            assert_eq!(parse(format, text), expected, "{format} on {text}");
        }
    }

    #[test]
    fn a_wrong_format_is_refused() {
        for (format, error) in
            [("%Q", FormatError::Unknown('Q')), ("%", FormatError::Unfinished), ("%L %L", FormatError::FractionTwice)]
        {
            assert_eq!(TimeFormat::new(format).err(), Some(error));
        }
    }

    #[test]
    fn the_offset_handed_in_is_for_texts_without_a_zone() {
        let format = TimeFormat::new("%F %T").expect("the format is valid");
        let paris = Context { offset: 3600, ..UTC };

        assert_eq!(format.parse(b"2023-11-14 23:13:20", &paris).map(|time| time.seconds), Some(1_700_000_000));
        assert_eq!(format.parse(b"2023-11-14 23:13:20", &UTC).map(|time| time.seconds), Some(1_700_003_600));
    }

    proptest! {
        /// The cache must not change what is read: each text is read by a format of its own and by one used for all.
        #[test]
        fn the_cached_second_changes_nothing(times in proptest::collection::vec((0_u32..3, 0_u32..200, "[0-9]{1,10}", "(Z|\\+01:00|\\+0200)"), 1..30)) {
            let shared = TimeFormat::new("%Y-%m-%dT%H:%M:%S.%L%z").expect("the format is valid");
            for (minute, second, fraction, zone) in times {
                let text = format!("2023-11-14T22:{minute:02}:{:02}.{fraction}{zone}", second % 3);
                let own = TimeFormat::new("%Y-%m-%dT%H:%M:%S.%L%z").expect("the format is valid");
                prop_assert_eq!(shared.parse(text.as_bytes(), &UTC), own.parse(text.as_bytes(), &UTC), "{}", text);
            }
        }
    }
}
