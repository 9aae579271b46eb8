//! The whole input beside a plain model: a script of writes, rotations, looks, reads, answers and restarts, after which each line
//! that was written was handed on once, in its order.
//!
//! Small and seeded in `make test`; `VIGIE_TAIL_SCRIPTS` runs more of it, `VIGIE_TAIL_SEED` others. The model knows no offsets,
//! inodes or hashes: it keeps what was written and takes it apart at its newlines.

mod world;

use std::collections::{HashMap, HashSet};
use std::panic;
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;
use std::time::SystemTime;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::super::arrivals::Arrivals;
use super::super::check;
use super::super::cut::{Cutting, OnLongLine};
use super::super::proof::HEAD;
use super::*;
use world::{Content, MAX_LINE, Piece, World};

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    Write(Vec<Piece>),
    /// To the file that was renamed last.
    WriteLate(Vec<Piece>),
    Rotate,
    Compress,
    Delete,
    /// A look at all paths.
    Look,
    /// A round after so many milliseconds, in which so many blocks of each file are read.
    Read(u64, usize),
    /// A round in which files are lent and read only later.
    Lend,
    Answer(Answer),
    DeliverHeld,
    Wait(u64),
    Stop,
    /// A stop and a start at which what is open is handed over.
    Reload,
    Kill,
    Start,
    /// So many milliseconds pass by the clocks of the system: files are born at different times, and what is told of them comes.
    Pause(u64),
    /// What happens to files from here on is told only once the agent does something, as on a loaded machine.
    Deafen,
}

/// How a log is rotated: always in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rotation {
    Rename,
    CopyAndTruncate,
    /// Each copy over the one before.
    CopyOver,
}

/// A script: bytes that are read at once, how the log is rotated, and what happens.
type Script = (usize, Rotation, Vec<Step>);

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        6 => Just(Piece::Line),
        1 => Just(Piece::WithReturn),
        1 => Just(Piece::Empty),
        1 => Just(Piece::Long),
        1 => Just(Piece::Nuls),
        1 => Just(Piece::Invalid),
        2 => Just(Piece::Open),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let pieces = |count| proptest::collection::vec(piece(), count);
    let pieces = move || prop_oneof![3 => pieces(1..6), 1 => pieces(20..60)];
    prop_oneof![
        8 => pieces().prop_map(Step::Write),
        1 => pieces().prop_map(Step::WriteLate),
        3 => Just(Step::Rotate),
        1 => Just(Step::Compress),
        1 => Just(Step::Delete),
        3 => Just(Step::Look),
        6 => (0_u64..400, 0_usize..4).prop_map(|(after, blocks)| Step::Read(after, blocks)),
        2 => Just(Step::Lend),
        2 => prop_oneof![Just(Answer::Deliver), Just(Answer::Hold), Just(Answer::Drop)].prop_map(Step::Answer),
        1 => Just(Step::DeliverHeld),
        1 => (1_u64..12).prop_map(Step::Wait),
        1 => Just(Step::Stop),
        1 => Just(Step::Reload),
        1 => Just(Step::Kill),
        2 => Just(Step::Start),
        2 => (1_u64..10).prop_map(Step::Pause),
        2 => Just(Step::Deafen),
    ]
}

fn scripts() -> impl Strategy<Value = Script> {
    let rotation =
        prop_oneof![3 => Just(Rotation::Rename), 3 => Just(Rotation::CopyAndTruncate), 1 => Just(Rotation::CopyOver)];
    (HEAD..HEAD + 300, rotation, proptest::collection::vec(step(), 1..40))
}

/// An agent, the logs that it reads, and what came of them.
struct Model {
    rig: Rig,
    world: World,
    block: usize,
    rotation: Rotation,
    lent: Vec<Work>,
    held: Vec<(Share, Vec<Vec<u8>>)>,
    /// Texts in the order in which they were handed on first.
    handed: Vec<(Vec<u8>, String)>,
    texts: HashMap<Vec<u8>, String>,
    delivered: HashSet<Vec<u8>>,
    /// Streams of which parts of a long line came, as far as that shows: a stop before its end has them come again.
    cut: HashSet<u64>,
    /// Whether lines may come again: an agent ended, or an output failed, with lines on their way.
    may_repeat: bool,
    was_killed: bool,
    rotated: Instant,
    is_deaf: bool,
    deaf: Option<Deaf>,
}

