//! Starts everything, waits for the end, stops in order.

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::backoff::told;
use super::build::{BuiltFilter, BuiltInput, Plan};
use super::delivery::{self, RetryPolicy};
use super::lane::{Handle, Room};
use super::redaction::{self, Receipts};
use super::reload::{Ask, Outside, Wake, longest_drain};
use super::resident;
use super::spooling::{self, Spooling};
use super::supervise;
use super::worker::{self, Shared};
use super::{canary, dump};
use crate::metrics::Metrics;
use crate::monitor::{self, MonitorClock, MonitorOptions, Reloads};
use crate::plugin::{ByteQueue, Ends, Memory, Outlet, Stop, Work};
use crate::spool::DeadLetters;

/// Bytes of memory that may wait before one worker.
const WORKER_QUEUE: usize = 4 << 20;
/// Part of the memory limit that raw and parsed records may take, and half as much what waits for its next lines; the rest is for
/// requests, of all outputs together.
const INPUTS_PART: usize = 4;
/// Part of the memory limit that requests may take which wait for a paused index, of all outputs together.
const PARKED_PART: usize = 4;
/// First and last bound of the wait before a paused index is tried again.
const PROBE_WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How long at the end workers may take to put what they hold into spools, and inputs to store their positions and to copy what is
/// left of deleted files.
const INPUTS_CLOSE: Duration = Duration::from_secs(15);

/// What runs.
pub(super) struct Running {
    /// How long a stop and a reload may take; `None` is without end.
    grace: [Option<Duration>; 2],
    metrics: Arc<Metrics>,
    stops: Vec<Stop>,
    /// The inputs that end the agent.
    end: Arc<Ends>,
    inputs: Vec<JoinHandle<()>>,
    /// Ends with the last worker.
    workers: mpsc::Receiver<Infallible>,
    deliveries: JoinSet<()>,
    handles: Vec<Arc<Handle>>,
    /// Threads that take requests out of spools.
    feeders: Vec<JoinHandle<()>>,
    /// Receipts of what was redacted.
    receipts: Option<Arc<Receipts>>,
    abort: watch::Sender<bool>,
    /// The monitor, and what stops it.
    monitor: (JoinSet<()>, watch::Sender<bool>),
}

/// How the wait for the end ended.
enum End {
    Drained,
    GraceOver,
    AtOnce,
}

/// Why a pipeline has ended.
pub(super) enum Ended {
    /// Its inputs ended, or it was to stop.
    ForGood(ExitCode),
    /// Another one is to take its place.
    ForReload(Ask),
}

