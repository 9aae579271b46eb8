//! Logs that begin alike, as with a banner, while the agent is down: what was read of one proves little of the next.

use super::compressed::{compress_away, now_is_real, write_late};
use super::*;

/// Longer than what a stored head covers.
fn banner() -> String {
    "# the banner of this service, the same in every file\n".repeat(30)
}

/// Sorted by their numbers, without the banner.
fn numbers(rig: &mut Rig) -> Vec<u32> {
    let texts = rig.texts();
    let mut numbers: Vec<u32> =
        texts.iter().filter_map(|text| text.strip_prefix("line ")).filter_map(|number| number.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}

fn append_new(rig: &Rig, name: &str, from: u32, to: u32) {
    rig.append(name, &(banner() + &numbered(from, to)));
}

/// Twice, since the second time gzip files are known.
#[test]
fn each_of_two_that_are_compressed_while_nobody_looks_comes() {
    for many in [10, 20_000] {
        now_is_real();
        let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
        append_new(&rig, "a.log", 1, many);
        rig.start().wait(2);
        let mut last = many;
        for (one, other) in [("a.log.2", "a.log.1"), ("a.log.4", "a.log.3")] {
            rig.stop();
            rig.append("a.log", &numbered(last + 1, last + 3)).rename("a.log", one);
            append_new(&rig, other, last + 4, last + 3 + many);
            append_new(&rig, "a.log", last + 4 + many, last + 8 + many);
            last += 8 + many;
            for name in [one, other] {
                compress_away(&rig, name, &format!("{name}.gz"));
            }
            write_late(&rig, &format!("{other}.gz"));
            rig.start().wait(5).scan().wait(5);
        }

        assert_eq!(numbers(&mut rig), (1..=last).collect::<Vec<_>>(), "{many}");
    }
}

#[test]
fn each_of_two_that_are_compressed_comes_where_no_more_than_the_banner_was_read() {
    now_is_real();
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", &banner());
    rig.start().wait(2).stop();
    rig.append("a.log", &numbered(1, 10)).rename("a.log", "a.log.2");
    append_new(&rig, "a.log.1", 11, 30);
    append_new(&rig, "a.log", 31, 31);
    for name in ["a.log.1", "a.log.2"] {
        compress_away(&rig, name, &format!("{name}.gz"));
    }
    write_late(&rig, "a.log.1.gz");

    rig.start().wait(5).scan().wait(5);

    assert_eq!(numbers(&mut rig), (1..=31).collect::<Vec<_>>());
    rig.stop().start().wait(5);
    assert_eq!(rig.texts(), [""; 0]);
}

#[test]
fn each_of_two_that_are_renamed_comes_where_no_more_than_the_banner_was_read() {
    for is_let_go in [false, true] {
        let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
        rig.append("a.log", &banner());
        rig.start().wait(2).stop();
        rig.append("a.log", &numbered(1, 10)).rename("a.log", "a.log.2");
        if is_let_go {
            rig.start().wait(10).stop();
        }
        append_new(&rig, "a.log.1", 11, 20);
        append_new(&rig, "a.log", 21, 30);

        rig.start().wait(5).scan().wait(5);

        assert_eq!(numbers(&mut rig), (1..=30).collect::<Vec<_>>(), "{is_let_go}");
    }
}

/// As by `gzip -c app.log > app.log.1.gz; : > app.log` between two looks: what is beside the gzip file is another content by then.
#[test]
fn what_was_compressed_of_a_log_that_is_truncated_comes_once() {
    for restart in [false, true] {
        now_is_real();
        let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
        append_new(&rig, "a.log", 1, 100);
        rig.start().wait(2);
        if restart {
            rig.stop();
        }
        rig.append("a.log", &numbered(101, 110));
        rig.rename("a.log", "a").append("a.log", "");
        fs::copy(rig.path("a"), rig.path("a.log.0")).expect("it is copied");
        compress_away(&rig, "a.log.0", "a.log.1.gz");
        rig.rename("a", "a.log");
        File::create(rig.path("a.log")).expect("it is truncated");
        append_new(&rig, "a.log", 111, 150);
        if restart {
            rig.start();
        }
        rig.scan().wait(5).scan().wait(5);

        assert_eq!(numbers(&mut rig), (1..=150).collect::<Vec<_>>(), "{restart}");
    }
}
