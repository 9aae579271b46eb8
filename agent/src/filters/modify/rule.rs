//! Rules of `modify`.

use vigie_parsers::batch::{Batch, Field, RecordMut, StoredKeys, Text, Value};
use vigie_parsers::regex::{GivenUp, Regex};

use crate::config::types::Word;
use crate::filters::{decoded, pattern::compile};

/// One rule. Numbers are places of texts in the filter's set.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Set { key: usize, value: usize },
    Add { key: usize, value: usize },
    Remove { key: usize },
    RemovePrefix { prefix: usize },
    RemoveRegex(Regex),
    Rename { key: usize, to: usize, hard: bool },
    Copy { key: usize, to: usize, hard: bool },
    MoveToStart { prefix: usize },
    MoveToEnd { prefix: usize },
}

impl Rule {
    /// Reads the rule `name` with its value as a whole and in words; texts are added to `texts`.
    ///
    /// # Errors
    /// What was expected.
    pub(super) fn read(name: &str, whole: &str, words: &[Word], texts: &mut Vec<String>) -> Result<Self, String> {
        if name == "remove_regex" {
            let pattern = if let [word] = words { word.text.as_str() } else { whole };
            return compile(pattern).map(Self::RemoveRegex);
        }
        let mut store = |text: &str| {
            texts.push(text.to_owned());
            texts.len() - 1
        };
        match (name, words) {
            ("set" | "add", [first, rest @ ..]) if !rest.is_empty() => {
                // The rest is taken as written: a value may hold several spaces in a row.
                let behind = whole.get(first.end..).unwrap_or_default().trim();
                let value = if rest.len() == 1 { rest[0].text.as_str() } else { behind };
                let (key, value) = (store(&first.text), store(value));
                Ok(if name == "set" { Self::Set { key, value } } else { Self::Add { key, value } })
            }
            ("remove", [key]) => Ok(Self::Remove { key: store(&key.text) }),
            ("remove_wildcard", [prefix]) => Ok(Self::RemovePrefix { prefix: store(&prefix.text) }),
            ("move_to_start", [prefix]) => Ok(Self::MoveToStart { prefix: store(&prefix.text) }),
            ("move_to_end", [prefix]) => Ok(Self::MoveToEnd { prefix: store(&prefix.text) }),
            ("rename" | "hard_rename", [key, to]) => {
                Ok(Self::Rename { key: store(&key.text), to: store(&to.text), hard: name == "hard_rename" })
            }
            ("copy" | "hard_copy", [key, to]) => {
                Ok(Self::Copy { key: store(&key.text), to: store(&to.text), hard: name == "hard_copy" })
            }
            ("set" | "add", _) => Err("a key and a value".into()),
            ("rename" | "hard_rename" | "copy" | "hard_copy", _) => Err("two keys".into()),
            _ => Err("one key".into()),
        }
    }

    /// Applies it to `record`; the texts lie in its batch as `keys`.
    ///
    /// # Errors
    /// When a pattern was given up on a key, whose field stays.
    pub(super) fn apply(
        &self,
        mut record: RecordMut<'_>,
        keys: StoredKeys<'_>,
        scratch: &mut Vec<u8>,
    ) -> Result<(), GivenUp> {
        match self {
            Self::Set { key, value } => {
                remove(&mut record, keys.name(*key));
                record.append_field(Field { key: keys.key(*key), value: Value::Text(keys.key(*value)) });
            }
            Self::Add { key, value } => {
                if record.position(keys.name(*key)).is_none() {
                    record.append_field(Field { key: keys.key(*key), value: Value::Text(keys.key(*value)) });
                }
            }
            Self::Remove { key } => remove(&mut record, keys.name(*key)),
            Self::RemovePrefix { prefix } => {
                record.retain(|batch, field| !begins(batch, field.key, keys.name(*prefix), scratch));
            }
            Self::RemoveRegex(pattern) => {
                let mut known = Ok(());
                record.retain(|batch, field| {
                    let matches = pattern.is_match(decoded(batch, field.key, scratch));
                    known = known.and(matches.map(|_| ()));
                    matches != Ok(true)
                });
                return known;
            }
            Self::Rename { key, to, hard } => rename(&mut record, keys, (*key, *to), *hard),
            Self::Copy { key, to, hard } => copy(&mut record, keys, (*key, *to), *hard),
            Self::MoveToStart { prefix } => gather(&mut record, keys.name(*prefix), scratch, true),
            Self::MoveToEnd { prefix } => gather(&mut record, keys.name(*prefix), scratch, false),
        }
        Ok(())
    }
}

/// Removes every field called `key`; after `record_modifier` it may stand twice.
fn remove(record: &mut RecordMut<'_>, key: &[u8]) {
    while record.remove(key).is_some() {}
}

fn rename(record: &mut RecordMut<'_>, keys: StoredKeys<'_>, (key, to): (usize, usize), hard: bool) {
    let taken = record.position(keys.name(to)).is_some();
    if record.position(keys.name(key)).is_none() || keys.name(key) == keys.name(to) || (taken && !hard) {
        return;
    }
    remove(record, keys.name(to));
    while let Some(at) = record.position(keys.name(key)) {
        record.field_mut(at).key = keys.key(to);
    }
}

fn copy(record: &mut RecordMut<'_>, keys: StoredKeys<'_>, (key, to): (usize, usize), hard: bool) {
    let taken = record.position(keys.name(to)).is_some();
    if record.position(keys.name(key)).is_none() || keys.name(key) == keys.name(to) || (taken && !hard) {
        return;
    }
    remove(record, keys.name(to));
    let at = record.position(keys.name(key)).expect("only the other one was removed");
    let value = record.fields()[at].value;
    record.insert_field(at + 1, Field { key: keys.key(to), value });
}

/// Moves the fields whose keys begin with `prefix` to the start or the end, in their order.
fn gather(record: &mut RecordMut<'_>, prefix: &[u8], scratch: &mut Vec<u8>, to_start: bool) {
    let count = record.fields().len();
    let mut moved = 0;
    for step in 0..count {
        let at = if to_start { step } else { count - 1 - step };
        let key = record.fields()[at].key;
        if !begins(record.batch(), key, prefix, scratch) {
            continue;
        }
        if to_start {
            record.fields_mut()[moved..=at].rotate_right(1);
        } else {
            record.fields_mut()[at..count - moved].rotate_left(1);
        }
        moved += 1;
    }
}

fn begins(batch: &Batch, key: Text, prefix: &[u8], scratch: &mut Vec<u8>) -> bool {
    decoded(batch, key, scratch).starts_with(prefix)
}
