//! Positions that lie where no input looks for them.
//!
//! Without `DB`, the database of an input has the name of the input, and without `Alias` that counts the inputs before it. With one
//! input more or less above, the positions lie under the name of another one, and the files would be read anew or from their end.
//! So at a start they are moved to the input that follows their files, before any input opens its database.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use tracing::info;

use super::follower::{self, Follower};
use super::paths::Paths;
use crate::config::Document;
use crate::state::{Database, Position, Positions, StateError};

/// Moves positions in `directory`, that of the state, to the inputs of `document` that follow their files. Not to be called while an
/// input of this process has its database open.
///
/// # Errors
/// When a database cannot be opened, read or written. What was not moved is where it was.
pub fn bring_home(document: &Document, directory: &Path) -> Result<(), StateError> {
    let followed = |follower: Follower| (Paths::new(&follower.patterns, &follower.excluded), follower);
    let followers: Vec<_> = follower::followers(document, directory).into_iter().map(followed).collect();
    for database in databases(directory) {
        let is_home = |follower: &Follower| follower.database == database;
        // Most agents have one input, whose database nobody else can want.
        if followers.iter().all(|(_, follower)| is_home(follower) || !follower.is_unnamed) {
            continue;
        }
        let mut from = Positions::open(&own(&database))?;
        let mut strays: BTreeMap<usize, Vec<Position>> = BTreeMap::new();
        for row in from.all()? {
            if followers.iter().any(|(paths, follower)| is_home(follower) && paths.name(&row.name)) {
                continue;
            }
            let home = followers.iter().position(|(paths, follower)| follower.is_unnamed && paths.name(&row.name));
            if let Some(home) = home {
                strays.entry(home).or_default().push(row);
            }
        }
        for (home, rows) in strays {
            move_rows(&mut from, rows, &followers[home].1)?;
        }
    }
    Ok(())
}

fn move_rows(from: &mut Positions, mut rows: Vec<Position>, home: &Follower) -> Result<(), StateError> {
    let mut to = Positions::open(&own(&home.database))?;
    let known: HashSet<u64> = to.all()?.iter().map(|row| row.inode).collect();
    rows.retain(|row| !known.contains(&row.inode));
    let ids: Vec<i64> = rows.iter_mut().map(|row| std::mem::take(&mut row.id)).collect();
    to.store(&mut rows.iter_mut().collect::<Vec<_>>(), true)?;
    for id in &ids {
        from.remove(*id)?;
    }
    if !ids.is_empty() {
        info!(component = %home.name, positions = ids.len(), "took over positions of its files from another input's database");
    }
    Ok(())
}

/// Databases that inputs without `DB` have made, in the order of their names.
fn databases(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("tail.") && name.ends_with(".db"))
    };
    let mut databases: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_ours).collect();
    databases.sort();
    databases
}

fn own(path: &Path) -> Database {
    Database { path: path.to_owned(), is_own: true, ..Database::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Entry, Located, Place, Section, SectionKind};

    fn tail(entries: &[(&str, &str)]) -> Section {
        let located = |text: &str| Located { text: text.into(), place: Place::default(), expanded: false };
        let mut section = Section::new(SectionKind::Input, Place::default());
        let entries = [("name", "tail")].iter().chain(entries);
        section.entries = entries.map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
        section
    }

    fn store(directory: &Path, file: &str, rows: &[(&str, u64)]) {
        let row = |(name, inode): &(&str, u64)| Position {
            name: Path::new(name).into(),
            inode: *inode,
            ..Position::default()
        };
        let mut rows: Vec<Position> = rows.iter().map(row).collect();
        let mut positions = Positions::open(&own(&directory.join(file))).expect("it opens");
        positions.store(&mut rows.iter_mut().collect::<Vec<_>>(), true).expect("it is stored");
    }

    fn inodes(directory: &Path, file: &str) -> Vec<u64> {
        let positions = Positions::open(&own(&directory.join(file))).expect("it opens");
        positions.all().expect("they are read").iter().map(|row| row.inode).collect()
    }

    #[test]
    fn positions_go_to_who_follows_their_files_and_only_from_who_does_not() {
        let directory = tempfile::tempdir().expect("a folder");
        let directory = directory.path();
        store(
            directory,
            "tail.0.db",
            &[("/a.log", 1), ("/b.log", 2), ("/c.log", 3), ("/d.log", 4), ("/shared.log", 5)],
        );
        store(directory, "tail.web.db", &[("/b.log", 2), ("/b.log.1", 6)]);
        let sections = vec![
            tail(&[("path", "/a.log,/shared.log")]),
            tail(&[("path", "/b.log,/b.log.1,/shared.log,/d.log"), ("exclude_path", "/d.log"), ("alias", "web")]),
            tail(&[("path", "/c.log"), ("db", "elsewhere.db")]),
        ];

        bring_home(&Document { sections, ..Document::default() }, directory).expect("it is done");

        assert_eq!(inodes(directory, "tail.0.db"), [1, 2, 3, 4, 5], "known, named elsewhere, excluded, or at home");
        assert_eq!(inodes(directory, "tail.web.db"), [2, 6]);
        let moved = [tail(&[("path", "/other.log")]), tail(&[("path", "/a.log,/c.log"), ("alias", "api")])];
        bring_home(&Document { sections: moved.to_vec(), ..Document::default() }, directory).expect("it is done");
        assert_eq!(inodes(directory, "tail.0.db"), [2, 4, 5], "of files that nobody follows they stay");
        assert_eq!(inodes(directory, "tail.api.db"), [1, 3]);
    }
}
