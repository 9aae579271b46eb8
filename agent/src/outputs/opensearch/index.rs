//! Which index a record goes to.

use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;
use vigie_parsers::batch::Record;

use super::options::{IndexTemplate, OpenSearchOptions};
use super::placement::Placement;
use crate::encode::accessor::{Path, Template};
use crate::encode::bulk::{Operation, index_name_flaw, push_action_prefix};
use crate::encode::strftime::{Cached, Pattern};
use crate::retention::Classes;

/// How the name of the index is made.
#[derive(Clone, Debug)]
enum Naming {
    /// Always the same.
    Fixed,
    /// By date.
    Dated(Cached),
    /// From tag and record.
    Dynamic(Template),
    /// From a key of the record and the date.
    Keyed { key: Path, separator: String, date: Cached },
}

/// Gives the beginning of the action line, up to the id. Made anew only when the name changes.
#[derive(Clone, Debug)]
pub(super) struct Indexes {
    /// Goes before the naming where retention places records.
    placement: Option<Box<Placement>>,
    naming: Naming,
    operation: Operation,
    /// Name in the place of one that cannot be used.
    fallback: Cached,
    name: Vec<u8>,
    line: Vec<u8>,
    version: u64,
    flaw: Option<&'static str>,
    scratch: Vec<u8>,
}

/// Tells why names that were wanted are none, each cause once for all encoders of an output.
#[derive(Debug)]
pub(super) struct Flaws {
    output: Arc<str>,
    told: Mutex<Vec<&'static str>>,
}

impl Flaws {
    /// Those of `output`.
    pub(super) fn new(output: Arc<str>) -> Self {
        Self { output, told: Mutex::default() }
    }

    /// Tells `flaw`, unless that was told.
    #[cold]
    pub(super) fn tell(&self, flaw: &'static str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.contains(&flaw) {
            told.push(flaw);
            warn!(component = %self.output, flaw, "a record names no index that can be: such records go to the default one, counted \
                   as `index_fallbacks`; look at `Index` or `Logstash_Prefix_Key`");
        }
    }
}

/// Longest value of `logstash_prefix_key`, as in Fluent Bit.
const LONGEST_PREFIX: usize = 128;
/// Index for names that cannot be used and have no default of their own.
const DEFAULT_INDEX: &[u8] = b"fluent-bit";

/// The wildcard that all names of indexes match, without `*` where there is one name only; `None` when they have no fixed
/// beginning.
pub(super) fn pattern(options: &OpenSearchOptions) -> Option<String> {
    let wildcard = if options.logstash_format {
        if options.logstash_prefix_key.is_some() {
            return None;
        }
        let prefix = format!("{}{}", options.logstash_prefix, options.logstash_prefix_separator);
        options.logstash_dateformat.clone().behind(prefix.as_bytes()).wildcard()
    } else {
        match &options.index {
            IndexTemplate::Fixed(name) => name.clone(),
            IndexTemplate::Dated(pattern) => pattern.wildcard(),
            IndexTemplate::Dynamic(template) => template.wildcard(),
        }
    };
    String::from_utf8(wildcard).ok().filter(|wildcard| !wildcard.starts_with('*'))
}

impl Indexes {
    pub(super) fn new(options: &OpenSearchOptions, classes: &Arc<Classes>) -> Self {
        let literal = |name: &[u8]| Cached::new(Pattern::literal(name));
        let (naming, fallback) = if options.logstash_format {
            let separator = options.logstash_prefix_separator.clone();
            let prefix = format!("{}{separator}", options.logstash_prefix);
            let by_date = Cached::new(options.logstash_dateformat.clone().behind(prefix.as_bytes()));
            let date = Cached::new(options.logstash_dateformat.clone());
            match options.logstash_prefix_key.clone() {
                Some(key) => (Naming::Keyed { key, separator, date }, by_date),
                None => (Naming::Dated(by_date.clone()), by_date),
            }
        } else {
            match &options.index {
                IndexTemplate::Fixed(name) => (Naming::Fixed, literal(name)),
                IndexTemplate::Dated(pattern) => (Naming::Dated(Cached::new(pattern.clone())), literal(DEFAULT_INDEX)),
                IndexTemplate::Dynamic(template) => (Naming::Dynamic(template.clone()), literal(DEFAULT_INDEX)),
            }
        };
        Self {
            placement: options.retention.then(|| Box::new(Placement::new(options, classes))),
            naming,
            operation: options.write_operation,
            fallback,
            name: Vec::new(),
            line: Vec::new(),
            version: 0,
            flaw: None,
            scratch: Vec::new(),
        }
    }

    /// Makes the beginning of the action line for `record`. Returns whether the name is the one wanted.
    #[inline]
    pub(super) fn update(&mut self, record: Record<'_>, tag: &str, seconds: i64) -> bool {
        let is_settled = matches!(self.naming, Naming::Fixed) && self.placement.is_none() && !self.line.is_empty();
        is_settled || self.renew(record, tag, seconds)
    }

    #[inline(never)]
    fn renew(&mut self, record: Record<'_>, tag: &str, seconds: i64) -> bool {
        let (is_new, is_wanted) = self.update_name(record, tag, seconds);
        if is_new || self.line.is_empty() {
            self.line.clear();
            push_action_prefix(self.operation, &self.name, &mut self.line);
            self.version += 1;
        }
        is_wanted
    }

    /// The beginning of the action line.
    pub(super) fn action(&self) -> &[u8] {
        &self.line
    }

    /// The name itself.
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    /// What was wrong with the name wanted for the last record, where another one took its place.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        self.flaw
    }

    /// Another number for every other action line.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Puts the name for `record` in place. Returns whether it changed and whether it is the one wanted.
    fn update_name(&mut self, record: Record<'_>, tag: &str, seconds: i64) -> (bool, bool) {
        let wanted = &mut self.scratch;
        wanted.clear();
        if let Some(name) = self.placement.as_mut().and_then(|placement| placement.name(record, tag)) {
            let is_new = *name != *self.name;
            if is_new {
                self.name.clear();
                self.name.extend_from_slice(name);
            }
            return (is_new, true);
        }
        let is_placed = self.placement.is_some();
        let found = match &mut self.naming {
            Naming::Fixed => false,
            Naming::Dated(date) => {
                let (name, is_new) = date.at(seconds);
                let is_new = is_new || (is_placed && *name != *self.name);
                if is_new {
                    self.name = name.to_vec();
                }
                return (is_new, true);
            }
            Naming::Dynamic(template) => {
                // What is not there stands for nothing; a name that is none without it is told from its flaw.
                template.render(record, tag, wanted);
                true
            }
            Naming::Keyed { key, separator, date } => {
                let found = key.render(record, wanted) && wanted.len() <= LONGEST_PREFIX;
                wanted.extend_from_slice(separator.as_bytes());
                wanted.extend_from_slice(date.at(seconds).0);
                found
            }
        };
        let is_known = !wanted.is_empty() && *wanted == self.name;
        self.flaw = match found {
            false => Some("the key is missing, no text or too long"),
            true if is_known => None,
            true => index_name_flaw(wanted),
        };
        let is_wanted = self.flaw.is_none();
        if !is_wanted {
            wanted.clear();
            wanted.extend_from_slice(self.fallback.at(seconds).0);
        }
        let is_new = *wanted != self.name;
        std::mem::swap(&mut self.name, wanted);
        (is_new, is_wanted || matches!(self.naming, Naming::Fixed))
    }
}
