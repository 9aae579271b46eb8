//! `condition` of a filter or processor: it changes only the records that meet it.

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Entry, Record};
use vigie_parsers::regex::Regex;

use super::number::Number;
use super::pattern;
use crate::config::{Diagnostics, OptionType, Options, Section};
use crate::encode::accessor::Path;
use crate::plugin::{Filter, FilterContext, FilterFactory, Stage, Stream, Wanted};

crate::options! {
    /// Keys of a condition.
    struct ConditionOptions {
        op: Combine, default "and", "Whether all rules must hold (`and`) or one (`or`).";
    }
}

crate::options! {
    /// Keys of a rule.
    struct RuleOptions {
        field: Path, required, "Record accessor of the field.";
        op: Operator, required, "How the field is compared.";
        value: String, repeated, "What it is compared with; a list for `in` and `not_in`.";
        context: Context, default "body", "What the field is of: `body`, or `metadata`, which only the input `dummy` gives.";
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Combine {
    And,
    Or,
}

impl OptionType for Combine {
    const KIND: &'static str = "and or or";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "and" => Ok(Self::And),
            "or" => Ok(Self::Or),
            _ => Err("`and` or `or`".into()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal(bool),
    Greater,
    Less,
    AtLeast,
    AtMost,
    Matches(bool),
    In(bool),
}

impl OptionType for Operator {
    const KIND: &'static str = "operator";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "eq" => Self::Equal(true),
            "neq" => Self::Equal(false),
            "gt" => Self::Greater,
            "lt" => Self::Less,
            "gte" => Self::AtLeast,
            "lte" => Self::AtMost,
            "regex" => Self::Matches(true),
            "not_regex" => Self::Matches(false),
            "in" => Self::In(true),
            "not_in" => Self::In(false),
            _ => return Err("`eq`, `neq`, `gt`, `lt`, `gte`, `lte`, `regex`, `not_regex`, `in` or `not_in`".into()),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    Body,
    Metadata,
}

impl OptionType for Context {
    const KIND: &'static str = "context";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "body" => Ok(Self::Body),
            "metadata" => Ok(Self::Metadata),
            _ => Err("`body` or `metadata`; no input here gives groups or OpenTelemetry's resources and scopes".into()),
        }
    }
}

#[derive(Clone, Debug)]
struct Rule {
    context: Context,
    field: Path,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    OneOf(Vec<String>, bool),
    Compare(Number, Operator),
    Pattern(Regex, bool),
}

/// What a record must meet.
#[derive(Clone, Debug)]
pub struct Condition {
    combine: Combine,
    rules: Vec<Rule>,
}

impl Condition {
    /// Reads the group `condition`. `None` when something was wrong and reported.
    pub fn read(group: &Section, findings: &mut Diagnostics) -> Option<Self> {
        let known = findings.len();
        let plain = |section: &Section| Section { groups: Vec::new(), ..section.clone() };
        crate::config::common::refuse_unknown(&plain(group), &[ConditionOptions::TABLE], findings);
        let options = ConditionOptions::read(group, findings);
        let mut rules = Vec::new();
        for (name, section) in &group.groups {
            if name.text == "rules" {
                crate::config::common::refuse_unknown(section, &[RuleOptions::TABLE], findings);
                rules.extend(rule(section, findings));
            } else {
                findings.error(name.place, "V102", format!("a group `{}` cannot stand here", name.text));
            }
        }
        if rules.is_empty() && findings.len() == known {
            findings.error(group.place, "V105", "`rules` is missing").help("give at least one rule");
        }
        options.filter(|_| findings.len() == known).map(|options| Self { combine: options.op, rules })
    }

    /// Whether `record` meets it. A pattern that is given up does not match.
    pub fn holds(&self, record: Record<'_>, scratch: &mut Vec<u8>) -> bool {
        let mut rules = self.rules.iter();
        match self.combine {
            Combine::And => rules.all(|rule| rule.holds(record, scratch)),
            Combine::Or => rules.any(|rule| rule.holds(record, scratch)),
        }
    }
}

fn rule(section: &Section, findings: &mut Diagnostics) -> Option<Rule> {
    let options = RuleOptions::read(section, findings)?;
    let place = section.get("value").map_or(section.place, |value| value.place);
    let mut expected = |what: &str| {
        findings.error(place, "V103", format!("`value`: expected {what}"));
    };
    let first = options.value.first().cloned();
    let is_list = matches!(options.op, Operator::In(_));
    let Some(first) = first.filter(|_| is_list || options.value.len() == 1) else {
        expected(if is_list { "a list of texts" } else { "one value" });
        return None;
    };
    let test = match options.op {
        Operator::Equal(wanted) | Operator::In(wanted) => Test::OneOf(options.value, wanted),
        Operator::Matches(wanted) => match pattern::compile(&first) {
            Ok(regex) => Test::Pattern(regex, wanted),
            Err(what) => {
                expected(&what);
                return None;
            }
        },
        op => match Number::read(&first).filter(|number| number.is_finite()) {
            Some(number) => Test::Compare(number, op),
            None => {
                expected("a number");
                return None;
            }
        },
    };
    Some(Rule { context: options.context, field: options.field, test })
}

impl Rule {
    /// Whether it holds for `record`. A missing field meets only what is negated.
    fn holds(&self, record: Record<'_>, scratch: &mut Vec<u8>) -> bool {
        scratch.clear();
        let fields = match self.context {
            Context::Body => record.fields(),
            Context::Metadata => record.metadata(),
        };
        let is_there = self.field.render_as_written((record.batch(), fields), scratch);
        match &self.test {
            Test::OneOf(values, wanted) => {
                (is_there && values.iter().any(|value| value.as_bytes() == scratch.as_slice())) == *wanted
            }
            Test::Pattern(regex, wanted) => (is_there && regex.is_match(scratch).unwrap_or(false)) == *wanted,
            Test::Compare(wanted, operator) => {
                let text = std::str::from_utf8(scratch).ok().filter(|_| is_there);
                let order = text.and_then(Number::read).and_then(|number| number.compare(*wanted));
                order.is_some_and(|order| match operator {
                    Operator::Greater => order.is_gt(),
                    Operator::Less => order.is_lt(),
                    Operator::AtLeast => order.is_ge(),
                    _ => order.is_le(),
                })
            }
        }
    }
}

/// The filter that `factory` makes, for the records only that meet `condition`.
pub fn conditional(factory: FilterFactory, condition: Condition) -> FilterFactory {
    Box::new(move || Box::new(Conditional { inner: factory(), condition: condition.clone(), scratch: Vec::new() }))
}

struct Conditional {
    inner: Box<dyn Filter>,
    condition: Condition,
    scratch: Vec<u8>,
}

impl Filter for Conditional {
    /// Records that do not meet the condition are put aside meanwhile; the order stays.
    fn apply(&mut self, batch: &mut Batch, context: &FilterContext<'_>) {
        let Self { inner, condition, scratch } = self;
        let all: Vec<Entry> = batch.entries().to_vec();
        let met: Vec<bool> = batch.records().map(|record| condition.holds(record, scratch)).collect();
        if met.iter().all(|met| *met) {
            return inner.apply(batch, context);
        }
        if !met.contains(&true) {
            return;
        }
        let mut at = 0;
        batch.retain(|_| {
            at += 1;
            met[at - 1]
        });
        inner.apply(batch, context);
        let mut changed = batch.entries().to_vec().into_iter().peekable();
        let mut merged = Vec::with_capacity(all.len());
        for (entry, met) in all.into_iter().zip(met) {
            if met {
                merged.extend(changed.next_if(|changed| changed.origin == entry.origin));
            } else {
                merged.push(entry);
            }
        }
        merged.extend(changed);
        batch.retain(|_| false);
        for entry in merged {
            let index = batch.push(entry.time, entry.origin);
            batch.entries_mut()[index] = entry;
        }
    }

    fn holds(&self) -> bool {
        self.inner.holds()
    }

    fn holder(&self, stream: &Arc<Stream>, wanted: Option<Wanted>) -> Option<Box<dyn Stage>> {
        let (condition, mut others, mut scratch) = (self.condition.clone(), wanted, Vec::new());
        let is_wanted = move |record: Record<'_>| {
            condition.holds(record, &mut scratch) && others.as_mut().is_none_or(|others| others(record))
        };
        self.inner.holder(stream, Some(Box::new(is_wanted)))
    }

    fn rules(&self) -> Option<String> {
        self.inner.rules()
    }

    fn refused(&mut self, batch: &Batch) -> Option<(Vec<usize>, &'static str)> {
        let Self { inner, condition, scratch } = self;
        let (mut refused, reason) = inner.refused(batch)?;
        refused.retain(|index| condition.holds(batch.record(*index), scratch));
        (!refused.is_empty()).then_some((refused, reason))
    }

    /// A tag has no fields that a condition could look at.
    fn written_tag(&mut self, tag: &Arc<str>) -> Option<Arc<str>> {
        self.inner.written_tag(tag)
    }
}

