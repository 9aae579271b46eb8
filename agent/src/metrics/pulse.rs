//! Whether a thread gets on.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tells since when a thread has been at its present piece of work, so that one that hangs is seen.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<Option<Instant>>);

impl Pulse {
    /// The next piece of work begins.
    pub fn beat(&self) {
        self.set(Some(Instant::now()));
    }

    /// Nothing is to be done, or somebody else is waited for.
    pub fn rest(&self) {
        self.set(None);
    }

    /// For how long the present piece has taken; `None` while it rests.
    pub fn step(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map(|began| began.elapsed())
    }

    fn set(&self, began: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = began;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_thread_at_work_has_a_step() {
        let pulse = Pulse::default();
        assert_eq!(pulse.step(), None);
        pulse.beat();
        assert!(pulse.step().is_some());
        pulse.rest();
        assert_eq!(pulse.step(), None);
    }
}
