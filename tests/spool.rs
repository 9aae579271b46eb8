//! Records that wait on disk for their output, seen from outside.

#![allow(clippy::disallowed_methods, reason = "the files are small and our own")]

#[allow(dead_code, reason = "the tests of the disk use more of it")]
#[path = "disk/store.rs"]
mod store;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use store::Store;

/// A port at which nobody listens. One that was only just free might become that of another test's store.
const DEAD_PORT: u16 = 1;

/// An agent that does not outlive its test.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

impl Agent {
    /// Ends its input and waits until it has ended by itself. Gives whether that went well.
    fn ends_with_its_input(mut self) -> bool {
        drop(self.0.stdin.take());
        self.0.wait().expect("it ends").success()
    }
}

fn start(folder: &Path, configuration: &str) -> Agent {
    fs::write(folder.join("vigie.conf"), configuration).expect("written");
    let log = fs::File::create(folder.join("log")).expect("made");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.current_dir(folder).args(["-c", "vigie.conf"]).stdin(Stdio::piped()).stderr(log).stdout(Stdio::null());
    Agent(command.spawn().expect("it starts"))
}

fn wait_until(what: &str, folder: &Path, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(began.elapsed() < Duration::from_secs(30), "{what}: {}", log());
        thread::sleep(Duration::from_millis(20));
    }
}

/// The requests in the spool of `output`, and how many records they hold.
fn spooled(folder: &Path, output: &str) -> (usize, usize) {
    spooled_in(&folder.join("state"), output)
}

fn spooled_in(state: &Path, output: &str) -> (usize, usize) {
    let Ok(entries) = fs::read_dir(state.join("spool").join(output)) else { return (0, 0) };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let records = names.filter_map(|name| name.strip_suffix(".request")?.split_once('-')?.1.parse::<usize>().ok());
    records.fold((0, 0), |(files, sum), records| (files + 1, sum + records))
}

fn kill(mut agent: Agent) {
    agent.0.kill().expect("it runs");
    agent.0.wait().expect("it ended");
}

fn stdin_to_store(port: u16, more: &str) -> String {
    format!(
        "[SERVICE]\n    Flush 0.1\n    Grace 1\n    storage.path state\n{more}[INPUT]\n    Name stdin\n[OUTPUT]\n    Name opensearch\n    Alias store\n    Port {port}\n"
    )
}

fn write_lines(agent: &mut Agent, lines: std::ops::Range<usize>) {
    let input = agent.0.stdin.as_mut().expect("it is piped");
    for line in lines {
        writeln!(input, "{{\"log\":\"line {line:05}\"}}").expect("it reads");
    }
}

fn expected(lines: std::ops::Range<usize>) -> Vec<String> {
    lines.map(|line| format!("line {line:05}")).collect()
}

#[test]
fn what_cannot_be_read_again_outlives_a_kill_while_the_store_is_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut agent = start(folder.path(), &stdin_to_store(DEAD_PORT, ""));
    write_lines(&mut agent, 0..100);
    wait_until("all is spooled", folder.path(), || spooled(folder.path(), "store").1 == 100);
    kill(agent);

    let (store, port) = Store::start();
    let mut agent = start(folder.path(), &stdin_to_store(port, ""));
    write_lines(&mut agent, 100..110);
    wait_until("all is stored", folder.path(), || store.lines().len() >= 110);
    wait_until("the spool is empty", folder.path(), || spooled(folder.path(), "store").0 == 0);

    assert!(agent.ends_with_its_input());
    assert_eq!(store.lines(), expected(0..110));
}

#[test]
fn what_is_spooled_is_sealed_where_a_key_is_given() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("key"), "0123456789abcdef".repeat(4) + "\n").expect("written");
    let service = "    storage.key_file key\n";
    let mut agent = start(folder.path(), &stdin_to_store(DEAD_PORT, service));
    write_lines(&mut agent, 0..10);
    wait_until("all is spooled", folder.path(), || spooled(folder.path(), "store").1 == 10);
    kill(agent);
    for entry in fs::read_dir(folder.path().join("state/spool/store")).expect("there").flatten() {
        let bytes = fs::read(entry.path()).expect("it can be read");
        assert!(!bytes.windows(6).any(|window| window == b"line 0"), "{:?}", entry.path());
    }

    let (store, port) = Store::start();
    let agent = start(folder.path(), &stdin_to_store(port, service));

    assert!(agent.ends_with_its_input());
    assert_eq!(store.lines(), expected(0..10));
}

