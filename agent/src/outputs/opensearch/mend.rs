//! Other forms of a document that was refused: without the field that was to blame, or as text in the quarantine index.
//!
//! Nothing here remembers or sends anything.

use std::ops::Range;

use crate::encode::bulk::push_action;
use crate::encode::json::push_string;
use crate::encode::{Token, Tokens, unescaped};
use crate::plugin::Refusal;

/// Where a field goes that its index does not take.
const UNMAPPED: &str = "unmapped";

/// A field that an index does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Its name, with dots.
    pub(super) field: String,
    /// Whether its value was an object.
    pub(super) is_object: bool,
}

/// The field that `refusal` blames, if it blames one.
///
/// # Source
/// Messages of `DocumentParser` and `FieldMapper` of OpenSearch 2.19 and 3.4.
pub(super) fn blamed(refusal: &Refusal) -> Option<&str> {
    let Refusal { kind, reason, .. } = refusal;
    let begins: &[&str] = match kind.as_str() {
        "mapper_parsing_exception" | "document_parsing_exception" => {
            &["failed to parse field [", "object mapping for [", "Could not dynamically add mapping for field ["]
        }
        "illegal_argument_exception" => &["mapper ["],
        _ => return None,
    };
    let name = begins.iter().find_map(|begin| reason.strip_prefix(begin))?;
    name.split_once(']').map(|(name, _)| name).filter(|name| !name.is_empty())
}

/// `document`, a JSON object, with `field` moved to `unmapped` as text. `None` when it has no such field, or has something
/// under `unmapped`: then it was moved before, or the name is taken.
pub(super) fn without(document: &[u8], field: &str) -> Option<(Vec<u8>, Misfit)> {
    if find(document, 0..document.len(), UNMAPPED).is_some() {
        return None;
    }
    let Member { whole, value, name } = find(document, 0..document.len(), field)?;
    let text = &document[value];
    let mut mended = Vec::with_capacity(document.len() + 32);
    let (before, behind) = cut(document, whole);
    mended.extend_from_slice(before);
    mended.extend_from_slice(behind);
    while mended.last().is_some_and(|byte| *byte != b'}') {
        mended.pop();
    }
    mended.pop()?;
    if !mended.trim_ascii_end().ends_with(b"{") {
        mended.push(b',');
    }
    push_string(UNMAPPED.as_bytes(), &mut mended);
    mended.extend_from_slice(b":{");
    push_string(name.as_bytes(), &mut mended);
    mended.push(b':');
    if text.starts_with(b"\"") {
        mended.extend_from_slice(text);
    } else {
        push_string(text, &mut mended);
    }
    mended.extend_from_slice(b"}}");
    Some((mended, Misfit { field: name, is_object: text.starts_with(b"{") }))
}

/// Whether `document` has something of the shape of `misfit` under its field.
pub(super) fn has(document: &[u8], misfit: &Misfit) -> bool {
    let found = find(document, 0..document.len(), &misfit.field).filter(|member| member.name == misfit.field);
    found.is_some_and(|member| document[member.value].starts_with(b"{") == misfit.is_object)
}

/// The item that stands for a refused document in the index `quarantine`: the document as text, and why it was refused.
pub(super) fn quarantined(
    quarantine: &str,
    (index, id): (&str, Option<&str>),
    document: &[u8],
    time_key: &str,
    refusal: &Refusal,
) -> Vec<u8> {
    let mut item = Vec::with_capacity(document.len() + 512);
    push_action("create", quarantine, id, &mut item);
    item.push(b'{');
    let time = find(document, 0..document.len(), time_key).map(|member| &document[member.value]);
    if let Some(time) = time.filter(|time| time.starts_with(b"\"")) {
        push_string(time_key.as_bytes(), &mut item);
        item.push(b':');
        item.extend_from_slice(time);
        item.push(b',');
    }
    item.extend_from_slice(b"\"refused\":{\"index\":");
    push_string(index.as_bytes(), &mut item);
    item.extend_from_slice(format!(",\"status\":{},\"type\":", refusal.status).as_bytes());
    push_string(refusal.kind.as_bytes(), &mut item);
    item.extend_from_slice(b",\"reason\":");
    push_string(refusal.reason.as_bytes(), &mut item);
    item.extend_from_slice(b"},\"document\":");
    push_string(document, &mut item);
    item.extend_from_slice(b"}\n");
    item
}

