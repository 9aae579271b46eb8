//! What was compressed, decompressed again. Called by property tests and by fuzzing.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::{Deflate, WINDOW};

/// Compresses the pieces of `streams`, stream after stream with one encoder.
///
/// # Panics
/// When another decoder reads something else, or what was compressed before changes a stream.
pub fn streams<Piece: AsRef<[u8]>>(streams: &[Vec<Piece>]) {
    let mut used = Deflate::default();
    for pieces in streams {
        let compressed = deflated(&mut used, pieces);
        let plain: Vec<u8> = pieces.iter().flat_map(|piece| piece.as_ref()).copied().collect();
        assert!(inflated(&compressed, plain.len()) == plain, "{} bytes are read as others", plain.len());
        assert!(deflated(&mut Deflate::default(), pieces) == compressed, "the encoder remembers another stream");
    }
}

/// The stream that is made of `pieces`.
pub(super) fn deflated<Piece: AsRef<[u8]>>(deflate: &mut Deflate, pieces: &[Piece]) -> Vec<u8> {
    let (mut out, mut window) = (Vec::new(), Vec::new());
    for piece in pieces {
        let from = window.len();
        window.extend_from_slice(piece.as_ref());
        deflate.write(&window, from, &mut out);
        let excess = window.len().saturating_sub(WINDOW);
        window.drain(..excess);
        deflate.slide(excess);
    }
    deflate.finish(&mut out);
    out
}

/// What `compressed` holds, which should be `expected` bytes.
pub(super) fn inflated(compressed: &[u8], expected: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(expected);
    let mut decoder = DeflateDecoder::new(compressed);
    decoder.by_ref().take(expected as u64 + 1).read_to_end(&mut plain).expect("it is valid");
    assert_eq!(decoder.total_in(), compressed.len() as u64, "nothing follows its end");
    plain
}
