//! Files go: they are renamed, truncated, overwritten, deleted, and in the end let go.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use tracing::{debug, error, info, warn};

use super::arrivals::Arrival;
use super::file::{self, FileId, Standing, Tailed};
use super::missed::{ROUNDS, Since};
use super::opened::Opened;
use super::proof;
use super::read::Progress;
use super::scan::is_lost;
use super::siblings::{Listings, siblings, told};
use super::{FAILED_WAIT, Tail};
use crate::state::{Known, Periods, Succeeds};

/// How long a copy is looked for again while no descriptor is free. The new content waits, too, and may itself be truncated.
const DESCRIPTOR_WAIT: Duration = Duration::from_mins(1);
/// How long a truncated log waits for a worker that reads from a copy of it.
const BUSY_WAIT: Duration = Duration::from_millis(20);

impl Tail {
    /// A file that its path no longer shows: renamed, or deleted.
    pub(super) fn lost_sight(&mut self, number: u64, listings: &mut Listings) {
        let Some(file) = self.files.get_mut(&number) else { return };
        match std::fs::metadata(file.place()) {
            Ok(metadata) if FileId::of(&metadata) == file.id && file.file.metadata().is_ok() => return,
            // A directory that cannot be read now hides it; it says nothing of the file.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return,
            _ => {}
        }
        let was_open = file.file.is_open();
        let directory = file.place().parent().unwrap_or(Path::new(""));
        if !was_open && listings.of(directory).is_err() {
            return self.scan_within(FAILED_WAIT);
        }
        if !was_open && !self.look_at_copies_of(number) {
            return self.scan_within(BUSY_WAIT);
        }
        let Some(file) = self.files.get_mut(&number) else { return };
        if file.standing != Standing::Live {
            return self.find_again(number, listings);
        }
        file.standing = Standing::Rotated;
        file.last_growth = self.now;
        self.leaving.insert(number);
        // Where it was: the next file may be renamed to where it is now.
        let (name, place) = (Arc::clone(file.name()), Arc::clone(file.place()));
        self.find_again(number, listings);
        let Some(file) = self.files.get_mut(&number) else { return };
        if was_open || file.standing == Standing::Gone {
            file.file.hold();
        }
        self.metrics.files_rotated.add(1);
        let born = file.position.known.map_or(0, |known| known.birth);
        debug!(component = %self.settings.name, file = %place.display(), "rotated away");
        self.plan_look(number);
        self.search((name, place), Since::renamed(born, self.scanned_at));
    }

    /// The file holds other or less content than before: the rest of the old is read from a copy if there is one, and the
    /// new from its start.
    pub(super) fn content_changed(&mut self, number: u64) {
        if self.files.get(&number).is_some_and(|file| self.is_rest(&file.position)) {
            return self.rest_changed(number);
        }
        if self.is_overwritten_copy(number) {
            return self.copy_overwritten(number);
        }
        if !self.look_at_copies_of(number) {
            self.changed.insert(number, self.now);
            return self.put_off(number, BUSY_WAIT);
        }
        let Some(old) = self.files.get(&number) else { return };
        // No descriptor of its own, which might not be had: the old content is read from it no more.
        let same = Arc::clone(&old.file);
        let Ok(metadata) = same.metadata() else { return self.put_off(number, FAILED_WAIT) };
        let found = self.find_copy(old);
        let was_looked_for = found.is_ok();
        let copy = match found {
            Err(error) if self.looks_again(number, &error) => return,
            found => found.ok().flatten().or_else(|| self.deleted_copy(number)),
        };
        self.changed.remove(&number);
        let Some(old) = self.files.get_mut(&number) else { return };
        self.metrics.files_rotated.add(1);
        let known = old.position.known.unwrap_or_default();
        let standing = old.standing;
        let (name, place) = (Arc::clone(old.name()), Arc::clone(old.place()));
        let quiet = i64::try_from(self.now.saturating_duration_since(old.last_growth).as_secs()).unwrap_or(0);
        let seen = (self.clock)().seconds - quiet - 1;
        // Where a copy of what was read is not found, only its head proves of the others that they are not it.
        let may_have_missed = copy.is_some() || old.progress.offset == 0 || (was_looked_for && known.head_length > 0);
        let gone = copy.is_none().then_some(known);
        let born = copy.as_ref().map_or(seen.saturating_mul(1_000_000_000), |copy| file::birth(&copy.metadata));
        let mut new = old.position.clone();
        new.known = Some(Known { head: 0, head_length: 0, truncations: known.truncations + 1, ..known });
        new.known = new.known.map(|known| Known { first_inode: new.inode, birth: file::birth(&metadata), ..known });
        (new.offset, new.marker, new.seen, new.rotated) = (0, (0, 0), 0, false);
        (new.reach, new.periods, new.succeeds) = (0, Periods::default(), Succeeds::UNDECIDED);
        match copy {
            Some(copy) => {
                info!(component = %self.settings.name, file = %old.place().display(), copy = %copy.path.display(),
                    offset = old.progress.offset, "truncated: the rest is read from its copy");
                let metadata = copy.metadata.clone();
                old.become_copy(copy, self.now);
                let id = old.id;
                self.by_id.insert(id, number);
                self.note_copy(&name, id);
                self.count_descriptor(number, &metadata);
                // The row goes with the old content, so the new one gets another.
                new.id = 0;
            }
            None => self.lose_truncated(number),
        }
        self.leaving.insert(number);
        self.plan_look(number);
        self.keep_within(number);
        let new = self.add(same, &metadata, new, standing);
        self.keep_within(new);
        if may_have_missed {
            self.search(
                (name, place),
                Since { is_copied: true, until: (self.clock)().seconds, gone, ..Since::renamed(born, seen) },
            );
        }
    }

