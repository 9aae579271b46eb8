//! A disk without space: a small file system beneath positions, spool and dead letters.
//!
//! Mounting one takes root. Without it the test says so and does nothing.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::place::{Place, Reading, lines};
use crate::store::wrong;

/// What the small file system is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// An ext4 in a file, on a loop device.
    Loop,
    /// In memory.
    Memory,
}

/// A file system of some 2 MB. Unmounted when dropped.
struct Small(PathBuf);

impl Small {
    /// Mounts one where the agent keeps everything, or says that it cannot.
    fn mount_or_say(place: &Place, kind: Kind) -> Option<Self> {
        let path = place.path("state");
        fs::create_dir_all(&path).expect("made");
        let is_mounted = match kind {
            Kind::Loop => Self::mount_loop(&place.path("disk.img"), &path),
            Kind::Memory => succeeds("mount", &["-t", "tmpfs", "-o", "size=2M", "vigie-test"], &path),
        };
        if !is_mounted {
            // Not by `eprintln`, of which nobody hears when a test passes.
            let skipped = format!("\nSKIPPED: a file system ({kind:?}) that is to be full cannot be mounted here\n");
            std::io::stderr().write_all(skipped.as_bytes()).expect("said");
        }
        is_mounted.then_some(Self(path))
    }

    fn mount_any(place: &Place) -> Option<Self> {
        [Kind::Loop, Kind::Memory].into_iter().find_map(|kind| Self::mount_or_say(place, kind))
    }

    /// Half of the image goes to the journal and the inodes.
    fn mount_loop(image: &Path, path: &Path) -> bool {
        fs::File::create(image).and_then(|file| file.set_len(4 << 20)).expect("made");
        let device = image.to_str().expect("a plain path");
        succeeds("mkfs.ext4", &["-q", "-m", "0", "-N", "512"], image)
            && succeeds("mount", &["-o", "loop", device], path)
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

/// Whether `command` with `arguments` and `path` behind them ends well.
fn succeeds(command: &str, arguments: &[&str], path: &Path) -> bool {
    Command::new(command).args(arguments).arg(path).output().is_ok_and(|output| output.status.success())
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
    let mut kinds = Vec::new();
    for kind in [Kind::Loop, Kind::Memory] {
        let full = |reading| {
            let port = free_port();
            let place = Place::with(reading, &service(port, ""));
            Small::mount_or_say(&place, kind).map(|disk| without_space(&place, &disk, port))
        };
        if [Reading::File, Reading::SpooledFile, Reading::Pipe].into_iter().all(|reading| full(reading).is_some()) {
            kinds.push(kind);
        }
    }
    println!(
        "full disk: 2 MB {kinds:?} beneath positions, spool and dead letters, full for a while: no panic, 0 lost, 0 doubled"
    );
}

/// Four times what the disk holds, and twice what memory may: it waits in its file.
#[test]
fn a_spool_that_fills_its_disk_holds_inputs_up_until_the_store_is_back() {
    let port = free_port();
    let place = Place::with(Reading::SpooledFile, &service(port, "    memory.limit 4M\n"));
    let Some(disk) = Small::mount_any(&place) else { return };
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
    let Some(disk) = Small::mount_any(&place) else { return };
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
