//! Follows text files: finds them, reads them, survives their rotation, remembers how far they are settled.
//!
//! One blocking thread serves all files of an input: it looks which have grown and lends those to their workers, which read
//! them and cut them into lines. A file is its own buffer: under back-pressure only offsets are kept. Lines are handed on raw;
//! the stage of `inputs::lines` joins and parses them on the same worker.

mod ahead;
mod akin;
mod alike;
mod arrivals;
mod before;
mod build;
#[cfg(any(test, fuzzing))]
pub(super) mod check;
mod code_page;
mod cut;
mod descriptors;
mod encoding;
mod file;
mod follower;
mod forget;
mod gzips;
mod inflate;
mod joining;
mod keep;
mod lag;
mod left;
mod look;
mod missed;
mod opened;
mod options;
mod paths;
mod prefix;
mod proof;
mod quiet;
mod read;
mod recover;
mod rest;
mod rest_file;
mod rotate;
mod rows;
mod scan;
mod siblings;
mod stray;
mod succession;
mod successor;
mod tags;
#[cfg(test)]
mod tests;
mod watch;
mod writers;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::Options;
use crate::metrics::InputMetrics;
use crate::plugin::{Clock, Input, InputKind, ItsEnd, Outlet, StageFactory, Stop};
use crate::receipts::Signal;
use crate::state::Positions;

use ahead::ReadTimes;
use akin::Heads;
use arrivals::{Arrival, Arrivals};
use before::Undecided;
use descriptors::Descriptors;
use file::{FileId, Tailed};
pub use follower::{Follower, followers};
use gzips::Gzips;
use left::Inherited;
use missed::Searches;
use options::TailOptions;
use paths::Paths;
pub use paths::is_any_file;
use prefix::Prefix;
use quiet::QuietWatcher;
use read::{End, IN_FLIGHT, LENT, Lease, Reading, Returned};
use rest_file::Rests;
use rows::Rows;
pub use stray::bring_home;
use succession::Joins;
use tags::Tags;
use watch::DirectoryWatcher;
use writers::Writers;

/// The `tail` input.
pub(super) const KIND: InputKind = InputKind {
    name: "tail",
    summary: "Follows text files.",
    options: TailOptions::TABLE,
    reads_again: true,
    build: build::build,
};

/// How the input behaves, as configured.
struct Settings {
    name: Arc<str>,
    tags: Tags,
    read_from_head: bool,
    read_new_from_head: bool,
    exit_on_eof: bool,
    refresh: Duration,
    rotate_wait: Duration,
    ignore_older: Duration,
    lets_older_go: bool,
    mem_buf_limit: Option<u64>,
    /// Whether lines are joined, here or by filters.
    joins: bool,
}

