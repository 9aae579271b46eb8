//! Files come, are renamed, truncated, deleted, and are let go.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tracing::{debug, error, info, warn};

use super::Tail;
use super::file::{self, Content, FileId, Standing, Tailed};
use super::paths::expand_tag;
use crate::plugin::Stream;
use crate::receipts::Ledger;
use crate::state::{Known, Position};

/// Endings of compressed files: their content was another file's before.
const COMPRESSED: [&str; 5] = [".gz", ".bz2", ".xz", ".zst", ".zip"];

impl Tail {
    /// Looks at all paths: takes up new files, notes those that were renamed or deleted.
    pub(super) fn scan(&mut self) {
        self.scans += 1;
        let first = self.scans == 1;
        self.watcher.watch(self.paths.directories());
        for path in self.paths.find() {
            self.meet(&path, first);
        }
        for at in 0..self.files.len() {
            if self.files[at].seen != self.scans && self.files[at].standing == Standing::Live {
                self.lost_sight(at);
            }
        }
        if first {
            self.recover_rows();
        }
    }

    /// A file under `Path`.
    fn meet(&mut self, path: &Path, first: bool) {
        let Ok(metadata) = std::fs::metadata(path) else { return };
        if !metadata.is_file() {
            return;
        }
        let id = FileId::of(&metadata);
        let scans = self.scans;
        if let Some(known) = self.files.iter_mut().find(|known| known.id == id && known.standing != Standing::Gone) {
            if known.current != path && known.seen == scans {
                return;
            }
            known.seen = scans;
            known.current = path.to_owned();
            if known.standing == Standing::Rotated {
                known.standing = Standing::Live;
            }
            return;
        }
        if self.is_too_old(&metadata) {
            return;
        }
        self.take_up(path, first && !self.read_from_head, Standing::Live);
    }

