//! A gate between agent and node: passes bytes on, and can withhold the answers.
//!
//! TLS goes through untouched. With the answers withheld, the node has stored what was sent and the agent does not
//! know it: the moment at which a kill is hardest to get right.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// More than a client says to greet: a request is under way.
const A_REQUEST: u64 = 4 << 10;

/// How often a withheld connection looks whether it may go on.
const LOOK: Duration = Duration::from_millis(5);

/// Passes connections on to a port of 127.0.0.1.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    withholding: AtomicBool,
    /// The most bytes that one connection carried from the agent while answers were withheld.
    asked: AtomicU64,
    /// Bytes of answers that are being withheld.
    withheld: AtomicU64,
    /// Both ends of every connection, so that they can be cut.
    connections: Mutex<Vec<TcpStream>>,
}

impl Gate {
    /// Opens a gate at a free port of `address`, which is a loopback address.
    pub(crate) fn open(address: Ipv4Addr, port_behind: u16) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("a loopback port can be listened on");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || shared.serve(&listener, port_behind));
        Self { address, state }
    }

    /// Withholds answers from now on: on each connection from the point where it has carried a request.
    pub(crate) fn withhold_answers(&self) {
        self.state.asked.store(0, Ordering::SeqCst);
        self.state.withheld.store(0, Ordering::SeqCst);
        self.state.withholding.store(true, Ordering::SeqCst);
    }

    /// Whether a request came since answers are withheld.
    pub(crate) fn was_asked(&self) -> bool {
        self.state.asked.load(Ordering::SeqCst) >= A_REQUEST
    }

    /// Whether an answer is being withheld.
    pub(crate) fn withholds(&self) -> bool {
        self.state.withheld.load(Ordering::SeqCst) > 0
    }

    /// Cuts all connections, so that what is withheld is lost, and lets new ones through.
    pub(crate) fn cut_and_release(&self) {
        let mut connections = self.state.connections.lock().unwrap_or_else(PoisonError::into_inner);
        for connection in connections.drain(..) {
            // It may be closed already.
            drop(connection.shutdown(Shutdown::Both));
        }
        self.state.withholding.store(false, Ordering::SeqCst);
    }
}

impl State {
    /// Passes every connection on. The node being away shows as a connection that closes at once.
    fn serve(self: &Arc<Self>, listener: &TcpListener, port_behind: u16) {
        for outer in listener.incoming().flatten() {
            let Ok(inner) = TcpStream::connect((Ipv4Addr::LOCALHOST, port_behind)) else { continue };
            self.join(&outer, &inner).expect("a fresh connection can be passed on");
        }
    }

    fn join(self: &Arc<Self>, outer: &TcpStream, inner: &TcpStream) -> io::Result<()> {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.push(outer.try_clone()?);
        connections.push(inner.try_clone()?);
        drop(connections);
        let asked = Arc::new(AtomicU64::new(0));
        let (state, here, from, to) = (Arc::clone(self), Arc::clone(&asked), outer.try_clone()?, inner.try_clone()?);
        thread::spawn(move || pass(&from, &to, |length| state.may_ask(&here, length)));
        let (state, from, to) = (Arc::clone(self), inner.try_clone()?, outer.try_clone()?);
        thread::spawn(move || pass(&from, &to, |length| state.may_answer(&asked, length)));
        Ok(())
    }

    fn may_ask(&self, here: &AtomicU64, length: u64) -> bool {
        if self.withholding.load(Ordering::SeqCst) {
            let asked = here.fetch_add(length, Ordering::SeqCst) + length;
            self.asked.fetch_max(asked, Ordering::SeqCst);
        }
        true
    }

    fn may_answer(&self, asked: &AtomicU64, length: u64) -> bool {
        if !self.withholding.load(Ordering::SeqCst) || asked.load(Ordering::SeqCst) < A_REQUEST {
            return true;
        }
        self.withheld.fetch_add(length, Ordering::SeqCst);
        while self.withholding.load(Ordering::SeqCst) {
            thread::sleep(LOOK);
        }
        // What was withheld never arrives: the connection was cut.
        false
    }
}

/// Passes bytes on until one side closes or `may_pass` says no.
fn pass(mut from: &TcpStream, mut to: &TcpStream, may_pass: impl Fn(u64) -> bool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !may_pass(length as u64) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // Either side may be closed already.
    drop(to.shutdown(Shutdown::Both));
    drop(from.shutdown(Shutdown::Both));
}