/// 20,000 lines of 200 bytes: more than queues and open requests hold.
#[test]
fn a_dead_output_does_not_stop_the_others_and_gets_its_records_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let text: String = (0..20_000).map(|line| format!("line {line:05} {}\n", "x".repeat(188))).collect();
    fs::write(folder.path().join("app.log"), &text).expect("written");
    let configuration = |port: u16| {
        format!(
            "[SERVICE]\n    Flush 0.1\n    Grace 1\n    storage.path state\n[INPUT]\n    Name tail\n    Path app.log\n    DB tail.db\n    Read_from_Head on\n\
             [OUTPUT]\n    Name file\n    Match *\n    Path .\n    File out\n    Format template\n    Template {{log}}\n\
             [OUTPUT]\n    Name opensearch\n    Alias store\n    Match *\n    Port {port}\n"
        )
    };
    let agent = start(folder.path(), &configuration(DEAD_PORT));
    let written = || fs::read_to_string(folder.path().join("out")).unwrap_or_default().lines().count();
    wait_until("the file has all", folder.path(), || written() == 20_000);
    assert!(spooled(folder.path(), "store").0 > 0);
    kill(agent);

    let (store, port) = Store::start();
    let agent = start(folder.path(), &configuration(port));
    wait_until("the store has all", folder.path(), || store.lines().len() >= 20_000);
    wait_until("the spool is empty", folder.path(), || spooled(folder.path(), "store").0 == 0);
    kill_softly(agent);

    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(store.lines(), lines);
}

fn kill_softly(mut agent: Agent) {
    let signalled = Command::new("kill").arg(agent.0.id().to_string()).status();
    assert!(signalled.is_ok_and(|status| status.success()));
    agent.0.wait().expect("it ends");
}

#[test]
fn a_second_agent_is_refused_and_records_of_an_output_that_is_gone_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut agent = start(folder.path(), &stdin_to_store(DEAD_PORT, ""));
    write_lines(&mut agent, 0..10);
    wait_until("all is spooled", folder.path(), || spooled(folder.path(), "store").1 == 10);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
        let output = command.current_dir(folder.path()).args(arguments).stdin(Stdio::null()).output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };

    let (is_good, told) = run(&["-c", "vigie.conf"]);
    assert!(
        !is_good && told.contains("V134") && told.contains("another agent uses the spool `state/spool/store`"),
        "{told}"
    );
    kill(agent);

    let other = stdin_to_store(DEAD_PORT, "").replace("Alias store", "Alias other");
    fs::write(folder.path().join("vigie.conf"), other).expect("written");
    let (is_good, told) = run(&["check", "vigie.conf"]);
    assert!(is_good && told.contains("V209") && told.contains("10 records in"), "{told}");
    assert!(told.contains("wait in `state/spool/store` for an output `store`"), "{told}");
}

#[test]
fn storage_type_filesystem_needs_a_place_and_spools_files_too() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("app.log"), "line 00000\nline 00001\n").expect("written");
    let configuration = |service: &str, input: &str| {
        format!(
            "[SERVICE]\n    Flush 0.1\n{service}[INPUT]\n    Name tail\n    Path app.log\n    Read_from_Head on\n{input}[OUTPUT]\n    Name opensearch\n    Alias store\n    Port {}\n",
            DEAD_PORT
        )
    };
    fs::write(folder.path().join("vigie.conf"), configuration("", "    storage.type filesystem\n")).expect("written");
    let mut check = Command::new(env!("CARGO_BIN_EXE_vigie"));
    check.current_dir(folder.path()).args(["check", "vigie.conf"]).env_remove("STATE_DIRECTORY");
    let told = check.output().expect("it runs").stderr;
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("vigie.conf:7:") && told.contains("V210"), "{told}");

    let own = ("    storage.path state\n", "    storage.type filesystem\n");
    let inherited = ("    storage.path other\n    storage.type filesystem\n    storage.inherit on\n", "");
    for ((service, input), state) in [(own, "state"), (inherited, "other")] {
        let agent = start(folder.path(), &configuration(service, input));
        wait_until("all is spooled", folder.path(), || spooled_in(&folder.path().join(state), "store").1 == 2);
        kill(agent);
    }
}

