//! Gzip files: read as what they inflate to, and recognised as what a rotated file became.

use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// Compresses a file as gzip does: the time of the last write stays, and the file goes unless it is kept.
pub(super) fn compress(rig: &Rig, from: &str, to: &str) {
    let mut bytes = File::open(rig.path(from)).expect("it is there");
    let written = bytes.metadata().and_then(|metadata| metadata.modified()).expect("it has a time");
    let file = File::create(rig.path(to)).expect("it is made");
    let mut encoder = GzEncoder::new(file, Compression::fast());
    io::copy(&mut bytes, &mut encoder).expect("it is written");
    let file = encoder.finish().expect("it is written");
    file.set_modified(written).expect("it is set");
}

pub(super) fn compress_away(rig: &Rig, from: &str, to: &str) {
    compress(rig, from, to);
    rig.remove(from);
}

/// As if it had been written to a minute later.
pub(super) fn write_late(rig: &Rig, name: &str) {
    let file = OpenOptions::new().write(true).open(rig.path(name)).expect("it opens");
    let written = file.metadata().and_then(|metadata| metadata.modified()).expect("it has a time");
    file.set_modified(written + Duration::from_mins(1)).expect("it is set");
}

pub(super) fn now_is_real() {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("it is later than 1970");
    WALL.set(i64::try_from(since.as_secs()).expect("it fits") + 60);
}

fn lines(from: u32, to: u32) -> Vec<String> {
    (from..=to).map(|number| format!("line {number}")).collect()
}

#[test]
fn a_gzip_file_is_read_as_what_it_holds_and_once() {
    now_is_real();
    let mut rig = Rig::new("*.gz", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 100_000));
    let size = fs::metadata(rig.path("a.log")).expect("it is there").len();
    compress_away(&rig, "a.log", "a.log.gz");
    rig.start().run();
    assert_eq!(rig.texts(), lines(1, 100_000));
    rig.stop();
    assert_eq!(rig.stored(), [("a.log.gz".to_owned(), i64::try_from(size).expect("it fits"))]);

    rig.start().wait(10);

    assert!(rig.texts().is_empty());
}

#[test]
fn a_stop_in_the_middle_of_a_gzip_file_goes_on_there_with_the_same_ids() {
    now_is_real();
    let mut rig = Rig::new("*.gz", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 50_000));
    compress_away(&rig, "a.log", "a.log.gz");
    rig.start().run();
    let whole = rig.records();
    rig.kill();
    let database = rusqlite::Connection::open(rig.path("state/tail.db")).expect("it opens");
    let middle = i64::try_from(numbered(1, 20_000).len()).expect("it fits");
    database.execute("UPDATE in_tail_files SET offset = ?1", [middle]).expect("it runs");
    drop(database);

    rig.start().run();

    assert_eq!(ids(&rig.records()), ids(&whole[20_000..]));
}

#[test]
fn what_a_rotated_file_is_compressed_to_is_not_read_again() {
    for restart in [false, true] {
        now_is_real();
        let mut rig = Rig::new("a.log*", &[("read_from_head", "on"), ("rotate_wait", "1")]);
        rig.append("a.log", &numbered(1, 5));
        rig.start();
        rig.append("a.log", &numbered(6, 6)).rename("a.log", "a.log.1").append("a.log", &numbered(7, 9));
        compress_away(&rig, "a.log.1", "a.log.1.gz");
        rig.scan();
        assert_eq!(rig.texts(), lines(1, 9));
        rig.wait(5).scan();
        if restart {
            rig.stop();
            rig.start();
        }
        rig.wait(5).scan().append("a.log", &numbered(10, 10));
        rig.wait(5);

        assert_eq!(rig.texts(), lines(10, 10), "{restart}");
    }
}

