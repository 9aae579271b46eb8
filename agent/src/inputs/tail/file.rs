//! One tailed file: its identity, its content's generation, how far it is read.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, UNIX_EPOCH};

use rustix::fs::OFlags;

use super::ahead::Again;
use super::opened::Opened;
use super::read::Progress;
use crate::plugin::Stream;
use crate::receipts::Ledger;
use crate::state::Position;

/// What tells files apart while they are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileId {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl FileId {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Whether the file is at `path`.
    pub(super) fn is_at(self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|metadata| Self::of(&metadata) == self)
    }
}

/// Where a file stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its path is under `Path`.
    Live,
    /// Its path is not, or its content lies in a copy: it is read to its end.
    Rotated,
    /// Its content was overwritten: what is on the way is waited for.
    Gone,
}

/// What its records need: made when the first line is complete, since the generation comes from it.
#[derive(Clone)]
pub(super) struct Content {
    pub(super) stream: Arc<Stream>,
    pub(super) ledger: Arc<Ledger>,
}

/// A file being read.
pub(super) struct Tailed {
    pub(super) file: Arc<Opened>,
    pub(super) id: FileId,
    pub(super) tag: Arc<str>,
    pub(super) position: Position,
    pub(super) content: Option<Content>,
    /// How far it was read; while it is lent to its worker, how far it was then.
    pub(super) progress: Progress,
    pub(super) size: u64,
    /// When it was written last.
    pub(super) modified: Modified,
    /// Up to where its worker may hand on bytes while it is lent. Then nothing that may change its progress is done here.
    pub(super) lent: Option<u64>,
    pub(super) standing: Standing,
    pub(super) last_growth: Instant,
    pub(super) next_look: Instant,
    /// The watch that tells of its next write; while there is one, it is not looked at.
    pub(super) watch: Option<i32>,
    /// Whether a watch was refused: then it is looked at for as long as it is open.
    pub(super) is_unwatchable: bool,
    /// Whether it is in the queue of files to be read.
    pub(super) queued: bool,
    /// Whether a gzip file ends before what it holds does: it counts as read until it grows.
    pub(super) is_cut_short: bool,
    /// Whether its stream was told that nothing more comes.
    pub(super) ended: bool,
    pub(super) epoch: u32,
    /// Rewinds since it was last settled, and until when it waits after the last.
    pub(super) rewinds: u8,
    pub(super) not_before: Option<Instant>,
    /// How much of its head the stored row covers.
    pub(super) stored_head: u16,
    /// Last look at the paths that saw it.
    pub(super) seen: u64,
    /// What may have been handed on before, by an earlier run or by this one.
    pub(super) again: Option<Arc<Again>>,
}

/// The name of an instance as the name of a file.
pub(super) fn plain_name(name: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    name.chars().map(|character| if plain(character) { character } else { '_' }).collect()
}

/// How a file is opened.
pub(super) type Open = fn(&Path) -> io::Result<(Opened, Metadata)>;

/// Opens a regular file for reading without ever blocking.
pub(super) fn open(path: &Path) -> io::Result<(Opened, Metadata)> {
    let (file, metadata) = open_plain(path)?;
    Ok((Opened::new(file, path), metadata))
}

/// The same, as it is.
pub(super) fn open_plain(path: &Path) -> io::Result<(File, Metadata)> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).expect("flags of open fit its type");
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    Ok((file, metadata))
}

/// Nanoseconds since 1970 when the file was made, 0 where the system does not know.
pub(super) fn birth(metadata: &Metadata) -> i64 {
    let since = metadata.created().ok().and_then(|created| created.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}

/// How much of the head of its file `row` covers.
pub(super) fn head_of(row: &Position) -> u16 {
    row.known.map_or(0, |known| u16::try_from(known.head_length).unwrap_or(u16::MAX))
}

/// When a file was written last, of which only the last bits are kept: two times are told apart by it, not ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Modified(u32);

impl Modified {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let nanos = metadata.mtime().wrapping_mul(1_000_000_000).wrapping_add(metadata.mtime_nsec());
        let [.., a, b, c, d] = nanos.to_be_bytes();
        Self(u32::from_be_bytes([a, b, c, d]))
    }
}

/// Whether a stored row can be of the file: a reused inode has another birth.
pub(super) fn row_fits(row: &Position, metadata: &Metadata) -> bool {
    if row.inode != metadata.ino() {
        return false;
    }
    let is_led = row.is_of_copy() && row.rotated && row.seen > 0;
    if is_led && super::opened::is_compressed(row.place.as_deref().unwrap_or(&row.name)) && metadata.mtime() > row.seen
    {
        // The gzip file it led to is gone; its inode was free to be used again.
        return false;
    }
    let first = row.known.filter(|_| !row.is_of_copy()).map_or(0, |known| known.birth);
    let born = if row.born == 0 { first } else { row.born };
    born == 0 || [0, born].contains(&birth(metadata))
}

