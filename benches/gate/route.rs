//! Work of a worker: raw lines through stage and filters into bulk bodies, and the compression of such bodies.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use memchr::{memchr_iter, memrchr};
use vigie::config::{Diagnostics, Entry, Located, OptionType, Section, SectionKind};
use vigie::inputs::lines::{LineOptions, Multiline, factory};
use vigie::metrics::{FilterMetrics, InputMetrics, OutputMetrics};
use vigie::plugin::{
    Agent, Body, BodyEncoding, BuildContext, Encoder, Filter, FilterContext, Memory, Parcel, Purpose, Stage, Stream,
};
use vigie::receipts::{Ledger, Outcome, Signal};
use vigie::retention::{Age, Class, Classes, Layout, Width};
use vigie::{filters, outputs};
use vigie_benches::corpus::Kind;
use vigie_parsers::batch::{Keys, Origin, Source, Span, Timestamp};
use vigie_parsers::{Definition, Format, Parsers};

use crate::parsing::{CLF, ISO, definition};
use crate::{Pass, corpus};

const TAG: &str = "gate";
/// About what an input reads at once.
const BLOCK: usize = 128 << 10;
/// When a request is full.
const REQUEST: usize = 1 << 20;

/// Joins partial lines and stack traces of a container's log. Gives the number of events.
pub(crate) fn cri_join() -> Pass {
    let parsers = Parsers::default();
    let named = ["cri", "java"].map(|name| Arc::clone(parsers.multiline(name).expect("it is built in")));
    let mut route = Route::new(None, Multiline::new(named.into(), parsers.largest_event), &[]);
    let text = corpus(Kind::Cri);
    Box::new(move || route.records(&text))
}

/// Writes lines as they are, quotes in plenty, under one key.
pub(crate) fn raw_bulk() -> Pass {
    bulk(Kind::Json, None, &[])
}

/// Parses JSON lines and writes them.
pub(crate) fn json_bulk() -> Pass {
    bulk(Kind::Json, Some(definition(Format::Json, ISO)), &[])
}

/// Parses JSON lines, changes and chooses among them, and writes them.
pub(crate) fn json_filters_bulk() -> Pass {
    let modify =
        [("rename", "service app"), ("remove_wildcard", "trace_"), ("set", "host web-1"), ("copy", "level severity")];
    let grep = [("exclude", "level ^debug$")];
    bulk(Kind::Json, Some(definition(Format::Json, ISO)), &[("modify", &modify), ("grep", &grep)])
}

/// Parses JSON lines, stamps them with their retention class, and writes them: above `json-bulk`, what stamping costs.
pub(crate) fn json_retention_bulk() -> Pass {
    bulk(Kind::Json, Some(definition(Format::Json, ISO)), &[("retention", &[("class", "r365d")])])
}

/// Parses lines of an access log and writes them.
pub(crate) fn nginx_bulk() -> Pass {
    bulk(Kind::Nginx, Some(definition(Format::Regex, CLF)), &[])
}

/// Compresses bulk bodies of JSON records.
pub(crate) fn json_deflate() -> Pass {
    deflate(Kind::Json, definition(Format::Json, ISO))
}

/// Compresses bulk bodies of access log records.
pub(crate) fn nginx_deflate() -> Pass {
    deflate(Kind::Nginx, definition(Format::Regex, CLF))
}

