//! Many configurations as data: what is said of each wrong one, and what each good one makes of its input.
//!
//! The files of `cases/config` say how they are written. All expectations are by hand.

#![allow(clippy::disallowed_methods, reason = "the cases are small files of our own")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

fn cases(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/config").join(name);
    fs::read_to_string(path).expect("the cases can be read")
}

/// What `judge` finds wrong with all of `items`, several at the same time: most of a run is its start.
fn at_once<T: Send>(items: Vec<T>, judge: impl Fn(&T) -> Vec<String> + Copy + Send + Sync) -> Vec<String> {
    let waiting = Mutex::new(items);
    let next = || waiting.lock().expect("nobody fails with it").pop();
    let work = || {
        let mut wrong = Vec::new();
        while let Some(item) = next() {
            wrong.extend(judge(&item));
        }
        wrong
    };
    thread::scope(|scope| {
        let at_work: Vec<_> = (0..6).map(|_| scope.spawn(work)).collect();
        at_work.into_iter().flat_map(|thread| thread.join().expect("it judges all")).collect()
    })
}

/// An error as it was said.
#[derive(Debug)]
struct Said {
    line: u32,
    code: String,
    message: String,
}

fn vigie(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.args(arguments).current_dir(folder).env_clear().env("NODE_NAME", "case");
    command
}

/// What a start with `file` says that is refused, told apart from one that goes on running.
fn refused_start(folder: &Path, file: &str) -> String {
    let mut child = vigie(folder, &["-c", file])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let until = Instant::now() + Duration::from_secs(30);
    while child.try_wait().expect("it is waited for").is_none() && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
    // One that has ended is gone already.
    drop(child.kill());
    let run = child.wait_with_output().expect("it ends");
    String::from_utf8(run.stderr).expect("it speaks UTF-8") + if run.status.success() { "it started" } else { "" }
}

/// The errors that a dry run of `file` in `folder` tells, in order. A start tells the same, word by word.
fn errors(folder: &Path, file: &str) -> (Vec<Said>, String) {
    let run = vigie(folder, &["-D", "-c", file]).output().expect("the program runs");
    let all = String::from_utf8(run.stderr).expect("it speaks UTF-8");
    if !run.status.success() {
        assert_eq!(refused_start(folder, file), all, "a start of {file}");
    }
    let mut errors: Vec<Said> = Vec::new();
    for line in all.lines() {
        let help = line.strip_prefix("    = help: ");
        if let (Some(help), Some(last)) = (help, errors.last_mut()) {
            last.message.push_str("; ");
            last.message.push_str(help);
        }
        let Some((before, after)) = line.split_once("error[").filter(|_| !line.starts_with(' ')) else { continue };
        let (code, message) = after.split_once("]: ").expect("a message follows its code");
        let number = before.split(':').nth(1).and_then(|number| number.trim().parse().ok());
        errors.push(Said { line: number.unwrap_or(0), code: code.into(), message: message.into() });
    }
    assert_eq!(run.status.success(), errors.is_empty(), "{all}");
    assert!(!all.contains("secret-42"), "{all}");
    (errors, all)
}

/// A row of `wrong_options.txt`.
struct Row {
    of: String,
    line: String,
    code: String,
    part: String,
}

impl Row {
    fn read(row: &str) -> Self {
        let columns: Vec<String> = row.splitn(4, " | ").map(str::to_owned).collect();
        let [of, line, code, part] = columns.try_into().expect("four columns");
        Self { of, line, code, part }
    }

    fn key(&self) -> String {
        self.line.split(' ').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// Heading and lines of a section that is good without the row.
    fn section(&self, number: usize) -> (&'static str, Vec<String>) {
        let name = format!("Name {}", self.of);
        let (kind, lines): (&str, Vec<String>) = match self.of.as_str() {
            "PARSER" => ("PARSER", vec![format!("Name a{number}"), "Format json".into()]),
            "tail" => ("INPUT", vec![name, "Path /nonexistent/*.log".into()]),
            "stdin" | "dummy" => ("INPUT", vec![name]),
            "parser" => ("FILTER", [&name, "Match *", "Key_Name log", "Parser json"].map(str::to_owned).to_vec()),
            "grep" | "modify" | "record_modifier" => ("FILTER", vec![name, "Match *".into()]),
            _ => ("OUTPUT", vec![name, "Match *".into()]),
        };
        let is_other = |line: &String| line.split(' ').next().unwrap_or_default().to_ascii_lowercase() != self.key();
        (kind, lines.into_iter().filter(is_other).collect())
    }
}

/// Rows that can stand in one file: each in a section of its own, those of the service with different keys.
fn in_files(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut files: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        // These are compared with each other.
        let is_alone = row.key().starts_with("scheduler.");
        let collides = |other: &Row| other.of == "service" && row.of == "service" && other.key() == row.key();
        let fits = |file: &Vec<Row>| {
            !is_alone && file.len() < 40 && !file.iter().any(|other| collides(other) || other.key().starts_with("sch"))
        };
        match files.iter_mut().find(|file| fits(file)) {
            Some(file) => file.push(row),
            None => files.push(vec![row]),
        }
    }
    files
}

/// The file of `rows`, and the line that each stands in.
fn file_of(rows: &[Row]) -> (String, Vec<u32>) {
    let mut lines = vec!["[SERVICE]".to_owned()];
    let mut numbers = vec![0; rows.len()];
    let (service, others): (Vec<_>, Vec<_>) = rows.iter().enumerate().partition(|(_, row)| row.of == "service");
    for (at, row) in service {
        lines.push(format!("  {}", row.line));
        numbers[at] = lines.len();
    }
    for (at, row) in others {
        let (kind, base) = row.section(at);
        lines.extend([format!("[{kind}]"), format!("  {}", row.line)]);
        numbers[at] = lines.len();
        lines.extend(base.iter().map(|line| format!("  {line}")));
    }
    lines.extend(["[INPUT]", "  Name dummy", "[OUTPUT]", "  Name null", "  Match *"].map(str::to_owned));
    (lines.join("\n") + "\n", numbers.into_iter().map(|number| u32::try_from(number).expect("few")).collect())
}

