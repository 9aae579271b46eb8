//! Metrics and health over HTTP, read-only, in Fluent Bit's forms.

mod health;
mod pages;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue, SERVER};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::{debug, info};

use crate::metrics::Metrics;
use health::Health;

/// What is served, and where.
#[derive(Clone, Debug)]
pub struct MonitorOptions {
    /// Address to listen at.
    pub listen: String,
    /// Port to listen at.
    pub port: u16,
    /// Limits of health; `None` when `/api/v1/health` does not judge.
    pub health: Option<HealthLimits>,
}

/// Above what the agent counts as unhealthy.
#[derive(Clone, Copy, Debug)]
pub struct HealthLimits {
    /// Errors in a period.
    pub errors: u64,
    /// Used-up retries in a period.
    pub retry_failures: u64,
    /// Length of the period. For as long, records may be on their way without any being delivered.
    pub period: Duration,
}

/// Connections served at once; more wait.
const CONNECTIONS: usize = 64;
/// Largest head of a request in bytes.
const LARGEST_HEAD: usize = 16 << 10;
/// How long a client may take to send its head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How often health is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Begins to listen.
///
/// # Errors
/// When the address cannot be used, in words.
pub async fn bind(options: &MonitorOptions) -> Result<TcpListener, String> {
    let address = format!("{}:{}", options.listen, options.port);
    let bound = TcpListener::bind(&address).await;
    bound.map_err(|error| format!("cannot listen at {address} (HTTP_Listen, HTTP_Port): {error}"))
}

/// Serves until the task is dropped.
pub async fn serve(listener: TcpListener, metrics: Arc<Metrics>, options: MonitorOptions) {
    if let Ok(address) = listener.local_addr() {
        info!(component = "monitor", "listening at http://{address}");
    }
    let state = Arc::new(State { metrics, started: Instant::now(), health: options.health.map(Health::new) });
    let watching = Arc::clone(&state);
    let watch = async move {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Some(health) = &watching.health {
                health.look(Instant::now(), &watching.metrics);
            }
        }
    };
    tokio::join!(watch, accept(listener, state));
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let permit = Arc::clone(&connections).acquire_owned().await.expect("the semaphore is never closed");
        let (stream, peer): (_, SocketAddr) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                debug!(component = "monitor", %error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let response = state.answer(&request);
                async move { Ok::<_, Infallible>(response) }
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(LARGEST_HEAD);
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                debug!(component = "monitor", %peer, %error, "a connection ended early");
            }
            drop(permit);
        });
    }
}

struct State {
    metrics: Arc<Metrics>,
    started: Instant,
    health: Option<Health>,
}

const JSON: &str = "application/json";
const PROMETHEUS: &str = "text/plain; version=0.0.4";
const TEXT: &str = "text/plain";

impl State {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let uptime = self.started.elapsed().as_secs();
        let path = request.uri().path().trim_end_matches('/');
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return response(StatusCode::METHOD_NOT_ALLOWED, TEXT, String::new());
        }
        let (kind, body) = match path {
            "" => (JSON, pages::version()),
            "/api/v1/uptime" => (JSON, pages::uptime(uptime)),
            "/api/v1/plugins" => (JSON, pages::plugins(&self.metrics)),
            "/api/v1/metrics" => (JSON, pages::metrics(&self.metrics)),
            "/api/v1/metrics/prometheus" => (PROMETHEUS, pages::prometheus_v1(&self.metrics, uptime)),
            "/api/v2/metrics/prometheus" => (PROMETHEUS, pages::prometheus_v2(&self.metrics, uptime)),
            "/api/v1/health" | "/api/v2/health" => return self.health(path),
            _ => return response(StatusCode::NOT_FOUND, TEXT, String::new()),
        };
        response(StatusCode::OK, kind, body)
    }

    fn health(&self, path: &str) -> Response<Full<Bytes>> {
        let Some(health) = &self.health else { return response(StatusCode::NOT_FOUND, TEXT, String::new()) };
        let judged = health.judge();
        let status = if judged.is_healthy() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        if path == "/api/v1/health" {
            let word = if judged.is_healthy() { "ok\n" } else { "error\n" };
            return response(status, TEXT, word.into());
        }
        response(status, JSON, judged.json(health.limits()))
    }
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(SERVER, HeaderValue::from_static("Vigie"));
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    /// Sends `head` to a server of `metrics` and gives all of the answer.
    fn ask(metrics: &Arc<Metrics>, head: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
        runtime.block_on(async {
            let limits = HealthLimits { errors: 5, retry_failures: 5, period: Duration::from_secs(60) };
            let options = MonitorOptions { listen: "127.0.0.1".into(), port: 0, health: Some(limits) };
            let listener = bind(&options).await.expect("a port is free");
            let address = listener.local_addr().expect("it is bound");
            tokio::spawn(serve(listener, Arc::clone(metrics), options));
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            stream.write_all(head.as_bytes()).await.expect("it takes it");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("it answers");
            answer
        })
    }

    fn get(path: &str) -> String {
        let metrics = Arc::new(Metrics::default());
        metrics.add_input("tail.0").records.add(6);
        metrics.add_filter("grep.0").drop_records.add(2);
        metrics.add_output("a\"b").proc_records.add(4);
        ask(&metrics, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"))
    }

    #[test]
    fn every_page_has_fluent_bits_form() {
        let cases = [
            (
                "/api/v1/uptime",
                r#"{"uptime_sec":0,"uptime_hr":"Vigie has been running:  0 day, 0 hour, 0 minute and 0 seconds"}"#,
            ),
            ("/api/v1/metrics", r#"{"input":{"tail.0":{"records":6,"bytes":0,"#),
            (
                "/api/v1/metrics",
                r#""filter":{"grep.0":{"drop_records":2,"add_records":0,"records":0}},"output":{"a\"b":{"proc_records":4,"#,
            ),
            ("/api/v1/metrics/prometheus", "fluentbit_input_records_total{name=\"tail.0\"} 6\n"),
            ("/api/v1/metrics/prometheus", "fluentbit_output_proc_records_total{name=\"a\\\"b\"} 4\n"),
            ("/api/v2/metrics/prometheus", "# TYPE fluentbit_filter_drop_records_total counter\n"),
            ("/api/v1/health", "ok\n"),
            ("/api/v2/health", r#""status":"ok""#),
            ("/api/v1/plugins", r#"{"plugins":{"inputs":["tail.0"],"#),
        ];
        for (path, part) in cases {
            let answer = get(path);
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(part), "{path}: {answer}");
        }
    }

    #[test]
    fn only_reading_is_served_and_only_what_is_known() {
        let metrics = Arc::new(Metrics::default());
        let head = |line: &str| format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");

        assert!(ask(&metrics, &head("POST /api/v1/metrics")).starts_with("HTTP/1.1 405"));
        assert!(ask(&metrics, &head("GET /api/v1/nope")).starts_with("HTTP/1.1 404"));
        let long = format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", "x".repeat(LARGEST_HEAD + 1));
        assert!(!ask(&metrics, &long).starts_with("HTTP/1.1 200"));
    }
}
