//! `[SERVICE]`: what concerns the agent as a whole.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::diagnostic::Diagnostics;
use super::document::{Document, Place, Section, SectionKind};
use super::options::{OptionType, Options, Presence, readable};
use super::reader::read_bounded;
use super::types::{AlwaysOff, BinarySize, LogLevel, Size, StorageType};

crate::options! {
    /// Options of `[SERVICE]`.
    pub struct Service {
        flush: Duration, default "1", "Seconds that records wait at the most for a request to be full. The first after a pause goes at once, and while nothing is on its way a quarter of a request is enough.";
        grace: Grace, default "5", "Seconds a stop may take to deliver what was read; -1 is without end.";
        log_level: LogLevel, default "info", "How much the agent says of itself.";
        log_file: PathBuf, optional, "File that its messages go to, in place of standard error.";
        parsers_file: PathBuf, repeated, "File with parsers.";
        multiline_buffer_limit: BinarySize, default "2M", "Most bytes of text of an event of several lines. One that would pass it ends before that line and is said to be truncated; the line is kept as an event of its own. The same becomes of events that would take more than an eighth of `memory.limit` together. Units are of 1024, as in 512K or 1MiB.";
        retention_file: PathBuf, repeated, "File with retention classes: YAML with `retention_classes`, or `[RETENTION_CLASS]` sections.";
        http_server: bool, default "off", "Whether metrics and health are served.";
        http_listen: String, default "127.0.0.1", "Address they are served at.";
        http_port: u16, default "2020", "Port they are served at; 0 takes a free one, which the log tells.";
        health_check: bool, default "off", "Whether `/api/v1/health` judges.";
        hc_errors_count: u64, default "5", "Errors in a period above which the agent is unhealthy.";
        hc_retry_failure_count: u64, default "5", "Used-up retries in a period above which the agent is unhealthy.";
        hc_period: Duration, default "60", "Length of the period.";
        "storage.path" storage_path: PathBuf, optional, "Directory for state: positions without a `DB`, spooled records, dead letters, the rest of files that are deleted before a stop, the agent's key. By default `$STATE_DIRECTORY`.";
        "storage.type" storage_type: StorageType, default "memory", "What inputs without a `storage.type` take as theirs, with `storage.inherit`.";
        "storage.inherit" storage_inherit: bool, default "off", "Whether inputs without a `storage.type` take the one given here.";
        "storage.key_file" storage_key_file: PathBuf, optional, "File with a key of 32 bytes, or 64 hexadecimal digits, that spooled records are sealed with (AES-256-GCM). What was spooled without it can still be read.";
        "scheduler.base" scheduler_base: Duration, default "1", "First bound of the wait before a failed request is sent again; it doubles. Where the other side has only too much to do, four round trips take its place if these are less.";
        "scheduler.cap" scheduler_cap: Duration, default "30", "Largest bound of that wait.";
        workers: usize, default "0", "Threads that parse, filter and encode; 0 is one per processor, at most 4.";
        "memory.limit" memory_limit: Size, default "0", "Bytes that records may take in memory; 0 is the smaller of 128 MiB and half of the control group's limit.";
        "json.escape_unicode" json_escape_unicode: bool, default "off", "Whether outputs write `\\uXXXX` in place of what is beyond ASCII in JSON; else it is UTF-8, which means the same.";
        hot_reload: bool, default "off", "Whether SIGHUP and `POST /api/v2/reload` read the configuration anew. One with mistakes is refused, and what ran goes on.";
        daemon: AlwaysOff, default "off", "Only off: a service manager such as systemd keeps the agent in the background.";
        "security.fips_mode" fips_mode: AlwaysOff, default "off", "Only off: the cryptography in use is not certified.";
        redact: RedactRule, default "off", "`required` refuses to start while there is a way from an input to an output that passes no filter `redact`, and drops, counted, what would take one at run time.";
        instance: String, optional, "Identity of this agent in document ids; by default `$NODE_NAME`, else machine id and host name.";
    }
    not_needed {
        "coro_stack_size": "There are no coroutines.",
        "dns.mode": "Names are resolved by the system.",
        "dns.resolver": "Names are resolved by the system.",
        "dns.prefer_ipv4": "Names are resolved by the system.",
        "dns.prefer_ipv6": "Names are resolved by the system.",
        "storage.sync": "Spooled records are always synced.",
        "storage.checksum": "Spooled records always have one.",
        "storage.metrics": "There are no chunks: files are read again from the last settled position.",
        "storage.max_chunks_up": "There are no chunks: files are read again from the last settled position.",
        "storage.backlog.mem_limit": "There are no chunks: files are read again from the last settled position.",
        "storage.backlog.flush_on_shutdown": "There are no chunks: files are read again from the last settled position.",
        "storage.delete_irrecoverable_chunks": "Damaged files of the spool are put aside, with the reason.",
        "storage.trim_files": "There are no chunks: files are read again from the last settled position.",
        "sp.convert_from_str_to_num": "There is no stream processor.",
        "json.convert_nan_to_null": "Numbers that JSON does not have are always null.",
        "enable_chunk_trace": "There are no chunks.",
        "hot_reload.ensure_thread_safety": "A reload always waits for its threads.",
        "hot_reload.timeout": "A reload takes at most `Grace` and some seconds.",
        "windows.maxstdio": "Only for Windows.",
        "flush.adaptive": "Requests grow by themselves while the output is busy.",
        "flush.adaptive.min_interval": "Requests grow by themselves while the output is busy.",
        "flush.adaptive.max_interval": "Requests grow by themselves while the output is busy.",
        "flush.adaptive.low_pressure": "Requests grow by themselves while the output is busy.",
        "flush.adaptive.medium_pressure": "Requests grow by themselves while the output is busy.",
        "flush.adaptive.high_pressure": "Requests grow by themselves while the output is busy.",
        "flush.adaptive.up_steps": "Requests grow by themselves while the output is busy.",
        "flush.adaptive.down_steps": "Requests grow by themselves while the output is busy.",
        "storage.keep.rejected": "Refused records are always kept, in the dead-letter file.",
        "plugins_file": "Plugins are part of the program; a section that names another one is refused.",
        "storage.rejected.limit": "Refused records are kept until `vigie dlq purge` takes them away.",
        "storage.rejected.path": "Refused records are kept in the dead-letter file below `storage.path`.",
    }
    refused {
        "streams_file": "There is no stream processor: records would not be changed as the file says.",
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

    fn remedy(text: &str) -> Option<String> {
        Duration::remedy(text)
    }
}

/// Whether every record must pass `redact`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedactRule {
    /// It is up to the filters.
    Off,
    /// No record reaches an output otherwise.
    Required,
}

