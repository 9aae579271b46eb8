//! What the corpora are: lengths, fields and how well they compress. Figures of one edition compare only while this holds.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::thread;

use flate2::Compression;
use flate2::read::GzEncoder;
use vigie_benches::corpus::{Corpus, Kind, Totals, Until};

/// Events of a GB mostly have numbers of seven digits, so a short sample begins there.
const TYPICAL_NUMBER: u64 = 1_000_000;

/// How far a mean may be from what is promised.
const TOLERANCE: f64 = 0.01;

fn sample(kind: Kind, bytes: u64) -> (Vec<u8>, Totals) {
    let mut text = Vec::new();
    let mut corpus = Corpus::new(kind, 1, 0);
    corpus.number_from(TYPICAL_NUMBER);
    let totals = corpus.write_to(&mut text, Until::Bytes(bytes)).expect("memory takes it");
    (text, totals)
}

/// Length of `text` after `gzip -1`; `None` where there is no such program.
fn gzip(text: &[u8]) -> Option<u64> {
    let mut child = Command::new("gzip").arg("-1c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let (mut stdin, mut stdout) = (child.stdin.take()?, child.stdout.take()?);
    let reader = thread::spawn(move || io::copy(&mut stdout, &mut io::sink()));
    stdin.write_all(text).expect("gzip reads");
    drop(stdin);
    assert!(child.wait().expect("gzip ends").success());
    reader.join().expect("the reader ends").ok()
}

#[allow(clippy::cast_precision_loss, reason = "a sample is far below 2^53 bytes")]
fn ratio(text: &[u8], small: u64) -> f64 {
    text.len() as f64 / small as f64
}

#[test]
#[allow(clippy::cast_precision_loss, reason = "a sample is far below 2^53 bytes")]
fn lines_have_the_length_that_is_promised() {
    for (kind, promised) in [(Kind::Json, 316.0), (Kind::Nginx, 197.0), (Kind::Cri, 190.0)] {
        let (_, totals) = sample(kind, 20_000_000);

        let mean = totals.bytes as f64 / totals.lines as f64;
        assert!((mean / promised - 1.0).abs() <= TOLERANCE, "{kind:?}: {mean:.2} bytes, promised are {promised}");
    }
}

#[test]
fn every_json_line_is_an_object_of_14_fields() {
    let (text, _) = sample(Kind::Json, 1_000_000);

    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).expect("valid JSON");
        assert_eq!(object.len(), 14);
    }
}

#[test]
fn json_lines_compress_as_well_as_is_promised() {
    let (text, _) = sample(Kind::Json, 4_000_000);

    // What stands in for a missing gzip compresses less at its level 1.
    let (ratio, promised) = gzip(&text).map_or_else(
        || {
            let small = io::copy(&mut GzEncoder::new(&text[..], Compression::fast()), &mut io::sink());
            let small = small.expect("memory takes it");
            (ratio(&text, small), 2.7..=3.1)
        },
        |small| (ratio(&text, small), 3.5..=3.9),
    );

    assert!(promised.contains(&ratio), "{ratio:.3}, promised is {promised:?}");
}
