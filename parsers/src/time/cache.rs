//! Remembers the last seconds read, so that the next line of the same second is cheap.

use std::sync::Arc;

use super::read::{Defaults, Found, Program, read_fraction};
use crate::batch::Timestamp;

/// Longest text that is remembered.
pub(super) const CACHED_BYTES: usize = 40;

/// The last seconds read, one per format.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: [Option<Remembered>; 8],
    next: usize,
}

#[derive(Debug)]
struct Remembered {
    program: Arc<Program>,
    defaults: Defaults,
    seconds: i64,
    /// The text before the fraction, then the text behind it.
    text: [u8; CACHED_BYTES],
    head: usize,
    length: usize,
    has_fraction: bool,
}

impl Cache {
    /// The time of `text`, if it differs from the text remembered for `program` in its fraction only.
    #[inline]
    pub(super) fn look_up(&self, program: &Arc<Program>, defaults: Defaults, text: &[u8]) -> Option<Timestamp> {
        let entry = self.entries.iter().flatten().find(|entry| Arc::ptr_eq(&entry.program, program))?;
        if entry.defaults == defaults { entry.match_text(text) } else { None }
    }

    /// Remembers what `program` found in `text`, which has at most [`CACHED_BYTES`].
    pub(super) fn remember(&mut self, program: &Arc<Program>, defaults: Defaults, text: &[u8], found: &Found) {
        // A text that fitted only in part could fit further with another fraction.
        if !found.complete {
            return;
        }
        let is_same =
            |entry: &Option<Remembered>| entry.as_ref().is_some_and(|entry| Arc::ptr_eq(&entry.program, program));
        let slot = self.entries.iter().position(is_same).unwrap_or_else(|| {
            self.next = (self.next + 1) % self.entries.len();
            self.next
        });
        let (head, tail_start) = found.fraction.unwrap_or((text.len(), text.len()));
        let tail = &text[tail_start..];
        let mut kept = [0; CACHED_BYTES];
        kept[..head].copy_from_slice(&text[..head]);
        kept[head..head + tail.len()].copy_from_slice(tail);
        self.entries[slot] = Some(Remembered {
            program: Arc::clone(program),
            defaults,
            seconds: found.time.seconds,
            text: kept,
            head,
            length: head + tail.len(),
            has_fraction: found.fraction.is_some(),
        });
    }
}

impl Remembered {
    #[inline]
    fn match_text(&self, text: &[u8]) -> Option<Timestamp> {
        let rest = text.strip_prefix(&self.text[..self.head])?;
        let tail = &self.text[self.head..self.length];
        if !self.has_fraction {
            return rest.is_empty().then_some(Timestamp { seconds: self.seconds, nanos: 0 });
        }
        let (nanos, digits) = read_fraction(rest)?;
        (&rest[digits..] == tail).then_some(Timestamp { seconds: self.seconds, nanos })
    }
}
