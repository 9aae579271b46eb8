//! Text into JSON strings, 16 bytes at a time.
//!
//! A table tells for each pattern of quotes and backslashes among eight bytes where they go when each of those gets a
//! backslash before it, so that text full of quotes costs little more than a copy.

use std::ops::Range;

use super::push;
#[cfg(target_arch = "x86_64")]
use super::{quarters, spread};

/// Appends `text` as the inside of a JSON string, up to the first byte that needs more than a backslash before it: a control
/// character, DEL, or one beyond ASCII. Returns how many bytes of `text` that are.
///
/// `text` is a range of `bytes`; it costs least where at least 16 bytes follow it there.
///
/// # Panics
/// When `bytes` does not hold `text`.
#[inline]
pub fn push_plain(bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) -> usize {
    #[cfg(target_arch = "x86_64")]
    if spread::is_there() {
        // SAFETY: the processor has what the function needs.
        return unsafe { spread::push(&bytes[text], out) };
    }
    #[cfg(target_arch = "x86_64")]
    if quarters::is_there() {
        // SAFETY: the processor has what the function needs.
        return unsafe { quarters::push(bytes, text, out) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("ssse3") && is_x86_feature_detected!("popcnt") {
        // SAFETY: the processor has what the function needs.
        return unsafe { push_ssse3(bytes, text, out) };
    }
    #[cfg(target_arch = "aarch64")]
    return push_blocks(bytes, text, out);
    #[cfg(not(target_arch = "aarch64"))]
    push_bytes(&bytes[text], out)
}

/// The same behind `before`, which is copied; and a quote behind it where all of `text` was taken.
#[inline]
pub fn push_plain_after(before: &[u8], bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) -> usize {
    #[cfg(target_arch = "x86_64")]
    if spread::is_there() {
        // SAFETY: the processor has what the function needs.
        return unsafe { spread::push_after(before, &bytes[text], out) };
    }
    #[cfg(target_arch = "x86_64")]
    if quarters::is_there() {
        // SAFETY: the processor has what the function needs.
        return unsafe { quarters::push_after(before, bytes, text, out) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("ssse3") && is_x86_feature_detected!("popcnt") {
        // SAFETY: the processor has what the function needs.
        return unsafe { push_after_ssse3(before, bytes, text, out) };
    }
    push_after(before, text.len(), out, |out| push_plain(bytes, text.clone(), out))
}

#[inline(always)]
fn push_after(before: &[u8], length: usize, out: &mut Vec<u8>, push_text: impl Fn(&mut Vec<u8>) -> usize) -> usize {
    push(before, out);
    let read = push_text(out);
    if read == length {
        out.push(b'"');
    }
    read
}

/// [`push_plain`] with the means of every machine.
#[cfg(any(test, fuzzing, not(target_arch = "aarch64")))]
pub(super) fn push_bytes(text: &[u8], out: &mut Vec<u8>) -> usize {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b' '..=b'~' => out.push(*byte),
            _ => return at,
        }
    }
    text.len()
}

/// [`push_plain`] or what does the same.
#[cfg(any(test, fuzzing))]
type Push = fn(&[u8], Range<usize>, &mut Vec<u8>) -> usize;
/// [`push_plain_after`] or what does the same.
#[cfg(any(test, fuzzing))]
type PushAfter = fn(&[u8], &[u8], Range<usize>, &mut Vec<u8>) -> usize;

/// A way to do what both do.
#[cfg(any(test, fuzzing))]
pub(super) struct Way {
    pub(super) push: Push,
    pub(super) push_after: PushAfter,
}

/// All ways that this machine has.
#[cfg(any(test, fuzzing))]
pub(super) fn ways() -> Vec<Way> {
    let mut ways = vec![
        Way { push: push_plain, push_after: push_plain_after },
        Way {
            push: |bytes, text, out| push_bytes(&bytes[text], out),
            push_after: |before, bytes, text, out| {
                push_after(before, text.len(), out, |out| push_bytes(&bytes[text.clone()], out))
            },
        },
    ];
    // SAFETY, of all below: the processor has what the functions need.
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("ssse3") && is_x86_feature_detected!("popcnt") {
        ways.push(Way {
            push: |bytes, text, out| unsafe { push_ssse3(bytes, text, out) },
            push_after: |before, bytes, text, out| unsafe { push_after_ssse3(before, bytes, text, out) },
        });
    }
    #[cfg(target_arch = "x86_64")]
    if quarters::is_there() {
        ways.push(Way {
            push: |bytes, text, out| unsafe { quarters::push(bytes, text, out) },
            push_after: |before, bytes, text, out| unsafe { quarters::push_after(before, bytes, text, out) },
        });
    }
    ways
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "ssse3,popcnt")]
fn push_ssse3(bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) -> usize {
    push_blocks(bytes, text, out)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "ssse3,popcnt")]
