//! Workers, lanes and deliveries together, with an output that answers as scripted.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use vigie_parsers::batch::{Origin, Record, Timestamp, Value};

use super::delivery::{self, RetryPolicy};
use super::lane::Handle;
use super::worker::{self, Shared};
use crate::config::Matcher;
use crate::metrics::{InputMetrics, Metrics};
use crate::pipeline::build::BuiltOutput;
use crate::pipeline::spools::SpoolPlan;
use crate::plugin::{
    BodyEncoding, ByteQueue, Delivery, Encoded, Encoder, Fate, Memory, Outlet, Output, Parcel, Refusal, Request,
    Source, Stage, Stream, Verdict,
};
use crate::receipts::{Ledger, Outcome, Signal};
use crate::spool::DeadLetters;

/// Judges a request.
type Answer = fn(&Request) -> Verdict;

/// One answer per request of the script, then everything is delivered.
struct Scripted {
    script: Mutex<VecDeque<Answer>>,
    stored: Mutex<Vec<String>>,
    request_bytes: usize,
    discards: bool,
}

impl Scripted {
    fn new(request_bytes: usize, script: &[Answer]) -> Arc<Self> {
        let script = Mutex::new(script.iter().copied().collect());
        Arc::new(Self { script, stored: Mutex::default(), request_bytes, discards: false })
    }

    fn discarding() -> Arc<Self> {
        Arc::new(Self { script: Mutex::default(), stored: Mutex::default(), request_bytes: 10, discards: true })
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

    /// What is refused has one other form: with a plus before it, where it begins with `mend`.
    fn mend(&self, item: &[u8], _: &Refusal) -> Option<Vec<u8>> {
        item.starts_with(b"mend").then(|| [b"+", item].concat())
    }

    fn deliver<'a>(&'a self, request: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            let answer = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let verdict = answer.map_or(Verdict::Delivered, |answer| answer(request));
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
        identity: Vec::new(),
        stage: Arc::new(|_| Box::new(PassThrough)),
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
fn feed(outlet: &Outlet, ledger: &Arc<Ledger>, signal: &Signal, lines: &[&str]) {
    let stream = stream();
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
    let handle = Handle::new("scripted.0".into(), Arc::clone(&plugin), retry_limit, Arc::clone(&counters), None);
    let (_abort, aborted) = watch::channel(false);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("it starts");
    let policy = RetryPolicy { base: Duration::from_millis(1), cap: Duration::from_millis(5) };
    let dead = Arc::new(DeadLetters::new(None));
    let delivering = runtime.spawn(delivery::run(Arc::clone(&handle), dead, policy, aborted));
    let built = BuiltOutput {
        name: "scripted.0".into(),
        matcher: Matcher::all(),
        output: plugin,
        retry_limit,
        metrics: counters,
        spool: SpoolPlan::default(),
    };
    let shared = Shared {
        filters: Vec::new(),
        outputs: vec![built],
        handles: vec![Arc::clone(&handle)],
        metrics: Arc::clone(&metrics),
        flush: Duration::from_millis(5),
    };
    let queue = Arc::new(ByteQueue::new(1 << 20));
    let outlet = Outlet::new(Memory::new(16 << 20), vec![Arc::clone(&queue)]);
    let signal = Signal::default();
    let ledger = Ledger::new(0, signal.clone());
    thread::scope(|scope| {
        scope.spawn(|| worker::run(&shared, &queue));
        feed(&outlet, &ledger, &signal, lines);
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
    let again = |_: &Request| Verdict::Again { reason: "busy".into(), wait: None, counts: true };
    let output = Scripted::new(1, &[again, again, again]);

    let (metrics, _) = ship(&output, None, &["a", "b", "c"]);

    assert_eq!(output.stored(), ["a", "b", "c"]);
    assert_eq!(metrics.outputs()[0].retries.get(), 3);
}

#[test]
fn refused_items_are_given_up_and_the_rest_arrives() {
    let some = |request: &Request| {
        let refusal = Box::new(Refusal { status: 400, kind: "mapper".into(), reason: String::new() });
        let fate = |at: usize| if at == 0 { Fate::Refused(refusal.clone()) } else { Fate::Again("busy") };
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
            Verdict::TooLarge(Refusal::default())
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
    let again = |_: &Request| Verdict::Again { reason: "busy".into(), wait: None, counts: true };
    let unreachable = |_: &Request| Verdict::Again { reason: "refused".into(), wait: None, counts: false };
    let output = Scripted::new(1, &[unreachable, unreachable, again, again]);

    let (metrics, ledger) = ship(&output, Some(1), &["a"]);

    assert_eq!(output.stored(), Vec::<String>::new());
    assert_eq!(metrics.outputs()[0].retries_failed.get(), 1);
    assert_eq!(ledger.tally().dropped, 1);
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
