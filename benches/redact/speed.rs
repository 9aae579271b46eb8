//! How fast the engine looks through clean lines, and through floods of what makes an engine slow, by the CPU time of the thread.

use std::io::{self, Write};
use std::sync::Arc;

use rustix::time::{ClockId, clock_gettime};
use vigie::redact::{Engine, Place, Scanner};

/// What is slow is noticed late, so it is bounded: in megabytes of a million bytes for each second of one core.
const LEAST: f64 = 400.0;
/// The same for the worst of floods.
const LEAST_FLOOD: f64 = 40.0;

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
];

/// Megabytes for each second.
pub(crate) struct Speed {
    lines: f64,
    worst: f64,
    worst_flood: &'static str,
}

fn seconds() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// The best of several rounds, line by line as the agent goes.
pub(crate) fn measure(engine: &Arc<Engine>, lines: &[String]) -> Speed {
    let speed = |lines: &mut dyn Iterator<Item = &[u8]>| {
        let lines: Vec<&[u8]> = lines.collect();
        let mut scanner = Scanner::new(Arc::clone(engine));
        let mut found = Vec::new();
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let start = seconds();
            for line in &lines {
                found.clear();
                scanner.scan(line, Place::default(), &mut found);
            }
            best = best.min(seconds() - start);
        }
        lines.iter().map(|line| line.len()).sum::<usize>() as f64 / best / 1e6
    };
    let mut worst = (f64::INFINITY, "");
    for (piece, line) in FLOODS.iter().flat_map(|piece| LINES.map(|line| (piece, line))) {
        let text: Vec<u8> = piece.bytes().cycle().take(FLOOD).collect();
        let flood = speed(&mut text.chunks(line));
        if flood < worst.0 {
            worst = (flood, piece);
        }
    }
    Speed { lines: speed(&mut lines.iter().map(String::as_bytes)), worst: worst.0, worst_flood: worst.1 }
}

/// Gives whether it is fast enough. A build for debugging is not judged.
pub(crate) fn print(out: &mut impl Write, speed: &Speed) -> io::Result<bool> {
    let judged = !cfg!(debug_assertions);
    let limit = |least: f64| if judged { format!("at least {least}") } else { "not judged in this build".to_owned() };
    writeln!(out, "engine: {:.0} MB/s of CPU time ({})", speed.lines, limit(LEAST))?;
    writeln!(out, "  in the worst flood, `{}`: {:.0} MB/s ({})", speed.worst_flood, speed.worst, limit(LEAST_FLOOD))?;
    Ok(!judged || (speed.lines >= LEAST && speed.worst >= LEAST_FLOOD))
}
