//! Text into JSON strings, 64 bytes at a time, on x86-64 processors that pack bytes by a mask (AVX-512 VBMI2).
//!
//! Every byte is given a backslash before it, and those that nothing needs are left out in one step.

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8_mask, _mm256_cmplt_epi8_mask, _mm256_maskz_loadu_epi8, _mm256_set1_epi8,
    _mm256_storeu_si256, _mm512_castsi512_si256, _mm512_cmpeq_epi8_mask, _mm512_cmplt_epi8_mask, _mm512_cvtepu8_epi16,
    _mm512_extracti64x4_epi64, _mm512_maskz_compress_epi8, _mm512_maskz_loadu_epi8, _mm512_or_si512, _mm512_set1_epi8,
    _mm512_set1_epi16, _mm512_slli_epi16, _mm512_storeu_si512, _pdep_u64,
};
use std::sync::atomic::{AtomicU8, Ordering};

/// Bytes of a block.
const WIDTH: usize = 32;
/// Bytes for which room is made at once: as many again may be needed for backslashes.
const PIECE: usize = 4 << 10;
/// Where backslashes stand once each byte has one.
const BACKSLASHES: u64 = 0x5555_5555_5555_5555;

/// Whether this processor has what [`push`] needs.
#[inline(always)]
pub(super) fn is_there() -> bool {
    const NO: u8 = 1;
    const YES: u8 = 2;
    static FOUND: AtomicU8 = AtomicU8::new(0);
    match FOUND.load(Ordering::Relaxed) {
        0 => {
            let is_there = look();
            FOUND.store(if is_there { YES } else { NO }, Ordering::Relaxed);
            is_there
        }
        found => found == YES,
    }
}

#[cold]
fn look() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
}

/// As [`push_plain`](super::push_plain) for a text by itself.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")]
pub(super) fn push(text: &[u8], out: &mut Vec<u8>) -> usize {
    let mut read = 0;
    for piece in text.chunks(PIECE) {
        let taken = push_piece(piece, out);
        read += taken;
        if taken < piece.len() {
            break;
        }
    }
    read
}

/// [`push`] behind `before`, and a quote behind it where all of `text` was taken.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")]
pub(super) fn push_after(before: &[u8], text: &[u8], out: &mut Vec<u8>) -> usize {
    if [before, text].iter().all(|part| (1..=WIDTH).contains(&part.len())) {
        return push_short_after(before, text, out);
    }
    super::push(before, out);
    let read = push(text, out);
    if read == text.len() {
        out.push(b'"');
    }
    read
}

/// The same where both fit into a block, as most members of an object do: without a loop, and room is made once.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")]
fn push_short_after(before: &[u8], text: &[u8], out: &mut Vec<u8>) -> usize {
    out.reserve(4 * WIDTH);
    let (start, is_there) = (out.len(), u32::MAX >> (WIDTH - before.len()));
    // SAFETY: no more of `before` is read than is there. What it takes is at most a block, and behind it there is room for another
    // vector and a quote.
    let (run, end) = unsafe {
        let to = out.as_mut_ptr().add(start);
        _mm256_storeu_si256(to.cast(), _mm256_maskz_loadu_epi8(is_there, before.as_ptr().cast()));
        let to = to.add(before.len());
        let (run, backslashes) = push_block(text.as_ptr(), text.len(), to);
        to.add(run + backslashes).write(b'"');
        (run, start + before.len() + run + backslashes)
    };
    // SAFETY: so many bytes were written, within the room that was made.
    unsafe { out.set_len(end + usize::from(run == text.len())) };
    run
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")]
fn push_piece(text: &[u8], out: &mut Vec<u8>) -> usize {
    out.reserve(2 * text.len() + 4 * WIDTH);
    let (start, mut written) = (out.as_mut_ptr(), out.len());
    let mut read = 0;
    while read < text.len() {
        let count = (2 * WIDTH).min(text.len() - read);
        // SAFETY: the `count` bytes are there. There is room for twice the text and two vectors more, and all blocks before took no
        // more than twice theirs.
        let (run, backslashes) = unsafe { push_two_blocks(text.as_ptr().add(read), count, start.add(written)) };
        // Where the next blocks begin must not depend on what is in these: the processor would wait for it.
        if run < 2 * WIDTH {
            read += run;
            written += run + backslashes;
            break;
        }
        read += 2 * WIDTH;
        written += 2 * WIDTH + backslashes;
    }
    // SAFETY: so many bytes were written, within the room that was made.
    unsafe { out.set_len(written) };
    read
}

/// As [`push_block`] for two blocks, whose bytes are looked at together.
///
/// # Safety
/// `count` bytes, 1 to twice [`WIDTH`], must be there at `from`, and room for 128 at `to`. What is written beyond does not count.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")]
unsafe fn push_two_blocks(from: *const u8, count: usize, to: *mut u8) -> (usize, usize) {
    // SAFETY: no more than `count` bytes are read.
    let bytes = unsafe { _mm512_maskz_loadu_epi8(u64::MAX >> (2 * WIDTH - count), from.cast()) };
    let equal = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()));
    let others = _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(0x20)) | equal(0x7f);
    let run = others.trailing_zeros();
    let escapes = (equal(b'"') | equal(b'\\')) & others.wrapping_sub(1) & !others;
    let (first, second) = (escapes & u64::from(u32::MAX), escapes >> WIDTH);
    let (low, high) = (_mm512_castsi512_si256(bytes), _mm512_extracti64x4_epi64::<1>(bytes));
    let behind_first = WIDTH + first.count_ones() as usize;
    // SAFETY: the caller promises the room: each block takes no more than twice its bytes.
    unsafe {
        write_escaped(low, first, to);
        write_escaped(high, second, to.add(behind_first));
    }
    (run as usize, escapes.count_ones() as usize)
}

/// Writes a block with a backslash before each byte of `escapes`.
///
/// # Safety
/// There must be room for 64 bytes at `to`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")]
unsafe fn write_escaped(bytes: __m256i, escapes: u64, to: *mut u8) {
    let doubled = _mm512_slli_epi16::<8>(_mm512_cvtepu8_epi16(bytes));
    let pairs = _mm512_or_si512(doubled, _mm512_set1_epi16(i16::from(b'\\')));
    let kept = _pdep_u64(escapes, BACKSLASHES) | !BACKSLASHES;
    // SAFETY: the caller promises the room; no alignment is needed.
    unsafe { _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi8(kept, pairs)) };
}

/// Writes the plain bytes that the `count` bytes at `from` begin with, and gives how many they are and how many of them got a
/// backslash.
///
/// # Safety
/// `count` bytes, 1 to [`WIDTH`], must be there at `from`, and room for 64 at `to`. What is written beyond does not count.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")]
unsafe fn push_block(from: *const u8, count: usize, to: *mut u8) -> (usize, usize) {
    // SAFETY: no more than `count` bytes are read.
    let bytes = unsafe { _mm256_maskz_loadu_epi8(u32::MAX >> (WIDTH - count), from.cast()) };
    let equal = |byte: u8| _mm256_cmpeq_epi8_mask(bytes, _mm256_set1_epi8(byte.cast_signed()));
    // Bytes beyond ASCII are negative, and what is not there is 0.
    let others = _mm256_cmplt_epi8_mask(bytes, _mm256_set1_epi8(0x20)) | equal(0x7f);
    let run = others.trailing_zeros();
    let escapes = u64::from(equal(b'"') | equal(b'\\')) & ((1 << run) - 1);
    // SAFETY: the caller promises the room.
    unsafe { write_escaped(bytes, escapes, to) };
    (run as usize, escapes.count_ones() as usize)
}
