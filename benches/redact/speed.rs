//! How fast the engine looks through mixed logs, and through floods of what makes an engine slow, by the CPU time of the thread.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use rustix::time::{ClockId, clock_gettime};
use vigie::privacy::{PRESETS, Policy, Redactor};
use vigie::redact::{Engine, Place, Scanner, Strictness};
use vigie_benches::corpus::{Corpus, Kind, Until};

use super::clean;

/// What is slow is noticed late, so it is bounded: in megabytes of a million bytes for each second of one core.
const LEAST: f64 = 400.0;
/// The same for the worst of floods.
const LEAST_FLOOD: f64 = 40.0;
/// The same where all that is found is hidden too.
const LEAST_HIDDEN: f64 = 10.0;

const ROUNDS: usize = 7;
/// Bytes of a flood, and of its lines: of short ones as most are, and of long ones, in which what is not linear shows.
const FLOOD: usize = 256 << 10;
const LINES: [usize; 2] = [4096, FLOOD];

/// What comes again and again in floods: groups of numbers, words that speak for one, marks that something may begin with, and
/// beginnings of what goes on to the end.
const FLOODS: &[&str] = &[
    "0",
    "0 ",
    "00 ",
    "00 1 ",
    "001 ",
    "0012 ",
    "1-1-",
    "12-34-",
    "-1",
    "--",
    "1.1.",
    "1.2.3.4 ",
    "1.2345,",
    "1/1/",
    "+1",
    "+33 1 ",
    "+00-00-",
    "12 34 56 78 90 ",
    "123456782 ",
    "4111 ",
    "4111-",
    "4111111111111111 ",
    "1700000000000 ",
    "12:34 ",
    "1 jan ",
    "00-1b-",
    "00000000-0000-",
    "FR76 ",
    "FR76-1-",
    "A1 B2 ",
    "A-1-B-2-",
    "AaAa1 ",
    "card ",
    "card1 ",
    "card 1 ",
    "card-1-",
    "NIR-1-2-",
    "card 123AB75 123AB75 ",
    "curl ",
    "é1 ",
    ":",
    "1a:2b:",
    "a=",
    "1a=",
    "db1password=",
    "\"a\":",
    "aBcDeF=",
    "a.b.c.d=",
    "password=",
    "nom: A ",
    "nom: \"",
    "<<",
    "<nom>",
    "<x:E1.",
    "[a",
    "[a:K1.",
    "a@",
    "a@b.example ",
    "AB\\cd",
    "/home/",
    "user for ",
    "eyJa ",
    "\\u0030",
    "%30",
    "&#64;",
    "eyJ.",
    "eyJ.eyJ.",
    "SG.",
    "pat_.",
    "glpat-.",
    "key-.",
    "xoxb-.",
    "hvs.",
    "lat=",
    "?state=",
    "user=",
    "nom=",
    "token=/a/",
    "password=${",
    "cookie: ${",
    "user=[\"",
    "token:{\"",
    "nom:<",
    "user=\"\\\"",
    "\\\\\\:",
    "://a@",
    "ж:",
    "é=",
    "user\t=\t",
    "user=<a>",
    "secret={\"a\":",
    "mysql -",
    "curl -u ",
    "\\",
    ":’",
    ": »",
    "net.",
    "}htpa",
    "aS-1-",
    "..:",
    "@tcp(",
    "a:@tcp()/",
    "api_keys: {",
    "X-Api-Key: ",
    "security_answer: ",
    "val=\"",
    ":{\"value\":\"»",
    "5612::1 ::",
    "1/1/health",
    "GB 667 4359 39é",
    "«LT815534911=",
    "UID CHX-407.399.248~",
    "plaque=AI-123-CD ",
    "01 02 03 04 05 06</",
    "09/",
    "968-",
    "+33612345678",
    "38+YEGH/1[4872213970,tel.",
    "-UID CHX-407.399.248-azX.",
    "}plaque=AB-123-SS\"a=\"",
];

/// What comes again and again in floods of what is hidden: beside labels, and beside what is only counted.
const HIDDEN: &[&str] = &[
    "<ip>203.0.113.7</ip>",
    "<email>a@b.fr ",
    "10.0.0.1 a@b.fr ",
    "a@",
    "{\"cards\":[4111111111111111,",
    "12345678,4111111111111111,",
];

/// Kinds of lines in a mixed log, as many bytes of each: lines that hold nobody, of programs and made to look like numbers of
/// persons, and corpora, of which nginx and JSON hold an address or more in each line.
pub(crate) const KINDS: [&str; 6] = ["real", "hard", "nginx", "json", "cri", "java"];

