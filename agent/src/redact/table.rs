//! Numbers by the hashes of words and phrases.

use super::filter::Filter;

/// An open table: the number behind the hash of a phrase.
#[derive(Debug, Default)]
pub(super) struct Table {
    slots: Vec<(u64, u32)>,
    filter: Filter<512>,
}

impl Table {
    /// One with room for so many phrases.
    pub(super) fn with_room(phrases: usize) -> Self {
        Self { slots: vec![(0, 0); (phrases * 4).next_power_of_two()], filter: Filter::default() }
    }

    /// Where `hash` stands or would stand.
    fn slot(&self, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (hash >> 32) as usize & mask;
        while self.slots[slot].0 != 0 && self.slots[slot].0 != hash {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Puts a number behind a phrase, in place of the one it had.
    pub(super) fn put(&mut self, hash: u64, number: u32) {
        let slot = self.slot(hash);
        self.slots[slot] = (hash, number);
        self.filter.put(hash);
    }

    /// The number behind a phrase.
    pub(super) fn find(&self, hash: u64) -> Option<u32> {
        if !self.filter.may_hold(hash) {
            return None;
        }
        let (known, number) = self.slots[self.slot(hash)];
        (known != 0).then_some(number)
    }
}
