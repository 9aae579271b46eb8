//! What holds for any text: nothing of what is found survives, and what was hidden stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::check::{check, redactor};
use super::token::tokens_in;
use super::{Action, GROUPS, Policy, Preset, Redactor, Selector};
use crate::redact::{PIECES, Place, Strictness, all};

/// What stands between examples.
const BETWEEN: &[&str] = &[" ", "\n", "; ", ",", " x ", "\t", " é ", "\" ", "=", "|", "\\n"];

/// All examples of all detectors, found and not found, without their marks and without what looks like a label.
fn examples() -> Vec<String> {
    let lines = all().flat_map(|detector| detector.matches.iter().chain(detector.rejects));
    let lines = lines.map(|line| line.replace("[[", "").replace("]]", ""));
    lines.filter(|line| !line.contains('<')).collect()
}

fn texts() -> impl Strategy<Value = String> {
    let piece = (prop::sample::select(examples()), prop::sample::select(BETWEEN));
    prop::collection::vec(piece, 1..6)
        .prop_map(|pieces| pieces.into_iter().map(|(example, between)| example + between).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_that_is_found_survives_and_what_was_hidden_once_stays_as_it_is(text in texts(), escaped: bool, key in "[a-z_]{0,8}") {
        check(text.as_bytes(), Place { key: key.as_bytes(), escaped });
        check(text.as_bytes(), Place::default());
    }
}

/// Ends and beginnings of what holds values, which other strings of JSON must not be taken for the rest of.
const HOSTILE: &[&str] = &[
    "WHERE password LIKE ",
    "password IN (",
    "password IN('",
    "password <> '",
    "password BETWEEN 'x' AND '",
    "(a, password) = ('1",
    "password = ANY(ARRAY['",
    "'x' = password",
    "OPTIONS (password '",
    "[[\"password\",\"",
    "password == '",
    "password -> '",
    "'loc': ('password'), 'input': ",
    "{{ pw | default('",
    "<key>password</key><string>",
    "INSERT INTO u (id, password) VALUES (1,",
    "SET PASSWORD FOR x = ",
    "name=\"password\" value=",
    "s:8:\"password\";s:5:",
    "'password': ",
    "\"password\": ",
    "password=[",
    "password={",
    "password=\\",
    "password: '",
    "user: \"",
    "-----BEGIN PRIVATE KEY-----",
    "usage: app --password",
    "--token",
    "mysql -u",
    "mysql -p",
    "curl -u ",
    "<password>",
    "</password>",
    "value=\"\"/>",
    "rejected value [",
    "[password] => ",
    "cookie",
    "cookies",
    "set-cookie",
    "name",
    "value",
    "pin",
    "lat",
    "auth",
    "1234",
    "hunter22x",
    "06 12 34 56 78",
    "\u{1b}[36m",
    "\u{e9}",
    "%22",
];

/// A text of hostile pieces.
fn piece() -> impl Strategy<Value = String> {
    let one = prop_oneof![prop::sample::select(HOSTILE), prop::sample::select(PIECES)];
    prop::collection::vec(one, 1..4).prop_map(|pieces| pieces.concat())
}

/// JSON of such texts, and of what stands without quotes.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let number = prop_oneof![
        Just(serde_json::json!(-1.5)),
        any::<i32>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into)
    ];
    let leaf = prop_oneof![
        6 => piece().prop_map(serde_json::Value::String),
        2 => number,
        1 => prop::sample::select(vec![serde_json::json!(null), serde_json::json!(true), serde_json::json!(1234)]),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array);
        let map = prop::collection::vec((piece(), inner), 0..4).prop_map(|members| members.into_iter().collect());
        prop_oneof![list, map]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn json_stays_json(
        members in prop::collection::vec((piece(), json()), 1..5),
        is_list: bool,
        prefix in prop::sample::select(&["", "", "INFO x "][..]),
    ) {
        let list = || members.iter().map(|(_, item)| item.clone()).collect::<serde_json::Value>();
        let map = || members.iter().cloned().collect::<serde_json::Value>();
        let json = if is_list { list() } else { map() };
        // A list without strings may be anything there.
        let prefix = if is_list && !json.to_string().contains('"') { "" } else { prefix };
        let (text, mut out) = (format!("{prefix}{json}"), Vec::new());
        if redactor().text(text.as_bytes(), Place::default(), &mut out) {
            let out = String::from_utf8(out).expect("it is text");
            let read = out.strip_prefix(prefix).map(serde_json::from_str::<serde_json::Value>);
            prop_assert!(matches!(read, Some(Ok(_))), "{text}\n became {out}");
        }
    }
}

