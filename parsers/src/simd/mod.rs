//! Sixteen bytes at once: the one place with code for a kind of processor.

#![allow(unsafe_code, reason = "vector instructions cannot be called otherwise")]

mod behind;
mod bits;
#[cfg(any(test, fuzzing))]
pub mod check;
mod classes;
mod copy;
mod escape;
#[cfg(target_arch = "aarch64")]
mod neon;
mod newlines;
#[cfg(target_arch = "x86_64")]
mod quarters;
#[cfg(target_arch = "x86_64")]
mod spread;
#[cfg(any(test, not(any(target_arch = "aarch64", target_arch = "x86_64"))))]
mod words;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::Range;

#[cfg(target_arch = "aarch64")]
use neon as means;
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
use words as means;
#[cfg(target_arch = "x86_64")]
use x86 as means;

pub use behind::expect_behind;
pub use bits::{BitWork, Bits};
pub use classes::{Classes, classify};
pub use copy::push;
pub use escape::{push_plain, push_plain_after};
pub(crate) use newlines::each_newline;

/// Bytes of a block.
pub const BLOCK: usize = 16;

/// Bytes of which blocks are read at any place: without a branch, since a place too near the end is moved away from it.
#[derive(Clone, Copy)]
pub(crate) struct Blocks<'a> {
    bytes: &'a [u8],
    last: usize,
}

impl<'a> Blocks<'a> {
    /// Longest block.
    pub(crate) const LONGEST: usize = 64;

    /// Blocks of `bytes`, if there is room for one.
    #[inline(always)]
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let last = bytes.len().checked_sub(Self::LONGEST)?;
        Some(Self { bytes, last })
    }

    /// The last place whose blocks are those that stand there.
    #[inline(always)]
    pub(crate) fn last(self) -> usize {
        self.last
    }

    /// The block at `at`, which is at most [`Blocks::last`]; else some other.
    #[inline(always)]
    pub(crate) fn at<const N: usize>(self, at: usize) -> &'a [u8; N] {
        const { assert!(N <= Self::LONGEST) };
        let at = at.min(self.last);
        // SAFETY: `last` was made so that the longest block fits behind it, and N is no longer.
        unsafe { &*self.bytes.as_ptr().add(at).cast() }
    }
}

/// Bytes of a block that do not count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ignored(means::Mask);

impl Ignored {
    /// No byte is ignored.
    pub(crate) const NONE: Self = Self(0);

    /// All bytes but those of `counted` are ignored.
    pub(crate) fn all_but(counted: Range<usize>) -> Self {
        Self((0..BLOCK).filter(|at| !counted.contains(at)).fold(0, |mask, at| mask | bits(at)))
    }
}

/// Bits of the byte at `at`.
fn bits(at: usize) -> means::Mask {
    const WIDTH: usize = means::Mask::BITS as usize / BLOCK;
    (means::Mask::MAX >> (means::Mask::BITS as usize - WIDTH)) << (at * WIDTH)
}

/// Whether two blocks are the same but for the bytes that are ignored.
#[inline(always)]
pub(crate) fn is_same(one: &[u8; BLOCK], other: &[u8; BLOCK], ignored: Ignored) -> bool {
    means::is_same(one, other, ignored.0)
}

/// What stands in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where quotes, backslashes and control bytes are, as [`Found::WIDTH`] bits for each byte. Behind the first one there
    /// may be some too many.
    stops: u64,
    /// Where quotes are, in the same way.
    quotes: u64,
    /// Not 0 when there is a byte beyond ASCII, before or behind the stop.
    pub(crate) highs: u32,
}

impl Found {
    /// Bits for each byte.
    const WIDTH: u32 = if cfg!(target_arch = "aarch64") { 4 } else { 1 };

    /// Where the first quote, backslash or control byte is, if there is one.
    #[inline(always)]
    pub(crate) fn stop(self) -> Option<usize> {
        (self.stops != 0).then(|| (self.stops.trailing_zeros() / Self::WIDTH) as usize)
    }
}

