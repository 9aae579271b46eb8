//! The input as a whole, stepped by hand on real files, with a worker that settles or drops what it gets.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use vigie_parsers::Parsers;

use super::*;
use crate::config::{Entry, Located, Place as At, SectionKind};
use crate::plugin::{BuildContext, ByteQueue, Popped, Work, push_record_id};
use crate::receipts::Outcome;

/// A directory of logs that is tailed, again and again.
struct Rig {
    directory: tempfile::TempDir,
    options: Vec<(&'static str, String)>,
    tail: Option<(Tail, Arc<ByteQueue<Work>>)>,
    metrics: Arc<InputMetrics>,
}

/// A line as it was handed on, and the id its record would get.
type Line = (String, String);

impl Rig {
    fn new(options: &[(&'static str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("app.log");
        let mut all = vec![
            ("path", path.to_string_lossy().into_owned()),
            ("db", directory.path().join("pos.db").to_string_lossy().into_owned()),
            ("read_from_head", "on".to_owned()),
            ("rotate_wait", "0".to_owned()),
        ];
        for (key, value) in options {
            all.retain(|(known, _)| known != key);
            all.push((key, (*value).to_owned()));
        }
        Self { directory, options: all, tail: None, metrics: Arc::new(InputMetrics::new("tail.0")) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path(name)).expect("it opens");
        file.write_all(text.as_bytes()).expect("it is written");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("it is renamed");
    }

    /// Starts the agent anew; what was not stored is forgotten.
    fn start(&mut self) {
        self.tail = None;
        let located = |text: &str| Located { text: text.into(), place: At::default(), expanded: false };
        let entry = |(key, value): &(&str, String)| Entry { key: located(key), value: located(value) };
        let entries = self.options.iter().map(entry).collect();
        let section = Section { kind: SectionKind::Input, place: At::default(), entries, groups: Vec::new() };
        let context = BuildContext {
            name: "tail.0".into(),
            parsers: Arc::new(Parsers::default()),
            agent: Arc::new(Agent::new("test", b"secret-42")),
            state_directory: None,
            dry_run: false,
        };
        let stop = Stop::default();
        let setup =
            InputSetup { context: &context, tag: "t", mem_buf_limit: None, metrics: &self.metrics, stop: &stop };
        let mut findings = Diagnostics::default();
        let options = TailOptions::read(&section, &mut findings).expect("the options are valid");
        let paths = Paths::new(&options.path.0, &[]).expect("they are valid");
        let positions = open_positions(&options, &setup, &section, &mut findings).expect("it opens");
        let stage: StageFactory = Arc::new(|_| unreachable!("no worker runs here"));
        let mut tail = Tail::new(&options, paths, stage, positions, &setup);
        let queue = Arc::new(ByteQueue::new(1 << 30));
        tail.outlet = Some(Outlet::new(Memory::new(1 << 28), vec![Arc::clone(&queue)]));
        tail.start();
        self.tail = Some((tail, queue));
    }

    /// Looks at everything and hands on all there is; `settle` says which lines are answered for.
    fn step(&mut self, settle: impl Fn(&str) -> bool) -> Vec<Line> {
        let mut lines = Vec::new();
        for _ in 0..6 {
            let (tail, queue) = self.tail.as_mut().expect("it was started");
            tail.scan();
            for file in &mut tail.files {
                file.next_look = Instant::now();
            }
            while tail.round().is_zero() {}
            while let Popped::Element(work) = queue.pop(Some(Instant::now())) {
                lines.extend(taken(work, &settle));
            }
        }
        let (tail, _) = self.tail.as_mut().expect("it was started");
        tail.save(Instant::now(), true);
        lines
    }

    fn texts(&mut self) -> Vec<String> {
        self.step(|_| true).into_iter().map(|(text, _)| text).collect()
    }
}

fn taken(work: Work, settle: &impl Fn(&str) -> bool) -> Vec<Line> {
    let Work::Parcel(mut parcel) = work else { return Vec::new() };
    let agent = Agent::new("test", b"secret-42");
    let mut lines = Vec::new();
    for record in parcel.batch.records() {
        let text = record.plain_text(b"log").expect("it is raw");
        let mut id = agent.id_prefix(&parcel.stream, &parcel.tag);
        push_record_id(&record.origin(), &mut id);
        lines.push((String::from_utf8_lossy(text).into_owned(), String::from_utf8(id).expect("it is ASCII")));
    }
    if lines.iter().all(|(text, _)| settle(text)) {
        parcel.shares.pop().expect("raw parcels have one").settle_all(Outcome::Delivered);
    }
    lines
}

#[test]
fn lines_are_handed_on_as_they_are_completed() {
    let mut rig = Rig::new(&[]);
    rig.append("app.log", "one\r\ntwo\nthr");
    rig.start();

    assert_eq!(rig.texts(), ["one", "two"]);
    rig.append("app.log", "ee\n\nfive\n");
    assert_eq!(rig.texts(), ["three", "", "five"]);
    assert_eq!(rig.texts(), [""; 0]);
}

#[test]
fn a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_start() {
    let mut rig = Rig::new(&[]);
    rig.append("app.log", "one\n");
    rig.start();
    assert_eq!(rig.texts(), ["one"]);

    rig.append("app.log", "two\nrest");
    rig.rename("app.log", "app.log.1");
    rig.append("app.log", "three\n");
    let mut texts = rig.texts();
    texts.sort();

    assert_eq!(texts, ["rest", "three", "two"], "what has no newline comes when the file is over");
    let (tail, _) = rig.tail.as_ref().expect("it runs");
    assert_eq!(tail.files.len(), 1, "the old file was let go");
}

#[test]
fn renames_while_the_agent_is_down_lose_nothing() {
    let mut rig = Rig::new(&[]);
    rig.append("app.log", "one\n");
    rig.start();
    assert_eq!(rig.texts(), ["one"]);
    rig.tail = None;

    rig.append("app.log", "two\n");
    rig.rename("app.log", "app.log.1");
    rig.append("app.log", "three\n");
    rig.rename("app.log.1", "app.log.2");
    rig.rename("app.log", "app.log.1");
    rig.append("app.log", "four\n");
    rig.append("app-error.log", "another log\n");
    rig.start();
    let mut texts = rig.texts();
    texts.sort();

    assert_eq!(texts, ["four", "three", "two"]);
    assert_eq!(rig.texts(), [""; 0]);
}

#[test]
fn several_renames_between_two_looks_lose_nothing() {
    let mut rig = Rig::new(&[]);
    rig.append("app.log", "one\n");
    rig.start();
    assert_eq!(rig.texts(), ["one"]);

    for (at, text) in ["two\n", "three\n", "four\n"].into_iter().enumerate() {
        rig.rename("app.log", &format!("app.log.{at}"));
        rig.append("app.log", text);
    }
    let mut texts = rig.texts();
    texts.sort();

    assert_eq!(texts, ["four", "three", "two"]);
}

#[test]
fn a_file_truncated_in_place_is_read_from_its_start_under_other_ids() {
    let mut rig = Rig::new(&[]);
    rig.append("app.log", "same\nmore and more\n");
    rig.start();
    let before = rig.step(|_| true);

    fs::write(rig.path("app.log"), "same\n").expect("it is written");
    let after = rig.step(|_| true);

    assert_eq!(after[0].0, "same");
    assert_ne!(after[0].1, before[0].1, "another content, though it begins alike");
}

#[test]
fn the_rest_of_a_file_that_was_copied_and_truncated_is_read_from_the_copy() {
    let mut rig = Rig::new(&[]);
    rig.append("app.log", "one\n");
    rig.start();
    assert_eq!(rig.texts(), ["one"]);

    rig.append("app.log", "two\nthree\n");
    fs::copy(rig.path("app.log"), rig.path("app.log.1")).expect("it is copied");
    fs::write(rig.path("app.log"), "4\n").expect("it is written");
    let mut texts = rig.texts();
    texts.sort();

    assert_eq!(texts, ["4", "three", "two"]);
    assert_eq!(rig.metrics.abandoned_bytes.get(), 0);
}

#[test]
fn a_deleted_file_is_read_to_its_end() {
    let mut rig = Rig::new(&[]);
    rig.append("app.log", "one\n");
    rig.start();
    assert_eq!(rig.texts(), ["one"]);

    rig.append("app.log", "two\nend");
    fs::remove_file(rig.path("app.log")).expect("it is there");

    assert_eq!(rig.texts(), ["two", "end"]);
}

#[test]
fn what_was_not_settled_is_read_again_with_the_same_ids() {
    let mut rig = Rig::new(&[]);
    rig.append("app.log", "one\n");
    rig.start();
    assert_eq!(rig.step(|_| true).len(), 1);
    rig.append("app.log", "two\nthree\n");

    let refused = std::cell::Cell::new(true);
    let lines = rig.step(|_| !refused.replace(false));

    assert_eq!(lines.len(), 4, "the first time was not answered for");
    assert_eq!(lines[..2], lines[2..], "the second time is the same, ids included");
    assert_eq!(rig.metrics.rewinds.get(), 1);
}

#[test]
fn a_restart_goes_on_behind_what_was_settled_and_ids_are_the_same() {
    let mut rig = Rig::new(&[]);
    rig.append("app.log", "one\n");
    rig.start();
    rig.step(|_| true);
    rig.append("app.log", "two\n");
    let lost = {
        let (tail, queue) = rig.tail.as_mut().expect("it runs");
        tail.files[0].next_look = Instant::now();
        while tail.round().is_zero() {}
        let Popped::Element(work) = queue.pop(Some(Instant::now())) else { panic!("a line was appended") };
        taken(work, &|_| false)
    };

    rig.start();

    assert_eq!(rig.step(|_| true), lost);
    rig.tail = None;
    fs::remove_file(rig.path("pos.db")).expect("it is there");
    rig.start();
    assert_eq!(rig.step(|_| true)[1], lost[0], "even when the positions are lost");
}

#[test]
fn lines_above_the_limit_are_cut_left_out_or_shortened() {
    let (whole, start, rest) = ("x".repeat(50), "x".repeat(30), "x".repeat(20));
    let (part, last) = (rest.as_str(), "xxxxxxxxxx");
    let cases = [
        ("threaded", vec!["a", part, part, last, "b"]),
        ("skip_long_lines", vec!["a", "b"]),
        ("truncate_long_lines", vec!["a", part, "b"]),
    ];
    for (option, expected) in cases {
        let options = [(option, "on"), ("buffer_max_size", "20")];
        let mut rig = Rig::new(&options);
        rig.append("app.log", &format!("a\n{whole}\nb\n"));
        rig.start();
        assert_eq!(rig.texts(), expected, "whole: {options:?}");

        let mut rig = Rig::new(&options);
        rig.append("app.log", &format!("a\n{start}"));
        rig.start();
        let mut texts = rig.texts();
        rig.append("app.log", &format!("{rest}\nb\n"));
        texts.extend(rig.texts());
        assert_eq!(texts, expected, "in two pieces: {options:?}");
    }
}

#[test]
fn files_that_were_there_are_read_from_their_end_unless_told_otherwise() {
    let mut rig = Rig::new(&[("read_from_head", "off")]);
    rig.append("app.log", "old\n");
    rig.start();

    assert_eq!(rig.texts(), [""; 0]);
    rig.append("app.log", "new\n");
    assert_eq!(rig.texts(), ["new"]);
}

#[test]
fn what_is_no_regular_file_is_never_opened() {
    let mut rig = Rig::new(&[]);
    fs::create_dir(rig.path("app.log")).expect("it is made");

    rig.start();

    assert_eq!(rig.texts(), [""; 0]);
    assert!(file::open(Path::new("/dev/null")).is_err());
}

#[test]
fn empty_lines_and_runs_of_nul_can_be_left_out() {
    let mut rig = Rig::new(&[("skip_empty_lines", "on")]);
    rig.append("app.log", "a\n\n\0\0\0b\n\0\0\n");
    rig.start();

    assert_eq!(rig.texts(), ["a", "b"]);
}
