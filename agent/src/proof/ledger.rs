//! The file of a chain, appended to by one process at a time.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde_json::json;

use super::entry::{Draft, Entry, NOTHING};
use super::keys::{PublicKey, SigningKey};

/// Longest line that is read or written.
pub(super) const LONGEST: usize = 16 << 20;
/// Kind of the entry that hands over to another key.
pub(super) const ROTATION: &str = "key.rotation";

/// Why nothing can be appended.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be read or written.
    #[error("cannot use the chain `{0}`: {1}")]
    File(String, std::io::Error),
    /// Another process appends.
    #[error("another process has the chain `{0}` open: wait until it is done")]
    Busy(String),
    /// Its last entry is damaged.
    #[error("the last entry of the chain `{0}` cannot be followed: {1}; check it with `vigie retention verify`")]
    Damaged(String, &'static str),
    /// It is signed with another key.
    #[error(
        "the chain `{0}` is signed with the key {1}, and not with {2}: hand over with `vigie retention key rotate`"
    )]
    OtherKey(String, String, String),
    /// An entry is longer than can be read again.
    #[error("an entry of {0} bytes is longer than a chain holds")]
    TooLong(usize),
}

/// A chain that is open for appending. Its lock ends with it.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    last: Option<Entry>,
    key: SigningKey,
}

impl Ledger {
    /// Opens the chain in `path`, or begins one. A last line without end, which a crash left and nobody was told of, is cut off.
    ///
    /// # Errors
    /// When it cannot be used, or is to be signed with another key.
    pub fn open(path: &Path, key: SigningKey) -> Result<Self, LedgerError> {
        let name = || path.display().to_string();
        let failed = |error| LedgerError::File(name(), error);
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).mode(0o640).open(path).map_err(failed)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(LedgerError::Busy(name()));
        }
        let (last, end) = last_line(&mut file).map_err(failed)?;
        file.set_len(end).map_err(failed)?;
        file.seek(SeekFrom::Start(end)).map_err(failed)?;
        let last = last.map(|line| Entry::read(&line)).transpose();
        let last = last.map_err(|flaw| LedgerError::Damaged(name(), flaw))?;
        if let Some(last) = &last {
            let expected = key_behind(last);
            if expected != key.public().name() {
                return Err(LedgerError::OtherKey(name(), expected, key.public().name()));
            }
        }
        Ok(Self { path: path.to_owned(), file, last, key })
    }

    /// The entry appended last.
    pub fn last(&self) -> Option<&Entry> {
        self.last.as_ref()
    }

    /// Signs `draft`, appends it and syncs the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, draft: Draft) -> Result<Entry, LedgerError> {
        let (number, before) = self.last.as_ref().map_or((1, NOTHING), |last| (last.number + 1, last.hash));
        let entry = Entry::sign(draft, number, before, &self.key);
        let mut line = entry.line();
        line.push('\n');
        if line.len() > LONGEST {
            return Err(LedgerError::TooLong(line.len()));
        }
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|error| LedgerError::File(self.path.display().to_string(), error))?;
        self.last = Some(entry.clone());
        Ok(entry)
    }

    /// Hands over to `key`: the old one signs an entry that names the new one, which signs from then on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn rotate(&mut self, key: SigningKey, at: String) -> Result<Entry, LedgerError> {
        let public = key.public();
        let body = json!({"next_key": public.name(), "public_key": public.pem()});
        let entry = self.append(Draft { at, kind: ROTATION.into(), body })?;
        self.key = key;
        Ok(entry)
    }
}

/// Name of the key that has to sign what follows `entry`.
fn key_behind(entry: &Entry) -> String {
    next_key(entry).map_or_else(|| entry.key.clone(), |key| key.name())
}

/// The key that `entry` hands over to.
pub(super) fn next_key(entry: &Entry) -> Option<PublicKey> {
    let named = entry.draft.body.get("public_key").filter(|_| entry.draft.kind == ROTATION)?;
    PublicKey::parse(named.as_str()?)
}

/// The last whole line without its end, and where whole lines end.
fn last_line(file: &mut File) -> std::io::Result<(Option<Vec<u8>>, u64)> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(file);
    let (mut last, mut end, mut line) = (None, 0, Vec::new());
    loop {
        line.clear();
        let length = reader.by_ref().take(LONGEST as u64 + 1).read_until(b'\n', &mut line)?;
        if length > LONGEST {
            return Err(std::io::Error::other("a line is longer than a chain holds"));
        }
        if line.pop() != Some(b'\n') {
            return Ok((last, end));
        }
        end += length as u64;
        last = Some(std::mem::take(&mut line));
    }
}
