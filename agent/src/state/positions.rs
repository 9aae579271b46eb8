//! The positions of tailed files.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use tracing::warn;

/// Why positions cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process uses the file.
    #[error("the positions in `{path}` are in use by another agent: give each its own `DB`")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The directory or lock file cannot be made.
    #[error("cannot write beside `{path}`: {source}")]
    Io {
        /// The database.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite refuses.
    #[error("positions: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// How hard SQLite syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// `OFF`: a crash of the host may lose positions.
    Off,
    /// `NORMAL`.
    Normal,
    /// `FULL` or more.
    Full,
}

/// What Vigie knows of a file beyond Fluent Bit's row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Device.
    pub device: u64,
    /// Birth in nanoseconds since 1970, 0 if unknown.
    pub birth: i64,
    /// Which content the inode holds: part of document ids.
    pub generation: u64,
    /// Hash of the first bytes.
    pub head: u64,
    /// How many bytes that hash covers.
    pub head_length: u32,
    /// How often the file was truncated.
    pub truncations: u32,
    /// Inode under which this content was first seen; a copy that is read in its place has another.
    pub first_inode: u64,
}

/// A file and how far it is settled: a row of `in_tail_files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Key of the row; 0 before it is stored.
    pub id: i64,
    /// Path.
    pub name: PathBuf,
    /// Everything before it is settled.
    pub offset: u64,
    /// Inode.
    pub inode: u64,
    /// Seconds since 1970 when the row was made.
    pub created: i64,
    /// Whether the file was rotated away.
    pub rotated: bool,
    /// Fluent Bit's hash of the last bytes before the offset, and how many.
    pub marker: (i64, u32),
    /// What Fluent Bit does not know. `None` where its row was changed by another program meanwhile.
    pub known: Option<Known>,
}

/// Positions of the files of one input.
pub struct Positions {
    /// `None` keeps them in memory, that is nowhere.
    connection: Option<Connection>,
    synchronous: Synchronous,
    next_id: i64,
    _lock: Option<File>,
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS in_tail_files (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER, inode INTEGER, created INTEGER,
  rotated INTEGER DEFAULT 0, offset_marker INTEGER DEFAULT 0, offset_marker_size INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS vigie_files_1 (
  id INTEGER PRIMARY KEY, offset INTEGER NOT NULL, inode INTEGER NOT NULL, device INTEGER NOT NULL, birth INTEGER NOT NULL,
  generation INTEGER NOT NULL, head INTEGER NOT NULL, head_length INTEGER NOT NULL, truncations INTEGER NOT NULL, first_inode INTEGER NOT NULL);
";

/// Columns that older versions of Fluent Bit's table lack.
const LATER_COLUMNS: [&str; 3] =
    ["rotated INTEGER DEFAULT 0", "offset_marker INTEGER DEFAULT 0", "offset_marker_size INTEGER DEFAULT 0"];

impl Positions {
    /// Positions that are forgotten at the end.
    pub fn in_memory() -> Self {
        Self { connection: None, synchronous: Synchronous::Normal, next_id: 1, _lock: None }
    }

    /// Opens or makes the database at `path`. A file that is no database is moved aside.
    ///
    /// # Errors
    /// When another agent holds it, or neither opening nor making it works.
    pub fn open(path: &Path, synchronous: Synchronous, wal: bool) -> Result<Self, StateError> {
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            std::fs::create_dir_all(directory).map_err(|source| StateError::Io { path: path.into(), source })?;
        }
        let lock = lock(path)?;
        let connection = match connect(path, synchronous, wal) {
            Ok(connection) => connection,
            Err(error) => {
                let aside = path.with_extension("damaged");
                warn!(component = "state", db = %path.display(), %error, aside = %aside.display(),
                    "the positions cannot be read and are moved aside; files are read from their start, ids absorb what was sent");
                for suffix in ["", "-wal", "-shm"] {
                    let part = PathBuf::from(format!("{}{suffix}", path.display()));
                    // What is not there need not be moved.
                    drop(std::fs::rename(&part, format!("{}{suffix}", aside.display())));
                }
                connect(path, synchronous, wal)?
            }
        };
        Ok(Self { connection: Some(connection), synchronous, next_id: 1, _lock: Some(lock) })
    }

    /// All rows.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn all(&self) -> Result<Vec<Position>, StateError> {
        let Some(connection) = &self.connection else { return Ok(Vec::new()) };
        let mut statement = connection.prepare(
            "SELECT f.id, f.name, f.offset, f.inode, f.created, f.rotated, f.offset_marker, f.offset_marker_size, \
             v.offset, v.inode, v.device, v.birth, v.generation, v.head, v.head_length, v.truncations, v.first_inode \
             FROM in_tail_files f LEFT JOIN vigie_files_1 v ON v.id = f.id ORDER BY f.id",
        )?;
        let rows = statement.query_map([], read_row)?;
        rows.collect::<Result<_, _>>().map_err(Into::into)
    }

