//! Conditions of `modify`.

use vigie_parsers::batch::{Record, Value};
use vigie_parsers::regex::{GivenUp, Regex};

use crate::config::types::Word;
use crate::encode::accessor::Path;
use crate::filters::pattern::compile;

/// A condition on a record.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    KeyExists(Path, bool),
    KeyMatches(Regex, bool),
    ValueEquals(Path, Vec<u8>, bool),
    ValueMatches(Path, Regex, bool),
    MatchingKeys(Regex, Regex, bool),
}

impl Condition {
    /// Reads the words of a condition.
    ///
    /// # Errors
    /// What was expected.
    pub(super) fn read(words: &[Word]) -> Result<Self, String> {
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let name = texts.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        let regex = |text: &str| compile(text);
        match (name.as_str(), &texts[1.min(texts.len())..]) {
            ("key_exists", [key]) => Ok(Self::KeyExists(Path::parse(key)?, true)),
            ("key_does_not_exist", [key]) => Ok(Self::KeyExists(Path::parse(key)?, false)),
            ("a_key_matches", [pattern]) => Ok(Self::KeyMatches(regex(pattern)?, true)),
            ("no_key_matches", [pattern]) => Ok(Self::KeyMatches(regex(pattern)?, false)),
            ("key_value_equals", [key, value]) => {
                Ok(Self::ValueEquals(Path::parse(key)?, value.as_bytes().into(), true))
            }
            ("key_value_does_not_equal", [key, value]) => {
                Ok(Self::ValueEquals(Path::parse(key)?, value.as_bytes().into(), false))
            }
            ("key_value_matches", [key, pattern]) => Ok(Self::ValueMatches(Path::parse(key)?, regex(pattern)?, true)),
            ("key_value_does_not_match", [key, pattern]) => {
                Ok(Self::ValueMatches(Path::parse(key)?, regex(pattern)?, false))
            }
            ("matching_keys_have_matching_values", [keys, values]) => {
                Ok(Self::MatchingKeys(regex(keys)?, regex(values)?, true))
            }
            ("matching_keys_do_not_have_matching_values", [keys, values]) => {
                Ok(Self::MatchingKeys(regex(keys)?, regex(values)?, false))
            }
            _ => {
                let form = "a condition such as `Key_exists KEY` or `Key_value_equals KEY VALUE`";
                Err(format!("{form}, with quotes around what has spaces"))
            }
        }
    }

    /// Whether it holds for `record`.
    ///
    /// # Errors
    /// When a pattern was given up, so that neither it nor its opposite is known to hold.
    pub(super) fn holds(&self, record: Record<'_>, scratch: &mut Vec<u8>) -> Result<bool, GivenUp> {
        Ok(match self {
            Self::KeyExists(key, wanted) => key.find(record).is_some() == *wanted,
            Self::KeyMatches(pattern, wanted) => any_key(record, pattern, scratch)? == *wanted,
            // A value that is not there satisfies neither the test nor its opposite; one that is no text satisfies the
            // opposite.
            Self::ValueEquals(key, expected, wanted) => key.find(record).is_some_and(|value| {
                let equal = text_of(value, record, scratch).is_some_and(|text| text == expected);
                equal == *wanted
            }),
            Self::ValueMatches(key, pattern, wanted) => match key.find(record) {
                Some(value) => fits(pattern, text_of(value, record, scratch))? == *wanted,
                None => false,
            },
            Self::MatchingKeys(keys, values, wanted) => values_match(record, keys, values, scratch)? == *wanted,
        })
    }
}

/// The text of `value`; truth values read as `true` and `false`, numbers have none.
fn text_of<'a>(value: Value, record: Record<'a>, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    match value {
        Value::Bool(true) => Some(b"true"),
        Value::Bool(false) => Some(b"false"),
        value => record.text(value, scratch),
    }
}

fn fits(pattern: &Regex, text: Option<&[u8]>) -> Result<bool, GivenUp> {
    text.map_or(Ok(false), |text| pattern.is_match(text))
}

fn any_key(record: Record<'_>, pattern: &Regex, scratch: &mut Vec<u8>) -> Result<bool, GivenUp> {
    for field in record.fields() {
        if fits(pattern, record.text(Value::Text(field.key), scratch))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether every value whose key matches `keys` matches `values`.
fn values_match(record: Record<'_>, keys: &Regex, values: &Regex, scratch: &mut Vec<u8>) -> Result<bool, GivenUp> {
    for field in record.fields() {
        let named = fits(keys, record.text(Value::Text(field.key), scratch))?;
        if named && !fits(values, text_of(field.value, record, scratch))? {
            return Ok(false);
        }
    }
    Ok(true)
}
