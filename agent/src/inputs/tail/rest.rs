//! The unread rest of deleted files, kept over a stop.
//!
//! A deleted file is there for as long as it is open. What of it is not settled when the agent stops is copied into the state
//! directory, and its row leads to the copy, which the next start reads in its place under the same ids. A copy is removed when
//! it is settled. It holds log lines in the clear, as the log did. How copies are written is the matter of `rest_file`.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, info, warn};

use super::Tail;
use super::file::{self, Standing, Tailed};
use super::keep;
use super::proof;
use super::rest_file::{self, Rests, Unfit};
use super::scan::real_path;
use crate::state::{Position, StateError};

/// Copies that were made at a stop, by the number of the file.
pub(super) type Copies = HashMap<u64, CopyOf>;

/// A copy of what was not settled of a file.
pub(super) struct CopyOf {
    pub(super) path: PathBuf,
    /// Where its original was last.
    pub(super) original: Arc<Path>,
    /// Where it ends.
    pub(super) end: u64,
}

/// A copy whose row is to be stored.
struct Kept {
    number: u64,
    row: Position,
    path: PathBuf,
    /// Bytes that it holds for the next start.
    bytes: u64,
    end: u64,
}

impl Tail {
    /// Keeps what ends with the process, and stores all positions for the last time. Gives what was copied.
    pub(super) fn finish(&mut self) -> Copies {
        self.note_reached();
        self.store_unstored();
        self.count_overwritten();
        self.remove_settled_rests();
        let mut room = self.rests.as_ref().map_or(0, Rests::room);
        let numbers: Vec<u64> = self.files.keys().copied().collect();
        let kept = numbers.into_iter().filter_map(|number| self.keep_rest(number, &mut room)).collect();
        let copies = self.store_kept(kept);
        self.save(true);
        self.look_back();
        copies
    }

    /// Has the next start look for what this one did not find yet of the names it looks for, and at the gzip files of which it did not
    /// show yet whose content they have: it looks at what was written to since their logs were seen last.
    fn look_back(&mut self) {
        let unjudged = self.gzips.borrow().oldest_unjudged().unwrap_or(i64::MAX);
        let seen = |row: &Position| {
            let search = self.searches.get(&row.name)?;
            // The row of a gzip file is not of one that was written to later than it was seen.
            let is_led = row.is_of_copy() && row.rotated;
            let written = || std::fs::metadata(row.last_place()).map_or(0, |metadata| metadata.mtime());
            let least = if is_led { written() } else { 0 };
            Some(unjudged.min(search.seen()).max(least)).filter(|seen| row.seen > *seen)
        };
        let open = self.files.values().map(|file| &file.position);
        let due = open.chain(self.rows.iter()).filter(|row| row.id != 0);
        let mut rows: Vec<Position> =
            due.filter_map(|row| Some(Position { seen: seen(row)?, ..row.clone() })).collect();
        if let Err(error) = self.positions.store(&mut rows.iter_mut().collect::<Vec<_>>(), false) {
            self.complain(&error, "what is to be looked at again at the next start cannot be stored");
        }
    }

    /// Counts what was on its way of contents that are no longer there, and was not answered for.
    fn count_overwritten(&self) {
        for file in self.files.values().filter(|file| file.standing == Standing::Gone && file.is_awaiting()) {
            let lost = file.progress.offset.saturating_sub(file.settled());
            self.metrics.abandoned_bytes.add(lost);
            error!(component = %self.settings.name, file = %file.place().display(), lost,
                "not delivered before the stop and no longer there");
        }
    }

