//! Records to the two lines of a bulk item.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

use vigie_parsers::batch::{Batch, Field, Record, Timestamp, Value};
use vigie_parsers::simd::push;
use xxhash_rust::xxh3::xxh3_128;

use super::conflicts::Conflicts;
use super::index::{Flaws, Indexes};
use super::lines::{Line, Lines};
use super::options::OpenSearchOptions;
use super::position::PositionIds;
use super::rollover::WriteIndexes;
use crate::encode::accessor::Path;
use crate::encode::bulk::{ACTION_SUFFIX, Operation};
use crate::encode::strftime::{Cached, push_fraction};
use crate::encode::{Dots, escape_unicode, json, push_escaped};
use crate::metrics::OutputMetrics;
use crate::plugin::{Agent, Encoded, Encoder, Stream};
use crate::retention::Classes;

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
    lines: Lines,
    scratch: Vec<u8>,
    conflicts: Arc<Conflicts>,
    targets: Targets,
    /// Whether documents hold ASCII only. Action lines, which are read again, keep their names as they are.
    pub(super) escape_unicode: bool,
    /// Where flaws of names are told; nothing is told of a rehearsal.
    pub(super) flaws: Option<Arc<Flaws>>,
}

/// Tells which names are written to, each once.
struct Targets {
    written: Arc<WriteIndexes>,
    /// Version of the name that was looked at last.
    version: u64,
    told: HashSet<Vec<u8>>,
}

/// Names that are told once; beyond, all are told anew.
const MOST_TOLD: usize = 1_000;

/// A record as it is to be written.
#[derive(Clone, Copy)]
struct Document<'a> {
    record: Record<'a>,
    tag: &'a Arc<str>,
    time: Timestamp,
    between: Between,
}

/// What stands before a document that is to be appended: this many bytes of it are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    /// An action line but for its end.
    Action = 0,
    /// Nothing that belongs to it.
    Nothing = ACTION_SUFFIX.len() as isize,
}

/// The member that holds the time.
struct TimeKey {
    key: Vec<u8>,
    /// The end of an action line and the document up to `"@timestamp":"`, ready to be copied.
    opening: Vec<u8>,
    text: Cached,
    /// Both together, of the second seen last.
    ready: Vec<u8>,
    digits: u32,
    /// The time seen last.
    last: Timestamp,
    /// The whole member of a time that was seen twice, as lines read together have.
    whole: Option<(Timestamp, Vec<u8>)>,
}

/// The member that holds the tag.
struct TagKey {
    key: Vec<u8>,
    /// Of the tag seen last.
    tag: Option<Arc<str>>,
    member: Vec<u8>,
}

impl Targets {
    /// Tells the name that `indexes` has now, unless that was told.
    #[cold]
    fn tell(&mut self, indexes: &Indexes) {
        self.version = indexes.version();
        if self.told.contains(indexes.name()) {
            return;
        }
        if self.told.len() >= MOST_TOLD {
            self.told.clear();
        }
        self.told.insert(indexes.name().to_vec());
        self.written.expect(&String::from_utf8_lossy(indexes.name()));
    }
}

