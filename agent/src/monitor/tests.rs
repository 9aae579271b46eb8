//! The server over a loopback socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;
use vigie_parsers::batch::Timestamp;

use super::routes::Status;
use super::server::{Bounds, accept};
use super::{HealthLimits, MonitorClock, MonitorOptions, Now, Reloads, bind, serve};
use crate::metrics::Metrics;

const BOUNDS: Bounds = Bounds { connections: 64, longest: Duration::from_secs(10) };

struct Served {
    runtime: Runtime,
    address: SocketAddr,
    metrics: Arc<Metrics>,
    status: Arc<Status>,
    /// Seconds since the start.
    now: Arc<AtomicU64>,
}

fn options(health_check: bool, now: &Arc<AtomicU64>) -> MonitorOptions {
    let now = Arc::clone(now);
    let clock = move || {
        let since_start = now.load(Ordering::Relaxed);
        let seconds = 1_795_301_000 + i64::try_from(since_start).expect("it is small");
        Now { wall: Timestamp { seconds, nanos: 5_000_000 }, since_start: Duration::from_secs(since_start) }
    };
    MonitorOptions {
        listen: "127.0.0.1".into(),
        port: 0,
        health_check,
        limits: HealthLimits { errors: 5, retries_failed: 5, period: Duration::from_secs(60) },
        clock: MonitorClock::new(clock),
        reloads: Arc::new(Reloads::new().0),
    }
}

impl Served {
    fn new(health_check: bool, bounds: Bounds) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime starts");
        let (metrics, now) = (Arc::new(Metrics::default()), Arc::new(AtomicU64::new(33)));
        let options = options(health_check, &now);
        let listener = runtime.block_on(bind(&options)).expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let status = Arc::new(Status::new(Arc::clone(&metrics), options));
        runtime.spawn({
            let status = Arc::clone(&status);
            async move { accept(bounds, &listener, &status).await }
        });
        Self { runtime, address, metrics, status, now }
    }

    /// Head and body of the answer to `request`.
    fn exchange(&self, request: &str) -> (String, String) {
        self.runtime.block_on(async {
            let mut stream = TcpStream::connect(self.address).await.expect("it listens");
            stream.write_all(request.as_bytes()).await.expect("it reads");
            let mut answer = String::new();
            let read = timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await;
            read.expect("it answers soon").expect("it answers and closes");
            let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
            (head.to_owned(), body.to_owned())
        })
    }

    fn get(&self, path: &str) -> (String, String) {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }
}

fn status_of(head: &str) -> &str {
    head.get(9..12).expect("a status line")
}

