//! Retention classes as they are configured, each checked by itself and against the others.

use std::sync::Arc;

use super::calendar::{Age, Width};
use crate::config::types::SpaceList;
use crate::config::{Diagnostics, Document, OptionType, Options, Section, SectionKind};

crate::options! {
    /// Keys of a retention class.
    pub struct ClassOptions {
        name: ClassName, required, "Its name, which is part of names of indexes: small letters, digits and `_`, at most 32.";
        max_age: Age, required, "How long a record is kept at most, counted from the time of its event: `730d`, `26w`, `6mo`, `2y`. Months and years are those of the calendar.";
        min_age: Age, optional, "How long a law wants it to be kept at least.";
        layout: Layout, default "stream", "`stream`: a data stream, of which expired documents are deleted. `bucket`: an index per period of expiry, so that nearly everything goes by deleting whole indexes.";
        bucket: Width, default "month", "The period of a bucket: `day`, `month`, `quarter` or `year`.";
        category: Category, default "logs", "What the records are: `logs` (access and security logs), `accounts`, `other`. For logs, an age above 12 months needs a basis.";
        basis: String, optional, "Why records are kept that long: the law or the decision. Part of every record and certificate.";
        subject_fields: SpaceList, optional, "Fields that name persons, such as `user.email user.name`: `vigie retention erase` looks there in the indexes of this class.";
        revision: u32, default "1", "Number of the rule. Count it up with each change: records and certificates name it.";
    }
}

/// The name of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassName(pub String);

impl OptionType for ClassName {
    const KIND: &'static str = "name";

    fn parse(text: &str) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        // `hold` and `retention` would meet names of indexes that are used otherwise.
        let is_taken = ["hold", "retention"].contains(&text);
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) && !is_taken && !text.starts_with('_') {
            return Ok(Self(text.to_owned()));
        }
        Err("a name of small letters, digits and `_`, at most 32, and neither `hold` nor `retention`".into())
    }
}

/// Where the documents of a class lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In a data stream.
    Stream,
    /// In an index per period of expiry.
    Bucket,
}

impl OptionType for Layout {
    const KIND: &'static str = "layout";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "stream" => Ok(Self::Stream),
            "bucket" => Ok(Self::Bucket),
            _ => Err("`stream` or `bucket`".into()),
        }
    }
}

/// What the records of a class are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Access and security logs.
    Logs,
    /// Data of accounts.
    Accounts,
    /// Something else.
    Other,
}

impl OptionType for Category {
    const KIND: &'static str = "category";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "logs" => Ok(Self::Logs),
            "accounts" => Ok(Self::Accounts),
            "other" => Ok(Self::Other),
            _ => Err("`logs`, `accounts` or `other`".into()),
        }
    }
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// How long records are kept at most.
    pub max_age: Age,
    /// How long a law wants them to be kept.
    pub min_age: Option<Age>,
    /// Where they lie.
    pub layout: Layout,
    /// The period of a bucket.
    pub bucket: Width,
    /// Why they are kept; empty where nothing was said.
    pub basis: String,
    /// Fields that name persons.
    pub subject_fields: Vec<String>,
    /// Number of the rule.
    pub revision: u32,
}

/// All classes of a configuration, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes(pub Vec<Class>);

/// Most classes.
pub const MOST_CLASSES: usize = 64;
/// Above so many days a class for logs needs a basis: CNIL, délibération 2021-122, wants 6 to 12 months.
const LONGEST_WITHOUT_BASIS: u32 = 366;

impl Classes {
    /// Reads the classes of `document`. What is wrong is reported, and those that are good are there all the same.
    pub fn read(document: &Document, findings: &mut Diagnostics) -> Arc<Self> {
        let mut classes = Self::default();
        for section in document.of(SectionKind::RetentionClass) {
            crate::config::refuse_unknown(section, &[ClassOptions::TABLE], findings);
            let Some(class) = read_class(section, findings) else { continue };
            let place = section.get("name").map_or(section.place, |name| name.place);
            if classes.get(&class.name).is_some() {
                let message = format!("the retention class `{}` is defined a second time", class.name);
                findings.error(place, "V301", message).help("give one of them another name");
            } else if classes.0.len() == MOST_CLASSES {
                let message = format!("more than {MOST_CLASSES} retention classes");
                findings.error(place, "V104", message).help("few classes are easier to explain, too");
                break;
            } else {
                classes.0.push(class);
            }
        }
        Arc::new(classes)
    }

