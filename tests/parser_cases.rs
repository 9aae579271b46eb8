//! Built-in parsers as data: two lines for each, and what they give.
//!
//! `cases/parsers/NAME.txt` holds pairs: a line as a program writes it, and the time and the record that the parser NAME
//! makes of it. The time is in seconds since 1970, with a point and the digits that count, or `-` where the parser reads
//! none. All expectations are by hand.

#![allow(clippy::disallowed_methods, reason = "the cases are small files of our own")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigie::config::built_in_parsers;
use vigie::encode::json::push_record;
use vigie_parsers::batch::{Batch, Origin, Timestamp};
use vigie_parsers::{Parsed, Parser};

/// 2026-11-23T00:00:00Z: when the lines are read, for times without a year.
const NOW: Timestamp = Timestamp { seconds: 1_795_392_000, nanos: 7 };

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/parsers")
}

/// What `parser` makes of `line`, as the cases write it.
fn made(parser: &Arc<dyn Parser>, line: &str) -> String {
    let mut batch = Batch::default();
    let text = batch.store(line.as_bytes());
    let index = batch.push(NOW, Origin::default());
    let parsed = parser.parse(&mut batch, index, text);
    if parsed != Parsed::Fitted {
        return format!("{parsed:?}");
    }
    let mut members = Vec::new();
    push_record(batch.record(index), &mut members);
    let time = batch.record(index).time();
    let digits = format!("{:09}", time.nanos);
    let time = match (time == NOW, digits.trim_end_matches('0')) {
        (true, _) => "-".to_owned(),
        (false, "") => time.seconds.to_string(),
        (false, fraction) => format!("{}.{fraction}", time.seconds),
    };
    format!("{time} {{{}}}", String::from_utf8_lossy(&members))
}

#[test]
fn each_built_in_parser_reads_its_lines() {
    let parsers = built_in_parsers();
    let mut wrong = Vec::new();
    for name in parsers.names() {
        let path = folder().join(format!("{name}.txt"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name} has no cases: {error}"));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() >= 4 && lines.len().is_multiple_of(2), "{name}: two lines at least, and a record for each");

        for pair in lines.chunks(2) {
            let made = made(parsers.get(name).expect("it is named"), pair[0]);
            if made != pair[1] {
                wrong.push(format!("{name} of {}\n  gives {made}\n  not   {}", pair[0], pair[1]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_case_is_of_a_built_in_parser() {
    let parsers = built_in_parsers();
    let names: BTreeSet<String> = parsers.names().into_iter().map(|name| format!("{name}.txt")).collect();
    for entry in fs::read_dir(folder()).expect("the cases are there") {
        let file = entry.expect("it can be listed").file_name().into_string().expect("it is text");
        assert!(names.contains(&file), "{file} is of no parser");
    }
}
