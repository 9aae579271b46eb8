//! The regex parser: named groups of the first match become fields.

use std::cell::RefCell;

use super::{Captures, Engine, GivenUp, PatternError, Regex};
use crate::batch::{Batch, Field, Keys, Range, Span, Text, Value};

thread_local! {
    /// Where the groups of the last match on this thread lie, so that no record allocates.
    static CAPTURES: RefCell<Captures> = RefCell::default();
}

/// A compiled pattern whose named groups are fields, in the order of the pattern.
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
    /// Groups behind it that have the same name. The last one that gives a field wins.
    again: Vec<usize>,
}

impl RegexParser {
    /// Compiles `pattern`. With `skip_empty`, groups that matched nothing give no field.
    ///
    /// # Errors
    /// When the pattern is wrong, has a construct that is not run here, or names no group.
    pub fn new(pattern: &str, skip_empty: bool) -> Result<Self, PatternError> {
        let regex = Regex::new(pattern)?;
        let names = regex.groups().iter().enumerate();
        let named: Vec<(usize, &str)> = names.filter_map(|(at, name)| Some((at + 1, name.as_deref()?))).collect();
        if named.is_empty() {
            let problem = "no group has a name, so there would be no field: write `(?<name>...)`";
            return Err(PatternError::new(0, problem));
        }
        let again = |at: usize| {
            let behind = named[at + 1..].iter().filter(|(_, name)| *name == named[at].1);
            behind.map(|(number, _)| *number).collect()
        };
        let groups = (0..named.len()).map(|at| Group { number: named[at].0, again: again(at) }).collect();
        let keys = Keys::new(named.iter().map(|(_, name)| *name));
        Ok(Self { regex, keys, groups, skip_empty })
    }

    /// What runs its pattern.
    pub fn engine(&self) -> Engine {
        self.regex.engine()
    }

    /// Searches `text`, which lies in the arena, and appends a field per named group to record `index`. Returns whether
    /// it was found and gave a field.
    ///
    /// # Errors
    /// When the pattern needs backtracking and the search was given up.
    pub fn fields(&self, batch: &mut Batch, index: usize, text: Span) -> Result<bool, GivenUp> {
        CAPTURES.with_borrow_mut(|captures| {
            Ok(self.regex.captures(batch.bytes(text), captures)? && self.append(batch, index, text, captures))
        })
    }

    /// Returns whether a field was appended; a record without one would lose its text.
    fn append(&self, batch: &mut Batch, index: usize, text: Span, captures: &Captures) -> bool {
        let keys = self.keys.in_batch(batch);
        let start = text.start as usize;
        let gives_field = |number: usize| {
            let found = captures.get(number);
            !self.skip_empty || found.is_some_and(|found| !found.is_empty())
        };
        let before = batch.record(index).fields().len();
        let added = batch.tape.len();
        for (at, group) in self.groups.iter().enumerate() {
            if !gives_field(group.number) || group.again.iter().any(|number| gives_field(*number)) {
                continue;
            }
            let found = captures.get(group.number).unwrap_or(0..0);
            let value = Value::Text(Text::plain(Span::between(start + found.start, start + found.end)));
            batch.tape.push(Field { key: keys.key(at), value });
        }
        let added = Range::between(added, batch.tape.len());
        let mut record = batch.record_mut(index);
        record.append_fields(added);
        // Of groups of one name only one gives a field.
        if before == 0 {
            record.set_distinct();
        }
        added.len > 0
    }
}
