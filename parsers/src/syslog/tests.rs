//! Messages as tables, against the patterns of plain definitions, and any bytes.

use proptest::prelude::*;

use crate::batch::{Batch, Origin, Timestamp, Value};
use crate::definition::{Definition, Format};
use crate::parser::{Parsed, Parser};

use super::Dialect;

const NOW: Timestamp = Timestamp { seconds: 1_795_392_000, nanos: 7 };

fn of(dialect: Dialect) -> Definition {
    Definition { format: Format::Syslog(dialect), time_keep: true, ..Definition::default() }
}

/// What a parser makes of `line`: the fields as `key=value` between bars, and the time.
fn made(parser: &dyn Parser, line: &[u8]) -> Option<(String, Timestamp)> {
    let mut batch = Batch::default();
    let text = batch.store(line);
    let index = batch.push(NOW, Origin::default());
    let parsed = parser.parse(&mut batch, index, text);
    let record = batch.record(index);
    let shown = record.fields().iter().map(|field| {
        let Value::Text(value) = field.value else { return "no text".into() };
        let text = |span| String::from_utf8_lossy(batch.bytes(span)).into_owned();
        format!("{}={}", text(field.key.span), text(value.span))
    });
    let fields = shown.collect::<Vec<String>>().join("|");
    assert!(parsed != Parsed::Refused || fields.is_empty());
    parsed.gave_fields().then(|| (fields, record.time()))
}

fn fields(dialect: Dialect, line: &str) -> Option<String> {
    made(&*of(dialect).build().expect("it is sound"), line.as_bytes()).map(|(fields, _)| fields)
}

fn time(line: &str) -> Option<Timestamp> {
    made(&*of(Dialect::Any).build().expect("it is sound"), line.as_bytes()).map(|(_, time)| time)
}

