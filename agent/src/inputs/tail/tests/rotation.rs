//! Files that are renamed, copied and truncated, overwritten, deleted.

use super::super::missed::Since;
use super::*;

#[test]
fn a_renamed_file_is_read_to_its_end_and_its_successor_from_its_head() {
    let mut rig = Rig::new("a.log", &[("rotate_wait", "5")]);
    rig.start();
    rig.append("a.log", "one\n");
    rig.scan();
    rig.append("a.log", "two\n").rename("a.log", "a.log.1").append("a.log.1", "late\n").append("a.log", "new\n");
    rig.scan();
    rig.append("a.log.1", "later\n");
    rig.run();

    let seen = rig.records();
    let mut texts: Vec<_> = seen.iter().map(|seen| (seen.text.as_str(), seen.name.as_str())).collect();
    texts.sort_unstable();
    assert_eq!(texts, [("late", "a.log"), ("later", "a.log"), ("new", "a.log"), ("one", "a.log"), ("two", "a.log")]);
    assert_eq!((rig.open_files(), rig.metrics.files_rotated.get()), (2, 1));
    rig.wait(6);
    assert_eq!((rig.open_files(), rig.metrics.files_closed.get()), (1, 1));
    assert_eq!(rig.ended.len(), 1);
}

/// `Rotate_Wait` is over long before the last line.
#[test]
fn a_rotated_file_is_kept_until_its_last_writer_is_gone() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", "one\n");
    rig.start();
    let id = FileId::of(&fs::metadata(rig.path("a.log")).expect("it is there"));
    WRITTEN.replace(HashSet::from([id]));
    rig.rename("a.log", "a.log.1");
    rig.scan().wait(100);
    rig.append("a.log.1", "two\nhalf");
    rig.wait(100);
    assert_eq!((rig.open_files(), rig.texts()), (1, vec!["one".to_owned(), "two".to_owned()]));

    rig.remove("a.log.1");
    rig.wait(100);
    assert_eq!(rig.open_files(), 1);
    WRITTEN.take();
    rig.wait(10).wait(10);

    assert_eq!((rig.open_files(), rig.texts()), (0, vec!["half".to_owned()]));
}

/// While a worker reads it, nothing is judged by a progress that may be out of date.
#[test]
fn what_happens_to_a_file_that_is_lent_is_found_when_it_comes_back() {
    for whole in [true, false] {
        let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
        rig.append("a.log", &numbered(1, 3));
        rig.start();
        rig.append("a.log", &numbered(4, 5));
        let lent = rig.lend(Duration::from_secs(1));
        fs::write(rig.path("a.log"), if whole { numbered(1, 9) } else { numbered(6, 6) }).expect("it is written");
        assert!(rig.lend(Duration::from_secs(5)).is_empty(), "it is lent to one at a time");
        assert_eq!(rig.metrics.files_rotated.get(), 0);

        lent.into_iter().for_each(|work| rig.serve(work));
        rig.run();

        let expected = if whole { (1..=9).collect() } else { vec![1, 2, 3, 6] };
        assert_eq!(rig.texts(), expected.iter().map(|number| format!("line {number}")).collect::<Vec<_>>());
        assert_eq!(rig.metrics.files_rotated.get(), u64::from(!whole));
    }
}

#[test]
fn a_file_that_is_lent_is_not_let_go_and_is_read_no_further_after_a_stop() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", "one\n");
    rig.start();
    rig.append("a.log", "two\n");
    let lent = rig.lend(Duration::from_secs(1));
    rig.rename("a.log", "a.log.1");
    rig.tail().scan();
    assert!(rig.lend(Duration::from_secs(60)).is_empty());
    assert_eq!(rig.open_files(), 1);

    rig.stop.request();
    lent.into_iter().for_each(|work| rig.serve(work));

    assert_eq!(rig.texts(), ["one"]);
}

