mod look_ups;

use std::io::Read;
use std::sync::Arc;

use flate2::read::GzDecoder;
use serde_json::{Value as Json, json};
use vigie_parsers::Parsers;
use vigie_parsers::batch::{Batch, Origin, Source, Timestamp, Value};

use super::options::HostList;
use super::*;
use crate::config::{Entry, Located, OptionType, Place, SectionKind};
use crate::metrics::InputMetrics;
use crate::net::stub::{Canned, Stub};
use crate::plugin::{
    Agent, Body, Class, Encoded, Encoder, Fate, Item, Lot, Purpose, Refusal, Request, Stream, Verdict,
};
use crate::receipts::{Ledger, Outcome, Signal};

/// Keys and values of a section.
pub(super) type Entries<'a> = &'a [(&'a str, &'a str)];

pub(super) fn section(entries: Entries<'_>) -> Section {
    let located = |text: &str| Located { text: text.into(), ..Located::default() };
    let entries = entries.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
    Section { entries, ..Section::new(SectionKind::Output, Place::default()) }
}

pub(super) fn context() -> BuildContext {
    BuildContext {
        name: "opensearch.0".into(),
        parsers: Arc::new(Parsers::default()),
        agent: Arc::new(Agent::new("test", b"secret-42")),
        classes: Arc::default(),
        state_directory: None,
        escape_unicode: false,
        purpose: Purpose::Run,
    }
}

pub(super) struct Built {
    pub(super) output: Arc<dyn Output>,
    pub(super) metrics: Arc<OutputMetrics>,
}

fn built(entries: Entries<'_>) -> Result<Built, Diagnostics> {
    built_in(&context(), entries)
}

fn built_in(context: &BuildContext, entries: Entries<'_>) -> Result<Built, Diagnostics> {
    let metrics = Arc::new(OutputMetrics::new("opensearch.0"));
    let mut findings = Diagnostics::default();
    let output = build(&section(entries), context, &metrics, &mut findings).ok_or(findings)?;
    Ok(Built { output, metrics })
}

pub(super) fn output(entries: Entries<'_>) -> Built {
    built(entries).unwrap_or_else(|findings| panic!("{findings:?}"))
}

fn stream() -> Arc<Stream> {
    Arc::new(Stream {
        id: 1,
        name: "/var/log/app.log".into(),
        input: "tail.0".into(),
        metrics: Arc::new(InputMetrics::new("tail.0")),
        birth: 1_700_000_000,
        identity: b"dev and inode".to_vec().into(),
        stage: Arc::new(|_| unreachable!("no stage runs here")),
        sent_below: 0.into(),
    })
}

const TIME: Timestamp = Timestamp { seconds: 1_700_000_000, nanos: 460_414_841 };

fn batch(fields: &[(&str, Value)]) -> Batch {
    let mut batch = Batch::default();
    let origin = Origin { offset: 77, length: 30, source: Source::Hash(5), part: 0, lot: 0 };
    let index = batch.push(TIME, origin);
    for (key, value) in fields {
        batch.record_mut(index).append(key.as_bytes(), *value);
    }
    batch
}

fn text(batch: &mut Batch, key: &str, text: &str) {
    batch.record_mut(0).set_text(key.as_bytes(), text.as_bytes());
}

fn encoded(built: &Built, batch: &Batch, tag: &str) -> String {
    let mut encoder = built.output.encoder();
    let mut out = Vec::new();
    assert_eq!(encoder.encode(batch.record(0), &stream(), &tag.into(), &mut out), Encoded::Written);
    String::from_utf8(out).expect("UTF-8")
}

fn position_id(tag: &str, batch: &Batch) -> String {
    let agent = Agent::new("test", b"secret-42");
    let mut id = agent.id_prefix(&stream(), tag);
    agent.push_id(batch.record(0), &mut id);
    String::from_utf8(id).expect("ASCII")
}

#[test]
fn by_default_a_record_is_created_under_an_id_of_its_position() {
    let mut batch = batch(&[]);
    text(&mut batch, "message", "h\u{e9}llo / \"q\" \t\u{1}");
    batch.record_mut(0).set(b"n", Value::I64(1));

    let item = encoded(&output(&[]), &batch, "app.web");

    let id = position_id("app.web", &batch);
    let expected = format!(
        "{{\"create\":{{\"_index\":\"fluent-bit\",\"_id\":\"{id}\"}}}}\n\
         {{\"@timestamp\":\"2023-11-14T22:13:20.460Z\",\"message\":\"h\u{e9}llo / \\\"q\\\" \\t\\u0001\",\"n\":1}}\n"
    );
    assert_eq!(item, expected);
}

