//! Records that are joined across parcels, whom they answer to, and where reading may begin again.

use std::time::{Duration, Instant};

use vigie_parsers::Parser;
use vigie_parsers::batch::Timestamp;
use vigie_parsers::json::JsonParser;
use vigie_parsers::multiline::{Machine, Rule, Rules, Until};

use super::joiner::MOST_OPEN;
use super::*;
use crate::encode::json::push_object;
use crate::metrics::InputMetrics;
use crate::plugin::{Memory, Parcel, Stage, Stream};
use crate::receipts::{Ledger, Outcome, Share, Signal};

/// Lines go on until one ends with a semicolon.
fn chain(largest: usize) -> Chain {
    let until = Machine::Until(Until { text: b";".to_vec(), is_whole: false, negate: false });
    Chain {
        parsers: vec![Arc::new(MultilineParser::new("test", until))],
        key: Some("log".into()),
        group: Some("g".into()),
        flush_after: Some(Duration::from_secs(2)),
        largest,
        waits: true,
        parts: false,
        agent: Arc::new(Agent::new("test", b"secret-42")),
    }
}

struct Rig {
    joiner: Joiner,
    stream: Arc<Stream>,
    ledger: Arc<Ledger>,
    memory: Memory,
    position: u64,
}

impl Rig {
    fn new(chain: Chain) -> Self {
        let stream = Arc::new(Stream {
            id: 1,
            name: "x".into(),
            input: "dummy.0".into(),
            metrics: Arc::new(InputMetrics::new("dummy.0")),
            birth: 0,
            identity: Vec::new().into(),
            stage: Arc::new(|_: &Arc<Stream>| -> Box<dyn Stage> { unreachable!("no raw lines") }),
            sent_below: 0.into(),
        });
        let joiner = Joiner::new(Arc::new(chain), Arc::clone(&stream));
        Self { joiner, stream, ledger: Ledger::new(0, Signal::default()), memory: Memory::new(1 << 26), position: 0 }
    }

    /// Each record is ten bytes of its stream.
    fn feed(&mut self, records: &[&str]) -> Vec<String> {
        let mut batch = self.memory.take(4096, Duration::ZERO).expect("there is memory");
        for text in records {
            let span = batch.store(text.as_bytes());
            let origin = Origin { offset: self.position, length: 9, ..Origin::default() };
            let index = batch.push(Timestamp::default(), origin);
            JsonParser.parse(&mut batch, index, span);
            self.position += 10;
        }
        let mut share = self.ledger.open(self.position);
        share.grow(u32::try_from(records.len()).expect("they are few"));
        share.settle(1, Outcome::Passed);
        let (stream, tag) = (Arc::clone(&self.stream), Arc::from("t"));
        let parcel = Parcel { batch, shares: vec![share], stream, tag, end: self.position, epoch: 0 };
        documents(self.joiner.run(parcel))
    }
}

/// The records of `parcel`, with what is said of them, which is settled.
fn documents(parcel: Option<Parcel>) -> Vec<String> {
    let Some(parcel) = parcel else { return Vec::new() };
    let document = |record: vigie_parsers::batch::Record<'_>| {
        let mut document = Vec::new();
        push_object(&parcel.batch, record.fields(), &mut document);
        if !record.metadata().is_empty() {
            document.extend_from_slice(b" cut");
        }
        String::from_utf8(document).expect("it is JSON")
    };
    let documents: Vec<String> = parcel.batch.records().map(document).collect();
    let answered: u32 = parcel.shares.iter().map(Share::count).sum();
    assert_eq!(answered as usize, documents.len(), "every record has an answer to give");
    parcel.settle_all(Outcome::Delivered);
    documents
}

