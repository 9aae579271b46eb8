//! The input as a whole, stepped by hand: real files, a clock that the test moves, a worker that answers as told.

mod again;
mod alike;
mod arrivals;
mod cases;
mod compressed;
mod copies;
mod descriptors;
mod encodings;
mod follow;
mod forget;
mod left;
mod model;
mod options;
mod rest;
mod resume;
mod rotation;
mod succession;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vigie_parsers::Parsers;
use vigie_parsers::batch::Timestamp;

use super::file::FileId;
use super::options::TailOptions;
use super::paths::Paths;
use super::writers::Writers;
use super::{Tail, build, file};
use crate::config::{Diagnostics, Entry, Located, Options, Place, Section, SectionKind};
use crate::inputs::lines::{self, LineOptions, Multiline};
use crate::metrics::InputMetrics;
use crate::plugin::{
    Agent, BuildContext, ByteQueue, InputSetup, Memory, Outlet, Parcel, Popped, Purpose, Stop, Succession, Work,
};
use crate::receipts::{Outcome, Share};
use crate::state::{Database, Positions};

/// What the worker does with parcels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Deliver,
    Hold,
    Drop,
}

/// A record that reached the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    text: String,
    id: Vec<u8>,
    name: String,
    tag: String,
    epoch: u32,
    /// Its time, in seconds.
    time: i64,
    /// Whether it may have been sent before.
    again: bool,
}

