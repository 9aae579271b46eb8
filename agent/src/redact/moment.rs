//! Dates and times: most numbers of a log are parts of them, and none of these is anybody's.

/// A date, a time, or both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Moment {
    /// Bytes that it takes.
    pub(super) length: usize,
    /// Whether it is a date of the years 1900 to 2099 with day and month.
    pub(super) is_date: bool,
}

/// Letters of the name of a month.
const MONTH: u32 = 3;

/// The first three groups of digits at one place: how many digits, and what stands behind each. Bytes are read as they are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begins<'a> {
    text: &'a [u8],
    run: u32,
    second: u32,
    third: u32,
}

/// Whether so many digits with `mark` behind them may begin a date or a time.
#[inline(always)]
pub(super) fn may_be_moment(run: u32, mark: u8) -> bool {
    match mark {
        b':' => run <= 2,
        b'-' | b'/' | b'.' => run <= 2 || run == 4 || run == 8,
        b'T' | b't' | b' ' | b'_' => run == 8,
        _ => false,
    }
}

impl<'a> Begins<'a> {
    /// Those of `text`, which begins with `run` digits, at most eight; `digits` are those of its first bytes, 24 or more.
    #[inline(always)]
    pub(super) fn of(text: &'a [u8], run: u32, digits: u64) -> Self {
        let behind = digits >> (run + 1);
        let second = behind.trailing_ones();
        Self { text, run, second, third: (behind >> (second & 31) >> 1).trailing_ones() }
    }

    #[inline(always)]
    fn byte(self, at: u32) -> u8 {
        self.text.get(at as usize).copied().unwrap_or_default()
    }

    /// What stands behind each group.
    #[inline(always)]
    fn mark(self) -> u8 {
        self.byte(self.run)
    }

    #[inline(always)]
    fn second_mark(self) -> u8 {
        self.byte(self.run + 1 + self.second)
    }

    #[inline(always)]
    fn third_mark(self) -> u8 {
        self.byte(self.third_end())
    }

    #[inline(always)]
    fn third_end(self) -> u32 {
        self.run + 1 + self.second + 1 + self.third
    }

    /// Whether an hour may stand behind that, if two digits are in the third group: a colon follows.
    #[inline(always)]
    fn has_hour(self) -> bool {
        self.third == 2 && (self.byte(self.third_end() + 2) == b':' || self.byte(self.third_end() + 3) == b':')
    }

    /// Whether what begins so may be a date or a time.
    #[inline(always)]
    pub(super) fn may_be_moment(self) -> bool {
        let (run, second, third) = (self.run, self.second, self.third);
        let mark = self.mark();
        match run {
            _ if mark == b':' => run <= 2 && second == 2,
            8 => second > 0 && matches!(mark, b'-' | b'T' | b't' | b' ' | b'_'),
            4 => second == 2 && mark == self.second_mark(),
            // The name of a month stands there, with the same mark behind it.
            1 | 2 if second == 0 => self.second_mark().is_ascii_alphabetic() && self.byte(run + 1 + MONTH) == mark,
            1 | 2 if second > 2 => false,
            // A year follows, or a time.
            1 | 2 if mark == self.second_mark() => match third {
                1 => self.third_mark() == b':',
                2 => self.has_hour() && matches!(self.third_mark(), b' ' | b'T' | b'-'),
                third => third == 4,
            },
            1 | 2 => third <= 2 && matches!(self.second_mark(), b' ' | b'T' | b'-') && self.third_mark() == b':',
            _ => false,
        }
    }

    /// Whether it is written as `5/3/85`, with nothing that goes on behind it.
    #[inline(always)]
    pub(super) fn is_short_date(self) -> bool {
        (self.run, self.second, self.third) == (1, 1, 2)
            && self.mark() == self.second_mark()
            && !matches!(self.third_mark(), b'-' | b'/' | b':' | b'_')
            && !self.third_mark().is_ascii_alphanumeric()
    }

    /// Whether it may be four numbers with dots between them.
    #[inline(always)]
    pub(super) fn may_be_quad(self) -> bool {
        let are_short = [self.run, self.second, self.third].iter().all(|digits| matches!(digits, 1..=3));
        are_short && self.mark() == b'.' && self.second_mark() == b'.' && self.third_mark() == b'.'
    }
}

/// How the last date and time began, up to its minutes: most lines go on with the same ones.
#[derive(Debug, Default)]
pub(super) struct Stem {
    bytes: [u8; STEM],
    /// The byte behind these, where the minutes end behind that.
    last: Option<u8>,
    is_known: bool,
}