/// What fields hold, some of it in quotes, with escapes or over lines.
const VALUES: &[&str] = &[
    "jane@example.com",
    "8.8.8.8",
    "4111 1111 1111 1111",
    "FR7630006000011234567890189",
    "1 84 12 76 451 089 46",
    "+33612345678",
    "48.8566,2.3522",
    "2001:db8::1",
    "00:1a:2b:3c:4d:5e",
    "AA-123-BB",
    "Bearer abcDEF123456789012345",
    "https://u:p4ssw0rd@h.fr/x?token=abcDEF12345&user=jd",
    "C:\\Users\\jdupont\\x",
    "/home/jdupont/x",
    "user jdupont logged",
    "mysql -u root -pS3cr3tAb db",
    "a'b\"c\\d",
    "S3cr3tAb\nrest1234",
    "\nS3cr3tAb\t",
    "<user>jdupont</user>",
    "password=S3cr3tAb, x",
    "password=S3cr3tAb",
    "pw: \"S3cr3t Ab\", y",
    "{'password': 'S3cr3tAb', 'x': 1}",
    "a:1:{s:8:\"password\";s:8:\"S3cr3tAb\";}",
    "INSERT INTO u (a,password) VALUES ('x','S3cr3t')",
    "€[Zq1abcdef,Zq1abcdef",
    "Zq1abcdef\\",
    "\"Zq1abcdef",
    "",
    "ok",
    "GET / 200",
    "tab\there",
    "don't",
];

/// Names of fields.
const NAMES: &[&str] = &[
    "lat",
    "gps",
    "dob",
    "card",
    "cvv",
    "iban",
    "nir",
    "phone",
    "ip",
    "first_name",
    "address",
    "user",
    "email",
    "password",
    "token",
    "cookie",
    "msg",
    "a",
    "n",
    "items",
    "value",
    "name",
    "args",
    "headers",
    "b c",
];

/// JSON of such fields, of which strings hold JSON again, at least two levels deep.
fn nested() -> impl Strategy<Value = serde_json::Value> {
    let numbers =
        vec![4_111_111_111_111_111_i64, -4_111_111_111_111_111, 184_127_645_108_946, 33_612_345_678, -1, 0, 12];
    let leaf = prop_oneof![
        6 => prop::sample::select(VALUES).prop_map(Into::into),
        2 => prop::sample::select(numbers).prop_map(Into::into),
        1 => prop::sample::select(vec![48.856_614, 2.352_221_9, 1e5]).prop_map(Into::into),
        1 => prop::sample::select(vec![serde_json::json!(null), serde_json::json!(true), serde_json::json!([])]),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array);
        let map = || {
            prop::collection::vec((prop::sample::select(NAMES), inner.clone()), 1..4)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        };
        let written = map().prop_map(|map: serde_json::Value| map.to_string().into());
        prop_oneof![list, map(), written]
    })
}

/// Whether `hidden` is made as `json` is: with as many items under the same names, and where a string holds an object with one that
/// does, unless all of it is hidden.
fn is_alike(json: &serde_json::Value, hidden: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Object, String};
    match (json, hidden) {
        (Array(one), Array(other)) => one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_alike(a, b)),
        (Object(one), Object(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|((k, a), (l, b))| k == l && is_alike(a, b))
        }
        (String(one), String(other)) if one.starts_with('{') && one != other => {
            let is_label = tokens_in(other.as_bytes()).next() == Some(0..other.len());
            match serde_json::from_str(one) {
                Ok(inside) => is_label || serde_json::from_str(other).is_ok_and(|other| is_alike(&inside, &other)),
                Err(_) => true,
            }
        }
        (Array(_) | Object(_), _) => false,
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn json_in_strings_stays_json(members in prop::collection::vec((prop::sample::select(NAMES), nested()), 1..4)) {
        let json: serde_json::Value =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (text, mut out, mut twice) = (json.to_string(), Vec::new(), Vec::new());
        if redactor().text(text.as_bytes(), Place::default(), &mut out) {
            let hidden = serde_json::from_slice(&out);
            let out = String::from_utf8_lossy(&out);
            prop_assert!(hidden.is_ok_and(|hidden| is_alike(&json, &hidden)), "{text}\n became {out}");
            // Values far behind a name come nearer when others before them are hidden.
            let is_same = text.len() > 160 || !redactor().text(out.as_bytes(), Place::default(), &mut twice);
            prop_assert!(is_same, "{text}\n became {out}\n and then {}", String::from_utf8_lossy(&twice));
        }
    }
}

