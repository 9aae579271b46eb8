//! Events that lie on both sides of a rotation, over kills, seen from outside: what the store holds in the end, by its ids.

#![allow(clippy::disallowed_methods, reason = "the files are small and our own")]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long something may take that is waited for.
const LONGEST: Duration = Duration::from_secs(30);

/// A running agent. Killed when dropped.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        // One that has ended is gone already; then both do nothing.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A folder with a log, and what the agent delivers of it.
struct Stand {
    folder: tempfile::TempDir,
    runs: u32,
    rotations: u32,
}

impl Stand {
    /// A configuration that reads `app.log` with `options`.
    fn new(options: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "
[SERVICE]
    flush           0.05
[INPUT]
    Name            tail
    Tag             app
    Path            app.log
    DB              tail.db
    Read_from_Head  on
    Rotate_Wait     1
    {options}
[OUTPUT]
    Name            opensearch
    Match           *
    Index           logs
    Write_To        RUN
"
        );
        fs::write(folder.path().join("base.conf"), text).expect("written");
        Self { folder, runs: 0, rotations: 0 }
    }

    fn start(&mut self) -> Agent {
        self.runs += 1;
        let folder = self.folder.path();
        let base = fs::read_to_string(folder.join("base.conf")).expect("it is there");
        let name = format!("run-{}.conf", self.runs);
        fs::write(folder.join(&name), base.replace("RUN", &format!("run-{}", self.runs))).expect("written");
        let log = File::create(folder.join("messages.log")).expect("a file for messages");
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
        command.current_dir(folder).args(["-c", &name]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Agent(command.spawn().expect("it starts"))
    }

    fn write(&self, text: &str) {
        let log = self.folder.path().join("app.log");
        let mut log = OpenOptions::new().create(true).append(true).open(log).expect("it opens");
        log.write_all(text.as_bytes()).expect("written");
    }

    /// Renames the log, as a rotation of many files that are kept does.
    fn rename(&mut self) {
        self.rotations += 1;
        let path = |name: &str| self.folder.path().join(name);
        fs::rename(path("app.log"), path(&format!("app.log.{}", self.rotations))).expect("renamed");
    }

    /// Copies the log and truncates it.
    fn truncate(&mut self) {
        self.rotations += 1;
        let path = |name: &str| self.folder.path().join(name);
        fs::copy(path("app.log"), path(&format!("app.log.{}", self.rotations))).expect("copied");
        File::create(path("app.log")).expect("truncated");
    }

    /// The texts that were delivered so far, by the id of their document.
    fn stored(&self) -> BTreeMap<String, String> {
        let mut stored = BTreeMap::new();
        for run in 1..=self.runs {
            let requests = fs::read_dir(self.folder.path().join(format!("run-{run}"))).into_iter().flatten();
            let whole = |path: &Path| path.extension().is_none_or(|ending| ending != "tmp");
            for request in requests.filter_map(Result::ok).filter(|request| whole(&request.path())) {
                let body = fs::read_to_string(request.path()).unwrap_or_default();
                stored.extend(documents(&body));
            }
        }
        stored
    }

    /// The texts alone, in order.
    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.stored().into_values().collect();
        texts.sort();
        texts
    }

    /// Waits until `expected` are stored, and nothing else.
    fn wait_for<Text: AsRef<str>>(&self, expected: &[Text]) {
        let mut expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
        expected.sort_unstable();
        let until = Instant::now() + LONGEST;
        while self.texts() != expected && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        let said = || fs::read_to_string(self.folder.path().join("messages.log")).unwrap_or_default();
        assert_eq!(self.texts(), expected, "{}", said());
    }

    /// The same, and then for anything that comes once more.
    fn check(&self, expected: Vec<String>) {
        self.wait_for(&expected);
        thread::sleep(Duration::from_millis(1_500));
        self.wait_for(&expected);
    }
}

/// The documents of a bulk request: id and text.
fn documents(body: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = body.lines().collect();
    let document = |pair: &[&str]| {
        let [action, document] = [pair[0], pair[1]].map(|line| serde_json::from_str::<Value>(line).ok());
        let (action, document) = (action?, document?);
        let id = action["create"]["_id"].as_str().or(action["index"]["_id"].as_str())?;
        Some((id.to_owned(), document["log"].as_str()?.to_owned()))
    };
    lines.chunks_exact(2).filter_map(document).collect()
}

/// One piece after the other, a rotation behind each, and a kill behind some.
fn rotated(stand: &mut Stand, pieces: &[String], mut rotate: impl FnMut(&mut Stand)) {
    let mut agent = stand.start();
    stand.write(&line("F", "start", "start"));
    stand.wait_for(&["start", "start"]);
    for (at, piece) in pieces.iter().enumerate() {
        stand.write(piece);
        thread::sleep(Duration::from_millis([5, 90, 30, 160][at % 4]));
        if at % 7 == 5 {
            drop(agent);
            agent = stand.start();
        }
        if at + 1 < pieces.len() {
            rotate(stand);
        }
    }
    thread::sleep(Duration::from_millis(300));
    drop(agent);
    let _agent = stand.start();
    let joined = (0..pieces.len() - 1).flat_map(|at| [format!("a{at} b{at}"), format!("x{at} y{at}")]);
    stand.check(joined.chain(["start".to_owned(), "start".to_owned()]).collect());
}

