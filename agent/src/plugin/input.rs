//! What an input is and what it is given.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::memory::{Memory, PooledBatch};
use super::name::{Identity, Name};
use super::parcel::Parcel;
use super::queue::{ByteQueue, Weight};
use super::succession::Succession;
use crate::metrics::InputMetrics;
use crate::receipts::{Share, Signal};

/// Makes records. Runs on a thread of its own, so it may block.
pub trait Input: Send {
    /// Reads until `stop` asks it to stop or the source ends.
    ///
    /// When it has stopped reading it drops `outlet`; an input with positions then waits for
    /// [`Stop::wait_for_drain`], stores them and returns.
    fn run(self: Box<Self>, outlet: Outlet, stop: Stop);

    /// What comes of its end.
    fn its_end(&self) -> ItsEnd {
        ItsEnd::Never
    }
}

/// Whether an input comes to its end by itself, and what that means for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ItsEnd {
    /// It goes on until it is asked to stop.
    #[default]
    Never,
    /// It ends by itself: an end of the agent waits for it.
    IsWaitedFor,
    /// It ends by itself, and once all such inputs have, [`Stop::end_agent`] has the agent end.
    EndsAgent,
}

/// The inputs that end the agent once all of them are at their end.
#[derive(Debug, Default)]
pub struct Ends {
    open: AtomicUsize,
    all: Notify,
}

impl Ends {
    /// Waits until the last of them is at its end.
    pub async fn wait(&self) {
        self.all.notified().await;
    }
}

/// Turns the raw lines of one stream into records: joins multiline events and parses. Runs on a worker.
pub trait Stage: Send {
    /// Takes raw lines and gives records, which may include events begun in earlier parcels.
    ///
    /// An event that may go on is kept, with a share of the range of its first line.
    fn run(&mut self, parcel: Parcel) -> Option<Parcel>;

    /// Whether its records went through filters before, so that none is applied to them.
    fn is_filtered(&self) -> bool {
        false
    }

    /// Whether one that is made anew does the same, since it keeps nothing between parcels: then it is not kept either.
    fn is_stateless(&self) -> bool {
        false
    }

    /// Tells one that was made anew that up to `offset` others had what came of its stream.
    fn begin_behind(&mut self, _offset: u64) {}

    /// When [`Stage::flush`] should be called at the latest.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Gives the events that waited until `now`.
    fn flush(&mut self, now: Instant) -> Option<Parcel> {
        let _ = now;
        None
    }

    /// Goes on in the stream that succeeds its own, of which nothing came yet. Returns whether an event is open; one that knows of
    /// none is let go.
    fn succeed(&mut self, succession: &Succession) -> bool {
        let _ = succession;
        false
    }

    /// Whether for the sake of an event that waits reading begins again before what `given` tells: how far what was given out of the
    /// stream of a share reaches.
    fn holds_back(&self, _given: &dyn Fn(&Share) -> u64) -> bool {
        false
    }

    /// Gives every event that still waits, because the stream has ended for good.
    fn finish(&mut self) -> Option<Parcel> {
        None
    }
}

/// Raw lines that are fetched on the worker that makes records of them, so that they stay in its cache. Dropping it gives
/// the source back to its input.
pub trait Source: fmt::Debug + Send {
    /// The next raw lines; `None` when that is all for now.
    fn next(&mut self) -> Option<Parcel>;

    /// Bytes of memory that it takes at a time.
    fn weight(&self) -> usize;
}

/// Makes the stage of a stream on the worker that serves it.
pub type StageFactory = Arc<dyn Fn(&Arc<Stream>) -> Box<dyn Stage> + Send + Sync>;

/// A file, connection or journal: what keeps its order and has positions of its own.
pub struct Stream {
    /// Unique in this run; streams with the same id are served by the same worker.
    pub id: u64,
    /// Name for people: the path of the file, say.
    pub name: Name,
    /// Alias or instance name of the input.
    pub input: Arc<str>,
    /// Counters of the input.
    pub metrics: Arc<InputMetrics>,
    /// When the source began, in seconds since 1970; ids start with it, so that neighbours sort together. 0 if unknown.
    pub birth: u64,
    /// Identity of the source beside its birth: device, inode and generation of a file, say.
    pub identity: Identity,
    /// Makes its stage.
    pub stage: StageFactory,
    /// Records that begin before this offset may have been sent before: by an earlier run, or by this one before it read them
    /// again. Where nothing is read again it is 0.
    pub sent_below: AtomicU64,
}

