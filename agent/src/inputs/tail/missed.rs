//! What came and was rotated away again between two looks: found beside its log by name, birth and content.
//!
//! Names change while a directory is read, so that one file is met twice and another not at all, and a path may lead to another
//! file by the time it is opened. So it is looked for again with the next look at all paths, and once more when a name that
//! nobody had is taken again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{debug, info};

use super::Tail;
use super::alike::Proof;
use super::file::{self, FileId, Standing, Tailed};
use super::opened::{self, Opened};
use super::proof::{self, Mark};
use super::scan::NewestKnown;
use super::siblings::{self, Listings};
use crate::state::{Known, Position};

/// Searches with a file that has the name and something in it.
const LOOKS: u8 = 2;
/// Files of a log that are remembered as its copies: the next one may be made over one of them.
const COPIES: usize = 4;
/// How long a name that nobody has is remembered.
const VACANT: Duration = Duration::from_mins(10);
/// How often it is looked for at once while names change.
pub(super) const ROUNDS: u8 = 3;
/// A file that may still be written is looked at again after this.
const UNSURE: Duration = Duration::from_secs(1);

/// Names of which something may have been missed.
pub(super) type Searches = HashMap<Arc<Path>, Search>;

/// Copies of logs, by the names of these, the newest last.
pub(super) type Copies = HashMap<Arc<Path>, VecDeque<FileId>>;

/// Since when something may have been missed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    /// Birth of the content that was known last, in nanoseconds since 1970; 0 where the system does not know.
    pub(super) born: i64,
    /// When that was seen in its place, in seconds since 1970.
    pub(super) seen: i64,
    /// Whether it was truncated: what was missed lies in copies.
    pub(super) is_copied: bool,
    /// Whether nothing but gzip files is left to be judged of which it did not show yet whose content they have.
    pub(super) is_unjudged: bool,
    /// When it was found that something may have been missed, in seconds since 1970.
    pub(super) until: i64,
    /// What was truncated unread: its copy, should it be found too late, is read by nobody.
    pub(super) gone: Option<Known>,
}

impl Since {
    /// Since the content that was `born` then, and `seen` last in its place, was there no more, by its name alone.
    pub(super) fn renamed(born: i64, seen: i64) -> Self {
        Self { born, seen, is_copied: false, is_unjudged: false, until: seen, gone: None }
    }

    /// The same where all but gzip files that may still be written was looked at.
    pub(super) fn unjudged(born: i64, seen: i64) -> Self {
        Self { is_unjudged: true, ..Self::renamed(born, seen) }
    }

    /// What was missed since this and since `other`.
    fn and(self, other: Self) -> Self {
        let (born, seen) = (self.born.min(other.born), self.seen.min(other.seen));
        Self {
            born,
            seen,
            is_copied: self.is_copied || other.is_copied,
            is_unjudged: self.is_unjudged && other.is_unjudged,
            until: self.until.max(other.until),
            gone: other.gone.or(self.gone),
        }
    }
}

/// Who has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Nobody,
    /// A log without anything: of what comes and goes before the next look only copies will tell.
    Empty,
    Log,
}

/// What may have been missed of one name.
#[derive(Debug)]
pub(super) struct Search {
    place: Arc<Path>,
    since: Since,
    /// The same for the last event: the one before it is forgotten with the next.
    next: Since,
    /// Whether nothing was looked for since the last event.
    pub(super) is_new: bool,
    looks: u8,
    until: Instant,
}

impl Search {
    /// When what is known was seen in its place, in seconds since 1970.
    pub(super) fn seen(&self) -> i64 {
        self.since.seen.min(self.next.seen)
    }
}

impl Tail {
    /// Has the next look at all paths, and the one after it, look for what was missed of the name.
    pub(super) fn search(&mut self, (name, place): (Arc<Path>, Arc<Path>), since: Since) {
        let before = self.searches.get(&name).map_or(since, |search| search.next);
        let until = self.now + VACANT;
        let search = Search { place, since: before, next: since, is_new: true, looks: LOOKS, until };
        self.searches.insert(name, search);
        self.scan_within(self.scan_gap);
    }

