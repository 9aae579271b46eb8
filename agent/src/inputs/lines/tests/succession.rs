//! A stream that goes on in another one, as a log does after its rotation: what is open passes on, wherever the agent is killed.

use std::collections::BTreeSet;

use super::super::check::{Event, Rig, built_in, own, plain, settled, whole};
use super::*;
use crate::plugin::{Passed, Succession};
use crate::receipts::Signal;

/// A log and the one that came after its rotation, and how many parcels are handed on before the agent is killed.
struct Run<'a> {
    rig: Rig,
    texts: [&'a str; 2],
    cuts: &'a [bool],
    left: usize,
    stored: BTreeSet<Event>,
}

impl<'a> Run<'a> {
    fn new(mode: &LineOptions, texts: [&'a str; 2], (cuts, left): (&'a [bool], usize), position: u64) -> Self {
        Self { rig: Rig::new(mode, position), texts, cuts, left, stored: BTreeSet::new() }
    }

    /// Feeds text number `at` from `from` on.
    fn feed(&mut self, at: usize, from: u64) {
        let text = self.texts[at];
        let mut start = usize::try_from(from).expect("texts are small");
        let mut end = 0;
        for (line, cut) in text.split_inclusive('\n').zip(self.cuts.iter().cycle()) {
            end += line.len();
            if end > start && (*cut || end == text.len()) && self.left > 0 {
                self.left -= 1;
                self.stored.extend(self.rig.feed(text, start, end));
                start = end;
            }
        }
    }

    /// Goes on with the next stream, which is settled up to `position`. Gives the ledger of the one before.
    fn succeed(&mut self, position: u64) -> Arc<Ledger> {
        let rig = &mut self.rig;
        let before = &*rig.stream;
        let to = Arc::new(Stream {
            id: before.id + 1,
            name: before.name.clone(),
            input: Arc::clone(&before.input),
            metrics: Arc::clone(&before.metrics),
            birth: 1,
            identity: Vec::new().into(),
            stage: Arc::clone(&before.stage),
            sent_below: 0.into(),
        });
        let ledger = std::mem::replace(&mut rig.ledger, Ledger::new(position, Signal::default()));
        let (from, end) = (std::mem::replace(&mut rig.stream, Arc::clone(&to)), self.texts[0].len() as u64);
        let passed = Passed::default();
        let succession = Succession { from, ledger: Arc::clone(&ledger), end, to, epoch: 0, passed };
        if !rig.stage.succeed(&succession) {
            rig.stage = (rig.stream.stage)(&rig.stream);
        }
        ledger
    }

    /// Reads both from the positions that are stored, and gives those that are stored then: nothing of the second is while
    /// something of the first is to come.
    fn go(&mut self, [first, second]: [u64; 2]) -> [u64; 2] {
        let end = self.texts[0].len() as u64;
        self.feed(0, first);
        if self.left == 0 {
            return [self.rig.ledger.committed(), second];
        }
        let before = self.succeed(second);
        self.feed(1, second);
        if self.left > 0 {
            self.stored.extend(settled(&self.rig.agent, self.rig.stage.finish()));
            assert_eq!((before.committed(), self.rig.ledger.committed()), (end, self.texts[1].len() as u64));
        }
        match before.committed() {
            settled if settled < end => [settled, 0],
            settled => [settled, self.rig.ledger.committed()],
        }
    }
}

fn texts_of(events: impl IntoIterator<Item = Event>) -> Vec<String> {
    let mut texts: Vec<String> = events.into_iter().map(|event| event.3).collect();
    texts.sort();
    texts
}

/// What comes of both, read at once.
fn at_once(mode: &LineOptions, texts: [&str; 2]) -> BTreeSet<Event> {
    let mut run = Run::new(mode, texts, (&[true], usize::MAX), 0);
    run.go([0, 0]);
    run.stored
}

