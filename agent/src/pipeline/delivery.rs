//! Delivers the requests of one output: as many at once as it allows, each until all of its items are settled.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tracing::{error, info, warn};

use super::backoff::Backoff;
use super::judge::{self, Judged, Refused};
use super::lane::Handle;
use super::mending;
use crate::plugin::{Fate, Refusal, Request, Stream, Verdict};
use crate::receipts::Outcome;
use crate::spool::{DeadLetter, DeadLetterError, DeadLetters};

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
    let concurrency = if handle.delivery.ordered { 1 } else { handle.delivery.concurrency.max(1) };
    let permits = Arc::new(Semaphore::new(concurrency));
    let mut aborted = abort.clone();
    loop {
        let permit = Arc::clone(&permits).acquire_owned().await.expect("the semaphore is never closed");
        let request = tokio::select! {
            request = handle.queue.next() => request,
            () = is_true(&mut aborted) => None,
        };
        let Some(request) = request else { break };
        let courier = Courier {
            handle: Arc::clone(&handle),
            dead: Arc::clone(&dead),
            backoff: Backoff::new(policy.base, policy.cap),
            abort: abort.clone(),
        };
        let busy = InFlight::new(&handle);
        tokio::spawn(async move {
            courier.deliver(request).await;
            drop(busy);
            drop(permit);
        });
    }
    handle.queue.close();
    while let Some(refused) = handle.queue.next().await {
        drop(refused);
    }
    let all = u32::try_from(concurrency).expect("concurrency is small");
    drop(permits.acquire_many(all).await);
}

