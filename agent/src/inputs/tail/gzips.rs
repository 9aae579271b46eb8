//! The gzip files of directories by the logs whose rotated files they may be, by their names.
//!
//! Where many files are gone at a time, each of them asks which gzip file holds what it held. A directory is looked through anew only
//! where it changed.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::akin::{self, COARSE, Moment};
use super::file::{self, FileId};
use super::opened;
use super::rotate::is_out_of_descriptors;
use super::rows::{families_around, families_of};
use super::siblings;
use crate::config::or_here;
use crate::state::Position;

/// Gzip files whose names are remembered at the most, and directories of them.
const REMEMBERED: usize = 65_536;

/// Gzip files whose beginnings are remembered at the most.
const UNJUDGED: usize = 4_096;

/// How old what is known of a directory may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// As it is now.
    Now,
    /// As it was at some time since this turn began.
    Moment,
}

#[derive(Debug, Default)]
pub(super) struct Gzips {
    directories: HashMap<PathBuf, Listed>,
    count: usize,
    /// Those of which it does not show yet whose content they have, by what tells files apart wherever they lie: their births, too.
    pub(super) unjudged: HashMap<(FileId, i64), Unjudged>,
    /// Whether no descriptor was free to look through a directory since [`Gzips::begin_asking`].
    was_refused: bool,
}

/// A gzip file of which it does not show yet whose content it has.
#[derive(Debug)]
pub(super) struct Unjudged {
    /// What it begins with.
    head: Vec<u8>,
    /// When it was written to last, in seconds since 1970.
    written: i64,
}

#[derive(Debug)]
struct Listed {
    at: Moment,
    /// When the directory changed last, where everything that was in it then was found.
    changed: Option<SystemTime>,
    count: usize,
    /// Gzip files by the families of logs.
    families: HashMap<PathBuf, Vec<PathBuf>>,
}

impl Gzips {
    /// Gzip files beside that of `position` that may hold its content by their names, and some more.
    pub(super) fn around(&mut self, position: &Position, (now, age): (Moment, Age)) -> Vec<(PathBuf, Metadata)> {
        let directory = position.last_place().parent().unwrap_or(Path::new(""));
        let is_of_moment = |listed: &Listed| age == Age::Moment && listed.at == now;
        let is_valid = |listed: &Listed| is_of_moment(listed) || listed.is_current(directory);
        if !self.directories.get(directory).is_some_and(is_valid) {
            self.list(directory, now);
        }
        let Some(listed) = self.directories.get(directory) else { return Vec::new() };
        let families = families_of(position);
        let found = families.iter().filter_map(|family| listed.families.get(family)).flatten();
        let found = found.filter_map(|path| Some((path.clone(), std::fs::symlink_metadata(path).ok()?)));
        found.filter(|(_, metadata)| metadata.is_file()).collect()
    }

    /// Notes what a gzip file begins with whose content is not known yet.
    pub(super) fn note_unjudged(&mut self, metadata: &Metadata, head: Vec<u8>) {
        if self.unjudged.len() >= UNJUDGED {
            // Some of them are deleted by now.
            self.unjudged.clear();
        }
        let unjudged = Unjudged { head, written: metadata.mtime() };
        self.unjudged.insert((FileId::of(metadata), file::birth(metadata)), unjudged);
    }

    /// What it began with when that was noted last.
    pub(super) fn take_unjudged(&mut self, metadata: &Metadata) -> Option<Vec<u8>> {
        self.unjudged.remove(&(FileId::of(metadata), file::birth(metadata))).map(|unjudged| unjudged.head)
    }

    /// When the oldest of those was written to last that are not judged yet.
    pub(super) fn oldest_unjudged(&self) -> Option<i64> {
        self.unjudged.values().map(|unjudged| unjudged.written).min()
    }

    /// From now on [`Gzips::was_refused`] tells of what is asked.
    pub(super) fn begin_asking(&mut self) {
        self.was_refused = false;
    }

    /// Notes that no descriptor was free to look through a directory.
    pub(super) fn refuse(&mut self) {
        self.was_refused = true;
    }

    /// Whether no descriptor was free to look through a directory: what was found is not all then.
    pub(super) fn was_refused(&self) -> bool {
        self.was_refused
    }

