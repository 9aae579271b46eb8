//! Options that every plugin of a kind has.

use super::diagnostic::Diagnostics;
use super::document::{Section, SectionKind};
use super::matcher::{TagPattern, TagRegex};
use super::options::{OptionSpec, Presence, refuse_second};
use super::render::{did_you_mean, nearest};
use super::types::{DiskLimit, LogLevel, RetryLimit, Size, StorageType, WhenFull};

crate::options! {
    /// Options of every input.
    pub struct InputOptions {
        name: String, required, "The plugin.";
        active: bool, default "on", "Whether it runs; off is as if its section were not there.";
        tag: String, optional, "Tag of its records; by default the instance name. Some inputs replace `*` in it.";
        alias: String, optional, "Name in logs and metrics, and in document ids; by default the instance name.";
        log_level: LogLevel, optional, "How much this plugin says; by default as much as the agent.";
        mem_buf_limit: Size, default "0", "Bytes of its records that may be on their way; it pauses above. 0 leaves it to `memory.limit`.";
        "storage.type" storage_type: StorageType, optional, "`filesystem` puts its records into the spool of each output before it is answered for them, in the directory `storage.path`. `memory`, or nothing: inputs that cannot be read again do so all the same when there is such a directory; of files only the position is kept, since a file is its own buffer.";
    }
    not_needed {
        "threaded": "Every input has a thread of its own.",
        "thread.ring_buffer.capacity": "There is no ring buffer.",
        "thread.ring_buffer.window": "There is no ring buffer.",
        "storage.pause_on_chunks_overlimit": "Inputs always pause when memory is used up.",
        "log_suppress_interval": "Messages are not repeated per record.",
        "routable": "Records go where they match.",
        "rate_window": "Rates are not limited.",
        "host": "No input here listens.",
        "port": "No input here listens.",
        "listen": "No input here listens.",
        "ipv6": "No input here listens.",
        "net.*": "No input here listens or connects.",
        "tls": "No input here listens or connects.",
        "tls.*": "No input here listens or connects.",
        "oauth2.*": "No input here listens or connects.",
    }
    refused {
        "condition": "An input takes all that it reads: put the condition on a filter, on a processor, or on one of its `routes`.",
        "rate_gate": "Inputs are not slowed to a rate; `Mem_Buf_Limit` bounds what is on its way. Take it away.",
        "rate_gate.*": "Inputs are not slowed to a rate; `Mem_Buf_Limit` bounds what is on its way. Take it away.",
    }
}

crate::options! {
    /// Options of every filter.
    pub struct FilterOptions {
        name: String, required, "The plugin.";
        active: bool, default "on", "Whether it runs; off is as if its section were not there.";
        "match" pattern: TagPattern, optional, "Tags it takes; `*` stands for any characters.";
        match_regex: TagRegex, optional, "Tags it takes, as a regular expression matched at their start.";
        alias: String, optional, "Name in logs and metrics; by default the instance name.";
        log_level: LogLevel, optional, "How much this plugin says; by default as much as the agent.";
    }
    not_needed {
        "log_suppress_interval": "Messages are not repeated per record.",
    }
}

crate::options! {
    /// Options of every output.
    pub struct OutputOptions {
        name: String, required, "The plugin.";
        active: bool, default "on", "Whether it runs; off is as if its section were not there.";
        "match" pattern: TagPattern, optional, "Tags it takes; `*` stands for any characters.";
        match_regex: TagRegex, optional, "Tags it takes, as a regular expression matched at their start.";
        alias: String, optional, "Name in logs and metrics; by default the instance name.";
        log_level: LogLevel, optional, "How much this plugin says; by default as much as the agent.";
        retry_limit: RetryLimit, default "no_limits", "How often a failed request is sent again before its records go to the dead-letter file. A server that is out of reach, cannot be asked what it has, or refuses credentials or address uses up none: records wait.";
        "storage.total_limit_size" storage_total_limit_size: DiskLimit, default "1G", "Bytes that its spool may take on disk; 0 or off leaves it to the disk.";
        "storage.when_full" storage_when_full: WhenFull, default "block", "What happens when its spool is full: `block` makes inputs wait, `drop_oldest` drops its oldest records, which are counted and logged.";
    }
    not_needed {
        "workers": "`max_in_flight` bounds requests sent at once.",
        "log_suppress_interval": "Messages are not repeated per record.",
        "ipv6": "Addresses of both families are tried.",
    }
    refused {
        "condition": "An output takes all that matches: put the condition on a filter, on a processor, or on one of an input's `routes`.",
    }
}

