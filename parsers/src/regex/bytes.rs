//! Sets of bytes.

use crate::simd;

/// A set of bytes, with the fastest way to find the first one outside of it.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    has: Box<[bool; 256]>,
    /// The bytes outside of it, when those are one to three; the last again where there are fewer.
    but: Option<[u8; 3]>,
}

impl Bytes {
    pub(super) fn new(has: impl Fn(u8) -> bool) -> Self {
        let mut table = Box::new([false; 256]);
        for byte in 0..=u8::MAX {
            table[usize::from(byte)] = has(byte);
        }
        let others: Vec<u8> = (0..=u8::MAX).filter(|byte| !table[usize::from(*byte)]).collect();
        let but = match *others.as_slice() {
            [one] => Some([one; 3]),
            [one, two] => Some([one, two, two]),
            [one, two, three] => Some([one, two, three]),
            _ => None,
        };
        Self { but, has: table }
    }

    #[inline(always)]
    pub(super) fn has(&self, byte: u8) -> bool {
        self.has[usize::from(byte)]
    }

    /// Whether it has bytes beyond ASCII.
    pub(super) fn has_high(&self) -> bool {
        self.has[0x80..].contains(&true)
    }

    /// How many bytes at the start of `text` are in it.
    #[inline]
    pub(super) fn span(&self, text: &[u8]) -> usize {
        match self.but {
            Some(bytes) => simd::find_byte(text, bytes).unwrap_or(text.len()),
            None => text.iter().position(|byte| !self.has(*byte)).unwrap_or(text.len()),
        }
    }
}

/// What text may begin with.
#[derive(Clone, Debug, Default)]
pub(super) struct First {
    bits: [u64; 4],
    /// It may be at its end.
    end: bool,
    /// Nothing is asked of it.
    anything: bool,
}

impl First {
    pub(super) fn byte(byte: u8) -> Self {
        Self::of(&Bytes::new(|other| other == byte))
    }

    pub(super) fn of(set: &Bytes) -> Self {
        let mut first = Self::default();
        for byte in (0..=u8::MAX).filter(|byte| set.has(*byte)) {
            first.bits[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        first
    }

    pub(super) fn end() -> Self {
        Self { end: true, ..Self::default() }
    }

    pub(super) fn anything() -> Self {
        Self { anything: true, ..Self::default() }
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        let mut both = Self { end: self.end || other.end, anything: self.anything || other.anything, ..*self };
        for (bits, others) in both.bits.iter_mut().zip(other.bits) {
            *bits |= others;
        }
        both
    }

    pub(super) fn is_anything(&self) -> bool {
        self.anything
    }

    /// Whether `text` may go on from `at`.
    #[inline(always)]
    pub(super) fn fits(&self, text: &[u8], at: usize) -> bool {
        text.get(at).map_or(self.end, |byte| self.has(*byte)) || self.anything
    }

    /// Whether no byte of `set` is one of these. What asks nothing never makes a run go back, so it counts as disjoint.
    pub(super) fn is_disjoint(&self, set: &Bytes) -> bool {
        self.anything || !(0..=u8::MAX).any(|byte| set.has(byte) && self.has(byte))
    }

    /// Whether it has a byte that may stand inside of a character.
    pub(super) fn has_continuation(&self) -> bool {
        (0x80..=0xbf).any(|byte| self.has(byte))
    }

    #[inline(always)]
    pub(super) fn has(&self, byte: u8) -> bool {
        self.bits[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
    }
}
