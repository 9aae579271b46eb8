//! The sink seen by a client: plain, compressed, chunked, over TLS, and with its faults.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use vigie_benches::corpus::{Corpus, Kind, Until};
use vigie_benches::sink::{Depth, Faults, Options, Sink};

/// A connection that posts bodies and reads answers.
struct Client<S> {
    stream: BufReader<S>,
}

impl Client<TcpStream> {
    fn plain(sink: &Sink) -> Self {
        let stream = TcpStream::connect(sink.address()).expect("the sink listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a timeout");
        Self { stream: BufReader::new(stream) }
    }
}

impl<S: Read + Write> Client<S> {
    fn post(&mut self, headers: &str, body: &[u8]) -> io::Result<(u16, Value)> {
        let head = format!("POST /logs/_bulk HTTP/1.1\r\nHost: sink\r\n{headers}\r\n");
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.stream.get_mut().write_all(body)?;
        self.stream.get_mut().flush()?;
        self.answer()
    }

    fn post_plain(&mut self, body: &[u8]) -> io::Result<(u16, Value)> {
        self.post(&format!("Content-Length: {}\r\n", body.len()), body)
    }

    fn answer(&mut self) -> io::Result<(u16, Value)> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            self.stream.read_line(&mut line)?;
            if let Some(value) = line.strip_prefix("Content-Length: ") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, serde_json::from_slice(&body).expect("answers are JSON")))
    }
}

