//! Stored positions of files that are not open.
//!
//! Their number grows with the files that came and went, while what is asked of them is about one file: so they are found by
//! inode, by name, by the first bytes, and for a rotated file by those whose rotated file it may be.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::proof::HEAD;
use super::siblings::{SEPARATORS, splits};
use crate::state::Position;

/// Rows in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Rows {
    next: u64,
    all: BTreeMap<u64, Position>,
    by_inode: HashMap<u64, BTreeSet<u64>>,
    /// By the [`family`] of their name and of their last place.
    families: HashMap<PathBuf, BTreeSet<u64>>,
    /// By their [`full_head`].
    by_head: HashMap<u64, BTreeSet<u64>>,
}

impl Rows {
    /// Adds a row, the newest.
    pub(super) fn add(&mut self, row: Position) {
        self.next += 1;
        self.by_inode.entry(row.inode).or_default().insert(self.next);
        for family in families_of(&row) {
            self.families.entry(family).or_default().insert(self.next);
        }
        if let Some(head) = full_head(&row) {
            self.by_head.entry(head).or_default().insert(self.next);
        }
        self.all.insert(self.next, row);
    }

    /// All rows, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Position> {
        self.all.values()
    }

    /// The newest row with this inode that is `wanted`.
    pub(super) fn newest(&self, inode: u64, wanted: impl Fn(&Position) -> bool) -> Option<&Position> {
        self.find(inode, wanted).map(|(_, row)| row)
    }

    /// Takes that row out.
    pub(super) fn take(&mut self, inode: u64, wanted: impl Fn(&Position) -> bool) -> Option<Position> {
        let (number, _) = self.find(inode, wanted)?;
        self.take_out(number)
    }

    /// Takes all rows out that are `wanted`, the oldest first.
    pub(super) fn take_all(&mut self, wanted: impl Fn(&Position) -> bool) -> Vec<Position> {
        let numbers: Vec<u64> = self.all.iter().filter(|(_, row)| wanted(row)).map(|(number, _)| *number).collect();
        numbers.into_iter().filter_map(|number| self.take_out(number)).collect()
    }

    /// Takes `row` out, known by its id.
    pub(super) fn remove(&mut self, row: &Position) {
        self.take(row.inode, |other| other.id == row.id);
    }

    /// Rows of files that were found as `name`.
    pub(super) fn named(&self, name: &Path) -> impl Iterator<Item = &Position> {
        let numbers = self.families.get(&family(name)).into_iter().flatten();
        let rows = numbers.filter_map(|number| self.all.get(number));
        rows.filter(move |row| row.name.as_os_str() == name.as_os_str())
    }

    /// Rows of the files whose rotated file `path` may be by its name, and of some more.
    pub(super) fn around(&self, path: &Path) -> impl Iterator<Item = &Position> {
        let families = families_around(path);
        let numbers: BTreeSet<u64> =
            families.iter().filter_map(|family| self.families.get(family)).flatten().copied().collect();
        numbers.into_iter().filter_map(|number| self.all.get(&number))
    }

    /// Rows whose [`full_head`] is `head`, the newest first.
    pub(super) fn beginning_with(&self, head: u64) -> impl Iterator<Item = &Position> {
        let numbers = self.by_head.get(&head).into_iter().flatten().rev();
        numbers.filter_map(|number| self.all.get(number))
    }

    fn find(&self, inode: u64, wanted: impl Fn(&Position) -> bool) -> Option<(u64, &Position)> {
        let numbers = self.by_inode.get(&inode)?.iter().rev();
        let mut rows = numbers.filter_map(|number| Some((*number, self.all.get(number)?)));
        rows.find(|(_, row)| wanted(row))
    }

    fn take_out(&mut self, number: u64) -> Option<Position> {
        let row = self.all.remove(&number)?;
        remove_from(&mut self.by_inode, &row.inode, number);
        for family in families_of(&row) {
            remove_from(&mut self.families, &family, number);
        }
        if let Some(head) = full_head(&row) {
            remove_from(&mut self.by_head, &head, number);
        }
        Some(row)
    }
}

fn remove_from<Key: std::hash::Hash + Eq>(index: &mut HashMap<Key, BTreeSet<u64>>, key: &Key, number: u64) {
    if let Some(numbers) = index.get_mut(key) {
        numbers.remove(&number);
        if numbers.is_empty() {
            index.remove(key);
        }
    }
}

/// The hash of the first bytes of a file, where as many as a head has at the most are known.
pub(super) fn full_head(row: &Position) -> Option<u64> {
    row.known.filter(|known| known.head_length as usize == HEAD).map(|known| known.head)
}

