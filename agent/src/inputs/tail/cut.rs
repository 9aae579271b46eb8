//! Cuts a block of bytes into lines, and what is too long for one into parts.

use std::cell::Cell;

use memchr::memchr;
use vigie_parsers::batch::{Batch, OfLines, Origin, Source, Span, Text, Timestamp};

use crate::metrics::InputMetrics;

/// What becomes of a line above the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnLongLine {
    /// It is cut into parts.
    Cut,
    /// It is left out.
    Skip,
    /// Its first part is taken.
    Truncate,
}

/// A line above the limit whose end is not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LongLine {
    /// Offset of its first byte in the file.
    pub(super) start: u64,
    /// Number of the next part; `None` when the rest is left out.
    part: Option<u16>,
}

/// How lines are cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cutting {
    /// Longest line.
    pub(super) max_line: usize,
    pub(super) on_long_line: OnLongLine,
    pub(super) skip_empty: bool,
}

/// The bytes to be cut: where they lie in the arena and in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// First byte in the arena; they reach to its end.
    pub(super) start: usize,
    /// Offset of that byte in the file.
    pub(super) offset: u64,
    /// Whether what has no newline is a line too, because nothing follows.
    pub(super) last: bool,
}

/// What cutting came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Bytes dealt with.
    pub(super) consumed: usize,
    /// Offset at which reading may begin again when all of it is settled: the start of a long line that is not over.
    pub(super) end: u64,
}

/// What cutting needs beside the bytes.
pub(super) struct Cutter<'a> {
    pub(super) cutting: Cutting,
    pub(super) metrics: &'a InputMetrics,
    pub(super) now: Timestamp,
    /// Key of the text, in the arena.
    pub(super) key: Text,
    /// Records that the batch may have; at least one.
    pub(super) most: usize,
    /// Set where a line is left out because it is above the limit.
    pub(super) skips: Cell<bool>,
}

impl Cutter<'_> {
    /// Adds the lines of `block` to `batch` as records, as many as that may have. What is left behind the last one is to be given
    /// again, with what follows it. `long` is the long line that the block begins in, and afterwards the one it ends in.
    pub(super) fn cut(&self, batch: &mut Batch, block: Block, long: &mut Option<LongLine>) -> Cut {
        self.cut_at(batch, block, long, character_border)
    }

    /// The same where `border` tells how many of some bytes, up to a limit, do not end inside of a character.
    pub(super) fn cut_at(
        &self,
        batch: &mut Batch,
        block: Block,
        long: &mut Option<LongLine>,
        border: impl Fn(&[u8], usize) -> usize,
    ) -> Cut {
        let end = batch.arena().len();
        let mut at = block.start;
        let offset_of = |at: usize| block.offset + (at - block.start) as u64;
        while at < end && batch.len() < self.most {
            if long.is_none() {
                at = batch.push_lines(at, self.of_lines(offset_of(at)));
            }
            at += self.skip_nuls(&batch.arena()[at..], long.as_ref());
            let rest = &batch.arena()[at..];
            let newline = memchr(b'\n', rest);
            let ends = newline.is_some() || (block.last && !rest.is_empty());
            let length = match newline {
                Some(newline) => newline - usize::from(newline > 0 && rest[newline - 1] == b'\r'),
                // A carriage return may be the first half of a line's end.
                None if block.last => rest.len(),
                None => rest.len().saturating_sub(1),
            };
            let first = long.map_or(offset_of(at), |long| long.start);
            if long.is_some_and(|long| long.part.is_none()) {
                at += newline.map_or(rest.len(), |newline| newline + 1);
                *long = long.filter(|_| !ends);
                continue;
            }
            if length > self.cutting.max_line {
                let length = border(&batch.arena()[at..], self.cutting.max_line);
                at += self.long_part(batch, Span::between(at, at + length), first, long);
                continue;
            }
            if !ends {
                break;
            }
            let part = long.take().and_then(|long| long.part).unwrap_or(0);
            if length > 0 || !self.cutting.skip_empty {
                self.record(batch, Span::between(at, at + length), first, part);
            }
            at += newline.map_or(length, |newline| newline + 1);
        }
        Cut { consumed: at - block.start, end: long.map_or(offset_of(at), |long| long.start) }
    }

    /// What lines from `offset` on have in common.
    fn of_lines(&self, offset: u64) -> OfLines {
        let Cutting { max_line, skip_empty, .. } = self.cutting;
        // One is added behind them, in the same turn.
        let most = self.most.saturating_sub(1);
        OfLines { time: self.now, key: self.key, offset, longest: max_line, with_empty: !skip_empty, most }
    }

    /// Runs of NUL at the start of a line come from preallocation and from writers that were truncated under; they are
    /// no text.
    fn skip_nuls(&self, rest: &[u8], long: Option<&LongLine>) -> usize {
        if rest.first() != Some(&0) || long.is_some() {
            return 0;
        }
        rest.iter().take_while(|byte| **byte == 0).count()
    }

    /// Deals with the next part of a line above the limit. Gives how many bytes that are.
    fn long_part(&self, batch: &mut Batch, span: Span, first: u64, long: &mut Option<LongLine>) -> usize {
        let begins = long.is_none();
        let part = long.and_then(|long| long.part).unwrap_or(0);
        let length = span.range().len();
        let next = match self.cutting.on_long_line {
            OnLongLine::Cut => Some(part.wrapping_add(1)),
            OnLongLine::Skip | OnLongLine::Truncate => None,
        };
        *long = Some(LongLine { start: first, part: next });
        if self.cutting.on_long_line == OnLongLine::Skip {
            self.metrics.long_line_skipped.add(1);
            self.skips.set(true);
            return length;
        }
        self.metrics.long_line_truncated.add(u64::from(begins));
        self.record(batch, span, first, part);
        length
    }

    fn record(&self, batch: &mut Batch, span: Span, offset: u64, part: u16) {
        let origin = Origin { offset, length: span.len, source: Source::At(span.start), part, lot: 0 };
        batch.push_text(self.now, origin, self.key, span);
    }
}