    fn is_too_old(&self, metadata: &Metadata) -> bool {
        let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok());
        !self.ignore_older.is_zero() && age.is_some_and(|age| age > self.ignore_older)
    }

    /// Opens the file at `path` and finds out where to begin. `from_end` is for files that were there before the agent and
    /// have no stored position.
    fn take_up(&mut self, path: &Path, from_end: bool, standing: Standing) {
        let (file, metadata) = match file::open(path) {
            Ok(opened) => opened,
            Err(error) => {
                // It may be readable at the next look.
                if self.complained.insert(path.to_owned()) {
                    warn!(component = %self.name, file = %path.display(), %error, "cannot be opened");
                }
                return;
            }
        };
        self.complained.remove(path);
        let id = FileId::of(&metadata);
        let stored = self.rows.iter().position(|row| row.inode == id.inode && row_fits(row, &metadata));
        let position = match stored {
            Some(at) => Position { name: path.to_owned(), rotated: false, ..self.rows.swap_remove(at) },
            None => Position {
                id: 0,
                name: path.to_owned(),
                offset: if from_end { metadata.len() } else { 0 },
                inode: id.inode,
                created: (self.clock)().seconds,
                rotated: false,
                marker: (0, 0),
                known: None,
            },
        };
        self.metrics.files_opened.add(1);
        debug!(component = %self.name, file = %path.display(), offset = position.offset, "taken up");
        let now = Instant::now();
        self.files.push(Tailed {
            id,
            name: path.to_owned(),
            current: path.to_owned(),
            tag: expand_tag(&self.tag, path).into(),
            offset: position.offset,
            size: metadata.len(),
            file,
            position,
            content: None,
            standing,
            last_growth: now,
            next_look: now,
            skipping: false,
            ended: false,
            epoch: 0,
            seen: self.scans,
        });
        let at = self.files.len() - 1;
        self.check_content(at);
    }

    /// Compares a file just taken up with what is stored of it: other content, or less of it, begins anew.
    fn check_content(&mut self, at: usize) {
        let file = &mut self.files[at];
        if file.position.offset == 0 && file.position.known.is_none() {
            return;
        }
        let known_head = file.position.known.is_none_or(|known| file::has_head(&file.file, &known));
        let known_tail = file::has_marker(&file.file, file.position.offset, file.position.marker);
        if file.size >= file.position.offset && known_head && known_tail {
            return;
        }
        info!(component = %self.name, file = %file.current.display(), "its content is not the one known: read from its start");
        self.truncated(at);
    }

    /// Makes stream and ledger of files whose first line is complete, and stores their generations.
    pub(super) fn begin_contents(&mut self) {
        let mut begun = Vec::new();
        for (at, file) in self.files.iter_mut().enumerate() {
            if file.content.is_some() || file.size == 0 || file.standing == Standing::Gone {
                continue;
            }
            let known = file.position.known.filter(|known| known.head_length > 0);
            if known.is_none() && !set_known(file) {
                continue;
            }
            begun.push(at);
        }
        if begun.is_empty() {
            return;
        }
        let mut new: Vec<&mut Position> =
            self.files.iter_mut().map(|file| &mut file.position).filter(|position| position.id == 0).collect();
        new.retain(|position| position.known.is_some());
        if let Err(error) = self.positions.insert(&mut new) {
            error!(component = %self.name, %error, "new files wait: their identity cannot be stored");
            return;
        }
        for at in begun {
            self.next_stream += 1;
            let file = &mut self.files[at];
            let known = file.position.known.unwrap_or_default();
            let stream = Stream {
                id: self.stream_base.wrapping_add(self.next_stream),
                name: file.name.to_string_lossy().into_owned(),
                input: Arc::clone(&self.name),
                metrics: Arc::clone(&self.metrics),
                birth: u64::try_from(known.birth / 1_000_000_000).unwrap_or(0),
                identity: file.identity(),
                stage: Arc::clone(&self.stage),
            };
            let ledger = Ledger::new(file.offset, self.signal.clone());
            file.content = Some(Content { stream: Arc::new(stream), ledger });
        }
    }

    /// A file whose path no longer shows it: renamed, or deleted.
    fn lost_sight(&mut self, at: usize) {
        let file = &mut self.files[at];
        let links = file.file.metadata().map_or(0, |metadata| metadata.nlink());
        file.standing = if links == 0 { Standing::Deleted } else { Standing::Rotated };
        file.last_growth = Instant::now();
        file.next_look = Instant::now();
        self.metrics.files_rotated.add(1);
        let known = file.position.known.map_or(0, |known| known.birth);
        let (name, born) = (file.name.clone(), known);
        debug!(component = %self.name, file = %name.display(), "rotated away");
        self.take_up_missed(&name, born);
    }

    /// Takes up files that were made at `live` and renamed before they were seen there: siblings named after it, not
    /// compressed, born after the content known last.
    fn take_up_missed(&mut self, live: &Path, born: i64) {
        if born == 0 {
            return;
        }
        let mut missed: Vec<(i64, PathBuf)> = Vec::new();
        for (path, metadata) in siblings(live) {
            let birth = file::birth(&metadata);
            let id = FileId::of(&metadata);
            let known = self.files.iter().any(|file| file.id == id);
            if birth > born && !known && !self.paths.is_excluded(&path) {
                missed.push((birth, path));
            }
        }
        missed.sort();
        for (_, path) in missed {
            info!(component = %self.name, file = %path.display(), live = %live.display(), "rotated before it was seen: read from its start");
            self.take_up(&path, false, Standing::Rotated);
            if let Some(file) = self.files.last_mut().filter(|file| file.current == path) {
                file.name = live.to_owned();
                file.tag = expand_tag(&self.tag, live).into();
            }
        }
    }

    /// Rows of files that are not under `Path`: found again by identity in their directory, they are read to their end.
    fn recover_rows(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let now = (self.clock)().seconds;
        let mut lives: BTreeSet<(PathBuf, i64)> = BTreeSet::new();
        for row in &self.files {
            lives.extend(row.position.known.map(|known| (row.name.clone(), known.birth)));
        }
        for row in rows {
            lives.extend(row.known.map(|known| (row.name.clone(), known.birth)));
            let directory = row.name.parent().map(Path::to_owned).unwrap_or_default();
            let found =
                entries(&directory).find(|(_, metadata)| metadata.ino() == row.inode && row_fits(&row, metadata));
            let Some((path, _)) = found else {
                self.forget_old(&row, now);
                continue;
            };
            let name = row.name.clone();
            self.rows.push(row);
            self.take_up(&path, false, Standing::Rotated);
            if let Some(file) = self.files.last_mut().filter(|file| file.current == path) {
                file.name = name;
                file.tag = expand_tag(&self.tag, &file.name).into();
            }
        }
        // Of each live path only what came after the newest content known can have been missed.
        let mut newest: BTreeMap<PathBuf, i64> = BTreeMap::new();
        for (name, birth) in lives {
            let last = newest.entry(name).or_insert(birth);
            *last = birth.max(*last);
        }
        for (name, birth) in newest {
            self.take_up_missed(&name, birth);
        }
    }

    /// Forgets a row whose file was not found for a week.
    fn forget_old(&mut self, row: &Position, now: i64) {
        const WEEK: i64 = 7 * 86_400;
        if now - row.created < WEEK {
            return;
        }
        if let Err(error) = self.positions.remove(row.id) {
            warn!(component = %self.name, %error, "an old position cannot be removed");
        }
    }

    /// The file at `at` holds other or less content than before: the rest of the old is read from a copy if there is one,
    /// and the new from its start.
    pub(super) fn truncated(&mut self, at: usize) {
        let old = &self.files[at];
        let (path, standing, offset, size) = (old.current.clone(), old.standing, old.offset, old.size);
        let known = old.position.known;
        let copy = known.and_then(|known| find_copy(&path, old.id, offset, &known));
        let truncations = known.map_or(0, |known| known.truncations) + 1;
        let old = &mut self.files[at];
        match copy {
            Some((copied, metadata, copy_path)) => {
                info!(component = %self.name, file = %path.display(), copy = %copy_path.display(), offset,
                    "truncated: the rest is read from its copy");
                old.file = copied;
                old.id = FileId::of(&metadata);
                old.position.inode = old.id.inode;
                old.size = metadata.len();
                old.current = copy_path;
                old.standing = Standing::Rotated;
                old.last_growth = Instant::now();
            }
            None => {
                let lost = size.saturating_sub(offset);
                self.metrics.abandoned_bytes.add(lost);
                if lost > 0 {
                    error!(component = %self.name, file = %path.display(), lost, "truncated before it was read to its end");
                }
                old.standing = Standing::Gone;
            }
        }
        self.metrics.files_rotated.add(1);
        self.take_up(&path, false, standing);
        if let Some(new) = self.files.last_mut().filter(|file| file.current == path && file.content.is_none()) {
            new.offset = 0;
            new.position = Position { id: 0, offset: 0, marker: (0, 0), ..new.position.clone() };
            new.position.known = Some(Known { truncations, ..Known::default() });
        }
    }

    /// Lets go of files that were rotated away, read to their end and settled.
    pub(super) fn let_go(&mut self, now: Instant) {
        let mut at = 0;
        while at < self.files.len() {
            if self.is_finished(at, now) {
                let file = self.files.swap_remove(at);
                self.close(file);
            } else {
                at += 1;
            }
        }
    }

    fn is_finished(&mut self, at: usize, now: Instant) -> bool {
        let file = &mut self.files[at];
        let waited = now.duration_since(file.last_growth) >= self.rotate_wait;
        let over = match file.standing {
            Standing::Live => false,
            Standing::Rotated | Standing::Deleted => waited && file.at_end(),
            Standing::Gone => true,
        };
        if !over {
            return false;
        }
        let Some(content) = &file.content else { return true };
        if !file.ended {
            // Its stage gives out what waits for more lines; the answers to that are waited for below.
            file.ended = true;
            if let Some(outlet) = &self.outlet {
                outlet.end(Arc::clone(&content.stream));
            }
            return false;
        }
        content.ledger.in_flight() == 0
    }

    fn close(&mut self, mut file: Tailed) {
        self.metrics.files_closed.add(1);
        debug!(component = %self.name, file = %file.current.display(), "let go");
        if file.position.id == 0 {
            return;
        }
        let kept = if file.standing == Standing::Rotated {
            super::keep::update(&mut file, true);
            self.positions.save([&file.position])
        } else {
            self.positions.remove(file.position.id)
        };
        if let Err(error) = kept {
            warn!(component = %self.name, %error, "a position cannot be stored");
        }
    }
}

