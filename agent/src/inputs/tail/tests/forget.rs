//! Rows of files that were closed: they go with the files, and stay where it is not proved that these are gone.

use super::*;
use crate::inputs::tail::siblings::LOOKED;

/// An agent that follows `a.log`, and has a closed file that was renamed to `to`.
fn closed(to: &str) -> Rig {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", "a\n").append("b.log", "b\n");
    fs::create_dir(rig.path("away")).expect("it is made");
    rig.start();
    rig.rename("b.log", to);
    rig.scan().wait(5);
    assert_eq!((rig.open_files(), rig.stored().len()), (1, 2));
    rig
}

/// Two looks for files, and how many rows are left.
fn look_twice(rig: &mut Rig) -> usize {
    for _ in 0..2 {
        rig.wait(601).scan();
    }
    rig.stored().len()
}

#[test]
fn the_row_of_a_file_that_was_closed_goes_when_the_file_does() {
    let mut rig = closed("b.log.1");
    assert_eq!(look_twice(&mut rig), 2, "it is there");

    rig.remove("b.log.1").wait_for_births();
    rig.wait(601).scan();
    assert_eq!(rig.stored().len(), 2, "names may have changed while it was looked for");
    assert_eq!(look_twice(&mut rig), 1);

    rig.append("b.log", "new\n");
    rig.scan();
    assert_eq!(rig.texts(), ["a", "b", "new"]);
}

#[test]
fn the_row_stays_where_no_log_proves_that_its_disk_is_there() {
    let mut rig = closed("b.log.1");
    rig.rename("a.log", "away/a").remove("b.log.1");
    rig.scan().wait(5);

    assert_eq!(look_twice(&mut rig), 2);
}

#[test]
fn the_row_stays_for_what_its_file_was_compressed_to() {
    let mut rig = closed("b.log.1");
    let file = File::create(rig.path("b.log.1.gz")).expect("it is made");
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all(b"b\n").and_then(|()| encoder.try_finish()).expect("it is written");
    rig.remove("b.log.1");

    assert_eq!(look_twice(&mut rig), 2);
    rig.remove("b.log.1.gz");

    assert_eq!(look_twice(&mut rig), 1);
}

/// How often a directory is looked through when `count` rotated files are gone and their rows are looked for, and at the next start.
fn looks_for(count: u32) -> [u32; 2] {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("rotate_wait", "1")]);
    rig.append("a.log", "a\n");
    let names: Vec<String> = (0..count).map(|number| format!("b{number}.log")).collect();
    for name in &names {
        rig.append(name, "b\n");
    }
    rig.start();
    for name in &names {
        rig.rename(name, &format!("{name}.1"));
    }
    rig.scan().wait(5);
    assert_eq!(rig.stored().len(), names.len() + 1);
    for name in &names {
        rig.remove(&format!("{name}.1"));
    }
    let before = LOOKED.take();
    rig.wait(601).scan();
    let forgetting = LOOKED.take();
    rig.stop();
    LOOKED.set(0);
    rig.start();
    [forgetting, LOOKED.replace(before)]
}

/// Ten thousand rows once took more than half a minute, in which nothing was read.
#[test]
fn a_directory_is_looked_through_as_often_for_many_rows_as_for_few() {
    assert_eq!(looks_for(40), looks_for(2));
}
