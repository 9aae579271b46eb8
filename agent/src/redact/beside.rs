//! What stands beside a word, two bytes on each side: most words with digits stand alone, and that is all there is to know of them.

/// Kinds of bytes, in three bits.
const OTHER: u8 = 0;
const SPACE: u8 = 1;
const MARK: u8 = 2;
const PLUS: u8 = 3;
const COLON: u8 = 4;
const DIGIT: u8 = 5;
const CAPITAL: u8 = 6;
const SMALL: u8 = 7;

static KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b' ' => SPACE,
            b'.' | b'-' | b'/' => MARK,
            b'+' => PLUS,
            b':' => COLON,
            b'0'..=b'9' => DIGIT,
            b'A'..=b'Z' => CAPITAL,
            b'a'..=b'z' => SMALL,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};

/// The bit of two kinds in a table of all pairs.
const fn pair(near: u8, far: u8) -> u64 {
    1 << (near << 3 | far)
}

/// What stands before a word that may belong to a chain or a telephone number: the byte before it, and the one before that.
const BEFORE: u64 = pair(SPACE, CAPITAL) | pair(MARK, CAPITAL) | pair(MARK, SMALL) | 0xff << (PLUS << 3);

/// What stands behind a word that may go on: as a chain, or as a time.
const BEHIND: u64 = pair(SPACE, DIGIT)
    | pair(SPACE, CAPITAL)
    | pair(MARK, DIGIT)
    | pair(MARK, CAPITAL)
    | pair(MARK, SMALL)
    | pair(PLUS, DIGIT)
    | pair(PLUS, CAPITAL)
    | pair(PLUS, SMALL)
    | pair(COLON, DIGIT);

/// Whether the word at `start..end` of `text` stands by itself: no group of a chain is beside it, and no part of a date, a time, an
/// address or a telephone number.
#[inline(always)]
pub(super) fn is_alone(text: &[u8], start: usize, end: usize) -> bool {
    let byte = |at: usize| text.get(at).map_or(OTHER, |byte| KINDS[usize::from(*byte)]);
    let bit = |table: u64, near: usize, far: usize| table >> (byte(near) << 3 | byte(far)) & 1;
    bit(BEFORE, start.wrapping_sub(1), start.wrapping_sub(2)) | bit(BEHIND, end, end + 1) == 0
}
