//! The key ring: a file of independent random keys, one per epoch, prepared ahead, the same on all hosts.
//!
//! An epoch is the number of whole lengths since 1970, so every host names the same one. A key that is destroyed is gone from
//! the file, and its tokens can be linked to nobody any more. Nothing here derives one epoch's key from another's.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::{Zeroize, Zeroizing};

/// First line of a ring.
const HEADER: &str = "vigie-key-ring 1";
/// What stands before the number of an epoch whose key was destroyed.
const DESTROYED: &str = "# destroyed K";
/// Bytes that a ring has at most.
const MOST_BYTES: u64 = 256 << 10;
/// Keys that a ring has at most.
const MOST_KEYS: usize = 2_000;

/// Rights of others than the owner.
pub(super) const OTHERS: u32 = 0o077;

/// How the file of a ring must be guarded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard {
    /// The user that it belongs to, unless it belongs to root; `None` if it may belong to anyone.
    pub(super) user: Option<u32>,
    /// Rights that nobody may have.
    pub(super) rights: u32,
}

impl Guard {
    /// The owner of the file of `metadata`, if it may not be that one.
    pub(super) fn stranger(&self, metadata: &fs::Metadata) -> Option<u32> {
        let is_fit = |owner: u32| owner == 0 || self.user.is_none_or(|user| user == owner);
        Some(metadata.uid()).filter(|owner| !is_fit(*owner))
    }
}

/// 256 random bits. They are zeroed when it is dropped, and it never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// A new one from the system's randomness.
    fn random() -> Result<Self, String> {
        let mut key = Self([0; 32]);
        SystemRandom::new().fill(&mut key.0).map_err(|_| "the system has no random bytes".to_owned())?;
        Ok(key)
    }

    /// The bytes, for whoever makes a cipher of them.
    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Keys by epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRing {
    /// Length of an epoch in seconds, above 0.
    epoch: u64,
    keys: BTreeMap<u64, Key>,
    /// Epochs whose keys were destroyed before they were over: they get no other one, which would have the same name in tokens.
    destroyed: BTreeSet<u64>,
}

/// The epoch that `seconds` since 1970 lie in, when epochs are `length` seconds long.
pub fn epoch_of(seconds: u64, length: u64) -> u64 {
    seconds / length.max(1)
}