/// A thread that keeps the one that is told of events from opening what comes.
struct Deaf {
    end: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Deaf {
    fn new(arrivals: Arc<Arrivals>) -> Self {
        let (end, ended) = mpsc::sync_channel::<()>(1);
        let (begin, begun) = mpsc::sync_channel(1);
        let thread = std::thread::spawn(move || {
            let _held = arrivals.held();
            begin.send(()).expect("it is waited for");
            ended.recv().unwrap_err();
        });
        begun.recv().expect("it begins");
        Self { end, thread }
    }

    fn end(self) {
        drop(self.end);
        self.thread.join().expect("it does not fail");
    }
}

/// Time that passes before a log is rotated.
const BETWEEN: Duration = Duration::from_secs(15);

impl Model {
    fn new(block: usize, rotation: Rotation) -> Self {
        let max_line = MAX_LINE.to_string();
        let mut rig = Rig::new("app.log", &[("read_from_head", "on"), ("buffer_max_size", &max_line)]);
        rig.has_state_directory = true;
        let world = World::new(rig.directory.path());
        let rotated = rig.now;
        Self {
            rig,
            world,
            block,
            rotation,
            lent: Vec::new(),
            held: Vec::new(),
            handed: Vec::new(),
            texts: HashMap::new(),
            delivered: HashSet::new(),
            cut: HashSet::new(),
            may_repeat: false,
            was_killed: false,
            rotated,
            is_deaf: false,
            deaf: None,
        }
    }

    /// Lets come what is told of files.
    fn hear(&mut self) {
        self.is_deaf = false;
        self.deaf.take().into_iter().for_each(Deaf::end);
    }

    /// Keeps what is told from an agent that is deaf while files change, and lets it come before the agent does something.
    fn listen(&mut self, step: &Step) {
        match step {
            Step::Write(_) | Step::WriteLate(_) | Step::Rotate | Step::Compress | Step::Delete => {
                let arrivals = self.rig.tail.as_ref().map(|tail| Arc::clone(&tail.arrivals));
                if let Some(arrivals) = arrivals.filter(|_| self.is_deaf && self.deaf.is_none()) {
                    self.deaf = Some(Deaf::new(arrivals));
                }
            }
            Step::Deafen | Step::Pause(_) => {}
            _ => self.hear(),
        }
    }

    fn runs(&self) -> bool {
        self.rig.tail.is_some()
    }

    /// Lets time pass by the clock of the input. That of the wall is real, for births of files are.
    fn pass(&mut self, time: Duration) {
        self.rig.now += time;
    }

    fn start(&mut self) {
        if self.runs() {
            return;
        }
        let mut tail = self.rig.build();
        Arc::get_mut(&mut tail.reading).expect("nobody else has it").block = self.block;
        let outlet = self.rig.outlet();
        tail.start(outlet, self.rig.now);
        self.rig.tail = Some(tail);
        self.read(Duration::ZERO, 0);
        self.world.is_looked_at();
    }

    fn look(&mut self) {
        if self.runs() {
            // No file waits longer for a look at it.
            self.pass(Duration::from_secs(1));
            let now = self.rig.now;
            // What is lent is not looked at.
            self.lent.clear();
            self.rig.tail().now = now;
            self.rig.tail().take_returned();
            self.rig.tail().scan();
            self.read(Duration::ZERO, 0);
            self.world.is_looked_at();
        }
    }

    /// A round in which up to `blocks` blocks of each file are read.
    fn read(&mut self, after: Duration, blocks: usize) {
        if !self.runs() {
            return self.pass(after);
        }
        let mut works = std::mem::take(&mut self.lent);
        works.extend(self.rig.lend(after));
        for work in works {
            let Work::Source(mut source) = work else { continue };
            let parcels = std::iter::from_fn(|| source.next()).take(blocks);
            parcels.for_each(|parcel| self.take(parcel));
        }
    }