#[cfg(test)]
mod tests {
    use vigie_parsers::batch::{Origin, Text, Timestamp, Value};
    use vigie_parsers::{Parser, json};

    use super::*;
    use crate::config::{Entry as Line, Located, Place, SectionKind};
    use crate::encode::json::push_record;
    use crate::metrics::FilterMetrics;

    fn located(text: &str) -> Located {
        Located { text: text.into(), place: Place::default(), expanded: false }
    }

    fn section(entries: &[(&str, &str)], groups: Vec<Section>) -> Section {
        let entry = |(key, value): &(&str, &str)| Line { key: located(key), value: located(value) };
        let groups = groups.into_iter().map(|group| (located("rules"), group)).collect();
        Section {
            entries: entries.iter().map(entry).collect(),
            groups,
            ..Section::new(SectionKind::Other, Place::default())
        }
    }

    fn condition(op: &str, rules: &[&[(&str, &str)]]) -> Result<Condition, Vec<String>> {
        let mut findings = Diagnostics::default();
        let rules = rules.iter().map(|rule| section(rule, Vec::new())).collect();
        let read = Condition::read(&section(&[("op", op)], rules), &mut findings);
        read.ok_or_else(|| findings.in_order().iter().map(|finding| finding.message.clone()).collect())
    }