    /// What a log held was truncated, and no copy of it is there.
    fn lose_truncated(&mut self, number: u64) {
        self.fresh.remove(&number);
        let Some(old) = self.files.get_mut(&number) else { return };
        let lost = old.size.saturating_sub(old.progress.offset);
        let was_read = lost == 0 && old.progress.offset > 0;
        old.standing = Standing::Gone;
        // The row is that of the new content. Stored once more, the old one would be met again at the next start.
        old.position.id = 0;
        let (name, place) = (&self.settings.name, Arc::clone(old.place()));
        if lost > 0 {
            error!(component = %name, file = %place.display(), lost, "truncated before it was read to its end");
        } else if was_read {
            warn!(component = %name, file = %place.display(),
                "truncated, and no copy of it is there: what was written to it last, if anything, is lost");
        }
        self.abandon(lost, was_read);
    }

    /// Counts what is `lost` of a content that is gone; with `is_unsure`, more of it may be.
    pub(super) fn abandon(&self, lost: u64, is_unsure: bool) {
        self.metrics.abandoned_bytes.add(lost);
        self.metrics.abandoned_contents.add(u64::from(lost > 0 || is_unsure));
    }

    /// Whether what changed is a copy, and not a log that is written anew: its log is followed where that is.
    pub(super) fn is_overwritten_copy(&self, number: u64) -> bool {
        let Some(file) = self.files.get(&number).filter(|file| file.may_be_copy()) else { return false };
        let since = Since { is_copied: true, ..Since::renamed(0, 0) };
        let is_known = |metadata: Metadata| {
            metadata.len() > 0 && !self.is_unknown((file.name(), file.name()), (&file.file, &metadata), since)
        };
        file.is_copy() || file.file.metadata().is_ok_and(is_known)
    }

    /// A copy was made over this one. What of it was not read is lost.
    pub(super) fn copy_overwritten(&mut self, number: u64) {
        self.changed.remove(&number);
        let Some(file) = self.files.get_mut(&number) else { return };
        file.standing = Standing::Gone;
        if self.by_id.get(&file.id) == Some(&number) {
            // It may be read as a copy of another content.
            self.by_id.remove(&file.id);
        }
        let (lost, is_copy) = (file.size.saturating_sub(file.progress.offset), file.is_copy());
        if lost > 0 {
            error!(component = %self.settings.name, file = %file.place().display(), lost,
                "a copy that was overwritten before it was read to its end");
        }
        self.abandon(lost, false);
        if !is_copy {
            self.forget_content(number);
        }
        self.leaving.insert(number);
        self.plan_look(number);
    }

