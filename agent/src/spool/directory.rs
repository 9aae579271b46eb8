//! The spool of one output: a directory of requests that wait for it.
//!
//! Workers put requests in; one thread of the pipeline takes them out again, oldest first. The listing of the directory is the
//! index: there is no file that could disagree with it. Every state of the directory can be opened; what cannot be read goes to
//! `quarantine` and is counted. Nothing here sends.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::commit::{Commits, Rename};
use super::disk::{Disk, RealDisk};
use super::format::{DecodeError, EncodeError, LARGEST, Stored, decode, encode};
use super::hide::Hide;
use super::index::{Entry, Index};
use super::key::Key;
use super::listing::{self, Name};
use super::places::{self, SpoolError};
use super::quarantine::Quarantine;
use crate::config::types::WhenFull;
use crate::metrics::OutputMetrics;
use crate::plugin::Request;
use crate::receipts::{Bell, Signal};

/// Most requests in a spool: above it counts as full, so that its listing stays short.
const MOST_REQUESTS: usize = 1 << 17;
/// How often a request is tried to be read, or ends without an answer, before it is put aside.
const PATIENCE: u32 = 3;
/// How often is told at most that requests are dropped.
const SAY_AGAIN: Duration = Duration::from_secs(10);

/// How a spool is bounded and sealed.
#[derive(Clone, Debug)]
pub struct SpoolOptions {
    /// Bytes of its files, at most; one request alone may be larger.
    pub limit: u64,
    /// What happens when it is full.
    pub when_full: WhenFull,
    /// What requests are sealed with.
    pub key: Option<Arc<Key>>,
    /// What makes of the names of sources what may be written.
    pub hide: Option<Hide>,
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The spool is full, and nothing may be dropped for it.
    #[error("the spool is full")]
    Full,
    /// This request cannot be spooled.
    #[error(transparent)]
    Never(#[from] EncodeError),
    /// The disk did not take it. It may later.
    #[error("the disk did not take it: {0}")]
    Io(#[from] io::Error),
}

/// The spool of one output. A request is durable when [`Spool::put`] returns.
#[derive(Debug)]
pub struct Spool {
    output: String,
    path: PathBuf,
    options: SpoolOptions,
    disk: Box<dyn Disk>,
    commits: Commits,
    index: Mutex<Index>,
    room: Bell,
    signal: Signal,
    metrics: Arc<OutputMetrics>,
    quarantine: Quarantine,
    /// Locked as long as it is open.
    _lock: File,
}

/// A request taken out of the spool. Its file is there until [`Spool::delivered`].
#[derive(Debug)]
pub struct Taken {
    /// Which it is.
    pub name: Name,
    /// What it holds.
    pub stored: Stored,
}

impl Spool {
    /// Opens the spool in `path`, or makes it. What cannot be there is put aside.
    ///
    /// # Errors
    /// See [`SpoolError`].
    pub fn open(
        output: &str,
        path: &Path,
        options: SpoolOptions,
        metrics: Arc<OutputMetrics>,
    ) -> Result<Self, SpoolError> {
        Self::open_on(Box::new(RealDisk), (output, path), options, metrics)
    }

    pub(super) fn open_on(
        disk: Box<dyn Disk>,
        (output, path): (&str, &Path),
        options: SpoolOptions,
        metrics: Arc<OutputMetrics>,
    ) -> Result<Self, SpoolError> {
        let failed = |error| SpoolError::Io { path: path.to_owned(), error };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let lock = places::lock(path)?;
        places::sync_parents(path)?;
        let quarantine = Quarantine::new(output, path, options.limit / 10, Arc::clone(&metrics));
        let listing = listing::list(path).map_err(failed)?;
        let mut index = Index { next: listing.next(), ..Index::default() };
        for (name, bytes) in listing.requests {
            index.enter(name, Entry { bytes, ..Entry::default() });
        }
        for leftover in listing.temporary {
            // Its sender was never told that it is kept.
            drop(fs::remove_file(path.join(leftover)));
        }
        for (stranger, reason) in listing.strangers {
            quarantine.take(&*disk, &stranger, reason, None);
        }
        if listing.left > 0 {
            warn!(component = output, files = listing.left, spool = %path.display(), "left where they are: more files than can be put aside at once");
        }
        let spool = Self {
            output: output.to_owned(),
            path: path.to_owned(),
            options,
            disk,
            commits: Commits::default(),
            index: Mutex::default(),
            room: Bell::default(),
            signal: Signal::default(),
            metrics,
            quarantine,
            _lock: lock,
        };
        spool.tell(&index);
        *spool.lock() = index;
        Ok(spool)
    }

    /// Keeps `request`. When it returns well, the request is durable, and its records may be answered for.
    ///
    /// # Errors
    /// See [`PutError`]. Then it is not kept.
    pub fn put(&self, request: &Request) -> Result<(), PutError> {
        let file = encode(request, self.options.key.as_deref(), self.options.hide.as_ref())?;
        let records = u32::try_from(request.items.len()).map_err(|_| EncodeError::TooLarge)?;
        let bytes = listing::allocated(file.len() as u64);
        loop {
            let name = self.reserve(records, bytes)?;
            let Err(error) = self.write(name, &file) else {
                self.enter(name, bytes);
                return Ok(());
            };
            self.clear(name, bytes);
            let is_full = error.kind() == io::ErrorKind::StorageFull;
            if !(is_full && self.options.when_full == WhenFull::DropOldest && self.drop_oldest()) {
                return Err(error.into());
            }
        }
    }

    /// The oldest request that is not on its way; `None` also while those on their way take half of the room. What cannot be read is put aside on the way.
    pub fn take(&self) -> Option<Taken> {
        loop {
            let name = self.next()?;
            let taken = match self.disk.read(&self.path.join(name.to_string()), LARGEST) {
                Ok(file) => self.decoded(name, file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.vanished(name);
                    None
                }
                Err(error) => {
                    self.metrics.disk_failures.add(1);
                    error!(component = %self.output, file = %name, %error, "a spooled request cannot be read");
                    self.give_back(name, "the disk does not give it back");
                    None
                }
            };
            if let Some(stored) = taken {
                return Some(Taken { name, stored });
            }
        }
    }

    fn next(&self) -> Option<Name> {
        let mut index = self.lock();
        // Half of the room stays for what may be dropped. Those on their way are the oldest ones.
        let on_their_way = index.files.values().take_while(|entry| entry.is_taken).filter(|entry| !entry.is_left);
        let bytes: u64 = on_their_way.map(|entry| entry.bytes).sum();
        let (name, entry) = index.files.iter_mut().find(|(_, entry)| !entry.is_taken)?;
        if bytes > 0 && bytes.saturating_add(entry.bytes) > self.options.limit / 2 {
            return None;
        }
        entry.is_taken = true;
        Some(*name)
    }

    fn decoded(&self, name: Name, file: Vec<u8>) -> Option<Stored> {
        match decode(file, self.options.key.as_deref()) {
            Ok(stored) if stored.records() == name.records => Some(stored),
            Ok(stored) => {
                self.rename(name, stored.records());
                None
            }
            Err(DecodeError::Damaged(reason)) => {
                self.put_aside(name, reason);
                None
            }
            Err(DecodeError::NotNow(reason)) => {
                error!(component = %self.output, file = %name, records = name.records, "a spooled request is left where it is: {reason}");
                self.leave(name);
                None
            }
        }
    }

    /// Gives a file whose name tells a wrong number of records its right name: its head has a hash, its name has none.
    fn rename(&self, name: Name, records: u32) {
        let mut index = self.lock();
        let right = Name { number: index.next, records };
        index.next += 1;
        drop(index);
        if let Err(error) = self.disk.rename(&self.path.join(name.to_string()), &self.path.join(right.to_string())) {
            error!(component = %self.output, file = %name, %error, "a spooled request cannot be renamed");
            return self.leave(name);
        }
        warn!(component = %self.output, file = %name, records, "the name of a spooled request told a wrong number of records");
        let mut index = self.lock();
        let entry = index.files.get(&name).copied().unwrap_or_default();
        index.forget(name);
        index.enter(right, Entry { is_taken: false, ..entry });
        self.tell(&index);
    }

    /// Leaves a file where it is, so that it is not looked at again in this run.
    fn leave(&self, name: Name) {
        if let Some(entry) = self.lock().files.get_mut(&name) {
            (entry.is_taken, entry.is_left) = (true, true);
        }
    }

    /// The request of this name is settled: its file goes, and its room is free.
    pub fn delivered(&self, name: Name) {
        let mut index = self.lock();
        index.unremoved.push(name);
        let gone = std::mem::take(&mut index.unremoved);
        drop(index);
        let (removed, kept): (Vec<_>, Vec<_>) = gone.into_iter().partition(|name| self.remove(*name));
        let mut index = self.lock();
        index.unremoved.extend(kept);
        for name in removed {
            index.forget(name);
        }
        self.tell(&index);
        drop(index);
        self.room.ring_all();
    }

    /// The request of this name ended without an answer, because of `reason`: it is taken again, or put aside after the third time.
    pub fn give_back(&self, name: Name, reason: &'static str) {
        let mut index = self.lock();
        let Some(entry) = index.files.get_mut(&name) else { return };
        entry.tries += 1;
        entry.is_taken = entry.tries >= PATIENCE;
        let is_out = entry.is_taken;
        drop(index);
        if is_out {
            self.put_aside(name, reason);
        }
    }

    /// How many requests and records are in it.
    pub fn content(&self) -> (usize, u64) {
        let index = self.lock();
        (index.files.len(), index.records)
    }

    /// Whether nothing in it is to be delivered any more in this run.
    pub fn is_empty(&self) -> bool {
        let index = self.lock();
        index.is_done()
    }

    /// Raised when there is something to be taken; whoever takes hands it to others too.
    pub fn signal(&self) -> &Signal {
        &self.signal
    }

    /// Waits until there may be room, at most `longest`.
    pub fn wait_for_room(&self, longest: Duration) {
        let index = self.lock();
        let before = index.bytes;
        drop(self.room.wait_while(index, longest, |index| index.bytes >= before));
    }

    /// Reserves room, dropping the oldest requests for it where that is allowed.
    fn reserve(&self, records: u32, bytes: u64) -> Result<Name, PutError> {
        loop {
            let mut index = self.lock();
            let is_alone = index.files.is_empty() && index.writing == 0;
            let has_room = index.bytes + bytes <= self.options.limit && index.files.len() < MOST_REQUESTS;
            if is_alone || has_room {
                index.bytes += bytes;
                index.writing += 1;
                let name = Name { number: index.next, records };
                index.next += 1;
                return Ok(name);
            }
            drop(index);
            if self.options.when_full == WhenFull::Block || !self.drop_oldest() {
                return Err(PutError::Full);
            }
        }
    }

    fn write(&self, name: Name, file: &[u8]) -> io::Result<()> {
        let from = self.path.join(name.temporary());
        self.disk.create(&from, file)?;
        self.commits.commit(&*self.disk, &self.path, Rename { from, to: self.path.join(name.to_string()) })
    }

    fn enter(&self, name: Name, bytes: u64) {
        let mut index = self.lock();
        index.writing -= 1;
        index.bytes = index.bytes.saturating_sub(bytes);
        index.enter(name, Entry { bytes, ..Entry::default() });
        self.tell(&index);
        drop(index);
        self.metrics.spooled_records.add(u64::from(name.records));
        self.signal.wake();
    }

    /// Takes back what a failed [`Spool::write`] left. After a failed synchronisation nobody knows what is on the disk, so it is
    /// written anew under another name.
    fn clear(&self, name: Name, bytes: u64) {
        for path in [name.temporary(), name.to_string()] {
            drop(self.disk.remove(&self.path.join(path)));
        }
        let mut index = self.lock();
        index.writing -= 1;
        index.bytes = index.bytes.saturating_sub(bytes);
    }

    /// Drops the oldest request that is not on its way, declared. Gives whether there was one.
    fn drop_oldest(&self) -> bool {
        let mut index = self.lock();
        let oldest = index.files.iter_mut().find(|(_, entry)| !entry.is_taken);
        let Some((name, entry)) = oldest else { return false };
        let name = *name;
        entry.is_taken = true;
        drop(index);
        if !self.remove(name) {
            self.lock().files.entry(name).and_modify(|entry| entry.is_taken = false);
            return false;
        }
        self.metrics.dropped_records.add(u64::from(name.records));
        let mut index = self.lock();
        index.forget(name);
        index.dropped += u64::from(name.records);
        self.tell(&index);
        if index.said.is_none_or(|said| said.elapsed() >= SAY_AGAIN) {
            index.said = Some(Instant::now());
            let records = std::mem::take(&mut index.dropped);
            error!(component = %self.output, records, "the spool is full: its oldest records are dropped (storage.when_full drop_oldest)");
        }
        true
    }

    fn remove(&self, name: Name) -> bool {
        match self.disk.remove(&self.path.join(name.to_string())) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => {
                self.metrics.disk_failures.add(1);
                error!(component = %self.output, file = %name, %error, "a spooled request cannot be removed");
                false
            }
        }
    }

    fn put_aside(&self, name: Name, reason: &str) {
        let file = name.to_string();
        if !self.quarantine.take(&*self.disk, file.as_ref(), reason, Some(name.records)) {
            return self.leave(name);
        }
        self.forget(name);
    }

    fn vanished(&self, name: Name) {
        error!(component = %self.output, file = %name, records = name.records, "a spooled request was taken away by somebody else");
        self.metrics.dropped_records.add(u64::from(name.records));
        self.forget(name);
    }

    fn forget(&self, name: Name) {
        let mut index = self.lock();
        index.forget(name);
        self.tell(&index);
        drop(index);
        self.room.ring_all();
    }

    fn tell(&self, index: &Index) {
        self.metrics.spool_requests.set(index.files.len() as u64);
        self.metrics.spool_records.set(index.records);
        self.metrics.spool_bytes.set(index.bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