/// What ends a string, as far as a block tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StringEnd {
    /// The quote at this place, with nothing but plain bytes before it.
    Quote(usize),
    /// All bytes are plain.
    Further,
    /// Something else than a quote comes first.
    Other,
}

impl Found {
    /// What ends a string that goes on in this block. The place of the quote does not wait for what else is there: the next
    /// block to be looked at depends on it.
    #[inline(always)]
    pub(crate) fn string_end(self) -> StringEnd {
        if self.quotes != 0 {
            let quote = self.quotes.trailing_zeros();
            if self.stops.trailing_zeros() == quote {
                return StringEnd::Quote((quote / Self::WIDTH) as usize);
            }
        }
        if self.stops == 0 { StringEnd::Further } else { StringEnd::Other }
    }
}

/// The digits and dots that a block begins with, the first of them a digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digits {
    /// Where there is neither a digit nor a dot, as [`Found::WIDTH`] bits for each byte.
    others: u64,
    /// Where dots are, in the same way.
    dots: u64,
}

impl Digits {
    /// How many bytes they are, if they end within the block and are a number as JSON has it: no needless zero before it,
    /// at most one dot, and digits around that.
    #[inline(always)]
    pub(crate) fn number(self, first: u8) -> Option<usize> {
        let end = self.others.trailing_zeros();
        let dots = self.dots & ((1 << (end & 63)) - 1);
        let whole = if dots == 0 { end } else { dots.trailing_zeros() };
        let is_zero = first == b'0';
        let has_fraction = dots == 0 || (whole + Found::WIDTH < end && dots >> whole >> Found::WIDTH == 0);
        let is_number = self.others != 0 && has_fraction && (!is_zero || whole == Found::WIDTH);
        is_number.then_some((end / Found::WIDTH) as usize)
    }
}

/// Looks for the end of a number in a block that begins with a digit.
#[inline(always)]
pub(crate) fn digits(block: &[u8; BLOCK]) -> Digits {
    means::digits(block)
}

/// Looks for what ends a run of plain string bytes.
#[inline(always)]
pub(crate) fn find(block: &[u8; BLOCK]) -> Found {
    means::find(block)
}

/// How many digits a block begins with.
#[inline(always)]
pub(crate) fn count_digits(block: &[u8; BLOCK]) -> usize {
    means::count_digits(block)
}

/// Whether `text` has nothing but ASCII from the blank on: no control character but DEL, so no newline.
#[inline]
pub(crate) fn is_printable(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else { return text.iter().all(|byte| matches!(byte, b' '..=0x7f)) };
    text.as_chunks().0.iter().fold(means::is_printable(last), |so_far, block| so_far & means::is_printable(block))
}

/// How many bytes at the beginning of both are the same.
#[inline(always)]
pub fn same_length(one: &[u8], other: &[u8]) -> usize {
    let ((blocks, rest), (others, other_rest)) = (one.as_chunks(), other.as_chunks());
    for (number, (block, other)) in blocks.iter().zip(others).enumerate() {
        let same = means::same_length(block, other);
        if same < BLOCK {
            return number * BLOCK + same;
        }
    }
    let whole = blocks.len().min(others.len()) * BLOCK;
    let rests = if blocks.len() == others.len() { (rest, other_rest) } else { (&one[whole..], &other[whole..]) };
    whole + rests.0.iter().zip(rests.1).take_while(|(one, other)| one == other).count()
}

/// Where the first quote or space stands in a block, 16 if there is none.
#[inline(always)]
pub fn first_quote_or_space(block: &[u8; BLOCK]) -> usize {
    means::first_of(block, *b"\" \"").unwrap_or(BLOCK)
}

/// To each byte, all below 128, is added the second of every step whose first it is above.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn climb(bytes: [u8; BLOCK], steps: [(i8, i8); 5]) -> [u8; BLOCK] {
    means::climb(&bytes, steps)
}

