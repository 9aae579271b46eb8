//! Checks a chain with public keys alone.

use std::io::{BufRead, Read};

use super::entry::{Entry, Hash, NOTHING};
use super::keys::PublicKey;
use super::ledger::{LONGEST, next_key};

/// Number and hash of an entry: whoever keeps the last one sees when the end of the chain was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number.
    pub number: u64,
    /// The hash.
    pub hash: Hash,
}

impl Head {
    /// Reads `NUMBER:HASH`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, hash) = text.split_once(':')?;
        Some(Self { number: number.parse().ok()?, hash: Hash::parse(hash)? })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.number, self.hash)
    }
}

/// A chain that was found whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Its last entry; `None` for an empty chain.
    pub head: Option<Head>,
    /// Entries per kind, in the order of the kinds.
    pub kinds: std::collections::BTreeMap<String, u64>,
}

/// What is wrong with a chain, by line of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// A line is no entry, or was changed.
    #[error("line {0}: {1}")]
    Malformed(u64, &'static str),
    /// The last line has no end.
    #[error("line {0}: it has no end: the writing was cut off, or the file was")]
    Torn(u64),
    /// An entry has another number than its place says.
    #[error(
        "line {line}: expected entry {expected}, found entry {found}: entries are missing, doubled or out of order"
    )]
    Order {
        /// The line.
        line: u64,
        /// The number that would follow.
        expected: u64,
        /// The number that stands there.
        found: u64,
    },
    /// An entry does not follow the one before it.
    #[error("line {0}: it does not follow the entry before it: that one was replaced")]
    Broken(u64),
    /// It is signed with a key that may not sign here.
    #[error(
        "line {0}: it is signed with the key {1}, which may not sign here; keys that were handed over to need no file, the first one does"
    )]
    Stranger(u64, String),
    /// Its signature is wrong.
    #[error("line {0}: its signature is not that of the key {1}")]
    Signature(u64, String),
    /// The chain ends before the head that was kept, or has another entry there.
    #[error("the chain has no entry {0}: its end was cut off or replaced")]
    Cut(Head),
}

/// Checks the chain in `reader`, whose first entry one of `keys` must have signed, and which must hold `head`.
///
/// # Errors
/// The first flaw.
pub fn verify(reader: impl BufRead, keys: &[PublicKey], head: Option<Head>) -> Result<Verified, Flaw> {
    verify_each(reader, (keys, head), |_| {})
}

