//! Restarts: what is stored, what is lost, what another agent left.

use super::*;

#[test]
fn after_a_kill_what_was_not_settled_is_read_again_with_the_same_ids() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.start().wait(2);
    rig.answer = Answer::Hold;
    rig.append("a.log", "two\nthree\n");
    rig.run();
    let before = rig.records();

    rig.kill();
    rig.answer = Answer::Deliver;
    rig.start();

    assert_eq!(ids(&rig.records()), ids(&before)[1..]);
}

#[test]
fn without_its_state_an_agent_gives_the_same_ids_again() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 10));
    rig.start().stop();
    let before = rig.records();
    fs::remove_dir_all(rig.path("state")).expect("it is removed");
    rig.append("a.log", &numbered(11, 500));

    rig.start();

    assert_eq!(ids(&rig.records())[..10], ids(&before));
}

#[test]
fn nothing_is_read_twice_and_nothing_is_missed_over_a_stop() {
    let mut rig = Rig::new("*.log", &[]);
    rig.append("a.log", "before\n").append("empty.log", "");
    rig.start().stop();
    rig.append("a.log", "a while it was down\n").append("empty.log", "b while it was down\n");

    rig.start();

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["a while it was down", "b while it was down"]);
    rig.stop().start();
    assert_eq!(rig.texts(), [""; 0]);
}

#[test]
fn files_renamed_twice_while_the_agent_was_down_are_read_to_their_end() {
    // Where the first look would begin at the end, what followed on a known file is read from its head all the same.
    let mut rig = Rig::new("a.log", &[]);
    rig.start();
    rig.append("a.log", "a1\n");
    rig.scan().wait(2).kill();

    rig.append("a.log", "a2\n").rename("a.log", "a.log.1");
    std::thread::sleep(Duration::from_millis(20));
    rig.append("a.log", "b1\n").rename("a.log.1", "a.log.2").rename("a.log", "a.log.1");
    std::thread::sleep(Duration::from_millis(20));
    rig.append("a.log", "c1\n");
    rig.start();

    let seen = rig.records();
    let mut texts: Vec<_> = seen.iter().map(|seen| (seen.text.as_str(), seen.name.as_str())).collect();
    texts.sort_unstable();
    assert_eq!(texts, [("a1", "a.log"), ("a2", "a.log"), ("b1", "a.log"), ("c1", "a.log")]);
    rig.wait(10).stop().start();
    assert_eq!(rig.texts(), [""; 0], "and only once");
    assert_eq!(rig.open_files(), 1, "what was read to its end stays closed");
}

#[test]
fn what_was_renamed_away_while_no_agent_ran_is_found_beside_a_known_file_alone() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log.1", "before the first start\n");
    std::thread::sleep(Duration::from_millis(20));
    rig.append("a.log", "a1\n");
    rig.start().wait(2).stop();
    assert_eq!(rig.texts(), ["a1"]);

    for (line, name) in [("b1\n", "a.log.2"), ("compressed\n", "a.log.3.gz"), ("elsewhere\n", "state/a.log.4")] {
        std::thread::sleep(Duration::from_millis(20));
        rig.append("a.log.new", line).rename("a.log.new", name);
    }
    rig.start();

    assert_eq!(rig.texts(), ["b1"]);
}

#[test]
fn a_file_truncated_while_the_agent_was_down_is_read_on_in_its_copy() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 10));
    rig.start().wait(2).kill();
    let first = rig.records();
    rig.append("a.log", &numbered(11, 20)).copy_and_truncate("a.log", "a.log.1").append("a.log", "new\n");

    rig.start();

    let seen = rig.records();
    let rest: Vec<_> = seen.iter().filter(|seen| seen.text != "new").collect();
    assert_eq!((seen.len(), rest.len()), (11, 10));
    assert_eq!(rest[0].id[..28], first[0].id[..28]);
    // Killed again before the copy is let go: it goes on there.
    rig.wait(2).kill().start();
    assert_eq!(rig.texts(), [""; 0]);
}