    /// Copies what is not settled of a file that is deleted, as far as there is `room`, and counts what is not kept.
    fn keep_rest(&mut self, number: u64, room: &mut u64) -> Option<Kept> {
        let (is_held, passes_on) = (self.is_held(number), self.passes_on(number));
        let file = self.files.get_mut(&number).filter(|file| file.standing != Standing::Gone)?;
        let metadata = file.file.metadata().ok().filter(|metadata| metadata.nlink() == 0)?;
        let from = if is_held { file.position.offset } else { file.settled() };
        if file.file.is_compressed() {
            // How much it holds shows once it is read. What cannot be read is not copied either.
            drop(rest_file::read_through(&file.file, (from, from.saturating_add(*room))));
        }
        file.size = file.file.size().unwrap_or(metadata.len());
        let size = file.size;
        if from >= size {
            return None;
        }
        // Nobody will end its first line.
        let has_identity = file.has_generation() || keep::set_known(file, true);
        let copied = match &self.rests {
            None => Err(io::Error::other("there is no state directory; set `storage.path` in [SERVICE]")),
            Some(_) if !has_identity => Err(io::Error::other("its first line cannot be read")),
            Some(rests) => rests.copy(file, from, *room),
        };
        let mut row = file.position.clone();
        (row.offset, row.marker) = (from, proof::marker(&file.file, from));
        let end = copied.as_ref().map_or(from, |copied| copied.end);
        if end < size && self.is_rest_compressed(&row) {
            copied.iter().for_each(|copied| self.remove_copy(&copied.path));
            return None;
        }
        if end < size && !passes_on {
            let reason = copied.as_ref().err().map_or_else(|| "there is no more room".to_owned(), io::Error::to_string);
            self.count_lost(&row.name, size - end, &reason);
        }
        let copied = copied.ok()?;
        *room = room.saturating_sub(end - from);
        (row.inode, row.born, row.place) = (copied.inode, 0, Some(copied.path.as_path().into()));
        (row.rotated, row.seen) = (false, (self.clock)().seconds);
        Some(Kept { number, row, path: copied.path, bytes: end - from, end })
    }

    /// Whether the next start finds the rest of a deleted file in what it was compressed to.
    fn is_rest_compressed(&self, row: &Position) -> bool {
        let found = self.successor(row);
        if let Some((path, _)) = &found {
            info!(component = %self.settings.name, file = %row.name.display(), compressed = %path.display(),
                "deleted before it was read to its end: the rest is read from what it was compressed to at the next start");
        }
        found.is_some()
    }

    /// Stores the rows of copies: only then they count.
    fn store_kept(&mut self, mut kept: Vec<Kept>) -> Copies {
        let mut copies = Copies::new();
        if kept.is_empty() {
            return copies;
        }
        let mut rows: Vec<&mut Position> = kept.iter_mut().map(|kept| &mut kept.row).collect();
        if let Err(error) = self.positions.store(&mut rows, true) {
            kept.into_iter().for_each(|kept| self.take_back(kept, &error));
            return copies;
        }
        for Kept { number, row, path, bytes, end } in kept {
            let Some(file) = self.files.get_mut(&number) else { continue };
            info!(component = %self.settings.name, file = %file.name().display(), copy = %path.display(), bytes,
                "deleted before it was read to its end: the rest is kept for the next start");
            let original = Arc::clone(file.place());
            file.stored_head = file::head_of(&row);
            file.position = row;
            copies.insert(number, CopyOf { path, original, end });
        }
        copies
    }

    /// Removes a copy whose row cannot be stored.
    fn take_back(&self, Kept { number, row, path, bytes, .. }: Kept, error: &StateError) {
        if !self.passes_on(number) {
            self.count_lost(&row.name, bytes, &format!("its position cannot be stored: {error}"));
        }
        self.remove_copy(&path);
    }

    /// Goes on in the copies that were kept at the last stop.
    pub(super) fn recover_rests(&mut self) {
        let rests = self.rests.as_ref();
        let found = self.rows.take_all(|row| rests.is_some_and(|rests| rests.is_place_of(row)));
        for row in found {
            self.recover_rest(row);
        }
    }

    fn recover_rest(&mut self, mut row: Position) {
        let place = row.place.clone().unwrap_or_else(|| Arc::clone(&row.name));
        let unsettled = rest_file::unsettled(&place, Some(row.offset));
        match rest_file::open(&row) {
            Ok((file, metadata)) => {
                info!(component = %self.settings.name, file = %row.name.display(), copy = %place.display(),
                    offset = row.offset, "its rest was kept at the last stop: it goes on there");
                self.metrics.files_opened.add(1);
                self.add(Arc::new(file), &metadata, row, Standing::Rotated);
            }
            Err(Unfit::Unreadable(error)) => {
                warn!(component = %self.settings.name, file = %place.display(), %error,
                    "a kept rest cannot be read; tried again at the next start");
                // What it was compressed to is not another log.
                self.rows.add(row);
            }
            Err(Unfit::Damaged(reason)) => {
                if unsettled > 0 {
                    self.count_lost(&row.name.clone(), unsettled, &format!("its copy is damaged: {reason}"));
                }
                self.remove_rest(&mut row);
            }
        }
    }

