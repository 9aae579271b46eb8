//! Files that came and went between two looks at all paths, and were held open meanwhile.

use notify::event::{CreateKind, ModifyKind, RenameMode};
use notify::{Event, EventKind};

use super::*;
use crate::inputs::tail::arrivals::Arrivals;

impl Rig {
    /// Tells of a file as the watcher of directories does.
    fn tell(&mut self, kind: EventKind, name: &str) -> &mut Self {
        let event = Event::new(kind).add_path(self.path(name));
        self.tail().arrivals.note(&event);
        self
    }

    fn tell_made(&mut self, name: &str) -> &mut Self {
        self.tell(EventKind::Create(CreateKind::File), name)
    }

    fn tell_renamed(&mut self, name: &str) -> &mut Self {
        self.tell(EventKind::Modify(ModifyKind::Name(RenameMode::To)), name)
    }
}

/// A rig that is told of nothing but by the test.
fn rig() -> Rig {
    Rig::new("*.log", &[("read_from_head", "on"), ("inotify_watcher", "off")])
}

#[test]
fn what_came_and_was_deleted_between_two_looks_is_read_oldest_first() {
    let mut rig = rig();
    rig.append("a.log", "zero\n");
    rig.start();
    assert_eq!(rig.texts(), ["zero"]);

    for content in ["one\n", "two\n"] {
        rig.rename("a.log", "a.log.1");
        rig.append("a.log", content);
        rig.tell_made("a.log").remove("a.log.1");
    }
    rig.rename("a.log", "a.log.1").append("a.log", "three\n");
    rig.tell_made("a.log").remove("a.log.1");
    rig.scan();

    assert_eq!(rig.texts(), ["one", "two", "three"]);
    rig.wait(60);
    assert_eq!((rig.texts(), rig.open_files(), rig.tail().arrived.len()), (vec![], 1, 0));
}

/// The first was looked for once somebody had the name, and a restart before that asked for what came after the second.
#[test]
fn what_came_before_a_log_that_was_told_of_is_looked_for_with_it() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("inotify_watcher", "off")]);
    rig.append("a.log", "zero\n");
    rig.start();
    rig.rename("a.log", "a.log.3");
    rig.scan().scan();

    rig.wait_for_births().append("a.log", "one\n").rename("a.log", "a.log.2");
    rig.wait_for_births().append("a.log", "two\n");
    rig.tell_made("a.log").rename("a.log", "a.log.1");
    rig.scan();

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["one", "two", "zero"]);
}

#[test]
fn a_log_that_still_has_its_name_is_read_once_though_it_was_told_of() {
    let mut rig = rig();
    rig.start();

    rig.append("a.log", "one\n");
    rig.tell_made("a.log").scan();
    rig.rename("a.log", "a.log.1");
    rig.tell_renamed("a.log.1").scan();
    rig.append("a.log", "two\n");
    rig.tell_made("a.log").tell_renamed("a.log").scan();

    assert_eq!(rig.texts(), ["one", "two"]);
}

#[test]
fn the_rest_of_a_truncated_file_is_read_from_a_copy_that_is_deleted_already() {
    let mut rig = rig();
    rig.append("a.log", &numbered(1, 3));
    rig.start();
    assert_eq!(rig.texts().len(), 3);

    rig.append("a.log", &numbered(4, 5)).copy_and_truncate("a.log", "a.log.1");
    rig.tell_made("a.log.1");
    rig.append("a.log", &numbered(6, 9)).copy_and_truncate("a.log", "a.log.2");
    rig.tell_made("a.log.2");
    rig.remove("a.log.1").remove("a.log.2").append("a.log", &numbered(10, 10));
    rig.run();
    rig.scan();
    rig.scan();

    let mut texts = rig.texts();
    texts.sort_by_key(|text| text.trim_start_matches("line ").parse::<u32>().expect("it has a number"));
    assert_eq!(texts.join("\n") + "\n", numbered(4, 10));
}

