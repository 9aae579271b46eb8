//! Work of the `tail` input: reads a file and cuts it into records.

use std::io::Write;
use std::sync::Arc;
use std::thread;

use vigie::config::{Diagnostics, SectionKind};
use vigie::inputs;
use vigie::metrics::InputMetrics;
use vigie::plugin::{ByteQueue, InputSetup, Memory, Outlet, Popped, Stop, Work};
use vigie::receipts::Outcome;
use vigie_benches::corpus::Kind;

use crate::route::{context, section};
use crate::{Pass, corpus};

/// Tails a file of JSON lines from its head to its end. Gives the number of records.
pub(crate) fn cut() -> Pass {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    // Several times, so that starting and ending weigh little.
    for _ in 0..4 {
        file.write_all(&corpus(Kind::Json)).expect("the file takes it");
    }
    Box::new(move || read(file.path().to_str().expect("temporary paths are UTF-8")))
}

fn read(path: &str) -> usize {
    // So much that the input never waits, however late this thread takes what it made.
    let memory = Memory::new(256 << 20);
    let queue: Arc<ByteQueue<Work>> = Arc::new(ByteQueue::new(256 << 20));
    let outlet = Outlet::new(memory, vec![Arc::clone(&queue)]);
    let stop = Stop::default();
    let options = [("name", "tail"), ("path", path), ("read_from_head", "on"), ("exit_on_eof", "on")];
    let (context, metrics) = (context(), Arc::new(InputMetrics::new("tail.0")));
    let setup =
        InputSetup { context: &context, tag: "gate", mem_buf_limit: None, alike: 1, metrics: &metrics, stop: &stop };
    let kind = inputs::KINDS.iter().find(|kind| kind.name == "tail").expect("the input is in the table");
    let mut findings = Diagnostics::default();
    let input = (kind.build)(&section(SectionKind::Input, &options), &setup, &mut findings);
    let input = input.expect("the options are sound");
    let reader = thread::spawn({
        let stop = stop.clone();
        move || input.run(outlet, stop)
    });
    // All are held until the last has come: whether a batch is there to be used again must not depend on which thread is
    // faster.
    let mut parcels = Vec::new();
    while let Popped::Element(work) = queue.pop(None) {
        if let Work::Source(mut source) = work {
            parcels.extend(std::iter::from_fn(|| source.next()));
        }
    }
    let records = parcels.iter().map(|parcel| parcel.batch.len()).sum();
    for parcel in parcels {
        parcel.settle_all(Outcome::Delivered);
    }
    stop.drained();
    reader.join().expect("the input does not panic");
    records
}