#[test]
fn records_are_joined_per_group_across_parcels_with_the_fields_of_the_first() {
    let mut rig = Rig::new(chain(1000));

    let first = rig.feed(&[r#"{"other":true}"#, r#"{"g":"a","n":1,"log":"x"}"#, r#"{"g":"b","log":"y;"}"#]);
    assert_eq!(first, [r#"{"other":true}"#, r#"{"g":"b","log":"y;"}"#]);
    assert_eq!(rig.ledger.committed(), 10, "the second record is held");
    let second = rig.feed(&[r#"{"g":"b","log":"z"}"#, r#"{"g":"a","n":2,"log":"\"1;"}"#]);
    assert_eq!(second, [r#"{"g":"a","n":1,"log":"x\"1;"}"#]);
    assert_eq!(rig.ledger.committed(), 10, "another event began while the first was open");

    assert_eq!(documents(rig.joiner.flush(Instant::now())), [""; 0], "it waits");
    let third = rig.joiner.flush(Instant::now() + Duration::from_secs(3));
    assert_eq!(documents(third), [r#"{"g":"b","log":"z"}"#]);
    assert_eq!((rig.ledger.committed(), rig.joiner.deadline()), (50, None));
}

#[test]
fn an_open_event_holds_back_what_was_given_out_behind_its_start() {
    let (open, whole) = (r#"{"g":"a","log":"x"}"#, r#"{"g":"b","log":"y;"}"#);
    for (records, given, holds_back, stands_at) in [
        (&[whole, open][..], 9, false, 10),
        (&[whole, whole, open, open], 19, false, 20),
        (&[open, whole], 19, true, 20),
        (&[open, r#"{"g":"b","log":"y"}"#], 0, false, 0),
        (&[open, r#"{"g":"b","log":"y"}"#, r#"{"g":"a","log":"z;"}"#], 29, true, 30),
    ] {
        let mut rig = Rig::new(chain(1000));
        rig.feed(records);

        assert_eq!(rig.joiner.holds_back(&|_| given), holds_back, "{records:?}");
        if holds_back {
            documents(rig.joiner.finish());
            assert!(!rig.joiner.holds_back(&|_| given));
        }
        assert_eq!(rig.ledger.committed(), stands_at, "{records:?}");
    }
}

#[test]
fn a_record_without_the_text_ends_what_is_open_and_keeps_its_place() {
    let mut rig = Rig::new(chain(1000));

    let records =
        rig.feed(&[r#"{"g":"a","log":"x"}"#, r#"{"g":"b","log":"y"}"#, r#"{"other":true}"#, r#"{"g":"a","log":"z;"}"#]);

    assert_eq!(
        records,
        [r#"{"g":"a","log":"x"}"#, r#"{"g":"b","log":"y"}"#, r#"{"other":true}"#, r#"{"g":"a","log":"z;"}"#]
    );
    assert_eq!(rig.ledger.committed(), 40);
}

/// The line that ends one event begins the next one: nothing is open there.
#[test]
fn reading_may_begin_again_where_one_event_follows_on_another() {
    let rule = |from: &str, regex: &str| Rule { from: from.into(), regex: regex.into(), to: "cont".into() };
    let rules = Rules::new(&[rule("start_state", "/^[0-9]/"), rule("cont", "/^ /")]).expect("they fit");
    let parser = MultilineParser::new("test", Machine::Rules(rules));
    let mut rig = Rig::new(Chain { parsers: vec![Arc::new(parser)], ..chain(1000) });

    let first = rig.feed(&[r#"{"log":"1 a"}"#, r#"{"log":" b"}"#, r#"{"log":"2 a"}"#, r#"{"log":" b"}"#]);
    assert_eq!((first.len(), rig.ledger.committed()), (1, 20));
    let second = rig.feed(&[r#"{"log":" c"}"#, r#"{"log":"3 a"}"#]);
    assert_eq!((second.len(), rig.ledger.committed()), (1, 50));
    let third = rig.feed(&[r#"{"log":"4 a"}"#, r#"{"g":"b","log":"5 a"}"#, r#"{"log":"6 a"}"#]);
    assert_eq!((third.len(), rig.ledger.committed()), (2, 60), "the event of another group is open at the last line");
}

#[test]
fn an_event_that_is_too_large_is_cut_and_said_to_be() {
    let mut rig = Rig::new(chain(4));

    let records = rig.feed(&[r#"{"log":"ab"}"#, r#"{"log":"cd"}"#, r#"{"log":"e;"}"#]);

    assert_eq!(records, [r#"{"log":"abcd"} cut"#, r#"{"log":"e;"}"#]);
    assert_eq!(rig.joiner.take_truncated(), 1);
}

#[test]
fn without_a_buffer_events_end_with_their_parcel() {
    let mut rig = Rig::new(Chain { waits: false, ..chain(1000) });

    assert_eq!(rig.feed(&[r#"{"log":"a"}"#, r#"{"log":"b"}"#]), [r#"{"log":"ab"}"#]);
    assert_eq!(rig.ledger.committed(), 20);
}

/// A record for each group up to `groups`, with `text`.
fn of_groups(groups: usize, text: &str) -> Vec<String> {
    (0..groups).map(|group| format!(r#"{{"g":"{group}","log":"{text}"}}"#)).collect()
}

fn feed_all(rig: &mut Rig, records: &[String]) -> Vec<String> {
    rig.feed(&records.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn each_of_many_groups_has_one_event() {
    let mut rig = Rig::new(chain(1000));
    let lines = ["a", "b", "c;"].map(|text| of_groups(400, text));

    let [first, second, third] = lines.map(|records| feed_all(&mut rig, &records));

    assert_eq!((first.len(), second.len()), (0, 0));
    let expected: Vec<String> = of_groups(400, "abc;");
    assert_eq!(third, expected);
    assert_eq!(rig.joiner.take_truncated(), 0);
}

#[test]
fn events_that_are_open_at_once_are_bounded_and_the_oldest_is_said_to_be_cut() {
    let mut rig = Rig::new(chain(1000));

    let cut = feed_all(&mut rig, &of_groups(MOST_OPEN + 8, "a"));

    let expected: Vec<String> = of_groups(8, "a").into_iter().map(|record| record + " cut").collect();
    assert_eq!((cut, rig.joiner.take_truncated()), (expected, 8));
    assert_eq!(documents(rig.joiner.finish()).len(), MOST_OPEN);
    assert_eq!(rig.ledger.committed(), 10 * (MOST_OPEN as u64 + 8));
}
