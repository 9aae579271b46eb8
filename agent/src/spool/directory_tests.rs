//! The spool of one output, on disks that fail too.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::directory::{PutError, Spool, SpoolOptions};
use super::disk::{Disk, RealDisk};
use super::places::SpoolError;
use super::tests::{documents, ledger, request, shown};
use crate::config::types::WhenFull;
use crate::metrics::OutputMetrics;
use crate::plugin::{BodyEncoding, Request};

/// The real disk, where some calls fail.
#[derive(Debug, Default)]
struct Faulty {
    /// Number of the call that fails, and of those behind it.
    fails: Option<(usize, usize)>,
    kind: i32,
    calls: Arc<AtomicUsize>,
}

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

impl Faulty {
    fn call<T>(&self, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.fails {
            Some((from, count)) if (from..from + count).contains(&number) => {
                Err(io::Error::from_raw_os_error(self.kind))
            }
            _ => run(),
        }
    }
}

impl Disk for Faulty {
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.call(|| RealDisk.create(path, bytes)).inspect_err(|_| {
            // Half of it came to the disk.
            drop(RealDisk.create(path, &bytes[..bytes.len() / 2]));
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(|| RealDisk.rename(from, to))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.call(|| RealDisk.sync_directory(path))
    }

    fn read(&self, path: &Path, longest: usize) -> io::Result<Vec<u8>> {
        self.call(|| RealDisk.read(path, longest))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(|| RealDisk.remove(path))
    }
}

pub(super) fn options(limit: u64, when_full: WhenFull) -> SpoolOptions {
    SpoolOptions { limit, when_full, key: None, hide: None }
}

fn opened(path: &Path, disk: Faulty, options: SpoolOptions) -> (Spool, Arc<OutputMetrics>) {
    let metrics = Arc::new(OutputMetrics::new("out.0"));
    let spool = Spool::open_on(Box::new(disk), ("out.0", path), options, Arc::clone(&metrics));
    (spool.expect("it opens"), metrics)
}

fn spool(path: &Path) -> (Spool, Arc<OutputMetrics>) {
    opened(path, Faulty::default(), options(1 << 30, WhenFull::Block))
}

fn three(mark: &str) -> Request {
    request(&documents(3, mark), BodyEncoding::Gzip(1), &ledger())
}

/// Takes everything out as if it were delivered, and gives the first document of each.
fn drained(spool: &Spool) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(taken) = spool.take() {
        all.push(shown(&taken.stored.into_request(&ledger()))[0].clone());
        spool.delivered(taken.name);
    }
    all
}

fn files(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).expect("it is there").flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != "lock");
    names.sort();
    names
}

#[test]
fn requests_come_out_oldest_first_also_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, metrics) = spool(folder.path());
    for mark in ["a", "b"] {
        first.put(&three(mark)).expect("there is room");
    }
    assert_eq!((metrics.spooled_records.get(), metrics.spool_records.get(), metrics.spool_requests.get()), (6, 6, 2));
    drop(first);

    let (again, metrics) = spool(folder.path());
    assert_eq!((metrics.spooled_records.get(), metrics.spool_records.get()), (0, 6));
    again.put(&three("c")).expect("there is room");
    let marks: Vec<String> = drained(&again);

    assert!(marks[0].contains("\"a\"") && marks[1].contains("\"b\"") && marks[2].contains("\"c\""), "{marks:?}");
    assert_eq!(files(folder.path()), [""; 0]);
    assert_eq!((metrics.spool_records.get(), metrics.spool_bytes.get(), again.is_empty()), (0, 0, true));
}

#[test]
fn a_second_agent_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_held, metrics) = spool(folder.path());

    let second = Spool::open("out.0", folder.path(), options(1, WhenFull::Block), metrics);

    let error = second.expect_err("it is locked");
    assert!(matches!(error, SpoolError::Locked(_)));
    assert!(error.to_string().contains("another agent uses the spool"), "{error}");
}

#[test]
fn a_full_spool_blocks_until_something_is_delivered() {
    let folder = tempfile::tempdir().expect("a folder");
    let (spool, metrics) = opened(folder.path(), Faulty::default(), options(8192, WhenFull::Block));
    spool.put(&three("a")).expect("there is room");
    spool.put(&three("b")).expect("there is room");

    assert!(matches!(spool.put(&three("c")), Err(PutError::Full)));
    let taken = spool.take().expect("there is one");
    spool.delivered(taken.name);

    spool.put(&three("c")).expect("there is room again");
    assert_eq!((metrics.dropped_records.get(), drained(&spool).len()), (0, 2));
}

#[test]
fn a_full_spool_drops_its_oldest_request_that_is_not_on_its_way_and_counts_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (spool, metrics) = opened(folder.path(), Faulty::default(), options(8192, WhenFull::DropOldest));
    spool.put(&three("a")).expect("there is room");
    let on_its_way = spool.take().expect("there is one");
    spool.put(&three("b")).expect("there is room");

    spool.put(&three("c")).expect("room is made");

    assert_eq!(metrics.dropped_records.get(), 3);
    spool.delivered(on_its_way.name);
    let left = drained(&spool);
    assert!(left.len() == 1 && left[0].contains("\"c\""), "{left:?}");
    assert_eq!((files(folder.path()).len(), metrics.spool_bytes.get()), (0, 0));
}

