//! From raw lines to records: the stage that all line-oriented inputs share. Joins multiline events and parses.

#[cfg(any(test, fuzzing))]
pub mod check;
mod docker;
mod event;
mod first_line;
mod held;
mod join;
mod mapped;
mod plain;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use vigie_parsers::Parser;
use vigie_parsers::batch::{Batch, Field, Keys, Range, Text, Value};
use vigie_parsers::multiline::MultilineParser;

use crate::config::{Diagnostics, Section};
use crate::metrics::InputMetrics;
use crate::multiline;
use crate::plugin::{Agent, BuildContext, Parcel, Stage, StageFactory, Stream};
use crate::receipts::{Ledger, Outcome};

pub use docker::Docker;
pub use first_line::FirstLine;

/// How lines become records.
#[derive(Clone, Debug)]
pub struct LineOptions {
    /// Key of a line that no parser took apart.
    pub key: String,
    /// Parser of each line; not applied where lines are joined.
    pub parser: Option<Arc<dyn Parser>>,
    /// How lines are joined.
    pub multiline: Multiline,
    /// How they are joined where `multiline` says nothing.
    pub older: Option<Older>,
    /// Key for the name of the stream.
    pub path_key: Option<String>,
    /// Key for the offset of the line.
    pub offset_key: Option<String>,
}

impl LineOptions {
    /// Whether lines are joined to events.
    pub fn joins(&self) -> bool {
        !self.multiline.is_empty() || self.older.is_some()
    }
}

/// The ways of joining lines that Fluent Bit had before its multiline parsers.
#[derive(Clone, Debug)]
pub enum Older {
    /// `Multiline On`.
    FirstLine(FirstLine),
    /// `Docker_Mode On`.
    Docker(Docker),
}

/// How lines are joined to events.
#[derive(Clone, Debug, Default)]
pub struct Multiline {
    /// What takes lines apart, such as `cri` and `docker`, and joins parts of lines.
    pub takers: Vec<Arc<MultilineParser>>,
    /// What joins lines, such as `java`; with takers, the lines inside of theirs.
    pub events: Vec<Arc<MultilineParser>>,
    /// Bytes of text at which an event is cut.
    pub largest: usize,
}

impl Multiline {
    /// What `parsers` join, up to `largest` bytes of text.
    pub fn new(parsers: Vec<Arc<MultilineParser>>, largest: usize) -> Self {
        let (takers, events) = parsers.into_iter().partition(|parser| parser.parser.is_some());
        Self { takers, events, largest }
    }

    /// Whether no line is joined.
    pub fn is_empty(&self) -> bool {
        self.takers.is_empty() && self.events.is_empty()
    }

    /// Whether the lines of a container runtime are all that is taken apart, which the runtime's own stage does.
    fn is_cri(&self) -> bool {
        matches!(self.takers.as_slice(), [parser] if parser.is_cri)
    }
}

/// The parser that `section` names under `key`. `Some(None)` when it names none, `None` when it is unknown and reported.
pub fn parser(
    (section, key): (&Section, &str),
    context: &BuildContext,
    findings: &mut Diagnostics,
) -> Option<Option<Arc<dyn Parser>>> {
    match section.get(key) {
        Some(name) => context.parser(name, findings).map(Some),
        None => Some(None),
    }
}

/// How `section` says that lines are joined. `None` when it names an unknown multiline parser, which is reported.
pub fn multiline(section: &Section, context: &BuildContext, findings: &mut Diagnostics) -> Option<Multiline> {
    let parsers = multiline::named(section, context, findings)?;
    Some(Multiline::new(parsers, context.parsers.largest_event))
}

/// Makes the stages of an input.
pub fn factory(options: LineOptions, agent: Arc<Agent>, metrics: Arc<InputMetrics>) -> StageFactory {
    let shared = Arc::new(Shared {
        keys: Keys::new([
            options.key.as_str(),
            options.path_key.as_deref().unwrap_or_default(),
            options.offset_key.as_deref().unwrap_or_default(),
            "time",
            "stream",
            "_p",
            "log",
            "multiline_truncated",
        ]),
        is_cri: options.multiline.is_cri(),
        options,
        agent,
        metrics,
    });
    Arc::new(move |stream: &Arc<Stream>| -> Box<dyn Stage> {
        let shared = Arc::clone(&shared);
        let multiline = &shared.options.multiline;
        if multiline.is_empty() {
            older(shared, stream)
        } else if shared.is_cri || multiline.takers.is_empty() {
            Box::new(join::JoinedLines::new(shared, Arc::clone(stream)))
        } else {
            Box::new(mapped::MappedLines::new(shared, stream))
        }
    })
}

