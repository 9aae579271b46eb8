//! Options declared once: key, type, default, documentation.
//!
//! A plugin declares its options with [`options!`](crate::options). That one declaration gives the typed
//! struct, the reader with its diagnostics, and the table that help and documentation are made from.

use super::diagnostic::Diagnostics;
use super::document::{Located, Section};

/// A type that a configuration value can be read as.
pub trait OptionType: Sized {
    /// What help calls it, such as `size` or `seconds`.
    const KIND: &'static str;

    /// Reads `text`.
    ///
    /// # Errors
    /// What was expected, as in `a number of seconds such as 5 or 2m`. The caller adds what was found, and never echoes it when
    /// [`OptionType::SECRET`] is set.
    fn parse(text: &str) -> Result<Self, String>;

    /// What to write in place of `text`, when what was meant is plain: `write `5m``.
    fn remedy(text: &str) -> Option<String> {
        let _ = text;
        None
    }

    /// Whether values must never be printed.
    const SECRET: bool = false;
}

/// How an option may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Must be given.
    Required,
    /// May be left out; it has no default.
    Optional,
    /// May be left out; the default is this text.
    Default(&'static str),
    /// May be given any number of times.
    Repeated,
    /// Accepted for compatibility; the agent does not need it.
    NotNeeded,
    /// Known, and refused with an explanation: to ignore it would break what it promises.
    Refused,
}

/// One row of an option table.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Key in lower case.
    pub key: &'static str,
    /// Name of its type.
    pub kind: &'static str,
    /// Whether and how it may be given.
    pub presence: Presence,
    /// Documentation; for an option that is not needed or refused, why.
    pub doc: &'static str,
    /// Reads a text as the option would and tells what was expected.
    pub check: fn(&str) -> Result<(), String>,
}

impl OptionSpec {
    /// The row for `key` among `table`; one whose key ends in `*` is for all keys that begin so and have none of their own.
    pub fn find<'t>(mut table: impl Iterator<Item = &'t Self> + Clone, key: &str) -> Option<&'t Self> {
        let own = table.clone().find(|spec| spec.key == key);
        own.or_else(|| table.find(|spec| spec.key.strip_suffix('*').is_some_and(|prefix| key.starts_with(prefix))))
    }
}

/// A set of options that can be read from a section.
pub trait Options: Sized {
    /// All options in the order of the manual.
    const TABLE: &'static [OptionSpec];

    /// Reads every option of this table that `section` gives. Keys that the table does not have are not looked at: see
    /// [`refuse_unknown`](super::common::refuse_unknown). `None` when something was wrong; it has been reported.
    fn read(section: &Section, findings: &mut Diagnostics) -> Option<Self>;
}

