//! Groups of letters and digits with single separators between them, and the runs of neighbours among them that are asked for.
//!
//! A separated number may stand beside another one, so every run of neighbouring groups of a legal length is asked, not only the
//! whole: `4111111111111111 123` is a card and something else. A chain has at most 24 groups and a run at most 5, or 7 behind a
//! single digit, so that a flood of numbers costs a constant for each byte.

use super::engine::LONGEST;

/// Groups that are looked at together.
pub(super) const GROUPS: usize = 24;
/// Groups that the next chain shares with one that was cut.
const SHARED: usize = 8;
/// Bytes of all groups together.
const PLAIN: usize = 256;

/// What a group is made of.
#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    has_digits: bool,
    has_letters: bool,
    has_small: bool,
}

/// The groups of a chain.
#[derive(Debug)]
pub(super) struct Chain {
    plain: [u8; PLAIN],
    /// Where each group begins in `plain`; one more than groups.
    offsets: [u16; GROUPS + 1],
    lengths: [u8; GROUPS],
    separators: [u8; GROUPS],
    starts: [u32; GROUPS],
    kinds: [Kind; GROUPS],
    count: usize,
}

/// Neighbouring groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    pub(super) plain: &'a [u8],
    pub(super) groups: &'a [u8],
    pub(super) separators: &'a [u8],
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) has_letters: bool,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            plain: [0; PLAIN],
            offsets: [0; GROUPS + 1],
            lengths: [0; GROUPS],
            separators: [0; GROUPS],
            starts: [0; GROUPS],
            kinds: [Kind::default(); GROUPS],
            count: 0,
        }
    }
}

/// Why a chain takes no further group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refused {
    /// The group cannot be part of a value.
    Group,
    /// There is no more room.
    Full,
}

impl Chain {
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Where the group begins with which the next chain begins when this one was full.
    pub(super) fn next_start(&self) -> usize {
        self.starts[self.count.saturating_sub(SHARED).max(1).min(self.count - 1)] as usize
    }

    /// Whether digits are among the groups.
    pub(super) fn has_digits(&self) -> bool {
        self.kinds[..self.count].iter().any(|kind| kind.has_digits)
    }

    /// Adds `word`, which begins at `start`, behind `separator`.
    pub(super) fn push(&mut self, word: &[u8], start: usize, separator: u8) -> Result<(), Refused> {
        let offset = usize::from(self.offsets[self.count]);
        if word.len() > LONGEST {
            return Err(Refused::Group);
        }
        if self.count == GROUPS || offset + word.len() > PLAIN {
            return Err(Refused::Full);
        }
        let mut kind = Kind::default();
        for (to, byte) in self.plain[offset..].iter_mut().zip(word) {
            match byte {
                b'0'..=b'9' => kind.has_digits = true,
                b'A'..=b'Z' => kind.has_letters = true,
                b'a'..=b'z' => (kind.has_letters, kind.has_small) = (true, true),
                _ => return Err(Refused::Group),
            }
            *to = byte.to_ascii_uppercase();
        }
        if self.count > 0 && !(joins(self.kinds[self.count - 1], separator) && joins(kind, separator)) {
            return Err(Refused::Group);
        }
        if !kind.has_digits && word.len() > 4 {
            return Err(Refused::Group);
        }
        self.kinds[self.count] = kind;
        self.starts[self.count] = start as u32;
        self.lengths[self.count] = word.len() as u8;
        if self.count > 0 {
            self.separators[self.count - 1] = separator;
        }
        self.count += 1;
        self.offsets[self.count] = (offset + word.len()) as u16;
        Ok(())
    }

    /// The run that begins with group `first` and has `count` groups.
    pub(super) fn run(&self, first: usize, count: usize) -> Run<'_> {
        let last = first + count - 1;
        Run {
            plain: &self.plain[usize::from(self.offsets[first])..usize::from(self.offsets[last + 1])],
            groups: &self.lengths[first..=last],
            separators: &self.separators[first..last],
            start: self.starts[first] as usize,
            end: self.starts[last] as usize + usize::from(self.lengths[last]),
            has_letters: self.kinds[first..=last].iter().any(|kind| kind.has_letters),
        }
    }

    /// The first of the numbers beside each other that end with the group before `first`; `first` if there is none.
    pub(super) fn head(&self, first: usize) -> usize {
        self.kinds[..first].iter().rposition(|kind| kind.has_letters).map_or(0, |letters| letters + 1)
    }

    /// The length of group `at`.
    pub(super) fn length(&self, at: usize) -> u8 {
        self.lengths[at]
    }

    /// Where group `at` begins.
    pub(super) fn start(&self, at: usize) -> usize {
        self.starts[at] as usize
    }

    /// The number of groups that runs from `first` on may have.
    pub(super) fn longest_run(&self, first: usize) -> usize {
        let most = if self.lengths[first] == 1 { 7 } else { 5 };
        let mut bytes = 0;
        let fitting = self.lengths[first..self.count].iter().take(most).take_while(|length| {
            bytes += usize::from(**length);
            bytes <= LONGEST
        });
        fitting.count()
    }

    /// What stands from group `first` on, all in one.
    pub(super) fn rest(&self, first: usize) -> &[u8] {
        &self.plain[usize::from(self.offsets[first])..usize::from(self.offsets[self.count])]
    }

    /// How many groups from `first` on have `length` bytes together, if any number has.
    pub(super) fn groups_of(&self, first: usize, length: usize) -> Option<usize> {
        let wanted = usize::from(self.offsets[first]) + length;
        let ends = &self.offsets[first + 1..=self.count];
        ends.iter().position(|end| usize::from(*end) == wanted).map(|at| at + 1)
    }
}

/// Whether a group stands beside others in one value: behind spaces there are no small letters, else every sentence would be one.
fn joins(kind: Kind, separator: u8) -> bool {
    separator != b' ' || !kind.has_small
}

impl Chain {
    /// The run of `count` groups of `length` from `first` on with `mark` between them, if there are no more of these.
    pub(super) fn groups_alike(&self, first: usize, count: usize, length: u8, mark: u8) -> Option<Run<'_>> {
        let groups = self.lengths[..self.count].get(first..first + count)?;
        let marks = &self.separators[first..first + count - 1];
        let goes_on = first + count < self.count && self.separators[first + count - 1] == mark;
        let goes_before = first > 0 && self.separators[first - 1] == mark;
        let is_alike = groups.iter().all(|one| *one == length) && marks.iter().all(|one| *one == mark);
        (is_alike && !goes_on && !goes_before).then(|| self.run(first, count))
    }
}
