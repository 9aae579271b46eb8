//! Records to the two lines of a bulk item.

use std::sync::Arc;
use std::time::SystemTime;

use vigie_parsers::batch::{Batch, Field, Record, Timestamp, Value};
use xxhash_rust::xxh3::xxh3_128;

use super::index::Indexes;
use super::options::OpenSearchOptions;
use crate::encode::accessor::Path;
use crate::encode::bulk::{ACTION_SUFFIX, Operation};
use crate::encode::strftime::{Cached, push_fraction};
use crate::encode::{Dots, json, push_escaped};
use crate::metrics::OutputMetrics;
use crate::plugin::{Agent, Encoded, Encoder, Stream, push_record_id};

/// Where the id of a document comes from.
#[derive(Clone, Debug)]
enum IdSource {
    /// The position of the record in its source.
    Position,
    /// The document itself.
    Content,
    /// A key of the record.
    Key(Path),
}

/// Longest id that OpenSearch takes; a longer one makes it refuse the whole request.
const LONGEST_ID: usize = 512;

/// Appends bulk items. Keeps what neighbours have in common: index, date, stream and tag.
pub(super) struct BulkEncoder {
    indexes: Indexes,
    operation: Operation,
    id_source: IdSource,
    agent: Arc<Agent>,
    metrics: Arc<OutputMetrics>,
    time: TimeKey,
    tag: Option<TagKey>,
    dots: Option<Dots>,
    now: Option<fn() -> SystemTime>,
    position: PositionIds,
    scratch: Vec<u8>,
}

/// The member that holds the time.
struct TimeKey {
    key: Vec<u8>,
    /// `"@timestamp":"`, ready to be copied.
    opening: Vec<u8>,
    text: Cached,
    digits: u32,
}

/// The member that holds the tag.
struct TagKey {
    key: Vec<u8>,
    /// Of the tag seen last.
    tag: Option<Arc<str>>,
    member: Vec<u8>,
}

/// Beginning of the ids of the stream and tag seen last.
#[derive(Default)]
struct PositionIds {
    stream: u64,
    birth: u64,
    identity: Vec<u8>,
    tag: Option<Arc<str>>,
    prefix: Vec<u8>,
}

impl BulkEncoder {
    pub(super) fn new(options: &OpenSearchOptions, agent: Arc<Agent>, metrics: Arc<OutputMetrics>) -> Self {
        let id_source = match (&options.id_key, options.generate_id) {
            (Some(key), _) => IdSource::Key(key.clone()),
            (None, true) => IdSource::Content,
            (None, false) => IdSource::Position,
        };
        let tag_key = || TagKey { key: options.tag_key.clone().into_bytes(), tag: None, member: Vec::new() };
        // With `current_time_index` the time of sending is wanted, so the real clock enters.
        #[allow(clippy::disallowed_methods, reason = "the option asks for the time of sending")]
        let real_clock: fn() -> SystemTime = || SystemTime::now();
        Self {
            indexes: Indexes::new(options),
            operation: options.write_operation,
            id_source,
            agent,
            metrics,
            time: TimeKey::new(options),
            tag: options.include_tag_key.then(tag_key),
            dots: options.replace_dots.then(Dots::default),
            now: options.current_time_index.then_some(real_clock),
            position: PositionIds::default(),
            scratch: Vec::new(),
        }
    }

    /// Appends the document with its newline.
    fn push_document(&mut self, record: Record<'_>, tag: &Arc<str>, time: Timestamp, out: &mut Vec<u8>) {
        let (batch, fields) = (record.batch(), record.fields());
        let with_underscores = self.dots.is_some();
        out.extend_from_slice(self.operation.document_prefix());
        let start = out.len();
        if !has_key(batch, fields, &self.time.key, with_underscores) {
            self.time.push(time, out);
        }
        if let Some(member) = &mut self.tag
            && !has_key(batch, fields, &member.key, with_underscores)
        {
            if out.len() > start {
                out.push(b',');
            }
            member.push(tag, out);
        }
        if out.len() > start && !fields.is_empty() {
            out.push(b',');
        }
        match &mut self.dots {
            Some(dots) => dots.push_members(batch, fields, out),
            None => json::push_record(record, out),
        }
        out.extend_from_slice(self.operation.document_suffix());
    }

