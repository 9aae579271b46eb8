//! How much personal data the agent finds, how much it leaves, what it takes for personal though it is not, and how fast:
//! `make redact-eval`. It fails when a limit is broken.
//!
//! Values are made up here, from the published rules, and judged by the agent; neither knows the other's arithmetic. Lines come
//! in the shapes in which programs write, in eight languages, with a name beside the value and without. All drawn from a seed.

#![allow(
    clippy::cast_possible_truncation,
    clippy::excessive_nesting,
    clippy::string_slice,
    reason = "made-up numbers are small, and their text is ASCII"
)]

mod clean;
mod draw;
mod judge;
mod lines;
mod speed;
mod sums;
mod values;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use draw::Draw;
use judge::{LEAST_RECALL, MOST_LEFT, MOST_TOUCHED, Score, Spans, Tally};
use lines::Line;
use vigie::redact::{self, Engine, Place, Scanner, Strictness};
use vigie_benches::flags;

const HELP: &str = "\
Usage: vigie-redact-eval [--values N] [--seed N] [--lines] [--speed KIND]

  --values N    values of each kind beside a name, and as many without (default 400)
  --seed N      another draw
  --lines       prints the lines instead: kind, name beside it, told by itself, key, start, end, text
  --speed KIND  looks through one kind of line alone and tells how fast: real, hard, nginx, json, cri, java
";

/// Clean lines that are drawn, beside those of the file.
const CLEAN: usize = 20_000;

struct Flags {
    values: u64,
    seed: u64,
    lines: bool,
    speed: Option<&'static str>,
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => flags::complain("vigie-redact-eval", error.as_ref()),
    }
}

fn flags() -> Result<Option<Flags>, Box<dyn Error>> {
    use lexopt::prelude::*;

    let mut flags = Flags { values: 400, seed: 20_261_128, lines: false, speed: None };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("values") => flags.values = parser.value()?.parse()?,
            Long("seed") => flags.seed = parser.value()?.parse()?,
            Long("lines") => flags.lines = true,
            Long("speed") => {
                let kind = parser.value()?;
                let known = speed::KINDS.into_iter().find(|known| kind == *known);
                flags.speed = Some(known.ok_or_else(|| format!("--speed takes one of {}", speed::KINDS.join(", ")))?);
            }
            Long("help") | Short('h') => {
                io::stdout().write_all(HELP.as_bytes())?;
                return Ok(None);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(flags))
}

/// Whether all limits are kept.
fn run() -> Result<bool, Box<dyn Error>> {
    let Some(flags) = flags()? else { return Ok(true) };
    let mut draw = Draw::new(flags.seed);
    if flags.lines {
        judge::print(&mut io::stdout().lock(), &mut draw, flags.values)?;
        return Ok(true);
    }
    let engine = Arc::new(Engine::new(&redact::all().collect::<Vec<_>>(), Strictness::Normal));
    if let Some(kind) = flags.speed {
        let made = clean::made(&mut draw, CLEAN);
        writeln!(io::stdout(), "{kind}: {:.0} MB/s of CPU time", speed::measure_kind(&engine, kind, &made))?;
        return Ok(true);
    }
    let mut scanner = Scanner::new(Arc::clone(&engine));
    let mut found = Vec::new();
    let mut find = |line: &Line| -> Spans {
        found.clear();
        scanner.scan(line.text.as_bytes(), Place { key: line.key.as_bytes(), escaped: line.escaped }, &mut found);
        found.iter().map(|one| (one.start as usize, one.end as usize)).collect()
    };
    let scores = judge::judge(&mut find, &mut draw, flags.values);
    let made = clean::made(&mut draw, CLEAN);
    let clean = [clean::fixed().as_slice(), &made].concat();
    let touched = judge::touched(&mut find, &clean);
    let speed = speed::measure(&engine, &made);
    let mut out = io::stdout().lock();
    let kept =
        table(&mut out, &scores)? & bounds(&mut out, &scores, &touched, clean.len())? & speed::print(&mut out, &speed)?;
    Ok(kept)
}

/// One row for each kind, then what was missed. Gives whether each kind is found often enough.
fn table(out: &mut impl Write, scores: &[Score]) -> io::Result<bool> {
    writeln!(out, "{:22} {:>7} {:>7} {:>7} {:>9}", "kind", "named", "alone", "bare", "left")?;
    let percent =
        |tally: &Tally| if tally.values == 0 { "-".to_owned() } else { format!("{:.1} %", tally.recall() * 100.0) };
    for score in scores {
        let (named, alone, bare) = (percent(&score.named), percent(&score.alone), percent(&score.bare));
        writeln!(out, "{:22} {named:>7} {alone:>7} {bare:>7} {:>9}", score.name, score.named.left + score.alone.left)?;
    }
    let below: Vec<&Score> = scores.iter().filter(|score| !score.is_kept()).collect();
    for score in &below {
        writeln!(out, "\n{}: less than {:.0} % found", score.name, LEAST_RECALL * 100.0)?;
        for line in &score.missed {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(below.is_empty())
}

/// What is left in the clear and what is wrongly touched, of all kinds together.
fn bounds(out: &mut impl Write, scores: &[Score], touched: &[String], clean: usize) -> io::Result<bool> {
    let mut must = Tally::default();
    let mut may = Tally::default();
    for score in scores {
        must.add(&score.named);
        must.add(&score.alone);
        may.add(&score.bare);
    }
    let wrong = touched.len() as f64 / clean as f64;
    writeln!(out, "\npersonal bytes left in clear: {:.3} % (at most {} %)", must.left() * 100.0, MOST_LEFT * 100.0)?;
    writeln!(out, "  of values that nothing tells from other numbers: {:.1} %", may.left() * 100.0)?;
    writeln!(out, "clean lines wrongly touched: {:.3} % (at most {} %)", wrong * 100.0, MOST_TOUCHED * 100.0)?;
    for line in touched.iter().take(20) {
        writeln!(out, "  {line}")?;
    }
    Ok(must.left() <= MOST_LEFT && wrong <= MOST_TOUCHED)
}
