//! Files that come and grow.

use super::super::STALLED_WAIT;
use super::super::read::LENT;
use super::*;
use crate::plugin::Input;

#[test]
fn files_at_the_start_are_read_from_their_end_and_later_ones_from_their_head() {
    let mut rig = Rig::new("*.log", &[]);
    rig.append("a.log", "before\n");
    rig.start();
    assert_eq!(rig.texts(), [""; 0]);

    rig.append("a.log", "after\n").append("b.log", "new\n");
    rig.scan();

    let mut seen = rig.records();
    seen.sort_by(|a, b| a.text.cmp(&b.text));
    let names: Vec<_> = seen.iter().map(|seen| (seen.text.as_str(), seen.name.as_str())).collect();
    assert_eq!(names, [("after", "a.log"), ("new", "b.log")]);
    assert!(seen[0].tag.starts_with("t.") && seen[0].tag.ends_with(".a.log"), "{}", seen[0].tag);
}

#[test]
fn a_line_waits_for_its_newline() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "whole\nha");
    rig.start();
    assert_eq!(rig.texts(), ["whole"]);

    rig.append("a.log", "lf");
    rig.wait(100);
    assert_eq!(rig.texts(), [""; 0]);
    rig.append("a.log", "\r\nnext\n");
    rig.run();

    assert_eq!(rig.texts(), ["half", "next"]);
    rig.stop();
    assert_eq!(rig.stored(), [("a.log".to_owned(), 17)]);
}

#[test]
fn a_first_line_that_comes_in_pieces_is_read_when_it_is_whole() {
    let mut rig = Rig::new("a.log", &[]);
    rig.start();
    rig.append("a.log", "");
    rig.scan();
    rig.append("a.log", "on");
    rig.run();
    rig.append("a.log", "e\n");
    rig.run();

    assert_eq!(rig.texts(), ["one"]);
}

#[test]
fn lines_longer_than_a_block_are_read_whole() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("buffer_chunk_size", "4k")]);
    let long = "x".repeat(300_000);
    rig.append("a.log", &format!("{}{long}\n{}", numbered(1, 2000), numbered(1, 2000)));

    rig.start();

    let texts = rig.texts();
    assert_eq!((texts.len(), texts[2000].len()), (4001, 300_000));
    assert_eq!(rig.metrics.bytes.get(), 300_001 + 2 * numbered(1, 2000).len() as u64);
}

#[test]
fn a_long_line_that_finds_no_memory_leaves_its_worker_to_others_and_is_read_when_there_is_some() {
    let options = [("read_from_head", "on"), ("buffer_chunk_size", "4k"), ("buffer_max_size", "1m")];
    let mut rig = Rig::new("*.log", &options);
    rig.memory = Memory::new(2 << 20);
    let held = rig.memory.take(1, Duration::ZERO);
    rig.append("a.log", &format!("{}\n", "x".repeat(900_000)));
    rig.start();

    assert_eq!(rig.texts(), [""; 0]);
    let file = rig.tail().files.values().next().expect("it is open");
    assert!(file.not_before.is_some(), "it does not come back to its worker at once");
    assert!(rig.memory.take(1, Duration::ZERO).is_none(), "what comes back is kept for it");
    drop(held);
    rig.run();

    assert_eq!(rig.texts().iter().map(String::len).collect::<Vec<_>>(), [900_000]);
    assert!(rig.memory.take(1, Duration::ZERO).is_some());
}

#[test]
fn a_line_above_the_limit_does_not_stop_the_file_whatever_is_done_with_it() {
    for (option, texts) in [
        ("read_from_head", vec!["a", "0123456789abcdef", "ghi", "b"]),
        ("skip_long_lines", vec!["a", "b"]),
        ("truncate_long_lines", vec!["a", "0123456789abcde", "b"]),
    ] {
        let mut rig = Rig::new("a.log", &[("buffer_max_size", "16"), (option, "on")]);
        rig.start();
        rig.append("a.log", "a\n0123456789abcdefghi\nb\n");
        rig.scan().stop();

        assert_eq!(rig.texts(), texts, "{option}");
        assert_eq!(rig.stored(), [("a.log".to_owned(), 24)]);
        assert_eq!(rig.metrics.long_line_truncated.get() + rig.metrics.long_line_skipped.get(), 1);
    }
}

