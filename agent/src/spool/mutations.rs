//! Every state of a spool's directory can be opened, and the counts are true.
//!
//! Small and seeded in `make test`; `make proof` runs it in full with `VIGIE_SPOOL_MUTATIONS` and `VIGIE_SPOOL_SEED`.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Name;
use super::directory::Spool;
use super::directory_tests::options;
use super::format::encode;
use super::tests::{documents, ledger, request, shown};
use crate::config::types::WhenFull;
use crate::metrics::OutputMetrics;
use crate::plugin::BodyEncoding;

/// A small generator of numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound.max(1)
    }
}

/// Requests in a directory, and mutations of it.
const REQUESTS: usize = 12;
const MUTATIONS: usize = 20;

fn number(variable: &str, small: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(small)
}

fn bytes_of(path: &Path) -> Vec<u8> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(1 << 20).read_to_end(&mut bytes));
    if read.is_ok() { bytes } else { Vec::new() }
}

/// The files of a few requests, and what each says.
fn originals() -> Vec<(Vec<u8>, Vec<String>)> {
    let make = |at: usize| {
        let encoding = if at.is_multiple_of(2) { BodyEncoding::Identity } else { BodyEncoding::Gzip(1) };
        let request = request(&documents(1 + at % 5, &format!("m{at}")), encoding, &ledger());
        (encode(&request, None, None).expect("small"), shown(&request))
    };
    (0..REQUESTS).map(make).collect()
}

fn entries(path: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(path).expect("there").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Changes something in the directory.
fn mutate(path: &Path, random: &mut Random) {
    let paths = entries(path);
    let some = paths.get(random.below(paths.len())).cloned().unwrap_or_else(|| path.join("x"));
    let other = paths.get(random.below(paths.len())).cloned().unwrap_or_else(|| path.join("y"));
    let numbered = |number: usize, records: usize, ending: &str| path.join(format!("{number:016x}-{records}.{ending}"));
    let mut bytes = if some.is_file() { bytes_of(&some) } else { Vec::new() };
    let at = random.below(bytes.len());
    match random.below(16) {
        0..5 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        5 => bytes.truncate(at),
        6 => bytes.extend((0..random.below(200)).map(|at| u8::try_from(at).expect("below 200"))),
        7 => bytes.iter_mut().skip(at).take(64).for_each(|byte| *byte = 0),
        8 => return drop(fs::rename(&some, numbered(random.below(30), random.below(6), "request"))),
        9 => return drop(fs::copy(&some, numbered(random.below(30), random.below(6), "request"))),
        10 => return drop(fs::copy(&some, numbered(random.below(30), random.below(6), "tmp"))),
        11 => return drop(fs::remove_file(&some)),
        12 => return drop(fs::create_dir(numbered(random.below(30), 3, "request"))),
        13 => return drop(symlink(&some, numbered(random.below(30), 2, "request"))),
        14 => {
            let names = ["quarantine", "lock", "junk", "\u{fc}.request", "ffffffffffffffff-1.request"];
            let name = path.join(names[random.below(names.len())]);
            return if random.below(2) == 0 { drop(fs::write(name, "x")) } else { drop(fs::create_dir(name)) };
        }
        15 => bytes = bytes_of(&other),
        _ => {}
    }
    drop(fs::write(&some, bytes));
}

/// Opens what was left, takes everything out and holds it against what was there.
fn check(path: &Path, known: &HashMap<Vec<u8>, Vec<String>>) {
    let before = entries(path);
    let requests = before.iter().filter(|path| path.symlink_metadata().is_ok_and(|m| m.is_file()));
    let requests: Vec<_> = requests.filter(|path| named(path).is_some()).collect();
    let promised: u64 = requests.iter().filter_map(|path| named(path)).map(|name| u64::from(name.records)).sum();
    let whole = requests.iter().filter_map(|path| known.get(&bytes_of(path)));
    let mut whole: Vec<&Vec<String>> = whole.collect();
    let temporary = before.iter().filter(|path| path.is_file() && path.extension().is_some_and(|e| e == "tmp")).count();
    let own = before.iter().filter(|path| is_own(path)).count();
    let metrics = Arc::new(OutputMetrics::new("out.0"));

    let spool = Spool::open("out.0", path, options(1 << 30, WhenFull::Block), Arc::clone(&metrics)).expect("it opens");
    assert_eq!(metrics.spool_records.get(), promised, "the names tell how many records there are");
    let mut delivered: Vec<Vec<String>> = Vec::new();
    while let Some(taken) = spool.take() {
        delivered.push(shown(&taken.stored.into_request(&ledger())));
        spool.delivered(taken.name);
    }

    whole.sort();
    delivered.sort();
    assert!(delivered.iter().eq(whole), "what was whole is delivered, and nothing else");
    assert!(spool.is_empty());
    assert_eq!((metrics.spool_records.get(), metrics.spool_requests.get(), metrics.spool_bytes.get()), (0, 0, 0));
    let aside = before.len() - own - temporary - delivered.len();
    assert_eq!(metrics.quarantined_requests.get(), aside as u64, "{before:?}");
    let reasons = path.join("quarantine").read_dir().map_or(0, |entries| {
        entries.flatten().filter(|entry| entry.file_name().to_string_lossy().ends_with(".why")).count()
    });
    assert_eq!(reasons, aside, "each has its reason beside it");
}

fn named(path: &Path) -> Option<Name> {
    path.file_name().and_then(|name| Name::parse(&name.to_string_lossy()))
}

/// The lock, and the quarantine where that is a folder, are no strangers.
fn is_own(path: &Path) -> bool {
    path.ends_with("lock") && !path.is_dir() || path.ends_with("quarantine") && path.is_dir() && !path.is_symlink()
}

#[test]
fn every_state_of_the_directory_starts_and_the_counts_are_true() {
    let (mutations, seed) = (number("VIGIE_SPOOL_MUTATIONS", 3_000), number("VIGIE_SPOOL_SEED", 7));
    let originals = originals();
    let known: HashMap<Vec<u8>, Vec<String>> = originals.iter().cloned().collect();
    let mut random = Random(seed);
    let mut longest = Duration::ZERO;
    let mut done = 0;
    while done < mutations {
        let folder = tempfile::tempdir().expect("a folder");
        for (at, (bytes, documents)) in originals.iter().enumerate() {
            let name = Name { number: at as u64, records: u32::try_from(documents.len()).expect("few") };
            fs::write(folder.path().join(name.to_string()), bytes).expect("written");
        }
        let count = 1 + random.below(MUTATIONS);
        (0..count).for_each(|_| mutate(folder.path(), &mut random));
        done += count as u64;
        let began = Instant::now();
        check(folder.path(), &known);
        longest = longest.max(began.elapsed());
    }
    println!("spool mutations: {done} mutations of seed {seed}: every start was good, the slowest took {longest:?}");
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}
