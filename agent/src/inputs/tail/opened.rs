//! A file and what it holds: its bytes, or for a gzip file those that it inflates to.
//!
//! There may be more files than descriptors, so one that is quiet gives its descriptor up and is opened again when it is read.

use rustix::buffer::spare_capacity;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::file::{self, FileId, Modified};
use super::inflate::Inflated;
use crate::inputs::files;

/// A file that was opened. Offsets and sizes are those of what it holds.
#[derive(Debug)]
pub(super) struct Opened {
    state: Mutex<State>,
    inflated: Option<Box<Mutex<Inflated>>>,
}

#[derive(Debug)]
struct State {
    /// `None` while the descriptor is given up.
    file: Option<Arc<File>>,
    /// How it is opened again; without one it stays open.
    place: Option<Place>,
}

/// How many descriptors are held, and how many may be.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) now: AtomicUsize,
    pub(super) most: AtomicUsize,
}

/// Where a file is, and what proves that it is the same.
#[derive(Debug)]
struct Place {
    path: Arc<Path>,
    id: FileId,
    birth: i64,
    /// Whether the path leads to it no more: its descriptor is not given up.
    is_held: bool,
    /// What all files of the input hold.
    count: Arc<Held>,
}

impl Place {
    /// The metadata, if they are those of this file.
    fn same(&self, metadata: Metadata) -> io::Result<Metadata> {
        let birth = file::birth(&metadata);
        let is_same = FileId::of(&metadata) == self.id && (birth == self.birth || birth == 0 || self.birth == 0);
        if is_same { Ok(metadata) } else { Err(io::Error::new(io::ErrorKind::NotFound, "another file is there now")) }
    }
}

/// Whether a file of this name holds what gzip made.
pub(super) fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
}

impl From<File> for Opened {
    fn from(file: File) -> Self {
        Self { state: State::of(file), inflated: None }
    }
}

impl Opened {
    /// `file`, which was opened at `path`.
    pub(super) fn new(file: File, path: &Path) -> Self {
        let inflated = is_compressed(path).then(|| Box::new(Mutex::default()));
        Self { state: State::of(file), inflated }
    }

