//! Speed of looking for personal data, one core, in bytes of log per second: whole lines with all detectors on, and floods of
//! what makes an engine slow.
//!
//! `cargo bench -p vigie-benches --bench redact -- --quick` gives a first answer within seconds.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vigie::redact::{Engine, Place, Scanner, Strictness, all};
use vigie_benches::corpus::{Corpus, Kind, Until};

/// About what an input reads at once.
const TEXT: u32 = 256 << 10;

fn corpus(kind: Kind) -> Vec<u8> {
    let mut text = Vec::new();
    Corpus::new(kind, 1, 0).write_to(&mut text, Until::Bytes(TEXT.into())).expect("memory takes it");
    text
}

/// `piece` again and again, in lines of `line` bytes.
fn flood(piece: &str, line: usize) -> Vec<u8> {
    let mut text: Vec<u8> = piece.bytes().cycle().take(TEXT as usize).collect();
    text.iter_mut().skip(line - 1).step_by(line).for_each(|byte| *byte = b'\n');
    text
}

/// Looks through each line, as the inside of a JSON string if it is `escaped`.
fn scan(scanner: &mut Scanner, text: &[u8], escaped: bool) -> usize {
    let mut found = Vec::new();
    let mut count = 0;
    for line in text.split(|byte| *byte == b'\n') {
        found.clear();
        scanner.scan(line, Place { key: b"log", escaped }, &mut found);
        count += found.len();
    }
    count
}

fn redact(criterion: &mut Criterion) {
    let engine = Arc::new(Engine::new(&all().collect::<Vec<_>>(), Strictness::Normal));
    let mut group = criterion.benchmark_group("redact");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    let floods = [
        ("digits", "0"),
        ("numbers", "12 34 56 78 90 "),
        ("nines", "123456782 "),
        ("at", "a@"),
        ("addresses", "a@b.example "),
        ("colons", ":"),
        ("hex", "1a:2b:"),
        ("escapes", "\\u0030"),
        ("percent", "%30"),
        ("pairs", "password="),
        ("letters", "A1 B2 "),
        ("users", "user for "),
    ];
    let kinds = [("nginx", Kind::Nginx), ("json", Kind::Json), ("cri", Kind::Cri), ("java", Kind::Java)];
    let corpora = kinds.into_iter().map(|(name, kind)| (name, corpus(kind)));
    let floods = floods.into_iter().map(|(name, piece)| (name, flood(piece, 4096)));
    for (name, text) in corpora.chain(floods) {
        let mut scanner = Scanner::new(Arc::clone(&engine));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| scan(&mut scanner, black_box(&text), false));
        });
    }
    group.finish();
}

criterion_group!(benches, redact);
criterion_main!(benches);
