//! Keeps or drops records by what their text values match.

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Record};
use vigie_parsers::regex::{GivenUp, Regex};

use super::pattern;
use crate::config::{Diagnostics, OptionType, Options, Section};
use crate::encode::accessor::Path;
use crate::metrics::FilterMetrics;
use crate::plugin::{BuildContext, Filter, FilterContext, FilterFactory, FilterKind};

/// The `grep` filter.
pub(super) const KIND: FilterKind =
    FilterKind { name: "grep", summary: "Keeps or drops records by patterns.", options: GrepOptions::TABLE, build };

crate::options! {
    /// Options of `grep`.
    struct GrepOptions {
        regex: Rule, repeated, "`KEY PATTERN`: a record whose text there does not match is dropped. Values that are no text never match.";
        exclude: Rule, repeated, "`KEY PATTERN`: a record whose text there matches is dropped.";
        logical_op: LogicalOp, default "legacy", "How rules combine: `and`, `or`, or `legacy`, which takes them in order and keeps at the first match of a Regex.";
    }
}

/// A key and a pattern.
#[derive(Clone, Debug)]
struct Rule {
    key: Path,
    regex: Regex,
}

impl OptionType for Rule {
    const KIND: &'static str = "key pattern";

    fn parse(text: &str) -> Result<Self, String> {
        // The pattern is taken as written: a quote in it is a quote.
        let (key, pattern) = text.trim().split_once(char::is_whitespace).ok_or("a key and a pattern")?;
        Ok(Self { key: Path::parse(key)?, regex: pattern::compile(pattern.trim_start())? })
    }
}

impl Rule {
    fn matches(&self, record: Record<'_>, scratch: &mut Vec<u8>) -> Result<bool, GivenUp> {
        let Some(value) = self.key.find(record) else { return Ok(false) };
        record.text(value, scratch).map_or(Ok(false), |text| self.regex.is_match(text))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogicalOp {
    Legacy,
    And,
    Or,
}

impl OptionType for LogicalOp {
    const KIND: &'static str = "operator";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "legacy" => Ok(Self::Legacy),
            "and" => Ok(Self::And),
            "or" => Ok(Self::Or),
            _ => Err("`legacy`, `and` or `or`".into()),
        }
    }
}

fn build(
    section: &Section,
    _: &BuildContext,
    metrics: &Arc<FilterMetrics>,
    findings: &mut Diagnostics,
) -> Option<FilterFactory> {
    let options = GrepOptions::read(section, findings)?;
    if options.logical_op != LogicalOp::Legacy && !options.regex.is_empty() && !options.exclude.is_empty() {
        let place = section.get("logical_op").map_or(section.place, |value| value.place);
        findings
            .error(place, "V501", "with `Logical_Op and` or `or`, `Regex` and `Exclude` cannot stand together")
            .help("use two grep filters");
        return None;
    }
    let rules = in_order(section, &options);
    let op = options.logical_op;
    let metrics = Arc::clone(metrics);
    Some(Box::new(move || {
        Box::new(Grep { rules: rules.clone(), op, metrics: Arc::clone(&metrics), scratch: Vec::new() })
    }))
}

/// All rules in configuration order, each with whether it excludes.
fn in_order(section: &Section, options: &GrepOptions) -> Vec<(Rule, bool)> {
    let (mut regexes, mut excludes) = (options.regex.iter(), options.exclude.iter());
    let rule = |key: &str| match key {
        "regex" => regexes.next().map(|rule| (rule.clone(), false)),
        "exclude" => excludes.next().map(|rule| (rule.clone(), true)),
        _ => None,
    };
    let keys = section.entries.iter().map(|entry| entry.key.text.as_str());
    keys.filter_map(rule).collect()
}

struct Grep {
    rules: Vec<(Rule, bool)>,
    op: LogicalOp,
    metrics: Arc<FilterMetrics>,
    scratch: Vec<u8>,
}