#[test]
fn each_wrong_option_is_told_with_its_line_and_a_reason() {
    let text = cases("wrong_options.txt");
    let rows: Vec<Row> = text.lines().filter(|row| !row.starts_with('#')).map(Row::read).collect();
    assert!(rows.len() >= 250);

    let wrong = at_once(in_files(rows), |rows: &Vec<Row>| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut wrong = Vec::new();
        let (configuration, numbers) = file_of(rows);
        fs::write(folder.path().join("a.conf"), configuration).expect("written");

        let (mut left, all) = errors(folder.path(), "a.conf");

        for (row, number) in rows.iter().zip(numbers) {
            // A key of the spool has no place.
            let has_place = |said: &Said| said.line == number || row.code == "V135" && said.line == 0;
            let is_told = |said: &Said| has_place(said) && said.code == row.code && said.message.contains(&row.part);
            match left.iter().position(is_told) {
                Some(at) => drop(left.remove(at)),
                None => wrong.push(format!("{} | {} in line {number}\n{all}", row.of, row.line)),
            }
        }
        wrong.extend(left.iter().map(|said| format!("told beside: {said:?}")));
        wrong
    });

    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The cases of `text`: name and parts between lines that begin with `---`.
fn split(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with("# ") || line.starts_with("# nothing")) {
        if let Some(name) = line.strip_prefix("=== ") {
            found.push((name.to_owned(), vec![String::new()]));
            continue;
        }
        let (_, parts) = found.last_mut().expect("a case begins with its name");
        if line == "---" || line.starts_with("--- ") {
            parts.push(String::new());
        } else {
            let part = parts.last_mut().expect("there is one");
            // The line that begins a document of YAML, where a part would begin.
            part.push_str(line.strip_suffix("yaml").filter(|line| *line == "---").unwrap_or(line));
            part.push('\n');
        }
    }
    found
}

#[test]
fn each_wrong_file_is_told_with_all_its_mistakes() {
    let all_cases = split(&cases("wrong_files.txt"));
    assert!(all_cases.len() >= 50);

    let wrong = at_once(all_cases, |(name, parts): &(String, Vec<String>)| {
        let mut wrong = Vec::new();
        let folder = tempfile::tempdir().expect("a folder");
        let [text, expected] = <[String; 2]>::try_from(parts.clone()).expect("two parts");
        let text = if name.starts_with("windows") { text.replace('\n', "\r\n") } else { text };
        let files = if text.starts_with("+++ ") { files(&text) } else { vec![(name.clone(), text)] };
        for (file, text) in &files {
            fs::write(folder.path().join(file), text).expect("written");
        }

        let (errors, all) = errors(folder.path(), &files[0].0);

        let mut left: Vec<&Said> = errors.iter().collect();
        for row in expected.lines() {
            let columns: Vec<&str> = row.splitn(3, ' ').collect();
            let [line, code, part] = columns.try_into().expect("three columns");
            let is_meant =
                |said: &&Said| said.line.to_string() == line && said.code == code && said.message.contains(part);
            match left.iter().position(is_meant) {
                Some(at) => drop(left.remove(at)),
                None => wrong.push(format!("{name}: not told: {row}\n{all}")),
            }
        }
        if !left.is_empty() {
            wrong.push(format!("{name}: told beside: {left:?}"));
        }
        wrong
    });

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the program writes to standard output, its lines sorted.
fn run(folder: &Path, file: &str, input: &str) -> (String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(["-q", "-c", file])
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(input.as_bytes()).expect("it is read");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let mut lines: Vec<String> = text(output.stdout).lines().map(str::to_owned).collect();
    lines.sort();
    (lines.iter().map(|line| format!("{line}\n")).collect(), text(output.stderr))
}

/// The files of a case by name, the main one first. Escapes `\r`, `\t` and `\ufeff` of classic ones are what they stand for.
fn files(text: &str) -> Vec<(String, String)> {
    if !text.starts_with("+++ ") {
        return vec![("a.yaml".to_owned(), text.to_owned())];
    }
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("+++ "), files.last_mut()) {
            (Some(name), _) => files.push((name.to_owned(), String::new())),
            (None, Some((_, text))) => {
                text.push_str(&line.replace("\\r", "\r").replace("\\t", "\t").replace("\\ufeff", "\u{feff}"));
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    files
}

#[test]
fn each_good_file_makes_of_its_input_what_is_expected() {
    let wrong = at_once(split(&cases("runs.txt")), |(name, parts): &(String, Vec<String>)| {
        let folder = tempfile::tempdir().expect("a folder");
        let [text, input, expected] = <[String; 3]>::try_from(parts.clone()).expect("three parts");
        let files = files(&text);
        for (file, text) in &files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().expect("it is in the folder")).expect("made");
            fs::write(file, text).expect("written");
        }
        let main = &*files[0].0;

        let dry = vigie(folder.path(), &["-D", "-c", main]).output().expect("the program runs");
        assert!(dry.status.success(), "{name}: {}", String::from_utf8_lossy(&dry.stderr));
        let (output, said) = run(folder.path(), main, &input);

        let wrong = format!("{name}: expected\n{expected}found\n{output}{said}");
        if output == expected { Vec::new() } else { vec![wrong] }
    });

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
