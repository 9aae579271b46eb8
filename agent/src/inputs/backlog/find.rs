//! Which chunks there are.

use std::fs;
use std::path::{Path, PathBuf};

/// Directory of copies of chunks that outputs refused: nobody owes their delivery.
const REJECTED: &str = "rejected";

/// The chunks below `storage_path`, one directory per input of Fluent Bit, oldest first by the time in their names.
pub fn find(storage_path: &Path) -> Vec<PathBuf> {
    let directories = entries(storage_path).filter(|path| path.is_dir() && !path.ends_with(REJECTED));
    let mut chunks: Vec<PathBuf> = directories
        .flat_map(|directory| entries(&directory).collect::<Vec<_>>())
        .filter(|path| path.extension().is_some_and(|ending| ending == "flb"))
        .collect();
    chunks.sort_by_cached_key(|path| (written(path), path.clone()));
    chunks
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    // What is not there, or may not be looked at, holds nothing that can be taken over.
    fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

/// The time in `<process>-<seconds>.<nanoseconds>.flb`.
fn written(path: &Path) -> (u64, u64) {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut numbers = name.split(['-', '.']).skip(1).map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
