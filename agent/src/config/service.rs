//! `[SERVICE]`: what concerns the agent as a whole.

use std::path::PathBuf;
use std::time::Duration;

use super::diagnostic::Diagnostics;
use super::document::{Document, Place, Section, SectionKind};
use super::options::{OptionType, Options};
use super::types::{LogLevel, Size};

crate::options! {
    /// Options of `[SERVICE]`.
    pub struct Service {
        flush: Duration, default "1", "Seconds after which records gathered so far are sent, full request or not.";
        grace: Grace, default "5", "Seconds a stop may take to deliver what was read; -1 is without end.";
        log_level: LogLevel, default "info", "How much the agent says of itself.";
        log_file: PathBuf, optional, "File that its messages go to, in place of standard error.";
        parsers_file: PathBuf, repeated, "File with parsers.";
        http_server: bool, default "off", "Whether metrics and health are served.";
        http_listen: String, default "127.0.0.1", "Address they are served at.";
        http_port: u16, default "2020", "Port they are served at.";
        health_check: bool, default "off", "Whether `/api/v1/health` judges.";
        hc_errors_count: u64, default "5", "Errors in a period above which the agent is unhealthy.";
        hc_retry_failure_count: u64, default "5", "Used-up retries in a period above which the agent is unhealthy.";
        hc_period: Duration, default "60", "Length of the period.";
        "storage.path" storage_path: PathBuf, optional, "Directory for state: positions without a `DB`, dead letters, the agent's key. By default `$STATE_DIRECTORY`.";
        "scheduler.base" scheduler_base: Duration, default "1", "First bound of the wait before a failed request is sent again; it doubles.";
        "scheduler.cap" scheduler_cap: Duration, default "30", "Largest bound of that wait.";
        workers: usize, default "0", "Threads that parse, filter and encode; 0 is one per processor, at most 4.";
        "memory.limit" memory_limit: Size, default "0", "Bytes that records may take in memory; 0 is the smaller of 128 MiB and half of the control group's limit.";
        instance: String, optional, "Identity of this agent in document ids; by default `$NODE_NAME`, else machine id and host name.";
    }
    not_needed {
        "daemon": "A service manager keeps the agent in the background.",
        "coro_stack_size": "There are no coroutines.",
        "multiline_buffer_limit": "Events are bounded at 2 MB.",
        "dns.mode": "Names are resolved by the system.",
        "dns.resolver": "Names are resolved by the system.",
        "dns.prefer_ipv4": "Names are resolved by the system.",
        "dns.prefer_ipv6": "Names are resolved by the system.",
        "storage.sync": "There are no chunks: files are read again from the last settled position.",
        "storage.checksum": "There are no chunks: files are read again from the last settled position.",
        "storage.metrics": "There are no chunks: files are read again from the last settled position.",
        "storage.max_chunks_up": "There are no chunks: files are read again from the last settled position.",
        "storage.backlog.mem_limit": "There are no chunks: files are read again from the last settled position.",
        "storage.backlog.flush_on_shutdown": "There are no chunks: files are read again from the last settled position.",
        "storage.delete_irrecoverable_chunks": "There are no chunks: files are read again from the last settled position.",
        "storage.trim_files": "There are no chunks: files are read again from the last settled position.",
        "storage.type": "There are no chunks: files are read again from the last settled position.",
        "storage.inherit": "There are no chunks: files are read again from the last settled position.",
        "sp.convert_from_str_to_num": "There is no stream processor.",
        "json.convert_nan_to_null": "Numbers that JSON does not have are always null.",
        "json.escape_unicode": "Text is written as UTF-8, which means the same.",
        "enable_chunk_trace": "There are no chunks.",
        "hot_reload": "A restart loses nothing.",
        "hot_reload.ensure_thread_safety": "A restart loses nothing.",
        "hot_reload.timeout": "A restart loses nothing.",
        "windows.maxstdio": "Only for Windows.",
        "flush.adaptive": "Requests grow by themselves while the output is busy.",
    }
}

/// A time that a stop may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace(pub Option<Duration>);

impl OptionType for Grace {
    const KIND: &'static str = "seconds";

    fn parse(text: &str) -> Result<Self, String> {
        if text == "-1" { Ok(Self(None)) } else { Duration::parse(text).map(|grace| Self(Some(grace))) }
    }
}

/// Most worker threads by default.
const DEFAULT_WORKERS: usize = 4;
/// Memory of records by default.
const DEFAULT_MEMORY: usize = 128 << 20;

impl Service {
    /// Reads `[SERVICE]` of `document`. Without one all defaults hold; so they do where it is wrong, which is reported, so
    /// that the rest can be looked at.
    pub fn from_document(document: &Document, findings: &mut Diagnostics) -> Self {
        let empty =
            Section { kind: SectionKind::Service, place: Place::default(), entries: Vec::new(), groups: Vec::new() };
        let section = document.of(SectionKind::Service).next().unwrap_or(&empty);
        super::common::refuse_unknown(section, &[Self::TABLE], findings);
        let read = Self::read(section, findings);
        read.unwrap_or_else(|| {
            Self::read(&empty, &mut Diagnostics::default()).expect("every option of the service has a default")
        })
    }

    /// Number of worker threads.
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from).min(DEFAULT_WORKERS),
            count => count.min(256),
        }
    }

    /// Bytes that records may take in memory.
    pub fn memory(&self) -> usize {
        match self.memory_limit.0 {
            0 => cgroup_limit().map_or(DEFAULT_MEMORY, |limit| (limit / 2).min(DEFAULT_MEMORY)),
            limit => limit,
        }
    }
}

/// The memory limit of the control group the agent runs in, if it has one.
fn cgroup_limit() -> Option<usize> {
    let text = super::reader::read_bounded("/sys/fs/cgroup/memory.max".as_ref(), 64).ok()?;
    text.trim().parse().ok()
}
