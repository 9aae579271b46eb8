//! One connection: reads requests, lets faults happen, answers.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use rustix::time::ClockId;

use super::bulk::{self, Item, MarkerFinder};
use super::delays::StampFinder;
use super::http::{Connection, Head};
use super::reply::{Answered, Fate, Reply, Wanted, error_body};
use super::tally::Tally;
use super::tls::Identity;
use super::{Depth, Shared, cpu_time, locked};
use crate::machine::since_1970;

const INFLATED_LIMIT: u64 = 1 << 30;
const NODE: &[u8] = br#"{"name":"sink","cluster_name":"sink","cluster_uuid":"c2luay1jbHVzdGVyLXV1aWQ","version":{"distribution":"opensearch","number":"2.19.1","build_type":"tar","minimum_wire_compatibility_version":"7.10.0","minimum_index_compatibility_version":"7.0.0"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#;

/// Serves one client until it leaves.
pub(super) fn connection(stream: TcpStream, identity: Option<&Identity>, shared: &Shared) {
    let Ok(socket) = stream.try_clone() else { return };
    // Clients that break off are what a sink is for: nothing to report.
    let result = stream.set_nodelay(true).and_then(|()| match identity {
        None => Server::new(stream, socket, shared).run(),
        Some(identity) => Server::new(identity.accept(stream)?, socket, shared).run(),
    });
    result.unwrap_or_default();
}

/// An answer, or none because the connection was cut.
enum Answer {
    Status(u16, Vec<u8>),
    Cut,
}

struct Server<'a, S> {
    connection: Connection<S>,
    socket: TcpStream,
    shared: &'a Shared,
    finder: MarkerFinder,
    /// Only where delays are wanted.
    stamps: Option<StampFinder>,
    wire: Vec<u8>,
    plain: Vec<u8>,
}

impl<'a, S: Read + Write> Server<'a, S> {
    fn new(stream: S, socket: TcpStream, shared: &'a Shared) -> Self {
        let connection = Connection::new(stream, shared.options.faults.bytes_per_second);
        let stamps = shared.options.delays.then(StampFinder::new);
        Self { connection, socket, shared, finder: MarkerFinder::new(), stamps, wire: Vec::new(), plain: Vec::new() }
    }

