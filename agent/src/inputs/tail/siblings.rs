//! The files beside a log that its rotation made, by their names.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{DirEntry, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tracing::warn;

use super::rotate::is_out_of_descriptors;
use crate::config::or_here;

/// Endings of compressed files: their content was another file's before.
const COMPRESSED: [&str; 8] = [".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".Z", ".zip"];

/// What stands between the name of a log and what rotation adds.
pub(super) const SEPARATORS: [char; 4] = ['.', '-', '_', '@'];
/// Words that rotation adds; weekdays among them.
const WORDS: [&str; 22] = [
    "old",
    "bak",
    "backup",
    "prev",
    "previous",
    "rotated",
    "save",
    "orig",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

#[cfg(test)]
thread_local! {
    /// How often a directory was looked through.
    pub(super) static LOOKED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
    /// Whether no descriptor is free to look through one.
    pub(super) static IS_REFUSED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Regular files in `directory` whose paths are `wanted`; none where it is not there.
pub(super) fn entries(directory: &Path, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let entries = named(directory, wanted)?.filter_map(|(path, entry)| Some((path, entry.metadata().ok()?)));
    Ok(entries.filter(|(_, metadata)| metadata.is_file()).collect())
}

/// Everything in `directory` whose path is `wanted`; nothing where it is not there.
pub(super) fn named(
    directory: &Path,
    wanted: impl Fn(&Path) -> bool,
) -> io::Result<impl Iterator<Item = (PathBuf, DirEntry)>> {
    #[cfg(test)]
    LOOKED.with(|looked| looked.set(looked.get() + 1));
    #[cfg(test)]
    if IS_REFUSED.get() {
        return Err(rustix::io::Errno::MFILE.into());
    }
    let found = match std::fs::read_dir(or_here(directory)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        found => Some(found?.filter_map(Result::ok)),
    };
    let found = found.into_iter().flatten().map(|entry| (entry.path(), entry));
    Ok(found.filter(move |(path, _)| wanted(path)))
}

/// What was found at `place`; nothing, and a warning, where that could not be read.
pub(super) fn told<Found>(place: &Path, found: io::Result<Vec<Found>>) -> Vec<Found> {
    found.unwrap_or_else(|error| {
        warn!(component = "tail", place = %place.display(), %error, "rotated files cannot be looked for");
        Vec::new()
    })
}

fn by_inode(directory: &Path) -> io::Result<HashMap<u64, (PathBuf, Metadata)>> {
    let found = match entries(directory, |_| true) {
        Err(error) if is_out_of_descriptors(&error) => return Err(error),
        found => told(directory, found).into_iter(),
    };
    Ok(found.map(|(path, metadata)| (metadata.ino(), (path, metadata))).collect())
}

/// Files beside `live` that are named after it and are not compressed.
pub(super) fn siblings(live: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    entries(live.parent().unwrap_or(Path::new("")), named_after(live))
}

/// The same with those that are compressed.
pub(super) fn generations(live: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let is_sibling = named_after(live);
    let is_compressed = |path: &Path| {
        let plain = COMPRESSED.iter().find_map(|ending| path.to_str()?.strip_suffix(ending));
        plain.is_some_and(|plain| is_sibling(Path::new(plain)))
    };
    entries(live.parent().unwrap_or(Path::new("")), |path| is_sibling(path) || is_compressed(path))
}

/// Whether `path` is that of a compressed file by its name.
pub(super) fn has_compressed_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    COMPRESSED.iter().any(|ending| name.ends_with(ending))
}

/// Tells which files of a directory are named after `live` and are not compressed.
pub(super) fn named_after(live: &Path) -> impl Fn(&Path) -> bool {
    let name = live.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = live.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    move |path| {
        let other = path.file_name().unwrap_or_default().to_string_lossy();
        let suffix = other.strip_prefix(&name).or_else(|| other.strip_prefix(&stem));
        *other != *name && suffix.is_some_and(is_rotation_suffix) && !has_compressed_name(path)
    }
}

/// What `name` may be made of: that of a log and what rotation added, the shortest log first.
pub(super) fn splits(name: &str) -> impl Iterator<Item = (&str, &str)> {
    name.match_indices(SEPARATORS).filter_map(|(at, _)| name.split_at_checked(at))
}

/// The logs whose rotated file `path` may be by its name, the longest name first; none for compressed files.
pub(super) fn logs_of(path: &Path) -> impl Iterator<Item = PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_compressed = has_compressed_name(path);
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    let is_log = |(log, suffix): &(&str, &str)| !log.is_empty() && !is_compressed && is_rotation_suffix(suffix);
    let logs: Vec<PathBuf> = splits(&name).filter(is_log).map(|(log, _)| directory.join(log)).collect();
    logs.into_iter().rev()
}

/// The same, and those with the same ending: `app.log` for `app-20261123.log`.
pub(super) fn logs_of_any_name(path: &Path) -> impl Iterator<Item = PathBuf> {
    let ending = path.extension().unwrap_or_default().to_owned();
    logs_of(path).flat_map(move |log| {
        let mut with_ending = log.clone().into_os_string();
        with_ending.push(".");
        with_ending.push(&ending);
        [log, with_ending.into()]
    })
}

/// What is in directories, each of them read once: where many files are rotated at a time, each of them asks.
#[derive(Default)]
pub(super) struct Listings(HashMap<PathBuf, HashMap<u64, (PathBuf, Metadata)>>);

impl Listings {
    /// Regular files in `directory` by inode.
    ///
    /// # Errors
    /// When no descriptor is free to look. That is not remembered.
    pub(super) fn of(&mut self, directory: &Path) -> io::Result<&HashMap<u64, (PathBuf, Metadata)>> {
        Ok(match self.0.entry(directory.to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(by_inode(directory)?),
        })
    }

    /// The same as [`siblings`]; nothing while no descriptor is free to look.
    pub(super) fn siblings(&mut self, live: &Path) -> Vec<(PathBuf, Metadata)> {
        let is_sibling = named_after(live);
        let listing = self.of(live.parent().unwrap_or(Path::new(""))).into_iter().flat_map(HashMap::values);
        listing.filter(|(path, _)| is_sibling(path)).cloned().collect()
    }
}

/// Whether a name goes on as rotation makes it: `.1`, `-20261123`, `.old`. `app-error.log` is another log than `app.log`, and so is
/// `app1.log`.
pub(super) fn is_rotation_suffix(suffix: &str) -> bool {
    let rest = suffix.trim_start_matches(SEPARATORS);
    let separators = suffix.len() - rest.len();
    (1..=2).contains(&separators) && (rest.starts_with(|first: char| first.is_ascii_digit()) || is_rotation_word(rest))
}

/// Whether a word that rotation adds follows, with a number or without.
fn is_rotation_word(rest: &str) -> bool {
    let word = rest.split(|end: char| !end.is_ascii_alphabetic()).next().unwrap_or_default();
    let mut number = rest.chars().skip(word.len());
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
        && number.all(|digit| digit.is_ascii_digit() || SEPARATORS.contains(&digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_told_from_other_logs() {
        let is_rotated = |name: &str| named_after(Path::new("/logs/app.log"))(&Path::new("/logs").join(name));

        for name in [
            "app.log.1",
            "app.log-20261123",
            "app.log_2026-11-30_11",
            "app.log@1",
            "app.1.log",
            "app-2026-11-30T11-14-24.123.log",
            "app__2026-11-30_00-00-00.log",
            "app.log..1",
            "app.log.old",
            "app.log.old.1",
            "app.log.bak1",
            "app.log-backup-2",
            "app.log.previous",
            "app.log.save1",
            "app.log.orig",
            "app.log.Mon",
            "app.log-wednesday",
            "app.log.Mon1",
        ] {
            assert!(is_rotated(name), "{name}");
        }
        for name in [
            "app.log",
            "app1.log",
            "app-log-1",
            "app-error.log",
            "app-old.log",
            "apple.log.1",
            "app.log.tmp",
            "app.log.older",
            "app.log.Monitor",
            "app.log...1",
            "app.log.2.gz",
            "app.log.",
        ] {
            assert!(!is_rotated(name), "{name}");
        }
    }
}
