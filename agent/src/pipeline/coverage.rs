//! Which ways from an input to an output pass no `redact`.
//!
//! Told from the patterns alone, before anything runs. Where it cannot be told that every tag is covered, the way counts as not
//! covered; the worker holds each tag against the same rule when it comes.

use crate::config::Matcher;
use crate::plugin::Hidden;

/// An input, by name, and the tag of its records; `*` in it stands for anything.
pub(super) struct From<'a> {
    pub(super) name: &'a str,
    pub(super) tag: &'a str,
    /// The key under which it puts whole lines, if it does.
    pub(super) text: Option<&'a str>,
    /// The outputs that its own routes lead to, in place of those that take its tag.
    pub(super) to: Option<Vec<&'a str>>,
}

/// An output, by name, which tags it takes, and what redacts on the way to it alone.
pub(super) struct To<'a> {
    pub(super) name: &'a str,
    pub(super) matcher: &'a Matcher,
    pub(super) own: Vec<Redacts<'a>>,
}

/// A `redact` that takes every record it meets: which tags, and of which input alone where it is a processor.
pub(super) struct Redacts<'a> {
    pub(super) matcher: &'a Matcher,
    pub(super) input: Option<&'a str>,
    /// At which keys it hides: what puts whole lines elsewhere passes it as it is.
    pub(super) hides: &'a Hidden,
    /// The keys that filters before it rename or copy, each with the new one.
    pub(super) moves: &'a [(String, String)],
}

/// The keys that `text`, a key, is found under behind `moves`.
pub(super) fn reached<'a>(text: &'a str, moves: &'a [(String, String)]) -> Vec<&'a str> {
    let mut keys = vec![text];
    for (from, to) in moves {
        if keys.contains(&from.as_str()) && !keys.contains(&to.as_str()) {
            keys.push(to);
        }
    }
    keys
}

impl Redacts<'_> {
    /// Whether it hides what the whole lines of `input` hold, if there are such.
    fn hides_of(&self, input: &From<'_>) -> bool {
        let mut keys = input.text.map(|text| reached(text, self.moves)).unwrap_or_default().into_iter();
        keys.all(|key| self.hides.is_at(key))
    }

    /// Whether it is on the way of records of `input`, and hides what they hold.
    fn looks_at(&self, input: &From<'_>) -> bool {
        self.input.is_none_or(|alone| alone == input.name) && self.hides_of(input)
    }
}