#[test]
fn lines_that_are_left_out_are_told_of_once_for_a_file() {
    let mut rig = Rig::new("*.log", &[("buffer_max_size", "16"), ("read_from_head", "on"), ("skip_long_lines", "on")]);
    rig.append("a.log", "a\n0123456789abcdefghi\nb\n");
    rig.append("b.log", "0123456789abcdef\n");
    rig.start();
    rig.run();

    let mut told: Vec<_> = rig.tail().files.values().map(|file| file.progress.has_told_skips).collect();
    told.sort_unstable();
    assert_eq!(told, [false, true]);
}

#[test]
fn a_long_line_that_is_not_over_is_met_again_from_its_start() {
    let mut rig = Rig::new("a.log", &[("buffer_max_size", "16"), ("read_from_head", "on")]);
    rig.append("a.log", "a\n0123456789abcdefghijklmnopqrstuvwxyz");
    rig.start();
    let before = rig.records();
    assert_eq!(before.len(), 3);
    rig.wait(2).kill();
    assert_eq!(rig.stored(), [("a.log".to_owned(), 2)]);

    rig.append("a.log", "\n");
    rig.start();

    let after = rig.records();
    assert_eq!(ids(&after)[..2], ids(&before)[1..]);
    assert_eq!(after.len(), 3);
}

#[test]
fn what_is_no_regular_file_is_left_alone_and_so_is_what_is_excluded_or_old() {
    let mut rig = Rig::new("*", &[("read_from_head", "on"), ("exclude_path", "*.gz"), ("ignore_older", "1h")]);
    fs::create_dir(rig.path("directory")).expect("it is made");
    rustix::fs::mknodat(rustix::fs::CWD, rig.path("fifo"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .expect("it is made");
    rig.append("a.gz", "excluded\n").append("new", "new\n").append("old", "old\n");
    let aged = |name: &str, seconds: u64| {
        let at = std::time::UNIX_EPOCH + Duration::from_secs(wall().seconds.unsigned_abs() - seconds);
        File::options().write(true).open(rig.path(name)).expect("it opens").set_modified(at).expect("it is set");
    };
    aged("old", 3601);
    aged("new", 3599);

    rig.start();

    assert_eq!(rig.texts(), ["new"]);
}

#[test]
fn a_file_under_two_names_is_read_once() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.append("a.log", "once\n");
    fs::hard_link(rig.path("a.log"), rig.path("b.log")).expect("it is linked");
    std::os::unix::fs::symlink(rig.path("a.log"), rig.path("c.log")).expect("it is linked");

    rig.start().scan();

    assert_eq!(rig.texts(), ["once"]);
    rig.remove("a.log");
    rig.append("b.log", "still\n");
    rig.scan();
    assert_eq!(rig.texts(), ["still"]);
}

#[test]
fn what_an_output_did_not_answer_for_is_read_again_with_the_same_ids() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.start();
    let first = rig.records();
    rig.append("a.log", "two\nthree\n");
    rig.answer = Answer::Drop;
    for _ in 0..3 {
        rig.turn(Duration::from_millis(30));
    }
    let dropped = rig.records();
    assert_eq!(dropped.iter().map(|seen| seen.text.as_str()).collect::<Vec<_>>(), ["two", "three"]);

    rig.answer = Answer::Deliver;
    rig.run();

    let again = rig.records();
    assert_eq!(ids(&again), ids(&dropped));
    assert_eq!((first[0].epoch, dropped[0].epoch, again[0].epoch), (0, 0, 1));
    assert_eq!(rig.metrics.rewinds.get(), 1);
    rig.stop();
    assert_eq!(rig.stored(), [("a.log".to_owned(), 14)]);
}

#[test]
fn an_output_that_never_answers_is_not_asked_without_end() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.answer = Answer::Drop;

    rig.start().wait(1);
    for _ in 0..1000 {
        rig.turn(Duration::from_millis(10));
    }

    let tries = rig.texts().len();
    assert!((6..15).contains(&tries), "{tries} tries within 15 seconds");
}

