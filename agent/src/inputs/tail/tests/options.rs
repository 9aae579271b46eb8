//! Options that change which files are read, and under which tag.

use super::*;

#[test]
fn tag_regex_fills_the_tag_and_leaves_out_what_it_does_not_match() {
    let regex = r"(?<pod>[a-z-]+)_(?<ns>[a-z]+)\.log$";
    let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("tag_regex", regex)]);
    rig.tag = "kube.<ns>.<pod>.<node>";
    rig.append("web_shop.log", "one\n").append("other.log", "two\n");
    rig.start();
    rig.rename("web_shop.log", "web_shop.log.1").append("web_shop.log.1", "three\n").append("db-a_shop.log", "four\n");
    rig.scan();

    let mut seen: Vec<_> = rig.records().into_iter().map(|seen| (seen.text, seen.tag)).collect();
    seen.sort();
    let expected = [("four", "kube.shop.db-a._"), ("one", "kube.shop.web._"), ("three", "kube.shop.web._")];
    assert_eq!(seen, expected.map(|(text, tag)| (text.to_owned(), tag.to_owned())));
}

#[test]
fn old_files_that_are_followed_are_let_go_where_that_is_wanted_and_taken_up_where_they_were() {
    for (wanted, open) in [("on", 1), ("off", 2)] {
        let options = [("read_from_head", "on"), ("ignore_older", "1h"), ("ignore_active_older_files", wanted)];
        let mut rig = Rig::new("*.log", &options);
        rig.append("old.log", "one\n").append("half.log", "two\nthr");
        WALL.set(unix_now());
        rig.start();
        assert_eq!(rig.open_files(), 2);

        WALL.set(unix_now() + 7200);
        rig.scan().wait(10).scan();
        assert_eq!(rig.open_files(), open, "{wanted}");
        WALL.set(unix_now());
        rig.append("old.log", "four\n").append("half.log", "ee\n");
        rig.scan();

        assert_eq!(rig.open_files(), 2);
        let mut texts = rig.texts();
        texts.sort();
        assert_eq!(texts, ["four", "one", "three", "two"]);
        WALL.set(MIDNIGHT);
    }
}

fn unix_now() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is later than 1970");
    i64::try_from(since.as_secs()).expect("it fits")
}

#[test]
fn without_inotify_paths_are_looked_at_as_often_as_told() {
    for (inotify, seconds, expected) in [("off", 3, vec!["new"]), ("off", 1, vec![])] {
        let options = [("inotify_watcher", inotify), ("watcher_interval", "2"), ("refresh_interval", "60")];
        let mut rig = Rig::new("*.log", &options);
        rig.append("a.log", "");
        rig.start();
        rig.now += Duration::from_mins(1);
        rig.tail().scan();
        rig.turn(Duration::ZERO);
        assert_eq!(rig.tail().quiet.count(), 0);
        rig.append("b.log", "new\n");
        rig.turn(Duration::from_secs(seconds)).turn(Duration::from_millis(60)).turn(Duration::from_millis(60));

        assert_eq!(rig.texts(), expected, "{inotify} {seconds}");
    }
}

#[test]
fn files_found_later_are_read_from_where_the_option_says() {
    for (value, expected) in [("on", vec!["there", "then"]), ("off", vec!["then"])] {
        let mut rig = Rig::new("*.log", &[("read_newly_discovered_files_from_head", value)]);
        rig.start();
        rig.append("new.log", "there\n");
        rig.scan();
        rig.append("new.log", "then\n");
        rig.scan();

        assert_eq!(rig.texts(), expected, "{value}");
    }
}

#[test]
fn what_takes_the_place_of_a_followed_file_is_read_from_its_head_whatever_the_option_says() {
    let off = ("read_newly_discovered_files_from_head", "off");
    for (is_late, others) in [(false, vec![]), (true, vec![]), (false, vec![("inotify_watcher", "off")])] {
        let mut rig = Rig::new("*.log", &[vec![off, ("rotate_wait", "1")], others].concat());
        rig.append("a.log", "before\n");
        rig.start();
        rig.append("a.log", "one\n");
        rig.scan();
        rig.rename("a.log", "a.log.1");
        if is_late {
            rig.scan();
            rig.wait(5);
            rig.scan();
        }
        rig.append("a.log", "two\n");
        rig.scan();
        rig.append("a.log", "three\n");
        rig.scan();

        assert_eq!(rig.texts(), ["one", "two", "three"], "{is_late}");
    }
}

#[test]
fn with_read_from_head_files_found_later_are_read_from_theirs() {
    let options = [("read_from_head", "on"), ("read_newly_discovered_files_from_head", "off")];
    let mut rig = Rig::new("*.log", &options);
    rig.start();
    rig.append("new.log", "there\n");
    rig.scan();

    assert_eq!(rig.texts(), ["there"]);
}

#[test]
fn a_rotated_file_is_kept_as_long_as_told() {
    for (value, left) in [("60", 2), ("5", 1)] {
        let mut rig = Rig::new("a.log", &[("rotate_wait", value)]);
        rig.start();
        rig.append("a.log", "one\n");
        rig.scan();
        rig.rename("a.log", "a.log.1").append("a.log", "new\n");
        rig.scan();
        rig.append("a.log.1", "late\n");
        rig.run();
        assert_eq!((rig.records().len(), rig.open_files()), (3, 2));
        rig.wait(4);

        assert_eq!(rig.open_files(), left, "{value}");
    }
}
