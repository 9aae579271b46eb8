//! A storm of rotations: many files are renamed, made anew, copied and truncated, and compressed, all the time.
//!
//! `VIGIE_STORM_FILES` files, each rotated every `VIGIE_STORM_TURN` ticks in a way of its own, for `VIGIE_STORM_SECONDS`. What was written and
//! truncated away between the copy and the truncation nobody may have read; everything else arrives, once.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::figure;

const CONFIGURATION: &str = "\
[SERVICE]
    storage.path @HERE@/state
[INPUT]
    Name             tail
    Path             @HERE@/logs/*.log
    DB               @HERE@/state/tail.db
    Read_from_Head   on
    Rotate_Wait      2
    Refresh_Interval 1
[OUTPUT]
    Name     file
    Match    *
    Path     @HERE@
    File     arrived
    Format   template
    Template {log}
";

/// How often files are written to and some are rotated.
const TICK: Duration = Duration::from_millis(200);
/// Lines of a file in a tick.
const LINES: u64 = 20;
/// Rotated files that are kept of each.
const KEPT: u32 = 8;
/// The longest that nothing may arrive.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same once all arrived that must.
const QUIET: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// Renamed, and written to for a while; the new file comes later.
    Rename,
    /// Renamed, and made anew at once.
    Create,
    /// Copied and truncated.
    Truncate,
    /// Renamed and compressed at once, or when it is rotated again.
    Compress,
}

const WAYS: [Way; 4] = [Way::Rename, Way::Create, Way::Truncate, Way::Compress];

/// A log and whoever writes it.
struct Log {
    path: PathBuf,
    number: u64,
    way: Way,
    file: File,
    written: u64,
    rotations: u64,
    /// Lines written between a copy and the truncation.
    between: Vec<u64>,
    random: u64,
}

impl Log {
    fn new(folder: &Path, number: u64, seed: u64) -> Self {
        let path = folder.join(format!("app{number:03}.log"));
        let way = WAYS[usize::try_from(number % 4).expect("there are four")];
        let (file, random) = (open(&path), seed.wrapping_mul(1_000_003).wrapping_add(number));
        Self { path, number, way, file, written: 0, rotations: 0, between: Vec::new(), random }
    }

    fn write(&mut self, lines: u64) {
        let mut text = Vec::new();
        for _ in 0..lines {
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let length = usize::try_from(self.random >> 58).expect("below 64");
            writeln!(text, "{} {} {}", self.number, self.written, "x".repeat(length)).expect("memory takes it");
            self.written += 1;
        }
        self.file.write_all(&text).expect("the log can be written");
    }

    fn rotated(&self, number: u32, ending: &str) -> PathBuf {
        self.path.with_extension(format!("log.{number}{ending}"))
    }

    /// Makes room for the file that is rotated now.
    fn shift(&self) {
        for ending in ["", ".gz"] {
            drop(fs::remove_file(self.rotated(KEPT, ending)));
            for number in (1..KEPT).rev() {
                drop(fs::rename(self.rotated(number, ending), self.rotated(number + 1, ending)));
            }
        }
    }

    fn rotate(&mut self) {
        self.shift();
        self.rotations += 1;
        let aside = self.rotated(1, "");
        match self.way {
            Way::Truncate => {
                fs::copy(&self.path, &aside).expect("copied");
                let first = self.written;
                self.write(self.random >> 62);
                self.between.extend(first..self.written);
                self.file.set_len(0).expect("truncated");
            }
            Way::Rename => {
                fs::rename(&self.path, &aside).expect("renamed");
                self.write(LINES / 2);
                self.file = open(&self.path);
            }
            Way::Create => {
                fs::rename(&self.path, &aside).expect("renamed");
                self.file = open(&self.path);
            }
            Way::Compress => {
                let before = self.rotated(2, "");
                if before.exists() {
                    compress(&before);
                }
                fs::rename(&self.path, &aside).expect("renamed");
                self.file = open(&self.path);
                if self.rotations.is_multiple_of(2) {
                    compress(&aside);
                }
            }
        }
    }
}

fn open(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).expect("the log can be opened")
}

fn compress(path: &Path) {
    let to = path.with_extension(format!("{}.gz", path.extension().expect("it has one").display()));
    let mut encoder = GzEncoder::new(File::create(to).expect("made"), Compression::fast());
    let mut from = File::open(path).expect("it is there");
    io::copy(&mut from, &mut encoder).expect("written");
    let written = from.metadata().and_then(|metadata| metadata.modified()).expect("it has a time");
    encoder.finish().expect("written").set_modified(written).expect("set");
    fs::remove_file(path).expect("removed");
}

/// An agent that runs, and is killed when it is dropped.
struct Agent {
    folder: TempDir,
    process: Child,
}

impl Agent {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("vigie-storm-").tempdir().expect("a folder can be made");
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("logs")).expect("made");
        let here = folder.path().to_str().expect("the folder has a plain name");
        fs::write(path("vigie.conf"), CONFIGURATION.replace("@HERE@", here)).expect("written");
        let log = File::create(path("log")).expect("made");
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
        command.arg("-c").arg(path("vigie.conf")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = command.spawn().expect("it starts");
        Self { folder, process }
    }

    /// How often each line of each file arrived, once nothing more comes; at least `expected` must.
    fn arrived(&self, expected: u64) -> BTreeMap<(u64, u64), u32> {
        let path = self.folder.path().join("arrived");
        let size = || fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let (mut last, mut since) = (0, Instant::now());
        let mut has_all = false;
        while since.elapsed() < if has_all { QUIET } else { PATIENCE } {
            thread::sleep(Duration::from_millis(200));
            if size() != last {
                (last, since) = (size(), Instant::now());
                has_all = count(&path).len() as u64 >= expected;
            }
        }
        count(&path)
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// How often each line of each file stands in the file at `path`.
fn count(path: &Path) -> BTreeMap<(u64, u64), u32> {
    let mut counts = BTreeMap::new();
    let Ok(file) = File::open(path) else { return counts };
    for line in BufReader::new(file).lines().map_while(Result::ok) {
        let mut words = line.split(' ').map(|word| word.parse().expect("a line begins with two numbers"));
        let key = (words.next().expect("its file"), words.next().expect("its number"));
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Writes and rotates for so many ticks, each file once in a `turn` of them.
fn rage(logs: &mut [Log], ticks: u64, turn: u64) {
    let mut due = Instant::now();
    for tick in 0..ticks {
        for log in &mut *logs {
            log.write(LINES / 2);
            if (tick + log.number / 4).is_multiple_of(turn) {
                log.rotate();
            }
            log.write(LINES / 2);
        }
        due += TICK;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

/// Fails where lines of `way` are lost or doubled. Gives what became of them.
fn judge(way: Way, logs: &[Log], arrived: &BTreeMap<(u64, u64), u32>) -> Result<String, String> {
    let logs: Vec<&Log> = logs.iter().filter(|log| log.way == way).collect();
    let (mut lost, mut unread, mut doubled) = (Vec::new(), 0, Vec::new());
    for log in &logs {
        for line in 0..log.written {
            let key = (log.number, line);
            match arrived.get(&key) {
                Some(1) => {}
                Some(_) => doubled.push(key),
                None if log.between.binary_search(&line).is_ok() => unread += 1,
                None => lost.push(key),
            }
        }
    }
    if !lost.is_empty() || !doubled.is_empty() {
        lost.truncate(20);
        doubled.truncate(20);
        return Err(format!("{way:?} lost {lost:?} and doubled {doubled:?}"));
    }
    let lines: u64 = logs.iter().map(|log| log.written).sum();
    let rotations: u64 = logs.iter().map(|log| log.rotations).sum();
    let window: usize = logs.iter().map(|log| log.between.len()).sum();
    let truncated = if window > 0 { format!(", {unread} of {window} truncated unread") } else { String::new() };
    Ok(format!("; {way:?}: {rotations} rotations, {lines} lines, 0 lost, 0 doubled{truncated}"))
}

#[test]
fn a_storm_of_rotations_loses_only_what_was_truncated_unread() {
    let (seconds, files) = (figure("VIGIE_STORM_SECONDS", 6), figure("VIGIE_STORM_FILES", 16));
    let seed = figure("VIGIE_STORM_SEED", 1);
    let agent = Agent::start();
    let folder = agent.folder.path().join("logs");
    let mut logs: Vec<Log> = (0..files).map(|number| Log::new(&folder, number, seed)).collect();
    // What was rotated before the agent ran is not its own.
    logs.iter_mut().for_each(|log| log.write(1));
    assert_eq!(agent.arrived(files).len() as u64, files, "{}", agent.said());

    // The longest time that a machine with much else to do may keep the agent waiting.
    rage(&mut logs, seconds * 5, figure("VIGIE_STORM_TURN", 20));

    let written: u64 = logs.iter().map(|log| log.written).sum();
    let between: usize = logs.iter().map(|log| log.between.len()).sum();
    let arrived = agent.arrived(written - between as u64);
    let judged: Result<String, String> = WAYS.into_iter().map(|way| judge(way, &logs, &arrived)).collect();
    let judged = judged.map_err(|wrong| format!("{wrong}\n{}", agent.said())).expect("nothing is lost or doubled");
    println!("rotation storm: {files} files for {seconds} s, seed {seed}{judged}");
}
