//! Lines of names, values, brackets and quotes that are coded in all ways: hidden once they stay as they are, and JSON around them stays
//! JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::{check, redactor};
use super::{Policy, Preset, Redactor};
use crate::redact::{Place, Strictness};

/// Lines that are made from one seed.
const LINES: usize = 12_000;

const QUOTES: &[&str] = &[
    "\"",
    "'",
    "&quot;",
    "&#34;",
    "&#39;",
    "&apos;",
    "%22",
    "%27",
    r"\u0022",
    r"\u0027",
    "\\\"",
    r"\'",
    r"'\''",
    "\\\\\"",
    "\\\\\\\"",
    r"\x22",
    r"\x27",
    "\"\"",
    "''",
    "`",
    "%2522",
    "&amp;quot;",
    r"'\\''",
    r"\\u0022",
    "\"\"\"",
    "b'",
    "u\"",
    "N'",
];
const NAMES: &[&str] = &[
    "password",
    "passwords",
    "token",
    "nom",
    "user",
    "pin",
    "cookie",
    "api_key",
    "address",
    "secret",
    "name",
    "value",
    "otp",
    "first_name",
    "cvv",
    "session",
    "client_secret",
    "tokens",
    "Password",
    "x",
    "Authorization",
    "login",
    "phone",
    "email",
    "state",
];
const VALUES: &[&str] = &[
    "hunter22x",
    "abcd1234EFGH",
    "Dupont",
    "Jean Dupont",
    "O'Brien",
    "1985",
    "12",
    "482913",
    "jane@example.org",
    "+33612345678",
    "4111111111111111",
    "203.0.113.7",
    "<password>",
    "<email>",
    "null",
    "12 rue des Lilas",
    "a",
    "[",
    "is",
    "Bearer abcDEF123456789012345",
    "184127645108946",
    "x y",
    "2001:db8::1",
    "$PW",
    "${PW}",
    "",
    "\u{e9}",
    "*",
    "Zq1;rest",
    "a&b",
    "Ab<9x",
    "d'Arc",
    "Jean+Dupont",
    r"C:\Users\jd",
    "/home/jdupont/x",
];
const BRACKETS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "{{",
    "}}",
    "<a ",
    "/>",
    "</password>",
    "%7B",
    "%5B",
    "%5D",
    "&lt;",
    "&gt;",
    "[{",
    "\"}]",
];
const BETWEEN: &[&str] = &[
    " ", ",", ", ", ":", "=", ": ", " = ", ";", "&", r"\n", " => ", "|", "+", "%20", "%2C", "%3D", "%3A", "&amp;",
    " is ", r"\t", ".", "/", "-", "?", " HTTP", "==", ":=", " -> ", "\u{a0}", "%26", "&#58;",
];
const MARKS: &[&str] = &[":", "=", ": ", "%3D", "%3A", " = ", "=>", " ", "&#61;"];

