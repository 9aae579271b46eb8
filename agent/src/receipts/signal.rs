//! A wake-up for a blocking thread.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::bell::Bell;

/// Wakes one waiting thread; wake-ups that come while nobody waits are kept as one.
#[derive(Clone, Debug, Default)]
pub struct Signal(Arc<(Mutex<bool>, Bell)>);

impl Signal {
    /// Wakes the waiting thread, or the next one to wait.
    pub fn wake(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.ring_one();
    }

    /// Whether it wakes the same thread as `other`.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Waits for a wake-up, at most `longest`. Returns whether there was one.
    pub fn wait(&self, longest: Duration) -> bool {
        let raised = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut raised, _) = self.0.1.wait_while(raised, longest, |raised| !*raised);
        std::mem::take(&mut *raised)
    }
}
