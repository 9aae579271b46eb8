use proptest::prelude::*;

use super::STEP_LIMIT;
use crate::regex::{Captures, Engine, GivenUp, Regex, check};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// The groups of the first match as text, the whole match first; a group that took no part is `-`.
fn groups(regex: &Regex, text: &[u8]) -> Option<String> {
    try_groups(regex, text).expect("it is found out")
}

fn try_groups(regex: &Regex, text: &[u8]) -> Result<Option<String>, GivenUp> {
    let mut captures = Captures::default();
    let found = regex.captures(text, &mut captures)?;
    assert_eq!(regex.is_match(text), Ok(found));
    let show = |range: std::ops::Range<usize>| String::from_utf8_lossy(&text[range]).into_owned();
    let group = |at| captures.get(at).map_or("-".to_owned(), show);
    Ok(found.then(|| (0..=regex.groups().len()).map(group).collect::<Vec<_>>().join("|")))
}

/// Holds each pattern and text against the groups that are wanted, as [`groups`] gives them.
fn check(cases: &[(&str, &str, Option<&str>)]) {
    for (pattern, text, wanted) in cases {
        assert_eq!(groups(&regex(pattern), text.as_bytes()).as_deref(), *wanted, "{pattern} on {text:?}");
    }
}

/// Answers follow from the manual of Onigmo (`doc/RE`) and of Ruby's `Regexp`.
#[test]
fn ruby_patterns_that_look_around_match_what_ruby_matches() {
    let cases = [
        (r"a(?=b)", "ac ab", Some("a")),
        (r"a(?!b)", "ab ac", Some("a")),
        (r"^(?!.*debug)(.*)$", "debug\ninfo", Some("info|info")),
        (r"(?=(\w+)).", "abc", Some("a|abc")),
        (r"(?!(a)b)(.)", "ab", Some("b|-|b")),
        (r"(?!(a)c)(.)", "ab", Some("a|-|a")),
        (r"(?=a*(b))a*(?<!x)\1", "aab", Some("aab|b")),
        (r"(?<=\d{2})x", "1x 12x", Some("x")),
        (r"(?<=a|bc)x", "bcx", Some("x")),
        (r"(?<=a|bc)x", "cx", None),
        (r"(?<=^|,)[^,]+", "a,b", Some("a")),
        (r"(?<!\\)x", r"\xx", Some("x")),
        (r"(?<=(é))x", "éx", Some("x|é")),
        (r"(?<=.{2})x", "éx aéx", Some("x")),
        (r"(?<!é)x", "éx", None),
        (r"(?<!^)a", "a\na", None),
        (r"(?<=a(?=b))b", "ab", Some("b")),
        (r"(?=a(?!b))a.", "abac", Some("ac")),
        (r"(?i)(?<=A)b", "aB", Some("B")),
        (r"\b(?=\w)(\w+)\b(?=;)", "a, bc;", Some("bc|bc")),
    ];

    check(&cases);
}

