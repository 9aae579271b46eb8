//! How old documents are when they arrive, told from the time that a live writer put into them.

use std::time::Duration;

use memchr::memmem;

use crate::corpus::STAMP;

/// How many delays are kept: 100 seconds of 100,000 documents, in 40 MB.
const LIMIT: usize = 10_000_000;

/// Finds the time at which a document was written. Holds the searcher, which is costly to make.
pub(super) struct StampFinder(memmem::Finder<'static>);

impl StampFinder {
    pub(super) fn new() -> Self {
        Self(memmem::Finder::new(STAMP))
    }

    /// The stamp in `document`, since 1970. Its punctuation may be escaped in any way.
    pub(super) fn find(&self, document: &[u8]) -> Option<Duration> {
        let behind = &document[self.0.find(document)? + STAMP.len()..];
        let start = behind.iter().position(u8::is_ascii_digit)?;
        let digits = behind[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(&behind[start..start + digits]).ok()?;
        number.parse().ok().map(Duration::from_nanos)
    }
}

/// Delays as they came, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Delays(Vec<u32>);

impl Delays {
    /// Notes that something written at `written` came at `arrived`. A clock set back makes it 0, over an hour counts as one.
    pub(super) fn note(&mut self, written: Duration, arrived: Duration) {
        if self.0.len() < LIMIT {
            let micros = arrived.saturating_sub(written).as_micros();
            self.0.push(u32::try_from(micros).unwrap_or(u32::MAX).min(3_600_000_000));
        }
    }

    /// All of them, in no order.
    pub(super) fn all(&self) -> Vec<Duration> {
        self.0.iter().map(|micros| Duration::from_micros(u64::from(*micros))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_plain_and_escaped() {
        let finder = StampFinder::new();
        let stamp = Some(Duration::new(1_795_219_200, 5));
        for document in
            [r#"{"a":7,"written_ns":1795219200000000005}"#, r#"{"log":"{\"a\":7,\"written_ns\":1795219200000000005}"}"#]
        {
            assert_eq!(finder.find(document.as_bytes()), stamp, "{document}");
        }
        assert_eq!(finder.find(br#"{"a":1795219200000000005}"#), None);
    }

    #[test]
    fn a_delay_is_never_negative_and_at_most_an_hour() {
        let at = Duration::from_secs;
        let mut delays = Delays::default();
        for (written, arrived) in [(at(10), at(12)), (at(12), at(10)), (at(0), at(1_000_000))] {
            delays.note(written, arrived);
        }

        assert_eq!(delays.all(), [at(2), at(0), at(3_600)]);
    }
}