    fn batch(records: &[&str]) -> Batch {
        let mut batch = Batch::default();
        for (offset, text) in (0..).zip(records) {
            let span = batch.store(text.as_bytes());
            let index = batch.push(Timestamp::default(), Origin { offset, ..Origin::default() });
            json::JsonParser.parse(&mut batch, index, span);
        }
        batch
    }

    fn holds(record: &str, op: &str, values: &[&str]) -> bool {
        let mut rule = vec![("field", "$a"), ("op", op)];
        rule.extend(values.iter().map(|value| ("value", *value)));
        let condition = condition("and", &[&rule]).expect("it is valid");
        condition.holds(batch(&[record]).record(0), &mut Vec::new())
    }

    #[test]
    fn each_operator_compares_as_written() {
        for (record, op, values, expected) in [
            (r#"{"a":"x"}"#, "eq", &["x"][..], true),
            (r#"{"a":5}"#, "eq", &["5"], true),
            (r#"{"a":5}"#, "neq", &["5"], false),
            (r#"{"b":5}"#, "neq", &["5"], true),
            (r#"{"a":5}"#, "gt", &["9"], false),
            (r#"{"a":10}"#, "gt", &["9"], true),
            (r#"{"a":5}"#, "lt", &["9"], true),
            (r#"{"a":9}"#, "gte", &["9"], true),
            (r#"{"a":"9.5"}"#, "lte", &["9.5"], true),
            (r#"{"b":1}"#, "lt", &["9"], false),
            (r#"{"a":"x"}"#, "lt", &["9"], false),
            (r#"{"a":9007199254740993}"#, "gt", &["9007199254740992"], true),
            (r#"{"a":9007199254740993}"#, "lte", &["9007199254740992.0"], false),
            (r#"{"a":18446744073709551615}"#, "lt", &["18446744073709551615"], false),
            (r#"{"a":51}"#, "regex", &["^5"], true),
            (r#"{"b":51}"#, "not_regex", &["^5"], true),
            (r#"{"a":"b"}"#, "in", &["a", "b"], true),
            (r#"{"a":"c"}"#, "in", &["a", "b"], false),
            (r#"{"a":"c"}"#, "not_in", &["a", "b"], true),
            (r#"{"b":"c"}"#, "in", &["c"], false),
        ] {
            assert_eq!(holds(record, op, values), expected, "{record} {op} {values:?}");
        }
    }

    /// Of what has no metadata no field is there, which only negated rules hold for.
    #[test]
    fn a_rule_may_look_at_metadata() {
        let mut records = batch(&[r#"{"a":"body"}"#]);
        let rule = |op| [("field", "$a"), ("op", op), ("value", "x"), ("context", "Metadata")];
        let holds = |batch: &Batch, op: &'static str| {
            condition("and", &[&rule(op)]).expect("it is valid").holds(batch.record(0), &mut Vec::new())
        };
        for (op, without, with) in
            [("eq", false, true), ("neq", true, false), ("in", false, true), ("regex", false, true)]
        {
            assert_eq!(holds(&records, op), without, "{op}");
            let value = records.store(b"x");
            records.record_mut(0).set_metadata(b"a", Value::Text(Text::plain(value)));
            assert_eq!(holds(&records, op), with, "{op}");
            records = batch(&[r#"{"a":"body"}"#]);
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let good: &[(&str, &str)] = &[("field", "a"), ("op", "eq"), ("value", "1")];
        for (op, rules, part) in [
            ("xor", &[good][..], "`and` or `or`"),
            ("and", &[], "`rules` is missing"),
            ("and", &[&[("op", "eq"), ("value", "1")]], "`field` is missing"),
            ("and", &[&[("field", "$a"), ("op", "like"), ("value", "1")]], "`eq`, `neq`"),
            ("and", &[&[("field", "$a"), ("op", "gt"), ("value", "x")]], "a number"),
            ("and", &[&[("field", "$a"), ("op", "regex"), ("value", "(")]], "a regular expression"),
            ("and", &[&[("field", "$a"), ("op", "eq")]], "one value"),
            (
                "and",
                &[&[("field", "$a"), ("op", "eq"), ("value", "1"), ("context", "otel_scope_attributes")]],
                "`body`",
            ),
            ("and", &[&[("field", "$a"), ("op", "eq"), ("value", "1"), ("fild", "x")]], "unknown key `fild`"),
        ] {
            let told = condition(op, rules).expect_err("it is wrong").join("; ");
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    /// Drops records with `drop`, and marks the others.
    struct Marking;

    impl Filter for Marking {
        fn apply(&mut self, batch: &mut Batch, _: &FilterContext<'_>) {
            batch.retain(|record| record.get(b"drop").is_none());
            for index in 0..batch.len() {
                batch.record_mut(index).set_text(b"m", b"1");
            }
        }
    }

    #[test]
    fn only_records_that_meet_it_are_changed_and_the_order_stays() {
        let rules: &[&[(&str, &str)]] =
            &[&[("field", "$a"), ("op", "eq"), ("value", "1")], &[("field", "$a"), ("op", "eq"), ("value", "2")]];
        let condition = condition("or", rules).expect("it is valid");
        let mut filter = conditional(Box::new(|| Box::new(Marking)), condition)();
        let mut batch = batch(&[r#"{"a":0}"#, r#"{"a":1}"#, r#"{"a":2,"drop":1}"#, r#"{"a":3}"#, r#"{"a":2}"#]);

        filter.apply(&mut batch, &FilterContext { tag: "t", metrics: &FilterMetrics::default() });

        let shown: Vec<String> = batch
            .records()
            .map(|record| {
                let mut out = Vec::new();
                push_record(record, &mut out);
                String::from_utf8(out).expect("JSON")
            })
            .collect();
        assert_eq!(shown, [r#""a":0"#, r#""a":1,"m":"1""#, r#""a":3"#, r#""a":2,"m":"1""#]);
    }
}