/// Reports every key of `section` that none of `tables` has, and those that are refused.
pub fn refuse_unknown(section: &Section, tables: &[&[OptionSpec]], findings: &mut Diagnostics) {
    let known: Vec<&OptionSpec> = tables.iter().flat_map(|table| table.iter()).collect();
    let keys: Vec<&str> = known.iter().map(|spec| spec.key).collect();
    let is_idle = |spec: &&&OptionSpec| matches!(spec.presence, Presence::Refused | Presence::NotNeeded);
    let useful: Vec<&str> = known.iter().filter(|spec| !is_idle(spec)).map(|spec| spec.key).collect();
    for (at, entry) in section.entries.iter().enumerate() {
        let key = entry.key.text.as_str();
        let is_first = || section.entries.iter().take(at).all(|earlier| earlier.key.text != key);
        match OptionSpec::find(known.iter().copied(), key) {
            None => {
                let message = format!("unknown key `{key}`{}", of(section));
                findings.error(entry.key.place, "V101", message).help(near_or_all(section, key, (&keys, &useful)));
            }
            Some(spec) if spec.presence == Presence::Refused => {
                findings.error(entry.key.place, "V110", format!("`{key}` is not supported")).help(spec.doc);
            }
            // Of the keys that begin so each is set once.
            Some(spec) if spec.presence == Presence::Repeated && spec.key.ends_with('*') && is_first() => {
                let _ = refuse_second(section, (spec, key), findings);
            }
            Some(_) => {}
        }
    }
    for (name, _) in &section.groups {
        let help = match name.text.as_str() {
            "processors" => "processors are for inputs and outputs",
            "condition" => "conditions are for filters and processors",
            "routes" => "routes are for inputs",
            key if keys.contains(&key) => "it takes a text: put quotes around what stands there",
            _ => "",
        };
        findings.error(name.place, "V102", format!("a group `{}` cannot stand here", name.text)).help(help);
    }
}

/// What `section` is of, for a message: ` of ` and a plugin or a kind of section; empty for a group.
fn of(section: &Section) -> String {
    match section.kind {
        SectionKind::Service => " of [SERVICE]".into(),
        SectionKind::Parser => " of a parser".into(),
        SectionKind::MultilineParser => " of a multiline parser".into(),
        SectionKind::RetentionClass => " of a retention class".into(),
        SectionKind::Other => String::new(),
        _ => format!(" of `{}`", section.name().to_lowercase()),
    }
}

/// What could be meant by `key`: the one of `keys` that it is a slip of, or the few `useful` ones that are near, and who lists all.
fn near_or_all(section: &Section, key: &str, (keys, useful): (&[&str], &[&str])) -> String {
    let help = did_you_mean(key, keys);
    let name = match section.kind {
        SectionKind::Service => "service".into(),
        SectionKind::Input | SectionKind::Filter | SectionKind::Output => section.name().to_lowercase(),
        _ => return help,
    };
    if !help.is_empty() {
        return help;
    }
    let near: Vec<String> = nearest(key, useful).into_iter().map(|key| format!("`{key}`")).collect();
    let all = format!("`vigie help {name}` lists all");
    if near.is_empty() { all } else { format!("near it are {}; {all}", near.join(", ")) }
}

/// The keys of `section` that are accepted and not needed, in order.
pub fn not_needed<'s>(section: &'s Section, tables: &[&[OptionSpec]]) -> Vec<&'s str> {
    let unneeded = |key: &str| {
        let found = OptionSpec::find(tables.iter().flat_map(|table| table.iter()), key);
        found.is_some_and(|spec| spec.presence == Presence::NotNeeded)
    };
    section.entries.iter().map(|entry| entry.key.text.as_str()).filter(|key| unneeded(key)).collect()
}