#[test]
fn a_rotated_file_is_kept_while_anything_of_it_is_unread_or_unanswered() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.answer = Answer::Hold;
    rig.start();
    rig.rename("a.log", "a.log.1");
    rig.scan().wait(1000).wait(1000);
    assert_eq!(rig.open_files(), 1);

    rig.held.clear();
    rig.answer = Answer::Deliver;
    rig.wait(60);

    assert_eq!(rig.texts(), ["one", "one"]);
    assert_eq!(rig.open_files(), 0);
    assert_eq!(rig.stored(), [("a.log".to_owned(), 4)]);
}

#[test]
fn a_renamed_file_that_is_still_under_path_goes_on_under_its_first_name() {
    let mut rig = Rig::new("a.log*", &[]);
    rig.start();
    rig.append("a.log", "one\n");
    rig.scan();
    rig.rename("a.log", "a.log.1").append("a.log", "new\n");
    rig.scan().wait(100);
    rig.append("a.log.1", "late\n");
    rig.run();

    let seen = rig.records();
    let mut texts: Vec<_> = seen.iter().map(|seen| (seen.text.as_str(), seen.name.as_str())).collect();
    texts.sort_unstable();
    assert_eq!(texts, [("late", "a.log"), ("new", "a.log"), ("one", "a.log")]);
}

#[test]
fn the_last_line_of_a_deleted_file_needs_no_newline() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\nrest").append("b.log", "short");
    rig.start();
    assert_eq!(rig.texts(), ["one"]);

    rig.remove("a.log").remove("b.log");
    rig.scan();
    assert_eq!(rig.texts(), [""; 0]);
    rig.wait(6);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["rest", "short"]);
    assert_eq!((rig.open_files(), rig.stored().len()), (0, 0));
}

#[test]
fn the_rest_of_a_truncated_file_is_read_from_its_copy_under_the_same_ids() {
    let content = numbered(1, 100);
    let expected = {
        let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
        rig.append("a.log", &content);
        rig.start();
        // The same file in another directory has another identity: only what follows it is compared.
        rig.records().iter().map(|seen| seen.id[28..].to_vec()).collect::<Vec<_>>()
    };
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 60));
    rig.start();
    let first = rig.records();

    rig.append("a.log", &numbered(61, 100)).copy_and_truncate("a.log", "a.log.1");
    rig.append("a.log", "after\n");
    rig.run();

    let (rest, after): (Vec<_>, Vec<_>) = rig.records().into_iter().partition(|seen| seen.text != "after");
    assert_eq!(rest.len(), 40);
    assert_eq!(rest[0].id[..28], first[0].id[..28]);
    let all: Vec<_> = first.iter().chain(&rest).map(|seen| seen.id[28..].to_vec()).collect();
    assert_eq!(all, expected);
    assert_ne!(after[0].id[..28], first[0].id[..28]);
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
    rig.wait(6).stop();
    assert_eq!(rig.texts(), [""; 0]);
    assert_eq!(rig.stored(), [("a.log".to_owned(), content.len() as i64), ("a.log".to_owned(), 6)]);
}

#[test]
fn what_was_on_its_way_when_a_file_was_truncated_is_read_again_from_its_copy() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 3));
    rig.answer = Answer::Hold;
    rig.start();
    let first = rig.records();
    rig.copy_and_truncate("a.log", "a.log.1").append("a.log", "new\n");
    rig.run();

    rig.answer = Answer::Deliver;
    rig.held.clear();
    rig.run();

    let again: Vec<_> = rig.records().into_iter().filter(|seen| seen.text != "new").collect();
    assert_eq!(ids(&again), ids(&first));
}

/// The row of the new content once hid that of the old, which had not been stored under its new inode.
/// A file of which lines 10 to 20 are on their way when it is truncated, and no descriptor is free.
fn truncated_without_descriptors() -> Rig {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("inotify_watcher", "off")]);
    rig.append("a.log", &numbered(1, 9));
    rig.start();
    rig.answer = Answer::Hold;
    rig.append("a.log", &numbered(10, 20));
    rig.run();
    assert_eq!(rig.texts().len(), 20);
    HAS_DESCRIPTORS.set(false);
    rig.copy_and_truncate("a.log", "a.log.1").append("a.log", "new 1\n");
    rig.run();
    rig
}

