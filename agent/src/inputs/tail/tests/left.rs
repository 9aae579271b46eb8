//! Open files that one input leaves to the next at a reload.

use super::*;

fn rig() -> Rig {
    let mut rig = Rig::new("*.log", &[("read_from_head", "on"), ("rotate_wait", "5")]);
    rig.has_state_directory = true;
    rig
}

#[test]
fn what_is_written_to_a_deleted_file_behind_a_reload_comes_under_its_name() {
    let mut rig = rig();
    rig.append("a.log", "one\ntw");
    rig.start();
    let mut writer = OpenOptions::new().append(true).open(rig.path("a.log")).expect("it opens");
    rig.remove("a.log");
    rig.scan();
    let first = rig.records();

    rig.reload();
    write!(writer, "o\nthree\n").expect("it is written");
    rig.run();

    let rest = rig.records();
    assert_eq!((first.len(), rest.len()), (1, 2));
    assert!(rest.iter().all(|seen| seen.name == "a.log" && seen.tag == first[0].tag), "{rest:?}");
    assert_eq!(rest[0].text, "two");
    let copies = fs::read_dir(rig.path("state/rest/tail.0")).into_iter().flatten().count();
    assert_eq!((copies, rig.metrics.abandoned_bytes.get()), (0, 0), "the copy is not needed");
    rig.wait(11).scan();
    assert_eq!((rig.open_files(), rig.stored()), (0, vec![]), "it is over");
}

#[test]
fn lines_on_their_way_at_a_reload_come_again_under_their_ids() {
    let mut rig = rig();
    rig.append("a.log", &numbered(1, 3));
    rig.start();
    rig.answer = Answer::Hold;
    rig.append("a.log", &numbered(4, 9));
    rig.run();
    rig.remove("a.log");
    let before = rig.scan().records();

    rig.hand_over().answer = Answer::Deliver;
    let again = rig.start().records();

    assert_eq!(ids(&again), ids(&before[3..]));
    assert!(again.iter().all(|seen| seen.again));
}

/// It was open already: what it was compressed to holds nothing new.
#[test]
fn a_file_that_was_compressed_before_a_reload_is_read_on_where_it_is_open() {
    let mut rig = rig();
    rig.append("a.log", &numbered(1, 3));
    rig.start();
    rig.answer = Answer::Hold;
    rig.append("a.log", &numbered(4, 9));
    rig.run().texts();
    let packed = File::create(rig.path("a.log.1.gz")).expect("it is made");
    let mut encoder = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    encoder.write_all(numbered(1, 9).as_bytes()).and_then(|()| encoder.finish()).expect("it is written");
    rig.remove("a.log");
    rig.scan();

    rig.hand_over().answer = Answer::Deliver;
    rig.start();

    let places: Vec<_> = rig.tail().files.values().map(|file| file.place().to_path_buf()).collect();
    assert_eq!((rig.texts().len(), places), (6, vec![rig.path("a.log")]));
}

#[test]
fn files_that_go_while_nobody_looks_are_read_to_their_ends() {
    let mut rig = rig();
    let away = tempfile::tempdir().expect("a directory");
    for name in ["a.log", "b.log", "c.log"] {
        rig.append(name, "one\n");
    }
    rig.start().texts();

    rig.hand_over();
    for name in ["a.log", "b.log", "c.log"] {
        rig.append(name, "two\n");
    }
    rig.remove("a.log").append("a.log", "three\n");
    fs::rename(rig.path("b.log"), away.path().join("b.log")).expect("it is moved");
    rig.start();

    let mut texts = rig.texts();
    texts.sort();
    assert_eq!(texts, ["three", "two", "two", "two"]);
}

/// What did not fit into a copy counted as lost, though the next input had it all.
#[test]
fn what_is_handed_over_is_not_lost_however_little_may_be_copied() {
    for goes_on in [true, false] {
        let mut rig = rig();
        rig.append("a.log", "one\n");
        rig.start();
        rig.answer = Answer::Hold;
        rig.append("a.log", &numbered(1, 9));
        rig.run().texts();
        rig.remove("a.log");
        rig.scan();
        rig.tail().rests.as_mut().expect("it has a state directory").bound = 0;

        rig.hand_over().answer = Answer::Deliver;
        assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
        let lost = if goes_on {
            assert_eq!(rig.start().texts().len(), 9);
            0
        } else {
            rig.stop.forget_left();
            numbered(1, 9).len() as u64
        };

        assert_eq!(rig.metrics.abandoned_bytes.get(), lost);
    }
}

#[test]
fn descriptors_that_were_handed_over_count() {
    let mut rig = rig();
    for number in 0..40 {
        rig.append(&format!("{number}.log"), "one\n");
    }
    rig.start();
    for number in 0..20 {
        rig.remove(&format!("{number}.log"));
    }

    rig.hand_over();
    let mut tail = rig.build();
    let inherited = tail.descriptors.held();
    tail.descriptors.set_most(25);
    let outlet = rig.outlet();
    tail.start(outlet, rig.now);
    rig.tail = Some(tail);
    rig.run();

    assert_eq!(inherited, 40);
    let (held, most) = (rig.tail().descriptors.held(), rig.tail().descriptors.most());
    assert_eq!((rig.open_files(), held), (40, most));
    rig.wait(20).scan();
    assert_eq!((rig.open_files(), rig.tail().descriptors.held()), (20, most - 20), "those that are gone were closed");
}