fn push_after_ssse3(before: &[u8], bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) -> usize {
    push_after(before, text.len(), out, |out| push_blocks(bytes, text.clone(), out))
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const BLOCK: usize = super::BLOCK;

/// Where the bytes of a half block go, by which of them get a backslash; the ninth byte is that backslash.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) static SPREAD: [[u8; BLOCK]; 256] = spread();

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const fn spread() -> [[u8; BLOCK]; 256] {
    let mut table = [[0; BLOCK]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut from, mut to) = (0, 0);
        while from < 8 {
            if mask >> from & 1 == 1 {
                table[mask][to] = 8;
                to += 1;
            }
            table[mask][to] = from;
            from += 1;
            to += 1;
        }
        mask += 1;
    }
    table
}

/// Bytes for which room is made at once: as many again may be needed for backslashes.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const PIECE: usize = 4 << 10;

/// Has `push` take the pieces of `text`, until it takes less than one. Gives how many bytes it took. To be inlined into a function
/// that is compiled for the processor.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
pub(super) fn in_pieces(text: Range<usize>, mut push: impl FnMut(Range<usize>) -> usize) -> usize {
    let mut at = text.start;
    while at < text.end {
        let piece = at..text.end.min(at + PIECE);
        let read = push(piece.clone());
        at += read;
        if read < piece.len() {
            break;
        }
    }
    at - text.start
}

/// To be inlined into a function that is compiled for the processor.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn push_blocks(bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) -> usize {
    in_pieces(text, |piece| push_piece(bytes, piece, out))
}

/// Where the next block begins must not depend on what is in this one: the processor would wait for it. So whole blocks are taken
/// in a loop of their own.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
fn push_piece(bytes: &[u8], text: Range<usize>, out: &mut Vec<u8>) -> usize {
    let (whole, rest) = bytes[text.clone()].as_chunks::<BLOCK>();
    out.reserve(2 * text.len() + 2 * BLOCK);
    let start = out.as_mut_ptr();
    let mut written = out.len();
    let mut read = 0;
    for block in whole {
        let block = Block::load(block);
        let (escapes, others) = block.kinds();
        let run = (others | 1 << BLOCK).trailing_zeros() as usize;
        // SAFETY: there is room for twice the text and two blocks more, and all blocks before took no more than twice theirs.
        written += unsafe { write_block(block, escapes, run, start.add(written)) };
        read += run;
        if run < BLOCK {
            break;
        }
    }
    if read == whole.len() * BLOCK && !rest.is_empty() {
        let from = &bytes[text.start + read..];
        let block = from.first_chunk().map_or_else(|| Block::load(&short(from)), Block::load);
        let (escapes, others) = block.kinds();
        let run = (others | 1 << rest.len()).trailing_zeros() as usize;
        // SAFETY: as above.
        written += unsafe { write_block(block, escapes, run, start.add(written)) };
        read += run;
    }
    // SAFETY: so many bytes were written, within the room that was made.
    unsafe { out.set_len(written) };
    read
}

/// Writes the first `run` bytes of `block`, those of `escapes` with a backslash. Gives how many bytes that are.
///
/// # Safety
/// There must be room for two blocks at `to`. What is written beyond the run does not count.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
unsafe fn write_block(block: Block, escapes: u32, run: usize, to: *mut u8) -> usize {
    let escapes = escapes & ((1 << run) - 1);
    // SAFETY: the first half takes eight bytes and as many backslashes at the most, and so does the other behind it.
    unsafe {
        if escapes == 0 {
            block.store(to);
        } else {
            let first = run.min(8) + (escapes & 0xff).count_ones() as usize;
            block.low_half(&SPREAD[escapes as usize & 0xff]).store(to);
            block.high_half(&SPREAD[escapes as usize >> 8]).store(to.add(first));
        }
    }
    run + escapes.count_ones() as usize
}

/// `rest`, which is shorter than a block, and zeros.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(never)]
fn short(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    block
}

#[cfg(target_arch = "x86_64")]
use x86::Block;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
        _mm_shuffle_epi8, _mm_storeu_si128, _mm_unpackhi_epi64, _mm_unpacklo_epi64,
    };

    /// Sixteen bytes.
    #[derive(Clone, Copy)]
    pub(super) struct Block(__m128i);

    // SAFETY, of all below: SSE2 is there on every x86-64; SSSE3 is there because only `push_ssse3` comes here.
    impl Block {
        #[inline(always)]
        pub(super) fn load(bytes: &[u8; 16]) -> Self {
            // SAFETY: an array of 16 bytes is read, aligned or not.
            Self(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
        }

        /// Which bytes get a backslash, and which need more or cannot stay.
        #[inline(always)]
        pub(super) fn kinds(self) -> (u32, u32) {
            let equal = |byte: u8| unsafe { _mm_cmpeq_epi8(self.0, _mm_set1_epi8(byte.cast_signed())) };
            // SAFETY: see above. Bytes beyond ASCII are negative.
            let (escapes, others) = unsafe {
                let escapes = _mm_or_si128(equal(b'"'), equal(b'\\'));
                let others = _mm_or_si128(_mm_cmplt_epi8(self.0, _mm_set1_epi8(0x20)), equal(0x7f));
                (_mm_movemask_epi8(escapes), _mm_movemask_epi8(others))
            };
            (escapes.cast_unsigned(), others.cast_unsigned())
        }

        /// The first eight bytes in the places that `places` gives.
        #[inline(always)]
        pub(super) fn low_half(self, places: &[u8; 16]) -> Self {
            let places = Self::load(places).0;
            // SAFETY: see above.
            Self(unsafe { _mm_shuffle_epi8(_mm_unpacklo_epi64(self.0, _mm_set1_epi8(0x5c)), places) })
        }

        /// The last eight bytes in the places that `places` gives.
        #[inline(always)]
        pub(super) fn high_half(self, places: &[u8; 16]) -> Self {
            let places = Self::load(places).0;
            // SAFETY: see above.
            Self(unsafe { _mm_shuffle_epi8(_mm_unpackhi_epi64(self.0, _mm_set1_epi8(0x5c)), places) })
        }

        /// Writes them.
        ///
        /// # Safety
        /// There must be room for 16 bytes at `to`.
        #[inline(always)]
        pub(super) unsafe fn store(self, to: *mut u8) {
            // SAFETY: the caller promises the room; no alignment is needed.
            unsafe { _mm_storeu_si128(to.cast(), self.0) };
        }
    }
}

