//! Forgets rows of files that are gone for good, so that their number follows that of the files that are there.
//!
//! A file that was read to its end and closed is known by its row, as long as it may be met again: under another name, or as what
//! it was compressed to. A look at all paths does this, seldom. A row goes when its file is twice nowhere to be found while a
//! log is followed in its directory, or in the nearest one above that is left: where a disk is not mounted, nothing is proved.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::debug;

use super::Tail;
use super::file::{self, Standing};
use super::siblings;
use crate::state::Position;

/// How often files are looked for.
const EVERY: Duration = Duration::from_mins(10);

/// What is in directories; `None` for those that cannot be read, or are not followed.
type Seen = HashMap<PathBuf, Option<HashMap<u64, Metadata>>>;

impl Tail {
    /// Forgets rows of files that are gone for good, when that is due.
    pub(super) fn forget_gone_if_due(&mut self) {
        if self.now.duration_since(self.gone_looked) < EVERY {
            return;
        }
        self.gone_looked = self.now;
        let live = self.files.values().filter(|file| file.standing == Standing::Live);
        let followed: HashSet<&Path> = live.flat_map(|file| file.place().ancestors().skip(1)).collect();
        let mut seen = Seen::new();
        let gone: Vec<Position> =
            self.rows.iter().filter(|row| self.is_gone(row, &followed, &mut seen)).cloned().collect();
        let before = std::mem::replace(&mut self.gone, gone.iter().map(|row| row.id).collect());
        let over: Vec<Position> = gone.into_iter().filter(|row| before.contains(&row.id)).collect();
        for row in &over {
            debug!(component = %self.settings.name, file = %row.last_place().display(), "gone for good: forgotten");
            self.gone.remove(&row.id);
        }
        self.forget_rows(&over);
    }

    /// Forgets `rows`.
    pub(super) fn forget_rows(&mut self, rows: &[Position]) {
        rows.iter().for_each(|row| self.rows.remove(row));
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        if let Err(error) = self.positions.remove_all(&ids) {
            self.complain(&error, "the positions of files that are gone cannot be removed");
        }
    }

    /// Whether the file of `row`, which was read to its end, is not there, nor what it was compressed to.
    fn is_gone(&self, row: &Position, followed: &HashSet<&Path>, seen: &mut Seen) -> bool {
        let is_ours = row.rotated && row.seen > 0 && self.paths.name(&row.name) && !self.is_rest(row);
        if !is_ours {
            return false;
        }
        let directory = row.last_place().parent().unwrap_or(Path::new(""));
        let entries = seen.entry(directory.to_owned()).or_insert_with(|| {
            let left = directory.ancestors().find(|directory| directory.exists())?;
            followed.contains(left).then(|| in_directory(directory))?
        });
        let is_missing = entries
            .as_ref()
            .is_some_and(|entries| entries.get(&row.inode).is_none_or(|metadata| !file::row_fits(row, metadata)));
        is_missing && self.successor_of_many(row).is_none()
    }
}

fn in_directory(directory: &Path) -> Option<HashMap<u64, Metadata>> {
    let found = siblings::entries(directory, |_| true).ok()?;
    Some(found.into_iter().map(|(_, metadata)| (file::FileId::of(&metadata).inode, metadata)).collect())
}

/// Rows whose files were not found at the last look, by their ids.
pub(super) type Gone = BTreeSet<i64>;
