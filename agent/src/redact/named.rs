//! Short names that were looked up before: by their letters, and by what stands before them. Those of one source come again
//! line after line.

use super::sure::Told;

/// Names that are remembered, a power of two.
const NAMES: usize = 32;
/// Bytes that tell a name, with the one before it.
const BYTES: usize = 16;

/// A name and the detector that it leads to, and how surely.
#[derive(Clone, Copy, Debug)]
struct Name {
    /// Its letters and the byte before them, highest, as they stand in memory, and which of the bits are these.
    bytes: u128,
    those: u128,
    length: usize,
    told: Told,
}

/// Names that lead to detectors.
#[derive(Debug)]
pub(super) struct Names(Box<[Name]>);

impl Default for Names {
    fn default() -> Self {
        Self(vec![Name { bytes: 1, those: 0, length: 0, told: Told::of(0) }; NAMES].into())
    }
}

/// The bytes before `end` that tell a name, unless the text has less.
#[inline(always)]
fn bytes_before(text: &[u8], end: usize) -> Option<u128> {
    text.get(..end)?.last_chunk::<BYTES>().map(|bytes| u128::from_le_bytes(*bytes))
}

/// Where a name with these bytes stands: as its last four tell, of a short one as the byte before it does, too.
#[inline(always)]
fn place(bytes: u128) -> usize {
    ((bytes >> 96) as u32).wrapping_mul(0x9e37_79b1) as usize >> 20 & (NAMES - 1)
}

impl Names {
    /// The detector of the name that ends before `end`, and its length, if it is remembered. It has no byte before `from`; where it begins
    /// there, the byte before tells that no more of it was before that.
    #[inline(always)]
    pub(super) fn find(&self, text: &[u8], (from, end): (usize, usize)) -> Option<(Told, usize)> {
        let bytes = bytes_before(text, end)?;
        let name = self.0.get(place(bytes))?;
        let is_one = bytes & name.those == name.bytes && from + name.length <= end;
        is_one.then_some((name.told, name.length))
    }

    /// Remembers that the name of `length` bytes before `end`, with no letter, digit or joint before it, leads to what is `told`.
    pub(super) fn put(&mut self, text: &[u8], end: usize, length: usize, told: Told) {
        let Some(bytes) = bytes_before(text, end).filter(|_| (3..BYTES).contains(&length)) else { return };
        let those = u128::MAX << (8 * (BYTES - 1 - length));
        self.0[place(bytes)] = Name { bytes: bytes & those, those, length, told };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_again_with_the_same_byte_before_it() {
        let mut names = Names::default();
        let text = b"2026-11-30 12:00:00 user=jane";
        let end = text.len() - 5;
        let find =
            |names: &Names, text: &[u8], places| names.find(text, places).map(|(told, length)| (told.detector, length));
        assert_eq!(find(&names, text, (0, end)), None);
        names.put(text, end, 4, Told::of(7));

        for (text, from, expected) in [
            (&text[..], 0, Some((7, 4))),
            (b"something else that says user=", 0, Some((7, 4))),
            (b"something else that says user=", 25, Some((7, 4))),
            (b"something else that says user=", 26, None),
            (b"something else that sayssuser=", 25, None),
            (b"something else that says=user=", 0, None),
            (b"something else that says uses=", 0, None),
            (b"it says user=", 0, None),
        ] {
            let end = text.iter().rposition(|byte| *byte == b'=').expect("a mark");
            assert_eq!(find(&names, text, (from, end)), expected, "{}", text.escape_ascii());
        }
    }
}