async fn is_true(flag: &mut watch::Receiver<bool>) {
    if flag.wait_for(|value| *value).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Counts a request as in flight while it lives.
struct InFlight(Arc<Handle>);

impl InFlight {
    fn new(handle: &Arc<Handle>) -> Self {
        Self::count(handle, |gauge| gauge.fetch_add(1, Ordering::AcqRel) + 1);
        Self(Arc::clone(handle))
    }

    fn count(handle: &Handle, change: impl FnOnce(&AtomicUsize) -> usize) {
        let now = change(&handle.in_flight);
        handle.metrics.requests_in_flight.set(now as u64);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        Self::count(&self.0, |gauge| gauge.fetch_sub(1, Ordering::AcqRel) - 1);
    }
}

/// Brings one request, and the parts it falls into, to its end. It keeps its permit while it waits.
struct Courier {
    handle: Arc<Handle>,
    dead: Arc<DeadLetters>,
    backoff: Backoff,
    abort: watch::Receiver<bool>,
}

impl Courier {
    async fn deliver(mut self, request: Request) {
        let mut parts = vec![request];
        let mut failed_before = false;
        while let Some(request) = parts.pop() {
            let wire_bytes = request.body.len() as u64;
            let attempt = AssertUnwindSafe(self.handle.output.deliver(&request));
            let verdict = tokio::select! {
                verdict = catch_panic(attempt) => verdict,
                () = is_true(&mut self.abort) => return,
            };
            self.handle.metrics.wire_bytes.add(wire_bytes);
            let settled = matches!(verdict, Verdict::Delivered | Verdict::Items(_));
            let Some(wait) = self.judge(request, verdict, &mut parts).await else {
                failed_before = failed_before && !self.works(settled, failed_before);
                continue;
            };
            failed_before = true;
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = is_true(&mut self.abort) => return,
            }
        }
    }

    /// Forgets failures when a request was settled; says so when it had failed before.
    fn works(&mut self, settled: bool, failed_before: bool) -> bool {
        if settled && failed_before {
            info!(component = %self.handle.name, "delivery works again");
            self.backoff.reset();
        }
        settled
    }

    /// Acts on a verdict. Gives how long to wait before the parts left are sent.
    async fn judge(&mut self, request: Request, verdict: Verdict, parts: &mut Vec<Request>) -> Option<Duration> {
        let metrics = Arc::clone(&self.handle.metrics);
        match verdict {
            Verdict::Delivered => {
                metrics.proc_records.add(request.items.len() as u64);
                metrics.proc_bytes.add(request.plain_length as u64);
                request.settle_all(Outcome::Delivered);
                None
            }
            Verdict::Items(fates) => self.judge_items(request, fates, parts).await,
            Verdict::Again { reason, wait, counts } => {
                let wait = self.backoff.next_wait(wait);
                let records = request.items.len();
                warn!(component = %self.handle.name, records, wait = ?wait, "delivery failed, will retry: {reason}");
                self.again(request, counts, &reason, parts).await;
                Some(wait)
            }
            Verdict::TooLarge(_) if request.items.len() > 1 => {
                match judge::halves(request) {
                    Ok([first, second]) => parts.extend([second, first]),
                    Err(error) => error!(component = %self.handle.name, %error, "a request cannot be read back: bug"),
                }
                None
            }
            Verdict::TooLarge(refusal) | Verdict::Refused(refusal) => {
                let fates = vec![Fate::Refused(Box::new(refusal)); request.items.len()];
                self.judge_items(request, fates, parts).await
            }
        }
    }

    async fn judge_items(&mut self, request: Request, fates: Vec<Fate>, parts: &mut Vec<Request>) -> Option<Duration> {
        let metrics = Arc::clone(&self.handle.metrics);
        let places: Vec<_> = request.lots.iter().map(|lot| (Arc::clone(&lot.stream), Arc::clone(&lot.tag))).collect();
        let (encoding, attempts) = (request.encoding, request.attempts);
        let judged = match judge::by_items(request, fates) {
            Ok(judged) => judged,
            Err(error) => {
                error!(component = %self.handle.name, %error, "a request cannot be read back: bug");
                return None;
            }
        };
        let Judged { delivered, duplicates, delivered_bytes, refused, again } = judged;
        metrics.proc_records.add(u64::from(delivered));
        metrics.duplicate_records.add(u64::from(duplicates));
        metrics.proc_bytes.add(delivered_bytes);
        let (refused, mended) = mending::mend(&*self.handle.output, refused, &places, (encoding, attempts));
        parts.extend(mended);
        if !refused.is_empty() {
            self.dead_letters(&places, refused, attempts).await;
        }
        let (request, reason) = again?;
        let wait = self.backoff.next_wait(None);
        warn!(component = %self.handle.name, records = request.items.len(), wait = ?wait, reason, "items refused for now, will retry");
        self.again(request, true, reason, parts).await;
        Some(wait)
    }

    /// Puts a failed request back among the parts, or gives it up when its retries are used up.
    async fn again(&mut self, mut request: Request, counts: bool, reason: &str, parts: &mut Vec<Request>) {
        let metrics = Arc::clone(&self.handle.metrics);
        if counts {
            request.attempts += 1;
        }
        let exhausted = self.handle.retry_limit.is_some_and(|limit| request.attempts > limit);
        if !exhausted {
            metrics.retries.add(1);
            metrics.retried_records.add(request.items.len() as u64);
            parts.push(request);
            return;
        }
        metrics.retries_failed.add(1);
        error!(component = %self.handle.name, records = request.items.len(), "Retry_Limit is used up: dead-lettered");
        let refusal = Refusal { status: 0, kind: "retry_limit".into(), reason: reason.into() };
        let fates = vec![Fate::Refused(Box::new(refusal)); request.items.len()];
        // Every fate is a refusal, so nothing is left to be sent again.
        Box::pin(self.judge_items(request, fates, parts)).await;
    }

    /// Writes dead letters, waiting while the disk does not take them; then their items are settled.
    async fn dead_letters(&mut self, places: &[(Arc<Stream>, Arc<str>)], refused: Vec<Refused>, attempts: u32) {
        let handle = Arc::clone(&self.handle);
        handle.metrics.errors.add(refused.len() as u64);
        loop {
            let letters: Vec<DeadLetter<'_>> = refused
                .iter()
                .map(|item| {
                    let (stream, tag) = &places[item.lot];
                    DeadLetter {
                        output: &handle.name,
                        input: &stream.input,
                        source: &stream.name,
                        offset: item.offset,
                        tag,
                        attempts,
                        refusal: &item.refusal,
                        bytes: &item.bytes,
                    }
                })
                .collect();
            match self.dead.write_all(&handle.name, &letters) {
                Ok(()) => {
                    handle.metrics.dead_letter_records.add(refused.len() as u64);
                    return settle_refused(refused, Outcome::DeadLettered);
                }
                Err(DeadLetterError::Unavailable) => {
                    let Refusal { status, kind, .. } = &refused[0].refusal;
                    warn!(component = %handle.name, records = refused.len(), status, kind,
                        "records refused and dropped: there is no directory for dead letters (set storage.path)");
                    handle.metrics.dropped_records.add(refused.len() as u64);
                    return settle_refused(refused, Outcome::Dropped);
                }
                Err(DeadLetterError::Io(error)) => {
                    let wait = self.backoff.next_wait(None);
                    error!(component = %handle.name, %error, wait = ?wait, "dead letters not written, will retry");
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = is_true(&mut self.abort) => return,
                    }
                }
            }
        }
    }
}

fn settle_refused(refused: Vec<Refused>, outcome: Outcome) {
    for item in refused {
        item.share.settle_all(outcome);
    }
}

/// Runs `attempt`; a panic becomes a verdict that sends the request again later.
async fn catch_panic(attempt: AssertUnwindSafe<impl Future<Output = Verdict> + Unpin>) -> Verdict {
    let mut attempt = attempt;
    std::future::poll_fn(move |context| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| std::pin::Pin::new(&mut attempt.0).poll(context)));
        polled.unwrap_or_else(|_| {
            error!(component = "delivery", "an output panicked: this is a bug");
            let reason = "the output panicked".to_owned();
            std::task::Poll::Ready(Verdict::Again { reason, wait: None, counts: true })
        })
    })
    .await
}