#[test]
fn a_truncated_file_that_is_as_long_as_before_when_it_is_looked_at_has_other_content() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "line 1\n");
    rig.start();
    rig.wait(5);

    rig.append("a.log", "line 2\n").copy_and_truncate("a.log", "a.log.1").append("a.log", "line 3\n");
    rig.run();

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["line 1", "line 2", "line 3"]);
}

/// Where nothing tells of writes, only the time of the last one does.
#[test]
fn a_polled_file_with_another_content_of_the_same_length_is_read_from_its_start() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("inotify_watcher", "off")]);
    rig.append("a.log", "line 1\n");
    rig.start();
    rig.wait(5).texts();

    rig.wait_for_births();
    fs::write(rig.path("a.log"), "line 2\n").expect("it is overwritten");
    rig.wait(2);

    assert_eq!(rig.texts(), ["line 2"]);
}

#[test]
fn a_copy_is_looked_for_until_a_descriptor_is_free() {
    let mut rig = truncated_without_descriptors();
    rig.held.clear();
    rig.wait(10);
    assert_eq!((rig.texts().len(), rig.metrics.abandoned_bytes.get()), (0, 0), "all of it waits");

    HAS_DESCRIPTORS.set(true);
    rig.answer = Answer::Deliver;
    rig.wait(2);

    let mut texts = rig.texts();
    texts.sort_by_key(|text| (text.starts_with("new"), text.len(), text.clone()));
    assert_eq!(texts.len(), 12, "{texts:?}");
    assert_eq!((texts[0].as_str(), texts[10].as_str(), texts[11].as_str()), ("line 10", "line 20", "new 1"));
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
}

#[test]
fn a_stop_while_no_descriptor_is_free_loses_nothing() {
    let mut rig = truncated_without_descriptors();
    rig.stop();

    HAS_DESCRIPTORS.set(true);
    rig.answer = Answer::Deliver;
    rig.start();

    assert_eq!(rig.texts().len(), 12);
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
}

#[test]
fn a_file_does_not_wait_for_a_descriptor_for_ever() {
    let mut rig = truncated_without_descriptors();
    rig.held.clear();
    rig.answer = Answer::Deliver;

    rig.wait(30).wait(30).wait(2);

    assert_eq!(rig.texts(), ["new 1"]);
    assert_eq!(rig.metrics.abandoned_bytes.get(), numbered(10, 20).len() as u64);
    HAS_DESCRIPTORS.set(true);
}

#[test]
fn a_kill_right_after_a_truncation_does_not_lose_the_copy() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 3));
    rig.answer = Answer::Hold;
    rig.start();
    let first = rig.records();
    rig.copy_and_truncate("a.log", "a.log.1").append("a.log", "new\n");
    while rig.records().is_empty() {
        rig.turn(Duration::from_millis(30));
    }

    rig.kill();
    rig.answer = Answer::Deliver;
    rig.start();

    let again: Vec<_> = rig.records().into_iter().filter(|seen| seen.text != "new").collect();
    assert_eq!(ids(&again), ids(&first));
}

#[test]
fn what_cannot_be_read_any_more_is_counted() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 3));
    rig.answer = Answer::Hold;
    rig.start();
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.append("a.log", "new\n");
    rig.run();
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0, "all of it was handed on");

    rig.answer = Answer::Deliver;
    rig.held.clear();
    rig.run();

    assert_eq!(rig.metrics.abandoned_bytes.get(), 21);
    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "new", "new"]);
    assert_eq!(rig.open_files(), 1);
}

