//! Rows whose files are not where they were at a start: found again by identity in their directory, or told of as gone.
//!
//! Names change while a directory is read, and descriptors may be short, so what was not found is looked for once more before
//! anything is said of it. Called by the looks at all paths.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::{info, warn};

use super::Tail;
use super::ahead::AHEAD;
use super::file::{self, FileId, Standing};
use super::keep;
use super::opened::{self, Opened};
use super::proof::HEAD;
use super::rows::full_head;
use super::scan::TakeUp;
use super::siblings::Listings;
use super::successor::has_content;
use crate::state::{Known, Position};

/// How long the row of a file that is nowhere to be found is kept.
const KEPT_SECONDS: i64 = 7 * 86_400;
/// After this they are looked for once more.
const AGAIN: Duration = Duration::from_secs(1);

impl Tail {
    /// Rows of files that are not under `Path` any more: found again by identity in their directory, they are read to
    /// their end.
    pub(super) fn recover_rows(&mut self) {
        let is_ours = |row: &&Position| self.paths.name(&row.name) && !self.is_rest(row);
        let rows: Vec<Position> = self.rows.iter().filter(is_ours).cloned().collect();
        let (missing, unseen) = self.recover(rows);
        let now = (self.clock)().seconds;
        let (old, missing): (Vec<_>, Vec<_>) = missing.into_iter().partition(|row| is_old(row, now));
        self.forget_rows(&old);
        self.unfound = missing.iter().filter(|row| is_unread(row)).map(|row| row.id).collect();
        self.unseen = unseen.into_iter().map(|row| row.id).collect();
        if self.settings.exit_on_eof {
            // It may be at its end before there is another look.
            self.recover_again();
        }
        self.look_for_rows_again();
    }

    /// Looks once more for what was not found, and tells of what is gone. What could not be looked for is as often as it takes.
    pub(super) fn recover_again(&mut self) {
        if self.unfound.is_empty() && self.unseen.is_empty() {
            return;
        }
        let (unfound, unseen) = (std::mem::take(&mut self.unfound), std::mem::take(&mut self.unseen));
        let is_due = |row: &&Position| unfound.contains(&row.id) || unseen.contains(&row.id);
        let rows: Vec<Position> = self.rows.iter().filter(is_due).cloned().collect();
        let (missing, still_unseen) = self.recover(rows);
        self.unseen = still_unseen.into_iter().map(|row| row.id).collect();
        for row in missing.into_iter().filter(is_unread) {
            if unseen.contains(&row.id) {
                self.unfound.insert(row.id);
            } else {
                self.tell_gone(row);
            }
        }
        self.look_for_rows_again();
    }

    fn look_for_rows_again(&mut self) {
        if !(self.unfound.is_empty() && self.unseen.is_empty()) {
            self.scan_within(AGAIN);
        }
    }

    /// Takes up what of the files of `rows` is there. Gives the rows of those that are not, and of those that could not be looked for.
    fn recover(&mut self, rows: Vec<Position>) -> (Vec<Position>, Vec<Position>) {
        let mut listings = Listings::default();
        let (mut still_there, mut missing, mut unseen) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let places = [row.place.as_deref(), Some(&*row.name)];
            let mut is_looked_for = true;
            let found = places.into_iter().flatten().filter_map(Path::parent).find_map(|directory| {
                let listing = listings.of(directory);
                is_looked_for &= listing.is_ok();
                let found = listing.ok()?.get(&row.inode);
                found.filter(|(path, metadata)| keep::is_at(&row, path, metadata)).cloned()
            });
            match found {
                None if !is_looked_for => unseen.push(row),
                None => missing.push(row),
                // Read to its end before: it need not be opened again.
                Some((path, metadata)) if row.rotated && is_whole(&path, &metadata, &row) => still_there.push(row),
                Some((path, metadata)) => {
                    let (name, id) = (&row.name, FileId::of(&metadata));
                    self.take_up(TakeUp { path: &path, name, from_end: false, standing: Standing::Rotated, id });
                    // Names change: another one may have been there.
                    unseen.extend(Some(row).filter(|_| !id.is_at(&path)));
                }
            }
        }
        missing.retain(|row| !self.goes_on_compressed(row));
        let now = (self.clock)().seconds;
        still_there.iter_mut().for_each(|row| row.seen = now);
        if let Err(error) = self.positions.store(&mut still_there.iter_mut().collect::<Vec<_>>(), false) {
            self.complain(&error, "positions cannot be stored");
        }
        (missing, unseen)
    }

    /// Takes the row of the log called `name` out whose file is gone and held what `file`, in another inode, begins with: it was
    /// restored, or copied to another disk.
    pub(super) fn take_restored(&mut self, name: &Path, file: &Opened, metadata: &Metadata) -> Option<Position> {
        let is_proven = |row: &&Position| {
            let is_enough = row.offset > HEAD as u64 && row.marker.1 > 0 && full_head(row).is_some();
            is_enough && !row.rotated && has_content(file, row)
        };
        let row = self.rows.named(name).find(is_proven)?.clone();
        let mut listings = Listings::default();
        let is_there = |(path, metadata): &(PathBuf, Metadata)| keep::is_at(&row, path, metadata);
        let listing = listings.of(row.last_place().parent().unwrap_or(Path::new(""))).ok()?;
        if listing.get(&row.inode).is_some_and(is_there) || self.successor_of_many(&row).is_some() {
            return None;
        }
        info!(component = %self.settings.name, file = %name.display(), offset = row.offset,
            "it holds what a file held that is gone: it is read on where that was");
        self.rows.remove(&row);
        let (id, birth) = (FileId::of(metadata), file::birth(metadata));
        let known = row.known.map(|known| Known { device: id.device, birth, first_inode: id.inode, ..known });
        Some(Position { known, ..row })
    }

    /// Tells that the file of `row` is gone since the last run, once.
    fn tell_gone(&mut self, mut row: Position) {
        // Without a stop it is only known how far it may have been read.
        let lost = Some(row.reach.saturating_sub(row.offset)).filter(|lost| *lost < AHEAD).unwrap_or(0);
        warn!(component = %self.settings.name, file = %row.last_place().display(), offset = row.offset, lost,
            "gone since the last run: what was written to it behind the offset, if anything, is lost");
        self.abandon(lost, true);
        self.rows.remove(&row);
        row.is_told = true;
        if let Err(error) = self.positions.store(&mut [&mut row], false) {
            self.complain(&error, "that a file is gone cannot be stored: it is told again at the next start");
        }
        self.rows.add(row);
    }
}

/// Whether more may have been written to the file of `row` than was read, which nobody was told of.
fn is_unread(row: &Position) -> bool {
    !row.rotated && row.seen > 0 && !row.is_told
}

/// Whether the file of `row` was not found for a week. A row that Vigie never wrote belongs to someone else.
fn is_old(row: &Position, now: i64) -> bool {
    row.seen != 0 && now - row.seen >= KEPT_SECONDS
}

/// Whether a file that was read to its end, as `row` tells, has no more, as far as the system tells. What was put behind the end of a
/// copy is of another content.
fn is_whole(path: &Path, metadata: &Metadata, row: &Position) -> bool {
    row.is_of_copy() || metadata.len() == row.offset || opened::is_compressed(path)
}