    /// Stores new files and syncs them, so that their generations are on disk before they are used. Sets their ids.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn insert(&mut self, positions: &mut [&mut Position]) -> Result<(), StateError> {
        let Some(connection) = &mut self.connection else {
            for position in positions {
                position.id = self.next_id;
                self.next_id += 1;
            }
            return Ok(());
        };
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction()?;
        for position in positions {
            insert_row(&transaction, position)?;
        }
        transaction.commit()?;
        connection.pragma_update(None, "synchronous", level(self.synchronous))?;
        Ok(())
    }

    /// Stores changed positions in one transaction.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn save<'p>(&mut self, positions: impl IntoIterator<Item = &'p Position>) -> Result<(), StateError> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let transaction = connection.transaction()?;
        for position in positions {
            let name = position.name.to_string_lossy();
            transaction.execute(
                "UPDATE in_tail_files SET name = ?2, offset = ?3, inode = ?4, rotated = ?5, offset_marker = ?6, \
                 offset_marker_size = ?7 WHERE id = ?1",
                params![
                    position.id,
                    name,
                    signed(position.offset),
                    signed(position.inode),
                    position.rotated,
                    position.marker.0,
                    position.marker.1
                ],
            )?;
            write_known(&transaction, position)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Forgets a file that is gone.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn remove(&mut self, id: i64) -> Result<(), StateError> {
        let Some(connection) = &self.connection else { return Ok(()) };
        connection.execute("DELETE FROM in_tail_files WHERE id = ?1", [id])?;
        connection.execute("DELETE FROM vigie_files_1 WHERE id = ?1", [id])?;
        Ok(())
    }
}

/// Offsets, inodes and hashes have 64 bits; SQLite's integers are signed.
fn signed(number: u64) -> i64 {
    number.cast_signed()
}

fn level(synchronous: Synchronous) -> &'static str {
    match synchronous {
        Synchronous::Off => "OFF",
        Synchronous::Normal => "NORMAL",
        Synchronous::Full => "FULL",
    }
}

fn lock(path: &Path) -> Result<File, StateError> {
    let path = PathBuf::from(format!("{}.lock", path.display()));
    let io = |source| StateError::Io { path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StateError::Locked { path }),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

fn connect(path: &Path, synchronous: Synchronous, wal: bool) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", if wal { "WAL" } else { "DELETE" })?;
    connection.pragma_update(None, "synchronous", level(synchronous))?;
    // The page cache holds the few rows there are.
    connection.pragma_update(None, "cache_size", -256)?;
    connection.execute_batch(SCHEMA)?;
    for column in LATER_COLUMNS {
        let name = column.split(' ').next().unwrap_or(column);
        let there: i64 = connection.query_row(
            "SELECT count(*) FROM pragma_table_info('in_tail_files') WHERE name = ?1",
            [name],
            |row| row.get(0),
        )?;
        if there == 0 {
            connection.execute(&format!("ALTER TABLE in_tail_files ADD COLUMN {column}"), [])?;
        }
    }
    Ok(connection)
}

fn insert_row(connection: &Connection, position: &mut Position) -> Result<(), rusqlite::Error> {
    connection.execute(
        "INSERT INTO in_tail_files (name, offset, inode, created, rotated, offset_marker, offset_marker_size) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            position.name.to_string_lossy(),
            signed(position.offset),
            signed(position.inode),
            position.created,
            position.rotated,
            position.marker.0,
            position.marker.1
        ],
    )?;
    position.id = connection.last_insert_rowid();
    write_known(connection, position)
}

