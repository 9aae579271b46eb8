//! Delivers the requests of one output: as many at once as its gate lets through.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::aside;
use super::courier::{Courier, Kit, is_true};
use super::gate::Passage;
use super::lane::Handle;
use crate::plugin::Request;
use crate::spool::DeadLetters;

/// How failed requests of all outputs are sent again.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// First bound of the wait.
    pub(super) base: Duration,
    /// Last bound.
    pub(super) cap: Duration,
    /// First bound of the wait before a paused index is tried again.
    pub(super) probe_base: Duration,
    /// Last bound.
    pub(super) probe_cap: Duration,
}

/// Delivers until the queue of `handle` ends or `abort` turns true; what is then unsettled counts as not delivered.
pub(super) async fn run(
    handle: Arc<Handle>,
    dead: Arc<DeadLetters>,
    policy: RetryPolicy,
    abort: watch::Receiver<bool>,
) {
    let (working, mut workers) = mpsc::channel::<Infallible>(1);
    let kit = Kit { handle: Arc::clone(&handle), dead, policy, abort, _working: working };
    let mut aborted = kit.abort.clone();
    let relieving = handle.spooling.is_some().then(|| tokio::spawn(aside::relieve(Arc::clone(&handle))));
    loop {
        let next = tokio::select! {
            next = next(&handle) => next,
            () = is_true(&mut aborted) => None,
        };
        let Some((request, passage)) = next else { break };
        let courier = Courier::new(kit.clone());
        tokio::spawn(async move { courier.deliver(request, passage).await });
    }
    handle.queue.close();
    relieving.iter().for_each(|task| task.abort());
    while let Some(refused) = handle.queue.next().await {
        drop(refused);
    }
    drop(kit);
    // Nothing is sent: it ends when the last courier and the last probe have dropped their end.
    let None = workers.recv().await;
    handle.pauses.drop_all();
}

/// The next request that may leave; `None` when the queue has ended. One that others must not wait for goes to the spool when
/// the output takes nothing.
async fn next(handle: &Arc<Handle>) -> Option<(Request, Passage)> {
    loop {
        handle.pauses.open().await;
        if handle.spooling.is_none() {
            // It stays in the queue until it may leave, so that no more than one waits in memory.
            let length = handle.queue.ahead(|request| request.plain_length).await?;
            let passage = handle.gate.enter(length).await;
            return handle.queue.next().await.map(|request| (request, passage));
        }
        let request = handle.queue.next().await?;
        let may_spool = request.may_spool && handle.spooling.is_some();
        let passage = tokio::select! {
            passage = handle.gate.enter(request.plain_length) => Some(passage),
            () = handle.stall.lasting(), if may_spool => None,
        };
        match passage {
            Some(passage) => return Some((request, passage)),
            None => {
                if let Some(request) = aside::aside(handle, request).await {
                    let passage = handle.gate.enter(request.plain_length).await;
                    return Some((request, passage));
                }
            }
        }
    }
}
