//! Follows text files: finds them, reads them, survives their rotation, remembers how far they are settled.
//!
//! One blocking thread serves all files of an input. A file is its own buffer: under back-pressure only offsets are
//! kept. Lines are handed on raw; the stage of `inputs::lines` joins and parses them on a worker.

mod file;
mod keep;
mod lifecycle;
mod options;
mod paths;
mod read;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{error, info, warn};
use vigie_parsers::batch::Keys;

use crate::config::{Diagnostics, Options, Section};
use crate::inputs::lines;
use crate::metrics::InputMetrics;
use crate::plugin::{Agent, Clock, Input, InputKind, InputSetup, Memory, Outlet, StageFactory, Stop, wall_clock};
use crate::receipts::Signal;
use crate::state::{Position, Positions};

use file::{Look, Tailed};
use options::TailOptions;
use paths::Paths;
use read::{OnLongLine, Place, Reading, Turn};
use watch::DirectoryWatcher;

/// The `tail` input.
pub(super) const KIND: InputKind =
    InputKind { name: "tail", summary: "Follows text files.", options: TailOptions::TABLE, build };

fn build(section: &Section, setup: &InputSetup<'_>, findings: &mut Diagnostics) -> Option<Box<dyn Input>> {
    // Everything is looked at before anything ends it, so that all problems are found at once.
    let options = TailOptions::read(section, findings);
    let parser = lines::parser(section, setup.context, findings);
    let (options, parser) = (options?, parser?);
    let excluded = options.exclude_path.as_ref().map(|list| list.0.as_slice()).unwrap_or_default();
    let paths = match Paths::new(&options.path.0, excluded) {
        Ok(paths) => paths,
        Err(message) => {
            let place = section.get("path").map_or(section.place, |path| path.place);
            findings.error(place, "V401", message);
            return None;
        }
    };
    let line_options = lines::LineOptions {
        key: options.key.clone(),
        parser,
        multiline: lines::multiline(section, options.multiline_parser.as_ref(), findings)?,
        path_key: options.path_key.clone(),
        offset_key: options.offset_key.clone(),
    };
    let agent = Arc::clone(&setup.context.agent);
    let stage = lines::factory(line_options, Arc::clone(&agent), Arc::clone(setup.metrics));
    let positions = open_positions(&options, setup, section, findings)?;
    Some(Box::new(Tail::new(&options, paths, stage, positions, setup)))
}

fn open_positions(
    options: &TailOptions,
    setup: &InputSetup<'_>,
    section: &Section,
    findings: &mut Diagnostics,
) -> Option<Positions> {
    let in_state =
        || Some(setup.context.state_directory.as_ref()?.join(format!("{}.db", file_name(&setup.context.name))));
    let Some(path) = options.db.clone().or_else(in_state) else {
        if !setup.context.dry_run {
            warn!(component = %setup.context.name, "positions are kept in memory only: set `DB`, or `storage.path` in [SERVICE]");
        }
        return Some(Positions::in_memory());
    };
    if setup.context.dry_run {
        return Some(Positions::in_memory());
    }
    let wal = options.db_journal_mode.eq_ignore_ascii_case("wal");
    match Positions::open(&path, options.db_sync.0, wal) {
        Ok(positions) => Some(positions),
        Err(error) => {
            let place = section.get("db").map_or(section.place, |db| db.place);
            findings.error(place, "V402", error.to_string());
            None
        }
    }
}

/// A plugin's name as a file name.
fn file_name(name: &str) -> String {
    name.chars()
        .map(|character| if character.is_ascii_alphanumeric() || "._-".contains(character) { character } else { '_' })
        .collect()
}

/// The input, before and while it runs.
struct Tail {
    name: Arc<str>,
    tag: String,
    paths: Paths,
    reading: Reading,
    stage: StageFactory,
    positions: Positions,
    rows: Vec<Position>,
    files: Vec<Tailed>,
    watcher: DirectoryWatcher,
    outlet: Option<Outlet>,
    agent: Arc<Agent>,
    metrics: Arc<InputMetrics>,
    signal: Signal,
    clock: Clock,
    read_from_head: bool,
    exit_on_eof: bool,
    refresh: Duration,
    rotate_wait: Duration,
    ignore_older: Duration,
    mem_buf_limit: Option<u64>,
    scans: u64,
    stream_base: u64,
    next_stream: u64,
    saved: Instant,
    scanned: Instant,
    /// Paths that could not be opened and were complained of.
    complained: HashSet<PathBuf>,
}

/// Looks at all paths follow each other no faster than this, however much happens in the directories.
const SCAN_GAP: Duration = Duration::from_millis(50);

impl Tail {
    fn new(
        options: &TailOptions,
        paths: Paths,
        stage: StageFactory,
        positions: Positions,
        setup: &InputSetup<'_>,
    ) -> Self {
        let max_line = options.buffer_max_size.0.clamp(16, 64 << 20);
        let on_long_line = match (options.skip_long_lines, options.truncate_long_lines) {
            (true, _) => OnLongLine::Skip,
            (_, true) => OnLongLine::Truncate,
            _ => OnLongLine::Cut,
        };
        let reading = Reading {
            keys: Keys::new([options.key.as_str()]),
            block: options.buffer_chunk_size.0.clamp(4096, Memory::LARGEST),
            max_line,
            on_long_line,
            skip_empty: options.skip_empty_lines,
        };
        let now = Instant::now();
        // Streams of one input go to neighbouring workers; inputs begin at different ones.
        let stream_base = xxhash_rust::xxh3::xxh3_64(setup.context.name.as_bytes()) & !0xffff_ffff;
        Self {
            name: Arc::clone(&setup.context.name),
            tag: setup.tag.to_owned(),
            paths,
            reading,
            stage,
            positions,
            rows: Vec::new(),
            files: Vec::new(),
            watcher: DirectoryWatcher::new(setup.stop.signal().clone()),
            outlet: None,
            agent: Arc::clone(&setup.context.agent),
            metrics: Arc::clone(setup.metrics),
            signal: setup.stop.signal().clone(),
            clock: wall_clock,
            read_from_head: options.read_from_head,
            exit_on_eof: options.exit_on_eof,
            refresh: options.refresh_interval.max(Duration::from_secs(1)),
            rotate_wait: options.rotate_wait,
            ignore_older: options.ignore_older,
            mem_buf_limit: setup.mem_buf_limit.map(|limit| limit as u64),
            scans: 0,
            stream_base,
            next_stream: 0,
            saved: now,
            scanned: now,
            complained: HashSet::new(),
        }
    }