#[test]
fn messages_of_rfc_5424_are_taken_apart() {
    let head = "pri=165|time=-|host=-|ident=-|pid=-|msgid=-|extradata=";
    let cases = [
        ("-", "-", ""),
        ("- ", "-", ""),
        ("- text", "-", "text"),
        ("-  two blanks\n", "-", " two blanks"),
        ("- \u{feff}marked", "-", "marked"),
        ("- [not data]", "-", "[not data]"),
        ("[a@1]", "[a@1]", ""),
        (r#"[a][b x="1"] m"#, r#"[a][b x="1"]"#, "m"),
        (r#"[a x="] \" \\ \]" y=""] m"#, r#"[a x="] \" \\ \]" y=""]"#, "m"),
        ("[not as the RFC has it] m", "[not as the RFC has it]", "m"),
        ("[a][b", "", ""),
        ("[a x=\"open] m", "[a x=\"open]", "m"),
        ("-text", "", ""),
        ("text", "", ""),
        ("", "", ""),
    ];
    for (rest, data, message) in cases {
        let message = if message.is_empty() { String::new() } else { format!("|message={message}") };
        let wanted = (!data.is_empty()).then(|| format!("{head}{data}{message}"));
        assert_eq!(fields(Dialect::Rfc5424, &format!("<165>1 - - - - - {rest}")), wanted, "{rest}");
    }
    let whole = r#"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su 10-a ID47 - 'su root' failed"#;
    let wanted = "pri=34|time=2003-10-11T22:14:15.003Z|host=mymachine.example.com|ident=su|pid=10-a|msgid=ID47|extradata=-|message='su root' failed";
    assert_eq!(fields(Dialect::Rfc5424, whole).as_deref(), Some(wanted));
    for line in
        ["<165>2 - - - - - -", "<>1 - - - - - -", "<123456>1 - - - - - -", "165>1 - - - - - -", "<165>1 -  - - - - -"]
    {
        assert_eq!(fields(Dialect::Rfc5424, line), None, "{line}");
    }
}

#[test]
fn messages_of_rfc_3164_are_taken_apart() {
    let head = "pri=34|time=Oct  1 22:14:15|host=h";
    let cases = [
        ("su: a: b", "|ident=su|message=a: b"),
        ("su[42]: text\r\n", "|ident=su|pid=42|message=text"),
        ("postfix/smtp[42]:text", "|ident=postfix/smtp|pid=42|message=text"),
        ("su[42] text", "|ident=su|pid=42|message=text"),
        ("su:", "|ident=su"),
        ("a text without a tag: none", "|ident=a|message=text without a tag: none"),
        ("%ASA-6-302013: Built", "|ident=%ASA-6-302013|message=Built"),
        ("sshd(pam_unix)[123]: text", "|ident=sshd(pam_unix)|pid=123|message=text"),
        ("a(b)[c]: text", "|ident=a(b)[c]|message=text"),
        ("{\"a\": 1}", "|ident={\"a\"|message=1}"),
        ("{\"a\":1}", "|message={\"a\":1}"),
        ("k=v more: x", "|message=k=v more: x"),
        ("", ""),
    ];
    for (rest, wanted) in cases {
        let found = fields(Dialect::Rfc3164, &format!("<34>Oct  1 22:14:15 h {rest}"));
        assert_eq!(found, Some(format!("{head}{wanted}")), "{rest}");
    }
    assert_eq!(
        fields(Dialect::Rfc3164Local, "<34>Oct 11 22:14:15 su: x").as_deref(),
        Some("pri=34|time=Oct 11 22:14:15|ident=su|message=x")
    );
    for (time, rest) in [
        ("Oct  1 2024 22:14:15", "h x: y"),
        ("Oct 11 22:14:15", "2024 x: y"),
        ("Oct 11 2024", "22:14:15: x: y"),
        ("Oct 11 22:14:15", "2024 22:14:15"),
    ] {
        let (host, message) = rest.split_once(' ').expect("two words");
        let wanted = match message.split_once(": ") {
            Some((ident, message)) => format!("pri=34|time={time}|host={host}|ident={ident}|message={message}"),
            None => format!("pri=34|time={time}|host={host}|ident=22|message=14:15"),
        };
        assert_eq!(fields(Dialect::Rfc3164, &format!("<34>{time} {rest}")), Some(wanted), "{time} {rest}");
    }
    assert_eq!(
        fields(Dialect::Any, "<34>2024-10-11T22:14:15Z host x: y").as_deref(),
        Some("pri=34|time=2024-10-11T22:14:15Z|host=host|ident=x|message=y")
    );
    for line in [
        "<34>su: text of no time",
        "<34>Oct 11",
        "Oct 11 22:14:15 h su: x",
        "<34>Oct x 22:14:15 h su: x",
        "<34>Octo 1 1 h x",
    ] {
        assert_eq!(fields(Dialect::Rfc3164, line), None, "{line}");
    }
}

#[test]
fn times_are_read_in_every_form() {
    let at = |seconds, nanos| Some(Timestamp { seconds, nanos });
    let cases = [
        ("<1>1 2003-10-11T22:14:15Z h a 1 - - m", at(1_065_910_455, 0)),
        ("<1>1 2003-10-11T22:14:15.003Z h a 1 - - m", at(1_065_910_455, 3_000_000)),
        ("<1>1 2003-10-12T00:14:15.25+02:00 h a 1 - - m", at(1_065_910_455, 250_000_000)),
        ("<1>1 2003-10-11T14:44:15-07:30 h a 1 - - m", at(1_065_910_455, 0)),
        ("<1>1 - h a 1 - - m", Some(NOW)),
        ("<1>1 yesterday h a 1 - - m", Some(NOW)),
        ("<34>2003-10-11T22:14:15Z host x: y", at(1_065_910_455, 0)),
        ("<34>2003-10-11T22:14:15.5 host x: y", at(1_065_910_455, 500_000_000)),
        ("<34>2003-10-11T22:14:15 host x: y", at(1_065_910_455, 0)),
        ("<34>Nov 14 22:13:20 host x: y", at(1_794_694_400, 0)),
        ("<34>Nov  5 22:13:20 host x: y", at(1_793_916_800, 0)),
        ("<34>Oct 11 2003 22:14:15 host x: y", at(1_065_910_455, 0)),
        ("<34>Oct  1 2003 22:14:15 host x: y", at(1_065_046_455, 0)),
    ];
    for (line, wanted) in cases {
        assert_eq!(time(line), wanted, "{line}");
    }
}

#[test]
fn a_time_that_was_read_goes_and_what_is_none_stays() {
    let parser = Definition { time_keep: false, ..of(Dialect::Any) }.build().expect("it is sound");
    let made = |line: &str| made(&*parser, line.as_bytes()).map(|(fields, _)| fields);

    assert_eq!(made("<34>2003-10-11T22:14:15Z host x: y").as_deref(), Some("pri=34|host=host|ident=x|message=y"));
    assert!(made("<1>1 - h a 1 - - m").is_some_and(|fields| fields.starts_with("pri=1|time=-|")));
    assert!(made("<1>1 x h a 1 - - m").is_some_and(|fields| fields.starts_with("pri=1|time=x|")));
}

/// The same by patterns, with the fields of the usual definitions.
fn plain(regex: &str) -> std::sync::Arc<dyn Parser> {
    let time_format = Some("%Y-%m-%dT%H:%M:%S.%L%z".into());
    let regex = Some(regex.into());
    let plain = Definition { format: Format::Regex, regex, time_format, time_keep: true, ..Definition::default() };
    plain.build().expect("it is sound")
}

const NEW: &str = r#"\A<(?<pri>[0-9]{1,5})>1 (?<time>[^ ]+) (?<host>[^ ]+) (?<ident>[^ ]+) (?<pid>[^ ]+) (?<msgid>[^ ]+) (?<extradata>-|(?:\[[!#-<>-\\^-~]+(?: [!#-<>-\\^-~]+="(?:[^"\\]|\\.)*")*\])+)(?: (?<message>.*))?\z"#;
const OLD: &str = r"\A<(?<pri>[0-9]{1,5})>(?<time>[A-Z][a-z]{2} {1,2}[0-9]+ [0-9:]+|[0-9]{4}-[0-9]{2}-[0-9]{2}T[^ ]+) (?<host>[^ ]*) (?<ident>[a-zA-Z0-9_/.-]+)(?:\[(?<pid>[0-9]+)\])?:? *(?<message>.*)\z";

proptest! {
    #[test]
    fn messages_of_rfc_5424_are_as_a_pattern_has_them(
        head in "<[0-9]{1,3}>1( (-|2003-10-11T22:14:15\\.[0-9]{1,6}(Z|[+-]0[0-9]:30)|[a-z]{1,4})){5}",
        data in "(-|(\\[[a-z@]{1,3}( [a-z]{1,2}=\"([a-z \\]\\[]|\\\\[\"\\\\\\]]){0,4}\"){0,2}\\]){1,3})",
        message in "( [ -~]{0,12})?",
    ) {
        let line = format!("{head} {data}{message}");
        let fast = of(Dialect::Rfc5424).build().expect("it is sound");

        let (fast, slow) = (made(&*fast, line.as_bytes()), made(&*plain(NEW), line.as_bytes()));

        prop_assert!(fast.is_some(), "{}", line);
        prop_assert_eq!(fast, slow, "{}", line);
    }

    #[test]
    fn messages_of_rfc_3164_are_as_a_pattern_has_them(
        head in "<[0-9]{1,3}>(Oct  1 22:14:15|2003-10-11T22:14:15Z) [a-z]{0,3} [a-z/._-]{1,4}(\\[[0-9]{1,3}\\])?(:| )",
        message in "[ -~]{0,12}",
    ) {
        let line = format!("{head}{message}");
        let fast = of(Dialect::Rfc3164).build().expect("it is sound");

        let (fast, slow) = (made(&*fast, line.as_bytes()), made(&*plain(OLD), line.as_bytes()));

        prop_assert_eq!(fast.map(|(fields, _)| fields), slow.map(|(fields, _)| fields), "{}", line);
    }

    #[test]
    fn any_bytes_are_taken_without_harm(
        start in prop::sample::select(&["", "<1>", "<1>1 a b c d e ", "<1>1 a b c d e [a b=\"", "<1>Oct 1 1:1 h "][..]),
        rest in proptest::collection::vec(prop_oneof![prop::sample::select(&b" []<>:=\"\\-1a\n"[..]), any::<u8>()], 0..40),
    ) {
        let line = [start.as_bytes(), &rest].concat();
        for dialect in [Dialect::Any, Dialect::Rfc5424, Dialect::Rfc3164, Dialect::Rfc3164Local] {
            made(&*of(dialect).build().expect("it is sound"), &line);
        }
    }
}