/// Declares a struct of options and how each is read.
///
/// ```text
/// options! {
///     /// Options of the `dummy` input.
///     pub struct DummyOptions {
///         samples: u64, default "0", "Number of records to make; 0 means no end.";
///         dummy: String, default r#"{"message":"dummy"}"#, "The record, as JSON.";
///         tag_key: String, optional, "...";
///         path: PathList, required, "...";
///         record: KeyValue, repeated, "...";
///         "tls.verify" tls_verify: bool, default "on", "A key that is no identifier stands before the field name.";
///     }
///     not_needed { "workers": "Why nothing here needs it." }
///     refused { "plugins_file": "Why it cannot be had." }
/// }
/// ```
#[macro_export]
macro_rules! options {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $( $($key:literal)? $field:ident : $type:ty, $presence:ident $($default:literal)?, $doc:literal ; )*
    } $( not_needed { $( $unneeded:literal : $why:literal ),* $(,)? } )?
      $( refused { $( $refused:literal : $reason:literal ),* $(,)? } )?) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $( #[doc = $doc] pub $field: $crate::options!(@type $presence $type), )*
        }

        impl $crate::config::Options for $name {
            const TABLE: &'static [$crate::config::OptionSpec] = &[
                $( $crate::config::OptionSpec {
                    key: $crate::options!(@key $($key)? ; $field),
                    kind: <$type as $crate::config::OptionType>::KIND,
                    presence: $crate::options!(@presence $presence $($default)?),
                    doc: $doc,
                    check: $crate::config::check_text::<$type>,
                }, )*
                $( $( $crate::config::OptionSpec {
                    key: $unneeded,
                    kind: "any",
                    presence: $crate::config::Presence::NotNeeded,
                    doc: $why,
                    check: |_| Ok(()),
                }, )* )?
                $( $( $crate::config::OptionSpec {
                    key: $refused,
                    kind: "any",
                    presence: $crate::config::Presence::Refused,
                    doc: $reason,
                    check: |_| Ok(()),
                }, )* )?
            ];

            #[allow(unused_variables, reason = "a set of options may be empty")]
            fn read(
                section: &$crate::config::Section,
                findings: &mut $crate::config::Diagnostics,
            ) -> Option<Self> {
                // A table of keys that are all unneeded reads nothing.
                let (_, _) = (section, &findings);
                let mut _specs = Self::TABLE.iter();
                $( let $field = $crate::options!(@read $presence $type, section, _specs.next(), findings); )*
                Some(Self { $( $field: $field?, )* })
            }
        }
    };
    (@type required $type:ty) => { $type };
    (@type default $type:ty) => { $type };
    (@type optional $type:ty) => { Option<$type> };
    (@type repeated $type:ty) => { Vec<$type> };
    (@key $key:literal ; $field:ident) => { $key };
    (@key ; $field:ident) => { stringify!($field) };
    (@presence required) => { $crate::config::Presence::Required };
    (@presence optional) => { $crate::config::Presence::Optional };
    (@presence repeated) => { $crate::config::Presence::Repeated };
    (@presence default $default:literal) => { $crate::config::Presence::Default($default) };
    (@read required $type:ty, $section:expr, $spec:expr, $findings:expr) => {
        $crate::config::read_one::<$type>($section, $spec, $findings)
    };
    (@read default $type:ty, $section:expr, $spec:expr, $findings:expr) => {
        $crate::config::read_one::<$type>($section, $spec, $findings)
    };
    (@read optional $type:ty, $section:expr, $spec:expr, $findings:expr) => {
        $crate::config::read_optional::<$type>($section, $spec, $findings)
    };
    (@read repeated $type:ty, $section:expr, $spec:expr, $findings:expr) => {
        $crate::config::read_repeated::<$type>($section, $spec, $findings)
    };
}

/// Puts tables of options together, for a plugin that has options of a shared room beside its own.
///
/// # Panics
/// When `N` is not the number of all rows; at compile time, since it is made for constants.
pub const fn joined<const N: usize>(tables: &[&[OptionSpec]]) -> [OptionSpec; N] {
    const NOTHING: OptionSpec =
        OptionSpec { key: "", kind: "", presence: Presence::Optional, doc: "", check: |_| Ok(()) };
    let mut all = [NOTHING; N];
    let mut filled = 0;
    let mut table = 0;
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[filled] = tables[table][row];
            filled += 1;
            row += 1;
        }
        table += 1;
    }
    assert!(filled == N, "the joined table has exactly the rows of its parts");
    all
}

// What follows is made for each type of options: what is the same for all of them stands in functions of its own, and no copy of
// the rest stands at each option.

/// Reads a text as an option of this type would and tells what was expected.
#[inline(never)]
pub fn check_text<T: OptionType>(text: &str) -> Result<(), String> {
    read_text::<T>(text).map(drop)
}

#[inline(never)]
fn read_text<T: OptionType>(text: &str) -> Result<T, String> {
    T::parse(text)
}

/// Reads a required or defaulted option.
#[inline(never)]
pub fn read_one<T: OptionType>(section: &Section, spec: Option<&OptionSpec>, findings: &mut Diagnostics) -> Option<T> {
    let spec = spec.expect("the macro walks the table in step");
    match (given_once(section, spec, findings)?, spec.presence) {
        (Some(value), _) => read_value(spec, value, findings),
        (None, Presence::Default(text)) => Some(read_text(text).expect("every default is parsed by a test")),
        (None, _) => {
            refuse_missing(section, spec, findings);
            None
        }
    }
}

