//! A file that is deleted before it was delivered, over a stop, seen from outside.

#![allow(clippy::disallowed_methods, reason = "the files are small and our own")]

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A configuration that reads `app.log` and does `output` with it.
fn configuration(database: &str, exit: &str, output: &str) -> String {
    format!(
        "
[SERVICE]
    storage.path    state
    grace           1
[INPUT]
    Name            tail
    Tag             app
    Path            app.log
    DB              {database}
    Read_from_Head  on
    Rotate_Wait     1
    Exit_On_Eof     {exit}
[OUTPUT]
    Name            opensearch
    Match           *
    Index           logs
    {output}
"
    )
}

/// A configuration that reads `app.log` to the file `out`, with what else stands in `[SERVICE]` and `[INPUT]`.
fn to_file(service: &str, options: &str, filter: &str) -> String {
    format!(
        "
[SERVICE]
    flush           0.1
    {service}
[INPUT]
    Name            tail
    Path            app.log
    Read_from_Head  on
    {options}
{filter}
[OUTPUT]
    Name            file
    Match           *
    File            out
"
    )
}

/// A running agent. Killed when dropped.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        // One that has ended is gone already; then both do nothing.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn start(folder: &Path, name: &str) -> Agent {
    let log = File::create(folder.join(format!("{name}.log"))).expect("a file for messages");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.current_dir(folder).args(["-c", name]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    Agent(command.spawn().expect("it starts"))
}

fn end(mut agent: Agent) {
    eventually("it ends", || agent.0.try_wait().expect("it is waited for").map(|status| assert!(status.success())));
}

fn stop(agent: Agent) {
    kill_process(Pid::from_child(&agent.0), Signal::TERM).expect("it is signalled");
    end(agent);
}

fn eventually(what: &str, mut holds: impl FnMut() -> Option<()>) {
    let until = Instant::now() + Duration::from_secs(30);
    while holds().is_none() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The lines of the requests in `folder` that name documents, in order.
fn actions(folder: &Path) -> Vec<String> {
    let mut bodies = names(folder);
    bodies.sort();
    let text: String = bodies.iter().map(|name| fs::read_to_string(folder.join(name)).expect("text")).collect();
    text.lines().step_by(2).map(str::to_owned).collect()
}

#[test]
fn what_was_not_delivered_of_a_deleted_file_is_delivered_after_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let lines: String = (0..5_000).map(|number| format!("line {number}\n")).collect();
    fs::write(path("app.log"), &lines).expect("written");
    // A port that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it has one").port();
    let nobody = format!("Host 127.0.0.1\n    Port {port}");
    for (name, text) in [
        ("undisturbed.conf", configuration("undisturbed.db", "on", "Write_To undisturbed")),
        ("first.conf", configuration("tail.db", "off", &nobody)),
        ("second.conf", configuration("tail.db", "off", "Write_To second")),
    ] {
        fs::write(path(name), text).expect("written");
    }
    let said = |name: &str| fs::read_to_string(path(name)).unwrap_or_default();
    end(start(folder.path(), "undisturbed.conf"));
    let expected = actions(&path("undisturbed"));
    assert_eq!(expected.len(), 5_000);

    let first = start(folder.path(), "first.conf");
    eventually("it tries to deliver", || said("first.conf.log").contains("delivery failed").then_some(()));
    fs::remove_file(path("app.log")).expect("removed");
    stop(first);
    let copies = names(&path("state/rest/tail.0"));
    assert_eq!(copies.len(), 1, "{}", said("first.conf.log"));
    let copy = fs::metadata(path("state/rest/tail.0").join(&copies[0])).expect("it is there");
    assert_eq!((copy.len(), copy.permissions().mode() & 0o777), (lines.len() as u64, 0o600));
    let second = start(folder.path(), "second.conf");
    eventually("the copy is removed", || names(&path("state/rest/tail.0")).is_empty().then_some(()));
    stop(second);

    assert_eq!(actions(&path("second")), expected, "{}", said("second.conf.log"));
}