/// The input, before and while it runs.
struct Tail {
    settings: Settings,
    paths: Arc<Paths>,
    reading: Arc<Reading>,
    stage: StageFactory,
    positions: Positions,
    /// Where the rest of deleted files is kept over a stop. `None` without a state directory.
    rests: Option<Rests>,
    metrics: Arc<InputMetrics>,
    signal: Signal,
    clock: Clock,
    /// Opens what may be the copy of a truncated file.
    open_copy: file::Open,
    outlet: Option<Outlet>,
    watcher: DirectoryWatcher,
    /// What came since the last look at all paths.
    arrivals: Arc<Arrivals>,
    /// Rotated files that came before and are not known: held for a while.
    arrived: Vec<Arrival>,
    quiet: QuietWatcher,
    writers: Writers,
    descriptors: Descriptors,
    /// Stored positions of files that are not open.
    rows: Rows,
    /// What the input before a reload left open.
    inherited: Inherited,
    /// Open files by number, in the order they were met. Boxed: nodes of the map are half empty.
    files: BTreeMap<u64, Box<Tailed>>,
    by_id: HashMap<FileId, u64>,
    /// Files that may have something to read, in the order of their turns: per worker that serves them.
    ready: Vec<VecDeque<u64>>,
    /// Since when nothing could be lent although files are ready.
    stalled: Option<Instant>,
    /// Names of which files may have come and gone unseen.
    searches: Searches,
    /// When which file is looked at next.
    looks: BTreeSet<(Instant, u64)>,
    /// Files whose generation is not known, or not stored.
    fresh: BTreeSet<u64>,
    /// Files with ranges on their way.
    busy: BTreeSet<u64>,
    /// Files that were rotated away or overwritten.
    leaving: BTreeSet<u64>,
    /// Files that hold other content than before, and since when no descriptor is free to look for the copy of it: nothing of
    /// them is read or stored until then.
    changed: HashMap<u64, Instant>,
    /// Files whose position may have moved since it was stored.
    moved: BTreeSet<u64>,
    /// Files of which it does not show yet what they go on from.
    undecided: Undecided,
    /// Files that go on where others ended.
    joins: Joins,
    /// What their first lines begin with, by their number.
    prefixes: HashMap<u64, Prefix>,
    /// Whether rows were stored that a crash of the host may lose.
    is_unsynced: bool,
    /// When new files whose identity could not be stored are tried again.
    begin_again: Option<Instant>,
    /// When this turn began.
    now: Instant,
    saved: Instant,
    scanned: Instant,
    /// The same in seconds since 1970.
    scanned_at: i64,
    /// Looks at all paths follow each other no faster.
    scan_gap: Duration,
    scans: u64,
    /// When files of closed rows were looked for, and rows whose files were not found.
    gone_looked: Instant,
    gone: forget::Gone,
    /// Ids of rows whose files were not found at the start, and of those that could not be looked for.
    unfound: BTreeSet<i64>,
    unseen: BTreeSet<i64>,
    /// When paths are looked at again because a file was too young to be judged.
    scan_again: Option<Instant>,
    /// Gzip files that are left alone, by id and birth: what they hold is read elsewhere, or is not to be read.
    left: HashSet<(FileId, i64)>,
    copies: missed::Copies,
    /// First bytes of gzip files, remembered.
    heads: RefCell<Heads>,
    /// Gzip files of directories, by name.
    gzips: RefCell<Gzips>,
    stream_base: u64,
    last_number: u64,
    /// Paths that could not be opened and were complained of.
    complained: HashSet<PathBuf>,
    /// When a failure to store may be complained of again.
    complain_again: Instant,
}

/// How long a turn waits at the most where enough is on the way.
const ANSWER_WAIT: Duration = Duration::from_millis(10);
/// The same once nothing could be lent for that long, as while an output stands: then whoever makes room tells of it.
const STALLED_WAIT: Duration = Duration::from_millis(250);
/// How long a file waits that could not be read.
const FAILED_WAIT: Duration = Duration::from_secs(1);
/// How long a file waits whose long line found no memory.
const SHORT_WAIT: Duration = Duration::from_millis(20);

/// Whether a file was lent to its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lent {
    Yes,
    /// Its worker is busy, or enough of it is on the way.
    Later,
    /// There is nothing to read now.
    Not,
}

impl Tail {
    /// Takes over the outlet and what is stored, then looks at the paths for the first time.
    fn start(&mut self, outlet: Outlet, now: Instant) {
        self.ready = vec![VecDeque::new(); outlet.workers()];
        self.descriptors.leave_to(outlet.workers());
        self.settings.joins |= outlet.is_held_back();
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
        self.take_returned();
        self.take_answers();
        self.begin_contents(false);
        self.go_on_with_joins();
        let idle = self.lend_all();
        self.let_go();
        self.save(false);
        idle.min(self.next_due())
    }

    /// Lends files with unread bytes to their workers, as many as those have room for. Gives how long to wait for more room
    /// at the most; a file that is given back ends the wait.
    fn lend_all(&mut self) -> Duration {
        if self.lend_ready() {
            return Duration::MAX;
        }
        let stalled = *self.stalled.get_or_insert(self.now);
        if self.now.duration_since(stalled) < ANSWER_WAIT {
            return ANSWER_WAIT;
        }
        self.ask_for_word();
        // Of room that came before the word was asked for nobody tells.
        if self.lend_ready() { Duration::MAX } else { STALLED_WAIT }
    }