/// A member of an object in a document.
struct Member {
    /// From its key to the end of its value.
    whole: Range<usize>,
    value: Range<usize>,
    /// Its path, with dots.
    name: String,
}

/// The member at `path`, whose dots part objects or stand in keys, in the object at `within`. Where the path leads into a list,
/// the member with the list.
fn find(document: &[u8], within: Range<usize>, path: &str) -> Option<Member> {
    let base = within.start;
    let mut tokens = Tokens::new(&document[within]);
    let Token::Open(b'{') = tokens.next()? else { return None };
    loop {
        let Token::Key(key) = tokens.next()? else { return None };
        let value = tokens.value()?;
        let (key, value) = (key.start + base..key.end + base, value.start + base..value.end + base);
        let whole = key.start - 1..value.end;
        let name = unescaped(&document[key])?;
        if name == path {
            return Some(Member { whole, value, name });
        }
        let Some(rest) = path.strip_prefix(&name).and_then(|rest| rest.strip_prefix('.')) else { continue };
        if document[value.start] == b'[' {
            return Some(Member { whole, value, name });
        }
        if let Some(inner) = find(document, value, rest) {
            return Some(Member { name: format!("{name}.{}", inner.name), ..inner });
        }
    }
}

/// What stands before and behind a member, without the comma that parted it from its neighbour.
fn cut(document: &[u8], member: Range<usize>) -> (&[u8], &[u8]) {
    let (before, behind) = (document[..member.start].trim_ascii_end(), document[member.end..].trim_ascii_start());
    match (before.strip_suffix(b","), behind.strip_prefix(b",")) {
        (Some(before), _) => (before, behind),
        (None, Some(behind)) => (before, behind),
        (None, None) => (before, behind),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn refusal(kind: &str, reason: &str) -> Refusal {
        Refusal { status: 400, kind: kind.into(), reason: reason.into() }
    }

    #[test]
    fn the_field_to_blame_is_read_from_the_reason() {
        let parsing = "mapper_parsing_exception";
        let cases = [
            (
                parsing,
                "failed to parse field [a.b] of type [long] in document with id 'm'. Preview of field's value: 'x]'",
                Some("a.b"),
            ),
            (
                parsing,
                "object mapping for [a] tried to parse field [a] as object, but found a concrete value",
                Some("a"),
            ),
            (
                parsing,
                "Could not dynamically add mapping for field [a.b]. Existing mapping for [a] must be of type object but found [text].",
                Some("a.b"),
            ),
            ("illegal_argument_exception", "mapper [n] cannot be changed from type [long] to [text]", Some("n")),
            ("illegal_argument_exception", "Limit of total fields [3] has been exceeded", None),
            (parsing, "failed to parse", None),
            (parsing, "failed to parse field [] of type", None),
            ("strict_dynamic_mapping_exception", "failed to parse field [a]", None),
        ];
        for (kind, reason, expected) in cases {
            assert_eq!(blamed(&refusal(kind, reason)), expected, "{reason}");
        }
    }

    #[test]
    fn a_field_is_moved_as_text_wherever_it_stands() {
        let cases = [
            (r#"{"n":"x","m":1.10}"#, "n", r#"{"m":1.10,"unmapped":{"n":"x"}}"#),
            (r#"{"m":1,"n":{"a":["b"]}}"#, "n", r#"{"m":1,"unmapped":{"n":"{\"a\":[\"b\"]}"}}"#),
            (r#"{"n":5}"#, "n", r#"{"unmapped":{"n":"5"}}"#),
            (r#"{"a":{"b":1,"c":2},"d":3}"#, "a.b", r#"{"a":{"c":2},"d":3,"unmapped":{"a.b":"1"}}"#),
            (r#"{"a.b":1,"d":3}"#, "a.b", r#"{"d":3,"unmapped":{"a.b":"1"}}"#),
            (r#"{"a":{"b.c":1}}"#, "a.b.c", r#"{"a":{},"unmapped":{"a.b.c":"1"}}"#),
            (r#"{"a":[{"b":1}],"d":3}"#, "a.b", r#"{"d":3,"unmapped":{"a":"[{\"b\":1}]"}}"#),
            (r#"{"a":{"x":1},"a.b":2}"#, "a.b", r#"{"a":{"x":1},"unmapped":{"a.b":"2"}}"#),
            (r#"{"caf\u00e9":true}"#, "caf\u{e9}", "{\"unmapped\":{\"caf\u{e9}\":\"true\"}}"),
            ("{ \"m\" : 1 , \"n\" : 2 }", "n", "{ \"m\" : 1 ,\"unmapped\":{\"n\":\"2\"}}"),
        ];
        for (document, field, expected) in cases {
            let mended =
                without(document.as_bytes(), field).map(|(mended, _)| String::from_utf8(mended).expect("text"));
            assert_eq!(mended.as_deref(), Some(expected), "{document}");
        }
        for (document, field) in
            [("{}", "n"), (r#"{"a":1}"#, "a.b"), (r#"{"n":1,"unmapped":{}}"#, "n"), ("no", "n"), ("", "n")]
        {
            assert_eq!(without(document.as_bytes(), field), None, "{document}");
        }
    }

    #[test]
    fn only_the_shape_that_was_refused_is_known_again() {
        let (_, misfit) = without(br#"{"app":{"name":"x"}}"#, "app").expect("it has the field");

        assert!(has(br#"{"app":{}}"#, &misfit));
        assert!(!has(br#"{"app":"x"}"#, &misfit) && !has(br#"{"apps":{}}"#, &misfit));
    }

    #[test]
    fn a_document_in_quarantine_is_text_with_its_time_and_the_reason() {
        let document = br#"{"@timestamp":"2026-01-01T00:00:00.000Z","n":"x"}"#;

        let item =
            quarantined("bad", ("logs", Some("a1")), document, "@timestamp", &refusal("some_exception", "no \"x\""));

        let expected = r#"{"create":{"_index":"bad","_id":"a1"}}
{"@timestamp":"2026-01-01T00:00:00.000Z","refused":{"index":"logs","status":400,"type":"some_exception","reason":"no \"x\""},"document":"{\"@timestamp\":\"2026-01-01T00:00:00.000Z\",\"n\":\"x\"}"}
"#;
        assert_eq!(String::from_utf8(item).expect("text"), expected);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), "\\PC{0,6}".prop_map(Value::from)];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::hash_map("[ab.\"\u{e9}]{1,3}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// What is mended is an object again, with all members but the one that was moved.
        #[test]
        fn a_mended_document_is_json_and_lacks_only_the_field(value in value(), field in "[ab.\u{e9}]{1,5}", pretty: bool) {
            let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.expect("JSON");
            if let Some((mended, misfit)) = without(&text, &field) {
                let mut mended: Value = serde_json::from_slice(&mended).expect("it is JSON");
                let moved = mended.as_object_mut().and_then(|object| object.remove(UNMAPPED)).expect("it was moved");
                prop_assert!(moved.as_object().is_some_and(|moved| moved.len() == 1 && moved.contains_key(&misfit.field)));
                let text = serde_json::to_vec(&mended).expect("JSON");
                let members = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
                let at_top = value.as_object().is_some_and(|object| object.contains_key(&misfit.field));
                let without_field = find(&text, 0..text.len(), &misfit.field).is_none();
                prop_assert!(at_top || without_field || members(&mended) == members(&value));
                prop_assert_eq!(members(&mended) + usize::from(at_top && members(&mended) < members(&value)), members(&value));
            }
        }

        #[test]
        fn no_bytes_bring_it_down(bytes: Vec<u8>, field in "\\PC{0,5}") {
            drop(without(&bytes, &field));
            drop(without(&[b"{\"a\":{".as_slice(), &bytes, b"}}"].concat(), "a.b"));
        }
    }
}
