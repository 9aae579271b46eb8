//! A storm of rotations: many files are renamed, made anew, copied and truncated, and compressed, all the time.
//!
//! `VIGIE_STORM_FILES` files, each rotated every `VIGIE_STORM_TURN` ticks in a way of its own, for `VIGIE_STORM_SECONDS`. Now and then the
//! agent is stopped for seconds, or hardly runs, as on a loaded machine, while whole contents come and go. What was written and truncated away
//! between the copy and the truncation nobody may have read; everything else arrives, once.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

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
/// How long the agent is kept waiting at the most, and left in peace then.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_PEACE: Duration = Duration::from_secs(8);
/// How long it is stopped at a time.
const STEP: Duration = Duration::from_millis(100);
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
    /// First lines of its contents, and when they were begun.
    begun: Vec<(u64, SystemTime)>,
    /// Lines written between a copy and the truncation.
    between: Vec<u64>,
    random: u64,
}

impl Log {
    fn new(folder: &Path, number: u64, seed: u64) -> Self {
        let path = folder.join(format!("app{number:03}.log"));
        let way = WAYS[usize::try_from(number % 4).expect("there are four")];
        let (file, random) = (open(&path), seed.wrapping_mul(1_000_003).wrapping_add(number));
        let begun = vec![(0, SystemTime::now())];
        Self { path, number, way, file, written: 0, rotations: 0, begun, between: Vec::new(), random }
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
        self.change();
        self.begun.push((self.written, SystemTime::now()));
    }

    fn change(&mut self) {
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

impl Log {
    /// Which lines of which contents `lines` are, and when those were begun: to be looked up in what the agent said.
    fn tell(&self, lines: &[u64]) -> String {
        let mut told = format!(" {}:", self.path.file_name().unwrap_or_default().display());
        for (at, (first, when)) in self.begun.iter().enumerate() {
            let end = self.begun.get(at + 1).map_or(u64::MAX, |(next, _)| *next);
            let within: Vec<u64> = lines.iter().copied().filter(|line| (*first..end).contains(line)).collect();
            if let (Some(from), Some(to)) = (within.first(), within.last()) {
                let since = when.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                let (count, of, at) = (within.len(), end.min(self.written) - first, since.as_secs() % 86_400);
                let (hour, minute, second) = (at / 3_600, at / 60 % 60, at % 60);
                let millis = since.subsec_millis();
                told += &format!(
                    " {count} of {of} ({from}-{to}, from {first} on, {hour:02}:{minute:02}:{second:02}.{millis:03})"
                );
            }
        }
        told
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

/// Keeps the agent waiting now and then, for as long as the contents that come meanwhile are kept.
struct Hindrance {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl Hindrance {
    fn start(agent: &Agent, turn: u64, seed: u64) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let kept = TICK * KEPT * u32::try_from(turn).expect("a turn is short");
        let (process, longest) = (agent.process.id(), LONGEST_WAIT.min(kept / 2));
        let is_over = Arc::clone(&over);
        let thread = thread::spawn(move || hinder(process, seed, longest, &is_over));
        Self { over, thread: Some(thread) }
    }

    /// Lets the agent run from now on. Gives how often it was kept waiting.
    fn end(&mut self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().map_or(0, |thread| thread.join().expect("the agent runs"))
    }
}

impl Drop for Hindrance {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

/// Stops `process` for up to `longest`, or lets it run a tenth of that time, with some time between, until it `is_over`.
fn hinder(process: u32, seed: u64, longest: Duration, is_over: &AtomicBool) -> u64 {
    let mut random = seed.wrapping_mul(2_862_933_555_777_941_757);
    let mut draw = |from: Duration, to: Duration| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from + (to - from) * u32::try_from(random >> 54).expect("below 1024") / 1_024
    };
    let mut next = Instant::now() + Duration::from_secs(1);
    let mut count = 0;
    while !is_over.load(Ordering::Relaxed) {
        if Instant::now() < next {
            thread::sleep(STEP);
            continue;
        }
        let until = Instant::now() + draw(Duration::from_secs(1), longest);
        let runs = if count % 2 == 0 { Duration::ZERO } else { STEP / 10 };
        while Instant::now() < until {
            signal(process, "-STOP");
            thread::sleep(STEP);
            if !runs.is_zero() {
                signal(process, "-CONT");
                thread::sleep(runs);
            }
        }
        signal(process, "-CONT");
        count += 1;
        next = Instant::now() + draw(Duration::from_secs(1), LONGEST_PEACE);
    }
    count
}

fn signal(process: u32, signal: &str) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(status.expect("there is a kill").success(), "the agent ended");
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
    let (mut lost, mut unread, mut doubled) = (String::new(), 0, String::new());
    for log in &logs {
        let (mut missing, mut more) = (Vec::new(), Vec::new());
        for line in 0..log.written {
            match arrived.get(&(log.number, line)) {
                Some(1) => {}
                Some(_) => more.push(line),
                None if log.between.binary_search(&line).is_ok() => unread += 1,
                None => missing.push(line),
            }
        }
        lost += &if missing.is_empty() { String::new() } else { log.tell(&missing) };
        doubled += &if more.is_empty() { String::new() } else { log.tell(&more) };
    }
    if !lost.is_empty() || !doubled.is_empty() {
        return Err(format!("{way:?} lost [{lost}] and doubled [{doubled}]"));
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

    let turn = figure("VIGIE_STORM_TURN", 20);
    let mut hindrance = Hindrance::start(&agent, turn, seed);
    rage(&mut logs, seconds * 5, turn);
    let hindered = hindrance.end();

    let written: u64 = logs.iter().map(|log| log.written).sum();
    let between: usize = logs.iter().map(|log| log.between.len()).sum();
    let arrived = agent.arrived(written - between as u64);
    let judged: Vec<_> = WAYS.into_iter().map(|way| judge(way, &logs, &arrived)).collect();
    let wrong: Vec<&String> = judged.iter().filter_map(|judged| judged.as_ref().err()).collect();
    assert!(wrong.is_empty(), "{}\n{wrong:#?}", agent.said());
    let judged: String = judged.into_iter().filter_map(Result::ok).collect();
    println!("rotation storm: {files} files for {seconds} s, seed {seed}, kept waiting {hindered} times{judged}");
}