/// `seconds` as it is configured: `30d`, `12h`, `90`.
pub fn epoch_text(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    let whole = units.into_iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    whole.map_or(format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

impl KeyRing {
    /// A ring with random keys for `count` epochs from the one of `now` on.
    ///
    /// # Errors
    /// When the system has no random bytes, or the ring would be too large.
    pub fn new(epoch: Duration, now: u64, count: u64) -> Result<Self, String> {
        let epoch = epoch.as_secs();
        if epoch == 0 {
            return Err("an epoch lasts a second at least, such as 30d".into());
        }
        let mut ring = Self { epoch, keys: BTreeMap::new(), destroyed: BTreeSet::new() };
        ring.prepare(now, count)?;
        Ok(ring)
    }

    /// Adds random keys so that there is one for each of `count` epochs from the one of `now` on, but for those whose keys were
    /// destroyed. Gives how many were added.
    ///
    /// # Errors
    /// When the system has no random bytes, or the ring would be too large.
    pub fn prepare(&mut self, now: u64, count: u64) -> Result<usize, String> {
        let first = epoch_of(now, self.epoch);
        let before = self.keys.len();
        self.destroyed.retain(|epoch| *epoch >= first);
        for epoch in first..first.saturating_add(count.min(MOST_KEYS as u64)) {
            if self.destroyed.contains(&epoch) {
                continue;
            }
            if let Entry::Vacant(place) = self.keys.entry(epoch) {
                place.insert(Key::random()?);
            }
        }
        if self.keys.len() > MOST_KEYS {
            return Err(format!("a ring has {MOST_KEYS} keys at most: destroy old ones first"));
        }
        Ok(self.keys.len() - before)
    }

    /// Length of an epoch in seconds.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Its epochs, in order.
    pub fn epochs(&self) -> impl Iterator<Item = u64> {
        self.keys.keys().copied()
    }

    /// The key of `epoch`.
    pub fn key(&self, epoch: u64) -> Option<&Key> {
        self.keys.get(&epoch)
    }

    /// Forgets the key of `epoch`. Gives whether it was there.
    pub fn destroy(&mut self, epoch: u64) -> bool {
        let was_there = self.keys.remove(&epoch).is_some();
        if was_there {
            self.destroyed.insert(epoch);
        }
        was_there
    }

    /// Epochs whose keys were destroyed and that get no other one.
    pub fn destroyed(&self) -> impl Iterator<Item = u64> {
        self.destroyed.iter().copied()
    }

    /// Reads the text of a ring.
    ///
    /// # Errors
    /// What was expected, by line; never what stands there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        if lines.next().is_none_or(|(_, line)| line.trim() != HEADER) {
            return Err(format!("it is no key ring: its first line is not `{HEADER}`; make one with `vigie keys new`"));
        }
        let epoch = lines.next().and_then(|(_, line)| line.trim().strip_prefix("epoch ")?.parse().ok());
        let epoch = epoch.filter(|epoch| *epoch > 0).ok_or("its second line is not `epoch SECONDS`")?;
        let mut keys = BTreeMap::new();
        for (at, line) in lines {
            let wrong = || format!("line {} is not `K<epoch> <64 hexadecimal digits>`", at + 1);
            let (name, digits) = line.trim().split_once(' ').ok_or_else(wrong)?;
            let number = name.strip_prefix('K').and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
            let key = from_hex(digits.trim().as_bytes()).ok_or_else(wrong)?;
            if key.0 == [0; 32] || keys.insert(number, key).is_some() {
                return Err(format!("line {}: a key of zeros, or the second of its epoch", at + 1));
            }
        }
        if keys.len() > MOST_KEYS {
            return Err(format!("a ring has {MOST_KEYS} keys at most"));
        }
        // Earlier versions take these lines for notes.
        let destroyed = text.lines().filter_map(|line| line.trim().strip_prefix(DESTROYED)?.parse().ok());
        let destroyed = destroyed.filter(|epoch| !keys.contains_key(epoch)).collect();
        Ok(Self { epoch, keys, destroyed })
    }

    /// Reads the ring in the file at `path`, as who looks after it does.
    ///
    /// # Errors
    /// Why it cannot be used, and what to do: above all when others than its owner may read it.
    pub fn read(path: &Path) -> Result<Self, String> {
        Self::read_guarded(path, &Guard { user: None, rights: OTHERS })
    }

    /// Reads the ring in the file at `path`, if it is guarded so.
    ///
    /// # Errors
    /// As [`KeyRing::read`], and when it belongs to a user who may not own it.
    pub(super) fn read_guarded(path: &Path, guard: &Guard) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file: make it with `vigie keys new`".to_owned(),
            _ => error.to_string(),
        })?;
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        if !metadata.is_file() {
            return Err("it is no file".into());
        }
        if metadata.mode() & guard.rights != 0 {
            return Err(format!("others than its owner have rights to it: run `chmod 600 {}`", path.display()));
        }
        if let Some(owner) = guard.stranger(&metadata) {
            return Err(format!(
                "it belongs to user {owner}, who is neither root nor the one that runs this: run `chown root {}`, or give it to the user of \
                 the agent",
                path.display()
            ));
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MOST_BYTES).read_to_string(&mut text).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => {
                "it holds other bytes than a key ring, which is text: name the file that `vigie keys new` made"
                    .to_owned()
            }
            _ => error.to_string(),
        })?;
        Self::parse(&text)
    }

    /// The ring as text, keys included.
    fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64 + self.keys.len() * 96));
        text.push_str(&format!("{HEADER}\nepoch {}\n", self.epoch));
        for epoch in &self.destroyed {
            text.push_str(&format!("{DESTROYED}{epoch}\n"));
        }
        for (epoch, key) in &self.keys {
            text.push_str(&format!("K{epoch} "));
            for byte in key.0 {
                text.push(hex(byte >> 4));
                text.push(hex(byte & 15));
            }
            text.push('\n');
        }
        text
    }

    /// Writes the ring to `path`, for its owner alone, so that after a power cut the old or the new one stands there whole.
    /// What an old one held is overwritten first; where the disk keeps copies, as flash does, they are beyond reach.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let temporary = path.with_extension("new");
        // What an earlier run left that did not get to its end.
        drop(fs::remove_file(&temporary));
        let written = self.replace(path, &temporary);
        if written.is_err() {
            drop(fs::remove_file(&temporary));
        }
        written.map_err(|error| format!("cannot write `{}`: {error}", path.display()))
    }

    fn replace(&self, path: &Path, temporary: &Path) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
        file.write_all(self.text().as_bytes())?;
        file.sync_all()?;
        let old = OpenOptions::new().write(true).open(path).ok();
        if let Some(old) = &old {
            // Who prepares keys as root leaves the file with the user of the agent.
            let (old, new) = (old.metadata()?, file.metadata()?);
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid()))?;
            }
        }
        fs::rename(temporary, path)?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(directory)?.sync_all()?;
        if let Some(mut old) = old {
            let length = usize::try_from(old.metadata()?.len().min(MOST_BYTES)).unwrap_or_default();
            old.write_all(&vec![0; length])?;
            old.sync_all()?;
        }
        Ok(())
    }
}

