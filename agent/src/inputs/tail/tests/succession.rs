//! A log that goes on in the one that took its name: when that is, and that both are stored and read again together.

use std::time::Duration;

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

#[test]
fn a_log_that_cannot_be_read_holds_up_nobody() {
    let mut rig = rig();
    rig.start();
    let _ = rig.texts();
    rig.append("app.log", "half");
    rotate(&mut rig).scan();

    assert_eq!(rig.texts(), ["line 4"]);
    rig.turn(Duration::from_secs(6)).run();
    assert_eq!(rig.texts(), ["half"]);
}
