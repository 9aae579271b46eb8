//! Requests between workers, spool and output.
//!
//! A worker hands a sealed request over: to the queue of its output, or to the output's spool, where it is durable, so that its
//! inputs are answered. A thread of its own takes spooled requests out again, oldest first, puts them into the same queue, and removes
//! each file when the last of its records is settled.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::lane::{Handle, Way};
use super::stall::PATIENCE;
use crate::plugin::Request;
use crate::receipts::{Ledger, Outcome};
use crate::spool::{Name, PutError, Spool};

/// How long is waited for room before all ways are tried again.
pub(super) const AGAIN: Duration = Duration::from_millis(200);
/// How long a thread waits that has nothing to do.
const IDLE: Duration = Duration::from_secs(60);
/// How long is waited after the disk failed.
const DISK_FAILED: Duration = Duration::from_secs(1);

/// The spool of an output in use.
#[derive(Debug)]
pub(super) struct Spooling {
    pub(super) spool: Arc<Spool>,
    /// Inputs whose records are spooled always.
    kept: Arc<HashSet<Arc<str>>>,
    is_stalled: AtomicBool,
    is_refused: AtomicBool,
}

impl Spooling {
    pub(super) fn new(spool: Arc<Spool>, kept: Arc<HashSet<Arc<str>>>) -> Self {
        Self { spool, kept, is_stalled: AtomicBool::new(false), is_refused: AtomicBool::new(false) }
    }

    /// Whether the output takes nothing.
    pub(super) fn is_stalled(&self) -> bool {
        self.is_stalled.load(Ordering::Relaxed)
    }

    /// Notes that the output takes nothing; says so once.
    pub(super) fn stalls(&self, handle: &Handle) {
        if !self.is_stalled.swap(true, Ordering::Relaxed) {
            warn!(component = %handle.name, "it takes nothing: its records go to its spool, other outputs go on");
        }
    }

    /// Whether records of `input` are to be spooled before they are answered for.
    pub(super) fn keeps(&self, input: &Arc<str>) -> bool {
        self.kept.contains(input)
    }
}

/// Hands a sealed request over, waiting for room. When the output's queue is closed it is dropped, which tells its inputs that it was
/// not delivered.
pub(super) fn hand_over(handle: &Handle, mut request: Request, way: Way) {
    let Some(spooling) = &handle.spooling else {
        return drop(handle.queue.push(request));
    };
    let must_queue = handle.delivery.ordered && !spooling.spool.is_empty();
    if way.is_kept || must_queue {
        return put(handle, spooling, request);
    }
    if !way.is_shared {
        return drop(handle.queue.push(request));
    }
    // What is on its way keeps its order, so only where there is none it may go to the spool later.
    request.may_spool = !handle.delivery.ordered;
    if !(request.may_spool && handle.stall.lasts(Instant::now())) {
        let patience = if spooling.is_stalled() { Duration::ZERO } else { PATIENCE };
        match handle.queue.push_within(request, patience) {
            Ok(()) => return,
            Err(back) => request = back,
        }
    }
    if handle.queue.is_closed() {
        return;
    }
    spooling.stalls(handle);
    put(handle, spooling, request);
}

/// Puts a request into the spool, which takes it also when the output is to take nothing more. While it is full or the disk fails,
/// either way is tried; past what is spooled only where order does not matter.
fn put(handle: &Handle, spooling: &Spooling, mut request: Request) {
    loop {
        let wait = match put_once(handle, spooling, &request) {
            Ok(()) => return request.settle_all(Outcome::Spooled),
            Err(PutError::Never(why)) => {
                warn!(component = %handle.name, records = request.items.len(), "not spooled, delivered from memory: {why}");
                return drop(handle.queue.push(request));
            }
            Err(PutError::Full) => {
                refused(handle, spooling, "it is full, and inputs wait");
                AGAIN
            }
            Err(PutError::Io(_)) => DISK_FAILED,
        };
        if handle.queue.is_closed() {
            return;
        }
        if handle.delivery.ordered && !spooling.spool.is_empty() {
            spooling.spool.wait_for_room(wait);
            continue;
        }
        match handle.queue.push_within(request, wait) {
            Ok(()) => return,
            Err(back) => request = back,
        }
    }
}

