//! The stages as a whole: what comes out, whom it answers to, and that a kill between any two lines changes nothing.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use vigie_parsers::multiline::{FLUSH_AFTER, Machine, Rule, Rules};
use vigie_parsers::{Definition, FieldType, Format};

mod memory;
mod succession;

use super::check::{Event, Rig, built_in, settled, whole};
use super::*;
use crate::config::{CommandLine, Diagnostics, Environment, load};

#[test]
fn a_line_that_its_parser_gives_up_is_kept_as_text_and_counted() {
    let regex = Some(r"^(?=(?<run>(?:a+)+)$)".into());
    let definition = Definition { format: Format::Regex, regex, ..Definition::default() };
    let mut rig = Rig::new(&LineOptions { parser: definition.build().ok(), ..check::plain() }, 0);
    let long = format!("{}!", "a".repeat(64));
    let text = format!("{long}\naa\nb\n{long}\n");

    let documents = documents(rig.feed(&text, 0, text.len()));

    let kept = format!(r#"{{"log":"{long}"}}"#);
    assert_eq!(documents, [kept.as_str(), r#"{"run":"aa"}"#, r#"{"log":"b"}"#, kept.as_str()]);
    assert_eq!((rig.stream.metrics.parser_given_up.get(), rig.stream.metrics.parser_failed.get()), (2, 3));
}

/// What the built-in parsers `names` make of `text`.
fn joined(names: &[&str], text: &str) -> Vec<String> {
    documents(whole(&built_in(names), text))
}

fn documents(events: Vec<Event>) -> Vec<String> {
    events.into_iter().map(|event| event.3).collect()
}

#[test]
fn partial_lines_are_joined_per_output_as_in_fluent_bit() {
    let text = "2023Z stdout P part1 \n2023Z stderr F other\n2023Z stdout F part2\nplain\n";
    let other = r#"{"time":"2023Z","stream":"stderr","_p":"F","log":"other"}"#;
    let whole = r#"{"time":"2023Z","stream":"stdout","_p":"P","log":"part1 part2"}"#;
    assert_eq!(joined(&["cri"], text), [other, whole, r#"{"log":"plain"}"#]);

    // A line of no format ends what is open.
    let text = "2023Z stdout P part1 \nplain\n2023Z stdout F part2\n";
    let parts = ["P\",\"log\":\"part1 ", "F\",\"log\":\"part2"];
    let [one, two] = parts.map(|part| format!(r#"{{"time":"2023Z","stream":"stdout","_p":"{part}"}}"#));
    assert_eq!(joined(&["cri"], text), [&one, r#"{"log":"plain"}"#, &two]);
}

#[test]
fn blank_lines_in_no_format_of_a_runtime_are_none() {
    for names in [&["cri"][..], &["docker"], &["docker", "cri"], &["cri", "java"], &["docker", "java"]] {
        assert_eq!(joined(names, "plain\n\n\nx\n"), [r#"{"log":"plain"}"#, r#"{"log":"x"}"#], "{names:?}");
    }
}

#[test]
fn a_time_of_a_runtime_that_does_not_fit_is_counted_whatever_joins_its_lines() {
    let text = "2024-05-01T10:00:00.5Z stdout F a\n2024-05-01T10:00:01Z stdout F b\nx stdout F c\n";
    for names in [&["cri"][..], &["cri", "java"], &["docker", "cri"]] {
        let mut rig = Rig::new(&built_in(names), 0);
        rig.feed(text, 0, text.len());
        let metrics = &rig.stream.metrics;
        assert_eq!((metrics.parser_unclear_time.get(), metrics.parser_failed.get()), (2, 2), "{names:?}");
    }
}

#[test]
fn an_unfinished_part_of_a_trace_inside_of_container_lines_goes_on_with_it_when_it_is_given_out() {
    let text = "1Z stdout F x.FooException: boom\n1Z stdout P \tat a\n";
    let trace = r#"{"time":"1Z","stream":"stdout","_p":"F","log":"x.FooException: boom\n\tat a"}"#;
    assert_eq!(joined(&["cri", "java"], text), [trace]);
    let mut rig = Rig::new(&built_in(&["cri", "java"]), 0);
    let mut events = rig.feed(text, 0, text.len());
    for seconds in [5, 10] {
        events.extend(settled(&rig.agent, rig.stage.flush(Instant::now() + Duration::from_secs(seconds))));
    }

    assert_eq!(documents(events), [trace]);
    assert_eq!((rig.ledger.committed(), rig.stage.deadline()), (text.len() as u64, None));
}

#[test]
fn an_unfinished_part_that_does_not_go_on_with_its_trace_comes_behind_it() {
    let text = "1Z stdout F x.FooException: boom\n1Z stdout P y.BarException: b\n1Z stderr P c\n";
    let line = |(stream, tag, log): (&str, &str, &str)| {
        format!(r#"{{"time":"1Z","stream":"{stream}","_p":"{tag}","log":"{log}"}}"#)
    };
    let lines = [("stdout", "F", "x.FooException: boom"), ("stdout", "P", "y.BarException: b"), ("stderr", "P", "c")];

    assert_eq!(joined(&["cri", "java"], text), lines.map(line));
}

#[test]
fn traces_are_joined_and_text_ends_with_a_newline() {
    let text = "start\n\nx.FooException: boom\n\tat a.B(C)\nCaused by: y\nend\n";

    assert_eq!(
        joined(&["java"], text),
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
        joined(&["cri", "java"], text),
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
    let mut rig = Rig::new(&built_in(&["java"]), 0);

    assert_eq!(rig.feed(text, 0, text.len()).len(), 1);
    assert_eq!(rig.ledger.committed(), 4, "what is before the event is settled");
    assert!(rig.stage.deadline().is_some_and(|deadline| deadline > Instant::now()));
    assert_eq!(settled(&rig.agent, rig.stage.flush(Instant::now() + Duration::from_secs(10))).len(), 1);

    assert_eq!(rig.ledger.committed(), text.len() as u64);
    assert_eq!(rig.stage.deadline(), None);
}

#[test]
fn an_event_that_is_too_large_is_cut_and_marked_and_its_rest_is_kept() {
    let part = "y".repeat(1 << 20);
    let text: String = (0..5).map(|_| format!("1Z stdout P {part}\n")).collect::<String>() + "1Z stdout F end\n";

    let events = whole(&built_in(&["cri"]), &text);

    let kept: usize = events.iter().map(|event| event.3.matches('y').count()).sum();
    assert_eq!(kept, 5 << 20, "nothing is lost");
    assert!(events.len() > 1);
}

/// The event whose text is `log`, of a runtime's line.
fn docker(log: &str, stream: &str, time: &str) -> String {
    format!(r#"{{"log":"{log}","stream":"{stream}","time":"{time}"}}"#)
}

#[test]
fn parts_of_docker_are_joined_per_output_and_traces_in_them_too() {
    let lines = [
        docker("a ", "stdout", "2024-01-01T00:00:01.5"),
        docker("x.FooException: boom\\n", "stderr", "2024-01-01T00:00:02"),
        docker("b c\\n", "stdout", "2024-01-01T00:00:03"),
        "no docker".into(),
        docker("\\tat a.", "stderr", "2024-01-01T00:00:04"),
        docker("B(C)\\n", "stderr", "2024-01-01T00:00:05"),
        docker("end\\n", "stderr", "2024-01-01T00:00:06"),
    ];
    let text = lines.join("\n") + "\n";
    let whole = docker("a b c\\n", "stdout", "2024-01-01T00:00:01.5");
    let plain = r#"{"log":"no docker"}"#.to_owned();
    let end = lines[6].clone();

    let parts = docker("\\tat a.B(C)\\n", "stderr", "2024-01-01T00:00:04");
    assert_eq!(joined(&["docker"], &text), [&lines[1], &whole, &plain, &parts, &end].map(Clone::clone));
    // A line of no format ends what is open.
    let expected = [whole, lines[1].clone(), plain, parts, end];
    assert_eq!(joined(&["docker", "java"], &text), expected);
    let text = text.replace("no docker\n", "");
    let trace = docker("x.FooException: boom\\n\\tat a.B(C)\\n", "stderr", "2024-01-01T00:00:02");
    assert_eq!(joined(&["docker", "java"], &text), [expected[0].clone(), trace, expected[4].clone()]);
}

#[test]
fn each_line_is_taken_apart_by_the_parser_that_fits() {
    let text = format!("2023Z stdout P a\n{}\n2023Z stdout F b\n", docker("x\\n", "stdout", "t"));

    let cri = r#"{"time":"2023Z","stream":"stdout","_p":"P","log":"a"}"#.to_owned();
    let rest = r#"{"time":"2023Z","stream":"stdout","_p":"F","log":"b"}"#.to_owned();
    assert_eq!(joined(&["docker", "cri"], &text), [cri, docker("x\\n", "stdout", "t"), rest]);
}

#[test]
fn rules_of_users_join_lines_and_say_when_an_event_is_over() {
    let rule = |from: &str, regex: &str, to: &str| Rule { from: from.into(), regex: regex.into(), to: to.into() };
    let rules = [
        rule("start_state", r"/^\d{4}-/", "cont"),
        rule("cont", r"/^\s+at/", "cont"),
        rule("cont", "^end", "start_state"),
    ];
    let machine = Machine::Rules(Rules::new(&rules).expect("they are valid"));
    let multiline = Multiline::new(vec![Arc::new(MultilineParser::new("own", machine))], 1 << 20);
    let text = "2024-01 first\n  at x\nunrelated\n\n2024-02 a\nend\nend\n2024-03 b\n";

    let expected = ["2024-01 first\\n  at x", "unrelated", "2024-02 a\\nend", "end", "2024-03 b"];
    let expected = expected.map(|log| format!(r#"{{"log":"{log}\n"}}"#));
    assert_eq!(documents(whole(&LineOptions { multiline, ..check::plain() }, text)), expected);
}

#[test]
fn a_trace_that_is_too_large_is_cut_and_marked() {
    let mut options = built_in(&["python"]);
    options.multiline.largest = 64;
    let text = format!("Traceback (most recent call last):\n{}", "  File \"a\"\n    b\n".repeat(4));
    let mut rig = Rig::new(&options, 0);

    let events = rig.feed(&text, 0, text.len());

    assert_eq!(rig.stream.metrics.multiline_truncated.get(), 1);
    let lines: usize = events.iter().map(|event| event.3.matches("\\n").count()).sum();
    assert_eq!(lines, 9, "nothing is lost");
}

#[test]
fn an_event_waits_as_long_as_the_flush_timeout_of_its_parser() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.conf");
    let section = "[MULTILINE_PARSER]\n  Name m\n  Type endswith\n  Match_String ;\n";
    for (flush_timeout, early, late) in [("  Flush_Timeout 1000\n", 500, 1500), ("", 3500, 4500)] {
        std::fs::write(&file, format!("{section}{flush_timeout}")).expect("written");
        let line = CommandLine { config: Some(file.clone()), ..CommandLine::default() };
        let loaded = load(&line, Environment::default(), &mut Diagnostics::default());
        let own = Arc::clone(loaded.parsers.multiline("m").expect("it is defined"));
        let options = LineOptions { multiline: Multiline::new(vec![own], 1 << 20), ..check::plain() };
        let mut rig = Rig::new(&options, 0);

        assert_eq!(rig.feed("a\n", 0, 2), []);
        let mut after = |wait| settled(&rig.agent, rig.stage.flush(Instant::now() + Duration::from_millis(wait))).len();
        assert_eq!((after(early), after(late)), (0, 1), "{flush_timeout}");
    }
}

/// The wait for the next part counts for the trace that it begins, or goes on with.
#[test]
fn waits_of_parts_and_of_the_traces_in_them_do_not_add_up() {
    let text = "1Z stdout P x.FooException: boom\n";
    let begun = "1Z stdout F x.FooException: boom\n1Z stdout P \tat a\n";
    let of_docker = docker("x.FooException: boom", "stdout", "1") + "\n";
    for (names, text) in [(["cri", "java"], text), (["cri", "java"], begun), (["docker", "java"], &of_docker)] {
        let mut rig = Rig::new(&built_in(&names), 0);
        rig.feed(text, 0, text.len());

        let late = Instant::now() + FLUSH_AFTER;
        let events: usize = (0..2).map(|_| settled(&rig.agent, rig.stage.flush(late)).len()).sum();
        assert_eq!((events, rig.stage.deadline()), (1, None), "{text}");
    }
}

#[test]
fn an_event_inside_of_another_one_is_no_place_to_read_again_from() {
    let lines = ["stdout P \tat a", "stderr F x.FooException: boom", "stdout F b", "stdout F end"];
    let text: String = lines.iter().map(|line| format!("2023Z {line}\n")).collect();

    for parcels in 0..=lines.len() {
        check::kills(&text, &[true], &[parcels], &built_in(&["docker", "cri", "java"]));
    }
}

/// A parser of `regex`.
fn regex(regex: &str) -> Arc<dyn Parser> {
    let definition = Definition { format: Format::Regex, regex: Some(regex.into()), ..Definition::default() };
    definition.build().expect("it is valid")
}

/// Lines that a date begins are events; `k=v` in others is a field of them.
fn first_line(largest: usize) -> LineOptions {
    let (first, more) = (regex(r"^(?<day>\d+) (?<text>.*)$"), vec![regex("^k=(?<k>.*)$"), regex("^t=(?<text>.*)$")]);
    let rules = FirstLine { first, more, flush_after: Duration::from_secs(4), largest };
    LineOptions { older: Some(Older::FirstLine(rules)), ..check::plain() }
}

#[test]
fn a_first_line_takes_the_lines_below_it_as_fields_and_text() {
    let cases: &[(&str, &[&str])] = &[
        ("7 a\n  b\n\nc\n8 d\n", &[r#"{"day":"7","text":"a\n  b\n\nc"}"#, r#"{"day":"8","text":"d"}"#]),
        ("7 a\nb\nk=v\nc\nt=z\nd\n", &[r#"{"day":"7","k":"v\nc","text":"z\nd"}"#]),
        ("x\nk=v\n7 a\n", &[r#"{"log":"x"}"#, r#"{"log":"k=v"}"#, r#"{"day":"7","text":"a"}"#]),
    ];
    for (text, expected) in cases {
        assert_eq!(documents(whole(&first_line(1000), text)), *expected, "{text}");
    }
}

#[test]
fn a_first_line_that_does_not_end_with_text_leaves_the_lines_below_it_alone() {
    let types = vec![("n".to_owned(), FieldType::Integer)];
    let regex = Some(r"^(?<n>\d+)$".to_owned());
    let first = Definition { format: Format::Regex, regex, types, ..Definition::default() }.build().expect("valid");
    let rules = FirstLine { first, more: Vec::new(), flush_after: Duration::from_secs(4), largest: 1000 };
    let options = LineOptions { older: Some(Older::FirstLine(rules)), ..check::plain() };

    assert_eq!(documents(whole(&options, "7\na\n")), [r#"{"log":"a"}"#, r#"{"n":7}"#]);
}

#[test]
fn an_event_of_a_first_line_is_cut_where_it_is_too_large_and_nothing_is_lost() {
    let mut rig = Rig::new(&first_line(16), 0);
    let text = "7 aaaaaaaa\nbbbbbbbb\ncccc\n";

    let events = documents(rig.feed(text, 0, text.len()));

    assert_eq!(events, [r#"{"day":"7","text":"aaaaaaaa\nbbbbbbbb"}"#, r#"{"log":"cccc"}"#]);
    assert_eq!(rig.stream.metrics.multiline_truncated.get(), 1);
}

/// Lines of Docker's, put together and parsed; with `first`, events of lines that it begins.
fn docker_mode(first: Option<&str>) -> LineOptions {
    let rules = Docker { first: first.map(regex), flush_after: Duration::from_secs(4), largest: 1 << 20 };
    let parser = Some(vigie_parsers::json::JsonParser::shared());
    LineOptions { older: Some(Older::Docker(rules)), parser, ..check::plain() }
}

#[test]
fn docker_mode_puts_lines_together_per_output_and_keeps_the_rest_of_the_last_part() {
    let lines = [
        docker("a\\\"", "stdout", "1"),
        docker("x", "stderr", "2"),
        docker("b\\n", "stdout", "3"),
        docker("whole\\n", "stdout", "4"),
        "of no format".into(),
        docker("open", "stdout", "5"),
    ];
    let text = lines.join("\n") + "\n";

    let joined = docker("a\\\"b\\n", "stdout", "3");
    let plain = r#"{"log":"of no format"}"#.to_owned();
    let expected = [joined, lines[3].clone(), lines[1].clone(), plain, lines[5].clone()];
    assert_eq!(documents(whole(&docker_mode(None), &text)), expected);
    let unparsed = LineOptions { parser: None, ..docker_mode(None) };
    let log = r#"{"log":"{\"log\":\"ab\\n\"}"}"#;
    assert_eq!(documents(whole(&unparsed, "{\"log\":\"a\"}\n{\"log\":\"b\\n\"}\n")), [log]);
}

#[test]
fn docker_mode_with_a_parser_joins_whole_lines_until_the_next_first_one() {
    let logs = ["7 a\\n", " at", " b\\n", "8 c\\n", "9 d\\n"];
    let text: String = logs.iter().map(|log| docker(log, "stdout", "1") + "\n").collect();

    let expected = ["7 a\\n at b\\n", "8 c\\n", "9 d\\n"].map(|log| docker(log, "stdout", "1"));
    assert_eq!(documents(whole(&docker_mode(Some(r#"^\{"log":"(?<n>\d)"#)), &text)), expected);
}

/// The time is `docker_mode_flush` or `multiline_flush`, 4 seconds in both.
#[test]
fn what_the_older_ways_hold_is_given_out_after_its_time() {
    let part = docker("a", "stdout", "1");
    for (options, line) in [(docker_mode(None), part.as_str()), (first_line(1000), "7 a")] {
        let text = format!("{line}\n");
        let mut rig = Rig::new(&options, 0);

        assert_eq!(rig.feed(&text, 0, text.len()), []);
        assert_eq!(rig.ledger.committed(), 0);
        assert_eq!(settled(&rig.agent, rig.stage.flush(Instant::now() + Duration::from_secs(3))), []);
        assert_eq!(settled(&rig.agent, rig.stage.flush(Instant::now() + Duration::from_secs(5))).len(), 1);
        assert_eq!((rig.ledger.committed(), rig.stage.deadline()), (text.len() as u64, None));
    }
}

#[test]
fn the_position_waits_at_the_start_of_an_open_event_whatever_joins_it() {
    let whole = docker("a\\n", "stdout", "1");
    let (part, trace) = (docker("b", "stdout", "1"), docker("x.FooException: b\\n", "stdout", "1"));
    let cases: &[(LineOptions, &str, &str)] = &[
        (built_in(&["cri"]), "1Z stdout F a", "1Z stdout P b"),
        (built_in(&["cri", "java"]), "1Z stdout F a", "1Z stdout F x.FooException: b"),
        (built_in(&["cri", "java"]), "1Z stdout F a", "1Z stdout P x.FooException: b"),
        (built_in(&["docker"]), &whole, &part),
        (built_in(&["docker", "java"]), &whole, &trace),
        (first_line(1000), "a", "7 b"),
        (first_line(1000), "7 a", "7 b"),
        (docker_mode(None), &whole, &part),
        (docker_mode(Some(r#"^\{"log":"(?<n>x)"#)), &whole, &trace),
    ];
    for (options, before, open) in cases {
        for together in [true, false] {
            let (text, start) = (format!("{before}\n{open}\n"), before.len() + 1);
            let mut rig = Rig::new(options, 0);
            let mut events = if together { Vec::new() } else { rig.feed(&text, 0, start) };
            events.extend(rig.feed(&text, if together { 0 } else { start }, text.len()));

            assert_eq!((events.len(), rig.ledger.committed()), (1, start as u64), "{text}");
            assert!(rig.stage.deadline().is_some(), "{text}");
        }
    }
}

/// The first part of one trace comes while the one before is open, and ends it.
#[test]
fn reading_may_begin_again_where_a_trace_of_parts_follows_on_another() {
    let runtime = ["1Z stdout P x.Foo", "1Z stdout F Exception: b"].map(str::to_owned);
    let docker = [docker("x.Foo", "stdout", "1"), docker("Exception: b\\n", "stdout", "1")];
    for (options, event) in [(["cri", "java"], runtime), (["docker", "java"], docker)] {
        let text = format!("{}\n{}\n", event[0], event[1]);
        for borders in [&[3][..], &[1, 3], &[2, 3], &[1, 2, 3]] {
            let mut rig = Rig::new(&built_in(&options), 0);
            let (mut events, mut from) = (0, 0);
            for to in borders.iter().map(|many| text.len() * many) {
                events += rig.feed(&text.repeat(3), from, to).len();
                from = to;
            }

            assert_eq!((events, rig.ledger.committed()), (2, text.len() as u64 * 2), "{text} {borders:?}");
        }
    }
}

#[test]
fn a_part_inside_of_another_line_is_no_place_to_read_again_from() {
    let parts =
        [("a", "stdout"), ("b", "stderr"), ("a\\n", "stdout"), ("c", "stdout"), ("b\\n", "stderr"), ("c\\n", "stdout")];
    let text: String = parts.iter().map(|(log, stream)| docker(log, stream, "1") + "\n").collect();

    for parcels in 0..=parts.len() {
        check::kills(&text, &[true], &[parcels], &docker_mode(None));
    }
}

#[test]
fn a_part_that_was_held_comes_behind_other_lines_and_none_of_them_is_a_place_to_read_again_from() {
    let text = "2023Z stdout P x.FooException: boom\n2023Z stderr F x.FooException: boom\nof no format\nof no format\n\
                2023Z stdout F \tat a.B(C.java:1)\n2023Z stdout F \nof no format\n";

    check::kills(text, &[false], &[1], &built_in(&["cri", "java"]));
}

#[test]
fn a_line_of_no_format_ends_the_traces_of_all_streams_and_keeps_its_place() {
    let text = "2023Z stdout F x.FooException: boom\n2023Z stderr P y.FooException: boom\nof no format\n\
                2023Z stdout F \tat a.B(C.java:1)\n";

    let events = check::whole(&built_in(&["cri", "java"]), text);
    let places: Vec<u64> = events.iter().map(|event| event.0).collect();
    assert_eq!(places, [0, 36, 72, 85], "{events:?}");
}

/// What joins lines in the runs that are killed.
const MODES: &[&[&str]] = &[&["cri"], &["cri", "java"], &["docker", "cri"], &["docker", "cri", "java"]];

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
        mode in 0..MODES.len(),
    ) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        check::kills(&text, &cuts, &kills, &built_in(MODES[mode]));
    }

    /// Wherever the agent stops in order, each line comes once.
    #[test]
    fn over_a_stop_between_any_two_lines_each_comes_once(
        lines in lines(),
        cuts in proptest::collection::vec(any::<bool>(), 1..20),
        stops in proptest::collection::vec(0_usize..12, 0..4),
        mode in 0..MODES.len(),
    ) {
        let text: String = lines.iter().enumerate().map(|(number, line)| format!("{line} #{number}#\n")).collect();
        check::stops(&text, &cuts, &stops, &built_in(MODES[mode]));
    }
}

/// Lines of the older ways: first lines, fields and text, and parts of Docker's.
fn older_lines() -> impl Strategy<Value = Vec<String>> {
    let log = prop_oneof![Just("a"), Just("b\\n"), Just("7 c\\n")];
    let line = prop_oneof![
        "[78] [a-z]{0,3}",
        "k=[a-z]{0,3}",
        "[ a-z]{0,3}",
        (log, any::<bool>()).prop_map(|(log, out)| docker(log, if out { "stdout" } else { "stderr" }, "1")),
    ];
    proptest::collection::vec(line, 1..60)
}

/// `line` with `number` in its text, and its newline. What a later line may write over is made other text.
fn numbered(line: &str, number: usize) -> String {
    let line = line.trim_start_matches("k=");
    let Some((log, rest)) = line.split_once("\",\"stream") else { return format!("{line} #{number}#\n") };
    let (log, end) = log.strip_suffix("\\n").map_or((log, ""), |log| (log, "\\n"));
    format!("{log}#{number}#{end}\",\"stream{rest}\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The same of the older ways of joining lines.
    #[test]
    fn a_kill_between_any_two_lines_changes_nothing_in_the_older_ways(
        lines in older_lines(),
        cuts in proptest::collection::vec(any::<bool>(), 1..20),
        kills in proptest::collection::vec(0_usize..12, 0..4),
        mode in 0..3,
    ) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let options = match mode {
            0 => first_line(1 << 20),
            1 => docker_mode(None),
            _ => docker_mode(Some(r#"^\{"log":"(?<n>7)"#)),
        };
        check::kills(&text, &cuts, &kills, &options);
        let text: String = lines.iter().enumerate().map(|(number, line)| numbered(line, number)).collect();
        check::stops(&text, &cuts, &kills, &options);
    }
}