impl Stream {
    /// A stream that was read long ago: nothing comes from it but what is there already.
    pub fn past(name: Name, input: Arc<str>) -> Self {
        Self {
            id: Self::new_ids(),
            name,
            metrics: Arc::new(InputMetrics::new(&*input)),
            input,
            birth: 0,
            identity: Vec::new().into(),
            stage: Arc::new(|_| Box::new(Past)),
            sent_below: 0.into(),
        }
    }

    /// The first of 2³² ids that no other instance of an input has in this run.
    pub fn new_ids() -> u64 {
        static INSTANCES: AtomicU64 = AtomicU64::new(0);
        INSTANCES.fetch_add(1, Ordering::Relaxed) << 32
    }
}

/// The stage of a stream that was read long ago.
struct Past;

impl Stage for Past {
    fn run(&mut self, parcel: Parcel) -> Option<Parcel> {
        Some(parcel)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// What reaches a worker.
#[derive(Debug)]
pub enum Work {
    /// Raw lines.
    Parcel(Box<Parcel>),
    /// Raw lines that the worker is to fetch itself.
    Source(Box<dyn Source>),
    /// The stream has ended for good: what waits in its stage is to be given out and the stage let go.
    Ended(Arc<Stream>),
    /// What is open of one stream goes on in another one of the same worker.
    Succeeded(Box<Succession>),
}

impl Weight for Work {
    fn weight(&self) -> usize {
        match self {
            Self::Parcel(parcel) => parcel.batch.charge(),
            Self::Source(source) => source.weight(),
            Self::Ended(_) | Self::Succeeded(_) => 1,
        }
    }
}

/// Where an input takes memory from and hands its batches to. Dropping all clones tells the workers that no more comes.
#[derive(Clone, Debug)]
pub struct Outlet {
    memory: Memory,
    workers: Arc<Workers>,
    is_held_back: bool,
    /// Empties the reserve when the last clone goes.
    _letting_go: Option<Arc<LettingGo>>,
}

/// An outlet kept for the case that the input it was given to panics.
#[derive(Clone, Debug)]
pub struct Reserve(Arc<Mutex<Option<Outlet>>>);

impl Reserve {
    /// The outlet, unless the input let go of it by itself.
    pub fn take(&self) -> Option<Outlet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[derive(Debug)]
struct LettingGo(Reserve);

impl Drop for LettingGo {
    fn drop(&mut self) {
        if !thread::panicking() {
            drop(self.0.take());
        }
    }
}

/// The queues of the workers; closed when the last outlet goes.
#[derive(Debug)]
struct Workers(Vec<Arc<ByteQueue<Work>>>);

impl Drop for Workers {
    fn drop(&mut self) {
        for queue in &self.0 {
            queue.close();
        }
    }
}

impl Outlet {
    /// An outlet to `workers` with arenas from `memory`.
    pub fn new(memory: Memory, workers: Vec<Arc<ByteQueue<Work>>>) -> Self {
        Self { memory, workers: Arc::new(Workers(workers)), is_held_back: false, _letting_go: None }
    }

    /// The same for an input of which filters [hold](crate::plugin::Filter::holds) records back, if they do.
    pub fn held_back(self, is_held_back: bool) -> Self {
        Self { is_held_back, ..self }
    }

    /// The outlet for an input, and a reserve of it that lasts until the input lets go of it otherwise than by a panic.
    pub fn with_reserve(self) -> (Self, Reserve) {
        let given = Self { memory: self.memory.clone(), workers: Arc::clone(&self.workers), _letting_go: None, ..self };
        let reserve = Reserve(Arc::new(Mutex::new(Some(self))));
        (Self { _letting_go: Some(Arc::new(LettingGo(reserve.clone()))), ..given }, reserve)
    }

    /// A cleared batch for about `bytes`, or `None` when memory is short for `longest`.
    pub fn batch(&self, bytes: usize, longest: Duration) -> Option<PooledBatch> {
        self.memory.take(bytes, longest)
    }

    /// Where batches are taken from.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether filters hold records of the input back until later ones of their stream are there.
    pub fn is_held_back(&self) -> bool {
        self.is_held_back
    }

    /// Number of workers.
    pub fn workers(&self) -> usize {
        self.workers.0.len()
    }

    /// The number of the worker that serves `stream`.
    pub fn worker_of(&self, stream: u64) -> usize {
        usize::try_from(stream % self.workers.0.len() as u64).expect("an index of a vector")
    }

    /// Whether the worker of this number would take something without making the input wait.
    pub fn has_room(&self, worker: usize) -> bool {
        !self.workers.0[worker].is_full()
    }

    /// Wakes `signal` once the worker of this number [has room](Self::has_room), at once if it has.
    pub fn wake_when_room(&self, worker: usize, signal: &Signal) {
        self.workers.0[worker].wake_when_room(signal);
    }

    /// Hands a parcel to the worker of its stream, waiting while that worker's queue is full.
    ///
    /// Returns whether it was taken. When the workers are gone the parcel is dropped, and so not delivered.
    pub fn send(&self, parcel: Parcel) -> bool {
        let stream = parcel.stream.id;
        self.push(stream, Work::Parcel(Box::new(parcel)))
    }

    /// Lends a source of `stream` to its worker, waiting while that worker's queue is full. Returns whether it was taken.
    pub fn lend(&self, stream: u64, source: Box<dyn Source>) -> bool {
        self.push(stream, Work::Source(source))
    }

    /// Tells the worker of `stream` that nothing more comes from it. Returns whether it was taken.
    pub fn end(&self, stream: Arc<Stream>) -> bool {
        self.push(stream.id, Work::Ended(stream))
    }

    /// Tells the worker of both streams that one goes on in the other. Returns whether it was taken.
    pub fn succeed(&self, succession: Succession) -> bool {
        self.push(succession.from.id, Work::Succeeded(Box::new(succession)))
    }

    fn push(&self, stream: u64, work: Work) -> bool {
        self.worker(stream).push(work).is_ok()
    }

    fn worker(&self, stream: u64) -> &ByteQueue<Work> {
        &self.workers.0[self.worker_of(stream)]
    }
}

/// Tells an input when to stop. Clones are handles to the same state.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    state: Arc<AtomicU8>,
    signal: Signal,
    bequest: Bequest,
    /// Told when the input is at its end, if that ends the agent.
    ends: Arc<OnceLock<Arc<Ends>>>,
    its_end: ItsEnd,
}

/// What an input leaves to the one that takes its place after a reload.
#[derive(Clone, Default)]
struct Bequest {
    is_wished: Arc<AtomicBool>,
    left: Arc<Mutex<Vec<Box<dyn Any + Send>>>>,
    /// Where the positions of the input are.
    place: Arc<OnceLock<PathBuf>>,
}

impl Bequest {
    fn left(&self) -> MutexGuard<'_, Vec<Box<dyn Any + Send>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Bequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bequest").field("is_wished", &self.is_wished).finish_non_exhaustive()
    }
}

const READ_NO_MORE: u8 = 1;
const DRAINED: u8 = 2;

impl Stop {
    /// The signal that wakes this input: raised on every change here, and by whatever else the input hands it to.
    pub fn signal(&self) -> &Signal {
        &self.signal
    }