#[test]
fn parts_and_traces_are_joined_across_a_rotation() {
    for (names, texts, expected) in [
        (
            vec!["cri"],
            ["1Z stdout P a\n1Z stderr P x\n", "2Z stdout F b\n2Z stderr F y\n2Z stdout F c\n"],
            vec!["\"log\":\"ab\"", "\"log\":\"xy\"", "\"log\":\"c\""],
        ),
        (
            vec!["cri", "java"],
            ["1Z stdout F FooException: boom\n1Z stdout P \tat a.", "2Z stdout F b(C)\n2Z stdout F end\n"],
            vec![r#""log":"FooException: boom\n\tat a.b(C)""#, "\"log\":\"end\""],
        ),
        (
            vec!["java"],
            ["FooException: boom\n", "\tat a.B(C)\nend\n"],
            vec![r#""log":"FooException: boom\n\tat a.B(C)\n""#],
        ),
        (vec!["docker"], ["{\"log\":\"a\"}\n", "{\"log\":\"b\\n\"}\n"], vec![r#""log":"ab\n""#]),
    ] {
        let first = if texts[0].ends_with('\n') { texts[0].to_owned() } else { format!("{}\n", texts[0]) };
        let events = texts_of(at_once(&built_in(&names), [&first, texts[1]]));

        for part in &expected {
            assert!(events.iter().any(|event| event.contains(part)), "{names:?}: {part} in {events:?}");
        }
    }
}

#[test]
fn what_did_not_go_on_is_known_by_the_stream_that_it_came_in() {
    let mode = built_in(&["java"]);
    let alone: Vec<Event> = whole(&mode, "FooException: boom\n");

    let both = at_once(&mode, ["FooException: boom\n", "end\n"]);

    assert!(both.contains(&alone[0]), "{both:?}");
}

#[test]
fn the_stream_before_is_settled_once_the_event_is_and_not_earlier() {
    let texts = ["1Z stdout P a\n", "2Z stdout P b\n2Z stdout F c\n3Z stdout F d\n"];
    let mut run = Run::new(&built_in(&["cri"]), texts, (&[true], usize::MAX), 0);
    run.feed(0, 0);
    let before = run.succeed(0);

    run.left = 1;
    run.feed(1, 0);
    assert_eq!((before.committed(), run.rig.ledger.committed()), (0, 0));
    run.left = 1;
    run.feed(1, 14);

    assert_eq!((before.committed(), run.rig.ledger.committed()), (14, 28));
    assert_eq!(texts_of(run.stored), [r#"{"time":"1Z","stream":"stdout","_p":"P","log":"abc"}"#]);
}

/// What was delivered before an event that passed on does not wait for it: an orderly stop does not read it again.
#[test]
fn the_stream_before_is_settled_up_to_what_passed_on() {
    for mode in [built_in(&["cri", "java"]), built_in(&["docker", "cri", "java"])] {
        let texts = ["1Z stdout F a\n2Z stdout F x.FooException: b\n", "3Z stdout F \tat c\n4Z stdout F d\n"];
        let mut run = Run::new(&mode, texts, (&[true], usize::MAX), 0);
        let first = run.rig.read(texts[0], 0, texts[0].len());
        let before = run.succeed(0);
        settled(&run.rig.agent, first);
        assert_eq!(before.committed(), 14);

        run.left = 1;
        run.feed(1, 0);
        assert_eq!((before.committed(), run.rig.ledger.committed()), (14, 0));
        run.left = 1;
        run.feed(1, 18);
        assert_eq!((before.committed(), run.rig.ledger.committed()), (texts[0].len() as u64, texts[1].len() as u64));
    }
}

#[test]
fn with_the_events_of_a_stream_those_that_it_took_over_are_not_delivered() {
    let texts = ["1Z stdout P a\n", "2Z stdout P b\n"];
    let mut run = Run::new(&built_in(&["cri"]), texts, (&[true], usize::MAX), 0);
    run.feed(0, 0);
    let before = run.succeed(0);
    run.feed(1, 0);

    run.rig.stage = (run.rig.stream.stage)(&run.rig.stream);

    assert_eq!((before.take_rewind(), run.rig.ledger.take_rewind()), (Some(0), Some(0)));
}

/// All ways of joining lines, by number.
fn mode(number: usize) -> LineOptions {
    let older = |older: Older| LineOptions { older: Some(older), ..plain() };
    let regex = |regex: &str| {
        let definition = Definition { format: Format::Regex, regex: Some(regex.into()), ..Definition::default() };
        definition.build().expect("it is valid")
    };
    let (flush_after, largest) = (Duration::from_secs(4), 1 << 20);
    match number {
        0 => built_in(&["cri"]),
        1 => built_in(&["cri", "java"]),
        2 => built_in(&["java"]),
        3 => own(true),
        4 => own(false),
        5 => built_in(&["docker"]),
        6 => built_in(&["docker", "java"]),
        7 => older(Older::Docker(Docker { first: None, flush_after, largest })),
        _ => older(Older::FirstLine(FirstLine {
            first: regex(r"^(?<log>\d.*)$"),
            more: Vec::new(),
            flush_after,
            largest,
        })),
    }
}

/// Lines that mean something to one of the ways.
const LINES: [&str; 12] = [
    "1Z stdout P a",
    "1Z stdout F b",
    "1Z stderr P x",
    "1Z stderr F y",
    "1Z stdout F FooException: boom",
    "1Z stdout F \tat a.B(C)",
    "FooException: a boom",
    "\tat a.B(C)",
    "1 end",
    r#"{"log":"part","stream":"stdout"}"#,
    r#"{"log":"FooException: boom\n","stream":"stdout"}"#,
    r#"{"log":"\tat a.B(C)\n","stream":"stderr"}"#,
];

/// The lines of these numbers. No two of those that are numbered from another number on are the same.
fn text(lines: &[usize], from: usize) -> String {
    let numbered = |(at, line): (usize, &usize)| {
        let number = from + at;
        LINES[*line].replacen('1', &number.to_string(), 1).replacen('a', &format!("a{number}"), 1) + "\n"
    };
    lines.iter().enumerate().map(numbered).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// A rotation changes nothing of what comes out.
    #[test]
    fn a_rotation_joins_as_if_there_were_none(
        number in 0_usize..9,
        first in proptest::collection::vec(0_usize..12, 0..8),
        second in proptest::collection::vec(0_usize..12, 0..8),
    ) {
        let (mode, first, second) = (mode(number), text(&first, 1), text(&second, 21));

        let events = at_once(&mode, [&first, &second]);

        prop_assert_eq!(texts_of(events), texts_of(whole(&mode, &(first + &second))));
    }

    /// Neither does a kill, wherever it comes, given that the positions of both are stored together.
    #[test]
    fn a_kill_around_a_rotation_changes_nothing(
        number in 0_usize..9,
        first in proptest::collection::vec(0_usize..12, 0..8),
        second in proptest::collection::vec(0_usize..12, 0..8),
        cuts in proptest::collection::vec(any::<bool>(), 1..6),
        kills in proptest::collection::vec(0_usize..8, 0..4),
    ) {
        let (mode, first, second) = (mode(number), text(&first, 1), text(&second, 21));
        let expected = at_once(&mode, [&first, &second]);

        let (mut stored, mut positions) = (BTreeSet::new(), [0, 0]);
        for left in kills.into_iter().chain([usize::MAX]) {
            let mut run = Run::new(&mode, [&first, &second], (&cuts, left), positions[0]);
            positions = run.go(positions);
            stored.append(&mut run.stored);
        }

        prop_assert_eq!(stored, expected);
        prop_assert_eq!(positions, [first.len() as u64, second.len() as u64]);
    }
}