    fn run(&mut self) -> io::Result<()> {
        let mut counted = Duration::ZERO;
        while let Some(head) = self.connection.read_head()? {
            if self.shared.is_out() {
                return self.socket.shutdown(Shutdown::Both);
            }
            let answer = if head.path.ends_with("/_bulk") { self.bulk(&head)? } else { self.other(&head)? };
            let Answer::Status(status, body) = answer else {
                return self.socket.shutdown(Shutdown::Both);
            };
            if self.shared.is_out() {
                return self.socket.shutdown(Shutdown::Both);
            }
            // Before the answer, so that it is there when the client looks.
            let spent = cpu_time(ClockId::ThreadCPUTime);
            let more = u64::try_from((spent - counted).as_nanos()).unwrap_or(0);
            self.shared.served_nanos.fetch_add(more, Ordering::Relaxed);
            counted = spent;
            if !self.connection.answer(&head, status, &body)? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn other(&mut self, head: &Head) -> io::Result<Answer> {
        self.connection.read_body(head, &mut self.wire)?;
        Ok(match head.path.as_str() {
            "/" => Answer::Status(200, NODE.to_vec()),
            "/_cluster/health" => Answer::Status(200, br#"{"status":"green","timed_out":false}"#.to_vec()),
            "/_report" => Answer::Status(200, format!("{}\n", self.shared.report().to_json()).into_bytes()),
            _ => Answer::Status(404, error_body(404, "resource_not_found_exception", "the sink knows bulk only")),
        })
    }

    fn bulk(&mut self, head: &Head) -> io::Result<Answer> {
        let number = self.shared.requests_begun.fetch_add(1, Ordering::Relaxed) + 1;
        let faults = &self.shared.options.faults;
        if is_nth(number, faults.reset_before_every) {
            locked(&self.shared.tally).report.failed_requests += 1;
            return Ok(Answer::Cut);
        }
        self.connection.read_body(head, &mut self.wire)?;
        let arrived = since_1970();
        self.count_request();
        if let Some(failure) = self.failure(number) {
            locked(&self.shared.tally).report.failed_requests += 1;
            return Ok(failure);
        }
        if !self.wait_out_stall(number) {
            return Ok(Answer::Cut);
        }
        let answer = self.take(head, arrived);
        thread::sleep(faults.latency);
        if is_nth(number, faults.reset_after_every) {
            locked(&self.shared.tally).report.failed_requests += 1;
            return Ok(Answer::Cut);
        }
        Ok(answer)
    }

    fn count_request(&self) {
        let mut tally = locked(&self.shared.tally);
        tally.report.requests += 1;
        tally.report.wire_bytes += self.wire.len() as u64;
    }

    /// The answer to a request that fails as a whole.
    fn failure(&self, number: u64) -> Option<Answer> {
        let faults = &self.shared.options.faults;
        if is_nth(number, faults.reject_every) {
            let body = error_body(429, "circuit_breaking_exception", "[parent] Data too large");
            return Some(Answer::Status(429, body));
        }
        if is_nth(number, faults.unavailable_every) {
            let body =
                error_body(503, "cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered]");
            return Some(Answer::Status(503, body));
        }
        None
    }

    /// Waits while the sink is stalled. Gives whether the request is to be answered after all.
    fn wait_out_stall(&self, number: u64) -> bool {
        let faults = &self.shared.options.faults;
        if faults.stall_from.is_none_or(|first| number < first) {
            return true;
        }
        let since = *locked(&self.shared.stalled_since).get_or_insert_with(Instant::now);
        while faults.stall_for.is_none_or(|length| since.elapsed() < length) {
            if self.shared.is_stopping() {
                return false;
            }
            thread::sleep(Duration::from_millis(10));
        }
        true
    }

    fn take(&mut self, head: &Head, arrived: Duration) -> Answer {
        if self.shared.options.depth == Depth::Null {
            return Answer::Status(200, br#"{"took":1,"errors":false,"items":[]}"#.to_vec());
        }
        if head.gzip {
            self.plain.clear();
            let mut decoder = MultiGzDecoder::new(&self.wire[..]).take(INFLATED_LIMIT);
            if decoder.read_to_end(&mut self.plain).is_err() {
                return self.malformed("the body is no valid gzip");
            }
        } else {
            std::mem::swap(&mut self.wire, &mut self.plain);
        }
        locked(&self.shared.tally).report.plain_bytes += self.plain.len() as u64;
        match self.shared.options.depth {
            Depth::Verify => self.verify(head, arrived),
            Depth::Null | Depth::Count => self.count(),
        }
    }

    fn malformed(&self, reason: &str) -> Answer {
        locked(&self.shared.tally).report.malformed += 1;
        Answer::Status(400, error_body(400, "illegal_argument_exception", reason))
    }

    fn count(&self) -> Answer {
        let documents = memchr::memchr_iter(b'\n', &self.plain).count() as u64 / 2;
        let wanted = Wanted::short();
        let mut reply = Reply::new(&wanted);
        for number in 0..documents {
            reply.push(&Answered { action: b"create", index: b"", id: b"", number, fate: Fate::Created });
        }
        locked(&self.shared.tally).report.documents += documents;
        Answer::Status(200, reply.finish())
    }

    fn verify(&self, head: &Head, arrived: Duration) -> Answer {
        let mut items = Vec::new();
        let walked = bulk::walk(&self.plain, |item| {
            let is_sound = !self.shared.options.check_json || is_json(&item);
            items.push((item, self.finder.find(item.document), is_sound));
        });
        if let Err(malformed) = walked {
            return self.malformed(malformed.0);
        }
        let wanted = if self.shared.options.full_items { Wanted::by_query(&head.query) } else { Wanted::short() };
        let mut reply = Reply::new(&wanted);
        let mut tally = locked(&self.shared.tally);
        for (item, marker, is_sound) in &items {
            let number = tally.report.documents;
            let index = bulk::member(item.line, "\"_index\"").unwrap_or_default();
            let id = bulk::member(item.line, "\"_id\"");
            let fate = if *is_sound { self.fate(&mut tally, index, id) } else { Fate::Refused };
            match fate {
                Fate::Created => {
                    tally.store(*marker);
                    let written = self.stamps.as_ref().and_then(|stamps| stamps.find(item.document));
                    written.into_iter().for_each(|written| tally.delays.note(written, arrived));
                }
                Fate::Conflict => tally.report.conflicts += 1,
                Fate::Again => tally.report.again += 1,
                Fate::Refused => tally.refuse(*marker),
            }
            reply.push(&Answered { action: item.action, index, id: id.unwrap_or(b"sink"), number, fate });
        }
        drop(tally);
        Answer::Status(200, reply.finish())
    }

    fn fate(&self, tally: &mut Tally, index: &[u8], id: Option<&[u8]>) -> Fate {
        let faults = &self.shared.options.faults;
        tally.items_judged += 1;
        if is_nth(tally.items_judged, faults.again_every) {
            return Fate::Again;
        }
        if is_nth(tally.items_judged, faults.refuse_every) {
            return Fate::Refused;
        }
        match id {
            Some(id) if self.shared.options.ids && !tally.insert_id(index, id) => Fate::Conflict,
            _ => Fate::Created,
        }
    }
}

fn is_json(item: &Item<'_>) -> bool {
    [item.line, item.document].into_iter().all(|text| serde_json::from_slice::<serde_json::Value>(text).is_ok())
}

fn is_nth(number: u64, every: Option<u64>) -> bool {
    every.is_some_and(|every| every > 0 && number.is_multiple_of(every))
}
