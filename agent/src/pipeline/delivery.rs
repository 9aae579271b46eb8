//! Delivers the requests of one output: as many at once as its gate lets through.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::courier::{Courier, is_true};
use super::lane::Handle;
use crate::spool::DeadLetters;

/// How failed requests of all outputs are sent again.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// First bound of the wait.
    pub(super) base: Duration,
    /// Last bound.
    pub(super) cap: Duration,
}

/// Delivers until the queue of `handle` ends or `abort` turns true; what is then unsettled counts as not delivered.
pub(super) async fn run(
    handle: Arc<Handle>,
    dead: Arc<DeadLetters>,
    policy: RetryPolicy,
    abort: watch::Receiver<bool>,
) {
    let (working, mut workers) = mpsc::channel::<Infallible>(1);
    let mut aborted = abort.clone();
    loop {
        let next = async {
            let request = handle.queue.next().await?;
            let passage = handle.gate.enter(request.plain_length).await;
            Some((request, passage))
        };
        let next = tokio::select! {
            next = next => next,
            () = is_true(&mut aborted) => None,
        };
        let Some((request, passage)) = next else { break };
        let courier = Courier::new(&handle, &dead, policy, &abort);
        let working = working.clone();
        tokio::spawn(async move {
            courier.deliver(request, passage).await;
            drop(working);
        });
    }
    handle.queue.close();
    while let Some(refused) = handle.queue.next().await {
        drop(refused);
    }
    drop(working);
    // Nothing is sent: it ends when the last courier has dropped its end.
    let None = workers.recv().await;
}
