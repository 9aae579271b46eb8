//! Options of the `opensearch` output.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Diagnostics, OptionSpec, OptionType, Options, Section, Size, joined};
use crate::encode::accessor::{Path, Template};
use crate::encode::bulk::{Operation, index_name_flaw};
use crate::encode::strftime::Pattern;
use crate::net::{AuthOptions, NetOptions, TlsOptions};

crate::options! {
    /// Options of the `opensearch` output.
    pub struct OpenSearchOptions {
        host: String, default "127.0.0.1", "Name or address of the server.";
        port: u16, default "9200", "Its port.";
        hosts: HostList, optional, "Several servers of one cluster, as `host:port, host:port`, in place of `host`. Requests are spread over them; one that fails is left out for a while. Without a port, `port` counts.";
        path: String, default "", "What stands before `/_bulk` in URLs.";
        index: IndexTemplate, default "fluent-bit", "Name of the index. May hold a strftime pattern, which is filled with the time of the event, or record accessors such as `logs-$TAG[1]`.";
        logstash_format: bool, default "off", "Whether the index is named by prefix and date of the event.";
        logstash_prefix: String, default "logstash", "Prefix with `logstash_format`.";
        logstash_prefix_separator: String, default "-", "What stands between prefix and date.";
        logstash_dateformat: Pattern, default "%Y.%m.%d", "Date in the index name, as of strftime, in UTC.";
        logstash_prefix_key: Path, optional, "Key whose value takes the place of the prefix.";
        time_key: String, default "@timestamp", "Key of the event's time. A key of that name in the record comes before it.";
        time_key_format: Pattern, default "%Y-%m-%dT%H:%M:%S", "Format of the event's time up to the second, as of strftime, in UTC.";
        time_key_nanos: bool, default "off", "Whether the event's time has nanoseconds in place of milliseconds.";
        include_tag_key: bool, default "off", "Whether the tag is added to the record.";
        tag_key: String, default "flb-key", "Key of the tag.";
        current_time_index: bool, default "off", "Whether the time of sending takes the place of the event's time.";
        generate_id: bool, default "off", "Whether the id is made from the content, so that equal records at the same time become one. Off, it is made from the position in the source: a record sent again is absorbed, and no two records become one.";
        id_key: Path, optional, "Key whose value is the id. Without such a value the id is made from the position.";
        write_operation: Operation, default "create", "`create`, `index`, `update` or `upsert`.";
        data_stream: bool, default "off", "Whether `index` is the name of a data stream. Then the operation is `create` and the time is under `@timestamp`. `vigie setup opensearch` installs its template. Where neither it nor the stream is there, records wait, since the store would make an ordinary index; what such an index takes all the same is counted.";
        retention: bool, default "off", "Whether records go where their retention class wants them: to the data stream `vigie-CLASS-DATASET`, or to the index `vigie-CLASS-DATASET-exp-2028.11` of the period they expire in. The filter `retention` stamps them. Records without a class go to `index`. `vigie setup opensearch` installs the templates.";
        retention_dataset: Dataset, default "default", "What kind of records they are: the last part of these names. May hold record accessors such as `$TAG[1]`; where they give no usable name, it is `default`.";
        replace_dots: bool, default "off", "Whether `.` in keys becomes `_`, at any depth.";
        compress: Compress, optional, "`gzip` compresses requests.";
        compress_level: Level, default "1", "How hard to compress, from 1 to 9. From 2 on it costs more than twice as much.";
        pipeline: String, optional, "Ingest pipeline of the server.";
        bulk_size: Size, optional, "Size of a request, before compression. Default: 1M, or 768K where nothing is compressed. Where the server takes less, requests stay below that.";
        max_in_flight: InFlight, optional, "Most requests sent at the same time. How many are, up to this, follows what the server can take. Default: 4, or 2 where nothing is compressed and `Bulk_Size` is not given.";
        response_timeout: Duration, default "90", "How long the answer to a request may take.";
        repair: bool, default "on", "Whether a document that is refused for one of its fields is sent once more with that field moved to `unmapped` as text. Where the shape of the value is to blame, as of an object in a field of text, this is remembered for ten minutes.";
        quarantine_index: IndexName, optional, "Index for documents that are refused for good, each as text with the reason. Without one they go to the dead-letter file, as do those that this index refuses.";
        trace_error: bool, default "off", "Whether every kind of error in answers is logged, without values of records.";
        write_to: PathBuf, optional, "Directory that requests are written to as files, in place of being sent.";
        aws_auth: bool, default "off", "Refused: requests are not signed for AWS.";
        "oauth2.enable" oauth2_enable: bool, default "off", "Refused: no tokens are fetched. A `bearer_token_file` that something else renews is read again when it changes.";
    }
    not_needed {
        "type": "Types of documents are gone since OpenSearch 2.",
        "suppress_type_name": "Types of documents are never sent.",
        "buffer_size": "Answers are read whole, whatever their size.",
        "trace_output": "Requests hold records and are not printed; `write_to` writes them to files.",
        "aws_region": "Only with `aws_auth`.",
        "aws_profile": "Only with `aws_auth`.",
        "aws_sts_endpoint": "Only with `aws_auth`.",
        "aws_role_arn": "Only with `aws_auth`.",
        "aws_external_id": "Only with `aws_auth`.",
        "aws_service_name": "Only with `aws_auth`.",
        "oauth2.token_url": "Only with `oauth2.enable`.",
        "oauth2.client_id": "Only with `oauth2.enable`.",
        "oauth2.client_secret": "Only with `oauth2.enable`.",
        "oauth2.scope": "Only with `oauth2.enable`.",
        "oauth2.audience": "Only with `oauth2.enable`.",
        "oauth2.resource": "Only with `oauth2.enable`.",
        "oauth2.auth_method": "Only with `oauth2.enable`.",
        "oauth2.jwt_key_file": "Only with `oauth2.enable`.",
        "oauth2.jwt_cert_file": "Only with `oauth2.enable`.",
        "oauth2.jwt_aud": "Only with `oauth2.enable`.",
        "oauth2.jwt_header": "Only with `oauth2.enable`.",
        "oauth2.jwt_ttl_seconds": "Only with `oauth2.enable`.",
        "oauth2.refresh_skew_seconds": "Only with `oauth2.enable`.",
        "oauth2.timeout": "Only with `oauth2.enable`.",
        "oauth2.connect_timeout": "Only with `oauth2.enable`.",
    }
    refused {
        "upstream": "No file of servers is read: `Hosts` names several servers of one cluster.",
        "http_api_key": "It is Elasticsearch's: write `API_Key`, or `API_Key_File` with a file that holds the key.",
        "cloud_id": "It is Elastic's: write `Host`, `Port` and `tls on` of the cluster.",
        "cloud_auth": "It is Elastic's: write `HTTP_User` and `HTTP_Passwd`.",
    }
}

