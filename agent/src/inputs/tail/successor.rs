//! Rotated files that were compressed: what they hold is known, so it is read on where it was and nothing is read twice.
//!
//! A gzip file proves by its first bytes, inflated, whose content it has; its name tells whose it may have, and where it does not,
//! `akin` looks at more of what it holds. The row of the file that was compressed leads to it from then on. Called when files are
//! met, when rows have lost their file, and when a file that was deleted is let go.

use std::cell::Cell;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::Tail;
use super::akin;
use super::alike::{self, Proof};
use super::file::{self, FileId, Standing, Tailed};
use super::gzips::Age;
use super::missed::Since;
use super::opened::{self, Opened};
use super::proof;
use super::rotate::{Copy, is_out_of_descriptors};
use super::rows::root_and_stem;
use super::scan::{TakeUp, real_path};
use super::siblings::{self, Listings};
use crate::state::Position;

/// While a gzip file is younger and holds less than would prove whose content it has, it may still be written.
const YOUNG: Duration = Duration::from_secs(2);
/// The same while it holds nothing: a slow compressor writes first once it has a piece.
const EMPTY: Duration = Duration::from_mins(10);
/// How long a file may be written to after another took its name. Compression keeps the time of the last write.
pub(super) const WRITTEN_LATE: i64 = 10;

/// Whose content a gzip file has.
pub(super) enum Kin {
    /// Nobody's that is known.
    None,
    /// What would prove it may come yet: its first bytes, or those before the offset that is known.
    Unknown,
    /// As it seems that of a file which is there yet, or is not all there itself; no name speaks for it.
    Copy,
    /// That of a file that is open.
    Open,
    /// That of a file that was read before.
    Stored(Box<Position>),
}

impl Tail {
    /// Whether the gzip file at `path`, which is met, is to be left alone: it was read before, it has what is known, or it is to
    /// begin at its end.
    pub(super) fn is_left(&mut self, path: &Path, metadata: &Metadata, from_end: bool) -> bool {
        if let Some(row) = self.row_of(metadata).filter(|row| !row.is_of_copy()) {
            return row.rotated && row.seen >= metadata.mtime();
        }
        let key = (FileId::of(metadata), file::birth(metadata));
        if self.left.contains(&key) {
            return true;
        }
        let id = FileId::of(metadata);
        let Ok((opened, metadata)) = file::open(path) else { return false };
        if FileId::of(&metadata) != id {
            // It was renamed since.
            self.scan_within(self.scan_gap);
            return true;
        }
        if let Some(row) = self.row_in(&opened, &metadata) {
            let is_read = row.rotated && row.seen >= metadata.mtime();
            if is_read {
                self.left.insert(key);
            }
            return is_read;
        }
        match self.kin_of(&opened, path, None) {
            kin if self.may_show(&kin, &metadata) => {
                self.scan_again = Some(self.now + YOUNG / 2);
                return true;
            }
            Kin::None | Kin::Unknown | Kin::Copy if !from_end => return false,
            Kin::Stored(row) if !is_there(&row) => {
                self.go_on_in(*row, path, &metadata);
                return true;
            }
            Kin::None | Kin::Unknown | Kin::Copy | Kin::Open | Kin::Stored(_) => {}
        }
        self.left.insert(key);
        true
    }

    /// Whose content `opened`, which is at `path`, has. With `log`, its name is that of a rotated file of this one, whose kept rests lie
    /// elsewhere.
    fn kin_of(&self, opened: &Opened, path: &Path, log: Option<&Path>) -> Kin {
        let mut bytes = [0; proof::HEAD];
        let read = opened.read_full(&mut bytes, 0);
        let is_short = read.as_ref().is_ok_and(|length| *length < bytes.len());
        let head = &bytes[..read.unwrap_or(0)];
        let is_candidate = Cell::new(false);
        let begins_as = |position: &Position| {
            let Some(known) = position.known.filter(|known| known.head_length > 0) else { return false };
            let has_head = proof::begins_with_head(head, &known);
            // The place of a kept rest is not that of its original.
            let is_beside = || self.is_rest(position) && is_named_after(path, &as_original(position));
            let is_named = || log == Some(&*position.name) || is_named_after(path, position) || is_beside();
            let may_be = (has_head || is_short) && is_named();
            is_candidate.set(is_candidate.get() || may_be);
            may_be && has_head
        };
        let open = self.files.values().filter(|file| file.standing != Standing::Gone);
        let open = open.filter(|file| begins_as(&file.position)).map(|file| self.proof_of_open(opened, file));
        let mut is_behind = false;
        for proof in open.chain(self.proofs_of_fresh((opened, head), path)) {
            match proof {
                Proof::Holds => return Kin::Open,
                proof => is_behind |= proof == Proof::Missing,
            }
        }
        let mut rows: Vec<&Position> = self.rows.around(path).filter(|row| begins_as(row)).collect();
        // Inflated is forwards.
        rows.sort_by_key(|row| row.offset);
        for row in rows {
            match self.proof_of_stored(opened, row) {
                Proof::Holds => return Kin::Stored(Box::new(row.clone())),
                proof => is_behind |= proof == Proof::Missing,
            }
        }
        if is_behind || (is_candidate.get() && is_short) {
            return Kin::Unknown;
        }
        self.kin_by_content(opened, path, head)
    }

