//! The server: few connections, short ones, small requests.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::{debug, info, warn};

use super::routes::Status;
use super::{MonitorError, MonitorOptions};
use crate::config::Service;
use crate::metrics::Metrics;

/// How much strangers may take of the agent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Connections open at once; more wait to be accepted.
    pub(super) connections: usize,
    /// How long one may last, request and answer together.
    pub(super) longest: Duration,
}

const BOUNDS: Bounds = Bounds { connections: 64, longest: Duration::from_secs(10) };
/// Bytes of a request line with its headers; answers are not bound by it.
const LARGEST_HEAD: usize = 16 << 10;
/// Headers of a request.
const MOST_HEADERS: usize = 64;
/// Pause after a connection could not be accepted, as when all file descriptors are in use.
const PAUSE: Duration = Duration::from_millis(200);

/// Opens the port. Called before anything else starts, so that a port in use ends the start.
///
/// # Errors
/// [`MonitorError::Bind`] when the address cannot be listened at.
pub async fn bind(options: &MonitorOptions) -> Result<TcpListener, MonitorError> {
    let MonitorOptions { listen, port, .. } = options;
    let opened = TcpListener::bind((listen.as_str(), *port)).await;
    opened.map_err(|source| MonitorError::Bind { listen: listen.clone(), port: *port, source })
}

/// Looks whether what `service` asks for could be served.
///
/// # Errors
/// As [`bind`].
pub fn probe(service: &Service) -> Result<(), MonitorError> {
    if !service.http_server {
        return Ok(());
    }
    let (listen, port) = (service.http_listen.clone(), service.http_port);
    let opened = std::net::TcpListener::bind((listen.as_str(), port));
    opened.map(drop).map_err(|source| MonitorError::Bind { listen, port, source })
}

/// Answers requests until `stop` turns true or its sender is gone.
pub async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    options: MonitorOptions,
    mut stop: watch::Receiver<bool>,
) {
    if let Ok(address) = listener.local_addr() {
        info!(component = "monitor", %address, "serving metrics and health");
    }
    let status = Arc::new(Status::new(metrics, options));
    tokio::select! {
        () = accept(BOUNDS, &listener, &status) => {}
        () = sample(&status) => {}
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
}

/// Takes the counts that health is judged by, again and again.
async fn sample(status: &Status) {
    let mut ticks = interval(status.interval());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        status.sample();
    }
}

/// Answers whoever connects, for ever.
pub(super) async fn accept(bounds: Bounds, listener: &TcpListener, status: &Arc<Status>) {
    let permits = Arc::new(Semaphore::new(bounds.connections));
    loop {
        let permit = Arc::clone(&permits).acquire_owned().await.expect("the semaphore is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(component = "monitor", %error, "cannot accept a connection");
                sleep(PAUSE).await;
                continue;
            }
        };
        let status = Arc::clone(status);
        tokio::spawn(async move {
            if timeout(bounds.longest, converse(stream, &status)).await.is_err() {
                debug!(component = "monitor", "a client was too slow");
            }
            drop(permit);
        });
    }
}

/// One request, one answer. Connections are not kept: whoever asks every few seconds can afford a new one, and a slow
/// or idle client holds its place only for a while.
async fn converse(stream: TcpStream, status: &Status) {
    let service = service_fn(|request: Request<Incoming>| async move {
        Ok::<Response<_>, Infallible>(status.answer(request.method(), request.uri().path()).await)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        debug!(component = "monitor", %error, "a connection ended early");
    }
}
