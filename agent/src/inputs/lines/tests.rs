//! The stages as a whole: what comes out, whom it answers to, and that a kill between any two lines changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use vigie_parsers::batch::{Origin, Text, Timestamp};
use vigie_parsers::{Definition, Format};

use super::*;
use crate::encode::json::push_object;
use crate::plugin::{Memory, Parcel};
use crate::receipts::{Ledger, Outcome, Signal};

/// An event as the store would have it: its id, without the part that is the same for the whole stream, and its document.
type Event = (u64, u32, u32, String);

/// A stage with the positions of its stream.
struct Rig {
    stage: Box<dyn Stage>,
    stream: Arc<Stream>,
    ledger: Arc<Ledger>,
    memory: Memory,
    agent: Arc<Agent>,
}

impl Rig {
    fn new(multiline: Multiline, committed: u64) -> Self {
        Self::with_parser(multiline, committed, None)
    }

    fn with_parser(multiline: Multiline, committed: u64, parser: Option<Arc<dyn Parser>>) -> Self {
        let metrics = Arc::new(InputMetrics::new("tail.0"));
        let agent = Arc::new(Agent::new("test", b"secret-42"));
        let options = LineOptions { key: "log".into(), parser, multiline, path_key: None, offset_key: None };
        let factory = factory(options, Arc::clone(&agent), Arc::clone(&metrics));
        let stream = Arc::new(Stream {
            id: 1,
            name: "/x.log".into(),
            input: "tail.0".into(),
            metrics,
            birth: 0,
            identity: Vec::new(),
            stage: factory,
        });
        let stage = (stream.stage)(&stream);
        Self { stage, stream, ledger: Ledger::new(committed, Signal::default()), memory: Memory::new(1 << 26), agent }
    }

    /// Hands on the lines of `text` from `from` to `to`, all of them complete, and settles what comes out.
    fn feed(&mut self, text: &str, from: usize, to: usize) -> Vec<Event> {
        let mut batch = self.memory.take(to - from, Duration::ZERO).expect("there is memory");
        let mut offset = from;
        for line in text.get(from..to).expect("borders lie between lines").split_inclusive('\n') {
            let content = line.trim_end_matches('\n').as_bytes();
            let span = batch.store(content);
            let origin = Origin {
                offset: offset as u64,
                length: span.len,
                hash: self.agent.source_hash(content),
                ..Origin::default()
            };
            let index = batch.push(Timestamp { seconds: 1, nanos: 0 }, origin);
            batch.record_mut(index).append(b"log", Value::Text(Text::plain(span)));
            offset += line.len();
        }
        let share = self.ledger.open(to as u64);
        let (stream, tag) = (Arc::clone(&self.stream), Arc::from("t"));
        let parcel = Parcel { batch, shares: vec![share], stream, tag, end: to as u64, epoch: 0 };
        let out = self.stage.run(parcel);
        settled(out)
    }
}

fn settled(parcel: Option<Parcel>) -> Vec<Event> {
    let Some(parcel) = parcel else { return Vec::new() };
    let event = |record: vigie_parsers::batch::Record<'_>| {
        let mut document = Vec::new();
        push_object(&parcel.batch, record.fields(), &mut document);
        let Origin { offset, length, hash, .. } = record.origin();
        (offset, length, hash, String::from_utf8(document).expect("it is JSON"))
    };
    let events: Vec<Event> = parcel.batch.records().map(event).collect();
    let answered: u32 = parcel.shares.iter().map(crate::receipts::Share::count).sum();
    assert_eq!(answered as usize, events.len(), "every record has an answer to give");
    parcel.settle_all(Outcome::Delivered);
    events
}