    fn take(&mut self, mut parcel: Parcel) {
        let agent = agent();
        let prefix = agent.id_prefix(&parcel.stream, &parcel.tag);
        let mut ids = Vec::new();
        self.cut.remove(&parcel.stream.id);
        for record in parcel.batch.records() {
            let mut id = prefix.clone();
            agent.push_id(record, &mut id);
            let text = String::from_utf8_lossy(record.plain_text(b"log").expect("it is text")).into_owned();
            if text.len() + 3 >= MAX_LINE {
                self.cut.insert(parcel.stream.id);
            } else {
                self.cut.remove(&parcel.stream.id);
            }
            match self.texts.insert(id.clone(), text.clone()) {
                None => self.handed.push((id.clone(), text)),
                Some(before) => {
                    assert_eq!(before, text, "two lines have one id");
                    assert!(self.may_repeat, "it was handed on twice: {text}");
                }
            }
            ids.push(id);
        }
        let share = parcel.shares.pop().expect("it has one");
        match self.rig.answer {
            Answer::Deliver => self.deliver(share, ids),
            Answer::Hold => self.held.push((share, ids)),
            Answer::Drop => self.may_repeat = true,
        }
    }

    fn deliver(&mut self, share: Share, ids: Vec<Vec<u8>>) {
        share.settle_all(Outcome::Delivered);
        self.delivered.extend(ids);
    }

    fn deliver_held(&mut self) {
        for (share, ids) in std::mem::take(&mut self.held) {
            self.deliver(share, ids);
        }
    }

    /// Ends the agent in one way or another.
    fn end(&mut self, step: &Step) {
        if !self.runs() {
            return;
        }
        self.lent.clear();
        let is_killed = matches!(step, Step::Kill);
        self.was_killed |= is_killed;
        self.may_repeat |= is_killed || !self.cut.is_empty() || !self.held.is_empty();
        match step {
            Step::Kill => self.rig.kill(),
            Step::Reload => self.rig.hand_over(),
            _ => self.rig.stop(),
        };
        self.held.clear();
        self.cut.clear();
        let undelivered = if is_killed { self.undelivered() } else { HashSet::new() };
        self.world.is_left_alone(|content| undelivered.contains(&content.bytes));
    }

    /// Contents of which some lines were not delivered yet.
    fn undelivered(&self) -> HashSet<Vec<u8>> {
        let delivered: HashSet<&str> =
            self.handed.iter().filter(|(id, _)| self.delivered.contains(id)).map(|(_, text)| text.as_str()).collect();
        // Of empty lines it does not show which came.
        let are_empty_delivered = self.are_all_empty_delivered();
        let is_delivered = |line: &str| if line.is_empty() { are_empty_delivered } else { delivered.contains(line) };
        let is_undelivered = |content: &&Content| lines(content).iter().any(|line| !is_delivered(line));
        self.world.contents.iter().filter(is_undelivered).map(|content| content.bytes.clone()).collect()
    }

    /// What is not delivered of a copy is lost once another one is made over it.
    fn copy_over(&mut self) -> bool {
        let undelivered = self.undelivered();
        self.world.copy_over(|content| undelivered.contains(&content.bytes))
    }

    fn are_all_empty_delivered(&self) -> bool {
        let delivered = self.handed.iter().filter(|(id, line)| line.is_empty() && self.delivered.contains(id)).count();
        let written = self.world.contents.iter().flat_map(lines).filter(String::is_empty).count();
        delivered >= written
    }

