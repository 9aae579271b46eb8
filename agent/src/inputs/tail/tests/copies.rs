//! Logs that are copied and truncated, each copy over the one before.

use super::*;

/// As from cron: `cp app.log app.log.1; : > app.log`.
#[test]
fn what_is_copied_over_the_copy_before_comes_once() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "30")]);
    rig.append("a.log", &numbered(1, 10));
    rig.start().run();
    for round in 1..4 {
        rig.copy_and_truncate("a.log", "a.log.1");
        rig.scan();
        rig.run();
        rig.append("a.log", &numbered(10 * round + 1, 10 * round + 10));
        rig.wait(1).run();
    }

    assert_eq!(rig.texts(), (1..=40).map(|number| format!("line {number}")).collect::<Vec<_>>());
}

/// As while the agent is kept waiting: `cp app.log app.log.1; : > app.log`, twice. A copy that is made over another is as old as that.
#[test]
fn what_is_copied_twice_over_the_copy_before_between_two_looks_comes_once() {
    for rotate_wait in ["1", "30"] {
        let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", rotate_wait)]);
        rig.append("a.log", &numbered(1, 10));
        rig.start().run();
        rig.copy_and_truncate("a.log", "a.log.1");
        rig.scan().run();
        rig.append("a.log", &numbered(11, 20));
        rig.wait(1).run();
        rig.wait(5).run();

        rig.copy_and_truncate("a.log", "a.log.1");
        rig.append("a.log", &numbered(21, 25));
        rig.copy_and_truncate("a.log", "a.log.1");
        rig.append("a.log", &numbered(26, 30));
        rig.scan().run();
        rig.wait(1).run();
        rig.scan().run();
        rig.wait(40).stop();
        rig.start().wait(40);

        let mut texts = rig.texts();
        texts.sort_by_key(|text| text.strip_prefix("line ").and_then(|number| number.parse::<u32>().ok()));
        assert_eq!(texts, (1..=30).map(|number| format!("line {number}")).collect::<Vec<_>>(), "{rotate_wait}");
    }
}

/// The name of each copy goes on behind those of both logs. Which of them is looked for first is left to chance.
#[test]
fn logs_that_begin_alike_and_are_copied_over_twice_keep_their_names() {
    for round in 0..16 {
        let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
        let logs = ["app.log", "app-2.log"];
        let append = |rig: &Rig, word: &str| {
            for log in logs {
                rig.append(log, &format!("start\n{log} {word}\n"));
            }
        };
        let copy = |rig: &Rig| {
            for log in logs {
                rig.copy_and_truncate(log, &format!("{log}.1"));
            }
        };
        append(&rig, "one");
        rig.start().run();
        copy(&rig);
        append(&rig, "two");
        rig.scan().wait(5).run();
        copy(&rig);
        append(&rig, "three");
        copy(&rig);
        append(&rig, "four");
        rig.scan().wait(1).scan().wait(10);

        let records = rig.records().into_iter().filter(|seen| seen.text != "start");
        let mut found: Vec<_> = records.map(|seen| format!("{}: {}", seen.name, seen.text)).collect();
        found.sort();
        let of = |log: &str| ["four", "one", "three", "two"].map(|word| format!("{log}: {log} {word}"));
        assert_eq!(found, [of("app-2.log"), of("app.log")].concat(), "{round}");
    }
}

/// Its name goes on behind that of the log as that of a rotated file does.
#[test]
fn what_is_beside_a_log_and_no_copy_of_it_is_not_read_when_that_is_truncated() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a-1.log", "of another\n").append("a.log.2", "rotated long ago\n").append("a.log", &numbered(1, 3));
    rig.wait_for_births();
    rig.start().run();
    rig.copy_and_truncate("a.log", "a.log.1");
    rig.append("a-1.log", "of another\n").append("a.log.2", "edited\n").append("a.log", &numbered(4, 5));
    rig.scan().run();
    rig.append("a-1.log", "of another\n").append("a.log.2", "edited\n");
    rig.wait(1).run();
    rig.scan().wait(20);

    assert_eq!(rig.texts(), (1..=5).map(|number| format!("line {number}")).collect::<Vec<_>>());
}

