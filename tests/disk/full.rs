//! A disk without space: a small file system beneath positions, spool and dead letters.
//!
//! Mounting one takes root. Without it the test says so and does nothing.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::place::{Place, Reading, lines};
use crate::store::wrong;

/// A file system in memory of 2 MB. Unmounted when dropped.
struct Small(PathBuf);

impl Small {
    /// Mounts one where the agent keeps everything, or says that it cannot.
    fn mount_or_say(place: &Place) -> Option<Self> {
        let small = Self::mount(place.path("state"));
        if small.is_none() {
            // Not by `eprintln`, of which nobody hears when a test passes.
            let skipped = b"\nSKIPPED: a small file system that is to be full cannot be mounted: that takes root\n";
            std::io::stderr().write_all(skipped).expect("said");
        }
        small
    }

    fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).expect("made");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=2M", "vigie-test"]).arg(&path).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then_some(Self(path))
    }

    /// Fills all of it, but for what is in it.
    fn fill(&self) {
        let mut file = fs::File::options().create(true).append(true).open(self.0.join("filler")).expect("made");
        for length in [4096, 1] {
            while file.write_all(&vec![b'x'; length]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("removed");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").args(["-l".as_ref(), self.0.as_os_str()]).status());
    }
}

fn eventually(what: &str, place: &Place, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < until, "not within a minute: {what}\n{}", place.said());
        thread::sleep(Duration::from_millis(50));
    }
}

/// The number behind `name` among the metrics of the agent at `port`, of all plugins together.
fn metric(port: u16, name: &str) -> u64 {
    let mut page = String::new();
    let Ok(mut connection) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return 0 };
    let request = "GET /api/v2/metrics/prometheus HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n";
    connection.write_all(request.as_bytes()).expect("asked");
    std::io::Read::read_to_string(&mut connection, &mut page).expect("answered");
    let values = page.lines().filter(|line| line.starts_with(name)).filter_map(|line| line.split('}').nth(1));
    values.filter_map(|value| value.split_whitespace().next()?.parse::<u64>().ok()).sum()
}

/// A port for the API of an agent, free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

/// A section that serves metrics at `port`, with further lines.
fn service(port: u16, more: &str) -> String {
    format!("[SERVICE]\n    HTTP_Server on\n    HTTP_Listen 127.0.0.1\n    HTTP_Port {port}\n{more}")
}

fn assert_running(agent: &mut Child, place: &Place) {
    let ended = agent.try_wait().expect("it is waited for");
    assert!(ended.is_none(), "{ended:?}\n{}", place.said());
}

#[test]
fn a_disk_without_space_holds_the_agent_up_and_loses_nothing() {
    for reading in [Reading::File, Reading::SpooledFile, Reading::Pipe] {
        let port = free_port();
        let place = Place::with(reading, &service(port, ""));
        let Some(disk) = Small::mount_or_say(&place) else { return };
        without_space(&place, &disk, port);
    }
    println!(
        "full disk: 2 MB beneath positions, spool and dead letters, full for a while: no panic, 0 lost, 0 doubled"
    );
}

/// Four times what the disk holds, and twice what memory may: it waits in its file.
#[test]
fn a_spool_that_fills_its_disk_holds_inputs_up_until_the_store_is_back() {
    let port = free_port();
    let place = Place::with(Reading::SpooledFile, &service(port, "    memory.limit 4M\n"));
    let Some(disk) = Small::mount_or_say(&place) else { return };
    let long: Vec<String> = lines().iter().map(|line| format!("{line} {}", "x".repeat(4_000))).collect();
    fs::write(place.path("app.log"), long.join("\n") + "\n").expect("written");
    place.store.set_down(true);
    place.store.set_unsteady(false);
    let mut agent = place.start_plain();
    eventually("the disk is full", &place, || metric(port, "vigie_output_disk_failures") > 0);
    let (held, records) = ("vigie_input_lag_bytes", "fluentbit_input_records_total");
    let before = metric(port, records);
    thread::sleep(Duration::from_secs(2));

    assert_running(&mut agent, &place);
    assert!(before < long.len() as u64 && metric(port, records) < long.len() as u64, "{before}");
    assert!(metric(port, held) > 0);
    assert!(place.said().contains("its spool takes no records: No space left"), "{}", place.said());
    place.store.set_down(false);
    let status = place.wait(agent);

    assert!(status.success(), "{status}\n{}", place.said());
    assert_eq!(wrong(&place.store.lines(), &long), None, "{}", place.said());
    drop(disk);
}

#[test]
fn a_start_on_a_disk_without_space_ends_with_the_cause_and_the_next_one_loses_nothing() {
    let place = Place::new(Reading::SpooledFile);
    let Some(disk) = Small::mount_or_say(&place) else { return };
    disk.fill();

    let full = place.run();
    let said = place.said();
    disk.free();
    let free = place.run();

    let is_told = said.contains("disk is full") || said.contains("No space left");
    assert!(!full.success() && is_told, "{full}\n{said}");
    assert!(free.success() && !place.said().contains("panicked"), "{}", place.said());
    assert_eq!(wrong(&place.store.lines(), &lines()), None, "{}", place.said());
}

fn without_space(place: &Place, disk: &Small, port: u16) {
    place.store.set_down(true);
    let mut agent = place.start_plain();
    eventually("it has started", place, || metric(port, "fluentbit_input_records_total") > 0);
    disk.fill();
    eventually("something needs the disk", place, || {
        assert_running(&mut agent, place);
        place.store.set_down(false);
        metric(port, "vigie_input_disk_failures") + metric(port, "vigie_output_disk_failures") > 0
    });
    // Full for long enough to be met by all that writes.
    let until = Instant::now() + Duration::from_millis(1_500);
    while Instant::now() < until {
        assert_running(&mut agent, place);
        disk.fill();
        thread::sleep(Duration::from_millis(20));
    }
    disk.free();
    let status = place.wait(agent);

    let said = place.said();
    assert!(status.success() && !said.contains("panicked"), "{status}\n{said}");
    let is_told =
        |line: &str| line.contains("[error]") && (line.contains("No space left") || line.contains("disk is full"));
    assert!(said.lines().any(is_told), "{said}");
    assert_eq!(wrong(&place.store.lines(), &lines()), None, "{said}");
    assert_eq!(place.lost_letters(), Vec::<String>::new(), "{said}");
}