    /// The class called `name`.
    pub fn get(&self, name: &str) -> Option<&Class> {
        self.0.iter().find(|class| class.name == name)
    }

    /// The names, for messages.
    pub fn names(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|class| format!("`{}`", class.name)).collect();
        if names.is_empty() { "none is configured".into() } else { names.join(", ") }
    }
}

fn read_class(section: &Section, findings: &mut Diagnostics) -> Option<Class> {
    let options = ClassOptions::read(section, findings)?;
    let place = |key: &str| section.get(key).map_or(section.place, |value| value.place);
    if options.min_age.is_some_and(|min| min.nominal_days() > options.max_age.nominal_days()) {
        let message = "`min_age` is above `max_age`: no record could be kept long enough and be gone in time";
        findings.error(place("min_age"), "V104", message).help("lengthen `max_age`, or shorten `min_age`");
        return None;
    }
    let is_long = options.max_age.nominal_days() > LONGEST_WITHOUT_BASIS;
    if options.category == Category::Logs && is_long && options.basis.is_none() {
        let message = format!("logs are kept for {} without a `basis`", options.max_age);
        let help = "CNIL (délibération 2021-122) takes 6 to 12 months as right for access and security logs: shorten `max_age`, or \
                    say in `basis` what asks for more; `category` tells that these are no logs";
        findings.warning(place("max_age"), "V701", message).help(help);
    }
    Some(Class {
        name: options.name.0,
        max_age: options.max_age,
        min_age: options.min_age,
        layout: options.layout,
        bucket: options.bucket,
        basis: options.basis.unwrap_or_default(),
        subject_fields: options.subject_fields.unwrap_or_default().0,
        revision: options.revision,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Entry, Located, Place};

    fn section(entries: &[(&str, &str)]) -> Section {
        let located = |text: &str| Located { text: text.into(), place: Place::default(), expanded: false };
        let mut section = Section::new(SectionKind::RetentionClass, Place::default());
        section.entries =
            entries.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
        section
    }

    fn read(sections: &[&[(&str, &str)]]) -> (Arc<Classes>, Vec<&'static str>) {
        let sections = sections.iter().map(|entries| section(entries)).collect();
        let document = Document { sections, ..Document::default() };
        let mut findings = Diagnostics::default();
        let classes = Classes::read(&document, &mut findings);
        (classes, findings.in_order().iter().map(|finding| finding.code).collect())
    }

    #[test]
    fn classes_are_checked_alone_and_against_each_other() {
        type Case = (&'static [&'static [(&'static str, &'static str)]], &'static [&'static str]);
        let cases: [Case; 9] = [
            (&[&[("name", "r1"), ("max_age", "365d")]], &[]),
            (&[&[("name", "r1"), ("max_age", "12mo")]], &[]),
            (&[&[("name", "r1"), ("max_age", "730d")]], &["V701"]),
            (&[&[("name", "r1"), ("max_age", "730d"), ("basis", "a law")]], &[]),
            (&[&[("name", "r1"), ("max_age", "2y"), ("category", "accounts")]], &[]),
            (&[&[("name", "r1"), ("max_age", "1y"), ("min_age", "13mo")]], &["V104"]),
            (&[&[("name", "R 1"), ("max_age", "1")]], &["V103", "V103"]),
            (&[&[("name", "hold"), ("max_age", "1d"), ("what", "1")]], &["V101", "V103"]),
            (&[&[("name", "r1"), ("max_age", "1d")], &[("name", "r1"), ("max_age", "2d")]], &["V301"]),
        ];
        for (sections, expected) in cases {
            let (_, mut codes) = read(sections);
            codes.sort_unstable();
            assert_eq!(codes, expected, "{sections:?}");
        }
    }

    #[test]
    fn defaults_hold_where_nothing_is_said() {
        let (classes, _) = read(&[&[("name", "r1"), ("max_age", "6mo")]]);

        let class = classes.get("r1").expect("it is there");
        assert_eq!((class.layout, class.bucket, class.revision), (Layout::Stream, Width::Month, 1));
        assert_eq!((classes.names(), classes.get("r2")), ("`r1`".to_owned(), None));
    }
}
