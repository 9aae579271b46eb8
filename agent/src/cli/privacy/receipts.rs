//! `vigie receipts verify`: checks the chain of receipts with the public key alone.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use super::Arguments;
use crate::cli::print;
use crate::proof::{Head, PublicKey, verify};

pub(super) const HELP: &str = "\
Usage: vigie receipts verify CHAIN --public-key FILE [--head NUMBER:HASH]
           checks that no receipt was changed, left out or moved; with the head that an earlier check printed, also that the
           end was not cut off

The agent writes both files into `storage.path`: redact-receipts.chain and redact-receipts.pub. Keep a copy of the public key and of
the last head elsewhere.
";

const EXPECTED: &str = "expected `receipts verify CHAIN --public-key FILE`";

pub(super) fn run(mut arguments: Arguments) -> Result<ExitCode, String> {
    let (key, head) = (arguments.one("public-key")?, arguments.one("head")?);
    let words = arguments.finish(&[])?;
    let [verb, path] = words.as_slice() else { return Err(EXPECTED.into()) };
    if verb != "verify" {
        return Err(format!("there is no `receipts {verb}`: {EXPECTED}"));
    }
    let key = key.ok_or(
        "name the public key with `--public-key FILE`, which the agent writes beside the chain as redact-receipts.pub",
    )?;
    let head =
        head.map(|text| Head::parse(&text).ok_or("--head: expected NUMBER:HASH, as a check prints it")).transpose()?;
    let told = |error| format!("{error}; the agent writes the public key beside the chain, as redact-receipts.pub");
    let key = PublicKey::open(Path::new(&key)).map_err(told)?;
    let file = File::open(path).map_err(|error| format!("cannot read `{path}`: {error}"))?;
    let verified = verify(BufReader::new(file), &[key], head).map_err(|flaw| format!("`{path}`: {flaw}"))?;
    let count: u64 = verified.kinds.values().sum();
    let Some(head) = verified.head else {
        return Err(format!(
            "`{path}` holds no receipt, so nothing is proved: the agent writes one every hour and when it stops"
        ));
    };
    Ok(print(&format!("{count} receipts, none changed, left out or moved\nhead {head}\n")))
}