    /// The file itself, opened again where that is necessary.
    ///
    /// # Errors
    /// When it cannot be opened, or another one is in its place.
    pub(super) fn file(&self) -> io::Result<Arc<File>> {
        let mut state = self.state();
        if let Some(file) = &state.file {
            return Ok(Arc::clone(file));
        }
        let place = state.place.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let (file, metadata) = file::open_plain(&place.path)?;
        place.same(metadata)?;
        place.count.now.fetch_add(1, Ordering::Relaxed);
        let file = Arc::new(file);
        state.file = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Lets it give its descriptor up from now on: it is at `path`, and counted in `count` while it is open.
    pub(super) fn enroll(&self, path: &Arc<Path>, metadata: &Metadata, count: &Arc<Held>) {
        let mut state = self.state();
        if state.file.is_some() {
            // It may have been counted in another one.
            let before = state.place.as_ref().map(|place| &place.count);
            before.map(|before| before.now.fetch_sub(1, Ordering::Relaxed));
            count.now.fetch_add(1, Ordering::Relaxed);
        }
        let (id, birth) = (FileId::of(metadata), file::birth(metadata));
        state.place = Some(Place { path: Arc::clone(path), id, birth, is_held: false, count: Arc::clone(count) });
    }

    /// Notes that it is at `path` now.
    pub(super) fn move_to(&self, path: &Arc<Path>) {
        if let Some(place) = &mut self.state().place {
            place.path = Arc::clone(path);
        }
    }

    /// Gives the descriptor up where more are held than may be.
    pub(super) fn give_up_if_over(&self) {
        let is_over =
            |place: &Place| place.count.now.load(Ordering::Relaxed) > place.count.most.load(Ordering::Relaxed);
        let is_over = self.state().place.as_ref().is_some_and(is_over);
        if is_over {
            self.give_up();
        }
    }

    /// Holds the descriptor from now on: no path leads to the file any more.
    pub(super) fn hold(&self) {
        let mut state = self.state();
        if state.file.is_none() {
            state.place = None;
        } else if let Some(place) = &mut state.place {
            place.is_held = true;
        }
    }

    /// Gives the descriptor up, unless the file is deleted.
    pub(super) fn give_up(&self) {
        let mut state = self.state();
        let is_deleted = |file: &Arc<File>| file.metadata().is_ok_and(|metadata| metadata.nlink() == 0);
        let place = state.place.as_ref().filter(|place| !place.is_held);
        if let (Some(place), Some(_)) = (place, state.file.as_ref().filter(|file| !is_deleted(file))) {
            place.count.now.fetch_sub(1, Ordering::Relaxed);
            state.file = None;
        }
    }

    /// Looks at it; where its descriptor was given up, it is again afterwards.
    pub(super) fn for_a_moment<Seen>(&self, look: impl FnOnce(&Self) -> Seen) -> Seen {
        let was_open = self.is_open();
        let seen = look(self);
        if !was_open {
            self.give_up();
        }
        seen
    }

    /// Whether it holds a descriptor.
    pub(super) fn is_open(&self) -> bool {
        self.state().file.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the system tells of the file itself.
    ///
    /// # Errors
    /// When it tells nothing.
    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        let state = self.state();
        match (&state.file, &state.place) {
            (Some(file), _) => file.metadata(),
            (None, Some(place)) => place.same(std::fs::metadata(&place.path)?),
            (None, None) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// How much it holds. Of a gzip file that was not read to its end, as much as can be said without doing so: more than was
    /// read.
    ///
    /// # Errors
    /// When the system tells nothing of it.
    pub(super) fn size(&self) -> io::Result<u64> {
        self.size_and_time().map(|(size, _)| size)
    }

    /// The same, and when it was written last.
    ///
    /// # Errors
    /// When the system tells nothing of it.
    pub(super) fn size_and_time(&self) -> io::Result<(u64, Modified)> {
        let metadata = self.metadata()?;
        let length = metadata.len();
        let size = self.inflated().map_or(length, |mut inflated| inflated.size(length));
        Ok((size, Modified::of(&metadata)))
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
        let file = self.file()?;
        match self.inflated() {
            None => files::read_full(&file, bytes, offset),
            Some(mut inflated) => inflated.read_full(&file, bytes, offset),
        }
    }

    /// Adds up to `wanted` bytes from `offset` on to `out`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn append(&self, out: &mut Vec<u8>, offset: u64, wanted: usize) -> io::Result<()> {
        let file = self.file()?;
        if let Some(mut inflated) = self.inflated() {
            return inflated.append(&file, out, offset, wanted);
        }
        let (mut file, from) = (&*file, out.len());
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

    /// Whether it is, as far as its first bytes tell, the file that it was and not another one that was written over it. Of one that is
    /// not compressed others tell.
    pub(super) fn begins_as_before(&self) -> bool {
        if !self.is_compressed() {
            return true;
        }
        let (Ok(file), Some(mut inflated)) = (self.file(), self.inflated()) else { return true };
        inflated.begins_as_before(&file).unwrap_or(true)
    }

    /// Up to where it can be read and why no further, once for each file.
    pub(super) fn take_trouble(&self) -> Option<(u64, String)> {
        self.inflated()?.take_trouble()
    }

    /// Whether it is a gzip file that is read to its end and ends before what it holds does.
    pub(super) fn is_cut_off(&self) -> bool {
        let is_at_end = |length: u64| self.inflated().is_some_and(|inflated| inflated.is_cut_off(length));
        self.is_compressed() && self.metadata().is_ok_and(|metadata| is_at_end(metadata.len()))
    }

    /// How long the content of a gzip file is as it says itself, modulo 2^32: true where it has one member and is complete.
    pub(super) fn inflated_length(&self) -> Option<u32> {
        let (file, mut bytes) = (self.file().ok()?, [0; 4]);
        let at = file.metadata().ok()?.len().checked_sub(bytes.len() as u64)?;
        let read = files::read_full(&file, &mut bytes, at).ok()?;
        (self.is_compressed() && read == bytes.len()).then(|| u32::from_le_bytes(bytes))
    }

    /// Whether nobody was told yet that it ends too early. Counts as told from now on.
    pub(super) fn tell_end(&self) -> bool {
        self.inflated().is_some_and(|mut inflated| inflated.tell_end())
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

impl State {
    fn of(file: File) -> Mutex<Self> {
        Mutex::new(Self { file: Some(Arc::new(file)), place: None })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let (Some(place), Some(_)) = (&self.place, &self.file) {
            place.count.now.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
