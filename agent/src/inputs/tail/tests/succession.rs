//! A log that goes on in the one that took its name: when that is, and that both are stored and read again together.

use super::*;

/// A rig whose lines are joined, and a log of three lines that is held open.
fn rig() -> Rig {
    let mut rig = Rig::new("app.log", &[("read_from_head", "true")]);
    rig.joins = true;
    rig.append("app.log", &numbered(1, 3));
    rig
}

/// Renames the log; another takes its name.
fn rotate(rig: &mut Rig) -> &mut Rig {
    rig.wait_for_births().rename("app.log", "app.log.1").append("app.log", "line 4\n");
    rig
}

/// What passed on since the last call: the places of both files, how far the first was read, the epoch of the second.
fn passed(rig: &mut Rig) -> Vec<(u64, u32)> {
    rig.succeeded.drain(..).map(|succession| (succession.end, succession.epoch)).collect()
}

#[test]
fn what_takes_the_name_of_a_log_is_read_once_that_is_read_to_its_end() {
    let mut rig = rig();
    rig.start();
    rig.rename("app.log", "app.log.1").append("app.log.1", "late\n").append("app.log", &numbered(4, 5));

    rig.scan();

    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "late", "line 4", "line 5"]);
    let succession = &rig.succeeded[0];
    assert_ne!(succession.from.id, succession.to.id);
    assert_eq!(passed(&mut rig), [(26, 0)]);
}

#[test]
fn what_filters_hold_back_of_a_log_goes_on_in_what_takes_its_name() {
    let mut rig = rig();
    (rig.joins, rig.is_held_back) = (false, true);
    rig.start();
    rig.rename("app.log", "app.log.1").append("app.log.1", "late\n").append("app.log", &numbered(4, 5));

    rig.scan();

    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "late", "line 4", "line 5"]);
    assert_eq!(passed(&mut rig), [(26, 0)]);
}

#[test]
fn so_does_what_follows_on_a_copy() {
    let mut rig = rig();
    rig.start();
    rig.append("app.log", "late\n").copy_and_truncate("app.log", "app.log.1").append("app.log", "line 4\n");

    rig.run();

    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "late", "line 4"]);
    assert_eq!(passed(&mut rig), [(26, 0)]);
}

#[test]
fn three_logs_that_came_while_nobody_looked_go_on_one_after_the_other() {
    let mut rig = rig();
    rig.start().stop();
    rig.rename("app.log", "app.log.2").append("app.log.2", "late\n");
    rig.wait_for_births().append("app.log", "line 4\n").rename("app.log", "app.log.1");
    rig.wait_for_births().append("app.log", "line 5\n");

    rig.start();

    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "late", "line 4", "line 5"]);
    assert_eq!(passed(&mut rig), [(26, 0), (7, 0)]);
}

#[test]
fn nothing_passes_where_lines_are_not_joined_or_another_log_came_between() {
    let mut rig = rig();
    rig.joins = false;
    rig.start();
    rotate(&mut rig).scan();
    assert_eq!(passed(&mut rig), []);
    rig.stop();

    // The second is closed, and the third is not the successor of the first.
    rig.joins = true;
    rig.append("app.log.1", "late\n").wait_for_births();
    rig.remove("app.log").append("app.log", "line 5\n");
    rig.start();

    assert_eq!(passed(&mut rig), []);
}

/// Logs of one line each, all of one birth, outside of what is followed.
fn born_at_a_time<const COUNT: usize>(rig: &Rig, lines: [&str; COUNT]) -> [String; COUNT] {
    let names = lines.map(|line| line.trim().replace(' ', "-"));
    let born = |name: &String| file::birth(&fs::metadata(rig.path(name)).expect("it is there"));
    while {
        names.iter().for_each(|name| drop(fs::remove_file(rig.path(name))));
        names.iter().zip(lines).for_each(|(name, line)| append(&rig.path(name), line));
        names.iter().any(|name| born(name) != born(&names[0]))
    } {}
    names
}

