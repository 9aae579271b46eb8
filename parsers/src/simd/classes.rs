//! Kinds of bytes, 64 at once: where digits, words and marks stand, as a bit for each byte.
//!
//! A kind is a set of left halves of bytes and a set of right halves, so that two look-ups in tables of sixteen tell all kinds
//! of a byte.

use super::Bits;

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod wide;
#[cfg(target_arch = "x86_64")]
mod x86;

/// Where bytes of each kind stand among 64: the lowest bit is the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// `0` to `9`.
    pub digits: u64,
    /// ASCII letters, digits and `_`.
    pub words: u64,
    /// `A` to `Z`.
    pub capitals: u64,
    /// `a` to `z`.
    pub smalls: u64,
    /// Bytes beyond ASCII.
    pub highs: u64,
    /// `: =`, which may stand between a name and its value.
    pub pairs: u64,
    /// `@ < [ \`.
    pub marks: u64,
    /// Spaces.
    pub spaces: u64,
    /// `. - / +`, which may stand between groups of letters and digits, as spaces may.
    pub joints: u64,
    /// `0`.
    pub zeros: u64,
    /// `+`.
    pub pluses: u64,
    /// What a code for another byte may begin with: `# % & \`, the escape of terminals (0x1b) and, in UTF-8, what spaces, hyphens and
    /// digits beyond ASCII begin with (0xc2, 0xe2, 0xef).
    pub codes: u64,
}

impl Classes {
    /// What `join` makes of both, kind by kind.
    #[inline(always)]
    fn each(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            digits: join(self.digits, other.digits),
            words: join(self.words, other.words),
            capitals: join(self.capitals, other.capitals),
            smalls: join(self.smalls, other.smalls),
            highs: join(self.highs, other.highs),
            pairs: join(self.pairs, other.pairs),
            marks: join(self.marks, other.marks),
            spaces: join(self.spaces, other.spaces),
            joints: join(self.joints, other.joints),
            zeros: join(self.zeros, other.zeros),
            pluses: join(self.pluses, other.pluses),
            codes: join(self.codes, other.codes),
        }
    }
}

// Kinds by a bit each, from the highest one down, so that a shift to the left makes each the highest.
/// Spaces and joints.
const GAPS: u8 = 0x80;
/// `[ \`.
const MARKS: u8 = 0x40;
const PAIRS: u8 = 0x20;
const LOW_LINE: u8 = 0x10;
/// Letters with the left halves 4 and 6, and those with 5 and 7.
const FIRST_LETTERS: u8 = 0x08;
const LAST_LETTERS: u8 = 0x04;
/// `# % &`.
const CODES: u8 = 0x02;
const DIGITS: u8 = 0x01;

/// The bit by which small letters differ from capitals.
const SMALL: u8 = 0x20;

/// Kinds by the left half of a byte. `@`, `<` and codes beyond these are not told by halves.
const LEFT: [u8; 16] = [
    0,
    0,
    GAPS | CODES,
    DIGITS | PAIRS,
    FIRST_LETTERS,
    LAST_LETTERS | MARKS | LOW_LINE,
    FIRST_LETTERS,
    LAST_LETTERS,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
];
/// Kinds by the right half of a byte.
const RIGHT: [u8; 16] = {
    const LETTERS: u8 = FIRST_LETTERS | LAST_LETTERS;
    const BOTH: u8 = DIGITS | LETTERS;
    [
        GAPS | DIGITS | LAST_LETTERS,
        BOTH,
        BOTH,
        BOTH | CODES,
        BOTH,
        BOTH | CODES,
        BOTH | CODES,
        BOTH,
        BOTH,
        BOTH,
        PAIRS | LETTERS,
        GAPS | MARKS | FIRST_LETTERS,
        MARKS | FIRST_LETTERS,
        GAPS | PAIRS | FIRST_LETTERS,
        GAPS | FIRST_LETTERS,
        GAPS | LOW_LINE | FIRST_LETTERS,
    ]
};

/// What stands where in `text`, in place of what was in `out`: one entry for every 64 bytes, the last one filled up with zeros.
/// Gives whether codes are among it.
#[inline(always)]
pub fn classify(bits: Bits, text: &[u8], out: &mut Vec<Classes>) -> bool {
    // What is there already is written over.
    let count = text.len().div_ceil(64);
    if out.len() != count {
        out.resize(count, Classes::default());
    }
    #[cfg(target_arch = "x86_64")]
    if bits.is_wide() {
        // SAFETY: the processor has what the function needs.
        return unsafe { wide::classify(text, out) };
    }
    #[cfg(target_arch = "x86_64")]
    if bits.is_quick() {
        // SAFETY: the processor has what the function needs.
        return unsafe { x86::classify(text, out) };
    }
    blocks(text, out, means_of(bits))
}

