//! Each honoured option changes an outcome: the same configuration and input are run without and with it. Beside them, inputs
//! that are damaged, in `cases/malformed`.
//!
//! `cases/options` holds a file for each plugin, and one for what all inputs, filters or outputs share; `README.txt` there says
//! how they are written. An option that the program's own table calls honoured and that has no case fails by its name, unless
//! `elsewhere.tsv` names the test that proves it. Expectations were taken from runs and read over.

#![allow(clippy::disallowed_methods, reason = "the cases are small files of our own")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Most runs at the same time. They wait more than they reckon.
const AT_ONCE: usize = 6;

/// How long a run may take before it is stopped, unless its case says `--- stop`.
const LONGEST: Duration = Duration::from_secs(60);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/options")
}

/// One configuration with its input and what must come of it.
#[derive(Clone, Debug, Default)]
struct Case {
    /// Of which plugin, or `service`, `input`, `filter`, `output`.
    of: String,
    /// Key and value that are tried; of a base its name.
    line: String,
    is_base: bool,
    configuration: String,
    /// Name and text of each file that is there before.
    files: Vec<(String, String)>,
    output: String,
    /// Parts of its messages.
    says: Vec<String>,
    /// Whether it does not end by itself.
    is_stopped: bool,
    /// Arguments in place of a run of the configuration.
    arguments: Option<String>,
}

impl Case {
    fn key(&self) -> String {
        self.line.split(' ').next().unwrap_or_default().to_ascii_lowercase()
    }

    fn name(&self) -> String {
        format!("{}: {}", self.of, self.line)
    }

    /// The configuration of `base` with the tried line in place of `@`, and of a line of the same key in its section.
    fn on(mut self, base: &Self) -> Self {
        if self.key() == "input" {
            self.configuration = without_mark(&base.configuration);
            return self.with_files(base);
        }
        let mark = base.configuration.lines().position(|line| line.trim() == "@").expect("a base has its `@`");
        let lines: Vec<&str> = base.configuration.lines().collect();
        let begin = (0..mark).rev().find(|at| lines[*at].starts_with('[')).expect("a section");
        let end = (mark..lines.len()).find(|at| lines[*at].starts_with('[')).unwrap_or(lines.len());
        let key = self.key();
        let is_same = |at: usize, line: &str| {
            let found = line.trim().split(' ').next().unwrap_or_default().to_ascii_lowercase();
            (begin..end).contains(&at) && found == key
        };
        for (at, line) in lines.iter().enumerate() {
            if at == mark {
                self.configuration.push_str(&format!("  {}\n", self.line));
            } else if !is_same(at, line) {
                self.configuration.push_str(&format!("{line}\n"));
            }
        }
        self.with_files(base)
    }

    fn with_files(mut self, base: &Self) -> Self {
        self.arguments = self.arguments.or_else(|| base.arguments.clone());
        let more = std::mem::take(&mut self.files);
        self.files.extend(base.files.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name)).cloned());
        self.files.extend(more);
        self
    }
}

/// The cases of one file, each with the base that it is held against.
fn read(of: &str, text: &str) -> Vec<(Case, Option<Case>)> {
    let mut found: Vec<Case> = Vec::new();
    let mut part = String::new();
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        if let Some(name) = line.strip_prefix("=== ") {
            let is_base = name.starts_with("base ");
            found.push(Case { of: of.into(), line: name.into(), is_base, ..Case::default() });
            part = "configuration".into();
            continue;
        }
        let case = found.last_mut().expect("a case begins with its name");
        if let Some(name) = line.strip_prefix("--- ") {
            part = name.into();
            match name {
                "stop" => case.is_stopped = true,
                "output" | "says" => {}
                "run" => case.arguments = Some(String::new()),
                _ => case.files.push((name.into(), String::new())),
            }
            continue;
        }
        match part.as_str() {
            "configuration" => case.configuration.push_str(&format!("{line}\n")),
            "output" => case.output.push_str(&format!("{line}\n")),
            "says" => case.says.push(line.into()),
            "run" => case.arguments = Some(line.into()),
            _ => case.files.last_mut().expect("a file has its name").1.push_str(&format!("{line}\n")),
        }
    }
    let mut base: Option<Case> = None;
    let mut pairs = Vec::new();
    for case in found {
        if case.is_base {
            base = Some(case.clone());
            pairs.push((Case { configuration: without_mark(&case.configuration), ..case }, None));
        } else {
            let base = base.clone().expect("a base comes first");
            let case = case.on(&base);
            pairs.push((case, Some(Case { configuration: without_mark(&base.configuration), ..base })));
        }
    }
    pairs
}

