//! What waits because it could not pass: items of indexes that take nothing for now, and the output as a whole.
//!
//! Couriers park items here and withhold those of paused indexes from new requests; `probe` takes one parked request of an
//! index at a time until it passes. Nothing here sends anything.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tracing::{error, info};

use crate::metrics::OutputMetrics;
use crate::plugin::{Request, Weight};

/// Indexes that are told apart while they are paused; items of further ones wait together, under the empty name.
const MOST_INDEXES: usize = 64;

/// The pauses of one output.
#[derive(Debug)]
pub(super) struct Pauses {
    state: Mutex<State>,
    /// Whether an index is paused, to be asked without the lock.
    any: AtomicBool,
    room: Notify,
    whole: watch::Sender<bool>,
    /// Bytes that may be parked. What is on its way when they are used up comes on top.
    bound: usize,
    metrics: Arc<OutputMetrics>,
}

#[derive(Debug, Default)]
struct State {
    indexes: HashMap<String, Parked>,
    bytes: usize,
    records: usize,
    is_full: bool,
}

/// What waits for an index.
#[derive(Debug, Default)]
struct Parked {
    requests: VecDeque<Request>,
    /// The index takes records again: only what was parked is still to leave.
    passes: bool,
}

/// The pause of a whole output; it ends when this is dropped. Whoever holds it probes.
#[derive(Debug)]
pub(super) struct WholePause(Arc<Pauses>);

impl Pauses {
    /// Nothing paused, and room for `bound` bytes.
    pub(super) fn new(bound: usize, metrics: Arc<OutputMetrics>) -> Arc<Self> {
        let (whole, _) = watch::channel(false);
        let (state, any, room) = (Mutex::default(), AtomicBool::new(false), Notify::new());
        Arc::new(Self { state, any, room, whole, bound, metrics })
    }

    /// Whether an index is paused.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Whether `index` is paused under its own name.
    pub(super) fn is_paused(&self, index: &str) -> bool {
        !index.is_empty() && self.lock().indexes.get(index).is_some_and(|parked| !parked.passes)
    }

    /// Parks `request`, all of whose items go to `index`, and pauses that. Gives the name that it waits under when that
    /// was not paused before, so that a probe is to be started.
    pub(super) fn park(&self, index: &str, request: Request) -> (String, bool) {
        let mut state = self.lock();
        let is_told_apart = state.indexes.len() < MOST_INDEXES || state.indexes.contains_key(index);
        let name = if is_told_apart { index } else { "" };
        state.bytes += request.weight();
        state.records += request.items.len();
        let is_new = !state.indexes.contains_key(name);
        let parked = state.indexes.entry(name.to_owned()).or_default();
        parked.passes = false;
        parked.requests.push_back(request);
        if !state.is_full && state.bytes >= self.bound {
            state.is_full = true;
            error!(component = %self.metrics.name, bytes = state.bytes,
                "no more can wait in memory for paused indexes: the output pauses until they take records again");
        }
        self.tell(&state);
        (name.to_owned(), is_new)
    }

    /// Takes the request of `index` that has waited longest; `None` when there is none, and the pause is over. `passes`
    /// tells that the one before it was taken, so that new requests need not wait behind what is parked.
    pub(super) fn next(&self, index: &str, passes: bool) -> Option<Request> {
        let mut state = self.lock();
        let parked = state.indexes.get_mut(index)?;
        parked.passes = passes;
        let Some(request) = parked.requests.pop_front() else {
            state.indexes.remove(index);
            self.tell(&state);
            return None;
        };
        self.left(&mut state, &request);
        Some(request)
    }

    /// Drops everything that is parked: it counts as not delivered.
    pub(super) fn drop_all(&self) {
        let state = std::mem::take(&mut *self.lock());
        self.tell(&self.lock());
        drop(state);
    }

    /// Pauses the whole output. `None` when it is paused already.
    pub(super) fn begin(self: &Arc<Self>) -> Option<WholePause> {
        let begins = self.whole.send_if_modified(|paused| !std::mem::replace(paused, true));
        self.tell(&self.lock());
        begins.then(|| WholePause(Arc::clone(self)))
    }

    /// Whether new requests may pass.
    pub(super) fn is_open(&self) -> bool {
        !*self.whole.borrow() && !self.lock().is_full
    }

    /// Waits while the output as a whole is paused.
    pub(super) async fn whole_over(&self) {
        let ended = self.whole.subscribe().wait_for(|paused| !*paused).await.is_ok();
        debug_assert!(ended, "the sender lives as long as this");
    }

    /// Waits until new requests may pass.
    pub(super) async fn open(&self) {
        loop {
            let mut room = std::pin::pin!(self.room.notified());
            room.as_mut().enable();
            self.whole_over().await;
            // Should it have begun anew, couriers wait for it.
            if !self.lock().is_full {
                return;
            }
            room.await;
        }
    }