/// Bulk bodies of `per_request` documents each, with ids, and the number of events.
fn bodies(kind: Kind, lines: u64, per_request: usize) -> (Vec<Vec<u8>>, u64) {
    let mut text = Vec::new();
    let totals = Corpus::new(kind, 1, 0).write_to(&mut text, Until::Lines(lines)).expect("memory takes it");
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut id = 0;
    let bodies = lines.chunks(per_request).map(|chunk| {
        let mut body = Vec::new();
        for line in chunk {
            id += 1;
            let document = if kind == Kind::Json {
                String::from_utf8_lossy(line).into_owned()
            } else {
                serde_json::json!({ "log": String::from_utf8_lossy(line) }).to_string()
            };
            body.extend_from_slice(format!("{{\"create\":{{\"_id\":\"{id}\"}}}}\n{document}\n").as_bytes());
        }
        body
    });
    (bodies.collect(), totals.events)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[test]
fn every_kind_of_corpus_arrives_whole_and_is_counted_exactly() {
    for kind in Kind::ALL {
        let (bodies, events) = bodies(kind, 2_000, 300);
        let expected = BTreeMap::from([(0, events)]);
        let sink = Sink::start(Options { expected, check_json: true, ..Options::default() }).expect("a port is free");
        let mut client = Client::plain(&sink);

        let mut documents = 0;
        for (index, body) in bodies.iter().enumerate() {
            documents += body.iter().filter(|byte| **byte == b'\n').count() as u64 / 2;
            let (status, answer) = if index % 2 == 0 {
                client.post_plain(body).expect("an answer")
            } else {
                let small = gzip(body);
                let headers = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", small.len());
                client.post(&headers, &small).expect("an answer")
            };
            assert_eq!((status, &answer["errors"]), (200, &Value::Bool(false)), "{kind:?}");
        }

        let report = sink.report();
        assert_eq!((report.lost, report.doubled, report.documents), (0, 0, documents), "{kind:?}");
        assert_eq!(report.plain_bytes, bodies.iter().map(|body| body.len() as u64).sum::<u64>());
        assert!(report.wire_bytes < report.plain_bytes);
    }
}

#[test]
fn a_chunked_body_is_put_together() {
    let (bodies, _) = bodies(Kind::Json, 40, 40);
    let sink = Sink::start(Options::default()).expect("a port is free");
    let mut chunked = Vec::new();
    for chunk in bodies[0].chunks(1_000) {
        chunked.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");

    let (status, answer) = Client::plain(&sink).post("Transfer-Encoding: chunked\r\n", &chunked).expect("an answer");

    assert_eq!((status, answer["items"].as_array().map(Vec::len)), (200, Some(40)));
}

#[test]
fn what_is_missing_or_sent_twice_shows_in_the_report() {
    let (bodies, events) = bodies(Kind::Nginx, 100, 10);
    let expected = BTreeMap::from([(0, events)]);
    let sink = Sink::start(Options { expected, ..Options::default() }).expect("a port is free");
    let mut client = Client::plain(&sink);

    for body in [&bodies[0], &bodies[2], &bodies[2], &bodies[3]] {
        client.post_plain(body).expect("an answer");
    }

    let report = sink.report();
    assert_eq!((report.lost, report.doubled, report.documents), (70, 10, 40));
}

#[test]
fn over_tls_the_written_ca_is_all_that_a_client_must_trust() {
    let (bodies, _) = bodies(Kind::Json, 5, 5);
    let sink = Sink::start(Options { tls: true, ..Options::default() }).expect("a port is free");
    let ca = CertificateDer::from_pem_slice(sink.ca_pem().expect("TLS is on").as_bytes()).expect("a certificate");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca).expect("a CA");
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("known versions")
        .with_root_certificates(roots)
        .with_no_client_auth();

    for name in ["localhost", "127.0.0.1"] {
        let name = ServerName::try_from(name).expect("a name");
        let session = rustls::ClientConnection::new(Arc::new(config.clone()), name).expect("a session");
        let stream = TcpStream::connect(sink.address()).expect("the sink listens");
        let mut client = Client { stream: BufReader::new(rustls::StreamOwned::new(session, stream)) };

        let (status, _) = client.post_plain(&bodies[0]).expect("an answer");

        assert_eq!(status, 200);
    }
}

#[test]
fn whole_items_honour_filter_path_and_a_known_id_is_a_conflict() {
    let (bodies, _) = bodies(Kind::Json, 3, 3);
    let sink = Sink::start(Options { full_items: true, ids: true, ..Options::default() }).expect("a port is free");
    let mut client = Client::plain(&sink);

    let (_, first) = client.post_plain(&bodies[0]).expect("an answer");
    let (_, second) = client.post_plain(&bodies[0]).expect("an answer");

    assert_eq!(first["items"][2]["create"]["_id"], "3");
    assert_eq!((&second["errors"], &second["items"][0]["create"]["status"]), (&Value::Bool(true), &Value::from(409)));
    assert_eq!((sink.report().doubled, sink.report().conflicts), (0, 3));
}

#[test]
fn a_malformed_body_is_answered_with_400_and_nothing_of_it_is_stored() {
    let sink = Sink::start(Options::default()).expect("a port is free");
    let mut client = Client::plain(&sink);

    for body in [&b"{\"create\":{}}\n{\"seq\":1,\"src\":0}"[..], b"{\"create\":{}}\n", b"nonsense\n"] {
        assert_eq!(client.post_plain(body).expect("an answer").0, 400);
    }

    assert_eq!((sink.report().malformed, sink.report().documents), (3, 0));
}

#[test]
fn faults_hit_every_nth_request_or_item() {
    let (bodies, _) = bodies(Kind::Json, 12, 2);
    let faults = Faults {
        reject_every: Some(2),
        unavailable_every: Some(5),
        again_every: Some(3),
        refuse_every: Some(4),
        ..Faults::default()
    };
    let sink = Sink::start(Options { faults, ..Options::default() }).expect("a port is free");
    let mut client = Client::plain(&sink);

    let answers: Vec<(u16, Value)> = bodies.iter().map(|body| client.post_plain(body).expect("an answer")).collect();

    assert_eq!(answers.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [200, 429, 200, 429, 503, 429]);
    let items = |answer: &Value| [0, 1].map(|index| answer["items"][index]["create"]["status"].as_u64());
    assert_eq!(items(&answers[0].1), [Some(201), Some(201)]);
    assert_eq!(items(&answers[2].1), [Some(429), Some(400)]);
    assert_eq!((sink.report().again, sink.report().refused, sink.report().failed_requests), (1, 1, 4));
}

#[test]
fn a_reset_request_is_taken_only_when_it_was_read() {
    let (bodies, _) = bodies(Kind::Json, 4, 2);
    let before = Faults { reset_before_every: Some(1), ..Faults::default() };
    let after = Faults { reset_after_every: Some(1), ..Faults::default() };
    for (faults, taken) in [(before, 0), (after, 2)] {
        let sink = Sink::start(Options { faults, ..Options::default() }).expect("a port is free");

        assert!(Client::plain(&sink).post_plain(&bodies[0]).is_err());

        assert_eq!(sink.report().documents, taken);
    }
}

#[test]
fn a_stall_ends_when_its_time_is_over() {
    let (bodies, _) = bodies(Kind::Json, 4, 2);
    let faults = Faults { stall_from: Some(2), stall_for: Some(Duration::from_millis(150)), ..Faults::default() };
    let sink = Sink::start(Options { faults, depth: Depth::Count, ..Options::default() }).expect("a port is free");
    let mut client = Client::plain(&sink);

    client.post_plain(&bodies[0]).expect("an answer");
    let started = std::time::Instant::now();
    client.post_plain(&bodies[1]).expect("an answer after the stall");

    assert!(started.elapsed() >= Duration::from_millis(140));
    assert_eq!(sink.report().documents, 4);
}

#[test]
fn stamped_documents_tell_how_long_they_took() {
    let sink = Sink::start(Options { delays: true, ..Options::default() }).expect("a port is free");
    let hour_old = "{\"create\":{}}\n{\"seq\":0,\"src\":0,\"written_ns\":1000000000}\n";
    let unstamped = "{\"create\":{}}\n{\"seq\":1,\"src\":0}\n";

    Client::plain(&sink).post_plain(format!("{hour_old}{unstamped}").as_bytes()).expect("an answer");

    assert_eq!(sink.delays(), [Duration::from_secs(3_600)]);
    assert!(sink.report().served_seconds > 0.0);
}