impl OptionType for RedactRule {
    const KIND: &'static str = "rule";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "required" => Ok(Self::Required),
            "off" => Ok(Self::Off),
            _ => Err("`required` or `off`".into()),
        }
    }
}

/// Most worker threads by default.
const DEFAULT_WORKERS: usize = 4;
/// Most worker threads.
const MAX_WORKERS: usize = 256;
/// Least memory that the agent can work in.
const LEAST_MEMORY: usize = 4_000_000;
/// Memory of records by default.
const DEFAULT_MEMORY: usize = 128 << 20;

impl Service {
    /// Leaves of each option of `[SERVICE]` that is set more than once the last setting, which holds in Fluent Bit, and tells of the others.
    pub(super) fn keep_last(document: &mut Document, findings: &mut Diagnostics) {
        let Some(section) = document.sections.iter_mut().find(|section| section.kind == SectionKind::Service) else {
            return;
        };
        let repeated =
            |key: &str| Self::TABLE.iter().any(|spec| spec.key == key && matches!(spec.presence, Presence::Repeated));
        let all = std::mem::take(&mut section.entries);
        for (at, entry) in all.iter().enumerate() {
            let key = entry.key.text.as_str();
            let again = all[at + 1..].iter().rev().find(|later| later.key.text == key).filter(|_| !repeated(key));
            let Some(again) = again else {
                section.entries.push(entry.clone());
                continue;
            };
            let of = if again.key.place.file == entry.key.place.file { "" } else { " of another file" };
            let message = format!("`{key}` is set again in line {}{of}, which is what holds", again.key.place.line);
            findings.warning(entry.key.place, "V113", message).help("keep one of them");
        }
    }

    /// Reads `[SERVICE]` of `document`; without one, all defaults hold. They also hold where something was wrong and
    /// reported, so that the rest of the configuration can be checked.
    pub fn from_document(document: &Document, findings: &mut Diagnostics) -> Self {
        let empty = Section::new(SectionKind::Service, Place::default());
        let section = document.of(SectionKind::Service).next().unwrap_or(&empty);
        let known = without_telemetry(section, findings);
        super::common::refuse_unknown(&known, &[Self::TABLE], findings);
        let service = Self::read(section, findings).unwrap_or_else(|| {
            let rest = readable(section, &[Self::TABLE]);
            Self::read(&rest, &mut Diagnostics::default()).expect("no option of the service is required")
        });
        service.check(section, findings);
        service
    }

