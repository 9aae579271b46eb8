//! Copies of deleted files in the state directory: `rest/<input>/<name>`, readable by their owner alone.
//!
//! A copy is sparse and has the offsets of its original: the head and the bytes before the settled offset, which prove what it
//! holds, and everything from there on. Its name tells whose it is, how far it goes, and the hash of what is to be read; so a
//! damaged one is not read, and of a lost one is known how much it held. Nothing here knows of the input.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::file::{self, Tailed};
use super::opened::Opened;
use super::proof;
use crate::state::Position;

/// Bytes that the copies of one input may take on disk.
const BOUND: u64 = 64 << 20;
/// Bytes before the settled offset that are copied for its marker.
const BEFORE: u64 = proof::MARKER as u64;
/// Bytes copied at once.
const PIECE: usize = 128 << 10;
/// Directory of all copies in the state directory.
const ROOT: &str = "rest";
/// Endings of a copy, and of one that is being written.
const ENDING: &str = "rest";
const UNFINISHED: &str = "tmp";

#[cfg(test)]
thread_local! {
    /// Whether copies cannot be read.
    pub(super) static IS_UNREADABLE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Where the copies of one input are.
pub(super) struct Rests {
    root: PathBuf,
    directory: PathBuf,
    /// How the names begin of what belongs to this input and its database: two agents may have one state directory.
    prefix: String,
    pub(super) bound: u64,
}

/// A copy that was made.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) path: PathBuf,
    pub(super) inode: u64,
    /// Where it ends: before its original, where that was too long.
    pub(super) end: u64,
}

/// Why a copy is not read.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It does not hold what it held.
    Damaged(&'static str),
    /// It may be readable at the next start.
    Unreadable(io::Error),
}

/// The bytes that a copy holds to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    from: u64,
    end: u64,
    hash: u64,
}

impl Rests {
    /// Those of the input `name`, whose positions lie in `database`.
    pub(super) fn new(state_directory: &Path, name: &str, database: Option<&Path>) -> Self {
        let root = state_directory.join(ROOT);
        let root = std::path::absolute(&root).unwrap_or(root);
        let database = database.map_or(&[][..], |path| path.as_os_str().as_bytes());
        let prefix = format!("{:016x}-", xxh3_64(&[database, b"\0", name.as_bytes()].concat()));
        Self { directory: root.join(file::plain_name(name)), root, prefix, bound: BOUND }
    }

    /// Whether `row` leads to a copy of this input.
    pub(super) fn is_place_of(&self, row: &Position) -> bool {
        row.place.as_deref().is_some_and(|place| place.starts_with(&self.directory))
    }

    /// Bytes on disk that copies may still take.
    pub(super) fn room(&self) -> u64 {
        let entries = fs::read_dir(&self.directory).into_iter().flatten().filter_map(Result::ok);
        let used: u64 = entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.blocks() * 512).sum();
        self.bound.saturating_sub(used)
    }

    /// Everything that lies there of this input: copies, and what a crash left.
    pub(super) fn files(&self) -> impl Iterator<Item = PathBuf> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten().filter_map(Result::ok);
        let ours = entries.filter(|entry| entry.file_name().as_bytes().starts_with(self.prefix.as_bytes()));
        ours.map(|entry| entry.path())
    }

    /// Copies the bytes of `file` from `from` on, at most `room`: what does not fit is left out behind a line.
    ///
    /// # Errors
    /// When nothing fits, reading fails, or writing. Then nothing is left behind.
    pub(super) fn copy(&self, file: &Tailed, from: u64, room: u64) -> io::Result<Copied> {
        let known = file.position.known.unwrap_or_default();
        let proofs = u64::from(known.head_length) + BEFORE;
        let limit = file.size.min(from.saturating_add(room.saturating_sub(proofs)));
        let end = if limit < file.size { line_end(&file.file, from, limit)? } else { limit };
        if end <= from || end < u64::from(known.head_length) {
            let message = format!("the copies of this input may take {} bytes on disk", self.bound);
            return Err(io::Error::other(message));
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        let identity = format!("{}{:x}-{:x}-{:x}", self.prefix, known.first_inode, known.birth, known.generation);
        let unfinished = self.directory.join(&identity).with_extension(UNFINISHED);
        let written = self.write(file, (&unfinished, &identity), (from, end));
        if written.is_err() {
            // What cannot be removed either is removed at the next start.
            drop(fs::remove_file(&unfinished));
        }
        written
    }

    fn write(
        &self,
        file: &Tailed,
        (unfinished, identity): (&Path, &str),
        (from, end): (u64, u64),
    ) -> io::Result<Copied> {
        let copy = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(unfinished)?;
        let head = u64::from(file.position.known.map_or(0, |known| known.head_length));
        copy_range((&file.file, &copy), 0, head)?;
        copy_range((&file.file, &copy), from.saturating_sub(BEFORE), from)?;
        let hash = copy_range((&file.file, &copy), from, end)?;
        copy.sync_all()?;
        let path = self.directory.join(format!("{identity}-{}.{ENDING}", Extent { from, end, hash }));
        fs::rename(unfinished, &path)?;
        for directory in [Some(&*self.directory), Some(&*self.root), self.root.parent()].into_iter().flatten() {
            File::open(directory)?.sync_all()?;
        }
        Ok(Copied { path, inode: copy.metadata()?.ino(), end })
    }
}

