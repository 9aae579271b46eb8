//! Databases that come back, are taken over, shared, refused and damaged.

use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use super::*;

fn position(name: &str) -> Position {
    let known = Known {
        device: 1,
        birth: 2,
        generation: u64::MAX,
        head: 4,
        head_length: 5,
        truncations: 0,
        first_inode: 10_780_737,
    };
    Position {
        id: 0,
        name: Path::new(name).into(),
        offset: 13,
        inode: 10_780_737,
        born: 1_795_301_229_000_000_000,
        created: 1_795_301_230,
        rotated: false,
        marker: (-2_048_895_161_427_271_690, 13),
        known: Some(known),
        place: Some(Path::new("/elsewhere").into()),
        seen: 1_795_301_231,
        reach: 14,
        periods: periods(),
        succeeds: Succeeds::content(u64::MAX),
        is_told: true,
    }
}

fn periods() -> Periods {
    let mut periods = Periods::default();
    periods.begin(3, 1_795_301_230, 0);
    periods
}

fn database(path: &Path) -> Database {
    Database { path: path.into(), ..Database::default() }
}

fn open(path: &Path) -> Positions {
    Positions::open(&database(path)).expect("it opens")
}

#[test]
fn a_new_file_is_synced_with_the_first_position_that_must_last() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tail.db");
    let mut positions = open(&path);

    positions.store(&mut [&mut position("/var/log/a.log")], false).expect("it is stored");
    assert!(positions.is_unsynced());
    positions.store(&mut [&mut position("/var/log/b.log")], true).expect("it is stored");
    assert!(!positions.is_unsynced());

    drop(positions);
    let mut positions = open(&path);
    assert!(positions.is_unsynced(), "another process may have made it just now");
    positions.sync().expect("it is synced");
    assert!(!positions.is_unsynced());
}

#[test]
fn positions_come_back_as_they_were_stored() {
    use std::os::unix::ffi::OsStrExt;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sub/tail.db");
    let mut first = position("/var/log/a.log");
    let mut no_text = position("");
    no_text.name = Path::new(std::ffi::OsStr::from_bytes(b"/var/log/\xff.log")).into();
    let mut positions = open(&path);
    positions.store(&mut [&mut first, &mut no_text], true).expect("they are stored");
    first.offset = 99;
    positions.store(&mut [&mut first], false).expect("it is stored");
    drop(positions);

    assert_eq!(open(&path).all().expect("it reads"), [first, no_text]);
}

#[test]
fn a_database_of_fluent_bit_is_taken_over_and_what_it_moved_is_trusted_over_ours() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tail.db");
    let old = Connection::open(&path).expect("it opens");
    old.execute_batch(
        "CREATE TABLE in_tail_files (id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER, inode INTEGER, created INTEGER);
         INSERT INTO in_tail_files VALUES (7, '/p/tl.log', 13, 10780737, 1795301230);",
    )
    .expect("it is written");
    drop(old);

    let mut positions = open(&path);
    let mut rows = positions.all().expect("it reads");

    assert_eq!((rows.len(), rows[0].id, rows[0].offset, rows[0].known, rows[0].seen), (1, 7, 13, None, 0));
    rows[0].known = position("").known;
    positions.store(&mut [&mut rows[0]], false).expect("it is stored");
    assert!(positions.all().expect("it reads")[0].known.is_some());
    let fluent_bit = Connection::open(&path).expect("it opens");
    fluent_bit.execute("UPDATE in_tail_files SET offset = 20", []).expect("it is written");
    let row = &positions.all().expect("it reads")[0];
    assert_eq!((row.offset, row.known), (20, None));
}

