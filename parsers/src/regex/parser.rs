//! The regex parser: named groups of the first match become fields.

use std::cell::RefCell;
use std::ops;

use super::{Captures, Engine, GivenUp, PatternError, Regex};
use crate::batch::{Batch, Field, Keys, Range, Span, Text, Value};
use crate::fields::{self, FieldType, TimeField};
use crate::parser::{Parsed, Parser};

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
    time: Option<TimeField>,
}

/// A named group; its key is the one of the same index.
#[derive(Debug)]
struct Group {
    number: usize,
    /// Groups behind it that have the same name. The last one that gives a field wins.
    again: Vec<usize>,
    /// Types that its text is turned into, the first one that it fits.
    types: Vec<FieldType>,
    /// Whether it holds the time.
    is_time: bool,
    /// Whether its text is the field, whatever other groups hold.
    is_plain: bool,
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
        let group = |at: usize| {
            let (number, again): (_, Vec<usize>) = (named[at].0, again(at));
            Group { number, is_plain: again.is_empty(), again, types: Vec::new(), is_time: false }
        };
        let groups = (0..named.len()).map(group).collect();
        let keys = Keys::new(named.iter().map(|(_, name)| *name));
        Ok(Self { regex, keys, groups, skip_empty, time: None })
    }

    /// The same with `types` for the texts of some keys, and with the key that holds the time of a record.
    #[must_use]
    pub fn reading(mut self, types: &[(String, FieldType)], time: Option<TimeField>) -> Self {
        for (at, group) in self.groups.iter_mut().enumerate() {
            let name = self.keys.name(at);
            let of_name = types.iter().filter(|(key, _)| key.as_bytes() == name);
            group.types = of_name.map(|(_, kind)| *kind).collect();
            group.is_time = time.as_ref().is_some_and(|time| time.key.as_bytes() == name);
            group.is_plain = group.again.is_empty() && group.types.is_empty() && !group.is_time;
        }
        Self { time, ..self }
    }

    /// Appends a field per named group that took part. A text that gives none is refused, since a record without one
    /// would lose it.
    fn append(&self, batch: &mut Batch, index: usize, text: Span, captures: &Captures) -> Parsed {
        let keys = self.keys.in_batch(batch);
        let before = batch.record(index).fields().len();
        let added = batch.tape.len();
        let keeps_time = self.time.as_ref().is_some_and(|time| time.keep);
        let mut parsed = Parsed::Refused;
        for (at, group) in self.groups.iter().enumerate() {
            if group.is_plain {
                self.push_plain(batch, keys.key(at), text, captures.get(group.number).unwrap_or_default());
                continue;
            }
            let Some(found) = self.found(group, text, captures) else { continue };
            if group.types.is_empty() && !group.is_time {
                batch.tape.push(Field { key: keys.key(at), value: Value::Text(found) });
                continue;
            }
            let value = fields::typed(batch, found, &group.types);
            if group.is_time
                && let Some(time) = &self.time
            {
                parsed = fields::set_time_to(batch, index, value, time);
            }
            if group.is_time && parsed == Parsed::Fitted && !keeps_time {
                continue;
            }
            batch.tape.push(Field { key: keys.key(at), value });
        }
        let added = Range::between(added, batch.tape.len());
        if parsed == Parsed::Refused {
            if added.len == 0 {
                return parsed;
            }
            parsed = Parsed::Fitted;
        }
        let mut record = batch.record_mut(index);
        record.append_fields(added);
        // Of groups of one name only one gives a field.
        if before == 0 {
            record.set_distinct();
        }
        parsed
    }

    /// Adds a field of what was `found` in `text`, if that gives one.
    #[inline(always)]
    fn push_plain(&self, batch: &mut Batch, key: Text, text: Span, found: ops::Range<usize>) {
        let start = text.start as usize;
        if !(self.skip_empty && found.is_empty()) {
            batch.push_plain_field(key, Span::inside(start + found.start, start + found.end));
        }
    }

    /// What the field of `group` holds, if it gives one.
    #[inline]
    fn found(&self, group: &Group, text: Span, captures: &Captures) -> Option<Text> {
        let range = |number: usize| captures.get(number).filter(|found| !(self.skip_empty && found.is_empty()));
        let gives_field = |number: &usize| !self.skip_empty || range(*number).is_some();
        let found = match range(group.number) {
            Some(found) => found,
            None if self.skip_empty => return None,
            None => 0..0,
        };
        let start = text.start as usize;
        let span = Span::inside(start + found.start, start + found.end);
        (!group.again.iter().any(gives_field)).then(|| Text::plain(span))
    }
}

impl Parser for RegexParser {
    fn parse(&self, batch: &mut Batch, index: usize, text: Span) -> Parsed {
        CAPTURES.with_borrow_mut(|captures| match self.regex.captures(batch.bytes(text), captures) {
            Ok(true) => self.append(batch, index, text, captures),
            Ok(false) => Parsed::Refused,
            Err(GivenUp) => Parsed::GivenUp,
        })
    }

    fn engine(&self) -> Option<Engine> {
        Some(self.regex.engine())
    }
}