    fn list(&mut self, directory: &Path, now: Moment) {
        if self.count > REMEMBERED {
            (self.directories, self.count) = (HashMap::new(), 0);
        }
        let changed = changed(directory).filter(|changed| changed.elapsed().is_ok_and(|age| age > COARSE));
        let found = siblings::named(directory, opened::is_compressed);
        let is_found = found.is_ok();
        if found.as_ref().is_err_and(is_out_of_descriptors) {
            self.refuse();
            self.directories.remove(directory).iter().for_each(|before| self.count -= before.count);
            return;
        }
        let mut families = HashMap::<PathBuf, Vec<PathBuf>>::new();
        let paths: Vec<PathBuf> = siblings::told(directory, found.map(|found| found.map(|(path, _)| path).collect()));
        let count = paths.len() + 1;
        for path in paths {
            for family in families_around(&path) {
                families.entry(family).or_default().push(path.clone());
            }
        }
        let listed = Listed { at: now, changed: changed.filter(|_| is_found), count, families };
        let before = self.directories.insert(directory.to_owned(), listed);
        self.count = self.count + count - before.map_or(0, |before| before.count);
    }
}

impl Listed {
    /// Whether nothing came to `directory` or left it since.
    fn is_current(&self, directory: &Path) -> bool {
        self.changed.is_some() && self.changed == changed(directory)
    }
}

/// When something came to `directory` or left it last. Its other time can be set back.
fn changed(directory: &Path) -> Option<SystemTime> {
    akin::changed(&std::fs::metadata(or_here(directory)).ok()?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use super::*;

    fn names(gzips: &mut Gzips, directory: &Path, turn: u64, age: Age) -> Vec<String> {
        let position = Position { name: directory.join("app.log").into(), ..Position::default() };
        let found = gzips.around(&position, ((Instant::now(), turn), age)).into_iter();
        let mut names: Vec<_> =
            found.filter_map(|(path, _)| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
        names.sort();
        names
    }

    /// The time of a directory may be told in steps of two seconds: what came within one of them has the same.
    #[test]
    fn a_directory_that_changed_lately_is_looked_through_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let (path, mut gzips) = (directory.path(), Gzips::default());
        fs::write(path.join("app.log.1.gz"), "").expect("it is written");
        assert_eq!(names(&mut gzips, path, 1, Age::Now), ["app.log.1.gz"]);
        assert!(gzips.directories[path].changed.is_none(), "it may change once more without another time");

        fs::write(path.join("app.log.2.gz"), "").expect("it is written");
        assert_eq!(names(&mut gzips, path, 2, Age::Now), ["app.log.1.gz", "app.log.2.gz"]);
    }

    /// What could not be listed counts as unknown, and not as empty for as long as nothing changes there.
    #[test]
    fn a_directory_that_could_not_be_listed_is_looked_through_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("logs");
        fs::write(&path, "no directory").expect("it is written");
        let changed = akin::changed(&fs::metadata(&path).expect("it is there")).expect("it has a time");
        while changed.elapsed().is_ok_and(|age| age <= COARSE) {
            std::thread::sleep(COARSE / 10);
        }
        let mut gzips = Gzips::default();
        assert!(names(&mut gzips, &path, 1, Age::Now).is_empty());

        assert!(!gzips.directories[&path].is_current(&path));
    }

    /// For want of descriptors it is looked through again at once, too.
    #[test]
    fn a_directory_for_which_no_descriptor_was_free_is_looked_through_again_in_the_same_moment() {
        let directory = tempfile::tempdir().expect("a directory");
        let (path, mut gzips, now) = (directory.path(), Gzips::default(), (Instant::now(), 1));
        fs::write(path.join("app.log.1.gz"), "").expect("it is written");
        let position = Position { name: path.join("app.log").into(), ..Position::default() };
        siblings::IS_REFUSED.set(true);
        let refused = gzips.around(&position, (now, Age::Moment));
        siblings::IS_REFUSED.set(false);

        assert!(refused.is_empty() && gzips.was_refused());
        gzips.begin_asking();
        assert!(!gzips.was_refused());
        assert_eq!(gzips.around(&position, (now, Age::Moment)).len(), 1);
    }
}
