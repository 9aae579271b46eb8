//! Rules of the retention filter: which records belong to which class.

use vigie_parsers::batch::{Record, Value};
use vigie_parsers::regex::{GivenUp, Regex};

use crate::config::types::SpaceList;
use crate::config::{OptionType, TagPattern};
use crate::encode::accessor::Path;
use crate::filters::pattern::compile;

/// What a record has to be like.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// Its tag.
    Tag(TagPattern),
    /// A value is there.
    Exists(Path),
    /// A value is this text.
    Equals(Path, Vec<u8>),
    /// A value fits a pattern.
    Matches(Path, Regex),
}

/// A condition and the name of the class that it leads to.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) condition: Condition,
    pub(super) class: String,
}

impl OptionType for Rule {
    const KIND: &'static str = "rule";

    fn parse(text: &str) -> Result<Self, String> {
        let words = SpaceList::parse(text)?.0;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (condition, class) = match words.as_slice() {
            [kind, pattern, class] if kind.eq_ignore_ascii_case("tag") => {
                (Condition::Tag(TagPattern::parse(pattern)?), class)
            }
            [kind, key, class] if kind.eq_ignore_ascii_case("exists") => (Condition::Exists(Path::parse(key)?), class),
            [kind, key, value, class] if kind.eq_ignore_ascii_case("equals") => {
                (Condition::Equals(Path::parse(key)?, value.as_bytes().to_vec()), class)
            }
            [kind, key, pattern, class] if kind.eq_ignore_ascii_case("matches") => {
                (Condition::Matches(Path::parse(key)?, compile(pattern)?), class)
            }
            _ => {
                let forms =
                    "`tag PATTERN CLASS`, `exists KEY CLASS`, `equals KEY VALUE CLASS` or `matches KEY REGEX CLASS`";
                return Err(format!("{forms}, with quotes around what has spaces"));
            }
        };
        Ok(Self { condition, class: (*class).to_owned() })
    }
}

impl Condition {
    /// Whether it holds for `record`; conditions on the tag are told once per batch, and never here.
    ///
    /// # Errors
    /// When a pattern was given up.
    #[inline]
    pub(super) fn holds(&self, record: Record<'_>, scratch: &mut Vec<u8>) -> Result<bool, GivenUp> {
        Ok(match self {
            Self::Tag(_) => false,
            Self::Exists(key) => key.find(record).is_some(),
            Self::Equals(key, expected) => rendered(key, record, scratch).is_some_and(|text| text == expected),
            Self::Matches(key, pattern) => match rendered(key, record, scratch) {
                Some(text) => pattern.is_match(text)?,
                None => false,
            },
        })
    }
}

/// The value under `key` as text: numbers as they are written, lists never.
#[inline]
pub(super) fn rendered<'a>(key: &Path, record: Record<'a>, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    match key.find(record)? {
        Value::Text(text) => record.text(Value::Text(text), scratch),
        _ => {
            scratch.clear();
            key.render_as_written((record.batch(), record.fields()), scratch).then_some(scratch.as_slice())
        }
    }
}