/// Bytes of `2026-11-28T16:13`.
const STEM: usize = 16;

impl Stem {
    /// The date and time that `text` begins with, if it begins as the last one.
    #[inline(always)]
    pub(super) fn moment(&self, text: &[u8]) -> Option<Moment> {
        if !self.is_known || text.first_chunk() != Some(&self.bytes) {
            return None;
        }
        self.same(text)
    }

    #[inline(always)]
    fn same(&self, text: &[u8]) -> Option<Moment> {
        let end = STEM + usize::from(self.last.is_some());
        if self.last.is_some() && text.get(STEM).copied() != self.last || text.get(end) != Some(&b':') {
            return None;
        }
        whole(text, behind_minutes(text, end, b':')?, true)
    }

    /// Notes how the `moment` began at which `text` begins.
    pub(super) fn note(&mut self, text: &[u8], moment: Moment) {
        let Some(bytes) = text.first_chunk().filter(|_| moment.is_date) else { return };
        let is_colon = |at: usize| at < moment.length && text.get(at) == Some(&b':');
        for end in STEM..=STEM + 1 {
            if is_colon(end) && is_colon(end - 3) {
                *self = Self { bytes: *bytes, last: (end > STEM).then(|| text[STEM]), is_known: true };
                return;
            }
        }
    }
}

/// The date or time that `text` begins with. It is a whole one: no letter or digit follows.
pub(super) fn moment(text: &[u8]) -> Option<Moment> {
    let (length, is_date) = match *text {
        [_, _, _, _, b'-' | b'/' | b'.', ..] => dated(text, year_first(text)?),
        [_, _, b'/' | b'-' | b'.', ..] | [_, b'/' | b'-' | b'.', ..] => match day_first(text) {
            Some(date) => dated(text, date),
            None => (short_date(text)?, false),
        },
        [_, _, b':', ..] | [_, b':', ..] => (clock(text, b':')?, false),
        [_, _, _, _, _, _, _, _, b'-' | b'T' | b't' | b' ' | b'_', ..] => (packed(text)?, false),
        _ => return None,
    };
    whole(text, length, is_date)
}

/// What takes so many bytes of `text`, if no letter or digit follows.
#[inline(always)]
fn whole(text: &[u8], length: usize, is_date: bool) -> Option<Moment> {
    let ends = !text.get(length).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    ends.then_some(Moment { length, is_date })
}

/// A date that takes `date` bytes, and the time behind it if there is one.
fn dated(text: &[u8], date: usize) -> (usize, bool) {
    let behind = match text.get(date) {
        Some(b'T' | b't' | b' ' | b'_' | b':') => clock(&text[date + 1..], b':'),
        Some(b'-') => clock(&text[date + 1..], b'.').or_else(|| clock(&text[date + 1..], b':')),
        _ => None,
    };
    (date + behind.map_or(0, |length| length + 1), true)
}

/// `N` digits at `at`, as a number.
#[inline(always)]
fn digits<const N: usize>(text: &[u8], at: usize) -> Option<u32> {
    let digits: &[u8; N] = text.get(at..)?.first_chunk()?;
    let (mut number, mut are_all) = (0, true);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        are_all &= digit < 10;
        number = number * 10 + u32::from(digit);
    }
    are_all.then_some(number)
}

/// One digit at `at`, or two, as a number.
#[inline(always)]
fn one_or_two(text: &[u8], at: usize, count: usize) -> Option<u32> {
    if count == 1 { digits::<1>(text, at) } else { digits::<2>(text, at) }
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    matches!(year, 1900..=2099) && matches!(month, 1..=12) && matches!(day, 1..=31)
}

/// `2026-11-28`, with any of three separators.
fn year_first(text: &[u8]) -> Option<usize> {
    let (year, month, day) = (digits::<4>(text, 0)?, digits::<2>(text, 5)?, digits::<2>(text, 8)?);
    (text[4] == text[7] && is_date(year, month, day)).then_some(10)
}

/// `28/11/2026`, `8.11.2026`, `28/Nov/2026`, `28-NOV-2026`.
fn day_first(text: &[u8]) -> Option<usize> {
    let first = if text[1].is_ascii_digit() { 2 } else { 1 };
    let (day, mark) = (one_or_two(text, 0, first)?, text[first]);
    let month = &text[first + 1..];
    let second = month.iter().take(4).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let number = match second {
        1 | 2 => one_or_two(month, 0, second)?,
        3 => named(month)?,
        _ => return None,
    };
    let end = first + 1 + second;
    let year = digits::<4>(text, end + 1)?;
    // Americans write the month first.
    let is_one = is_date(year, number, day) || is_date(year, day, number);
    (*text.get(end)? == mark && is_one).then_some(end + 5)
}

