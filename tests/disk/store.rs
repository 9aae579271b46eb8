//! A small store for bulk requests that keeps documents by index and id, and refuses what it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

/// How lines begin that are refused for good.
pub(crate) const REFUSED: &str = "refuse";

/// What it holds: the line of each document.
#[derive(Debug, Default)]
pub(crate) struct Store {
    documents: Mutex<BTreeMap<(String, String), String>>,
    is_down: AtomicBool,
    /// Whether some requests are answered with 503, and others stored and never answered.
    is_unsteady: AtomicBool,
    requests: AtomicUsize,
}

impl Store {
    /// Starts one on a port of its own; it goes on until the process ends.
    pub(crate) fn start() -> (Arc<Self>, u16) {
        let store = Arc::new(Self::default());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let serving = Arc::clone(&store);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let store = Arc::clone(&serving);
                // A client that is killed breaks off: nothing to report.
                thread::spawn(move || store.serve(&connection));
            }
        });
        (store, port)
    }

    /// While it is down it answers 503 to everything.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// While it is not steady, it answers 503 to some requests, and takes others without an answer.
    pub(crate) fn set_unsteady(&self, is_unsteady: bool) {
        self.is_unsteady.store(is_unsteady, Ordering::SeqCst);
    }

    /// The line of every document, of every index, in order.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.lock().values().cloned().collect();
        lines.sort();
        lines
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, String), String>> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut connection: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(connection);
        while let Some(body) = request(&mut reader) {
            let Some((status, answer)) = self.answer(&body) else { return connection.shutdown(Shutdown::Both).ok() };
            let length = answer.len();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
            connection.write_all((head + &answer).as_bytes()).ok()?;
        }
        None
    }

    /// Status and body of the answer; `None` for none.
    fn answer(&self, body: &[u8]) -> Option<(&'static str, String)> {
        let is_unsteady = self.is_unsteady.load(Ordering::SeqCst);
        let number = if is_unsteady { self.requests.fetch_add(1, Ordering::SeqCst) + 1 } else { 0 };
        if self.is_down.load(Ordering::SeqCst) || number % 3 == 2 {
            return Some(("503 Service Unavailable", String::new()));
        }
        if !body.starts_with(b"{\"create\"") {
            // It has no index to look into: what may be stored is sent again.
            return Some(("404 Not Found", "{}".to_owned()));
        }
        let taken = self.take(body);
        (number % 5 != 4).then_some(("200 OK", taken))
    }

    /// Takes the items of a bulk request and gives the answer.
    fn take(&self, body: &[u8]) -> String {
        let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
        let items: Vec<String> = lines.chunks_exact(2).map(|pair| self.take_one(pair[0], pair[1])).collect();
        format!(r#"{{"took":1,"errors":false,"items":[{}]}}"#, items.join(","))
    }

    fn take_one(&self, action: &[u8], document: &[u8]) -> String {
        let action: Value = serde_json::from_slice(action).expect("an action is JSON");
        let document: Value = serde_json::from_slice(document).expect("a document is JSON");
        let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
        let key = (text(&action["create"]["_index"]), text(&action["create"]["_id"]));
        let line = text(&document["log"]);
        if line.starts_with(REFUSED) {
            return r#"{"create":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"no"}}}"#.into();
        }
        let is_new = self.lock().insert(key, line).is_none();
        let status = if is_new { 201 } else { 409 };
        format!(r#"{{"create":{{"_index":"logs-000001","status":{status}}}}}"#)
    }
}

/// The body of the next request; `None` when there is no more.
fn request(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = 0;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let value = line.to_ascii_lowercase();
        length = value.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().expect("a number"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

/// What is wrong with `lines`, which should be `written` once each, but for those that are refused; `None` where nothing is.
pub(crate) fn wrong(lines: &[String], written: &[String]) -> Option<String> {
    let stored: BTreeSet<&String> = lines.iter().collect();
    let wanted = written.iter().filter(|line| !line.starts_with(REFUSED));
    let lost: Vec<_> = wanted.filter(|line| !stored.contains(line)).collect();
    let doubled: Vec<_> = lines.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    let few = |lines: &[&String]| format!("{} {:?}", lines.len(), &lines[..lines.len().min(5)]);
    (!(lost.is_empty() && doubled.is_empty()))
        .then(|| format!("lost: {}, stored more than once: {}", few(&lost), few(&doubled)))
}
