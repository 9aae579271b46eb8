//! Finds out when a paused index takes records again: one parked request of it at a time, more and more rarely.

use std::pin::Pin;

use tracing::{error, info};

use super::backoff::Backoff;
use super::courier::{Courier, Kit, is_true};
use crate::plugin::Request;

/// Starts the probes of `index`; they end when all that is parked under this name has left, or when the agent stops.
pub(super) fn start(kit: Kit, index: String) {
    tokio::spawn(supervise(kit, index));
}

/// Starts the probes again after a panic. The request at hand went with it, which tells its inputs that it was not delivered;
/// what else is parked stays so.
async fn supervise(kit: Kit, index: String) {
    loop {
        // Couriers start probes and probes make couriers, so one of them has to be of a type that is known beforehand.
        let probes: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(probe(kit.clone(), index.clone()));
        if !tokio::spawn(probes).await.is_err_and(|error| error.is_panic()) {
            return;
        }
        error!(component = %kit.handle.name, "an output panicked: this is a bug; its paused index is tried again");
    }
}

async fn probe(mut kit: Kit, index: String) {
    let mut backoff = Backoff::new(kit.policy.probe_base, kit.policy.probe_cap);
    loop {
        tokio::select! {
            () = tokio::time::sleep(backoff.next_wait(None)) => {}
            () = is_true(&mut kit.abort) => return,
        }
        let mut passes = false;
        loop {
            let Some(request) = kit.handle.pauses.next(&index, passes) else {
                return info!(component = %kit.handle.name, "a paused index takes records again");
            };
            let Some(parked) = deliver(&kit, request).await else { return };
            if parked.contains(&index) || (index.is_empty() && !parked.is_empty()) {
                break;
            }
            passes = true;
            backoff.reset();
        }
    }
}

/// Delivers `request` and gives the indexes whose items were parked again; `None` when the agent stops.
async fn deliver(kit: &Kit, request: Request) -> Option<Vec<String>> {
    let mut abort = kit.abort.clone();
    let passage = tokio::select! {
        passage = kit.handle.gate.enter(request.plain_length) => passage,
        () = is_true(&mut abort) => return None,
    };
    Courier::probing(kit.clone()).deliver(request, passage).await
}
