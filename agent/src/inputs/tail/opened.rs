//! An open file and what it holds: its bytes, or for a gzip file those that it inflates to.

use rustix::buffer::spare_capacity;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::inflate::Inflated;
use crate::inputs::files;

/// An open file. Offsets and sizes are those of what it holds.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    inflated: Option<Box<Mutex<Inflated>>>,
}

/// Whether a file of this name holds what gzip made.
pub(super) fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
}

impl From<File> for Opened {
    fn from(file: File) -> Self {
        Self { file, inflated: None }
    }
}

impl Opened {
    /// `file`, which was opened at `path`.
    pub(super) fn new(file: File, path: &Path) -> Self {
        let inflated = is_compressed(path).then(|| Box::new(Mutex::default()));
        Self { file, inflated }
    }

    /// The file itself.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// What the system tells of the file itself.
    ///
    /// # Errors
    /// When it tells nothing.
    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// How much it holds. Of a gzip file that was not read to its end, as much as can be said without doing so: more than was
    /// read.
    ///
    /// # Errors
    /// When the system tells nothing of it.
    pub(super) fn size(&self) -> io::Result<u64> {
        let length = self.file.metadata()?.len();
        Ok(self.inflated().map_or(length, |mut inflated| inflated.size(length)))
    }

    /// Whether it was made by gzip. To go back in it takes reading it from its start.
    pub(super) fn is_compressed(&self) -> bool {
        self.inflated.is_some()
    }

    /// Fills `bytes` from `offset` on, as far as the content goes. Gives how many there were.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn read_full(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        match self.inflated() {
            None => files::read_full(&self.file, bytes, offset),
            Some(mut inflated) => inflated.read_full(&self.file, bytes, offset),
        }
    }

    /// Adds up to `wanted` bytes from `offset` on to `out`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn append(&self, out: &mut Vec<u8>, offset: u64, wanted: usize) -> io::Result<()> {
        if let Some(mut inflated) = self.inflated() {
            return inflated.append(&self.file, out, offset, wanted);
        }
        let (mut file, from) = (&self.file, out.len());
        out.reserve(wanted);
        // Into room that nobody has filled with zeros before.
        if out.capacity() - from <= wanted + wanted / 8 {
            // By one call, which fills the room; what is more than wanted costs less than the calls that it takes to stop there.
            rustix::io::retry_on_intr(|| rustix::io::pread(file, spare_capacity(out), offset))?;
            out.truncate(from + wanted);
        } else {
            file.seek(SeekFrom::Start(offset))?;
            file.take(wanted as u64).read_to_end(out)?;
        }
        Ok(())
    }

    /// Notes that it holds at least `offset` bytes, which were read elsewhere.
    pub(super) fn expect(&self, offset: u64) {
        if let Some(mut inflated) = self.inflated() {
            inflated.expect(offset);
        }
    }

    /// Notes that nothing before `offset` is read soon.
    pub(super) fn forget(&self, offset: u64) {
        if let Some(mut inflated) = self.inflated() {
            inflated.forget(offset);
        }
    }

    fn inflated(&self) -> Option<MutexGuard<'_, Inflated>> {
        self.inflated.as_ref().map(|inflated| inflated.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