impl Running {
    /// Starts `plan`. Its monitor has the time and the way to ask for reloads from `outside`.
    pub(super) fn start(
        plan: Plan,
        runtime: &Runtime,
        outside: (&MonitorClock, &Arc<Reloads>),
    ) -> Result<Self, String> {
        let reload_grace = longest_drain(&plan);
        let Plan { inputs, filters, outputs, service, state_directory, metrics, digest, direct, .. } = plan;
        let (abort, aborted) = watch::channel(false);
        let mut served = JoinSet::new();
        let (ended, stopped) = watch::channel(false);
        if let Some(options) = MonitorOptions::from_service(&service, outside.0, outside.1) {
            let listener = runtime.block_on(monitor::bind(&options)).map_err(|error| error.to_string())?;
            served.spawn_on(monitor::serve(listener, Arc::clone(&metrics), options, stopped), runtime.handle());
        }
        let dead = Arc::new(DeadLetters::new(state_directory.clone()).hiding(redaction::hide(&filters, &outputs)));
        let policy = RetryPolicy {
            base: service.scheduler_base,
            cap: service.scheduler_cap,
            probe_base: PROBE_WAIT.0,
            probe_cap: PROBE_WAIT.1,
        };
        let room = room(service.memory(), outputs.iter().filter(|output| !output.output.discards()).count());
        let handle = |output: &super::build::BuiltOutput| {
            Handle::new(
                output.name.to_string(),
                Arc::clone(&output.output),
                output.retry_limit,
                Arc::clone(&output.metrics),
                (room, output.spool.opened.clone().map(|spool| Spooling::new(spool, Arc::clone(&output.spool.kept)))),
            )
        };
        let handles: Vec<Arc<Handle>> = outputs.iter().map(handle).collect();
        let mut deliveries = JoinSet::new();
        for handle in &handles {
            let task = delivery::run(Arc::clone(handle), Arc::clone(&dead), policy, aborted.clone());
            deliveries.spawn_on(task, runtime.handle());
        }
        let started = handles.iter().map(spooling::start).collect::<Result<Vec<_>, _>>()?;
        let feeders = started.into_iter().flatten().collect();
        let (flush, redact) = (service.flush, service.redact);
        let count = service.worker_count();
        let shared = Arc::new(Shared {
            filters,
            outputs,
            handles: handles.clone(),
            metrics: Arc::clone(&metrics),
            flush,
            redact,
            dead,
            direct,
        });
        let receipts = redaction::start(state_directory.as_deref(), &shared, digest, runtime);
        let ways = inputs.iter().map(|input| (Arc::clone(&input.name), input.tag.clone()));
        canary::start(&shared, ways.collect(), runtime);
        let queues: Vec<_> = (0..count).map(|_| Arc::new(ByteQueue::new(WORKER_QUEUE))).collect();
        let (working, workers) = mpsc::channel(1);
        start_workers(&shared, &queues, &working)?;
        let outlet = Outlet::new(Memory::new(service.memory() / INPUTS_PART), queues);
        let stops: Vec<Stop> = inputs.iter().map(|input| input.stop.clone()).collect();
        let end = Arc::default();
        stops.iter().for_each(|stop| stop.ends_by(&end));
        let start = |input| start_input(input, &shared.filters, outlet.clone(), policy);
        let inputs = inputs.into_iter().map(start).collect::<Result<_, _>>()?;
        drop(outlet);
        dump::start(&metrics, runtime);
        metrics.started.set(1);
        resident::let_go_of_start(runtime);
        let grace = [service.grace.0, reload_grace];
        let monitor = (served, ended);
        Ok(Self { grace, metrics, stops, end, inputs, workers, deliveries, handles, feeders, receipts, abort, monitor })
    }

    /// Its counters.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Runs it to its end.
    pub(super) fn until_end(mut self, runtime: &Runtime, outside: &mut Outside) -> Ended {
        let (end, reload) = runtime.block_on(self.wait(outside));
        let code = self.close(&end, runtime);
        match reload {
            Some(ask) => Ended::ForReload(ask),
            None => Ended::ForGood(code),
        }
    }

    /// Ends everything, however much is left to do.
    fn close(mut self, end: &End, runtime: &Runtime) -> ExitCode {
        if !matches!(end, End::Drained) {
            self.abort.send_replace(true);
            for handle in &self.handles {
                spooling::close(handle);
            }
            for stop in &self.stops {
                stop.request();
            }
        }
        let patience = if matches!(end, End::AtOnce) { Duration::ZERO } else { INPUTS_CLOSE };
        // What they still put into spools is answered for, so inputs hear of it before they store their positions.
        if !patience.is_zero() && !runtime.block_on(ended(&mut self.workers, patience)) {
            warn!(component = "engine", "a worker did not end in time; what it holds is read again");
        }
        for stop in &self.stops {
            stop.drained();
        }
        if !runtime.block_on(joined(self.feeders, patience)) {
            warn!(component = "engine", "a spool did not end in time; it delivers some records again");
        }
        if !runtime.block_on(joined(self.inputs, patience)) {
            warn!(component = "engine", "an input did not store its positions in time; it reads some records again");
        }
        if let Some(receipts) = &self.receipts {
            receipts.write();
        }
        report(&self.metrics);
        let (mut served, ended) = self.monitor;
        ended.send_replace(true);
        // What these hold may be wanted by those that come after: the port, the spools.
        runtime.block_on(async {
            self.deliveries.shutdown().await;
            while served.join_next().await.is_some() {}
        });
        ExitCode::SUCCESS
    }

