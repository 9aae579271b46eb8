//! Brings one request to its end: sends it, acts on what is said of it, waits, and sends again what is left.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

use super::aside;
use super::attempt::{catch_panic, heard, is_refused_for_now};
use super::backoff::{Backoff, told};
use super::delivery::RetryPolicy;
use super::doubt::{self, Looked};
use super::gate::Passage;
use super::judge::{self, Held, Judged, Refused};
use super::lane::Handle;
use super::mending;
use super::pauses::WholePause;
use super::probe;
use crate::plugin::{Cause, Class, Fate, Refusal, Request, Stream, Verdict};
use crate::receipts::Outcome;
use crate::spool::{DeadLetter, DeadLetterError, DeadLetters};

/// First bound of the wait for a server that has too much to do, however fast it is.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);

/// Ends when `flag` turns true.
pub(super) async fn is_true(flag: &mut watch::Receiver<bool>) {
    if flag.wait_for(|value| *value).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// What couriers of one output have in common.
#[derive(Clone)]
pub(super) struct Kit {
    pub(super) handle: Arc<Handle>,
    pub(super) dead: Arc<DeadLetters>,
    pub(super) policy: RetryPolicy,
    pub(super) abort: watch::Receiver<bool>,
    /// Dropped by the last of them, it ends the delivery.
    pub(super) _working: mpsc::Sender<Infallible>,
}

/// Brings one request, and the parts it falls into, to its end. It keeps its place while it waits.
pub(super) struct Courier {
    kit: Kit,
    handle: Arc<Handle>,
    backoff: Backoff,
    abort: watch::Receiver<bool>,
    /// It tries whether an index takes records again, so it withholds none.
    is_probe: bool,
    /// The pause of the whole output, if this is the one that tries whether it is over.
    pause: Option<WholePause>,
    /// Names that items were parked under.
    parked: Vec<String>,
    /// Look-ups of the request at hand in a row that got no answer.
    unanswered: u32,
    /// What it has goes to the spool when the output takes nothing.
    may_spool: bool,
}

impl Courier {
    pub(super) fn new(kit: Kit) -> Self {
        let backoff = Backoff::new(kit.policy.base, kit.policy.cap);
        let (handle, abort) = (Arc::clone(&kit.handle), kit.abort.clone());
        Self {
            kit,
            handle,
            backoff,
            abort,
            is_probe: false,
            pause: None,
            parked: Vec::new(),
            unanswered: 0,
            may_spool: false,
        }
    }

    /// One that sends items of paused indexes.
    pub(super) fn probing(kit: Kit) -> Self {
        Self { is_probe: true, ..Self::new(kit) }
    }

    /// Delivers `request`, which came through the gate by `passage`, until each item is settled or parked. Gives the names
    /// that items were parked under; `None` when the agent stops before that.
    pub(super) async fn deliver(mut self, request: Request, mut passage: Passage) -> Option<Vec<String>> {
        self.may_spool = request.may_spool && self.handle.spooling.is_some();
        let mut parts = vec![request];
        let mut failed_before = false;
        while let Some(request) = parts.pop() {
            let Some(request) = self.withhold(request) else { continue };
            self.turn().await?;
            let Some(request) = self.set_aside(request).await else { continue };
            let (request, verdict) = match self.look_up(request).await? {
                Looked::Rest(request) => {
                    let verdict = self.send(&request, &passage).await?;
                    (request, verdict)
                }
                Looked::Later(request, verdict) => {
                    self.handle.stall.failed(Instant::now());
                    (request, verdict)
                }
                Looked::Nothing => {
                    failed_before = failed_before && !self.works(true, failed_before);
                    continue;
                }
            };
            let settled = matches!(verdict, Verdict::Delivered | Verdict::Items(_));
            if settled {
                // The output takes requests, whatever it says of single items.
                self.pause = None;
            }
            let left = parts.len() + 1;
            let wait = self.judge(request, verdict, &mut parts).await;
            if parts.len() > left {
                passage.resize(self.handle.ceiling(|ceiling| ceiling.bytes()));
            }
            // Parts go one after the other.
            passage.keep(parts.iter().map(|part| part.plain_length).max().unwrap_or(0));
            let Some(wait) = wait else {
                failed_before = failed_before && !self.works(settled, failed_before);
                continue;
            };
            failed_before = true;
            self.rest(wait).await?;
        }
        Some(self.parked)
    }

    /// Sends `request` once, and lets the gate hear what came of it. `None` when the agent stops meanwhile.
    async fn send(&mut self, request: &Request, passage: &Passage) -> Option<Verdict> {
        let (wire_bytes, items) = (request.body.len() as u64, request.items.len());
        let flight = passage.sent(request.plain_length);
        let handle = Arc::clone(&self.handle);
        let attempt = AssertUnwindSafe(handle.output.deliver(request));
        let verdict = tokio::select! {
            verdict = catch_panic(attempt) => verdict,
            () = is_true(&mut self.abort) => return None,
        };
        handle.metrics.wire_bytes.add(wire_bytes);
        match is_refused_for_now(&verdict) {
            true => handle.stall.failed(Instant::now()),
            false => handle.stall.passed(),
        }
        let (heard, asked) = heard(&verdict, items);
        // Nobody may stop the output for a day by one answer.
        passage.heard(flight, heard, asked.map(|asked| asked.min(self.kit.policy.cap * 2)));
        Some(verdict)
    }

    /// Leaves out of `request` what is stored already. `None` when the agent stops meanwhile.
    async fn look_up(&mut self, request: Request) -> Option<Looked> {
        if !request.may_be_stored() {
            return Some(Looked::Rest(request));
        }
        let handle = Arc::clone(&self.handle);
        let (looked, settled) = tokio::select! {
            looked = doubt::look_up(&*handle.output, request, &mut self.unanswered) => looked,
            () = is_true(&mut self.abort) => return None,
        };
        self.count_settled(&settled);
        Some(looked)
    }

    fn count_settled(&self, judged: &Judged) {
        let metrics = &self.handle.metrics;
        metrics.proc_records.add(u64::from(judged.delivered));
        metrics.duplicate_records.add(u64::from(judged.duplicates));
        metrics.proc_bytes.add(judged.delivered_bytes);
    }

    /// Parks the items of `request` whose index is paused. Gives the rest, if there is any.
    fn withhold(&mut self, request: Request) -> Option<Request> {
        if self.is_probe || !self.handle.pauses.any() {
            return Some(request);
        }
        let Handle { output, pauses, .. } = &*self.handle;
        match judge::withhold(request, |item| output.index_of(item), |index| pauses.is_paused(index)) {
            Ok((rest, held)) => {
                self.park(held, None);
                rest
            }
            Err(error) => {
                error!(component = %self.handle.name, %error, "a request cannot be read back: bug");
                None
            }
        }
    }

    /// Parks items until their index takes records again, and sees to it that this is found out.
    fn park(&mut self, held: Vec<Held>, cause: Option<Cause>) {
        for Held { index, request } in held {
            let records = request.items.len();
            let (name, is_new) = self.handle.pauses.park(&index, request);
            if is_new {
                probe::start(self.kit.clone(), name.clone());
                self.index_pauses(&index, records, cause);
            }
            self.parked.push(name);
        }
    }

    fn index_pauses(&self, index: &str, records: usize, cause: Option<Cause>) {
        let index = if self.handle.output.may_tell_index() { index } else { "(made of records)" };
        let reason = cause.map_or("it is paused", |cause| cause.text);
        warn!(component = %self.handle.name, index, records, reason,
            "an index takes no records: they wait, and those of other indexes go on");
    }

    /// Waits while the whole output is paused, unless this is the one that tries whether that is over.
    async fn turn(&mut self) -> Option<()> {
        if self.pause.is_some() {
            self.handle.output.refresh();
            return Some(());
        }
        tokio::select! {
            () = self.handle.pauses.whole_over() => Some(()),
            () = self.handle.stall.lasting(), if self.may_spool => Some(()),
            () = is_true(&mut self.abort) => None,
        }
    }

    /// Puts `request` into the spool when others must not wait for it and the output takes nothing. Gives it back where it stays
    /// in memory.
    async fn set_aside(&mut self, request: Request) -> Option<Request> {
        if !self.may_spool || !self.handle.stall.lasts(Instant::now()) {
            return Some(request);
        }
        let request = aside::aside(&self.handle, request).await?;
        self.may_spool = false;
        Some(request)
    }

    /// Waits before what failed is sent again, less where it can go to the spool; `None` when the agent stops meanwhile.
    async fn rest(&mut self, wait: Duration) -> Option<()> {
        let handle = Arc::clone(&self.handle);
        tokio::select! {
            slept = self.sleep(wait) => slept,
            () = handle.stall.lasting(), if self.may_spool => Some(()),
        }
    }

    /// Pauses the whole output. Gives whether this is the one that tries whether that is over.
    fn pauses_whole(&mut self, reason: &str) -> bool {
        if self.pause.is_none() {
            self.pause = self.handle.pauses.begin();
            if self.pause.is_some() {
                error!(component = %self.handle.name, "the output pauses, for nothing passes: {reason}");
            }
        }
        self.pause.is_some()
    }

    /// Waits; `None` when the agent stops meanwhile.
    async fn sleep(&mut self, wait: Duration) -> Option<()> {
        tokio::select! {
            () = tokio::time::sleep(wait) => Some(()),
            () = is_true(&mut self.abort) => None,
        }
    }

    /// How long to wait before a request is sent again. A server that has too much to do has some room again after a few
    /// round trips; anything else lasts longer.
    fn wait(&mut self, class: Class, asked: Option<Duration>) -> Duration {
        let busy = || self.handle.gate.round_trip().map(|took| (took * 4).max(SHORTEST_WAIT));
        let base = (class == Class::Busy).then(busy).flatten();
        self.backoff.next_wait_from(base, asked)
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
                self.handle.ceiling(|ceiling| ceiling.taken(request.plain_length));
                metrics.proc_records.add(request.items.len() as u64);
                metrics.proc_bytes.add(request.plain_length as u64);
                request.settle_all(Outcome::Delivered);
                None
            }
            Verdict::Items(fates) => self.judge_items(request, fates, parts).await,
            Verdict::Again { class, reason, wait, counts } => {
                let mut request = request;
                if class == Class::Unknown {
                    request.set_may_be_stored(true);
                }
                let wait = self.wait(class, wait);
                let records = request.items.len();
                self.count_again(class, class.label(), records as u64);
                self.again(request, counts, &reason, parts).await;
                if class == Class::Output && !self.pauses_whole(&reason) {
                    // Another one tries, and says so; this one waits for its turn.
                    return Some(Duration::ZERO);
                }
                warn!(component = %self.handle.name, records, wait = %told(wait), "delivery failed, will retry: {reason}");
                Some(wait)
            }
            Verdict::TooLarge { limit, .. } if request.items.len() > 1 => {
                let size = request.plain_length;
                let largest = self.handle.ceiling(|ceiling| ceiling.too_large(size, limit));
                info!(component = %self.handle.name, bytes = size, largest, "a request was too large and is sent in parts");
                self.cut(request, largest, parts);
                None
            }
            Verdict::Halve(_) if request.items.len() > 1 => {
                self.cut(request, usize::MAX, parts);
                None
            }
            Verdict::TooLarge { refusal, .. } | Verdict::Halve(refusal) | Verdict::Refused(refusal) => {
                let fates = vec![Fate::Refused(Box::new(refusal)); request.items.len()];
                self.judge_items(request, fates, parts).await
            }
        }
    }

    /// Puts the parts of `request` before what is left, each of at most `largest` bytes.
    fn cut(&self, request: Request, largest: usize, parts: &mut Vec<Request>) {
        match judge::parts(request, largest) {
            Ok(cut) => parts.extend(cut.into_iter().rev()),
            Err(error) => error!(component = %self.handle.name, %error, "a request cannot be read back: bug"),
        }
    }

    fn count_again(&self, class: Class, label: &str, records: u64) {
        let metrics = &self.handle.metrics;
        metrics.retried_by_reason.add(label, records);
        if class == Class::Unknown {
            metrics.unknown_outcome_records.add(records);
        }
    }

    async fn judge_items(&mut self, request: Request, fates: Vec<Fate>, parts: &mut Vec<Request>) -> Option<Duration> {
        let places: Vec<_> = request.lots.iter().map(|lot| (Arc::clone(&lot.stream), Arc::clone(&lot.tag))).collect();
        let (encoding, attempts) = (request.encoding, request.attempts);
        let output = Arc::clone(&self.handle.output);
        let judged = match judge::by_items(request, fates, |item| output.index_of(item)) {
            Ok(judged) => judged,
            Err(error) => {
                error!(component = %self.handle.name, %error, "a request cannot be read back: bug");
                return None;
            }
        };
        self.count_settled(&judged);
        let Judged { mut refused, again, held, causes, .. } = judged;
        refused.iter_mut().for_each(|item| self.kit.dead.hide_in(&mut item.refusal));
        let (refused, mended) = mending::mend(&*self.handle.output, refused, &places, (encoding, attempts));
        parts.extend(mended);
        if !refused.is_empty() {
            self.dead_letters(&places, refused, attempts).await;
        }
        for (cause, records) in &causes {
            self.count_again(cause.class, cause.label, u64::from(*records));
        }
        let of_index = |class| move |(cause, _): &&(Cause, u32)| (cause.class == Class::Index) == class;
        self.park(held, causes.iter().find(of_index(true)).map(|(cause, _)| *cause));
        let (mut request, (cause, _)) = again.zip(causes.iter().find(of_index(false)))?;
        if causes.iter().any(|(cause, _)| cause.class == Class::Unknown) {
            request.set_may_be_stored(true);
        }
        let (wait, reason) = (self.wait(cause.class, None), cause.text);
        warn!(component = %self.handle.name, records = request.items.len(), wait = %told(wait), reason, "items refused for now, will retry");
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
        for Refused { refusal: Refusal { status, kind, .. }, .. } in &refused {
            match kind.as_str() {
                "" => handle.metrics.refused_by_reason.add(&format!("status_{status}"), 1),
                kind => handle.metrics.refused_by_reason.add(kind, 1),
            }
        }
        loop {
            let letters: Vec<DeadLetter<'_>> = refused
                .iter()
                .map(|item| {
                    let (stream, tag) = &places[item.lot];
                    DeadLetter {
                        output: &handle.name,
                        input: &stream.input,
                        source: stream.name.as_ref(),
                        offset: item.offset,
                        tag,
                        attempts,
                        refusal: &item.refusal,
                        bytes: &item.bytes,
                    }
                })
                .collect();
            let wait = match self.kit.dead.write_all(&handle.name, &letters) {
                Ok(()) => {
                    handle.metrics.dead_letter_records.add(refused.len() as u64);
                    return settle_refused(refused, Outcome::DeadLettered);
                }
                Err(DeadLetterError::Unavailable) => {
                    let Refusal { status, kind, .. } = &refused[0].refusal;
                    warn!(component = %handle.name, records = refused.len(), status, kind,
                        "records refused and dropped: there is no directory for dead letters (set storage.path)");
                    handle.metrics.dropped_records.add(refused.len() as u64);
                    handle.metrics.dropped_by_reason.add("no_dead_letter_directory", refused.len() as u64);
                    return settle_refused(refused, Outcome::Dropped);
                }
                Err(DeadLetterError::Io(error)) => {
                    handle.metrics.disk_failures.add(1);
                    let wait = self.backoff.next_wait(None);
                    error!(component = %handle.name, %error, wait = %told(wait), "dead letters not written, will retry");
                    wait
                }
            };
            if self.sleep(wait).await.is_none() {
                return;
            }
        }
    }
}

fn settle_refused(refused: Vec<Refused>, outcome: Outcome) {
    for item in refused {
        item.share.settle_all(outcome);
    }
}
