//! An event that may go on.

use std::time::Instant;

use vigie_parsers::batch::Timestamp;
use vigie_parsers::multiline::State;

use crate::multiline::Claim;

/// An output stream of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Stdout,
    Stderr,
    /// Lines that are in no runtime's format.
    Plain,
}

impl Output {
    /// All of them, in the order of their numbers.
    pub(super) const ALL: [Self; 3] = [Self::Stdout, Self::Stderr, Self::Plain];
    /// How many there are.
    pub(super) const COUNT: usize = Self::ALL.len();

    pub(super) fn of(name: &[u8]) -> Self {
        if name == b"stdout" { Self::Stdout } else { Self::Stderr }
    }

    pub(super) fn name(self) -> &'static [u8] {
        match self {
            Self::Stdout => b"stdout",
            Self::Stderr => b"stderr",
            Self::Plain => b"",
        }
    }
}

/// Bytes of a buffer that may be unused beside as many as are used.
const UNUSED: usize = 256;

/// Lines gathered so far.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) claim: Claim,
    pub(super) time: Timestamp,
    /// The time as the runtime wrote it, and behind it the text.
    pub(super) bytes: Vec<u8>,
    /// Bytes of the time.
    pub(super) time_length: usize,
    /// `P` or `F` of the first line.
    pub(super) first_tag: u8,
    pub(super) touched: Instant,
    /// Number of the parser of a trace, and where it stands.
    pub(super) parser: usize,
    pub(super) state: State,
    /// Whether no event of another output was open when it began, so that reading may begin at it again.
    pub(super) clean_start: bool,
}

/// Whom a line answers to whose first part came in an earlier range.
#[derive(Debug)]
pub(super) struct Earlier {
    pub(super) claim: Claim,
    /// As in [`Pending`].
    pub(super) clean_start: bool,
    /// When its last part came.
    pub(super) touched: Instant,
}

impl Pending {
    /// Bytes of its text.
    pub(super) fn text_length(&self) -> usize {
        self.bytes.len() - self.time_length
    }

    /// Lets go of most of what a buffer that was used before has beyond what this event fills.
    pub(super) fn fit(&mut self) {
        if self.bytes.capacity() > self.bytes.len() * 2 + UNUSED {
            self.bytes.shrink_to_fit();
        }
    }

    /// Bytes that its buffers take in memory.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}
