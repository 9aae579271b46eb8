use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value as Json;
use vigie_parsers::batch::{Origin, Timestamp};

use super::*;
use crate::encode::dots::Dots;

/// A value to be put into a record, and what a JSON reader is to make of it.
#[derive(Clone, Debug)]
enum Given {
    Null,
    Bool(bool),
    Number(&'static str),
    I64(i64),
    U64(u64),
    F64(f64),
    Plain(Vec<u8>),
    Escaped(String),
    Raw(Json),
    Map(Vec<(Vec<u8>, Given)>),
    List(Vec<Given>),
}

fn scalar() -> impl Strategy<Value = Given> {
    prop_oneof![
        Just(Given::Null),
        any::<bool>().prop_map(Given::Bool),
        prop::sample::select(vec!["0", "-12.5e3", "1.10", "12345678901234567890123"]).prop_map(Given::Number),
        any::<i64>().prop_map(Given::I64),
        any::<u64>().prop_map(Given::U64),
        // Eighths, since serde_json reads long fractions only nearly.
        any::<i32>().prop_map(|eighths| Given::F64(f64::from(eighths) / 8.0)),
        any::<Vec<u8>>().prop_map(Given::Plain),
        "[a-z.\"\n\u{e9}]{0,12}".prop_map(Given::Escaped),
        "[a-z. \"\n\u{e9}]{0,12}"
            .prop_map(|text| Given::Raw(serde_json::json!({ "a": [text.clone(), 1], "b": { "k": text } }))),
    ]
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof!["[ab.]{0,2}".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..3)]
}

fn given() -> impl Strategy<Value = Given> {
    scalar().prop_recursive(3, 16, 4, |inner| {
        let unique = prop::collection::btree_map("[a-c]{1,2}", inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Given::List),
            unique.prop_map(|map| Given::Map(map.into_iter().map(|(key, value)| (key.into_bytes(), value)).collect())),
        ]
    })
}

fn inside(text: &str) -> Vec<u8> {
    let quoted = serde_json::to_string(text).expect("text is JSON");
    quoted.as_bytes()[1..quoted.len() - 1].to_vec()
}

fn store(batch: &mut Batch, given: &Given) -> Value {
    match given {
        Given::Null => Value::Null,
        Given::Bool(bool) => Value::Bool(*bool),
        Given::Number(text) => Value::Number(batch.store(text.as_bytes())),
        Given::I64(number) => Value::I64(*number),
        Given::U64(number) => Value::U64(*number),
        Given::F64(number) => Value::F64(*number),
        Given::Plain(text) => Value::Text(Text::plain(batch.store(text))),
        Given::Escaped(text) => Value::Text(Text::escaped(batch.store(&inside(text)))),
        Given::Raw(json) => Value::Json(batch.store(serde_json::to_string_pretty(json).expect("JSON").as_bytes())),
        Given::Map(members) => {
            let fields: Vec<Field> = members.iter().map(|(key, value)| field(batch, key, value)).collect();
            Value::Map(batch.store_fields(&fields))
        }
        Given::List(items) => {
            let fields: Vec<Field> = items.iter().map(|item| field(batch, b"", item)).collect();
            Value::List(batch.store_fields(&fields))
        }
    }
}

