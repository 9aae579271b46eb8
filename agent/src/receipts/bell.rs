//! A condition variable that costs nothing while nobody waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::Duration;

/// Wakes threads that wait for a change of what a mutex guards. The system is only called when one waits.
///
/// A thread counts itself while it holds the mutex; so whoever changes the state under the mutex and rings afterwards sees it.
#[derive(Debug, Default)]
pub struct Bell {
    condvar: Condvar,
    waiting: AtomicUsize,
}

impl Bell {
    /// Waits until it rings. May return without that.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let guard = self.condvar.wait(guard).unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        guard
    }

    /// Waits while `condition` holds, at most `longest`. Also tells whether it holds no more.
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        longest: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> (MutexGuard<'a, T>, bool) {
        if !condition(&mut guard) {
            return (guard, true);
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let waited = self.condvar.wait_timeout_while(guard, longest, condition);
        let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        (guard, !timeout.timed_out())
    }

    /// Wakes one of the threads that wait.
    pub fn ring_one(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.condvar.notify_one();
        }
    }

    /// Wakes all threads that wait.
    pub fn ring_all(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.condvar.notify_all();
        }
    }
}