#[test]
fn half_of_the_room_stays_for_what_may_be_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let (spool, metrics) = opened(folder.path(), Faulty::default(), options(16384, WhenFull::DropOldest));
    for mark in ["a", "b", "c", "d"] {
        spool.put(&three(mark)).expect("there is room");
    }

    let on_their_way: Vec<_> = std::iter::from_fn(|| spool.take()).collect();
    spool.put(&three("e")).expect("room is made");

    assert_eq!((on_their_way.len(), metrics.dropped_records.get()), (2, 3));
    spool.delivered(on_their_way[0].name);
    assert!(spool.take().is_some());
}

#[test]
fn one_request_may_be_larger_than_the_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let (spool, _) = opened(folder.path(), Faulty::default(), options(1, WhenFull::Block));

    spool.put(&three("a")).expect("it is alone");

    assert!(matches!(spool.put(&three("b")), Err(PutError::Full)));
}

/// Whatever call fails, a request that was refused is not there, and one that was taken is.
#[test]
fn each_call_may_fail_and_what_was_taken_is_there() {
    for kind in [EIO, ENOSPC] {
        for failing in 0..10 {
            let folder = tempfile::tempdir().expect("a folder");
            let disk = Faulty { fails: Some((failing, 1)), kind, ..Faulty::default() };
            let (spool, _) = opened(folder.path(), disk, options(1 << 30, WhenFull::Block));

            let mut taken: Vec<bool> = ["a", "b"].iter().map(|mark| spool.put(&three(mark)).is_ok()).collect();
            if taken != [true, true] {
                taken.push(spool.put(&three("c")).is_ok());
                assert_eq!(taken.last(), Some(&true), "the disk works again");
            }
            let delivered = drained(&spool);

            assert_eq!(delivered.len(), taken.iter().filter(|taken| **taken).count(), "call {failing}");
            spool.put(&three("d")).expect("the disk works");
            assert_eq!(drained(&spool).len(), 1);
            assert_eq!(files(folder.path()), [""; 0], "call {failing}");
        }
    }
}

#[test]
fn a_leftover_of_a_kill_in_the_middle_is_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("0000000000000000-3.tmp"), b"half").expect("written");

    let (spool, metrics) = spool(folder.path());

    assert_eq!(files(folder.path()), [""; 0]);
    assert!(spool.take().is_none() && metrics.quarantined_requests.get() == 0);
}

#[test]
fn a_request_that_ends_without_an_answer_three_times_is_put_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let (spool, metrics) = spool(folder.path());
    spool.put(&three("a")).expect("there is room");

    for _ in 0..3 {
        let taken = spool.take().expect("it is there again");
        spool.give_back(taken.name, "it was never answered for");
    }

    assert!(spool.take().is_none() && spool.is_empty());
    assert_eq!((metrics.quarantined_requests.get(), metrics.quarantined_records.get()), (1, 3));
    let why = folder.path().join("quarantine/0000000000000000-3.request.why");
    let why = String::from_utf8(RealDisk.read(&why, 1000).expect("it is there")).expect("text");
    assert!(why.starts_with("it was never answered for\nrecords: 3\n"), "{why}");
}

#[test]
fn what_was_sealed_with_another_key_stays_until_that_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let sealed = |byte: u8| SpoolOptions {
        key: Some(Arc::new(super::Key::parse(&[byte; 32]).expect("32 bytes"))),
        ..options(1 << 30, WhenFull::Block)
    };
    let (spool, _) = opened(folder.path(), Faulty::default(), sealed(1));
    spool.put(&three("a")).expect("there is room");
    drop(spool);

    let (other, metrics) = opened(folder.path(), Faulty::default(), sealed(2));
    assert!(other.take().is_none() && other.is_empty());
    assert_eq!((metrics.spool_records.get(), metrics.quarantined_requests.get()), (3, 0));
    drop(other);

    assert_eq!(drained(&opened(folder.path(), Faulty::default(), sealed(1)).0).len(), 1);
}

/// A file system of two megabytes, where the test may mount one.
#[test]
fn a_disk_that_is_really_full_is_told_and_works_again_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let mount = |arguments: &[&str]| {
        let status = std::process::Command::new(arguments[0]).args(&arguments[1..]).arg(folder.path()).output();
        status.is_ok_and(|output| output.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=2m", "none"]) {
        eprintln!("not looked at: no file system can be mounted here");
        return;
    }
    let (spool, _) = spool(folder.path());
    let large = || request(&[format!("\"{}\"\n", "x".repeat(300_000))], BodyEncoding::Identity, &ledger());

    let mut taken = 0;
    let error = loop {
        match spool.put(&large()) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, PutError::Io(error) if error.kind() == io::ErrorKind::StorageFull), "{error}");
    let first = spool.take().expect("there is one");
    spool.delivered(first.name);
    let again = spool.put(&large());
    let left = drained(&spool).len();
    let names = files(folder.path());
    drop(spool);
    assert!(mount(&["umount"]));

    again.expect("there is room again");
    assert_eq!((left, names.len()), (taken, 0), "{names:?}");
}