    /// Reports values that can be read and make no sense.
    fn check(&self, section: &Section, findings: &mut Diagnostics) {
        let too_small = !matches!(self.memory_limit.0, 0 | LEAST_MEMORY..);
        let is_address = self.http_listen.parse::<IpAddr>().is_ok() || self.http_listen == "localhost";
        let no_time = "a time above 0";
        let wrong = [
            ("flush", self.flush.is_zero(), no_time),
            ("hc_period", self.hc_period.is_zero(), no_time),
            ("scheduler.base", self.scheduler_base.is_zero(), no_time),
            ("scheduler.cap", self.scheduler_cap < self.scheduler_base, "at least `scheduler.base`"),
            ("workers", self.workers > MAX_WORKERS, "at most 256"),
            ("memory.limit", too_small, "at least 4M"),
            ("http_listen", !is_address, "an IP address of this host, such as 127.0.0.1 or 0.0.0.0"),
        ];
        for (key, _, expected) in wrong.into_iter().filter(|(_, is_wrong, _)| *is_wrong) {
            let value = section.get(key).or_else(|| section.get("scheduler.base"));
            let found = value.map(|value| format!(", found {}", value.quoted())).unwrap_or_default();
            let place = value.map_or(section.place, |value| value.place);
            findings.error(place, "V104", format!("`{key}`: expected {expected}{found}"));
        }
    }

    /// Number of worker threads.
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from).min(DEFAULT_WORKERS),
            count => count,
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

/// `section` without the group `telemetry`, which asks for counters by tag that are not kept.
pub fn without_telemetry(section: &Section, findings: &mut Diagnostics) -> Section {
    let mut left = section.clone();
    left.groups.retain(|(name, _)| name.text != "telemetry");
    for (name, _) in section.groups.iter().filter(|(name, _)| name.text == "telemetry") {
        let message = "`telemetry` has no effect: records are counted by input, not by tag";
        findings.warning(name.place, "V111", message).help("take it away");
    }
    left
}

/// The smallest memory limit of the control groups that the agent runs in, if one is set.
fn cgroup_limit() -> Option<usize> {
    let own = read_bounded(Path::new("/proc/self/cgroup"), 64 << 10).ok()?;
    let group = own.lines().find_map(|line| line.strip_prefix("0::"));
    let root = Path::new("/sys/fs/cgroup");
    let older = root.join("memory/memory.limit_in_bytes");
    let group = root.join(group.unwrap_or_default().trim_start_matches('/'));
    let limits = group.ancestors().take_while(|group| group.starts_with(root)).map(|group| group.join("memory.max"));
    limits.chain([older]).filter_map(|path| read_bounded(&path, 64).ok()?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reader::entry;

    /// The codes of what is wrong with these options.
    fn codes(options: &[(&str, &str)]) -> Vec<&'static str> {
        let mut section = Section::new(SectionKind::Service, Place::default());
        for (key, value) in options {
            section.entries.push(entry(key, Place::default(), value, Place::default()));
        }
        let document = Document { sections: vec![section], ..Document::default() };
        let mut findings = Diagnostics::default();
        Service::from_document(&document, &mut findings);
        findings.in_order().iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn each_option_is_honoured_not_needed_or_refused() {
        type Case = (&'static [(&'static str, &'static str)], &'static [&'static str]);
        let cases: &[Case] = &[
            (&[], &[]),
            (&[("Flush", "0.2"), ("Grace", "-1"), ("Daemon", "off"), ("storage.sync", "full")], &[]),
            (&[("Fulsh", "1")], &["V101"]),
            (&[("plugins_file", "a.conf")], &[]),
            (&[("streams_file", "a.conf")], &["V110"]),
            (&[("daemon", "on")], &["V103"]),
            (&[("flush", "0")], &["V104"]),
            (&[("scheduler.base", "60")], &["V104"]),
            (&[("workers", "1000"), ("memory.limit", "1k"), ("http_listen", "here")], &["V104", "V104", "V104"]),
            (&[("flush", "abc"), ("grace", "abc")], &["V103", "V103"]),
        ];
        for (options, expected) in cases {
            assert_eq!(codes(options), *expected, "{options:?}");
        }
    }
}
