//! A host where Fluent Bit left chunks that it had not delivered, seen from outside.

#![allow(clippy::disallowed_methods, reason = "the files are small and our own")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// A chunk of one event `{"n": number}` under `tag`, in a file of one page.
fn chunk(tag: &str, number: u8) -> Vec<u8> {
    let metadata = [b"\xf1\x77\x00\x00", tag.as_bytes()].concat();
    let length = u16::try_from(metadata.len()).expect("short").to_be_bytes();
    let event = [0x92, 0x92, 0xd7, 0, 0x65, 0x53, 0xf1, 0, 0, 0, 0, 0, 0x80, 0x81, 0xa1, b'n', number];
    let mut bytes = [b"\xc1\x00".as_slice(), &[0; 20], &length, &metadata, &event].concat();
    bytes.resize(4096, 0);
    bytes
}

fn vigie(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    let output = command.current_dir(folder).args(arguments).output().expect("it runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn chunks_are_told_by_check_and_delivered_by_a_start_past_the_filters() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("state/tail.0")).expect("made");
    fs::write(path("state/tail.0/1-1700000000.1.flb"), chunk("app", 7)).expect("written");
    fs::write(path("state/tail.0/1-1700000000.2.flb"), chunk("other", 8)).expect("written");
    fs::write(path("app.log"), "a line\n").expect("written");
    let configuration = "
[SERVICE]
    storage.path    state
[INPUT]
    Name            tail
    Tag             app
    Path            app.log
    Read_from_Head  on
    Exit_On_Eof     on
[FILTER]
    Name            record_modifier
    Match           *
    Record          filtered yes
[OUTPUT]
    Name            file
    Match           app
    Path            .
    File            out
    Format          plain
";
    fs::write(path("vigie.conf"), configuration).expect("written");

    let (is_good, told) = vigie(folder.path(), &["check", "vigie.conf"]);
    assert!(is_good && told.contains("2 chunks that Fluent Bit left in `state`"), "{told}");
    let (is_good, log) = vigie(folder.path(), &["-c", "vigie.conf"]);

    assert!(is_good, "{log}");
    let out = fs::read_to_string(path("out")).expect("it was written");
    let mut lines: Vec<&str> = out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [r#"{"log":"a line","filtered":"yes"}"#, r#"{"n":7}"#]);
    let left: Vec<_> = fs::read_dir(path("state/tail.0")).expect("there").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["1-1700000000.2.flb"], "{log}");
    assert!(log.contains("no output matches the tag of this chunk"), "{log}");
}
