//! Tokens: what stands in place of a value.
//!
//! `<email>` says only what was there. `<email:K655.4hq…>` is a keyed hash: the same value gives the same token within one
//! epoch. `<email:E655.…>` can be opened with the key of that epoch, `<email:S1a2b3c4d.…>` with the recipient's. All of them need
//! no escape in JSON, and a text that holds them is never looked through inside them again.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::key_ring::KeyRing;
use super::live_keys::EpochKeys;
use super::normal::normalised;
use super::seal::{Sealer, Unsealer};
use crate::redact::{self, ALPHABET, BLOCK, HASH, token_length};

/// Appends `<entity>`.
pub(super) fn push_label(entity: &str, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(entity.as_bytes());
    out.push(b'>');
}

/// Appends the keyed hash of a normalised value.
pub(super) fn push_hash(entity: &str, value: &[u8], keys: &EpochKeys, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("<{entity}:K{}.", keys.epoch).as_bytes());
    let mac = keys.mac(entity, value);
    let bits = mac.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte)) << 4;
    out.extend((0..HASH).rev().map(|place| ALPHABET[(bits >> (5 * place)) as usize & 31]));
    out.push(b'>');
}

/// Appends `value` encrypted. `None` when the cipher refused.
pub(super) fn push_encrypted(entity: &str, value: &[u8], keys: &EpochKeys, out: &mut Vec<u8>) -> Option<()> {
    let bound = format!("{entity}:E{}", keys.epoch);
    let sealed = keys.encrypt(bound.as_bytes(), &padded(value))?;
    push_sealed(&bound, &sealed, out);
    Some(())
}

/// The keyed hash of `value` for each epoch whose key is in `ring`, the oldest first.
pub fn hashes(entity: &str, value: &[u8], ring: &KeyRing) -> Vec<String> {
    let normal = normal(entity, value);
    each_epoch(ring, |keys, out| push_hash(entity, &normal, keys, out))
}

/// The tokens that `encrypt` makes of `value`, of it as it stands and of its one form, for each epoch whose key is in `ring`.
pub fn encryptions(entity: &str, value: &[u8], ring: &KeyRing) -> Vec<String> {
    let normal = normal(entity, value);
    let mut all = Vec::new();
    for spelling in [value, &normal] {
        all.extend(each_epoch(ring, |keys, out| push_encrypted(entity, spelling, keys, out).unwrap_or_default()));
    }
    all.dedup();
    all
}

fn normal(entity: &str, value: &[u8]) -> zeroize::Zeroizing<Vec<u8>> {
    let group = redact::all().find(|detector| detector.entity == entity).map(|detector| detector.group);
    let mut normal = zeroize::Zeroizing::new(Vec::new());
    normalised(entity, group, value, &mut normal);
    normal
}

fn each_epoch(ring: &KeyRing, push: impl Fn(&EpochKeys, &mut Vec<u8>)) -> Vec<String> {
    let keys = ring.epochs().filter_map(|epoch| Some(EpochKeys::new(epoch, ring.key(epoch)?)));
    let token = |keys: EpochKeys| {
        let mut token = Vec::new();
        push(&keys, &mut token);
        String::from_utf8(token).unwrap_or_default()
    };
    keys.map(token).filter(|token| !token.is_empty()).collect()
}

/// Appends `value` sealed. `None` without randomness.
pub(super) fn push_for(
    entity: &str,
    value: &[u8],
    recipient: &str,
    sealer: &mut Sealer,
    out: &mut Vec<u8>,
) -> Option<()> {
    let bound = format!("{entity}:S{recipient}");
    let sealed = sealer.seal(bound.as_bytes(), &padded(value))?;
    push_sealed(&bound, &sealed, out);
    Some(())
}

fn push_sealed(bound: &str, sealed: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("<{bound}.{}>", URL_SAFE_NO_PAD.encode(sealed)).as_bytes());
}

/// `value`, a byte 0x80 and zeros up to a multiple of [`BLOCK`].
fn padded(value: &[u8]) -> zeroize::Zeroizing<Vec<u8>> {
    let mut padded = Vec::with_capacity(value.len() + BLOCK);
    padded.extend_from_slice(value);
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(BLOCK), 0);
    padded.into()
}

/// What a token was made of.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    /// The entity.
    pub entity: String,
    /// The value as it stood.
    pub value: Vec<u8>,
}

