//! Streams cut at once, in bits, and by what reads JSON otherwise.

use proptest::prelude::*;

use super::*;
use crate::batch::Origin;
use crate::json::check;

/// The pieces of `stream`, as JSON or `line:text`, when it comes in bits of `step` bytes.
fn pieces(stream: &str, longest: usize, step: usize) -> Vec<String> {
    let shown = |(is_json, piece): (bool, Vec<u8>)| {
        let kind = if is_json { "" } else { "line:" };
        format!("{kind}{}", String::from_utf8_lossy(&piece))
    };
    check::stream(stream.as_bytes(), longest, step).into_iter().map(shown).collect()
}

#[test]
fn objects_follow_each_other_with_and_without_lines() {
    let cases: [(&str, &[&str]); 16] = [
        (r#"{"a":1}{"b":2}"#, &[r#"{"a":1}"#, r#"{"b":2}"#]),
        ("{\"a\":1}\n{\"b\":2}\n", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        ("{\"c\":\n3}", &["{\"c\":\n3}"]),
        (r#"[1700000000, {"d":4}]"#, &[r#"[1700000000, {"d":4}]"#]),
        (r#"{"a":"}\"{"} {}"#, &[r#"{"a":"}\"{"}"#, "{}"]),
        ("plain\n{\"a\":1}\n", &["line:plain", r#"{"a":1}"#]),
        ("{\"a\":1} tail\n{}", &[r#"{"a":1}"#, "line: tail", "{}"]),
        ("{ no\n{\"a\":1}", &["line:{ no", r#"{"a":1}"#]),
        ("{\"a\":\n{\"b\":1}\n{\"c\":2}\n", &["line:{\"a\":", r#"{"b":1}"#, r#"{"c":2}"#]),
        ("[12] started\n[1,2]\n", &["line:[12] started", "line:[1,2]"]),
        ("[1, {}] x\n", &["[1, {}]", "line: x"]),
        ("{\"a\":1", &["line:{\"a\":1"]),
        ("  at a\r\n\r\n \n", &["line:  at a"]),
        ("{\"a\":tru}\n", &["line:{\"a\":tru}"]),
        ("{\"a\":\"line\n\"}\n", &["line:{\"a\":\"line", "line:\"}"]),
        (r#"{"a":[true,false,null,-1.5e3,{"b":[]}]}"#, &[r#"{"a":[true,false,null,-1.5e3,{"b":[]}]}"#]),
    ];
    for (stream, wanted) in cases {
        for step in [1, 3, 1000] {
            assert_eq!(pieces(stream, 1000, step), wanted, "{stream} in bits of {step}");
        }
    }
}

#[test]
fn length_and_depth_are_bounded() {
    let long = format!("{{\"a\":\"{}\"}}\n{{}}", "x".repeat(30));
    let deep = format!("{{\"a\":{}{}}}\n", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));

    let (head, rest) = long.split_at(20);
    let (tail, _) = rest.split_at(18);
    assert_eq!(pieces(&long, 20, 7), [&format!("line:{head}"), &format!("line:{tail}"), "{}"]);
    assert_eq!(pieces(&deep, 1000, 1), [format!("line:{}", deep.trim_end())]);
}

fn read(text: &str) -> Option<(Timestamp, usize)> {
    let mut batch = Batch::default();
    let span = batch.store(text.as_bytes());
    let index = batch.push(Timestamp::default(), Origin::default());
    let parsed = StreamParser.parse(&mut batch, index, span);
    let record = batch.record(index);
    assert!(parsed.gave_fields() || record.fields().is_empty());
    parsed.gave_fields().then(|| (record.time(), record.fields().len()))
}

#[test]
fn a_time_before_an_object_is_that_of_the_record() {
    let at = |seconds, nanos| Some((Timestamp { seconds, nanos }, 1));

    assert_eq!(read(r#"[1700000000, {"d":4}]"#), at(1_700_000_000, 0));
    assert_eq!(read("[ 1700000000.25 ,\n{\"d\":4}\n]"), at(1_700_000_000, 250_000_000));
    assert_eq!(read(r#"[1.0000000019,{"d":4}]"#), at(1, 1));
    assert_eq!(read(r#"[17e8,{"d":4}]"#), at(1_700_000_000, 0));
    assert_eq!(read(r#"{"d":4}"#), at(0, 0));
    for text in
        ["[1]", "[-1,{}]", "[1.,{}]", "[1e99,{}]", "[99999999999999999999,{}]", "[1,{},{}]", "[,{}]", "[1,{}", "x"]
    {
        assert_eq!(read(text), None, "{text}");
    }
}

fn part() -> impl Strategy<Value = String> {
    let known = prop::sample::select(
        &[
            "{\"a\":1}",
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\\",
            ",",
            ":",
            "\n",
            " ",
            "1",
            "[1,",
            "{\"k\":",
            "true",
            "x",
            "\"a\"",
            "{}",
        ][..],
    );
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,3}"]
}

proptest! {
    #[test]
    fn nothing_is_lost_bits_change_nothing_and_objects_are_found(
        parts in proptest::collection::vec(part(), 0..24), longest in 1_usize..60, step in 1_usize..9,
    ) {
        check::stream(parts.concat().as_bytes(), longest, step);
    }
}