    /// Removes the row of what a file held first and does not hold any more: it would be taken for that of what is there.
    fn forget_content(&mut self, number: u64) {
        self.fresh.remove(&number);
        let Some(file) = self.files.get_mut(&number) else { return };
        let row = std::mem::take(&mut file.position.id);
        if row != 0
            && let Err(error) = self.positions.remove(row)
        {
            self.complain(&error, "the position of an overwritten copy cannot be removed");
        }
    }

    /// Looks whether copies of a log were overwritten by one that is looked for now. Gives `false` while one that was is read.
    fn look_at_copies_of(&mut self, number: u64) -> bool {
        let Some(log) = self.files.get(&number).filter(|file| file.standing == Standing::Live) else { return true };
        let copies = self.files.iter().filter(|(_, file)| file.may_be_copy() && file.name() == log.name());
        let copies: Vec<u64> = copies.map(|(copy, _)| *copy).filter(|copy| *copy != number).collect();
        copies.iter().for_each(|copy| self.look_at(*copy));
        let is_as_it_was = |file: &Tailed| file.file.size_and_time().is_ok_and(|now| now == (file.size, file.modified));
        copies.iter().filter_map(|copy| self.files.get(copy)).all(|copy| copy.lent.is_none() || is_as_it_was(copy))
    }