#[test]
fn content_that_changed_takes_no_further_descriptor() {
    let mut rig = Rig::new("*.log", &[]);
    rig.append("a.log", &numbered(1, 9));
    rig.start();
    rig.answer = Answer::Hold;
    rig.append("a.log", &numbered(10, 12));
    rig.run();

    File::create(rig.path("a.log")).expect("it is truncated");
    rig.append("a.log", "new 1\n");
    rig.run();

    let files: Vec<_> = rig.tail().files.values().map(|file| std::sync::Arc::clone(&file.file)).collect();
    assert_eq!(files.len(), 2, "what is on its way is waited for");
    assert!(std::sync::Arc::ptr_eq(&files[0], &files[1]));
    assert_eq!(rig.deliver_held().run().texts().last().map(String::as_str), Some("new 1"));
}

#[test]
fn two_contents_of_one_file_have_different_ids_though_they_begin_alike() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    let mut all = Vec::new();
    rig.append("a.log", "started\n");
    rig.start();
    for _ in 0..3 {
        all.extend(rig.records());
        File::create(rig.path("a.log")).expect("it is truncated");
        rig.run();
        // The agent dies between the truncation and the next line.
        rig.kill().start();
        rig.append("a.log", "started\n");
        rig.run();
    }
    all.extend(rig.records());

    let mut ids = ids(&all);
    ids.sort();
    ids.dedup();
    assert_eq!((all.len(), ids.len()), (4, 4));
}

/// Smaller for a moment only: between two looks the file was truncated and has grown beyond where it was.
#[test]
fn a_file_that_was_overwritten_between_two_looks_is_read_from_its_start() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "old 1\nold 2\n");
    rig.start();

    File::create(rig.path("a.log")).expect("it is truncated");
    rig.append("a.log", &numbered(1, 50));
    rig.run();

    let texts = rig.texts();
    assert_eq!((texts.len(), texts[2].as_str(), texts[51].as_str()), (52, "line 1", "line 50"));
}

#[test]
fn a_writer_that_goes_on_behind_a_hole_is_followed() {
    use std::os::unix::fs::FileExt;
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\ntwo\n");
    let writer = File::options().write(true).open(rig.path("a.log")).expect("it opens");
    rig.start();
    assert_eq!(rig.texts(), ["one", "two"]);

    writer.set_len(0).expect("it is truncated");
    writer.write_all_at(b"three\n", 1_000_000).expect("it is written");
    rig.run();

    assert_eq!(rig.texts(), ["three"]);
}

#[test]
fn files_that_were_renamed_before_they_were_seen_are_read_oldest_first() {
    let mut rig = Rig::new("a.log", &[]);
    rig.start();
    rig.append("a.log", "a1\n");
    rig.scan();
    for number in 2..5 {
        std::thread::sleep(Duration::from_millis(20));
        for old in (1..number).rev() {
            let from = if old == 1 { "a.log".to_owned() } else { format!("a.log.{}", old - 1) };
            rig.rename(&from, &format!("a.log.{old}"));
        }
        rig.append("a.log", &format!("a{number}\n"));
    }
    rig.append("a.log.9.gz", "compressed\n").append("a-other.log", "another log\n");

    rig.scan();

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["a1", "a2", "a3", "a4"]);
    rig.wait(10);
    assert_eq!(rig.open_files(), 1);
}

#[test]
fn the_copy_of_a_file_is_not_taken_for_a_missed_one() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 50));
    rig.start();
    assert_eq!(rig.texts().len(), 50);
    std::thread::sleep(Duration::from_millis(20));
    fs::copy(rig.path("a.log"), rig.path("a.log.1")).expect("it is copied");

    rig.wait(2);
    rig.rename("a.log", "a.log.2").append("a.log", "new\n");
    rig.scan();

    assert_eq!(rig.texts(), ["new"]);
}