/// Opens an encrypted or sealed `token`.
///
/// # Errors
/// Which key is missing, or that it is no such token.
pub fn open(token: &str, ring: Option<&KeyRing>, unsealer: Option<&Unsealer>) -> Result<Opened, String> {
    let inside = token.trim().strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let parts = inside
        .and_then(|inside| inside.split_once('.'))
        .and_then(|(bound, code)| Some((bound, bound.split_once(':')?, code)));
    let (bound, (entity, key), code) = parts.ok_or("expected a token such as `<email:E655.…>`")?;
    let sealed = URL_SAFE_NO_PAD.decode(code).map_err(|_| "the token is damaged".to_owned());
    let opened = match (key.as_bytes().first(), ring, unsealer) {
        (Some(b'K'), ..) => {
            return Err(
                "a keyed hash cannot be opened: `vigie token --entity … VALUE` tells whether it is that value's".into(),
            );
        }
        (Some(b'E'), Some(ring), _) => {
            let epoch = key.get(1..).and_then(|number| number.parse().ok()).ok_or("the token is damaged")?;
            let key = ring
                .key(epoch)
                .ok_or(format!("the ring has no key K{epoch}: it was destroyed, or belongs to another ring"))?;
            EpochKeys::new(epoch, key).decrypt(bound.as_bytes(), &sealed?)
        }
        (Some(b'E'), None, _) => return Err("it is opened with the ring: give `--key-file FILE`".into()),
        (Some(b'S'), _, Some(unsealer)) => unsealer.open(bound.as_bytes(), &sealed?),
        (Some(b'S'), _, None) => return Err("it is opened by its recipient: give `--identity FILE`".into()),
        _ => return Err("expected a token such as `<email:E655.…>`".into()),
    };
    let mut value = opened.ok_or("the token was changed, or made with another key")?;
    let end =
        value.iter().rposition(|byte| *byte != 0).filter(|end| value[*end] == 0x80).ok_or("the token is damaged")?;
    value.truncate(end);
    Ok(Opened { entity: entity.to_owned(), value })
}

/// Where tokens stand in `text`, in order. Only what is written exactly as a token is one, so that nothing hides in `<…>`.
pub(super) fn tokens_in(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(found) = memchr::memchr(b'<', text.get(at..)?) {
            let start = at + found;
            at = start + 1;
            if let Some(length) = token_length(&text[start..]) {
                at = start + length;
                return Some(start..at);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::seal::{Recipient, new_identity};
    use super::*;

    fn ring() -> KeyRing {
        KeyRing::new(Duration::from_secs(1), 655, 1).expect("there is randomness")
    }

    fn made(make: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        make(&mut out);
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn tokens_name_entity_and_key_and_are_known_again() {
        let ring = ring();
        let keys = EpochKeys::new(655, ring.key(655).expect("it is there"));
        let (public, private) = new_identity().expect("there is randomness");
        let recipient = Recipient::parse(&public).expect("it is one");
        let mut sealer = Sealer::new(recipient.clone());
        let id = recipient.id();
        let hash = made(|out| push_hash("email", b"a@b.example", &keys, out));
        let encrypted = made(|out| push_encrypted("email", b"a@b.example", &keys, out).expect("it fits"));
        let sealed = made(|out| push_for("email", b"a@b.example", &id, &mut sealer, out).expect("it fits"));
        let label = made(|out| push_label("fr_nir", out));

        assert!(hash.starts_with("<email:K655.") && hash.len() == "<email:K655.>".len() + HASH, "{hash}");
        let unsealer = Unsealer::parse(&private).expect("it is one");
        let opened = || Ok(Opened { entity: "email".into(), value: b"a@b.example".to_vec() });
        assert_eq!(open(&encrypted, Some(&ring), None), opened());
        assert_eq!(open(&sealed, None, Some(&unsealer)), opened());
        for (token, part) in
            [(&hash, "cannot be opened"), (&encrypted, "--key-file"), (&sealed, "--identity"), (&label, "expected")]
        {
            assert!(open(token, None, None).is_err_and(|error| error.contains(part)), "{token}");
            let text = format!("a < b {token}<{token}>");
            let found: Vec<&str> =
                tokens_in(text.as_bytes()).map(|range| text.get(range).unwrap_or_default()).collect();
            assert_eq!(found, [token, token], "{text}");
        }
    }

    #[test]
    fn nothing_hides_behind_the_look_of_a_token() {
        for text in [
            "<email:K1.john@doe.example>",
            "<4242424242424242>",
            "<a4242424242424242>",
            "<email:K1.aaaaaaaaaaaaaaaaaaaaa>",
            "<email:E1.QUJD>",
            "<email:Kx.aaaaaaaaaaaaaaaaaaaa>",
            "<Email>",
            "<email",
            "<:K1.aaaaaaaaaaaaaaaaaaaa>",
            "<",
        ] {
            assert_eq!(tokens_in(text.as_bytes()).count(), 0, "{text}");
        }
    }
}
