//! Files come: looks at all paths, opens what is new, notices what is gone.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};
use tracing::{debug, info, warn};

use super::Tail;
use super::ahead::Again;
use super::file::{self, FileId, Standing, Tailed};
use super::look;
use super::missed::Since;
use super::opened::{self, Opened};
use super::proof;
use super::read::Progress;
use super::siblings::Listings;
use super::successor::WRITTEN_LATE;
use crate::config::or_here;
use crate::state::{Known, Position};

/// Looks at all paths follow each other no faster than this, however much happens in the directories.
const SHORTEST_GAP: Duration = Duration::from_millis(50);
/// What comes is looked at within this, however much work a look is.
const LONGEST_GAP: Duration = Duration::from_secs(2);

/// How a file that is met is taken up.
#[derive(Clone, Copy, Debug)]
pub(super) struct TakeUp<'a> {
    /// Where it is.
    pub(super) path: &'a Path,
    /// What records tell as its path.
    pub(super) name: &'a Path,
    /// Whether it begins at its end when no position is stored of it.
    pub(super) from_end: bool,
    pub(super) standing: Standing,
    /// The file that was there when it was looked at.
    pub(super) id: FileId,
}

/// Name and place of a log, and the birth of its newest content that is known, in nanoseconds, and when that was seen last, in seconds.
pub(super) type NewestKnown = (PathBuf, PathBuf, (i64, i64));

impl Tail {
    /// Looks at all paths when that is due, or when something happened in a directory.
    pub(super) fn scan_if_due(&mut self) {
        let since = self.now.duration_since(self.scanned);
        let is_due = self.scan_again.take_if(|at| *at <= self.now).is_some();
        if is_due || since >= self.scan_gap && (since >= self.settings.refresh || self.watcher.take_changed()) {
            self.scan();
        }
    }

    /// Looks at all paths: takes up new files, notes those that were renamed or deleted.
    pub(super) fn scan(&mut self) {
        let (began, began_at) = (worked(), (self.clock)().seconds);
        self.scans += 1;
        // Before the listing: what is not among them then is among what comes.
        self.gather();
        let found = self.paths.find();
        // Watched before the files are looked at: what comes meanwhile is told.
        self.watch(found.directories);
        let unknown: Vec<PathBuf> = found.paths.into_iter().filter(|path| !self.recognise(path)).collect();
        if self.scans == 1 {
            self.resume(unknown);
        } else {
            self.recover_again();
            self.take_up_arrived();
            for path in unknown {
                self.meet(&path, !self.begins_at_head(&path));
            }
        }
        self.take_up_arrived();
        // What was written to before it went.
        self.look_at_written();
        let is_unseen = |file: &Tailed| match file.standing {
            Standing::Live => file.seen != self.scans,
            Standing::Rotated => is_lost(file),
            Standing::Gone => false,
        };
        let unseen: Vec<u64> =
            self.files.iter().filter(|(_, file)| is_unseen(file)).map(|(number, _)| *number).collect();
        let mut listings = Listings::default();
        for number in unseen {
            self.lost_sight(number, &mut listings);
        }
        self.search_missed(&mut Listings::default());
        self.let_older_go();
        self.forget_gone_if_due();
        (self.scanned, self.scanned_at) = (self.now, began_at);
        self.scan_gap = gap_after(worked().saturating_sub(began));
    }

    /// Whether a file that is new at `path` is read from its head, as what takes the place of a file that was followed always is.
    pub(super) fn begins_at_head(&self, path: &Path) -> bool {
        self.settings.read_new_from_head || self.is_known_log(path)
    }

    fn watch(&mut self, mut directories: std::collections::BTreeSet<PathBuf>) {
        // A link says nothing when what it leads to is renamed.
        let places = self.files.values().filter(|file| file.standing == Standing::Live);
        directories.extend(places.filter_map(|file| file.place().parent().map(Path::to_owned)));
        self.watcher.watch(&directories);
    }

