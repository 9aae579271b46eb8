//! Workers, lanes and deliveries together, with an output that answers as scripted.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use vigie_parsers::batch::{Origin, Record, Timestamp, Value};

use super::courier::{Courier, Kit};
use super::delivery::{self, RetryPolicy};
use super::lane::{Handle, Lane, Room, Way};
use super::spooling::{self, Spooling};
use super::worker::{self, Shared};
use crate::config::Matcher;
use crate::config::types::WhenFull;
use crate::metrics::{InputMetrics, Metrics, Pulse};
use crate::pipeline::build::BuiltOutput;
use crate::pipeline::spools::SpoolPlan;
use crate::plugin::{
    BodyEncoding, ByteQueue, Cause, Class, Delivery, Encoded, Encoder, Fate, Item, Lot, Memory, Outlet, Output, Parcel,
    Popped, Refusal, Request, Source, Stage, Stream, Verdict,
};
use crate::receipts::{Ledger, Outcome, Signal};
use crate::spool::{DeadLetters, Spool, SpoolOptions};

/// Judges a request.
type Answer = fn(&Request) -> Verdict;

const BUSY: Cause = Cause { class: Class::Busy, label: "busy", text: "the cluster is busy" };

const BLOCKED: Cause = Cause { class: Class::Index, label: "write_block", text: "the index is blocked for writing" };

const POLICY: RetryPolicy = RetryPolicy {
    base: Duration::from_millis(1),
    cap: Duration::from_millis(5),
    probe_base: Duration::from_millis(1),
    probe_cap: Duration::from_millis(5),
};

fn again(class: Class, counts: bool) -> Verdict {
    Verdict::Again { class, reason: "asked for by the test".into(), wait: None, counts }
}

/// One answer per request of the script, then everything is delivered.
struct Scripted {
    script: Mutex<VecDeque<Answer>>,
    stored: Mutex<Vec<String>>,
    request_bytes: usize,
    discards: bool,
    parking: usize,
    /// Indexes that take nothing, and how many requests with items of theirs see that.
    blocked: Mutex<HashMap<&'static str, u32>>,
    /// How often it is to be told to refresh before anything passes, and how many requests did not.
    locked: AtomicU32,
    denied: AtomicU32,
    /// Requests that saw it and held items of other indexes too.
    mixed: AtomicU32,
    /// Lines that are found to be stored already, and how often that cannot be found out before.
    found: Vec<&'static str>,
    untold: AtomicU32,
    /// Failures before each question for them.
    asked: Mutex<Vec<u32>>,
    /// Offset of lines below which they may have been sent before.
    sent_below: u64,
}

impl Scripted {
    fn new(request_bytes: usize, script: &[Answer]) -> Arc<Self> {
        let script = Mutex::new(script.iter().copied().collect());
        Arc::new(Self { script, request_bytes, ..Self::default() })
    }

    fn discarding() -> Arc<Self> {
        Arc::new(Self { discards: true, ..Self::default() })
    }