    fn step(&mut self, step: &Step) {
        let since = SystemTime::UNIX_EPOCH.elapsed().expect("it is later than 1970");
        WALL.set(i64::try_from(since.as_secs()).expect("it fits"));
        self.listen(step);
        match step {
            Step::Pause(milliseconds) => std::thread::sleep(Duration::from_millis(*milliseconds)),
            Step::Deafen => self.is_deaf = true,
            Step::Write(pieces) => self.world.write(pieces),
            Step::WriteLate(pieces) if self.rig.now < self.rotated + Duration::from_secs(4) => {
                self.world.write_late(pieces);
            }
            Step::WriteLate(_) => {}
            Step::Rotate => {
                self.pass(BETWEEN);
                let is_rotated = match self.rotation {
                    Rotation::Rename => self.world.rename(),
                    Rotation::CopyAndTruncate => self.world.copy_and_truncate(),
                    Rotation::CopyOver => self.copy_over(),
                };
                self.rotated = if is_rotated { self.rig.now } else { self.rotated };
            }
            Step::Compress => self.world.compress(),
            Step::Delete => self.world.delete(self.rotation == Rotation::Rename),
            Step::Look => self.look(),
            Step::Read(after, blocks) => self.read(Duration::from_millis(*after), *blocks),
            Step::Lend if self.runs() => {
                let lent = self.rig.lend(Duration::from_millis(60));
                self.lent.extend(lent);
            }
            Step::Lend => {}
            Step::Answer(answer) => self.rig.answer = *answer,
            Step::DeliverHeld => self.deliver_held(),
            Step::Wait(seconds) => {
                self.pass(Duration::from_secs(*seconds));
                self.read(Duration::ZERO, usize::MAX);
            }
            Step::Stop | Step::Kill => self.end(step),
            Step::Reload if self.runs() => {
                self.end(step);
                self.start();
            }
            Step::Reload => {}
            Step::Start => self.start(),
        }
    }

    /// Lets everything come that is to come.
    fn finish(&mut self) {
        self.hear();
        self.rig.answer = Answer::Deliver;
        self.deliver_held();
        self.step(&Step::Start);
        self.world.end_line();
        // What came and went under a name that nobody has is looked for once somebody has it.
        self.world.write(&[Piece::Line]);
        for _ in 0..4 {
            self.look();
            for _ in 0..20 {
                self.read(Duration::from_millis(60), usize::MAX);
            }
            self.pass(Duration::from_secs(11));
        }
    }

    /// Contents of which one may go on in the other: what is between them was empty, or gone before anybody could see it.
    fn neighbours(&self) -> Vec<(&Content, &Content)> {
        let contents: Vec<&Content> = self.world.contents.iter().filter(|content| !content.bytes.is_empty()).collect();
        let mut neighbours = Vec::new();
        for (at, before) in contents.iter().enumerate() {
            let behind = &contents[at + 1..];
            let seen = behind.iter().position(|after| !after.is_frail).map_or(behind.len(), |seen| seen + 1);
            neighbours.extend(behind[..seen].iter().map(|after| (*before, *after)));
        }
        neighbours
    }

    /// How a line that one content begins and another one ends may come.
    fn borders(&self) -> Vec<Border> {
        let mut borders = Vec::new();
        for (before, after) in self.neighbours() {
            let [apart, together] = ways(before, after);
            // An empty line behind it tells nothing.
            let is_first = |line: &str| together.first().is_some_and(|first| first == line);
            // What was joined and not delivered comes apart where the second is gone by the next start.
            let is_undone =
                after.is_frail && !self.handed.iter().any(|(id, line)| is_first(line) && self.delivered.contains(id));
            let is_again = self.was_killed || before.is_frail || is_undone || apart.first() == together.first();
            let is_frail = before.is_frail || after.is_frail;
            let has_come = |lines: &[String]| lines.first().is_some_and(|line| self.has_come(line));
            if apart != together && has_come(&together) {
                borders.push(Border { apart, together, is_again, is_frail });
            }
        }
        borders
    }

    fn has_come(&self, text: &str) -> bool {
        self.handed.iter().any(|(_, handed)| handed == text)
    }

    /// Lines of contents of which no truncation shows where no more was read than how the next one begins: of what begins alike only
    /// empty lines are.
    fn hidden(&self) -> Vec<String> {
        let is_alike =
            |(before, after): &(&Content, &Content)| before.bytes.starts_with(b"\n") && after.bytes.starts_with(b"\n");
        let pairs = self.neighbours().into_iter().filter(|_| self.rotation != Rotation::Rename);
        pairs.filter(is_alike).flat_map(|(before, _)| lines(before)).collect()
    }