    /// Notes that the file at `path` is there if it is one of those that are open. Gives whether nothing is left to do with it.
    fn recognise(&mut self, path: &Path) -> bool {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => {
                if error.kind() == std::io::ErrorKind::PermissionDenied {
                    self.complain_of(path, &error);
                }
                return true;
            }
        };
        if !metadata.is_file() {
            return true;
        }
        let Some(number) = self.number_of(&metadata) else { return false };
        let Some(file) = self.files.get_mut(&number) else { return false };
        if file.seen != self.scans && *path != **file.name() {
            let place: Arc<Path> = real_path(path).into();
            file.file.move_to(&place);
            file.position.place = Some(place);
        }
        file.seen = self.scans;
        if file.watch.is_some() && metadata.len() != file.size && !file.file.is_compressed() {
            // Written to without an event, such as through a memory map.
            self.looks.insert((file.next_look, number));
        }
        if file.standing == Standing::Rotated && !file.is_copy() {
            file.standing = Standing::Live;
            file.ended = false;
            self.leaving.remove(&number);
        }
        true
    }

    /// The first look: files with a stored position go on, wherever they are now, and so does what followed on them.
    fn resume(&mut self, unknown: Vec<PathBuf>) {
        let names = self.row_names();
        let born = self.newest_births();
        self.lead_back();
        self.recover_rests();
        self.go_on_with_inherited(false);
        let has_row = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|metadata| self.has_row(&metadata));
        let (known, unknown): (Vec<_>, Vec<_>) =
            unknown.into_iter().partition(|path| names.contains(path.as_path()) || has_row(path));
        for path in known {
            self.meet(&path, false);
        }
        self.recover_rows();
        // What a gzip file was compressed from may be held.
        self.gather();
        self.take_up_arrived();
        let mut listings = Listings::default();
        for (name, place, known) in &born {
            let (birth, seen) = *known;
            self.take_up_missed((name, place), Since::renamed(birth, 0), &mut listings);
            let late = birth / 1_000_000_000 + WRITTEN_LATE;
            // What was written to later than the last run saw its log came behind that, or has a row.
            let since = if seen > 0 { late.min(seen - 1) } else { late };
            if self.take_up_compressed((name, place), Since::renamed(birth, since + 1), &mut listings) {
                self.search((name.as_path().into(), place.as_path().into()), Since::unjudged(birth, since + 1));
            }
        }
        for path in unknown {
            self.meet(&path, !self.settings.read_from_head);
        }
        self.await_vacant(born);
        self.go_on_with_inherited(true);
    }

    /// A file under `Path` that is not open, as far as is known.
    fn meet(&mut self, path: &Path, from_end: bool) {
        let Ok(metadata) = std::fs::metadata(path) else { return };
        if self.is_followed(&metadata) || (self.is_too_old(&metadata) && !self.is_to_be_read(&metadata)) {
            return;
        }
        if opened::is_compressed(path) && self.is_left(path, &metadata, from_end) {
            return;
        }
        if self.settings.tags.of(path).is_none() {
            if self.complained.insert(path.to_owned()) {
                warn!(component = %self.settings.name, file = %path.display(), "`Tag_Regex` does not match: it is left out");
            }
            return;
        }
        if self.row_of(&metadata).is_none() && self.is_copy_of_live(path) {
            return;
        }
        self.take_up(TakeUp { path, name: path, from_end, standing: Standing::Live, id: FileId::of(&metadata) });
    }

    /// Whether an old file has a position and, where old files are let go, something behind it.
    fn is_to_be_read(&self, metadata: &Metadata) -> bool {
        let position = self.row_of(metadata);
        position.is_some_and(|row| !self.settings.lets_older_go || row.offset != metadata.len())
    }

    /// Lets go of files that are read and were not written to for longer than `Ignore_Older`.
    fn let_older_go(&mut self) {
        if !self.settings.lets_older_go {
            return;
        }
        let is_done = |file: &Tailed| file.standing == Standing::Live && file.is_read() && !file.is_awaiting();
        let old: Vec<u64> = (self.files.iter().filter(|(_, file)| is_done(file)))
            .filter(|(_, file)| file.file.metadata().is_ok_and(|metadata| self.is_too_old(&metadata)))
            .map(|(number, _)| *number)
            .collect();
        for number in old {
            if let Some(file) = self.files.get_mut(&number) {
                file.standing = Standing::Rotated;
            }
            self.leaving.insert(number);
        }
    }

    pub(super) fn is_too_old(&self, metadata: &Metadata) -> bool {
        if self.settings.ignore_older.is_zero() {
            return false;
        }
        let now = u64::try_from((self.clock)().seconds).unwrap_or(0);
        let written = metadata.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        written.is_some_and(|at| now.saturating_sub(at.as_secs()) > self.settings.ignore_older.as_secs())
    }

    /// Opens a file and finds out where to begin. Gives its number. A rotated file that has another name by now is looked for again.
    pub(super) fn take_up(&mut self, what: TakeUp<'_>) -> Option<u64> {
        let (file, metadata) = self.open_to_take_up(what.path)?;
        let is_rotated = what.standing == Standing::Rotated || opened::is_compressed(what.path);
        if is_rotated && FileId::of(&metadata) != what.id {
            self.scan_within(self.scan_gap);
            return None;
        }
        self.begin_in(what, file, &metadata)
    }

    /// Opens a file that is to be taken up. What is wrong with it is told.
    pub(super) fn open_to_take_up(&mut self, path: &Path) -> Option<(Opened, Metadata)> {
        let opened = match self.open_with_room(path, file::open) {
            Ok(opened) => opened,
            // It was renamed or deleted between two glances.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => {
                // It may be readable at the next look.
                self.complain_of(path, &error);
                return None;
            }
        };
        self.complained.remove(path);
        Some(opened)
    }

    /// Takes up a rotated file that was opened at `path`, and may have another by now. Gives its number.
    pub(super) fn take_up_opened(
        &mut self,
        (path, name): (&Path, &Path),
        file: Opened,
        metadata: &Metadata,
    ) -> Option<u64> {
        let what = TakeUp { path, name, from_end: false, standing: Standing::Rotated, id: FileId::of(metadata) };
        self.begin_in(what, file, metadata)
    }

    fn begin_in(&mut self, what: TakeUp<'_>, file: Opened, metadata: &Metadata) -> Option<u64> {
        let id = FileId::of(metadata);
        self.inherited.remove(&id);
        if self.is_followed(metadata) {
            return None;
        }
        let is_first = self.scans == 1 && what.standing == Standing::Live;
        let row = self.take_row(&file, metadata);
        let row = row.or_else(|| is_first.then(|| self.take_restored(what.name, &file, metadata)).flatten());
        let (mut position, is_stored) = match row {
            Some(row) => (row, true),
            None => (Position { created: (self.clock)().seconds, ..Position::default() }, false),
        };
        // Fluent Bit stores 0 for a file that it follows from its end and that has not grown since.
        let never_read = is_stored && position.seen == 0 && position.offset == 0 && !self.settings.read_from_head;
        if (!is_stored && what.from_end) || (never_read && self.scans == 1) {
            position.offset = file.size().unwrap_or(metadata.len());
        }
        position.name = what.name.into();
        (position.inode, position.born) = (id.inode, file::birth(metadata));
        let place = real_path(what.path);
        // Most paths are no links: one copy serves for both.
        let is_same = place == *position.name;
        position.place = Some(if is_same { Arc::clone(&position.name) } else { place.into() });
        if position.known.is_none() {
            let birth = position.born;
            position.known = Some(Known { device: id.device, birth, first_inode: id.inode, ..Known::default() });
        }
        self.metrics.files_opened.add(1);
        debug!(component = %self.settings.name, file = %what.path.display(), offset = position.offset, "taken up");
        let number = self.add(Arc::new(file), metadata, position, what.standing);
        self.check_content(number);
        self.keep_within(number);
        Some(number)
    }

    /// Adds an open file at its stored position. Gives its number.
    pub(super) fn add(
        &mut self,
        file: Arc<Opened>,
        metadata: &Metadata,
        position: Position,
        standing: Standing,
    ) -> u64 {
        self.last_number += 1;
        let (number, id) = (self.last_number, FileId::of(metadata));
        let next_look = look::first_look(self.now);
        file.expect(position.offset);
        let size = file.size().unwrap_or(metadata.len());
        let tailed = Tailed {
            id,
            // What was taken up before `Tag_Regex` changed may fit it no more.
            tag: self.settings.tags.of(&position.name).unwrap_or_default(),
            content: None,
            progress: Progress::at(&file, position.offset),
            size,
            modified: file::Modified::of(metadata),
            lent: None,
            is_cut_short: false,
            standing,
            last_growth: if standing == Standing::Live { look::written(metadata, self.now) } else { self.now },
            next_look,
            watch: None,
            is_unwatchable: false,
            queued: false,
            ended: false,
            epoch: 0,
            rewinds: 0,
            not_before: None,
            stored_head: file::head_of(&position),
            seen: self.scans,
            again: Again::after_restart(&position, size),
            file,
            position,
        };
        self.by_id.insert(id, number);
        self.looks.insert((next_look, number));
        self.fresh.insert(number);
        self.moved.insert(number);
        if standing != Standing::Live {
            self.leaving.insert(number);
        }
        self.files.insert(number, Box::new(tailed));
        self.count_descriptor(number, metadata);
        number
    }

    /// Compares a file just taken up with what is stored of it: other content, or less of it, begins anew.
    pub(super) fn check_content(&mut self, number: u64) {
        let Some(file) = self.files.get(&number) else { return };
        let known_head = file.position.known.as_ref().is_none_or(|known| proof::has_head(&file.file, known));
        let known_tail = proof::has_marker(&file.file, file.position.offset, file.position.marker);
        if file.size >= file.position.offset && known_head && known_tail {
            return;
        }
        info!(component = %self.settings.name, file = %file.place().display(), "it holds other content than before");
        if let Some(file) = self.files.get_mut(&number) {
            // Its size is that of the new content: of the old one no more is known than what was read.
            file.size = file.size.min(file.progress.offset);
        }
        self.content_changed(number);
    }

    fn complain_of(&mut self, path: &Path, error: &std::io::Error) {
        if self.complained.insert(path.to_owned()) {
            warn!(component = %self.settings.name, file = %path.display(), %error, "cannot be opened; tried again later");
        }
    }

    /// The birth of the newest content known of each name that is stored, when that was seen last, and where it was.
    fn newest_births(&self) -> Vec<NewestKnown> {
        let mut newest: BTreeMap<&Path, (Option<&Path>, (i64, i64))> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| self.paths.name(&row.name)) {
            let birth = row.known.map_or(0, |known| known.birth);
            // A copy in the state directory has no siblings.
            let place = row.place.as_deref().filter(|place| !self.is_rest(row) && !was_renamed(&row.name, place));
            let entry = newest.entry(&row.name).or_insert((place, (birth, row.seen)));
            if birth > entry.1.0 {
                *entry = (place, (birth, row.seen));
            }
        }
        let place_of = |name: &Path, place: Option<&Path>| place.map_or_else(|| real_path(name), Path::to_owned);
        newest.into_iter().map(|(name, (place, known))| (name.to_owned(), place_of(name, place), known)).collect()
    }
}

