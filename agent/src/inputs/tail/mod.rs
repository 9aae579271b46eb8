//! Follows text files: finds them, reads them, survives their rotation, remembers how far they are settled.
//!
//! One blocking thread serves all files of an input. A file is its own buffer: under back-pressure only offsets are
//! kept. Lines are handed on raw; the stage of `inputs::lines` joins and parses them on a worker.

mod build;
#[cfg(any(test, fuzzing))]
pub(super) mod check;
mod cut;
mod file;
mod globs;
mod keep;
mod look;
mod options;
mod paths;
mod proof;
mod quiet;
mod read;
mod rotate;
mod scan;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::Options;
use crate::metrics::InputMetrics;
use crate::plugin::{Clock, Input, InputKind, Outlet, StageFactory, Stop};
use crate::receipts::Signal;
use crate::state::{Position, Positions};

use file::{FileId, Tailed};
use options::TailOptions;
use paths::Paths;
use quiet::QuietWatcher;
use read::{Place, Reading, Turn};
use watch::DirectoryWatcher;

/// The `tail` input.
pub(super) const KIND: InputKind =
    InputKind { name: "tail", summary: "Follows text files.", options: TailOptions::TABLE, build: build::build };

/// How the input behaves, as configured.
struct Settings {
    name: Arc<str>,
    tag: String,
    read_from_head: bool,
    read_new_from_head: bool,
    exit_on_eof: bool,
    refresh: Duration,
    rotate_wait: Duration,
    ignore_older: Duration,
    mem_buf_limit: Option<u64>,
}

/// The input, before and while it runs.
struct Tail {
    settings: Settings,
    paths: Paths,
    reading: Reading,
    stage: StageFactory,
    positions: Positions,
    metrics: Arc<InputMetrics>,
    signal: Signal,
    clock: Clock,
    outlet: Option<Outlet>,
    watcher: DirectoryWatcher,
    quiet: QuietWatcher,
    /// Stored positions of files that are not open, by inode.
    rows: HashMap<u64, Vec<Position>>,
    /// Open files by number, in the order they were met.
    files: BTreeMap<u64, Tailed>,
    by_id: HashMap<FileId, u64>,
    /// Files that may have something to read, in the order of their turns.
    ready: VecDeque<u64>,
    /// When which file is looked at next.
    looks: BTreeSet<(Instant, u64)>,
    /// Files whose generation is not known, or not stored.
    fresh: BTreeSet<u64>,
    /// Files with ranges on their way.
    busy: BTreeSet<u64>,
    /// Files that were rotated away or overwritten.
    leaving: BTreeSet<u64>,
    /// Files whose position may have moved since it was stored.
    moved: BTreeSet<u64>,
    /// When this turn began.
    now: Instant,
    saved: Instant,
    scanned: Instant,
    /// Looks at all paths follow each other no faster.
    scan_gap: Duration,
    scans: u64,
    stream_base: u64,
    last_number: u64,
    /// Paths that could not be opened and were complained of.
    complained: HashSet<PathBuf>,
    /// When a failure to store may be complained of again.
    complain_again: Instant,
}

/// A turn reads no more blocks than this before it looks at everything else again.
const BLOCKS_PER_TURN: usize = 64;
/// How long a turn waits for a worker that is busy.
const WORKER_WAIT: Duration = Duration::from_millis(20);
/// How long a turn waits where enough is on the way.
const ANSWER_WAIT: Duration = Duration::from_millis(10);

impl Tail {
    /// Takes over the outlet and what is stored, then looks at the paths for the first time.
    fn start(&mut self, outlet: Outlet, now: Instant) {
        self.outlet = Some(outlet);
        (self.now, self.saved) = (now, now);
        self.load();
        self.scan();
    }

    /// One round over everything. Gives how long nothing needs to be done.
    fn turn(&mut self, now: Instant) -> Duration {
        self.now = now;
        self.scan_if_due();
        self.look_at_written();
        self.look_for_growth();
        self.take_answers();
        self.begin_contents(false);
        let idle = self.read_all();
        self.let_go();
        self.save(false);
        idle.min(self.next_due())
    }

