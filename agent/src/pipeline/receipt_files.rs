//! The files of receipts in the state directory: the chain, the key that signs it, and its public half. None is ever written over by
//! another one's, since a chain whose public key is gone proves nothing.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use tracing::warn;

use crate::proof::{Ledger, LedgerError, PublicKey, SigningKey, verify};

pub(super) struct ReceiptFiles {
    key: PathBuf,
    public: PathBuf,
    chain: PathBuf,
}

impl ReceiptFiles {
    pub(super) fn new(directory: &Path) -> Self {
        let file = |end: &str| directory.join(format!("redact-receipts.{end}"));
        Self { key: file("key"), public: file("pub"), chain: file("chain") }
    }

    /// Opens the chain, or begins one, and has what is in it looked through beside the rest of the start.
    ///
    /// # Errors
    /// Why it cannot be used, and what to do.
    pub(super) fn open(&self) -> Result<(Ledger, Option<JoinHandle<()>>), String> {
        let key = self.signing_key()?;
        let public = key.public();
        let ledger = Ledger::open(&self.chain, key).map_err(|error| match error {
            LedgerError::OtherKey(_, signed, _) => self.other_key(&signed),
            LedgerError::Damaged(_, why) => self.damaged(why),
            error => error.to_string(),
        })?;
        let written = PublicKey::open(&self.public);
        if ledger.last().is_none() && written.as_ref().is_ok_and(|written| *written != public) {
            return Err(format!(
                "`{}` belongs to another key than `{}`: put that key back, or keep the public key elsewhere with the chain that it is for, so that another one is written",
                self.public.display(),
                self.key.display()
            ));
        }
        if written.ok().as_ref() != Some(&public) {
            let failed = |error| format!("cannot write the public key `{}`: {error}", self.public.display());
            fs::write(&self.public, public.pem()).map_err(failed)?;
        }
        let check = ledger.last().map(|_| self.check(public)).transpose()?;
        Ok((ledger, check))
    }

    /// The key, which is made where there has been none.
    fn signing_key(&self) -> Result<SigningKey, String> {
        let (key, public, chain) = (self.key.display(), self.public.display(), self.chain.display());
        if self.key.exists() {
            return SigningKey::open(&self.key).map_err(|error| {
                format!("{error}; put the right one back, or keep `{chain}` elsewhere with `{public}` and remove `{key}`, so that another chain begins")
            });
        }
        let has_receipts = fs::metadata(&self.chain).is_ok_and(|chain| chain.len() > 0);
        if has_receipts || self.public.exists() {
            return Err(format!(
                "the key `{key}` is gone, with which receipts were signed: put it back, or keep `{chain}` elsewhere with `{public}`, so that another chain begins"
            ));
        }
        let made = || -> Result<SigningKey, String> {
            if let Some(directory) = self.key.parent() {
                fs::create_dir_all(directory).map_err(|error| error.to_string())?;
            }
            let key = SigningKey::generate().map_err(|error| error.to_string())?;
            key.save(&self.key).map_err(|error| error.to_string())?;
            Ok(key)
        };
        made()
    }

    /// Looks through all receipts of now, and warns of the first that was changed. A year has some 9,000, which take a moment.
    fn check(&self, public: PublicKey) -> Result<JoinHandle<()>, String> {
        let failed = |error: std::io::Error| format!("cannot read `{}`: {error}", self.chain.display());
        let file = File::open(&self.chain).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let (chain, name) = (self.chain.display().to_string(), self.public.display().to_string());
        let look = move || {
            // What is appended meanwhile is left out.
            if let Err(flaw) = verify(BufReader::new(file.take(length)), &[public], None) {
                warn!(
                    component = "redact",
                    "the receipts in `{chain}` are not as they were written: {flaw}; `vigie receipts verify {chain} --public-key {name}` tells this too. Keep the chain elsewhere with its public key, so that another one begins"
                );
            }
        };
        std::thread::Builder::new().name("receipts".into()).spawn(look).map_err(failed)
    }

    /// What to do where the chain is signed with another key.
    fn other_key(&self, signed: &str) -> String {
        let (key, public, chain) = (self.key.display(), self.public.display(), self.chain.display());
        format!(
            "`{chain}` is signed with the key {signed}, and not with that in `{key}`: put that key back, or keep the chain elsewhere with its public key `{public}`, so that another one begins"
        )
    }

    /// What to do where the last receipt cannot be followed.
    fn damaged(&self, why: &str) -> String {
        let (public, chain) = (self.public.display(), self.chain.display());
        format!(
            "the last receipt in `{chain}` cannot be followed: {why}; `vigie receipts verify {chain} --public-key {public}` tells where, keep the chain elsewhere with its public key so that another one begins"
        )
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the files are small and our own")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::proof::Draft;

    fn receipt(ledger: &mut Ledger) {
        let draft = Draft { at: "2026-11-28T16:00:00Z".into(), kind: "redact.receipt".into(), body: json!({"n": 1}) };
        ledger.append(draft).expect("it is written");
    }

    #[test]
    fn a_public_key_stays_with_its_chain_when_the_private_one_is_gone_or_another_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = ReceiptFiles::new(folder.path());
        receipt(&mut files.open().expect("it begins").0);
        let public = fs::read(&files.public).expect("it is there");

        fs::remove_file(&files.key).expect("it is there");
        let gone = files.open().expect_err("nothing signs");
        SigningKey::generate().and_then(|key| key.save(&files.key)).expect("it is new");
        let other = files.open().expect_err("another key signs");
        fs::remove_file(&files.chain).expect("it is there");
        let without = files.open().expect_err("the public key is of a chain elsewhere");

        assert!(gone.contains("is gone") && other.contains("is signed with") && without.contains("belongs to another"));
        assert_eq!(fs::read(&files.public).expect("it is there"), public);
        fs::remove_file(&files.public).expect("it is there");
        assert!(files.open().is_ok() && files.public.exists());
    }

    #[test]
    fn a_damaged_key_is_told_with_what_to_do_about_receipts() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = ReceiptFiles::new(folder.path());
        drop(files.open().expect("it begins"));
        fs::write(&files.key, "nothing").expect("it is ours");

        let told = files.open().expect_err("it is no key");

        assert!(told.contains("another chain begins") && !told.contains("retention"), "{told}");
    }
}
