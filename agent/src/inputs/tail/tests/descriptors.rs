//! More files than descriptors.

use super::compressed::{compress, compress_away, now_is_real};
use super::*;
use crate::inputs::tail::file::Standing;
use crate::inputs::tail::siblings::IS_REFUSED;

fn name(number: u32) -> String {
    format!("{number:02}.log")
}

fn append_to_all(rig: &Rig, word: &str) {
    for number in 0..40 {
        rig.append(&name(number), &format!("{number} {word}\n"));
    }
}

/// A rig with 40 files that may hold `most` descriptors.
fn rig(most: usize) -> Rig {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    append_to_all(&rig, "one");
    let mut tail = rig.build();
    tail.descriptors.set_most(most);
    let outlet = rig.outlet();
    tail.start(outlet, rig.now);
    rig.tail = Some(tail);
    rig.run();
    rig
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

fn expected(word: &str) -> Vec<String> {
    sorted((0..40).map(|number| format!("{number} {word}")).collect())
}

#[test]
fn all_files_are_followed_and_few_are_held_open() {
    let mut rig = rig(5);
    assert_eq!(sorted(rig.texts()), expected("one"));
    for word in ["two", "three"] {
        rig.wait(5);
        assert!(rig.tail().descriptors.held() <= 5, "{}", rig.tail().descriptors.held());
        append_to_all(&rig, word);
        rig.wait(5);
        assert_eq!(sorted(rig.texts()), expected(word));
    }
    assert_eq!((rig.open_files(), rig.metrics.abandoned_bytes.get()), (40, 0));
    rig.stop();
    append_to_all(&rig, "four");
    rig.start();
    assert_eq!(sorted(rig.texts()), expected("four"));
}

#[test]
fn a_file_that_is_not_held_open_is_found_again_when_it_is_renamed() {
    let mut rig = rig(5);
    rig.wait(5).texts();
    for number in 0..40 {
        rig.append(&name(number), &format!("{number} two\n")).rename(&name(number), &format!("{number:02}.log.1"));
        rig.append(&format!("{number:02}.log.1"), &format!("{number} three\n"));
        rig.append(&name(number), &format!("{number} new\n"));
    }
    // They take turns, each for as long as `Rotate_Wait`.
    for _ in 0..12 {
        rig.scan().wait(2);
    }

    let texts = rig.texts();
    let all = ["two", "three", "new"].iter().flat_map(|word| expected(word)).collect();
    assert_eq!(sorted(texts), sorted(all));
    rig.wait(10).wait(10);
    assert_eq!((rig.open_files(), rig.metrics.abandoned_bytes.get()), (40, 0));
}

/// What it was compressed to holds what of it was not read.
#[test]
fn a_file_that_is_not_held_open_goes_on_in_what_it_was_compressed_to() {
    let mut rig = rig(5);
    rig.wait(5).texts();
    for number in 0..40 {
        let (live, rotated) = (name(number), format!("{number:02}.log.1"));
        rig.append(&live, &format!("{number} two\n")).rename(&live, &rotated);
        compress_away(&rig, &rotated, &format!("{rotated}.gz"));
        rig.append(&live, &format!("{number} new\n"));
    }
    for _ in 0..12 {
        rig.scan().wait(2);
    }

    let all = ["two", "new"].iter().flat_map(|word| expected(word)).collect();
    assert_eq!(sorted(rig.texts()), sorted(all));
    rig.wait(10).wait(10);
    assert_eq!((rig.open_files(), rig.metrics.abandoned_bytes.get()), (40, 0));
}

fn compress_in_place(rig: &Rig, log: &str, is_truncated: bool) {
    compress(rig, log, &format!("{log}.gz"));
    if is_truncated {
        File::create(rig.path(log)).expect("it is truncated");
    } else {
        rig.remove(log);
    }
}

/// Each over the one before: what waited for a descriptor found another content there. The inode of a log that was deleted is that of the
/// next gzip file, too.
#[test]
fn many_logs_that_are_compressed_in_place_again_and_again_come_whole() {
    for is_truncated in [false, true] {
        now_is_real();
        let mut rig = rig(5);
        rig.wait(5).texts();
        for word in ["two", "three", "four"] {
            append_to_all(&rig, word);
            (0..40).for_each(|number| compress_in_place(&rig, &name(number), is_truncated));
            append_to_all(&rig, &format!("{word} more"));
            rig.scan();
            rig.scan();
        }
        rig.wait(10).wait(10);

        let words = ["two", "two more", "three", "three more", "four", "four more"];
        let all = words.iter().flat_map(|word| expected(word)).collect();
        assert_eq!(sorted(rig.texts()), sorted(all), "{is_truncated}");
        assert_eq!((rig.metrics.abandoned_bytes.get(), rig.metrics.abandoned_contents.get()), (0, 0));
        assert!(rig.tail().descriptors.held() <= 5, "{}", rig.tail().descriptors.held());
    }
}

/// Of one that is not held open it does not show how much was written to it.
#[test]
fn a_file_that_was_written_to_and_deleted_before_it_was_looked_at_is_counted() {
    let mut rig = rig(5);
    rig.wait(5).texts();
    for number in 0..40 {
        if number % 2 == 0 {
            rig.append(&name(number), "lost\n");
        }
        rig.remove(&name(number));
    }
    rig.scan().wait(10);

    let read = u64::try_from(rig.texts().len()).expect("it fits");
    assert_eq!(rig.metrics.abandoned_contents.get() + read, 20, "all that were written to, and no others");
    assert!(read <= 5, "{read}");
}

#[test]
fn files_that_are_rotated_at_the_same_time_take_turns_at_being_held() {
    let mut rig = rig(20);
    rig.wait(5).texts();
    let mut most = 0;
    for number in 0..40 {
        rig.append(&name(number), &format!("{number} two\n")).rename(&name(number), &format!("{number:02}.log.1"));
        rig.append(&name(number), &format!("{number} new\n"));
    }
    for _ in 0..8 {
        rig.scan();
        most = most.max(rig.tail().descriptors.held());
        rig.wait(2);
    }

    let all = ["two", "new"].iter().flat_map(|word| expected(word)).collect();
    assert_eq!(sorted(rig.texts()), sorted(all));
    // What is read is open for as long as that takes.
    assert!(most <= 21, "{most}");
    assert_eq!((rig.open_files(), rig.metrics.abandoned_bytes.get()), (40, 0));
}

#[test]
fn a_file_that_is_not_held_open_is_truncated_or_deleted_like_any_other() {
    let mut rig = rig(5);
    rig.wait(5).texts();
    for number in 0..40 {
        if number % 2 == 0 {
            rig.copy_and_truncate(&name(number), &format!("{number:02}.log.1"));
            rig.append(&name(number), &format!("{number} n\n"));
        } else {
            rig.remove(&name(number));
        }
    }
    rig.scan().wait(5);

    assert_eq!(sorted(rig.texts()), sorted((0..40).step_by(2).map(|number| format!("{number} n")).collect()));
    rig.wait(10).wait(10);
    assert_eq!((rig.open_files(), rig.metrics.abandoned_bytes.get()), (20, 0));
    assert_eq!(rig.metrics.abandoned_contents.get(), 0);
}

#[test]
fn copies_of_files_that_are_truncated_at_the_same_time_take_turns_at_being_held() {
    let mut rig = rig(10);
    rig.wait(5).texts();
    for number in 0..40 {
        rig.append(&name(number), &format!("{number} two\n"));
        rig.copy_and_truncate(&name(number), &format!("{number:02}.log.1"));
        rig.append(&name(number), &format!("{number} n\n"));
    }
    let mut most = 0;
    for _ in 0..60 {
        rig.turn(Duration::from_secs(1));
        most = most.max(rig.tail().descriptors.held());
    }
    rig.run();

    let all = ["two", "n"].iter().flat_map(|word| expected(word)).collect();
    assert_eq!(sorted(rig.texts()), sorted(all));
    assert!(most <= 11, "{most}");
    assert_eq!((rig.open_files(), rig.metrics.abandoned_bytes.get()), (40, 0));
}

/// It was born when it was made, and not with its log.
#[test]
fn a_copy_that_is_not_held_open_is_found_again_when_it_is_renamed() {
    let mut rig = rig(5);
    rig.wait(5).texts();
    append_to_all(&rig, "two");
    (0..40).for_each(|number| _ = rig.copy_and_truncate(&name(number), &format!("{number:02}.log.1")));
    append_to_all(&rig, "new");
    // For less than `Rotate_Wait`.
    rig.tail().scan();
    rig.turn(Duration::from_millis(10));
    let copies = rig.tail().files.values().filter(|file| file.is_copy()).count();
    (0..40).for_each(|number| _ = rig.rename(&format!("{number:02}.log.1"), &format!("{number:02}.log.2")));
    rig.tail().scan();

    let found = rig.tail().files.values().filter(|file| file.is_copy() && file.standing != Standing::Gone).count();
    assert_eq!((copies, found), (40, 40));
    rig.wait(10).wait(10);
    let all = ["two", "new"].iter().flat_map(|word| expected(word)).collect();
    assert_eq!(sorted(rig.texts()), sorted(all));
}

/// What could not be looked through is not empty.
#[test]
fn a_file_is_not_taken_for_deleted_while_no_descriptor_is_free_to_look_for_it() {
    let mut rig = rig(5);
    rig.wait(5).texts();
    for number in 0..40 {
        rig.append(&name(number), &format!("{number} two\n")).rename(&name(number), &format!("{number:02}.log.1"));
        rig.append(&name(number), &format!("{number} new\n"));
    }
    IS_REFUSED.set(true);
    rig.scan();
    // For longer than `Rotate_Wait`.
    rig.wait(2).scan();
    IS_REFUSED.set(false);
    for _ in 0..12 {
        rig.scan().wait(2);
    }

    let all = ["two", "new"].iter().flat_map(|word| expected(word)).collect();
    assert_eq!(sorted(rig.texts()), sorted(all));
    assert_eq!((rig.metrics.abandoned_bytes.get(), rig.metrics.abandoned_contents.get()), (0, 0));
}

/// What could not be opened is not another content.
#[test]
fn a_compressed_file_is_not_taken_for_deleted_while_no_descriptor_is_free_to_look_into_it() {
    let mut rig = rig(5);
    rig.wait(5).texts();
    append_to_all(&rig, "two");
    for number in 0..40 {
        compress_away(&rig, &name(number), &format!("{}.1.gz", name(number)));
    }
    HAS_DESCRIPTORS.set(false);
    // For longer than `Rotate_Wait`.
    rig.scan().wait(2).scan();
    HAS_DESCRIPTORS.set(true);
    for _ in 0..12 {
        rig.scan().wait(2);
    }

    assert_eq!(sorted(rig.texts()), sorted(expected("two")));
    assert_eq!((rig.metrics.abandoned_bytes.get(), rig.metrics.abandoned_contents.get()), (0, 0));
}

#[test]
fn files_in_which_no_line_is_complete_are_not_held_open_by_their_worker() {
    let mut rig = rig(5);
    rig.wait(5);
    for number in 0..40 {
        rig.append(&name(number), "half of a line");
    }
    let lent: Vec<Work> = (0..3).flat_map(|_| rig.lend(Duration::from_secs(1))).collect();
    let mut most = 0;
    for work in lent {
        rig.serve(work);
        most = most.max(rig.tail().descriptors.held());
    }

    assert!((1..=6).contains(&most), "{most}");
}

#[test]
fn where_a_descriptor_is_refused_fewer_are_held() {
    let mut rig = rig(1000);
    rig.wait(5).texts();
    assert_eq!(rig.tail().descriptors.held(), 40);
    let path = rig.path("new.log");
    rig.append("new.log", "new\n");
    HAS_DESCRIPTORS.set(false);
    let refused = rig.tail().open_with_room(&path, open_if_there_are_descriptors);
    HAS_DESCRIPTORS.set(true);

    assert!(refused.is_err());
    assert_eq!((rig.tail().descriptors.most(), rig.tail().descriptors.held()), (35, 35));
    rig.scan();
    assert_eq!(rig.texts(), ["new"]);
    assert!(rig.tail().descriptors.held() <= 35);
}

/// It is looked for where it is now, and told of only where it cannot be found.
#[test]
fn a_file_that_is_renamed_before_its_worker_opens_it_again_is_found_without_a_word() {
    let mut rig = rig(5);
    rig.wait(5).texts();
    append_to_all(&rig, "two");
    let warnings = told("WARN", || {
        let lent: Vec<Work> = (0..3).flat_map(|_| rig.lend(Duration::from_secs(1))).collect();
        for number in 0..40 {
            rig.rename(&name(number), &format!("{number:02}.log.1")).append(&name(number), &format!("{number} new\n"));
        }
        lent.into_iter().for_each(|work| rig.serve(work));
        for _ in 0..12 {
            rig.scan().wait(2);
        }
    });

    let all = ["two", "new"].iter().flat_map(|word| expected(word)).collect();
    assert_eq!(sorted(rig.texts()), sorted(all));
    assert_eq!(warnings, [""; 0]);
}
