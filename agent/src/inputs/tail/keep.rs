//! Stores how far files are settled, and what they hold before it is used.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing::error;

use super::Tail;
use super::before::Away;
use super::file::{self, Content, Standing, Tailed};
use super::opened::{self, Opened};
use super::proof;
use super::read::Progress;
use crate::plugin::Stream;
use crate::receipts::Ledger;
use crate::state::{Position, StateError};

/// How often positions are stored at the most.
pub(super) const EVERY: Duration = Duration::from_secs(1);
/// How often a failure to store is complained of at the most.
const COMPLAIN_EVERY: Duration = Duration::from_secs(30);

impl Tail {
    /// Reads the stored positions.
    pub(super) fn load(&mut self) {
        match self.positions.all() {
            Ok(rows) => {
                rows.into_iter().for_each(|row| self.rows.add(row));
                self.remove_leftovers();
            }
            Err(error) => self.complain(&error, "stored positions cannot be read"),
        }
    }

    /// Whether something is to be stored or synced, again where that failed.
    pub(super) fn is_unsaved(&self) -> bool {
        self.is_unsynced || !self.moved.is_empty()
    }

    /// Stores the positions that moved, at most once a second unless `at_once`.
    pub(super) fn save(&mut self, at_once: bool) {
        if !at_once && (!self.is_unsaved() || self.now.duration_since(self.saved) < EVERY) {
            return;
        }
        self.saved = self.now;
        self.tell_lag();
        self.sync();
        // What came to the paths since then was not seen.
        let seen = self.scanned_at;
        let (over, places) = self.places_of_joined();
        for number in &over {
            self.move_joined(*number);
        }
        let (moved, changed, goes_on) = (&self.moved, &self.changed, self.outlet.is_some());
        let is_due = |number: &u64| moved.contains(number) && !changed.contains_key(number);
        let files = self.files.iter_mut().filter(|(number, _)| is_due(number));
        let changed = files.filter_map(|(number, file)| {
            let is_changed = update(file, seen, places.get(number).copied());
            if is_changed && goes_on {
                file.reach_out();
            }
            is_changed.then_some(&mut file.position)
        });
        let mut changed: Vec<&mut Position> = changed.collect();
        let stored = if changed.is_empty() { Ok(()) } else { self.positions.store(&mut changed, false) };
        match stored {
            Ok(()) => {
                self.moved.clone_from(&self.busy);
                over.into_iter().for_each(|number| drop(self.joins.remove(&number)));
            }
            Err(error) => {
                self.complain(&error, "positions cannot be stored; after a restart some lines are read again");
                // What is in memory is as it was meant to be stored: every row counts as changed the next time.
                self.unstore_moved();
            }
        }
    }

    /// Makes rows durable that were stored without.
    fn sync(&mut self) {
        if std::mem::take(&mut self.is_unsynced)
            && let Err(error) = self.positions.sync()
        {
            self.is_unsynced = true;
            self.complain(
                &error,
                "new files are not on disk yet; after a crash of the host they are read from their heads",
            );
        }
    }

    fn unstore_moved(&mut self) {
        for number in &self.moved {
            if let Some(file) = self.files.get_mut(number) {
                file.position.seen = 0;
            }
        }
    }

    pub(super) fn complain(&mut self, error: &StateError, meaning: &'static str) {
        self.metrics.disk_failures.add(1);
        if self.now >= self.complain_again {
            self.complain_again = self.now + COMPLAIN_EVERY;
            error!(component = %self.settings.name, %error, "{meaning}");
        }
    }

