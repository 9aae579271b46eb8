//! What a plugin table holds a row of, and what a plugin is built from.

use std::path::PathBuf;
use std::sync::Arc;

use vigie_parsers::batch::{Batch, Record};
use vigie_parsers::{Parser, Parsers};

use super::input::{Input, Stage, Stop, Stream};
use super::output::Output;
use crate::config::{Diagnostics, Located, OptionSpec, Section, named_parser};
use crate::metrics::{FilterMetrics, InputMetrics, OutputMetrics};

/// Changes one batch in place. One per worker, so it keeps scratch space. Not async, so a test is a function call.
pub trait Filter: Send {
    /// Changes `batch`, whose records have the tag of `context`.
    fn apply(&mut self, batch: &mut Batch, context: &FilterContext<'_>);

    /// Whether it holds records back until later ones of their stream are there: then [`Filter::holder`] takes them.
    fn holds(&self) -> bool {
        false
    }

    /// What takes the parcels of `stream`, in place of [`Filter::apply`], where it holds records back; those that are not `wanted` go
    /// on as they are.
    fn holder(&self, stream: &Arc<Stream>, wanted: Option<Wanted>) -> Option<Box<dyn Stage>> {
        let _ = (stream, wanted);
        None
    }

    /// Values that it hides, one of each kind at the most. It may change the filter's own counts.
    fn canaries(&mut self) -> Vec<Canary> {
        Vec::new()
    }

    /// Fields that alone stay behind it and are looked at, where it lets only named ones through: canaries stand there too.
    fn canary_places(&self) -> Vec<KeyPath> {
        Vec::new()
    }

    /// Which keys it hides what it finds under; `None` when it hides nothing, so that records which passed it are as they were.
    fn hides(&self) -> Option<Hidden> {
        None
    }

    /// Digest of the rules that it redacts by; `None` when it does not redact.
    fn rules(&self) -> Option<String> {
        None
    }

    /// Records of `batch`, by their index, that must go to no output, and why. Asked once all filters of the tag have run, so that
    /// what is kept of them in the dead-letter file went through `redact`. The reason has no value of a record.
    fn refused(&mut self, batch: &Batch) -> Option<(Vec<usize>, &'static str)> {
        let _ = batch;
        None
    }

    /// What outputs write in the place of `tag`; `None` leaves it. Which outputs take the records is not changed by it.
    fn written_tag(&mut self, tag: &Arc<str>) -> Option<Arc<str>> {
        let _ = tag;
        None
    }
}

/// Whether a filter is meant for a record.
pub type Wanted = Box<dyn FnMut(Record<'_>) -> bool + Send>;

/// The keys, one inside the other, that lead to a field; at least one.
pub type KeyPath = Vec<Vec<u8>>;

/// At which keys at the top of records a filter hides what stands there as a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// Whether it does so at keys that nothing names.
    pub elsewhere: bool,
    /// The keys of which the opposite holds.
    pub otherwise: Vec<String>,
}

impl Hidden {
    /// Whether it does so at `key`.
    pub fn is_at(&self, key: &str) -> bool {
        self.elsewhere != self.otherwise.iter().any(|other| other == key)
    }
}

/// A made-up value that a filter promises to hide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// What it is.
    pub entity: &'static str,
    /// The line that it stands in.
    pub line: String,
    /// The value, which must not be in what an output sends.
    pub value: String,
}

/// What a filter may know beside the batch.
#[derive(Debug)]
pub struct FilterContext<'a> {
    /// Tag of the records.
    pub tag: &'a str,
    /// Its counters.
    pub metrics: &'a FilterMetrics,
}

/// What every plugin is built from, beside its own options.
#[derive(Clone, Debug)]
pub struct BuildContext {
    /// Alias or instance name (`tail.0`).
    pub name: Arc<str>,
    /// Parsers and multiline parsers by name.
    pub parsers: Arc<Parsers>,
    /// Who this agent is, for document ids.
    pub agent: Arc<crate::plugin::Agent>,
    /// Retention classes.
    pub classes: Arc<crate::retention::Classes>,
    /// Directory for state that has no place of its own; `None` keeps it in memory.
    pub state_directory: Option<PathBuf>,
    /// Whether outputs write no characters beyond ASCII into JSON.
    pub escape_unicode: bool,
    /// Whether it is to run.
    pub purpose: Purpose,
}

/// What something is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To run.
    Run,
    /// To see what a start would refuse: nothing is made, kept open or kept locked.
    Check,
    /// The same beside an agent that runs, in this process or another, and makes way for it: who has what is not looked at.
    CheckBeside,
    /// To see what it says: it may run elsewhere, or as someone else, so no place that it writes to is looked at.
    Read,
}

impl Purpose {
    /// Whether it is only checked.
    pub fn is_check(self) -> bool {
        self != Self::Run
    }
}

impl BuildContext {
    /// The parser called `name`. `None` when it is unknown, which is reported.
    pub fn parser(&self, name: &Located, findings: &mut Diagnostics) -> Option<Arc<dyn Parser>> {
        named_parser(&self.parsers, name, findings)
    }
}

/// A row of the input table.
#[derive(Debug)]
pub struct InputKind {
    /// Name in the configuration.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its own options; the common ones (`tag`, `alias` ...) are not repeated.
    pub options: &'static [OptionSpec],
    /// Whether records not delivered yet can be read again after a restart. Of others a spool keeps what it can.
    pub reads_again: bool,
    /// Reads the options and builds it. The tag as configured, with its default, comes beside them.
    /// `None` when something was wrong; it has been reported.
    pub build: BuildInput,
}

/// What an input is built from.
#[derive(Debug)]
pub struct InputSetup<'a> {
    /// What every plugin is built from.
    pub context: &'a BuildContext,
    /// Tag as configured or by default; may hold `*`.
    pub tag: &'a str,
    /// Bytes of its records that may be on their way; `None` leaves it to the memory budget.
    pub mem_buf_limit: Option<usize>,
    /// How many inputs of its kind there are, itself among them: they share what the process may have.
    pub alike: usize,
    /// Its counters.
    pub metrics: &'a Arc<InputMetrics>,
    /// Its stop handle, so that it can hand its signal to others before it runs.
    pub stop: &'a Stop,
}

/// Makes one instance of a filter per worker.
pub type FilterFactory = Box<dyn Fn() -> Box<dyn Filter> + Send + Sync>;

/// A row of the filter table.
#[derive(Debug)]
pub struct FilterKind {
    /// Name in the configuration.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its own options.
    pub options: &'static [OptionSpec],
    /// Reads the options; the result makes one instance per worker.
    pub build: BuildFilter,
}

/// A row of the output table.
#[derive(Debug)]
pub struct OutputKind {
    /// Name in the configuration.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its own options.
    pub options: &'static [OptionSpec],
    /// Reads the options and builds it.
    pub build: BuildOutput,
}

/// Reads the options of an input and builds it; `None` when something was wrong and reported.
pub type BuildInput = fn(&Section, &InputSetup<'_>, &mut Diagnostics) -> Option<Box<dyn Input>>;

/// Reads the options of a filter; `None` when something was wrong and reported.
pub type BuildFilter = fn(&Section, &BuildContext, &Arc<FilterMetrics>, &mut Diagnostics) -> Option<FilterFactory>;

/// Reads the options of an output and builds it; `None` when something was wrong and reported.
pub type BuildOutput = fn(&Section, &BuildContext, &Arc<OutputMetrics>, &mut Diagnostics) -> Option<Arc<dyn Output>>;
