use std::sync::LazyLock;

use proptest::prelude::*;

use super::check::ranges;
use super::*;
use crate::batch::{Batch, Field, Origin, Text, Timestamp, Value};
use crate::parser::Parser;

fn captured(pattern: &str, text: &[u8]) -> Option<Vec<Option<String>>> {
    let regex = Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let mut captures = Captures::default();
    assert_eq!(regex.captures(text, &mut captures), regex.is_match(text));
    if !regex.is_match(text).expect("it is found out") {
        return None;
    }
    let group = |at| captures.get(at).map(|range| String::from_utf8_lossy(&text[range]).into_owned());
    Some((0..=regex.groups().len()).map(group).collect())
}

/// The whole match.
fn matched(pattern: &str, text: &str) -> Option<String> {
    captured(pattern, text.as_bytes()).and_then(|groups| groups[0].clone())
}

#[test]
fn ruby_patterns_match_what_ruby_matches() {
    let cases = [
        // Line anchors, and the option that lets the dot cross lines.
        ("^b$", "a\nb\nc", Some("b")),
        ("/a.b/m", "a\nb", Some("a\nb")),
        ("a.b", "a\nb", None),
        (r"\Ab", "a\nb", None),
        (r"b\z", "b\n", None),
        (r"b\Z", "b\n", Some("b\n")),
        // Escapes that mean something else elsewhere.
        (r"^\<(\d+)\>", "<34>x", Some("<34>")),
        (r"\h+", "xyz0aF-", Some("0aF")),
        (r"\H+", "0aFxyz", Some("xyz")),
        (r"\/\-\:\@\#\e?", "/-:@#", Some("/-:@#")),
        (r"\x41\x{42}\u0043\0", "ABC\0", Some("ABC\0")),
        // ASCII classes, Unicode brackets.
        (r"^\w+", "aé", Some("a")),
        (r"^[[:alpha:]]+", "aé1", Some("aé")),
        (r"^[[:^alpha:]]+", "1é", Some("1")),
        (r"^[\w\[\].-]+", "a[0].b-c d", Some("a[0].b-c")),
        (r"\d+", "٣4", Some("4")),
        (r"^\S+", "é x", Some("é")),
        (r"^\p{Alpha}+", "é1", Some("é")),
        (r"^\p{^Alpha}+", "1é", Some("1")),
        // Braces that repeat nothing.
        (r#"{"log""#, r#"{"log":1}"#, Some(r#"{"log""#)),
        (r"a{,2}b", "aab", Some("aab")),
        (r"^a{2}?b", "b", Some("b")),
        (r"^a{1,3}?", "aaa", Some("a")),
        (r"a{b}", "a{b}", Some("a{b}")),
        (r"x{2,}", "axxx", Some("xxx")),
        // Classes.
        (r"^[^[]*", "ab[c", Some("ab")),
        (r"^[a-c[x-z]]+", "axbd", Some("axb")),
        (r"^[a-z&&[^b]]+", "acb", Some("ac")),
        (r"^[]a]+", "a]b", Some("a]")),
        (r"^[a\-z]+", "a-zb", Some("a-z")),
        (r"^[\w-.]+", "a-.b", Some("a-.b")),
        (r"^[a~~b]+", "~ab", Some("~ab")),
        (r"^[\b]", "\u{8}", Some("\u{8}")),
        // Options.
        ("/ab/i", "AB", Some("AB")),
        ("/ a b # c\n/x", "ab", Some("ab")),
        (r"/ a \ b /x", "a b", Some("a b")),
        ("a(?i)b|c", "aC", Some("aC")),
        ("(?i:a)b", "AB", None),
        ("(?x: a b )c d", "abc d", Some("abc d")),
        ("(?i-m:A.)", "ax", Some("ax")),
        ("a(?#note)b", "ab", Some("ab")),
        ("/path/to", "x/path/to", Some("/path/to")),
        ("(?m:a.b)", "a\nb", Some("a\nb")),
    ];

    for (pattern, text, wanted) in cases {
        assert_eq!(matched(pattern, text).as_deref(), wanted, "{pattern} on {text:?}");
    }
}

/// The linear engines see an empty line there, and `Exclude log ^$` would take all lines of a log that keeps newlines.
#[test]
fn behind_the_last_newline_no_line_begins() {
    let cases = [
        (r"^\s*$", "a\n", None),
        (r"^\s*$", " \n", Some(" \n")),
        (r"^\s*$", "a\n\nb", Some("")),
        (r"(?:^|x)$", "x\n", Some("x")),
        (r"a\s^", "a\n", None),
        (r"(^|a)*\n(^|$)", "a\n", Some("a\n")),
        (r"^b|\z", "a\n", Some("")),
        (r"(?=.)^|c", "a\n", Some("")),
        (r"(?!.)^", "a\n", None),
    ];

    for (pattern, text, wanted) in cases {
        assert_eq!(matched(pattern, text).as_deref(), wanted, "{pattern} on {text:?}");
    }
    let start = |pattern: &str| Regex::new(pattern).unwrap().is_match_at_start(b"\n");
    assert_eq!((start(r"\n^"), start(r"\n$"), start(r"^\n")), (Ok(false), Ok(true), Ok(true)));
}

#[test]
fn unnamed_groups_capture_only_where_no_group_has_a_name() {
    let named = captured("(a)(?<x>b)(?'y'c)", b"abc").unwrap();
    let numbered = captured(r"(a)(b)\(", b"ab(").unwrap();

    assert_eq!(named, [Some("abc".into()), Some("b".into()), Some("c".into())]);
    assert_eq!(numbered, [Some("ab(".into()), Some("a".into()), Some("b".into())]);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let cases = [
        ("(a", "this parenthesis is not closed (at byte 0"),
        ("a)", "this parenthesis was not opened (at byte 1"),
        ("/[a/", "this character class is not closed (at byte 1"),
        ("*a", "`*` has nothing to repeat"),
        ("a\\", "the pattern ends in a single backslash"),
        (r"\p{Nope}", "expected a regular expression"),
        ("(?<>a)", "this group's name is empty"),
        ("[b-a]", "expected a regular expression"),
        ("(?z)", "expected the options"),
        ("[[:alnm:]]", "`[:alnm:]` is no class"),
        (r"\M-a", r"a meta escape (`\M-`) is not available: write its byte as `\xHH`"),
        (r"\C", "expected a letter behind"),
        ("((a{1000}){1000}){1000}", "the pattern is too large"),
    ];

    for (pattern, wanted) in cases {
        let error = Regex::new(pattern).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{pattern}: {error}");
    }
}

#[test]
fn text_that_is_not_utf8_is_searched_by_bytes() {
    let groups = captured(r"^(?<path>[^ ]*) (?<rest>.*)$", b"/caf\xe9 x\xff").unwrap();

    assert_eq!(groups[1].as_deref(), Some("/caf\u{fffd}"));
    assert_eq!(groups[2].as_deref(), Some("x\u{fffd}"));
    assert!(captured(r"^\xE9$", b"\xe9").is_some());
    assert!(captured(r"^[\xE0-\xEF]$", b"\xe9").is_some());
}

#[test]
fn a_dot_takes_a_whole_character_where_the_text_is_utf8() {
    let groups = captured("^(?<first>.)(?<rest>.*)$", "éa".as_bytes()).unwrap();

    assert_eq!(groups[1].as_deref(), Some("é"));
}

fn fields_of(parser: &RegexParser, text: &str) -> Option<String> {
    let mut batch = Batch::default();
    let span = batch.store(text.as_bytes());
    let index = batch.push(Timestamp::default(), Origin::default());
    if !parser.parse(&mut batch, index, span).gave_fields() {
        return None;
    }
    let text = |text: Text| String::from_utf8_lossy(batch.bytes(text.span)).into_owned();
    let show = |field: &Field| match field.value {
        Value::Text(value) => format!("{}={}", text(field.key), text(value)),
        other => format!("{other:?}"),
    };
    let fields: Vec<String> = batch.record(index).fields().iter().map(show).collect();
    Some(fields.join(" "))
}

#[test]
fn named_groups_become_fields_in_the_order_of_the_pattern() {
    let parser = RegexParser::new("(?<z>a)(?<y>b?)(?<x>c)|(?<w>d)", true).unwrap();

    assert_eq!(fields_of(&parser, "xabc").as_deref(), Some("z=a y=b x=c"));
    assert_eq!(fields_of(&parser, "ac").as_deref(), Some("z=a x=c"));
    assert_eq!(fields_of(&parser, "d").as_deref(), Some("w=d"));
    assert_eq!(fields_of(&parser, "e"), None);
}

#[test]
fn of_groups_with_one_name_the_last_that_took_part_counts() {
    let parser = RegexParser::new("^(?<k>a)(?<k>b)?(?<l>c)", true).unwrap();

    assert_eq!(fields_of(&parser, "abc").as_deref(), Some("k=b l=c"));
    assert_eq!(fields_of(&parser, "ac").as_deref(), Some("k=a l=c"));
}

#[test]
fn empty_groups_give_fields_when_asked_for() {
    let parser = RegexParser::new("^(?<k>a)(?<l>b?)(?<k>c)?$", false).unwrap();

    assert_eq!(fields_of(&parser, "a").as_deref(), Some("l= k="));
}

#[test]
fn a_match_without_any_field_is_refused_and_a_pattern_without_names_too() {
    assert_eq!(fields_of(&RegexParser::new("^(?<k>a*)", true).unwrap(), "b"), None);
    assert!(RegexParser::new("^(a)", true).is_err());
}

proptest! {
    #[test]
    fn no_pattern_makes_translation_panic(pattern in "[\\[\\]()\\\\a-c^|*+?{}0-3,&~:<>=!#xiPpZkgKGRX'\\-é\n/ .$]{0,24}") {
        check::engines(&pattern, &[&b"abc\n[0]\xff"[..], "abcé".as_bytes()]);
    }

    #[test]
    fn both_programs_agree_on_ascii(text in "[ab \\[\\]\"\n]{0,24}") {
        let pattern = r#"^(?<a>[^ ]*) \[(?<b>[^\]]*)\] "(?<c>\S+)(?: +(?<d>[^"]*?)(?: +\S*)?)?"(?<e>.*)$"#;
        let with_more = format!("(?:{pattern})|(?<never>\\A[é]\\z)");
        let groups = captured(pattern, text.as_bytes());
        let wide = captured(&with_more, text.as_bytes()).map(|mut groups| { groups.pop(); groups });
        prop_assert_eq!(groups, wide);
    }
}

/// The patterns of the parsers that come with the agent.
static BUILT_IN: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = crate::BUILT_IN.lines().filter_map(|line| line.trim().strip_prefix("Regex "));
    patterns.map(|pattern| Regex::new(pattern.trim()).expect("it is valid")).collect()
});

