//! `vigie token`: the tokens of a value, so that a person's records can be found; and the value of a token that can be opened.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;

use zeroize::Zeroizing;

use super::Arguments;
use crate::cli::print;
use crate::config::{did_you_mean, nearest, read_bounded};
use crate::privacy::{KeyRing, Unsealer, fits, hashes, open};
use crate::redact;

pub(super) const HELP: &str = "\
Usage: vigie token --entity ENTITY [--own] --key-file FILE VALUE|-
           prints the token of the value for each epoch whose key is in the ring, the oldest first; `-` reads the value from
           standard input, so that it stands in no list of processes; --own for a name of your own, of `Field` or of a rule, and
           for a value that only a `Field` hid under this name
       vigie token --open TOKEN [--key-file FILE] [--identity FILE]
           prints the value of a token made by `encrypt` (with the ring) or `seal` (with the recipient's identity)
";

pub(super) fn run(mut arguments: Arguments) -> Result<ExitCode, String> {
    if let Some(token) = arguments.one("open")? {
        let ring = arguments.one("key-file")?.map(|path| read_ring(Path::new(&path))).transpose()?;
        let identity = arguments.one("identity")?;
        let words = arguments.finish(&[])?;
        if !words.is_empty() {
            return Err("expected nothing behind `--open TOKEN`".into());
        }
        let unsealer = identity.map(|path| read_identity(Path::new(&path))).transpose()?;
        let opened = open(&token, ring.as_ref(), unsealer.as_ref())?;
        return Ok(print(&format!("{}\n", String::from_utf8_lossy(&opened.value))));
    }
    let entity = arguments
        .one("entity")?
        .ok_or("name what the value is with `--entity ENTITY`, as `vigie redact entities` does")?;
    let is_own = arguments.has("own");
    check_name(&entity, is_own)?;
    let ring = read_ring(&arguments.key_file()?)?;
    let mut words = arguments.finish(&["own"])?;
    let value = match (words.pop(), words.is_empty()) {
        (Some(word), true) if word == "-" => from_input()?,
        (Some(word), true) => Zeroizing::new(word),
        _ => return Err("expected one value, or `-`".into()),
    };
    check_value(&entity, &value, is_own)?;
    let tokens = hashes(&entity, value.as_bytes(), &ring);
    Ok(print(&tokens.iter().map(|token| format!("{token}\n")).collect::<String>()))
}

/// Refuses an `entity` that no token of a log has: one that is neither known nor said to be of the configuration's own.
fn check_name(entity: &str, is_own: bool) -> Result<(), String> {
    let known: Vec<&str> = redact::all().map(|detector| detector.entity).collect();
    if is_own || known.contains(&entity) {
        return Ok(());
    }
    let near = match (did_you_mean(entity, &known), nearest(entity, &known)) {
        (near, _) if !near.is_empty() => format!(" {near}"),
        (_, near) if !near.is_empty() => format!(" near to it: {};", near.join(", ")),
        _ => String::new(),
    };
    Err(format!(
        "`{entity}` is no kind of value:{near} `vigie redact entities` lists all; for a name of your own, of a `Field` or a rule, add `--own`"
    ))
}

/// Refuses a `value` that no log has a token of: an empty one, or one that is never found as `entity`, unless a `Field` hid it so.
fn check_value(entity: &str, value: &str, is_own: bool) -> Result<(), String> {
    if value.is_empty() {
        return Err("the value is empty: write it behind the options, or `-` and hand it in on standard input".into());
    }
    let Err(other) = fits(entity, value).or_else(|other| if is_own { Ok(()) } else { Err(other) }) else {
        return Ok(());
    };
    let hint = other.map_or(String::new(), |other| format!(" It is a `{other}`: ask with `--entity {other}`."));
    Err(format!(
        "the value is none that `redact` finds as `{entity}`, so no log has a token of it.{hint} Look for a slip of the pen; if a `Field` with `as={entity}` hid it, add `--own`"
    ))
}

/// What standard input holds: a value, without the end of its line.
fn from_input() -> Result<Zeroizing<String>, String> {
    let mut value = Zeroizing::new(String::new());
    let read = std::io::stdin().take(64 << 10).read_to_string(&mut value);
    read.map_err(|error| format!("cannot read the value: {error}"))?;
    let length = value.trim_end_matches(['\n', '\r']).len();
    value.truncate(length);
    Ok(value)
}

/// The ring in the file at `path`.
pub(super) fn read_ring(path: &Path) -> Result<KeyRing, String> {
    KeyRing::read(path).map_err(|error| format!("cannot use the key ring `{}`: {error}", path.display()))
}

fn read_identity(path: &Path) -> Result<Unsealer, String> {
    let mode = std::fs::metadata(path).map(|metadata| metadata.mode());
    if mode.is_ok_and(|mode| mode & 0o077 != 0) {
        let path = path.display();
        return Err(format!(
            "others than its owner have rights to `{path}`, which opens all that was sealed: run `chmod 600 {path}`"
        ));
    }
    let text = read_bounded(path, 4096).map(Zeroizing::new);
    let text = text.map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    Unsealer::parse(&text).map_err(|expected| format!("`{}`: expected {expected}", path.display()))
}
