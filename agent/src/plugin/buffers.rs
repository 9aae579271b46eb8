//! Buffers of request bodies, which are used again when their request is settled.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// A pool of buffers. Clones are handles to the same pool.
///
/// The buffer that came back last is given out first: it may be in the cache still.
#[derive(Clone, Debug)]
pub struct Buffers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    free: Mutex<Vec<Vec<u8>>>,
    first: usize,
    largest: usize,
    kept: usize,
}

impl Buffers {
    /// A pool whose buffers begin with room for `first` bytes. At most `kept` free ones are kept, and none that has grown to
    /// more than `largest`.
    pub fn new(first: usize, largest: usize, kept: usize) -> Self {
        Self(Arc::new(Shared { free: Mutex::default(), first, largest, kept }))
    }

    /// An empty buffer.
    pub fn take(&self) -> Vec<u8> {
        let free = self.lock().pop();
        free.unwrap_or_else(|| Vec::with_capacity(self.0.first))
    }

    /// The bytes of `buffer`, which comes back here when the last handle to them goes.
    pub fn lend(&self, buffer: Vec<u8>) -> Bytes {
        Bytes::from_owner(Lent { buffer, to: self.clone() })
    }

    /// Lets all free buffers but `kept` go, as when there is less to do.
    pub fn keep(&self, kept: usize) {
        // The first ones are those that were used longest ago.
        let mut free = self.lock();
        let over = free.len().saturating_sub(kept);
        free.drain(..over);
    }

    fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut free = self.lock();
        if free.len() < self.0.kept && buffer.capacity() <= self.0.largest {
            free.push(buffer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer with bytes that are in use.
struct Lent {
    buffer: Vec<u8>,
    to: Buffers,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.to.give_back(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(buffers: &Buffers, length: usize) -> (Bytes, *const u8) {
        let mut buffer = buffers.take();
        buffer.resize(length, b'x');
        let place = buffer.as_ptr();
        (buffers.lend(buffer), place)
    }

    #[test]
    fn a_buffer_is_used_again_when_the_last_handle_to_its_bytes_is_gone() {
        let buffers = Buffers::new(100, 200, 4);
        let (bytes, place) = used(&buffers, 50);
        let copy = bytes.clone();
        drop(bytes);
        let other = buffers.take();
        assert_ne!(other.as_ptr(), place, "its bytes are in use");
        assert_eq!(copy, vec![b'x'; 50]);
        drop(copy);

        let again = buffers.take();

        assert_eq!((again.as_ptr(), again.len()), (place, 0));
    }

    #[test]
    fn the_buffer_that_came_back_last_is_given_out_first_and_outlasts_the_others() {
        let buffers = Buffers::new(100, 200, 4);
        let [first, second, third] = [0, 1, 2].map(|_| used(&buffers, 1));
        let place = second.1;
        drop((first, third));
        drop(second);

        let again = buffers.take();
        assert_eq!(again.as_ptr(), place);

        drop(buffers.lend(again));
        buffers.keep(1);
        assert_eq!(buffers.lock().len(), 1);
        let kept = buffers.take();
        assert_eq!(kept.as_ptr(), place);
    }

    #[test]
    fn no_more_are_kept_than_wanted_and_none_that_has_grown_large() {
        let buffers = Buffers::new(100, 200, 2);
        drop([0, 1, 2].map(|_| used(&buffers, 1)));
        assert_eq!(buffers.lock().len(), 2);
        buffers.keep(0);

        drop(used(&buffers, 201));
        assert!(buffers.lock().is_empty());
    }
}
