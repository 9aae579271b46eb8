//! One chunk as Fluent Bit keeps it on disk.
//!
//! # Source
//! Chunk I/O, file layout of 2018-10-26, and Fluent Bit's metadata in it since 1.8.10.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::inputs::files::read_full;

/// Bytes before the metadata.
const HEADER: usize = 24;
/// Longest metadata that its length can say.
const LONGEST_METADATA: usize = 0xffff;
/// What a file begins with.
const MAGIC: [u8; 2] = [0xc1, 0x00];
/// What metadata begins with; before version 1.8.10 it was the tag alone.
const METADATA_MAGIC: [u8; 2] = [0xf1, 0x77];
/// The type of a chunk of logs.
const LOGS: u8 = 0;

/// A chunk of log events.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) file: File,
    /// Tag of its records.
    pub(super) tag: String,
    /// Where its events begin.
    pub(super) start: u64,
    /// Where the file ends; zeros may stand before that.
    pub(super) end: u64,
}

/// Why a chunk cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChunkError {
    /// The system does not give it.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is no chunk, or its head is damaged.
    #[error("{0}")]
    Damaged(&'static str),
    /// It holds something else than logs.
    #[error("it holds {0}, which are not delivered")]
    NoLogs(&'static str),
}

impl Chunk {
    /// Opens the chunk at `path`. `None` for one that was begun and holds nothing.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, ChunkError> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(ChunkError::Damaged("it is no regular file"));
        }
        let end = metadata.len();
        if end == 0 {
            return Ok(None);
        }
        let mut head = vec![0; HEADER + LONGEST_METADATA];
        let length = read_full(&file, &mut head, 0)?;
        head.truncate(length);
        let (tag, start) = tag(&head)?;
        Ok(Some(Self { file, tag, start: start as u64, end }))
    }
}

/// The tag that the head of a chunk tells, and where its events begin.
fn tag(head: &[u8]) -> Result<(String, usize), ChunkError> {
    if !head.starts_with(&MAGIC) || head.len() < HEADER {
        return Err(ChunkError::Damaged("it does not begin as a chunk does"));
    }
    let length = usize::from(u16::from_be_bytes([head[HEADER - 2], head[HEADER - 1]]));
    let start = HEADER + length;
    let metadata = head.get(HEADER..start).ok_or(ChunkError::Damaged("it ends before its events begin"))?;
    let tag = match metadata.strip_prefix(&METADATA_MAGIC) {
        Some([LOGS, _, tag @ ..]) => tag,
        Some([kind, ..]) => return Err(ChunkError::NoLogs(name(*kind))),
        Some([]) => return Err(ChunkError::Damaged("its metadata ends early")),
        None => metadata,
    };
    // Behind a zero stands to which outputs it was routed; here the tag alone decides.
    let tag = tag.split(|byte| *byte == 0).next().unwrap_or_default();
    if tag.is_empty() {
        return Err(ChunkError::Damaged("it names no tag"));
    }
    Ok((String::from_utf8_lossy(tag).into_owned(), start))
}

fn name(kind: u8) -> &'static str {
    match kind {
        1 => "metrics",
        2 => "traces",
        3 => "blobs",
        4 => "profiles",
        _ => "something unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(metadata: &[u8]) -> Vec<u8> {
        let length = u16::try_from(metadata.len()).expect("short").to_be_bytes();
        [&MAGIC[..], &[0xff, 0x12, 0xd9, 0x41], &[0; 16], &length, metadata, b"events"].concat()
    }

    #[test]
    fn the_tag_stands_in_the_metadata_of_every_version() {
        let cases: [&[u8]; 3] = [b"\xf1\x77\x00\x00app.log", b"\xf1\x77\x00\x01app.log\0routes", b"app.log"];
        for metadata in cases {
            let (tag, start) = tag(&head(metadata)).expect("a chunk");
            assert_eq!((tag.as_str(), start), ("app.log", HEADER + metadata.len()));
        }
    }

    #[test]
    fn what_cannot_be_taken_over_is_told() {
        let short = &head(b"\xf1\x77\x00\x00app")[..HEADER + 3];
        let cases: [(&[u8], &str); 6] = [
            (b"\xc1\x01 and no more", "it does not begin as a chunk does"),
            (b"\xc1\x00", "it does not begin as a chunk does"),
            (short, "it ends before its events begin"),
            (&head(b"\xf1\x77\x01\x00app"), "it holds metrics, which are not delivered"),
            (&head(b"\xf1\x77\x00\x00"), "it names no tag"),
            (&head(b"\xf1\x77"), "its metadata ends early"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(tag(bytes).expect_err("refused").to_string(), expected);
        }
    }
}
