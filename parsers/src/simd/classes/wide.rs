//! 64 bytes in one register, with AVX-512 and its look-ups in tables of 128 bytes (VBMI).

use std::arch::x86_64::{
    __m512i, _mm_loadu_si128, _mm256_loadu_si256, _mm256_set_m128i, _mm512_castsi256_si512, _mm512_cmpeq_epi8_mask,
    _mm512_inserti64x4, _mm512_load_si512, _mm512_loadu_si512, _mm512_mask_add_epi8, _mm512_maskz_loadu_epi8,
    _mm512_maskz_permutexvar_epi8, _mm512_min_epu8, _mm512_movepi8_mask, _mm512_permutex2var_epi8, _mm512_set1_epi8,
    _mm512_test_epi8_mask,
};

use super::Classes;

// Kinds by a bit each.
const DIGIT: u8 = 0x01;
const CAPITAL: u8 = 0x02;
const SMALL: u8 = 0x04;
const PAIR: u8 = 0x08;
const MARK: u8 = 0x10;
const SPACE: u8 = 0x20;
const JOINT: u8 = 0x40;
/// `# % & \` and the escape of terminals.
const CODE: u8 = 0x80;

const fn kinds(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => DIGIT,
        b'A'..=b'Z' => CAPITAL,
        b'a'..=b'z' => SMALL,
        b':' | b'=' => PAIR,
        b'@' | b'<' | b'[' => MARK,
        b' ' => SPACE,
        b'.' | b'-' | b'/' | b'+' => JOINT,
        b'#' | b'%' | b'&' | 0x1b => CODE,
        b'\\' => MARK | CODE,
        _ => 0,
    }
}

/// 128 bytes in two registers.
#[repr(C, align(64))]
struct Table([u8; 128]);

/// The kinds of each byte of ASCII.
static KINDS: Table = {
    let mut table = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte as usize] = kinds(byte);
        byte += 1;
    }
    Table(table)
};

/// The kinds of each block of `text` in `out`, which has room for all of them.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn classify(text: &[u8], out: &mut [Classes]) -> bool {
    let mut codes = 0;
    let (whole, rest) = text.as_chunks::<64>();
    for (to, chunk) in out.iter_mut().zip(whole) {
        // SAFETY: 64 bytes are read, aligned or not.
        *to = classes(unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) });
        codes |= to.codes;
    }
    if let Some(to) = out.get_mut(whole.len()) {
        *to = classes(filled(rest));
        codes |= to.codes;
    }
    codes != 0
}

/// `rest`, of less than 64 bytes, with zeros behind it. No line of the cache is read but those in which `rest` lies: others may be
/// far away. A load with a mask waits longer for what is far away, so that it is only for what is short.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn filled(rest: &[u8]) -> __m512i {
    if let (Some(first), Some(last)) = (rest.first_chunk::<32>(), rest.last_chunk::<32>()) {
        // SAFETY: twice 32 bytes are read, aligned or not.
        let (first, last) =
            unsafe { (_mm256_loadu_si256(first.as_ptr().cast()), _mm256_loadu_si256(last.as_ptr().cast())) };
        let both = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(first), last);
        return moved(both, u64::MAX << 32, 64 - rest.len(), rest.len());
    }
    if let (Some(first), Some(last)) = (rest.first_chunk::<16>(), rest.last_chunk::<16>()) {
        // SAFETY: twice 16 bytes are read, aligned or not.
        let (first, last) = unsafe { (_mm_loadu_si128(first.as_ptr().cast()), _mm_loadu_si128(last.as_ptr().cast())) };
        let both = _mm512_castsi256_si512(_mm256_set_m128i(last, first));
        return moved(both, u64::MAX << 16, 32 - rest.len(), rest.len());
    }
    let behind_line = rest.as_ptr().addr() % 64;
    let back = if behind_line + rest.len() <= 64 { behind_line } else { 0 };
    let there = ((1 << rest.len()) - 1) << back;
    // SAFETY: of the 64 bytes only those are read that are there.
    let line = unsafe { _mm512_maskz_loadu_epi8(there, rest.as_ptr().wrapping_sub(back).cast()) };
    moved(line, u64::MAX, back, rest.len())
}

/// The first `length` bytes, less than 64, of which those at `places` stand `by` bytes further on in `bytes`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn moved(bytes: __m512i, places: u64, by: usize, length: usize) -> __m512i {
    static PLACES: Table = {
        let mut places = [0; 128];
        let mut place = 0;
        while place < 64 {
            places[place as usize] = place;
            place += 1;
        }
        Table(places)
    };
    let [own, _] = halves(&PLACES);
    let from = _mm512_mask_add_epi8(own, places, own, _mm512_set1_epi8(by.to_le_bytes()[0].cast_signed()));
    _mm512_maskz_permutexvar_epi8((1 << length) - 1, from, bytes)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn classes(bytes: __m512i) -> Classes {
    let highs = _mm512_movepi8_mask(bytes);
    let kinds = pick(&KINDS, ascii(bytes));
    let any = |kind: u8| _mm512_test_epi8_mask(kinds, _mm512_set1_epi8(kind.cast_signed()));
    let equal = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()));
    let high_codes = if highs == 0 { 0 } else { equal(0xc2) | equal(0xe2) | equal(0xef) };
    let (digits, capitals, smalls) = (any(DIGIT), any(CAPITAL), any(SMALL));
    Classes {
        digits,
        words: digits | capitals | smalls | equal(b'_'),
        capitals,
        smalls,
        highs,
        pairs: any(PAIR),
        marks: any(MARK),
        spaces: any(SPACE),
        joints: any(JOINT),
        zeros: equal(b'0'),
        pluses: equal(b'+'),
        codes: any(CODE) | high_codes,
    }
}

/// `bytes` with the last one of ASCII, which is of no kind, in place of those beyond it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn ascii(bytes: __m512i) -> __m512i {
    _mm512_min_epu8(bytes, _mm512_set1_epi8(0x7f))
}

/// What stands in `table` at the last seven bits of each of `places`.
#[inline]
#[target_feature(enable = "avx512f,avx512vbmi")]
fn pick(table: &Table, places: __m512i) -> __m512i {
    let [low, high] = halves(table);
    _mm512_permutex2var_epi8(low, places, high)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn halves(table: &Table) -> [__m512i; 2] {
    let (halves, _) = table.0.as_chunks::<64>();
    // SAFETY: 64 bytes are read, which are aligned as the table is.
    unsafe { [_mm512_load_si512(halves[0].as_ptr().cast()), _mm512_load_si512(halves[1].as_ptr().cast())] }
}
