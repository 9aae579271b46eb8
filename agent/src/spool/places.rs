//! Where spools lie, and who has them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::dead_letters::file_name;
use super::listing;
use crate::config::could_fill;

/// Why a spool cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Another agent has it.
    #[error("another agent uses the spool `{}`", .0.display())]
    Locked(PathBuf),
    /// The disk does not let it.
    #[error("the spool `{}` cannot be used: {error}", .path.display())]
    Io {
        /// What was to be used.
        path: PathBuf,
        /// Why it cannot.
        error: io::Error,
    },
}

/// Where the spool of `output` lies in a state directory.
pub fn path_of(state_directory: &Path, output: &str) -> PathBuf {
    state_directory.join("spool").join(file_name(output))
}

/// The name of the folder of `output` among the spools.
pub fn folder_of(output: &str) -> String {
    file_name(output)
}

/// The spools in a state directory that hold requests: the name of each folder, and how many requests and records.
pub fn spools(state_directory: &Path) -> Vec<(String, usize, u64)> {
    let Ok(folders) = fs::read_dir(state_directory.join("spool")) else { return Vec::new() };
    let mut found: Vec<_> = folders
        .flatten()
        .filter_map(|folder| {
            let listing = listing::list(&folder.path()).ok().filter(|listing| !listing.requests.is_empty())?;
            let records = listing.requests.iter().map(|(name, _)| u64::from(name.records)).sum();
            Some((folder.file_name().to_string_lossy().into_owned(), listing.requests.len(), records))
        })
        .collect();
    found.sort();
    found
}

/// Locks the spool in `path`.
pub(super) fn lock(path: &Path) -> Result<File, SpoolError> {
    let place = path.join(listing::LOCK);
    if place.is_dir() {
        // It cannot be locked; under this name it is put aside as a stranger.
        drop(fs::rename(&place, path.join("lock.directory")));
    }
    let failed = |error| SpoolError::Io { path: place.clone(), error };
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&place);
    let file = open.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(SpoolError::Locked(path.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Looks whether the spool in `path` could be opened, and makes nothing. Where `is_beside` is true, another agent may have it: it is this
/// one, which makes way.
///
/// # Errors
/// As opening it would fail.
pub fn probe_spool(path: &Path, is_beside: bool) -> Result<(), SpoolError> {
    let failed = |path: &Path, error| SpoolError::Io { path: path.to_owned(), error };
    if !path.is_dir() {
        return could_fill(path).map_err(|error| failed(path, error));
    }
    let place = path.join(listing::LOCK);
    match OpenOptions::new().read(true).write(true).open(&place) {
        Ok(file) if !is_beside && matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)) => {
            return Err(SpoolError::Locked(path.to_owned()));
        }
        Ok(_) => {}
        // A directory of that name is put aside.
        Err(_) if place.is_dir() => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            could_fill(path).map_err(|error| failed(&place, error))?;
        }
        Err(error) => return Err(failed(&place, error)),
    }
    fs::read_dir(path).map(drop).map_err(|error| failed(path, error))
}

/// Makes the name of the spool in `path` durable, and that of the folder it lies in.
pub(super) fn sync_parents(path: &Path) -> Result<(), SpoolError> {
    for parent in path.ancestors().skip(1).take(2).filter(|parent| !parent.as_os_str().is_empty()) {
        let synced = File::open(parent).and_then(|folder| folder.sync_all());
        synced.map_err(|error| SpoolError::Io { path: parent.to_owned(), error })?;
    }
    Ok(())
}