/// Bytes of each corpus, and how often the lines of the file come again.
const CORPUS: u64 = 1 << 20;
const REPEATS: usize = 25;

/// Megabytes for each second.
pub(crate) struct Speed {
    /// As in `KINDS`.
    kinds: [f64; KINDS.len()],
    flood: (f64, &'static str),
    hidden: (f64, &'static str),
}

fn seconds() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// The best of several rounds, line by line as the agent goes.
fn speed<'a>(lines: impl Iterator<Item = &'a [u8]>, look: &mut dyn FnMut(&[u8])) -> f64 {
    let lines: Vec<&[u8]> = lines.collect();
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = seconds();
        lines.iter().for_each(|line| look(line));
        best = best.min(seconds() - start);
    }
    lines.iter().map(|line| line.len()).sum::<usize>() as f64 / best / 1e6
}

/// The slowest of `floods`.
fn worst(floods: &[&'static str], look: &mut dyn FnMut(&[u8])) -> (f64, &'static str) {
    let mut worst = (f64::INFINITY, "");
    for (piece, line) in floods.iter().flat_map(|piece| LINES.map(|line| (piece, line))) {
        let text: Vec<u8> = piece.bytes().cycle().take(FLOOD).collect();
        let flood = speed(text.chunks(line), look);
        if flood < worst.0 {
            worst = (flood, piece);
        }
    }
    worst
}

/// The lines of one of `KINDS`; `made` are the hard ones.
fn lines(kind: &str, made: &[String]) -> Vec<u8> {
    match kind {
        "real" => clean::fixed().join("\n").repeat(REPEATS).into_bytes(),
        "hard" => made.join("\n").into_bytes(),
        _ => {
            let mut text = Vec::new();
            let kind = Kind::named(kind).expect("a corpus of that name");
            Corpus::new(kind, 1, 0).write_to(&mut text, Until::Bytes(CORPUS)).expect("memory takes it");
            text
        }
    }
}

/// The speed through lines of one of `KINDS`.
pub(crate) fn measure_kind(engine: &Arc<Engine>, kind: &str, made: &[String]) -> f64 {
    let (mut scanner, mut found) = (Scanner::new(Arc::clone(engine)), Vec::new());
    let text = lines(kind, made);
    speed(text.split(|byte| *byte == b'\n'), &mut |line| {
        found.clear();
        scanner.scan(line, Place::default(), &mut found);
    })
}

pub(crate) fn measure(engine: &Arc<Engine>, made: &[String]) -> Speed {
    let (mut scanner, mut found) = (Scanner::new(Arc::clone(engine)), Vec::new());
    let mut scan = |line: &[u8]| {
        found.clear();
        scanner.scan(line, Place::default(), &mut found);
    };
    let policy = Policy::new(&PRESETS[0], Strictness::Normal, &BTreeMap::new(), Vec::new());
    let (mut redactor, mut out) = (Redactor::new(Arc::new(policy), Arc::default(), false), Vec::new());
    let mut hide = |line: &[u8]| {
        out.clear();
        redactor.text(line, Place::default(), &mut out);
    };
    Speed {
        flood: worst(FLOODS, &mut scan),
        hidden: worst(HIDDEN, &mut hide),
        kinds: KINDS.map(|kind| measure_kind(engine, kind, made)),
    }
}

/// Gives whether it is fast enough. A build for debugging is not judged.
pub(crate) fn print(out: &mut impl Write, speed: &Speed) -> io::Result<bool> {
    let judged = !cfg!(debug_assertions);
    let limit = |least: f64| if judged { format!("at least {least}") } else { "not judged in this build".to_owned() };
    let mixed = speed.kinds.len() as f64 / speed.kinds.iter().map(|kind| kind.recip()).sum::<f64>();
    writeln!(out, "engine, in mixed logs: {mixed:.0} MB/s of CPU time ({})", limit(LEAST))?;
    let kinds: Vec<String> = KINDS.iter().zip(speed.kinds).map(|(kind, speed)| format!("{kind} {speed:.0}")).collect();
    writeln!(out, "  in each kind of line: {}", kinds.join(", "))?;
    let (flood, hidden) = (&speed.flood, &speed.hidden);
    writeln!(out, "  in the worst flood, `{}`: {:.0} MB/s ({})", flood.1, flood.0, limit(LEAST_FLOOD))?;
    writeln!(out, "  in the worst that is hidden, `{}`: {:.0} MB/s ({})", hidden.1, hidden.0, limit(LEAST_HIDDEN))?;
    Ok(!judged || (mixed >= LEAST && flood.0 >= LEAST_FLOOD && hidden.0 >= LEAST_HIDDEN))
}