/// Its head tells whose content it has before the bytes that would prove it are there.
#[test]
fn a_gzip_file_that_is_still_written_is_waited_for_though_its_head_is_there() {
    now_is_real();
    let mut rig = Rig::new("a.log*", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", &numbered(1, 500));
    rig.start();
    rig.rename("a.log", "a.log.1").append("a.log", &numbered(501, 501));
    rig.scan().wait(5);
    assert_eq!(rig.texts(), lines(1, 501));
    let content = numbered(1, 500).into_bytes();
    let mut encoder = GzEncoder::new(File::create(rig.path("a.log.1.gz")).expect("it is made"), Compression::fast());

    encoder.write_all(&content[..2_000]).and_then(|()| encoder.flush()).expect("it is written");
    rig.scan();
    assert_eq!(rig.texts(), [""; 0]);
    encoder.write_all(&content[2_000..]).and_then(|()| encoder.try_finish()).expect("it is written");
    rig.remove("a.log.1");
    rig.scan().wait(5).scan();

    assert_eq!(rig.texts(), [""; 0]);
}

/// As a compressor writes that is slow: the file is there, and empty, for long.
#[test]
fn a_gzip_file_that_is_empty_for_long_is_waited_for() {
    now_is_real();
    let mut rig = Rig::new("a.log*", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", &numbered(1, 50));
    rig.start();
    rig.rename("a.log", "a.log.1").append("a.log", "");
    let empty = File::create(rig.path("a.log.1.gz")).expect("it is made");
    let now = empty.metadata().and_then(|metadata| metadata.modified()).expect("it has a time");
    empty.set_modified(now - Duration::from_mins(1)).expect("it is set");
    rig.scan().wait(5).scan();
    assert_eq!(rig.texts(), lines(1, 50));

    compress_away(&rig, "a.log.1", "a.log.1.gz");
    rig.scan().wait(5).scan();

    assert_eq!(rig.texts(), [""; 0]);
}

/// As with `delaycompress`: by then it is closed.
#[test]
fn a_file_that_is_compressed_long_after_it_was_read_is_recognised() {
    now_is_real();
    let mut rig = Rig::new("a.log*", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", &numbered(1, 5));
    rig.start();
    rig.rename("a.log", "a.log.1").append("a.log", &numbered(6, 6));
    rig.scan().wait(5);
    rig.rename("a.log.1", "a.log.2");
    compress_away(&rig, "a.log.2", "a.log.2.gz");
    rig.scan().wait(5).scan();
    rig.stop();
    rig.start().wait(5);

    assert_eq!(rig.texts(), lines(1, 6));
}

#[test]
fn what_was_not_read_when_the_agent_stopped_is_read_from_the_gzip_file() {
    now_is_real();
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", &numbered(1, 5));
    rig.start();
    rig.append("a.log", &numbered(6, 7));
    rig.answer = Answer::Hold;
    rig.wait(1);
    let held = rig.records();
    rig.kill();
    rig.answer = Answer::Deliver;
    rig.append("a.log", &numbered(8, 20_000)).rename("a.log", "a.log.1").append("a.log", "new\n");
    compress_away(&rig, "a.log.1", "a.log.2.gz");
    rig.start().wait(5);

    let (new, seen): (Vec<_>, Vec<_>) = rig.records().into_iter().partition(|seen| seen.text == "new");
    assert_eq!(new.len(), 1);
    let texts: Vec<_> = seen.iter().map(|seen| seen.text.clone()).collect();
    assert_eq!(texts, lines(6, 20_000));
    assert_eq!(ids(&seen[..2]), ids(&held[held.len() - 2..]));
    rig.wait(5).stop();
    rig.start().wait(5);
    assert!(rig.texts().is_empty());
}

#[test]
fn what_was_rotated_and_compressed_while_nobody_looked_is_read() {
    now_is_real();
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 2));
    rig.start().stop();
    rig.rename("a.log", "a.log.2");
    compress_away(&rig, "a.log.2", "a.log.2.gz");
    rig.append("a.log.1", &numbered(3, 4));
    compress_away(&rig, "a.log.1", "a.log.1.gz");
    write_late(&rig, "a.log.1.gz");
    rig.append("a-error.log", "other\n");
    compress_away(&rig, "a-error.log", "a-error.log.1.gz");
    write_late(&rig, "a-error.log.1.gz");
    rig.append("a.log", &numbered(5, 5));
    rig.start().wait(5);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, lines(1, 5));
}

