//! Where the positions of tailed files lie before and after a reload.
//!
//! A database of positions is found by `DB`, or by the name of its input. An input that follows the files of another one under a
//! new name would find none, and begin at their ends or read them once more. Called before a reload; nothing is opened here.

use std::path::Path;

use crate::config::Document;
use crate::inputs::{Follower, followers};

/// Why `next` would not go on where `current` is, a line for each input whose positions it would not find.
pub(super) fn lost(current: &Document, next: &Document, state_directory: &Path) -> Vec<String> {
    let (before, after) = (followers(current, state_directory), followers(next, state_directory));
    let mut reasons = Vec::new();
    for old in before.iter().filter(|old| after.iter().all(|new| new.database != old.database || !share(new, old))) {
        let is_new = |new: &&Follower| before.iter().all(|other| other.database != new.database || !share(other, new));
        if let Some(new) = after.iter().filter(|new| share(new, old)).find(is_new) {
            reasons.push(format!(
                "`{}` follows files of `{}`, whose positions it would not find: give it `DB {}`",
                new.name,
                old.name,
                old.database.display()
            ));
        }
    }
    reasons
}

/// Whether both follow files of one pattern.
fn share(one: &Follower, other: &Follower) -> bool {
    one.patterns.iter().any(|pattern| other.patterns.contains(pattern))
}