/// Numbers that one seed gives.
///
/// # Source
/// SplitMix64, Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap_or_default()
    }

    fn one_of(&mut self, pieces: &[&'static str]) -> &'static str {
        pieces[self.below(pieces.len())]
    }

    /// Whether something happens that does in so many of a hundred cases.
    fn may(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn push_quoted(&mut self, line: &mut String) {
        let quote = self.one_of(QUOTES);
        *line += quote;
        *line += self.one_of(VALUES);
        if self.may(35) {
            *line += self.one_of(QUOTES);
            *line += self.one_of(VALUES);
        }
        *line += if self.may(70) { quote } else { self.one_of(QUOTES) };
    }

    fn push_pair(&mut self, line: &mut String) {
        let quote = if self.may(50) { self.one_of(QUOTES) } else { "" };
        *line += &[quote, self.one_of(NAMES), quote, self.one_of(MARKS)].concat();
        if self.may(25) {
            *line += self.one_of(BRACKETS);
        }
        if self.may(70) {
            self.push_quoted(line);
        } else {
            *line += self.one_of(VALUES);
        }
    }

    fn push_any(&mut self, line: &mut String) {
        let pieces = [QUOTES, NAMES, VALUES, BRACKETS, BETWEEN];
        for _ in 0..=self.below(4) {
            let kind = self.below(pieces.len());
            *line += self.one_of(pieces[kind]);
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        for _ in 0..=self.below(4) {
            if self.may(75) {
                self.push_pair(&mut line);
            } else {
                self.push_any(&mut line);
            }
            let between = if self.may(50) { BETWEEN } else { BRACKETS };
            line += if self.may(80) { self.one_of(between) } else { "" };
        }
        line
    }
}

/// One that does what `rgpd-strict` says.
fn strict() -> Redactor {
    let preset = Preset::named("rgpd-strict").expect("it is one of the presets");
    let policy = Policy::new(preset, Strictness::Normal, &BTreeMap::new(), Vec::new());
    Redactor::new(Arc::new(policy), Arc::default(), false)
}

fn hidden(redactor: &mut Redactor, text: &str) -> String {
    let mut out = Vec::new();
    let is_changed = redactor.text(text.as_bytes(), Place::default(), &mut out);
    if is_changed { String::from_utf8(out).expect("it is text") } else { text.to_owned() }
}

/// The lines in `lines` that a second time changes.
fn changed(lines: &[String]) -> Vec<String> {
    let mut changed = Vec::new();
    for mut redactor in [redactor(), strict()] {
        for line in lines {
            let once = hidden(&mut redactor, line);
            let twice = hidden(&mut redactor, &once);
            if once != twice {
                changed.push(format!("{line}\n  became {once}\n    then {twice}"));
            }
        }
    }
    changed
}

#[test]
fn lines_with_coded_quotes_that_were_hidden_stay_as_they_are() {
    let mut numbers = Numbers(31);
    let lines: Vec<String> = (0..LINES).map(|_| numbers.line()).collect();

    let changed = changed(&lines);

    assert!(changed.is_empty(), "{} of {LINES}:\n{}", changed.len(), changed.join("\n"));
}

#[test]
fn nothing_survives_in_lines_with_coded_quotes_and_json_stays_json() {
    let (mut numbers, mut redactor) = (Numbers(32), redactor());
    for _ in 0..LINES / 4 {
        let (line, name) = (numbers.line(), numbers.one_of(NAMES));
        check(line.as_bytes(), Place::default());
        let json = serde_json::json!({ name: [line, numbers.line()], "m": numbers.line(), "n": 4 }).to_string();
        let once = hidden(&mut redactor, &json);
        assert!(serde_json::from_str::<serde_json::Value>(&once).is_ok(), "{json}\n  became {once}");
    }
}

/// Lines of which a second time changed more: what is around a value that was hidden reads as before it was.
#[test]
fn what_is_around_hidden_values_reads_as_before() {
    let lines = [
        r#"pin={u"Zq1;restu"%5D"#,
        r#"otp:[u"Jean Dupontu"("#,
        r"mdp: %7Bb'Jean+Dupontb'[{state%3DN'Zq1;restN';",
        r"login&amp;u'pin&#61;'203.0.113.7'\\'' => &#39;passwords&#39;&#61;&#39;&#39;&gt;",
        r#"cookie:184127645108946}}user=>`Jean+Dupont'Dupont`\x22mdp\x22%3D[""x""|"#,
        r"cookie&#61;184127645108946%20b'passwordsb': 12 rue des Lilas-",
        r"'secret':Bearer abcDEF123456789012345\tcookie:Dupont%2C",
        "Authorization: 2001:db8::1:",
        "cookie:=>Zq1;rest",
        r#""otp":[/home/jdupont/x, "#,
        r#"\"prenom\":'d'Arc\"Jean Dupont'\\"mdp\\"&#61;Jean Dupont -> address: Dupont,"#,
    ];
    let changed = changed(&lines.map(str::to_owned));

    assert!(changed.is_empty(), "{}", changed.join("\n"));
}