/// Had it gone back at once, the worker would have read on behind what is missing.
#[test]
fn a_file_that_is_lent_goes_back_to_what_was_not_answered_for_when_it_is_given_back() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.answer = Answer::Hold;
    rig.start();
    rig.append("a.log", "two\n");
    let lent = rig.lend(Duration::from_secs(1));

    rig.held.clear();
    assert!(rig.lend(Duration::from_secs(1)).is_empty());
    rig.answer = Answer::Deliver;
    lent.into_iter().for_each(|work| rig.serve(work));
    rig.wait(5);

    assert_eq!(rig.texts(), ["one", "one", "two"], "what follows on a gap is not read");
    assert_eq!(rig.stored(), [("a.log".to_owned(), 8)]);
}

#[test]
fn positions_follow_what_is_settled_and_not_what_is_read() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.start();
    rig.answer = Answer::Hold;
    rig.append("a.log", "two\n");
    rig.wait(5);
    assert_eq!(rig.stored(), [("a.log".to_owned(), 4)]);

    rig.deliver_held().wait(5);

    assert_eq!(rig.stored(), [("a.log".to_owned(), 8)]);
}

#[test]
fn no_more_than_the_limit_is_on_the_way() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("buffer_chunk_size", "4k")]);
    rig.append("a.log", &numbered(1, 5000)).append("b.log", &numbered(1, 5000));
    let mut tail = rig.build();
    tail.settings.mem_buf_limit = Some(10_000);
    tail.start(rig.outlet(), rig.now);
    rig.tail = Some(tail);
    rig.answer = Answer::Hold;

    rig.run();
    let first = rig.texts();
    let bytes: usize = first.iter().map(|text| text.len() + 1).sum();
    assert!((10_000..14_500).contains(&bytes), "{bytes}");
    for _ in 0..20 {
        rig.deliver_held();
        rig.answer = Answer::Hold;
        rig.run();
    }

    assert_eq!(first.len() + rig.texts().len(), 10_000);
}

/// Turns in which nothing is taken from the queue. Gives how long the last would wait for room.
fn turns_without_room(rig: &mut Rig) -> Duration {
    for _ in 0..3 {
        rig.now += Duration::from_millis(30);
        let now = rig.now;
        rig.tail().turn(now);
    }
    rig.stop.signal().wait(Duration::ZERO);
    rig.tail().lend_all()
}

#[test]
fn a_full_queue_is_waited_for_and_not_asked_again_and_again() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.room = 200_000;
    rig.start();
    rig.append("a.log", &numbered(1, 6_000)).append("b.log", &numbered(1, 6_000));
    rig.tail().scan();

    let wait = turns_without_room(&mut rig);
    let work = rig.queue.pop(Some(Instant::now()));

    assert_eq!(wait, STALLED_WAIT);
    assert!(rig.stop.signal().wait(Duration::ZERO), "the queue tells of its room");
    let Popped::Element(work) = work else { panic!("something was lent") };
    rig.serve(work);
    assert_eq!(rig.run().texts().len(), 12_000);
}

#[test]
fn answers_are_waited_for_and_not_asked_for_again_and_again() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("buffer_chunk_size", "4k")]);
    rig.append("a.log", &numbered(1, 2_000));
    let mut tail = rig.build();
    tail.settings.mem_buf_limit = Some(10_000);
    tail.start(rig.outlet(), rig.now);
    rig.tail = Some(tail);
    rig.answer = Answer::Hold;
    rig.run();

    let wait = turns_without_room(&mut rig);
    rig.deliver_held();

    assert_eq!(wait, STALLED_WAIT);
    assert!(rig.stop.signal().wait(Duration::ZERO), "the ledger tells of the answer");
    assert_eq!(rig.run().texts().len(), 2_000);
}

#[test]
fn files_take_turns() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    let lines = format!("{}\n", "x".repeat(9_999)).repeat(usize::try_from(4 * LENT).expect("it is small") / 10_000);
    rig.append("a.log", &lines).append("b.log", &lines);

    rig.start();

    let seen = rig.records();
    let half = &seen[..seen.len() / 2];
    let of_a = half.iter().filter(|seen| seen.name == "a.log").count();
    assert_eq!(seen.len(), 2 * lines.lines().count());
    assert!((half.len() * 2 / 5..half.len() * 3 / 5).contains(&of_a), "{of_a} of {}", half.len());
}