    /// Whether it shows soon whose content a gzip file has that `metadata` tells of.
    fn may_show(&self, kin: &Kin, metadata: &Metadata) -> bool {
        match kin {
            Kin::Unknown => is_young(metadata),
            // An end is not waited for with what would be read then.
            Kin::Copy => !self.settings.exit_on_eof && akin::is_new(metadata),
            Kin::None | Kin::Open | Kin::Stored(_) => false,
        }
    }

    /// Whether `copy`, which begins as the open file `source`, is one of it or what it was compressed to. Of a kept rest nothing is there
    /// before where it begins.
    pub(super) fn proof_of_open(&self, copy: &Opened, source: &Tailed) -> Proof {
        if self.is_rest(&source.position) {
            return alike::holds_read(copy, &source.as_read());
        }
        alike::is_of_open(copy, source)
    }

    /// The same for the file of a stored row.
    pub(super) fn proof_of_stored(&self, copy: &Opened, row: &Position) -> Proof {
        if self.is_rest(row) { alike::holds_read(copy, row) } else { alike::is_of_stored(copy, row) }
    }

    /// Whether `opened`, which is at `path` and begins with `head`, is of the open files of whose heads nothing is noted yet.
    fn proofs_of_fresh(&self, (opened, head): (&Opened, &[u8]), path: &Path) -> impl Iterator<Item = Proof> {
        let fresh = self.fresh.iter().filter_map(|number| self.files.get(number));
        let fresh = fresh.filter(|file| file.standing != Standing::Gone && !file.has_generation());
        fresh
            .filter(move |file| is_named_after(path, &file.position))
            .filter_map(move |file| file.file.for_a_moment(|file| proof_of_fresh((opened, head), file)))
    }

    /// A row whose file is nowhere to be found: goes on in what it was compressed to. Gives whether there is such a file.
    pub(super) fn goes_on_compressed(&mut self, row: &Position) -> bool {
        let found = self.successor_of_many(row);
        found.is_some_and(|(path, metadata)| self.go_on_in(row.clone(), &path, &metadata))
    }

    /// Goes on with `row` in the gzip file of which `metadata` tells, which was at `path`. Gives `false` where it has another name by now.
    fn go_on_in(&mut self, mut row: Position, path: &Path, metadata: &Metadata) -> bool {
        let id = FileId::of(metadata);
        if !id.is_at(path) {
            self.scan_within(self.scan_gap);
            return false;
        }
        self.rows.remove(&row);
        let (name, is_read) = (Arc::clone(&row.name), row.rotated);
        info!(component = %self.settings.name, file = %path.display(), name = %name.display(), offset = row.offset,
            is_read, "it is what a known file was compressed to");
        row.lead_to(path.to_owned(), metadata);
        if is_read {
            row.seen = (self.clock)().seconds;
            if let Err(error) = self.positions.store(&mut [&mut row], false) {
                self.complain(&error, "the position of a compressed file cannot be stored");
            }
        }
        self.rows.add(row);
        if !is_read {
            self.take_up(TakeUp { path, name: &name, from_end: false, standing: Standing::Rotated, id });
        }
        is_read || id.is_at(path)
    }

    /// The gzip file that has the content of `position`, among those beside it. What was there a moment ago is looked at first: where
    /// many are looked for at a time, their directory is seldom looked through for each.
    pub(super) fn successor(&self, position: &Position) -> Option<(PathBuf, Metadata)> {
        self.successor_of_many(position).or_else(|| self.successor_among(position, Age::Now))
    }

    /// The same, where names may be as they were at any time in this moment: for many positions.
    pub(super) fn successor_of_many(&self, position: &Position) -> Option<(PathBuf, Metadata)> {
        self.successor_among(position, Age::Moment)
    }

