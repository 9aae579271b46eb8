//! What a stage withholds of its stream from one batch to the next: the text of events that may go on.
//!
//! It is counted in a part of the budget that no batch takes from, and nothing ever waits for room in it: an event that finds none is
//! given out as it is. So the batches that such an event would need to go on can always be had. Stages ask once per batch; what an
//! event grows by until then lies in that batch, too, and is counted there.

use super::{Memory, PooledBatch};

/// The bytes that one stage withholds; given back when it is dropped.
#[derive(Debug, Default)]
pub struct Withheld {
    memory: Option<Memory>,
    bytes: usize,
    /// Buffers of events that are over, for the next ones of the batch at hand.
    free: Vec<Vec<u8>>,
}

impl Withheld {
    /// Counts in the budget that `batch` came from, from the first batch on.
    pub fn begin(&mut self, batch: &PooledBatch) {
        if self.memory.is_none() {
            self.memory = Some(batch.memory().clone());
        }
    }

    /// Whether there is room for `bytes` in place of what was counted before, which fewer always have.
    pub fn is_granted(&mut self, bytes: usize) -> bool {
        let is_granted =
            self.bytes == bytes || self.memory.as_ref().is_none_or(|memory| memory.withhold(self.bytes, bytes));
        if is_granted {
            self.bytes = bytes;
        }
        is_granted
    }

    /// A batch for `bytes` that were withheld and are to go on now, which waits for nothing.
    ///
    /// # Panics
    /// Before the first batch has come.
    pub fn batch(&self, bytes: usize) -> PooledBatch {
        self.memory.as_ref().expect("an event came in a batch from the pool").take_beyond_limit(bytes)
    }

    /// An empty buffer for an event that begins: one that was used before, where there is one.
    pub fn buffer(&mut self) -> Vec<u8> {
        self.free.pop().or_else(|| self.memory.as_ref()?.free_buffer()).unwrap_or_default()
    }

    /// Takes the buffer of an event that is over.
    pub fn take_back(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.free.push(buffer);
    }

    /// Leaves free buffers to other stages at the end of a batch: between two a stage has nothing but its events.
    pub fn end(&mut self) {
        if let Some(memory) = self.memory.as_ref().filter(|_| !self.free.is_empty()) {
            memory.keep_buffers(&mut self.free);
        }
    }
}

impl Drop for Withheld {
    fn drop(&mut self) {
        self.is_granted(0);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn in_budget(memory: &Memory) -> Withheld {
        let mut withheld = Withheld::default();
        withheld.begin(&memory.take(1, Duration::ZERO).expect("there is room"));
        withheld
    }

    #[test]
    fn stages_share_what_may_be_withheld_and_no_batch_waits_for_it() {
        let memory = Memory::new(16 << 20);
        let [mut one, mut other] = [(); 2].map(|()| in_budget(&memory));

        assert!(one.is_granted(3 << 20));
        assert!(!one.is_granted(5 << 20), "it leaves less to others than it takes");
        assert!(other.is_granted(2 << 20) && !other.is_granted(3 << 20));
        assert_eq!((memory.withheld(), memory.used()), (5 << 20, 0));

        assert!(one.is_granted(1 << 20) && other.is_granted(3 << 20), "fewer always may, and leave room");
        drop(other);
        assert_eq!(memory.withheld(), 1 << 20);
        drop(one);
        assert_eq!(memory.withheld(), 0);
    }

    #[test]
    fn buffers_pass_from_stage_to_stage_unless_they_are_large() {
        let memory = Memory::new(16 << 20);
        let mut one = in_budget(&memory);
        for size in [100, 1_000, 1 << 20] {
            one.take_back(vec![0; size]);
        }

        one.end();

        let mut other = in_budget(&memory);
        let sizes = [(); 3].map(|()| other.buffer()).map(|buffer| (buffer.capacity(), buffer.len()));
        assert_eq!(sizes, [(1_000, 0), (100, 0), (0, 0)]);
    }
}