/// What is stored, and what the agent says it dropped, is what was written.
#[test]
fn what_a_full_spool_drops_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, port) = Store::start();
    store.set_down(true);
    let output = "    storage.total_limit_size 40k\n    storage.when_full drop_oldest\n    Bulk_Size 4k\n";
    let service = "    scheduler.base 0.05\n    scheduler.cap 0.1\n";
    let mut agent = start(folder.path(), &(stdin_to_store(port, service) + output));
    write_lines(&mut agent, 0..5000);
    wait_until("something is dropped", folder.path(), || log(folder.path()).contains("oldest records are dropped"));
    // The last lines are in the spool, too, before the store comes back.
    wait_until("the last lines are spooled", folder.path(), || {
        let before = spooled_up_to(folder.path());
        thread::sleep(Duration::from_millis(500));
        before > 0 && spooled_up_to(folder.path()) == before
    });
    store.set_down(false);

    assert!(agent.ends_with_its_input());
    let said = log(folder.path());
    let stopped = said.lines().find(|line| line.contains("[store] stopped"));
    let stopped = stopped.unwrap_or_else(|| panic!("{said}"));
    let number = |key: &str| -> usize {
        let (_, rest) = stopped.split_once(&format!("{key}=")).unwrap_or_else(|| panic!("{stopped}"));
        rest.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{stopped}"))
    };
    let lines = store.lines();
    assert!(number("dropped") > 0, "{stopped}");
    assert_eq!(lines.len() + number("dropped"), 5000, "{stopped}");
    assert_eq!(number("delivered"), lines.len(), "{stopped}");
    assert_eq!(lines.last().map(String::as_str), Some("line 04999"));
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// The number of the newest request in the spool.
fn spooled_up_to(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder.join("state/spool/store")) else { return 0 };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| u64::from_str_radix(name.split_once('-')?.0, 16).ok()).max().unwrap_or(0)
}

/// A file is written on, the agent is killed again and again, the store comes and goes.
#[test]
fn kills_lose_nothing_and_double_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, port) = Store::start();
    let configuration = format!(
        "[SERVICE]\n    Flush 0.05\n    Grace 1\n    storage.path state\n    scheduler.base 0.05\n    scheduler.cap 0.1\n[INPUT]\n    Name tail\n    Path app.log\n    DB tail.db\n    \
         Read_from_Head on\n    storage.type filesystem\n[OUTPUT]\n    Name opensearch\n    Alias store\n    Port {port}\n    Bulk_Size 8k\n"
    );
    let mut file = fs::File::create(folder.path().join("app.log")).expect("made");
    let mut written = 0;
    let mut random = 7_u64;
    for round in 0..8_u32 {
        store.set_down(round % 3 != 1);
        let agent = start(folder.path(), &configuration);
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let until = Instant::now() + Duration::from_millis(150 + (random >> 33) % 500);
        while Instant::now() < until {
            let text: String = (written..written + 40).map(|line| format!("line {line:05}\n")).collect();
            file.write_all(text.as_bytes()).expect("written");
            written += 40;
            thread::sleep(Duration::from_millis(5));
        }
        kill(agent);
    }
    store.set_down(false);

    let agent = start(folder.path(), &configuration);
    wait_until("all is stored", folder.path(), || store.lines().len() >= written);
    wait_until("the spool is empty", folder.path(), || spooled(folder.path(), "store").0 == 0);
    kill_softly(agent);

    assert_lines(&store, written);
}

/// The store has each of so many lines once.
fn assert_lines(store: &Store, written: usize) {
    let (lines, expected) = (store.lines(), expected(0..written));
    let doubled: Vec<_> = lines.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    let lost: Vec<_> = expected.iter().filter(|line| lines.binary_search(line).is_err()).collect();
    let shown = |lines: &[&String]| lines.iter().take(5).map(|line| (*line).clone()).collect::<Vec<_>>();
    assert!(
        doubled.is_empty() && lost.is_empty(),
        "{} doubled {:?}, {} lost {:?}",
        doubled.len(),
        shown(&doubled),
        lost.len(),
        shown(&lost)
    );
    assert_eq!(lines.len(), written);
}