    /// Stores the files met since the last time, and gives those whose first line is complete their stream and ledger.
    /// Their generation is on disk before the first record has it, and so is where the content went that a file held before;
    /// but for those of which reading them anew without state would make the same: they are on disk within a second.
    /// With `last`, a first line needs no newline where it cannot be written on.
    pub(super) fn begin_contents(&mut self, last: bool) {
        self.begin_again = None;
        if self.fresh.is_empty() {
            return;
        }
        let seconds = (self.clock)().seconds;
        let (mut begun, mut unreadable) = (Vec::new(), Vec::new());
        let mut unstored = BTreeSet::new();
        let is_due = |number: &&u64| !self.changed.contains_key(number) && !self.is_put_off(**number);
        let due: Vec<u64> = self.fresh.iter().filter(is_due).copied().collect();
        for number in due {
            // What was overwritten before it had a row needs none.
            let file = self.files.get_mut(&number).filter(|file| file.standing != Standing::Gone);
            let Some(file) = file else { continue };
            let over = self.now.duration_since(file.last_growth) >= self.settings.rotate_wait;
            let last = (last && !file.needs_newline()) || (file.standing != Standing::Live && over);
            let is_known = file.has_generation()
                || (file.size > 0 && Arc::clone(&file.file).for_a_moment(|_| set_known(file, last)));
            if is_known {
                begun.push(number);
            }
            if !is_known && last && file.file.is_compressed() && holds_something(file) {
                unreadable.push(number);
            }
            if file.position.id == 0 {
                unstored.insert(number);
            }
        }
        let away = if begun.is_empty() { Away::default() } else { self.away() };
        self.decide(&mut begun, &away);
        self.put_off_successors(&mut begun, &away);
        for number in &begun {
            if let Some(file) = self.files.get_mut(number) {
                file.look_ahead(0, seconds);
            }
            unstored.insert(*number);
        }
        for number in unreadable {
            self.tell_trouble(number, true);
        }
        if unstored.is_empty() {
            return;
        }
        let joined = self.joined();
        let is_due = |number: &u64, file: &mut Tailed| {
            unstored.contains(number)
                || (file.position.seen == 0
                    && update(file, seconds, joined.contains(number).then_some(file.position.offset)))
        };
        let files = self.files.iter_mut();
        let mut rows: Vec<&mut Position> =
            files.filter_map(|(number, file)| is_due(number, file).then_some(&mut file.position)).collect();
        rows.iter_mut().for_each(|position| position.seen = seconds);
        let is_found_again = self.settings.read_from_head && self.settings.ignore_older.is_zero();
        let durable = !is_found_again || rows.iter().any(|row| !is_made_again(row));
        self.is_unsynced |= !durable;
        if let Err(error) = self.positions.store(&mut rows, durable) {
            rows.iter_mut().for_each(|position| position.seen = 0);
            self.begin_again = Some(self.now + EVERY);
            return self.complain(&error, "new files wait: their identity cannot be stored");
        }
        for number in begun {
            self.begin_content(number, &away);
        }
    }

    /// Stores logs that have no row yet, at the end: that one was truncated, and how often, shows at the next start by its row alone.
    pub(super) fn store_unstored(&mut self) {
        let (seconds, changed) = ((self.clock)().seconds, &self.changed);
        let is_unstored = |number: &u64, file: &Tailed| {
            file.position.id == 0 && file.standing == Standing::Live && !changed.contains_key(number)
        };
        let files = self.files.iter_mut().filter(|(number, file)| is_unstored(number, file));
        let mut rows: Vec<&mut Position> = files.map(|(_, file)| &mut file.position).collect();
        rows.iter_mut().for_each(|position| position.seen = seconds);
        if let Err(error) = self.positions.store(&mut rows, false) {
            self.complain(
                &error,
                "the identity of new files cannot be stored; lines around their beginnings may be joined otherwise",
            );
        }
    }

    fn begin_content(&mut self, number: u64, away: &Away) {
        let id = self.stream_id(number, away);
        let Some(file) = self.files.get_mut(&number) else { return };
        let known = file.position.known.unwrap_or_default();
        let stream = Stream {
            id,
            name: Arc::clone(file.name()).into(),
            input: Arc::clone(&self.settings.name),
            metrics: Arc::clone(&self.metrics),
            birth: u64::try_from(known.birth / 1_000_000_000).unwrap_or(0),
            identity: file.identity().into(),
            stage: Arc::clone(&self.stage),
            sent_below: file.again.as_ref().map_or(0, |again| again.below).into(),
        };
        let ledger = Ledger::new(file.progress.offset, self.signal.clone());
        file.content = Some(Content { stream: Arc::new(stream), ledger });
        file.progress.stuck = None;
        self.fresh.remove(&number);
        self.enqueue(number);
    }

