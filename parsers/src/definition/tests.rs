use super::*;
use crate::batch::{Origin, Timestamp};

/// The fields as `key=value` with kinds of values told apart, and the time.
fn parse(definition: &Definition, line: &str) -> (Parsed, String, Timestamp) {
    let parser = definition.build().expect("the definition is valid");
    let mut batch = Batch::default();
    let span = batch.store(line.as_bytes());
    let index = batch.push(Timestamp { seconds: 1_795_392_000, nanos: 7 }, Origin::default());
    let parsed = parser.parse(&mut batch, index, span);
    let record = batch.record(index);
    let show = |field: &Field| {
        let bytes = |span| String::from_utf8_lossy(batch.bytes(span)).into_owned();
        let value = match field.value {
            Value::Text(text) => format!("'{}'", bytes(text.span)),
            Value::Number(span) | Value::Json(span) => bytes(span),
            Value::Bool(value) => value.to_string(),
            Value::U64(value) => format!("u{value}"),
            other => format!("{other:?}"),
        };
        format!("{}={value}", bytes(field.key.span))
    };
    let fields: Vec<String> = record.fields().iter().map(show).collect();
    (parsed, fields.join(" "), record.time())
}

fn fields(definition: &Definition, line: &str) -> Option<String> {
    let (parsed, fields, _) = parse(definition, line);
    (parsed != Parsed::Refused).then_some(fields)
}

