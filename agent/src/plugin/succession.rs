//! One stream goes on in another: a file was rotated away, and a new one took its name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::input::Stream;
use crate::receipts::Ledger;

/// What passes from one stream to the one that succeeds it, told to the worker of both.
#[derive(Debug)]
pub struct Succession {
    /// The stream before, of which all that is there was handed on.
    pub from: Arc<Stream>,
    /// Its ranges.
    pub ledger: Arc<Ledger>,
    /// Offset behind the last of its bytes that was handed on.
    pub end: u64,
    /// The stream that succeeds it. It begins at 0, and nothing of it was handed on in this epoch.
    pub to: Arc<Stream>,
    /// The epoch of its first parcel.
    pub epoch: u32,
    /// Where the worker tells what came of it.
    pub passed: Passed,
}

/// Whether an event was open that goes on in the other stream.
#[derive(Clone, Debug, Default)]
pub struct Passed(Arc<AtomicU8>);

const NOTHING: u8 = 1;
const SOMETHING: u8 = 2;

impl Passed {
    /// Tells it.
    pub fn tell(&self, something: bool) {
        self.0.store(if something { SOMETHING } else { NOTHING }, Ordering::Release);
    }

    /// Whether it is told that nothing was open.
    pub fn is_nothing(&self) -> bool {
        self.0.load(Ordering::Acquire) == NOTHING
    }
}