#[test]
fn logs_that_were_born_at_a_time_go_on_in_the_order_in_which_they_were_renamed_after_a_kill_too() {
    let mut rig = rig();
    rig.answer = Answer::Hold;
    rig.start();
    rig.rename("app.log", "app.log.1").wait_for_births();
    let [one, two, three] = born_at_a_time(&rig, ["line 4\n", "line 5 \n", "line 6  \n"]);
    rig.rename(&one, "app.log.2").wait_for_births();
    rig.rename(&two, "app.log.3").rename(&three, "app.log");

    rig.scan().wait(2);
    assert_eq!(passed(&mut rig), [(21, 0), (7, 0), (8, 0)]);
    let first = ids(&rig.records());
    rig.rename("app.log.3", "app.log.4").rename("app.log", "app.log.3").rename("app.log.2", "app.log.5");
    rig.kill().start();

    assert_eq!(passed(&mut rig), [(21, 0), (7, 0), (8, 0)]);
    assert_eq!(ids(&rig.records()), first);
}

#[test]
fn logs_whose_order_nothing_tells_are_apart() {
    let mut rig = rig();
    rig.start();
    rig.rename("app.log", "app.log.1").wait_for_births();
    let [one, two, three] = born_at_a_time(&rig, ["line 4\n", "line 5\n", "line 6\n"]);
    rig.rename(&one, "app.log.2").rename(&two, "app.log.3").rename(&three, "app.log");
    rig.tail().scan();
    // When a file was renamed does not show once it is deleted.
    rig.remove("app.log.2").wait_for_births().remove("app.log.3");

    rig.run();

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["line 1", "line 2", "line 3", "line 4", "line 5", "line 6"]);
    assert_eq!(passed(&mut rig), []);
}

/// The copy is younger than all of them: the third went on from the first.
#[test]
fn the_kept_rest_of_a_log_does_not_tell_when_that_was_renamed() {
    let mut rig = rig();
    rig.has_state_directory = true;
    rig.start();
    rig.rename("app.log", "app.log.9").wait_for_births();
    rig.answer = Answer::Hold;
    let [one, two, three] = born_at_a_time(&rig, ["line 4\n", "line 5\n", "line 6\n"]);
    rig.rename(&one, "app.log");
    rig.scan();
    rig.rename("app.log", "app.log.2").rename(&two, "app.log");
    rig.scan();
    rig.rename("app.log", "app.log.1").remove("app.log.2").wait_for_births();
    rig.stop().answer = Answer::Deliver;
    rig.wait_for_births().rename(&three, "app.log");
    rig.succeeded.clear();

    rig.start().wait(2);

    assert_eq!(passed(&mut rig), [(7, 0)], "the second goes on from the first, as it did");
}

#[test]
fn a_log_is_not_begun_while_one_that_comes_between_is_not_open() {
    let mut rig = rig();
    rig.start();
    rig.rename("app.log", "app.log.1").wait_for_births();
    rig.append("between", "line 4\n").wait_for_births().append("app.log", "line 5\n");
    rig.tail().scan();
    rig.rename("between", "app.log.2");
    rig.turn(Duration::ZERO);

    rig.run();

    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "line 4", "line 5"]);
    assert_eq!(passed(&mut rig), [(21, 0), (7, 0)]);
}

#[test]
fn one_that_is_never_opened_does_not_hold_a_log_up_for_long() {
    let mut rig = rig();
    rig.start().wait(2);
    rig.rename("app.log", "app.log.1").wait_for_births();
    fs::copy(rig.path("app.log.1"), rig.path("app.log.old")).expect("it is copied");
    rig.wait_for_births().append("app.log", "line 4\n");

    rig.scan();

    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "line 4"]);
    assert_eq!(passed(&mut rig), []);
}

#[test]
fn neither_position_moves_before_all_of_the_log_before_is_settled() {
    let mut rig = rig();
    rig.answer = Answer::Hold;
    rig.start();
    rotate(&mut rig).scan();
    let later = rig.held.split_off(1);

    later.into_iter().for_each(|share| share.settle_all(Outcome::Delivered));
    rig.wait(2);
    assert_eq!(rig.stored(), [("app.log".to_owned(), 0), ("app.log".to_owned(), 0)]);
    rig.deliver_held().wait(2);

    assert_eq!(rig.stored(), [("app.log".to_owned(), 21), ("app.log".to_owned(), 7)]);
}

#[test]
fn positions_move_at_once_where_nothing_passed() {
    let mut rig = rig();
    rig.answer = Answer::Hold;
    rig.start();
    rotate(&mut rig).scan();
    rig.succeeded.drain(..).for_each(|succession| succession.passed.tell(false));
    let later = rig.held.split_off(1);

    later.into_iter().for_each(|share| share.settle_all(Outcome::Delivered));
    rig.wait(2);

    assert_eq!(rig.stored(), [("app.log".to_owned(), 0), ("app.log".to_owned(), 7)]);
}

