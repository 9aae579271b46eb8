//! Short texts in words of eight bytes, to be compared and looked at without a loop.

use vigie_parsers::batch::Span;

/// Words of the longest text.
pub const WORDS: usize = 4;
/// Bytes of the longest text.
const LONGEST: usize = 8 * WORDS;

/// By the number of bytes that count, the bits of words that do.
pub(super) static MASKS: [[u64; WORDS]; LONGEST + 1] = {
    let mut masks = [[0; WORDS]; LONGEST + 1];
    let mut length = 0;
    while length < masks.len() {
        let mut word = 0;
        while word < WORDS {
            let bytes = length.saturating_sub(8 * word);
            masks[length][word] = if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 };
            word += 1;
        }
        length += 1;
    }
    masks
};

/// The bytes of `span`, zeros behind them; `None` if they are more than 8 `N`, or where the arena ends too soon behind `span`.
#[inline(always)]
pub fn words_at<const N: usize>(arena: &[u8], span: Span) -> Option<[u64; N]> {
    const { assert!(N <= WORDS) };
    let start = span.start as usize;
    let bytes = arena.get(start..start + 8 * N)?;
    let masks = MASKS.get(span.len as usize).filter(|_| span.len as usize <= 8 * N)?;
    let (chunks, _) = bytes.as_chunks::<8>();
    let mut words = [0; N];
    for ((word, chunk), mask) in words.iter_mut().zip(chunks).zip(masks) {
        *word = u64::from_le_bytes(*chunk) & mask;
    }
    Some(words)
}

/// Whether both are the same: told at once, without a branch for each.
#[inline(always)]
pub fn are_same<const N: usize>(one: [u64; N], other: &[u64; N]) -> bool {
    one.iter().zip(other).fold(0, |differ, (one, other)| differ | one ^ other) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_taken_as_it_stands_with_zeros_behind_it() {
        let arena: Vec<u8> = (1..=80).collect();
        for (start, length) in (0..80).flat_map(|start| (0..=LONGEST + 1).map(move |length| (start, length))) {
            let span = Span::between(start, start + length);
            let mut bytes = [0; LONGEST];
            let is_there = length <= LONGEST && start + LONGEST <= arena.len();
            if is_there {
                bytes[..length].copy_from_slice(&arena[start..start + length]);
            }
            let words = words_at::<WORDS>(&arena, span).map(|words| words.map(u64::to_le_bytes).concat());
            assert_eq!(words, is_there.then(|| bytes.to_vec()), "{start} {length}");
            let two = words_at::<2>(&arena, span).map(|words| words.map(u64::to_le_bytes).concat());
            let has_room = length <= 16 && start + 16 <= arena.len();
            assert_eq!(
                two,
                has_room.then(|| [&arena[start..start + length], &[0; 16][length..]].concat()),
                "{start} {length}"
            );
        }
        assert!(are_same([1, 2], &[1, 2]) && !are_same([1, 2], &[1, 3]) && !are_same([0, 2], &[1, 2]));
    }
}
