//! Dead letters, listed, shown, counted, sent again and thrown away, seen from outside.

#![allow(clippy::disallowed_methods, reason = "the files are small and our own")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Three letters: two of `store`, of which one was written long ago, and one of `other`.
const LETTERS: [(&str, &str, &str, u8); 3] = [
    ("store", "2020-01-01T00:00:00.000Z", "mapper_parsing_exception", 1),
    ("store", "2099-01-01T00:00:00.000Z", "illegal_argument_exception", 2),
    ("other", "2099-01-01T00:00:00.000Z", "mapper_parsing_exception", 3),
];

fn prepare(folder: &Path) {
    fs::create_dir_all(folder.join("state/dlq")).expect("made");
    for output in ["store", "other"] {
        let lines = LETTERS.iter().filter(|letter| letter.0 == output).map(|(output, ts, kind, number)| {
            format!(
                r#"{{"ts":"{ts}","output":"{output}","action":"create","index":"logs","id":"a{number}","status":400,"error":{{"type":"{kind}","reason":"no {number}"}},"attempts":0,"source":{{"input":"tail.0","path":"/var/log/app.log","offset":{number}}},"tag":"app","document":{{"n":{number}}}}}"#
            ) + "\n"
        });
        fs::write(folder.join(format!("state/dlq/{output}.ndjson")), lines.collect::<String>()).expect("written");
    }
    let configuration = "[SERVICE]\n    storage.path state\n[INPUT]\n    Name tail\n    Path app.log\n    DB tail.db\n[OUTPUT]\n    Name opensearch\n    Alias store\n    \
                         Match *\n    Write_To sent\n[OUTPUT]\n    Name null\n    Alias other\n    Match *\n";
    fs::write(folder.join("vigie.conf"), configuration).expect("written");
}

fn dlq(folder: &Path, arguments: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    let output = command.current_dir(folder).arg("dlq").args(arguments.split_whitespace()).output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn letters_are_listed_shown_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path());

    let (is_good, all) = dlq(folder.path(), "ls -b state");
    assert!(is_good && all.lines().count() == 3, "{all}");
    let (_, old) = dlq(folder.path(), "ls -c vigie.conf --output store --older-than 7d");
    assert!(old.lines().count() == 1 && old.contains("mapper_parsing_exception  /var/log/app.log:1"), "{old}");
    let key = old.split_whitespace().next().expect("a key");
    let (is_good, letter) = dlq(folder.path(), &format!("show {key} -b state"));
    assert!(is_good && letter.contains("reason    no 1\n") && letter.ends_with("\n{\"n\":1}\n"), "{letter}");
    let (_, counted) = dlq(folder.path(), "stats -b state --reason mapper");
    assert!(counted.lines().count() == 3 && counted.contains("2 letters in all"), "{counted}");
    let (is_good, none) = dlq(folder.path(), "ls");
    assert!(!is_good && none.contains("-b DIR"), "{none}");
}

#[test]
fn what_is_stored_again_is_done_and_is_not_sent_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path());

    let (is_good, told) = dlq(folder.path(), "replay -c vigie.conf --output store");

    assert!(is_good && told.contains("2 letters stored, 0 refused"), "{told}");
    let sent = fs::read_dir(folder.path().join("sent")).expect("there").flatten();
    let sent: String = sent.map(|entry| fs::read_to_string(entry.path()).expect("text")).collect();
    let item = |n| format!("{{\"create\":{{\"_index\":\"logs\",\"_id\":\"a{n}\"}}}}\n{{\"n\":{n}}}\n");
    assert_eq!(sent, item(1) + &item(2));
    assert!(!folder.path().join("tail.db").exists(), "nothing but the output is made");
    let (_, again) = dlq(folder.path(), "replay -c vigie.conf --output store");
    assert!(again.contains("0 letters stored"), "{again}");
    assert_eq!(dlq(folder.path(), "ls -b state").1.lines().count(), 1);
    assert_eq!(dlq(folder.path(), "ls -b state --done").1.lines().count(), 2);

    let (is_good, told) = dlq(folder.path(), "purge -b state --done");
    assert!(is_good && told.contains("2 letters thrown away"), "{told}");
    assert!(dlq(folder.path(), "stats -b state").1.ends_with("1 letters in all\n"));
}

#[test]
fn a_store_that_does_not_answer_leaves_letters_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path());
    let path = folder.path().join("vigie.conf");
    let text = fs::read_to_string(&path).expect("written").replace("Write_To sent", "Port 1");
    fs::write(&path, text).expect("written");

    let (is_good, told) = dlq(folder.path(), "replay -c vigie.conf --output store --limit 1");

    assert!(!is_good && told.contains("0 letters stored") && told.contains("not taken now"), "{told}");
    assert_eq!(dlq(folder.path(), "ls -b state").1.lines().count(), 3);
    let (is_good, told) = dlq(folder.path(), "replay -c vigie.conf --to nobody");
    assert!(!is_good && told.contains("no output is called `nobody`"), "{told}");
}

#[test]
fn what_is_thrown_away_is_named_by_age_or_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path());

    assert!(!dlq(folder.path(), "purge -b state").0);
    let (is_good, told) = dlq(folder.path(), "purge -b state --older-than 30d --reason mapper");

    assert!(is_good && told.contains("1 letters thrown away"), "{told}");
    assert_eq!(dlq(folder.path(), "ls -b state").1.lines().count(), 2);
}

#[test]
fn strict_retention_sets_untagged_records_aside_behind_redact_and_ships_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let classes = "[RETENTION_CLASS]\n    Name short\n    Max_Age 30d\n";
    // `redact` comes last: even so nothing is set aside in the clear.
    let configuration = "[SERVICE]\n    storage.path state\n    Flush 0.2\n[INPUT]\n    Name tail\n    Tag app\n    Path app.log\n    Read_from_Head On\n    \
                         Exit_On_Eof On\n    DB tail.db\n[FILTER]\n    Name retention\n    Match *\n    Rule matches $log ^keep short\n    Strict On\n\
                         [FILTER]\n    Name redact\n    Match *\n    Preset rgpd-strict\n[OUTPUT]\n    Name file\n    Alias out\n    Match *\n    Path .\n    File out\n    Format plain\n";
    fs::write(folder.path().join("vigie.conf"), format!("{configuration}{classes}")).expect("written");
    fs::write(folder.path().join("app.log"), "keep 1\nfrom jane@example.org\nkeep 2\n").expect("written");

    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
        command.current_dir(folder.path()).args(["-c", "vigie.conf"]).output().expect("it runs")
    };
    let told = run();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));

    let shipped = fs::read_to_string(folder.path().join("out")).expect("shipped");
    assert!(shipped.lines().count() == 2 && !shipped.contains("from"), "{shipped}");
    let letters = fs::read_to_string(folder.path().join("state/dlq/out.ndjson")).expect("set aside");
    assert!(letters.lines().count() == 1 && letters.contains("from "), "{letters}");
    assert!(letters.contains("no retention class") && !letters.contains("jane"), "{letters}");
    // It is answered for: the position has passed it.
    run();
    let again = fs::read_to_string(folder.path().join("state/dlq/out.ndjson")).expect("set aside");
    assert_eq!(again.lines().count(), 1, "{again}");
}