#[test]
fn ruby_patterns_that_refer_to_groups_match_what_ruby_matches() {
    let cases = [
        (r#"(["'])(.*?)\1"#, r#"x 'a"b' y"#, Some(r#"'a"b'|'|a"b"#)),
        (r"(a*)\1b", "aaaab", Some("aaaab|aa")),
        (r"(a)?\1b", "b", None),
        (r"(a)?b|\1c", "c", None),
        (r"(?<q>[ab])\k<q>", "abba", Some("bb|b")),
        (r"(?<q>[ab])\k'q'", "abba", Some("bb|b")),
        (r"(?<n>a)|(?<n>b)\k<n>", "bb", Some("bb|-|b")),
        (r"(?<n>a)(?<n>b)\k<n>", "aba", Some("aba|a|b")),
        (r"(a)(b)\k<-1>", "abb", Some("abb|a|b")),
        (r"(a)(b)\k<1>", "aba", Some("aba|a|b")),
        (r"(?i)(ab)\1", "abAB", Some("abAB|ab")),
        (r"(?i)(é)\1", "éÉ", Some("éÉ|é")),
        (r"((?i)ab)\1", "aBab", None),
        (r"((?i)ab)\1", "aBaB", Some("aBaB|aB")),
        (r"(a|b\1)+", "aba", Some("a|a")),
        (r"(a)\1{2}", "aaa", Some("aaa|a")),
        (r"(a)(\1)*b", "aaab", Some("aaab|a|a")),
        // Conditions.
        (r"^(<)?a(?(1)>)$", "<a>", Some("<a>|<")),
        (r"^(<)?a(?(1)>)$", "a", Some("a|-")),
        (r"^(<)?a(?(1)>)$", "<a", None),
        (r"^(<)?a(?(1)>|;)$", "a;", Some("a;|-")),
        (r"^(?<o>\[)?a(?(<o>)\]|\))", "a)", Some("a)|-")),
        (r"^(?<o>\[)?a(?('o')\]|(?:;|,))", "a,", Some("a,|-")),
        // Calls.
        (r"(?<p>\((?:[^()]|\g<p>)*\))", "x(a(b)c(d(e)))", Some("(a(b)c(d(e)))|(a(b)c(d(e)))")),
        (r"^\((?:[a-z]|\g<0>)*\)", "(a(b))", None),
        (r"\((?:[a-z]|\g<0>)*\)", "(a(b))(", Some("(a(b))")),
        (r"(?<d>\d){0}^(\g<d>)\.(?<r>\g<d>+)$", "1.23", Some("1.23|3|23")),
        (r"(([^ ]\g<1>){0,2})b", "aab", Some("aab|aa|aa")),
        (r"(?<d>[a-z])-\g<d>", "a-b", Some("a-b|b")),
        (r"([a-z])-\g<1>\1", "a-bb", Some("a-bb|b")),
        (r"\A(?<x>|.|(?:(?<c>.)\g<x>\k<c>))\z", "a", Some("a|a|-")),
    ];

    check(&cases);
}

#[test]
fn ruby_patterns_that_hold_on_to_what_they_took_match_what_ruby_matches() {
    let cases = [
        (r"(?>a+)b", "aab", Some("aab")),
        (r"(?>a+)ab", "aab", None),
        (r"(?>a|ab)c", "abc", None),
        (r"(?>(a)|b)*c", "abc", Some("abc|a")),
        (r"(?>(a*)b|a)a", "aaa", Some("aa|-")),
        (r"(?:(?>(a))b|a)c", "ac", Some("ac|-")),
        (r"(?:(?=(a))ab|a)c", "ac", Some("ac|-")),
        (r"(?=x)x.{0,2}?b", "xaab", Some("xaab")),
        (r"(?=x)x.{0,2}?b", "xaaab", None),
        (r"a++b", "aab", Some("aab")),
        (r"a++ab", "aab", None),
        (r"a*+a", "aaa", None),
        (r"a?+a", "a", None),
        (r"a?+a", "aa", Some("aa")),
        (r#""(?:[^"\\]++|\\.)*+""#, r#"x "a\"b" y"#, Some(r#""a\"b""#)),
        // Behind an interval the sign repeats once more, as in Ruby.
        (r"(?=.)a{1,2}+$", "aaaa", Some("aaaa")),
        (r"a\Kb", "ab", Some("b")),
        (r"(?<x>a)\K(?<y>b)", "ab", Some("b|a|b")),
        (r"(?=.)\Ga", "ba", None),
        (r"a\Rb", "a\r\nb", Some("a\r\nb")),
        (r"a\Rb", "a\u{2028}b", Some("a\u{2028}b")),
        (r"a\R\nb", "a\r\nb", None),
        (r"^\X", "e\u{301}a", Some("e\u{301}")),
        (r"^\X{2}", "🇫🇷🇩🇪🇮🇹", Some("🇫🇷🇩🇪")),
        (r"^\X", "👩\u{200d}💻x", Some("👩\u{200d}💻")),
        (r"a\Z|b", "a\n", Some("a")),
        (r"(a\Z)", "a\n\n", None),
    ];

    check(&cases);
}

#[test]
fn a_round_of_a_loop_that_takes_nothing_is_its_last() {
    let cases = [
        (r"(?=.)(a*)*b", "aab", "aab|"),
        (r"(?=.)(?:a|(b*))+c", "abc", "abc|"),
        (r"(?=.)(?:|a)*b", "aab", "aab"),
        (r"(?:(?=a)){2,}a", "a", "a"),
        (r"(\2a|(b)|)*c", "bbac", "bbac||b"),
    ];

    for (pattern, text, wanted) in cases {
        assert_eq!(groups(&regex(pattern), text.as_bytes()).as_deref(), Some(wanted), "{pattern} on {text:?}");
    }
}

#[test]
fn text_that_is_not_utf8_is_searched_by_bytes() {
    let regex = regex(r"^(?!#)(?<path>[^ ]*) (?<rest>(?<=.{3}).*)$");

    assert_eq!(groups(&regex, b"/\xe9 x\xff").as_deref(), Some("/\u{fffd} x\u{fffd}|/\u{fffd}|x\u{fffd}"));
    assert_eq!(groups(&regex, "é x".as_bytes()), None);
    assert_eq!(groups(&Regex::new(r"(?<=é)x").unwrap(), b"\xff\xc3\xa9x").as_deref(), Some("x"));
    // A class that no bytes can say.
    assert_eq!(groups(&Regex::new(r"(?<=\x80)x|[é]").unwrap(), b"\xc3\x80\x80x").as_deref(), Some("x"));
}

#[test]
fn a_match_does_not_begin_inside_of_a_character() {
    let mut captures = Captures::default();

    assert_eq!(regex(r"(?!é)(?!\z)").captures("éa".as_bytes(), &mut captures), Ok(true));

    assert_eq!(captures.get(0), Some(2..2));
}

#[test]
fn a_search_that_takes_too_long_is_given_up() {
    let many = "a".repeat(64);
    let long = "a".repeat(1 << 20);
    let cases = [
        (r"^(?=(a+)+$)b", format!("{many}!")),
        (r"^(?=(a|aa)+$)b", format!("{many}!")),
        (r"(a*)*\1$b", format!("{many}!")),
        (r"^(?!(?:a*a*)*$).", format!("{many}!")),
        (r"(a+)\1b", long.clone()),
        // The room for choices and frames ends first.
        (r"\A(?=.)(?:ab?)*\z", "a".repeat(100_000)),
        (r"(?=(?<x>a\g<x>))", long),
        (r"(?~(?:a|aa)+b)c", many.clone()),
        (r"(?<x>\g<x>a|b)", many),
    ];

    for (pattern, text) in cases {
        let regex = regex(pattern);
        assert_eq!(regex.is_match(text.as_bytes()), Err(GivenUp), "{pattern}");
        assert_eq!(regex.captures(text.as_bytes(), &mut Captures::default()), Err(GivenUp), "{pattern}");
    }
}

#[test]
fn steps_are_counted_for_each_search_alone() {
    let regex = regex(r"^(?=(a+)+$)");
    let mut captures = Captures::default();

    assert_eq!(regex.captures(format!("{}!", "a".repeat(64)).as_bytes(), &mut captures), Err(GivenUp));

    assert_eq!(regex.captures(b"aa", &mut captures), Ok(true));
    assert_eq!(captures.get(1), Some(0..2));
}

#[test]
fn a_long_line_is_no_reason_to_give_up() {
    let line = format!("{} level=info {}", "x".repeat(STEP_LIMIT / 2), "y".repeat(STEP_LIMIT / 2));

    assert_eq!(regex(r"^(?!.*debug).* level=(?<level>\w+)").is_match(line.as_bytes()), Ok(true));
    assert_eq!(regex(r"(?<=level=)info").is_match(line.as_bytes()), Ok(true));
}

#[test]
fn what_cannot_be_run_is_named_with_its_place() {
    let cases = [
        (r"(?<n>a)\k<n-1>", r"a reference with a level (`\k<name+0>`) is not available: write `\k<name>`"),
        (r"a(?<=b*)", "the length of a look-behind must be bounded, by 4096 characters and 64 choices (at byte 1"),
        (r"(a)(?<!\1)", "the length of a look-behind"),
        (r"(a)\2", "there is no group 2 (at byte 3"),
        (r"(?<n>a)\1", "groups have no numbers where one has a name"),
        (r"(?<n>a)\k<m>", "no group is called `m` (at byte 7"),
        (r"(?<n>a)(?<n>b)\g<n>", "more than one group is called `n`"),
        (r"(a)\k<-2>", "there are not that many groups"),
        (r"\k", "expected the name of a group"),
        (r"(a)(?(1)b|c|d)", "a conditional has two branches at most"),
        (r"(a)(?(x)b)", "expected a group's number or `<name>` as the condition"),
        (r"(?=((a{1000}){1000}){1000})", "the pattern is too large (at byte 0"),
        (r"(?<=(?:(?=a)){4000000000})", "the pattern is too large"),
        (r"(?<=a?{4000000000})", "the length of a look-behind"),
        ("(?=a", "this parenthesis is not closed (at byte 0"),
        (r"(?=\p{Nope})", "expected a regular expression"),
    ];

    for (pattern, wanted) in cases {
        let error = Regex::new(pattern).expect_err(pattern).to_string();
        assert!(error.starts_with(wanted), "{pattern}: {error}");
    }
}

#[test]
fn only_patterns_that_need_it_backtrack() {
    let cases = [(r"(?=a)", Engine::Backtracking), (r"\Ga", Engine::Program), (r"a\Z", Engine::General)];

    for (pattern, engine) in cases {
        assert_eq!(regex(pattern).engine(), engine, "{pattern}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn backtracking_finds_what_the_general_engine_finds(
        pattern in pattern(),
        texts in proptest::collection::vec("[ab\\- \né\u{20ac}]{0,12}", 1..10),
    ) {
        prop_assert!(Regex::new(&pattern).is_ok());
        check::backtracking(&pattern, &texts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_look_around_agrees_with_the_pattern_that_says_the_same(
        (before, part, behind) in (leaf(), part(), part()),
        texts in proptest::collection::vec("[ab\\- é]{0,10}", 1..8),
    ) {
        // Each pair has the same matches as a whole, and groups of its own in none.
        let pairs = [
            (format!("(?:{part})(?={behind})"), format!("({part})(?:{behind})"), 1),
            (format!("(?<={})a", flat(&before)), format!("(?:{})(a)", flat(&before)), 1),
            (format!("^(?!(?:{part})a).*"), format!("^(?:{part})a"), 0),
            (format!("^(?=(?:{part})a)(?!b).*"), format!("^(?:{part})a"), 0),
        ];
        for text in texts {
            for (at, (looking, plain, group)) in pairs.iter().enumerate() {
                let (looking, plain) = (regex(looking), regex(plain));
                let Ok(found) = looking.is_match(text.as_bytes()) else { continue };
                let plain_found = plain.is_match(text.as_bytes()).unwrap();
                let wanted = match at {
                    2 => !plain_found,
                    3 => plain_found && !text.starts_with('b'),
                    _ => plain_found,
                };
                prop_assert_eq!(found, wanted, "{} on {:?}", looking.pattern(), text);
                let mut captures = [Captures::default(), Captures::default()];
                if at == 0 && found {
                    looking.captures(text.as_bytes(), &mut captures[0]).unwrap();
                    plain.captures(text.as_bytes(), &mut captures[1]).unwrap();
                    prop_assert_eq!(captures[0].get(0), captures[1].get(*group), "{} on {:?}", looking.pattern(), text);
                }
            }
        }
    }

    #[test]
    fn a_back_reference_takes_the_text_of_its_group_again(word in "[abé]{1,4}", between in "[- ]{0,3}") {
        let text = format!("{word}{between}{word}");

        let found = groups(&regex(r"^([abé]+)([- ]*)\1$"), text.as_bytes());

        let other = format!("{word}-{}", "-".repeat(word.len()));
        prop_assert_eq!(groups(&regex(r"^([abé]+)-\1$"), other.as_bytes()), None);
        let half = word.get(word.len() / 2..).filter(|half| half.len() * 2 == word.len());
        let halves = half.is_some_and(|half| word.starts_with(half));
        if !between.is_empty() || !halves {
            prop_assert_eq!(found, Some(format!("{text}|{word}|{between}")));
        }
    }
}

/// `pattern` with its repetitions bounded, for looking behind.
fn flat(pattern: &str) -> String {
    pattern.replace('*', "{0,2}").replace('+', "{1,2}").replace("2,}", "2,3}")
}

fn leaf() -> impl Strategy<Value = String> {
    let set =
        prop::sample::select(vec!["[^ ]", "\\S", "\\w", ".", "[ab]", "a", "[^a]", "[[:alpha:]]", "é", "[é\\-]", "b"]);
    let times = prop::sample::select(vec!["*", "+", "?", "*?", "+?", "{1,3}", "{2}", "", "??", "{0,2}?", "{2,}"]);
    let run = (set, times).prop_map(|(set, times)| format!("{set}{times}"));
    let other = prop::sample::select(vec!["^", "$", "\\b", "\\B", "\\A", "\\z", " ", "ab", "-", "\\n", "aé"]);
    prop_oneof![3 => run, 2 => other.prop_map(str::to_owned)]
}

/// A part that takes something, without groups that capture.
fn something() -> impl Strategy<Value = String> {
    let set = prop::sample::select(vec!["[^ ]", "\\S", ".", "[ab]", "a", "[^a]", "é", "b"]);
    let times = prop::sample::select(vec!["", "+", "+?", "{1,3}", "{2}"]);
    (set, times, leaf()).prop_map(|(set, times, behind)| format!("{set}{times}{behind}"))
}

/// A part without groups that capture. What is repeated without end takes something: of rounds that take nothing Onigmo and
/// the linear engines think differently.
fn part() -> impl Strategy<Value = String> {
    let several = proptest::collection::vec(something(), 1..3);
    let times = prop::sample::select(vec!["*", "+", "*?", "{2,}"]);
    let repeated = (several, prop::sample::select(vec!["", "|"]), times)
        .prop_map(|(several, between, times)| format!("(?:{}){times}", several.join(between)));
    prop_oneof![leaf(), repeated].prop_recursive(2, 6, 3, |inner| {
        let several = proptest::collection::vec(inner, 1..3);
        let times = prop::sample::select(vec!["", "?", "??", "{1,2}", "{0,3}"]);
        (several, prop::sample::select(vec!["", "|"]), times)
            .prop_map(|(several, between, times)| format!("(?:{}){times}", several.join(between)))
    })
}

/// Parts in groups.
fn pattern() -> impl Strategy<Value = String> {
    let piece = part().prop_recursive(2, 6, 3, |inner| {
        let several = proptest::collection::vec(inner, 1..3);
        (several, prop::sample::select(vec!["", "|"]), prop::sample::select(vec!["", "?", "??", "{1,2}"]))
            .prop_map(|(several, between, times)| format!("({}){times}", several.join(between)))
    });
    let options = prop::sample::select(vec!["", "(?i)", "(?m)"]);
    (options, proptest::collection::vec(piece, 1..5))
        .prop_map(|(options, pieces)| format!("{options}{}", pieces.concat()))
}
