use vigie_parsers::batch::{Batch, Origin, Timestamp, Value};

use super::*;
use crate::config::{Entry, Located, Place, SectionKind};
use crate::metrics::InputMetrics;
use crate::plugin::{Item, Lot, Stream};
use crate::receipts::{Ledger, Outcome, Signal};

fn options(entries: &[(&str, &str)]) -> StdoutOptions {
    let located = |text: &str| Located { text: text.into(), ..Located::default() };
    let entries = entries.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
    let section = Section { entries, ..Section::new(SectionKind::Output, Place::default()) };
    StdoutOptions::read(&section, &mut Diagnostics::default()).expect("good options")
}

/// Two records as a request.
fn request(output: &dyn Output, tag: &str, metadata: bool) -> Request {
    let mut batch = Batch::default();
    let time = Timestamp { seconds: 1_700_000_000, nanos: 123_456_789 };
    for n in 0..2 {
        let index = batch.push(time, Origin::default());
        let mut record = batch.record_mut(index);
        record.set_text(b"message", b"a \"b\"");
        record.set(b"n", Value::I64(n));
        if metadata {
            record.set_metadata(b"m", Value::I64(1));
        }
    }
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
    let mut share = Ledger::new(0, Signal::default()).open(1);
    share.grow(1);
    let mut encoder = output.encoder();
    let mut body = Vec::new();
    encoder.open(&mut body);
    let mut items = Vec::new();
    for record in batch.records() {
        encoder.encode(record, &stream, &tag.into(), &mut body);
        items.push(Item { end: u32::try_from(body.len()).expect("small"), lot: 0, offset: 0 });
    }
    let lots = vec![Lot { share, stream, tag: tag.into(), may_be_stored: false }];
    let (plain_length, encoding) = (body.len(), BodyEncoding::Identity);
    Request { body: body.into(), encoding, plain_length, first_item: 0, items, lots, attempts: 0, may_spool: false }
}

async fn printed(entries: &[(&str, &str)], metadata: bool) -> String {
    let sink = Arc::new(Mutex::new(Vec::new()));
    let output = Stdout { options: options(entries), escape_unicode: false, sink: Arc::clone(&sink) };
    let request = request(&output, "t.a", metadata);
    assert!(matches!(output.deliver(&request).await, Verdict::Delivered));
    request.settle_all(Outcome::Delivered);
    let text = sink.lock().expect("no thread panicked").clone();
    String::from_utf8(text).expect("UTF-8")
}

#[tokio::test]
async fn every_format_prints_as_fluent_bit_does() {
    let json = |n: i32| format!(r#"{{"date":1700000000.123457,"message":"a \"b\"","n":{n}}}"#);
    let msgpack =
        |n: i32| format!("[{n}] t.a: [[1700000000.123456789, {{}}], {{\"message\"=>\"a \"b\"\", \"n\"=>{n}}}]\n");
    let cases = [
        ("msgpack", msgpack(0) + &msgpack(1)),
        ("json", format!("[{},{}]\n", json(0), json(1))),
        ("json_lines", format!("{}\n{}\n", json(0), json(1))),
        ("json_stream", format!("{}{}\n", json(0), json(1))),
    ];
    for (format, expected) in cases {
        assert_eq!(printed(&[("format", format)], false).await, expected, "{format}");
    }
}

#[tokio::test]
async fn the_date_can_be_renamed_left_out_or_overridden_by_the_record() {
    let lines = ("format", "json_lines");
    let cases = [
        ("t", "epoch", r#"{"t":1700000000,"message":"a \"b\"","n":0}"#),
        ("false", "epoch", r#"{"message":"a \"b\"","n":0}"#),
        ("message", "epoch", r#"{"message":"a \"b\"","n":0}"#),
    ];
    for (key, format, expected) in cases {
        let text = printed(&[lines, ("json_date_key", key), ("json_date_format", format)], false).await;
        assert_eq!(text.lines().next(), Some(expected), "{key}");
    }
}

#[tokio::test]
async fn metadata_stands_behind_the_date() {
    let text = printed(&[("format", "json_lines")], true).await;
    assert!(
        text.starts_with(r#"{"date":1700000000.123457,"__internal__":{"log_metadata":{"m":1}},"message""#),
        "{text}"
    );
    assert!(printed(&[], true).await.contains("[[1700000000.123456789, {\"m\"=>1}], "));
}

struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_broken_pipe_is_said_in_words() {
    let output = Stdout { options: options(&[]), escape_unicode: false, sink: Arc::new(Mutex::new(Broken)) };
    let request = request(&output, "t.a", false);

    let verdict = output.deliver(&request).await;

    assert!(matches!(verdict, Verdict::Again { reason, .. } if reason.contains("broken pipe")));
    request.settle_all(Outcome::Dropped);
}

#[tokio::test]
async fn control_characters_of_a_tag_do_not_reach_a_terminal() {
    let output = Stdout { options: options(&[]), escape_unicode: false, sink: Arc::new(Mutex::new(Vec::new())) };
    let request = request(&output, "t\u{1b}[2Ja", false);
    assert!(request.body.starts_with(b"[0] t\\u{1b}[2Ja: [[1700000000.123456789, {}], "));
    request.settle_all(Outcome::Delivered);
}