impl Tailed {
    /// Path it was found at: the one records tell.
    pub(super) fn name(&self) -> &Arc<Path> {
        &self.position.name
    }

    /// Path it has now, links followed.
    pub(super) fn place(&self) -> &Arc<Path> {
        self.position.place.as_ref().unwrap_or(&self.position.name)
    }

    /// Its identity for document ids: inode, birth and generation.
    ///
    /// The device is left out: its number may change when a disk is mounted again.
    pub(super) fn identity(&self) -> Vec<u8> {
        let known = self.position.known.unwrap_or_default();
        let mut identity = Vec::with_capacity(24);
        identity.extend_from_slice(&known.first_inode.to_le_bytes());
        identity.extend_from_slice(&known.birth.to_le_bytes());
        identity.extend_from_slice(&known.generation.to_le_bytes());
        identity
    }

    /// Whether its first line was complete when it was looked at.
    pub(super) fn has_generation(&self) -> bool {
        self.position.known.is_some_and(|known| known.head_length > 0)
    }

    /// Bytes that are on their way, or may be.
    pub(super) fn in_flight(&self) -> u64 {
        let end = self.lent.unwrap_or(self.progress.offset);
        self.content.as_ref().map_or(0, |content| content.ledger.unsettled(end))
    }

    /// Up to where it is settled.
    pub(super) fn settled(&self) -> u64 {
        self.content.as_ref().map_or(self.position.offset, |content| content.ledger.committed())
    }

    /// Whether anything handed on is not answered for, or something is being handed on.
    pub(super) fn is_awaiting(&self) -> bool {
        self.lent.is_some() || self.content.as_ref().is_some_and(|content| content.ledger.in_flight() > 0)
    }

    /// Whether all of it, as far as is known, was handed on.
    pub(super) fn is_read(&self) -> bool {
        self.progress.offset >= self.size || self.standing == Standing::Gone || self.is_cut_short
    }

    /// Whether there is something to read that was not tried in vain.
    pub(super) fn has_news(&self) -> bool {
        !self.is_read() && self.progress.stuck != Some(self.size)
    }

    /// Whether its last line is complete with its newline only, since it may be written on.
    pub(super) fn needs_newline(&self) -> bool {
        self.standing == Standing::Live && !self.file.is_compressed()
    }

    /// Reads on from `offset`, which lies behind or before where it stands.
    pub(super) fn go_to(&mut self, offset: u64) {
        self.progress = Progress::at(&self.file, offset);
        self.ended = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Known;

    #[test]
    fn the_row_of_a_gzip_file_that_is_gone_is_not_of_another_with_its_inode() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let metadata = file.as_file().metadata().expect("it is there");
        let known = Some(Known { first_inode: metadata.ino() + 1, ..Known::default() });
        let place = Some(Path::new("/logs/a.log.1.gz").into());
        let row = Position { inode: metadata.ino(), place, known, rotated: true, ..Position::default() };

        assert!(row_fits(&Position { seen: metadata.mtime(), ..row.clone() }, &metadata));
        assert!(!row_fits(&Position { seen: metadata.mtime() - 1, ..row }, &metadata));
    }

    #[test]
    fn a_row_is_of_the_file_that_was_born_when_it_was_stored_or_as_far_as_is_known() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let metadata = file.as_file().metadata().expect("it is there");
        let (inode, now) = (metadata.ino(), birth(&metadata));
        let fits = |born: i64, first_inode: u64, birth: i64| {
            let known = Some(Known { first_inode, birth, ..Known::default() });
            row_fits(&Position { inode, born, known, ..Position::default() }, &metadata)
        };

        assert!(fits(now, inode + 1, 7), "a copy of what was born before");
        assert!(!fits(now - 1, inode + 1, 7), "another file in the place of a copy");
        assert!(fits(0, inode + 1, 7), "a copy of which no more is known");
        assert!(fits(0, inode, now) && !fits(0, inode, now - 1), "a row without the birth of its file");
    }

    #[test]
    fn ten_thousand_files_take_little_memory() {
        assert!(size_of::<Tailed>() <= 440, "{}", size_of::<Tailed>());
        assert!(size_of::<Stream>() <= 112, "{}", size_of::<Stream>());
    }
}