#[test]
fn a_line_that_its_parser_gives_up_is_kept_as_text_and_counted() {
    let regex = Some(r"^(?=(?<run>(?:a+)+)$)".into());
    let definition = Definition { format: Format::Regex, regex, ..Definition::default() };
    let mut rig = Rig::with_parser(Multiline::default(), 0, definition.build().ok());
    let long = format!("{}!", "a".repeat(64));
    let text = format!("{long}\naa\nb\n{long}\n");

    let documents = documents(rig.feed(&text, 0, text.len()));

    let kept = format!(r#"{{"log":"{long}"}}"#);
    assert_eq!(documents, [kept.as_str(), r#"{"run":"aa"}"#, r#"{"log":"b"}"#, kept.as_str()]);
    assert_eq!((rig.stream.metrics.parser_given_up.get(), rig.stream.metrics.parser_failed.get()), (2, 3));
}

fn whole(multiline: Multiline, text: &str) -> Vec<Event> {
    let mut rig = Rig::new(multiline, 0);
    let mut events = rig.feed(text, 0, text.len());
    events.extend(settled(rig.stage.finish()));
    assert_eq!(rig.ledger.committed(), text.len() as u64, "everything is settled");
    events
}

const CRI: Multiline = Multiline { cri: true, java: false };
const JAVA: Multiline = Multiline { cri: false, java: true };
const NESTED: Multiline = Multiline { cri: true, java: true };

fn documents(events: Vec<Event>) -> Vec<String> {
    events.into_iter().map(|event| event.3).collect()
}

#[test]
fn partial_lines_are_joined_per_output_as_in_fluent_bit() {
    let text = "2023Z stdout P part1 \n2023Z stderr F other\nplain\n2023Z stdout F part2\n";

    assert_eq!(
        documents(whole(CRI, text)),
        [
            r#"{"time":"2023Z","stream":"stderr","_p":"F","log":"other"}"#,
            r#"{"log":"plain"}"#,
            r#"{"time":"2023Z","stream":"stdout","_p":"P","log":"part1 part2"}"#,
        ]
    );
}

#[test]
fn traces_are_joined_and_text_ends_with_a_newline() {
    let text = "start\n\nx.FooException: boom\n\tat a.B(C)\nCaused by: y\nend\n";

    assert_eq!(
        documents(whole(JAVA, text)),
        [
            r#"{"log":"start\n"}"#,
            r#"{"log":"x.FooException: boom\n\tat a.B(C)\nCaused by: y\n"}"#,
            r#"{"log":"end\n"}"#
        ]
    );
}

#[test]
fn traces_inside_of_container_lines_are_joined_after_their_parts() {
    let text =
        "1Z stdout F x.FooException: boom\n1Z stderr F noise\n1Z stdout P \tat a.\n1Z stdout F B(C)\n1Z stdout F end\n";

    assert_eq!(
        documents(whole(NESTED, text)),
        [
            r#"{"time":"1Z","stream":"stderr","_p":"F","log":"noise"}"#,
            r#"{"time":"1Z","stream":"stdout","_p":"F","log":"x.FooException: boom\n\tat a.B(C)"}"#,
            r#"{"time":"1Z","stream":"stdout","_p":"F","log":"end"}"#,
        ]
    );
}

#[test]
fn the_position_waits_at_the_start_of_an_event_that_may_go_on() {
    let text = "one\nx.FooException: boom\n\tat a.B(C)\n";
    let mut rig = Rig::new(JAVA, 0);

    assert_eq!(rig.feed(text, 0, text.len()).len(), 1);
    assert_eq!(rig.ledger.committed(), 0, "the range holds an unfinished event");
    assert!(rig.stage.deadline().is_some_and(|deadline| deadline > Instant::now()));
    assert_eq!(settled(rig.stage.flush(Instant::now() + Duration::from_secs(10))).len(), 1);

    assert_eq!(rig.ledger.committed(), text.len() as u64);
    assert_eq!(rig.stage.deadline(), None);
}

#[test]
fn an_event_that_is_too_large_is_cut_and_marked_and_its_rest_is_kept() {
    let part = "y".repeat(1 << 20);
    let text: String = (0..5).map(|_| format!("1Z stdout P {part}\n")).collect::<String>() + "1Z stdout F end\n";

    let events = whole(CRI, &text);

    let kept: usize = events.iter().map(|event| event.3.matches('y').count()).sum();
    assert_eq!(kept, 5 << 20, "nothing is lost");
    assert!(events.len() > 1);
}

/// Lines of containers: whole and partial, of both outputs, with traces in them, and a few of no format.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let text = prop_oneof![
        Just("x.FooException: boom".to_owned()),
        Just("\tat a.B(C.java:1)".to_owned()),
        Just("Caused by: y".to_owned()),
        "[a-z ]{0,12}",
    ];
    let line = (any::<bool>(), any::<bool>(), text, 0..20_u8).prop_map(|(stdout, partial, text, odd)| {
        let (stream, tag) = (if stdout { "stdout" } else { "stderr" }, if partial { "P" } else { "F" });
        if odd == 0 { "of no format".into() } else { format!("2023Z {stream} {tag} {text}") }
    });
    proptest::collection::vec(line, 1..60)
}

/// Borders between lines at which `text` is cut into parcels: a border behind every line whose number `cuts` names.
fn borders(text: &str, from: usize, cuts: &[bool]) -> Vec<usize> {
    let mut at = 0;
    let mut borders = Vec::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        at += line.len();
        if at > from && cuts[number % cuts.len()] {
            borders.push(at);
        }
    }
    if borders.last() != Some(&text.len()) {
        borders.push(text.len());
    }
    borders
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the borders of parcels, and wherever the agent is killed and reads again from the settled position: the
    /// store ends with exactly the events of one uninterrupted run, under the same ids.
    #[test]
    fn a_kill_between_any_two_lines_changes_nothing(
        lines in lines(),
        cuts in proptest::collection::vec(any::<bool>(), 1..20),
        kills in proptest::collection::vec(0_usize..12, 0..4),
        mode in prop_oneof![Just(CRI), Just(NESTED)],
    ) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let expected: BTreeSet<Event> = whole(mode, &text).into_iter().collect();
        let mut stored = BTreeSet::new();
        let mut position = 0;
        for kill in kills {
            let mut rig = Rig::new(mode, position as u64);
            let mut from = position;
            for to in borders(&text, position, &cuts).into_iter().take(kill) {
                stored.extend(rig.feed(&text, from, to));
                from = to;
            }
            position = usize::try_from(rig.ledger.committed()).expect("small");
        }
        let mut rig = Rig::new(mode, position as u64);
        let mut from = position;
        for to in borders(&text, position, &cuts) {
            if from < to {
                stored.extend(rig.feed(&text, from, to));
            }
            from = to;
        }
        stored.extend(settled(rig.stage.finish()));

        prop_assert_eq!(&stored, &expected);
        prop_assert_eq!(rig.ledger.committed(), text.len() as u64);
    }
}