/// A line of each output of a container.
fn line(tag: &str, out: &str, err: &str) -> String {
    format!("2026-11-21T00:00:00.1Z stdout {tag} {out}\n2026-11-21T00:00:00.1Z stderr {tag} {err}\n")
}

/// Lines of a container runtime, of which the last of each piece go on in the next.
fn parts() -> Vec<String> {
    let piece = |at: u32| {
        let end = at.checked_sub(1).map_or(String::new(), |at| line("F", &format!("b{at}"), &format!("y{at}")));
        let begin = line("P", &format!("a{at} "), &format!("x{at} "));
        // No two in a row have the same length: a log that was truncated and has the size that it had is not seen to have changed.
        let text = if at == 24 { end } else { end + &begin };
        if at % 2 == 1 { text.replace("00.1Z", "00.100Z") } else { text }
    };
    (0..25).map(piece).collect()
}

#[test]
fn parts_of_lines_are_joined_across_rotations_and_kills() {
    let mut stand = Stand::new("Multiline.Parser cri");

    let mut done = vec!["start".to_owned(), "start".to_owned()];
    let rename = |stand: &mut Stand| {
        let at = done.len() / 2 - 1;
        // Of two rotations that no look falls between the order is not known: every second one waits.
        if at % 2 == 0 {
            stand.wait_for(&done);
        }
        done.extend([format!("a{at} b{at}"), format!("x{at} y{at}")]);
        stand.rename();
    };
    rotated(&mut stand, &parts(), rename);
}

#[test]
fn parts_of_lines_are_joined_across_copies_and_kills() {
    let mut stand = Stand::new("Multiline.Parser cri");

    let mut done = vec!["start".to_owned(), "start".to_owned()];
    let truncate = |stand: &mut Stand| {
        // A copy can be told from others once what it was made of is known.
        stand.wait_for(&done);
        let at = done.len() / 2 - 1;
        done.extend([format!("a{at} b{at}"), format!("x{at} y{at}")]);
        stand.truncate();
    };
    rotated(&mut stand, &parts(), truncate);
}

/// Pieces that end in the midst of a line, and no two in a row of the same length.
fn halves() -> Vec<String> {
    let piece = |at: u32| {
        let end = at.checked_sub(1).map_or(String::new(), |at| format!("y{at}\nline {at}\n"));
        if at == 8 { end } else { end + &format!("x{at}{} ", ".".repeat(at as usize % 2)) }
    };
    (0..9).map(piece).collect()
}

/// Writes `first` and then the `pieces`, with a rotation behind each and a kill behind every third. What each but the first completes is
/// `completed`.
fn in_pieces(
    (options, first): (&str, &str),
    pieces: &[String],
    completed: impl Fn(usize) -> [String; 2],
    mut rotate: impl FnMut(&mut Stand),
) {
    let mut stand = Stand::new(options);
    let mut agent = stand.start();
    let mut expected = vec![first.to_owned()];
    stand.write(&format!("{first}\n"));
    for (at, piece) in pieces.iter().enumerate() {
        stand.wait_for(&expected);
        stand.write(piece);
        if at % 3 == 1 {
            drop(agent);
            agent = stand.start();
        }
        expected.extend(at.checked_sub(1).into_iter().flat_map(&completed));
        if at + 1 < pieces.len() {
            // What was read of it proves which copy is its.
            stand.wait_for(&expected);
            rotate(&mut stand);
        }
    }

    stand.check(expected);
}

fn split(rotate: impl FnMut(&mut Stand)) {
    let completed = |at: usize| [format!("x{at}{} y{at}", ".".repeat(at % 2)), format!("line {at}")];
    in_pieces(("", "first"), &halves(), completed, rotate);
}

#[test]
fn lines_that_a_rename_split_are_joined_over_kills() {
    split(Stand::rename);
}

#[test]
fn lines_that_a_truncation_split_are_joined_over_kills() {
    split(Stand::truncate);
}

/// Lines that a filter joins: an event begins at the end of each piece and ends at the start of the next. No two in a row have the same
/// length.
fn events(rotate: impl FnMut(&mut Stand)) {
    let options = "Key log
[FILTER]
    Name multiline
    Match *
    multiline.parser java
    multiline.key_content log
    flush_ms 10000";
    let first = |at: usize| format!("java.lang.Exception: {at}{}", ".".repeat(at % 2));
    let piece = |at: usize| {
        let end = at.checked_sub(1).map_or(String::new(), |before| format!("\tat a.b({before})\nplain {before}\n"));
        if at == 8 { end } else { end + &first(at) + "\n" }
    };
    let completed = |at: usize| [format!("{}\n\tat a.b({at})", first(at)), format!("plain {at}")];
    in_pieces((options, "plain"), &(0..9).map(piece).collect::<Vec<_>>(), completed, rotate);
}

#[test]
fn events_that_a_filter_joins_go_on_behind_a_rename_over_kills() {
    events(Stand::rename);
}

#[test]
fn events_that_a_filter_joins_go_on_behind_a_truncation_over_kills() {
    events(Stand::truncate);
}
