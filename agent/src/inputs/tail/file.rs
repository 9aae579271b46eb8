//! One tailed file: its identity, its content's generation, how far it is read.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use rustix::fs::OFlags;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::plugin::Stream;
use crate::receipts::Ledger;
use crate::state::{Known, Position};

/// Bytes that the proof of a head covers at the most.
const HEAD: usize = 1024;
/// Bytes before an offset that its marker covers, as in Fluent Bit.
const MARKER: usize = 64;

/// What tells files apart while they exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileId {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl FileId {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Where a file stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its path is under `Path`.
    Live,
    /// Its path is not, or its content lies in a copy: it is read to its end.
    Rotated,
    /// Its name is gone: it is read to its end while it is open.
    Deleted,
    /// Its content was overwritten: what is on the way is waited for.
    Gone,
}

/// What its records need: made when the first line is complete, since the generation comes from the head.
pub(super) struct Content {
    pub(super) stream: Arc<Stream>,
    pub(super) ledger: Arc<Ledger>,
}

/// A file being read.
pub(super) struct Tailed {
    pub(super) file: File,
    pub(super) id: FileId,
    /// Path it was found at: the one records tell.
    pub(super) name: PathBuf,
    /// Path it has now.
    pub(super) current: PathBuf,
    pub(super) tag: Arc<str>,
    pub(super) position: Position,
    pub(super) content: Option<Content>,
    /// Everything before it was handed on.
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) standing: Standing,
    pub(super) last_growth: Instant,
    pub(super) next_look: Instant,
    /// Whether a line above the limit is being left out.
    pub(super) skipping: bool,
    /// Whether what has no newline was handed on because the file had ended.
    pub(super) ended: bool,
    pub(super) epoch: u32,
    /// Last look at the paths that saw it.
    pub(super) seen: u64,
}

/// Opens a regular file for reading without ever blocking.
pub(super) fn open(path: &Path) -> io::Result<(File, Metadata)> {
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

/// Hash of the first bytes and their number: up to the first newline, at most [`HEAD`]. `None` while the first line is
/// neither complete nor that long, since bytes may still change.
pub(super) fn head(file: &File, size: u64) -> io::Result<Option<(u64, u32)>> {
    let mut bytes = [0; HEAD];
    let wanted = usize::try_from(size).unwrap_or(HEAD).min(HEAD);
    let length = read_full(file, &mut bytes[..wanted], 0)?;
    let end = match memchr::memchr(b'\n', &bytes[..length]) {
        Some(newline) => newline + 1,
        None if length == bytes.len() => length,
        None => return Ok(None),
    };
    Ok(Some((xxh3_64(&bytes[..end]), u32::try_from(end).expect("at most 1024"))))
}

/// Whether the first bytes of `file` are those of `known`.
pub(super) fn has_head(file: &File, known: &Known) -> bool {
    let mut bytes = [0; HEAD];
    let Some(wanted) = bytes.get_mut(..known.head_length as usize) else { return false };
    let length = read_full(file, wanted, 0).unwrap_or(0);
    length == wanted.len() && xxh3_64(wanted) == known.head
}

/// Hash of the last bytes before `offset` and their number, as Fluent Bit keeps it.
pub(super) fn marker(file: &File, offset: u64) -> (i64, u32) {
    let mut bytes = [0; MARKER];
    let length = usize::try_from(offset).unwrap_or(MARKER).min(MARKER);
    let wanted = &mut bytes[..length];
    match read_full(file, wanted, offset - length as u64) {
        Ok(read) if read == wanted.len() && read > 0 => {
            (xxh3_64(wanted).cast_signed(), u32::try_from(read).expect("at most 64"))
        }
        _ => (0, 0),
    }
}

/// Whether the bytes before `offset` are still those of the stored marker. Without a marker there is no doubt.
pub(super) fn has_marker(file: &File, offset: u64, marker: (i64, u32)) -> bool {
    let (hash, length) = marker;
    if length == 0 || u64::from(length) > offset || length > 1 << 16 {
        return true;
    }
    let mut bytes = vec![0; length as usize];
    let read = read_full(file, &mut bytes, offset - u64::from(length)).unwrap_or(0);
    read == bytes.len() && xxh3_64(&bytes).cast_signed() == hash
}

fn read_full(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], offset + length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// The generation of a content: from its head, so that a second reading without state gives the same, and from how often
/// the file was truncated, so that two contents with the same head differ.
pub(super) fn generation(head: u64, truncations: u32) -> u64 {
    xxh3_64_with_seed(&head.to_le_bytes(), u64::from(truncations))
}

/// A file that grew not long ago is looked at this often, any other at the slower pace.
const LIVELY: Duration = Duration::from_millis(50);
const QUIET: Duration = Duration::from_millis(500);
/// How long a file counts as lively after its last growth.
const LIVELY_FOR: Duration = Duration::from_secs(5);

/// What a look at the size of a file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It has its size or a larger one.
    Fine,
    /// It is shorter than what was read of it.
    Truncated,
}

impl Tailed {
    /// Notes the size the file has `now`, and when to look again.
    pub(super) fn look(&mut self, now: Instant) -> Look {
        let lively = now.duration_since(self.last_growth) < LIVELY_FOR;
        self.next_look = now + if lively && self.standing != Standing::Gone { LIVELY } else { QUIET };
        let size = self.file.metadata().map_or(self.size, |metadata| metadata.len());
        if self.standing == Standing::Gone {
            return Look::Fine;
        }
        if size < self.offset {
            return Look::Truncated;
        }
        if size > self.size {
            self.last_growth = now;
            self.next_look = now + LIVELY;
            self.ended = false;
        }
        self.size = size;
        Look::Fine
    }

    /// Its identity for document ids: inode, birth and generation.
    pub(super) fn identity(&self) -> Vec<u8> {
        let known = self.position.known.unwrap_or_default();
        let mut identity = Vec::with_capacity(24);
        identity.extend_from_slice(&known.first_inode.to_le_bytes());
        identity.extend_from_slice(&known.birth.to_le_bytes());
        identity.extend_from_slice(&known.generation.to_le_bytes());
        identity
    }

    /// Bytes that are on their way.
    pub(super) fn in_flight(&self) -> u64 {
        self.content.as_ref().map_or(0, |content| self.offset.saturating_sub(content.ledger.committed()))
    }

    /// Whether all of it, as far as is known, was handed on.
    pub(super) fn at_end(&self) -> bool {
        self.offset >= self.size || self.standing == Standing::Gone || self.ended
    }
}
