//! More files than descriptors: each is written to before the agent starts and while it runs, and some are rotated.
//!
//! `VIGIE_FILES` files in folders of a thousand, under a limit of `VIGIE_FILES_LIMIT` open files, then left alone for `VIGIE_FILES_IDLE`
//! seconds. Every line arrives once, and no file is refused to the agent for want of descriptors.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::figure;
use crate::stand::resident;

const CONFIGURATION: &str = "\
[SERVICE]
    storage.path @HERE@/state
[INPUT]
    Name           tail
    Path           @HERE@/logs/*/*.log
    Read_from_Head on
    Rotate_Wait    2
[OUTPUT]
    Name     file
    Match    *
    Path     @HERE@
    File     arrived
    Format   template
    Template {log}
";

/// Files of a folder.
const FOLDER: u64 = 1_000;
/// One file in so many is rotated.
const ROTATED: u64 = 20;
/// The longest that nothing may arrive.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long after the last line the agent may have something to do yet.
const SETTLING: Duration = Duration::from_secs(5);
/// Clock ticks of a second in `/proc`.
const TICKS: f64 = 100.0;

/// An agent with few descriptors, and its files.
struct Stand {
    folder: TempDir,
    files: u64,
    agent: Option<Child>,
    lines: u64,
}

impl Stand {
    fn new(files: u64) -> Self {
        let folder = tempfile::Builder::new().prefix("vigie-files-").tempdir().expect("a folder can be made");
        for number in 0..files.div_ceil(FOLDER) {
            fs::create_dir_all(folder.path().join(format!("logs/{number}"))).expect("made");
        }
        let here = folder.path().to_str().expect("the folder has a plain name");
        fs::write(folder.path().join("vigie.conf"), CONFIGURATION.replace("@HERE@", here)).expect("written");
        Self { folder, files, agent: None, lines: 0 }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.path().join(format!("logs/{}/{number}.log", number / FOLDER))
    }

    fn start(&mut self, limit: u64) {
        let place = self.folder.path();
        let log = File::create(place.join("log")).expect("made");
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -n {limit} && exec \"$0\" -c \"$1\""));
        command.arg(env!("CARGO_BIN_EXE_vigie")).arg(place.join("vigie.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.agent = Some(command.spawn().expect("it starts"));
    }

    fn id(&self) -> u32 {
        self.agent.as_ref().expect("it runs").id()
    }

    /// Appends a line to each file; with `rotates`, some are renamed first, written to under both names.
    fn write(&mut self, rotates: bool) -> u64 {
        let mut rotated = 0;
        for number in 0..self.files {
            let path = self.path(number);
            if rotates && number.is_multiple_of(ROTATED) {
                let aside = path.with_extension("log.1");
                fs::rename(&path, &aside).expect("renamed");
                self.append(&aside, number);
                rotated += 1;
            }
            self.append(&path, number);
        }
        rotated
    }

    fn append(&mut self, path: &Path, number: u64) {
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("it opens");
        writeln!(file, "{number} {}", self.lines).expect("the log can be written");
        self.lines += 1;
    }

    /// Waits until as many lines are there as were written, or nothing comes any more.
    fn wait_for_all(&self) {
        let path = self.folder.path().join("arrived");
        let (mut lines, mut since) = (0, Instant::now());
        while lines < self.lines && since.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(200));
            let now = lines_of(&path);
            if now > lines {
                (lines, since) = (now, Instant::now());
            }
        }
    }

    /// Lines that are missing, and lines that came more than once.
    fn wrong(&self) -> (u64, u64) {
        let mut counts: HashMap<u64, u64> = HashMap::new();
        let file = File::open(self.folder.path().join("arrived")).expect("something arrived");
        for line in BufReader::new(file).lines().map_while(Result::ok) {
            let number = line.split(' ').nth(1).and_then(|number| number.parse().ok()).expect("a line has two numbers");
            *counts.entry(number).or_default() += 1;
        }
        let missing = (0..self.lines).filter(|line| !counts.contains_key(line)).count() as u64;
        (missing, counts.values().filter(|count| **count > 1).count() as u64)
    }

    fn said(&self) -> String {
        let said = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        said.lines().take(40).map(|line| format!("{line}\n")).collect()
    }

    /// Processor time of the agent so far.
    fn worked(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("it runs");
        let (_, behind) = stat.rsplit_once(')').expect("the name is in brackets");
        let ticks = behind.split_ascii_whitespace().skip(11).take(2).map(|text| text.parse::<f64>().expect("a number"));
        Duration::from_secs_f64(ticks.sum::<f64>() / TICKS)
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        if let Some(agent) = &mut self.agent {
            drop(agent.kill());
            drop(agent.wait());
        }
    }
}

fn lines_of(path: &Path) -> u64 {
    fs::read(path).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count() as u64)
}

/// Notes the most files that `process` has open, until it `is_over`.
fn count_open(process: u32, most: &AtomicUsize, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        let open = fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count);
        most.fetch_max(open, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn more_files_than_descriptors_are_read_and_each_line_arrives_once() {
    let (files, limit) = (figure("VIGIE_FILES", 2_000), figure("VIGIE_FILES_LIMIT", 128));
    let idle = Duration::from_secs(figure("VIGIE_FILES_IDLE", 1));
    let mut stand = Stand::new(files);
    stand.write(false);
    stand.start(limit);
    let (most, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (mut took, mut worked, mut rotated) = (Duration::ZERO, Duration::ZERO, 0);
    let process = stand.id();
    thread::scope(|scope| {
        scope.spawn(|| count_open(process, &most, &is_over));
        let began = Instant::now();
        stand.wait_for_all();
        took = began.elapsed();
        thread::sleep(if idle > SETTLING { SETTLING } else { idle });
        let before = stand.worked();
        thread::sleep(idle);
        worked = stand.worked() - before;
        rotated = stand.write(true);
        stand.wait_for_all();
        // What comes twice may come late.
        thread::sleep(idle.min(SETTLING));
        is_over.store(true, Ordering::Relaxed);
    });

    let (missing, doubled) = stand.wrong();
    let most = most.into_inner();
    assert_eq!((missing, doubled), (0, 0), "of {}: {}", stand.lines, stand.said());
    assert!(!stand.said().contains("Too many open files"), "{}", stand.said());
    println!(
        "files: {files} files under a limit of {limit} open files, {rotated} rotated: {} lines, 0 lost, 0 doubled; the first of each \
         after {:.1} s; never more than {most} open, highest RSS {:.0} MB, {:.2} % of a processor while idle",
        stand.lines,
        took.as_secs_f64(),
        resident(stand.id()).expect("it runs").1,
        100.0 * worked.as_secs_f64() / idle.as_secs_f64(),
    );
}