#[test]
fn logfmt_is_read_as_fluent_bit_reads_it() {
    let logfmt = Definition { format: Format::Logfmt, ..Definition::default() };
    let strict = Definition { logfmt_no_bare_keys: true, ..logfmt.clone() };

    let line = r#"a=1 b="x y" c d= e="" f="q\"w""#;

    assert_eq!(fields(&logfmt, line).as_deref(), Some(r#"a='1' b='x y' c=true d=true e='' f='q"w'"#));
    assert_eq!(
        fields(&logfmt, r#"a=1 b=2 a="\u00e9\ud83d\ude00\t\q\\" a=3x"#).as_deref(),
        Some("b='2' a='3x'"),
        "the last of equal keys"
    );
    assert_eq!(fields(&logfmt, r#"a="\u00e9\ud83d\ude00\t\q\\""#).as_deref(), Some("a='é😀\tq\\'"));
    assert_eq!(fields(&logfmt, r#"a="\u12""#).as_deref(), Some("a='u12'"));
    assert_eq!(fields(&logfmt, r#"a="open\"#).as_deref(), Some(r"a='open\'"));
    assert_eq!(fields(&logfmt, r#"a="open"#).as_deref(), Some("a='open'"));
    assert_eq!(fields(&strict, line), None);
    assert_eq!(fields(&strict, r#"= a= "b=1" ="#).as_deref(), Some("a=true b='1'"));
    assert_eq!(fields(&logfmt, "  "), None);
}

#[test]
fn ltsv_is_read_by_labels_and_tabs() {
    let ltsv = Definition { format: Format::Ltsv, ..Definition::default() };

    assert_eq!(fields(&ltsv, "host:a\ttime:1:2\treq_time:0.1").as_deref(), Some("host='a' time='1:2' req_time='0.1'"));
    assert_eq!(fields(&ltsv, "a:1\tb:2\t\ta:3\r\n").as_deref(), Some("b='2' a='3'"));
    assert_eq!(fields(&ltsv, "no label"), None);
    assert_eq!(fields(&ltsv, ""), None);
    assert_eq!(fields(&ltsv, "bad label:x"), None);
}

#[test]
fn types_are_applied_where_the_text_fits_them() {
    let types = ["code:Integer", "size:Integer", "ok:Bool", "id:Hex", "ratio:Float"].map(|text| {
        let (key, kind) = text.split_once(':').expect("it holds a colon");
        let kind = match kind {
            "Integer" => FieldType::Integer,
            "Bool" => FieldType::Bool,
            "Hex" => FieldType::Hex,
            _ => FieldType::Float,
        };
        (key.to_owned(), kind)
    });
    let logfmt = Definition { format: Format::Logfmt, types: types.to_vec(), ..Definition::default() };

    assert_eq!(
        fields(&logfmt, "code=200 size=- ok=TRUE id=0xff ratio=0.50").as_deref(),
        Some("code=200 size='-' ok=true id=u255 ratio=0.50")
    );
    assert_eq!(fields(&logfmt, "code=007 ratio=1e5").as_deref(), Some("code=7 ratio=1e5"));
}

#[test]
fn the_time_is_taken_from_its_field() {
    let regex = Definition {
        format: Format::Regex,
        regex: Some(r"^(?<time>[^ ]*) (?<empty>x?)(?<log>.*)$".into()),
        time_format: Some("%Y-%m-%dT%H:%M:%S.%L%z".into()),
        ..Definition::default()
    };
    let kept = Definition { time_keep: true, ..regex.clone() };
    let line = "2023-11-14T22:13:20.5Z hello";

    let (parsed, text, time) = parse(&regex, line);

    assert_eq!((parsed, text.as_str()), (Parsed::Fitted, "log='hello'"));
    assert_eq!(time, Timestamp { seconds: 1_700_000_000, nanos: 500_000_000 });
    assert_eq!(parse(&kept, line).1, "time='2023-11-14T22:13:20.5Z' log='hello'");
}

/// Fluent Bit loses the text of a time that it does not understand; here it stays and is reported.
#[test]
fn a_time_that_is_not_understood_stays_in_the_record() {
    let json = Definition { time_format: Some("%F".into()), ..Definition::default() };

    let (parsed, text, time) = parse(&json, r#"{"time":"yesterday","n":1}"#);

    assert_eq!((parsed, text.as_str()), (Parsed::TimeUnclear, "time='yesterday' n=1"));
    assert_eq!(time.nanos, 7, "the time it was read");
}

#[test]
fn cri_lines_give_the_fields_of_the_usual_definition() {
    let cri = Definition { format: Format::Cri, time_keep: true, ..Definition::default() };
    let piece = Definition { format: Format::CriPiece, ..cri.clone() };
    let empty = Definition { skip_empty_values: false, ..cri.clone() };

    assert_eq!(
        fields(&cri, "2023Z stdout FX a b").as_deref(),
        Some("time='2023Z' stream='stdout' logtag='FX' message='a b'")
    );
    assert_eq!(fields(&cri, "2023Z stdout F ").as_deref(), Some("time='2023Z' stream='stdout' logtag='F'"));
    assert_eq!(
        fields(&empty, "2023Z stdout F ").as_deref(),
        Some("time='2023Z' stream='stdout' logtag='F' message=''")
    );
    assert_eq!(fields(&piece, "2023Z stdout F a b").as_deref(), Some("time='2023Z' stream='stdout' _p='F' log='a b'"));
    assert_eq!(fields(&piece, "2023Z stdout FX a b"), None);
    assert_eq!(fields(&cri, "plain"), None);
}

/// A number as the time: JSON keeps it, as Fluent Bit does, and text formats that made it one read it.
#[test]
fn a_number_is_no_time_in_json() {
    let json = Definition { time_format: Some("%s".into()), ..Definition::default() };
    let logfmt =
        Definition { format: Format::Logfmt, types: vec![("time".into(), FieldType::Integer)], ..json.clone() };

    let (parsed, text, time) = parse(&json, r#"{"time":1700000000,"a":1}"#);

    assert_eq!((parsed, text.as_str()), (Parsed::TimeUnclear, "time=1700000000 a=1"));
    assert_eq!(time.nanos, 7, "the time it was read");
    assert_eq!(parse(&logfmt, "time=1700000000 a=1").2, Timestamp { seconds: 1_700_000_000, nanos: 0 });
    assert_eq!(parse(&json, r#"{"time":"1700000000"}"#).2, Timestamp { seconds: 1_700_000_000, nanos: 0 });
}

#[test]
fn lines_of_docker_have_a_text_and_a_time_without_a_format_of_it() {
    let docker = Definition { format: Format::Docker, time_keep: true, ..Definition::default() };
    let line = r#"{"log":"a\n","stream":"stdout","attrs":{"k":"v"},"time":"2023-11-14T22:13:20.5Z"}"#;

    let (parsed, text, time) = parse(&docker, line);

    let wanted = r#"log='a\n' stream='stdout' attrs={"k":"v"} time='2023-11-14T22:13:20.5Z'"#;
    assert_eq!((parsed, text.as_str()), (Parsed::Fitted, wanted));
    assert_eq!(time, Timestamp { seconds: 1_700_000_000, nanos: 500_000_000 });
    assert_eq!(parse(&docker, r#"{"log":"","time":"2023-11-14T22:13:20Z"}"#).2.seconds, 1_700_000_000);
    for line in [r#"{"stream":"stdout"}"#, r#"{"log":1}"#, r#"{"log":"a"} x"#, "plain", ""] {
        assert_eq!(fields(&docker, line), None, "{line}");
    }
}

#[test]
fn a_wrong_definition_names_the_key_to_blame() {
    let regex = Definition { format: Format::Regex, ..Definition::default() };
    let level = Definition { regex: Some(r"(?<b>c)\k<b+0>".into()), ..regex.clone() };
    let time = Definition { time_format: Some("%Q".into()), ..Definition::default() };
    for (definition, key) in [(regex, "regex"), (level, "regex"), (time, "time_format")] {
        assert_eq!(definition.build().err().map(|error| error.key()), Some(key));
    }
}
