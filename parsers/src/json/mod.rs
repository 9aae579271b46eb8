//! JSON: one pass that validates a line and finds its members, spans only.
//!
//! Nothing is decoded and nothing copied: keys and strings stay escaped in the arena, numbers keep their text, nested
//! objects and arrays are validated and kept as one span. What does not validate is refused as a whole.

#[cfg(any(test, fuzzing))]
pub mod check;
mod expand;
mod expected;
mod members;
mod scan;
mod stream;

use std::sync::Arc;

use crate::parser::Parser;

pub use expand::{Expanded, object};
pub use stream::{Piece, Splitter, StreamParser};

/// Objects and arrays may be nested this deep, the outermost included.
pub const MAX_DEPTH: usize = 64;

/// Parses the text of records as one JSON object each.
#[derive(Debug)]
pub struct JsonParser;

impl JsonParser {
    /// The parser, ready to be shared.
    pub fn shared() -> Arc<dyn Parser> {
        Arc::new(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value as Json};

    use super::check::{check, parse};
    use super::*;
    use crate::batch::{Batch, Origin, Timestamp, Value};

    fn json() -> impl Strategy<Value = Json> {
        let scalar = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            "\\PC{0,20}".prop_map(Json::from),
            "[\\x00-\\x7f]{0,12}".prop_map(Json::from),
        ];
        scalar.prop_recursive(5, 60, 8, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                proptest::collection::vec(("[a-d\"é]{0,3}", inner), 0..6)
                    .prop_map(|members| Json::Object(members.into_iter().collect())),
            ]
        })
    }

    fn object() -> impl Strategy<Value = Map<String, Json>> {
        proptest::collection::vec(("[a-z\\\\\"]{0,4}", json()), 0..12).prop_map(|members| members.into_iter().collect())
    }

    /// Members of lines, some of them just not valid.
    fn member() -> impl Strategy<Value = Vec<u8>> {
        const KEYS: [&str; 5] = ["a", "bb", "twelve_bytes", "thirteen_byte", "a_key_of_more_than_sixteen_bytes"];
        const VALUES: [&[u8]; 44] = [
            b"0",
            b"-0",
            b"7",
            b"-7",
            b"01",
            b"-01",
            b"00",
            b"-",
            b"+1",
            b"1.5",
            b"0.0",
            b"1.",
            b".5",
            b"-.5",
            b"1.5.5",
            b"1e5",
            b"1E5",
            b"1e",
            b"1E+5",
            b"1.0e-5",
            b"1.0E5",
            b"1234567890123456",
            b"12345678901234567",
            b"0.1234567890123456",
            b"0.12345678901234567",
            b"\"\"",
            b"\"text\"",
            b"\"fifteen bytes..\"",
            b"\"sixteen bytes...\"",
            b"\"seventeen bytes..\"",
            "\"caf\u{e9}\"".as_bytes(),
            b"\"\xe9\"",
            b"\"\xff in a text of many bytes\"",
            b"\"a \\\" b\"",
            b"\"a tab\t\"",
            b"\"a long text with a tab\t\"",
            b"\"open",
            b"true",
            b"false",
            b"null",
            b"tru",
            b"{\"a\":[1,{}]}",
            b"[]",
            b"",
        ];
        let separator = prop_oneof![8 => Just(","), 1 => Just(", "), 1 => Just(" ,"), 1 => Just(" "), 1 => Just(",,"), 1 => Just("}")];
        let colon = prop_oneof![8 => Just(":"), 1 => Just(": "), 1 => Just(" :"), 1 => Just("")];
        let parts = (prop::sample::select(&KEYS[..]), colon, prop::sample::select(&VALUES[..]), separator);
        parts.prop_map(|(key, colon, value, separator)| {
            [format!("\"{key}\"{colon}").as_bytes(), value, separator.as_bytes()].concat()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn members_are_accepted_exactly_when_serde_json_accepts_them(
            lines in proptest::collection::vec(proptest::collection::vec(member(), 1..6), 1..3),
            end in prop_oneof![Just("}"), Just("\"z\":1}"), Just("")],
        ) {
            let texts: Vec<Vec<u8>> = lines.iter().map(|members| [b"{", &members.concat()[..], end.as_bytes()].concat()).collect();
            check(&texts);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn every_object_is_read_as_serde_json_reads_it(object in object(), pretty in any::<bool>()) {
            let value = Json::Object(object.clone());
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("it is written");
            let read = parse(text.as_bytes()).expect("it is valid");
            prop_assert!(read.keys().eq(object.keys()), "in order");
            check(&[text]);
        }

        #[test]
        fn a_mutated_object_is_accepted_exactly_when_serde_json_accepts_it(
            object in object(),
            edits in proptest::collection::vec((any::<prop::sample::Index>(), "[\\x00-\\xff]|[{}\\[\\]:,\"0-9eE+.nulltrue \\\\-]"), 1..4),
        ) {
            let text = serde_json::to_vec(&object).expect("it is written");
            let mut other = text.clone();
            for (at, with) in edits {
                let at = at.index(text.len());
                let bytes = with.as_bytes();
                other[at] = bytes[bytes.len() - 1];
            }
            check(&[text, other]);
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(64), "]".repeat(64));
        let cases: &[&[u8]] = &[
            b"",
            b" ",
            b"{",
            b"}",
            b"[]",
            b"1",
            b"\"a\"",
            b"{}}",
            b"{} x",
            b"{\"a\"}",
            b"{\"a\":}",
            b"{\"a\":1,}",
            b"{a:1}",
            b"{\"a\":01}",
            b"{\"a\":1.}",
            b"{\"a\":+1}",
            b"{\"a\":.5}",
            b"{\"a\":\"\x01\"}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\\x\"}",
            deep.as_bytes(),
        ];
        for text in cases {
            assert_eq!(parse(text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn a_key_that_stands_twice_keeps_its_last_value_at_any_depth() {
        let text = br#"{"a":1,"b":{"x":1,"y":[{"k":1,"\u006b":2}],"x":3},"a":2,"\u0061":3}"#;

        let read = parse(text).expect("it is valid");

        assert_eq!(serde_json::to_string(&read).expect("it is written"), r#"{"b":{"y":[{"k":2}],"x":3},"a":3}"#);
    }

    #[test]
    fn objects_of_very_many_keys_are_read_without_quadratic_work() {
        let members: Vec<String> = (0..50_000).map(|at| format!("\"{at}\":{at}")).collect();
        let text = format!("{{\"in\":{{{0}}},{0}}}", members.join(","));

        assert_eq!(parse(text.as_bytes()).map(|read| read.len()), Some(50_001));
    }

    #[test]
    fn numbers_keep_their_text() {
        let mut batch = Batch::default();
        let span = batch.store(br#"{"a":1.10,"b":12345678901234567890}"#);
        let index = batch.push(Timestamp::default(), Origin::default());

        JsonParser.parse(&mut batch, index, span);

        let Some(Value::Number(a)) = batch.record(index).get(b"a") else { unreachable!("it is a number") };
        let Some(Value::Number(b)) = batch.record(index).get(b"b") else { unreachable!("it is a number") };
        assert_eq!((batch.bytes(a), batch.bytes(b)), (&b"1.10"[..], &b"12345678901234567890"[..]));
    }
}
