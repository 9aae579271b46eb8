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
    // SAFETY: there is room for `length` bytes, all of which are written before they count. Both pieces lie within `bytes`.
    unsafe {
        let (from, to) = (bytes.as_ptr(), out.as_mut_ptr().add(out.len()));
        match length {
            65.. => ends::<64>(from, to, length),
            33.. => ends::<32>(from, to, length),
            17.. => ends::<16>(from, to, length),
            8.. => ends::<8>(from, to, length),
            4.. => ends::<4>(from, to, length),
            2.. => ends::<2>(from, to, length),
            1 => ends::<1>(from, to, length),
            _ => {}
        }
        out.set_len(out.len() + length);
    }
}

/// Copies `length` bytes, which are the first `N` and the last `N` of them: without a loop, whose end would be guessed wrongly.
///
/// # Safety
/// Both must be valid for `length` bytes and not overlap each other. `length` is `N` to 2 `N`.
#[inline(always)]
unsafe fn ends<const N: usize>(from: *const u8, to: *mut u8, length: usize) {
    let last = length - N;
    // SAFETY: the caller promises it; both places leave room for a piece.
    unsafe {
        let (one, other) = (from.cast::<[u8; N]>(), from.add(last).cast::<[u8; N]>());
        to.cast::<[u8; N]>().write_unaligned(one.read_unaligned());
        to.add(last).cast::<[u8; N]>().write_unaligned(other.read_unaligned());
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