/// Nobody reads again what waits for its next lines where positions are in memory only.
#[test]
fn an_open_event_is_given_out_at_a_stop_that_forgets_positions() {
    let parser = "[PARSER]\n    Name number\n    Format regex\n    Regex ^(?<number>\\d+) (?<log>.*)$\n";
    let filter = "[FILTER]\n    Name multiline\n    Match *\n    multiline.parser java\n    multiline.key_content log";
    let cases = [
        ("multiline.parser java", "", "pre\njava.lang.Exception: open\n"),
        ("multiline.parser cri", "", "1Z stdout F pre\n1Z stdout P open\n"),
        ("Multiline on\n    Parser_Firstline number", "", "1 pre\n2 open\n"),
        ("Docker_Mode on", "", "{\"log\":\"pre\\n\"}\n{\"log\":\"open\"}\n"),
        ("", filter, "pre\njava.lang.Exception: open\n"),
    ];
    for (options, filter, text) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let configuration = to_file("parsers_file    parsers.conf", options, filter);
        for (name, text) in [("parsers.conf", parser), ("app.log", text), ("a.conf", &configuration)] {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let written = || fs::read_to_string(folder.path().join("out")).unwrap_or_default();

        let agent = start(folder.path(), "a.conf");
        eventually("a line comes", || written().contains("pre").then_some(()));
        stop(agent);

        assert!(written().contains("open"), "{options}{filter}: {}", written());
        assert_eq!(written().matches("pre").count(), 1, "{}", written());
    }
}

/// What is read line by line and filtered, or goes on behind a rotation, comes once over a stop at each place.
#[test]
fn lines_that_are_read_one_by_one_come_once_over_a_stop() {
    let filter = "[FILTER]\n    Name multiline\n    Match *\n    multiline.parser java\n    multiline.key_content log";
    let cri = "multiline.parser cri";
    let cases: [(&str, &str, &[&str]); 5] = [
        (cri, filter, &["stdout P #0#", "stdout F #1# and more", "stdout F #2#", "stdout F #3#"]),
        (cri, filter, &["stderr P java.lang.FooException: #0#", "stdout F #1#", "stderr F #2#"]),
        (cri, filter, &["stderr P java.lang.FooException: #0#", "stdout F #1#", "stdout F #2#"]),
        (
            "multiline.parser cri, java",
            "",
            &["stderr F java.lang.FooException: #0#", "stdout F #1#", "", "stderr F \tat #2#"],
        ),
        (
            "multiline.parser cri, java",
            "",
            &["stdout F #0#", "stdout F java.lang.FooException: #1#", "", "stdout F \tat #2#"],
        ),
    ];
    std::thread::scope(|scope| {
        for case in &cases {
            scope.spawn(move || read_one_by_one(case));
        }
    });
}

fn read_one_by_one((options, filter, lines): &(&str, &str, &[&str])) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let options = format!("Refresh_Interval 1\n    {options}");
    let configuration = to_file("storage.path    state", &options, filter);
    fs::write(path("a.conf"), configuration).expect("written");
    let agent = start(folder.path(), "a.conf");
    for line in *lines {
        if line.is_empty() {
            fs::rename(path("app.log"), path("app.log.1")).expect("it is renamed");
            continue;
        }
        let mut log = File::options().create(true).append(true).open(path("app.log")).expect("it opens");
        writeln!(log, "2023-01-01T00:00:00.5Z {line}").expect("written");
        std::thread::sleep(Duration::from_millis(1200));
    }
    stop(agent);
    let said = fs::read_to_string(path("a.conf.log")).unwrap_or_default();
    assert!(!said.contains("panicked"), "{lines:?}: {said}");
    let agent = start(folder.path(), "a.conf");
    let written = || fs::read_to_string(path("out")).unwrap_or_default();
    let numbers = (0..lines.iter().filter(|line| !line.is_empty()).count()).map(|number| format!("#{number}#"));
    let all: Vec<String> = numbers.collect();
    eventually("all lines come", || all.iter().all(|number| written().contains(number)).then_some(()));
    // What would come twice comes now.
    std::thread::sleep(Duration::from_millis(1500));
    stop(agent);

    let said = fs::read_to_string(path("a.conf.log")).unwrap_or_default();
    assert!(all.iter().all(|number| written().matches(number).count() == 1), "{lines:?}: {}{said}", written());
}