#[test]
fn a_database_of_an_older_version_gets_what_it_lacks() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tail.db");
    let mut stored = position("/a");
    open(&path).store(&mut [&mut stored], false).expect("it is stored");
    let older = Connection::open(&path).expect("it opens");
    for column in ["reach", "periods", "succeeds", "born", "told"] {
        older.execute(&format!("ALTER TABLE vigie_files_1 DROP COLUMN {column}"), []).expect("it is there");
    }
    drop(older);

    let rows = open(&path).all().expect("it reads");

    let lacking = Position {
        reach: 0,
        periods: Periods::default(),
        succeeds: Succeeds::UNDECIDED,
        born: 0,
        is_told: false,
        ..stored
    };
    assert_eq!(rows, [lacking]);
}

#[test]
fn a_row_that_another_program_removed_is_made_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tail.db");
    let mut stored = position("/a");
    let mut positions = open(&path);
    positions.store(&mut [&mut stored], false).expect("it is stored");
    let other = Connection::open(&path).expect("it opens");
    other.execute("DELETE FROM in_tail_files", []).expect("it is written");

    positions.store(&mut [&mut stored], false).expect("it is stored");

    assert_eq!(positions.all().expect("it reads"), [stored]);
}

#[test]
fn rows_that_make_no_sense_do_not_hide_the_others() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tail.db");
    let mut stored = position("/a");
    let mut positions = open(&path);
    positions.store(&mut [&mut stored], false).expect("it is stored");
    let other = Connection::open(&path).expect("it opens");
    other
        .execute_batch(
            "INSERT INTO in_tail_files (name, offset, inode) VALUES ('/b', 'far', x'00'), ('/c', -5, 1), ('/d', NULL, NULL);
             INSERT INTO in_tail_files (name, offset, inode, offset_marker_size) VALUES ('/e', 7, 8, 99999999999);",
        )
        .expect("it is written");

    let rows = positions.all().expect("it reads");

    let seen: Vec<_> = rows.iter().map(|row| (row.name.to_string_lossy().into_owned(), row.offset)).collect();
    let expected = [("/a", 13), ("/b", 0), ("/d", 0), ("/e", 7)].map(|(name, offset)| (name.to_owned(), offset));
    assert_eq!(seen, expected);
}

#[test]
fn inputs_of_one_agent_share_a_database() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tail.db");
    let (mut first, mut second) = (open(&path), open(&path));

    first.store(&mut [&mut position("/a")], true).expect("it is stored");
    second.store(&mut [&mut position("/b")], true).expect("it is stored");

    assert_eq!(first.all().expect("it reads").len(), 2);
}

/// Runs itself a second time in another process, which finds the lock taken.
#[test]
fn a_second_agent_on_the_same_database_is_refused() {
    let key = "VIGIE_TEST_LOCKED_DB";
    if let Some(path) = std::env::var_os(key) {
        let refused = Positions::open(&database(Path::new(&path)));
        assert!(matches!(refused, Err(StateError::Locked { .. })));
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tail.db");
    let _first = open(&path);

    let name = "state::tests::a_second_agent_on_the_same_database_is_refused";
    let program = std::env::current_exe().expect("its own path");
    let other = Command::new(program).args(["--exact", name]).env(key, &path).output().expect("it runs");

    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stdout));
    assert!(String::from_utf8_lossy(&other.stdout).contains("1 passed"));
}

#[test]
fn a_damaged_database_is_moved_aside() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("tail.db");
    std::fs::write(&path, b"this is no database, and long enough not to be an empty one").expect("it is written");
    drop(Positions::open(&Database { is_own: true, ..database(&path) }).expect("it opens"));
    assert!(directory.path().join("tail.db.damaged-0").exists());

    // Damage in the middle: the head of the file is fine.
    let mut bytes = Vec::new();
    {
        let mut positions =
            Positions::open(&Database { journal: Journal::Delete, ..database(&path) }).expect("it opens");
        let mut many: Vec<Position> = (0..500).map(|number| position(&format!("/a/{number}"))).collect();
        positions.store(&mut many.iter_mut().collect::<Vec<_>>(), true).expect("they are stored");
        std::io::Read::read_to_end(&mut std::fs::File::open(&path).expect("it opens"), &mut bytes).expect("it reads");
    }
    let half = bytes.len() / 2;
    bytes[4096..half].fill(0xa5);
    std::fs::write(&path, &bytes).expect("it is written");

    let positions = open(&path);

    assert_eq!(positions.all().expect("it reads"), []);
    assert!(directory.path().join("tail.db.damaged-1").exists());
}