    /// One whose index of this name takes nothing from so many requests.
    fn blocking(request_bytes: usize, parking: usize, blocked: (&'static str, u32)) -> Arc<Self> {
        Arc::new(Self { request_bytes, parking, blocked: Mutex::new(HashMap::from([blocked])), ..Self::default() })
    }

    fn judge(&self, request: &Request) -> Verdict {
        let is_warm = self.stored.lock().unwrap_or_else(PoisonError::into_inner).len() >= 10;
        if is_warm && self.locked.load(Ordering::SeqCst) > 0 {
            self.denied.fetch_add(1, Ordering::SeqCst);
            return again(Class::Output, false);
        }
        let plain = request.plain().expect("it inflates");
        let indexes: Vec<&str> =
            (0..request.items.len()).filter_map(|at| self.index_of(&plain[request.item_range(at)])).collect();
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        let hit = blocked.iter_mut().find(|(index, left)| **left > 0 && indexes.contains(index));
        let Some((hit, left)) = hit else { return Verdict::Delivered };
        *left -= 1;
        if indexes.iter().any(|index| index != hit) {
            self.mixed.fetch_add(1, Ordering::SeqCst);
        }
        let fate = |index: &&str| if index == hit { Fate::Again(BLOCKED) } else { Fate::Delivered };
        Verdict::Items(indexes.iter().map(fate).collect())
    }

    fn store(&self, request: &Request, verdict: &Verdict) {
        let plain = request.plain().expect("it inflates");
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        for at in 0..request.items.len() {
            let taken = match verdict {
                Verdict::Delivered => true,
                Verdict::Items(fates) => fates[at] == Fate::Delivered,
                _ => false,
            };
            if taken {
                stored.push(String::from_utf8_lossy(&plain[request.item_range(at)]).trim_end().to_owned());
            }
        }
    }

    fn stored(&self) -> Vec<String> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner).clone();
        stored.sort();
        stored
    }
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            script: Mutex::default(),
            stored: Mutex::default(),
            request_bytes: 10,
            discards: false,
            parking: 1 << 20,
            blocked: Mutex::default(),
            locked: AtomicU32::new(0),
            denied: AtomicU32::new(0),
            mixed: AtomicU32::new(0),
            found: Vec::new(),
            untold: AtomicU32::new(0),
            asked: Mutex::default(),
            sent_below: 0,
        }
    }
}

impl Output for Scripted {
    fn encoder(&self) -> Box<dyn Encoder> {
        Box::new(Plain)
    }

    fn discards(&self) -> bool {
        self.discards
    }

    fn delivery(&self) -> Delivery {
        Delivery { request_bytes: self.request_bytes, concurrency: 2, encoding: BodyEncoding::Gzip(1), ordered: false }
    }

    /// The first letter.
    fn index_of<'a>(&self, item: &'a [u8]) -> Option<&'a str> {
        std::str::from_utf8(&item[..1]).ok()
    }

    fn refresh(&self) {
        self.locked.fetch_sub(1, Ordering::SeqCst);
    }

    /// What is refused has one other form: with a plus before it, where it begins with `mend`. Panics on `panic`.
    fn mend(&self, item: &[u8], _: &Refusal) -> Option<Vec<u8>> {
        assert!(item != b"panic", "the test asked for it");
        item.starts_with(b"mend").then(|| [b"+", item].concat())
    }

    fn stored<'a>(
        &'a self,
        request: &'a Request,
        failures: u32,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<bool>, Verdict>> + Send + 'a>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(failures);
        let plain = request.plain().expect("it inflates");
        let is_found = |at: usize| {
            let line = String::from_utf8_lossy(&plain[request.item_range(at)]).trim_end().to_owned();
            request.lots[request.items[at].lot as usize].may_be_stored && self.found.contains(&line.as_str())
        };
        let is_untold =
            self.untold.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let found = (0..request.items.len()).map(is_found).collect();
        Box::pin(std::future::ready(if is_untold { Err(again(Class::Unknown, false)) } else { Ok(found) }))
    }

    fn deliver<'a>(&'a self, request: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            // Time for another request to come, so that more than one is on its way.
            tokio::time::sleep(Duration::from_micros(200)).await;
            let answer = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let verdict = answer.map_or_else(|| self.judge(request), |answer| answer(request));
            self.store(request, &verdict);
            verdict
        })
    }
}

/// Writes the field `log`; skips the text `skip`, panics on `panic`.
struct Plain;

impl Encoder for Plain {
    fn encode(&mut self, record: Record<'_>, _: &Arc<Stream>, _: &Arc<str>, out: &mut Vec<u8>) -> Encoded {
        let text = record.plain_text(b"log").expect("the test writes it");
        assert!(text != b"panic", "the test asked for it");
        if text == b"skip" {
            return Encoded::Skipped("asked for by the test");
        }
        out.extend_from_slice(text);
        out.push(b'\n');
        Encoded::Written
    }
}

