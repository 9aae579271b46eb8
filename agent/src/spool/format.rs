//! One spooled request as the bytes of a file. Nothing here touches a disk.
//!
//! ```text
//! head    72 bytes, little endian, the same in every version: magic, version, flags, counts, and a hash of these
//! table   streams, lots, items; sealed together with the body where a key is given
//! body    as it is sent, compressed or not
//! seal    16 bytes of AES-256-GCM, where a key is given
//! hash    XXH3 of everything before it
//! ```
//!
//! What was read is believed only so far as it was checked: nothing is allocated for a count that the length of the file does
//! not bear out.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::write::GzDecoder;
use xxhash_rust::xxh3::xxh3_64;

use super::hide::Hide;
use super::key::{Key, Once, SEAL};
use super::table;
use crate::plugin::{BodyEncoding, Item, Lot, Request, Stream};
use crate::receipts::{Ledger, Outcome};

const MAGIC: &[u8; 8] = b"VGSPOOL\n";
const VERSION: u16 = 1;
/// Bytes of the head, its hash included.
pub(super) const HEAD: usize = 72;
const HASH: usize = 8;
const SEALED: u16 = 1;
/// Most bytes of a file, and of a body before compression.
pub(super) const LARGEST: usize = 1 << 30;
/// Most items of a request.
pub(super) const MOST_ITEMS: usize = 1 << 22;

/// Why a request cannot be spooled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// It is larger than 1 GiB, or has too many items.
    #[error("the request is too large to be spooled")]
    TooLarge,
    /// It cannot be sealed.
    #[error("the system gives no random bytes to seal it with")]
    NoSeal,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It is not what was written.
    #[error("{0}")]
    Damaged(&'static str),
    /// It is whole as far as can be seen, and cannot be read by this agent as it is configured.
    #[error("{0}")]
    NotNow(&'static str),
}

/// What the head of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    flags: u16,
    pub(super) items: usize,
    pub(super) lots: usize,
    pub(super) streams: usize,
    table: usize,
    body: usize,
    plain: usize,
    pub(super) first_item: u32,
    encoding: BodyEncoding,
    attempts: u32,
    key: u32,
    once: Once,
}

/// Where lots came from: a stream and a tag.
pub(super) type Origin = (Arc<Stream>, Arc<str>);

/// A request read back, without shares yet.
#[derive(Debug)]
pub struct Stored {
    body: Bytes,
    head: Head,
    items: Vec<Item>,
    lots: Vec<Origin>,
}

impl Stored {
    /// How many records it holds.
    pub fn records(&self) -> u32 {
        u32::try_from(self.items.len()).expect("their number is bounded")
    }

    /// The request, whose items answer to `ledger`. It is settled when the position of that has moved to 1.
    pub fn into_request(self, ledger: &Arc<Ledger>) -> Request {
        let mut counts = vec![0_u32; self.lots.len()];
        for item in &self.items {
            counts[item.lot as usize] += 1;
        }
        let mut share = ledger.open(1);
        let total = counts.iter().sum::<u32>();
        share.grow(total);
        let lots = self.lots.into_iter().zip(counts);
        // It may have been sent before a restart.
        let lot = |((stream, tag), count)| Lot { share: share.split(count), stream, tag, may_be_stored: true };
        let lots = lots.map(lot).collect();
        share.settle_all(Outcome::Passed);
        Request {
            body: self.body,
            encoding: self.head.encoding,
            plain_length: self.head.plain,
            first_item: self.head.first_item,
            items: self.items,
            lots,
            attempts: self.head.attempts,
            may_spool: false,
        }
    }
}

/// The file of `request`.
///
/// # Errors
/// See [`EncodeError`].
pub fn encode(request: &Request, key: Option<&Key>, hide: Option<&Hide>) -> Result<Vec<u8>, EncodeError> {
    let (table, streams) = table::encode(request, hide);
    let length = HEAD + table.len() + request.body.len() + SEAL + HASH;
    if length > LARGEST || request.plain_length > LARGEST || request.items.len() > MOST_ITEMS {
        return Err(EncodeError::TooLarge);
    }
    let once = key.map_or(Ok(Once::default()), |_| Key::once()).map_err(|_| EncodeError::NoSeal)?;
    let head = Head {
        flags: if key.is_some() { SEALED } else { 0 },
        items: request.items.len(),
        lots: request.lots.len(),
        streams,
        table: table.len(),
        body: request.body.len(),
        plain: request.plain_length,
        first_item: request.first_item,
        encoding: request.encoding,
        attempts: request.attempts,
        key: key.map_or(0, Key::fingerprint),
        once,
    };
    let head = head.bytes();
    let mut file = Vec::with_capacity(length);
    file.extend_from_slice(&head);
    file.extend_from_slice(&table);
    file.extend_from_slice(&request.body);
    if let Some(key) = key {
        key.seal(once, &head, &mut file, HEAD).map_err(|_| EncodeError::NoSeal)?;
    }
    file.extend_from_slice(&xxh3_64(&file).to_le_bytes());
    Ok(file)
}