#[test]
fn after_a_kill_it_passes_again() {
    let mut rig = rig();
    rig.answer = Answer::Hold;
    rig.start();
    rotate(&mut rig).scan().wait(2);
    assert_eq!(passed(&mut rig), [(21, 0)]);
    rig.records();

    rig.kill().start();

    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "line 4"]);
    assert_eq!(passed(&mut rig), [(21, 0)]);
}

#[test]
fn what_was_joined_is_read_again_together() {
    // Of the first log nothing is open, so that it is settled by itself.
    for (lost, expected) in [(0, &["line 1", "line 2", "line 3", "line 4"][..]), (1, &["line 4"])] {
        let mut rig = rig();
        rig.answer = Answer::Hold;
        rig.start();
        rotate(&mut rig).scan();
        assert_eq!(passed(&mut rig), [(21, 0)]);
        rig.records();

        drop(rig.held.remove(lost));
        rig.deliver_held().run();

        assert_eq!(rig.texts(), expected, "when {lost} is lost");
        assert_eq!(passed(&mut rig), [(21, 1)]);
        rig.wait(2);
        assert_eq!(rig.stored(), [("app.log".to_owned(), 21), ("app.log".to_owned(), 7)]);
    }
}

#[test]
fn a_log_is_not_let_go_before_its_successor_is_stored() {
    let mut rig = rig();
    rig.answer = Answer::Hold;
    rig.start();
    rotate(&mut rig).scan();
    let last = rig.held.remove(0);
    rig.deliver_held().wait(20);
    assert_eq!(rig.open_files(), 2);

    last.settle_all(Outcome::Delivered);
    rig.wait(20);

    assert_eq!(rig.open_files(), 1);
}

/// A log of one line and a half, and one that takes its name.
fn with_rest(joins: bool, rest: &str, next: &str) -> Rig {
    let mut rig = rig();
    rig.joins = joins;
    rig.append("app.log", rest);
    rig.start();
    rig.wait_for_births().rename("app.log", "app.log.1").append("app.log", next);
    rig
}

#[test]
fn a_line_that_began_in_the_log_before_is_joined_once_nobody_writes_to_it() {
    for joins in [false, true] {
        let mut rig = with_rest(joins, "ha", "lf\nline 4\n");
        assert_eq!(rig.scan().texts(), ["line 1", "line 2", "line 3"]);

        rig.wait(6);
        let records = rig.records();
        assert_eq!(records.iter().map(|seen| &*seen.text).collect::<Vec<_>>(), ["half", "line 4"]);
        assert_eq!(rig.stored(), [("app.log".to_owned(), 23), ("app.log".to_owned(), 10)]);

        // Alone it is known by something else.
        fs::remove_file(rig.path("state/tail.db")).expect("it is removed");
        rig.kill().start();
        let again = rig.records();
        assert_eq!((&*again[0].text, &*again[1].text), ("lf", "line 4"));
        assert_ne!(again[0].id, records[0].id);
        assert_eq!(again[1].id, records[1].id);
    }
}

#[test]
fn a_rest_is_a_line_of_its_own_where_its_log_is_still_written_to_or_lines_are_not_utf_8() {
    let mut rig = with_rest(false, "ha", "lf\n");
    let id = FileId::of(&fs::metadata(rig.path("app.log.1")).expect("it is there"));
    WRITTEN.with_borrow_mut(|written| written.insert(id));

    rig.scan().wait(6);
    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "lf"]);
    rig.append("app.log.1", "nds\n");
    rig.wait(2);
    assert_eq!(rig.texts(), ["hands"]);

    let mut rig = rig_with_encoding();
    rig.start();
    rig.wait_for_births().rename("app.log", "app.log.1").append("app.log", "lf\n");
    rig.scan().wait(6);
    assert_eq!(rig.texts(), ["lf", "ha"]);
}

#[test]
fn what_began_a_line_of_its_own_does_so_after_a_kill() {
    let mut rig = with_rest(false, "ha", "lf\n");
    let id = FileId::of(&fs::metadata(rig.path("app.log.1")).expect("it is there"));
    WRITTEN.with_borrow_mut(|written| written.insert(id));
    rig.answer = Answer::Hold;
    rig.scan().wait(6);
    let first = rig.records().pop().expect("a line");

    WRITTEN.with_borrow_mut(|written| written.clear());
    rig.kill().start().wait(6);

    let again = rig.records();
    assert_eq!([&*first.text, &*again[0].text, &*again[1].text], ["lf", "lf", "ha"]);
    assert_eq!(again[0].id, first.id);
}

