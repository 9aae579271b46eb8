//! Joins records to events.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vigie_parsers::batch::Batch;
use vigie_parsers::multiline::{Machine, MultilineParser, Until};

use crate::config::{Diagnostics, OptionType, Options, Section};
use crate::metrics::FilterMetrics;
use crate::multiline::{self, Chain, Fits, Joiner, LOG};
use crate::plugin::{
    BuildContext, Filter, FilterContext, FilterFactory, FilterKind, Parcel, Stage, Stream, Succession, Wanted,
};
use crate::receipts::Share;

/// The `multiline` filter.
pub(super) const KIND: FilterKind =
    FilterKind { name: "multiline", summary: "Joins records to events.", options: MultilineOptions::TABLE, build };

crate::options! {
    /// Options of `multiline`.
    struct MultilineOptions {
        "multiline.parser" _multiline_parser: String, repeated, "Parsers, between commas: java, python, go, ruby, docker, cri or your own. Of several the one that fitted last is tried first.";
        "multiline.key_content" key_content: String, optional, "Key of the text that is joined; by default the one of the first parser, or `log`.";
        mode: Mode, default "parser", "`parser`, or `partial_message`, which joins the parts that Docker made of long lines.";
        buffer: bool, default "on", "Whether an event waits for its next line beyond the records that come together.";
        flush_ms: u64, default "2000", "Milliseconds that an event waits for its next line.";
    }
    not_needed {
        "debug_flush": "What is given out is counted.",
        "emitter_name": "Events go on from where they were joined; nothing is emitted anew.",
        "emitter_storage.type": "Events go on from where they were joined; nothing is emitted anew.",
        "emitter_mem_buf_limit": "Events go on from where they were joined; nothing is emitted anew.",
    }
}

/// What is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Parser,
    PartialMessage,
}

impl OptionType for Mode {
    const KIND: &'static str = "mode";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "parser" => Ok(Self::Parser),
            "partial_message" => Ok(Self::PartialMessage),
            _ => Err("`parser` or `partial_message`".into()),
        }
    }
}

fn build(
    section: &Section,
    context: &BuildContext,
    metrics: &Arc<FilterMetrics>,
    findings: &mut Diagnostics,
) -> Option<FilterFactory> {
    let options = MultilineOptions::read(section, findings)?;
    let parts = options.mode == Mode::PartialMessage;
    let named = multiline::named(section, context, findings)?;
    if let Some(key) = section.get("multiline.key_content").filter(|key| key.text.starts_with('$')) {
        let message = "`multiline.key_content` is the key itself and no path: no record is likely to have this one";
        findings.warning(key.place, "V117", message).help("write the key as it stands in the record, without `$`");
    }
    let place = section.get("multiline.parser").map_or(section.place, |value| value.place);
    let parsers = match (parts, named.is_empty()) {
        (false, false) => named,
        (true, true) => vec![Arc::new(partial_message())],
        (true, false) => {
            let message = "`multiline.parser` is not applied in mode `partial_message`";
            findings.error(place, "V403", message).help("take one of the two away");
            return None;
        }
        (false, true) => {
            findings.error(place, "V105", "`multiline.parser` is missing").help("add a line `multiline.parser <name>`");
            return None;
        }
    };
    Some(factory(chain(&options, parsers, context), metrics))
}

fn chain(options: &MultilineOptions, parsers: Vec<Arc<MultilineParser>>, context: &BuildContext) -> Chain {
    let first = &parsers[0];
    let key = options.key_content.clone().or_else(|| first.key_content.clone()).unwrap_or_else(|| LOG.into());
    let group = first.key_group.clone().unwrap_or_else(|| "stream".into());
    Chain {
        key: Some(key),
        group: Some(group),
        flush_after: Some(Duration::from_millis(options.flush_ms)),
        largest: context.parsers.largest_event,
        waits: options.buffer,
        parts: options.mode == Mode::PartialMessage,
        agent: Arc::clone(&context.agent),
        parsers,
    }
}

fn factory(chain: Chain, metrics: &Arc<FilterMetrics>) -> FilterFactory {
    let (chain, metrics) = (Arc::new(chain), Arc::clone(metrics));
    Box::new(move || Box::new(MultilineFilter { chain: Arc::clone(&chain), metrics: Arc::clone(&metrics) }))
}

/// Parts of a message that Docker's driver cut: the last one says so.
fn partial_message() -> MultilineParser {
    MultilineParser {
        key_content: Some(LOG.into()),
        key_pattern: Some("partial_last".into()),
        key_group: Some("partial_id".into()),
        ..MultilineParser::new(
            "partial_message",
            Machine::Until(Until { text: b"true".to_vec(), is_whole: true, negate: false }),
        )
    }
}

struct MultilineFilter {
    chain: Arc<Chain>,
    metrics: Arc<FilterMetrics>,
}

impl Filter for MultilineFilter {
    /// Nothing comes by here: see [`Filter::holder`].
    fn apply(&mut self, _: &mut Batch, _: &FilterContext<'_>) {}

    fn holds(&self) -> bool {
        true
    }

    fn holder(&self, stream: &Arc<Stream>, wanted: Option<Wanted>) -> Option<Box<dyn Stage>> {
        let joiner = Joiner::new(Arc::clone(&self.chain), Arc::clone(stream));
        Some(Box::new(Held { joiner, wanted, metrics: Arc::clone(&self.metrics) }))
    }
}

/// The events of one stream, which are counted.
struct Held {
    joiner: Joiner,
    /// Which records are joined, where not all are.
    wanted: Option<Wanted>,
    metrics: Arc<FilterMetrics>,
}

impl Held {
    fn counted(&mut self, parcel: Option<Parcel>) -> Option<Parcel> {
        self.metrics.multiline_truncated.add(self.joiner.take_truncated());
        parcel
    }
}

impl Stage for Held {
    fn run(&mut self, parcel: Parcel) -> Option<Parcel> {
        let joined = match &mut self.wanted {
            None => self.joiner.run(parcel),
            Some(wanted) => {
                let fits: Vec<Fits> =
                    parcel.batch.records().map(|record| if wanted(record) { Fits::Any } else { Fits::No }).collect();
                Some(self.joiner.join(parcel, |at| fits[at])).filter(|parcel| !parcel.batch.is_empty())
            }
        };
        self.counted(joined)
    }

    fn begin_behind(&mut self, offset: u64) {
        self.joiner.begin_behind(offset);
    }

    fn deadline(&self) -> Option<Instant> {
        self.joiner.deadline()
    }

    fn flush(&mut self, now: Instant) -> Option<Parcel> {
        self.joiner.flush(now)
    }

    fn succeed(&mut self, succession: &Succession) -> bool {
        self.joiner.succeed(succession)
    }

    fn holds_back(&self, given: &dyn Fn(&Share) -> u64) -> bool {
        self.joiner.holds_back(given)
    }

    fn finish(&mut self) -> Option<Parcel> {
        self.joiner.finish()
    }
}

#[cfg(test)]
mod tests;