/// A log that was seconds old at the stop: what came behind it was written to later than that was seen. One that is young at the start may
/// still be written: it is looked at again.
#[test]
fn what_was_rotated_and_compressed_soon_after_a_stop_is_read() {
    for is_young_at_start in [false, true] {
        now_is_real();
        WALL.set(WALL.get() - 66);
        let written = |rig: &Rig, name: &str, seconds: u64| {
            let file = OpenOptions::new().write(true).open(rig.path(name)).expect("it opens");
            let now = file.metadata().and_then(|metadata| metadata.modified()).expect("it has a time");
            file.set_modified(now - Duration::from_secs(seconds)).expect("it is set");
        };
        let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
        rig.append("a.log.0", "of before the first start\n");
        compress_away(&rig, "a.log.0", "a.log.0.gz");
        written(&rig, "a.log.0.gz", 9);
        rig.append("a.log", &numbered(1, 2));
        rig.start().stop();
        now_is_real();
        rig.rename("a.log", "a.log.2");
        compress_away(&rig, "a.log.2", "a.log.2.gz");
        rig.append("a.log.1", &numbered(3, 4));
        compress_away(&rig, "a.log.1", "a.log.1.gz");
        rig.append("a.log", &numbered(5, 5));
        if is_young_at_start {
            rig.start();
            written(&rig, "a.log.1.gz", 4);
        } else {
            written(&rig, "a.log.1.gz", 4);
            rig.start();
        }
        rig.wait(5);

        let mut texts = rig.texts();
        texts.sort();
        assert_eq!(texts, lines(1, 5), "young at the start: {is_young_at_start}");
    }
}

/// What it holds did not show before the stop, and the log was seen after it was written.
#[test]
fn a_gzip_file_that_is_not_judged_at_a_stop_is_at_the_next_start() {
    now_is_real();
    WALL.set(WALL.get() - 60);
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 2));
    rig.start().wait(20);
    compress(&rig, "a.log", "a.log.2.gz");
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.append("a.log", &numbered(3, 4));
    compress(&rig, "a.log", "a.log.1.gz");
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.append("a.log", &numbered(5, 6));
    for _ in 0..10 {
        rig.turn(Duration::from_millis(60));
    }
    WALL.set(WALL.get() + 3);
    rig.run().stop();
    std::thread::sleep(Duration::from_millis(2100));
    WALL.set(WALL.get() + 2);
    rig.start().wait(5);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, lines(1, 6));
}

#[test]
fn the_rest_of_a_truncated_file_is_read_from_a_compressed_copy() {
    now_is_real();
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 3));
    rig.start();
    rig.append("a.log", &numbered(4, 5));
    compress(&rig, "a.log", "a.log.1.gz");
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.wait(2).append("a.log", "after\n");
    rig.wait(2);

    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "line 4", "line 5", "after"]);
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
}

/// What was settled was stored behind the truncation, with the bytes before it as the new content has them.
#[test]
fn a_gzip_file_is_known_by_what_was_read_though_lines_of_the_next_content_end_alike() {
    now_is_real();
    let line = |number: u32| format!("{number} {}", "x".repeat(60));
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &format!("{}\n", line(1)));
    rig.answer = Answer::Hold;
    rig.start();
    rig.append("a.log", &format!("{}\n", line(2)));
    compress(&rig, "a.log", "a.log.1.gz");
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.append("a.log", &format!("{}\n", line(3)));
    rig.deliver_held().tail().save(true);
    rig.scan().wait(5);

    assert_eq!(rig.texts(), [line(1), line(2), line(3)]);
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
}

