//! Lines that are read again: they are known as such, and keep the hour of the first time.

use super::*;

/// Texts, hours since midnight, and whether they may have been sent before.
fn hours(rig: &mut Rig) -> Vec<(String, i64, bool)> {
    let hour = |seen: Seen| (seen.text, (seen.time - MIDNIGHT).div_euclid(3_600), seen.again);
    rig.records().into_iter().map(hour).collect()
}

fn expected(lines: &[(&str, i64, bool)]) -> Vec<(String, i64, bool)> {
    lines.iter().map(|(text, hour, again)| ((*text).to_owned(), *hour, *again)).collect()
}

/// A rig that has read `a` before midnight and `b` and `c` behind it, of which nothing is settled.
fn over_midnight() -> Rig {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    WALL.set(MIDNIGHT - 10);
    rig.append("a.log", "a\n");
    rig.answer = Answer::Hold;
    rig.start();
    for (after, line) in [(1, "b\n"), (30, "c\n")] {
        WALL.set(MIDNIGHT + after);
        rig.append("a.log", line);
        rig.run();
    }
    assert_eq!(hours(&mut rig), expected(&[("a", -1, false), ("b", 0, false), ("c", 0, false)]));
    rig
}

#[test]
fn after_a_kill_lines_are_read_again_under_the_hour_they_were_read_in() {
    let mut rig = over_midnight();
    rig.kill();
    WALL.set(MIDNIGHT + 2 * 3_600);

    rig.start();

    assert_eq!(hours(&mut rig), expected(&[("a", -1, true), ("b", 0, true), ("c", 0, true)]));
    rig.append("a.log", "d\n");
    rig.run();
    assert_eq!(hours(&mut rig), expected(&[("d", 2, false)]), "it was not there before");
    rig.kill().start();
    assert_eq!(hours(&mut rig), expected(&[("a", -1, true), ("b", 0, true), ("c", 0, true), ("d", 2, true)]));
}

#[test]
fn within_the_hour_of_a_kill_lines_get_the_time_they_are_read_at() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    WALL.set(MIDNIGHT + 10);
    rig.append("a.log", "a\n");
    rig.answer = Answer::Hold;
    rig.start();
    rig.kill();
    rig.append("a.log", "written while it was down\n");
    WALL.set(MIDNIGHT + 3_000);
    rig.start();

    let times: Vec<i64> = rig.records().into_iter().map(|seen| seen.time - MIDNIGHT).collect();
    assert_eq!(times, [10, 3_000, 3_000]);
}

#[test]
fn after_a_stop_it_is_known_which_lines_were_never_read() {
    let mut rig = over_midnight();
    rig.stop().append("a.log", "d\n");
    WALL.set(MIDNIGHT + 2 * 3_600);

    rig.start();

    assert_eq!(hours(&mut rig), expected(&[("a", -1, true), ("b", 0, true), ("c", 0, true), ("d", 2, false)]));
}

#[test]
fn what_was_settled_before_a_stop_leaves_nothing_in_doubt() {
    let mut rig = over_midnight();
    rig.deliver_held().wait(2).stop().append("a.log", "d\n");
    rig.start();

    assert_eq!(hours(&mut rig), expected(&[("d", 0, false)]));
}

#[test]
fn lines_that_were_not_delivered_are_read_again_under_the_same_hour() {
    let mut rig = over_midnight();
    rig.answer = Answer::Drop;
    rig.append("a.log", "d\n");
    rig.run();
    WALL.set(MIDNIGHT + 3_600);
    rig.answer = Answer::Deliver;
    rig.records();

    rig.held.clear();
    rig.wait(30);

    assert_eq!(hours(&mut rig), expected(&[("a", -1, true), ("b", 0, true), ("c", 0, true), ("d", 0, true)]));
}

#[test]
fn a_content_that_begins_anew_was_never_read() {
    let mut rig = over_midnight();
    rig.kill().remove("a.log").append("a.log", "another\n");

    rig.start();

    assert_eq!(hours(&mut rig), expected(&[("another", 0, false)]));
}

#[test]
fn how_far_a_file_may_be_read_is_stored_before_it_is() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    let line = format!("{}\n", "x".repeat(999));
    rig.append("a.log", &line.repeat(30_000));
    rig.answer = Answer::Hold;
    let mut tail = rig.build();
    let outlet = rig.outlet();
    tail.start(outlet, rig.now);
    rig.tail = Some(tail);

    for _ in 0..30 {
        for work in rig.lend(Duration::ZERO) {
            rig.serve(work);
        }
        let read = rig.tail().files.values().map(|file| file.progress.offset).max().unwrap_or(0);
        let database = rusqlite::Connection::open(rig.path("state/tail.db")).expect("it opens");
        let reach: i64 =
            database.query_row("SELECT reach FROM vigie_files_1", [], |row| row.get(0)).expect("the row is there");
        assert!(reach.cast_unsigned() >= read, "{reach} {read}");
    }

    rig.records();
    rig.kill().start();
    assert!(rig.records().iter().all(|seen| seen.again));
}

#[test]
fn an_hour_is_stored_before_the_first_line_is_read_in_it() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    WALL.set(MIDNIGHT - 10);
    rig.append("a.log", "a\n");
    rig.start();
    // Nothing else is due to be stored within the next second.
    rig.tail().save(true);
    rig.answer = Answer::Hold;
    rig.records();
    WALL.set(MIDNIGHT);
    rig.append("a.log", "b\n");
    while hours(&mut rig).is_empty() {
        rig.turn(Duration::from_millis(25));
    }
    let saved = rig.tail().saved;
    assert!(rig.now.duration_since(saved) < Duration::from_secs(1));

    rig.kill();
    WALL.set(MIDNIGHT + 3_600);
    rig.start();

    assert_eq!(hours(&mut rig), expected(&[("b", 0, true)]));
}

#[test]
fn a_failed_sync_is_tried_again_although_no_file_moves() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "a\n");
    rig.start();
    rig.tail().is_unsynced = true;
    assert!(rig.tail().moved.is_empty());
    // Without its directory the database cannot be synced.
    fs::rename(rig.path("state"), rig.path("gone")).expect("renamed");
    rig.wait(1);
    assert!(rig.tail().is_unsynced);

    fs::rename(rig.path("gone"), rig.path("state")).expect("renamed");
    rig.wait(1);

    assert!(!rig.tail().is_unsynced);
    assert!(rig.tail().moved.is_empty());
}

#[test]
fn a_new_file_whose_row_cannot_be_stored_is_tried_again_a_second_later() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.start();
    let other = rusqlite::Connection::open(rig.path("state/tail.db")).expect("it opens");
    other.execute_batch("ALTER TABLE vigie_files_1 RENAME TO away").expect("renamed");
    rig.append("a.log", "a\n");
    rig.scan();
    assert!(rig.texts().is_empty());
    assert!(rig.tail().next_due() <= Duration::from_secs(1));

    other.execute_batch("ALTER TABLE away RENAME TO vigie_files_1").expect("renamed");
    rig.turn(Duration::from_secs(1)).run();

    assert_eq!(rig.texts(), ["a"]);
    assert!(rig.tail().next_due() > Duration::from_secs(1));
}
