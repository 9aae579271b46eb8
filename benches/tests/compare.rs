//! The comparison runner, with a shell script in place of the agent.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use vigie_benches::compare::{self, Options};
use vigie_benches::{Figure, Scenario};

/// Ships the lines of the configured file as one request, after `filter` has changed them.
fn fake_agent(folder: &Path, filter: &str) -> PathBuf {
    let script = format!(
        r#"#!/bin/bash
[ "$1" = -c ] || {{ echo "fake 1.0"; exit; }}
log=$BENCH_LOG port=$BENCH_PORT body=$2.body
grep -q 'Name  *null' "$2" && {{ wc -l <"$log"; exit; }}
{filter} "$log" | sed 's/^/{{"create":{{}}}}\n/' >"$body"
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'POST /_bulk HTTP/1.1\r\nConnection: close\r\nContent-Length: %s\r\n\r\n' "$(wc -c <"$body")" >&3
cat "$body" >&3
grep -q '"errors":false' <&3
"#
    );
    let path = folder.join("agent");
    fs::write(&path, script).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permitted");
    path
}

fn options(folder: &Path, filter: &str) -> Options {
    let scenarios = ["tail-null", "json-bulk"].map(|name| Scenario::named(name).expect("it is known"));
    Options {
        agent: fake_agent(folder, filter),
        bytes: 300_000,
        rounds: 2,
        cache: folder.join("cache"),
        scenarios: scenarios.to_vec(),
        figures: Vec::new(),
        seconds: None,
        peers: false,
        tls: false,
        full_items: false,
        limit: Duration::from_secs(30),
        record: Some(folder.join("record")),
    }
}

#[test]
fn an_agent_that_delivers_everything_once_passes_and_is_recorded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut printed = Vec::new();

    let is_sound = compare::run(&options(folder.path(), "cat"), &mut printed).expect("it runs");

    let printed = String::from_utf8_lossy(&printed);
    assert!(is_sound, "{printed}");
    assert!(printed.contains("| json-bulk | vigie |"), "{printed}");
    let mut endings: Vec<String> = fs::read_dir(folder.path().join("record"))
        .expect("a record")
        .map(|entry| entry.expect("an entry").path().extension().expect("an ending").to_string_lossy().into_owned())
        .collect();
    endings.sort_unstable();
    assert_eq!(endings, ["json", "md"]);
}

#[test]
fn an_agent_that_loses_or_doubles_a_line_fails() {
    for (filter, sign) in [("sed 5d", ", 1 lost, 0 doubled"), ("sed 7p", ", 0 lost, 1 doubled")] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut printed = Vec::new();

        let is_sound = compare::run(&options(folder.path(), filter), &mut printed).expect("it runs");

        let printed = String::from_utf8_lossy(&printed);
        assert!(!is_sound && printed.contains(sign), "{filter}: {printed}");
        assert!(printed.contains("vigie (not whole)"), "{filter}: {printed}");
    }
}

#[test]
fn an_agent_that_fails_is_a_row_and_not_the_end() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut printed = Vec::new();

    let is_sound =
        compare::run(&options(folder.path(), "echo the disk is full; exit 3; cat"), &mut printed).expect("it runs");

    let printed = String::from_utf8_lossy(&printed);
    assert!(!is_sound, "{printed}");
    assert!(printed.contains("FAILED: exit status: 3; the disk is full"), "{printed}");
}

#[test]
fn figures_stand_beside_what_is_asked_and_in_the_record() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let figures = ["start", "binary"].map(|name| Figure::named(name).expect("it is known")).to_vec();
    let options = Options { scenarios: Vec::new(), figures, ..options(folder.path(), "cat") };
    let mut printed = Vec::new();

    let is_sound = compare::run(&options, &mut printed).expect("it runs");

    let printed = String::from_utf8_lossy(&printed);
    assert!(is_sound, "{printed}");
    assert!(printed.contains("| start | median, ms | 15 | 5 | "), "{printed}");
    let mut record =
        fs::read_dir(folder.path().join("record")).expect("a record").map(|entry| entry.expect("one").path());
    let json = record.find(|path| path.extension().is_some_and(|ending| ending == "json")).expect("written");
    let record: Value = serde_json::from_reader(fs::File::open(json).expect("it is there")).expect("it is JSON");
    assert_eq!(record["figures"][0]["figure"], "start");
    assert!(record["figures"][0]["readings"]["median, ms"].as_f64().is_some_and(|median| median > 0.0), "{record}");
}

#[test]
fn an_agent_that_fails_where_a_log_is_live_has_lost_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let figures = vec![Figure::named("latency").expect("it is known")];
    let agent = options(folder.path(), "echo the disk is full; exit 3; cat");
    let options = Options { scenarios: Vec::new(), figures, seconds: Some(1), ..agent };
    let mut printed = Vec::new();

    let is_sound = compare::run(&options, &mut printed).expect("it runs");

    let printed = String::from_utf8_lossy(&printed);
    assert!(!is_sound, "{printed}");
    assert!(printed.contains("10000 lost, 0 doubled, 0 of 10000 documents"), "{printed}");
    assert!(printed.contains("FAILED: exit status: 3; the disk is full"), "{printed}");
}

#[test]
fn an_agent_that_ends_before_it_sends_has_no_start() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let figures = vec![Figure::named("start").expect("it is known")];
    let agent = options(folder.path(), "echo the disk is full; exit 3; cat");
    let options = Options { scenarios: Vec::new(), figures, ..agent };
    let mut printed = Vec::new();

    let is_sound = compare::run(&options, &mut printed).expect("it runs");

    let printed = String::from_utf8_lossy(&printed);
    assert!(!is_sound && printed.contains("FAILED: nothing came; the disk is full"), "{printed}");
}
