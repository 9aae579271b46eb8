//! What proves that a file still holds the content that is known: the hash of its head, the bytes before an offset.

use std::io;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::opened::Opened;
use crate::state::Known;

/// Bytes that the proof of a head covers at the most.
pub(super) const HEAD: usize = 1024;
/// Bytes before an offset that its stored marker covers at the most.
pub(super) const MARKER: usize = 64;
/// Bytes of a stored marker at the most; a longer one is none.
const MOST: u32 = 1 << 16;
/// Bytes of a gzip file that are inflated for a proof at the most.
const NEAR: u64 = 64 << 10;
/// Bytes before the offset that are compared at every read.
const MARK: usize = 31;

/// Hash of the first bytes and their number, at most [`HEAD`], where they begin with those of `known`.
pub(super) fn extended(file: &Opened, size: u64, known: &Known) -> io::Result<Option<(u64, u32)>> {
    let mut bytes = [0; HEAD];
    let wanted = usize::try_from(size).unwrap_or(HEAD).min(HEAD);
    let length = file.read_full(&mut bytes[..wanted], 0)?;
    let head = (xxh3_64(&bytes[..length]), u32::try_from(length).expect("at most 1024"));
    Ok(begins_with_head(&bytes[..length], known).then_some(head))
}

/// What a file begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// Hash of the first line, newline excluded, as far as it lies in the first [`HEAD`] bytes.
    pub(super) first_line: u64,
    /// Hash of the first bytes and their number, at most [`HEAD`].
    pub(super) head: (u64, u32),
}

/// What `file` begins with, from one look: between two of them it may be truncated.
///
/// `None` while its first line may still grow; with `last` it does not.
pub(super) fn beginning(file: &Opened, size: u64, last: bool) -> io::Result<Option<Beginning>> {
    let mut bytes = [0; HEAD];
    let wanted = usize::try_from(size).unwrap_or(HEAD).min(HEAD);
    let length = file.read_full(&mut bytes[..wanted], 0)?;
    let end = match memchr::memchr(b'\n', &bytes[..length]) {
        Some(newline) => newline,
        None if length == HEAD || (last && length > 0) => length,
        None => return Ok(None),
    };
    let head = (xxh3_64(&bytes[..length]), u32::try_from(length).expect("at most 1024"));
    Ok(Some(Beginning { first_line: xxh3_64(&bytes[..end]), head }))
}

/// Whether `bytes` begin with those of `known`. While nothing is known of them there is no doubt.
pub(super) fn begins_with_head(bytes: &[u8], known: &Known) -> bool {
    let length = known.head_length as usize;
    length == 0 || bytes.get(..length).is_some_and(|head| xxh3_64(head) == known.head)
}

/// Whether the first bytes of `file` are those of `known`. While nothing is known of them there is no doubt.
pub(super) fn has_head(file: &Opened, known: &Known) -> bool {
    let mut bytes = [0; HEAD];
    let Some(wanted) = bytes.get_mut(..known.head_length as usize) else { return false };
    let length = file.read_full(wanted, 0).unwrap_or(0);
    length == wanted.len() && (wanted.is_empty() || xxh3_64(wanted) == known.head)
}

/// Whether two files begin with the same bytes, as far as both have some.
pub(super) fn begin_alike(one: &Opened, other: &Opened) -> bool {
    let (mut first, mut second) = ([0; HEAD], [0; HEAD]);
    let length = one.read_full(&mut first, 0).unwrap_or(0).min(other.read_full(&mut second, 0).unwrap_or(0));
    length > 0 && first.get(..length) == second.get(..length)
}

/// The hash of the first bytes of a file.
pub(super) fn hash(head: &[u8]) -> u64 {
    xxh3_64(head)
}

/// Hash of the last bytes before `offset` and their number, as Fluent Bit keeps it.
pub(super) fn marker(file: &Opened, offset: u64) -> (i64, u32) {
    let mut bytes = [0; MARKER];
    let length = usize::try_from(offset).unwrap_or(MARKER).min(MARKER);
    let wanted = &mut bytes[..length];
    if file.is_compressed() {
        // It lies behind what is read.
        return (0, 0);
    }
    match file.read_full(wanted, offset - length as u64) {
        Ok(read) if read == length && read > 0 => {
            (xxh3_64(wanted).cast_signed(), u32::try_from(read).expect("at most 64"))
        }
        _ => (0, 0),
    }
}

