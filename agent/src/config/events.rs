//! Multiline parsers: those of `[MULTILINE_PARSER]` sections.

use std::time::Duration;

use vigie_parsers::Parsers;
use vigie_parsers::multiline::{FLUSH_AFTER, Machine, MultilineParser, Rule, RuleError, Rules, Until};

use super::common;
use super::definitions::{inside, named_parser};
use super::diagnostic::Diagnostics;
use super::document::{Located, Section};
use super::options::{OptionSpec, OptionType, Options};
use super::types::SpaceList;

crate::options! {
    /// Keys of a `[MULTILINE_PARSER]` section.
    struct MultilineOptions {
        name: String, required, "Name other sections use.";
        "type" kind: Kind, required, "regex, endswith or equal.";
        match_string: String, optional, "What the last line of an event ends with, or is.";
        negate: bool, default "off", "Whether the first line that does not fit `Match_String` ends an event.";
        "parser" _parser: String, optional, "Parser that takes a line apart before it is looked at.";
        key_content: String, optional, "Key of the text that is joined, where lines are taken apart.";
        key_pattern: String, optional, "Key of the text that is looked at, in place of the joined one.";
        key_group: String, optional, "Key whose values have events of their own.";
        flush_timeout: FlushTimeout, default "4000", "Milliseconds that an event waits for its next line.";
        rule: WrittenRule, repeated, "State, pattern and next state, each in quotes, for type regex.";
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Regex,
    EndsWith,
    Equal,
}

/// The keys of a `[MULTILINE_PARSER]`, for help.
pub const MULTILINE_TABLE: &[OptionSpec] = MultilineOptions::TABLE;

impl OptionType for Kind {
    const KIND: &'static str = "type";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "regex" => Ok(Self::Regex),
            "endswith" => Ok(Self::EndsWith),
            "equal" | "eq" => Ok(Self::Equal),
            _ => Err("`regex`, `endswith` or `equal`".into()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct FlushTimeout(Duration);

impl OptionType for FlushTimeout {
    const KIND: &'static str = "milliseconds";

    fn parse(text: &str) -> Result<Self, String> {
        match text.parse::<i64>() {
            Ok(wait) if wait <= 0 => Ok(Self(FLUSH_AFTER)),
            Ok(wait @ 500..) => Ok(Self(Duration::from_millis(wait.unsigned_abs()))),
            _ => Err("milliseconds, at least 500; 0 is 4000".into()),
        }
    }
}

/// A rule in its three parts.
#[derive(Clone, Debug)]
struct WrittenRule(Rule);

impl OptionType for WrittenRule {
    const KIND: &'static str = "rule";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || r#"`"state" "/pattern/" "next state"`"#.to_owned();
        let parts = SpaceList::parse(text).map_err(|_| expected())?.0;
        let [from, regex, to] = <[String; 3]>::try_from(parts).map_err(|_| expected())?;
        Ok(Self(Rule { from, regex, to }))
    }
}

/// The parser of `section`; `None` when something was wrong, which is reported. `parsers` are those that it may name.
pub(super) fn parser(section: &Section, parsers: &Parsers, findings: &mut Diagnostics) -> Option<MultilineParser> {
    common::refuse_unknown(&without_rules(section), &[MultilineOptions::TABLE], findings);
    let grouped = grouped_rules(section, findings);
    let options = MultilineOptions::read(section, findings)?;
    let mut rules: Vec<Rule> = options.rule.iter().map(|rule| rule.0.clone()).collect();
    rules.extend(grouped?);
    let machine = machine(&options, &rules, section, findings)?;
    let parser = match section.get("parser") {
        None => None,
        Some(name) => Some(named_parser(parsers, name, findings)?),
    };
    Some(MultilineParser {
        parser,
        key_content: options.key_content,
        key_pattern: options.key_pattern,
        key_group: options.key_group,
        flush_after: options.flush_timeout.0,
        ..MultilineParser::new(options.name, machine)
    })
}

/// What stands for the parser of a `section` that is wrong; `None` where that has no name.
pub(super) fn stand_in(section: &Section) -> Option<MultilineParser> {
    let name = section.name();
    let machine = Machine::Until(Until { text: Vec::new(), is_whole: false, negate: false });
    (!name.is_empty()).then(|| MultilineParser::new(name, machine))
}

fn machine(
    options: &MultilineOptions,
    rules: &[Rule],
    section: &Section,
    findings: &mut Diagnostics,
) -> Option<Machine> {
    if options.kind == Kind::Regex {
        return match Rules::new(rules) {
            Ok(rules) => Some(Machine::Rules(rules)),
            Err(error) => {
                report(&error, section, findings);
                None
            }
        };
    }
    let Some(text) = &options.match_string else {
        let message = "`match_string` is missing";
        findings.error(section.place, "V105", message).help("it is what the last line of an event ends with, or is");
        return None;
    };
    let is_whole = options.kind == Kind::Equal;
    Some(Machine::Until(Until { text: text.clone().into_bytes(), is_whole, negate: options.negate }))
}

/// Reports what is wrong with the rules of `section`, where it stands.
fn report(error: &RuleError, section: &Section, findings: &mut Diagnostics) {
    let (rule, at) = match error {
        RuleError::Pattern { rule, error } => (*rule, error.at),
        RuleError::NowhereFrom { rule, .. } => (*rule, 0),
        RuleError::NoStart | RuleError::TooMany => (0, 0),
    };
    let lines = section.entries.iter().filter(|entry| entry.key.text == "rule").map(|entry| &entry.value);
    let groups = section.groups.iter().filter_map(|(_, group)| group.get("regex"));
    let written: Option<&Located> = lines.chain(groups).nth(rule);
    let place = match (error, written) {
        (RuleError::Pattern { .. }, Some(value)) if value.text.starts_with('/') => inside(value, at),
        (_, written) => written.map_or(section.place, |value| value.place),
    };
    findings
        .error(place, "V305", format!("`rule`: {error}"))
        .help("a rule leads from states to a state that rules lead from");
}

/// The rules that stand in groups, as in YAML. `None` when one lacks a part, which is reported.
fn grouped_rules(section: &Section, findings: &mut Diagnostics) -> Option<Vec<Rule>> {
    let mut rules = Vec::new();
    let mut is_whole = true;
    for (_, rule) in section.groups.iter().filter(|(name, _)| name.text == "rules") {
        let mut part = |key| {
            let found = rule.get(key).map(|value| value.text.clone());
            if found.is_none() {
                findings.error(rule.place, "V105", format!("`{key}` is missing")).help("a rule has all three");
            }
            found
        };
        match (part("state"), part("regex"), part("next_state")) {
            (Some(from), Some(regex), Some(to)) => rules.push(Rule { from, regex, to }),
            _ => is_whole = false,
        }
    }
    is_whole.then_some(rules)
}

/// `section` without the groups that hold its rules in YAML.
fn without_rules(section: &Section) -> Section {
    let groups = section.groups.iter().filter(|(name, _)| name.text != "rules").cloned().collect();
    Section { groups, ..section.clone() }
}
