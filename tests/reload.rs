//! Reloads, seen from outside: a writer goes on while the configuration changes under the agent.

#![allow(clippy::disallowed_methods, reason = "the files are small and our own")]

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A configuration that adds `generation` to each line, with `more` in `[SERVICE]`.
fn configuration(port: u16, generation: u32, more: &str) -> String {
    format!(
        "
[SERVICE]
    storage.path    state
    hot_reload      on
    http_server     on
    http_port       {port}
    flush           0.1
    {more}
[INPUT]
    Name            tail
    Tag             app
    Path            app.log
    Read_from_Head  on
    Refresh_Interval 1
[FILTER]
    Name            record_modifier
    Match           *
    Record          generation {generation}
[OUTPUT]
    Name            file
    Match           *
    File            out
    Format          template
    Template        {{generation}} {{log}}
"
    )
}

/// A running agent in a folder of its own. Killed when dropped.
struct Agent {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Drop for Agent {
    fn drop(&mut self) {
        // One that has ended is gone already; then both do nothing.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(folder: &Path, stdin: Stdio) -> Child {
    let log = OpenOptions::new().create(true).append(true).open(folder.join("log")).expect("a file for messages");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.current_dir(folder).args(["-c", "a.conf"]).stdin(stdin).stdout(Stdio::null()).stderr(log);
    command.spawn().expect("it starts")
}

impl Agent {
    fn start(configuration: impl Fn(u16) -> String, stdin: Stdio) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), configuration, stdin)
    }

    fn start_in(folder: tempfile::TempDir, configuration: impl Fn(u16) -> String, stdin: Stdio) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it has one").port();
        fs::write(folder.path().join("a.conf"), configuration(port)).expect("written");
        let child = spawn(folder.path(), stdin);
        let agent = Self { child, folder, port };
        agent.runs();
        agent
    }

    /// Starts it once more in its folder.
    fn start_again(&mut self) {
        self.child = spawn(self.path(), Stdio::null());
        self.runs();
    }

    fn runs(&self) {
        self.eventually("it runs", || self.get("/api/v1/uptime").contains("200 OK"));
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn configure(&self, text: &str) {
        fs::write(self.path().join("a.conf"), text).expect("written");
    }

    /// Appends to the log: writing it anew would empty it first, and what is empty may be seen so.
    fn append(&self, text: &str) {
        let mut file = OpenOptions::new().append(true).open(self.path().join("app.log")).expect("it opens");
        file.write_all(text.as_bytes()).expect("written");
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is signalled");
    }

    /// The answer to a request, empty when there is none.
    fn ask(&self, method: &str, path: &str) -> String {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            stream.write_all(format!("{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").as_bytes())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().unwrap_or_default()
    }

    fn get(&self, path: &str) -> String {
        self.ask("GET", path)
    }

    fn reloads(&self, count: u32) {
        let wanted = format!("{{\"hot_reload_count\":{count}}}");
        self.eventually("it reloads", || self.get("/api/v2/reload").ends_with(&wanted));
    }

    fn said(&self) -> String {
        fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }

    fn written(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path().join("out")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn eventually(&self, what: &str, holds: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(60);
        while !holds() {
            assert!(Instant::now() < until, "{what}: {}", self.said());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn stop(&mut self) {
        self.signal(Signal::TERM);
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{}", self.said());
    }
}

/// Writes numbered lines until told to end, and rotates the file now and then. Gives how many.
fn write_lines(folder: &Path, is_over: &AtomicBool) -> u32 {
    let path = folder.join("app.log");
    let open = || OpenOptions::new().create(true).append(true).open(&path).expect("opened");
    let mut file = open();
    let mut number = 0;
    while !is_over.load(Ordering::Relaxed) {
        for _ in 0..50 {
            // In two halves, so that a reload finds lines without an end.
            write!(file, "line ").expect("written");
            writeln!(file, "{number}").expect("written");
            number += 1;
        }
        if number % 2_500 == 0 {
            fs::rename(&path, folder.join(format!("app.log.{number}"))).expect("rotated");
            file = open();
        }
        thread::sleep(Duration::from_millis(5));
    }
    number
}

/// The numbers at the ends of lines.
fn numbers(lines: &[String]) -> Vec<u32> {
    let number = |line: &String| line.rsplit(' ').next().and_then(|number| number.parse().ok());
    lines.iter().map(|line| number(line).expect("a whole line")).collect()
}

/// All numbers below `count` have come, each once.
fn expect_each_once(agent: &Agent, count: usize) {
    let mut numbers = numbers(&agent.written());
    numbers.sort_unstable();
    let expected: Vec<u32> = (0..u32::try_from(count).expect("few")).collect();
    assert!(numbers == expected, "{} lines for {count}: {}", numbers.len(), agent.said());
}

#[test]
fn nothing_is_lost_or_doubled_over_five_reloads() {
    let mut agent = Agent::start(|port| configuration(port, 0, ""), Stdio::null());
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = {
        let (folder, is_over) = (agent.path().to_owned(), Arc::clone(&is_over));
        thread::spawn(move || write_lines(&folder, &is_over))
    };

    for generation in 1..=5 {
        let before = format!("{} ", generation - 1);
        agent.eventually("lines come", || agent.written().iter().any(|line| line.starts_with(&before)));
        agent.configure(&configuration(agent.port, generation, ""));
        if generation % 2 == 0 {
            let answer = agent.ask("POST", "/api/v2/reload");
            assert!(answer.ends_with(r#"{"reload":"done","status":0}"#), "{answer}: {}", agent.said());
        } else {
            agent.signal(Signal::HUP);
        }
        agent.reloads(generation);
    }
    agent.eventually("lines come", || agent.written().iter().any(|line| line.starts_with("5 ")));
    is_over.store(true, Ordering::Relaxed);
    let count = writer.join().expect("it wrote") as usize;
    agent.eventually("all is delivered", || agent.written().len() >= count);
    agent.stop();

    expect_each_once(&agent, count);
}

/// The agent is asked at its `http_port`, which one of the configurations cannot have.
#[test]
fn a_refused_reload_leaves_what_ran() {
    let mut agent = Agent::start(|port| configuration(port, 7, ""), Stdio::null());
    fs::write(agent.path().join("app.log"), "one\n").expect("written");
    agent.eventually("a line comes", || agent.written() == ["7 one"]);

    agent.configure(&configuration(agent.port, 8, "fulsh 1"));
    let answer = agent.ask("POST", "/api/v2/reload");
    agent.signal(Signal::HUP);
    agent.eventually("both are refused", || agent.said().matches("what ran goes on").count() == 2);
    agent.configure(&configuration(agent.port, 8, "").replace("storage.path    state", "storage.path    other"));
    let moved = agent.ask("PUT", "/api/v2/reload");
    agent.configure("");
    let emptied = agent.ask("POST", "/api/v2/reload");
    agent.configure(&configuration(agent.port, 8, "log_file nowhere/a.log"));
    let unlogged = agent.ask("POST", "/api/v2/reload");
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = other.local_addr().expect("it has one").port();
    agent.configure(&configuration(taken, 8, ""));
    let unserved = agent.ask("POST", "/api/v2/reload");
    assert!(!agent.said().contains("what runs is stopped"), "nothing is stopped for what cannot start");
    agent.configure(&configuration(agent.port, 8, "http_listen 192.0.2.1"));
    let unstartable = agent.ask("POST", "/api/v2/reload");
    agent.append("two\n");
    agent.eventually("the next line comes", || agent.written() == ["7 one", "7 two"]);
    agent.configure(&configuration(agent.port, 9, ""));
    let good = agent.ask("POST", "/api/v2/reload");
    agent.stop();

    for (answer, part) in [
        (&answer, "a.conf:8:5: error[V101]: unknown key `fulsh` of [SERVICE]; did you mean `flush`?"),
        (&moved, "`storage.path` cannot change"),
        (&emptied, "no input is configured"),
        (&unlogged, "cannot open the log file `nowhere/a.log`"),
        (&unserved, "cannot serve metrics at `127.0.0.1:"),
        (&unstartable, "cannot serve metrics at `192.0.2.1:"),
    ] {
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(part), "{part}: {answer}");
    }
    assert!(good.ends_with(r#"{"reload":"done","status":0}"#), "{good}");
}

#[test]
fn a_reload_that_would_lose_its_place_or_was_not_asked_for_is_refused() {
    let forgetful = |port| configuration(port, 1, "").replace("storage.path    state", "");
    let closed = |port| configuration(port, 1, "").replace("hot_reload      on", "");

    let mut agent = Agent::start(forgetful, Stdio::null());
    let answer = agent.ask("POST", "/api/v2/reload");
    assert!(answer.contains("`tail.0` keeps its positions in memory"), "{answer}");
    agent.stop();
    let mut agent = Agent::start(closed, Stdio::null());
    let answer = agent.ask("POST", "/api/v2/reload");
    assert!(answer.ends_with(r#"{"reload":"not enabled","status":-1}"#), "{answer}");
    agent.signal(Signal::HUP);
    agent.eventually("it says so", || agent.said().contains("`Hot_Reload` is off"));
    agent.stop();
}

#[test]
fn a_reload_whose_positions_would_not_be_found_is_refused_and_goes_with_their_database() {
    let mut agent = Agent::start(|port| configuration(port, 1, ""), Stdio::null());
    fs::write(agent.path().join("app.log"), "one\n").expect("written");
    agent.eventually("a line comes", || agent.written() == ["1 one"]);
    let text = configuration(agent.port, 2, "");
    let before = "[INPUT]\n    Name tail\n    Path other.log\n[INPUT]\n";

    for (change, name) in [("[INPUT]\n    Alias web\n", "web"), (before, "tail.1")] {
        agent.configure(&text.replace("[INPUT]\n", change));
        let answer = agent.ask("POST", "/api/v2/reload");
        let reason = format!(
            "`{name}` follows files of `tail.0`, whose positions it would not find: give it `DB state/tail.0.db`"
        );
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(&reason), "{answer}");
    }
    agent.configure(&text.replace("[INPUT]\n", "[INPUT]\n    Alias web\n    DB state/tail.0.db\n"));
    let answer = agent.ask("POST", "/api/v2/reload");
    agent.append("two\n");
    agent.eventually("the next line comes", || agent.written() == ["1 one", "2 two"]);
    agent.stop();

    assert!(answer.ends_with(r#"{"reload":"done","status":0}"#), "{answer}");
}

/// The database of an input without a name has its number.
#[test]
fn an_input_finds_its_positions_when_others_come_and_go_above_it() {
    let one = |port, generation| configuration(port, generation, "").replace("Read_from_Head  on", "");
    let two = |port, generation| {
        let above = "[INPUT]\n    Name tail\n    Path other.log\n    Tag other\n[INPUT]\n";
        one(port, generation).replace("[INPUT]\n", above)
    };
    let mut agent = Agent::start(|port| one(port, 1), Stdio::null());
    fs::write(agent.path().join("app.log"), "one\n").expect("written");
    agent.eventually("a line comes", || agent.written() == ["1 one"]);

    let (mut expected, port) = (vec!["1 one".to_owned()], agent.port);
    for (generation, text) in [(2, two(port, 2)), (3, one(port, 3)), (4, two(port, 4))] {
        agent.stop();
        agent.append(&format!("while {generation} was not there\n"));
        agent.configure(&text);
        agent.start_again();
        expected.push(format!("{generation} while {generation} was not there"));
        agent.eventually("the line comes", || agent.written() == expected);
    }
    agent.stop();

    assert_eq!(agent.said().matches("took over positions of its files").count(), 3, "{}", agent.said());
}

#[test]
fn a_variable_whose_file_changes_is_read_anew_without_a_signal() {
    let secrets = tempfile::tempdir().expect("a folder");
    let path = |name: &str| secrets.path().join(name).display().to_string();
    let env = format!("env:\n  - name: TOKEN\n    uri: file://{}\n    refresh_interval: 1\n", path("token"));
    fs::write(path("env.yaml"), env).expect("written");
    fs::write(path("token"), "toy-1\n").expect("written");
    let with = |port| {
        let text = configuration(port, 0, "").replace("generation 0", "generation ${TOKEN}");
        format!("@INCLUDE {}\n{text}", path("env.yaml"))
    };
    let mut agent = Agent::start(with, Stdio::null());
    fs::write(agent.path().join("app.log"), "one\n").expect("written");
    agent.eventually("a line comes", || agent.written() == ["toy-1 one"]);

    fs::write(path("next"), "toy-2\n").expect("written");
    fs::rename(path("next"), path("token")).expect("renamed");
    agent.reloads(1);
    agent.append("two\n");
    agent.eventually("the next line comes", || agent.written() == ["toy-1 one", "toy-2 two"]);
    agent.stop();

    assert!(agent.said().contains("files of variables have changed"), "{}", agent.said());
    assert!(!agent.said().contains("toy-"), "what a variable holds is not said: {}", agent.said());
}

#[test]
fn standard_input_is_handed_over_in_the_middle_of_a_line() {
    let stdin = |port, generation| {
        let tail = configuration(port, generation, "");
        let (before, rest) = tail.split_once("[INPUT]").expect("it has an input");
        let (_, after) = rest.split_once("[FILTER]").expect("it has a filter");
        format!("{before}[INPUT]\n    Name stdin\n[FILTER]{after}")
    };
    let mut agent = Agent::start(|port| stdin(port, 1), Stdio::piped());
    let mut pipe = agent.child.stdin.take().expect("a pipe");
    pipe.write_all(b"one\ntw").expect("written");
    agent.eventually("a line comes", || agent.written() == ["1 one"]);

    agent.configure(&stdin(agent.port, 2));
    let answer = agent.ask("POST", "/api/v2/reload");
    assert!(answer.ends_with(r#"{"reload":"done","status":0}"#), "{answer}");
    pipe.write_all(b"o\nthree").expect("written");
    drop(pipe);
    let status = agent.child.wait().expect("it ends with its input");

    assert!(status.success());
    assert_eq!(agent.written(), ["1 one", "2 two", "2 three"]);
}

/// Writes numbered lines to files that nobody can find any more, with reloads in the middle of lines.
fn write_unseen(agent: &Agent, mut files: [&File; 2], configurations: &[&dyn Fn() -> String]) -> u32 {
    let mut number = 2;
    for configuration in configurations {
        for file in &mut files {
            let lines: String = (number..number + 5_000).map(|number| format!("line {number}\n")).collect();
            write!(file, "{lines}line ").expect("written");
            number += 5_000;
        }
        agent.configure(&configuration());
        let answer = agent.ask("POST", "/api/v2/reload");
        assert!(answer.ends_with(r#"{"reload":"done","status":0}"#), "{answer}: {}", agent.said());
        for file in &mut files {
            writeln!(file, "{number}").expect("written");
            number += 1;
        }
    }
    number
}

/// The new input opened only what it found: of these files came what was there at the reload, at the most.
#[test]
fn files_that_were_deleted_or_moved_away_are_read_on_over_reloads() {
    let away = tempfile::tempdir().expect("a folder");
    let with_database = |port, generation, alias: &str| {
        let input = format!("[INPUT]\n    DB positions.db\n    {alias}\n");
        configuration(port, generation, "").replace("[INPUT]\n", &input)
    };

    for state in ["", "storage.path state"] {
        let with = |port, generation, alias: &str| {
            let text = with_database(port, generation, alias).replace("app.log", "app*.log");
            text.replace("storage.path    state", state)
        };
        let mut agent = Agent::start(|port| with(port, 0, ""), Stdio::null());
        let create = |name: &str| File::create(agent.path().join(name)).expect("made");
        let (mut deleted, mut moved) = (create("app-1.log"), create("app-2.log"));
        writeln!(deleted, "line 0").expect("written");
        writeln!(moved, "line 1").expect("written");
        agent.eventually("lines come", || agent.written().len() == 2);
        fs::remove_file(agent.path().join("app-1.log")).expect("deleted");
        fs::rename(agent.path().join("app-2.log"), away.path().join("app-2.log")).expect("moved");
        let port = agent.port;
        let count = write_unseen(
            &agent,
            [&deleted, &moved],
            &[&|| with(port, 1, ""), &|| with(port, 2, "Alias web"), &|| with(port, 3, "Alias web")],
        ) as usize;
        agent.eventually("all is delivered", || agent.written().len() >= count);
        agent.stop();

        expect_each_once(&agent, count);
        assert!(!agent.said().contains("lost"), "{}", agent.said());
        let copies = fs::read_dir(agent.path().join("state/rest/tail.0")).into_iter().flatten().count();
        assert_eq!(copies, 0, "what was copied in case that nobody goes on is removed");
    }
}

/// A configuration without a state directory that follows `files`.
fn stateless(port: u16, files: &str) -> String {
    let database = format!("DB {files}.db\n    Path {files}");
    configuration(port, 0, "").replace("storage.path    state", "").replace("Path            app.log", &database)
}

#[test]
fn what_no_input_goes_on_with_is_told_of() {
    let mut agent = Agent::start(|port| stateless(port, "app.log"), Stdio::null());
    let mut deleted = File::create(agent.path().join("app.log")).expect("made");
    write!(deleted, "one\ntwo").expect("written");
    agent.eventually("a line comes", || agent.written() == ["0 one"]);
    fs::remove_file(agent.path().join("app.log")).expect("deleted");

    agent.configure(&stateless(agent.port, "other.log"));
    let answer = agent.ask("POST", "/api/v2/reload");
    agent.stop();

    assert!(answer.ends_with(r#"{"reload":"done","status":0}"#), "{answer}");
    let told = "no input goes on with it after the reload: these bytes are lost file=app.log lost=3";
    assert!(agent.said().contains(told), "{}", agent.said());
}

#[test]
fn a_deleted_file_is_read_on_after_a_reload_that_cannot_start() {
    let mut agent = Agent::start(|port| stateless(port, "app.log"), Stdio::null());
    let mut deleted = File::create(agent.path().join("app.log")).expect("made");
    write!(deleted, "one\ntw").expect("written");
    agent.eventually("a line comes", || agent.written() == ["0 one"]);
    fs::remove_file(agent.path().join("app.log")).expect("deleted");
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = other.local_addr().expect("it has one").port();

    for files in ["app.log", "other.log"] {
        agent.configure(&stateless(taken, files));
        let answer = agent.ask("POST", "/api/v2/reload");
        assert!(answer.contains("cannot serve metrics"), "{answer}");
    }
    writeln!(deleted, "o").expect("written");
    agent.eventually("the next line comes", || agent.written() == ["0 one", "0 two"]);
    agent.stop();
}

/// Lines before an event that may go on, or within it where another stream is in between, read over a reload and a start.
#[test]
fn lines_beside_an_open_event_come_once_over_a_reload_and_a_start() {
    let cases = [
        ("multiline.parser java", "", "pre 1\npre 2\njava.lang.Exception: x\n\tat y\n"),
        ("multiline.parser cri", "", "1Z stdout F pre 1\n1Z stdout F pre 2\n1Z stdout P open\n"),
        ("Multiline on\n    Parser_Firstline number", "", "1 pre\n2 pre\n3 open\n"),
        (
            "",
            "[FILTER]\n    Name multiline\n    Match *\n    multiline.parser java\n    multiline.key_content log",
            "pre 1\npre 2\njava.lang.Exception: x\n\tat y\n",
        ),
        (
            "multiline.parser cri, java",
            "",
            "1Z stderr F java.lang.Exception: x\n1Z stdout F pre 1\n1Z stderr F \tat y\n1Z stdout F pre 2\n",
        ),
        ("Docker_Mode on", "", "{\"log\":\"x\",\"stream\":\"a\"}\n{\"log\":\"pre 1\\n\"}\n{\"log\":\"pre 2\\n\"}\n"),
        (
            "Parser json",
            "[FILTER]\n    Name multiline\n    Match *\n    multiline.parser java\n    multiline.key_content log",
            "{\"stream\":\"a\",\"log\":\"java.lang.Exception: x\"}\n{\"stream\":\"b\",\"log\":\"pre 1\"}\n\
             {\"stream\":\"b\",\"log\":\"pre 2\"}\n",
        ),
    ];
    let parser = "[PARSER]\n    Name number\n    Format regex\n    Regex ^(?<number>\\d+) (?<log>.*)$\n\
                  [PARSER]\n    Name json\n    Format json\n";
    for (options, filter, text) in cases {
        let configuration = |port: u16, generation: u32| {
            let all = configuration(port, generation, "parsers_file parsers.conf\n    grace 1");
            all.replace("Name            tail", &format!("Name            tail\n    {options}")) + filter
        };
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("parsers.conf"), parser).expect("written");
        fs::write(folder.path().join("app.log"), text).expect("written");
        let mut agent = Agent::start_in(folder, |port| configuration(port, 0), Stdio::null());
        let pre = |agent: &Agent| agent.written().iter().filter(|line| line.contains("pre")).count();
        agent.eventually("lines come", || pre(&agent) == 2);

        agent.configure(&configuration(agent.port, 1));
        agent.signal(Signal::HUP);
        agent.reloads(1);
        agent.stop();
        agent.start_again();
        agent.eventually("the event comes", || agent.written().len() > 2);
        agent.stop();

        assert_eq!((pre(&agent), agent.written().len()), (2, 3), "{options}{filter}: {:?}", agent.written());
    }
}