fn named(month: &[u8]) -> Option<u32> {
    const NAMES: &[u8; 36] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let month = month.first_chunk::<3>()?.map(|letter| letter.to_ascii_lowercase());
    let at = NAMES.as_chunks::<3>().0.iter().position(|name| *name == month)?;
    Some(at as u32 + 1)
}

/// `17/06/09 20:10:40` and `11-28 16:13:25.123`, which are dates only with a time behind them.
fn short_date(text: &[u8]) -> Option<usize> {
    let (first, second) = (digits::<2>(text, 0)?, digits::<2>(text, 3)?);
    let third = if text.get(5) == text.get(2) { digits::<2>(text, 6) } else { None };
    let is_day = |month: u32, day: u32| matches!(month, 1..=12) && matches!(day, 1..=31);
    if !is_day(first, second) && !is_day(second, first) && !third.is_some_and(|day| is_day(second, day)) {
        return None;
    }
    let date = if third.is_some() { 8 } else { 5 };
    let time = text
        .get(date)
        .filter(|byte| matches!(byte, b' ' | b'T' | b'-'))
        .and_then(|_| clock(&text[date + 1..], b':'))?;
    Some(date + 1 + time)
}

/// `16:13:25`, `16:13:25,123`, `16:13:25.123456+01:00`, `16:13:25Z`.
fn clock(text: &[u8], mark: u8) -> Option<usize> {
    let hours = if text.get(1) == Some(&mark) { 1 } else { 2 };
    let (hour, minute) = (one_or_two(text, 0, hours)?, digits::<2>(text, hours + 1)?);
    if text.get(hours) != Some(&mark) || hour > 24 || minute > 59 {
        return None;
    }
    behind_minutes(text, hours + 3, mark)
}

/// Where a time ends whose minutes end before `end`.
#[inline(always)]
fn behind_minutes(text: &[u8], mut end: usize, mark: u8) -> Option<usize> {
    let has_seconds = text.get(end) == Some(&mark) && digits::<2>(text, end + 1).is_some_and(|second| second <= 60);
    if has_seconds {
        end += 3;
    } else if mark == b'.' {
        return None;
    }
    if has_seconds && matches!(text.get(end), Some(b'.' | b',' | b':')) {
        end += fraction(&text[end..]);
    }
    end += zone(&text[end..]);
    // What goes on with a colon is an address.
    (!(text.get(end) == Some(&b':') && text.get(end + 1).is_some_and(u8::is_ascii_hexdigit))).then_some(end)
}

/// How many bytes the fraction of a second takes with the mark that `text` begins with: none if what stands there is the next field, whose
/// digits go on behind one more mark, as `,203.0.113.9` and `,06 12 34 56 78`. Behind a space they do where no fraction has so many.
#[inline(always)]
fn fraction(text: &[u8]) -> usize {
    let count = text.iter().skip(1).take(10).take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || count > 9 {
        return 0;
    }
    let behind = &text[1 + count..];
    let goes_on = match behind {
        [b'.', next, ..] => text[0] != b'.' && next.is_ascii_digit(),
        [b'-' | b'/', next, ..] => {
            let zone = zone(behind);
            let ends = zone > 0 && !matches!(behind.get(zone), Some(b'-' | b'/' | b'.'));
            text[0] != b'.' && next.is_ascii_digit() && !ends
        }
        [b' ', next, ..] => text[0] != b'.' && next.is_ascii_digit() && count % 3 != 0,
        _ => false,
    };
    if goes_on { 0 } else { count + 1 }
}

/// How many bytes `Z`, `+0100`, ` +01:00` take.
fn zone(text: &[u8]) -> usize {
    let space = usize::from(text.first() == Some(&b' ') && matches!(text.get(1), Some(b'+' | b'-')));
    match text.get(space) {
        Some(b'Z' | b'z') => 1,
        Some(b'+' | b'-') => {
            let four = digits::<4>(text, space + 1).is_some_and(|zone| zone <= 1400);
            let colon = digits::<2>(text, space + 1).is_some()
                && text.get(space + 3) == Some(&b':')
                && digits::<2>(text, space + 4).is_some();
            match (four, colon) {
                (true, _) => space + 5,
                (_, true) => space + 6,
                _ => 0,
            }
        }
        _ => 0,
    }
}

