//! Deleted files whose rest is kept over a stop.

use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};

use super::*;
use crate::inputs::tail::rest_file::IS_UNREADABLE;

/// A rig with a state directory that reads `a.log` from its head.
fn rig() -> Rig {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("rotate_wait", "5")]);
    rig.has_state_directory = true;
    rig
}

impl Rig {
    /// What lies in the directory of copies.
    fn copies(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("state/rest/tail.0")).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| entry.path()).collect()
    }

    fn copy(&self) -> PathBuf {
        let copies = self.copies();
        assert_eq!(copies.len(), 1, "{copies:?}");
        copies[0].clone()
    }

    /// Writes `lines` lines to `a.log`, of which the first three are settled and the others on their way, and deletes it.
    fn delete_unsettled(&mut self, lines: u32) -> Vec<Seen> {
        self.append("a.log", &numbered(1, 3));
        self.start();
        let settled = self.records();
        self.answer = Answer::Hold;
        self.append("a.log", &numbered(4, lines));
        self.run();
        self.remove("a.log");
        self.tail().scan();
        self.turn(Duration::from_millis(60));
        settled
    }

    fn abandoned(&self) -> u64 {
        self.metrics.abandoned_bytes.get()
    }
}

/// Overwrites a byte.
fn write_at(path: &Path, at: u64) {
    let file = File::options().write(true).open(path).expect("it opens");
    file.write_all_at(b"#", at).expect("it is written");
}

/// Bytes of the lines that [`Rig::delete_unsettled`] leaves.
fn rest(lines: u32) -> u64 {
    numbered(4, lines).len() as u64
}

#[test]
fn the_rest_of_a_deleted_file_is_delivered_after_a_restart_under_the_same_ids() {
    let mut rig = rig();
    let settled = rig.delete_unsettled(20_000);
    let sent = rig.records();
    assert_eq!((settled.len(), sent.len()), (3, 19_997));

    rig.stop();
    let copy = fs::metadata(rig.copy()).expect("it is there");
    assert_eq!((copy.len(), copy.permissions().mode() & 0o777), (numbered(1, 20_000).len() as u64, 0o600));
    rig.answer = Answer::Deliver;
    rig.append("a.log", "new\n");
    rig.start();

    let (new, again): (Vec<_>, Vec<_>) = rig.records().into_iter().partition(|seen| seen.text == "new");
    assert_eq!(new.len(), 1);
    let plain =
        |seen: &[Seen]| seen.iter().map(|seen| Seen { epoch: 0, again: false, ..seen.clone() }).collect::<Vec<_>>();
    assert_eq!(plain(&again), plain(&sent));
    assert_ne!(new[0].id[..28], sent[0].id[..28]);
    rig.wait(2);
    assert_eq!((rig.open_files(), rig.copies().len(), rig.abandoned()), (1, 0, 0));
    rig.stop();
    assert_eq!(rig.stored(), [("a.log".to_owned(), 4)]);
    rig.start();
    assert_eq!(rig.texts(), [""; 0], "and only once");
}

#[test]
fn a_copy_does_not_hold_what_was_settled_long_before() {
    let mut rig = rig();
    rig.append("a.log", &numbered(1, 200_000));
    rig.start();
    rig.append("a.log", "unread");
    rig.run();
    rig.remove("a.log");
    rig.stop();

    let copy = fs::metadata(rig.copy()).expect("it is there");
    assert!(copy.len() > 2_000_000);
    assert!(copy.blocks() * 512 < 64 << 10, "{} blocks", copy.blocks());
}

#[test]
fn a_file_whose_first_line_is_not_complete_keeps_the_ids_it_would_have_got() {
    let mut rig = rig();
    rig.append("a.log", "short");
    rig.start().rename("a.log", "b.txt");
    rig.scan().wait(2);
    let without_a_stop = rig.records();
    rig.stop();
    fs::remove_dir_all(rig.path("state")).expect("it is removed");
    rig.rename("b.txt", "a.log");

    rig.start().remove("a.log");
    rig.stop().start().wait(2);

    assert_eq!(without_a_stop.len(), 1);
    let again = rig.records().into_iter().map(|seen| Seen { again: false, ..seen });
    assert_eq!(again.collect::<Vec<_>>(), without_a_stop);
    assert_eq!((rig.abandoned(), rig.copies().len()), (0, 0));
}

