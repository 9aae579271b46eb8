//! Opens the database: lock, journal, schema, and what to do with a damaged file.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rustix::fs::{Access, FlockOperation, access, fcntl_lock};
use rustix::io::Errno;
use rustix::process::{Flock, FlockType, fcntl_getlk};
use tracing::warn;

use crate::config::could_fill;

/// Why positions cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process uses the file.
    #[error("the positions in `{path}` are in use by another agent: give each its own `DB`")]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("`{path}` is no SQLite database and is left as it is: name another file, or one that is not there yet")]
    Foreign {
        /// What was to be the database.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// `OFF`: a crash of the host may lose positions.
    Off,
    /// `NORMAL`.
    #[default]
    Normal,
    /// `FULL`.
    Full,
    /// `EXTRA`.
    Extra,
}

impl Synchronous {
    /// Its name in SQLite.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Normal => "NORMAL",
            Self::Full => "FULL",
            Self::Extra => "EXTRA",
        }
    }
}

/// Journal of the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Journal {
    /// `WAL`.
    #[default]
    Wal,
    /// `DELETE`.
    Delete,
    /// `TRUNCATE`.
    Truncate,
    /// `PERSIST`.
    Persist,
    /// `MEMORY`: a crash while storing may damage the file.
    Memory,
    /// `OFF`: as `MEMORY`.
    Off,
}

impl Journal {
    /// Its name in SQLite.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wal => "WAL",
            Self::Delete => "DELETE",
            Self::Truncate => "TRUNCATE",
            Self::Persist => "PERSIST",
            Self::Memory => "MEMORY",
            Self::Off => "OFF",
        }
    }
}

/// Which database, and how it is used.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// The file.
    pub path: PathBuf,
    /// How hard it is synced.
    pub synchronous: Synchronous,
    /// Its journal.
    pub journal: Journal,
    /// Whether SQLite keeps other programs out even between two transactions.
    pub exclusive: bool,
    /// Whether the agent chose the name: then what stands there was a database, whatever it looks like.
    pub is_own: bool,
}

/// What an SQLite database begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS in_tail_files (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER, inode INTEGER, created INTEGER,
  rotated INTEGER DEFAULT 0, offset_marker INTEGER DEFAULT 0, offset_marker_size INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS vigie_files_1 (
  id INTEGER PRIMARY KEY, offset INTEGER NOT NULL, inode INTEGER NOT NULL, device INTEGER NOT NULL, birth INTEGER NOT NULL,
  generation INTEGER NOT NULL, head INTEGER NOT NULL, head_length INTEGER NOT NULL, truncations INTEGER NOT NULL,
  first_inode INTEGER NOT NULL, place BLOB, seen INTEGER NOT NULL, reach INTEGER DEFAULT 0, periods BLOB,
  succeeds INTEGER DEFAULT 0, born INTEGER DEFAULT 0, told INTEGER DEFAULT 0);
";

/// Columns that tables lack which were made by older versions of Fluent Bit, or of this agent.
const LATER_COLUMNS: [(&str, &str); 8] = [
    ("in_tail_files", "rotated INTEGER DEFAULT 0"),
    ("in_tail_files", "offset_marker INTEGER DEFAULT 0"),
    ("in_tail_files", "offset_marker_size INTEGER DEFAULT 0"),
    ("vigie_files_1", "reach INTEGER DEFAULT 0"),
    ("vigie_files_1", "periods BLOB"),
    ("vigie_files_1", "succeeds INTEGER DEFAULT 0"),
    ("vigie_files_1", "born INTEGER DEFAULT 0"),
    ("vigie_files_1", "told INTEGER DEFAULT 0"),
];