    /// The id of the stream of a file, served by the worker of the one that it succeeds, if there is one `away`.
    fn stream_id(&mut self, number: u64, away: &Away) -> u64 {
        let first = self.stream_base;
        let before = self.wait_for_before(number, away).unwrap_or(first + number);
        let workers = self.outlet.as_ref().map_or(1, |outlet| outlet.workers() as u64);
        first + number * workers + (before + workers - first % workers) % workers
    }

    /// Keeps the position of a file that is closed, or forgets it where the file is deleted.
    pub(super) fn keep_closed(&mut self, mut file: Tailed) {
        if file.position.id == 0 {
            return;
        }
        if self.is_rest(&file.position) {
            update(&mut file, (self.clock)().seconds, None);
            file.position.reach = file.progress.offset;
            return self.close_rest(file.position);
        }
        let deleted = file.file.metadata().is_ok_and(|metadata| std::os::unix::fs::MetadataExt::nlink(&metadata) == 0);
        let successor = if deleted { self.successor(&file.as_read()) } else { None };
        let is_over = deleted && successor.is_none();
        let stored = if is_over {
            self.positions.remove(file.position.id)
        } else {
            update(&mut file, (self.clock)().seconds, None);
            (file.position.rotated, file.position.reach) = (true, file.progress.offset);
            if let Some((path, metadata)) = successor {
                file.position.lead_to(path, &metadata);
            }
            self.positions.store(&mut [&mut file.position], false)
        };
        if let Err(error) = stored {
            self.complain(&error, "the position of a closed file cannot be stored");
        }
        if !is_over {
            self.rows.add(file.position);
        }
    }

    /// Takes the newest stored row of `file`, of which `metadata` tells.
    pub(super) fn take_row(&mut self, file: &Opened, metadata: &std::fs::Metadata) -> Option<Position> {
        self.rows.take(file::FileId::of(metadata).inode, |row| is_row_of(row, file, metadata))
    }

    /// Whether a stored row is of the file that `metadata` tells of.
    pub(super) fn has_row(&self, metadata: &std::fs::Metadata) -> bool {
        self.row_of(metadata).is_some()
    }

    /// The newest stored row of the file that `metadata` tells of.
    pub(super) fn row_of(&self, metadata: &std::fs::Metadata) -> Option<&Position> {
        self.rows.newest(file::FileId::of(metadata).inode, |row| file::row_fits(row, metadata))
    }

    /// The newest stored row of `file`, of which `metadata` tells.
    pub(super) fn row_in(&self, file: &Opened, metadata: &std::fs::Metadata) -> Option<&Position> {
        self.rows.newest(file::FileId::of(metadata).inode, |row| is_row_of(row, file, metadata))
    }

    /// Names under which files with a stored row were found.
    pub(super) fn row_names(&self) -> std::collections::HashSet<Arc<Path>> {
        self.rows.iter().map(|row| Arc::clone(&row.name)).collect()
    }
}

/// Whether `row` is of `file`. Where births are not known, the inode of a copy may be that of another file by now, which has another
/// head; and another file may have been compressed into a gzip file.
fn is_row_of(row: &Position, file: &Opened, metadata: &std::fs::Metadata) -> bool {
    let is_proven = || row.known.as_ref().is_none_or(|known| proof::has_head(file, known));
    file::row_fits(row, metadata) && (!(row.is_of_copy() || file.is_compressed()) || is_proven())
}

/// Whether `row` is of the file at `path`.
pub(super) fn is_at(row: &Position, path: &Path, metadata: &std::fs::Metadata) -> bool {
    let is_proven = || file::open(path).is_ok_and(|(file, metadata)| is_row_of(row, &file, &metadata));
    file::row_fits(row, metadata) && (!(row.is_of_copy() || opened::is_compressed(path)) || is_proven())
}