    /// Holds what came against what was written.
    fn check(&self) {
        let mut came: HashMap<&str, usize> = HashMap::new();
        for (id, text) in &self.handed {
            *came.entry(text).or_default() += usize::from(self.delivered.contains(id));
        }
        let came = |line: &str| came.get(line).copied().unwrap_or(0);
        let borders = self.borders();
        self.check_order(&borders);
        let mut most: HashMap<String, usize> = HashMap::new();
        let mut least: HashMap<String, usize> = HashMap::new();
        for content in &self.world.contents {
            for line in lines(content) {
                *least.entry(line.clone()).or_default() += usize::from(!content.is_frail);
                *most.entry(line).or_default() += 1;
            }
        }
        for line in self.hidden() {
            least.entry(line).and_modify(|least| *least = least.saturating_sub(1));
        }
        for Border { apart, together, is_again, is_frail } in &borders {
            let all_came = |lines: &[String]| lines.iter().all(|line| came(line) > 0);
            assert!(*is_frail || all_came(together) || (*is_again && all_came(apart)), "missing: {together:?}");
            for line in apart {
                least.entry(line.clone()).and_modify(|least| *least = least.saturating_sub(1));
                most.entry(line.clone()).and_modify(|most| *most -= usize::from(!is_again));
            }
            together.iter().for_each(|line| *most.entry(line.clone()).or_default() += 1);
        }
        for (line, least) in &least {
            assert!(came(line) >= *least, "missing: {line:?}, {} of {least}", came(line));
        }
        for (_, line) in &self.handed {
            let most = most.get(line).copied().unwrap_or(0);
            assert!(came(line) <= most, "too many: {line:?}, {} of {most}", came(line));
        }
    }

    /// The lines of each content came in their order, but for what came again in another way.
    fn check_order(&self, borders: &[Border]) {
        let mut place: HashMap<&str, usize> = HashMap::new();
        for (at, (_, text)) in self.handed.iter().enumerate() {
            place.entry(text).or_insert(at);
        }
        let again: HashSet<&String> =
            borders.iter().filter(|border| border.is_again).flat_map(|border| &border.apart).collect();
        for content in &self.world.contents {
            let lines = lines(content);
            let counted = lines.iter().filter(|line| !line.is_empty() && !again.contains(line));
            let places: Vec<_> = counted.filter_map(|line| place.get(&**line)).collect();
            assert!(places.is_sorted(), "not in order: {lines:?}");
        }
    }
}

/// What stands around the border of two contents, of which some came as a line that goes on in the second.
struct Border {
    apart: Vec<String>,
    together: Vec<String>,
    /// Whether it may come in the other way, too: a kill forgets what came, and one of the two may be gone by then.
    is_again: bool,
    is_frail: bool,
}

/// The lines of a content, as simply as can be.
fn lines(content: &Content) -> Vec<String> {
    plain(&content.bytes, content.is_closed)
}

fn plain(bytes: &[u8], is_closed: bool) -> Vec<String> {
    let cutting = Cutting { max_line: MAX_LINE, on_long_line: OnLongLine::Cut, skip_empty: false };
    check::plain_lines(bytes, cutting, is_closed).into_iter().map(|(text, ..)| text).collect()
}

/// What stands around the border of two contents of one log: as lines of their own, and as a line that goes on in the second.
fn ways(before: &Content, after: &Content) -> [Vec<String>; 2] {
    let last = before.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let first = after.bytes.iter().position(|byte| *byte == b'\n').map_or(after.bytes.len(), |newline| newline + 1);
    let (rest, first) = (&before.bytes[last..], &after.bytes[..first]);
    let apart = [plain(rest, true), plain(first, after.is_closed)].concat();
    [apart, plain(&[rest, first].concat(), after.is_closed)]
}

fn run((block, rotation, steps): &Script) {
    let mut model = Model::new(*block, *rotation);
    model.world.write(&[Piece::Line]);
    model.step(&Step::Start);
    steps.iter().for_each(|step| model.step(step));
    model.finish();
    model.check();
}

/// Seeds that are run side by side, each with its share of the scripts.
const SEEDS: u32 = 4;

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok().map(|text| text.parse().expect("it is a number"))
}