/// `gzip -c app.log > app.log.1.gz; : > app.log`, again and again.
#[test]
fn what_is_compressed_over_the_gzip_file_before_comes_once() {
    for (rotate_wait, wait) in [("30", 1), ("1", 5), ("1", 1)] {
        now_is_real();
        let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", rotate_wait)]);
        rig.append("a.log", &numbered(1, 10));
        rig.start().run();
        for round in 1..4 {
            rig.append("a.log", &numbered(20 * round - 9, 20 * round));
            compress(&rig, "a.log", "a.log.1.gz");
            File::create(rig.path("a.log")).expect("it is truncated");
            rig.scan().wait(wait).run();
            rig.append("a.log", &numbered(20 * round + 1, 20 * round + 10));
            rig.wait(wait).run();
        }
        rig.wait(40).stop();
        rig.start().wait(40);

        assert_eq!(rig.texts(), lines(1, 70), "{rotate_wait} {wait}");
        assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
    }
}

/// The same, and what is compressed came and went between two looks.
#[test]
fn what_came_and_went_over_a_gzip_file_that_was_read_and_let_go_comes_once() {
    now_is_real();
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", &numbered(1, 10));
    rig.start().run();
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.scan().run();
    for round in 1..4 {
        rig.append("a.log", &numbered(10 * round + 1, 10 * round + 10));
        compress(&rig, "a.log", "a.log.1.gz");
        write_late(&rig, "a.log.1.gz");
        File::create(rig.path("a.log")).expect("it is truncated");
        rig.scan().run();
        rig.wait(2).run();
        rig.scan().wait(8).run();
    }

    assert_eq!(rig.texts(), lines(1, 40));
}

/// What it held is short, and had come and gone between two looks: whether it is read elsewhere does not show within a second.
#[test]
fn a_gzip_file_that_is_written_over_before_it_is_judged_is_told_of_and_one_that_is_renamed_is_not() {
    for is_renamed in [false, true] {
        now_is_real();
        WALL.set(WALL.get() - 60);
        let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
        rig.append("a.log", &numbered(1, 10));
        rig.start().run();
        File::create(rig.path("a.log")).expect("it is truncated");
        rig.append("a.log", &numbered(13, 14));
        rig.turn(Duration::from_secs(1));
        let before = rig.metrics.abandoned_contents.get();
        rig.append("unseen", &numbered(11, 12));
        compress_away(&rig, "unseen", "a.log.1.gz");
        rig.scan();
        if is_renamed {
            rig.rename("a.log.1.gz", "a.log.2.gz");
        }
        compress(&rig, "a.log", "a.log.1.gz");
        rig.scan();

        assert_eq!(rig.texts(), [lines(1, 10), lines(13, 14)].concat());
        assert_eq!(rig.metrics.abandoned_contents.get(), before + u64::from(!is_renamed), "{is_renamed}");
    }
}

#[test]
fn equal_content_under_another_name_is_read_and_what_is_old_at_the_start_is_not() {
    now_is_real();
    let mut rig = Rig::new("*", &[]);
    rig.append("old", "old\n");
    compress_away(&rig, "old", "old.gz");
    rig.append("a.log", "");
    rig.start();
    rig.append("a.log", &numbered(1, 3)).append("b.log.1", &numbered(1, 3));
    compress_away(&rig, "b.log.1", "b.log.1.gz");
    rig.scan().wait(3).scan();

    assert_eq!(rig.texts().len(), 6);
}

#[test]
fn what_came_and_was_compressed_between_two_looks_is_read() {
    now_is_real();
    WALL.set(WALL.get() - 65);
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 200));
    rig.start();
    rig.rename("a.log", "a.log.3");
    compress_away(&rig, "a.log.3", "a.log.3.gz");
    rig.append("a.log.2", &numbered(201, 400));
    compress_away(&rig, "a.log.2", "a.log.2.gz");
    rig.append("a.log.1", &numbered(401, 600)).append("a.log", &numbered(601, 602));
    rig.scan().wait(20);

    let mut texts = rig.texts();
    texts.sort_by_key(|text| text.trim_start_matches("line ").parse::<u32>().expect("a number"));
    assert_eq!(texts, lines(1, 602));
}

