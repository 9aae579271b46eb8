//! A deflate encoder (RFC 1951) made for requests: speed first, and every slice compressed while it is in the cache.
//!
//! One look-up finds the last place with the same bytes, and only a match that begins one byte later is tried beside it; where
//! nothing is found the steps become longer, and a match found late is followed back. Each slice is a block with Huffman codes of its own. Most of what is said of
//! log bodies are single bytes: they stay where they are until they are written, four at a time.

mod block;
#[cfg(any(test, fuzzing))]
pub mod check;
mod huffman;
mod matches;

use block::BitWriter;
use matches::Finder;

/// Bytes of a block at the most.
const SLICE: usize = 128 << 10;
/// Sequences of a block at the most: a match takes four bytes or more, and the last has none.
const MOST_SEQUENCES: usize = SLICE / 4 + 1;
/// How far back a match may reach.
const WINDOW: usize = 32 << 10;

/// The state of one stream after another. A few hundred kB, so it is kept.
#[derive(Debug)]
pub struct Deflate {
    /// The last bytes of what was compressed, then those that are.
    window: Vec<u8>,
    finder: Finder,
    sequences: Box<[Sequence]>,
    bits: BitWriter,
}

/// Bytes as they are, and what follows them: a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sequence {
    /// Bytes as they are.
    literals: u32,
    /// Length of the match, 3 to 258; 0 where nothing follows.
    length: u16,
    /// How far back it lies, less one.
    distance: u16,
}

impl Sequence {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "all of it is far smaller")]
    fn new(literals: usize, length: usize, distance: usize) -> Self {
        Self { literals: literals as u32, length: length as u16, distance: (distance - 1) as u16 }
    }
}

impl Default for Deflate {
    fn default() -> Self {
        let window = Vec::with_capacity(WINDOW + SLICE);
        Self {
            window,
            finder: Finder::default(),
            sequences: vec![Sequence::default(); MOST_SEQUENCES].into(),
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
            let count = self.finder.sequences(&self.window, from, &mut self.sequences);
            block::write(&self.sequences[..count], slice, &mut self.bits, out);
        }
    }

    /// Ends the stream. The next byte written begins another one.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        block::end(&mut self.bits, out);
        self.finder.forget();
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
    use proptest::prelude::*;

    use super::check::{deflated, inflated};
    use super::*;

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
            check::streams(&streams);
        }
    }

    #[test]
    fn what_cannot_be_compressed_hardly_grows() {
        let plain = noise(7, 1 << 20);

        let compressed = deflated(&mut Deflate::default(), std::slice::from_ref(&plain));

        assert!(compressed.len() < plain.len() + plain.len() / 1000, "{}", compressed.len());
        assert!(inflated(&compressed, plain.len()) == plain);
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
        let text = "over and over and over\n".repeat(20_000).into_bytes();

        for _ in 0..8 {
            assert!(inflated(&deflated(&mut deflate, std::slice::from_ref(&text)), text.len()) == text);
        }
    }
}
