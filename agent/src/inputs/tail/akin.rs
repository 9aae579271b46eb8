//! Rotated files that were compressed under a name that rotation does not make: recognised by what they hold alone.
//!
//! More is asked of the content than where the name speaks for it, since two logs may begin alike: the bytes before the offset are
//! compared, and what a file was compressed from must be gone. Called by `successor` where names tell nothing.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Tail;
use super::alike::{FAR, Proof};
use super::file::{self, FileId, Standing, Tailed};
use super::opened::{self, Opened};
use super::proof::{self, Mark};
use super::rotate::is_out_of_descriptors;
use super::rows::{full_head, root_and_stem};
use super::siblings;
use super::successor::{Kin, is_named_after, is_there};
use crate::state::Position;

/// While a gzip file is newer, what it was compressed from may be there yet.
const NEW: Duration = Duration::from_secs(3);
/// Files that begin alike and are compared further at the most: each takes inflating.
const CANDIDATES: usize = 8;
/// What changed so lately may change once more without another time: some file systems tell it in steps of two seconds.
pub(super) const COARSE: Duration = Duration::from_millis(2_500);
/// Gzip files whose first bytes are remembered at the most.
const REMEMBERED: usize = 65_536;

/// The gzip files of a directory by the hash of their first bytes, where they have enough of them.
type ByHead = HashMap<u64, Vec<(PathBuf, Metadata)>>;
/// A file as it was when it changed last.
type Stamp = (FileId, i64, i64);
/// A turn, and a look at all paths in it.
pub(super) type Moment = (Instant, u64);

/// First bytes of gzip files: each is opened once, and again when it was written to.
#[derive(Debug, Default)]
pub(super) struct Heads {
    hashes: HashMap<Stamp, Option<u64>>,
    /// What is in directories at this moment.
    directories: HashMap<PathBuf, ByHead>,
    at: Option<Moment>,
}

impl Heads {
    /// Gzip files in `directory` whose first bytes have the hash `head`. A directory is looked through once in a moment.
    ///
    /// # Errors
    /// When no descriptor is free to look. That is not remembered.
    fn with(&mut self, directory: &Path, head: u64, now: Moment) -> io::Result<Vec<(PathBuf, Metadata)>> {
        if self.at != Some(now) {
            self.directories.clear();
            self.at = Some(now);
        }
        if !self.directories.contains_key(directory) {
            let found = self.look(directory)?;
            self.directories.insert(directory.to_owned(), found);
        }
        Ok(self.directories.get(directory).and_then(|found| found.get(&head)).cloned().unwrap_or_default())
    }

    /// The hash of the first bytes of the gzip file at `path`, where it has enough of them.
    fn hash_of(&mut self, path: &Path, metadata: &Metadata) -> io::Result<Option<u64>> {
        if self.hashes.len() > REMEMBERED {
            self.hashes.clear();
        }
        let stamp = (FileId::of(metadata), metadata.ctime(), metadata.ctime_nsec());
        if let Some(hash) = self.hashes.get(&stamp) {
            return Ok(*hash);
        }
        let hash = full_head_of(path)?;
        if age(metadata).is_some_and(|age| age > COARSE) {
            self.hashes.insert(stamp, hash);
        }
        Ok(hash)
    }

    fn look(&mut self, directory: &Path) -> io::Result<ByHead> {
        let there = match siblings::entries(directory, opened::is_compressed) {
            Err(error) if is_out_of_descriptors(&error) => return Err(error),
            there => siblings::told(directory, there),
        };
        let mut found = ByHead::new();
        for (path, metadata) in there {
            match self.hash_of(&path, &metadata) {
                Ok(Some(hash)) => found.entry(hash).or_default().push((path, metadata)),
                Err(error) if is_out_of_descriptors(&error) => return Err(error),
                Ok(None) | Err(_) => {}
            }
        }
        Ok(found)
    }
}

fn full_head_of(path: &Path) -> io::Result<Option<u64>> {
    let (file, _) = file::open(path)?;
    let mut bytes = [0; proof::HEAD];
    let length = file.read_full(&mut bytes, 0)?;
    Ok((length == bytes.len()).then(|| proof::hash(&bytes)))
}