fn rig_with_encoding() -> Rig {
    let rig = Rig::new("app.log", &[("read_from_head", "true"), ("generic.encoding", "Win1252")]);
    rig.append("app.log", "ha");
    rig
}

#[test]
fn a_rest_is_joined_with_what_follows_on_a_copy_at_once() {
    let mut rig = rig();
    rig.joins = false;
    rig.append("app.log", "ha");
    rig.start();
    rig.copy_and_truncate("app.log", "app.log.1").append("app.log", "lf of a long line\n");

    rig.run();

    assert_eq!(rig.texts(), ["line 1", "line 2", "line 3", "half of a long line"]);
}

#[test]
fn a_joined_line_is_read_again_as_it_was_after_a_kill_and_when_it_is_lost() {
    let mut rig = with_rest(false, "ha", "lf\nline 4\n");
    rig.answer = Answer::Hold;
    rig.scan().wait(6);
    let first: Vec<Seen> = rig.records().into_iter().filter(|seen| seen.text == "half").collect();

    rig.held.drain(..).for_each(drop);
    rig.run().wait(7);
    let second = rig.records();
    rig.kill().start().wait(6);
    let third = rig.records();

    for again in [second, third] {
        let again: Vec<Seen> = again.into_iter().filter(|seen| seen.text.contains('f')).collect();
        assert_eq!(ids(&again), ids(&first));
    }
}

/// Each of the two was a log of its own then: the beginning of the line came once more, and its end.
#[test]
fn a_joined_line_is_read_again_as_it_was_though_its_logs_were_compressed_since() {
    for names in [&["app.log.1"][..], &["app.log.1", "app.log.2"]] {
        let mut rig = with_rest(false, "ha", "lf\nline 4\n");
        rig.answer = Answer::Hold;
        rig.scan().wait(6);
        let mut first = ids(&rig.records()[3..]);

        if names.len() == 2 {
            rig.rename("app.log.1", "app.log.2").rename("app.log", "app.log.1");
        }
        names.iter().for_each(|name| super::compressed::compress_away(&rig, name, &format!("{name}.gz")));
        rig.kill().answer = Answer::Deliver;
        let mut again = ids(&rig.start().wait(20).records());

        first.sort();
        again.sort();
        again.retain(|id| first.contains(id));
        assert_eq!((first.len(), again), (2, first), "{names:?}");
    }
}

#[test]
fn a_line_of_two_files_that_is_too_long_is_cut_as_any_other() {
    let mut rig = with_rest(false, &"x".repeat(20), &("y".repeat(25) + "\nend\n"));
    rig.options.push(("buffer_max_size", "32".into()));
    rig.stop().start().wait(6);

    let texts = rig.texts();
    assert_eq!(texts[texts.len() - 3..], ["x".repeat(20) + &"y".repeat(12), "y".repeat(13), "end".to_owned()]);
}

/// It had no stream when its successor got one, which the next worker served.
#[test]
fn a_log_that_was_filled_and_rotated_between_two_looks_and_its_successor_have_one_worker() {
    let options = [("read_from_head", "on"), ("inotify_watcher", "off"), ("watcher_interval", "60")];
    let mut rig = Rig::new("app.log", &options);
    rig.joins = true;
    rig.append("app.log", "");
    let queues = [(); 2].map(|()| Arc::new(ByteQueue::new(rig.room)));
    let outlet = Outlet::new(rig.memory.clone(), queues.to_vec());
    let (mut tail, now) = (rig.build(), rig.now);
    tail.start(outlet, now);
    rig.tail = Some(tail);

    rig.append("app.log", &numbered(1, 3)).wait_for_births();
    rig.rename("app.log", "app.log.1").append("app.log", &numbered(4, 5));
    rig.tail().scan();
    rig.tail().begin_contents(false);
    let mut workers = Vec::new();
    for _ in 0..60 {
        rig.now += Duration::from_millis(60);
        let now = rig.now;
        rig.tail().turn(now);
        for (worker, queue) in queues.iter().enumerate() {
            while let Popped::Element(work) = queue.pop(Some(Instant::now())) {
                rig.serve(work);
                workers.resize(rig.seen.len(), worker);
            }
        }
    }

    assert_eq!(rig.texts().join("\n") + "\n", numbered(1, 5));
    assert!(workers.iter().all(|worker| *worker == workers[0]), "{workers:?}");
    assert_eq!(passed(&mut rig), [(21, 0)]);
}