/// As from cron: `cat app.log >> app.log.old; : > app.log`.
#[test]
fn what_is_appended_to_a_copy_comes_once_with_a_restart_too() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "30")]);
    rig.append("a.log", &numbered(1, 10));
    rig.start().run();
    rig.copy_and_truncate("a.log", "a.log.old");
    rig.scan();
    rig.append("a.log", &numbered(11, 20));
    rig.wait(1).run();
    rig.append("a.log.old", &numbered(11, 20));
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.scan();
    rig.wait(1).run();
    rig.wait(60).stop();
    rig.start().wait(60);

    assert_eq!(rig.texts(), (1..=20).map(|number| format!("line {number}")).collect::<Vec<_>>());
}

/// Its size was 0 before and is again.
#[test]
fn a_log_that_was_empty_is_read_from_its_copy_though_it_is_empty_again() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "");
    rig.start().wait(5);
    rig.append("a.log", &numbered(1, 10));
    rig.copy_and_truncate("a.log", "a.log.1");
    rig.scan();
    rig.wait(1).run();
    rig.scan();
    rig.wait(1).run();

    assert_eq!(rig.texts(), (1..=10).map(|number| format!("line {number}")).collect::<Vec<_>>());
}

/// As while the agent is kept waiting: the log was known as empty, and looked for often.
#[test]
fn what_came_and_went_behind_an_empty_log_is_read_from_its_copies() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 10));
    rig.start().run();
    rig.copy_and_truncate("a.log", "a.log.1");
    for _ in 0..5 {
        rig.scan();
        rig.run();
    }
    rig.append("a.log", &numbered(11, 20)).rename("a.log.1", "a.log.2").copy_and_truncate("a.log", "a.log.1");
    rig.append("a.log", &numbered(21, 30));
    for _ in 0..5 {
        rig.wait(1).run();
    }

    let mut texts = rig.texts();
    texts.sort();
    let mut expected: Vec<String> = (1..=30).map(|number| format!("line {number}")).collect();
    expected.sort();
    assert_eq!(texts, expected);
}

/// As PM2 names them, and others.
#[test]
fn copies_with_the_names_that_tools_give_are_known_as_copies() {
    let all = (1..=400).map(|number| format!("line {number}")).collect::<Vec<_>>();
    for (path, copy) in [
        ("a.log", "a__2026-11-30_00-00-00.log"),
        ("*.log", "a__2026-11-30_00-00-00.log"),
        ("*.log", "a-20261130.log"),
        ("*", "a.log.old.1"),
        ("*", "a.log.backup2"),
        ("*", "a.log@1"),
    ] {
        let mut rig = Rig::new(path, &[("read_from_head", "on"), ("rotate_wait", "1")]);
        rig.append("a.log", &numbered(1, 200));
        rig.start().wait(2);
        rig.append("a.log", &numbered(201, 300)).copy_and_truncate("a.log", copy);
        rig.scan().append("a.log", &numbered(301, 400));
        rig.wait(2).scan().wait(5);

        let mut texts = rig.texts();
        texts.sort_by_key(|text| text.strip_prefix("line ").and_then(|number| number.parse::<u32>().ok()));
        assert_eq!(texts, all, "{path} {copy}");
    }
}

/// As where a server is started twice: its name looks like that of a copy.
#[test]
fn a_log_that_begins_as_another_one_is_read() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.append("api.log", "listening\n");
    rig.start();
    rig.append("api-1.log", "listening\n");
    rig.scan();

    assert_eq!(rig.texts(), ["listening", "listening"]);
}

#[test]
fn a_log_that_is_truncated_without_a_copy_is_warned_of() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 10));
    rig.start().wait(2);
    let warnings = told("WARN", || {
        File::create(rig.path("a.log")).expect("it is truncated");
        rig.scan();
    });

    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("no copy of it is there"), "{warnings:#?}");
}