/// Whether a file is not held open and no more where it was.
pub(super) fn is_lost(file: &Tailed) -> bool {
    let is_missing = |error: std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
    !file.file.is_open() && file.file.metadata().is_err_and(is_missing)
}

/// How long the next look waits after one that was so much work: ten times as long, so that looks take a tenth of a processor.
fn gap_after(work: Duration) -> Duration {
    (work * 10).clamp(SHORTEST_GAP, LONGEST_GAP)
}

/// What this thread has worked so far. The time that it waited for a processor or a disk is no work: on a loaded machine looks
/// would become rarer and rarer.
pub(super) fn worked() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Whether what was found as `name` is at `place` since it was renamed, and not since `name` is a link: the next file may be at
/// `place` by now.
fn was_renamed(name: &Path, place: &Path) -> bool {
    let directory = |path: &Path| std::fs::canonicalize(or_here(path.parent()?)).ok();
    let is_beside =
        || name.parent() == place.parent() || directory(name).is_some_and(|own| directory(place) == Some(own));
    let is_link = || std::fs::symlink_metadata(name).is_ok_and(|metadata| metadata.is_symlink());
    name.file_name() != place.file_name() && is_beside() && !is_link()
}

/// `path` with its links followed, as far as that goes: those of its directory where it leads nowhere.
pub(super) fn real_path(path: &Path) -> PathBuf {
    let in_directory = || {
        let directory = std::fs::canonicalize(or_here(path.parent()?)).ok()?;
        Some(directory.join(path.file_name()?))
    };
    std::fs::canonicalize(path).ok().or_else(in_directory).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_take_a_tenth_of_a_processor_unless_that_makes_them_rare() {
        let gaps = [0, 1, 30, 150, 1_000, 100_000].map(|work| gap_after(Duration::from_millis(work)).as_millis());

        assert_eq!(gaps, [50, 50, 300, 1_500, 2_000, 2_000]);
    }

    #[test]
    fn a_log_was_renamed_within_its_directory_also_where_that_is_behind_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::create_dir(&real).expect("it is made");
        std::os::unix::fs::symlink(&real, &link).expect("it is made");
        std::os::unix::fs::symlink(real.join("other.log"), link.join("linked.log")).expect("it is made");
        for (name, place, expected) in [
            (&link, "app.log.1.gz", true),
            (&link, "app.log", false),
            (&real, "app.log.1.gz", true),
            (&real, "app.log", false),
        ] {
            assert_eq!(was_renamed(&name.join("app.log"), &real.join(place)), expected, "{} {place}", name.display());
        }
        assert!(!was_renamed(&link.join("linked.log"), &real.join("other.log")), "it is a link itself");
        assert!(!was_renamed(&real.join("app.log"), &folder.path().join("app.log.1")), "it was moved elsewhere");
    }
}