    /// Reads what is stored, then looks at the paths for the first time.
    fn start(&mut self) {
        match self.positions.all() {
            Ok(rows) => self.rows = rows,
            Err(error) => error!(component = %self.name, %error, "stored positions cannot be read"),
        }
        self.scan();
        self.scanned = Instant::now();
    }

    /// One round over everything. Gives how long nothing needs to be done.
    fn round(&mut self) -> Duration {
        let now = Instant::now();
        let due = now.duration_since(self.scanned);
        if due >= SCAN_GAP && (due >= self.refresh || self.watcher.take_changed()) {
            self.scan();
            self.scanned = now;
        }
        self.look_for_growth(now);
        self.follow_rewinds();
        self.begin_contents();
        let turn = self.read_all();
        self.let_go(now);
        self.save(now, false);
        match turn {
            Turn::Progress => Duration::ZERO,
            Turn::Blocked => Duration::from_millis(10),
            Turn::Nothing => self.idle(now),
        }
    }

    /// How long until a file should be looked at again.
    fn idle(&self, now: Instant) -> Duration {
        let next = self.files.iter().map(|file| file.next_look).min();
        next.map_or(self.refresh.min(Duration::from_secs(1)), |next| next.saturating_duration_since(now))
            .max(Duration::from_millis(1))
    }

    /// Notes the size of files whose time has come, and truncations.
    fn look_for_growth(&mut self, now: Instant) {
        let mut truncated = Vec::new();
        for (at, file) in self.files.iter_mut().enumerate() {
            if now >= file.next_look && file.look(now) == Look::Truncated {
                truncated.push(at);
            }
        }
        for at in truncated.into_iter().rev() {
            self.truncated(at);
        }
    }

    /// Reads again what an output did not answer for.
    fn follow_rewinds(&mut self) {
        for file in &mut self.files {
            let Some(content) = &file.content else { continue };
            let Some(position) = content.ledger.take_rewind() else { continue };
            self.metrics.rewinds.add(1);
            if file.standing == file::Standing::Gone {
                let lost = file.offset.saturating_sub(position);
                self.metrics.abandoned_bytes.add(lost);
                error!(component = %self.name, file = %file.current.display(), lost, "not delivered and no longer there");
                continue;
            }
            info!(component = %self.name, file = %file.current.display(), position, "not delivered: read again from here");
            file.offset = position;
            file.epoch = file.epoch.wrapping_add(1);
            file.skipping = false;
            file.ended = false;
        }
    }

    /// Gives every file with unread bytes one turn.
    fn read_all(&mut self) -> Turn {
        let Some(outlet) = &self.outlet else { return Turn::Nothing };
        let in_flight: u64 = self.files.iter().map(Tailed::in_flight).sum();
        if self.mem_buf_limit.is_some_and(|limit| in_flight >= limit) {
            return Turn::Blocked;
        }
        let place =
            Place { reading: &self.reading, outlet, agent: &self.agent, metrics: &self.metrics, now: (self.clock)() };
        let now = Instant::now();
        let mut best = Turn::Nothing;
        for file in &mut self.files {
            if file.at_end() {
                continue;
            }
            let over =
                file.standing != file::Standing::Live && now.duration_since(file.last_growth) >= self.rotate_wait;
            let turn = place.turn(file, over || self.exit_on_eof);
            best = match (best, turn) {
                (Turn::Progress, _) | (_, Turn::Progress) => Turn::Progress,
                (Turn::Blocked, _) | (_, Turn::Blocked) => Turn::Blocked,
                _ => Turn::Nothing,
            };
        }
        best
    }

    /// Whether all files are read to their end and everything is handed on.
    fn is_exhausted(&self) -> bool {
        self.files.iter().all(|file| {
            let size = file.file.metadata().map_or(0, |metadata| metadata.len());
            file.offset >= size || file.ended || (file.size == 0 && size == 0)
        })
    }

    /// After the end of all files: what waits in the stages comes out.
    fn end_streams(&self) {
        let Some(outlet) = &self.outlet else { return };
        for content in self.files.iter().filter_map(|file| file.content.as_ref()) {
            outlet.end(Arc::clone(&content.stream));
        }
    }
}

impl Input for Tail {
    fn run(mut self: Box<Self>, outlet: Outlet, stop: Stop) {
        self.outlet = Some(outlet);
        self.start();
        while !stop.requested() {
            let idle = self.round();
            if self.exit_on_eof && !idle.is_zero() && self.is_exhausted() {
                self.end_streams();
                break;
            }
            if !idle.is_zero() {
                self.signal.wait(idle);
            }
        }
        self.outlet = None;
        while !stop.is_drained() {
            self.signal.wait(Duration::from_millis(200));
            self.save(Instant::now(), false);
        }
        self.save(Instant::now(), true);
    }
}
