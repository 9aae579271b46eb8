//! Time formats, directive by directive: `tests/cases/time/directives.tsv` holds formats, texts and the time that they tell.

#![allow(clippy::disallowed_methods, reason = "the cases are a small file of our own")]

use std::fs;
use std::path::Path;

use vigie_parsers::batch::Timestamp;
use vigie_parsers::time::{Context, TimeFormat, Zone};

/// 2026-11-21T10:00:00Z.
const NOW: i64 = 1_795_255_200;

/// The time that `text` tells by `format` with `option`, as the cases write it.
fn told(format: &str, text: &str, option: &str) -> String {
    let compiled = if option == "lenient" { TimeFormat::lenient(format) } else { TimeFormat::new(format) };
    let mut format = match compiled {
        Ok(format) => format,
        Err(error) => return format!("error {error}"),
    };
    if let Some(rule) = option.strip_prefix("zone ") {
        format = format.in_zone(Zone::from_posix(rule).expect("these are rules"));
    }
    let offset = option.strip_prefix("offset ").map_or(0, |offset| offset.parse().expect("seconds"));
    match format.parse(text.as_bytes(), &Context { now: NOW, offset }) {
        None => "none".into(),
        Some(Timestamp { seconds, nanos: 0 }) => seconds.to_string(),
        Some(Timestamp { seconds, nanos }) => format!("{seconds}.{nanos:09}").trim_end_matches('0').to_owned(),
    }
}

#[test]
fn each_directive_reads_what_it_reads_in_fluent_bit() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/time/directives.tsv");
    let table = fs::read_to_string(path).expect("the cases are there");
    let mut rows = 0;
    let mut wrong = Vec::new();

    for row in table.lines().filter(|row| !row.starts_with("# ")) {
        let columns: Vec<&str> = row.split('\t').collect();
        let (format, text, wanted) = (columns[0], columns[1].replace("\\t", "\t"), columns[2]);
        let told = told(format, &text, columns.get(3).copied().unwrap_or_default());
        if told != wanted {
            wrong.push(format!("{row}\n  gives {told}"));
        }
        rows += 1;
    }

    assert!(rows >= 200, "{rows}");
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