/// Puts a request into the spool, which is to answer for it then. A failure of the disk is counted and said.
pub(super) fn put_once(handle: &Handle, spooling: &Spooling, request: &Request) -> Result<(), PutError> {
    let put = spooling.spool.put(request);
    match &put {
        Ok(()) if spooling.is_refused.swap(false, Ordering::Relaxed) => {
            info!(component = %handle.name, "its spool takes records again");
        }
        Err(PutError::Io(error)) => {
            handle.metrics.disk_failures.add(1);
            refused(handle, spooling, &error.to_string());
        }
        _ => {}
    }
    put
}

/// Says once that the spool takes nothing.
fn refused(handle: &Handle, spooling: &Spooling, why: &str) {
    if !spooling.is_refused.swap(true, Ordering::Relaxed) {
        error!(component = %handle.name, "its spool takes no records: {why}");
    }
}

/// Starts the thread that takes spooled requests out again. It ends when the queue of `handle` is closed and what it took out is
/// answered for.
pub(super) fn start(handle: &Arc<Handle>) -> Result<Option<JoinHandle<()>>, String> {
    let Some(spooling) = &handle.spooling else { return Ok(None) };
    let (requests, records) = spooling.spool.content();
    if requests > 0 {
        info!(component = %handle.name, requests, records, "spooled before, delivered first");
    }
    let mut feeder = Feeder { handle: Arc::clone(handle), spool: Arc::clone(&spooling.spool), out: Vec::new() };
    let started = thread::Builder::new().name("spool".into()).spawn(move || feeder.run());
    started.map(Some).map_err(|error| format!("cannot start a thread for a spool: {error}"))
}

struct Feeder {
    handle: Arc<Handle>,
    spool: Arc<Spool>,
    /// Requests on their way.
    out: Vec<(Name, Arc<Ledger>)>,
}

impl Feeder {
    fn run(&mut self) {
        let most = self.handle.delivery.concurrency + 1;
        let mut next = None;
        loop {
            self.settle();
            let is_closed = self.handle.queue.is_closed();
            if is_closed && self.out.is_empty() {
                return;
            }
            if is_closed {
                next = None;
            } else if next.is_none() && self.out.len() < most {
                next = self.take();
            }
            let Some(request) = next.take() else {
                // Whatever there is to do comes with a signal.
                self.spool.signal().wait(IDLE);
                continue;
            };
            next = self.handle.queue.push_within(request, AGAIN).err();
        }
    }

    /// The oldest request of the spool, counted as on its way.
    fn take(&mut self) -> Option<Request> {
        let Some(taken) = self.spool.take() else {
            let is_over = self.out.is_empty() && self.spool.is_empty();
            let spooling = self.handle.spooling.as_ref().filter(|_| is_over)?;
            if spooling.is_stalled.swap(false, Ordering::Relaxed) {
                info!(component = %self.handle.name, "its spool is empty again");
            }
            return None;
        };
        let ledger = Ledger::awaited(self.spool.signal().clone());
        let request = taken.stored.into_request(&ledger);
        self.out.push((taken.name, ledger));
        Some(request)
    }

    /// Removes the files of what was answered for. What ended without an answer is taken again later.
    fn settle(&mut self) {
        let (spool, is_closed) = (&self.spool, self.handle.queue.is_closed());
        self.out.retain(|(name, ledger)| {
            if ledger.committed() > 0 {
                spool.delivered(*name);
                return false;
            }
            if ledger.has_failed() && !is_closed {
                spool.give_back(*name, "three times a delivery ended without an answer for all of its records");
            }
            !ledger.has_failed()
        });
    }
}