#[test]
fn the_copy_is_read_on_though_more_was_written_since_than_had_been_read() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 2));
    rig.start().wait(2);
    rig.append("a.log", &numbered(3, 4)).copy_and_truncate("a.log", "a.log.1");
    rig.stop();
    rig.append("a.log", "another line\nand more of them\n");
    rig.texts();

    rig.start().wait(10);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["and more of them", "another line", "line 3", "line 4"]);
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
}

#[test]
fn what_took_the_place_of_what_was_read_right_before_a_stop_is_no_proof_of_it() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "line 1\n");
    rig.start();
    rig.copy_and_truncate("a.log", "a.log.1").append("a.log", "line 2\n");
    rig.stop();

    rig.start().wait(10);

    assert_eq!(rig.texts(), ["line 1", "line 2"]);
}

#[test]
fn a_log_that_is_gone_at_a_start_is_told_of_once() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "a1\n");
    rig.start().wait(2).stop();
    rig.append("a.log", "a2\n").remove("a.log").append("a.log", "b1\n");

    rig.begin();
    assert_eq!(rig.metrics.abandoned_contents.get(), 0, "it may only be renamed at this moment");
    rig.run();
    assert_eq!(rig.metrics.abandoned_contents.get(), 1);
    rig.stop();
    rig.start().wait(2).wait(2);
    assert_eq!(rig.metrics.abandoned_contents.get(), 1);
    assert_eq!(rig.texts(), ["a1", "b1"]);
}

#[test]
fn a_log_that_comes_back_before_it_is_told_of_is_read_on() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "a1\n");
    rig.start().wait(2).stop();
    rig.append("a.log", "a2\n");
    fs::create_dir(rig.path("else")).expect("it is made");
    rig.rename("a.log", "else/a.log");
    rig.begin();
    rig.rename("else/a.log", "a.log.1");
    rig.run();

    assert_eq!(rig.texts(), ["a1", "a2"]);
    assert_eq!(rig.metrics.abandoned_contents.get(), 0);
}

#[test]
fn a_rotated_log_that_was_read_to_its_end_is_not_told_of_when_it_is_gone() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "a1\n");
    rig.start().wait(2);
    rig.rename("a.log", "a.log.1").append("a.log", "b1\n");
    rig.scan().wait(20).stop();
    rig.remove("a.log.1");
    rig.start().wait(2).wait(2);

    assert_eq!(rig.texts(), ["a1", "b1"]);
    assert_eq!(rig.metrics.abandoned_contents.get(), 0);
}

/// From a backup, or on another disk: its inode is another one.
#[test]
fn a_log_that_was_restored_goes_on_where_it_was() {
    for is_gone in [true, false] {
        let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
        rig.append("a.log", &numbered(1, 200));
        rig.start().wait(2).stop();
        fs::copy(rig.path("a.log"), rig.path("other")).expect("it is copied");
        if is_gone {
            rig.remove("a.log");
        } else {
            // It is a log of its own that begins as the one before.
            rig.rename("a.log", "a.log.1");
        }
        rig.rename("other", "a.log").append("a.log", "line 201\n");
        rig.texts();
        rig.start().wait(2);

        assert_eq!(rig.texts().len(), if is_gone { 1 } else { 201 });
        assert_eq!(rig.metrics.abandoned_contents.get(), 0);
        rig.append("a.log", "line 202\n").wait_for_births();
        rig.wait(2).stop();
        rig.start().wait(2);
        assert_eq!(rig.texts(), ["line 202"]);
    }
}

#[test]
fn what_was_renamed_to_where_a_known_file_was_is_read() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "a1\n");
    rig.start().wait(2).stop();
    rig.rename("a.log", "a.log.1");
    rig.start().wait(2).stop();
    rig.rename("a.log.1", "a.log.2").append("a.log", "b1\n").rename("a.log", "a.log.1").append("a.log", "c1\n");
    rig.texts();

    rig.start();

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["b1", "c1"]);
}

