//! What a parser is, and the set of parsers known by name.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::batch::{Batch, Span};
use crate::multiline::{self, MultilineParser};
use crate::regex::Engine;

/// Turns the text of one record into fields. Has no state, so threads share it.
pub trait Parser: Send + Sync {
    /// Parses `text`, which lies in the arena of `batch`, into fields of record `index`.
    ///
    /// The new fields are appended behind those that the record has; its time is set when the parser finds one.
    ///
    /// When it is refused or given up, the record is as it was.
    fn parse(&self, batch: &mut Batch, index: usize, text: Span) -> Parsed;

    /// What runs its pattern, when it has one.
    fn engine(&self) -> Option<Engine> {
        None
    }
}

/// Nobody reads what a parser holds: to print that would take a tenth of a megabyte of code, of patterns for the most part.
impl fmt::Debug for dyn Parser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parser")
    }
}

/// What a parser made of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// It fitted.
    Fitted,
    /// It fitted, but its time was not understood: the record keeps the time it had, and the text of it.
    TimeUnclear,
    /// It did not fit.
    Refused,
    /// Whether it fits would take more steps to tell than a pattern is given; see
    /// [`STEP_LIMIT`](crate::regex::STEP_LIMIT). The record is as if it did not.
    GivenUp,
}

impl Parsed {
    /// Whether the record has the fields of the text.
    pub fn gave_fields(self) -> bool {
        matches!(self, Self::Fitted | Self::TimeUnclear)
    }
}

/// Largest event that lines are joined to, in bytes, where nothing else is said.
pub const LARGEST_EVENT: usize = 2 << 20;

/// Parsers and multiline parsers by name.
#[derive(Debug)]
pub struct Parsers {
    by_name: HashMap<String, Arc<dyn Parser>>,
    /// Names of parsers that are not here and could be had.
    others: BTreeSet<String>,
    multiline: HashMap<String, Arc<MultilineParser>>,
    /// Bytes of text at which an event of several lines is cut.
    pub largest_event: usize,
}

impl Default for Parsers {
    /// No parser, and the multiline parsers that are built in.
    fn default() -> Self {
        let built_in = multiline::built_in().into_iter();
        let multiline = built_in.map(|parser| (parser.name.clone(), Arc::new(parser))).collect();
        Self { by_name: HashMap::new(), others: BTreeSet::new(), multiline, largest_event: LARGEST_EVENT }
    }
}

impl Parsers {
    /// The parser called `name`.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Parser>> {
        self.by_name.get(name)
    }

    /// Adds a parser; gives the one of that name that was there.
    pub fn insert(&mut self, name: impl Into<String>, parser: Arc<dyn Parser>) -> Option<Arc<dyn Parser>> {
        self.by_name.insert(name.into(), parser)
    }

    /// The multiline parser called `name`.
    pub fn multiline(&self, name: &str) -> Option<&Arc<MultilineParser>> {
        self.multiline.get(name)
    }

    /// Adds a multiline parser; one of that name takes its place, also a built-in one.
    pub fn insert_multiline(&mut self, parser: MultilineParser) {
        self.multiline.insert(parser.name.clone(), Arc::new(parser));
    }

    /// Names of all multiline parsers, sorted.
    pub fn multiline_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.multiline.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Notes that a parser called `name` could be had too, so that [`Parsers::names`] tells of it.
    pub fn note_name(&mut self, name: impl Into<String>) {
        self.others.insert(name.into());
    }

    /// Names of all parsers, sorted: of those that are here and of those that could be had.
    pub fn names(&self) -> Vec<&str> {
        let all: BTreeSet<&str> = self.by_name.keys().chain(&self.others).map(String::as_str).collect();
        all.into_iter().collect()
    }
}