const TABLES: [&[OptionSpec]; 4] = [OpenSearchOptions::TABLE, AuthOptions::TABLE, TlsOptions::TABLE, NetOptions::TABLE];
const ROWS: usize = TABLES[0].len() + TABLES[1].len() + TABLES[2].len() + TABLES[3].len();

/// All options, those of credentials and connections included.
pub(super) const TABLE: [OptionSpec; ROWS] = joined(&TABLES);

impl OpenSearchOptions {
    /// Whether something of a record may stand in the name of its index.
    pub(super) fn names_come_from_records(&self) -> bool {
        if self.retention && self.retention_dataset.0.is_dynamic() {
            return true;
        }
        match self.logstash_format {
            true => self.logstash_prefix_key.is_some(),
            false => matches!(self.index, IndexTemplate::Dynamic(_)),
        }
    }

    /// Reports what does not go together. Returns whether everything does.
    pub(super) fn check(&self, tls: &TlsOptions, section: &Section, findings: &mut Diagnostics) -> bool {
        let mut is_good = true;
        let mut refuse = |key: &str, message: &str, help: &str| {
            let place = section.get(key).map_or(section.place, |value| value.place);
            findings.error(place, "V130", message).help(help);
            is_good = false;
        };
        if self.aws_auth {
            refuse(
                "aws_auth",
                "`aws_auth` is not supported",
                "use `http_user` and `http_passwd`, `bearer_token`, `api_key`, or a client certificate",
            );
        }
        if self.oauth2_enable {
            refuse(
                "oauth2.enable",
                "`oauth2.enable` is not supported: no tokens are fetched",
                "have something else fetch the token and name its file with `bearer_token_file`, which is read again when it changes",
            );
        }
        if tls.key_passwd.is_some() {
            let help = "decrypt it with `openssl pkey -in KEY -out PLAIN` and protect the file by its permissions";
            refuse("tls.key_passwd", "private keys with a password are not supported", help);
        }
        if self.write_operation.needs_id() && self.id_key.is_none() && !self.generate_id {
            let help = "ids made from the position never meet a document that is there already";
            refuse("write_operation", "`id_key` or `generate_id` must be set for `update` and `upsert`", help);
        }
        if self.data_stream && self.write_operation != Operation::Create {
            refuse("write_operation", "a data stream takes `create` only", "take `write_operation` away");
        }
        if self.data_stream && self.time_key != "@timestamp" {
            refuse("time_key", "a data stream has its time under `@timestamp`", "take `time_key` away");
        }
        if self.data_stream && self.logstash_format {
            let help = "name it by `index`; the store begins new indexes behind it by itself";
            refuse("logstash_format", "a data stream has one name, without a date", help);
        }
        if self.retention && (self.data_stream || self.logstash_format) {
            let key = if self.data_stream { "data_stream" } else { "logstash_format" };
            refuse(key, "with `retention`, names come from classes", "take one of the two away");
        }
        if self.retention && self.write_operation != Operation::Create {
            refuse("write_operation", "with `retention`, records are only created", "take `write_operation` away");
        }
        if self.retention && self.time_key != "@timestamp" {
            refuse("time_key", "with `retention`, the time is under `@timestamp`", "take `time_key` away");
        }
        if self.logstash_format {
            let name = format!("{}{}", self.logstash_prefix, self.logstash_prefix_separator);
            if let Some(flaw) = index_name_flaw(name.as_bytes()) {
                let message = format!("`{name}` cannot begin the name of an index: {flaw}");
                refuse("logstash_prefix", &message, "index names are lower case, without blanks and most punctuation");
            }
        }
        is_good
    }
}