/// How often a script is run while one is looked for that fails and is shorter: some fail only now and then.
const TRIES: u32 = 30;

/// Runs a script so often, or until it fails. Gives why.
fn run_often(script: &Script, tries: u32) -> Result<(), TestCaseError> {
    (0..tries).try_for_each(|_| {
        let outcome = panic::catch_unwind(|| run(script));
        outcome.map_err(|reason| {
            let reason = reason.downcast_ref::<String>().map_or("it failed", String::as_str);
            TestCaseError::fail(reason.to_owned())
        })
    })
}

fn run_scripts(count: u32, seed: u32) {
    let config = Config { cases: count, failure_persistence: None, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let tries = Cell::new(1);
    let outcome = runner.run(&scripts(), |script| {
        run_often(&script, tries.get()).inspect_err(|reason| {
            if tries.replace(TRIES) == 1 {
                println!("seed {seed}: {reason}: {script:?}");
            }
        })
    });
    if let Err(error) = outcome {
        panic!("seed {seed}: {error}");
    }
}

#[test]
fn whatever_happens_to_files_and_agent_each_line_comes_once_and_in_its_order() {
    let scripts = number("VIGIE_TAIL_SCRIPTS").unwrap_or(64);
    let first = number("VIGIE_TAIL_SEED").unwrap_or(1);

    std::thread::scope(|scope| {
        for seed in first..first + SEEDS {
            scope.spawn(move || run_scripts(scripts.div_ceil(SEEDS), seed));
        }
    });

    let last = first + SEEDS - 1;
    println!("tail model: {scripts} scripts, seeds {first} to {last}: 0 lost, 0 doubled");
}

/// Of a copy that was compressed less is read at first than its head.
#[test]
fn a_truncated_log_that_was_compressed_after_a_kill_keeps_its_identity() {
    let before = [Step::Stop, Step::Rotate, Step::Write(vec![Piece::Line; 20]), Step::Start];
    let behind = [Step::Read(0, 1), Step::Rotate, Step::Kill, Step::Compress];

    run(&(HEAD, Rotation::CopyAndTruncate, before.into_iter().chain(behind).collect()));
}

/// A row was stored of what was overwritten unread, and found before the one of what took its place.
#[test]
fn a_log_that_was_truncated_twice_is_read_where_it_was_compressed_to() {
    let before = [Step::Rotate, Step::Stop, Step::Delete, Step::Write(vec![Piece::Line]), Step::Start];
    let behind = [Step::Rotate, Step::Stop, Step::Compress];

    run(&(HEAD, Rotation::CopyAndTruncate, before.into_iter().chain(behind).collect()));
}

/// The first bytes of what is compressed, which are short here, are asked for again and again.
#[test]
fn a_compressed_log_that_is_deleted_keeps_no_more_than_it_holds() {
    let steps = [Step::Rotate, Step::Compress, Step::Read(0, 1), Step::Stop, Step::Start, Step::Delete, Step::Stop];

    run(&(HEAD, Rotation::Rename, steps.to_vec()));
}

/// How much a compressed copy holds shows once it is read: of one that was not, nothing was kept.
#[test]
fn a_compressed_copy_that_is_deleted_unread_is_kept_over_a_stop() {
    let steps = [Step::Rotate, Step::Compress, Step::Look, Step::Delete, Step::Stop];

    run(&(HEAD, Rotation::CopyAndTruncate, steps.to_vec()));
}

/// What its worker found as the agent stopped: the new content had no row, so the next one counted as the second.
#[test]
fn a_log_that_was_truncated_right_before_a_stop_keeps_its_turn() {
    let before = [Step::Write(vec![Piece::Open]), Step::Rotate, Step::Write(vec![Piece::Line]), Step::Read(0, 1)];
    let behind = [Step::Reload, Step::Rotate, Step::Look, Step::Stop, Step::Write(vec![Piece::Line])];

    run(&(HEAD, Rotation::CopyAndTruncate, before.into_iter().chain(behind).collect()));
}

/// They had been joined, and nothing of that was delivered.
#[test]
fn a_rest_whose_successor_is_gone_at_the_next_start_comes_alone() {
    let open = std::iter::repeat_n(Piece::Line, 19).chain([Piece::Open]).collect();
    let before = [Step::Write(open), Step::Delete, Step::Write(vec![Piece::Long]), Step::Wait(1)];
    let behind = [Step::Answer(Answer::Hold), Step::Rotate, Step::Look, Step::Read(0, 1), Step::Stop, Step::Delete];

    run(&(HEAD, Rotation::Rename, before.into_iter().chain(behind).collect()));
}

/// The third content was as long as what of the second was seen, of which no line was complete.
#[test]
fn a_log_that_is_as_long_as_the_beginning_of_a_line_that_it_held_is_read() {
    let open = Step::Write(vec![Piece::Open; 3]);

    run(&(HEAD, Rotation::CopyAndTruncate, vec![Step::Rotate, open, Step::Reload, Step::Rotate]));
}

/// The line was the only one of its file that was not delivered, and the kill lost it with the file.
#[test]
fn an_empty_line_that_was_deleted_before_a_kill_is_not_missed() {
    let steps = [Step::Write(vec![Piece::Empty]), Step::Delete, Step::Read(0, 1), Step::Kill];

    run(&(HEAD, Rotation::Rename, steps.to_vec()));
}

/// What has no newline came alone, and a line before it was not delivered: at the next start both are read again.
#[test]
fn a_rest_that_came_alone_before_a_stop_comes_alone_behind_it() {
    let late = [Step::Rotate, Step::Answer(Answer::Hold), Step::Look, Step::WriteLate(vec![Piece::Open]), Step::Look];
    let alone = [Step::Wait(5), Step::Answer(Answer::Deliver), Step::Read(0, 1), Step::Stop];

    run(&(HEAD, Rotation::Rename, late.into_iter().chain(alone).collect()));
}

/// Of the kept rest only what is in it can be compared with the gzip file.
#[test]
fn what_was_compressed_while_it_was_read_comes_once_behind_a_stop() {
    let many = |count| std::iter::repeat_n(Piece::Line, count);
    let write = many(7).chain([Piece::Long]).chain(many(11)).chain([Piece::Long]).chain(many(30)).collect();
    let before = [Step::Write(many(6).collect()), Step::Write(vec![Piece::Long, Piece::Line]), Step::Write(write)];
    let read = [Step::Write(vec![Piece::Long]), Step::Look, Step::Read(0, 2), Step::Rotate];
    let behind = [Step::WriteLate(vec![Piece::Line]), Step::Compress, Step::Stop];

    run(&(1024, Rotation::Rename, before.into_iter().chain(read).chain(behind).collect()));
}

/// A copy of nothing was met as a log of its own, and the next one was made over it.
#[test]
fn what_is_copied_over_an_empty_copy_comes_once() {
    let before = [Step::Rotate, Step::Rotate, Step::Reload, Step::Write(vec![Piece::Line])];

    run(&(HEAD, Rotation::CopyOver, before.into_iter().chain([Step::Read(25, 1), Step::Rotate]).collect()));
}

/// The copy before had a row of its own, with the inode of the one over it.
#[test]
fn what_is_copied_over_what_was_missed_comes_once_behind_a_stop() {
    let line = || Step::Write(vec![Piece::Line]);
    let before = [Step::Rotate, Step::Rotate, Step::Look, line(), Step::Rotate, Step::Read(0, 1), Step::Rotate];
    let behind = [Step::Wait(1), line(), Step::Look, Step::Rotate, Step::Look, Step::Read(0, 1), Step::Stop];

    run(&(HEAD, Rotation::CopyOver, before.into_iter().chain(behind).collect()));
}
