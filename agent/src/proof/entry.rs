//! One entry of the chain, as a line.
//!
//! A line is the JSON that serde_json writes for a map: keys in order, no spaces. It is compared with that form byte for byte, so
//! that there is one spelling of every entry and no byte of it can change unseen.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::keys::{PublicKey, SigningKey};
use super::verify::Head;

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

/// What stands before the first entry of a chain.
pub(super) const NOTHING: Hash = Hash([0; 32]);

/// What stands before the hash in the bytes that are signed, so that no signature is taken for one of something else.
const DOMAIN: &[u8] = b"vigie proof 1\n";

impl Hash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(hash)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, mut hash) = (text.as_bytes(), [0; 32]);
        if digits.len() != 64 {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(hash))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// What is to be proven.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// When, as `2026-11-28T16:00:00Z`.
    pub at: String,
    /// What kind of entry it is, such as `retention.run`.
    pub kind: String,
    /// What happened. Holds no personal data and no floating point numbers, which have several spellings.
    pub body: Value,
}

/// An entry of the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number; the first one is 1.
    pub number: u64,
    /// When, what kind, and what.
    pub draft: Draft,
    /// Hash of the entry before it; zeros for the first one.
    pub before: Hash,
    /// Its own hash.
    pub hash: Hash,
    /// Name of the key that signed it.
    pub key: String,
    signature: Vec<u8>,
}

/// Why a line is no entry.
pub(super) type Malformed = &'static str;

impl Entry {
    /// What to keep of it to see that nothing behind it was cut off.
    pub fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash }
    }

    /// Signs `draft` as number `number` behind the entry with the hash `before`.
    pub(super) fn sign(draft: Draft, number: u64, before: Hash, key: &SigningKey) -> Self {
        let name = key.public().name();
        let hash = Hash::of(sealed(&draft, number, before, &name).to_string().as_bytes());
        let signature = key.sign(&signed_bytes(hash));
        Self { number, draft, before, hash, key: name, signature }
    }

    /// Whether `key` signed it.
    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.key == key.name() && key.verifies(&signed_bytes(self.hash), &self.signature)
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        self.value().to_string()
    }

    /// The same as a tree, for the index of the cluster.
    pub fn value(&self) -> Value {
        let mut members = match sealed(&self.draft, self.number, self.before, &self.key) {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        members.insert("hash".into(), json!(self.hash.to_string()));
        members.insert("signature".into(), json!(BASE64_STANDARD.encode(&self.signature)));
        Value::Object(members)
    }

    /// Reads a line, and holds its hash against its content. The signature is not looked at.
    pub(super) fn read(line: &[u8]) -> Result<Self, Malformed> {
        let tree: Value = serde_json::from_slice(line).map_err(|_| "it is not JSON")?;
        let text = |key: &str| tree.get(key).and_then(Value::as_str).ok_or("a member is missing");
        let hash = |key: &str| Hash::parse(text(key)?).ok_or("a hash is not 64 digits");
        let entry = Self {
            number: tree.get("number").and_then(Value::as_u64).ok_or("its number is missing")?,
            draft: Draft {
                at: text("at")?.to_owned(),
                kind: text("kind")?.to_owned(),
                body: tree.get("body").cloned().ok_or("a member is missing")?,
            },
            before: hash("before")?,
            hash: hash("hash")?,
            key: text("key")?.to_owned(),
            signature: BASE64_STANDARD.decode(text("signature")?).map_err(|_| "its signature is not base64")?,
        };
        if entry.line().as_bytes() != line {
            return Err("it is not written as the agent writes it: a byte was changed");
        }
        let expected = sealed(&entry.draft, entry.number, entry.before, &entry.key);
        if Hash::of(expected.to_string().as_bytes()) != entry.hash {
            return Err("its hash does not fit its content: a byte was changed");
        }
        Ok(entry)
    }
}

/// What the hash is of.
fn sealed(draft: &Draft, number: u64, before: Hash, key: &str) -> Value {
    json!({
        "at": draft.at,
        "before": before.to_string(),
        "body": draft.body,
        "format": 1,
        "key": key,
        "kind": draft.kind,
        "number": number,
    })
}

fn signed_bytes(hash: Hash) -> Vec<u8> {
    [DOMAIN, hash.to_string().as_bytes()].concat()
}