#[test]
fn what_came_and_went_under_a_name_that_nobody_had_at_the_start_is_read() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("inotify_watcher", "off")]);
    rig.append("a.log", "a1\n");
    rig.start().wait(2).stop();
    rig.rename("a.log", "a.log.1");
    rig.start().texts();
    rig.rename("a.log.1", "a.log.2").append("a.log", "b1\n").rename("a.log", "a.log.1").append("a.log", "c1\n");

    rig.scan().wait(2);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["b1", "c1"]);
}

#[test]
fn a_file_in_the_inode_of_another_is_read_from_its_start() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 10));
    rig.start().stop();
    rig.records();
    let database = rusqlite::Connection::open(rig.path("state/tail.db")).expect("it opens");
    // As if the file had been deleted, and another one made in its place.
    database.execute("UPDATE vigie_files_1 SET birth = birth - 1000, born = born - 1000", []).expect("it is written");
    drop(database);

    rig.start();

    assert_eq!(rig.texts().len(), 10);
}

#[test]
fn a_database_of_fluent_bit_is_taken_over() {
    use std::os::unix::fs::MetadataExt;
    for (offset, marker_of, expected) in [
        (12, Some("old 1\nold 2\n"), vec!["new"]),
        (12, None, vec!["new"]),
        (12, Some("something else"), vec!["old 1", "old 2", "new"]),
        (100, None, vec!["old 1", "old 2", "new"]),
        (0, None, vec![]),
    ] {
        let mut rig = Rig::new("a.log", &[]);
        rig.append("a.log", "old 1\nold 2\nnew\n").append("other", "x");
        fs::create_dir(rig.path("state")).expect("it is made");
        let inode = fs::metadata(rig.path("a.log")).expect("it is there").ino().cast_signed();
        let database = rusqlite::Connection::open(rig.path("state/tail.db")).expect("it opens");
        database
            .execute_batch(
                "CREATE TABLE in_tail_files (id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER, inode INTEGER, \
                 created INTEGER, rotated INTEGER DEFAULT 0, offset_marker INTEGER DEFAULT 0, \
                 offset_marker_size INTEGER DEFAULT 0); \
                 INSERT INTO in_tail_files VALUES (1, '/somewhere/else.log', 5, 1, 7, 0, 0, 0);",
            )
            .expect("it is written");
        let hash = marker_of.map_or(0, |text| xxhash_rust::xxh3::xxh3_64(text.as_bytes()).cast_signed());
        let row = (rig.path("a.log").display().to_string(), offset, inode, hash, marker_of.map_or(0, |_| 12));
        database.execute("INSERT INTO in_tail_files VALUES (2, ?1, ?2, ?3, 7, 0, ?4, ?5)", row).expect("it is written");
        drop(database);

        rig.start().stop();

        assert_eq!(rig.texts(), expected, "{offset} {marker_of:?}");
        assert_eq!(rig.stored()[0], ("else.log".to_owned(), 5), "rows of others stay");
    }
}

#[test]
fn rows_of_files_that_are_long_gone_are_forgotten_but_for_those_of_others() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.append("a.log", "a\n").append("b.log", "b\n").append("c.log", "c\n");
    rig.start().stop();
    for name in ["a.log", "b.log", "c.log"] {
        rig.rename(name, &format!("gone {name}"));
        fs::remove_file(rig.path(&format!("gone {name}"))).expect("it is removed");
    }
    let week_ago = wall().seconds - 7 * 86_400 - 1;
    let database = rusqlite::Connection::open(rig.path("state/tail.db")).expect("it opens");
    database
        .execute_batch(&format!(
            "UPDATE vigie_files_1 SET seen = {week_ago} WHERE id = 1; DELETE FROM vigie_files_1 WHERE id = 2;"
        ))
        .expect("it is written");
    drop(database);

    rig.start();

    assert_eq!(rig.stored().len(), 2);
}

#[test]
fn a_file_closed_for_good_goes_on_when_it_comes_back() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.start();
    rig.rename("a.log", "b.txt");
    rig.scan().wait(10);
    assert_eq!(rig.open_files(), 0);

    rig.append("b.txt", "two\n").rename("b.txt", "a.log");
    rig.scan();

    assert_eq!(rig.texts(), ["one", "two"]);
}
