//! Joins records to events, across batches: what the line-oriented inputs and the filter `multiline` share.
//!
//! [`Joiner`] is the state of one stream. It holds an event that may go on with a share of the range of its first line, so a kill
//! loses none. Nothing here reads files or knows an option.

mod claim;
mod joiner;
mod open;
mod points;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use vigie_parsers::batch::{Batch, Origin, Source};
use vigie_parsers::multiline::MultilineParser;

pub use claim::Claim;
pub use joiner::{Fits, Joiner};
pub use points::MAX_LAG;

use crate::config::{Diagnostics, Section, did_you_mean};
use crate::plugin::{Agent, BuildContext};

/// Key of the text that is joined where nothing else is said.
pub const LOG: &str = "log";
/// Fact about an event that was cut because it was too large.
pub const TRUNCATED: &str = "multiline_truncated";

/// What is joined and how.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The parsers that are tried, of which the one that fitted last comes first.
    pub parsers: Vec<Arc<MultilineParser>>,
    /// Key of the text. `None`: that of the parser which took a record apart.
    pub key: Option<String>,
    /// Key whose values have events of their own. `None`: that of the parser which took a record apart.
    pub group: Option<String>,
    /// How long an event waits for its next line. `None`: as its parser says.
    pub flush_after: Option<Duration>,
    /// Bytes of text at which an event is cut.
    pub largest: usize,
    /// Whether an event waits for the next batch.
    pub waits: bool,
    /// Whether only parts of messages are joined, those with `partial_message`.
    pub parts: bool,
    /// Who this agent is, for the identity of events.
    pub agent: Arc<Agent>,
}

/// The parsers that `section` gives under `multiline.parser`, between commas or one by one. `None` when one is unknown, which is
/// reported.
pub fn named(
    section: &Section,
    context: &BuildContext,
    findings: &mut Diagnostics,
) -> Option<Vec<Arc<MultilineParser>>> {
    let known = &context.parsers;
    let mut parsers = Vec::new();
    for entry in section.entries.iter().filter(|entry| entry.key.text == "multiline.parser") {
        for name in entry.value.text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let Some(parser) = known.multiline(name).or_else(|| known.multiline(&name.to_ascii_lowercase())) else {
                let help = did_you_mean(name, &known.multiline_names());
                findings.error(entry.value.place, "V304", format!("unknown multiline parser `{name}`")).help(help);
                return None;
            };
            parsers.push(Arc::clone(parser));
        }
    }
    Some(parsers)
}

/// The numbers of `count` parsers in the order in which they are tried: the `last` that fitted comes first.
pub fn last_first(last: usize, count: usize) -> impl Iterator<Item = usize> {
    std::iter::once(last).chain((0..count).filter(move |at| *at != last))
}

/// The identity of an event of two pieces: the first, and another one that lies in `batch`.
pub fn joined(first: &Origin, next: (&Origin, &Batch), agent: &Agent) -> Origin {
    let (origin, batch) = next;
    let hashes = [agent.hash_of(first, batch), agent.hash_of(origin, batch)];
    let hash = agent.source_hash(hashes.map(u32::to_le_bytes).as_flattened());
    let length = (origin.offset + u64::from(origin.length)).saturating_sub(first.offset);
    Origin { length: u32::try_from(length).unwrap_or(u32::MAX), source: Source::Hash(hash), ..*first }
}