    /// Waits until a stop or a reload with a good configuration is wanted; `None` when all has ended by itself.
    async fn until_told(&mut self, outside: &mut Outside) -> Option<Wake> {
        loop {
            let wake = tokio::select! {
                () = drained(&mut self.workers, &mut self.deliveries, &self.handles) => return None,
                () = self.end.wait() => {
                    if self.stops.len() > 1 {
                        info!(component = "engine", "all inputs that end the agent have ended: the others stop");
                    }
                    self.stops.iter().for_each(Stop::end);
                    continue;
                }
                wake = outside.next() => wake,
            };
            let Wake::Reload(ask) = wake else { return Some(wake) };
            if let Some(ask) = outside.check(ask) {
                return Some(Wake::Reload(ask));
            }
        }
    }

    /// Waits for the end. Gives who waits for a reload, if that is what it ended for.
    async fn wait(&mut self, outside: &mut Outside) -> (End, Option<Ask>) {
        let mut reload = match self.until_told(outside).await {
            None => return (End::Drained, None),
            Some(Wake::Reload(ask)) => Some(ask),
            Some(Wake::Stop(name)) => {
                let grace = self.grace[0].map_or_else(|| "endless".into(), told);
                info!(component = "engine", %grace, "{name} received: stopping after what was read is delivered");
                None
            }
        };
        for stop in &self.stops {
            if reload.is_some() { stop.hand_over() } else { stop.request() }
        }
        let mut grace = self.grace[usize::from(reload.is_some())];
        loop {
            let name = tokio::select! {
                () = drained(&mut self.workers, &mut self.deliveries, &self.handles) => return (End::Drained, reload),
                () = grace_over(grace) => {
                    warn!(component = "engine", "grace is over: what was not delivered is read again at the next start, by inputs that can");
                    return (End::GraceOver, reload);
                }
                name = outside.next_stop() => name,
            };
            if reload.is_none() {
                warn!(component = "engine", "{name} received again: exiting at once");
                return (End::AtOnce, None);
            }
            // A stop in the middle of a reload is a stop.
            info!(component = "engine", "{name} received: the reload is given up for a stop");
            (reload, grace) = (None, self.grace[0]);
        }
    }
}

/// Waits until all workers have ended, for so long at the most. Gives whether they have.
async fn ended(workers: &mut mpsc::Receiver<Infallible>, patience: Duration) -> bool {
    // Nothing is sent: it ends when the last worker has dropped its end.
    tokio::time::timeout(patience, workers.recv()).await.is_ok()
}

async fn grace_over(grace: Option<Duration>) {
    match grace {
        Some(grace) => tokio::time::sleep(grace).await,
        None => std::future::pending().await,
    }
}

/// Waits until all workers have ended and the spools are empty, then closes the outputs' queues and waits until everything is
/// delivered.
async fn drained(workers: &mut mpsc::Receiver<Infallible>, deliveries: &mut JoinSet<()>, handles: &[Arc<Handle>]) {
    // Nothing is sent: it ends when the last worker has dropped its end.
    let None = workers.recv().await;
    spooling::emptied(handles).await;
    for handle in handles {
        spooling::close(handle);
    }
    while deliveries.join_next().await.is_some() {}
}

/// Starts a worker per queue. Each holds `working` until it ends.
fn start_workers(
    shared: &Arc<Shared>,
    queues: &[Arc<ByteQueue<Work>>],
    working: &mpsc::Sender<Infallible>,
) -> Result<(), String> {
    for (number, queue) in queues.iter().enumerate() {
        let (shared, queue, working) = (Arc::clone(shared), Arc::clone(queue), working.clone());
        let work = move || {
            let _working = working;
            worker::run(&shared, &queue);
        };
        let started = thread::Builder::new().name(format!("worker-{number}")).spawn(work);
        started.map_err(|error| format!("cannot start a worker thread: {error}"))?;
    }
    Ok(())
}

