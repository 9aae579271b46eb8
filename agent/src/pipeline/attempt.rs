//! One attempt at a delivery: what its verdict tells the controller, and what becomes of a panic.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tracing::error;

use super::controller::Heard;
use crate::plugin::{Class, Fate, Verdict};

/// What the controller hears by a verdict on so many items, and the wait that was asked for.
pub(super) fn heard(verdict: &Verdict, items: usize) -> (Heard, Option<Duration>) {
    match verdict {
        Verdict::Delivered => (Heard::Taken, None),
        Verdict::Items(fates) => {
            let is_busy = |fate: &&Fate| matches!(fate, Fate::Again(cause) if cause.class == Class::Busy);
            match fates.iter().filter(is_busy).count() {
                0 => (Heard::Taken, None),
                busy => (Heard::Partly(busy, items), None),
            }
        }
        Verdict::Again { class: Class::Busy, wait, .. } => (Heard::Busy, *wait),
        Verdict::Again { class: Class::Unknown, wait, .. } => (Heard::Nothing, *wait),
        Verdict::Again { class: Class::Unreachable, .. } => (Heard::Unreachable, None),
        _ => (Heard::Other, None),
    }
}

/// Whether nothing of a request was settled by this verdict on it, nor will be by another form of it.
pub(super) fn is_refused_for_now(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Again { .. } => true,
        Verdict::Items(fates) => fates.iter().all(|fate| matches!(fate, Fate::Again(_))),
        _ => false,
    }
}

/// Runs `attempt`; a panic becomes a verdict that sends the request again later.
pub(super) async fn catch_panic(attempt: AssertUnwindSafe<impl Future<Output = Verdict> + Unpin>) -> Verdict {
    let mut attempt = attempt;
    poll_fn(move |context| {
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut attempt.0).poll(context)));
        polled.unwrap_or_else(|_| {
            error!(component = "delivery", "an output panicked: this is a bug");
            let reason = "the output panicked".to_owned();
            let class = Class::Unknown;
            Poll::Ready(Verdict::Again { class, reason, wait: None, counts: true })
        })
    })
    .await
}