/// Reads an option that may be left out.
#[inline(never)]
pub fn read_optional<T: OptionType>(
    section: &Section,
    spec: Option<&OptionSpec>,
    findings: &mut Diagnostics,
) -> Option<Option<T>> {
    let spec = spec.expect("the macro walks the table in step");
    match given_once(section, spec, findings)? {
        Some(value) => read_value(spec, value, findings).map(Some),
        None => Some(None),
    }
}

/// Reads an option that may be given any number of times.
#[inline(never)]
pub fn read_repeated<T: OptionType>(
    section: &Section,
    spec: Option<&OptionSpec>,
    findings: &mut Diagnostics,
) -> Option<Vec<T>> {
    let spec = spec.expect("the macro walks the table in step");
    let mut values = Vec::new();
    let mut complete = true;
    for entry in section.entries.iter().filter(|entry| entry.key.text == spec.key) {
        match read_value(spec, &entry.value, findings) {
            Some(value) => values.push(value),
            None => complete = false,
        }
    }
    complete.then_some(values)
}

/// `section` without the values that its options cannot read, and of repeated keys only the last: what is left of it once
/// these were reported, so that the rest can be checked.
pub fn readable(section: &Section, tables: &[&[OptionSpec]]) -> Section {
    let spec = |key: &str| OptionSpec::find(tables.iter().flat_map(|table| table.iter()), key);
    let mut left = Section { entries: Vec::new(), ..section.clone() };
    for (at, entry) in section.entries.iter().enumerate() {
        let Some(spec) = spec(&entry.key.text) else { continue };
        let is_last = section.entries.iter().skip(at + 1).all(|later| later.key.text != entry.key.text);
        let is_kept = spec.presence == Presence::Repeated || is_last;
        if is_kept && !entry.value.was_emptied() && (spec.check)(&entry.value.text).is_ok() {
            left.entries.push(entry.clone());
        }
    }
    left
}

/// What `section` gives for an option that is set once. `None` when that is more than one value; it has been reported.
#[inline(never)]
fn given_once<'s>(section: &'s Section, spec: &OptionSpec, findings: &mut Diagnostics) -> Option<Option<&'s Located>> {
    refuse_second(section, (spec, spec.key), findings)?;
    Some(section.get(spec.key))
}

#[inline(never)]
fn refuse_missing(section: &Section, spec: &OptionSpec, findings: &mut Diagnostics) {
    findings
        .error(section.place, "V105", format!("`{}` is missing", spec.key))
        .help(format!("add a line `{} <{}>`: {}", spec.key, spec.kind, spec.doc));
}

/// Reports `key`, which is one of `spec`, where `section` gives it more than once. `None` when it does.
pub(super) fn refuse_second(
    section: &Section,
    (spec, key): (&OptionSpec, &str),
    findings: &mut Diagnostics,
) -> Option<()> {
    let mut given = section.entries.iter().filter(|entry| entry.key.text == key);
    let (Some(first), Some(second)) = (given.next(), given.next()) else { return Some(()) };
    let (first, second) = (first.key.place, second.key.place);
    let of = if first.file == second.file { "" } else { " of another file" };
    let message = format!("`{key}` is set more than once, first in line {}{of}", first.line);
    let is_list = first == second;
    let help = if is_list { one_text(section, spec) } else { "keep one of them".to_owned() };
    findings.error(second, "V106", message).help(help);
    None
}

/// How to write what a list of YAML gives to an option that is set once.
fn one_text(section: &Section, spec: &OptionSpec) -> String {
    let given = section.entries.iter().filter(|entry| entry.key.text == spec.key).map(|entry| &entry.value);
    let separator = match spec.kind {
        "list" => ", ",
        "words" => " ",
        _ => return "each item of a list sets it once: write one value".into(),
    };
    let is_shown = given.clone().all(|value| !value.expanded);
    let items: Vec<&str> = given.map(|value| value.text.as_str()).collect();
    let text = if is_shown { items.join(separator) } else { format!("a{separator}b") };
    format!("each item of a list sets it once: write one text, as `{}: \"{text}\"`", spec.key)
}

/// What to do with a value that cannot be read, and what the option is for.
fn what_to_do(spec: &OptionSpec) -> String {
    let purpose = spec.doc.split_once(". ").map_or(spec.doc, |(first, _)| first).trim_end_matches('.');
    let remedy = match spec.presence {
        Presence::Required => "write such a value".to_owned(),
        Presence::Default(text) if !text.is_empty() => {
            format!("write such a value, or take the line away, which means `{text}`")
        }
        _ => "write such a value, or take the line away".to_owned(),
    };
    format!("{remedy} ({purpose})")
}

