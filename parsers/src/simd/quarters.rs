//! Text into JSON strings, 32 bytes at a time, on x86-64 processors with AVX2.
//!
//! Each quarter of a block is spread by the table of `escape`, by which of its bytes get a backslash.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_loadu_si128, _mm_storeu_si128, _mm256_castsi128_si256, _mm256_castsi256_si128,
    _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_extracti128_si256, _mm256_inserti128_si256, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_shuffle_epi8, _mm256_storeu_si256,
    _mm256_unpackhi_epi64, _mm256_unpacklo_epi64,
};
use std::ops::Range;

use super::escape::{SPREAD, in_pieces};

/// Bytes of a block.
const WIDTH: usize = 32;

/// Whether this processor has what [`push`] needs.
#[inline(always)]
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt")
}

/// As [`push_plain`](super::push_plain).
#[target_feature(enable = "avx2,bmi1,popcnt")]
pub(super) fn push(bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) -> usize {
    in_pieces(text, |piece| push_piece(bytes, piece, out))
}

/// As [`push_plain_after`](super::push_plain_after).
#[target_feature(enable = "avx2,bmi1,popcnt")]
pub(super) fn push_after(before: &[u8], bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) -> usize {
    if let Some(block) = bytes[text.start..].first_chunk()
        && text.len() <= WIDTH
    {
        return push_short_after(before, block, text.len(), out);
    }
    super::push(before, out);
    let read = push(bytes, text.clone(), out);
    if read == text.len() {
        out.push(b'"');
    }
    read
}

/// The same for the first `count` bytes of a block, as most members of an object are: without a loop, and room is made once. Few of
/// them have a byte that gets a backslash.
#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn push_short_after(before: &[u8], block: &[u8; WIDTH], count: usize, out: &mut Vec<u8>) -> usize {
    out.reserve(before.len() + 2 * WIDTH + 1);
    super::push(before, out);
    // SAFETY: there is room for a block of which each byte gets a backslash, and for a quote.
    let (run, end) = unsafe {
        let to = out.as_mut_ptr().add(out.len());
        let found = look(block, count);
        if found.escapes == 0 {
            _mm256_storeu_si256(to.cast(), found.bytes);
        } else {
            found.write(to);
        }
        to.add(found.taken()).write(b'"');
        (found.run, out.len() + found.taken())
    };
    // SAFETY: so many bytes were written, within the room that was made.
    unsafe { out.set_len(end + usize::from(run == count)) };
    run
}

#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn push_piece(bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) -> usize {
    out.reserve(2 * text.len() + 2 * WIDTH);
    let (whole, rest) = bytes[text.clone()].as_chunks();
    let (start, mut written) = (out.as_mut_ptr(), out.len());
    let mut read = 0;
    for block in whole {
        let found = look(block, WIDTH);
        // In one way whatever is there: in lines of JSON it cannot be foreseen.
        // SAFETY: there is room for twice the text and two blocks more, and all blocks before took no more than twice theirs.
        unsafe { found.write(start.add(written)) };
        (read, written) = (read + found.run, written + found.taken());
        if found.run < WIDTH {
            break;
        }
    }
    if read == whole.len() * WIDTH && !rest.is_empty() {
        let from = &bytes[text.start + read..];
        let block = from.first_chunk().copied().unwrap_or_else(|| short(from));
        let found = look(&block, rest.len());
        // SAFETY: as above.
        unsafe { found.write(start.add(written)) };
        (read, written) = (read + found.run, written + found.taken());
    }
    // SAFETY: so many bytes were written, within the room that was made.
    unsafe { out.set_len(written) };
    read
}

/// What a block begins with.
#[derive(Clone, Copy)]
struct Found {
    bytes: __m256i,
    /// How many of them are plain.
    run: usize,
    /// Which of those get a backslash.
    escapes: u64,
}

/// Looks at the first `count` bytes of a block.
#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn look(block: &[u8; WIDTH], count: usize) -> Found {
    // SAFETY: a block is read, aligned or not.
    let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
    let equal = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte.cast_signed()));
    // Bytes beyond ASCII are negative.
    let others = _mm256_or_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes), equal(0x7f));
    let run = (mask(others) | 1 << count).trailing_zeros() as usize;
    let escapes = mask(_mm256_or_si256(equal(b'"'), equal(b'\\'))) & ((1 << run) - 1);
    Found { bytes, run, escapes }
}

impl Found {
    /// How many bytes the plain ones are with their backslashes.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn taken(self) -> usize {
        self.run + self.escapes.count_ones() as usize
    }

    /// Writes the plain bytes with their backslashes.
    ///
    /// # Safety
    /// There must be room for 64 bytes at `to`. What is written beyond does not count.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    unsafe fn write(self, to: *mut u8) {
        let Self { bytes, escapes, .. } = self;
        let backslashes = _mm256_set1_epi8(b'\\'.cast_signed());
        let even = places(escapes, escapes >> 16);
        let odd = places(escapes >> 8, escapes >> 24);
        let even = _mm256_shuffle_epi8(_mm256_unpacklo_epi64(bytes, backslashes), even);
        let odd = _mm256_shuffle_epi8(_mm256_unpackhi_epi64(bytes, backslashes), odd);
        let behind = |bytes: u32| (bytes + (escapes & ((1 << bytes) - 1)).count_ones()) as usize;
        // SAFETY: each quarter takes at most 16 bytes, and begins behind the one before.
        unsafe {
            _mm_storeu_si128(to.cast(), _mm256_castsi256_si128(even));
            _mm_storeu_si128(to.add(behind(8)).cast(), _mm256_castsi256_si128(odd));
            _mm_storeu_si128(to.add(behind(16)).cast(), _mm256_extracti128_si256::<1>(even));
            _mm_storeu_si128(to.add(behind(24)).cast(), _mm256_extracti128_si256::<1>(odd));
        }
    }
}

/// Where the bytes of two quarters go, whose bytes with a backslash are the lowest eight bits of each mask.
#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn places(one: u64, other: u64) -> __m256i {
    let row = |escapes: u64| -> __m128i {
        let row = &SPREAD[(escapes & 0xff) as usize];
        // SAFETY: a row has 16 bytes; no alignment is needed.
        unsafe { _mm_loadu_si128(row.as_ptr().cast()) }
    };
    _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(row(one)), row(other))
}

/// A bit for each byte of ones.
#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn mask(bytes: __m256i) -> u64 {
    _mm256_movemask_epi8(bytes).cast_unsigned().into()
}

/// `rest`, which is shorter than a block, and zeros.
#[inline(never)]
fn short(rest: &[u8]) -> [u8; WIDTH] {
    let mut block = [0; WIDTH];
    block[..rest.len()].copy_from_slice(rest);
    block
}
