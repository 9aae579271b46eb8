//! A deflate encoder (RFC 1951) made for requests: speed first, and every slice compressed while it is in the cache.
//!
//! Records are alike, so what repeats in them is looked for where it begins, and their bytes are as frequent now as they were a
//! moment ago. So the first slice of a stream is counted, and its codes serve all that follow, which are written in one pass
//! while matches are found. A slice that they do not serve well gets codes of its own.

mod block;
#[cfg(any(test, fuzzing))]
pub mod check;
mod counts;
mod huffman;
mod matches;
mod pen;
mod tables;

use counts::Counts;
use matches::{Finder, Match, SHORTEST};
use pen::{BitWriter, Pen};
use tables::Tables;

/// Bytes of a slice at the most.
const SLICE: usize = 96 << 10;
/// How far back a match may reach.
pub const WINDOW: usize = 32 << 10;
/// Codes are counted anew after so many bytes.
const COUNTED_EVERY: usize = 1 << 20;
/// Room for a slice that is written in one pass: codes that make more of it do not serve it.
const ROOM: usize = SLICE / 2 + SLACK;
const SLACK: usize = 64;

/// The state of one stream after another. Some hundred kB, so it is kept.
#[derive(Debug)]
pub struct Deflate {
    finder: Finder,
    sequences: Vec<Sequence>,
    bits: BitWriter,
    /// The codes of the block that is open.
    tables: Option<Box<Tables>>,
    /// Bytes that these codes are still used for.
    left: usize,
    /// Where slices are written in one pass.
    room: Box<[u8]>,
}

/// Bytes as they are, and what follows them: a match.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    /// Bytes as they are.
    literals: u32,
    /// Length of the match; 0 where nothing follows.
    length: u16,
    /// How far back it lies, less one.
    distance: u16,
}

impl Sequence {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "all of it is far smaller")]
    fn new(literals: usize, found: Match) -> Self {
        Self { literals: literals as u32, length: found.length as u16, distance: (found.distance - 1) as u16 }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a slice is far shorter")]
    fn last(literals: usize) -> Self {
        Self { literals: literals as u32, length: 0, distance: 0 }
    }

    #[inline(always)]
    fn found(self) -> Option<Match> {
        let found = Match { length: usize::from(self.length), distance: usize::from(self.distance) + 1 };
        (self.length > 0).then_some(found)
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            finder: Finder::default(),
            sequences: Vec::with_capacity(SLICE / SHORTEST + 1),
            bits: BitWriter::default(),
            tables: None,
            left: 0,
            room: vec![0; ROOM].into(),
        }
    }
}

impl Deflate {
    /// Compresses what stands in `window` from `from` on, and appends what is ready of it to `out`.
    ///
    /// Before that stand the bytes that were compressed before, as many as a match may reach ([`WINDOW`]) or all of them; more
    /// does no harm. Where bytes at the beginning of the window were taken away since the last call, [`Deflate::slide`] has
    /// been told.
    pub fn write(&mut self, window: &[u8], from: usize, out: &mut Vec<u8>) {
        let mut at = from;
        while at < window.len() {
            let end = window.len().min(at + SLICE);
            self.slice(&window[..end], at, out);
            at = end;
        }
    }

    /// `bytes` at the beginning of the window are gone.
    pub fn slide(&mut self, bytes: usize) {
        self.finder.slide(bytes);
    }

    /// Ends the stream. The next byte written begins another one.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.end_block(out);
        block::end(&mut self.bits, out);
        self.finder.forget();
    }

    fn slice(&mut self, window: &[u8], from: usize, out: &mut Vec<u8>) {
        let length = window.len() - from;
        if self.left > 0 && self.write_at_once(window, from, out).is_some() {
            self.left = self.left.saturating_sub(length);
            return;
        }
        self.end_block(out);
        self.find_all(window, from);
        let plain = &window[from..];
        let (literals, distances, size) = Counts::of(&self.sequences, plain).codes();
        if size > length {
            return block::store(plain, &mut self.bits, out);
        }
        block::header(&literals, &distances, &mut self.bits, out);
        let tables = Tables::new(&literals, &distances);
        self.write_sequences(&tables, plain, size, out);
        self.tables = Some(Box::new(tables));
        self.left = COUNTED_EVERY;
    }

    /// Writes a slice with the codes of the open block while matches are found. `None`, and nothing written, where they do
    /// not serve it.
    fn write_at_once(&mut self, window: &[u8], from: usize, out: &mut Vec<u8>) -> Option<()> {
        let tables = self.tables.as_deref()?;
        // A short slice may be worth less than codes of its own would take.
        let room = (window.len() - from) / 2 + SLACK;
        let mut pen = Pen::new(self.bits, &mut self.room);
        let last = self.finder.sequences(window, from, |literals, found| {
            if pen.at() + Tables::most(literals.len()) + Pen::SLACK > room {
                return false;
            }
            tables.write_bytes(window, literals, &mut pen);
            tables.write_match(found, &mut pen);
            true
        })?;
        let literals = last..window.len();
        if pen.at() + Tables::most(literals.len()) + Pen::SLACK > room {
            return None;
        }
        tables.write_bytes(window, literals, &mut pen);
        if pen.is_lost() {
            return None;
        }
        let (written, bits) = pen.finish();
        self.bits = bits;
        out.extend_from_slice(&self.room[..written]);
        Some(())
    }

    fn find_all(&mut self, window: &[u8], from: usize) {
        let sequences = &mut self.sequences;
        sequences.clear();
        let last = self.finder.sequences(window, from, |literals, found| {
            sequences.push(Sequence::new(literals.len(), found));
            true
        });
        sequences.push(Sequence::last(window.len() - last.unwrap_or(from)));
    }

    /// Writes the sequences that were found, which say `plain` and take about `size` bytes.
    fn write_sequences(&mut self, tables: &Tables, plain: &[u8], size: usize, out: &mut Vec<u8>) {
        let begin = out.len();
        out.resize(begin + size + SLACK, 0);
        let mut pen = Pen::new(self.bits, &mut out[begin..]);
        let mut at = 0;
        for sequence in &self.sequences {
            let end = at + sequence.literals as usize;
            tables.write_bytes(plain, at..end, &mut pen);
            if let Some(found) = sequence.found() {
                tables.write_match(found, &mut pen);
            }
            at = end + usize::from(sequence.length);
        }
        let (written, bits) = pen.finish();
        self.bits = bits;
        out.truncate(begin + written);
    }

    fn end_block(&mut self, out: &mut Vec<u8>) {
        let Some(tables) = self.tables.take() else { return };
        let mut end = [0; SLACK];
        let mut pen = Pen::new(self.bits, &mut end);
        tables.write_end(&mut pen);
        let (written, bits) = pen.finish();
        self.bits = bits;
        self.left = 0;
        out.extend_from_slice(&end[..written]);
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
