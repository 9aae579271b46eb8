//! The record model against an ordered map: any sequence of changes gives the same record.

use proptest::prelude::*;
use serde_json::{Map, Value as Json};
use vigie_parsers::batch::{Batch, Field, Origin, Record, Text, Timestamp, Value};
use vigie_parsers::json::JsonParser;
use vigie_parsers::{Parsed, Parser};

#[derive(Clone, Debug)]
enum Step {
    Get(String),
    Set(String, String),
    Remove(String),
    Rename(String, String),
    /// Fields whose keys begin with the second text go under the first.
    Nest(String, String),
    Retain(String),
    /// Fields whose keys begin with the first text get the second one, or JSON, for a value.
    Change(String, Result<String, Json>),
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-d]{1,2}", Just("é\"\\".to_owned()), Just("tab\there".to_owned())]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        key().prop_map(Step::Get),
        (key(), "\\PC{0,8}").prop_map(|(key, value)| Step::Set(key, value)),
        key().prop_map(Step::Remove),
        (key(), key()).prop_map(|(key, to)| Step::Rename(key, to)),
        (key(), "[a-d]").prop_map(|(under, prefix)| Step::Nest(under, prefix)),
        "[a-d]".prop_map(Step::Retain),
        ("[a-d]", "[a-z\n\"\\\\\u{7f}é]{0,12}").prop_map(|(prefix, text)| Step::Change(prefix, Ok(text))),
        "[a-d]".prop_map(|prefix| Step::Change(prefix, Err(serde_json::json!([1, {"x": "y"}])))),
    ]
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        "[a-z\n\"\\\\é]{0,8}".prop_map(Json::from),
        Just(serde_json::json!({"in": [1, {"deep": "x"}]})),
    ]
}

/// The record as an ordered map, everything decoded.
fn seen(record: Record<'_>) -> Map<String, Json> {
    map(record.batch(), record.fields())
}

fn map(batch: &Batch, fields: &[Field]) -> Map<String, Json> {
    let entry = |field: &Field| (text(batch, field.key), value(batch, field.value));
    fields.iter().map(entry).collect()
}

fn text(batch: &Batch, text: Text) -> String {
    let mut bytes = Vec::new();
    batch.decode_text(text, &mut bytes);
    String::from_utf8(bytes).expect("these texts are UTF-8")
}

fn value(batch: &Batch, value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(bool) => Json::Bool(bool),
        Value::Number(span) | Value::Json(span) => serde_json::from_slice(batch.bytes(span)).expect("it is JSON"),
        Value::Text(inner) => Json::String(text(batch, inner)),
        Value::Map(range) => Json::Object(map(batch, batch.fields(range))),
        other => unreachable!("no step makes {other:?}"),
    }
}

fn apply(batch: &mut Batch, index: usize, model: &mut Map<String, Json>, step: &Step) {
    let mut record = batch.record_mut(index);
    match step {
        Step::Get(key) => assert_eq!(record.get(key.as_bytes()).is_some(), model.contains_key(key)),
        Step::Set(key, text) => {
            record.set_text(key.as_bytes(), text.as_bytes());
            model.insert(key.clone(), Json::from(text.as_str()));
        }
        Step::Remove(key) => {
            assert_eq!(record.remove(key.as_bytes()).is_some(), model.shift_remove(key).is_some());
        }
        Step::Rename(key, to) => {
            let renamed = record.rename(key.as_bytes(), to.as_bytes());
            assert_eq!(renamed, model.contains_key(key));
            if renamed && key != to {
                model.shift_remove(to);
                let rename = |(old, value)| (if old == *key { to.clone() } else { old }, value);
                *model = std::mem::take(model).into_iter().map(rename).collect();
            }
        }
        Step::Nest(under, prefix) => {
            record.nest(under.as_bytes(), |batch, field| text(batch, field.key).starts_with(prefix.as_str()));
            let (chosen, mut rest): (Map<_, _>, Map<_, _>) =
                std::mem::take(model).into_iter().partition(|(key, _)| key.starts_with(prefix.as_str()));
            if !chosen.is_empty() {
                rest.shift_remove(under);
                rest.insert(under.clone(), Json::Object(chosen));
            }
            *model = rest;
        }
        Step::Change(prefix, value) => {
            let value = match value {
                Ok(text) => (Value::Text(Text::plain(record.store(text.as_bytes()))), Json::from(text.as_str())),
                Err(json) => (Value::Json(record.store(json.to_string().as_bytes())), json.clone()),
            };
            let keys = model.iter_mut().enumerate().filter(|(_, (key, _))| key.starts_with(prefix.as_str()));
            let changes: Vec<_> = keys.map(|(at, (_, old))| (at, (value.0, *old = value.1.clone()).0)).collect();
            record.set_values(&changes);
        }
        Step::Retain(prefix) => {
            record.retain(|batch, field| !text(batch, field.key).starts_with(prefix.as_str()));
            *model = std::mem::take(model).into_iter().filter(|(key, _)| !key.starts_with(prefix.as_str())).collect();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_sequence_of_changes_gives_the_same_record_as_an_ordered_map(
        members in proptest::collection::vec((key(), scalar()), 0..8),
        steps in proptest::collection::vec(step(), 0..25),
    ) {
        let mut model: Map<String, Json> = members.into_iter().collect();
        let mut batch = Batch::default();
        let span = batch.store(&serde_json::to_vec(&model).expect("it is written"));
        let index = batch.push(Timestamp::default(), Origin::default());
        let neighbour_span = batch.store(br#"{"n":1,"a":"stays"}"#);
        prop_assert_eq!(JsonParser.parse(&mut batch, index, span), Parsed::Fitted);
        let neighbour = batch.push(Timestamp::default(), Origin::default());
        JsonParser.parse(&mut batch, neighbour, neighbour_span);

        for step in &steps {
            apply(&mut batch, index, &mut model, step);
            let record = batch.record(index);
            prop_assert_eq!(&seen(record), &model, "after {:?}", step);
            let in_order: Vec<String> = record.fields().iter().map(|field| text(&batch, field.key)).collect();
            prop_assert_eq!(in_order, model.keys().cloned().collect::<Vec<_>>());
            if let Some((members, added)) = record.verbatim() {
                let whole = [b"{", members, b"}"].concat();
                let mut ready: Map<String, Json> = serde_json::from_slice(&whole).expect("it is an object");
                ready.extend(map(&batch, added));
                prop_assert_eq!(&ready, &model);
            }
        }
        let stays: Map<String, Json> = serde_json::from_str(r#"{"n":1,"a":"stays"}"#).expect("it is JSON");
        prop_assert_eq!(seen(batch.record(neighbour)), stays);
    }
}

#[test]
fn a_record_is_known_to_have_no_key_twice_only_until_it_gets_fields() {
    let mut batch = Batch::default();
    let (key, text) = (Text::plain(batch.store(b"log")), batch.store(b"line"));
    batch.push_text(Timestamp::default(), Origin::default(), key, text);
    assert!(batch.record(0).is_distinct());

    let again = batch.store_fields(&[Field { key, value: Value::Null }]);
    batch.record_mut(0).append_fields(again);

    assert!(!batch.record(0).is_distinct());
}