    /// What comes as a known name that nobody has now may be rotated away before it is seen there.
    pub(super) fn await_vacant(&mut self, known: Vec<NewestKnown>) {
        let live = self.files.values().filter(|file| file.standing == Standing::Live);
        let live: HashSet<Arc<Path>> = live.map(|file| Arc::clone(file.name())).collect();
        let seen = (self.clock)().seconds;
        for (name, place, (born, _)) in known.into_iter().filter(|(name, ..)| !live.contains(name.as_path())) {
            self.search((name.into(), place.into()), Since::renamed(born, seen));
        }
    }

    pub(super) fn scan_within(&mut self, wait: Duration) {
        let at = self.now + wait;
        self.scan_again = Some(self.scan_again.map_or(at, |before| before.min(at)));
    }

    /// Looks for what was missed.
    pub(super) fn search_missed(&mut self, listings: &mut Listings) {
        if self.searches.is_empty() {
            self.gzips.borrow_mut().unjudged.clear();
            return;
        }
        let live = self.files.values().filter(|file| file.standing == Standing::Live);
        let live: HashMap<Arc<Path>, Holder> = live.map(|file| (Arc::clone(file.name()), holder(file))).collect();
        // What one of the gzip files was compressed from may be held.
        self.gather();
        self.take_up_arrived();
        let mut left = Searches::new();
        for (name, mut search) in std::mem::take(&mut self.searches) {
            let holder = live.get(&name).copied().unwrap_or(Holder::Nobody);
            self.look_for(&name, &mut search, holder, listings);
            if search.looks > 0 && (self.now < search.until || holder == Holder::Empty) {
                left.insert(name, search);
            }
        }
        // An event that came meanwhile counts.
        left.extend(std::mem::take(&mut self.searches));
        self.searches = left;
    }

    /// Takes up what was missed of one name, where it was not looked for yet or an open file has the name.
    fn look_for(&mut self, name: &Path, search: &mut Search, holder: Holder, listings: &mut Listings) {
        if !std::mem::take(&mut search.is_new) && holder == Holder::Nobody {
            return;
        }
        let Search { place, since, next, .. } = &*search;
        let since = since.and(*next);
        if !since.is_unjudged {
            self.take_up_missed((name, place), since, listings);
        }
        if self.take_up_compressed((name, place), since, listings) {
            return self.scan_within(UNSURE);
        }
        search.looks -= u8::from(holder == Holder::Log);
        if holder == Holder::Log && search.looks > 0 {
            self.scan_within(self.scan_gap);
        }
    }

    /// Has what was missed of a name be looked for now that its log, which was empty, has something.
    pub(super) fn search_again(&mut self, name: &Path) {
        if self.searches.contains_key(name) {
            self.scan_within(self.scan_gap);
        }
    }

    /// Takes up files that were made as `place` and renamed before they were seen there: siblings named after it, not
    /// compressed, not born before the content that was known last; or, where that was truncated, copies of what it held.
    pub(super) fn take_up_missed(&mut self, (name, place): (&Path, &Path), since: Since, listings: &mut Listings) {
        if since.born == 0 {
            return;
        }
        self.take_up_deleted(name, |tail, arrival| {
            let is_young = file::birth(&arrival.metadata) >= since.born;
            let now = arrival.file.metadata();
            is_young && now.is_ok_and(|now| tail.is_unknown((name, place), (&arrival.file, &now), since))
        });
        for _ in 0..ROUNDS {
            let found = listings.siblings(place).into_iter().filter(|(path, _)| self.is_of_log(path, (name, place)));
            let found = found.map(|(path, metadata)| (file::birth(&metadata), path, metadata));
            let is_missed = |(_, path, metadata): &(i64, PathBuf, Metadata)| {
                self.may_have_come(name, metadata, since) && self.is_missed((name, place), (path, metadata), since)
            };
            let mut missed: Vec<(i64, PathBuf, FileId)> =
                found.filter(is_missed).map(|(birth, path, metadata)| (birth, path, FileId::of(&metadata))).collect();
            missed.sort();
            missed.iter().for_each(|(_, path, id)| self.take_up_rotated((name, place), (path, *id), since));
            if missed.iter().all(|(.., id)| self.by_id.contains_key(id)) {
                return;
            }
            // Its name has changed since.
            *listings = Listings::default();
        }
    }