    /// Removes what a crash left among the copies. Called once all rows are read.
    pub(super) fn remove_leftovers(&self) {
        let Some(rests) = &self.rests else { return };
        let known: HashSet<&Path> = self.rows.iter().filter_map(|row| row.place.as_deref()).collect();
        for path in rests.files().filter(|path| !known.contains(path.as_path())) {
            let lost = rest_file::unsettled(&path, None);
            self.metrics.abandoned_bytes.add(lost);
            warn!(component = %self.settings.name, file = %path.display(), lost,
                "a copy that no position leads to is removed");
            self.remove_copy(&path);
        }
    }

    /// Whether `row` leads to a copy of this input in the state directory.
    pub(super) fn is_rest(&self, row: &Position) -> bool {
        self.rests.as_ref().is_some_and(|rests| rests.is_place_of(row))
    }

    /// A copy that does not hold what it held: it is not read on.
    pub(super) fn rest_changed(&mut self, number: u64) {
        let Some(file) = self.files.get_mut(&number) else { return };
        file.standing = Standing::Gone;
        let (name, lost) = (Arc::clone(file.name()), file.size.saturating_sub(file.progress.offset));
        self.count_lost(&name, lost, "its copy was changed");
        self.leaving.insert(number);
        self.plan_look(number);
    }

    /// Removes a copy that is settled. Its row goes, too, unless there is a gzip file with the same content: that would be met as
    /// another log.
    pub(super) fn close_rest(&mut self, mut row: Position) {
        let place = row.place.replace(real_path(&row.name).into());
        let Some((path, metadata)) = self.successor(&row) else {
            row.place = place;
            return self.remove_rest(&mut row);
        };
        row.lead_to(path, &metadata);
        row.rotated = true;
        match self.positions.store(&mut [&mut row], false) {
            Ok(()) => place.iter().for_each(|copy| self.remove_copy(copy)),
            Err(error) => self.complain(&error, "the position of a settled rest cannot be stored"),
        }
        self.rows.add(row);
    }

    /// Removes a copy and then its row, which says that it is settled before: a crash in between loses nothing that counts.
    pub(super) fn remove_rest(&mut self, row: &mut Position) {
        let Some(place) = row.place.clone() else { return };
        let stored = self.positions.store(&mut [row], false);
        let removed = stored.and_then(|()| {
            self.remove_copy(&place);
            self.positions.remove(row.id)
        });
        if let Err(error) = removed {
            self.complain(&error, "the position of a settled rest cannot be removed");
        }
    }

    /// Removes the copies that are settled to their end.
    fn remove_settled_rests(&mut self) {
        let is_settled = |file: &Tailed| file.standing == Standing::Gone || file.settled() >= file.size;
        let is_rest = |number: u64, file: &Tailed| self.is_rest(&file.position) && !self.is_held(number);
        let rests = self.files.iter().filter(|(number, file)| is_rest(**number, file) && is_settled(file));
        let numbers: Vec<u64> = rests.map(|(number, _)| *number).collect();
        numbers.into_iter().for_each(|number| self.close(number));
    }

    pub(super) fn remove_copy(&self, path: &Path) {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                warn!(component = %self.settings.name, file = %path.display(), %error,
                    "a copy that is not needed any more cannot be removed: remove it by hand");
            }
            _ => {}
        }
    }

    fn count_lost(&self, name: &Path, lost: u64, reason: &str) {
        self.metrics.abandoned_bytes.add(lost);
        error!(component = %self.settings.name, file = %name.display(), lost, reason,
            "deleted before it was read to its end, and the rest is not kept: these bytes are lost");
    }
}