#[test]
fn what_is_compressed_before_its_head_is_noted_is_read_once() {
    now_is_real();
    WALL.set(WALL.get() - 65);
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 200));
    rig.start();
    rig.rename("a.log", "a.log.2").append("a.log", "");
    rig.tail().scan();
    rig.append("a.log", &numbered(201, 400)).rename("a.log", "a.log.1");
    compress_away(&rig, "a.log.1", "a.log.1.gz");
    rig.append("a.log", &numbered(401, 402));
    rig.scan().wait(20);

    let mut texts = rig.texts();
    texts.sort_by_key(|text| text.trim_start_matches("line ").parse::<u32>().expect("a number"));
    assert_eq!(texts, lines(1, 402));
}

#[test]
fn a_gzip_file_whose_end_is_cut_off_is_told_of_once_and_what_is_left_of_it_handed_on() {
    for is_rotated in [false, true] {
        now_is_real();
        let mut rig = Rig::new("*.gz", &[("read_from_head", "on"), ("rotate_wait", "1")]);
        rig.append("a.log", &numbered(1, 2000)).append("b.log", &numbered(1, 20));
        compress_away(&rig, "a.log", "a.log.gz");
        compress_away(&rig, "b.log", "b.log.gz");
        let file = OpenOptions::new().write(true).open(rig.path("a.log.gz")).expect("it opens");
        let length = file.metadata().expect("it is there").len();
        file.set_len(length - 200).expect("it is cut");

        let errors = errors(|| {
            rig.start();
            if is_rotated {
                rig.rename("a.log.gz", "a.log.away").rename("b.log.gz", "b.log.away");
                rig.scan().wait(5);
            }
            for _ in 0..3 {
                rig.tail().is_at_end();
                rig.run();
            }
        });

        let of_a: Vec<_> = rig.records().into_iter().filter(|seen| seen.name == "a.log.gz").collect();
        let texts: Vec<_> = of_a.into_iter().map(|seen| seen.text).collect();
        assert!((1_000..2_000).contains(&texts.len()), "{}", texts.len());
        assert_eq!(texts[..1_000], lines(1, 1_000));
        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert!(errors[0].contains("ends too early") && errors[0].contains("a.log"), "{errors:#?}");
    }
}

/// As of a log to which nothing was written that day: it takes 20 bytes and more.
#[test]
fn a_gzip_file_that_holds_nothing_is_not_cut_off_and_one_that_holds_half_of_its_first_line_is() {
    for (content, expected) in [("", 0), ("half of a line", 1)] {
        now_is_real();
        let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
        rig.append("a.log", &numbered(1, 3));
        rig.start().stop();
        rig.rename("a.log", "a.log.2").append("a.log.1", content).append("a.log", &numbered(4, 4));
        compress_away(&rig, "a.log.1", "a.log.1.gz");
        if !content.is_empty() {
            let file = OpenOptions::new().write(true).open(rig.path("a.log.1.gz")).expect("it opens");
            file.set_len(file.metadata().expect("it is there").len() - 8).expect("it is cut");
        }
        write_late(&rig, "a.log.1.gz");

        let errors = errors(|| _ = rig.start().wait(10).scan().wait(10).stop());

        assert_eq!(errors.len(), expected, "{errors:#?}");
    }
}

/// A name that rotation does not make, and how many lines are there: with many of them the name is of no matter.
const UNUSUAL: [(&str, u32); 7] = [
    ("in.log.old", 3),
    ("in.log.bak", 3),
    ("in.log.r1", 3),
    ("in_backup", 3),
    ("in.log.r1", 300),
    ("in_backup", 300),
    ("saved", 300),
];

