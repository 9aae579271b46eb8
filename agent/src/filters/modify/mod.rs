//! Sets, adds, removes, renames, copies and moves fields, where conditions hold.

mod condition;
mod rule;

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Keys, Record};
use vigie_parsers::regex::GivenUp;

use crate::config::types::words;
use crate::config::{Diagnostics, Options as _, Section};
use crate::metrics::FilterMetrics;
use crate::plugin::{BuildContext, Filter, FilterContext, FilterFactory, FilterKind};

use super::pattern::count_given_up;
use condition::Condition;
use rule::Rule;

/// The `modify` filter.
pub(super) const KIND: FilterKind = FilterKind {
    name: "modify",
    summary: "Sets, adds, removes, renames, copies and moves fields.",
    options: ModifyOptions::TABLE,
    build,
};

crate::options! {
    /// Options of `modify`. Rules are applied in the order they are written in.
    #[allow(dead_code, reason = "rules are read from the entries of the section, which keep their order across keys")]
    struct ModifyOptions {
        set: String, repeated, "`KEY VALUE`: the field is removed and added at the end with this value.";
        add: String, repeated, "`KEY VALUE`: the field is added unless it is there.";
        remove: String, repeated, "`KEY`: the field is removed.";
        remove_wildcard: String, repeated, "`PREFIX`: fields whose keys begin so are removed.";
        remove_regex: String, repeated, "`PATTERN`: fields whose keys match are removed.";
        rename: String, repeated, "`KEY NEW`: the field is renamed in its place unless `NEW` is there.";
        hard_rename: String, repeated, "`KEY NEW`: the field is renamed in its place; a field `NEW` is removed.";
        copy: String, repeated, "`KEY NEW`: the field is copied behind itself unless `NEW` is there.";
        hard_copy: String, repeated, "`KEY NEW`: the field is copied behind itself; a field `NEW` is removed.";
        move_to_start: String, repeated, "`PREFIX`: fields whose keys begin so are moved to the start.";
        move_to_end: String, repeated, "`PREFIX`: fields whose keys begin so are moved to the end.";
        condition: String, repeated, "A condition that must hold: Key_exists K, Key_does_not_exist K, A_key_matches RX, No_key_matches RX, Key_value_equals K V, Key_value_does_not_equal K V, Key_value_matches K RX, Key_value_does_not_match K RX, Matching_keys_have_matching_values RXK RXV, Matching_keys_do_not_have_matching_values RXK RXV.";
    }
}

/// The keys that the filter of `section` renames or copies, each with the new one, in its order.
pub(super) fn moves(section: &Section) -> Vec<(String, String)> {
    let is_move = |key: &str| matches!(key, "rename" | "hard_rename" | "copy" | "hard_copy");
    let entries = section.entries.iter().filter(|entry| is_move(&entry.key.text));
    let two = |value: &str| match words(value)?.as_slice() {
        [from, to] => Some((from.text.clone(), to.text.clone())),
        _ => None,
    };
    entries.filter_map(|entry| two(&entry.value.text)).collect()
}

fn build(
    section: &Section,
    _: &BuildContext,
    metrics: &Arc<FilterMetrics>,
    findings: &mut Diagnostics,
) -> Option<FilterFactory> {
    let mut rules = Vec::new();
    let mut conditions = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    for entry in &section.entries {
        let (key, value) = (entry.key.text.as_str(), entry.value.text.as_str());
        if !ModifyOptions::TABLE.iter().any(|spec| spec.key == key) || entry.value.was_emptied() {
            continue;
        }
        let read = match words(value) {
            None => Err("a value whose quotes are closed".to_owned()),
            Some(words) if key == "condition" => Condition::read(&words).map(|condition| conditions.push(condition)),
            Some(words) => Rule::read(key, value, &words, &mut texts).map(|rule| rules.push(rule)),
        };
        if let Err(expected) = read {
            let found = if entry.value.expanded { String::new() } else { format!(", found `{value}`") };
            findings.error(entry.value.place, "V103", format!("`{key}`: expected {expected}{found}"));
        }
        if matches!(key, "remove_wildcard" | "move_to_start" | "move_to_end") && value.ends_with('*') {
            let message = format!("`{key}` takes a prefix: only keys with a `*` in them would begin so");
            findings.warning(entry.value.place, "V503", message).help("leave the `*` out");
        }
    }
    let keys = Arc::new(Keys::new(texts.iter().map(String::as_str)));
    let metrics = Arc::clone(metrics);
    Some(Box::new(move || {
        // Patterns are copied: each worker then has the scratch space of the engine to itself.
        let (keys, metrics) = (Arc::clone(&keys), Arc::clone(&metrics));
        Box::new(Modify { keys, rules: rules.clone(), conditions: conditions.clone(), metrics, scratch: Vec::new() })
    }))
}

