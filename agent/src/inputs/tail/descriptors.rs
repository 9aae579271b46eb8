//! Holds no more descriptors than the system gives: quiet files give theirs up and are opened again when they grow.
//!
//! A file without a descriptor is known by its path, inode and birth, and its watch still tells of writes. When it is not there any
//! more it is looked for in its directory; where it was compressed, it goes on in that. One that leaves while it is open is held, unless
//! a path is known that leads to it. Counted is all that is open of files, copies and kept rests; what
//! comes has a share of its own in `arrivals`.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rustix::process::{Resource, getrlimit};
use tracing::{error, info, warn};

use super::file::{self, FileId, Open, Standing, Tailed};
use super::opened::{Held, Opened};
use super::rotate::is_out_of_descriptors;
use super::siblings::Listings;
use super::{FAILED_WAIT, Tail};

/// Files that are gone through for one that may give its descriptor up.
const STEPS: usize = 256;
/// Files that may be open whatever the limit is.
const LEAST: usize = 8;
/// Descriptors that an input has beside those of files: its positions, its watchers, directories that it looks into.
const OWN: usize = 16;

/// The descriptors of one input.
pub(super) struct Descriptors {
    held: Arc<Held>,
    /// The file that was gone through last.
    hand: u64,
    /// The turn in which no more could be held.
    full: Option<Instant>,
}

impl Descriptors {
    /// Half of what `alike` inputs can share. An eighth is for what comes, the rest for all others that open files.
    pub(super) fn new(alike: usize) -> Self {
        let most = share(2, alike).max(LEAST);
        let held = Held { most: most.into(), ..Held::default() };
        Self { held: Arc::new(held), hand: 0, full: None }
    }

    /// How many are held.
    pub(super) fn held(&self) -> usize {
        self.held.now.load(Ordering::Relaxed)
    }

    /// How many may be held.
    pub(super) fn most(&self) -> usize {
        self.held.most.load(Ordering::Relaxed)
    }

    /// Counts the descriptor of a file that another input opened, at `place`, and that stays open.
    pub(super) fn count(&self, file: &Opened, place: &Arc<Path>) {
        if let Ok(metadata) = file.metadata() {
            file.enroll(place, &metadata, &self.held);
            file.hold();
        }
    }

    pub(super) fn set_most(&self, most: usize) {
        self.held.most.store(most, Ordering::Relaxed);
    }

    /// Leaves one to each of so many workers, who open what they read.
    pub(super) fn leave_to(&self, workers: usize) {
        self.set_most(self.most().saturating_sub(workers).max(self.most().min(LEAST)));
    }
}

/// One of so many `parts` of the descriptors of the process, for each of `alike` inputs.
pub(super) fn share(parts: usize, alike: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
    part_of(limit.unwrap_or(usize::MAX), parts, alike)
}

fn part_of(limit: usize, parts: usize, alike: usize) -> usize {
    let alike = alike.max(1);
    limit.saturating_sub(alike.saturating_mul(OWN)) / parts / alike
}

impl Tail {
    /// Opens `path`; where no descriptor is free, after other files gave theirs up.
    pub(super) fn open_with_room(&mut self, path: &Path, open: Open) -> io::Result<(Opened, Metadata)> {
        match open(path) {
            Err(error) if is_out_of_descriptors(&error) && self.descriptors.held() > LEAST => {
                let held = self.descriptors.held();
                self.descriptors.set_most((held - held.div_ceil(8)).max(LEAST));
                info!(component = %self.settings.name, %error, files = self.descriptors.most(), "fewer files are held open");
                self.descriptors.full = None;
                self.make_room();
                open(path)
            }
            opened => opened,
        }
    }

    /// Counts the descriptor of a file that is added, and lets it give that up while its path leads to it.
    pub(super) fn count_descriptor(&mut self, number: u64, metadata: &Metadata) {
        let Some(file) = self.files.get(&number) else { return };
        file.file.enroll(file.place(), metadata, &self.descriptors.held);
        let leads = || std::fs::metadata(file.place()).is_ok_and(|there| FileId::of(&there) == file.id);
        if file.standing != Standing::Live && (self.is_rest(&file.position) || !leads()) {
            file.file.hold();
        }
    }

    /// The number of the file that `metadata` tells of, where it is followed. The inode of one that is not held open may be that of
    /// another file by now.
    pub(super) fn number_of(&self, metadata: &Metadata) -> Option<u64> {
        let number = self.by_id.get(&FileId::of(metadata)).copied()?;
        let file = self.files.get(&number)?;
        let births = [file.position.born, file::birth(metadata)];
        (file.file.is_open() || births.contains(&0) || births[0] == births[1]).then_some(number)
    }

    pub(super) fn is_followed(&self, metadata: &Metadata) -> bool {
        self.number_of(metadata).is_some()
    }

