//! The command line of Fluent Bit and its signals, seen from outside: what each flag does or why it is refused.

#![allow(clippy::disallowed_methods, reason = "the files are small and our own")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const PARSERS: &str = "[PARSER]\n  Name own\n  Format regex\n  Regex ^(?<word>.*)$\n";
const CONFIGURATION: &str = "[INPUT]\n  Name dummy\n  Samples 1\n[OUTPUT]\n  Name null\n  Match *\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.conf"), CONFIGURATION).expect("written");
    fs::write(folder.path().join("parsers.conf"), PARSERS).expect("written");
    fs::create_dir(folder.path().join("inner")).expect("made");
    fs::write(folder.path().join("inner/b.conf"), CONFIGURATION).expect("written");
    folder
}

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.args(line.split_whitespace()).current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

fn run(folder: &Path, line: &str) -> (String, String, bool) {
    let Output { stdout, stderr, status } = command(folder, line).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(stdout), text(stderr), status.success())
}

/// A line of flags, and what standard output and standard error must hold.
type Case = (&'static str, &'static str, &'static str);

const TAKEN: &[Case] = &[
    ("-V", "Vigie v", ""),
    ("--version", "Vigie v", ""),
    ("-h", "Usage: vigie", ""),
    ("--help", "--dry-run", ""),
    ("-i tail -h", "multiline.parser", ""),
    ("-F grep --help", "exclude", ""),
    ("-o null -h", "null", ""),
    ("-r modify -h", "hard_rename", ""),
    ("-D -c a.conf", "", "configuration test is successful"),
    ("--dry-run --config a.conf", "", "configuration test is successful"),
    ("-w inner -D -c b.conf", "", "configuration test is successful"),
    ("--workdir=inner -D -c b.conf", "", "configuration test is successful"),
    ("-i dummy -t x.y -p samples=1 -o stdout -m x.*", "x.y: [", ""),
    ("--input dummy --tag x.y --prop samples=1 --output stdout --match x.*", "x.y: [", ""),
    ("-i dummy -p samples=1 -F modify -m * -p remove=message -o stdout -p format=json_lines", "{\"date\":", ""),
    ("--filter=modify -m * -p remove=message -i dummy -p samples=1 -o stdout", "{}", ""),
    ("-i dummy -p samples=1 -o stdout -f 0.1", "dummy.0: [", ""),
    ("--flush=1 -i dummy -p samples=1 -o stdout", "dummy.0: [", ""),
    ("-R parsers.conf -D -i stdin -p parser=own -o null", "", "configuration test is successful"),
    ("--parser parsers.conf -D -i stdin -p parser=own -o null", "", "configuration test is successful"),
    ("-i tail -p path=a.conf -p exit_on_eof=on -p read_from_head=on -o null -v", "", "[debug]"),
    ("-i tail -p path=a.conf -p exit_on_eof=on -p read_from_head=on -o null -vv", "", "[debug]"),
    ("-i tail -p path=a.conf -p exit_on_eof=on -p read_from_head=on -o null --verbose", "", "[debug]"),
    ("-s 24576 -M 512 -Y -W -D -c a.conf", "", "configuration test is successful"),
    ("--coro_stack_size=24576 --windows_maxstdio 512 --enable-hot-reload -D -c a.conf", "", "successful"),
    ("--disable-thread-safety-on-hot-reload -D -c a.conf", "", "successful"),
];

#[test]
fn each_flag_that_is_taken_does_its_work() {
    let folder = folder();
    for (line, output, said) in TAKEN {
        let (stdout, stderr, is_content) = run(folder.path(), line);

        assert!(is_content, "{line}: {stderr}");
        assert!(stdout.contains(output) && stderr.contains(said), "{line}\n{stdout}{stderr}");
    }
}

#[test]
fn each_flag_that_is_refused_says_why() {
    let cases = [
        ("-d -c a.conf", "a service manager"),
        ("--daemon -c a.conf", "a service manager"),
        ("--supervisor -c a.conf", "a service manager"),
        ("-e x.so -c a.conf", "shared objects are not loaded"),
        ("--plugin=x.so -c a.conf", "shared objects are not loaded"),
        ("-T SELECT -c a.conf", "no stream processor"),
        ("--sp-task=SELECT -c a.conf", "no stream processor"),
        ("-C calyptia -c a.conf", "no custom plugins"),
        ("--custom calyptia -c a.conf", "no custom plugins"),
        ("-r modify -c a.conf", "for help alone"),
        ("--processor modify -c a.conf", "for help alone"),
        ("-Z -c a.conf", "no chunks to trace"),
        ("--enable-chunk-trace -c a.conf", "no chunks to trace"),
        ("--trace-input=dummy.0 -c a.conf", "no chunks to trace"),
        ("-S -c a.conf", "vigie check"),
        ("--sosreport -c a.conf", "vigie check"),
        ("--enable-fips -c a.conf", "not certified"),
        ("-f 0 -c a.conf", "a time above 0"),
        ("-f x -c a.conf", "a number of seconds"),
        ("-P 70000 -c a.conf", "http_port"),
        ("-c nowhere.conf", "nowhere.conf"),
        ("-R nowhere.conf -c a.conf", "nowhere.conf"),
        ("-w nowhere -c a.conf", "nowhere"),
        ("-i nope -o null", "unknown plugin"),
        ("-r nope -h", "nope"),
    ];
    let folder = folder();
    for (line, part) in cases {
        let (_, stderr, is_content) = run(folder.path(), line);

        assert!(!is_content && stderr.contains(part), "{line}: {stderr}");
    }
}

#[test]
fn options_as_json_name_those_of_all_or_of_one_plugin() {
    let folder = folder();
    let json = |line: &str| -> Value { serde_json::from_str(&run(folder.path(), line).0).expect("it is JSON") };

    let all = json("-J");
    for list in ["customs", "inputs", "processors", "filters", "outputs"] {
        assert!(all[list].is_array(), "{list}");
    }
    assert!(all["fluent-bit"]["schema_version"].is_string(), "{}", all["fluent-bit"]);
    for (line, name) in [("-i tail -J", "tail"), ("-o null --help-json", "null"), ("-r modify -J", "modify")] {
        let one = json(line);
        assert_eq!(one["name"], name);
        let option = &one["properties"]["global_options"][0];
        assert!(option["name"].is_string() && option["type"].is_string(), "{option}");
    }
}

#[test]
fn messages_go_to_the_log_file_or_nowhere() {
    let folder = folder();
    let log = folder.path().join("agent.log");

    let (_, logged, _) = run(folder.path(), "-l agent.log -c a.conf");
    let (_, quiet, _) = run(folder.path(), "-q -c a.conf");

    assert_eq!((logged.as_str(), quiet.as_str()), ("", ""));
    let text = fs::read_to_string(log).expect("it is there");
    for line in text.lines() {
        let (time, rest) = line.split_at(line.find("] ").expect("a time") + 2);
        assert!(is_like(time, "[dddd/dd/dd dd:dd:dd.ddd] "), "{line}");
        assert!(["[ info] [", "[ warn] ["].iter().any(|begin| rest.starts_with(begin)), "{line}");
    }
    assert!(text.contains("[ info] [null.0] "), "{text}");
}

/// Whether `text` has a digit for each `d` of `form`, and else its characters.
fn is_like(text: &str, form: &str) -> bool {
    let agrees = |(c, form): (char, char)| if form == 'd' { c.is_ascii_digit() } else { c == form };
    text.len() == form.len() && text.chars().zip(form.chars()).all(agrees)
}

#[test]
fn state_goes_where_the_flag_says() {
    let folder = folder();

    let (_, stderr, is_content) =
        run(folder.path(), "-b state -i tail -p path=a.conf -p exit_on_eof=on -p read_from_head=on -o null");

    assert!(is_content && folder.path().join("state/tail.0.db").exists(), "{stderr}");
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

fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_monitor_listens_where_the_flags_say_and_signals_tell_the_state_and_stop() {
    let folder = folder();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let line = format!(
        "-H -L 127.0.0.1 -P {port} -l agent.log -i dummy -p samples=2 -i dummy -t other -p rate=1 -o null -m dummy.0"
    );
    let mut agent = Agent(command(folder.path(), &line).spawn().expect("it starts"));
    let log = || fs::read_to_string(folder.path().join("agent.log")).unwrap_or_default();
    let pid = Pid::from_child(&agent.0);

    let answer = eventually("the monitor answers", || {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
        socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        Some(answer)
    });
    assert!(answer.contains(r#"{"fluent-bit":{"#), "{answer}");
    eventually("the state is told", || {
        kill_process(pid, Signal::CONT).expect("it is signalled");
        log().contains("[null.0] state proc_records=2 ").then_some(())
    });
    let told = log();
    for part in
        ["[engine] SIGCONT received", "[dummy.0] state records=2 ", "[dummy.1] state records=", "[engine] state"]
    {
        assert!(told.contains(part), "{part}\n{told}");
    }
    kill_process(pid, Signal::TERM).expect("it is signalled");
    let status = eventually("it ends", || agent.0.try_wait().expect("it is waited for"));
    assert!(status.success() && log().contains("SIGTERM received"), "{}", log());
}

/// Starts `line` with a [SERVICE] that holds `option`.
fn with_service(folder: &Path, option: &str, line: &str) -> Agent {
    fs::write(folder.join("service.conf"), format!("[SERVICE]\n  {option}\n")).expect("written");
    Agent(command(folder, &format!("-c service.conf {line}")).spawn().expect("it starts"))
}

#[test]
fn there_are_as_many_workers_as_told() {
    let folder = folder();
    for count in [1, 3] {
        let agent = with_service(folder.path(), &format!("workers {count}"), "-q -i dummy -o null");
        let tasks = format!("/proc/{}/task", agent.0.id());
        let names = || -> Vec<String> {
            let tasks = fs::read_dir(&tasks).into_iter().flatten().filter_map(Result::ok);
            let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
            names.map(|name| name.trim().to_owned()).collect()
        };

        // Inputs start behind the workers, and a thread gives itself its name.
        let workers = |names: &[String]| names.iter().filter(|name| name.starts_with("worker-")).count();
        let is_whole = |names: &Vec<String>| names.iter().any(|name| name == "input") && workers(names) >= count;
        let names = eventually("it runs", || Some(names()).filter(is_whole));

        assert_eq!(workers(&names), count);
    }
}

/// The first record after a pause goes at once; how long the others wait is what `flush` says.
#[test]
fn records_are_sent_as_often_as_flush_says() {
    let folder = folder();
    let line = "-q -i dummy -p rate=20 -p samples=20 -o opensearch -m * -p write_to=";
    let mut requests = Vec::new();
    for (flush, out) in [("60", "late"), ("0.2", "soon")] {
        let mut agent = with_service(folder.path(), &format!("flush {flush}"), &format!("{line}{out}"));
        eventually("it ends", || agent.0.try_wait().expect("it is waited for"));
        requests.push(fs::read_dir(folder.path().join(out)).expect("there are requests").count());
    }

    assert!(requests[1] > requests[0], "{requests:?}");
}

/// Standard input that ends, and files of `Exit_On_Eof` that are read, end the agent, whatever else it reads.
#[test]
fn an_input_that_ends_the_agent_stops_the_others() {
    let folder = folder();
    fs::write(folder.path().join("a.log"), "{\"a\":1}\n{\"a\":2}\n").expect("written");
    for first in ["-i stdin", "-i tail -p path=a.log -p read_from_head=on -p exit_on_eof=on"] {
        let line =
            format!("{first} -t first -i tail -p path=none -i dummy -o file -m first -p file=out -p format=plain");
        let mut agent = Agent(
            command(folder.path(), &line)
                .stdin(fs::File::open(folder.path().join("a.log")).expect("opened"))
                .spawn()
                .expect("it starts"),
        );
        let status = eventually("it ends", || agent.0.try_wait().expect("it is waited for"));
        let out = fs::read_to_string(folder.path().join("out")).expect("it is written");
        assert!(status.success() && out.lines().count() >= 2, "{first}: {out}");
        fs::remove_file(folder.path().join("out")).expect("removed");
    }
}

#[test]
fn samples_of_a_dummy_are_times_and_not_copies() {
    let folder = folder();
    for (samples, lines) in [(1, 2), (2, 4), (3, 6)] {
        let line = format!("-i dummy -p samples={samples} -p copies=2 -p rate=100 -o file -p file=out{samples} -m *");
        let mut agent = Agent(command(folder.path(), &line).spawn().expect("it starts"));
        eventually("it ends", || agent.0.try_wait().expect("it is waited for"));
        let out = fs::read_to_string(folder.path().join(format!("out{samples}"))).expect("it is written");
        assert_eq!(out.lines().count(), lines, "{samples}");
    }
}

#[test]
fn all_records_of_a_dummy_have_the_time_of_the_first_where_it_is_fixed() {
    let folder = folder();
    for (fixed, times) in [("on", 1), ("off", 3)] {
        let what = format!("-p samples=3 -p rate=100 -p fixed_timestamp={fixed}");
        let line = format!("-i dummy {what} -o file -p file=out{fixed} -m *");
        let mut agent = Agent(command(folder.path(), &line).spawn().expect("it starts"));
        eventually("it ends", || agent.0.try_wait().expect("it is waited for"));
        let out = fs::read_to_string(folder.path().join(format!("out{fixed}"))).expect("it is written");
        assert_eq!(out.lines().collect::<BTreeSet<_>>().len(), times, "{out}");
    }
}

/// Inputs that end the agent wait for each other: one with little to read cuts the others short of nothing.
#[test]
fn the_agent_ends_when_all_inputs_that_end_it_are_at_their_end() {
    let folder = folder();
    fs::write(folder.path().join("few.log"), "first\n").expect("written");
    let line = format!("{}\n", "a line ".repeat(13));
    fs::write(folder.path().join("many.log"), line.repeat(300_000)).expect("written");
    fs::write(folder.path().join("in"), "{\"a\":1}\n").expect("written");
    let many = "-i tail -p path=many.log -p read_from_head=on -p exit_on_eof=on";
    let few = "-i tail -p path=few.log -p read_from_head=on -p exit_on_eof=on";
    let samples = "-i dummy -p samples=7 -p rate=100";
    for (inputs, lines) in [
        (format!("{few} {many}"), 300_001),
        (format!("-i stdin {many} {few}"), 300_002),
        (format!("{few} {samples}"), 8),
    ] {
        let mut agent = Agent(
            command(folder.path(), &format!("{inputs} -o file -p file=out -p format=plain -m *"))
                .stdin(fs::File::open(folder.path().join("in")).expect("opened"))
                .spawn()
                .expect("it starts"),
        );
        let status = eventually("it ends", || agent.0.try_wait().expect("it is waited for"));
        let out = fs::read_to_string(folder.path().join("out")).expect("it is written");
        assert!(status.success());
        assert_eq!(out.lines().count(), lines, "{inputs}");
        fs::remove_file(folder.path().join("out")).expect("removed");
    }
}

/// What is wrong with the surroundings of a configuration, a start and a dry run tell alike, and a check too, but for what the agent may
/// have that is to be told of the configuration; what is looked at for that stays as it is.
#[test]
fn a_dry_run_refuses_what_a_start_cannot_open() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("it has one").port().to_string();
    fs::write(at("file"), "kept").expect("written");
    fs::write(at("a.conf"), "").expect("written");
    fs::create_dir_all(at("taken/spool/file.0")).expect("made");
    let lock = fs::File::create(at("taken/spool/file.0/lock")).expect("made");
    lock.lock().expect("it is locked");
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder.path()).expect("it is read").flatten().map(|e| e.path()).collect();
        names.sort();
        names
    };
    let before = names();
    let out = "-i dummy -o file -p file=out";
    let cases = [
        ("log_file nowhere/a.log", "", out, "cannot open the log file `nowhere/a.log`: No such file or directory"),
        ("log_file inner", "", out, "cannot open the log file `inner`: Is a directory"),
        ("log_file file/a.log", "", out, "cannot open the log file `file/a.log`: Not a directory"),
        ("http_server on", &*port, out, "cannot serve metrics at `127.0.0.1:PORT`: Address already in use"),
        (
            "http_server on\n  http_listen 192.0.2.1",
            &*port,
            out,
            "metrics at `192.0.2.1:PORT`: Cannot assign requested",
        ),
        ("storage.path file/state", "", out, "the spool `file/state/spool/file.0` cannot be used: Not a directory"),
        ("storage.path taken", "", out, "another agent uses the spool `taken/spool/file.0`"),
        ("", "", "-i dummy -o opensearch -p write_to=file", "cannot use the directory `file`: File exists"),
        ("", "", "-i dummy -o opensearch -p write_to=file/x", "cannot use the directory `file/x`: Not a directory"),
        ("", "", "-i tail -p path=x -p db=file/x -o null", "cannot write beside `file/x`: "),
    ];
    for (service, port, plugins, part) in cases {
        let number = if port.is_empty() { String::new() } else { format!("  http_port {port}\n") };
        fs::write(at("a.conf"), format!("[SERVICE]\n  {service}\n{number}")).expect("written");
        let part = part.replace("PORT", port);
        for mode in ["-D -c a.conf", "check a.conf", "-c a.conf"] {
            let (_, said, is_content) = run(folder.path(), &format!("{mode} {plugins}"));

            let is_beside = mode.starts_with("check") && (part.contains("in use") || part.contains("another agent"));
            assert!(is_content == is_beside, "{mode} {service} {plugins}: {said}");
            assert!(said.contains(&part) || is_beside && part.contains("another agent"), "{mode} {service}: {said}");
            assert_eq!(names(), before, "{mode} {service}: nothing is left behind");
        }
    }
    fs::write(at("a.conf"), "").expect("written");
    for mode in ["-D", "-c a.conf"] {
        let run = command(folder.path(), &format!("{mode} {out}")).env("FLB_LOG_LEVEL", "loud").output();
        let run = run.expect("the program runs");
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(!run.status.success() && said.contains("FLB_LOG_LEVEL: expected"), "{mode}: {said}");
    }
    assert_eq!(fs::read_to_string(at("file")).expect("it is read"), "kept");
}

/// Positions are locked by the process, spools by the file.
#[test]
fn a_dry_run_sees_that_another_agent_has_the_positions_and_the_spools() {
    let folder = folder();
    fs::write(folder.path().join("service.conf"), "[SERVICE]\n  storage.path state\n").expect("written");
    let line = "-c service.conf -i tail -p path=none -i dummy -o null -o file -p file=out";
    let agent = Agent(command(folder.path(), &format!("-q {line}")).spawn().expect("it starts"));
    eventually("it runs", || folder.path().join("state/spool/file.0/lock").exists().then_some(()));

    let (_, said, is_content) = run(folder.path(), &format!("-D {line}"));
    drop(agent);
    let (_, later, is_content_later) = run(folder.path(), &format!("-D {line}"));

    assert!(!is_content && is_content_later, "{said}{later}");
    for part in ["the positions in `state/tail.0.db` are in use by another agent", "another agent uses the spool"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// They read a configuration that may run elsewhere, or as another user.
#[test]
fn setting_up_and_migrating_look_at_no_place_that_the_agent_writes_to() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").expect("written");
    let text = "[SERVICE]\n  Log_File file/log\n  storage.path file/state\n[INPUT]\n  Name tail\n  Path x\n  DB file/db\n\
                [INPUT]\n  Name dummy\n[OUTPUT]\n  Name opensearch\n  Match *\n  Write_To file/out\n";
    fs::write(folder.path().join("a.conf"), text).expect("written");

    let (_, refused, _) = run(folder.path(), "-D -c a.conf");
    let (_, set_up, _) = run(folder.path(), "setup opensearch -c a.conf");
    let (table, _, is_content) = run(folder.path(), "migrate a.conf");

    assert!(refused.contains("vigie: 3 errors in the configuration"), "{refused}");
    assert!(!set_up.contains("error["), "{set_up}");
    assert!(is_content && !table.contains("unsupported  "), "{table}");
}