#[test]
fn a_file_that_was_rotated_to_an_unusual_name_and_compressed_is_read_on() {
    for (name, count) in UNUSUAL {
        now_is_real();
        let mut rig = Rig::new("*", &[("read_from_head", "on")]);
        rig.append("in.log", &numbered(1, count));
        for number in 1..=30 {
            let other = format!("in.log.{number}");
            rig.append(&other, "other\n");
            compress_away(&rig, &other, &format!("{other}.gz"));
        }
        rig.start().stop();
        assert_eq!(rig.texts().len(), count as usize + 30);
        rig.append("in.log", "late\n").rename("in.log", name).append("in.log", "new\n");
        compress_away(&rig, name, &format!("{name}.gz"));

        rig.start().wait(10).stop();
        rig.start().wait(10);

        let mut texts = rig.texts();
        texts.sort();
        assert_eq!(texts, ["late", "new"], "{name} {count}");
    }
}

#[test]
fn a_file_that_is_rotated_to_an_unusual_name_and_compressed_while_it_is_followed_is_read_once() {
    for (name, count) in UNUSUAL {
        now_is_real();
        let mut rig = Rig::new("*", &[("read_from_head", "on"), ("rotate_wait", "1")]);
        rig.append("in.log", &numbered(1, count));
        rig.start();
        rig.append("in.log", "late\n").rename("in.log", name).append("in.log", "new\n");
        let compressed = format!("{name}.gz");
        compress(&rig, name, &compressed);
        rig.scan();
        rig.remove(name);
        rig.scan().wait(5).scan().stop();
        rig.start().wait(10);

        assert_eq!(rig.texts().len(), count as usize + 2, "{name} {count}");
    }
}

/// Compression of what is large takes a while: at first nothing is there, then what does not prove yet whose content it is.
#[test]
fn a_gzip_file_with_an_unusual_name_is_waited_for_while_it_is_written() {
    now_is_real();
    let mut rig = Rig::new("*", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("in.log", &numbered(1, 500));
    rig.start();
    rig.rename("in.log", "saved").append("in.log", "new\n");
    rig.scan();
    let content = numbered(1, 500).into_bytes();
    let mut encoder = GzEncoder::new(File::create(rig.path("kept.gz")).expect("it is made"), Compression::fast());

    rig.scan();
    encoder.write_all(&content[..2_000]).and_then(|()| encoder.flush()).expect("it is written");
    rig.scan();
    encoder.write_all(&content[2_000..]).and_then(|()| encoder.try_finish()).expect("it is written");
    rig.scan();
    rig.remove("saved");
    rig.scan().wait(5).scan();

    assert_eq!(rig.texts().len(), 501);
}

#[test]
fn a_gzip_file_that_begins_as_a_file_that_is_gone_and_is_another_log_is_read_from_its_start() {
    let banner = numbered(1, 300);
    for (gone, text, other, is_followed) in [
        ("in.log", format!("{banner}one\n"), "saved", false),
        ("in.log", format!("{banner}one\n"), "in.log.r1", false),
        ("in.log", "start\n".to_owned(), "in-error.log.r1", true),
        ("in.log", "start\n".to_owned(), "saved", false),
    ] {
        now_is_real();
        let mut rig = Rig::new("*", &[("read_from_head", "on")]);
        rig.append("in.log", &text);
        rig.start().stop();
        rig.texts();
        rig.remove(gone);
        let mut expected = text.replace("one\n", "two\n");
        expected.push_str("more\n");
        rig.append(other, &expected);
        compress_away(&rig, other, &format!("{other}.gz"));
        if is_followed {
            rig.append("in-error.log", "");
        }

        rig.start().wait(10);

        assert_eq!(rig.texts(), expected.lines().collect::<Vec<_>>(), "{other}");
    }
}

#[test]
fn what_is_compressed_when_the_agent_stops_is_not_called_lost() {
    now_is_real();
    let mut rig = Rig::new("a.log*", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 5));
    rig.start();
    rig.answer = Answer::Hold;
    rig.append("a.log", &numbered(6, 9));
    rig.wait(1);
    rig.rename("a.log", "a.log.1").append("a.log", "new\n");
    compress_away(&rig, "a.log.1", "a.log.1.gz");
    rig.scan();
    let before = rig.records();

    let errors = errors(|| {
        rig.stop();
    });
    rig.answer = Answer::Deliver;
    rig.start().wait(5);

    assert_eq!((errors, rig.metrics.abandoned_bytes.get()), (Vec::new(), 0));
    assert_eq!(rig.texts().len(), before.len() - 5);
}