impl Tail {
    pub(super) fn moment(&self) -> Moment {
        (self.now, self.scans)
    }

    /// Whether the gzip file at `path` may begin as that of `position`: where much is known of that, what is remembered tells.
    pub(super) fn may_begin_as(&self, path: &Path, metadata: &Metadata, position: &Position) -> bool {
        full_head(position).is_none_or(|head| {
            let hash = self.heads.borrow_mut().hash_of(path, metadata);
            self.unless_refused(hash).flatten() == Some(head)
        })
    }

    /// What was `asked` of a gzip file. That no descriptor was free for it is noted: then what is found is not all.
    pub(super) fn unless_refused<T>(&self, asked: io::Result<T>) -> Option<T> {
        if asked.as_ref().is_err_and(is_out_of_descriptors) {
            self.gzips.borrow_mut().refuse();
        }
        asked.ok()
    }

    /// Whose content `opened`, which is at `path` and begins with `head`, has by that alone.
    pub(super) fn kin_by_content(&self, opened: &Opened, path: &Path, head: &[u8]) -> Kin {
        let hash = (head.len() == proof::HEAD).then(|| proof::hash(head));
        let may_be = |position: &Position| self.may_have_content(path, (head, hash), position);
        // Nothing is compressed yet of what is to come.
        let mut is_copy = head.is_empty();
        for file in self.files.values().filter(|file| may_be(&file.position)).take(CANDIDATES) {
            let proof = proof_of_open(opened, file);
            if proof == Proof::Holds && is_deleted(file) {
                return Kin::Open;
            }
            is_copy |= proof != Proof::Fails;
        }
        let rows = self.rows.around(path).chain(hash.into_iter().flat_map(|hash| self.rows.beginning_with(hash)));
        for row in rows.filter(|row| may_be(row)).take(CANDIDATES) {
            let proof = proof_of(opened, row);
            if proof == Proof::Holds && !is_there(row) {
                return Kin::Stored(Box::new(row.clone()));
            }
            is_copy |= proof != Proof::Fails;
        }
        if is_copy { Kin::Copy } else { Kin::None }
    }

    /// Gzip files beside it that have what was read of `position`, with names that rotation does not make; among those `around` it where
    /// little is known of that.
    pub(super) fn successor_by_content(
        &self,
        position: &Position,
        around: Vec<(PathBuf, Metadata)>,
    ) -> Vec<(PathBuf, Metadata)> {
        let directory = position.last_place().parent().unwrap_or(Path::new(""));
        let (_, length) = position.marker;
        if length == 0 {
            return Vec::new();
        }
        let mut found = match full_head(position) {
            Some(head) => {
                let found = self.heads.borrow_mut().with(directory, head, self.moment());
                self.unless_refused(found).unwrap_or_default()
            }
            None => around.into_iter().filter(|(path, _)| self.is_named_like(path, position)).collect(),
        };
        found.retain(|(path, _)| !is_named_after(path, position));
        found.truncate(CANDIDATES);
        let has_read = |(file, _): (Opened, Metadata)| has_read(&file, position);
        found.retain(|(path, _)| self.unless_refused((self.open_copy)(path)).is_some_and(has_read));
        found
    }

    /// Whether a gzip file at `path` that begins with `head`, whose `hash` is known where it has full length, may have the content of
    /// `position`, which its name does not tell. Where little is known of that, the name has to begin as that of the log.
    fn may_have_content(&self, path: &Path, (head, hash): (&[u8], Option<u64>), position: &Position) -> bool {
        let is_beside = |place: &Path| path.parent() == place.parent();
        let begins = || match full_head(position) {
            Some(full) => hash == Some(full),
            None => {
                let known = position.known.filter(|known| known.head_length > 0);
                known.is_some_and(|known| proof::begins_with_head(head, &known)) && self.is_named_like(path, position)
            }
        };
        (is_beside(position.last_place()) || is_beside(&position.name)) && begins() && !is_named_after(path, position)
    }

