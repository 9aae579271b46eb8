//! Sets of bytes or of characters.

use regex_syntax::hir::Class;

use super::text::{character, start_of_last};
use crate::regex::bytes::Bytes;

/// What one place of the text may hold.
#[derive(Clone, Debug)]
pub(super) enum Set {
    /// One byte.
    Bytes(Bytes),
    /// One character in UTF-8.
    Characters(Characters),
}

/// A set of characters.
#[derive(Clone, Debug)]
pub(super) struct Characters {
    /// The ASCII characters in it, by bits.
    ascii: u128,
    /// All of it, in order.
    ranges: Box<[(char, char)]>,
}

impl Set {
    pub(super) fn new(class: &Class) -> Self {
        match class {
            Class::Bytes(class) => {
                let has = |byte: u8| class.iter().any(|range| (range.start()..=range.end()).contains(&byte));
                Self::Bytes(Bytes::new(has))
            }
            Class::Unicode(class) => {
                let ranges: Box<[(char, char)]> = class.iter().map(|range| (range.start(), range.end())).collect();
                let ascii = ranges.iter().flat_map(|(start, end)| *start..=*end).take_while(char::is_ascii);
                let ascii = ascii.fold(0, |bits, character| bits | 1 << u32::from(character));
                Self::Characters(Characters { ascii, ranges })
            }
        }
    }

    /// About how many instructions take as much memory.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Bytes(_) => 16,
            Self::Characters(characters) => 1 + characters.ranges.len() / 4,
        }
    }

    /// How much of a run is looked at in the time of one step.
    pub(super) fn bytes_per_step(&self) -> usize {
        match self {
            Self::Bytes(_) => 8,
            Self::Characters(_) => 2,
        }
    }

    /// Where what stands at `at` ends, if it is in the set.
    #[inline]
    pub(super) fn end_of(&self, text: &[u8], at: usize) -> Option<usize> {
        let byte = *text.get(at)?;
        match self {
            Self::Bytes(set) => set.has(byte).then_some(at + 1),
            Self::Characters(set) if byte.is_ascii() => (set.ascii >> byte & 1 == 1).then_some(at + 1),
            Self::Characters(set) => {
                let found = character(text, at)?;
                set.has(found).then_some(at + found.len_utf8())
            }
        }
    }

    /// Where a run of at most `most` that begins at `at` ends.
    pub(super) fn end_of_run(&self, text: &[u8], at: usize, most: usize) -> usize {
        match self {
            Self::Bytes(set) => {
                let limit = text.len().min(at.saturating_add(most));
                at + set.span(&text[at..limit])
            }
            Self::Characters(_) => {
                let mut end = at;
                let mut left = most;
                while let Some(next) = self.end_of(text, end).filter(|_| left > 0) {
                    end = next;
                    left -= 1;
                }
                end
            }
        }
    }

    /// Where the last of what ends at `at` begins. It is in the set.
    #[inline]
    pub(super) fn before(&self, text: &[u8], at: usize) -> usize {
        match self {
            Self::Bytes(_) => at - 1,
            Self::Characters(_) => start_of_last(text, at),
        }
    }
}

impl Characters {
    fn has(&self, wanted: char) -> bool {
        let behind = self.ranges.partition_point(|(_, end)| *end < wanted);
        self.ranges.get(behind).is_some_and(|(start, _)| *start <= wanted)
    }
}
