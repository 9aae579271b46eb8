//! What is open at a reload passes on to the input that takes the place of this one.
//!
//! A file that was deleted, or moved to where nobody looks for it, is there for as long as it is open. So an input leaves all it
//! has open, each with its position, to the one that has the same place of positions. That one finds most of them at their
//! paths, and goes on with the rest as they are. What of a deleted file was copied for the next start is left beside it, should
//! nobody go on with it; and what of it is in no copy either is told of then.

use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{error, info};

use super::Tail;
use super::file::{FileId, Standing};
use super::opened::Opened;
use super::rest::Copies;
use crate::metrics::InputMetrics;
use crate::plugin::Stop;
use crate::state::Position;

/// The open files of an input that has ended.
struct Left {
    input: Arc<str>,
    metrics: Arc<InputMetrics>,
    files: HashMap<FileId, LeftFile>,
}

/// A file that is left open.
pub(super) struct LeftFile {
    file: Arc<Opened>,
    position: Position,
    /// Where what is not settled of it was copied to.
    copy: Option<PathBuf>,
    /// Up to where it is settled or copied.
    kept: u64,
}

/// Files that an input before left, as long as it does not show whether they are at their paths.
pub(super) type Inherited = HashMap<FileId, LeftFile>;

impl LeftFile {
    fn place(&self) -> &Path {
        self.position.last_place()
    }

    /// Whether its path leads to it.
    fn is_at_its_place(&self, id: FileId) -> bool {
        id.is_at(self.place())
    }

    /// Bytes that nobody can read once it is closed.
    fn lost(&self) -> u64 {
        let is_deleted = |metadata: &Metadata| metadata.nlink() == 0;
        let is_lost = self.file.metadata().is_ok_and(|metadata| is_deleted(&metadata));
        if is_lost { self.file.size().unwrap_or(0).saturating_sub(self.kept) } else { 0 }
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        for file in self.files.values() {
            let lost = file.lost();
            if lost > 0 {
                self.metrics.abandoned_bytes.add(lost);
                error!(component = %self.input, file = %file.position.name.display(), lost,
                    "deleted before it was read to its end, and no input goes on with it after the reload: these bytes are lost");
            }
        }
    }
}

impl Tail {
    /// Whether file `number` is left open to the input that takes the place of this one. What a worker still has is not: two would
    /// read from it.
    pub(super) fn passes_on(&self, number: u64) -> bool {
        let is_free =
            |file: &super::Tailed| file.lent.is_none() && file.standing != Standing::Gone && file.file.is_open();
        self.reading.stop.is_handed_over() && self.files.get(&number).is_some_and(|file| is_free(file))
    }

    /// Leaves what is open, of which `copies` were made. Called once all is stored.
    pub(super) fn leave(&mut self, stop: &Stop, mut copies: Copies) {
        let numbers: Vec<u64> = self.files.keys().copied().filter(|number| self.passes_on(*number)).collect();
        let mut files = HashMap::new();
        for number in numbers {
            let Some(file) = self.files.remove(&number) else { continue };
            let copied = copies.remove(&number);
            let mut position = file.position;
            let kept = copied.as_ref().map_or(position.offset, |copied| copied.end);
            let copy = copied.map(|copied| {
                (position.inode, position.place) = (file.id.inode, Some(copied.original));
                copied.path
            });
            files.insert(file.id, LeftFile { file: file.file, position, copy, kept });
        }
        let (input, metrics) = (Arc::clone(&self.settings.name), Arc::clone(&self.metrics));
        stop.leave(Left { input, metrics, files });
    }

    /// Takes over what inputs before left. Their descriptors count as those of this one.
    pub(super) fn inherit(&mut self, stop: &Stop) {
        while let Some(mut left) = stop.inherit::<Left>() {
            self.inherited.extend(left.files.drain());
        }
        for left in self.inherited.values() {
            self.descriptors.count(&left.file, &left.place().into());
        }
    }

    /// Leads the rows of what is inherited back from copies to the files themselves.
    pub(super) fn lead_back(&mut self) {
        let copied: Vec<(Position, PathBuf)> =
            self.inherited.values_mut().filter_map(|left| Some((left.position.clone(), left.copy.take()?))).collect();
        for (mut position, copy) in copied {
            if self.rows.take_all(|row| row.id == position.id).is_empty() {
                continue;
            }
            match self.positions.store(&mut [&mut position], false) {
                Ok(()) => self.remove_copy(&copy),
                Err(error) => self.complain(&error, "the position of a file that is read on cannot be stored"),
            }
            self.rows.add(position);
        }
    }

    /// Goes on with those that are not at their paths any more. Which are is looked at again once the paths were gone through:
    /// with `last`, the others are closed.
    pub(super) fn go_on_with_inherited(&mut self, last: bool) {
        let is_away = |(id, left): &(&FileId, &LeftFile)| !left.is_at_its_place(**id);
        let away: Vec<FileId> = self.inherited.iter().filter(is_away).map(|(id, _)| *id).collect();
        for id in away {
            let Some(left) = self.inherited.remove(&id) else { continue };
            self.go_on_with(left, id);
        }
        if last {
            self.inherited = Inherited::new();
        }
    }

    fn go_on_with(&mut self, left: LeftFile, id: FileId) {
        let Ok(metadata) = left.file.metadata() else { return };
        if self.by_id.contains_key(&id) {
            return;
        }
        let row = self.rows.take(left.position.inode, |row| row.id == left.position.id);
        let position = row.unwrap_or(left.position);
        info!(component = %self.settings.name, file = %position.name.display(), offset = position.offset,
            "it is not where it was, and still open: it is read on after the reload");
        self.metrics.files_opened.add(1);
        let number = self.add(left.file, &metadata, position, Standing::Rotated);
        self.check_content(number);
        self.keep_within(number);
    }
}
