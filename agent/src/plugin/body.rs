//! The body of a request as it grows.

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use super::buffers::Buffers;
use crate::deflate::{Deflate, WINDOW};

/// Compression of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEncoding {
    /// None.
    Identity,
    /// Gzip of this level (0 to 9).
    Gzip(u32),
}

/// Bytes that gather before they are compressed: few enough to be in the cache still.
const SLICE: usize = 64 << 10;
/// Compressed bytes are let go of when so many are kept beyond what is needed of them.
const KEPT: usize = 64 << 10;

/// The body of a request as it grows; compressed slice by slice while the bytes are in the cache.
///
/// After [`Body::seal`] it is empty and its deflate state serves the next request.
#[derive(Debug)]
pub struct Body {
    plain: Vec<u8>,
    gzip: Option<Gzip>,
    /// Bytes that are gone from the beginning of `plain`.
    gone: usize,
    /// Bytes at its beginning that are compressed.
    compressed: usize,
    /// Where the buffer comes from that is sealed in the end.
    buffers: Buffers,
}

impl Body {
    /// An empty body with buffers of its own.
    pub fn new(encoding: BodyEncoding) -> Self {
        Self::with_buffers(encoding, Buffers::new(SLICE, usize::MAX, 1))
    }

    /// A pool for bodies that are sealed at `bytes` before compression, of which `kept` are kept.
    pub fn buffers(encoding: BodyEncoding, bytes: usize, kept: usize) -> Buffers {
        match encoding {
            // The last record may reach over the end.
            BodyEncoding::Identity => {
                let first = bytes + (bytes / 8).clamp(4 << 10, 64 << 10);
                Buffers::new(first, 2 * first, kept)
            }
            BodyEncoding::Gzip(_) => Buffers::new((bytes / 4).max(4 << 10), bytes.max(4 << 10), kept),
        }
    }

    /// An empty body that takes its buffers from a pool.
    pub fn with_buffers(encoding: BodyEncoding, buffers: Buffers) -> Self {
        let gzip = match encoding {
            BodyEncoding::Identity => None,
            BodyEncoding::Gzip(level) => Some(Gzip::new(level)),
        };
        Self { plain: Vec::new(), gzip, gone: 0, compressed: 0, buffers }
    }

    /// Takes a buffer. To be called before the first byte is appended.
    pub fn begin(&mut self) {
        let buffer = self.buffers.take();
        match &mut self.gzip {
            Some(gzip) => gzip.out = buffer,
            None => self.plain = buffer,
        }
    }

    /// Bytes so far, before compression.
    pub fn len(&self) -> usize {
        self.gone + self.plain.len()
    }

    /// Whether nothing was appended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where to append. What was appended before may be gone from here, so only appending is allowed.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.plain
    }

    /// Compresses what has gathered, if that is enough for a slice.
    pub fn compress_slice(&mut self) {
        if self.gzip.is_some() && self.plain.len() - self.compressed >= SLICE {
            self.compress();
        }
    }

    fn compress(&mut self) {
        let Some(gzip) = &mut self.gzip else { return };
        gzip.write(&self.plain, self.compressed);
        let excess = self.plain.len().saturating_sub(gzip.reach());
        if excess >= KEPT.min(self.plain.len()) {
            self.plain.drain(..excess);
            self.gone += excess;
            gzip.slide(excess);
        }
        self.compressed = self.plain.len();
    }

    /// Ends it and gives the bytes to send. Their buffer goes back when they are dropped.
    pub fn seal(&mut self) -> Bytes {
        self.compress();
        (self.gone, self.compressed) = (0, 0);
        let sealed = match &mut self.gzip {
            Some(gzip) => {
                self.plain.clear();
                gzip.finish()
            }
            None => std::mem::take(&mut self.plain),
        };
        self.buffers.lend(sealed)
    }
}

/// A gzip member (RFC 1952) around a deflate state that is used again for the next one: it is too large to be made
/// anew for each request.
#[derive(Debug)]
struct Gzip {
    encoder: Encoder,
    crc: Crc,
    out: Vec<u8>,
}

/// What deflates.
#[derive(Debug)]
enum Encoder {
    /// Level 1.
    Own(Box<Deflate>),
    /// The levels above.
    Zlib(Compress),
}

/// Magic, deflate, no flags, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

impl Gzip {
    fn new(level: u32) -> Self {
        let encoder = match level {
            1 => Encoder::Own(Box::default()),
            _ => Encoder::Zlib(Compress::new(Compression::new(level.min(9)), false)),
        };
        Self { encoder, crc: Crc::new(), out: Vec::new() }
    }

    /// Compresses what stands in `window` from `from` on; before that stands what was compressed before.
    fn write(&mut self, window: &[u8], from: usize) {
        let bytes = &window[from..];
        if self.out.is_empty() {
            self.out.extend_from_slice(&HEADER);
        }
        self.crc.update(bytes);
        match &mut self.encoder {
            Encoder::Own(deflate) => deflate.write(window, from, &mut self.out),
            Encoder::Zlib(zlib) => write_zlib(zlib, bytes, &mut self.out),
        }
    }

    /// How many of the bytes compressed last must still stand before those to come.
    fn reach(&self) -> usize {
        match &self.encoder {
            Encoder::Own(_) => WINDOW,
            // It keeps them by itself.
            Encoder::Zlib(_) => 0,
        }
    }

    /// `bytes` at the beginning of the window are gone.
    fn slide(&mut self, bytes: usize) {
        if let Encoder::Own(deflate) = &mut self.encoder {
            deflate.slide(bytes);
        }
    }

    fn finish(&mut self) -> Vec<u8> {
        match &mut self.encoder {
            Encoder::Own(deflate) => deflate.finish(&mut self.out),
            Encoder::Zlib(zlib) => {
                while step(zlib, &[], FlushCompress::Finish, &mut self.out) != Status::StreamEnd {}
                zlib.reset();
            }
        }
        self.out.extend_from_slice(&self.crc.sum().to_le_bytes());
        self.out.extend_from_slice(&self.crc.amount().to_le_bytes());
        self.crc.reset();
        std::mem::take(&mut self.out)
    }
}

fn write_zlib(zlib: &mut Compress, mut bytes: &[u8], out: &mut Vec<u8>) {
    while !bytes.is_empty() {
        let before = zlib.total_in();
        step(zlib, bytes, FlushCompress::None, out);
        let taken = usize::try_from(zlib.total_in() - before).expect("no more than was given");
        bytes = &bytes[taken..];
    }
}

fn step(zlib: &mut Compress, bytes: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> Status {
    out.reserve(SLICE / 4);
    zlib.compress_vec(bytes, out, flush).expect("deflating into memory does not fail")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn a_sealed_body_inflates_to_what_was_appended_and_can_be_used_again() {
        for level in [1, 2] {
            used_again(Body::new(BodyEncoding::Gzip(level)));
        }
    }

    fn used_again(mut body: Body) {
        for round in 0..3_usize {
            let mut expected = String::new();
            for line in 0..20_000 * round {
                let text = format!("line {line} of round {round}\n");
                body.buffer().extend_from_slice(text.as_bytes());
                body.compress_slice();
                expected.push_str(&text);
            }
            assert_eq!(body.len(), expected.len());
            body.buffer().push(b'.');

            let sealed = body.seal();

            let mut inflated = String::new();
            GzDecoder::new(&sealed[..]).read_to_string(&mut inflated).expect("it is valid gzip");
            assert!(inflated == expected + ".", "round {round}");
            assert!(body.is_empty());
        }
    }
}