    fn left(&self, state: &mut State, request: &Request) {
        state.bytes -= request.weight();
        state.records -= request.items.len();
        // Half of it free, so that it does not go on and off with every request.
        if state.is_full && state.bytes <= self.bound / 2 {
            state.is_full = false;
            self.room.notify_waiters();
            info!(component = %self.metrics.name, "the output goes on: what waits for paused indexes has room again");
        }
        self.tell(state);
    }

    fn tell(&self, state: &State) {
        let Self { metrics, .. } = self;
        self.any.store(state.indexes.values().any(|parked| !parked.passes), Ordering::Release);
        metrics.paused_indexes.set(state.indexes.len() as u64);
        metrics.parked_bytes.set(state.bytes as u64);
        metrics.parked_records.set(state.records as u64);
        metrics.paused.set(u64::from(*self.whole.borrow() || state.is_full));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WholePause {
    fn drop(&mut self) {
        self.0.whole.send_replace(false);
        self.0.tell(&self.0.lock());
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::plugin::BodyEncoding;

    fn request(bytes: usize) -> Request {
        Request {
            body: Bytes::from(vec![b'x'; bytes]),
            encoding: BodyEncoding::Identity,
            plain_length: bytes,
            first_item: 0,
            items: Vec::new(),
            lots: Vec::new(),
            attempts: 0,
            may_spool: false,
        }
    }

    fn pauses() -> (Arc<Pauses>, Arc<OutputMetrics>) {
        let metrics = Arc::new(OutputMetrics::new("out"));
        (Pauses::new(100, Arc::clone(&metrics)), metrics)
    }

    #[test]
    fn an_index_is_paused_from_the_first_request_parked_until_the_last_has_left() {
        let (pauses, metrics) = pauses();

        assert_eq!(pauses.park("a", request(10)), ("a".into(), true));
        assert_eq!(pauses.park("a", request(20)), ("a".into(), false));

        assert!(pauses.any() && pauses.is_paused("a") && !pauses.is_paused("b"));
        assert_eq!((metrics.paused_indexes.get(), metrics.parked_bytes.get()), (1, 30));
        assert_eq!(pauses.next("a", false).map(|first| first.plain_length), Some(10));
        assert!(pauses.is_paused("a"), "nobody knows yet whether it passes");
        assert!(pauses.next("a", true).is_some());
        assert!(!pauses.any() && !pauses.is_paused("a"));
        assert!(pauses.next("a", true).is_none());
        assert_eq!((metrics.paused_indexes.get(), metrics.parked_bytes.get()), (0, 0));
    }

    #[test]
    fn an_index_that_refuses_again_while_its_parked_requests_leave_is_paused_again() {
        let (pauses, _) = pauses();
        pauses.park("a", request(10));
        pauses.park("a", request(10));
        pauses.next("a", false);
        pauses.next("a", true);

        assert_eq!(pauses.park("a", request(10)), ("a".into(), false), "its probes still run");
        assert!(pauses.is_paused("a"));
    }

    #[test]
    fn indexes_without_number_wait_together() {
        let (pauses, metrics) = pauses();
        for n in 0..MOST_INDEXES {
            pauses.park(&n.to_string(), request(0));
        }

        assert_eq!(pauses.park("one more", request(0)), (String::new(), true));
        assert_eq!(pauses.park("and one", request(0)), (String::new(), false));
        assert_eq!(pauses.park("7", request(0)), ("7".into(), false));
        assert_eq!(metrics.paused_indexes.get(), MOST_INDEXES as u64 + 1);
    }

    #[tokio::test]
    async fn the_output_pauses_when_no_more_can_be_parked_and_goes_on_at_half() {
        let (pauses, metrics) = pauses();
        pauses.park("a", request(40));
        assert!(pauses.is_open());
        pauses.park("a", request(40));
        pauses.park("b", request(40));
        assert!(!pauses.is_open());
        assert_eq!(metrics.paused.get(), 1);
        let other = Arc::clone(&pauses);
        let waiting = tokio::spawn(async move { other.open().await });

        pauses.next("a", false);
        tokio::task::yield_now().await;
        assert!(!pauses.is_open() && !waiting.is_finished());
        pauses.next("a", false);

        waiting.await.expect("it is open");
        assert_eq!(metrics.paused.get(), 0);
    }

    #[tokio::test]
    async fn one_holds_the_pause_of_the_whole_output_and_the_others_wait_for_it() {
        let (pauses, metrics) = pauses();
        let pause = pauses.begin();
        assert!(pause.is_some() && pauses.begin().is_none() && !pauses.is_open());
        assert_eq!(metrics.paused.get(), 1);
        let other = Arc::clone(&pauses);
        let waiting = tokio::spawn(async move { other.whole_over().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());

        drop(pause);

        waiting.await.expect("it is over");
        assert!(pauses.is_open() && metrics.paused.get() == 0);
    }
}