#[test]
fn what_a_link_leads_to_is_followed_through_its_rotation() {
    let mut rig = Rig::new("links/*.log", &[]);
    fs::create_dir(rig.path("links")).expect("it is made");
    fs::create_dir(rig.path("pods")).expect("it is made");
    rig.append("pods/0.log", "");
    std::os::unix::fs::symlink(rig.path("pods/0.log"), rig.path("links/pod.log")).expect("it is linked");
    rig.start();
    rig.append("pods/0.log", "one\n");
    rig.run();

    rig.append("pods/0.log", "two\n").rename("pods/0.log", "pods/0.log.20261123-101010");
    rig.append("pods/0.log", "three\n");
    rig.scan();

    let seen = rig.records();
    let mut texts: Vec<_> = seen.iter().map(|seen| (seen.text.as_str(), seen.name.as_str())).collect();
    texts.sort_unstable();
    assert_eq!(texts, [("one", "pod.log"), ("three", "pod.log"), ("two", "pod.log")]);
}

/// Nothing proved a block at the start of a file, where no bytes are before it.
#[test]
fn a_file_that_is_truncated_before_its_first_block_is_read_from_its_copy_first() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.start();
    rig.append("a.log", &numbered(1, 100));
    rig.tail().scan();
    let lent = rig.lend(Duration::from_millis(30));
    assert_eq!(lent.len(), 1);
    rig.copy_and_truncate("a.log", "a.log.1").append("a.log", &numbered(101, 110));

    lent.into_iter().for_each(|work| rig.serve(work));
    rig.run();
    rig.append("a.log", &numbered(111, 120));
    rig.run();

    let mut texts = rig.texts();
    texts.sort_by_key(|text| text.trim_start_matches("line ").parse::<usize>().expect("a number"));
    assert_eq!(texts, (1..=120).map(|number| format!("line {number}")).collect::<Vec<_>>());
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
}

#[test]
fn a_content_that_came_and_was_truncated_between_two_looks_is_read_from_its_copy() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(11, 20));
    rig.start();
    std::thread::sleep(Duration::from_millis(20));
    rig.copy_and_truncate("a.log", "a.log.1").append("a.log", &numbered(21, 40));
    std::thread::sleep(Duration::from_millis(20));
    rig.rename("a.log.1", "a.log.2").copy_and_truncate("a.log", "a.log.1").append("a.log", &numbered(41, 45));
    // What is copied and not yet truncated is read as it is.
    std::thread::sleep(Duration::from_millis(20));
    rig.rename("a.log.2", "a.log.3").rename("a.log.1", "a.log.2");
    fs::copy(rig.path("a.log"), rig.path("a.log.1")).expect("it is copied");
    rig.run().scan().wait(10);
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.append("a.log", &numbered(46, 46));
    rig.run().scan().wait(10);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, (11..=46).map(|number| format!("line {number}")).collect::<Vec<_>>());
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
}

#[test]
fn what_came_and_was_renamed_while_nobody_had_the_name_is_read() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.start();
    std::thread::sleep(Duration::from_millis(20));
    rig.rename("a.log", "a.log.1");
    rig.scan().wait(20);

    rig.append("a.log", "two\n").rename("a.log.1", "a.log.2").rename("a.log", "a.log.1").append("a.log", "three\n");
    rig.scan().wait(20);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["one", "three", "two"]);
    assert!(rig.tail().searches.is_empty());
}

/// Names change while a directory is read: the listing tells of one that another file has by now.
#[test]
fn a_missed_file_is_read_though_its_name_changes_while_it_is_looked_for() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.start();
    std::thread::sleep(Duration::from_millis(20));
    let place = rig.path("a.log");
    let born = file::birth(&fs::metadata(&place).expect("it is there"));
    rig.rename("a.log", "a.log.2").append("a.log.1", "two\n").append("a.log", "three\n");
    rig.scan();
    let mut listings = super::super::siblings::Listings::default();
    rig.append("a.log.0", "four\n");
    listings.siblings(&place);
    rig.rename("a.log.0", "a.log.5").rename("a.log.1", "a.log.0");

    let since = Since::renamed(born, 0);
    rig.tail().take_up_missed((&place, &place), since, &mut listings);
    rig.run();

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["four", "one", "three", "two"]);
}

