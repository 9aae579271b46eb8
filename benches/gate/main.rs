//! One fixed piece of work, for counting its instructions: `vigie-gate CASE PASSES`.
//!
//! `benches/gate/gate.sh`, behind `make bench-gate`, runs it under callgrind twice, with one pass more the second time; the
//! difference is what a pass costs, without the making of the input and the growth of buffers. Nothing here looks at a
//! clock or draws a number, so that the count is the same in every run. Not part of the agent.

mod answer;
mod parsing;
mod route;
mod tail;

use std::error::Error;
use std::hint::black_box;
use std::io::{self, Write};
use std::process::ExitCode;

use vigie_benches::corpus::{Corpus, Kind, Until};
use vigie_benches::flags;

/// Bytes of log in one pass.
const TEXT: u64 = 2 << 20;

const HELP: &str = "\
Usage: vigie-gate CASE PASSES    does the work of CASE once, then PASSES times more
       vigie-gate --list         the names of all cases
";

/// Does its work once. Gives how much came out, in the unit of its case: the same number each time.
type Pass = Box<dyn FnMut() -> usize>;

/// A piece of work by its name, made ready with its input.
type Case = (&'static str, fn() -> Pass);

const CASES: &[Case] = &[
    ("tail-cut", tail::cut),
    ("json-parse", parsing::json),
    ("nginx-parse", parsing::nginx),
    ("logfmt-parse", parsing::logfmt),
    ("ltsv-parse", parsing::ltsv),
    ("iso-time", parsing::iso_times),
    ("clf-time-anew", parsing::clf_times),
    ("cri-join", route::cri_join),
    ("raw-bulk", route::raw_bulk),
    ("json-bulk", route::json_bulk),
    ("json-filters-bulk", route::json_filters_bulk),
    ("json-retention-bulk", route::json_retention_bulk),
    ("nginx-bulk", route::nginx_bulk),
    ("json-deflate", route::json_deflate),
    ("nginx-deflate", route::nginx_deflate),
    ("bulk-answer", answer::stored),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => flags::complain("vigie-gate", error.as_ref()),
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut parser = lexopt::Parser::from_env();
    let mut values = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("list") => {
                return print(&CASES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("\n"));
            }
            lexopt::Arg::Short('h') | lexopt::Arg::Long("help") => return print(HELP.trim_end()),
            lexopt::Arg::Value(value) => values.push(value.into_string().map_err(lexopt::Error::NonUnicodeValue)?),
            other => return Err(other.unexpected().into()),
        }
    }
    let [name, passes] = values.as_slice() else { return Err("expected CASE and PASSES; see `--help`".into()) };
    let (_, case) =
        CASES.iter().find(|case| case.0 == *name).ok_or(format!("no case is called `{name}`; see `--list`"))?;
    let passes: usize = passes.parse().map_err(|_| format!("expected a number of passes, found `{passes}`"))?;
    let mut pass = case();
    let made = pass();
    for _ in 0..passes {
        let again = black_box(pass());
        if again != made {
            return Err(format!("`{name}` gave {made}, and {again} when done again").into());
        }
    }
    print(&format!("{name} {made}"))
}

fn print(text: &str) -> Result<(), Box<dyn Error>> {
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

/// A log of this kind, as long as a pass takes.
fn corpus(kind: Kind) -> Vec<u8> {
    let mut text = Vec::new();
    Corpus::new(kind, 1, 0).write_to(&mut text, Until::Bytes(TEXT)).expect("memory takes it");
    text
}
