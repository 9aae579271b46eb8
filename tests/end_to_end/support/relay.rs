//! A relay between agent and node that speaks plain HTTP: sees every request, and can change answers, or kill the agent at one.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};

use super::node::Node;
use super::store::Store;

/// What becomes of a request.
pub(crate) enum Turn {
    /// The node answers it.
    Pass,
    /// The node does not hear of it; this is the status and the answer.
    Answer(u16, String),
    /// The node answers it, and this changes the answer.
    Change(fn(String) -> String),
    /// The agent is killed before the node hears of it.
    KillBefore,
    /// The agent is killed once the node has done it, before it hears of that.
    KillAfter,
}

/// What is done with each request, told by its method, its path with the query, and its body.
type Judge = Box<dyn FnMut(&str, &str, &str) -> Turn + Send>;

/// Passes requests on to a node, as its first user.
pub(crate) struct Relay {
    pub(crate) port: u16,
    victim: Arc<AtomicI32>,
}

impl Relay {
    pub(crate) fn open(node: &Node, judge: impl FnMut(&str, &str, &str) -> Turn + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port can be listened on");
        let port = listener.local_addr().expect("a listener has an address").port();
        let judge: Arc<Mutex<Judge>> = Arc::new(Mutex::new(Box::new(judge)));
        let (node, victim) = (node.clone(), Arc::new(AtomicI32::new(0)));
        let shared = Arc::clone(&victim);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (node, judge, victim) = (node.clone(), Arc::clone(&judge), Arc::clone(&shared));
                // The agent may be gone at any byte.
                thread::spawn(move || drop(serve(&connection, (&node, &judge, &victim))));
            }
        });
        Self { port, victim }
    }

    /// Names the process that is killed; a request that kills waits for it.
    pub(crate) fn may_kill(&self, pid: u32) {
        self.victim.store(i32::try_from(pid).expect("it is a process"), Ordering::SeqCst);
    }
}

fn kill(victim: &AtomicI32) {
    while victim.load(Ordering::SeqCst) == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    let pid = Pid::from_raw(victim.load(Ordering::SeqCst)).expect("it is a process");
    kill_process(pid, Signal::KILL).expect("a running process can be killed");
}

fn serve(connection: &TcpStream, (node, judge, victim): (&Node, &Mutex<Judge>, &AtomicI32)) -> io::Result<()> {
    let store = Store::of(node);
    let mut reader = BufReader::new(connection);
    while let Some((method, path, body)) = request(&mut reader)? {
        let turn = judge.lock().unwrap_or_else(PoisonError::into_inner)(&method, &path, &body);
        let pass = || {
            let way = Method::from_bytes(method.as_bytes()).map_err(io::Error::other)?;
            let user = (node.user.as_str(), node.password.as_str());
            let kind = "application/json";
            let answer = store.send(way, path.trim_start_matches('/'), (user, kind, body.clone()));
            answer.map(|answer| (answer.status, answer.body)).map_err(io::Error::other)
        };
        let (status, answer) = match turn {
            Turn::Pass => pass()?,
            Turn::Answer(status, answer) => (status, answer),
            Turn::Change(change) => {
                let (status, answer) = pass()?;
                (status, change(answer))
            }
            Turn::KillBefore => {
                kill(victim);
                return Ok(());
            }
            Turn::KillAfter => {
                let done = pass();
                kill(victim);
                return done.map(drop);
            }
        };
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        (&mut &*connection).write_all(&[head.as_bytes(), answer.as_bytes()].concat())?;
    }
    Ok(())
}

/// Method, path and body of the next request; `None` when no more comes.
fn request(reader: &mut impl BufRead) -> io::Result<Option<(String, String, String)>> {
    let (mut first, mut length) = (String::new(), 0);
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    Ok(Some((method, path, String::from_utf8(body).map_err(io::Error::other)?)))
}
