//! Chunks in a directory, read by the input on a thread of its own, with a worker that answers as told.

use std::path::Path;
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use super::*;
use crate::plugin::{ByteQueue, Memory, Parcel, Popped, Work};
use crate::receipts::Outcome;

/// A chunk as Fluent Bit writes it: an event `{"n": number}` for each number, zeros up to the end of a page.
fn chunk(tag: &str, numbers: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let metadata = [b"\xf1\x77\x00\x00", tag.as_bytes()].concat();
    let length = u16::try_from(metadata.len()).expect("short").to_be_bytes();
    let mut bytes = [b"\xc1\x00".as_slice(), &[0; 20], &length, &metadata].concat();
    for number in numbers {
        bytes
            .extend_from_slice(&[0x92, 0x92, 0xd7, 0, 0x65, 0x53, 0xf1, 0, 0, 0, 0, 0, 0x80, 0x81, 0xa1, b'n', number]);
    }
    bytes.resize(bytes.len().next_multiple_of(4096), 0);
    bytes
}

struct Rig {
    storage: TempDir,
    queue: Arc<ByteQueue<Work>>,
    metrics: Arc<InputMetrics>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    fn new(chunks: &[(&str, Vec<u8>)]) -> Self {
        let storage = tempfile::tempdir().expect("a directory");
        for (name, bytes) in chunks {
            let path = storage.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("it is made");
            fs::write(path, bytes).expect("it is written");
        }
        let metrics = Arc::new(InputMetrics::new("storage_backlog.0"));
        Self { storage, queue: Arc::new(ByteQueue::new(1)), metrics, stop: Stop::default(), thread: None }
    }

    fn start(&mut self) {
        self.queue = Arc::new(ByteQueue::new(64 << 20));
        self.stop = Stop::default();
        let backlog = Box::new(Backlog {
            name: "storage_backlog.0".into(),
            chunks: find(self.storage.path()),
            routes: Arc::new(|tag| tag != "nobody"),
            metrics: Arc::clone(&self.metrics),
        });
        let (outlet, stop) = (Outlet::new(Memory::new(64 << 20), vec![Arc::clone(&self.queue)]), self.stop.clone());
        self.thread = Some(thread::spawn(move || backlog.run(outlet, stop)));
    }

    /// Everything until the input lets go, each parcel answered by `answer`.
    fn take_all(&mut self, mut answer: impl FnMut(Parcel)) {
        loop {
            match self.queue.pop(None) {
                Popped::Element(Work::Parcel(parcel)) => answer(*parcel),
                Popped::Element(Work::Ended(_) | Work::Source(_) | Work::Succeeded(_)) => {}
                Popped::Timeout | Popped::Closed => break,
            }
        }
        self.stop.drained();
        self.thread.take().expect("it was started").join().expect("it does not panic");
    }

    fn files(&self) -> Vec<String> {
        let mut files: Vec<String> = walk(self.storage.path()).collect();
        files.sort();
        files
    }
}

fn walk(directory: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(directory).expect("it is there").flatten();
    let inside = entries.flat_map(|entry| fs::read_dir(entry.path()).expect("a directory").flatten());
    inside.map(|entry| entry.file_name().to_string_lossy().into_owned())
}

/// Tag and last byte, which is the number, of each record.
fn seen(parcel: &Parcel) -> Vec<(String, u8)> {
    let last = |origin: vigie_parsers::batch::Origin| {
        let first = parcel.batch.entries()[0].origin.offset;
        let end = usize::try_from(origin.offset - first).expect("small") + origin.length as usize;
        parcel.batch.arena()[end - 1]
    };
    parcel.batch.entries().iter().map(|entry| (parcel.tag.to_string(), last(entry.origin))).collect()
}

fn deliver(parcel: Parcel) {
    parcel.settle_all(Outcome::Delivered);
}

#[test]
fn chunks_are_read_oldest_first_and_removed_when_they_are_delivered() {
    let mut rig = Rig::new(&[
        ("tail.0/9-1700000002.5.flb", chunk("late", [3])),
        ("tail.1/9-1700000001.9.flb", chunk("early", [1, 2])),
        ("rejected/x.flb", chunk("refused", [9])),
    ]);
    rig.start();

    let mut records = Vec::new();
    rig.take_all(|parcel| {
        records.extend(seen(&parcel));
        deliver(parcel);
    });

    assert_eq!(records, [("early".into(), 1), ("early".into(), 2), ("late".into(), 3)]);
    assert_eq!(rig.files(), ["x.flb"]);
    assert_eq!(rig.metrics.records.get(), 3);
}

#[test]
fn what_is_not_answered_for_is_read_again_and_in_the_end_at_the_next_start() {
    let mut rig = Rig::new(&[("tail.0/9-1700000001.5.flb", chunk("app", [1, 2]))]);
    rig.start();
    let (stop, mut times) = (rig.stop.clone(), 0);

    rig.take_all(|parcel| {
        times += 1;
        drop(parcel);
        if times == 3 {
            stop.request();
        }
    });
    assert!(times >= 3 && rig.metrics.rewinds.get() >= 2, "{times}");
    assert_eq!(rig.files(), ["9-1700000001.5.flb"]);

    rig.start();
    rig.take_all(deliver);
    assert!(rig.files().is_empty());
}

#[test]
fn what_cannot_be_taken_over_stays_and_the_rest_is_read() {
    let mut torn = chunk("torn", [1, 2]);
    let events = torn.iter().rposition(|byte| *byte == 2).expect("the last event");
    torn.truncate(events);
    let mut metrics = chunk("app", [1]);
    metrics[26] = 1;
    let mut rig = Rig::new(&[
        ("tail.0/9-1700000001.5.flb", torn),
        ("tail.0/9-1700000002.5.flb", b"no chunk".to_vec()),
        ("tail.0/9-1700000003.5.flb", Vec::new()),
        ("tail.0/9-1700000004.5.flb", metrics),
        ("tail.0/9-1700000005.5.flb", chunk("nobody", [5])),
        ("tail.0/9-1700000006.5.flb", chunk("app", [6])),
        ("tail.0/9-1700000007.5.flb", chunk("empty", [])),
    ]);
    rig.start();

    let mut records = Vec::new();
    rig.take_all(|parcel| {
        records.extend(seen(&parcel));
        deliver(parcel);
    });

    assert_eq!(records, [("torn".into(), 1), ("app".into(), 6)]);
    let left = ["9-1700000001.5.flb.damaged", "9-1700000002.5.flb", "9-1700000004.5.flb", "9-1700000005.5.flb"];
    assert_eq!(rig.files(), left);
    assert_eq!(rig.metrics.abandoned_bytes.get(), 16);
}

#[test]
fn an_event_longer_than_a_block_is_read() {
    let mut bytes = chunk("app", []);
    let start = 24 + 4 + 3;
    bytes.truncate(start);
    bytes.extend_from_slice(&[0x92, 0x05, 0x81, 0xa1, b'n', 0xdb]);
    bytes.extend_from_slice(&1_000_000_u32.to_be_bytes());
    bytes.resize(bytes.len() + 1_000_000, b'x');
    bytes.extend_from_slice(&[0x92, 0x05, 0x81, 0xa1, b'n', 7]);
    let mut rig = Rig::new(&[("tail.0/9-1700000001.5.flb", bytes)]);
    rig.start();

    let mut lengths = Vec::new();
    rig.take_all(|parcel| {
        lengths.extend(parcel.batch.entries().iter().map(|entry| entry.origin.length));
        deliver(parcel);
    });

    assert_eq!(lengths, [1_000_010, 6]);
    assert!(rig.files().is_empty());
}
