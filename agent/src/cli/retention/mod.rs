//! `vigie retention`: plans and runs deletion, keeps holds, erases subjects, proves it.

mod ask;
mod chain;
mod erase;
mod every;
mod work;

use std::ffi::OsString;
use std::process::ExitCode;

use super::{print, say};
use ask::Ask;

pub(super) const HELP: &str = "\
Usage: vigie retention plan   -c FILE [--as-of DATE] [--extend]     shows what is due, and what would be done
       vigie retention run    -c FILE [--apply] [...]               does it; without --apply nothing is changed
       vigie retention hold   add CASE --index NAMES|--query JSON --reason TEXT --by NAME -c FILE
       vigie retention hold   ls -c FILE
       vigie retention hold   lift CASE --reason TEXT --by NAME -c FILE
       vigie retention erase  --subject KIND:VALUE|KIND:- [--field NAME ...] [--key-file RING ...] --reference TEXT -c FILE [--apply]
       vigie retention verify FILE --public-key FILE [--head NUMBER:HASH | -c FILE]
       vigie retention report FILE --public-key FILE                what the entries of a chain say, once it is found whole
       vigie retention key    new|show|rotate -c FILE               the key that signs certificates

The configuration gives the cluster (its first `opensearch` output, or --output NAME), its credentials, and the classes.
A configuration of its own, with a user that may delete, is best: the shipper need not be able to.

  --as-of DATE        judge as of `2026-11-28` or `2026-11-28T16:00:00Z`; a time to come has to be confirmed by typing
  --extend            let a class that was lengthened hold for documents whose stamp is earlier
  --max-share 20%     refuse when more of all documents would go
  --every 1d          of `run --apply`: stay, and run again after each such time; a run that fails is tried at the next
  --metrics-file FILE of `run`: a page for node_exporter's textfile collector, with overdue documents and the last success
  --per-second 5000   bound of deletion by query; 0 sets none
  --index NAME=CLASS  judge this index by that class, though its name does not say so
  --subject KIND:-    reads the value from standard input, so that it stands in no list of processes
  --field NAME        looks there too, next to `Subject_Fields` of the classes
  --key-file RING     of `redact`: finds the subject by its tokens of every epoch; those of the configuration's filters count too
  --key, --chain      files of the signing key and of the chain; default: `retention/signing.pem` and `retention/chain` in
                      `storage.path` or $STATE_DIRECTORY

Exit code 0: done, or nothing to be done. 1: refused or failed. 2: something is to be done, and --apply was not given.
";

/// Runs `arguments`, those behind `retention`.
pub(super) fn run(arguments: &[OsString]) -> ExitCode {
    let done = Ask::parse(arguments).and_then(|ask| {
        let words: Vec<&str> = ask.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            _ if ask.help => Ok(print(HELP)),
            ["verify", file] => chain::verify(file.as_ref(), &ask),
            ["report", file] => chain::report(file.as_ref(), &ask),
            ["key", "new"] => chain::new_key(&ask),
            ["key", "show"] => chain::show_key(&ask),
            ["key", "rotate"] => chain::rotate_key(&ask),
            ["run"] => every::run(&ask),
            _ if ask.every.is_some() || ask.metrics_file.is_some() => {
                Err("--every and --metrics-file belong to `vigie retention run`".into())
            }
            ["plan"] | ["erase"] | ["hold", "ls"] | ["hold", "add" | "lift", _] => work::run(&ask),
            _ => Err(
                "expected `plan`, `run`, `hold`, `erase`, `verify`, `report` or `key`; see `vigie retention --help`"
                    .into(),
            ),
        }
    });
    done.unwrap_or_else(|message| {
        say(&format!("vigie: {message}\n"));
        ExitCode::FAILURE
    })
}
