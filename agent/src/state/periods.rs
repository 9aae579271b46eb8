//! In which hour which part of a file was read, so that a second reading gives its lines the same hour.
//!
//! A line without a time of its own gets the time it is read at, and indexes are named by hour, day or longer. Read again
//! in another hour, such a line would go to another index, where its id meets nobody.

use smallvec::SmallVec;

/// Seconds of a period. Names of indexes are made in UTC, where every hour begins at a multiple of it.
const HOUR: i64 = 3_600;
/// Periods that are kept; of older ones the end is forgotten.
const MOST: usize = 8;
/// Bytes of one on disk.
const BYTES: usize = 16;

/// Where hours of read time began in one file, in the order of offsets. Most files have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Periods(SmallVec<[Period; 1]>);

/// From `offset` on the file was read in the hour of `seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    offset: u64,
    /// Since 1970.
    seconds: i64,
}

/// First and last second of the hour of `seconds`.
pub fn hour_of(seconds: i64) -> (i64, i64) {
    let first = seconds.div_euclid(HOUR) * HOUR;
    (first, first + HOUR - 1)
}

impl Periods {
    /// Notes that what begins at `offset` or behind is read at `seconds` from now on. What lies before `settled` is never
    /// read again. Gives whether a period begins, which is to be stored before anything is read in it.
    pub fn begin(&mut self, offset: u64, seconds: i64, settled: u64) -> bool {
        if self.0.last().is_some_and(|last| hour_of(last.seconds) == hour_of(seconds)) {
            return false;
        }
        // Nothing was read in a period that begins here too.
        self.0.retain(|period| period.offset < offset);
        self.0.push(Period { offset, seconds });
        let over = self.0.iter().skip(1).filter(|next| next.offset <= settled).count();
        self.0.drain(..over);
        if self.0.len() > MOST {
            self.0.remove(1);
        }
        true
    }

    /// When the line at `offset` was read, to the hour, where nothing was read later than `until`; `None` where that is not
    /// known.
    pub fn read_at(&self, offset: u64, until: i64) -> Option<i64> {
        let period = self.0.iter().rfind(|period| period.offset <= offset).or(self.0.first())?;
        Some(until.clamp(period.seconds, hour_of(period.seconds).1))
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it is stored: offset and time of each, 8 bytes each, little-endian.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let bytes = self.0.iter().flat_map(|period| [period.offset.to_le_bytes(), period.seconds.to_le_bytes()]);
        bytes.collect::<Vec<_>>().concat()
    }

    /// Reads what was stored; none where it is something else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let (periods, rest) = bytes.as_chunks::<BYTES>();
        let period = |bytes: &[u8; BYTES]| {
            let (offset, seconds) = bytes.split_first_chunk::<8>()?;
            let (offset, seconds) = (u64::from_le_bytes(*offset), i64::from_le_bytes(seconds.try_into().ok()?));
            (0..1 << 40).contains(&seconds).then_some(Period { offset, seconds })
        };
        let read: Option<SmallVec<[Period; 1]>> = periods.iter().map(period).collect();
        let is_sound = |read: &SmallVec<[Period; 1]>| {
            rest.is_empty() && read.len() <= MOST && read.is_sorted_by(|one, next| one.offset < next.offset)
        };
        Self(read.filter(is_sound).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21, one o'clock.
    const ONE: i64 = 1_795_222_800;

    #[test]
    fn a_line_read_again_gets_the_hour_of_the_first_time() {
        let mut periods = Periods::default();
        assert_eq!(periods.read_at(0, ONE), None);
        assert!(periods.begin(0, ONE - 10, 0));
        assert!(!periods.begin(50, ONE - 1, 0), "it is the same hour");
        assert!(periods.begin(100, ONE, 0));

        assert_eq!(periods.read_at(99, ONE + 5), Some(ONE - 1));
        assert_eq!(periods.read_at(99, ONE - 4), Some(ONE - 4));
        assert_eq!(periods.read_at(99, 0), Some(ONE - 10));
        assert_eq!(periods.read_at(100, ONE + 5), Some(ONE + 5));
        assert_eq!(periods.read_at(u64::MAX, ONE + 9_999), Some(ONE + HOUR - 1));
    }

    #[test]
    fn a_period_in_which_nothing_was_read_is_forgotten() {
        let mut periods = Periods::default();
        periods.begin(0, ONE, 0);
        periods.begin(100, ONE + HOUR, 0);
        periods.begin(100, ONE + 2 * HOUR, 0);

        assert_eq!(periods.read_at(100, i64::MAX), Some(ONE + 3 * HOUR - 1));
        assert_eq!(periods.read_at(99, i64::MAX), Some(ONE + HOUR - 1));
    }

    #[test]
    fn only_so_many_are_kept_and_none_of_what_is_settled() {
        let mut periods = Periods::default();
        for number in 0..20_u32 {
            periods.begin(u64::from(number) * 10, ONE + i64::from(number) * HOUR, 0);
        }
        assert_eq!(periods.0.len(), MOST);
        assert_eq!(periods.read_at(0, i64::MAX), Some(ONE + HOUR - 1), "the oldest is what is not settled");
        assert_eq!(periods.read_at(190, i64::MAX), Some(ONE + 20 * HOUR - 1));

        periods.begin(200, ONE + 20 * HOUR, 185);
        let kept: Vec<u64> = periods.0.iter().map(|period| period.offset).collect();
        assert_eq!(kept, [180, 190, 200]);
    }

    #[test]
    fn what_is_stored_comes_back_and_anything_else_counts_as_none() {
        let mut periods = Periods::default();
        periods.begin(7, ONE, 0);
        periods.begin(1 << 50, ONE + HOUR, 0);

        let bytes = periods.to_bytes();

        assert_eq!(Periods::from_bytes(&bytes), periods);
        for other in [&bytes[1..], &bytes.repeat(2), &[0xff; 16], &[0; 16 * 9]] {
            assert_eq!(Periods::from_bytes(other), Periods::default(), "{other:?}");
        }
    }
}