    /// Whether the name of `path` goes on behind that of the log of `position`, and behind that of no other log.
    fn is_named_like(&self, path: &Path, position: &Position) -> bool {
        let plain = path.with_extension("");
        let name = plain.file_name().unwrap_or_default().to_string_lossy();
        let is_like = |place: &Path| {
            let place = place.file_name().unwrap_or_default().to_string_lossy();
            let (_, stem) = root_and_stem(&place);
            !stem.is_empty() && name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(siblings::SEPARATORS))
        };
        let own = [position.last_place(), &position.name];
        if path.parent() != position.last_place().parent() || !own.into_iter().any(is_like) {
            return false;
        }
        let mut longer: Vec<PathBuf> = siblings::splits(&name).map(|(log, _)| path.with_file_name(log)).collect();
        longer.push(plain.clone());
        let is_log = |log: &&PathBuf| log.is_file() || self.rows.named(log).next().is_some();
        longer.iter().rev().find(is_log).is_none_or(|log| own.contains(&log.as_path()))
    }
}

/// Whether `copy`, which begins as `file`, holds what that holds up to its end.
fn proof_of_open(copy: &Opened, file: &Tailed) -> Proof {
    if file.standing == Standing::Gone || file.file.is_compressed() || file.size == 0 {
        return Proof::Fails;
    }
    proof_up_to(copy, file.size, || {
        let end = file.file.for_a_moment(|file_of| Mark::of(file_of, file.size));
        !end.bytes().is_empty() && end.is_in(copy, file.size)
    })
}

/// Whether `copy`, which begins as the file of `position`, holds what was read of that.
fn proof_of(copy: &Opened, position: &Position) -> Proof {
    proof_up_to(copy, position.offset, || proof::has_bytes(copy, position.offset, position.marker))
}

/// Whether `copy` holds the first `end` bytes, of which the last ones tell.
fn proof_up_to(copy: &Opened, end: u64, has_last: impl FnOnce() -> bool) -> Proof {
    let holds = if end > FAR {
        copy.inflated_length().is_some_and(|length| u64::from(length) == end % (1 << 32))
    } else {
        has_last()
    };
    match holds {
        true => Proof::Holds,
        false if end > FAR || !proof::reaches(copy, end) => Proof::Missing,
        false => Proof::Fails,
    }
}

/// Whether `file` holds what was read of `position`: its head, and the bytes before its offset.
fn has_read(file: &Opened, position: &Position) -> bool {
    let has_head = position.known.is_some_and(|known| known.head_length > 0 && proof::has_head(file, &known));
    has_head && proof_of(file, position) == Proof::Holds
}

/// Whether no path leads to `file` any more, as far as is known.
fn is_deleted(file: &Tailed) -> bool {
    file.file.metadata().map_or(true, |metadata| metadata.nlink() == 0)
}

/// Whether a file changed so lately that what it was compressed from may be there yet.
pub(super) fn is_new(metadata: &Metadata) -> bool {
    age(metadata).is_some_and(|age| age < NEW)
}

/// How long ago a file changed; `None` where that lies ahead.
fn age(metadata: &Metadata) -> Option<Duration> {
    changed(metadata)?.elapsed().ok()
}

/// When a file changed, or a directory.
pub(super) fn changed(metadata: &Metadata) -> Option<SystemTime> {
    let seconds = u64::try_from(metadata.ctime()).ok()?;
    let nanos = u32::try_from(metadata.ctime_nsec()).ok()?;
    Some(UNIX_EPOCH + Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// What could not be listed counts as unknown, and not as empty.
    #[test]
    fn a_directory_for_which_no_descriptor_was_free_is_looked_through_again_in_the_same_moment() {
        let directory = tempfile::tempdir().expect("a directory");
        let content = "a line\n".repeat(200);
        let file = std::fs::File::create(directory.path().join("a.gz")).expect("it is made");
        let mut encoder = GzEncoder::new(file, Compression::fast());
        encoder.write_all(content.as_bytes()).and_then(|()| encoder.try_finish()).expect("it is written");
        let head = proof::hash(&content.as_bytes()[..proof::HEAD]);
        let (mut heads, now) = (Heads::default(), (Instant::now(), 1));
        siblings::IS_REFUSED.set(true);
        let refused = heads.with(directory.path(), head, now);
        siblings::IS_REFUSED.set(false);

        assert!(refused.is_err());
        assert_eq!(heads.with(directory.path(), head, now).expect("it is read").len(), 1);
    }
}
