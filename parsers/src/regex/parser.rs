//! The regex parser: named groups of the first match become fields.

use std::cell::RefCell;

use regex_automata::meta::{Cache, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::{Anchored, Input};

use super::{PatternError, compile, translate};
use crate::batch::{Batch, Field, Keys, Span, Text, Value};

/// A compiled pattern whose named groups are fields.
#[derive(Debug)]
pub struct RegexParser {
    regex: Regex,
    keys: Keys,
    groups: Vec<Group>,
    skip_empty: bool,
}

/// A named group; its key is the one of the same index.
#[derive(Debug)]
struct Group {
    number: usize,
    /// Whether a group before it has the same name; then the last one that matched wins.
    repeated: bool,
}

/// Scratch space of the engine for one pattern on one thread.
struct Scratch {
    id: u64,
    cache: Cache,
    captures: Captures,
}

/// Patterns whose scratch space a thread keeps.
const KEPT: usize = 32;

thread_local! {
    static SCRATCH: RefCell<Vec<Scratch>> = const { RefCell::new(Vec::new()) };
}

impl RegexParser {
    /// Compiles `pattern`. With `skip_empty`, groups that matched nothing give no field.
    ///
    /// # Errors
    /// When the pattern is wrong, cannot be run in linear time, or names no group.
    pub fn new(pattern: &str, skip_empty: bool) -> Result<Self, PatternError> {
        let regex = compile(pattern)?;
        let names = regex.group_info().pattern_names(regex_automata::PatternID::ZERO).enumerate();
        let named: Vec<(usize, String)> =
            names.filter_map(|(number, name)| Some((number, translate::original_name(name?)))).collect();
        if named.is_empty() {
            let message = "no group has a name, so there would be no field: write `(?<name>...)`";
            return Err(PatternError::Syntax(message.into()));
        }
        let repeats = |at: usize| named[..at].iter().any(|(_, name)| *name == named[at].1);
        let groups = (0..named.len()).map(|at| Group { number: named[at].0, repeated: repeats(at) }).collect();
        let keys = Keys::new(named.iter().map(|(_, name)| name.as_str()));
        Ok(Self { regex, keys, groups, skip_empty })
    }

    /// Searches `text`, which lies in the arena, and appends a field per named group to record `index`. Returns whether
    /// it was found.
    pub fn fields(&self, batch: &mut Batch, index: usize, text: Span) -> bool {
        SCRATCH.with_borrow_mut(|kept| {
            let scratch = self.scratch(kept);
            let input = Input::new(batch.bytes(text)).anchored(Anchored::No);
            self.regex.search_captures_with(&mut scratch.cache, &input, &mut scratch.captures);
            let found = scratch.captures.is_match();
            if found {
                self.append(batch, index, text, &scratch.captures);
            }
            found
        })
    }

    fn append(&self, batch: &mut Batch, index: usize, text: Span, captures: &Captures) {
        let keys = self.keys.in_batch(batch);
        let start = text.start as usize;
        let mut record = batch.record_mut(index);
        for (at, group) in self.groups.iter().enumerate() {
            let Some(found) = captures.get_group(group.number).filter(|found| !(self.skip_empty && found.is_empty()))
            else {
                continue;
            };
            let value = Value::Text(Text::plain(Span::between(start + found.start, start + found.end)));
            if group.repeated && record.position(self.keys.name(at)).is_some() {
                record.set(self.keys.name(at), value);
                continue;
            }
            record.append_field(Field { key: keys.key(at), value });
        }
    }

    fn scratch<'a>(&self, kept: &'a mut Vec<Scratch>) -> &'a mut Scratch {
        if let Some(at) = kept.iter().position(|scratch| scratch.id == self.keys.id()) {
            return &mut kept[at];
        }
        if kept.len() == KEPT {
            kept.remove(0);
        }
        let captures = self.regex.create_captures();
        kept.push(Scratch { id: self.keys.id(), cache: self.regex.create_cache(), captures });
        kept.last_mut().expect("one was just pushed")
    }
}