    fn successor_among(&self, position: &Position, age: Age) -> Option<(PathBuf, Metadata)> {
        position.known.filter(|known| known.head_length > 0)?;
        let is_free = |file: &Opened, metadata: &Metadata| {
            metadata.ino() == position.inode || self.row_in(file, metadata).is_none()
        };
        let is_kin = |(path, metadata): &(PathBuf, Metadata)| {
            !self.is_followed(metadata)
                && self.may_begin_as(path, metadata, position)
                && self.unless_refused((self.open_copy)(path)).is_some_and(|(file, now)| {
                    FileId::of(&now) == FileId::of(metadata) && has_content(&file, position) && is_free(&file, metadata)
                })
        };
        let mut around = self.gzips.borrow_mut().around(position, (self.moment(), age));
        // Others that begin as it does came later.
        around.sort_by_key(|(_, metadata)| (metadata.mtime(), metadata.mtime_nsec()));
        let is_named = |path: &Path| {
            is_named_after(path, position) && self.is_of_log(path, (&position.name, position.last_place()))
        };
        let named = around.iter().find(|found| is_named(&found.0) && is_kin(found)).cloned();
        named.or_else(|| self.successor_by_content(position, around).into_iter().find(&is_kin))
    }

    /// A gzip file that has what `old` held, to be read on in it.
    pub(super) fn compressed_copy(&self, old: &Tailed) -> Option<Copy> {
        self.copy_in(self.successor(&old.as_read())?, old)
    }

    /// The same, where names may be as they were at any time in this moment.
    pub(super) fn compressed_copy_of_moment(&self, old: &Tailed) -> Option<Copy> {
        self.copy_in(self.successor_of_many(&old.as_read())?, old)
    }

    fn copy_in(&self, (path, found): (PathBuf, Metadata), old: &Tailed) -> Option<Copy> {
        let (file, metadata) = self.unless_refused((self.open_copy)(&path))?;
        if FileId::of(&metadata) != FileId::of(&found) {
            return None;
        }
        file.expect(old.progress.offset);
        Some(Copy { file, metadata, path })
    }

    /// Takes up what came and was compressed while nobody looked: gzip files beside `place` with unknown content that was written
    /// to `since` what is known was seen, or later, where the birth of the known content is known at all. Gives whether one of them is
    /// to be looked at again, since it may still be written.
    pub(super) fn take_up_compressed(
        &mut self,
        (name, place): (&Path, &Path),
        since: Since,
        listings: &mut Listings,
    ) -> bool {
        if since.born == 0 {
            return false;
        }
        let position = Position { name: name.into(), place: Some(place.into()), ..Position::default() };
        let mut is_unsure = false;
        let mut missed: Vec<(i64, PathBuf, FileId)> = Vec::new();
        let Ok(there) = listings.of(place.parent().unwrap_or(Path::new(""))) else { return true };
        let beside = |(path, _): &&(PathBuf, Metadata)| {
            opened::is_compressed(path) && is_named_after(path, &position) && self.is_of_log(path, (name, place))
        };
        let beside: Vec<(PathBuf, Metadata)> = there.values().filter(beside).cloned().collect();
        for (path, metadata) in beside {
            // What was missed before the last events is judged, too.
            let is_due = self.tell_unjudged(&path, &metadata) || metadata.mtime() >= since.seen && !since.is_unjudged;
            if self.is_followed(&metadata) || !is_due || self.paths.is_excluded(&path) {
                continue;
            }
            match self.judge(&path, &metadata, name) {
                Some(true) => missed.push((metadata.mtime(), path, FileId::of(&metadata))),
                Some(false) => {}
                None => is_unsure = true,
            }
        }
        missed.sort();
        for (_, path, id) in missed {
            info!(component = %self.settings.name, file = %path.display(), live = %name.display(),
                "rotated and compressed before it was seen: read from its start");
            self.take_up(TakeUp { path: &path, name, from_end: false, standing: Standing::Rotated, id });
            is_unsure |= !id.is_at(&path);
        }
        is_unsure
    }

    /// Whether the gzip file at `path`, which is named as one of `log`, holds what is not known, if that shows yet.
    fn judge(&self, path: &Path, metadata: &Metadata, log: &Path) -> Option<bool> {
        let (file, metadata) = match file::open(path) {
            Ok((file, now)) if FileId::of(&now) == FileId::of(metadata) => (file, now),
            Err(error) if !is_out_of_descriptors(&error) && error.kind() != io::ErrorKind::NotFound => {
                return Some(false);
            }
            // It was renamed since.
            Ok(_) | Err(_) => {
                self.gzips.borrow_mut().note_unjudged(metadata, Vec::new());
                return None;
            }
        };
        if self.row_in(&file, &metadata).is_some() {
            return Some(false);
        }
        match self.kin_of(&file, path, Some(log)) {
            Kin::Unknown if is_young(&metadata) => {
                self.gzips.borrow_mut().note_unjudged(&metadata, head_of(&file));
                None
            }
            Kin::None | Kin::Unknown | Kin::Copy => Some(true),
            Kin::Open | Kin::Stored(_) => Some(false),
        }
    }

