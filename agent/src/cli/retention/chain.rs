//! The chain of certificates and the key that signs it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::{environment, print, state_directory};
use super::ask::Ask;
use super::work::{Way, now};
use crate::config::{CommandLine, Diagnostics, load, render};
use crate::proof::{Draft, Entry, Head, Ledger, PublicKey, SigningKey, Verified, verify_each};
use crate::retention::moment;

/// Files of the key and the chain, as given or below the directory of state.
pub(super) fn files(ask: &Ask) -> Result<(PathBuf, PathBuf), String> {
    if let (Some(key), Some(chain)) = (&ask.key, &ask.chain) {
        return Ok((key.clone(), chain.clone()));
    }
    let mut findings = Diagnostics::default();
    let environment = environment();
    let line = CommandLine { config: ask.config.clone(), ..CommandLine::default() };
    let loaded = load(&line, environment.clone(), &mut findings);
    if findings.has_errors() {
        return Err(format!("the configuration cannot be read\n{}", render(&findings, &loaded.document.files)));
    }
    let folder = state_directory(&loaded.service.storage_path, &environment).map(|folder| folder.join("retention"));
    let missing = "there is no directory for key and chain: give -c FILE with `storage.path`, or --key and --chain";
    let folder = folder.ok_or(missing)?;
    let key = ask.key.clone().unwrap_or_else(|| folder.join("signing.pem"));
    Ok((key, ask.chain.clone().unwrap_or_else(|| folder.join("chain"))))
}

/// Opens the chain for appending.
pub(super) fn ledger(ask: &Ask) -> Result<Ledger, String> {
    let (key, chain) = files(ask)?;
    let key = SigningKey::open(&key).map_err(|error| format!("{error}; `vigie retention key new` makes one"))?;
    Ledger::open(&chain, key).map_err(|error| error.to_string())
}

pub(super) fn new_key(ask: &Ask) -> Result<ExitCode, String> {
    let (path, _) = files(ask)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
    }
    let key = SigningKey::generate().map_err(|error| error.to_string())?;
    key.save(&path).map_err(|error| error.to_string())?;
    Ok(shown(&key.public()))
}

pub(super) fn show_key(ask: &Ask) -> Result<ExitCode, String> {
    let key =
        SigningKey::open(&files(ask)?.0).map_err(|error| format!("{error}; `vigie retention key new` makes one"))?;
    Ok(shown(&key.public()))
}

/// The new key is on the disk under a name of its own before the old one hands over to it.
pub(super) fn rotate_key(ask: &Ask) -> Result<ExitCode, String> {
    let (path, _) = files(ask)?;
    let next = path.with_extension("next.pem");
    let old = path.with_extension("old.pem");
    let failed =
        |error: std::io::Error| format!("cannot put the new key in the place of `{}`: {error}", path.display());
    let key = match SigningKey::open(&next) {
        Ok(key) => key,
        Err(_) => {
            SigningKey::generate().and_then(|key| key.save(&next).map(|()| key)).map_err(|error| error.to_string())?
        }
    };
    let public = key.public();
    // After a crash behind the hand-over only the files are left to be put in place.
    let has_handed_over = match ledger(ask) {
        Ok(mut ledger) => ledger.rotate(key, moment(now())).map(drop).map_err(|error| error.to_string()),
        Err(message) if message.contains(&public.name()) => Ok(()),
        Err(message) => Err(message),
    };
    has_handed_over?;
    std::fs::rename(&path, &old).map_err(failed)?;
    std::fs::rename(&next, &path).map_err(failed)?;
    Ok(shown(&public))
}

fn shown(key: &PublicKey) -> ExitCode {
    print(&format!("key {}\n{}", key.name(), key.pem()))
}

fn public_keys(ask: &Ask) -> Result<Vec<PublicKey>, String> {
    if ask.public_keys.is_empty() {
        return Err("give the public key with --public-key FILE; `vigie retention key show` prints it".into());
    }
    let told = |error| format!("{error}; `vigie retention key show` prints the right one");
    ask.public_keys.iter().map(|path| PublicKey::open(path).map_err(told)).collect()
}

fn checked(file: &Path, ask: &Ask, head: Option<Head>, each: impl FnMut(&Entry)) -> Result<Verified, String> {
    let keys = public_keys(ask)?;
    let reader = File::open(file).map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
    verify_each(BufReader::new(reader), (&keys, head), each)
        .map_err(|flaw| format!("`{}` is NOT whole: {flaw}", file.display()))
}

/// Checks a chain, against a head that was kept or against the audit index where one of them is given.
pub(super) fn verify(file: &Path, ask: &Ask) -> Result<ExitCode, String> {
    let head = match (&ask.head, &ask.config) {
        (Some(head), _) => Some(Head::parse(head).ok_or("--head: expected NUMBER:HASH, as `verify` prints it")?),
        (None, Some(_)) => audited_head(file, ask)?,
        (None, None) => None,
    };
    let verified = checked(file, ask, head, |_| {})?;
    let mut text = String::new();
    for (kind, count) in &verified.kinds {
        text.push_str(&format!("{kind}: {count}\n"));
    }
    match verified.head {
        Some(head) => text.push_str(&format!("whole, up to {head}\n")),
        None => text.push_str("whole, and empty\n"),
    }
    Ok(print(&text))
}

/// The last entry of this chain in the audit index, which may hold the chains of other hosts too: they have other keys.
fn audited_head(file: &Path, ask: &Ask) -> Result<Option<Head>, String> {
    let mut keys = BTreeSet::new();
    checked(file, ask, None, |entry| {
        keys.insert(entry.key.clone());
    })?;
    if keys.is_empty() {
        keys = public_keys(ask)?.iter().map(PublicKey::name).collect();
    }
    Way::open(ask)?.audited_head(&keys)
}

/// Says what the entries of a chain say, once all of it was found good.
pub(super) fn report(file: &Path, ask: &Ask) -> Result<ExitCode, String> {
    let mut text = String::new();
    checked(file, ask, None, |entry| tell(entry, &mut text))?;
    Ok(print(&text))
}

fn tell(entry: &Entry, text: &mut String) {
    let Draft { at, kind, body } = &entry.draft;
    text.push_str(&format!("{} {at} {kind}", entry.number));
    if body["complete"] == false {
        text.push_str(" (not complete)");
    }
    text.push('\n');
    for index in body["indexes"].as_array().into_iter().flatten() {
        let word = |key: &str| index[key].as_str().unwrap_or("-");
        let verified = if index["verified"] == true { "verified" } else { "not verified" };
        let (name, method, first, last) = (word("index"), word("method"), word("first"), word("last"));
        text.push_str(&format!(
            "    {name}: {method}, {} due of {}, events {first} to {last}, {verified}\n",
            index["due"], index["docs_before"]
        ));
    }
}