    /// Lends what can be lent. Returns whether nothing has to wait.
    fn lend_ready(&mut self) -> bool {
        let waiting = (0..self.ready.len()).filter(|worker| !self.lend_to(*worker)).count();
        if waiting == 0 {
            self.stalled = None;
        }
        waiting == 0
    }

    /// Has workers and ledgers wake this thread when there is room for more.
    fn ask_for_word(&self) {
        let Some(outlet) = &self.outlet else { return };
        let waiting =
            (0..self.ready.len()).filter(|worker| !self.ready[*worker].is_empty() && !outlet.has_room(*worker));
        waiting.for_each(|worker| outlet.wake_when_room(worker, &self.signal));
        let busy = self.busy.iter().filter_map(|number| self.files.get(number)?.content.as_ref());
        busy.for_each(|content| content.ledger.tell_once());
    }

    /// Gives each file that is ready for `worker` a turn. Returns whether none has to wait.
    fn lend_to(&mut self, worker: usize) -> bool {
        let mut waiting = false;
        // One with much on its way, which waits for its answers, is queued again.
        for _ in 0..self.ready[worker].len() {
            let has_room = self.outlet.as_ref().is_some_and(|outlet| outlet.has_room(worker));
            if !has_room || self.is_over_limit() {
                return false;
            }
            let Some(number) = self.ready[worker].pop_front() else { break };
            if let Some(file) = self.files.get_mut(&number) {
                file.queued = false;
            }
            waiting |= self.lend(number, false) == Lent::Later;
        }
        !waiting
    }

    /// Whether `Mem_Buf_Limit` is reached.
    fn is_over_limit(&self) -> bool {
        self.settings.mem_buf_limit.is_some_and(|limit| self.in_flight() >= limit)
    }

    /// Bytes of all files that are on their way.
    fn in_flight(&self) -> u64 {
        self.busy.iter().filter_map(|number| self.files.get(number)).map(|file| file.in_flight()).sum()
    }

    /// Lends one file to its worker, which gives it back when it was read for a while. With `last`, what has no newline is a
    /// line too.
    fn lend(&mut self, number: u64, last: bool) -> Lent {
        let in_flight = self.settings.mem_buf_limit.map_or(0, |_| self.in_flight());
        let is_waiting = self.is_waiting(number);
        let (Some(outlet), Some(file)) = (&self.outlet, self.files.get_mut(&number)) else { return Lent::Not };
        let waits =
            is_waiting || self.changed.contains_key(&number) || file.not_before.is_some_and(|until| self.now < until);
        if waits || file.lent.is_some() || file.is_read() || !(file.has_news() || last) {
            return Lent::Not;
        }
        let Some(content) = file.content.clone() else { return Lent::Not };
        if file.in_flight() >= IN_FLIGHT || !outlet.has_room(outlet.worker_of(content.stream.id)) {
            self.enqueue(number);
            return Lent::Later;
        }
        let left = self.settings.mem_buf_limit.map_or(LENT, |limit| limit.saturating_sub(in_flight).clamp(1, LENT));
        let hour = self.look_ahead(number, left);
        let (Some(outlet), Some(file)) = (&self.outlet, self.files.get_mut(&number)) else { return Lent::Not };
        let times = ReadTimes { clock: self.clock, hour, again: file.again.clone() };
        file.lent = Some(file.size.min(file.progress.offset + left));
        self.busy.insert(number);
        self.moved.insert(number);
        let stream = content.stream.id;
        let lease = Lease {
            number,
            file: Arc::clone(&file.file),
            content,
            tag: Arc::clone(&file.tag),
            epoch: file.epoch,
            size: file.size,
            last,
            head: file.position.known,
            left,
            progress: file.progress,
            prefix: self.prefixes.remove(&number),
            end: End::Reached,
            times,
            memory: outlet.memory().clone(),
            reading: Arc::clone(&self.reading),
        };
        self.stalled = None;
        // When the workers are gone it comes back unread.
        outlet.lend(stream, Box::new(lease));
        Lent::Yes
    }