/// Gives the bytes of the bodies.
fn bulk(kind: Kind, parser: Option<Definition>, filters: &[FilterOptions<'_>]) -> Pass {
    let mut route = Route::new(parser, Multiline::default(), filters);
    let text = corpus(kind);
    Box::new(move || route.bodies(&text, |body| body.len()))
}

/// Gives the bytes of the compressed bodies.
fn deflate(kind: Kind, parser: Definition) -> Pass {
    let mut bodies = Vec::new();
    Route::new(Some(parser), Multiline::default(), &[]).bodies(&corpus(kind), |body| {
        bodies.push(body.to_vec());
        0
    });
    let mut body = Body::new(BodyEncoding::Gzip(1));
    Box::new(move || {
        let mut compressed = 0;
        for plain in &bodies {
            body.begin();
            // In pieces as records come, so that slices are cut where they would be.
            for piece in plain.chunks(500) {
                body.buffer().extend_from_slice(piece);
                body.compress_slice();
            }
            compressed += body.seal().len();
        }
        compressed
    })
}

/// What plugins are built from.
pub(crate) fn context() -> BuildContext {
    BuildContext {
        name: "gate.0".into(),
        parsers: Arc::new(Parsers::default()),
        agent: Arc::new(Agent::new("gate", b"secret-42")),
        classes: Arc::new(Classes(vec![class()])),
        state_directory: None,
        escape_unicode: false,
        purpose: Purpose::Run,
    }
}

/// A class as `packaging/retention.yaml` has it.
fn class() -> Class {
    Class {
        name: "r365d".into(),
        max_age: Age::parse("365d").expect("it is an age"),
        min_age: None,
        layout: Layout::Stream,
        bucket: Width::Month,
        basis: "CNIL 2021-122".into(),
        subject_fields: Vec::new(),
        revision: 1,
    }
}

/// A section of `options`, given as in a configuration.
pub(crate) fn section(kind: SectionKind, options: &[(&str, &str)]) -> Section {
    let located = |text: &str| Located { text: text.into(), ..Located::default() };
    let entries = options.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
    Section { entries, ..Section::new(kind, Default::default()) }
}

/// Name of a filter, and its options.
type FilterOptions<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// The way of a worker, with a stream of its own.
struct Route {
    memory: Memory,
    stream: Arc<Stream>,
    tag: Arc<str>,
    ledger: Arc<Ledger>,
    keys: Keys,
    stage: Box<dyn Stage>,
    filters: Vec<Box<dyn Filter>>,
    metrics: FilterMetrics,
    encoder: Box<dyn Encoder>,
    body: Body,
    read: u64,
}

impl Route {
    fn new(parser: Option<Definition>, multiline: Multiline, filters: &[FilterOptions<'_>]) -> Self {
        let context = context();
        let parser = parser.map(|definition| definition.build().expect("the definition is sound"));
        let options =
            LineOptions { key: "log".into(), parser, multiline, older: None, path_key: None, offset_key: None };
        let metrics = Arc::new(InputMetrics::new("tail.0"));
        let stage = factory(options, Arc::clone(&context.agent), Arc::clone(&metrics));
        let stream = Arc::new(Stream {
            id: 1,
            name: "/var/log/gate.log".into(),
            input: "tail.0".into(),
            metrics,
            birth: 1_795_000_000,
            identity: b"identity".to_vec().into(),
            stage: Arc::clone(&stage),
            sent_below: 0.into(),
        });
        Self {
            memory: Memory::new(16 << 20),
            tag: TAG.into(),
            ledger: Ledger::new(0, Signal::default()),
            keys: Keys::new(["log"]),
            stage: stage(&stream),
            stream,
            filters: filters.iter().map(|filter| make_filter(filter, &context)).collect(),
            metrics: FilterMetrics::default(),
            encoder: encoder(&context),
            body: Body::new(BodyEncoding::Identity),
            read: 0,
        }
    }

    /// Brings the lines of `text` into bodies and gives the sum of what `seen` says of each.
    fn bodies(&mut self, text: &[u8], mut seen: impl FnMut(&[u8]) -> usize) -> usize {
        let mut sum = 0;
        self.begin_again();
        self.body.begin();
        for block in blocks(text) {
            let Some(parcel) = self.staged(block) else { continue };
            for record in parcel.batch.records() {
                self.encoder.encode(record, &self.stream, &self.tag, self.body.buffer());
                sum += self.full_body().map_or(0, |body| seen(&body));
            }
            parcel.settle_all(Outcome::Delivered);
        }
        sum + seen(&self.body.seal())
    }

    /// The body, if it is enough for a request.
    fn full_body(&mut self) -> Option<impl Deref<Target = [u8]>> {
        if self.body.len() < REQUEST {
            return None;
        }
        let full = self.body.seal();
        self.body.begin();
        Some(full)
    }

    /// Makes records of the lines of `text` and counts them.
    fn records(&mut self, text: &[u8]) -> usize {
        let mut records = 0;
        self.begin_again();
        for block in blocks(text) {
            let Some(parcel) = self.staged(block) else { continue };
            records += parcel.batch.len();
            parcel.settle_all(Outcome::Delivered);
        }
        records
    }

    /// Numbers of one pass are those of the next, whose ids are then as long.
    fn begin_again(&mut self) {
        self.read = 0;
        self.ledger = Ledger::new(0, Signal::default());
        self.stage = (self.stream.stage)(&self.stream);
    }

    /// What stage and filters make of a block of lines.
    fn staged(&mut self, block: &[u8]) -> Option<Parcel> {
        let parcel = self.raw(block);
        let mut parcel = self.stage.run(parcel)?;
        let context = FilterContext { tag: TAG, metrics: &self.metrics };
        for filter in &mut self.filters {
            filter.apply(&mut parcel.batch, &context);
        }
        parcel.settle_removed(Outcome::Filtered);
        Some(parcel)
    }

    /// A parcel of raw lines, as `tail` makes it.
    fn raw(&mut self, block: &[u8]) -> Parcel {
        let mut batch = self.memory.take(Memory::LARGEST, Duration::ZERO).expect("nothing else takes memory");
        let key = self.keys.in_batch(&mut batch).key(0);
        let start = batch.store(block).range().start;
        let (from, mut line_start) = (self.read, 0);
        for newline in memchr_iter(b'\n', block) {
            let line = Span::between(start + line_start, start + newline);
            let offset = from + line_start as u64;
            let origin = Origin { offset, length: line.len, source: Source::At(line.start), part: 0, lot: 0 };
            batch.push_text(Timestamp { seconds: 1_795_392_000, nanos: 0 }, origin, key, line);
            line_start = newline + 1;
        }
        self.read += block.len() as u64;
        let shares = vec![self.ledger.open(self.read)];
        let (stream, tag) = (Arc::clone(&self.stream), Arc::clone(&self.tag));
        Parcel { batch, shares, stream, tag, end: self.read, epoch: 0 }
    }
}

/// Cuts `text` behind newlines, into blocks as an input reads them.
fn blocks(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let most = rest.len().min(BLOCK);
        let newline = memrchr(b'\n', &rest[..most])?;
        let (block, behind) = rest.split_at(newline + 1);
        rest = behind;
        Some(block)
    })
}

fn make_filter((name, options): &FilterOptions<'_>, context: &BuildContext) -> Box<dyn Filter> {
    let kind = filters::KINDS.iter().find(|kind| kind.name == *name).expect("the filter is in the table");
    let mut findings = Diagnostics::default();
    let made = (kind.build)(&section(SectionKind::Filter, options), context, &Arc::default(), &mut findings);
    made.expect("the options are sound")()
}

/// An encoder of the `opensearch` output with its defaults.
fn encoder(context: &BuildContext) -> Box<dyn Encoder> {
    let options = [("name", "opensearch"), ("host", "127.0.0.1"), ("index", "gate")];
    let kind = outputs::KINDS.iter().find(|kind| kind.name == "opensearch").expect("the output is in the table");
    let metrics = Arc::new(OutputMetrics::new("opensearch.0"));
    let mut findings = Diagnostics::default();
    let output = (kind.build)(&section(SectionKind::Output, &options), context, &metrics, &mut findings);
    output.expect("the options are sound").encoder()
}