fn without_mark(configuration: &str) -> String {
    configuration.lines().filter(|line| line.trim() != "@").map(|line| format!("{line}\n")).collect()
}

fn all_cases(folder: &Path) -> Vec<(Case, Option<Case>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("there are cases") {
        let path = entry.expect("an entry").path();
        let of = path.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_owned();
        if path.extension().is_some_and(|extension| extension == "txt") && of != "README" {
            all.extend(read(&of, &fs::read_to_string(&path).expect("it can be read")));
        }
    }
    all
}

/// Waits for the end; `true` when it had to be stopped.
fn wait(child: &mut Child, is_stopped: bool) -> bool {
    let limit = Instant::now() + if is_stopped { Duration::from_millis(1500) } else { LONGEST };
    while Instant::now() < limit {
        if child.try_wait().expect("it can be waited for").is_some() {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    Command::new("kill").arg(child.id().to_string()).status().expect("it is told to stop");
    true
}

/// What a run of `case` gives: standard output, its lines sorted, then each file below `out`; and its messages.
fn run(case: &Case) -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path();
    fs::write(place.join("a.conf"), &case.configuration).expect("written");
    fs::write(place.join("stdin"), "").expect("written");
    fs::create_dir(place.join("out")).expect("made");
    for (name, text) in &case.files {
        let (name, bytes) = match name.strip_suffix(".hex") {
            Some(name) => (name, unhex(text)),
            None => (name.as_str(), text.clone().into_bytes()),
        };
        let path = place.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    let vigie = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
        command.args(arguments).current_dir(place).env_clear().env("NODE_NAME", "case");
        command
    };
    let arguments: Vec<&str> = case.arguments.as_deref().unwrap_or("-c a.conf").split(' ').collect();
    let dry = vigie(&[&["-D"], arguments.as_slice()].concat()).output().expect("the program runs");
    let mut child = vigie(&arguments)
        .stdin(fs::File::open(place.join("stdin")).expect("it is there"))
        .stdout(fs::File::create(place.join("stdout")).expect("made"))
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let was_stopped = wait(&mut child, case.is_stopped);
    let Output { stderr, .. } = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&stderr);
    // What a dry run refuses is what a start refuses.
    let is_refused = said.contains(" in the configuration\n");
    assert_eq!(!dry.status.success(), is_refused, "{}: {}{said}", case.name(), String::from_utf8_lossy(&dry.stderr));
    let mut lines: Vec<String> = read_lines(&place.join("stdout"));
    lines.sort();
    let mut output = lines.concat();
    if was_stopped {
        output.push_str("(stopped)\n");
    }
    show(&place.join("out"), "out", &mut output);
    (output, said.into_owned())
}

fn read_lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).expect("UTF-8").lines().map(|line| format!("{line}\n")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let bytes = digits.chunks_exact(2).map(|pair| pair[0] * 16 + pair[1]);
    bytes.map(|byte| u8::try_from(byte).expect("two digits are a byte")).collect()
}

