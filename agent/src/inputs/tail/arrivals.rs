//! Opens files the moment they come, so that what they hold is held however they are renamed, or deleted, before they are looked
//! at.
//!
//! The thread that is told of events does it: nothing slow that the input has to do stands between a file that comes and the
//! descriptor that holds it. What comes under `Path` is read; among what has the name of a rotated file the copies are looked for,
//! and contents that were missed. Events that were missed themselves are made good by the look at all paths.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{ModifyKind, RenameMode};
use notify::{Event, EventKind};
use tracing::info;

use super::alike::{self, Proof};
use super::file::{self, FileId, Standing};
use super::opened::{self, Opened};
use super::paths::Paths;
use super::proof;
use super::scan::real_path;
use super::siblings;
use super::successor::{is_named_after, is_there};
use super::{FAILED_WAIT, Tail};
use crate::state::Position;

/// How long a rotated file that nobody asked for is held.
const HELD: Duration = Duration::from_secs(10);
/// Files that wait here at the most, where the limit of open files allows for many, and as many again that the input holds.
const MOST: usize = 4_096;

/// A file that came.
#[derive(Debug)]
pub(super) struct Arrival {
    /// Where it was then.
    pub(super) path: PathBuf,
    /// The log under `Path` whose name it had, or whose rotated file it is by its name.
    pub(super) name: PathBuf,
    pub(super) file: Opened,
    pub(super) metadata: Metadata,
    at: Instant,
}

impl Arrival {
    fn id(&self) -> FileId {
        FileId::of(&self.metadata)
    }

    /// Whether it came under the name of a log.
    fn is_log(&self) -> bool {
        self.path == self.name
    }

    /// Whether its path leads to it.
    fn is_there(&self) -> bool {
        self.id().is_at(&self.path)
    }

    /// Whether no path leads to it any more.
    pub(super) fn is_deleted(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }
}

/// What came and was not taken yet: one descriptor for each file.
#[derive(Debug)]
pub(super) struct Arrivals {
    paths: Arc<Paths>,
    most: usize,
    held: Mutex<(HashMap<FileId, usize>, Vec<Arrival>)>,
}

impl Arrivals {
    /// Holds what comes under `paths`, with so many descriptors at the `most`; the input may hold as many that it gathered.
    pub(super) fn new(paths: Arc<Paths>, most: usize) -> Self {
        Self { paths, most: most.min(MOST), held: Mutex::default() }
    }

    /// Opens what an event tells of.
    pub(super) fn note(&self, event: &Event) {
        let path = match event.kind {
            EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => event.paths.first(),
            _ => None,
        };
        if let Some(path) = path {
            self.come(path.strip_prefix("./").unwrap_or(path));
        }
    }

    fn come(&self, path: &Path) {
        let Some(name) = self.name_of(path) else { return };
        let known = std::fs::metadata(path).map(|metadata| FileId::of(&metadata));
        let Ok(known) = known else { return };
        if self.is_full() || self.is_held(known, path, &name) {
            return;
        }
        let Ok((file, metadata)) = file::open(path) else { return };
        let id = FileId::of(&metadata);
        if id != known && self.is_held(id, path, &name) {
            return;
        }
        let mut held = self.held();
        let at = held.1.len();
        held.0.insert(id, at);
        held.1.push(Arrival { path: path.to_owned(), name, file, metadata, at: Instant::now() });
    }

    fn is_full(&self) -> bool {
        self.held().1.len() >= self.most
    }

    /// Whether `id` is held. That it came under the name of a log is noted of a file that is held for another reason.
    fn is_held(&self, id: FileId, path: &Path, name: &Path) -> bool {
        let mut held = self.held();
        let Some(at) = held.0.get(&id).copied() else { return false };
        if let Some(arrival) = held.1.get_mut(at).filter(|arrival| path == name && !arrival.is_log()) {
            (arrival.path, arrival.name) = (path.to_owned(), name.to_owned());
        }
        true
    }

    /// The log under `Path` that `path` is, or is the rotated file of.
    fn name_of(&self, path: &Path) -> Option<PathBuf> {
        if self.paths.is_excluded(path) {
            return None;
        }
        let is_log = self.paths.name(path);
        // Where the path of a rotated file is one of a log, too, it is a log while no other is there.
        let log = siblings::logs_of(path).find(|log| self.paths.name(log) && (!is_log || log.is_file()));
        log.or_else(|| is_log.then(|| path.to_owned()))
    }

    /// Takes what came, in the order in which it came.
    pub(super) fn take(&self) -> Vec<Arrival> {
        let mut held = self.held();
        held.0.clear();
        std::mem::take(&mut held.1)
    }

