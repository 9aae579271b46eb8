//! Records that Fluent Bit had read and not delivered: the chunks below its `storage.path`, taken over.
//!
//! The pipeline adds this input by itself when there are such chunks: the positions that Fluent Bit left lie past them, so
//! nobody else would read them again. A chunk is removed when all of it is settled. What cannot be read stays where it is,
//! and is named. Filters are left out, since Fluent Bit had run its own before it wrote a chunk.

mod chunk;
mod find;
mod reading;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};

use super::lines::Ready;
use crate::metrics::InputMetrics;
use crate::plugin::{Input, ItsEnd, Outlet, Stage, Stop, Stream};
use chunk::{Chunk, ChunkError};
pub use find::find;
use reading::{Progress, Reading};

/// What Fluent Bit calls such an input; a number follows.
pub const NAME: &str = "storage_backlog";

/// How long it waits at the most for a worker that has enough to do, which wakes it.
const WORKER_WAIT: Duration = Duration::from_millis(250);
/// How long it waits for memory, or for answers.
const PATIENCE: Duration = Duration::from_millis(50);
/// Chunks that may be on their way at once.
const ON_THE_WAY: usize = 64;

/// Whether some output takes records of a tag.
pub type Routes = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The input.
pub struct Backlog {
    /// Instance name.
    pub name: Arc<str>,
    /// The chunks, oldest first.
    pub chunks: Vec<PathBuf>,
    /// Which tags an output takes. A chunk that nobody takes stays where it is.
    pub routes: Routes,
    /// Its counters.
    pub metrics: Arc<InputMetrics>,
}

impl Backlog {
    /// Opens the next chunk that can be read and that some output takes.
    fn next(&self, left: &mut VecDeque<PathBuf>, stop: &Stop, number: u64) -> Option<Reading> {
        while let Some(path) = left.pop_front() {
            match Chunk::open(&path) {
                Ok(Some(chunk)) if (self.routes)(&chunk.tag) => {
                    let stream = Arc::new(self.stream(&path, number));
                    return Some(Reading::new(path, chunk, stream, stop.signal().clone()));
                }
                Ok(Some(chunk)) => {
                    let (file, tag) = (path.display(), chunk.tag);
                    warn!(component = %self.name, %file, tag, "no output matches the tag of this chunk: it stays");
                }
                Ok(None) => self.remove(&path),
                Err(error @ ChunkError::NoLogs(_)) => {
                    warn!(component = %self.name, file = %path.display(), "this chunk stays: {error}");
                }
                Err(error) => {
                    error!(component = %self.name, file = %path.display(), "this chunk cannot be taken over, it stays: {error}");
                }
            }
        }
        None
    }

    fn stream(&self, path: &std::path::Path, number: u64) -> Stream {
        // The name tells process and time, and is the same at every start.
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let input =
            path.parent().and_then(std::path::Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let began = name.split(['-', '.']).nth(1).and_then(|seconds| seconds.parse().ok());
        Stream {
            id: number,
            name: Arc::<std::path::Path>::from(path).into(),
            input: Arc::clone(&self.name),
            metrics: Arc::clone(&self.metrics),
            birth: began.unwrap_or(0),
            identity: format!("{input}/{name}").into_bytes().into(),
            stage: Arc::new(|_| Box::new(Ready { is_filtered: true }) as Box<dyn Stage>),
            sent_below: 0.into(),
        }
    }

    fn remove(&self, path: &std::path::Path) {
        match fs::remove_file(path) {
            Ok(()) => self.metrics.files_closed.add(1),
            Err(error) => {
                error!(component = %self.name, file = %path.display(), %error, "a chunk that is delivered cannot be removed; it is read again at the next start");
            }
        }
    }

    /// Lets go of chunks that are settled, and reads those again that an output did not answer for.
    fn take_answers(&self, pending: &mut Vec<Reading>) -> VecDeque<Reading> {
        let mut again = VecDeque::new();
        for mut reading in std::mem::take(pending) {
            if reading.is_settled() {
                self.finish(&reading);
            } else if reading.rewind() {
                self.metrics.rewinds.add(1);
                again.push_back(reading);
            } else {
                pending.push(reading);
            }
        }
        again
    }

    fn finish(&self, reading: &Reading) {
        let Some(lost) = reading.damage else { return self.remove(&reading.path) };
        let aside = reading.path.with_extension("flb.damaged");
        self.metrics.abandoned_bytes.add(lost);
        let moved = fs::rename(&reading.path, &aside);
        error!(component = %self.name, file = %aside.display(), lost, moved = moved.is_ok(),
            "a chunk is damaged: what stands before the damage is delivered, the rest is kept in this file");
    }
}

impl Input for Backlog {
    fn its_end(&self) -> ItsEnd {
        ItsEnd::IsWaitedFor
    }

    fn run(self: Box<Self>, outlet: Outlet, stop: Stop) {
        info!(component = %self.name, chunks = self.chunks.len(), "taking over chunks that were not delivered");
        let base = Stream::new_ids();
        let mut left: VecDeque<PathBuf> = self.chunks.iter().cloned().collect();
        let mut again: VecDeque<Reading> = VecDeque::new();
        let mut pending: Vec<Reading> = Vec::new();
        let mut opened = 0;
        while !stop.requested() {
            again.extend(self.take_answers(&mut pending));
            let wants_more = pending.len() < ON_THE_WAY;
            let next = again.pop_front().or_else(|| {
                opened += 1;
                wants_more.then(|| self.next(&mut left, &stop, base + opened)).flatten()
            });
            match next {
                Some(reading) => pending.push(self.read(reading, &outlet, &stop)),
                None if pending.is_empty() && left.is_empty() => break,
                None => drop(stop.signal().wait(PATIENCE)),
            }
        }
        drop(outlet);
        while !stop.is_drained() {
            stop.signal().wait(Duration::from_millis(200));
            // What is not settled now is read at the next start.
            drop(self.take_answers(&mut pending));
        }
        drop(self.take_answers(&mut pending));
    }
}

impl Backlog {
    /// Reads one chunk to its end, or until the agent stops.
    fn read(&self, mut reading: Reading, outlet: &Outlet, stop: &Stop) -> Reading {
        while !stop.requested() {
            match reading.step(outlet, PATIENCE) {
                Ok(Progress::Read { records, bytes }) => {
                    self.metrics.records.add(records);
                    self.metrics.bytes.add(bytes);
                }
                Ok(Progress::Busy) => {
                    outlet.wake_when_room(outlet.worker_of(reading.stream.id), stop.signal());
                    stop.signal().wait(WORKER_WAIT);
                }
                Ok(Progress::Waits) => {}
                Ok(Progress::Ended) => break,
                Err(error) => {
                    warn!(component = %self.name, file = %reading.path.display(), %error, "cannot be read now");
                    stop.signal().wait(Duration::from_secs(1));
                }
            }
        }
        outlet.end(Arc::clone(&reading.stream));
        reading
    }
}