/// The name of a log without what rotation adds to it, and without `.log`: its root and its stem.
pub(super) fn root_and_stem(name: &str) -> (&str, &str) {
    let root = name.trim_end_matches(|last: char| last.is_ascii_digit() || SEPARATORS.contains(&last));
    (root, root.strip_suffix(".log").unwrap_or(root))
}

/// What a log and all its rotated files have in common: the directory and the stem of their names.
fn family(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let (_, stem) = root_and_stem(&name);
    place.parent().unwrap_or(Path::new("")).join(stem)
}

pub(super) fn families_of(row: &Position) -> BTreeSet<PathBuf> {
    [Some(&row.name), row.place.as_ref()].into_iter().flatten().map(|place| family(place)).collect()
}

/// The families that the rotated file at `path` may be of: rotation goes on behind a root or a stem.
pub(super) fn families_around(path: &Path) -> BTreeSet<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let directory = path.parent().unwrap_or(Path::new(""));
    // Where it goes on behind `app.log`, `app` is followed by a dot, too.
    splits(&name).map(|(stem, _)| directory.join(stem)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, inode: u64, name: &str, place: Option<&str>) -> Position {
        let path = |path: &str| Path::new(path).into();
        Position { id, inode, name: path(name), place: place.map(path), ..Position::default() }
    }

    fn ids<'a>(rows: impl Iterator<Item = &'a Position>) -> Vec<i64> {
        rows.map(|row| row.id).collect()
    }

    #[test]
    fn rows_are_found_by_inode_by_name_and_by_what_they_were_rotated_to() {
        let mut rows = Rows::default();
        rows.add(row(1, 7, "/logs/app.log", Some("/logs/app.log.1")));
        rows.add(row(2, 7, "/logs/app.log", None));
        rows.add(row(3, 8, "/logs/other.log", None));
        rows.add(row(4, 9, "/links/a", Some("/logs/app-2.log.3")));

        assert_eq!(rows.newest(7, |_| true).map(|row| row.id), Some(2));
        assert_eq!(rows.newest(7, |row| row.place.is_some()).map(|row| row.id), Some(1));
        assert_eq!(ids(rows.named(Path::new("/logs/app.log"))), [1, 2]);
        assert_eq!(ids(rows.named(Path::new("/logs/app.log.1"))), [0; 0], "that is no name");
        for compressed in ["app.log.2.gz", "app.1.log.gz", "app.log-20261123.gz", "app.log.gz", "app.GZ"] {
            assert_eq!(ids(rows.around(&Path::new("/logs").join(compressed))), [1, 2], "{compressed}");
        }
        assert_eq!(ids(rows.around(Path::new("/logs/app-2.log.4.gz"))), [1, 2, 4], "`app` may have a suffix");
        assert_eq!(ids(rows.around(Path::new("/else/app.log.2.gz"))), [0; 0]);
    }

    #[test]
    fn rows_are_found_by_what_their_files_begin_with_where_enough_of_that_is_known() {
        let known = |head, head_length| Some(crate::state::Known { head, head_length, ..Default::default() });
        let mut rows = Rows::default();
        rows.add(Position { known: known(5, 1024), ..row(1, 7, "/logs/a", None) });
        rows.add(Position { known: known(5, 1023), ..row(2, 8, "/logs/b", None) });
        rows.add(Position { known: known(5, 1024), ..row(3, 9, "/logs/c", None) });

        assert_eq!(ids(rows.beginning_with(5)), [3, 1]);
        rows.take_all(|_| true);
        assert!(rows.by_head.is_empty());
    }

    #[test]
    fn a_row_that_is_taken_out_is_found_no_more_and_leaves_nothing() {
        let mut rows = Rows::default();
        rows.add(row(1, 7, "/logs/app.log", Some("/logs/app.log.1")));
        rows.add(row(2, 7, "/logs/app.log", Some("/old/app.log.2")));
        rows.add(row(3, 8, "/logs/app.log", None));

        assert_eq!(rows.take(7, |_| true).map(|row| row.id), Some(2));
        assert_eq!(ids(rows.named(Path::new("/logs/app.log"))), [1, 3]);
        rows.remove(&row(1, 7, "", None));
        assert_eq!(ids(rows.around(Path::new("/logs/app.log.2.gz"))), [3]);
        assert_eq!(ids(rows.take_all(|_| true).iter()), [3]);

        assert!(rows.all.is_empty() && rows.by_inode.is_empty() && rows.families.is_empty());
    }
}
