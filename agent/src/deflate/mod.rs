//! A deflate encoder (RFC 1951) made for requests: speed first, and every slice compressed while it is in the cache.
//!
//! One look-up per position finds the last place with the same bytes, and no other is tried. Each slice is a block with
//! Huffman codes of its own. Where the kind of a token cannot be foreseen, nothing branches on it.

mod block;
mod huffman;
mod matches;

use block::BitWriter;
use matches::Finder;

/// Bytes compressed at once at the most.
const SLICE: usize = 64 << 10;
/// How far back a match may reach.
const WINDOW: usize = 32 << 10;

/// The state of one stream after another. About 500 kB, so it is kept.
#[derive(Debug)]
pub struct Deflate {
    /// The last bytes of what was compressed, then those that are.
    window: Vec<u8>,
    finder: Finder,
    tokens: Box<[Token]>,
    bits: BitWriter,
}

/// A byte, or a match: what it is above 16 bits, the distance less one below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Token(u32);

/// Different bytes and lengths that a token may be, the unused lengths 0 to 2 included.
const KINDS: usize = 256 + 259;

impl Token {
    #[inline(always)]
    fn literal(byte: u8) -> Self {
        Self(u32::from(byte) << 16)
    }

    /// A match of 3 to 258 bytes, at most [`WINDOW`] back.
    #[inline(always)]
    fn reference(length: usize, distance: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "both are far smaller")]
        Self((256 + length as u32) << 16 | (distance as u32 - 1))
    }

    /// The byte, or 256 and the length.
    #[inline(always)]
    fn kind(self) -> usize {
        (self.0 >> 16) as usize
    }

    #[inline(always)]
    fn is_literal(self) -> bool {
        self.0 < 256 << 16
    }

    /// The distance less one; 0 for a byte.
    #[inline(always)]
    fn distance(self) -> u32 {
        self.0 & 0xffff
    }
}

impl Default for Deflate {
    fn default() -> Self {
        let window = Vec::with_capacity(WINDOW + SLICE);
        Self {
            window,
            finder: Finder::default(),
            tokens: vec![Token::default(); SLICE].into(),
            bits: BitWriter::default(),
        }
    }
}

impl Deflate {
    /// Compresses `bytes` and appends what is ready of it to `out`.
    pub fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for slice in bytes.chunks(SLICE) {
            self.slide();
            let from = self.window.len();
            self.window.extend_from_slice(slice);
            let count = self.finder.tokens(&self.window, from, &mut self.tokens);
            block::write(&self.tokens[..count], slice, &mut self.bits, out);
        }
    }

    /// Ends the stream. The next byte written begins another one.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        block::end(&mut self.bits, out);
        self.finder.forget(self.window.len());
        self.window.clear();
    }

    /// Keeps what a match may reach.
    fn slide(&mut self) {
        let excess = self.window.len().saturating_sub(WINDOW);
        self.window.drain(..excess);
        self.finder.slide(excess);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;
    use proptest::prelude::*;

    use super::*;

    fn inflated(compressed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        let mut decoder = DeflateDecoder::new(compressed);
        decoder.read_to_end(&mut plain).expect("it is valid");
        assert_eq!(decoder.total_in(), compressed.len() as u64, "nothing follows its end");
        plain
    }

    fn deflated(deflate: &mut Deflate, pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        pieces.iter().for_each(|piece| deflate.write(piece, &mut out));
        deflate.finish(&mut out);
        out
    }

    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            "[ab]{0,300}".prop_map(String::into_bytes),
            ("[a-z]{1,9}", 0..3000_usize).prop_map(|(word, times)| word.repeat(times).into_bytes()),
            (0..3000_u32).prop_map(|count| (0..count)
                .flat_map(|at| format!("{{\"n\":{at},\"k\":\"v\"}}\n").into_bytes())
                .collect()),
            (any::<u32>(), 0..100_000_usize).prop_map(|(seed, length)| noise(seed, length)),
        ]
    }

    /// Bytes that cannot be compressed.
    fn noise(seed: u32, length: usize) -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        };
        (0..length).map(|_| next()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_is_written_is_read_again_stream_after_stream(
            streams in proptest::collection::vec(proptest::collection::vec(piece(), 0..6), 1..4),
        ) {
            let mut deflate = Deflate::default();
            for pieces in streams {
                let compressed = deflated(&mut deflate, &pieces);
                prop_assert!(inflated(&compressed) == pieces.concat());
            }
        }
    }

    #[test]
    fn what_cannot_be_compressed_hardly_grows() {
        let plain = noise(7, 1 << 20);

        let compressed = deflated(&mut Deflate::default(), std::slice::from_ref(&plain));

        assert!(compressed.len() < plain.len() + plain.len() / 1000, "{}", compressed.len());
        assert!(inflated(&compressed) == plain);
    }

    #[test]
    fn a_stream_is_the_same_whatever_was_compressed_before() {
        let text = "the same text, the same bytes\n".repeat(5000).into_bytes();
        let mut used = Deflate::default();
        let first = deflated(&mut used, &[noise(1, 300_000)]);

        assert!(!first.is_empty());
        assert_eq!(deflated(&mut used, std::slice::from_ref(&text)), deflated(&mut Deflate::default(), &[text]));
    }

    #[test]
    fn positions_may_run_over() {
        let mut deflate = Deflate::default();
        deflate.finder.near_the_end();
        let text = "over and over and over\n".repeat(20_000).into_bytes();

        for _ in 0..8 {
            assert!(inflated(&deflated(&mut deflate, std::slice::from_ref(&text))) == text);
        }
    }
}
