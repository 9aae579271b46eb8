//! Blocks held against single bytes. Called by property tests and by fuzzing.

use super::classes::classify_plainly;
use super::escape::{Way, push_bytes, ways};
use super::{BLOCK, Bits, classify, count_digits, find, find_byte, first_quote_or_space, push, same_length};

/// Looks at `bytes` in every way.
///
/// # Panics
/// When blocks give something else than single bytes.
pub fn bytes(bytes: &[u8], wanted: [u8; 3]) {
    assert_eq!(find_byte(bytes, wanted), bytes.iter().position(|byte| wanted.contains(byte)));
    for block in bytes.windows(BLOCK) {
        let block = block.first_chunk().expect("windows are that long");
        let stop = block.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
        let found = find(block);
        assert_eq!((found.stop(), found.highs != 0), (stop, !block.is_ascii()), "{}", block.escape_ascii());
        let digits = block.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(BLOCK);
        assert_eq!(count_digits(block), digits, "{}", block.escape_ascii());
    }
    for (at, pair) in bytes.windows(BLOCK + 1).enumerate() {
        let (one, other) = (&bytes[..BLOCK.min(at)], &pair[..BLOCK]);
        let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
        assert_eq!(same_length(one, other), same, "{}", pair.escape_ascii());
        let block = other.first_chunk().expect("a block");
        let first = other.iter().position(|byte| matches!(byte, b'"' | b' ')).unwrap_or(BLOCK);
        assert_eq!(first_quote_or_space(block), first, "{}", pair.escape_ascii());
    }
    let mut copied = b"before".to_vec();
    push(bytes, &mut copied);
    assert_eq!(copied, [b"before", bytes].concat());
}

/// Writes `text` into JSON, in front of `behind` and behind something else.
///
/// # Panics
/// When blocks give something else than single bytes.
pub fn plain(text: &[u8], behind: &[u8]) {
    let bytes = [b"\"before\"", text, behind].concat();
    let pushed = |by: &dyn Fn(&mut Vec<u8>) -> usize| {
        let mut out = b"before".to_vec();
        (by(&mut out), out)
    };
    let (read, plain) = pushed(&|out| push_bytes(text, out));
    let quote: &[u8] = if read == text.len() { b"\"" } else { b"" };
    for Way { push, push_after } in ways() {
        let blocks = pushed(&|out| push(&bytes, 8..8 + text.len(), out));
        assert_eq!(blocks, (read, plain.clone()), "{}", text.escape_ascii());
        for length in [0, 4, 31, 32, 33] {
            let key = &[b'k'; 40][..length];
            let after = pushed(&|out| push_after(key, &bytes, 8..8 + text.len(), out));
            let expected = [b"before", key, &plain[6..], quote].concat();
            assert_eq!(after, (read, expected), "{} behind {length}", text.escape_ascii());
        }
    }
}

/// Looks for the kinds of the bytes of `text`.
///
/// # Panics
/// When vectors give something else than single bytes.
pub fn classes(text: &[u8]) {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let codes = classify_plainly(text, &mut other);
    for bits in Bits::ways() {
        assert_eq!(classify(bits, text, &mut one), codes, "{}", text.escape_ascii());
        assert_eq!(one, other, "{}", text.escape_ascii());
    }
}
