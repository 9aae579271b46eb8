//! 64 bytes in one register, with AVX-512 and its look-ups in tables of 128 bytes (VBMI).

use std::arch::x86_64::{
    __m512i, _mm512_add_epi8, _mm512_cmpeq_epi8_mask, _mm512_load_si512, _mm512_loadu_si512, _mm512_maskz_loadu_epi8,
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
/// `% & \`.
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
        b'%' | b'&' => CODE,
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
/// far away.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn filled(rest: &[u8]) -> __m512i {
    let (address, length) = (rest.as_ptr().addr(), rest.len());
    let behind_line = address % 64;
    let back = if behind_line + length <= 64 { behind_line } else { 0 };
    let there = (1 << length) - 1;
    // SAFETY: of the 64 bytes only those are read that are there.
    let line = unsafe { _mm512_maskz_loadu_epi8(there << back, rest.as_ptr().wrapping_sub(back).cast()) };
    _mm512_maskz_permutexvar_epi8(
        there,
        _mm512_add_epi8(places(), _mm512_set1_epi8(back.to_le_bytes()[0].cast_signed())),
        line,
    )
}

/// The numbers from 0 to 63.
#[inline]
#[target_feature(enable = "avx512f")]
fn places() -> __m512i {
    static PLACES: Table = {
        let mut places = [0; 128];
        let mut place = 0;
        while place < 64 {
            places[place as usize] = place;
            place += 1;
        }
        Table(places)
    };
    halves(&PLACES)[0]
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