#[test]
fn every_page_is_served_in_the_shape_of_fluent_bit() {
    let served = Served::new(true, BOUNDS);
    served.metrics.add_input("in\"put").records.add(6);
    served.metrics.add_filter("grep.0").drop_records.add(2);
    served.metrics.add_output("null.0").proc_records.add(4);
    let cases = [
        ("/", "application/json", r#"{"fluent-bit":{"version":""#),
        ("/api/v1/uptime/", "application/json", r#"{"uptime_sec":33,"uptime_hr":"Vigie has been running:  0 day, "#),
        ("/api/v1/metrics", "application/json", r#"{"input":{"in\"put":{"records":6,"bytes":0,"files_opened":0,"#),
        (
            "/api/v1/metrics",
            "application/json",
            r#""filter":{"grep.0":{"drop_records":2,"add_records":0,"given_up_records":0,"multiline_truncated":0,"class_"#,
        ),
        ("/api/v1/metrics", "application/json", r#""output":{"null.0":{"proc_records":4,"proc_bytes":0,"errors":0,"#),
        (
            "/api/v1/metrics/prometheus",
            "text/plain; version=0.0.4",
            "\nfluentbit_input_records_total{name=\"in\\\"put\"} 6 1795301033005\n",
        ),
        ("/api/v1/metrics/prometheus?x=1", "text/plain; version=0.0.4", "\nfluentbit_uptime 33\n"),
        ("/api/v2/metrics/prometheus", "text/plain; version=0.0.4", "\nvigie_unrouted_records_total 0\n"),
        ("/api/v1/plugins", "application/json", r#"{"plugins":{"inputs":["#),
        ("/api/v1/health", "text/plain", "ok\n"),
        (
            "/api/v2/health",
            "application/json",
            r#"{"status":"ok","errors":0,"retries_failed":0,"error_limit":5,"retry_failure_limit":5,"period_limit":60,"stalled_outputs":[]}"#,
        ),
    ];
    for (path, kind, part) in cases {
        let (head, body) = served.get(path);
        assert_eq!(status_of(&head), "200", "{path}");
        assert!(head.contains(&format!("content-type: {kind}\r\n")), "{path}: {head}");
        assert!(body.contains(part), "{path}: {body}");
        if kind == "application/json" {
            serde_json::from_str::<serde_json::Value>(&body).expect("it is JSON");
        }
    }
}

#[test]
fn only_reading_is_allowed_and_only_what_is_there() {
    let served = Served::new(false, BOUNDS);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let (head, _) = served.exchange(&format!("{method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
        assert_eq!(status_of(&head), "405", "{method}");
        assert!(head.contains("allow: GET, HEAD"), "{head}");
    }
    for path in ["/api/v1/nothing", "/../etc/passwd", "/api/v1/health"] {
        assert_eq!(status_of(&served.get(path).0), "404", "{path}");
    }
    let (head, body) = served.exchange("HEAD /api/v1/uptime HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!((status_of(&head), body.as_str()), ("200", ""));
    assert!(head.contains("content-length: "), "{head}");
}

#[test]
fn health_turns_bad_and_good_again() {
    let served = Served::new(true, BOUNDS);
    let output = served.metrics.add_output("out");
    output.errors.add(6);

    let (head, body) = served.get("/api/v1/health");
    assert_eq!((status_of(&head), body.as_str()), ("500", "error\n"));

    served.now.store(40, Ordering::Relaxed);
    served.status.sample();
    served.now.store(99, Ordering::Relaxed);
    assert_eq!(status_of(&served.get("/api/v1/health").0), "500");
    served.now.store(100, Ordering::Relaxed);

    assert_eq!(status_of(&served.get("/api/v1/health").0), "200");
}

#[test]
fn an_output_without_progress_is_named() {
    let served = Served::new(true, BOUNDS);
    served.metrics.add_output("out").requests_in_flight.set(1);
    assert_eq!(status_of(&served.get("/api/v1/health").0), "200");

    served.now.store(33 + 60, Ordering::Relaxed);

    assert_eq!(status_of(&served.get("/api/v1/health").0), "500");
    assert!(served.get("/api/v2/health").1.contains(r#""stalled_outputs":["out"]"#));
}

#[test]
fn large_heads_are_refused_and_idle_clients_give_their_place_back() {
    let bounds = Bounds { connections: 2, longest: Duration::from_millis(300) };
    let served = Served::new(false, bounds);
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(20_000));
    assert_eq!(status_of(&served.exchange(&long).0), "431");
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(100));
    assert_eq!(status_of(&served.exchange(&many).0), "431");

    let idle: Vec<TcpStream> = served.runtime.block_on(async {
        let mut idle = Vec::new();
        for _ in 0..4 {
            let mut stream = TcpStream::connect(served.address).await.expect("it listens");
            stream.write_all(b"GET / HT").await.expect("it reads");
            idle.push(stream);
        }
        idle
    });

    assert_eq!(status_of(&served.get("/api/v1/uptime").0), "200");
    drop(idle);
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let served = Served::new(false, BOUNDS);
    let taken = MonitorOptions { port: served.address.port(), ..options(false, &served.now) };

    let error = served.runtime.block_on(bind(&taken)).expect_err("the port is taken").to_string();

    let start = format!("cannot serve metrics at `127.0.0.1:{}`: ", taken.port);
    assert!(error.starts_with(&start) && error.ends_with("choose another `HTTP_Listen` or `HTTP_Port`"), "{error}");
}

#[test]
fn it_ends_when_it_is_told_to() {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        let options = options(false, &Arc::default());
        for told in [true, false] {
            let listener = bind(&options).await.expect("loopback has a free port");
            let (stop, stopped) = watch::channel(false);
            let running = tokio::spawn(serve(listener, Arc::default(), options.clone(), stopped));
            if told {
                stop.send_replace(true);
            } else {
                drop(stop);
            }
            running.await.expect("it ends without a panic");
        }
    });
}

#[test]
fn an_outage_makes_the_agent_not_ready_and_leaves_it_live() {
    let served = Served::new(true, BOUNDS);
    let (input, output) = (served.metrics.add_input("tail.0"), served.metrics.add_output("out"));
    assert_eq!(status_of(&served.get("/ready").0), "503", "nothing runs yet");
    served.metrics.started.set(1);
    input.lag_bytes.set(42);
    // Seven seconds ago by the clock of the tests.
    input.unsettled_since.set((1_795_301_000 + 33 - 7) * 1000);
    served.status.sample();

    let (head, body) = served.get("/ready");
    assert_eq!(status_of(&head), "200");
    assert_eq!(body, r#"{"ready":true,"stalled_outputs":[],"lag_bytes":42,"lag_sec":7}"#);

    output.requests_in_flight.set(1);
    served.now.store(33 + 61, Ordering::Relaxed);
    let (head, body) = served.get("/ready");
    assert_eq!(status_of(&head), "503");
    assert!(body.starts_with(r#"{"ready":false,"stalled_outputs":["out"],"#), "{body}");
    let pulse = served.metrics.add_worker();
    pulse.beat();
    let (head, body) = served.get("/live");
    assert_eq!((status_of(&head), body.as_str()), ("200", r#"{"live":true,"longest_step_sec":0}"#));
    let (_, page) = served.get("/api/v2/metrics/prometheus");
    assert!(page.contains("\nvigie_input_lag_seconds{name=\"tail.0\"} 68\n"), "{page}");
}