    /// A copy of what `old` held: same head, same bytes before the offset. While names change, a listing tells of a file twice
    /// and of another not at all.
    ///
    /// # Errors
    /// When no descriptor is free to look.
    fn find_copy(&self, old: &Tailed) -> io::Result<Option<Copy>> {
        let Some(known) = old.position.known.filter(|known| known.head_length > 0) else { return Ok(None) };
        for round in 1..=ROUNDS {
            let found = match self.find_copy_now(old, &known)? {
                None if round == 1 => self.compressed_copy_of_moment(old),
                None if round == ROUNDS => self.compressed_copy(old),
                found => found,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn find_copy_now(&self, old: &Tailed, known: &Known) -> io::Result<Option<Copy>> {
        let siblings = match siblings(old.place()) {
            Err(error) if is_out_of_descriptors(&error) => return Err(error),
            found => told(old.place(), found),
        };
        for (path, metadata) in siblings {
            let may_be = metadata.len() >= old.progress.offset && self.is_of_log(&path, (old.name(), old.place()));
            if !may_be || self.is_followed(&metadata) {
                continue;
            }
            match (self.open_copy)(&path) {
                Ok((file, metadata)) if proof::has_head(&file, known) && has_tail(&file, old) => {
                    return Ok(Some(Copy { file, metadata, path }));
                }
                Err(error) if is_out_of_descriptors(&error) => return Err(error),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The same among those that were deleted since they came.
    fn deleted_copy(&mut self, number: u64) -> Option<Copy> {
        self.gather();
        let old = self.files.get(&number)?;
        let known = old.position.known.filter(|known| known.head_length > 0)?;
        let is_copy = |arrival: &Arrival| {
            (arrival.name == **old.name() || arrival.name == **old.place())
                && arrival.file.size().is_ok_and(|size| size >= old.progress.offset)
                && !self.is_followed(&arrival.metadata)
                && proof::has_head(&arrival.file, &known)
                && has_tail(&arrival.file, old)
        };
        let at = self.arrived.iter().position(is_copy)?;
        let Arrival { path, file, metadata, .. } = self.arrived.remove(at);
        Some(Copy { file, metadata, path })
    }

    /// Puts a file off whose copy could not be looked for, unless that went on for too long.
    fn looks_again(&mut self, number: u64, error: &io::Error) -> bool {
        if self.changed.is_empty() {
            warn!(component = %self.settings.name, %error, seconds = DESCRIPTOR_WAIT.as_secs(),
                "no descriptor is free to look for the copies of truncated files: tried again for some time; raise the limit of \
                open files (`ulimit -n`, `LimitNOFILE`)");
        }
        let since = *self.changed.entry(number).or_insert(self.now);
        let goes_on = self.now.duration_since(since) < DESCRIPTOR_WAIT;
        if goes_on {
            self.put_off(number, FAILED_WAIT);
        }
        goes_on
    }

    /// Lets go of files that were rotated away, read to their end and settled.
    pub(super) fn let_go(&mut self) {
        let leaving: Vec<u64> = self.leaving.iter().copied().collect();
        for number in leaving {
            if self.is_over(number) {
                self.close(number);
            }
        }
    }

    /// Whether nothing more is to be done for a file that leaves. Does what is to be done.
    fn is_over(&mut self, number: u64) -> bool {
        let Some(file) = self.files.get_mut(&number) else { return true };
        if file.standing != Standing::Gone {
            if self.now.duration_since(file.last_growth) < self.settings.rotate_wait {
                return false;
            }
            // It is looked for with each scan.
            if is_lost(file) {
                return false;
            }
            // What was written since the last look is read first.
            let size = file.file.size().unwrap_or(file.size);
            if size != file.size && file.may_grow() {
                return false;
            }
            let since = file.last_growth + self.settings.rotate_wait;
            if self.writers.has_writer(file.id, since, self.now) != Some(false) {
                return false;
            }
            if !file.is_read() {
                return self.lend_last(number);
            }
            self.tell_cut_off(number);
        }
        let (Some(file), Some(outlet)) = (self.files.get_mut(&number), &self.outlet) else { return false };
        let Some(content) = &file.content else { return true };
        if !file.ended {
            // Its stage gives out what waits for more lines; the answers to that are waited for.
            file.ended = true;
            outlet.end(Arc::clone(&content.stream));
        }
        !file.is_awaiting() && !self.is_held(number)
    }

    /// Lends what has no newline, unless a file waits that may begin with it. What is lent is not over.
    fn lend_last(&mut self, number: u64) -> bool {
        if !self.is_awaited(number) {
            self.lend(number, true);
        }
        false
    }

    pub(super) fn close(&mut self, number: u64) {
        self.leaving.remove(&number);
        let Some(file) = self.files.remove(&number) else { return };
        self.looks.remove(&(file.next_look, number));
        if let Some(watch) = file.watch {
            self.quiet.unwatch(watch);
        }
        self.fresh.remove(&number);
        self.changed.remove(&number);
        self.joins.remove(&number);
        self.undecided.remove(&number);
        if !file.is_copy() && file.standing != Standing::Gone {
            self.copies.remove(file.name());
        }
        self.prefixes.remove(&number);
        self.busy.remove(&number);
        self.moved.remove(&number);
        if self.by_id.get(&file.id) == Some(&number) {
            self.by_id.remove(&file.id);
        }
        self.metrics.files_closed.add(1);
        debug!(component = %self.settings.name, file = %file.place().display(), "let go");
        if file.standing != Standing::Gone || self.is_rest(&file.position) {
            self.keep_closed(*file);
        }
    }
}

/// A file that holds what another one held.
pub(super) struct Copy {
    pub(super) file: Opened,
    pub(super) metadata: Metadata,
    pub(super) path: PathBuf,
}

impl Tailed {
    /// Goes on in a copy of its content.
    pub(super) fn become_copy(&mut self, copy: Copy, now: std::time::Instant) {
        self.size = copy.file.size().unwrap_or(self.size);
        self.file = Arc::new(copy.file);
        self.id = FileId::of(&copy.metadata);
        (self.position.inode, self.position.born) = (self.id.inode, file::birth(&copy.metadata));
        self.position.place = Some(copy.path.into());
        self.position.seen = 0;
        self.progress.stuck = None;
        if self.content.is_none() {
            // Nothing was read of it yet: its mark is of what took its place.
            self.progress = Progress::at(&self.file, self.progress.offset);
        }
        self.ended = false;
        self.standing = Standing::Rotated;
        self.last_growth = now;
    }

    /// Whether its content may have been copied to it.
    fn may_be_copy(&self) -> bool {
        self.is_copy() || self.standing == Standing::Rotated
    }

    /// Whether what comes behind its end is of the same content: a copy is as long as it was when its log was truncated. How much a
    /// compressed one holds shows later.
    pub(super) fn may_grow(&self) -> bool {
        !self.is_copy() || self.file.is_compressed()
    }

    /// Whether its content was first seen in another file.
    pub(super) fn is_copy(&self) -> bool {
        self.position.known.is_some_and(|known| known.first_inode != self.id.inode)
    }
}

/// Whether `copy` has the bytes before the offset of `old`, as far as they are known.
fn has_tail(copy: &Opened, old: &Tailed) -> bool {
    if old.content.is_some() {
        return old.progress.mark.is_in(copy, old.progress.offset);
    }
    proof::has_marker(copy, old.position.offset, old.position.marker)
}

pub(super) fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}