/// Brings the row of `file` up to date, with its offset at `place` where it may not be as far as it is settled. Returns whether it is
/// to be stored.
fn update(file: &mut Tailed, seen: i64, place: Option<u64>) -> bool {
    if file.position.id == 0 || file.standing == Standing::Gone {
        return false;
    }
    let committed = place.unwrap_or_else(|| file.settled());
    let read = marker_as_read(file, committed);
    let position = &mut file.position;
    let stale = position.seen == 0 || position.rotated || position.is_told || position.offset != committed;
    let head = file::head_of(position);
    let is_gzip = file.file.is_compressed();
    let is_marked = !is_gzip || position.marker == read;
    if !stale && file.stored_head == head && is_marked {
        return false;
    }
    file.stored_head = head;
    position.offset = committed;
    (position.rotated, position.is_told, position.seen) = (false, false, seen);
    if is_gzip {
        position.marker = read;
        return true;
    }
    // What was truncated since, and written anew, proves nothing of what was read.
    let Progress { offset, mark, .. } = &file.progress;
    // Lines of two contents may end alike.
    let has_head = |file: &Opened| position.known.as_ref().is_none_or(|known| proof::has_head(file, known));
    let marker = |file: &Opened| (proof::marker(file, committed), mark.is_in(file, *offset) && has_head(file));
    let (marker, is_as_read) = file.file.for_a_moment(marker);
    position.marker = if is_as_read { marker } else { read };
    true
}

/// What is known without reading of the bytes before `offset`: those that were read last, or the marker that is stored.
fn marker_as_read(file: &Tailed, offset: u64) -> (i64, u32) {
    let (position, read) = (&file.position, file.progress.mark.stored());
    match offset {
        _ if offset == file.progress.offset && read.1 > 0 => read,
        _ if offset == position.offset => position.marker,
        _ => (0, 0),
    }
}

/// Whether a file that is read from its head without state would get this row again.
fn is_made_again(row: &Position) -> bool {
    row.offset == 0 && !row.is_of_copy() && row.known.is_none_or(|known| known.truncations == 0)
}

/// Whether a gzip file whose beginning was looked at holds something: its size was a guess before.
fn holds_something(file: &mut Tailed) -> bool {
    file.size = file.file.size().unwrap_or(file.size);
    file.size > 0
}

/// Gives a file its generation from its head. Returns whether the first line is complete.
pub(super) fn set_known(file: &mut Tailed, last: bool) -> bool {
    if !last && file.progress.stuck == Some(file.size) {
        return false;
    }
    let Ok(Some(beginning)) = proof::beginning(&file.file, file.size, last) else {
        file.progress.stuck = Some(file.size);
        return false;
    };
    let Ok(metadata) = file.file.metadata() else { return false };
    let mut known = file.position.known.unwrap_or_default();
    known.generation = proof::generation(beginning.first_line, known.truncations);
    (known.head, known.head_length) = beginning.head;
    (known.device, known.first_inode, known.birth) = (file.id.device, file.id.inode, file::birth(&metadata));
    file.position.known = Some(known);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::tail::file::FileId;
    use crate::state::Known;

    #[test]
    fn only_a_file_at_its_head_that_was_never_truncated_gets_the_same_row_again() {
        let fresh = Position { inode: 7, ..Position::default() };
        let known = |truncations, first_inode| Known { truncations, first_inode, ..Known::default() };
        let with = |known| Position { known: Some(known), ..fresh.clone() };

        assert!(is_made_again(&fresh));
        assert!(is_made_again(&with(known(0, 7))));
        assert!(!is_made_again(&with(known(1, 7))), "its generation has a number");
        assert!(!is_made_again(&with(known(0, 8))), "it is a copy of another");
        assert!(!is_made_again(&Position { offset: 1, ..fresh }));
    }

    /// A gzip file once was taken for the copy of a truncated log that had had its inode, and left unread.
    #[test]
    fn the_row_of_a_copy_is_not_that_of_another_file_with_its_inode() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(&file, "other\n").expect("it is written");
        let (opened, metadata) = file::open(file.path()).expect("it opens");
        let (head, head_length) = proof::extended(&opened, 6, &Known::default()).expect("it is read").expect("a head");
        let inode = FileId::of(&metadata).inode;
        let known = Known { first_inode: inode + 1, head, head_length, ..Known::default() };
        let row = |known| Position { inode, known: Some(known), ..Position::default() };

        assert!(is_row_of(&row(known), &opened, &metadata));
        assert!(!is_row_of(&row(Known { head: head + 1, ..known }), &opened, &metadata));
    }
}