/// `20171223-22:15:29:606`, `20261128T161325Z`.
fn packed(text: &[u8]) -> Option<usize> {
    let date = digits::<8>(text, 0)?;
    if !is_date(date / 10_000, date / 100 % 100, date % 100) {
        return None;
    }
    if let Some(length) = clock(&text[9..], b':') {
        return Some(9 + length);
    }
    let time = digits::<6>(text, 9)?;
    (time / 10_000 < 25 && time / 100 % 100 < 60 && time % 100 < 61).then(|| 15 + zone(&text[15..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_begins_as_the_last_one_is_what_it_is_without_that(
            last in "2026-11-28[T ]16:13:25([.,][0-9]{1,9})?Z?|[12]?8/Nov/2026:16:13:25( [+]0[01]00)?",
            tail in "(:|:2|:25|:61|:25[.,][0-9]{0,11})(Z|[+]01:00| [+]0100|:[0-9a-f]|_|x)?|.{0,4}",
        ) {
            let mut stem = Stem::default();
            let known = moment(last.as_bytes()).expect("a date with its time");
            stem.note(last.as_bytes(), known);
            let (minutes, _) = last.rsplit_once(':').expect("seconds");
            let text = format!("{minutes}{tail}");
            prop_assert_eq!(stem.moment(last.as_bytes()), (minutes.len() >= STEM).then_some(known));
            if let Some(found) = stem.moment(text.as_bytes()) {
                prop_assert_eq!(Some(found), moment(text.as_bytes()), "{}", text);
            }
        }
    }

    #[test]
    fn other_texts_do_not_begin_as_the_last_one() {
        let mut stem = Stem::default();
        assert_eq!(stem.moment(&[0; 40]), None, "none was seen");
        let last = b"21/Nov/2026:00:04:05 +0000";
        stem.note(last, moment(last).expect("a date with its time"));
        assert_eq!(stem.moment(b"21/Nov/2026:00:04:59 x"), Some(Moment { length: 20, is_date: true }));
        assert_eq!(stem.moment(b"21/Nov/2026:00:05:05 +0000"), None, "another minute");
        assert_eq!(stem.moment(b"21/Nov/2026:00:04"), None);
    }

    #[test]
    fn times_of_logs_are_seen_whole() {
        let whole = [
            "2026-11-28",
            "2026-11-28T16:13:25.123456Z",
            "2026-11-28 16:13:25,123 +0100",
            "2026/11/28 16:13:25",
            "28/Nov/2026:16:13:25 +0000",
            "28.11.2026",
            "8/1/2026 9:05:01",
            "16:13:25",
            "16:13:25.123",
            "20171223-22:15:29:606",
            "20261128T161325Z",
            "17/06/09 20:10:40",
            "11-28 16:13:25.123",
            "2005-06-03-15.42.50.675872",
            "2026-11-28T16:13:25+01:00",
            "2026-11-28 16:13:25,123-0500",
            "9:05",
        ];
        for text in whole {
            assert_eq!(moment(text.as_bytes()).map(|moment| moment.length), Some(text.len()), "{text}");
        }
    }

    #[test]
    fn the_field_behind_a_time_is_no_fraction_of_it() {
        for field in [
            ",212.206.151.142",
            ",06 12 34 56 78",
            ",06.12.34.56.78",
            ",06-12-34-56-78",
            ",4111 1111 1111 1111",
            ",4111-1111-1111-1111",
            ",28/11/1985",
            ",1985-11-28",
        ] {
            let text = format!("2026-11-28 16:13:25{field}");
            assert_eq!(moment(text.as_bytes()).map(|moment| moment.length), Some(19), "{text}");
        }
        for fraction in [",123 4567 INFO", ":606|1", ",123.", ",123 ", ".123 4"] {
            let text = format!("2026-11-28 16:13:25{fraction}");
            assert_eq!(moment(text.as_bytes()).map(|moment| moment.length), Some(23), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_times() {
        for text in [
            "4111-1111",
            "2026-13-28",
            "12:34:56:78:9a:bc",
            "85.07.30-033.61",
            "06.12.34.56.78",
            "12:34x",
            "1.2.3.4",
            "34.56.78 10:11:12",
            "99/99/2026",
            "20261340-1234",
        ] {
            assert_eq!(moment(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn no_beginning_of_a_time_panics() {
        let text = b"2026-11-28T16:13:25.123456+01:00";
        for start in 0..text.len() {
            for end in start..text.len() {
                let _moment = moment(&text[start..end]);
            }
        }
    }
}
