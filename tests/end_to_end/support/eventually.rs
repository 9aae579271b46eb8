//! Waits for what should come true.

use std::fmt;
use std::time::{Duration, Instant};

/// How often something that should come true is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Waits until `look` gives something, and says what was awaited when it never does.
pub(crate) fn eventually<T>(within: Duration, awaited: impl fmt::Display, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {within:?}: {awaited}");
        std::thread::sleep(LOOK);
    }
}
