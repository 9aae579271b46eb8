//! The positions of tailed files.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params};

use super::database::{Database, StateError, Synchronous};
use super::periods::Periods;

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
    /// How many bytes that hash covers; 0 until the generation is known.
    pub head_length: u32,
    /// How often the file was truncated.
    pub truncations: u32,
    /// Inode under which this content was first seen; a copy that is read in its place has another.
    pub first_inode: u64,
}

/// What a content goes on from, once that is decided. Small, as there is one for each file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Succeeds(u32);

impl Succeeds {
    /// It is not decided.
    pub const UNDECIDED: Self = Self(0);
    /// From no other.
    pub const NOTHING: Self = Self(1);

    /// From the content with this hash.
    pub fn content(hash: u64) -> Self {
        Self(u32::try_from(hash >> 32).unwrap_or(0).max(2))
    }
}

/// A file and how far it is settled: a row of `in_tail_files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Key of the row; 0 before it is stored.
    pub id: i64,
    /// Path under which it was found.
    pub name: Arc<Path>,
    /// Everything before it is settled.
    pub offset: u64,
    /// Inode.
    pub inode: u64,
    /// Nanoseconds since 1970 when the file with this inode was made, which may be a copy; 0 where that is not known.
    pub born: i64,
    /// Seconds since 1970 when the row was made.
    pub created: i64,
    /// Whether the file was rotated away and read to its end.
    pub rotated: bool,
    /// Fluent Bit's hash of the last bytes before the offset, and how many.
    pub marker: (i64, u32),
    /// What Fluent Bit does not know. `None` where its row was changed by another program meanwhile.
    pub known: Option<Known>,
    /// Where it was seen last: its own path where `name` is a link to it.
    pub place: Option<Arc<Path>>,
    /// Seconds since 1970 when it was seen last; 0 for a row that only Fluent Bit wrote.
    pub seen: i64,
    /// Nothing behind it was handed on; 0 where that is not known.
    pub reach: u64,
    /// In which hours it was read.
    pub periods: Periods,
    /// What it succeeds: stored before anything of it is handed on.
    pub succeeds: Succeeds,
    /// Whether it was told that its file is gone, and what was not read of it with it.
    pub is_told: bool,
}

impl Default for Position {
    fn default() -> Self {
        Self {
            id: 0,
            name: Path::new("").into(),
            offset: 0,
            inode: 0,
            born: 0,
            created: 0,
            rotated: false,
            marker: (0, 0),
            known: None,
            place: None,
            seen: 0,
            reach: 0,
            periods: Periods::default(),
            succeeds: Succeeds::default(),
            is_told: false,
        }
    }
}

/// Positions of the files of one input.
pub struct Positions {
    /// `None` keeps them in memory, that is nowhere.
    connection: Option<Connection>,
    synchronous: Synchronous,
    database: Option<Database>,
    /// Whether this process has synced the file, which may have been made just now.
    is_synced: bool,
    next_id: i64,
    _lock: Option<File>,
}

impl Positions {
    /// Positions that are forgotten at the end.
    pub fn in_memory() -> Self {
        Self {
            connection: None,
            synchronous: Synchronous::Off,
            database: None,
            is_synced: true,
            next_id: 1,
            _lock: None,
        }
    }

    /// Whether they are forgotten at the end.
    pub fn are_forgotten(&self) -> bool {
        self.connection.is_none()
    }

    /// Opens or makes the database. A file that is no database is moved aside.
    ///
    /// # Errors
    /// When another agent holds it, or neither opening nor making it works.
    pub fn open(database: &Database) -> Result<Self, StateError> {
        let (connection, lock) = database.open()?;
        Ok(Self {
            connection: Some(connection),
            synchronous: database.synchronous,
            database: Some(database.clone()),
            is_synced: false,
            next_id: 1,
            _lock: Some(lock),
        })
    }