/// Every pair of an input and an output between which no one of `redacts` takes all records.
pub(super) fn uncovered<'a>(
    inputs: &[From<'a>],
    redacts: &[Redacts<'_>],
    outputs: &[To<'a>],
) -> Vec<(&'a str, &'a str)> {
    let mut found = Vec::new();
    for input in inputs {
        let tag = widened(input.tag);
        let on_way = || redacts.iter().filter(|redact| redact.looks_at(input));
        let is_covered = on_way().any(|redact| redact.matcher.covers(&tag));
        let ways = outputs.iter().filter(|output| match &input.to {
            Some(to) => to.contains(&output.name),
            None => output.matcher.may_take(&tag),
        });
        // What an output takes by its tag says nothing of what routes lead to it.
        let by_tag = input.to.is_none();
        let is_hidden_for = |to: &To<'a>| {
            to.own.iter().any(|own| own.matcher.covers("*") && own.hides_of(input))
                || by_tag && on_way().any(|redact| redact.matcher.covers_all_of(to.matcher))
        };
        let is_open = |output: &&To<'a>| !is_covered && !is_hidden_for(output);
        found.extend(ways.filter(is_open).map(|output| (input.name, output.name)));
    }
    found
}

/// `tag` with a star in place of what an input fills in: `*` itself, `<name>`, `$name`.
pub(super) fn widened(tag: &str) -> String {
    match tag.find(['<', '$', '%']) {
        Some(at) => format!("{}*", tag.get(..at).unwrap_or_default()),
        None => tag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{OptionType, TagPattern, TagRegex};

    fn pattern(text: &str) -> Matcher {
        Matcher::new(TagPattern::parse(text).ok(), None)
    }

    static ALL: Hidden = Hidden { elsewhere: true, otherwise: Vec::new() };

    fn but(key: &str) -> Hidden {
        Hidden { elsewhere: true, otherwise: vec![key.to_owned()] }
    }

    fn of(name: &str) -> From<'_> {
        From { name, tag: "t", text: None, to: None }
    }

    fn of_all(matchers: &[Matcher]) -> Vec<Redacts<'_>> {
        matchers.iter().map(|matcher| Redacts { matcher, input: None, hides: &ALL, moves: &[] }).collect()
    }

    #[test]
    fn a_processor_covers_its_own_input() {
        let all = Matcher::all();
        let from = [of("one"), of("other")];
        let redacts = [Redacts { matcher: &all, input: Some("one"), hides: &ALL, moves: &[] }];

        assert_eq!(
            uncovered(&from, &redacts, &[To { name: "out", matcher: &all, own: Vec::new() }]),
            [("other", "out")]
        );
    }

    #[test]
    fn what_does_not_look_at_the_lines_of_an_input_does_not_cover_it() {
        let all = Matcher::all();
        let from =
            [From { text: Some("log"), ..of("lines") }, From { text: Some("line"), ..of("other") }, of("parsed")];
        let (to, hides) = ([To { name: "out", matcher: &all, own: Vec::new() }], but("log"));
        let leaves = Redacts { matcher: &all, input: None, hides: &hides, moves: &[] };

        assert_eq!(uncovered(&from, std::slice::from_ref(&leaves), &to), [("lines", "out")]);
        let looks = Redacts { matcher: &all, input: None, hides: &ALL, moves: &[] };
        assert_eq!(uncovered(&from, &[leaves, looks], &to), []);
        let only = Hidden { elsewhere: false, otherwise: vec!["line".into()] };
        let named = || Redacts { matcher: &all, input: Some("out"), hides: &only, moves: &[] };
        let to = [To { name: "out", matcher: &all, own: vec![named()] }];
        assert_eq!(uncovered(&from, &[], &to), [("lines", "out")]);
    }

    #[test]
    fn lines_are_followed_to_the_keys_that_they_are_renamed_to() {
        let all = Matcher::all();
        let from = [From { text: Some("log"), ..of("lines") }];
        let (to, hides) = ([To { name: "out", matcher: &all, own: Vec::new() }], but("msg"));
        let moves = [("log", "a"), ("b", "msg"), ("a", "b"), ("b", "msg")].map(|(one, two)| (one.into(), two.into()));
        let open = |moves: &[(String, String)]| {
            uncovered(&from, &[Redacts { matcher: &all, input: None, hides: &hides, moves }], &to).len()
        };

        assert_eq!([0, 1, 2, 3, 4].map(|count| open(&moves[..count])), [0, 0, 0, 0, 1]);
    }

    #[test]
    fn routes_of_an_input_lead_where_no_tag_does() {
        let (all, none) = (Matcher::all(), pattern("other"));
        let from = [From { to: Some(vec!["out"]), ..of("one") }];
        let to =
            [To { name: "out", matcher: &none, own: Vec::new() }, To { name: "all", matcher: &all, own: Vec::new() }];

        assert_eq!(uncovered(&from, &of_all(&[pattern("other")]), &to), [("one", "out")]);
        assert_eq!(uncovered(&from, &of_all(&[pattern("t")]), &to), []);
    }

    #[test]
    fn a_way_is_covered_only_when_no_tag_of_it_slips_through() {
        // Tag of the input, patterns of redact, pattern of the output, whether there is an open way.
        let cases: &[(&str, &[&str], &str, bool)] = &[
            ("app", &["*"], "*", false),
            ("app", &[], "*", true),
            ("app", &["db"], "*", true),
            ("app", &["db"], "db", false),
            ("app.*", &["app.*"], "*", false),
            ("app.*", &["app.web*"], "*", true),
            ("app.*", &["app.web*"], "app.web*", false),
            ("app.*", &["app.*.x"], "*", true),
            ("kube.<namespace>.x", &["kube.*"], "*", false),
            ("kube.<namespace>.x", &["kube.*.x"], "*", true),
            ("app.*", &[], "db.*", false),
            ("*", &["app.*"], "*", true),
        ];
        for (tag, redacts, output, is_open) in cases {
            let redacts: Vec<Matcher> = redacts.iter().map(|text| pattern(text)).collect();
            let to = pattern(output);
            let outputs = [To { name: "out", matcher: &to, own: Vec::new() }];

            let open = uncovered(&[From { tag, ..of("in") }], &of_all(&redacts), &outputs);

            assert_eq!(open.is_empty(), !is_open, "{tag} {redacts:?} {output}");
        }
    }

    #[test]
    fn a_regex_covers_only_a_tag_that_is_known() {
        let regex = Matcher::new(None, TagRegex::parse("app").ok());
        let all = Matcher::all();
        let open = |tag| {
            uncovered(
                &[From { tag, ..of("in") }],
                &of_all(std::slice::from_ref(&regex)),
                &[To { name: "out", matcher: &all, own: Vec::new() }],
            )
            .len()
        };

        assert_eq!((open("app"), open("app.*"), open("db")), (0, 1, 1));
    }
}
