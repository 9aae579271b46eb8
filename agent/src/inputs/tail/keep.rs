//! Stores how far files are settled.

use std::time::{Duration, Instant};

use tracing::error;

use super::Tail;
use super::file::{self, Tailed};
use crate::state::Position;

/// How often positions are stored at the most.
const EVERY: Duration = Duration::from_secs(1);

impl Tail {
    /// Stores the positions that moved, at most once a second unless `now_or_never`.
    pub(super) fn save(&mut self, now: Instant, now_or_never: bool) {
        if !now_or_never && now.duration_since(self.saved) < EVERY {
            return;
        }
        self.saved = now;
        let moved: Vec<&Position> =
            self.files.iter_mut().filter_map(|file| update(file, false).then_some(&file.position)).collect();
        if moved.is_empty() {
            return;
        }
        if let Err(error) = self.positions.save(moved) {
            error!(component = %self.name, %error, "positions cannot be stored; after a restart some lines are read again");
        }
    }
}

/// Brings the row of `file` up to date. Returns whether it changed.
pub(super) fn update(file: &mut Tailed, rotated: bool) -> bool {
    let Some(content) = &file.content else { return false };
    let committed = content.ledger.committed();
    let same = file.position.offset == committed && file.position.name == file.name && file.position.rotated == rotated;
    if same || file.position.id == 0 {
        return false;
    }
    file.position.offset = committed;
    file.position.name.clone_from(&file.name);
    file.position.rotated = rotated;
    file.position.marker = file::marker(&file.file, committed);
    true
}