/// Value of `index`.
#[derive(Clone, Debug)]
pub enum IndexTemplate {
    /// A name.
    Fixed(Vec<u8>),
    /// A name with a date in it.
    Dated(Pattern),
    /// A name made from tag or record.
    Dynamic(Template),
}

impl OptionType for IndexTemplate {
    const KIND: &'static str = "index name";

    fn parse(text: &str) -> Result<Self, String> {
        if text.contains('$') {
            return Template::parse(text).map(Self::Dynamic);
        }
        let pattern = Pattern::parse(text)?;
        let mut name = Vec::new();
        pattern.render(0, &mut name);
        if let Some(flaw) = index_name_flaw(&name) {
            return Err(format!("the name of an index (of this, {flaw})"));
        }
        Ok(if pattern.is_dynamic() { Self::Dated(pattern) } else { Self::Fixed(name) })
    }
}

/// Value of `retention_dataset`.
#[derive(Clone, Debug)]
pub struct Dataset(pub Template);

impl OptionType for Dataset {
    const KIND: &'static str = "name";

    fn parse(text: &str) -> Result<Self, String> {
        let template = Template::parse(text)?;
        if template.is_dynamic() || super::placement::is_dataset(text.as_bytes()) {
            return Ok(Self(template));
        }
        Err("small letters, digits, `_`, `.` and `-`, at most 100 and without `-exp-`".into())
    }
}

/// Value of `quarantine_index`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexName(pub String);

impl OptionType for IndexName {
    const KIND: &'static str = "index name";

    fn parse(text: &str) -> Result<Self, String> {
        match index_name_flaw(text.as_bytes()) {
            Some(flaw) => Err(format!("the name of an index (of this, {flaw})")),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl OptionType for Operation {
    const KIND: &'static str = "operation";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "create" => Ok(Self::Create),
            "index" => Ok(Self::Index),
            "update" => Ok(Self::Update),
            "upsert" => Ok(Self::Upsert),
            _ => Err("`create`, `index`, `update` or `upsert`".into()),
        }
    }
}

/// Value of `hosts`: names or addresses, with a port where one was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostList(pub Vec<(String, Option<u16>)>);

/// Hosts of one output.
const MOST_HOSTS: usize = 64;

impl OptionType for HostList {
    const KIND: &'static str = "list of hosts";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("one to {MOST_HOSTS} hosts, as in `a.example:9200, b.example`");
        let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let hosts: Option<Vec<_>> = words.map(host_and_port).collect();
        let hosts = hosts.filter(|hosts| (1..=MOST_HOSTS).contains(&hosts.len())).ok_or_else(expected)?;
        Ok(Self(hosts))
    }
}

/// Takes `host:port` apart. An IPv6 address with a port stands in brackets.
fn host_and_port(word: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match word.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (word, None),
    };
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

/// Value of `compress`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compress {
    /// RFC 1952.
    Gzip,
}

impl OptionType for Compress {
    const KIND: &'static str = "compression";

    fn parse(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("gzip") { Ok(Self::Gzip) } else { Err("`gzip`".into()) }
    }
}

/// Value of `compress_level`, 1 to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(pub u32);

impl OptionType for Level {
    const KIND: &'static str = "number";

    fn parse(text: &str) -> Result<Self, String> {
        let level = text.parse().ok().filter(|level| (1..=9).contains(level));
        level.map(Self).ok_or_else(|| "a number from 1 to 9".into())
    }
}

/// Value of `max_in_flight`, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight(pub usize);

impl OptionType for InFlight {
    const KIND: &'static str = "number";

    fn parse(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| (1..=64).contains(number));
        number.map(Self).ok_or_else(|| "a number from 1 to 64".into())
    }
}