/// A file in the inode of the copy is not taken for it, though it may not be known when that was made.
#[test]
fn a_copy_that_was_compressed_is_read_on_whatever_has_its_inode_now() {
    for is_birth_known in [true, false] {
        now_is_real();
        let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
        rig.append("a.log", &numbered(1, 10));
        rig.answer = Answer::Hold;
        rig.start();
        rig.copy_and_truncate("a.log", "a.log.1");
        rig.scan().stop();
        rig.held.clear();
        rig.texts();
        rig.answer = Answer::Deliver;
        compress_away(&rig, "a.log.1", "a.log.2.gz");
        rig.append("a.log.1", "");
        lead_copies_to(&rig, "a.log.1", is_birth_known);

        rig.start().wait(10);

        let mut texts = rig.texts();
        texts.sort_by_key(String::len);
        assert_eq!(texts, lines(1, 10));
    }
}

/// Gives the stored rows of copies the inode of another file.
fn lead_copies_to(rig: &Rig, name: &str, is_birth_known: bool) {
    use std::os::unix::fs::MetadataExt;

    let inode = fs::metadata(rig.path(name)).expect("it is there").ino().cast_signed();
    let database = rusqlite::Connection::open(rig.path("state/tail.db")).expect("it opens");
    let copies = "WHERE id IN (SELECT id FROM vigie_files_1 WHERE inode <> first_inode)";
    if !is_birth_known {
        database.execute(&format!("UPDATE vigie_files_1 SET born = 0 {copies}"), []).expect("it runs");
    }
    for table in ["in_tail_files", "vigie_files_1"] {
        let changed = database.execute(&format!("UPDATE {table} SET inode = ?1 {copies}"), [inode]);
        assert_eq!(changed.expect("it runs"), 1);
    }
}

/// The search that it was missed in was forgotten with the second event after it.
#[test]
fn a_gzip_file_that_is_not_judged_yet_is_though_the_log_is_rotated_again_and_again() {
    now_is_real();
    WALL.set(WALL.get() - 60);
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 1));
    rig.start();
    rig.rename("a.log", "a.log.5").append("a.log", &numbered(2, 3)).rename("a.log", "a.log.4");
    compress_away(&rig, "a.log.4", "a.log.4.gz");
    rig.append("a.log", &numbered(4, 4));
    rig.scan();
    for number in [5, 6] {
        WALL.set(WALL.get() + 2);
        rig.scan();
        rig.rename("a.log", &format!("a.log.{}", 8 - number)).append("a.log", &numbered(number, number));
        rig.scan();
    }
    std::thread::sleep(Duration::from_millis(2100));
    rig.scan().wait(5);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, lines(1, 6));
}