/// Adds the name and the text of each file below `place`.
fn show(place: &Path, name: &str, output: &mut String) {
    let entries = fs::read_dir(place).expect("a folder");
    let names: BTreeSet<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    for entry in names {
        let (path, name) = (place.join(&entry), format!("{name}/{}", entry.to_string_lossy()));
        if path.is_dir() {
            show(&path, &name, output);
            continue;
        }
        output.push_str(&format!("({name})\n"));
        let bytes = fs::read(path).expect("it can be read");
        match std::str::from_utf8(&bytes) {
            Ok(text) if !text.contains('\0') => output.push_str(text),
            _ if name.ends_with(".gz") => output.push_str(&format!("({} bytes)\n", bytes.len())),
            // The two bytes that tell the journal, 2 for WAL.
            _ if bytes.starts_with(b"SQLite") => output.push_str(&format!("(journal {:?})\n", &bytes[18..20])),
            _ => output.push_str("(no text)\n"),
        }
    }
}

/// Whether `found` is what `expected` says; `<*>` there stands for any characters of a line, `<+>` for a rest that begins
/// with a digit other than 0.
fn is_as(expected: &str, found: &str) -> bool {
    let is_like = |(expected, found): (&str, &str)| {
        if let Some(at) = expected.find("<+>") {
            let is_digit = found.as_bytes().get(at).is_some_and(|byte| matches!(byte, b'1'..=b'9'));
            return is_digit && found.get(..at) == expected.get(..at);
        }
        let mut parts = expected.split("<*>");
        let Some(mut rest) = found.strip_prefix(parts.next().unwrap_or_default()) else { return false };
        let parts: Vec<&str> = parts.collect();
        let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
        for part in middle {
            let Some((_, after)) = rest.split_once(part) else { return false };
            rest = after;
        }
        rest.ends_with(last)
    };
    expected.lines().count() == found.lines().count() && expected.lines().zip(found.lines()).all(is_like)
}

/// What is wrong with one case.
fn judge(case: &Case, base: Option<&Case>) -> Vec<String> {
    let (output, messages) = run(case);
    let mut wrong = Vec::new();
    let mut complain = |what: &str| wrong.push(format!("{}: {what}\n{output}{messages}", case.name()));
    if !is_as(&case.output, &output) {
        complain("another output");
    }
    for part in case.says.iter().filter(|part| !messages.contains(part.as_str())) {
        complain(&format!("it does not say `{part}`"));
    }
    if let Some(base) = base {
        let is_said_without = |base: &Case| {
            let (_, messages) = run(base);
            case.says.iter().all(|part| messages.contains(part.as_str()))
        };
        if is_as(&base.output, &output) && is_said_without(base) {
            complain("the option changes nothing");
        }
    }
    wrong
}

#[test]
fn each_case_gives_its_outcome_and_another_one_without_the_option() {
    judge_all(all_cases(&folder()));
}

#[test]
fn what_is_malformed_in_an_input_is_kept_or_told() {
    let cases = all_cases(&folder().join("../malformed"));

    assert!(cases.len() >= 105, "{}", cases.len());
    judge_all(cases);
}