/// The same; `each` is handed every entry that was found good, before it is known whether those behind it are.
///
/// # Errors
/// The first flaw.
pub fn verify_each(
    mut reader: impl BufRead,
    (keys, head): (&[PublicKey], Option<Head>),
    mut each: impl FnMut(&Entry),
) -> Result<Verified, Flaw> {
    let mut verified = Verified { head: None, kinds: Default::default() };
    let mut current: Option<PublicKey> = None;
    let (mut number, mut before, mut has_head) = (0, NOTHING, head.is_none());
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = reader.by_ref().take(LONGEST as u64 + 1).read_until(b'\n', &mut line);
        if length.map_err(|error| Flaw::Unreadable(error.to_string()))? == 0 {
            break;
        }
        number += 1;
        if line.pop() != Some(b'\n') {
            return Err(Flaw::Torn(number));
        }
        let entry = Entry::read(&line).map_err(|flaw| Flaw::Malformed(number, flaw))?;
        if entry.number != number {
            return Err(Flaw::Order { line: number, expected: number, found: entry.number });
        }
        if entry.before != before {
            return Err(Flaw::Broken(number));
        }
        let key = match &current {
            Some(key) => Some(key).filter(|key| key.name() == entry.key),
            None => keys.iter().find(|key| key.name() == entry.key),
        };
        let key = key.ok_or_else(|| Flaw::Stranger(number, entry.key.clone()))?;
        if !entry.is_signed_by(key) {
            return Err(Flaw::Signature(number, entry.key.clone()));
        }
        each(&entry);
        current = Some(next_key(&entry).unwrap_or_else(|| key.clone()));
        let own = Head { number, hash: entry.hash };
        has_head = has_head || head == Some(own);
        before = entry.hash;
        verified.head = Some(own);
        *verified.kinds.entry(entry.draft.kind).or_default() += 1;
    }
    match head.filter(|_| !has_head) {
        Some(head) => Err(Flaw::Cut(head)),
        None => Ok(verified),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the files are small and our own")]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::super::{Draft, Ledger, LedgerError, SigningKey};
    use super::*;

    fn draft(number: u64) -> Draft {
        Draft { at: "2026-11-28T16:00:00Z".into(), kind: "test".into(), body: json!({"n": number, "text": "é\"\n"}) }
    }

    fn key(folder: &Path, name: &str) -> SigningKey {
        let path = folder.join(name);
        if !path.exists() {
            SigningKey::generate().and_then(|key| key.save(&path)).expect("it is new");
        }
        SigningKey::open(&path).expect("it is a key")
    }

    /// A chain of three entries by one key, a rotation, and two by another; the first key.
    fn chain(folder: &Path) -> (Vec<u8>, PublicKey) {
        let path = folder.join("chain");
        let first = key(folder, "one").public();
        let mut ledger = Ledger::open(&path, key(folder, "one")).expect("it is new");
        (1..=3).for_each(|number| drop(ledger.append(draft(number)).expect("it is written")));
        ledger.rotate(key(folder, "two"), "2026-11-28T17:00:00Z".into()).expect("it is written");
        drop(ledger);
        assert!(matches!(Ledger::open(&path, key(folder, "one")), Err(LedgerError::OtherKey(..))));
        let mut ledger = Ledger::open(&path, key(folder, "two")).expect("it is handed over");
        (5..=6).for_each(|number| drop(ledger.append(draft(number)).expect("it is written")));
        (std::fs::read(&path).expect("it is there"), first)
    }

    #[test]
    fn a_chain_is_whole_over_a_change_of_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        let (text, first) = chain(folder.path());

        let verified = verify(&text[..], &[first], None).expect("it is whole");

        assert_eq!(verified.head.map(|head| head.number), Some(6));
        assert_eq!(verified.kinds.get("test"), Some(&5));
        let second = key(folder.path(), "two").public();
        assert!(matches!(verify(&text[..], &[second], None), Err(Flaw::Stranger(1, _))));
    }

    #[test]
    fn every_changed_byte_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let (text, first) = chain(folder.path());

        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= [1, 0x20, 0x80][at % 3];
            assert!(verify(&changed[..], std::slice::from_ref(&first), None).is_err(), "byte {at}");
        }
    }

    #[test]
    fn missing_doubled_and_reordered_entries_are_named_and_a_cut_end_shows_against_the_head() {
        let folder = tempfile::tempdir().expect("a folder");
        let (text, first) = chain(folder.path());
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let checked = |lines: &[&[u8]], head| verify(&lines.concat()[..], std::slice::from_ref(&first), head);
        let head = checked(&lines, None).expect("it is whole").head.expect("it has entries");

        let missing = [&lines[..2], &lines[3..]].concat();
        assert_eq!(checked(&missing, None), Err(Flaw::Order { line: 3, expected: 3, found: 4 }));
        let doubled = [&lines[..2], &lines[1..]].concat();
        assert_eq!(checked(&doubled, None), Err(Flaw::Order { line: 3, expected: 3, found: 2 }));
        let reordered = [lines[1], lines[0], lines[2]];
        assert_eq!(checked(&reordered, None), Err(Flaw::Order { line: 1, expected: 1, found: 2 }));
        assert!(checked(&lines[..5], None).is_ok());
        assert_eq!(checked(&lines[..5], Some(head)), Err(Flaw::Cut(head)));
        assert_eq!(Head::parse(&head.to_string()), Some(head));
        assert!(checked(&lines, Some(head)).is_ok());
        assert_eq!(verify(&text[..text.len() - 1], &[first], None), Err(Flaw::Torn(6)));
    }

    #[test]
    fn a_torn_end_is_cut_off_and_a_second_writer_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chain");
        let mut ledger = Ledger::open(&path, key(folder.path(), "one")).expect("it is new");
        ledger.append(draft(1)).expect("it is written");
        assert!(matches!(Ledger::open(&path, key(folder.path(), "one")), Err(LedgerError::Busy(_))));
        drop(ledger);
        let mut text = std::fs::read(&path).expect("it is there");
        text.extend_from_slice(b"{\"at\":");
        std::fs::write(&path, &text).expect("it is ours");

        let mut ledger = Ledger::open(&path, key(folder.path(), "one")).expect("it can be followed");
        ledger.append(draft(2)).expect("it is written");

        let text = std::fs::read(&path).expect("it is there");
        let public = key(folder.path(), "one").public();
        assert_eq!(verify(&text[..], &[public], None).map(|v| v.head.map(|head| head.number)), Ok(Some(2)));
    }
}