/// Reads a file.
///
/// # Errors
/// See [`DecodeError`]. Whatever the bytes are, it does not panic, and takes no more memory than a few times their length
/// and that of the body before compression, which is checked against what the head says.
pub fn decode(mut file: Vec<u8>, key: Option<&Key>) -> Result<Stored, DecodeError> {
    use DecodeError::{Damaged, NotNow};
    let head = Head::read(&file)?;
    let sealed = head.flags & SEALED != 0;
    let inside = head.table + head.body;
    if file.len() != HEAD + inside + if sealed { SEAL } else { 0 } + HASH {
        return Err(Damaged("it is not as long as its head says"));
    }
    let end = file.len() - HASH;
    if file[end..] != xxh3_64(&file[..end]).to_le_bytes() {
        return Err(Damaged("its hash does not fit"));
    }
    if sealed {
        let key = key.ok_or(NotNow("it is sealed, and no `storage.key_file` is set"))?;
        if key.fingerprint() != head.key {
            return Err(NotNow("it is sealed with another key than that of `storage.key_file`"));
        }
        let (start, payload) = file[..end].split_at_mut(HEAD);
        key.open(head.once, start, payload).ok_or(Damaged("its seal does not fit"))?;
    }
    let file = Bytes::from(file);
    let body = file.slice(HEAD + head.table..HEAD + inside);
    if plain_length(&body, &head) != Some(head.plain) {
        return Err(Damaged("its body does not inflate to what its head says"));
    }
    let (items, lots) = table::decode(&file[HEAD..HEAD + head.table], &head).map_err(Damaged)?;
    if items.last().is_none_or(|item| item.end as usize > head.plain) {
        return Err(Damaged("an item reaches over the end of the body"));
    }
    Ok(Stored { body, head, items, lots })
}

/// Length of the body before compression, if that is at most what the head says.
fn plain_length(body: &[u8], head: &Head) -> Option<usize> {
    match head.encoding {
        BodyEncoding::Identity => Some(body.len()),
        BodyEncoding::Gzip(_) => {
            let mut decoder = GzDecoder::new(Bounded { length: 0, limit: head.plain });
            decoder.write_all(body).ok()?;
            decoder.finish().ok().map(|counted| counted.length)
        }
    }
}

/// Counts bytes, up to a limit.
struct Bounded {
    length: usize,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.length += bytes.len();
        if self.length > self.limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Head {
    fn bytes(&self) -> [u8; HEAD] {
        let (kind, level) = match self.encoding {
            BodyEncoding::Identity => (0_u8, 0),
            BodyEncoding::Gzip(level) => (1, u8::try_from(level).unwrap_or(9)),
        };
        let mut bytes = Vec::with_capacity(HEAD);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&self.flags.to_le_bytes());
        for number in [self.items, self.lots, self.streams, self.table, self.body, self.plain] {
            let number = u32::try_from(number).expect("lengths were found to be below 1 GiB");
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.first_item.to_le_bytes());
        bytes.extend_from_slice(&[kind, level, 0, 0]);
        bytes.extend_from_slice(&self.attempts.to_le_bytes());
        bytes.extend_from_slice(&self.key.to_le_bytes());
        bytes.extend_from_slice(&self.once);
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        bytes.try_into().expect("the fields above fill the head")
    }

    /// Reads and checks the head of a file, of which the rest may be missing.
    pub(super) fn read(file: &[u8]) -> Result<Self, DecodeError> {
        use DecodeError::{Damaged, NotNow};
        let head = file.first_chunk::<HEAD>().ok_or(Damaged("it is shorter than a head"))?;
        let (fields, hash) = head.split_at(HEAD - HASH);
        if !fields.starts_with(MAGIC) {
            return Err(Damaged("it does not begin as a spooled request does"));
        }
        if hash != xxh3_64(fields).to_le_bytes() {
            return Err(Damaged("the hash of its head does not fit"));
        }
        let half = |at: usize| u16::from_le_bytes([fields[at], fields[at + 1]]);
        let word = |at: usize| u32::from_le_bytes([fields[at], fields[at + 1], fields[at + 2], fields[at + 3]]);
        let length = |at: usize| word(at) as usize;
        if half(8) != VERSION {
            return Err(NotNow("another version of the agent wrote it, in a format that this one does not know"));
        }
        let encoding = match (fields[40], fields[41]) {
            (0, 0) => BodyEncoding::Identity,
            (1, level @ 0..=9) => BodyEncoding::Gzip(u32::from(level)),
            _ => return Err(Damaged("its body is compressed in a way that there is not")),
        };
        let mut once = Once::default();
        once.copy_from_slice(&fields[52..64]);
        let head = Self {
            flags: half(10),
            items: length(12),
            lots: length(16),
            streams: length(20),
            table: length(24),
            body: length(28),
            plain: length(32),
            first_item: word(36),
            encoding,
            attempts: word(44),
            key: word(48),
            once,
        };
        head.check().then_some(head).ok_or(Damaged("its counts make no sense"))
    }

    /// Whether counts and lengths can be true at all.
    fn check(&self) -> bool {
        let counts = (1..=MOST_ITEMS).contains(&self.items)
            && (1..=self.items).contains(&self.lots)
            && (1..=self.lots).contains(&self.streams);
        let least = self.items * table::ITEM + self.lots * table::LEAST_LOT + self.streams * table::LEAST_STREAM;
        let lengths = self.table >= least && self.table + self.body <= LARGEST && self.plain <= LARGEST;
        counts && lengths && self.flags & !SEALED == 0
    }
}
