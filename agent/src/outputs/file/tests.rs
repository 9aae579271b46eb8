use std::fs;
use std::io::Read;
use std::path::Path;

use vigie_parsers::Parsers;
use vigie_parsers::batch::{Batch, Origin, Timestamp, Value};

use super::*;
use crate::config::{Entry, Located, Place, SectionKind};
use crate::metrics::InputMetrics;
use crate::plugin::{Agent, Item, Lot, Purpose, Stream};
use crate::receipts::{Ledger, Outcome, Signal};

fn built(entries: &[(&str, &str)]) -> Result<Arc<dyn Output>, Diagnostics> {
    let located = |text: &str| Located { text: text.into(), ..Located::default() };
    let entries = entries.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
    let section = Section { entries, ..Section::new(SectionKind::Output, Place::default()) };
    let context = BuildContext {
        name: "file.0".into(),
        parsers: Arc::new(Parsers::default()),
        agent: Arc::new(Agent::new("test", b"secret-42")),
        classes: Arc::default(),
        state_directory: None,
        escape_unicode: false,
        purpose: Purpose::Run,
    };
    let mut findings = Diagnostics::default();
    build(&section, &context, &Arc::new(OutputMetrics::new("file.0")), &mut findings).ok_or(findings)
}

/// One record for each tag.
fn request(output: &dyn Output, tags: &[&str]) -> Request {
    let mut batch = Batch::default();
    let index = batch.push(Timestamp { seconds: 1_700_000_000, nanos: 123_456_789 }, Origin::default());
    let nested = batch.store(br#"{"x":1.5}"#);
    let mut record = batch.record_mut(index);
    record.set_text(b"message", b"a \"b\"\n");
    record.set(b"n", Value::I64(1));
    record.set(b"nested", Value::Json(nested));
    let stream = Arc::new(Stream {
        id: 1,
        name: "s".into(),
        input: "dummy.0".into(),
        metrics: Arc::new(InputMetrics::new("dummy.0")),
        birth: 0,
        identity: Vec::new().into(),
        stage: Arc::new(|_| unreachable!("no stage runs here")),
        sent_below: 0.into(),
    });
    let ledger = Ledger::new(0, Signal::default());
    let mut encoder = output.encoder();
    let (mut body, mut items, mut lots) = (Vec::new(), Vec::new(), Vec::new());
    for (lot, tag) in (0..).zip(tags) {
        let tag: Arc<str> = (*tag).into();
        encoder.encode(batch.record(index), &stream, &tag, &mut body);
        items.push(Item { end: u32::try_from(body.len()).expect("small"), lot, offset: 0 });
        lots.push(Lot { share: ledger.open(1), stream: Arc::clone(&stream), tag, may_be_stored: false });
    }
    let (plain_length, encoding) = (body.len(), BodyEncoding::Identity);
    Request { body: body.into(), encoding, plain_length, first_item: 0, items, lots, attempts: 0, may_spool: false }
}

async fn written(directory: &Path, entries: &[(&str, &str)], tags: &[&str]) -> Verdict {
    let path = directory.to_str().expect("a path");
    let output = built(&[&[("path", path)], entries].concat()).unwrap_or_else(|findings| panic!("{findings:?}"));
    let request = request(&*output, tags);
    let verdict = output.deliver(&request).await;
    request.settle_all(Outcome::Delivered);
    verdict
}

fn text(path: &Path) -> String {
    let mut text = String::new();
    fs::File::open(path).expect("it is there").read_to_string(&mut text).expect("UTF-8");
    text
}

#[tokio::test]
async fn every_format_is_written_as_fluent_bit_does_and_stays_on_one_line() {
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[], "t: [1700000000.123456789, {\"message\":\"a \\\"b\\\"\\n\",\"n\":1,\"nested\":{\"x\":1.5}}]\n"),
        (&[("format", "plain")], "{\"message\":\"a \\\"b\\\"\\n\",\"n\":1,\"nested\":{\"x\":1.5}}\n"),
        (&[("format", "csv")], "1700000000.123456789,\"a \"\"b\"\"\\n\",1,{\"x\"=>1.500000}\n"),
        (
            &[("format", "csv"), ("delimiter", "tab")],
            "1700000000.123456789\t\"a \"\"b\"\"\\n\"\t1\t{\"x\"=>1.500000}\n",
        ),
        (
            &[("format", "ltsv")],
            "\"time\":1700000000.123457\t\"message\":\"a \\\"b\\\"\\n\"\t\"n\":1\t\"nested\":{\"x\"=>1.500000}\n",
        ),
        (&[("format", "template")], "1700000000.123457 a \"b\"\\n\n"),
        (&[("format", "template"), ("template", "<{n}> {missing}")], "<1> {missing}\n"),
    ];
    for (entries, expected) in cases {
        let directory = tempfile::tempdir().expect("a directory");
        assert!(matches!(written(directory.path(), entries, &["t"]).await, Verdict::Delivered));
        assert_eq!(text(&directory.path().join("t")), expected, "{entries:?}");
    }
}

