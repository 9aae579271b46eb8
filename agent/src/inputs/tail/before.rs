//! What a log goes on from: the content that had its name before.
//!
//! That is decided once, before anything of the log is handed on, and stored with its position: so a restart joins the same lines,
//! whatever has become of the files beside it. Contents of one name are ordered by birth, those of one file by how often it was
//! truncated. The system tells births in steps of some milliseconds: of files that were born in one step the first is the one that
//! was renamed first. While a file lies beside a log that may come between and is not open yet, the log is put off.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::Tail;
use super::file::{self, FileId, Standing, Tailed};
use super::siblings::{generations, has_compressed_name};
use super::succession::{ends_with_newline, is_there};
use crate::state::{Known, Position, Succeeds};

/// Looks at all paths for which a file is put off at the most.
const LOOKS: u64 = 3;

/// Files that are not where they were found, by the name under which they were.
pub(super) type Away = HashMap<Arc<Path>, Vec<u64>>;

/// Files that are put off, by the first and the last look at all paths that did not decide what they succeed.
pub(super) type Undecided = HashMap<u64, (u64, u64)>;

/// What lies between two contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Between {
    Nothing,
    /// A file that may be opened yet.
    Unknown,
    Another,
}

impl Tail {
    /// Files that others may have succeeded.
    pub(super) fn away(&self) -> Away {
        let mut away = Away::new();
        for (number, file) in self.files.iter().filter(|(_, file)| is_away(file)) {
            away.entry(Arc::clone(file.name())).or_default().push(*number);
        }
        away
    }

    /// Whether file `number` was put off since the last look at all paths.
    pub(super) fn is_put_off(&self, number: u64) -> bool {
        self.undecided.get(&number).is_some_and(|(_, last)| *last == self.scans)
    }

    /// Decides what the files `begun` succeed, of which nothing was read, and puts them in the order in which they came. Takes those
    /// out that are put off.
    pub(super) fn decide(&mut self, begun: &mut Vec<u64>, away: &Away) {
        begun.sort_by(|one, other| self.order_of(*one, *other));
        begun.retain(|number| {
            let is_decided = self.files.get(number).is_none_or(|file| file.position.succeeds != Succeeds::UNDECIDED);
            let found = if is_decided { None } else { self.find_before(*number, away) };
            if !is_decided && found.is_none() && self.put_off_undecided(*number) {
                return false;
            }
            self.undecided.remove(number);
            if let Some(file) = self.files.get_mut(number).filter(|_| !is_decided) {
                file.position.succeeds = found.unwrap_or(Succeeds::NOTHING);
            }
            true
        });
    }

    fn order_of(&self, one: u64, other: u64) -> Ordering {
        let (Some(one), Some(other)) = (self.files.get(&one), self.files.get(&other)) else { return Ordering::Equal };
        let by_age = age_of(&one.position).cmp(&age_of(&other.position));
        // Many files of other names may have been born at a time: when those were renamed is not looked up.
        by_age.then_with(|| one.name().cmp(other.name())).then_with(|| renamed(one).cmp(&renamed(other)))
    }

    /// Has a file wait for the next look at all paths, unless it waited for enough of them.
    fn put_off_undecided(&mut self, number: u64) -> bool {
        let (first, _) = self.undecided.get(&number).copied().unwrap_or((self.scans, 0));
        if self.scans >= first + LOOKS {
            return false;
        }
        self.undecided.insert(number, (first, self.scans));
        self.scan_within(self.scan_gap);
        true
    }

    /// The file that `number` succeeds by what is stored.
    pub(super) fn before(&self, number: u64, away: &Away) -> Option<u64> {
        // They may have been compressed since that was decided.
        let file = self.files.get(&number).filter(|file| is_there(file) && file.progress.offset == 0)?;
        let is_it = |other: &Tailed| is_there(other) && key_of(&other.position) == file.position.succeeds;
        away.get(file.name())?.iter().copied().find(|other| self.files.get(other).is_some_and(|other| is_it(other)))
    }

    /// What file `number` succeeds: the one before it in the order of births, or the copy of what it held before it was truncated.
    /// `None` while that does not show.
    fn find_before(&self, number: u64, away: &Away) -> Option<Succeeds> {
        let file = self.files.get(&number).filter(|file| can_be_joined(file) && file.progress.offset == 0);
        let before = file.and_then(|file| Some((file, self.newest_before((number, file), away)?)));
        let is_open = |before: &Tailed| can_be_joined(before) && !has_come_alone(before);
        let Some((file, (from, before))) = before.filter(|(_, (_, before))| is_open(before)) else {
            return Some(Succeeds::NOTHING);
        };
        if self.undecided.contains_key(&from) {
            return None;
        }
        let is_copied = is_same_file(&before.position, &file.position);
        let is_direct = if is_copied {
            before.is_copy() && truncations(before) + 1 == truncations(file)
        } else {
            self.are_others_apart(before, file, away)
        };
        if !is_direct {
            return Some(Succeeds::NOTHING);
        }
        match self.between(before, file, is_copied) {
            Between::Nothing => Some(key_of(&before.position)),
            Between::Another => Some(Succeeds::NOTHING),
            Between::Unknown => None,
        }
    }

    /// The open file of the same name that comes right before `file`. `None` where there is none, or where it does not show which.
    fn newest_before(&self, (number, file): (u64, &Tailed), away: &Away) -> Option<(u64, &Tailed)> {
        let others = away.get(file.name())?.iter().filter(|other| **other != number);
        let others: Vec<(u64, &Tailed)> =
            others.filter_map(|other| Some((*other, &**self.files.get(other)?))).collect();
        let earlier = others.iter().filter(|(_, other)| order(other, file) == Some(Ordering::Less));
        let newest = earlier.max_by(|(_, one), (_, other)| order(one, other).unwrap_or(Ordering::Equal)).copied()?;
        let is_in_order = |(other, tailed): &(u64, &Tailed)| *other == newest.0 || order(tailed, newest.1).is_some();
        let is_known = others.iter().all(|other| order(other.1, file).is_some() && is_in_order(other));
        is_known.then_some(newest)
    }