    /// All rows that make sense, oldest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn all(&self) -> Result<Vec<Position>, StateError> {
        let Some(connection) = &self.connection else { return Ok(Vec::new()) };
        let mut statement = connection.prepare(
            "SELECT f.id, f.name, f.offset, f.inode, f.created, f.rotated, f.offset_marker, f.offset_marker_size, \
             v.offset, v.inode, v.device, v.birth, v.generation, v.head, v.head_length, v.truncations, v.first_inode, \
             v.place, v.seen, v.reach, v.periods, v.succeeds, v.born, v.told FROM in_tail_files f LEFT JOIN vigie_files_1 v ON v.id = f.id ORDER BY f.id",
        )?;
        let rows = statement.query_map([], read_row)?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Stores positions in one transaction. New ones get their ids. With `durable` they are on disk when this returns.
    ///
    /// # Errors
    /// When SQLite fails; then none is stored, and no id has changed.
    pub fn store(&mut self, positions: &mut [&mut Position], durable: bool) -> Result<(), StateError> {
        let Some(connection) = &mut self.connection else {
            for position in positions.iter_mut().filter(|position| position.id == 0) {
                position.id = self.next_id;
                self.next_id += 1;
            }
            return Ok(());
        };
        let is_raised = matches!(self.synchronous, Synchronous::Full | Synchronous::Extra);
        if let Some(database) = self.database.as_ref().filter(|_| !self.is_synced && (durable || is_raised)) {
            database.sync()?;
            self.is_synced = true;
        }
        let raised = durable && !is_raised;
        if raised {
            connection.pragma_update(None, "synchronous", Synchronous::Full.name())?;
        }
        let stored = store_all(connection, positions);
        if raised {
            connection.pragma_update(None, "synchronous", self.synchronous.name())?;
        }
        for (position, id) in positions.iter_mut().zip(stored?) {
            position.id = id;
        }
        Ok(())
    }

    /// Makes all that was stored durable.
    ///
    /// # Errors
    /// When SQLite or the disk fails.
    pub fn sync(&mut self) -> Result<(), StateError> {
        let (Some(connection), Some(database)) = (&self.connection, &self.database) else { return Ok(()) };
        connection.pragma_update(None, "synchronous", Synchronous::Full.name())?;
        let checkpoint = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        connection.pragma_update(None, "synchronous", self.synchronous.name())?;
        checkpoint?;
        database.sync()?;
        self.is_synced = true;
        Ok(())
    }

    /// Whether the file was not synced yet.
    #[cfg(test)]
    pub(super) fn is_unsynced(&self) -> bool {
        !self.is_synced
    }

    /// Forgets a file that is gone.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn remove(&mut self, id: i64) -> Result<(), StateError> {
        self.remove_all(&[id])
    }

    /// Forgets files that are gone, in one transaction.
    ///
    /// # Errors
    /// When SQLite fails; then all are still known.
    pub fn remove_all(&mut self, ids: &[i64]) -> Result<(), StateError> {
        let Some(connection) = self.connection.as_mut().filter(|_| !ids.is_empty()) else { return Ok(()) };
        let transaction = connection.transaction()?;
        for id in ids {
            transaction.execute("DELETE FROM in_tail_files WHERE id = ?1", [id])?;
            transaction.execute("DELETE FROM vigie_files_1 WHERE id = ?1", [id])?;
        }
        transaction.commit()?;
        Ok(())
    }
}

/// Stores `positions` and gives their ids.
fn store_all(connection: &mut Connection, positions: &[&mut Position]) -> Result<Vec<i64>, rusqlite::Error> {
    let transaction = connection.transaction()?;
    let mut ids = Vec::with_capacity(positions.len());
    for position in positions {
        let id = match position.id {
            0 => insert_row(&transaction, position)?,
            // Another program may have removed the row.
            id => {
                if update_row(&transaction, position)? {
                    id
                } else {
                    insert_row(&transaction, position)?
                }
            }
        };
        write_known(&transaction, id, position)?;
        ids.push(id);
    }
    transaction.commit()?;
    Ok(ids)
}

fn insert_row(connection: &Connection, position: &Position) -> Result<i64, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO in_tail_files (name, offset, inode, created, rotated, offset_marker, offset_marker_size) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    statement.execute(params![
        name(&position.name),
        position.offset.cast_signed(),
        position.inode.cast_signed(),
        position.created,
        position.rotated,
        position.marker.0,
        position.marker.1
    ])?;
    Ok(connection.last_insert_rowid())
}

