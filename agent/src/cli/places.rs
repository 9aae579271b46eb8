//! Where the positions of tailed files lie before and after a reload.
//!
//! A database of positions is found by `DB`, or by the name of its input. An input that follows the files of another one under a
//! new name would find none, and begin at their ends or read them once more. Called before a reload; nothing is opened here.

use std::path::{Path, PathBuf};

use crate::config::types::CommaList;
use crate::config::{Document, OptionType, SectionKind};
use crate::inputs::positions_file;

/// An input `tail`: its name, the patterns of its `Path`, and its database.
struct Follower {
    name: String,
    patterns: Vec<String>,
    database: PathBuf,
}

/// Why `next` would not go on where `current` is, a line for each input whose positions it would not find.
pub(super) fn lost(current: &Document, next: &Document, state_directory: &Path) -> Vec<String> {
    let (before, after) = (followers(current, state_directory), followers(next, state_directory));
    let mut reasons = Vec::new();
    for old in before.iter().filter(|old| after.iter().all(|new| new.database != old.database || !new.shares(old))) {
        let is_new = |new: &&Follower| before.iter().all(|other| other.database != new.database || !other.shares(new));
        if let Some(new) = after.iter().filter(|new| new.shares(old)).find(is_new) {
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

impl Follower {
    /// Whether both follow files of one pattern.
    fn shares(&self, other: &Self) -> bool {
        self.patterns.iter().any(|pattern| other.patterns.contains(pattern))
    }
}

fn followers(document: &Document, state_directory: &Path) -> Vec<Follower> {
    let mut followers = Vec::new();
    for (section, instance) in document.instances(SectionKind::Input) {
        let patterns = section.get("path").and_then(|path| CommaList::parse(&path.text).ok());
        let Some(CommaList(patterns)) = patterns.filter(|_| section.name().eq_ignore_ascii_case("tail")) else {
            continue;
        };
        let name = section.called(&instance).to_owned();
        let unnamed = || state_directory.join(positions_file(&name));
        let database = section.get("db").map_or_else(unnamed, |database| PathBuf::from(&database.text));
        followers.push(Follower { name, patterns, database });
    }
    followers
}
