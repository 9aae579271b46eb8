//! Requests that wait in memory for an output that takes nothing go to its spool where other outputs take the same records: a small
//! `Mem_Buf_Limit` would let those that stay stop the input.

use std::sync::Arc;

use tracing::error;

use super::lane::Handle;
use super::spooling::{self, AGAIN};
use crate::plugin::Request;
use crate::receipts::Outcome;

/// Puts a request that others must not wait for into the spool of an output that takes nothing. Blocks.
///
/// # Errors
/// Gives it back when the spool does not take it; then it is to stay in memory.
fn set_aside(handle: &Handle, mut request: Request) -> Result<(), Request> {
    request.may_spool = false;
    let Some(spooling) = &handle.spooling else { return Err(request) };
    if spooling::put_once(handle, spooling, &request).is_err() {
        return Err(request);
    }
    spooling.stalls(handle);
    request.settle_all(Outcome::Spooled);
    Ok(())
}

/// [`set_aside`] for tasks. Gives the request back when it is to stay in memory.
pub(super) async fn aside(handle: &Arc<Handle>, request: Request) -> Option<Request> {
    let stalled = Arc::clone(handle);
    match tokio::task::spawn_blocking(move || set_aside(&stalled, request)).await {
        Ok(kept) => kept.err(),
        Err(panicked) => {
            error!(component = %handle.name, "setting a request aside failed, it counts as not delivered: {panicked}");
            None
        }
    }
}

/// Empties the queue of what others must not wait for whenever the output takes nothing, until the queue is closed.
pub(super) async fn relieve(handle: Arc<Handle>) {
    while !handle.queue.is_closed() {
        handle.stall.lasting().await;
        let stalled = Arc::clone(&handle);
        let empty = move || {
            while let Some(request) = stalled.queue.take_where(|request: &Request| request.may_spool) {
                let kept = set_aside(&stalled, request);
                kept.or_else(|request| stalled.queue.push(request)).unwrap_or_else(drop);
            }
        };
        if tokio::task::spawn_blocking(empty).await.is_err() {
            error!(component = %handle.name, "setting requests aside failed: bug");
        }
        tokio::time::sleep(AGAIN).await;
    }
}
