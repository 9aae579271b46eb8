//! Programs that log: seeded, at a steady rate, renaming their file every so many lines.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::SplitMix;

/// How long a file must have been there beside a running agent before it may be renamed.
///
/// `Path` names only the live files. A file that came and went while nobody looked can be found by nobody, so no such
/// file is made. Two seconds are many rescans.
const SEEN: Duration = Duration::from_secs(2);

/// Sequence numbers of one writer begin at its number times this.
pub(super) const NUMBERS_PER_WRITER: u64 = 1_000_000;

/// What every writer does.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) lines: u64,
    pub(super) rename_every: u64,
    pub(super) lasting: Duration,
    pub(super) seed: u64,
}

/// What the writers know of the agent, and the loop of the writers.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// Since when an agent is running, if one is.
    pub(super) watched_since: Mutex<Option<Instant>>,
    /// Asks every writer that may to rename its file.
    pub(super) rename_now: AtomicBool,
    pub(super) written: AtomicU64,
    /// Lines of all writers that may be there before the next kill: on a slow machine the writers wait for it.
    pub(super) limit: AtomicU64,
    pub(super) renames: AtomicU64,
    pub(super) renames_unwatched: AtomicU64,
}

impl Stage {
    /// Whether the agent runs for so long that it knows a file that was there before.
    pub(super) fn is_seen(&self) -> bool {
        self.watched_since().is_some_and(|since| since.elapsed() >= SEEN)
    }

    fn watched_since(&self) -> Option<Instant> {
        *self.watched_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_watched(&self, watched: bool) {
        let since = watched.then(Instant::now);
        *self.watched_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

/// One program that logs to `<folder>/app-<number>.log`.
struct Writer<'a> {
    number: usize,
    path: PathBuf,
    file: File,
    made: Instant,
    seen: bool,
    lines_in_file: u64,
    names: u64,
    random: SplitMix,
    stage: &'a Stage,
}

/// Writes all lines of writer `number`, and ends when that is done.
pub(super) fn write(number: usize, folder: &Path, plan: &Plan, stage: &Stage) {
    let path = folder.join(format!("app-{number}.log"));
    let mut writer = Writer {
        number,
        file: create(&path),
        path,
        made: Instant::now(),
        seen: false,
        // So that not all of them rename at once.
        lines_in_file: plan.rename_every * number as u64 / super::WRITERS as u64,
        names: 0,
        random: SplitMix(plan.seed.wrapping_add(number as u64)),
        stage,
    };
    let start = Instant::now();
    for line in 0..plan.lines {
        let due = plan.lasting.mul_f64(line as f64 / plan.lines as f64);
        thread::sleep(due.saturating_sub(start.elapsed()));
        writer.rename_if_due(plan.rename_every);
        while stage.written.load(Ordering::SeqCst) >= stage.limit.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
            writer.rename_if_due(plan.rename_every);
        }
        writer.write_line(line);
    }
}

fn create(path: &Path) -> File {
    File::options().create_new(true).append(true).open(path).expect("a fresh log file can be made")
}

impl Writer<'_> {
    /// Writes one line, now and then in two halves, as programs with small buffers do.
    fn write_line(&mut self, line: u64) {
        let sequence = self.number as u64 * NUMBERS_PER_WRITER + line;
        let text = if self.random.below(3) == 0 { self.nginx_line(sequence) } else { self.json_line(sequence) };
        let cut = if self.random.below(50) == 0 { self.random.below(text.len() as u64) } else { 0 };
        let (head, tail) = text.as_bytes().split_at(usize::try_from(cut).expect("a line is short"));
        for part in [head, tail] {
            self.file.write_all(part).expect("the log file can be written");
            if !head.is_empty() {
                thread::sleep(Duration::from_millis(1));
            }
        }
        self.lines_in_file += 1;
        self.stage.written.fetch_add(1, Ordering::SeqCst);
    }

    fn json_line(&mut self, sequence: u64) -> String {
        let (id, took) = (self.random.next(), self.random.below(900));
        format!(
            "{{\"seq\":{sequence},\"level\":\"info\",\"request_id\":\"{id:016x}\",\"took_ms\":{took},\
             \"message\":\"order \\\"{took}\\\" stored\"}}\n"
        )
    }

    fn nginx_line(&mut self, sequence: u64) -> String {
        let (last, second) = (self.random.below(250) + 1, self.random.below(60));
        // The last half of a minute before midnight, or the first of the day.
        let time = if second < 30 { "24/Nov/2026:00:00" } else { "23/Nov/2026:23:59" };
        format!(
            "192.0.2.{last} - - [{time}:{second:02} +0000] \"GET /orders/{sequence} HTTP/1.1\" 200 {last} \
             \"-\" \"client/1.{second}\"\n"
        )
    }

    fn rename_if_due(&mut self, every: u64) {
        self.seen |= self.stage.watched_since().is_some_and(|since| since.max(self.made).elapsed() >= SEEN);
        let asked = self.stage.rename_now.load(Ordering::SeqCst);
        if !self.seen || !(asked || self.lines_in_file >= every) {
            return;
        }
        self.names += 1;
        let old = self.path.with_extension(format!("log.{}", self.names));
        fs::rename(&self.path, old).expect("the log file can be renamed");
        self.file = create(&self.path);
        (self.made, self.seen, self.lines_in_file) = (Instant::now(), false, 0);
        self.stage.renames.fetch_add(1, Ordering::SeqCst);
        if self.stage.watched_since().is_none() {
            self.stage.renames_unwatched.fetch_add(1, Ordering::SeqCst);
        }
    }
}
