//! The key that spooled requests are sealed with.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use xxhash_rust::xxh3::xxh3_64;

/// Length of a key in bytes.
const LENGTH: usize = 32;

/// A number that is used once with a key.
pub(super) type Once = [u8; NONCE_LEN];

/// Bytes that sealing adds.
pub(super) const SEAL: usize = 16;

/// An AES-256-GCM key. It never prints itself.
pub struct Key {
    key: LessSafeKey,
    fingerprint: u32,
}

impl Key {
    /// The key of these 32 bytes, or of these 64 hexadecimal digits, white space behind them allowed.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let expected = || "expected 32 bytes, or 64 hexadecimal digits".to_owned();
        let raw: [u8; LENGTH] = match bytes.try_into() {
            Ok(raw) => raw,
            Err(_) => from_hex(bytes.trim_ascii_end()).ok_or_else(expected)?,
        };
        let unbound = UnboundKey::new(&AES_256_GCM, &raw).map_err(|_| expected())?;
        // Only tells one key from another; made from a hash of a hash, it says nothing about the key.
        let first = ring::digest::digest(&ring::digest::SHA256, &raw);
        let second = xxh3_64(ring::digest::digest(&ring::digest::SHA256, first.as_ref()).as_ref());
        let fingerprint = u32::try_from(second >> 32).expect("32 bits are left").max(1);
        Ok(Self { key: LessSafeKey::new(unbound), fingerprint })
    }

    /// Reads the key in the file at `path`.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn read(path: &Path) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(1 << 10).read_to_end(&mut bytes));
        read.map_err(|error| error.to_string())?;
        Self::parse(&bytes)
    }

    /// Tells this key from others; never 0.
    pub(super) fn fingerprint(&self) -> u32 {
        self.fingerprint
    }

    /// A number to be used once, at random.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub(super) fn once() -> Result<Once, Unavailable> {
        let mut once = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut once).map_err(|_| Unavailable)?;
        Ok(once)
    }

    /// Seals `bytes` from `from` on and appends [`SEAL`] bytes; what stands in `head` is bound to it.
    pub(super) fn seal(&self, once: Once, head: &[u8], bytes: &mut Vec<u8>, from: usize) -> Result<(), Unavailable> {
        let nonce = Nonce::assume_unique_for_key(once);
        let sealed = self.key.seal_in_place_separate_tag(nonce, Aad::from(head), &mut bytes[from..]);
        bytes.extend_from_slice(sealed.map_err(|_| Unavailable)?.as_ref());
        Ok(())
    }

    /// Opens `sealed` in place and gives how many bytes were inside; `None` when it was changed.
    pub(super) fn open(&self, once: Once, head: &[u8], sealed: &mut [u8]) -> Option<usize> {
        let nonce = Nonce::assume_unique_for_key(once);
        self.key.open_in_place(nonce, Aad::from(head), sealed).ok().map(|opened| opened.len())
    }
}

/// The system has no random bytes, or a request is too large for the cipher.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unavailable;

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

fn from_hex(text: &[u8]) -> Option<[u8; LENGTH]> {
    let text: &[u8; 2 * LENGTH] = text.try_into().ok()?;
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_or_their_hexadecimal_digits() {
        let raw = Key::parse(&[0xab; 32]).expect("32 bytes");
        let hex = Key::parse(format!("{}\n", "aB".repeat(32)).as_bytes()).expect("64 digits");
        assert_eq!(raw.fingerprint(), hex.fingerprint());
        assert_ne!(raw.fingerprint(), Key::parse(&[0xac; 32]).expect("32 bytes").fingerprint());

        for wrong in [&b""[..], &[0; 31], &[0; 33], &[b'g'; 64], &[b'a'; 63]] {
            assert!(Key::parse(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(format!("{raw:?}"), "Key(..)");
    }
}
