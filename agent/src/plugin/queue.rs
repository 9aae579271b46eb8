//! A queue bounded by bytes, between threads.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::receipts::{Bell, Signal};

/// What a queue counts of an element.
pub trait Weight {
    /// Bytes it holds in memory.
    fn weight(&self) -> usize;
}

/// A first-in first-out queue that holds at most `limit` bytes, or one element if that alone is heavier.
///
/// Threads push and pop blocking; a task may pop by waiting. It ends when it was closed and is empty.
#[derive(Debug)]
pub struct ByteQueue<T> {
    state: Mutex<State<T>>,
    room: Bell,
    filled: Bell,
    filled_async: Notify,
    limit: usize,
}

#[derive(Debug)]
struct State<T> {
    elements: VecDeque<T>,
    bytes: usize,
    closed: bool,
    /// Who is to be woken when there is room.
    waiting: Vec<Signal>,
}

/// What a pop with a deadline gave.
#[derive(Debug)]
pub enum Popped<T> {
    /// The next element.
    Element(T),
    /// Nothing came in time.
    Timeout,
    /// The queue was closed and is empty.
    Closed,
}

impl<T: Weight> ByteQueue<T> {
    /// An empty queue of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        let state = State { elements: VecDeque::new(), bytes: 0, closed: false, waiting: Vec::new() };
        Self {
            state: Mutex::new(state),
            room: Bell::default(),
            filled: Bell::default(),
            filled_async: Notify::new(),
            limit,
        }
    }

    /// Appends `element`, waiting for room.
    ///
    /// # Errors
    /// Gives the element back when the queue is closed.
    pub fn push(&self, element: T) -> Result<(), T> {
        let weight = element.weight();
        let mut state = self.lock();
        while self.is_short(&state, weight) {
            state = self.room.wait(state);
        }
        if state.closed {
            return Err(element);
        }
        self.append(state, element, weight);
        Ok(())
    }

    /// Appends `element`, waiting for room for `patience` at most.
    ///
    /// # Errors
    /// Gives the element back when there was no room in time, and when the queue is closed: see [`ByteQueue::is_closed`].
    pub fn push_within(&self, element: T, patience: Duration) -> Result<(), T> {
        let weight = element.weight();
        let state = self.lock();
        let (state, _) = self.room.wait_while(state, patience, |state| self.is_short(state, weight));
        if state.closed || self.is_short(&state, weight) {
            return Err(element);
        }
        self.append(state, element, weight);
        Ok(())
    }

    fn append(&self, mut state: MutexGuard<'_, State<T>>, element: T, weight: usize) {
        state.bytes += weight;
        state.elements.push_back(element);
        drop(state);
        self.filled.ring_one();
        self.filled_async.notify_one();
    }

    fn is_short(&self, state: &State<T>, weight: usize) -> bool {
        !state.closed && state.bytes > 0 && state.bytes + weight > self.limit
    }

    /// Takes the next element, waiting until `deadline`, or for ever without one.
    pub fn pop(&self, deadline: Option<Instant>) -> Popped<T> {
        let mut state = self.lock();
        loop {
            if let Some(element) = self.take(&mut state) {
                return Popped::Element(element);
            }
            if state.closed {
                return Popped::Closed;
            }
            let Some(deadline) = deadline else {
                state = self.filled.wait(state);
                continue;
            };
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait == Duration::ZERO {
                return Popped::Timeout;
            }
            let is_empty = |state: &mut State<T>| state.elements.is_empty() && !state.closed;
            state = self.filled.wait_while(state, wait, is_empty).0;
        }
    }

    /// Takes the next element as a task does; `None` when the queue was closed and is empty.
    pub async fn next(&self) -> Option<T> {
        loop {
            let filled = self.filled_async.notified();
            match self.pop(Some(Instant::now())) {
                Popped::Element(element) => return Some(element),
                Popped::Closed => return None,
                Popped::Timeout => filled.await,
            }
        }
    }

    /// What `look` says of the next element, which stays where it is, as a task waits for it; `None` when the queue was closed and
    /// is empty.
    pub async fn ahead<Seen>(&self, look: impl Fn(&T) -> Seen) -> Option<Seen> {
        loop {
            let filled = self.filled_async.notified();
            let (seen, closed) = self.look(&look);
            if seen.is_some() || closed {
                return seen;
            }
            filled.await;
        }
    }

    /// What `look` says of the next element, and whether the queue was closed.
    fn look<Seen>(&self, look: impl Fn(&T) -> Seen) -> (Option<Seen>, bool) {
        let state = self.lock();
        (state.elements.front().map(look), state.closed)
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Lets no more elements in; those inside can still be taken.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.drain(..).for_each(|signal| signal.wake());
        drop(state);
        self.room.ring_all();
        self.filled.ring_all();
        self.filled_async.notify_one();
    }

    /// Whether a push would have to wait, or might.
    pub fn is_full(&self) -> bool {
        self.has_little_room(&self.lock())
    }

    /// Wakes `signal` once [`ByteQueue::is_full`] is not so, at once if it is not so now.
    pub fn wake_when_room(&self, signal: &Signal) {
        let mut state = self.lock();
        if !self.has_little_room(&state) {
            signal.wake();
        } else if !state.waiting.iter().any(|other| other.is_same(signal)) {
            state.waiting.push(signal.clone());
        }
    }

    fn has_little_room(&self, state: &State<T>) -> bool {
        state.bytes >= self.limit / 2 && !state.closed
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.lock().elements.is_empty()
    }

    /// Takes the first element that is `wanted`, if there is one now.
    pub fn take_where(&self, wanted: impl Fn(&T) -> bool) -> Option<T> {
        let mut state = self.lock();
        let at = state.elements.iter().position(wanted)?;
        self.take_at(&mut state, at)
    }

    fn take(&self, state: &mut State<T>) -> Option<T> {
        self.take_at(state, 0)
    }

    fn take_at(&self, state: &mut State<T>, at: usize) -> Option<T> {
        let element = state.elements.remove(at)?;
        state.bytes -= element.weight();
        // Every push that waits has room from here on, or needs all of it.
        if state.bytes < self.limit.div_ceil(2) || state.elements.is_empty() {
            self.room.ring_all();
        }
        if !state.waiting.is_empty() && !self.has_little_room(state) {
            state.waiting.drain(..).for_each(|signal| signal.wake());
        }
        Some(element)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;

    impl Weight for usize {
        fn weight(&self) -> usize {
            *self
        }
    }

    #[test]
    fn who_waits_for_room_is_woken_once_when_there_is_some() {
        let (queue, signal) = (ByteQueue::new(10), Signal::default());
        let is_woken = || signal.wait(Duration::ZERO);
        queue.wake_when_room(&signal);
        assert!(is_woken(), "there is room");
        [3, 2, 3].into_iter().for_each(|weight| queue.push(weight).expect("it fits"));

        queue.wake_when_room(&signal);
        queue.wake_when_room(&signal);
        let mut woken = Vec::new();
        while let Popped::Element(_) = queue.pop(Some(Instant::now())) {
            woken.push(is_woken());
        }
        assert_eq!(woken, [false, true, false]);

        queue.push(9).expect("it fits");
        queue.wake_when_room(&signal);
        queue.close();
        assert!(is_woken());
    }

    #[test]
    fn a_push_waits_for_room_and_a_close_gives_it_back() {
        let queue = Arc::new(ByteQueue::new(10));
        queue.push(8).expect("the first fits");
        let pusher = thread::spawn({
            let queue = Arc::clone(&queue);
            move || (queue.push(5), queue.push(7))
        });

        assert!(matches!(queue.pop(None), Popped::Element(8)));
        while queue.is_empty() {
            thread::yield_now();
        }
        queue.close();

        assert_eq!(pusher.join().expect("it does not panic"), (Ok(()), Err(7)));
        assert!(matches!(queue.pop(None), Popped::Element(5)));
        assert!(matches!(queue.pop(None), Popped::Closed));
    }

    #[test]
    fn a_push_with_a_time_limit_gives_back_what_found_no_room() {
        let queue = ByteQueue::new(10);
        queue.push_within(8, Duration::ZERO).expect("the first fits");

        assert_eq!(queue.push_within(5, Duration::from_millis(1)), Err(5));
        assert!(matches!(queue.pop(None), Popped::Element(8)));
        assert_eq!(queue.push_within(5, Duration::ZERO), Ok(()));
        queue.close();
        assert_eq!(queue.push_within(1, Duration::from_secs(60)), Err(1));
    }

    #[tokio::test]
    async fn a_task_sees_the_next_element_before_it_takes_it() {
        let queue = Arc::new(ByteQueue::new(10));
        let other = Arc::clone(&queue);
        let seen = tokio::spawn(async move { other.ahead(|element| *element).await });
        tokio::task::yield_now().await;
        assert!(!seen.is_finished());

        queue.push(4).expect("it fits");
        queue.push(5).expect("it fits");

        assert_eq!(seen.await.expect("it does not panic"), Some(4));
        assert_eq!((queue.ahead(|element| *element).await, queue.next().await), (Some(4), Some(4)));
        queue.close();
        assert_eq!((queue.ahead(|element| *element).await, queue.next().await), (Some(5), Some(5)));
        assert_eq!(queue.ahead(|element| *element).await, None);
    }

    #[test]
    fn an_element_heavier_than_the_limit_passes_alone() {
        let queue = ByteQueue::new(10);

        queue.push(50).expect("nothing else is inside");

        assert!(matches!(queue.pop(None), Popped::Element(50)));
        assert!(matches!(queue.pop(Some(Instant::now())), Popped::Timeout));
    }
}
