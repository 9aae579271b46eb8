//! A stream of lines for long, under a limit of memory: what is resident must not grow.
//!
//! `VIGIE_SOAK_SECONDS` and `VIGIE_SOAK_MB` (per second) scale it.

use std::fs::{self, File};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::figure;
use crate::stand::Stand;

/// Bytes of one line.
const LINE: usize = 500;
/// Bytes of a file before it is renamed, and how many renamed ones are kept.
const FILE: u64 = 200_000_000;
const KEPT: u64 = 3;
const TICK: Duration = Duration::from_millis(10);
/// The most that may be resident: not more than records alone may take.
const MOST: f64 = 67.1;
/// The most that the line through all samples may rise or fall from end to end.
const MOST_DRIFT: f64 = 4.0;

#[test]
fn a_steady_stream_under_a_limit_of_memory_takes_no_more_of_it_in_time() {
    let (seconds, rate) = (figure("VIGIE_SOAK_SECONDS", 6), figure("VIGIE_SOAK_MB", 2) * 1_000_000);
    let stand = Stand::start(false);
    let written = AtomicU64::new(0);
    let (mut samples, mut most_behind) = (Vec::new(), 0);
    thread::scope(|scope| {
        let writer = scope.spawn(|| write(&stand, rate, Duration::from_secs(seconds), &written));
        while !writer.is_finished() {
            thread::sleep(Duration::from_millis(500));
            samples.push(stand.resident().0);
            most_behind = most_behind.max(written.load(Ordering::SeqCst).saturating_sub(stand.sink.report().documents));
        }
    });

    let lines = written.into_inner();
    stand.wait_for(lines);
    stand.assert_exact(lines);
    // A sixth for what is made once.
    let settled = &samples[samples.len() / 6..];
    let (drift, (_, most)) = (drift(settled), stand.resident());
    println!(
        "soak: {seconds} s at {} MB/s under memory.limit 64M: highest RSS {most:.1} MB, from {:.1} to {:.1} MB with a drift of \
         {drift:+.2} MB, never more than {:.1} s behind; {lines} lines: 0 lost, 0 doubled",
        rate / 1_000_000,
        settled.iter().copied().fold(f64::MAX, f64::min),
        settled.iter().copied().fold(0.0, f64::max),
        most_behind as f64 * LINE as f64 / rate as f64,
    );
    assert!(most <= MOST, "{most} MB");
    assert!(drift.abs() <= MOST_DRIFT, "{drift} MB: {settled:?}");
}

/// How much the straight line through `samples` that fits best rises from the first to the last.
fn drift(samples: &[f64]) -> f64 {
    let count = samples.len() as f64;
    let (middle, mean) = ((count - 1.0) / 2.0, samples.iter().sum::<f64>() / count);
    let steps = samples.iter().enumerate().map(|(at, sample)| (at as f64 - middle, sample - mean));
    let (with, of) = steps.fold((0.0, 0.0), |(with, of), (at, sample)| (with + at * sample, of + at * at));
    if of == 0.0 { 0.0 } else { with / of * (count - 1.0) }
}

/// Writes numbered lines at `rate` bytes per second, and renames and deletes files so that the disk does not fill.
fn write(stand: &Stand, rate: u64, lasting: Duration, written: &AtomicU64) {
    let (mut file, mut length, mut names) = (open(stand), 0, 0_u64);
    let filling: String = ('a'..='z').cycle().take(LINE).collect();
    let (mut chunk, mut number) = (Vec::new(), 0_u64);
    let began = Instant::now();
    while began.elapsed() < lasting {
        let due = u64::try_from(began.elapsed().as_millis()).expect("a run ends") * rate / 1_000 / LINE as u64;
        chunk.clear();
        while number < due {
            let start = chunk.len();
            write!(chunk, "src=0 seq={number} ").expect("memory takes it");
            chunk.extend_from_slice(&filling.as_bytes()[..LINE - 1 - (chunk.len() - start)]);
            chunk.push(b'\n');
            number += 1;
        }
        file.write_all(&chunk).expect("the log can be written");
        length += chunk.len() as u64;
        written.store(number, Ordering::SeqCst);
        if length >= FILE {
            names += 1;
            let renamed = |name: u64| stand.log().with_extension(format!("log.{name}"));
            fs::rename(stand.log(), renamed(names)).expect("renamed");
            if names > KEPT {
                fs::remove_file(renamed(names - KEPT)).expect("removed");
            }
            (file, length) = (open(stand), 0);
        }
        thread::sleep(TICK);
    }
}

fn open(stand: &Stand) -> File {
    File::options().create(true).append(true).open(stand.log()).expect("the log can be made")
}