fn write_known(connection: &Connection, position: &Position) -> Result<(), rusqlite::Error> {
    let Some(known) = &position.known else { return Ok(()) };
    connection.execute(
        "INSERT OR REPLACE INTO vigie_files_1 \
         (id, offset, inode, device, birth, generation, head, head_length, truncations, first_inode) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            position.id,
            signed(position.offset),
            signed(position.inode),
            signed(known.device),
            known.birth,
            signed(known.generation),
            signed(known.head),
            known.head_length,
            known.truncations,
            signed(known.first_inode)
        ],
    )?;
    Ok(())
}

fn read_row(row: &rusqlite::Row<'_>) -> Result<Position, rusqlite::Error> {
    let number = |at: usize| -> Result<u64, rusqlite::Error> {
        Ok(row.get::<_, Option<i64>>(at)?.unwrap_or_default().cast_unsigned())
    };
    let (offset, inode) = (number(2)?, number(3)?);
    let known_offset: Option<i64> = row.get(8)?;
    // Another program moved the row: what is known beyond it may belong to another content.
    let trusted = known_offset.map(i64::cast_unsigned) == Some(offset) && number(9)? == inode;
    let known = Known {
        device: number(10)?,
        birth: row.get::<_, Option<i64>>(11)?.unwrap_or_default(),
        generation: number(12)?,
        head: number(13)?,
        head_length: row.get::<_, Option<u32>>(14)?.unwrap_or_default(),
        truncations: row.get::<_, Option<u32>>(15)?.unwrap_or_default(),
        first_inode: number(16)?,
    };
    Ok(Position {
        id: row.get(0)?,
        name: row.get::<_, String>(1)?.into(),
        offset,
        inode,
        created: row.get::<_, Option<i64>>(4)?.unwrap_or_default(),
        rotated: row.get::<_, Option<bool>>(5)?.unwrap_or_default(),
        marker: (row.get::<_, Option<i64>>(6)?.unwrap_or_default(), row.get::<_, Option<u32>>(7)?.unwrap_or_default()),
        known: trusted.then_some(known),
    })
}

#[cfg(test)]
mod tests {
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
            name: name.into(),
            offset: 13,
            inode: 10_780_737,
            created: 1_795_301_230,
            rotated: false,
            marker: (-2_048_895_161_427_271_690, 13),
            known: Some(known),
        }
    }

    fn open(path: &Path) -> Positions {
        Positions::open(path, Synchronous::Normal, true).expect("it opens")
    }

    #[test]
    fn positions_come_back_as_they_were_stored() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("sub/tail.db");
        let mut stored = position("/var/log/a.log");
        let mut positions = open(&path);
        positions.insert(&mut [&mut stored]).expect("it is stored");
        stored.offset = 99;
        positions.save([&stored]).expect("it is stored");
        drop(positions);

        assert_eq!(open(&path).all().expect("it reads"), [stored]);
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

        assert_eq!((rows.len(), rows[0].id, rows[0].offset, rows[0].known), (1, 7, 13, None));
        rows[0].known = position("").known;
        positions.save(&rows).expect("it is stored");
        assert!(positions.all().expect("it reads")[0].known.is_some());
        let fluent_bit = Connection::open(&path).expect("it opens");
        fluent_bit.execute("UPDATE in_tail_files SET offset = 20", []).expect("it is written");
        let row = &positions.all().expect("it reads")[0];
        assert_eq!((row.offset, row.known), (20, None));
    }

    #[test]
    fn a_second_agent_on_the_same_database_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("tail.db");
        let _first = open(&path);

        let second = Positions::open(&path, Synchronous::Normal, true);

        assert!(matches!(second, Err(StateError::Locked { .. })));
    }

    #[test]
    fn a_damaged_database_is_moved_aside() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("tail.db");
        std::fs::write(&path, b"this is no database, and long enough not to be an empty one").expect("it is written");

        let positions = open(&path);

        assert_eq!(positions.all().expect("it reads"), []);
        assert!(directory.path().join("tail.damaged").exists());
    }
}