/// Hands raw lines on as they are.
struct PassThrough;

impl Stage for PassThrough {
    fn run(&mut self, mut parcel: Parcel) -> Option<Parcel> {
        let records = u32::try_from(parcel.batch.len()).expect("few");
        parcel.shares[0].grow(records);
        parcel.shares[0].settle(1, Outcome::Passed);
        Some(parcel)
    }
}

fn stream() -> Arc<Stream> {
    Arc::new(Stream {
        id: 7,
        name: "test".into(),
        input: "test.0".into(),
        metrics: Arc::new(InputMetrics::new("test.0")),
        birth: 0,
        identity: Vec::new().into(),
        stage: Arc::new(|_| Box::new(PassThrough)),
        sent_below: 0.into(),
    })
}

/// A source of one parcel.
#[derive(Debug)]
struct Once(Option<Parcel>);

impl Source for Once {
    fn next(&mut self) -> Option<Parcel> {
        self.0.take()
    }

    fn weight(&self) -> usize {
        1
    }
}

/// Sends each of `lines` as a parcel of its own, every other one by way of a source, from the ledger's position on; rewinds are followed until all is settled.
fn feed(outlet: &Outlet, ledger: &Arc<Ledger>, signal: &Signal, (lines, sent_below): (&[&str], u64)) {
    let stream = stream();
    stream.sent_below.store(sent_below, Ordering::Relaxed);
    let mut next = 0;
    while ledger.committed() < lines.len() as u64 {
        if let Some(position) = ledger.take_rewind() {
            next = usize::try_from(position).expect("small");
        }
        let Some(line) = lines.get(next) else {
            signal.wait(Duration::from_millis(50));
            continue;
        };
        let mut batch = outlet.batch(line.len(), Duration::from_secs(5)).expect("memory is free");
        let span = batch.store(line.as_bytes());
        let origin = Origin { offset: next as u64, ..Origin::default() };
        let index = batch.push(Timestamp::default(), origin);
        batch.record_mut(index).set("log".as_bytes(), Value::Text(vigie_parsers::batch::Text::plain(span)));
        next += 1;
        let share = ledger.open(next as u64);
        let (stream, tag) = (Arc::clone(&stream), Arc::from("t"));
        let parcel = Parcel { batch, shares: vec![share], stream, tag, end: next as u64, epoch: 0 };
        let sent = match next % 2 {
            0 => outlet.send(parcel),
            _ => outlet.lend(7, Box::new(Once(Some(parcel)))),
        };
        assert!(sent, "the worker runs");
    }
}

/// Runs `lines` through one worker to `output` until all are settled.
fn ship(output: &Arc<Scripted>, retry_limit: Option<u32>, lines: &[&str]) -> (Arc<Metrics>, Arc<Ledger>) {
    let metrics = Arc::new(Metrics::default());
    let counters = metrics.add_output("scripted.0");
    let plugin: Arc<dyn Output> = Arc::clone(output) as Arc<dyn Output>;
    let room = Room { in_flight: 1 << 20, parked: output.parking };
    let handle =
        Handle::new("scripted.0".into(), Arc::clone(&plugin), retry_limit, Arc::clone(&counters), (room, None));
    let (_abort, aborted) = watch::channel(false);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("it starts");
    let dead = Arc::new(DeadLetters::new(None));
    let delivering = runtime.spawn(delivery::run(Arc::clone(&handle), dead, POLICY, aborted));
    let built = BuiltOutput {
        name: "scripted.0".into(),
        matcher: Matcher::all(),
        output: plugin,
        retry_limit,
        metrics: counters,
        spool: SpoolPlan::default(),
        processors: Vec::new(),
    };
    let shared = Shared {
        filters: Vec::new(),
        outputs: vec![built],
        handles: vec![Arc::clone(&handle)],
        metrics: Arc::clone(&metrics),
        // Longer than a busy machine may take between two lines: which of them share a request is part of what is tested.
        flush: Duration::from_mins(1),
        redact: crate::config::RedactRule::Off,
        dead: Arc::new(DeadLetters::new(None)),
        direct: Default::default(),
    };
    let queue = Arc::new(ByteQueue::new(1 << 20));
    let outlet = Outlet::new(Memory::new(16 << 20), vec![Arc::clone(&queue)]);
    let signal = Signal::default();
    let ledger = Ledger::new(0, signal.clone());
    thread::scope(|scope| {
        scope.spawn(|| worker::run(&shared, &queue));
        feed(&outlet, &ledger, &signal, (lines, output.sent_below));
        drop(outlet);
    });
    handle.queue.close();
    runtime.block_on(delivering).expect("deliveries end with their queue");
    (metrics, ledger)
}