/// Lets nothing more into the queue of `handle`, and its feeder come to its end.
pub(super) fn close(handle: &Handle) {
    handle.queue.close();
    if let Some(spooling) = &handle.spooling {
        spooling.spool.signal().wake();
    }
}

/// Waits until nothing is left in the spools to be delivered.
pub(super) async fn emptied(handles: &[Arc<Handle>]) {
    let is_empty = |handle: &Arc<Handle>| handle.spooling.as_ref().is_none_or(|spooling| spooling.spool.is_empty());
    while !handles.iter().all(is_empty) {
        tokio::time::sleep(AGAIN / 10).await;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use super::super::lane::Room;
    use super::*;
    use crate::config::types::WhenFull;
    use crate::metrics::{InputMetrics, OutputMetrics};
    use crate::plugin::{BodyEncoding, Delivery, Encoder, Item, Lot, Output, Popped, Stream, Verdict};
    use crate::receipts::Signal;
    use crate::spool::SpoolOptions;

    /// Nothing is sent here: the test stands in for the delivery.
    struct Unused(bool);

    impl Output for Unused {
        fn encoder(&self) -> Box<dyn Encoder> {
            unreachable!("requests are made by the test")
        }

        fn delivery(&self) -> Delivery {
            Delivery { request_bytes: 10, concurrency: 1, encoding: BodyEncoding::Identity, ordered: self.0 }
        }

        fn deliver<'a>(&'a self, _: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
            Box::pin(async { Verdict::Delivered })
        }
    }

    const KEPT: Way = Way { is_kept: true, is_shared: false };
    const SHARED: Way = Way { is_kept: false, is_shared: true };
    const ALONE: Way = Way { is_kept: false, is_shared: false };

    fn handle(path: &std::path::Path, limit: u64, ordered: bool) -> (Arc<Handle>, Arc<Spool>) {
        let metrics = Arc::new(OutputMetrics::new("out"));
        let options = SpoolOptions { limit, when_full: WhenFull::Block, key: None, hide: None };
        let spool = Arc::new(Spool::open("out", path, options, Arc::clone(&metrics)).expect("it opens"));
        let spooling = Spooling::new(Arc::clone(&spool), Arc::default());
        let room = Room { in_flight: 1 << 20, parked: 0 };
        (Handle::new("out".into(), Arc::new(Unused(ordered)), None, metrics, (room, Some(spooling))), spool)
    }

    fn request(text: &str, ledger: &Arc<Ledger>) -> Request {
        let stream = Stream {
            id: 1,
            name: "test".into(),
            input: "test.0".into(),
            metrics: Arc::new(InputMetrics::new("test.0")),
            birth: 0,
            sent_below: 0.into(),
            identity: Vec::new().into(),
            stage: Arc::new(|_| unreachable!("no stage runs here")),
        };
        let end = u32::try_from(text.len()).expect("short");
        Request {
            body: text.to_owned().into(),
            encoding: BodyEncoding::Identity,
            plain_length: text.len(),
            first_item: 0,
            items: vec![Item { end, lot: 0, offset: 0 }],
            lots: vec![Lot { share: ledger.open(1), stream: Arc::new(stream), tag: "t".into(), may_be_stored: false }],
            attempts: 0,
            may_spool: false,
        }
    }

    fn ledger() -> Arc<Ledger> {
        Ledger::new(0, Signal::default())
    }

    fn pop(handle: &Handle) -> Request {
        let Popped::Element(request) = handle.queue.pop(None) else { panic!("there is one") };
        request
    }

    #[test]
    fn what_is_kept_is_answered_for_by_the_disk_and_what_is_alone_by_the_output() {
        let folder = tempfile::tempdir().expect("a folder");
        let (handle, spool) = handle(folder.path(), 1 << 20, false);
        let (kept, alone) = (ledger(), ledger());

        hand_over(&handle, request("kept", &kept), KEPT);
        hand_over(&handle, request("alone", &alone), ALONE);

        assert_eq!((kept.tally().spooled, kept.committed(), alone.committed()), (1, 1, 0));
        assert_eq!((spool.content(), &*pop(&handle).body), ((1, 1), &b"alone"[..]));
    }

    #[test]
    fn what_others_take_too_is_spooled_when_the_queue_stays_full() {
        let folder = tempfile::tempdir().expect("a folder");
        let (handle, spool) = handle(folder.path(), 1 << 20, false);
        let ledger = ledger();

        for text in ["first", "second", "third"] {
            hand_over(&handle, request(text, &ledger), SHARED);
        }

        assert_eq!((ledger.tally().spooled, spool.content()), (2, (2, 2)));
        assert_eq!(*pop(&handle).body, *b"first");
    }

    #[test]
    fn while_the_spool_is_full_the_output_is_tried() {
        let folder = tempfile::tempdir().expect("a folder");
        let (handle, spool) = handle(folder.path(), 1, false);
        let ledger = ledger();

        hand_over(&handle, request("in the spool", &ledger), KEPT);
        hand_over(&handle, request("in the queue", &ledger), KEPT);
        handle.queue.close();
        hand_over(&handle, request("too late", &ledger), KEPT);

        assert_eq!((spool.content(), &*pop(&handle).body), ((1, 1), &b"in the queue"[..]));
        assert!(ledger.has_failed(), "what found no place is not delivered");
    }

    #[test]
    fn the_spool_takes_what_comes_after_the_end_of_deliveries() {
        let folder = tempfile::tempdir().expect("a folder");
        let (handle, spool) = handle(folder.path(), 1 << 20, false);
        let ledger = ledger();
        handle.queue.close();

        hand_over(&handle, request("late", &ledger), KEPT);

        assert_eq!((ledger.tally().spooled, spool.content()), (1, (1, 1)));
    }

    #[test]
    fn order_holds_behind_a_spool() {
        let folder = tempfile::tempdir().expect("a folder");
        let (handle, spool) = handle(folder.path(), 1 << 20, true);
        let ledger = ledger();

        hand_over(&handle, request("first", &ledger), KEPT);
        hand_over(&handle, request("second", &ledger), ALONE);

        assert_eq!(spool.content(), (2, 2));
    }

    #[test]
    fn where_the_disk_fails_and_nothing_is_spooled_an_ordered_output_is_tried() {
        let folder = tempfile::tempdir().expect("a folder");
        let (handle, spool) = handle(folder.path(), 1 << 20, true);
        // Nothing can be written where the folder was.
        std::fs::remove_dir_all(folder.path()).expect("it goes");
        std::fs::write(folder.path(), "").expect("a file in its place");
        let ledger = ledger();

        let worker = Arc::clone(&handle);
        let kept = request("text", &ledger);
        let handing = thread::spawn(move || hand_over(&worker, kept, KEPT));
        let popped = handle.queue.pop(Some(std::time::Instant::now() + Duration::from_secs(30)));
        handle.queue.close();
        handing.join().expect("it ends");
        std::fs::remove_file(folder.path()).expect("it goes");

        let Popped::Element(request) = popped else { panic!("the output got nothing") };
        assert_eq!((&*request.body, spool.content()), (&b"text"[..], (0, 0)));
    }

    #[test]
    fn a_file_goes_when_all_of_it_is_answered_for_and_comes_again_when_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let (handle, spool) = handle(folder.path(), 1 << 20, false);
        hand_over(&handle, request("text", &ledger()), KEPT);
        let feeder = start(&handle).expect("it starts").expect("there is a spool");

        drop(pop(&handle));
        let again = pop(&handle);
        assert_eq!((&*again.body, spool.content()), (&b"text"[..], (1, 1)));
        again.settle_all(Outcome::Delivered);
        close(&handle);
        feeder.join().expect("it ends");

        assert_eq!(spool.content(), (0, 0));
    }
}