/// The same with the means of every machine.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn climb(bytes: [u8; BLOCK], steps: [(i8, i8); 5]) -> [u8; BLOCK] {
    bytes.map(|byte| climb_alone(byte, steps))
}

#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline(always)]
fn climb_alone(byte: u8, steps: [(i8, i8); 5]) -> u8 {
    let steps = steps.iter().filter(|(above, _)| byte.cast_signed() > *above);
    steps.fold(byte, |sum, (_, more)| sum.wrapping_add(more.cast_unsigned()))
}

/// Where one of `wanted` first stands in `text`. For the short distances between delimiters, where a call costs more than the
/// search.
#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn find_byte(text: &[u8], wanted: [u8; 3]) -> Option<usize> {
    let (blocks, rest) = text.as_chunks();
    for (number, block) in blocks.iter().enumerate() {
        if let Some(at) = means::first_of(block, wanted) {
            return Some(number * BLOCK + at);
        }
    }
    match text.last_chunk() {
        // It begins in the last whole block, where nothing was found.
        Some(last) => means::first_of(last, wanted).map(|at| text.len() - BLOCK + at),
        None => rest.iter().position(|byte| wanted.contains(byte)),
    }
}

/// Where one of `wanted` first stands in `text`.
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
#[inline]
pub(crate) fn find_byte(text: &[u8], wanted: [u8; 3]) -> Option<usize> {
    let [one, two, three] = wanted;
    memchr::memchr3(one, two, three, text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_stop_is_found_by_every_means(text in "[ -~\\x00-\\x1f\"\\\\é\u{7f}]{0,3}[a-zé ]{16}", shift in 0..4_usize) {
            let bytes = text.as_bytes();
            let block = bytes[shift.min(bytes.len() - BLOCK)..].first_chunk().expect("there are 16 bytes");
            let stop = block.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            for found in [find(block), words::find(block)] {
                prop_assert_eq!(found.stop(), stop);
                let end = match stop {
                    Some(stop) if block[stop] == b'"' => StringEnd::Quote(stop),
                    Some(_) => StringEnd::Other,
                    None => StringEnd::Further,
                };
                prop_assert_eq!(found.string_end(), end);
                prop_assert_eq!(found.highs != 0, !block.is_ascii());
            }
        }

        #[test]
        fn a_byte_is_found_where_it_first_stands(text in "[ab]{0,40}x?[a-x]{0,20}", shift in 0..4_usize, others in "[v-x]{2}") {
            let bytes = text.as_bytes().get(shift..).unwrap_or_default();
            let wanted = [b'x', others.as_bytes()[0], others.as_bytes()[1]];
            prop_assert_eq!(find_byte(bytes, wanted), bytes.iter().position(|byte| wanted.contains(byte)));
        }

        #[test]
        fn text_is_printable_by_every_means(text in "[ -~]{0,40}[ -~\\x00-\\x1f\u{7f}é]{0,1}[ -~]{0,40}") {
            let bytes = text.as_bytes();
            let is_printable = bytes.iter().all(|byte| matches!(byte, b' '..=0x7f));
            prop_assert_eq!(super::is_printable(bytes), is_printable);
            let (blocks, rest) = bytes.as_chunks();
            let rest_is = rest.iter().all(|byte| matches!(byte, b' '..=0x7f));
            prop_assert_eq!(blocks.iter().all(words::is_printable) && rest_is, is_printable);
        }

        #[test]
        fn blocks_are_the_same_but_for_what_is_ignored(one: [u8; BLOCK], at in 0..BLOCK, start in 0..=BLOCK, end in 0..=BLOCK) {
            let (mut other, counted) = (one, start..end);
            other[at] ^= 0x40;
            let ignored = Ignored::all_but(counted.clone());
            prop_assert!(is_same(&one, &one, Ignored::NONE));
            prop_assert!(!is_same(&one, &other, Ignored::NONE));
            prop_assert_eq!(is_same(&one, &other, ignored), !counted.contains(&at));
            let ignored = (0..BLOCK).filter(|at| !counted.contains(at)).fold(0, |mask, at| mask | 0xff << (at * 8));
            prop_assert_eq!(words::is_same(&one, &other, ignored), !counted.contains(&at));
        }

        #[test]
        fn digits_are_counted(text in "[0-9]{0,16}[ -~é]{16}|[ -~\\x00-\\x1f]{16}") {
            let block = text.as_bytes().first_chunk().expect("there are 16 bytes");
            let digits = text.bytes().take(BLOCK).position(|byte| !byte.is_ascii_digit()).unwrap_or(BLOCK);
            prop_assert_eq!((count_digits(block), words::count_digits(block)), (digits, digits));
        }

        #[test]
        fn numbers_end_where_json_ends_them(text in "[0-9][0-9.]{0,16}[ -~é]{16}|(0|[1-9][0-9]{0,5})(\\.[0-9]{0,8})?[e,}.]{16}") {
            let block = text.as_bytes().first_chunk().expect("there are 16 bytes");
            let run = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
            let number = text.split_at(run).0;
            let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
            let is_short = run < BLOCK && !fraction.is_empty() && !fraction.contains('.');
            let is_number = is_short && (whole == "0" || !whole.starts_with('0')) && !whole.is_empty();
            let number = is_number.then_some(run);
            prop_assert_eq!((digits(block).number(block[0]), words::digits(block).number(block[0])), (number, number), "{}", text);
        }

        #[test]
        fn bytes_that_are_the_same_are_counted(one in "[ab]{0,60}", at in 0..60_usize, length in 0..60_usize) {
            let mut other = one.clone().into_bytes();
            if let Some(byte) = other.get_mut(at) {
                *byte = b'x';
            }
            other.truncate(length);
            let same = one.bytes().zip(&other).take_while(|(one, other)| one == *other).count();
            prop_assert_eq!(same_length(one.as_bytes(), &other), same);
            prop_assert_eq!(same_length(&other, one.as_bytes()), same);
        }

        #[test]
        fn bytes_climb_all_steps_that_they_are_above(bytes: [u8; BLOCK], above in -1_i8..64, more in 0_i8..9) {
            let (bytes, steps) = (bytes.map(|byte| byte & 0x3f), [(-1, 45), (above, more), (9, 1), (30, 2), (63, 50)]);
            prop_assert_eq!(climb(bytes, steps), bytes.map(|byte| climb_alone(byte, steps)));
        }

        #[test]
        fn blocks_are_compared_by_every_means_alike(one: [u8; BLOCK], at in 0..=BLOCK) {
            let mut other = one;
            if let Some(byte) = other.get_mut(at) {
                *byte ^= 0x10;
            }
            prop_assert_eq!((means::same_length(&one, &other), words::same_length(&one, &other)), (at, at));
        }

        #[test]
        fn the_first_quote_or_space_is_found(text in "[!-~]{16}", quote in 0..=BLOCK, space in 0..=BLOCK) {
            let mut block: [u8; BLOCK] = *text.replace('"', "x").as_bytes().first_chunk().expect("16 bytes");
            for (at, byte) in [(quote, b'"'), (space, b' ')] {
                if let Some(place) = block.get_mut(at) {
                    *place = byte;
                }
            }
            let first = block.iter().position(|byte| matches!(byte, b'"' | b' ')).unwrap_or(BLOCK);
            prop_assert_eq!(first_quote_or_space(&block), first);
            prop_assert_eq!(words::first_of(&block, *b"\" \"").unwrap_or(BLOCK), first);
        }

        #[test]
        fn the_first_stop_is_found_among_any_bytes(block: [u8; BLOCK]) {
            let (one, other) = (find(&block), words::find(&block));
            prop_assert_eq!((one.stop(), one.highs != 0), (other.stop(), other.highs != 0));
        }
    }
}