#[tokio::test]
async fn every_tag_has_its_file_unless_there_is_one_for_all() {
    let directory = tempfile::tempdir().expect("a directory");
    let plain = ("format", "plain");

    written(directory.path(), &[plain], &["a", "../b", "a"]).await;
    written(directory.path(), &[plain, ("file", "all.log")], &["a", "b"]).await;

    let lines = |name: &str| text(&directory.path().join(name)).lines().count();
    assert_eq!((lines("a"), lines("_.._b"), lines("all.log")), (2, 1, 2));
}

#[tokio::test]
async fn column_names_stand_once_at_the_beginning_of_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let entries = [("format", "csv"), ("csv_column_names", "on"), ("file", "x.csv")];

    for _ in 0..2 {
        written(directory.path(), &entries, &["a", "b"]).await;
    }

    let text = text(&directory.path().join("x.csv"));
    assert_eq!(text.lines().next(), Some("timestamp,\"message\",\"n\",\"nested\""));
    assert_eq!(text.lines().count(), 5);
}

#[tokio::test]
async fn a_file_in_the_place_of_the_directory_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("x");
    std::fs::write(&file, "kept").expect("written");

    for path in [file.clone(), file.join("y")] {
        let verdict = written(&path, &[], &["t"]).await;
        let is_told = |reason: &str| reason.contains(&format!("`{}` is no directory", file.display()));
        assert!(matches!(&verdict, Verdict::Again { reason, counts: false, .. } if is_told(reason)), "{verdict:?}");
    }
}

#[tokio::test]
async fn a_missing_directory_is_made_only_when_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let missing = directory.path().join("x/y");

    let verdict = written(&missing, &[], &["t"]).await;
    assert!(matches!(verdict, Verdict::Again { reason, counts: false, .. } if reason.contains("`mkdir on`")));

    assert!(matches!(written(&missing, &[("mkdir", "on")], &["t"]).await, Verdict::Delivered));
    assert!(missing.join("t").exists());
}

#[test]
fn what_is_not_done_is_refused() {
    for (key, value) in
        [("rotate", "on"), ("enable_strftime", "on"), ("file", "$TAG.log"), ("format", "msgpack"), ("template", "{x")]
    {
        assert!(built(&[(key, value)]).is_err(), "{key} {value}");
    }
}

#[test]
fn names_of_files_have_a_beginning_of_their_own_and_keys_without_separators() {
    let fallback = ("fallback_file", "other");
    for (key, value, is_taken) in [
        ("file", "$a.log", true),
        ("path", "/logs/$a", true),
        ("path", "logs-$a['b'][0]-$TAG[1]", true),
        ("path", "$a/b", false),
        ("path", "/logs/$a/b", false),
        ("file", "$a['b", false),
        ("file", "\u{1}$a", false),
        ("on_missing_field", "error", false),
    ] {
        let built = built(&[(key, value), fallback]);
        assert_eq!(built.is_ok(), is_taken, "{key} {value}");
    }
    assert!(built(&[("file", "$a.log")]).is_err_and(|findings| {
        findings
            .in_order()
            .iter()
            .any(|finding| finding.help.as_deref().is_some_and(|help| help.contains("Fallback_File")))
    }));
}

/// What waits in a spool was encoded under the configuration of then.
#[tokio::test]
async fn what_was_encoded_under_another_configuration_is_written_as_a_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = ("path", directory.path().to_str().expect("a path"));
    let (plain, fallback) = (("format", "plain"), ("fallback_file", "other"));
    let named = built(&[path, plain, ("file", "$TAG.x"), fallback]).expect("it is valid");
    let unnamed = built(&[path, plain]).expect("it is valid");

    for (then, now) in [(&named, &unnamed), (&unnamed, &named)] {
        let request = request(&**then, &["a"]);
        assert!(matches!(now.deliver(&request).await, Verdict::Delivered));
        request.settle_all(Outcome::Delivered);
    }

    let line = text(&directory.path().join("a"));
    assert!(line.starts_with('{') && line.lines().count() == 1, "{line:?}");
    assert_eq!(text(&directory.path().join("other")), line);
}

/// A value may name a directory, or what may not be written: the other records go on.
#[tokio::test]
async fn a_name_that_cannot_be_written_goes_to_the_fallback_file() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("taken")).expect("made");
    let pipe = directory.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("made");
    let entries = [("format", "plain"), ("file", "$TAG"), ("fallback_file", "other")];

    let verdict = written(directory.path(), &entries, &["a", "taken", "pipe", "../x", "b"]).await;

    assert!(matches!(verdict, Verdict::Delivered));
    let lines = |name: &str| text(&directory.path().join(name)).lines().count();
    assert_eq!((lines("a"), lines("b"), lines("other")), (1, 1, 3));
    assert_eq!(fs::read_dir(directory.path()).expect("it is read").count(), 5);
}