#[test]
fn options_shape_action_and_document_as_fluent_bit_does() {
    let logstash = ("logstash_format", "on");
    let cases: [(Entries<'_>, &str, &str); 13] = [
        (&[logstash], "logstash-2023.11.14", r#"{"@timestamp":"2023-11-14T22:13:20.460Z","app":"Web"}"#),
        (
            &[logstash, ("logstash_prefix", "l"), ("logstash_prefix_separator", "_"), ("logstash_dateformat", "%Y")],
            "l_2023",
            "",
        ),
        (&[logstash, ("logstash_prefix_key", "$kind")], "audit-2023.11.14", ""),
        (&[logstash, ("logstash_prefix_key", "app")], "logstash-2023.11.14", ""),
        (&[logstash, ("logstash_prefix_key", "missing")], "logstash-2023.11.14", ""),
        (&[("index", "logs-%Y.%m")], "logs-2023.11", ""),
        (&[("index", "logs-$TAG[1]")], "logs-web", ""),
        (&[("index", "logs-$TAG[7]")], "logs-", ""),
        (&[("index", "$missing")], "fluent-bit", ""),
        (&[("index", "logs-$app")], "fluent-bit", ""),
        (&[("time_key_nanos", "on")], "fluent-bit", r#"{"@timestamp":"2023-11-14T22:13:20.460414841Z","app":"Web"}"#),
        (&[("time_key", "t"), ("time_key_format", "%d.%m.")], "fluent-bit", r#"{"t":"14.11..460Z","app":"Web"}"#),
        (
            &[("include_tag_key", "on")],
            "fluent-bit",
            r#"{"@timestamp":"2023-11-14T22:13:20.460Z","flb-key":"app.web","app":"Web"}"#,
        ),
    ];
    for (entries, index, document) in cases {
        let mut batch = batch(&[]);
        text(&mut batch, "app", "Web");
        if entries.contains(&("logstash_prefix_key", "$kind")) {
            text(&mut batch, "kind", "audit");
        }

        let item = encoded(&output(entries), &batch, "app.web");

        let (action, line) = item.split_once('\n').expect("two lines");
        let action: Json = serde_json::from_str(action).expect("JSON");
        assert_eq!(action["create"]["_index"], *index, "{entries:?}");
        if !document.is_empty() {
            assert_eq!(line.trim_end(), document, "{entries:?}");
        }
    }
}

#[test]
fn an_index_name_that_opensearch_would_refuse_is_replaced_and_counted() {
    let built = output(&[("index", "$name")]);
    let mut encoder = built.output.encoder();
    let expected =
        [("../x", "fluent-bit"), ("good", "good"), ("a\"b", "fluent-bit"), ("good", "good"), ("good", "good")];
    for (name, index) in expected {
        let mut batch = batch(&[]);
        text(&mut batch, "name", name);
        let mut out = Vec::new();
        encoder.encode(batch.record(0), &stream(), &"t".into(), &mut out);
        assert!(out.starts_with(format!("{{\"create\":{{\"_index\":\"{index}\"").as_bytes()), "{name}");
    }
    assert_eq!(built.metrics.index_fallbacks.get(), 2);
}

#[test]
fn members_of_the_record_come_before_those_that_are_added() {
    let mut batch = batch(&[]);
    text(&mut batch, "@timestamp", "mine");
    text(&mut batch, "a.b", "1");
    text(&mut batch, "a_b", "2");
    text(&mut batch, "flb.key", "3");

    let plain = encoded(&output(&[("include_tag_key", "on"), ("tag_key", "flb_key")]), &batch, "t");
    let dots = [("include_tag_key", "on"), ("tag_key", "flb_key"), ("replace_dots", "on")];
    let replaced = encoded(&output(&dots), &batch, "t");

    let document = |item: &str| item.lines().nth(1).expect("a document").to_owned();
    assert_eq!(document(&plain), r#"{"flb_key":"t","@timestamp":"mine","a.b":"1","a_b":"2","flb.key":"3"}"#);
    assert_eq!(document(&replaced), r#"{"@timestamp":"mine","a_b":"2","flb_key":"3"}"#);
}

#[test]
fn an_empty_record_is_a_document_of_its_time() {
    assert!(encoded(&output(&[]), &batch(&[]), "t").ends_with("\n{\"@timestamp\":\"2023-11-14T22:13:20.460Z\"}\n"));
}

#[test]
fn ids_come_from_a_key_and_where_it_does_not_serve_from_the_position() {
    let built = output(&[("id_key", "$id")]);
    let long = "x".repeat(513);
    let fits = "y".repeat(512);
    let cases = [("dup\"1", Some("dup\"1")), ("", None), (long.as_str(), None), (&fits, Some(&fits)), ("a\nb", None)];
    for (value, expected) in cases {
        let mut batch = batch(&[]);
        text(&mut batch, "id", value);
        let item = encoded(&built, &batch, "t");
        let action: Json = serde_json::from_str(item.lines().next().expect("a line")).expect("JSON");
        let expected = expected.map_or_else(|| position_id("t", &batch), str::to_owned);
        assert_eq!(action["create"]["_id"], expected, "{value}");
    }
    encoded(&built, &batch(&[]), "t");
    assert_eq!(built.metrics.id_fallbacks.get(), 4);
}

#[test]
fn ids_of_the_content_are_equal_for_equal_documents_only() {
    let built = output(&[("generate_id", "on")]);
    let id = |n: i64| encoded(&built, &batch(&[("n", Value::I64(n))]), "t").lines().next().map(str::to_owned);

    assert_eq!(id(1), id(1));
    assert_ne!(id(1), id(2));
    let line = id(1).expect("a line");
    let action: Json = serde_json::from_str(&line).expect("JSON");
    let id = action["create"]["_id"].as_str().expect("an id");
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
}

#[test]
fn lines_one_after_the_other_become_what_each_becomes_by_itself() {
    let lines = [("a", 0, 0), ("\"b\"\n", 0, 0), ("", 0, 0), ("c", 0, 7_000_000), ("\u{e9}", 0, 7_000_000)];
    let lines = lines.iter().chain(&[("d", 1, 7_000_000), ("e", 0, 0), ("f", 0, 0), ("g", -1, 0), ("h", -1, 0)]);
    let keys = vigie_parsers::batch::Keys::new(["log"]);
    let ways: [Entries<'_>; 6] = [
        &[],
        &[("generate_id", "on")],
        &[("time_key_nanos", "on"), ("include_tag_key", "on")],
        &[("time_key", "log")],
        &[("replace_dots", "on")],
        &[("write_operation", "index"), ("id_key", "none")],
    ];
    for entries in ways {
        let built = output(entries);
        let (mut batch, mut encoder) = (Batch::default(), built.output.encoder());
        let (tag, stream) = ("t".into(), stream());
        for (line, seconds, nanos) in lines.clone() {
            let time = Timestamp { seconds: TIME.seconds + seconds, nanos: *nanos };
            let key = keys.in_batch(&mut batch).key(0);
            let span = batch.store(line.as_bytes());
            let origin = Origin { offset: 77, length: span.len, source: Source::At(span.start), part: 0, lot: 0 };
            batch.push_text(time, origin, key, span);
            let mut alone = Batch::default();
            let span = alone.store(line.as_bytes());
            let index = alone.push(time, Origin { source: Source::At(span.start), ..origin });
            alone.record_mut(index).append(b"log", Value::Text(vigie_parsers::batch::Text::plain(span)));
            let mut out = Vec::new();
            assert_eq!(encoder.encode(batch.record(batch.len() - 1), &stream, &tag, &mut out), Encoded::Written);
            assert_eq!(String::from_utf8(out).expect("UTF-8"), encoded(&built, &alone, "t"), "{line} {entries:?}");
        }
    }
}

#[test]
fn what_stands_ready_for_lines_is_that_of_their_key_tag_and_stream() {
    let built = output(&[("include_tag_key", "on")]);
    let keys = vigie_parsers::batch::Keys::new(["log", "message"]);
    let (mut batch, mut encoder) = (Batch::default(), built.output.encoder());
    let tags: [Arc<str>; 2] = ["t".into(), "u".into()];
    let streams = [stream(), stream()];
    // Three of each, and one thing changes from each three to the next.
    let turns = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1), (0, 1, 1)];
    for (number, (key, tag, of)) in turns.map(|turn| [turn; 3]).as_flattened().iter().enumerate() {
        let text = batch.store(format!("line {number}").as_bytes());
        let key = keys.in_batch(&mut batch).key(*key);
        let origin = Origin { offset: 77, length: text.len, source: Source::At(text.start), part: 0, lot: 0 };
        batch.push_text(TIME, origin, key, text);
        let record = batch.record(number);
        let (mut out, mut alone) = (Vec::new(), Vec::new());
        assert_eq!(encoder.encode(record, &streams[*of], &tags[*tag], &mut out), Encoded::Written);
        built.output.encoder().encode(record, &streams[*of], &tags[*tag], &mut alone);
        assert_eq!(String::from_utf8(out), String::from_utf8(alone), "{number}");
    }
}

#[test]
fn updates_wrap_the_document_and_skip_a_record_without_id() {
    let entries = |operation| [("write_operation", operation), ("id_key", "id")];
    let mut with_id = batch(&[]);
    text(&mut with_id, "id", "7");
    let stamp = r#""@timestamp":"2023-11-14T22:13:20.460Z""#;

    let update = encoded(&output(&entries("update")), &with_id, "t");
    let upsert = encoded(&output(&entries("upsert")), &with_id, "t");

    let action = r#"{"update":{"_index":"fluent-bit","_id":"7"}}"#;
    assert_eq!(update, format!("{action}\n{{\"doc\":{{{stamp},\"id\":\"7\"}}}}\n"));
    assert_eq!(upsert, format!("{action}\n{{\"doc_as_upsert\":true,\"doc\":{{{stamp},\"id\":\"7\"}}}}\n"));
    let built = output(&entries("update"));
    let mut out = b"before".to_vec();
    let skipped = built.output.encoder().encode(batch(&[]).record(0), &stream(), &"t".into(), &mut out);
    assert!(matches!(skipped, Encoded::Skipped(_)));
    assert_eq!(out, b"before");
}

#[test]
fn what_does_not_work_is_refused_when_it_is_built() {
    let cases: [(Entries<'_>, &str); 14] = [
        (&[("aws_auth", "on")], "aws_auth"),
        (&[("index", "Bad Name")], "capital letters"),
        (&[("index", "logs-%Q")], "%Q"),
        (&[("index", "logs-$k['x")], "closing"),
        (&[("write_operation", "upsert")], "id_key"),
        (&[("write_operation", "delete")], "`create`"),
        (&[("data_stream", "on"), ("write_operation", "index")], "`create` only"),
        (&[("data_stream", "on"), ("time_key", "time")], "`@timestamp`"),
        (&[("data_stream", "on"), ("logstash_format", "on")], "one name"),
        (&[("compress", "zstd")], "`gzip`"),
        (&[("logstash_format", "on"), ("logstash_prefix", "Logs")], "capital letters"),
        (&[("tls", "on"), ("tls.ca_file", "/no/such")], "/no/such"),
        (&[("tls.key_passwd", "x")], "password"),
        (&[("host", "a b")], "no valid host"),
    ];
    for (entries, expected) in cases {
        let Err(findings) = built(entries) else { panic!("{entries:?} was taken") };
        assert!(format!("{findings:?}").contains(expected), "{findings:?}");
    }
}

#[test]
fn every_default_of_the_table_can_be_read() {
    assert!(built(&[]).is_ok());
    assert_eq!(KIND.options.len(), TABLE.len());
    let mut keys: Vec<&str> = TABLE.iter().map(|row| row.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), TABLE.len(), "no key stands twice");
}

/// A request of `count` documents and its ledger.
pub(super) fn request(built: &Built, count: u32) -> (Request, Arc<Ledger>) {
    let ledger = Ledger::new(0, Signal::default());
    let mut share = ledger.open(100);
    share.grow(count);
    share.settle(1, Outcome::Passed);
    let encoding = built.output.delivery().encoding;
    let mut body = Body::new(encoding);
    let mut encoder: Box<dyn Encoder> = built.output.encoder();
    let (stream, tag): (_, Arc<str>) = (stream(), "t".into());
    let mut items = Vec::new();
    for n in 0..count {
        let batch = batch(&[("n", Value::U64(n.into()))]);
        encoder.encode(batch.record(0), &stream, &tag, body.buffer());
        items.push(Item { end: u32::try_from(body.len()).expect("small"), lot: 0, offset: n.into() });
    }
    let lots = vec![Lot { share, stream, tag, may_be_stored: false }];
    let plain_length = body.len();
    let request = Request {
        body: body.seal(),
        encoding,
        plain_length,
        first_item: 0,
        items,
        lots,
        attempts: 0,
        may_spool: false,
    };
    (request, ledger)
}

fn answer(statuses: &[u16]) -> String {
    let items: Vec<Json> = statuses.iter().map(|status| match status {
        200 | 201 => json!({"create": {"status": status}}),
        _ => json!({"create": {"status": status, "error": {"type": "mapper_parsing_exception", "reason": "value 'secret-42'"}}}),
    }).collect();
    json!({"errors": true, "items": items}).to_string()
}

/// The answer to a document whose id is taken.
fn conflict(id: &str) -> Json {
    let reason = format!("[{id}]: version conflict, document already exists (current version [1])");
    json!({"create": {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": reason}}})
}

/// An answer in which `index` took everything.
pub(super) fn taken_by(index: &str, count: usize) -> Canned {
    Canned::ok(json!({"items": vec![json!({"create": {"_index": index, "status": 201}}); count]}).to_string())
}

async fn delivered(entries: Entries<'_>, answers: Vec<Canned>, count: u32) -> (Verdict, Stub) {
    let stub = Stub::start(answers).await;
    let port = stub.port.to_string();
    let built = output(&[entries, &[("port", port.as_str())]].concat());
    let (request, _ledger) = request(&built, count);
    let verdict = built.output.deliver(&request).await;
    request.settle_all(Outcome::Delivered);
    (verdict, stub)
}

#[tokio::test]
async fn a_request_goes_to_the_bulk_address_with_length_type_and_credentials() {
    let entries =
        [("path", "/p/"), ("pipeline", "a b"), ("http_user", "me"), ("http_passwd", "secret-42"), ("compress", "gzip")];

    let (verdict, stub) = delivered(&entries, vec![Canned::ok(answer(&[201, 201]))], 2).await;

    assert!(matches!(verdict, Verdict::Delivered), "{verdict:?}");
    let received = stub.received().remove(0);
    let head = &received.head;
    assert!(
        head.starts_with(
            "post /p/_bulk?pipeline=a%20b&filter_path=errors,items.*._index,items.*.status,items.*.error http/1.1"
        ),
        "{head}"
    );
    for header in
        ["content-type: application/x-ndjson", "content-encoding: gzip", "authorization: basic bwu6c2vjcmv0ltqy"]
    {
        assert!(head.contains(header), "{header} in {head}");
    }
    assert!(head.contains(&format!("content-length: {}\r\n", received.body.len())), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    let mut plain = String::new();
    GzDecoder::new(received.body.as_slice()).read_to_string(&mut plain).expect("gzip");
    assert_eq!(plain.lines().count(), 4);
}

#[tokio::test]
async fn each_item_is_judged_on_its_own() {
    let (verdict, _) = delivered(&[], vec![Canned::ok(answer(&[201, 400, 429, 409]))], 4).await;

    let Verdict::Items(fates) = verdict else { panic!("{verdict:?}") };
    assert!(matches!(
        fates.as_slice(),
        [Fate::Delivered, Fate::Refused(refusal), Fate::Again(_), Fate::Duplicate] if refusal.reason.contains("secret-42")
    ));
}

#[tokio::test]
async fn an_answer_that_is_not_whole_means_that_everything_is_sent_again() {
    let whole = answer(&[201, 201]);
    let cases = [
        Canned::Truncated(whole.clone()),
        Canned::ResetMidAnswer(whole.clone()),
        Canned::Close,
        Canned::ok(whole.trim_end_matches("]}")),
        Canned::ok(answer(&[201])),
        Canned::ok(answer(&[201, 201, 201])),
        Canned::ok(answer(&[201, 201]).replacen("create", "index", 1)),
        Canned::ok(json!({"items": [conflict("b"), {"create": {"status": 201}}]}).to_string()),
        Canned::ok(""),
        Canned::ok("<html>captive portal</html>"),
        Canned::ok("x".repeat(200_000)),
    ];
    for canned in cases {
        let (verdict, _) = delivered(&[], vec![canned.clone()], 2).await;
        assert!(matches!(verdict, Verdict::Again { class: Class::Unknown, .. }), "{canned:?}: {verdict:?}");
    }
}

#[tokio::test]
async fn a_busy_server_says_how_long_to_wait() {
    let busy = Canned::Answer(429, "Retry-After: 7\r\n", "{}".into());

    let (verdict, _) = delivered(&[], vec![busy], 1).await;

    let wait = Some(std::time::Duration::from_secs(7));
    assert!(matches!(verdict, Verdict::Again { wait: asked, counts: true, .. } if asked == wait), "{verdict:?}");
}

#[tokio::test]
async fn a_wrong_password_is_said_and_never_shown() {
    let entries = [("http_user", "me"), ("http_passwd", "secret-42")];

    let (verdict, _) = delivered(&entries, vec![Canned::Answer(401, "", "Unauthorized".into())], 1).await;

    let Verdict::Again { class: Class::Output, reason, counts: false, .. } = verdict else { panic!("{verdict:?}") };
    assert!(reason.contains("HTTP_Passwd") && !reason.contains("secret-42"), "{reason}");
}

#[tokio::test]
async fn after_a_refusal_the_password_is_read_again_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("password");
    std::fs::write(&file, "old\n").expect("written");
    let refused = Canned::Answer(401, "", "Unauthorized".into());
    let stub = Stub::start(vec![refused.clone(), refused, Canned::ok(answer(&[201]))]).await;
    let (port, path) = (stub.port.to_string(), file.to_str().expect("a path"));
    let built = output(&[("port", &port), ("http_user", "me"), ("http_passwd_file", path)]);
    let (request, _ledger) = request(&built, 1);

    built.output.deliver(&request).await;
    std::fs::write(&file, "new\n").expect("written");
    built.output.deliver(&request).await;
    let verdict = built.output.deliver(&request).await;

    assert!(matches!(verdict, Verdict::Delivered), "{verdict:?}");
    let sent: Vec<bool> = stub.received().iter().map(|r| r.head.contains("authorization: basic bwu6bmv3")).collect();
    assert_eq!(sent, [false, false, true]);
    request.settle_all(Outcome::Delivered);
}

/// While an output has nothing to send, nobody looks at its files: the first request after that does.
#[tokio::test]
async fn the_first_request_after_a_silence_shows_the_password_of_now() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("password");
    std::fs::write(&file, "old\n").expect("written");
    let stub = Stub::start(vec![Canned::ok(answer(&[201]))]).await;
    let (port, path) = (stub.port.to_string(), file.to_str().expect("a path"));
    let built = output(&[("port", &port), ("http_user", "me"), ("http_passwd_file", path)]);
    let (request, _ledger) = request(&built, 1);
    std::fs::write(&file, "new\n").expect("written");

    built.output.deliver(&request).await;

    assert!(stub.received()[0].head.contains("authorization: basic bwu6bmv3"));
    request.settle_all(Outcome::Delivered);
}

#[test]
fn credentials_that_cannot_be_used_stop_the_start() {
    let cases: [(Entries<'_>, &str); 3] = [
        (&[("bearer_token_file", "/no/such/file")], "/no/such/file"),
        (&[("api_key", "a"), ("bearer_token", "b")], "`bearer_token` and `api_key` are both set"),
        (&[("http_user", "me"), ("http_passwd", "credential:a/b")], "`credential:`"),
    ];
    for (entries, part) in cases {
        let findings = built(entries).err().expect("it is refused");
        let shown = format!("{findings:?}");
        assert!(shown.contains(part), "{entries:?}: {shown}");
    }
}

#[tokio::test]
async fn a_request_too_large_for_the_server_is_to_be_halved() {
    let (verdict, _) = delivered(&[], vec![Canned::Answer(413, "Connection: close\r\n", String::new())], 2).await;

    assert!(matches!(verdict, Verdict::TooLarge { refusal: Refusal { status: 413, .. }, limit: None }), "{verdict:?}");
}

/// OpenSearch issues 10802 and 16020: releases that read compressed bodies as they come.
#[tokio::test]
async fn a_server_that_does_not_inflate_gets_plain_requests_from_then_on() {
    let reason = "The bulk request must be terminated by a newline [\\n]";
    let error = json!({"error": {"type": "illegal_argument_exception", "reason": reason}, "status": 400}).to_string();
    let answers = vec![Canned::Answer(400, "", error), Canned::ok(answer(&[201])), Canned::ok(answer(&[201]))];
    let stub = Stub::start(answers).await;
    let port = stub.port.to_string();
    let built = output(&[("compress", "gzip"), ("port", &port)]);
    let (request, _ledger) = request(&built, 1);

    for _ in 0..2 {
        assert!(matches!(built.output.deliver(&request).await, Verdict::Delivered));
    }

    let encodings: Vec<bool> = stub.received().iter().map(|r| r.head.contains("content-encoding")).collect();
    assert_eq!(encodings, [true, false, false]);
    assert_eq!(stub.received()[2].body, request.plain().expect("it inflates"));
    request.settle_all(Outcome::Delivered);
}

#[tokio::test]
async fn an_unreachable_server_uses_up_no_retries() {
    let built = output(&[("port", "1")]);
    let (request, _ledger) = request(&built, 1);

    let verdict = built.output.deliver(&request).await;

    assert!(matches!(verdict, Verdict::Again { class: Class::Unreachable, counts: false, .. }), "{verdict:?}");
    request.settle_all(Outcome::Dropped);
}

#[tokio::test]
async fn a_host_that_is_not_there_is_passed_over_and_left_out() {
    let stub = Stub::start(vec![Canned::ok(answer(&[201])); 4]).await;
    let hosts = format!("127.0.0.1:1, 127.0.0.1:{}", stub.port);
    let built = output(&[("hosts", &hosts)]);
    let (request, _ledger) = request(&built, 1);

    for _ in 0..4 {
        assert!(matches!(built.output.deliver(&request).await, Verdict::Delivered));
    }

    assert_eq!((stub.received().len(), built.metrics.hosts_left_out.get()), (4, 1));
    request.settle_all(Outcome::Delivered);
}

#[tokio::test]
async fn requests_are_spread_over_hosts_and_one_whose_outcome_is_unknown_is_not_sent_twice_at_once() {
    let stubs = [
        Stub::start(vec![Canned::Close, Canned::ok(answer(&[201]))]).await,
        Stub::start(vec![Canned::Close, Canned::ok(answer(&[201]))]).await,
    ];
    let hosts = format!("127.0.0.1:{} 127.0.0.1:{}", stubs[0].port, stubs[1].port);
    let built = output(&[("hosts", &hosts)]);
    let (request, _ledger) = request(&built, 1);

    let mut verdicts = Vec::new();
    for _ in 0..4 {
        verdicts.push(built.output.deliver(&request).await);
    }

    assert!(matches!(
        verdicts.as_slice(),
        [Verdict::Again { class: Class::Unknown, .. }, Verdict::Again { .. }, Verdict::Delivered, Verdict::Delivered]
    ));
    assert_eq!([stubs[0].received().len(), stubs[1].received().len()], [2, 2]);
    request.settle_all(Outcome::Delivered);
}

#[test]
fn hosts_are_taken_apart() {
    let list = |text: &str| <HostList as OptionType>::parse(text).map(|list| list.0);
    let hosts = |hosts: &[(&str, Option<u16>)]| {
        Ok(hosts.iter().map(|(host, port)| ((*host).to_owned(), *port)).collect::<Vec<_>>())
    };

    assert_eq!(
        list("a.example:9201, b  [::1]:7,::1"),
        hosts(&[("a.example", Some(9201)), ("b", None), ("::1", Some(7)), ("::1", None)])
    );
    for wrong in ["", " , ", "a:", "a:99999", ":9200", &"a ".repeat(65)] {
        assert!(list(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn with_write_to_requests_become_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("bulk");
    let built = output(&[("write_to", path.to_str().expect("a path"))]);
    let (request, _ledger) = request(&built, 2);

    let verdict = built.output.deliver(&request).await;

    assert!(matches!(verdict, Verdict::Delivered), "{verdict:?}");
    let mut written = Vec::new();
    std::fs::File::open(path.join("00000001.ndjson")).expect("it is there").read_to_end(&mut written).expect("read");
    assert_eq!(written, request.body);
    request.settle_all(Outcome::Delivered);
}

fn no_object(reason: &str) -> Refusal {
    Refusal { status: 400, kind: "mapper_parsing_exception".into(), reason: reason.into() }
}

const ITEM: &[u8] =
    b"{\"create\":{\"_index\":\"fluent-bit\",\"_id\":\"a1\"}}\n{\"@timestamp\":\"t\",\"app\":{\"x\":1}}\n";

#[test]
fn a_refused_document_is_repaired_once_then_quarantined_once_then_given_up() {
    let built = output(&[("quarantine_index", "bad")]);
    let refusal = no_object("failed to parse field [app] of type [text] in document with id 'a1'.");
    let mend = |item: &[u8]| built.output.mend(item, &refusal).map(|item| String::from_utf8(item).expect("text"));

    let repaired = mend(ITEM).expect("the field is named");
    let quarantined = mend(repaired.as_bytes()).expect("there is a quarantine index");

    assert!(repaired.ends_with("\n{\"@timestamp\":\"t\",\"unmapped\":{\"app\":\"{\\\"x\\\":1}\"}}\n"), "{repaired}");
    assert!(
        quarantined.starts_with("{\"create\":{\"_index\":\"bad\",\"_id\":\"a1\"}}\n{\"@timestamp\":\"t\""),
        "{quarantined}"
    );
    assert_eq!(mend(quarantined.as_bytes()), None);
    assert_eq!((built.metrics.repaired_records.get(), built.metrics.quarantine_index_records.get()), (1, 1));
}

#[test]
fn what_is_written_in_ascii_stays_so_once_it_is_repaired() {
    let context = BuildContext { escape_unicode: true, ..context() };
    let built = built_in(&context, &[("quarantine_index", "bad")]).unwrap_or_else(|findings| panic!("{findings:?}"));
    let refusal = no_object("failed to parse field [caf\u{e9}] of type [text] in document with id 'a1'.");
    let item =
        b"{\"create\":{\"_index\":\"fluent-bit\",\"_id\":\"a1\"}}\n{\"@timestamp\":\"t\",\"caf\\u00e9\":{\"x\":1}}\n";

    let repaired = built.output.mend(item, &refusal).expect("the field is named");
    let quarantined = built.output.mend(&repaired, &refusal).expect("there is a quarantine index");

    let text = String::from_utf8(repaired).expect("text");
    assert!(text.ends_with("\"unmapped\":{\"caf\\u00e9\":\"{\\\"x\\\":1}\"}}\n"), "{text}");
    assert!(quarantined.is_ascii());
}

#[test]
fn what_is_no_fault_of_a_field_is_left_as_it_is() {
    let refusal = no_object("failed to parse field [app] of type [text] in document with id 'a1'.");
    assert_eq!(output(&[("repair", "off")]).output.mend(ITEM, &refusal), None);
    let built = output(&[("quarantine_index", "bad")]);
    for status in [0, 404, 413] {
        assert_eq!(built.output.mend(ITEM, &Refusal { status, ..refusal.clone() }), None, "{status}");
    }
    let update = b"{\"update\":{\"_index\":\"fluent-bit\",\"_id\":\"a1\"}}\n{\"doc\":{\"app\":{}}}\n";
    assert_eq!(built.output.mend(update, &refusal), None);
    assert!(super::tests::built(&[("quarantine_index", "Bad")]).is_err());
}

#[test]
fn a_field_of_the_wrong_shape_is_moved_away_before_it_is_refused_again() {
    let built = output(&[]);
    let mut batch = batch(&[]);
    let span = batch.store(b"{\"app\":{\"x\":1}}");
    let fields = vigie_parsers::json::object(&mut batch, span).expect("JSON");
    batch.record_mut(0).replace_fields(fields);
    assert!(!encoded(&built, &batch, "t").contains("unmapped"));

    built.output.mend(ITEM, &no_object("failed to parse field [app] of type [text] in document with id 'a1'."));

    assert!(encoded(&built, &batch, "t").ends_with(",\"unmapped\":{\"app\":\"{\\\"x\\\":1}\"}}\n"));
}

#[test]
fn no_more_requests_are_sent_at_once_than_told() {
    let at_once = |entries| output(entries).output.delivery().concurrency;

    assert_eq!((at_once(&[]), at_once(&[("max_in_flight", "7")])), (2, 7));
}
