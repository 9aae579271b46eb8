//! Values sealed for a recipient: only who holds the other half of a pair of keys, which is never on the host, can read them.
//!
//! # Source
//! X25519 (RFC 7748) with a fresh key per sealer, HKDF-SHA-256 (RFC 5869) over the shared secret and both public keys,
//! AES-256-GCM with a counter as nonce.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Prefix of a public half as text.
const PUBLIC: &str = "vigie-recipient-1:";
/// Prefix of a private half as text.
const PRIVATE: &str = "vigie-identity-1:";
/// Values sealed under one key; then a fresh one is made.
const MOST_PER_KEY: u64 = 1 << 20;

/// The public half of a pair: whom values are sealed for.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(PublicKey);

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.id())
    }
}

impl Recipient {
    /// Reads the text that [`new_identity`] gives.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = decode(text, PUBLIC).ok_or(format!("a recipient that begins with `{PUBLIC}`"))?;
        Ok(Self(PublicKey::from(*bytes)))
    }

    /// Eight digits that tell it from others.
    pub fn id(&self) -> String {
        digest(&SHA256, self.0.as_bytes()).as_ref()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A new pair as text: the public half, then the private one.
///
/// # Errors
/// When the system has no random bytes.
pub fn new_identity() -> Result<(String, Zeroizing<String>), String> {
    let secret = random_secret()?;
    let public = format!("{PUBLIC}{}", URL_SAFE_NO_PAD.encode(PublicKey::from(&secret).as_bytes()));
    Ok((public, Zeroizing::new(format!("{PRIVATE}{}", URL_SAFE_NO_PAD.encode(secret.as_bytes())))))
}

fn random_secret() -> Result<StaticSecret, String> {
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(&mut *bytes).map_err(|_| "the system has no random bytes".to_owned())?;
    Ok(StaticSecret::from(*bytes))
}

fn decode(text: &str, prefix: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim().strip_prefix(prefix)?).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

/// The cipher that both sides come to.
fn cipher(shared: &[u8; 32], fresh: &PublicKey, recipient: &PublicKey) -> Option<LessSafeKey> {
    let drawn = Salt::new(HKDF_SHA256, b"vigie redact seal 1").extract(shared);
    let info: [&[u8]; 2] = [fresh.as_bytes(), recipient.as_bytes()];
    let key = UnboundKey::from(drawn.expand(&info, &AES_256_GCM).ok()?);
    Some(LessSafeKey::new(key))
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// Seals values for one recipient. One per worker.
pub(super) struct Sealer {
    recipient: Recipient,
    fresh: Option<(PublicKey, LessSafeKey)>,
    used: u64,
}

impl Sealer {
    pub(super) fn new(recipient: Recipient) -> Self {
        Self { recipient, fresh: None, used: 0 }
    }

    /// `value` sealed, bound to `bound`: public half of the fresh key, number, ciphertext. `None` without randomness.
    pub(super) fn seal(&mut self, bound: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        if self.fresh.is_none() || self.used >= MOST_PER_KEY {
            let secret = random_secret().ok()?;
            let (public, shared) = (PublicKey::from(&secret), secret.diffie_hellman(&self.recipient.0));
            self.fresh = Some((public, cipher(shared.as_bytes(), &public, &self.recipient.0)?));
            self.used = 0;
        }
        let (public, key) = self.fresh.as_ref()?;
        let mut sealed = public.as_bytes().to_vec();
        sealed.extend_from_slice(&self.used.to_be_bytes());
        let mut inside = value.to_vec();
        key.seal_in_place_append_tag(nonce(self.used), Aad::from(bound), &mut inside).ok()?;
        self.used += 1;
        sealed.extend_from_slice(&inside);
        Some(sealed)
    }
}

/// The private half of a pair, which opens what was sealed. It never prints itself.
pub struct Unsealer(StaticSecret);

impl fmt::Debug for Unsealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Unsealer {
    /// Reads the private half that [`new_identity`] gives.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = decode(text, PRIVATE).ok_or(format!("an identity that begins with `{PRIVATE}`"))?;
        Ok(Self(StaticSecret::from(*bytes)))
    }

    /// The recipient that it opens for.
    pub fn recipient(&self) -> Recipient {
        Recipient(PublicKey::from(&self.0))
    }

    /// What was sealed; `None` when it was for another recipient or the bytes were changed.
    pub(super) fn open(&self, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (fresh, rest) = sealed.split_first_chunk::<32>()?;
        let (number, inside) = rest.split_first_chunk::<8>()?;
        let fresh = PublicKey::from(*fresh);
        let key = cipher(self.0.diffie_hellman(&fresh).as_bytes(), &fresh, &self.recipient().0)?;
        let mut inside = inside.to_vec();
        let opened = key.open_in_place(nonce(u64::from_be_bytes(*number)), Aad::from(bound), &mut inside).ok()?;
        Some(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_other_half_opens_and_equal_values_do_not_look_alike() {
        let (public, private) = new_identity().expect("there is randomness");
        let other = new_identity().expect("there is randomness").1;
        let mut sealer = Sealer::new(Recipient::parse(&public).expect("it is one"));
        let sealed = [sealer.seal(b"email", b"a@b.example"), sealer.seal(b"email", b"a@b.example")];
        let [one, two] = sealed.map(|sealed| sealed.expect("there is randomness"));

        let unsealer = Unsealer::parse(&private).expect("it is one");
        assert_ne!(one[40..], two[40..]);
        assert_eq!(unsealer.open(b"email", &one).as_deref(), Some(&b"a@b.example"[..]));
        assert_eq!(unsealer.open(b"phone", &two), None);
        assert_eq!(Unsealer::parse(&other).expect("it is one").open(b"email", &one), None);
        assert_eq!(unsealer.recipient().id(), Recipient::parse(&public).expect("it is one").id());
        assert!(Recipient::parse(&private).is_err() && Unsealer::parse("secret-42").is_err());
        assert_eq!(format!("{unsealer:?}"), "[secret]");
    }
}