/// Gives a file its generation from its head. Returns whether the head is complete.
fn set_known(file: &mut Tailed) -> bool {
    let Ok(Some((head, head_length))) = file::head(&file.file, file.size) else { return false };
    let Ok(metadata) = file.file.metadata() else { return false };
    let truncations = file.position.known.map_or(0, |known| known.truncations);
    file.position.known = Some(Known {
        device: file.id.device,
        birth: file::birth(&metadata),
        generation: file::generation(head, truncations),
        head,
        head_length,
        truncations,
        first_inode: file.id.inode,
    });
    true
}

/// Whether a stored row can be of the file: a reused inode has another birth.
fn row_fits(row: &Position, metadata: &Metadata) -> bool {
    row.known.is_none_or(|known| {
        let birth = file::birth(metadata);
        known.birth == 0 || birth == 0 || known.birth == birth || known.first_inode != row.inode
    })
}

/// Regular files in `directory`.
fn entries(directory: &Path) -> impl Iterator<Item = (PathBuf, Metadata)> {
    let found = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    found.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?))).filter(|(_, metadata)| metadata.is_file())
}

/// Files beside `live` that are named after it and are not compressed.
fn siblings(live: &Path) -> Vec<(PathBuf, Metadata)> {
    let directory = live.parent().map(Path::to_owned).unwrap_or_default();
    let name = live.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = live.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let named_after = |path: &Path| {
        let other = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let suffix = other.strip_prefix(&name).or_else(|| other.strip_prefix(&stem));
        other != name
            && suffix.is_some_and(is_rotation_suffix)
            && !COMPRESSED.iter().any(|ending| other.ends_with(ending))
    };
    entries(&directory).filter(|(path, _)| named_after(path)).collect()
}

/// Whether a name goes on as rotation makes it: `.1`, `-20261123`, `.old`. `app-error.log` is another log than `app.log`.
fn is_rotation_suffix(suffix: &str) -> bool {
    let rest = suffix.strip_prefix(['.', '-', '_']);
    rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()) || rest == "old")
}

/// A copy of the content of `live` up to `offset` or further: same head, other file.
fn find_copy(live: &Path, id: FileId, offset: u64, known: &Known) -> Option<(std::fs::File, Metadata, PathBuf)> {
    if known.head_length == 0 {
        return None;
    }
    siblings(live).into_iter().find_map(|(path, metadata)| {
        if metadata.len() < offset || FileId::of(&metadata) == id {
            return None;
        }
        let (file, metadata) = file::open(&path).ok()?;
        file::has_head(&file, known).then_some((file, metadata, path))
    })
}