#[test]
fn the_built_in_patterns_that_begin_with_the_line_are_byte_programs() {
    for regex in BUILT_IN.iter() {
        let is_anchored = regex.pattern().starts_with('^');
        assert_eq!(regex.engine() == Engine::Program, is_anchored, "{}", regex.pattern());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_byte_program_finds_what_the_general_engine_finds(
        parts in proptest::collection::vec(part(), 1..8),
        end in prop_oneof![Just(""), Just("$")],
        texts in proptest::collection::vec("[ab\"x\\[\\] é\u{20ac}]{0,14}", 1..12),
    ) {
        let pattern = format!("^{}{end}", parts.concat());
        prop_assert!(Regex::new(&pattern).is_ok());
        check::engines(&pattern, &texts);
    }

    #[test]
    fn a_line_with_any_damage_is_found_or_not_as_by_the_general_engine(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), "[ \"\\[\\]a\\-é\n]?"), 0..5),
        first in any::<prop::sample::Index>(),
    ) {
        let mut line = r#"10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a b.gif HTTP/1.0" 200 2326 "http://x/" "Mozilla (X11)""#.to_owned();
        for (at, with) in damage {
            let at = at.index(line.len());
            if line.is_char_boundary(at) && line.is_char_boundary(at + 1) {
                line.replace_range(at..=at, &with);
            }
        }
        for regex in BUILT_IN.iter().cycle().skip(first.index(BUILT_IN.len())).take(18) {
            check::engines(regex.pattern(), &[&line]);
        }
    }
}