#[test]
fn everything_arrives_once_when_all_goes_well() {
    let output = Scripted::new(10, &[]);

    let (metrics, ledger) = ship(&output, None, &["a", "b", "c", "d", "e", "f", "g"]);

    assert_eq!(output.stored(), ["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(ledger.tally().delivered, 7);
    assert_eq!(metrics.outputs()[0].proc_records.get(), 7);
}

#[test]
fn an_output_that_discards_is_asked_for_nothing_and_answers_for_all() {
    let output = Scripted::discarding();

    let (metrics, ledger) = ship(&output, None, &["a", "b", "panic"]);

    assert_eq!(output.stored(), Vec::<String>::new());
    assert_eq!(ledger.tally().delivered, 3);
    assert_eq!(metrics.outputs()[0].proc_records.get(), 3);
}

#[test]
fn failed_requests_are_sent_again_until_they_arrive() {
    let busy = |_: &Request| again(Class::Busy, true);
    let output = Scripted::new(1, &[busy, busy, busy]);

    let (metrics, _) = ship(&output, None, &["a", "b", "c"]);

    assert_eq!(output.stored(), ["a", "b", "c"]);
    assert_eq!(metrics.outputs()[0].retries.get(), 3);
}

#[test]
fn after_an_unknown_outcome_only_what_is_not_stored_is_sent_again() {
    let output = Scripted { found: vec!["b"], untold: AtomicU32::new(2), ..Scripted::default() };
    let script = [(|_| again(Class::Busy, true)) as Answer, |_| again(Class::Unknown, false)];
    let output = Arc::new(Scripted { script: Mutex::new(script.into()), request_bytes: 1 << 20, ..output });

    let (metrics, ledger) = ship(&output, Some(1), &["a", "b", "c"]);

    assert_eq!(output.stored(), ["a", "c"]);
    assert_eq!((ledger.tally().delivered, ledger.tally().duplicate), (2, 1));
    let counters = &metrics.outputs()[0];
    assert_eq!((counters.proc_records.get(), counters.duplicate_records.get()), (3, 1));
    assert_eq!((counters.unknown_outcome_records.get(), counters.retries.get()), (3, 4), "it was asked until it told");
    assert_eq!(*output.asked.lock().expect("no panic"), [0, 1, 2]);
}

#[test]
fn an_item_of_unknown_outcome_is_looked_up_before_it_is_sent_again() {
    const TROUBLE: Cause = Cause { class: Class::Unknown, label: "node_trouble", text: "a shard has trouble" };
    let some: Answer = |request| {
        let fate = |at: usize| if at == 0 { Fate::Delivered } else { Fate::Again(TROUBLE) };
        Verdict::Items((0..request.items.len()).map(fate).collect())
    };
    let script = Mutex::new([some].into());
    let output =
        Arc::new(Scripted { found: vec!["a", "b", "c"], script, request_bytes: 1 << 20, ..Scripted::default() });

    let (_, ledger) = ship(&output, None, &["a", "b", "c"]);

    assert_eq!(output.stored(), ["a"]);
    assert_eq!((ledger.tally().delivered, ledger.tally().duplicate), (1, 2));
}

#[test]
fn lines_that_may_have_been_sent_before_a_restart_are_looked_up_first() {
    let found = vec!["a", "c"];
    let output = Arc::new(Scripted { found, sent_below: 2, request_bytes: 1 << 20, ..Scripted::default() });

    let (_, ledger) = ship(&output, None, &["a", "b", "c", "d"]);

    assert_eq!(output.stored(), ["b", "c", "d"], "c lies behind, so nobody is asked for it");
    assert_eq!((ledger.tally().delivered, ledger.tally().duplicate), (3, 1));
}

#[test]
fn refused_items_are_given_up_and_the_rest_arrives() {
    let some = |request: &Request| {
        let refusal = Box::new(Refusal { status: 400, kind: "mapper".into(), reason: String::new() });
        let fate = |at: usize| if at == 0 { Fate::Refused(refusal.clone()) } else { Fate::Again(BUSY) };
        Verdict::Items((0..request.items.len()).map(fate).collect())
    };
    let output = Scripted::new(1 << 20, &[some]);

    let (metrics, ledger) = ship(&output, None, &["a", "b", "c"]);

    assert_eq!(output.stored().len(), 2);
    let counters = &metrics.outputs()[0];
    assert_eq!(counters.dropped_records.get(), 1, "there is no directory for dead letters here");
    assert_eq!((ledger.tally().delivered, ledger.tally().dropped), (2, 1));
}

#[test]
fn what_is_refused_is_sent_once_more_in_another_form_where_there_is_one() {
    let refuse: Answer = |request| {
        let plain = request.plain().expect("it inflates");
        let fate = |at: usize| match &plain[request.item_range(at)] {
            b"good\n" | b"+mend\n" => Fate::Delivered,
            _ => Fate::Refused(Box::new(Refusal { status: 400, ..Refusal::default() })),
        };
        Verdict::Items((0..request.items.len()).map(fate).collect())
    };
    let output = Scripted::new(1 << 20, &[refuse; 8]);

    let (_, ledger) = ship(&output, None, &["mend", "good", "mend in vain", "bad"]);

    assert_eq!(output.stored(), ["+mend", "good"]);
    assert_eq!((ledger.tally().delivered, ledger.tally().dropped), (2, 2));
}

#[test]
fn a_request_too_large_is_halved_down_to_the_item_to_blame() {
    let too_large: Answer = |request| {
        let plain = request.plain().expect("it inflates");
        if plain.windows(3).any(|window| window == b"bad") {
            Verdict::TooLarge { refusal: Refusal::default(), limit: None }
        } else {
            Verdict::Delivered
        }
    };
    let output = Scripted::new(1 << 20, &[too_large; 40]);

    let (_, ledger) = ship(&output, None, &["a", "b", "bad", "c", "d"]);

    assert_eq!(output.stored(), ["a", "b", "c", "d"]);
    assert_eq!(ledger.tally().dropped, 1);
}

#[test]
fn a_used_up_retry_limit_gives_the_items_up() {
    let busy = |_: &Request| again(Class::Busy, true);
    let unreachable = |_: &Request| again(Class::Unreachable, false);
    let output = Scripted::new(1, &[unreachable, unreachable, busy, busy]);

    let (metrics, ledger) = ship(&output, Some(1), &["a"]);

    assert_eq!(output.stored(), Vec::<String>::new());
    assert_eq!(metrics.outputs()[0].retries_failed.get(), 1);
    assert_eq!(ledger.tally().dropped, 1);
}

#[test]
fn a_wait_that_is_asked_for_holds_the_output_no_longer_than_twice_the_cap() {
    let for_a_day = |_: &Request| {
        let wait = Some(Duration::from_secs(86_400));
        Verdict::Again { class: Class::Busy, reason: "asked for by the test".into(), wait, counts: true }
    };
    let output = Scripted::new(1, &[for_a_day]);

    ship(&output, None, &["a", "b", "c"]);

    assert_eq!(output.stored(), ["a", "b", "c"]);
}

#[test]
fn items_of_a_paused_index_wait_and_those_of_others_go_on() {
    let lines: Vec<String> = (0..40).map(|n| format!("{}{n:02}", ['b', 'a', 'a', 'a'][n % 4])).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let output = Scripted::blocking(20, 1 << 20, ("b", 6));

    let (metrics, ledger) = ship(&output, Some(0), &lines);

    let mut expected = lines.clone();
    expected.sort_unstable();
    assert_eq!(output.stored(), expected, "no retry was counted, so none was given up");
    assert_eq!(ledger.tally().delivered, 40);
    let counters = &metrics.outputs()[0];
    let mixed = output.mixed.load(Ordering::SeqCst);
    assert!(mixed <= 2, "once an index is paused, its items are not sent beside others: {mixed}");
    assert_eq!((counters.paused_indexes.get(), counters.parked_records.get(), counters.parked_bytes.get()), (0, 0, 0));
}

#[test]
fn when_no_more_can_be_parked_the_output_pauses_and_nothing_is_lost() {
    let lines: Vec<String> = (0..60).map(|n| format!("{}{n:02}", ['a', 'b', 'c'][n % 3])).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let output = Scripted::blocking(8, 60, ("b", 15));

    let (metrics, ledger) = ship(&output, None, &lines);

    assert_eq!((output.stored().len(), ledger.tally().delivered), (60, 60));
    assert_eq!(metrics.outputs()[0].paused.get(), 0);
}

#[test]
fn an_output_without_access_is_tried_by_one_request_at_a_time_until_what_it_was_told_passes() {
    let lines: Vec<String> = (0..30).map(|n| format!("a{n:02}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // Two of the requests fit into the window by the time that access ends.
    let output = Scripted::new(4, &[]);
    output.locked.store(9, Ordering::SeqCst);

    let (_, ledger) = ship(&output, Some(0), &lines);

    assert_eq!((output.stored().len(), ledger.tally().delivered), (30, 30));
    let denied = output.denied.load(Ordering::SeqCst);
    assert!((9..=10).contains(&denied), "one per refresh, and at most one that was on its way: {denied}");
}

/// Couriers of an output, without workers and a queue.
struct Couriers {
    handle: Arc<Handle>,
    kit: Kit,
    abort: watch::Sender<bool>,
}

impl Couriers {
    fn new(output: &Arc<Scripted>) -> Self {
        let plugin: Arc<dyn Output> = Arc::clone(output) as Arc<dyn Output>;
        let room = Room { in_flight: 1 << 20, parked: 1 << 20 };
        let counters = Metrics::default().add_output("scripted.0");
        let handle = Handle::new("scripted.0".into(), plugin, None, counters, (room, None));
        let (abort, aborted) = watch::channel(false);
        let (working, _) = mpsc::channel(1);
        let dead = Arc::new(DeadLetters::new(None));
        let kit = Kit { handle: Arc::clone(&handle), dead, policy: POLICY, abort: aborted, _working: working };
        Self { handle, kit, abort }
    }

    /// Brings a request of `items` to its end, as far as that is not left to probes.
    async fn deliver(&self, items: &[&str], ledger: &Arc<Ledger>) {
        let body = items.concat();
        let mut end = 0;
        let item = |text: &&str| {
            end += u32::try_from(text.len()).expect("short");
            Item { end, lot: 0, offset: 0 }
        };
        let items: Vec<Item> = items.iter().map(item).collect();
        let mut share = ledger.open(1);
        share.grow(u32::try_from(items.len() - 1).expect("few"));
        let request = Request {
            plain_length: body.len(),
            body: body.into(),
            encoding: BodyEncoding::Identity,
            first_item: 0,
            items,
            lots: vec![Lot { share, stream: stream(), tag: "t".into(), may_be_stored: false }],
            attempts: 0,
            may_spool: false,
        };
        let passage = self.handle.gate.enter(request.plain_length).await;
        Courier::new(self.kit.clone()).deliver(request, passage).await;
    }
}

/// With a small `Mem_Buf_Limit` what waits in memory for a dead output would stop an input of others too.
#[test]
fn nothing_that_others_take_too_waits_in_memory_for_an_output_that_takes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let unreachable: Answer = |_| again(Class::Unreachable, false);
    let output = Scripted::new(10, &[unreachable; 100_000]);
    let counters = Metrics::default().add_output("scripted.0");
    let options = SpoolOptions { limit: 1 << 20, when_full: WhenFull::Block, key: None, hide: None };
    let spool = Arc::new(Spool::open("out", folder.path(), options, Arc::clone(&counters)).expect("it opens"));
    let spooling = Spooling::new(spool, Arc::default());
    let room = Room { in_flight: 20, parked: 0 };
    let handle = Handle::new("scripted.0".into(), output, None, counters, (room, Some(spooling)));
    let (abort, aborted) = watch::channel(false);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("it starts");
    let dead = Arc::new(DeadLetters::new(None));
    let delivering = runtime.spawn(delivery::run(Arc::clone(&handle), dead, POLICY, aborted));
    let feeder = spooling::start(&handle).expect("it starts");
    let ledger = Ledger::new(0, Signal::default());

    for text in ["first of all", "second"] {
        let way = Way { is_kept: false, is_shared: true };
        spooling::hand_over(&handle, shared(text, &ledger), way);
    }
    runtime.block_on(until(|| ledger.tally().spooled == 2));

    assert_eq!((ledger.tally().spooled, ledger.committed()), (2, 1));
    abort.send_replace(true);
    runtime.block_on(delivering).expect("it ends");
    spooling::close(&handle);
    feeder.expect("there is a spool").join().expect("it ends");
}

/// A request of one item.
fn shared(text: &str, ledger: &Arc<Ledger>) -> Request {
    Request {
        plain_length: text.len(),
        body: text.to_owned().into(),
        encoding: BodyEncoding::Identity,
        first_item: 0,
        items: vec![Item { end: u32::try_from(text.len()).expect("short"), lot: 0, offset: 0 }],
        lots: vec![Lot { share: ledger.open(1), stream: stream(), tag: "t".into(), may_be_stored: false }],
        attempts: 0,
        may_spool: false,
    }
}

/// Waits until `is_so`, half a minute at the most.
async fn until(is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() && started.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn the_output_goes_on_once_a_request_passed_though_an_item_of_it_is_still_tried() {
    let mut script: Vec<Answer> = vec![|_| Verdict::Items(vec![Fate::Again(BUSY)]); 10_000];
    script[0] = |_| again(Class::Output, false);
    script[1] = |_| Verdict::Items(vec![Fate::Delivered, Fate::Again(BUSY)]);
    let couriers = Couriers::new(&Scripted::new(10, &script));
    let ledger = Ledger::new(0, Signal::default());
    let delivering = couriers.deliver(&["a", "b"], &ledger);
    let watching = async {
        until(|| couriers.handle.metrics.retries.get() >= 3).await;
        let is_open = couriers.handle.pauses.is_open();
        couriers.abort.send_replace(true);
        is_open
    };

    let ((), is_open) = tokio::join!(delivering, watching);

    assert_eq!((is_open, couriers.handle.metrics.proc_records.get()), (true, 1));
}

#[tokio::test]
async fn a_panic_while_a_paused_index_is_tried_does_not_leave_it_paused() {
    let output = Scripted::new(
        10,
        &[|_| Verdict::Items(vec![Fate::Again(BLOCKED)]), |_| Verdict::Items(vec![Fate::Refused(Box::default())])],
    );
    let couriers = Couriers::new(&output);
    let [bad, good] = [0, 1].map(|_| Ledger::new(0, Signal::default()));

    couriers.deliver(&["panic"], &bad).await;
    couriers.deliver(&["pass"], &good).await;
    until(|| couriers.handle.metrics.paused_indexes.get() == 0).await;

    assert!(bad.has_failed(), "it is read again");
    assert_eq!((good.committed(), couriers.handle.metrics.paused_indexes.get()), (1, 0));
}

#[test]
fn a_panic_of_an_output_loses_nothing() {
    let output = Scripted::new(1, &[|_| panic!("the test asked for it")]);

    ship(&output, None, &["a", "b"]);

    assert_eq!(output.stored(), ["a", "b"]);
}

#[test]
fn lines_that_bring_a_plugin_down_are_set_aside_and_the_rest_arrives() {
    let output = Scripted::new(4, &[]);

    let (_, ledger) = ship(&output, None, &["a", "panic", "b", "skip"]);

    let mut stored = output.stored();
    stored.dedup();
    assert_eq!(stored, ["a", "b"]);
    assert!(ledger.tally().dropped >= 2, "one set aside, one skipped");
}

/// A lane to an output with requests of 400 bytes, of which it sends none by itself.
struct Idle {
    lane: Lane,
    handle: Arc<Handle>,
    ledger: Arc<Ledger>,
    memory: Memory,
    now: Instant,
}

const IDLE_FLUSH: Duration = Duration::from_secs(3600);

impl Idle {
    fn new() -> Self {
        let counters = Metrics::default().add_output("scripted.0");
        let room = Room { in_flight: 1 << 20, parked: 0 };
        let handle = Handle::new("scripted.0".into(), Scripted::new(400, &[]), None, counters, (room, None));
        let lane = Lane::new(Arc::clone(&handle), IDLE_FLUSH, Arc::new(Pulse::default()));
        let ledger = Ledger::new(0, Signal::default());
        Self { lane, handle, ledger, memory: Memory::new(1 << 20), now: Instant::now() }
    }

    /// Appends a line of so many bytes.
    fn append(&mut self, bytes: usize) {
        let mut batch = self.memory.take(bytes, Duration::from_secs(5)).expect("memory is free");
        let span = batch.store(&vec![b'x'; bytes - 1]);
        let index = batch.push(Timestamp::default(), Origin::default());
        batch.record_mut(index).set(b"log", Value::Text(vigie_parsers::batch::Text::plain(span)));
        let mut share = self.ledger.open(1);
        share.grow(1);
        share.settle(1, Outcome::Passed);
        let parcel = Parcel { batch, shares: Vec::new(), stream: stream(), tag: "t".into(), end: 1, epoch: 0 };
        self.lane.append(&parcel, vec![share], false, self.now);
    }

    /// Bytes of the request that is sealed as there is nothing else to do; it is taken from the queue.
    fn flush(&mut self) -> Option<usize> {
        self.lane.flush_idle(self.now);
        match self.handle.queue.pop(Some(Instant::now())) {
            Popped::Element(request) => Some(request.plain_length),
            _ => None,
        }
    }
}

#[test]
fn the_first_request_after_a_pause_of_flush_goes_at_once() {
    let mut idle = Idle::new();

    assert_eq!(idle.flush(), None, "there is nothing to send");
    idle.append(10);
    assert_eq!(idle.flush(), Some(10));
    idle.append(10);
    assert_eq!(idle.flush(), None, "one was sent just now");
    idle.now += IDLE_FLUSH + Duration::from_secs(1);
    assert_eq!(idle.flush(), Some(10));
}

#[test]
fn a_quarter_of_a_request_goes_where_nothing_is_on_its_way() {
    let mut idle = Idle::new();
    idle.append(10);
    idle.lane.flush_idle(idle.now);

    idle.append(100);
    idle.lane.flush_idle(idle.now);
    assert_eq!(idle.flush(), Some(10), "the second waits while the first one does");
    assert_eq!(idle.flush(), Some(100));
    idle.append(99);
    assert_eq!(idle.flush(), None);
}
