//! Every detector against its own examples, through the engine.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Detector, Engine, Finding, Place, Scanner, Strictness, all};

fn scanner() -> Scanner {
    Scanner::new(Arc::new(Engine::new(&all().collect::<Vec<_>>(), Strictness::Normal)))
}

/// What is found in `text`: the name and the text of each.
fn found<'t>(scanner: &mut Scanner, text: &'t str) -> Vec<(&'static str, &'t str)> {
    let detectors: Vec<&Detector> = all().collect();
    let mut found = Vec::new();
    scanner.scan(text.as_bytes(), Place::default(), &mut found);
    let name = |one: &Finding| detectors[usize::from(one.detector)].entity;
    found
        .iter()
        .map(|one| (name(one), text.get(one.start as usize..one.end as usize).expect("whole letters")))
        .collect()
}

/// The text without `[[` and `]]`, and what stood between them.
fn unmarked(example: &str) -> (String, Vec<&str>) {
    let values = example.split("[[").skip(1).map(|rest| rest.split_once("]]").expect("marks are closed").0);
    (example.replace("[[", "").replace("]]", ""), values.collect())
}

#[test]
fn every_example_is_found_and_no_counter_example() {
    let mut scanner = scanner();
    let mut wrong = Vec::new();
    for detector in all() {
        for example in detector.matches {
            let (text, values) = unmarked(example);
            let found = found(&mut scanner, &text);
            let of_this: Vec<&str> =
                found.iter().filter(|(name, _)| *name == detector.entity).map(|(_, text)| *text).collect();
            if values.is_empty() || !values.iter().all(|value| of_this.contains(value)) {
                wrong.push(format!("{}: {example}: {found:?}", detector.entity));
            }
        }
        for text in detector.rejects {
            let found = found(&mut scanner, text);
            if found.iter().any(|(name, _)| *name == detector.entity) {
                wrong.push(format!("{}: not {text}: {found:?}", detector.entity));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Texts are looked through in blocks: where they begin makes no difference.
#[test]
fn every_example_is_found_wherever_it_stands() {
    let mut scanner = scanner();
    let mut wrong = Vec::new();
    for detector in all() {
        for (text, values) in detector.matches.iter().map(|example| unmarked(example)) {
            let shift = |by: usize| format!("{}{}{text}", "- ".repeat(by / 2), " ".repeat(by % 2));
            let is_found = |shifted: &str, scanner: &mut Scanner| {
                let found = found(scanner, shifted);
                values.iter().all(|value| found.contains(&(detector.entity, value)))
            };
            if is_found(&shift(2), &mut scanner) {
                let missed = (3..68).filter(|by| !is_found(&shift(*by), &mut scanner));
                wrong.extend(missed.map(|by| format!("{}: {text}, {by} bytes on", detector.entity)));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Pieces of which texts are made that come close to values.
const PIECES: &[&str] = &[
    "4111111111111111",
    "1 84 12 76 451 089 46",
    "jane@example.org",
    "%40",
    "\\u0040",
    "&#64;",
    "\u{a0}",
    "\u{202f}",
    "４",
    "\u{200b}",
    "::",
    ":",
    "=",
    "@",
    "password=",
    "secret",
    "Key: ",
    "\"",
    "'",
    "\\",
    "/home/",
    "user ",
    "for ",
    "invalid ",
    "Bearer ",
    "Basic ",
    "-----BEGIN PRIVATE KEY-----",
    "eyJ",
    "+33",
    "0033",
    "(0)",
    "<",
    "<<",
    "<email>",
    "[card]",
    "P<FRA",
    "P<FRADUPONT<<JEAN<<<<<<<<<<18A",
    "S-1-5-21-",
    "2026-11-28",
    "12:34:56",
    "T",
    "1.2.3.4",
    "2001:db8::1",
    "00:1b:44:11:3a:b7",
    "-",
    ".",
    " ",
    "  ",
    "\n",
    "é",
    "a",
    "Z",
    "_",
    "0",
    "12",
    "FR76",
    "cvv ",
    "card ",
    "tel: ",
    "NIR-",
    "device ",
    "06 12 34 56 78",
    "490154203237518",
    "48.8566, 2.3522",
    "ACME\\jane",
    "http://",
    "?code=",
    "&",
    ";",
    ",",
    "DE89 3704 0044 0532 0130 00",
    "DE ",
    "89370400440532013000",
    "e37dfc2a-f5cc-42e9-ad7a-d6bc8fc5d9ad",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn findings_lie_in_order_within_any_text(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30), escaped: bool, key in "[a-z_]{0,8}") {
        super::check::check(pieces.concat().as_bytes(), Place { key: key.as_bytes(), escaped });
    }

    #[test]
    fn every_check_answers_for_any_value(
        plain in prop::collection::vec(any::<u8>(), 1..64),
        cuts in prop::collection::vec(any::<u8>(), 0..8),
        marks in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        super::check::checks(&plain, &cuts, &marks);
    }

    #[test]
    fn sums_are_those_of_the_rules(plain in "[0-9A-Z -]{0,40}") {
        super::check::sums(plain.as_bytes());
    }

    #[test]
    fn any_bytes_may_be_looked_through(text in prop::collection::vec(any::<u8>(), 0..300), escaped: bool) {
        super::check::check(&text, Place { key: b"", escaped });
    }
}

/// Found by fuzzing: a shift by all bits.
#[test]
fn groups_may_be_as_long_as_a_block() {
    for length in [63, 64, 65, 128] {
        let text = format!("{}-{}.1-2", "a".repeat(length), "7".repeat(length));
        super::check::check(text.as_bytes(), Place { key: b"", escaped: false });
    }
}

proptest! {
    // An engine is made for each of them.
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The order in which detectors stand does not tell what is found.
    #[test]
    fn the_order_of_detectors_does_not_matter(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30), turn in 1_usize..150) {
        let text = pieces.concat();
        let spans = |detectors: &[&'static Detector]| {
            let mut found = Vec::new();
            let engine = Engine::new(detectors, Strictness::Normal);
            Scanner::new(Arc::new(engine)).scan(text.as_bytes(), Place::default(), &mut found);
            found.iter().map(|one| (one.start, one.end)).collect::<Vec<_>>()
        };
        let mut detectors: Vec<&Detector> = all().collect();
        let expected = spans(&detectors);
        let length = detectors.len();
        detectors.rotate_left(turn % length);
        detectors.reverse();

        prop_assert_eq!(spans(&detectors), expected);
    }
}

#[test]
fn whole_fields_are_values_by_their_keys() {
    let mut scanner = scanner();
    let cases: &[(&str, &str, &[&str])] = &[
        ("password", "hunter2 is it", &["password"]),
        ("userPassword", "x y", &["password"]),
        ("s3SecretKey", "abcd1234efgh", &["secret"]),
        ("first_name", "Zoé", &["person_name"]),
        ("nir", "184127645108946", &[]),
        ("card", "4111111111111111", &["card"]),
        ("duration", "4111111111111", &[]),
        ("tel", "0476123456", &["phone_fr"]),
        ("dob", "1984-12-07", &["birth_date"]),
        ("message", "all is well", &[]),
        ("cvv", "123", &["cvv"]),
        ("lat", "48.8566", &["gps"]),
        ("password", "null", &[]),
        ("set-cookie", "id=a3fWa; Secure", &["cookie"]),
    ];
    for (key, text, names) in cases {
        let detectors: Vec<&Detector> = all().collect();
        let mut found = Vec::new();
        scanner.scan(text.as_bytes(), Place { key: key.as_bytes(), escaped: false }, &mut found);
        let found: Vec<&str> = found
            .iter()
            .map(|one| detectors[usize::from(one.detector)].entity)
            .filter(|name| *name != "fr_nir")
            .collect();
        assert_eq!(found, *names, "{key}: {text}");
    }
}

#[test]
fn what_stands_for_a_value_is_not_found_again() {
    let mut scanner = scanner();
    let (encrypted, sealed) = ("Q".repeat(43), "Q".repeat(96));
    for text in [
        "password=<password> x",
        "from <email:K655.abcdefghijklmnop2345> to <card>",
        &format!("ip=[ipv4] user=<username:E655.{encrypted}>"),
        &format!("<email:S1a2b3c4d.{sealed}>@x"),
    ] {
        assert_eq!(found(&mut scanner, text), [], "{text}");
    }
}

#[test]
fn what_only_looks_like_a_token_hides_nothing() {
    let mut scanner = scanner();
    for text in ["<x:E1.4111111111111111aaaa>", "[x:E1.a4111111111111111-a]", "<x:K1.4111111111111111>"] {
        assert_eq!(found(&mut scanner, text), [("card", "4111111111111111")], "{text}");
    }
}

/// Issue 7: a name behind digits was taken for one word with them, so that its value was not found.
#[test]
fn names_behind_digits_are_known() {
    let mut scanner = scanner();
    for text in [
        "db1password=[[hunter2]]",
        "89password=[[y]] ",
        "a0b9PASSWORD: [[Hunter2]]",
        "\"s3secret\":\"[[abcd1234efgh]]\"",
        "\"s3SecretKey\":\"[[abcd1234efgh]]\"",
        "s3secret_key='[[abcd1234efgh]]'",
        "aws2secretAccessKey = [[abcd1234efgh]]",
        "{\\\"oauth2token\\\":\\\"[[abcd1234efgh]]\\\"}",
        "db1password1=[[hunter2]]",
        "db1mot_de_passe=[[azerty]]&x",
        "3contraseña=[[hunter2]]",
        "<db1password>[[hunter2]]</db1password>",
        "?p=1&oauth2code=[[4/0AbCdEf123]]",
    ] {
        let (text, values) = unmarked(text);
        for shift in 0..68 {
            let text = format!("{}{text}", "- ".repeat(shift / 2) + &" ".repeat(shift % 2));
            let found: Vec<&str> = found(&mut scanner, &text).iter().map(|(_, value)| *value).collect();
            assert_eq!(found, values, "{text}");
            super::check::check(text.as_bytes(), Place { key: b"", escaped: false });
        }
    }
    for text in
        ["db1passwords=y", "1a2b3c=y", "passw0rd=y", "db1pass2word=y", "00:1b:44:11:3a:b7 2password", "9bytes=17"]
    {
        super::check::check(text.as_bytes(), Place { key: b"", escaped: false });
        assert!(!found(&mut scanner, text).iter().any(|(name, _)| *name == "password"), "{text}");
    }
}

/// Found by fuzzing: a line for machines ends within the word before a `=`, and what is left of that is a name.
#[test]
fn a_name_may_begin_behind_a_value() {
    let mut scanner = scanner();
    for value in ["P<FRADUPONT<<JEAN<<<<<<<<<<189", "P<FRADUPONT<<JEAN<<<<<<<<<<18A"] {
        for shift in 0..68 {
            for (name, secret) in [("password=", "é"), ("password: ", "Hunter2"), ("password\":\"", "y")] {
                let text = format!("{}{value}{name}{secret}", " ".repeat(shift));
                assert_eq!(found(&mut scanner, &text), [("mrz", value), ("password", secret)], "{text}");
                super::check::check(text.as_bytes(), Place { key: b"", escaped: false });
            }
        }
    }
}
