//! Which path gives what.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, SERVER};
use hyper::{Method, Response, StatusCode};

use super::health::{Health, Judgement};
use super::prometheus::{Page, page, seconds_since};
use super::{MonitorOptions, json};
use crate::metrics::Metrics;
use crate::{filters, inputs, outputs};

/// What is told.
#[derive(Debug)]
pub(super) struct Status {
    metrics: Arc<Metrics>,
    options: MonitorOptions,
    health: Mutex<Health>,
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
const PROMETHEUS: &str = "text/plain; version=0.0.4";

const RELOAD: &str = "/api/v2/reload";

/// A worker that has been at one piece of work for so long hangs. The longest that is known takes a few seconds.
const HANGS: Duration = Duration::from_secs(60);

type Answer = (StatusCode, &'static str, Vec<u8>);

impl Status {
    pub(super) fn new(metrics: Arc<Metrics>, options: MonitorOptions) -> Self {
        let health = Mutex::new(Health::new(options.limits));
        Self { metrics, options, health }
    }

    /// Remembers the counts, for health.
    pub(super) fn sample(&self) {
        let now = self.options.clock.now().since_start;
        self.health().sample(&self.metrics, now);
    }

    /// How often [`Status::sample`] is to be called.
    pub(super) fn interval(&self) -> Duration {
        self.health().interval()
    }

    /// The answer to a request, which may ask for a reload. Nothing of it is read but method and path.
    pub(super) async fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        if path.trim_end_matches('/') == RELOAD && matches!(*method, Method::POST | Method::PUT) {
            let (is_good, body) = self.options.reloads.ask().await;
            return response(if is_good { StatusCode::OK } else { StatusCode::BAD_REQUEST }, JSON, body);
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, Vec::new());
            let allowed = if path.trim_end_matches('/') == RELOAD { "GET, HEAD, POST, PUT" } else { "GET, HEAD" };
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
            return refused;
        }
        let (status, kind, body) = self.find(path).unwrap_or((StatusCode::NOT_FOUND, TEXT, Vec::new()));
        response(status, kind, body)
    }

    fn find(&self, path: &str) -> Option<Answer> {
        let ok = |kind, body| Some((StatusCode::OK, kind, body));
        let now = || self.options.clock.now();
        match path.trim_end_matches('/') {
            "" => ok(JSON, json::about()),
            "/api/v1/uptime" => ok(JSON, json::uptime(now().since_start.as_secs())),
            "/api/v1/plugins" => ok(JSON, plugins()),
            "/api/v1/metrics" => ok(JSON, json::metrics(&self.metrics)),
            "/api/v1/metrics/prometheus" => ok(PROMETHEUS, page(Page::V1, &self.metrics, now())),
            "/api/v2/metrics/prometheus" => ok(PROMETHEUS, page(Page::V2, &self.metrics, now())),
            RELOAD => ok(JSON, format!(r#"{{"hot_reload_count":{}}}"#, self.metrics.reloads.get()).into_bytes()),
            "/api/v1/health" if self.options.health_check => {
                let (status, judgement) = self.judge();
                let body = if judgement.healthy { "ok\n" } else { "error\n" };
                Some((status, TEXT, body.into()))
            }
            "/live" => Some(self.live()),
            "/ready" => Some(self.ready()),
            "/api/v2/health" => {
                let (status, judgement) = self.judge();
                Some((status, JSON, json::health(&judgement, &self.options.limits)))
            }
            _ => None,
        }
    }

    /// Whether the agent itself gets on, whatever its outputs do: what a restart would mend.
    fn live(&self) -> Answer {
        let step = self.metrics.longest_step();
        let status = if step < HANGS { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, JSON, json::live(step < HANGS, step))
    }

    /// Whether records that come now get on: everything runs, and no output stands still.
    fn ready(&self) -> Answer {
        let now = self.options.clock.now();
        let stalled = self.health().judge(&self.metrics, now.since_start).stalled;
        let is_ready = self.metrics.started.get() > 0 && stalled.is_empty();
        let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let inputs = self.metrics.inputs();
        let bytes = inputs.iter().map(|input| input.lag_bytes.get()).sum();
        let seconds = inputs.iter().map(|input| seconds_since(input.unsettled_since.get(), now)).max();
        let lag = json::Lag { bytes, seconds: seconds.unwrap_or(0) };
        (status, JSON, json::ready(is_ready, &stalled, lag))
    }

    fn judge(&self) -> (StatusCode, Judgement) {
        let now = self.options.clock.now().since_start;
        let judgement = self.health().judge(&self.metrics, now);
        let status = if judgement.healthy { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        (status, judgement)
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plugins() -> Vec<u8> {
    let inputs: Vec<&str> = inputs::KINDS.iter().map(|kind| kind.name).collect();
    let filters: Vec<&str> = filters::KINDS.iter().map(|kind| kind.name).collect();
    let outputs: Vec<&str> = outputs::KINDS.iter().map(|kind| kind.name).collect();
    json::plugins(&inputs, &filters, &outputs)
}

fn response(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("Vigie"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