#[cfg(target_arch = "aarch64")]
fn means_of(_: Bits) -> impl Fn(&[u8; 64]) -> Classes {
    neon::block
}

#[cfg(not(target_arch = "aarch64"))]
fn means_of(_: Bits) -> impl Fn(&[u8; 64]) -> Classes {
    plain
}

/// The same with the means of every machine.
#[cfg(any(test, fuzzing))]
pub(super) fn classify_plainly(text: &[u8], out: &mut Vec<Classes>) -> bool {
    out.resize(text.len().div_ceil(64), Classes::default());
    blocks(text, out, plain)
}

/// The kinds of each block of `text` in `out`, which has room for all of them.
#[inline(always)]
fn blocks(text: &[u8], out: &mut [Classes], block: impl Fn(&[u8; 64]) -> Classes) -> bool {
    let (whole, rest) = text.as_chunks::<64>();
    for (to, chunk) in out.iter_mut().zip(whole) {
        *to = block(chunk);
    }
    if let Some(to) = out.get_mut(whole.len()) {
        let mut last = [0; 64];
        last[..rest.len()].copy_from_slice(rest);
        *to = block(&last);
    }
    out.iter().fold(0, |codes, classes| codes | classes.codes) != 0
}

/// All kinds of `byte` that its halves tell.
#[cfg(any(test, fuzzing, not(target_arch = "aarch64")))]
static KINDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = LEFT[byte >> 4] & RIGHT[byte & 15];
        byte += 1;
    }
    table
};

#[cfg(any(test, fuzzing, not(target_arch = "aarch64")))]
fn plain(block: &[u8; 64]) -> Classes {
    let mut classes = Classes::default();
    for (at, byte) in block.iter().enumerate() {
        let kinds = KINDS[usize::from(*byte)];
        let put = |to: &mut u64, is: bool| *to |= u64::from(is) << at;
        put(&mut classes.digits, kinds & DIGITS != 0);
        let is_letter = kinds & (FIRST_LETTERS | LAST_LETTERS) != 0;
        put(&mut classes.words, kinds & (DIGITS | LOW_LINE) != 0 || is_letter);
        put(&mut classes.capitals, is_letter && byte & SMALL == 0);
        put(&mut classes.smalls, is_letter && byte & SMALL != 0);
        put(&mut classes.highs, *byte >= 0x80);
        put(&mut classes.pairs, kinds & PAIRS != 0);
        put(&mut classes.marks, kinds & MARKS != 0 || matches!(byte, b'@' | b'<'));
        put(&mut classes.spaces, *byte == b' ');
        put(&mut classes.joints, kinds & GAPS != 0 && *byte != b' ');
        put(&mut classes.zeros, *byte == b'0');
        put(&mut classes.pluses, *byte == b'+');
        put(&mut classes.codes, kinds & CODES != 0 || matches!(*byte, b'\\' | 0x1b | 0xc2 | 0xe2 | 0xef));
    }
    classes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_has_its_kinds() {
        for byte in 0..=u8::MAX {
            let mut out = Vec::new();
            classify(Bits::of_processor(), &[byte], &mut out);
            let bits = |is: bool| u64::from(is);
            let expected = Classes {
                digits: bits(byte.is_ascii_digit()),
                words: bits(byte.is_ascii_alphanumeric() || byte == b'_'),
                capitals: bits(byte.is_ascii_uppercase()),
                smalls: bits(byte.is_ascii_lowercase()),
                highs: bits(!byte.is_ascii()),
                pairs: bits(b":=".contains(&byte)),
                marks: bits(b"@<[\\".contains(&byte)),
                spaces: bits(byte == b' '),
                joints: bits(b".-/+".contains(&byte)),
                zeros: bits(byte == b'0'),
                pluses: bits(byte == b'+'),
                codes: bits(b"#%&\\\x1b\xc2\xe2\xef".contains(&byte)),
            };
            assert_eq!(out, [expected], "{byte:#x}");
        }
    }

    proptest! {
        #[test]
        fn every_means_sees_the_same(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            crate::simd::check::classes(&text);
        }
    }
}