fn read_value<T: OptionType>(spec: &OptionSpec, value: &Located, findings: &mut Diagnostics) -> Option<T> {
    if value.was_emptied() {
        return None;
    }
    match read_text(&value.text) {
        Ok(read) => Some(read),
        Err(expected) => {
            let shown = !T::SECRET && !value.expanded;
            refuse_value(spec, value, (&expected, shown.then_some(T::remedy)), findings);
            None
        }
    }
}

/// What tells what to write in place of a text: [`OptionType::remedy`].
type Remedy = fn(&str) -> Option<String>;

/// Reports a `value` in place of which something else was `expected`; it is shown if it may have a remedy.
#[inline(never)]
fn refuse_value(
    spec: &OptionSpec,
    value: &Located,
    (expected, remedy): (&str, Option<Remedy>),
    findings: &mut Diagnostics,
) {
    let found = if remedy.is_some() { format!(", found `{}`", value.text) } else { String::new() };
    let message = format!("`{}`: expected {expected}{found}", spec.key);
    let comment = || comment_within(&value.text).map(str::to_owned);
    let help = remedy.and_then(|remedy| remedy(&value.text)).or_else(comment).unwrap_or_else(|| what_to_do(spec));
    findings.error(value.place, "V103", message).help(help);
}

/// What to do where a comment was taken for a part of the value `text`, if it looks so.
pub fn comment_within(text: &str) -> Option<&'static str> {
    text.contains(" #").then_some("put the comment on a line of its own")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reader::entry;
    use crate::config::{Place, SectionKind};

    crate::options! {
        /// Options of this test.
        struct TestOptions {
            size: u32, default "1", "A number.";
            name: String, optional, "A text.";
            rule: u32, repeated, "Numbers.";
        }
    }

    fn section(options: &[(&str, &str)]) -> Section {
        let mut section = Section::new(SectionKind::Filter, Place::default());
        for (line, (key, value)) in (1..).zip(options) {
            let place = Place { line, ..Place::default() };
            section.entries.push(entry(key, place, value, place));
        }
        section
    }

    type Values = (u32, Option<String>, Vec<u32>);

    /// What is read, and the code and line of each finding.
    fn read(section: &Section) -> (Option<Values>, Vec<(&'static str, u32)>) {
        let mut findings = Diagnostics::default();
        let options = TestOptions::read(section, &mut findings);
        let found = findings.in_order().into_iter();
        let found = found.map(|finding| (finding.code, finding.place.map_or(0, |place| place.line))).collect();
        (options.map(|options| (options.size, options.name, options.rule)), found)
    }

    #[test]
    fn all_that_is_wrong_is_reported_and_the_rest_can_be_read() {
        let wrong = section(&[
            ("size", "many"),
            ("name", "a"),
            ("name", "b"),
            ("rule", "1"),
            ("rule", "x"),
            ("rule", "2"),
            ("other", "?"),
        ]);

        let rest = readable(&wrong, &[TestOptions::TABLE]);

        assert_eq!(read(&wrong), (None, vec![("V103", 1), ("V106", 3), ("V103", 5)]));
        assert_eq!(read(&rest), (Some((1, Some("b".into()), vec![1, 2])), vec![]));
    }

    #[test]
    fn a_value_from_a_variable_is_not_repeated_and_an_emptied_one_not_reported_twice() {
        let mut secret = section(&[("size", "secret-42")]);
        secret.entries[0].value.expanded = true;
        let mut findings = Diagnostics::default();
        assert!(TestOptions::read(&secret, &mut findings).is_none());
        assert!(findings.in_order().iter().all(|finding| !finding.message.contains("secret-42")));

        let mut emptied = section(&[("size", ""), ("rule", "3")]);
        emptied.entries[0].value.expanded = true;
        assert_eq!(read(&emptied), (None, vec![]));
        assert_eq!(read(&readable(&emptied, &[TestOptions::TABLE])).0, Some((1, None, vec![3])));
    }
}