/// Returns whether the row was there.
fn update_row(connection: &Connection, position: &Position) -> Result<bool, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "UPDATE in_tail_files SET name = ?2, offset = ?3, inode = ?4, rotated = ?5, offset_marker = ?6, \
         offset_marker_size = ?7 WHERE id = ?1",
    )?;
    let changed = statement.execute(params![
        position.id,
        name(&position.name),
        position.offset.cast_signed(),
        position.inode.cast_signed(),
        position.rotated,
        position.marker.0,
        position.marker.1
    ])?;
    Ok(changed > 0)
}

fn write_known(connection: &Connection, id: i64, position: &Position) -> Result<(), rusqlite::Error> {
    let known = position.known.unwrap_or_default();
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO vigie_files_1 (id, offset, inode, device, birth, generation, head, head_length, \
         truncations, first_inode, place, seen, reach, periods, succeeds, born, told) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?;
    statement.execute(params![
        id,
        position.offset.cast_signed(),
        position.inode.cast_signed(),
        known.device.cast_signed(),
        known.birth,
        known.generation.cast_signed(),
        known.head.cast_signed(),
        known.head_length,
        known.truncations,
        known.first_inode.cast_signed(),
        position.place.as_ref().map(|place| place.as_os_str().as_bytes()),
        position.seen,
        position.reach.cast_signed(),
        position.periods.to_bytes(),
        position.succeeds.0,
        position.born,
        position.is_told
    ])?;
    Ok(())
}

/// A path as Fluent Bit writes it: text, but for one that is no text.
fn name(path: &Path) -> Value {
    match path.to_str() {
        Some(text) => Value::Text(text.to_owned()),
        None => Value::Blob(path.as_os_str().as_bytes().to_vec()),
    }
}

/// `None` for a row that nothing can be made of.
fn read_row(row: &rusqlite::Row<'_>) -> Result<Option<Position>, rusqlite::Error> {
    // Columns have the type that was written, whatever the table says: what is no number counts as 0.
    let integer = |at: usize| -> Result<i64, rusqlite::Error> {
        Ok(match row.get_ref(at)? {
            ValueRef::Integer(number) => number,
            _ => 0,
        })
    };
    let number = |at| Ok::<u64, rusqlite::Error>(integer(at)?.cast_unsigned());
    let short = |at| Ok::<u32, rusqlite::Error>(u32::try_from(integer(at)?).unwrap_or(0));
    let path = |at: usize| -> Result<Option<Arc<Path>>, rusqlite::Error> {
        Ok(match row.get_ref(at)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(Path::new(OsStr::from_bytes(bytes)).into()),
            _ => None,
        })
    };
    let (offset, inode) = (number(2)?, number(3)?);
    let Some(name) = path(1)?.filter(|_| offset <= i64::MAX.cast_unsigned()) else { return Ok(None) };
    let known = Known {
        device: number(10)?,
        birth: integer(11)?,
        generation: number(12)?,
        head: number(13)?,
        head_length: short(14)?,
        truncations: short(15)?,
        first_inode: number(16)?,
    };
    let place = path(17)?.map(|place| if place == name { Arc::clone(&name) } else { place });
    // Another program moved the row: what is known beyond it may belong to another content.
    let ours = !matches!(row.get_ref(8)?, ValueRef::Null);
    let trusted = ours && number(8)? == offset && number(9)? == inode && known.first_inode != 0;
    Ok(Some(Position {
        id: integer(0)?,
        name,
        offset,
        inode,
        born: if trusted { integer(22)? } else { 0 },
        created: integer(4)?,
        rotated: integer(5)? != 0,
        marker: (integer(6)?, short(7)?),
        known: trusted.then_some(known),
        place,
        seen: integer(18)?,
        reach: if trusted { number(19)? } else { 0 },
        periods: match row.get_ref(20)? {
            ValueRef::Blob(bytes) if trusted => Periods::from_bytes(bytes),
            _ => Periods::default(),
        },
        succeeds: if trusted { Succeeds(short(21)?) } else { Succeeds::UNDECIDED },
        is_told: trusted && integer(23)? != 0,
    }))
}
