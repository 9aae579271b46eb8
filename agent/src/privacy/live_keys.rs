//! The keys in use: those of the current epoch, taken in again when the file changes.
//!
//! Workers ask for them once per batch. Without a key for the epoch there is none to fall back to: whoever asks then hides the
//! value behind its label.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::hmac;
use zeroize::Zeroizing;

use super::key_ring::{Guard, Key, KeyRing, OTHERS, epoch_of};

/// Seconds between two looks at the file.
const BETWEEN_LOOKS: u64 = 5;

/// The keys of one epoch, ready to work. They never print themselves.
pub struct EpochKeys {
    /// Number of the epoch.
    pub epoch: u64,
    mac: hmac::Key,
    cipher: Mutex<Aes256Siv>,
}

impl fmt::Debug for EpochKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "K{} [secret]", self.epoch)
    }
}

/// Bytes that are drawn for one purpose.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl EpochKeys {
    /// Draws the keys of each purpose from `key`, so that none of them tells of another.
    ///
    /// # Source
    /// RFC 5869 (HKDF), with an empty salt.
    pub fn new(epoch: u64, key: &Key) -> Self {
        let drawn = Salt::new(HKDF_SHA256, b"").extract(key.expose());
        let mut mac = Zeroizing::new([0; 32]);
        let mut cipher = Zeroizing::new([0; 64]);
        let purposes: [(&[u8], &mut [u8]); 2] =
            [(b"vigie redact hmac 1", &mut *mac), (b"vigie redact encrypt 1", &mut *cipher)];
        for (purpose, bytes) in purposes {
            let filled = drawn.expand(&[purpose], Length(bytes.len())).and_then(|drawn| drawn.fill(bytes));
            filled.expect("64 bytes are within the bounds of HKDF");
        }
        Self {
            epoch,
            mac: hmac::Key::new(hmac::HMAC_SHA256, &*mac),
            cipher: Mutex::new(Aes256Siv::new((&*cipher).into())),
        }
    }

    /// The first 96 bits of HMAC-SHA-256 over entity, a zero byte and the normalised value.
    pub fn mac(&self, entity: &str, value: &[u8]) -> [u8; 12] {
        let mut context = hmac::Context::with_key(&self.mac);
        context.update(entity.as_bytes());
        context.update(&[0]);
        context.update(value);
        let mut first = [0; 12];
        first.copy_from_slice(&context.sign().as_ref()[..12]);
        first
    }

    /// `value` under AES-256-SIV, bound to `bound`; the same value gives the same bytes.
    ///
    /// # Source
    /// RFC 5297.
    pub fn encrypt(&self, bound: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        self.cipher.lock().unwrap_or_else(PoisonError::into_inner).encrypt([bound], value).ok()
    }

    /// What [`EpochKeys::encrypt`] was given; `None` when it was another key or the bytes were changed.
    pub fn decrypt(&self, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.cipher.lock().unwrap_or_else(PoisonError::into_inner).decrypt([bound], sealed).ok()
    }
}

/// Where the ring lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// A credential of systemd, by name, in this directory.
    Credential(String, Option<PathBuf>),
}

impl KeySource {
    /// The file that it stands for.
    ///
    /// # Errors
    /// When no service manager handed in credentials, or the name is none of one.
    pub fn path(&self) -> Result<PathBuf, String> {
        match self {
            Self::File(path) => Ok(path.clone()),
            Self::Credential(name, _) if name.contains('/') || matches!(name.as_str(), "" | "." | "..") => {
                Err(format!(
                    "`{name}` is no name of a credential, as `LoadCredential=NAME:/path/to/ring` in the unit has it"
                ))
            }
            Self::Credential(name, Some(directory)) => Ok(directory.join(name)),
            Self::Credential(name, None) => Err(format!(
                "no credential `{name}` was handed in: write `LoadCredential={name}:/path/to/ring` into the unit"
            )),
        }
    }

    /// How its file must be guarded where `user` runs the agent. Where the service manager hands a file to a user by a list of access, its
    /// mode shows that as a right of the group.
    fn guard(&self, user: Option<u32>) -> Guard {
        let rights = if matches!(self, Self::Credential(..)) { OTHERS & !0o040 } else { OTHERS };
        Guard { user, rights }
    }

    /// Who its file belongs to, if that is neither root nor `user`.
    pub fn stranger(&self, user: u32) -> Option<u32> {
        let metadata = std::fs::metadata(self.path().ok()?).ok()?;
        self.guard(Some(user)).stranger(&metadata)
    }
}

/// A ring that is read again when it changes.
#[derive(Debug)]
pub struct LiveKeys {
    path: PathBuf,
    guard: Guard,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ring: KeyRing,
    keys: Option<Arc<EpochKeys>>,
    stamp: Option<Stamp>,
    looked: u64,
    told: bool,
}

/// Device, inode, size and time of change.
type Stamp = (u64, u64, u64, i64, i64);

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.size(), metadata.ctime(), metadata.ctime_nsec()))
}

