//! Short copies: most of what is written of a record is a few bytes long, and a call costs more than they do.

/// From here on a call is worth it.
const LONG: usize = 128;

/// Appends `bytes`, as [`Vec::extend_from_slice`] does.
#[inline(always)]
pub fn push(bytes: &[u8], out: &mut Vec<u8>) {
    let length = bytes.len();
    if length >= LONG {
        return out.extend_from_slice(bytes);
    }
    out.reserve(length);
    // SAFETY: there is room for `length` bytes, all of which are written before they count. Each piece lies within `bytes`;
    // the last one ends where they do and may overlap the one before it.
    unsafe {
        let (from, to) = (bytes.as_ptr(), out.as_mut_ptr().add(out.len()));
        match length {
            16.. => pieces::<16>(from, to, length),
            8.. => pieces::<8>(from, to, length),
            4.. => pieces::<4>(from, to, length),
            _ => pieces::<1>(from, to, length),
        }
        out.set_len(out.len() + length);
    }
}

/// Copies `length` bytes in pieces of `N`.
///
/// # Safety
/// Both must be valid for `length` bytes and not overlap each other. `length` is at least `N`, or `N` is 1.
#[inline(always)]
unsafe fn pieces<const N: usize>(from: *const u8, to: *mut u8, length: usize) {
    let mut at = 0;
    // SAFETY: the caller promises it; `at` and `length - N` leave room for a piece.
    unsafe {
        while at + N <= length {
            to.add(at).cast::<[u8; N]>().write_unaligned(from.add(at).cast::<[u8; N]>().read_unaligned());
            at += N;
        }
        if at < length {
            let last = length - N;
            to.add(last).cast::<[u8; N]>().write_unaligned(from.add(last).cast::<[u8; N]>().read_unaligned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_every_length_are_appended() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        for length in 0..bytes.len() {
            let mut out = b"before".to_vec();

            push(&bytes[..length], &mut out);

            assert_eq!(out, [b"before", &bytes[..length]].concat());
        }
    }
}