#[test]
fn a_rest_that_is_not_settled_at_the_next_stop_is_kept_further() {
    let mut rig = rig();
    rig.delete_unsettled(10);
    let sent = rig.records();

    for _ in 0..3 {
        rig.stop().start();
        assert_eq!(ids(&rig.records()), ids(&sent));
        rig.copy();
    }
    rig.deliver_held().wait(2);

    assert_eq!((rig.copies().len(), rig.open_files(), rig.abandoned()), (0, 0, 0));
}

#[test]
fn a_rest_that_is_settled_at_the_stop_is_removed_at_once() {
    let mut rig = rig();
    rig.delete_unsettled(10);
    rig.stop();
    rig.answer = Answer::Deliver;
    rig.start();
    assert_eq!((rig.open_files(), rig.copies().len()), (1, 1), "`Rotate_Wait` is not over");

    rig.stop();

    assert_eq!((rig.copies().len(), rig.stored().len()), (0, 0));
}

#[test]
fn a_kill_while_a_rest_is_read_loses_nothing() {
    let mut rig = rig();
    rig.delete_unsettled(10);
    let sent = rig.records();

    rig.stop().start().kill().start();

    assert_eq!(ids(&rig.records()), [ids(&sent), ids(&sent)].concat());
    assert_eq!(rig.abandoned(), 0);
}

#[test]
fn what_is_beyond_the_bound_is_counted_and_the_rest_ends_behind_a_line() {
    let mut rig = rig();
    rig.delete_unsettled(1000);
    // Room for what proves the content, and for line 136 but not the next.
    rig.tail().rests.as_mut().expect("it has them").bound = 1024 + 64 + rest(136) + 8;
    rig.records();

    rig.stop();
    assert_eq!(rig.abandoned(), rest(1000) - rest(136));
    rig.answer = Answer::Deliver;
    rig.start().wait(2);

    assert_eq!(rig.texts(), (4..=136).map(|number| format!("line {number}")).collect::<Vec<_>>());
    assert_eq!((rig.abandoned(), rig.copies().len()), (rest(1000) - rest(136), 0));
}

#[test]
fn copies_that_are_still_there_count_for_the_bound() {
    let mut rig = rig();
    rig.delete_unsettled(100);
    rig.stop().start();
    rig.append("b.log", &numbered(1, 10));
    rig.scan();
    rig.remove("b.log");
    rig.tail().rests.as_mut().expect("it has them").bound = 4096;

    rig.stop();

    rig.copy();
    assert_eq!(rig.abandoned(), numbered(1, 10).len() as u64);
}

#[test]
fn without_a_state_directory_the_rest_is_counted() {
    let mut rig = rig();
    rig.has_state_directory = false;
    rig.delete_unsettled(10);

    rig.stop();

    assert_eq!(rig.abandoned(), rest(10));
}

#[test]
fn a_rest_that_cannot_be_written_is_counted() {
    let mut rig = rig();
    rig.delete_unsettled(10);
    fs::write(rig.path("state/rest"), "a file in the way").expect("it is written");

    rig.stop();

    assert_eq!(rig.abandoned(), rest(10));
}

#[test]
fn what_a_crash_left_among_the_copies_is_removed() {
    let mut rig = rig();
    rig.delete_unsettled(10);
    rig.stop();
    let copy = rig.copy();
    let unfinished = copy.with_extension("tmp");
    fs::write(&unfinished, numbered(1, 2)).expect("it is written");
    // Finished, but the agent was killed before its position was stored.
    let name = copy.file_name().expect("it has one").to_string_lossy().into_owned();
    let (identity, hash) = (name.split_inclusive('-').next().expect("it has parts"), "0123456789abcdef");
    fs::write(copy.with_file_name(format!("{identity}1-2-3-a-1e-{hash}.rest")), numbered(1, 4)).expect("it is written");
    fs::write(copy.with_file_name("of another agent.rest"), "x").expect("it is written");

    rig.answer = Answer::Deliver;
    rig.records();
    rig.start().wait(2);

    assert_eq!(rig.texts().len(), 7);
    assert_eq!(rig.abandoned(), 20);
    assert_eq!(rig.copy().file_name().expect("it has one"), "of another agent.rest");
}