    /// Gives every file with unread bytes a turn, over and over. Gives how long to wait before the next round.
    fn read_all(&mut self) -> Duration {
        let Some(outlet) = self.outlet.clone() else { return Duration::MAX };
        let (mut progress, mut waiting, mut busy_worker) = (false, false, None);
        // Turns until every file had one in vain.
        let mut left = self.ready.len();
        for _ in 0..BLOCKS_PER_TURN {
            if self.is_over_limit() {
                waiting = true;
                break;
            }
            if left == 0 {
                break;
            }
            let Some(number) = self.ready.pop_front() else { break };
            left -= 1;
            match self.read_one(number, false) {
                Turn::Progress => (progress, left) = (true, self.ready.len()),
                Turn::Nothing | Turn::Changed => {}
                Turn::Starved => {
                    waiting = true;
                    break;
                }
                Turn::Blocked => {
                    let stream = self.stream_of(number);
                    busy_worker = busy_worker.or(stream.filter(|stream| !outlet.has_room(*stream)));
                    waiting = true;
                }
            }
        }
        if progress {
            return Duration::ZERO;
        }
        if busy_worker.is_some_and(|stream| outlet.wait_for_room(stream, WORKER_WAIT)) {
            return Duration::ZERO;
        }
        if waiting { ANSWER_WAIT } else { Duration::MAX }
    }

    fn stream_of(&self, number: u64) -> Option<u64> {
        Some(self.files.get(&number)?.content.as_ref()?.stream.id)
    }

    /// Whether `Mem_Buf_Limit` is reached.
    fn is_over_limit(&self) -> bool {
        let Some(limit) = self.settings.mem_buf_limit else { return false };
        let in_flight = self.busy.iter().filter_map(|number| self.files.get(number)).map(Tailed::in_flight);
        in_flight.sum::<u64>() >= limit
    }

    /// Gives one file its turn and queues it for the next one if it has more.
    fn read_one(&mut self, number: u64, last: bool) -> Turn {
        let now = (self.clock)();
        let (Some(outlet), Some(file)) = (&self.outlet, self.files.get_mut(&number)) else { return Turn::Nothing };
        file.queued = false;
        if file.not_before.is_some_and(|until| self.now < until) || !(file.has_news() || last) {
            return Turn::Nothing;
        }
        let place = Place { reading: &self.reading, outlet, metrics: &self.metrics, now };
        let turn = place.turn(file, last);
        if file.is_awaiting() {
            self.busy.insert(number);
        }
        self.moved.insert(number);
        if turn == Turn::Changed {
            self.content_changed(number);
        } else {
            self.enqueue(number);
        }
        turn
    }

    /// Queues a file that has something to read.
    fn enqueue(&mut self, number: u64) {
        let Some(file) = self.files.get_mut(&number) else { return };
        if !file.queued && file.content.is_some() && file.has_news() {
            file.queued = true;
            self.ready.push_back(number);
        }
    }

    /// When something is due at the latest.
    fn next_due(&self) -> Duration {
        let look = self.looks.first().map(|(at, _)| *at);
        let save = (!self.moved.is_empty()).then_some(self.saved + keep::EVERY);
        let scan = self.scanned + if self.watcher.has_changed() { self.scan_gap } else { self.settings.refresh };
        let next = [look, save].into_iter().flatten().fold(scan, Instant::min);
        next.saturating_duration_since(self.now)
    }

    /// For `Exit_On_Eof`: hands on what has no newline. Returns whether all files are read to their end.
    fn hand_on_rest(&mut self) -> bool {
        self.look_at_all();
        self.begin_contents(true);
        let unread: Vec<u64> =
            self.files.iter().filter(|(_, file)| !file.is_read()).map(|(number, _)| *number).collect();
        for number in unread {
            self.read_one(number, true);
        }
        self.files.values().all(Tailed::is_read)
    }

    /// Tells the workers that nothing more comes: what waits in their stages comes out.
    fn end_streams(&self) {
        let Some(outlet) = &self.outlet else { return };
        for content in self.files.values().filter(|file| !file.ended).filter_map(|file| file.content.as_ref()) {
            outlet.end(Arc::clone(&content.stream));
        }
    }
}

impl Input for Tail {
    fn run(mut self: Box<Self>, outlet: Outlet, stop: Stop) {
        self.start(outlet, Instant::now());
        while !stop.requested() {
            let idle = self.turn(Instant::now());
            if idle.is_zero() {
                continue;
            }
            if self.settings.exit_on_eof && self.ready.is_empty() && self.hand_on_rest() {
                self.end_streams();
                break;
            }
            self.signal.wait(idle);
        }
        self.outlet = None;
        while !stop.is_drained() {
            self.signal.wait(Duration::from_millis(200));
            self.now = Instant::now();
            self.save(false);
        }
        self.save(true);
    }
}