#[test]
fn a_file_that_never_was_a_database_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.conf");
    let is_left =
        |content: &[u8]| crate::config::read_bounded(&path, 1 << 20).is_ok_and(|found| found.as_bytes() == content);
    let lock = directory.path().join("a.conf.lock");
    for (content, has_lock, is_refused) in [
        (&b"[SERVICE]\n  Flush 1\n"[..], true, true),
        (b"x", true, true),
        (b"", false, false),
        (&[0; 100], false, true),
        (&[0; 4096], false, true),
        // An agent was at it when the host went down.
        (&[0; 4096], true, false),
    ] {
        std::fs::write(&path, content).expect("it is written");
        if has_lock {
            std::fs::write(&lock, "").expect("it is written");
        }

        assert_eq!(database(&path).probe().is_err(), is_refused, "{}", content.escape_ascii());
        assert!(is_left(content), "a probe changes nothing");
        assert_eq!(Positions::open(&database(&path)).is_err(), is_refused, "{}", content.escape_ascii());
        assert_eq!(is_left(content), is_refused, "{}", content.escape_ascii());
        assert_eq!(
            lock.exists(),
            has_lock || !is_refused,
            "what is refused gets no lock, or it would be taken the next time"
        );
        drop(std::fs::remove_file(&lock));
    }
}

/// A device would be moved away like a damaged file, a pipe waited for.
#[test]
fn what_is_no_file_is_refused_and_stays_where_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir(at("folder")).expect("made");
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .expect("made");
    std::os::unix::fs::symlink("pipe", at("link")).expect("made");
    for name in ["folder", "pipe", "link"] {
        for is_own in [false, true] {
            let database = Database { is_own, ..database(&at(name)) };
            assert!(matches!(database.probe(), Err(StateError::Foreign { .. })), "{name}");
            assert!(matches!(Positions::open(&database), Err(StateError::Foreign { .. })), "{name}");
        }
    }
    assert_eq!(std::fs::read_dir(directory.path()).expect("it is read").count(), 3);
}

#[test]
fn a_probe_tells_where_no_database_can_be_and_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");

    assert!(database(Path::new("/proc/x.db")).probe().is_err());
    assert!(database(&directory.path().join("not/yet/x.db")).probe().is_ok());
    assert_eq!(std::fs::read_dir(directory.path()).expect("it is read").count(), 0);
}

/// `db.sync` and `db.locking`, as they reach the database.
#[test]
fn the_database_is_synced_and_locked_as_told() {
    let directory = tempfile::tempdir().expect("a directory");
    for (synchronous, pragma) in [(Synchronous::Normal, 1), (Synchronous::Full, 2), (Synchronous::Extra, 3)] {
        let path = directory.path().join(format!("{pragma}.db"));
        let (connection, _lock) = Database { synchronous, ..database(&path) }.open().expect("it opens");
        let found = connection.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0));
        assert_eq!(found, Ok(pragma));
    }
    for (exclusive, can_read) in [(false, true), (true, false)] {
        let path = directory.path().join(format!("{exclusive}.db"));
        let mut positions = Positions::open(&Database { exclusive, ..database(&path) }).expect("it opens");
        positions.store(&mut [&mut position("/var/log/a.log")], true).expect("it is stored");

        let other = Connection::open(&path).expect("it opens");
        let read = other.query_row("SELECT count(*) FROM in_tail_files", [], |row| row.get::<_, i64>(0));
        assert_eq!(read.is_ok(), can_read, "{exclusive}");
    }
}