    /// Takes the files that workers gave back.
    fn take_returned(&mut self) {
        for Returned { number, progress, size, last, end, prefix } in self.reading.take_returned() {
            self.take_prefix_back(number, prefix);
            let Some(file) = self.files.get_mut(&number) else { continue };
            (file.progress, file.lent) = (progress, None);
            if file.file.is_compressed() {
                file.size = size;
                self.tell_trouble(number, last && end == End::Nothing);
            }
            self.keep_within(number);
            match end {
                End::Changed => self.content_changed(number),
                End::Lost | End::Failed => self.try_later(number, end == End::Lost),
                End::Short => self.put_off(number, SHORT_WAIT),
                End::Reached | End::Nothing => self.enqueue(number),
            }
        }
    }

    /// A file could not be read. One that is not where it was is found where it is now, or what is lost of it is told.
    fn try_later(&mut self, number: u64, is_lost: bool) {
        if is_lost {
            self.scan_within(self.scan_gap);
        }
        self.put_off(number, FAILED_WAIT);
        self.let_successor_go_on(number);
    }

    /// Lets a file wait that could not be read now.
    fn put_off(&mut self, number: u64, wait: Duration) {
        if let Some(file) = self.files.get_mut(&number) {
            file.not_before = Some(self.now + wait);
        }
        self.plan_look(number);
    }

    /// Queues a file that has something to read.
    fn enqueue(&mut self, number: u64) {
        let (Some(outlet), Some(file)) = (&self.outlet, self.files.get_mut(&number)) else { return };
        let Some(content) = &file.content else { return };
        if !file.queued && file.lent.is_none() && file.has_news() {
            file.queued = true;
            self.ready[outlet.worker_of(content.stream.id)].push_back(number);
        }
    }

    /// When something is due at the latest.
    fn next_due(&self) -> Duration {
        let look = if self.quiet.written.is_empty() { self.looks.first().map(|(at, _)| *at) } else { Some(self.now) };
        let save = self.is_unsaved().then_some(self.saved + keep::EVERY);
        let scan = self.scanned + if self.watcher.has_changed() { self.scan_gap } else { self.settings.refresh };
        let next = [look, save, self.begin_again, self.scan_again].into_iter().flatten().fold(scan, Instant::min);
        next.saturating_duration_since(self.now)
    }

    /// For `Exit_On_Eof`: hands on what has no newline of files that nobody writes to. Returns whether all files are read to their
    /// end, but for a line that may still be written on.
    fn is_at_end(&mut self) -> bool {
        if self.files.values().any(|file| file.lent.is_some() || file.queued) {
            return false;
        }
        self.look_at_all();
        self.begin_contents(true);
        let is_at_end = |file: &Tailed| file.is_read() || (file.needs_newline() && !file.has_news());
        let unread = self.files.iter().filter(|(_, file)| !is_at_end(file));
        let unread: Vec<(u64, bool)> = unread.map(|(number, file)| (*number, !file.needs_newline())).collect();
        for (number, last) in unread {
            self.lend(number, last);
        }
        let is_at_end = self.files.values().all(|file| is_at_end(file));
        if is_at_end {
            self.files.keys().for_each(|number| self.tell_cut_off(*number));
        }
        is_at_end
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
    fn its_end(&self) -> ItsEnd {
        if self.settings.exit_on_eof { ItsEnd::EndsAgent } else { ItsEnd::Never }
    }

    fn run(mut self: Box<Self>, outlet: Outlet, stop: Stop) {
        self.inherit(&stop);
        self.start(outlet, Instant::now());
        while !stop.requested() {
            let idle = self.turn(Instant::now());
            if self.settings.exit_on_eof && self.is_at_end() {
                self.end_streams();
                stop.end_agent();
                break;
            }
            self.signal.wait(idle);
        }
        if self.positions.are_forgotten() && !stop.is_handed_over() {
            // Nobody reads again what waits for its next lines.
            self.end_streams();
        }
        self.outlet = None;
        while !stop.is_drained() {
            self.signal.wait(Duration::from_millis(200));
            self.now = Instant::now();
            self.save(false);
        }
        let copies = self.finish();
        if stop.is_handed_over() {
            self.leave(&stop, copies);
        }
    }
}
