//! Writes seeded logs: to a file or standard output at full speed, or live at a pace with rotation.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use lexopt::{Arg, ValueExt};
use vigie_benches::corpus::{Corpus, Kind, Live, Totals, Until, write_live};
use vigie_benches::flags;

const HELP: &str = "\
Usage: vigie-corpus --kind KIND [--out FILE] (--bytes SIZE | --lines N) [--seed N] [--src N]
       vigie-corpus --kind KIND --out FILE --rate LINES/S --duration S [--lines N] [--rotate-lines N [--keep N]]

  --kind KIND        json, nginx, cri, java or pathological
  --out FILE         where to write; standard output without it
  --bytes SIZE       how much, as 100M or 1G
  --lines N          how many lines
  --seed N           the same seed gives the same bytes (1)
  --src N            number of the file that every event carries (0)
  --first N          number of the first event (0)
  --rate N           live: lines per second, stamped with the present time
  --duration S       live: seconds
  --rotate-lines N   live: rename FILE to FILE.1, FILE.2, ... after N lines
  --keep N           live: delete all but N renamed files

At the end one JSON line on standard error says how much was written. `events` is how many documents come of it when all
lines are joined, `records` when only partial container lines are.
";

struct Wish {
    kind: Option<Kind>,
    out: Option<PathBuf>,
    bytes: Option<u64>,
    lines: Option<u64>,
    seed: u64,
    src: u32,
    first: u64,
    rate: Option<u64>,
    duration: u64,
    rotate_lines: Option<u64>,
    keep: Option<u64>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => flags::complain("vigie-corpus", error.as_ref()),
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(wish) = wish()? else {
        io::stdout().write_all(HELP.as_bytes())?;
        return Ok(());
    };
    let kind = wish.kind.ok_or("`--kind` is missing; see `--help`")?;
    let mut corpus = Corpus::new(kind, wish.seed, wish.src);
    corpus.number_from(wish.first);
    let totals = match wish.rate {
        Some(rate) => write_live(&mut corpus, &live(wish, rate)?, &since_1970)?,
        None => write_at_once(&mut corpus, &wish)?,
    };
    report(totals)
}

fn write_at_once(corpus: &mut Corpus, wish: &Wish) -> Result<Totals, Box<dyn Error>> {
    let until = match (wish.bytes, wish.lines) {
        (Some(bytes), None) => Until::Bytes(bytes),
        (None, Some(lines)) => Until::Lines(lines),
        _ => return Err("expected one of `--bytes` and `--lines`".into()),
    };
    Ok(match &wish.out {
        Some(path) => corpus.write_to(&mut File::create(path)?, until)?,
        None => corpus.write_to(&mut io::stdout().lock(), until)?,
    })
}

fn live(wish: Wish, rate: u64) -> Result<Live, Box<dyn Error>> {
    Ok(Live {
        path: wish.out.ok_or("`--rate` needs `--out`")?,
        rate,
        duration: Duration::from_secs(wish.duration),
        lines: wish.lines,
        rotate_lines: wish.rotate_lines,
        keep: wish.keep,
        stamped: false,
    })
}

#[allow(clippy::disallowed_methods, reason = "live lines carry the real time")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn report(totals: Totals) -> Result<(), Box<dyn Error>> {
    let Totals { bytes, lines, records, events } = totals;
    writeln!(io::stderr(), "{{\"bytes\":{bytes},\"lines\":{lines},\"records\":{records},\"events\":{events}}}")?;
    Ok(())
}

fn wish() -> Result<Option<Wish>, lexopt::Error> {
    let mut wish = Wish {
        kind: None,
        out: None,
        bytes: None,
        lines: None,
        seed: 1,
        src: 0,
        first: 0,
        rate: None,
        duration: u64::from(u32::MAX),
        rotate_lines: None,
        keep: None,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("kind") => {
                let name = flags::text(&mut parser)?;
                wish.kind = Some(Kind::named(&name).ok_or(format!("no kind of corpus is called `{name}`"))?);
            }
            Arg::Long("out") => wish.out = Some(parser.value()?.into()),
            Arg::Long("bytes") => wish.bytes = Some(flags::size(&mut parser)?),
            Arg::Long("lines") => wish.lines = Some(flags::size(&mut parser)?),
            Arg::Long("seed") => wish.seed = parser.value()?.parse()?,
            Arg::Long("src") => wish.src = parser.value()?.parse()?,
            Arg::Long("first") => wish.first = parser.value()?.parse()?,
            Arg::Long("rate") => wish.rate = Some(flags::size(&mut parser)?),
            Arg::Long("duration") => wish.duration = parser.value()?.parse()?,
            Arg::Long("rotate-lines") => wish.rotate_lines = Some(flags::size(&mut parser)?),
            Arg::Long("keep") => wish.keep = Some(parser.value()?.parse()?),
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(wish))
}