fn field(batch: &mut Batch, key: &[u8], given: &Given) -> Field {
    let key = Text::plain(batch.store(key));
    Field { key, value: store(batch, given) }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a reader is to see, with keys changed by `rename`.
fn expected(given: &Given, rename: fn(&str) -> String) -> Json {
    match given {
        Given::Null => Json::Null,
        Given::Bool(bool) => Json::Bool(*bool),
        Given::Number(text) => serde_json::from_str(text).expect("a number"),
        Given::I64(number) => (*number).into(),
        Given::U64(number) => (*number).into(),
        Given::F64(number) => (*number).into(),
        Given::Plain(text) => lossy(text).into(),
        Given::Escaped(text) => text.clone().into(),
        Given::Raw(json) => json.clone(),
        Given::Map(members) => {
            Json::Object(members.iter().map(|(key, value)| (rename(&lossy(key)), expected(value, rename))).collect())
        }
        Given::List(items) => items.iter().map(|item| expected(item, rename)).collect(),
    }
}

fn record(members: &[(Vec<u8>, Given)]) -> Batch {
    let mut batch = Batch::default();
    let index = batch.push(Timestamp::default(), Origin::default());
    for (key, given) in members {
        let field = field(&mut batch, key, given);
        batch.record_mut(index).append_field(field);
    }
    batch
}

fn written(batch: &Batch) -> Vec<u8> {
    let mut out = Vec::new();
    push_object(batch, batch.record(0).fields(), &mut out);
    out
}

fn with_underscores(batch: &Batch) -> Vec<u8> {
    let mut out = b"{".to_vec();
    Dots::default().push_members(batch, batch.record(0).fields(), &mut out);
    out.push(b'}');
    out
}

fn keys_in_order(json: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut depth = 0;
    for token in Tokens::new(json.as_bytes()) {
        match token {
            Token::Open(_) => depth += 1,
            Token::Close(_) => depth -= 1,
            Token::Key(range) if depth == 1 => keys.push(lossy(&json.as_bytes()[range])),
            _ => {}
        }
    }
    keys
}

proptest! {
    #[test]
    fn a_reader_sees_every_value_and_of_equal_keys_the_last(
        members in prop::collection::vec((key(), given()), 0..8),
    ) {
        let batch = record(&members);

        let out = written(&batch);

        // Keys that are no UTF-8 may become equal by U+FFFD; they are not equal as bytes, so both stay.
        let last: BTreeMap<&[u8], &Given> = members.iter().map(|(key, given)| (key.as_slice(), given)).collect();
        let text = String::from_utf8(out).expect("UTF-8");
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(keys_in_order(&text).len(), last.len());
        let read: Json = serde_json::from_str(&text).expect("valid JSON");
        for (key, given) in last {
            if std::str::from_utf8(key).is_ok() {
                prop_assert_eq!(&read[lossy(key)], &expected(given, str::to_owned));
            }
        }
    }

    #[test]
    fn with_dots_replaced_a_reader_sees_the_last_of_keys_that_became_one(
        members in prop::collection::vec(("[a.]{0,2}", given()), 0..6),
    ) {
        let rename = |key: &str| key.replace('.', "_");
        let members: Vec<_> = members.into_iter().map(|(key, given)| (key.into_bytes(), given)).collect();
        let batch = record(&members);

        let text = String::from_utf8(with_underscores(&batch)).expect("UTF-8");

        let wanted = expected(&Given::Map(members), rename);
        let read: Json = serde_json::from_str(&text).expect("valid JSON");
        prop_assert_eq!(keys_in_order(&text).len(), wanted.as_object().expect("an object").len());
        prop_assert_eq!(read, wanted);
    }

    #[test]
    fn members_that_stand_in_the_arena_are_written_as_if_they_did_not(
        members in prop::collection::vec(("[a-d\u{e9}]{1,2}", "[ -~\n\t\u{e9}]{0,30}"), 1..6),
        compact: bool,
    ) {
        let separator = if compact { "," } else { ", " };
        let source: Vec<String> = members.iter().map(|(key, text)| format!("\"{key}\":\"{text}\"")).collect();
        let mut batch = Batch::default();
        let index = batch.push(Timestamp::default(), Origin::default());
        let start = batch.store(source.join(separator).as_bytes()).start as usize;
        let mut at = start;
        for (key, text) in &members {
            let key = Span::between(at + 1, at + 1 + key.len());
            let value = Span::between(key.end() + 3, key.end() + 3 + text.len());
            at = value.end() + 1 + separator.len();
            let value = Value::Text(Text::plain(value));
            batch.record_mut(index).append_field(Field { key: Text::plain(key), value });
        }

        let read: Json = serde_json::from_slice(&written(&batch)).expect("valid JSON");

        let expected: Json = members.into_iter().map(|(key, text)| (key, Json::from(text))).collect();
        prop_assert_eq!(read, expected);
    }
}

#[test]
fn a_compact_object_is_copied_byte_for_byte_numbers_and_literals_included() {
    let source = br#"{"a":"x","n":1.10,"t":true,"z":null,"j":{"k":[1]},"e":"q\"r"}"#;
    let mut batch = Batch::default();
    let index = batch.push(Timestamp::default(), Origin::default());
    batch.store(source);
    let find = |wanted: &str| {
        let at = memchr::memmem::find(source, wanted.as_bytes()).expect("it is there");
        Span::between(at, at + wanted.len())
    };
    let fields = [
        ("a", Value::Text(Text::plain(find("x")))),
        ("n", Value::Number(find("1.10"))),
        ("t", Value::Bool(true)),
        ("z", Value::Null),
        ("j", Value::Json(find("{\"k\":[1]}"))),
        ("e", Value::Text(Text::escaped(find("q\\\"r")))),
    ];
    for (key, value) in fields {
        let quoted = find(&format!("\"{key}\":"));
        let key = Text::plain(Span::between(quoted.start as usize + 1, quoted.end() - 2));
        batch.record_mut(index).append_field(Field { key, value });
    }

    assert_eq!(lossy(&written(&batch)), lossy(source));
    batch.record_mut(index).set(b"t", Value::Bool(false));
    assert_eq!(lossy(&written(&batch)), lossy(source).replace("true", "false"));
}

#[test]
fn numbers_keep_their_digits_and_those_json_lacks_become_null() {
    let members: Vec<(Vec<u8>, Given)> = [
        Given::F64(2.0),
        Given::F64(0.1),
        Given::F64(f64::NAN),
        Given::F64(f64::INFINITY),
        Given::I64(i64::MIN),
        Given::Number("1.10"),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, given)| (vec![b'a' + u8::try_from(at).expect("few")], given))
    .collect();

    let out = written(&record(&members));

    assert_eq!(lossy(&out), r#"{"a":2.0,"b":0.1,"c":null,"d":null,"e":-9223372036854775808,"f":1.10}"#);
}

#[test]
fn a_record_with_very_many_equal_keys_keeps_the_last() {
    let members: Vec<(Vec<u8>, Given)> =
        (0..5_000).map(|at| (format!("k.{}", at % 2_500).into_bytes(), Given::I64(at))).collect();
    let batch = record(&members);

    let plain: Json = serde_json::from_slice(&written(&batch)).expect("valid JSON");
    let dotless: Json = serde_json::from_slice(&with_underscores(&batch)).expect("valid JSON");

    assert_eq!(plain.as_object().map(serde_json::Map::len), Some(2_500));
    assert_eq!((&plain["k.7"], &dotless["k_7"]), (&Json::from(2_507), &Json::from(2_507)));
}

#[test]
fn an_escaped_key_equals_its_plain_form() {
    let mut batch = record(&[(b"email".to_vec(), Given::I64(1)), (b"x".to_vec(), Given::Null)]);
    let key = Text::escaped(batch.store(br"\u0065mail"));
    batch.record_mut(0).append_field(Field { key, value: Value::I64(2) });

    assert_eq!(lossy(&written(&batch)), r#"{"x":null,"\u0065mail":2}"#);
}

#[test]
fn a_member_that_is_ready_is_copied_wherever_it_stands_until_its_value_changes() {
    let mut batch = record(&[]);
    let member = batch.store_member("m", br#"{"k":"v"}"#);
    batch.record_mut(0).append_field(member);
    assert_eq!(lossy(&written(&batch)), r#"{"m":{"k":"v"}}"#);

    batch.record_mut(0).append(b"n", Value::Null);
    batch.record_mut(0).remove(b"m");
    batch.record_mut(0).append_field(member);
    assert_eq!(lossy(&written(&batch)), r#"{"n":null,"m":{"k":"v"}}"#);
    assert_eq!(lossy(&with_underscores(&batch)), r#"{"n":null,"m":{"k":"v"}}"#);

    let other = Value::Json(batch.store(b"[1]"));
    batch.record_mut(0).set(b"m", other);
    assert_eq!(lossy(&written(&batch)), r#"{"n":null,"m":[1]}"#);
}