    /// Takes up the file at `path`, which was that of `id` when it was listed: one that came in its place meanwhile may be known.
    pub(super) fn take_up_rotated(&mut self, (name, place): (&Path, &Path), (path, id): (&Path, FileId), since: Since) {
        let Some((file, metadata)) = self.open_to_take_up(path) else { return };
        let is_other = FileId::of(&metadata) != id;
        let is_wanted = || {
            self.may_have_come(name, &metadata, since)
                && !self.is_followed(&metadata)
                && self.is_unknown((name, place), (&file, &metadata), since)
        };
        if is_other && !is_wanted() {
            return;
        }
        if self.take_up_opened((path, name), file, &metadata).is_some() {
            if since.is_copied {
                self.note_copy(name, FileId::of(&metadata));
            }
            info!(component = %self.settings.name, file = %path.display(), live = %name.display(),
                "rotated before it was seen: read from its start");
        }
    }

    /// Whether the file of which `metadata` tells may have come to the log called `name` since: it was born, or what the log held was
    /// copied to it and has been copied over that now.
    fn may_have_come(&self, name: &Path, metadata: &Metadata, since: Since) -> bool {
        let was_copied_over = || {
            since.is_copied
                && (since.seen..=since.until).contains(&metadata.mtime())
                && self.copies.get(name).is_some_and(|copies| copies.contains(&FileId::of(metadata)))
        };
        file::birth(metadata) >= since.born || was_copied_over()
    }

    /// Whether the file at `path`, which is named as a rotated file of the log called `name`, is not rather that of another log by a
    /// longer name: `app-2.log.1` is one of `app-2.log` where there is such a log, and of `app.log` otherwise.
    pub(super) fn is_of_log(&self, path: &Path, (name, place): (&Path, &Path)) -> bool {
        let plain = if opened::is_compressed(path) { path.with_extension("") } else { path.to_owned() };
        let is_compressed = plain.as_path() != path;
        let owner = siblings::logs_of(&plain)
            .find(|log| self.is_log(log) && !siblings::logs_of(log).any(|log| self.is_log(&log)));
        let is_own = |plain: &PathBuf| if is_compressed { self.is_log(plain) } else { self.is_known_log(plain) };
        let owner = owner.or_else(|| Some(plain).filter(is_own));
        owner.is_none_or(|log| [name, place].contains(&log.as_path()))
    }

    /// Whether a log under `Path` is called `name`, or was.
    fn is_log(&self, name: &Path) -> bool {
        self.paths.name(name) && (name.is_file() || self.is_known_log(name))
    }

    /// Whether a file that is followed, or was, is called `name` itself.
    pub(super) fn is_known_log(&self, name: &Path) -> bool {
        self.rows.named(name).next().is_some() || self.files.values().any(|file| **file.name() == *name)
    }

    /// Notes that what the log called `name` held was copied to the file `id`.
    pub(super) fn note_copy(&mut self, name: &Path, id: FileId) {
        let copies = self.copies.entry(name.into()).or_default();
        copies.retain(|copy| *copy != id);
        copies.push_back(id);
        if copies.len() > COPIES {
            copies.pop_front();
        }
    }

    /// Whether nothing is known of the file at `path`, or another is there by now.
    fn is_missed(&self, (name, place): (&Path, &Path), (path, metadata): (&Path, &Metadata), since: Since) -> bool {
        let id = FileId::of(metadata);
        if self.is_followed(metadata) || self.paths.is_excluded(path) {
            return false;
        }
        let Ok((file, now)) = file::open(path) else { return true };
        if FileId::of(&now) != id {
            return true;
        }
        self.is_unknown((name, place), (&file, &now), since)
    }

    /// Whether nothing is known of what `file` holds.
    pub(super) fn is_unknown(
        &self,
        (name, place): (&Path, &Path),
        (file, now): (&Opened, &Metadata),
        since: Since,
    ) -> bool {
        let is_copied = since.is_copied;
        let is_gone = || since.gone.is_some_and(|known| known.head_length > 0 && proof::has_head(file, &known));
        let is_read = self.is_stored(file, now) || self.is_copy_of_known(name, (file, now), since);
        let is_live = || is_copied && (now.len() == 0 || is_copy_of(file, now.len(), place));
        !(is_read || is_gone() || is_live() || is_copied && self.has_live_head(name, file))
    }

