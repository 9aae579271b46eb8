//! Since when an output takes nothing.

use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How long an output may take nothing before it counts as stalled.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Wakes whom nothing else wakes.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// Since when all requests of one output failed.
#[derive(Debug)]
pub(super) struct Stall {
    since: watch::Sender<Option<Instant>>,
}

impl Stall {
    /// Nothing failed yet.
    pub(super) fn new() -> Self {
        Self { since: watch::Sender::new(None) }
    }

    /// Nothing of a request was taken.
    pub(super) fn failed(&self, now: Instant) {
        self.since.send_if_modified(|since| since.is_none() && since.replace(now).is_none());
    }

    /// Something was taken.
    pub(super) fn passed(&self) {
        self.since.send_if_modified(|since| since.take().is_some());
    }

    /// Whether nothing has been taken for too long.
    pub(super) fn lasts(&self, now: Instant) -> bool {
        self.since.borrow().is_some_and(|since| now.saturating_duration_since(since) >= PATIENCE)
    }

    /// Waits until nothing has been taken for too long.
    pub(super) async fn lasting(&self) {
        let mut changes = self.since.subscribe();
        loop {
            let since = *changes.borrow_and_update();
            let left = since.map(|since| PATIENCE.saturating_sub(since.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left.unwrap_or(FOR_EVER)) => {}
                // The sender lives as long as this.
                _ = changes.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_from_the_first_failure_until_something_is_taken() {
        let start = Instant::now();
        let stall = Stall::new();

        assert!(!stall.lasts(start + PATIENCE * 9), "nothing failed");
        stall.failed(start);
        stall.failed(start + PATIENCE / 2);
        assert!(!stall.lasts(start + PATIENCE / 2));
        assert!(stall.lasts(start + PATIENCE));
        stall.passed();
        stall.failed(start + PATIENCE);
        assert!(!stall.lasts(start + PATIENCE));
    }
}
