//! What a spool asks of a disk. Tests put a disk that fails in its place.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A disk.
pub(super) trait Disk: Debug + Send + Sync {
    /// Makes a file of these bytes and syncs it. There must be none of that name.
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_data()
    }

    /// Gives a file another name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Makes names in a directory durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    /// The bytes of a file, `longest` and one more at most.
    fn read(&self, path: &Path, longest: usize) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(longest).min(longest) + 1);
        file.take(longest as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// The disk of the host.
#[derive(Debug)]
pub(super) struct RealDisk;

impl Disk for RealDisk {}