    /// Appends the record's own id, inside of a JSON string. Returns whether there is one that can be used.
    fn push_own_id(key: &Path, record: Record<'_>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> bool {
        scratch.clear();
        let is_scalar =
            !matches!(key.find(record), None | Some(Value::Null | Value::Map(_) | Value::List(_) | Value::Json(_)));
        let is_usable = is_scalar
            && key.render(record, scratch)
            && (1..=LONGEST_ID).contains(&scratch.len())
            && std::str::from_utf8(scratch).is_ok_and(|id| !id.contains(char::is_control));
        if is_usable {
            push_escaped(scratch, out);
        }
        is_usable
    }
}

impl Encoder for BulkEncoder {
    fn encode(&mut self, record: Record<'_>, stream: &Stream, tag: &Arc<str>, out: &mut Vec<u8>) -> Encoded {
        let time = self.now.map_or(record.time(), |now| timestamp(now()));
        let start = out.len();
        let (action, is_wanted) = self.indexes.action(record, tag, time.seconds);
        out.extend_from_slice(action);
        if !is_wanted {
            self.metrics.index_fallbacks.add(1);
        }
        if let IdSource::Content = self.id_source {
            let mut document = std::mem::take(&mut self.scratch);
            document.clear();
            self.push_document(record, tag, time, &mut document);
            push_content_id(&document, out);
            out.extend_from_slice(ACTION_SUFFIX);
            out.extend_from_slice(&document);
            self.scratch = document;
            return Encoded::Written;
        }
        let has_own_id = match &self.id_source {
            IdSource::Key(key) => Self::push_own_id(key, record, &mut self.scratch, out),
            _ => false,
        };
        if !has_own_id {
            if let IdSource::Key(_) = self.id_source {
                self.metrics.id_fallbacks.add(1);
            }
            if self.operation.needs_id() {
                out.truncate(start);
                return Encoded::Skipped("no document id under Id_Key");
            }
            out.extend_from_slice(self.position.prefix(&self.agent, stream, tag));
            push_record_id(&record.origin(), out);
        }
        out.extend_from_slice(ACTION_SUFFIX);
        self.push_document(record, tag, time, out);
        Encoded::Written
    }
}

impl TimeKey {
    fn new(options: &OpenSearchOptions) -> Self {
        let mut opening = Vec::new();
        json::push_string(options.time_key.as_bytes(), &mut opening);
        opening.extend_from_slice(b":\"");
        let digits = if options.time_key_nanos { 9 } else { 3 };
        let text = Cached::new(options.time_key_format.clone());
        Self { key: options.time_key.clone().into_bytes(), opening, text, digits }
    }

    fn push(&mut self, time: Timestamp, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.opening);
        push_escaped(self.text.at(time.seconds).0, out);
        push_fraction(time, self.digits, out);
        out.extend_from_slice(b"Z\"");
    }
}

impl TagKey {
    fn push(&mut self, tag: &Arc<str>, out: &mut Vec<u8>) {
        if self.tag.as_ref().is_none_or(|last| !Arc::ptr_eq(last, tag)) {
            self.member.clear();
            json::push_string(&self.key, &mut self.member);
            self.member.push(b':');
            json::push_string(tag.as_bytes(), &mut self.member);
            self.tag = Some(Arc::clone(tag));
        }
        out.extend_from_slice(&self.member);
    }
}

impl PositionIds {
    fn prefix(&mut self, agent: &Agent, stream: &Stream, tag: &Arc<str>) -> &[u8] {
        let same_tag = self.tag.as_ref().is_some_and(|last| Arc::ptr_eq(last, tag));
        let same_stream = self.stream == stream.id && self.birth == stream.birth && self.identity == stream.identity;
        if !same_tag || !same_stream {
            self.prefix = agent.id_prefix(stream, tag);
            self.tag = Some(Arc::clone(tag));
            self.stream = stream.id;
            self.birth = stream.birth;
            self.identity.clone_from(&stream.identity);
        }
        &self.prefix
    }
}

/// Whether one of `fields` is called `key`, possibly only after its dots were replaced.
fn has_key(batch: &Batch, fields: &[Field], key: &[u8], with_underscores: bool) -> bool {
    fields.iter().any(|field| {
        let raw = batch.bytes(field.key.span);
        match (field.key.is_escaped(), with_underscores) {
            (true, _) => batch.text_is(field.key, key),
            (false, false) => raw == key,
            (false, true) => {
                let replaced = |byte: &u8| if *byte == b'.' { b'_' } else { *byte };
                raw.len() == key.len() && raw.iter().map(replaced).eq(key.iter().copied())
            }
        }
    })
}

/// Appends a hash of the content in the form that Fluent Bit gives its ids.
fn push_content_id(document: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for (at, byte) in xxh3_128(document).to_be_bytes().into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

fn timestamp(now: SystemTime) -> Timestamp {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanos: since.subsec_nanos() }
}