#[cfg(target_arch = "aarch64")]
use neon::Block;

#[cfg(target_arch = "aarch64")]
mod neon {
    use std::arch::aarch64::{
        uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vcgeq_u8, vcltq_u8, vcombine_u8, vdup_n_u8, vdupq_n_u8, vget_high_u8,
        vget_low_u8, vld1q_u8, vorrq_u8, vqtbl1q_u8, vst1q_u8,
    };

    /// Sixteen bytes.
    #[derive(Clone, Copy)]
    pub(super) struct Block(uint8x16_t);

    // SAFETY, of all below: every 64-bit ARM that this is built for has NEON.
    impl Block {
        #[inline(always)]
        pub(super) fn load(bytes: &[u8; 16]) -> Self {
            // SAFETY: an array of 16 bytes is read, aligned or not.
            Self(unsafe { vld1q_u8(bytes.as_ptr()) })
        }

        /// Which bytes get a backslash, and which need more or cannot stay.
        #[inline(always)]
        pub(super) fn kinds(self) -> (u32, u32) {
            // SAFETY: see above.
            let (escapes, others) = unsafe {
                let escapes = vorrq_u8(vceqq_u8(self.0, vdupq_n_u8(b'"')), vceqq_u8(self.0, vdupq_n_u8(b'\\')));
                let others = vorrq_u8(vcltq_u8(self.0, vdupq_n_u8(0x20)), vcgeq_u8(self.0, vdupq_n_u8(0x7f)));
                (escapes, others)
            };
            (bits(escapes), bits(others))
        }

        /// The first eight bytes in the places that `places` gives.
        #[inline(always)]
        pub(super) fn low_half(self, places: &[u8; 16]) -> Self {
            let places = Self::load(places).0;
            // SAFETY: see above.
            Self(unsafe { vqtbl1q_u8(vcombine_u8(vget_low_u8(self.0), vdup_n_u8(b'\\')), places) })
        }

        /// The last eight bytes in the places that `places` gives.
        #[inline(always)]
        pub(super) fn high_half(self, places: &[u8; 16]) -> Self {
            let places = Self::load(places).0;
            // SAFETY: see above.
            Self(unsafe { vqtbl1q_u8(vcombine_u8(vget_high_u8(self.0), vdup_n_u8(b'\\')), places) })
        }

        /// Writes them.
        ///
        /// # Safety
        /// There must be room for 16 bytes at `to`.
        #[inline(always)]
        pub(super) unsafe fn store(self, to: *mut u8) {
            // SAFETY: the caller promises the room; no alignment is needed.
            unsafe { vst1q_u8(to, self.0) };
        }
    }

    /// A bit for each byte of ones.
    #[inline(always)]
    fn bits(mask: uint8x16_t) -> u32 {
        const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
        // SAFETY: see above.
        let (low, high) = unsafe {
            let bits = vandq_u8(mask, vld1q_u8(PLACES.as_ptr()));
            (vaddv_u8(vget_low_u8(bits)), vaddv_u8(vget_high_u8(bits)))
        };
        u32::from(low) | u32::from(high) << 8
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::simd::check::plain;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn blocks_give_what_single_bytes_give(
            text in proptest::collection::vec(prop_oneof![6 => b' '..=b'~', 3 => prop_oneof![Just(b'"'), Just(b'\\')]], 0..100),
            behind in 0..20_usize,
            other in prop_oneof![Just(None), (any::<prop::sample::Index>(), any::<u8>()).prop_map(Some)],
        ) {
            let mut text = text;
            if let Some((at, byte)) = other && !text.is_empty() {
                let at = at.index(text.len());
                text[at] = byte;
            }
            plain(&text, &[b'"'; 20][..behind]);
        }

        #[test]
        fn any_bytes_do(text in proptest::collection::vec(any::<u8>(), 0..40), behind in 0..20_usize) {
            plain(&text, &[b'"'; 20][..behind]);
        }
    }
}
