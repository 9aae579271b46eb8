//! Small files that are there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Puts `bytes` at `path`, in place of what is there; they are on disk when this returns. Only the owner may read them.
///
/// # Errors
/// When the disk does not take them: then `path` is as it was.
pub fn put_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&written)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&written, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
