//! Metrics and health over HTTP, at the paths and in the formats of Fluent Bit.
//!
//! `pipeline` starts it when `HTTP_Server` is on. It only reads: whoever does the work counts it. There is no
//! authentication, so it listens on loopback unless told otherwise, and nothing here changes anything but that a reload
//! can be asked for where `Hot_Reload` is on.
//!
//! **Health** goes beyond Fluent Bit's in one point: an output that has had requests on their way and settled nothing for
//! `hc_period` makes the agent unhealthy, however few errors it counted. With `Retry_Limit no_limits` an outage makes no
//! errors at all, and would go unseen.
//!
//! `/ready` and `/live` are for orchestrators: ready means that records get on, live that the agent itself does. An outage
//! of the store makes the agent not ready and leaves it live, or it would be restarted for nothing.

mod health;
mod json;
mod prometheus;
mod reload;
mod routes;
mod server;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vigie_parsers::batch::Timestamp;

use crate::config::Service;
use crate::plugin::wall_clock;

pub use reload::{Reloaded, Reloads};
pub use server::{bind, probe, serve};

/// What is served, and where.
#[derive(Clone, Debug)]
pub struct MonitorOptions {
    /// Address or host name to listen at.
    pub listen: String,
    /// Port to listen at; 0 takes any free one.
    pub port: u16,
    /// Whether `/api/v1/health` judges; it is not found otherwise.
    pub health_check: bool,
    /// What is still healthy.
    pub limits: HealthLimits,
    /// Where the time comes from.
    pub clock: MonitorClock,
    /// Where reloads are asked for.
    pub reloads: Arc<Reloads>,
}

/// Up to where the agent is healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthLimits {
    /// Errors in a period that are still healthy.
    pub errors: u64,
    /// Requests given up in a period that are still healthy.
    pub retries_failed: u64,
    /// Length of the period, and how long an output may settle nothing while requests are on their way.
    pub period: Duration,
}

/// Tells wall time and time since the start.
#[derive(Clone)]
pub struct MonitorClock(Arc<dyn Fn() -> Now + Send + Sync>);

/// A moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Wall time, which may jump.
    pub wall: Timestamp,
    /// Time since the agent started, which does not.
    pub since_start: Duration,
}

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The address cannot be listened at.
    #[error("cannot serve metrics at `{listen}:{port}`: {source}; choose another `HTTP_Listen` or `HTTP_Port`")]
    Bind {
        /// Address as configured.
        listen: String,
        /// Port as configured.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
}

impl MonitorError {
    /// Whether something else listens there.
    pub fn is_taken(&self) -> bool {
        let Self::Bind { source, .. } = self;
        source.kind() == io::ErrorKind::AddrInUse
    }
}

impl MonitorOptions {
    /// What `[SERVICE]` asks for; `None` when `HTTP_Server` is off.
    pub fn from_service(service: &Service, clock: &MonitorClock, reloads: &Arc<Reloads>) -> Option<Self> {
        let limits = HealthLimits {
            errors: service.hc_errors_count,
            retries_failed: service.hc_retry_failure_count,
            period: service.hc_period,
        };
        service.http_server.then(|| Self {
            listen: service.http_listen.clone(),
            port: service.http_port,
            health_check: service.health_check,
            limits,
            clock: clock.clone(),
            reloads: Arc::clone(reloads),
        })
    }
}

impl MonitorClock {
    /// The clock of the host; the agent starts now.
    pub fn real() -> Self {
        let started = Instant::now();
        Self::new(move || Now { wall: wall_clock(), since_start: started.elapsed() })
    }

    /// A clock that shows what `now` says.
    pub fn new(now: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    fn now(&self) -> Now {
        (self.0)()
    }
}

impl fmt::Debug for MonitorClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MonitorClock")
    }
}
