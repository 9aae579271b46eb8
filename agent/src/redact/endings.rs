//! Follows the lengths of neighbouring groups, from group to group, and tells where one of the ways may end in which values are
//! written that count without a word.
//!
//! All ways are followed at once, from whatever group they begin at: the state is the longest end of the groups so far with which a
//! way begins.

use std::collections::VecDeque;

/// Lengths that are told apart: of 0 to 14 bytes, and more.
const LENGTHS: usize = 16;

/// A way of digits alone ends, or one with letters.
const OF_DIGITS: u16 = 1 << 14;
const OF_LETTERS: u16 = 1 << 15;
const STATE: u16 = OF_DIGITS - 1;

/// Which ways go on and end, by state and length of the next group.
#[derive(Debug, Default)]
pub(super) struct Endings {
    steps: Vec<[u16; LENGTHS]>,
}

/// How far the ways have come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Track(u16);

impl Track {
    /// Whether a way ends with the last group. Those of digits alone do not end with one that has letters, nor those with letters
    /// while no group had any.
    #[inline(always)]
    pub(super) fn ends(self, has_letters: bool, had_letters: bool) -> bool {
        let wanted = if has_letters { OF_LETTERS } else { OF_DIGITS };
        let more = if had_letters { OF_LETTERS } else { 0 };
        self.0 & (wanted | more) != 0
    }
}

impl Endings {
    /// Those of `ways`: lengths of groups of at most 15 bytes, whether letters may be among them and whether they may be digits alone.
    pub(super) fn new<'a>(ways: impl Iterator<Item = (&'a [u8], bool, bool)>) -> Self {
        let mut endings = Self { steps: vec![[0; LENGTHS]] };
        let mut ends = vec![0];
        for (groups, has_letters, has_digits) in ways {
            let state = endings.put(groups, &mut ends);
            ends[state] |= if has_letters { OF_LETTERS } else { 0 } | if has_digits { OF_DIGITS } else { 0 };
        }
        endings.join(&mut ends);
        endings
    }

    /// The state behind `groups`, which is made where it is not there.
    fn put(&mut self, groups: &[u8], ends: &mut Vec<u16>) -> usize {
        let mut state = 0;
        for length in groups {
            let place = usize::from(*length).min(LENGTHS - 1);
            if self.steps[state][place] == 0 {
                self.steps[state][place] = self.steps.len() as u16;
                self.steps.push([0; LENGTHS]);
                ends.push(0);
            }
            state = usize::from(self.steps[state][place]);
        }
        state
    }

    /// Has every state go on as the one that it ends with does where it does not itself, nearest states first.
    fn join(&mut self, ends: &mut [u16]) {
        let mut shorter = vec![0_u16; self.steps.len()];
        let mut waiting = VecDeque::from([0_usize]);
        while let Some(state) = waiting.pop_front() {
            let instead = if state == 0 { [0; LENGTHS] } else { self.steps[usize::from(shorter[state])] };
            for (step, instead) in self.steps[state].iter_mut().zip(instead) {
                let next = usize::from(*step);
                waiting.extend((next != 0).then_some(next));
                *step = joined(*step, instead, &mut shorter, ends);
            }
        }
    }

    /// How far the ways have come behind a group of `length` bytes.
    #[inline(always)]
    pub(super) fn step(&self, track: Track, length: usize) -> Track {
        let steps = self.steps.get(usize::from(track.0 & STATE));
        Track(steps.map_or(0, |steps| steps[length.min(LENGTHS - 1)]))
    }
}

/// What leads to the state `next`, or `instead` where there is none. That state ends as the one that it ends with does.
fn joined(next: u16, instead: u16, shorter: &mut [u16], ends: &mut [u16]) -> u16 {
    if next == 0 {
        return instead;
    }
    let (state, end) = (usize::from(next), instead & STATE);
    shorter[state] = end;
    ends[state] |= ends[usize::from(end)];
    next | ends[state]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_end_wherever_they_begin() {
        let ways: [(&[u8], bool, bool); 4] =
            [(&[4, 4, 4], false, true), (&[4, 4, 2], false, true), (&[2, 3], true, false), (&[4, 2, 3, 1], true, true)];
        let endings = Endings::new(ways.into_iter());
        for (groups, letters, expected) in [
            (&[4, 4, 4][..], false, true),
            (&[4, 4, 4], true, false),
            (&[1, 4, 4, 2], false, true),
            (&[4, 4, 2, 3], true, true),
            (&[4, 4, 2, 3], false, false),
            (&[4, 4, 2, 3, 1], false, true),
            (&[9, 4, 2, 3, 1], true, true),
            (&[4, 4], false, false),
            (&[2, 2, 3], true, true),
            (&[2, 30], true, false),
        ] {
            let track = groups.iter().fold(Track::default(), |track, length| endings.step(track, *length));
            assert_eq!(track.ends(letters, letters), expected, "{groups:?} {letters}");
        }
    }
}
