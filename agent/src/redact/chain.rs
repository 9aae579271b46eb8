//! Groups of letters and digits with single separators between them, and the runs of neighbours among them that are asked for.
//!
//! A separated number may stand beside another one, so every run of neighbouring groups of a legal length is asked, not only the
//! whole: `4111111111111111 123` is a card and something else. A chain has at most 32 groups and a run at most 5, or 7 behind a
//! single digit, so that a flood of numbers costs a constant for each byte.

use super::context::Lengths;
use super::engine::LONGEST;
use super::filter::head;
use super::groups::Group;

/// Groups that are looked at together.
pub(super) const GROUPS: usize = 32;
/// Groups that the next chain shares with one that was cut.
pub(super) const SHARED: usize = 8;

/// The groups of a chain.
#[derive(Debug, Default)]
pub(super) struct Chain {
    starts: [u32; GROUPS],
    lengths: [u8; GROUPS],
    /// What stands before each group.
    separators: [u8; GROUPS],
    /// The groups with letters, as bits.
    letters: u32,
    has_digits: bool,
    count: usize,
}

/// The lengths of the runs that end with the last of some groups, as bits, and some more.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    ending: u64,
    /// The lengths of the last seven groups, eight bits each, and all of them together.
    last: u64,
    sum: usize,
}

impl Sums {
    /// Adds a group of `length` bytes, at most [`LONGEST`]. Gives the lengths of the runs that end with it.
    #[inline(always)]
    fn add(&mut self, length: usize) -> u64 {
        let last = |nth: u32| (self.last >> (8 * nth) & 0xff) as usize;
        self.sum += length;
        self.sum -= last(6);
        // No run has more groups than five, or seven behind a single digit.
        let longest = match (last(5), last(4)) {
            (1, _) => self.sum,
            (sixth, 1) => self.sum - sixth,
            (sixth, fifth) => self.sum - sixth - fifth,
        };
        self.last = self.last << 8 | length as u64;
        self.ending = (self.ending | 1) << length & u64::MAX >> (63 - longest.min(63));
        self.ending
    }
}

/// The lengths of all runs of some groups, and some more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Runs {
    all: Sums,
    /// Of digits alone.
    digits: Sums,
    lengths: Lengths,
}

impl Runs {
    /// Adds a group of `length` bytes, at most [`LONGEST`].
    #[inline(always)]
    pub(super) fn add(&mut self, length: usize, has_letters: bool) {
        self.lengths.lettered |= self.all.add(length);
        if has_letters {
            self.digits = Sums::default();
        } else {
            self.lengths.any |= self.digits.add(length);
        }
    }

    /// Has runs begin anew behind the last group.
    pub(super) fn cut(&mut self) {
        (self.all, self.digits) = Default::default();
    }

    /// The lengths of all of them.
    #[inline(always)]
    pub(super) fn lengths(&self) -> Lengths {
        self.lengths
    }
}

/// Bytes that are copied at once.
const AT_ONCE: usize = 16;

/// Letters and digits of a run, without what stands between them, in upper case, with room for some bytes more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain([u8; LONGEST + AT_ONCE]);

impl Plain {
    pub(super) const NEW: Self = Self([0; LONGEST + AT_ONCE]);

    /// Puts the `length` bytes of `text` from `start` on in from `at` on, as far as there is room, and some behind them.
    #[inline(always)]
    pub(super) fn put(&mut self, at: usize, text: &[u8], start: usize, length: usize) {
        let mut done = 0;
        while done < length {
            let to = self.0.get_mut(at + done..).and_then(<[u8]>::first_chunk_mut);
            let Some(to) = to else { return };
            *to = upper(head(text, start + done)).to_le_bytes();
            done += 8;
        }
    }