#[test]
fn only_logs_and_their_rotated_files_are_held() {
    let mut rig = rig();
    rig.start();
    for name in ["a.log.1", "b-20261128.log", "c.log.2.gz", "d.txt", "e.log.tmp", "f.log-20261128"] {
        rig.append(name, "text\n");
        rig.tell_made(name);
    }

    let came = rig.tail().arrivals.take();

    let names: Vec<_> = came.iter().filter_map(|arrival| arrival.path.file_name()?.to_str()).collect();
    assert_eq!(names, ["a.log.1", "b-20261128.log", "f.log-20261128"]);
    assert_eq!(came[2].name, rig.path("f.log"));
}

#[test]
fn no_more_is_held_than_may_be_and_what_is_deleted_is_held_longest() {
    let mut rig = rig();
    rig.start();
    let paths = Arc::clone(&rig.tail().paths);
    rig.tail().arrivals = Arc::new(Arrivals::new(paths, 3));
    for names in [["a.log.1", "b.log.1", "c.log.1", "d.log.1"], ["e.log.1", "f.log.1", "g.log.1", "h.log.1"]] {
        for name in names {
            rig.append(name, "text\n");
            rig.tell_made(name);
        }
        if names[0] == "a.log.1" {
            rig.remove("a.log.1").remove("c.log.1");
        }
        rig.tail().gather();
    }

    let held: Vec<_> = rig.tail().arrived.iter().filter_map(|arrival| arrival.path.file_name()).collect();
    assert_eq!(held, ["a.log.1", "c.log.1", "g.log.1"]);
}

#[test]
fn what_came_and_was_deleted_waits_until_there_is_a_descriptor_for_it() {
    let mut rig = rig();
    rig.append("a.log", "one\n");
    rig.start();
    rig.rename("a.log", "a.log.1");
    rig.scan();
    assert_eq!(rig.texts(), ["one"]);

    rig.tail().descriptors.set_most(0);
    rig.append("b.log", "two\n");
    rig.tell_made("b.log").remove("b.log");
    rig.tail().scan();
    assert_eq!(rig.tail().arrived.len(), 1);

    rig.wait(60);
    assert_eq!(rig.texts(), ["two"]);
}

/// A rig whose `Path` names rotated files, too.
fn rig_of_all() -> Rig {
    let mut rig = rig();
    let paths = [rig.path("a.log"), rig.path("a.log.*")].map(|path| path.display().to_string());
    rig.options[0].1 = paths.join(",");
    rig
}

/// It had its second name while no log had the first, so it counted as a log of its own.
#[test]
fn what_a_known_log_was_compressed_to_is_read_once_though_it_came_under_another_name() {
    for is_read in [false, true] {
        super::compressed::now_is_real();
        let mut rig = rig_of_all();
        rig.append("a.log", &numbered(1, 3));
        rig.start();
        assert_eq!(rig.texts().len(), 3);
        if is_read {
            rig.rename("a.log", "a.log.2");
            rig.scan().wait(20);
        }
        rig.stop();
        rig.tail = Some(rig.build());
        rig.rename(if is_read { "a.log.2" } else { "a.log" }, "a.log.1");
        rig.tell_renamed("a.log.1");
        super::compressed::compress_away(&rig, "a.log.1", "a.log.1.gz");
        let (outlet, now) = (rig.outlet(), rig.now);

        rig.tail().start(outlet, now);

        assert_eq!(rig.run().wait(20).scan().texts(), [""; 0], "read before: {is_read}");
    }
}

/// The gzip file was met before what had come was looked at.
#[test]
fn what_came_and_was_compressed_between_two_looks_is_read_once() {
    for length in [3, 500] {
        super::compressed::now_is_real();
        let mut rig = rig_of_all();
        rig.append("a.log", "zero\n");
        rig.start();
        rig.rename("a.log", "gone").append("a.log", &numbered(1, length)).rename("a.log", "a.log.1");
        rig.append("a.log", "last\n");
        rig.tell_renamed("a.log.1");
        super::compressed::compress_away(&rig, "a.log.1", "a.log.1.gz");

        rig.scan();
        std::thread::sleep(Duration::from_millis(2100));
        rig.scan().wait(20).scan();

        let texts = rig.texts();
        assert_eq!(texts.len(), length as usize + 2, "{length}");
    }
}
