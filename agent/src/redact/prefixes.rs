//! Follows the groups of a number from its first one on, and tells which of the ways begin and end so in which values are written
//! that count without a word.

use std::ops::Range;

/// Lengths that are told apart: of 0 to 14 bytes, and more.
const LENGTHS: usize = 16;

/// What is known behind some groups. How values begin stands in sets of bits.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// The node behind a further group, by its length; 0 if no way goes on so.
    next: [u16; LENGTHS],
    /// How values begin whose ways come here: all of them, and those with letters.
    comes: [u16; 2],
    /// How values begin whose ways end here: of digits alone, and with letters.
    ends: [u16; 2],
    /// The numbers of the entries whose ways end here, of digits alone and with letters: the first one, and behind the last.
    entries: [(u16, u16); 2],
}

/// All ways, from their first groups on.
#[derive(Debug)]
pub(super) struct Prefixes(Vec<Node>);

/// How far ways have come behind some groups.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place(u16);

impl Default for Prefixes {
    fn default() -> Self {
        Self(vec![Node::default()])
    }
}

impl Prefixes {
    /// Adds the way of these `groups`, whose values begin in one of the ways of the bits `beginnings`.
    pub(super) fn put<'a>(&mut self, groups: impl Iterator<Item = &'a u8>, has_letters: bool, beginnings: u16) {
        let mut at = 0;
        for length in groups {
            let place = usize::from(*length).min(LENGTHS - 1);
            if self.0[at].next[place] == 0 {
                self.0[at].next[place] = self.0.len() as u16;
                self.0.push(Node::default());
            }
            at = usize::from(self.0[at].next[place]);
            self.0[at].comes[0] |= beginnings;
            self.0[at].comes[1] |= if has_letters { beginnings } else { 0 };
        }
        self.0[at].ends[usize::from(has_letters)] |= beginnings;
    }

    /// Notes the entries of the way of these `groups`, which was put in before.
    pub(super) fn note<'a>(&mut self, groups: impl Iterator<Item = &'a u8>, has_letters: bool, entries: (u16, u16)) {
        let place = groups.fold(Place::default(), |place, length| self.step(place, *length));
        if let Some(node) = self.0.get_mut(usize::from(place.0)) {
            node.entries[usize::from(has_letters)] = entries;
        }
    }

    /// The entries whose ways end at `place`.
    #[inline(always)]
    pub(super) fn entries(&self, place: Place, has_letters: bool) -> Range<usize> {
        let (first, end) =
            self.0.get(usize::from(place.0)).map_or((0, 0), |node| node.entries[usize::from(has_letters)]);
        usize::from(first)..usize::from(end)
    }

    /// How far ways have come behind one more group of `length` bytes.
    #[inline(always)]
    pub(super) fn step(&self, place: Place, length: u8) -> Place {
        let node = self.0.get(usize::from(place.0));
        Place(node.map_or(0, |node| node.next[usize::from(length).min(LENGTHS - 1)]))
    }

    /// Whether a way comes to `place` whose values begin so, behind groups that have letters or not.
    #[inline(always)]
    pub(super) fn come(&self, place: Place, has_letters: bool, beginning: u16) -> bool {
        self.0.get(usize::from(place.0)).is_some_and(|node| node.comes[usize::from(has_letters)] & beginning != 0)
    }

    /// Whether such a way ends there.
    #[inline(always)]
    pub(super) fn end(&self, place: Place, has_letters: bool, beginning: u16) -> bool {
        self.ends(place, has_letters) & beginning != 0
    }

    /// How values begin whose ways end there.
    #[inline(always)]
    pub(super) fn ends(&self, place: Place, has_letters: bool) -> u16 {
        self.0.get(usize::from(place.0)).map_or(0, |node| node.ends[usize::from(has_letters)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_followed_from_their_first_group_on() {
        let mut ways = Prefixes::default();
        ways.put([4, 4, 2].iter(), false, 0b01);
        ways.put([4, 20].iter(), true, 0b10);
        let behind = |groups: &[u8]| groups.iter().fold(Place::default(), |place, length| ways.step(place, *length));
        for (groups, has_letters, beginning, comes, ends) in [
            (&[4][..], false, 0b01, true, false),
            (&[4], false, 0b10, true, false),
            (&[4], true, 0b10, true, false),
            (&[4], true, 0b01, false, false),
            (&[4, 4], true, 0b11, false, false),
            (&[4, 4, 2], false, 0b01, true, true),
            (&[4, 4, 2], false, 0b10, false, false),
            (&[4, 15], true, 0b10, true, true),
            (&[4, 15], false, 0b10, true, false),
            (&[2], false, 0b11, false, false),
            (&[4, 4, 2, 4], false, 0b11, false, false),
            (&[], false, 0b11, false, false),
        ] {
            assert_eq!(ways.come(behind(groups), has_letters, beginning), comes, "{groups:?} {has_letters}");
            assert_eq!(ways.end(behind(groups), has_letters, beginning), ends, "{groups:?} {has_letters}");
        }
    }
}
