//! Strings within strings: codes of one letter at any depth, and JSON that stays JSON at each.

use std::sync::{LazyLock, Mutex};

use proptest::prelude::*;

use super::LineRedactor;
use crate::config::{Diagnostics, Place, Section, SectionKind};

fn redactor() -> LineRedactor {
    let section = Section::new(SectionKind::Filter, Place::default());
    LineRedactor::new(&section, false, &mut Diagnostics::default()).expect("it has what it needs")
}

/// What `line` becomes as text and as a record.
fn hidden(redactor: &mut LineRedactor, line: &str) -> [String; 2] {
    [false, true].map(|json| {
        let mut out = Vec::new();
        redactor.line(line.as_bytes(), json, &mut out);
        String::from_utf8(out).expect("it is text")
    })
}

/// Asserts what lines become, as text and as records, and that they stay so.
fn assert_hidden(cases: &[(&str, &str)]) {
    let (mut redactor, mut wrong) = (redactor(), Vec::new());
    for (line, expected) in cases {
        for (line, what) in [(line, "once"), (expected, "twice")] {
            let hidden = hidden(&mut redactor, line);
            for (hidden, way) in hidden.iter().zip(["text", "record"]).filter(|(hidden, _)| hidden != expected) {
                wrong.push(format!("{line}\n   is {hidden}\n  not {expected} as {way} {what}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn numbers_in_lists_in_strings_get_the_quotes_of_their_depth() {
    assert_hidden(&[
        (r#"{"user":{"position":"[48.8566,2.3522]"}}"#, r#"{"user":{"position":"[\"<gps>\",\"<gps>\"]"}}"#),
        (r#"{"position":"[48.8566,2.3522]"}"#, r#"{"position":"[\"<gps>\",\"<gps>\"]"}"#),
        (r#"{"ctx":{"cards":"[4111111111111111]"}}"#, r#"{"ctx":{"cards":"[\"<card>\"]"}}"#),
        (r#"{"ctx":["[4111111111111111]"]}"#, r#"{"ctx":["[\"<card>\"]"]}"#),
        (r#"{"password":{"x":"[1,2]"}}"#, r#"{"password":{"x":"<password>"}}"#),
        (r#"{"c":"[4111111111111111,\"x\"]"}"#, r#"{"c":"[\"<card>\",\"x\"]"}"#),
        (r#"{"c":{"a":"[4111111111111111,\"x\"]"}}"#, r#"{"c":{"a":"[\"<card>\",\"x\"]"}}"#),
        (r#"{"c":"{\"a\":\"[4111111111111111]\"}"}"#, r#"{"c":"{\"a\":\"[\\\"<card>\\\"]\"}"}"#),
        (r#"{"c":"{\"a\":\"[4111111111111111,\\\"x\\\"]\"}"}"#, r#"{"c":"{\"a\":\"[\\\"<card>\\\",\\\"x\\\"]\"}"}"#),
        (r#"{"c":"INFO {\"a?\":4111111111111111}\n"}"#, r#"{"c":"INFO {\"a?\":\"<card>\"}\n"}"#),
        (r#"{"c":"{\u0022a\u0022:4111111111111111}"}"#, r#"{"c":"{\u0022a\u0022:\"<card>\"}"}"#),
    ]);
}

#[test]
fn no_code_is_cut_at_any_depth() {
    assert_hidden(&[
        (r#"{"msg":"contact \ud83d\udce7jean@example.fr"}"#, r#"{"msg":"contact <email>"}"#),
        (r#"{"msg":"x \fjean@example.fr"}"#, r#"{"msg":"x \f<email>"}"#),
        (r#"{"msg":"x \bjean@example.fr"}"#, r#"{"msg":"x \b<email>"}"#),
        (r#"{"msg":"x \u0000jean@example.fr"}"#, r#"{"msg":"x \u0000<email>"}"#),
        (r#"{"msg":"car plate unreadable \ud83d\ude97"}"#, r#"{"msg":"car plate unreadable \ud83d\ude97"}"#),
        (
            r#"{"log":"{\"msg\":\"to \\u003cjean@example.fr\\u003e\"}"}"#,
            r#"{"log":"{\"msg\":\"to \\u003c<email>\\u003e\"}"}"#,
        ),
        (
            r#"{"log":"{\"msg\":\"a \\u0026 \\u0027jean@example.fr\\u0027\"}"}"#,
            r#"{"log":"{\"msg\":\"a \\u0026 \\u0027<email>\\u0027\"}"}"#,
        ),
        (
            r#"{"log":"{\"msg\":\"mail\\u003djean@example.fr \\u00e9\"}"}"#,
            r#"{"log":"{\"msg\":\"mail\\u003d<email> \\u00e9\"}"}"#,
        ),
        (
            r#"{"log":"{\"msg\":\"x\\tjean@example.fr\\n203.0.113.77\"}"}"#,
            r#"{"log":"{\"msg\":\"x\\t<email>\\n203.0.113.0\"}"}"#,
        ),
        (
            r#"{"log":"{\"msg\":\"\\ud83d\\udce7jean@example.fr \\fjean@example.fr\"}"}"#,
            r#"{"log":"{\"msg\":\"<email> \\f<email>\"}"}"#,
        ),
    ]);
    let around = r#"INFO {"m":"\fjean@example.fr","e":"\ud83d\udce7jean@example.fr"} took 5ms"#;
    assert_eq!(hidden(&mut redactor(), around)[0], r#"INFO {"m":"\f<email>","e":"<email>"} took 5ms"#);
}

#[test]
fn what_is_glued_to_a_code_is_found() {
    assert_hidden(&[
        (r#"{"message":"\ud83d\udcb34111111111111111"}"#, r#"{"message":"\ud83d\udcb3<card>"}"#),
        (r#"{"message":"\ud83c\udf10203.0.113.77"}"#, r#"{"message":"\ud83c\udf10203.0.113.0"}"#),
        (r#"{"message":"x\u0000203.0.113.77"}"#, r#"{"message":"x\u0000203.0.113.0"}"#),
        (r#"{"message":"x\b203.0.113.77\f4111111111111111"}"#, r#"{"message":"x\b203.0.113.0\f<card>"}"#),
        (r#"{"message":"x\\v203.0.113.77 x\\0203.0.113.77"}"#, r#"{"message":"x\\v203.0.113.0 x\\0203.0.113.0"}"#),
        (r#"{"message":"\ud83d4111111111111111"}"#, r#"{"message":"\ud83d<card>"}"#),
        (
            r#"{"message":"\\x004111111111111111 \\xc2\\xa04111111111111111"}"#,
            r#"{"message":"\\x00<card> \\xc2\\xa0<card>"}"#,
        ),
        (
            r#"{"message":"\\U0001f4b34111111111111111 \\u{200b}203.0.113.77"}"#,
            r#"{"message":"\\U0001f4b3<card> \\u{200b}203.0.113.0"}"#,
        ),
    ]);
}

#[test]
fn codes_count_at_any_depth() {
    assert_hidden(&[
        (r#"{"log":"{\"card\":\"4111\\u00a01111\\u00a01111\\u00a01111\"}"}"#, r#"{"log":"{\"card\":\"<card>\"}"}"#),
        (
            r#"{"log":"{\"x\":\"1\\u00a084\\u00a012\\u00a076\\u00a0451\\u00a0089\\u00a046\"}"}"#,
            r#"{"log":"{\"x\":\"\"}"}"#,
        ),
        (r#"{"log":"{\"email\":\"jean\\u0040example.fr\"}"}"#, r#"{"log":"{\"email\":\"<email>\"}"}"#),
        (
            r#"{"log":"{\"a\":\"{\\\"b\\\":\\\"jean\\\\u0040example.fr\\\"}\"}"}"#,
            r#"{"log":"{\"a\":\"{\\\"b\\\":\\\"<email>\\\"}\"}"}"#,
        ),
        (
            r#"{"log":"{\"a\":\"{\\\"b\\\":\\\"\\\\ud83d\\\\udcb34111111111111111\\\"}\"}"}"#,
            r#"{"log":"{\"a\":\"{\\\"b\\\":\\\"\\\\ud83d\\\\udcb3<card>\\\"}\"}"}"#,
        ),
        (
            r#"{"log":"{\"msg\":\"contrase\\u00f1a=Tiger12\"}"}"#,
            r#"{"log":"{\"msg\":\"contrase\\u00f1a=<password>\"}"}"#,
        ),
        (r#"{"log":"{\"msg\":\"n\\u00e9 le 05/03/1985\"}"}"#, r#"{"log":"{\"msg\":\"n\\u00e9 le 1985\"}"}"#),
        (
            r#"{"log":"{\"msg\":\"\\u003cpassword\\u003eTiger12\\u003c/password\\u003e\"}"}"#,
            r#"{"log":"{\"msg\":\"\\u003cpassword\\u003e<password>\\u003c/password\\u003e\"}"}"#,
        ),
        (r#"{"log":"/x?password\\u003dTiger12"}"#, r#"{"log":"/x?password\\u003d<password>"}"#),
        (r#"{"log":"{\"has\\u0142o\":\"Tiger12\"}"}"#, r#"{"log":"{\"has\\u0142o\":\"<password>\"}"}"#),
        (
            r#"{"log":"{\"p\":\"C:\\\\Users\\\\jdupont\\\\x\"}"}"#,
            r#"{"log":"{\"p\":\"C:\\\\Users\\\\<username>\\\\x\"}"}"#,
        ),
        (
            r#"{"log":"{\"url\":\"https:\\/\\/u:p4ssw0rd@h.fr\\/x\"}"}"#,
            r#"{"log":"{\"url\":\"https:\\/\\/<url_userinfo>@h.fr\\/x\"}"}"#,
        ),
        // A user of a domain.
        (r#"{"log":"ACME\\u012345 logged in"}"#, r#"{"log":"ACME\\<username> logged in"}"#),
        (r#"{"log":"{\"a\":\"ACME\\\\u012345 x\"}"}"#, r#"{"log":"{\"a\":\"ACME\\\\<username> x\"}"}"#),
    ]);
}

#[test]
fn a_colour_ends_what_stands_before_it() {
    assert_hidden(&[
        (r#"{"m":"\u001b[31mERROR\u001b[0m4111111111111111"}"#, r#"{"m":"\u001b[31mERROR\u001b[0m<card>"}"#),
        (r#"{"m":"IP\u001b[33m203.0.113.77\u001b[0mok"}"#, r#"{"m":"IP\u001b[33m203.0.113.0\u001b[0mok"}"#),
        (r#"{"m":"jean@example.fr\u001b[31m203.0.113.78"}"#, r#"{"m":"<email>\u001b[31m203.0.113.0"}"#),
        (r#"{"m":"x\u001b(B\u001b[m4111111111111111"}"#, r#"{"m":"x\u001b(B\u001b[m<card>"}"#),
        (r#"{"m":"x4111\u200b\u002b33612345678"}"#, r#"{"m":"x4111\u200b<phone>"}"#),
        // Within a value it does not.
        (r#"{"m":"4111\u001b[31m1111\u001b[0m11111111"}"#, r#"{"m":"<card>"}"#),
        (r#"{"m":"jean\u001b[31m22\u001b[0m@example.fr"}"#, r#"{"m":"<email>"}"#),
    ]);
    for (line, expected) in [
        ("\x1b[31mERROR\x1b[0m4111111111111111", "\x1b[31mERROR\x1b[0m<card>"),
        ("IP\x1b[33m203.0.113.77\x1b[0mok", "IP\x1b[33m203.0.113.0\x1b[0mok"),
        (r"x\e[31m4111111111111111\e[0m y\033[0m4111111111111111", r"x\e[31m<card>\e[0m y\033[0m<card>"),
        ("ERROR\u{200b}4111111111111111", "ERROR\u{200b}<card>"),
    ] {
        assert_eq!(hidden(&mut redactor(), line)[0], expected);
    }
}

#[test]
fn names_in_quotes_behind_backslashes_are_found() {
    assert_hidden(&[
        (
            r#"{"log":"password authentication failed for user \"mmartin\"\n"}"#,
            r#"{"log":"password authentication failed for user \"<username>\"\n"}"#,
        ),
        (r#"{"log":"user \"mmartin\" logged in"}"#, r#"{"log":"user \"<username>\" logged in"}"#),
        (
            r#"{"log":"{\"a\":\"password for \\\"mmartin\\\" x\"}"}"#,
            r#"{"log":"{\"a\":\"password for \\\"<username>\\\" x\"}"}"#,
        ),
        (
            r#"{"log":"x: {\"h\":\"Authorization: Digest username=\\\"jdupont\\\",realm=\\\"x\\\",response=\\\"abcdef01\\\"\"}"}"#,
            r#"{"log":"x: {\"h\":\"Authorization: Digest <bearer>\"}"}"#,
        ),
    ]);
}

#[test]
fn keys_that_end_with_marks_name_values() {
    assert_hidden(&[
        (
            r#"{"user[password]":"Tiger12","card[cvc]":"123","session[token]":"abc123def","user[first_name]":"Jean"}"#,
            r#"{"user[password]":"<password>","card[cvc]":"<cvv>","session[token]":"<secret>","user[first_name]":"<person_name>"}"#,
        ),
        (
            r#"{"password[]":"x1y2z3","password[0]":"x1y2z3"}"#,
            r#"{"password[]":"<password>","password[0]":"<password>"}"#,
        ),
        (r#"{"passwords[]":["x1y2z3","a1b2c3"]}"#, r#"{"passwords[]":["<password>","<password>"]}"#),
        (r#"{"user[password]":{"a":"x1y2z3"}}"#, r#"{"user[password]":{"a":"<password>"}}"#),
    ]);
    let line = r#"{"a":[["{'password': '<password>'}","x1y2z3"]]}"#;
    assert_eq!(hidden(&mut redactor(), line)[1], line);
    let line = r#"{"Password:":"Tiger12","password ":"Tiger12","last[password2]":"Tiger12","a[]":"Tiger12"}"#;
    let expected =
        r#"{"Password:":"<password>","password ":"<password>","last[password2]":"<password>","a[]":"Tiger12"}"#;
    assert_eq!(hidden(&mut redactor(), line)[1], expected);
}

#[test]
fn what_stands_below_a_secret_is_hidden_whole() {
    assert_hidden(&[
        (r#"{"cookies":{"rememberme":"jean@example.fr:s3cr3tSess10n"}}"#, r#"{"cookies":{"rememberme":"<cookie>"}}"#),
        (r#"{"cookies":{"x":"203.0.113.77-s3cr3tSess10n"}}"#, r#"{"cookies":{"x":"<cookie>"}}"#),
    ]);
    // What is one value keeps its name, and a label makes nothing else a secret.
    for (line, expected) in [
        (r#"{"authorization":{"loc":"06 12 34 56 78:48.8566"}}"#, r#"{"authorization":{"loc":"<phone_fr>:48.8566"}}"#),
        (r#"{"authorization":{"loc":"<phone_fr>:48.8566"}}"#, r#"{"authorization":{"loc":"<phone_fr>:48.8566"}}"#),
        (r#"{"cookies":{"x":"jean@example.fr"}}"#, r#"{"cookies":{"x":"<email>"}}"#),
        (
            r#"{"a":{"cookies":{"x":"203.0.113.77","y":"barbaz123"}}}"#,
            r#"{"a":{"cookies":{"x":"203.0.113.0","y":"<cookie>"}}}"#,
        ),
    ] {
        assert_eq!(hidden(&mut redactor(), line)[1], expected);
    }
}

#[test]
fn numbers_of_json_before_other_text_get_the_quotes_of_their_names() {
    for (line, expected) in [
        (r#"{"card?":4111111111111111} y"#, r#"{"card?":"<card>"} y"#),
        (r#"{"a":1,"":4111111111111111} y"#, r#"{"a":1,"":"<card>"} y"#),
        (r#"{"m":"{\"card?\":4111111111111111} y"}"#, r#"{"m":"{\"card?\":\"<card>\"} y"}"#),
    ] {
        assert_eq!(hidden(&mut redactor(), line)[0], expected);
    }
}

/// Values that are found wherever they stand.
const VALUES: &[&str] =
    &["4111111111111111", "jean@example.fr", "203.0.113.77", "FR7630006000011234567890189", "+33612345678"];

/// What may stand beside them.
const BESIDE: &[&str] = &[
    "\u{1f4b3}",
    "\u{8}",
    "\u{c}",
    "\n",
    "\r",
    "\t",
    "\0",
    "\u{a0}",
    "\u{200b}",
    "\u{e9}",
    "\u{142}",
    "\u{1b}[31m",
    "<",
    ">",
    "&",
    "'",
    "=",
    "\"",
    "\\",
    "/",
    " ",
    "x",
    "{",
    "[",
    "]",
    ",",
    "k:",
    "n",
    "tel",
];

/// Choices that come of one number.
struct Dice(u64);

impl Dice {
    fn of(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        usize::try_from(self.0 >> 33).unwrap_or_default() % count
    }
}

/// `text` as the inside of a string of JSON, letters and marks written in one way or another.
fn inside(text: &str, dice: &mut Dice) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        let short = match letter {
            '"' => Some('"'),
            '\\' => Some('\\'),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            '\u{8}' => Some('b'),
            '\u{c}' => Some('f'),
            '/' => Some('/'),
            _ => None,
        };
        let must = letter < ' ' || matches!(letter, '"' | '\\');
        let may = !letter.is_ascii() || matches!(letter, '<' | '>' | '&' | '\'' | '=' | '@' | '+' | '/');
        match short {
            Some(short) if must || dice.of(2) == 0 => out.extend(['\\', short]),
            _ if must || may && dice.of(2) == 0 => {
                let units =
                    letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
                out += &units;
            }
            _ => out.push(letter),
        }
    }
    out
}

/// JSON that holds `text` within so many strings of JSON, numbers beside it.
fn nested(text: &str, depth: usize, dice: &mut Dice) -> String {
    let mut json = text.to_owned();
    for _ in 0..=depth {
        let beside = [r#""n":4111111111111111,"#, r#""l":[48.8566,2.3522,"x"],"#, r#""a":1,"#, ""][dice.of(4)];
        let end = ["", "\n", " "][dice.of(3)];
        json = format!(r#"{{{beside}"m":"{}"}}{end}"#, inside(&json, dice));
    }
    json.trim_end().to_owned()
}

/// The text that `json` holds within so many strings of JSON, if it is JSON at each depth.
fn within(json: &str, depth: usize) -> Option<String> {
    (0..=depth).try_fold(json.to_owned(), |json, _| {
        Some(serde_json::from_str::<serde_json::Value>(&json).ok()?.get("m")?.as_str()?.to_owned())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn values_beside_codes_are_hidden_at_any_depth(
        pieces in prop::collection::vec(
            (prop::collection::vec(prop::sample::select(BESIDE), 0..3), prop::sample::select(VALUES)), 1..4),
        depth in 0..4_usize,
        choice: u64,
    ) {
        static REDACTOR: LazyLock<Mutex<LineRedactor>> = LazyLock::new(|| Mutex::new(redactor()));
        let mut redactor = REDACTOR.lock().expect("no other test has it");
        let text: String = pieces.iter().map(|(beside, value)| beside.concat() + value).collect();
        let plain = serde_json::json!({ "m": text }).to_string();
        let line = nested(&text, depth, &mut Dice(choice));
        for (hidden, plain) in hidden(&mut redactor, &line).iter().zip(hidden(&mut redactor, &plain)) {
            let (is, of_plain) = (within(hidden, depth), within(&plain, 0));
            prop_assert!(is.is_some(), "{line}\n became {hidden}");
            for value in VALUES {
                let holds = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(value));
                prop_assert!(holds(&of_plain) || !holds(&is), "{line}\n became {hidden}\n not so {plain}");
            }
        }
        for json in [false, true] {
            let (mut once, mut twice) = (Vec::new(), Vec::new());
            redactor.line(line.as_bytes(), json, &mut once);
            redactor.line(&once, json, &mut twice);
            prop_assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice), "{} as {}", line, json);
        }
    }
}
