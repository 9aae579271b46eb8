//! What a spool knows of its files: no more than its directory tells.

use std::collections::BTreeMap;
use std::time::Instant;

use super::listing::Name;

/// The files of a spool.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) files: BTreeMap<Name, Entry>,
    /// Bytes of files and of what is being written.
    pub(super) bytes: u64,
    pub(super) records: u64,
    pub(super) writing: usize,
    pub(super) next: u64,
    /// Delivered, and the disk did not let them be removed yet.
    pub(super) unremoved: Vec<Name>,
    pub(super) dropped: u64,
    pub(super) said: Option<Instant>,
}

/// A file of a spool.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    pub(super) bytes: u64,
    /// On its way, or not readable now.
    pub(super) is_taken: bool,
    /// It can be neither read nor moved away in this run.
    pub(super) is_left: bool,
    pub(super) tries: u32,
}

impl Index {
    /// Takes a file in.
    pub(super) fn enter(&mut self, name: Name, entry: Entry) {
        self.bytes += entry.bytes;
        self.records += u64::from(name.records);
        self.files.insert(name, entry);
    }

    /// Lets a file go.
    pub(super) fn forget(&mut self, name: Name) {
        if let Some(entry) = self.files.remove(&name) {
            self.bytes = self.bytes.saturating_sub(entry.bytes);
            self.records = self.records.saturating_sub(u64::from(name.records));
        }
    }

    /// Whether nothing is left to be delivered in this run.
    pub(super) fn is_done(&self) -> bool {
        let left = self.files.values().filter(|entry| entry.is_left).count();
        self.files.len() == left + self.unremoved.len()
    }
}