/// Whether the bytes before `offset` are still those of the stored marker. Without a marker there is no doubt.
pub(super) fn has_marker(file: &Opened, offset: u64, marker: (i64, u32)) -> bool {
    let (hash, length) = marker;
    let proves_nothing = length == 0 || u64::from(length) > offset || length > MOST;
    let is_far = file.is_compressed() && offset > NEAR;
    proves_nothing || is_far || has_bytes(file, offset, (hash, length))
}

/// Whether the bytes before `offset` are proven to be those of the stored marker, however far that is.
pub(super) fn has_bytes(file: &Opened, offset: u64, (hash, length): (i64, u32)) -> bool {
    if length == 0 || u64::from(length) > offset || length > MOST {
        return false;
    }
    let mut bytes = vec![0; length as usize];
    let read = file.read_full(&mut bytes, offset - u64::from(length)).unwrap_or(0);
    read == bytes.len() && xxh3_64(&bytes).cast_signed() == hash
}

/// Whether `file` holds the byte before `offset`.
pub(super) fn reaches(file: &Opened, offset: u64) -> bool {
    offset == 0 || file.read_full(&mut [0], offset - 1).is_ok_and(|length| length == 1)
}

/// The last bytes before the offset of a file, themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    bytes: [u8; MARK],
    /// A byte, for each file that is open has a mark.
    length: u8,
}

impl Mark {
    /// The mark of `file` at `offset`.
    pub(super) fn of(file: &Opened, offset: u64) -> Self {
        let mut mark = Self::default();
        let length = usize::try_from(offset).unwrap_or(MARK).min(MARK);
        // What proves a gzip file is met while it is inflated.
        if !file.is_compressed()
            && file.read_full(&mut mark.bytes[..length], offset - length as u64).ok() == Some(length)
        {
            mark.set_length(length);
        }
        mark
    }

    fn set_length(&mut self, length: usize) {
        self.length = u8::try_from(length).expect("at most MARK");
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The same as a stored marker.
    pub(super) fn stored(&self) -> (i64, u32) {
        let length = u32::from(self.length);
        if length > 0 { (xxh3_64(self.bytes()).cast_signed(), length) } else { (0, 0) }
    }

    /// The mark behind `read`, which follows on what it covers now.
    pub(super) fn advance(&mut self, read: &[u8]) {
        if read.len() >= MARK {
            self.bytes.copy_from_slice(&read[read.len() - MARK..]);
            return self.set_length(MARK);
        }
        let length = usize::from(self.length);
        let kept = length.min(MARK - read.len());
        self.bytes.copy_within(length - kept..length, 0);
        self.bytes[kept..kept + read.len()].copy_from_slice(read);
        self.set_length(kept + read.len());
    }

    /// Whether `file` has these bytes before `offset`.
    pub(super) fn is_in(&self, file: &Opened, offset: u64) -> bool {
        let mut bytes = [0; MARK];
        let wanted = &mut bytes[..usize::from(self.length)];
        let from = offset.saturating_sub(wanted.len() as u64);
        file.read_full(wanted, from).ok() == Some(wanted.len()) && wanted == self.bytes()
    }
}

/// The generation of a content: from its first line, so that a second reading without state gives the same; and from how
/// often the file was truncated before, so that no two of its contents have the same though they begin alike.
pub(super) fn generation(first_line: u64, truncations: u32) -> u64 {
    xxh3_64_with_seed(&first_line.to_le_bytes(), u64::from(truncations))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_holds_the_last_bytes_however_they_came() {
        let content: Vec<u8> = (0..200).collect();
        for pieces in [vec![1, 2, 3], vec![31, 1, 1], vec![32, 40], vec![100, 5, 30, 3], vec![0, 10]] {
            let mut mark = Mark::default();
            let mut at = 0;
            for piece in pieces {
                mark.advance(&content[at..at + piece]);
                at += piece;
            }
            assert_eq!(mark.bytes(), &content[at.saturating_sub(MARK)..at]);
        }
    }

    #[test]
    fn a_marker_is_the_hash_of_the_bytes_before_the_offset() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a");
        std::fs::write(&path, "hello world!\nmore").expect("it is written");
        let file = Opened::from(std::fs::File::open(&path).expect("it opens"));

        assert_eq!(marker(&file, 13), (xxh3_64(b"hello world!\n").cast_signed(), 13));
        assert!(has_marker(&file, 13, marker(&file, 13)));
        assert!(!has_marker(&file, 14, marker(&file, 13)));
        assert!(has_marker(&file, 14, (0, 0)));
        assert_eq!(marker(&file, 99), (0, 0));
    }
}