    pub(super) fn held(&self) -> MutexGuard<'_, (HashMap<FileId, usize>, Vec<Arrival>)> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    /// Takes what came to what is held already, and lets go of what is too much.
    pub(super) fn gather(&mut self) {
        let came = self.arrivals.take();
        self.arrived.extend(came);
        let mut over = self.arrived.len().saturating_sub(self.arrivals.most);
        // What has a path yet is found by looking, too.
        self.arrived.retain(|arrival| {
            let goes = over > 0 && !arrival.is_deleted();
            over -= usize::from(goes);
            !goes
        });
        self.arrived.drain(..over);
    }

    /// Takes up what came under the name of a log and has it no more, in the order in which it came. Forgets what is known.
    pub(super) fn take_up_arrived(&mut self) {
        let mut kept = Vec::new();
        for arrival in std::mem::take(&mut self.arrived) {
            if !self.is_news(&arrival) {
                continue;
            }
            let is_gone = arrival.is_log() && !arrival.is_there();
            if is_gone && self.make_room() {
                self.take_up_arrival(arrival);
                continue;
            }
            if is_gone {
                self.scan_within(FAILED_WAIT);
            }
            if is_gone || arrival.at.elapsed() < HELD {
                kept.push(arrival);
            }
        }
        // What came while others were taken up is behind them.
        kept.append(&mut self.arrived);
        self.arrived = kept;
    }

    /// Whether nothing is known of a file that came.
    fn is_news(&self, arrival: &Arrival) -> bool {
        !self.is_followed(&arrival.metadata)
            && !self.is_stored(&arrival.file, &arrival.metadata)
            && !self.is_read_compressed(arrival)
    }

    /// Whether what it holds is read where it was compressed to, or was: by the name of its log, or as a log of its own.
    fn is_read_compressed(&self, arrival: &Arrival) -> bool {
        let (name, place) = (arrival.name.as_path().into(), Some(real_path(&arrival.path).into()));
        let came = Position { name, place, ..Position::default() };
        let is_of = |row: &Position| {
            let gzip = row.last_place();
            opened::is_compressed(gzip)
                && (row.name == came.name || is_named_after(gzip, &came))
                && is_compressed_to(&arrival.file, row)
        };
        let mut open = self.files.values().filter(|open| open.file.is_compressed() && open.standing != Standing::Gone);
        let mut rows = self.rows.around(&arrival.path).filter(|row| row.rotated || is_there(row));
        open.any(|open| is_of(&open.as_read())) || rows.any(is_of)
    }

    fn take_up_arrival(&mut self, arrival: Arrival) {
        let Arrival { path, name, file, metadata, .. } = arrival;
        let is_left_out = !self.begins_at_head(&name) || self.settings.tags.of(&name).is_none();
        // A gzip file has the content of another that was held.
        if is_left_out || opened::is_compressed(&path) || self.is_too_old(&metadata) {
            return;
        }
        info!(component = %self.settings.name, live = %name.display(), "rotated as soon as it came: read from its start");
        if let Some(search) = self.searches.get_mut(&*name) {
            // Another one may have come and gone before it.
            search.is_new = true;
        }
        self.take_up_opened((&path, &name), file, &metadata);
    }

    /// Takes up the rotated files of the log called `name` that came and were deleted since, as far as they are `wanted`, in
    /// the order of their births.
    pub(super) fn take_up_deleted(&mut self, name: &Path, wanted: impl Fn(&Self, &Arrival) -> bool) {
        self.gather();
        let mut taken = Vec::new();
        let mut kept = Vec::new();
        for arrival in std::mem::take(&mut self.arrived) {
            let is_wanted = arrival.name == name && arrival.is_deleted() && self.is_news(&arrival);
            if is_wanted && wanted(self, &arrival) { &mut taken } else { &mut kept }.push(arrival);
        }
        self.arrived = kept;
        taken.sort_by_key(|arrival| file::birth(&arrival.metadata));
        for Arrival { path, file, metadata, .. } in taken {
            info!(component = %self.settings.name, file = %path.display(), live = %name.display(),
                "rotated and deleted before it was seen: read from its start");
            self.take_up_opened((&path, name), file, &metadata);
        }
    }
}

/// Whether the gzip file of `row` holds what `file` does, as far as both show it.
fn is_compressed_to(file: &Opened, row: &Position) -> bool {
    if !row.known.is_none_or(|known| proof::has_head(file, &known)) {
        return false;
    }
    match file::open(row.last_place()).ok().filter(|(_, metadata)| file::row_fits(row, metadata)) {
        Some((gzip, _)) => proof::begin_alike(&gzip, file) && alike::is_of(&gzip, file) != Proof::Fails,
        // It was renamed since.
        None => {
            let has_head = row.known.is_some_and(|known| known.head_length > 0);
            has_head && alike::holds_read(file, row) != Proof::Fails
        }
    }
}
