//! The table of a spooled request: where its records came from and where they stand in the body.
//!
//! ```text
//! stream  input, name, identity (each with its length before it), birth
//! lot     number of its stream, tag
//! item    end, lot, offset
//! ```

use std::sync::Arc;

use super::format::{Head, Origin};
use super::hide::{Hide, shown};
use crate::plugin::{Item, Request, Stream};

/// Bytes of an item.
pub(super) const ITEM: usize = 16;
/// Least bytes of a lot and of a stream.
pub(super) const LEAST_LOT: usize = 8;
pub(super) const LEAST_STREAM: usize = 20;

/// The table of `request`, and how many streams it names, as `hide` gives their names.
pub(super) fn encode(request: &Request, hide: Option<&Hide>) -> (Vec<u8>, usize) {
    let mut streams: Vec<&Arc<Stream>> = Vec::new();
    let mut numbers = Vec::with_capacity(request.lots.len());
    for lot in &request.lots {
        // Lots of one stream mostly follow each other.
        let known = streams.iter().rposition(|stream| Arc::ptr_eq(stream, &lot.stream));
        numbers.push(known.unwrap_or_else(|| {
            streams.push(&lot.stream);
            streams.len() - 1
        }));
    }
    let mut table = Vec::with_capacity(request.items.len() * ITEM + request.lots.len() * 32 + streams.len() * 128);
    for stream in &streams {
        let name = shown(hide, stream.name.text());
        for text in [stream.input.as_bytes(), name.as_bytes(), &*stream.identity] {
            push_bytes(text, &mut table);
        }
        table.extend_from_slice(&stream.birth.to_le_bytes());
    }
    for (lot, number) in request.lots.iter().zip(numbers) {
        table.extend_from_slice(&length(number));
        push_bytes(lot.tag.as_bytes(), &mut table);
    }
    for item in &request.items {
        table.extend_from_slice(&item.end.to_le_bytes());
        table.extend_from_slice(&item.lot.to_le_bytes());
        table.extend_from_slice(&item.offset.to_le_bytes());
    }
    (table, streams.len())
}

fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&length(bytes.len()));
    out.extend_from_slice(bytes);
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("texts and counts stay below 4 GiB").to_le_bytes()
}

/// Reads the table that `head` announces; its counts were found to fit the length of the table.
///
/// # Errors
/// What is wrong with it.
pub(super) fn decode(table: &[u8], head: &Head) -> Result<(Vec<Item>, Vec<Origin>), &'static str> {
    let mut reader = Reader(table);
    let cut = "its table ends too early";
    let mut streams = Vec::with_capacity(head.streams);
    for _ in 0..head.streams {
        streams.push(reader.stream().ok_or(cut)?);
    }
    let mut lots: Vec<Origin> = Vec::with_capacity(head.lots);
    for _ in 0..head.lots {
        let stream = reader.word().ok_or(cut)? as usize;
        let tag = reader.text().ok_or("a tag in its table is cut or is no text")?;
        let stream = streams.get(stream).ok_or("a lot in its table names a stream that is not there")?;
        lots.push((Arc::clone(stream), tag.into()));
    }
    let mut items = Vec::with_capacity(head.items);
    let mut before = head.first_item;
    for _ in 0..head.items {
        let item = reader.item().ok_or(cut)?;
        if item.end < before || item.lot as usize >= lots.len() {
            return Err("an item in its table is out of order");
        }
        before = item.end;
        items.push(item);
    }
    if reader.0.is_empty() { Ok((items, lots)) } else { Err("its table goes on behind its end") }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn stream(&mut self) -> Option<Arc<Stream>> {
        let input: Arc<str> = self.text()?.into();
        let name = self.text()?.into();
        let identity = self.bytes()?.to_vec().into();
        let birth = u64::from_le_bytes(*self.array()?);
        Some(Arc::new(Stream { birth, identity, ..Stream::past(name, input) }))
    }

    fn item(&mut self) -> Option<Item> {
        let (end, lot) = (self.word()?, self.word()?);
        Some(Item { end, lot, offset: u64::from_le_bytes(*self.array()?) })
    }

    fn text(&mut self) -> Option<&str> {
        self.bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    fn bytes(&mut self) -> Option<&[u8]> {
        let length = self.word()? as usize;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn word(&mut self) -> Option<u32> {
        self.array().copied().map(u32::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<&[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(array)
    }
}
