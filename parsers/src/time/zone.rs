//! Zones: how far the clocks of a place are from UTC, and when.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// 2024-01-01: changes of clocks from here on tell the names that a zone uses now.
const NAMES_FROM: i64 = 1_704_067_200;

/// The rules of a zone. Copies share them.
#[derive(Clone, Debug)]
pub struct Zone {
    rules: TimeZone,
    /// Abbreviations that are in use, and seconds east of Greenwich of each.
    names: Arc<[(String, i32)]>,
}

/// What was given is no zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneError;

impl std::fmt::Display for ZoneError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("these are no rules of a time zone")
    }
}

impl std::error::Error for ZoneError {}

impl Zone {
    /// The zone whose compiled rules are `bytes`, the content of a file of the time zone database.
    ///
    /// # Errors
    /// When they are none.
    ///
    /// # Source
    /// RFC 9636, the Time Zone Information Format.
    pub fn from_tzif(bytes: &[u8]) -> Result<Self, ZoneError> {
        TimeZone::tzif("", bytes).map(Self::new).map_err(|_| ZoneError)
    }

    /// The zone that `rule` describes, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    ///
    /// # Errors
    /// When it describes none.
    ///
    /// # Source
    /// POSIX, the variable `TZ`.
    pub fn from_posix(rule: &str) -> Result<Self, ZoneError> {
        TimeZone::posix(rule).map(Self::new).map_err(|_| ZoneError)
    }

    /// Universal time.
    pub fn utc() -> Self {
        Self::new(TimeZone::UTC)
    }

    fn new(rules: TimeZone) -> Self {
        let start = timestamp(NAMES_FROM);
        let mut names: Vec<(String, i32)> = Vec::new();
        let changes = rules.following(start).take(4).map(|change| change.timestamp());
        for at in std::iter::once(start).chain(changes) {
            let found = rules.to_offset_info(at);
            let name = found.abbreviation();
            if !names.iter().any(|(known, _)| known == name) {
                names.push((name.to_owned(), found.offset().seconds()));
            }
        }
        Self { names: names.into(), rules }
    }

    /// Seconds east of Greenwich of its clocks, `seconds` after 1970 in UTC.
    pub fn offset_at(&self, seconds: i64) -> i32 {
        self.rules.to_offset(timestamp(seconds)).seconds()
    }

    /// Seconds after 1970 in UTC when its clocks show `shown`, counted as if they showed UTC.
    ///
    /// What they show twice, as they are put back, is taken for the first time; what they leave out, as they are put forward,
    /// counts on from the time before.
    pub fn seconds_of(&self, shown: i64) -> i64 {
        let clock = Offset::UTC.to_datetime(timestamp(shown));
        let found = self.rules.to_ambiguous_timestamp(clock).compatible();
        found.map_or(shown, Timestamp::as_second)
    }

    /// Seconds east of Greenwich that an abbreviation of this zone stands for, in any case of its letters.
    pub(super) fn offset_named(&self, word: &[u8]) -> Option<i32> {
        let mut names = self.names.iter();
        names.find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())).map(|(_, offset)| *offset)
    }
}

/// The nearest time that lies in the years -9999 to 9999.
fn timestamp(seconds: i64) -> Timestamp {
    let bounds = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(seconds.clamp(bounds.0, bounds.1)).expect("it lies between the bounds")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    #[test]
    fn clocks_are_ahead_by_the_season_and_names_tell_which() {
        let berlin = Zone::from_posix(BERLIN).unwrap();

        assert_eq!((berlin.offset_at(1_704_067_200), berlin.offset_at(1_720_000_000)), (3600, 7200));
        assert_eq!((berlin.offset_named(b"CET"), berlin.offset_named(b"cest")), (Some(3600), Some(7200)));
        assert_eq!((berlin.offset_named(b"MSK"), Zone::utc().offset_named(b"UTC")), (None, Some(0)));
    }

    #[test]
    fn what_clocks_show_twice_or_never_has_one_time() {
        let berlin = Zone::from_posix(BERLIN).unwrap();
        let cases = [
            // 2024-03-31: 01:59:59 is followed by 03:00:00.
            (1_711_850_399, 1_711_846_799),
            (1_711_852_200, 1_711_848_600),
            (1_711_854_000, 1_711_846_800),
            // 2024-10-27: 02:00 to 03:00 comes twice.
            (1_729_994_400, 1_729_987_200),
            (1_729_996_200, 1_729_989_000),
            (1_729_998_000, 1_729_994_400),
        ];

        for (shown, seconds) in cases {
            assert_eq!(berlin.seconds_of(shown), seconds, "{shown}");
        }
    }

    #[test]
    fn times_beyond_the_calendar_do_no_harm() {
        let berlin = Zone::from_posix(BERLIN).unwrap();

        for extreme in [i64::MIN, i64::MAX] {
            assert!([3600, 7200].contains(&berlin.offset_at(extreme)));
            berlin.seconds_of(extreme);
        }
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        assert_eq!(Zone::from_tzif(b"TZif2").err(), Some(ZoneError));
        assert_eq!(Zone::from_tzif(b"").err(), Some(ZoneError));
        assert_eq!(Zone::from_posix("Europe/Berlin").err(), Some(ZoneError));
    }
}