impl Grep {
    /// Whether `record` is kept.
    ///
    /// # Errors
    /// When a rule that it depends on was given up.
    fn keeps(&mut self, record: Record<'_>) -> Result<bool, GivenUp> {
        let excluding = self.rules.first().is_some_and(|(_, exclude)| *exclude);
        for (rule, exclude) in &self.rules {
            let matches = rule.matches(record, &mut self.scratch)?;
            match self.op {
                LogicalOp::And if !matches => return Ok(excluding),
                LogicalOp::Or if matches => return Ok(!excluding),
                // Every Regex decides, whether it matches or not; an Exclude decides only when it matches.
                LogicalOp::Legacy if matches || !exclude => return Ok(matches != *exclude),
                _ => {}
            }
        }
        Ok(match self.op {
            LogicalOp::And => !excluding,
            LogicalOp::Or => excluding,
            LogicalOp::Legacy => true,
        })
    }
}

impl Filter for Grep {
    fn apply(&mut self, batch: &mut Batch, _: &FilterContext<'_>) {
        if self.rules.is_empty() {
            return;
        }
        batch.retain(|record| {
            self.keeps(record).unwrap_or_else(|GivenUp| {
                pattern::count_given_up(&self.metrics, "it is kept");
                true
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::filters::testing::{filtered, findings};

    #[test]
    fn rules_keep_and_drop_as_in_fluent_bit() {
        let cases = [
            (&[("regex", "log ^a")][..], vec![0]),
            (&[("exclude", "log ^a")][..], vec![1, 2, 3]),
            (&[("regex", "n ^1")][..], vec![]),
            (&[("exclude", "n ^1")][..], vec![0, 1, 2, 3]),
            (&[("regex", "$k['x'] ^y$")][..], vec![3]),
            (&[("regex", "log b"), ("exclude", "log c")][..], vec![0, 1]),
            (&[("exclude", "log ^\"a")][..], vec![0, 1, 2, 3]),
            (&[("regex", "log   \\Aab\\z")][..], vec![0]),
            (&[("regex", "k['x'] y"), ("logical_op", "AND")][..], vec![3]),
            (&[("exclude", "log b"), ("exclude", "log c"), ("logical_op", "and")][..], vec![0, 2, 3]),
            (&[][..], vec![0, 1, 2, 3]),
            (&[("exclude", "log c"), ("regex", "log b")][..], vec![0]),
            (&[("regex", "log b"), ("regex", "log c"), ("logical_op", "and")][..], vec![1]),
            (&[("regex", "log a"), ("regex", "log c"), ("logical_op", "or")][..], vec![0, 1]),
            (&[("exclude", "log a"), ("exclude", "log c"), ("logical_op", "or")][..], vec![2, 3]),
        ];
        let records = [r#"{"log":"ab","n":1}"#, r#"{"log":"b\u0063"}"#, r#"{"other":"a"}"#, r#"{"k":{"x":"y"}}"#];
        for (options, expected) in cases {
            let kept = filtered(&super::KIND, options, &records);
            let expected: Vec<String> = expected.into_iter().map(|at: usize| records[at].to_owned()).collect();
            assert_eq!(kept, expected, "{options:?}");
        }
    }

    #[test]
    fn a_record_that_no_pattern_can_decide_is_kept() {
        let record = format!(r#"{{"log":"{}!"}}"#, "a".repeat(64));
        let never = r"log ^(?=(a+)+$)b";

        for options in [[("regex", never)], [("exclude", never)]] {
            assert_eq!(filtered(&super::KIND, &options, &[&record]), [record.as_str()], "{options:?}");
        }
    }

    #[test]
    fn wrong_rules_are_reported() {
        assert_eq!(findings(&super::KIND, &[("regex", r"log (?<a>b)\k<a+0>")]), ["V103"]);
        assert_eq!(findings(&super::KIND, &[("regex", "log")]), ["V103"]);
        assert_eq!(findings(&super::KIND, &[("regex", "a b"), ("exclude", "a b"), ("logical_op", "or")]), ["V501"]);
    }
}
