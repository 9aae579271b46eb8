//! Goes from group to group of letters and digits, with one byte between them, by the bits of their kinds.

use super::engine::LONGEST;
use super::masks::{Masks, Window};

/// Letters, digits and `_` without a break.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) start: usize,
    /// Of 62 bytes or more it is only known that it is longer than any value.
    pub(super) length: usize,
    pub(super) has_digits: bool,
    pub(super) has_letters: bool,
    pub(super) has_small: bool,
    /// Whether it is too long for a value, or holds something else than letters and digits.
    pub(super) is_other: bool,
    /// Digits that it begins with.
    pub(super) run: u32,
}

impl Group {
    /// Behind its last byte.
    #[inline(always)]
    pub(super) fn end(&self) -> usize {
        self.start + self.length
    }
}

/// The groups from one place on.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    masks: &'a Masks,
    at: usize,
    bits: Window,
    /// How many of the bits are known.
    known: u32,
}

impl<'a> Groups<'a> {
    /// From the first byte of a group on.
    #[inline(always)]
    pub(super) fn new(masks: &'a Masks, at: usize) -> Self {
        Self { masks, at, bits: masks.window(at), known: 64 }
    }

    /// The group here.
    #[inline(always)]
    pub(super) fn group(&mut self) -> Group {
        let mut length = self.bits.words.trailing_ones();
        if length + 2 > self.known {
            *self = Self::new(self.masks, self.at);
            length = self.bits.words.trailing_ones();
        }
        let Window { alnums, digits, smalls, .. } = self.bits;
        let within = u64::MAX >> (64 - length.clamp(1, 64));
        Group {
            start: self.at,
            length: length as usize,
            has_digits: digits & within != 0,
            has_letters: alnums & !digits & within != 0,
            has_small: smalls & within != 0,
            is_other: length as usize > LONGEST || alnums & within != within,
            run: digits.trailing_ones(),
        }
    }

    /// Whether the groups go on behind `group`, which is the one here, none that is too long, and has `separator` behind it.
    #[inline(always)]
    pub(super) fn goes_on(&self, group: &Group, separator: u8) -> bool {
        let next = (group.length as u32 + 1).min(63);
        match separator {
            b' ' => !group.has_small && (self.bits.alnums & !self.bits.smalls) >> next & 1 == 1,
            b'.' | b'-' | b'/' | b'+' => self.bits.alnums >> next & 1 == 1,
            _ => false,
        }
    }

    /// Goes to what stands behind the byte behind `group`, which is the one here.
    #[inline(always)]
    pub(super) fn skip(&mut self, group: &Group) {
        let bytes = (group.length as u32 + 1).min(63);
        self.at += group.length + 1;
        let Window { words, alnums, digits, smalls } = self.bits;
        self.bits =
            Window { words: words >> bytes, alnums: alnums >> bytes, digits: digits >> bytes, smalls: smalls >> bytes };
        self.known = self.known.saturating_sub(bytes);
    }

    /// The digits of the bytes from `group` on, which is the one here, of 24 of them or more.
    #[inline(always)]
    pub(super) fn digits(&self, group: &Group) -> u64 {
        if self.known < 24 { self.masks.ahead(group.start, |classes| classes.digits) } else { self.bits.digits }
    }

    /// Whether what is here begins like an account number (IBAN): two letters, in a group of their own or not, and digits.
    #[inline(always)]
    pub(super) fn is_country(&self, group: &Group) -> bool {
        let Window { alnums, digits, .. } = self.bits;
        (alnums & !digits) & 0b11 == 0b11 && digits >> (if group.length == 2 { 3 } else { 2 }) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn groups_are_those_that_single_bytes_make(text in "[aB12_]{1,70}([ .-][aB12]{1,30}){0,12}") {
            let mut masks = Masks::default();
            masks.read(text.as_bytes());
            let mut groups = Groups::new(&masks, 0);
            let mut rest = text.as_str();
            loop {
                let length = rest.find([' ', '.', '-']).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(length);
                let group = groups.group();
                prop_assert_eq!(group.start, text.len() - rest.len());
                prop_assert_eq!(group.is_other, length > LONGEST || word.contains('_'));
                if length < 62 {
                    prop_assert_eq!(group.end(), group.start + length);
                    prop_assert_eq!(group.has_digits, word.contains(['1', '2']));
                    prop_assert_eq!(group.has_letters, word.contains(['a', 'B']));
                    prop_assert_eq!(group.has_small, word.contains('a'));
                    prop_assert_eq!(group.run as usize, word.len() - word.trim_start_matches(['1', '2']).len());
                }
                let mut ahead = behind.bytes();
                let (Some(separator), Some(next)) = (ahead.next(), ahead.next()) else { break };
                let joins = separator != b' ' || !(group.has_small || next == b'a');
                if group.is_other {
                    break;
                }
                prop_assert_eq!(groups.goes_on(&group, separator), joins && next != b'_');
                groups.skip(&group);
                rest = behind.split_at(1).1;
            }
        }
    }
}