    /// Whether a stored row is of what `file` holds, and not only of its inode, which may be used again.
    pub(super) fn is_stored(&self, file: &Opened, metadata: &Metadata) -> bool {
        let Some(row) = self.row_in(file, metadata) else { return false };
        metadata.len() >= row.offset && row.known.is_none_or(|known| proof::has_head(file, &known))
    }

    /// Whether `file` is a copy of a file called `name`: it begins with all that was read of that, and agrees with it as far as both go.
    fn is_copy_of_known(&self, name: &Path, (file, metadata): (&Opened, &Metadata), since: Since) -> bool {
        let mut bytes = [0; proof::HEAD];
        let length = file.read_full(&mut bytes, 0).unwrap_or(0);
        let head = &bytes[..length];
        let begins_as = |position: &Position| {
            let known = position.known.filter(|known| known.head_length > 0);
            position.marker.1 > 0
                && metadata.len() >= position.offset
                && known.is_some_and(|known| proof::begins_with_head(head, &known))
        };
        // Of what holds exactly the same nothing but times tells.
        let is_later = |source: Option<Metadata>| {
            let source = source.filter(|source| !since.is_copied && source.len() == metadata.len());
            let written = source.and_then(|source| source.modified().ok());
            written.is_none_or(|written| metadata.created().map_or(true, |born| born >= written))
        };
        let is_of_row = |row: &Position| {
            begins_as(row)
                && self.proof_of_stored(file, row) == Proof::Holds
                && is_later(std::fs::metadata(row.last_place()).ok().filter(|source| file::row_fits(row, source)))
        };
        let is_of_open = |open: &Tailed| {
            **open.name() == *name
                && begins_as(&open.position)
                && self.proof_of_open(file, open) == Proof::Holds
                && is_later(open.file.metadata().ok())
        };
        self.rows.named(name).any(is_of_row) || self.files.values().any(|open| is_of_open(open))
    }

    /// Whether the file at `path`, of which nothing is known, is a copy of a log that is open: where `Path` names the copies, too,
    /// each is read as the rest of its log once that is truncated, and not as a log of its own.
    pub(super) fn is_copy_of_live(&mut self, path: &Path) -> bool {
        let is_log = |log: &PathBuf| self.paths.name(log) && log.is_file();
        let Some(log) = siblings::logs_of_any_name(path).find(is_log) else { return false };
        let is_plain = siblings::logs_of(path).any(|plain| plain == log);
        let Ok((file, now)) = file::open(path) else { return false };
        // `api-1.log` may be a log of its own, which begins with a few lines as `api.log` does.
        if !is_plain && now.len() < proof::HEAD as u64 {
            return false;
        }
        let is_of_log = |open: &Tailed| {
            let known = open.position.known.filter(|known| known.head_length > 0);
            let is_behind = |offset: u64| offset > 0 && now.len() >= offset && open.progress.mark.is_in(&file, offset);
            **open.name() == *log
                && open.standing == Standing::Live
                && known.is_some_and(|known| is_behind(open.progress.offset) && proof::has_head(&file, &known))
        };
        let is_copy = is_copy_of(&file, now.len(), &log) || self.files.values().any(|open| is_of_log(open));
        if is_copy {
            debug!(component = %self.settings.name, file = %path.display(), live = %log.display(), "a copy: left alone");
            self.scan_within(UNSURE);
        }
        is_copy
    }

    /// Whether `file` begins as what is read of the live file called `name`, which is found as its copy.
    fn has_live_head(&self, name: &Path, file: &Opened) -> bool {
        let live = self.files.values().filter(|open| open.standing == Standing::Live && **open.name() == *name);
        let has_head = |known: Known| known.head_length > 0 && proof::has_head(file, &known);
        live.filter_map(|open| open.position.known).any(has_head)
    }
}

fn holder(live: &Tailed) -> Holder {
    if live.size == 0 { Holder::Empty } else { Holder::Log }
}

/// Whether `copy`, of `length` bytes, is what the file at `place` begins with.
fn is_copy_of(copy: &Opened, length: u64, place: &Path) -> bool {
    let Ok((live, metadata)) = file::open(place) else { return false };
    let head = proof::extended(copy, length, &Known::default());
    let Ok(Some((head, head_length))) = head else { return false };
    let known = Known { head, head_length, ..Known::default() };
    metadata.len() >= length && proof::has_head(&live, &known) && Mark::of(copy, length).is_in(&live, length)
}