/// The stage where no multiline parser is named.
fn older(shared: Arc<Shared>, stream: &Arc<Stream>) -> Box<dyn Stage> {
    match shared.options.older.clone() {
        None => Box::new(plain::PlainLines::new(shared)),
        Some(Older::FirstLine(rules)) => Box::new(first_line::FirstLines::new(shared, Arc::clone(stream), rules)),
        Some(Older::Docker(rules)) => Box::new(docker::DockerLines::new(shared, Arc::clone(stream), rules)),
    }
}

/// Identity of a source without positions that a restart finds again: a number of this start.
pub fn start_nonce() -> Vec<u8> {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id()).to_le_bytes().to_vec()
}

/// Counts what an output did not answer for, in an input that cannot read it again: a declared drop.
pub fn count_lost(ledger: &Ledger, read: u64, stream: &Stream) {
    if let Some(position) = ledger.take_rewind() {
        let lost = read.saturating_sub(position);
        stream.metrics.abandoned_bytes.add(lost);
        tracing::error!(component = %stream.input, lost, "not delivered, and this input cannot read it again: declared dropped");
        ledger.restart(read);
    }
}

/// The stage of records that need none.
#[derive(Debug)]
pub struct Ready {
    /// Whether they went through filters before.
    pub is_filtered: bool,
}

impl Stage for Ready {
    fn run(&mut self, mut parcel: Parcel) -> Option<Parcel> {
        let records = u32::try_from(parcel.batch.len()).expect("a batch has fewer than 2^32 records");
        parcel.shares[0].grow(records);
        parcel.shares[0].settle(1, Outcome::Passed);
        Some(parcel)
    }

    fn is_filtered(&self) -> bool {
        self.is_filtered
    }

    fn is_stateless(&self) -> bool {
        true
    }
}

/// What all stages of an input share.
struct Shared {
    options: LineOptions,
    /// Whether lines are those of a container runtime.
    is_cri: bool,
    keys: Keys,
    agent: Arc<Agent>,
    metrics: Arc<InputMetrics>,
}

/// Places in [`Shared::keys`].
const KEY: usize = 0;
const PATH: usize = 1;
const OFFSET: usize = 2;
const TIME: usize = 3;
const STREAM: usize = 4;
const PARTIAL: usize = 5;
const LOG: usize = 6;
const TRUNCATED: usize = 7;

impl Shared {
    /// Adds path and offset to record `index`, which came from `stream`.
    fn add_place(&self, batch: &mut Batch, index: usize, stream: &Stream) {
        let keys = self.keys.in_batch(batch);
        if self.options.path_key.is_some() {
            let path = Text::plain(batch.store(stream.name.text().as_bytes()));
            batch.record_mut(index).append_field(Field { key: keys.key(PATH), value: Value::Text(path) });
        }
        if self.options.offset_key.is_some() {
            let offset = Value::U64(batch.entries()[index].origin.offset);
            batch.record_mut(index).append_field(Field { key: keys.key(OFFSET), value: offset });
        }
    }

    /// Record `index` of `parcel`, a line that no parser took apart: path and offset before it.
    fn keep_whole(&self, parcel: &mut Parcel, index: usize) {
        if !self.has_place() {
            return;
        }
        let batch = &mut parcel.batch;
        let raw = batch.record_mut(index).range();
        let line = batch.fields(raw)[0];
        batch.record_mut(index).replace_fields(Range::empty_at(raw.start as usize));
        self.add_place(batch, index, &parcel.stream);
        batch.record_mut(index).append_field(line);
    }

    /// Says of record `index` that it was cut because it was too large.
    fn mark_cut(&self, batch: &mut Batch, index: usize) {
        batch.record_mut(index).set_metadata(self.keys.name(TRUNCATED), Value::Bool(true));
    }

    /// Counts a line whose time its parser did not understand, and warns of the first one.
    fn count_unclear_time(&self) {
        self.metrics.parser_failed.add(1);
        if self.metrics.parser_unclear_time.add_first() {
            let input = &self.metrics.name;
            tracing::warn!(component = %input, "the time of a line does not fit `Time_Format`: such lines keep its text and get the time they were read at");
        }
    }

    /// Whether a line that no parser took apart has its place before the text, as in Fluent Bit.
    fn has_place(&self) -> bool {
        self.options.path_key.is_some() || self.options.offset_key.is_some()
    }
}
