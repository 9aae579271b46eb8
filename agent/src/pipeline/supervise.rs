//! Runs inputs, and starts those again that panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tracing::error;

use super::backoff::Backoff;
use super::build::BuiltInput;
use super::delivery::RetryPolicy;
use crate::plugin::{Input, Outlet};

/// Runs an input to its end. One that panics is made anew and goes on where its outputs had settled.
pub(super) fn run(built: BuiltInput, mut outlet: Outlet, policy: RetryPolicy) {
    let BuiltInput { name, mut input, again, metrics, stop, .. } = built;
    let mut backoff = Backoff::new(policy.base, policy.cap);
    loop {
        let started = Instant::now();
        let (given, reserve) = outlet.with_reserve();
        let until = stop.clone();
        if catch_unwind(AssertUnwindSafe(|| input.run(given, until))).is_ok() {
            return;
        }
        metrics.restarts.add(1);
        error!(component = %name, "the input panicked: this is a bug; it starts again");
        let Some(kept) = reserve.take() else { return };
        outlet = kept;
        if started.elapsed() > policy.cap {
            backoff.reset();
        }
        let made = made_again(&*again, || {
            let until = Instant::now() + backoff.next_wait(None);
            while !stop.requested() && Instant::now() < until {
                stop.signal().wait(until.saturating_duration_since(Instant::now()));
            }
            !stop.requested()
        });
        let Some(made) = made else { return };
        input = made;
    }
}

/// The input made anew, tried as long as `wait` says so.
fn made_again(again: &dyn Fn() -> Option<Box<dyn Input>>, mut wait: impl FnMut() -> bool) -> Option<Box<dyn Input>> {
    while wait() {
        let made = again();
        if made.is_some() {
            return made;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::metrics::InputMetrics;
    use crate::plugin::{ByteQueue, Memory, Stop, Work};

    /// Panics in its first two runs, then lets go of its outlet and looks whether workers may end.
    struct Panicking {
        runs: Arc<AtomicU32>,
        queue: Arc<ByteQueue<Work>>,
        open: Arc<Mutex<Vec<bool>>>,
    }

    impl Input for Panicking {
        fn run(self: Box<Self>, outlet: Outlet, _stop: Stop) {
            self.open.lock().expect("no one panicked").push(!self.queue.is_closed());
            assert!(self.runs.fetch_add(1, Ordering::Relaxed) >= 2, "a bug");
            drop(outlet);
            assert!(self.queue.is_closed(), "an input that only waits for answers holds no worker up");
        }
    }

    #[test]
    fn an_input_that_panics_is_started_again() {
        let queue = Arc::new(ByteQueue::<Work>::new(1 << 20));
        let (runs, open) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(Vec::new())));
        let metrics = Arc::new(InputMetrics::new("dummy.0"));
        let make = {
            let (runs, queue, open) = (Arc::clone(&runs), Arc::clone(&queue), Arc::clone(&open));
            move || -> Option<Box<dyn Input>> {
                let (runs, queue, open) = (Arc::clone(&runs), Arc::clone(&queue), Arc::clone(&open));
                Some(Box::new(Panicking { runs, queue, open }))
            }
        };
        let input = make().expect("it is made");
        let built = BuiltInput {
            name: "dummy.0".into(),
            input,
            again: Box::new(make),
            metrics: Arc::clone(&metrics),
            stop: Stop::default(),
            is_kept: false,
            tag: String::new(),
            place: crate::pipeline::PlaceOf::Nowhere,
            text: None,
            routes: None,
        };
        let policy = RetryPolicy {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(5),
            probe_base: Duration::from_millis(1),
            probe_cap: Duration::from_millis(5),
        };

        run(built, Outlet::new(Memory::new(1 << 20), vec![Arc::clone(&queue)]), policy);

        assert_eq!((runs.load(Ordering::Relaxed), metrics.restarts.get()), (3, 2));
        assert_eq!(*open.lock().expect("no one panicked"), [true, true, true], "workers waited for the next start");
    }
}