/// What was read was stored after the last look at all paths.
#[test]
fn what_was_rotated_and_compressed_between_the_last_look_and_a_stop_is_read() {
    now_is_real();
    WALL.set(WALL.get() - 75);
    let mut rig =
        Rig::new("a.log", &[("read_from_head", "on"), ("inotify_watcher", "off"), ("watcher_interval", "60")]);
    rig.append("a.log", &numbered(1, 1));
    rig.start();
    rig.append("a.log", &numbered(2, 2));
    WALL.set(WALL.get() + 30);
    rig.run();
    rig.rename("a.log", "a.log.2").append("a.log.1", &numbered(3, 3));
    let written = File::options().append(true).open(rig.path("a.log.1")).expect("it opens");
    let now = written.metadata().and_then(|metadata| metadata.modified()).expect("it has a time");
    written.set_modified(now - Duration::from_secs(5)).expect("it is set");
    compress_away(&rig, "a.log.1", "a.log.1.gz");
    rig.append("a.log", &numbered(4, 4));
    rig.stop();

    rig.start().wait(5);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, lines(1, 4));
}

/// Opens a file, after which `a.log.1.gz` has another name, and another gzip file has that one.
fn open_and_rename(path: &Path) -> io::Result<(crate::inputs::tail::opened::Opened, fs::Metadata)> {
    let opened = file::open(path);
    let next = path.with_file_name("next.gz");
    if path.ends_with("a.log.1.gz") && next.exists() {
        fs::rename(path, path.with_file_name("a.log.2.gz")).expect("it is renamed");
        fs::rename(next, path).expect("it is renamed");
    }
    opened
}

#[test]
fn what_a_known_log_was_compressed_to_is_read_once_though_it_is_renamed_when_it_is_found() {
    now_is_real();
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", &numbered(1, 300));
    rig.start().stop();
    assert_eq!(rig.texts().len(), 300);
    rig.append("a.log", &numbered(301, 302)).rename("a.log", "a.log.1");
    compress_away(&rig, "a.log.1", "a.log.1.gz");
    rig.append("a.log", &numbered(303, 600));
    compress(&rig, "a.log", "next.gz");
    let mut tail = rig.build();
    tail.open_copy = open_and_rename;
    let (outlet, now) = (rig.outlet(), rig.now);
    tail.start(outlet, now);
    rig.tail = Some(tail);

    rig.run().scan().wait(5).scan();

    let mut texts = rig.texts();
    texts.sort();
    assert!(texts == lines(301, 600), "{} lines", texts.len());
}

/// The name was that of another file by the time it was looked at.
#[test]
fn a_gzip_file_that_was_renamed_is_not_taken_for_one_that_was_written_over() {
    now_is_real();
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log.1", &numbered(1, 2)).append("a.log.2", &numbered(3, 4));
    compress_away(&rig, "a.log.1", "a.log.1.gz");
    compress_away(&rig, "a.log.2", "a.log.2.gz");
    let listed = fs::metadata(rig.path("a.log.1.gz")).expect("it is there");
    rig.start();
    rig.tail().gzips.get_mut().note_unjudged(&listed, numbered(1, 2).into_bytes());
    let other = rig.path("a.log.2.gz");

    assert!(rig.tail().tell_unjudged(&other, &listed), "it was not judged before");
    assert_eq!(rig.metrics.abandoned_contents.get(), 0);
}

/// Nothing was noted of the log, which was empty when it was taken up.
#[test]
fn a_gzip_file_that_shows_nothing_yet_may_be_of_a_log_of_which_nothing_was_noted() {
    now_is_real();
    WALL.set(WALL.get() - 60);
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "");
    rig.start();
    rig.append("a.log", &numbered(301, 600));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(numbered(301, 600).as_bytes()).expect("it is written");
    let whole = encoder.finish().expect("it is written");
    rig.rename("a.log", "a.log.1").append("a.log", &numbered(601, 601));
    let mut gzip = File::create(rig.path("a.log.1.gz")).expect("it is made");
    gzip.write_all(whole.get(..10).expect("it is longer")).expect("it is written");
    rig.scan();
    gzip.write_all(whole.get(10..).expect("it is longer")).expect("it is written");
    rig.remove("a.log.1");

    rig.scan().wait(5).scan();

    let mut texts = rig.texts();
    texts.sort();
    assert!(texts == lines(301, 601), "{} lines", texts.len());
}
