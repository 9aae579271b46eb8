//! The wall clock, handed to whoever needs it.

use vigie_parsers::batch::Timestamp;

/// Tells the time.
pub type Clock = fn() -> Timestamp;

/// The clock of the host.
#[allow(clippy::disallowed_methods, reason = "the real clock enters here")]
pub fn wall_clock() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanos: since.subsec_nanos() }
}