fn start_input(
    input: BuiltInput,
    filters: &[BuiltFilter],
    outlet: Outlet,
    policy: RetryPolicy,
) -> Result<JoinHandle<()>, String> {
    let outlet = outlet.held_back(filters.iter().any(|filter| filter.holds_back(&input)));
    thread::Builder::new()
        .name("input".into())
        .spawn(move || supervise::run(input, outlet, policy))
        .map_err(|error| format!("cannot start an input thread: {error}"))
}

/// Waits until all threads have ended, for so long at the most, while tasks go on. Gives whether they have.
async fn joined(threads: Vec<JoinHandle<()>>, patience: Duration) -> bool {
    let started = Instant::now();
    while !threads.iter().all(JoinHandle::is_finished) {
        if started.elapsed() >= patience {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    true
}

fn report(metrics: &Metrics) {
    let read: u64 = metrics.inputs().iter().map(|input| input.records.get()).sum();
    for output in metrics.outputs() {
        info!(
            component = %output.name,
            delivered = output.proc_records.get(),
            duplicates = output.duplicate_records.get(),
            dead_lettered = output.dead_letter_records.get(),
            dropped = output.dropped_records.get(),
            "stopped"
        );
    }
    info!(component = "engine", read, unrouted = metrics.unrouted_records.get(), "stopped");
}

/// What each of so many `outputs` may take of `memory` bytes, so that all together keep the limit.
fn room(memory: usize, outputs: usize) -> Room {
    let outputs = outputs.max(1);
    let inputs = memory / INPUTS_PART + memory / (INPUTS_PART * 2);
    Room { in_flight: (memory - inputs) / outputs, parked: memory / PARKED_PART / outputs }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A running agent of one input and one worker, which goes on `until` that is true after it was told to abort. The input gives
    /// whether the worker had ended when it heard that nothing more will be answered.
    fn running(until: impl Fn(&Stop) -> bool + Send + 'static) -> (Running, std::sync::mpsc::Receiver<bool>) {
        let (abort, aborted) = watch::channel(false);
        let (working, workers) = mpsc::channel(1);
        let (told, heard) = std::sync::mpsc::sync_channel(1);
        let stop = Stop::default();
        let (worker, input) = (stop.clone(), stop.clone());
        let working = Arc::new(working);
        let work = Arc::downgrade(&working);
        thread::spawn(move || {
            while !*aborted.borrow() || !until(&worker) {
                thread::sleep(Duration::from_millis(1));
            }
            drop(working);
        });
        let input = thread::spawn(move || {
            input.wait_for_drain();
            told.send(work.upgrade().is_none()).unwrap_or_default();
        });
        let running = Running {
            grace: [None; 2],
            metrics: Arc::default(),
            stops: vec![stop],
            end: Arc::default(),
            inputs: vec![input],
            workers,
            deliveries: JoinSet::new(),
            handles: Vec::new(),
            feeders: Vec::new(),
            receipts: None,
            abort,
            monitor: (JoinSet::new(), watch::channel(false).0),
        };
        (running, heard)
    }

    fn runtime() -> Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts")
    }

    #[test]
    fn after_grace_inputs_hear_the_answers_of_workers_that_still_spool() {
        let spooling = Instant::now() + Duration::from_millis(200);
        let (running, heard) = running(move |stop| stop.requested() && Instant::now() > spooling);

        running.close(&End::GraceOver, &runtime());

        assert_eq!(heard.recv(), Ok(true));
    }

    #[test]
    fn outputs_share_the_memory_for_requests() {
        let shares = [0, 1, 4].map(|outputs| room(1_600, outputs));

        assert_eq!(shares.map(|room| room.in_flight), [1_000, 1_000, 250]);
        assert_eq!(shares.map(|room| room.parked), [400, 400, 100]);
    }

    #[test]
    fn a_stop_at_once_waits_for_no_worker() {
        let (hold, held) = std::sync::mpsc::sync_channel::<Infallible>(1);
        let is_let_go = move |_: &Stop| held.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected);
        let (running, heard) = running(is_let_go);
        let started = Instant::now();

        running.close(&End::AtOnce, &runtime());

        assert_eq!(heard.recv(), Ok(false));
        assert!(started.elapsed() < INPUTS_CLOSE);
        drop(hold);
    }
}