fn judge_all(cases: Vec<(Case, Option<Case>)>) {
    let waiting = Mutex::new(cases);
    let next = || waiting.lock().expect("nobody fails with it").pop();
    let work = || {
        let mut wrong = Vec::new();
        while let Some((case, base)) = next() {
            wrong.extend(judge(&case, base.as_ref()));
        }
        wrong
    };

    let wrong: Vec<String> = thread::scope(|scope| {
        let at_work: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        at_work.into_iter().flat_map(|thread| thread.join().expect("it judges all")).collect()
    });

    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Section and key of each option that the program calls honoured.
fn honoured() -> BTreeSet<(String, String)> {
    let table = Command::new(env!("CARGO_BIN_EXE_vigie")).arg("-J").output().expect("the program runs");
    let table: Value = serde_json::from_slice(&table.stdout).expect("it is JSON");
    let mut all = BTreeSet::new();
    let mut take = |of: &str, options: &Value| {
        for option in options.as_array().expect("a list").iter().filter(|option| option["verdict"] == "honoured") {
            all.insert((of.to_owned(), option["name"].as_str().expect("a text").to_owned()));
        }
    };
    take("service", &table["service"]);
    take("definitions", &table["parser"]);
    take("multiline_parser", &table["multiline_parser"]);
    for (list, of) in [("inputs", "input"), ("filters", "filter"), ("outputs", "output")] {
        for plugin in table[list].as_array().expect("a list") {
            take(of, &plugin["properties"]["global_options"]);
            take(plugin["name"].as_str().expect("a text"), &plugin["properties"]["options"]);
        }
    }
    all
}

/// The row that a key belongs to: its own, or one that ends in `*`.
fn row_of(honoured: &BTreeSet<(String, String)>, (of, key): (String, String)) -> (String, String) {
    let begins = |prefix: &str| honoured.contains(&(of.clone(), format!("{prefix}*")));
    match key.rsplit_once('_').map(|(prefix, _)| format!("{prefix}_")) {
        Some(prefix) if begins(&prefix) && !honoured.contains(&(of.clone(), key.clone())) => (of, format!("{prefix}*")),
        _ => (of, key),
    }
}

/// The test called `name` in the source `text`: what stands right above it, and its body.
fn test_called(name: &str, text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.contains(&format!("fn {name}(")))?;
    let is_above = |line: &&&str| line.trim_start().starts_with("///") || line.trim_start().starts_with("#[");
    let above = lines[..at].iter().rev().take_while(is_above).count();
    let head = &lines[at - above..at];
    let is_test = |line: &&str| line.trim() == "#[test]" || line.trim_start().starts_with("#[tokio::test");
    let indentation = lines[at].strip_suffix(lines[at].trim_start()).unwrap_or_default();
    let length = lines[at..].iter().position(|line| *line == format!("{indentation}}}"))?;
    head.iter().any(is_test).then(|| lines[at - above..=at + length].join("\n").to_ascii_lowercase())
}

/// Whether `proof` names the option `key`, as it is written in a configuration or in code.
fn names(proof: &str, key: &str) -> bool {
    [key.to_owned(), key.replace('.', "_")].iter().any(|name| proof.contains(name.as_str()))
}

#[test]
fn what_is_no_test_or_names_no_option_proves_nothing() {
    let source = "fn helper() {\n    flush();\n}\n\n#[test]\nfn it_works() {\n    set(\"Hc_Period 5\");\n}\n";

    assert_eq!(test_called("helper", source), None);
    let proof = test_called("it_works", source).expect("it is a test");
    assert!(names(&proof, "hc_period") && !names(&proof, "flush"));
}

#[test]
fn each_honoured_option_has_a_case_or_is_proven_by_a_test_that_is_named() {
    let cases = all_cases(&folder()).into_iter().filter(|(case, _)| !case.is_base);
    let honoured = honoured();
    let with_case: BTreeSet<(String, String)> =
        cases.map(|(case, _)| row_of(&honoured, (case.of.clone(), case.key()))).collect();
    let elsewhere = fs::read_to_string(folder().join("elsewhere.tsv")).expect("it can be read");
    let mut named = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in elsewhere.lines().filter(|row| !row.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [of, keys, file, test, _reason] = columns.try_into().expect("five columns");
        let text = fs::read_to_string(folder().join("../../..").join(file)).unwrap_or_default();
        let proof = test_called(test, &text);
        if proof.is_none() {
            wrong.push(format!("there is no test `{test}` in `{file}`"));
        }
        for key in keys.split(' ') {
            if proof.as_ref().is_some_and(|proof| !names(proof, key)) {
                wrong.push(format!("`{test}` in `{file}` does not name `{key}`"));
            }
            named.insert((of.to_owned(), key.to_owned()));
        }
    }

    let known: BTreeSet<_> = with_case.union(&named).cloned().collect();
    wrong.extend(honoured.difference(&known).map(|(of, key)| format!("{of}: `{key}` has no case")));
    wrong.extend(known.difference(&honoured).map(|(of, key)| format!("{of}: `{key}` is not honoured, and has a case")));
    wrong.extend(
        with_case.intersection(&named).map(|(of, key)| format!("{of}: `{key}` has a case and a row elsewhere")),
    );
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
