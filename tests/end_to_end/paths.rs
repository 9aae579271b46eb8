//! The paths that `make bench` measures, into a real store: what is stored is the input, field by field.
//!
//! Configurations are those of `benches/conf`. Only what this node needs beyond the sink is added: index, user, TLS. What
//! should be stored is worked out here from the corpus, line by line, with no code of the agent.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use serde_json::{Value, json};
use vigie_benches::conf;
use vigie_benches::corpus::{Corpus, Kind, Until};

use crate::support::{Node, Store, Workplace, run_to_end_with, shared_node};

const LINES: u64 = 4_000;

/// Sends a sample of `kind` along the path called `path` and gives the lines with the documents that the store has then.
fn ship(path: &str, kind: Kind) -> (Vec<String>, Vec<Value>) {
    let (node, index) = (shared_node(), format!("path-{path}"));
    let mut text = Vec::new();
    Corpus::new(kind, 7, 0).write_to(&mut text, Until::Lines(LINES)).expect("memory takes it");
    let text = String::from_utf8(text).expect("these kinds are text");
    let workplace = Workplace::new();
    workplace.append("bench.log", &text);
    workplace.write("parsers.conf", conf::PARSERS);
    let configuration = workplace.write("main.conf", &configuration(node, path, &index));
    let (log, db, port) = (workplace.path("bench.log"), workplace.path("bench.db"), node.port.to_string());
    let environment: [(&str, &OsStr); 4] =
        [(conf::LOG, log.as_ref()), (conf::DB, db.as_ref()), (conf::PORT, port.as_ref()), (conf::CA, node.ca.as_ref())];

    let (status, _, said) = run_to_end_with(&environment, &["-c".as_ref(), &configuration]);

    assert!(status.success(), "{path}: {said}");
    let documents = Store::of(node).documents(&index, &["*"]).into_values().collect();
    (text.lines().map(str::to_owned).collect(), documents)
}

fn configuration(node: &Node, path: &str, index: &str) -> String {
    let text = conf::named(path).expect("the path has a configuration");
    let here = text.replace("Index              bench", &format!("Index              {index}"));
    assert_ne!(here, text, "{path}: the index is named as it was");
    format!("{here}{}    HTTP_User          {}\n    HTTP_Passwd        {}\n", conf::TLS, node.user, node.password)
}

/// Fails with the first difference when the stored documents are not the expected ones, each as often.
fn assert_stored(path: &str, mut stored: Vec<Value>, mut expected: Vec<Value>) {
    assert_eq!(stored.len(), expected.len(), "{path}: documents stored, documents expected");
    stored.sort_by_cached_key(in_order);
    expected.sort_by_cached_key(in_order);
    for (stored, expected) in stored.iter().zip(&expected) {
        assert_eq!(stored, expected, "{path}");
    }
}

/// A document as text, its fields in the order of their names.
fn in_order(document: &Value) -> String {
    let fields: BTreeMap<_, _> = document.as_object().into_iter().flatten().collect();
    format!("{fields:?}")
}

/// `2026-11-21T00:00:00.123456Z` to the millisecond.
fn to_milliseconds(time: &str) -> String {
    let (seconds, fraction) = time.trim_end_matches('Z').split_once('.').expect("times of the corpus have a fraction");
    format!("{seconds}.{}Z", fraction.get(..3).expect("at least three digits"))
}

#[test]
fn raw_lines_are_stored_as_they_were() {
    let (lines, mut stored) = ship("raw-bulk", Kind::Json);

    for document in &mut stored {
        let time = document.as_object_mut().and_then(|document| document.remove("@timestamp"));
        assert!(time.is_some_and(|time| time.as_str().is_some_and(|time| time.ends_with('Z'))), "{document}");
    }
    assert_stored("raw-bulk", stored, lines.iter().map(|line| json!({ "log": line })).collect());
}

fn of_json(line: &str) -> Value {
    let mut document: Value = serde_json::from_str(line).expect("the corpus is JSON");
    let fields = document.as_object_mut().expect("a line is an object");
    let time = fields.remove("time").expect("a line has a time");
    fields.insert("@timestamp".to_owned(), to_milliseconds(time.as_str().expect("a time is text")).into());
    document
}

#[test]
fn json_lines_are_stored_field_by_field() {
    for path in ["json-bulk", "json-gzip"] {
        let (lines, stored) = ship(path, Kind::Json);

        assert_stored(path, stored, lines.iter().map(|line| of_json(line)).collect());
    }
}

/// The fields of a line in the combined format, by its separators.
fn of_nginx(line: &str) -> Value {
    let (head, rest) = line.split_once(" [").expect("a time in brackets");
    let (time, rest) = rest.split_once("] \"").expect("the end of the time");
    let head: Vec<&str> = head.split(' ').collect();
    let quoted: Vec<&str> = rest.split('"').collect();
    let request: Vec<&str> = quoted[0].split(' ').collect();
    let numbers: Vec<&str> = quoted[1].trim().split(' ').collect();
    let (day, clock) = time.split_once("/Nov/2026:").expect("the corpus begins in that month");
    let clock = clock.strip_suffix(" +0000").expect("the corpus is in UTC");
    json!({
        "@timestamp": format!("2026-11-{day}T{clock}.000Z"), "remote": head[0], "host": head[1], "user": head[2],
        "method": request[0], "path": request[1], "code": numbers[0], "size": numbers[1], "referer": quoted[2],
        "agent": quoted[4],
    })
}

#[test]
fn nginx_lines_are_stored_field_by_field() {
    let (lines, stored) = ship("nginx-gzip", Kind::Nginx);

    assert_stored("nginx-gzip", stored, lines.iter().map(|line| of_nginx(line)).collect());
}

/// The records of container lines: pieces are joined by stream until one is marked as the last. Time and mark are those of
/// the first piece, as in Fluent Bit.
fn of_cri(lines: &[String]) -> Vec<Value> {
    let mut open: BTreeMap<&str, Value> = BTreeMap::new();
    let mut records = Vec::new();
    for line in lines {
        let parts: Vec<&str> = line.splitn(4, ' ').collect();
        let (time, stream, mark, text) = (parts[0], parts[1], parts[2], parts[3]);
        let record = open.entry(stream).or_insert_with(
            || json!({"@timestamp": to_milliseconds(time), "time": time, "stream": stream, "_p": mark, "log": ""}),
        );
        let log = record["log"].as_str().unwrap_or_default().to_owned() + text;
        record["log"] = log.into();
        if mark == "F" {
            records.extend(open.remove(stream));
        }
    }
    records
}

#[test]
fn container_lines_are_stored_joined_and_field_by_field() {
    let (lines, stored) = ship("cri-gzip", Kind::Cri);

    assert_stored("cri-gzip", stored, of_cri(&lines));
}
