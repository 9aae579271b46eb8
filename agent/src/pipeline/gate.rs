//! Where requests of one output wait until they may leave: the controller, shared by tasks, and its figures in the metrics.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::controller::{Bounds, Controller, Flight, Heard, Phase};
use crate::metrics::OutputMetrics;

/// Lets requests through as the controller allows.
#[derive(Debug)]
pub(super) struct Gate {
    controller: Mutex<Controller>,
    freed: Notify,
    metrics: Arc<OutputMetrics>,
}

/// A request that is through. It holds its place and its bytes until it is dropped, also while it waits for a retry.
#[derive(Debug)]
pub(super) struct Passage {
    gate: Arc<Gate>,
    bytes: usize,
}

impl Gate {
    /// A gate within `bounds` that shows its state in `metrics`.
    pub(super) fn new(bounds: Bounds, metrics: Arc<OutputMetrics>) -> Arc<Self> {
        let gate = Self { controller: Mutex::new(Controller::new(bounds)), freed: Notify::new(), metrics };
        gate.act(|_| ());
        Arc::new(gate)
    }

    /// Lets a request of `bytes` through, waiting until it may.
    pub(super) async fn enter(self: &Arc<Self>, bytes: usize) -> Passage {
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            freed.as_mut().enable();
            let now = Instant::now();
            if self.act(|controller| controller.admits(bytes, now) && controller.enter(bytes)) {
                return Passage { gate: Arc::clone(self), bytes };
            }
            let hold = self.lock().hold(now);
            match hold {
                Some(hold) => tokio::time::sleep(hold).await,
                None => freed.await,
            }
        }
    }

    /// Whether a small request would leave at once.
    pub(super) fn has_room(&self) -> bool {
        self.lock().has_room(1, Instant::now())
    }

    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().requests() == 0
    }

    /// How long a request takes; `None` before the first was taken.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.lock().round_trip()
    }

    fn lock(&self) -> MutexGuard<'_, Controller> {
        self.controller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act<T>(&self, act: impl FnOnce(&mut Controller) -> T) -> T {
        let mut controller = self.lock();
        let acted = act(&mut controller);
        let metrics = &self.metrics;
        metrics.requests_in_flight.set(controller.requests() as u64);
        metrics.in_flight_bytes.set(controller.in_flight() as u64);
        metrics.window_bytes.set(controller.window() as u64);
        let phase = match controller.phase() {
            Phase::Starting => 0,
            Phase::Growing => 1,
            Phase::Holding => 2,
        };
        metrics.window_phase.set(phase);
        acted
    }
}

impl Passage {
    /// `bytes` of it are sent now.
    pub(super) fn sent(&self, bytes: usize) -> Flight {
        self.gate.lock().sent(bytes, Instant::now())
    }

    /// Tells what was heard of `flight`, and how long the other side asked to wait.
    pub(super) fn heard(&self, flight: Flight, heard: Heard, wait: Option<Duration>) {
        self.gate.act(|controller| controller.heard(flight, heard, wait, Instant::now()));
        self.gate.freed.notify_waiters();
    }

    /// No request of this output is larger than `bytes` from now on.
    pub(super) fn resize(&self, bytes: usize) {
        self.gate.act(|controller| controller.resize(bytes));
    }

    /// Keeps no more than `bytes`: the rest is settled, or waits for its turn here.
    pub(super) fn keep(&mut self, bytes: usize) {
        let settled = self.bytes.saturating_sub(bytes);
        if settled > 0 {
            self.bytes -= settled;
            self.gate.act(|controller| controller.shrink(settled));
            self.gate.freed.notify_waiters();
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.gate.act(|controller| controller.leave(self.bytes));
        self.gate.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> (Arc<Gate>, Arc<OutputMetrics>) {
        let metrics = Arc::new(OutputMetrics::new("out"));
        (Gate::new(Bounds { bytes: 400, requests: 4, request: 100 }, Arc::clone(&metrics)), metrics)
    }

    #[tokio::test]
    async fn a_request_waits_for_the_one_before_it_and_the_figures_are_told() {
        let (gate, metrics) = gate();
        let first = gate.enter(80).await;
        assert!(!gate.has_room() || metrics.window_bytes.get() > 80);
        let other = Arc::clone(&gate);
        let waiting = tokio::spawn(async move { other.enter(80).await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        assert_eq!((metrics.requests_in_flight.get(), metrics.in_flight_bytes.get()), (1, 80));

        drop(first);

        let second = waiting.await.expect("it enters");
        assert_eq!((metrics.requests_in_flight.get(), metrics.in_flight_bytes.get()), (1, 80));
        drop(second);
        assert_eq!((metrics.requests_in_flight.get(), metrics.in_flight_bytes.get()), (0, 0));
    }

    #[tokio::test]
    async fn what_is_settled_of_a_request_makes_room_while_the_rest_is_sent_again() {
        let (gate, _) = gate();
        let mut first = gate.enter(100).await;

        first.keep(20);

        let second = gate.enter(80).await;
        assert_eq!(gate.lock().in_flight(), 100);
        drop((first, second));
    }
}