    /// Keeps to the number of descriptors once `number` has one.
    pub(super) fn keep_within(&mut self, number: u64) {
        let has_room = self.make_room();
        if let Some(file) = self.files.get(&number).filter(|file| !has_room && may_close(file)) {
            file.file.give_up();
        }
    }

    /// Has quiet files give up their descriptors, in turn, until no more are held than may be. Gives whether that is so. What was
    /// tried in vain is not tried again in the same turn: with many files that would be long.
    pub(super) fn make_room(&mut self) -> bool {
        let is_over = |tail: &Self| tail.descriptors.held() > tail.descriptors.most();
        if !is_over(self) {
            return true;
        }
        if self.descriptors.full == Some(self.now) {
            return false;
        }
        let hand = self.descriptors.hand;
        let round = self.files.range(hand.saturating_add(1)..).chain(self.files.range(..=hand));
        for (number, file) in round.take(STEPS.max(self.files.len() / 8)) {
            if !is_over(self) {
                break;
            }
            self.descriptors.hand = *number;
            if may_close(file) && file.is_read() && !file.is_awaiting() {
                file.file.give_up();
            }
        }
        let is_full = is_over(self);
        self.descriptors.full = is_full.then_some(self.now);
        !is_full
    }

    /// Opens a file again that is not at its path any more. One that is nowhere in its directory was compressed, or is deleted with
    /// what of it was not read. While no descriptor is free to look for it, it is looked for later.
    pub(super) fn find_again(&mut self, number: u64, listings: &mut Listings) {
        let Some(file) = self.files.get_mut(&number).filter(|file| !file.file.is_open()) else { return };
        let Ok(listing) = listings.of(file.place().parent().unwrap_or(Path::new(""))) else {
            return self.scan_within(FAILED_WAIT);
        };
        let born = file.position.born;
        let found = listing.get(&file.id.inode).filter(|(_, metadata)| born == 0 || file::birth(metadata) == born);
        if let Some((path, _)) = found {
            let path: Arc<Path> = path.as_path().into();
            file.file.move_to(&path);
            if file.file.file().is_ok() {
                file.position.place = Some(path);
                return self.keep_within(number);
            }
        }
        self.gzips.get_mut().begin_asking();
        if self.goes_on_in_copy(number) {
            return;
        }
        if self.gzips.borrow().was_refused() {
            return self.scan_within(FAILED_WAIT);
        }
        let Some(file) = self.files.get_mut(&number) else { return };
        // A watch tells of writes.
        let is_seen = file.watch.is_some() || !file.may_grow() || file.file.is_compressed();
        file.standing = Standing::Gone;
        let (place, lost) = (Arc::clone(file.place()), file.size.saturating_sub(file.progress.offset));
        self.abandon(lost, !is_seen);
        if lost > 0 {
            error!(component = %self.settings.name, file = %place.display(), lost,
                "deleted before it was read to its end, and not held open: there are more files than descriptors; raise the \
                limit of open files (`ulimit -n`, `LimitNOFILE`)");
        } else if !is_seen {
            warn!(component = %self.settings.name, file = %place.display(),
                "deleted while it was not held open: what was written to it last, if anything, is lost; there are more files than \
                descriptors; raise the limit of open files (`ulimit -n`, `LimitNOFILE`)");
        }
    }

    /// Goes on in what a file was compressed to. Gives whether there is such a file.
    fn goes_on_in_copy(&mut self, number: u64) -> bool {
        let Some(copy) = self.files.get(&number).and_then(|file| self.compressed_copy(file)) else { return false };
        let Some(file) = self.files.get_mut(&number) else { return false };
        info!(component = %self.settings.name, file = %file.place().display(), copy = %copy.path.display(),
            offset = file.progress.offset, "compressed while it was not held open: the rest is read from there");
        let (before, metadata) = (file.id, copy.metadata.clone());
        file.become_copy(copy, self.now);
        if self.by_id.get(&before) == Some(&number) {
            self.by_id.remove(&before);
        }
        self.by_id.insert(FileId::of(&metadata), number);
        self.moved.insert(number);
        self.count_descriptor(number, &metadata);
        self.keep_within(number);
        true
    }
}

/// Whether a file may give up its descriptor: nobody reads it. One to which no path leads holds it by itself.
fn may_close(file: &Tailed) -> bool {
    file.standing != Standing::Gone && file.lent.is_none() && file.file.is_open()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_inputs_together_leave_the_rest_of_the_process_its_share() {
        for limit in [128, 256, 1_024, 65_536] {
            for alike in [0, 1, 2, 3] {
                let number = alike.max(1);
                let files = part_of(limit, 2, alike).max(LEAST) * number;
                let arrivals = 2 * part_of(limit, 16, alike) * number;
                // Runtime, logs, outputs: as many as an agent with one output has, and some more.
                assert!(files + arrivals + OWN * number + 16 <= limit, "{alike} inputs under {limit}");
            }
        }
    }
}