impl BulkEncoder {
    pub(super) fn new(
        options: &OpenSearchOptions,
        agent: Arc<Agent>,
        metrics: Arc<OutputMetrics>,
        (conflicts, written): (Arc<Conflicts>, Arc<WriteIndexes>),
        classes: &Arc<Classes>,
    ) -> Self {
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
            indexes: Indexes::new(options, classes),
            operation: options.write_operation,
            id_source,
            agent,
            metrics,
            time: TimeKey::new(options),
            tag: options.include_tag_key.then(tag_key),
            dots: options.replace_dots.then(Dots::default),
            now: options.current_time_index.then_some(real_clock),
            position: PositionIds::default(),
            lines: Lines::default(),
            scratch: Vec::new(),
            conflicts,
            targets: Targets { written, version: 0, told: HashSet::new() },
            escape_unicode: false,
            flaws: None,
        }
    }

    /// Appends the end of the action line, as far as it is wanted, and the document with its newline.
    fn push_document(&mut self, document: Document<'_>, out: &mut Vec<u8>) {
        let Document { record, tag, time, between } = document;
        let (batch, fields) = (record.batch(), record.fields());
        let with_underscores = self.dots.is_some();
        let without = between as usize;
        let mut is_first = has_key(batch, fields, &self.time.key, with_underscores);
        if is_first {
            out.extend_from_slice(&ACTION_SUFFIX[without..]);
            out.extend_from_slice(self.operation.document_prefix());
        } else {
            self.time.push(time, without, out);
        }
        if let Some(member) = &mut self.tag
            && !has_key(batch, fields, &member.key, with_underscores)
        {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            member.push(tag, out);
        }
        if !is_first && !fields.is_empty() {
            out.push(b',');
        }
        match &mut self.dots {
            Some(dots) => dots.push_members(batch, fields, out),
            None => json::push_record(record, out),
        }
        push(self.operation.document_suffix(), out);
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

/// Writes the document of the item from `start` on without characters beyond ASCII.
pub(super) fn escape_document(out: &mut Vec<u8>, start: usize) {
    if let Some(newline) = memchr::memchr(b'\n', &out[start..]) {
        escape_unicode(out, start + newline);
    }
}

impl Encoder for BulkEncoder {
    fn encode(&mut self, record: Record<'_>, stream: &Arc<Stream>, tag: &Arc<str>, out: &mut Vec<u8>) -> Encoded {
        let start = out.len();
        let encoded = self.push_item(record, stream, tag, out);
        if self.conflicts.avoid(out, start) {
            self.metrics.repaired_records.add(1);
        }
        if self.escape_unicode {
            escape_document(out, start);
        }
        encoded
    }
}

impl BulkEncoder {
    fn push_item(&mut self, record: Record<'_>, stream: &Arc<Stream>, tag: &Arc<str>, out: &mut Vec<u8>) -> Encoded {
        let time = self.now.map_or(record.time(), |now| timestamp(now()));
        if !self.indexes.update(record, tag, time.seconds) {
            self.metrics.index_fallbacks.add(1);
            self.flaws.iter().zip(self.indexes.flaw()).for_each(|(flaws, flaw)| flaws.tell(flaw));
        }
        if self.targets.version != self.indexes.version() {
            self.targets.tell(&self.indexes);
        }
        if let IdSource::Position = self.id_source {
            self.push_positioned(record, (stream, tag), time, out);
            return Encoded::Written;
        }
        self.push_under_own_id(record, (stream, tag), time, out)
    }

    /// Appends the item of a record whose id is its position.
    #[inline]
    fn push_positioned(
        &mut self,
        record: Record<'_>,
        (stream, tag): (&Arc<Stream>, &Arc<str>),
        time: Timestamp,
        out: &mut Vec<u8>,
    ) {
        let (line, is_new) = self.position.line(&self.indexes, &self.agent, stream, tag);
        if is_new {
            self.lines.forget();
        }
        push(line, out);
        self.agent.push_id(record, out);
        let behind = self.operation.document_suffix();
        let plain = Line::of(record).filter(|_| self.dots.is_none());
        if plain.is_some_and(|line| self.lines.push(line, time, behind, out)) {
            return;
        }
        let start = out.len();
        self.push_document(Document { record, tag, time, between: Between::Action }, out);
        if let Some(line) = plain {
            self.lines.learn(line, time, behind, &out[start..]);
        }
    }

    /// Appends the item of a record whose id comes from what it holds.
    #[inline(never)]
    fn push_under_own_id(
        &mut self,
        record: Record<'_>,
        (stream, tag): (&Arc<Stream>, &Arc<str>),
        time: Timestamp,
        out: &mut Vec<u8>,
    ) -> Encoded {
        let start = out.len();
        out.extend_from_slice(self.indexes.action());
        if let IdSource::Content = self.id_source {
            let mut written = std::mem::take(&mut self.scratch);
            written.clear();
            self.push_document(Document { record, tag, time, between: Between::Nothing }, &mut written);
            push_content_id(&written, out);
            out.extend_from_slice(ACTION_SUFFIX);
            out.extend_from_slice(&written);
            self.scratch = written;
            return Encoded::Written;
        }
        let has_own_id = match &self.id_source {
            IdSource::Key(key) => Self::push_own_id(key, record, &mut self.scratch, out),
            _ => false,
        };
        if !has_own_id {
            self.metrics.id_fallbacks.add(1);
            if self.operation.needs_id() {
                out.truncate(start);
                return Encoded::Skipped("no document id under Id_Key");
            }
            out.truncate(start);
            self.push_positioned(record, (stream, tag), time, out);
            return Encoded::Written;
        }
        self.push_document(Document { record, tag, time, between: Between::Action }, out);
        Encoded::Written
    }
}

impl TimeKey {
    fn new(options: &OpenSearchOptions) -> Self {
        let mut opening = [ACTION_SUFFIX, options.write_operation.document_prefix()].concat();
        json::push_string(options.time_key.as_bytes(), &mut opening);
        opening.extend_from_slice(b":\"");
        let digits = if options.time_key_nanos { 9 } else { 3 };
        let text = Cached::new(options.time_key_format.clone());
        let (key, last) = (options.time_key.clone().into_bytes(), Timestamp::default());
        Self { key, opening, text, ready: Vec::new(), digits, last, whole: None }
    }

    /// Appends the beginning of a document without the first bytes of what stands before it.
    #[inline]
    fn push(&mut self, time: Timestamp, without: usize, out: &mut Vec<u8>) {
        if let Some((of, whole)) = &self.whole
            && *of == time
        {
            return push(&whole[without..], out);
        }
        let (text, is_new) = self.text.at(time.seconds);
        if is_new {
            self.ready.clear();
            self.ready.extend_from_slice(&self.opening);
            push_escaped(text, &mut self.ready);
        }
        let start = out.len();
        push(&self.ready[without..], out);
        push_fraction(time, self.digits, out);
        out.extend_from_slice(b"Z\"");
        if std::mem::replace(&mut self.last, time) == time {
            let mut whole = self.whole.take().map_or_else(Vec::new, |(_, whole)| whole);
            whole.clear();
            whole.extend_from_slice(&self.ready[..without]);
            whole.extend_from_slice(&out[start..]);
            self.whole = Some((time, whole));
        }
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

/// Whether one of `fields` is called `key`, possibly only after its dots were replaced.
fn has_key(batch: &Batch, fields: &[Field], key: &[u8], with_underscores: bool) -> bool {
    if !with_underscores {
        return fields.iter().any(|field| batch.is_called(field, key));
    }
    let replaced = |byte: &u8| if *byte == b'.' { b'_' } else { *byte };
    fields.iter().any(|field| {
        if field.key.is_escaped() {
            return batch.text_is(field.key, key);
        }
        let raw = batch.bytes(field.key.span);
        raw.len() == key.len() && raw.iter().map(replaced).eq(key.iter().copied())
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