    /// What lies on the disk between the content `before` and that of `file`, which comes behind it, as far as names tell whose
    /// it is. Where they are of one file that was truncated, that is a copy made meanwhile. What is compressed has the time of
    /// its last line.
    fn between(&self, before: &Tailed, file: &Tailed, is_copied: bool) -> Between {
        let (Ok(first), Ok(last)) = (before.file.metadata(), file.file.metadata()) else { return Between::Another };
        let Ok(others) = generations(file.name()) else { return Between::Another };
        let end = if is_copied && !file.is_copy() { i64::MAX } else { file::birth(&last) };
        let (made, written) = (file::birth(&first)..=end, first.modified().ok());
        let others = others.iter().filter(|(_, other)| ![before.id, file.id].contains(&FileId::of(other)));
        let between = others.map(|(path, other)| match has_compressed_name(path) {
            true if !is_copied && other.modified().ok() > written => Between::Another,
            true => Between::Nothing,
            false if file::birth(other) != 0 && !made.contains(&file::birth(other)) => Between::Nothing,
            false => self.standing_between(file, is_copied, (path, other)),
        });
        between.max().unwrap_or(Between::Nothing)
    }

    /// What the file at `path`, which was born between two contents, is between them.
    fn standing_between(&self, file: &Tailed, is_copied: bool, (path, metadata): (&Path, &Metadata)) -> Between {
        let open = self.number_of(metadata).and_then(|number| self.files.get(&number));
        match open {
            // The order of these is known.
            Some(open) if is_copied && is_same_file(&open.position, &file.position) => Between::Nothing,
            Some(open) if !is_copied && open.name() == file.name() && is_away(open) => Between::Nothing,
            None if !is_copied && !self.paths.is_excluded(path) && !self.has_row(metadata) => Between::Unknown,
            _ => Between::Another,
        }
    }

    /// Whether no content that is closed came between two files, and none of the name was truncated: of that, copies may have been
    /// made that nobody saw.
    fn are_others_apart(&self, before: &Tailed, file: &Tailed, away: &Away) -> bool {
        let (Some((first, _)), Some((last, 0))) = (age_of(&before.position), age_of(&file.position)) else {
            return false;
        };
        let mut open = away.get(file.name()).into_iter().flatten().filter_map(|other| self.files.get(other));
        let is_of_them = |row: &Position| [before, file].iter().any(|open| key_of(&open.position) == key_of(row));
        let mut rows = self.rows.named(file.name()).filter(|row| !is_of_them(row)).filter_map(age_of);
        open.all(|open| truncations(open) == 0)
            && rows.all(|(birth, truncations)| truncations == 0 && !(first..=last).contains(&birth))
    }
}

/// Whether it can be decided that a file is joined with another: of one that was compressed it is not known where it ends before it is
/// read.
fn can_be_joined(file: &Tailed) -> bool {
    is_there(file) && !file.file.is_compressed()
}

/// Whether what has no newline at the end of a file was handed on by itself before the last stop, and is read again since something
/// before it was not delivered: it comes as it came then.
fn has_come_alone(file: &Tailed) -> bool {
    let is_again = file.position.reach == file.size && file.progress.offset < file.size;
    is_again && !ends_with_newline(file, file.size)
}

fn is_away(file: &Tailed) -> bool {
    file.standing == Standing::Rotated || file.place() != file.name()
}

/// What orders the contents of one name: the birth of its file, and how often that was truncated. `None` where the system does
/// not know births.
fn age_of(position: &Position) -> Option<(i64, u32)> {
    position.known.filter(|known| known.birth != 0).map(|known| (known.birth, known.truncations))
}

fn truncations(file: &Tailed) -> u32 {
    file.position.known.map_or(0, |known| known.truncations)
}

/// Whether two contents were seen first in one file.
fn is_same_file(one: &Position, other: &Position) -> bool {
    let file = |position: &Position| position.known.map(|known| (known.first_inode, known.birth));
    file(one).is_some() && file(one) == file(other)
}

/// What tells a content from others wherever it lies.
fn key_of(position: &Position) -> Succeeds {
    let Known { first_inode, birth, truncations, .. } = position.known.unwrap_or_default();
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&first_inode.to_le_bytes());
    bytes[8..16].copy_from_slice(&birth.to_le_bytes());
    bytes[16..].copy_from_slice(&truncations.to_le_bytes());
    Succeeds::content(xxh3_64(&bytes))
}

/// Which of two contents of one name came first. `None` where nothing tells.
fn order(one: &Tailed, other: &Tailed) -> Option<Ordering> {
    match age_of(&one.position)?.cmp(&age_of(&other.position)?) {
        Ordering::Equal => Some(renamed(one)?.cmp(&renamed(other)?)).filter(|order| order.is_ne()),
        order => Some(order),
    }
}

/// Nanoseconds since 1970 when `file` was renamed last, as far as the change of its inode tells: later than anything while it has its
/// name. `None` for one that was deleted, and for a copy, as that of a rest: it changed when it was made.
fn renamed(file: &Tailed) -> Option<i64> {
    if file.standing == Standing::Live && file.place() == file.name() {
        return Some(i64::MAX);
    }
    let is_there = |metadata: &Metadata| metadata.nlink() > 0 && !file.is_copy();
    let metadata = file.file.metadata().ok().filter(is_there)?;
    Some(metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec()))
}
