//! Whether two files that begin alike hold the same.
//!
//! A head proves little where each content of a log begins with the same banner: so what was read of one has to lie in the other, and
//! where both are there, the last bytes that both hold are compared, too. Of a gzip file that takes inflating, which only one with the
//! same head is worth.

use super::file::{self, FileId, Tailed};
use super::opened::{self, Opened};
use super::proof;
use crate::state::Position;

/// Bytes of a gzip file that are inflated at the most to compare those before an offset. Behind it counts how long the content is.
pub(super) const FAR: u64 = 64 << 20;
/// Last bytes that are compared.
const COMPARED: usize = 1024;

/// Whether a file holds what another file held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Holds,
    Fails,
    /// What would prove it is not there, or not yet.
    Missing,
}

impl Tailed {
    /// Its position as far as it was read, with the bytes that were read last.
    pub(super) fn as_read(&self) -> Position {
        let mut position = self.position.clone();
        let marker = self.progress.mark.stored();
        if self.content.is_some() && marker.1 > 0 {
            (position.offset, position.marker) = (self.progress.offset, marker);
        }
        position
    }
}

/// Whether `copy`, which begins as the file of `position`, holds what was read of that.
pub(super) fn holds_read(copy: &Opened, position: &Position) -> Proof {
    let (offset, (_, length)) = (position.offset, position.marker);
    let head_length = position.known.map_or(0, |known| u64::from(known.head_length));
    let is_as_long = || copy.inflated_length().is_none_or(|inflated| u64::from(inflated) >= offset % (1 << 32));
    let is_gzip = || opened::is_compressed(position.last_place());
    let is_proven = match length {
        // Of a log that was overwritten while it was read its head is all that is known.
        0 => offset <= head_length || !is_gzip(),
        _ if copy.is_compressed() && offset > FAR => is_as_long(),
        _ => proof::has_bytes(copy, offset, position.marker),
    };
    match is_proven {
        true => Proof::Holds,
        false if offset <= FAR && !proof::reaches(copy, offset) => Proof::Missing,
        false => Proof::Fails,
    }
}

/// Whether `copy`, which begins as the open file `source`, is one of it or what it was compressed to.
pub(super) fn is_of_open(copy: &Opened, source: &Tailed) -> Proof {
    let position = source.as_read();
    if !source.file.is_compressed() {
        return source.file.for_a_moment(|file| is_of_read(copy, file, &position));
    }
    // What is read on is not to be inflated from its start again.
    match file::open(source.place()).ok().filter(|(_, metadata)| FileId::of(metadata) == source.id) {
        Some((file, _)) => is_of_read(copy, &file, &position),
        None => holds_read(copy, &position),
    }
}

/// The same for the file of a stored row.
pub(super) fn is_of_stored(copy: &Opened, row: &Position) -> Proof {
    match file::open(row.last_place()).ok().filter(|(_, metadata)| file::row_fits(row, metadata)) {
        Some((file, _)) => is_of_read(copy, &file, row),
        None => holds_read(copy, row),
    }
}

/// The same for `source`, of which `position` tells what was read. What that holds now proves nothing where it was overwritten since.
fn is_of_read(copy: &Opened, source: &Opened, position: &Position) -> Proof {
    let has_read = holds_read(copy, position);
    let has_head = || position.known.is_none_or(|known| proof::has_head(source, &known));
    if has_read != Proof::Holds || !proof::has_marker(source, position.offset, position.marker) || !has_head() {
        return has_read;
    }
    is_of(copy, source)
}

/// The same for `source`, which only grows: it holds all that `copy` does.
pub(super) fn is_of(copy: &Opened, source: &Opened) -> Proof {
    let (Some(one), Some(other)) = (length_of(copy), length_of(source)) else { return Proof::Missing };
    let is_inflated = copy.is_compressed() || source.is_compressed();
    if is_inflated && one == other && one > FAR {
        return Proof::Holds;
    }
    let end = one.min(other).min(if is_inflated { FAR } else { u64::MAX });
    match has_same_before(end, copy, source) {
        // The length that a gzip file tells is none while it is written.
        Proof::Holds if one > other && end == other && proof::reaches(copy, other + 1) => Proof::Fails,
        proof => proof,
    }
}

/// Whether both hold the same bytes right before `end`.
fn has_same_before(end: u64, one: &Opened, other: &Opened) -> Proof {
    let wanted = usize::try_from(end).unwrap_or(COMPARED).min(COMPARED);
    let last = |file: &Opened| {
        let mut bytes = vec![0; wanted];
        let read = file.read_full(&mut bytes, end - wanted as u64).ok();
        (read == Some(wanted)).then_some(bytes)
    };
    match (last(one), last(other)) {
        (Some(one), Some(other)) if one == other => Proof::Holds,
        (Some(_), Some(_)) => Proof::Fails,
        _ => Proof::Missing,
    }
}

/// How much a file holds; of a gzip file as it tells itself, modulo 2^32.
fn length_of(file: &Opened) -> Option<u64> {
    if file.is_compressed() { file.inflated_length().map(u64::from) } else { file.size().ok() }
}