impl LiveKeys {
    /// The ring of `source`, which must hold a key for `now`, and belong to `user` or root if that is given.
    ///
    /// # Errors
    /// Why it cannot be used and what to do.
    pub fn open(source: &KeySource, user: Option<u32>, now: u64) -> Result<Self, String> {
        let (path, guard) = (source.path()?, source.guard(user));
        let stamp = stamp(&path);
        let ring = KeyRing::read_guarded(&path, &guard)
            .map_err(|error| format!("cannot use the key ring `{}`: {error}", path.display()))?;
        if ring.key(epoch_of(now, ring.epoch())).is_none() {
            return Err(missing(&path, epoch_of(now, ring.epoch()), &ring, "nothing runs until then"));
        }
        let state = State { ring, keys: None, stamp, looked: now, told: false };
        Ok(Self { path, guard, state: Mutex::new(state) })
    }

    /// Length of an epoch in seconds.
    pub fn epoch(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ring.epoch()
    }

    /// The keys for `now`, in seconds since 1970. `None` when the ring has none: then a value may only be hidden.
    pub fn current(&self, now: u64) -> Option<Arc<EpochKeys>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now.abs_diff(state.looked) >= BETWEEN_LOOKS {
            state.looked = now;
            self.look(&mut state);
        }
        let epoch = epoch_of(now, state.ring.epoch());
        if state.keys.as_ref().is_none_or(|keys| keys.epoch != epoch) {
            state.keys = state.ring.key(epoch).map(|key| Arc::new(EpochKeys::new(epoch, key)));
        }
        if state.keys.is_none() && !std::mem::replace(&mut state.told, true) {
            let until = "until then values are hidden behind labels, without a token";
            tracing::error!(component = "redact", "{}", missing(&self.path, epoch, &state.ring, until));
        }
        state.keys.clone()
    }

    /// Takes the ring in again when its file changed. One that cannot be read leaves the last good one.
    fn look(&self, state: &mut State) {
        let now = stamp(&self.path);
        if now == state.stamp {
            return;
        }
        state.stamp = now;
        match KeyRing::read_guarded(&self.path, &self.guard) {
            Ok(ring) => (state.ring, state.keys, state.told) = (ring, None, false),
            Err(error) => {
                let path = self.path.display();
                tracing::error!(component = "redact", %path, "the key ring changed and cannot be used, the last one is kept: {error}");
            }
        }
    }
}

/// What to do where `ring` has no key for `epoch`, and what is so `until` then.
fn missing(path: &Path, epoch: u64, ring: &KeyRing, until: &str) -> String {
    let path = path.display();
    if ring.destroyed().any(|destroyed| destroyed == epoch) {
        return format!(
            "the key of the current epoch K{epoch} in `{path}` was destroyed, and it gets no other one, since tokens name their key by its \
             epoch: make another ring with `vigie keys new` and an `--epoch` of another length, and name it with `Key_File`; {until}"
        );
    }
    format!(
        "the key ring `{path}` has no key for the current epoch K{epoch}: run `vigie keys rotate --key-file {path}` on one host and \
         hand the file to all; {until}"
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_epoch_has_keys_of_its_own_and_a_destroyed_one_is_gone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("ring");
        let mut ring = KeyRing::new(Duration::from_secs(100), 1_000, 2).expect("there is randomness");
        ring.write(&path).expect("it is written");
        let live = LiveKeys::open(&KeySource::File(path.clone()), None, 1_000).expect("it can be used");

        let (first, second) = (live.current(1_001).expect("a key"), live.current(1_100).expect("a key"));

        assert_eq!((first.epoch, second.epoch), (10, 11));
        assert_ne!(first.mac("email", b"a"), second.mac("email", b"a"));
        assert_ne!(first.mac("email", b"a"), first.mac("phone", b"a"));
        assert!(live.current(1_200).is_none(), "no key was prepared");
        ring.destroy(11);
        ring.write(&path).expect("it is written");
        assert!(live.current(1_110).is_none(), "it is taken in again");
        assert!(
            LiveKeys::open(&KeySource::File(path.clone()), None, 1_110)
                .is_err_and(|error| error.contains("keys new") && error.contains("nothing runs"))
        );
        assert!(LiveKeys::open(&KeySource::File(path), None, 1_210).is_err_and(|error| error.contains("keys rotate")));
    }

    #[test]
    fn encryption_is_deterministic_bound_and_opens_with_its_key_only() {
        let ring = KeyRing::new(Duration::from_secs(1), 1, 2).expect("there is randomness");
        let keys = |epoch| EpochKeys::new(epoch, ring.key(epoch).expect("it is there"));
        let sealed = keys(1).encrypt(b"email:E1", b"a@b.example").expect("it fits");

        assert_eq!(keys(1).encrypt(b"email:E1", b"a@b.example"), Some(sealed.clone()));
        assert_eq!(keys(1).decrypt(b"email:E1", &sealed).as_deref(), Some(&b"a@b.example"[..]));
        assert_eq!(keys(1).decrypt(b"phone:E1", &sealed), None);
        assert_eq!(keys(2).decrypt(b"email:E1", &sealed), None);
        assert_eq!(format!("{:?}", keys(1)), "K1 [secret]");
    }
}