impl Database {
    /// Takes the lock and opens the file, or makes it: whether it is synced is not known. A damaged database is moved aside.
    pub(super) fn open(&self) -> Result<(Connection, File), StateError> {
        if let Some(directory) = self.path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            std::fs::create_dir_all(directory).map_err(|source| self.io(source))?;
        }
        // Before the lock is there, which tells a database that a crash left from what never was one.
        self.refuse_foreign()?;
        let lock = self.lock()?;
        match self.connect() {
            Ok(connection) => Ok((connection, lock)),
            Err(error) if is_damage(&error) => {
                self.move_aside(&error);
                Ok((self.connect()?, lock))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Looks whether it could be opened, as far as that changes nothing. Whether another agent has it is not looked at.
    ///
    /// # Errors
    /// When it could not.
    pub fn probe(&self) -> Result<(), StateError> {
        self.refuse_foreign()?;
        let directory = self.path.parent().unwrap_or(Path::new(""));
        could_fill(directory).map_err(|source| self.io(source))?;
        if self.path.exists() {
            access(&self.path, Access::READ_OK | Access::WRITE_OK).map_err(|errno| self.io(errno.into()))?;
        }
        Ok(())
    }

    /// Looks whether another agent has it. Not to be called where this process has it itself, whose lock would be gone then.
    ///
    /// # Errors
    /// [`StateError::Locked`].
    pub fn probe_lock(&self) -> Result<(), StateError> {
        let Ok(file) = OpenOptions::new().write(true).open(self.lock_path()) else { return Ok(()) };
        match fcntl_getlk(&file, &Flock::from(FlockType::WriteLock)) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(StateError::Locked { path: self.path.clone() }),
            Err(errno) => Err(self.io(errno.into())),
        }
    }

    /// Refuses what is neither empty nor begins as a database: it is something else of the user's. A crash of the host may leave zeros
    /// where a database was begun, whose lock was made before it; zeros without a lock are no work of an agent.
    fn refuse_foreign(&self) -> Result<(), StateError> {
        let foreign = || StateError::Foreign { path: self.path.clone() };
        // Not even opened: a pipe would wait, and a device is not to be moved away.
        if std::fs::metadata(&self.path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(foreign());
        }
        let mut head = Vec::new();
        match File::open(&self.path) {
            Ok(file) if !self.is_own => {
                file.take(MAGIC.len() as u64).read_to_end(&mut head).map_err(|source| self.io(source))?
            }
            _ => return Ok(()),
        };
        let is_zeros = head.iter().all(|byte| *byte == 0);
        let is_database = head.is_empty() || head == MAGIC || is_zeros && self.lock_path().exists();
        if is_database { Ok(()) } else { Err(foreign()) }
    }

    fn io(&self, source: std::io::Error) -> StateError {
        StateError::Io { path: self.path.clone(), source }
    }

    /// Locks a file beside the database. The lock is one of the process: inputs of one agent may share a database.
    fn lock(&self) -> Result<File, StateError> {
        let path = self.lock_path();
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(|source| self.io(source))?;
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(Errno::AGAIN | Errno::ACCESS) => Err(StateError::Locked { path: self.path.clone() }),
            Err(errno) => Err(self.io(errno.into())),
        }
    }

    fn lock_path(&self) -> PathBuf {
        with_suffix(&self.path, ".lock")
    }

    /// Syncs the file, and that it is in its directory: it may have been made just now, by this process or one before.
    pub(super) fn sync(&self) -> Result<(), StateError> {
        let directory = self.path.parent().filter(|directory| !directory.as_os_str().is_empty());
        for path in [&*self.path, directory.unwrap_or(Path::new("."))] {
            File::open(path).and_then(|file| file.sync_all()).map_err(|source| self.io(source))?;
        }
        Ok(())
    }

    fn connect(&self) -> Result<Connection, rusqlite::Error> {
        let is_new = std::fs::metadata(&self.path).map_or(true, |metadata| metadata.len() == 0);
        let connection = Connection::open(&self.path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        if self.exclusive {
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        }
        if is_new {
            // There is nothing yet that could be lost, and syncing each step takes longer than all else at the start.
            connection.pragma_update(None, "synchronous", Synchronous::Off.name())?;
        }
        connection.pragma_update(None, "journal_mode", self.journal.name())?;
        // The page cache holds the few rows there are.
        connection.pragma_update(None, "cache_size", -256)?;
        let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if check != "ok" {
            let damage = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
            return Err(rusqlite::Error::SqliteFailure(damage, Some(check)));
        }
        connection.execute_batch(SCHEMA)?;
        for (table, column) in LATER_COLUMNS {
            let name = column.split(' ').next().unwrap_or(column);
            let there: i64 = connection.query_row(
                "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2",
                [table, name],
                |row| row.get(0),
            )?;
            if there == 0 {
                connection.execute(&format!("ALTER TABLE {table} ADD COLUMN {column}"), [])?;
            }
        }
        // A table of that name that is something else fails here and is moved aside.
        connection.prepare("SELECT id, name, offset, inode, created FROM in_tail_files")?;
        connection.pragma_update(None, "synchronous", self.synchronous.name())?;
        Ok(connection)
    }

    fn move_aside(&self, error: &rusqlite::Error) {
        let aside = (0..1000).map(|number| with_suffix(&self.path, &format!(".damaged-{number}")));
        let aside =
            aside.into_iter().find(|path| !path.exists()).unwrap_or_else(|| with_suffix(&self.path, ".damaged"));
        warn!(component = "state", db = %self.path.display(), %error, aside = %aside.display(),
            "the positions cannot be read and are moved aside; ids absorb what is read again");
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // What is not there need not be moved.
            drop(std::fs::rename(with_suffix(&self.path, suffix), with_suffix(&aside, suffix)));
        }
    }
}

/// Whether the file itself is to blame, so that another one in its place will do.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, Unknown};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase | Unknown))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