/// Runs the input on a thread of its own until it returns.
fn run_to_its_end(rig: &mut Rig) {
    let tail = Box::new(rig.build());
    let (outlet, stop) = (rig.outlet(), rig.stop.clone());
    let running = std::thread::spawn(move || tail.run(outlet, stop));
    while let Popped::Element(work) = rig.queue.pop(None) {
        rig.serve(work);
    }
    rig.stop.drained();
    running.join().expect("it returns");
}

#[test]
fn the_input_ends_at_the_end_of_its_files_when_told_to() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("exit_on_eof", "on")]);
    rig.append("a.log", "one\nd").append("b.log", "no newline").append("c.log", "");
    run_to_its_end(&mut rig);

    assert_eq!(rig.texts(), ["one"], "a line that may be written on waits for its newline");
    let mut stored = rig.stored();
    stored.sort();
    let expected = [("a.log", 4), ("b.log", 0), ("c.log", 0)];
    assert_eq!(stored, expected.map(|(name, offset)| (name.to_owned(), offset)));

    rig.stop = Stop::default();
    rig.append("a.log", "ef\ng").append("b.log", "\n");
    run_to_its_end(&mut rig);

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["def", "no newline"]);
}

#[test]
fn the_input_ends_though_gzip_files_cannot_be_read_to_their_ends() {
    let options = [("read_from_head", "on"), ("exit_on_eof", "on"), ("inotify_watcher", "off")];
    let mut rig = Rig::new("*", &options);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(numbered(1, 20_000).as_bytes()).expect("memory takes it");
    let whole = encoder.finish().expect("memory takes it");
    fs::write(rig.path("a.gz"), "no gzip file\n").expect("it is written");
    fs::write(rig.path("b.gz"), &whole[..whole.len() / 2]).expect("it is written");
    fs::write(rig.path("c.gz"), &whole[..5]).expect("it is written");
    rig.append("d.log", "one\n");
    run_to_its_end(&mut rig);

    let texts = rig.texts();
    assert!(texts.contains(&"one".to_owned()));
    assert!((2_000..20_001).contains(&texts.len()), "half of a gzip file is read: {}", texts.len());
}

/// Notices a new file and its growth by itself, with the real clock and the real watcher.
#[test]
fn a_new_file_is_noticed_at_once() {
    let mut rig = Rig::new("sub/*.log", &[("read_from_head", "on")]);
    fs::create_dir(rig.path("sub")).expect("it is made");
    let tail = Box::new(rig.build());
    let (outlet, stop) = (rig.outlet(), rig.stop.clone());
    let running = std::thread::spawn(move || tail.run(outlet, stop));
    let file = rig.path("sub/a.log");
    let mut took = Vec::new();
    for number in 0..3 {
        let began = Instant::now();
        append(&file, &format!("{number}\n"));
        let Popped::Element(work) = rig.queue.pop(Some(began + Duration::from_secs(20))) else {
            panic!("nothing came");
        };
        took.push(began.elapsed());
        rig.serve(work);
    }
    rig.stop.request();
    rig.stop.drained();
    running.join().expect("it returns");

    assert_eq!(rig.texts().len(), 3);
    assert!(took.iter().all(|took| *took < Duration::from_secs(10)), "{took:?}");
}

#[test]
fn a_quiet_file_is_not_looked_at_until_it_is_written_to() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n").append("b.log", "");
    rig.start();
    assert_eq!(rig.texts(), ["one"]);
    assert!(rig.tail().looks.is_empty(), "both are quiet");

    rig.append("a.log", "two\n");
    rig.turn(Duration::ZERO);
    assert_eq!((rig.texts(), rig.tail().looks.len()), (vec!["two".to_owned()], 1));

    // For some time it is looked at; then it rests again, and is woken again.
    rig.run();
    assert!(rig.tail().looks.is_empty());
    rig.append("a.log", "three\n").append("b.log", "four\n");
    rig.turn(Duration::ZERO);
    assert_eq!(rig.texts(), ["three", "four"]);
}

