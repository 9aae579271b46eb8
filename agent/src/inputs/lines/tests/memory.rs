//! Many streams whose events are open at once: what they hold stays within the budget, and no line is lost.

use super::super::check::{Rig, built_in};
use super::*;
use crate::plugin::Memory;

const STREAMS: usize = 30;
const LINES: usize = 100;
/// Bytes that each line brings into its event.
const TEXT: usize = 4_000;

/// Ways to join lines, and line `number` of an event that does not end.
type Endless = (&'static str, fn() -> LineOptions, fn(usize) -> String);

fn text() -> String {
    "z".repeat(TEXT)
}

const ENDLESS: &[Endless] = &[
    ("parts of a container", || built_in(&["cri"]), |_| format!("1Z stdout P {}", text())),
    (
        "a trace inside of a container",
        || built_in(&["cri", "java"]),
        |number| match number {
            0 => format!("1Z stdout F x.FooException: {}", text()),
            _ => format!("1Z stdout F \tat {}", text()),
        },
    ),
    (
        "parts of lines of a trace",
        || built_in(&["cri", "java"]),
        |number| match number {
            0 => format!("1Z stdout F x.FooException: {}", text()),
            1..50 => format!("1Z stdout F \tat {}", text()),
            _ => format!("1Z stdout P \tat {}", text()),
        },
    ),
    (
        "a trace",
        || built_in(&["java"]),
        |number| match number {
            0 => format!("x.FooException: {}", text()),
            _ => format!("\tat {}", text()),
        },
    ),
    ("parts of Docker's", || built_in(&["docker"]), |_| docker(&text(), "stdout", "1")),
    (
        "a trace inside of Docker's",
        || built_in(&["docker", "java"]),
        |number| match number {
            0 => docker(&format!("x.FooException: {}\\n", text()), "stdout", "1"),
            _ => docker(&format!("\\tat {}\\n", text()), "stdout", "1"),
        },
    ),
    ("docker mode", || docker_mode(None), |_| docker(&text(), "stdout", "1")),
    (
        "lines behind a first one",
        || first_line(1 << 20),
        |number| match number {
            0 => format!("7 {}", text()),
            _ => text(),
        },
    ),
];

fn texts_in(events: &[Event]) -> usize {
    events.iter().map(|event| event.3.bytes().filter(|byte| *byte == b'z').count()).sum()
}

#[test]
fn open_events_of_many_streams_stay_within_the_budget_and_lose_no_line() {
    for (name, options, line) in ENDLESS {
        let (memory, options) = (Memory::new(0), options());
        let lines: Vec<String> = (0..LINES).map(|number| line(number) + "\n").collect();
        let (mut open, mut most) = (0, 0);
        let mut rigs = Vec::new();
        for stream in 0..STREAMS {
            let mut rig = Rig::new(&options, 0);
            rig.memory = memory.clone();
            // Of one to ten parcels.
            let lines = &lines[..10 + stream * 30 % LINES];
            let (text, mut from) = (lines.concat(), 0);
            for parcel in lines.chunks(10) {
                let to = from + parcel.concat().len();
                let events = rig.feed(&text, from, to);
                open = open + parcel.len() * TEXT - texts_in(&events);
                most = most.max(open);
                from = to;
            }
            rigs.push((rig, text.len()));
        }

        assert!(most > 100 * TEXT, "{name}: events are open, {most} bytes");
        assert!(most <= memory.most_withheld(), "{name}: {most} bytes are held");
        assert!(memory.withheld() >= open, "{name}: {open} bytes are held, {} counted", memory.withheld());
        let cut: u64 = rigs.iter().map(|(rig, _)| rig.stream.metrics.multiline_truncated.get()).sum();
        assert!(cut > 0, "{name}: events are cut, and counted");
        for (mut rig, end) in rigs {
            open -= texts_in(&settled(&rig.agent, rig.stage.finish()));
            assert_eq!(rig.ledger.committed(), end as u64, "{name}");
        }
        assert_eq!((open, memory.withheld()), (0, 0), "{name}");
    }
}

#[test]
fn small_events_find_room_beside_large_ones() {
    let memory = Memory::new(0);
    let endless = format!("1Z stdout P {}\n", text()).repeat(LINES);
    let large: Vec<Rig> = (0..STREAMS).map(|_| fed(&memory, &endless)).collect();

    let small = fed(&memory, "1Z stdout P a\n");

    assert!(large.iter().all(|rig| rig.stream.metrics.multiline_truncated.get() > 0));
    assert_eq!(small.stream.metrics.multiline_truncated.get(), 0);
}

/// A stream of a container that has handed on `text`, and has its memory from `memory`.
fn fed(memory: &Memory, text: &str) -> Rig {
    let mut rig = Rig::new(&built_in(&["cri"]), 0);
    rig.memory = memory.clone();
    let (lines, mut from): (Vec<&str>, _) = (text.split_inclusive('\n').collect(), 0);
    for parcel in lines.chunks(10) {
        let to = from + parcel.concat().len();
        rig.feed(text, from, to);
        from = to;
    }
    rig
}