/// A directory of logs and, while it runs, an agent.
struct Rig {
    directory: TempDir,
    options: Vec<(&'static str, String)>,
    tail: Option<Tail>,
    queue: Arc<ByteQueue<Work>>,
    memory: Memory,
    /// Bytes that the queue of the worker holds.
    room: usize,
    metrics: Arc<InputMetrics>,
    stop: Stop,
    now: Instant,
    answer: Answer,
    held: Vec<Share>,
    seen: Vec<Seen>,
    ended: Vec<String>,
    succeeded: Vec<Succession>,
    /// Whether its lines are joined.
    joins: bool,
    /// Whether filters hold back what it reads.
    is_held_back: bool,
    /// Whether the agent has a state directory: the one that its database is in.
    has_state_directory: bool,
    tag: &'static str,
}

/// The wall clock of the tests at its start: 2026-11-21, midnight.
const MIDNIGHT: i64 = 1_795_219_200;

thread_local! {
    static WALL: Cell<i64> = const { Cell::new(MIDNIGHT) };
    static WRITTEN: RefCell<HashSet<FileId>> = RefCell::default();
    static HAS_DESCRIPTORS: Cell<bool> = const { Cell::new(true) };
}

fn wall() -> Timestamp {
    Timestamp { seconds: WALL.get(), nanos: 0 }
}

fn open_if_there_are_descriptors(path: &Path) -> io::Result<(super::opened::Opened, fs::Metadata)> {
    if HAS_DESCRIPTORS.get() { file::open(path) } else { Err(rustix::io::Errno::MFILE.into()) }
}

fn section(options: &[(&'static str, String)]) -> Section {
    let located = |text: &str| Located { text: text.into(), ..Located::default() };
    let entry = |(key, value): &(&'static str, String)| Entry { key: located(key), value: located(value) };
    let entries = options.iter().map(entry).collect();
    Section { entries, ..Section::new(SectionKind::Input, Place::default()) }
}

impl Rig {
    /// A rig whose `Path` is `glob` in its directory; `options` come beside it.
    fn new(glob: &str, options: &[(&'static str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(glob).to_string_lossy().into_owned();
        let mut all = vec![("path", path), ("db", directory.path().join("state/tail.db").display().to_string())];
        all.extend(options.iter().map(|(key, value)| (*key, (*value).to_owned())));
        Self {
            directory,
            options: all,
            tail: None,
            queue: Arc::new(ByteQueue::new(64 << 20)),
            memory: Memory::new(128 << 20),
            room: 64 << 20,
            metrics: Arc::new(InputMetrics::new("tail.0")),
            stop: Stop::default(),
            now: Instant::now(),
            answer: Answer::Deliver,
            held: Vec::new(),
            seen: Vec::new(),
            ended: Vec::new(),
            succeeded: Vec::new(),
            joins: false,
            is_held_back: false,
            has_state_directory: false,
            tag: "t.*",
        }
    }

    fn build(&self) -> Tail {
        let mut findings = Diagnostics::default();
        let options = TailOptions::read(&section(&self.options), &mut findings).expect("the options are valid");
        let excluded = options.exclude_path.clone().unwrap_or_default();
        let paths = Paths::new(&options.path.0, &excluded.0);
        let context = BuildContext {
            name: "tail.0".into(),
            parsers: Arc::new(Parsers::default()),
            agent: Arc::new(agent()),
            classes: Arc::default(),
            state_directory: self.has_state_directory.then(|| self.path("state")),
            escape_unicode: false,
            purpose: Purpose::Run,
        };
        let setup = InputSetup {
            context: &context,
            tag: self.tag,
            mem_buf_limit: None,
            alike: 1,
            metrics: &self.metrics,
            stop: &self.stop,
        };
        let line_options = LineOptions {
            key: "log".into(),
            parser: None,
            multiline: Multiline::default(),
            older: None,
            path_key: None,
            offset_key: None,
        };
        let stage = lines::factory(line_options, Arc::clone(&context.agent), Arc::clone(&self.metrics));
        let database = Database { path: options.db.clone().expect("it is set"), ..Database::default() };
        let positions = Positions::open(&database).expect("it opens");
        let mut tail = Tail::new(&options, paths, (stage, self.joins), positions, &setup);
        tail.clock = wall;
        tail.writers = Writers::looking_at(|| WRITTEN.with_borrow(HashSet::clone));
        tail.open_copy = open_if_there_are_descriptors;
        tail.inherit(&self.stop);
        tail
    }

    fn outlet(&mut self) -> Outlet {
        self.queue = Arc::new(ByteQueue::new(self.room));
        Outlet::new(self.memory.clone(), vec![Arc::clone(&self.queue)]).held_back(self.is_held_back)
    }

    /// Starts the agent and lets it read all there is.
    fn start(&mut self) -> &mut Self {
        self.begin().run()
    }

    /// The same up to the first look.
    fn begin(&mut self) -> &mut Self {
        let mut tail = self.build();
        let outlet = self.outlet();
        tail.start(outlet, self.now);
        self.tail = Some(tail);
        self
    }

    /// Ends it without a word, as SIGKILL does: nothing is stored that was not.
    fn kill(&mut self) -> &mut Self {
        self.tail = None;
        self.held.drain(..).for_each(drop);
        self
    }

    /// Ends it as SIGTERM does.
    fn stop(&mut self) -> &mut Self {
        let tail = self.tail();
        tail.outlet = None;
        tail.finish();
        self.kill()
    }

    /// Ends it as a reload does, and starts the next one.
    fn reload(&mut self) -> &mut Self {
        self.hand_over().start()
    }

    /// Ends it as a reload does: what it has open is left to the next one.
    fn hand_over(&mut self) -> &mut Self {
        let (stop, heir) = (self.stop.clone(), Stop::default());
        stop.hand_over();
        let tail = self.tail();
        tail.outlet = None;
        let copies = tail.finish();
        tail.leave(&stop, copies);
        stop.pass_on(&heir);
        self.stop = heir;
        self.kill()
    }

    fn tail(&mut self) -> &mut Tail {
        self.tail.as_mut().expect("it runs")
    }

    /// One round at a time later by `after`.
    fn turn(&mut self, after: Duration) -> &mut Self {
        self.now += after;
        let now = self.now;
        self.tail().turn(now);
        while let Popped::Element(work) = self.queue.pop(Some(Instant::now())) {
            self.serve(work);
        }
        self
    }

    /// A round that hands out what is to be done in place of doing it.
    fn lend(&mut self, after: Duration) -> Vec<Work> {
        self.now += after;
        let now = self.now;
        self.tail().turn(now);
        std::iter::from_fn(|| match self.queue.pop(Some(Instant::now())) {
            Popped::Element(work) => Some(work),
            Popped::Timeout | Popped::Closed => None,
        })
        .collect()
    }

    /// What a worker does.
    fn serve(&mut self, work: Work) {
        match work {
            Work::Parcel(parcel) => self.take(*parcel),
            Work::Source(mut source) => {
                while let Some(parcel) = source.next() {
                    self.take(parcel);
                }
            }
            Work::Ended(stream) => self.ended.push(stream.name.to_string()),
            Work::Succeeded(succession) => self.succeeded.push(*succession),
        }
    }

    /// Rounds for as long as anything may happen at this time.
    fn run(&mut self) -> &mut Self {
        for _ in 0..60 {
            self.turn(Duration::from_millis(60));
        }
        self
    }

    /// A look at all paths, then rounds.
    fn scan(&mut self) -> &mut Self {
        self.tail().scan();
        self.run()
    }

    /// Lets time pass.
    fn wait(&mut self, seconds: u64) -> &mut Self {
        self.turn(Duration::from_secs(seconds)).run()
    }

    fn take(&mut self, mut parcel: Parcel) {
        let agent = agent();
        let prefix = agent.id_prefix(&parcel.stream, &parcel.tag);
        for record in parcel.batch.records() {
            let mut id = prefix.clone();
            agent.push_id(record, &mut id);
            assert_eq!(record.fields().len(), 1);
            let text = String::from_utf8_lossy(record.plain_text(b"log").expect("it is text")).into_owned();
            let (name, tag) = (parcel.stream.name.to_string(), parcel.tag.to_string());
            let name = name.rsplit('/').next().unwrap_or_default().to_owned();
            let again = record.origin().offset < parcel.stream.sent_below.load(Ordering::Relaxed);
            self.seen.push(Seen { text, id, name, tag, epoch: parcel.epoch, time: record.time().seconds, again });
        }
        let share = parcel.shares.pop().expect("it has one");
        assert_eq!((share.count(), parcel.shares.len()), (1, 0));
        match self.answer {
            Answer::Deliver => share.settle_all(Outcome::Delivered),
            Answer::Hold => self.held.push(share),
            Answer::Drop => drop(share),
        }
    }

    /// Answers for all that was held.
    fn deliver_held(&mut self) -> &mut Self {
        self.answer = Answer::Deliver;
        self.held.drain(..).for_each(|share| share.settle_all(Outcome::Delivered));
        self
    }

    /// The texts that came since the last call.
    fn texts(&mut self) -> Vec<String> {
        self.records().into_iter().map(|seen| seen.text).collect()
    }

    fn records(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn append(&self, name: &str, text: &str) -> &Self {
        append(&self.path(name), text);
        self
    }

    fn rename(&self, from: &str, to: &str) -> &Self {
        fs::rename(self.path(from), self.path(to)).expect("it is renamed");
        self
    }

    fn copy_and_truncate(&self, from: &str, to: &str) -> &Self {
        fs::copy(self.path(from), self.path(to)).expect("it is copied");
        File::create(self.path(from)).expect("it is truncated");
        self
    }

    /// Waits until files are born later than those that are there.
    fn wait_for_births(&self) -> &Self {
        let born = |name: &str| file::birth(&fs::metadata(self.path(name)).expect("it is there"));
        fs::write(self.path("first"), "").expect("it is written");
        while {
            fs::write(self.path("second"), "").expect("it is written");
            let is_same = born("second") == born("first");
            self.remove("second");
            is_same
        } {}
        self.remove("first")
    }

    fn remove(&self, name: &str) -> &Self {
        fs::remove_file(self.path(name)).expect("it is removed");
        self
    }

    fn open_files(&mut self) -> usize {
        self.tail().files.len()
    }

    /// Offsets in the database, by file name.
    fn stored(&self) -> Vec<(String, i64)> {
        let database = rusqlite::Connection::open(self.path("state/tail.db")).expect("it opens");
        let mut rows = database.prepare("SELECT name, offset FROM in_tail_files ORDER BY id").expect("it is valid");
        let rows = rows.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).expect("it runs");
        rows.filter_map(Result::ok)
            .map(|(name, offset)| (name.rsplit('/').next().unwrap_or_default().to_owned(), offset))
            .collect()
    }
}

/// What is told as errors in this thread while `run` does something, a line each.
fn errors(run: impl FnOnce()) -> Vec<String> {
    told("ERROR", run)
}

/// The same of any `level`.
fn told(level: &str, run: impl FnOnce()) -> Vec<String> {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, run);
    let written = kept.0.lock().expect("nobody fails while it writes");
    String::from_utf8_lossy(&written).lines().filter(|line| line.contains(level)).map(str::to_owned).collect()
}

/// Keeps what is written to it.
#[derive(Clone, Default)]
struct Kept(Arc<std::sync::Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody fails while it writes").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn agent() -> Agent {
    Agent::new("host", b"secret-42")
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("it opens");
    file.write_all(text.as_bytes()).expect("it is written");
}

/// `line 3\n` to `line 5\n`.
fn numbered(from: u32, to: u32) -> String {
    (from..=to).map(|number| format!("line {number}\n")).collect()
}

fn ids(records: &[Seen]) -> Vec<Vec<u8>> {
    records.iter().map(|seen| seen.id.clone()).collect()
}

#[test]
fn what_is_wrong_with_the_options_is_told_at_its_place() {
    let directory = tempfile::tempdir().expect("a directory");
    let context = BuildContext {
        name: "tail.0".into(),
        parsers: Arc::new(Parsers::default()),
        agent: Arc::new(agent()),
        classes: Arc::default(),
        state_directory: Some(directory.path().into()),
        escape_unicode: false,
        purpose: Purpose::Check,
    };
    let (metrics, stop) = (Arc::new(InputMetrics::new("tail.0")), Stop::default());
    let setup =
        InputSetup { context: &context, tag: "t", mem_buf_limit: None, alike: 1, metrics: &metrics, stop: &stop };
    for (options, expected) in [
        (vec![], vec!["V105"]),
        (vec![("path", "/a["), ("parser", "nope")], vec!["V303"]),
        (vec![("path", "/a"), ("multiline.parser", "nope")], vec!["V304"]),
        (vec![("path", "/a"), ("db.sync", "hard")], vec!["V103"]),
        (vec![("path", "/a"), ("tag_regex", "(?<a>")], vec!["V103"]),
        (vec![("path", "/a"), ("tag_regex", "(a)")], vec!["V103"]),
        (vec![("path", "/a"), ("tag_regex", "(?<a>b)")], vec!["V404"]),
        (vec![("path", "/a"), ("generic.encoding", "latin")], vec!["V103"]),
        (vec![("path", "/a"), ("generic.encoding", "GBK"), ("unicode.encoding", "auto")], vec!["V405"]),
        (vec![("path", "/a")], vec![]),
    ] {
        let options: Vec<_> = options.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
        let mut findings = Diagnostics::default();

        let built = build::build(&section(&options), &setup, &mut findings);

        let codes: Vec<_> = findings.in_order().iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expected, "{options:?}");
        assert_eq!(built.is_some(), !findings.has_errors());
    }
    assert!(!directory.path().join("tail.0.db").exists(), "a dry run makes nothing");
}