/// Lines of two contents may end alike at the same offset, as those of equal length do: the bytes before it prove nothing then.
#[test]
fn a_file_that_is_overwritten_by_lines_of_the_same_length_is_read_from_its_start() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    let tail = "x".repeat(40);
    let lines = |word: &str, count: u32| (0..count).map(|at| format!("{word} {at} {tail}\n")).collect::<String>();
    rig.append("a.log", &lines("old", 5));
    rig.start();
    assert_eq!(rig.texts().len(), 5);

    rig.append("a.log", &lines("old", 1));
    let work = rig.lend(Duration::from_secs(2));
    assert_eq!(work.len(), 1, "the file is lent and not read yet");
    rig.copy_and_truncate("a.log", "a.log.1").append("a.log", &lines("new", 8));
    work.into_iter().for_each(|work| rig.serve(work));
    rig.run();

    let texts = rig.texts();
    assert_eq!(texts.iter().filter(|text| text.starts_with("old")).count(), 1, "{texts:?}");
    assert_eq!(texts.iter().filter(|text| text.starts_with("new")).count(), 8, "{texts:?}");
}

#[test]
fn the_copies_of_a_truncated_log_are_read_once_though_path_names_them() {
    let mut rig = Rig::new("a.log*", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 3));
    rig.start();
    assert_eq!(rig.texts().len(), 3);

    rig.append("a.log", &numbered(4, 4));
    fs::copy(rig.path("a.log"), rig.path("a.log.1")).expect("it is copied");
    rig.scan();
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.append("a.log", &numbered(6, 7));
    rig.scan();
    rig.rename("a.log.1", "a.log.2");
    rig.scan();
    rig.wait(60).kill().start();

    let mut texts = rig.texts();
    texts.sort();
    let expected = [4, 6, 7].map(|line| format!("line {line}"));
    assert_eq!(texts, expected);
}

/// Names change while a directory is read: what is opened at a path may be another file than the one that was listed there.
#[test]
fn what_has_come_to_the_path_of_a_missed_log_is_read_only_if_it_is_unknown() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 9));
    rig.start();
    let (log, copy) = (rig.path("a.log"), rig.path("a.log.1"));
    let listed = FileId::of(&fs::metadata(&log).expect("it is there"));
    fs::copy(&log, &copy).expect("copied");
    fs::write(&log, "new\n").expect("truncated");
    let since = Since { is_copied: true, ..Since::renamed(1, 0) };

    rig.tail().take_up_rotated((&log, &log), (&copy, listed), since);
    assert_eq!(rig.open_files(), 1, "it is what was read of the log");

    fs::write(&copy, "another\n").expect("written");
    rig.tail().take_up_rotated((&log, &log), (&copy, listed), since);
    assert_eq!(rig.open_files(), 2, "it was missed");
}

/// It waited to grow, for no line was complete when it was as long before.
#[test]
fn a_log_without_a_line_that_is_truncated_and_as_long_again_is_read() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "half a line ");
    rig.start();
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.append("a.log", "one line up\n");

    rig.run();

    assert_eq!(rig.texts(), ["one line up"]);
}

/// `app-2.log` looks like a rotated file of `app.log` with a date in its name.
#[test]
fn a_log_that_looks_like_a_rotated_one_of_another_stays_one_when_it_is_made_anew() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    let logs = ["app.log", "app-2.log", "app-3.log", "app-4.log"];
    for round in 0..8 {
        for log in logs {
            if round > 0 {
                rig.rename(log, &format!("{log}.{round}"));
            }
            rig.append(log, &format!("{log} {round}\n"));
        }
        if round == 0 {
            rig.start();
        }
        for _ in 0..4 {
            rig.wait(1).run();
        }
    }

    let records = rig.records();
    assert_eq!(records.len(), 32);
    for seen in records {
        assert!(seen.text.starts_with(&seen.name), "{} of {}", seen.text, seen.name);
    }
}