/// Opens the copy that `row` leads to, once it is proven that it holds what is to be read.
///
/// # Errors
/// [`Unfit`]
pub(super) fn open(row: &Position) -> Result<(Opened, Metadata), Unfit> {
    #[cfg(test)]
    if IS_UNREADABLE.get() {
        return Err(Unfit::Unreadable(io::Error::other("it cannot be read")));
    }
    let place = row.place.as_deref().unwrap_or(&row.name);
    let (file, metadata) = match file::open(place) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unfit::Damaged("it is not there")),
        Err(error) => return Err(Unfit::Unreadable(error)),
    };
    let (Some(known), Some(extent)) = (&row.known, Extent::of(place)) else {
        return Err(Unfit::Damaged("its row was changed by another program"));
    };
    if metadata.ino() != row.inode || metadata.len() != extent.end {
        return Err(Unfit::Damaged("it is another file"));
    }
    if !proof::has_head(&file, known) || !proof::has_marker(&file, row.offset, row.marker) {
        return Err(Unfit::Damaged("it holds other content than what was kept"));
    }
    match each_piece(&file, (extent.from, extent.end), |_, _| Ok(())) {
        Ok(hash) if hash == extent.hash => Ok((file, metadata)),
        Ok(_) => Err(Unfit::Damaged("its bytes are not those that were kept")),
        Err(error) => Err(Unfit::Unreadable(error)),
    }
}

/// How many bytes the copy at `place` holds behind `settled`, by its name; behind what it begins with where that is `None`.
pub(super) fn unsettled(place: &Path, settled: Option<u64>) -> u64 {
    Extent::of(place).map_or(0, |extent| extent.end.saturating_sub(settled.unwrap_or(extent.from)))
}

impl std::fmt::Display for Extent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{:x}-{:016x}", self.from, self.end, self.hash)
    }
}

impl Extent {
    /// What the name of a finished copy tells.
    fn of(place: &Path) -> Option<Self> {
        let name = place.file_name()?.to_str()?.strip_suffix(ENDING)?.strip_suffix('.')?;
        let mut parts = name.rsplit('-').map(|part| u64::from_str_radix(part, 16).ok());
        let (hash, end, from) = (parts.next()??, parts.next()??, parts.next()??);
        Some(Self { from, end, hash })
    }
}

/// Copies bytes to the same offsets and gives their hash.
fn copy_range((file, copy): (&Opened, &File), from: u64, to: u64) -> io::Result<u64> {
    each_piece(file, (from, to), |piece, at| copy.write_all_at(piece, at))
}

/// Reads bytes piece by piece and gives their hash.
fn each_piece(
    file: &Opened,
    (from, to): (u64, u64),
    mut take: impl FnMut(&[u8], u64) -> io::Result<()>,
) -> io::Result<u64> {
    let mut bytes = vec![0; PIECE];
    let mut hash = Xxh3::new();
    let mut at = from;
    while at < to {
        let wanted = usize::try_from(to - at).unwrap_or(PIECE).min(PIECE);
        if file.read_full(&mut bytes[..wanted], at)? < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hash.update(&bytes[..wanted]);
        take(&bytes[..wanted], at)?;
        at += wanted as u64;
    }
    Ok(hash.digest())
}

/// Reads bytes up to `to`, or to where they end before.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn read_through(file: &Opened, (from, to): (u64, u64)) -> io::Result<()> {
    match each_piece(file, (from, to), |_, _| Ok(())) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        read => read.map(drop),
    }
}

/// Where the last line ends that ends in `from..limit`; `from` when none does.
fn line_end(file: &Opened, from: u64, limit: u64) -> io::Result<u64> {
    let mut bytes = vec![0; PIECE];
    let mut end = limit;
    while end > from {
        let wanted = usize::try_from(end - from).unwrap_or(PIECE).min(PIECE);
        let start = end - wanted as u64;
        let read = file.read_full(&mut bytes[..wanted], start)?;
        if let Some(newline) = memchr::memrchr(b'\n', &bytes[..read]) {
            return Ok(start + newline as u64 + 1);
        }
        end = start;
    }
    Ok(from)
}