fn hex(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}

fn from_hex(digits: &[u8]) -> Option<Key> {
    let digits: &[u8; 64] = digits.try_into().ok()?;
    let mut key = Key([0; 32]);
    for (byte, pair) in key.0.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn a_ring_is_written_for_its_owner_alone_and_read_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("redact.key");
        let mut ring = KeyRing::new(30 * DAY, 1_700_000_000, 3).expect("there is randomness");

        ring.write(&path).expect("it is written");

        assert_eq!(KeyRing::read(&path).as_ref(), Ok(&ring));
        assert_eq!(fs::metadata(&path).expect("it is there").mode() & 0o777, 0o600);
        assert_eq!(ring.epochs().collect::<Vec<_>>(), [655, 656, 657]);
        assert!(ring.destroy(655) && !ring.destroy(655));
        ring.write(&path).expect("it is written over the old one");
        assert_eq!(KeyRing::read(&path).map(|ring| ring.key(655).is_some()), Ok(false));
    }

    /// Tokens name their key by its epoch.
    #[test]
    fn an_epoch_whose_key_was_destroyed_gets_no_other_one() {
        let mut ring = KeyRing::new(DAY, 655 * 86_400, 2).expect("there is randomness");
        assert!(ring.destroy(655));
        let mut ring = KeyRing::parse(&ring.text()).expect("it is a ring");

        assert_eq!(ring.prepare(655 * 86_400, 3), Ok(1));

        assert!(ring.epochs().eq([656, 657]) && ring.destroyed().eq([655]));
        assert_eq!(ring.prepare(656 * 86_400, 3), Ok(1));
        assert_eq!(ring.destroyed().count(), 0, "what is over needs no note");
    }

    #[test]
    fn keys_that_others_may_read_are_refused_with_the_remedy() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("redact.key");
        KeyRing::new(DAY, 0, 1).and_then(|ring| ring.write(&path)).expect("it is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("it is ours");

        assert!(KeyRing::read(&path).is_err_and(|message| message.contains("chmod 600")));
        assert!(KeyRing::read(&directory.path().join("none")).is_err_and(|message| message.contains("vigie keys new")));
    }

    #[test]
    fn what_is_wrong_with_a_ring_is_told_without_what_stands_there() {
        let key = "ab".repeat(32);
        let good = format!("{HEADER}\n# a note\nepoch 60\nK1 {key}\n");
        assert!(KeyRing::parse(&good).is_ok_and(|ring| ring.epoch() == 60 && ring.key(1).is_some()));
        for (text, part) in [
            (format!("secret-42\n{good}"), "no key ring"),
            (format!("{HEADER}\nepoch 0\n"), "epoch SECONDS"),
            (format!("{good}K2 secret-42\n"), "line 5"),
            (format!("{good}K1 {key}\n"), "second of its epoch"),
            (format!("{good}K2 {}\n", "0".repeat(64)), "zeros"),
        ] {
            let message = KeyRing::parse(&text).expect_err("it is wrong");
            assert!(message.contains(part) && !message.contains("secret-42"), "{message}");
        }
        let ring = KeyRing::parse(&good).expect("it is good");
        assert!(!format!("{ring:?}").contains("171") && format!("{ring:?}").contains("[secret]"));
    }

    #[test]
    fn keys_are_prepared_ahead_and_only_where_there_is_none() {
        let mut ring = KeyRing::new(DAY, 0, 2).expect("there is randomness");
        let first = ring.key(1).cloned();

        assert_eq!(ring.prepare(86_400, 3), Ok(2));
        assert_eq!((ring.key(1).cloned(), ring.epochs().count()), (first, 4));
        assert!(KeyRing::new(Duration::ZERO, 0, 1).is_err());
        assert_eq!((epoch_text(2_592_000), epoch_text(90)), ("30d".into(), "90s".into()));
    }
}