struct Modify {
    /// Texts that rules put into records.
    keys: Arc<Keys>,
    rules: Vec<Rule>,
    conditions: Vec<Condition>,
    metrics: Arc<FilterMetrics>,
    scratch: Vec<u8>,
}

fn meet_all(conditions: &[Condition], record: Record<'_>, scratch: &mut Vec<u8>) -> Result<bool, GivenUp> {
    for condition in conditions {
        if !condition.holds(record, scratch)? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Filter for Modify {
    fn apply(&mut self, batch: &mut Batch, _: &FilterContext<'_>) {
        let stored = self.keys.in_batch(batch);
        for index in 0..batch.len() {
            let record = batch.record(index);
            match meet_all(&self.conditions, record, &mut self.scratch) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(GivenUp) => {
                    count_given_up(&self.metrics, "it is left as it is");
                    continue;
                }
            }
            let mut apply = |rule: &Rule| rule.apply(batch.record_mut(index), stored, &mut self.scratch);
            let given_up = self.rules.iter().filter(|rule| apply(rule) == Err(GivenUp)).count();
            if given_up > 0 {
                count_given_up(&self.metrics, "the field is kept");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::filters::testing::{filtered, filtered_fields, findings, message_for_expanded};

    #[test]
    fn rules_are_applied_in_order_as_in_fluent_bit() {
        let record = r#"{"a":1,"b":2,"d":"4","x1":1,"x2":2,"z":0}"#;
        let options = [
            ("set", "a 9"),
            ("add", "b 8"),
            ("add", "c 3"),
            ("rename", "d e"),
            ("copy", "c cc"),
            ("remove_wildcard", "x"),
        ];

        assert_eq!(filtered(&super::KIND, &options, &[record]), [r#"{"b":2,"e":"4","z":0,"a":"9","c":"3","cc":"3"}"#]);
    }

    #[test]
    fn every_rule_does_its_part() {
        let record = r#"{"a":1,"b":2,"ab":3}"#;
        let cases = [
            (("remove", "a"), r#"{"b":2,"ab":3}"#),
            (("remove_regex", "^.b$"), r#"{"a":1,"b":2}"#),
            (("rename", "a b"), r#"{"a":1,"b":2,"ab":3}"#),
            (("hard_rename", "a b"), r#"{"b":1,"ab":3}"#),
            (("copy", "a b"), r#"{"a":1,"b":2,"ab":3}"#),
            (("hard_copy", "a b"), r#"{"a":1,"b":1,"ab":3}"#),
            (("copy", "a n"), r#"{"a":1,"n":1,"b":2,"ab":3}"#),
            (("move_to_start", "b"), r#"{"b":2,"a":1,"ab":3}"#),
            (("move_to_end", "a"), r#"{"b":2,"a":1,"ab":3}"#),
            (("move_to_start", "ab"), r#"{"ab":3,"a":1,"b":2}"#),
            (("move_to_end", "x"), r#"{"a":1,"b":2,"ab":3}"#),
            (("rename", "a n"), r#"{"n":1,"b":2,"ab":3}"#),
            (("hard_rename", "a a"), r#"{"a":1,"b":2,"ab":3}"#),
            (("rename", "x y"), r#"{"a":1,"b":2,"ab":3}"#),
            (("remove_regex", r#""^a b?""#), r#"{"a":1,"b":2,"ab":3}"#),
            (("set", "k two words"), r#"{"a":1,"b":2,"ab":3,"k":"two words"}"#),
            (("add", r#""a key" x"#), r#"{"a":1,"b":2,"ab":3,"a key":"x"}"#),
        ];
        for (option, expected) in cases {
            assert_eq!(filtered(&super::KIND, &[option], &[record]), [expected], "{option:?}");
        }
    }

    #[test]
    fn rules_apply_only_where_all_conditions_hold() {
        let record = r#"{"s":"text","n":1,"t":true,"k":{"x":"y"},"u":"a\u0062"}"#;
        let cases = [
            ("Key_exists s", true),
            ("Key_exists $k['x']", true),
            ("Key_does_not_exist s", false),
            ("A_key_matches ^s", true),
            ("No_key_matches ^q", true),
            ("Key_value_equals s text", true),
            ("Key_value_equals t true", true),
            ("Key_value_equals n 1", false),
            ("Key_value_equals u ab", true),
            ("Key_value_does_not_equal s other", true),
            ("Key_value_does_not_equal missing x", false),
            ("Key_value_does_not_equal n 1", true),
            ("Key_value_does_not_match n 1", true),
            ("Key_value_does_not_match missing x", false),
            ("Matching_keys_have_matching_values ^t$ ^true$", true),
            ("Matching_keys_have_matching_values ^n$ 1", false),
            ("Matching_keys_have_matching_values ^missing x", true),
            ("Key_value_matches s ^te", true),
            ("Key_value_does_not_match s ^te", false),
            ("Matching_keys_have_matching_values ^s ^text$", true),
            ("Matching_keys_do_not_have_matching_values ^s ^text$", false),
        ];
        for (condition, holds) in cases {
            let out = filtered(&super::KIND, &[("condition", condition), ("remove", "n")], &[record]);
            assert_eq!(!out[0].contains(r#""n""#), holds, "{condition}");
        }
    }

    #[test]
    fn where_a_pattern_is_given_up_nothing_changes() {
        let long = "a".repeat(64);
        let record = format!(r#"{{"{long}!":"{long}!"}}"#);
        let never = "^(?=(a+)+$)b";
        let conditions = ["A_key_matches", "No_key_matches"].map(|name| format!("{name} {never}"));

        for condition in &conditions {
            let options = [("condition", condition.as_str()), ("set", "n 1")];
            assert_eq!(filtered(&super::KIND, &options, &[&record]), [record.as_str()], "{condition}");
        }
        assert_eq!(filtered(&super::KIND, &[("remove_regex", never)], &[&record]), [record.as_str()]);
    }

    #[test]
    fn a_key_that_stands_twice_is_removed_as_one() {
        let cases = [
            (("remove", "a"), r#"{"b":3}"#),
            (("set", "a 9"), r#"{"b":3,"a":"9"}"#),
            (("hard_rename", "b a"), r#"{"a":3}"#),
            (("rename", "a c"), r#"{"c":2,"b":3}"#),
        ];
        for (option, expected) in cases {
            let fields: [(&str, i64); 3] = [("a", 1), ("a", 2), ("b", 3)];
            assert_eq!(filtered_fields(&super::KIND, &[option], &fields), expected, "{option:?}");
        }
    }

    #[test]
    fn keys_compare_decoded() {
        let record = r#"{"\u0061":1,"b\"":2}"#;
        let options = [("rename", "a x"), ("remove_wildcard", "b\"")];

        assert_eq!(filtered(&super::KIND, &options, &[record]), [r#"{"x":1}"#]);
    }

    #[test]
    fn a_star_behind_a_prefix_is_warned_about() {
        assert_eq!(findings(&super::KIND, &[("remove_wildcard", "Mem*")]), ["V503"]);
    }

    #[test]
    fn a_value_from_the_environment_is_not_repeated() {
        let message = message_for_expanded(&super::KIND, "remove", "secret 42");
        assert_eq!(message, "`remove`: expected one key");
    }

    #[test]
    fn wrong_rules_are_reported() {
        for option in [
            ("set", "a"),
            ("remove", "a b"),
            ("remove_regex", "("),
            ("condition", "Nope a"),
            ("condition", "Key_exists"),
        ] {
            assert_eq!(findings(&super::KIND, &[option]), ["V103"], "{option:?}");
        }
    }
}
