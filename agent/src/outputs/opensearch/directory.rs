//! `write_to`: requests as files, in place of being sent.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::could_fill;
use crate::plugin::BodyEncoding;

/// A directory that numbered requests are written to. Numbers go on where an earlier run ended.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    next: AtomicU64,
}

impl Directory {
    /// Makes the directory if it is missing.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let mut next = 1;
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.split('.').next()?.parse::<u64>().ok());
            next = next.max(number.unwrap_or(0) + 1);
        }
        Ok(Self { path: path.to_owned(), next: AtomicU64::new(next) })
    }

    /// Looks whether it could be opened, and makes nothing.
    ///
    /// # Errors
    /// When it could not.
    pub(super) fn probe(path: &Path) -> io::Result<()> {
        if path.is_dir() { fs::read_dir(path).map(drop) } else { could_fill(path) }
    }

    /// Writes one body as `<number>.ndjson` or `<number>.ndjson.gz`; it is on disk when this returns.
    ///
    /// # Errors
    /// When the disk does not take it. Then no file of a final name is there.
    pub(super) fn write(&self, body: &[u8], encoding: BodyEncoding) -> io::Result<()> {
        let extension = if encoding == BodyEncoding::Identity { "ndjson" } else { "ndjson.gz" };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let last = self.path.join(format!("{number:08}.{extension}"));
        let first = self.path.join(format!("{number:08}.tmp"));
        let written = File::create(&first).and_then(|mut file| file.write_all(body).and_then(|()| file.sync_all()));
        if let Err(error) = written.and_then(|()| fs::rename(&first, &last)) {
            fs::remove_file(&first)
                .or_else(|gone| if gone.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(gone) })?;
            return Err(error);
        }
        File::open(&self.path)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_after_a_restart() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("bulk");
        Directory::open(&path).and_then(|first| first.write(b"a\n", BodyEncoding::Identity)).expect("written");

        Directory::open(&path).and_then(|second| second.write(b"zip", BodyEncoding::Gzip(2))).expect("written");

        let mut names: Vec<_> =
            fs::read_dir(&path).expect("it is there").map(|e| e.expect("an entry").file_name()).collect();
        names.sort();
        assert_eq!(names, ["00000001.ndjson", "00000002.ndjson.gz"]);
    }
}