/// Else each write in place would cost an event and a new watch.
#[test]
fn a_file_that_is_written_to_without_growing_is_looked_at_for_a_while() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.start();
    assert_eq!((rig.texts(), rig.tail().looks.len()), (vec!["one".to_owned()], 0));

    let file = OpenOptions::new().write(true).open(rig.path("a.log"));
    file.and_then(|mut file| file.write_all(b"one\n")).expect("it is written");
    rig.turn(Duration::ZERO);

    assert_eq!((rig.tail().quiet.count(), rig.tail().looks.len()), (0, 1));
    rig.run();
    assert_eq!((rig.tail().quiet.count(), rig.tail().looks.len()), (1, 0));
    assert!(rig.texts().is_empty());
}

/// All paths are looked at after `refresh_interval`, 60 seconds here.
#[test]
fn a_write_that_no_event_tells_of_is_found_at_the_next_look_at_all_paths() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.start();
    rig.texts();
    let watch = rig.tail().files.values().next().and_then(|file| file.watch).expect("it is watched");
    rig.tail().quiet.unwatch(watch);

    rig.append("a.log", "two\n");
    rig.wait(10);
    assert!(rig.texts().is_empty(), "nothing told of it");

    rig.wait(60);
    assert_eq!(rig.texts(), ["two"]);
}

#[test]
fn where_there_is_no_room_for_a_watch_the_others_stay_and_this_file_is_looked_at() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    rig.start();
    rig.texts();
    rig.tail().quiet.fill();
    rig.append("b.log", "two\n");
    rig.scan().run();
    assert_eq!(rig.texts(), ["two"]);
    assert_eq!((rig.tail().quiet.count(), rig.tail().looks.len()), (1, 1), "`a` rests, `b` is looked at");

    rig.append("b.log", "three\n");
    rig.wait(2);
    assert_eq!(rig.texts(), ["three"]);

    // The write ends a watch, so there is room for one.
    rig.append("a.log", "four\n");
    rig.turn(Duration::ZERO);
    assert_eq!(rig.texts(), ["four"]);
    rig.run();
    rig.wait(5);
    assert_eq!(
        (rig.tail().quiet.count(), rig.tail().looks.len()),
        (2, 0),
        "nothing else ended, so both have one again"
    );
}

#[test]
fn files_that_cannot_be_watched_are_looked_at_every_second() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.append("a.log", "one\n");
    let mut tail = rig.build();
    tail.quiet.refuse();
    tail.start(rig.outlet(), rig.now);
    rig.tail = Some(tail);
    rig.run();
    rig.wait(5);
    assert_eq!(rig.texts(), ["one"]);
    assert_eq!((rig.tail().quiet.count(), rig.tail().looks.len()), (0, 1));

    rig.append("a.log", "two\n");
    rig.wait(2);

    assert_eq!(rig.texts(), ["two"]);
}

#[test]
fn a_file_that_was_closed_is_no_longer_watched() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", "one\n");
    rig.start();
    assert_eq!(rig.tail().quiet.count(), 1);

    rig.rename("a.log", "a.log.1");
    rig.scan().wait(5);

    assert_eq!((rig.open_files(), rig.tail().quiet.count()), (0, 0));
}

#[test]
fn the_lag_is_what_is_there_and_not_settled() {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on")]);
    rig.answer = Answer::Hold;
    rig.append("a.log", "one\n").append("b.log", "two and more\n");
    rig.start();
    rig.append("a.log", "three\n");
    rig.wait(2);

    let (lag, since) = (&rig.metrics.lag_bytes, &rig.metrics.unsettled_since);
    assert_eq!(lag.get(), 4 + 13 + 6);
    let waits = u64::try_from(wall().seconds).expect("after 1970") * 1000 - since.get();
    assert!((2_000..60_000).contains(&waits), "{waits}");

    rig.deliver_held().wait(2);
    assert_eq!((rig.metrics.lag_bytes.get(), rig.metrics.unsettled_since.get()), (0, 0));
}
