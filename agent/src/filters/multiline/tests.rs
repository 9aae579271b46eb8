//! The filter as a stage: records that come one by one.

use crate::filters::testing::{factory_of, findings, held};

#[test]
fn traces_in_records_are_joined_and_other_records_go_on() {
    let filter = factory_of(&super::KIND, &[("multiline.parser", "go, java"), ("multiline.key_content", "log")]);
    let records = [
        r#"{"log":"before","n":0}"#,
        r#"{"log":"x.FooException: boom","n":1}"#,
        r#"{"log":"\tat a.B(C)","n":2}"#,
        r#"{"log":"after","n":3}"#,
        r#"{"other":1}"#,
    ];

    let out = held(&filter, &records);

    let trace = r#"{"log":"x.FooException: boom\n\tat a.B(C)","n":1}"#;
    assert_eq!(out, [records[0], trace, records[3], records[4]]);
}

#[test]
fn the_parts_of_a_message_are_joined_and_no_longer_said_to_be_parts() {
    let filter = factory_of(&super::KIND, &[("mode", "partial_message")]);
    let part = |log: &str, id: &str, last: &str| {
        format!(
            r#"{{"log":"{log}","source":"stdout","partial_message":"true","partial_id":"{id}","partial_last":"{last}"}}"#
        )
    };
    let records = [
        part("a", "1", "false"),
        part("x", "2", "false"),
        r#"{"log":"alone"}"#.into(),
        part("b", "1", "true"),
        part("y", "2", "true"),
    ];
    let records: Vec<&str> = records.iter().map(String::as_str).collect();

    let out = held(&filter, &records);

    assert_eq!(out, [r#"{"log":"alone"}"#, r#"{"log":"ab","source":"stdout"}"#, r#"{"log":"xy","source":"stdout"}"#]);
}

#[test]
fn what_cannot_be_joined_is_reported() {
    assert_eq!(findings(&super::KIND, &[("multiline.parser", "jav")]), ["V304"]);
    assert_eq!(findings(&super::KIND, &[]), ["V105"]);
    assert_eq!(findings(&super::KIND, &[("multiline.parser", "java"), ("mode", "partial_message")]), ["V403"]);
    assert_eq!(findings(&super::KIND, &[("multiline.parser", "java"), ("multiline.key_content", "$log")]), ["V117"]);
}