    /// Whether the input is to stop reading.
    pub fn requested(&self) -> bool {
        self.state.load(Ordering::Acquire) >= READ_NO_MORE
    }

    /// Asks the input to stop reading.
    pub fn request(&self) {
        self.state.fetch_max(READ_NO_MORE, Ordering::AcqRel);
        self.signal.wake();
    }

    /// The handle of an input with this end.
    #[must_use]
    pub fn with_end(self, its_end: ItsEnd) -> Self {
        Self { its_end, ..self }
    }

    /// Asks the input to stop reading because others have ended the agent, unless it ends by itself.
    pub fn end(&self) {
        if self.its_end == ItsEnd::Never {
            self.request();
        }
    }

    /// Counts this input among `ends`, if its end ends the agent.
    pub fn ends_by(&self, ends: &Arc<Ends>) {
        if self.its_end == ItsEnd::EndsAgent && self.ends.set(Arc::clone(ends)).is_ok() {
            ends.open.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Says once that of this input nothing more is to come. Where that holds for all that end the agent, the others stop,
    /// and what was read is delivered.
    pub fn end_agent(&self) {
        if let Some(ends) = self.ends.get()
            && ends.open.fetch_sub(1, Ordering::AcqRel) == 1
        {
            ends.all.notify_one();
        }
    }

    /// Asks the input to stop reading because another one takes its place at once.
    pub fn hand_over(&self) {
        self.bequest.is_wished.store(true, Ordering::Release);
        self.request();
    }

    /// Whether another input takes its place at once: what cannot be opened a second time is to be [left](Self::leave) to it.
    pub fn is_handed_over(&self) -> bool {
        self.bequest.is_wished.load(Ordering::Acquire)
    }

    /// Notes where the positions of this input are: whoever has them after a reload takes its place, whatever its name is.
    pub fn stands_at(&self, place: PathBuf) {
        // One that is made anew has the same.
        drop(self.bequest.place.set(place));
    }

    /// Whether the positions of this input and of that of `other` are in the same place; `None` where both have none.
    pub fn shares_place(&self, other: &Self) -> Option<bool> {
        let places = (self.bequest.place.get(), other.bequest.place.get());
        (places != (None, None)).then_some(places.0 == places.1)
    }

    /// Leaves something to the input that comes after.
    pub fn leave(&self, thing: impl Any + Send) {
        self.bequest.left().push(Box::new(thing));
    }

    /// Something that an input before left, if there is one of this type.
    pub fn inherit<T: Any>(&self) -> Option<T> {
        let mut left = self.bequest.left();
        let at = left.iter().position(|thing| thing.is::<T>())?;
        left.remove(at).downcast().ok().map(|thing| *thing)
    }

    /// Passes on what its input left to the one that `heir` stops.
    pub fn pass_on(&self, heir: &Self) {
        let left = std::mem::take(&mut *self.bequest.left());
        heir.bequest.left().extend(left);
    }

    /// Drops what its input left, since nobody takes its place.
    pub fn forget_left(&self) {
        let left = std::mem::take(&mut *self.bequest.left());
        drop(left);
    }

    /// Says that nothing more will be answered: outputs are done, or their time is up.
    pub fn drained(&self) {
        self.state.fetch_max(DRAINED, Ordering::AcqRel);
        self.signal.wake();
    }

    /// Waits until nothing more will be answered.
    pub fn wait_for_drain(&self) {
        while self.state.load(Ordering::Acquire) < DRAINED {
            self.signal.wait(Duration::from_millis(500));
        }
    }

    /// Whether nothing more will be answered.
    pub fn is_drained(&self) -> bool {
        self.state.load(Ordering::Acquire) >= DRAINED
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// Whether all inputs of `ends` that end the agent are at their end.
    fn is_over(ends: &Ends) -> bool {
        let mut wait = std::pin::pin!(ends.wait());
        matches!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()))
    }

    #[test]
    fn the_last_of_the_inputs_that_end_the_agent_ends_it() {
        let ends = Arc::default();
        let all = [ItsEnd::EndsAgent, ItsEnd::Never, ItsEnd::EndsAgent, ItsEnd::IsWaitedFor];
        let stops = all.map(|its_end| Stop::default().with_end(its_end));
        stops.iter().for_each(|stop| stop.ends_by(&ends));

        stops[0].end_agent();
        assert!(!is_over(&ends));
        stops[2].end_agent();

        assert!(is_over(&ends));
        stops.iter().for_each(Stop::end);
        assert_eq!(stops.map(|stop| stop.requested()), [false, true, false, false]);
    }
}