#[test]
fn a_damaged_copy_is_counted_and_not_read() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("a byte", |path| write_at(path, 60)),
        ("its end", |path| {
            File::options().write(true).open(path).expect("it opens").set_len(40).expect("it is cut");
        }),
        ("another file in its place", |path| {
            fs::copy(path, path.with_extension("x")).expect("it is copied");
            fs::rename(path.with_extension("x"), path).expect("it is renamed");
        }),
        ("no file", |path| fs::remove_file(path).expect("it is removed")),
    ];
    for (what, damage) in damages {
        let mut rig = rig();
        rig.delete_unsettled(10);
        rig.stop();
        rig.records();
        damage(&rig.copy());

        rig.answer = Answer::Deliver;
        rig.start().wait(2);

        assert_eq!(rig.texts(), [""; 0], "{what}");
        assert_eq!((rig.abandoned(), rig.copies().len(), rig.stored().len()), (rest(10), 0, 0), "{what}");
    }
}

/// Of a longer file its head, the bytes before the offset and what is to be read lie apart, and each is proven by itself.
#[test]
fn one_other_byte_in_what_a_copy_holds_keeps_it_from_being_read() {
    let settled = numbered(1, 300).len() as u64;
    for at in [2, settled - 5, settled + 3] {
        let mut rig = rig();
        rig.append("a.log", &numbered(1, 300));
        rig.start().records();
        rig.answer = Answer::Hold;
        rig.append("a.log", &numbered(301, 310));
        rig.run().remove("a.log");
        rig.stop().records();
        write_at(&rig.copy(), at);

        rig.start();

        assert_eq!((rig.texts().len(), rig.abandoned()), (0, 90), "{at}");
    }
}

#[test]
fn a_copy_that_changes_while_it_is_read_is_not_read_on() {
    let mut rig = rig();
    rig.delete_unsettled(10);
    rig.stop().start();
    rig.records();
    File::options().write(true).open(rig.copy()).expect("it opens").set_len(5).expect("it is cut");
    rig.run();

    rig.held.clear();
    rig.answer = Answer::Deliver;
    rig.wait(2);

    assert_eq!(rig.texts(), [""; 0]);
    assert_eq!((rig.abandoned(), rig.open_files(), rig.copies().len()), (rest(10), 0, 0));
}

#[test]
fn what_was_overwritten_and_not_answered_for_is_counted_at_the_stop() {
    let mut rig = rig();
    rig.append("a.log", &numbered(1, 3));
    rig.answer = Answer::Hold;
    rig.start();
    File::create(rig.path("a.log")).expect("it is truncated");
    rig.run();
    assert_eq!(rig.abandoned(), 0);

    rig.stop();

    assert_eq!(rig.abandoned(), 21);
}

#[test]
fn files_renamed_away_while_the_agent_was_down_are_found_beside_the_name_of_a_rest() {
    let mut rig = rig();
    rig.delete_unsettled(10);
    rig.stop();
    rig.records();
    std::thread::sleep(Duration::from_millis(20));
    rig.append("a.log", "missed\n").rename("a.log", "a.log.1").append("a.log", "new\n");

    rig.answer = Answer::Deliver;
    rig.start();

    let texts = rig.texts();
    assert!(texts.contains(&"missed".to_owned()) && texts.contains(&"new".to_owned()), "{texts:?}");
    assert_eq!(texts.len(), 9);
}

/// Reads three lines of a log and six more that stay unsettled, and compresses it to `a.log.1.gz`.
fn compress_unsettled(rig: &mut Rig) {
    rig.has_state_directory = true;
    rig.append("a.log", &numbered(1, 3));
    rig.start();
    rig.answer = Answer::Hold;
    rig.append("a.log", &numbered(4, 9));
    rig.run().texts();
    super::compressed::compress_away(rig, "a.log", "a.log.1.gz");
}