#[test]
fn a_group_on_a_way_that_was_given_up_takes_no_part() {
    let regex = Regex::new("^(?:(?<a>x)y|(?<b>x)z)$").unwrap();

    assert_eq!(regex.engine(), Engine::Program);
    assert_eq!(ranges(&regex, b"xz"), Some(vec![Some(0..2), None, Some(0..1)]));
}

#[test]
fn patterns_that_begin_with_the_line_and_repeat_groups_run_in_one_pass() {
    let cases = [
        (r"^(?<logger>\w+(?:\.\w+)*): (?<message>.*)$", Engine::OnePass),
        (r"\A(?<pairs>(?:\w+=\w+;)*)-(?<rest>.*)$", Engine::OnePass),
        (r"^(?<word>\p{L}+) ", Engine::OnePass),
        (r"^(?<a>\w+)(?:\.\w+)*x", Engine::General),
        (r"(?<a>\w+(?:\.\w+)*)", Engine::General),
        (r"^(?<a>[^ ]*) ", Engine::Program),
    ];

    for (pattern, engine) in cases {
        assert_eq!(Regex::new(pattern).unwrap().engine(), engine, "{pattern}");
    }
}

#[test]
fn room_that_was_used_for_one_pattern_serves_another() {
    let short = Regex::new(r"^(?<a>\w+(?:\.\w+)*)").unwrap();
    let long = Regex::new(r"^(?<a>\w+(?:\.\w+)*)=(?<b>\w+(?:\.\w+)*)").unwrap();
    let mut captures = Captures::default();

    for (regex, ends) in [(&short, vec![3]), (&long, vec![3, 5]), (&short, vec![3])] {
        assert_eq!(regex.captures(b"a.b=c", &mut captures), Ok(true));
        let groups = (1..=ends.len()).map(|group| captures.get(group).unwrap().end);
        assert_eq!(groups.collect::<Vec<_>>(), ends);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn one_pass_finds_what_the_general_engine_finds(
        pairs in proptest::collection::vec((part(), prop::sample::select(vec![" ", "-", "\\[", "x", "\\b", "é"])), 1..4),
        end in prop_oneof![Just(""), Just("$")],
        texts in proptest::collection::vec("[ab\"x\\[\\] é\\-\n]{0,14}", 1..12),
    ) {
        let parts: String = pairs.iter().map(|(part, behind)| format!("({part}){behind}")).collect();
        let pattern = format!("^{parts}{end}");
        prop_assume!(Regex::new(&pattern).expect("it is valid").on_one_pass().engine() == Engine::OnePass);
        check::engines(&pattern, &texts);
    }
}

/// Pieces of the patterns that logs are made for.
fn part() -> impl Strategy<Value = String> {
    let set = prop::sample::select(vec![
        "[^ ]",
        "[^\"]",
        "[^\\]]",
        "\\S",
        "\\d",
        "\\w",
        ".",
        "[ab]",
        "a",
        "\\s",
        " ",
        "[^a]",
        "[[:alpha:]]",
    ]);
    let times = prop::sample::select(vec!["*", "+", "?", "*?", "+?", "{1,3}", "{2}", "", "??", "{0,2}?"]);
    let run = (set, times).prop_map(|(set, times)| format!("{set}{times}"));
    let literal = prop::sample::select(vec![" ", "\"", "\\[", "\\] ", " \"", "a", "x", "é"]).prop_map(str::to_owned);
    let leaf = prop_oneof![3 => run, 2 => literal];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("({inner})")),
            proptest::collection::vec(inner.clone(), 1..3).prop_map(|inner| format!("(?:{})?", inner.concat())),
            proptest::collection::vec(inner.clone(), 1..3).prop_map(|inner| format!("({})", inner.join("|"))),
            proptest::collection::vec(inner, 1..3).prop_map(|inner| format!("(?:{}){{1,2}}", inner.concat())),
        ]
    })
}
