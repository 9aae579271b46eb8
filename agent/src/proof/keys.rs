//! Ed25519 keys and their files: a private one in PKCS#8, a public one as the common tools read it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::entry::Hash;

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo`.
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Largest key file.
const LARGEST: u64 = 16 << 10;
const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";

/// Why a key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot use the key file `{0}`: {1}")]
    File(String, std::io::Error),
    /// It holds something else.
    #[error("`{0}` holds no Ed25519 {1} in PEM")]
    Content(String, &'static str),
    /// Others may read the private key.
    #[error("other users may read the signing key `{0}`: `chmod 600` it, and rotate it if they may have")]
    Exposed(String),
    /// The system gives no randomness.
    #[error("the system gives no random bytes for a key")]
    Randomness,
}

/// A key that signs. It never prints itself.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    document: Vec<u8>,
}

/// A key that checks signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey({})", self.public().name())
    }
}

impl SigningKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::Randomness)?;
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| KeyError::Randomness)?;
        Ok(Self { pair, document: document.as_ref().to_vec() })
    }

    /// Reads the file of a private key, which nobody else may be able to read.
    ///
    /// # Errors
    /// When it cannot be read, is exposed, or holds something else.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let failed = |error| KeyError::File(path.display().to_string(), error);
        let mode = std::fs::metadata(path).map_err(failed)?.mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed(path.display().to_string()));
        }
        let content = || KeyError::Content(path.display().to_string(), "private key");
        let document = bytes_of(&read(path).map_err(failed)?, PRIVATE).ok_or_else(content)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&document).map_err(|_| content())?;
        Ok(Self { pair, document })
    }

    /// Writes it to a new file that only its owner may read.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        let written = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(pem(&self.document, PRIVATE).as_bytes())?;
            file.sync_all()
        };
        written().map_err(|error| KeyError::File(path.display().to_string(), error))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(key)
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }
}

impl PublicKey {
    /// Its name in entries: the first 16 digits of its hash.
    pub fn name(&self) -> String {
        Hash::of(&self.0).to_string().chars().take(16).collect()
    }

    /// It as PEM, which `openssl pkey -pubin` reads too.
    pub fn pem(&self) -> String {
        pem(&[&PREFIX[..], &self.0].concat(), PUBLIC)
    }

    /// Reads a PEM; `None` when it holds something else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = bytes_of(text, PUBLIC)?;
        Some(Self(bytes.strip_prefix(&PREFIX)?.try_into().ok()?))
    }

    /// Reads the file of a public key.
    ///
    /// # Errors
    /// When it cannot be read or holds something else.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let text = read(path).map_err(|error| KeyError::File(path.display().to_string(), error))?;
        Self::parse(&text).ok_or_else(|| KeyError::Content(path.display().to_string(), "public key"))
    }

    pub(super) fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(bytes, signature).is_ok()
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn pem(bytes: &[u8], label: &str) -> String {
    let text = BASE64_STANDARD.encode(bytes);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn bytes_of(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, behind) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (inner, _) = behind.split_once(&format!("-----END {label}-----"))?;
    BASE64_STANDARD.decode(inner.split_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key.pem");
        let key = SigningKey::generate().expect("a key");
        key.save(&path).expect("it is new");

        let read = SigningKey::open(&path).expect("it is a key");

        assert_eq!(read.public(), key.public());
        assert_eq!(PublicKey::parse(&key.public().pem()), Some(key.public()));
        assert!(key.public().verifies(b"a", &read.sign(b"a")) && !key.public().verifies(b"b", &read.sign(b"a")));
        assert!(matches!(key.save(&path), Err(KeyError::File(..))));
        assert!(!format!("{key:?}").contains("pair"));
    }

    #[test]
    fn an_exposed_or_broken_key_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key.pem");
        SigningKey::generate().expect("a key").save(&path).expect("it is new");

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("it is ours");
        assert!(matches!(SigningKey::open(&path), Err(KeyError::Exposed(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
        std::fs::write(&path, "nothing").expect("it is ours");
        assert!(matches!(SigningKey::open(&path), Err(KeyError::Content(..))));
        assert!(matches!(PublicKey::open(&path), Err(KeyError::Content(..))));
    }
}
