//! `vigie keys`: makes rings of keys, prepares keys for epochs to come, destroys those that are over.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::Arguments;
use super::token::read_ring;
use crate::cli::{print, say};
use crate::config::OptionType;
use crate::plugin::wall_clock;
use crate::privacy::{KeyRing, epoch_of, epoch_text, new_identity};

pub(super) const HELP: &str = "\
Usage: vigie keys new     --key-file FILE [--epoch 30d] [--ahead 12]
           makes a ring with an independent random key for this epoch and so many to come; never overwrites one
       vigie keys rotate  --key-file FILE [--ahead 12] [--keep NUMBER]
           adds keys for epochs to come where there are none; with --keep destroys those older than so many past epochs; an epoch
           whose key was destroyed gets no other one, since tokens name their key by its epoch
       vigie keys destroy --key-file FILE K655 ...
           destroys keys for ever: their tokens can be linked to nobody, and what they encrypted cannot be opened
       vigie keys list    --key-file FILE
           lists epochs, never keys
       vigie keys new     --recipient NAME
           makes a pair for `seal`: NAME.pub for the configuration, NAME.identity for who may read, off this host

Make the ring on one host and hand it to all, so that a value has the same token everywhere. The agent reads it again when it
changes. Copies on backups keep destroyed keys: leave the file out of them.
";

/// Epochs that keys are prepared for.
const AHEAD: u64 = 12;

pub(super) fn run(mut arguments: Arguments) -> Result<ExitCode, String> {
    let now = u64::try_from(wall_clock().seconds).unwrap_or_default();
    let command = if arguments.words.is_empty() { String::new() } else { arguments.words.remove(0) };
    if command == "new"
        && let Some(name) = arguments.one("recipient")?
    {
        arguments.finish(&[])?;
        return pair(&name);
    }
    match command.as_str() {
        "new" => make(arguments, now),
        "rotate" => rotate(arguments, now),
        "destroy" => destroy(arguments, now),
        "list" => {
            let path = arguments.key_file()?;
            arguments.finish(&[])?;
            Ok(print(&listing(&read_ring(&path)?, now)))
        }
        _ => Err("expected `keys new`, `rotate`, `destroy` or `list`; see `vigie keys --help`".into()),
    }
}

fn ahead(arguments: &mut Arguments) -> Result<u64, String> {
    let ahead = arguments.one("ahead")?.map_or(Some(AHEAD), |text| text.parse().ok().filter(|ahead| *ahead <= 1000));
    ahead.map(|ahead| ahead + 1).ok_or("--ahead: expected a number of epochs up to 1000".into())
}

fn make(mut arguments: Arguments, now: u64) -> Result<ExitCode, String> {
    let (path, count) = (arguments.key_file()?, ahead(&mut arguments)?);
    let epoch = arguments.one("epoch")?.unwrap_or_else(|| "30d".into());
    let epoch = Duration::parse(&epoch).map_err(|expected| format!("--epoch: expected {expected}"))?;
    arguments.finish(&[])?;
    if path.exists() {
        let path = path.display();
        return Err(format!("`{path}` is there already: `vigie keys rotate --key-file {path}` adds keys to it"));
    }
    let ring = KeyRing::new(epoch, now, count)?;
    ring.write(&path)?;
    Ok(print(&listing(&ring, now)))
}

fn rotate(mut arguments: Arguments, now: u64) -> Result<ExitCode, String> {
    let (path, count) = (arguments.key_file()?, ahead(&mut arguments)?);
    let keep =
        arguments.one("keep")?.map(|text| text.parse::<u64>().map_err(|_| "--keep: expected a number of epochs"));
    let keep = keep.transpose()?;
    arguments.finish(&[])?;
    let mut ring = read_ring(&path)?;
    ring.prepare(now, count)?;
    if let Some(keep) = keep {
        let oldest = epoch_of(now, ring.epoch()).saturating_sub(keep);
        let over: Vec<u64> = ring.epochs().filter(|epoch| *epoch < oldest).collect();
        for epoch in over {
            ring.destroy(epoch);
        }
    }
    ring.write(&path)?;
    let current = epoch_of(now, ring.epoch());
    for epoch in ring.destroyed().filter(|epoch| *epoch >= current) {
        say(&format!(
            "K{epoch} was destroyed and gets no other key: for tokens in its time make another ring with `vigie keys new` and an `--epoch` of another length\n"
        ));
    }
    Ok(print(&listing(&ring, now)))
}

fn destroy(mut arguments: Arguments, now: u64) -> Result<ExitCode, String> {
    let path = arguments.key_file()?;
    let names = arguments.finish(&[])?;
    if names.is_empty() {
        return Err("name the epochs whose keys are to go, such as `K655`; `vigie keys list` lists them".into());
    }
    let mut ring = read_ring(&path)?;
    for name in &names {
        let epoch = name.strip_prefix('K').and_then(|number| number.parse().ok());
        let epoch = epoch.ok_or(format!("expected an epoch such as `K655`, found `{name}`: nothing was destroyed"))?;
        if !ring.destroy(epoch) {
            return Err(format!("the ring has no key `{name}`: nothing was destroyed"));
        }
    }
    ring.write(&path)?;
    Ok(print(&listing(&ring, now)))
}

/// Epochs of `ring` with their times in seconds since 1970.
fn listing(ring: &KeyRing, now: u64) -> String {
    let length = ring.epoch();
    let mut text = format!("epochs last {}\n", epoch_text(length));
    for epoch in ring.epochs() {
        let (from, to) = (epoch * length, (epoch + 1) * length);
        let state = if to <= now {
            "past"
        } else if from <= now {
            "in use"
        } else {
            "prepared"
        };
        text.push_str(&format!("K{epoch}\t{from}\t{to}\t{state}\n"));
    }
    text
}

fn pair(name: &str) -> Result<ExitCode, String> {
    let (public, private) = new_identity()?;
    write(&format!("{name}.identity"), &private, 0o600)?;
    write(&format!("{name}.pub"), &public, 0o644)?;
    Ok(print(&format!(
        "{name}.pub: name it in the configuration, `Action email seal recipient={name}.pub`\n{name}.identity: give it to who may read, and keep it off this host\n"
    )))
}

fn write(path: &str, text: &str, mode: u32) -> Result<(), String> {
    let written =
        OpenOptions::new().write(true).create_new(true).mode(mode).open(Path::new(path)).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        });
    written.map_err(|error| format!("cannot write `{path}`: {error}"))
}
