//! A loopback bulk server: counts and checks what an agent sends, and misbehaves on demand.
//!
//! [`Sink::start`] serves on its own threads until it is dropped. It answers `_bulk` under any index, `/` as a node would,
//! and `GET /_report` with its counters.

mod bulk;
mod delays;
mod http;
mod reply;
mod serve;
mod tally;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
mod without_tls;

pub use tally::Report;

#[cfg(not(feature = "tls"))]
use without_tls as tls;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::time::ClockId;
use tally::Tally;

/// How closely bodies are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Read and answered with no items at once. Only for agents that do not look at items.
    Null,
    /// Inflated, lines counted, one short item per document.
    Count,
    /// Taken apart; every number checked off in a bitmap of its file.
    #[default]
    Verify,
}

/// How the sink behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub port: u16,
    /// Whether to speak TLS. Needs the feature `tls`.
    pub tls: bool,
    /// How closely bodies are looked at.
    pub depth: Depth,
    /// Answers with whole items as a real node does, trimmed by `filter_path`. Otherwise with status and error only.
    pub full_items: bool,
    /// Remembers ids and answers 409 to a second `create` of one. Only with [`Depth::Verify`].
    pub ids: bool,
    /// Parses every document as JSON and refuses what is none. Only with [`Depth::Verify`].
    pub check_json: bool,
    /// Notes how old stamped documents are when their body has been read. Only with [`Depth::Verify`].
    pub delays: bool,
    /// How many events each file should bring, by its number.
    pub expected: BTreeMap<u32, u64>,
    /// How it misbehaves.
    pub faults: Faults,
}

/// Misbehaviour. `every` counts from the first: 3 means the third, the sixth, and so on.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Waits before each answer.
    pub latency: Duration,
    /// Reads bodies no faster than this many bytes per second.
    pub bytes_per_second: Option<u64>,
    /// From this request on (1 is the first) reads and never answers.
    pub stall_from: Option<u64>,
    /// Ends the stall this long after it began; then what waited is taken and answered.
    pub stall_for: Option<Duration>,
    /// Answers every such request with 429 as a whole.
    pub reject_every: Option<u64>,
    /// Answers every such request with 503 as a whole.
    pub unavailable_every: Option<u64>,
    /// Answers every such item with 429.
    pub again_every: Option<u64>,
    /// Answers every such item with 400.
    pub refuse_every: Option<u64>,
    /// Cuts the connection at every such request before its body is read.
    pub reset_before_every: Option<u64>,
    /// Takes every such request and cuts the connection instead of answering.
    pub reset_after_every: Option<u64>,
}

/// A running server.
pub struct Sink {
    address: SocketAddr,
    ca_pem: Option<String>,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// What all connections see.
struct Shared {
    options: Options,
    tally: Mutex<Tally>,
    stopping: AtomicBool,
    requests_begun: AtomicU64,
    served_nanos: AtomicU64,
    stalled_since: Mutex<Option<Instant>>,
    is_out: AtomicBool,
    connections: Mutex<HashMap<u64, TcpStream>>,
}

impl Sink {
    /// Listens on 127.0.0.1.
    ///
    /// # Errors
    /// When the port is taken or no certificate can be made, and for TLS without the feature.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port))?;
        let address = listener.local_addr()?;
        let identity = if options.tls { Some(tls::Identity::make()?) } else { None };
        let ca_pem = identity.as_ref().map(|identity| identity.ca_pem().to_owned());
        let shared = Arc::new(Shared {
            tally: Mutex::new(Tally::new(&options.expected)),
            options,
            stopping: AtomicBool::new(false),
            requests_begun: AtomicU64::new(0),
            served_nanos: AtomicU64::new(0),
            stalled_since: Mutex::new(None),
            is_out: AtomicBool::new(false),
            connections: Mutex::new(HashMap::new()),
        });
        let acceptor = thread::Builder::new().name("sink".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared, identity.as_ref())
        })?;
        Ok(Self { address, ca_pem, shared, acceptor: Some(acceptor) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CA that signed its certificate; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// What it has seen so far.
    pub fn report(&self) -> Report {
        self.shared.report()
    }

    /// Begins or ends an outage: connections are cut without an answer. What had been read when it began is stored.
    pub fn set_out(&self, is_out: bool) {
        self.shared.is_out.store(is_out, Ordering::Release);
    }

    /// How long stamped documents took from the writing of their line until their body had been read, in no order.
    pub fn delays(&self) -> Vec<Duration> {
        locked(&self.shared.tally).delays.all()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        // Wakes the acceptor; when that fails it has ended already.
        drop(TcpStream::connect(self.address));
        for stream in locked(&self.shared.connections).values() {
            // It may be closed already.
            stream.shutdown(Shutdown::Both).unwrap_or_default();
        }
        if let Some(acceptor) = self.acceptor.take() {
            // A panic in there was printed by its own thread.
            acceptor.join().unwrap_or_default();
        }
    }
}

impl Shared {
    fn report(&self) -> Report {
        let served = Duration::from_nanos(self.served_nanos.load(Ordering::Relaxed));
        let report = locked(&self.tally).report();
        Report {
            cpu_seconds: cpu_time(ClockId::ProcessCPUTime).as_secs_f64(),
            served_seconds: served.as_secs_f64(),
            ..report
        }
    }

    fn is_out(&self) -> bool {
        self.is_out.load(Ordering::Acquire)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, identity: Option<&tls::Identity>) {
    for (number, stream) in (0..).zip(listener.incoming()) {
        if shared.is_stopping() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(clone) = stream.try_clone() else { continue };
        locked(&shared.connections).insert(number, clone);
        let shared_there = Arc::clone(shared);
        let identity = identity.cloned();
        let spawned = thread::Builder::new().name("sink connection".to_owned()).spawn(move || {
            serve::connection(stream, identity.as_ref(), &shared_there);
            locked(&shared_there.connections).remove(&number);
        });
        if spawned.is_err() {
            locked(&shared.connections).remove(&number);
        }
    }
}

/// Locks `mutex`, also when a thread died while it held it: counters stay usable.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// User and system time of this process or thread.
fn cpu_time(clock: ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
