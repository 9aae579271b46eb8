//! Follows the lengths of neighbouring groups, from group to group, and tells where one of the ways may end in which values are
//! written that count without a word.
//!
//! All ways are followed at once, from whatever group they begin at: the state is the longest end of the groups so far with which a
//! way begins.

use std::collections::VecDeque;

use super::ways::Beginning;

/// Lengths that are told apart: of 0 to 14 bytes, and more.
const LENGTHS: usize = 16;

/// A way of digits alone ends, or one with letters.
const OF_DIGITS: u16 = 1 << 14;
const OF_LETTERS: u16 = 1 << 15;
const STATE: u16 = OF_DIGITS - 1;

/// A way that ends with a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// Its groups.
    pub(super) count: u8,
    pub(super) has_letters: bool,
    /// How its values begin, and the numbers of its entries: the first one, and behind the last. Without any it is that of an address of a
    /// device.
    pub(super) beginnings: Beginning,
    pub(super) entries: (u16, u16),
}

impl End {
    /// Whether addresses of devices are written so.
    #[inline(always)]
    pub(super) fn is_device(&self) -> bool {
        self.beginnings.is_none()
    }
}

/// Which ways go on and end, by state and length of the next group.
#[derive(Debug, Default)]
pub(super) struct Endings {
    steps: Vec<[u16; LENGTHS]>,
    /// Those that end in each state.
    ends: Vec<Vec<End>>,
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
    /// Those of `ways`: lengths of groups of at most 15 bytes, and what is known of them.
    pub(super) fn new<'a>(ways: impl Iterator<Item = (&'a [u8], End)>) -> Self {
        let mut endings = Self { steps: vec![[0; LENGTHS]], ends: vec![Vec::new()] };
        let mut ends = vec![0];
        for (groups, end) in ways {
            let state = endings.put(groups, &mut ends);
            ends[state] |= if end.has_letters { OF_LETTERS } else { OF_DIGITS };
            endings.ends[state].push(end);
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
                self.ends.push(Vec::new());
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
            if state != 0 {
                let more = self.ends[usize::from(shorter[state])].clone();
                self.ends[state].extend(more);
            }
            let instead = if state == 0 { [0; LENGTHS] } else { self.steps[usize::from(shorter[state])] };
            for (step, instead) in self.steps[state].iter_mut().zip(instead) {
                let next = usize::from(*step);
                waiting.extend((next != 0).then_some(next));
                *step = joined(*step, instead, &mut shorter, ends);
            }
        }
    }

    /// The ways that end with the last group.
    #[inline(always)]
    pub(super) fn ends(&self, track: Track) -> &[End] {
        self.ends.get(usize::from(track.0 & STATE)).map_or(&[], Vec::as_slice)
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
        let end =
            |count, has_letters| End { count, has_letters, beginnings: Beginning::of(b'1', b'1'), entries: (0, 1) };
        let ways: [(&[u8], bool); 5] =
            [(&[4, 4, 4], false), (&[4, 4, 2], false), (&[2, 3], true), (&[4, 2, 3, 1], true), (&[4, 2, 3, 1], false)];
        let ways = ways.map(|(groups, has_letters)| (groups, end(groups.len() as u8, has_letters)));
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
            let is_one = |end: &&End| groups.len() >= end.count.into() && (end.has_letters || !letters);
            assert!(endings.ends(track).iter().all(|end| is_one(&end) || end.has_letters != letters), "{groups:?}");
            assert_eq!(endings.ends(track).iter().any(|end| end.has_letters == letters), expected, "{groups:?}");
        }
    }
}