/// At most `limit` bytes of `bytes` that do not end inside of a UTF-8 character.
fn character_border(bytes: &[u8], limit: usize) -> usize {
    let is_inside = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let back = (0..4).map(|back| limit.saturating_sub(back)).find(|at| !is_inside(at));
    back.filter(|at| *at > 0).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::check::{self, lines};
    use super::*;

    fn cutting(max_line: usize, on_long_line: OnLongLine) -> Cutting {
        Cutting { max_line, on_long_line, skip_empty: false }
    }

    fn texts(content: &str, cutting: Cutting) -> Vec<String> {
        lines(content.as_bytes(), cutting, 1000, false).0.into_iter().map(|(text, ..)| text).collect()
    }

    #[test]
    fn lines_end_at_newlines() {
        let cutting = cutting(100, OnLongLine::Cut);
        for (content, expected) in [
            ("a\nb\n", vec!["a", "b"]),
            ("a\r\n\r\nb\rc\n", vec!["a", "", "b\rc"]),
            ("a\nrest", vec!["a"]),
            ("\n\n", vec!["", ""]),
            ("a\r\r\n", vec!["a\r"]),
            ("\0\0\0a\0b\n\0\0", vec!["a\0b"]),
            ("", vec![]),
        ] {
            assert_eq!(texts(content, cutting), expected, "{content:?}");
        }
        let skipping = Cutting { skip_empty: true, ..cutting };
        assert_eq!(texts("\na\n\r\n\0\n", skipping), ["a"]);
    }

    #[test]
    fn what_has_no_newline_is_a_line_when_nothing_follows() {
        let (seen, end) = lines(b"a\nrest\r", cutting(100, OnLongLine::Cut), 1000, true);

        assert_eq!(seen, [("a".into(), 0, 0), ("rest\r".into(), 2, 0)]);
        assert_eq!(end, 7);
    }

    #[test]
    fn a_long_line_is_cut_into_parts_left_out_or_truncated() {
        let content = "ab\n0123456789\r\ncd\n01234\n012345\n";
        let owned = |lines: &[(&str, u64, u16)]| -> Vec<(String, u64, u16)> {
            lines.iter().map(|(text, offset, part)| ((*text).to_owned(), *offset, *part)).collect()
        };
        let parts = [("ab", 0, 0), ("01234", 3, 0), ("56789", 3, 1), ("cd", 15, 0), ("01234", 18, 0)];
        let last = [("01234", 24, 0), ("5", 24, 1)];
        for block in [1, 2, 3, 5, 7, 8, 9, 100] {
            let cut = |mode| lines(content.as_bytes(), cutting(5, mode), block, false);
            assert_eq!(cut(OnLongLine::Cut).0, owned(&[&parts[..], &last].concat()), "{block}");
            assert_eq!(cut(OnLongLine::Skip).0, owned(&[parts[0], parts[3], parts[4]]), "{block}");
            let truncated = [parts[0], parts[1], parts[3], parts[4], last[0]];
            assert_eq!(cut(OnLongLine::Truncate).0, owned(&truncated), "{block}");
        }
    }

    #[test]
    fn reading_may_begin_again_only_at_the_start_of_a_long_line() {
        for mode in [OnLongLine::Cut, OnLongLine::Skip, OnLongLine::Truncate] {
            let (_, end) = lines(b"ab\n0123456789", cutting(5, mode), 100, false);
            assert_eq!(end, 3, "{mode:?}");
        }
    }

    #[test]
    fn parts_do_not_end_inside_of_a_character() {
        let (seen, _) = lines("aaa\u{20ac}\u{20ac}\n".as_bytes(), cutting(5, OnLongLine::Cut), 100, false);

        let texts: Vec<_> = seen.into_iter().map(|(text, ..)| text).collect();
        assert_eq!(texts, ["aaa", "\u{20ac}", "\u{20ac}"]);
    }

    proptest! {
        /// However the bytes arrive, the same lines come out.
        /// `block` is the part of `buffer_chunk_size`.
        #[test]
        fn the_size_of_blocks_changes_nothing(
            content in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0), Just(0xe2), Just(0x82), Just(b'a')], 0..60),
            block in 1_usize..20,
            max_line in 1_usize..8,
            mode in prop_oneof![Just(OnLongLine::Cut), Just(OnLongLine::Skip), Just(OnLongLine::Truncate)],
            last in any::<bool>(),
        ) {
            check::same_lines(&content, cutting(max_line, mode), block, last);
        }

        /// However often the reader begins again, each line comes in its order, and as the simplest of readers would cut it.
        #[test]
        fn restarts_lose_nothing_and_change_nothing(
            content in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0), Just(0xe2), Just(0x82), Just(b'a'), Just(b'b')], 0..80),
            script in proptest::collection::vec(any::<u8>(), 0..40),
            encoding in 0_usize..14,
            max_line in 4_usize..12,
            skip_empty in any::<bool>(),
        ) {
            check::restarts(&content, &script, encoding, (max_line, skip_empty));
        }
    }
}