/// The row went with the copy: what the log had been compressed to was then met as another log.
#[test]
fn what_a_deleted_log_was_compressed_to_is_known_once_its_rest_is_settled() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on")]);
    compress_unsettled(&mut rig);
    rig.scan().stop().answer = Answer::Deliver;
    assert_eq!(rig.copies().len(), 1);

    assert_eq!(rig.start().wait(11).scan().texts().len(), 6);
    rig.wait_for_births().append("a.log", "new\n");
    rig.scan().wait(11).scan();

    assert_eq!((rig.texts(), rig.copies().len()), (vec!["new".to_owned()], 0));
    let compressed = rig.path("a.log.1.gz");
    assert!(rig.tail().rows.iter().any(|row| row.rotated && row.last_place() == compressed));
}

/// The row of a rest leads to the copy of it, and its name to a link: neither is beside what the log was compressed to.
#[test]
fn what_a_log_behind_a_link_was_compressed_to_is_not_read_beside_its_rest() {
    for (name, link, target) in [("linked/a.log", "linked", "logs"), ("b.log", "b.log", "logs/a.log")] {
        super::compressed::now_is_real();
        WALL.set(WALL.get() - 61);
        let mut rig = Rig::new(name, &[("read_from_head", "on")]);
        rig.has_state_directory = true;
        fs::create_dir(rig.path("logs")).expect("it is made");
        std::os::unix::fs::symlink(rig.path(target), rig.path(link)).expect("it is linked");
        rig.append("logs/a.log", &numbered(1, 3));
        rig.start();
        rig.answer = Answer::Hold;
        rig.append("logs/a.log", &numbered(4, 6));
        rig.run().texts();
        super::compressed::compress_away(&rig, "logs/a.log", "logs/a.log.1.gz");
        rig.append("logs/a.log", "new\n");
        rig.stop();
        rig.copy();

        rig.answer = Answer::Deliver;
        let mut texts = rig.start().wait(11).scan().texts();
        texts.sort();

        assert_eq!((texts, rig.copies().len()), (["line 4", "line 5", "line 6", "new"].map(str::to_owned).into(), 0));
        let compressed = fs::metadata(rig.path("logs/a.log.1.gz")).expect("it is there").ino();
        assert!(rig.tail().rows.iter().any(|row| row.rotated && row.inode == compressed), "{name}");
    }
}

/// Its row was nobody's until the next start, and the gzip file was read from its start.
#[test]
fn what_a_log_was_compressed_to_is_left_alone_while_its_rest_cannot_be_read() {
    super::compressed::now_is_real();
    let mut rig = Rig::new("a.log*", &[("read_from_head", "on")]);
    compress_unsettled(&mut rig);
    rig.stop().answer = Answer::Deliver;
    rig.copy();

    IS_UNREADABLE.set(true);
    let told = told("WARN", || {
        rig.start().wait(20).scan();
    });
    IS_UNREADABLE.set(false);
    assert_eq!((rig.texts(), told.len(), rig.abandoned()), (vec![], 1, 0), "{told:?}");

    rig.stop().start().wait(20);
    assert_eq!((rig.texts().concat() + "\n").replace("line", "\nline").trim(), numbered(4, 9).trim());
    assert_eq!((rig.copies().len(), rig.abandoned()), (0, 0));
}

/// The gzip file is beside the place that its original had, and not beside its name.
#[test]
fn what_a_rotated_log_behind_a_link_was_compressed_to_is_not_read_beside_its_rest() {
    super::compressed::now_is_real();
    WALL.set(WALL.get() - 61);
    let mut rig = Rig::new("linked/a.log", &[("read_from_head", "on")]);
    rig.options[0].1 = format!("{0},{0}.1", rig.path("linked/a.log").display());
    rig.has_state_directory = true;
    fs::create_dir(rig.path("logs")).expect("it is made");
    std::os::unix::fs::symlink(rig.path("logs"), rig.path("linked")).expect("it is linked");
    rig.append("logs/a.log", "first\n");
    rig.start();
    rig.answer = Answer::Hold;
    rig.append("logs/a.log.1", &numbered(4, 300));
    rig.scan().texts();
    super::compressed::compress_away(&rig, "logs/a.log.1", "logs/a.log.1.gz");
    rig.stop();
    rig.copy();

    rig.answer = Answer::Deliver;

    assert_eq!(rig.start().wait(11).scan().texts().len(), 297);
}