#[test]
fn values_in_json_end_where_their_string_does() {
    let cases = [
        (r#"{"cookies":[{}],"a":"b"}"#, None),
        (r#"{"cookies":[[]],"a":[-1.5],"cookie":[-1.5]}"#, None),
        (r#"{"cookie":-1.5}"#, Some(r#"{"cookie":"<cookie>"}"#)),
        (r#"{"name":"cookie","value":[{}],"a":"b"}"#, None),
        (r#"{"sql":"SELECT x WHERE password LIKE ","dur":12}"#, None),
        (r#"{"sql":"WHERE password IN (","dur":12}"#, None),
        (r#"{"sql":"INSERT INTO u (id, password) VALUES (1,","dur":12}"#, None),
        (r#"{"sql":"SET PASSWORD FOR x = ","dur":12}"#, None),
        (r#"{"m":"name=\"password\" value=","dur":"x"}"#, None),
        (r#"{"m":"s:8:\"password\";s:5:","dur":"x"}"#, None),
        (r#"{"m":"'password': ","dur":"x"}"#, None),
        (r#"{"m":"\"password\": ","dur":"x"}"#, None),
        (r#"{"m":"password=[","dur":"x"}"#, None),
        (r#"{"m":"password={","dur":"x"}"#, None),
        (r#"{"m":"password=\\","dur":"x"}"#, None),
        (
            r#"{"msg":"password: '","next":"x","password":"azerty99"}"#,
            Some(r#"{"msg":"password: '","next":"x","password":"<password>"}"#),
        ),
        (
            r#"{"msg":"missing -----BEGIN PRIVATE KEY----- header","level":"error"}"#,
            Some(r#"{"msg":"missing <private_key>","level":"error"}"#),
        ),
        (r#"{"msg":"usage: app --password","level":"warn"}"#, None),
        (r#"{"msg":"mysql -u","level":"warn"}"#, None),
        (r#"{"msg":"mysql -p","level":"warn"}"#, None),
        (r#"{"a":"<password>","b":"</password>"}"#, None),
        (r#"["app","--password","hunter22x"]"#, Some(r#"["app","--password","<password>"]"#)),
        (r#"["mysql","-u","jane","-phunter22x"]"#, Some(r#"["mysql","-u","<username>","-p<password>"]"#)),
        (r#"{"log":"{\"pin\": 1234}","pin":1234}"#, Some(r#"{"log":"{\"pin\": \"<password>\"}","pin":"<password>"}"#)),
        (
            r#"{"m":"{\"n\":-4111111111111111,\"a\":-184127645108946}"}"#,
            Some(r#"{"m":"{\"n\":\"<card>\",\"a\":\"<fr_nir>\"}"}"#),
        ),
        (r#"{"coordinates":[48.856614,2.3522219]}"#, Some(r#"{"coordinates":["<gps>","<gps>"]}"#)),
        (r#"{"m":"{\"a\":[1,48.856614,2.3522219,3]}"}"#, Some(r#"{"m":"{\"a\":[1,\"<gps>\",\"<gps>\",3]}"}"#)),
        (r#"<property name="password" value=""/><property name="timeout" value="30"/>"#, None),
        (r#"<a password=""/><b x="30"/> <a password=''/><b x='30'/>"#, None),
    ];
    for (text, expected) in cases {
        let mut out = Vec::new();
        let is_changed = redactor().text(text.as_bytes(), Place::default(), &mut out);
        assert_eq!(is_changed.then(|| String::from_utf8_lossy(&out).into_owned()).as_deref(), expected, "{text}");
    }
}

/// What is glued to a value, or told by a label in its place.
const GLUED: &[&str] = &[
    "jean@x.fr/home/jdupont/",
    "+33612345678/home/jdupont/x",
    "2001:db8::1/home/jdupont/",
    "4111111111111111+33612345678",
    "06 12 34 56 78+33612345678 x",
    "%404111111111111111\u{e9}490154203237518",
    "FR7630006000011234567890189.4111111111111111",
    "00:1b:44:11:3a:b7:jane@example.org",
    "token=+S3cr3t!x@+33612345678[Z",
    "password: from </password>",
    "mysql -p>\\</password>",
    "pin=[1234,192.0.2.7@x: user",
    "pin=[1234,4111111111111111'x",
    "password=1 84 12 76 451 089 46x",
    "nom: --password hunter2 is",
    "user: Digest username=jane",
];

/// An example of each detector, alone, comes out of a second look as out of the first, and so does what is glued to one.
#[test]
fn twice_is_once() {
    let (mut redactor, place) = (redactor(), Place::default());
    for text in examples().into_iter().chain(GLUED.iter().map(|text| (*text).to_owned())) {
        let (mut once, mut twice) = (Vec::new(), Vec::new());
        if redactor.text(text.as_bytes(), place, &mut once) && redactor.text(&once, place, &mut twice) {
            assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "{text}");
        }
    }
}

/// What is beside a mask, which is part of a value with what that leaves.
const MASKED: &[&str] = &[
    "tel +33612345678",
    "https://oauth2:glpat-ABCdef1234567890abcd@gitlab.example/x.git",
    "jean.dupont@exa.fr",
    r"C:\Users\jean.baptiste\x",
    "coords 48.856614, 2.352222, 12.34567, 1.234567",
    "tel 00 33 6 12 34 56 78./tmp/x/home/jdoe/a.log",
    "phone=0033612345678,12 34",
];

/// What a mask leaves of a value is none, however many characters that are.
#[test]
fn masked_twice_is_masked_once() {
    for (first, last) in [(0, 0), (0, 4), (1, 8), (2, 0), (8, 0), (8, 8)] {
        let mask = Action::Mask { first, last };
        let entities = ["ipv4", "ipv6", "private_ip", "birth_date"].map(|entity| Selector::Entity(entity.to_owned()));
        let groups = GROUPS.iter().map(|(group, _)| Selector::Group(*group));
        let chosen: BTreeMap<Selector, Action> = groups.chain(entities).map(|one| (one, mask.clone())).collect();
        let preset = Preset::named("none").expect("it is one of the presets");
        let policy = Arc::new(Policy::new(preset, Strictness::Normal, &chosen, Vec::new()));
        let (mut redactor, place) = (Redactor::new(policy, Arc::default(), false), Place::default());
        for text in examples().into_iter().chain([GLUED, MASKED].concat().into_iter().map(str::to_owned)) {
            let (mut once, mut twice) = (Vec::new(), Vec::new());
            if redactor.text(text.as_bytes(), place, &mut once) && redactor.text(&once, place, &mut twice) {
                assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once), "{text}");
            }
        }
    }
}

#[test]
fn a_name_in_brackets_is_hidden_and_a_label_is_not_hidden_again() {
    let cases = [
        ("Login: user=<jane>, method=PLAIN", "Login: user=<<username>>, method=PLAIN"),
        ("user=<email> user=<username> user=<fr_nir>", "user=<email> user=<username> user=<fr_nir>"),
        ("to=<JANEMARTIN42@EXAMPLE.ORG>", "to=<<email>>"),
    ];
    for (text, expected) in cases {
        for text in [text, expected] {
            let mut out = Vec::new();
            let is_changed = redactor().text(text.as_bytes(), Place::default(), &mut out);
            assert_eq!(if is_changed { String::from_utf8_lossy(&out) } else { text.into() }, expected);
        }
    }
}

#[test]
fn an_address_keeps_its_network_in_a_name_of_the_dns_too() {
    let preset = Preset::named("rgpd-strict").expect("it is one of the presets");
    let policy = Policy::new(preset, Strictness::Normal, &BTreeMap::new(), Vec::new());
    let mut redactor = Redactor::new(Arc::new(policy), Arc::default(), false);
    for (text, expected) in [
        ("PTR 7.113.0.203.in-addr.arpa x", "PTR 0.113.0.203.in-addr.arpa x"),
        ("PTR 7.113.0.203.IN-ADDR.ARPA.", "PTR 0.113.0.203.IN-ADDR.ARPA."),
        ("from 203.0.113.7 in-addr.arpa", "from 203.0.113.0 in-addr.arpa"),
    ] {
        let mut out = Vec::new();
        assert!(redactor.text(text.as_bytes(), Place::default(), &mut out), "{text}");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
