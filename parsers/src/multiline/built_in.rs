//! The multiline parsers that need no definition.

use std::sync::Arc;

use super::{Machine, MultilineParser, Rule, Rules, Until};
use crate::definition::{Definition, Format};
use crate::parser::Parser;

/// From, pattern and to.
type Text = (&'static str, &'static str, &'static str);

/// # Source
/// The rules are those of Fluent Bit, which has them from Google's detector of exceptions.
const PYTHON: &[Text] = &[
    ("start_state", r"/^Traceback \(most recent call last\):$/", "python"),
    ("python", r"/^[\t ]+File /", "python_code"),
    ("python_code", r"/[^\t ]/", "python"),
    ("python", r"/^(?:[^\s.():]+\.)*[^\s.():]+:/", "start_state"),
];

const GO: &[Text] = &[
    ("start_state", r"/\bpanic: /", "go_after_panic"),
    ("start_state", r"/http: panic serving/", "go_goroutine"),
    ("go_after_panic, go_after_signal, go_frame_1", r"/^$/", "go_goroutine"),
    ("go_after_panic", r"/^\[signal /", "go_after_signal"),
    ("go_goroutine", r"/^goroutine \d+ \[[^\]]+\]:$/", "go_frame_1"),
    ("go_frame_1", r"/^(?:[^\s.:]+\.)*[^\s.():]+\(|^created by /", "go_frame_2"),
    ("go_frame_2", r"/^\s/", "go_frame_1"),
];

const RUBY: &[Text] = &[
    ("start_state", r"/^.+:\d+:in\s+.*/", "ruby_after_exception"),
    ("ruby_after_exception, ruby", r"/^\s+from\s+.*:\d+:in\s+.*/", "ruby"),
];

/// `docker`, `cri`, `java`, `python`, `go` and `ruby`.
pub fn built_in() -> Vec<MultilineParser> {
    vec![
        runtime("docker", Format::Json, (Until { text: b"\n".to_vec(), is_whole: false, negate: false }, None)),
        runtime("cri", Format::CriPiece, (Until { text: b"F".to_vec(), is_whole: true, negate: false }, Some("_p"))),
        MultilineParser::new("java", Machine::Java),
        rules("python", PYTHON),
        rules("go", GO),
        rules("ruby", RUBY),
    ]
}

/// Lines of a runtime, whose parts are joined under `log`, per output.
fn runtime(name: &str, format: Format, (until, pattern): (Until, Option<&str>)) -> MultilineParser {
    MultilineParser {
        parser: Some(taken_apart(format)),
        key_content: Some("log".into()),
        key_pattern: pattern.map(Into::into),
        key_group: Some("stream".into()),
        is_cri: format == Format::CriPiece,
        ..MultilineParser::new(name, Machine::Until(until))
    }
}

fn taken_apart(format: Format) -> Arc<dyn Parser> {
    let zone = if format == Format::CriPiece { "%z" } else { "" };
    let time_format = Some(format!("%Y-%m-%dT%H:%M:%S.%L{zone}"));
    let definition = Definition { format, time_format, time_keep: true, ..Definition::default() };
    definition.build().expect("the time format is valid")
}

fn rules(name: &str, texts: &[Text]) -> MultilineParser {
    let rule = |(from, regex, to): &Text| Rule { from: (*from).into(), regex: (*regex).into(), to: (*to).into() };
    let rules: Vec<Rule> = texts.iter().map(rule).collect();
    MultilineParser::new(name, Machine::Rules(Rules::new(&rules).expect("the built-in rules are valid")))
}