    /// Tells where another content was written over the one that the gzip file at `path` had before it showed whose that was. Gives
    /// whether that was asked before.
    pub(super) fn tell_unjudged(&self, path: &Path, metadata: &Metadata) -> bool {
        let Some(before) = self.gzips.borrow_mut().take_unjudged(metadata) else { return false };
        // Of one that was renamed since nothing is told.
        let is_same = |(file, now): (Opened, Metadata)| {
            FileId::of(&now) != FileId::of(metadata) || head_of(&file).starts_with(&before)
        };
        if before.is_empty() || file::open(path).map_or(true, is_same) {
            return true;
        }
        warn!(component = %self.settings.name, file = %path.display(),
            "a gzip file was written over before it showed whether what it held is read elsewhere: that may be lost");
        self.abandon(0, true);
        true
    }
}

/// Whether `gzip`, which begins with `head`, is what `file` was compressed to; `None` where the one begins otherwise or the other is empty.
fn proof_of_fresh((gzip, head): (&Opened, &[u8]), file: &Opened) -> Option<Proof> {
    let mut bytes = [0; proof::HEAD];
    let length = file.read_full(&mut bytes, 0).ok().filter(|length| *length > 0)?;
    let begins = bytes.get(..length)?;
    if head.len() < length {
        // It may be written yet.
        return begins.starts_with(head).then_some(Proof::Missing);
    }
    head.starts_with(begins).then(|| alike::is_of(gzip, file))
}

impl Position {
    /// Leads to a gzip file with the same content.
    pub(super) fn lead_to(&mut self, path: PathBuf, metadata: &Metadata) {
        (self.inode, self.born) = (metadata.ino(), file::birth(metadata));
        self.place = Some(path.into());
    }

    /// Whether its content was first seen in another file than the one that it leads to.
    pub(super) fn is_of_copy(&self) -> bool {
        self.known.is_some_and(|known| known.first_inode != self.inode)
    }

    /// Path at which its file was last.
    pub(super) fn last_place(&self) -> &Path {
        self.place.as_deref().unwrap_or(&self.name)
    }
}

/// The position of a kept rest with the place that its original had.
fn as_original(rest: &Position) -> Position {
    Position { place: Some(real_path(&rest.name).into()), ..rest.clone() }
}

/// The first bytes of a file, as many as prove what it holds.
fn head_of(file: &Opened) -> Vec<u8> {
    let mut bytes = vec![0; proof::HEAD];
    let length = file.read_full(&mut bytes, 0).unwrap_or(0);
    bytes.truncate(length);
    bytes
}

/// Whether `file` begins with what is known of `position`.
pub(super) fn has_content(file: &Opened, position: &Position) -> bool {
    let has_head = position.known.is_some_and(|known| known.head_length > 0 && proof::has_head(file, &known));
    has_head && alike::holds_read(file, position) == Proof::Holds
}

/// Whether the file of `row` is where it was.
pub(super) fn is_there(row: &Position) -> bool {
    std::fs::metadata(row.last_place()).is_ok_and(|metadata| file::row_fits(row, &metadata))
}

fn is_young(metadata: &Metadata) -> bool {
    let limit = if metadata.len() == 0 { EMPTY } else { YOUNG };
    // A time in the future is no proof of youth.
    metadata.modified().ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age < limit)
}

/// Whether the gzip file at `path` may have the content of `position` by its name and directory: `app.log.2.gz` that of
/// `app.log.1` and of `app.log`.
pub(super) fn is_named_after(path: &Path, position: &Position) -> bool {
    [position.last_place(), &position.name].into_iter().any(|place| {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place_name = name(place);
        let (root, stem) = root_and_stem(&place_name);
        let plain = name(&path.with_extension(""));
        let rest = plain.strip_prefix(root).or_else(|| plain.strip_prefix(stem));
        let is_rotated = rest.is_some_and(|rest| rest.is_empty() || siblings::is_rotation_suffix(rest));
        is_rotated && !stem.is_empty() && path.parent() == place.parent()
    })
}