    /// Puts in the groups of these `lengths` that `text` begins with, with one byte between two of them. Gives how many bytes they have.
    #[inline(always)]
    pub(super) fn put_groups(&mut self, text: &[u8], lengths: &[u8], have_letters: bool) -> usize {
        let (mut at, mut start) = (0, 0);
        for length in lengths.iter().map(|length| usize::from(*length)) {
            let from = text.get(start..).and_then(<[u8]>::first_chunk::<AT_ONCE>);
            let to = self.0.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<AT_ONCE>);
            match (from, to) {
                (Some(from), Some(to)) if length <= AT_ONCE => *to = *from,
                _ => self.put(at, text, start, length),
            }
            (at, start) = (at + length, start + length + 1);
        }
        let mut done = 0;
        while have_letters && done < at.min(LONGEST) {
            if let Some(bytes) = self.0.get_mut(done..).and_then(<[u8]>::first_chunk_mut) {
                *bytes = upper(u64::from_le_bytes(*bytes)).to_le_bytes();
            }
            done += 8;
        }
        at
    }

    /// The first `length` of its bytes, at most [`LONGEST`].
    #[inline(always)]
    pub(super) fn first(&self, length: usize) -> &[u8] {
        &self.0[..length.min(LONGEST)]
    }
}

/// Eight bytes with small letters as capitals.
#[inline(always)]
fn upper(bytes: u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = bytes & !HIGH;
    let smalls = (low + EACH * (0x80 - b'a' as u64)) & !(low + EACH * (0x7f - b'z' as u64)) & !bytes & HIGH;
    bytes ^ smalls >> 2
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

impl Chain {
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Where the last group ends.
    pub(super) fn end(&self) -> usize {
        let last = self.count.saturating_sub(1);
        self.start(last) + usize::from(self.lengths[last])
    }

    /// How many groups are not looked at again with the next chain, if this one was full.
    pub(super) fn own(&self) -> usize {
        if self.count == GROUPS { GROUPS - SHARED } else { self.count }
    }

    /// Whether digits are among the groups.
    pub(super) fn has_digits(&self) -> bool {
        self.has_digits
    }

    /// Adds `group` behind `separator`. No more than it has room for are taken in.
    #[inline(always)]
    pub(super) fn push(&mut self, group: &Group, separator: u8) {
        let at = self.count;
        let places = (self.starts.get_mut(at), self.lengths.get_mut(at), self.separators.get_mut(at));
        let (Some(start), Some(length), Some(before)) = places else { return };
        (*start, *length, *before) = (group.start as u32, group.length as u8, separator);
        self.letters |= u32::from(group.has_letters) << at;
        self.has_digits |= group.has_digits;
        self.count += 1;
    }

    /// The run that begins with group `first` of `text` and has `count` groups, of at most [`LONGEST`] bytes.
    pub(super) fn run<'a>(&'a self, text: &[u8], first: usize, count: usize, plain: &'a mut Plain) -> Run<'a> {
        let has_letters = self.have_letters(first, count);
        let lengths = &self.lengths[first..first + count];
        let length = plain.put_groups(&text[self.start(first)..], lengths, has_letters);
        self.run_of(first, count, plain.first(length))
    }

    /// The same, whose letters and digits are `plain`.
    #[inline(always)]
    pub(super) fn run_of<'a>(&'a self, first: usize, count: usize, plain: &'a [u8]) -> Run<'a> {
        let last = first + count - 1;
        Run {
            plain,
            groups: &self.lengths[first..=last],
            separators: &self.separators[first + 1..=last],
            start: self.start(first),
            end: self.start(last) + usize::from(self.lengths[last]),
            has_letters: self.have_letters(first, count),
        }
    }

    /// The first of the numbers beside each other that end with the group before `first`; `first` if there is none.
    pub(super) fn head(&self, first: usize) -> usize {
        (u32::BITS - (self.letters & ((1 << first) - 1)).leading_zeros()) as usize
    }

    /// The length of group `at`.
    pub(super) fn length(&self, at: usize) -> u8 {
        self.lengths[at]
    }

    /// Where group `at` begins.
    pub(super) fn start(&self, at: usize) -> usize {
        self.starts[at] as usize
    }

    /// Whether group `at` holds letters.
    pub(super) fn has_letters(&self, at: usize) -> bool {
        self.letters >> at & 1 == 1
    }

    /// Whether any of the `count` groups from `first` on holds letters.
    #[inline(always)]
    pub(super) fn have_letters(&self, first: usize, count: usize) -> bool {
        self.letters >> first & ((1 << count) - 1) != 0
    }

    /// The number of groups that runs from `first` on may have, however long they are.
    #[inline(always)]
    pub(super) fn most(&self, first: usize) -> usize {
        let most = if self.lengths[first] == 1 { 7 } else { 5 };
        most.min(self.count - first)
    }

    /// The letters and digits of the groups from `first` to `last`: one byte stands between two of them.
    #[inline(always)]
    pub(super) fn bytes(&self, first: usize, last: usize) -> usize {
        self.start(last) + usize::from(self.lengths[last]) - self.start(first) - (last - first)
    }

    /// The lengths of the runs that begin with each group, however many groups these have, as bits.
    pub(super) fn all_lengths(&self) -> [u64; GROUPS] {
        let (mut all, mut ahead) = ([0; GROUPS], 0_u64);
        for (own, length) in all.iter_mut().zip(&self.lengths).take(self.count).rev() {
            ahead = (ahead | 1) << length;
            *own = ahead;
        }
        all
    }

    /// Of these `lengths` of runs from `first` on those that runs with no more groups than they may have share with the `wanted` ones.
    #[inline(always)]
    pub(super) fn wanted_from(&self, first: usize, lengths: u64, wanted: Lengths) -> u64 {
        let up_to = |count: usize| u64::MAX >> (63 - self.bytes(first, first + count - 1).min(63));
        let all = lengths & up_to(self.most(first));
        let of_digits = match (self.letters >> first).trailing_zeros() as usize {
            0 => 0,
            count => up_to(count.min(self.count - first)),
        };
        all & (of_digits & wanted.any | !of_digits & wanted.lettered)
    }

    /// How many groups from `first` on have `length` bytes together, if any number has.
    pub(super) fn groups_of(&self, first: usize, length: usize) -> Option<usize> {
        let mut bytes = 0;
        self.lengths[first..self.count]
            .iter()
            .position(|group| {
                bytes += usize::from(*group);
                bytes == length
            })
            .map(|at| at + 1)
    }

    /// Whether the `count` groups from `first` on have `length` bytes and `mark` between them, and there are no more of these.
    #[inline(always)]
    pub(super) fn are_alike(&self, first: usize, count: usize, length: u8, mark: u8) -> bool {
        let goes_before = first > 0 && self.separators[first] == mark;
        if goes_before || first + count > self.count || self.separators[first + 1] != mark {
            return false;
        }
        let groups = &self.lengths[first..first + count];
        let marks = &self.separators[first + 1..first + count];
        let goes_on = first + count < self.count && self.separators[first + count] == mark;
        !goes_on && groups.iter().all(|one| *one == length) && marks.iter().all(|one| *one == mark)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_length_of_a_run_is_left_out(groups in prop::collection::vec((1..9_usize, any::<bool>()), 1..20)) {
            let mut runs = Runs::default();
            for (length, has_letters) in &groups {
                runs.add(*length, *has_letters);
            }
            for first in 0..groups.len() {
                let most = if groups[first].0 == 1 { 7 } else { 5 };
                for count in 1..=most.min(groups.len() - first) {
                    let run = &groups[first..first + count];
                    let length = run.iter().map(|(length, _)| length).sum::<usize>();
                    let bit = 1 << length;
                    let has_letters = run.iter().any(|(_, has_letters)| *has_letters);
                    let lengths = if has_letters { Lengths { any: 0, lettered: bit } } else { Lengths { any: bit, lettered: bit } };
                    prop_assert!(length > LONGEST || runs.lengths().meets(lengths), "{:?}", run);
                }
            }
        }
    }
}
