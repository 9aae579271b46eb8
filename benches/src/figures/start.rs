//! How long it takes from the start of the program until the first byte of a waiting line is at the sink.

use std::fs;
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::statistics::median;
use super::{Outcome, Setting};
use crate::conf::Setup;
use crate::directory::WorkDirectory;
use crate::measure::Process;

/// The configuration.
pub(super) const CONF: &str = include_str!("../../conf/start.conf");

const RUNS: usize = 20;

/// How often it is looked whether Vigie has ended.
const LOOK: Duration = Duration::from_millis(100);

/// Starts Vigie 20 times, with neither positions nor connections from before.
pub(super) fn measure(setting: &Setting<'_>) -> io::Result<Outcome> {
    let mut millis = Vec::new();
    for _ in 0..RUNS {
        match once(setting)? {
            Ok(wait) => millis.push(wait.as_secs_f64() * 1e3),
            Err(trouble) => return Ok(Outcome { trouble: Some(trouble), ..Outcome::default() }),
        }
    }
    let lowest = millis.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = millis.iter().copied().fold(0.0, f64::max);
    Ok(Outcome::default().with("median, ms", median(millis)).with("shortest, ms", lowest).with("longest, ms", highest))
}

/// One start. The inner error is what Vigie did instead.
fn once(setting: &Setting<'_>) -> io::Result<Result<Duration, String>> {
    let directory = WorkDirectory::make(setting.parent, "figure")?;
    let log = directory.path.join("one.log");
    fs::write(&log, "one waiting line\n")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let setup = Setup { text: CONF, log: &log, directory: &directory.path, port: address.port(), ca: None };
    let mut command = setup.command(setting.agent)?;
    let output = directory.output()?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let (sender, receiver) = mpsc::sync_channel(1);
    let waiter = thread::Builder::new().name("first byte".to_owned()).spawn(move || {
        // Nobody listens any more when the limit is over.
        sender.send(first_bytes(&listener)).unwrap_or_default();
    })?;
    let started = Instant::now();
    let process = Process::start(&mut command)?;
    let came = wait(&receiver, &process, setting.limit)?;
    drop(process);
    // Wakes one that still waits for a connection.
    drop(TcpStream::connect(address));
    waiter.join().map_err(|_| io::Error::other("the thread that waits for a byte panicked"))?;
    let Some((at, bytes)) = came else { return Ok(Err(format!("nothing came; {}", directory.last_words()))) };
    let is_request = bytes.starts_with(b"POST ");
    Ok(if is_request { Ok(at - started) } else { Err("the first bytes are no bulk request".to_owned()) })
}

/// Bytes, and when they came.
type First = (Instant, Vec<u8>);

/// What came before the end of `process` and of `limit`.
fn wait(receiver: &Receiver<io::Result<First>>, process: &Process, limit: Duration) -> io::Result<Option<First>> {
    let started = Instant::now();
    loop {
        let has_ended = process.has_ended()?;
        match receiver.recv_timeout(LOOK) {
            Ok(first) => return first.map(Some),
            Err(_) if has_ended || started.elapsed() >= limit => return Ok(None),
            Err(_) => {}
        }
    }
}

/// What comes first on the first connection, and when.
fn first_bytes(listener: &TcpListener) -> io::Result<First> {
    let (mut stream, _) = listener.accept()?;
    let mut bytes = vec![0; 64 << 10];
    let length = stream.read(&mut bytes)?;
    let at = Instant::now();
    bytes.truncate(length);
    Ok((at, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_first_bytes_are_those_that_a_client_sends() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
        let before = Instant::now();
        client.write_all(b"POST /").expect("sent");

        let (at, bytes) = first_bytes(&listener).expect("they come");

        assert!(at >= before);
        assert_eq!(bytes, b"POST /");
    }
}
