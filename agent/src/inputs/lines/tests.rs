//! The stages as a whole: what comes out, whom it answers to, and that a kill between any two lines changes nothing.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use vigie_parsers::{Definition, Format};

use super::check::{Event, Rig, settled, whole};
use super::*;

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
    assert_eq!(settled(&rig.agent, rig.stage.flush(Instant::now() + Duration::from_secs(10))).len(), 1);

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
        check::kills(&text, &cuts, &kills, mode);
    }
}
