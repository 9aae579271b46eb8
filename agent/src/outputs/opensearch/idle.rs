//! Options that others leave without effect, which is warned of.

use super::options::OpenSearchOptions;
use crate::config::{Diagnostics, Section};

/// Warns of what `section` says in vain.
pub(super) fn tell(options: &OpenSearchOptions, section: &Section, findings: &mut Diagnostics) {
    let hosts = options.hosts.as_ref().map(|hosts| hosts.0.as_slice()).unwrap_or_default();
    let have_ports = !hosts.is_empty() && hosts.iter().all(|(_, port)| port.is_some());
    let dated = options.logstash_format;
    let idle = [
        ("host", !hosts.is_empty(), "beside `hosts`"),
        ("port", have_ports, "where each of `hosts` has its own"),
        ("index", dated, "where `logstash_format` is on"),
        ("logstash_prefix", !dated, "where `logstash_format` is off"),
        ("logstash_prefix_separator", !dated, "where `logstash_format` is off"),
        ("logstash_prefix_key", !dated, "where `logstash_format` is off"),
        ("logstash_dateformat", !dated, "where `logstash_format` is off"),
        ("tag_key", !options.include_tag_key, "where `include_tag_key` is off"),
        ("compress_level", options.compress.is_none(), "where `compress` is not set"),
    ];
    for (key, is_idle, reason) in idle {
        if let Some(value) = section.get(key).filter(|_| is_idle) {
            findings
                .warning(value.place, "V117", format!("`{key}` has no effect {reason}"))
                .help("take one of the two away");
        }
    }
}
